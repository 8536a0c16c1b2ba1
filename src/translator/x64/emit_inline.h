/*
 * emit_inline.h - of regs.c and flags.c what each op passes several times, decided here when it is a register at home and no flags are in danger.
 *
 * emit.h includes it at its end.
 */
#ifndef DBTVM_TRANSLATOR_X64_EMIT_INLINE_H
#define DBTVM_TRANSLATOR_X64_EMIT_INLINE_H

#include "translator/x64/emit.h"

#include <emmintrin.h>
#include <string.h>

/* --- searches in ops, without a branch for each field: the processor could not foretell it --- */

/* The halfwords in @op's first 16 bytes that are as in @wanted. */
static inline __m128i halfwords_like(const struct ir_insn *op, __m128i wanted)
{
	return _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)(const void *)op), wanted);
}

/* --- values --- */

/* Bit n: guest register n is in struct cpu. */
#define HOME(guest, host) | (host == HOST_REG_NONE ? 1u << guest : 0)
static const unsigned memory_regs = 0
#include "translator/x64/regs.def"
	;
#undef HOME
extern const struct opnd guest_opnds[15]; /* homes */
/* The host register that is @ref's home, or HOST_REG_NONE. */
static inline unsigned home_reg(const struct emit *e, ir_ref ref)
{
	return IR_IS_REG(ref) ? e->home_regs[ref] : HOST_REG_NONE;
}

struct opnd use_other(struct emit *e, ir_ref ref);
static inline struct opnd use_ref(struct emit *e, ir_ref ref)
{
	if (ref == IR_IMM)
		return opnd_imm(e->op->imm);
	if (IR_IS_REG(ref) && !(e->in_memory >> ref & 1))
		return e->homes[ref];
	return use_other(e, ref);
}

unsigned use_loaded(struct emit *e, struct opnd o);
static inline unsigned use_reg(struct emit *e, struct opnd o)
{
	return o.kind == OPND_REG ? o.reg : use_loaded(e, o);
}

static inline struct opnd use_not_mem(struct emit *e, struct opnd o)
{
	return o.kind == OPND_MEM ? opnd_reg(use_reg(e, o)) : o;
}

static inline struct opnd use_not_imm(struct emit *e, struct opnd o)
{
	return o.kind == OPND_IMM ? opnd_reg(use_reg(e, o)) : o;
}

struct opnd def_other(struct emit *e, ir_ref ref);
static inline struct opnd def_ref(struct emit *e, ir_ref ref)
{
	if (IR_IS_REG(ref) && !(e->in_memory >> ref & 1))
		return e->homes[ref];
	return def_other(e, ref);
}

void def_done_reg(struct emit *e, ir_ref ref);
static inline void def_done(struct emit *e, ir_ref ref)
{
	if (IR_IS_TMP(ref))
		e->tmps[ref - IR_TMP0].saved = false;
	else if (IR_IS_REG(ref) && (e->in_memory | e->aligned | e->recipe_regs) >> ref & 1)
		def_done_reg(e, ref);
}

static inline void tmps_end_op(struct emit *e)
{
	e->pinned = 0;
	if (e->tmp_regs || e->slots)
		tmps_end_of(e, e->op);
}

/* --- flags --- */

/* In EFLAGS only, but for recipes. */
static inline uint8_t flags_exposed(const struct emit *e)
{
	return e->flags.host & (uint8_t)~(e->flags.mem | e->flags.known);
}

uint8_t flags_endangered(struct emit *e, uint8_t exposed);
static inline bool flags_free(struct emit *e)
{
	uint8_t exposed = flags_exposed(e);

	return !exposed || !flags_endangered(e, exposed);
}

void flags_clobber_exposed(struct emit *e, uint8_t exposed);
static inline void flags_clobber(struct emit *e)
{
	uint8_t exposed = flags_exposed(e);

	if (exposed)
		flags_clobber_exposed(e, exposed);
}

/*
 * A state of flags is noted and copied whole all the time: so it is written in words, too. What was stored in bytes the processor could not hand on
 * before it is in the cache.
 */
