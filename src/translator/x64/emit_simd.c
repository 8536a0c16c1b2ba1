/* emit_simd.c - copies of VFP registers in xmm registers, the cold path of VFP and Advanced SIMD ops, and their constants. */
#include "base/base.h"
#include "translator/x64/emit_simd.h"

#include <string.h>

#define FIRST_COPY 6
#define XMM_COUNT 16
#define FPSCR_IXC_BIT (1u << 4)

/* --- copies --- */

void xmm_drop_all(struct emit *e)
{
	e->xmm.flushed = 0;
	if (!e->xmm.used)
		return;
	memset(e->xmm.copies, 0, sizeof(e->xmm.copies));
	e->xmm.dirty = 0;
}

void xmm_begin(struct emit *e)
{
	e->sse = (struct enc_sse){ .enc = &e->enc, .pool = e->x64->stubs.pool, .avx = e->x64->host.avx };
	if (unlikely(e->xmm.used)) /* by the last block: there are no copies otherwise */
		memset(e->xmm.copies, 0, sizeof(e->xmm.copies));
	memset(&e->xmm.dirty, 0, sizeof(e->xmm) - offsetof(struct xmm_state, dirty));
}

static bool overlaps(const struct vfp_copy *copy, unsigned offset, unsigned bytes)
{
	return copy->bytes && copy->offset < offset + bytes && offset < copy->offset + copy->bytes;
}

/* The D registers of the bytes. */
static uint32_t d_mask(unsigned offset, unsigned bytes)
{
	return bytes == 16 ? 3u << offset / 8 : 1u << offset / 8;
}

bool xmm_lazy(const struct emit *e)
{
	return x64_opt(e->x64, OPT_LAZY_FP) && x64_opt(e->x64, OPT_INLINE_FP) && !(e->ir->key & KEY_FPMODE);
}

void xmm_move(struct emit *e, bool store, unsigned bytes, unsigned xmm, struct opnd mem)
{
	static const uint32_t ops[2][3] = { { SSE_MOVSS, SSE_MOVSD, SSE_MOVUPS }, { SSE_MOVSS_ST, SSE_MOVSD_ST, SSE_MOVUPS_ST } };

	sse_op2(&e->sse, (enum sse_op)ops[store][bytes / 8], W32, xmm, mem);
}

static bool is_dirty(const struct emit *e, unsigned xmm)
{
	return e->xmm.dirty >> xmm & 1;
}

static void clean(struct emit *e, unsigned xmm)
{
	struct vfp_copy *copy = &e->xmm.copies[xmm];

	if (!is_dirty(e, xmm))
		return;
	xmm_move(e, true, copy->bytes, xmm, vfp_opnd(copy->offset));
	e->xmm.dirty &= (uint16_t)~(1u << xmm);
}

/* The register holds nothing, or something else from now on. */
static void forget(struct emit *e, unsigned xmm)
{
	e->xmm.copies[xmm].bytes = 0;
	e->xmm.dirty &= (uint16_t)~(1u << xmm);
}

void xmm_flush_dirty(struct emit *e)
{
	for (unsigned i = FIRST_COPY; i < XMM_COUNT; i++)
		clean(e, i);
}

void xmm_flush_part(struct emit *e, unsigned offset, unsigned bytes)
{
	if (!e->xmm.dirty)
		return;
	for (unsigned i = FIRST_COPY; i < XMM_COUNT; i++)
		if (overlaps(&e->xmm.copies[i], offset, bytes))
			clean(e, i);
}

void xmm_list_dirty(const struct emit *e, struct vfp_dirty *dirty)
{
	static_assert(MAX_DIRTY == XMM_COUNT - FIRST_COPY, "all can be");
	for (unsigned i = FIRST_COPY; i < XMM_COUNT; i++)
		if (is_dirty(e, i))
			*dirty++ = (struct vfp_dirty){ .offset = e->xmm.copies[i].offset, .xmm = (uint8_t)i, .bytes = e->xmm.copies[i].bytes };
}

void emit_dirty(struct emit *e, const struct vfp_dirty *dirty)
{
	for (unsigned i = 0; i < MAX_DIRTY && dirty[i].bytes; i++)
		xmm_move(e, true, dirty[i].bytes, dirty[i].xmm, vfp_opnd(dirty[i].offset));
}

/*
 * The op's result is about to replace a copy: what the C function wants to find is what is dirty now. (All registers that the op needs were taken
 * before its first instruction that can go there, so what they held is stored already.)
 */
