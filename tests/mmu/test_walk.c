/*
 * test_walk.c - the short-descriptor walk: addresses, permissions and fault status worked out from ARM DDI 0406C.d B3.5 to B3.13.
 *
 * Each case installs a first-level (and second-level) descriptor for one address and says what privileged and user reads, writes and
 * fetches give.
 */
#include "fixture.h"
#include "tests/base/check_run.h"

#define TABLE (RAM_BASE + 0x4000)
#define COARSE (RAM_BASE + 0x8000)
#define NONE 0xffffffffu /* no second-level descriptor */

struct walk_case {
	const char *what;
	gva_t va;
	uint32_t l1, l2;
	uint32_t sctlr;     /* besides M */
	uint32_t dacr;
	gpa_t pa;           /* when anything is allowed */
	/* FSR of: privileged read, write, fetch; user read, write, fetch; 0: allowed */
	uint16_t fsr[6];
};

/* Section: AP in 11:10, APX 15, XN 4, domain 8:5. Page: AP 5:4, APX 9, XN 0 (small), 15 (large). */
#define SECTION(ap, apx) (0x60100000u | (ap) << 10 | (apx) << 15 | 0xc | 2)
#define SMALL(ap, apx) (0x60101000u | (ap) << 4 | (apx) << 9 | 0xc | 2)
#define PAGE_TABLE (COARSE | 1)

