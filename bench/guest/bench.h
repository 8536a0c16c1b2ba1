/*
 * bench.h - what the benchmark programs share: a table of benchmarks, timing, reporting.
 *
 * A program defines bench_table; main() is in bench.c. Each entry's run() does a fixed amount of work, `ops`
 * operations, and returns a checksum, which must be `expect` every time: a fast wrong answer is a failure, not a result. The same sources are
 * built for the guest (A32 and Thumb-2) and for the host.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

struct bench {
	const char *name;
	uint32_t (*run)(void);
	uint32_t ops;            /* operations in one run() */
	uint32_t expect;         /* what run() returns */
	void (*setup)(void);     /* before the first run(), or NULL */
	void (*teardown)(void);  /* after the last one, or NULL */
};

extern const struct bench bench_table[];  /* ends with a NULL name */

/* A repeatable stream of 32-bit numbers (xorshift, 13 17 5). */
static inline uint32_t bench_random(uint32_t *state)
{
	uint32_t x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

static inline uint32_t bench_mix(uint32_t hash, uint32_t value)
{
	return (hash ^ value) * 16777619u;
}

uint32_t bench_mix_bytes(uint32_t hash, const void *data, size_t n);

/* Keeps the compiler from knowing what memory holds. */
#define BENCH_CLOBBER(p) __asm__ volatile("" : : "r"(p) : "memory")

_Noreturn void bench_die(const char *what);

#endif
