/* emit_simd_int.c - Advanced SIMD on bits and integers in SSE: all exact, no flags but QC, which C sets when something saturates. */
#include "base/base.h"
#include "translator/x64/emit_simd.h"

static struct opnd x(unsigned xmm)
{
	return opnd_reg(xmm);
}

static unsigned operand_n(struct emit *e)
{
	return neon_use(e, SIMD_VN(e->op->imm2));
}
static unsigned old_d(struct emit *e)
{
	return neon_use(e, SIMD_VD(e->op->imm2));
}
static void put(struct emit *e, unsigned d)
{
	vfp_set(e, d, 8 * SIMD_VD(e->op->imm2), neon_bytes(e));
}

/* vm; of by-scalar forms its element of @size bytes (2, 4) in all lanes of the low half, or of both */
static unsigned operand_m(struct emit *e, unsigned size)
{
	uint32_t desc = e->op->imm2;
	unsigned t;

	if (!(desc & SIMD_SCALAR))
		return neon_use(e, SIMD_VM(desc));
	t = vfp_def(e);
	xmm_flush_part(e, 8 * SIMD_VM(desc), 8);
	sse_op2(&e->sse, SSE_MOVSD, W32, t, vfp_opnd(8 * SIMD_VM(desc)));
	if (size == 2) {
		sse_op2i(&e->sse, SSE_PSHUFLW, t, x(t), 0x55 * (SIMD_IMM(desc) & 3));
		sse_op2i(&e->sse, SSE_PSHUFD, t, x(t), 0);
	} else {
		sse_op2i(&e->sse, SSE_PSHUFD, t, x(t), 0x55 * (SIMD_IMM(desc) & 1));
	}
	return t;
}

/* --- one instruction --- */

