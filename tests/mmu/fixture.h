/* fixture.h - a core with an MMU and 16 MiB of RAM, for the tests of src/mmu. */
#ifndef DBTVM_TESTS_MMU_FIXTURE_H
#define DBTVM_TESTS_MMU_FIXTURE_H

#include "base/base.h"
#include "base/log.h"
#include "cpu/cp15.h"
#include "cpu/cpu.h"
#include "mmu/mmu.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define RAM_BASE 0x60000000u
#define RAM_SIZE 0x1000000u

struct fixture {
	struct cpu *cpu;
	struct phys *phys;
	struct mmu *mmu;
	struct log *log;
	unsigned unassigned;
};

static inline void fixture_smc(struct cpu *cpu, uint32_t imm)
{
	cpu->r[0] = ~0u;
}
static inline uint64_t fixture_cycles(struct cpu *cpu)
{
	return cpu_insns(cpu);
}
static inline void fixture_unassigned(void *opaque, struct cpu *cpu, gva_t va, gpa_t pa, unsigned size, bool write, uint64_t value)
{
	((struct fixture *)opaque)->unassigned++;
}
static const struct cpu_hooks fixture_hooks = {
	.mmu_changed = mmu_switch,
	.tlb_op = mmu_tlb_op,
	.translate = mmu_translate,
	.smc = fixture_smc,
	.cycles = fixture_cycles,
};
static const struct mmu_hooks fixture_mmu_hooks = { .unassigned = fixture_unassigned };
static inline void fixture_code_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
}
static const struct phys_hooks fixture_phys_hooks = { .table_written = mmu_table_written, .code_written = fixture_code_written };

static inline void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->log = log_create();
	f->phys = phys_create(NULL);
	ck_assert_int_eq(phys_add_ram(f->phys, "ram", RAM_BASE, RAM_SIZE, NULL), 0);
	f->cpu = aligned_alloc(64, (sizeof(*f->cpu) + 63) & ~63ull);
	cpu_init(f->cpu, cpu_model_find("cortex-a9"), 0, f->log);
	f->cpu->hooks = &fixture_hooks;
	f->mmu = mmu_create(f->cpu, f->phys, NULL);
	ck_assert_ptr_nonnull(f->mmu);
	mmu_set_hooks(f->mmu, &fixture_mmu_hooks, f);
	phys_set_hooks(f->phys, &fixture_phys_hooks, f->mmu);
	cpu_reset(f->cpu);
}

static inline void fixture_fini(struct fixture *f)
{
	mmu_destroy(f->mmu);
	phys_destroy(f->phys);
	log_destroy(f->log);
	free(f->cpu);
}

static inline void put(struct fixture *f, gpa_t pa, uint32_t value)
{
	ck_assert_int_eq(phys_write(f->phys, pa, 4, value), PHYS_OK);
}

/* MCR p15. */
static inline void mcr(struct fixture *f, unsigned op1, unsigned crn, unsigned crm, unsigned op2, uint32_t value)
{
	int row = cp15_find(op1, crn, crm, op2);

	ck_assert_int_ge(row, 0);
	cp15_write(f->cpu, row, value);
}

static inline void set_mode(struct fixture *f, uint32_t mode)
{
	cpu_set_cpsr(f->cpu, mode, CPSR_M);
}

#endif
