/*
 * test_sensitive.c - every sensitive instruction, in A32 and T32, conditional both ways, privileged and in User mode: each row of the table
 * "what cpatch misses" in docs/cpatch.md, with results worked out from the manual. And what Unicorn cannot run side by side with us, above all
 * what the Cortex-A9 does not have. DBTVM_COVERAGE is told which rows of the decoder's tables these are.
 *
 * A row runs from address CODE with r0 = 0x600001d2 (IRQ mode, N..V = 0110), r1 = 0, r2 = DATA_MIDDLE, sp = DATA_MIDDLE + 0x100,
 * lr = the instruction after the row, SPSR = SYS mode with N set and the row's state, User mode's SP and LR = 0x5555, 0x6666.  Z is set: eq passes, ne fails.
 */
#include "base/base.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "tests/base/check_run.h"
#include "tests/translator/coverage.h"
#include "tests/translator/lift/engines.h"

#define CODE (CODE_AREA + 0x4000)
#define R0 0x600001d2u
#define USER_SP 0x5555u
#define USER_LR 0x6666u
#define MAX_HALVES 6

enum expect {
	NOTHING,     /* no register, no status bit changes */
	UNDEFINED,   /* Undefined Instruction exception */
	MODE_TO_IRQ, /* CPSR control = that of r0 */
	MODE_TO_SYS, /* CPSR from SPSR */
	I_CLEAR,     /* CPSR.I = 0, nothing else */
	AIF_CLEAR,
	TO_ABT,      /* mode Abort, masks kept */
	R1_CPSR,     /* r1 = CPSR as MRS reads it */
	R1_SPSR,
	SPSR_R0,     /* SPSR = r0 */
	FLAGS_R0,    /* only the condition flags from r0 */
	USER_BANK,   /* User mode's SP and LR = the words at r2 */
	STORED_USER, /* the words at r2 = User mode's SP and LR */
	STORED_SRS,  /* the words below Abort mode's SP (0x130100) = LR, SPSR */
	STORED_SRS_UP, /* those from it on */
	E_SET,
	OTHER_SET,   /* the other instruction set, at the next instruction; LR says from where */
};

struct row {
	const char *text;
	bool privileged;
	enum insn_set set;
	uint16_t halves[MAX_HALVES]; /* A32: low half first; T32: in order; ended by END */
	enum expect expect;
};
#define END 0xffff
#define A(word) { (word) & 0xffff, (word) >> 16, END }
#define U false, SET_A32
#define P true, SET_A32
#define UT false, SET_T32
#define PT true, SET_T32

