/*
 * flags.c - where NZCV are at each place of a block, and how they get where they are needed.
 *
 * A flag may be in EFLAGS, in cpu->nzcv, known at translation, and computable again by a recipe, in any combination.  Before an
 * op overwrites EFLAGS, what would be lost and may still be read is stored, unless a recipe will give it for as long as it is live:
 * then a later branch repeats the comparison, and a fault computes it in C from the registers (slow.c).
 */
#include "base/base.h"
#include "translator/x64/emit.h"

#include <errno.h>

/* --- liveness --- */

static bool uses_all(const struct ir_insn *op)
{
	uint8_t attr = ir_op_info[op->op].attr;

	if (attr & (IRA_FAULT | IRA_END) || op->op == IR_POLL)
		return true;
	return op->op == IR_CALL && helper_info[op->imm].attr != HELPER_PURE;
}

static bool is_branch(const struct ir_insn *op)
{
	return op->op == IR_BRC || op->op == IR_BR || op->op == IR_BRZ || op->op == IR_BRNZ;
}

void flags_prepare(struct emit *e)
{
	const struct ir_block *ir = e->ir;
	uint8_t live = IR_NZCV;

	for (unsigned i = ir->count; i-- > 0;) {
		const struct ir_insn *op = &ir->ops[i];

		if (ir_op_info[op->op].attr & IRA_END)
			live = 0;
		else if (op->op == IR_BR)
			live = e->live[e->labels[op->imm].at];
		else if (is_branch(op))
			live |= e->live[e->labels[op->imm].at];
		e->live[i] = live;
		live = (uint8_t)((live & ~op->fdef) | op->fuse);
		if (uses_all(op))
			live = IR_NZCV;
	}
	e->live_in = live;
	e->flags = (struct flag_state){ .mem = IR_NZCV };
}

/* Flags in their present state that the current op or anything after it may read. */
static uint8_t needed_now(const struct emit *e)
{
	if (e->op_done)
		return e->live[e->i];
	if (uses_all(e->op))
		return IR_NZCV;
	return (uint8_t)((e->live[e->i] & ~e->op->fdef) | e->op->fuse);
}

/* --- recipes --- */

static uint8_t recipe_flags(const struct flag_state *f)
{
	return f->nz.flags | f->c.flags | f->v.flags;
}

static bool recipe_same(const struct recipe *r, const struct recipe *s)
{
	return r->kind == s->kind && r->a == s->a && r->b == s->b && r->imm == s->imm;
}

/* The recipe that gives all of @need, with every flag that it gives. */
static bool whole_recipe(const struct flag_state *f, uint8_t need, struct recipe *out)
{
	const struct recipe *all[] = { &f->nz, &f->c, &f->v };

	*out = need & IR_NZ ? f->nz : need & IR_C ? f->c : f->v;
	if (out->kind == RECIPE_NONE)
		return false;
	for (unsigned i = 0; i < 3; i++)
		if (recipe_same(all[i], out))
			out->flags |= all[i]->flags;
	return (out->flags & need) == need;
}

static bool recipe_uses(const struct recipe *r, ir_ref ref)
{
	return r->kind != RECIPE_NONE && (r->a == ref || r->b == ref);
}

/* One slot gives only the flags of its group, but any group's recipe may give more. */
static void recipe_drop(struct recipe *r, uint8_t flags)
{
	r->flags &= (uint8_t)~flags;
	if (!r->flags)
		*r = (struct recipe){ .kind = RECIPE_NONE };
}

static bool op_writes(const struct ir_insn *op, const struct recipe *r)
{
	if (op->op == IR_CALL && helper_info[op->imm].attr != HELPER_PURE)
		return true;
	if (op->op == IR_LDF)
		return false;
	return recipe_uses(r, op->dst) || recipe_uses(r, op->dst2);
}

/* True when @r keeps giving @flags from op @from (its own results included) for as long as they are live. */
static bool recipe_survives(const struct emit *e, const struct recipe *r, uint8_t flags, unsigned from)
{
	unsigned region = from;

	for (unsigned j = from; j < e->ir->count; j++) {
		const struct ir_insn *op = &e->ir->ops[j];

		if (is_branch(op))
			region = MAX(region, (unsigned)e->labels[op->imm].at);
		if (j > region && (op->fdef & flags) == flags)
			return true;
		if (j >= region && !(e->live[j] & flags))
			return true;
		if (op_writes(op, r))
			return false;
	}
	return true;
}

