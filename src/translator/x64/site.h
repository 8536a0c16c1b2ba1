/* site.h - between emit_mem.c and emit_window.c: noting the sites of accesses. */
#ifndef DBTVM_TRANSLATOR_X64_SITE_H
#define DBTVM_TRANSLATOR_X64_SITE_H

#include "translator/x64/emit.h"

#include <errno.h>
#include <string.h>

/* What is added to an address in the access itself; with its size it stays within the window's guards. */
#define RAW_OFFSET_MAX 0x7fff

static inline bool same_flags(const struct flag_state *f, const struct flag_state *g)
{
	uint64_t x[4], y[4];

	static_assert(sizeof(x) == sizeof(*f), "compared as a whole");
	memcpy(x, f, sizeof(x));
	memcpy(y, g, sizeof(y));
	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]));
}

uint32_t site_note_new(struct emit *e, enum noted noted);
/* Where the flags are when the next access faults, and what only xmm registers hold: struct x64_site's state. Neighbours often have them in the same place. */
static inline uint32_t site_note(struct emit *e, bool raw)
{
	enum noted noted = raw ? NOTED_RAW : NOTED_TABLES;

	if (likely(e->noted == noted && e->noted_it == e->it && !e->xmm.dirty && same_flags(&e->flags, &e->noted_flags)))
		return e->state;
	return site_note_new(e, noted);
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

/* Instructions of the block finished before the current one. */
static inline unsigned site_count_here(const struct emit *e)
{
	unsigned count = count_here(e);

	return count - (count != 0);
}

/*
 * The site of the instruction that is emitted next: the current op, from or to the window behind register @base, @delta bytes on, and host register
 * @value. @how: see struct x64_site.
 */
static inline void site_plain(struct emit *e, unsigned base, unsigned value, uint32_t delta, unsigned how)
{
	struct x64_site *site = site_next(e);

	*site = (struct x64_site){
		.code = offset_here(e), .state = site_note(e, true), .count = site_count_here(e), .pc = (int16_t)(e->pc - e->ir->pc), .raw = true,
		.delta = (int16_t)delta, .regs = (uint8_t)(value << 4 | base), .how = (uint8_t)(SITE_PLAIN | how),
	};
}

/*
 * The site of the current op and of @count - 1 more of a group: only members are to be added. Its code begins here; its state is set by what is
 * noted later.
 */
static inline struct x64_access *site_add(struct emit *e, unsigned count, unsigned address, uint32_t delta, bool raw)
{
	struct x64_access *access = (struct x64_access *)(void *)e->word;
	struct x64_site *site = site_next(e);

	*site = (struct x64_site){
		.code = offset_here(e), .count = site_count_here(e), .pc = (int16_t)(e->pc - e->ir->pc), .raw = raw,
	};
	site->access = (uint32_t)(e->word - e->x64->words);
	*access = (struct x64_access){ .delta = delta, .address = (uint8_t)address, .count = (uint8_t)count };
	e->word += sizeof(*access) / sizeof(*e->word);
	return access;
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
