/* emit_shift.c - LSL, LSR, ASR, ROR, RRX with Arm's results for counts of 0 to 255. */
#include "base/base.h"
#include "translator/x64/emit.h"

static enum host_shift_op host_shift(unsigned op)
{
	return op == IR_LSL ? HOST_SHL : op == IR_LSR ? HOST_SHR : op == IR_ASR ? HOST_SAR : HOST_ROR;
}

static void result_nz(struct emit *e, struct opnd d)
{
	if (d.kind == OPND_REG)
		enc_test(&e->enc, W32, d, d);
	else
		enc_alu(&e->enc, ALU_CMP, W32, d, opnd_imm(0));
}

/* The op's C is in memory already if it is wanted; N and Z come from @d. */
static void nz_with_carry_in_mem(struct emit *e, struct opnd d)
{
	if (e->op->fdef & IR_NZ)
		result_nz(e, d);
	flags_host(e, IR_NZ, false);
	flags_recipe(e, IR_NZ, RECIPE_RESULT, e->op->dst, IR_NONE, 0);
	flags_in_mem(e, e->op->fdef & IR_C);
}

/* The op's C is in CF, but SF and ZF are not its N and Z. */
static void nz_after_carry(struct emit *e, struct opnd d)
{
	uint8_t fdef = e->op->fdef;

	if (fdef & IR_C && !(fdef & IR_NZ)) {
		flags_host(e, IR_C, false);
		return;
	}
	if (fdef & IR_C)
		flags_carry_to_mem(e);
	nz_with_carry_in_mem(e, d);
}

/* Nothing moves, C stays what it is. */
static void shift_zero(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd a, d;

	flags_clobber(e);
	if (op->fdef & IR_C)
		flags_to_mem(e, IR_C);
	a = use_ref(e, op->a);
	d = def_ref(e, op->dst);
	move(e, d, a);
	def_done(e, op->dst);
	nz_with_carry_in_mem(e, d);
}

/* By 32: nothing but one bit is left. */
static void shift_32(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd a, d;

	flags_clobber(e);
	a = use_not_imm(e, use_ref(e, op->a));
	d = def_ref(e, op->dst);
	if (op->fdef & IR_C) {
		enc_bt(&e->enc, W32, a, op->op == IR_LSL ? 0 : 31);
		flags_carry_to_mem(e);
	}
	if (op->op == IR_ASR) {
		struct opnd t = d.kind == OPND_REG ? d : opnd_reg(use_reg(e, a));

		/* t may be a's own register only when d is: a home in memory is loaded afresh */
		if (t.reg == a.reg && a.kind == OPND_REG && d.kind != OPND_REG)
			t = opnd_reg(scratch_alloc(e));
		move(e, t, a);
		enc_shift(&e->enc, HOST_SAR, W32, t, 31);
		move(e, d, t);
	} else {
		move(e, d, opnd_imm(0));
	}
	def_done(e, op->dst);
	nz_with_carry_in_mem(e, d);
}

/* @t = @a by the count: two instructions, or one. */
static void shift_leaving_flags(struct emit *e, struct opnd t, struct opnd a)
{
	const struct ir_insn *op = e->op;
	unsigned count;

	if (op->op == IR_ROR) {
		enc_rorx(&e->enc, W32, t.reg, a, op->imm);
	} else if (op->op == IR_LSL && op->imm == 1 && a.kind == OPND_REG) {
		enc_lea(&e->enc, W32, t.reg, opnd_sib(a.reg, a.reg, 0, 0));
	} else {
		count = scratch_alloc(e);
		enc_mov(&e->enc, W32, opnd_reg(count), opnd_imm(op->imm));
		enc_shiftx(&e->enc, op->op == IR_LSL ? BMI_SHLX : op->op == IR_LSR ? BMI_SHRX : BMI_SARX, W32, t.reg, a, count);
		scratch_free(e, count);
	}
}

/* The op defines no flags, and EFLAGS hold some that would have to be stored: BMI2 leaves them alone. */
static bool shift_imm_flagless(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd a, d, t;

	if (op->fdef || !e->x64->host.bmi2 || (op->op != IR_ROR && flags_free(e)))
		return false;
	a = use_not_imm(e, use_ref(e, op->a));
	d = def_ref(e, op->dst);
	t = d.kind == OPND_REG ? d : opnd_reg(scratch_alloc(e));
	shift_leaving_flags(e, t, a);
	move(e, d, t);
	def_done(e, op->dst);
	return true;
}

