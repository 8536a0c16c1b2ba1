/*
 * fake.h - a machine for one device: a clock that the test turns, recorded lines, requests and characters.
 */
#ifndef DBTVM_TESTS_DEVICES_FAKE_H
#define DBTVM_TESTS_DEVICES_FAKE_H

#include "base/base.h"
#include "devices/device.h"

#define FAKE_IRQS 2
#define US 1000ll
#define MS 1000000ll
#define SECOND 1000000000ll

/* The back end behind the chardev functions, which fake.c defines in place of src/host. */
struct chardev {
	const struct chardev_front *front;
	uint8_t out[65536];
	size_t len;
	unsigned accepts; /* chardev_accept_input() calls */
};

struct fake {
	struct device_env env;
	struct event_clock clock;
	int64_t now;
	int64_t step; /* each look at the clock turns it on by so much, as the host's does */
	unsigned core, cores;
	uint64_t insns;
	bool cpu_line[DEVICE_CORES][2];
	unsigned requests;
	enum machine_request last_request;
	uint32_t pen;
	unsigned pens;
	struct chardev chr;
	char log_path[64];
};

void fake_init(struct fake *fake, unsigned cores);
/* Messages are formatted and kept for fake_logged() from now on. */
void fake_log_on(struct fake *fake);
void fake_fini(struct fake *fake);
/* An instance of @class with two windows of 4 KiB, two interrupts that record their level in level[] (may be NULL). */
struct device *fake_device(struct fake *fake, const struct device_class *class, bool level[FAKE_IRQS * DEVICE_CORES]);
/* Turns the clock on by @ns, running every event at its time. */
void fake_advance(struct fake *fake, int64_t ns);
uint32_t fake_read(struct device *dev, uint32_t offset);
void fake_write(struct device *dev, uint32_t offset, uint32_t value);
/* True when the log has a line with both texts. */
bool fake_logged(struct fake *fake, const char *a, const char *b);
uint32_t fake_random(uint64_t *seed);

#endif
