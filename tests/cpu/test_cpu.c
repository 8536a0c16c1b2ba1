/* test_cpu.c - modes, banks, CPSR and SPSR writes, conditions, exception entry and return. Values worked from ARM DDI 0406C.d B1. */
#include "base/base.h"
#include "cpu/cpu.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cpu/cp15.h"
#include "tests/base/check_run.h"

static struct cpu *cpu;
static struct log *the_log;
static unsigned mmu_changes, smcs;

static void mmu_changed(struct cpu *c)
{
	mmu_changes++;
}
static void tlb_op(struct cpu *c, int kind, uint32_t value)
{
}
static uint32_t translate(struct cpu *c, gva_t va, bool write, bool privileged)
{
	return 0;
}
static void smc(struct cpu *c, uint32_t imm)
{
	smcs++;
	c->r[0] = ~0u;
}
static uint64_t cycles(struct cpu *c)
{
	return 0;
}
static const struct cpu_hooks hooks = {
	.mmu_changed = mmu_changed, .tlb_op = tlb_op, .translate = translate, .smc = smc, .cycles = cycles,
};

static void setup(void)
{
	the_log = log_create();
	cpu = aligned_alloc(64, (sizeof(*cpu) + 63) & ~63ull);
	cpu_init(cpu, cpu_model_find("cortex-a9"), 0, the_log);
	cpu->hooks = &hooks;
	cpu_reset(cpu);
	mmu_changes = smcs = 0;
}

static void teardown(void)
{
	free(cpu);
	log_destroy(the_log);
}

static const uint32_t modes[] = { MODE_USR, MODE_FIQ, MODE_IRQ, MODE_SVC, MODE_MON, MODE_ABT, MODE_UND, MODE_SYS };

/* Does @mode have its own register @n? (figure B1-2) */
static bool banked(uint32_t mode, unsigned n)
{
	if (mode == MODE_USR || mode == MODE_SYS)
		return false;
	return n == 13 || n == 14 || (mode == MODE_FIQ && n >= 8);
}

/* What register @n of @mode holds when each mode wrote its mode number and the register number: the last writer of the shared ones wins. */
static uint32_t mark(uint32_t mode, unsigned n)
{
	return (banked(mode, n) ? mode << 8 : 0x8000) | n;
}

START_TEST(banks_round_trip)
{
	for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
		cpu_set_cpsr(cpu, modes[m], CPSR_M);
		for (unsigned n = 0; n < 15; n++)
			cpu->r[n] = mark(modes[m], n);
		cpu_set_spsr(cpu, modes[m] * 0x10001);
	}
	for (unsigned from = 0; from < ARRAY_SIZE(modes); from++) {
		for (unsigned to = 0; to < ARRAY_SIZE(modes); to++) {
			cpu_set_cpsr(cpu, modes[from], CPSR_M);
			cpu_set_cpsr(cpu, modes[to], CPSR_M);
			ck_assert_uint_eq(cpu_cpsr(cpu) & CPSR_M, modes[to]);
			for (unsigned n = 0; n < 15; n++) {
				ck_assert_uint_eq(cpu->r[n], mark(modes[to], n));
				ck_assert_uint_eq(cpu_mode_reg(cpu, n, modes[from]), mark(modes[from], n));
			}
			ck_assert_uint_eq(cpu_spsr(cpu), modes[to] == MODE_USR || modes[to] == MODE_SYS ? 0 : modes[to] * 0x10001);
		}
	}
}
END_TEST

START_TEST(mode_reg_writes_the_right_one)
{
	for (unsigned at = 0; at < ARRAY_SIZE(modes); at++)
		for (unsigned m = 0; m < ARRAY_SIZE(modes); m++)
			for (unsigned n = 0; n < 15; n++) {
				uint32_t value = at << 16 | m << 8 | n;

				cpu_set_cpsr(cpu, modes[at], CPSR_M);
				cpu_set_mode_reg(cpu, n, modes[m], value);
				cpu_set_cpsr(cpu, modes[m], CPSR_M);
				ck_assert_uint_eq(cpu->r[n], value);
			}
}
END_TEST

START_TEST(mmu_hook_on_privilege_only)
{
	cpu_set_cpsr(cpu, MODE_IRQ, CPSR_M);
	ck_assert_uint_eq(mmu_changes, 0);
	cpu_set_cpsr(cpu, MODE_USR, CPSR_M);
	ck_assert_uint_eq(mmu_changes, 1);
	cpu_set_cpsr(cpu, CPSR_N, CPSR_N);
	ck_assert_uint_eq(mmu_changes, 1);
	cpu_set_cpsr(cpu, MODE_FIQ, CPSR_M);
	ck_assert_uint_eq(mmu_changes, 2);
}
END_TEST

