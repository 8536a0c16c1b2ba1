/* fp_estimate.c - reciprocal and reciprocal square root: estimates (A2.7.10) and Newton-Raphson steps. */
#include "base/base.h"

#include "cpu/fp_soft.h"

#include "cpu/fp_private.h"

#define FP32_TWO 0x40000000u
#define FP32_THREE 0x40400000u

/* 256 * recip_estimate() for the operand q/512 <= a < (q+1)/512, q in 256..511: 256..511. */
static uint32_t recip_estimate(uint32_t q)
{
	return ((1u << 19) / (2 * q + 1) + 1) >> 1;
}

/*
 * 256 * recip_sqrt_estimate(): the s for which s/256 is nearest to 1/sqrt((2q+1) / @unit), q in 128..255: 256..511. In integers:
 * the greatest s with (2s - 1)^2 * (2q + 1) <= 2^18 * unit.
 */
static uint32_t rsqrt_estimate(uint32_t q, uint32_t unit)
{
	uint32_t s = 256;

	for (uint32_t bit = 128; bit; bit >>= 1) {
		uint64_t odd = 2 * (s + bit) - 1;
		if (odd * odd * (2 * q + 1) <= (uint64_t)unit << 18)
			s += bit;
	}
	return s;
}

uint32_t fp_unsigned_recip_estimate(uint32_t a)
{
	return a >> 31 ? recip_estimate(a >> 23) << 23 : ~0u;
}

uint32_t fp_unsigned_rsqrt_estimate(uint32_t a)
{
	if (a >> 31)
		return rsqrt_estimate(a >> 24, 512) << 23;
	if (a >> 30)
		return rsqrt_estimate(a >> 23, 1024) << 23;
	return ~0u;
}

uint32_t fp32_recip_estimate(uint32_t a, uint32_t *fpscr)
{
	struct fp_value v = fp_unpack(a, FORMAT32, fpscr);

	if (fp_is_nan(v.cls))
		return (uint32_t)fp_process_nan(v.cls, a, FORMAT32, fpscr);
	if (v.cls == CLASS_INF)
		return (uint32_t)fp_zero(v.sign, FORMAT32);
	if (v.cls == CLASS_ZERO) {
		*fpscr |= FPSCR_DZC;
		return (uint32_t)fp_infinity(v.sign, FORMAT32);
	}
	if (v.exp >= 126) { /* the result would be subnormal */
		*fpscr |= FPSCR_UFC;
		return (uint32_t)fp_zero(v.sign, FORMAT32);
	}
	uint32_t estimate = recip_estimate(256 | (a >> 15 & 0xff));
	return (uint32_t)v.sign << 31 | (253 - (a >> 23 & 0xff)) << 23 | (estimate & 0xff) << 15;
}

uint32_t fp32_rsqrt_estimate(uint32_t a, uint32_t *fpscr)
{
	struct fp_value v = fp_unpack(a, FORMAT32, fpscr);

	if (fp_is_nan(v.cls))
		return (uint32_t)fp_process_nan(v.cls, a, FORMAT32, fpscr);
	if (v.cls == CLASS_ZERO) {
		*fpscr |= FPSCR_DZC;
		return (uint32_t)fp_infinity(v.sign, FORMAT32);
	}
	if (v.sign)
		return (uint32_t)fp_invalid(FORMAT32, fpscr);
	if (v.cls == CLASS_INF)
		return 0;
	uint32_t exp = a >> 23 & 0xff, top = 128 | (a >> 16 & 0x7f);
	/* an even exponent field: 0.5 <= operand < 1, else 0.25 <= operand < 0.5 */
	uint32_t estimate = exp & 1 ? rsqrt_estimate(top, 1024) : rsqrt_estimate(top, 512);
	return ((380 - exp) / 2) << 23 | (estimate & 0xff) << 15;
}

/* op1 * op2, where infinity times zero is zero. False: *result is a NaN that ends the step. */
static bool step_product(uint32_t a, uint32_t b, uint32_t *fpscr, uint32_t *product)
{
	struct fp_value x = fp_unpack(a, FORMAT32, fpscr), y = fp_unpack(b, FORMAT32, fpscr);
	uint64_t nan;

	if (fp_process_nans(x.cls, y.cls, a, b, FORMAT32, fpscr, &nan)) {
		*product = (uint32_t)nan;
		return false;
	}
	if ((x.cls == CLASS_INF && y.cls == CLASS_ZERO) || (x.cls == CLASS_ZERO && y.cls == CLASS_INF))
		*product = 0;
	else
		*product = fp32_mul(a, b, fpscr);
	return true;
}

uint32_t fp32_recip_step(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	uint32_t product;

	if (!step_product(a, b, fpscr, &product))
		return product;
	return fp32_sub(FP32_TWO, product, fpscr);
}

uint32_t fp32_rsqrt_step(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	uint32_t product;

	if (!step_product(a, b, fpscr, &product))
		return product;
	/*
	 * FPHalvedSub(3, product): the halving before rounding matters only at the ends of the range. Overflow of 3 - product
	 * before halving is avoided by halving both operands when the product is huge; then the 3 is far below its last bit.
	 */
	uint32_t exp = product >> 23 & 0xff;
	if (exp > 200 && exp < 255)
		return fp32_sub(FP32_THREE - (1u << 23), product - (1u << 23), fpscr);
	uint32_t difference = fp32_sub(FP32_THREE, product, fpscr);
	uint32_t result_exp = difference >> 23 & 0xff;
	/* never subnormal: the smallest difference that is not zero is 2^-22 */
	return result_exp == 0 || result_exp == 255 ? difference : difference - (1u << 23);
}
