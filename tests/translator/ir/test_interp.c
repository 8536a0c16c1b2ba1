/* What each op does, against values worked out by hand from the manual's pseudo-code. */
#include "base/base.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/base/check_run.h"
#include "tests/translator/guest.h"
#include "translator/ir/interp.h"
#include "translator/run/helpers.h"

#define N CPSR_N
#define Z CPSR_Z
#define C CPSR_C
#define V CPSR_V

/* One op on r1, r2 (and r0, r3) with flags before and after. */
static const struct {
	const char *op;
	uint32_t r1, r2, nzcv;
	uint32_t r0, nzcv_after;
} alu[] = {
	{ "mov r0, r1 def=NZ", 0, 0, C | V, 0, Z | C | V },
	{ "mov r0, #0x80000000 def=N", 0, 0, Z, 0x80000000, N | Z },
	{ "not r0, r1", 5, 0, Z, ~5u, Z },
	{ "add r0, r1, r2 def=NZCV", 0x7fffffff, 1, 0, 0x80000000, N | V },
	{ "add r0, r1, r2 def=NZCV", 0xffffffff, 1, 0, 0, Z | C },
	{ "add r0, r1, r2 def=V", 0x80000000, 0x80000000, N, 0, N | V },
	{ "add r0, r1, #5", 2, 0, C, 7, C },
	{ "adc r0, r1, r2 def=NZCV", 0xffffffff, 0xffffffff, C, 0xffffffff, N | C },
	{ "adc r0, r1, r2 def=C", 1, 2, 0, 3, 0 },
	{ "sub r0, r1, r2 def=NZCV", 5, 5, 0, 0, Z | C },
	{ "sub r0, r1, r2 def=NZCV", 4, 5, C, 0xffffffff, N },
	{ "sub r0, r1, r2 def=NZCV", 0x80000000, 1, 0, 0x7fffffff, C | V },
	{ "sub r0, #0, r2 def=NZCV", 0, 0, 0, 0, Z | C },
	{ "sub r0, #1, r2", 0, 3, 0, (uint32_t)-2, 0 },
	{ "sbc r0, r1, r2 def=NZCV", 5, 5, 0, 0xffffffff, N },
	{ "sbc r0, r1, r2 def=NZCV", 5, 5, C, 0, Z | C },
	{ "and r0, r1, r2 def=NZ", 0xf0, 0x0f, C, 0, Z | C },
	{ "or r0, r1, r2", 0xf0, 0x0f, 0, 0xff, 0 },
	{ "xor r0, r1, r2 def=NZ", 0xffffffff, 0x7fffffff, V, 0x80000000, N | V },
	{ "bic r0, r1, r2", 0xff, 0x0f, 0, 0xf0, 0 },
	{ "orn r0, r1, r2", 1, 0xfffffff0, 0, 0xf, 0 },
	{ "cmp r1, r2 def=NZCV", 3, 4, Z, 0xaaaa5555, N },
	{ "cmn r1, r2 def=NZCV", 0xffffffff, 1, 0, 0xaaaa5555, Z | C },
	{ "tst r1, #8 def=NZ", 7, 0, C, 0xaaaa5555, Z | C },
	{ "teq r1, r2 def=NZ", 7, 7, 0, 0xaaaa5555, Z },
	{ "lsl r0, r1, #1 def=NZC", 0x80000001, 0, 0, 2, C },
	{ "lsl r0, r1, #0x20 def=C", 1, 0, 0, 0, C },
	{ "lsl r0, r1, r2 def=NZC use=C", 1, 0x100, C, 1, C },
	{ "lsl r0, r1, r2 def=NZC use=C", 1, 0x120, 0, 0, Z | C },
	{ "lsl r0, r1, r2 def=NZC use=C", 0xffffffff, 33, C, 0, Z },
	{ "lsl r0, r1, r2", 1, 255, 0, 0, 0 },
	{ "lsr r0, r1, #0x20 def=NZC", 0x80000000, 0, 0, 0, Z | C },
	{ "lsr r0, r1, r2 def=C use=C", 0x80000000, 33, C, 0, 0 },
	{ "lsr r0, r1, #4 def=C", 0x18, 0, 0, 1, C },
	{ "asr r0, r1, #0x20 def=NZC", 0x80000000, 0, 0, 0xffffffff, N | C },
	{ "asr r0, r1, r2 def=NZC use=C", 0x80000000, 200, 0, 0xffffffff, N | C },
	{ "asr r0, r1, r2 def=C use=C", 0x40000000, 32, C, 0, 0 },
	{ "ror r0, r1, #4 def=NZC", 0x0000000f, 0, 0, 0xf0000000, N | C },
	{ "ror r0, r1, r2 def=NZC use=C", 0x80000000, 32, 0, 0x80000000, N | C },
	{ "ror r0, r1, r2 def=NZC use=C", 1, 64, C, 1, 0 },
	{ "ror r0, r1, r2 def=C use=C", 1, 0, C, 1, C },
	{ "rrx r0, r1 def=NZC", 1, 0, C, 0x80000000, N | C },
	{ "rrx r0, r1 def=C", 2, 0, C, 0x80000001, 0 },
	{ "setc 1 def=C", 0, 0, N, 0xaaaa5555, N | C },
	{ "setc 0 def=C", 0, 0, C | Z, 0xaaaa5555, Z },
	{ "clz r0, r1", 0, 0, 0, 32, 0 },
	{ "clz r0, r1", 0x10, 0, 0, 27, 0 },
	{ "rbit r0, r1", 1, 0, 0, 0x80000000, 0 },
	{ "rbit r0, r1", 0x12345678, 0, 0, 0x1e6a2c48, 0 },
	{ "rev r0, r1", 0x11223344, 0, 0, 0x44332211, 0 },
	{ "rev16 r0, r1", 0x11223344, 0, 0, 0x22114433, 0 },
	{ "revsh r0, r1", 0x112233f4, 0, 0, 0xfffff433, 0 },
	{ "sxtb r0, r1", 0x180, 0, 0, 0xffffff80, 0 },
	{ "sxth r0, r1", 0x18000, 0, 0, 0xffff8000, 0 },
	{ "uxtb r0, r1", 0x1ff, 0, 0, 0xff, 0 },
	{ "uxth r0, r1", 0x1ffff, 0, 0, 0xffff, 0 },
	{ "ubfx r0, r1, 4, 8", 0xabcd, 0, 0, 0xbc, 0 },
	{ "ubfx r0, r1, 0, 0x20", 0xabcd1234, 0, 0, 0xabcd1234, 0 },
	{ "sbfx r0, r1, 4, 8", 0xabcd, 0, 0, 0xffffffbc, 0 },
	{ "bfi r0, r1, r2, 8, 4", 0xffffffff, 0xf5, 0, 0xfffff5ff, 0 },
	{ "mul r0, r1, r2 def=NZ", 0x10000, 0x8000, 0, 0x80000000, N },
	{ "select r0, r1, r2 cond=hi", 1, 2, C, 1, C },
	{ "select r0, r1, r2 cond=hi", 1, 2, C | Z, 2, C | Z },
	{ "select r0, r1, #9 cond=ge", 1, 2, N, 9, N },
	{ "setcond r0 cond=gt", 0, 0, N | V, 1, N | V },
	{ "setcond r0 cond=gt", 0, 0, N | V | Z, 0, N | V | Z },
	{ "getnzcv r0", 0, 0, N | V, N | V, N | V },
	{ "setnzcv r1 def=NZCV", Z | C | 0xfffffff, 0, N, 0xaaaa5555, Z | C },
	{ "setnzcv r1 def=C", Z | C, 0, N, 0xaaaa5555, N | C },
};