static const struct walk_case cases[] = {
	{ "invalid first level", 0x12345678, 0, NONE, 0, 1, 0, { 5, 5, 5, 5, 5, 5 } },
	{ "reserved first level", 0x12345678, 3, NONE, 0, 1, 0, { 5, 5, 5, 5, 5, 5 } },
	{ "invalid, domain bits do not count", 0x12345678, 0x1e0, NONE, 0, 1, 0, { 5, 5, 5, 5, 5, 5 } },
	{ "section AP 000", 0x12345678, SECTION(0u, 0u), NONE, 0, 1, 0, { 0xd, 0xd, 0xd, 0xd, 0xd, 0xd } },
	{ "section AP 001", 0x12345678, SECTION(1u, 0u), NONE, 0, 1, 0x60145678, { 0, 0, 0, 0xd, 0xd, 0xd } },
	{ "section AP 010", 0x12345678, SECTION(2u, 0u), NONE, 0, 1, 0x60145678, { 0, 0, 0, 0, 0xd, 0 } },
	{ "section AP 011", 0x12345678, SECTION(3u, 0u), NONE, 0, 1, 0x60145678, { 0, 0, 0, 0, 0, 0 } },
	{ "section AP 100", 0x12345678, SECTION(0u, 1u), NONE, 0, 1, 0, { 0xd, 0xd, 0xd, 0xd, 0xd, 0xd } },
	{ "section AP 101", 0x12345678, SECTION(1u, 1u), NONE, 0, 1, 0x60145678, { 0, 0xd, 0, 0xd, 0xd, 0xd } },
	{ "section AP 110", 0x12345678, SECTION(2u, 1u), NONE, 0, 1, 0x60145678, { 0, 0xd, 0, 0, 0xd, 0 } },
	{ "section AP 111", 0x12345678, SECTION(3u, 1u), NONE, 0, 1, 0x60145678, { 0, 0xd, 0, 0, 0xd, 0 } },
	{ "section XN", 0x12345678, SECTION(3u, 0u) | 0x10, NONE, 0, 1, 0x60145678, { 0, 0, 0xd, 0, 0, 0xd } },
	{ "section, manager ignores AP and XN", 0x12345678, SECTION(0u, 0u) | 0x10, NONE, 0, 3, 0x60145678, { 0, 0, 0, 0, 0, 0 } },
	{ "section, no access to domain 0", 0x12345678, SECTION(3u, 0u), NONE, 0, 0xfffffffc, 0, { 9, 9, 9, 9, 9, 9 } },
	{ "section, reserved domain right", 0x12345678, SECTION(3u, 0u), NONE, 0, 2, 0, { 9, 9, 9, 9, 9, 9 } },
	{ "section, domain 5 in the FSR", 0x12345678, SECTION(3u, 0u) | 5 << 5, NONE, 0, 1, 0, { 0x59, 0x59, 0x59, 0x59, 0x59, 0x59 } },
	{ "section, permission fault with domain 15", 0x12345678, SECTION(1u, 0u) | 15 << 5, NONE, 0, 1u << 30, 0x60145678,
	  { 0, 0, 0, 0xfd, 0xfd, 0xfd } },
	{ "supersection", 0x12345678, 0x60000000 | 1u << 18 | 3u << 10 | 0xc | 2, NONE, 0, 1, 0x60345678, { 0 } },
	{ "supersection, PA<35:32> and PA<39:36>", 0x12345678, 0x60a00000 | 1u << 18 | 5u << 5 | 3u << 10 | 0xc | 2, NONE, 0, 1,
	  0x5a60345678, { 0 } },
	{ "supersection is in domain 0", 0x12345678, 0x60000000 | 1u << 18 | 3u << 5 | 3u << 10 | 0xc | 2, NONE, 0, 0xc0, 0,
	  { 9, 9, 9, 9, 9, 9 } },
	{ "second level invalid", 0x12345678, PAGE_TABLE, 0, 0, 1, 0, { 7, 7, 7, 7, 7, 7 } },
	{ "second level invalid before the domain is looked at", 0x12345678, PAGE_TABLE | 3 << 5, 0, 0, 0, 0,
	  { 0x37, 0x37, 0x37, 0x37, 0x37, 0x37 } },
	{ "page, no access to domain 3", 0x12345678, PAGE_TABLE | 3 << 5, SMALL(3u, 0u), 0, 0, 0, { 0x3b, 0x3b, 0x3b, 0x3b, 0x3b, 0x3b } },
	{ "small page AP 000", 0x12345678, PAGE_TABLE, SMALL(0u, 0u), 0, 1, 0, { 0xf, 0xf, 0xf, 0xf, 0xf, 0xf } },
	{ "small page AP 001", 0x12345678, PAGE_TABLE, SMALL(1u, 0u), 0, 1, 0x60101678, { 0, 0, 0, 0xf, 0xf, 0xf } },
	{ "small page AP 010", 0x12345678, PAGE_TABLE, SMALL(2u, 0u), 0, 1, 0x60101678, { 0, 0, 0, 0, 0xf, 0 } },
	{ "small page AP 011", 0x12345678, PAGE_TABLE, SMALL(3u, 0u), 0, 1, 0x60101678, { 0 } },
	{ "small page AP 101", 0x12345678, PAGE_TABLE, SMALL(1u, 1u), 0, 1, 0x60101678, { 0, 0xf, 0, 0xf, 0xf, 0xf } },
	{ "small page AP 110", 0x12345678, PAGE_TABLE, SMALL(2u, 1u), 0, 1, 0x60101678, { 0, 0xf, 0, 0, 0xf, 0 } },
	{ "small page AP 111", 0x12345678, PAGE_TABLE, SMALL(3u, 1u), 0, 1, 0x60101678, { 0, 0xf, 0, 0, 0xf, 0 } },
	{ "small page XN", 0x12345678, PAGE_TABLE | 2 << 5, SMALL(3u, 0u) | 1, 0, 1u << 4, 0x60101678, { 0, 0, 0x2f, 0, 0, 0x2f } },
	{ "large page", 0x12345678, PAGE_TABLE, 0x60110000 | 3u << 4 | 0xc | 1, 0, 1, 0x60115678, { 0 } },
	{ "large page XN", 0x12345678, PAGE_TABLE, 0x60110000 | 1u << 15 | 3u << 4 | 0xc | 1, 0, 1, 0x60115678, { 0, 0, 0xf, 0, 0, 0xf } },
	/* simplified permissions: AP[2:1], AP[0] is the access flag (B3.7.1) */
	{ "AFE, flag 0, section", 0x12345678, SECTION(2u, 0u), NONE, SCTLR_AFE, 1, 0, { 3, 3, 3, 3, 3, 3 } },
	{ "AFE, flag 0 also for a manager", 0x12345678, SECTION(2u, 0u), NONE, SCTLR_AFE, 3, 0, { 3, 3, 3, 3, 3, 3 } },
	{ "AFE, flag 0, page", 0x12345678, PAGE_TABLE | 1 << 5, SMALL(2u, 0u), SCTLR_AFE, 4, 0, { 0x16, 0x16, 0x16, 0x16, 0x16, 0x16 } },
	{ "AFE, flag before domain", 0x12345678, SECTION(2u, 0u), NONE, SCTLR_AFE, 0, 0, { 3, 3, 3, 3, 3, 3 } },
	{ "AFE AP[2:1] 00", 0x12345678, SECTION(1u, 0u), NONE, SCTLR_AFE, 1, 0x60145678, { 0, 0, 0, 0xd, 0xd, 0xd } },
	{ "AFE AP[2:1] 01", 0x12345678, SECTION(3u, 0u), NONE, SCTLR_AFE, 1, 0x60145678, { 0 } },
	{ "AFE AP[2:1] 10", 0x12345678, SECTION(1u, 1u), NONE, SCTLR_AFE, 1, 0x60145678, { 0, 0xd, 0, 0xd, 0xd, 0xd } },
	{ "AFE AP[2:1] 11", 0x12345678, SECTION(3u, 1u), NONE, SCTLR_AFE, 1, 0x60145678, { 0, 0xd, 0, 0, 0xd, 0 } },
	/* tables where there is no memory */
	{ "external abort at the second level", 0x12345678, 0x10000001 | 4 << 5, NONE, 0, ~0u, 0, { 0x4e, 0x4e, 0x4e, 0x4e, 0x4e, 0x4e } },
};

