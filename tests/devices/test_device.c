/*
 * test_device.c - what holds for every class: reset is the table, unwritable bits stay, snapshots are complete and validated, and no
 * sequence of accesses does harm (under sanitizers this is the test).
 */
#include "base/base.h"
#include "devices/device.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/base/check_run.h"
#include "tests/devices/fake.h"

#define STORM 3000

static struct fake fake, twin_fake;

static const struct device_class *class_at(int i)
{
	return device_classes[i];
}

static int class_count(void)
{
	int n = 0;

	while (device_classes[n])
		n++;
	return n;
}

static unsigned rows_of(const struct device_reg *reg)
{
	return reg->count ? reg->count : 1;
}

/* One random access; the same for the same seed. Returns what was read. */
static uint32_t random_access(struct device *dev, uint64_t *seed)
{
	const struct device_class *class = dev->class;
	uint32_t r = fake_random(seed), offset, value = 0, window = 0;
	unsigned size = 1u << r % 3;

	if (r >> 8 & 3 && class->reg_rows) {
		const struct device_reg *reg = &class->regs[fake_random(seed) % class->reg_rows];
		offset = reg->offset + fake_random(seed) % rows_of(reg) * 4;
		size = r >> 8 & 1 ? 4 : size;
	} else {
		offset = fake_random(seed) & 0xfff & ~(r >> 12 & 1 ? 3u : 0u);
	}
	if (dev->windows > 1 && class->read && r >> 14 & 1) {
		window = 1;
		offset &= 0x1f;
	}
	if (r >> 16 & 1) {
		ck_assert_int_eq(device_read(dev, window, offset, size, &value), PHYS_OK);
		return value;
	}
	static const uint32_t masks[4] = { 0xffffffff, 0xff, 0x3, 0x301 };
	value = fake_random(seed) & masks[r >> 18 & 3];
	if ((r >> 20 & 15) == 0)
		value = 0xffffffff;
	ck_assert_int_eq(device_write(dev, window, offset, size, value), PHYS_OK);
	return 0;
}

START_TEST(test_class_is_well_formed)
{
	const struct device_class *class = class_at(_i);
	uint32_t end = 0;

	ck_assert_ptr_nonnull(class->name);
	ck_assert_ptr_nonnull(class->title);
	ck_assert_ptr_nonnull(class->match[0].compatible);
	for (const struct device_match *m = class->match; m->compatible; m++) {
		const struct device_match *match = NULL;
		ck_assert_ptr_eq(device_class_find(m->compatible, &match), class);
		ck_assert_ptr_eq(match, m);
	}
	for (unsigned r = 0; r < class->reg_rows; r++) {
		const struct device_reg *reg = &class->regs[r];
		ck_assert_uint_ge(reg->offset, end);
		end = reg->offset + rows_of(reg) * 4;
		ck_assert_msg(reg->access & REG_RW, "%s: no access", reg->name);
		ck_assert_msg(!(reg->wmask && reg->write), "%s: wmask has no effect beside a write hook", reg->name);
	}
}
END_TEST

START_TEST(test_reset_is_the_table)
{
	struct device *dev = fake_device(&fake, class_at(_i), NULL);
	uint64_t seed = 88172645463325252ull + (unsigned)_i;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned e = 0; e < dev->elements; e++) {
			const struct device_reg *reg = &dev->class->regs[dev->row[e]];
			ck_assert_msg(dev->regs[e] == reg->reset, "%s: 0x%x, not 0x%x", reg->name, dev->regs[e], reg->reset);
		}
		for (unsigned i = 0; i < STORM; i++)
			random_access(dev, &seed);
		device_reset(dev);
		device_update(dev);
	}
	device_destroy(dev);
}
END_TEST

START_TEST(test_unwritable_bits_stay)
{
	struct device *dev = fake_device(&fake, class_at(_i), NULL);

	for (unsigned r = 0; r < dev->class->reg_rows; r++) {
		const struct device_reg *reg = &dev->class->regs[r];
		for (unsigned i = 0; i < rows_of(reg); i++) {
			uint32_t offset = reg->offset + i * 4, *word = device_reg_at(dev, offset);
			uint32_t may = reg->access & REG_WO ? reg->wmask : 0;
			fake_write(dev, offset, 0xffffffff);
			if (!reg->write && !(reg->access & REG_W1C))
				ck_assert_msg((*word & ~reg->smask) == ((reg->reset | may) & ~reg->smask), "%s: 0x%x", reg->name, *word);
			fake_write(dev, offset, 0);
			ck_assert_msg(!((*word ^ reg->reset) & ~(may | reg->smask)), "%s: 0x%x", reg->name, *word);
			if (!reg->read && !reg->write && reg->access & REG_RO)
				ck_assert_uint_eq(fake_read(dev, offset), *word);
		}
	}
	device_destroy(dev);
}
END_TEST

