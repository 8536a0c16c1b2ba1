/*
 * a9_gtimer.c - the Cortex-A9's global timer (ARM DDI 0407, section 4.4): one 64-bit up counter, a comparator a core.
 *
 * The comparator fires once the counter is at or above its value (r2p0 and later; earlier ones only when equal, which software
 * cannot use without luck).
 */
#include "base/base.h"
#include "devices/models.h"

#include <errno.h>

#include "base/bits.h"
#include "fdt/tree.h"

#define PERIPHCLK_HZ 100000000u
#define NS_PER_S 1000000000u
#define CTRL_ENABLE (1u << 0)
#define CTRL_COMPARE (1u << 1)
#define CTRL_IRQ (1u << 2)
#define CTRL_AUTO (1u << 3)
#define CTRL_SHARED 0xff01u
#define CTRL_BANKED 0x000eu
#define EXPIRY_PRIORITY 10

typedef unsigned __int128 wide;

struct gtimer_state {
	uint64_t count;  /* at time start */
	int64_t start;   /* ns */
	uint32_t ctrl;   /* CTRL_SHARED */
	uint32_t unused;
	struct {
		uint64_t compare;
		uint32_t ctrl; /* CTRL_BANKED */
		uint32_t increment, flag, unused;
	} bank[DEVICE_CORES];
};

struct gtimer {
	struct device dev;
	uint64_t hz;
	unsigned cores;
	struct event expiry;
	struct line irq[DEVICE_CORES];
	struct gtimer_state s;
};

static struct gtimer *gtimer_of(struct device *dev)
{
	return container_of(dev, struct gtimer, dev);
}

static unsigned bank_index(struct device *dev)
{
	return device_core(dev) % gtimer_of(dev)->cores;
}

static int64_t now_of(const struct gtimer *g)
{
	return event_clock_now(g->dev.env->clock);
}

static wide ns_per_tick_scaled(const struct gtimer *g)
{
	return (wide)NS_PER_S * (extract32(g->s.ctrl, 8, 8) + 1);
}

static uint64_t count_of(const struct gtimer *g)
{
	int64_t now = now_of(g);

	if (!(g->s.ctrl & CTRL_ENABLE) || now <= g->s.start)
		return g->s.count;
	return g->s.count + (uint64_t)((wide)(uint64_t)(now - g->s.start) * g->hz / ns_per_tick_scaled(g));
}

/* Restarts the arithmetic from the present count, before what it depends on changes. */
static void rebase(struct gtimer *g)
{
	g->s.count = count_of(g);
	g->s.start = now_of(g);
}

static int64_t time_of(const struct gtimer *g, uint64_t count)
{
	wide ns = ((wide)(count - g->s.count) * ns_per_tick_scaled(g) + g->hz - 1) / g->hz;

	return ns < (wide)(EVENT_NEVER - g->s.start) ? g->s.start + (int64_t)ns : EVENT_NEVER;
}

static int64_t sync_bank(struct gtimer *g, unsigned core)
{
	uint64_t count = count_of(g), *compare = &g->s.bank[core].compare;
	uint32_t ctrl = g->s.bank[core].ctrl, increment = g->s.bank[core].increment;

	if (!(g->s.ctrl & CTRL_ENABLE) || !(ctrl & CTRL_COMPARE))
		return EVENT_NEVER;
	if (count >= *compare) {
		g->s.bank[core].flag = 1;
		/* Catches up over expiries that nobody saw, in one step. */
		if (ctrl & CTRL_AUTO && increment)
			*compare += ((count - *compare) / increment + 1) * increment;
	}
	return count < *compare && ctrl & CTRL_IRQ && !g->s.bank[core].flag ? time_of(g, *compare) : EVENT_NEVER;
}

static void gtimer_update(struct device *dev)
{
	struct gtimer *g = gtimer_of(dev);
	int64_t next = EVENT_NEVER;

	for (unsigned core = 0; core < g->cores; core++) {
		int64_t when = sync_bank(g, core);
		next = MIN(next, when);
		if (dev->irq_count)
			device_core_line(&dev->irq[0], &g->irq[core], core, g->s.bank[core].flag && g->s.bank[core].ctrl & CTRL_IRQ);
	}
	if (next == EVENT_NEVER)
		event_cancel(dev->env->clock, &g->expiry);
	else if (next != g->expiry.when)
		event_set(dev->env->clock, &g->expiry, next);
}

static void expired(void *opaque, int64_t now)
{
	gtimer_update(opaque);
}

static uint32_t counter_read(struct device *dev, unsigned i)
{
	return (uint32_t)(count_of(gtimer_of(dev)) >> i * 32);
}

static void counter_write(struct device *dev, unsigned i, uint32_t value)
{
	struct gtimer *g = gtimer_of(dev);

	if (g->s.ctrl & CTRL_ENABLE)
		device_guest_error(dev, i * 4, "the counter is to be written while the timer is disabled");
	rebase(g);
	g->s.count = i ? (uint32_t)g->s.count | (uint64_t)value << 32 : (g->s.count & ~0xffffffffull) | value;
	gtimer_update(dev);
}

static uint32_t control_read(struct device *dev, unsigned i)
{
	struct gtimer *g = gtimer_of(dev);

	return g->s.ctrl | g->s.bank[bank_index(dev)].ctrl;
}