static struct ir_block block;
static struct guest *guest;

static void setup(void)
{
	guest = guest_create(NULL);
}

static void teardown(void)
{
	guest_destroy(guest);
}

/* Runs the ops of @text behind a first insn at 0x8000 and followed by an exit to 0x8004. */
static enum x64_exit run(const char *text)
{
	char all[1024];
	unsigned at;
	const char *wrong;

	snprintf(all, sizeof(all), "insn 0x8000, 4\n%s\nexit 0x8004, 0\n", text);
	ck_assert_msg(ir_parse(&block, all) == 0, "%s", text);
	wrong = ir_verify(&block, &at);
	ck_assert_msg(!wrong, "%s: %s", text, wrong ? wrong : "");
	interp_prepare(block.ops, block.count);
	guest->cpu.countdown = 1000;
	return interp_run(&guest->cpu, block.ops, NULL);
}

START_TEST(arithmetic)
{
	struct cpu *cpu = &guest->cpu;

	cpu->r[0] = 0xaaaa5555;
	cpu->r[1] = alu[_i].r1;
	cpu->r[2] = alu[_i].r2;
	cpu->nzcv = nzcv_from_cpsr(alu[_i].nzcv) | 0x1234; /* bits that are not flags may be anything */
	ck_assert_int_eq(run(alu[_i].op), X64_EXIT_LOOKUP);
	ck_assert_msg(cpu->r[0] == alu[_i].r0, "%s: 0x%08x", alu[_i].op, cpu->r[0]);
	ck_assert_msg(nzcv_to_cpsr(cpu->nzcv) == alu[_i].nzcv_after, "%s: flags 0x%08x", alu[_i].op, nzcv_to_cpsr(cpu->nzcv));
	ck_assert_uint_eq(cpu->r[1], alu[_i].r1);
	ck_assert_uint_eq(cpu->r[15], 0x8004);
	ck_assert_int_eq(cpu->countdown, 999);
}
END_TEST

