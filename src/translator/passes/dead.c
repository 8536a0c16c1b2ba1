/* dead.c - ops go whose results nothing uses, moves to themselves, branches to the next op and labels without branch. */
#include "base/base.h"
#include "translator/passes/pass.h"

#include "translator/run/helpers.h"

#define ALL_REGS 0x7fffu

struct liveness {
	uint64_t tmps[IR_MAX_TMPS / 64]; /* used by an op further on */
	uint32_t regs;                   /* read before they are written again */
	uint16_t at_label[IR_MAX_OPS];   /* regs */
	bool branched[IR_MAX_OPS];       /* label has a branch */
};

static bool live(const struct liveness *l, ir_ref ref)
{
	if (IR_IS_REG(ref))
		return l->regs >> ref & 1;
	return IR_IS_TMP(ref) && l->tmps[(ref - IR_TMP0) / 64] >> (ref - IR_TMP0) % 64 & 1;
}

static void use(struct liveness *l, ir_ref ref)
{
	if (IR_IS_REG(ref))
		l->regs |= 1u << ref;
	else if (IR_IS_TMP(ref))
		l->tmps[(ref - IR_TMP0) / 64] |= 1ull << (ref - IR_TMP0) % 64;
}

static void kill(struct liveness *l, ir_ref ref)
{
	if (IR_IS_REG(ref))
		l->regs &= ~(1u << ref);
}

static bool needs_all(const struct ir_insn *insn)
{
	if (ir_op_info[insn->op].attr & (IRA_END | IRA_FAULT) || insn->op == IR_POLL)
		return true;
	return insn->op == IR_CALL && helper_info[insn->imm].attr & (HELPER_REGS | HELPER_FAULT | HELPER_STATE);
}

/* Operands of @insn as uses, VFP register numbers aside. */
static void use_operands(struct liveness *l, const struct ir_insn *insn)
{
	const char *letters = ir_op_info[insn->op].operands;
	const ir_ref refs[3] = { insn->a, insn->b, insn->c };

	for (unsigned i = 0; i < 3; i++)
		if (letters[2 + i] != '-' && letters[2 + i] != 'f')
			use(l, refs[i]);
	if (insn->op == IR_UMLAL || insn->op == IR_SMLAL) {
		use(l, insn->dst);
		use(l, insn->dst2);
	}
}

static bool is_dead(const struct liveness *l, const struct ir_block *block, unsigned i)
{
	const struct ir_insn *insn = &block->ops[i];

	if (insn->op == IR_LABEL)
		return !l->branched[insn->imm];
	if (insn->op == IR_BR)
		return i + 1 < block->count && block->ops[i + 1].op == IR_LABEL && block->ops[i + 1].imm == insn->imm;
	if (ir_op_info[insn->op].attr & IRA_EFFECT || insn->fdef)
		return false;
	if (insn->op == IR_MOV && insn->dst == insn->a)
		return true;
	return !live(l, insn->dst) && !live(l, insn->dst2);
}

static void mark(struct liveness *l, const struct ir_insn *insn)
{
	if (insn->op == IR_LABEL)
		l->at_label[insn->imm] = (uint16_t)l->regs;
	if (insn->op == IR_BR)
		l->regs = l->at_label[insn->imm];
	else if (ir_is_branch(insn))
		l->regs |= l->at_label[insn->imm];
	if (ir_op_info[insn->op].operands[0] != 'f')
		kill(l, insn->dst);
	kill(l, insn->dst2);
	if (needs_all(insn))
		l->regs = ALL_REGS;
	use_operands(l, insn);
}

void pass_dead(struct ir_block *block)
{
	struct liveness l = { .regs = ALL_REGS };
	bool dead[IR_MAX_OPS];
	unsigned to = 0;

	for (unsigned i = 0; i < block->count; i++)
		if (ir_is_branch(&block->ops[i]))
			l.branched[block->ops[i].imm] = true;
	for (unsigned i = block->count; i-- > 0;) {
		dead[i] = is_dead(&l, block, i);
		if (!dead[i] || block->ops[i].op == IR_LABEL)
			mark(&l, &block->ops[i]);
	}
	for (unsigned i = 0; i < block->count; i++)
		if (!dead[i])
			block->ops[to++] = block->ops[i];
	block->count = (uint16_t)to;
}
