/* emit_bits.c - bit fields, extensions, byte order, multiplies, selection, NZCV as a word. */
#include "base/base.h"
#include "translator/x64/emit.h"

/* A register to compute the result in: its place, or scratch when that is memory. */
static unsigned result_reg(struct emit *e, struct opnd d)
{
	return d.kind == OPND_REG ? d.reg : scratch_alloc(e);
}

static void finish(struct emit *e, struct opnd d, unsigned reg)
{
	move(e, d, opnd_reg(reg));
	def_done(e, e->op->dst);
}

static void count_zeros(struct emit *e, unsigned d, struct opnd a)
{
	struct enc *enc = &e->enc;
	uint8_t *some;

	if (e->x64->host.lzcnt) {
		enc_lzcnt(enc, W32, d, a);
		return;
	}
	/* bsr leaves its result undefined for 0; 63 ^ 31 = 32 */
	enc_bsr(enc, W32, d, a);
	some = enc_jcc8(enc, CC_NE);
	enc_mov(enc, W32, opnd_reg(d), opnd_imm(63));
	BUG_ON(!enc_bind8(enc, some));
	enc_alu(enc, ALU_XOR, W32, opnd_reg(d), opnd_imm(31));
}

/* d's bits swapped in groups: (d & mask) << n | (d >> n & mask). */
static void swap_groups(struct emit *e, unsigned d, unsigned t, uint32_t mask, unsigned n)
{
	struct enc *enc = &e->enc;

	enc_mov(enc, W32, opnd_reg(t), opnd_reg(d));
	enc_shift(enc, HOST_SHR, W32, opnd_reg(t), n);
	enc_alu(enc, ALU_AND, W32, opnd_reg(d), opnd_imm(mask));
	enc_alu(enc, ALU_AND, W32, opnd_reg(t), opnd_imm(mask));
	enc_shift(enc, HOST_SHL, W32, opnd_reg(d), n);
	enc_alu(enc, ALU_OR, W32, opnd_reg(d), opnd_reg(t));
}

static void reverse_bits(struct emit *e, unsigned d, struct opnd a)
{
	unsigned t;

	move(e, opnd_reg(d), a);
	t = scratch_alloc(e);
	enc_bswap(&e->enc, W32, d);
	swap_groups(e, d, t, 0x0f0f0f0f, 4);
	swap_groups(e, d, t, 0x33333333, 2);
	swap_groups(e, d, t, 0x55555555, 1);
}

static void extract(struct emit *e, unsigned d, struct opnd a)
{
	const struct ir_insn *op = e->op;
	struct enc *enc = &e->enc;
	unsigned lsb = op->imm, width = op->imm2, left = 32 - lsb - width;
	bool is_signed = op->op == IR_SBFX;

	if (lsb == 0 && (width == 8 || width == 16)) {
		if (is_signed)
			enc_movsx(enc, W32, width == 8 ? W8 : W16, d, a);
		else
			enc_movzx(enc, width == 8 ? W8 : W16, d, a);
		return;
	}
	move(e, opnd_reg(d), a);
	if (!is_signed && left) {
		if (lsb)
			enc_shift(enc, HOST_SHR, W32, opnd_reg(d), lsb);
		enc_alu(enc, ALU_AND, W32, opnd_reg(d), opnd_imm((1u << width) - 1));
		return;
	}
	if (left)
		enc_shift(enc, HOST_SHL, W32, opnd_reg(d), left);
	if (lsb + left)
		enc_shift(enc, is_signed ? HOST_SAR : HOST_SHR, W32, opnd_reg(d), lsb + left);
}

static void insert(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct enc *enc = &e->enc;
	uint32_t field = op->imm2 == 32 ? ~0u : (1u << op->imm2) - 1;
	struct opnd a, b, d, t;

	flags_clobber(e);
	a = use_ref(e, op->a);
	b = use_ref(e, op->b);
	/* The field is made in scratch, then a joins it there or where the result belongs. */
	t = opnd_reg(scratch_alloc(e));
	move(e, t, b);
	release(e, b);
	if (op->imm + op->imm2 < 32)
		enc_alu(enc, ALU_AND, W32, t, opnd_imm(field));
	if (op->imm)
		enc_shift(enc, HOST_SHL, W32, t, op->imm);
	d = def_ref(e, op->dst);
	move(e, d, a);
	enc_alu(enc, ALU_AND, W32, d, opnd_imm(~(field << op->imm)));
	enc_alu(enc, ALU_OR, W32, d, t);
	def_done(e, op->dst);
	flags_lost(e);
}

/* Ops that become one move with extension, or a byte swap: EFLAGS are kept. */
static bool flagless(const struct ir_insn *op)
{
	return op->op == IR_REV || op->op == IR_SXTB || op->op == IR_SXTH || op->op == IR_UXTB || op->op == IR_UXTH;
}

