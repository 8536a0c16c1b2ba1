/* cpu_branch.c - calls and indirect branches: a bytecode interpreter, virtual calls, deep recursion, callbacks, a tree of pointers. */
#include "cpu.h"

enum { OP_PUSH, OP_LOAD, OP_STORE, OP_ADD, OP_MUL, OP_XOR, OP_LESS, OP_JNZ, OP_DUP, OP_DROP, OP_SHR, OP_CALL, OP_RET, OP_END };

/* a = seed, for i in 0..999: a = f(a * 5 + i), where f(x) = x ^ x >> 3 */
static const int16_t program[] = {
	/*  0 */ OP_PUSH, 0, OP_STORE, 0, OP_PUSH, 12345, OP_STORE, 1,
	/*  8 */ OP_LOAD, 1, OP_PUSH, 5, OP_MUL, OP_LOAD, 0, OP_ADD, OP_CALL, 34, OP_STORE, 1,
	/* 20 */ OP_LOAD, 0, OP_PUSH, 1, OP_ADD, OP_DUP, OP_STORE, 0, OP_PUSH, 1000, OP_LESS, OP_JNZ, 8, OP_END,
	/* 34 */ OP_DUP, OP_PUSH, 3, OP_SHR, OP_XOR, OP_RET,
};

uint32_t bench_interp(void)
{
	uint32_t stack[64], vars[4] = { 0 };
	const int16_t *returns[16], *pc = program;
	uint32_t *sp = stack;
	unsigned depth = 0;

	BENCH_CLOBBER(program);
	for (;;) {
		switch (*pc++) {
		case OP_PUSH: *sp++ = (uint32_t)*pc++; break;
		case OP_LOAD: *sp++ = vars[*pc++]; break;
		case OP_STORE: vars[*pc++] = *--sp; break;
		case OP_ADD: sp--; sp[-1] += sp[0]; break;
		case OP_MUL: sp--; sp[-1] *= sp[0]; break;
		case OP_XOR: sp--; sp[-1] ^= sp[0]; break;
		case OP_LESS: sp--; sp[-1] = sp[-1] < sp[0]; break;
		case OP_JNZ: pc = *--sp ? program + *pc : pc + 1; break;
		case OP_DUP: *sp = sp[-1]; sp++; break;
		case OP_DROP: sp--; break;
		case OP_SHR: sp--; sp[-1] >>= sp[0]; break;
		case OP_CALL: returns[depth++] = pc + 1; pc = program + *pc; break;
		case OP_RET: pc = returns[--depth]; break;
		case OP_END: return vars[1];
		}
	}
}

struct shape {
	uint32_t (*area)(const struct shape *, uint32_t);
	uint32_t a, b;
};
static struct shape shapes[512];

static uint32_t area_square(const struct shape *s, uint32_t x) { return s->a * s->a + x; }
static uint32_t area_rectangle(const struct shape *s, uint32_t x) { return s->a * s->b ^ x; }
static uint32_t area_triangle(const struct shape *s, uint32_t x) { return (s->a * s->b >> 1) - x; }
static uint32_t area_circle(const struct shape *s, uint32_t x) { return (s->a * s->a * 3) + (x >> 1); }
static uint32_t area_point(const struct shape *s, uint32_t x) { (void)s; return x + 1; }
static uint32_t area_line(const struct shape *s, uint32_t x) { return s->a + x * 2; }
static uint32_t area_sum(const struct shape *s, uint32_t x) { return s->a + s->b + x; }
static uint32_t area_frame(const struct shape *s, uint32_t x) { return s->a * 2 + s->b * 2 + x * 3; }

struct node {
	struct node *left, *right;
	uint32_t key;
};
static struct node nodes[1024], *root;
static uint32_t keys[256], sorted[256];

void setup_branch(void)
{
	static uint32_t (*const areas[])(const struct shape *, uint32_t) = { area_square, area_rectangle, area_triangle, area_circle, area_point,
		area_line, area_sum, area_frame };
	uint32_t seed = 88172645;

	for (unsigned i = 0; i < 512; i++) {
		shapes[i].area = areas[bench_random(&seed) >> 16 & 7];
		shapes[i].a = bench_random(&seed) & 255;
		shapes[i].b = bench_random(&seed) & 255;
	}
	for (unsigned i = 0; i < 256; i++)
		keys[i] = bench_random(&seed);
	root = NULL;
	for (unsigned i = 0; i < 1024; i++) {
		struct node **at = &root;

		nodes[i] = (struct node){ NULL, NULL, bench_random(&seed) };
		while (*at)
			at = nodes[i].key < (*at)->key ? &(*at)->left : &(*at)->right;
		*at = &nodes[i];
	}
}

uint32_t bench_virtual(void)
{
	uint32_t x = 0;

	for (unsigned round = 0; round < 8; round++)
		for (unsigned i = 0; i < 512; i++)
			x = shapes[i].area(&shapes[i], x);
	return x;
}

static uint32_t __attribute__((noinline)) fib(uint32_t n)
{
	BENCH_CLOBBER(n);
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/* 8361 calls for fib(18), about the half of them for 17. */
uint32_t bench_recursion(void)
{
	return fib(18);
}

static int __attribute__((noinline)) ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Merge sort with a comparison by callback, bottom up. */
static void __attribute__((noinline)) merge_sort(uint32_t *a, unsigned n, int (*compare)(const void *, const void *))
{
	static uint32_t other[256];

	for (unsigned width = 1; width < n; width *= 2) {
		for (unsigned lo = 0; lo < n; lo += 2 * width) {
			unsigned i = lo, mid = lo + width < n ? lo + width : n, j = mid, hi = lo + 2 * width < n ? lo + 2 * width : n;

			for (unsigned k = lo; k < hi; k++)
				other[k] = i < mid && (j >= hi || compare(&a[i], &a[j]) <= 0) ? a[i++] : a[j++];
		}
		for (unsigned k = 0; k < n; k++)
			a[k] = other[k];
	}
}

uint32_t bench_callback(void)
{
	int (*volatile compare)(const void *, const void *) = ascending;
	uint32_t sum = 0;

	for (unsigned i = 0; i < 256; i++)
		sorted[i] = keys[i];
	merge_sort(sorted, 256, compare);
	for (unsigned i = 0; i < 256; i += 17)
		sum = bench_mix(sum, sorted[i]);
	return sum;
}

static uint32_t __attribute__((noinline)) tree_sum(const struct node *n, uint32_t depth)
{
	return n ? tree_sum(n->left, depth + 1) + tree_sum(n->right, depth + 1) + (n->key >> 20) * depth : 0;
}

uint32_t bench_tree(void)
{
	return tree_sum(root, 1);
}
