/*
 * cp15.c - the system control coprocessor: look-up in the table cp15.def, and what reads and writes of its rows do.
 */
#include "base/base.h"
#include "cpu/cp15.h"

#include "base/log.h"
#include "cpu/cpu.h"
#include "cpu/pmu.h"

#define SCR_WMASK 0x3eu /* NS stays 0: there is no Non-secure state, see cp15.def */

static uint32_t read_zero(struct cpu *cpu, const struct cp15_reg *reg)
{
	return 0;
}

static uint32_t read_model(struct cpu *cpu, const struct cp15_reg *reg)
{
	const struct cpu_model *model = cpu->model;

	switch (reg->op2) {
	case 1: return model->ctr;
	case 2: return model->tcmtr;
	case 3: return model->tlbtr;
	case 6: return model->revidr;
	default: return model->midr;
	}
}

static uint32_t read_id(struct cpu *cpu, const struct cp15_reg *reg)
{
	const struct cpu_model *model = cpu->model;

	if (reg->crm == 2)
		return model->id_isar[reg->op2];
	switch (reg->op2) {
	case 0:
	case 1: return model->id_pfr[reg->op2];
	case 2: return model->id_dfr0;
	case 3: return model->id_afr0;
	default: return model->id_mmfr[reg->op2 - 4];
	}
}

/* Multiprocessing Extensions present, not a uniprocessor, cluster 0 (B4.1.106). */
static uint32_t read_mpidr(struct cpu *cpu, const struct cp15_reg *reg)
{
	return 1u << 31 | cpu->index;
}

static uint32_t read_ccsidr(struct cpu *cpu, const struct cp15_reg *reg)
{
	switch (cpu->cp15.csselr) {
	case 0: return cpu->model->ccsidr[0];
	case 1: return cpu->model->ccsidr[1];
	case 2: return cpu->model->ccsidr[2];
	default: return 0;
	}
}

static uint32_t read_clidr(struct cpu *cpu, const struct cp15_reg *reg)
{
	return cpu->model->clidr;
}

static uint32_t read_isr(struct cpu *cpu, const struct cp15_reg *reg)
{
	uint32_t lines = atomic_load_explicit(&cpu->irq_lines, memory_order_relaxed);

	return (lines & IRQ_LINE_IRQ ? 1u << 7 : 0) | (lines & IRQ_LINE_FIQ ? 1u << 6 : 0);
}

static uint32_t *field(struct cpu *cpu, const struct cp15_reg *reg)
{
	return (uint32_t *)((char *)cpu + reg->offset);
}

static void log_mmu_write(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	if (unlikely(log_has(cpu->log_mask, LOG_MMU)))
		log_printf(cpu->log, LOG_MMU, "mmu: pc 0x%08x writes %s 0x%08x\n", cpu->r[15], reg->name, value);
}

static void write_sctlr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	uint32_t mask = cpu->model->sctlr_wmask;

	log_mmu_write(cpu, reg, value);
	cpu->cp15.sctlr = (cpu->cp15.sctlr & ~mask) | (value & mask);
	cpu->hooks->mmu_changed(cpu);
}

static void write_actlr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	uint32_t mask = cpu->model->actlr_wmask;

	cpu->cp15.actlr = (cpu->cp15.actlr & ~mask) | (value & mask);
}

static void write_scr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	if (value & 1)
		log_guest(cpu->log, cpu->r[15], "cpu%u: pc 0x%08x sets SCR.NS: Non-secure state is not modelled, the bit stays 0\n",
		          cpu->index, cpu->r[15]);
	cpu->cp15.scr = value & SCR_WMASK;
}

static void write_cpacr(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	cpu->cp15.cpacr = (cpu->cp15.cpacr & ~reg->wmask) | (value & reg->wmask);
	cpu->fp_access = cpu_fp_access(cpu);
}

/* Registers that choose the shadow space. */
static void write_mmu(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	uint32_t *p = field(cpu, reg);
	uint32_t updated = (*p & ~reg->wmask) | (value & reg->wmask);

	if (*p == updated)
		return;
	log_mmu_write(cpu, reg, updated);
	*p = updated;
	cpu->hooks->mmu_changed(cpu);
}

