/*
 * pmu.c - the performance monitors (ARM DDI 0406C.d chapter C12), version 1: a cycle counter and six event counters.
 *
 * Nothing counts while the guest runs. A counter that runs keeps the source's reading at which it was 0
 * (pmccntr_base, pmevcntr_base), so its value is a difference; one that stands still keeps its value. pmu_sync()
 * moves each running counter into its value and notes overflows; whatever changes what counts does that first.
 */
#include "base/base.h"
#include "cpu/pmu.h"

#include "cpu/cp15.h"
#include "cpu/cpu.h"

#define PMCR_E (1u << 0)
#define PMCR_P (1u << 1)
#define PMCR_C (1u << 2)
#define PMCR_D (1u << 3)
#define PMCR_WMASK 0x39u /* DP, X, D, E */
#define CYCLES (1u << 31)

static unsigned counters(const struct cpu *cpu)
{
	return cpu->cp15.pmcr >> 11 & 0x1f;
}

static uint32_t valid_mask(const struct cpu *cpu)
{
	return CYCLES | ((1u << counters(cpu)) - 1);
}

static bool running(const struct cpu *cpu, uint32_t bit)
{
	return (cpu->cp15.pmcr & PMCR_E) && (cpu->cp15.pmcnten & bit);
}

static uint64_t cycle_source(struct cpu *cpu)
{
	uint64_t cycles = cpu->hooks->cycles(cpu);

	return cpu->cp15.pmcr & PMCR_D ? cycles / 64 : cycles;
}

/* What the event of counter @i has counted so far; events that this core cannot see stand still at 0. */
static uint64_t event_source(struct cpu *cpu, unsigned i)
{
	const uint64_t *stats = cpu->stats;

	switch (cpu->cp15.pmxevtyper[i] & 0xff) {
	case 0x08: /* instruction executed; the A9 has 0x68 instead: out of the renaming stage */
	case 0x68:
		return cpu_insns(cpu);
	case 0x09: /* exception taken */
		return stats[CPU_STAT_EXC_UNDEF] + stats[CPU_STAT_EXC_SVC] + stats[CPU_STAT_EXC_PABT] + stats[CPU_STAT_EXC_DABT] +
		       stats[CPU_STAT_EXC_IRQ] + stats[CPU_STAT_EXC_FIQ];
	case 0x11: /* cycle */
		return cpu->hooks->cycles(cpu);
	case 0x86: /* external interrupts */
		return stats[CPU_STAT_EXC_IRQ] + stats[CPU_STAT_EXC_FIQ];
	default:
		return 0;
	}
}

/*
 * A running counter's base is 64 bits wide: value = source - base, and bit 32 of that is an overflow that has not been noted yet.
 */
static void sync_one(struct cpu *cpu, uint64_t source, uint64_t *base, uint32_t bit)
{
	uint64_t value = source - *base;

	if (value >> 32) {
		cpu->cp15.pmovsr |= bit;
		*base = source - (uint32_t)value;
	}
}

static void update_irq(struct cpu *cpu)
{
	bool level = (cpu->cp15.pmcr & PMCR_E) && (cpu->cp15.pmovsr & cpu->cp15.pminten);

	if (cpu->hooks->pmu_irq)
		cpu->hooks->pmu_irq(cpu, level);
}

void cpu_pmu_sync(struct cpu *cpu)
{
	if (!(cpu->cp15.pmcr & PMCR_E) || !cpu->cp15.pmcnten)
		return;
	if (running(cpu, CYCLES))
		sync_one(cpu, cycle_source(cpu), &cpu->cp15.pmccntr_base, CYCLES);
	for (unsigned i = 0; i < counters(cpu); i++)
		if (running(cpu, 1u << i))
			sync_one(cpu, event_source(cpu, i), &cpu->cp15.pmevcntr_base[i], 1u << i);
	update_irq(cpu);
}

/* Turns running counters into values: base = value. */
static void freeze(struct cpu *cpu)
{
	cpu_pmu_sync(cpu);
	if (running(cpu, CYCLES))
		cpu->cp15.pmccntr_base = (uint32_t)(cycle_source(cpu) - cpu->cp15.pmccntr_base);
	for (unsigned i = 0; i < counters(cpu); i++)
		if (running(cpu, 1u << i))
			cpu->cp15.pmevcntr_base[i] = (uint32_t)(event_source(cpu, i) - cpu->cp15.pmevcntr_base[i]);
}

