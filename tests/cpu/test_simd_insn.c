/*
 * test_simd_insn.c - every VFP and Advanced SIMD row of the decoder, from instruction word to result, against Unicorn's Cortex-A9: decoder, lift, passes,
 * interpreter, emitted code and operations at once.
 *
 * For each row random words in A32 and T32 run as single instructions from random state, then random sequences of them: D0-D31, FPSCR, core
 * registers, flags and memory must agree. SIMD_SEED, SIMD_COUNT (words a row), SIMD_SEQUENCES, SIMD_ROW (one row by name) and SIMD_WAY replay; DBTVM_COVERAGE:
 * see tests/translator/coverage.h.
 */
#include "base/base.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "tests/base/check_run.h"
#include "tests/cpu/test_simd_machine.h"
#include "tests/cpu/test_simd_oracle.h"
#include "tests/translator/coverage.h"
#include "translator/decode/insn.h"

/* Words a row, so that 200,000 instructions of VFP and of Advanced SIMD run, the sequences' included: VFP has fewer rows. */
#define DEFAULT_COUNT 190
#define DEFAULT_COUNT_VFP 1900
#define DEFAULT_SEQUENCES 3000
#define PRELUDE 0x1000u    /* loads the extension registers from STATE */
#define POSTLUDE 0x2000u   /* stores them there */
#define STATE 0x3000u
#define CODE 0x80000u      /* each instruction gets its own slot, so that nothing stale is run */
#define CODE_SLOT 64u
#define CODE_SIZE 0x80000u
#define DATA 0x10000u
#define DATA_SIZE 0x2000u
#define DATA_MIDDLE (DATA + DATA_SIZE / 2)

struct state {
	uint64_t d[32];
	uint32_t fpscr;
	uint32_t r[15];
	uint32_t cpsr; /* NZCV and E */
	uint32_t sctlr_a;
	uint64_t data_seed;
	bool failed;
};

#define MAX_WORDS 12

/* What runs. */
struct program {
	bool thumb;
	unsigned count;
	uint32_t words[MAX_WORDS];
	const char *rows[MAX_WORDS];
};

