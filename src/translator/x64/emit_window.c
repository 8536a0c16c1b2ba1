/*
 * emit_window.c - the accesses that most are: a word or less of a window, alone, wherever the architecture lets it stand; and words one after
 * another, as LDM and STM make them, by a base in a host register (docs/mmu.md).
 *
 * emit_mem.c does all others, and would do these in the same way; here nothing is asked that is known.
 */
#include "base/base.h"
#include "translator/x64/site.h"

static_assert(ACCESS_SIZE_MASK == 3 && ACCESS_SIGNED == ENC_WINDOW_SIGNED, "`mem` is a form of enc_window()");

static inline bool is_plain(const struct emit *e, const struct ir_insn *op)
{
	uint32_t form;

	/* `mem`, and no group: what is behind that is 0. */
	static_assert(offsetof(struct ir_insn, group) == offsetof(struct ir_insn, mem) + 2, "in one word");
	memcpy(&form, (const uint8_t *)op + offsetof(struct ir_insn, mem), sizeof(form));
	return form < 8 && e->plain_mems >> form & 1 && op->a != IR_IMM && op->imm2 + RAW_OFFSET_MAX <= 2 * RAW_OFFSET_MAX &&
	       !(e->maybe_demoted && x64_demoted(e->x64, e->pc));
}

static inline unsigned reg_of(struct emit *e, ir_ref ref)
{
	unsigned home = home_reg(e, ref);

	return likely(home != HOST_REG_NONE) ? home : use_reg(e, use_ref(e, ref));
}

static void load(struct emit *e, const struct ir_insn *op)
{
	unsigned base = reg_of(e, op->a), home = home_reg(e, op->dst), to = home;

	if (home == HOST_REG_NONE && is_scratch(base) && (e->owner[base] == IR_NONE || tmp_ends(e, e->owner[base])))
		to = base;
	else if (home == HOST_REG_NONE)
		to = scratch_alloc(e);
	site_plain(e, base, to, op->imm2, op->mem);
	enc_window(&e->enc, op->mem, to, base, (int32_t)(SPACE_WINDOW_OFFSET + op->imm2));
	if (home == HOST_REG_NONE && (IR_IS_TMP(op->dst) || copies_here(e)))
		def_in(e, op->dst, to);
	else if (home == HOST_REG_NONE)
		move(e, def_ref(e, op->dst), opnd_reg(to));
	def_done(e, op->dst);
}

static void store(struct emit *e, const struct ir_insn *op)
{
	unsigned base = reg_of(e, op->a), value = reg_of(e, op->b), form = ENC_WINDOW_STORE | op->mem;

	site_plain(e, base, value, op->imm2, form);
	enc_window(&e->enc, form, value, base, (int32_t)(SPACE_WINDOW_OFFSET + op->imm2));
}

/* --- words one after another --- */

/* a, b, c and mem, as IR_SOURCES() has them. */
static inline uint64_t sources_of(const struct ir_insn *op)
{
	uint64_t sources;

	memcpy(&sources, &op->a, sizeof(sources));
	return sources;
}

/*
 * Notes the members of group @head of words into or from guest registers, behind where its struct x64_access is to be; a temporary (the PC) may be
 * loaded last. False: it is no such group.
 */
static bool plain_members(struct emit *e, const struct ir_insn *head)
{
	const bool load = head->op == IR_LD;
	const uint64_t same = (uint64_t)head->mem << 16 | (uint64_t)(load ? SITE_LD : SITE_ST) << 24, sources = sources_of(head);
	const struct ir_insn *end = head + head->group;
	uint64_t *member = e->word + sizeof(struct x64_access) / sizeof(*member);
	int32_t lowest = INT32_MAX, highest = INT32_MIN;
	uint32_t odd = 0;

	static_assert(offsetof(struct x64_member, mem) == 2 && offsetof(struct x64_member, value) == 4 && sizeof(struct x64_member) == 8, "as one word");
	for (const struct ir_insn *op = head; op < end; op++) {
		ir_ref value = load ? op->dst : op->b;
		uint64_t place = PLACE_GUEST | (uint64_t)value << 8;

		if ((uint64_t)(op->op ^ head->op) | ((sources_of(op) ^ sources) & IR_SOURCES(0xffff, 0, 0, 0xffff)))
			return false;
		if (likely(IR_IS_REG(value)))
			place = e->home_regs[value] != HOST_REG_NONE ? PLACE_HOST | (uint64_t)e->home_regs[value] << 8 : place;
		else if (!load || !IR_IS_TMP(value) || op + 1 != end)
			return false;
		else
			place = PLACE_NONE; /* to come */
		odd |= op->imm2;
		lowest = MIN(lowest, (int32_t)op->imm2);
		highest = MAX(highest, (int32_t)op->imm2);
		*member++ = same | (op->imm2 & 0xffff) | place << 32;
	}
	return !(odd & 3) && lowest >= -RAW_OFFSET_MAX && highest <= RAW_OFFSET_MAX && highest - lowest < (int32_t)GUEST_PAGE_SIZE / 2;
}