static void note_dirty(struct emit *e)
{
	if (!e->op_cold || e->op_cold->dirty_known)
		return;
	xmm_dirty(e, e->op_cold->dirty);
	e->op_cold->dirty_known = true;
}

/* The bytes get a new value, in memory or in another xmm register. What was dirty and stays is stored. */
static void replaced(struct emit *e, unsigned offset, unsigned bytes)
{
	note_dirty(e);
	for (unsigned i = FIRST_COPY; i < XMM_COUNT; i++) {
		struct vfp_copy *copy = &e->xmm.copies[i];

		if (!overlaps(copy, offset, bytes))
			continue;
		if (copy->offset < offset || copy->offset + copy->bytes > offset + bytes)
			BUG_ON(is_dirty(e, i));
		forget(e, i);
	}
	e->xmm.flushed &= ~d_mask(offset, bytes);
	if (bytes == 16)
		e->xmm.narrow &= ~d_mask(offset, bytes);
	else
		e->xmm.narrow |= d_mask(offset, bytes);
}

void xmm_vfp_written(struct emit *e, unsigned offset, unsigned bytes)
{
	replaced(e, offset, bytes);
}

static unsigned take(struct emit *e)
{
	unsigned oldest = 0;

	for (unsigned i = FIRST_COPY; i < XMM_COUNT; i++) {
		if (e->xmm.pinned >> i & 1)
			continue;
		if (!e->xmm.copies[i].bytes) {
			oldest = i;
			break;
		}
		if (!oldest || e->xmm.copies[i].used < e->xmm.copies[oldest].used)
			oldest = i;
	}
	BUG_ON(!oldest);
	clean(e, oldest);
	forget(e, oldest);
	e->xmm.pinned |= (uint16_t)(1u << oldest);
	e->xmm.used = true;
	return oldest;
}

static void remember(struct emit *e, unsigned xmm, unsigned offset, unsigned bytes)
{
	e->xmm.dirty &= (uint16_t)~(1u << xmm);
	e->xmm.copies[xmm] = (struct vfp_copy){ .offset = (uint16_t)offset, .bytes = (uint8_t)bytes, .used = ++e->xmm.clock };
}

static void load(struct emit *e, unsigned xmm, unsigned offset, unsigned bytes)
{
	struct opnd high = vfp_opnd(offset + 8);

	if (bytes == 4) {
		sse_op2(&e->sse, SSE_MOVSS, W32, xmm, vfp_opnd(offset));
	} else if (bytes == 8) {
		sse_op2(&e->sse, SSE_MOVSD, W32, xmm, vfp_opnd(offset));
	} else if (e->xmm.narrow & d_mask(offset, bytes)) {
		/* One load of what two stores wrote would wait for both to reach the cache. */
		sse_op2(&e->sse, SSE_MOVSD, W32, xmm, vfp_opnd(offset));
		sse_op3(&e->sse, SSE_MOVHPS, xmm, xmm, high);
	} else {
		sse_op2(&e->sse, SSE_MOVUPS, W32, xmm, vfp_opnd(offset));
	}
}

/* A scalar op that reads the register soon */
static bool used_soon(const struct emit *e, unsigned offset, unsigned bytes)
{
	unsigned n = offset / bytes, end = MIN(e->i + 24u, e->ir->count);

	for (unsigned i = e->i + 1; i < end; i++) {
		const struct ir_insn *op = &e->ir->ops[i];
		uint32_t desc = op->imm2;

		if (op->op == IR_LABEL || op->op == IR_CALL)
			return false;
		if (op->op != IR_SIMD || op->imm >= SIMD_F64_CMPZ || (op->imm & 1) != (bytes == 8))
			continue;
		if (SIMD_VN(desc) == n || SIMD_VM(desc) == n || (SIMD_VD(desc) == n && simd_info[op->imm].attr & (SIMD_ACC | SIMD_CMP)))
			return true;
	}
	return false;
}

void xmm_loaded(struct emit *e, unsigned offset, unsigned bytes, unsigned reg)
{
	unsigned xmm;

	static_assert(SIMD_F32_ADD == 0, "bit 0 of a scalar operation tells its size");
	xmm_vfp_written(e, offset, bytes);
	if (!x64_opt(e->x64, OPT_INLINE_FP) || e->ir->key & KEY_FPMODE || !used_soon(e, offset, bytes))
		return;
	e->xmm.pinned = 0;
	xmm = take(e);
	sse_op2(&e->sse, SSE_MOVD, bytes == 8 ? W64 : W32, xmm, opnd_reg(reg));
	remember(e, xmm, offset, bytes);
}

