/*
 * emit_simd_vfp.c - scalar VFP in SSE, for FPSCR modes that are all 0: round to nearest, subnormals kept, NaNs propagated.
 *
 * The host's results are then those of the architecture except for NaNs, and its exceptions are not looked at: an op is left to C when
 * its result is a NaN or an infinity, when it may have been tiny before rounding, and while FPSCR.IXC is clear when it can be inexact.
 */
#include "base/base.h"
#include "translator/x64/emit_simd.h"

struct vfp_op {
	bool dbl;
	unsigned vd, vn, vm; /* byte offsets */
	unsigned size;
};

static struct vfp_op operands(const struct emit *e, bool dbl)
{
	uint32_t desc = e->op->imm2;
	unsigned size = dbl ? 8 : 4;

	return (struct vfp_op){ dbl, SIMD_VD(desc) * size, SIMD_VN(desc) * size, SIMD_VM(desc) * size, size };
}

/* --- what is left to C --- */

/* What sends a result to C. TINY: subnormal, of the least exponent or zero, but see allow_zero(). */
enum unfit { INFINITE = 1, TINY = 2, BOTH = INFINITE | TINY };

/* Compares 2|@x|, in which the exponent starts at bit 53 or 24. @r: a scratch register. */
static void check_result(struct emit *e, struct cold *cold, unsigned x, unsigned r, bool dbl, enum unfit unfit)
{
	static const uint32_t limit32[] = { [INFINITE] = 0xff000000, [TINY] = 0x02000000, [BOTH] = 0xfd000000 };
	static const uint8_t limit64[] = { [INFINITE] = POOL_INFINITE64, [TINY] = POOL_LEAST64, [BOTH] = POOL_SPAN64 };
	struct enc *enc = &e->enc;
	struct opnd reg = opnd_reg(r);
	enum host_cc cc = unfit == TINY ? CC_B : CC_AE;

	sse_op2(&e->sse, SSE_MOVD_ST, dbl ? W64 : W32, x, reg);
	enc_alu(enc, ALU_ADD, dbl ? W64 : W32, reg, reg);
	if (dbl) {
		if (unfit == BOTH)
			sse_alu_pool(&e->sse, ALU_SUB, r, pool(POOL_LEAST64));
		sse_alu_pool(&e->sse, ALU_CMP, r, pool((enum simd_constant)limit64[unfit]));
	} else {
		if (unfit == BOTH)
			enc_alu(enc, ALU_SUB, W32, reg, opnd_imm(0x02000000));
		enc_alu(enc, ALU_CMP, W32, reg, opnd_imm(limit32[unfit]));
	}
	if (unfit & TINY) {
		cold->zeros.jump = enc_jcc32(enc, cc);
		cold->zeros.back = enc_here(enc);
	} else {
		cold_jcc(e, cold, cc);
	}
}

/* The tiny result in @x is zero because @a or @b is: exact. */
static void allow_zero(struct cold *cold, unsigned x, unsigned r, unsigned a, unsigned b, bool dbl)
{
	struct zero_check *zeros = &cold->zeros;

	zeros->scalar = true;
	zeros->dbl = dbl;
	zeros->values[0] = (uint8_t)x;
	zeros->factors[0] = (uint8_t)a;
	zeros->factors[1] = (uint8_t)b;
	zeros->scratch = (uint8_t)r;
}

static void finish(struct emit *e, struct cold *cold, unsigned x, unsigned offset, unsigned size)
{
	vfp_set(e, x, offset, size);
	simd_cold_back(e, cold, x, offset, size);
	if (!e->x64->fp_traps)
		flags_lost(e);
}

/* With traps: a product or quotient, which may have been tiny before rounding */
static void trap_least(struct emit *e, unsigned x, bool dbl)
{
	simd_trap_least(e, x, dbl ? SSE_MULSD : SSE_MULSS, dbl ? POOL_HALF64 : POOL_HALF32);
}

/* --- arithmetic --- */

enum arithmetic { ADD, SUB, MUL, NMUL, DIV, MLA, MLS, NMLA, NMLS };
static_assert(SIMD_F32_NMLS == SIMD_F32_ADD + 2 * NMLS && SIMD_F64_NMLS == SIMD_F32_NMLS + 1, "order of arithmetic operations");

