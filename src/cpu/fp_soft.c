/*
 * fp_soft.c - add, subtract, multiply, divide, square root and comparison.
 *
 * Each operation first tries the host's arithmetic: with round-to-nearest selected, Inexact already set and operands and result safely
 * normal, the host's result is the architecture's and there is nothing to record.
 */
#include "base/base.h"

#include "cpu/fp_soft.h"

#include <math.h>
#include <string.h>

#include "cpu/fp_private.h"

/* --- host arithmetic --- */

/* With these bits (RMode 0, IXC 1) a rounded normal result changes nothing in FPSCR. */
static inline bool host_allowed(uint32_t fpscr)
{
	return (fpscr & (3u << 22 | FPSCR_IXC)) == FPSCR_IXC;
}

/* Zero or normal. */
static inline bool host_operand32(uint32_t a)
{
	return (a & 0x7f800000) - 0x00800000 < 0x7f000000 || !(a << 1);
}
static inline bool host_operand64(uint64_t a)
{
	return (a >> 52 & 0x7ff) - 1 < 0x7fe || !(a << 1);
}
/* Normal, and not the least one: that may have been tiny before rounding. */
static inline bool host_result32(uint32_t r)
{
	return (r >> 23 & 0xff) - 2 < 0xfd;
}
static inline bool host_result64(uint64_t r)
{
	return (r >> 52 & 0x7ff) - 2 < 0x7fd;
}

static inline float float_of(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, sizeof(f));
	return f;
}
static inline uint32_t bits_of_float(float f)
{
	uint32_t bits;
	memcpy(&bits, &f, sizeof(bits));
	return bits;
}
static inline double double_of(uint64_t bits)
{
	double f;
	memcpy(&f, &bits, sizeof(f));
	return f;
}
static inline uint64_t bits_of_double(double f)
{
	uint64_t bits;
	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

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

uint32_t fp32_add(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	if (likely(host_allowed(*fpscr) && host_operand32(a) && host_operand32(b))) {
		uint32_t r = bits_of_float(float_of(a) + float_of(b));
		if (likely(host_result32(r)))
			return r;
	}
	return (uint32_t)add(a, b, false, FORMAT32, fpscr);
}

uint32_t fp32_sub(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	if (likely(host_allowed(*fpscr) && host_operand32(a) && host_operand32(b))) {
		uint32_t r = bits_of_float(float_of(a) - float_of(b));
		if (likely(host_result32(r)))
			return r;
	}
	return (uint32_t)add(a, b, true, FORMAT32, fpscr);
}

uint32_t fp32_mul(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	if (likely(host_allowed(*fpscr) && host_operand32(a) && host_operand32(b))) {
		uint32_t r = bits_of_float(float_of(a) * float_of(b));
		if (likely(host_result32(r)))
			return r;
	}
	return (uint32_t)mul(a, b, FORMAT32, fpscr);
}

uint32_t fp32_div(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	if (likely(host_allowed(*fpscr) && host_operand32(a) && host_operand32(b))) {
		uint32_t r = bits_of_float(float_of(a) / float_of(b));
		if (likely(host_result32(r)))
			return r;
	}
	return (uint32_t)divide(a, b, FORMAT32, fpscr);
}

uint32_t fp32_sqrt(uint32_t a, uint32_t *fpscr)
{
	if (likely(host_allowed(*fpscr) && host_result32(a) && !(a >> 31)))
		return bits_of_float(sqrtf(float_of(a)));
	return (uint32_t)square_root(a, FORMAT32, fpscr);
}

uint64_t fp64_add(uint64_t a, uint64_t b, uint32_t *fpscr)
{
	if (likely(host_allowed(*fpscr) && host_operand64(a) && host_operand64(b))) {
		uint64_t r = bits_of_double(double_of(a) + double_of(b));
		if (likely(host_result64(r)))
			return r;
	}
	return add(a, b, false, FORMAT64, fpscr);
}

uint64_t fp64_sub(uint64_t a, uint64_t b, uint32_t *fpscr)
{
	if (likely(host_allowed(*fpscr) && host_operand64(a) && host_operand64(b))) {
		uint64_t r = bits_of_double(double_of(a) - double_of(b));
		if (likely(host_result64(r)))
			return r;
	}
	return add(a, b, true, FORMAT64, fpscr);
}

uint64_t fp64_mul(uint64_t a, uint64_t b, uint32_t *fpscr)
{
	if (likely(host_allowed(*fpscr) && host_operand64(a) && host_operand64(b))) {
		uint64_t r = bits_of_double(double_of(a) * double_of(b));
		if (likely(host_result64(r)))
			return r;
	}
	return mul(a, b, FORMAT64, fpscr);
}

uint64_t fp64_div(uint64_t a, uint64_t b, uint32_t *fpscr)
{
	if (likely(host_allowed(*fpscr) && host_operand64(a) && host_operand64(b))) {
		uint64_t r = bits_of_double(double_of(a) / double_of(b));
		if (likely(host_result64(r)))
			return r;
	}
	return divide(a, b, FORMAT64, fpscr);
}

uint64_t fp64_sqrt(uint64_t a, uint32_t *fpscr)
{
	if (likely(host_allowed(*fpscr) && host_result64(a) && !(a >> 63)))
		return bits_of_double(sqrt(double_of(a)));
	return square_root(a, FORMAT64, fpscr);
}

unsigned fp32_compare(uint32_t a, uint32_t b, bool signal_quiet, uint32_t *fpscr)
{
	return compare(a, b, signal_quiet, FORMAT32, fpscr);
}

unsigned fp64_compare(uint64_t a, uint64_t b, bool signal_quiet, uint32_t *fpscr)
{
	if (likely(host_operand64(a) && host_operand64(b))) {
		double x = double_of(a), y = double_of(b);
		return x < y ? FP_LESS : x > y ? FP_GREATER : FP_EQUAL;
	}
	return compare(a, b, signal_quiet, FORMAT64, fpscr);
}

uint32_t fp32_max(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	return (uint32_t)select_extreme(a, b, true, FORMAT32, fpscr);
}

uint32_t fp32_min(uint32_t a, uint32_t b, uint32_t *fpscr)
{
	return (uint32_t)select_extreme(a, b, false, FORMAT32, fpscr);
}
