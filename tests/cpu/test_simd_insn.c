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

#include "tests/cpu/test_simd_machine.h"
#include "tests/cpu/test_simd_oracle.h"
#include "translator/decode/insn.h"

#define DEFAULT_COUNT 12
#define PRELUDE 0x1000u    /* loads the extension registers from STATE */
#define POSTLUDE 0x2000u   /* stores them there */
#define STATE 0x3000u
#define CODE 0x80000u      /* each instruction gets its own slot, so that nothing stale is run */
#define CODE_SLOT 64u
#define CODE_SIZE 0x80000u
#define DATA 0x10000u
#define DATA_SIZE 0x4000u
#define DATA_MIDDLE (DATA + DATA_SIZE / 2)

struct state {
	uint64_t d[32];
	uint32_t fpscr;
	uint32_t r[15];
	uint32_t cpsr; /* NZCV and E */
	uint32_t sctlr_a;
	bool failed;
};

/* Both sides. */
struct pair {
	struct machine machine;
	struct oracle oracle;
	uint8_t *oracle_ram;
	struct simd_random random;
	unsigned slot;
};

static void pair_init(struct pair *p, enum way way)
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

	memset(p, 0, sizeof(*p));
	machine_init(&p->machine, way);
	p->oracle_ram = aligned_alloc(4096, MACHINE_RAM);
	ck_assert_ptr_nonnull(p->oracle_ram);
	memset(p->oracle_ram, 0, MACHINE_RAM);
	ck_assert(oracle_init(&p->oracle, 0, MACHINE_RAM, p->oracle_ram, PRELUDE));
	memcpy(p->oracle_ram + PRELUDE + 0x100, prelude, sizeof(prelude));
	memcpy(p->oracle_ram + POSTLUDE, postlude, sizeof(postlude));
}

static void pair_fini(struct pair *p)
{
	oracle_fini(&p->oracle);
	free(p->oracle_ram);
	machine_fini(&p->machine);
}

