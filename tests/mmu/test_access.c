/*
 * test_access.c - the slow path: sizes, signs, endianness, alignment, page crossing, devices, external aborts, exclusives, LDRT and
 * STRT, fetches.
 */
#include "fixture.h"
#include "tests/base/check_run.h"

#define TABLE (RAM_BASE + 0x4000)
#define COARSE (RAM_BASE + 0x8000)
#define PAGES (RAM_BASE + 0x100000)
#define DEVICE 0x10000100u /* a window in the middle of a page */

struct device {
	uint32_t value;
	uint32_t offset;
	unsigned size, reads, writes;
};

static int device_read(void *opaque, uint32_t offset, unsigned size, uint32_t *value)
{
	struct device *d = opaque;

	d->reads++;
	d->offset = offset;
	d->size = size;
	*value = 0x11223344 + offset;
	return offset == 0x20 ? PHYS_ABORT : PHYS_OK;
}
static int device_write(void *opaque, uint32_t offset, unsigned size, uint32_t value)
{
	struct device *d = opaque;

	d->writes++;
	d->offset = offset;
	d->size = size;
	d->value = value;
	return PHYS_OK;
}
static const struct mmio_ops device_ops = { .read = device_read, .write = device_write };

static struct fixture f;
static struct device device;

/*
 * The first MiB, small pages: 0 and 1 read-write for all; 2 read-only; 3 invalid; 4 RAM as Device; 5 the device's page; 6 privileged only;
 * 7 the same frame as 0; 8 no memory; 9 XN. The second MiB: the tables, privileged. Domain 0, client.
 */
static void setup(void)
{
	static const uint32_t pages[] = {
		PAGES | 0x3e, (PAGES + 0x1000) | 0x3e, (PAGES + 0x2000) | 0x23e, 0, (PAGES + 0x4000) | 0x36, (DEVICE & ~0xfffu) | 0x36,
		(PAGES + 0x6000) | 0x1e, PAGES | 0x3e, 0x20000000 | 0x3e, (PAGES + 0x9000) | 0x3f,
	};

	memset(&device, 0, sizeof(device));
	fixture_init(&f);
	ck_assert_int_eq(phys_add_mmio(f.phys, "device", DEVICE, 0x100, &device_ops, &device, NULL), 0);
	put(&f, TABLE, COARSE | 1);
	put(&f, TABLE + 4, RAM_BASE | 1u << 10 | 0xe);
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
		put(&f, COARSE + i * 4, pages[i]);
	for (unsigned i = 0; i < 0x3000; i++) {
		uint8_t byte = (uint8_t)(i * 7 + (i >> 8));

		phys_load(f.phys, PAGES + i, &byte, 1);
	}
	mcr(&f, 0, 2, 0, 0, TABLE);
	mcr(&f, 0, 3, 0, 0, 1);
	mcr(&f, 0, 1, 0, 0, f.cpu->cp15.sctlr | SCTLR_M);
}

static void teardown(void)
{
	fixture_fini(&f);
}

static uint8_t byte_at(gva_t va)
{
	return (uint8_t)(va * 7 + (va >> 8));
}

/* Every size, sign, endianness and offset around a page's end, twice: before and after the fill. */
START_TEST(loads)
{
	for (unsigned log2 = 0; log2 < 4; log2++)
		for (unsigned variant = 0; variant < 4; variant++)
			for (gva_t va = 0xff0; va < 0x1010; va++) {
				uint32_t flags = ACCESS_SIZE(log2) | (variant & 1 ? ACCESS_SIGNED : 0) | (variant & 2 ? ACCESS_BE : 0);
				unsigned size = 1u << log2;
				uint64_t want = 0, value;

				for (unsigned i = 0; i < size; i++)
					want |= (uint64_t)byte_at(va + (variant & 2 ? size - 1 - i : i)) << i * 8;
				if ((variant & 1) && log2 < 2)
					want = (uint32_t)((int32_t)(want << (32 - size * 8)) >> (32 - size * 8));
				ck_assert_int_eq(mmu_load(f.cpu, va, flags, &value), 0);
				ck_assert_uint_eq(value, want);
			}
}
END_TEST

START_TEST(stores)
{
	for (unsigned log2 = 0; log2 < 4; log2++)
		for (unsigned be = 0; be < 2; be++)
			for (gva_t va = 0xff0; va < 0x1010; va++) {
				uint32_t flags = ACCESS_SIZE(log2) | (be ? ACCESS_BE : 0);
				unsigned size = 1u << log2;
				uint64_t value = 0x8192a3b4c5d6e7f8ull ^ va * 0x0101010101010101ull;

				ck_assert_int_eq(mmu_store(f.cpu, va, flags, value), 0);
				for (unsigned i = 0; i < size; i++) {
					uint64_t got;

					phys_read(f.phys, PAGES + va + i, 1, &got);
					ck_assert_uint_eq(got, (value >> (be ? size - 1 - i : i) * 8) & 0xff);
				}
			}
}
END_TEST

