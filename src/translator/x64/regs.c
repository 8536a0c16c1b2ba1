/*
 * regs.c - where values are: guest registers in their homes, temporaries in scratch registers or in cpu->tmp.
 *
 * An operand that an op asked for stays where it is until the op ends (its register is pinned). Nothing here touches EFLAGS.
 *
 * A scratch register that no temporary needs may hold the copy of a guest register whose home is in memory, where every result goes at once:
 * so a copy can be forgotten at any time, and faults and exits need not know of it. Only ops whose need of scratch registers allows it
 * work on copies (copies_here()); the others use memory.
 */
#include "base/base.h"
#include "translator/x64/emit.h"

#include <errno.h>

const uint8_t home_regs[16] = {
#define HOME(guest, host) [guest] = host,
#include "translator/x64/regs.def"
#undef HOME
	[15] = HOST_REG_NONE,
};

static const uint8_t scratch_regs[SCRATCH_COUNT] = { RAX, RCX, RDX };
static_assert(RAX == 0 && RCX == 1 && RDX == 2, "scratch registers are numbered as themselves");

#define HOME(guest, host) \
	[guest] = { .kind = host == HOST_REG_NONE ? OPND_MEM : OPND_REG, .reg = host == HOST_REG_NONE ? RBP : host, .index = OPND_NO_INDEX, \
	            .disp = host == HOST_REG_NONE ? (int32_t)(offsetof(struct cpu, r) + 4 * guest) - CPU_BIAS : 0 },
const struct opnd guest_opnds[15] = {
#include "translator/x64/regs.def"
};
#undef HOME

static struct tmp_state *tmp_of(struct emit *e, ir_ref ref)
{
	BUG_ON(!IR_IS_TMP(ref));
	return &e->tmps[ref - IR_TMP0];
}

static struct opnd slot_opnd(unsigned slot)
{
	return opnd_mem(RBP, (int32_t)(offsetof(struct cpu, tmp) + 4 * slot) - CPU_BIAS);
}

/* dst and b are VFP registers in these. */
static ir_ref core_dst(const struct ir_insn *op)
{
	return op->op == IR_LDF ? IR_NONE : op->dst;
}

static ir_ref core_b(const struct ir_insn *op)
{
	return op->op == IR_STF ? IR_NONE : op->b;
}

void scratch_forget_all(struct emit *e)
{
	for (unsigned i = 0; i < SCRATCH_COUNT; i++)
		e->owner[i] = IR_NONE;
	e->owned = e->tmp_regs = 0;
}

void tmps_begin(struct emit *e)
{
	for (unsigned i = 0; i < e->ir->tmps; i++) {
		struct tmp_state *tmp = &e->tmps[i];

		tmp->reg = HOST_REG_NONE;
		tmp->slot = NO_SLOT;
		tmp->saved = false;
	}
	scratch_forget_all(e);
	e->pinned = 0;
	e->copy_defs = 0;
	e->slots = 0;
}

/* Stores a temporary's register copy. */
static void save(struct emit *e, struct tmp_state *tmp)
{
	if (tmp->saved || tmp->reg == HOST_REG_NONE)
		return;
	if (tmp->slot == NO_SLOT) {
		unsigned slot = (unsigned)__builtin_ctzll(~e->slots);

		static_assert(CPU_TMP_SLOTS == 64, "slots are bits of a uint64_t");
		if (e->slots == ~0ull) {
			emit_fail(e, -ENOTSUP);
			return;
		}
		e->slots |= 1ull << slot;
		tmp->slot = (uint8_t)slot;
	}
	enc_mov(&e->enc, W32, slot_opnd(tmp->slot), opnd_reg(tmp->reg));
	tmp->saved = true;
}

/* Scratch @reg is temporary @ref, and the only one. */
static void own(struct emit *e, unsigned reg, ir_ref ref)
{
	e->owner[reg] = ref;
	e->owned |= (uint8_t)(1u << reg);
	e->tmp_regs |= (uint8_t)(1u << reg);
	tmp_of(e, ref)->reg = (uint8_t)reg;
}

/* @reg holds a copy of guest register @ref. */
static void own_copy(struct emit *e, unsigned reg, ir_ref ref)
{
	e->owner[reg] = ref;
	e->owned |= (uint8_t)(1u << reg);
}

