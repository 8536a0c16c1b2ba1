/*
 * sp804.c - ARM Dual-Timer Module (ARM DDI 0271): two 32-bit or 16-bit down counters.
 *
 * A counter is a countdown; only an expiry that can raise the interrupt is an event. An interval is LOAD ticks, as the manual's
 * formula says. With two interrupts in the tree each timer drives its own line, with one they are combined.
 */
#include "base/base.h"
#include "devices/models.h"

#include <errno.h>

#include "devices/countdown.h"
#include "fdt/tree.h"

#define ONESHOT (1u << 0)
#define SIZE_32 (1u << 1)
#define PRESCALE(ctrl) ((ctrl) >> 2 & 3)
#define INT_ENABLE (1u << 5)
#define PERIODIC (1u << 6)
#define ENABLE (1u << 7)
#define CTRL_MASK 0xefu
#define CTRL_RESET INT_ENABLE
#define DEFAULT_HZ 1000000u
#define EXPIRY_PRIORITY 10

struct sp804_timer_state {
	struct countdown count;
	uint32_t load, ctrl, raw, unused;
};

struct sp804 {
	struct device dev;
	uint64_t hz[2];
	struct event expiry[2];
	struct sp804_timer_state t[2];
};

static struct sp804 *sp804_of(struct device *dev)
{
	return container_of(dev, struct sp804, dev);
}

static struct countdown_rate rate_of(const struct sp804 *s, unsigned i)
{
	const struct sp804_timer_state *t = &s->t[i];
	static const uint32_t dividers[4] = { 1, 16, 256, 256 };
	struct countdown_rate rate = { .hz = s->hz[i], .divider = dividers[PRESCALE(t->ctrl)] };

	if (t->ctrl & ONESHOT)
		return rate;
	if (t->ctrl & PERIODIC) {
		uint32_t load = t->ctrl & SIZE_32 ? t->load : t->load & 0xffff;
		rate.period = load ? load : 1;
	} else {
		rate.period = t->ctrl & SIZE_32 ? 1ull << 32 : 1u << 16;
		rate.shows_zero = true;
	}
	return rate;
}

/* Brings the raw interrupt up to date and schedules the next expiry that matters. */
static void sync_timer(struct sp804 *s, unsigned i)
{
	struct sp804_timer_state *t = &s->t[i];
	struct countdown_rate rate = rate_of(s, i);

	if (countdown_expired(&t->count, &rate, event_clock_now(s->dev.env->clock)))
		t->raw = 1;
	int64_t next = t->ctrl & INT_ENABLE && !t->raw ? countdown_next(&t->count, &rate) : EVENT_NEVER;
	if (next == EVENT_NEVER)
		event_cancel(s->dev.env->clock, &s->expiry[i]);
	else if (next != s->expiry[i].when)
		event_set(s->dev.env->clock, &s->expiry[i], next);
}

static bool asserted(const struct sp804 *s, unsigned i)
{
	return s->t[i].raw && s->t[i].ctrl & INT_ENABLE;
}

static void sp804_update(struct device *dev)
{
	struct sp804 *s = sp804_of(dev);

	sync_timer(s, 0);
	sync_timer(s, 1);
	if (dev->irq_count >= 2) {
		line_set(&dev->irq[0], asserted(s, 0));
		line_set(&dev->irq[1], asserted(s, 1));
	} else if (dev->irq_count == 1) {
		line_set(&dev->irq[0], asserted(s, 0) || asserted(s, 1));
	}
}

static void expired(void *opaque, int64_t now)
{
	sp804_update(opaque);
}

static void restart(struct sp804 *s, unsigned i, uint32_t value)
{
	struct sp804_timer_state *t = &s->t[i];
	int64_t now = event_clock_now(s->dev.env->clock);

	/* The register has 32 bits in either size (Linux loads it before it selects 32 bits); counting uses what the size says. */
	if (t->ctrl & ENABLE)
		countdown_start(&t->count, now, t->ctrl & SIZE_32 ? value : value & 0xffff, true);
	else
		t->count = (struct countdown){ .start = now, .value = value };
}

