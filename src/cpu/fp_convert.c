/* fp_convert.c - conversions between the formats, and to and from integers and fixed point. */
#include "base/base.h"

#include "cpu/fp_soft.h"

#include "cpu/fp_host.h"
#include "cpu/fp_private.h"

/* The integer part of |value| * 2^fraction and its remainder as a fraction of 2^64; a huge one gives 2^63. */
static uint64_t split(const struct fp_value *v, unsigned fraction, uint64_t *rest)
{
	int exp = v->exp + (int)fraction;

	*rest = 0;
	if (exp >= 63)
		return 1ull << 63;
	unsigned right = (unsigned)(62 - exp); /* 0 and up */
	if (right == 0)
		return v->mant;
	if (right < 64) {
		*rest = v->mant << (64 - right);
		return v->mant >> right;
	}
	*rest = fp_shift_jam(v->mant, right - 64);
	return 0;
}

/* FPToFixed() of an unpacked operand that is no NaN */
static uint32_t to_fixed(struct fp_value v, unsigned bits, unsigned fraction, bool is_unsigned, enum fp_round mode, uint32_t *fpscr)
{
	const uint64_t limit = is_unsigned ? (1ull << bits) - 1 : (1ull << (bits - 1)) - !v.sign;
	uint64_t rest = 0, mag = 0;

	if (v.cls == CLASS_INF)
		mag = 1ull << 63;
	else if (v.cls == CLASS_FINITE)
		mag = split(&v, fraction, &rest);
	if (fp_round_up(v.sign, mag & 1, rest, 1ull << 63, mode))
		mag++;
	if (is_unsigned && v.sign && mag) {
		*fpscr |= FPSCR_IOC;
		return 0;
	}
	if (mag > limit) {
		*fpscr |= FPSCR_IOC;
		mag = limit;
	} else if (rest) {
		*fpscr |= FPSCR_IXC;
	}
	return (uint32_t)(v.sign ? -mag : mag);
}

FP_INLINE uint32_t format_to_fixed(uint64_t op, unsigned bits, unsigned fraction, bool is_unsigned, enum fp_round mode,
                                   struct fp_format f, uint32_t *fpscr)
{
	struct fp_value v = fp_unpack(op, f, fpscr);

	if (fp_is_nan(v.cls)) {
		*fpscr |= FPSCR_IOC;
		return 0;
	}
	return to_fixed(v, bits, fraction, is_unsigned, mode, fpscr);
}

/* Truncation of what is in range. The bounds also keep NaNs away. */
static inline bool host_to_integer(double x, bool is_unsigned, uint32_t *fpscr, uint32_t *result)
{
	if (is_unsigned ? !(x > -1 && x < 0x1p32) : !(x > -0x1p31 && x < 0x1p31))
		return false;
	*result = (uint32_t)(int64_t)x;
	if ((double)(int64_t)x != x)
		*fpscr |= FPSCR_IXC;
	return true;
}

uint32_t fp32_to_fixed(uint32_t a, unsigned bits, unsigned fraction, bool is_unsigned, enum fp_round mode, uint32_t *fpscr)
{
	uint32_t r;

	if (likely(bits == 32 && !fraction && mode == FP_RZ && fp_host_operand32(a)) && host_to_integer(fp_float(a), is_unsigned, fpscr, &r))
		return r;
	return format_to_fixed(a, bits, fraction, is_unsigned, mode, FORMAT32, fpscr);
}

uint32_t fp64_to_fixed(uint64_t a, unsigned bits, unsigned fraction, bool is_unsigned, enum fp_round mode, uint32_t *fpscr)
{
	uint32_t r;

	if (likely(bits == 32 && !fraction && mode == FP_RZ && fp_host_operand64(a)) && host_to_integer(fp_double(a), is_unsigned, fpscr, &r))
		return r;
	return format_to_fixed(a, bits, fraction, is_unsigned, mode, FORMAT64, fpscr);
}

