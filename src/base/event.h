/*
 * event.h - the event clock: what happens at which time of one VM.
 *
 * Time is a count of nanoseconds since the VM started.  The source is the host's
 * monotonic clock, or the number of guest instructions (-icount).  Events
 * are intrusive, named, ordered by time, then by priority, then by age.
 * All calls are made with the VM lock held; callbacks run with it held, on the thread that called event_clock_run().
 */
#ifndef DBTVM_BASE_EVENT_H
#define DBTVM_BASE_EVENT_H

#include "base/base.h"
#include "base/host_clock.h"

#define EVENT_NEVER INT64_MAX

struct event;
typedef void event_fn(void *opaque, int64_t now);

struct event {
	const char *name;
	event_fn *fn;
	void *opaque;
	int64_t when; /* ns; EVENT_NEVER: not set */
	int priority; /* smaller first */
	uint64_t age; /* order of event_set() calls */
	struct event *next;
};

struct event_clock {
	int64_t (*read)(void *opaque); /* the source, ns */
	void *opaque;
	int64_t offset; /* added to the source */
	struct event *first;
	uint64_t age;
	void (*earlier)(void *opaque); /* called when a new first event is due before the old one; may be NULL */
	void *earlier_opaque;
	struct host_clock host; /* the source, when none was given */
};

/* @read NULL: the host's monotonic clock, starting at 0 now; @clock must stay where it is. */
void event_clock_init(struct event_clock *clock, int64_t (*read)(void *opaque), void *opaque);
/* The VM's time in ns. */
int64_t event_clock_now(const struct event_clock *clock);
/* When the next event is due, or EVENT_NEVER. */
int64_t event_clock_deadline(const struct event_clock *clock);
/* Runs all events that are due. Returns how many. */
unsigned event_clock_run(struct event_clock *clock);

void event_init(struct event *event, const char *name, int priority, event_fn *fn, void *opaque);
/* (Re)schedules @event at @when ns. A time in the past is due at the next run. */
void event_set(struct event_clock *clock, struct event *event, int64_t when);
/* Takes @event off; nothing happens when it is not set. */
void event_cancel(struct event_clock *clock, struct event *event);
static inline bool event_is_set(const struct event *event)
{
	return event->when != EVENT_NEVER;
}

#endif
