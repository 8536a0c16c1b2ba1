/*
 * emit_cond.c - one conditional operation without a branch: compute beside, then move conditionally.
 *
 * Compilers use conditional instructions where a branch would be hard to predict, so a few more host instructions are cheaper than a
 * wrong guess.
 */
#include "base/base.h"
#include "translator/x64/emit.h"

/* Can be computed by lea, EFLAGS kept. */
static bool by_lea(const struct ir_insn *op)
{
	return op->op == IR_ADD || (op->op == IR_SUB && op->b == IR_IMM);
}

static bool computable(const struct ir_insn *op)
{
	switch (op->op) {
	case IR_ADD: case IR_SUB: case IR_AND: case IR_OR: case IR_XOR:
		return true;
	case IR_LSL: case IR_LSR: case IR_ASR:
		return op->b == IR_IMM && op->imm > 0 && op->imm < 32;
	default:
		return false;
	}
}

/* The result in a scratch register of its own. */
static unsigned compute(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct enc *enc = &e->enc;
	struct opnd a = use_ref(e, op->a), b = use_ref(e, op->b), mem;
	unsigned t;

	if (by_lea(op)) {
		if (a.kind == OPND_IMM) {
			mem = a;
			a = b;
			b = mem;
		}
		a = opnd_reg(use_reg(e, a));
		if (b.kind == OPND_IMM)
			mem = opnd_mem(a.reg, op->op == IR_SUB ? (int32_t)(0 - op->imm) : b.disp);
		else
			mem = opnd_sib(a.reg, use_reg(e, b), 0, 0);
		release(e, a);
		release(e, b);
		if (mem.index != OPND_NO_INDEX && is_scratch(mem.index))
			scratch_free(e, mem.index);
		/* A source that is not kept may be overwritten. */
		t = scratch_alloc(e);
		enc_lea(enc, W32, t, mem);
		return t;
	}
	t = scratch_alloc(e);
	move(e, opnd_reg(t), a);
	switch (op->op) {
	case IR_SUB:
		enc_alu(enc, ALU_SUB, W32, opnd_reg(t), b);
		break;
	case IR_AND:
		enc_alu(enc, ALU_AND, W32, opnd_reg(t), b);
		break;
	case IR_OR:
		enc_alu(enc, ALU_OR, W32, opnd_reg(t), b);
		break;
	case IR_XOR:
		enc_alu(enc, ALU_XOR, W32, opnd_reg(t), b);
		break;
	default:
		enc_shift(enc, op->op == IR_LSL ? HOST_SHL : op->op == IR_LSR ? HOST_SHR : HOST_SAR, W32, opnd_reg(t), op->imm);
		break;
	}
	return t;
}

/* dst = cc ? t : dst */
static void move_if(struct emit *e, enum host_cc cc, unsigned t)
{
	struct opnd d = use_ref(e, e->op->dst);

	if (d.kind == OPND_REG) {
		enc_cmov(&e->enc, cc, d.reg, opnd_reg(t));
	} else {
		/* the other way round: t becomes the old value unless cc */
		enc_cmov(&e->enc, CC_NOT(cc), t, d);
		enc_mov(&e->enc, W32, d, opnd_reg(t));
	}
	def_done(e, e->op->dst);
}

/* The only op between the branch and its label, or 0. */
static unsigned only_op(const struct emit *e)
{
	const struct ir_insn *ops = e->ir->ops;
	const struct label_state *label = &e->labels[e->op->imm];
	unsigned found = 0;

	if (label->at > e->i + 4)
		return 0;
	for (unsigned i = e->i + 1; i < label->at; i++) {
		if (ops[i].op == IR_INSN)
			continue;
		if (found)
			return 0;
		found = i;
	}
	return found;
}

static bool eligible(const struct ir_insn *op)
{
	return !op->fdef && !op->fuse && IR_IS_REG(op->dst) && !IR_IS_TMP(op->a) && !IR_IS_TMP(op->b) && computable(op);
}

/* Computes, then makes *cc the condition to skip. False: nothing was emitted. */
static bool compute_and_test(struct emit *e, const struct ir_insn *branch, unsigned at, enum host_cc *cc, unsigned *t)
{
	unsigned i = e->i;

	e->i = at;
	e->op = &e->ir->ops[at];
	if (!flags_free(e) || (branch->op == IR_BRC && !flags_cond_repeats(e, branch->cond))) {
		e->i = i;
		e->op = branch;
		e->lasting = 0; /* from there on, not from here */
		return false;
	}
	*t = compute(e);
	if (branch->op == IR_BRC) {
		BUG_ON(!flags_cond_again(e, branch->cond, cc));
	} else {
		struct opnd a = use_ref(e, branch->a);

		if (a.kind == OPND_REG)
			enc_test(&e->enc, W32, a, a);
		else
			enc_alu(&e->enc, ALU_CMP, W32, a, opnd_imm(0));
		flags_lost(e);
		*cc = branch->op == IR_BRZ ? CC_E : CC_NE;
	}
	return true;
}

/*
 * Divisions are written as  cmp a, b lsr #n; subhs a, a, b lsr #n; orrhs q, q, c lsr #n,  whose conditions nobody can guess. The operand, or 0 by
 * a mask: it takes no flags to go on, so there may be several.
 */
