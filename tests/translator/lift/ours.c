/* ours.c - sequences on our own translator: MMU off, RAM from 0, code and data where sequence.h says. */
#include "base/base.h"
#include "tests/translator/lift/engines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cpu/cp15.h"
#include "cpu/cpu.h"
#include "memory/phys.h"
#include "mmu/mmu.h"
#include "translator/ir/interp.h"
#include "translator/lift/lift.h"
#include "translator/passes/passes.h"
#include "translator/run/helpers.h"
#include "translator/translator.h"

#define RAM_SIZE OURS_RAM_END

struct ours {
	enum way way;
	struct log *log;
	struct phys *phys;
	struct mmu *mmu;
	struct translator *translator;
	uint8_t *ram;
	struct cpu cpu;
	struct ir_block block;
	uint8_t code[CODE_SIZE];
};

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

static const struct cpu_hooks hooks = {
	.mmu_changed = hook_changed, .tlb_op = hook_tlb, .translate = hook_translate, .smc = hook_smc,
	.cycles = hook_cycles,
};

static void code_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
	struct ours *ours = opaque;

	if (ours->translator)
		translator_code_written(&ours->cpu, frame, addr, size);
}

static void table_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
}

static const struct phys_hooks phys_hooks = { .table_written = table_written, .code_written = code_written };

struct ours *ours_create(enum way way)
{
	struct ours *ours = calloc(1, sizeof(*ours));
	struct translator_options options;
	struct error err = { 0 };

	if (!ours)
		return NULL;
	ours->way = way;
	ours->log = log_create();
	ours->phys = phys_create(&err);
	if (!ours->log || !ours->phys || phys_add_ram(ours->phys, "ram", 0, RAM_SIZE, &err))
		goto fail;
	phys_set_hooks(ours->phys, &phys_hooks, ours);
	ours->ram = phys_host(ours->phys, 0, RAM_SIZE);
	cpu_init(&ours->cpu, cpu_model_find("cortex-a9"), 0, ours->log);
	ours->cpu.hooks = &hooks;
	ours->mmu = mmu_create(&ours->cpu, ours->phys, &err);
	if (!ours->mmu)
		goto fail;
	cpu_reset(&ours->cpu);
	if (way == WAY_DBT || way == WAY_PLAIN || way == WAY_WINDOW) {
		translator_default_options(&options);
		options.always_windows = way == WAY_WINDOW;
		if (way == WAY_PLAIN)
			options.passes = options.optimizations = 0;
		ours->translator = translator_create(&ours->cpu, &options, &err);
		if (!ours->translator)
			goto fail;
	}
	/* Exceptions end in an endless loop at their vector. */
	for (unsigned i = 0; i < 8; i++)
		memcpy(ours->ram + 4 * i, (const uint32_t[]){ 0xeafffffe }, 4);
	return ours;
fail:
	printf("%s\n", err.msg);
	ours_destroy(ours);
	return NULL;
}

void ours_destroy(struct ours *ours)
{
	if (!ours)
		return;
	if (ours->translator)
		translator_destroy(ours->translator);
	if (ours->mmu)
		mmu_destroy(ours->mmu);
	if (ours->phys)
		phys_destroy(ours->phys);
	if (ours->log)
		log_destroy(ours->log);
	free(ours);
}

const uint8_t *ours_data(struct ours *ours)
{
	return ours->ram + DATA_AREA;
}

struct cpu *ours_cpu(struct ours *ours)
{
	return &ours->cpu;
}

static int next_page(void *opaque, const uint8_t **bytes)
{
	*bytes = opaque;
	return 0;
}

/* Lifts and interprets the block at the current PC. */
static enum x64_exit step(struct ours *ours)
{
	struct cpu *cpu = &ours->cpu;
	gva_t page = cpu->r[15] & ~GUEST_PAGE_MASK;
	const struct lift_source source = {
		.page = page, .bytes = ours->ram + page, .next_page = next_page, .opaque = ours->ram + page + GUEST_PAGE_SIZE,
	};
	const struct lift_options options = { .max_insns = ours->way == WAY_LIFT ? 3 : 64, .superblocks = ours->way != WAY_LIFT };
	struct lift_result result;
	const char *wrong;
	unsigned at;

	ir_block_init(&ours->block, cpu->r[15], cpu_state_key(cpu));
	BUG_ON(lift_block(cpu, &source, &options, &ours->block, &result) < 0);
	wrong = ir_verify(&ours->block, &at);
	if (wrong) {
		ir_dump(&ours->block, stdout);
		printf("op %u: %s\n", at, wrong);
		fflush(stdout);
		BUG("lift made wrong IR");
	}
	if (getenv("LIFT_DUMP"))
		ir_dump(&ours->block, stdout);
	if (ours->way == WAY_PASSES)
		passes_run(&ours->block, PASSES_ALL, true);
	interp_prepare(ours->block.ops, ours->block.count);
	return interp_run(cpu, ours->block.ops, NULL);
}

