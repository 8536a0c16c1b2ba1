/*
 * test_timers.c - SP804, Cortex-A9 private timer, watchdog and global timer, PL031: counts, periods, interrupts at the exact time.
 */
#include "base/base.h"
#include "devices/device.h"

#include <check.h>
#include <stdlib.h>

#include "devices/countdown.h"
#include "tests/base/check_run.h"
#include "tests/devices/fake.h"

static struct fake fake;
static struct device *dev;
static bool irq[FAKE_IRQS * DEVICE_CORES];

static void setup(void)
{
	fake_init(&fake, 2);
	for (unsigned i = 0; i < ARRAY_SIZE(irq); i++)
		irq[i] = false;
}

static void teardown(void)
{
	device_destroy(dev);
	ck_assert_int_eq(event_clock_deadline(&fake.clock), EVENT_NEVER);
	fake_fini(&fake);
}

static void make(const char *compatible)
{
	dev = fake_device(&fake, device_class_find(compatible, NULL), irq);
}

/* countdown */

START_TEST(test_countdown)
{
	const struct countdown_rate once = { .hz = 1000000, .divider = 1 };
	const struct countdown_rate reload = { .hz = 1000000, .divider = 16, .period = 10 };
	const struct countdown_rate wrap = { .hz = 3, .divider = 1, .period = 1ull << 32, .shows_zero = true };
	struct countdown c;

	dev = NULL;
	countdown_start(&c, 5000, 3, true);
	ck_assert_uint_eq(countdown_value(&c, &once, 5999), 3);
	ck_assert_uint_eq(countdown_value(&c, &once, 6000), 2);
	ck_assert_int_eq(countdown_next(&c, &once), 8000);
	ck_assert(!countdown_expired(&c, &once, 7999));
	ck_assert(countdown_expired(&c, &once, 8000));
	ck_assert(!countdown_expired(&c, &once, 9000));
	ck_assert_int_eq(countdown_next(&c, &once), EVENT_NEVER);
	ck_assert_uint_eq(countdown_value(&c, &once, SECOND), 0);

	countdown_start(&c, 0, 10, true);
	for (unsigned n = 1; n < 1000; n++) {
		ck_assert_int_eq(countdown_next(&c, &reload), n * 160000ll);
		ck_assert_uint_eq(countdown_value(&c, &reload, n * 160000ll - 1), 1);
		ck_assert_uint_eq(countdown_value(&c, &reload, n * 160000ll), 10);
		ck_assert(countdown_expired(&c, &reload, n * 160000ll));
	}
	/* Missed expiries count once. */
	ck_assert(countdown_expired(&c, &reload, 1000 * SECOND));
	ck_assert(!countdown_expired(&c, &reload, 1000 * SECOND));

	/* An odd rate: the expiry time is never before the tick, nor a nanosecond late. */
	countdown_start(&c, 0, 1, true);
	ck_assert_int_eq(countdown_next(&c, &wrap), 333333334);
	ck_assert_uint_eq(countdown_value(&c, &wrap, 333333333), 1);
	ck_assert_uint_eq(countdown_value(&c, &wrap, 333333334), 0);
	ck_assert_uint_eq(countdown_value(&c, &wrap, 666666667), 0xffffffff);

	/* Years of uptime, where ns x Hz no longer fits 64 bits. */
	const struct countdown_rate fast = { .hz = 100000000, .divider = 1, .period = 1000, .shows_zero = true };
	countdown_start(&c, 0, 1, false);
	ck_assert_uint_eq(countdown_value(&c, &fast, 100000000 * SECOND + 10), 0);
	ck_assert_uint_eq(countdown_value(&c, &fast, 100000000 * SECOND + 20), 999);
	ck_assert(countdown_expired(&c, &fast, 100000000 * SECOND + 10));
	ck_assert_int_eq(countdown_next(&c, &fast), 100000000 * SECOND + 10010);

	countdown_start(&c, 0, 0, false);
	ck_assert(!countdown_expired(&c, &once, SECOND));
	countdown_start(&c, 0, 0, true);
	ck_assert(countdown_expired(&c, &once, 0));
	countdown_start(&c, 0, 1000, true);
	countdown_stop(&c, &once, 100000);
	ck_assert_uint_eq(countdown_value(&c, &once, SECOND), 900);
}
END_TEST

