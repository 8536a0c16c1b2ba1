/*
 * flags.c - where NZCV are at each place of a block, and how they get where they are needed.
 *
 * A flag may be in EFLAGS, in cpu->nzcv, known at translation, and computable again by a recipe (flags_recipe.c), in any combination.
 * Before an op overwrites EFLAGS, what would be lost and may still be read is stored, unless a recipe will give it for as long as it is live:
 * then a later branch repeats the comparison, and a fault computes it in C from the registers (slow.c). What happens where ways
 * meet is in flags_join.c.
 */
#include "base/base.h"
#include "translator/x64/flags_private.h"

#include <errno.h>

static bool uses_all(const struct ir_insn *op)
{
	uint8_t attr = ir_op_info[op->op].attr;

	if (attr & (IRA_FAULT | IRA_END) || op->op == IR_POLL)
		return true;
	return op->op == IR_CALL && !(helper_info[op->imm].attr & HELPER_PURE);
}

uint8_t flags_needed(const struct emit *e)
{
	if (e->op_done)
		return live_here(e);
	if (uses_all(e->op))
		return IR_NZCV;
	return (uint8_t)((live_here(e) & ~e->op->fdef) | e->op->fuse);
}

/* --- transitions --- */

/* Of @given, which recipes give now, what they do not give for long enough. @unsure: those of them that are not known to. */
static __attribute__((noinline)) uint8_t ends_early(struct emit *e, uint8_t given, uint8_t unsure)
{
	const struct flag_state *f = &e->flags;
	const struct recipe *all[] = { &f->nz, &f->c, &f->v };
	uint8_t early = 0;

	given = recipe_groups(given, unsure);
	/* Most often one comparison is the recipe of all: it is followed once. */
	if (recipe_same(&f->c, &f->nz) && recipe_same(&f->v, &f->nz)) {
		early = recipe_ends(e, &f->nz, given, e->i);
	} else {
		for (unsigned i = 0; i < 3; i++)
			if (all[i]->flags & given)
				early |= recipe_ends(e, all[i], all[i]->flags & given, e->i);
	}
	e->lasting |= given & (uint8_t)~early;
	return early;
}

/* Of @lost, what no recipe gives for long enough. */
static inline uint8_t without_recipe(struct emit *e, uint8_t lost)
{
	uint8_t given = lost & recipe_flags(&e->flags);
	/* Those that only a fault of this very op reads need no more than to be there now. */
	uint8_t unsure = given & (uint8_t)~e->lasting & live_here(e) & (uint8_t)~e->op->fdef;

	if (unsure)
		given &= (uint8_t)~ends_early(e, given, unsure);
	return lost & (uint8_t)~given;
}

/* What of @exposed would be lost with EFLAGS though it may still be read. */
uint8_t flags_endangered(struct emit *e, uint8_t exposed)
{
	uint8_t need = exposed & (uses_all(e->op) ? IR_NZCV : live_here(e) & (uint8_t)~e->op->fdef);

	return need ? without_recipe(e, need) : 0;
}

void flags_clobber_exposed(struct emit *e, uint8_t exposed)
{
	uint8_t lost = flags_endangered(e, exposed);

	if (lost)
		flags_save(e, lost);
}

void flags_define(struct emit *e, uint8_t fdef)
{
	struct flag_state *f = &e->flags;

	flag_word_set(f, flag_word(f) & ~(fdef * 0x1010001ull)); /* host, mem, known */
	recipe_drop(&f->nz, fdef);
	recipe_drop(&f->c, fdef);
	recipe_drop(&f->v, fdef);
}

void flags_known(struct emit *e, uint8_t mask, uint8_t value)
{
	struct flag_state *f = &e->flags;

	mask &= e->op->fdef;
	flags_define(e, mask);
	f->known |= mask;
	f->value = (uint8_t)((f->value & ~mask) | (value & mask));
}

void flags_in_mem(struct emit *e, uint8_t mask)
{
	flags_define(e, mask);
	e->flags.mem |= mask;
}

void flags_compared_some(struct emit *e, const struct ir_insn *op)
{
	flags_host(e, IR_NZCV, true);
	flags_recipe(e, IR_NZCV, RECIPE_CMP, op->a, op->b, op->imm);
}

/* @r is @word from now on, for @flags; nothing if there are none. */
static inline void recipe_set(struct recipe *r, uint64_t word, unsigned flags)
{
	word |= flags << 24;
	if (flags)
		memcpy(r, &word, sizeof(word));
}

