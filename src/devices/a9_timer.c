/*
 * a9_timer.c - the Cortex-A9's private timer and watchdog (ARM DDI 0407, chapter 4): one of each a core, behind the same window.
 *
 * Both count down at PERIPHCLK / (prescaler + 1) and drive a private interrupt of their core. The watchdog in watchdog mode asks
 * the machine for a reset when it reaches 0; only the two magic words bring it back to timer mode. QEMU's watchdog is a plain timer.
 */
#include "base/base.h"
#include "devices/models.h"

#include <errno.h>

#include "base/bits.h"
#include "devices/countdown.h"
#include "fdt/tree.h"

#define PERIPHCLK_HZ 100000000u /* as QEMU: 10 ns a tick */
#define CTRL_ENABLE (1u << 0)
#define CTRL_RELOAD (1u << 1)
#define CTRL_IRQ (1u << 2)
#define CTRL_WATCHDOG (1u << 3)
#define TIMER_CTRL_MASK 0xff07u
#define WATCHDOG_CTRL_MASK 0xff0fu
#define DISABLE_FIRST 0x12345678u
#define DISABLE_SECOND 0x87654321u
#define EXPIRY_PRIORITY 10

struct bank {
	struct countdown count;
	uint32_t load, ctrl;
	uint32_t flag;         /* expired; the interrupt in timer mode */
	uint32_t reset_status; /* watchdog: it caused the last reset */
	uint32_t half_disabled; /* DISABLE_FIRST was written */
	uint32_t unused;
};

struct a9_timer {
	struct device dev;
	uint64_t hz;
	bool watchdog;
	unsigned cores;
	struct event expiry;
	struct line irq[DEVICE_CORES];
	struct bank bank[DEVICE_CORES];
};

static struct a9_timer *timer_of(struct device *dev)
{
	return container_of(dev, struct a9_timer, dev);
}

static struct bank *bank_of(struct device *dev)
{
	return &timer_of(dev)->bank[device_core(dev) % timer_of(dev)->cores];
}

static int64_t now_of(const struct device *dev)
{
	return event_clock_now(dev->env->clock);
}

static struct countdown_rate rate_of(const struct a9_timer *t, const struct bank *b)
{
	struct countdown_rate rate = { .hz = t->hz, .divider = extract32(b->ctrl, 8, 8) + 1, .shows_zero = true };

	/* 0 is a state of its own, so a period is load + 1 ticks. A watchdog that bites does not go on. */
	if (b->ctrl & CTRL_RELOAD && !(b->ctrl & CTRL_WATCHDOG))
		rate.period = (uint64_t)b->load + 1;
	return rate;
}

static void bite(struct a9_timer *t, struct bank *b, unsigned core)
{
	b->reset_status = 1;
	device_unimp(&t->dev, 0, "core %u's watchdog reached 0: reset", core);
	if (t->dev.env->request)
		t->dev.env->request(t->dev.env->opaque, MACHINE_REBOOT);
}

/* Brings one core's flag up to date; returns when it expires next if that matters. */
static int64_t sync_bank(struct a9_timer *t, unsigned core)
{
	struct bank *b = &t->bank[core];
	struct countdown_rate rate = rate_of(t, b);

	if (countdown_expired(&b->count, &rate, now_of(&t->dev))) {
		b->flag = 1;
		if (b->ctrl & CTRL_WATCHDOG)
			bite(t, b, core);
	}
	if (b->ctrl & CTRL_WATCHDOG || (b->ctrl & CTRL_IRQ && !b->flag))
		return countdown_next(&b->count, &rate);
	return EVENT_NEVER;
}

static bool asserted(const struct bank *b)
{
	return b->flag && b->ctrl & CTRL_IRQ && !(b->ctrl & CTRL_WATCHDOG);
}

static void timer_update(struct device *dev)
{
	struct a9_timer *t = timer_of(dev);
	int64_t next = EVENT_NEVER;

	for (unsigned core = 0; core < t->cores; core++) {
		int64_t when = sync_bank(t, core);
		next = MIN(next, when);
		if (dev->irq_count)
			device_core_line(&dev->irq[0], &t->irq[core], core, asserted(&t->bank[core]));
	}
	if (next == EVENT_NEVER)
		event_cancel(dev->env->clock, &t->expiry);
	else if (next != t->expiry.when)
		event_set(dev->env->clock, &t->expiry, next);
}

