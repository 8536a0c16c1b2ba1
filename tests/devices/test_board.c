/*
 * test_board.c - the system registers with their configuration functions, SP810, SCU, PL310 and the stubs.
 */
#include "base/base.h"
#include "devices/device.h"

#include <check.h>
#include <stdlib.h>

#include "devices/vexpress_sysreg.h"
#include "tests/base/check_run.h"
#include "tests/devices/fake.h"

#define CFGDATA 0xa0
#define CFGCTRL 0xa4
#define CFGSTAT 0xa8

static struct fake fake;
static struct device *dev;

static void setup(void)
{
	fake_init(&fake, 1);
	fake_log_on(&fake);
}

static void teardown(void)
{
	device_destroy(dev);
	fake_fini(&fake);
}

static void make(const char *compatible)
{
	dev = fake_device(&fake, device_class_find(compatible, NULL), NULL);
}

/* A transaction as Linux makes it. Returns SYS_CFGSTAT. */
static uint32_t cfg(bool write, unsigned function, unsigned site, unsigned device, uint32_t *data)
{
	fake_write(dev, CFGDATA, write ? *data : 0xdeadbeef);
	fake_write(dev, CFGSTAT, 0);
	fake_write(dev, CFGCTRL, 1u << 31 | (uint32_t)write << 30 | function << 20 | site << 16 | device);
	ck_assert_uint_eq(fake_read(dev, CFGCTRL) >> 31, 0);
	*data = fake_read(dev, CFGDATA);
	return fake_read(dev, CFGSTAT);
}

START_TEST(test_sysreg)
{
	make("arm,vexpress-sysreg");
	ck_assert_uint_eq(fake_read(dev, 0x00), 0x1190f500);
	ck_assert_uint_eq(fake_read(dev, 0x84), 0x0c000191);
	ck_assert_uint_eq(fake_read(dev, 0x88), 0xff000000);
	fake_write(dev, 0x08, 0x5a);
	ck_assert_uint_eq(fake_read(dev, 0x08), 0x5a);
	ck_assert_uint_eq(vexpress_sysreg_leds(dev), 0x5a);
	/* Lock: open only with the key. */
	ck_assert_uint_eq(fake_read(dev, 0x20) >> 16, 1);
	fake_write(dev, 0x20, 0xa05f);
	ck_assert_uint_eq(fake_read(dev, 0x20), 0xa05f);
	fake_write(dev, 0x20, 0);
	ck_assert_uint_eq(fake_read(dev, 0x20), 0x10000);
	/* Counters. */
	fake_advance(&fake, 125 * MS);
	ck_assert_uint_eq(fake_read(dev, 0x24), 12);
	ck_assert_uint_eq(fake_read(dev, 0x5c), 3000000);
	/* Flags: set, clear, and the pen is told. */
	fake_write(dev, 0x30, 0x60008000);
	ck_assert_uint_eq(fake.pen, 0x60008000);
	fake_write(dev, 0x30, 0xf);
	ck_assert_uint_eq(fake_read(dev, 0x30), 0x6000800f);
	fake_write(dev, 0x34, 0xffffffff);
	ck_assert_uint_eq(fake.pen, 0);
	ck_assert_uint_eq(fake.pens, 3);
	fake_write(dev, 0x38, 0x1234);
	fake_write(dev, 0x3c, 0x30);
	fake_write(dev, 0x30, 1);
	device_reset(dev);
	ck_assert_uint_eq(fake_read(dev, 0x30), 0);
	ck_assert_uint_eq(fake_read(dev, 0x38), 0x1204);
}
END_TEST

