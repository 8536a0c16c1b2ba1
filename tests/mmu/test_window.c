/* test_window.c - memory windows: what is mapped when, that it goes with its entry, and what it may cost. */
#include "fixture.h"
#include "tests/base/check_run.h"

#include <errno.h>
#include <unistd.h>

#define ROOT (RAM_BASE + 0x10000)
#define L2 (RAM_BASE + 0x20000)
#define DATA (RAM_BASE + 0x100000)
#define VA 0x00100000u
/* A small page: full access, normal memory. */
#define SMALL(pa) ((pa) | 3u << 4 | 3u << 2 | 2)
#define WORD ACCESS_SIZE(2)
#define MMIO 0x10000000u

static int pipes[2];

static uint8_t *window(const struct fixture *f, int64_t va)
{
	return (uint8_t *)f->cpu->space + SPACE_WINDOW_OFFSET + va;
}

/* The kernel tells without a signal. */
static bool readable(const void *at)
{
	uint8_t byte;

	if (write(pipes[1], at, 1) != 1) {
		ck_assert_int_eq(errno, EFAULT);
		return false;
	}
	ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
	return true;
}

static bool writable(void *at)
{
	uint8_t byte = 0;

	if (!readable(at))
		return false;
	ck_assert_int_eq(write(pipes[1], at, 1), 1);
	if (read(pipes[0], at, 1) == 1)
		return true;
	ck_assert_int_eq(errno, EFAULT);
	ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
	return false;
}

static int mmio_read(void *opaque, uint32_t offset, unsigned size, uint32_t *value)
{
	*value = 5;
	return PHYS_OK;
}
static int mmio_write(void *opaque, uint32_t offset, unsigned size, uint32_t value)
{
	return PHYS_OK;
}
static const struct mmio_ops mmio_ops = { .read = mmio_read, .write = mmio_write };

/* User mode, 256 small pages at VA, all of RAM and the device as sections where they are. */
static void start(struct fixture *f, enum window_mode mode)
{
	ck_assert_int_eq(pipe(pipes), 0);
	fixture_init(f);
	ck_assert_int_eq(phys_add_mmio(f->phys, "device", MMIO, 0x1000, &mmio_ops, NULL, NULL), 0);
	mmu_set_windows(f->mmu, mode);
	for (unsigned i = 0; i < RAM_SIZE >> 20; i++)
		put(f, ROOT + ((RAM_BASE >> 20) + i) * 4, (RAM_BASE + (i << 20)) | 3u << 10 | 3u << 2 | 2);
	put(f, ROOT + (MMIO >> 20) * 4, MMIO | 3u << 10 | 1u << 2 | 2);
	put(f, ROOT + 0xfff * 4, RAM_BASE | 3u << 10 | 3u << 2 | 2);
	put(f, ROOT, RAM_BASE | 3u << 10 | 3u << 2 | 2);
	put(f, ROOT + (VA >> 20) * 4, L2 | 1);
	for (unsigned i = 0; i < 256; i++)
		put(f, L2 + i * 4, SMALL(DATA + (i ^ 1) * 0x1000)); /* neighbours do not lie together */
	mcr(f, 0, 2, 0, 0, ROOT);
	mcr(f, 0, 3, 0, 0, 1);
	mcr(f, 0, 1, 0, 0, f->cpu->cp15.sctlr | SCTLR_M);
	set_mode(f, MODE_USR);
}

static void end(struct fixture *f)
{
	ck_assert_uint_eq(mmu_check(f->cpu), 0);
	fixture_fini(f);
	close(pipes[0]);
	close(pipes[1]);
}

/* As translated code: the access by the slow path, then the mapping. */
static bool touch(struct fixture *f, gva_t va, bool write)
{
	uint64_t value;

	ck_assert_int_eq(write ? mmu_store(f->cpu, va, WORD, va) : mmu_load(f->cpu, va, WORD, &value), 0);
	return mmu_window_fault(f->cpu, va, write);
}