START_TEST(descriptors)
{
	const struct walk_case *c = &cases[_i];
	struct fixture f;

	for (unsigned be = 0; be < 2; be++) {
		fixture_init(&f);
		put(&f, TABLE + (c->va >> 20) * 4, be ? __builtin_bswap32(c->l1) : c->l1);
		if (c->l2 != NONE)
			put(&f, COARSE + (c->va >> 12 & 0xff) * 4, be ? __builtin_bswap32(c->l2) : c->l2);
		mcr(&f, 0, 2, 0, 0, TABLE | 0x6a);
		mcr(&f, 0, 3, 0, 0, c->dacr);
		mcr(&f, 0, 1, 0, 0, f.cpu->cp15.sctlr | SCTLR_M | c->sctlr | (be ? SCTLR_EE : 0));
		for (unsigned i = 0; i < 6; i++) {
			struct walk walk;
			int fsr = mmu_walk(f.cpu, c->va, (enum mmu_access)(i % 3), i < 3, &walk);

			ck_assert_msg(fsr == c->fsr[i], "%s, %s %s: 0x%x, should be 0x%x", c->what, i < 3 ? "privileged" : "user",
			              (const char *const[]){ "read", "write", "fetch" }[i % 3], (unsigned)fsr, c->fsr[i]);
			if (!fsr)
				ck_assert_msg(walk.pa == c->pa, "%s: address 0x%" PRIx64, c->what, walk.pa);
		}
		fixture_fini(&f);
	}
}
END_TEST

/* TTBCR.N and PD0, PD1: which table serves an address (B3.5.4). */
START_TEST(table_choice)
{
	static const gva_t vas[] = { 0x00000000, 0x01fffffc, 0x02000000, 0x03ffffff, 0x10000000, 0x7fffffff, 0x80000000, 0xfff00000 };
	struct fixture f;

	fixture_init(&f);
	for (uint32_t i = 0; i < 0x1000; i++) {
		put(&f, RAM_BASE + 0x10000 + i * 4, 0x10000000 | 3u << 10 | 2); /* TTBR1's */
	}
	for (unsigned n = 0; n < 8; n++) {
		gpa_t base = RAM_BASE + 0x20000 + (0x4000 >> n); /* aligned to its size only */

		for (uint32_t i = 0; i < 0x1000u >> n; i++)
			put(&f, base + i * 4, 0x20000000 | 3u << 10 | 2);
		f.cpu->cp15.ttbr0 = (uint32_t)base;
		f.cpu->cp15.ttbr1 = RAM_BASE + 0x10000;
		f.cpu->cp15.dacr = 1;
		f.cpu->cp15.sctlr |= SCTLR_M;
		for (unsigned pd = 0; pd < 4; pd++) {
			f.cpu->cp15.ttbcr = n | pd << 4;
			for (unsigned i = 0; i < ARRAY_SIZE(vas); i++) {
				bool first = n == 0 || (uint64_t)vas[i] < 1ull << (32 - n);
				struct walk walk;
				int fsr = mmu_walk(f.cpu, vas[i], MMU_READ, true, &walk);

				if (pd & (first ? 1 : 2)) {
					ck_assert_int_eq(fsr, 5);
				} else {
					ck_assert_int_eq(fsr, 0);
					ck_assert_uint_eq(walk.pa, (first ? 0x20000000 : 0x10000000) | (vas[i] & 0xfffff));
				}
			}
		}
		for (uint32_t i = 0; i < 0x1000u >> n; i++)
			put(&f, base + i * 4, 0);
	}
	fixture_fini(&f);
}
END_TEST