enum shape { SHAPE_NONE, N_M, M_N, N_M_NOT, SAT, GE_BY_MAX, GT_BY_MAX };
struct simple {
	uint8_t shape;
	uint32_t op, other;
};
/* SAT: op saturates, other does not. GE: op is the maximum, other the comparison for equality */
static const struct simple simple[SIMD_OP_COUNT] = {
	[SIMD_VAND] = { N_M, SSE_PAND, 0 }, [SIMD_VORR] = { N_M, SSE_POR, 0 }, [SIMD_VEOR] = { N_M, SSE_PXOR, 0 }, [SIMD_VBIC] = { M_N, SSE_PANDN, 0 },
	[SIMD_VADD_I8] = { N_M, SSE_PADDB, 0 }, [SIMD_VADD_I16] = { N_M, SSE_PADDW, 0 }, [SIMD_VADD_I32] = { N_M, SSE_PADDD, 0 }, [SIMD_VADD_I64] = { N_M, SSE_PADDQ, 0 },
	[SIMD_VSUB_I8] = { N_M, SSE_PSUBB, 0 }, [SIMD_VSUB_I16] = { N_M, SSE_PSUBW, 0 }, [SIMD_VSUB_I32] = { N_M, SSE_PSUBD, 0 }, [SIMD_VSUB_I64] = { N_M, SSE_PSUBQ, 0 },
	[SIMD_VQADD_S8] = { SAT, SSE_PADDSB, SSE_PADDB }, [SIMD_VQADD_S16] = { SAT, SSE_PADDSW, SSE_PADDW },
	[SIMD_VQADD_U8] = { SAT, SSE_PADDUSB, SSE_PADDB }, [SIMD_VQADD_U16] = { SAT, SSE_PADDUSW, SSE_PADDW },
	[SIMD_VQSUB_S8] = { SAT, SSE_PSUBSB, SSE_PSUBB }, [SIMD_VQSUB_S16] = { SAT, SSE_PSUBSW, SSE_PSUBW },
	[SIMD_VQSUB_U8] = { SAT, SSE_PSUBUSB, SSE_PSUBB }, [SIMD_VQSUB_U16] = { SAT, SSE_PSUBUSW, SSE_PSUBW },
	[SIMD_VCEQ_I8] = { N_M, SSE_PCMPEQB, 0 }, [SIMD_VCEQ_I16] = { N_M, SSE_PCMPEQW, 0 }, [SIMD_VCEQ_I32] = { N_M, SSE_PCMPEQD, 0 },
	[SIMD_VCGT_S8] = { N_M, SSE_PCMPGTB, 0 }, [SIMD_VCGT_S16] = { N_M, SSE_PCMPGTW, 0 }, [SIMD_VCGT_S32] = { N_M, SSE_PCMPGTD, 0 },
	[SIMD_VCGE_S8] = { GE_BY_MAX, SSE_PMAXSB, SSE_PCMPEQB }, [SIMD_VCGE_S16] = { GE_BY_MAX, SSE_PMAXSW, SSE_PCMPEQW },
	[SIMD_VCGE_S32] = { GE_BY_MAX, SSE_PMAXSD, SSE_PCMPEQD }, [SIMD_VCGE_U8] = { GE_BY_MAX, SSE_PMAXUB, SSE_PCMPEQB },
	[SIMD_VCGE_U16] = { GE_BY_MAX, SSE_PMAXUW, SSE_PCMPEQW }, [SIMD_VCGE_U32] = { GE_BY_MAX, SSE_PMAXUD, SSE_PCMPEQD },
	[SIMD_VCGT_U8] = { GT_BY_MAX, SSE_PMAXUB, SSE_PCMPEQB }, [SIMD_VCGT_U16] = { GT_BY_MAX, SSE_PMAXUW, SSE_PCMPEQW },
	[SIMD_VCGT_U32] = { GT_BY_MAX, SSE_PMAXUD, SSE_PCMPEQD },
	[SIMD_VMAX_S8] = { N_M, SSE_PMAXSB, 0 }, [SIMD_VMAX_S16] = { N_M, SSE_PMAXSW, 0 }, [SIMD_VMAX_S32] = { N_M, SSE_PMAXSD, 0 },
	[SIMD_VMAX_U8] = { N_M, SSE_PMAXUB, 0 }, [SIMD_VMAX_U16] = { N_M, SSE_PMAXUW, 0 }, [SIMD_VMAX_U32] = { N_M, SSE_PMAXUD, 0 },
	[SIMD_VMIN_S8] = { N_M, SSE_PMINSB, 0 }, [SIMD_VMIN_S16] = { N_M, SSE_PMINSW, 0 }, [SIMD_VMIN_S32] = { N_M, SSE_PMINSD, 0 },
	[SIMD_VMIN_U8] = { N_M, SSE_PMINUB, 0 }, [SIMD_VMIN_U16] = { N_M, SSE_PMINUW, 0 }, [SIMD_VMIN_U32] = { N_M, SSE_PMINUD, 0 },
	[SIMD_VRHADD_U8] = { N_M, SSE_PAVGB, 0 }, [SIMD_VRHADD_U16] = { N_M, SSE_PAVGW, 0 },
	[SIMD_VMUL_I16] = { N_M, SSE_PMULLW, 0 }, [SIMD_VMUL_I32] = { N_M, SSE_PMULLD, 0 },
};

/* Saturation is rare, and then C does it again. */
static void saturating(struct emit *e, const struct simple *s)
{
	const unsigned mask = neon_bytes(e) == 16 ? 0xffff : 0xff;
	struct cold *cold = simd_cold(e);
	unsigned a, b, d, r, t = xmm_temp(e);

	flags_clobber(e);
	r = scratch_alloc(e);
	a = operand_n(e);
	b = operand_m(e, 4);
	d = vfp_def(e);
	sse_op3(&e->sse, (enum sse_op)s->op, d, a, x(b));
	sse_op3(&e->sse, (enum sse_op)s->other, t, a, x(b));
	sse_op3(&e->sse, SSE_PCMPEQB, t, t, x(d));
	sse_op2(&e->sse, SSE_PMOVMSKB, W32, r, x(t));
	if (mask == 0xff)
		enc_movzx(&e->enc, W8, r, opnd_reg(r));
	enc_alu(&e->enc, ALU_CMP, W32, opnd_reg(r), opnd_imm(mask));
	cold_jcc(e, cold, CC_NE);
	put(e, d);
	simd_cold_back(e, cold, d, 8 * SIMD_VD(e->op->imm2), neon_bytes(e));
	flags_lost(e);
}

