/*
 * fp_soft.c - add, subtract, multiply, divide, square root and comparison.
 *
 * Each operation first tries the host's arithmetic (fp_host.h): with round-to-nearest selected and operands and result safely normal, the host's
 * result is the architecture's, and Inexact is all that may have to be recorded. Once that is set, as it soon is, nothing is left to find out;
 * before, programs that compute in whole numbers deserve a cheap answer too.
 */
#include "base/base.h"

#include "cpu/fp_soft.h"

#include <math.h>

#include "cpu/fp_host.h"
#include "cpu/fp_private.h"

/* --- in integers --- */

FP_INLINE uint64_t add_magnitudes(struct fp_value a, struct fp_value b, struct fp_format f, uint32_t *fpscr)
{
	if (a.exp < b.exp) {
		struct fp_value t = a;
		a = b;
		b = t;
	}
	b.mant = fp_shift_jam(b.mant, (unsigned)(a.exp - b.exp));
	if (a.sign == b.sign) {
		a.mant += b.mant;
		if (a.mant >> 63) {
			a.mant = fp_shift_jam(a.mant, 1);
			a.exp++;
		}
	} else {
		a.mant -= b.mant;
		if (!a.mant)
			return fp_zero(fp_rmode(*fpscr) == FP_RM, f);
		if (a.mant >> 63) {
			a.mant = -a.mant;
			a.sign = !a.sign;
		}
		int shift = __builtin_clzll(a.mant) - 1;
		a.mant <<= shift;
		a.exp -= shift;
	}
	return fp_round(a.sign, a.exp, a.mant, f, fp_rmode(*fpscr), fpscr);
}

/* FPAdd() and, with @negate, FPSub() */
FP_INLINE uint64_t add(uint64_t op1, uint64_t op2, bool negate, struct fp_format f, uint32_t *fpscr)
{
	struct fp_value a = fp_unpack(op1, f, fpscr), b = fp_unpack(op2, f, fpscr);
	uint64_t result;

	if (fp_process_nans(a.cls, b.cls, op1, op2, f, fpscr, &result))
		return result;
	b.sign ^= negate;
	if (a.cls == CLASS_INF || b.cls == CLASS_INF) {
		if (a.cls == b.cls && a.sign != b.sign)
			return fp_invalid(f, fpscr);
		return fp_infinity(a.cls == CLASS_INF ? a.sign : b.sign, f);
	}
	if (a.cls == CLASS_ZERO && b.cls == CLASS_ZERO)
		return fp_zero(a.sign == b.sign ? a.sign : fp_rmode(*fpscr) == FP_RM, f);
	if (a.cls == CLASS_ZERO)
		return fp_round(b.sign, b.exp, b.mant, f, fp_rmode(*fpscr), fpscr);
	if (b.cls == CLASS_ZERO)
		return fp_round(a.sign, a.exp, a.mant, f, fp_rmode(*fpscr), fpscr);
	return add_magnitudes(a, b, f, fpscr);
}

/* FPMul() */
FP_INLINE uint64_t mul(uint64_t op1, uint64_t op2, struct fp_format f, uint32_t *fpscr)
{
	struct fp_value a = fp_unpack(op1, f, fpscr), b = fp_unpack(op2, f, fpscr);
	bool sign = a.sign != b.sign;
	uint64_t result;

	if (fp_process_nans(a.cls, b.cls, op1, op2, f, fpscr, &result))
		return result;
	if (a.cls == CLASS_INF || b.cls == CLASS_INF) {
		if (a.cls == CLASS_ZERO || b.cls == CLASS_ZERO)
			return fp_invalid(f, fpscr);
		return fp_infinity(sign, f);
	}
	if (a.cls == CLASS_ZERO || b.cls == CLASS_ZERO)
		return fp_zero(sign, f);
	unsigned __int128 product = (unsigned __int128)a.mant * b.mant;
	int exp = a.exp + b.exp;
	uint64_t mant = (uint64_t)(product >> 62) | (((uint64_t)product & ((1ull << 62) - 1)) != 0);
	if (mant >> 63) {
		mant = fp_shift_jam(mant, 1);
		exp++;
	}
	return fp_round(sign, exp, mant, f, fp_rmode(*fpscr), fpscr);
}