START_TEST(mapped_on_demand)
{
	struct fixture f;

	start(&f, WINDOWS_ALWAYS);
	ck_assert_uint_eq(f.cpu->window_key, KEY_WINDOW);
	ck_assert_uint_ne(cpu_state_key(f.cpu) & KEY_WINDOW, 0);
	ck_assert(!readable(window(&f, VA)));
	ck_assert(touch(&f, VA, true));
	ck_assert(writable(window(&f, VA)));
	ck_assert_uint_eq(*(uint32_t *)(void *)window(&f, VA), VA);
	ck_assert(!readable(window(&f, VA + 0x1000)));
	ck_assert(!readable(window(&f, VA - 1)));
	/* a read-only page */
	put(&f, L2 + 4 * 4, (SMALL(DATA) & ~(3u << 4)) | 2u << 4);
	ck_assert(touch(&f, VA + 0x4000, false));
	ck_assert(readable(window(&f, VA + 0x4000)) && !writable(window(&f, VA + 0x4000)));
	/* a section: neighbours come along */
	ck_assert(touch(&f, RAM_BASE + 0x200000, true));
	ck_assert(writable(window(&f, RAM_BASE + 0x201000)));
	/* devices never */
	ck_assert(!touch(&f, MMIO, false));
	ck_assert(!touch(&f, MMIO, true));
	ck_assert(!readable(window(&f, MMIO)));
	end(&f);
}
END_TEST

/* Whatever is added to whatever address stays in the reservation, and what is beyond the 4 GiB is never mapped. */
START_TEST(both_ends)
{
	struct fixture f;

	start(&f, WINDOWS_ALWAYS);
	ck_assert(touch(&f, 0xfffffff0, true));
	ck_assert(touch(&f, 0x00000010, true));
	ck_assert(writable(window(&f, 0xffffffff)) && writable(window(&f, 0)));
	ck_assert(!readable(window(&f, -1)) && !readable(window(&f, -(int64_t)SPACE_WINDOW_GUARD)));
	ck_assert(!readable(window(&f, 1ll << 32)) && !readable(window(&f, (1ll << 32) + SPACE_WINDOW_GUARD - 1)));
	end(&f);
}
END_TEST

START_TEST(goes_with_its_entry)
{
	struct fixture f;
	struct space *space;

	start(&f, WINDOWS_ALWAYS);
	for (unsigned i = 0; i < 4; i++)
		ck_assert(touch(&f, VA + i * 0x1000, true));
	space = f.cpu->space;
	/* a descriptor store: that page, and the new one in its place */
	put(&f, DATA + 0x80000, 0x12345678);
	put(&f, L2 + 2 * 4, SMALL(DATA + 0x80000));
	ck_assert(!readable(window(&f, VA + 0x2000)));
	ck_assert(writable(window(&f, VA + 0x1000)) && writable(window(&f, VA + 0x3000)));
	ck_assert(touch(&f, VA + 0x2000, false));
	ck_assert_uint_eq(*(uint32_t *)(void *)window(&f, VA + 0x2000), 0x12345678);
	/* the whole MiB */
	put(&f, ROOT + (VA >> 20) * 4, 0);
	for (unsigned i = 0; i < 4; i++)
		ck_assert(!readable(window(&f, VA + i * 0x1000)));
	put(&f, ROOT + (VA >> 20) * 4, L2 | 1);
	ck_assert(touch(&f, VA, true));
	/* from another space */
	set_mode(&f, MODE_SVC);
	ck_assert_ptr_ne(f.cpu->space, space);
	ck_assert(!readable(window(&f, VA)));
	ck_assert_int_eq(mmu_store(f.cpu, L2, WORD, 0), 0);
	set_mode(&f, MODE_USR);
	ck_assert_ptr_eq(f.cpu->space, space);
	ck_assert(!readable(window(&f, VA)));
	ck_assert_uint_eq(mmu_check(f.cpu), 0);
	/* and by reset */
	ck_assert(touch(&f, VA + 0x1000, true));
	mmu_reset(f.mmu);
	ck_assert(!readable((uint8_t *)space + SPACE_WINDOW_OFFSET + VA + 0x1000));
	end(&f);
}
END_TEST