START_TEST(illegal_mode_is_ignored)
{
	cpu_set_cpsr(cpu, 0x1a /* Hyp: not on the A9 */, CPSR_M);
	ck_assert_uint_eq(cpu->cpsr & CPSR_M, MODE_SVC);
}
END_TEST

struct msr_case {
	uint32_t from, value;
	unsigned bytemask;
	bool exception_return;
	uint32_t want;
};

/* from and want are whole CPSRs */
static const struct msr_case msr_cases[] = {
	/* user: flags, Q, GE, E only */
	{ 0x00000010, 0xffffffff, 0xf, false, 0xf80f0210 },
	{ 0xf80f0210, 0x00000000, 0xf, false, 0x00000010 },
	{ 0x00000010, 0xffffffff, 0x8, false, 0xf8000010 },
	{ 0x00000010, 0xffffffff, 0x4, false, 0x000f0010 },
	{ 0x00000010, 0xffffffff, 0x1, false, 0x00000010 },
	/* privileged: A, I, F and the mode as well, never T, J, IT by MSR */
	{ 0x000001d3, 0xf80f033f & ~0xc0u, 0xf, false, 0xf80f031f },
	{ 0x000001d3, 0x00000011, 0x1, false, 0x00000111 },
	{ 0x000001d3, 0x00000000, 0x2, false, 0x000000d3 },
	/* exception return writes all of it */
	{ 0x000001d3, 0xfe0fff30, 0xf, true, 0xfe0fff30 },
	{ 0x000001d3, 0x06000030, 0xf, true, 0x06000030 },
	/* an exception return in user mode keeps the mode and masks */
	{ 0x00000010, 0x000001f3, 0xf, true, 0x00000030 },
};

START_TEST(msr_cpsr)
{
	const struct msr_case *c = &msr_cases[_i];

	cpu_set_cpsr(cpu, c->from, ~0u);
	ck_assert_uint_eq(cpu_cpsr(cpu), c->from);
	cpu_msr_cpsr(cpu, c->value, c->bytemask, c->exception_return);
	ck_assert_uint_eq(cpu_cpsr(cpu), c->want);
}
END_TEST

START_TEST(nmfi_forbids_setting_f)
{
	cpu->cp15.sctlr |= SCTLR_NMFI;
	cpu_set_cpsr(cpu, 0x13, ~0u);
	cpu_msr_cpsr(cpu, 0xd3, 1, false);
	ck_assert_uint_eq(cpu_cpsr(cpu), 0x93);
	cpu_set_cpsr(cpu, 0xd3, ~0u);
	cpu_msr_cpsr(cpu, 0x13, 1, false);
	ck_assert_uint_eq(cpu_cpsr(cpu), 0x13);
}
END_TEST

START_TEST(msr_spsr)
{
	cpu_set_cpsr(cpu, MODE_IRQ, CPSR_M);
	cpu_set_spsr(cpu, 0);
	cpu_msr_spsr(cpu, ~0u, 9);
	ck_assert_uint_eq(cpu_spsr(cpu), 0xff0000ff);
	cpu_msr_spsr(cpu, ~0u, 6);
	ck_assert_uint_eq(cpu_spsr(cpu), 0xff0fffff); /* bits 23:20 do not exist */
	cpu_set_cpsr(cpu, MODE_SYS, CPSR_M);
	cpu_msr_spsr(cpu, 0, 15);
	cpu_set_cpsr(cpu, MODE_IRQ, CPSR_M);
	ck_assert_uint_eq(cpu_spsr(cpu), 0xff0fffff);
}
END_TEST

/* ConditionPassed() written out for all 16 conditions and flag values. */
START_TEST(conditions)
{
	for (unsigned flags = 0; flags < 16; flags++) {
		bool n = flags & 8, z = flags & 4, c = flags & 2, v = flags & 1;
		const bool want[16] = { z, !z, c, !c, n, !n, v, !v, c && !z, !c || z, n == v, n != v, !z && n == v, z || n != v, true, true };
		uint32_t nzcv = nzcv_from_cpsr(flags << 28);

		ck_assert_uint_eq(nzcv_to_cpsr(nzcv), flags << 28);
		for (unsigned cond = 0; cond < 16; cond++)
			ck_assert_int_eq(cpu_condition(nzcv, cond), want[cond]);
	}
}
END_TEST