static void disown(struct emit *e, unsigned reg)
{
	e->owner[reg] = IR_NONE;
	e->owned &= (uint8_t)~(1u << reg);
}

static void forget_reg(struct emit *e, unsigned reg)
{
	ir_ref ref = e->owner[reg];

	if (IR_IS_TMP(ref)) {
		tmp_of(e, ref)->reg = HOST_REG_NONE;
		e->tmp_regs &= (uint8_t)~(1u << reg);
	}
	disown(e, reg);
}

/* --- copies of guest registers --- */

static_assert((int32_t)offsetof(struct cpu, r) - CPU_BIAS >= INT8_MIN && (int32_t)(offsetof(struct cpu, r) + 4 * 15) - CPU_BIAS <= INT8_MAX && SCRATCH_COUNT <= 8,
              "[rbp + a signed byte], and no prefix");
/* @opcode 0x8b: mov @reg, @home; 0x89: mov @home, @reg. @reg is a scratch register, @home in struct cpu. */
static inline void move_copy(struct emit *e, unsigned opcode, unsigned reg, struct opnd home)
{
	enc_word(&e->enc, opcode | (0x45 | reg << 3) << 8 | (uint32_t)(uint8_t)home.disp << 16, 3);
}

#define LOOK_AHEAD 24 /* ops */

static bool in_memory(const struct emit *e, ir_ref ref)
{
	return IR_IS_REG(ref) && e->in_memory >> ref & 1;
}

unsigned copy_of(const struct emit *e, ir_ref ref)
{
	unsigned reg = 0;

	while (reg < SCRATCH_COUNT && e->owner[reg] != ref)
		reg++;
	return reg;
}

static inline __attribute__((always_inline)) unsigned find_use(const struct emit *e, ir_ref ref, bool calls)
{
	const struct ir_insn *first = &e->ir->ops[e->i], *end = &e->ir->ops[MIN(e->i + 1 + LOOK_AHEAD, (unsigned)e->ir->count)];
	/* dst, dst2, a, b and c at once, and whether it is a label, whose condition is 0. What else the eight halfwords are is masked out. */
	const __m128i wanted = _mm_insert_epi16(_mm_set1_epi16((short)ref), IR_LABEL, 0);

	const struct ir_insn *op = first + 1;

	static_assert(offsetof(struct ir_insn, dst) == 4 && offsetof(struct ir_insn, c) == 12, "operands are five halfwords, behind two");
	/* By twos as far as there is nothing. */
	if (!calls)
		while (op < end - 1 && !(_mm_movemask_epi8(_mm_or_si128(halfwords_like(op, wanted), halfwords_like(op + 1, wanted))) & 0x3ff3))
			op += 2;
	for (; op < end; op++) {
		unsigned found = (unsigned)_mm_movemask_epi8(halfwords_like(op, wanted));

		if (likely(!(found & 0x3ff3))) {
			if (calls && op->op == IR_CALL)
				return 0;
			continue;
		}
		if (op->op == IR_LABEL) {
			if (e->labels[op->imm].seen)
				return 0;
			continue;
		}
		if (op->a == ref || core_b(op) == ref || op->c == ref)
			return (unsigned)(op - first);
		if (core_dst(op) == ref || op->dst2 == ref || op->op == IR_CALL)
			return 0;
	}
	return 0;
}

/* How many ops from here @ref is read before copies are lost or it is written; 0: not soon. */
static unsigned next_use(const struct emit *e, ir_ref ref)
{
	return unlikely(e->ir->facts.calls) ? find_use(e, ref, true) : find_use(e, ref, false);
}

/* A scratch register for a copy of @ref that is worth one, or SCRATCH_COUNT. Temporaries stay where they are. */
static unsigned copy_alloc(struct emit *e, ir_ref ref)
{
	unsigned use = next_use(e, ref), best = SCRATCH_COUNT, latest = use;

	if (!use)
		return SCRATCH_COUNT;
	/* eax last: flags and accesses want it. */
	for (unsigned reg = SCRATCH_COUNT; reg-- > 0;) {
		unsigned next;

		if (e->pinned >> reg & 1 || IR_IS_TMP(e->owner[reg]))
			continue;
		next = e->owner[reg] == IR_NONE ? LOOK_AHEAD + 1 : next_use(e, e->owner[reg]);
		if (!next)
			next = LOOK_AHEAD + 1;
		if (next > latest) {
			best = reg;
			latest = next;
		}
	}
	if (best == SCRATCH_COUNT)
		return best;
	e->pinned |= (uint8_t)(1u << best);
	own_copy(e, best, ref);
	return best;
}

