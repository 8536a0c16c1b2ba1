/*
 * emit_window.c - the accesses that most are: a word or less of a window, alone, wherever the architecture lets it stand; and words one after
 * another, as LDM and STM make them, by a base in a host register (docs/mmu.md).
 *
 * emit_mem.c does all others, and would do these in the same way; here nothing is asked that is known.
 */
#include "base/base.h"
#include "translator/x64/site.h"

/* Values of `mem` of such accesses, as bits: a word at most, signed or not, that asks for nothing else. */
#define PLAIN_MEM 0x77u
static_assert(ACCESS_SIZE_MASK == 3 && ACCESS_SIGNED == ENC_WINDOW_SIGNED && SITE_PLAIN_STORE == ENC_WINDOW_STORE, "`mem` is a form of enc_window()");

static inline bool is_plain(const struct emit *e, const struct ir_insn *op)
{
	return op->mem < 8 && PLAIN_MEM >> op->mem & 1 && !op->group && e->plain_windows && op->a != IR_IMM && op->imm2 + RAW_OFFSET_MAX <= 2 * RAW_OFFSET_MAX &&
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
	unsigned base = reg_of(e, op->a), value = reg_of(e, op->b), form = SITE_PLAIN_STORE | op->mem;

	site_plain(e, base, value, op->imm2, form);
	enc_window(&e->enc, form, value, base, (int32_t)(SPACE_WINDOW_OFFSET + op->imm2));
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

static struct x64_access *plain_access(struct emit *e, const struct ir_insn *head, unsigned base)
{
	struct x64_access *access = site_add(e, head->group, base, 0, true);
	unsigned kind = head->op == IR_LD ? SITE_LD : SITE_ST;
	struct x64_member *member = members_of(access);

	for (const struct ir_insn *op = head; op < head + head->group; op++) {
		ir_ref value = kind == SITE_LD ? op->dst : op->b;
		unsigned home = home_reg(e, value);

		*member++ = (struct x64_member){
			.delta = (int16_t)op->imm2, .mem = (uint8_t)op->mem, .kind = kind & 1,
			.value = home != HOST_REG_NONE ? (struct site_place){ PLACE_HOST, (uint8_t)home } : (struct site_place){ PLACE_GUEST, (uint8_t)value },
		};
	}
	e->word = (uint64_t *)(void *)member;
	return access;
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

static inline void group_member(struct emit *e, const struct ir_insn *op, unsigned base, unsigned form, struct x64_member *member)
{
	ir_ref value = form == ENC_WINDOW_STORE ? op->b : op->dst;
	unsigned home = home_reg(e, value), reg = home;

	if (home == HOST_REG_NONE)
		reg = form == ENC_WINDOW_STORE ? use_reg(e, use_ref(e, value)) : scratch_alloc(e);
	if (op->group != IR_GROUP_MEMBER)
		e->site[-1].code = offset_here(e);
	enc_window(&e->enc, form | 2, reg, base, (int32_t)(SPACE_WINDOW_OFFSET + op->imm2));
	if (form == ENC_WINDOW_STORE)
		return;
	if (IR_IS_TMP(value)) {
		def_in(e, value, reg);
		member->value = (struct site_place){ PLACE_HOST, (uint8_t)reg };
	} else if (home == HOST_REG_NONE) {
		move(e, def_ref(e, value), opnd_reg(reg));
	}
	def_done(e, value);
}

/* The slow path does all from the first on (emit_mem.c). */
static void plain_group(struct emit *e, const struct ir_insn *head)
{
	bool check = (head->mem & (ACCESS_ALIGNED | ACCESS_WORD_ALIGNED)) && !(e->aligned >> head->a & 1);
	unsigned base = home_reg(e, head->a), form = head->op == IR_LD ? ENC_WINDOW_LOAD : ENC_WINDOW_STORE;
	struct x64_access *access;
	struct x64_member *member;

	if (check)
		flags_clobber(e);
	tmps_flush(e);
	access = plain_access(e, head, base);
	if (check)
		check_aligned(e, head->a, base);
	e->site[-1].state = site_note(e, true) & (SITE_INDEX_MAX - 1);
	member = members_of(access);
	for (unsigned k = 0;; k++) {
		e->op = head + k;
		e->pinned = 0;
		group_member(e, head + k, base, form, member + k);
		if (k + 1 == head->group)
			break;
		e->i++;
	}
	site_resume_here(e, access);
}

bool emit_window(struct emit *e)
{
	const struct ir_insn *op = e->op;

	if (likely(is_plain(e, op))) {
		if (op->op == IR_LD) {
			load(e, op);
			return true;
		}
		if (op->op == IR_ST && op->b != IR_IMM) {
			store(e, op);
			return true;
		}
		return false;
	}
	if (op->group && op->group != IR_GROUP_MEMBER && is_plain_group(e, op)) {
		plain_group(e, op);
		return true;
	}
	return false;
}