static void control_write(struct device *dev, unsigned i, uint32_t value)
{
	struct gtimer *g = gtimer_of(dev);

	if (value & ~(CTRL_SHARED | CTRL_BANKED))
		device_guest_error(dev, 8, "reserved bits in 0x%08x ignored", value);
	gtimer_update(dev);
	if ((g->s.ctrl ^ value) & CTRL_SHARED) {
		rebase(g);
		g->s.ctrl = value & CTRL_SHARED;
	}
	g->s.bank[bank_index(dev)].ctrl = value & CTRL_BANKED;
	gtimer_update(dev);
}

static uint32_t status_read(struct device *dev, unsigned i)
{
	gtimer_update(dev);
	return gtimer_of(dev)->s.bank[bank_index(dev)].flag;
}

static void status_write(struct device *dev, unsigned i, uint32_t value)
{
	struct gtimer *g = gtimer_of(dev);
	unsigned core = bank_index(dev);

	gtimer_update(dev);
	if (value & 1) {
		g->s.bank[core].flag = 0;
		/* The interrupt is edge-triggered: its line falls even when the comparator is reached again already. */
		if (dev->irq_count)
			device_core_line(&dev->irq[0], &g->irq[core], core, false);
	}
	gtimer_update(dev);
}

static uint32_t compare_read(struct device *dev, unsigned i)
{
	gtimer_update(dev);
	return (uint32_t)(gtimer_of(dev)->s.bank[bank_index(dev)].compare >> i * 32);
}

static void compare_write(struct device *dev, unsigned i, uint32_t value)
{
	struct gtimer *g = gtimer_of(dev);
	uint64_t *compare = &g->s.bank[bank_index(dev)].compare;

	if (g->s.bank[bank_index(dev)].ctrl & CTRL_COMPARE)
		device_guest_error(dev, 0x10 + i * 4, "the comparator is to be written while it is disabled");
	gtimer_update(dev);
	*compare = i ? (uint32_t)*compare | (uint64_t)value << 32 : (*compare & ~0xffffffffull) | value;
	gtimer_update(dev);
}

static uint32_t increment_read(struct device *dev, unsigned i)
{
	return gtimer_of(dev)->s.bank[bank_index(dev)].increment;
}

static void increment_write(struct device *dev, unsigned i, uint32_t value)
{
	gtimer_update(dev);
	gtimer_of(dev)->s.bank[bank_index(dev)].increment = value;
	gtimer_update(dev);
}

static const struct device_reg gtimer_regs[] = {
	{ .offset = 0x00, .name = "Counter", .access = REG_RW, .count = 2, .read = counter_read, .write = counter_write },
	{ .offset = 0x08, .name = "Control", .access = REG_RW, .read = control_read, .write = control_write },
	{ .offset = 0x0c, .name = "InterruptStatus", .access = REG_RW | REG_W1C, .read = status_read, .write = status_write },
	{ .offset = 0x10, .name = "Comparator", .access = REG_RW, .count = 2, .read = compare_read, .write = compare_write },
	{ .offset = 0x18, .name = "AutoIncrement", .access = REG_RW, .read = increment_read, .write = increment_write },
};

static int gtimer_realize(struct device *dev, const struct device_binding *binding, struct error *err)
{
	struct gtimer *g = gtimer_of(dev);

	g->cores = device_cores(dev);
	g->hz = binding->tree ? tree_clock_hz(binding->tree, binding->node, NULL, 0) : 0;
	if (!g->hz)
		g->hz = PERIPHCLK_HZ;
	event_init(&g->expiry, "a9 global timer", EXPIRY_PRIORITY, expired, dev);
	return 0;
}

static void gtimer_unrealize(struct device *dev)
{
	event_cancel(dev->env->clock, &gtimer_of(dev)->expiry);
}

static void gtimer_reset(struct device *dev)
{
	struct gtimer *g = gtimer_of(dev);

	g->s = (struct gtimer_state){ .start = now_of(g) };
}

static int gtimer_post_load(struct device *dev)
{
	struct gtimer *g = gtimer_of(dev);

	if (g->s.ctrl & ~CTRL_SHARED || g->s.unused || g->s.start < 0 || g->s.start > now_of(g))
		return -EINVAL;
	for (unsigned i = 0; i < DEVICE_CORES; i++)
		if (g->s.bank[i].ctrl & ~CTRL_BANKED || g->s.bank[i].flag > 1 || g->s.bank[i].unused)
			return -EINVAL;
	return 0;
}

static const struct device_match gtimer_match[] = {
	{ "arm,cortex-a9-global-timer", NULL }, { NULL, NULL }
};

const struct device_class a9_gtimer_class = {
	.name = "a9-gtimer",
	.title = "Cortex-A9 global timer",
	.match = gtimer_match,
	.instance_size = sizeof(struct gtimer),
	.regs = gtimer_regs,
	.reg_rows = ARRAY_SIZE(gtimer_regs),
	.window_min = 0x1c,
	.access_sizes = SIZES_4,
	.realize = gtimer_realize,
	.unrealize = gtimer_unrealize,
	.reset = gtimer_reset,
	.update = gtimer_update,
	.post_load = gtimer_post_load,
	.extra_offset = offsetof(struct gtimer, s),
	.extra_size = sizeof(struct gtimer_state),
};
