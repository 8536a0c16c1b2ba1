/*
 * cp15.h - system control registers (B3.17, B4.1) as a table, cp15.def.
 *
 * Lift asks for the row once, at translation; a row's index is what translated code passes to the accessors.
 */
#ifndef DBTVM_CPU_CP15_H
#define DBTVM_CPU_CP15_H

#include "base/base.h"

struct cpu;

/* How a row may be treated by the translator. */
#define CP15_PL0_R (1u << 0)
#define CP15_PL0_W (1u << 1)
#define CP15_PL1_R (1u << 2)
#define CP15_PL1_W (1u << 3)
#define CP15_PLAIN_R (1u << 4)  /* a read is a load of the field at offset and nothing else */
#define CP15_PLAIN_W (1u << 5)  /* a write is a store to it and nothing else */
#define CP15_ENDS (1u << 6)     /* a write may change how following instructions are translated or mapped: leave the block */
#define CP15_NOP_W (1u << 7)    /* a write does nothing but is counted (cache maintenance, barriers) */
#define CP15_TIMED (1u << 8)    /* a read depends on the number of instructions executed (PMU) */
/* A write changes what addresses mean: to loads and stores at once, to fetches from the next context synchronization on (ISB, exceptions; B3.15.3). */
#define CP15_MAPS (1u << 10)
#define CP15_PL0_CHECK (1u << 9) /* PL0 access depends on a register (PMUSERENR): the accessor decides */

struct cp15_reg {
	uint8_t crn, op1, crm, op2; /* crm or op2 may be CP15_ANY */
	uint16_t flags;
	const char *name;          /* the manual's */
	int32_t offset;            /* of the uint32_t in struct cpu; -1: none */
	uint32_t (*read)(struct cpu *cpu, const struct cp15_reg *reg);
	void (*write)(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value);
	uint8_t sensitive; /* enum sensitive_class of a write, see cpu/sensitive.def */
	uint32_t wmask;    /* no write function: the bits that a write changes */
};
#define CP15_ANY 0xff

/* The row of MRC/MCR p15, op1, Rt, crn, crm, op2; its index, or -1: UNDEFINED. */
int cp15_find(unsigned op1, unsigned crn, unsigned crm, unsigned op2);
const struct cp15_reg *cp15_row(int index);
unsigned cp15_row_count(void);
/* True when a read (or write) at the current privilege is allowed; otherwise the access is UNDEFINED. */
bool cp15_allowed(const struct cpu *cpu, int index, bool write);
/* True when a read gives the same on all cores of one model at all times: translated code has the value. */
bool cp15_constant(int index);
uint32_t cp15_read(struct cpu *cpu, int index);
void cp15_write(struct cpu *cpu, int index, uint32_t value);
void cp15_reset(struct cpu *cpu);

/*
 * Brings the PMU's counters up to date: sets overflow bits and the interrupt. Called from time to time on the core's own thread (event
 * clock); reads and writes of PMU registers do it themselves.
 */
void cpu_pmu_sync(struct cpu *cpu);

/* CP14 (debug, ThumbEE, Jazelle): false = UNDEFINED. */
bool cp14_read(struct cpu *cpu, unsigned op1, unsigned crn, unsigned crm, unsigned op2, uint32_t *value);
bool cp14_write(struct cpu *cpu, unsigned op1, unsigned crn, unsigned crm, unsigned op2, uint32_t value);

#endif