unsigned vfp_use(struct emit *e, unsigned offset, unsigned bytes)
{
	unsigned xmm;

	for (unsigned i = FIRST_COPY; i < XMM_COUNT; i++) {
		struct vfp_copy *copy = &e->xmm.copies[i];

		if (copy->bytes == bytes && copy->offset == offset) {
			copy->used = ++e->xmm.clock;
			e->xmm.pinned |= (uint16_t)(1u << i);
			return i;
		}
	}
	xmm = take(e);
	xmm_flush_part(e, offset, bytes);
	load(e, xmm, offset, bytes);
	remember(e, xmm, offset, bytes);
	return xmm;
}

unsigned vfp_def(struct emit *e)
{
	return take(e);
}

void vfp_set(struct emit *e, unsigned xmm, unsigned offset, unsigned bytes)
{
	note_dirty(e);
	/* wider ones that it is a part of */
	for (unsigned i = FIRST_COPY; i < XMM_COUNT; i++) {
		const struct vfp_copy *copy = &e->xmm.copies[i];

		if (overlaps(copy, offset, bytes) && (copy->offset < offset || copy->offset + copy->bytes > offset + bytes))
			clean(e, i);
	}
	if (!xmm_lazy(e))
		xmm_move(e, true, bytes, xmm, vfp_opnd(offset));
	replaced(e, offset, bytes);
	remember(e, xmm, offset, bytes);
	if (xmm_lazy(e))
		e->xmm.dirty |= (uint16_t)(1u << xmm);
}

unsigned xmm_find(struct emit *e, unsigned offset, unsigned bytes)
{
	for (unsigned i = FIRST_COPY; i < XMM_COUNT; i++)
		if (e->xmm.copies[i].bytes == bytes && e->xmm.copies[i].offset == offset)
			return i;
	return HOST_REG_NONE;
}

unsigned xmm_take(struct emit *e)
{
	e->xmm.pinned = 0;
	return take(e);
}

void xmm_took(struct emit *e, unsigned xmm, unsigned offset, unsigned bytes)
{
	vfp_set(e, xmm, offset, bytes);
}

unsigned xmm_temp(struct emit *e)
{
	BUG_ON(e->xmm.temps == FIRST_COPY);
	return e->xmm.temps++;
}

/* --- the cold way --- */

struct cold *simd_cold(struct emit *e)
{
	struct cold *cold = cold_add(e, COLD_SIMD);

	e->has_simd_cold = true;
	memset((uint8_t *)cold + COLD_CLEARED, 0, sizeof(*cold) - COLD_CLEARED);
	cold->pc = e->op->imm2;
	cold->site = (uint16_t)e->op->imm;
	e->op_cold = cold;
	return cold;
}

void simd_cold_back(struct emit *e, struct cold *cold, unsigned xmm, unsigned offset, unsigned bytes)
{
	cold->reg = (uint8_t)xmm;
	cold->size = (uint8_t)bytes;
	cold->count = (uint16_t)offset;
	cold->back = enc_here(&e->enc);
	note_dirty(e);
}

void simd_need_ixc(struct emit *e, struct cold *cold)
{
	if (e->x64->fp_traps)
		return;
	enc_test(&e->enc, W8, CPU_OPND(fpscr), opnd_imm(FPSCR_IXC_BIT));
	cold_jcc(e, cold, CC_E);
}

void simd_trap_least(struct emit *e, unsigned x, enum sse_op multiply, enum simd_constant half)
{
	sse_op3(&e->sse, multiply, xmm_temp(e), x, pool(half));
}

/* xmm3 = all ones where 2v + 2^24 is above that of the least normal number, or where the value is zero if @zero. */
static void value_fits(struct emit *e, unsigned v, bool zero)
{
	struct enc_sse *s = &e->sse;

	sse_op3(s, SSE_PADDD, 3, v, opnd_reg(v));
	if (zero) {
		sse_op3(s, SSE_PXOR, 4, 4, opnd_reg(4));
		sse_op3(s, SSE_PCMPEQD, 4, 4, opnd_reg(3));
	}
	sse_op3(s, SSE_PADDD, 3, 3, pool(POOL_STEP32));
	sse_op2(s, SSE_MOVAPS, W32, 5, opnd_reg(3));
	sse_op3(s, SSE_PMAXUD, 5, 5, pool(POOL_LEAST32));
	sse_op3(s, SSE_PCMPEQD, 3, 3, opnd_reg(5));
	if (zero)
		sse_op3(s, SSE_POR, 3, 3, opnd_reg(4));
}

