/*
 * fp_soft.h - exact floating-point arithmetic in integers, after the pseudo-code of ARM DDI 0406C.d A2.7.
 *
 * Operands and results are bit patterns. Every function takes a pointer to an FPSCR value: its mode bits (RMode, FZ, DN,
 * AHP) control the operation, the cumulative exception bits are OR-ed into it; nothing else in it changes.  VFP passes &cpu->fpscr, Advanced
 * SIMD a local copy of the standard value (fp_standard_fpscr()) whose exception bits it merges afterwards.
 *
 * Trapped exceptions do not exist on the Cortex-A9. Tininess is detected before rounding.
 *
 * Some functions use the host's floating point when that is exact, so the host's MXCSR must have its default modes (round to
 * nearest, no flushing) whenever one is called; its sticky flags do not matter.
 */
#ifndef DBTVM_CPU_FP_SOFT_H
#define DBTVM_CPU_FP_SOFT_H

#include "base/base.h"

/* Cumulative exception bits of FPSCR (A2.6, table A2-2). */
#define FPSCR_IOC (1u << 0)
#define FPSCR_DZC (1u << 1)
#define FPSCR_OFC (1u << 2)
#define FPSCR_UFC (1u << 3)
#define FPSCR_IXC (1u << 4)
#define FPSCR_IDC (1u << 7)
#define FPSCR_EXCEPTIONS (FPSCR_IOC | FPSCR_DZC | FPSCR_OFC | FPSCR_UFC | FPSCR_IXC | FPSCR_IDC)

/* Rounding modes as in FPSCR.RMode. */
enum fp_round { FP_RN, FP_RP, FP_RM, FP_RZ };

/* Results of comparisons: NZCV in bits 3:0 as FPCompare() returns them. */
#define FP_EQUAL 6u
#define FP_LESS 8u
#define FP_GREATER 2u
#define FP_UNORDERED 3u

/* StandardFPSCRValue(): flush to zero, default NaN, round to nearest; AHP as in @fpscr. No exception bits set. */
static inline uint32_t fp_standard_fpscr(uint32_t fpscr)
{
	return (fpscr & (1u << 26)) | 3u << 24;
}

uint32_t fp32_add(uint32_t a, uint32_t b, uint32_t *fpscr);
uint32_t fp32_sub(uint32_t a, uint32_t b, uint32_t *fpscr);
uint32_t fp32_mul(uint32_t a, uint32_t b, uint32_t *fpscr);
uint32_t fp32_div(uint32_t a, uint32_t b, uint32_t *fpscr);
uint32_t fp32_sqrt(uint32_t a, uint32_t *fpscr);
uint64_t fp64_add(uint64_t a, uint64_t b, uint32_t *fpscr);
uint64_t fp64_sub(uint64_t a, uint64_t b, uint32_t *fpscr);
uint64_t fp64_mul(uint64_t a, uint64_t b, uint32_t *fpscr);
uint64_t fp64_div(uint64_t a, uint64_t b, uint32_t *fpscr);
uint64_t fp64_sqrt(uint64_t a, uint32_t *fpscr);

/* FPCompare(): @signal_quiet: a quiet NaN is an Invalid Operation too (VCMPE). Returns FP_EQUAL.. */
unsigned fp32_compare(uint32_t a, uint32_t b, bool signal_quiet, uint32_t *fpscr);
unsigned fp64_compare(uint64_t a, uint64_t b, bool signal_quiet, uint32_t *fpscr);
/* FPMax(), FPMin() */
uint32_t fp32_max(uint32_t a, uint32_t b, uint32_t *fpscr);
uint32_t fp32_min(uint32_t a, uint32_t b, uint32_t *fpscr);

/*
 * FPToFixed(): @bits (16 or 32) wide integer with @fraction fraction bits, saturated; sign-extended (or zero-extended when @is_unsigned) to 32.
 */
uint32_t fp32_to_fixed(uint32_t a, unsigned bits, unsigned fraction, bool is_unsigned, enum fp_round mode, uint32_t *fpscr);
uint32_t fp64_to_fixed(uint64_t a, unsigned bits, unsigned fraction, bool is_unsigned, enum fp_round mode, uint32_t *fpscr);
/* FixedToFP(): @value has been extended to 64 bits according to its type. */
uint32_t fp32_from_fixed(int64_t value, unsigned fraction, enum fp_round mode, uint32_t *fpscr);
uint64_t fp64_from_fixed(int64_t value, unsigned fraction, enum fp_round mode, uint32_t *fpscr);

/* Between formats; half precision is IEEE or alternative by FPSCR.AHP. */
uint64_t fp32_to_fp64(uint32_t a, uint32_t *fpscr);
uint32_t fp64_to_fp32(uint64_t a, uint32_t *fpscr);
uint32_t fp16_to_fp32(uint16_t a, uint32_t *fpscr);
uint16_t fp32_to_fp16(uint32_t a, uint32_t *fpscr);

/* FPRecipEstimate(), FPRSqrtEstimate(), FPRecipStep(), FPRSqrtStep(): always with the standard FPSCR value, so @fpscr must be one. */
uint32_t fp32_recip_estimate(uint32_t a, uint32_t *fpscr);
uint32_t fp32_rsqrt_estimate(uint32_t a, uint32_t *fpscr);
uint32_t fp32_recip_step(uint32_t a, uint32_t b, uint32_t *fpscr);
uint32_t fp32_rsqrt_step(uint32_t a, uint32_t b, uint32_t *fpscr);
/* UnsignedRecipEstimate(), UnsignedRSqrtEstimate() */
uint32_t fp_unsigned_recip_estimate(uint32_t a);
uint32_t fp_unsigned_rsqrt_estimate(uint32_t a);

static inline uint32_t fp32_neg(uint32_t a)
{
	return a ^ 1u << 31;
}
static inline uint32_t fp32_abs(uint32_t a)
{
	return a & ~(1u << 31);
}
static inline uint64_t fp64_neg(uint64_t a)
{
	return a ^ 1ull << 63;
}
static inline uint64_t fp64_abs(uint64_t a)
{
	return a & ~(1ull << 63);
}

#endif
