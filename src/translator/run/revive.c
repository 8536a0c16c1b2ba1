/*
 * revive.c - blocks whose code was written, kept for the case that the same code comes back: breakpoints that are set and taken away,
 * static branches that are switched, generated code that is generated again.
 *
 * Only in frames where that has happened before: translations in these keep a copy of their bytes. A block that is dropped goes to its
 * frame's short list, the oldest falls off; a look-up that finds no block compares there before it translates.
 */
#include "base/base.h"
#include "translator/run/run.h"

#include <string.h>

#include "memory/phys.h"

#define DEAD_MAX 8
#define BYTES_MAX 256

bool revive_keep(struct translator *t, struct block *block, const uint8_t *page)
{
	const struct frame_blocks *blocks = block->frame->blocks;
	unsigned size = (unsigned)block->last - block->first;
	struct block_rare *rare;

	if (!(t->options.optimizations >> OPT_REVIVE & 1) || !blocks->modified || block->straddles || size > BYTES_MAX)
		return true;
	rare = table_rare(t, block);
	if (rare)
		rare->bytes = table_alloc(t, size);
	if (!rare || !rare->bytes)
		return false;
	memcpy(rare->bytes, page + block->first, size);
	return true;
}

void revive_bury(struct block *block)
{
	struct frame_blocks *blocks = block->frame->blocks;
	struct block **at = &blocks->dead;

	blocks->modified = true;
	if (!block->rare || !block->rare->bytes)
		return;
	block->frame_next = blocks->dead;
	blocks->dead = block;
	for (unsigned n = 0; *at && n < DEAD_MAX; n++)
		at = &(*at)->frame_next;
	*at = NULL;
}

struct block *revive(struct translator *t, gva_t pc, uint32_t key, gpa_t pa, const uint8_t *page, struct frame *frame)
{
	const struct frame_blocks *blocks = frame->blocks;
	struct block *block;

	if (!blocks)
		return NULL;
	for (struct block **at = (struct block **)&blocks->dead; (block = *at); at = &block->frame_next) {
		if (block->pc != pc || block->key != key || block->pa != pa ||
		    memcmp(page + block->first, block->rare->bytes, (unsigned)block->last - block->first))
			continue;
		*at = block->frame_next;
		if (!table_trace_frame(t, frame, pa))
			return NULL;
		block->dropped = false;
		table_insert(t, block);
		t->cpu->stats[CPU_STAT_BLOCKS_REVIVED]++;
		return block;
	}
	return NULL;
}
