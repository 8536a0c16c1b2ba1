/*
 * emit_mem.c - guest memory accesses through the shadow tables (DESIGN.md §3).
 *
 * In line: address, page index, addend, test, access.  An addend of 0 goes to the slow path, and so does what crosses a page or is misaligned
 * where that matters; slow.c does the whole access and comes back behind it. A group shares one check; its slow path does every member.
 */
#include "base/base.h"
#include "cpu/simd.h"
#include "translator/x64/site.h"

#include <errno.h>
#include <string.h>

static unsigned size_log2(const struct ir_insn *op)
{
	return op->mem & ACCESS_SIZE_MASK;
}

static bool is_load(const struct ir_insn *op)
{
	return op->op == IR_LD || op->op == IR_LDF || op->op == IR_LDREX;
}

/* Address bits that must be 0 for the access not to fault. */
static uint32_t align_mask(const struct emit *e, const struct ir_insn *op)
{
	uint32_t mask = 0;

	if (op->mem & ACCESS_WORD_ALIGNED)
		mask |= 3;
	if (op->mem & ACCESS_ALIGNED || (e->ir->key & KEY_ALIGN && !(op->mem & ACCESS_WORD_ALIGNED)))
		mask |= (1u << size_log2(op)) - 1;
	return mask;
}

static bool in_line(const struct emit *e, const struct ir_insn *op)
{
	return x64_opt(e->x64, OPT_FAST_MEMORY);
}

/* --- sites --- */

static unsigned put_dirty(struct emit *e, void *at)
{
	struct vfp_dirty dirty[MAX_DIRTY];
	unsigned count = 0;

	xmm_dirty(e, dirty);
	while (count < MAX_DIRTY && dirty[count].bytes)
		count++;
	memcpy(at, dirty, count * sizeof(dirty[0]));
	return count;
}

/* One with what is rare. */
static __attribute__((noinline)) void note_rare(struct emit *e, struct x64_site_state *state)
{
	if (e->swaps)
		state->more |= STATE_SWAPPED;
	if (e->it) {
		state->more |= STATE_IT;
		*e->word++ = e->it;
		e->noted = e->noted_complete = NOTED_NOT;
	}
	if (e->xmm.dirty) {
		unsigned dirty = put_dirty(e, e->word);

		static_assert(MAX_DIRTY <= STATE_DIRTY, "their number has bits enough");
		state->more |= (uint8_t)dirty;
		e->word += (dirty + 1) / 2;
		e->noted = e->noted_complete = NOTED_NOT;
	}
}

uint32_t site_note_new(struct emit *e, uint64_t word)
{
	const struct flag_state *f = &e->flags;
	bool recipes = !state_complete(word) && (f->nz.kind | f->c.kind | f->v.kind) != RECIPE_NONE;
	struct x64_site_state *state = (struct x64_site_state *)(void *)e->word;

	static_assert(sizeof(*f) - offsetof(struct flag_state, nz) == 24, "recipes are its end");
	if (word == e->noted && !(e->xmm.dirty | e->it)) {
		const struct x64_site_state *last = (const struct x64_site_state *)(const void *)(e->x64->words + e->state);

		if (recipes ? last->more & STATE_RECIPES && !memcmp(last + 1, &f->nz, 24) : !(last->more & STATE_RECIPES))
			return e->state;
	}
	e->state = (uint32_t)(e->word - e->x64->words);
	*e->word = word | (uint64_t)(e->word - e->words) << 48;
	e->word++;
	e->noted = word;
	e->noted_complete = state_complete(word) ? word : NOTED_NOT;
	if (recipes) {
		state->more = STATE_RECIPES;
		memcpy(e->word, &f->nz, 24);
		e->word += 3;
	}
	if (unlikely(e->swaps | e->xmm.dirty | e->it))
		note_rare(e, state);
	return e->state;
}

/* @op is the next member of the last site's access. */
static struct x64_member *member_add(struct emit *e, const struct ir_insn *op, uint32_t delta)
{
	static const uint8_t kinds[] = {
		[IR_LD] = SITE_LD, [IR_ST] = SITE_ST, [IR_LDF] = SITE_LDF, [IR_STF] = SITE_STF,
		[IR_LDREX] = SITE_LDREX, [IR_STREX] = SITE_STREX,
	};
	struct x64_member *member = (struct x64_member *)(void *)e->word;
	unsigned kind = kinds[op->op];

	*member = (struct x64_member){ .delta = (int16_t)delta, .mem = (uint8_t)op->mem, .kind = kind & 7 };
	member->wide = kind >= SITE_LDREX || (kind == SITE_ST && op->b == IR_IMM);
	if (member->wide)
		*wide_of(member) = (struct x64_wide){ .imm = op->imm };
	if (kind == SITE_LDF)
		member->vfp = (uint8_t)op->dst;
	else if (kind == SITE_STF)
		member->vfp = (uint8_t)op->b;
	e->word += 1 + member->wide;
	return member;
}

/* The access of the current op alone, whatever it is. */
static struct x64_access *site_of_op(struct emit *e, unsigned address, uint32_t delta, bool raw)
{
	struct x64_access *access = site_add(e, 1, address, delta, raw);