static void one_source(struct emit *e, unsigned d, struct opnd a)
{
	const struct ir_insn *op = e->op;
	struct enc *enc = &e->enc;

	switch (op->op) {
	case IR_CLZ:
		count_zeros(e, d, a);
		break;
	case IR_RBIT:
		reverse_bits(e, d, a);
		break;
	case IR_REV: case IR_REV16: case IR_REVSH:
		move(e, opnd_reg(d), a);
		enc_bswap(enc, W32, d);
		if (op->op == IR_REV16)
			enc_shift(enc, HOST_ROR, W32, opnd_reg(d), 16);
		else if (op->op == IR_REVSH)
			enc_shift(enc, HOST_SAR, W32, opnd_reg(d), 16);
		break;
	case IR_SXTB: case IR_SXTH:
		enc_movsx(enc, W32, op->op == IR_SXTB ? W8 : W16, d, a);
		break;
	case IR_UXTB: case IR_UXTH:
		enc_movzx(enc, op->op == IR_UXTB ? W8 : W16, d, a);
		break;
	default:
		extract(e, d, a);
		break;
	}
}

void emit_bits(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd a, d;
	unsigned reg;

	if (op->op == IR_BFI) {
		insert(e);
		return;
	}
	if (!flagless(op))
		flags_clobber(e);
	a = use_ref(e, op->a);
	d = def_ref(e, op->dst);
	reg = result_reg(e, d);
	one_source(e, reg, a);
	finish(e, d, reg);
	if (!flagless(op))
		flags_lost(e);
}

static void multiply(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd a, b, d;
	unsigned reg;

	flags_clobber(e);
	a = use_ref(e, op->a);
	b = use_ref(e, op->b);
	d = def_ref(e, op->dst);
	reg = result_reg(e, d);
	if (opnd_is_reg(b, reg)) {
		struct opnd t = a;

		a = b;
		b = t;
	}
	move(e, opnd_reg(reg), a);
	enc_imul(&e->enc, W32, reg, b);
	finish(e, d, reg);
	if (op->fdef)
		enc_test(&e->enc, W32, opnd_reg(reg), opnd_reg(reg));
	flags_host(e, IR_NZ, false);
	flags_recipe(e, IR_NZ, RECIPE_RESULT, op->dst, IR_NONE, 0);
}

/* 64-bit products: both factors extended to 64 bits, one multiply. */
static void long_multiply(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct enc *enc = &e->enc;
	bool is_signed = op->op == IR_SMULL || op->op == IR_SMLAL, accumulate = op->op == IR_UMLAL || op->op == IR_SMLAL;
	struct opnd p, q, low, high;

	flags_clobber(e);
	tmps_flush(e);
	p = opnd_reg(scratch_alloc(e));
	q = opnd_reg(scratch_alloc(e));
	if (is_signed) {
		enc_movsx(enc, W64, W32, p.reg, use_ref(e, op->a));
		enc_movsx(enc, W64, W32, q.reg, use_ref(e, op->b));
	} else {
		enc_mov(enc, W32, p, use_ref(e, op->a));
		enc_mov(enc, W32, q, use_ref(e, op->b));
	}
	enc_imul(enc, W64, p.reg, q);
	if (accumulate) {
		struct opnd t = opnd_reg(scratch_alloc(e));

		enc_mov(enc, W32, q, use_ref(e, op->dst2));
		enc_shift(enc, HOST_SHL, W64, q, 32);
		enc_mov(enc, W32, t, use_ref(e, op->dst));
		enc_alu(enc, ALU_OR, W64, q, t);
		enc_alu(enc, ALU_ADD, W64, p, q);
		scratch_free(e, t.reg);
	}
	scratch_free(e, q.reg);
	low = def_ref(e, op->dst);
	enc_mov(enc, W32, low, p);
	enc_shift(enc, HOST_SHR, W64, p, 32);
	high = def_ref(e, op->dst2);
	enc_mov(enc, W32, high, p);
	def_done(e, op->dst);
	def_done(e, op->dst2);
	flags_lost(e);
}

void emit_mul(struct emit *e)
{
	if (e->op->op == IR_MUL)
		multiply(e);
	else
		long_multiply(e);
}

static void set_condition(struct emit *e)
{
	enum host_cc cc = flags_cond(e, e->op->cond);
	struct opnd d = def_ref(e, e->op->dst);
	unsigned t = is_scratch(d.reg) && d.kind == OPND_REG ? d.reg : scratch_alloc(e);

	enc_setcc(&e->enc, cc, opnd_reg(t));
	enc_movzx(&e->enc, W8, d.kind == OPND_REG ? d.reg : t, opnd_reg(t));
	if (d.kind != OPND_REG)
		move(e, d, opnd_reg(t));
	def_done(e, e->op->dst);
}

