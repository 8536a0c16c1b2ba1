/*
 * test_gic.c - the interrupt controller against ARM IHI 0048A and the Cortex-A9's manual: states, priorities, preemption, banking.
 */
#include "base/base.h"
#include "devices/device.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/base/check_run.h"
#include "tests/devices/fake.h"

#define ICDDCR 0x000
#define ICDICTR 0x004
#define ICDISR 0x080
#define ICDISER 0x100
#define ICDICER 0x180
#define ICDISPR 0x200
#define ICDICPR 0x280
#define ICDABR 0x300
#define ICDIPR 0x400
#define ICDIPTR 0x800
#define ICDICFR 0xc00
#define ICDSGIR 0xf00
#define ICCICR 0x00
#define ICCPMR 0x04
#define ICCBPR 0x08
#define ICCIAR 0x0c
#define ICCEOIR 0x10
#define ICCRPR 0x14
#define ICCHPPIR 0x18
#define ICCABPR 0x1c

static struct fake fake;
static struct device *gic;

static void dist_write(uint32_t offset, uint32_t value)
{
	fake_write(gic, offset, value);
}

static void dist_write8(uint32_t offset, uint32_t value)
{
	ck_assert_int_eq(device_write(gic, 0, offset, 1, value), PHYS_OK);
}

static uint32_t cpu_read(uint32_t offset)
{
	uint32_t value;

	ck_assert_int_eq(device_read(gic, 1, offset, 4, &value), PHYS_OK);
	return value;
}

static void cpu_write(uint32_t offset, uint32_t value)
{
	ck_assert_int_eq(device_write(gic, 1, offset, 4, value), PHYS_OK);
}

static struct line input(uint32_t type, uint32_t number)
{
	uint32_t spec[3] = { type, number, 4 };
	struct line line;
	struct error err = { 0 };

	ck_assert_msg(gic->class->irq_input(gic, spec, 3, &line, &err) == 0, "%s", err.msg);
	return line;
}

static bool pending(unsigned id)
{
	return fake_read(gic, ICDISPR + id / 32 * 4) >> id % 32 & 1;
}

static bool active(unsigned id)
{
	return fake_read(gic, ICDABR + id / 32 * 4) >> id % 32 & 1;
}

static void enable(unsigned id, unsigned priority, unsigned targets)
{
	dist_write(ICDISER + id / 32 * 4, 1u << id % 32);
	dist_write8(ICDIPR + id, priority);
	dist_write8(ICDIPTR + id, targets);
}

static void start(unsigned cores)
{
	fake_init(&fake, cores);
	gic = fake_device(&fake, device_class_find("arm,cortex-a9-gic", NULL), NULL);
	dist_write(ICDDCR, 1);
	for (unsigned i = 0; i < cores; i++) {
		fake.core = i;
		cpu_write(ICCICR, 1);
		cpu_write(ICCPMR, 0xf0);
	}
	fake.core = 0;
}

static void teardown(void)
{
	device_destroy(gic);
	fake_fini(&fake);
}

static void setup(void)
{
	start(2);
}