	member_add(e, e->op, 0);
	return access;
}

static struct cold *cold_slow(struct emit *e)
{
	struct cold *cold = cold_add(e, COLD_SLOW);

	cold->site = (uint16_t)site_index(e);
	return cold;
}

void emit_slow_jump(struct emit *e, unsigned site)
{
	enc_push_imm(&e->enc, (int32_t)(e->sites + site - e->x64->sites));
	enc_jmp_to(&e->enc, e->xmm.used ? e->x64->stubs.slow_xmm : e->x64->stubs.slow);
}

/* --- addresses --- */

/* The address of the access, @offset from the base, in a register that must not be changed. */
static unsigned address(struct emit *e, uint32_t offset)
{
	const struct ir_insn *op = e->op;
	struct opnd base;
	unsigned reg;
	bool shared;

	if (op->a == IR_IMM) {
		reg = scratch_alloc(e);
		enc_mov(&e->enc, W32, opnd_reg(reg), opnd_imm(op->imm + offset));
		return reg;
	}
	base = use_ref(e, op->a);
	if (offset == 0)
		return use_reg(e, base);
	if (base.kind == OPND_MEM) {
		reg = use_reg(e, base);
		enc_lea(&e->enc, W32, reg, opnd_mem(reg, (int32_t)offset));
		return reg;
	}
	/* A base that is not needed any more makes room. (b of an STF is a VFP register.) */
	shared = op->op != IR_STF && (op->a == op->b || op->a == op->c);
	if (tmp_ends(e, op->a) && !shared)
		reg = base.reg;
	else
		reg = scratch_alloc(e);
	enc_lea(&e->enc, W32, reg, opnd_mem(base.reg, (int32_t)offset));
	if (reg != base.reg && !shared)
		release(e, base);
	return reg;
}

/* addend = table[address >> 12], or to @slow when it is 0. LDRT and STRT of privileged code look into the user's table. */
static void look_up(struct emit *e, unsigned addend, unsigned addr, bool load, struct cold *slow)
{
	int32_t offset = load ? SPACE_READ_OFFSET : (int32_t)SPACE_WRITE_OFFSET;
	struct enc *enc = &e->enc;

	enc_mov(enc, W32, opnd_reg(addend), opnd_reg(addr));
	if (unlikely(e->op->mem & ACCESS_USER && e->ir->key & KEY_PRIV)) {
		enc_shift(enc, HOST_SHR, W32, opnd_reg(addend), GUEST_PAGE_BITS);
		enc_shift(enc, HOST_SHL, W32, opnd_reg(addend), 3);
		enc_alu(enc, ALU_ADD, W64, opnd_reg(addend), CPU_OPND(user_space));
		enc_mov(enc, W64, opnd_reg(addend), opnd_mem(addend, offset));
		enc_test(enc, W64, opnd_reg(addend), opnd_reg(addend));
	} else {
		enc_look_up(enc, addend, GUEST_PAGE_BITS, offset);
	}
	cold_jcc(e, slow, CC_E);
}

/* Misaligned accesses leave the line: to the slow path, or to a finer check that lets those inside a page come back. */
static void check_alignment(struct emit *e, unsigned addr, unsigned spare, struct cold *slow)
{
	unsigned log2 = size_log2(e->op);
	uint32_t natural = (1u << log2) - 1, mask = align_mask(e, e->op);
	struct cold *unaligned;

	if (!natural)
		return;
	enc_test(&e->enc, W8, opnd_reg(addr), opnd_imm(natural));
	if (mask == natural) {
		cold_jcc(e, slow, CC_NE);
		return;
	}
	unaligned = cold_add(e, COLD_UNALIGNED);
	unaligned->size = (uint8_t)log2;
	unaligned->reg = (uint8_t)addr;
	unaligned->word_aligned = mask == 3;
	unaligned->spare = (uint8_t)spare;
	unaligned->slow = (uint16_t)(slow - e->cold);
	cold_jcc(e, unaligned, CC_NE);
	unaligned->back = enc_here(&e->enc);
}

/* --- the access itself --- */

/* @mem is in the window behind a register. */
static bool is_indexed(const struct emit *e, struct opnd mem)
{
	return mem.reg == R15 && mem.index != OPND_NO_INDEX && !mem.scale && !enc_fits8(mem.disp) && !(e->op->mem & ACCESS_BE) && size_log2(e->op) < 3;
}

/* @mem is a base and an index, to be accessed in one of enc_indexed()'s forms. */
static bool is_two_registers(const struct emit *e, struct opnd mem)
{
	return mem.index != OPND_NO_INDEX && !mem.scale && !mem.disp && !(e->op->mem & ACCESS_BE) && size_log2(e->op) < 3;
}

