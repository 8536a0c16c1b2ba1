/*
 * test_shadow.c - shadow spaces stay coherent with the primaries: random edits of tables, accesses, switches of TTBR0, DACR, mode,
 * TLB operations; after each step accesses agree with a fresh walk, and now and then mmu_check() walks everything.
 */
#include "fixture.h"
#include "tests/base/check_run.h"

#define ROOTS 3
#define ROOT(i) (RAM_BASE + 0x10000 + (i) * 0x4000)
#define L2_FRAMES 3
#define L2(i) (RAM_BASE + 0x40000 + (i) * 0x400) /* 12 tables in 3 frames */
#define L2_TABLES (L2_FRAMES * 4)
#define DATA (RAM_BASE + 0x100000)
#define DATA_PAGES 16
/* A small page of DATA: full access, normal memory, nG. */
#define SMALL(i) ((DATA + (i) * 0x1000u) | 3u << 4 | 3u << 2 | 1u << 11 | 2)

static uint32_t seed;

/* Which leaves are global (nG = 0). With all of them so, every space stays shared by all TTBR0. */
enum leaves { NONE_GLOBAL, SOME_GLOBAL, ALL_GLOBAL };

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)seed * n >> 32);
}

/* Where the accesses go: a few MiBs, few pages of each. */
static gva_t random_va(void)
{
	static const uint32_t mibs[] = { 0x000, 0x001, 0x7ff, 0x800, 0xbff, 0xc00, 0xfff };

	return mibs[rnd(ARRAY_SIZE(mibs))] << 20 | rnd(20) << 12 | (rnd(4) ? rnd(0x1000) & ~7u : 0xffd);
}

static uint32_t random_page(void)
{
	switch (rnd(12)) {
	case 0: return L2(rnd(L2_TABLES)) & ~0xfffu; /* a table maps itself or another */
	case 1: return ROOT(rnd(ROOTS));
	case 2: return 0x10000000; /* nothing there */
	default: return DATA + rnd(DATA_PAGES) * 0x1000;
	}
}

static bool random_ng(enum leaves leaves)
{
	return leaves == NONE_GLOBAL || (leaves == SOME_GLOBAL && rnd(2));
}

static uint32_t random_l2(enum leaves leaves)
{
	uint32_t ng = random_ng(leaves) ? 1u << 11 : 0;
	uint32_t attributes = rnd(4) << 4 | rnd(2) << 9 | (rnd(5) ? 3u << 2 : 0) | ng; /* normal, seldom strongly ordered */

	switch (rnd(8)) {
	case 0: return 0;
	case 1: return (random_page() & 0xffff0000) | attributes | 1 | rnd(2) << 15;
	default: return random_page() | attributes | 2 | (rnd(4) == 0);
	}
}

static uint32_t random_l1(enum leaves leaves)
{
	uint32_t ng = random_ng(leaves) ? 1u << 17 : 0;
	uint32_t domain = rnd(3) << 5;

	switch (rnd(8)) {
	case 0: return rnd(2) ? 0 : 3;
	case 1: return (RAM_BASE + (rnd(2) << 20)) | rnd(4) << 10 | rnd(2) << 15 | 3u << 2 | domain | 2 | ng;
	case 2: return RAM_BASE | rnd(4) << 10 | 1u << 18 | 3u << 2 | 2 | ng;
	default: return L2(rnd(L2_TABLES)) | domain | 1;
	}
}

/* An edit the way a guest or a device makes it. */
static void edit(struct fixture *f, enum leaves leaves)
{
	gpa_t pa;
	uint32_t value;

	if (rnd(4) == 0) {
		pa = ROOT(rnd(ROOTS)) + (random_va() >> 20) * 4;
		value = random_l1(leaves);
	} else {
		pa = L2(rnd(L2_TABLES)) + rnd(20) * 4;
		value = random_l2(leaves);
	}
	if (rnd(2)) {
		put(f, pa, value);
	} else {
		/* the identity map at 0x60000000, as a privileged manager of domain 15 */
		uint32_t mode = f->cpu->cpsr & CPSR_M;

		set_mode(f, MODE_SVC);
		ck_assert_int_eq(mmu_store(f->cpu, (gva_t)pa, ACCESS_SIZE(2), value), 0);
		set_mode(f, mode);
	}
}

static int expected(struct fixture *f, gva_t va, enum mmu_access access, bool privileged, struct walk *walk, struct frame **frame)
{
	int fsr = mmu_walk(f->cpu, va, access, privileged, walk);

	if (fsr)
		return fsr;
	return phys_find_frame(f->phys, walk->pa, frame) ? 0 : 0x008;
}