/* Both sides. */
struct pair {
	struct machine machine;
	struct oracle oracle;
	uint8_t *oracle_ram;
	struct simd_random random;
	unsigned slot;
	bool last_failed; /* the last program ended by an exception */
	struct coverage coverage;
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
	ck_assert(coverage_init(&p->coverage));
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
	coverage_fini(&p->coverage);
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

static void run_oracle(struct pair *p, uint32_t pc, const struct program *program, const struct state *in, struct state *out)
{
	bool thumb = program->thumb;
	uint32_t cpsr = 0x1df | in->cpsr | (thumb ? CPSR_T : 0);

	memcpy(p->oracle_ram + STATE, in->d, sizeof(in->d));
	memcpy(p->oracle_ram + STATE + sizeof(in->d), &in->fpscr, 4);
	ck_assert_int_eq(oracle_part(p, PRELUDE + 0x100, 16), UC_ERR_OK);
	p->oracle.uc_reg_write(p->oracle.uc, UC_ARM_REG_CPSR, &cpsr);
	for (unsigned i = 0; i < 15; i++)
		p->oracle.uc_reg_write(p->oracle.uc, reg_ids[i], &in->r[i]);
	out->failed = p->oracle.uc_emu_start(p->oracle.uc, pc | thumb, pc + 4 * program->count, 0, 0) != UC_ERR_OK;
	for (unsigned i = 0; i < 15; i++)
		p->oracle.uc_reg_read(p->oracle.uc, reg_ids[i], &out->r[i]);
	p->oracle.uc_reg_read(p->oracle.uc, UC_ARM_REG_CPSR, &cpsr);
	out->cpsr = cpsr & 0xf0000000;
	ck_assert_int_eq(oracle_part(p, POSTLUDE, 16), UC_ERR_OK);
	memcpy(out->d, p->oracle_ram + STATE, sizeof(out->d));
	memcpy(&out->fpscr, p->oracle_ram + STATE + sizeof(out->d), 4);
}

/* --- one instruction --- */

/* @misaligned: pointers may be. Unicorn does not check alignment, so only for what does not care. */
static void make_state(struct pair *p, bool misaligned, struct state *s)
{
	for (unsigned i = 0; i < 32; i++)
		s->d[i] = simd_random_value(&p->random);
	s->fpscr = simd_random_fpscr(&p->random);
	s->sctlr_a = simd_random(&p->random) & 1 ? SCTLR_A : 0;
	s->data_seed = simd_random(&p->random);
	for (unsigned i = 0; i < 15; i++)
		s->r[i] = DATA_MIDDLE + (uint32_t)simd_random(&p->random) % 16 * 32 + (misaligned && !s->sctlr_a ? (uint32_t)simd_random(&p->random) % 32 : 0);
	s->cpsr = (uint32_t)simd_random(&p->random) & (0xf0000000 | CPSR_E);
}

static void put_code(struct pair *p, uint32_t pc, const struct program *program)
{
	uint32_t code[MAX_WORDS + 1];

	for (unsigned i = 0; i < program->count; i++)
		code[i] = program->thumb ? ror32(program->words[i], 16) : program->words[i];
	code[program->count] = program->thumb ? 0xdf00df00 : 0xef000000;
	memcpy(p->oracle_ram + pc, code, 4 * (program->count + 1));
	machine_put_code(&p->machine, pc, code, 4 * (program->count + 1));
}

static void fill_data(struct pair *p, uint64_t seed)
{
	struct simd_random random = { seed | 1 };

	for (uint32_t i = 0; i < DATA_SIZE; i += 8) {
		uint64_t v = simd_random(&random);

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

static void report(struct pair *p, const struct program *program, const struct state *in, const struct state *ours, const struct state *theirs)
{
	printf("%s differs:\n", way_names[p->machine.way]);
	for (unsigned i = 0; i < program->count; i++)
		printf("  %s %08x %s\n", program->thumb ? "T32" : "A32", program->words[i], program->rows[i]);
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
	/* may write over the code that ends the run */
	if ((insn->op == INSN_VSTR || insn->op == INSN_VSTM) && insn->rn == 15)
		return true;
	/* both results UNKNOWN (A8.8.420, A8.8.422, A8.8.423) */
	if ((insn->op == INSN_VTRN || insn->op == INSN_VUZP || insn->op == INSN_VZIP) && insn->vd == insn->vm)
		return true;
	return false;
}

static bool agree(struct pair *p, const struct program *program, const struct state *in, struct state *ours, struct state *theirs)
{
	uint32_t pc = CODE + p->slot++ % (CODE_SIZE / CODE_SLOT) * CODE_SLOT;

	/* All slots used: a new one knows no old code. (Unicorn 2.0.1 crashes sooner or later when told to forget it.) */
	if (p->slot % (CODE_SIZE / CODE_SLOT) == 0) {
		oracle_fini(&p->oracle);
		ck_assert(oracle_init(&p->oracle, 0, MACHINE_RAM, p->oracle_ram, PRELUDE));
	}
	put_code(p, pc, program);
	fill_data(p, in->data_seed);
	run_oracle(p, pc, program, in, theirs);
	run_ours(&p->machine, pc, program->thumb, in, ours);
	p->last_failed = theirs->failed;
	return same(p, ours, theirs);
}

/* Runs @program in state @in. True: agrees; else reports the words that are needed for the difference. */
static bool run_program(struct pair *p, struct program *program, const struct state *in)
{
	struct state ours, theirs;

	if (agree(p, program, in, &ours, &theirs))
		return true;
	for (unsigned i = program->count; i-- > 0 && program->count > 1;) {
		struct program shorter = *program;

		shorter.count--;
		memmove(&shorter.words[i], &shorter.words[i + 1], (shorter.count - i) * sizeof(shorter.words[0]));
		memmove(&shorter.rows[i], &shorter.rows[i + 1], (shorter.count - i) * sizeof(shorter.rows[0]));
		if (!agree(p, &shorter, in, &ours, &theirs))
			*program = shorter;
	}
	agree(p, program, in, &ours, &theirs);
	report(p, program, in, &ours, &theirs);
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

/* A random word of row @number in @thumb's set that @insn gets; false: tries were in vain. */
static bool random_word(struct pair *p, unsigned number, bool thumb, uint32_t *word, struct insn *insn)
{
	const struct decode_row *row = decode_row(number);

	for (unsigned tries = 0; tries < 40; tries++) {
		uint32_t a32 = (uint32_t)((simd_random(&p->random) >> 16 & ~row->mask) | row->value);

		if (row->op == INSN_VMRS || row->op == INSN_VMSR)
			a32 = (a32 & 0xfff0ffff) | 0x10000;
		*word = thumb ? to_t32(a32) : a32;
		if (decode(thumb ? SET_T32 : SET_A32, *word, insn) == INSN_OK && insn->row == number)
			return true;
	}
	return false;
}

static bool run_row(struct pair *p, unsigned number, unsigned count, unsigned *ran)
{
	for (unsigned tries = 0, done = 0; done < count && tries < 2 * count; tries++) {
		struct program program = { .thumb = tries & 1, .count = 1, .rows = { decode_row(number)->name } };
		struct insn insn;
		struct state in;

		if (!random_word(p, number, program.thumb, &program.words[0], &insn))
			continue;
		make_state(p, insn.op >= INSN_VLD1 && insn.op <= INSN_VLD4_DUP && !insn.valign, &in);
		if (excluded(&insn, &in))
			continue;
		if (!run_program(p, &program, &in))
			return false;
		if (!p->last_failed)
			coverage_alone(&p->coverage, &insn, in.r, in.d, in.cpsr);
		done++;
		(*ran)++;
	}
	return true;
}

static bool is_ours(const struct decode_row *row)
{
	return (row->table == TABLE_VFP || row->table == TABLE_NEON) && row->op > INSN_CHKA;
}

/*
 * In a sequence core registers have roles: r0-r7 are pointers, r8 an index, r9 what VMSR writes, the others
 * are written. FMA is UNDEFINED and would end it,
 * as a pointer would that is no longer aligned.
 */
static bool fits_sequence(const struct insn *insn)
{
	bool keeps_alignment = !insn->wback || insn->operand == OPERAND_REG || insn->imm % 8 == 0;

	switch (insn->op) {
	case INSN_VFMA: case INSN_VFMS: case INSN_VFP_FMA: case INSN_VFP_FMS: case INSN_VFP_FNMA: case INSN_VFP_FNMS:
		return false;
	case INSN_VMSR:
		return insn->rt == 9;
	case INSN_VFP_CVT_F_FIXED:
		return insn->imm2 == 16; /* see excluded() */
	case INSN_VMRS: case INSN_VMOV_R_S: case INSN_VMOV_R_LANE:
		return insn->rt > 9 && insn->rt != 13;
	case INSN_VMOV_2R_2S: case INSN_VMOV_2R_D:
		return insn->rt > 9 && insn->rt2 > 9 && insn->rt != 13 && insn->rt2 != 13;
	case INSN_VLDR: case INSN_VSTR: case INSN_VLDM: case INSN_VSTM:
		return insn->rn < 8 && insn->imm < 256 && keeps_alignment;
	default:
		if (insn->op >= INSN_VLD1 && insn->op <= INSN_VLD4_DUP)
			return insn->rn < 8 && !insn->valign && keeps_alignment && (insn->operand != OPERAND_REG || insn->rm == 8);
		return true;
	}
}

static void make_sequence(struct pair *p, bool thumb, const struct state *in, struct program *program)
{
	*program = (struct program){ .thumb = thumb };
	while (program->count < MAX_WORDS) {
		unsigned number = (unsigned)(simd_random(&p->random) % decode_row_count());
		uint32_t word;
		struct insn insn;

		if (!is_ours(decode_row(number)) || !random_word(p, number, thumb, &word, &insn) || !fits_sequence(&insn) || excluded(&insn, in))
			continue;
		program->rows[program->count] = decode_row(number)->name;
		program->words[program->count++] = word;
	}
}

START_TEST(test_sequences)
{
	struct pair *p = calloc(1, sizeof(*p));
	unsigned count = (unsigned)simd_test_env("SIMD_SEQUENCES", DEFAULT_SEQUENCES), failed = 0, ended_early = 0;

	ck_assert_ptr_nonnull(p);
	pair_init(p, (enum way)_i);
	p->random.state = simd_test_env("SIMD_SEED", 0x7654321) | 1;
	for (unsigned i = 0; i < count && failed < 3 && simd_test_env("SIMD_WAY", (uint64_t)_i) == (uint64_t)_i; i++) {
		struct program program;
		struct state in;

		make_state(p, false, &in);
		in.r[8] = 32;
		in.r[9] = (uint32_t)simd_random(&p->random) & ~(FPSCR_LEN | FPSCR_STRIDE);
		make_sequence(p, i & 1, &in, &program);
		failed += !run_program(p, &program, &in);
		ended_early += p->last_failed;
		for (unsigned k = 0; k < program.count && !p->last_failed; k++) {
			struct insn insn;

			decode(program.thumb ? SET_T32 : SET_A32, program.words[k], &insn);
			coverage_in_sequence(&p->coverage, &insn);
		}
	}
	pair_fini(p);
	free(p);
	ck_assert_msg(!failed, "%s: %u sequences differ", way_names[_i], failed);
	ck_assert_uint_le(ended_early, count / 10);
}
END_TEST

START_TEST(test_rows)
{
	struct pair *p = calloc(1, sizeof(*p));
	unsigned failed = 0, rows = 0, never = 0;
	const char *only = getenv("SIMD_ROW");

	ck_assert_ptr_nonnull(p);
	pair_init(p, (enum way)_i);
	p->random.state = simd_test_env("SIMD_SEED", 0x1234567) | 1;
	for (unsigned i = 0; i < decode_row_count(); i++) {
		const struct decode_row *row = decode_row(i);
		unsigned ran = 0, count = (unsigned)simd_test_env("SIMD_COUNT", row->table == TABLE_VFP ? DEFAULT_COUNT_VFP : DEFAULT_COUNT);

		if (!is_ours(row) || (only && strcmp(only, row->name)))
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

	tcase_set_timeout(tcase, 0);
	tcase_add_loop_test(tcase, test_rows, 0, WAY_COUNT);
	tcase_add_loop_test(tcase, test_sequences, 0, WAY_COUNT);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