void emit_select(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd a, b, d;
	enum host_cc cc;
	unsigned reg;

	if (op->op == IR_SETCOND) {
		set_condition(e);
		return;
	}
	cc = flags_cond(e, op->cond);
	a = use_not_imm(e, use_ref(e, op->a));
	b = use_not_imm(e, use_ref(e, op->b));
	d = def_ref(e, op->dst);
	reg = result_reg(e, d);
	if (opnd_is_reg(a, reg)) {
		struct opnd t = a;

		a = b;
		b = t;
		cc = CC_NOT(cc);
	}
	move(e, opnd_reg(reg), b);
	enc_cmov(&e->enc, cc, reg, a);
	finish(e, d, reg);
}

static void get_nzcv(struct emit *e)
{
	struct enc *enc = &e->enc;
	struct opnd d, t, u;

	flags_to_mem(e, IR_NZCV);
	flags_clobber(e);
	tmps_flush(e);
	t = opnd_reg(scratch_alloc(e));
	u = opnd_reg(scratch_alloc(e));
	if (e->x64->host.bmi2) {
		/* the four flags gathered are N, Z, C, V from the top down */
		enc_mov(enc, W32, u, opnd_imm(NZCV_ALL));
		enc_mov(enc, W32, t, CPU_OPND(nzcv));
		enc_pext(enc, t.reg, t.reg, u);
		enc_shift(enc, HOST_SHL, W32, t, 28);
	} else {
		struct opnd w = opnd_reg(scratch_alloc(e));

		enc_mov(enc, W32, t, CPU_OPND(nzcv));
		enc_mov(enc, W32, u, t);
		enc_mov(enc, W32, w, t);
		enc_alu(enc, ALU_AND, W32, t, opnd_imm(NZCV_N | NZCV_Z));
		enc_shift(enc, HOST_SHL, W32, t, 16);
		enc_alu(enc, ALU_AND, W32, u, opnd_imm(NZCV_C));
		enc_shift(enc, HOST_SHL, W32, u, 21);
		enc_alu(enc, ALU_OR, W32, t, u);
		enc_alu(enc, ALU_AND, W32, w, opnd_imm(NZCV_V));
		enc_shift(enc, HOST_SHL, W32, w, 28);
		enc_alu(enc, ALU_OR, W32, t, w);
		scratch_free(e, w.reg);
	}
	scratch_free(e, u.reg);
	d = def_ref(e, e->op->dst);
	move(e, d, t);
	def_done(e, e->op->dst);
	flags_lost(e);
}

static void set_nzcv(struct emit *e)
{
	struct enc *enc = &e->enc;
	struct opnd t, u;
	uint8_t keep;

	flags_clobber(e);
	keep = (uint8_t)(IR_NZCV & ~e->op->fdef);
	if (keep & live_here(e))
		flags_to_mem(e, keep & live_here(e));
	tmps_flush(e);
	t = opnd_reg(scratch_alloc(e));
	u = opnd_reg(scratch_alloc(e));
	enc_mov(enc, W32, t, use_ref(e, e->op->a));
	enc_shift(enc, HOST_SHR, W32, t, 28);
	if (e->x64->host.bmi2) {
		enc_mov(enc, W32, u, opnd_imm(NZCV_ALL));
		enc_pdep(enc, t.reg, t.reg, u);
	} else {
		/* 4 bits: V C Z N at 0-3 to 0, 8, 14, 15 */
		struct opnd w = opnd_reg(scratch_alloc(e));

		enc_mov(enc, W32, u, t);
		enc_mov(enc, W32, w, t);
		enc_alu(enc, ALU_AND, W32, t, opnd_imm(1));
		enc_alu(enc, ALU_AND, W32, u, opnd_imm(2));
		enc_shift(enc, HOST_SHL, W32, u, 7);
		enc_alu(enc, ALU_OR, W32, t, u);
		enc_alu(enc, ALU_AND, W32, w, opnd_imm(12));
		enc_shift(enc, HOST_SHL, W32, w, 12);
		enc_alu(enc, ALU_OR, W32, t, w);
	}
	if (keep & live_here(e)) {
		enc_alu(enc, ALU_AND, W32, t, opnd_imm(FLAG_MASK_NZCV(e->op->fdef)));
		enc_alu(enc, ALU_AND, W32, CPU_OPND(nzcv), opnd_imm(FLAG_MASK_NZCV(keep)));
		enc_alu(enc, ALU_OR, W32, CPU_OPND(nzcv), t);
	} else {
		enc_mov(enc, W32, CPU_OPND(nzcv), t);
		e->flags.mem = 0;
	}
	flags_lost(e);
	flags_in_mem(e, e->op->fdef);
}

void emit_nzcv(struct emit *e)
{
	if (e->op->op == IR_GETNZCV)
		get_nzcv(e);
	else if (e->i && e->i == e->xmm.fused_flags)
		flags_host(e, IR_NZCV, true);
	else
		set_nzcv(e);
}