static void load_from(struct emit *e, unsigned dst, struct opnd mem)
{
	struct enc *enc = &e->enc;
	unsigned log2 = size_log2(e->op);
	bool is_signed = e->op->mem & ACCESS_SIGNED, big = e->op->mem & ACCESS_BE;

	if (likely(is_indexed(e, mem))) {
		enc_window(enc, ENC_WINDOW_LOAD | (is_signed ? ENC_WINDOW_SIGNED : 0) | log2, dst, mem.index, mem.disp);
		return;
	}
	if (likely(is_two_registers(e, mem))) {
		enc_indexed(enc, ENC_WINDOW_LOAD | (is_signed ? ENC_WINDOW_SIGNED : 0) | log2, dst, mem.reg, mem.index);
		return;
	}
	switch (log2) {
	case 0:
		if (is_signed)
			enc_movsx(enc, W32, W8, dst, mem);
		else
			enc_movzx(enc, W8, dst, mem);
		return;
	case 1:
		if (!big && is_signed) {
			enc_movsx(enc, W32, W16, dst, mem);
			return;
		}
		enc_movzx(enc, W16, dst, mem);
		if (big) {
			enc_bswap(enc, W32, dst);
			enc_shift(enc, is_signed ? HOST_SAR : HOST_SHR, W32, opnd_reg(dst), 16);
		}
		return;
	default:
		enc_mov(enc, log2 == 3 ? W64 : W32, opnd_reg(dst), mem);
		if (big)
			enc_bswap(enc, log2 == 3 ? W64 : W32, dst);
		return;
	}
}

/* The value to store in a register or an immediate, bytes in guest order. @addr: holds the address, perhaps the value too. */
static struct opnd store_value(struct emit *e, unsigned addr)
{
	const struct ir_insn *op = e->op;
	struct enc *enc = &e->enc;
	unsigned log2 = size_log2(op), reg;
	struct opnd value, vfp;

	if (op->op == IR_STF) {
		vfp = log2 == 3 ? CPU_OPND(vfp.d[0]) : CPU_OPND(vfp.s[0]);
		vfp.disp += (int32_t)(op->b << log2);
		xmm_flush_part(e, (unsigned)op->b << log2, 1u << log2);
		reg = scratch_alloc(e);
		enc_mov(enc, log2 == 3 ? W64 : W32, opnd_reg(reg), vfp);
	} else {
		value = use_ref(e, op->b);
		if (!(op->mem & ACCESS_BE) || log2 == 0)
			return use_not_mem(e, value);
		reg = scratch_alloc(e);
		move(e, opnd_reg(reg), value);
		if (!opnd_is_reg(value, addr))
			release(e, value);
	}
	if (op->mem & ACCESS_BE && log2) {
		enc_bswap(enc, log2 == 3 ? W64 : W32, reg);
		if (log2 == 1)
			enc_shift(enc, HOST_SHR, W32, opnd_reg(reg), 16);
	}
	return opnd_reg(reg);
}

static void store_to(struct emit *e, struct opnd mem, struct opnd value)
{
	unsigned log2 = size_log2(e->op);

	if (likely(value.kind == OPND_REG && is_indexed(e, mem)))
		enc_window(&e->enc, ENC_WINDOW_STORE | log2, value.reg, mem.index, mem.disp);
	else if (likely(value.kind == OPND_REG && is_two_registers(e, mem)))
		enc_indexed(&e->enc, ENC_WINDOW_STORE | log2, value.reg, mem.reg, mem.index);
	else
		enc_mov(&e->enc, (enum width)log2, mem, value);
}

/* What is loaded is in scratch @reg: on to a guest register in memory, a temporary or a VFP register. */
static void load_done(struct emit *e, unsigned reg)
{
	const struct ir_insn *op = e->op;
	unsigned log2 = size_log2(op);

	if (op->op == IR_LDF) {
		struct opnd vfp = log2 == 3 ? CPU_OPND(vfp.d[0]) : CPU_OPND(vfp.s[0]);

		vfp.disp += (int32_t)(op->dst << log2);
		xmm_flush_part(e, (unsigned)op->dst << log2, 1u << log2);
		enc_mov(&e->enc, log2 == 3 ? W64 : W32, vfp, opnd_reg(reg));
		if (op->group)
			xmm_vfp_written(e, (unsigned)op->dst << log2, 1u << log2);
		else
			xmm_loaded(e, (unsigned)op->dst << log2, 1u << log2, reg);
		return;
	}
	if (IR_IS_TMP(op->dst) || copies_here(e))
		def_in(e, op->dst, reg);
	else
		move(e, def_ref(e, op->dst), opnd_reg(reg));
	def_done(e, op->dst);
}

/* --- VFP registers in xmm registers --- */

/* The current op loads into an xmm register: nothing else has the value until it is needed elsewhere. */
static bool loads_xmm(const struct emit *e)
{
	return e->op->op == IR_LDF && !(e->op->mem & ACCESS_BE) && xmm_lazy(e);
}

/* The xmm register that the current op can store, or HOST_REG_NONE. */
static unsigned stored_xmm(struct emit *e)
{
	unsigned log2 = size_log2(e->op);

	return e->op->op == IR_STF && !(e->op->mem & ACCESS_BE) ? xmm_find(e, (unsigned)e->op->b << log2, 1u << log2) : HOST_REG_NONE;
}

static void took_xmm(struct emit *e, unsigned xmm)
{
	unsigned log2 = size_log2(e->op);

	xmm_took(e, xmm, (unsigned)e->op->dst << log2, 1u << log2);
}

/* --- one access --- */

