#include "base/base.h"
#include "translator/x64/cache.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int map_twice(struct code_cache *cache, int fd, struct error *err)
{
	cache->write = mmap(NULL, cache->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (cache->write == MAP_FAILED) {
		cache->write = NULL;
		return error_set(err, errno, "cannot map %zu bytes for the code cache: %s", cache->size, strerror(errno));
	}
	cache->exec = mmap(NULL, cache->size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (cache->exec == MAP_FAILED) {
		int code = errno;

		munmap(cache->write, cache->size);
		cache->write = cache->exec = NULL;
		return error_set(err, code, "the host does not allow executable memory (%s): try -accel interp", strerror(code));
	}
	return 0;
}

int cache_init(struct code_cache *cache, size_t size, struct error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd, ret;

	*cache = (struct code_cache){ .size = (size + page - 1) & ~(page - 1) };
	/* Code refers to the side table and to stubs by 31-bit offsets. */
	if (cache->size == 0 || cache->size > GiB)
		return error_set(err, EINVAL, "a code cache of %zu bytes is not possible: choose 1 MiB to 1 GiB", size);
	fd = memfd_create("dbtvm-code", MFD_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "cannot create memory for the code cache: %s", strerror(errno));
	if (ftruncate(fd, (off_t)cache->size) < 0)
		ret = error_set(err, errno, "cannot size the code cache: %s", strerror(errno));
	else
		ret = map_twice(cache, fd, err);
	close(fd);
	return ret;
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
	cache->settled = 0;
}

void cache_fini(struct code_cache *cache)
{
	if (cache->write)
		munmap(cache->write, cache->size);
	if (cache->exec)
		munmap(cache->exec, cache->size);
	*cache = (struct code_cache){ 0 };
}
