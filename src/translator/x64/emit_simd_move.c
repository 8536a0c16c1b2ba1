/* emit_simd_move.c - Advanced SIMD shifts by immediates, widening and narrowing, and operations that move elements about, in SSE. */
#include "base/base.h"
#include "translator/x64/emit_simd.h"

#include "cpu/simd_struct.h"

static struct opnd x(unsigned xmm)
{
	return opnd_reg(xmm);
}
static unsigned use_d(struct emit *e, unsigned d)
{
	return vfp_use(e, 8 * d, 8);
}
static unsigned use_q(struct emit *e, unsigned d)
{
	return vfp_use(e, 8 * d, 16);
}
static unsigned vd_of(const struct emit *e)
{
	return SIMD_VD(e->op->imm2);
}
static unsigned vm_of(const struct emit *e)
{
	return SIMD_VM(e->op->imm2);
}
static void put(struct emit *e, unsigned xmm)
{
	vfp_set(e, xmm, 8 * vd_of(e), neon_bytes(e));
}

/* By log2 of the element's size; there are none of bytes. */
static const uint32_t left[] = { 0, SSE_PSLLW, SSE_PSLLD, SSE_PSLLQ };
static const uint32_t right[] = { 0, SSE_PSRLW, SSE_PSRLD, SSE_PSRLQ };
static const uint32_t add_ops[] = { SSE_PADDB, SSE_PADDW, SSE_PADDD, SSE_PADDQ };
static const uint32_t sub_ops[] = { SSE_PSUBB, SSE_PSUBW, SSE_PSUBD, SSE_PSUBQ };
static const uint8_t ones[] = { POOL_ONE8, POOL_ONE16, POOL_ONE32, POOL_ONE64 };

static void shift_by(struct emit *e, uint32_t op, unsigned dst, unsigned src, unsigned count)
{
	sse_shift(&e->sse, (enum sse_shift)op, dst, src, count);
}
static void op3(struct emit *e, uint32_t op, unsigned dst, unsigned a, unsigned b)
{
	sse_op3(&e->sse, (enum sse_op)op, dst, a, x(b));
}

/* @t = the byte in all bytes */
static void all_bytes(struct emit *e, unsigned t, unsigned byte)
{
	unsigned r = scratch_alloc(e);

	enc_mov(&e->enc, W32, opnd_reg(r), opnd_imm(byte * 0x01010101u));
	sse_op2(&e->sse, SSE_MOVD, W32, t, opnd_reg(r));
	sse_op2i(&e->sse, SSE_PSHUFD, t, x(t), 0);
	scratch_free(e, r);
}

/* --- shifts by immediates --- */

static void shift_right_bytes(struct emit *e, unsigned d, unsigned m, unsigned imm, bool is_signed)
{
	unsigned t = xmm_temp(e);

	if (is_signed && imm == 8)
		imm = 7;
	shift_by(e, SSE_PSRLW, d, m, imm);
	all_bytes(e, t, 0xffu >> imm);
	op3(e, SSE_PAND, d, d, t);
	if (is_signed) { /* the sign's new place spreads upwards */
		all_bytes(e, t, 0x80u >> imm);
		op3(e, SSE_PXOR, d, d, t);
		op3(e, SSE_PSUBB, d, d, t);
	}
}

/* @d = @m >> @imm, 1 to the element's size */
static void shift_right(struct emit *e, unsigned d, unsigned m, unsigned imm, unsigned size, bool is_signed)
{
	unsigned t;

	if (size == 0) {
		shift_right_bytes(e, d, m, imm, is_signed);
	} else if (!is_signed) {
		shift_by(e, right[size], d, m, imm);
	} else if (size < 3) {
		shift_by(e, size == 1 ? SSE_PSRAW : SSE_PSRAD, d, m, imm);
	} else {
		t = xmm_temp(e);
		shift_by(e, SSE_PSRAD, t, m, 31);
		sse_op2i(&e->sse, SSE_PSHUFD, t, x(t), 0xf5);
		op3(e, SSE_PXOR, d, m, t);
		shift_by(e, SSE_PSRLQ, d, d, imm);
		op3(e, SSE_PXOR, d, d, t);
	}
}