/* Jumps to the slow stub in line. */
static void slow_in_line(struct emit *e, struct x64_access *access)
{
	emit_slow_jump(e, site_index(e));
	site_resume_here(e, access);
}

/* --- windows --- */

static bool in_window(const struct emit *e, const struct ir_insn *op)
{
	return e->ir->key & KEY_WINDOW && e->x64->windows && in_line(e, op) && !(op->mem & (ACCESS_BE | ACCESS_USER)) && !x64_demoted(e->x64, e->pc);
}

/* A place in the window: host memory, and the same for the slow path. */
struct raw {
	struct opnd mem;
	uint32_t delta;
	unsigned reg; /* of the base, or HOST_REG_NONE */
};

static struct raw raw_at(unsigned reg, uint32_t offset)
{
	return (struct raw){
		.mem = opnd_sib(R15, reg, 0, (int32_t)(SPACE_WINDOW_OFFSET + offset)),
		.delta = offset, .reg = reg,
	};
}

/* Where the access of e->op goes, whose address must be a multiple of @mask + 1: then the base is when the offset is. */
static struct raw raw_place(struct emit *e, uint32_t offset, uint32_t mask)
{
	const struct ir_insn *op = e->op;
	uint32_t va = op->imm + offset;

	if (op->a == IR_IMM && va <= INT32_MAX - SPACE_WINDOW_OFFSET && !(va & mask))
		return (struct raw){ .mem = opnd_mem(R15, (int32_t)(SPACE_WINDOW_OFFSET + va)), .delta = va, .reg = HOST_REG_NONE };
	if (op->a == IR_IMM || offset + RAW_OFFSET_MAX > 2 * RAW_OFFSET_MAX || offset & mask)
		return raw_at(address(e, offset), 0);
	return raw_at(use_reg(e, use_ref(e, op->a)), offset);
}

/* The bits of @mask that must be tested in the base of e->op. */
static uint32_t unknown_bits(const struct emit *e, uint32_t offset, uint32_t mask)
{
	bool known = IR_IS_REG(e->op->a) && e->aligned >> e->op->a & 1 && !(offset & mask);

	return known ? mask & ~3u : mask;
}

/* EFLAGS were kept for a test of the base's low bits; @offset is what is added to it. */
static void raw_check(struct emit *e, const struct raw *raw, uint32_t offset, uint32_t mask)
{
	if (raw->reg == HOST_REG_NONE)
		return;
	enc_test(&e->enc, W8, opnd_reg(raw->reg), opnd_imm(mask));
	cold_jcc(e, cold_slow(e), CC_NE);
	if (IR_IS_REG(e->op->a) && (mask & 3) == 3 && !(offset & 3))
		e->aligned |= (uint16_t)(1u << e->op->a);
}

/* The next instruction is the last site's access to the window, or the first of its group. */
static void raw_mark(struct emit *e)
{
	e->site[-1].code = offset_here(e);
}

/* One access in the window up to the access itself: what its site says of it. */
static struct x64_access *raw_begin(struct emit *e, struct raw *raw)
{
	uint32_t mask = unknown_bits(e, e->op->imm2, align_mask(e, e->op));
	struct x64_access *access;

	if (mask)
		flags_clobber(e);
	*raw = raw_place(e, e->op->imm2, mask);
	access = site_of_op(e, raw->reg, raw->delta, true);
	if (mask) {
		raw_check(e, raw, e->op->imm2, mask);
		flags_lost(e);
	}
	site_noted(e, true);
	return access;
}

static void emit_load_raw(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct x64_access *access;
	struct raw raw;
	unsigned to;

	access = raw_begin(e, &raw);
	if (loads_xmm(e)) {
		to = xmm_take(e);
		members_of(access)->value = (struct site_place){ PLACE_XMM, (uint8_t)to };
		raw_mark(e);
		xmm_move(e, false, 1u << size_log2(op), to, raw.mem);
		site_resume_here(e, access);
		took_xmm(e, to);
		return;
	}
	if (op->op == IR_LD && home_reg(e, op->dst) != HOST_REG_NONE)
		to = home_reg(e, op->dst);
	else if (raw.reg != HOST_REG_NONE && is_scratch(raw.reg) && (e->owner[raw.reg] == IR_NONE || tmp_ends(e, e->owner[raw.reg])))
		to = raw.reg;
	else
		to = scratch_alloc(e);
	members_of(access)->value = (struct site_place){ PLACE_HOST, (uint8_t)to };
	raw_mark(e);
	load_from(e, to, raw.mem);
	site_resume_here(e, access);
	if (is_scratch(to))
		load_done(e, to);
	else
		def_done(e, op->dst);
}

static void emit_store_raw(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct x64_access *access;
	struct opnd value;
	struct raw raw;
	unsigned xmm;

	access = raw_begin(e, &raw);
	xmm = stored_xmm(e);
	if (xmm != HOST_REG_NONE) {
		raw_mark(e);
		xmm_move(e, true, 1u << size_log2(op), xmm, raw.mem);
		site_resume_here(e, access);
		return;
	}
	value = store_value(e, raw.reg);
	if (op->op == IR_ST)
		members_of(access)->value = place_of(e, value, op->b);
	raw_mark(e);
	store_to(e, raw.mem, value);
	site_resume_here(e, access);
}

