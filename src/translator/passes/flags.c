/*
 * flags.c - flag liveness, backward: a flag that is defined again before anything reads it is not computed.
 *
 * All flags are live where the block can be left and where a C function may look at them. Control goes forward only, so the labels'
 * sets are complete when their branches are met.
 */
#include "base/base.h"
#include "translator/passes/pass.h"

#include "cpu/cpu.h"
#include "translator/run/helpers.h"

static bool is_shift(unsigned op)
{
	return op == IR_LSL || op == IR_LSR || op == IR_ASR || op == IR_ROR;
}

/* Every flag must be exact before it. */
static bool reads_all(const struct ir_insn *insn)
{
	if (ir_op_info[insn->op].attr & (IRA_END | IRA_FAULT))
		return true;
	switch (insn->op) {
	case IR_POLL:
		return true;
	case IR_CALL:
		return helper_info[insn->imm].attr & (HELPER_REGS | HELPER_FAULT | HELPER_STATE);
	case IR_LDCPU:
		return insn->imm == offsetof(struct cpu, nzcv);
	case IR_STCPU:
		return insn->imm2 == offsetof(struct cpu, nzcv);
	default:
		return false;
	}
}

void pass_flags(struct ir_block *block)
{
	uint8_t at_label[IR_MAX_OPS];
	uint8_t live = IR_NZCV;

	for (unsigned i = block->count; i-- > 0;) {
		struct ir_insn *insn = &block->ops[i];
		uint8_t defines = insn->fdef;

		if (insn->op == IR_INSN)
			continue;
		if (insn->op == IR_LABEL)
			at_label[insn->imm] = live;
		if (insn->op == IR_BR)
			live = at_label[insn->imm];
		else if (ir_is_branch(insn))
			live |= at_label[insn->imm];
		if (reads_all(insn)) {
			live = IR_NZCV;
			continue;
		}
		insn->fdef &= live;
		if (is_shift(insn->op) && !(insn->fdef & IR_C))
			insn->fuse = 0; /* it read C only to keep it */
		live = (uint8_t)((live & ~defines) | insn->fuse);
	}
}
