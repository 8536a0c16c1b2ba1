/* simd_vfp.c - scalar VFP data processing with FPSCR's modes (A7.5). Chained multiply-accumulate: the product is rounded first. */
#include "base/base.h"

#include "cpu/simd.h"

#include "cpu/fp_soft.h"
#include "cpu/simd_private.h"

/* a, b, c: vn, vm, old vd; s: FPSCR */
#define VFP(name, DT, dreg, NT, nreg, expr)                                                         \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                            \
	{                                                                                           \
		uint32_t *const s UNUSED = &cpu->fpscr;                                             \
		const NT a UNUSED = cpu->vfp.nreg[SIMD_VN(desc)], b UNUSED = cpu->vfp.nreg[SIMD_VM(desc)]; \
		const DT c UNUSED = cpu->vfp.dreg[SIMD_VD(desc)];                                   \
		cpu->vfp.dreg[SIMD_VD(desc)] = (DT)(expr);                                          \
	}
#define VFP32(name, expr) VFP(f32_##name, uint32_t, s, uint32_t, s, expr)
#define VFP64(name, expr) VFP(f64_##name, uint64_t, d, uint64_t, d, expr)

VFP32(add, fp32_add(a, b, s))
VFP64(add, fp64_add(a, b, s))
VFP32(sub, fp32_sub(a, b, s))
VFP64(sub, fp64_sub(a, b, s))
VFP32(mul, fp32_mul(a, b, s))
VFP64(mul, fp64_mul(a, b, s))
VFP32(nmul, fp32_neg(fp32_mul(a, b, s)))
VFP64(nmul, fp64_neg(fp64_mul(a, b, s)))
VFP32(div, fp32_div(a, b, s))
VFP64(div, fp64_div(a, b, s))
VFP32(mla, fp32_add(c, fp32_mul(a, b, s), s))
VFP64(mla, fp64_add(c, fp64_mul(a, b, s), s))
VFP32(mls, fp32_add(c, fp32_neg(fp32_mul(a, b, s)), s))
VFP64(mls, fp64_add(c, fp64_neg(fp64_mul(a, b, s)), s))
VFP32(nmla, fp32_add(fp32_neg(c), fp32_neg(fp32_mul(a, b, s)), s))
VFP64(nmla, fp64_add(fp64_neg(c), fp64_neg(fp64_mul(a, b, s)), s))
VFP32(nmls, fp32_add(fp32_neg(c), fp32_mul(a, b, s), s))
VFP64(nmls, fp64_add(fp64_neg(c), fp64_mul(a, b, s), s))
VFP32(sqrt, fp32_sqrt(b, s))
VFP64(sqrt, fp64_sqrt(b, s))
VFP32(abs, fp32_abs(b))
VFP64(abs, fp64_abs(b))
VFP32(neg, fp32_neg(b))
VFP64(neg, fp64_neg(b))
VFP32(mov, b)
VFP64(mov, b)

/* --- comparisons --- */
#define COMPARE(name, bits, reg, other, e)                                                                                    \
	void simd_f##bits##_##name(struct cpu *cpu, uint32_t desc)                                                            \
	{                                                                                                                     \
		unsigned rel = fp##bits##_compare(cpu->vfp.reg[SIMD_VD(desc)], other, e, &cpu->fpscr);                        \
		cpu->fpscr = (cpu->fpscr & 0x0fffffff) | rel << 28;                                                           \
	}
COMPARE(cmp, 32, s, cpu->vfp.s[SIMD_VM(desc)], false)
COMPARE(cmp, 64, d, cpu->vfp.d[SIMD_VM(desc)], false)
COMPARE(cmpe, 32, s, cpu->vfp.s[SIMD_VM(desc)], true)
COMPARE(cmpe, 64, d, cpu->vfp.d[SIMD_VM(desc)], true)
COMPARE(cmpz, 32, s, 0, false)
COMPARE(cmpz, 64, d, 0, false)
COMPARE(cmpez, 32, s, 0, true)
COMPARE(cmpez, 64, d, 0, true)

