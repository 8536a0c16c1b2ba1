/* dead.c - ops go whose results nothing uses, moves to themselves, branches to the next op and labels without branch. */
#include "base/base.h"
#include "translator/passes/pass.h"

#include <string.h>

#include "translator/run/helpers.h"

#define ALL_REGS 0x7fffu

struct liveness {
	uint32_t regs;                   /* read before they are written again */
	uint16_t at_label[IR_MAX_OPS];   /* regs */
	bool branched[IR_MAX_OPS];       /* label has a branch */
	bool tmps[IR_MAX_TMPS];          /* used by an op further on */
};

static bool live(const struct liveness *l, ir_ref ref)
{
	if (IR_IS_REG(ref))
		return l->regs >> ref & 1;
	return IR_IS_TMP(ref) && l->tmps[ref - IR_TMP0];
}

static inline void use(struct liveness *l, ir_ref ref)
{
	if (IR_IS_REG(ref))
		l->regs |= 1u << ref;
	else if (IR_IS_TMP(ref))
		l->tmps[ref - IR_TMP0] = true;
}

static inline void kill(struct liveness *l, ir_ref ref)
{
	if (IR_IS_REG(ref))
		l->regs &= ~(1u << ref);
}

static inline bool needs_all(const struct ir_insn *insn)
{
	if (ir_op_info[insn->op].attr & (IRA_END | IRA_FAULT) || insn->op == IR_POLL)
		return true;
	return insn->op == IR_CALL && helper_info[insn->imm].attr & (HELPER_REGS | HELPER_FAULT | HELPER_STATE);
}

/* Operands of @insn as uses. A VFP register number is below 32: STF's alone could be taken for a core register. */
static inline void use_operands(struct liveness *l, const struct ir_insn *insn)
{
	use(l, insn->a);
	if (insn->op != IR_STF)
		use(l, insn->b);
	use(l, insn->c);
	if (insn->op == IR_UMLAL || insn->op == IR_SMLAL) {
		use(l, insn->dst);
		use(l, insn->dst2);
	}
}

/* @insn, which has no effect but its results. */
static bool is_dead(const struct liveness *l, const struct ir_insn *insn)
{
	if (insn->fdef)
		return false;
	if (insn->op == IR_MOV && insn->dst == insn->a)
		return true;
	return !live(l, insn->dst) && !live(l, insn->dst2);
}

/* What is live before @insn, by what is behind it. Returns false: it can go. */
static inline bool step(struct liveness *l, const struct ir_insn *insn, bool last)
{
	switch (insn->op) {
	case IR_INSN:
		return true;
	case IR_LABEL:
		l->at_label[insn->imm] = (uint16_t)l->regs;
		return l->branched[insn->imm];
	case IR_BR:
		l->regs = l->at_label[insn->imm];
		return last || insn[1].op != IR_LABEL || insn[1].imm != insn->imm;
	case IR_BRC: case IR_BRZ: case IR_BRNZ:
		l->regs |= l->at_label[insn->imm];
		break;
	default:
		if (!(ir_op_info[insn->op].attr & IRA_EFFECT) && is_dead(l, insn))
			return false;
		break;
	}
	if (insn->op != IR_LDF) {
		kill(l, insn->dst);
		kill(l, insn->dst2);
	}
	if (needs_all(insn))
		l->regs = ALL_REGS;
	use_operands(l, insn);
	return true;
}

void pass_dead(struct ir_block *block)
{
	struct liveness l;
	uint16_t dead[IR_MAX_OPS];
	unsigned deads = 0, to;

	l.regs = ALL_REGS;
	memset(l.tmps, 0, block->tmps * sizeof(l.tmps[0]));
	memset(l.branched, 0, block->labels * sizeof(l.branched[0]));
	if (block->labels)
		for (unsigned i = 0; i < block->count; i++)
			if (ir_is_branch(&block->ops[i]))
				l.branched[block->ops[i].imm] = true;
	for (unsigned i = block->count; i-- > 0;)
		if (!step(&l, &block->ops[i], i + 1 == block->count))
			dead[deads++] = (uint16_t)i;
	if (!deads)
		return;
	/* Those behind the first dead one move up. */
	to = dead[deads - 1];
	for (unsigned i = to; i < block->count; i++) {
		if (deads && dead[deads - 1] == i)
			deads--;
		else
			block->ops[to++] = block->ops[i];
	}
	block->count = (uint16_t)to;
}
