#include "base/base.h"
#include "base/event.h"

#include "tests/base/check_run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench {
	struct event_clock clock;
	int64_t time;
	unsigned earlier;
	char order[64];
};

struct named {
	struct event event;
	struct bench *bench;
	char name;
	int64_t seen;
	int64_t again; /* period; 0: once */
};

static int64_t read_time(void *opaque)
{
	return ((struct bench *)opaque)->time;
}

static void on_earlier(void *opaque)
{
	((struct bench *)opaque)->earlier++;
}

static void on_event(void *opaque, int64_t now)
{
	struct named *named = opaque;
	size_t len = strlen(named->bench->order);

	ck_assert(!event_is_set(&named->event));
	named->seen = now;
	if (len < sizeof(named->bench->order) - 1)
		named->bench->order[len] = named->name;
	if (named->again)
		event_set(&named->bench->clock, &named->event, now + named->again);
}

static void start(struct bench *bench, struct named *named, unsigned count, const int *priorities)
{
	memset(bench, 0, sizeof(*bench));
	event_clock_init(&bench->clock, read_time, bench);
	bench->clock.earlier = on_earlier;
	bench->clock.earlier_opaque = bench;
	for (unsigned i = 0; i < count; i++) {
		named[i] = (struct named){ .bench = bench, .name = (char)('a' + i) };
		event_init(&named[i].event, "test", priorities ? priorities[i] : 0, on_event, &named[i]);
	}
}

START_TEST(time_then_priority_then_age)
{
	static const int priorities[] = { 0, 5, -1, 0, 0 };
	struct bench bench;
	struct named n[5];

	start(&bench, n, 5, priorities);
	event_set(&bench.clock, &n[0].event, 20);
	event_set(&bench.clock, &n[1].event, 10);
	event_set(&bench.clock, &n[3].event, 10);
	event_set(&bench.clock, &n[4].event, 10);
	event_set(&bench.clock, &n[2].event, 10);
	ck_assert_int_eq(event_clock_deadline(&bench.clock), 10);
	ck_assert_uint_eq(event_clock_run(&bench.clock), 0);
	bench.time = 10;
	ck_assert_uint_eq(event_clock_run(&bench.clock), 4);
	ck_assert_str_eq(bench.order, "cdeb");
	ck_assert_int_eq(event_clock_deadline(&bench.clock), 20);
	bench.time = 25;
	ck_assert_uint_eq(event_clock_run(&bench.clock), 1);
	ck_assert_int_eq(n[0].seen, 25);
	ck_assert_int_eq(event_clock_deadline(&bench.clock), EVENT_NEVER);
}
END_TEST

START_TEST(setting_again_moves_and_makes_younger)
{
	struct bench bench;
	struct named n[3];

	start(&bench, n, 3, NULL);
	for (unsigned i = 0; i < 3; i++)
		event_set(&bench.clock, &n[i].event, 5);
	event_set(&bench.clock, &n[0].event, 5);
	event_set(&bench.clock, &n[1].event, 3);
	bench.time = 5;
	event_clock_run(&bench.clock);
	ck_assert_str_eq(bench.order, "bca");
}
END_TEST

START_TEST(cancelling)
{
	struct bench bench;
	struct named n[3];

	start(&bench, n, 3, NULL);
	event_cancel(&bench.clock, &n[0].event);
	for (unsigned i = 0; i < 3; i++)
		event_set(&bench.clock, &n[i].event, (int64_t)i);
	event_cancel(&bench.clock, &n[1].event);
	ck_assert(!event_is_set(&n[1].event));
	event_set(&bench.clock, &n[0].event, EVENT_NEVER);
	ck_assert(!event_is_set(&n[0].event));
	bench.time = 9;
	event_clock_run(&bench.clock);
	ck_assert_str_eq(bench.order, "c");
}
END_TEST

START_TEST(only_an_earlier_first_one_wakes)
{
	struct bench bench;
	struct named n[3];

	start(&bench, n, 3, NULL);
	event_set(&bench.clock, &n[0].event, 100);
	ck_assert_uint_eq(bench.earlier, 1);
	event_set(&bench.clock, &n[1].event, 200);
	event_set(&bench.clock, &n[1].event, 100);
	ck_assert_uint_eq(bench.earlier, 1);
	event_set(&bench.clock, &n[2].event, 50);
	ck_assert_uint_eq(bench.earlier, 2);
	event_set(&bench.clock, &n[2].event, 60);
	ck_assert_uint_eq(bench.earlier, 2);
}
END_TEST

START_TEST(periodic_events_keep_order_and_a_run_ends)
{
	struct bench bench;
	struct named n[2];

	start(&bench, n, 2, NULL);
	n[0].again = 10;
	event_set(&bench.clock, &n[0].event, 10);
	event_set(&bench.clock, &n[1].event, 15);
	for (bench.time = 0; bench.time <= 30; bench.time += 5)
		event_clock_run(&bench.clock);
	ck_assert_str_eq(bench.order, "abaa");
	/* An event that is always due must not hold the caller for ever. */
	n[0].again = -1;
	event_set(&bench.clock, &n[0].event, 0);
	ck_assert_uint_gt(event_clock_run(&bench.clock), 1);
	ck_assert(event_is_set(&n[0].event));
}
END_TEST

START_TEST(host_time_starts_at_zero_and_goes_on)
{
	struct event_clock clock;

	event_clock_init(&clock, NULL, NULL);
	int64_t a = event_clock_now(&clock), b;

	ck_assert_int_ge(a, 0);
	ck_assert_int_lt(a, 1000000000);
	do
		b = event_clock_now(&clock);
	while (b == a);
	ck_assert_int_gt(b, a);
}
END_TEST

static int64_t monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* 100 ms of readings: never back, and between two of the real clock but for the error of the rate. */
START_TEST(host_clock)
{
	struct host_clock clock;
	int64_t start = monotonic(), last = 0;
	unsigned counted = 0;

	host_clock_init(&clock);
	for (;;) {
		int64_t before = monotonic(), ns = host_clock_ns(&clock), after = monotonic();

		counted += clock.span != 0;
		ck_assert_int_ge(ns, last);
		ck_assert_int_ge(ns, before - 1000);
		ck_assert_int_le(ns, after + 1000);
		last = ns;
		if (after - start > 100000000)
			break;
	}
	/* Where the counter is used at all, it is used most of the time. */
	ck_assert(!clock.counter || counted > 1000);
	/* A counter that stood still or went back (a migrated host) is noticed. */
	clock.ticks += 1ull << 40;
	ck_assert_int_ge(host_clock_ns(&clock), last);
	ck_assert_int_le(llabs(host_clock_ns(&clock) - monotonic()), 1000000);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { time_then_priority_then_age, setting_again_moves_and_makes_younger, cancelling,
		                       only_an_earlier_first_one_wakes, periodic_events_keep_order_and_a_run_ends,
		                       host_time_starts_at_zero_and_goes_on, host_clock };

	return check_run("event", tests, ARRAY_SIZE(tests));
}