/* @d += the last bit that a shift of @m by @imm moves out: rounds */
static void add_rounding(struct emit *e, unsigned d, unsigned m, unsigned imm, unsigned size)
{
	unsigned t = xmm_temp(e);

	shift_by(e, size ? right[size] : SSE_PSRLW, t, m, imm - 1);
	sse_op3(&e->sse, SSE_PAND, t, t, pool((enum simd_constant)ones[size]));
	op3(e, add_ops[size], d, d, t);
}

static void shift_right_op(struct emit *e, unsigned member, bool round, bool accumulate)
{
	const unsigned size = member & 3, imm = SIMD_IMM(e->op->imm2);
	unsigned m = neon_use(e, vm_of(e)), c = accumulate ? neon_use(e, vd_of(e)) : 0, d = vfp_def(e);

	shift_right(e, d, m, imm, size, member < 4);
	if (round)
		add_rounding(e, d, m, imm, size);
	if (accumulate)
		op3(e, add_ops[size], d, d, c);
	put(e, d);
}

static void shift_left_op(struct emit *e, unsigned size)
{
	const unsigned imm = SIMD_IMM(e->op->imm2);
	unsigned m = neon_use(e, vm_of(e)), d = vfp_def(e), t;

	shift_by(e, size ? left[size] : SSE_PSLLW, d, m, imm);
	if (!size) {
		t = xmm_temp(e);
		all_bytes(e, t, 0xffu << imm & 0xff);
		op3(e, SSE_PAND, d, d, t);
	}
	put(e, d);
}

static bool shift_insert(struct emit *e, unsigned size, bool to_left)
{
	const unsigned bits = 8u << size, imm = SIMD_IMM(e->op->imm2);
	unsigned m, c, d, t;

	if (!size)
		return false;
	m = neon_use(e, vm_of(e));
	c = neon_use(e, vd_of(e));
	d = vfp_def(e);
	t = xmm_temp(e);
	shift_by(e, to_left ? left[size] : right[size], d, m, imm);
	shift_by(e, to_left ? left[size] : right[size], t, c, bits - imm);
	shift_by(e, to_left ? right[size] : left[size], t, t, bits - imm);
	op3(e, SSE_POR, d, d, t);
	put(e, d);
	return true;
}

/* --- wider --- */

static void widen(struct emit *e, unsigned d, unsigned m, unsigned size, bool is_unsigned)
{
	static const uint32_t ops[2][3] = { { SSE_PMOVSXBW, SSE_PMOVSXWD, SSE_PMOVSXDQ }, { SSE_PMOVZXBW, SSE_PMOVZXWD, SSE_PMOVZXDQ } };

	sse_op2(&e->sse, (enum sse_op)ops[is_unsigned][size], W32, d, x(m));
}

static void shift_long(struct emit *e, unsigned member)
{
	const unsigned size = member % 3, imm = SIMD_IMM(e->op->imm2);
	unsigned m = use_d(e, vm_of(e)), d = vfp_def(e);

	widen(e, d, m, size, member >= 3);
	if (imm)
		shift_by(e, left[size + 1], d, d, imm);
	vfp_set(e, d, 8 * vd_of(e), 16);
}

/* vn op vm, wide; W: vn is wide already */
static void add_long(struct emit *e, unsigned member, bool subtract, bool wide_n)
{
	const unsigned size = member % 3;
	unsigned vn = SIMD_VN(e->op->imm2), n = wide_n ? use_q(e, vn) : use_d(e, vn), m = use_d(e, vm_of(e)), d = vfp_def(e);
	unsigned a = xmm_temp(e), b = xmm_temp(e);

	widen(e, b, m, size, member >= 3);
	if (!wide_n)
		widen(e, a, n, size, member >= 3);
	op3(e, (subtract ? sub_ops : add_ops)[size + 1], d, wide_n ? n : a, b);
	vfp_set(e, d, 8 * vd_of(e), 16);
}