static void copy_drop(struct emit *e, ir_ref ref)
{
	unsigned reg = copy_of(e, ref);

	if (reg < SCRATCH_COUNT)
		disown(e, reg);
}

/* Two scratch registers stay for what the op itself needs. */
static bool few_pinned(const struct emit *e)
{
	return !(e->pinned & (e->pinned - 1));
}

static __attribute__((noinline)) struct opnd use_copy(struct emit *e, ir_ref ref)
{
	unsigned reg = copy_of(e, ref);

	if (reg < SCRATCH_COUNT) {
		e->pinned |= (uint8_t)(1u << reg);
		return opnd_reg(reg);
	}
	if (!few_pinned(e))
		return e->homes[ref];
	reg = copy_alloc(e, ref);
	if (reg == SCRATCH_COUNT)
		return e->homes[ref];
	move_copy(e, 0x8b, reg, e->homes[ref]);
	return opnd_reg(reg);
}

static __attribute__((noinline)) struct opnd def_copy(struct emit *e, ir_ref ref)
{
	unsigned reg = copy_of(e, ref);

	if (reg == SCRATCH_COUNT)
		reg = copy_alloc(e, ref);
	if (reg == SCRATCH_COUNT)
		return e->homes[ref];
	e->pinned |= (uint8_t)(1u << reg);
	e->copy_defs |= (uint16_t)(1u << ref);
	return opnd_reg(reg);
}

/* The result of the current op is in place: memory gets it, or has got it. */
static inline void guest_done(struct emit *e, ir_ref ref)
{
	if (e->copy_defs >> ref & 1) {
		move_copy(e, 0x89, copy_of(e, ref), e->homes[ref]);
		e->copy_defs &= (uint16_t)~(1u << ref);
	} else {
		copy_drop(e, ref);
	}
}

/* --- scratch registers --- */

static void evict(struct emit *e, unsigned reg)
{
	ir_ref ref = e->owner[reg];

	if (IR_IS_TMP(ref))
		save(e, tmp_of(e, ref));
	forget_reg(e, reg);
}

#ifdef DBTVM_RANDOM_RA
static unsigned first_candidate(struct emit *e)
{
	e->random = e->random * 1664525u + 1013904223u;
	return (e->random >> 16) % SCRATCH_COUNT;
}
#else
static unsigned first_candidate(struct emit *e)
{
	return 0;
}
#endif

/* How much a register's content is missed: the higher, the less. Copies cost nothing to give up. */
static unsigned give_up(const struct emit *e, ir_ref ref)
{
	unsigned next;

	if (IR_IS_TMP(ref))
		return e->tmps[ref - IR_TMP0].last;
	next = next_use(e, ref);
	return UINT16_MAX + (next ? next : LOOK_AHEAD + 1);
}

/* All that are not in use hold something: the one that is missed least. */
static __attribute__((noinline)) unsigned scratch_evicted(struct emit *e, unsigned first)
{
	unsigned victim = SCRATCH_COUNT, last = 0;

	for (unsigned n = 0; n < SCRATCH_COUNT; n++) {
		unsigned reg = scratch_regs[(first + n) % SCRATCH_COUNT], missed;

		if (e->pinned >> reg & 1)
			continue;
		missed = give_up(e, e->owner[reg]);
		if (victim == SCRATCH_COUNT || missed > last) {
			victim = reg;
			last = missed;
		}
	}
	BUG_ON(victim == SCRATCH_COUNT);
	evict(e, victim);
	e->pinned |= (uint8_t)(1u << victim);
	return victim;
}

unsigned scratch_alloc(struct emit *e)
{
	unsigned first = first_candidate(e), free = ~(unsigned)(e->owned | e->pinned) & ((1u << SCRATCH_COUNT) - 1), reg;

	if (unlikely(!free))
		return scratch_evicted(e, first);
	reg = (unsigned)__builtin_ctz(free >> first ? free >> first << first : free);
	e->pinned |= (uint8_t)(1u << reg);
	return reg;
}