struct entry_case {
	enum exception exc;
	bool thumb;
	uint32_t lr;      /* minus the address */
	uint32_t mode, masks, vector;
};

/* B1.8.3, table B1-7; masks are what CPSR.A, I, F become from all 0. */
static const struct entry_case entry_cases[] = {
	{ EXC_UNDEF, false, 4, MODE_UND, CPSR_I, 0x04 },
	{ EXC_UNDEF, true, 2, MODE_UND, CPSR_I, 0x04 },
	{ EXC_SVC, false, 4, MODE_SVC, CPSR_I, 0x08 },
	{ EXC_SVC, true, 2, MODE_SVC, CPSR_I, 0x08 },
	{ EXC_PREFETCH_ABORT, false, 4, MODE_ABT, CPSR_A | CPSR_I, 0x0c },
	{ EXC_PREFETCH_ABORT, true, 4, MODE_ABT, CPSR_A | CPSR_I, 0x0c },
	{ EXC_DATA_ABORT, false, 8, MODE_ABT, CPSR_A | CPSR_I, 0x10 },
	{ EXC_DATA_ABORT, true, 8, MODE_ABT, CPSR_A | CPSR_I, 0x10 },
	{ EXC_IRQ, false, 4, MODE_IRQ, CPSR_A | CPSR_I, 0x18 },
	{ EXC_IRQ, true, 4, MODE_IRQ, CPSR_A | CPSR_I, 0x18 },
	{ EXC_FIQ, false, 4, MODE_FIQ, CPSR_A | CPSR_I | CPSR_F, 0x1c },
	{ EXC_FIQ, true, 4, MODE_FIQ, CPSR_A | CPSR_I | CPSR_F, 0x1c },
	{ EXC_SMC, false, 4, MODE_MON, CPSR_A | CPSR_I | CPSR_F, 0x08 },
};

static void check_entry(const struct entry_case *c, uint32_t from_mode, uint32_t base, uint32_t extra)
{
	/* IT state and flags must go to the SPSR and the former be cleared */
	uint32_t old = from_mode | 0xa80f0000 | (c->thumb ? CPSR_T | 0x02000400 : 0);

	cpu_set_cpsr(cpu, old, ~0u);
	ck_assert_uint_eq(cpu_cpsr(cpu), old);
	cpu->r[15] = 0x12345678;
	cpu_take_exception(cpu, c->exc);
	ck_assert_uint_eq(cpu_cpsr(cpu), 0xa80f0000 | c->mode | c->masks | extra);
	ck_assert_uint_eq(cpu_spsr(cpu), old);
	ck_assert_uint_eq(cpu->r[14], 0x12345678 + c->lr);
	ck_assert_uint_eq(cpu->r[15], base + c->vector);
}

START_TEST(exception_entry)
{
	const struct entry_case *c = &entry_cases[_i];
	bool monitor = c->mode == MODE_MON;

	for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
		cpu_reset(cpu);
		cpu->cp15.mvbar = 0x40000;
		check_entry(c, modes[m], monitor ? 0x40000 : 0, 0);
		cpu->cp15.vbar = 0x8020;
		check_entry(c, modes[m], monitor ? 0x40000 : 0x8020, 0);
		cpu->cp15.sctlr |= SCTLR_V;
		check_entry(c, modes[m], monitor ? 0x40000 : 0xffff0000, 0);
		cpu->cp15.sctlr |= SCTLR_TE | SCTLR_EE;
		check_entry(c, modes[m], monitor ? 0x40000 : 0xffff0000, CPSR_T | CPSR_E);
	}
}
END_TEST

START_TEST(monitor_routing)
{
	cpu->cp15.mvbar = 0x40000;
	cpu->cp15.scr = 0xe; /* EA, FIQ, IRQ */
	cpu->r[15] = 0x1000;
	cpu_take_exception(cpu, EXC_IRQ);
	ck_assert_uint_eq(cpu->r[15], 0x40018);
	ck_assert_uint_eq(cpu->cpsr & CPSR_M, MODE_MON);
	cpu->fault.fsr = 0x008;
	cpu_data_abort(cpu);
	ck_assert_uint_eq(cpu->r[15], 0x40010);
	cpu->fault.fsr = 0x005; /* a translation fault is not external */
	cpu_data_abort(cpu);
	ck_assert_uint_eq(cpu->r[15], 0x10);
	ck_assert_uint_eq(cpu->cpsr & CPSR_M, MODE_ABT);
}
END_TEST