struct masked {
	unsigned shift, op; /* indexes; shift NO_OP: none */
};
#define MAX_MASKED 2

static bool is_shift(const struct ir_insn *op)
{
	return (op->op == IR_LSL || op->op == IR_LSR || op->op == IR_ASR) && op->b == IR_IMM && op->imm > 0 && op->imm < 32;
}

/* dst = dst op b, where 0 as b changes nothing. */
static bool is_accumulation(const struct ir_insn *op)
{
	return (op->op == IR_ADD || op->op == IR_SUB || op->op == IR_OR || op->op == IR_XOR) && IR_IS_REG(op->dst) && op->a == op->dst;
}

/* What stands between the branch and its label, when it is no more than that. Returns how many. */
static unsigned find_masked(const struct emit *e, struct masked *found)
{
	const struct ir_insn *ops = e->ir->ops;
	const struct label_state *label = &e->labels[e->op->imm];
	unsigned count = 0, shift = NO_OP;

	static_assert(PREDICATED_OPS == 4 * MAX_MASKED, "as far as it looks");
	for (unsigned i = e->i + 1; i < label->at; i++) {
		const struct ir_insn *op = &ops[i];

		if (op->op == IR_INSN)
			continue;
		if (op->fdef || op->fuse || count == MAX_MASKED)
			return 0;
		if (shift == NO_OP && is_shift(op) && IR_IS_TMP(op->dst) && IR_IS_REG(op->a)) {
			shift = i;
			continue;
		}
		if (!is_accumulation(op) || (shift == NO_OP ? !IR_IS_REG(op->b) : op->b != ops[shift].dst || e->tmps[op->b - IR_TMP0].last > i))
			return 0;
		found[count++] = (struct masked){ .shift = shift, .op = i };
		shift = NO_OP;
	}
	return shift == NO_OP ? count : 0;
}

/* A scratch register with all bits set unless @cc, none otherwise. */
static unsigned mask_unless(struct emit *e, enum host_cc cc)
{
	struct enc *enc = &e->enc;
	unsigned mask = scratch_alloc(e);

	if (cc == CC_AE || cc == CC_B) {
		if (cc == CC_B)
			enc_cmc(enc);
		enc_alu(enc, ALU_SBB, W32, opnd_reg(mask), opnd_reg(mask));
	} else {
		enc_setcc(enc, CC_NOT(cc), opnd_reg(mask));
		enc_movzx(enc, W8, mask, opnd_reg(mask));
		enc_neg(enc, W32, opnd_reg(mask));
	}
	flags_lost(e);
	return mask;
}

static void accumulate(struct emit *e, const struct masked *masked, unsigned mask)
{
	static const uint8_t alu[] = { [IR_ADD] = ALU_ADD, [IR_SUB] = ALU_SUB, [IR_OR] = ALU_OR, [IR_XOR] = ALU_XOR };
	const struct ir_insn *op = &e->ir->ops[masked->op], *shift = masked->shift == NO_OP ? NULL : &e->ir->ops[masked->shift];
	unsigned x = scratch_alloc(e);

	e->i = masked->op;
	e->op = op;
	move(e, opnd_reg(x), use_ref(e, shift ? shift->a : op->b));
	if (shift)
		enc_shift(&e->enc, shift->op == IR_LSL ? HOST_SHL : shift->op == IR_LSR ? HOST_SHR : HOST_SAR, W32, opnd_reg(x), shift->imm);
	enc_alu(&e->enc, ALU_AND, W32, opnd_reg(x), opnd_reg(mask));
	enc_alu(&e->enc, (enum alu_op)alu[op->op], W32, use_ref(e, op->dst), opnd_reg(x));
	def_done(e, op->dst);
	scratch_free(e, x);
}

/* Carry conditions alone: others are guessed well more often. */
static bool emit_masked(struct emit *e)
{
	const struct ir_insn *branch = e->op;
	struct masked masked[MAX_MASKED];
	unsigned count, mask;

	if (branch->op != IR_BRC || branch->cond >> 1 != 1 || live_here(e) & (uint8_t)~(e->flags.mem | e->flags.known))
		return false;
	count = find_masked(e, masked);
	if (!count)
		return false;
	mask = mask_unless(e, flags_cond(e, branch->cond));
	for (unsigned i = 0; i < count; i++)
		accumulate(e, &masked[i], mask);
	return true;
}

bool emit_predicated_near(struct emit *e)
{
	const struct ir_insn *branch = e->op;
	unsigned at = only_op(e), t;
	enum host_cc cc;

	if (!x64_opt(e->x64, OPT_LIVE_FLAGS))
		return false;
	if (!at || !eligible(&e->ir->ops[at]))
		return emit_masked(e);
	if (branch->op != IR_BRC && !IR_IS_REG(branch->a))
		return false;
	if (branch->op == IR_BRC && by_lea(&e->ir->ops[at])) {
		cc = flags_cond(e, branch->cond);
		e->i = at;
		e->op = &e->ir->ops[at];
		t = compute(e);
	} else if (!compute_and_test(e, branch, at, &cc, &t)) {
		return emit_masked(e);
	}
	move_if(e, CC_NOT(cc), t);
	return true;
}
