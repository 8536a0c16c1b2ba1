/*
 * pl031.c - PrimeCell real-time clock (ARM DDI 0224): seconds since 1970 and a match interrupt.
 *
 * It counts env->rtc_epoch_ns + event clock, with an offset that the load register changes and that a reset leaves alone, as a
 * clock on a battery. It is always enabled: RTCCR reads 1, as in QEMU.
 */
#include "base/base.h"
#include "devices/models.h"

#include <errno.h>

#define NS_PER_S 1000000000
#define MATCH_PRIORITY 20

struct pl031_state {
	int64_t offset; /* seconds that software added */
	uint32_t match, load, mask, raw;
	uint64_t seen;  /* seconds (64 bits, never wrapping) up to which matches were reported */
};

struct pl031 {
	struct device dev;
	struct event expiry;
	struct pl031_state s;
};

static struct pl031 *pl031_of(struct device *dev)
{
	return container_of(dev, struct pl031, dev);
}

/* Nanoseconds of the wall clock without the offset. */
static int64_t wall_ns(const struct pl031 *p)
{
	return p->dev.env->rtc_epoch_ns + event_clock_now(p->dev.env->clock);
}

static uint64_t seconds(const struct pl031 *p)
{
	return (uint64_t)(wall_ns(p) / NS_PER_S + p->s.offset);
}

/* The first second after @from whose low 32 bits are the match value. */
static uint64_t next_match(const struct pl031 *p, uint64_t from)
{
	uint32_t ahead = p->s.match - (uint32_t)from;

	return from + (ahead ? ahead : 1ull << 32);
}

static void pl031_update(struct device *dev)
{
	struct pl031 *p = pl031_of(dev);
	uint64_t now = seconds(p);

	if (next_match(p, p->s.seen) <= now && now > p->s.seen)
		p->s.raw = 1;
	p->s.seen = now;
	if (dev->irq_count)
		line_set(&dev->irq[0], p->s.raw & p->s.mask);
	if (!p->s.mask || p->s.raw) {
		event_cancel(dev->env->clock, &p->expiry);
		return;
	}
	/* In event clock time: the start of that second. Matches beyond 2^32 s are not worth an exact bound. */
	int64_t second = (int64_t)(next_match(p, now) - (uint64_t)p->s.offset);
	int64_t when = second * NS_PER_S - p->dev.env->rtc_epoch_ns;
	if (when != p->expiry.when)
		event_set(dev->env->clock, &p->expiry, when);
}

static void expired(void *opaque, int64_t now)
{
	pl031_update(opaque);
}

static uint32_t data_read(struct device *dev, unsigned i)
{
	return (uint32_t)seconds(pl031_of(dev));
}

static uint32_t match_read(struct device *dev, unsigned i)
{
	return pl031_of(dev)->s.match;
}

static void match_write(struct device *dev, unsigned i, uint32_t value)
{
	struct pl031 *p = pl031_of(dev);

	pl031_update(dev);
	p->s.match = value;
	/* A match with the present second counts. */
	if (value == (uint32_t)seconds(p))
		p->s.raw = 1;
	pl031_update(dev);
}

static uint32_t load_read(struct device *dev, unsigned i)
{
	return pl031_of(dev)->s.load;
}

static void load_write(struct device *dev, unsigned i, uint32_t value)
{
	struct pl031 *p = pl031_of(dev);

	pl031_update(dev);
	p->s.load = value;
	p->s.offset = (int64_t)value - wall_ns(p) / NS_PER_S;
	p->s.seen = seconds(p);
	if (value == p->s.match)
		p->s.raw = 1;
	pl031_update(dev);
}

static uint32_t control_read(struct device *dev, unsigned i)
{
	return 1;
}

static void control_write(struct device *dev, unsigned i, uint32_t value)
{
	/* Once on, writes have no effect until reset. */
}

static uint32_t mask_read(struct device *dev, unsigned i)
{
	return pl031_of(dev)->s.mask;
}

static void mask_write(struct device *dev, unsigned i, uint32_t value)
{
	pl031_of(dev)->s.mask = value & 1;
	pl031_update(dev);
}

static uint32_t raw_read(struct device *dev, unsigned i)
{
	pl031_update(dev);
	return pl031_of(dev)->s.raw;
}

static uint32_t masked_read(struct device *dev, unsigned i)
{
	return raw_read(dev, 0) & pl031_of(dev)->s.mask;
}

static void clear_write(struct device *dev, unsigned i, uint32_t value)
{
	pl031_update(dev);
	if (value & 1)
		pl031_of(dev)->s.raw = 0;
	pl031_update(dev);
}

static const struct device_reg pl031_regs[] = {
	{ .offset = 0x00, .name = "RTCDR", .access = REG_RO, .read = data_read },
	{ .offset = 0x04, .name = "RTCMR", .access = REG_RW, .read = match_read, .write = match_write },
	{ .offset = 0x08, .name = "RTCLR", .access = REG_RW, .read = load_read, .write = load_write },
	{ .offset = 0x0c, .name = "RTCCR", .access = REG_RW, .read = control_read, .write = control_write },
	{ .offset = 0x10, .name = "RTCIMSC", .access = REG_RW, .read = mask_read, .write = mask_write },
	{ .offset = 0x14, .name = "RTCRIS", .access = REG_RO, .read = raw_read },
	{ .offset = 0x18, .name = "RTCMIS", .access = REG_RO, .read = masked_read },
	{ .offset = 0x1c, .name = "RTCICR", .access = REG_WO, .write = clear_write },
	PRIMECELL_ID_ROWS(0x31, 0x10, 0x14, 0x00),
};

static int pl031_realize(struct device *dev, const struct device_binding *binding, struct error *err)
{
	event_init(&pl031_of(dev)->expiry, "pl031 match", MATCH_PRIORITY, expired, dev);
	return 0;
}

static void pl031_unrealize(struct device *dev)
{
	event_cancel(dev->env->clock, &pl031_of(dev)->expiry);
}

static void pl031_reset(struct device *dev)
{
	struct pl031 *p = pl031_of(dev);

	p->s = (struct pl031_state){ .offset = p->s.offset };
	p->s.seen = seconds(p);
}

static int pl031_post_load(struct device *dev)
{
	struct pl031 *p = pl031_of(dev);

	/* The offset is at most what a 32-bit load can make of any wall clock this side of year 2262. */
	if (p->s.mask > 1 || p->s.raw > 1 || p->s.offset > UINT32_MAX || p->s.offset < -(INT64_MAX / NS_PER_S) ||
	    p->s.seen > seconds(p))
		return -EINVAL;
	return 0;
}

static const struct device_match pl031_match[] = {
	{ "arm,pl031", NULL }, { NULL, NULL }
};

const struct device_class pl031_class = {
	.name = "pl031",
	.title = "ARM PrimeCell real-time clock (PL031)",
	.match = pl031_match,
	.instance_size = sizeof(struct pl031),
	.regs = pl031_regs,
	.reg_rows = ARRAY_SIZE(pl031_regs),
	.window_min = 0x1000,
	.access_sizes = SIZES_1_2_4,
	.realize = pl031_realize,
	.unrealize = pl031_unrealize,
	.reset = pl031_reset,
	.update = pl031_update,
	.post_load = pl031_post_load,
	.extra_offset = offsetof(struct pl031, s),
	.extra_size = sizeof(struct pl031_state),
};
