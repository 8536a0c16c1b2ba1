/* test_simd_machine.c - see test_simd_machine.h. */
#include "base/base.h"

#include "tests/cpu/test_simd_machine.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mmu/mmu.h"
#include "translator/ir/interp.h"
#include "translator/lift/lift.h"
#include "translator/passes/passes.h"
#include "translator/run/helpers.h"
#include "translator/translator.h"

const char *const way_names[WAY_COUNT] = { "lifted IR", "IR after the passes", "emitted code" };

static void hook_changed(struct cpu *cpu)
{
	mmu_switch(cpu);
}
static void hook_tlb(struct cpu *cpu, int kind, uint32_t value)
{
	mmu_tlb_op(cpu, kind, value);
}
static uint32_t hook_translate(struct cpu *cpu, gva_t va, bool write, bool privileged)
{
	return 0;
}
static void hook_smc(struct cpu *cpu, uint32_t imm)
{
}
static uint64_t hook_cycles(struct cpu *cpu)
{
	return 0;
}
static const struct cpu_hooks hooks = { .mmu_changed = hook_changed, .tlb_op = hook_tlb, .translate = hook_translate,
	                                .smc = hook_smc, .cycles = hook_cycles };

static void code_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
	struct machine *m = opaque;

	if (m->translator)
		translator_code_written(&m->cpu, frame, addr, size);
}
static void table_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
}
static const struct phys_hooks phys_hooks = { .table_written = table_written, .code_written = code_written };

void machine_init(struct machine *m, enum way way)
{
	struct translator_options options;
	struct error err = { 0 };

	memset(m, 0, sizeof(*m));
	m->way = way;
	m->log = log_create();
	m->phys = phys_create(&err);
	ck_assert(m->log && m->phys && !phys_add_ram(m->phys, "ram", 0, MACHINE_RAM, &err));
	phys_set_hooks(m->phys, &phys_hooks, m);
	m->ram = phys_host(m->phys, 0, MACHINE_RAM);
	cpu_init(&m->cpu, cpu_model_find("cortex-a9"), 0, m->log);
	m->cpu.hooks = &hooks;
	m->mmu = mmu_create(&m->cpu, m->phys, &err);
	ck_assert_ptr_nonnull(m->mmu);
	cpu_reset(&m->cpu);
	cpu_set_cpsr(&m->cpu, MODE_SYS | CPSR_I | CPSR_F | CPSR_A, ~0u);
	m->cpu.cp15.cpacr = 0xf00000;
	m->cpu.fpexc = FPEXC_EN;
	if (way == WAY_DBT) {
		translator_default_options(&options);
		m->translator = translator_create(&m->cpu, &options, &err);
		ck_assert_msg(m->translator, "%s", err.msg);
	}
	/* Exceptions end in an endless loop at their vector. */
	for (unsigned i = 0; i < 8; i++)
		memcpy(m->ram + 4 * i, (const uint32_t[]){ 0xeafffffe }, 4);
}

void machine_fini(struct machine *m)
{
	if (m->translator)
		translator_destroy(m->translator);
	mmu_destroy(m->mmu);
	phys_destroy(m->phys);
	log_destroy(m->log);
}

static int next_page(void *opaque, const uint8_t **bytes)
{
	*bytes = opaque;
	return 0;
}

static enum x64_exit step(struct machine *m)
{
	struct cpu *cpu = &m->cpu;
	gva_t page = cpu->r[15] & ~GUEST_PAGE_MASK;
	const struct lift_source source = { .page = page, .bytes = m->ram + page, .next_page = next_page, .opaque = m->ram + page + GUEST_PAGE_SIZE };
	const struct lift_options options = { .max_insns = m->way == WAY_LIFT ? 1 : 32 };
	struct lift_result result;
	const char *wrong;
	unsigned at;

	ir_block_init(&m->block, cpu->r[15], cpu_state_key(cpu));
	ck_assert_int_eq(lift_block(cpu, &source, &options, &m->block, &result), 0);
	wrong = ir_verify(&m->block, &at);
	if (wrong) {
		ir_dump(&m->block, stdout);
		ck_abort_msg("op %u: %s", at, wrong);
	}
	ck_assert(!m->block.overflow);
	if (getenv("SIMD_DUMP"))
		ir_dump(&m->block, stdout);
	if (m->way == WAY_PASSES)
		passes_run(&m->block, PASSES_ALL, true);
	interp_prepare(m->block.ops, m->block.count);
	return interp_run(cpu, m->block.ops, NULL);
}

void machine_put_code(struct machine *m, uint32_t pc, const void *code, uint32_t size)
{
	phys_copy_to(m->phys, pc, code, size);
}

/* Undoes an exception's entry, which translator_run() has made: back to the state in which the interpreter stops. */
static int leave_exception(struct cpu *cpu)
{
	static const uint8_t arm_offset[8] = { [EXC_UNDEF] = 4, [EXC_SVC] = 4, [EXC_PREFETCH_ABORT] = 4, [EXC_DATA_ABORT] = 8 };
	static const uint8_t thumb_offset[8] = { [EXC_UNDEF] = 2, [EXC_SVC] = 2, [EXC_PREFETCH_ABORT] = 4, [EXC_DATA_ABORT] = 8 };
	uint32_t exc = cpu->r[15] / 4, spsr, pc;

	if (exc >= 8 || (cpu->cpsr & CPSR_M) == MODE_SYS || (cpu->cpsr & CPSR_M) == MODE_USR)
		return -1;
	spsr = cpu_spsr(cpu);
	pc = cpu->r[14] - (spsr & CPSR_T ? thumb_offset : arm_offset)[exc];
	cpu_set_cpsr(cpu, spsr, ~0u);
	cpu->r[15] = pc;
	return (int)exc;
}

int machine_run(struct machine *m)
{
	struct cpu *cpu = &m->cpu;
	enum x64_exit exit;

	if (m->way == WAY_DBT) {
		translator_run(cpu, 40);
		return leave_exception(cpu);
	}
	for (unsigned steps = 0; steps < 40; steps++) {
		exit = step(m);
		if (exit == X64_EXIT_EXCEPTION)
			return (int)cpu->exit_arg[0];
		if (exit == X64_EXIT_RAISE)
			return cpu->exit_arg[0] == RAISE_DATA_ABORT ? EXC_DATA_ABORT : EXC_UNDEF;
	}
	return -1;
}