/* Frames with code are read-only in windows of all spaces, frames that have held tables from then on. */
START_TEST(traced_frames)
{
	struct frame *frame;
	struct fixture f;

	start(&f, WINDOWS_ALWAYS);
	ck_assert(touch(&f, VA, true));
	ck_assert(touch(&f, VA + 0x1000, true));
	ck_assert_ptr_nonnull(phys_find_frame(f.phys, DATA + 0x1000, &frame)); /* at VA */
	mmu_trace_code(f.mmu, DATA + 0x1000, frame);
	ck_assert(readable(window(&f, VA)) && !writable(window(&f, VA)));
	ck_assert(writable(window(&f, VA + 0x1000)));
	ck_assert(!touch(&f, VA, true));
	ck_assert(!writable(window(&f, VA)));
	mmu_untrace_code(f.mmu, DATA + 0x1000, frame);
	ck_assert(touch(&f, VA, true));
	ck_assert(writable(window(&f, VA)));
	/* the second-level table, seen as data */
	put(&f, L2 + 8 * 4, SMALL(L2));
	ck_assert(!touch(&f, VA + 0x8000, true));
	ck_assert(touch(&f, VA + 0x8000, false));
	ck_assert(readable(window(&f, VA + 0x8000)) && !writable(window(&f, VA + 0x8000)));
	ck_assert_uint_eq(mmu_check(f.cpu), 0);
	put(&f, ROOT + (VA >> 20) * 4, 0);
	ck_assert(!(frame->trace & FRAME_TRACE_TABLE));
	ck_assert(touch(&f, L2, false));
	ck_assert(!writable(window(&f, L2)));
	end(&f);
}
END_TEST

/* In a section the pages around code stop being writable with it; data among them is mapped again. */
START_TEST(code_in_sections)
{
	const gva_t section = RAM_BASE + 0x200000;
	struct frame *frame;
	const uint8_t *host;
	struct fixture f;
	uint64_t unmaps;
	gpa_t pa;

	start(&f, WINDOWS_ALWAYS);
	ck_assert(touch(&f, section, true));
	ck_assert(writable(window(&f, section + 0x1f000)));
	ck_assert_int_eq(mmu_fetch_page(f.cpu, section + 0x1000, &host, &pa, &frame), 0);
	unmaps = f.cpu->stats[CPU_STAT_WINDOW_UNMAPS];
	mmu_trace_code(f.mmu, pa, frame);
	ck_assert_uint_eq(f.cpu->stats[CPU_STAT_WINDOW_UNMAPS], unmaps + 1);
	for (gva_t va = section; va < section + 0x20000; va += 0x1000) {
		ck_assert(readable(window(&f, va)));
		ck_assert_int_eq(writable(window(&f, va)), va >= section + 0x10000);
	}
	ck_assert_uint_eq(mmu_check(f.cpu), 0);
	/* the next page has been seen to */
	ck_assert_int_eq(mmu_fetch_page(f.cpu, section + 0x2000, &host, &pa, &frame), 0);
	mmu_trace_code(f.mmu, pa, frame);
	ck_assert_uint_eq(f.cpu->stats[CPU_STAT_WINDOW_UNMAPS], unmaps + 1);
	ck_assert(touch(&f, section, true));
	ck_assert(writable(window(&f, section)));
	ck_assert(!writable(window(&f, section + 0x1000)) && !writable(window(&f, section + 0x2000)));
	ck_assert(!touch(&f, section + 0x2000, true));
	ck_assert(touch(&f, section + 0x3000, true));
	ck_assert(writable(window(&f, section + 0x3000)));
	/* code that runs at another address, and small pages: only the page itself */
	ck_assert_ptr_nonnull(phys_find_frame(f.phys, section + 0x18000, &frame));
	mmu_trace_code(f.mmu, section + 0x18000, frame);
	ck_assert(!writable(window(&f, section + 0x18000)) && writable(window(&f, section + 0x17000)) && writable(window(&f, section + 0x19000)));
	ck_assert(touch(&f, VA, true) && touch(&f, VA + 0x1000, true));
	ck_assert_int_eq(mmu_fetch_page(f.cpu, VA, &host, &pa, &frame), 0);
	mmu_trace_code(f.mmu, pa, frame);
	ck_assert(!writable(window(&f, VA)) && writable(window(&f, VA + 0x1000)));
	end(&f);
}
END_TEST

#define LONG (64u << 20)

/* What is mapped anew for each use stays out after a while, and that closes no window; others are not concerned. */
START_TEST(pages_that_come_and_go)
{
	struct fixture f;
	unsigned mapped = 0;

	start(&f, WINDOWS_AUTO);
	mmu_ran(f.cpu, LONG);
	for (unsigned i = 0; i < 1000; i++) {
		mapped += touch(&f, VA, true);
		put(&f, L2, 0);
		put(&f, L2, SMALL(DATA));
		ck_assert(!readable(window(&f, VA)));
	}
	ck_assert_uint_ge(mapped, 10);
	ck_assert_uint_le(mapped, 40);
	ck_assert_uint_eq(f.cpu->window_key, KEY_WINDOW);
	ck_assert(touch(&f, VA + 0x1000, true));
	ck_assert(writable(window(&f, VA + 0x1000)));
	ck_assert(!touch(&f, VA, true));
	ck_assert(!readable(window(&f, VA)));
	end(&f);
}
END_TEST