START_TEST(test_configuration_values)
{
	static const struct { unsigned function, site, device; uint32_t value; } values[] = {
		{ 1, 0, 0, 50000000 }, { 1, 0, 1, 23750000 }, { 1, 0, 2, 24000000 }, { 1, 0, 5, 24000000 },
		{ 1, 1, 0, 45000000 }, { 1, 1, 1, 23750000 }, { 1, 1, 2, 66670000 },
		{ 2, 0, 0, 3300000 }, { 2, 1, 0, 1000000 }, { 2, 1, 3, 1800000 }, { 2, 1, 4, 900000 }, { 2, 1, 5, 3300000 },
		{ 3, 1, 0, 250000 }, { 3, 1, 1, 120000 }, { 4, 0, 0, 32000000 }, { 6, 1, 3, 0 }, { 7, 0, 0, 0 }, { 11, 0, 0, 0 },
		{ 12, 1, 0, 250000 }, { 12, 1, 1, 120000 }, { 13, 1, 0, 0 }, { 13, 1, 1, 0 },
	};
	uint32_t data;

	make("arm,vexpress-sysreg");
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		ck_assert_msg(cfg(false, values[i].function, values[i].site, values[i].device, &data) == 1, "case %u", i);
		ck_assert_msg(data == values[i].value, "case %u: %u", i, data);
	}
	/* Oscillators keep their range. */
	data = 65000000;
	ck_assert_uint_eq(cfg(true, 1, 0, 1, &data), 1);
	ck_assert_uint_eq(cfg(false, 1, 0, 1, &data), 1);
	ck_assert_uint_eq(data, 65000000);
	ck_assert_uint_eq(vexpress_sysreg_oscillator(dev, 0, 1), 65000000);
	data = 65000001;
	ck_assert_uint_eq(cfg(true, 1, 0, 1, &data), 3);
	ck_assert(fake_logged(&fake, "SYS_CFGCTRL", "write of function 1 (OSC), site 0, device 1"));
	ck_assert_uint_eq(vexpress_sysreg_oscillator(dev, 0, 1), 65000000);
	data = 2;
	ck_assert_uint_eq(cfg(true, 7, 0, 0, &data), 1);
	ck_assert_uint_eq(cfg(false, 7, 0, 0, &data), 1);
	ck_assert_uint_eq(data, 2);
	data = 0x1234;
	ck_assert_uint_eq(cfg(true, 6, 1, 3, &data), 1);
	ck_assert_uint_eq(cfg(false, 6, 1, 3, &data), 1);
	ck_assert_uint_eq(data, 0x1234);
	/* Without the start bit nothing happens. */
	fake_write(dev, CFGSTAT, 0);
	fake_write(dev, CFGCTRL, 1u << 20);
	ck_assert_uint_eq(fake_read(dev, CFGSTAT), 0);
	/* The temperature can be set from outside; power follows the instruction rate. */
	ck_assert_int_eq(vexpress_sysreg_set_temperature(dev, 85000000), 0);
	ck_assert_int_lt(vexpress_sysreg_set_temperature(dev, 2000000000), 0);
	device_reset(dev);
	ck_assert_uint_eq(cfg(false, 4, 0, 0, &data), 1);
	ck_assert_uint_eq(data, 85000000);
	fake.insns = 500000000;
	fake_advance(&fake, SECOND);
	ck_assert_uint_eq(cfg(false, 12, 1, 0, &data), 1);
	ck_assert_uint_eq(data, 250000 + 200000); /* 5e8 instructions/s of 400 pJ */
	ck_assert_uint_eq(cfg(false, 13, 1, 0, &data), 1);
	ck_assert_uint_eq(data, 250000 + 120000 + 200000);
}
END_TEST

START_TEST(test_configuration_errors)
{
	static const struct { bool write; unsigned function, site, device; const char *text; } bad[] = {
		{ false, 1, 0, 6, "no such oscillator" }, { false, 1, 1, 3, "no such oscillator" }, { true, 2, 0, 0, "fixed" },
		{ false, 2, 0, 1, "no such supply" }, { false, 3, 0, 0, "no such sensor" }, { true, 4, 0, 0, "cannot be written" },
		{ false, 5, 0, 0, "can only be written" }, { true, 8, 1, 0, "only device 0 of the motherboard" },
		{ false, 10, 0, 0, "no such function" }, { false, 0, 0, 0, "no such function" }, { false, 63, 0, 0, "no such function" },
		{ false, 1, 2, 0, "no board" }, { false, 1, 0, 1u << 12, "position" },
	};
	uint32_t data;

	make("arm,vexpress-sysreg");
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		/* A fresh log: texts may fall into the same place of the rate limit. */
		teardown();
		setup();
		make("arm,vexpress-sysreg");
		data = 0;
		ck_assert_msg(cfg(bad[i].write, bad[i].function, bad[i].site, bad[i].device, &data) == 3, "case %u", i);
		ck_assert_msg(fake_logged(&fake, "SYS_CFGCTRL", bad[i].text), "case %u", i);
		ck_assert_uint_eq(fake.requests, 0);
	}
}
END_TEST

START_TEST(test_power)
{
	static const struct { unsigned function; enum machine_request request; } ends[] = {
		{ 8, MACHINE_POWER_OFF }, { 9, MACHINE_REBOOT }, { 5, MACHINE_REBOOT },
	};
	uint32_t data = 0;

	make("arm,vexpress-sysreg");
	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		ck_assert_uint_eq(cfg(true, ends[i].function, 0, 0, &data), 1);
		ck_assert_uint_eq(fake.requests, i + 1);
		ck_assert_int_eq(fake.last_request, ends[i].request);
	}
}
END_TEST

