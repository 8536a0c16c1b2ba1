/* test_simd_random.c - see test_simd_random.h. */
#include "base/base.h"

#include "tests/cpu/test_simd_random.h"

#include "cpu/cpu.h"
#include "cpu/fp_soft.h"

uint64_t simd_random(struct simd_random *random)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 7;
	random->state ^= random->state << 17;
	return random->state * 0x2545f4914f6cdd1dull;
}

static const uint32_t corners32[] = {
	0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x807fffff, 0x00800000, 0x80800000, 0x00800001, 0x3f800000, 0xbf800000, 0x3f000000,
	0x3f7fffff, 0x3f800001, 0x40000000, 0x40400000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7f800001, 0xff800001, 0x7fbfffff,
	0x7fc00000, 0xffc00000, 0x7fc12345, 0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001, 0x4f7fffff, 0x4f800000, 0x7fffffff, 0xffffffff,
	0x7e800000, 0x7e7fffff, 0x38800000, 0x387fffff, 0x477fe000, 0x477ff000, 0x33800000, 0x00010000, 0x0000ffff, 0x00000080, 0xffffff80,
	0x7bff7c00, 0x7c01fc00, 0x7e00fe00, 0x03ff0400, 0x83ff8001, 0x80008000, 0x7fff7fff, 0x80808080, 0x7f7f7f7f, 0x0000001f, 0x00000020,
	0x3fc00000, 0x40200000, 0xc0200000, 0x3effffff, 0x4b000000, 0x4b800001, 0x20000000, 0x5f000000, 0x1f800000, 0x0d800000, 0x72800000,
};
static const uint64_t corners64[] = {
	0, 0x8000000000000000, 1, 0x8000000000000001, 0x000fffffffffffff, 0x0010000000000000, 0x8010000000000000, 0x0010000000000001,
	0x3ff0000000000000, 0xbff0000000000000, 0x3fefffffffffffff, 0x3ff0000000000001, 0x4000000000000000, 0x7fefffffffffffff, 0xffefffffffffffff,
	0x7ff0000000000000, 0xfff0000000000000, 0x7ff0000000000001, 0xfff0000000000001, 0x7ff8000000000000, 0xfff8000000000000, 0x7ff8123456789abc,
	0x41dfffffffc00000, 0x41e0000000000000, 0xc1e0000000000000, 0xc1e0000000200000, 0x41efffffffe00000, 0x41f0000000000000,
	0x36a0000000000000, 0x369fffffffffffff, 0x380fffffffffffff, 0x3810000000000000, 0x380fffffe0000000, 0x380fffffefffffff, 0x47efffffe0000000,
	0x47effffff0000000, 0x47efffffefffffff, 0x7fffffffffffffff, 0x8000000080000000, 0x3fe0000000000000, 0x3ff8000000000000, 0x4004000000000000,
	0x1ff0000000000000, 0x2000000000000000, 0x5fe0000000000000, 0x4340000000000001, 0x3ca0000000000000,
};

uint64_t simd_random_value(struct simd_random *random)
{
	uint64_t r = simd_random(random), v = simd_random(random);

	switch (r % 8) {
	case 0:
	case 1:
		return corners64[v % ARRAY_SIZE(corners64)];
	case 2:
	case 3:
	case 4:
		return corners32[v % ARRAY_SIZE(corners32)] | (uint64_t)corners32[(v >> 32) % ARRAY_SIZE(corners32)] << 32;
	case 5: /* floats and doubles of moderate size */
		return r & 8 ? (v & 0x800fffffffffffff) | (0x3e0 + (r >> 8) % 64) << 52
		             : (v & 0x807fffff807fffff) | (0x70 + (r >> 8) % 32) << 23 | (0x70 + (r >> 16) % 32) << 55;
	case 6: /* shift amounts */
		return v & 0x3f3f3f3f3f3f3f3f & ~(r & 0x1000 ? 0x1010101010101010 : 0);
	default:
		return v;
	}
}

uint32_t simd_random_fpscr(struct simd_random *random)
{
	uint64_t r = simd_random(random);
	uint32_t modes = (uint32_t)(r & (FPSCR_RMODE | FPSCR_FZ | FPSCR_DN | FPSCR_AHP));

	if (r >> 40 & 1)
		modes = 0;
	return modes | (r >> 41 & 1 ? (uint32_t)r & (FPSCR_EXCEPTIONS | FPSCR_QC) : 0) | (r >> 42 & 1 ? FPSCR_IXC : 0) |
	       ((uint32_t)(r >> 32) & 0xf0000000);
}
