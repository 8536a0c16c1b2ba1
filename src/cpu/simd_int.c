/* simd_int.c - Advanced SIMD on bits and integers: three registers of one length (A7.4.1) and one-operand forms (A7.4.5). */
#include "base/base.h"

#include "cpu/simd.h"

#include "cpu/simd_private.h"

/* --- bits --- */
#define BITS(name, expr) SIMD_BINARY(name, u64, uint64_t, int64_t, expr)
BITS(vmov, b)
BITS(vmvn, ~b)
BITS(vand, a & b)
BITS(vbic, a & ~b)
BITS(vorr, a | b)
BITS(vorn, a | ~b)
BITS(veor, a ^ b)
BITS(vbsl, (a & c) | (b & ~c))
BITS(vbit, (a & b) | (c & ~b))
BITS(vbif, (c & b) | (a & ~b))

/* --- sums and differences --- */
SIMD_BINARY_I4(vadd, a + b)
SIMD_BINARY_I4(vsub, a - b)
SIMD_BINARY_SU3(vhadd, ((W)a + b) >> 1)
SIMD_BINARY_SU3(vrhadd, ((W)a + b + 1) >> 1)
SIMD_BINARY_SU3(vhsub, ((W)a - b) >> 1)
SIMD_BINARY_S4(vqadd, sat_signed((__int128)a + b, bits, &qc))
SIMD_BINARY_U4(vqadd, sat_unsigned((__int128)a + b, bits, &qc))
SIMD_BINARY_S4(vqsub, sat_signed((__int128)a - b, bits, &qc))
SIMD_BINARY_U4(vqsub, sat_unsigned((__int128)a - b, bits, &qc))
SIMD_BINARY_SU3(vabd, (W)a > b ? (W)a - b : (W)b - a)
SIMD_BINARY_SU3(vaba, (W)c + ((W)a > b ? (W)a - b : (W)b - a))

/* --- comparisons --- */
SIMD_BINARY_SU3(vcgt, a > b ? -1 : 0)
SIMD_BINARY_SU3(vcge, a >= b ? -1 : 0)
SIMD_BINARY_I3(vceq, a == b ? -1 : 0)
SIMD_BINARY_I3(vtst, (a & b) != 0 ? -1 : 0)
SIMD_BINARY_SU3(vmax, a > b ? a : b)
SIMD_BINARY_SU3(vmin, a < b ? a : b)

/* --- products --- */
SIMD_BINARY_I3(vmul, (uint64_t)a * b)
SIMD_BINARY_I3(vmla, c + (uint64_t)a * b)
SIMD_BINARY_I3(vmls, c - (uint64_t)a * b)
SIMD_BINARY(vqdmulh_s16, s16, int16_t, int64_t, sat_signed((2 * (W)a * b) >> bits, bits, &qc))
SIMD_BINARY(vqdmulh_s32, s32, int32_t, __int128, sat_signed((2 * (W)a * b) >> bits, bits, &qc))
SIMD_BINARY(vqrdmulh_s16, s16, int16_t, int64_t, sat_signed((2 * (W)a * b + ((W)1 << (bits - 1))) >> bits, bits, &qc))
SIMD_BINARY(vqrdmulh_s32, s32, int32_t, __int128, sat_signed((2 * (W)a * b + ((W)1 << (bits - 1))) >> bits, bits, &qc))

/* PolynomialMult() of bytes */
static uint16_t polynomial(uint8_t a, uint8_t b)
{
	uint16_t product = 0;

	for (unsigned i = 0; i < 8; i++)
		if (a >> i & 1)
			product ^= (uint16_t)(b << i);
	return product;
}

SIMD_BINARY(vmul_p8, u8, uint8_t, int64_t, polynomial(a, b))

void simd_vmull_p8(struct cpu *cpu, uint32_t desc)
{
	const union simd_reg n = simd_load(cpu, SIMD_VN(desc), false), m = simd_load(cpu, SIMD_VM(desc), false);
	union simd_reg d;

	for (unsigned i = 0; i < 8; i++)
		d.u16[i] = polynomial(n.u8[i], m.u8[i]);
	simd_store(cpu, SIMD_VD(desc), true, d);
}