static const struct row rows[] = {
	/* CPS: no condition in A32 */
	{ "cpsie i", P, A(0xf1080080u), I_CLEAR },
	{ "cpsie i", U, A(0xf1080080u), NOTHING },
	{ "cpsie aif", P, A(0xf10801c0u), AIF_CLEAR },
	{ "cps #23", P, A(0xf1020017u), TO_ABT },
	{ "cps #23", U, A(0xf1020017u), NOTHING },
	{ "cpsie i (T16)", PT, { 0xb662, END }, I_CLEAR },
	{ "cpsie i (T16)", UT, { 0xb662, END }, NOTHING },
	{ "cps #23 (T32)", PT, { 0xf3af, 0x8117, END }, TO_ABT },
	{ "cpsie.w i (T32)", UT, { 0xf3af, 0x8420, END }, NOTHING },
	/* MRS */
	{ "mrs r1, cpsr", P, A(0xe10f1000u), R1_CPSR },
	{ "mrseq r1, cpsr", P, A(0x010f1000u), R1_CPSR },
	{ "mrsne r1, cpsr", P, A(0x110f1000u), NOTHING },
	{ "mrseq r1, spsr", P, A(0x014f1000u), R1_SPSR },
	{ "mrsne r1, spsr", P, A(0x114f1000u), NOTHING },
	{ "mrs r1, spsr", U, A(0xe14f1000u), UNDEFINED },
	{ "mrs r1, cpsr (T32)", PT, { 0xf3ef, 0x8100, END }, R1_CPSR },
	{ "it eq; mrseq r1, spsr", PT, { 0xbf08, 0xf3ff, 0x8100, END }, R1_SPSR },
	{ "it ne; mrsne r1, spsr", PT, { 0xbf18, 0xf3ff, 0x8100, END }, NOTHING },
	/* MSR */
	{ "msr cpsr_c, r0", P, A(0xe121f000u), MODE_TO_IRQ },
	{ "msreq cpsr_c, r0", P, A(0x0121f000u), MODE_TO_IRQ },
	{ "msrne cpsr_c, r0", P, A(0x1121f000u), NOTHING },
	{ "msr cpsr_c, r0", U, A(0xe121f000u), NOTHING },
	{ "msr cpsr_cf, r0", U, A(0xe129f000u), FLAGS_R0 },
	{ "msreq cpsr_c, #0xd2", P, A(0x0321f0d2u), MODE_TO_IRQ },
	{ "msreq spsr_cxsf, r0", P, A(0x016ff000u), SPSR_R0 },
	{ "msrne spsr_cxsf, r0", P, A(0x116ff000u), NOTHING },
	{ "msr spsr_cxsf, r0", U, A(0xe16ff000u), UNDEFINED },
	{ "msr cpsr_c, r0 (T32)", PT, { 0xf380, 0x8100, END }, MODE_TO_IRQ },
	{ "msr cpsr_c, r0 (T32)", UT, { 0xf380, 0x8100, END }, NOTHING },
	{ "it eq; msreq spsr_cxsf, r0", PT, { 0xbf08, 0xf390, 0x8f00, END }, SPSR_R0 },
	/* exception returns */
	{ "movs pc, lr", P, A(0xe1b0f00eu), MODE_TO_SYS },
	{ "movseq pc, lr", P, A(0x01b0f00eu), MODE_TO_SYS },
	{ "movsne pc, lr", P, A(0x11b0f00eu), NOTHING },
	{ "movs pc, lr", U, A(0xe1b0f00eu), UNDEFINED },
	{ "subseq pc, lr, #0", P, A(0x025ef000u), MODE_TO_SYS },
	{ "eorseq pc, lr, r1", P, A(0x003ef001u), MODE_TO_SYS },
	{ "subs pc, lr, #0 (T32)", PT, { 0xf3de, 0x8f00, END }, MODE_TO_SYS },
	{ "it eq; subseq pc, lr, #0", PT, { 0xbf08, 0xf3de, 0x8f00, END }, MODE_TO_SYS },
	{ "it ne; subsne pc, lr, #0", PT, { 0xbf18, 0xf3de, 0x8f00, END }, NOTHING },
	{ "subs pc, lr, #0 (T32)", UT, { 0xf3de, 0x8f00, END }, UNDEFINED },
	{ "ldmeq r3, {pc}^", P, A(0x08d38000u), MODE_TO_SYS },
	{ "ldmne r3, {pc}^", P, A(0x18d38000u), NOTHING },
	{ "rfeia r3", P, A(0xf8930a00u), MODE_TO_SYS },
	{ "rfeia r3", U, A(0xf8930a00u), UNDEFINED },
	{ "rfeia r3 (T32)", PT, { 0xe993, 0xc000, END }, MODE_TO_SYS },
	{ "rfedb r3 (T32)", PT, { 0xe813, 0xc000, END }, MODE_TO_SYS },
	{ "rfedb r3 (T32)", UT, { 0xe813, 0xc000, END }, UNDEFINED },
	{ "it eq; rfeeq r3", PT, { 0xbf08, 0xe993, 0xc000, END }, MODE_TO_SYS },
	/* registers of User mode */
	{ "ldm r2, {sp, lr}^", P, A(0xe8d26000u), USER_BANK },
	{ "ldmeq r2, {sp, lr}^", P, A(0x08d26000u), USER_BANK },
	{ "ldmne r2, {sp, lr}^", P, A(0x18d26000u), NOTHING },
	{ "stm r2, {sp, lr}^", P, A(0xe8c26000u), STORED_USER },
	{ "stmeq r2, {sp, lr}^", P, A(0x08c26000u), STORED_USER },
	{ "stmne r2, {sp, lr}^", P, A(0x18c26000u), NOTHING },
	/* SRS */
	{ "srsdb sp, #23", P, A(0xf94d0517u), STORED_SRS },
	{ "srsdb sp, #23", U, A(0xf94d0517u), UNDEFINED },
	{ "srsdb sp, #23 (T32)", PT, { 0xe80d, 0xc017, END }, STORED_SRS },
	{ "it eq; srsdbeq sp, #23", PT, { 0xbf08, 0xe80d, 0xc017, END }, STORED_SRS },
	{ "srsia sp, #23 (T32)", PT, { 0xe98d, 0xc017, END }, STORED_SRS_UP },
	{ "srsia sp, #23 (T32)", UT, { 0xe98d, 0xc017, END }, UNDEFINED },
	/* endianness, calls, coprocessors */
	{ "setend be", P, A(0xf1010200u), E_SET },
	{ "setend be", U, A(0xf1010200u), E_SET },
	{ "setend be (T16)", UT, { 0xb658, END }, E_SET },
	{ "smceq #0", U, A(0x01600070u), UNDEFINED },
	{ "smcne #0", U, A(0x11600070u), NOTHING },
	{ "mcreq p15, 0, r0, c3, c0, 0", U, A(0x0e030f10u), UNDEFINED },
	{ "mcrne p15, 0, r0, c3, c0, 0", U, A(0x1e030f10u), NOTHING },
	{ "it eq; mcreq p15, 0, r0, c3, c0, 0", UT, { 0xbf08, 0xee03, 0x0f10, END }, UNDEFINED },
	{ "mcr p15, 0, r0, c7, c10, 5 (DMB)", U, A(0xee070fbau), NOTHING },
	{ "wfene", U, A(0x1320f002u), NOTHING },
	/* hints */
	{ "yield", U, A(0xe320f001u), NOTHING },
	{ "yield (T16)", UT, { 0xbf10, END }, NOTHING },
	{ "yield.w", UT, { 0xf3af, 0x8001, END }, NOTHING },
	{ "sev; wfe (T16)", UT, { 0xbf40, 0xbf20, END }, NOTHING },
	{ "sev; wfe.w", UT, { 0xbf40, 0xf3af, 0x8002, END }, NOTHING },
	{ "leavex", UT, { 0xf3bf, 0x8f0f, END }, NOTHING },
	/* the other instruction set */
	{ "blx", U, A(0xfaffffffu), OTHER_SET },
	{ "blx (T32)", UT, { 0xf000, 0xe800, END }, OTHER_SET },
	/* what the Cortex-A9 does not have: division, the Virtualization Extensions, ThumbEE state here, fused multiplication */
	{ "sdiv r1, r2, r3", U, A(0xe711f312u), UNDEFINED },
	{ "udiv r1, r2, r3", U, A(0xe731f312u), UNDEFINED },
	{ "sdiv r1, r2, r3 (T32)", UT, { 0xfb92, 0xf1f3, END }, UNDEFINED },
	{ "udiv r1, r2, r3 (T32)", UT, { 0xfbb2, 0xf1f3, END }, UNDEFINED },
	{ "hvc #0", P, A(0xe1400070u), UNDEFINED },
	{ "hvc #0 (T32)", PT, { 0xf7e0, 0x8000, END }, UNDEFINED },
	{ "smc #0 (T32)", UT, { 0xf7f0, 0x8000, END }, UNDEFINED },
	{ "eret", P, A(0xe160006eu), UNDEFINED },
	{ "mrs r1, r8_usr", P, A(0xe1001200u), UNDEFINED },
	{ "msr r8_usr, r0", P, A(0xe120f200u), UNDEFINED },
	{ "mrs r1, r8_usr (T32)", PT, { 0xf3e0, 0x8120, END }, UNDEFINED },
	{ "msr r8_usr, r0 (T32)", PT, { 0xf380, 0x8020, END }, UNDEFINED },
	{ "enterx", UT, { 0xf3bf, 0x8f1f, END }, UNDEFINED },
	{ "vfma.f32 s0, s0, s0", P, A(0xeea00a00u), UNDEFINED },
	{ "vfms.f32 s0, s0, s0", P, A(0xeea00a40u), UNDEFINED },
	{ "vfnms.f32 s0, s0, s0", P, A(0xee900a00u), UNDEFINED },
	{ "vfnma.f32 s0, s0, s0", P, A(0xee900a40u), UNDEFINED },
	{ "vfma.f32 d0, d0, d0", P, A(0xf2000c10u), UNDEFINED },
	{ "vfms.f32 d0, d0, d0", P, A(0xf2200c10u), UNDEFINED },
	/* permanently UNDEFINED, and unallocated */
	{ "udf #0", U, A(0xe7f000f0u), UNDEFINED },
	{ "udf #0 (T16)", UT, { 0xde00, END }, UNDEFINED },
	{ "udf.w #0", UT, { 0xf7f0, 0xa000, END }, UNDEFINED },
	{ "0xf4300000", U, A(0xf4300000u), UNDEFINED },
	{ "0xf5300000", U, A(0xf5300000u), UNDEFINED },
	{ "0xf6300000", U, A(0xf6300000u), UNDEFINED },
	{ "0xf3bf8f7f", UT, { 0xf3bf, 0x8f7f, END }, UNDEFINED },
	{ "0xf7c08000", UT, { 0xf7c0, 0x8000, END }, UNDEFINED },
	{ "0xec000a00", P, A(0xec000a00u), UNDEFINED },
	{ "0xfc000a00", P, A(0xfc000a00u), UNDEFINED },
	{ "0xeeb60a40", P, A(0xeeb60a40u), UNDEFINED },
	{ "0xfe000a00", P, A(0xfe000a00u), UNDEFINED },
	{ "0xf2800f30", P, A(0xf2800f30u), UNDEFINED },
	/* coprocessors that are not there */
	{ "cdp p6", P, A(0xee000600u), UNDEFINED },
	{ "cdp2 p6", P, A(0xfe000600u), UNDEFINED },
	{ "mcr p6", P, A(0xee000610u), UNDEFINED },
	{ "mcr2 p6", P, A(0xfe000610u), UNDEFINED },
	{ "mrc p6", P, A(0xee100610u), UNDEFINED },
	{ "mrc2 p6", P, A(0xfe100610u), UNDEFINED },
	{ "mcrr p6", P, A(0xec432610u), UNDEFINED },
	{ "mcrr2 p6", P, A(0xfc432610u), UNDEFINED },
	{ "mrrc p6", P, A(0xec532610u), UNDEFINED },
	{ "mrrc2 p6", P, A(0xfc532610u), UNDEFINED },
	{ "ldc p6", P, A(0xed900600u), UNDEFINED },
	{ "ldc2 p6", P, A(0xfd900600u), UNDEFINED },
	{ "stc p6", P, A(0xed800600u), UNDEFINED },
	{ "stc2 p6", P, A(0xfd800600u), UNDEFINED },
	{ "cdp p6 (T32)", PT, { 0xee00, 0x0600, END }, UNDEFINED },
	{ "cdp2 p6 (T32)", PT, { 0xfe00, 0x0600, END }, UNDEFINED },
	{ "mcr p6 (T32)", PT, { 0xee00, 0x0610, END }, UNDEFINED },
	{ "mcr2 p6 (T32)", PT, { 0xfe00, 0x0610, END }, UNDEFINED },
	{ "mrc p6 (T32)", PT, { 0xee10, 0x0610, END }, UNDEFINED },
	{ "mrc2 p6 (T32)", PT, { 0xfe10, 0x0610, END }, UNDEFINED },
	{ "mcrr p6 (T32)", PT, { 0xec43, 0x2610, END }, UNDEFINED },
	{ "mcrr2 p6 (T32)", PT, { 0xfc43, 0x2610, END }, UNDEFINED },
	{ "mrrc p6 (T32)", PT, { 0xec53, 0x2610, END }, UNDEFINED },
	{ "mrrc2 p6 (T32)", PT, { 0xfc53, 0x2610, END }, UNDEFINED },
	{ "ldc p6 (T32)", PT, { 0xed90, 0x0600, END }, UNDEFINED },
	{ "ldc2 p6 (T32)", PT, { 0xfd90, 0x0600, END }, UNDEFINED },
	{ "stc p6 (T32)", PT, { 0xed80, 0x0600, END }, UNDEFINED },
	{ "stc2 p6 (T32)", PT, { 0xfd80, 0x0600, END }, UNDEFINED },
};