/* An access by the tables that asks for nothing unusual: what emit_load() and emit_store() do with it, in the same order. */
static void emit_plain(struct emit *e)
{
	const struct ir_insn *op = e->op;
	bool load = op->op == IR_LD;
	unsigned addr, reg, addend, form = op->mem | (load ? ENC_WINDOW_LOAD : ENC_WINDOW_STORE);
	struct x64_access *access;
	struct x64_member *member;
	struct cold *slow;

	flags_clobber(e);
	addr = address(e, op->imm2);
	reg = load ? home_reg(e, op->dst) : use_reg(e, use_ref(e, op->b));
	addend = scratch_alloc(e);
	if (reg == HOST_REG_NONE)
		reg = addend;
	access = site_add(e, 1, addr, 0, false);
	member = members_of(access);
	*member = (struct x64_member){ .mem = (uint8_t)op->mem, .kind = (load ? SITE_LD : SITE_ST) & 1, .value = { PLACE_HOST, (uint8_t)reg } };
	e->word++;
	site_noted(e, false);
	slow = cold_slow(e);
	check_alignment(e, addr, addend, slow);
	look_up(e, addend, addr, load, slow);
	enc_indexed(&e->enc, form, reg, addr, addend);
	site_resume_here(e, access);
	flags_lost(e);
	if (load && reg == addend)
		load_done(e, reg);
	else if (load)
		def_done(e, op->dst);
}

static void emit_load(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct x64_access *access;
	unsigned addr, to, addend;
	bool xmm = loads_xmm(e);
	struct cold *slow;

	if (in_window(e, op)) {
		emit_load_raw(e);
		return;
	}
	flags_clobber(e);
	addr = address(e, op->imm2);
	addend = scratch_alloc(e);
	to = xmm ? xmm_take(e) : op->op == IR_LD && home_reg(e, op->dst) != HOST_REG_NONE ? home_reg(e, op->dst) : addend;
	access = site_of_op(e, addr, 0, false);
	site_noted(e, false);
	members_of(access)->value = (struct site_place){ xmm ? PLACE_XMM : PLACE_HOST, (uint8_t)to };
	if (in_line(e, op)) {
		slow = cold_slow(e);
		check_alignment(e, addr, addend, slow);
		look_up(e, addend, addr, true, slow);
		if (xmm)
			xmm_move(e, false, 1u << size_log2(op), to, opnd_sib(addr, addend, 0, 0));
		else
			load_from(e, to, opnd_sib(addr, addend, 0, 0));
		site_resume_here(e, access);
	} else {
		slow_in_line(e, access);
	}
	flags_lost(e);
	if (xmm)
		took_xmm(e, to);
	else if (to == addend)
		load_done(e, to);
	else
		def_done(e, op->dst);
}

static void emit_store(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct x64_access *access;
	struct site_place *place;
	struct opnd value;
	unsigned addr, addend, xmm;
	struct cold *slow;
	bool swapped = op->mem & ACCESS_BE && size_log2(op);

	if (in_window(e, op)) {
		emit_store_raw(e);
		return;
	}
	flags_clobber(e);
	addr = address(e, op->imm2);
	access = site_of_op(e, addr, 0, false);
	site_noted(e, false);
	place = &members_of(access)->value;
	if (swapped && op->op == IR_ST)
		*place = place_of(e, use_ref(e, op->b), op->b);
	if (!in_line(e, op)) {
		if (op->op == IR_ST)
			*place = place_of(e, use_ref(e, op->b), op->b);
		slow_in_line(e, access);
		flags_lost(e);
		return;
	}
	xmm = stored_xmm(e);
	value = xmm == HOST_REG_NONE ? store_value(e, addr) : opnd_imm(0);
	if (!swapped && op->op == IR_ST)
		*place = place_of(e, value, op->b);
	addend = scratch_alloc(e);
	/* Allocation may have moved a value that is stored byte-swapped to memory. */
	if (swapped && op->op == IR_ST)
		*place = place_of(e, use_ref(e, op->b), op->b);
	slow = cold_slow(e);
	check_alignment(e, addr, addend, slow);
	look_up(e, addend, addr, false, slow);
	if (xmm == HOST_REG_NONE)
		store_to(e, opnd_sib(addr, addend, 0, 0), value);
	else
		xmm_move(e, true, 1u << size_log2(op), xmm, opnd_sib(addr, addend, 0, 0));
	site_resume_here(e, access);
	flags_lost(e);
}

/* --- groups --- */

struct group {
	unsigned head, count;
	uint32_t low, span; /* lowest offset; bytes to past the highest */
	uint32_t mask;      /* address bits of the lowest that must be 0 */
	bool xmm;           /* loads into xmm registers, of which there are enough */
};

