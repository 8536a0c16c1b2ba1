/* test_cp15.c - the table of system control registers: what exists, for whom, reset values and writable bits of the Cortex-A9. */
#include "base/base.h"
#include "cpu/cp15.h"

#include <check.h>
#include <stdlib.h>

#include "base/log.h"
#include "cpu/cpu.h"
#include "tests/base/check_run.h"

static struct cpu *cpu;
static struct log *the_log;
static unsigned changes;
static int last_tlb;
static uint32_t last_tlb_value;
static bool irq_level;
static uint64_t now;

static void mmu_changed(struct cpu *c)
{
	changes++;
}
static void tlb_op(struct cpu *c, int kind, uint32_t value)
{
	last_tlb = kind;
	last_tlb_value = value;
}
static uint32_t translate(struct cpu *c, gva_t va, bool write, bool privileged)
{
	return va | (write ? 1 : 0) | (privileged ? 2 : 0);
}
static void smc(struct cpu *c, uint32_t imm)
{
}
static uint64_t cycles(struct cpu *c)
{
	return now;
}
static void pmu_irq(struct cpu *c, bool level)
{
	irq_level = level;
}
static const struct cpu_hooks hooks = {
	.mmu_changed = mmu_changed, .tlb_op = tlb_op, .translate = translate, .smc = smc, .cycles = cycles,
	.pmu_irq = pmu_irq,
};

static void setup(void)
{
	the_log = log_create();
	cpu = aligned_alloc(64, (sizeof(*cpu) + 63) & ~63ull);
	cpu_init(cpu, cpu_model_find("arm,cortex-a9"), 0, the_log);
	cpu->hooks = &hooks;
	cpu->cp15.cbar = 0x1e000000;
	now = 1000;
	cpu_reset(cpu);
	changes = 0;
	last_tlb = -1;
}

static void teardown(void)
{
	free(cpu);
	log_destroy(the_log);
}

static uint32_t mrc(unsigned op1, unsigned crn, unsigned crm, unsigned op2)
{
	int row = cp15_find(op1, crn, crm, op2);

	ck_assert_msg(row >= 0, "no row for p15, %u, c%u, c%u, %u", op1, crn, crm, op2);
	ck_assert(cp15_allowed(cpu, row, false));
	return cp15_read(cpu, row);
}

static void mcr(unsigned op1, unsigned crn, unsigned crm, unsigned op2, uint32_t value)
{
	int row = cp15_find(op1, crn, crm, op2);

	ck_assert_msg(row >= 0, "no row for p15, %u, c%u, c%u, %u", op1, crn, crm, op2);
	ck_assert(cp15_allowed(cpu, row, true));
	cp15_write(cpu, row, value);
}

struct value_case {
	uint8_t op1, crn, crm, op2;
	const char *who; /* "r" read-only, "w" write-only, "rw"; upper case: user mode too; "-": UNDEFINED */
	uint32_t reset;
	uint32_t ones;   /* what reads back after all ones were written to a register that only stores; ignored otherwise */
	bool stores;
	uint32_t zeros;   /* the same after zero was written: bits that are fixed */
};

