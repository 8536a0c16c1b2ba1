/*
 * liveness.c - two passes in one walk backward, since both follow what is live.
 *
 * flags: a flag that is defined again before anything reads it is not computed. All flags are live where the block can be left and where a
 * C function may look at them.
 * dead: ops go whose results nothing uses, moves to themselves, branches to the next op and labels without branch.
 *
 * Control goes forward only, so what is live at a label is known when its branches are met.
 */
#include "base/base.h"
#include "translator/passes/pass.h"

#include <string.h>

#include "cpu/cpu.h"
#include "translator/run/helpers.h"

#define REGS IR_TMP0
#define BEFORE 8 /* IR_NONE and IR_IMM are -1 and -2 */
#define DEAD IR_OP_COUNT /* what ops become that are to be removed */

/* Each byte is 0 or 1. */
struct liveness {
	uint8_t values[BEFORE + REGS + IR_MAX_TMPS]; /* by ref + BEFORE: read before it is written again. IR_NONE: 0 */
	uint8_t flags;
	struct ir_insn *first_dead;        /* of those found; NULL: none */
	uint8_t regs_at[IR_MAX_OPS][REGS]; /* by label: values of registers */
	uint8_t flags_at[IR_MAX_OPS];      /* by label */
	struct ir_insn *label_at[IR_MAX_OPS]; /* by label: its op, NULL */
	bool branched[IR_MAX_OPS];         /* by label: it has a branch */
};

static inline uint8_t *value(struct liveness *l, ir_ref ref)
{
	return &l->values[BEFORE + (int16_t)ref];
}

static void init(struct liveness *l, const struct ir_block *block)
{
	memset(l->values, 0, BEFORE + REGS);
	memset(value(l, 0), 1, REGS);
	for (unsigned i = 0; i < block->tmps; i++)
		*value(l, (ir_ref)(IR_TMP0 + i)) = 0;
	for (unsigned i = 0; i < block->labels; i++) {
		l->label_at[i] = NULL;
		l->branched[i] = false;
	}
	l->flags = IR_NZCV;
	l->first_dead = NULL;
}

/* The state before an op is the architecture's. */
static inline void all_live(struct liveness *l)
{
	l->flags = IR_NZCV;
	memset(value(l, 0), 1, REGS);
}

static inline void use_sources(struct liveness *l, const struct ir_insn *insn)
{
	*value(l, insn->a) = 1;
	*value(l, insn->b) = 1;
	*value(l, IR_NONE) = 0;
}

static inline bool is_shift(unsigned op)
{
	return op == IR_LSL || op == IR_LSR || op == IR_ASR || op == IR_ROR;
}

/* @insn has no effect but its results, and no live flags. */
static inline bool is_dead(struct liveness *l, const struct ir_insn *insn, uint8_t attr)
{
	if (*value(l, insn->dst))
		return insn->op == IR_MOV && insn->dst == insn->a;
	return !(attr & IRA_WIDE) || !*value(l, insn->dst2);
}

/* An op that is not like most others, kept. A VFP register's number could be taken for a temporary. */
static __attribute__((noinline)) void special(struct liveness *l, const struct ir_insn *insn, uint8_t attr)
{
	if (insn->op != IR_LDF)
		*value(l, insn->dst) = *value(l, insn->dst2) = 0;
	if (attr & IRA_FAULT || insn->op == IR_POLL ||
	    (insn->op == IR_CALL && helper_info[insn->imm].attr & (HELPER_REGS | HELPER_FAULT | HELPER_STATE)))
		all_live(l);
	if ((insn->op == IR_LDCPU && insn->imm == offsetof(struct cpu, nzcv)) || (insn->op == IR_STCPU && insn->imm2 == offsetof(struct cpu, nzcv)))
		l->flags = IR_NZCV;
	if (insn->op == IR_UMLAL || insn->op == IR_SMLAL)
		*value(l, insn->dst) = *value(l, insn->dst2) = 1;
	*value(l, insn->c) = 1;
	*value(l, insn->a) = 1;
	if (insn->op != IR_STF)
		*value(l, insn->b) = 1;
	*value(l, IR_NONE) = 0;
}

