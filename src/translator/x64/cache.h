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
};

/* Maps @size bytes (rounded up to pages). Returns 0, or -errno with a filled error. */
int cache_init(struct code_cache *cache, size_t size, struct error *err);
void cache_fini(struct code_cache *cache);
static inline intptr_t cache_exec_delta(const struct code_cache *cache)
{
	return cache->exec - cache->write;
}

#endif
