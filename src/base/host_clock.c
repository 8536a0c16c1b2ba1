#include "base/base.h"
#include "base/host_clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

/* The rate is known to 1e-5 or better after this time: the span's error is below 10 ns. It is measured again as often. */
#define MEASURE_NS 5000000
/* Two readings of the counter around a look at the clock: when more went by, the thread was interrupted in between. */
#define LOOK_TICKS 4000

/* The kernel has judged the counter: constant rate, the same on all processors. */
static bool kernel_uses_counter(void)
{
	FILE *file = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
	char name[16] = "";

	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = 0;
	fclose(file);
	return !strcmp(name, "tsc\n");
}

void host_clock_init(struct host_clock *clock)
{
	*clock = (struct host_clock){ .counter = kernel_uses_counter() };
}

int64_t host_clock_real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* A look at the real clock at counter value @ticks. */
static void looked(struct host_clock *clock, uint64_t ticks, int64_t ns)
{
	clock->ticks = ticks;
	clock->ns = ns;
	if (!clock->first_ticks || ticks <= clock->first_ticks) {
		clock->first_ticks = ticks;
		clock->first_ns = ns;
		clock->rate = 0;
	} else if (ns - clock->first_ns >= MEASURE_NS) {
		clock->rate = (uint64_t)(((unsigned __int128)(uint64_t)(ns - clock->first_ns) << 32) / (ticks - clock->first_ticks));
		clock->first_ticks = ticks;
		clock->first_ns = ns;
	}
	clock->span = clock->rate ? ((uint64_t)HOST_CLOCK_SPAN_NS << 32) / clock->rate : 0;
}

static int64_t look(struct host_clock *clock)
{
	uint64_t before = __rdtsc();
	int64_t ns = host_clock_real_ns();
	uint64_t after = __rdtsc();

	clock->span = 0;
	if (clock->counter && after > before && after - before < LOOK_TICKS)
		looked(clock, before, ns);
	return ns;
}

int64_t host_clock_ns(struct host_clock *clock)
{
	uint64_t passed = __rdtsc() - clock->ticks;
	int64_t ns;

	/* Unsigned: a counter that went back has "passed" a long time. */
	if (likely(passed < clock->span))
		ns = clock->ns + (int64_t)(passed * clock->rate >> 32);
	else
		ns = look(clock);
	clock->latest = MAX(ns, clock->latest);
	return clock->latest;
}
