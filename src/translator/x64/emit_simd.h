/*
 * emit_simd.h - between the emit_simd*.c files: copies of VFP registers in xmm registers, constants, and the cold way out.
 *
 * xmm6-xmm15 hold what was loaded, read or written in this block, and may be ahead of cpu->vfp (dirty); xmm0-xmm5 are free within
 * one op. An op that finds operands or results for which the host's arithmetic may not be the architecture's, or traps, goes on in cold code that stores
 * what is dirty and calls the C function (cpu/simd.h). All registers an op needs are taken before its first instruction that can go there. See docs/fp.md.
 */
#ifndef DBTVM_TRANSLATOR_X64_EMIT_SIMD_H
#define DBTVM_TRANSLATOR_X64_EMIT_SIMD_H

#include "cpu/simd.h"
#include "translator/x64/emit.h"

/* POOL(name, low 64 bits, high 64 bits) */
#define SIMD_POOL(POOL)                                                                   \
	POOL(ONES, ~0ull, ~0ull)                                                          \
	POOL(SIGN32, 0x8000000080000000, 0x8000000080000000)                              \
	POOL(ABS32, 0x7fffffff7fffffff, 0x7fffffff7fffffff)                               \
	POOL(SIGN64, 0x8000000000000000, 0x8000000000000000)                              \
	POOL(ABS64, 0x7fffffffffffffff, 0x7fffffffffffffff)                               \
	POOL(INFINITE64, 0xffe0000000000000, 0)                                           \
	POOL(LEAST64, 0x0040000000000000, 0)                                              \
	POOL(SPAN64, 0xffa0000000000000, 0)                                               \
	POOL(STEP32, 0x0100000001000000, 0x0100000001000000)                              \
	POOL(LEAST32, 0x0200000102000001, 0x0200000102000001)                             \
	POOL(NORMAL32, 0x00ffffff00ffffff, 0x00ffffff00ffffff)                            \
	POOL(HALF32, 0x3f0000003f000000, 0x3f0000003f000000)                              \
	POOL(HALF64, 0x3fe0000000000000, 0x3fe0000000000000)                              \
	POOL(TWO32, 0x4000000040000000, 0x4000000040000000)                               \
	POOL(LOW8, 0x00ff00ff00ff00ff, 0x00ff00ff00ff00ff)                                \
	POOL(ONE8, 0x0101010101010101, 0x0101010101010101)                                \
	POOL(ONE16, 0x0001000100010001, 0x0001000100010001)                               \
	POOL(ONE32, 0x0000000100000001, 0x0000000100000001)                               \
	POOL(ONE64, 1, 1)                                                                 \
	POOL(REV16_8, 0x0607040502030001, 0x0e0f0c0d0a0b0809)                             \
	POOL(REV32_8, 0x0405060700010203, 0x0c0d0e0f08090a0b)                             \
	POOL(REV32_16, 0x0504070601000302, 0x0d0c0f0e09080b0a)                            \
	POOL(REV64_8, 0x0001020304050607, 0x08090a0b0c0d0e0f)                             \
	POOL(REV64_16, 0x0100030205040706, 0x09080b0a0d0c0f0e)                            \
	POOL(REV64_32, 0x0302010007060504, 0x0b0a09080f0e0d0c)                            \
	POOL(NARROW8, 0x0e0c0a0806040200, 0x8080808080808080)                             \
	POOL(NARROW16, 0x0d0c090805040100, 0x8080808080808080)                            \
	POOL(NARROW32, 0x0b0a090803020100, 0x8080808080808080)                            \
	POOL(TABLE8, 0x7878787878787878, 0x7878787878787878)                              \
	POOL(TABLE16, 0x7070707070707070, 0x7070707070707070)                             \
	POOL(NIBBLE, 0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f)                              \
	POOL(COUNTS, 0x0302020102010100, 0x0403030203020201)                              \
	POOL(EVEN8, 0x0e0c0a0806040200, 0x0f0d0b0907050301)                               \
	POOL(EVEN16, 0x0d0c090805040100, 0x0f0e0b0a07060302)

enum simd_constant {
#define POOL(name, low, high) POOL_##name,
	SIMD_POOL(POOL)
#undef POOL
	POOL_COUNT
};
static inline struct opnd pool(enum simd_constant which)
{
	return (struct opnd){ .kind = OPND_MEM, .reg = HOST_REG_NONE, .index = OPND_NO_INDEX, .disp = 16 * (int32_t)which };
}

/* Byte offsets into cpu->vfp */
static inline struct opnd vfp_opnd(unsigned offset)
{
	struct opnd o = CPU_OPND(vfp);

	o.disp += (int32_t)offset;
	return o;
}

/* A register that holds the @bytes (4, 8, 16) at @offset. */
unsigned vfp_use(struct emit *e, unsigned offset, unsigned bytes);
/* One for a result; then vfp_set() remembers that it holds these bytes. */
unsigned vfp_def(struct emit *e);
void vfp_set(struct emit *e, unsigned xmm, unsigned offset, unsigned bytes);
/* xmm0-xmm5 in turn */
unsigned xmm_temp(struct emit *e);

/* The current op's way to the C function. It comes back to cold->back with the result of @bytes at @offset in @xmm, if bytes. */
struct cold *simd_cold(struct emit *e);
void simd_cold_back(struct emit *e, struct cold *cold, unsigned xmm, unsigned offset, unsigned bytes);
/* Jumps when FPSCR.IXC is clear: an inexact result would have to set it. */
void simd_need_ixc(struct emit *e, struct cold *cold);

/*
 * With traps: one of @x's lanes, none of which is subnormal, traps if it is of the least exponent. Half of it is tiny then, and tiny results trap even
 * if they are exact; nothing else here does.
 */
void simd_trap_least(struct emit *e, unsigned x, enum sse_op multiply, enum simd_constant half);

/* Operands and result of an Advanced SIMD op by its descriptor. */
static inline unsigned neon_bytes(const struct emit *e)
{
	return e->op->imm2 & SIMD_Q ? 16 : 8;
}
static inline unsigned neon_use(struct emit *e, unsigned d)
{
	return vfp_use(e, 8 * d, neon_bytes(e));
}

/* True: the current op was emitted. */
bool emit_simd_vfp(struct emit *e);
bool emit_simd_float(struct emit *e);
bool emit_simd_int(struct emit *e);
bool emit_simd_move(struct emit *e);
/* Cold code of an op. */
void emit_simd_cold(struct emit *e, struct cold *cold);
/* Constants and the stub. */
void simd_stubs(struct x64 *x64, struct enc *enc);

#endif
