/*
 * lift_emit.h - how the files of lift/ write IR: operands that are registers or constants, one function a shape of op.
 *
 * An operand may be a constant everywhere; lift_emit() brings it into a form that ir_ops.def allows.
 */
#ifndef DBTVM_TRANSLATOR_LIFT_LIFT_EMIT_H
#define DBTVM_TRANSLATOR_LIFT_LIFT_EMIT_H

#include "cpu/cpu.h"
#include "mmu/mmu.h"
#include "translator/lift/lift.h"
#include "translator/lift/sensitive.h"
#include "translator/run/helpers.h"

/* A value: a register or temporary, or with ref == IR_IMM the constant imm. */
struct operand {
	ir_ref ref;
	uint32_t imm;
};
#define NO_OPERAND ((struct operand){ IR_NONE, 0 })
static inline struct operand operand_ref(ir_ref ref)
{
	return (struct operand){ ref, 0 };
}
static inline struct operand operand_imm(uint32_t imm)
{
	return (struct operand){ IR_IMM, imm };
}
static inline bool operand_is_imm(struct operand o)
{
	return o.ref == IR_IMM;
}

/* Register @n; r15 is the constant PC value. */
static inline struct operand lift_operand(const struct lift *l, unsigned n)
{
	return n == 15 ? operand_imm(lift_pc_value(l)) : operand_ref((ir_ref)n);
}
/* The same as base of an address: r15 is Align(PC, 4). */
static inline struct operand lift_base(const struct lift *l, unsigned n)
{
	return n == 15 ? operand_imm(lift_pc_value(l) & ~3u) : operand_ref((ir_ref)n);
}
/* Where a result for register @n goes: itself, or for r15 a temporary. */
static inline ir_ref lift_dst(struct lift *l, unsigned n)
{
	return n == 15 ? ir_tmp(l->block) : (ir_ref)n;
}
static inline bool lift_privileged(const struct lift *l)
{
	return l->key & KEY_PRIV;
}
static inline bool lift_in_it(const struct lift *l)
{
	return (l->it & 15) != 0;
}
/* ITAdvance() */
uint32_t lift_it_next(uint32_t it);

/* dst = a op b of a form that ir_ops.def allows: at most one constant, and where it may be. */
static inline void lift_plain(struct lift *l, enum ir_op op, ir_ref dst, struct operand a, struct operand b, uint8_t fdef, uint8_t fuse)
{
	struct ir_insn *insn = ir_append(l->block, op);

	insn->dst = dst;
	insn->a = a.ref;
	insn->b = b.ref;
	insn->imm = a.imm | b.imm;
	insn->fdef = fdef;
	insn->fuse = fuse;
}
/* The operand in a register: constants are moved to a temporary. */
ir_ref lift_ref(struct lift *l, struct operand o);
/* dst = a op b. @b NO_OPERAND for ops with one source. Two constants: @a is moved to a temporary first. */
void lift_emit(struct lift *l, enum ir_op op, ir_ref dst, struct operand a, struct operand b, uint8_t fdef, uint8_t fuse);
/* The same without flags into a new temporary. */
ir_ref lift_tmp(struct lift *l, enum ir_op op, struct operand a, struct operand b);
static inline void lift_mov(struct lift *l, ir_ref dst, struct operand a)
{
	lift_plain(l, IR_MOV, dst, a, NO_OPERAND, 0, 0);
}
/* dst = op(a) with two parameters: UBFX, SBFX; with @b: BFI. */
void lift_field(struct lift *l, enum ir_op op, ir_ref dst, ir_ref a, ir_ref b, uint32_t lsb, uint32_t width);
/* dst2:dst = a op b: the long multiplies. */
void lift_long(struct lift *l, enum ir_op op, ir_ref lo, ir_ref hi, ir_ref a, ir_ref b);