/* False: the members' alignment rules do not come down to one test. */
static bool group_measure(struct emit *e, struct group *g)
{
	const struct ir_insn *ops = &e->ir->ops[e->i];
	int64_t low = INT32_MAX, high = INT32_MIN;

	g->head = e->i;
	g->count = ops[0].group;
	g->mask = 0;
	for (unsigned k = 0; k < g->count; k++) {
		int32_t offset = (int32_t)ops[k].imm2;

		low = MIN(low, offset);
		high = MAX(high, (int64_t)offset + (1 << size_log2(&ops[k])));
		if (!in_line(e, &ops[k]))
			return false;
	}
	g->low = (uint32_t)low;
	g->span = (uint32_t)(high - low);
	for (unsigned k = 0; k < g->count; k++) {
		uint32_t mask = align_mask(e, &ops[k]);

		if ((ops[k].imm2 - g->low) & mask)
			return false;
		g->mask |= mask;
	}
	return g->span <= GUEST_PAGE_SIZE / 2;
}

static struct x64_access *group_access(struct emit *e, const struct group *g, unsigned addr, uint32_t delta, bool raw)
{
	struct x64_access *access = site_add(e, g->count, addr, delta, raw);

	for (unsigned k = 0; k < g->count; k++) {
		const struct ir_insn *op = &e->ir->ops[g->head + k];
		struct x64_member *member = member_add(e, op, op->imm2 - g->low);

		if (op->op == IR_ST) {
			e->op = op;
			member->value = place_of(e, use_ref(e, op->b), op->b);
		}
	}
	e->op = &e->ir->ops[g->head];
	return access;
}

/* The check: leaves the host address of the lowest byte in the register returned. */
static unsigned group_check(struct emit *e, const struct group *g, unsigned addr, struct cold *slow)
{
	struct enc *enc = &e->enc;
	unsigned pointer = scratch_alloc(e);

	if (g->mask) {
		enc_test(enc, W8, opnd_reg(addr), opnd_imm(g->mask));
		cold_jcc(e, slow, CC_NE);
	}
	/* first and last byte in the same page */
	enc_lea(enc, W32, pointer, opnd_mem(addr, (int32_t)(g->span - 1)));
	enc_alu(enc, ALU_XOR, W32, opnd_reg(pointer), opnd_reg(addr));
	enc_test(enc, W32, opnd_reg(pointer), opnd_imm(~GUEST_PAGE_MASK));
	cold_jcc(e, slow, CC_NE);
	look_up(e, pointer, addr, is_load(e->op), slow);
	enc_alu(enc, ALU_ADD, W64, opnd_reg(pointer), opnd_reg(addr));
	return pointer;
}

/* The current member and the next are the halves of a Q register. */
static bool quad_member(const struct emit *e, const struct group *g)
{
	const struct ir_insn *op = e->op;
	ir_ref reg = op->op == IR_LDF ? op->dst : op->b, next;

	if ((op->op != IR_LDF && op->op != IR_STF) || e->i + 1 >= g->head + g->count || op[1].op != op->op || op->mem != op[1].mem || size_log2(op) != 3 ||
	    op->mem & ACCESS_BE || op[1].imm2 != op->imm2 + 8)
		return false;
	next = op->op == IR_LDF ? op[1].dst : op[1].b;
	return !(reg & 1) && next == reg + 1;
}

/* Whether the Q register of @reg and the next, just loaded, is used as one soon. */
static bool quad_wanted(const struct emit *e, unsigned reg)
{
	unsigned end = MIN(e->i + 40u, e->ir->count);

	for (unsigned i = e->i + 2; i < end; i++) {
		const struct ir_insn *op = &e->ir->ops[i];
		unsigned used[3] = { SIMD_VD(op->imm2), SIMD_VN(op->imm2), SIMD_VM(op->imm2) };

		if (op->op == IR_STF && (op->b & ~1u) == reg)
			return (op->mem & ACCESS_SIZE_MASK) == 3;
		if (op->op == IR_LABEL || op->op == IR_CALL || op->op == IR_EXIT)
			return false;
		if (op->op != IR_SIMD)
			continue;
		for (unsigned k = 0; k < ARRAY_SIZE(used); k++) {
			unsigned d = op->imm < SIMD_VMOV && !(op->imm & 1) ? used[k] / 2 : used[k];

			if ((d & ~1u) == reg)
				return op->imm >= SIMD_VMOV && op->imm2 & SIMD_Q;
		}
	}
	return false;
}

/* Returns how many members were done. */
static unsigned group_member(struct emit *e, const struct group *g, struct opnd mem, struct x64_member *member, bool first_raw)
{
	const struct ir_insn *op = e->op;
	bool home = op->op == IR_LD && home_reg(e, op->dst) != HOST_REG_NONE, quad = quad_member(e, g);
	unsigned bytes = 1u << size_log2(op), to;
	struct opnd value;

	if (!is_load(op)) {
		to = quad ? xmm_find(e, 8u * op->b, 16) : HOST_REG_NONE;
		quad = to != HOST_REG_NONE;
		if (!quad)
			to = stored_xmm(e);
		value = to == HOST_REG_NONE ? store_value(e, HOST_REG_NONE) : opnd_imm(0);
		if (first_raw)
			raw_mark(e);
		if (to == HOST_REG_NONE)
			store_to(e, mem, value);
		else
			xmm_move(e, true, quad ? 16 : bytes, to, mem);
		return 1 + quad;
	}
	if (g->xmm && loads_xmm(e)) {
		quad = quad && quad_wanted(e, op->dst);
		to = xmm_take(e);
		member->value = (struct site_place){ PLACE_XMM, (uint8_t)to };
		if (quad)
			member[1].value = (struct site_place){ PLACE_XMM, (uint8_t)(to | PLACE_XMM_HIGH) };
		if (first_raw)
			raw_mark(e);
		xmm_move(e, false, quad ? 16 : bytes, to, mem);
		xmm_took(e, to, op->dst * bytes, quad ? 16 : bytes);
		return 1 + quad;
	}
	to = home ? home_reg(e, op->dst) : scratch_alloc(e);
	if (first_raw)
		raw_mark(e);
	load_from(e, to, mem);
	if (home)
		def_done(e, op->dst);
	else
		load_done(e, to);
	return 1;
}

