/* fake.c - see fake.h */
#include "base/base.h"
#include "tests/devices/fake.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "host/chardev.h"

void chardev_connect(struct chardev *chr, const struct chardev_front *front)
{
	chr->front = front;
}

void chardev_write(struct chardev *chr, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len && chr->len < sizeof chr->out; i++)
		chr->out[chr->len++] = bytes[i];
}

void chardev_accept_input(struct chardev *chr)
{
	chr->accepts++;
}

static int64_t read_clock(void *opaque)
{
	struct fake *fake = opaque;

	return fake->now += fake->step;
}

static void request(void *opaque, enum machine_request what)
{
	struct fake *fake = opaque;

	fake->requests++;
	fake->last_request = what;
}

static uint64_t insns(void *opaque)
{
	return ((struct fake *)opaque)->insns;
}

static unsigned cpu_count(void *opaque)
{
	return ((struct fake *)opaque)->cores;
}

static void cpu_line(void *opaque, unsigned index, unsigned line, bool level)
{
	((struct fake *)opaque)->cpu_line[index][line] = level;
}

static unsigned current_cpu(void *opaque)
{
	return ((struct fake *)opaque)->core;
}

static gva_t current_pc(void *opaque)
{
	return 0xc0101234;
}

static void pen_written(void *opaque, uint32_t entry)
{
	((struct fake *)opaque)->pen = entry;
	((struct fake *)opaque)->pens++;
}

void fake_init(struct fake *fake, unsigned cores)
{
	memset(fake, 0, sizeof *fake);
	fake->cores = cores;
	event_clock_init(&fake->clock, read_clock, fake);
	strcpy(fake->log_path, "/tmp/dbtvm-devices-XXXXXX");
	int fd = mkstemp(fake->log_path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	fake->env = (struct device_env){
		.clock = &fake->clock, .log = log_create(), .request = request, .insns = insns, .cpu_count = cpu_count,
		.cpu_line = cpu_line, .current_cpu = current_cpu, .current_pc = current_pc, .pen_written = pen_written,
		.rtc_epoch_ns = 1700000000ll * SECOND, .opaque = fake,
	};
	ck_assert_ptr_nonnull(fake->env.log);
}

void fake_log_on(struct fake *fake)
{
	struct error err = { 0 };

	ck_assert_int_eq(log_open(fake->env.log, fake->log_path, &err), 0);
	ck_assert_int_eq(log_enable(fake->env.log, "guest_errors,unimp", &err), 0);
}

void fake_fini(struct fake *fake)
{
	log_destroy(fake->env.log);
	unlink(fake->log_path);
}

static void record(void *opaque, unsigned n, bool level)
{
	bool *levels = opaque;

	levels[(n & 0xffff) + (n >> LINE_CORE_SHIFT) * FAKE_IRQS] = level;
}

struct device *fake_device(struct fake *fake, const struct device_class *class, bool level[FAKE_IRQS * DEVICE_CORES])
{
	struct error err = { 0 };
	struct device_binding binding = {
		.path = "/bus/dev@1000", .compatible = class->match[0].compatible, .variant = class->match[0].variant,
		.reg_count = 2, .irq_count = FAKE_IRQS, .chardev = class->wants_chardev ? &fake->chr : NULL,
	};

	binding.reg[0].base = 0x1000;
	binding.reg[0].size = 0x1000;
	binding.reg[1].base = 0x2000;
	binding.reg[1].size = 0x1000;
	struct device *dev = device_create(class, &fake->env, &binding, &err);
	ck_assert_msg(dev != NULL, "%s", err.msg);
	for (unsigned i = 0; level && i < FAKE_IRQS; i++)
		dev->irq[i] = (struct line){ .sink = record, .opaque = level, .n = i };
	device_update(dev);
	return dev;
}

void fake_advance(struct fake *fake, int64_t ns)
{
	int64_t end = fake->now + ns;

	while (event_clock_deadline(&fake->clock) <= end) {
		fake->now = MAX(fake->now, event_clock_deadline(&fake->clock));
		event_clock_run(&fake->clock);
	}
	fake->now = end;
}

uint32_t fake_read(struct device *dev, uint32_t offset)
{
	uint32_t value = 0xdeadbeef;

	ck_assert_int_eq(device_read(dev, 0, offset, 4, &value), PHYS_OK);
	return value;
}

void fake_write(struct device *dev, uint32_t offset, uint32_t value)
{
	ck_assert_int_eq(device_write(dev, 0, offset, 4, value), PHYS_OK);
}

bool fake_logged(struct fake *fake, const char *a, const char *b)
{
	char line[1024];
	bool found = false;

	fflush(log_stream(fake->env.log));
	FILE *file = fopen(fake->log_path, "r");
	ck_assert_ptr_nonnull(file);
	while (!found && fgets(line, sizeof line, file))
		found = strstr(line, a) && strstr(line, b);
	fclose(file);
	return found;
}

uint32_t fake_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 16);
}