/* Guest memory at base + offset. @mem: ACCESS_*; endianness is added. */
static inline void lift_load(struct lift *l, ir_ref dst, struct operand base, uint32_t offset, uint32_t mem)
{
	struct ir_insn *insn = ir_append(l->block, IR_LD);

	insn->dst = dst;
	insn->a = base.ref;
	insn->imm = base.imm;
	insn->imm2 = offset;
	insn->mem = (uint16_t)(mem | l->endian);
}
/* At most one of @value and @base is a constant. */
static inline void lift_store_plain(struct lift *l, struct operand value, struct operand base, uint32_t offset, uint32_t mem)
{
	struct ir_insn *insn = ir_append(l->block, IR_ST);

	insn->a = base.ref;
	insn->b = value.ref;
	insn->imm = base.imm | value.imm;
	insn->imm2 = offset;
	insn->mem = (uint16_t)(mem | l->endian);
}
void lift_store(struct lift *l, struct operand value, struct operand base, uint32_t offset, uint32_t mem);

/* 32-bit fields of struct cpu. */
void lift_ldcpu(struct lift *l, ir_ref dst, size_t offset);
void lift_stcpu(struct lift *l, struct operand value, size_t offset);

/* dst (may be IR_NONE) = helper(a, b, c); missing arguments are NO_OPERAND. */
void lift_call(struct lift *l, enum helper helper, ir_ref dst, struct operand a, struct operand b, struct operand c);

/* Labels within an instruction. */
void lift_label(struct lift *l, uint16_t label);
void lift_branch_if(struct lift *l, enum ir_op brz_or_brnz, ir_ref a, uint16_t label);

/* Ends of a path. */
void lift_exit(struct lift *l, gva_t target, bool thumb);  /* direct */
void lift_exit_checked(struct lift *l, gva_t target, bool thumb); /* the target's mapping is checked though it is in this page */
void lift_exit_next(struct lift *l);  /* to the next instruction in whatever state struct cpu has now */
void lift_exit_state(struct lift *l); /* where a helper has put r15 */
void lift_exception(struct lift *l, enum exception exc, uint32_t imm);
/* A poll for interrupts that may have been unmasked; the block goes on. */
void lift_poll(struct lift *l);
#define JUMP_INTERWORK 1u /* BXWritePC() */
#define JUMP_CALL 2u
#define JUMP_RETURN 4u
void lift_jump(struct lift *l, struct operand target, uint32_t how); /* without JUMP_INTERWORK: BranchWritePC() */
/* Unconditional or conditional (inside an open condition) direct branch in the same state: followed, or an exit. */
void lift_goto(struct lift *l, gva_t target);
/* After a conditional branch: a block that is no superblock ends. */
static inline void lift_after_conditional(struct lift *l)
{
	l->done |= !l->options->superblocks;
}
/* An `exit` to @target has been appended for the instruction at @pc. One instruction has up to three. */
static inline void lift_count_exit(struct lift *l, gva_t pc, gva_t target)
{
	if (target > pc && target < l->exit_to)
		l->exit_to = target;
	if (++l->exits + 3 > LIFT_MAX_EXITS)
		l->done = true;
}
/* The label behind instructions with a condition, if they are open. */
void lift_close_condition(struct lift *l);

/* The current instruction is sensitive: log it, and count it when that is left to us. */
void lift_sensitive(struct lift *l, enum sensitive_class sensitive);

/*
 * Lifts the commonest instructions from l->pc on, as many as follow each other, at most until l->insns is @max_insns.
 * Returns false when the instruction now at l->pc is to be lifted by itself, or is not in the page.
 */
bool lift_run(struct lift *l, const struct lift_source *source, unsigned max_insns);
bool lift_run_thumb(struct lift *l, const struct lift_source *source, unsigned max_insns);
/* Data processing with Rd, Rn and operand 2; the caller has looked at the meaning: INSN_AND to INSN_ORN. */
void lift_data(struct lift *l, const struct insn *insn);
/* The parts; each returns false when @insn is not its own. */
bool lift_data_other(struct lift *l, const struct insn *insn);
bool lift_multiply(struct lift *l, const struct insn *insn);
bool lift_media(struct lift *l, const struct insn *insn);
bool lift_single(struct lift *l, const struct insn *insn); /* INSN_LDR to INSN_LDRSH */
bool lift_memory(struct lift *l, const struct insn *insn);
bool lift_branch(struct lift *l, const struct insn *insn);
bool lift_system(struct lift *l, const struct insn *insn);
/* ALUWritePC() or, with flags, an exception return: what data processing with Rd 15 does. */
void lift_exception_return(struct lift *l, ir_ref pc, enum sensitive_class sensitive);

#endif
