/* test_phys.c - the physical map: overlaps, byte-granular windows, frames, DMA, traces. */
#include "base/base.h"
#include "memory/phys.h"
#include "tests/base/check_run.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RAM 0x60000000ull

struct window {
	uint32_t offset, value;
	unsigned size, count;
};

static int window_read(void *opaque, uint32_t offset, unsigned size, uint32_t *value)
{
	struct window *w = opaque;

	w->offset = offset;
	w->size = size;
	w->count++;
	*value = 0xaabb0000 + offset;
	return PHYS_OK;
}
static int window_write(void *opaque, uint32_t offset, unsigned size, uint32_t value)
{
	struct window *w = opaque;

	w->offset = offset;
	w->size = size;
	w->value = value;
	w->count++;
	return PHYS_OK;
}
static const struct mmio_ops ops = { .read = window_read, .write = window_write };

static struct phys *phys;
static struct window scu, gicc, timer;

/* The A9's private region: windows of odd sizes in one page. */
static void setup(void)
{
	memset(&scu, 0, sizeof(scu));
	memset(&gicc, 0, sizeof(gicc));
	memset(&timer, 0, sizeof(timer));
	phys = phys_create(NULL);
	ck_assert_int_eq(phys_add_mmio(phys, "timer", 0x1e000600, 0x20, &ops, &timer, NULL), 0);
	ck_assert_int_eq(phys_add_mmio(phys, "scu", 0x1e000000, 0x58, &ops, &scu, NULL), 0);
	ck_assert_int_eq(phys_add_ram(phys, "ram", RAM, 4 * MiB, NULL), 0);
	ck_assert_int_eq(phys_add_mmio(phys, "gicc", 0x1e000100, 0x100, &ops, &gicc, NULL), 0);
	ck_assert_int_eq(phys_add_rom(phys, "rom", 0x40000000, 0x10000, NULL), 0);
	ck_assert_int_eq(phys_add_ram(phys, "sram", 0x48000000, 0x2000, NULL), 0);
}

static void teardown(void)
{
	phys_destroy(phys);
}

static const struct {
	gpa_t addr;
	const char *name; /* NULL: nothing there */
} places[] = {
	{ 0x1dffffff, NULL }, { 0x1e000000, "scu" }, { 0x1e000057, "scu" }, { 0x1e000058, NULL }, { 0x1e0000ff, NULL },
	{ 0x1e000100, "gicc" }, { 0x1e0001ff, "gicc" }, { 0x1e000200, NULL }, { 0x1e0005ff, NULL }, { 0x1e000600, "timer" },
	{ 0x1e00061f, "timer" }, { 0x1e000620, NULL }, { 0x3fffffff, NULL }, { 0x40000000, "rom" }, { 0x4000ffff, "rom" },
	{ 0x40010000, NULL }, { 0x48001fff, "sram" }, { 0x48002000, NULL }, { RAM - 1, NULL }, { RAM, "ram" },
	{ RAM + 4 * MiB - 1, "ram" }, { RAM + 4 * MiB, NULL }, { 0, NULL }, { ~0ull, NULL }, { 0x160000000, NULL },
};

START_TEST(find)
{
	/* each place after each other place: the hint of the last look-up must not matter */
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++)
		for (unsigned j = 0; j < ARRAY_SIZE(places); j++) {
			struct region *region;
			struct frame *frame;
			uint64_t value;

			phys_find(phys, places[i].addr);
			region = phys_find(phys, places[j].addr);
			if (!places[j].name) {
				ck_assert_ptr_null(region);
				ck_assert_ptr_null(phys_find_frame(phys, places[j].addr, &frame));
				ck_assert_int_eq(phys_read(phys, places[j].addr, 1, &value), PHYS_ABORT);
				ck_assert_int_eq(phys_write(phys, places[j].addr, 1, 0), PHYS_ABORT);
				continue;
			}
			ck_assert_str_eq(region->name, places[j].name);
			ck_assert_int_eq(phys_read(phys, places[j].addr, 1, &value), PHYS_OK);
			if (region->kind == REGION_MMIO) {
				ck_assert_ptr_null(phys_find_frame(phys, places[j].addr, &frame));
			} else {
				ck_assert_ptr_eq(phys_find_frame(phys, places[j].addr, &frame), region);
				ck_assert_int_eq(frame - region->frames, (places[j].addr - region->base) >> 12);
			}
		}
}
END_TEST

