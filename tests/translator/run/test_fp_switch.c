/*
 * VFP switched on by the handler of the Undefined Instruction exception that its first use takes, as operating systems do, and off again: the exception
 * is precise wherever the instruction stands. (What traps at all: tests/cpu/test_fp_access.c.)
 */
#include "base/base.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/base/check_run.h"
#include "tests/translator/guest.h"
#include "translator/run/run.h"

static struct guest *guest;

static const char *const accels[] = { "interp", "dbt", "dbt,no-chain,no-superblock,no-live-flags,no-inline-fp,no-join", "dbt,windows=always" };

#define CODE 0x100u
#define OFF 0u
#define ON (1u << 30)

/* Undefined Instruction: counts in r10, notes LR in r9 and SPSR in r11, switches VFP on, and does the instruction again. Supervisor Call: waits. */
static const uint32_t vectors[] = {
	0xe320f003, /* wfi */
	0xea000001, /* b 10 */
	0xe320f003, /* 8: wfi */
	0xe320f003,
	0xe28aa001, /* 10: add r10, r10, #1 */
	0xe1a0900e, /* mov r9, lr */
	0xe14fb000, /* mrs r11, spsr */
	0xe3a0c101, /* mov r12, #0x40000000 */
	0xeee8ca10, /* vmsr fpexc, r12 */
	0xe31b0020, /* tst r11, #32 */
	0x124ee002, /* subne lr, lr, #2 */
	0x024ee004, /* subeq lr, lr, #4 */
	0xe1b0f00e, /* movs pc, lr */
};

static void start(int accel, const uint32_t *code, size_t words, uint32_t cpsr, uint32_t fpexc)
{
	struct translator_options options;
	struct error err = { 0 };
	struct cpu *cpu;

	translator_default_options(&options);
	ck_assert_msg(translator_parse_accel(&options, accels[accel], &err) == 0, "%s", err.msg);
	options.check_ir = true;
	guest = guest_create(&options);
	cpu = &guest->cpu;
	guest_load(guest, 0, vectors, ARRAY_SIZE(vectors));
	guest_load(guest, CODE, code, words);
	cpu_set_cpsr(cpu, cpsr, ~0u);
	cpu->cp15.cpacr = 0xf00000;
	cpu->fpexc = fpexc;
	cpu->r[0] = 1;
	cpu->r[1] = 0x40000000;
	cpu->r[15] = CODE;
}

static void run(void)
{
	ck_assert_int_eq(translator_run(&guest->cpu, 100000), RUN_WFI);
}

START_TEST(arm)
{
	static const uint32_t code[] = {
		0xe3500000, /* 100: cmp r0, #0 */
		0x0e001a10, /* vmoveq s0, r1: not done, so no exception */
		0x12822001, /* addne r2, r2, #1 */
		0xe3500001, /* cmp r0, #1 */
		0x0e001a10, /* 110: vmoveq s0, r1 */
		0x0e103a10, /* vmoveq r3, s0 */
		0xee301a00, /* vadd.f32 s2, s0, s0 */
		0xef000000, /* svc #0 */
	};
	struct cpu *cpu;

	start(_i, code, ARRAY_SIZE(code), MODE_USR, OFF);
	cpu = &guest->cpu;
	run();
	ck_assert_uint_eq(cpu->r[10], 1);
	ck_assert_uint_eq(cpu->r[9], 0x114);
	ck_assert_uint_eq(cpu->r[11], MODE_USR | CPSR_Z | CPSR_C);
	ck_assert_uint_eq(cpu->r[2], 1);
	ck_assert_uint_eq(cpu->r[3], 0x40000000);
	ck_assert_uint_eq(cpu->vfp.s[2], 0x40800000);
	guest_destroy(guest);
}
END_TEST

START_TEST(thumb_it)
{
	static const uint32_t code[] = {
		0xbf082800, /* 100: cmp r0, #0; it eq */
		0x1a10ee00, /* vmoveq s0, r1 */
		0xbf062801, /* cmp r0, #1; itte eq */
		0xee003201, /* 10c: addeq r2, #1; vmoveq s0, r1 */
		0x22091a10, /* movne r2, #9 */
		0x3a10ee10, /* vmov r3, s0 */
		0xbf00df00, /* svc #0 */
	};
	struct cpu *cpu;

	start(_i, code, ARRAY_SIZE(code), MODE_USR | CPSR_T, OFF);
	cpu = &guest->cpu;
	run();
	ck_assert_uint_eq(cpu->r[10], 1);
	ck_assert_uint_eq(cpu->r[9], 0x110);
	/* ITSTATE 0x0c: EQ, then NE */
	ck_assert_uint_eq(cpu->r[11], MODE_USR | CPSR_T | CPSR_Z | CPSR_C | 0x0c << 8);
	ck_assert_uint_eq(cpu->r[2], 1);
	ck_assert_uint_eq(cpu->r[3], 0x40000000);
	guest_destroy(guest);
}
END_TEST