/* State after the run, in the mode that the sequence ran in. */
static void take_state(struct ours *ours, const struct sequence *s, struct outcome *out)
{
	struct cpu *cpu = &ours->cpu;

	memcpy(out->r, cpu->r, sizeof(out->r));
	out->pc = cpu->r[15];
	out->cpsr = cpu_cpsr(cpu) & CPSR_COMPARED;
	out->spsr = s->privileged ? cpu_spsr(cpu) : 0;
}

static void run_interpreted(struct ours *ours, const struct sequence *s, uint32_t end, struct outcome *out)
{
	struct cpu *cpu = &ours->cpu;
	enum x64_exit exit = X64_EXIT_LOOKUP;
	unsigned steps = 0;

	while (steps++ < 4 * SEQUENCE_MAX && exit != X64_EXIT_EXCEPTION && exit != X64_EXIT_RAISE && !(s->privileged && cpu->r[15] == end))
		exit = step(ours);
	out->failed = s->privileged ? cpu->r[15] != end : exit != X64_EXIT_EXCEPTION || cpu->exit_arg[0] != EXC_SVC;
	out->why = !out->failed ? "no error" : exit == X64_EXIT_RAISE ? "data abort or undefined by helper" : exit == X64_EXIT_EXCEPTION ? "undefined" : "too long";
	take_state(ours, s, out);
}

static void run_translated(struct ours *ours, const struct sequence *s, uint32_t end, struct outcome *out)
{
	struct cpu *cpu = &ours->cpu;

	translator_run(cpu, 16 * SEQUENCE_MAX);
	out->failed = cpu->r[15] != (s->privileged ? end : EXC_SVC * 4);
	out->why = !out->failed ? "no error" : cpu->r[15] == EXC_UNDEF * 4 ? "undefined" : cpu->r[15] == EXC_DATA_ABORT * 4 ? "data abort" : "astray";
	take_state(ours, s, out);
	if (s->privileged)
		return;
	out->r[13] = cpu_mode_reg(cpu, 13, MODE_USR);
	out->r[14] = cpu_mode_reg(cpu, 14, MODE_USR);
	out->pc = cpu->r[14] - (cpu_spsr(cpu) & CPSR_T ? 2 : 4);
	out->cpsr = cpu_spsr(cpu) & CPSR_COMPARED;
}

void ours_write(struct ours *ours, uint32_t addr, const void *from, size_t size)
{
	BUG_ON(phys_copy_to(ours->phys, addr, from, size) != size);
}

void ours_read(struct ours *ours, uint32_t addr, void *to, size_t size)
{
	BUG_ON(phys_copy_from(ours->phys, to, addr, size) != size);
}

void ours_run_to_exception(struct ours *ours, struct ours_end *end)
{
	struct cpu *cpu = &ours->cpu;
	enum x64_exit exit = X64_EXIT_LOOKUP;
	unsigned steps = 0;

	if (ours->translator) {
		/* The vectors are loops, but that of the prefetch abort: LR is 4 above the BKPT. */
		translator_run(cpu, 16 * SEQUENCE_MAX);
		end->exception = cpu->r[15] / 4;
		end->pc = cpu->r[14] - (end->exception == EXC_PREFETCH_ABORT ? 4 : cpu_spsr(cpu) & CPSR_T ? 2 : 4);
		end->cpsr = cpu_spsr(cpu);
		return;
	}
	while (steps++ < SEQUENCE_MAX && exit != X64_EXIT_EXCEPTION && exit != X64_EXIT_RAISE)
		exit = step(ours);
	end->exception = exit == X64_EXIT_EXCEPTION ? cpu->exit_arg[0] : cpu->exit_arg[0] == RAISE_UNDEF ? EXC_UNDEF : EXC_DATA_ABORT;
	end->pc = cpu->r[15];
	end->cpsr = cpu_cpsr(cpu);
}

void ours_run(struct ours *ours, const struct sequence *s, struct outcome *out)
{
	struct cpu *cpu = &ours->cpu;
	unsigned size = sequence_code(s, ours->code);

	/* Through the physical memory, so that code that was translated before is dropped. */
	phys_copy_to(ours->phys, CODE_AREA, ours->code, CODE_SIZE);
	data_fill(ours->ram + DATA_AREA, s->data_seed);
	cpu_set_cpsr(cpu, s->cpsr, ~0u);
	if (s->privileged)
		cpu_set_spsr(cpu, s->spsr);
	memcpy(cpu->r, s->r, sizeof(s->r));
	cpu->r[15] = s->pc;
	cpu->exclusive.place = 0;
	if (ours->translator)
		run_translated(ours, s, s->pc + size, out);
	else
		run_interpreted(ours, s, s->pc + size, out);
}
