/*
 * cpu_fp.c - floating point, scalar (VFP) and by vectors of four floats (NEON, SSE on the host).
 *
 * No sums are contracted and no result is subnormal, so that checksums are equal on every IEEE machine, bit by bit.
 */
#include "cpu.h"

#include <math.h>
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

#define FFT 256
#define GEMM 32
#define FIR 1024
#define TAPS 16

static double twiddle[FFT], wave[2 * FFT], fft_work[2 * FFT];
static float fa[4096 + 32], fb[4096 + 32], fc[4096 + 32];
static uint8_t pa[8192], pb[8192], pc[8192];

static uint32_t mix_double(uint32_t hash, double x)
{
	uint64_t bits;

	memcpy(&bits, &x, 8);
	return bench_mix(bench_mix(hash, (uint32_t)bits), (uint32_t)(bits >> 32));
}

static uint32_t mix_floats(uint32_t hash, const float *p, unsigned n, unsigned step)
{
	for (unsigned i = 0; i < n; i += step) {
		uint32_t bits;

		memcpy(&bits, &p[i], 4);
		hash = bench_mix(hash, bits);
	}
	return hash;
}

void setup_fp(void)
{
	/* cos and sin of 2 pi / 256, then the addition theorems: the same bits everywhere. */
	const double c1 = 0.99969881869620425, s1 = 0.024541228522912288;
	double c = 1, s = 0;
	uint32_t seed = 1234567;

	for (unsigned i = 0; i < FFT / 2; i++) {
		double t = c * c1 - s * s1;

		twiddle[2 * i] = c;
		twiddle[2 * i + 1] = -s;
		s = s * c1 + c * s1;
		c = t;
	}
	for (unsigned i = 0; i < 2 * FFT; i++)
		wave[i] = (double)(int32_t)bench_random(&seed) / 65536.0;
	for (unsigned i = 0; i < 4096 + 32; i++) {
		fa[i] = (float)(bench_random(&seed) & 0xffff) / 1024.0f + 0.5f;
		fb[i] = (float)(bench_random(&seed) & 0xffff) / 8192.0f + 0.25f;
		fc[i] = 1;
	}
	for (unsigned i = 0; i < 8192; i++) {
		pa[i] = (uint8_t)(bench_random(&seed) >> 9);
		pb[i] = (uint8_t)(bench_random(&seed) >> 9);
	}
}

struct body {
	double x[3], v[3], mass;
};

/* Five bodies under gravity, leapfrog steps. */
uint32_t bench_nbody(void)
{
	struct body b[5] = {
		{ { 0, 0, 0 }, { 0, 0, 0 }, 39.5 }, { { 4.8, -1.2, -0.1 }, { 0.6, 2.8, -0.02 }, 0.038 },
		{ { 8.3, 4.1, -0.4 }, { -1.0, 1.8, 0.008 }, 0.011 }, { { 12.9, -15.1, -0.2 }, { 1.1, 0.9, -0.01 }, 0.0017 },
		{ { 15.4, -25.9, 0.2 }, { 1.0, 0.6, -0.03 }, 0.002 },
	};
	uint32_t sum = 0;

	for (int step = 0; step < 50; step++) {
		for (int i = 0; i < 5; i++) {
			for (int j = i + 1; j < 5; j++) {
				double d0 = b[i].x[0] - b[j].x[0], d1 = b[i].x[1] - b[j].x[1], d2 = b[i].x[2] - b[j].x[2];
				double r2 = d0 * d0 + d1 * d1 + d2 * d2, f = 0.01 / (r2 * sqrt(r2));

				b[i].v[0] -= d0 * b[j].mass * f;
				b[i].v[1] -= d1 * b[j].mass * f;
				b[i].v[2] -= d2 * b[j].mass * f;
				b[j].v[0] += d0 * b[i].mass * f;
				b[j].v[1] += d1 * b[i].mass * f;
				b[j].v[2] += d2 * b[i].mass * f;
			}
		}
		for (int i = 0; i < 5; i++)
			for (int k = 0; k < 3; k++)
				b[i].x[k] += 0.01 * b[i].v[k];
	}
	for (int i = 0; i < 5; i++)
		sum = mix_double(sum, b[i].x[i % 3]);
	return sum;
}

