/*
 * survey.c - what emission has to know of ops further down: found by one walk backward before it begins.
 *
 * Labels and who branches to them, flags that may be read after each op, the last use of each temporary, how many instructions lie behind
 * each op, exits. Control goes forward only, so what lies behind a label is known when its branches are met.
 */
#include "base/base.h"
#include "translator/x64/emit.h"

struct survey {
	uint8_t live;    /* flags that may be read after the op at hand */
	uint16_t behind; /* instructions that begin behind it */
	bool uneven;     /* ways to a label differ in how many instructions they pass */
	unsigned own_exit; /* the last exit to the block's own start, + 1; 0: none */
};

static bool ends(const struct ir_insn *op)
{
	return ir_op_info[op->op].attr & IRA_END || op->op == IR_BR;
}

/* The branch at @i. */
static void branch(struct emit *e, struct survey *s, unsigned i)
{
	const struct ir_insn *op = &e->ir->ops[i];
	struct label_state *label = &e->labels[op->imm];

	/* Of the branches this is the last. Where only they come to the label, what lies between counts on none of the ways. */
	if (!label->uses && s->behind != e->behind[label->at] && ends(op + (label->at - i) - 1))
		s->uneven = true;
	label->uses++;
	s->live = (op->op == IR_BR ? 0 : s->live) | e->live[label->at];
	e->live[i] = s->live;
	s->live |= op->fuse;
}

static void end(struct emit *e, struct survey *s, unsigned i)
{
	const struct ir_insn *op = &e->ir->ops[i];

	e->live[i] = 0;
	s->live = IR_NZCV;
	if (op->op != IR_EXIT)
		return;
	e->exit_ops++;
	if (op->imm == e->ir->pc && !s->own_exit)
		s->own_exit = i + 1;
}

/* Op @i, neither arithmetic nor a plain access. */
static void special(struct emit *e, struct survey *s, unsigned i, uint8_t attr)
{
	const struct ir_insn *op = &e->ir->ops[i];

	if (op->op == IR_LABEL)
		e->labels[op->imm].at = (uint16_t)i;
	else if (attr & IRA_CONTROL)
		branch(e, s, i);
	else if (attr & IRA_END)
		end(e, s, i);
	else if (attr & IRA_FAULT || op->op == IR_POLL || (op->op == IR_CALL && !(helper_info[op->imm].attr & HELPER_PURE)))
		s->live = IR_NZCV;
}

static inline void mention(struct emit *e, ir_ref ref, unsigned i)
{
	if (IR_IS_TMP(ref) && !e->tmps[ref - IR_TMP0].last)
		e->tmps[ref - IR_TMP0].last = (uint16_t)i;
}

/* Numbers of VFP registers could be taken for temporaries. */
static inline void mention_all(struct emit *e, const struct ir_insn *op, unsigned i)
{
	if (op->op != IR_LDF)
		mention(e, op->dst, i);
	mention(e, op->dst2, i);
	mention(e, op->a, i);
	if (op->op != IR_STF)
		mention(e, op->b, i);
	mention(e, op->c, i);
}

/* Inlined twice: half of all blocks have no temporaries. */
static inline __attribute__((always_inline)) void walk(struct emit *e, struct survey *s, bool tmps)
{
	for (unsigned i = e->ir->count; i-- > 0;) {
		const struct ir_insn *op = &e->ir->ops[i];
		uint8_t attr;

		e->behind[i] = s->behind;
		e->live[i] = s->live;
		if (op->op == IR_INSN) {
			s->behind++;
			continue;
		}
		attr = ir_op_info[op->op].attr;
		if (attr & (IRA_CONTROL | IRA_END | IRA_ODD))
			special(e, s, i, attr);
		else if (attr & IRA_FAULT)
			s->live = IR_NZCV;
		else
			s->live = (uint8_t)((s->live & ~op->fdef) | op->fuse);
		if (tmps)
			mention_all(e, op, i);
	}
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
	const struct ir_block *ir = e->ir;
	struct survey s = { .live = IR_NZCV };

	for (unsigned i = 0; i < ir->labels; i++)
		e->labels[i] = (struct label_state){ .at = NO_OP };
	for (unsigned i = 0; i < ir->tmps; i++)
		e->tmps[i].last = 0;
	e->exit_ops = 0;
	if (ir->tmps)
		walk(e, &s, true);
	else
		walk(e, &s, false);
	e->live_in = s.live;
	e->insns = s.behind;
	if (s.uneven)
		count_ways(e);
	e->own_exit = s.own_exit;
	e->tail = s.own_exit && s.own_exit < ir->count && ir->ops[s.own_exit].op == IR_LABEL ? s.own_exit : 0;
}