/* The quick check of NEON arithmetic does not let zeros pass: they do if no product has become zero. xmm1, xmm3-xmm5 are free, xmm0 may be a product. */
static void check_zeros(struct emit *e, const struct cold *cold)
{
	struct enc_sse *s = &e->sse;
	const struct zero_check *zero = &cold->zeros;

	sse_op2(s, SSE_MOVAPS, W32, 1, pool(POOL_ONES));
	for (unsigned i = 0; i < zero->count; i++) {
		value_fits(e, zero->values[i], true);
		sse_op3(s, SSE_PAND, 1, 1, opnd_reg(3));
	}
	if (zero->product) {
		value_fits(e, 0, false);
		for (unsigned i = 0; i < 2; i++) {
			sse_op3(s, SSE_PADDD, 4, zero->factors[i], opnd_reg(zero->factors[i]));
			sse_op3(s, SSE_PXOR, 5, 5, opnd_reg(5));
			sse_op3(s, SSE_PCMPEQD, 4, 4, opnd_reg(5));
			sse_op3(s, SSE_POR, 3, 3, opnd_reg(4));
		}
		sse_op3(s, SSE_PAND, 1, 1, opnd_reg(3));
	}
	sse_op2(s, SSE_MOVMSKPS, W32, zero->scratch, opnd_reg(1));
	enc_not(&e->enc, W32, opnd_reg(zero->scratch));
	enc_test(&e->enc, W8, opnd_reg(zero->scratch), opnd_imm(cold->zeros.mask));
	enc_jcc_to(&e->enc, CC_E, cold->zeros.back);
}

/* A scalar product or quotient of zero: back when it is one because an operand is. 0 times infinity is not zero. */
static void check_scalar_zero(struct emit *e, const struct zero_check *zero, unsigned v, enum host_cc cc, uint8_t **where)
{
	const enum width w = zero->dbl ? W64 : W32;

	sse_op2(&e->sse, SSE_MOVD_ST, w, v, opnd_reg(zero->scratch));
	enc_alu(&e->enc, ALU_ADD, w, opnd_reg(zero->scratch), opnd_reg(zero->scratch));
	if (where)
		*where = enc_jcc8(&e->enc, cc);
	else
		enc_jcc_to(&e->enc, cc, zero->back);
}

static void check_scalar(struct emit *e, const struct zero_check *zero)
{
	uint8_t *no = NULL;

	check_scalar_zero(e, zero, zero->values[0], CC_NE, &no);
	check_scalar_zero(e, zero, zero->factors[0], CC_E, NULL);
	if (zero->factors[1] != zero->factors[0])
		check_scalar_zero(e, zero, zero->factors[1], CC_E, NULL);
	enc_bind8(&e->enc, no);
}

/* A comparison whose flags go on in EFLAGS: @order as compare() wants it, from FPSCR. */
static void comparison_order(struct emit *e, unsigned order)
{
	static const struct {
		uint8_t flag, order;
	} flags[] = { { 0x10, 0x80 }, { 0x80, 0 }, { 0x40, 1 } }; /* V: unordered; N: less; Z: equal */
	struct opnd top = CPU_OPND(fpscr);
	uint8_t *done[ARRAY_SIZE(flags)];

	top.disp += 3;
	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++) {
		enc_mov(&e->enc, W32, opnd_reg(order), opnd_imm(flags[i].order));
		enc_test(&e->enc, W8, top, opnd_imm(flags[i].flag));
		done[i] = enc_jcc8(&e->enc, CC_NE);
	}
	enc_mov(&e->enc, W32, opnd_reg(order), opnd_imm(2));
	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++)
		enc_bind8(&e->enc, done[i]);
}

void emit_simd_cold(struct emit *e, struct cold *cold)
{
	struct enc *enc = &e->enc;

	cold->entry = offset_here(e);
	if (cold->zeros.jump) {
		/* only one of the jumps comes here; the others go on behind */
		enc_bind32(enc, cold->zeros.jump);
		if (cold->zeros.scalar)
			check_scalar(e, &cold->zeros);
		else
			check_zeros(e, cold);
	}
	for (unsigned i = 0; i < cold->jump_count; i++)
		enc_bind32(enc, cold->jumps[i]);
	emit_dirty(e, cold->dirty);
	enc_push_imm(enc, (int32_t)cold->pc);
	enc_push_imm(enc, (int32_t)cold->site);
	enc_call_to(enc, e->x64->stubs.simd_cold);
	if (cold->size)
		sse_op2(&e->sse, cold->size == 4 ? SSE_MOVSS : cold->size == 8 ? SSE_MOVSD : SSE_MOVUPS, W32, cold->reg, vfp_opnd(cold->count));
	if (cold->it)
		comparison_order(e, cold->spare);
	enc_jmp_to(enc, cold->back);
}