/* FPDiv() */
FP_INLINE uint64_t divide(uint64_t op1, uint64_t op2, struct fp_format f, uint32_t *fpscr)
{
	struct fp_value a = fp_unpack(op1, f, fpscr), b = fp_unpack(op2, f, fpscr);
	bool sign = a.sign != b.sign;
	uint64_t result;

	if (fp_process_nans(a.cls, b.cls, op1, op2, f, fpscr, &result))
		return result;
	if (a.cls == b.cls && a.cls != CLASS_FINITE)
		return fp_invalid(f, fpscr); /* inf / inf, 0 / 0 */
	if (a.cls == CLASS_INF || b.cls == CLASS_ZERO) {
		if (a.cls != CLASS_INF)
			*fpscr |= FPSCR_DZC;
		return fp_infinity(sign, f);
	}
	if (a.cls == CLASS_ZERO || b.cls == CLASS_INF)
		return fp_zero(sign, f);
	bool less = a.mant < b.mant;
	unsigned __int128 dividend = (unsigned __int128)a.mant << (less ? 63 : 62);
	uint64_t quotient = (uint64_t)(dividend / b.mant);
	quotient |= (unsigned __int128)quotient * b.mant != dividend;
	return fp_round(sign, a.exp - b.exp - less, quotient, f, fp_rmode(*fpscr), fpscr);
}

/* floor(sqrt(n << 62)) with bit 0 sticky, for n in [2^62, 2^64). */
static uint64_t root(uint64_t n)
{
	unsigned __int128 square = (unsigned __int128)n << 62;
	uint64_t r = (uint64_t)(sqrt((double)n) * 0x1p31);

	/* 53 bits are right; one Newton step makes it all but a unit or two */
	r = (uint64_t)((r + square / r) >> 1);
	while ((unsigned __int128)r * r > square)
		r--;
	while ((unsigned __int128)(r + 1) * (r + 1) <= square)
		r++;
	return r | ((unsigned __int128)r * r != square);
}

/* FPSqrt() */
FP_INLINE uint64_t square_root(uint64_t op, struct fp_format f, uint32_t *fpscr)
{
	struct fp_value a = fp_unpack(op, f, fpscr);

	if (fp_is_nan(a.cls))
		return fp_process_nan(a.cls, op, f, fpscr);
	if (a.cls == CLASS_ZERO)
		return fp_zero(a.sign, f);
	if (a.sign)
		return fp_invalid(f, fpscr);
	if (a.cls == CLASS_INF)
		return fp_infinity(false, f);
	bool odd = a.exp & 1;
	return fp_round(false, (a.exp - odd) / 2, root(a.mant << odd), f, fp_rmode(*fpscr), fpscr);
}

/* How two values that are no NaNs compare. */
static unsigned order(struct fp_value a, struct fp_value b)
{
	if (a.cls == CLASS_ZERO && b.cls == CLASS_ZERO)
		return FP_EQUAL;
	if (a.cls == CLASS_ZERO)
		return b.sign ? FP_GREATER : FP_LESS;
	if (b.cls == CLASS_ZERO || a.sign != b.sign)
		return a.sign ? FP_LESS : FP_GREATER;
	bool greater;
	if (a.cls == CLASS_INF || b.cls == CLASS_INF) {
		if (a.cls == b.cls)
			return FP_EQUAL;
		greater = a.cls == CLASS_INF;
	} else if (a.exp != b.exp) {
		greater = a.exp > b.exp;
	} else if (a.mant != b.mant) {
		greater = a.mant > b.mant;
	} else {
		return FP_EQUAL;
	}
	return greater != a.sign ? FP_GREATER : FP_LESS;
}

/* FPCompare() */
FP_INLINE unsigned compare(uint64_t op1, uint64_t op2, bool signal_quiet, struct fp_format f, uint32_t *fpscr)
{
	struct fp_value a = fp_unpack(op1, f, fpscr), b = fp_unpack(op2, f, fpscr);

	if (fp_is_nan(a.cls) || fp_is_nan(b.cls)) {
		if (signal_quiet || a.cls == CLASS_SNAN || b.cls == CLASS_SNAN)
			*fpscr |= FPSCR_IOC;
		return FP_UNORDERED;
	}
	return order(a, b);
}

