/* test_tables.c - the decoder's tables: widths, names, overlaps, reachability. Prints one line of coverage. */
#include "base/base.h"
#include "translator/decode/insn.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/base/check_run.h"
#include "tests/translator/decode/rows.h"

static unsigned width_of(const struct decode_row *row)
{
	return row->table == TABLE_T16 ? 16 : 32;
}

START_TEST(widths_are_right)
{
	for (unsigned n = 0; n < decode_row_count(); n++) {
		const struct decode_row *row = decode_row(n);
		uint32_t mask, value;

		ck_assert_msg(rows_should_be(row, &mask, &value) == width_of(row), "%s: \"%s\" has the wrong width", row->name, row->bits);
		ck_assert_msg((row->value & ~row->mask) == 0 && (mask & row->mask) == 0, "%s", row->name);
		ck_assert_msg(row->mask != 0, "%s: no fixed bit", row->name);
	}
}
END_TEST

/* A32 rows have a condition or fix bits 31:28 to 1111; T32 rows start with 111. */
START_TEST(spaces_are_right)
{
	for (unsigned n = 0; n < decode_row_count(); n++) {
		const struct decode_row *row = decode_row(n);

		if (row->set == SET_A32)
			ck_assert_msg(row->has_cond || row->value >> 28 == 15, "%s", row->name);
		else if (row->table == TABLE_T16)
			ck_assert_msg((row->mask & 0xe000) != 0xe000 || (row->value & 0xf800) <= 0xe000, "%s", row->name);
		else
			ck_assert_msg(row->value >> 29 == 7 && (row->value >> 27 & 3) != 0, "%s", row->name);
		ck_assert_msg(!row->has_cond || (row->mask >> 28) == 0, "%s", row->name);
		ck_assert_msg(row->op < INSN_OP_COUNT, "%s", row->name);
	}
}
END_TEST

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

START_TEST(names_are_unique)
{
	unsigned count = decode_row_count();
	const char **name = calloc(count, sizeof *name);

	ck_assert_ptr_nonnull(name);
	for (unsigned n = 0; n < count; n++)
		name[n] = decode_row(n)->name;
	qsort(name, count, sizeof *name, compare_names);
	for (unsigned n = 1; n < count; n++)
		ck_assert_str_ne(name[n - 1], name[n]);
	free(name);
}
END_TEST

static bool same_space(const struct decode_row *a, const struct decode_row *b)
{
	return a->set == b->set && width_of(a) == width_of(b) && a->has_cond == b->has_cond;
}

START_TEST(overlaps_are_ordered)
{
	unsigned overlaps = 0;

	for (unsigned i = 0; i < decode_row_count(); i++) {
		for (unsigned j = i + 1; j < decode_row_count(); j++) {
			const struct decode_row *a = decode_row(i), *b = decode_row(j);
			uint32_t both = a->mask & b->mask;

			if (!same_space(a, b) || (a->value & both) != (b->value & both))
				continue;
			overlaps++;
			if (a->order == b->order)
				ck_abort_msg("%s and %s overlap and have the same order", a->name, b->name);
		}
	}
	ck_assert_uint_gt(overlaps, 0);
}
END_TEST

/* The index finds what a search of all rows finds. */
START_TEST(index_is_complete)
{
	uint64_t state = 11;

	for (unsigned i = 0; i < 20000; i++) {
		uint32_t bits = rows_random(&state);
		int best = -1;
		struct insn insn;

		if (i % 2)
			bits = rows_fill(decode_row(rows_random(&state) % decode_row_count()), SET_A32, &state);
		decode(SET_A32, bits, &insn);
		for (unsigned n = 0; n < decode_row_count(); n++) {
			const struct decode_row *row = decode_row(n);
			if (row->set == SET_A32 && row->has_cond == (bits >> 28 != 15) && (bits & row->mask) == row->value &&
			    (best < 0 || row->order > decode_row((unsigned)best)->order))
				best = (int)n;
		}
		if (insn.row != (best < 0 ? DECODE_NO_ROW : (unsigned)best))
			ck_abort_msg("%08x: row %u, should be %d", bits, insn.row, best);
	}
}
END_TEST

/* Words that are decoded as A32's: Advanced SIMD, its loads and stores, coprocessors 10 and 11. */
static bool shared_with_a32(uint32_t bits)
{
	return (bits & 0xef000000) == 0xef000000 || (bits & 0xff100000) == 0xf9000000 || (bits & 0xec000e00) == 0xec000a00;
}

