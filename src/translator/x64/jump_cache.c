/* jump_cache.c - tables of the targets of indirect jumps. */
#include "base/base.h"
#include "translator/x64/jump_cache.h"

#include <emmintrin.h>
#include <stdlib.h>

struct jump_cache *jump_cache_create(void)
{
	/* Large: what is not touched costs nothing. */
	return calloc(1, sizeof(struct jump_cache));
}

static void clear(struct jump_entry *table)
{
	const __m128i empty = _mm_set_epi64x(0, (int64_t)JUMP_EMPTY);

	/* By fours: there are many. */
	static_assert(sizeof(*table) == sizeof(empty) && offsetof(struct jump_entry, pc) == 0 && JUMP_TABLE_SIZE % 4 == 0, "one store each");
	for (struct jump_entry *at = table; at < table + JUMP_TABLE_SIZE; at += 4) {
		_mm_store_si128((__m128i *)(void *)at, empty);
		_mm_store_si128((__m128i *)(void *)(at + 1), empty);
		_mm_store_si128((__m128i *)(void *)(at + 2), empty);
		_mm_store_si128((__m128i *)(void *)(at + 3), empty);
	}
}

void jump_cache_clear(struct jump_cache *cache)
{
	for (unsigned i = 0; i < cache->count; i++)
		clear(cache->entries[i]);
}

struct jump_entry *jump_cache_table(struct jump_cache *cache, uint32_t key)
{
	struct jump_entry *table = jump_cache_find(cache, key);
	unsigned i;

	static_assert(JUMP_KEY_SLOTS > JUMP_TABLES, "the search ends at a free slot");
	if (table || cache->count == JUMP_TABLES)
		return table;
	for (i = jump_key_slot(key); cache->keys[i]; i = (i + 1) % JUMP_KEY_SLOTS)
		;
	cache->keys[i] = key + 1;
	cache->tables[i] = (uint8_t)cache->count;
	table = cache->entries[cache->count++];
	clear(table);
	return table;
}
