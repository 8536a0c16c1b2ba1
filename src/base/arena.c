/*
 * arena.c - bump allocation in chunks.
 *
 * Chunks of 2 MiB and more are made of huge pages where the host has some.
 *
 * After a reset the arena asks for one chunk as large as everything it held
 * before, so a user that resets in a loop (a translation) soon allocates
 * nothing at all.
 */
#include "base/base.h"
#include "base/arena.h"

#include <stdlib.h>
#include <sys/mman.h>

#define ALIGNMENT 16u
#define HUGE_PAGE (2u * MiB)

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used; /* of data */
	_Alignas(ALIGNMENT) unsigned char data[];
};

static_assert(sizeof(struct arena_chunk) <= ARENA_CHUNK_HEAD, "as promised");

void arena_init(struct arena *arena, size_t chunk_size)
{
	*arena = (struct arena){ .chunk_size = MAX(chunk_size, (size_t)256) };
}

static struct arena_chunk *add_chunk(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX - sizeof(struct arena_chunk) - HUGE_PAGE)
		return NULL;
	size_t total = sizeof(struct arena_chunk) + size;
	bool huge = total >= HUGE_PAGE;

	if (huge)
		total = (total + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
	struct arena_chunk *chunk = huge ? aligned_alloc(HUGE_PAGE, total) : malloc(total);

	if (!chunk)
		return NULL;
	if (huge) {
		madvise(chunk, total, MADV_HUGEPAGE); /* one fault instead of 512, if the host has them */
		size = total - sizeof(*chunk);
	}
	chunk->next = arena->chunks;
	chunk->size = size;
	chunk->used = 0;
	arena->chunks = chunk;
	return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (!chunk || size > chunk->size - chunk->used) {
		chunk = add_chunk(arena, MAX(size, arena->chunk_size));
		if (!chunk)
			return NULL;
	}
	void *at = chunk->data + chunk->used;

	chunk->used += size;
	arena->used += size;
	return at;
}

static size_t free_chunks(struct arena *arena)
{
	size_t total = 0;

	while (arena->chunks) {
		struct arena_chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		total += chunk->size;
		free(chunk);
	}
	return total;
}

void arena_reset(struct arena *arena)
{
	arena->used = 0;
	if (!arena->chunks)
		return;
	if (!arena->chunks->next) {
		arena->chunks->used = 0;
		return;
	}
	size_t total = free_chunks(arena);

	arena->chunk_size = MAX(arena->chunk_size, total);
}

void arena_fini(struct arena *arena)
{
	free_chunks(arena);
	arena->used = 0;
}
