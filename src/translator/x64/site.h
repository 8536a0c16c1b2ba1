/* site.h - between emit_mem.c and emit_window.c: noting the sites of accesses. */
#ifndef DBTVM_TRANSLATOR_X64_SITE_H
#define DBTVM_TRANSLATOR_X64_SITE_H

#include "translator/x64/emit.h"

#include <errno.h>
#include <string.h>

/* What is added to an address in the access itself; with its size it stays within the window's guards. */
#define RAW_OFFSET_MAX 0x7fff

/* The flags as struct x64_site_state has them in its first bytes. In EFLAGS nothing is left when the slow path is called as usual, for !@raw. */
static inline uint64_t state_word(const struct emit *e, bool raw)
{
	uint64_t word;

	static_assert(offsetof(struct flag_state, value) == offsetof(struct x64_site_state, value) && offsetof(struct x64_site_state, more) == 5 &&
	              offsetof(struct flag_state, nz) == 8, "five bytes are the same");
	memcpy(&word, &e->flags, 8);
	return word & (raw ? 0xffffffffffull : 0xffffffff00ull);
}

/* No recipe is needed. */
static inline bool state_complete(uint64_t word)
{
	return !(~(word | word >> 16 | word >> 24) & IR_NZCV);
}

uint32_t site_note_new(struct emit *e, uint64_t word);
/*
 * Where the flags are when the next access faults, and what only xmm registers hold: where that is in x64->words. Neighbours often have them in the
 * same place.
 */
static inline uint32_t site_note(struct emit *e, bool raw)
{
	uint64_t word = state_word(e, raw);

	if (likely(word == e->noted_complete && !(e->xmm.dirty | e->it)))
		return e->state;
	return site_note_new(e, word);
}

/* Room for one more. */
static inline struct x64_site *site_next(struct emit *e)
{
	if (unlikely(e->site >= e->site_end)) {
		emit_fail(e, -E2BIG);
		e->site = e->sites;
	}
	return e->site++;
}

/* struct x64_site's state_count. */
static inline uint32_t site_state_count(const struct emit *e, uint32_t state)
{
	unsigned count = count_here(e);

	return state | (count - (count != 0)) << 24;
}

/*
 * The site of the instruction that is emitted next: the current op, from or to the window behind register @base, @delta bytes on, and host register
 * @value. @form: enc_window().
 */
static inline void site_plain(struct emit *e, unsigned base, unsigned value, uint32_t delta, unsigned form)
{
	struct x64_site *site = site_next(e);

	*site = (struct x64_site){
		.code = offset_here(e), .state_count = site_state_count(e, site_note(e, true)), .pc = (int16_t)(e->pc - e->ir->pc),
		.access = (delta & 0xffff) | base << 16 | value << 20 | form << 24 | SITE_PLAIN,
	};
}

/*
 * The site of the current op, or of a group of @count. Its code begins here; members are still to be added, and site_noted() is to be called.
 */
static inline struct x64_access *site_add(struct emit *e, unsigned count, unsigned address, uint32_t delta, bool raw)
{
	struct x64_access *access = (struct x64_access *)(void *)e->word;
	struct x64_site *site = site_next(e);

	*site = (struct x64_site){
		.code = offset_here(e), .state_count = site_state_count(e, 0), .pc = (int16_t)(e->pc - e->ir->pc), .access = (uint32_t)(e->word - e->x64->words),
	};
	*access = (struct x64_access){ .delta = delta, .address = (uint8_t)address, .count = (uint8_t)count, .raw = raw };
	e->word += sizeof(*access) / sizeof(*e->word);
	return access;
}

/* Where the flags are now is where they are when the last site's access faults. */
static inline void site_noted(struct emit *e, bool raw)
{
	e->site[-1].state_count |= site_note(e, raw);
}

/* The last site's number within the block. */
static inline unsigned site_index(const struct emit *e)
{
	return (unsigned)(e->site - 1 - e->sites);
}

static inline void site_resume_here(const struct emit *e, struct x64_access *access)
{
	access->resume = offset_here(e);
}

#endif
