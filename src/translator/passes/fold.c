/*
 * fold.c - forward: what is computed from constants becomes a constant, temporaries that are constants or copies of registers are
 * replaced by these, and ops that change nothing become moves.
 *
 * Constants are known for registers and temporaries. They are put into operands for temporaries only: a register is as cheap as it is.
 * At a label that holds which was known before the first branch to it and has not changed since.
 */
#include "base/base.h"
#include "translator/passes/pass.h"

#include <string.h>

#include "translator/ir/eval.h"
#include "translator/run/helpers.h"

/* What is known of a temporary since the op that defined it. */
struct known {
	enum { NOTHING, CONSTANT, COPY } what;
	uint16_t at;    /* COPY: the op */
	ir_ref of;      /* COPY: a register, which must not have been written since */
	uint32_t value; /* CONSTANT */
};

struct fold {
	uint32_t constants;            /* bit n: register n holds value[n] since op since[n]; and BIT_IMM */
	uint32_t value[15];
	uint16_t since[15];
	uint16_t written[15];          /* by register: the last op that wrote it, 0: none */
	struct known tmps[IR_MAX_TMPS]; /* set where one is defined. At labels nothing changes: one that is not the same on all ways is not used behind */
	uint16_t branch[IR_MAX_OPS];   /* by label: first branch to it */
};

/* Register n is bit n of `constants`. Modulo 32 IR_IMM, which is known always, and IR_NONE have bits that are no register's. */
#define BIT(ref) (1u << ((ref) & 31))
#define BIT_IMM BIT(IR_IMM)

static bool constant(const struct fold *f, const struct ir_insn *insn, ir_ref ref, uint32_t *value)
{
	if (ref == IR_IMM) {
		*value = insn->imm;
		return true;
	}
	if (IR_IS_TMP(ref)) {
		if (f->tmps[ref - IR_TMP0].what != CONSTANT)
			return false;
		*value = f->tmps[ref - IR_TMP0].value;
		return true;
	}
	if (!IR_IS_REG(ref) || !(f->constants & BIT(ref)))
		return false;
	*value = f->value[ref];
	return true;
}

/* Whether constant() could know @ref. */
static inline bool maybe_constant(const struct fold *f, ir_ref ref)
{
	return IR_IS_TMP(ref) || f->constants & BIT(ref);
}

/* Op @at writes @ref. */
static inline void forget(struct fold *f, ir_ref ref, unsigned at)
{
	if (IR_IS_REG(ref)) {
		f->constants &= ~BIT(ref);
		f->written[ref] = (uint16_t)at;
	} else if (IR_IS_TMP(ref)) {
		f->tmps[ref - IR_TMP0].what = NOTHING;
	}
}

static bool is_shift(unsigned op)
{
	return op == IR_LSL || op == IR_LSR || op == IR_ASR || op == IR_ROR;
}

/* A shift by constant @n as an immediate: false when the op cannot say it. */
static bool shift_by(struct ir_insn *insn, uint32_t n)
{
	n &= 0xff;
	if (n > (insn->op == IR_ROR ? 31u : 32u))
		return false;
	insn->b = IR_IMM;
	insn->imm = n;
	if (n)
		insn->fuse = 0;
	return true;
}

/* @ref is a temporary, or a VFP register's number that looks like one. */
static __attribute__((noinline)) void replace_operand(const struct fold *f, struct ir_insn *insn, char letter, ir_ref *ref)
{
	const struct known *known;

	if (letter == 'f')
		return;
	known = &f->tmps[*ref - IR_TMP0];
	if (known->what == COPY) {
		if (f->written[known->of] < known->at)
			*ref = known->of;
	} else if (known->what == CONSTANT && letter == 'v' && insn->a != IR_IMM && insn->b != IR_IMM && insn->c != IR_IMM) {
		if (is_shift(insn->op)) {
			if (ref == &insn->b)
				shift_by(insn, known->value);
			return;
		}
		*ref = IR_IMM;
		insn->imm = known->value;
	}
}

static inline void replace_operands(const struct fold *f, struct ir_insn *insn)
{
	const char *letters = ir_op_info[insn->op].operands;

	if (IR_IS_TMP(insn->a))
		replace_operand(f, insn, letters[2], &insn->a);
	if (IR_IS_TMP(insn->b))
		replace_operand(f, insn, letters[3], &insn->b);
	if (IR_IS_TMP(insn->c))
		replace_operand(f, insn, letters[4], &insn->c);
}