static void two_operands(struct emit *e, enum arithmetic what, struct vfp_op o)
{
	static const uint32_t ops[][2] = {
		[ADD] = { SSE_ADDSS, SSE_ADDSD }, [SUB] = { SSE_SUBSS, SSE_SUBSD }, [MUL] = { SSE_MULSS, SSE_MULSD },
		[NMUL] = { SSE_MULSS, SSE_MULSD }, [DIV] = { SSE_DIVSS, SSE_DIVSD },
	};
	struct cold *cold = simd_cold(e);
	unsigned a, b, d, r;

	if (e->x64->fp_traps) {
		a = vfp_use(e, o.vn, o.size);
		b = vfp_use(e, o.vm, o.size);
		d = vfp_def(e);
		sse_op3(&e->sse, (enum sse_op)ops[what][o.dbl], d, a, opnd_reg(b));
		if (what >= MUL)
			trap_least(e, d, o.dbl);
		if (what == NMUL)
			sse_op3(&e->sse, SSE_XORPS, d, d, pool(o.dbl ? POOL_SIGN64 : POOL_SIGN32));
		finish(e, cold, d, o.vd, o.size);
		return;
	}
	flags_clobber(e);
	r = scratch_alloc(e); /* before any jump to cold code: it may store a temporary */
	a = vfp_use(e, o.vn, o.size);
	b = vfp_use(e, o.vm, o.size);
	d = vfp_def(e);
	simd_need_ixc(e, cold);
	sse_op3(&e->sse, (enum sse_op)ops[what][o.dbl], d, a, opnd_reg(b));
	check_result(e, cold, d, r, o.dbl, what >= MUL ? BOTH : INFINITE);
	if (what >= MUL)
		allow_zero(cold, d, r, a, what == DIV ? a : b, o.dbl);
	if (what == NMUL)
		sse_op3(&e->sse, SSE_XORPS, d, d, pool(o.dbl ? POOL_SIGN64 : POOL_SIGN32));
	finish(e, cold, d, o.vd, o.size);
}

/* With traps NaNs are what the host makes of them: so the signs of operands change as in the architecture, not the operation. */
static void accumulate_trapping(struct emit *e, enum arithmetic what, struct vfp_op o)
{
	const enum sse_op add = o.dbl ? SSE_ADDSD : SSE_ADDSS, mul = o.dbl ? SSE_MULSD : SSE_MULSS;
	const struct opnd sign = pool(o.dbl ? POOL_SIGN64 : POOL_SIGN32);
	struct cold *cold = simd_cold(e);
	unsigned a = vfp_use(e, o.vn, o.size), b = vfp_use(e, o.vm, o.size), c = vfp_use(e, o.vd, o.size), d = vfp_def(e);
	unsigned product = xmm_temp(e), first = c;

	sse_op3(&e->sse, mul, product, a, opnd_reg(b));
	trap_least(e, product, o.dbl);
	if (what == MLS || what == NMLA)
		sse_op3(&e->sse, SSE_XORPS, product, product, sign);
	if (what == NMLS || what == NMLA) {
		first = xmm_temp(e);
		sse_op3(&e->sse, SSE_XORPS, first, c, sign);
	}
	sse_op3(&e->sse, add, d, first, opnd_reg(product));
	finish(e, cold, d, o.vd, o.size);
}

