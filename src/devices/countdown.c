/* countdown.c - down counters by arithmetic on the event clock. 128-bit products, because ns x Hz overflows 64 bits in minutes. */
#include "base/base.h"
#include "devices/countdown.h"

#include "base/event.h"

#define NS_PER_S 1000000000u

typedef unsigned __int128 wide;

static uint64_t ticks_at(const struct countdown *c, const struct countdown_rate *rate, int64_t now)
{
	uint64_t ns, divisor, product;

	if (now <= c->start)
		return 0;
	ns = (uint64_t)(now - c->start);
	divisor = (uint64_t)NS_PER_S * rate->divider;
	/* Clock sources are read all the time: without 128-bit division for the first hours. */
	if (!__builtin_mul_overflow(ns, rate->hz, &product))
		return product / divisor;
	return (uint64_t)((wide)ns * rate->hz / divisor);
}

void countdown_start(struct countdown *c, int64_t now, uint32_t value, bool zero_expires)
{
	*c = (struct countdown){ .start = now, .value = value, .running = 1, .seen = !value && !zero_expires };
}

uint32_t countdown_value(const struct countdown *c, const struct countdown_rate *rate, int64_t now)
{
	if (!c->running)
		return c->value;
	uint64_t ticks = ticks_at(c, rate, now);
	if (ticks < c->value)
		return c->value - (uint32_t)ticks;
	if (!rate->period)
		return 0;
	uint64_t phase = (ticks - c->value) % rate->period;
	return phase || !rate->shows_zero ? (uint32_t)(rate->period - phase) : 0;
}

void countdown_stop(struct countdown *c, const struct countdown_rate *rate, int64_t now)
{
	*c = (struct countdown){ .start = now, .value = countdown_value(c, rate, now) };
}

bool countdown_expired(struct countdown *c, const struct countdown_rate *rate, int64_t now)
{
	if (!c->running)
		return false;
	uint64_t ticks = ticks_at(c, rate, now);
	if (ticks < c->value)
		return false;
	uint64_t count = 1 + (rate->period ? (ticks - c->value) / rate->period : 0);
	if (count <= c->seen)
		return false;
	c->seen = count;
	return true;
}

int64_t countdown_next(const struct countdown *c, const struct countdown_rate *rate)
{
	if (!c->running || (c->seen && !rate->period))
		return EVENT_NEVER;
	wide tick = c->value + (wide)c->seen * rate->period;
	if (tick >> 64)
		return EVENT_NEVER;
	wide ns = (tick * rate->divider * NS_PER_S + rate->hz - 1) / rate->hz;
	if (ns >= (wide)(EVENT_NEVER - c->start))
		return EVENT_NEVER;
	return c->start + (int64_t)ns;
}

bool countdown_possible(const struct countdown *c, int64_t now)
{
	return c->start >= 0 && c->start <= now && c->running <= 1 && (c->running || !c->seen);
}