/* SP804: 1 MHz, so a tick is a microsecond */

#define LOAD 0x00
#define VALUE 0x04
#define CONTROL 0x08
#define INTCLR 0x0c
#define RIS 0x10
#define MIS 0x14
#define BGLOAD 0x18

START_TEST(test_sp804_periodic)
{
	make("arm,sp804");
	ck_assert_uint_eq(fake_read(dev, VALUE), 0xffffffff);
	ck_assert_uint_eq(fake_read(dev, CONTROL), 0x20);
	fake_write(dev, LOAD, 1000);
	ck_assert_uint_eq(fake_read(dev, VALUE), 1000);
	fake_advance(&fake, SECOND);
	ck_assert_uint_eq(fake_read(dev, VALUE), 1000);
	fake_write(dev, CONTROL, 0xe2);
	for (unsigned n = 0; n < 5; n++) {
		fake_advance(&fake, 999 * US);
		ck_assert_uint_eq(fake_read(dev, VALUE), 1);
		ck_assert(!irq[0]);
		fake_advance(&fake, 1 * US);
		ck_assert(irq[0]);
		ck_assert(!irq[1]);
		ck_assert_uint_eq(fake_read(dev, VALUE), 1000);
		ck_assert_uint_eq(fake_read(dev, RIS), 1);
		ck_assert_uint_eq(fake_read(dev, MIS), 1);
		fake_write(dev, INTCLR, 0);
		ck_assert(!irq[0]);
	}
	/* A background load counts after the present period. */
	fake_advance(&fake, 500 * US);
	fake_write(dev, BGLOAD, 200);
	ck_assert_uint_eq(fake_read(dev, VALUE), 500);
	fake_advance(&fake, 500 * US);
	ck_assert(irq[0]);
	fake_write(dev, INTCLR, 0);
	fake_advance(&fake, 199 * US);
	ck_assert(!irq[0]);
	fake_advance(&fake, 1 * US);
	ck_assert(irq[0]);
	ck_assert_uint_eq(fake_read(dev, LOAD), 200);
	/* Masked: raw status only; stopped: keeps its value. */
	fake_write(dev, CONTROL, 0xc2);
	ck_assert(!irq[0]);
	ck_assert_uint_eq(fake_read(dev, RIS), 1);
	ck_assert_uint_eq(fake_read(dev, MIS), 0);
	fake_advance(&fake, 50 * US);
	fake_write(dev, CONTROL, 0x42);
	fake_advance(&fake, SECOND);
	ck_assert_uint_eq(fake_read(dev, VALUE), 150);
}
END_TEST

START_TEST(test_sp804_modes)
{
	make("arm,sp804");
	/* One-shot on the second timer. */
	fake_write(dev, 0x20 + LOAD, 100);
	fake_write(dev, 0x20 + CONTROL, 0xa3);
	fake_advance(&fake, 100 * US);
	ck_assert(irq[1] && !irq[0]);
	fake_write(dev, 0x20 + INTCLR, 1);
	fake_advance(&fake, SECOND);
	ck_assert(!irq[1]);
	ck_assert_uint_eq(fake_read(dev, 0x20 + VALUE), 0);
	fake_write(dev, 0x20 + LOAD, 50);
	fake_advance(&fake, 50 * US);
	ck_assert(irq[1]);
	/* Free running, 32 bits: Linux's clock source. */
	fake_write(dev, LOAD, 0xffffffff);
	fake_write(dev, CONTROL, 0x82);
	fake_advance(&fake, 123456 * US);
	ck_assert_uint_eq(fake_read(dev, VALUE), 0xffffffff - 123456);
	/* 16 bits: wraps through 0 to 0xffff. */
	fake_write(dev, CONTROL, 0xa0);
	fake_write(dev, LOAD, 0x12340010);
	ck_assert_uint_eq(fake_read(dev, VALUE), 0x10);
	fake_advance(&fake, 16 * US);
	ck_assert(irq[0]);
	ck_assert_uint_eq(fake_read(dev, VALUE), 0);
	fake_advance(&fake, 1 * US);
	ck_assert_uint_eq(fake_read(dev, VALUE), 0xffff);
	fake_write(dev, INTCLR, 0);
	fake_advance(&fake, 65534 * US);
	ck_assert(!irq[0]);
	fake_advance(&fake, 1 * US);
	ck_assert(irq[0]);
	fake_write(dev, INTCLR, 0);
	/* Prescalers. */
	fake_write(dev, CONTROL, 0x22);
	fake_write(dev, LOAD, 10);
	fake_write(dev, CONTROL, 0xe6);
	fake_advance(&fake, 160 * US - 1);
	ck_assert(!irq[0]);
	fake_advance(&fake, 1);
	ck_assert(irq[0]);
	fake_write(dev, CONTROL, 0x2a);
	fake_write(dev, INTCLR, 0);
	fake_write(dev, LOAD, 10);
	fake_write(dev, CONTROL, 0xea);
	fake_advance(&fake, 2560 * US - 1);
	ck_assert(!irq[0]);
	fake_advance(&fake, 1);
	ck_assert(irq[0]);
	fake_log_on(&fake);
	fake_write(dev, CONTROL, 0xee);
	ck_assert(fake_logged(&fake, "Timer1Control", "prescale 3"));
	device_reset(dev);
	device_update(dev);
	ck_assert(!irq[0]);
}
END_TEST