/* Where each loaded value is after the group: only now is that known for temporaries. */
static void group_places(struct emit *e, const struct group *g, struct x64_access *access)
{
	struct x64_member *member = members_of(access);

	for (unsigned k = 0; k < g->count; k++, member = member_next(member)) {
		const struct ir_insn *op = &e->ir->ops[g->head + k];
		struct site_place *place = &member->value;

		if (op->op != IR_LD)
			continue;
		if (home_reg(e, op->dst) != HOST_REG_NONE)
			*place = (struct site_place){ PLACE_HOST, (uint8_t)home_reg(e, op->dst) };
		else if (IR_IS_REG(op->dst))
			*place = (struct site_place){ PLACE_GUEST, (uint8_t)op->dst };
		else if (e->tmps[op->dst - IR_TMP0].reg != HOST_REG_NONE)
			*place = (struct site_place){ PLACE_HOST, e->tmps[op->dst - IR_TMP0].reg };
		else if (e->tmps[op->dst - IR_TMP0].slot != NO_SLOT)
			*place = (struct site_place){ PLACE_TMP, e->tmps[op->dst - IR_TMP0].slot };
	}
}

/*
 * In the window each member is an access of its own. When one faults, the slow path does all from the first on: what was done already was done to
 * memory, and can be done again.
 */
static struct opnd group_window(struct emit *e, const struct group *g, struct x64_access **access, unsigned *pointer)
{
	uint32_t mask = unknown_bits(e, g->low, g->mask);
	struct raw raw;

	if (mask)
		flags_clobber(e);
	tmps_flush(e);
	raw = raw_place(e, g->low, mask);
	*pointer = raw.reg;
	*access = group_access(e, g, raw.reg, raw.delta, true);
	if (mask) {
		raw_check(e, &raw, g->low, mask);
		flags_lost(e);
	}
	site_noted(e, true);
	return raw.mem;
}

/*
 * What a group loads into xmm registers must not push out others that hold the only copy: the list of those, which the slow path stores from, is made
 * before.
 */
static void group_xmm(struct emit *e, struct group *g)
{
	unsigned loads = 0;

	for (unsigned k = 0; k < g->count; k++)
		loads += e->ir->ops[g->head + k].op == IR_LDF;
	g->xmm = loads && loads <= 8;
	if (loads)
		xmm_flush(e);
}

static void emit_group(struct emit *e, struct group *g)
{
	bool window = in_window(e, e->op);
	struct x64_access *access;
	struct x64_member *member;
	unsigned addr, pointer;
	struct opnd mem;

	group_xmm(e, g);
	if (window) {
		mem = group_window(e, g, &access, &pointer);
	} else {
		flags_clobber(e);
		tmps_flush(e);
		addr = address(e, g->low);
		access = group_access(e, g, addr, 0, false);
		site_noted(e, false);
		pointer = group_check(e, g, addr, cold_slow(e));
		mem = opnd_mem(pointer, 0);
		flags_lost(e);
	}
	member = members_of(access);
	for (unsigned k = 0, done; k < g->count; k += done) {
		struct opnd at = mem;

		e->i = g->head + k;
		e->op = &e->ir->ops[e->i];
		e->pinned = pointer < SCRATCH_COUNT ? (uint8_t)(1u << pointer) : 0;
		at.disp += (int32_t)(e->op->imm2 - g->low);
		done = group_member(e, g, at, member, window && !k);
		for (unsigned n = done; n; n--)
			member = member_next(member);
		tmps_end_op(e);
	}
	e->i = g->head + g->count - 1;
	e->op = &e->ir->ops[e->i];
	group_places(e, g, access);
	/* The slow path does the stores to temporaries' slots too: what is in a register is not saved yet. */
	site_resume_here(e, access);
}

void emit_any_access(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct group group;

	if (op->group && op->group != IR_GROUP_MEMBER && group_measure(e, &group))
		emit_group(e, &group);
	else if (!(op->mem & ~(ACCESS_SIZE_MASK | ACCESS_SIGNED)) && size_log2(op) < 3 && !(e->ir->key & (KEY_ALIGN | KEY_WINDOW)) && in_line(e, op) &&
	         (op->op == IR_LD || (op->op == IR_ST && op->b != IR_IMM)))
		emit_plain(e);
	else if (is_load(op))
		emit_load(e);
	else
		emit_store(e);
}

/* --- exclusives: words in line, all else by the slow path --- */