#define FLAG_HOST 0xffull /* in the first word */
#define FLAG_BORROW 0xff00ull
#define FLAG_MEM 0xff0000ull
#define FLAG_KNOWN 0xff000000ull
static_assert(offsetof(struct flag_state, host_borrow) == 1 && offsetof(struct flag_state, mem) == 2 && offsetof(struct flag_state, known) == 3 &&
              offsetof(struct flag_state, nz) == 8 && offsetof(struct flag_state, c) == 16 && sizeof(struct flag_state) == 32, "words");
static inline uint64_t flag_word(const struct flag_state *f)
{
	uint64_t word;

	memcpy(&word, f, sizeof(word));
	return word;
}
static inline void flag_word_set(struct flag_state *f, uint64_t word)
{
	memcpy(f, &word, sizeof(word));
}
static inline uint64_t recipe_word(unsigned kind, unsigned a, unsigned b, unsigned flags, uint32_t imm)
{
	static_assert(offsetof(struct recipe, flags) == 3 && offsetof(struct recipe, imm) == 4 && RECIPE_NONE == 0, "as one word");
	return kind | (a & 0xff) << 8 | (b & 0xff) << 16 | flags << 24 | (uint64_t)imm << 32;
}

static inline void flags_lost(struct emit *e)
{
	flag_word_set(&e->flags, flag_word(&e->flags) & ~FLAG_HOST);
}

void flags_define(struct emit *e, uint8_t fdef);
static inline void flags_host(struct emit *e, uint8_t mask, bool borrow)
{
	struct flag_state *f = &e->flags;
	uint8_t fdef = e->op->fdef;
	uint64_t host = (uint64_t)(fdef & mask) | (uint64_t)borrow << 8;

	if (fdef == IR_NZCV) {
		/* No recipes. */
		host |= flag_word(f) & ~(FLAG_HOST | FLAG_BORROW | FLAG_MEM | FLAG_KNOWN);
		_mm_storeu_si128((__m128i *)(void *)f, _mm_cvtsi64_si128((int64_t)host));
		_mm_storeu_si128((__m128i *)(void *)&f->c, _mm_setzero_si128());
		e->recipe_regs = 0;
		return;
	}
	if (fdef)
		flags_define(e, fdef);
	flag_word_set(f, (flag_word(f) & ~(FLAG_HOST | FLAG_BORROW)) | host);
}

/* flags_host() and flags_recipe() of a comparison of what are guest registers, or b a constant. */
void flags_compared_some(struct emit *e, const struct ir_insn *op);
static inline void flags_compared(struct emit *e, const struct ir_insn *op)
{
	struct flag_state *f = &e->flags;
	bool imm = op->b == IR_IMM;
	uint64_t word, recipe;
	uint32_t all;

	if (unlikely(op->fdef != IR_NZCV)) {
		flags_compared_some(e, op);
		return;
	}
	word = (flag_word(f) & ~(FLAG_HOST | FLAG_BORROW | FLAG_MEM | FLAG_KNOWN)) | IR_NZCV | 1u << 8;
	recipe = e->recipes ? recipe_word(RECIPE_CMP, op->a, imm ? RECIPE_IMM : op->b, 0, op->imm) : 0;
	all = e->recipes << 24;
	_mm_storeu_si128((__m128i *)(void *)f, _mm_set_epi64x((int64_t)(recipe | (all & IR_NZ << 24)), (int64_t)word));
	_mm_storeu_si128((__m128i *)(void *)&f->c, _mm_set_epi64x((int64_t)(recipe | (all & IR_V << 24)), (int64_t)(recipe | (all & IR_C << 24))));
	e->lasting = 0;
	e->recipe_regs = (uint16_t)(1u << op->a | (imm ? 0 : 1u << (op->b & 15)));
}

void flags_recipe_of(struct emit *e, uint8_t mask, uint8_t kind, ir_ref a, ir_ref b, uint32_t imm);
static inline void flags_recipe(struct emit *e, uint8_t mask, uint8_t kind, ir_ref a, ir_ref b, uint32_t imm)
{
	mask &= e->op->fdef;
	if (mask)
		flags_recipe_of(e, mask, kind, a, b, imm);
}

#endif
