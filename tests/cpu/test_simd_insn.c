/*
 * test_simd_insn.c - every VFP and Advanced SIMD row of the decoder, from instruction word to result, against Unicorn's Cortex-A9: decoder, lift, passes,
 * interpreter, emitted code and operations at once.
 *
 * For each row random words in A32 and T32 run as single instructions from random state: D0-D31, FPSCR, core registers, flags and
 * memory must agree. SIMD_SEED, SIMD_COUNT (words a row), SIMD_ROW (one row by name) and SIMD_WAY replay.
 */
#include "base/base.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cpu/cpu.h"
#include "memory/phys.h"
#include "mmu/mmu.h"
#include "tests/cpu/test_simd_oracle.h"
#include "translator/decode/insn.h"
#include "translator/ir/interp.h"
#include "translator/lift/lift.h"
#include "translator/passes/passes.h"
#include "translator/translator.h"

#define DEFAULT_COUNT 12
#define RAM_SIZE (2 * MiB)
#define PRELUDE 0x1000u    /* loads the extension registers from STATE */
#define POSTLUDE 0x2000u   /* stores them there */
#define STATE 0x3000u
#define CODE 0x80000u      /* each instruction gets its own slot, so that nothing stale is run */
#define CODE_SLOT 64u
#define CODE_SIZE 0x80000u
#define DATA 0x10000u
#define DATA_SIZE 0x4000u
#define DATA_MIDDLE (DATA + DATA_SIZE / 2)

enum way { WAY_LIFT, WAY_PASSES, WAY_DBT, WAY_COUNT };
static const char *const way_names[WAY_COUNT] = { "lifted IR", "IR after the passes", "emitted code" };

struct state {
	uint64_t d[32];
	uint32_t fpscr;
	uint32_t r[15];
	uint32_t cpsr; /* NZCV and E */
	bool failed;
};

struct machine {
	enum way way;
	struct log *log;
	struct phys *phys;
	struct mmu *mmu;
	struct translator *translator;
	uint8_t *ram, *oracle_ram;
	struct oracle oracle;
	struct simd_random random;
	unsigned slot;
	struct cpu cpu;
	struct ir_block block;
};

/* --- our side --- */