static struct site_place result_place(struct emit *e, ir_ref ref)
{
	return ref == IR_NONE ? (struct site_place){ PLACE_NONE, 0 } : place_of(e, def_ref(e, ref), ref);
}

static struct site_place source_place(struct emit *e, ir_ref ref)
{
	return ref == IR_NONE ? (struct site_place){ PLACE_NONE, 0 } : place_of(e, use_ref(e, ref), ref);
}

static void exclusive_slow(struct emit *e, struct x64_access *access)
{
	struct x64_member *member = members_of(access);
	struct x64_wide *wide = wide_of(member);
	const struct ir_insn *op = e->op;

	if (op->op == IR_LDREX) {
		member->value = result_place(e, op->dst);
		wide->second = result_place(e, op->dst2);
	} else {
		member->value = source_place(e, op->b);
		wide->second = source_place(e, op->c);
		wide->status = result_place(e, op->dst);
	}
	slow_in_line(e, access);
	flags_lost(e);
	def_done(e, op->dst);
	def_done(e, op->dst2);
}

/* The host address of an aligned access in @pointer, or the slow path. */
static void exclusive_pointer(struct emit *e, unsigned pointer, unsigned addr, struct cold *slow)
{
	enc_test(&e->enc, W8, opnd_reg(addr), opnd_imm(3));
	cold_jcc(e, slow, CC_NE);
	look_up(e, pointer, addr, is_load(e->op), slow);
	enc_alu(&e->enc, ALU_ADD, W64, opnd_reg(pointer), opnd_reg(addr));
}

static void load_exclusive(struct emit *e, struct x64_access *access, unsigned addr)
{
	struct enc *enc = &e->enc;
	unsigned home = home_reg(e, e->op->dst), pointer = scratch_alloc(e), to = home != HOST_REG_NONE ? home : pointer;

	members_of(access)->value = (struct site_place){ PLACE_HOST, (uint8_t)to };
	exclusive_pointer(e, pointer, addr, cold_slow(e));
	enc_mov(enc, W64, CPU_OPND(exclusive.place), opnd_reg(pointer));
	enc_mov(enc, W32, opnd_reg(to), opnd_mem(pointer, 0));
	enc_mov(enc, W32, CPU_OPND(exclusive.value), opnd_reg(to));
	site_resume_here(e, access);
	flags_lost(e);
	if (to == pointer)
		load_done(e, to);
	else
		def_done(e, e->op->dst);
}

static void store_exclusive(struct emit *e, struct x64_access *access, unsigned addr)
{
	struct enc *enc = &e->enc;
	unsigned pointer = scratch_alloc(e), value;
	struct cold *refused;
	struct opnd source;

	source = use_ref(e, e->op->b);
	members_of(access)->value = place_of(e, source, e->op->b);
	wide_of(members_of(access))->status = (struct site_place){ PLACE_HOST, RAX };
	exclusive_pointer(e, pointer, addr, cold_slow(e));
	if (is_scratch(addr))
		scratch_free(e, addr);
	value = use_reg(e, source);
	refused = cold_add(e, COLD_MONITOR);
	enc_alu(enc, ALU_CMP, W64, CPU_OPND(exclusive.place), opnd_reg(pointer));
	cold_jcc(e, refused, CC_NE);
	enc_mov(enc, W32, opnd_reg(RAX), CPU_OPND(exclusive.value));
	if (e->x64->smp) {
		enc_mov(enc, W64, CPU_OPND(exclusive.place), opnd_imm(0));
		enc_cmpxchg(enc, W32, opnd_mem(pointer, 0), value, true);
		enc_setcc(enc, CC_NE, opnd_reg(RAX));
		enc_movzx(enc, W8, RAX, opnd_reg(RAX));
	} else {
		/* Nobody else runs: comparing and storing is as good, and half as long. */
		enc_alu(enc, ALU_CMP, W32, opnd_mem(pointer, 0), opnd_reg(RAX));
		cold_jcc(e, refused, CC_NE);
		enc_mov(enc, W32, opnd_mem(pointer, 0), opnd_reg(value));
		enc_mov(enc, W64, CPU_OPND(exclusive.place), opnd_imm(0));
		enc_mov(enc, W32, opnd_reg(RAX), opnd_imm(0));
	}
	refused->back = enc_here(enc);
	site_resume_here(e, access);
	flags_lost(e);
	if (IR_IS_TMP(e->op->dst))
		def_in(e, e->op->dst, RAX);
	else
		move(e, def_ref(e, e->op->dst), opnd_reg(RAX));
	def_done(e, e->op->dst);
}

void emit_exclusive(struct emit *e)
{
	const struct ir_insn *op = e->op;
	bool word = size_log2(op) == 2 && !(op->mem & ACCESS_BE) && in_line(e, op);
	struct x64_access *access;
	unsigned addr;

	flags_clobber(e);
	tmps_flush(e);
	if (word && op->op == IR_STREX)
		scratch_take(e, RAX); /* what cmpxchg compares with */
	addr = address(e, op->imm2);
	access = site_of_op(e, addr, 0, false);
	site_noted(e, false);
	if (!word)
		exclusive_slow(e, access);
	else if (op->op == IR_LDREX)
		load_exclusive(e, access, addr);
	else
		store_exclusive(e, access, addr);
}