static struct opnd recipe_opnd(const struct recipe *r, uint8_t n)
{
	if (n == RECIPE_IMM)
		return opnd_imm(r->imm);
	if (home_regs[n] != HOST_REG_NONE)
		return opnd_reg(home_regs[n]);
	return opnd_mem(RBP, (int32_t)(offsetof(struct cpu, r) + 4 * n) - CPU_BIAS);
}

/* @a in a scratch register that may be overwritten. */
static unsigned recipe_copy(struct emit *e, struct opnd a)
{
	unsigned t = scratch_alloc(e);

	enc_mov(&e->enc, W32, opnd_reg(t), a);
	return t;
}

/* Puts the recipe's flags into EFLAGS; all others there are lost. */
static void recipe_emit(struct emit *e, struct recipe r)
{
	struct enc *enc = &e->enc;
	struct opnd a = recipe_opnd(&r, r.a), b = recipe_opnd(&r, r.b);
	unsigned t = HOST_REG_NONE;
	bool borrow = false;

	switch (r.kind) {
	case RECIPE_CMP:
		if (a.kind == OPND_IMM || (a.kind == OPND_MEM && b.kind == OPND_MEM))
			a = opnd_reg(t = recipe_copy(e, a));
		enc_alu(enc, ALU_CMP, W32, a, b);
		borrow = true;
		break;
	case RECIPE_ADD:
		t = recipe_copy(e, a);
		enc_alu(enc, ALU_ADD, W32, opnd_reg(t), b);
		break;
	case RECIPE_SUBBED:
		t = recipe_copy(e, a);
		enc_alu(enc, ALU_ADD, W32, opnd_reg(t), b);
		enc_alu(enc, ALU_CMP, W32, opnd_reg(t), b);
		borrow = true;
		break;
	case RECIPE_ADDED:
		t = recipe_copy(e, a);
		enc_alu(enc, ALU_SUB, W32, opnd_reg(t), b);
		enc_alu(enc, ALU_ADD, W32, opnd_reg(t), b);
		break;
	case RECIPE_TST:
		if (a.kind == OPND_MEM && b.kind == OPND_MEM)
			a = opnd_reg(t = recipe_copy(e, a));
		enc_test(enc, W32, a, b);
		break;
	case RECIPE_TEQ:
		t = recipe_copy(e, a);
		enc_alu(enc, ALU_XOR, W32, opnd_reg(t), b);
		break;
	case RECIPE_RESULT:
		if (a.kind == OPND_REG)
			enc_test(enc, W32, a, a);
		else
			enc_alu(enc, ALU_CMP, W32, a, opnd_imm(0));
		break;
	default:
		enc_bt(enc, W32, a, r.imm);
		break;
	}
	if (t != HOST_REG_NONE)
		scratch_free(e, t);
	e->flags.host = r.flags;
	e->flags.host_borrow = borrow;
}

/* --- transitions --- */

/* Of @lost, what no recipe gives for long enough. */
static uint8_t without_recipe(const struct emit *e, uint8_t lost)
{
	const struct flag_state *f = &e->flags;
	const struct recipe *all[] = { &f->nz, &f->c, &f->v };

	for (unsigned i = 0; i < 3; i++) {
		uint8_t flags = all[i]->flags & lost;

		if (!flags)
			continue;
		/* Those that only a fault of this very op reads need no more than to be there now. */
		if (!(flags & e->live[e->i] & ~e->op->fdef) || recipe_survives(e, all[i], flags, e->i))
			lost &= (uint8_t)~flags;
	}
	return lost;
}

/* What would be lost with EFLAGS though it may still be read. */
static uint8_t endangered(const struct emit *e)
{
	const struct flag_state *f = &e->flags;
	uint8_t need = uses_all(e->op) ? IR_NZCV : e->live[e->i] & (uint8_t)~e->op->fdef;

	return without_recipe(e, need & f->host & (uint8_t)~f->mem & (uint8_t)~f->known);
}

bool flags_free(struct emit *e)
{
	return !endangered(e);
}

void flags_clobber(struct emit *e)
{
	uint8_t lost = endangered(e);

	if (lost)
		flags_save(e, lost);
}

