/*
 * test_fp_probe.c - hashes of what VFP and Advanced SIMD instructions compute, printed one instruction a line.
 *
 * The same source makes two programs: built for Arm it executes the instructions of test_simd_cases.def, and runs under qemu-arm (or on a board);
 * built for the host it calls our operations. test_fp_qemu.sh compares what they print.
 *
 *   random COUNT SEED   every instruction on COUNT random register files in random modes
 *   sweep STRIDE        single-precision ones with one operand, over the 2^32 operands by STRIDE, in every rounding mode and with FZ and DN
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cpu/cpu.h"
#include "cpu/fp_soft.h"
#include "cpu/simd.h"
#include "tests/cpu/test_simd_random.h"

static const struct probe_case {
	const char *text;
	uint32_t word, desc, op;
} cases[] = {
#define CASE(op, word, desc, text) { text, word, desc, SIMD_##op },
#include "tests/cpu/test_simd_cases.def"
#undef CASE
};

struct record {
	uint64_t d[16];
	uint32_t fpscr, unused;
};

#ifdef __arm__
#include <sys/mman.h>

typedef void code_fn(struct record *record);

static code_fn *prepare(const struct probe_case *c)
{
	static uint32_t *page;
	const uint32_t code[] = {
		0xed2d8b10, /* vpush {d8-d15} */
		0xe5901080, /* ldr r1, [r0, #128] */
		0xec900b20, /* vldmia r0, {d0-d15} */
		0xeee11a10, /* vmsr fpscr, r1 */
		c->word,
		0xeef11a10, /* vmrs r1, fpscr */
		0xec800b20, /* vstmia r0, {d0-d15} */
		0xe5801080, /* str r1, [r0, #128] */
		0xecbd8b10, /* vpop {d8-d15} */
		0xe3a01000, /* mov r1, #0 */
		0xeee11a10, /* vmsr fpscr, r1 */
		0xe12fff1e, /* bx lr */
	};

	if (!page)
		page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		abort();
	memcpy(page, code, sizeof(code));
	__builtin___clear_cache((char *)page, (char *)page + sizeof(code));
	return (code_fn *)page;
}

static void run(const struct probe_case *c, code_fn *code, struct record *record)
{
	code(record);
}
#else
typedef simd_fn *code_fn;

static code_fn *prepare(const struct probe_case *c)
{
	return NULL;
}

static void run(const struct probe_case *c, code_fn *code, struct record *record)
{
	static struct cpu cpu; /* a program of its own, one thread */

	memcpy(cpu.vfp.d, record->d, sizeof(record->d));
	cpu.fpscr = record->fpscr;
	simd_info[c->op].fn(&cpu, c->desc);
	memcpy(record->d, cpu.vfp.d, sizeof(record->d));
	record->fpscr = cpu.fpscr;
}
#endif

static uint64_t hash(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static uint64_t hash_record(uint64_t h, const struct record *record)
{
	for (unsigned i = 0; i < 16; i++)
		h = hash(h, record->d[i]);
	return hash(h, record->fpscr);
}

static void probe_random(unsigned long count, uint64_t seed)
{
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct simd_random random = { (seed + i) * 2 + 1 };
		code_fn *code = prepare(&cases[i]);
		uint64_t h = 0;

		for (unsigned long k = 0; k < count; k++) {
			struct record record = { .fpscr = simd_random_fpscr(&random) };

			for (unsigned r = 0; r < 16; r++)
				record.d[r] = simd_random_value(&random);
			run(&cases[i], code, &record);
			h = hash_record(h, &record);
		}
		printf("%016" PRIx64 " %s\n", h, cases[i].text);
	}
}

static bool is_unary_single(uint32_t op)
{
	static const uint16_t ops[] = {
		SIMD_F32_SQRT, SIMD_F32_ABS, SIMD_F32_NEG, SIMD_F32_CMPZ, SIMD_F32_CMPEZ, SIMD_F64_F32, SIMD_F16_F32, SIMD_S32_F32, SIMD_U32_F32,
		SIMD_S32R_F32, SIMD_U32R_F32, SIMD_F32_S32, SIMD_F32_U32, SIMD_F64_S32, SIMD_F64_U32, SIMD_FIXED_F32, SIMD_F32_FIXED, SIMD_VRECPE_F32,
		SIMD_VRSQRTE_F32, SIMD_VRECPE_U32, SIMD_VRSQRTE_U32, SIMD_VCVT_S32_F32, SIMD_VCVT_U32_F32, SIMD_VCVT_F32_S32, SIMD_VCVT_F32_U32,
		SIMD_F32_F16, SIMD_VCVT_F32_F16, SIMD_VCVT_F16_F32,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++)
		if (ops[i] == op)
			return true;
	return false;
}

/* Sixteen words of the register file take part at a time. */
static void probe_sweep(uint32_t stride)
{
	static const uint32_t modes[] = { 0, 1u << 22, 2u << 22, 3u << 22, FPSCR_FZ, FPSCR_DN | FPSCR_AHP };

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		code_fn *code;
		uint64_t h = 0;

		if (!is_unary_single(cases[i].op))
			continue;
		code = prepare(&cases[i]);
		for (uint64_t value = 0; value < 1ull << 32; value += stride) {
			uint64_t pair = (uint32_t)value * 0x100000001ull;
			struct record record = { .fpscr = modes[value / stride % ARRAY_SIZE(modes)] };

			for (unsigned r = 0; r < 16; r++)
				record.d[r] = pair;
			run(&cases[i], code, &record);
			h = hash_record(h, &record);
		}
		printf("%016" PRIx64 " %s\n", h, cases[i].text);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "random")) {
		probe_random(strtoul(argv[2], NULL, 0), strtoull(argv[3], NULL, 0));
	} else if (argc == 3 && !strcmp(argv[1], "sweep") && strtoul(argv[2], NULL, 0) > 0) {
		probe_sweep((uint32_t)strtoul(argv[2], NULL, 0));
	} else {
		fprintf(stderr, "usage: %s random COUNT SEED | sweep STRIDE\n", argv[0]);
		return 2;
	}
	return 0;
}