static void both_advance(int64_t ns)
{
	fake_advance(&fake, ns);
	fake_advance(&twin_fake, ns);
}

/* A twin made from a snapshot in mid-flight saves the same, and answers the same to whatever follows. */
START_TEST(test_snapshot_is_complete)
{
	bool levels[FAKE_IRQS * DEVICE_CORES] = { 0 }, twin_levels[FAKE_IRQS * DEVICE_CORES] = { 0 };
	struct device *dev = fake_device(&fake, class_at(_i), levels);
	struct device *twin = fake_device(&twin_fake, class_at(_i), twin_levels);
	size_t size = device_state_size(dev);
	uint8_t *a = malloc(size + 1), *b = malloc(size + 1);
	uint64_t seed = 42 + (unsigned)_i;
	struct error err = { 0 };

	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 200; i++) {
			fake.core = fake_random(&seed) % fake.cores;
			random_access(dev, &seed);
			if (fake_random(&seed) % 4 == 0)
				both_advance(fake_random(&seed) % 100000);
		}
		device_save(dev, a);
		ck_assert_msg(device_load(twin, a, size, &err) == 0, "%s: %s", dev->class->name, err.msg);
		device_save(twin, b);
		ck_assert_mem_eq(a, b, size);
		device_update(dev);
		device_update(twin);
		ck_assert_mem_eq(levels, twin_levels, sizeof levels);
		uint64_t twin_seed = seed;
		for (unsigned i = 0; i < 200; i++) {
			fake.core = twin_fake.core = i % fake.cores;
			uint32_t x = random_access(dev, &seed), y = random_access(twin, &twin_seed);
			ck_assert_msg(x == y, "%s: 0x%x, the twin 0x%x", dev->class->name, x, y);
			if (i % 5 == 0)
				both_advance(fake_random(&seed) % 3000 + fake_random(&twin_seed) % 1);
			ck_assert_msg(!memcmp(levels, twin_levels, sizeof levels), "%s: lines differ", dev->class->name);
		}
	}
	free(a);
	free(b);
	device_destroy(dev);
	device_destroy(twin);
}
END_TEST

/* A flipped bit that the table forbids is refused; any other one is refused or harmless. Refusal changes nothing. */
START_TEST(test_mutated_state)
{
	struct device *dev = fake_device(&fake, class_at(_i), NULL);
	size_t size = device_state_size(dev);
	uint8_t *good = malloc(size + 1), *bad = malloc(size + 1), *after = malloc(size + 1);
	uint64_t seed = 4711 + (unsigned)_i;
	struct error err = { 0 };

	fake_advance(&fake, SECOND);
	device_save(dev, good);
	ck_assert_int_lt(device_load(dev, good, size + 1, &err), 0);
	if (size)
		ck_assert_int_lt(device_load(dev, good, size - 1, &err), 0);
	for (unsigned e = 0; e < dev->elements; e++) {
		const struct device_reg *reg = &dev->class->regs[dev->row[e]];
		uint32_t may = reg->smask | (reg->access & REG_WO && !reg->write ? reg->wmask : 0);
		for (unsigned bit = 0; bit < 32; bit++) {
			if (may >> bit & 1)
				continue;
			memcpy(bad, good, size);
			bad[e * 4 + bit / 8] ^= (uint8_t)(1u << bit % 8);
			ck_assert_msg(device_load(dev, bad, size, &err) < 0, "%s bit %u was accepted", reg->name, bit);
			device_save(dev, after);
			ck_assert_mem_eq(after, good, size);
		}
	}
	for (unsigned round = 0; size && round < 1500; round++) {
		device_save(dev, good);
		memcpy(bad, good, size);
		for (unsigned n = fake_random(&seed) % 3 + 1; n; n--)
			bad[fake_random(&seed) % size] = fake_random(&seed) & 1 ? 0xff : (uint8_t)fake_random(&seed);
		if (device_load(dev, bad, size, &err) < 0) {
			device_save(dev, after);
			ck_assert_mem_eq(after, good, size);
			continue;
		}
		device_update(dev);
		for (unsigned i = 0; i < 20; i++)
			random_access(dev, &seed);
		/* Not by fake_advance(): a state of the far future may have many events. */
		fake.now += fake_random(&seed) % 100000;
		event_clock_run(&fake.clock);
		if (round % 16 == 0) {
			device_reset(dev);
			device_update(dev);
		}
	}
	free(good);
	free(bad);
	free(after);
	device_destroy(dev);
}
END_TEST