START_TEST(test_identification)
{
	static const uint32_t ids[] = { 0x90, 0xb3, 0x1b, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	/* 96 lines, 2 cores, Security Extensions, 31 lockable SPIs */
	ck_assert_uint_eq(fake_read(gic, ICDICTR), 31u << 11 | 1u << 10 | 1u << 5 | 2);
	ck_assert_uint_eq(fake_read(gic, 0x008), 0x0102043b);
	ck_assert_uint_eq(cpu_read(0xfc), 0x3901243b);
	for (unsigned i = 0; i < ARRAY_SIZE(ids); i++)
		ck_assert_uint_eq(fake_read(gic, 0xfe0 + i * 4), ids[i]);
	/* SGIs are always enabled and edge; the A9's PPIs are fixed. */
	ck_assert_uint_eq(fake_read(gic, ICDISER), 0xffff);
	dist_write(ICDICER, 0xffffffff);
	ck_assert_uint_eq(fake_read(gic, ICDISER), 0xffff);
	ck_assert_uint_eq(fake_read(gic, ICDICFR), 0xaaaaaaaa);
	dist_write(ICDICFR + 4, 0);
	ck_assert_uint_eq(fake_read(gic, ICDICFR + 4), 0x7dc00000);
	ck_assert_uint_eq(fake_read(gic, ICDICFR + 8), 0x55555555);
	/* Five priority bits. */
	dist_write(ICDIPR + 40, 0xffffffff);
	ck_assert_uint_eq(fake_read(gic, ICDIPR + 40), 0xf8f8f8f8);
	cpu_write(ICCPMR, 0xff);
	ck_assert_uint_eq(cpu_read(ICCPMR), 0xf8);
	/* Smallest binary points: 2 Secure, 3 Non-secure. */
	cpu_write(ICCBPR, 0);
	cpu_write(ICCABPR, 0);
	ck_assert_uint_eq(cpu_read(ICCBPR), 2);
	ck_assert_uint_eq(cpu_read(ICCABPR), 3);
	ck_assert_uint_eq(cpu_read(ICCRPR), 0xff);
	ck_assert_uint_eq(cpu_read(ICCIAR), 1023);
	ck_assert_uint_eq(cpu_read(ICCHPPIR), 1023);
}
END_TEST

START_TEST(test_level)
{
	struct line line = input(0, 5);

	enable(37, 0xa0, 1);
	line_set(&line, true);
	ck_assert(fake.cpu_line[0][0]);
	ck_assert(!fake.cpu_line[0][1]);
	ck_assert(!fake.cpu_line[1][0]);
	ck_assert(pending(37));
	ck_assert_uint_eq(cpu_read(ICCHPPIR), 37);
	ck_assert_uint_eq(cpu_read(ICCIAR), 37);
	/* Active and pending while the line stays high; not signalled again. */
	ck_assert(active(37));
	ck_assert(pending(37));
	ck_assert(!fake.cpu_line[0][0]);
	ck_assert_uint_eq(cpu_read(ICCRPR), 0xa0);
	ck_assert_uint_eq(cpu_read(ICCIAR), 1023);
	/* Ended with the line high: comes again. */
	cpu_write(ICCEOIR, 37);
	ck_assert(!active(37));
	ck_assert(fake.cpu_line[0][0]);
	ck_assert_uint_eq(cpu_read(ICCIAR), 37);
	line_set(&line, false);
	ck_assert(!pending(37));
	cpu_write(ICCEOIR, 37);
	ck_assert(!fake.cpu_line[0][0]);
	/* Clearing pending does nothing to a high line; a level that went away unserved leaves nothing. */
	line_set(&line, true);
	dist_write(ICDICPR + 4, 1u << 5);
	ck_assert(pending(37));
	line_set(&line, false);
	ck_assert(!fake.cpu_line[0][0]);
	ck_assert_uint_eq(cpu_read(ICCIAR), 1023);
	/* Software can pend it; acknowledging ends that. */
	dist_write(ICDISPR + 4, 1u << 5);
	ck_assert(fake.cpu_line[0][0]);
	ck_assert_uint_eq(cpu_read(ICCIAR), 37);
	ck_assert(!pending(37));
	cpu_write(ICCEOIR, 37);
	ck_assert(!fake.cpu_line[0][0]);
}
END_TEST

START_TEST(test_edge)
{
	struct line line = input(0, 6);

	enable(38, 0xa0, 1);
	dist_write(ICDICFR + 8, 2u << 12);
	ck_assert_uint_eq(fake_read(gic, ICDICFR + 8), 0x55555555 | 2u << 12);
	line_set(&line, true);
	line_set(&line, false);
	ck_assert(pending(38));
	ck_assert_uint_eq(cpu_read(ICCIAR), 38);
	ck_assert(!pending(38));
	/* An edge while active makes it active and pending; it is taken after the end. */
	line_set(&line, true);
	ck_assert(pending(38));
	ck_assert(!fake.cpu_line[0][0]);
	cpu_write(ICCEOIR, 38);
	ck_assert(fake.cpu_line[0][0]);
	ck_assert_uint_eq(cpu_read(ICCIAR), 38);
	cpu_write(ICCEOIR, 38);
	/* The line is still high: no new edge, no interrupt. */
	ck_assert(!fake.cpu_line[0][0]);
	line_set(&line, false);
	line_set(&line, true);
	dist_write(ICDICPR + 4, 1u << 6);
	ck_assert(!pending(38));
}
END_TEST

START_TEST(test_priorities_and_preemption)
{
	struct line a = input(0, 10), b = input(0, 11), c = input(0, 12);

	enable(42, 0x80, 1);
	enable(43, 0x80, 1);
	enable(44, 0x40, 1);
	line_set(&b, true);
	line_set(&a, true);
	/* Equal priorities: the lower number. */
	ck_assert_uint_eq(cpu_read(ICCIAR), 42);
	ck_assert(!fake.cpu_line[0][0]);
	/* A higher priority preempts. */
	line_set(&c, true);
	ck_assert(fake.cpu_line[0][0]);
	ck_assert_uint_eq(cpu_read(ICCIAR), 44);
	ck_assert_uint_eq(cpu_read(ICCRPR), 0x40);
	line_set(&c, false);
	cpu_write(ICCEOIR, 44);
	ck_assert_uint_eq(cpu_read(ICCRPR), 0x80);
	ck_assert(!fake.cpu_line[0][0]);
	line_set(&a, false);
	cpu_write(ICCEOIR, 42);
	ck_assert_uint_eq(cpu_read(ICCIAR), 43);
	/* Within the same group of the binary point there is no preemption: groups of 0x40 with point 5. */
	cpu_write(ICCBPR, 5);
	dist_write8(ICDIPR + 44, 0x48);
	dist_write8(ICDIPR + 42, 0x50);
	line_set(&b, false);
	cpu_write(ICCEOIR, 43);
	line_set(&a, true);
	ck_assert_uint_eq(cpu_read(ICCIAR), 42);
	line_set(&c, true);
	ck_assert(!fake.cpu_line[0][0]);
	dist_write8(ICDIPR + 44, 0x38);
	ck_assert(fake.cpu_line[0][0]);
	line_set(&a, false);
	line_set(&c, false);
	cpu_write(ICCEOIR, 42);
	/* The mask lets through what is strictly higher. */
	line_set(&b, true);
	cpu_write(ICCPMR, 0x80);
	ck_assert(!fake.cpu_line[0][0]);
	ck_assert_uint_eq(cpu_read(ICCHPPIR), 43);
	ck_assert_uint_eq(cpu_read(ICCIAR), 1023);
	cpu_write(ICCPMR, 0x88);
	ck_assert(fake.cpu_line[0][0]);
	/* Switches. */
	dist_write(ICDDCR, 0);
	ck_assert(!fake.cpu_line[0][0]);
	dist_write(ICDDCR, 1);
	cpu_write(ICCICR, 0);
	ck_assert(!fake.cpu_line[0][0]);
	cpu_write(ICCICR, 1);
	dist_write(ICDICER + 4, 1u << 11);
	ck_assert(!fake.cpu_line[0][0]);
	ck_assert(pending(43));
}
END_TEST

START_TEST(test_sgi)
{
	/* Core 1 and core 0 both interrupt core 0 by SGI 3; each arrives on its own, with its sender. */
	dist_write(ICDSGIR, 1u << 16 | 3);
	fake.core = 1;
	dist_write(ICDSGIR, 1u << 24 | 3); /* all but me */
	ck_assert(!fake.cpu_line[1][0]);
	fake.core = 0;
	ck_assert(fake.cpu_line[0][0]);
	ck_assert_uint_eq(cpu_read(ICCIAR), 3);
	ck_assert(pending(3));
	cpu_write(ICCEOIR, 3);
	ck_assert_uint_eq(cpu_read(ICCHPPIR), 3 | 1u << 10);
	ck_assert_uint_eq(cpu_read(ICCIAR), 3 | 1u << 10);
	ck_assert(!pending(3));
	cpu_write(ICCEOIR, 3 | 1u << 10);
	ck_assert(!fake.cpu_line[0][0]);
	/* To myself. */
	fake.core = 1;
	dist_write(ICDSGIR, 2u << 24 | 15);
	ck_assert(fake.cpu_line[1][0]);
	ck_assert(!fake.cpu_line[0][0]);
	ck_assert_uint_eq(cpu_read(ICCIAR), 15 | 1u << 10);
	cpu_write(ICCEOIR, 15 | 1u << 10);
	/* Set and clear pending registers have no effect on SGIs. */
	dist_write(ICDISPR, 0xffff);
	ck_assert_uint_eq(fake_read(gic, ICDISPR), 0);
	fake_log_on(&fake);
	dist_write(ICDSGIR, 3u << 24);
	ck_assert(fake_logged(&fake, "ICDSGIR", "filter 3"));
}
END_TEST

START_TEST(test_banking_and_targets)
{
	struct line ppi = input(1, 13), spi = input(0, 20), copy[2] = { { 0 } };

	/* Each core has its own PPI 29: enable, priority, level. */
	fake.core = 1;
	dist_write(ICDISER, 1u << 29);
	dist_write8(ICDIPR + 29, 0x20);
	fake.core = 0;
	ck_assert_uint_eq(fake_read(gic, ICDISER), 0xffff);
	ck_assert_uint_eq(fake_read(gic, ICDIPR + 28), 0);
	device_core_line(&ppi, &copy[0], 0, true);
	ck_assert(pending(29));
	ck_assert(!fake.cpu_line[0][0] && !fake.cpu_line[1][0]);
	device_core_line(&ppi, &copy[1], 1, true);
	ck_assert(!fake.cpu_line[0][0] && fake.cpu_line[1][0]);
	fake.core = 1;
	ck_assert_uint_eq(cpu_read(ICCIAR), 29);
	device_core_line(&ppi, &copy[1], 1, false);
	cpu_write(ICCEOIR, 29);
	ck_assert(!fake.cpu_line[1][0]);
	/* Target registers of private interrupts name the reader. */
	ck_assert_uint_eq(fake_read(gic, ICDIPTR), 0x02020202);
	fake.core = 0;
	ck_assert_uint_eq(fake_read(gic, ICDIPTR), 0x01010101);
	/* An SPI for both cores: whoever acknowledges first has it. */
	enable(52, 0x80, 0xff);
	ck_assert_uint_eq(fake_read(gic, ICDIPTR + 52), 0x03);
	line_set(&spi, true);
	ck_assert(fake.cpu_line[0][0] && fake.cpu_line[1][0]);
	ck_assert_uint_eq(cpu_read(ICCIAR), 52);
	ck_assert(!fake.cpu_line[0][0] && !fake.cpu_line[1][0]);
	fake.core = 1;
	ck_assert_uint_eq(cpu_read(ICCIAR), 1023);
	fake.core = 0;
	line_set(&spi, false);
	cpu_write(ICCEOIR, 52);
	dist_write8(ICDIPTR + 52, 2);
	line_set(&spi, true);
	ck_assert(!fake.cpu_line[0][0] && fake.cpu_line[1][0]);
}
END_TEST

START_TEST(test_groups)
{
	struct line a = input(0, 1), b = input(0, 2);

	enable(33, 0x80, 1);
	enable(34, 0x90, 1);
	dist_write(ICDISR + 4, 1u << 1); /* 33 is group 1 */
	line_set(&a, true);
	ck_assert(!fake.cpu_line[0][0]);
	dist_write(ICDDCR, 3);
	ck_assert(!fake.cpu_line[0][0]);
	cpu_write(ICCICR, 3);
	ck_assert(fake.cpu_line[0][0]);
	/* Secure software sees 1022 unless AckCtl. */
	ck_assert_uint_eq(cpu_read(ICCIAR), 1022);
	ck_assert(!active(33));
	ck_assert_uint_eq(cpu_read(ICCHPPIR), 1022);
	cpu_write(ICCICR, 7);
	ck_assert_uint_eq(cpu_read(ICCHPPIR), 33);
	ck_assert_uint_eq(cpu_read(ICCIAR), 33);
	line_set(&a, false);
	cpu_write(ICCEOIR, 33);
	/* FIQEn: group 0 goes to FIQ. */
	cpu_write(ICCICR, 0xf);
	line_set(&b, true);
	ck_assert(!fake.cpu_line[0][0] && fake.cpu_line[0][1]);
	ck_assert_uint_eq(cpu_read(ICCIAR), 34);
	ck_assert(!fake.cpu_line[0][1]);
	line_set(&b, false);
	cpu_write(ICCEOIR, 34);
	/* SGIs go to the group that the sender names. */
	dist_write(ICDSGIR, 2u << 24 | 1u << 15 | 2);
	ck_assert(!pending(2));
	dist_write(ICDISR, 1u << 2);
	dist_write(ICDSGIR, 2u << 24 | 1u << 15 | 2);
	ck_assert(pending(2));
}
END_TEST

START_TEST(test_mistakes_of_drivers)
{
	struct line line = input(0, 5);

	fake_log_on(&fake);
	cpu_write(ICCEOIR, 37);
	ck_assert(fake_logged(&fake, "ICCEOIR", "interrupt 37, which is not active"));
	cpu_write(ICCEOIR, 1023);
	enable(37, 0x80, 1);
	line_set(&line, true);
	ck_assert_uint_eq(cpu_read(ICCIAR), 37);
	/* An end of something else does not lower the running priority. */
	cpu_write(ICCEOIR, 38);
	ck_assert_uint_eq(cpu_read(ICCRPR), 0x80);
	dist_write(0x10c, 1);
	ck_assert(fake_logged(&fake, "ICDISER3", "above 95"));
	dist_write8(ICDISER, 1);
	ck_assert(fake_logged(&fake, "ICDISER0", "1-byte write"));
	dist_write(0xd80, 1);
	ck_assert(fake_logged(&fake, "distributor+0xd80", "reserved"));
}
END_TEST

START_TEST(test_specifiers)
{
	static const struct { uint32_t spec[3]; unsigned cells; const char *text; } bad[] = {
		{ { 0, 64, 4 }, 3, "SPI 64" }, { { 1, 3, 4 }, 3, "PPI 3" }, { { 1, 16, 4 }, 3, "PPI 16" },
		{ { 2, 1, 4 }, 3, "type 2" }, { { 5 }, 1, "3 cells" },
	};
	struct line line;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error err = { 0 };
		ck_assert_int_lt(gic->class->irq_input(gic, bad[i].spec, bad[i].cells, &line, &err), 0);
		ck_assert_msg(strstr(err.msg, bad[i].text) != NULL, "%s", err.msg);
	}
	ck_assert_uint_eq(input(0, 63).n, 95);
	ck_assert_uint_eq(input(1, 11).n, 27);
}
END_TEST

