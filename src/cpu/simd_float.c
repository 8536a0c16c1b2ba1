/* simd_float.c - Advanced SIMD floating point: always with the standard FPSCR value (A2.7.6), whose exceptions accumulate in FPSCR. */
#include "base/base.h"

#include "cpu/simd.h"

#include "cpu/fp_soft.h"
#include "cpu/simd_private.h"

/* The value that the arithmetic is given. It starts with the exceptions already recorded, which lets it take the host's way. */
static inline uint32_t standard(const struct cpu *cpu)
{
	return fp_standard_fpscr(cpu->fpscr) | (cpu->fpscr & FPSCR_EXCEPTIONS);
}
static inline void record(struct cpu *cpu, uint32_t fpscr)
{
	cpu->fpscr |= fpscr & FPSCR_EXCEPTIONS;
}

/* a, b, c: elements of vn, vm and the old vd; s: the FPSCR value's address */
#define FLOAT(name, expr)                                                                                          \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                                           \
	{                                                                                                          \
		const union simd_reg n = simd_vn(cpu, desc), m = simd_vm(cpu, desc, 4);                            \
		union simd_reg d = simd_vd(cpu, desc);                                                             \
		uint32_t fpscr = standard(cpu), *const s UNUSED = &fpscr;                                          \
		for (unsigned i = 0; i < simd_bytes(desc) / 4; i++) {                                              \
			const uint32_t a UNUSED = n.u32[i], b UNUSED = m.u32[i], c UNUSED = d.u32[i];              \
			d.u32[i] = (uint32_t)(expr);                                                               \
		}                                                                                                  \
		simd_put(cpu, desc, d);                                                                            \
		record(cpu, fpscr);                                                                                \
	}

static inline uint32_t all_if(bool condition)
{
	return condition ? ~0u : 0;
}
/* FPCompareEQ(), FPCompareGE(), FPCompareGT(): the ordered ones signal for every NaN */
static inline uint32_t equal(uint32_t a, uint32_t b, uint32_t *s)
{
	return all_if(fp32_compare(a, b, false, s) == FP_EQUAL);
}
static inline uint32_t greater(uint32_t a, uint32_t b, uint32_t *s)
{
	return all_if(fp32_compare(a, b, true, s) == FP_GREATER);
}
static inline uint32_t greater_equal(uint32_t a, uint32_t b, uint32_t *s)
{
	unsigned rel = fp32_compare(a, b, true, s);
	return all_if(rel == FP_GREATER || rel == FP_EQUAL);
}

FLOAT(vadd_f32, fp32_add(a, b, s))
FLOAT(vsub_f32, fp32_sub(a, b, s))
FLOAT(vmul_f32, fp32_mul(a, b, s))
FLOAT(vmla_f32, fp32_add(c, fp32_mul(a, b, s), s))
FLOAT(vmls_f32, fp32_add(c, fp32_neg(fp32_mul(a, b, s)), s))
FLOAT(vabd_f32, fp32_abs(fp32_sub(a, b, s)))
FLOAT(vmax_f32, fp32_max(a, b, s))
FLOAT(vmin_f32, fp32_min(a, b, s))
FLOAT(vceq_f32, equal(a, b, s))
FLOAT(vcge_f32, greater_equal(a, b, s))
FLOAT(vcgt_f32, greater(a, b, s))
FLOAT(vacge_f32, greater_equal(fp32_abs(a), fp32_abs(b), s))
FLOAT(vacgt_f32, greater(fp32_abs(a), fp32_abs(b), s))
FLOAT(vrecps_f32, fp32_recip_step(a, b, s))
FLOAT(vrsqrts_f32, fp32_rsqrt_step(a, b, s))

FLOAT(vabs_f32, fp32_abs(b))
FLOAT(vneg_f32, fp32_neg(b))
FLOAT(vceqz_f32, equal(b, 0, s))
FLOAT(vcgez_f32, greater_equal(b, 0, s))
FLOAT(vcgtz_f32, greater(b, 0, s))
FLOAT(vclez_f32, greater_equal(0, b, s))
FLOAT(vcltz_f32, greater(0, b, s))
FLOAT(vrecpe_f32, fp32_recip_estimate(b, s))
FLOAT(vrsqrte_f32, fp32_rsqrt_estimate(b, s))
FLOAT(vrecpe_u32, fp_unsigned_recip_estimate(b))
FLOAT(vrsqrte_u32, fp_unsigned_rsqrt_estimate(b))
FLOAT(vcvt_s32_f32, fp32_to_fixed(b, 32, SIMD_IMM(desc), false, FP_RZ, s))
FLOAT(vcvt_u32_f32, fp32_to_fixed(b, 32, SIMD_IMM(desc), true, FP_RZ, s))
FLOAT(vcvt_f32_s32, fp32_from_fixed((int32_t)b, SIMD_IMM(desc), FP_RN, s))
FLOAT(vcvt_f32_u32, fp32_from_fixed(b, SIMD_IMM(desc), FP_RN, s))

#define FLOAT_PAIRWISE(name, fn)                                                                                     \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                                             \
	{                                                                                                            \
		const union simd_reg n = simd_load(cpu, SIMD_VN(desc), false), m = simd_load(cpu, SIMD_VM(desc), false); \
		union simd_reg d;                                                                                    \
		uint32_t fpscr = standard(cpu);                                                                      \
		d.u32[0] = fn(n.u32[0], n.u32[1], &fpscr);                                                           \
		d.u32[1] = fn(m.u32[0], m.u32[1], &fpscr);                                                           \
		simd_store(cpu, SIMD_VD(desc), false, d);                                                            \
		record(cpu, fpscr);                                                                                  \
	}
FLOAT_PAIRWISE(vpadd_f32, fp32_add)
FLOAT_PAIRWISE(vpmax_f32, fp32_max)
FLOAT_PAIRWISE(vpmin_f32, fp32_min)

void simd_vcvt_f32_f16(struct cpu *cpu, uint32_t desc)
{
	const union simd_reg m = simd_load(cpu, SIMD_VM(desc), false);
	union simd_reg d;
	uint32_t fpscr = standard(cpu);

	for (unsigned i = 0; i < 4; i++)
		d.u32[i] = fp16_to_fp32(m.u16[i], &fpscr);
	simd_store(cpu, SIMD_VD(desc), true, d);
	record(cpu, fpscr);
}

void simd_vcvt_f16_f32(struct cpu *cpu, uint32_t desc)
{
	const union simd_reg m = simd_load(cpu, SIMD_VM(desc), true);
	union simd_reg d;
	uint32_t fpscr = standard(cpu);

	for (unsigned i = 0; i < 4; i++)
		d.u16[i] = fp32_to_fp16(m.u32[i], &fpscr);
	simd_store(cpu, SIMD_VD(desc), false, d);
	record(cpu, fpscr);
}
