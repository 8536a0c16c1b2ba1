/* simd_shift.c - Advanced SIMD shifts by register and by immediate (A7.4.1, A7.4.4), and the narrowing moves, which are shifts by 0. */
#include "base/base.h"

#include "cpu/simd.h"

#include "cpu/simd_private.h"

/* @v (64 bits, extended) times 2^@shift; right shifts round down, or to nearest (ties up) with @round. Never overflows: huge values stay huge. */
static inline __int128 shifted(__int128 v, int shift, bool round)
{
	if (shift >= 0) {
		if (shift > 63) /* beyond every element whatever the value */
			return v == 0 ? 0 : v < 0 ? -((__int128)1 << 126) : (__int128)1 << 126;
		return v * ((__int128)1 << shift);
	}
	int right = shift < -100 ? 100 : -shift;
	return (v + (round ? (__int128)1 << (right - 1) : 0)) >> right;
}

/* VSHL: only the low bits count, so a left shift past the element gives 0 */
static inline uint64_t plain(__int128 v, int shift, bool round)
{
	return shift > 63 ? 0 : (uint64_t)shifted(v, shift, round);
}

SIMD_BINARY_SU4(vshl, plain(b, (int8_t)a, false))
SIMD_BINARY_SU4(vrshl, plain(b, (int8_t)a, true))
SIMD_BINARY_S4(vqshl, sat_signed(shifted(b, (int8_t)a, false), bits, &qc))
SIMD_BINARY_U4(vqshl, sat_unsigned(shifted(b, (int8_t)a, false), bits, &qc))
SIMD_BINARY_S4(vqrshl, sat_signed(shifted(b, (int8_t)a, true), bits, &qc))
SIMD_BINARY_U4(vqrshl, sat_unsigned(shifted(b, (int8_t)a, true), bits, &qc))

/* --- by immediate --- */
#define IMM SIMD_IMM(desc)
SIMD_BINARY_SU4(vshr, (W)b >> IMM)
SIMD_BINARY_SU4(vsra, (W)c + ((W)b >> IMM))
SIMD_BINARY_SU4(vrshr, ((W)b + ((W)1 << (IMM - 1))) >> IMM)
SIMD_BINARY_SU4(vrsra, (W)c + (((W)b + ((W)1 << (IMM - 1))) >> IMM))
SIMD_BINARY_I4(vshli, (uint64_t)b << IMM)
SIMD_BINARY_I4(vsli, (uint64_t)b << IMM | (c & (((uint64_t)1 << IMM) - 1)))
/* the bits of an element of `bits` bits that a shift right by n leaves to insert into */
#define LOW_MASK(n) ((n) >= 64 ? 0 : (bits == 64 ? ~(uint64_t)0 : ((uint64_t)1 << (bits & 63)) - 1) >> (n))
SIMD_BINARY_I4(vsri, (IMM >= 64 ? 0 : (uint64_t)b >> IMM) | (c & ~LOW_MASK(IMM)))
SIMD_BINARY_S4(vqshli, sat_signed(shifted(b, (int)IMM, false), bits, &qc))
SIMD_BINARY_U4(vqshli, sat_unsigned(shifted(b, (int)IMM, false), bits, &qc))
#define UNSIGNED_SHIFT sat_unsigned(shifted(b, (int)IMM, false), bits, &qc)
SIMD_BINARY(vqshlui_i8, s8, int8_t, int64_t, UNSIGNED_SHIFT)
SIMD_BINARY(vqshlui_i16, s16, int16_t, int64_t, UNSIGNED_SHIFT)
SIMD_BINARY(vqshlui_i32, s32, int32_t, int64_t, UNSIGNED_SHIFT)
SIMD_BINARY(vqshlui_i64, s64, int64_t, __int128, UNSIGNED_SHIFT)

/* --- Q vm -> D vd: w is the wide element shifted, n the narrow element's bits --- */
#define NARROW(name, wf, WT, nf, NT, round, expr)                                                                       \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                                                \
	{                                                                                                               \
		const union simd_reg m = simd_load(cpu, SIMD_VM(desc), true);                                           \
		const unsigned lanes = 8 / sizeof(NT), bits UNUSED = 8 * sizeof(NT);                                    \
		union simd_reg d;                                                                                       \
		bool qc UNUSED = false;                                                                                 \
		for (unsigned i = 0; i < lanes; i++) {                                                                  \
			const __int128 w = shifted((__int128)m.wf[i], -(int)IMM, (round) && IMM);                       \
			d.nf[i] = (NT)(expr);                                                                           \
		}                                                                                                       \
		simd_store(cpu, SIMD_VD(desc), false, d);                                                               \
		simd_set_qc(cpu, qc);                                                                                   \
	}
#define NARROW_S(name, suffix, round, expr)                                              \
	NARROW(name##_##suffix##8, s16, int16_t, u8, uint8_t, round, expr)               \
	NARROW(name##_##suffix##16, s32, int32_t, u16, uint16_t, round, expr)            \
	NARROW(name##_##suffix##32, s64, int64_t, u32, uint32_t, round, expr)
#define NARROW_U(name, suffix, round, expr)                                              \
	NARROW(name##_##suffix##8, u16, uint16_t, u8, uint8_t, round, expr)              \
	NARROW(name##_##suffix##16, u32, uint32_t, u16, uint16_t, round, expr)           \
	NARROW(name##_##suffix##32, u64, uint64_t, u32, uint32_t, round, expr)
NARROW_U(vshrn, i, false, w)
NARROW_U(vrshrn, i, true, w)
NARROW_S(vqshrn, s, false, sat_signed(w, bits, &qc))
NARROW_U(vqshrn, u, false, sat_unsigned(w, bits, &qc))
NARROW_S(vqrshrn, s, true, sat_signed(w, bits, &qc))
NARROW_U(vqrshrn, u, true, sat_unsigned(w, bits, &qc))
NARROW_S(vqshrun, i, false, sat_unsigned(w, bits, &qc))
NARROW_S(vqrshrun, i, true, sat_unsigned(w, bits, &qc))

/* --- D vm -> Q vd --- */
#define WIDEN(name, nf, wf, WT)                                                                                       \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                                              \
	{                                                                                                             \
		const union simd_reg m = simd_load(cpu, SIMD_VM(desc), false);                                        \
		union simd_reg d;                                                                                     \
		for (unsigned i = 0; i < 16 / sizeof(WT); i++)                                                        \
			d.wf[i] = (WT)((uint64_t)(WT)m.nf[i] << IMM);                                                 \
		simd_store(cpu, SIMD_VD(desc), true, d);                                                              \
	}
WIDEN(vshll_s8, s8, s16, int16_t)
WIDEN(vshll_s16, s16, s32, int32_t)
WIDEN(vshll_s32, s32, s64, int64_t)
WIDEN(vshll_u8, u8, u16, uint16_t)
WIDEN(vshll_u16, u16, u32, uint32_t)
WIDEN(vshll_u32, u32, u64, uint64_t)