/* Two roundings. */
static void accumulate(struct emit *e, enum arithmetic what, struct vfp_op o)
{
	const enum sse_op add = o.dbl ? SSE_ADDSD : SSE_ADDSS, sub = o.dbl ? SSE_SUBSD : SSE_SUBSS, mul = o.dbl ? SSE_MULSD : SSE_MULSS;
	unsigned a, b, c, d, r, product, first;
	struct cold *cold;

	if (e->x64->fp_traps) {
		accumulate_trapping(e, what, o);
		return;
	}
	cold = simd_cold(e);
	product = xmm_temp(e);
	first = xmm_temp(e);
	flags_clobber(e);
	r = scratch_alloc(e);
	a = vfp_use(e, o.vn, o.size);
	b = vfp_use(e, o.vm, o.size);
	c = vfp_use(e, o.vd, o.size);
	d = vfp_def(e);
	simd_need_ixc(e, cold);
	sse_op3(&e->sse, mul, product, a, opnd_reg(b));
	check_result(e, cold, product, r, o.dbl, TINY); /* were it infinite or a NaN, so were the sum */
	allow_zero(cold, product, r, a, b, o.dbl);
	switch (what) {
	case MLA:
		sse_op3(&e->sse, add, d, c, opnd_reg(product));
		break;
	case MLS:
		sse_op3(&e->sse, sub, d, c, opnd_reg(product));
		break;
	case NMLA: /* the result of equal magnitudes is +0, so this is not -(c + product) */
		sse_op3(&e->sse, SSE_XORPS, first, c, pool(o.dbl ? POOL_SIGN64 : POOL_SIGN32));
		sse_op3(&e->sse, sub, d, first, opnd_reg(product));
		break;
	default:
		sse_op3(&e->sse, sub, d, product, opnd_reg(c));
		break;
	}
	check_result(e, cold, d, r, o.dbl, INFINITE);
	finish(e, cold, d, o.vd, o.size);
}

static void square_root(struct emit *e, struct vfp_op o)
{
	struct cold *cold = simd_cold(e);
	unsigned b, d, r = HOST_REG_NONE;

	if (!e->x64->fp_traps) {
		flags_clobber(e);
		r = scratch_alloc(e);
	}
	b = vfp_use(e, o.vm, o.size);
	d = vfp_def(e);
	simd_need_ixc(e, cold);
	sse_cvt(&e->sse, o.dbl ? SSE_SQRTSD : SSE_SQRTSS, W32, d, b, opnd_reg(b));
	if (r != HOST_REG_NONE)
		check_result(e, cold, d, r, o.dbl, INFINITE);
	finish(e, cold, d, o.vd, o.size);
}

/* Bits only: in every mode. */
static void sign_op(struct emit *e, enum simd_op op, struct vfp_op o)
{
	unsigned b = vfp_use(e, o.vm, o.size), d = vfp_def(e);

	if (op == SIMD_F32_ABS)
		sse_op3(&e->sse, SSE_ANDPS, d, b, pool(o.dbl ? POOL_ABS64 : POOL_ABS32));
	else if (op == SIMD_F32_NEG)
		sse_op3(&e->sse, SSE_XORPS, d, b, pool(o.dbl ? POOL_SIGN64 : POOL_SIGN32));
	else
		sse_op2(&e->sse, SSE_MOVAPS, W32, d, opnd_reg(b));
	vfp_set(e, d, o.vd, o.size);
}

/* --- comparisons --- */

/* "vmrs APSR_nzcv, fpscr" behind a comparison: its ops are done with it. */
static bool find_vmrs(struct emit *e)
{
	const struct ir_insn *ops = e->ir->ops;
	unsigned i = e->i + 1;

	while (i < e->ir->count && ops[i].op == IR_INSN)
		i++;
	if (i + 1 >= e->ir->count || ops[i].op != IR_LDCPU || ops[i].imm != offsetof(struct cpu, fpscr) || !IR_IS_TMP(ops[i].dst) ||
	    ops[i + 1].op != IR_SETNZCV || ops[i + 1].a != ops[i].dst || e->tmps[ops[i].dst - IR_TMP0].last != i + 1)
		return false;
	e->xmm.fused_load = (uint16_t)i;
	e->xmm.fused_flags = (uint16_t)(i + 1);
	return true;
}

