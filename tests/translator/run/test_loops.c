/*
 * Random loops of one block, interpreted and natively: what they leave behind must be the same, though accesses fail in the middle (a handler notes
 * all registers and goes on behind), interrupts come at any time, branches lead out of the loop and back or over a part of it, ends come in the middle,
 * floating point is switched off, and some store over their own code. Half of them are Thumb, in instructions of four bytes.
 * LOOP_SEED=n runs one case, LOOP_CASES=n more of them, LOOP_ACCEL=text those as this -accel.
 */
#include "base/base.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/base/check_run.h"
#include "tests/translator/guest.h"
#include "tests/translator/random_ir.h"

#define CODE 0x8000u
#define LOOP (CODE + 4)
#define ABORT_LOG 0xc0000u
#define IRQ_STACK 0xb0000u
#define IRQ_STACK_SIZE 0x100u

static const char *const accels[] = {
	"interp,no-lift-runs,no-join,no-fold,no-flags,no-dead,no-checks", /* the reference */
	"interp",
	"dbt",
	"dbt,windows=always",
	"dbt,windows=always,no-inline-fp",
	"dbt,no-windows,no-home-copies",
	"dbt,no-loop-homes",
};

static uint64_t rng;
static uint32_t code[192];
static unsigned length;
static bool big; /* data may be big-endian somewhere */
static bool thumb;
/* Registers and what they are for. */
static unsigned counter, pointers[2], device, code_at, code_word, data[15], data_count;

static unsigned below(unsigned n)
{
	return (unsigned)(random_next(&rng) >> 33) % n;
}

static unsigned any(void)
{
	return data[below(data_count)];
}

static void put(uint32_t word)
{
	ck_assert_uint_lt(length, ARRAY_SIZE(code));
	code[length++] = word;
}

static void choose_registers(void)
{
	unsigned all[15];

	for (unsigned i = 0; i < 15; i++) {
		unsigned j = below(i + 1);

		all[i] = all[j];
		all[j] = i;
	}
	for (unsigned i = 0; i < 14 && thumb; i++) /* T32 does little with r13 */
		if (all[i] == 13) {
			all[i] = all[14];
			all[14] = 13;
		}
	counter = all[0];
	pointers[0] = all[1];
	pointers[1] = all[2];
	device = all[3];
	code_at = all[4];
	code_word = all[5];
	data_count = 3 + below(7);
	memcpy(data, all + 6, data_count * sizeof(data[0]));
}

static uint32_t condition(void)
{
	return (below(4) ? 14 : below(14)) << 28;
}

static uint32_t processing(void)
{
	uint32_t word = condition() | below(16) << 21 | below(2) << 20 | any() << 16 | any() << 12;

	if ((word >> 23 & 3) == 2)
		word = (word | 1u << 20) & ~0xf000u; /* comparisons */
	if ((word >> 21 & 13) == 13)
		word &= ~0xf0000u;
	return below(2) ? word | 1u << 25 | below(256) : word | below(32) << 7 | below(4) << 5 | any();
}

static uint32_t other_arithmetic(void)
{
	unsigned high = data[0], low = data[1 + below(data_count - 1)];

	switch (below(6)) {
	case 0:
		return condition() | 0x90 | any() << 16 | any() << 8 | any(); /* mul */
	case 1:
		return condition() | 0x800090 | high << 16 | low << 12 | any() << 8 | any(); /* umull */
	case 2:
		return condition() | 0x016f0f10 | any() << 12 | any(); /* clz */
	case 3:
		return condition() | 0x06ef0070 | any() << 12 | any(); /* uxtb */
	case 4:
		return condition() | 0x07c00010 | 20u << 16 | any() << 12 | below(20) << 7 | any(); /* bfi */
	default:
		return condition() | 0x01a00010 | below(4) << 5 | any() << 12 | any() << 8 | any(); /* mov with a shift by a register */
	}
}