void flags_recipe_of(struct emit *e, uint8_t mask, uint8_t kind, ir_ref a, ir_ref b, uint32_t imm)
{
	struct flag_state *f = &e->flags;
	const uint64_t word = recipe_word(kind, a, b == IR_IMM || b == IR_NONE ? RECIPE_IMM : b, 0, imm);

	if (!e->recipes || !IR_IS_REG(a) || (b != IR_IMM && b != IR_NONE && !IR_IS_REG(b)))
		return;
	e->recipe_regs |= (uint16_t)(1u << a);
	if (IR_IS_REG(b))
		e->recipe_regs |= (uint16_t)(1u << b);
	e->lasting &= (uint8_t)~mask;
	recipe_set(&f->nz, word, mask & IR_NZ);
	recipe_set(&f->c, word, mask & IR_C);
	recipe_set(&f->v, word, mask & IR_V);
}

void flags_set(struct emit *e, const struct flag_state *flags)
{
	e->flags = *flags;
	e->recipe_regs = (1u << ARRAY_SIZE(guest_opnds)) - 1;
	e->lasting = 0;
}

/* Ends @r if it is of guest register @ref. Returns the registers that it is of. */
static inline unsigned end_recipe(struct recipe *r, ir_ref ref)
{
	static_assert(RECIPE_IMM == 0xff, "no register");
	if (r->kind == RECIPE_NONE)
		return 0;
	if (r->a == ref || r->b == ref) {
		*r = (struct recipe){ .kind = RECIPE_NONE };
		return 0;
	}
	return 1u << (r->a & 15) | (r->b == RECIPE_IMM ? 0 : 1u << (r->b & 15));
}

void flags_written(struct emit *e, ir_ref ref)
{
	struct flag_state *f = &e->flags;

	if (e->recipe_regs >> ref & 1)
		e->recipe_regs = (uint16_t)(end_recipe(&f->nz, ref) | end_recipe(&f->c, ref) | end_recipe(&f->v, ref));
}

/* --- to memory --- */

/* EFLAGS to eax in the layout of cpu->nzcv, as far as @host goes: cmc, lahf, seto al. */
static void host_to_eax(struct emit *e, uint8_t host)
{
	struct flag_state *f = &e->flags;
	unsigned bytes = 0;
	uint64_t word = 0;

	if (host & IR_V) {
		word = 0xc0900f;
		bytes = 3;
	}
	if (host & IR_NZC) {
		word = word << 8 | 0x9f;
		bytes++;
	}
	if (host & IR_C && f->host_borrow) {
		word = word << 8 | 0xf5;
		bytes++;
		f->host_borrow = false;
	}
	enc_word(&e->enc, word, bytes);
}

/* eax = @host from EFLAGS, @retain from cpu->nzcv. Register @t is lost. */
static void merge(struct emit *e, uint8_t host, uint8_t retain, unsigned t)
{
	struct enc *enc = &e->enc;

	enc_mov(enc, W32, opnd_reg(t), CPU_OPND(nzcv));
	host_to_eax(e, host);
	enc_alu(enc, ALU_AND, W32, opnd_reg(RAX), opnd_imm(FLAG_MASK_NZCV(host)));
	enc_alu(enc, ALU_AND, W32, opnd_reg(t), opnd_imm(FLAG_MASK_NZCV(retain)));
	enc_alu(enc, ALU_OR, W32, opnd_reg(RAX), opnd_reg(t));
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
	merge(e, host, retain, t);
	if (value)
		enc_alu(enc, ALU_OR, W32, opnd_reg(RAX), opnd_imm(value));
	enc_mov(enc, W32, CPU_OPND(nzcv), opnd_reg(RAX));
	scratch_free(e, t);
	scratch_free(e, RAX);
	f->host = 0;
}

/* Stores what is in EFLAGS, and nothing else of cpu->nzcv is wanted. */
static void save_host(struct emit *e, uint8_t host, uint8_t known)
{
	struct flag_state *f = &e->flags;
	struct enc *enc = &e->enc;
	bool taken = (e->owned | e->pinned) & 1u << RAX;

	if (taken)
		scratch_take(e, RAX);
	host_to_eax(e, host);
	if (known) {
		enc_alu(enc, ALU_AND, W32, opnd_reg(RAX), opnd_imm(FLAG_MASK_NZCV(host)));
		if (known & f->value)
			enc_alu(enc, ALU_OR, W32, opnd_reg(RAX), opnd_imm(FLAG_MASK_NZCV(known & f->value)));
		f->host = 0;
	}
	enc_mov(enc, W32, CPU_OPND(nzcv), opnd_reg(RAX));
	if (taken)
		scratch_free(e, RAX);
}