static void expired(void *opaque, int64_t now)
{
	timer_update(opaque);
}

static void restart(struct device *dev, struct bank *b, uint32_t value)
{
	if (b->ctrl & CTRL_ENABLE)
		countdown_start(&b->count, now_of(dev), value, false);
	else
		b->count = (struct countdown){ .start = now_of(dev), .value = value };
}

static uint32_t load_read(struct device *dev, unsigned i)
{
	return bank_of(dev)->load;
}

static void load_write(struct device *dev, unsigned i, uint32_t value)
{
	struct bank *b = bank_of(dev);

	timer_update(dev);
	b->load = value;
	restart(dev, b, value);
	timer_update(dev);
}

static uint32_t counter_read(struct device *dev, unsigned i)
{
	struct bank *b = bank_of(dev);
	struct countdown_rate rate = rate_of(timer_of(dev), b);

	return countdown_value(&b->count, &rate, now_of(dev));
}

static void counter_write(struct device *dev, unsigned i, uint32_t value)
{
	struct bank *b = bank_of(dev);

	if (b->ctrl & CTRL_WATCHDOG) {
		device_guest_error(dev, 4, "the counter is read-only in watchdog mode; write the load register to refresh");
		return;
	}
	timer_update(dev);
	restart(dev, b, value);
	timer_update(dev);
}

static uint32_t control_read(struct device *dev, unsigned i)
{
	return bank_of(dev)->ctrl;
}

static void control_write(struct device *dev, unsigned i, uint32_t value)
{
	struct a9_timer *t = timer_of(dev);
	struct bank *b = bank_of(dev);
	uint32_t mask = t->watchdog ? WATCHDOG_CTRL_MASK : TIMER_CTRL_MASK, old = b->ctrl;

	if (value & ~mask)
		device_guest_error(dev, 8, "reserved bits in 0x%08x ignored", value);
	timer_update(dev);
	struct countdown_rate rate = rate_of(t, b);
	uint32_t present = countdown_value(&b->count, &rate, now_of(dev));
	/* Watchdog mode can be entered here but not left. */
	b->ctrl = (value & mask) | (old & CTRL_WATCHDOG);
	if (old & CTRL_WATCHDOG && !(value & CTRL_WATCHDOG))
		device_guest_error(dev, 8, "watchdog mode is left by 0x12345678, 0x87654321 to the disable register only");
	if ((old ^ b->ctrl) & ~CTRL_IRQ)
		restart(dev, b, present);
	timer_update(dev);
}

static uint32_t status_read(struct device *dev, unsigned i)
{
	timer_update(dev);
	return bank_of(dev)->flag;
}

static void status_write(struct device *dev, unsigned i, uint32_t value)
{
	struct a9_timer *t = timer_of(dev);
	unsigned core = device_core(dev) % t->cores;

	timer_update(dev);
	if (value & 1) {
		t->bank[core].flag = 0;
		/* The interrupt is edge-triggered: its line falls even when the next period is over already, or no other edge ever came. */
		if (dev->irq_count)
			device_core_line(&dev->irq[0], &t->irq[core], core, false);
	}
	timer_update(dev);
}

static uint32_t reset_status_read(struct device *dev, unsigned i)
{
	return bank_of(dev)->reset_status;
}

static void reset_status_write(struct device *dev, unsigned i, uint32_t value)
{
	if (value & 1)
		bank_of(dev)->reset_status = 0;
}

static void disable_write(struct device *dev, unsigned i, uint32_t value)
{
	struct bank *b = bank_of(dev);

	timer_update(dev);
	if (b->half_disabled && value == DISABLE_SECOND) {
		struct countdown_rate rate = rate_of(timer_of(dev), b);
		uint32_t present = countdown_value(&b->count, &rate, now_of(dev));
		b->ctrl &= ~CTRL_WATCHDOG;
		restart(dev, b, present);
	}
	b->half_disabled = value == DISABLE_FIRST;
	timer_update(dev);
}