static void shift_imm(struct emit *e)
{
	const struct ir_insn *op = e->op;
	unsigned n = op->imm;
	struct opnd a, d;

	if (shift_imm_flagless(e))
		return;
	flags_clobber(e);
	a = use_ref(e, op->a);
	d = def_ref(e, op->dst);
	if (!op->fdef && op->op == IR_LSL && n == 1 && d.kind == OPND_REG && a.kind == OPND_REG && d.reg != a.reg) {
		enc_lea(&e->enc, W32, d.reg, opnd_sib(a.reg, a.reg, 0, 0));
	} else if (d.kind == OPND_REG || opnd_same(d, a)) {
		move(e, d, a);
		enc_shift(&e->enc, host_shift(op->op), W32, d, n);
	} else {
		struct opnd t = opnd_reg(scratch_alloc(e));

		move(e, t, a);
		enc_shift(&e->enc, host_shift(op->op), W32, t, n);
		move(e, d, t);
	}
	def_done(e, op->dst);
	if (op->op == IR_ROR) {
		nz_after_carry(e, d);
		return;
	}
	flags_host(e, IR_NZC, false);
	flags_recipe(e, IR_NZ, RECIPE_RESULT, op->dst, IR_NONE, 0);
	if (op->a != op->dst && op->a != IR_IMM)
		flags_recipe(e, IR_C, RECIPE_BIT, op->a, IR_NONE, op->op == IR_LSL ? 32 - n : n - 1);
}

/* C of a shift by cl whose 64-bit outcome is in @x: unchanged when the count is 0. */
static void carry_of_count(struct emit *e, unsigned x)
{
	struct enc *enc = &e->enc;
	uint8_t *skip;

	enc_test(enc, W32, opnd_reg(RCX), opnd_reg(RCX));
	skip = enc_jcc8(enc, CC_E);
	enc_bt(enc, W64, opnd_reg(x), e->op->op == IR_LSL ? 32 : e->op->op == IR_ROR ? 31 : 0);
	flags_carry_to_mem(e);
	BUG_ON(!enc_bind8(enc, skip));
}

/*
 * By a register's low byte. The value goes through 64 bits and the count stops at 63, so that all counts from 32 on come out right; when
 * C is wanted, a right shift starts one bit higher and leaves C in bit 0.
 */
static void shift_reg(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct enc *enc = &e->enc;
	bool carry = op->fdef & IR_C, right = op->op == IR_LSR || op->op == IR_ASR;
	struct opnd a, b, d, x;

	flags_clobber(e);
	if (carry)
		flags_to_mem(e, IR_C);
	tmps_flush(e);
	a = use_ref(e, op->a);
	b = use_ref(e, op->b);
	scratch_take(e, RCX);
	x = opnd_reg(scratch_alloc(e));
	enc_movzx(enc, W8, RCX, b);
	move(e, x, a);
	if (op->op == IR_ASR)
		enc_movsx(enc, W64, W32, x.reg, x);
	if (carry && right)
		enc_lea(enc, W64, x.reg, opnd_sib(x.reg, x.reg, 0, 0));
	if (op->op != IR_ROR) {
		uint8_t *small;

		enc_alu(enc, ALU_CMP, W32, opnd_reg(RCX), opnd_imm(63));
		small = enc_jcc8(enc, CC_BE);
		enc_mov(enc, W32, opnd_reg(RCX), opnd_imm(63));
		BUG_ON(!enc_bind8(enc, small));
	}
	enc_shift_cl(enc, host_shift(op->op), op->op == IR_ROR ? W32 : W64, x);
	if (carry) {
		carry_of_count(e, x.reg);
		if (right)
			enc_shift(enc, HOST_SHR, W64, x, 1);
	}
	scratch_free(e, RCX);
	d = def_ref(e, op->dst);
	enc_mov(enc, W32, d, x); /* clears bits 63:32 even when they are the same */
	def_done(e, op->dst);
	nz_with_carry_in_mem(e, d);
}

static void rotate_by_carry(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd a, d, t;

	flags_clobber(e);
	flags_carry(e, false);
	a = use_ref(e, op->a);
	d = def_ref(e, op->dst);
	t = d.kind == OPND_REG || opnd_same(d, a) ? d : opnd_reg(scratch_alloc(e));
	move(e, t, a);
	enc_shift(&e->enc, HOST_RCR, W32, t, 1);
	move(e, d, t);
	def_done(e, op->dst);
	nz_after_carry(e, d);
}

void emit_shift(struct emit *e)
{
	const struct ir_insn *op = e->op;

	if (emit_shifted(e))
		return;
	if (op->op == IR_RRX)
		rotate_by_carry(e);
	else if (op->b != IR_IMM)
		shift_reg(e);
	else if (op->imm == 0)
		shift_zero(e);
	else if (op->imm == 32)
		shift_32(e);
	else
		shift_imm(e);
}
