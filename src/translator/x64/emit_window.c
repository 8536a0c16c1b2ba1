/*
 * emit_window.c - the accesses that most are: a word or less of a window, alone, wherever the architecture lets it stand; and words one after
 * another, as LDM and STM make them, by a base in a host register (docs/mmu.md).
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

/* --- words one after another --- */

/* Group @head of words into or from guest registers; a temporary (the PC) may be loaded last. */
static bool is_plain_group(const struct emit *e, const struct ir_insn *head)
{
	int32_t lowest = INT32_MAX, highest = INT32_MIN;

	if (!e->plain_windows || (head->op != IR_LD && head->op != IR_ST) || head->mem & (ACCESS_BE | ACCESS_USER) || (head->mem & ACCESS_SIZE_MASK) != 2 ||
	    home_reg(e, head->a) == HOST_REG_NONE || x64_demoted(e->x64, e->pc))
		return false;
	for (const struct ir_insn *op = head; op < head + head->group; op++) {
		ir_ref value = op->op == IR_LD ? op->dst : op->b;

		if (op->op != head->op || op->mem != head->mem || op->a != head->a ||
		    !(IR_IS_REG(value) || (op->op == IR_LD && IR_IS_TMP(value) && op + 1 == head + head->group)))
			return false;
		if (op->imm2 & 3)
			return false;
		lowest = MIN(lowest, (int32_t)op->imm2);
		highest = MAX(highest, (int32_t)op->imm2);
	}
	return lowest >= -RAW_OFFSET_MAX && highest <= RAW_OFFSET_MAX && highest - lowest < (int32_t)GUEST_PAGE_SIZE / 2;
}

static struct x64_site *plain_sites(struct emit *e, const struct ir_insn *head, unsigned base)
{
	unsigned count = head->group;
	struct x64_site *sites;

	if (e->site_count + count > MAX_SITES) {
		emit_fail(e, -E2BIG);
		e->site_count = 0;
	}
	sites = &e->sites[e->site_count];
	for (unsigned k = 0; k < count; k++) {
		const struct ir_insn *op = head + k;
		ir_ref value = op->op == IR_LD ? op->dst : op->b;
		unsigned home = home_reg(e, value);
		struct x64_site *site = k ? &e->sites[e->site_count++] : site_add(e, op->op == IR_LD ? SITE_LD : SITE_ST, true);

		if (k)
			*site = *sites;
		site->delta = op->imm2;
		site->address = (uint8_t)base;
		site->more = k + 1 < count;
		site->value = home != HOST_REG_NONE ? (struct site_place){ PLACE_HOST, (uint8_t)home } : (struct site_place){ PLACE_GUEST, (uint8_t)value };
	}
	return sites;
}

static void check_aligned(struct emit *e, struct x64_site *site, ir_ref ref, unsigned base)
{
	struct cold *cold;

	enc_test8(&e->enc, base, 3);
	cold = cold_add(e, COLD_SLOW);
	cold->site = (uint16_t)site_index(e, site);
	cold_jcc(e, cold, CC_NE);
	e->aligned |= (uint16_t)(1u << ref);
	flags_lost(e);
}

static void group_member(struct emit *e, unsigned base, const struct x64_site *first, struct x64_site *site)
{
	const struct ir_insn *op = e->op;
	ir_ref value = op->op == IR_LD ? op->dst : op->b;
	unsigned home = home_reg(e, value), reg = home;

	if (home == HOST_REG_NONE)
		reg = op->op == IR_LD ? scratch_alloc(e) : use_reg(e, use_ref(e, value));
	raw_mark(e, first);
	enc_window(&e->enc, 0, op->op == IR_LD ? 0x8b : 0x89, reg, base, (int32_t)(SPACE_WINDOW_OFFSET + op->imm2));
	if (op->op != IR_LD)
		return;
	if (IR_IS_TMP(value)) {
		def_in(e, value, reg);
		site->value = (struct site_place){ PLACE_HOST, (uint8_t)reg };
	} else if (home == HOST_REG_NONE) {
		move(e, def_ref(e, value), opnd_reg(reg));
	}
	def_done(e, value);
}

/* The slow path does all from the first on (emit_mem.c). */
static void plain_group(struct emit *e, const struct ir_insn *head)
{
	bool check = (e->op->mem & (ACCESS_ALIGNED | ACCESS_WORD_ALIGNED)) && !(e->aligned >> head->a & 1);
	unsigned base = home_reg(e, head->a), first = e->i;
	struct x64_site *sites;

	if (check)
		flags_clobber(e);
	tmps_flush(e);
	sites = plain_sites(e, head, base);
	if (check)
		check_aligned(e, sites, head->a, base);
	site_note(e, sites);
	for (unsigned k = 0; k < head->group; k++) {
		e->i = first + k;
		e->op = head + k;
		e->pinned = 0;
		group_member(e, base, sites, &sites[k]);
	}
	site_resume_here(e, sites);
}

bool emit_window(struct emit *e)
{
	const struct ir_insn *op = e->op;

	if (op->group && op->group != IR_GROUP_MEMBER && is_plain_group(e, op)) {
		plain_group(e, op);
		return true;
	}
	if (!is_plain(e))
		return false;
	if (e->op->op == IR_LD)
		load(e);
	else
		store(e);
	return true;
}
