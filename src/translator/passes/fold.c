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

/* What is known of a value. */
enum { NOTHING, CONSTANT, COPY };

#define BEFORE 8 /* IR_NONE and IR_IMM are -1 and -2 */
#define FEW_TMPS 32
#define VALUES (BEFORE + IR_TMP0 + IR_MAX_TMPS)

struct fold {
	/* By ref + BEFORE. Nothing is ever known of IR_NONE. */
	uint8_t known[VALUES];
	uint32_t value[VALUES];                /* CONSTANT; COPY: the register */
	unsigned tmps;
	bool tmp_known;                        /* something may be known of a temporary */
	uint16_t copied;                       /* bit n: there may be copies of register n */
	const struct ir_insn *learnt[IR_TMP0]; /* by register that is CONSTANT: the op that made it so */
	const struct ir_insn *branch[IR_MAX_OPS]; /* by label: the first branch to it, or another before anything was known; NULL: not yet */
};

static inline unsigned at(ir_ref ref)
{
	return (unsigned)(BEFORE + (int16_t)ref);
}

static inline bool constant(const struct fold *f, const struct ir_insn *insn, ir_ref ref, uint32_t *value)
{
	*value = ref == IR_IMM ? insn->imm : f->value[at(ref)];
	return f->known[at(ref)] == CONSTANT;
}

static __attribute__((noinline)) void forget_copies(struct fold *f, ir_ref reg)
{
	for (ir_ref t = IR_TMP0; t < IR_TMP0 + f->tmps; t++)
		if (f->known[at(t)] == COPY && f->value[at(t)] == reg)
			f->known[at(t)] = NOTHING;
	f->copied &= (uint16_t)~(1u << reg);
}

/* @ref is written. */
static inline void forget(struct fold *f, ir_ref ref)
{
	f->known[at(ref)] = NOTHING;
	if (unlikely(f->copied) && IR_IS_REG(ref) && f->copied >> ref & 1)
		forget_copies(f, ref);
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
	uint32_t value = f->value[at(*ref)];

	if (letter == 'f')
		return;
	if (f->known[at(*ref)] == COPY) {
		*ref = (ir_ref)value;
	} else if (f->known[at(*ref)] == CONSTANT && letter == 'v' && insn->a != IR_IMM && insn->b != IR_IMM && insn->c != IR_IMM) {
		if (is_shift(insn->op)) {
			if (ref == &insn->b)
				shift_by(insn, value);
			return;
		}
		*ref = IR_IMM;
		insn->imm = value;
	}
}

static inline void replace_sources(const struct fold *f, struct ir_insn *insn)
{
	const char *letters = ir_op_info[insn->op].operands;

	if (IR_IS_TMP(insn->a))
		replace_operand(f, insn, letters[2], &insn->a);
	if (IR_IS_TMP(insn->b))
		replace_operand(f, insn, letters[3], &insn->b);
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
		return insn->imm == 0 || f->known[at(insn->a)] == CONSTANT;
	return f->known[at(insn->b == IR_NONE ? insn->a : insn->b)] == CONSTANT;
}

/* After a move. */
static inline void learn(struct fold *f, const struct ir_insn *insn)
{
	uint32_t value;
	bool known = constant(f, insn, insn->a, &value);

	if (insn->dst == insn->a)
		return;
	forget(f, insn->dst);
	if (known) {
		f->known[at(insn->dst)] = CONSTANT;
		f->value[at(insn->dst)] = value;
		if (IR_IS_REG(insn->dst))
			f->learnt[insn->dst] = insn;
		else
			f->tmp_known = true;
	} else if (IR_IS_TMP(insn->dst) && IR_IS_REG(insn->a)) {
		f->known[at(insn->dst)] = COPY;
		f->value[at(insn->dst)] = insn->a;
		f->copied |= (uint16_t)(1u << insn->a);
		f->tmp_known = true;
	}
}

/* Constants that came between the first branch to a label and the label are not known there. Such temporaries are not used. */
static void at_label(struct fold *f, const struct ir_insn *insn)
{
	const struct ir_insn *branch = f->branch[insn->imm];
	uint64_t known[2];

	static_assert(IR_TMP0 == sizeof(known), "all registers at one look");
	memcpy(known, &f->known[at(0)], sizeof(known));
	if (!(known[0] | known[1]))
		return;
	for (ir_ref r = 0; r < 15; r++)
		if (f->known[at(r)] == CONSTANT && f->learnt[r] > branch)
			f->known[at(r)] = NOTHING;
}