START_TEST(test_sp810)
{
	static const uint32_t modes[8] = { 0, 1, 2, 2, 4, 4, 4, 4 };

	make("arm,sp810");
	ck_assert_uint_eq(fake_read(dev, 0), 9);
	for (unsigned mode = 0; mode < 8; mode++) {
		fake_write(dev, 0, 0xaa8000 | mode);
		ck_assert_uint_eq(fake_read(dev, 0), 0xaa8000 | modes[mode] << 3 | mode);
	}
	fake_write(dev, 0x28, 0xff);
	ck_assert_uint_eq(fake_read(dev, 0x30), 0xffffff00);
	fake_write(dev, 0x24, 0x0f);
	ck_assert_uint_eq(fake_read(dev, 0x2c), 0xffffff0f);
	ck_assert_uint_eq(fake_read(dev, 0xfe0), 0x10);
}
END_TEST

START_TEST(test_scu)
{
	make("arm,cortex-a9-scu");
	ck_assert_uint_eq(fake_read(dev, 0x04), 0x10);
	fake.cores = 4;
	ck_assert_uint_eq(fake_read(dev, 0x04), 0xf3);
	fake_write(dev, 0x00, 0x21);
	ck_assert_uint_eq(fake_read(dev, 0x00), 0x21);
	/* One byte a core. */
	ck_assert_int_eq(device_write(dev, 0, 0x09, 1, 3), PHYS_OK);
	ck_assert_int_eq(device_write(dev, 0, 0x0b, 1, 2), PHYS_OK);
	ck_assert_uint_eq(fake_read(dev, 0x08), 0x02000300);
	fake_write(dev, 0x0c, 0xffff);
	ck_assert_uint_eq(fake_read(dev, 0x50), 0xf);
}
END_TEST

START_TEST(test_pl310)
{
	make("arm,pl310-cache");
	ck_assert_uint_eq(fake_read(dev, 0x000), 0x410000c8);
	ck_assert_uint_eq(fake_read(dev, 0x104), 0x02020000);
	fake_write(dev, 0x104, 0x46420001);
	ck_assert_uint_eq(fake_read(dev, 0x104), 0x46420001);
	fake_write(dev, 0x100, 1);
	fake_write(dev, 0x104, 0);
	ck_assert_uint_eq(fake_read(dev, 0x104), 0x46420001);
	ck_assert(fake_logged(&fake, "reg1_aux_control", "while the cache is on"));
	/* Maintenance is done at once. */
	fake_write(dev, 0x7fc, 0xff);
	ck_assert_uint_eq(fake_read(dev, 0x7fc), 0);
	ck_assert_uint_eq(fake_read(dev, 0x730), 0);
	fake_write(dev, 0x904, 0xffff);
	ck_assert_uint_eq(fake_read(dev, 0x904), 0xffff);
	ck_assert_uint_eq(fake_read(dev, 0x900), 0);
}
END_TEST

START_TEST(test_stubs)
{
	static const struct { const char *compatible; uint32_t id; } stubs[] = {
		{ "arm,pl041", 0x00041041 }, { "arm,pl050", 0x00041050 }, { "arm,pl111", 0x00241111 }, { "arm,pl180", 0x00041181 },
		{ "arm,sp805", 0x00141805 }, { "arm,pl341", 0x00141341 }, { "arm,pl354", 0x00241354 },
		{ "arm,versatile-i2c", 0 }, { "smsc,lan9115", 0 }, { "cfi-flash", 0 }, { "nxp,usb-isp1761", 0 }, { "arm,vexpress-cf", 0 },
	};

	make("arm,pl041");
	for (unsigned i = 0; i < ARRAY_SIZE(stubs); i++) {
		uint32_t id = 0, cell = 0;
		device_destroy(dev);
		make(stubs[i].compatible);
		ck_assert(dev->class->stub);
		for (unsigned n = 0; n < 4; n++) {
			id |= fake_read(dev, 0xfe0 + n * 4) << n * 8;
			cell |= fake_read(dev, 0xff0 + n * 4) << n * 8;
		}
		ck_assert_msg(id == stubs[i].id, "%s: 0x%08x", stubs[i].compatible, id);
		ck_assert_uint_eq(cell, stubs[i].id ? 0xb105f00d : 0);
		uint64_t before = dev->unknown_accesses;
		ck_assert_uint_eq(fake_read(dev, 0x20), 0);
		fake_write(dev, 0x20, 1);
		ck_assert_uint_eq(dev->unknown_accesses, before + 2);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("board");
	TCase *tcase = tcase_create("board");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_sysreg);
	tcase_add_test(tcase, test_configuration_values);
	tcase_add_test(tcase, test_configuration_errors);
	tcase_add_test(tcase, test_power);
	tcase_add_test(tcase, test_sp810);
	tcase_add_test(tcase, test_scu);
	tcase_add_test(tcase, test_pl310);
	tcase_add_test(tcase, test_stubs);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
