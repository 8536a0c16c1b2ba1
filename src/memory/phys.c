/*
 * phys.c - building the physical address space and finding what is at an address.
 *
 * Regions are kept in an array of pointers sorted by base address, so pointers handed out stay valid while others are
 * added.  A look-up tries the main RAM, then the region of the last look-up, then searches.
 */
#include "base/base.h"
#include "memory/phys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory/phys_private.h"

/* More than any board of the A-profile's 32-bit family can address (supersections and LPAE give 40 bits). */
#define PHYS_LIMIT (1ull << 40)

struct phys *phys_create(struct error *err)
{
	struct phys *phys = calloc(1, sizeof(*phys));

	if (!phys)
		error_set(err, ENOMEM, "out of memory for the physical address map");
	return phys;
}

static void region_destroy(struct region *region)
{
	if (region->host)
		munmap(region->host, region->size);
	if (region->fd >= 0)
		close(region->fd);
	free(region->frames);
	free(region);
}

void phys_destroy(struct phys *phys)
{
	if (!phys)
		return;
	for (unsigned i = 0; i < phys->count; i++)
		region_destroy(phys->regions[i]);
	free(phys->regions);
	free(phys);
}

void phys_set_hooks(struct phys *phys, const struct phys_hooks *hooks, void *opaque)
{
	phys->hooks = hooks;
	phys->hooks_opaque = opaque;
}