/* Values: Cortex-A9 TRM (ARM DDI 0388) chapter 4 and vexpress-a9.md; masks: the registers' figures in ARM DDI 0406C.d B4.1. */
static const struct value_case values[] = {
	{ 0, 0, 0, 0, "r", 0x410fc090, 0, false, 0 },
	{ 0, 0, 0, 1, "r", 0x80038003, 0, false, 0 },
	{ 0, 0, 0, 2, "r", 0, 0, false, 0 },
	{ 0, 0, 0, 4, "r", 0x410fc090, 0, false, 0 },
	{ 0, 0, 0, 5, "r", 0x80000000, 0, false, 0 },
	{ 0, 0, 0, 7, "r", 0x410fc090, 0, false, 0 },
	{ 0, 0, 1, 0, "r", 0x00001031, 0, false, 0 },
	{ 0, 0, 1, 1, "r", 0x00000011, 0, false, 0 },
	{ 0, 0, 1, 4, "r", 0x00100103, 0, false, 0 },
	{ 0, 0, 1, 5, "r", 0x20000000, 0, false, 0 },
	{ 0, 0, 1, 6, "r", 0x01230000, 0, false, 0 },
	{ 0, 0, 1, 7, "r", 0x00002111, 0, false, 0 },
	{ 0, 0, 2, 0, "r", 0x00101111, 0, false, 0 },
	{ 0, 0, 2, 1, "r", 0x13112111, 0, false, 0 },
	{ 0, 0, 2, 2, "r", 0x21232041, 0, false, 0 },
	{ 0, 0, 2, 3, "r", 0x11112131, 0, false, 0 },
	{ 0, 0, 2, 4, "r", 0x00111142, 0, false, 0 },
	{ 0, 0, 2, 7, "r", 0, 0, false, 0 },
	{ 0, 0, 7, 3, "r", 0, 0, false, 0 },
	{ 1, 0, 0, 0, "r", 0xe00fe019, 0, false, 0 },
	{ 1, 0, 0, 1, "r", 0x09000003, 0, false, 0 },
	{ 2, 0, 0, 0, "rw", 0, 0xf, true, 0 },
	{ 0, 1, 0, 0, "rw", 0x00c50078, 0x72c57c7f, true, 0x00c50078 },
	{ 0, 1, 0, 1, "rw", 0, 0x3cf, true, 0 },
	{ 0, 1, 0, 2, "rw", 0, 0xc0f00000, true, 0 },
	{ 0, 1, 1, 0, "rw", 0, 0x3e, true, 0 },
	{ 0, 1, 1, 1, "rw", 0, 0x3, true, 0 },
	{ 0, 2, 0, 0, "rw", 0, 0xffffffff, true, 0 },
	{ 0, 2, 0, 1, "rw", 0, 0xffffffff, true, 0 },
	{ 0, 2, 0, 2, "rw", 0, 0x37, true, 0 },
	{ 0, 3, 0, 0, "rw", 0, 0xffffffff, true, 0 },
	{ 0, 5, 0, 0, "rw", 0, 0x1cff, true, 0 },
	{ 0, 5, 0, 1, "rw", 0, 0x140f, true, 0 },
	{ 0, 6, 0, 0, "rw", 0, 0xffffffff, true, 0 },
	{ 0, 6, 0, 2, "rw", 0, 0xffffffff, true, 0 },
	{ 0, 7, 4, 0, "rw", 0, 0xffffffff, true, 0 },
	{ 0, 7, 5, 0, "w", 0, 0, false, 0 },
	{ 0, 7, 5, 4, "W", 0, 0, false, 0 },
	{ 0, 7, 10, 4, "W", 0, 0, false, 0 },
	{ 0, 7, 10, 5, "W", 0, 0, false, 0 },
	{ 0, 7, 14, 1, "w", 0, 0, false, 0 },
	{ 0, 8, 7, 0, "w", 0, 0, false, 0 },
	{ 0, 8, 7, 4, "-", 0, 0, false, 0 },  /* virtualization extensions */
	{ 0, 9, 12, 0, "rw", 0x41093000, 0x41093039, true, 0x41093000 },
	{ 0, 9, 12, 6, "-", 0, 0, false, 0 }, /* PMCEID: PMUv2 */
	{ 0, 9, 14, 0, "Rw", 0, 0x1, true, 0 },
	{ 0, 10, 2, 0, "rw", 0x00098aa4, 0xff0fffff, true, 0 },
	{ 0, 10, 2, 1, "rw", 0x44e048e0, 0xffffffff, true, 0 },
	{ 0, 12, 0, 0, "rw", 0, 0xffffffe0, true, 0 },
	{ 0, 12, 0, 1, "rw", 0, 0xffffffe0, true, 0 },
	{ 0, 12, 1, 0, "r", 0, 0, false, 0 },
	{ 0, 13, 0, 0, "rw", 0, 0, true, 0 },  /* FCSE does not exist with the Multiprocessing Extensions */
	{ 0, 13, 0, 1, "rw", 0, 0xffffffff, true, 0 },
	{ 0, 13, 0, 2, "RW", 0, 0xffffffff, true, 0 },
	{ 0, 13, 0, 3, "Rw", 0, 0xffffffff, true, 0 },
	{ 0, 13, 0, 4, "rw", 0, 0xffffffff, true, 0 },
	{ 0, 14, 0, 0, "-", 0, 0, false, 0 },  /* generic timer */
	{ 0, 14, 1, 0, "-", 0, 0, false, 0 },
	{ 4, 15, 0, 0, "r", 0x1e000000, 0, false, 0 },
	{ 0, 15, 0, 0, "rw", 0, 0x701, true, 0 },
	{ 0, 4, 0, 0, "-", 0, 0, false, 0 },
};

