#include "base/base.h"
#include "translator/x64/cache.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* MAP_FAILED */
static void *map_file(struct code_cache *cache)
{
	int fd = memfd_create("dbtvm-code", MFD_CLOEXEC);
	void *again = MAP_FAILED;

	if (fd >= 0 && !ftruncate(fd, (off_t)cache->size) &&
	    mmap(cache->write, cache->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED)
		again = mmap(NULL, cache->size, PROT_READ, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	return again;
}

/*
 * The same memory twice, writable and executable. Shared memory without a file, which perf takes for what it is: code that -perfmap names; it
 * would look for the symbols of a memfd in a file of that name. Valgrind, which cannot map that twice, gets a file.
 */
static int map_twice(struct code_cache *cache, struct error *err)
{
	void *memory = mmap(NULL, cache->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	void *again;

	if (memory == MAP_FAILED)
		return error_set(err, errno, "cannot map %zu bytes for the code cache: %s", cache->size, strerror(errno));
	cache->write = memory;
	/* Of old size 0: it leaves the old mapping where it is. */
	again = mremap(memory, 0, cache->size, MREMAP_MAYMOVE);
	if (again == MAP_FAILED)
		again = map_file(cache);
	if (again == MAP_FAILED)
		return error_set(err, errno, "cannot map the code cache a second time: %s", strerror(errno));
	cache->exec = again;
	if (mprotect(again, cache->size, PROT_READ | PROT_EXEC) < 0)
		return error_set(err, errno, "the host does not allow executable memory (%s): try -accel interp", strerror(errno));
	return 0;
}

int cache_init(struct code_cache *cache, size_t size, struct error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int ret;

	*cache = (struct code_cache){ .size = (size + page - 1) & ~(page - 1) };
	/* Code refers to other code by 31-bit offsets. */
	if (cache->size == 0 || cache->size > GiB)
		return error_set(err, EINVAL, "a code cache of %zu bytes is not possible: choose 1 MiB to 1 GiB", size);
	ret = map_twice(cache, err);
	if (ret < 0)
		cache_fini(cache);
	return ret;
}

/*
 * A page's first write is a fault of 2 us and more, and code fills one in some 80 instructions. In steps of what the kernel maps around a fault, so
 * that running it costs one fault a step too.
 */
#define AHEAD_BYTES (64u * KiB)

void cache_prepare(struct code_cache *cache)
{
#ifdef MADV_POPULATE_WRITE
	size_t step = cache->used & ~(size_t)(AHEAD_BYTES - 1), from, to;

	if (likely(cache->used + AHEAD_BYTES / 4 < cache->ready))
		return;
	from = MAX(step, cache->ready);
	to = MIN(step + 2 * AHEAD_BYTES, cache->size);
	/* A kernel that does not know it lets the pages come one by one. */
	if (to > from)
		madvise(cache->write + from, to - from, MADV_POPULATE_WRITE);
	cache->ready = to;
#endif
}

/* New code is still being linked a while after it was made. */
#define SETTLE_BYTES (2u * MiB)

void cache_commit(struct code_cache *cache, size_t used)
{
	cache->used = used;
	if (used - cache->settled < 2 * SETTLE_BYTES)
		return;
	cache->settled += SETTLE_BYTES;
	/* From the start: old code was linked to new code since. */
	madvise(cache->write, cache->settled, MADV_DONTNEED);
}

void cache_flush(struct code_cache *cache)
{
	cache->used = cache->fixed;
	cache->settled = cache->ready = 0;
}

void cache_fini(struct code_cache *cache)
{
	if (cache->write)
		munmap(cache->write, cache->size);
	if (cache->exec)
		munmap(cache->exec, cache->size);
	*cache = (struct code_cache){ 0 };
}