static const struct {
	const char *op;
	uint32_t r1, r2, low, high; /* r3:r0 before and after for accumulation */
	uint32_t low_after, high_after;
} longs[] = {
	{ "umull r0, r3, r1, r2", 0xffffffff, 0xffffffff, 0, 0, 1, 0xfffffffe },
	{ "smull r0, r3, r1, r2", 0xffffffff, 5, 0, 0, (uint32_t)-5, 0xffffffff },
	{ "umlal r0, r3, r1, r2", 0xffffffff, 2, 2, 1, 0, 3 },
	{ "smlal r0, r3, r1, r2", 0xffffffff, 2, 1, 0, 0xffffffff, 0xffffffff },
	{ "umull r0, r3, r0, r1", 3, 0, 0x80000000, 9, 0x80000000, 1 },
};

START_TEST(long_multiplies)
{
	struct cpu *cpu = &guest->cpu;

	cpu->r[0] = longs[_i].low;
	cpu->r[3] = longs[_i].high;
	cpu->r[1] = longs[_i].r1;
	cpu->r[2] = longs[_i].r2;
	run(longs[_i].op);
	ck_assert_uint_eq(cpu->r[0], longs[_i].low_after);
	ck_assert_uint_eq(cpu->r[3], longs[_i].high_after);
}
END_TEST

static const struct {
	const char *op;
	uint32_t addr, r0;
} loads[] = {
	{ "ld r0, r1, 0 mem=2", 0x1000, 0x84838281 },
	{ "ld r0, r1, 0xfffffffc mem=2", 0x1004, 0x84838281 },
	{ "ld r0, #0x1004, 4 mem=2", 0, 0x8c8b8a89 },
	{ "ld r0, r1, 1 mem=2", 0x1000, 0x85848382 },
	{ "ld r0, r1, 0 mem=1", 0x1000, 0x8281 },
	{ "ld r0, r1, 0 mem=5", 0x1000, 0xffff8281 },
	{ "ld r0, r1, 3 mem=0", 0x1000, 0x84 },
	{ "ld r0, r1, 3 mem=4", 0x1000, 0xffffff84 },
	{ "ld r0, r1, 0 mem=0x22", 0x1000, 0x81828384 },
	{ "ld r0, r1, 8 mem=2", GUEST_MMIO_BASE, 8 },
};

