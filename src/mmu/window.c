/*
 * window.c - memory windows: the guest's address space as the host's, so that translated code reaches RAM with one instruction.
 *
 * Behind the tables of each space lie 4 GiB of address space that nobody may access, with guards on both sides for what emitted code adds
 * to an address. Frames are mapped there from RAM's memfd one run of pages at a time, when an access has faulted and the slow path has
 * found the page in read[] or write[]. So a window never holds more than the tables: a page is readable there only while read[] has its
 * entry and writable only while write[] has it; who clears an entry calls window_drop_page(), window_drop_mib() or window_protect_page().
 *
 * A fault, a mapping and its end cost microseconds each, a table entry some ten nanoseconds. So a space opens its window only after it
 * has run for long, and pays for each of these out of a small part of the time that it runs. When it cannot, its window closes and
 * its code uses the tables again. Windows have nothing to do with what is right: code that goes to a window that is closed
 * faults at each access, and does it by the slow path.
 *
 * Everything here runs on the core's thread.
 */
#include "base/base.h"
#include "mmu/mmu.h"

#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "mmu/mmu_private.h"

/* In guest instructions, of which translated code does two or three a nanosecond. Measured: docs/mmu.md. */
#define COST_FAULT 5000
#define COST_MAP 6000
#define COST_UNMAP 6000
/* The part of its time that a space may spend on these. */
#define CREDIT_SHIFT 4
#define CREDIT_MAX (48ll << 20)
/* What a window may cost at first, when it is filled. */
#define CREDIT_OPEN (24ll << 20)
/*
 * How long a space has run before its window opens; so long again, doubled each time, after it had to close. Code that ran before must be
 * translated again: a process must promise to go on for long, a kernel will.
 */
#define OPEN_AFTER (48ull << 20)
#define OPEN_AFTER_KERNEL (1ull << 20)
#define CLOSED_SHIFT_MAX 4
/* Pages around the one asked for that come with it if they lie together and are known; in a section so many, aligned, are made known for that. */
#define RUN_PAGES 32
#define SECTION_PAGES 32
/* In a section so many pages, aligned, stop being writable when one of them becomes code. */
#define CODE_PAGES 16
/*
 * When so many pages have been mapped in a window, it is emptied, and what is still in use comes again: a page counts twice in the
 * process's resident memory while it is mapped twice. Of a section's SECTION_PAGES so many are touched, more or less.
 */
#define WINDOW_PAGES 4096
#define SECTION_TOUCHED 8
/* Of mappings that may not have merged with their neighbours; two areas each, of the 65,530 that Linux gives a process. */
#define MAX_PIECES 12000

static uint8_t *window_at(const struct shadow *shadow, uint32_t page)
{
	return (uint8_t *)shadow->space + SPACE_WINDOW_OFFSET + ((size_t)page << GUEST_PAGE_BITS);
}

/* Makes @count pages inaccessible. False: the host has no room for one more area. */
static bool take_away(const struct shadow *shadow, uint32_t first, size_t count)
{
	return mmap(window_at(shadow, first), count << GUEST_PAGE_BITS, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) !=
	       MAP_FAILED;
}

/* So often taken away, a page is not mapped again: what a kernel maps anew for each use is better off with the tables. */
#define MAX_DROPS 24u

static uint8_t mapped_perms(const struct shadow *shadow, uint32_t page)
{
	return shadow->window.pages[page] & WINDOW_PERMS;
}

/* Takes @perms from what is noted of the page. */
static void note_drop(struct shadow *shadow, uint32_t page, uint8_t perms)
{
	uint8_t *noted = &shadow->window.pages[page];

	*noted &= (uint8_t)~perms;
	if (*noted / WINDOW_DROP < MAX_DROPS)
		*noted += WINDOW_DROP;
}

static bool comes_and_goes(const struct mmu *mmu, const struct shadow *shadow, uint32_t page)
{
	return shadow->window.pages[page] / WINDOW_DROP == MAX_DROPS && mmu->window_mode != WINDOWS_ALWAYS;
}

