/* lift_run.h - between lift_run.c, lift_run_thumb.c and lift_block.c: reading code, and what runs of either set write. */
#ifndef DBTVM_TRANSLATOR_LIFT_LIFT_RUN_H
#define DBTVM_TRANSLATOR_LIFT_LIFT_RUN_H

#include <string.h>

#include "base/bits.h"
#include "translator/lift/lift_data.h"
#include "translator/lift/lift_emit.h"

/* Code is little-endian, as the host is. */
static inline uint32_t lift_read16(const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}
static inline uint32_t lift_read32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* A run begins where so many ops are behind it at most, and then has room for LIFT_MAX_INSNS that have @most ops each. */
#define LIFT_RUN_OPS(most) (IR_MAX_OPS - LIFT_OPS_RESERVE - LIFT_MAX_INSNS * (most))
/* A run may begin at @offset in the page. */
static inline bool lift_may_run(const struct lift *l, uint32_t offset, unsigned run_ops)
{
	return !(l->it || l->options->no_runs || offset >= GUEST_PAGE_SIZE || l->block->count > run_ops);
}

/* Each writes its ops from @to on, where there is room, and returns where they end. */

/* The marker of the instruction of @size bytes at @pc. */
static inline struct ir_insn *lift_put_marker(struct ir_insn *to, gva_t pc, unsigned size)
{
	ir_write(to, IR_HEAD(IR_INSN, 0, 0, IR_NONE, IR_NONE), IR_SOURCES(IR_NONE, IR_NONE, IR_NONE, 0), pc, size);
	return to + 1;
}

/* Data processing. @rd does not count for a comparison, nor @rn where operand 2 is alone; @imm is for @second == IR_IMM. */
static inline struct ir_insn *lift_put_data(struct ir_insn *to, const struct data_op *op, uint8_t fdef, ir_ref rd, ir_ref rn, ir_ref second, uint32_t imm)
{
	uint32_t sources = ror32(rn | op->no_rn | (uint32_t)second << 16, op->turn);

	ir_write(to, op->head | (uint64_t)rd << 32 | (uint32_t)fdef << 16, IR_SOURCES(sources, 0, IR_NONE, 0), imm, 0);
	return to + 1;
}

/* A branch with condition @cond where none is open: an exit that the others go round. @state: EXIT_THUMB or 0. */
static inline struct ir_insn *lift_put_branch_if(struct lift *l, struct ir_insn *to, unsigned cond, gva_t pc, gva_t target, uint32_t state)
{
	const uint64_t none = IR_SOURCES(IR_NONE, IR_NONE, IR_NONE, 0);
	unsigned otherwise = cond ^ 1;
	uint16_t over = l->block->labels++;

	ir_write(&to[0], IR_HEAD(IR_BRC, 0, ir_cond_flags(otherwise), IR_NONE, IR_NONE) | otherwise << 8, none, over, 0);
	ir_write(&to[1], IR_HEAD(IR_EXIT, 0, 0, IR_NONE, IR_NONE), none, target, state);
	ir_write(&to[2], IR_HEAD(IR_LABEL, 0, 0, IR_NONE, IR_NONE), none, over, 0);
	lift_count_exit(l, pc, target);
	lift_after_conditional(l);
	return to + 3;
}

/* Counts what comes behind the run, of @size bytes at l->pc: its marker is there already. */
static inline void lift_count_last(struct lift *l, uint8_t size)
{
	l->size = size;
	l->block->count++;
	l->insns++;
	l->end = l->next = l->pc + size;
}

/* B without a condition, behind its marker. */
static inline void lift_last_goto(struct lift *l, gva_t target)
{
	lift_goto(l, target);
	l->done |= ir_ends(l->block->ops[l->block->count - 1].op);
}

/* The run went on from l->pc to @pc, over @insns, and its ops end before @to. */
static inline void lift_run_ends(struct lift *l, gva_t pc, unsigned insns, const struct ir_insn *to)
{
	l->insns = (uint16_t)(l->insns + insns);
	l->pc = l->end = l->next = pc;
	l->block->count = (uint16_t)(to - l->block->ops);
}

#endif