START_TEST(load)
{
	for (unsigned i = 0; i < 16; i++)
		guest->ram[0x1000 + i] = (uint8_t)(0x81 + i);
	guest->cpu.r[1] = loads[_i].addr;
	for (unsigned again = 0; again < 2; again++) { /* the second time through the shadow table */
		guest->cpu.r[0] = 0;
		run(loads[_i].op);
		ck_assert_uint_eq(guest->cpu.r[0], loads[_i].r0);
	}
	guest->cpu.r[1] = 0x1000;
	run("ldf f2, r1, 4 mem=2\n ldf f31, r1, 8 mem=3");
	ck_assert_uint_eq(guest->cpu.vfp.s[2], 0x88878685);
	ck_assert_uint_eq(guest->cpu.vfp.d[31], 0x908f8e8d8c8b8a89);
}
END_TEST

START_TEST(store)
{
	guest->cpu.r[0] = 0x11223344;
	guest->cpu.r[1] = 0x2000;
	guest->cpu.vfp.d[5] = 0x0102030405060708;
	for (unsigned again = 0; again < 2; again++) {
		memset(guest->ram + 0x2000, 0, 32);
		run("st r1, r0, 0 mem=2\n st r1, r0, 4 mem=1\n st r1, r0, 7 mem=0\n st r1, #0x99, 8 mem=2\n st r1, r0, 0xc mem=0x22\n"
		    "stf r1, f5, 0x10 mem=3\n");
		ck_assert_uint_eq(guest_word(guest, 0x2000), 0x11223344);
		ck_assert_uint_eq(guest_word(guest, 0x2004), 0x44003344);
		ck_assert_uint_eq(guest_word(guest, 0x2008), 0x99);
		ck_assert_uint_eq(guest_word(guest, 0x200c), 0x44332211);
		ck_assert_uint_eq(guest_word(guest, 0x2010), 0x05060708);
		ck_assert_uint_eq(guest_word(guest, 0x2014), 0x01020304);
	}
	/* A device sees the instructions before as done. */
	guest->cpu.r[1] = GUEST_MMIO_BASE;
	guest->cpu.countdown_start = 1000;
	run("insn 0x8004, 4\n insn 0x8008, 4\n st r1, r0, 0x20 mem=2");
	ck_assert_uint_eq(guest->mmio_time, 2);
	ck_assert_int_eq(guest->cpu.countdown, 997);
	ck_assert_uint_eq(guest->mmio_offset, 0x20);
	ck_assert_uint_eq(guest->mmio_value, 0x11223344);
}
END_TEST

START_TEST(exclusives)
{
	struct cpu *cpu = &guest->cpu;

	cpu->r[1] = 0x3000;
	run("ldrex r0, _, r1, 0 mem=0xa\n add r0, r0, #1\n strex r2, r1, r0, _, 0 mem=0xa\n strex r3, r1, r0, _, 0 mem=0xa");
	ck_assert_uint_eq(guest_word(guest, 0x3000), 1);
	ck_assert_uint_eq(cpu->r[2], 0);
	ck_assert_uint_eq(cpu->r[3], 1);
	run("ldrex r0, _, r1, 0 mem=0xa\n clrex\n strex r2, r1, r1, _, 0 mem=0xa");
	ck_assert_uint_eq(cpu->r[2], 1);
	ck_assert_uint_eq(guest_word(guest, 0x3000), 1);
	cpu->r[4] = 0x44;
	cpu->r[5] = 0x55;
	run("ldrex r0, r3, r1, 0 mem=0xb\n strex r2, r1, r4, r5, 0 mem=0xb");
	ck_assert_uint_eq(cpu->r[0], 1);
	ck_assert_uint_eq(cpu->r[3], 0);
	ck_assert_uint_eq(guest_word(guest, 0x3000), 0x44);
	ck_assert_uint_eq(guest_word(guest, 0x3004), 0x55);
}
END_TEST