static bool has(const char *who, char c)
{
	for (; *who; who++)
		if (*who == c)
			return true;
	return false;
}

START_TEST(registers)
{
	const struct value_case *c = &values[_i];
	int row = cp15_find(c->op1, c->crn, c->crm, c->op2);

	if (has(c->who, '-')) {
		ck_assert_int_eq(row, -1);
		return;
	}
	ck_assert_int_ge(row, 0);
	ck_assert_int_eq(cp15_allowed(cpu, row, false), has(c->who, 'r') || has(c->who, 'R'));
	ck_assert_int_eq(cp15_allowed(cpu, row, true), has(c->who, 'w') || has(c->who, 'W'));
	cpu_set_cpsr(cpu, MODE_USR, CPSR_M);
	ck_assert_int_eq(cp15_allowed(cpu, row, false), has(c->who, 'R'));
	ck_assert_int_eq(cp15_allowed(cpu, row, true), has(c->who, 'W'));
	cpu_set_cpsr(cpu, MODE_SVC, CPSR_M);
	if (has(c->who, 'r') || has(c->who, 'R'))
		ck_assert_uint_eq(cp15_read(cpu, row), c->reset);
	if (c->stores) {
		cp15_write(cpu, row, ~0u);
		ck_assert_uint_eq(cp15_read(cpu, row), c->ones);
		cp15_write(cpu, row, 0);
		ck_assert_uint_eq(cp15_read(cpu, row), c->zeros);
		cpu_reset(cpu);
		ck_assert_uint_eq(cp15_read(cpu, row), c->reset);
	}
}
END_TEST

START_TEST(rows_are_sane)
{
	for (unsigned i = 0; i < cp15_row_count(); i++) {
		const struct cp15_reg *reg = cp15_row((int)i);

		ck_assert_uint_lt(reg->crn, 16);
		ck_assert_uint_lt(reg->op1, 8);
		/* each row is found by its own numbers: none is hidden by another */
		ck_assert_int_eq(cp15_find(reg->op1, reg->crn, reg->crm, reg->op2 == CP15_ANY ? 6 : reg->op2),
		                 reg->op2 == CP15_ANY && reg->crm == 0 && reg->crn == 0 ? cp15_find(0, 0, 0, 6) : (int)i);
		if (reg->flags & (CP15_PLAIN_R | CP15_PLAIN_W))
			ck_assert_int_ge(reg->offset, 0);
		if (reg->flags & CP15_PLAIN_R)
			ck_assert_ptr_null(reg->read);
		if (reg->flags & CP15_PLAIN_W) {
			ck_assert_ptr_null(reg->write);
			ck_assert_uint_eq(reg->wmask, ~0u);
		}
		if (reg->flags & CP15_NOP_W)
			ck_assert(!reg->write && reg->offset < 0);
		ck_assert(reg->flags & (CP15_PL1_R | CP15_PL1_W));
	}
}
END_TEST