/* What calls C, looks at flags or at the whole state, or wants certain registers. */
static uint32_t special(void)
{
	switch (below(9)) {
	case 0:
		return condition() | 0x01000050 | any() << 16 | any() << 12 | any(); /* qadd */
	case 1:
		return condition() | 0x06500f90 | any() << 16 | any() << 12 | any(); /* uadd8 */
	case 2:
		return condition() | 0x06800fb0 | any() << 16 | any() << 12 | any(); /* sel */
	case 3:
		return condition() | 0x010f0000 | any() << 12; /* mrs */
	case 4:
		return condition() | 0x0128f000 | any(); /* msr cpsr_f */
	case 5:
		return condition() | 0x0e0d0f50 | below(2) << 20 | any() << 12; /* TPIDRURW */
	case 6:
		return condition() | 0x00e00090 | data[0] << 16 | data[1] << 12 | any() << 8 | any(); /* smlal */
	case 7:
		big = true;
		return below(4) ? 0xf1010000 : 0xf1010200; /* setend */
	default:
		return condition() | 0x01000080 | any() << 16 | any() << 12 | any() << 8 | any(); /* smlabb */
	}
}

/* Exclusives, doublewords, what is not aligned. */
static uint32_t odd_access(void)
{
	uint32_t base = pointers[below(2)] << 16;
	unsigned low = any() & ~1u;
	bool pair = false;

	switch (below(5)) {
	case 0:
		return condition() | 0x01900f9f | base | any() << 12; /* ldrex */
	case 1:
		return condition() | 0x01800f90 | base | data[0] << 12 | data[1]; /* strex */
	case 2:
		for (unsigned i = 0; i < data_count; i++)
			pair |= data[i] == low + 1;
		for (unsigned i = 0; i < data_count && pair; i++)
			if (data[i] == low)
				return condition() | 0x014000d0 | below(2) << 5 | below(2) << 23 | base | low << 12 | below(4) * 4;
		/* fall through */
	case 3:
		return condition() | 0x05000000 | below(2) << 23 | below(2) << 20 | base | any() << 12 | below(64);
	default:
		return condition() | 0x010000d0 | below(2) << 23 | 1u << 22 | 1u << 20 | base | any() << 12 | below(16); /* ldrsb */
	}
}

/* By a pointer near the end of RAM. */
static uint32_t access(void)
{
	uint32_t base = pointers[below(2)] << 16, value = any() << 12, offset = below(16) * 4, list = 0;

	switch (below(6)) {
	case 0:
		return condition() | 0x04000000 | below(2) << 23 | below(2) << 20 | base | value | offset; /* post-indexed */
	case 1:
		return condition() | 0x05000000 | below(2) << 23 | below(2) << 22 | below(2) << 20 | base | value | offset;
	case 2:
		return condition() | 0x014000b0 | below(2) << 23 | below(2) << 20 | base | value | (offset & 0xc); /* halfword */
	case 3:
		for (unsigned i = 0; i < 4; i++)
			list |= 1u << any();
		return condition() | 0x08a00000 | below(2) << 20 | base | list;
	case 4:
		return 0xe5800000 | below(2) << 20 | device << 16 | value | offset;
	default:
		return 0xed800a00 | below(2) << 20 | base | 1u << 12 | below(8); /* vldr, vstr s2 */
	}
}