START_TEST(external_abort_on_the_first_level)
{
	struct fixture f;
	struct walk walk;

	fixture_init(&f);
	f.cpu->cp15.ttbr0 = 0x10000000;
	f.cpu->cp15.sctlr |= SCTLR_M;
	ck_assert_int_eq(mmu_walk(f.cpu, 0x1234, MMU_READ, true, &walk), 0x00c);
	fixture_fini(&f);
}
END_TEST

START_TEST(flat_when_off)
{
	struct fixture f;
	struct walk walk;

	fixture_init(&f);
	for (unsigned i = 0; i < 6; i++) {
		ck_assert_int_eq(mmu_walk(f.cpu, 0xdeadbee0, (enum mmu_access)(i % 3), i < 3, &walk), 0);
		ck_assert_uint_eq(walk.pa, 0xdeadbee0);
		ck_assert(walk.global_off);
	}
	fixture_fini(&f);
}
END_TEST

/* SCTLR.HA (a core that has it; the A9's CP15 does not let it be set): the walk sets the flag in memory (B3.7.4). */
START_TEST(hardware_access_flag)
{
	struct fixture f;
	struct walk walk;
	uint64_t value;

	fixture_init(&f);
	put(&f, TABLE, PAGE_TABLE);
	put(&f, COARSE, SMALL(2u, 0u));
	f.cpu->cp15.ttbr0 = TABLE;
	f.cpu->cp15.dacr = 1;
	f.cpu->cp15.sctlr |= SCTLR_M | SCTLR_AFE | SCTLR_HA;
	ck_assert_int_eq(mmu_walk(f.cpu, 0, MMU_READ, false, &walk), 0);
	phys_read(f.phys, COARSE, 4, &value);
	ck_assert_uint_eq(value, SMALL(3u, 0u));
	fixture_fini(&f);
}
END_TEST

/* TEX:C:B, S -> device; PAR<7:1> without remap (B3.8.2, B4.1.112): SH, inner, outer. */
static const struct { uint8_t texcb; bool s, device; uint8_t par; } memory_types[] = {
	{ 0x00, false, true, 0x90 },  /* Strongly-ordered */
	{ 0x01, false, true, 0xb0 },  /* shareable Device */
	{ 0x08, false, true, 0x30 },  /* non-shareable Device */
	{ 0x02, false, false, 0x68 }, /* write-through */
	{ 0x02, true, false, 0xe8 },
	{ 0x03, false, false, 0x7c }, /* write-back, no allocate */
	{ 0x04, false, false, 0x00 }, /* non-cacheable */
	{ 0x07, true, false, 0xd4 },  /* write-back, allocate */
	{ 0x10 | 1 | 2 << 2, false, false, 0x58 }, /* inner WBWA, outer WT */
	{ 0x10 | 0 | 1 << 2, false, false, 0x04 }, /* inner NC, outer WBWA */
};