static void define(struct emit *e, uint8_t fdef)
{
	struct flag_state *f = &e->flags;

	f->mem &= (uint8_t)~fdef;
	f->known &= (uint8_t)~fdef;
	f->host &= (uint8_t)~fdef;
	recipe_drop(&f->nz, fdef);
	recipe_drop(&f->c, fdef);
	recipe_drop(&f->v, fdef);
}

void flags_host(struct emit *e, uint8_t mask, bool borrow)
{
	define(e, e->op->fdef);
	e->flags.host = e->op->fdef & mask;
	e->flags.host_borrow = borrow;
}

void flags_lost(struct emit *e)
{
	e->flags.host = 0;
}

void flags_known(struct emit *e, uint8_t mask, uint8_t value)
{
	struct flag_state *f = &e->flags;

	mask &= e->op->fdef;
	define(e, mask);
	f->known |= mask;
	f->value = (uint8_t)((f->value & ~mask) | (value & mask));
}

void flags_in_mem(struct emit *e, uint8_t mask)
{
	define(e, mask);
	e->flags.mem |= mask;
}

void flags_recipe(struct emit *e, uint8_t mask, uint8_t kind, ir_ref a, ir_ref b, uint32_t imm)
{
	struct flag_state *f = &e->flags;
	struct recipe r = { .kind = kind, .a = (uint8_t)a, .b = b == IR_IMM || b == IR_NONE ? RECIPE_IMM : (uint8_t)b, .imm = imm };

	mask &= e->op->fdef;
	if (!x64_opt(e->x64, OPT_LIVE_FLAGS) || !IR_IS_REG(a) || (b != IR_IMM && b != IR_NONE && !IR_IS_REG(b)))
		return;
	r.flags = mask & IR_NZ;
	if (r.flags)
		f->nz = r;
	r.flags = mask & IR_C;
	if (r.flags)
		f->c = r;
	r.flags = mask & IR_V;
	if (r.flags)
		f->v = r;
}

void flags_written(struct emit *e, ir_ref ref)
{
	struct flag_state *f = &e->flags;
	struct recipe *all[] = { &f->nz, &f->c, &f->v };

	for (unsigned i = 0; i < 3; i++)
		if (recipe_uses(all[i], ref))
			*all[i] = (struct recipe){ .kind = RECIPE_NONE };
}

/* --- to memory --- */

/* EFLAGS to eax in the layout of cpu->nzcv, as far as @host goes. */
static void host_to_eax(struct emit *e, uint8_t host)
{
	struct flag_state *f = &e->flags;

	if (host & IR_C && f->host_borrow) {
		enc_cmc(&e->enc);
		f->host_borrow = false;
	}
	if (host & IR_NZC)
		enc_lahf(&e->enc);
	if (host & IR_V)
		enc_setcc(&e->enc, CC_O, opnd_reg(RAX));
}

/* Keeps flags in memory that are not saved now: and, or. */
static void save_merged(struct emit *e, uint8_t host, uint8_t known, uint8_t retain)
{
	struct flag_state *f = &e->flags;
	struct enc *enc = &e->enc;
	uint32_t value = FLAG_MASK_NZCV(known & f->value);
	unsigned t;

	if (!host) {
		enc_alu(enc, ALU_AND, W32, CPU_OPND(nzcv), opnd_imm(FLAG_MASK_NZCV(retain)));
		if (value)
			enc_alu(enc, ALU_OR, W32, CPU_OPND(nzcv), opnd_imm(value));
		f->host = 0;
		return;
	}
	scratch_take(e, RAX);
	t = scratch_alloc(e);
	enc_mov(enc, W32, opnd_reg(t), CPU_OPND(nzcv));
	host_to_eax(e, host);
	enc_alu(enc, ALU_AND, W32, opnd_reg(RAX), opnd_imm(FLAG_MASK_NZCV(host)));
	enc_alu(enc, ALU_AND, W32, opnd_reg(t), opnd_imm(FLAG_MASK_NZCV(retain)));
	enc_alu(enc, ALU_OR, W32, opnd_reg(RAX), opnd_reg(t));
	if (value)
		enc_alu(enc, ALU_OR, W32, opnd_reg(RAX), opnd_imm(value));
	enc_mov(enc, W32, CPU_OPND(nzcv), opnd_reg(RAX));
	scratch_free(e, t);
	scratch_free(e, RAX);
	f->host = 0;
}