static void one_instruction(struct emit *e, const struct simple *s)
{
	unsigned size = e->op->imm == SIMD_VMUL_I16 ? 2 : 4, a = operand_n(e), b = operand_m(e, size), d = vfp_def(e);

	switch (s->shape) {
	case N_M:
		sse_op3(&e->sse, (enum sse_op)s->op, d, a, x(b));
		break;
	case M_N:
		sse_op3(&e->sse, (enum sse_op)s->op, d, b, x(a));
		break;
	case GE_BY_MAX: /* n >= m: max(n, m) == n */
		sse_op3(&e->sse, (enum sse_op)s->op, d, a, x(b));
		sse_op3(&e->sse, (enum sse_op)s->other, d, d, x(a));
		break;
	default: /* n > m: not max(n, m) == m */
		sse_op3(&e->sse, (enum sse_op)s->op, d, a, x(b));
		sse_op3(&e->sse, (enum sse_op)s->other, d, d, x(b));
		sse_op3(&e->sse, SSE_PXOR, d, d, pool(POOL_ONES));
		break;
	}
	put(e, d);
}

/* --- bits --- */

static void bits(struct emit *e)
{
	struct enc_sse *s = &e->sse;
	unsigned n, m = operand_m(e, 4), c, d, t = xmm_temp(e);

	switch (e->op->imm) {
	case SIMD_VMOV:
		d = vfp_def(e);
		sse_op2(s, SSE_MOVAPS, W32, d, x(m));
		break;
	case SIMD_VMVN:
		d = vfp_def(e);
		sse_op3(s, SSE_PXOR, d, m, pool(POOL_ONES));
		break;
	case SIMD_VORN:
		n = operand_n(e);
		d = vfp_def(e);
		sse_op3(s, SSE_PXOR, d, m, pool(POOL_ONES));
		sse_op3(s, SSE_POR, d, d, x(n));
		break;
	case SIMD_VBSL: /* m ^ ((n ^ m) & c) */
		n = operand_n(e);
		c = old_d(e);
		d = vfp_def(e);
		sse_op3(s, SSE_PXOR, t, n, x(m));
		sse_op3(s, SSE_PAND, t, t, x(c));
		sse_op3(s, SSE_PXOR, d, t, x(m));
		break;
	case SIMD_VBIT: /* c ^ ((c ^ n) & m) */
	default:        /* VBIF: c ^ ((c ^ n) & ~m) */
		n = operand_n(e);
		c = old_d(e);
		d = vfp_def(e);
		sse_op3(s, SSE_PXOR, t, c, x(n));
		if (e->op->imm == SIMD_VBIT)
			sse_op3(s, SSE_PAND, t, t, x(m));
		else
			sse_op3(s, SSE_PANDN, d, m, x(t));
		sse_op3(s, SSE_PXOR, d, e->op->imm == SIMD_VBIT ? t : d, x(c));
		break;
	}
	put(e, d);
}

static void test_bits(struct emit *e, unsigned size)
{
	static const enum sse_op equal[] = { SSE_PCMPEQB, SSE_PCMPEQW, SSE_PCMPEQD };
	unsigned n = operand_n(e), m = operand_m(e, 4), d = vfp_def(e), zero = xmm_temp(e);

	sse_op3(&e->sse, SSE_PXOR, zero, zero, x(zero));
	sse_op3(&e->sse, SSE_PAND, d, n, x(m));
	sse_op3(&e->sse, equal[size], d, d, x(zero));
	sse_op3(&e->sse, SSE_PXOR, d, d, pool(POOL_ONES));
	put(e, d);
}

