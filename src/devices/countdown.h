/*
 * countdown.h - a hardware down counter that costs nothing while it counts: its value is a function of the event clock.
 *
 * The counter goes from value to 0 in value ticks; that is an expiry. Then it either stops or expires again every @period ticks.
 */
#ifndef DBTVM_DEVICES_COUNTDOWN_H
#define DBTVM_DEVICES_COUNTDOWN_H

#include "base/base.h"

/* How it counts now; derived from the device's registers. */
struct countdown_rate {
	uint64_t hz;
	uint32_t divider;  /* >= 1: a tick is divider / hz seconds */
	uint64_t period;   /* ticks from expiry to expiry; 0: stops at 0 */
	bool shows_zero;   /* 0 is visible for a tick before the reload (period includes it); otherwise the reload is immediate */
};

/* State, for snapshots. While !running, value is the value; while running it is that at time start. */
struct countdown {
	int64_t start;  /* ns */
	uint64_t seen;  /* expiries since start that were reported */
	uint32_t value;
	uint32_t running; /* 0 or 1 */
};

/* (Re)starts from @value at time @now. A start from 0 counts as an expiry of its own when @zero_expires. */
void countdown_start(struct countdown *c, int64_t now, uint32_t value, bool zero_expires);
/* Stops and keeps the present value. */
void countdown_stop(struct countdown *c, const struct countdown_rate *rate, int64_t now);
uint32_t countdown_value(const struct countdown *c, const struct countdown_rate *rate, int64_t now);
/* True when it expired since the last call. */
bool countdown_expired(struct countdown *c, const struct countdown_rate *rate, int64_t now);
/* When it expires next, or EVENT_NEVER. */
int64_t countdown_next(const struct countdown *c, const struct countdown_rate *rate);
/* False for a state from a snapshot that no run could produce. */
bool countdown_possible(const struct countdown *c, int64_t now);

#endif