bool flags_save(struct emit *e, uint8_t mask)
{
	struct flag_state *f = &e->flags;
	struct enc *enc = &e->enc;
	uint8_t retain = f->mem & (uint8_t)~mask & needed_now(e), host, known;

	if (retain || (mask & f->known & ~f->host)) {
		mask |= f->host & needed_now(e); /* EFLAGS are going to be lost */
		retain &= (uint8_t)~mask;
	}
	host = mask & f->host;
	known = mask & f->known & (uint8_t)~host;
	if (retain) {
		save_merged(e, host, known, retain);
	} else if (!host) {
		enc_mov(enc, W32, CPU_OPND(nzcv), opnd_imm(FLAG_MASK_NZCV(known & f->value)));
	} else {
		scratch_take(e, RAX);
		host_to_eax(e, host);
		if (known) {
			enc_alu(enc, ALU_AND, W32, opnd_reg(RAX), opnd_imm(FLAG_MASK_NZCV(host)));
			if (known & f->value)
				enc_alu(enc, ALU_OR, W32, opnd_reg(RAX), opnd_imm(FLAG_MASK_NZCV(known & f->value)));
			f->host = 0;
		}
		enc_mov(enc, W32, CPU_OPND(nzcv), opnd_reg(RAX));
		scratch_free(e, RAX);
	}
	f->mem = mask | retain;
	return f->host != 0;
}

void flags_to_mem(struct emit *e, uint8_t mask)
{
	struct flag_state *f = &e->flags;
	uint8_t need = mask & (uint8_t)~f->mem, direct = need & (f->host | f->known);
	struct recipe r;

	if (need & ~direct)
		direct |= f->host & (uint8_t)~f->mem & needed_now(e); /* the recipes below overwrite EFLAGS */
	if (direct)
		flags_save(e, direct);
	while ((need = mask & (uint8_t)~f->mem)) {
		uint8_t group = need & IR_NZ ? need & IR_NZ : need & (0u - need);

		if (!whole_recipe(f, group, &r)) {
			/* Dead flags: nothing reads them, so any value will do. */
			BUG_ON(group & needed_now(e) && !e->error);
			f->mem |= group;
			continue;
		}
		recipe_emit(e, r);
		flags_save(e, need & r.flags);
	}
}

void flags_carry_to_mem(struct emit *e)
{
	/* The byte that holds N, Z and C is written whole: N and Z follow from the same op, or are dead. */
	if (e->flags.mem & IR_NZ & needed_now(e))
		emit_fail(e, -ENOTSUP);
	enc_setcc(&e->enc, CC_B, (struct opnd){ .kind = OPND_MEM, .reg = RBP, .index = HOST_REG_NONE,
	                                        .disp = CPU_OPND(nzcv).disp + 1 });
	e->flags.mem &= (uint8_t)~IR_NZ;
}

/* --- conditions --- */

static const enum host_cc cc_of_cond[14] = {
	CC_E, CC_NE, CC_B, CC_AE, CC_S, CC_NS, CC_O, CC_NO, CC_A, CC_BE, CC_GE, CC_L, CC_G, CC_LE,
};

/* All of the condition's flags are in EFLAGS. */
static enum host_cc cond_from_host(struct emit *e, unsigned cond)
{
	struct flag_state *f = &e->flags;

	switch (cond) {
	case 2: case 3: /* CS, CC */
		return f->host_borrow ? CC_NOT(cc_of_cond[cond]) : cc_of_cond[cond];
	case 8: case 9: /* HI, LS: x86's above and below-or-equal want the borrow */
		if (!f->host_borrow) {
			enc_cmc(&e->enc);
			f->host_borrow = true;
		}
		return cc_of_cond[cond];
	default:
		return cc_of_cond[cond];
	}
}

/* One flag in memory. The whole word is read, as it was written: part of it would have to wait for the store to retire. */
static enum host_cc cond_from_mem(struct emit *e, unsigned cond)
{
	enc_test(&e->enc, W32, CPU_OPND(nzcv), opnd_imm(FLAG_MASK_NZCV(ir_cond_flags(cond))));
	e->flags.host = 0;
	return cond & 1 ? CC_E : CC_NE;
}

