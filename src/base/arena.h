/* arena.h - memory that is given back all at once: a chunk list with a bump pointer. */
#ifndef DBTVM_BASE_ARENA_H
#define DBTVM_BASE_ARENA_H

#include "base/base.h"

struct arena_chunk;
struct arena {
	struct arena_chunk *chunks;
	size_t chunk_size;
	size_t used; /* bytes handed out since the last reset */
};
/* What chunks have besides the bytes that are handed out, at most. */
#define ARENA_CHUNK_HEAD 32u

void arena_init(struct arena *arena, size_t chunk_size);
/* 16-byte aligned, not zeroed. NULL: out of memory. Valid until reset or fini. */
void *arena_alloc(struct arena *arena, size_t size);
void arena_reset(struct arena *arena);
void arena_fini(struct arena *arena);

#endif
