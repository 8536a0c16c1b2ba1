/*
 * emit_simd_float.c - Advanced SIMD floating point in SSE: round to nearest, subnormals flushed, default NaN (the standard FPSCR value).
 *
 * MXCSR stays in its default mode, which gives the architecture's results when all operands and results are normal and clearly so. Vector
 * compares see to that: with u(v) = 2v + 2^24 as integers, infinities and NaNs wrap to below 2^24, zeros are 2^24, subnormals and the
 * least normal number reach 2^25. So one minimum over all values and one compare are enough when there are no zeros; cold code in the
 * block looks again when there are (check_zeros() in emit_simd.c), and what remains is left to C. Every result is normal or zero, which is remembered.
 *
 * With traps (fp_trap.c) subnormal operands and tiny results raise exceptions by themselves. Made to are only products of the least exponent
 * (simd_trap_least()) and NaNs that come from quiet ones, by a comparison that minds them.
 */
#include "base/base.h"
#include "translator/x64/emit_simd.h"

struct quick {
	struct cold *cold;
	unsigned least;   /* minimum of u(v) */
	unsigned t;
	bool any, traps;
	uint8_t scratch, mask;
};

static struct opnd x(unsigned xmm)
{
	return opnd_reg(xmm);
}

static bool known(const struct emit *e, unsigned d, unsigned bytes)
{
	/* (for a scalar this asks for more than needed) */
	uint32_t mask = bytes == 16 ? 3u << d : 1u << d;

	return (e->xmm.flushed & mask) == mask;
}

/* xmm0 stays free for a product, xmm1-xmm2 are the check's, xmm3-xmm5 the op's. */
static struct quick quick_begin_looking(struct emit *e)
{
	struct quick q = { .cold = simd_cold(e), .least = 1, .t = 2, .mask = neon_bytes(e) == 16 ? 15 : 3 };

	flags_clobber(e);
	q.scratch = (uint8_t)scratch_alloc(e);
	e->xmm.temps = 3;
	q.cold->zeros.scratch = q.scratch;
	q.cold->zeros.mask = q.mask;
	return q;
}

/* With traps no general register and no EFLAGS are needed. */
static struct quick quick_begin(struct emit *e)
{
	if (!e->x64->fp_traps)
		return quick_begin_looking(e);
	e->xmm.temps = 3;
	return (struct quick){ .cold = simd_cold(e), .least = 1, .t = 2, .traps = true };
}

/* What is above a D register must not trap. */
static unsigned float_use(struct emit *e, unsigned d)
{
	unsigned v = neon_use(e, d), t;

	if (!e->x64->fp_traps || neon_bytes(e) == 16)
		return v;
	t = vfp_def(e);
	sse_op2(&e->sse, SSE_MOVQ, W32, t, x(v));
	return t;
}

static void quick_value(struct emit *e, struct quick *q, unsigned v)
{
	unsigned to = q->any ? q->t : q->least;

	sse_op3(&e->sse, SSE_PADDD, to, v, x(v));
	sse_op3(&e->sse, SSE_PADDD, to, to, pool(POOL_STEP32));
	if (q->any)
		sse_op3(&e->sse, SSE_PMINUD, q->least, q->least, x(to));
	q->any = true;
}

/* An operand or a sum: may be zero. One that is known not to be subnormal needs no look at first: were it infinite or a NaN, so were the result. */
static void quick_sum(struct emit *e, struct quick *q, unsigned v, bool is_known)
{
	struct zero_check *zeros = &q->cold->zeros;

	BUG_ON(zeros->count == ARRAY_SIZE(zeros->values));
	zeros->values[zeros->count++] = (uint8_t)v;
	if (!is_known && !q->traps)
		quick_value(e, q, v);
}

/* Jumps when one of the lanes that @mask names is zero in @ok. */
static void jump_unless(struct emit *e, struct quick *q, unsigned ok, bool zeros)
{
	struct opnd r = opnd_reg(q->scratch);
	uint8_t *where;

	sse_op2(&e->sse, SSE_MOVMSKPS, W32, q->scratch, x(ok));
	if (q->mask == 3)
		enc_alu(&e->enc, ALU_AND, W32, r, opnd_imm(3));
	enc_alu(&e->enc, ALU_CMP, W32, r, opnd_imm(q->mask));
	if (zeros) {
		where = enc_jcc32(&e->enc, CC_NE);
		q->cold->zeros.jump = where;
		q->cold->zeros.back = enc_here(&e->enc);
	} else {
		cold_jcc(e, q->cold, CC_NE);
	}
}