/* A label or branch. Returns false: it can go. */
static __attribute__((noinline)) bool control(struct liveness *l, const struct ir_block *block, struct ir_insn *insn)
{
	unsigned label = insn->imm;

	switch (insn->op) {
	case IR_LABEL:
		memcpy(l->regs_at[label], value(l, 0), REGS);
		l->flags_at[label] = l->flags;
		l->label_at[label] = insn;
		return true;
	case IR_BR:
		memcpy(value(l, 0), l->regs_at[label], REGS);
		l->flags = l->flags_at[label];
		if (insn + 1 < block->ops + block->count && insn[1].op == IR_LABEL && insn[1].imm == label)
			return false;
		break;
	default:
		for (unsigned i = 0; i < REGS; i++)
			l->values[BEFORE + i] |= l->regs_at[label][i];
		l->flags |= l->flags_at[label] | insn->fuse;
		use_sources(l, insn);
		break;
	}
	l->branched[label] = true;
	return true;
}

static void bury(struct liveness *l, struct ir_insn *insn)
{
	insn->op = DEAD;
	if (!l->first_dead || insn < l->first_dead)
		l->first_dead = insn;
}

static void bury_labels(struct liveness *l, struct ir_block *block)
{
	for (unsigned i = 0; i < block->labels; i++)
		if (!l->branched[i] && l->label_at[i])
			bury(l, l->label_at[i]);
}

static void remove_dead(struct ir_block *block, struct ir_insn *first)
{
	const struct ir_insn *end = block->ops + block->count;
	struct ir_insn *to = first;

	for (const struct ir_insn *from = first + 1; from < end; from++)
		if (from->op != DEAD)
			*to++ = *from;
	block->count = (uint16_t)(to - block->ops);
}

/* Inlined three times, with constants. */
static inline __attribute__((always_inline)) void walk(struct ir_block *block, bool narrow_flags, bool remove)
{
	struct liveness l;

	init(&l, block);
	for (struct ir_insn *insn = block->ops + block->count; insn-- > block->ops;) {
		uint8_t attr, defines;

		if (insn->op == IR_INSN)
			continue;
		attr = ir_op_info[insn->op].attr;
		if (attr & IRA_CONTROL) {
			if (!control(&l, block, insn) && remove)
				bury(&l, insn);
			continue;
		}
		if (attr & (IRA_FAULT | IRA_END) && !(attr & (IRA_ODD | IRA_WIDE))) {
			all_live(&l);
			use_sources(&l, insn);
			continue;
		}
		defines = insn->fdef;
		if (narrow_flags)
			insn->fdef &= l.flags;
		if (remove && !(attr & IRA_EFFECT) && !insn->fdef && is_dead(&l, insn, attr)) {
			bury(&l, insn);
			continue;
		}
		if (attr & (IRA_ODD | IRA_WIDE)) {
			special(&l, insn, attr);
			continue;
		}
		if (defines | insn->fuse) {
			if (narrow_flags && is_shift(insn->op) && !(insn->fdef & IR_C))
				insn->fuse = 0; /* it read C only to keep it */
			l.flags = (uint8_t)((l.flags & ~defines) | insn->fuse);
		}
		*value(&l, insn->dst) = 0;
		use_sources(&l, insn);
	}
	if (!remove)
		return;
	bury_labels(&l, block);
	if (l.first_dead)
		remove_dead(block, l.first_dead);
}

void pass_flags(struct ir_block *block)
{
	walk(block, true, false);
}

void pass_dead(struct ir_block *block)
{
	walk(block, false, true);
}

void pass_flags_and_dead(struct ir_block *block)
{
	walk(block, true, true);
}
