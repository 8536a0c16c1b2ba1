/*
 * test_random.c - random A32 and T32 sequences on Unicorn and on our translator, compared register by register.
 *
 * LIFT_ROW_RUNS=n runs every row that often in each way; DBTVM_COVERAGE=FILE is told what ran (tests/translator/coverage.h).
 * LIFT_SEED=n replays one sequence, LIFT_COUNT=n runs that many of each kind from there, LIFT_WAY=n only that way (engines.h), LIFT_SET=0|1.
 */
#include "base/base.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/base/check_run.h"
#include "tests/translator/coverage.h"
#include "tests/translator/lift/engines.h"

#define DEFAULT_COUNT 3000
#define DEFAULT_ROW_RUNS 50

static const char *const way_names[] = { "lifted IR", "IR after the passes", "emitted code", "emitted code without optimizations",
	"emitted code that uses a window" };

void data_fill(uint8_t *data, uint32_t seed)
{
	static uint32_t words[DATA_SIZE / 2];

	if (!words[0])
		for (uint32_t i = 0, x = 1; i < ARRAY_SIZE(words); i++)
			words[i] = x = x * 1664525 + 1013904223;
	memcpy(data, words + seed % (DATA_SIZE / 4), DATA_SIZE);
}

static unsigned long env(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

/* Registers that differ, in bits 0-14; 15: PC, 16: flags, 17: memory, 18: failure, 19: SPSR. */
static uint32_t differences(const struct outcome *a, const struct outcome *b, const uint8_t *data_a, const uint8_t *data_b)
{
	uint32_t mask = 0;

	/* The engines do not leave the same state when an exception ends the run. */
	if (a->failed && b->failed)
		return 0;
	for (unsigned i = 0; i < 15; i++)
		mask |= (uint32_t)(a->r[i] != b->r[i]) << i;
	mask |= (uint32_t)(a->pc != b->pc) << 15 | (uint32_t)(a->cpsr != b->cpsr) << 16 | (uint32_t)(a->failed != b->failed) << 18 |
	        (uint32_t)(a->spsr != b->spsr) << 19;
	mask |= (uint32_t)(memcmp(data_a, data_b, DATA_SIZE) != 0) << 17;
	return mask;
}

/*
 * Unicorn's fault: its SMLAD sets Q when the sum of the two products alone overflows, where A8.8.177 looks at the final sum. That happens
 * only for four times 0x8000.
 */
static uint32_t unreliable_flags(const struct sequence *s)
{
	for (unsigned i = 0; i < s->count; i++)
		if (!strncmp(s->row[i], "SMLAD", 5))
			return 1u << 27;
	return 0;
}

static uint32_t compare(struct oracle *oracle, struct ours *ours, const struct sequence *s, struct outcome *theirs, struct outcome *mine)
{
	oracle_run(oracle, s, theirs);
	ours_run(ours, s, mine);
	theirs->cpsr &= ~unreliable_flags(s);
	mine->cpsr &= ~unreliable_flags(s);
	return differences(theirs, mine, oracle_data(oracle), ours_data(ours));
}

/* Blanks every instruction that the difference does not need. */
static void shrink(struct oracle *oracle, struct ours *ours, struct sequence *s)
{
	for (unsigned i = s->count; i-- > 0;) {
		struct sequence shorter = *s;
		struct outcome theirs, mine;

		sequence_blank(&shorter, i);
		if (compare(oracle, ours, &shorter, &theirs, &mine))
			*s = shorter;
	}
}

static void report(struct oracle *oracle, struct ours *ours, struct sequence *s, enum way way)
{
	struct outcome theirs, mine;
	uint32_t mask;

	shrink(oracle, ours, s);
	mask = compare(oracle, ours, s, &theirs, &mine);
	printf("\n%s differs from Unicorn; replay with LIFT_SEED=%#llx LIFT_SET=%u\n", way_names[way], (unsigned long long)s->seed, s->set);
	sequence_print(s);
	for (unsigned i = 0; i < 15; i++)
		if (mask >> i & 1)
			printf("* r%-4u unicorn %08x  ours %08x\n", i, theirs.r[i], mine.r[i]);
	if (mask >> 15 & 1)
		printf("* pc    unicorn %08x  ours %08x\n", theirs.pc, mine.pc);
	if (mask >> 16 & 1)
		printf("* flags unicorn %08x  ours %08x\n", theirs.cpsr, mine.cpsr);
	if (mask >> 19 & 1)
		printf("* spsr  unicorn %08x  ours %08x\n", theirs.spsr, mine.spsr);
	if (mask >> 18 & 1)
		printf("* end   unicorn %s  ours %s\n", theirs.why, mine.why);
	for (unsigned i = 0; mask >> 17 & 1 && i < DATA_SIZE; i++)
		if (oracle_data(oracle)[i] != ours_data(ours)[i])
			printf("* [%08x] unicorn %02x  ours %02x\n", DATA_AREA + i, oracle_data(oracle)[i], ours_data(ours)[i]);
	fflush(stdout);
}

static void count_sequence(struct coverage *coverage, const struct sequence *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		struct insn insn;

		decode(s->set, s->bits[i], &insn);
		coverage_in_sequence(coverage, &insn);
	}
}