/* What is to come out of a row. */
struct state {
	uint32_t r[15], cpsr, spsr, user_sp, user_lr;
	uint32_t data[2], stack[4]; /* at r2; below Abort mode's SP and from it on */
	uint32_t pc;
};

#define ABT_SP (DATA_MIDDLE + 0x1000)
#define FRAME (DATA_MIDDLE + 0x200) /* r3: PC and CPSR for LDM ^ and RFE, here and below */

static unsigned size_of(const struct row *row)
{
	unsigned n = 0;

	while (row->halves[n] != END || n == 0)
		n++;
	return 2 * n;
}

static void initial(const struct row *row, struct state *s)
{
	memset(s, 0, sizeof(*s));
	s->cpsr = (row->privileged ? MODE_SVC : MODE_USR) | CPSR_A | CPSR_I | CPSR_F | CPSR_Z | (row->set == SET_T32 ? CPSR_T : 0);
	s->spsr = MODE_SYS | CPSR_N | CPSR_F | (row->set == SET_T32 ? CPSR_T : 0);
	s->r[0] = R0;
	s->r[2] = DATA_MIDDLE;
	s->r[3] = FRAME;
	s->r[13] = DATA_MIDDLE + 0x100;
	s->r[14] = CODE + size_of(row);
	s->user_sp = USER_SP;
	s->user_lr = USER_LR;
	s->data[0] = 0x1234;
	s->data[1] = 0x5678;
	s->pc = CODE + size_of(row);
}