/* @d: the result, a NaN if anything has been one */
static void quick_check(struct emit *e, struct quick *q, unsigned d)
{
	if (q->traps) {
		sse_op3i(&e->sse, SSE_CMPPS, q->t, d, x(d), 1); /* less than: traps for quiet NaNs too */
		return;
	}
	sse_op3(&e->sse, SSE_PMAXUD, q->t, q->least, pool(POOL_LEAST32));
	sse_op3(&e->sse, SSE_PCMPEQD, q->t, q->t, x(q->least));
	jump_unless(e, q, q->t, true);
}

static void finish(struct emit *e, struct quick *q, unsigned d, unsigned bytes)
{
	unsigned vd = SIMD_VD(e->op->imm2);

	vfp_set(e, d, 8 * vd, bytes);
	e->xmm.flushed |= bytes == 16 ? 3u << vd : 1u << vd;
	simd_cold_back(e, q->cold, d, 8 * vd, bytes);
	if (!q->traps)
		flags_lost(e);
}

/* vm, or its element for all lanes */
static unsigned second(struct emit *e)
{
	uint32_t desc = e->op->imm2;
	unsigned t;

	if (!(desc & SIMD_SCALAR))
		return float_use(e, SIMD_VM(desc));
	t = vfp_def(e); /* cold code uses the temporaries */
	xmm_flush_part(e, 8 * SIMD_VM(desc), 8);
	sse_op2(&e->sse, SSE_MOVSS, W32, t, vfp_opnd(8 * SIMD_VM(desc) + 4 * (SIMD_IMM(desc) & 1)));
	sse_op2i(&e->sse, SSE_PSHUFD, t, x(t), 0);
	return t;
}

/* --- sums and products --- */

static void add_sub(struct emit *e, enum sse_op op, bool absolute)
{
	uint32_t desc = e->op->imm2;
	struct quick q = quick_begin(e);
	unsigned bytes = neon_bytes(e), a = float_use(e, SIMD_VN(desc)), b = second(e), d = vfp_def(e);

	simd_need_ixc(e, q.cold);
	sse_op3(&e->sse, op, d, a, x(b));
	quick_sum(e, &q, a, known(e, SIMD_VN(desc), bytes));
	quick_sum(e, &q, b, known(e, SIMD_VM(desc), bytes));
	quick_sum(e, &q, d, false);
	quick_check(e, &q, d);
	if (absolute)
		sse_op3(&e->sse, SSE_ANDPS, d, d, pool(POOL_ABS32));
	finish(e, &q, d, bytes);
}

/* The product is xmm0. A zero is looked at together with the factors. */
static void product_of(struct emit *e, struct quick *q, unsigned a, unsigned b)
{
	struct zero_check *zeros = &q->cold->zeros;
	uint32_t desc = e->op->imm2;
	unsigned bytes = neon_bytes(e);

	sse_op3(&e->sse, SSE_MULPS, 0, a, x(b));
	quick_sum(e, q, a, known(e, SIMD_VN(desc), bytes));
	quick_sum(e, q, b, known(e, SIMD_VM(desc), bytes));
	if (q->traps)
		sse_op3(&e->sse, SSE_MULPS, q->t, 0, pool(POOL_HALF32));
	else
		quick_value(e, q, 0);
	zeros->product = true;
	zeros->factors[0] = (uint8_t)a;
	zeros->factors[1] = (uint8_t)b;
}

static void multiply(struct emit *e)
{
	struct quick q = quick_begin(e);
	unsigned a = float_use(e, SIMD_VN(e->op->imm2)), b = second(e), d = vfp_def(e);

	simd_need_ixc(e, q.cold);
	product_of(e, &q, a, b);
	quick_check(e, &q, 0);
	sse_op2(&e->sse, SSE_MOVAPS, W32, d, x(0));
	finish(e, &q, d, neon_bytes(e));
}

static void multiply_add(struct emit *e, enum sse_op op)
{
	uint32_t desc = e->op->imm2;
	struct quick q = quick_begin(e);
	unsigned bytes = neon_bytes(e), a = float_use(e, SIMD_VN(desc)), b = second(e), c = float_use(e, SIMD_VD(desc)), d = vfp_def(e);

	simd_need_ixc(e, q.cold);
	product_of(e, &q, a, b);
	sse_op3(&e->sse, op, d, c, x(0));
	quick_sum(e, &q, c, known(e, SIMD_VD(desc), bytes));
	quick_sum(e, &q, d, false);
	quick_check(e, &q, d);
	finish(e, &q, d, bytes);
}