static const struct {
	gva_t va;
	uint32_t flags;
	bool sctlr_a, ok;
} alignment_cases[] = {
	{ 1, ACCESS_SIZE(0), true, true },
	{ 1, ACCESS_SIZE(1), false, true },
	{ 1, ACCESS_SIZE(1), true, false },
	{ 2, ACCESS_SIZE(2), false, true },
	{ 2, ACCESS_SIZE(2), true, false },
	{ 2, ACCESS_SIZE(2) | ACCESS_ALIGNED, false, false },
	{ 4, ACCESS_SIZE(2) | ACCESS_ALIGNED, false, true },
	{ 4, ACCESS_SIZE(3) | ACCESS_WORD_ALIGNED, true, true },
	{ 6, ACCESS_SIZE(3) | ACCESS_WORD_ALIGNED, false, false },
	{ 4, ACCESS_SIZE(3) | ACCESS_ALIGNED, false, false },
	{ 0x4001, ACCESS_SIZE(1), false, false }, /* Device memory */
	{ 0x4002, ACCESS_SIZE(1), false, true },
	{ 0x4ffe, ACCESS_SIZE(2), false, false },
	{ 0x4004, ACCESS_SIZE(3), false, true },
	{ 0x3001, ACCESS_SIZE(2) | ACCESS_ALIGNED, false, false }, /* alignment comes before translation */
};

START_TEST(alignment)
{
	uint64_t value;
	int want = alignment_cases[_i].ok ? 0 : -1;

	if (alignment_cases[_i].sctlr_a)
		f.cpu->cp15.sctlr |= SCTLR_A;
	ck_assert_int_eq(mmu_load(f.cpu, alignment_cases[_i].va, alignment_cases[_i].flags, &value), want);
	if (want) {
		ck_assert_uint_eq(f.cpu->fault.fsr, 1);
		ck_assert_uint_eq(f.cpu->fault.va, alignment_cases[_i].va);
		ck_assert(!f.cpu->fault.write);
	}
	ck_assert_int_eq(mmu_store(f.cpu, alignment_cases[_i].va, alignment_cases[_i].flags, 0), want);
	if (want)
		ck_assert(f.cpu->fault.write);
}
END_TEST

/* A store that crosses into a page that faults changes nothing (page 1 to read-only 2; 2 to invalid 3). */
START_TEST(crossing_into_a_fault)
{
	uint64_t value;

	ck_assert_int_eq(mmu_store(f.cpu, 0x1ffe, ACCESS_SIZE(2), 0xffffffff), -1);
	ck_assert_uint_eq(f.cpu->fault.va, 0x2000);
	ck_assert_uint_eq(f.cpu->fault.fsr, 0xf);
	phys_read(f.phys, PAGES + 0x1ffe, 2, &value);
	ck_assert_uint_eq(value, byte_at(0x1ffe) | byte_at(0x1fff) << 8);
	ck_assert_int_eq(mmu_load(f.cpu, 0x2ffe, ACCESS_SIZE(2), &value), -1);
	ck_assert_uint_eq(f.cpu->fault.va, 0x3000);
	ck_assert_uint_eq(f.cpu->fault.fsr, 7);
	/* the first page's fault comes first */
	ck_assert_int_eq(mmu_store(f.cpu, 0x2ffe, ACCESS_SIZE(2), 0), -1);
	ck_assert_uint_eq(f.cpu->fault.va, 0x2ffe);
	ck_assert_uint_eq(f.cpu->fault.fsr, 0xf);
}
END_TEST