/* By itself a window opens late, and closes when it costs more than its part. */
START_TEST(budget)
{
	struct fixture f;
	unsigned maps = 0;

	start(&f, WINDOWS_AUTO);
	mmu_ran(f.cpu, 1000);
	ck_assert_uint_eq(f.cpu->window_key, 0);
	ck_assert(!touch(&f, VA, true));
	ck_assert(!readable(window(&f, VA)));
	mmu_ran(f.cpu, LONG);
	ck_assert_uint_eq(f.cpu->window_key, KEY_WINDOW);
	ck_assert(touch(&f, VA, true));
	/* Mapping and unmapping for ever. */
	f.cpu->countdown_start = f.cpu->countdown = 1000;
	while (f.cpu->window_key) {
		ck_assert_uint_lt(maps++, 10000);
		put(&f, L2, 0);
		put(&f, L2, SMALL(DATA));
		touch(&f, VA, true);
	}
	ck_assert_uint_gt(maps, 100);
	/* What runs there leaves soon; no instruction is lost. */
	ck_assert_int_eq(f.cpu->countdown, 0);
	ck_assert_int_eq(f.cpu->countdown_start, 0);
	ck_assert(!readable(window(&f, VA)));
	ck_assert_uint_eq(cpu_state_key(f.cpu) & KEY_WINDOW, 0);
	/* The next time takes longer. */
	mmu_ran(f.cpu, LONG);
	ck_assert_uint_eq(f.cpu->window_key, 0);
	mmu_ran(f.cpu, LONG);
	ck_assert_uint_eq(f.cpu->window_key, KEY_WINDOW);
	/* Another space has its own account; one with privilege for all TTBR0 opens early. */
	set_mode(&f, MODE_SVC);
	ck_assert_uint_eq(f.cpu->window_key, 0);
	mmu_ran(f.cpu, LONG / 32);
	ck_assert_uint_eq(f.cpu->window_key, KEY_WINDOW);
	set_mode(&f, MODE_USR);
	ck_assert_uint_eq(f.cpu->window_key, KEY_WINDOW);
	mmu_set_windows(f.mmu, WINDOWS_OFF);
	ck_assert_uint_eq(f.cpu->window_key, 0);
	end(&f);
}
END_TEST

/* Nothing to map, but faults all the same: where accesses abort all the time a window does not stay open. */
START_TEST(aborts)
{
	struct fixture f;
	unsigned count = 0;

	start(&f, WINDOWS_AUTO);
	mmu_ran(f.cpu, LONG);
	ck_assert_uint_eq(f.cpu->window_key, KEY_WINDOW);
	/* Some in a million instructions are no reason. */
	for (unsigned i = 0; i < 1000; i++) {
		for (unsigned n = 0; n < 8; n++)
			mmu_window_abort(f.cpu);
		mmu_ran(f.cpu, 1u << 20);
	}
	ck_assert_uint_eq(f.cpu->window_key, KEY_WINDOW);
	for (; f.cpu->window_key; count++)
		mmu_window_abort(f.cpu);
	ck_assert_uint_gt(count, 1000);
	ck_assert_uint_lt(count, 20000);
	end(&f);
}
END_TEST

/* A window is emptied from time to time; what is in use comes again. */
START_TEST(emptied)
{
	struct fixture f;
	bool gone = false;

	start(&f, WINDOWS_ALWAYS);
	ck_assert(touch(&f, VA, true));
	for (unsigned i = 0; i < 0x10000 && !gone; i++) {
		put(&f, L2 + 4, SMALL(DATA));
		ck_assert(touch(&f, VA + 0x1000, true));
		put(&f, L2 + 4, 0);
		gone = !readable(window(&f, VA));
	}
	ck_assert(gone);
	ck_assert(touch(&f, VA, true));
	ck_assert(writable(window(&f, VA)));
	end(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memory windows");
	TCase *tcase = tcase_create("window");

	tcase_add_test(tcase, mapped_on_demand);
	tcase_add_test(tcase, both_ends);
	tcase_add_test(tcase, goes_with_its_entry);
	tcase_add_test(tcase, traced_frames);
	tcase_add_test(tcase, code_in_sections);
	tcase_add_test(tcase, pages_that_come_and_go);
	tcase_add_test(tcase, budget);
	tcase_add_test(tcase, aborts);
	tcase_add_test(tcase, emptied);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
