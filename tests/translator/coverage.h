/*
 * coverage.h - how often each row of the decoder's tables was run against an oracle, and with which operand values.
 *
 * The file that DBTVM_COVERAGE names gets a line for each row that ran, behind what other tests wrote there: scripts/coverage adds them up.
 */
#ifndef TESTS_TRANSLATOR_COVERAGE_H
#define TESTS_TRANSLATOR_COVERAGE_H

#include "base/base.h"
#include "translator/decode/insn.h"

/* Operand values of the table's columns; the last four of floating point rows only, whose "one" is 1.0. */
enum coverage_corner { CORNER_ZERO, CORNER_ONE, CORNER_ALL_ONES, CORNER_SMALLEST, CORNER_LARGEST, CORNER_QUIET_NAN, CORNER_SIGNALLING_NAN, CORNER_DENORMAL, CORNER_INFINITY, CORNER_COUNT };

struct coverage_row {
	unsigned alone;        /* executed by itself: operand values are known */
	unsigned in_sequences; /* was part of a sequence (a condition or a branch may have skipped it) */
	unsigned directed;     /* cases with results worked out from the manual */
	unsigned corner[CORNER_COUNT]; /* of those alone: an operand had this value */
};

struct coverage {
	struct coverage_row *rows;
};

/* False: no memory. */
bool coverage_init(struct coverage *c);
/* Writes to DBTVM_COVERAGE, if that is set, and frees. */
void coverage_fini(struct coverage *c);
/* @insn ran alone with these registers (@d NULL: none) and flags; not counted when its condition failed. */
void coverage_alone(struct coverage *c, const struct insn *insn, const uint32_t r[15], const uint64_t *d, uint32_t cpsr);
void coverage_in_sequence(struct coverage *c, const struct insn *insn);
void coverage_directed(struct coverage *c, const struct insn *insn);

#endif