/* One core: no target registers, everything goes to it. */
START_TEST(test_uniprocessor)
{
	struct line line = input(0, 7);

	ck_assert_uint_eq(fake_read(gic, ICDICTR) >> 5 & 7, 0);
	enable(39, 0x80, 1);
	ck_assert_uint_eq(fake_read(gic, ICDIPTR + 36), 0);
	line_set(&line, true);
	ck_assert(fake.cpu_line[0][0]);
	ck_assert_uint_eq(cpu_read(ICCIAR), 39);
}
END_TEST

/* Wires stay as they are over a reset of the controller. */
START_TEST(test_reset)
{
	struct line line = input(0, 5);

	enable(37, 0x80, 1);
	line_set(&line, true);
	ck_assert(fake.cpu_line[0][0]);
	device_reset(gic);
	device_update(gic);
	ck_assert(!fake.cpu_line[0][0]);
	ck_assert_uint_eq(cpu_read(ICCPMR), 0);
	ck_assert(pending(37));
}
END_TEST

static void setup_one(void)
{
	start(1);
}

int main(void)
{
	Suite *suite = suite_create("gic");
	TCase *two = tcase_create("two cores"), *one = tcase_create("one core");

	tcase_add_checked_fixture(two, setup, teardown);
	tcase_add_test(two, test_identification);
	tcase_add_test(two, test_level);
	tcase_add_test(two, test_edge);
	tcase_add_test(two, test_priorities_and_preemption);
	tcase_add_test(two, test_sgi);
	tcase_add_test(two, test_banking_and_targets);
	tcase_add_test(two, test_groups);
	tcase_add_test(two, test_mistakes_of_drivers);
	tcase_add_test(two, test_specifiers);
	tcase_add_test(two, test_reset);
	suite_add_tcase(suite, two);
	tcase_add_checked_fixture(one, setup_one, teardown);
	tcase_add_test(one, test_uniprocessor);
	suite_add_tcase(suite, one);
	return check_run_suite(suite);
}
