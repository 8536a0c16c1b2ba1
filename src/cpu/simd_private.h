/* simd_private.h - operands of the simd_*.c files. */
#ifndef DBTVM_CPU_SIMD_PRIVATE_H
#define DBTVM_CPU_SIMD_PRIVATE_H

#include "cpu/cpu.h"
#include "cpu/simd.h"

/* A D or Q register; guest lanes are in the host's (little-endian) order. */
union simd_reg {
	uint8_t u8[16];
	int8_t s8[16];
	uint16_t u16[8];
	int16_t s16[8];
	uint32_t u32[4];
	int32_t s32[4];
	uint64_t u64[2];
	int64_t s64[2];
};

static inline unsigned simd_bytes(uint32_t desc)
{
	return desc & SIMD_Q ? 16 : 8;
}

static inline union simd_reg simd_load(const struct cpu *cpu, unsigned n, bool q)
{
	return (union simd_reg){.u64 = {cpu->vfp.d[n], q ? cpu->vfp.d[(n + 1) & 31] : 0}};
}

static inline void simd_store(struct cpu *cpu, unsigned n, bool q, union simd_reg r)
{
	cpu->vfp.d[n] = r.u64[0];
	if (q)
		cpu->vfp.d[(n + 1) & 31] = r.u64[1];
}

static inline union simd_reg simd_vd(const struct cpu *cpu, uint32_t desc)
{
	return simd_load(cpu, SIMD_VD(desc), desc & SIMD_Q);
}
static inline union simd_reg simd_vn(const struct cpu *cpu, uint32_t desc)
{
	return simd_load(cpu, SIMD_VN(desc), desc & SIMD_Q);
}
/* The second operand: vm, or its element imm of @size bytes (2 or 4) in all elements. */
static inline union simd_reg simd_vm(const struct cpu *cpu, uint32_t desc, unsigned size)
{
	union simd_reg m = simd_load(cpu, SIMD_VM(desc), desc & SIMD_Q);

	if (unlikely(desc & SIMD_SCALAR)) {
		unsigned index = SIMD_IMM(desc);
		uint64_t all = size == 2 ? m.u16[index & 3] * 0x0001000100010001ull : m.u32[index & 1] * 0x0000000100000001ull;
		m.u64[0] = m.u64[1] = all;
	}
	return m;
}
static inline void simd_put(struct cpu *cpu, uint32_t desc, union simd_reg r)
{
	simd_store(cpu, SIMD_VD(desc), desc & SIMD_Q, r);
}

static inline void simd_set_qc(struct cpu *cpu, bool saturated)
{
	if (saturated)
		cpu->fpscr |= FPSCR_QC;
}

/* SignedSatQ(), UnsignedSatQ() */
static inline int64_t sat_signed(__int128 v, unsigned bits, bool *qc)
{
	const __int128 max = ((__int128)1 << (bits - 1)) - 1;

	if (v > max) {
		*qc = true;
		return (int64_t)max;
	}
	if (v < -max - 1) {
		*qc = true;
		return (int64_t)(-max - 1);
	}
	return (int64_t)v;
}
static inline uint64_t sat_unsigned(__int128 v, unsigned bits, bool *qc)
{
	const __int128 max = ((__int128)1 << bits) - 1;

	if (v > max) {
		*qc = true;
		return (uint64_t)max;
	}
	if (v < 0) {
		*qc = true;
		return 0;
	}
	return (uint64_t)v;
}

/*
 * Bodies. In an expression a is the element of vn, b of vm, c the old one of vd, W a type wide enough for sums and shifts,
 * qc what collects saturation.
 */
#define SIMD_BINARY(name, f, T, W_, expr)                                                                            \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                                             \
	{                                                                                                            \
		typedef W_ W;                                                                                        \
		const unsigned lanes = simd_bytes(desc) / sizeof(T), bits UNUSED = 8 * sizeof(T);                    \
		const union simd_reg n = simd_vn(cpu, desc), m = simd_vm(cpu, desc, sizeof(T));                      \
		union simd_reg d = simd_vd(cpu, desc);                                                               \
		bool qc UNUSED = false;                                                                              \
		for (unsigned i = 0; i < lanes; i++) {                                                               \
			const T a UNUSED = n.f[i], b UNUSED = m.f[i], c UNUSED = d.f[i];                             \
			const W w UNUSED = 0;                                                                        \
			d.f[i] = (T)(expr);                                                                          \
		}                                                                                                    \
		simd_put(cpu, desc, d);                                                                              \
		simd_set_qc(cpu, qc);                                                                                \
	}
#define SIMD_BINARY_I3(name, expr)                           \
	SIMD_BINARY(name##_i8, u8, uint8_t, int64_t, expr)   \
	SIMD_BINARY(name##_i16, u16, uint16_t, int64_t, expr) \
	SIMD_BINARY(name##_i32, u32, uint32_t, int64_t, expr)
#define SIMD_BINARY_I4(name, expr)  \
	SIMD_BINARY_I3(name, expr)  \
	SIMD_BINARY(name##_i64, u64, uint64_t, __int128, expr)
#define SIMD_BINARY_S3(name, expr)                           \
	SIMD_BINARY(name##_s8, s8, int8_t, int64_t, expr)    \
	SIMD_BINARY(name##_s16, s16, int16_t, int64_t, expr) \
	SIMD_BINARY(name##_s32, s32, int32_t, int64_t, expr)
#define SIMD_BINARY_U3(name, expr)                            \
	SIMD_BINARY(name##_u8, u8, uint8_t, int64_t, expr)    \
	SIMD_BINARY(name##_u16, u16, uint16_t, int64_t, expr) \
	SIMD_BINARY(name##_u32, u32, uint32_t, int64_t, expr)
#define SIMD_BINARY_S4(name, expr)  \
	SIMD_BINARY_S3(name, expr)  \
	SIMD_BINARY(name##_s64, s64, int64_t, __int128, expr)
#define SIMD_BINARY_U4(name, expr)  \
	SIMD_BINARY_U3(name, expr)  \
	SIMD_BINARY(name##_u64, u64, uint64_t, __int128, expr)
#define SIMD_BINARY_SU3(name, expr) SIMD_BINARY_S3(name, expr) SIMD_BINARY_U3(name, expr)
#define SIMD_BINARY_SU4(name, expr) SIMD_BINARY_S4(name, expr) SIMD_BINARY_U4(name, expr)

#endif