/* What @row makes of @s (B9.3, B1.8). */
static void apply(const struct row *row, struct state *s)
{
	switch (row->expect) {
	case NOTHING:
	case UNDEFINED:
		break;
	case MODE_TO_IRQ:
		s->cpsr = (s->cpsr & ~(CPSR_M | CPSR_I | CPSR_F)) | (R0 & (CPSR_M | CPSR_I | CPSR_F));
		break;
	case MODE_TO_SYS:
		s->cpsr = s->spsr;
		break;
	case I_CLEAR:
		s->cpsr &= ~CPSR_I;
		break;
	case AIF_CLEAR:
		s->cpsr &= ~(CPSR_A | CPSR_I | CPSR_F);
		break;
	case TO_ABT:
		s->cpsr = (s->cpsr & ~CPSR_M) | MODE_ABT;
		break;
	case R1_CPSR:
		s->r[1] = s->cpsr & 0xf8ff03df;
		break;
	case R1_SPSR:
		s->r[1] = s->spsr;
		break;
	case SPSR_R0:
		s->spsr = R0;
		break;
	case FLAGS_R0:
		s->cpsr = (s->cpsr & 0x0fffffff) | (R0 & 0xf0000000);
		break;
	case USER_BANK:
		s->user_sp = s->data[0];
		s->user_lr = s->data[1];
		break;
	case STORED_USER:
		s->data[0] = USER_SP;
		s->data[1] = USER_LR;
		break;
	case STORED_SRS:
		s->stack[0] = s->r[14];
		s->stack[1] = s->spsr;
		break;
	case STORED_SRS_UP:
		s->stack[2] = s->r[14];
		s->stack[3] = s->spsr;
		break;
	case E_SET:
		s->cpsr |= CPSR_E;
		break;
	case OTHER_SET:
		s->r[14] = s->pc | (s->cpsr & CPSR_T ? 1 : 0);
		s->cpsr ^= CPSR_T;
		break;
	}
}

