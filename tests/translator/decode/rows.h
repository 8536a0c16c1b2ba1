/* rows.h - random instructions of a row of the decoder's tables. */
#ifndef DBTVM_TESTS_TRANSLATOR_DECODE_ROWS_H
#define DBTVM_TESTS_TRANSLATOR_DECODE_ROWS_H

#include "base/base.h"
#include "translator/decode/insn.h"

/* xorshift64*; @state is never 0. */
static inline uint32_t rows_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)(*state * 0x2545f4914f6cdd1dull >> 32);
}

/* The bits in parentheses of a row's bit string: which, and what they should be. Returns the string's width in bits. */
static inline unsigned rows_should_be(const struct decode_row *row, uint32_t *mask, uint32_t *value)
{
	unsigned at = row->table == TABLE_T16 ? 16 : 32, width = 0;
	bool should = false;

	*mask = *value = 0;
	for (const char *c = row->bits; *c; c++) {
		if (*c == '(' || *c == ')') {
			should = *c == '(';
		} else if (*c != ' ') {
			width++;
			if (at-- == 0)
				return width;
			if (should)
				*mask |= 1u << at;
			if (should && *c == '1')
				*value |= 1u << at;
		}
	}
	return width;
}

/*
 * An instruction of @row for @set, as decode() takes it: all fields random, the condition mostly AL, bits that should be
 * something mostly so.
 */
static inline uint32_t rows_fill(const struct decode_row *row, enum insn_set set, uint64_t *state)
{
	uint32_t bits = rows_random(state), choice = rows_random(state), mask, value;

	rows_should_be(row, &mask, &value);
	if (choice & 7)
		bits = (bits & ~mask) | value;
	bits = (bits & ~row->mask) | row->value;
	if (row->has_cond && ((choice & 0x18) || bits >> 28 == 15))
		bits = (bits & 0x0fffffff) | 0xe0000000;
	if (row->table == TABLE_T16)
		return bits << 16;
	return row->set == SET_A32 && set == SET_T32 ? decode_t32_of_a32(bits) : bits;
}

/* Rows of VFP and Advanced SIMD serve both sets. */
static inline bool rows_serve(const struct decode_row *row, enum insn_set set)
{
	return row->set == set || row->table == TABLE_VFP || row->table == TABLE_NEON;
}

#endif