static uint32_t floating(void)
{
	uint32_t base = pointers[below(2)] << 16;

	switch (below(20)) {
	case 0: case 1: case 2: case 3:
		return 0xee000a10 | any() << 12; /* vmov s0 */
	case 4:
		return condition() | 0x0c900b04 | below(2) << 21 | base | 1u << 12; /* vldm {d1-d2} */
	case 5:
		return condition() | 0x0d200b04 | base | 1u << 12; /* vstmdb {d1-d2} */
	case 6:
		return 0xf400078d | below(2) << 21 | base; /* vld1, vst1 {d0} */
	case 7:
		return 0xf2200842; /* vadd.i32 q0, q0, q1 */
	case 8:
		return 0xf3000d52; /* vmul.f32 q0, q0, q1 */
	case 9:
		return condition() | 0x0eb40a60; /* vcmp.f32 s0, s1 */
	case 10:
		return condition() | 0x0ef1fa10; /* vmrs apsr_nzcv, fpscr */
	case 11:
		return condition() | 0x0ef10a10 | any() << 12; /* vmrs rt, fpscr */
	case 12:
		return 0xeea20b10 | any() << 12; /* vdup.32 q1 */
	case 13:
		return condition() | 0x0c400b10 | below(2) << 20 | data[0] << 16 | data[1] << 12; /* vmov d0 and two */
	case 14:
		return condition() | 0x0e800b01; /* vdiv.f64 d0, d0, d1 */
	case 15:
		return condition() | 0x0ebd0ae0; /* vcvt.s32.f32 s0, s1 */
	case 16:
		return condition() | 0x0ee80a10 | any() << 12; /* vmsr fpexc: may switch it off */
	case 17:
		return condition() | 0x0e100a10 | any() << 12; /* from s0 */
	case 18:
		return condition() | 0x0e300a20; /* vadd.f32 s0, s0, s1 */
	default:
		return condition() | 0x0e200a20; /* vmul.f32 s0, s0, s1 */
	}
}

static void put_random(bool no_access, bool fp)
{
	switch (below(no_access ? 7 : 10)) {
	case 0: case 1:
		put(other_arithmetic());
		break;
	case 2: case 3: case 4: case 5:
		put(processing());
		break;
	case 6:
		put(fp ? floating() : processing());
		break;
	case 7:
		put(below(2) ? special() : access());
		break;
	default:
		put(below(3) ? access() : odd_access());
		break;
	}
}

/* Two halfwords of T32 code. */
static uint32_t wide(uint32_t first, uint32_t second)
{
	return first | second << 16;
}

static uint32_t t32_processing(void)
{
	static const uint8_t ops[] = { 0, 1, 2, 3, 4, 8, 10, 11, 13, 14 };
	uint32_t op = ops[below(ARRAY_SIZE(ops))] << 5 | below(2) << 4 | any();

	if (below(2))
		return wide(0xf000 | op, below(8) << 12 | any() << 8 | below(256));
	return wide(0xea00 | op, below(4) << 4 | below(4) << 6 | below(8) << 12 | any() << 8 | any());
}

static uint32_t t32_access(void)
{
	uint32_t base = pointers[below(2)], value = any() << 12, list = 0;

	switch (below(5)) {
	case 0:
		return wide(0xf800 | below(3) << 5 | below(2) << 4 | base, value | 0x900 | below(2) << 9 | below(16) * 4); /* post-indexed */
	case 1:
		return wide(0xf880 | below(3) << 5 | below(2) << 4 | base, value | below(64));
	case 2:
		for (unsigned i = 0; i < 4; i++)
			list |= 1u << any();
		return wide(0xe8a0 | below(2) << 4 | base, list | 1u << data[0] | 1u << data[1]); /* ldm, stm */
	case 3:
		return wide(0xf8c0 | below(2) << 4 | device, value | below(16) * 4);
	default:
		return wide(0xe940 | below(2) << 7 | below(2) << 4 | base, data[0] << 12 | data[1] << 8 | below(16)); /* ldrd, strd */
	}
}