static void load(struct ours *ours, const struct row *row, const struct state *s)
{
	struct cpu *cpu = ours_cpu(ours);
	const uint32_t frame[2] = { s->pc, s->spsr };
	/* BKPT ends every row, in whatever mode. */
	const uint32_t a32_end = 0xe1200070;
	const uint16_t t32_end = 0xbe00;

	ours_write(ours, CODE, row->halves, size_of(row));
	if ((row->set == SET_T32) != (row->expect == OTHER_SET))
		ours_write(ours, s->pc, &t32_end, 2);
	else
		ours_write(ours, s->pc, &a32_end, 4);
	ours_write(ours, DATA_MIDDLE, s->data, 8);
	ours_write(ours, ABT_SP - 8, s->stack, 16);
	ours_write(ours, FRAME, frame, 8);
	ours_write(ours, FRAME - 8, frame, 8);
	cpu_set_cpsr(cpu, MODE_SYS, ~0u);
	for (unsigned m = 0; m < 32; m++)
		if (cpu_mode_valid(m) && m != MODE_USR && m != MODE_SYS) {
			cpu_set_mode_reg(cpu, 13, m, m == MODE_ABT ? ABT_SP : s->r[13]);
			cpu_set_mode_reg(cpu, 14, m, s->r[14]);
		}
	cpu_set_mode_reg(cpu, 13, MODE_USR, row->privileged ? USER_SP : s->r[13]);
	cpu_set_mode_reg(cpu, 14, MODE_USR, row->privileged ? USER_LR : s->r[14]);
	cpu_set_cpsr(cpu, s->cpsr, ~0u);
	memcpy(cpu->r, s->r, 13 * 4);
	if (row->privileged)
		cpu_set_spsr(cpu, s->spsr);
	cpu->r[15] = CODE;
}