/* The word at @va as translated code reaches it, which has just been accessed, if it can be in the window. */
static void through_window(struct fixture *f, gva_t va, bool write, gpa_t pa)
{
	uint32_t *word = (uint32_t *)(void *)((uint8_t *)f->cpu->space + SPACE_WINDOW_OFFSET + va);
	uint64_t wanted;

	if (!f->cpu->window_key || rnd(2) || !mmu_window_fault(f->cpu, va, write))
		return;
	phys_read(f->phys, pa, 4, &wanted);
	ck_assert_uint_eq(*word, wanted);
	if (!write)
		return;
	*word = (uint32_t)wanted ^ 0x800;
	phys_read(f->phys, pa, 4, &wanted);
	ck_assert_uint_eq(*word, wanted);
	*word ^= 0x800;
}

/* One access inside a page against the walk. */
static void access_once(struct fixture *f, enum leaves leaves)
{
	gva_t va = random_va() & ~3u;
	bool user = rnd(3) == 0, privileged = cpu_privileged(f->cpu) && !user;
	uint32_t flags = ACCESS_SIZE(2) | (user ? ACCESS_USER : 0);
	struct frame *frame = NULL, *found = NULL;
	struct walk walk;
	uint64_t value, wanted;
	const uint8_t *host;
	uint32_t word;
	gpa_t pa;
	int fsr, ret;

	switch (rnd(3)) {
	case 0:
		fsr = expected(f, va, MMU_READ, privileged, &walk, &frame);
		ret = mmu_load(f->cpu, va, flags, &value);
		ck_assert_int_eq(ret, fsr ? -1 : 0);
		if (!fsr) {
			phys_read(f->phys, walk.pa, 4, &wanted);
			ck_assert_uint_eq(value, wanted);
			if (!user)
				through_window(f, va, false, walk.pa);
		}
		break;
	case 1:
		fsr = expected(f, va, MMU_WRITE, privileged, &walk, &frame);
		/* Do not destroy the identity map: tables are written with table-like values only. */
		word = rnd(2) ? random_l2(leaves) : random_l1(leaves);
		ret = mmu_store(f->cpu, va, flags, word);
		ck_assert_int_eq(ret, fsr ? -1 : 0);
		if (!fsr) {
			phys_read(f->phys, walk.pa, 4, &value);
			ck_assert_uint_eq(value, word);
			if (!user)
				through_window(f, va, true, walk.pa);
		}
		break;
	default:
		privileged = cpu_privileged(f->cpu);
		fsr = expected(f, va, MMU_EXEC, privileged, &walk, &frame);
		ret = mmu_fetch_page(f->cpu, va, &host, &pa, &found);
		ck_assert_int_eq(ret, fsr ? -1 : 0);
		if (!fsr) {
			ck_assert_uint_eq(pa, walk.pa & ~0xfffull);
			ck_assert_ptr_eq(found, frame);
			ck_assert_uint_eq(f->cpu->space->exec[va >> 12], (pa >> 12) + 1);
			if (rnd(16) == 0)
				mmu_trace_code(f->mmu, pa, found);
			else if (rnd(8) == 0)
				mmu_untrace_code(f->mmu, pa, found);
		}
		break;
	}
	if (fsr) {
		ck_assert_uint_eq(f->cpu->fault.fsr, (unsigned)fsr);
		ck_assert_uint_eq(f->cpu->fault.va, va);
	}
}

/* Roots keep an identity map of the RAM and their kernel half for domain 15, whose manager we are always. */
static void repair(struct fixture *f)
{
	for (unsigned r = 0; r < ROOTS; r++)
		for (unsigned i = 0; i < 16; i++) {
			gpa_t pa = ROOT(r) + ((RAM_BASE >> 20) + i) * 4;
			uint32_t want = (RAM_BASE + (i << 20)) | 15u << 5 | 3u << 10 | 3u << 2 | 2;
			uint64_t have;

			phys_read(f->phys, pa, 4, &have);
			if (have != want)
				put(f, pa, want);
		}
}