static void put_random_t32(bool no_access, bool fp)
{
	uint32_t word;

	switch (below(no_access ? 8 : 10)) {
	case 0:
		put(0xbf00 | (0xbf00u | below(14) << 4 | (1 + below(15))) << 16); /* nop, it */
		break;
	case 1:
		word = floating() | 0xe0000000;
		put(fp && word < 0xeee00000u ? word << 16 | word >> 16 : t32_processing());
		break;
	case 2:
		put(wide(0xfa00 | below(4) << 5 | below(2) << 4 | any(), 0xf000 | any() << 8 | any())); /* shifts by registers */
		break;
	case 3:
		put(wide(0xfb00 | any(), 0xf000 | any() << 8 | any())); /* mul */
		break;
	case 8: case 9:
		put(t32_access());
		break;
	default:
		put(t32_processing());
		break;
	}
}

static uint32_t branch(uint32_t cond, unsigned from, unsigned to)
{
	uint32_t half = 2 * (to - from) - 2, sign = half >> 31;

	if (thumb && cond == 14)
		return wide(0xf000 | sign << 10 | (half >> 11 & 0x3ff), 0xb800 | (half & 0x7ff));
	if (thumb)
		return wide(0xf000 | sign << 10 | cond << 6 | (half >> 11 & 0x3f), 0x8000 | sign << 13 | sign << 11 | (half & 0x7ff));
	return cond << 28 | 0x0a000000 | ((to - from - 2) & 0xffffff);
}

/* What an IT block may still want. */
static void end_it(void)
{
	for (unsigned i = 0; i < 2 && thumb; i++)
		put(0xbf00bf00);
}

/* Round again as long as the counter is positive. */
static void put_round(unsigned to)
{
	end_it();
	put(thumb ? wide(0xf1b0 | counter, 1 | counter << 8) : 0xe2500001 | counter << 16 | counter << 12);
	put(branch(12, length, to));
}

static void put_any(bool no_access, bool fp)
{
	if (thumb)
		put_random_t32(no_access, fp);
	else
		put_random(no_access, fp);
}

/* Branches over what comes next, several of them to one place. */
static unsigned ahead[2], ahead_count;

static void put_ahead(void)
{
	if (ahead_count == ARRAY_SIZE(ahead))
		return;
	end_it();
	ahead[ahead_count++] = length;
	put(0);
}

static void bind_ahead(void)
{
	if (ahead_count)
		end_it();
	while (ahead_count > 0) {
		unsigned from = ahead[--ahead_count];

		code[from] = branch(below(14), from, length);
	}
}

/* nop; loop; what is behind; wfi; what side branches lead to, and back. */
static void make_code(void)
{
	unsigned sides[3], side_count = 0, wait, kinds = below(8);
	bool no_access = !(kinds & 3), fp = kinds & 4;

	length = 0;
	big = false;
	put(thumb ? 0xbf00bf00 : 0xe320f000);
	for (unsigned n = 2 + below(12); n; n--) {
		put_any(no_access, fp);
		if (!thumb && !below(6) && side_count < ARRAY_SIZE(sides)) {
			sides[side_count++] = length;
			put(0);
		}
		if (!below(5))
			put_ahead();
		else if (!below(5))
			bind_ahead();
		if (!below(10))
			put_round(1);
	}
	bind_ahead();
	if (!big && !thumb && !below(4))
		put(0xe5800000 | code_at << 16 | code_word << 12);
	put_round(1);
	for (unsigned n = below(4); n; n--)
		put_any(no_access, fp);
	end_it();
	wait = length;
	put(thumb ? 0xbf30bf30 : 0xe320f003);
	put(branch(14, length, wait));
	for (unsigned i = 0; i < side_count; i++) {
		code[sides[i]] = branch(below(14), sides[i], length);
		put(processing());
		put_round(below(3) ? 1 : 0);
		put(branch(14, length, wait));
	}
}

