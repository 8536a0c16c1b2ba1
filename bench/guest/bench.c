/*
 * bench.c - main() of the benchmark programs: bench [-t MS] [-l] [NAME...]
 *
 * Prints "BENCH name ns" a benchmark, where ns is the time of one operation in the best of many slices of a millisecond: a slice that
 * the host's scheduler or the guest's timer interrupted says nothing about the code. Exit status 1 when a checksum was wrong.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SLICE_NS 1000000u

int bench_main_hook(int argc, char **argv) __attribute__((weak));

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

_Noreturn void bench_die(const char *what)
{
	perror(what);
	exit(2);
}

uint32_t bench_mix_bytes(uint32_t hash, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n--)
		hash = bench_mix(hash, *p++);
	return hash;
}

/* Runs b `times` times; false when a checksum was wrong. */
static int run_times(const struct bench *b, unsigned times)
{
	while (times--) {
		uint32_t got = b->run();

		if (got != b->expect) {
			printf("BENCH-FAIL %s: checksum 0x%08x instead of 0x%08x\n", b->name, got, b->expect);
			return 0;
		}
	}
	return 1;
}

static int measure(const struct bench *b, uint64_t budget_ns)
{
	unsigned times = 1, slices = 0;
	uint64_t end, best = UINT64_MAX, took;
	int good = 1;

	if (b->setup)
		b->setup();
	/* Warm up, then find out how many runs make a slice. */
	good = run_times(b, 1);
	for (;;) {
		uint64_t start = now_ns();

		good &= run_times(b, times);
		took = now_ns() - start;
		if (!good || took >= SLICE_NS)
			break;
		times = took < SLICE_NS / 16 ? times * 8 : (unsigned)(times * (SLICE_NS + SLICE_NS / 8) / took + 1);
	}
	if (good)
		best = took;
	end = now_ns() + budget_ns;
	while (good && (now_ns() < end || slices < 3)) {
		uint64_t start = now_ns();

		good &= run_times(b, times);
		took = now_ns() - start;
		if (took < best)
			best = took;
		slices++;
	}
	if (b->teardown)
		b->teardown();
	if (good)
		printf("BENCH %s %.3f\n", b->name, (double)best / ((double)times * b->ops));
	fflush(stdout);
	return good;
}

int main(int argc, char **argv)
{
	unsigned budget_ms = 300;
	int option, good = 1;

	if (bench_main_hook && bench_main_hook(argc, argv))
		return 0;
	while ((option = getopt(argc, argv, "t:l")) != -1) {
		if (option == 't') {
			budget_ms = (unsigned)atoi(optarg);
		} else if (option == 'l') {
			for (const struct bench *b = bench_table; b->name; b++)
				puts(b->name);
			return 0;
		} else {
			fprintf(stderr, "usage: %s [-t MS] [-l] [NAME...]\n", argv[0]);
			return 2;
		}
	}
	for (const struct bench *b = bench_table; b->name; b++) {
		int wanted = optind == argc;

		for (int i = optind; i < argc; i++)
			wanted |= !strcmp(argv[i], b->name);
		if (wanted)
			good &= measure(b, (uint64_t)budget_ms * 1000000u);
	}
	return !good;
}
