/* flags_join.c - where flags are when ways through a block meet: at labels, and at its start for what comes round from its own end. */
#include "base/base.h"
#include "translator/x64/flags_private.h"

#include <errno.h>
#include <string.h>

/* --- branches inside the block --- */

/* Ops that leave EFLAGS alone when those hold something (flags_free() is false). */
static bool keeps_eflags(const struct ir_insn *op)
{
	switch (op->op) {
	case IR_INSN: case IR_LABEL: case IR_LDCPU: case IR_STCPU: case IR_REV: case IR_UXTB: case IR_UXTH: case IR_SXTB: case IR_SXTH:
		return true;
	case IR_MOV: case IR_NOT:
		return !op->fdef;
	case IR_ADD:
		return !op->fdef;
	case IR_SUB:
		return !op->fdef && op->b == IR_IMM;
	default:
		return false;
	}
}

/* Between the current op and @to flags are defined. */
static bool defines_before(const struct emit *e, const struct ir_insn *to)
{
	for (const struct ir_insn *op = e->op + 1; op < to; op++) {
		if (op->fdef || (op->op == IR_CALL && !(helper_info[op->imm].attr & HELPER_PURE)))
			return true;
		/* A branch from before joins in between, with flags that may go to memory there. */
		if (op->op == IR_LABEL && e->labels[op->imm].seen)
			return true;
	}
	return false;
}

static bool loses_eflags_before(const struct emit *e, const struct ir_insn *to)
{
	for (const struct ir_insn *op = e->op + 1; op < to; op++)
		if (!keeps_eflags(op))
			return true;
	return false;
}

void flags_branch(struct emit *e, unsigned target)
{
	const struct ir_insn *to = &e->ir->ops[target];
	bool falls_in = !ir_ends(to[-1].op) && to[-1].op != IR_BR;

	/* Branches from several places agree on memory. */
	if (e->op->op == IR_BR || e->labels[e->op->imm].uses > 1)
		flags_to_mem(e, IR_LIVE(to));
	else if (!falls_in)
		return;
	else if (defines_before(e, to))
		flags_to_mem(e, IR_LIVE(to));
	else if (flags_exposed(e) && loses_eflags_before(e, to))
		flags_clobber(e);
}

static void merge_recipe(struct recipe *r, const struct recipe *other)
{
	if (!recipe_same(r, other))
		*r = (struct recipe){ .kind = RECIPE_NONE };
	else
		r->flags &= other->flags;
}

static struct flag_state intersect(struct flag_state a, const struct flag_state *b)
{
	a.mem &= b->mem;
	a.host = a.host_borrow == b->host_borrow ? a.host & b->host : a.host & b->host & (uint8_t)~IR_C;
	a.known &= b->known & (uint8_t)~(a.value ^ b->value);
	merge_recipe(&a.nz, &b->nz);
	merge_recipe(&a.c, &b->c);
	merge_recipe(&a.v, &b->v);
	return a;
}

static uint8_t covered(const struct flag_state *f)
{
	return f->mem | f->host | f->known | recipe_flags(f);
}

void flags_merge(struct emit *e, struct label_state *label, bool first)
{
	label->flags = first ? e->flags : intersect(label->flags, &e->flags);
	/* Two branches that hold the same flag in different places: the interpreter has to run this block. */
	if (IR_LIVE(&e->ir->ops[label->at]) & ~covered(&label->flags))
		emit_fail(e, -ENOTSUP);
}

/* Live flags that only a recipe of @f gives, and that not for as long as they are live. */
static uint8_t only_for_now(const struct emit *e, const struct flag_state *f, uint8_t live)
{
	const struct recipe *all[] = { &f->nz, &f->c, &f->v };
	uint8_t lost = 0;

	live &= (uint8_t)~(f->mem | f->host | f->known);
	if (!live)
		return 0;
	for (unsigned i = 0; i < 3; i++)
		if (all[i]->flags & live && recipe_ends(e, all[i], all[i]->flags & live, e->i))
			lost |= all[i]->flags & live;
	return lost;
}

void flags_label(struct emit *e, struct label_state *label)
{
	uint8_t live = IR_LIVE(&e->ir->ops[label->at]), lost;
	struct flag_state both;

	if (!e->reachable) {
		flags_set(e, &label->flags);
		return;
	}
	/* Most often the op that was gone round leaves them alone. */
	if (memcmp(&e->flags, &label->flags, sizeof(e->flags)) == 0 && !(live & (uint8_t)~(e->flags.mem | e->flags.host | e->flags.known | e->lasting)))
		return;
	both = intersect(e->flags, &label->flags);
	/* What one path has in memory, and the other in EFLAGS beside a recipe, must not be left to a recipe that ends soon. */
	lost = (live & (uint8_t)~covered(&both)) | only_for_now(e, &both, live);
	if (lost) {
		flags_to_mem(e, lost);
		both = intersect(e->flags, &label->flags);
	}
	if (live & ~covered(&both))
		emit_fail(e, -ENOTSUP);
	flags_set(e, &both);
}

/* --- back to the block's start --- */

/* Stores flags whose recipe does not hold from the block's start for as long as they are live there. */
static void store_unlasting(struct emit *e, struct recipe *r)
{
	struct flag_state *f = &e->flags;
	uint8_t flags = r->flags & e->live_in & (uint8_t)~(f->mem | f->known);

	if (flags && recipe_ends(e, r, flags, 0))
		flags_to_mem(e, flags);
}

static bool conforms(const struct recipe *r, const struct recipe *wanted, uint8_t flags)
{
	flags &= wanted->flags;
	return !flags || (recipe_same(r, wanted) && !(flags & ~r->flags));
}

uint8_t flags_only_host(const struct emit *e)
{
	const struct flag_state *f = &e->flags;

	return f->host & (uint8_t)~(f->mem | f->known | recipe_flags(f));
}

/* The state here is that of the second body's start. What other ends find in memory they need have nowhere else. */
static void start_loop(struct emit *e)
{
	struct flag_state *loop = &e->loop_flags;

	*loop = e->flags;
	loop->host = 0;
	loop->known &= (uint8_t)~loop->mem;
	recipe_drop(&loop->nz, loop->mem);
	recipe_drop(&loop->c, loop->mem);
	recipe_drop(&loop->v, loop->mem);
	e->loops = true;
}

bool flags_loop(struct emit *e)
{
	struct flag_state *f = &e->flags;
	const struct flag_state *loop = &e->loop_flags;
	uint8_t live = e->live_in, only_host = flags_only_host(e);

	if (only_host)
		flags_save(e, only_host);
	store_unlasting(e, &f->nz);
	store_unlasting(e, &f->c);
	store_unlasting(e, &f->v);
	if (f->mem == IR_NZCV && !e->loop_swaps)
		return false;
	if (!e->loops) {
		start_loop(e);
		return true;
	}
	live &= (uint8_t)~loop->mem;
	if (live & loop->known & ~(f->known & ~(f->value ^ loop->value)))
		return false;
	live &= (uint8_t)~loop->known;
	if (!conforms(&f->nz, &loop->nz, live) || !conforms(&f->c, &loop->c, live) || !conforms(&f->v, &loop->v, live))
		return false;
	flags_to_mem(e, loop->mem & e->live_in);
	return true;
}

bool flags_suffice(const struct emit *e, const struct flag_state *there)
{
	uint8_t live = live_here(e);
	struct flag_state both = intersect(e->flags, there);

	return !(live & ((there->mem & ~both.mem) | (there->host & ~both.host) | (there->known & ~both.known) |
	                 (recipe_flags(there) & ~recipe_flags(&both))));
}
