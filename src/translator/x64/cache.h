/* cache.h - code memory, mapped twice: written at `write`, executed at `exec` (W^X). */
#ifndef DBTVM_TRANSLATOR_X64_CACHE_H
#define DBTVM_TRANSLATOR_X64_CACHE_H

#include "base/base.h"
#include "base/error.h"

struct code_cache {
	uint8_t *write, *exec;
	size_t size;
	size_t used;  /* committed bytes from the start */
	size_t fixed; /* of them for stubs, kept by a flush */
	size_t ready;   /* bytes from the start whose pages are there */
	size_t settled; /* bytes from the start whose `write` pages were given back; they come again when written */
};

/* Maps @size bytes (rounded up to pages). Returns 0, or -errno with a filled error. */
int cache_init(struct code_cache *cache, size_t size, struct error *err);
void cache_fini(struct code_cache *cache);
/* A block is going to be written behind what is used. */
void cache_prepare(struct code_cache *cache);
/* Code was committed up to @used: what is finished need not be mapped writable as well, which would count its memory twice. */
void cache_commit(struct code_cache *cache, size_t used);
/* Drops all but the first `fixed` bytes. */
void cache_flush(struct code_cache *cache);
static inline intptr_t cache_exec_delta(const struct code_cache *cache)
{
	return cache->exec - cache->write;
}

#endif
