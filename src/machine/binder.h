/*
 * binder.h - makes devices from the guest's tree, and from nothing else (DESIGN.md §5).
 */
#ifndef DBTVM_MACHINE_BINDER_H
#define DBTVM_MACHINE_BINDER_H

#include "base/base.h"
#include "base/error.h"

struct binder;
struct chardev;
struct device;
struct device_env;
struct line;
struct tree;

enum unmodelled { UNMODELLED_ABORT, UNMODELLED_LOG, UNMODELLED_RAM };

struct binder_options {
	enum unmodelled unmodelled;
	/* The back end of serial port @index; NULL: none. */
	struct chardev *(*serial)(void *opaque, unsigned index);
	void *opaque;
};

/*
 * Walks @tree and creates a device for each enabled node with a model, memory for those that are memory, and windows as
 * @options says for listed nodes without one.  All of @tree is looked at before the guest runs. NULL and a filled error.
 */
struct binder *binder_create(const struct tree *tree, const struct device_env *env, const struct binder_options *options,
                             struct error *err);
void binder_destroy(struct binder *binder);
/* Both phases of reset, then what a board's firmware would have set up before it starts a kernel. */
void binder_reset(struct binder *binder);
/* All devices in tree order, linked by ->next. */
struct device *binder_devices(struct binder *binder);
/*
 * Connects interrupt @index of @node, which has no device of its own (a core's PMU), to its controller's input. The line stays unconnected
 * when that has no model. -EINVAL and a filled error for a malformed specifier.
 */
int binder_connect(struct binder *binder, int node, unsigned index, struct line *line, struct error *err);
/* The path of the enabled or disabled node of @tree whose reg holds @addr; NULL: none. For diagnosis. */
const char *binder_claimant(const struct tree *tree, gpa_t addr, char *buf, size_t size);

#endif