/* Checks what the row and the BKPT behind it left. */
static bool check_row(struct ours *ours, const struct row *row, const struct state *want, const struct ours_end *end)
{
	const struct cpu *cpu = ours_cpu(ours);
	bool same_mode = (want->cpsr & CPSR_M) == MODE_SVC;
	uint32_t data[2], stack[4];
	bool fine = true;

#define CHECK(what, got, expected)                                                                             \
	do {                                                                                                    \
		if ((got) != (expected)) {                                                                      \
			printf("%s: %s is 0x%08x, not 0x%08x\n", row->text, what, (unsigned)(got), (unsigned)(expected)); \
			fine = false;                                                                           \
		}                                                                                               \
	} while (0)
	if (row->expect == UNDEFINED) {
		CHECK("exception", end->exception, EXC_UNDEF);
		return fine;
	}
	CHECK("exception", end->exception, EXC_PREFETCH_ABORT);
	CHECK("pc", end->pc, want->pc);
	CHECK("cpsr", end->cpsr, want->cpsr);
	for (unsigned i = 0; i < 13; i++)
		CHECK("a register", cpu->r[i], want->r[i]);
	ours_read(ours, DATA_MIDDLE, data, 8);
	ours_read(ours, ABT_SP - 8, stack, 16);
	CHECK("a word at r2", data[0], want->data[0]);
	CHECK("a word at r2", data[1], want->data[1]);
	for (unsigned i = 0; i < 4; i++)
		CHECK("a word on Abort's stack", stack[i], want->stack[i]);
	if (row->expect == OTHER_SET)
		CHECK("lr", cpu_mode_reg(cpu, 14, MODE_USR), want->r[14]);
	if (row->privileged) {
		CHECK("sp_usr", cpu_mode_reg(cpu, 13, MODE_USR), want->user_sp);
		CHECK("lr_usr", cpu_mode_reg(cpu, 14, MODE_USR), want->user_lr);
		if (same_mode)
			CHECK("spsr_svc", (cpu->cpsr & CPSR_M) == MODE_SVC ? cpu_spsr(cpu) : cpu->spsr[BANK_SVC], want->spsr);
	}
#undef CHECK
	return fine;
}

static void count_row(struct coverage *coverage, const struct row *row)
{
	for (unsigned at = 0; at < size_of(row) / 2;) {
		uint32_t first = row->halves[at], second = row->halves[at + 1];
		struct insn insn;

		decode(row->set, row->set == SET_T32 ? first << 16 | (second & 0xffff) : first | second << 16, &insn);
		coverage_directed(coverage, &insn);
		at += insn.size / 2;
	}
}

START_TEST(test_rows)
{
	struct ours *ours = ours_create((enum way)_i);
	unsigned wrong = 0;
	struct coverage coverage;

	ck_assert_ptr_nonnull(ours);
	ck_assert(coverage_init(&coverage));
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct state state;
		struct ours_end end;

		initial(&rows[i], &state);
		load(ours, &rows[i], &state);
		ours_run_to_exception(ours, &end);
		apply(&rows[i], &state);
		wrong += !check_row(ours, &rows[i], &state, &end);
		count_row(&coverage, &rows[i]);
	}
	coverage_fini(&coverage);
	ours_destroy(ours);
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

void data_fill(uint8_t *data, uint32_t seed)
{
}

int main(void)
{
	Suite *suite = suite_create("lift: sensitive instructions");
	TCase *tcase = tcase_create("rows");

	tcase_add_loop_test(tcase, test_rows, 0, WAY_COUNT);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