/* With the result of ucomis in EFLAGS: FPSCR.NZCV = 1000 less, 0110 equal, 0010 greater. */
static void put_nzcv(struct emit *e, unsigned r, unsigned t, unsigned order)
{
	struct enc *enc = &e->enc;
	struct opnd fpscr = CPU_OPND(fpscr);

	enc_mov(enc, W32, opnd_reg(r), opnd_imm(2u << 28));
	enc_mov(enc, W32, opnd_reg(t), opnd_imm(8u << 28));
	enc_cmov(enc, CC_B, r, opnd_reg(t));
	enc_mov(enc, W32, opnd_reg(t), opnd_imm(6u << 28));
	enc_cmov(enc, CC_E, r, opnd_reg(t));
	if (order != HOST_REG_NONE) { /* 0, 1, 2 */
		enc_setcc(enc, CC_A, opnd_reg(order));
		enc_setcc(enc, CC_AE, opnd_reg(t));
		enc_alu(enc, ALU_ADD, W8, opnd_reg(order), opnd_reg(t));
	}
	enc_mov(enc, W32, opnd_reg(t), fpscr);
	enc_alu(enc, ALU_AND, W32, opnd_reg(t), opnd_imm(0x0fffffff));
	enc_alu(enc, ALU_OR, W32, opnd_reg(r), opnd_reg(t));
	enc_mov(enc, W32, fpscr, opnd_reg(r));
}

static void compare(struct emit *e, struct vfp_op o, bool zero)
{
	struct cold *cold = simd_cold(e);
	bool fused = find_vmrs(e);
	unsigned a, b, r, t, order = HOST_REG_NONE;

	flags_clobber(e);
	r = scratch_alloc(e);
	t = scratch_alloc(e);
	if (fused)
		order = scratch_alloc(e);
	a = vfp_use(e, o.vd, o.size);
	if (zero) {
		b = xmm_temp(e);
		sse_op3(&e->sse, SSE_XORPS, b, b, opnd_reg(b));
	} else {
		b = vfp_use(e, o.vm, o.size);
	}
	sse_op2(&e->sse, o.dbl ? SSE_UCOMISD : SSE_UCOMISS, W32, a, opnd_reg(b));
	cold_jcc(e, cold, CC_P);
	put_nzcv(e, r, t, order);
	simd_cold_back(e, cold, 0, 0, 0);
	if (fused) {
		/* 0, 1, 2 or, unordered, 0x80 against 1: EFLAGS are N, Z, C inverted and V */
		cold->it = 1;
		cold->spare = (uint8_t)order;
		enc_alu(&e->enc, ALU_CMP, W8, opnd_reg(order), opnd_imm(1));
	}
	flags_lost(e);
}

/* --- conversions --- */

static void to_integer(struct emit *e, bool dbl, bool is_unsigned, bool round)
{
	static const enum sse_op ops[2][2] = { { SSE_CVTTSS2SI, SSE_CVTTSD2SI }, { SSE_CVTSS2SI, SSE_CVTSD2SI } };
	const unsigned size = dbl ? 8 : 4, vd = 4 * SIMD_VD(e->op->imm2);
	struct cold *cold = simd_cold(e);
	struct enc *enc = &e->enc;
	unsigned b, r, t = HOST_REG_NONE;

	if (is_unsigned || !e->x64->fp_traps)
		flags_clobber(e);
	xmm_flush_part(e, vd, 4);
	r = scratch_alloc(e);
	if (is_unsigned)
		t = scratch_alloc(e);
	b = vfp_use(e, SIMD_VM(e->op->imm2) * size, size);
	simd_need_ixc(e, cold);
	sse_op2(&e->sse, ops[round][dbl], is_unsigned ? W64 : W32, r, opnd_reg(b));
	if (is_unsigned) {
		enc_mov(enc, W32, opnd_reg(t), opnd_reg(r));
		enc_alu(enc, ALU_CMP, W64, opnd_reg(t), opnd_reg(r));
		cold_jcc(e, cold, CC_NE);
	} else if (!e->x64->fp_traps) {
		enc_alu(enc, ALU_CMP, W32, opnd_reg(r), opnd_imm(1u << 31));
		cold_jcc(e, cold, CC_E);
	}
	enc_mov(enc, W32, vfp_opnd(vd), opnd_reg(r));
	xmm_vfp_written(e, vd, 4);
	simd_cold_back(e, cold, 0, 0, 0);
	if (is_unsigned || !e->x64->fp_traps)
		flags_lost(e);
}