/* And back, after the controls changed. */
static void thaw(struct cpu *cpu)
{
	if (running(cpu, CYCLES))
		cpu->cp15.pmccntr_base = cycle_source(cpu) - (uint32_t)cpu->cp15.pmccntr_base;
	for (unsigned i = 0; i < counters(cpu); i++)
		if (running(cpu, 1u << i))
			cpu->cp15.pmevcntr_base[i] = event_source(cpu, i) - (uint32_t)cpu->cp15.pmevcntr_base[i];
	update_irq(cpu);
}

void pmu_reset(struct cpu *cpu)
{
	struct cp15 *c = &cpu->cp15;

	c->pmcr = cpu->model->pmcr;
	c->pmcnten = c->pmovsr = c->pmselr = c->pmuserenr = c->pminten = 0;
	c->pmccntr_base = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(c->pmevcntr_base); i++) {
		c->pmevcntr_base[i] = 0;
		c->pmxevtyper[i] = 0;
	}
}

bool pmu_user_enabled(const struct cpu *cpu)
{
	return cpu->cp15.pmuserenr & 1;
}

void write_pmcr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	freeze(cpu);
	if (value & PMCR_C)
		cpu->cp15.pmccntr_base = 0;
	if (value & PMCR_P)
		for (unsigned i = 0; i < counters(cpu); i++)
			cpu->cp15.pmevcntr_base[i] = 0;
	cpu->cp15.pmcr = (cpu->cp15.pmcr & ~PMCR_WMASK) | (value & PMCR_WMASK);
	thaw(cpu);
}

void write_pmcntenset(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	freeze(cpu);
	cpu->cp15.pmcnten |= value & valid_mask(cpu);
	thaw(cpu);
}

void write_pmcntenclr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	freeze(cpu);
	cpu->cp15.pmcnten &= ~value;
	thaw(cpu);
}

uint32_t read_pmovsr(struct cpu *cpu, const struct cp15_reg *reg)
{
	cpu_pmu_sync(cpu);
	return cpu->cp15.pmovsr;
}

void write_pmovsr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	cpu_pmu_sync(cpu);
	cpu->cp15.pmovsr &= ~value;
	update_irq(cpu);
}

/* PMSWINC is the event 0x00 of the counters whose bits are set. */
void write_pmswinc(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	cpu_pmu_sync(cpu);
	for (unsigned i = 0; i < counters(cpu); i++) {
		if (!(value >> i & 1) || !running(cpu, 1u << i) || (cpu->cp15.pmxevtyper[i] & 0xff) != 0)
			continue;
		cpu->cp15.pmevcntr_base[i]--; /* the source stands still, so the value grows */
	}
	cpu_pmu_sync(cpu);
}

uint32_t read_pmccntr(struct cpu *cpu, const struct cp15_reg *reg)
{
	cpu_pmu_sync(cpu);
	if (running(cpu, CYCLES))
		return (uint32_t)(cycle_source(cpu) - cpu->cp15.pmccntr_base);
	return (uint32_t)cpu->cp15.pmccntr_base;
}

void write_pmccntr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	cpu_pmu_sync(cpu);
	cpu->cp15.pmccntr_base = running(cpu, CYCLES) ? cycle_source(cpu) - value : value;
}

/* PMSELR values that name no counter are UNPREDICTABLE; here they read as zero and ignore writes. */
uint32_t read_pmxevtyper(struct cpu *cpu, const struct cp15_reg *reg)
{
	unsigned i = cpu->cp15.pmselr;

	return i < counters(cpu) ? cpu->cp15.pmxevtyper[i] : 0;
}

void write_pmxevtyper(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	unsigned i = cpu->cp15.pmselr;

	if (i >= counters(cpu))
		return;
	freeze(cpu);
	cpu->cp15.pmxevtyper[i] = value & 0xff;
	thaw(cpu);
}

uint32_t read_pmxevcntr(struct cpu *cpu, const struct cp15_reg *reg)
{
	unsigned i = cpu->cp15.pmselr;

	if (i >= counters(cpu))
		return 0;
	cpu_pmu_sync(cpu);
	if (running(cpu, 1u << i))
		return (uint32_t)(event_source(cpu, i) - cpu->cp15.pmevcntr_base[i]);
	return (uint32_t)cpu->cp15.pmevcntr_base[i];
}

void write_pmxevcntr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	unsigned i = cpu->cp15.pmselr;

	if (i >= counters(cpu))
		return;
	cpu_pmu_sync(cpu);
	cpu->cp15.pmevcntr_base[i] = running(cpu, 1u << i) ? event_source(cpu, i) - value : value;
}

void write_pmintenset(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	cpu->cp15.pminten |= value & valid_mask(cpu);
	cpu_pmu_sync(cpu);
	update_irq(cpu);
}

void write_pmintenclr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	cpu->cp15.pminten &= ~value;
	update_irq(cpu);
}
