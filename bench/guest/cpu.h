/* cpu.h - the benchmarks of cpu.c's table; cpu_int.c, cpu_branch.c, cpu_fp.c and cpu_mem.c hold them. */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include "bench.h"

/* BENCH_CPU(function suffix, "name", operations a run, checksum, setup or NULL) */
#define BENCH_CPU_LIST(X) \
	X(sort, "int.sort", 1024, EXPECT_SORT, setup_int) \
	X(hash_table, "int.hash-table", 4096, EXPECT_HASH_TABLE, setup_int) \
	X(crc32, "int.crc32", 8192, EXPECT_CRC32, setup_int) \
	X(sha256, "int.sha256", 4096, EXPECT_SHA256, setup_int) \
	X(bits, "int.bits", 1024, EXPECT_BITS, setup_int) \
	X(matrix, "int.matrix", 24 * 24 * 24, EXPECT_MATRIX, setup_int) \
	X(state_machine, "int.state-machine", 8192, EXPECT_STATE_MACHINE, setup_int) \
	X(search, "int.search", 8192, EXPECT_SEARCH, setup_int) \
	X(compress, "int.compress", 8192, EXPECT_COMPRESS, setup_int) \
	X(decompress, "int.decompress", 8192, EXPECT_DECOMPRESS, setup_int) \
	X(sieve, "int.sieve", 8192, EXPECT_SIEVE, setup_int) \
	X(interp, "branch.interpreter", 1, EXPECT_INTERP, NULL) \
	X(virtual, "branch.virtual-calls", 4096, EXPECT_VIRTUAL, setup_branch) \
	X(recursion, "branch.recursion", 8361, EXPECT_RECURSION, NULL) \
	X(callback, "branch.sort-callback", 256, EXPECT_CALLBACK, setup_branch) \
	X(tree, "branch.tree", 1024, EXPECT_TREE, setup_branch) \
	X(nbody, "fp.nbody", 50, EXPECT_NBODY, NULL) \
	X(mandelbrot, "fp.mandelbrot", 24 * 24, EXPECT_MANDELBROT, NULL) \
	X(fft, "fp.fft", 256, EXPECT_FFT, setup_fp) \
	X(horner, "fp.horner-f32", 4096, EXPECT_HORNER, setup_fp) \
	X(convert, "fp.convert", 2048, EXPECT_CONVERT, setup_fp) \
	X(sgemm, "neon.sgemm", 32 * 32 * 32, EXPECT_SGEMM, setup_fp) \
	X(fir, "neon.fir", 1024 * 16, EXPECT_FIR, setup_fp) \
	X(saxpy, "neon.saxpy", 4096, EXPECT_SAXPY, setup_fp) \
	X(blend, "neon.int-blend", 8192, EXPECT_BLEND, setup_fp) \
	X(chase_16k, "mem.chase-16K", 4096, 0, setup_chase_16k) \
	X(chase_1m, "mem.chase-1M", 4096, 0, setup_chase_1m) \
	X(chase_64m, "mem.chase-64M", 4096, 0, setup_chase_64m) \
	X(memcpy_4k, "mem.memcpy-4K", 4, EXPECT_COPY, setup_mem) \
	X(memcpy_1m, "mem.memcpy-1M", 1024, EXPECT_COPY, setup_mem) \
	X(memset_4k, "mem.memset-4K", 4, EXPECT_COPY, setup_mem) \
	X(stream_triad, "mem.stream-triad", 65536, EXPECT_COPY, setup_mem) \
	X(stream_sum, "mem.stream-sum", 65536, EXPECT_SUM, setup_mem) \
	X(unaligned, "mem.unaligned", 4096, EXPECT_UNALIGNED, setup_mem) \
	X(bytes, "mem.bytes", 16384, EXPECT_BYTES, setup_mem)

#define DECLARE(fn, name, ops, expect, setup) uint32_t bench_##fn(void);
BENCH_CPU_LIST(DECLARE)
#undef DECLARE

void setup_int(void);
void setup_branch(void);
void setup_fp(void);
void setup_neon(uint32_t seed);
void setup_chase_16k(void);
void setup_chase_1m(void);
void setup_chase_64m(void);
void setup_mem(void);

/* What floating point works on; filled by setup_fp(). */
extern float bench_fa[4096 + 32], bench_fb[4096 + 32], bench_fc[4096 + 32];
uint32_t bench_mix_floats(uint32_t hash, const float *p, unsigned n, unsigned step);

#endif