/* 2 - a * b; C knows about infinity times zero */
static void recip_step(struct emit *e)
{
	struct quick q = quick_begin(e);
	unsigned a = float_use(e, SIMD_VN(e->op->imm2)), b = float_use(e, SIMD_VM(e->op->imm2)), d = vfp_def(e);

	simd_need_ixc(e, q.cold);
	product_of(e, &q, a, b);
	sse_op2(&e->sse, SSE_MOVAPS, W32, d, pool(POOL_TWO32));
	sse_op3(&e->sse, SSE_SUBPS, d, d, x(0));
	quick_sum(e, &q, d, false);
	quick_check(e, &q, d);
	finish(e, &q, d, neon_bytes(e));
}

/* {n0, m0} and {n1, m1} */
static void pairs(struct emit *e, unsigned n, unsigned m, unsigned even, unsigned odd)
{
	sse_op3(&e->sse, SSE_PUNPCKLQDQ, odd, n, x(m));
	sse_op2i(&e->sse, SSE_PSHUFD, even, x(odd), 0x08);
	sse_op2i(&e->sse, SSE_PSHUFD, odd, x(odd), 0x0d);
}

static void pairwise_add(struct emit *e)
{
	struct quick q = quick_begin(e);
	unsigned n = vfp_use(e, 8 * SIMD_VN(e->op->imm2), 8), m = vfp_use(e, 8 * SIMD_VM(e->op->imm2), 8), d = vfp_def(e);
	unsigned even = vfp_def(e), odd = vfp_def(e);

	simd_need_ixc(e, q.cold);
	pairs(e, n, m, even, odd);
	sse_op3(&e->sse, SSE_ADDPS, d, even, x(odd));
	quick_sum(e, &q, even, false);
	quick_sum(e, &q, odd, false);
	quick_sum(e, &q, d, false);
	quick_check(e, &q, d);
	finish(e, &q, d, 8);
}

/* --- comparisons, maxima: exact but for NaNs and subnormals --- */

/* Jumps when a or b is a NaN or subnormal. 2v - 1 is largest for zero. @b NO_XMM: zero. */
#define NO_XMM 99
static void check_operands(struct emit *e, struct quick *q, unsigned a, unsigned b, bool a_known, bool b_known)
{
	struct enc_sse *s = &e->sse;
	unsigned nan = q->least, t = q->t, t2 = 0;
	bool any = false;

	if (q->traps)
		return;
	if (!a_known) {
		sse_op3(s, SSE_PADDD, t, a, x(a));
		sse_op3(s, SSE_PADDD, t, t, pool(POOL_ONES));
		any = true;
	}
	if (!b_known && b != NO_XMM) {
		unsigned to = any ? t2 : t;

		sse_op3(s, SSE_PADDD, to, b, x(b));
		sse_op3(s, SSE_PADDD, to, to, pool(POOL_ONES));
		if (any)
			sse_op3(s, SSE_PMINUD, t, t, x(t2));
		any = true;
	}
	sse_op3i(s, SSE_CMPPS, nan, a, x(b == NO_XMM ? a : b), 7); /* ordered */
	if (any) {
		sse_op3(s, SSE_PMAXUD, t2, t, pool(POOL_NORMAL32));
		sse_op3(s, SSE_PCMPEQD, t, t, x(t2));
		sse_op3(s, SSE_PAND, nan, nan, x(t));
	}
	jump_unless(e, q, nan, false);
}

static void put_mask(struct emit *e, struct quick *q, unsigned d)
{
	unsigned bytes = neon_bytes(e), vd = SIMD_VD(e->op->imm2);

	vfp_set(e, d, 8 * vd, bytes);
	simd_cold_back(e, q->cold, d, 8 * vd, bytes);
	if (!q->traps)
		flags_lost(e);
}

enum relation { EQUAL = 0, GREATER = 1, GREATER_EQUAL = 2 }; /* GT and GE as LT and LE of the other order */

static void compare(struct emit *e, enum relation relation, bool absolute)
{
	uint32_t desc = e->op->imm2;
	struct quick q = quick_begin(e);
	unsigned bytes = neon_bytes(e), a = float_use(e, SIMD_VN(desc)), b = float_use(e, SIMD_VM(desc)), d = vfp_def(e);

	check_operands(e, &q, a, b, known(e, SIMD_VN(desc), bytes), known(e, SIMD_VM(desc), bytes));
	if (q.traps && relation == EQUAL) /* a quiet NaN hides that the other is subnormal */
		sse_op3i(&e->sse, SSE_CMPPS, q.t, a, x(b), 1);
	if (absolute) {
		unsigned abs_a = xmm_temp(e), abs_b = xmm_temp(e);

		sse_op3(&e->sse, SSE_ANDPS, abs_a, a, pool(POOL_ABS32));
		sse_op3(&e->sse, SSE_ANDPS, abs_b, b, pool(POOL_ABS32));
		a = abs_a;
		b = abs_b;
	}
	sse_op3i(&e->sse, SSE_CMPPS, d, relation == EQUAL ? a : b, x(relation == EQUAL ? b : a), relation);
	put_mask(e, &q, d);
}