START_TEST(devices)
{
	uint64_t value;

	ck_assert_int_eq(mmu_load(f.cpu, 0x5110, ACCESS_SIZE(2), &value), 0);
	ck_assert_uint_eq(value, 0x11223354);
	ck_assert_uint_eq(device.offset, 0x10);
	ck_assert_int_eq(mmu_load(f.cpu, 0x5110, ACCESS_SIZE(0) | ACCESS_SIGNED, &value), 0);
	ck_assert_uint_eq(value, 0x54);
	ck_assert_uint_eq(device.size, 1);
	ck_assert_int_eq(mmu_load(f.cpu, 0x5110, ACCESS_SIZE(2) | ACCESS_BE, &value), 0);
	ck_assert_uint_eq(value, 0x54332211);
	ck_assert_int_eq(mmu_store(f.cpu, 0x5104, ACCESS_SIZE(1), 0x12345678), 0);
	ck_assert_uint_eq(device.value, 0x5678);
	ck_assert_int_eq(mmu_load(f.cpu, 0x5108, ACCESS_SIZE(3), &value), 0);
	ck_assert_uint_eq(value, 0x112233501122334cull);
	ck_assert_uint_eq(f.unassigned, 0);
	/* beside the window: external abort, one report each */
	ck_assert_int_eq(mmu_load(f.cpu, 0x50fc, ACCESS_SIZE(2), &value), -1);
	ck_assert_uint_eq(f.cpu->fault.fsr, 8);
	ck_assert_int_eq(mmu_store(f.cpu, 0x5200, ACCESS_SIZE(0), 0), -1);
	ck_assert_uint_eq(f.cpu->fault.fsr, 8);
	ck_assert(f.cpu->fault.write);
	ck_assert_int_eq(mmu_load(f.cpu, 0x5120, ACCESS_SIZE(2), &value), -1); /* the device refuses */
	ck_assert_int_eq(mmu_load(f.cpu, 0x8000, ACCESS_SIZE(2), &value), -1);
	ck_assert_uint_eq(f.unassigned, 4);
	ck_assert_uint_eq(f.cpu->space->read[5], 0);
}
END_TEST

START_TEST(user_accesses)
{
	uint64_t value;

	/* privileged code: LDRT to a privileged page faults, LDR does not, in any order */
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(mmu_load(f.cpu, 0x6000, ACCESS_SIZE(2), &value), 0);
		ck_assert_int_eq(mmu_load(f.cpu, 0x6000, ACCESS_SIZE(2) | ACCESS_USER, &value), -1);
		ck_assert_uint_eq(f.cpu->fault.fsr, 0xf);
		ck_assert_int_eq(mmu_store(f.cpu, 0x6000, ACCESS_SIZE(2) | ACCESS_USER, 0), -1);
		ck_assert_int_eq(mmu_store(f.cpu, 0x6000, ACCESS_SIZE(2), 0), 0);
		ck_assert_int_eq(mmu_load(f.cpu, 0x0000, ACCESS_SIZE(2) | ACCESS_USER, &value), 0);
	}
	set_mode(&f, MODE_USR);
	ck_assert_int_eq(mmu_load(f.cpu, 0x6000, ACCESS_SIZE(2), &value), -1);
	ck_assert_int_eq(mmu_load(f.cpu, 0x0000, ACCESS_SIZE(2), &value), 0);
	set_mode(&f, MODE_SYS);
	ck_assert_int_eq(mmu_load(f.cpu, 0x6000, ACCESS_SIZE(2), &value), 0);
}
END_TEST

/* What translated LDRT and STRT index: the user's entries, from the first access on and again after a switch. */
START_TEST(user_space_pointer)
{
	struct space *user;
	uint64_t value;

	ck_assert_ptr_nonnull(f.cpu->user_space);
	ck_assert_uint_eq(f.cpu->user_space->read[0], 0);
	ck_assert_int_eq(mmu_load(f.cpu, 0x0000, ACCESS_SIZE(2) | ACCESS_USER, &value), 0);
	user = f.cpu->user_space;
	ck_assert_ptr_ne(user, f.cpu->space);
	ck_assert_uint_ne(user->read[0], 0);
	ck_assert_int_eq(mmu_load(f.cpu, 0x6000, ACCESS_SIZE(2), &value), 0);
	ck_assert_uint_eq(user->read[6], 0);
	ck_assert_uint_ne(f.cpu->space->read[6], 0);
	set_mode(&f, MODE_USR);
	ck_assert_ptr_eq(f.cpu->user_space, user);
	ck_assert_ptr_eq(f.cpu->space, user);
	mcr(&f, 0, 3, 0, 0, 5);
	set_mode(&f, MODE_SVC);
	ck_assert_uint_eq(f.cpu->user_space->read[0], 0);
	mcr(&f, 0, 3, 0, 0, 1);
	ck_assert_ptr_eq(f.cpu->user_space, user);
	/* MMU off: one space for both */
	mcr(&f, 0, 1, 0, 0, f.cpu->cp15.sctlr & ~SCTLR_M);
	ck_assert_int_eq(mmu_load(f.cpu, PAGES, ACCESS_SIZE(2) | ACCESS_USER, &value), 0);
	ck_assert_ptr_eq(f.cpu->user_space, f.cpu->space);
}
END_TEST

