/*
 * phys_access.c - accesses to physical memory: single ones of the CPU's slow path and of table walks, and DMA.
 *
 * Every store to a traced frame ends in phys_written(), after the bytes are there.
 */
#include "base/base.h"
#include "base/bits.h"
#include "memory/phys.h"

#include <string.h>

#include "memory/phys_private.h"

static int mmio_read(struct phys *phys, struct region *region, gpa_t addr, unsigned size, uint64_t *value)
{
	uint64_t offset = addr - region->base;
	uint32_t word = 0;

	if (size == 8) {
		uint64_t low, high;

		if (phys_read(phys, addr, 4, &low) != PHYS_OK || phys_read(phys, addr + 4, 4, &high) != PHYS_OK)
			return PHYS_ABORT;
		*value = low | high << 32;
		return PHYS_OK;
	}
	if (size > region->size - offset)
		return PHYS_ABORT;
	region->reads++;
	if (region->ops->read(region->opaque, (uint32_t)offset, size, &word) != PHYS_OK)
		return PHYS_ABORT;
	*value = size == 4 ? word : word & ((1u << size * 8) - 1);
	return PHYS_OK;
}

static int mmio_write(struct phys *phys, struct region *region, gpa_t addr, unsigned size, uint64_t value)
{
	uint64_t offset = addr - region->base;

	if (size == 8) {
		if (phys_write(phys, addr, 4, (uint32_t)value) != PHYS_OK)
			return PHYS_ABORT;
		return phys_write(phys, addr + 4, 4, value >> 32);
	}
	if (size > region->size - offset)
		return PHYS_ABORT;
	region->writes++;
	if (size < 4)
		value &= (1u << size * 8) - 1;
	return region->ops->write(region->opaque, (uint32_t)offset, size, (uint32_t)value);
}

int phys_read(struct phys *phys, gpa_t addr, unsigned size, uint64_t *value)
{
	struct region *region = phys_find(phys, addr);

	if (unlikely(!region))
		return PHYS_ABORT;
	if (region->kind == REGION_MMIO)
		return mmio_read(phys, region, addr, size, value);
	if (size > region->size - (addr - region->base))
		return PHYS_ABORT;
	*value = host_load(region->host + (addr - region->base), size);
	return PHYS_OK;
}

int phys_write(struct phys *phys, gpa_t addr, unsigned size, uint64_t value)
{
	struct region *region = phys_find(phys, addr);
	uint64_t offset;

	if (unlikely(!region))
		return PHYS_ABORT;
	if (region->kind == REGION_MMIO)
		return mmio_write(phys, region, addr, size, value);
	offset = addr - region->base;
	if (size > region->size - offset)
		return PHYS_ABORT;
	if (region->kind == REGION_ROM)
		return PHYS_OK;
	host_store(region->host + offset, size, value);
	phys_written(phys, region->frames + (offset >> GUEST_PAGE_BITS), addr, size);
	return PHYS_OK;
}

/* The 64-byte lines of a frame that [offset, offset+size) touches; size > 0 and the range stays in the frame. */
static uint64_t lines_of(unsigned offset, unsigned size)
{
	unsigned first = offset >> 6, last = (offset + size - 1) >> 6;

	return (~0ull << first) & (~0ull >> (63 - last));
}

void phys_written(struct phys *phys, struct frame *frame, gpa_t addr, unsigned size)
{
	if (likely(!frame->trace) || !phys->hooks)
		return;
	if (frame->trace & FRAME_TRACE_TABLE)
		phys->hooks->table_written(phys->hooks_opaque, frame, addr, size);
	/* The table's reader may have dropped the trace, never the code's. */
	if ((frame->trace & FRAME_TRACE_CODE) && (frame->code_lines & lines_of(addr & GUEST_PAGE_MASK, size)))
		phys->hooks->code_written(phys->hooks_opaque, frame, addr, size);
}

/* The longest run of bytes from @addr, at most @len, that stays in one page of memory; NULL: not memory. */
static uint8_t *page_run(struct phys *phys, gpa_t addr, uint64_t len, struct region **region, struct frame **frame,
                         unsigned *run)
{
	*region = phys_find_frame(phys, addr, frame);
	if (!*region)
		return NULL;
	*run = (unsigned)MIN(len, GUEST_PAGE_SIZE - (addr & GUEST_PAGE_MASK));
	return (*region)->host + (addr - (*region)->base);
}

uint64_t phys_copy_from(struct phys *phys, void *to, gpa_t from, uint64_t len)
{
	uint64_t done = 0;

	while (done < len) {
		struct region *region;
		struct frame *frame;
		unsigned run;
		const uint8_t *host = page_run(phys, from + done, len - done, &region, &frame, &run);

		if (!host)
			break;
		memcpy((uint8_t *)to + done, host, run);
		done += run;
	}
	return done;
}

uint64_t phys_copy_to(struct phys *phys, gpa_t to, const void *from, uint64_t len)
{
	uint64_t done = 0;

	while (done < len) {
		struct region *region;
		struct frame *frame;
		unsigned run;
		uint8_t *host = page_run(phys, to + done, len - done, &region, &frame, &run);

		if (!host)
			break;
		if (region->kind == REGION_RAM) {
			memcpy(host, (const uint8_t *)from + done, run);
			phys_written(phys, frame, to + done, run);
		}
		done += run;
	}
	return done;
}

bool phys_load(struct phys *phys, gpa_t addr, const void *from, uint64_t len)
{
	uint64_t done = 0;

	/* All or nothing: a loader must not leave half an image behind. */
	for (gpa_t page = addr & ~(gpa_t)GUEST_PAGE_MASK; len && page <= addr + len - 1; page += GUEST_PAGE_SIZE) {
		struct frame *frame;

		if (!phys_find_frame(phys, page, &frame))
			return false;
	}
	while (done < len) {
		struct region *region;
		struct frame *frame;
		unsigned run;
		uint8_t *host = page_run(phys, addr + done, len - done, &region, &frame, &run);

		if (!host)
			return false;
		memcpy(host, (const uint8_t *)from + done, run);
		phys_written(phys, frame, addr + done, run);
		done += run;
	}
	return true;
}
