/* fuzz_binder.c - any tree bound to devices: either refused with a message, or a machine whose every window answers. */
#include "base/base.h"
#include "base/event.h"
#include "base/log.h"
#include "devices/device.h"
#include "fdt/tree.h"
#include "machine/binder.h"
#include "memory/phys.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void request(void *opaque, enum machine_request what)
{
}

static uint64_t insns(void *opaque)
{
	return 1000;
}

static unsigned cpu_count(void *opaque)
{
	return 1;
}

static unsigned current_cpu(void *opaque)
{
	return 0;
}

static void cpu_line(void *opaque, unsigned index, unsigned line, bool level)
{
}

static void pen_written(void *opaque, uint32_t entry)
{
}

static int64_t no_time(void *opaque)
{
	return 0;
}

static void touch(void *opaque, struct region *region)
{
	uint64_t value;

	if (region->kind != REGION_MMIO)
		return;
	for (uint64_t at = 0; at + 4 <= region->size && at < 0x1000; at += 4) {
		phys_write(opaque, region->base + at, 4, at * 0x9e3779b9);
		phys_read(opaque, region->base + at, 4, &value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct tree *tree = tree_from_blob(data, size, &err);
	struct event_clock clock;
	struct device_env env = {
		.clock = &clock, .log = log_create(), .phys = phys_create(&err), .request = request, .insns = insns,
		.cpu_count = cpu_count, .cpu_line = cpu_line, .current_cpu = current_cpu, .pen_written = pen_written,
	};
	struct binder_options options = { .unmodelled = data && size && data[size - 1] & 1 ? UNMODELLED_LOG : UNMODELLED_ABORT };
	struct binder *binder = NULL;

	event_clock_init(&clock, no_time, NULL);
	log_open(env.log, "/dev/null", &err);
	if (tree && env.phys) {
		binder = binder_create(tree, &env, &options, &err);
		if (binder) {
			binder_reset(binder);
			phys_for_each(env.phys, touch, env.phys);
			binder_reset(binder);
		} else {
			BUG_ON(!err.msg[0]);
		}
	}
	binder_destroy(binder);
	phys_destroy(env.phys);
	log_destroy(env.log);
	tree_destroy(tree);
	return 0;
}