static void run_way(enum way way)
{
	struct oracle *oracle = oracle_create();
	struct ours *ours = ours_create(way);
	unsigned long count = env("LIFT_COUNT", DEFAULT_COUNT), failures = 0, failed_runs = 0;
	unsigned long first = env("LIFT_SEED", 1);
	struct coverage coverage;

	ck_assert_ptr_nonnull(oracle);
	ck_assert_ptr_nonnull(ours);
	ck_assert(coverage_init(&coverage));
	if (getenv("LIFT_SEED") && !getenv("LIFT_COUNT"))
		count = 1;
	for (unsigned long i = 0; i < count && failures < env("LIFT_FAILURES", 1); i++) {
		for (unsigned set = 0; set < 2; set++) {
			struct outcome theirs, mine;
			struct sequence s;

			if (env("LIFT_SET", set) != set)
				continue;
			sequence_make(&s, first + i, (enum insn_set)set);
			if (compare(oracle, ours, &s, &theirs, &mine)) {
				report(oracle, ours, &s, way);
				failures++;
			}
			failed_runs += theirs.failed;
			if (!theirs.failed)
				count_sequence(&coverage, &s);
		}
	}
	coverage_fini(&coverage);
	ours_destroy(ours);
	oracle_destroy(oracle);
	ck_assert_msg(failures == 0, "%s: %lu differences", way_names[way], failures);
	/* Most sequences must run to their end, or the test tests nothing. */
	ck_assert_uint_le(failed_runs, count / 10);
}

/* Every row by itself, in all ways of ours. */
START_TEST(test_rows)
{
	struct oracle *oracle = oracle_create();
	struct ours *ours = ours_create((enum way)_i);
	uint64_t first = env("LIFT_SEED", 0);
	unsigned rows = 0, runs = (unsigned)env("LIFT_ROW_RUNS", DEFAULT_ROW_RUNS);
	struct coverage coverage;

	if (env("LIFT_WAY", (unsigned long)_i) != (unsigned long)_i)
		return;
	ck_assert_ptr_nonnull(oracle);
	ck_assert_ptr_nonnull(ours);
	ck_assert(coverage_init(&coverage));
	for (unsigned r = 0; r < decode_row_count(); r++) {
		unsigned i;

		for (i = 0; i < runs; i++) {
			struct outcome theirs, mine;
			struct sequence s;
			struct insn insn;

			if (!sequence_make_row(&s, (uint64_t)r << 48 | (first + i), decode_row(r)))
				break;
			if (compare(oracle, ours, &s, &theirs, &mine)) {
				report(oracle, ours, &s, (enum way)_i);
				ck_abort_msg("%s differs", decode_row(r)->name);
			}
			decode(s.set, s.bits[0], &insn);
			if (!theirs.failed)
				coverage_alone(&coverage, &insn, s.r, NULL, s.cpsr);
		}
		rows += i > 0;
	}
	coverage_fini(&coverage);
	ours_destroy(ours);
	oracle_destroy(oracle);
	/* 480 rows of A32, T16 and T32 are no branches, exceptions or coprocessor instructions. */
	ck_assert_uint_ge(rows, runs ? 400 : 0);
}
END_TEST

START_TEST(test_way)
{
	if (env("LIFT_WAY", (unsigned long)_i) == (unsigned long)_i)
		run_way((enum way)_i);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lift: random sequences");
	TCase *tcase = tcase_create("ways");

	tcase_set_timeout(tcase, 0);
	tcase_add_loop_test(tcase, test_way, 0, WAY_COUNT);
	tcase_add_loop_test(tcase, test_rows, 0, WAY_COUNT);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