/* --- conversions --- */
#define MODE ((enum fp_round)(cpu->fpscr >> 22 & 3))
VFP(f64_f32, uint64_t, d, uint32_t, s, fp32_to_fp64(b, s))
VFP(f32_f64, uint32_t, s, uint64_t, d, fp64_to_fp32(b, s))
VFP(s32_f32, uint32_t, s, uint32_t, s, fp32_to_fixed(b, 32, 0, false, FP_RZ, s))
VFP(s32_f64, uint32_t, s, uint64_t, d, fp64_to_fixed(b, 32, 0, false, FP_RZ, s))
VFP(u32_f32, uint32_t, s, uint32_t, s, fp32_to_fixed(b, 32, 0, true, FP_RZ, s))
VFP(u32_f64, uint32_t, s, uint64_t, d, fp64_to_fixed(b, 32, 0, true, FP_RZ, s))
VFP(s32r_f32, uint32_t, s, uint32_t, s, fp32_to_fixed(b, 32, 0, false, MODE, s))
VFP(s32r_f64, uint32_t, s, uint64_t, d, fp64_to_fixed(b, 32, 0, false, MODE, s))
VFP(u32r_f32, uint32_t, s, uint32_t, s, fp32_to_fixed(b, 32, 0, true, MODE, s))
VFP(u32r_f64, uint32_t, s, uint64_t, d, fp64_to_fixed(b, 32, 0, true, MODE, s))
VFP(f32_s32, uint32_t, s, uint32_t, s, fp32_from_fixed((int32_t)b, 0, MODE, s))
VFP(f64_s32, uint64_t, d, uint32_t, s, fp64_from_fixed((int32_t)b, 0, MODE, s))
VFP(f32_u32, uint32_t, s, uint32_t, s, fp32_from_fixed(b, 0, MODE, s))
VFP(f64_u32, uint64_t, d, uint32_t, s, fp64_from_fixed(b, 0, MODE, s))

void simd_f32_f16(struct cpu *cpu, uint32_t desc)
{
	uint32_t m = cpu->vfp.s[SIMD_VM(desc)];

	cpu->vfp.s[SIMD_VD(desc)] = fp16_to_fp32((uint16_t)(SIMD_IMM(desc) ? m >> 16 : m), &cpu->fpscr);
}

void simd_f16_f32(struct cpu *cpu, uint32_t desc)
{
	uint32_t half = fp32_to_fp16(cpu->vfp.s[SIMD_VM(desc)], &cpu->fpscr);
	uint32_t *d = &cpu->vfp.s[SIMD_VD(desc)];

	*d = SIMD_IMM(desc) ? (*d & 0xffff) | half << 16 : (*d & 0xffff0000) | half;
}

/* Of a fixed-point descriptor: */
#define FRACTION (SIMD_IMM(desc) & 63)
#define IS_UNSIGNED ((SIMD_IMM(desc) & SIMD_FIXED_UNSIGNED) != 0)
#define WIDTH (SIMD_IMM(desc) & SIMD_FIXED16 ? 16u : 32u)

/* The integer in the low bits of a register, extended. */
static int64_t fixed_operand(uint32_t value, uint32_t desc)
{
	if (WIDTH == 16)
		return IS_UNSIGNED ? (int64_t)(uint16_t)value : (int64_t)(int16_t)value;
	return IS_UNSIGNED ? (int64_t)value : (int64_t)(int32_t)value;
}

/* The fixed-point result, extended to the register's 64 bits. */
static uint64_t fixed_result(uint32_t value, uint32_t desc)
{
	return IS_UNSIGNED ? value : (uint64_t)(int64_t)(int32_t)value;
}

VFP(fixed_f32, uint32_t, s, uint32_t, s, fixed_result(fp32_to_fixed(c, WIDTH, FRACTION, IS_UNSIGNED, FP_RZ, s), desc))
VFP(fixed_f64, uint64_t, d, uint64_t, d, fixed_result(fp64_to_fixed(c, WIDTH, FRACTION, IS_UNSIGNED, FP_RZ, s), desc))
VFP(f32_fixed, uint32_t, s, uint32_t, s, fp32_from_fixed(fixed_operand(c, desc), FRACTION, FP_RN, s))
VFP(f64_fixed, uint64_t, d, uint64_t, d, fp64_from_fixed(fixed_operand((uint32_t)c, desc), FRACTION, FP_RN, s))
