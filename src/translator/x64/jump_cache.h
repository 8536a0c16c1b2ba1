/*
 * jump_cache.h - where indirect jumps of translated code go: guest PC -> checked entry, a table for each state key.
 *
 * As every block knows its key, the code that looks a PC up knows its table, and compares no key.
 */
#ifndef DBTVM_TRANSLATOR_X64_JUMP_CACHE_H
#define DBTVM_TRANSLATOR_X64_JUMP_CACHE_H

#include "base/base.h"

struct jump_entry {
	uint64_t pc;   /* virtual PC | T; JUMP_EMPTY */
	uint8_t *code; /* checked entry */
};
#define JUMP_EMPTY (~0ull)
#define JUMP_TABLE_BITS 14
#define JUMP_TABLE_SIZE (1u << JUMP_TABLE_BITS)
#define JUMP_TABLES 16 /* keys beyond have no table: their indirect jumps go by the dispatcher */
#define JUMP_KEY_SLOTS 64

struct jump_cache {
	uint32_t keys[JUMP_KEY_SLOTS];  /* hashed, key + 1; 0: free */
	uint8_t tables[JUMP_KEY_SLOTS]; /* which table is that key's */
	uint32_t count;                 /* tables in use */
	_Alignas(16) struct jump_entry entries[JUMP_TABLES][JUMP_TABLE_SIZE];
};

/* NULL: out of memory. Freed by free(). */
struct jump_cache *jump_cache_create(void);
/* All entries go, keys keep their tables. */
void jump_cache_clear(struct jump_cache *cache);
/* The table for state @key (IT 0), made when there is none; NULL: there are JUMP_TABLES others. */
struct jump_entry *jump_cache_table(struct jump_cache *cache, uint32_t key);

/* Index in the table of a key with T as @thumb. */
static inline uint32_t jump_index(uint32_t pc, bool thumb)
{
	return pc >> (thumb ? 1 : 2) & (JUMP_TABLE_SIZE - 1);
}

static inline unsigned jump_key_slot(uint32_t key)
{
	return (key ^ key >> 6 ^ key >> 12) % JUMP_KEY_SLOTS;
}

/* The table for @key if it has one. */
static inline struct jump_entry *jump_cache_find(struct jump_cache *cache, uint32_t key)
{
	for (unsigned i = jump_key_slot(key); cache->keys[i]; i = (i + 1) % JUMP_KEY_SLOTS)
		if (cache->keys[i] == key + 1)
			return cache->entries[cache->tables[i]];
	return NULL;
}

#endif