static void clear(struct shadow *shadow)
{
	if (!shadow->window.pages || !shadow->window.used)
		return;
	/* Never more areas than before. */
	if (!take_away(shadow, 0, SPACE_PAGES))
		BUG("cannot take a memory window away");
	madvise(shadow->window.pages, SPACE_PAGES, MADV_DONTNEED);
	shadow->window.used = false;
	shadow->window.mapped = 0;
}

static void set_open(struct mmu *mmu, struct shadow *shadow, bool open)
{
	shadow->window.open = open;
	mmu->cpu->stats[open ? CPU_STAT_WINDOWS_OPENED : CPU_STAT_WINDOWS_CLOSED]++;
	if (mmu->current == shadow) {
		struct cpu *cpu = mmu->cpu;

		cpu->window_key = open ? KEY_WINDOW : 0;
		/* Code for the window that runs now, block to block, ends soon. (The number of instructions executed stays.) */
		if (!open && cpu->countdown > 0) {
			cpu->countdown_start -= cpu->countdown;
			cpu->countdown = 0;
		}
	}
	if (unlikely(log_has(mmu->cpu->log_mask, LOG_SHADOW)))
		log_printf(mmu->cpu->log, LOG_SHADOW, "shadow: the window of space %u %s\n", shadow->index, open ? "opens" : "closes");
}