/* FPMax() and FPMin() */
FP_INLINE uint64_t select_extreme(uint64_t op1, uint64_t op2, bool max, struct fp_format f, uint32_t *fpscr)
{
	struct fp_value a = fp_unpack(op1, f, fpscr), b = fp_unpack(op2, f, fpscr);
	uint64_t result;

	if (fp_process_nans(a.cls, b.cls, op1, op2, f, fpscr, &result))
		return result;
	unsigned rel = order(a, b);
	bool first = max ? rel == FP_GREATER : rel == FP_LESS;
	if (a.cls == CLASS_ZERO && b.cls == CLASS_ZERO)
		return fp_zero(max ? a.sign && b.sign : a.sign || b.sign, f);
	/* a subnormal that was flushed is a zero with its sign */
	if ((first ? a : b).cls == CLASS_ZERO)
		return fp_zero((first ? a : b).sign, f);
	return first ? op1 : op2;
}

/* --- the host's way --- */

/* True when the product of two normal doubles surely has no more bits than a double: m bits times n bits, or times a power of two. */
static inline bool product_exact(uint64_t a, uint64_t b)
{
	int zeros_a = __builtin_ctzll(a | 1ull << 52), zeros_b = __builtin_ctzll(b | 1ull << 52);

	return zeros_a + zeros_b >= 53 || zeros_a == 52 || zeros_b == 52;
}

/* Whether a + b, rounded to nearest to @sum, is @sum: the error of a sum is a number of the format. No operand is near overflow. */
static inline bool sum_exact(double a, double b, double sum)
{
	double b_part = sum - a;

	return (a - (sum - b_part)) + (b - b_part) == 0;
}

/* Of single precision, sums and products are looked at in double, where products are exact and sums exact or visibly not. */
FP_INLINE bool host_add32(uint32_t a, uint32_t b, bool negate, uint32_t *fpscr, uint32_t *result)
{
	float x = fp_float(a), y = negate ? -fp_float(b) : fp_float(b), sum = x + y;

	*result = fp_float_bits(sum);
	if (!fp_host_rounding(*fpscr) || !fp_host_operand32(a) || !fp_host_operand32(b) || !(fp_host_result32(*result) || sum == 0))
		return false;
	if (unlikely(!(*fpscr & FPSCR_IXC)) && !sum_exact(x, y, sum))
		*fpscr |= FPSCR_IXC;
	return true;
}

FP_INLINE bool host_add64(uint64_t a, uint64_t b, bool negate, uint32_t *fpscr, uint64_t *result)
{
	double x = fp_double(a), y = negate ? -fp_double(b) : fp_double(b), sum = x + y;

	*result = fp_double_bits(sum);
	if (!fp_host_rounding(*fpscr) || !fp_host_operand64(a) || !fp_host_operand64(b) || !(fp_host_result64(*result) || sum == 0))
		return false;
	if (likely(*fpscr & FPSCR_IXC))
		return true;
	if ((a >> 52 & 0x7ff) > 0x7f0 || (b >> 52 & 0x7ff) > 0x7f0)
		return false;
	if (!sum_exact(x, y, sum))
		*fpscr |= FPSCR_IXC;
	return true;
}

uint32_t fp32_add(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	uint32_t r;

	return likely(host_add32(a, b, false, fpscr, &r)) ? r : (uint32_t)add(a, b, false, FORMAT32, fpscr);
}

uint32_t fp32_sub(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	uint32_t r;

	return likely(host_add32(a, b, true, fpscr, &r)) ? r : (uint32_t)add(a, b, true, FORMAT32, fpscr);
}

uint64_t fp64_add(uint64_t a, uint64_t b, uint32_t *fpscr)
{
	uint64_t r;

	return likely(host_add64(a, b, false, fpscr, &r)) ? r : add(a, b, false, FORMAT64, fpscr);
}

uint64_t fp64_sub(uint64_t a, uint64_t b, uint32_t *fpscr)
{
	uint64_t r;

	return likely(host_add64(a, b, true, fpscr, &r)) ? r : add(a, b, true, FORMAT64, fpscr);
}

uint32_t fp32_mul(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	if (likely(fp_host_rounding(*fpscr) && fp_host_operand32(a) && fp_host_operand32(b))) {
		float product = fp_float(a) * fp_float(b);
		uint32_t r = fp_float_bits(product);
		if (likely(fp_host_result32(r))) {
			if (unlikely(!(*fpscr & FPSCR_IXC)) && (double)fp_float(a) * fp_float(b) != product)
				*fpscr |= FPSCR_IXC;
			return r;
		}
	}
	return (uint32_t)mul(a, b, FORMAT32, fpscr);
}