START_TEST(hooks_are_called)
{
	mcr(0, 2, 0, 0, 0x60004000);
	ck_assert_uint_eq(changes, 1);
	mcr(0, 2, 0, 0, 0x60004000); /* the same value changes nothing */
	ck_assert_uint_eq(changes, 1);
	mcr(0, 3, 0, 0, 1);
	mcr(0, 1, 0, 0, 1);
	ck_assert_uint_eq(changes, 3);
	mcr(0, 8, 7, 0, 0);
	ck_assert_int_eq(last_tlb, TLB_ALL);
	mcr(0, 8, 3, 1, 0xc0001023);
	ck_assert_int_eq(last_tlb, TLB_MVA);
	ck_assert_uint_eq(last_tlb_value, 0xc0001023);
	mcr(0, 8, 5, 2, 0x23);
	ck_assert_int_eq(last_tlb, TLB_ASID);
	mcr(0, 8, 7, 3, 0x23);
	ck_assert_int_eq(last_tlb, TLB_MVA_ALL_ASID);
	mcr(0, 7, 5, 0, 0);
	mcr(0, 7, 5, 1, 0);
	mcr(0, 7, 8, 1, 0x1000);
	ck_assert_uint_eq(mrc(0, 7, 4, 0), 0x1003); /* privileged write */
	mcr(0, 7, 8, 2, 0x1000);
	ck_assert_uint_eq(mrc(0, 7, 4, 0), 0x1000); /* user read */
}
END_TEST

START_TEST(interrupt_status)
{
	cpu_set_irq(cpu, IRQ_LINE_IRQ, true);
	ck_assert_uint_eq(mrc(0, 12, 1, 0), 0x80);
	cpu_set_irq(cpu, IRQ_LINE_FIQ, true);
	ck_assert_uint_eq(mrc(0, 12, 1, 0), 0xc0);
}
END_TEST

START_TEST(caches)
{
	mcr(2, 0, 0, 0, 1);
	ck_assert_uint_eq(mrc(1, 0, 0, 0), 0x200fe019);
	mcr(2, 0, 0, 0, 5);
	ck_assert_uint_eq(mrc(1, 0, 0, 0), 0);
}
END_TEST

START_TEST(cycle_counter)
{
	ck_assert_uint_eq(mrc(0, 9, 13, 0), 0);
	mcr(0, 9, 12, 1, 1u << 31);
	mcr(0, 9, 12, 0, 1 | 4); /* E, C */
	now += 500;
	ck_assert_uint_eq(mrc(0, 9, 13, 0), 500);
	mcr(0, 9, 12, 2, 1u << 31); /* stopped */
	now += 500;
	ck_assert_uint_eq(mrc(0, 9, 13, 0), 500);
	mcr(0, 9, 12, 1, 1u << 31);
	now += 1;
	ck_assert_uint_eq(mrc(0, 9, 13, 0), 501);
	mcr(0, 9, 12, 0, 1 | 4 | 8); /* D: every 64th */
	now += 640;
	ck_assert_uint_ge(mrc(0, 9, 13, 0), 9);
	ck_assert_uint_le(mrc(0, 9, 13, 0), 10);
}
END_TEST

START_TEST(counter_overflow)
{
	mcr(0, 9, 12, 1, 1u << 31);
	mcr(0, 9, 12, 0, 1);
	mcr(0, 9, 14, 1, 1u << 31);
	mcr(0, 9, 13, 0, 0xfffffff0);
	now += 0xf;
	ck_assert_uint_eq(mrc(0, 9, 12, 3), 0);
	ck_assert(!irq_level);
	now += 1;
	cpu_pmu_sync(cpu);
	ck_assert(irq_level);
	ck_assert_uint_eq(mrc(0, 9, 12, 3), 1u << 31);
	ck_assert_uint_eq(mrc(0, 9, 13, 0), 0);
	mcr(0, 9, 12, 3, 1u << 31);
	ck_assert(!irq_level);
	ck_assert_uint_eq(mrc(0, 9, 12, 3), 0);
}
END_TEST

START_TEST(event_counters)
{
	mcr(0, 9, 12, 5, 2); /* counter 2 */
	mcr(0, 9, 13, 1, 0x09); /* exceptions taken */
	mcr(0, 9, 12, 1, 4 | 1);
	mcr(0, 9, 12, 0, 1 | 2);
	cpu_take_exception(cpu, EXC_SVC);
	cpu_take_exception(cpu, EXC_UNDEF);
	ck_assert_uint_eq(mrc(0, 9, 13, 2), 2);
	mcr(0, 9, 13, 2, 0xffffffff);
	cpu_take_exception(cpu, EXC_SVC);
	ck_assert_uint_eq(mrc(0, 9, 13, 2), 0);
	ck_assert_uint_eq(mrc(0, 9, 12, 3), 4);
	/* software increment goes to counters with event 0 that run: counter 0, not 1 or 2 */
	mcr(0, 9, 12, 4, 7);
	ck_assert_uint_eq(mrc(0, 9, 13, 2), 0);
	mcr(0, 9, 12, 5, 0);
	ck_assert_uint_eq(mrc(0, 9, 13, 2), 1);
	mcr(0, 9, 12, 5, 1);
	ck_assert_uint_eq(mrc(0, 9, 13, 2), 0);
	mcr(0, 9, 12, 5, 31);
	ck_assert_uint_eq(mrc(0, 9, 13, 2), 0);
}
END_TEST