/* Register hooks. The two timers are rows of their own; element i is always 0, so each has its pair of thin functions. */

static uint32_t value_read(struct sp804 *s, unsigned i)
{
	struct countdown_rate rate = rate_of(s, i);

	return countdown_value(&s->t[i].count, &rate, event_clock_now(s->dev.env->clock));
}

static uint32_t raw_read(struct sp804 *s, unsigned i)
{
	sp804_update(&s->dev);
	return s->t[i].raw;
}

static void load_write(struct sp804 *s, unsigned i, uint32_t value)
{
	if (!value && s->t[i].ctrl & PERIODIC)
		device_guest_error(&s->dev, i * 0x20, "a periodic timer with load 0 interrupts all the time");
	s->t[i].load = value;
	restart(s, i, value);
	sp804_update(&s->dev);
}

static void background_write(struct sp804 *s, unsigned i, uint32_t value)
{
	struct countdown_rate rate = rate_of(s, i);
	int64_t now = event_clock_now(s->dev.env->clock);

	/* The present count goes on; only what follows its end is new. */
	sync_timer(s, i);
	uint32_t present = countdown_value(&s->t[i].count, &rate, now);
	s->t[i].load = value;
	if (s->t[i].ctrl & ENABLE && s->t[i].ctrl & PERIODIC && !(s->t[i].ctrl & ONESHOT))
		countdown_start(&s->t[i].count, now, present, false);
	sp804_update(&s->dev);
}

static void control_write(struct sp804 *s, unsigned i, uint32_t value)
{
	struct countdown_rate rate = rate_of(s, i);
	uint32_t old = s->t[i].ctrl;

	if (PRESCALE(value) == 3)
		device_guest_error(&s->dev, i * 0x20 + 8, "prescale 3 is undefined; taken as 256");
	sync_timer(s, i);
	uint32_t present = countdown_value(&s->t[i].count, &rate, event_clock_now(s->dev.env->clock));
	s->t[i].ctrl = value & CTRL_MASK;
	/* Changes that do not concern the counting leave its phase alone. */
	if ((old ^ value) & (CTRL_MASK & ~INT_ENABLE)) {
		restart(s, i, present);
		/* A stopped one-shot does not expire again because of a write to its control register. */
		if (!present && old & ENABLE)
			s->t[i].count.seen = s->t[i].count.running;
	}
	sp804_update(&s->dev);
}

static void clear_write(struct sp804 *s, unsigned i)
{
	sync_timer(s, i);
	s->t[i].raw = 0;
	sp804_update(&s->dev);
}

#define TIMER_HOOKS(n)                                                                                                      \
	static uint32_t load##n##_read(struct device *dev, unsigned i) { return sp804_of(dev)->t[n - 1].load; }             \
	static void load##n##_write(struct device *dev, unsigned i, uint32_t v) { load_write(sp804_of(dev), n - 1, v); }    \
	static uint32_t value##n##_read(struct device *dev, unsigned i) { return value_read(sp804_of(dev), n - 1); }        \
	static uint32_t control##n##_read(struct device *dev, unsigned i) { return sp804_of(dev)->t[n - 1].ctrl; }          \
	static void control##n##_write(struct device *dev, unsigned i, uint32_t v) { control_write(sp804_of(dev), n - 1, v); } \
	static void clear##n##_write(struct device *dev, unsigned i, uint32_t v) { clear_write(sp804_of(dev), n - 1); }     \
	static uint32_t raw##n##_read(struct device *dev, unsigned i) { return raw_read(sp804_of(dev), n - 1); }            \
	static uint32_t masked##n##_read(struct device *dev, unsigned i)                                                    \
	{                                                                                                                   \
		return raw_read(sp804_of(dev), n - 1) && sp804_of(dev)->t[n - 1].ctrl & INT_ENABLE;                          \
	}                                                                                                                   \
	static void background##n##_write(struct device *dev, unsigned i, uint32_t v) { background_write(sp804_of(dev), n - 1, v); }
