/*
 * block.h - translation blocks: found by (virtual PC, frame, key), dropped when their code is written.
 */
#ifndef DBTVM_TRANSLATOR_RUN_BLOCK_H
#define DBTVM_TRANSLATOR_RUN_BLOCK_H

#include "base/base.h"
#include "translator/x64/x64.h"

struct frame;
struct ir_insn;

struct block {
	gva_t pc;
	uint32_t key;          /* KEY_* */
	gpa_t pa;              /* of the first instruction */
	struct frame *frame;   /* that holds it */
	uint16_t first, last;  /* byte offsets in the page: lowest and one past the highest translated */
	uint16_t insns;
	bool straddles;        /* its only instruction ends in the next page: others enter by the checked entry only, which looks at both pages */
	bool dropped;
	struct frame *frame2;  /* straddles: the second page's frame and address */
	gpa_t pa2;
	struct ir_insn *ops;   /* prepared for the interpreter: for -accel interp, -verify and fallback; NULL otherwise */
	uint16_t op_count, tmp_count, label_count;
	struct block_exit *incoming; /* exits of other blocks linked here */
	struct block *hash_next;
	struct block *frame_next, *frame2_next; /* lists of the blocks in a frame */
	uint8_t *bytes;        /* the code from first to last, when it may come back (revive.c); else NULL */
	uint64_t runs;         /* interpreter and profile */
	struct x64_code code;  /* checked NULL: interpreter only. Last: unused exits at its end are not allocated */
};

#endif