START_TEST(pmu_in_user_mode)
{
	int row = cp15_find(0, 9, 13, 0);

	cpu_set_cpsr(cpu, MODE_USR, CPSR_M);
	ck_assert(!cp15_allowed(cpu, row, false));
	cpu->cp15.pmuserenr = 1;
	ck_assert(cp15_allowed(cpu, row, false));
	ck_assert(!cp15_allowed(cpu, cp15_find(0, 9, 14, 1), false));
}
END_TEST

/* op1, crn, crm, op2 of CP14; whether privileged and user code can read it. */
static const struct { uint8_t op1, crn, crm, op2; bool privileged, user; uint32_t value; } cp14_cases[] = {
	{ 0, 0, 0, 0, true, true, 0x35141000 }, /* DBGDIDR */
	{ 0, 1, 0, 0, true, true, 0 },          /* DBGDRAR */
	{ 0, 0, 1, 0, true, true, 0 },          /* DBGDSCRint */
	{ 0, 0, 2, 2, true, false, 0 },         /* DBGDSCRext */
	{ 0, 0, 5, 4, true, false, 0 },         /* DBGBVR5 */
	{ 0, 0, 6, 4, false, false, 0 },        /* no DBGBVR6 */
	{ 0, 0, 3, 7, true, false, 0 },         /* DBGWCR3 */
	{ 0, 0, 4, 7, false, false, 0 },
	{ 0, 1, 5, 4, true, false, 1 },         /* DBGPRSR */
	{ 0, 3, 0, 0, false, false, 0 },
	{ 6, 0, 0, 0, true, false, 0 },         /* TEECR */
	{ 6, 1, 0, 0, true, true, 0 },          /* TEEHBR */
	{ 7, 0, 0, 0, true, true, 0 },          /* JIDR */
	{ 7, 1, 0, 0, true, false, 0 },         /* JOSCR */
	{ 7, 2, 0, 0, true, false, 0 },         /* JMCR: user code may only write it */
	{ 1, 0, 0, 0, false, false, 0 },        /* trace */
};

START_TEST(cp14)
{
	uint32_t value = 0xdead;
	bool ok = cp14_read(cpu, cp14_cases[_i].op1, cp14_cases[_i].crn, cp14_cases[_i].crm, cp14_cases[_i].op2, &value);

	ck_assert_int_eq(ok, cp14_cases[_i].privileged);
	if (ok)
		ck_assert_uint_eq(value, cp14_cases[_i].value);
	cpu_set_cpsr(cpu, MODE_USR, CPSR_M);
	ok = cp14_read(cpu, cp14_cases[_i].op1, cp14_cases[_i].crn, cp14_cases[_i].crm, cp14_cases[_i].op2, &value);
	ck_assert_int_eq(ok, cp14_cases[_i].user);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cp15");
	TCase *tcase = tcase_create("registers");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, registers, 0, (int)ARRAY_SIZE(values));
	tcase_add_test(tcase, rows_are_sane);
	tcase_add_test(tcase, hooks_are_called);
	tcase_add_test(tcase, interrupt_status);
	tcase_add_test(tcase, caches);
	tcase_add_test(tcase, cycle_counter);
	tcase_add_test(tcase, counter_overflow);
	tcase_add_test(tcase, event_counters);
	tcase_add_test(tcase, pmu_in_user_mode);
	tcase_add_loop_test(tcase, cp14, 0, (int)ARRAY_SIZE(cp14_cases));
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
