/*
 * lift.h - from guest code to IR.
 *
 * lift_block() decodes and lifts from one page until the block must end: an unconditional indirect branch, a state change, the limit,
 * or the end of the page. Direct branches to the same page may be followed, conditional ones become side exits.
 */
#ifndef DBTVM_TRANSLATOR_LIFT_LIFT_H
#define DBTVM_TRANSLATOR_LIFT_LIFT_H

#include "base/base.h"
#include "translator/decode/insn.h"
#include "translator/ir/ir.h"

struct cpu;
struct log;

/* Where code comes from. */
struct lift_source {
	gva_t page;            /* virtual address of the page */
	const uint8_t *bytes;  /* its 4096 bytes */
	/* The first halfword of the following page, for a T32 instruction that straddles; may fail with a prefetch abort (-1). */
	int (*next_page)(void *opaque, const uint8_t **bytes);
	void *opaque;
};

struct lift_options {
	uint16_t max_insns;    /* 1 and up; more than LIFT_MAX_INSNS counts as that */
	bool superblocks;      /* follow direct branches, go on after conditional ones */
	bool strict_undefined; /* unused encodings are UNDEFINED */
	bool count_sensitive;  /* count also those sensitive instructions that are translated in line */
	bool no_runs;          /* every instruction by the decoder's tables (lift_run.c) */
	bool plain_system;     /* system registers and modes by helpers only, which end the block when they change state */
};
#define LIFT_MAX_INSNS 64
#define LIFT_MAX_EXITS 30 /* `exit` ops in a block: two below X64_MAX_EXITS */

/* What a lifted block covers, for invalidation: it never leaves the page, except the last instruction when it straddles. */
struct lift_result {
	uint16_t first, last;  /* byte offsets in the page: lowest and one past the highest translated */
	bool straddles;        /* its last instruction ends in the next page */
	uint16_t insns;
};

/*
 * Lifts the block at @block->pc with key @block->key (both set by ir_block_init()).
 * @cpu gives features and CP15 permissions that are constant (model), nothing that changes without changing the key.
 * Returns 0; -1: the very first instruction straddles into a page that cannot be fetched (cpu->fault is set).
 */
int lift_block(struct cpu *cpu, const struct lift_source *source, const struct lift_options *options, struct ir_block *block,
               struct lift_result *result);

/* --- between the files of this room --- */
struct lift {
	struct cpu *cpu;
	struct ir_block *block;
	const struct lift_options *options;
	gva_t pc;           /* of the current instruction */
	uint32_t key;
	uint32_t it;        /* ITSTATE for the current instruction */
	uint16_t endian;    /* ACCESS_BE or 0, for the accesses of this block */
	bool thumb;
	bool done;          /* the block ends after this instruction; a path that is still open goes on at `next` by an exit */
	uint16_t skip;      /* label that a failed condition goes to; 0xffff: none open */
	uint8_t skip_cond;  /* the condition under which code up to `skip` runs */
	bool fp_checked;    /* on this path an `fpcheck` has passed for this privilege */
	bool fp_checked_skip; /* the same on the path that goes to `skip` */
	uint8_t size;       /* bytes of the current instruction */
	uint8_t follows;    /* direct branches followed so far */
	uint8_t exits;      /* direct exits so far */
	uint16_t insns;     /* instructions so far, this one included */
	gva_t next;         /* where lifting goes on after this instruction: always further on, so no instruction comes twice */
	gva_t end;          /* where the last instruction ended */
	gva_t exit_to;      /* the nearest target of an `exit` to somewhere further on than itself */
};
#define LIFT_NO_LABEL 0xffff
/* Ops that there is room for when an instruction begins: more than any has. The first ones need not look, so no others are before them. */
#define LIFT_OPS_RESERVE 256

/* The manual's PC value for the current instruction: address + 8 or + 4. */
static inline uint32_t lift_pc_value(const struct lift *l)
{
	return l->pc + (l->thumb ? 4 : 8);
}
/* VFP and Advanced SIMD. Code that lift_block() put in front has checked access. Returns false when not its own. */
bool lift_fp(struct lift *l, const struct insn *insn);
/* An Undefined Instruction exception at the current instruction. */
void lift_undefined(struct lift *l);
/* Register @n as an IR operand: r0-r14, or for 15 an immediate moved to a temporary (manual's PC value). */
ir_ref lift_reg(struct lift *l, unsigned n);

#endif