unsigned scratch_take(struct emit *e, unsigned reg)
{
	BUG_ON(!is_scratch(reg) || e->pinned >> reg & 1);
	if (IR_IS_TMP(e->owner[reg])) {
		/* A copy in another scratch register is cheaper than one in memory. */
		for (unsigned to = 0; to < SCRATCH_COUNT; to++) {
			ir_ref ref = e->owner[reg];

			if (to == reg || e->pinned >> to & 1 || e->owner[to] != IR_NONE)
				continue;
			enc_mov(&e->enc, W32, opnd_reg(to), opnd_reg(reg));
			forget_reg(e, reg);
			own(e, to, ref);
			break;
		}
	}
	evict(e, reg);
	e->pinned |= (uint8_t)(1u << reg);
	return reg;
}

void scratch_free(struct emit *e, unsigned reg)
{
	BUG_ON(!is_scratch(reg));
	e->pinned &= (uint8_t)~(1u << reg);
}

void release(struct emit *e, struct opnd o)
{
	if (o.kind == OPND_REG && is_scratch(o.reg))
		scratch_free(e, o.reg);
}

void def_in(struct emit *e, ir_ref ref, unsigned reg)
{
	struct tmp_state *tmp;

	BUG_ON(IR_IS_TMP(e->owner[reg]) && e->owner[reg] != ref && !tmp_ends(e, e->owner[reg]));
	if (!IR_IS_TMP(ref)) {
		BUG_ON(!in_memory(e, ref));
		copy_drop(e, ref);
		forget_reg(e, reg);
		own_copy(e, reg, ref);
		e->copy_defs |= (uint16_t)(1u << ref);
		return;
	}
	tmp = tmp_of(e, ref);
	if (tmp->reg == reg)
		return;
	if (tmp->reg != HOST_REG_NONE)
		forget_reg(e, tmp->reg);
	forget_reg(e, reg);
	own(e, reg, ref);
}

bool tmp_ends(const struct emit *e, ir_ref ref)
{
	return IR_IS_TMP(ref) && e->tmps[ref - IR_TMP0].last <= e->i;
}

static __attribute__((noinline)) struct opnd use_tmp(struct emit *e, ir_ref ref)
{
	struct tmp_state *tmp = tmp_of(e, ref);

	if (tmp->reg != HOST_REG_NONE) {
		e->pinned |= (uint8_t)(1u << tmp->reg);
		return opnd_reg(tmp->reg);
	}
	BUG_ON(!tmp->saved && !e->error);
	return slot_opnd(tmp->slot);
}

struct opnd use_other(struct emit *e, ir_ref ref)
{
	if (!IR_IS_REG(ref))
		return use_tmp(e, ref);
	return copies_here(e) >> ref & 1 ? use_copy(e, ref) : e->homes[ref];
}

unsigned use_loaded(struct emit *e, struct opnd o)
{
	unsigned reg = scratch_alloc(e);

	if (o.kind == OPND_MEM)
		enc_put_mem(&e->enc, ENC_HEAD(0x8b, W32), reg, o);
	else
		enc_mov_imm32(&e->enc, reg, (uint32_t)o.disp);
	return reg;
}

/* A source of the current op that ends with it gives its register to the result. */
static bool inherit(struct emit *e, ir_ref from, ir_ref to)
{
	struct tmp_state *tmp;
	unsigned reg;

	if (!IR_IS_TMP(from) || from == to)
		return false;
	tmp = tmp_of(e, from);
	reg = tmp->reg;
	if (reg == HOST_REG_NONE || tmp->last != e->i)
		return false;
	forget_reg(e, reg);
	own(e, reg, to);
	return true;
}

static __attribute__((noinline)) struct opnd def_tmp(struct emit *e, ir_ref ref)
{
	struct tmp_state *tmp = tmp_of(e, ref);

	if (tmp->reg == HOST_REG_NONE && !inherit(e, e->op->a, ref) && !inherit(e, e->op->b, ref))
		own(e, scratch_alloc(e), ref);
	e->pinned |= (uint8_t)(1u << tmp->reg);
	return opnd_reg(tmp->reg);
}

