/*
 * block.h - translation blocks: found by (virtual PC, frame, key), dropped when their code is written.
 */
#ifndef DBTVM_TRANSLATOR_RUN_BLOCK_H
#define DBTVM_TRANSLATOR_RUN_BLOCK_H

#include "base/base.h"
#include "cpu/cpu.h"
#include "translator/x64/x64.h"

struct frame;
struct ir_insn;

/* What few blocks have. */
struct block_rare {
	struct frame *frame2;  /* straddles: the second page's frame and address */
	gpa_t pa2;
	struct block *frame2_next; /* list of the blocks in that frame */
	struct ir_insn *ops;   /* prepared for the interpreter: for -accel interp, -verify and fallback; NULL otherwise */
	uint16_t op_count, tmp_count, label_count;
	uint8_t *bytes;        /* the code from first to last, when it may come back (revive.c); else NULL */
};

/* With its exits some 150 bytes: a boot makes tens of thousands, and memory that is new is cleared by the kernel first. */
struct block {
	gva_t pc;
	uint32_t key;          /* KEY_* */
	gpa_t pa;              /* of the first instruction */
	struct frame *frame;   /* that holds it */
	struct block *hash_next;
	struct block *frame_next; /* list of the blocks in a frame */
	struct block_exit *incoming; /* exits of other blocks linked here */
	struct block_rare *rare; /* NULL: has nothing of that */
	uint16_t first, last;  /* byte offsets in the page: lowest and one past the highest translated */
	uint16_t insns;
	bool straddles;        /* its only instruction ends in the next page: others enter by the checked entry only, which looks at both pages */
	bool dropped;
	struct x64_code code;  /* checked NULL: interpreter only. Last: unused exits at its end are not allocated */
};

/* The block that @exit leaves. */
static inline struct block *exit_block(struct block_exit *exit)
{
	return (struct block *)(void *)((char *)(exit - exit->index) - offsetof(struct block, code.exits));
}

/* The state key of its target. */
static inline uint32_t exit_key(struct block_exit *exit)
{
	return (exit_block(exit)->key & ~(KEY_T | 0xffu << KEY_IT_SHIFT)) | (exit->thumb ? KEY_T : 0);
}

#endif
