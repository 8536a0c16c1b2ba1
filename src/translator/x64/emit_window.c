/*
 * emit_window.c - the access that most are: a word or less of a window, alone, wherever the architecture lets it stand (docs/mmu.md).
 *
 * emit_mem.c does all others, and would do these in the same way; here nothing is asked that is known.
 */
#include "base/base.h"
#include "translator/x64/site.h"

/* Such an access asks for nothing of this. */
#define NOT_PLAIN (ACCESS_BE | ACCESS_USER | ACCESS_ALIGNED | ACCESS_WORD_ALIGNED)

static bool is_plain(const struct emit *e)
{
	const struct ir_insn *op = e->op;

	return e->plain_windows && !op->group && !(op->mem & NOT_PLAIN) && (op->mem & ACCESS_SIZE_MASK) <= 2 && op->a != IR_IMM &&
	       (op->op == IR_LD || (op->op == IR_ST && op->b != IR_IMM)) && op->imm2 + RAW_OFFSET_MAX <= 2 * RAW_OFFSET_MAX && !x64_demoted(e->x64, e->pc);
}

static unsigned base_of(struct emit *e, ir_ref ref)
{
	unsigned home = home_reg(e, ref);

	return home != HOST_REG_NONE ? home : use_reg(e, use_ref(e, ref));
}

static struct x64_site *plain_site(struct emit *e, enum site_kind kind, unsigned base, unsigned reg)
{
	struct x64_site *site = site_add(e, kind, true);

	site->address = (uint8_t)base;
	site->delta = e->op->imm2;
	site->value = (struct site_place){ PLACE_HOST, (uint8_t)reg };
	site_note(e, site);
	raw_mark(e, site);
	return site;
}

static void load(struct emit *e)
{
	static const uint16_t opcodes[2][3] = { { 0x0fb6, 0x0fb7, 0x8b }, { 0x0fbe, 0x0fbf, 0x8b } };
	const struct ir_insn *op = e->op;
	unsigned base = base_of(e, op->a), home = home_reg(e, op->dst), to = home;
	struct x64_site *site;

	if (home == HOST_REG_NONE && is_scratch(base) && (e->owner[base] == IR_NONE || tmp_ends(e, e->owner[base])))
		to = base;
	else if (home == HOST_REG_NONE)
		to = scratch_alloc(e);
	site = plain_site(e, SITE_LD, base, to);
	enc_window(&e->enc, 0, opcodes[!!(op->mem & ACCESS_SIGNED)][op->mem & ACCESS_SIZE_MASK], to, base, (int32_t)(SPACE_WINDOW_OFFSET + op->imm2));
	site_resume_here(e, site);
	if (home == HOST_REG_NONE && (IR_IS_TMP(op->dst) || e->copies))
		def_in(e, op->dst, to);
	else if (home == HOST_REG_NONE)
		move(e, def_ref(e, op->dst), opnd_reg(to));
	def_done(e, op->dst);
}

static void store(struct emit *e)
{
	const struct ir_insn *op = e->op;
	unsigned base = base_of(e, op->a), value = base_of(e, op->b), log2 = op->mem & ACCESS_SIZE_MASK;
	struct x64_site *site = plain_site(e, SITE_ST, base, value);

	enc_window(&e->enc, log2 == 1 ? 0x66 : 0, log2 ? 0x89 : 0x88, value, base, (int32_t)(SPACE_WINDOW_OFFSET + op->imm2));
	site_resume_here(e, site);
}

bool emit_window(struct emit *e)
{
	if (!is_plain(e))
		return false;
	if (e->op->op == IR_LD)
		load(e);
	else
		store(e);
	return true;
}