START_TEST(abort_registers)
{
	cpu->fault.va = 0xdeadbeef;
	cpu->fault.fsr = 0x01f;
	cpu->fault.write = true;
	cpu_data_abort(cpu);
	ck_assert_uint_eq(cpu->cp15.dfsr, 0x81f);
	ck_assert_uint_eq(cpu->cp15.dfar, 0xdeadbeef);
	cpu->fault.va = 0x1000;
	cpu_prefetch_abort(cpu);
	ck_assert_uint_eq(cpu->cp15.ifsr, 0x00f); /* no domain there */
	ck_assert_uint_eq(cpu->cp15.ifar, 0x1000);
	ck_assert_uint_eq(cpu->cp15.dfar, 0xdeadbeef);
}
END_TEST

START_TEST(exception_return_aligns)
{
	cpu_exception_return(cpu, 0x1003, 0x10);
	ck_assert_uint_eq(cpu->r[15], 0x1000);
	ck_assert_uint_eq(cpu_cpsr(cpu), 0x10);
	cpu_reset(cpu);
	cpu_exception_return(cpu, 0x1003, 0x30 | 0x0000fc00 | 0x06000000);
	ck_assert_uint_eq(cpu->r[15], 0x1002);
	ck_assert_uint_eq(cpu->it, 0xff);
	ck_assert_uint_eq(cpu_state_key(cpu), KEY_T | 0xff << KEY_IT_SHIFT);
}
END_TEST

START_TEST(reset_state)
{
	ck_assert_uint_eq(cpu_cpsr(cpu), 0x1d3);
	ck_assert_uint_eq(cpu->r[15], 0);
	ck_assert_uint_eq(cpu->cp15.sctlr, 0x00c50078);
	ck_assert_uint_eq(cpu_state_key(cpu), KEY_PRIV);
}
END_TEST

START_TEST(fp_access)
{
	/* CPACR value of cp10/cp11, privileged allowed, user allowed (B4.1.40) */
	static const struct { uint32_t field; bool privileged, user; } cases[] = { { 0, false, false }, { 1, true, false }, { 3, true, true } };

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned en = 0; en < 2; en++) {
			uint32_t access;

			cpu->fpexc = en ? FPEXC_EN : 0;
			cpu->cp15.cpacr = cases[i].field << 20 | cases[i].field << 22;
			access = cpu_fp_access(cpu);
			ck_assert_int_eq(!!(access & FP_ON_PRIV), en && cases[i].privileged);
			ck_assert_int_eq(!!(access & FP_ON_USER), en && cases[i].user);
			ck_assert_int_eq(!!(access & FP_MAY_PRIV), cases[i].privileged);
			ck_assert_int_eq(!!(access & FP_MAY_USER), cases[i].user);
		}
}
END_TEST

START_TEST(interrupts)
{
	cpu_set_cpsr(cpu, 0x13, ~0u);
	ck_assert_int_eq(cpu_pending_interrupt(cpu), -1);
	cpu_set_irq(cpu, IRQ_LINE_IRQ, true);
	ck_assert_int_eq(cpu_pending_interrupt(cpu), EXC_IRQ);
	ck_assert(atomic_load(&cpu->attention) & ATTN_IRQ);
	cpu_set_irq(cpu, IRQ_LINE_FIQ, true);
	ck_assert_int_eq(cpu_pending_interrupt(cpu), EXC_FIQ);
	cpu_set_cpsr(cpu, CPSR_F, CPSR_F);
	ck_assert_int_eq(cpu_pending_interrupt(cpu), EXC_IRQ);
	cpu_set_cpsr(cpu, CPSR_I, CPSR_I);
	ck_assert_int_eq(cpu_pending_interrupt(cpu), -1);
	/* unmasking asks for attention */
	atomic_store(&cpu->attention, 0);
	cpu_set_cpsr(cpu, 0, CPSR_I);
	ck_assert(atomic_load(&cpu->attention) & ATTN_IRQ);
	cpu_set_irq(cpu, IRQ_LINE_IRQ | IRQ_LINE_FIQ, false);
	ck_assert_int_eq(cpu_pending_interrupt(cpu), -1);
}
END_TEST

START_TEST(smc_without_and_with_a_monitor)
{
	cpu->r[15] = 0x100;
	cpu->r[0] = 0x84000000;
	cpu->it = 0;
	cpu_smc(cpu, 0);
	ck_assert_uint_eq(smcs, 1);
	ck_assert_uint_eq(cpu->r[0], ~0u);
	ck_assert_uint_eq(cpu->r[15], 0x104);
	cpu->cp15.mvbar = 0x2000;
	cpu_smc(cpu, 0);
	ck_assert_uint_eq(smcs, 1);
	ck_assert_uint_eq(cpu->r[15], 0x2008);
	ck_assert_uint_eq(cpu->r[14], 0x108);
}
END_TEST