START_TEST(exclusives)
{
	uint64_t value;
	uint32_t failed = 7;

	for (unsigned log2 = 0; log2 < 4; log2++) {
		uint32_t flags = ACCESS_SIZE(log2);
		gva_t va = 0x40 + log2 * 8;

		/* without a reservation */
		ck_assert_int_eq(mmu_store_exclusive(f.cpu, va, flags, 1, &failed), 0);
		ck_assert_uint_eq(failed, 1);
		/* with one; the second store fails */
		ck_assert_int_eq(mmu_load_exclusive(f.cpu, va, flags, &value), 0);
		ck_assert_int_eq(mmu_store_exclusive(f.cpu, va, flags, value + 1, &failed), 0);
		ck_assert_uint_eq(failed, 0);
		ck_assert_int_eq(mmu_store_exclusive(f.cpu, va, flags, value + 2, &failed), 0);
		ck_assert_uint_eq(failed, 1);
		/* another address, another size */
		ck_assert_int_eq(mmu_load_exclusive(f.cpu, va, flags, &value), 0);
		ck_assert_int_eq(mmu_store_exclusive(f.cpu, va + 0x80, flags, 0, &failed), 0);
		ck_assert_uint_eq(failed, 1);
		ck_assert_int_eq(mmu_load_exclusive(f.cpu, va, flags, &value), 0);
		ck_assert_int_eq(mmu_store_exclusive(f.cpu, va, log2 ? ACCESS_SIZE(0) : ACCESS_SIZE(1), 0, &failed), 0);
		ck_assert_uint_eq(failed, 1);
		/* through an alias of the frame */
		ck_assert_int_eq(mmu_load_exclusive(f.cpu, va, flags, &value), 0);
		ck_assert_int_eq(mmu_store_exclusive(f.cpu, 0x7000 + va, flags, 0x42, &failed), 0);
		ck_assert_uint_eq(failed, 0);
		/* someone wrote meanwhile */
		ck_assert_int_eq(mmu_load_exclusive(f.cpu, va, flags, &value), 0);
		ck_assert_int_eq(mmu_store(f.cpu, va, flags, 0x43), 0);
		ck_assert_int_eq(mmu_store_exclusive(f.cpu, va, flags, 0x44, &failed), 0);
		ck_assert_uint_eq(failed, 1);
		ck_assert_int_eq(mmu_load(f.cpu, va, flags, &value), 0);
		ck_assert_uint_eq(value, 0x43);
	}
	ck_assert_int_eq(mmu_load_exclusive(f.cpu, 0x42, ACCESS_SIZE(2), &value), -1);
	ck_assert_uint_eq(f.cpu->fault.fsr, 1);
	ck_assert_int_eq(mmu_load_exclusive(f.cpu, 0x2000, ACCESS_SIZE(2), &value), 0);
	ck_assert_int_eq(mmu_store_exclusive(f.cpu, 0x2000, ACCESS_SIZE(2), 0, &failed), -1);
	ck_assert_uint_eq(f.cpu->fault.fsr, 0xf);
}
END_TEST

START_TEST(exclusive_store_to_a_table)
{
	uint64_t value;
	uint32_t failed;

	ck_assert_int_eq(mmu_load(f.cpu, 0x0000, ACCESS_SIZE(2), &value), 0);
	ck_assert_int_eq(mmu_load_exclusive(f.cpu, 0x108000, ACCESS_SIZE(2), &value), 0);
	ck_assert_int_eq(mmu_store_exclusive(f.cpu, 0x108000, ACCESS_SIZE(2), 0, &failed), 0);
	ck_assert_uint_eq(failed, 0);
	ck_assert_int_eq(mmu_load(f.cpu, 0x0000, ACCESS_SIZE(2), &value), -1);
	ck_assert_uint_eq(mmu_check(f.cpu), 0);
}
END_TEST

START_TEST(fetches)
{
	const uint8_t *host;
	struct frame *frame;
	gpa_t pa;

	ck_assert_int_eq(mmu_fetch_page(f.cpu, 0x1004, &host, &pa, &frame), 0);
	ck_assert_uint_eq(pa, PAGES + 0x1000);
	ck_assert_uint_eq(host[4], byte_at(0x1004));
	ck_assert_int_eq(mmu_fetch_page(f.cpu, 0x9000, &host, &pa, &frame), -1);
	ck_assert_uint_eq(f.cpu->fault.fsr, 0xf);
	ck_assert_uint_eq(f.cpu->fault.va, 0x9000);
	ck_assert_int_eq(mmu_fetch_page(f.cpu, 0x3000, &host, &pa, &frame), -1);
	ck_assert_uint_eq(f.cpu->fault.fsr, 7);
	ck_assert_int_eq(mmu_fetch_page(f.cpu, 0x8010, &host, &pa, &frame), -1);
	ck_assert_uint_eq(f.cpu->fault.fsr, 8);
	ck_assert_uint_eq(f.unassigned, 1);
}
END_TEST

