/*
 * fp_private.h - unpacked floating-point values, shared by the fp_*.c files.
 *
 * The functions take a format by value; callers pass a constant, so the compiler makes one copy for each format.
 */
#ifndef DBTVM_CPU_FP_PRIVATE_H
#define DBTVM_CPU_FP_PRIVATE_H

#include "cpu/fp_soft.h"

#define FPSCR_AHP_BIT (1u << 26)
#define FPSCR_DN_BIT (1u << 25)
#define FPSCR_FZ_BIT (1u << 24)

#define FP_INLINE static inline __attribute__((always_inline))

struct fp_format {
	unsigned exp_bits, frac_bits;
};
#define FORMAT16 ((struct fp_format){5, 10})
#define FORMAT32 ((struct fp_format){8, 23})
#define FORMAT64 ((struct fp_format){11, 52})

enum fp_class { CLASS_ZERO, CLASS_FINITE, CLASS_INF, CLASS_QNAN, CLASS_SNAN };

/* A finite value is (-1)^sign * mant / 2^62 * 2^exp with bit 62 of mant set and bit 63 clear. */
struct fp_value {
	uint64_t mant;
	int exp;
	enum fp_class cls;
	bool sign;
};

FP_INLINE int fp_min_exp(struct fp_format f)
{
	return 2 - (1 << (f.exp_bits - 1));
}

FP_INLINE enum fp_round fp_rmode(uint32_t fpscr)
{
	return (enum fp_round)(fpscr >> 22 & 3);
}

FP_INLINE uint64_t fp_zero(bool sign, struct fp_format f)
{
	return (uint64_t)sign << (f.exp_bits + f.frac_bits);
}

FP_INLINE uint64_t fp_infinity(bool sign, struct fp_format f)
{
	return fp_zero(sign, f) | (((uint64_t)1 << f.exp_bits) - 1) << f.frac_bits;
}

FP_INLINE uint64_t fp_default_nan(struct fp_format f)
{
	return fp_infinity(false, f) | (uint64_t)1 << (f.frac_bits - 1);
}

/* Right shift that keeps whether anything was lost in bit 0. */
FP_INLINE uint64_t fp_shift_jam(uint64_t value, unsigned n)
{
	if (n == 0)
		return value;
	if (n > 63)
		return value != 0;
	return value >> n | ((value << (64 - n)) != 0);
}

FP_INLINE bool fp_is_nan(enum fp_class cls)
{
	return cls >= CLASS_QNAN;
}

/* FPUnpack() */
FP_INLINE struct fp_value fp_unpack(uint64_t bits, struct fp_format f, uint32_t *fpscr)
{
	struct fp_value v = {0, 0, CLASS_ZERO, bits >> (f.exp_bits + f.frac_bits) & 1};
	unsigned exp = bits >> f.frac_bits & ((1u << f.exp_bits) - 1);
	uint64_t frac = bits & (((uint64_t)1 << f.frac_bits) - 1);

	if (exp == 0) {
		if (!frac)
			return v;
		if (f.exp_bits != 5 && (*fpscr & FPSCR_FZ_BIT)) {
			*fpscr |= FPSCR_IDC;
			return v;
		}
		int shift = __builtin_clzll(frac) - 1;
		v.cls = CLASS_FINITE;
		v.mant = frac << shift;
		v.exp = fp_min_exp(f) - (int)f.frac_bits + 62 - shift;
	} else if (exp == (1u << f.exp_bits) - 1 && !(f.exp_bits == 5 && (*fpscr & FPSCR_AHP_BIT))) {
		if (!frac)
			v.cls = CLASS_INF;
		else
			v.cls = frac >> (f.frac_bits - 1) ? CLASS_QNAN : CLASS_SNAN;
	} else {
		v.cls = CLASS_FINITE;
		v.mant = (frac | (uint64_t)1 << f.frac_bits) << (62 - f.frac_bits);
		v.exp = (int)exp + fp_min_exp(f) - 1;
	}
	return v;
}

