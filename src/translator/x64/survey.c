/*
 * survey.c - what emission has to know of ops further down: found by one walk backward before it begins.
 *
 * Labels and who branches to them, flags that may be read after each op, the last use of each temporary, how many instructions lie behind
 * each op, exits. Control goes forward only, so what lies behind a label is known when its branches are met.
 */
#include "base/base.h"
#include "translator/x64/emit.h"

static bool ends(const struct ir_insn *op)
{
	return ir_op_info[op->op].attr & IRA_END || op->op == IR_BR;
}

/* A branch with @live flags behind it. Returns those before it. */
static uint8_t branch(struct emit *e, const struct ir_insn *op, uint8_t live)
{
	unsigned i = (unsigned)(op - e->ir->ops);
	struct label_state *label = &e->labels[op->imm];

	/* Of the branches this is the last. Where only they come to the label, what lies between counts on none of the ways. */
	if (!label->uses && e->behind[i] != e->behind[label->at] && ends(op + (label->at - i) - 1))
		e->uneven = true;
	label->uses++;
	e->live[i] = (op->op == IR_BR ? 0 : live) | e->live[label->at];
	return e->live[i] | op->fuse;
}

/* An op which is neither arithmetic nor a plain access nor an end. */
static __attribute__((noinline)) uint8_t special(struct emit *e, const struct ir_insn *op, uint8_t live, uint8_t attr)
{
	if (op->op == IR_LABEL) {
		e->labels[op->imm].at = (uint16_t)(op - e->ir->ops);
		return live;
	}
	if (attr & IRA_CONTROL)
		return branch(e, op, live);
	if (attr & IRA_FAULT || op->op == IR_POLL || (op->op == IR_CALL && !(helper_info[op->imm].attr & HELPER_PURE)))
		return IR_NZCV;
	return live;
}

static inline void mention(struct emit *e, ir_ref ref, const struct ir_insn *op)
{
	if (IR_IS_TMP(ref) && !e->tmps[ref - IR_TMP0].last)
		e->tmps[ref - IR_TMP0].last = (uint16_t)(op - e->ir->ops);
}

static __attribute__((noinline)) void mention_all(struct emit *e, const struct ir_insn *op)
{
	/* Numbers of VFP registers could be taken for temporaries. */
	if (op->op != IR_LDF)
		mention(e, op->dst, op);
	mention(e, op->dst2, op);
	mention(e, op->a, op);
	if (op->op != IR_STF)
		mention(e, op->b, op);
	mention(e, op->c, op);
}

/* Inlined twice: half of all blocks have no temporaries. */
static inline __attribute__((always_inline)) void walk(struct emit *e, bool tmps)
{
	const struct ir_block *ir = e->ir;
	const struct ir_insn *op = ir->ops + ir->count, *own_exit = NULL;
	uint16_t *behind_at = e->behind + ir->count, behind = 0;
	uint8_t *live_at = e->live + ir->count, live = IR_NZCV;
	unsigned exits = 0;

	while (op > ir->ops) {
		uint8_t attr;

		op--;
		*--behind_at = behind;
		*--live_at = live;
		if (op->op == IR_INSN) {
			behind++;
			continue;
		}
		attr = ir_op_info[op->op].attr;
		if (attr & IRA_END) {
			*live_at = 0;
			live = IR_NZCV;
			exits += op->op == IR_EXIT;
			if (op->op == IR_EXIT && op->imm == ir->pc && !own_exit)
				own_exit = op;
		} else if (attr & (IRA_CONTROL | IRA_ODD)) {
			live = special(e, op, live, attr);
		} else if (attr & IRA_FAULT) {
			live = IR_NZCV;
		} else {
			live = (uint8_t)((live & ~op->fdef) | op->fuse);
		}
		if (!tmps)
			continue;
		if (attr & (IRA_ODD | IRA_WIDE)) {
			mention_all(e, op);
		} else {
			mention(e, op->dst, op);
			mention(e, op->a, op);
			mention(e, op->b, op);
		}
	}
	e->live_in = live;
	e->insns = behind;
	e->exit_ops = exits;
	e->own_exit = own_exit ? (unsigned)(own_exit + 1 - ir->ops) : 0;
	e->tail = e->own_exit && e->own_exit < ir->count && ir->ops[e->own_exit].op == IR_LABEL ? e->own_exit : 0;
}

/* The rare case in which an op's number is not that of `insn` ops before it. */
static void count_ways(struct emit *e)
{
	ir_count_insns(e->ir->ops, e->ir->count, e->behind);
	for (unsigned i = 0; i < e->ir->count; i++)
		e->behind[i] = (uint16_t)(e->insns - e->behind[i]);
}

void survey(struct emit *e)
{
	for (unsigned i = 0; i < e->ir->labels; i++) {
		struct label_state *label = &e->labels[i];

		label->at = NO_OP;
		label->fixups = label->uses = 0;
		label->seen = false;
	}
	for (unsigned i = 0; i < e->ir->tmps; i++)
		e->tmps[i].last = 0;
	e->uneven = false;
	if (e->ir->tmps)
		walk(e, true);
	else
		walk(e, false);
	if (e->uneven)
		count_ways(e);
}