/* --- differences, products --- */

static const enum sse_op add_ops[] = { SSE_PADDB, SSE_PADDW, SSE_PADDD, SSE_PADDQ };
static const enum sse_op sub_ops[] = { SSE_PSUBB, SSE_PSUBW, SSE_PSUBD, SSE_PSUBQ };

/* @d = |a - b| */
static void absolute_difference(struct emit *e, unsigned d, unsigned t, unsigned a, unsigned b, unsigned size, bool is_unsigned)
{
	static const enum sse_op max[2][3] = { { SSE_PMAXSB, SSE_PMAXSW, SSE_PMAXSD }, { SSE_PMAXUB, SSE_PMAXUW, SSE_PMAXUD } };
	static const enum sse_op min[2][3] = { { SSE_PMINSB, SSE_PMINSW, SSE_PMINSD }, { SSE_PMINUB, SSE_PMINUW, SSE_PMINUD } };

	sse_op3(&e->sse, max[is_unsigned][size], d, a, x(b));
	sse_op3(&e->sse, min[is_unsigned][size], t, a, x(b));
	sse_op3(&e->sse, sub_ops[size], d, d, x(t));
}

static void vabd(struct emit *e, unsigned member, bool accumulate)
{
	unsigned a = operand_n(e), b = operand_m(e, 4), c = accumulate ? old_d(e) : 0, d = vfp_def(e);

	absolute_difference(e, d, xmm_temp(e), a, b, member % 3, member >= 3);
	if (accumulate)
		sse_op3(&e->sse, add_ops[member % 3], d, d, x(c));
	put(e, d);
}

static void product(struct emit *e, unsigned d, unsigned a, unsigned b, unsigned size)
{
	struct enc_sse *s = &e->sse;
	unsigned t, u;

	if (size) {
		sse_op3(s, size == 1 ? SSE_PMULLW : SSE_PMULLD, d, a, x(b));
		return;
	}
	/* even and odd bytes */
	t = xmm_temp(e);
	u = xmm_temp(e);
	sse_op3(s, SSE_PMULLW, d, a, x(b));
	sse_op3(s, SSE_PAND, d, d, pool(POOL_LOW8));
	sse_shift(s, SSE_PSRLW, t, a, 8);
	sse_shift(s, SSE_PSRLW, u, b, 8);
	sse_op3(s, SSE_PMULLW, t, t, x(u));
	sse_shift(s, SSE_PSLLW, t, t, 8);
	sse_op3(s, SSE_POR, d, d, x(t));
}

static void multiply(struct emit *e, unsigned size, int accumulate)
{
	unsigned a = operand_n(e), b = operand_m(e, 1u << size), c = accumulate ? old_d(e) : 0, d = vfp_def(e), p = accumulate ? xmm_temp(e) : d;

	product(e, p, a, b, size);
	if (accumulate)
		sse_op3(&e->sse, accumulate > 0 ? add_ops[size] : sub_ops[size], d, c, x(p));
	put(e, d);
}

static void halving_add(struct emit *e, bool words)
{
	unsigned a = operand_n(e), b = operand_m(e, 4), d = vfp_def(e), t = xmm_temp(e);

	/* the rounded mean less what rounding added */
	sse_op3(&e->sse, SSE_PXOR, t, a, x(b));
	sse_op3(&e->sse, SSE_PAND, t, t, pool(words ? POOL_ONE16 : POOL_ONE8));
	sse_op3(&e->sse, words ? SSE_PAVGW : SSE_PAVGB, d, a, x(b));
	sse_op3(&e->sse, words ? SSE_PSUBW : SSE_PSUBB, d, d, x(t));
	put(e, d);
}

