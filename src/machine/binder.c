#include "base/base.h"
#include "machine/binder.h"

#include "base/log.h"
#include "devices/device.h"
#include "fdt/tree.h"
#include "memory/phys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_REGS ARRAY_SIZE(((struct device_binding *)0)->reg)
#define MAX_IRQS 32
#define UNMODELLED_RAM_MAX (64 * MiB)

/* A listed node without a model, under -unmodelled log or ram. */
struct unmodelled_window {
	struct binder *binder;
	char *path;
	uint8_t *bytes; /* ram; NULL: log */
	uint64_t size;
	struct unmodelled_window *next;
};

struct binder {
	const struct tree *tree;
	const struct device_env *env;
	struct binder_options options;
	struct device *first, **last;
	struct unmodelled_window *windows;
	unsigned next_serial;
};

/* The node a device was made from, found again by its path. */
static struct device *device_of(struct binder *binder, int node)
{
	char path[256];

	tree_path(binder->tree, node, path, sizeof(path));
	for (struct device *dev = binder->first; dev; dev = dev->next)
		if (!strcmp(dev->path, path))
			return dev;
	return NULL;
}

/* --- windows of nodes without a model --- */

static int unmodelled_read(void *opaque, uint32_t offset, unsigned size, uint32_t *value)
{
	struct unmodelled_window *w = opaque;

	*value = 0;
	if (w->bytes)
		memcpy(value, w->bytes + offset, size);
	else
		log_once(w->binder->env->log, (uintptr_t)w + offset, "%s: read%u of offset 0x%x: not modelled, reads as 0\n", w->path,
		         size * 8, offset);
	return PHYS_OK;
}

static int unmodelled_write(void *opaque, uint32_t offset, unsigned size, uint32_t value)
{
	struct unmodelled_window *w = opaque;

	if (w->bytes)
		memcpy(w->bytes + offset, &value, size);
	else
		log_once(w->binder->env->log, (uintptr_t)w + offset + 1, "%s: write%u of 0x%x to offset 0x%x: not modelled, ignored\n",
		         w->path, size * 8, value, offset);
	return PHYS_OK;
}

static const struct mmio_ops unmodelled_ops = { .read = unmodelled_read, .write = unmodelled_write };

static int add_unmodelled(struct binder *binder, const struct device_binding *b, struct error *err)
{
	int ret = 0;

	for (unsigned i = 0; i < b->reg_count && !ret; i++) {
		struct unmodelled_window *w = calloc(1, sizeof(*w));

		if (!w || !(w->path = strdup(b->path))) {
			free(w);
			return error_set(err, ENOMEM, "out of memory");
		}
		w->binder = binder;
		w->size = b->reg[i].size;
		w->next = binder->windows;
		binder->windows = w;
		if (binder->options.unmodelled == UNMODELLED_RAM) {
			if (w->size > UNMODELLED_RAM_MAX)
				return error_set(err, E2BIG, "%s: -unmodelled ram takes at most %llu MiB a window", b->path,
				                 (unsigned long long)(UNMODELLED_RAM_MAX / MiB));
			w->bytes = calloc(1, w->size);
			if (!w->bytes)
				return error_set(err, ENOMEM, "out of memory");
		}
		ret = phys_add_mmio(binder->env->phys, b->path, b->reg[i].base, b->reg[i].size, &unmodelled_ops, w, err);
	}
	return ret;
}

static int bind_unmodelled(struct binder *binder, const struct device_binding *b, struct error *err)
{
	static const char *const behaviour[] = {"accesses abort (-unmodelled abort)", "accesses are logged (-unmodelled log)",
	                                        "it is memory (-unmodelled ram)"};
	const char *compatible = tree_string_at(binder->tree, b->node, "compatible", 0);

	log_always(binder->env->log, "dbtvm: %s: no model for \"%s\"; %s\n", b->path, compatible ? compatible : "",
	           behaviour[binder->options.unmodelled]);
	return binder->options.unmodelled == UNMODELLED_ABORT ? 0 : add_unmodelled(binder, b, err);
}

