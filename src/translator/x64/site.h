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

void site_note_new(struct emit *e, struct x64_site *site);
/* Notes where the flags are when @site's access faults, and what only xmm registers hold. Neighbours often have them in the same place. */
static inline void site_note(struct emit *e, struct x64_site *site)
{
	if (likely(e->noted && site->raw && !e->xmm.dirty && same_flags(&e->flags, &e->noted_flags)))
		site->state = (uint16_t)(e->state_count - 1);
	else
		site_note_new(e, site);
}

/* The site of the current op, site_note() not called. */
static inline struct x64_site *site_add(struct emit *e, enum site_kind kind, bool raw)
{
	const struct ir_insn *op = e->op;
	unsigned count = count_here(e);
	struct x64_site *site;

	count -= count != 0;
	if (unlikely(e->site_count == MAX_SITES || count > UINT8_MAX)) {
		emit_fail(e, -E2BIG);
		e->site_count = e->state_count = e->site_ref_count = 0;
		e->noted = false;
	}
	site = &e->sites[e->site_count++];
	*site = (struct x64_site){
		.pc = e->pc, .it = e->it, .mem = op->mem, .kind = (uint8_t)kind, .count = (uint8_t)count, .raw = raw, .address = HOST_REG_NONE, .imm = op->imm,
	};
	return site;
}

static inline unsigned site_index(const struct emit *e, const struct x64_site *site)
{
	return (unsigned)(site - e->sites);
}

static inline void site_resume_here(struct emit *e, struct x64_site *site)
{
	site->resume = offset_here(e);
}

/* The next instruction is an access to the window. */
static inline void raw_mark(struct emit *e, const struct x64_site *site)
{
	if (unlikely(e->raw_count == ARRAY_SIZE(e->raws))) {
		emit_fail(e, -E2BIG);
		return;
	}
	e->raws[e->raw_count++] = (struct x64_raw){ .code = offset_here(e), .site = site_index(e, site) };
}

#endif
