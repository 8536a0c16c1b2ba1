/*
 * test_aborts.c - precise state: a load or store that aborts, wholly or in its middle, leaves what it needs to run again.
 *
 * The base and index registers, the flags and every register that is no destination must be as before (B1.9.8, base restored), the
 * fault address must be where there is nothing, and DFSR.WnR must tell stores from loads.
 */
#include "base/base.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/cpu.h"
#include "tests/base/check_run.h"
#include "tests/translator/lift/engines.h"

#define COUNT 20000
#define DFSR_WNR (1u << 11)

void data_fill(uint8_t *data, uint32_t seed)
{
}

/* Registers that a load may have changed when it aborted. */
static uint32_t may_change(const struct insn *insn)
{
	uint32_t mask = 0;

	switch (insn->op) {
	case INSN_LDM:
		mask = insn->reglist;
		break;
	case INSN_LDRD:
	case INSN_LDREXD:
		mask = 1u << insn->rt | 1u << insn->rt2;
		break;
	default:
		break;
	}
	mask &= ~(1u << insn->rn);
	return insn->operand == OPERAND_REG ? mask & ~(1u << insn->rm) : mask;
}

static bool is_store(const struct insn *insn)
{
	switch (insn->op) {
	case INSN_STR: case INSN_STRB: case INSN_STRH: case INSN_STRD: case INSN_STM:
		return true;
	default:
		return false;
	}
}

static bool check_abort(struct ours *ours, enum way way, const struct sequence *s, const struct outcome *out)
{
	const struct cpu *cpu = ours_cpu(ours);
	bool taken = way == WAY_DBT || way == WAY_PLAIN || way == WAY_WINDOW;
	uint32_t pc = taken ? cpu->r[14] - 8 : cpu->r[15];
	uint32_t cpsr = taken ? cpu_spsr(cpu) : cpu_cpsr(cpu);
	gva_t address = taken ? cpu->cp15.dfar : cpu->fault.va;
	bool write = taken ? cpu->cp15.dfsr & DFSR_WNR : cpu->fault.write;
	bool fine = pc == s->pc && cpsr == s->cpsr;
	struct insn insn;

	decode(s->set, s->bits[0], &insn);
	for (unsigned i = 0; i < 15; i++)
		if (!(may_change(&insn) >> i & 1) && out->r[i] != s->r[i])
			fine = false;
	if (insn.op != INSN_SWP && insn.op != INSN_SWPB)
		fine = fine && write == is_store(&insn);
	/* Alignment faults have their own address. */
	fine = fine && (address >= OURS_RAM_END || address & 7);
	if (!fine) {
		printf("pc %08x cpsr %08x address %08x %s\n", pc, cpsr, address, write ? "write" : "read");
		for (unsigned i = 0; i < 15; i++)
			printf("r%u %08x%s", i, out->r[i], i % 5 == 4 ? "\n" : "  ");
		sequence_print(s);
	}
	return fine;
}

START_TEST(test_aborts)
{
	struct ours *ours = ours_create((enum way)_i);
	unsigned aborts = 0;

	ck_assert_ptr_nonnull(ours);
	for (unsigned i = 0; i < COUNT; i++) {
		struct sequence s;
		struct outcome out;

		sequence_make_access(&s, i + 1, i % 2 ? SET_T32 : SET_A32, OURS_RAM_END);
		ours_run(ours, &s, &out);
		if (!out.failed)
			continue;
		aborts++;
		ck_assert(check_abort(ours, (enum way)_i, &s, &out));
	}
	ours_destroy(ours);
	ck_assert_uint_ge(aborts, COUNT / 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lift: aborts");
	TCase *tcase = tcase_create("aborts");

	tcase_set_timeout(tcase, 0);
	tcase_add_loop_test(tcase, test_aborts, 0, WAY_COUNT);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