/* The D register vm, or its element everywhere */
static unsigned long_operand(struct emit *e, unsigned size)
{
	uint32_t desc = e->op->imm2;
	unsigned t;

	if (!(desc & SIMD_SCALAR))
		return use_d(e, SIMD_VM(desc));
	t = vfp_def(e);
	xmm_flush_part(e, 8 * SIMD_VM(desc), 8);
	sse_op2(&e->sse, SSE_MOVSD, W32, t, vfp_opnd(8 * SIMD_VM(desc)));
	if (size == 1)
		sse_op2i(&e->sse, SSE_PSHUFLW, t, x(t), 0x55 * (SIMD_IMM(desc) & 3));
	else
		sse_op2i(&e->sse, SSE_PSHUFD, t, x(t), 0x55 * (SIMD_IMM(desc) & 1));
	return t;
}

static void multiply_long(struct emit *e, unsigned member, int accumulate)
{
	const unsigned size = member % 3;
	const bool is_unsigned = member >= 3;
	unsigned n = use_d(e, SIMD_VN(e->op->imm2)), m = long_operand(e, size), c = accumulate ? use_q(e, vd_of(e)) : 0, d = vfp_def(e);
	unsigned a = xmm_temp(e), b = xmm_temp(e);

	if (size == 2) {
		sse_op2i(&e->sse, SSE_PSHUFD, a, x(n), 0x10);
		sse_op2i(&e->sse, SSE_PSHUFD, b, x(m), 0x10);
		op3(e, is_unsigned ? SSE_PMULUDQ : SSE_PMULDQ, a, a, b);
	} else {
		widen(e, a, n, size, is_unsigned);
		widen(e, b, m, size, is_unsigned);
		op3(e, size ? SSE_PMULLD : SSE_PMULLW, a, a, b);
	}
	if (accumulate)
		op3(e, (accumulate > 0 ? add_ops : sub_ops)[size + 1], d, c, a);
	else
		sse_op2(&e->sse, SSE_MOVAPS, W32, d, x(a));
	vfp_set(e, d, 8 * vd_of(e), 16);
}

static bool difference_long(struct emit *e, unsigned member, bool accumulate)
{
	const unsigned size = member % 3;
	unsigned n, m, c, d, a, b;

	if (size == 2)
		return false;
	n = use_d(e, SIMD_VN(e->op->imm2));
	m = use_d(e, vm_of(e));
	c = accumulate ? use_q(e, vd_of(e)) : 0;
	d = vfp_def(e);
	a = xmm_temp(e);
	b = xmm_temp(e);
	widen(e, a, n, size, member >= 3);
	widen(e, b, m, size, member >= 3);
	op3(e, size ? SSE_PMAXSD : SSE_PMAXSW, d, a, b);
	op3(e, size ? SSE_PMINSD : SSE_PMINSW, a, a, b);
	op3(e, sub_ops[size + 1], d, d, a);
	if (accumulate)
		op3(e, add_ops[size + 1], d, d, c);
	vfp_set(e, d, 8 * vd_of(e), 16);
	return true;
}

/* Sums of neighbours: both halves of the wide elements extended */
static bool pairs_long(struct emit *e, unsigned member, bool accumulate)
{
	const unsigned size = member % 3, half = 8u << size;
	const bool is_unsigned = member >= 3;
	const uint32_t extend = is_unsigned ? right[size + 1] : size ? SSE_PSRAD : SSE_PSRAW;
	unsigned m, c, d, t;

	if (size == 2 && !is_unsigned)
		return false;
	m = neon_use(e, vm_of(e));
	c = accumulate ? neon_use(e, vd_of(e)) : 0;
	d = vfp_def(e);
	t = xmm_temp(e);
	shift_by(e, left[size + 1], t, m, half);
	shift_by(e, extend, t, t, half);
	shift_by(e, extend, d, m, half);
	op3(e, add_ops[size + 1], d, d, t);
	if (accumulate)
		op3(e, add_ops[size + 1], d, d, c);
	put(e, d);
	return true;
}

/* --- narrower --- */

static void truncate(struct emit *e, unsigned d, unsigned m, unsigned size)
{
	static const uint8_t shuffles[] = { POOL_NARROW8, POOL_NARROW16, POOL_NARROW32 };

	sse_op3(&e->sse, SSE_PSHUFB, d, m, pool((enum simd_constant)shuffles[size]));
}