/* --- pairs in D registers --- */

/* @even: elements 0, 2, .. of n and then of m; @odd: the others */
static void pair_up(struct emit *e, unsigned even, unsigned odd, unsigned size)
{
	struct enc_sse *s = &e->sse;
	unsigned n = vfp_use(e, 8 * SIMD_VN(e->op->imm2), 8), m = vfp_use(e, 8 * SIMD_VM(e->op->imm2), 8);

	sse_op3(s, SSE_PUNPCKLQDQ, even, n, x(m));
	if (size == 2)
		sse_op2i(s, SSE_PSHUFD, even, x(even), 0xd8);
	else
		sse_op3(s, SSE_PSHUFB, even, even, pool(size ? POOL_EVEN16 : POOL_EVEN8));
	sse_op2i(s, SSE_PSHUFD, odd, x(even), 0xee);
}

static void pairwise(struct emit *e, enum sse_op op, unsigned size)
{
	unsigned even = xmm_temp(e), odd = xmm_temp(e), d;

	pair_up(e, even, odd, size);
	d = vfp_def(e);
	sse_op3(&e->sse, op, d, even, x(odd));
	put(e, d);
}

/* --- one operand --- */

static void negate_or_absolute(struct emit *e, unsigned size, bool absolute)
{
	static const enum sse_op abs_ops[] = { SSE_PABSB, SSE_PABSW, SSE_PABSD };
	unsigned m = operand_m(e, 4), d = vfp_def(e);

	if (absolute) {
		sse_op2(&e->sse, abs_ops[size], W32, d, x(m));
	} else {
		sse_op3(&e->sse, SSE_PXOR, d, d, x(d));
		sse_op3(&e->sse, sub_ops[size], d, d, x(m));
	}
	put(e, d);
}

static void compare_zero(struct emit *e, enum simd_op first, unsigned size)
{
	static const enum sse_op equal[] = { SSE_PCMPEQB, SSE_PCMPEQW, SSE_PCMPEQD }, greater[] = { SSE_PCMPGTB, SSE_PCMPGTW, SSE_PCMPGTD };
	unsigned m = operand_m(e, 4), d = vfp_def(e), zero = xmm_temp(e);

	sse_op3(&e->sse, SSE_PXOR, zero, zero, x(zero));
	if (first == SIMD_VCEQZ_I8)
		sse_op3(&e->sse, equal[size], d, m, x(zero));
	else if (first == SIMD_VCGTZ_I8 || first == SIMD_VCLEZ_I8)
		sse_op3(&e->sse, greater[size], d, m, x(zero));
	else
		sse_op3(&e->sse, greater[size], d, zero, x(m));
	if (first == SIMD_VCLEZ_I8 || first == SIMD_VCGEZ_I8)
		sse_op3(&e->sse, SSE_PXOR, d, d, pool(POOL_ONES));
	put(e, d);
}

static void count_bits(struct emit *e)
{
	struct enc_sse *s = &e->sse;
	unsigned m = operand_m(e, 4), d = vfp_def(e), low = xmm_temp(e), high = xmm_temp(e), table = xmm_temp(e);

	sse_op2(s, SSE_MOVAPS, W32, table, pool(POOL_COUNTS));
	sse_op3(s, SSE_PAND, low, m, pool(POOL_NIBBLE));
	sse_shift(s, SSE_PSRLW, high, m, 4);
	sse_op3(s, SSE_PAND, high, high, pool(POOL_NIBBLE));
	sse_op3(s, SSE_PSHUFB, d, table, x(low));
	sse_op3(s, SSE_PSHUFB, table, table, x(high));
	sse_op3(s, SSE_PADDB, d, d, x(table));
	put(e, d);
}

/* --- the table of families --- */

#define FAMILY(first, last) SIMD_##first ... SIMD_##last