/* cpu->nzcv to EFLAGS. */
static void mem_to_host(struct emit *e)
{
	struct enc *enc = &e->enc;

	scratch_take(e, RAX);
	enc_mov(enc, W32, opnd_reg(RAX), CPU_OPND(nzcv));
	enc_alu(enc, ALU_ADD, W8, opnd_reg(RAX), opnd_imm(0x7f)); /* 1 + 127 overflows: OF = V */
	enc_sahf(enc);
	scratch_free(e, RAX);
	e->flags.host = e->flags.mem;
	e->flags.host_borrow = false;
}

enum host_cc flags_cond(struct emit *e, unsigned cond)
{
	struct flag_state *f = &e->flags;
	uint8_t need = ir_cond_flags(cond);
	struct recipe r;

	if ((f->host & need) == need)
		return cond_from_host(e, cond);
	flags_clobber(e);
	if ((f->mem & need) == need && !(need & (need - 1)))
		return cond_from_mem(e, cond);
	if (whole_recipe(f, need, &r)) {
		recipe_emit(e, r);
		return cond_from_host(e, cond);
	}
	flags_to_mem(e, need);
	if (!(need & (need - 1)))
		return cond_from_mem(e, cond);
	flags_clobber(e);
	mem_to_host(e);
	return cond_from_host(e, cond);
}

bool flags_cond_repeats(const struct emit *e, unsigned cond)
{
	struct recipe r;

	return whole_recipe(&e->flags, ir_cond_flags(cond), &r);
}

bool flags_cond_again(struct emit *e, unsigned cond, enum host_cc *cc)
{
	struct recipe r;

	if (!whole_recipe(&e->flags, ir_cond_flags(cond), &r))
		return false;
	recipe_emit(e, r);
	*cc = cond_from_host(e, cond);
	return true;
}

void flags_carry(struct emit *e, bool borrow)
{
	struct flag_state *f = &e->flags;
	struct recipe r;

	if (f->known & IR_C) {
		if (!!(f->value & IR_C) != borrow)
			enc_stc(&e->enc);
		else
			enc_clc(&e->enc);
		return;
	}
	if (!(f->host & IR_C)) {
		if (!(f->mem & IR_C) && whole_recipe(f, IR_C, &r)) {
			recipe_emit(e, r);
		} else {
			flags_to_mem(e, IR_C);
			enc_bt(&e->enc, W32, CPU_OPND(nzcv), 8);
			f->host = IR_C;
			f->host_borrow = false;
		}
	}
	if (f->host_borrow != borrow) {
		enc_cmc(&e->enc);
		f->host_borrow = borrow;
	}
}

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

void flags_branch(struct emit *e, unsigned target)
{
	const struct ir_insn *ops = e->ir->ops;
	bool falls_in = !(ir_op_info[ops[target - 1].op].attr & IRA_END) && ops[target - 1].op != IR_BR;
	bool defines = false, clobbers = false;

	if (!falls_in && e->op->op != IR_BR) {
		if (e->labels[e->op->imm].uses > 1)
			flags_to_mem(e, e->live[target]);
		return;
	}
	for (unsigned j = e->i + 1; j < target; j++) {
		const struct ir_insn *op = &ops[j];

		defines |= op->fdef || (op->op == IR_CALL && helper_info[op->imm].attr != HELPER_PURE);
		clobbers |= !keeps_eflags(op);
	}
	/* Branches from several places agree on memory. */
	if (defines || e->op->op == IR_BR || e->labels[e->op->imm].uses > 1)
		flags_to_mem(e, e->live[target]);
	else if (clobbers)
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
	if (e->live[label->at] & ~covered(&label->flags))
		emit_fail(e, -ENOTSUP);
}

/* Live flags that only a recipe of @f gives, and that not for as long as they are live. */
static uint8_t only_for_now(const struct emit *e, const struct flag_state *f, uint8_t live)
{
	const struct recipe *all[] = { &f->nz, &f->c, &f->v };
	uint8_t lost = 0;

	live &= (uint8_t)~(f->mem | f->host | f->known);
	for (unsigned i = 0; i < 3; i++)
		if (all[i]->flags & live && !recipe_survives(e, all[i], all[i]->flags & live, e->i))
			lost |= all[i]->flags & live;
	return lost;
}