static void run_ours(struct machine *m, uint32_t pc, bool thumb, const struct state *in, struct state *out)
{
	struct cpu *cpu = &m->cpu;

	cpu_set_cpsr(cpu, MODE_SYS | CPSR_I | CPSR_F | CPSR_A | (thumb ? CPSR_T : 0) | in->cpsr, ~0u);
	cpu->cp15.sctlr = (cpu->cp15.sctlr & ~SCTLR_A) | in->sctlr_a;
	cpu->hooks->mmu_changed(cpu);
	memcpy(cpu->vfp.d, in->d, sizeof(in->d));
	memcpy(cpu->r, in->r, sizeof(in->r));
	cpu->fpscr = in->fpscr;
	cpu->r[15] = pc;
	out->failed = machine_run(m) != EXC_SVC;
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

static uc_err oracle_part(struct pair *p, uint32_t at, uint32_t size)
{
	uint32_t r0 = STATE, cpsr = 0x1df;

	p->oracle.uc_reg_write(p->oracle.uc, UC_ARM_REG_CPSR, &cpsr);
	p->oracle.uc_reg_write(p->oracle.uc, UC_ARM_REG_R0, &r0);
	return p->oracle.uc_emu_start(p->oracle.uc, at, at + size, 0, 0);
}

static void run_oracle(struct pair *p, uint32_t pc, bool thumb, const struct state *in, struct state *out)
{
	uint32_t cpsr = 0x1df | in->cpsr | (thumb ? CPSR_T : 0);

	memcpy(p->oracle_ram + STATE, in->d, sizeof(in->d));
	memcpy(p->oracle_ram + STATE + sizeof(in->d), &in->fpscr, 4);
	ck_assert_int_eq(oracle_part(p, PRELUDE + 0x100, 16), UC_ERR_OK);
	p->oracle.uc_reg_write(p->oracle.uc, UC_ARM_REG_CPSR, &cpsr);
	for (unsigned i = 0; i < 15; i++)
		p->oracle.uc_reg_write(p->oracle.uc, reg_ids[i], &in->r[i]);
	out->failed = p->oracle.uc_emu_start(p->oracle.uc, pc | thumb, pc + 4, 0, 0) != UC_ERR_OK;
	for (unsigned i = 0; i < 15; i++)
		p->oracle.uc_reg_read(p->oracle.uc, reg_ids[i], &out->r[i]);
	p->oracle.uc_reg_read(p->oracle.uc, UC_ARM_REG_CPSR, &cpsr);
	out->cpsr = cpsr & 0xf0000000;
	ck_assert_int_eq(oracle_part(p, POSTLUDE, 16), UC_ERR_OK);
	memcpy(out->d, p->oracle_ram + STATE, sizeof(out->d));
	memcpy(&out->fpscr, p->oracle_ram + STATE + sizeof(out->d), 4);
}

/* --- one instruction --- */

static void make_state(struct pair *p, const struct insn *insn, struct state *s)
{
	for (unsigned i = 0; i < 32; i++)
		s->d[i] = simd_random_value(&p->random);
	s->fpscr = simd_random_fpscr(&p->random);
	s->sctlr_a = simd_random(&p->random) & 1 ? SCTLR_A : 0;
	/* Unicorn does not check alignment: aligned unless the instruction does not care */
	for (unsigned i = 0; i < 15; i++) {
		uint32_t offset = (uint32_t)simd_random(&p->random) % 64 * 32;
		bool may_misalign = insn->op >= INSN_VLD1 && insn->op <= INSN_VLD4_DUP && !insn->valign && !s->sctlr_a;

		s->r[i] = DATA_MIDDLE + offset + (may_misalign ? (uint32_t)simd_random(&p->random) % 32 : 0);
	}
	s->cpsr = (uint32_t)simd_random(&p->random) & (0xf0000000 | CPSR_E);
}

static void put_code(struct pair *p, uint32_t pc, bool thumb, uint32_t word)
{
	uint32_t code[2] = { word, thumb ? 0xdf00df00 : 0xef000000 };

	if (thumb)
		code[0] = word >> 16 | word << 16;
	memcpy(p->oracle_ram + pc, code, sizeof(code));
	machine_put_code(&p->machine, pc, code, sizeof(code));
}

static void fill_data(struct pair *p)
{
	for (uint32_t i = 0; i < DATA_SIZE; i += 8) {
		uint64_t v = simd_random(&p->random);

		memcpy(p->oracle_ram + DATA + i, &v, 8);
	}
	memcpy(p->machine.ram + DATA, p->oracle_ram + DATA, DATA_SIZE);
}

static bool same(struct pair *p, const struct state *a, const struct state *b)
{
	if (a->failed || b->failed)
		return a->failed == b->failed;
	return !memcmp(a->d, b->d, sizeof(a->d)) && !memcmp(a->r, b->r, sizeof(a->r)) && a->fpscr == b->fpscr && a->cpsr == b->cpsr &&
	       !memcmp(p->machine.ram + DATA, p->oracle_ram + DATA, DATA_SIZE);
}

static void report(struct pair *p, const char *row, uint32_t word, bool thumb, const struct state *in, const struct state *ours,
                   const struct state *theirs)
{
	printf("%s %s %08x: %s differs\n", row, thumb ? "T32" : "A32", word, way_names[p->machine.way]);
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
		if (p->machine.ram[DATA + i] != p->oracle_ram[DATA + i]) {
			printf("  first byte %08x unicorn %02x ours %02x\n", DATA + i, p->oracle_ram[DATA + i], p->machine.ram[DATA + i]);
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
static bool run_word(struct pair *p, const char *row, uint32_t word, bool thumb, const struct state *in)
{
	struct state ours, theirs;
	uint32_t pc = CODE + p->slot++ % (CODE_SIZE / CODE_SLOT) * CODE_SLOT;

	/* All slots used: a new one knows no old code. (Unicorn 2.0.1 crashes sooner or later when told to forget it.) */
	if (p->slot % (CODE_SIZE / CODE_SLOT) == 0) {
		oracle_fini(&p->oracle);
		ck_assert(oracle_init(&p->oracle, 0, MACHINE_RAM, p->oracle_ram, PRELUDE));
	}
	put_code(p, pc, thumb, word);
	run_oracle(p, pc, thumb, in, &theirs);
	run_ours(&p->machine, pc, thumb, in, &ours);
	if (same(p, &ours, &theirs))
		return true;
	report(p, row, word, thumb, in, &ours, &theirs);
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

static bool run_row(struct pair *p, unsigned number, unsigned count, unsigned *ran)
{
	const struct decode_row *row = decode_row(number);

	for (unsigned tries = 0, done = 0; done < count && tries < 40 * count; tries++) {
		uint32_t a32 = (uint32_t)((simd_random(&p->random) >> 16 & ~row->mask) | row->value);
		bool thumb = tries & 1;
		uint32_t word;
		struct insn insn;
		struct state in;

		if (row->op == INSN_VMRS || row->op == INSN_VMSR)
			a32 = (a32 & 0xfff0ffff) | 0x10000;
		word = thumb ? to_t32(a32) : a32;
		if (decode(thumb ? SET_T32 : SET_A32, word, &insn) != INSN_OK || insn.row != number)
			continue;
		make_state(p, &insn, &in);
		if (excluded(&insn, &in))
			continue;
		if (done % 4 == 0)
			fill_data(p);
		if (!run_word(p, row->name, word, thumb, &in))
			return false;
		done++;
		(*ran)++;
	}
	return true;
}

START_TEST(test_rows)
{
	struct pair *p = calloc(1, sizeof(*p));
	unsigned count = (unsigned)simd_test_env("SIMD_COUNT", DEFAULT_COUNT), failed = 0, rows = 0, never = 0;
	const char *only = getenv("SIMD_ROW");

	ck_assert_ptr_nonnull(p);
	pair_init(p, (enum way)_i);
	p->random.state = simd_test_env("SIMD_SEED", 0x1234567) | 1;
	for (unsigned i = 0; i < decode_row_count(); i++) {
		const struct decode_row *row = decode_row(i);
		unsigned ran = 0;

		if ((row->table != TABLE_VFP && row->table != TABLE_NEON) || row->op <= INSN_CHKA || (only && strcmp(only, row->name)))
			continue;
		if (simd_test_env("SIMD_WAY", (uint64_t)_i) != (uint64_t)_i)
			continue;
		rows++;
		failed += !run_row(p, i, count, &ran);
		if (!ran) {
			printf("%s: no word of it ran\n", row->name);
			never++;
		}
	}
	pair_fini(p);
	free(p);
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