TIMER_HOOKS(1)
TIMER_HOOKS(2)

#define TIMER_ROWS(n, base)                                                                                              \
	{ .offset = base + 0x00, .name = "Timer" #n "Load", .access = REG_RW, .read = load##n##_read, .write = load##n##_write }, \
	{ .offset = base + 0x04, .name = "Timer" #n "Value", .access = REG_RO, .read = value##n##_read },                \
	{ .offset = base + 0x08, .name = "Timer" #n "Control", .access = REG_RW, .read = control##n##_read,              \
	  .write = control##n##_write },                                                                                 \
	{ .offset = base + 0x0c, .name = "Timer" #n "IntClr", .access = REG_WO, .write = clear##n##_write },             \
	{ .offset = base + 0x10, .name = "Timer" #n "RIS", .access = REG_RO, .read = raw##n##_read },                    \
	{ .offset = base + 0x14, .name = "Timer" #n "MIS", .access = REG_RO, .read = masked##n##_read },                 \
	{ .offset = base + 0x18, .name = "Timer" #n "BGLoad", .access = REG_RW, .read = load##n##_read,                  \
	  .write = background##n##_write }

static const struct device_reg sp804_regs[] = {
	TIMER_ROWS(1, 0x00),
	TIMER_ROWS(2, 0x20),
	{ .offset = 0xf00, .name = "TimerITCR", .access = REG_RW, .wmask = 1 },
	{ .offset = 0xf04, .name = "TimerITOP", .access = REG_WO, .wmask = 3 },
	PRIMECELL_ID_ROWS(0x04, 0x18, 0x14, 0x00),
};

static int sp804_realize(struct device *dev, const struct device_binding *binding, struct error *err)
{
	struct sp804 *s = sp804_of(dev);

	for (unsigned i = 0; i < 2; i++) {
		s->hz[i] = binding->tree ? tree_clock_hz(binding->tree, binding->node, NULL, i) : 0;
		if (!s->hz[i])
			s->hz[i] = DEFAULT_HZ;
		event_init(&s->expiry[i], i ? "sp804 timer 2" : "sp804 timer 1", EXPIRY_PRIORITY, expired, dev);
	}
	return 0;
}

static void sp804_unrealize(struct device *dev)
{
	event_cancel(dev->env->clock, &sp804_of(dev)->expiry[0]);
	event_cancel(dev->env->clock, &sp804_of(dev)->expiry[1]);
}

static void sp804_reset(struct device *dev)
{
	for (unsigned i = 0; i < 2; i++)
		sp804_of(dev)->t[i] = (struct sp804_timer_state){ .ctrl = CTRL_RESET, .count.value = ~0u };
}

static int sp804_post_load(struct device *dev)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct sp804_timer_state *t = &sp804_of(dev)->t[i];
		if (t->ctrl & ~CTRL_MASK || t->raw > 1 || t->unused || t->count.running != (t->ctrl & ENABLE ? 1 : 0) ||
		    !countdown_possible(&t->count, event_clock_now(dev->env->clock)))
			return -EINVAL;
	}
	return 0;
}

static const struct device_match sp804_match[] = {
	{ "arm,sp804", NULL }, { NULL, NULL }
};

const struct device_class sp804_class = {
	.name = "sp804",
	.title = "ARM dual timer (SP804)",
	.match = sp804_match,
	.instance_size = sizeof(struct sp804),
	.regs = sp804_regs,
	.reg_rows = ARRAY_SIZE(sp804_regs),
	.window_min = 0x1000,
	.access_sizes = SIZES_1_2_4,
	.realize = sp804_realize,
	.unrealize = sp804_unrealize,
	.reset = sp804_reset,
	.update = sp804_update,
	.post_load = sp804_post_load,
	.extra_offset = offsetof(struct sp804, t),
	.extra_size = sizeof(((struct sp804 *)0)->t),
};
