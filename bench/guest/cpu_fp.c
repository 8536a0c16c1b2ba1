/*
 * cpu_fp.c - floating point, scalar (VFP). Built without vectorization, for the host too: it is scalar code that is compared.
 *
 * No sums are contracted and no result is subnormal, so that checksums are equal on every IEEE machine, bit by bit.
 */
#include "cpu.h"

#include <math.h>
#include <string.h>

#define FFT 256

static double twiddle[FFT], wave[2 * FFT], fft_work[2 * FFT];
float bench_fa[4096 + 32], bench_fb[4096 + 32], bench_fc[4096 + 32];

static uint32_t mix_double(uint32_t hash, double x)
{
	uint64_t bits;

	memcpy(&bits, &x, 8);
	return bench_mix(bench_mix(hash, (uint32_t)bits), (uint32_t)(bits >> 32));
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
		bench_fa[i] = (float)(bench_random(&seed) & 0xffff) / 1024.0f + 0.5f;
		bench_fb[i] = (float)(bench_random(&seed) & 0xffff) / 8192.0f + 0.25f;
		bench_fc[i] = 1;
	}
	setup_neon(seed);
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
		float x = bench_fb[i];

		bench_fc[i] = ((((0.25f * x + 1.5f) * x - 2.0f) * x + 0.75f) * x - 3.0f) * x + 1.0f;
	}
	return bench_mix_floats(0, bench_fc, 4096, 97);
}

/* Conversions, comparisons, division. */
uint32_t bench_convert(void)
{
	uint32_t sum = 0;
	double total = 0;

	for (unsigned i = 0; i < 2048; i++) {
		double a = (double)bench_fa[i], b = (double)(int32_t)(i * 3 + 1);

		total += a > b ? a / b : b - a;
		sum += (uint32_t)(int32_t)(a * 16.0);
	}
	return mix_double(sum, total);
}