static void shift_narrow(struct emit *e, unsigned size, bool round)
{
	const unsigned imm = SIMD_IMM(e->op->imm2);
	unsigned m = use_q(e, vm_of(e)), d = vfp_def(e), t = xmm_temp(e);

	if (imm) {
		shift_by(e, right[size + 1], t, m, imm);
		if (round)
			add_rounding(e, t, m, imm, size + 1);
	}
	truncate(e, d, imm ? t : m, size);
	vfp_set(e, d, 8 * vd_of(e), 8);
}

static void high_narrow(struct emit *e, unsigned size, bool subtract)
{
	unsigned n = use_q(e, SIMD_VN(e->op->imm2)), m = use_q(e, vm_of(e)), d = vfp_def(e), t = xmm_temp(e);

	op3(e, (subtract ? sub_ops : add_ops)[size + 1], t, n, m);
	shift_by(e, right[size + 1], t, t, 8u << size);
	truncate(e, d, t, size);
	vfp_set(e, d, 8 * vd_of(e), 8);
}

/* When extending the result does not give the shifted value again, something has saturated: C does it and sets QC. */
static bool saturating_narrow(struct emit *e, unsigned size, bool from_signed, bool to_signed, bool round)
{
	static const uint32_t packs[2][2] = { { SSE_PACKUSWB, SSE_PACKUSDW }, { SSE_PACKSSWB, SSE_PACKSSDW } };
	const unsigned imm = SIMD_IMM(e->op->imm2);
	struct cold *cold;
	unsigned m, d, t, back, r;

	if (size == 2)
		return false;
	cold = simd_cold(e);
	flags_clobber(e);
	r = scratch_alloc(e);
	m = use_q(e, vm_of(e));
	d = vfp_def(e);
	t = m;
	if (imm) {
		t = xmm_temp(e);
		shift_right(e, t, m, imm, size + 1, from_signed);
		if (round)
			add_rounding(e, t, m, imm, size + 1);
	}
	back = xmm_temp(e);
	op3(e, packs[to_signed][size], d, t, t);
	widen(e, back, d, size, !to_signed);
	op3(e, SSE_PCMPEQB, back, back, t);
	sse_op2(&e->sse, SSE_PMOVMSKB, W32, r, x(back));
	enc_alu(&e->enc, ALU_CMP, W32, opnd_reg(r), opnd_imm(0xffff));
	cold_jcc(e, cold, CC_NE);
	vfp_set(e, d, 8 * vd_of(e), 8);
	simd_cold_back(e, cold, d, 8 * vd_of(e), 8);
	flags_lost(e);
	return true;
}

/* --- elements moved about --- */

static void reverse(struct emit *e, enum simd_constant shuffle)
{
	unsigned m = neon_use(e, vm_of(e)), d = vfp_def(e);

	sse_op3(&e->sse, SSE_PSHUFB, d, m, pool(shuffle));
	put(e, d);
}

static void extract(struct emit *e)
{
	const unsigned imm = SIMD_IMM(e->op->imm2);
	unsigned n = neon_use(e, SIMD_VN(e->op->imm2)), m = neon_use(e, vm_of(e)), d = vfp_def(e);

	if (e->op->imm2 & SIMD_Q) {
		sse_op3i(&e->sse, SSE_PALIGNR, d, m, x(n), imm);
	} else {
		op3(e, SSE_PUNPCKLQDQ, d, n, m);
		shift_by(e, SSE_PSRLDQ, d, d, imm);
	}
	put(e, d);
}

static void duplicate(struct emit *e, unsigned size)
{
	const unsigned byte = SIMD_IMM(e->op->imm2) << size & 7;
	unsigned d = vfp_def(e);

	xmm_flush_part(e, 8 * vm_of(e), 8);
	/* of the word only: it may just have been stored */
	sse_op2(&e->sse, SSE_MOVSS, W32, d, vfp_opnd(8 * vm_of(e) + (byte & 4)));
	if (size == 0) {
		if (byte & 3)
			shift_by(e, SSE_PSRLD, d, d, 8 * (byte & 3));
		op3(e, SSE_PUNPCKLBW, d, d, d);
	}
	if (size < 2)
		sse_op2i(&e->sse, SSE_PSHUFLW, d, x(d), size && byte & 2 ? 0x55 : 0);
	sse_op2i(&e->sse, SSE_PSHUFD, d, x(d), 0);
	put(e, d);
}