static void random_run(uint32_t start, enum leaves leaves)
{
	static const uint32_t dacrs[] = { 0x40000055u | 3u << 30, 3u << 30 | 0x11, 3u << 30 | 0x1d, 3u << 30 };
	struct fixture f;

	seed = start;
	fixture_init(&f);
	if (start & 1)
		mmu_set_windows(f.mmu, WINDOWS_ALWAYS);
	repair(&f);
	for (unsigned i = 0; i < 200; i++)
		put(&f, L2(rnd(L2_TABLES)) + rnd(20) * 4, random_l2(leaves));
	mcr(&f, 0, 2, 0, 0, ROOT(0));
	mcr(&f, 0, 2, 0, 1, ROOT(0));
	mcr(&f, 0, 3, 0, 0, dacrs[0]);
	mcr(&f, 0, 1, 0, 0, f.cpu->cp15.sctlr | SCTLR_M);
	for (unsigned step = 0; step < 20000; step++) {
		switch (rnd(16)) {
		case 0:
			mcr(&f, 0, 2, 0, 0, ROOT(rnd(ROOTS)));
			break;
		case 1:
			mcr(&f, 0, 3, 0, 0, dacrs[rnd(ARRAY_SIZE(dacrs))]);
			break;
		case 2:
			set_mode(&f, rnd(2) ? MODE_USR : MODE_SVC);
			break;
		case 3:
		case 4:
			edit(&f, leaves);
			break;
		default:
			access_once(&f, leaves);
			repair(&f);
			break;
		}
		/* Global entries may be stale until the guest says so (B3.9); the others never are. */
		if (leaves != NONE_GLOBAL)
			mcr(&f, 0, 8, 7, 0, 0);
		if (step % 64 == 0)
			ck_assert_msg(mmu_check(f.cpu) == 0, "seed %u, step %u", start, step);
	}
	ck_assert_uint_eq(mmu_check(f.cpu), 0);
	fixture_fini(&f);
}

START_TEST(random_private)
{
	random_run(1000 + (uint32_t)_i, NONE_GLOBAL);
}
END_TEST

START_TEST(random_global)
{
	random_run(2000 + (uint32_t)_i, SOME_GLOBAL);
}
END_TEST

START_TEST(random_shared)
{
	random_run(3000 + (uint32_t)_i, ALL_GLOBAL);
}
END_TEST

/* A kernel's pattern: one global section in all roots, DACR closed: a TTBR0 switch keeps the space, opening the domain does not. */
START_TEST(closed_domain_is_shared)
{
	struct fixture f;
	struct space *closed, *open;
	uint64_t value;

	fixture_init(&f);
	repair(&f);
	for (unsigned r = 0; r < ROOTS; r++) {
		put(&f, ROOT(r) + 0x001 * 4, L2(r) | 1u << 5 | 1);
		put(&f, L2(r), SMALL(r));
		put(&f, DATA + r * 0x1000u, r);
	}
	mcr(&f, 0, 2, 0, 0, ROOT(0));
	mcr(&f, 0, 2, 0, 1, ROOT(2));
	mcr(&f, 0, 3, 0, 0, 3u << 30);
	mcr(&f, 0, 1, 0, 0, f.cpu->cp15.sctlr | SCTLR_M);
	ck_assert_int_eq(mmu_load(f.cpu, RAM_BASE + 4, ACCESS_SIZE(2), &value), 0);
	ck_assert_int_eq(mmu_load(f.cpu, 0x00100000, ACCESS_SIZE(2), &value), -1);
	ck_assert_uint_eq(f.cpu->fault.fsr, 0x01b); /* domain fault, page, domain 1 */
	closed = f.cpu->space;
	ck_assert_uint_ne(closed->read[RAM_BASE >> 12], 0);
	for (unsigned r = 0; r < ROOTS; r++) {
		mcr(&f, 0, 2, 0, 0, ROOT(r));
		ck_assert_ptr_eq(f.cpu->space, closed);
		mcr(&f, 0, 3, 0, 0, 3u << 30 | 1u << 2);
		ck_assert_int_eq(mmu_load(f.cpu, 0x00100000, ACCESS_SIZE(2), &value), 0);
		ck_assert_uint_eq(value, r);
		open = f.cpu->space;
		ck_assert_ptr_ne(open, closed);
		mcr(&f, 0, 3, 0, 0, 3u << 30);
		ck_assert_ptr_eq(f.cpu->space, closed);
		ck_assert_uint_ne(closed->read[RAM_BASE >> 12], 0);
	}
	/* Back: nothing was flushed. */
	mcr(&f, 0, 3, 0, 0, 3u << 30 | 1u << 2);
	ck_assert_ptr_eq(f.cpu->space, open);
	ck_assert_uint_ne(open->read[0x00100], 0);
	/* TLB maintenance does not drop what is right. */
	mcr(&f, 0, 8, 7, 0, 0);
	mcr(&f, 0, 8, 7, 1, 0x00100000);
	ck_assert_uint_ne(open->read[0x00100], 0);
	ck_assert_uint_ne(closed->read[RAM_BASE >> 12], 0);
	fixture_fini(&f);
}
END_TEST