/* Offset and size of each access reach the device; one that leaves the window is an abort. */
START_TEST(byte_granular)
{
	for (unsigned size = 1; size <= 4; size *= 2)
		for (uint32_t offset = 0; offset < 0x60; offset++) {
			uint64_t value;
			unsigned before = scu.count;
			bool inside = offset + size <= 0x58;

			ck_assert_int_eq(phys_read(phys, 0x1e000000 + offset, size, &value), inside ? PHYS_OK : PHYS_ABORT);
			ck_assert_uint_eq(scu.count - before, inside);
			if (!inside)
				continue;
			ck_assert_uint_eq(scu.offset, offset);
			ck_assert_uint_eq(scu.size, size);
			ck_assert_uint_eq(value, (0xaabb0000u + offset) & (0xffffffffu >> (32 - size * 8)));
			ck_assert_int_eq(phys_write(phys, 0x1e000000 + offset, size, 0x1122334455667788), PHYS_OK);
			ck_assert_uint_eq(scu.value, 0x55667788u & (0xffffffffu >> (32 - size * 8)));
		}
}
END_TEST

START_TEST(doublewords)
{
	uint64_t value;

	ck_assert_int_eq(phys_read(phys, 0x1e000010, 8, &value), PHYS_OK);
	ck_assert_uint_eq(value, 0xaabb0014aabb0010);
	ck_assert_uint_eq(scu.count, 2);
	ck_assert_int_eq(phys_write(phys, 0x1e000610, 8, 0x1122334455667788), PHYS_OK);
	ck_assert_uint_eq(timer.count, 2);
	ck_assert_uint_eq(timer.offset, 0x14);
	ck_assert_uint_eq(timer.value, 0x11223344);
	ck_assert_int_eq(phys_read(phys, 0x1e000054, 8, &value), PHYS_ABORT);
}
END_TEST

static const struct {
	enum region_kind kind;
	gpa_t base;
	uint64_t size;
	int want;
} additions[] = {
	{ REGION_MMIO, 0x1e000058, 0xa8, 0 },            /* exactly between two */
	{ REGION_MMIO, 0x1e000057, 1, -EEXIST },
	{ REGION_MMIO, 0x1e000050, 0x10, -EEXIST },
	{ REGION_MMIO, 0x1e000000, 0x1000, -EEXIST },    /* over several */
	{ REGION_MMIO, 0x1dfff000, 0x1001, -EEXIST },
	{ REGION_MMIO, 0x1dfff000, 0x1000, 0 },
	{ REGION_MMIO, RAM + 0x100, 4, -EEXIST },
	{ REGION_RAM, RAM + 4 * MiB, 0x1000, 0 },
	{ REGION_RAM, RAM - 0x1000, 0x2000, -EEXIST },
	{ REGION_RAM, 0x70000800, 0x1000, -EINVAL },
	{ REGION_RAM, 0x70000000, 0x1800, -EINVAL },
	{ REGION_ROM, 0x70000000, 0, -EINVAL },
	{ REGION_MMIO, 0x70000000, 0, -EINVAL },
	{ REGION_MMIO, ~0ull - 3, 8, -EINVAL },          /* wraps */
	{ REGION_RAM, 1ull << 40, 0x1000, -EINVAL },
	{ REGION_RAM, 0xfff00000, ~0ull - 0xfff, -EINVAL },
};

START_TEST(overlaps)
{
	struct error err = { 0 };
	int ret;

	switch (additions[_i].kind) {
	case REGION_RAM:
		ret = phys_add_ram(phys, "new", additions[_i].base, additions[_i].size, &err);
		break;
	case REGION_ROM:
		ret = phys_add_rom(phys, "new", additions[_i].base, additions[_i].size, &err);
		break;
	default:
		ret = phys_add_mmio(phys, "new", additions[_i].base, additions[_i].size, &ops, &scu, &err);
		break;
	}
	ck_assert_int_eq(ret, additions[_i].want);
	if (ret) {
		ck_assert_int_eq(err.code, -ret);
		ck_assert_ptr_nonnull(strstr(err.msg, "new"));
	}
	/* whatever happened, the others are still where they were */
	ck_assert_str_eq(phys_find(phys, 0x1e000100)->name, "gicc");
	ck_assert_str_eq(phys_find(phys, RAM)->name, "ram");
}
END_TEST

START_TEST(memory)
{
	uint64_t value;
	gpa_t base;

	for (unsigned size = 1; size <= 8; size *= 2)
		for (unsigned i = 0; i < 16; i++) {
			uint64_t want = 0x0123456789abcdef >> (64 - size * 8);

			ck_assert_int_eq(phys_write(phys, RAM + 0x100 + i, 8, 0), PHYS_OK);
			ck_assert_int_eq(phys_write(phys, RAM + 0x100 + i, size, want), PHYS_OK);
			ck_assert_int_eq(phys_read(phys, RAM + 0x100 + i, 8, &value), PHYS_OK);
			ck_assert_uint_eq(value, want);
			ck_assert_int_eq(phys_read(phys, RAM + 0x100 + i, size, &value), PHYS_OK);
			ck_assert_uint_eq(value, want);
		}
	/* the guest cannot write ROM, the loader can */
	ck_assert_int_eq(phys_write(phys, 0x40000000, 4, 1), PHYS_OK);
	ck_assert_int_eq(phys_read(phys, 0x40000000, 4, &value), PHYS_OK);
	ck_assert_uint_eq(value, 0);
	ck_assert(phys_load(phys, 0x40000000, "\1\2\3\4", 4));
	ck_assert_int_eq(phys_read(phys, 0x40000000, 4, &value), PHYS_OK);
	ck_assert_uint_eq(value, 0x04030201);
	ck_assert_uint_eq(phys_ram_size(phys, &base), 4 * MiB + 0x2000);
	ck_assert_uint_eq(base, 0x48000000);
	ck_assert_ptr_null(phys_host(phys, RAM + 4 * MiB - 4, 8));
	ck_assert_ptr_null(phys_host(phys, 0x1e000000, 4));
	ck_assert_ptr_eq(phys_host(phys, RAM + 8, 4), (uint8_t *)phys_host(phys, RAM, 1) + 8);
}
END_TEST