/* FPProcessNaN() of the operand @bits */
FP_INLINE uint64_t fp_process_nan(enum fp_class cls, uint64_t bits, struct fp_format f, uint32_t *fpscr)
{
	if (cls == CLASS_SNAN) {
		bits |= (uint64_t)1 << (f.frac_bits - 1);
		*fpscr |= FPSCR_IOC;
	}
	return *fpscr & FPSCR_DN_BIT ? fp_default_nan(f) : bits;
}

/* FPProcessNaNs(): true and *result when one of the operands is a NaN. */
FP_INLINE bool fp_process_nans(enum fp_class ca, enum fp_class cb, uint64_t a, uint64_t b, struct fp_format f, uint32_t *fpscr,
                               uint64_t *result)
{
	if (likely(!fp_is_nan(ca) && !fp_is_nan(cb)))
		return false;
	if (ca == CLASS_SNAN || (cb != CLASS_SNAN && ca == CLASS_QNAN))
		*result = fp_process_nan(ca, a, f, fpscr);
	else
		*result = fp_process_nan(cb, b, f, fpscr);
	return true;
}

FP_INLINE uint64_t fp_invalid(struct fp_format f, uint32_t *fpscr)
{
	*fpscr |= FPSCR_IOC;
	return fp_default_nan(f);
}

/* Whether a magnitude @low (odd bit of its integer part in @odd) with remainder @rest of a unit of 2 * @half is rounded away from zero. */
FP_INLINE bool fp_round_up(bool sign, bool odd, uint64_t rest, uint64_t half, enum fp_round mode)
{
	switch (mode) {
	case FP_RN: return rest > half || (rest == half && odd);
	case FP_RP: return rest && !sign;
	case FP_RM: return rest && sign;
	case FP_RZ: break;
	}
	return false;
}

/* The result that overflow gives: infinity, or the largest number when @mode rounds towards zero. */
FP_INLINE uint64_t fp_overflow(bool sign, struct fp_format f, enum fp_round mode, uint32_t *fpscr)
{
	bool to_inf = mode == FP_RN || (mode == FP_RP && !sign) || (mode == FP_RM && sign);
	*fpscr |= FPSCR_OFC | FPSCR_IXC;
	return fp_infinity(sign, f) - (to_inf ? 0 : 1);
}

/* FPRound() of a normalised finite value whose bit 0 is sticky. */
FP_INLINE uint64_t fp_round(bool sign, int exp, uint64_t mant, struct fp_format f, enum fp_round mode, uint32_t *fpscr)
{
	const unsigned drop = 62 - f.frac_bits;
	int biased = exp - fp_min_exp(f) + 1;

	if (biased <= 0) {
		if (f.exp_bits != 5 && (*fpscr & FPSCR_FZ_BIT)) {
			*fpscr |= FPSCR_UFC;
			return fp_zero(sign, f);
		}
		mant = fp_shift_jam(mant, (unsigned)(1 - biased));
		biased = 0;
	}
	uint64_t rest = mant & (((uint64_t)1 << drop) - 1);
	uint64_t kept = mant >> drop;
	if (!biased && rest)
		*fpscr |= FPSCR_UFC;
	if (fp_round_up(sign, kept & 1, rest, (uint64_t)1 << (drop - 1), mode))
		kept++;
	/* kept holds the hidden bit, so the sum carries into the exponent by itself; also from subnormal to normal */
	uint64_t result = kept + ((uint64_t)(biased ? biased - 1 : 0) << f.frac_bits);
	if (f.exp_bits == 5 && (*fpscr & FPSCR_AHP_BIT)) {
		if (result >> f.frac_bits >= (1u << f.exp_bits)) {
			*fpscr |= FPSCR_IOC;
			return fp_zero(sign, f) | 0x7fff;
		}
	} else if (result >> f.frac_bits >= (1u << f.exp_bits) - 1) {
		return fp_overflow(sign, f, mode, fpscr);
	}
	if (rest)
		*fpscr |= FPSCR_IXC;
	return fp_zero(sign, f) | result;
}

#endif