bool flags_save(struct emit *e, uint8_t mask)
{
	struct flag_state *f = &e->flags;
	uint8_t retain = f->mem & (uint8_t)~mask, host, known;

	static_assert(offsetof(struct cpu, nzcv) < 2 * CPU_BIAS, "within a signed byte");
	if (likely(mask == IR_NZCV && f->host == IR_NZCV && !((e->owned | e->pinned) & 1u << RAX))) { /* as below */
		enc_flags_to(&e->enc, CPU_OPND(nzcv), f->host_borrow);
		flag_word_set(f, (flag_word(f) & ~(FLAG_BORROW | FLAG_MEM)) | IR_NZCV << 16);
		return true;
	}
	if (retain)
		retain &= flags_needed(e);
	if (retain || (mask & f->known & ~f->host)) {
		mask |= f->host & flags_needed(e); /* EFLAGS are going to be lost */
		retain &= (uint8_t)~mask;
	}
	host = mask & f->host;
	known = mask & f->known & (uint8_t)~host;
	if (retain)
		save_merged(e, host, known, retain);
	else if (host)
		save_host(e, host, known);
	else
		enc_mov(&e->enc, W32, CPU_OPND(nzcv), opnd_imm(FLAG_MASK_NZCV(known & f->value)));
	f->mem = mask | retain;
	return f->host != 0;
}

/* They are those of one comparison of registers at home. */
static bool store_compared(struct emit *e, const struct flag_state *f)
{
	const struct recipe *r = &f->nz;
	struct opnd a;

	if (r->kind != RECIPE_CMP || f->known || !recipe_same(r, &f->c) || !recipe_same(r, &f->v) || recipe_flags(f) != IR_NZCV)
		return false;
	a = e->homes[r->a];
	if (a.kind != OPND_REG || (r->b != RECIPE_IMM && e->homes[r->b].kind != OPND_REG))
		return false;
	if (r->b == RECIPE_IMM)
		enc_alu_imm(&e->enc, ALU_CMP, W32, a, (int32_t)r->imm);
	else
		enc_put_regs(&e->enc, ENC_HEAD(0x39, W32), e->homes[r->b].reg, a.reg);
	enc_flags_to(&e->enc, CPU_OPND(nzcv), true);
	return true;
}

/* N or Z are in EFLAGS, and all that is not is in memory. */
static bool store_merged(struct emit *e, const struct flag_state *f)
{
	if (!(f->host & IR_NZ) || f->host & (IR_C | IR_V) || (f->host | f->mem) != IR_NZCV)
		return false;
	merge(e, f->host, f->mem & (uint8_t)~f->host, RCX);
	enc_mov(&e->enc, W32, CPU_OPND(nzcv), opnd_reg(RAX));
	return true;
}

bool flags_store_shortly(struct emit *e, const struct flag_state *f)
{
	return f->host || f->mem ? store_merged(e, f) : store_compared(e, f);
}

void flags_missing_to_mem(struct emit *e, uint8_t mask)
{
	struct flag_state *f = &e->flags;
	uint8_t need = mask & (uint8_t)~f->mem, direct = need & (f->host | f->known);
	struct recipe r;

	if (need & ~direct)
		direct |= f->host & (uint8_t)~f->mem & flags_needed(e); /* the recipes below overwrite EFLAGS */
	if (direct)
		flags_save(e, direct);
	while ((need = mask & (uint8_t)~f->mem)) {
		uint8_t group = need & IR_NZ ? need & IR_NZ : need & (0u - need);

		if (!recipe_whole(f, group, &r)) {
			/* Dead flags: nothing reads them, so any value will do. */
			BUG_ON(group & flags_needed(e) && !e->error);
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
	if (e->flags.mem & IR_NZ & flags_needed(e))
		emit_fail(e, -ENOTSUP);
	enc_setcc(&e->enc, CC_B, (struct opnd){ .kind = OPND_MEM, .reg = RBP, .index = OPND_NO_INDEX,
	                                        .disp = CPU_OPND(nzcv).disp + 1 });
	e->flags.mem &= (uint8_t)~IR_NZ;
}

/* --- conditions --- */

static const enum host_cc cc_of_cond[14] = {
	CC_E, CC_NE, CC_B, CC_AE, CC_S, CC_NS, CC_O, CC_NO, CC_A, CC_BE, CC_GE, CC_L, CC_G, CC_LE,
};

/* As ir_cond_flags() says. */
static const uint8_t cond_flags[14] = {
	IR_Z, IR_Z, IR_C, IR_C, IR_N, IR_N, IR_V, IR_V, IR_C | IR_Z, IR_C | IR_Z, IR_N | IR_V, IR_N | IR_V, IR_N | IR_Z | IR_V, IR_N | IR_Z | IR_V,
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
	uint8_t need = cond_flags[cond];
	struct recipe r;

	if ((f->host & need) == need)
		return cond_from_host(e, cond);
	flags_clobber(e);
	if ((f->mem & need) == need && !(need & (need - 1)))
		return cond_from_mem(e, cond);
	if (recipe_whole(f, need, &r)) {
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

	return recipe_whole(&e->flags, ir_cond_flags(cond), &r);
}

bool flags_cond_again(struct emit *e, unsigned cond, enum host_cc *cc)
{
	struct recipe r;

	if (!recipe_whole(&e->flags, ir_cond_flags(cond), &r))
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
		if (!(f->mem & IR_C) && recipe_whole(f, IR_C, &r)) {
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
