/* survey.c - what emission has to know of ops further down: what passes/ found (struct ir_facts), with places as indices. */
#include "base/base.h"
#include "translator/x64/emit.h"

#include "translator/passes/passes.h"

void survey(struct emit *e)
{
	const struct ir_facts *facts = &e->ir->facts;
	unsigned count;

	passes_facts(e->ir);
	count = e->ir->count;
	for (unsigned i = 0; i < e->ir->labels; i++) {
		struct label_state *label = &e->labels[i];

		label->at = facts->labels[i].at ? (uint16_t)(count - facts->labels[i].at) : NO_OP;
		label->uses = facts->labels[i].uses;
		label->fixups = 0;
		label->seen = false;
	}
	for (unsigned i = 0; i < e->ir->tmps; i++)
		e->tmps[i].last = (uint16_t)(count - facts->tmp_last[i]);
	e->live_in = facts->live_in;
	e->insns = facts->insns;
	e->exit_ops = facts->exits;
	e->own_exit = facts->own_exit ? count - facts->own_exit + 1 : 0;
	e->tail = e->own_exit && e->own_exit < count && e->ir->ops[e->own_exit].op == IR_LABEL ? e->own_exit : 0;
}