/* --- interrupts --- */

int binder_connect(struct binder *binder, int node, unsigned index, struct line *line, struct error *err)
{
	struct device *controller;
	uint32_t spec[8];
	char path[256];
	int parent, ret;
	int cells = tree_interrupt(binder->tree, node, index, &parent, spec);

	tree_path(binder->tree, node, path, sizeof(path));
	if (cells < 0)
		return error_set(err, EINVAL, "%s: interrupt %u of the tree is malformed", path, index);
	controller = device_of(binder, parent);
	if (!controller || !controller->class->irq_input)
		return 0; /* its controller has no model or is disabled: the line hangs in the air */
	ret = controller->class->irq_input(controller, spec, (unsigned)cells, line, err);
	if (ret)
		error_prefix(err, "%s: interrupt %u", path, index);
	return ret;
}

static int connect_interrupts(struct binder *binder, struct device *dev, const struct device_binding *b, struct error *err)
{
	int ret = 0;

	for (unsigned i = 0; i < b->irq_count && !ret; i++)
		ret = binder_connect(binder, b->node, i, &dev->irq[i], err);
	return ret;
}

static unsigned count_interrupts(const struct tree *tree, int node)
{
	uint32_t spec[8];
	unsigned n = 0;
	int controller;

	while (n < MAX_IRQS && tree_interrupt(tree, node, n, &controller, spec) > 0)
		n++;
	return n;
}

/* --- one node --- */

/* Fills the address part. Returns false for nodes that are no devices on the CPU's bus. */
static bool read_binding(const struct tree *tree, int node, struct device_binding *b, char *path, size_t path_size)
{
	memset(b, 0, sizeof(*b));
	b->tree = tree;
	b->node = node;
	b->path = tree_path(tree, node, path, path_size);
	while (b->reg_count < MAX_REGS &&
	       tree_reg(tree, node, b->reg_count, &b->reg[b->reg_count].base, &b->reg[b->reg_count].size) == 0)
		b->reg_count++;
	return b->reg_count > 0;
}

static void pick_serial(struct binder *binder, struct device_binding *b)
{
	int index = tree_alias(binder->tree, b->node, "serial");

	b->alias_index = index >= 0 ? (unsigned)index : binder->next_serial;
	binder->next_serial = MAX(binder->next_serial, b->alias_index + 1);
	b->chardev = binder->options.serial ? binder->options.serial(binder->options.opaque, b->alias_index) : NULL;
}

static const struct device_class *class_of(const struct tree *tree, int node, struct device_binding *b)
{
	const struct device_match *match;
	const char *compatible;

	for (unsigned i = 0; (compatible = tree_string_at(tree, node, "compatible", i)); i++) {
		const struct device_class *class = device_class_find(compatible, &match);

		if (class) {
			b->compatible = compatible;
			b->variant = match->variant;
			return class;
		}
	}
	return NULL;
}

static int bind_device(struct binder *binder, struct device_binding *b, const struct device_class *class, struct error *err)
{
	struct device *dev;

	if (class->wants_chardev)
		pick_serial(binder, b);
	b->irq_count = count_interrupts(binder->tree, b->node);
	dev = device_create(class, binder->env, b, err);
	if (!dev)
		return -EINVAL;
	*binder->last = dev;
	binder->last = &dev->next;
	if (class->stub)
		log_printf(binder->env->log, LOG_UNIMP, "%s: %s is a stub: answers its identification, reads as zero\n", b->path,
		           b->compatible);
	return connect_interrupts(binder, dev, b, err);
}

static int bind_memory(struct binder *binder, const struct device_binding *b, struct error *err)
{
	int ret = 0;

	for (unsigned i = 0; i < b->reg_count && !ret; i++)
		ret = phys_add_ram(binder->env->phys, b->path, b->reg[i].base, b->reg[i].size, err);
	return ret;
}

static bool is_memory_node(const struct tree *tree, int node)
{
	const char *type = tree_string(tree, node, "device_type");

	return type && !strcmp(type, "memory");
}

