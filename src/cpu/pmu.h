/* pmu.h - the performance monitor's side of cp15.c; private to the room. */
#ifndef DBTVM_CPU_PMU_H
#define DBTVM_CPU_PMU_H

#include "base/base.h"

struct cpu;
struct cp15_reg;

void pmu_reset(struct cpu *cpu);
/* PMUSERENR.EN. */
bool pmu_user_enabled(const struct cpu *cpu);

uint32_t read_pmovsr(struct cpu *cpu, const struct cp15_reg *reg);
uint32_t read_pmccntr(struct cpu *cpu, const struct cp15_reg *reg);
uint32_t read_pmxevtyper(struct cpu *cpu, const struct cp15_reg *reg);
uint32_t read_pmxevcntr(struct cpu *cpu, const struct cp15_reg *reg);
void write_pmcr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value);
void write_pmcntenset(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value);
void write_pmcntenclr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value);
void write_pmovsr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value);
void write_pmswinc(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value);
void write_pmccntr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value);
void write_pmxevtyper(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value);
void write_pmxevcntr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value);
void write_pmintenset(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value);
void write_pmintenclr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value);

#endif