/* Code traces: the write entry goes, stores still work and are told of when they hit translated lines. */
static unsigned code_writes;
static void code_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
	code_writes++;
}

START_TEST(stores_to_code)
{
	static const struct phys_hooks hooks = { .table_written = mmu_table_written, .code_written = code_written };
	const uint8_t *host;
	struct frame *frame;
	gpa_t pa;

	code_writes = 0;
	phys_set_hooks(f.phys, &hooks, f.mmu);
	ck_assert_int_eq(mmu_store(f.cpu, 0x0000, ACCESS_SIZE(2), 1), 0);
	ck_assert_int_eq(mmu_store(f.cpu, 0x7000, ACCESS_SIZE(2), 1), 0);
	ck_assert_uint_ne(f.cpu->space->write[0], 0);
	ck_assert_int_eq(mmu_fetch_page(f.cpu, 0x0000, &host, &pa, &frame), 0);
	frame->code_lines = 1ull << 2; /* 0x80..0xbf */
	mmu_trace_code(f.mmu, pa, frame);
	ck_assert_uint_eq(f.cpu->space->write[0], 0);
	ck_assert_uint_eq(f.cpu->space->write[7], 0);
	ck_assert_int_eq(mmu_store(f.cpu, 0x7f, ACCESS_SIZE(0), 1), 0);
	ck_assert_uint_eq(code_writes, 0);
	ck_assert_int_eq(mmu_store(f.cpu, 0x7f, ACCESS_SIZE(1), 1), 0);
	ck_assert_uint_eq(code_writes, 1);
	ck_assert_int_eq(mmu_store(f.cpu, 0x70bf, ACCESS_SIZE(0), 1), 0);
	ck_assert_uint_eq(code_writes, 2);
	ck_assert_int_eq(mmu_store(f.cpu, 0xc0, ACCESS_SIZE(2), 1), 0);
	ck_assert_uint_eq(code_writes, 2);
	phys_copy_to(f.phys, pa, "x", 1);
	ck_assert_uint_eq(code_writes, 2);
	phys_copy_to(f.phys, pa + 0x78, "0123456789abcdef", 16);
	ck_assert_uint_eq(code_writes, 3);
	ck_assert_uint_eq(f.cpu->space->write[0], 0);
	mmu_untrace_code(f.mmu, pa, frame);
	ck_assert_int_eq(mmu_store(f.cpu, 0x80, ACCESS_SIZE(2), 1), 0);
	ck_assert_uint_ne(f.cpu->space->write[0], 0);
	ck_assert_uint_eq(code_writes, 3);
}
END_TEST

START_TEST(debugger)
{
	uint8_t bytes[0x20];

	ck_assert_uint_eq(mmu_debug_read(f.cpu, 0x0ff0, bytes, 0x20), 0x20);
	for (unsigned i = 0; i < 0x20; i++)
		ck_assert_uint_eq(bytes[i], byte_at(0xff0 + i));
	ck_assert_uint_eq(mmu_debug_read(f.cpu, 0x2ff0, bytes, 0x20), 0x10);
	ck_assert_uint_eq(mmu_debug_read(f.cpu, 0x5100, bytes, 4), 0); /* never a device */
	ck_assert_uint_eq(device.reads, 0);
	ck_assert_uint_eq(mmu_debug_write(f.cpu, 0x2ff8, "12345678abcd", 12), 8); /* read-only for the guest, not for the debugger */
	ck_assert_uint_eq(mmu_debug_read(f.cpu, 0x2ff8, bytes, 8), 8);
	ck_assert_mem_eq(bytes, "12345678", 8);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *tcase = tcase_create("slow path");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, loads);
	tcase_add_test(tcase, stores);
	tcase_add_loop_test(tcase, alignment, 0, (int)ARRAY_SIZE(alignment_cases));
	tcase_add_test(tcase, crossing_into_a_fault);
	tcase_add_test(tcase, devices);
	tcase_add_test(tcase, user_accesses);
	tcase_add_test(tcase, user_space_pointer);
	tcase_add_test(tcase, exclusives);
	tcase_add_test(tcase, exclusive_store_to_a_table);
	tcase_add_test(tcase, fetches);
	tcase_add_test(tcase, stores_to_code);
	tcase_add_test(tcase, debugger);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