/* Reserved memory outside RAM is memory of its own (the boards' video RAM). */
static int bind_reserved(struct binder *binder, const struct device_binding *b, struct error *err)
{
	if (phys_find(binder->env->phys, b->reg[0].base))
		return 0;
	return bind_memory(binder, b, err);
}

enum pass { PASS_MEMORY, PASS_CONTROLLERS, PASS_DEVICES };

static int bind_node(struct binder *binder, int node, enum pass pass, struct error *err)
{
	const struct tree *tree = binder->tree;
	const struct device_class *class;
	struct device_binding b;
	char path[256];
	bool controller;

	if (!tree_enabled(tree, node) || !read_binding(tree, node, &b, path, sizeof(path)))
		return 0;
	if (is_memory_node(tree, node))
		return pass == PASS_MEMORY ? bind_memory(binder, &b, err) : 0;
	if (pass == PASS_MEMORY)
		return 0;
	if (tree_parent(tree, node) == tree_node(tree, "/reserved-memory"))
		return pass == PASS_CONTROLLERS ? bind_reserved(binder, &b, err) : 0;
	if (!tree_prop(tree, node, "compatible", NULL) || tree_prop(tree, tree_parent(tree, node), "gpio-controller", NULL))
		return 0;
	controller = tree_prop(tree, node, "interrupt-controller", NULL) != NULL;
	if (controller != (pass == PASS_CONTROLLERS))
		return 0;
	if (tree_compatible(tree, node, "mtd-ram"))
		return bind_memory(binder, &b, err);
	class = class_of(tree, node, &b);
	if (class)
		return bind_device(binder, &b, class, err);
	/* Parts of a device that has a model (the system registers' GPIOs) are that model's. */
	if (phys_find(binder->env->phys, b.reg[0].base))
		return 0;
	return bind_unmodelled(binder, &b, err);
}

struct binder *binder_create(const struct tree *tree, const struct device_env *env, const struct binder_options *options,
                             struct error *err)
{
	struct binder *binder = calloc(1, sizeof(*binder));

	if (!binder) {
		error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	binder->tree = tree;
	binder->env = env;
	binder->options = *options;
	binder->last = &binder->first;
	for (enum pass pass = PASS_MEMORY; pass <= PASS_DEVICES; pass++) {
		int depth = 0;

		for (int node = tree_next(tree, -1, &depth); node >= 0; node = tree_next(tree, node, &depth)) {
			if (bind_node(binder, node, pass, err)) {
				binder_destroy(binder);
				return NULL;
			}
		}
	}
	return binder;
}

void binder_destroy(struct binder *binder)
{
	if (!binder)
		return;
	while (binder->first) {
		struct device *dev = binder->first;

		binder->first = dev->next;
		device_destroy(dev);
	}
	while (binder->windows) {
		struct unmodelled_window *w = binder->windows;

		binder->windows = w->next;
		free(w->path);
		free(w->bytes);
		free(w);
	}
	free(binder);
}

void binder_reset(struct binder *binder)
{
	for (struct device *dev = binder->first; dev; dev = dev->next)
		device_reset(dev);
	for (struct device *dev = binder->first; dev; dev = dev->next)
		device_update(dev);
	for (struct device *dev = binder->first; dev; dev = dev->next)
		device_firmware(dev);
}

struct device *binder_devices(struct binder *binder)
{
	return binder->first;
}

const char *binder_claimant(const struct tree *tree, gpa_t addr, char *buf, size_t size)
{
	int depth = 0, best = -1;
	uint64_t best_size = UINT64_MAX;

	for (int node = tree_next(tree, -1, &depth); node >= 0; node = tree_next(tree, node, &depth)) {
		gpa_t base;
		uint64_t len;

		for (unsigned i = 0; tree_reg(tree, node, i, &base, &len) == 0; i++) {
			if (addr < base || addr - base >= len || len >= best_size)
				continue;
			best = node;
			best_size = len;
		}
	}
	return best < 0 ? NULL : tree_path(tree, best, buf, size);
}
