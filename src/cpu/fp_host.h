/* fp_host.h - when the host's arithmetic in its default modes gives the architecture's results, shared by the fp_*.c files. */
#ifndef DBTVM_CPU_FP_HOST_H
#define DBTVM_CPU_FP_HOST_H

#include "base/base.h"

#include <string.h>

static inline float fp_float(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, sizeof(f));
	return f;
}
static inline uint32_t fp_float_bits(float f)
{
	uint32_t bits;
	memcpy(&bits, &f, sizeof(bits));
	return bits;
}
static inline double fp_double(uint64_t bits)
{
	double f;
	memcpy(&f, &bits, sizeof(f));
	return f;
}
static inline uint64_t fp_double_bits(double f)
{
	uint64_t bits;
	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

/* FPSCR.RMode is round to nearest. */
static inline bool fp_host_rounding(uint32_t fpscr)
{
	return !(fpscr & 3u << 22);
}
static inline bool fp_host_normal32(uint32_t a)
{
	return (a >> 23 & 0xff) - 1 < 0xfe;
}
/* Zero or normal: no NaN, and nothing that flushing inputs to zero would change. */
static inline bool fp_host_operand32(uint32_t a)
{
	return fp_host_normal32(a) || !(a << 1);
}
static inline bool fp_host_operand64(uint64_t a)
{
	return (a >> 52 & 0x7ff) - 1 < 0x7fe || !(a << 1);
}
/* Normal, and not of the least exponent: that may have been tiny before rounding. */
static inline bool fp_host_result32(uint32_t r)
{
	return (r >> 23 & 0xff) - 2 < 0xfd;
}
static inline bool fp_host_result64(uint64_t r)
{
	return (r >> 52 & 0x7ff) - 2 < 0x7fd;
}

#endif