static void compare_zero(struct emit *e, enum relation relation, bool swapped)
{
	uint32_t desc = e->op->imm2;
	struct quick q = quick_begin(e);
	unsigned a = float_use(e, SIMD_VM(desc)), d = vfp_def(e), zero = xmm_temp(e);

	check_operands(e, &q, a, NO_XMM, known(e, SIMD_VM(desc), neon_bytes(e)), true);
	sse_op3(&e->sse, SSE_XORPS, zero, zero, x(zero));
	if (swapped || relation == EQUAL)
		sse_op3i(&e->sse, SSE_CMPPS, d, a, x(zero), relation);
	else
		sse_op3i(&e->sse, SSE_CMPPS, d, zero, x(a), relation);
	put_mask(e, &q, d);
}

/* Of zeros of both signs the host takes the second: the maximum is +0, the minimum -0. */
static void extreme_of(struct emit *e, unsigned d, unsigned a, unsigned b, bool max)
{
	const enum sse_op op = max ? SSE_MAXPS : SSE_MINPS;
	unsigned other = xmm_temp(e);

	sse_op3(&e->sse, op, other, b, x(a));
	sse_op3(&e->sse, op, d, a, x(b));
	sse_op3(&e->sse, max ? SSE_PAND : SSE_POR, d, d, x(other));
}

static void extreme(struct emit *e, bool max)
{
	uint32_t desc = e->op->imm2;
	struct quick q = quick_begin(e);
	unsigned bytes = neon_bytes(e), a = float_use(e, SIMD_VN(desc)), b = float_use(e, SIMD_VM(desc)), d = vfp_def(e);

	check_operands(e, &q, a, b, known(e, SIMD_VN(desc), bytes), known(e, SIMD_VM(desc), bytes));
	extreme_of(e, d, a, b, max);
	finish(e, &q, d, bytes);
}

static void pairwise_extreme(struct emit *e, bool max)
{
	struct quick q = quick_begin(e);
	unsigned n = vfp_use(e, 8 * SIMD_VN(e->op->imm2), 8), m = vfp_use(e, 8 * SIMD_VM(e->op->imm2), 8), d = vfp_def(e);
	unsigned even = xmm_temp(e), odd = xmm_temp(e);

	pairs(e, n, m, even, odd);
	check_operands(e, &q, even, odd, false, false);
	extreme_of(e, d, even, odd, max);
	finish(e, &q, d, 8);
}

/* --- conversions --- */

/* xmm @t = 2^@exponent in all lanes */
static void power_of_two(struct emit *e, unsigned t, unsigned scratch, int exponent)
{
	enc_mov(&e->enc, W32, opnd_reg(scratch), opnd_imm((uint32_t)(127 + exponent) << 23));
	sse_op2(&e->sse, SSE_MOVD, W32, t, opnd_reg(scratch));
	sse_op2i(&e->sse, SSE_PSHUFD, t, x(t), 0);
}

static void jump_if_negative(struct emit *e, struct quick *q, unsigned v)
{
	sse_op2(&e->sse, SSE_MOVMSKPS, W32, q->scratch, x(v));
	enc_test(&e->enc, W8, opnd_reg(q->scratch), opnd_imm(q->mask));
	cold_jcc(e, q->cold, CC_NE);
}

/* What does not fit gives 2^31. Unsigned only below 2^31. */
static void to_fixed(struct emit *e, bool is_unsigned)
{
	uint32_t desc = e->op->imm2;
	struct quick q = is_unsigned || SIMD_IMM(desc) ? quick_begin_looking(e) : quick_begin(e);
	unsigned b = float_use(e, SIMD_VM(desc)), d = vfp_def(e), t = xmm_temp(e);

	simd_need_ixc(e, q.cold);
	if (q.traps)
		sse_op3i(&e->sse, SSE_CMPPS, q.t, b, x(b), 1); /* conversions do not mind subnormal numbers */
	check_operands(e, &q, b, NO_XMM, known(e, SIMD_VM(desc), neon_bytes(e)), true);
	if (SIMD_IMM(desc)) {
		power_of_two(e, t, q.scratch, (int)SIMD_IMM(desc));
		sse_op3(&e->sse, SSE_MULPS, t, t, x(b));
		sse_op2(&e->sse, SSE_CVTTPS2DQ, W32, d, x(t));
	} else {
		sse_op2(&e->sse, SSE_CVTTPS2DQ, W32, d, x(b));
	}
	if (is_unsigned) {
		jump_if_negative(e, &q, d);
	} else if (!q.traps) {
		sse_op3(&e->sse, SSE_PCMPEQD, t, d, pool(POOL_SIGN32));
		jump_if_negative(e, &q, t);
	}
	put_mask(e, &q, d);
}