/* A fault finds the state of the instruction at fault. */
START_TEST(fault)
{
	struct cpu *cpu = &guest->cpu;

	cpu->r[1] = 0x70000000; /* nothing there */
	cpu->nzcv = 0;
	ck_assert_int_eq(run("add r0, r1, #1 def=NZCV\n insn 0x8004, 0x1804\n cmp r1, r1 def=NZCV\n insn 0x8008, 0x2c02\n ld r2, r1, 4 mem=2\n"),
	                 X64_EXIT_RAISE);
	ck_assert_uint_eq(cpu->exit_arg[0], RAISE_DATA_ABORT);
	ck_assert_uint_eq(cpu->r[15], 0x8008);
	ck_assert_uint_eq(cpu->it, 0x2c);
	ck_assert_uint_eq(cpu->fault.va, 0x70000004);
	ck_assert(!cpu->fault.write);
	ck_assert_uint_eq(nzcv_to_cpsr(cpu->nzcv), Z | C);
	ck_assert_int_eq(cpu->countdown, 998);
	ck_assert_uint_eq(guest->unassigned, 1);
}
END_TEST

static const struct {
	const char *ops;
	enum x64_exit exit;
	uint32_t pc;
	int32_t countdown; /* after, from 1 */
	bool thumb;
	uint32_t it;
} exits[] = {
	{ "exit 0x9000, 0", X64_EXIT_LOOKUP, 0x9000, 0, false, 0 },
	{ "insn 0x8004, 4\n insn 0x8008, 4\n exit 0x9000, 1", X64_EXIT_LOOKUP, 0x9000, -2, true, 0 },
	{ "insn 0x8004, 4\n insn 0x8008, 4\n exit 0x8008, 0", X64_EXIT_CHECK, 0x8008, -2, false, 0 },
	{ "exit 0x7000, 0", X64_EXIT_LOOKUP, 0x7000, 0, false, 0 },
	{ "exit_ind r5, 0", X64_EXIT_LOOKUP, 0x4444, 0, false, 0 },
	{ "insn 0x8004, 4\n exit_ind r5, 0", X64_EXIT_CHECK, 0x4444, -1, false, 0 },
	{ "exit_ind r6, 1", X64_EXIT_LOOKUP, 0x5554, 0, true, 0 },
	{ "exit_ind r5, 1", X64_EXIT_LOOKUP, 0x4444, 0, false, 0 },
	{ "exit_next 0x8004, 0x28", X64_EXIT_STATE, 0x8004, 0, false, 0x28 },
	{ "exception 1, 7", X64_EXIT_EXCEPTION, 0x8000, 1, false, 0 },
	{ "insn 0x8004, 0x1802\n exception 2, 7", X64_EXIT_EXCEPTION, 0x8004, 0, false, 0x18 },
	{ "wfi 0x8004", X64_EXIT_WFI, 0x8004, 0, false, 0 },
	{ "poll 0x8004\n exit 0x9000, 0", X64_EXIT_LOOKUP, 0x9000, 0, false, 0 },
	{ "brc 0 cond=eq\n exit 0x9000, 0\n label 0\n insn 0x8004, 4\n exit 0x9004, 0", X64_EXIT_LOOKUP, 0x9004, -1, false, 0 },
	{ "brc 0 cond=ne\n exit 0x9000, 0\n label 0\n insn 0x8004, 4\n exit 0x9004, 0", X64_EXIT_LOOKUP, 0x9000, 0, false, 0 },
	{ "brc 0 cond=eq\n insn 0x8004, 4\n mov r0, #0\n label 0\n exit 0x9004, 0", X64_EXIT_LOOKUP, 0x9004, -1, false, 0 },
	{ "br 0\n label 0\n brz r0, 1\n exit 0x9000, 0\n label 1\n exit 0x9004, 0", X64_EXIT_LOOKUP, 0x9004, 0, false, 0 },
	{ "brnz r0, 1\n exit 0x9000, 0\n label 1\n exit 0x9004, 0", X64_EXIT_LOOKUP, 0x9000, 0, false, 0 },
};