START_TEST(copies)
{
	static uint8_t in[0x5000], out[0x5000];

	for (unsigned i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 31 + i / 256);
	ck_assert_uint_eq(phys_copy_to(phys, RAM + 0x7ff, in, sizeof(in)), sizeof(in));
	ck_assert_uint_eq(phys_copy_from(phys, out, RAM + 0x7ff, sizeof(out)), sizeof(out));
	ck_assert_mem_eq(in, out, sizeof(in));
	/* they stop where memory ends */
	ck_assert_uint_eq(phys_copy_to(phys, RAM + 4 * MiB - 0x10, in, 0x20), 0x10);
	ck_assert_uint_eq(phys_copy_from(phys, out, 0x1e000000, 4), 0);
	ck_assert_uint_eq(phys_copy_to(phys, RAM, in, 0), 0);
	/* a loader does all or nothing */
	ck_assert(!phys_load(phys, RAM + 4 * MiB - 8, "XXXXXXXXXXXXXXXX", 16));
	ck_assert_uint_eq(*(uint8_t *)phys_host(phys, RAM + 4 * MiB - 8, 1), in[8]);
}
END_TEST

static struct {
	unsigned table, code;
	gpa_t addr;
	unsigned size;
} seen;

static void table_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
	seen.table++;
	seen.addr = addr;
	seen.size = size;
}
static void code_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
	seen.code++;
	seen.addr = addr;
	seen.size = size;
}

START_TEST(traces)
{
	static const struct phys_hooks hooks = { table_written, code_written };
	static uint8_t bytes[0x1000];
	struct frame *frame;

	memset(&seen, 0, sizeof(seen));
	phys_set_hooks(phys, &hooks, NULL);
	phys_find_frame(phys, RAM + 0x1000, &frame);
	phys_write(phys, RAM + 0x1000, 4, 0);
	ck_assert_uint_eq(seen.table + seen.code, 0);
	frame->trace = FRAME_TRACE_TABLE;
	phys_write(phys, RAM + 0x1ffc, 4, 0);
	ck_assert_uint_eq(seen.table, 1);
	ck_assert_uint_eq(seen.addr, RAM + 0x1ffc);
	phys_write(phys, RAM + 0x2000, 4, 0);
	phys_write(phys, RAM + 0xffc, 4, 0);
	ck_assert_uint_eq(seen.table, 1);
	/* DMA across three frames tells of the part in the traced one */
	phys_copy_to(phys, RAM + 0xf00, bytes, 0x1000);
	ck_assert_uint_eq(seen.table, 2);
	ck_assert_uint_eq(seen.addr, RAM + 0x1000);
	ck_assert_uint_eq(seen.size, 0xf00);
	/* code: only the lines that hold some */
	frame->trace = FRAME_TRACE_CODE;
	frame->code_lines = 1ull << 63 | 1;
	for (unsigned offset = 0; offset < 0x1000; offset++) {
		unsigned before = seen.code;

		phys_write(phys, RAM + 0x1000 + offset, 1, 0);
		ck_assert_uint_eq(seen.code - before, offset < 0x40 || offset >= 0xfc0);
	}
	seen.code = 0;
	phys_write(phys, RAM + 0x1000 + 0x3e, 2, 0);
	phys_write(phys, RAM + 0x1000 + 0xfbe, 2, 0);
	phys_write(phys, RAM + 0x1000 + 0xfbe, 4, 0);
	ck_assert_uint_eq(seen.code, 2);
	phys_load(phys, RAM + 0x1000, bytes, 0x1000);
	ck_assert_uint_eq(seen.code, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("phys");
	TCase *tcase = tcase_create("map");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, find);
	tcase_add_test(tcase, byte_granular);
	tcase_add_test(tcase, doublewords);
	tcase_add_loop_test(tcase, overlaps, 0, (int)ARRAY_SIZE(additions));
	tcase_add_test(tcase, memory);
	tcase_add_test(tcase, copies);
	tcase_add_test(tcase, traces);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
