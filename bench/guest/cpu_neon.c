/* cpu_neon.c - vectors: four floats (NEON on Arm, SSE on the host) and sixteen bytes. The same operations in the same order on both. */
#include "cpu.h"

#include <string.h>

#ifdef __ARM_NEON
#include <arm_neon.h>
typedef float32x4_t v4;
typedef uint8x16_t b16;
static inline v4 v4_load(const float *p) { return vld1q_f32(p); }
static inline void v4_store(float *p, v4 a) { vst1q_f32(p, a); }
static inline v4 v4_set(float x) { return vdupq_n_f32(x); }
static inline v4 v4_add(v4 a, v4 b) { return vaddq_f32(a, b); }
static inline v4 v4_mul(v4 a, v4 b) { return vmulq_f32(a, b); }
static inline b16 b16_load(const uint8_t *p) { return vld1q_u8(p); }
static inline void b16_store(uint8_t *p, b16 a) { vst1q_u8(p, a); }
static inline b16 b16_average(b16 a, b16 b) { return vhaddq_u8(a, b); }
static inline b16 b16_max(b16 a, b16 b) { return vmaxq_u8(a, b); }
#else
typedef float v4 __attribute__((vector_size(16)));
typedef uint8_t b16 __attribute__((vector_size(16)));
static inline v4 v4_load(const float *p) { v4 a; memcpy(&a, p, 16); return a; }
static inline void v4_store(float *p, v4 a) { memcpy(p, &a, 16); }
static inline v4 v4_set(float x) { return (v4){ x, x, x, x }; }
static inline v4 v4_add(v4 a, v4 b) { return a + b; }
static inline v4 v4_mul(v4 a, v4 b) { return a * b; }
static inline b16 b16_load(const uint8_t *p) { b16 a; memcpy(&a, p, 16); return a; }
static inline void b16_store(uint8_t *p, b16 a) { memcpy(p, &a, 16); }
static inline b16 b16_average(b16 a, b16 b) { return (a & b) + ((a ^ b) >> 1); }
static inline b16 b16_max(b16 a, b16 b) { b16 m = (b16)(a > b); return (a & m) | (b & ~m); }
#endif

#define GEMM 32
#define FIR 1024
#define TAPS 16

static uint8_t pa[8192], pb[8192], pc[8192];

void setup_neon(uint32_t seed)
{
	for (unsigned i = 0; i < 8192; i++) {
		pa[i] = (uint8_t)(bench_random(&seed) >> 9);
		pb[i] = (uint8_t)(bench_random(&seed) >> 9);
	}
}

uint32_t bench_mix_floats(uint32_t hash, const float *p, unsigned n, unsigned step)
{
	for (unsigned i = 0; i < n; i += step) {
		uint32_t bits;

		memcpy(&bits, &p[i], 4);
		hash = bench_mix(hash, bits);
	}
	return hash;
}

uint32_t bench_sgemm(void)
{
	for (unsigned i = 0; i < GEMM; i++) {
		for (unsigned j = 0; j < GEMM; j += 8) {
			v4 s0 = v4_set(0), s1 = v4_set(0);

			for (unsigned k = 0; k < GEMM; k++) {
				v4 a = v4_set(bench_fa[i * GEMM + k]);

				s0 = v4_add(s0, v4_mul(a, v4_load(&bench_fb[k * GEMM + j])));
				s1 = v4_add(s1, v4_mul(a, v4_load(&bench_fb[k * GEMM + j + 4])));
			}
			v4_store(&bench_fc[i * GEMM + j], s0);
			v4_store(&bench_fc[i * GEMM + j + 4], s1);
		}
	}
	return bench_mix_floats(0, bench_fc, GEMM * GEMM, 31);
}

uint32_t bench_fir(void)
{
	for (unsigned i = 0; i < FIR; i += 4) {
		v4 s = v4_set(0);

		for (unsigned t = 0; t < TAPS; t++)
			s = v4_add(s, v4_mul(v4_set(bench_fb[t]), v4_load(&bench_fa[i + t])));
		v4_store(&bench_fc[i], s);
	}
	return bench_mix_floats(0, bench_fc, FIR, 13);
}

uint32_t bench_saxpy(void)
{
	v4 a = v4_set(1.5f);

	for (unsigned i = 0; i < 4096; i += 4)
		v4_store(&bench_fc[i], v4_add(v4_mul(a, v4_load(&bench_fa[i])), v4_load(&bench_fb[i])));
	return bench_mix_floats(0, bench_fc, 4096, 97);
}

uint32_t bench_blend(void)
{
	for (unsigned i = 0; i < 8192; i += 16) {
		b16 a = b16_load(&pa[i]), b = b16_load(&pb[i]);

		b16_store(&pc[i], b16_max(b16_average(a, b), b16_average(b16_average(a, b), b)));
	}
	return bench_mix_bytes(0, pc, 64) ^ pc[8191];
}