static bool three_registers(struct emit *e, enum simd_op op)
{
	switch (op) {
	case SIMD_VMOV: case SIMD_VMVN: case SIMD_VORN: case SIMD_VBSL: case SIMD_VBIT: case SIMD_VBIF: bits(e); return true;
	case FAMILY(VTST_I8, VTST_I32): test_bits(e, op - SIMD_VTST_I8); return true;
	case FAMILY(VABD_S8, VABD_U32): vabd(e, op - SIMD_VABD_S8, false); return true;
	case FAMILY(VABA_S8, VABA_U32): vabd(e, op - SIMD_VABA_S8, true); return true;
	case SIMD_VMUL_I8: multiply(e, 0, 0); return true;
	case FAMILY(VMLA_I8, VMLA_I32): multiply(e, op - SIMD_VMLA_I8, 1); return true;
	case FAMILY(VMLS_I8, VMLS_I32): multiply(e, op - SIMD_VMLS_I8, -1); return true;
	case SIMD_VHADD_U8: halving_add(e, false); return true;
	case SIMD_VHADD_U16: halving_add(e, true); return true;
	default: return false;
	}
}

static bool in_pairs(struct emit *e, enum simd_op op)
{
	static const enum sse_op max[] = { SSE_PMAXSB, SSE_PMAXSW, SSE_PMAXSD, SSE_PMAXUB, SSE_PMAXUW, SSE_PMAXUD };
	static const enum sse_op min[] = { SSE_PMINSB, SSE_PMINSW, SSE_PMINSD, SSE_PMINUB, SSE_PMINUW, SSE_PMINUD };

	switch (op) {
	case FAMILY(VPADD_I8, VPADD_I32): pairwise(e, add_ops[op - SIMD_VPADD_I8], op - SIMD_VPADD_I8); return true;
	case FAMILY(VPMAX_S8, VPMAX_U32): pairwise(e, max[op - SIMD_VPMAX_S8], (op - SIMD_VPMAX_S8) % 3); return true;
	case FAMILY(VPMIN_S8, VPMIN_U32): pairwise(e, min[op - SIMD_VPMIN_S8], (op - SIMD_VPMIN_S8) % 3); return true;
	default: return false;
	}
}

static bool one_operand(struct emit *e, enum simd_op op)
{
	switch (op) {
	case FAMILY(VABS_I8, VABS_I32): negate_or_absolute(e, op - SIMD_VABS_I8, true); return true;
	case FAMILY(VNEG_I8, VNEG_I32): negate_or_absolute(e, op - SIMD_VNEG_I8, false); return true;
	case FAMILY(VCEQZ_I8, VCEQZ_I32): compare_zero(e, SIMD_VCEQZ_I8, op - SIMD_VCEQZ_I8); return true;
	case FAMILY(VCGEZ_I8, VCGEZ_I32): compare_zero(e, SIMD_VCGEZ_I8, op - SIMD_VCGEZ_I8); return true;
	case FAMILY(VCGTZ_I8, VCGTZ_I32): compare_zero(e, SIMD_VCGTZ_I8, op - SIMD_VCGTZ_I8); return true;
	case FAMILY(VCLEZ_I8, VCLEZ_I32): compare_zero(e, SIMD_VCLEZ_I8, op - SIMD_VCLEZ_I8); return true;
	case FAMILY(VCLTZ_I8, VCLTZ_I32): compare_zero(e, SIMD_VCLTZ_I8, op - SIMD_VCLTZ_I8); return true;
	case SIMD_VCNT_I8: count_bits(e); return true;
	default: return false;
	}
}

bool emit_simd_int(struct emit *e)
{
	const struct simple *s = &simple[e->op->imm];
	const enum simd_op op = (enum simd_op)e->op->imm;

	if (s->shape == SAT)
		saturating(e, s);
	else if (s->shape)
		one_instruction(e, s);
	else
		return three_registers(e, op) || in_pairs(e, op) || one_operand(e, op);
	return true;
}