START_TEST(test_messages_name_everything)
{
	struct device *dev = fake_device(&fake, device_class_find("arm,sp804", NULL), NULL);
	uint32_t value;

	fake_log_on(&fake);
	fake_write(dev, 0x04, 1);
	ck_assert(fake_logged(&fake, "dev@1000 (sp804) Timer1Value+0x004", "read-only"));
	ck_assert(fake_logged(&fake, "guest_errors", "0xc0101234"));
	fake_write(dev, 0x100, 0x55);
	ck_assert(fake_logged(&fake, "+0x100", "4-byte write of 0x55"));
	ck_assert_int_eq(device_read(dev, 0, 0x0c, 4, &value), PHYS_OK);
	ck_assert(fake_logged(&fake, "Timer1IntClr", "write-only"));
	ck_assert_int_eq(device_read(dev, 0, 0x02, 4, &value), PHYS_OK);
	ck_assert(fake_logged(&fake, "+0x002", "unaligned"));
	ck_assert_uint_eq(dev->unknown_accesses, 1);
	device_destroy(dev);

	dev = fake_device(&fake, device_class_find("smsc,lan9118", NULL), NULL);
	ck_assert_uint_eq(fake_read(dev, 0x64), 0);
	fake_write(dev, 0x64, 1);
	ck_assert(fake_logged(&fake, "unimp", "(lan9118)"));
	ck_assert_uint_eq(dev->unknown_accesses, 2);
	device_destroy(dev);
}
END_TEST

/* Windows lie in physical memory byte by byte; bad nodes are refused with what is missing. */
START_TEST(test_windows)
{
	struct error err = { 0 };
	struct device_binding binding = { .path = "/scu@1e000000", .reg_count = 1 };
	const struct device_class *scu = device_class_find("arm,cortex-a9-scu", NULL);
	uint64_t value = 0;

	fake.env.phys = phys_create(&err);
	ck_assert_ptr_nonnull(fake.env.phys);
	binding.reg[0].base = 0x1e000000;
	binding.reg[0].size = 0x58;
	struct device *dev = device_create(scu, &fake.env, &binding, &err);
	ck_assert_msg(dev != NULL, "%s", err.msg);
	ck_assert_int_eq(phys_read(fake.env.phys, 0x1e000004, 4, &value), PHYS_OK);
	ck_assert_uint_eq(value, 0x31);
	ck_assert_int_eq(phys_read(fake.env.phys, 0x1e000058, 4, &value), PHYS_ABORT);
	ck_assert_ptr_null(device_create(scu, &fake.env, &binding, &err)); /* overlap */
	binding.reg[0].base = 0x1f000000;
	binding.reg[0].size = 0x10;
	ck_assert_ptr_null(device_create(scu, &fake.env, &binding, &err));
	ck_assert_msg(strstr(err.msg, "needs 0x58") != NULL, "%s", err.msg);
	binding.reg_count = 0;
	ck_assert_ptr_null(device_create(scu, &fake.env, &binding, &err));
	phys_destroy(fake.env.phys);
	fake.env.phys = NULL;
	device_destroy(dev);
}
END_TEST

static void setup(void)
{
	fake_init(&fake, 2);
	fake_init(&twin_fake, 2);
}

static void teardown(void)
{
	fake_fini(&fake);
	fake_fini(&twin_fake);
}

int main(void)
{
	Suite *suite = suite_create("device");
	TCase *tcase = tcase_create("classes");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_class_is_well_formed, 0, class_count());
	tcase_add_loop_test(tcase, test_reset_is_the_table, 0, class_count());
	tcase_add_loop_test(tcase, test_unwritable_bits_stay, 0, class_count());
	tcase_add_loop_test(tcase, test_snapshot_is_complete, 0, class_count());
	tcase_add_loop_test(tcase, test_mutated_state, 0, class_count());
	tcase_add_test(tcase, test_messages_name_everything);
	tcase_add_test(tcase, test_windows);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