static void write_tlb(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	static const uint8_t kinds[] = { TLB_ALL, TLB_MVA, TLB_ASID, TLB_MVA_ALL_ASID };

	cpu->hooks->tlb_op(cpu, kinds[reg->op2 & 3], value);
}

/* B4.1.6-13. With no Non-secure state of its own the ATS12NSO forms see the one translation regime there is. */
static void write_ats(struct cpu *cpu, const struct cp15_reg *reg, uint32_t value)
{
	cpu->cp15.par = cpu->hooks->translate(cpu, value, reg->op2 & 1, !(reg->op2 & 2));
}

#define FIELD(member) (int32_t)offsetof(struct cpu, cp15.member)
#define NONE -1
static const struct cp15_reg rows[] = {
#define CP15(crn_, op1_, crm_, op2_, name_, flags_, offset_, wmask_, read_, write_)                                     \
	{ .crn = (crn_), .op1 = (op1_), .crm = (crm_), .op2 = (op2_), .name = (name_), .flags = (flags_),               \
	  .offset = (offset_), .wmask = (wmask_), .read = (read_), .write = (write_) },
#include "cpu/cp15.def"
#undef CP15
};
#undef FIELD
#undef NONE

int cp15_find(unsigned op1, unsigned crn, unsigned crm, unsigned op2)
{
	unsigned from = 0, to = ARRAY_SIZE(rows);

	/* The rows stand in the order of CRn. */
	while (from < to) {
		unsigned middle = (from + to) / 2;

		if (rows[middle].crn < crn)
			from = middle + 1;
		else
			to = middle;
	}
	for (unsigned i = from; i < ARRAY_SIZE(rows) && rows[i].crn == crn; i++) {
		const struct cp15_reg *reg = &rows[i];

		if (reg->op1 == op1 && (reg->crm == crm || reg->crm == CP15_ANY) &&
		    (reg->op2 == op2 || reg->op2 == CP15_ANY))
			return (int)i;
	}
	return -1;
}

const struct cp15_reg *cp15_row(int index)
{
	BUG_ON(index < 0 || (unsigned)index >= ARRAY_SIZE(rows));
	return &rows[index];
}

unsigned cp15_row_count(void)
{
	return ARRAY_SIZE(rows);
}

bool cp15_constant(int index)
{
	const struct cp15_reg *reg = cp15_row(index);

	return reg->read == read_zero || reg->read == read_model || reg->read == read_id || reg->read == read_clidr;
}

bool cp15_allowed(const struct cpu *cpu, int index, bool write)
{
	uint16_t flags = cp15_row(index)->flags;

	if (cpu_privileged(cpu))
		return flags & (write ? CP15_PL1_W : CP15_PL1_R);
	if ((flags & CP15_PL0_CHECK) && !pmu_user_enabled(cpu))
		return false;
	return flags & (write ? CP15_PL0_W : CP15_PL0_R);
}

uint32_t cp15_read(struct cpu *cpu, int index)
{
	const struct cp15_reg *reg = cp15_row(index);

	if (reg->read)
		return reg->read(cpu, reg);
	return reg->offset >= 0 ? *field(cpu, reg) : 0;
}

void cp15_write(struct cpu *cpu, int index, uint32_t value)
{
	const struct cp15_reg *reg = cp15_row(index);

	if (reg->write) {
		reg->write(cpu, reg, value);
	} else if (reg->offset >= 0) {
		uint32_t *p = field(cpu, reg);

		*p = (*p & ~reg->wmask) | (value & reg->wmask);
	}
}

void cp15_reset(struct cpu *cpu)
{
	uint32_t cbar = cpu->cp15.cbar; /* a strap of the board */

	cpu->cp15 = (struct cp15){ 0 };
	cpu->cp15.cbar = cbar;
	cpu->cp15.sctlr = cpu->model->sctlr_reset;
	cpu->cp15.actlr = cpu->model->actlr_reset;
	/* Reset values of the remap registers that the A9 TRM gives. */
	cpu->cp15.prrr = 0x00098aa4;
	cpu->cp15.nmrr = 0x44e048e0;
	pmu_reset(cpu);
}