/* A descriptor store drops the entries of its page, and of nothing else. */
START_TEST(store_drops_one_page)
{
	struct fixture f;
	struct space *space;
	uint64_t value;

	fixture_init(&f);
	repair(&f);
	put(&f, ROOT(0) + 0x001 * 4, L2(0) | 1);
	for (unsigned i = 0; i < 4; i++)
		put(&f, L2(0) + i * 4, SMALL(i));
	mcr(&f, 0, 2, 0, 0, ROOT(0));
	mcr(&f, 0, 3, 0, 0, 3u << 30 | 1);
	mcr(&f, 0, 1, 0, 0, f.cpu->cp15.sctlr | SCTLR_M);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(mmu_store(f.cpu, 0x00100000 + i * 0x1000, ACCESS_SIZE(2), i), 0);
	space = f.cpu->space;
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_ne(space->write[0x100 + i], 0);
	/* through the identity map: slow, because the table is traced */
	ck_assert_int_eq(mmu_store(f.cpu, L2(0) + 2 * 4, ACCESS_SIZE(2), SMALL(8)), 0);
	ck_assert_uint_eq(space->write[L2(0) >> 12], 0);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(space->write[0x100 + i] != 0, i != 2);
	ck_assert_int_eq(mmu_load(f.cpu, 0x00102000, ACCESS_SIZE(2), &value), 0);
	ck_assert_uint_eq(value, 0);
	/* written over and over without use: the trace is given up and its entries go */
	for (unsigned i = 0; i < 40; i++)
		ck_assert_int_eq(mmu_store(f.cpu, L2(0) + 0x80 + i * 4, ACCESS_SIZE(2), 0), 0);
	ck_assert_uint_ne(space->write[L2(0) >> 12], 0);
	ck_assert_uint_eq(space->read[0x100], 0);
	ck_assert_int_eq(mmu_load(f.cpu, 0x00101000, ACCESS_SIZE(2), &value), 0);
	ck_assert_uint_eq(value, 1);
	ck_assert_uint_eq(space->write[L2(0) >> 12], 0);
	ck_assert_uint_eq(mmu_check(f.cpu), 0);
	fixture_fini(&f);
}
END_TEST

/* More contexts than spaces: the oldest is recycled, and each still sees its own memory. */
START_TEST(more_contexts_than_spaces)
{
	struct fixture f;

	fixture_init(&f);
	for (unsigned r = 0; r < 200; r++) {
		gpa_t root = RAM_BASE + 0x400000 + r * 0x4000;

		put(&f, root + 0x100 * 4, (RAM_BASE + 0x800000) | 3u << 10 | 3u << 2 | 1u << 17 | 2);
		put(&f, root + 0x101 * 4, (RAM_BASE + (r % 8 << 20)) | 3u << 10 | 3u << 2 | 1u << 17 | 2);
	}
	mcr(&f, 0, 3, 0, 0, 1);
	mcr(&f, 0, 2, 0, 0, RAM_BASE + 0x400000);
	mcr(&f, 0, 1, 0, 0, f.cpu->cp15.sctlr | SCTLR_M);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned r = 0; r < 200; r++) {
			uint64_t value;

			mcr(&f, 0, 2, 0, 0, RAM_BASE + 0x400000 + r * 0x4000);
			ck_assert_int_eq(mmu_store(f.cpu, 0x10000000 + r * 4, ACCESS_SIZE(2), r + round), 0);
			ck_assert_int_eq(mmu_load(f.cpu, 0x10000000 + r * 4, ACCESS_SIZE(2), &value), 0);
			ck_assert_uint_eq(value, r + round);
			ck_assert_int_eq(mmu_load(f.cpu, 0x10100000, ACCESS_SIZE(2), &value), 0);
		}
		ck_assert_uint_eq(mmu_check(f.cpu), 0);
	}
	mmu_reset(f.mmu);
	ck_assert_uint_eq(mmu_check(f.cpu), 0);
	fixture_fini(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shadow");
	TCase *tcase = tcase_create("coherence");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, random_private, 0, 8);
	tcase_add_loop_test(tcase, random_global, 0, 8);
	tcase_add_loop_test(tcase, random_shared, 0, 8);
	tcase_add_test(tcase, closed_domain_is_shared);
	tcase_add_test(tcase, store_drops_one_page);
	tcase_add_test(tcase, more_contexts_than_spaces);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