/* --- pairs: vd = {pairs of vn, pairs of vm}; D registers only --- */
#define PAIRWISE(name, f, T, expr)                                                                                    \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                                              \
	{                                                                                                             \
		const unsigned half = 4 / sizeof(T);                                                                  \
		const union simd_reg n = simd_load(cpu, SIMD_VN(desc), false), m = simd_load(cpu, SIMD_VM(desc), false); \
		union simd_reg d;                                                                                     \
		for (unsigned i = 0; i < 2 * half; i++) {                                                             \
			const union simd_reg *from = i < half ? &n : &m;                                              \
			const T a = from->f[2 * (i % half)], b = from->f[2 * (i % half) + 1];                         \
			d.f[i] = (T)(expr);                                                                           \
		}                                                                                                     \
		simd_store(cpu, SIMD_VD(desc), false, d);                                                             \
	}
#define PAIRWISE_SU(name, expr)               \
	PAIRWISE(name##_s8, s8, int8_t, expr) \
	PAIRWISE(name##_s16, s16, int16_t, expr) \
	PAIRWISE(name##_s32, s32, int32_t, expr) \
	PAIRWISE(name##_u8, u8, uint8_t, expr)   \
	PAIRWISE(name##_u16, u16, uint16_t, expr) \
	PAIRWISE(name##_u32, u32, uint32_t, expr)
PAIRWISE_SU(vpmax, a > b ? a : b)
PAIRWISE_SU(vpmin, a < b ? a : b)
PAIRWISE(vpadd_i8, u8, uint8_t, a + b)
PAIRWISE(vpadd_i16, u16, uint16_t, a + b)
PAIRWISE(vpadd_i32, u32, uint32_t, a + b)

/* Sums of neighbours into elements of twice the width */
#define PAIR_LONG(name, f, T, wf, WT, acc)                                                                      \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                                        \
	{                                                                                                       \
		const unsigned lanes = simd_bytes(desc) / sizeof(WT);                                           \
		const union simd_reg m = simd_vm(cpu, desc, sizeof(T));                                         \
		union simd_reg d = simd_vd(cpu, desc);                                                          \
		for (unsigned i = 0; i < lanes; i++) {                                                          \
			const WT sum = (WT)((WT)m.f[2 * i] + (WT)m.f[2 * i + 1]);                               \
			d.wf[i] = (WT)((acc) ? (uint64_t)d.wf[i] + (uint64_t)sum : (uint64_t)sum);              \
		}                                                                                               \
		simd_put(cpu, desc, d);                                                                         \
	}
#define PAIR_LONG_SU(name, acc)                                    \
	PAIR_LONG(name##_s8, s8, int8_t, s16, int16_t, acc)        \
	PAIR_LONG(name##_s16, s16, int16_t, s32, int32_t, acc)     \
	PAIR_LONG(name##_s32, s32, int32_t, s64, int64_t, acc)     \
	PAIR_LONG(name##_u8, u8, uint8_t, u16, uint16_t, acc)      \
	PAIR_LONG(name##_u16, u16, uint16_t, u32, uint32_t, acc)   \
	PAIR_LONG(name##_u32, u32, uint32_t, u64, uint64_t, acc)
PAIR_LONG_SU(vpaddl, 0)
PAIR_LONG_SU(vpadal, 1)

/* --- one operand, b --- */
#define UNARY_S(name, expr)                                   \
	SIMD_BINARY(name##_i8, s8, int8_t, int64_t, expr)     \
	SIMD_BINARY(name##_i16, s16, int16_t, int64_t, expr)  \
	SIMD_BINARY(name##_i32, s32, int32_t, int64_t, expr)
UNARY_S(vabs, b < 0 ? -(W)b : b)
UNARY_S(vneg, -(W)b)
UNARY_S(vqabs, sat_signed(b < 0 ? -(W)b : b, bits, &qc))
UNARY_S(vqneg, sat_signed(-(W)b, bits, &qc))
UNARY_S(vceqz, b == 0 ? -1 : 0)
UNARY_S(vcgez, b >= 0 ? -1 : 0)
UNARY_S(vcgtz, b > 0 ? -1 : 0)
UNARY_S(vclez, b <= 0 ? -1 : 0)
UNARY_S(vcltz, b < 0 ? -1 : 0)

static unsigned leading_zeros(uint32_t v, unsigned bits)
{
	return v ? (unsigned)__builtin_clz(v) - (32 - bits) : bits;
}
SIMD_BINARY_I3(vclz, leading_zeros(b, bits))
/* copies of the sign bit below it */
UNARY_S(vcls, (b < 0 ? __builtin_clz((uint32_t)~b | 1) : __builtin_clz((uint32_t)b | 1)) - (int)(32 - bits) - 1 +
                      ((b == 0 || b == -1) ? 1 : 0))
SIMD_BINARY(vcnt_i8, u8, uint8_t, int64_t, __builtin_popcount(b))