static void to_move(struct ir_insn *insn, ir_ref from, uint32_t value)
{
	insn->op = IR_MOV;
	insn->a = from;
	insn->b = insn->c = IR_NONE;
	insn->fuse = 0;
	insn->imm = from == IR_IMM ? value : 0;
	insn->imm2 = 0;
}

/* dst = a op b with a result that is constant or just a. Flags other than NZ of the result cannot be kept. */
static __attribute__((noinline)) void simplify(const struct fold *f, struct ir_insn *insn)
{
	uint32_t a = 0, b = 0, value;
	bool a_known, b_known;

	if (insn->fdef & ~IR_NZ)
		return;
	a_known = constant(f, insn, insn->a, &a);
	b_known = constant(f, insn, insn->b, &b);
	if (a_known && (b_known || insn->b == IR_NONE) && ir_eval(insn, a, b, &value)) {
		to_move(insn, IR_IMM, value);
		return;
	}
	if (!b_known || b != 0 || insn->a == IR_IMM)
		return;
	switch (insn->op) {
	case IR_ADD: case IR_SUB: case IR_OR: case IR_XOR: case IR_BIC: case IR_LSL: case IR_LSR: case IR_ASR: case IR_ROR:
		to_move(insn, insn->a, 0);
		break;
	}
}

/* Few ops have anything that simplify() could use. */
static inline bool worthwhile(const struct fold *f, const struct ir_insn *insn)
{
	if (insn->b == IR_IMM)
		return insn->imm == 0 || maybe_constant(f, insn->a);
	return maybe_constant(f, insn->b == IR_NONE ? insn->a : insn->b);
}

/* Op @at, a move. */
static void learn_move(struct fold *f, const struct ir_insn *insn, unsigned at)
{
	uint32_t value;
	bool known = constant(f, insn, insn->a, &value);

	if (insn->dst == insn->a)
		return;
	forget(f, insn->dst, at);
	if (IR_IS_REG(insn->dst)) {
		if (!known)
			return;
		f->constants |= BIT(insn->dst);
		f->value[insn->dst] = value;
		f->since[insn->dst] = (uint16_t)at;
	} else if (known) {
		f->tmps[insn->dst - IR_TMP0] = (struct known){ .what = CONSTANT, .value = value };
	} else if (IR_IS_REG(insn->a)) {
		f->tmps[insn->dst - IR_TMP0] = (struct known){ .what = COPY, .at = (uint16_t)at, .of = insn->a };
	}
}

/* Op @at, a call. */
static void learn_call(struct fold *f, const struct ir_insn *insn, unsigned at)
{
	if (helper_info[insn->imm].attr & (HELPER_REGS | HELPER_FAULT | HELPER_STATE))
		for (ir_ref r = 0; r < 15; r++)
			forget(f, r, at);
	forget(f, insn->dst, at);
}

/* Constants that came between the first branch to a label and the label are not known there. */
static void at_label(struct fold *f, unsigned label)
{
	for (ir_ref r = 0; r < 15; r++)
		if (f->constants & BIT(r) && f->since[r] > f->branch[label])
			f->constants &= ~BIT(r);
}

/* Op @at, a label or branch. */
static void control(struct fold *f, struct ir_insn *insn, unsigned at)
{
	if (insn->op == IR_LABEL) {
		if (f->constants != BIT_IMM)
			at_label(f, insn->imm);
		return;
	}
	replace_operands(f, insn);
	if (f->branch[insn->imm] == UINT16_MAX)
		f->branch[insn->imm] = (uint16_t)at;
}

void pass_fold(struct ir_block *block)
{
	struct fold f;

	f.constants = BIT_IMM;
	memset(f.written, 0, sizeof(f.written));
	memset(f.branch, 0xff, block->labels * sizeof(f.branch[0]));
	for (unsigned i = 0; i < block->count; i++) {
		struct ir_insn *insn = &block->ops[i];
		uint8_t attr;

		if (insn->op == IR_INSN)
			continue;
		attr = ir_op_info[insn->op].attr;
		if (attr & IRA_CONTROL) {
			control(&f, insn, i);
			continue;
		}
		replace_operands(&f, insn);
		if (attr & IRA_EVAL && worthwhile(&f, insn))
			simplify(&f, insn);
		if (insn->op == IR_MOV) {
			learn_move(&f, insn, i);
		} else if (insn->op == IR_CALL) {
			learn_call(&f, insn, i);
		} else if (insn->op != IR_LDF) {
			forget(&f, insn->dst, i);
			forget(&f, insn->dst2, i);
		}
	}
}
