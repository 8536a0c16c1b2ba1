/*
 * table.c - which blocks there are, where they are found, and how they go.
 *
 * A block is in the hash by (virtual PC, key, physical address), perhaps in `recent`, perhaps in the jump cache of
 * translated code, in the list of its frame, and target of linked exits.  table_drop() takes it out of all; its memory and code stay until
 * the next flush, since it may be running.
 */
#include "base/base.h"
#include "translator/run/run.h"

#include <string.h>

#include "mmu/mmu.h"

#define SLAB_SIZE (MiB - ARENA_CHUNK_HEAD) /* two to a chunk */

static unsigned hash_of(gva_t pc, uint32_t key, gpa_t pa)
{
	uint64_t h = (pc >> 1) ^ (uint64_t)key << 20 ^ (uint64_t)(pa >> GUEST_PAGE_BITS) << 32;

	return (unsigned)(h * 0x9e3779b97f4a7c15ull >> (64 - HASH_BITS));
}

static unsigned recent_of(gva_t pc, uint32_t key)
{
	return (pc >> 1 ^ pc >> 13 ^ key << 3) & ((1u << RECENT_BITS) - 1);
}

void *table_alloc(struct translator *t, size_t size)
{
	void *at;

	size = (size + 15) & ~(size_t)15;
	BUG_ON(size > SLAB_SIZE);
	if (!t->slab || size > SLAB_SIZE - t->slab_used) {
		t->slab = arena_alloc(&t->arena, SLAB_SIZE);
		t->slab_used = 0;
		if (!t->slab)
			return NULL;
	}
	at = t->slab + t->slab_used;
	t->slab_used += size;
	return at;
}

void table_trim(struct translator *t, void *from, size_t size)
{
	size_t start = (size_t)((uint8_t *)from - t->slab);

	BUG_ON(start > t->slab_used || size > t->slab_used - start);
	t->slab_used = start + ((size + 15) & ~(size_t)15);
}

struct block_rare *table_rare(struct translator *t, struct block *block)
{
	if (!block->rare) {
		block->rare = table_alloc(t, sizeof(*block->rare));
		if (block->rare)
			*block->rare = (struct block_rare){ 0 };
	}
	return block->rare;
}

/* True when @block's instruction bytes are those at its virtual address now; its first page has been looked at. */
static bool tail_mapped(struct translator *t, const struct block *block)
{
	gva_t next = (block->pc | GUEST_PAGE_MASK) + 1;

	return !block->straddles || t->cpu->space->exec[next >> GUEST_PAGE_BITS] == (block->rare->pa2 >> GUEST_PAGE_BITS) + 1;
}

struct block *table_recent(struct translator *t, gva_t pc, uint32_t key)
{
	struct block *block = t->recent[recent_of(pc, key)];

	if (block && block->pc == pc && block->key == key &&
	    t->cpu->space->exec[pc >> GUEST_PAGE_BITS] == (uint32_t)(block->pa >> GUEST_PAGE_BITS) + 1 && tail_mapped(t, block))
		return block;
	return NULL;
}

void table_remember(struct translator *t, struct block *block)
{
	t->recent[recent_of(block->pc, block->key)] = block;
}

struct block *table_find(struct translator *t, gva_t pc, uint32_t key, gpa_t pa)
{
	struct block *block = t->hash[hash_of(pc, key, pa)];

	while (block && !(block->pc == pc && block->key == key && block->pa == pa && tail_mapped(t, block)))
		block = block->hash_next;
	return block;
}

bool table_trace_frame(struct translator *t, struct frame *frame, gpa_t pa)
{
	struct frame_blocks *blocks = frame->blocks;

	if (!blocks) {
		blocks = table_alloc(t, sizeof(*blocks));
		if (!blocks)
			return false;
		*blocks = (struct frame_blocks){ .frame = frame, .pa = pa & ~(gpa_t)GUEST_PAGE_MASK, .next = t->frames };
		t->frames = blocks;
		frame->blocks = blocks;
	}
	if (!(frame->trace & FRAME_TRACE_CODE))
		mmu_trace_code(t->cpu->mmu, blocks->pa, frame);
	return true;
}

/* The 64-byte lines of bytes [first, last). */
static uint64_t lines(unsigned first, unsigned last)
{
	unsigned from = first >> 6, to = (last - 1) >> 6;

	return (~0ull >> (63 - (to - from))) << from;
}

/* Bytes of a straddling block in its second page. */
static unsigned tail_bytes(const struct block *block)
{
	return 4 - (GUEST_PAGE_SIZE - (block->pc & GUEST_PAGE_MASK));
}

