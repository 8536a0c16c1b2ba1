/* phys_private.h - the map itself, shared by phys.c (building, look-up) and phys_access.c (accesses). */
#ifndef DBTVM_MEMORY_PHYS_PRIVATE_H
#define DBTVM_MEMORY_PHYS_PRIVATE_H

#include "base/base.h"
#include "memory/phys.h"

#include <stdatomic.h>

struct phys {
	/*
	 * The RAM region that accesses are tried against first: the biggest one. Copied out of its region so that the
	 * common case touches one cache line.
	 */
	gpa_t ram_base;
	uint64_t ram_size;
	struct region *ram;
	/* The region of the last look-up; a hint that any thread may overwrite. */
	_Atomic(struct region *) last;
	struct region **regions; /* sorted by base, never overlapping */
	unsigned count, capacity;
	const struct phys_hooks *hooks;
	void *hooks_opaque;
};

static inline bool region_holds(const struct region *region, gpa_t addr)
{
	return addr - region->base < region->size;
}

#endif