START_TEST(types)
{
	static const struct { gva_t va; gpa_t pa; } pages[] = { { 0, 0x60100000 }, { 0x100000, 0x60101000 }, { 0x110000, 0x60110000 } };
	unsigned texcb = memory_types[_i].texcb;
	struct fixture f;
	struct walk walk;

	fixture_init(&f);
	put(&f, TABLE, 0x60100000 | (texcb & 3) << 2 | texcb >> 2 << 12 | (memory_types[_i].s ? 1u << 16 : 0) | 3u << 10 | 2);
	put(&f, TABLE + 4, PAGE_TABLE);
	put(&f, COARSE, 0x60101000 | (texcb & 3) << 2 | texcb >> 2 << 6 | (memory_types[_i].s ? 1u << 10 : 0) | 3u << 4 | 2);
	put(&f, COARSE + 16 * 4, 0x60110000 | (texcb & 3) << 2 | texcb >> 2 << 12 | (memory_types[_i].s ? 1u << 10 : 0) | 3u << 4 | 1);
	mcr(&f, 0, 2, 0, 0, TABLE);
	mcr(&f, 0, 3, 0, 0, 1);
	mcr(&f, 0, 1, 0, 0, f.cpu->cp15.sctlr | SCTLR_M);
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++) {
		ck_assert_int_eq(mmu_walk(f.cpu, pages[i].va, MMU_READ, true, &walk), 0);
		ck_assert_int_eq(walk.device, memory_types[_i].device);
		ck_assert_uint_eq(mmu_translate(f.cpu, pages[i].va, false, true), (uint32_t)pages[i].pa | memory_types[_i].par);
	}
	fixture_fini(&f);
}
END_TEST

/* TEX remap: the type comes from PRRR.TRn, n = TEX[0]:C:B. */
START_TEST(remap)
{
	struct fixture f;
	struct walk walk;

	fixture_init(&f);
	mcr(&f, 0, 2, 0, 0, TABLE);
	mcr(&f, 0, 3, 0, 0, 1);
	mcr(&f, 0, 10, 2, 0, 0xff0a81a8); /* Linux's PRRR */
	mcr(&f, 0, 10, 2, 1, 0x40e040e0); /* and NMRR */
	mcr(&f, 0, 1, 0, 0, f.cpu->cp15.sctlr | SCTLR_M | SCTLR_TRE);
	for (unsigned n = 0; n < 8; n++) {
		unsigned type = 0xff0a81a8 >> n * 2 & 3;

		put(&f, TABLE + n * 4, (0x60000000u | n << 20) | (n & 3) << 2 | (n >> 2) << 12 | 3u << 10 | 2);
		ck_assert_int_eq(mmu_walk(f.cpu, n << 20, MMU_READ, true, &walk), 0);
		ck_assert_int_eq(walk.device, type < 2);
	}
	/* n = 7: normal, inner and outer write-back write-allocate (NMRR 01), not shareable by NS0 = 0 */
	ck_assert_uint_eq(mmu_translate(f.cpu, 7 << 20, false, true), 0x60700000 | 5u << 4 | 1u << 2);
	fixture_fini(&f);
}
END_TEST

/* A failed translation in the PAR: F, FS[3:0] in 4:1, FS[4] in 5. */
START_TEST(par_of_a_fault)
{
	struct fixture f;

	fixture_init(&f);
	put(&f, TABLE, PAGE_TABLE);
	put(&f, COARSE, SMALL(2u, 0u));
	mcr(&f, 0, 2, 0, 0, TABLE);
	mcr(&f, 0, 3, 0, 0, 1);
	mcr(&f, 0, 1, 0, 0, f.cpu->cp15.sctlr | SCTLR_M);
	ck_assert_uint_eq(mmu_translate(f.cpu, 0x00001000, false, true), 7 << 1 | 1);
	ck_assert_uint_eq(mmu_translate(f.cpu, 0x00000000, true, false), 0xf << 1 | 1);
	ck_assert_uint_eq(mmu_translate(f.cpu, 0x00000000, true, true), 0x60101000 | 0x7c);
	fixture_fini(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("walk");
	TCase *tcase = tcase_create("short descriptors");

	tcase_add_loop_test(tcase, descriptors, 0, (int)ARRAY_SIZE(cases));
	tcase_add_test(tcase, table_choice);
	tcase_add_test(tcase, external_abort_on_the_first_level);
	tcase_add_test(tcase, flat_when_off);
	tcase_add_test(tcase, hardware_access_flag);
	tcase_add_loop_test(tcase, types, 0, (int)ARRAY_SIZE(memory_types));
	tcase_add_test(tcase, remap);
	tcase_add_test(tcase, par_of_a_fault);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
