/*
 * fold.c - forward: what is computed from constants becomes a constant, temporaries that are constants or copies of registers are
 * replaced by these, and ops that change nothing become moves.
 *
 * Constants are known for registers and temporaries. They are put into operands for temporaries only: a register is as cheap as it is.
 * At a label that holds which was known before the first branch to it and has not changed since.
 */
#include "base/base.h"
#include "translator/passes/pass.h"

#include "translator/ir/eval.h"
#include "translator/run/helpers.h"

#define VALUES (IR_TMP0 + IR_MAX_TMPS)

/* What is known of a register or temporary, since op `at`. */
struct known {
	enum { NOTHING, CONSTANT, COPY } what;
	uint16_t at;
	ir_ref of;      /* COPY: a register */
	uint32_t value; /* CONSTANT */
};

struct fold {
	struct known known[VALUES];
	unsigned values;               /* in use */
	uint32_t copied;               /* bit n: a temporary may be a copy of register n */
	uint16_t branch[IR_MAX_OPS];   /* by label: first branch to it */
};

static bool is_value(ir_ref ref)
{
	return IR_IS_REG(ref) || IR_IS_TMP(ref);
}

static bool constant(const struct fold *f, const struct ir_insn *insn, ir_ref ref, uint32_t *value)
{
	if (ref == IR_IMM) {
		*value = insn->imm;
		return true;
	}
	if (!is_value(ref) || f->known[ref].what != CONSTANT)
		return false;
	*value = f->known[ref].value;
	return true;
}

static void forget(struct fold *f, ir_ref ref)
{
	if (!is_value(ref))
		return;
	f->known[ref].what = NOTHING;
	if (!IR_IS_REG(ref) || !(f->copied >> ref & 1))
		return;
	f->copied &= ~(1u << ref);
	for (unsigned i = IR_TMP0; i < f->values; i++)
		if (f->known[i].what == COPY && f->known[i].of == ref)
			f->known[i].what = NOTHING;
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

static void replace_operand(const struct fold *f, struct ir_insn *insn, char letter, ir_ref *ref)
{
	const struct known *known;

	if (letter == 'f')
		return;
	known = &f->known[*ref];
	if (known->what == COPY) {
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
static void simplify(const struct fold *f, struct ir_insn *insn)
{
	const char *letters = ir_op_info[insn->op].operands;
	uint32_t a = 0, b = 0, value;
	bool a_known, b_known;

	if (insn->fdef & ~IR_NZ || letters[0] != 'd' || insn->op == IR_MOV)
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

/* What is known after @insn, op @at. */
static void learn(struct fold *f, const struct ir_insn *insn, unsigned at)
{
	uint32_t value;

	if (insn->op == IR_CALL && helper_info[insn->imm].attr & (HELPER_REGS | HELPER_FAULT | HELPER_STATE)) {
		for (ir_ref r = 0; r < 15; r++)
			forget(f, r);
	}
	if (ir_op_info[insn->op].operands[0] == 'f')
		return;
	if (insn->op == IR_MOV && insn->dst == insn->a)
		return;
	forget(f, insn->dst);
	forget(f, insn->dst2);
	if (insn->op != IR_MOV)
		return;
	if (constant(f, insn, insn->a, &value))
		f->known[insn->dst] = (struct known){ .what = CONSTANT, .at = (uint16_t)at, .value = value };
	if (f->known[insn->dst].what == NOTHING && IR_IS_TMP(insn->dst) && IR_IS_REG(insn->a)) {
		f->known[insn->dst] = (struct known){ .what = COPY, .at = (uint16_t)at, .of = insn->a };
		f->copied |= 1u << insn->a;
	}
}

static void at_label(struct fold *f, const struct ir_insn *insn)
{
	for (unsigned i = 0; i < f->values; i++)
		if (f->known[i].at > f->branch[insn->imm])
			f->known[i].what = NOTHING;
}

void pass_fold(struct ir_block *block)
{
	struct fold f;

	f.values = IR_TMP0 + block->tmps;
	f.copied = 0;
	for (unsigned i = 0; i < f.values; i++)
		f.known[i] = (struct known){ .what = NOTHING };
	for (unsigned i = 0; i < block->labels; i++)
		f.branch[i] = UINT16_MAX;
	for (unsigned i = 0; i < block->count; i++) {
		struct ir_insn *insn = &block->ops[i];
		const char *letters;

		if (insn->op == IR_INSN)
			continue;
		if (insn->op == IR_LABEL) {
			at_label(&f, insn);
			continue;
		}
		letters = ir_op_info[insn->op].operands;
		if (IR_IS_TMP(insn->a))
			replace_operand(&f, insn, letters[2], &insn->a);
		if (IR_IS_TMP(insn->b))
			replace_operand(&f, insn, letters[3], &insn->b);
		if (IR_IS_TMP(insn->c))
			replace_operand(&f, insn, letters[4], &insn->c);
		simplify(&f, insn);
		if (ir_is_branch(insn) && f.branch[insn->imm] == UINT16_MAX)
			f.branch[insn->imm] = (uint16_t)i;
		learn(&f, insn, i);
	}
}