/* Polling the raw status must not swallow the interrupt. */
START_TEST(test_sp804_poll)
{
	make("arm,sp804");
	fake_write(dev, LOAD, 10);
	fake_write(dev, CONTROL, 0xe2);
	fake.now += 15 * US;
	ck_assert_uint_eq(fake_read(dev, RIS), 1);
	ck_assert(irq[0]);
}
END_TEST

/* Private timer: 100 MHz, 10 ns a tick */

START_TEST(test_private_timer)
{
	make("arm,cortex-a9-twd-timer");
	/* Auto-reload: a period is load + 1 ticks. */
	fake_write(dev, 0x00, 999);
	fake_write(dev, 0x08, 7);
	fake_advance(&fake, 9990 - 1);
	ck_assert(!irq[0]);
	fake_advance(&fake, 1);
	ck_assert(irq[0]);
	ck_assert_uint_eq(fake_read(dev, 0x04), 0);
	fake_advance(&fake, 10);
	ck_assert_uint_eq(fake_read(dev, 0x04), 999);
	fake_write(dev, 0x0c, 1);
	ck_assert(!irq[0]);
	fake_advance(&fake, 9990 - 1);
	ck_assert(!irq[0]);
	fake_advance(&fake, 1);
	ck_assert(irq[0]);
	fake_write(dev, 0x08, 0);
	fake_write(dev, 0x0c, 1);
	/* One-shot by the counter register, prescaler 9: 100 ns a tick. */
	fake_write(dev, 0x08, 0x905);
	fake_write(dev, 0x04, 20);
	fake_advance(&fake, 1999);
	ck_assert(!irq[0]);
	fake_advance(&fake, 1);
	ck_assert(irq[0]);
	fake_write(dev, 0x0c, 1);
	fake_advance(&fake, SECOND);
	ck_assert(!irq[0]);
	ck_assert_uint_eq(fake_read(dev, 0x04), 0);
	/* The other core has a timer and an interrupt of its own. */
	fake.core = 1;
	ck_assert_uint_eq(fake_read(dev, 0x00), 0);
	fake_write(dev, 0x00, 99);
	fake_write(dev, 0x08, 5);
	fake_advance(&fake, 990);
	ck_assert(!irq[0]);
	ck_assert(irq[FAKE_IRQS]);
	fake_write(dev, 0x0c, 1);
	ck_assert(!irq[FAKE_IRQS]);
	/* The event flag is there without the interrupt, too. */
	fake_write(dev, 0x08, 1);
	fake_write(dev, 0x00, 9);
	fake_advance(&fake, 90);
	ck_assert_uint_eq(fake_read(dev, 0x0c), 1);
	ck_assert(!irq[FAKE_IRQS]);
}
END_TEST

/* A GIC sees edges of the private timer's interrupt: one must follow each acknowledge of a timer faster than the guest. */

static void count_rises(void *opaque, unsigned n, bool level)
{
	unsigned *rises = opaque;

	*rises += level;
}