static bool is_plain_group(struct emit *e, const struct ir_insn *head)
{
	return e->plain_mems && (head->op == IR_LD || head->op == IR_ST) && (head->mem & (ACCESS_BE | ACCESS_USER | ACCESS_SIZE_MASK)) == 2 &&
	       home_reg(e, head->a) != HOST_REG_NONE && !(e->maybe_demoted && x64_demoted(e->x64, e->pc)) && plain_members(e, head);
}

static void check_aligned(struct emit *e, ir_ref ref, unsigned base)
{
	struct cold *cold;

	enc_test8(&e->enc, base, 3);
	cold = cold_add(e, COLD_SLOW);
	cold->site = (uint16_t)site_index(e);
	cold_jcc(e, cold, CC_NE);
	e->aligned |= (uint16_t)(1u << ref);
	flags_lost(e);
}

static inline void group_load(struct emit *e, const struct ir_insn *op, unsigned base, struct x64_member *member)
{
	unsigned home = home_reg(e, op->dst), reg = home;

	if (home == HOST_REG_NONE)
		reg = scratch_alloc(e);
	enc_window(&e->enc, ENC_WINDOW_LOAD | 2, reg, base, (int32_t)(SPACE_WINDOW_OFFSET + op->imm2));
	if (IR_IS_TMP(op->dst)) {
		def_in(e, op->dst, reg);
		member->value = (struct site_place){ PLACE_HOST, (uint8_t)reg };
	} else if (home == HOST_REG_NONE) {
		move(e, def_ref(e, op->dst), opnd_reg(reg));
	}
	def_done(e, op->dst);
}

static inline void group_store(struct emit *e, const struct ir_insn *op, unsigned base)
{
	unsigned reg = reg_of(e, op->b);

	/* The first one's value may have come by an instruction before it. */
	if (op->group != IR_GROUP_MEMBER)
		e->site[-1].code = offset_here(e);
	enc_window(&e->enc, ENC_WINDOW_STORE | 2, reg, base, (int32_t)(SPACE_WINDOW_OFFSET + op->imm2));
}

/* The slow path does all from the first on (emit_mem.c). */
static void plain_group(struct emit *e, const struct ir_insn *head)
{
	bool check = (head->mem & (ACCESS_ALIGNED | ACCESS_WORD_ALIGNED)) && !(e->aligned >> head->a & 1);
	unsigned base = home_reg(e, head->a);
	const struct ir_insn *last = head + head->group - 1;
	struct x64_access *access;
	struct x64_member *member;

	if (check)
		flags_clobber(e);
	tmps_flush(e);
	access = site_add(e, head->group, base, 0, true);
	member = members_of(access);
	e->word += head->group;
	if (check)
		check_aligned(e, head->a, base);
	site_noted(e, true);
	e->site[-1].code = offset_here(e);
	for (const struct ir_insn *op = head;; op++) {
		e->op = op;
		e->pinned = 0;
		if (head->op == IR_LD)
			group_load(e, op, base, member++);
		else
			group_store(e, op, base);
		if (op == last)
			break;
		e->i++;
	}
	site_resume_here(e, access);
}

void emit_access(struct emit *e)
{
	const struct ir_insn *op = e->op;

	if (likely(is_plain(e, op))) {
		if (op->op == IR_LD) {
			load(e, op);
			return;
		}
		if (op->op == IR_ST && op->b != IR_IMM) {
			store(e, op);
			return;
		}
	} else if (op->group && op->group != IR_GROUP_MEMBER && is_plain_group(e, op)) {
		plain_group(e, op);
		return;
	}
	emit_any_access(e);
}
