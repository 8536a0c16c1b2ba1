/* test_simd_random.h - random operands for the tests of VFP and Advanced SIMD. */
#ifndef TESTS_CPU_TEST_SIMD_RANDOM_H
#define TESTS_CPU_TEST_SIMD_RANDOM_H

#include "base/base.h"

/* Random operands: corner values of every element type, and others. */
struct simd_random {
	uint64_t state;
};
uint64_t simd_random(struct simd_random *random);
/* One D register's worth. */
uint64_t simd_random_value(struct simd_random *random);
/* An FPSCR value: any modes but short vectors. */
uint32_t simd_random_fpscr(struct simd_random *random);

#endif