/* Two results: vd then vm */
static void put_both(struct emit *e, unsigned first, unsigned second)
{
	put(e, first);
	vfp_set(e, second, 8 * vm_of(e), neon_bytes(e));
}

static void swap(struct emit *e)
{
	unsigned d = neon_use(e, vd_of(e)), m = neon_use(e, vm_of(e)), first = vfp_def(e), second = vfp_def(e);

	sse_op2(&e->sse, SSE_MOVAPS, W32, first, x(m));
	sse_op2(&e->sse, SSE_MOVAPS, W32, second, x(d));
	put_both(e, first, second);
}

static void transpose(struct emit *e, unsigned size)
{
	const unsigned bits = 8u << size;
	unsigned d = neon_use(e, vd_of(e)), m = neon_use(e, vm_of(e)), first = vfp_def(e), second = vfp_def(e), t = xmm_temp(e);

	shift_by(e, left[size + 1], first, d, bits);
	shift_by(e, right[size + 1], first, first, bits);
	shift_by(e, left[size + 1], t, m, bits);
	op3(e, SSE_POR, first, first, t);
	shift_by(e, right[size + 1], second, m, bits);
	shift_by(e, left[size + 1], second, second, bits);
	shift_by(e, right[size + 1], t, d, bits);
	op3(e, SSE_POR, second, second, t);
	put_both(e, first, second);
}

static void zip(struct emit *e, unsigned size)
{
	static const uint32_t low[] = { SSE_PUNPCKLBW, SSE_PUNPCKLWD, SSE_PUNPCKLDQ }, high[] = { SSE_PUNPCKHBW, SSE_PUNPCKHWD, SSE_PUNPCKHDQ };
	unsigned d = neon_use(e, vd_of(e)), m = neon_use(e, vm_of(e)), first = vfp_def(e), second = vfp_def(e);

	op3(e, low[size], first, d, m);
	if (e->op->imm2 & SIMD_Q)
		op3(e, high[size], second, d, m);
	else
		sse_op2i(&e->sse, SSE_PSHUFD, second, x(first), 0xee);
	put_both(e, first, second);
}

/* Elements 0, 2, .. below, 1, 3, .. above */
static void sort_even_odd(struct emit *e, unsigned d, unsigned m, unsigned size)
{
	if (size == 2)
		sse_op2i(&e->sse, SSE_PSHUFD, d, x(m), 0xd8);
	else
		sse_op3(&e->sse, SSE_PSHUFB, d, m, pool(size ? POOL_EVEN16 : POOL_EVEN8));
}

static void unzip_d(struct emit *e, unsigned d1, unsigned d2, unsigned size)
{
	unsigned a = use_d(e, d1), b = use_d(e, d2), first = vfp_def(e), second = vfp_def(e);

	op3(e, SSE_PUNPCKLQDQ, first, a, b);
	sort_even_odd(e, first, first, size);
	sse_op2i(&e->sse, SSE_PSHUFD, second, x(first), 0xee);
	vfp_set(e, first, 8 * d1, 8);
	vfp_set(e, second, 8 * d2, 8);
}

static void unzip(struct emit *e, unsigned size)
{
	unsigned d, m, first, second, s = xmm_temp(e), t = xmm_temp(e);

	if (!(e->op->imm2 & SIMD_Q)) {
		unzip_d(e, vd_of(e), vm_of(e), size);
		return;
	}
	d = neon_use(e, vd_of(e));
	m = neon_use(e, vm_of(e));
	first = vfp_def(e);
	second = vfp_def(e);
	sort_even_odd(e, s, d, size);
	sort_even_odd(e, t, m, size);
	op3(e, SSE_PUNPCKLQDQ, first, s, t);
	op3(e, SSE_PUNPCKHQDQ, second, s, t);
	put_both(e, first, second);
}