uint64_t fp64_mul(uint64_t a, uint64_t b, uint32_t *fpscr)
{
	if (likely(fp_host_rounding(*fpscr) && fp_host_operand64(a) && fp_host_operand64(b))) {
		uint64_t r = fp_double_bits(fp_double(a) * fp_double(b));
		if (likely(fp_host_result64(r) && (*fpscr & FPSCR_IXC || product_exact(a, b))))
			return r;
	}
	return mul(a, b, FORMAT64, fpscr);
}

uint32_t fp32_div(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	if (likely(fp_host_rounding(*fpscr) && fp_host_operand32(a) && fp_host_operand32(b))) {
		float quotient = fp_float(a) / fp_float(b);
		uint32_t r = fp_float_bits(quotient);
		if (likely(fp_host_result32(r))) {
			if (unlikely(!(*fpscr & FPSCR_IXC)) && (double)quotient * fp_float(b) != fp_float(a))
				*fpscr |= FPSCR_IXC;
			return r;
		}
	}
	return (uint32_t)divide(a, b, FORMAT32, fpscr);
}

uint64_t fp64_div(uint64_t a, uint64_t b, uint32_t *fpscr)
{
	if (likely(fp_host_rounding(*fpscr) && fp_host_operand64(a) && fp_host_operand64(b))) {
		double quotient = fp_double(a) / fp_double(b);
		uint64_t r = fp_double_bits(quotient);
		if (likely(fp_host_result64(r) && (*fpscr & FPSCR_IXC || (product_exact(r, b) && quotient * fp_double(b) == fp_double(a)))))
			return r;
	}
	return divide(a, b, FORMAT64, fpscr);
}

uint32_t fp32_sqrt(uint32_t a, uint32_t *fpscr)
{
	if (likely(fp_host_rounding(*fpscr) && fp_host_result32(a) && !(a >> 31))) {
		float r = sqrtf(fp_float(a));
		if (unlikely(!(*fpscr & FPSCR_IXC)) && (double)r * r != fp_float(a))
			*fpscr |= FPSCR_IXC;
		return fp_float_bits(r);
	}
	return (uint32_t)square_root(a, FORMAT32, fpscr);
}

uint64_t fp64_sqrt(uint64_t a, uint32_t *fpscr)
{
	if (likely(fp_host_rounding(*fpscr) && fp_host_result64(a) && !(a >> 63))) {
		double r = sqrt(fp_double(a));
		uint64_t bits = fp_double_bits(r);
		if (likely(*fpscr & FPSCR_IXC || (product_exact(bits, bits) && r * r == fp_double(a))))
			return bits;
	}
	return square_root(a, FORMAT64, fpscr);
}

unsigned fp32_compare(uint32_t a, uint32_t b, bool signal_quiet, uint32_t *fpscr)
{
	if (likely(fp_host_operand32(a) && fp_host_operand32(b))) {
		float x = fp_float(a), y = fp_float(b);
		return x < y ? FP_LESS : x > y ? FP_GREATER : FP_EQUAL;
	}
	return compare(a, b, signal_quiet, FORMAT32, fpscr);
}

unsigned fp64_compare(uint64_t a, uint64_t b, bool signal_quiet, uint32_t *fpscr)
{
	if (likely(fp_host_operand64(a) && fp_host_operand64(b))) {
		double x = fp_double(a), y = fp_double(b);
		return x < y ? FP_LESS : x > y ? FP_GREATER : FP_EQUAL;
	}
	return compare(a, b, signal_quiet, FORMAT64, fpscr);
}

uint32_t fp32_max(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	if (likely(fp_host_normal32(a) && fp_host_normal32(b)))
		return fp_float(a) > fp_float(b) ? a : b;
	return (uint32_t)select_extreme(a, b, true, FORMAT32, fpscr);
}

uint32_t fp32_min(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	if (likely(fp_host_normal32(a) && fp_host_normal32(b)))
		return fp_float(a) < fp_float(b) ? a : b;
	return (uint32_t)select_extreme(a, b, false, FORMAT32, fpscr);
}