FP_INLINE uint64_t from_fixed(int64_t value, unsigned fraction, enum fp_round mode, struct fp_format f, uint32_t *fpscr)
{
	if (!value)
		return 0;
	bool sign = value < 0;
	uint64_t mag = sign ? -(uint64_t)value : (uint64_t)value;
	int shift = __builtin_clzll(mag) - 1; /* |value| <= 2^32, so never negative */
	return fp_round(sign, 62 - shift - (int)fraction, mag << shift, f, mode, fpscr);
}

uint32_t fp32_from_fixed(int64_t value, unsigned fraction, enum fp_round mode, uint32_t *fpscr)
{
	if (likely(!fraction && value >= -(1 << 24) && value <= 1 << 24))
		return fp_float_bits((float)value);
	return (uint32_t)from_fixed(value, fraction, mode, FORMAT32, fpscr);
}

uint64_t fp64_from_fixed(int64_t value, unsigned fraction, enum fp_round mode, uint32_t *fpscr)
{
	if (likely(!fraction))
		return fp_double_bits((double)value);
	return from_fixed(value, fraction, mode, FORMAT64, fpscr);
}

/*
 * FPConvert between @from and @to. A NaN keeps the top of its fraction and becomes quiet; the alternative half-precision format has neither NaNs nor
 * infinities.
 */
FP_INLINE uint64_t convert(uint64_t op, struct fp_format from, struct fp_format to, uint32_t *fpscr)
{
	struct fp_value v = fp_unpack(op, from, fpscr);
	bool to_ahp = to.exp_bits == 5 && (*fpscr & FPSCR_AHP_BIT);

	if (fp_is_nan(v.cls)) {
		if (v.cls == CLASS_SNAN || to_ahp)
			*fpscr |= FPSCR_IOC;
		if (to_ahp)
			return fp_zero(v.sign, to);
		if (*fpscr & FPSCR_DN_BIT)
			return fp_default_nan(to);
		uint64_t frac = op & (((uint64_t)1 << from.frac_bits) - 1);
		frac = to.frac_bits > from.frac_bits ? frac << (to.frac_bits - from.frac_bits) : frac >> (from.frac_bits - to.frac_bits);
		return fp_infinity(v.sign, to) | (uint64_t)1 << (to.frac_bits - 1) | frac;
	}
	if (v.cls == CLASS_INF) {
		if (to_ahp) {
			*fpscr |= FPSCR_IOC;
			return fp_zero(v.sign, to) | 0x7fff;
		}
		return fp_infinity(v.sign, to);
	}
	if (v.cls == CLASS_ZERO)
		return fp_zero(v.sign, to);
	return fp_round(v.sign, v.exp, v.mant, to, fp_rmode(*fpscr), fpscr);
}

uint64_t fp32_to_fp64(uint32_t a, uint32_t *fpscr)
{
	if (likely(fp_host_operand32(a)))
		return fp_double_bits(fp_float(a));
	return convert(a, FORMAT32, FORMAT64, fpscr);
}

uint32_t fp64_to_fp32(uint64_t a, uint32_t *fpscr)
{
	if (likely(fp_host_rounding(*fpscr) && fp_host_operand64(a))) {
		float f = (float)fp_double(a);
		uint32_t r = fp_float_bits(f);
		if (likely(fp_host_result32(r))) {
			if (f != fp_double(a))
				*fpscr |= FPSCR_IXC;
			return r;
		}
	}
	return (uint32_t)convert(a, FORMAT64, FORMAT32, fpscr);
}

uint32_t fp16_to_fp32(uint16_t a, uint32_t *fpscr)
{
	return (uint32_t)convert(a, FORMAT16, FORMAT32, fpscr);
}

uint16_t fp32_to_fp16(uint32_t a, uint32_t *fpscr)
{
	return (uint16_t)convert(a, FORMAT32, FORMAT16, fpscr);
}