static void hook_changed(struct cpu *cpu)
{
	mmu_switch(cpu);
}
static void hook_tlb(struct cpu *cpu, int kind, uint32_t value)
{
	mmu_tlb_op(cpu, kind, value);
}
static void hook_icache(struct cpu *cpu, uint32_t mva, bool all)
{
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
static const struct cpu_hooks hooks = { .mmu_changed = hook_changed, .tlb_op = hook_tlb, .icache_op = hook_icache, .translate = hook_translate,
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

static void machine_init(struct machine *m, enum way way)
{
	static const uint32_t prelude[] = {
		0xecb00b20, /* vldmia r0!, {d0-d15} */
		0xecf00b20, /* vldmia r0!, {d16-d31} */
		0xe5901000, /* ldr r1, [r0] */
		0xeee11a10, /* vmsr fpscr, r1 */
	}, postlude[] = {
		0xeca00b20, /* vstmia r0!, {d0-d15} */
		0xece00b20, /* vstmia r0!, {d16-d31} */
		0xeef11a10, /* vmrs r1, fpscr */
		0xe5801000, /* str r1, [r0] */
	};
	struct translator_options options;
	struct error err = { 0 };

	memset(m, 0, sizeof(*m));
	m->way = way;
	m->log = log_create();
	m->phys = phys_create(&err);
	ck_assert(m->log && m->phys && !phys_add_ram(m->phys, "ram", 0, RAM_SIZE, &err));
	phys_set_hooks(m->phys, &phys_hooks, m);
	m->ram = phys_host(m->phys, 0, RAM_SIZE);
	cpu_init(&m->cpu, cpu_model_find("cortex-a9"), 0, m->log);
	m->cpu.hooks = &hooks;
	m->mmu = mmu_create(&m->cpu, m->phys, &err);
	ck_assert_ptr_nonnull(m->mmu);
	cpu_reset(&m->cpu);
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
	m->oracle_ram = aligned_alloc(4096, RAM_SIZE);
	ck_assert_ptr_nonnull(m->oracle_ram);
	memset(m->oracle_ram, 0, RAM_SIZE);
	ck_assert(oracle_init(&m->oracle, 0, RAM_SIZE, m->oracle_ram, PRELUDE));
	memcpy(m->oracle_ram + PRELUDE + 0x100, prelude, sizeof(prelude));
	memcpy(m->oracle_ram + POSTLUDE, postlude, sizeof(postlude));
}

static void machine_fini(struct machine *m)
{
	oracle_fini(&m->oracle);
	free(m->oracle_ram);
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
	const struct lift_options options = { .max_insns = 1 };
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

static void run_ours(struct machine *m, uint32_t pc, bool thumb, const struct state *in, struct state *out)
{
	struct cpu *cpu = &m->cpu;
	enum x64_exit exit = X64_EXIT_LOOKUP;

	cpu_set_cpsr(cpu, MODE_SYS | CPSR_I | CPSR_F | CPSR_A | (thumb ? CPSR_T : 0) | in->cpsr, ~0u);
	memcpy(cpu->vfp.d, in->d, sizeof(in->d));
	memcpy(cpu->r, in->r, sizeof(in->r));
	cpu->fpscr = in->fpscr;
	cpu->r[15] = pc;
	if (m->way == WAY_DBT) {
		translator_run(cpu, 4);
		out->failed = cpu->r[15] != EXC_SVC * 4;
		if ((cpu->cpsr & CPSR_M) != MODE_SYS) {
			uint32_t cpsr = cpu_spsr(cpu);
			cpu_set_cpsr(cpu, cpsr, ~0u);
		}
	} else {
		for (unsigned steps = 0; steps < 3 && exit != X64_EXIT_EXCEPTION && exit != X64_EXIT_RAISE; steps++)
			exit = step(m);
		out->failed = exit != X64_EXIT_EXCEPTION || cpu->exit_arg[0] != EXC_SVC;
	}
	memcpy(out->d, cpu->vfp.d, sizeof(out->d));
	memcpy(out->r, cpu->r, sizeof(out->r));
	out->fpscr = cpu->fpscr;
	out->cpsr = cpu_cpsr(cpu) & 0xf0000000;
}

/* --- their side --- */

static const int reg_ids[15] = {
	UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3, UC_ARM_REG_R4, UC_ARM_REG_R5, UC_ARM_REG_R6, UC_ARM_REG_R7,
	UC_ARM_REG_R8, UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11, UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR,
};

static uc_err oracle_part(struct machine *m, uint32_t at, uint32_t size)
{
	uint32_t r0 = STATE, cpsr = 0x1df;

	m->oracle.uc_reg_write(m->oracle.uc, UC_ARM_REG_CPSR, &cpsr);
	m->oracle.uc_reg_write(m->oracle.uc, UC_ARM_REG_R0, &r0);
	return m->oracle.uc_emu_start(m->oracle.uc, at, at + size, 0, 0);
}

static void run_oracle(struct machine *m, uint32_t pc, bool thumb, const struct state *in, struct state *out)
{
	uint32_t cpsr = 0x1df | in->cpsr | (thumb ? CPSR_T : 0);

	memcpy(m->oracle_ram + STATE, in->d, sizeof(in->d));
	memcpy(m->oracle_ram + STATE + sizeof(in->d), &in->fpscr, 4);
	ck_assert_int_eq(oracle_part(m, PRELUDE + 0x100, 16), UC_ERR_OK);
	m->oracle.uc_reg_write(m->oracle.uc, UC_ARM_REG_CPSR, &cpsr);
	for (unsigned i = 0; i < 15; i++)
		m->oracle.uc_reg_write(m->oracle.uc, reg_ids[i], &in->r[i]);
	out->failed = m->oracle.uc_emu_start(m->oracle.uc, pc | thumb, pc + 4, 0, 0) != UC_ERR_OK;
	for (unsigned i = 0; i < 15; i++)
		m->oracle.uc_reg_read(m->oracle.uc, reg_ids[i], &out->r[i]);
	m->oracle.uc_reg_read(m->oracle.uc, UC_ARM_REG_CPSR, &cpsr);
	out->cpsr = cpsr & 0xf0000000;
	ck_assert_int_eq(oracle_part(m, POSTLUDE, 16), UC_ERR_OK);
	memcpy(out->d, m->oracle_ram + STATE, sizeof(out->d));
	memcpy(&out->fpscr, m->oracle_ram + STATE + sizeof(out->d), 4);
}

/* --- one instruction --- */

static void make_state(struct machine *m, const struct insn *insn, struct state *s)
{
	for (unsigned i = 0; i < 32; i++)
		s->d[i] = simd_random_value(&m->random);
	s->fpscr = simd_random_fpscr(&m->random);
	/* Unicorn does not check alignment: aligned unless the instruction does not care */
	for (unsigned i = 0; i < 15; i++) {
		uint32_t offset = (uint32_t)simd_random(&m->random) % 64 * 32;
		bool may_misalign = insn->op >= INSN_VLD1 && insn->op <= INSN_VLD4_DUP && !insn->valign;

		s->r[i] = DATA_MIDDLE + offset + (may_misalign ? (uint32_t)simd_random(&m->random) % 32 : 0);
	}
	s->cpsr = (uint32_t)simd_random(&m->random) & (0xf0000000 | CPSR_E);
}

static void put_code(struct machine *m, uint32_t pc, bool thumb, uint32_t word)
{
	uint32_t code[2] = { word, thumb ? 0xdf00df00 : 0xef000000 };

	if (thumb)
		code[0] = word >> 16 | word << 16;
	memcpy(m->oracle_ram + pc, code, sizeof(code));
	phys_copy_to(m->phys, pc, code, sizeof(code));
}

static void fill_data(struct machine *m)
{
	for (uint32_t i = 0; i < DATA_SIZE; i += 8) {
		uint64_t v = simd_random(&m->random);

		memcpy(m->oracle_ram + DATA + i, &v, 8);
	}
	memcpy(m->ram + DATA, m->oracle_ram + DATA, DATA_SIZE);
}

static bool same(struct machine *m, const struct state *a, const struct state *b)
{
	if (a->failed || b->failed)
		return a->failed == b->failed;
	return !memcmp(a->d, b->d, sizeof(a->d)) && !memcmp(a->r, b->r, sizeof(a->r)) && a->fpscr == b->fpscr && a->cpsr == b->cpsr &&
	       !memcmp(m->ram + DATA, m->oracle_ram + DATA, DATA_SIZE);
}

static void report(struct machine *m, const char *row, uint32_t word, bool thumb, const struct state *in, const struct state *ours,
                   const struct state *theirs)
{
	printf("%s %s %08x: %s differs\n", row, thumb ? "T32" : "A32", word, way_names[m->way]);
	printf("  fpscr in %08x unicorn %08x ours %08x; failed: unicorn %d ours %d\n", in->fpscr, theirs->fpscr, ours->fpscr, theirs->failed, ours->failed);
	if (ours->cpsr != theirs->cpsr)
		printf("  flags unicorn %08x ours %08x\n", theirs->cpsr, ours->cpsr);
	for (unsigned i = 0; i < 15; i++)
		if (ours->r[i] != theirs->r[i])
			printf("  r%u in %08x unicorn %08x ours %08x\n", i, in->r[i], theirs->r[i], ours->r[i]);
	for (unsigned i = 0; i < 32; i++)
		if (ours->d[i] != theirs->d[i])
			printf("  d%u in %016" PRIx64 " unicorn %016" PRIx64 " ours %016" PRIx64 "\n", i, in->d[i], theirs->d[i], ours->d[i]);
	for (unsigned i = 0; i < DATA_SIZE; i++)
		if (m->ram[DATA + i] != m->oracle_ram[DATA + i]) {
			printf("  first byte %08x unicorn %02x ours %02x\n", DATA + i, m->oracle_ram[DATA + i], m->ram[DATA + i]);
			break;
		}
	fflush(stdout);
}

/* Words that the two sides may treat differently. */
static bool excluded(const struct insn *insn, const struct state *in)
{
	/* ID registers are the model's; FPEXC could switch the unit off */
	if ((insn->op == INSN_VMRS || insn->op == INSN_VMSR) && insn->imm != 1)
		return true;
	/* QEMU 5.0 rounds by FPSCR.RMode here, A8.8.308 to nearest: see test_simd.c */
	if (insn->op == INSN_VFP_CVT_F_FIXED && insn->vsize == 2 && insn->imm2 == 32 && (in->fpscr & FPSCR_RMODE))
		return true;
	/* both results UNKNOWN (A8.8.420, A8.8.423, A8.8.425) */
	if ((insn->op == INSN_VTRN || insn->op == INSN_VUZP || insn->op == INSN_VZIP) && insn->vd == insn->vm)
		return true;
	return false;
}

/* Runs one word in state @in. True: agrees. */
static bool run_word(struct machine *m, const char *row, uint32_t word, bool thumb, const struct state *in)
{
	struct state ours, theirs;
	uint32_t pc = CODE + m->slot++ % (CODE_SIZE / CODE_SLOT) * CODE_SLOT;

	/* All slots used: a new one knows no old code. (Unicorn 2.0.1 crashes sooner or later when told to forget it.) */
	if (m->slot % (CODE_SIZE / CODE_SLOT) == 0) {
		oracle_fini(&m->oracle);
		ck_assert(oracle_init(&m->oracle, 0, RAM_SIZE, m->oracle_ram, PRELUDE));
	}
	put_code(m, pc, thumb, word);
	run_oracle(m, pc, thumb, in, &theirs);
	run_ours(m, pc, thumb, in, &ours);
	if (same(m, &ours, &theirs))
		return true;
	report(m, row, word, thumb, in, &ours, &theirs);
	return false;
}

/* The T32 form of an A32 VFP or Advanced SIMD word; conditions become AL. */
static uint32_t to_t32(uint32_t word)
{
	if (word >> 25 == 0x79) /* 1111001u */
		return (word & 0x00ffffff) | 0xef000000 | (word << 4 & 0x10000000);
	if (word >> 24 == 0xf4)
		return (word & 0x00ffffff) | 0xf9000000;
	return word >> 28 == 15 ? word : (word & 0x0fffffff) | 0xe0000000;
}

static bool run_row(struct machine *m, unsigned number, unsigned count, unsigned *ran)
{
	const struct decode_row *row = decode_row(number);

	for (unsigned tries = 0, done = 0; done < count && tries < 40 * count; tries++) {
		uint32_t a32 = (uint32_t)((simd_random(&m->random) >> 16 & ~row->mask) | row->value);
		bool thumb = tries & 1;
		uint32_t word;
		struct insn insn;
		struct state in;

		if (row->op == INSN_VMRS || row->op == INSN_VMSR)
			a32 = (a32 & 0xfff0ffff) | 0x10000;
		word = thumb ? to_t32(a32) : a32;
		if (decode(thumb ? SET_T32 : SET_A32, word, &insn) != INSN_OK || insn.row != number)
			continue;
		make_state(m, &insn, &in);
		if (excluded(&insn, &in))
			continue;
		if (done % 4 == 0)
			fill_data(m);
		if (!run_word(m, row->name, word, thumb, &in))
			return false;
		done++;
		(*ran)++;
	}
	return true;
}

START_TEST(test_rows)
{
	struct machine *m = calloc(1, sizeof(*m));
	unsigned count = (unsigned)simd_test_env("SIMD_COUNT", DEFAULT_COUNT), failed = 0, rows = 0, never = 0;
	const char *only = getenv("SIMD_ROW");

	ck_assert_ptr_nonnull(m);
	machine_init(m, (enum way)_i);
	m->random.state = simd_test_env("SIMD_SEED", 0x1234567) | 1;
	for (unsigned i = 0; i < decode_row_count(); i++) {
		const struct decode_row *row = decode_row(i);
		unsigned ran = 0;

		if ((row->table != TABLE_VFP && row->table != TABLE_NEON) || row->op <= INSN_CHKA || (only && strcmp(only, row->name)))
			continue;
		if (simd_test_env("SIMD_WAY", (uint64_t)_i) != (uint64_t)_i)
			continue;
		rows++;
		failed += !run_row(m, i, count, &ran);
		if (!ran) {
			printf("%s: no word of it ran\n", row->name);
			never++;
		}
	}
	machine_fini(m);
	free(m);
	ck_assert_msg(!failed && !never, "%s: %u of %u rows differ", way_names[_i], failed, rows);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("simd instructions");
	TCase *tcase = tcase_create("rows");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 0);
	tcase_add_loop_test(tcase, test_rows, 0, WAY_COUNT);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