/* The same for Thumb. */
START_TEST(thumb_index_is_complete)
{
	uint64_t state = 12;

	for (unsigned i = 0; i < 40000; i++) {
		uint32_t bits = rows_random(&state), look;
		const struct decode_row *like = decode_row(bits % decode_row_count());
		bool wide;
		int best = -1;
		struct insn insn;

		bits = i % 2 && like->set == SET_T32 ? rows_fill(like, SET_T32, &state) : rows_random(&state) | (i & 4 ? 0xe0000000 : 0);
		wide = t32_is_wide((uint16_t)(bits >> 16));
		if (wide && shared_with_a32(bits))
			continue;
		look = wide ? bits : bits >> 16;
		decode(SET_T32, bits, &insn);
		for (unsigned n = 0; n < decode_row_count(); n++) {
			const struct decode_row *row = decode_row(n);
			if (row->table == (wide ? TABLE_T32 : TABLE_T16) && (look & row->mask) == row->value &&
			    (best < 0 || row->order > decode_row((unsigned)best)->order))
				best = (int)n;
		}
		if (insn.row != (best < 0 ? DECODE_NO_ROW : (unsigned)best))
			ck_abort_msg("%08x: row %u, should be %d", bits, insn.row, best);
	}
}
END_TEST

/* Whether all fields are inside what insn.h promises. */
static bool fields_in_range(const struct insn *insn)
{
	return insn->op < INSN_OP_COUNT && insn->cond < 15 && (insn->size == 2 || insn->size == 4) &&
	       (insn->rd | insn->rn | insn->rm | insn->rs | insn->rt | insn->rt2) < 16 && (insn->vd | insn->vn | insn->vm) < 32 && insn->vsize < 4 &&
	       insn->vindex < 8 && insn->shift <= SHIFT_RRX && insn->shift_n <= 32 && insn->operand <= OPERAND_REG_SHIFT && insn->carry <= CARRY_1;
}

/* Every row can be reached, and every field is inside what struct insn promises, whatever the bits. */
START_TEST(rows_are_reached)
{
	unsigned unpredictable = 0, undefined = 0, ok = 0;
	uint64_t state = 7;

	for (unsigned n = 0; n < decode_row_count(); n++) {
		const struct decode_row *row = decode_row(n);
		bool reached = false;

		for (unsigned i = 0; i < 2000; i++) {
			struct insn insn;
			enum insn_status status = decode(row->set, rows_fill(row, row->set, &state), &insn);

			reached |= insn.row == n;
			ok += status == INSN_OK;
			unpredictable += status == INSN_UNPREDICTABLE;
			undefined += status == INSN_UNDEFINED;
			/* Check writes to a pipe at each assertion, so only where it fails. */
			if (!fields_in_range(&insn) || status != insn.status)
				ck_abort_msg("%s %08x: a field is out of range", row->name, insn.raw);
		}
		ck_assert_msg(reached, "%s is never reached", row->name);
	}
	printf("decoder: %u rows, %u meanings; samples: %u OK, %u UNPREDICTABLE, %u UNDEFINED\n", decode_row_count(), (unsigned)INSN_OP_COUNT, ok,
	       unpredictable, undefined);
	fflush(stdout);
}
END_TEST

/* Every meaning has a row; those that recipes choose are named. */
START_TEST(meanings_have_rows)
{
	static const uint16_t chosen_by_recipes[] = {INSN_VMOV, INSN_VMOVL, INSN_CHKA};

	for (unsigned op = 0; op < INSN_OP_COUNT; op++) {
		bool found = false;

		for (unsigned n = 0; n < decode_row_count(); n++)
			found |= decode_row(n)->op == op;
		for (size_t i = 0; i < ARRAY_SIZE(chosen_by_recipes); i++)
			found |= chosen_by_recipes[i] == op;
		ck_assert_msg(found, "no row for %s (%u)", insn_op_name(op), op);
	}
}
END_TEST

/* VFP and Advanced SIMD: the T32 form decodes to the same instruction. */
START_TEST(both_sets_share_rows)
{
	uint64_t state = 9;

	for (unsigned n = 0; n < decode_row_count(); n++) {
		const struct decode_row *row = decode_row(n);

		for (unsigned i = 0; i < 50 && (row->table == TABLE_VFP || row->table == TABLE_NEON); i++) {
			uint32_t bits = rows_fill(row, SET_A32, &state);
			struct insn a32, t32;

			decode(SET_A32, bits, &a32);
			decode(SET_T32, decode_t32_of_a32(bits), &t32);
			if (a32.row != t32.row || a32.op != t32.op || a32.vd != t32.vd || a32.vn != t32.vn || a32.vm != t32.vm || a32.imm != t32.imm ||
			    a32.vimm != t32.vimm || t32.set != SET_T32 || t32.cond != INSN_COND_AL)
				ck_abort_msg("%s: %08x and %08x differ", row->name, a32.raw, t32.raw);
		}
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		widths_are_right, spaces_are_right,  names_are_unique,   overlaps_are_ordered,
		index_is_complete, thumb_index_is_complete, rows_are_reached, meanings_have_rows, both_sets_share_rows,
	};

	return check_run("decode tables", tests, ARRAY_SIZE(tests));
}