struct opnd def_other(struct emit *e, ir_ref ref)
{
	if (!IR_IS_REG(ref))
		return def_tmp(e, ref);
	return copies_here(e) >> ref & 1 ? def_copy(e, ref) : e->homes[ref];
}

/* Guest register @ref was written, perhaps on a condition: is it still a multiple of 4 if it was? */
static void note_alignment(struct emit *e, ir_ref ref)
{
	const struct ir_insn *op = e->op;

	if (!((op->op == IR_ADD || op->op == IR_SUB) && op->dst == ref && op->a == ref && op->b == IR_IMM && !(op->imm & 3)))
		e->aligned &= (uint16_t)~(1u << ref);
}

void def_done_reg(struct emit *e, ir_ref ref)
{
	if (e->in_memory >> ref & 1)
		guest_done(e, ref);
	if (e->aligned >> ref & 1)
		note_alignment(e, ref);
	if (e->recipe_regs >> ref & 1)
		flags_written(e, ref);
}

struct site_place place_of(struct emit *e, struct opnd o, ir_ref ref)
{
	if (o.kind == OPND_REG)
		return (struct site_place){ PLACE_HOST, o.reg };
	if (o.kind == OPND_IMM)
		return (struct site_place){ PLACE_IMM, 0 };
	if (IR_IS_REG(ref))
		return (struct site_place){ PLACE_GUEST, (uint8_t)ref };
	return (struct site_place){ PLACE_TMP, tmp_of(e, ref)->slot };
}

static inline void end_tmp(struct emit *e, ir_ref ref)
{
	struct tmp_state *tmp;

	if (!IR_IS_TMP(ref))
		return;
	tmp = &e->tmps[ref - IR_TMP0];
	if (tmp->last > e->i)
		return;
	if (tmp->reg != HOST_REG_NONE)
		forget_reg(e, tmp->reg);
	if (tmp->slot != NO_SLOT)
		e->slots &= ~(1ull << tmp->slot);
	tmp->slot = NO_SLOT;
	tmp->saved = false;
}

void tmps_end_of(struct emit *e, const struct ir_insn *op)
{
	if (unlikely(ir_op_info[op->op].attr & (IRA_WIDE | IRA_ODD))) {
		end_tmp(e, op->dst2);
		end_tmp(e, op->c);
		end_tmp(e, core_dst(op));
		end_tmp(e, core_b(op));
	} else {
		end_tmp(e, op->dst);
		end_tmp(e, op->b);
	}
	end_tmp(e, op->a);
}

void tmps_save(struct emit *e, unsigned after)
{
	if (!e->tmp_regs)
		return;
	for (unsigned reg = 0; reg < SCRATCH_COUNT; reg++)
		if (IR_IS_TMP(e->owner[reg]) && tmp_of(e, e->owner[reg])->last > after)
			save(e, tmp_of(e, e->owner[reg]));
}

void tmps_drop_regs(struct emit *e)
{
	if (!e->owned)
		return;
	for (unsigned reg = 0; reg < SCRATCH_COUNT; reg++)
		forget_reg(e, reg);
}

void tmps_flush(struct emit *e)
{
	if (!e->owned)
		return;
	for (unsigned reg = 0; reg < SCRATCH_COUNT; reg++)
		evict(e, reg);
}

void move(struct emit *e, struct opnd dst, struct opnd src)
{
	struct enc *enc = &e->enc;

	if (opnd_same(dst, src))
		return;
	if (dst.kind == OPND_REG && src.kind == OPND_REG)
		enc_put_regs(enc, ENC_HEAD(0x89, W32), src.reg, dst.reg);
	else if (src.kind == OPND_IMM && dst.kind == OPND_REG)
		enc_mov_imm32(enc, dst.reg, (uint32_t)src.disp);
	else if (src.kind == OPND_IMM)
		enc_mov_any(enc, W32, dst, src);
	else if (dst.kind == OPND_REG)
		enc_put_mem(enc, ENC_HEAD(0x8b, W32), dst.reg, src);
	else
		enc_put_mem(enc, ENC_HEAD(0x89, W32), src.kind == OPND_MEM ? use_reg(e, src) : src.reg, dst);
}