#define TIMER_ROWS                                                                                                   \
	{ .offset = 0x00, .name = "Load", .access = REG_RW, .read = load_read, .write = load_write },                \
	{ .offset = 0x04, .name = "Counter", .access = REG_RW, .read = counter_read, .write = counter_write },       \
	{ .offset = 0x08, .name = "Control", .access = REG_RW, .read = control_read, .write = control_write },       \
	{ .offset = 0x0c, .name = "InterruptStatus", .access = REG_RW | REG_W1C, .read = status_read, .write = status_write }

static const struct device_reg timer_regs[] = { TIMER_ROWS };

static const struct device_reg watchdog_regs[] = {
	TIMER_ROWS,
	{ .offset = 0x10, .name = "ResetStatus", .access = REG_RW | REG_W1C, .read = reset_status_read, .write = reset_status_write },
	{ .offset = 0x14, .name = "Disable", .access = REG_WO, .write = disable_write },
};

static int timer_realize(struct device *dev, const struct device_binding *binding, struct error *err)
{
	struct a9_timer *t = timer_of(dev);

	t->watchdog = dev->class == &a9_watchdog_class;
	t->cores = device_cores(dev);
	t->hz = binding->tree ? tree_clock_hz(binding->tree, binding->node, NULL, 0) : 0;
	if (!t->hz)
		t->hz = PERIPHCLK_HZ;
	event_init(&t->expiry, t->watchdog ? "a9 watchdog" : "a9 private timer", EXPIRY_PRIORITY, expired, dev);
	return 0;
}

static void timer_unrealize(struct device *dev)
{
	event_cancel(dev->env->clock, &timer_of(dev)->expiry);
}

static void timer_reset(struct device *dev)
{
	struct a9_timer *t = timer_of(dev);

	/* The reset status tells the software after a reset why it happened. */
	for (unsigned i = 0; i < DEVICE_CORES; i++)
		t->bank[i] = (struct bank){ .reset_status = t->bank[i].reset_status };
}

static int timer_post_load(struct device *dev)
{
	struct a9_timer *t = timer_of(dev);
	uint32_t mask = t->watchdog ? WATCHDOG_CTRL_MASK : TIMER_CTRL_MASK;

	for (unsigned i = 0; i < DEVICE_CORES; i++) {
		const struct bank *b = &t->bank[i];
		if (b->ctrl & ~mask || b->flag > 1 || b->reset_status > t->watchdog || b->half_disabled > t->watchdog || b->unused ||
		    b->count.running != (b->ctrl & CTRL_ENABLE) || !countdown_possible(&b->count, now_of(dev)))
			return -EINVAL;
	}
	return 0;
}

static const struct device_match timer_match[] = {
	{ "arm,cortex-a9-twd-timer", NULL }, { NULL, NULL }
};
static const struct device_match watchdog_match[] = {
	{ "arm,cortex-a9-twd-wdt", NULL }, { NULL, NULL }
};

#define TIMER_CLASS                                                                                            \
	.instance_size = sizeof(struct a9_timer), .access_sizes = SIZES_4, .realize = timer_realize,           \
	.unrealize = timer_unrealize, .reset = timer_reset, .update = timer_update, .post_load = timer_post_load, \
	.extra_offset = offsetof(struct a9_timer, bank), .extra_size = sizeof(((struct a9_timer *)0)->bank)

const struct device_class a9_timer_class = {
	.name = "a9-timer",
	.title = "Cortex-A9 private timer",
	.match = timer_match,
	.regs = timer_regs,
	.reg_rows = ARRAY_SIZE(timer_regs),
	.window_min = 0x10,
	TIMER_CLASS,
};

const struct device_class a9_watchdog_class = {
	.name = "a9-watchdog",
	.title = "Cortex-A9 private watchdog",
	.match = watchdog_match,
	.regs = watchdog_regs,
	.reg_rows = ARRAY_SIZE(watchdog_regs),
	.window_min = 0x18,
	TIMER_CLASS,
};