START_TEST(test_period_over_while_acknowledged)
{
	unsigned rises = 0;

	make("arm,cortex-a9-twd-timer");
	dev->irq[0].sink = count_rises;
	dev->irq[0].opaque = &rises;
	fake_write(dev, 0x00, 0);
	fake_write(dev, 0x08, 7);
	fake.step = 10; /* a period */
	fake_advance(&fake, 100);
	ck_assert_uint_eq(rises, 1);
	for (unsigned i = 2; i < 10; i++) {
		fake_write(dev, 0x0c, 1);
		fake_advance(&fake, 20);
		ck_assert_uint_eq(rises, i);
	}
	fake.step = 0;
}
END_TEST

START_TEST(test_watchdog)
{
	make("arm,cortex-a9-twd-wdt");
	fake_log_on(&fake);
	/* Timer mode works as the timer. */
	fake_write(dev, 0x00, 99);
	fake_write(dev, 0x08, 5);
	fake_advance(&fake, 990);
	ck_assert(irq[0]);
	ck_assert_uint_eq(fake.requests, 0);
	fake_write(dev, 0x0c, 1);
	/* Watchdog mode: refreshed by the load register. */
	fake_write(dev, 0x00, 99999);
	fake_write(dev, 0x08, 9);
	for (unsigned i = 0; i < 5; i++) {
		fake_advance(&fake, 999 * US);
		ck_assert_uint_eq(fake.requests, 0);
		fake_write(dev, 0x00, 99999);
	}
	/* The counter is read-only, and a write to control does not leave the mode. */
	fake_write(dev, 0x04, 12345);
	ck_assert_uint_eq(fake_read(dev, 0x04), 99999);
	ck_assert(fake_logged(&fake, "Counter", "read-only in watchdog mode"));
	fake_write(dev, 0x08, 1);
	ck_assert_uint_eq(fake_read(dev, 0x08), 9);
	ck_assert(fake_logged(&fake, "Control", "0x12345678"));
	/* Half the key, or the halves with something between, does nothing. */
	fake_write(dev, 0x14, 0x87654321);
	fake_write(dev, 0x14, 0x12345678);
	fake_write(dev, 0x14, 0);
	fake_write(dev, 0x14, 0x87654321);
	ck_assert_uint_eq(fake_read(dev, 0x08), 9);
	fake_write(dev, 0x14, 0x12345678);
	fake_write(dev, 0x14, 0x87654321);
	ck_assert_uint_eq(fake_read(dev, 0x08), 1);
	fake_advance(&fake, SECOND);
	ck_assert_uint_eq(fake.requests, 0);
	/* It bites, and says so after the reset. */
	fake_write(dev, 0x08, 8);
	fake_write(dev, 0x00, 99999);
	fake_write(dev, 0x08, 9);
	fake_advance(&fake, 999990 - 1);
	ck_assert_uint_eq(fake.requests, 0);
	fake_advance(&fake, 1);
	ck_assert_uint_eq(fake.requests, 1);
	ck_assert_int_eq(fake.last_request, MACHINE_REBOOT);
	device_reset(dev);
	device_update(dev);
	ck_assert_uint_eq(fake_read(dev, 0x10), 1);
	ck_assert_uint_eq(fake_read(dev, 0x08), 0);
	fake_write(dev, 0x10, 1);
	ck_assert_uint_eq(fake_read(dev, 0x10), 0);
	fake_advance(&fake, SECOND);
	ck_assert_uint_eq(fake.requests, 1);
}
END_TEST