uint32_t bench_mandelbrot(void)
{
	uint32_t sum = 0;

	for (int py = 0; py < 24; py++) {
		for (int px = 0; px < 24; px++) {
			double cx = px * (3.0 / 24) - 2.25, cy = py * (2.5 / 24) - 1.25, x = 0, y = 0;
			uint32_t n = 0;

			while (n < 40 && x * x + y * y < 4) {
				double t = x * x - y * y + cx;

				y = 2 * x * y + cy;
				x = t;
				n++;
			}
			sum = bench_mix(sum, n);
		}
	}
	return sum;
}

/* Radix 2, in place, decimation in time. */
uint32_t bench_fft(void)
{
	uint32_t sum = 0;

	for (unsigned i = 0, j = 0; i < FFT; i++) {
		unsigned bit = FFT / 2;

		fft_work[2 * j] = wave[2 * i];
		fft_work[2 * j + 1] = wave[2 * i + 1];
		for (; j & bit; bit >>= 1)
			j ^= bit;
		j ^= bit;
	}
	for (unsigned half = 1; half < FFT; half *= 2) {
		unsigned stride = FFT / 2 / half;

		for (unsigned base = 0; base < FFT; base += 2 * half) {
			for (unsigned k = 0; k < half; k++) {
				double *p = &fft_work[2 * (base + k)], *q = p + 2 * half;
				double wr = twiddle[2 * k * stride], wi = twiddle[2 * k * stride + 1];
				double re = q[0] * wr - q[1] * wi, im = q[0] * wi + q[1] * wr;

				q[0] = p[0] - re;
				q[1] = p[1] - im;
				p[0] += re;
				p[1] += im;
			}
		}
	}
	for (unsigned i = 0; i < 2 * FFT; i += 37)
		sum = mix_double(sum, fft_work[i]);
	return sum;
}

/* A polynomial of degree 5 in single precision. */
uint32_t bench_horner(void)
{
	for (unsigned i = 0; i < 4096; i++) {
		float x = fb[i];

		fc[i] = ((((0.25f * x + 1.5f) * x - 2.0f) * x + 0.75f) * x - 3.0f) * x + 1.0f;
	}
	return mix_floats(0, fc, 4096, 97);
}

/* Conversions, comparisons, division. */
uint32_t bench_convert(void)
{
	uint32_t sum = 0;
	double total = 0;

	for (unsigned i = 0; i < 2048; i++) {
		double a = (double)fa[i], b = (double)(int32_t)(i * 3 + 1);

		total += a > b ? a / b : b - a;
		sum += (uint32_t)(int32_t)(a * 16.0);
	}
	return mix_double(sum, total);
}

uint32_t bench_sgemm(void)
{
	for (unsigned i = 0; i < GEMM; i++) {
		for (unsigned j = 0; j < GEMM; j += 8) {
			v4 s0 = v4_set(0), s1 = v4_set(0);

			for (unsigned k = 0; k < GEMM; k++) {
				v4 a = v4_set(fa[i * GEMM + k]);

				s0 = v4_add(s0, v4_mul(a, v4_load(&fb[k * GEMM + j])));
				s1 = v4_add(s1, v4_mul(a, v4_load(&fb[k * GEMM + j + 4])));
			}
			v4_store(&fc[i * GEMM + j], s0);
			v4_store(&fc[i * GEMM + j + 4], s1);
		}
	}
	return mix_floats(0, fc, GEMM * GEMM, 31);
}

uint32_t bench_fir(void)
{
	for (unsigned i = 0; i < FIR; i += 4) {
		v4 s = v4_set(0);

		for (unsigned t = 0; t < TAPS; t++)
			s = v4_add(s, v4_mul(v4_set(fb[t]), v4_load(&fa[i + t])));
		v4_store(&fc[i], s);
	}
	return mix_floats(0, fc, FIR, 13);
}

uint32_t bench_saxpy(void)
{
	v4 a = v4_set(1.5f);

	for (unsigned i = 0; i < 4096; i += 4)
		v4_store(&fc[i], v4_add(v4_mul(a, v4_load(&fa[i])), v4_load(&fb[i])));
	return mix_floats(0, fc, 4096, 97);
}

uint32_t bench_blend(void)
{
	for (unsigned i = 0; i < 8192; i += 16) {
		b16 a = b16_load(&pa[i]), b = b16_load(&pb[i]);

		b16_store(&pc[i], b16_max(b16_average(a, b), b16_average(b16_average(a, b), b)));
	}
	return bench_mix_bytes(0, pc, 64) ^ pc[8191];
}