static const uint32_t vectors[] = {
	0xeafffffe, 0xe1b0f00e /* movs pc, lr */, 0xeafffffe, 0xeafffffe, 0xea000004 /* 28 */, 0xe320f000, 0xea00000c /* 50 */, 0xeafffffe, 0xe320f000, 0xe320f000,
	0xe8cd7fff, /* 28: stm sp, {r0-r14}^ */
	0xe28dd03c, /* add sp, sp, #60 */
	0xe48de004, /* str lr, [sp], #4 */
	0xe14f0000, /* mrs r0, spsr */
	0xe48d0004, /* str r0, [sp], #4 */
	0xee160f10, /* mrc 15, 0, r0, cr6, cr0, {0} */
	0xe48d0004, /* str r0, [sp], #4 */
	0xe51d0048, /* ldr r0, [sp, #-72] */
	0xe25ef004, /* subs pc, lr, #4 */
	0xe320f000,
	0xe24ee004, /* 50: sub lr, lr, #4 */
	0xe92d4003, /* push {r0, r1, lr} */
	0xe3a00201, /* mov r0, #0x10000000 */
	0xe3a01000, /* mov r1, #0 */
	0xe5801040, /* str r1, [r0, #GUEST_MMIO_IRQ] */
	0xe8fd8003, /* pop {r0, r1, pc}^ */
};

static void set_up(struct guest *guest, uint64_t seed)
{
	struct cpu *cpu = &guest->cpu;
	uint64_t random = seed;

	for (unsigned at = 0; at < GUEST_RAM_SIZE; at += 8)
		memcpy(guest->ram + at, &(uint64_t){ at < 0xff000 ? 0 : random_next(&random) }, 8);
	translator_reset(cpu->translator);
	mmu_reset(cpu->mmu);
	cpu_reset(cpu);
	memcpy(guest->ram, vectors, sizeof(vectors));
	memcpy(guest->ram + CODE, code, length * 4);
	cpu_set_cpsr(cpu, MODE_ABT, CPSR_M);
	cpu->r[13] = ABORT_LOG;
	cpu_set_cpsr(cpu, MODE_IRQ, CPSR_M);
	cpu->r[13] = IRQ_STACK;
	cpu_set_cpsr(cpu, MODE_SYS | (thumb ? CPSR_T : 0), CPSR_M | CPSR_I | CPSR_T);
	cpu->fpexc = FPEXC_EN;
	cpu->cp15.cpacr = 0xf << 20;
	for (unsigned i = 0; i < 15; i++)
		cpu->r[i] = (uint32_t)random_next(&random) >> (random_next(&random) >> 40 & 31);
	for (unsigned i = 0; i < 32; i++)
		cpu->vfp.d[i] = random_next(&random);
	cpu->nzcv = nzcv_from_cpsr((uint32_t)random_next(&random));
	cpu->r[counter] = 1 + (uint32_t)(random_next(&random) >> 40) % 40;
	for (unsigned i = 0; i < 2; i++)
		cpu->r[pointers[i]] = GUEST_RAM_SIZE - 0x400 + ((uint32_t)random_next(&random) & 0x7fc);
	cpu->r[device] = GUEST_MMIO_BASE + 0x80;
	cpu->r[code_at] = LOOP;
	cpu->r[code_word] = code[1];
	cpu->r[15] = CODE;
	guest->mmio_reads = 0;
}

static bool same(const struct guest *a, const struct guest *b)
{
	return !memcmp(a->cpu.r, b->cpu.r, sizeof(a->cpu.r)) && cpu_cpsr(&a->cpu) == cpu_cpsr(&b->cpu) &&
	       a->cpu.fpscr == b->cpu.fpscr && a->cpu.fpexc == b->cpu.fpexc &&
	       !memcmp(a->cpu.vfp.d, b->cpu.vfp.d, sizeof(a->cpu.vfp.d)) && a->mmio_reads == b->mmio_reads && !memcmp(a->ram, b->ram, GUEST_RAM_SIZE);
}

