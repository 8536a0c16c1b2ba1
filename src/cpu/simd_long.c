/* simd_long.c - Advanced SIMD on three registers of different lengths (A7.4.2). */
#include "base/base.h"

#include "cpu/simd.h"

#include "cpu/simd_private.h"

/* Q vd = D (or with @wide Q) vn op D vm; a, b: operands widened to WT, c: old element of vd. Sums are modulo, in 64 bits. */
#define LONG(name, nf, NT, wf, WT, wide, expr)                                                                        \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                                              \
	{                                                                                                             \
		const union simd_reg n = simd_load(cpu, SIMD_VN(desc), wide);                                         \
		const union simd_reg m = simd_vm(cpu, desc & ~SIMD_Q, sizeof(NT));                                    \
		union simd_reg d = simd_load(cpu, SIMD_VD(desc), true);                                               \
		for (unsigned i = 0; i < 16 / sizeof(WT); i++) {                                                      \
			const WT a = (wide) ? n.wf[i] : (WT)n.nf[i], b = (WT)m.nf[i];                                 \
			const uint64_t c UNUSED = (uint64_t)d.wf[i];                                                  \
			d.wf[i] = (WT)(expr);                                                                         \
		}                                                                                                     \
		simd_store(cpu, SIMD_VD(desc), true, d);                                                              \
	}
#define LONG_SU(name, wide, expr)                                       \
	LONG(name##_s8, s8, int8_t, s16, int16_t, wide, expr)           \
	LONG(name##_s16, s16, int16_t, s32, int32_t, wide, expr)        \
	LONG(name##_s32, s32, int32_t, s64, int64_t, wide, expr)        \
	LONG(name##_u8, u8, uint8_t, u16, uint16_t, wide, expr)         \
	LONG(name##_u16, u16, uint16_t, u32, uint32_t, wide, expr)      \
	LONG(name##_u32, u32, uint32_t, u64, uint64_t, wide, expr)
#define DISTANCE (a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a)
#define PRODUCT ((uint64_t)a * (uint64_t)b)
LONG_SU(vaddl, false, (uint64_t)a + (uint64_t)b)
LONG_SU(vsubl, false, (uint64_t)a - (uint64_t)b)
LONG_SU(vaddw, true, (uint64_t)a + (uint64_t)b)
LONG_SU(vsubw, true, (uint64_t)a - (uint64_t)b)
LONG_SU(vabdl, false, DISTANCE)
LONG_SU(vabal, false, c + DISTANCE)
LONG_SU(vmull, false, PRODUCT)
LONG_SU(vmlal, false, c + PRODUCT)
LONG_SU(vmlsl, false, c - PRODUCT)

/* Doubled saturated product, then accumulated with saturation: @acc 0 none, 1 added, -1 subtracted. */
#define DOUBLED(name, nf, NT, wf, WT, acc)                                                                               \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                                                 \
	{                                                                                                                \
		const union simd_reg n = simd_load(cpu, SIMD_VN(desc), false);                                           \
		const union simd_reg m = simd_vm(cpu, desc & ~SIMD_Q, sizeof(NT));                                       \
		const unsigned bits = 8 * sizeof(WT);                                                                    \
		union simd_reg d = simd_load(cpu, SIMD_VD(desc), true);                                                  \
		bool qc = false;                                                                                         \
		for (unsigned i = 0; i < 16 / sizeof(WT); i++) {                                                         \
			const int64_t product = sat_signed((__int128)2 * n.nf[i] * m.nf[i], bits, &qc);                  \
			d.wf[i] = (WT)((acc) ? sat_signed((__int128)d.wf[i] + (__int128)(acc)*product, bits, &qc) : product); \
		}                                                                                                        \
		simd_store(cpu, SIMD_VD(desc), true, d);                                                                 \
		simd_set_qc(cpu, qc);                                                                                    \
	}
DOUBLED(vqdmull_s16, s16, int16_t, s32, int32_t, 0)
DOUBLED(vqdmull_s32, s32, int32_t, s64, int64_t, 0)
DOUBLED(vqdmlal_s16, s16, int16_t, s32, int32_t, 1)
DOUBLED(vqdmlal_s32, s32, int32_t, s64, int64_t, 1)
DOUBLED(vqdmlsl_s16, s16, int16_t, s32, int32_t, -1)
DOUBLED(vqdmlsl_s32, s32, int32_t, s64, int64_t, -1)

/* D vd = high half of Q vn op Q vm (+ half) */
#define HIGH(name, wf, WT, nf, NT, expr)                                                                              \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                                              \
	{                                                                                                             \
		const union simd_reg n = simd_load(cpu, SIMD_VN(desc), true), m = simd_load(cpu, SIMD_VM(desc), true); \
		const unsigned bits = 8 * sizeof(NT);                                                                 \
		const uint64_t half UNUSED = (uint64_t)1 << (bits - 1);                                               \
		union simd_reg d;                                                                                     \
		for (unsigned i = 0; i < 8 / sizeof(NT); i++) {                                                       \
			const uint64_t a = n.wf[i], b = m.wf[i];                                                      \
			d.nf[i] = (NT)((uint64_t)(expr) >> bits);                                                     \
		}                                                                                                     \
		simd_store(cpu, SIMD_VD(desc), false, d);                                                             \
	}
#define HIGH_I3(name, expr)                                    \
	HIGH(name##_i8, u16, uint16_t, u8, uint8_t, expr)      \
	HIGH(name##_i16, u32, uint32_t, u16, uint16_t, expr)   \
	HIGH(name##_i32, u64, uint64_t, u32, uint32_t, expr)
HIGH_I3(vaddhn, a + b)
HIGH_I3(vraddhn, a + b + half)
HIGH_I3(vsubhn, a - b)
HIGH_I3(vrsubhn, a - b + half)