/* Scaling is exact. */
static void from_fixed(struct emit *e, bool is_unsigned)
{
	uint32_t desc = e->op->imm2;
	struct quick q = is_unsigned || SIMD_IMM(desc) ? quick_begin_looking(e) : quick_begin(e);
	unsigned b = float_use(e, SIMD_VM(desc)), d = vfp_def(e), t = xmm_temp(e);

	simd_need_ixc(e, q.cold);
	if (is_unsigned)
		jump_if_negative(e, &q, b);
	sse_op2(&e->sse, SSE_CVTDQ2PS, W32, d, x(b));
	if (SIMD_IMM(desc)) {
		power_of_two(e, t, q.scratch, -(int)SIMD_IMM(desc));
		sse_op3(&e->sse, SSE_MULPS, d, d, x(t));
	}
	finish(e, &q, d, neon_bytes(e));
}

/* --- bits --- */

static void sign_op(struct emit *e, bool negate)
{
	unsigned b = neon_use(e, SIMD_VM(e->op->imm2)), d = vfp_def(e);

	if (negate)
		sse_op3(&e->sse, SSE_XORPS, d, b, pool(POOL_SIGN32));
	else
		sse_op3(&e->sse, SSE_ANDPS, d, b, pool(POOL_ABS32));
	vfp_set(e, d, 8 * SIMD_VD(e->op->imm2), neon_bytes(e));
}

bool emit_simd_float(struct emit *e)
{
	switch (e->op->imm) {
	case SIMD_VADD_F32: add_sub(e, SSE_ADDPS, false); return true;
	case SIMD_VSUB_F32: add_sub(e, SSE_SUBPS, false); return true;
	case SIMD_VABD_F32: add_sub(e, SSE_SUBPS, true); return true;
	case SIMD_VMUL_F32: multiply(e); return true;
	case SIMD_VMLA_F32: multiply_add(e, SSE_ADDPS); return true;
	case SIMD_VMLS_F32: multiply_add(e, SSE_SUBPS); return true;
	case SIMD_VRECPS_F32: recip_step(e); return true;
	case SIMD_VPADD_F32: pairwise_add(e); return true;
	case SIMD_VCEQ_F32: compare(e, EQUAL, false); return true;
	case SIMD_VCGE_F32: compare(e, GREATER_EQUAL, false); return true;
	case SIMD_VCGT_F32: compare(e, GREATER, false); return true;
	case SIMD_VACGE_F32: compare(e, GREATER_EQUAL, true); return true;
	case SIMD_VACGT_F32: compare(e, GREATER, true); return true;
	case SIMD_VCEQZ_F32: compare_zero(e, EQUAL, false); return true;
	case SIMD_VCGEZ_F32: compare_zero(e, GREATER_EQUAL, false); return true;
	case SIMD_VCGTZ_F32: compare_zero(e, GREATER, false); return true;
	case SIMD_VCLEZ_F32: compare_zero(e, GREATER_EQUAL, true); return true;
	case SIMD_VCLTZ_F32: compare_zero(e, GREATER, true); return true;
	case SIMD_VMAX_F32: extreme(e, true); return true;
	case SIMD_VMIN_F32: extreme(e, false); return true;
	case SIMD_VPMAX_F32: pairwise_extreme(e, true); return true;
	case SIMD_VPMIN_F32: pairwise_extreme(e, false); return true;
	case SIMD_VCVT_S32_F32: to_fixed(e, false); return true;
	case SIMD_VCVT_U32_F32: to_fixed(e, true); return true;
	case SIMD_VCVT_F32_S32: from_fixed(e, false); return true;
	case SIMD_VCVT_F32_U32: from_fixed(e, true); return true;
	case SIMD_VABS_F32: sign_op(e, false); return true;
	case SIMD_VNEG_F32: sign_op(e, true); return true;
	default: return false;
	}
}
