/* event.c - a sorted list: a VM has a dozen events, and the first one is what everybody asks for. */
#include "base/base.h"
#include "base/event.h"

/*
 * One run ends after so many events even if more are due, so that a guest that programs timers faster
 * than the host can serve them does not keep the caller from seeing a request to quit.
 */
#define RUN_LIMIT 10000u

static int64_t host_ns(void *opaque)
{
	return host_clock_ns(opaque);
}

void event_clock_init(struct event_clock *clock, int64_t (*read)(void *opaque), void *opaque)
{
	*clock = (struct event_clock){ .read = read, .opaque = opaque };
	if (!read) {
		host_clock_init(&clock->host);
		clock->read = host_ns;
		clock->opaque = &clock->host;
		clock->offset = -host_ns(clock->opaque);
	}
}

int64_t event_clock_now(const struct event_clock *clock)
{
	return clock->read(clock->opaque) + clock->offset;
}

int64_t event_clock_deadline(const struct event_clock *clock)
{
	return clock->first ? clock->first->when : EVENT_NEVER;
}

unsigned event_clock_run(struct event_clock *clock)
{
	int64_t now = event_clock_now(clock);
	unsigned count = 0;

	while (clock->first && clock->first->when <= now && count < RUN_LIMIT) {
		struct event *event = clock->first;

		/* Taken off before the call, so that the callback can set it again. */
		clock->first = event->next;
		event->next = NULL;
		event->when = EVENT_NEVER;
		event->fn(event->opaque, now);
		count++;
	}
	return count;
}

void event_init(struct event *event, const char *name, int priority, event_fn *fn, void *opaque)
{
	*event = (struct event){ .name = name, .fn = fn, .opaque = opaque, .when = EVENT_NEVER, .priority = priority };
}

static bool comes_before(const struct event *a, const struct event *b)
{
	if (a->when != b->when)
		return a->when < b->when;
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return a->age < b->age;
}

void event_set(struct event_clock *clock, struct event *event, int64_t when)
{
	int64_t old_deadline = event_clock_deadline(clock);

	event_cancel(clock, event);
	if (when == EVENT_NEVER)
		return;
	event->when = when;
	event->age = clock->age++;
	struct event **link = &clock->first;

	while (*link && comes_before(*link, event))
		link = &(*link)->next;
	event->next = *link;
	*link = event;
	if (when < old_deadline && clock->earlier)
		clock->earlier(clock->earlier_opaque);
}

void event_cancel(struct event_clock *clock, struct event *event)
{
	if (!event_is_set(event))
		return;
	for (struct event **link = &clock->first; *link; link = &(*link)->next) {
		if (*link == event) {
			*link = event->next;
			break;
		}
	}
	event->next = NULL;
	event->when = EVENT_NEVER;
}