/* --- the op --- */

bool emit_simd_inline(struct emit *e)
{
	uint32_t from = offset_here(e);
	bool done;

	e->xmm.temps = 0;
	e->xmm.pinned = 0;
	e->op_cold = NULL;
	done = e->op->imm < SIMD_VMOV ? emit_simd_vfp(e) : emit_simd_int(e) || emit_simd_move(e) || emit_simd_float(e);
	e->xmm.pinned = 0;
	if (e->op_cold && e->x64->fp_traps) {
		e->op_cold->from = from;
		e->op_cold->to = offset_here(e);
	}
	e->op_cold = NULL;
	return done;
}

/* --- shared code --- */

static const uint8_t saved_scratch[] = { RAX, RCX, RDX };
static const uint8_t saved_homes[] = { RSI, RDI, R8, R9, R10, R11 };
#define SAVED_XMM (16 * (XMM_COUNT - FIRST_COPY))
#define COLD_FRAME 240 /* 10 xmm, 9 registers, EFLAGS: a multiple of 16 */

static void saved(struct enc_sse *s, bool restore)
{
	int32_t at = SAVED_XMM;

	for (unsigned i = FIRST_COPY; i < XMM_COUNT; i++)
		sse_op2(s, restore ? SSE_MOVUPS : SSE_MOVUPS_ST, W32, i, opnd_mem(RSP, 16 * (int32_t)(i - FIRST_COPY)));
	for (unsigned i = 0; i < ARRAY_SIZE(saved_scratch) + ARRAY_SIZE(saved_homes); i++, at += 8) {
		unsigned reg = i < ARRAY_SIZE(saved_scratch) ? saved_scratch[i] : saved_homes[i - ARRAY_SIZE(saved_scratch)];

		if (restore)
			enc_mov(s->enc, W64, opnd_reg(reg), opnd_mem(RSP, at));
		else
			enc_mov(s->enc, W64, opnd_mem(RSP, at), opnd_reg(reg));
	}
}

/* On the stack: descriptor, operation, return address. All registers and EFLAGS are kept. */
void simd_stubs(struct x64 *x64, struct enc *enc)
{
	static const uint64_t constants[POOL_COUNT][2] = {
#define POOL(name, low, high) { low, high },
		SIMD_POOL(POOL)
#undef POOL
	};
	struct enc_sse s = { .enc = enc, .avx = x64->host.avx };

	static_assert(SAVED_XMM + 8 * (ARRAY_SIZE(saved_scratch) + ARRAY_SIZE(saved_homes)) + 8 <= COLD_FRAME, "the frame holds them");
	enc_align(enc, 16);
	x64->stubs.pool = enc_here(enc);
	for (unsigned i = 0; i < POOL_COUNT; i++)
		for (unsigned word = 0; word < 4; word++)
			enc_u32(enc, (uint32_t)(constants[i][word / 2] >> 32 * (word & 1)));
	x64->stubs.simd_cold = enc_here(enc);
	enc_pushfq(enc);
	enc_lea(enc, W64, RSP, opnd_mem(RSP, 8 - COLD_FRAME));
	saved(&s, false);
	emit_mxcsr_c(enc);
	enc_lea(enc, W64, RDI, opnd_mem(RBP, -CPU_BIAS));
	enc_mov(enc, W32, opnd_reg(RAX), opnd_mem(RSP, COLD_FRAME + 8));
	enc_mov(enc, W32, opnd_reg(RSI), opnd_mem(RSP, COLD_FRAME + 16));
	enc_imul_imm(enc, W32, RAX, opnd_reg(RAX), sizeof(struct simd_info));
	enc_mov_imm64(enc, RCX, (uintptr_t)simd_info);
	enc_call_opnd(enc, opnd_sib(RCX, RAX, 0, offsetof(struct simd_info, fn)));
	emit_mxcsr(enc, RAX);
	saved(&s, true);
	enc_lea(enc, W64, RSP, opnd_mem(RSP, COLD_FRAME - 8));
	enc_popfq(enc);
	enc_u8(enc, 0xc2); /* ret 16 */
	enc_u8(enc, 16);
	enc_u8(enc, 0);
}