/* VLD2, and VLD4 of words */
static bool split(struct emit *e)
{
	const uint32_t layout = SIMD_IMM(e->op->imm2);
	const unsigned n = SIMD_STRUCT_N(layout), step = SIMD_STRUCT_STEP(layout), regs = SIMD_STRUCT_REGS(layout), size = layout >> 3 & 3;
	unsigned vd = vd_of(e), words[4], out;

	if (SIMD_STRUCT_REVERSE(layout) || size == 3 || vd + (n - 1) * step + regs > 32)
		return false;
	if (n == 2) {
		for (unsigned r = 0; r < regs; r++) {
			e->xmm.pinned = 0;
			unzip_d(e, vd + r, vd + step + r, size);
		}
		return true;
	}
	if (n != 4 || size != 2 || regs != 1)
		return false;
	for (unsigned i = 0; i < 4; i++)
		words[i] = use_d(e, vd + i * step);
	for (unsigned i = 0; i < 4; i++) { /* 0 and 2, and 1 and 3: first elements, second elements */
		out = vfp_def(e);
		op3(e, SSE_PUNPCKLDQ, out, words[i / 2], words[i / 2 + 2]);
		if (i & 1)
			sse_op2i(&e->sse, SSE_PSHUFD, out, x(out), 0xee);
		vfp_set(e, out, 8 * (vd + i * step), 8);
	}
	return true;
}

/* Indices out of range get their top bit set, which gives 0. */
static bool table_lookup(struct emit *e, bool keep)
{
	const unsigned regs = SIMD_IMM(e->op->imm2), vn = SIMD_VN(e->op->imm2);
	unsigned table, m, c, d, t, u;

	if (regs > 2 || vn + regs > 32)
		return false;
	table = vfp_use(e, 8 * vn, 8 * regs);
	m = use_d(e, vm_of(e));
	c = keep ? use_d(e, vd_of(e)) : 0;
	d = vfp_def(e);
	t = xmm_temp(e);
	sse_op3(&e->sse, SSE_PADDUSB, t, m, pool(regs == 1 ? POOL_TABLE8 : POOL_TABLE16));
	if (regs == 1)
		op3(e, SSE_PUNPCKLQDQ, d, table, table);
	op3(e, SSE_PSHUFB, d, regs == 1 ? d : table, t);
	if (keep) {
		u = xmm_temp(e);
		op3(e, SSE_PXOR, u, u, u);
		op3(e, SSE_PCMPGTB, u, u, t);
		op3(e, SSE_PAND, u, u, c);
		op3(e, SSE_POR, d, d, u);
	}
	put(e, d);
	return true;
}

/* --- the table of families --- */

#define FAMILY(first, last) SIMD_##first ... SIMD_##last

static bool shifts(struct emit *e, enum simd_op op)
{
	switch (op) {
	case FAMILY(VSHR_S8, VSHR_U64): shift_right_op(e, op - SIMD_VSHR_S8, false, false); return true;
	case FAMILY(VSRA_S8, VSRA_U64): shift_right_op(e, op - SIMD_VSRA_S8, false, true); return true;
	case FAMILY(VRSHR_S8, VRSHR_U64): shift_right_op(e, op - SIMD_VRSHR_S8, true, false); return true;
	case FAMILY(VRSRA_S8, VRSRA_U64): shift_right_op(e, op - SIMD_VRSRA_S8, true, true); return true;
	case FAMILY(VSRI_I8, VSRI_I64): return shift_insert(e, op - SIMD_VSRI_I8, false);
	case FAMILY(VSLI_I8, VSLI_I64): return shift_insert(e, op - SIMD_VSLI_I8, true);
	case FAMILY(VSHLI_I8, VSHLI_I64): shift_left_op(e, op - SIMD_VSHLI_I8); return true;
	case FAMILY(VSHLL_S8, VSHLL_U32): shift_long(e, op - SIMD_VSHLL_S8); return true;
	default: return false;
	}
}