void table_insert(struct translator *t, struct block *block)
{
	struct block **head = &t->hash[hash_of(block->pc, block->key, block->pa)];
	struct frame_blocks *blocks = block->frame->blocks;

	block->hash_next = *head;
	*head = block;
	block->frame_next = blocks->first;
	blocks->first = block;
	block->frame->code_lines |= lines(block->first, block->last);
	if (block->straddles) {
		blocks = block->rare->frame2->blocks;
		block->rare->frame2_next = blocks->straddlers;
		blocks->straddlers = block;
		block->rare->frame2->code_lines |= lines(0, tail_bytes(block));
	}
}

static void unlink_incoming(struct translator *t, struct block *block)
{
	struct block_exit *exit = block->incoming, *next;

	for (; exit; exit = next) {
		next = exit->next_in;
		exit->next_in = NULL;
		exit->linked = false;
		x64_unlink(t->x64, exit);
	}
	block->incoming = NULL;
}

/* Takes @block out of everything by which it is found, but its frames' lists. */
static void table_drop(struct translator *t, struct block *block)
{
	struct block **at = &t->hash[hash_of(block->pc, block->key, block->pa)];
	struct block **recent = &t->recent[recent_of(block->pc, block->key)];
	struct jump_entry *jump = jump_cache_find(t->jump_cache, block->key);

	while (*at != block)
		at = &(*at)->hash_next;
	*at = block->hash_next;
	if (*recent == block)
		*recent = NULL;
	if (jump)
		jump += jump_index(block->pc, block->key & KEY_T);
	if (jump && block->code.checked && jump->code == block->code.checked)
		*jump = (struct jump_entry){ .pc = JUMP_EMPTY };
	unlink_incoming(t, block);
	block->dropped = true;
	t->cpu->stats[CPU_STAT_BLOCKS_INVALIDATED]++;
}

static void remove_from_frame(struct block *block)
{
	struct frame_blocks *blocks = block->frame->blocks;
	struct block **at = &blocks->first;

	while (*at != block)
		at = &(*at)->frame_next;
	*at = block->frame_next;
	if (block->straddles) {
		blocks = block->rare->frame2->blocks;
		for (at = &blocks->straddlers; *at != block; at = &(*at)->rare->frame2_next)
			;
		*at = block->rare->frame2_next;
	}
}

/* After blocks went: which lines still hold code. With none left the frame's writes need no trace any more. */
static void update_lines(struct translator *t, struct frame *frame)
{
	struct frame_blocks *blocks = frame->blocks;

	frame->code_lines = 0;
	for (const struct block *b = blocks->first; b; b = b->frame_next)
		frame->code_lines |= lines(b->first, b->last);
	for (const struct block *b = blocks->straddlers; b; b = b->rare->frame2_next)
		frame->code_lines |= lines(0, tail_bytes(b));
	if (!frame->code_lines)
		mmu_untrace_code(t->cpu->mmu, blocks->pa, frame);
}

static void drop_block(struct translator *t, struct block *block)
{
	remove_from_frame(block);
	table_drop(t, block);
	update_lines(t, block->frame);
	if (block->straddles)
		update_lines(t, block->rare->frame2);
}

void table_forget(struct cpu *cpu, struct block *block)
{
	if (!block->dropped)
		drop_block(cpu->translator, block);
}

void translator_code_written(struct cpu *cpu, struct frame *frame, gpa_t addr, unsigned size)
{
	struct translator *t = cpu->translator;
	struct frame_blocks *blocks = frame->blocks;
	unsigned first = addr & GUEST_PAGE_MASK, last = first + size;
	struct block *block, *next;

	BUG_ON(size == 0 || last > GUEST_PAGE_SIZE);
	if (!t || !blocks || !(frame->code_lines & lines(first, last)))
		return;
	for (block = blocks->first; block; block = next) {
		next = block->frame_next;
		if (first < block->last && last > block->first) {
			drop_block(t, block);
			revive_bury(block);
		}
	}
	for (block = blocks->straddlers; block; block = next) {
		next = block->rare->frame2_next;
		if (first < tail_bytes(block))
			drop_block(t, block);
	}
}

void table_flush(struct translator *t)
{
	struct frame_blocks *blocks, *next;

	for (blocks = t->frames; blocks; blocks = next) {
		next = blocks->next;
		blocks->frame->blocks = NULL;
		blocks->frame->code_lines = 0;
		if (blocks->frame->trace & FRAME_TRACE_CODE)
			mmu_untrace_code(t->cpu->mmu, blocks->pa, blocks->frame);
	}
	t->frames = NULL;
	memset(t->hash, 0, sizeof(t->hash));
	memset(t->recent, 0, sizeof(t->recent));
	jump_cache_clear(t->jump_cache);
	if (t->x64)
		x64_flush(t->x64);
	arena_reset(&t->arena);
	t->slab = NULL;
	t->cpu->exit_link = NULL;
	t->cpu->stats[CPU_STAT_CACHE_FLUSHES]++;
}
