/*
 * check.c - -d shadow-check: every valid entry of every space against a new walk of the primaries; and `info shadow`.
 */
#include "base/base.h"
#include "mmu/mmu.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "mmu/mmu_private.h"

struct checker {
	struct mmu *mmu;
	struct shadow *shadow;
	unsigned differences;
};

static void PRINTF_LIKE(3, 4) differ(struct checker *c, uint32_t page, const char *fmt, ...)
{
	char text[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (c->differences++ < 20)
		log_always(c->mmu->cpu->log, "shadow-check: space %u, page 0x%05x: %s\n", c->shadow->index, page, text);
}

static void check_data(struct checker *c, uint32_t page, uint64_t entry, unsigned perms, unsigned need, const struct walk *walk,
                       const char *what)
{
	gva_t va = page << GUEST_PAGE_BITS;
	struct frame *frame;
	struct region *region;

	if (!entry)
		return;
	if (!(perms & need)) {
		differ(c, page, "%s entry without the right to (permissions %u)", what, perms);
		return;
	}
	region = phys_find_frame(c->mmu->phys, walk->pa, &frame);
	if (!region || walk->device) {
		differ(c, page, "%s entry for 0x%" PRIx64 ", which is not normal memory", what, walk->pa);
		return;
	}
	if (entry + va != (uint64_t)(uintptr_t)(region->host + (walk->pa - region->base)))
		differ(c, page, "%s entry maps something else than 0x%" PRIx64, what, walk->pa);
	if (need == PERM_W && (frame->trace || region->kind == REGION_ROM))
		differ(c, page, "write entry for a traced frame or ROM, 0x%" PRIx64, walk->pa);
	if (need == PERM_W && (!c->shadow->writer[page] || c->mmu->writers[c->shadow->writer[page]].frame != frame))
		differ(c, page, "write entry that 0x%" PRIx64 " does not know of", walk->pa);
}

/* What is mapped in the window has its entry, and is the memory that the entry names. */
static void check_window(struct checker *c, uint32_t page)
{
	const struct space *space = c->shadow->space;
	uint8_t mapped = c->shadow->window.used ? c->shadow->window.pages[page] & WINDOW_PERMS : 0;
	gva_t va = page << GUEST_PAGE_BITS;

	if ((mapped & PERM_R && !space->read[page]) || (mapped & PERM_W && !space->write[page]))
		differ(c, page, "in the window with permissions %u, entries: read %d, write %d", mapped, space->read[page] != 0, space->write[page] != 0);
	else if (mapped && memcmp((const uint8_t *)space + SPACE_WINDOW_OFFSET + va, (const uint8_t *)(uintptr_t)(space->read[page] + va), 64) != 0)
		differ(c, page, "the window shows other memory than the entry");
}

static void check_page(struct checker *c, uint32_t page)
{
	const struct space *space = c->shadow->space;
	const struct mib *m = &c->shadow->mibs[page / MIB_PAGES];
	gva_t va = page << GUEST_PAGE_BITS;
	struct walk walk;
	unsigned perms = 0;
	int fsr;

	check_window(c, page);
	if (!space->read[page] && !space->write[page] && !space->exec[page])
		return;
	if (c->shadow->flat)
		fsr = walk_lookup(c->mmu->phys, &c->shadow->key, va, false, &walk, &perms);
	else
		fsr = walk_from(c->mmu->phys, &c->shadow->key, m->l1_pa, va, false, &walk, &perms);
	if (fsr) {
		differ(c, page, "an entry, but the walk faults with 0x%03x", (unsigned)fsr);
		return;
	}
	if (c->shadow->shared && walk.ng)
		differ(c, page, "a non-global mapping in a shared space");
	check_data(c, page, space->read[page], perms, PERM_R, &walk, "read");
	check_data(c, page, space->write[page], perms, PERM_W, &walk, "write");
	if (space->exec[page] & SPACE_DEVICE) {
		if ((space->exec[page] & SPACE_DEVICE_PAGE) != walk.pa >> GUEST_PAGE_BITS ||
		    !(space->exec[page] & SPACE_DEVICE_R) != !(perms & PERM_R) || !(space->exec[page] & SPACE_DEVICE_W) != !(perms & PERM_W))
			differ(c, page, "device entry 0x%x, walk 0x%" PRIx64 ", permissions %u", space->exec[page], walk.pa, perms);
	} else if (space->exec[page] && (!(perms & PERM_X) || space->exec[page] - 1 != walk.pa >> GUEST_PAGE_BITS))
		differ(c, page, "exec entry 0x%x, walk 0x%" PRIx64 ", permissions %u", space->exec[page] - 1, walk.pa, perms);
}

static void check_mib(struct checker *c, uint32_t mib)
{
	static const uint8_t nothing[MIB_PAGES];
	const struct mib *m = &c->shadow->mibs[mib];

	if (!(c->shadow->used[mib >> 6] >> (mib & 63) & 1)) {
		/* Most have nothing in the window: seen at once. */
		if (c->shadow->window.used && memcmp(&c->shadow->window.pages[mib * MIB_PAGES], nothing, sizeof(nothing)) != 0)
			for (uint32_t page = mib * MIB_PAGES; page < (mib + 1) * MIB_PAGES; page++)
				check_window(c, page);
		if (m->flags)
			differ(c, mib * MIB_PAGES, "a MiB with flags 0x%x is not noted as used", m->flags);
		return;
	}
	if (!c->shadow->flat && !(m->flags & MIB_LINKED))
		differ(c, mib * MIB_PAGES, "a MiB without dependencies is in use");
	for (uint32_t page = mib * MIB_PAGES; page < (mib + 1) * MIB_PAGES; page++)
		check_page(c, page);
}

unsigned mmu_check(struct cpu *cpu)
{
	struct checker c = { .mmu = cpu->mmu };

	for (unsigned i = 0; i < cpu->mmu->shadow_count; i++) {
		c.shadow = &cpu->mmu->shadows[i];
		if (!c.shadow->live)
			continue;
		for (uint32_t mib = 0; mib < MIB_COUNT; mib++)
			check_mib(&c, mib);
	}
	return c.differences;
}

static void PRINTF_LIKE(3, 4) line(void (*print)(void *opaque, const char *line), void *opaque, const char *fmt, ...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	print(opaque, text);
}

static void count_entries(const struct shadow *shadow, unsigned counts[4])
{
	memset(counts, 0, 4 * sizeof(counts[0]));
	for (uint32_t mib = 0; mib < MIB_COUNT; mib++) {
		if (!(shadow->used[mib >> 6] >> (mib & 63) & 1))
			continue;
		for (uint32_t page = mib * MIB_PAGES; page < (mib + 1) * MIB_PAGES; page++) {
			counts[0] += shadow->space->read[page] != 0;
			counts[1] += shadow->space->write[page] != 0;
			counts[2] += shadow->space->exec[page] != 0;
			counts[3] += shadow->window.used && shadow->window.pages[page] & WINDOW_PERMS;
		}
	}
}

void mmu_print(struct mmu *mmu, void (*print)(void *opaque, const char *line), void *opaque)
{
	const uint64_t *stats = mmu->cpu->stats;

	line(print, opaque, "%5s %10s %10s %-10s %-8s %7s %7s %7s %7s", "space", "ttbr0", "dacr", "privilege", "kind", "read", "write", "exec", "window");
	for (unsigned i = 0; i < mmu->shadow_count; i++) {
		const struct shadow *shadow = &mmu->shadows[i];
		unsigned counts[4];
		char window[16];

		if (!shadow->live)
			continue;
		count_entries(shadow, counts);
		snprintf(window, sizeof(window), "%u", counts[3]);
		line(print, opaque, "%4u%c 0x%08x 0x%08x %-10s %-8s %7u %7u %7u %7s", i, shadow == mmu->current ? '*' : ' ',
		     shadow->shared ? 0 : shadow->key.ttbr0, shadow->key.dacr, shadow->key.privileged ? "privileged" : "user",
		     shadow->flat ? "MMU off" : shadow->shared ? "shared" : "private", counts[0], counts[1], counts[2],
		     shadow->window.open ? window : "-");
	}
	line(print, opaque, "fills: %" PRIu64 " read, %" PRIu64 " write, %" PRIu64 " exec; %" PRIu64 " walks, %" PRIu64 " drops",
	     stats[CPU_STAT_FILL_READ], stats[CPU_STAT_FILL_WRITE], stats[CPU_STAT_FILL_EXEC], stats[CPU_STAT_WALKS],
	     stats[CPU_STAT_SHADOW_DROPS]);
	line(print, opaque, "frames under table trace: %u (%" PRIu64 " traced, %" PRIu64 " given up); %" PRIu64 " traced writes", mmu->traced,
	     stats[CPU_STAT_FRAMES_TRACED], stats[CPU_STAT_FRAMES_UNTRACED], stats[CPU_STAT_TRACED_WRITES]);
}