static void tell(const struct guest *a, const struct guest *b)
{
	for (unsigned i = 0; i < length; i++)
		fprintf(stderr, "%x: %08x\n", CODE + 4 * i, code[i]);
	for (unsigned i = 0; i < 16; i++)
		fprintf(stderr, "r%u %08x %08x%s\n", i, a->cpu.r[i], b->cpu.r[i], a->cpu.r[i] == b->cpu.r[i] ? "" : " !");
	fprintf(stderr, "cpsr %08x %08x\nfpscr %08x %08x\nfpexc %08x %08x\nreads of the device %u %u\n", cpu_cpsr(&a->cpu), cpu_cpsr(&b->cpu), a->cpu.fpscr,
	        b->cpu.fpscr, a->cpu.fpexc, b->cpu.fpexc, a->mmio_reads, b->mmio_reads);
	for (unsigned i = 0; i < 32; i++)
		if (a->cpu.vfp.d[i] != b->cpu.vfp.d[i])
			fprintf(stderr, "d%u %016" PRIx64 " %016" PRIx64 "\n", i, a->cpu.vfp.d[i], b->cpu.vfp.d[i]);
	for (unsigned at = 0; at < GUEST_RAM_SIZE; at += 4)
		if (memcmp(a->ram + at, b->ram + at, 4)) {
			fprintf(stderr, "[%x] %08x %08x\n", at, guest_word(a, at), guest_word(b, at));
			break;
		}
}

static void run_to_end(struct guest *guest, uint64_t seed, bool interrupts)
{
	struct cpu *cpu = &guest->cpu;
	enum run_exit why = RUN_CHECK;

	for (unsigned i = 0; why != RUN_WFI || atomic_load(&cpu->irq_lines); i++) {
		uint64_t random = random_next(&seed);

		if (i == 10000) {
			tell(guest, guest);
			ck_abort_msg("no end");
		}
		if (interrupts && i < 200 && !(random >> 32 & 3))
			cpu_set_irq(cpu, IRQ_LINE_IRQ, true);
		why = translator_run(cpu, interrupts ? 1 + (int32_t)(random >> 40 & 63) : 100000);
	}
	memset(guest->ram + IRQ_STACK - IRQ_STACK_SIZE, 0, IRQ_STACK_SIZE);
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

START_TEST(random_loops)
{
	uint64_t first = number("LOOP_SEED", 1), cases = number("LOOP_CASES", number("LOOP_SEED", 0) ? 1 : 300), faults = 0;
	const char *accel = getenv("LOOP_ACCEL") ? getenv("LOOP_ACCEL") : accels[_i];
	struct translator_options options;
	struct guest *guests[2];

	for (unsigned i = 0; i < 2; i++) {
		translator_default_options(&options);
		options.cache_bytes = 4u << 20;
		ck_assert_int_eq(translator_parse_accel(&options, i ? accel : accels[0], NULL), 0);
		guests[i] = guest_create(&options);
	}
	for (uint64_t n = first; n < first + cases; n++) {
		uint64_t seed = n * 0x9e3779b97f4a7c15ull;

		rng = seed;
		thumb = n & 2;
		choose_registers();
		make_code();
		for (unsigned i = 0; i < 2; i++) {
			set_up(guests[i], seed);
			run_to_end(guests[i], seed, n & 1);
		}
		faults += guests[0]->cpu.stats[CPU_STAT_EXC_DABT];
		if (same(guests[0], guests[1]))
			continue;
		tell(guests[0], guests[1]);
		ck_abort_msg("LOOP_SEED=%" PRIu64 " %s", n, accel);
	}
	ck_assert_uint_gt(faults, 0);
	guest_destroy(guests[0]);
	guest_destroy(guests[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loops");
	TCase *tc = tcase_create("loops");

	tcase_add_loop_test(tc, random_loops, 1, getenv("LOOP_ACCEL") ? 2 : ARRAY_SIZE(accels));
	tcase_set_timeout(tc, number("LOOP_CASES", 0) ? 0 : 120);
	suite_add_tcase(suite, tc);
	return check_run_suite(suite);
}
