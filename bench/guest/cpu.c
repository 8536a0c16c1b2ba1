/* cpu.c - the table of the CPU benchmarks and their checksums, which hold on every machine. */
#include "cpu.h"

#include "cpu_expect.h"

const struct bench bench_table[] = {
#define ENTRY(fn, name, ops, expect, setup) { name, bench_##fn, ops, expect, setup, NULL },
	BENCH_CPU_LIST(ENTRY)
#undef ENTRY
	{ NULL, NULL, 0, 0, NULL, NULL },
};