static uint32_t random_word(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*seed >> 32);
}

static void random_cpu(struct cpu *c, uint64_t *seed)
{
	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		cpu_set_cpsr(c, modes[i], CPSR_M);
		for (unsigned n = 0; n < 16; n++)
			c->r[n] = random_word(seed);
		cpu_set_spsr(c, random_word(seed));
	}
	c->cp15.sctlr = random_word(seed) & (SCTLR_TE | SCTLR_EE | SCTLR_V | (random_word(seed) & 1 ? SCTLR_NMFI : 0));
	c->cp15.scr = random_word(seed) & 1 ? random_word(seed) & 0xe : 0;
	c->cp15.vbar = random_word(seed) & ~31u;
	c->cp15.mvbar = random_word(seed) & ~31u;
	cpu_set_cpsr(c, (random_word(seed) & ~CPSR_M) | modes[random_word(seed) % ARRAY_SIZE(modes)], ~0u);
	atomic_store(&c->irq_lines, random_word(seed) & 1);
	atomic_store(&c->attention, 0);
	mmu_changes = 0;
}

/* Both are written out for speed: they do what the general write of CPSR does. */
START_TEST(entry_and_return_as_msr)
{
	uint64_t seed = (uint64_t)_i;
	static struct cpu slow;

	for (unsigned n = 0; n < 20000; n++) {
		static const enum exception excs[] = { EXC_UNDEF, EXC_SVC, EXC_PREFETCH_ABORT, EXC_DATA_ABORT, EXC_IRQ, EXC_FIQ };
		uint32_t spsr = random_word(&seed), pc = random_word(&seed), old;
		unsigned changes;

		random_cpu(cpu, &seed);
		slow = *cpu;
		if (random_word(&seed) & 1) {
			cpu_msr_cpsr(&slow, spsr, 0xf, true);
			slow.r[15] = pc & (slow.cpsr & CPSR_T ? ~1u : ~3u);
			changes = mmu_changes;
			mmu_changes = 0;
			cpu_exception_return(cpu, pc, spsr);
		} else {
			/* Where it went is another test's business: the mode and masks it came to, and what else there is to it. */
			old = cpu_cpsr(cpu);
			cpu_take_exception(cpu, excs[random_word(&seed) % ARRAY_SIZE(excs)]);
			changes = mmu_changes;
			mmu_changes = 0;
			cpu_set_cpsr(&slow, cpu_cpsr(cpu), ~(CPSR_N | CPSR_Z | CPSR_C | CPSR_V | CPSR_Q | CPSR_GE));
			cpu_set_spsr(&slow, old);
			slow.r[14] = cpu->r[14];
			slow.r[15] = cpu->r[15];
			memcpy(slow.stats, cpu->stats, sizeof(slow.stats));
			ck_assert_uint_eq(cpu_cpsr(cpu) & (CPSR_I | CPSR_J), CPSR_I);
			ck_assert_uint_eq(old & ~cpu_cpsr(cpu) & (CPSR_A | CPSR_F), 0);
		}
		ck_assert_uint_eq(mmu_changes, changes);
		ck_assert_mem_eq(cpu, &slow, sizeof(slow));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpu");
	TCase *tcase = tcase_create("state");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, banks_round_trip);
	tcase_add_test(tcase, mode_reg_writes_the_right_one);
	tcase_add_test(tcase, mmu_hook_on_privilege_only);
	tcase_add_test(tcase, illegal_mode_is_ignored);
	tcase_add_loop_test(tcase, msr_cpsr, 0, (int)ARRAY_SIZE(msr_cases));
	tcase_add_test(tcase, nmfi_forbids_setting_f);
	tcase_add_test(tcase, msr_spsr);
	tcase_add_test(tcase, conditions);
	tcase_add_loop_test(tcase, exception_entry, 0, (int)ARRAY_SIZE(entry_cases));
	tcase_add_test(tcase, monitor_routing);
	tcase_add_test(tcase, abort_registers);
	tcase_add_test(tcase, exception_return_aligns);
	tcase_add_loop_test(tcase, entry_and_return_as_msr, 0, 4);
	tcase_add_test(tcase, reset_state);
	tcase_add_test(tcase, fp_access);
	tcase_add_test(tcase, interrupts);
	tcase_add_test(tcase, smc_without_and_with_a_monitor);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
