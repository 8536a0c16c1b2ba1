/*
 * emit_shifted.c - an operation with a shifted register as its second operand, which lift makes two ops of, without a register in between.
 *
 *   lsl @1, y, #1-3; add d, x, @1            lea d, [x + y * 2-8]
 *   lsl @1, y, #n; and d, x, @1              d = y; d <<= n; d &= x
 */
#include "base/base.h"
#include "translator/x64/emit.h"

/* The ops at e->i and behind it: a shift by a constant, whose result only the second uses. */
struct shifted {
	const struct ir_insn *shift, *op;
	ir_ref other; /* operand of op */
};

static bool find(const struct emit *e, struct shifted *s)
{
	const struct ir_insn *shift = e->op, *op = shift + 1;

	if (e->i + 1 >= e->ir->count || shift->fdef || shift->b != IR_IMM || shift->a == IR_IMM || shift->imm == 0 || shift->imm > 31 ||
	    !IR_IS_TMP(shift->dst) || op->b != shift->dst || op->a == shift->dst || op->a == IR_IMM ||
	    e->tmps[shift->dst - IR_TMP0].last != e->i + 1)
		return false;
	*s = (struct shifted){ .shift = shift, .op = op, .other = op->a };
	return true;
}

/* Both ops count as one from here. */
static void go_on(struct emit *e, const struct shifted *s)
{
	e->i++;
	e->op = s->op;
}

static void by_lea(struct emit *e, const struct shifted *s)
{
	struct opnd x, y, d, to;

	go_on(e, s);
	x = opnd_reg(use_reg(e, use_ref(e, s->other)));
	y = opnd_reg(use_reg(e, use_ref(e, s->shift->a)));
	d = def_ref(e, s->op->dst);
	to = d.kind == OPND_REG ? d : opnd_reg(scratch_alloc(e));
	enc_lea(&e->enc, W32, to.reg, opnd_sib(x.reg, y.reg, s->shift->imm, 0));
	move(e, d, to);
	def_done(e, s->op->dst);
}

static bool alu_of(const struct ir_insn *op, enum alu_op *alu)
{
	switch (op->op) {
	case IR_ADD:
		*alu = ALU_ADD;
		return true;
	case IR_AND:
		*alu = ALU_AND;
		return true;
	case IR_OR:
		*alu = ALU_OR;
		return true;
	case IR_XOR:
		*alu = ALU_XOR;
		return true;
	default:
		return false;
	}
}

/* In the register of the result, which is not the other operand's. */
static void in_place(struct emit *e, const struct shifted *s, enum alu_op alu)
{
	static const uint8_t shifts[] = { [IR_LSL] = HOST_SHL, [IR_LSR] = HOST_SHR, [IR_ASR] = HOST_SAR, [IR_ROR] = HOST_ROR };
	struct opnd x, y, d;

	go_on(e, s);
	flags_clobber(e);
	x = use_ref(e, s->other);
	y = use_ref(e, s->shift->a);
	d = def_ref(e, s->op->dst);
	if (s->shift->op == IR_ROR && e->x64->host.bmi2 && !opnd_same(d, y)) {
		enc_rorx(&e->enc, W32, d.reg, y, s->shift->imm);
	} else {
		move(e, d, y);
		enc_shift(&e->enc, (enum host_shift_op)shifts[s->shift->op], W32, d, s->shift->imm);
	}
	enc_alu(&e->enc, alu, W32, d, x);
	def_done(e, s->op->dst);
	flags_host(e, alu == ALU_ADD ? IR_NZCV : IR_NZ, false);
	if (s->op->fdef && alu != ALU_ADD)
		flags_recipe(e, IR_NZ, RECIPE_RESULT, s->op->dst, IR_NONE, 0);
}

bool emit_shifted(struct emit *e)
{
	const struct ir_insn *first = e->op;
	enum alu_op alu;
	struct shifted s;

	if (!x64_opt(e->x64, OPT_SHIFTED) || first->op == IR_RRX || !find(e, &s))
		return false;
	if (s.op->op == IR_ADD && !s.op->fdef && first->op == IR_LSL && first->imm <= 3)
		by_lea(e, &s);
	else if (alu_of(s.op, &alu) && IR_IS_REG(s.op->dst) && e->home_regs[s.op->dst] != HOST_REG_NONE && s.op->dst != s.other)
		in_place(e, &s, alu);
	else
		return false;
	tmps_end_of(e, first);
	return true;
}