START_TEST(test_global_timer)
{
	make("arm,cortex-a9-global-timer");
	fake_write(dev, 0x00, 0xfffffff0);
	fake_write(dev, 0x04, 0x1);
	fake_write(dev, 0x08, 1);
	fake_advance(&fake, 320);
	ck_assert_uint_eq(fake_read(dev, 0x00), 0x10);
	ck_assert_uint_eq(fake_read(dev, 0x04), 0x2);
	/* Comparator with auto-increment on core 1. */
	fake.core = 1;
	fake_write(dev, 0x10, 0x110);
	fake_write(dev, 0x14, 0x2);
	fake_write(dev, 0x18, 0x100);
	fake_write(dev, 0x08, 0xf);
	fake_advance(&fake, 2559);
	ck_assert(!irq[FAKE_IRQS]);
	fake_advance(&fake, 1);
	ck_assert(irq[FAKE_IRQS] && !irq[0]);
	ck_assert_uint_eq(fake_read(dev, 0x0c), 1);
	fake_write(dev, 0x0c, 1);
	ck_assert(!irq[FAKE_IRQS]);
	ck_assert_uint_eq(fake_read(dev, 0x10), 0x210);
	fake_advance(&fake, 2560);
	ck_assert(irq[FAKE_IRQS]);
	/* Without auto-increment it fires at or above the value, so clearing alone does not help. */
	fake.core = 0;
	ck_assert_uint_eq(fake_read(dev, 0x08), 1);
	fake_write(dev, 0x08, 7);
	ck_assert(irq[0]);
	fake_write(dev, 0x0c, 1);
	ck_assert(irq[0]);
	fake_write(dev, 0x08, 1);
	fake_write(dev, 0x0c, 1);
	ck_assert(!irq[0]);
	/* Prescaler. */
	uint32_t at = fake_read(dev, 0x00);
	fake_write(dev, 0x08, 0x301);
	fake_advance(&fake, 4000);
	ck_assert_uint_eq(fake_read(dev, 0x00), at + 100);
	fake_log_on(&fake);
	fake_write(dev, 0x00, 0);
	ck_assert(fake_logged(&fake, "Counter[0]", "while the timer is disabled"));
	/* With 2^64 - 1 to go there is nothing to schedule wrongly. */
	fake_write(dev, 0x10, 0xffffffff);
	fake_write(dev, 0x14, 0xffffffff);
	fake_write(dev, 0x08, 7);
	fake_advance(&fake, SECOND);
	ck_assert(!irq[0]);
	device_reset(dev);
	device_update(dev);
}
END_TEST

START_TEST(test_rtc)
{
	make("arm,pl031");
	ck_assert_uint_eq(fake_read(dev, 0x00), 1700000000);
	fake_advance(&fake, 2 * SECOND + SECOND / 2);
	ck_assert_uint_eq(fake_read(dev, 0x00), 1700000002);
	ck_assert_uint_eq(fake_read(dev, 0x0c), 1);
	/* Alarm in three seconds: at the start of the second. */
	fake_write(dev, 0x04, 1700000005);
	fake_write(dev, 0x10, 1);
	fake_advance(&fake, 2 * SECOND + SECOND / 2 - 1);
	ck_assert(!irq[0]);
	fake_advance(&fake, 1);
	ck_assert(irq[0]);
	ck_assert_uint_eq(fake_read(dev, 0x14), 1);
	ck_assert_uint_eq(fake_read(dev, 0x18), 1);
	fake_write(dev, 0x1c, 1);
	ck_assert(!irq[0]);
	fake_advance(&fake, 10 * SECOND);
	ck_assert(!irq[0]);
	/* Set by software; the battery keeps it over a reset. */
	fake_write(dev, 0x08, 1000);
	fake_advance(&fake, 5 * SECOND);
	ck_assert_uint_eq(fake_read(dev, 0x00), 1005);
	device_reset(dev);
	device_update(dev);
	ck_assert_uint_eq(fake_read(dev, 0x00), 1005);
	/* The counter wraps; so does a match. */
	fake_write(dev, 0x08, 0xfffffffe);
	fake_write(dev, 0x04, 1);
	fake_write(dev, 0x10, 1);
	fake_advance(&fake, 2 * SECOND);
	ck_assert_uint_eq(fake_read(dev, 0x00), 0);
	ck_assert(!irq[0]);
	fake_advance(&fake, SECOND);
	ck_assert(irq[0]);
	device_reset(dev);
	device_update(dev);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timers");
	TCase *tcase = tcase_create("timers");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_countdown);
	tcase_add_test(tcase, test_sp804_periodic);
	tcase_add_test(tcase, test_sp804_modes);
	tcase_add_test(tcase, test_sp804_poll);
	tcase_add_test(tcase, test_private_timer);
	tcase_add_test(tcase, test_period_over_while_acknowledged);
	tcase_add_test(tcase, test_watchdog);
	tcase_add_test(tcase, test_global_timer);
	tcase_add_test(tcase, test_rtc);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
