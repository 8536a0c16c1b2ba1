/*
 * host_clock.h - the host's CLOCK_MONOTONIC at half the price: the time stamp counter between two looks at the real clock.
 *
 * Guests read timers all the time, and clock_gettime() is most of what that costs. Where the host's kernel itself takes the time from the
 * counter, a reading less than HOST_CLOCK_SPAN_NS after the last look is that look's time plus counter ticks, at a rate measured
 * against the real clock. It never goes back, and is as far off the real clock as that drifts in so short a time: nanoseconds.
 */
#ifndef DBTVM_BASE_HOST_CLOCK_H
#define DBTVM_BASE_HOST_CLOCK_H

#include "base/base.h"

#define HOST_CLOCK_SPAN_NS 1000000

struct host_clock {
	bool counter;         /* the time stamp counter can be used */
	uint64_t ticks;       /* at the last look */
	uint64_t span;        /* so many ticks after it the real clock is read again; 0: now */
	int64_t ns;
	uint64_t rate;        /* ns a tick, in 1/2^32 */
	uint64_t first_ticks; /* from where the rate is measured */
	int64_t first_ns;
	int64_t latest;       /* returned last */
};

/* Nanoseconds of CLOCK_MONOTONIC by the kernel. Any thread, also in a signal handler. */
int64_t host_clock_real_ns(void);
void host_clock_init(struct host_clock *clock);
/* Nanoseconds of CLOCK_MONOTONIC. One thread at a time. */
int64_t host_clock_ns(struct host_clock *clock);

#endif