/* An op that is not like most others. */
static __attribute__((noinline)) void special(struct fold *f, struct ir_insn *insn)
{
	if (insn->op == IR_LABEL) {
		at_label(f, insn);
		return;
	}
	replace_sources(f, insn);
	if (IR_IS_TMP(insn->c))
		replace_operand(f, insn, ir_op_info[insn->op].operands[4], &insn->c);
	if (ir_is_branch(insn)) {
		if (!f->branch[insn->imm])
			f->branch[insn->imm] = insn;
		return;
	}
	if (insn->op == IR_CALL && helper_info[insn->imm].attr & (HELPER_REGS | HELPER_FAULT | HELPER_STATE))
		for (ir_ref r = 0; r < 15; r++)
			forget(f, r);
	if (insn->op == IR_LDF)
		return;
	forget(f, insn->dst);
	forget(f, insn->dst2);
}

/* Ops that can be the first of interest. */
static const bool interesting[IR_OP_COUNT] = {
#define IR(id, text, operands, fdef, fuse, attr) [IR_##id] = ((attr) & IRA_EVAL) || IR_##id == IR_MOV,
#include "translator/ir/ir_ops.def"
#undef IR
};

/* Whatever is known of registers and temporaries: all that it computes from is in it, or it may be a move. */
static inline bool is_simple(const struct ir_insn *insn)
{
	return insn->b == IR_IMM ? insn->imm == 0 : insn->b == IR_NONE && insn->a == IR_IMM;
}

/*
 * As long as nothing is known there is nothing to do, nor to note but branches. Returns the first op by which something becomes known or
 * which is simple by itself, or NULL.
 */
static struct ir_insn *first_of_interest(struct ir_block *block)
{
	const struct ir_insn *end = block->ops + block->count;

	for (struct ir_insn *insn = block->ops; insn < end; insn++) {
		if (likely(!interesting[insn->op]))
			continue;
		if (insn->op == IR_MOV ? insn->a == IR_IMM || IR_IS_TMP(insn->dst) : is_simple(insn))
			return insn;
	}
	return NULL;
}

/* Those in front of @first count, too: another branch to the same label may follow. */
static void note_branches(struct fold *f, const struct ir_block *block, const struct ir_insn *first)
{
	for (unsigned i = 0; i < block->labels; i++)
		f->branch[i] = NULL;
	for (const struct ir_insn *insn = block->ops; insn < first; insn++)
		if (unlikely(ir_is_branch(insn)))
			f->branch[insn->imm] = insn;
}

static void walk(struct fold *f, struct ir_block *block, struct ir_insn *first)
{
	const struct ir_insn *end = block->ops + block->count;

	for (struct ir_insn *insn = first; insn < end; insn++) {
		uint8_t attr;

		/* Without a branch: every second op or so is one, in no order that a processor could foretell. The block's last op is none. */
		insn += insn->op == IR_INSN;
		attr = ir_op_attr[insn->op];
		if (attr & (IRA_CONTROL | IRA_ODD | IRA_WIDE)) {
			special(f, insn);
			continue;
		}
		if (unlikely(f->tmp_known))
			replace_sources(f, insn);
		if (attr & IRA_EVAL && worthwhile(f, insn))
			simplify(f, insn);
		if (insn->op == IR_MOV)
			learn(f, insn);
		else
			forget(f, insn->dst);
	}
}

void pass_fold(struct ir_block *block)
{
	struct ir_insn *first = first_of_interest(block);
	struct fold f;

	if (!first)
		return;
	/* Nothing is behind it but the exit: it is the return address of a call. */
	if (first->op == IR_MOV && IR_IS_REG(first->dst) && first + 2 == block->ops + block->count)
		return;
	memset(f.known, NOTHING, BEFORE + IR_TMP0);
	if (block->tmps <= FEW_TMPS)
		memset(&f.known[at(IR_TMP0)], NOTHING, FEW_TMPS); /* of constant size, in few instructions */
	else
		memset(&f.known[at(IR_TMP0)], NOTHING, block->tmps);
	f.known[at(IR_IMM)] = CONSTANT;
	f.tmps = block->tmps;
	f.copied = 0;
	f.tmp_known = false;
	if (block->labels)
		note_branches(&f, block, first);
	walk(&f, block, first);
}