START_TEST(leaving)
{
	struct cpu *cpu = &guest->cpu;
	char all[1024];
	unsigned at;

	snprintf(all, sizeof(all), "insn 0x8000, 4\n%s\n", exits[_i].ops);
	ck_assert_int_eq(ir_parse(&block, all), 0);
	ck_assert_ptr_null(ir_verify(&block, &at));
	interp_prepare(block.ops, block.count);
	cpu->countdown = 1;
	cpu->nzcv = NZCV_Z;
	cpu->r[5] = 0x4444;
	cpu->r[6] = 0x5555;
	ck_assert_int_eq(interp_run(cpu, block.ops, NULL), exits[_i].exit);
	ck_assert_uint_eq(cpu->r[15], exits[_i].pc);
	ck_assert_int_eq(cpu->countdown, exits[_i].countdown);
	ck_assert_int_eq(!!(cpu->cpsr & CPSR_T), exits[_i].thumb);
	ck_assert_uint_eq(cpu->it, exits[_i].it);
	if (exits[_i].exit == X64_EXIT_EXCEPTION)
		ck_assert_uint_eq(cpu->exit_arg[1], 7);
}
END_TEST

START_TEST(poll_sees_attention)
{
	atomic_store(&guest->cpu.attention, ATTN_IRQ);
	ck_assert_int_eq(run("poll 0x8004\n insn 0x8004, 4\n mov r0, #1"), X64_EXIT_CHECK);
	ck_assert_uint_eq(guest->cpu.r[15], 0x8004);
	ck_assert_uint_eq(guest->cpu.r[0], 0);
	ck_assert_int_eq(guest->cpu.countdown, 999);
}
END_TEST

/* A dry run changes memory only until it is undone, and refuses what cannot be undone. */
START_TEST(journal)
{
	struct interp_journal *dry = calloc(1, sizeof(*dry));
	struct cpu *cpu = &guest->cpu;

	cpu->r[0] = 0x11;
	cpu->r[1] = 0x2000;
	run("st r1, r1, 0 mem=2"); /* maps the page */
	ir_parse(&block, "insn 0x8000, 4\n st r1, r0, 0 mem=2\n st r1, #0x22, 0 mem=0\n exit 0x8004, 0");
	interp_prepare(block.ops, block.count);
	ck_assert_int_eq(interp_run(cpu, block.ops, dry), X64_EXIT_LOOKUP);
	ck_assert(!dry->failed);
	ck_assert_uint_eq(dry->count, 2);
	ck_assert_uint_eq(guest_word(guest, 0x2000), 0x22);
	interp_journal_undo(dry);
	ck_assert_uint_eq(guest_word(guest, 0x2000), 0x2000);

	dry->count = 0;
	cpu->r[1] = GUEST_MMIO_BASE;
	interp_run(cpu, block.ops, dry);
	ck_assert(dry->failed);
	ck_assert_uint_eq(guest->mmio_writes, 0);
	free(dry);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ir interpreter");
	TCase *tc = tcase_create("interp");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, arithmetic, 0, ARRAY_SIZE(alu));
	tcase_add_loop_test(tc, long_multiplies, 0, ARRAY_SIZE(longs));
	tcase_add_loop_test(tc, load, 0, ARRAY_SIZE(loads));
	tcase_add_test(tc, store);
	tcase_add_test(tc, exclusives);
	tcase_add_test(tc, fault);
	tcase_add_loop_test(tc, leaving, 0, ARRAY_SIZE(exits));
	tcase_add_test(tc, poll_sees_attention);
	tcase_add_test(tc, journal);
	suite_add_tcase(suite, tc);
	return check_run_suite(suite);
}