void flags_label(struct emit *e, struct label_state *label)
{
	uint8_t live = e->live[label->at], lost;
	struct flag_state both;

	if (!e->reachable) {
		e->flags = label->flags;
		return;
	}
	both = intersect(e->flags, &label->flags);
	/* What one path has in memory, and the other in EFLAGS beside a recipe, must not be left to a recipe that ends soon. */
	lost = (live & (uint8_t)~covered(&both)) | only_for_now(e, &both, live);
	if (lost) {
		flags_to_mem(e, lost);
		both = intersect(e->flags, &label->flags);
	}
	if (live & ~covered(&both))
		emit_fail(e, -ENOTSUP);
	e->flags = both;
}

/* --- back to the block's start --- */

/* Stores flags whose recipe does not hold from the block's start for as long as they are live there. */
static void store_unlasting(struct emit *e, struct recipe *r)
{
	struct flag_state *f = &e->flags;
	uint8_t flags = r->flags & e->live_in & (uint8_t)~(f->mem | f->known);

	if (flags && !recipe_survives(e, r, flags, 0))
		flags_to_mem(e, flags);
}

static bool conforms(const struct recipe *r, const struct recipe *wanted, uint8_t flags)
{
	flags &= wanted->flags;
	return !flags || (recipe_same(r, wanted) && !(flags & ~r->flags));
}

bool flags_loop(struct emit *e)
{
	struct flag_state *f = &e->flags;
	const struct flag_state *loop = &e->loop_flags;
	uint8_t live = e->live_in, only_host = f->host & (uint8_t)~(f->mem | f->known | recipe_flags(f));

	if (only_host)
		flags_save(e, only_host);
	store_unlasting(e, &f->nz);
	store_unlasting(e, &f->c);
	store_unlasting(e, &f->v);
	if (f->mem == IR_NZCV)
		return false;
	if (!e->loops) {
		e->loop_flags = *f;
		e->loop_flags.host = 0;
		e->loops = true;
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
	uint8_t live = e->live[e->i];
	struct flag_state both = intersect(e->flags, there);

	return !(live & ((there->mem & ~both.mem) | (there->host & ~both.host) | (there->known & ~both.known) |
	                 (recipe_flags(there) & ~recipe_flags(&both))));
}

/* --- at a fault --- */

static uint32_t nz_of(uint32_t value)
{
	return (value >> 31 ? NZCV_N : 0) | (value ? 0 : NZCV_Z);
}

/* AddWithCarry()'s flags (A2.2.1). */
static uint32_t flags_of_add(uint32_t x, uint32_t y, unsigned carry)
{
	uint64_t sum = (uint64_t)x + y + carry;
	uint32_t result = (uint32_t)sum;

	return nz_of(result) | (sum >> 32 ? NZCV_C : 0) | ((~(x ^ y) & (x ^ result)) >> 31 ? NZCV_V : 0);
}

static uint32_t recipe_run(const struct recipe *r, const struct cpu *cpu)
{
	uint32_t a = r->a == RECIPE_IMM ? r->imm : cpu->r[r->a & 15], b = r->b == RECIPE_IMM ? r->imm : cpu->r[r->b & 15];

	switch (r->kind) {
	case RECIPE_CMP:
		return flags_of_add(a, ~b, 1);
	case RECIPE_ADD:
		return flags_of_add(a, b, 0);
	case RECIPE_SUBBED:
		return flags_of_add(a + b, ~b, 1);
	case RECIPE_ADDED:
		return flags_of_add(a - b, b, 0);
	case RECIPE_TST:
		return nz_of(a & b);
	case RECIPE_TEQ:
		return nz_of(a ^ b);
	case RECIPE_RESULT:
		return nz_of(a);
	default: /* RECIPE_BIT */
		return a >> (r->imm & 31) & 1 ? NZCV_C : 0;
	}
}

uint32_t flags_recompute(const struct flag_state *f, const struct cpu *cpu)
{
	const struct recipe *all[] = { &f->nz, &f->c, &f->v };
	uint8_t known = f->known & (uint8_t)~f->mem;
	uint32_t nzcv = cpu->nzcv & FLAG_MASK_NZCV(f->mem);

	nzcv |= FLAG_MASK_NZCV(known & f->value);
	for (unsigned i = 0; i < 3; i++) {
		uint8_t flags = all[i]->flags & (uint8_t)~(f->mem | known);

		if (flags)
			nzcv |= recipe_run(all[i], cpu) & FLAG_MASK_NZCV(flags);
	}
	return nzcv;
}