/* Index of the first region that begins above @addr. */
static unsigned upper_bound(const struct phys *phys, gpa_t addr)
{
	unsigned low = 0, high = phys->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (phys->regions[middle]->base <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int check_range(struct phys *phys, enum region_kind kind, const char *name, gpa_t base, uint64_t size,
                       struct error *err)
{
	unsigned next;

	if (size == 0 || base >= PHYS_LIMIT || size > PHYS_LIMIT - base)
		return error_set(err, EINVAL, "%s: 0x%" PRIx64 " bytes at 0x%" PRIx64 " do not fit into 40 bits of address",
		                 name, size, base);
	if (kind != REGION_MMIO && ((base | size) & GUEST_PAGE_MASK))
		return error_set(err, EINVAL, "%s: memory at 0x%" PRIx64 ", size 0x%" PRIx64 ", must be in whole 4 KiB pages",
		                 name, base, size);
	next = upper_bound(phys, base + size - 1);
	if (next > 0) {
		const struct region *below = phys->regions[next - 1];

		if (below->base + below->size > base)
			return error_set(err, EEXIST, "%s at 0x%" PRIx64 "..0x%" PRIx64 " overlaps %s at 0x%" PRIx64 "..0x%" PRIx64,
			                 name, base, base + size - 1, below->name, below->base, below->base + below->size - 1);
	}
	return 0;
}

static int insert(struct phys *phys, struct region *region, struct error *err)
{
	unsigned at;

	if (phys->count == phys->capacity) {
		unsigned capacity = phys->capacity ? phys->capacity * 2 : 32;
		struct region **grown = realloc(phys->regions, capacity * sizeof(*grown));

		if (!grown)
			return error_set(err, ENOMEM, "out of memory for the physical address map");
		phys->regions = grown;
		phys->capacity = capacity;
	}
	at = upper_bound(phys, region->base);
	memmove(phys->regions + at + 1, phys->regions + at, (phys->count - at) * sizeof(*phys->regions));
	phys->regions[at] = region;
	phys->count++;
	return 0;
}

static struct region *region_create(enum region_kind kind, const char *name, gpa_t base, uint64_t size, struct error *err)
{
	struct region *region = calloc(1, sizeof(*region));

	if (!region) {
		error_set(err, ENOMEM, "out of memory for region %s", name);
		return NULL;
	}
	region->kind = kind;
	region->base = base;
	region->size = size;
	region->fd = -1;
	snprintf(region->name, sizeof(region->name), "%s", name);
	return region;
}

/* RAM comes from a memfd, so that frames can be mapped elsewhere as well (src/mmu/window.c); the host gives pages when they are touched. */
static int back_with_host_memory(struct region *region, struct error *err)
{
	int fd = memfd_create(region->name, MFD_CLOEXEC);
	void *host;

	if (fd < 0)
		return error_set(err, errno, "cannot create the host memory of %s: %s", region->name, strerror(errno));
	if (ftruncate(fd, (off_t)region->size) != 0) {
		int code = errno;

		close(fd);
		return error_set(err, code, "cannot size the host memory of %s to %llu MiB: %s", region->name,
		                 region->size / MiB, strerror(code));
	}
	host = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	region->fd = fd;
	if (host == MAP_FAILED)
		return error_set(err, ENOMEM, "cannot map %llu MiB of host memory for %s: use less memory (-m)",
		                 region->size / MiB, region->name);
	region->host = host;
	region->frames = calloc(region->size >> GUEST_PAGE_BITS, sizeof(*region->frames));
	if (!region->frames)
		return error_set(err, ENOMEM, "out of memory for the frames of %s: use less memory (-m)", region->name);
	return 0;
}

static int add_memory(struct phys *phys, enum region_kind kind, const char *name, gpa_t base, uint64_t size,
                      struct error *err)
{
	struct region *region;
	int ret = check_range(phys, kind, name, base, size, err);

	if (ret)
		return ret;
	region = region_create(kind, name, base, size, err);
	if (!region)
		return -ENOMEM;
	ret = back_with_host_memory(region, err);
	if (ret == 0)
		ret = insert(phys, region, err);
	if (ret) {
		region_destroy(region);
		return ret;
	}
	if (kind == REGION_RAM && size > phys->ram_size) {
		phys->ram = region;
		phys->ram_base = base;
		phys->ram_size = size;
	}
	return 0;
}

int phys_add_ram(struct phys *phys, const char *name, gpa_t base, uint64_t size, struct error *err)
{
	return add_memory(phys, REGION_RAM, name, base, size, err);
}

int phys_add_rom(struct phys *phys, const char *name, gpa_t base, uint64_t size, struct error *err)
{
	return add_memory(phys, REGION_ROM, name, base, size, err);
}

int phys_add_mmio(struct phys *phys, const char *name, gpa_t base, uint64_t size, const struct mmio_ops *ops,
                  void *opaque, struct error *err)
{
	struct region *region;
	int ret = check_range(phys, REGION_MMIO, name, base, size, err);

	if (ret)
		return ret;
	region = region_create(REGION_MMIO, name, base, size, err);
	if (!region)
		return -ENOMEM;
	region->ops = ops;
	region->opaque = opaque;
	ret = insert(phys, region, err);
	if (ret)
		region_destroy(region);
	return ret;
}

struct region *phys_find(struct phys *phys, gpa_t addr)
{
	struct region *region;
	unsigned next;

	if (likely(addr - phys->ram_base < phys->ram_size))
		return phys->ram;
	region = atomic_load_explicit(&phys->last, memory_order_relaxed);
	if (region && region_holds(region, addr))
		return region;
	next = upper_bound(phys, addr);
	if (next == 0 || !region_holds(phys->regions[next - 1], addr))
		return NULL;
	region = phys->regions[next - 1];
	atomic_store_explicit(&phys->last, region, memory_order_relaxed);
	return region;
}

struct region *phys_find_frame(struct phys *phys, gpa_t addr, struct frame **frame)
{
	struct region *region = phys_find(phys, addr);

	if (!region || region->kind == REGION_MMIO)
		return NULL;
	*frame = region->frames + ((addr - region->base) >> GUEST_PAGE_BITS);
	return region;
}

struct region *phys_find_host(struct phys *phys, const uint8_t *host)
{
	for (unsigned i = 0; i < phys->count; i++) {
		struct region *region = phys->regions[i];

		if (region->host && host >= region->host && (uint64_t)(host - region->host) < region->size)
			return region;
	}
	return NULL;
}

void *phys_host(struct phys *phys, gpa_t addr, uint64_t len)
{
	struct region *region = phys_find(phys, addr);

	if (!region || region->kind == REGION_MMIO || len > region->size - (addr - region->base))
		return NULL;
	return region->host + (addr - region->base);
}

void phys_for_each(struct phys *phys, void (*fn)(void *opaque, struct region *region), void *opaque)
{
	for (unsigned i = 0; i < phys->count; i++)
		fn(opaque, phys->regions[i]);
}

uint64_t phys_ram_size(struct phys *phys, gpa_t *base)
{
	uint64_t size = 0;

	for (unsigned i = phys->count; i-- > 0;) {
		const struct region *region = phys->regions[i];

		if (region->kind != REGION_RAM)
			continue;
		size += region->size;
		if (base)
			*base = region->base;
	}
	return size;
}