/* The second instruction of a block, behind what switches it off. */
START_TEST(switched_off)
{
	static const uint32_t code[] = {
		0xee001a10, /* 100: vmov s0, r1 */
		0xeee83a10, /* vmsr fpexc, r3 */
		0xee104a10, /* vmov r4, s0 */
		0xeee83a10, /* vmsr fpexc, r3 */
		0xeef85a10, /* 110: vmrs r5, fpexc: does not mind */
		0xe320f003, /* wfi */
	};
	struct cpu *cpu;

	start(_i, code, ARRAY_SIZE(code), MODE_SVC, ON);
	cpu = &guest->cpu;
	cpu->r[5] = 1;
	run();
	ck_assert_uint_eq(cpu->r[10], 1);
	ck_assert_uint_eq(cpu->r[9], 0x10c);
	ck_assert_uint_eq(cpu->r[4], 0x40000000);
	ck_assert_uint_eq(cpu->r[5], 0);
	guest_destroy(guest);
}
END_TEST

/* A loop whose first round has looked, and that once switches it off under a condition. */
START_TEST(loop)
{
	static const uint32_t code[] = {
		0xee001a10, /* 100: vmov s0, r1 */
		0xe3510032, /* cmp r1, #50 */
		0x0ee83a10, /* vmsreq fpexc, r3 */
		0xe2511001, /* subs r1, r1, #1 */
		0x1afffffa, /* bne 100 */
		0xe320f003, /* wfi */
	};
	struct cpu *cpu;

	start(_i, code, ARRAY_SIZE(code), MODE_SVC, OFF);
	cpu = &guest->cpu;
	cpu->r[1] = 100;
	run();
	ck_assert_uint_eq(cpu->r[10], 2);
	ck_assert_uint_eq(cpu->r[9], 0x104);
	ck_assert_uint_eq(cpu->r[1], 0);
	ck_assert_uint_eq(cpu->vfp.s[0], 1);
	guest_destroy(guest);
}
END_TEST

/* A branch over the first use: what is behind it has not been looked at on that way. */
START_TEST(skipped)
{
	static const uint32_t code[] = {
		0xe3500000, /* 100: cmp r0, #0 */
		0x1a000000, /* bne 10c */
		0xee001a10, /* vmov s0, r1 */
		0xee103a10, /* 10c: vmov r3, s0 */
		0xef000000, /* svc #0 */
	};
	struct cpu *cpu;

	for (unsigned taken = 0; taken < 2; taken++) {
		start(_i, code, ARRAY_SIZE(code), MODE_USR, OFF);
		cpu = &guest->cpu;
		cpu->r[0] = taken;
		run();
		ck_assert_uint_eq(cpu->r[10], 1);
		ck_assert_uint_eq(cpu->r[9], taken ? 0x110 : 0x10c);
		ck_assert_uint_eq(cpu->r[3], taken ? 0 : 0x40000000);
		guest_destroy(guest);
	}
}
END_TEST

/* The same code with VFP on and off is one translation. */
START_TEST(one_translation)
{
	static const uint32_t code[] = { 0xe2800001 /* add r0, r0, #1 */, 0xef000000 /* svc #0 */ };
	struct cpu *cpu;
	uint64_t blocks;

	start(_i, code, ARRAY_SIZE(code), MODE_USR, OFF);
	cpu = &guest->cpu;
	run();
	blocks = cpu->stats[CPU_STAT_BLOCKS];
	cpu_set_cpsr(cpu, MODE_USR, ~0u);
	cpu->fpexc = ON;
	cpu->r[15] = CODE;
	atomic_store(&cpu->halted, false);
	run();
	ck_assert_uint_eq(cpu->r[0], 3);
	ck_assert_uint_eq(cpu->stats[CPU_STAT_BLOCKS], blocks);
	guest_destroy(guest);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fp switch");
	TCase *tcase = tcase_create("all");

	tcase_add_loop_test(tcase, arm, 0, ARRAY_SIZE(accels));
	tcase_add_loop_test(tcase, thumb_it, 0, ARRAY_SIZE(accels));
	tcase_add_loop_test(tcase, switched_off, 0, ARRAY_SIZE(accels));
	tcase_add_loop_test(tcase, loop, 0, ARRAY_SIZE(accels));
	tcase_add_loop_test(tcase, skipped, 0, ARRAY_SIZE(accels));
	tcase_add_loop_test(tcase, one_translation, 0, ARRAY_SIZE(accels));
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