static bool wider(struct emit *e, enum simd_op op)
{
	switch (op) {
	case FAMILY(VADDL_S8, VADDL_U32): add_long(e, op - SIMD_VADDL_S8, false, false); return true;
	case FAMILY(VSUBL_S8, VSUBL_U32): add_long(e, op - SIMD_VSUBL_S8, true, false); return true;
	case FAMILY(VADDW_S8, VADDW_U32): add_long(e, op - SIMD_VADDW_S8, false, true); return true;
	case FAMILY(VSUBW_S8, VSUBW_U32): add_long(e, op - SIMD_VSUBW_S8, true, true); return true;
	case FAMILY(VMULL_S8, VMULL_U32): multiply_long(e, op - SIMD_VMULL_S8, 0); return true;
	case FAMILY(VMLAL_S8, VMLAL_U32): multiply_long(e, op - SIMD_VMLAL_S8, 1); return true;
	case FAMILY(VMLSL_S8, VMLSL_U32): multiply_long(e, op - SIMD_VMLSL_S8, -1); return true;
	case FAMILY(VABDL_S8, VABDL_U32): return difference_long(e, op - SIMD_VABDL_S8, false);
	case FAMILY(VABAL_S8, VABAL_U32): return difference_long(e, op - SIMD_VABAL_S8, true);
	case FAMILY(VPADDL_S8, VPADDL_U32): return pairs_long(e, op - SIMD_VPADDL_S8, false);
	case FAMILY(VPADAL_S8, VPADAL_U32): return pairs_long(e, op - SIMD_VPADAL_S8, true);
	default: return false;
	}
}

static bool narrower(struct emit *e, enum simd_op op)
{
	switch (op) {
	case FAMILY(VSHRN_I8, VSHRN_I32): shift_narrow(e, op - SIMD_VSHRN_I8, false); return true;
	case FAMILY(VRSHRN_I8, VRSHRN_I32): shift_narrow(e, op - SIMD_VRSHRN_I8, true); return true;
	case FAMILY(VADDHN_I8, VADDHN_I32): high_narrow(e, op - SIMD_VADDHN_I8, false); return true;
	case FAMILY(VSUBHN_I8, VSUBHN_I32): high_narrow(e, op - SIMD_VSUBHN_I8, true); return true;
	case FAMILY(VQSHRN_S8, VQSHRN_S32): return saturating_narrow(e, op - SIMD_VQSHRN_S8, true, true, false);
	case FAMILY(VQSHRN_U8, VQSHRN_U32): return saturating_narrow(e, op - SIMD_VQSHRN_U8, false, false, false);
	case FAMILY(VQRSHRN_S8, VQRSHRN_S32): return saturating_narrow(e, op - SIMD_VQRSHRN_S8, true, true, true);
	case FAMILY(VQRSHRN_U8, VQRSHRN_U32): return saturating_narrow(e, op - SIMD_VQRSHRN_U8, false, false, true);
	case FAMILY(VQSHRUN_I8, VQSHRUN_I32): return saturating_narrow(e, op - SIMD_VQSHRUN_I8, true, false, false);
	case FAMILY(VQRSHRUN_I8, VQRSHRUN_I32): return saturating_narrow(e, op - SIMD_VQRSHRUN_I8, true, false, true);
	default: return false;
	}
}

static bool permutations(struct emit *e, enum simd_op op)
{
	switch (op) {
	case SIMD_VREV16_I8: reverse(e, POOL_REV16_8); return true;
	case SIMD_VREV32_I8: reverse(e, POOL_REV32_8); return true;
	case SIMD_VREV32_I16: reverse(e, POOL_REV32_16); return true;
	case SIMD_VREV64_I8: reverse(e, POOL_REV64_8); return true;
	case SIMD_VREV64_I16: reverse(e, POOL_REV64_16); return true;
	case SIMD_VREV64_I32: reverse(e, POOL_REV64_32); return true;
	case SIMD_VEXT: extract(e); return true;
	case FAMILY(VDUP_I8, VDUP_I32): duplicate(e, op - SIMD_VDUP_I8); return true;
	case SIMD_VSWP: swap(e); return true;
	case FAMILY(VTRN_I8, VTRN_I32): transpose(e, op - SIMD_VTRN_I8); return true;
	case FAMILY(VZIP_I8, VZIP_I32): zip(e, op - SIMD_VZIP_I8); return true;
	case FAMILY(VUZP_I8, VUZP_I32): unzip(e, op - SIMD_VUZP_I8); return true;
	case SIMD_VTBL: return table_lookup(e, false);
	case SIMD_VTBX: return table_lookup(e, true);
	case SIMD_VLD_SPLIT: return split(e);
	default: return false;
	}
}

bool emit_simd_move(struct emit *e)
{
	const enum simd_op op = (enum simd_op)e->op->imm;

	return shifts(e, op) || wider(e, op) || narrower(e, op) || permutations(e, op);
}
