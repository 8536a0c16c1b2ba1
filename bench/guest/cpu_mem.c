/* cpu_mem.c - memory: dependent loads in 16 KiB, 1 MiB and 64 MiB, copies, fills, streams, unaligned words, bytes. */
#include "cpu.h"

#include <stdlib.h>
#include <string.h>

#define STREAM 65536
#define LINE 64

static uint8_t *from, *to;
static uint32_t *sa, *sb, *sc;

/* One cycle through all lines of `size` bytes in random order (Sattolo's algorithm). */
static void **chase_make(size_t size)
{
	size_t n = size / LINE;
	uint32_t *order = malloc(n * sizeof(*order)), seed = 362436069;
	uint8_t *lines = aligned_alloc(4096, size);

	if (!order || !lines)
		bench_die("memory for the chase");
	for (size_t i = 0; i < n; i++)
		order[i] = (uint32_t)i;
	for (size_t i = n - 1; i > 0; i--) {
		size_t j = (size_t)((uint64_t)bench_random(&seed) * i >> 32);
		uint32_t t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	for (size_t i = 0; i < n; i++)
		*(void **)(lines + (size_t)order[i] * LINE) = lines + (size_t)order[(i + 1) % n] * LINE;
	free(order);
	return (void **)lines;
}

static void **chase_16k, **chase_1m, **chase_64m;

void setup_chase_16k(void) { chase_16k = chase_make(16 << 10); }
void setup_chase_1m(void) { chase_1m = chase_make(1 << 20); }
void setup_chase_64m(void) { chase_64m = chase_make(64 << 20); }

static uint32_t chase(void ***at)
{
	void **p = *at;

	for (unsigned i = 0; i < 4096; i += 16) {
#define STEP4 p = *p; p = *p; p = *p; p = *p;
		STEP4 STEP4 STEP4 STEP4
	}
	*at = p;
	return 0;
}

uint32_t bench_chase_16k(void) { return chase((void ***)&chase_16k); }
uint32_t bench_chase_1m(void) { return chase((void ***)&chase_1m); }
uint32_t bench_chase_64m(void) { return chase((void ***)&chase_64m); }

void setup_mem(void)
{
	uint32_t seed = 521288629;

	if (from)
		return;
	from = aligned_alloc(4096, 2 << 20);
	to = aligned_alloc(4096, 2 << 20);
	sa = aligned_alloc(4096, STREAM * 4);
	sb = aligned_alloc(4096, STREAM * 4);
	sc = aligned_alloc(4096, STREAM * 4);
	if (!from || !to || !sa || !sb || !sc)
		bench_die("memory");
	for (size_t i = 0; i < 2 << 20; i++)
		from[i] = (uint8_t)(bench_random(&seed) >> 7);
	memset(to, 0, 2 << 20);
	for (size_t i = 0; i < STREAM; i++) {
		sa[i] = 0;
		sb[i] = bench_random(&seed);
		sc[i] = bench_random(&seed);
	}
}

/* Operations of copies and fills are KiB. */
uint32_t bench_memcpy_4k(void)
{
	memcpy(to, from, 4096);
	BENCH_CLOBBER(to);
	return (uint32_t)(to[0] ^ from[0]) | (uint32_t)(to[4095] ^ from[4095]);
}

uint32_t bench_memcpy_1m(void)
{
	memcpy(to, from, 1 << 20);
	BENCH_CLOBBER(to);
	return (uint32_t)(to[0] ^ from[0]) | (uint32_t)(to[(1 << 20) - 1] ^ from[(1 << 20) - 1]);
}

uint32_t bench_memset_4k(void)
{
	memset(to, 0x5a, 4096);
	BENCH_CLOBBER(to);
	return (uint32_t)(to[0] ^ 0x5a) | (uint32_t)(to[4095] ^ 0x5a);
}

uint32_t bench_stream_triad(void)
{
	for (size_t i = 0; i < STREAM; i++)
		sa[i] = sb[i] + 3 * sc[i];
	BENCH_CLOBBER(sa);
	return sa[77] - sb[77] - 3 * sc[77];
}

uint32_t bench_stream_sum(void)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < STREAM; i++)
		sum += sb[i];
	return sum;
}

/* Words at odd addresses, none of them aligned. */
uint32_t bench_unaligned(void)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < 4096; i++) {
		uint32_t x;

		memcpy(&x, from + i * 4 + 1, 4);
		sum = (sum << 1 | sum >> 31) + x;
	}
	return sum;
}

/* Byte loads with a data-dependent branch. */
uint32_t bench_bytes(void)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < 16384; i++)
		if (from[i] > 100)
			sum += from[i];
		else
			sum ^= i;
	return sum;
}