void window_open(struct mmu *mmu, struct shadow *shadow)
{
	if (shadow->window.open || !mmu->window_room)
		return;
	if (!shadow->window.pages) {
		void *pages = mmap(NULL, SPACE_PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (pages == MAP_FAILED)
			return;
		shadow->window.pages = pages;
	}
	shadow->window.credit = CREDIT_OPEN;
	set_open(mmu, shadow, true);
}

static void close_window(struct mmu *mmu, struct shadow *shadow)
{
	clear(shadow);
	shadow->window.ran = 0;
	shadow->window.credit = 0;
	shadow->window.closed = MIN(shadow->window.closed + 1u, (unsigned)CLOSED_SHIFT_MAX);
	if (shadow->window.open)
		set_open(mmu, shadow, false);
}

/* The host's areas run short: all begin again. */
static void close_all(struct mmu *mmu)
{
	for (unsigned i = 0; i < mmu->shadow_count; i++)
		if (mmu->shadows[i].window.open)
			close_window(mmu, &mmu->shadows[i]);
	mmu->window_pieces = 0;
	if (mmu->window_mode != WINDOWS_ALWAYS)
		return;
	for (unsigned i = 0; i < mmu->shadow_count; i++)
		if (mmu->shadows[i].live)
			window_open(mmu, &mmu->shadows[i]);
}

static void charge(struct mmu *mmu, struct shadow *shadow, int64_t cost)
{
	shadow->window.credit -= cost;
	if (shadow->window.credit < 0 && shadow->window.open && mmu->window_mode != WINDOWS_ALWAYS)
		close_window(mmu, shadow);
}

void window_forget(struct mmu *mmu, struct shadow *shadow)
{
	clear(shadow);
	if (shadow->window.open)
		set_open(mmu, shadow, false);
	shadow->window.ran = 0;
	shadow->window.credit = 0;
	shadow->window.closed = 0;
}

/* After a mapping was taken away or narrowed. @done false: it is still there, since the host had no area left to split it. */
static void narrowed(struct mmu *mmu, struct shadow *shadow, bool done)
{
	mmu->cpu->stats[CPU_STAT_WINDOW_UNMAPS]++;
	mmu->window_pieces++;
	if (!done)
		clear(shadow);
	charge(mmu, shadow, COST_UNMAP);
}

void window_drop_page(struct mmu *mmu, struct shadow *shadow, uint32_t page)
{
	if (!shadow->window.used || !mapped_perms(shadow, page))
		return;
	note_drop(shadow, page, WINDOW_PERMS);
	narrowed(mmu, shadow, take_away(shadow, page, 1));
}

void window_drop_mib(struct mmu *mmu, struct shadow *shadow, uint32_t mib)
{
	if (!shadow->window.used)
		return;
	memset(shadow->window.pages + mib * MIB_PAGES, 0, MIB_PAGES);
	narrowed(mmu, shadow, take_away(shadow, mib * MIB_PAGES, MIB_PAGES));
}

static bool in_section(const struct shadow *shadow, uint32_t page)
{
	const struct mib *m = &shadow->mibs[page / MIB_PAGES];

	return (m->flags & MIB_LINKED) && !m->l2_table;
}

void window_protect_page(struct mmu *mmu, struct shadow *shadow, uint32_t page)
{
	uint8_t *pages = shadow->window.pages;
	uint32_t first = page, end = page + 1, low = page & ~(CODE_PAGES - 1u), high = low + CODE_PAGES;

	if (!shadow->window.used || !(pages[page] & PERM_W))
		return;
	note_drop(shadow, page, PERM_W);
	/*
	 * A kernel's code, while it is still writable: the pages around it become code soon, one by one. So one call does it for all of them; what is
	 * data after all is mapped again when it is written.
	 */
	if (shadow->space->exec[page] && in_section(shadow, page)) {
		while (first > low && pages[first - 1] & PERM_W)
			pages[--first] &= (uint8_t)~PERM_W;
		while (end < high && pages[end] & PERM_W)
			pages[end++] &= (uint8_t)~PERM_W;
	}
	narrowed(mmu, shadow, mprotect(window_at(shadow, first), (size_t)(end - first) << GUEST_PAGE_BITS, PROT_READ) == 0);
}

/* What a page may be mapped for, whose frame is @frame. */
static uint8_t allowed(const struct space *space, uint32_t page, const struct frame *frame)
{
	/*
	 * A frame that has held page tables will do so again: they come and go with processes. It is never writable here; code that writes to it is
	 * better off with the tables.
	 */
	return (uint8_t)((space->read[page] ? PERM_R : 0) | (space->write[page] && !frame->was_table ? PERM_W : 0));
}

/* Pages that lie together, are known, and not mapped yet. */
struct run {
	uint32_t first, end;
	uint8_t perms;
	const struct region *region;
	uint64_t offset; /* of the first in the region */
};

static bool alike(const struct mmu *mmu, const struct shadow *shadow, uint32_t page, uint64_t addend, const struct frame *frame, uint8_t perms)
{
	return shadow->space->read[page] == addend && mapped_perms(shadow, page) != perms && !comes_and_goes(mmu, shadow, page) &&
	       allowed(shadow->space, page, frame) == perms;
}

/* The run that holds @page; false: it cannot be mapped for @need. */
static bool find_run(struct mmu *mmu, const struct shadow *shadow, uint32_t page, uint8_t need, struct run *run)
{
	uint32_t low = page & ~(MIB_PAGES - 1u), high = low + MIB_PAGES;
	uint64_t addend = shadow->space->read[page], frame;
	const uint8_t *host = (const uint8_t *)(uintptr_t)(addend + ((gva_t)page << GUEST_PAGE_BITS));
	const struct frame *frames;

	if (!addend)
		return false;
	run->region = phys_find_host(mmu->phys, host);
	if (!run->region || run->region->fd < 0)
		return false;
	frame = (uint64_t)(host - run->region->host) >> GUEST_PAGE_BITS;
	frames = run->region->frames + frame;
	run->perms = allowed(shadow->space, page, frames);
	if (!(run->perms & need))
		return false;
	/* With one addend, pages are as far apart as frames; both ends of the region have none. */
	run->first = page;
	run->end = page + 1;
	while (run->first > low && page - run->first < RUN_PAGES - 1 && page - run->first < frame &&
	       alike(mmu, shadow, run->first - 1, addend, frames - (page - run->first) - 1, run->perms))
		run->first--;
	while (run->end < high && run->end - run->first < RUN_PAGES && frame + (run->end - page) < run->region->size >> GUEST_PAGE_BITS &&
	       alike(mmu, shadow, run->end, addend, frames + (run->end - page), run->perms))
		run->end++;
	run->offset = (frame - (page - run->first)) << GUEST_PAGE_BITS;
	return true;
}

/*
 * In a section, or without translation, neighbours are one mapping: then as well one in the window. What a kernel does not touch of it stays without
 * memory, as nothing is populated.
 */
static bool fill_section(struct mmu *mmu, struct shadow *shadow, uint32_t page)
{
	uint32_t first = page & ~(SECTION_PAGES - 1u), fsr;

	if (!shadow->flat && !in_section(shadow, page))
		return false;
	for (uint32_t p = first; p < first + SECTION_PAGES; p++)
		if (!shadow->space->read[p])
			shadow_fill(mmu, shadow, &mmu->context, p << GUEST_PAGE_BITS, MMU_READ, &fsr);
	return true;
}

static bool map_run(struct mmu *mmu, struct shadow *shadow, const struct run *run, bool populate)
{
	size_t size = (size_t)(run->end - run->first) << GUEST_PAGE_BITS;
	int prot = run->perms & PERM_W ? PROT_READ | PROT_WRITE : PROT_READ;

	if (mmu->window_pieces >= MAX_PIECES)
		close_all(mmu);
	if (shadow->window.mapped >= WINDOW_PAGES)
		clear(shadow);
	if (!shadow->window.open)
		return false;
	shadow->window.used = true;
	if (mmap(window_at(shadow, run->first), size, prot, MAP_SHARED | MAP_FIXED | (populate ? MAP_POPULATE : 0), run->region->fd, (off_t)run->offset) == MAP_FAILED) {
		/* Nobody says what is there now. */
		mmu->window_room = false;
		close_all(mmu);
		return false;
	}
	for (uint32_t page = run->first; page < run->end; page++)
		shadow->window.pages[page] = (uint8_t)((shadow->window.pages[page] & ~WINDOW_PERMS) | run->perms);
	shadow->mibs[run->first / MIB_PAGES].flags |= MIB_WINDOW;
	shadow->window.mapped += populate ? run->end - run->first : SECTION_TOUCHED;
	mmu->window_pieces++;
	mmu->cpu->stats[CPU_STAT_WINDOW_MAPS]++;
	charge(mmu, shadow, COST_MAP);
	return true;
}

bool mmu_window_fault(struct cpu *cpu, gva_t va, bool write)
{
	struct mmu *mmu = cpu->mmu;
	struct shadow *shadow = mmu->current;
	uint32_t page = va >> GUEST_PAGE_BITS;
	uint8_t need = write ? PERM_W : PERM_R;
	struct run run;
	bool section;

	cpu->stats[CPU_STAT_WINDOW_FAULTS]++;
	charge(mmu, shadow, COST_FAULT);
	/* A closed window is not the access's fault, but neither can it be helped. */
	if (!shadow->window.open)
		return false;
	if (shadow->window.pages[page] & need)
		return true;
	if (comes_and_goes(mmu, shadow, page))
		return false;
	section = fill_section(mmu, shadow, page);
	return find_run(mmu, shadow, page, need, &run) && map_run(mmu, shadow, &run, !section);
}

void mmu_window_abort(struct cpu *cpu)
{
	cpu->stats[CPU_STAT_WINDOW_FAULTS]++;
	charge(cpu->mmu, cpu->mmu->current, COST_FAULT);
}

void mmu_ran(struct cpu *cpu, uint32_t insns)
{
	struct mmu *mmu = cpu->mmu;
	struct shadow *shadow;
	uint64_t after;

	if (!mmu || mmu->window_mode != WINDOWS_AUTO)
		return;
	shadow = mmu->current;
	shadow->window.ran += insns;
	shadow->window.credit = MIN(shadow->window.credit + (insns >> CREDIT_SHIFT), CREDIT_MAX);
	if (shadow->window.open)
		return;
	/* Linux has a space of its own for each process while its kernel may access the user's pages: these do not count as the kernel's. */
	after = shadow->key.privileged && (shadow->shared || shadow->flat) ? OPEN_AFTER_KERNEL : OPEN_AFTER;
	if (shadow->window.ran >> shadow->window.closed >= after)
		window_open(mmu, shadow);
}

void mmu_set_windows(struct mmu *mmu, enum window_mode mode)
{
	if (!mmu->windows_reserved)
		mode = WINDOWS_OFF;
	mmu->window_mode = mode;
	for (unsigned i = 0; i < mmu->shadow_count; i++) {
		if (mode == WINDOWS_OFF)
			window_forget(mmu, &mmu->shadows[i]);
		else if (mode == WINDOWS_ALWAYS && mmu->shadows[i].live)
			window_open(mmu, &mmu->shadows[i]);
	}
}