static void from_integer(struct emit *e, bool dbl, bool is_unsigned)
{
	const unsigned size = dbl ? 8 : 4;
	struct opnd src = vfp_opnd(4 * SIMD_VM(e->op->imm2));
	const enum sse_op op = dbl ? SSE_CVTSI2SD : SSE_CVTSI2SS;
	struct cold *cold = NULL;
	unsigned d, r = HOST_REG_NONE;

	if (!dbl && !e->x64->fp_traps)
		flags_clobber(e);
	if (is_unsigned)
		r = scratch_alloc(e);
	if (!dbl)
		cold = simd_cold(e);
	xmm_flush_part(e, 4 * SIMD_VM(e->op->imm2), 4);
	d = vfp_def(e);
	if (cold)
		simd_need_ixc(e, cold);
	sse_op3(&e->sse, SSE_XORPS, d, d, opnd_reg(d));
	if (is_unsigned) {
		enc_mov(&e->enc, W32, opnd_reg(r), src);
		sse_cvt(&e->sse, op, W64, d, d, opnd_reg(r));
	} else {
		sse_cvt(&e->sse, op, W32, d, d, src);
	}
	if (cold)
		finish(e, cold, d, SIMD_VD(e->op->imm2) * size, size);
	else
		vfp_set(e, d, SIMD_VD(e->op->imm2) * size, size);
}

static void between_formats(struct emit *e, bool to_double)
{
	const unsigned from = to_double ? 4 : 8, to = to_double ? 8 : 4;
	struct cold *cold = simd_cold(e);
	unsigned b, d, r = HOST_REG_NONE;

	if (!e->x64->fp_traps) {
		flags_clobber(e);
		r = scratch_alloc(e);
	}
	b = vfp_use(e, SIMD_VM(e->op->imm2) * from, from);
	d = vfp_def(e);
	if (!to_double)
		simd_need_ixc(e, cold);
	sse_cvt(&e->sse, to_double ? SSE_CVTSS2SD : SSE_CVTSD2SS, W32, d, b, opnd_reg(b));
	if (r == HOST_REG_NONE) {
		if (!to_double)
			trap_least(e, d, false);
	} else {
		check_result(e, cold, d, r, to_double, to_double ? INFINITE : BOTH);
		if (!to_double)
			allow_zero(cold, d, r, b, b, true); /* upper half of d: that of b */
	}
	finish(e, cold, d, SIMD_VD(e->op->imm2) * to, to);
}

static bool conversion(struct emit *e, enum simd_op op)
{
	switch (op) {
	case SIMD_F64_F32: case SIMD_F32_F64:
		between_formats(e, op == SIMD_F64_F32);
		return true;
	case SIMD_S32_F32: case SIMD_S32_F64: case SIMD_U32_F32: case SIMD_U32_F64:
		to_integer(e, (op - SIMD_S32_F32) & 1, op >= SIMD_U32_F32, false);
		return true;
	case SIMD_S32R_F32: case SIMD_S32R_F64: case SIMD_U32R_F32: case SIMD_U32R_F64:
		to_integer(e, (op - SIMD_S32R_F32) & 1, op >= SIMD_U32R_F32, true);
		return true;
	case SIMD_F32_S32: case SIMD_F64_S32: case SIMD_F32_U32: case SIMD_F64_U32:
		from_integer(e, (op - SIMD_F32_S32) & 1, op >= SIMD_F32_U32);
		return true;
	default:
		return false;
	}
}

bool emit_simd_vfp(struct emit *e)
{
	const enum simd_op op = (enum simd_op)e->op->imm;
	struct vfp_op o;
	unsigned which;

	if (op > SIMD_F64_CMPEZ)
		return !(e->ir->key & KEY_FPMODE) && conversion(e, op);
	which = (op - SIMD_F32_ADD) / 2;
	o = operands(e, (op - SIMD_F32_ADD) & 1);
	if (op >= SIMD_F32_ABS && op <= SIMD_F64_MOV) {
		sign_op(e, (enum simd_op)(SIMD_F32_ADD + 2 * which), o);
		return true;
	}
	if (e->ir->key & KEY_FPMODE)
		return false;
	if (op >= SIMD_F32_CMP)
		compare(e, o, op >= SIMD_F32_CMPZ);
	else if (op >= SIMD_F32_SQRT)
		square_root(e, o);
	else if (op >= SIMD_F32_MLA)
		accumulate(e, (enum arithmetic)which, o);
	else
		two_operands(e, (enum arithmetic)which, o);
	return true;
}
