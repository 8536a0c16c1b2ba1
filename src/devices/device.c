/*
 * device.c - the framework under the models: instances, register tables, resets, snapshots, messages.
 *
 * Callers: the binder (create), the machine (reset, save, load) and memory/phys (accesses). Invariants: regs[] has one word a
 * register; bits outside wmask | smask of a plain register always equal its reset value; the VM lock is held.
 */
#include "base/base.h"
#include "devices/device.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Larger register windows than this are a mistake in the tree, except for stubs of memories. */
#define WINDOW_MAX (1u << 20)

const struct device_class *device_class_find(const char *compatible, const struct device_match **match)
{
	for (const struct device_class *const *class = device_classes; *class; class++) {
		for (const struct device_match *m = (*class)->match; m->compatible; m++) {
			if (strcmp(m->compatible, compatible))
				continue;
			if (match)
				*match = m;
			return *class;
		}
	}
	return NULL;
}

static unsigned row_count(const struct device_reg *reg)
{
	return reg->count ? reg->count : 1;
}

static const struct device_reg *reg_at(const struct device *dev, uint32_t offset, unsigned *element)
{
	const struct device_reg *reg = offset / 4 < dev->words ? dev->reg[offset / 4] : NULL;

	if (reg)
		*element = (offset - reg->offset) / 4;
	return reg;
}

const char *device_reg_name(const struct device *dev, uint32_t offset, char *buf, size_t size)
{
	unsigned i = 0;
	const struct device_reg *reg = reg_at(dev, offset & ~3u, &i);

	if (!reg)
		snprintf(buf, size, "?");
	else if (reg->count > 1)
		snprintf(buf, size, "%s[%u]", reg->name, i);
	else
		snprintf(buf, size, "%s", reg->name);
	return buf;
}

/* Messages */

static const char *node_name(const struct device *dev)
{
	const char *slash = strrchr(dev->path, '/');

	return slash && slash[1] ? slash + 1 : dev->path;
}

/*
 * One line for a device, register, kind of mistake, and text as far as a six-bit hash tells it apart: different values show up, but
 * a loop over values ends after 64 lines.
 */
static uint64_t message_key(const struct device *dev, uint32_t offset, const char *fmt, const char *line)
{
	uint64_t key = (uintptr_t)dev * 0x9e3779b97f4a7c15ull, text = 14695981039346656037ull;

	for (; *line; line++)
		text = (text ^ (uint8_t)*line) * 1099511628211ull;
	key ^= (uintptr_t)fmt * 0xc2b2ae3d27d4eb4full + (text >> 32 & 63);
	return key ^ offset * 0x165667b19e3779f9ull;
}

/* "uart@9000 (pl011) UARTDR+0x000: what (pc 0xc0101234 <symbol+0x10>)". Returns the key for rate limiting. */
static uint64_t compose(struct device *dev, uint32_t offset, const char *fmt, va_list args, char *line, size_t size)
{
	char what[256], name[48], pc[160];
	const char *reg = NULL;

	vsnprintf(what, sizeof what, fmt, args);
	if (dev->class->reg_name)
		reg = dev->class->reg_name(dev, dev->current_window, offset, name, sizeof name);
	if (!reg)
		reg = device_reg_name(dev, offset, name, sizeof name);
	int len = snprintf(line, size, "%s (%s) %s+0x%03x: %s", node_name(dev), dev->class->name, strcmp(reg, "?") ? reg : "",
	                   offset, what);
	if (dev->env->current_pc && len > 0 && (size_t)len < size)
		snprintf(line + len, size - (size_t)len, " (pc %s)",
		         log_address(dev->env->log, dev->env->current_pc(dev->env->opaque), pc, sizeof pc));
	return message_key(dev, offset, fmt, what);
}

void device_guest_error(struct device *dev, uint32_t offset, const char *fmt, ...)
{
	char line[640];
	va_list args;

	if (!dev->env->log || !log_enabled(dev->env->log, LOG_GUEST_ERRORS))
		return;
	va_start(args, fmt);
	uint64_t key = compose(dev, offset, fmt, args, line, sizeof line);
	va_end(args);
	log_guest(dev->env->log, key, "guest_errors: %s\n", line);
}

void device_unimp(struct device *dev, uint32_t offset, const char *fmt, ...)
{
	char line[640];
	va_list args;

	if (!dev->env->log || !log_enabled(dev->env->log, LOG_UNIMP))
		return;
	va_start(args, fmt);
	uint64_t slot = compose(dev, offset, fmt, args, line, sizeof line) * 0x9e3779b97f4a7c15ull >> 56;
	va_end(args);
	if (dev->told[slot / 64] >> slot % 64 & 1)
		return;
	dev->told[slot / 64] |= 1ull << slot % 64;
	log_printf(dev->env->log, LOG_UNIMP, "unimp: %s\n", line);
}

/* Cores */

unsigned device_cores(const struct device *dev)
{
	unsigned n = dev->env->cpu_count ? dev->env->cpu_count(dev->env->opaque) : 1;

	return n < 1 ? 1 : MIN(n, DEVICE_CORES);
}

unsigned device_core(const struct device *dev)
{
	unsigned core = dev->env->current_cpu ? dev->env->current_cpu(dev->env->opaque) : 0;

	return core < DEVICE_CORES ? core : 0;
}

void device_core_line(const struct line *line, struct line *copy, unsigned core, bool level)
{
	copy->sink = line->sink;
	copy->opaque = line->opaque;
	copy->n = line->n | core << LINE_CORE_SHIFT;
	line_set(copy, level);
}

/* Accesses */

/* A register that does not exist reads as zero and ignores writes. */
static void no_register(struct device *dev, uint32_t offset, unsigned size, bool is_write, uint32_t value)
{
	dev->unknown_accesses++;
	if (dev->class->stub) {
		if (is_write)
			device_unimp(dev, offset, "not modelled: %u-byte write of 0x%x ignored", size, value);
		else
			device_unimp(dev, offset, "not modelled: %u-byte read gives 0", size);
	} else if (is_write) {
		device_guest_error(dev, offset, "no register there: %u-byte write of 0x%x ignored", size, value);
	} else {
		device_guest_error(dev, offset, "no register there: %u-byte read gives 0", size);
	}
}

static bool size_allowed(const struct device_class *class, unsigned size)
{
	return class->access_sizes ? class->access_sizes & size : size == 4;
}

static inline int table_read(struct device *dev, uint32_t offset, unsigned size, uint32_t *value)
{
	unsigned i = 0, lane = offset % 4 * 8;
	const struct device_reg *reg = reg_at(dev, offset & ~3u, &i);
	uint32_t v = 0;

	if (!reg) {
		no_register(dev, offset, size, false, 0);
	} else if (!(reg->access & REG_RO)) {
		device_guest_error(dev, offset, "read of a write-only register gives 0");
	} else {
		if (!size_allowed(dev->class, size))
			device_guest_error(dev, offset, "%u-byte read; the register wants 4 bytes", size);
		v = reg->read ? reg->read(dev, i) : *device_reg_at(dev, offset & ~3u);
	}
	v >>= lane;
	*value = size == 4 ? v : v & ((1u << size * 8) - 1);
	return PHYS_OK;
}

static void store(struct device *dev, const struct device_reg *reg, uint32_t offset, uint32_t value, uint32_t lanes)
{
	uint32_t *word = device_reg_at(dev, offset);
	uint32_t mask = reg->wmask & lanes;

	if (reg->access & REG_W1C) {
		*word &= ~(value & mask);
		return;
	}
	uint32_t fixed = value & lanes & ~reg->wmask & ~*word;
	if (fixed)
		device_guest_error(dev, offset, "write of 0x%08x sets bits 0x%08x that are reserved or read-only", value, fixed);
	*word = (*word & ~mask) | (value & mask);
}

static int table_write(struct device *dev, uint32_t offset, unsigned size, uint32_t value)
{
	unsigned i = 0, lane = offset % 4 * 8;
	const struct device_reg *reg = reg_at(dev, offset & ~3u, &i);
	uint32_t lanes = size == 4 ? ~0u : ((1u << size * 8) - 1) << lane;

	if (!reg) {
		no_register(dev, offset, size, true, value);
		return PHYS_OK;
	}
	if (!(reg->access & REG_WO) && dev->class->stub) {
		no_register(dev, offset, size, true, value);
		return PHYS_OK;
	}
	if (!(reg->access & REG_WO)) {
		device_guest_error(dev, offset, "write of 0x%x to a read-only register ignored", value);
		return PHYS_OK;
	}
	if (!size_allowed(dev->class, size)) {
		device_guest_error(dev, offset, "%u-byte write of 0x%x ignored; the register wants 4 bytes", size, value);
		return PHYS_OK;
	}
	offset &= ~3u;
	value <<= lane;
	if (reg->write)
		reg->write(dev, i, value);
	else
		store(dev, reg, offset, value, lanes);
	if (reg->post_write)
		reg->post_write(dev, i);
	return PHYS_OK;
}

static inline int read_any(struct device *dev, unsigned window, uint32_t offset, unsigned size, uint32_t *value)
{
	*value = 0;
	dev->current_window = window;
	/* The bus splits unaligned device accesses; what still arrives crosses a register and has no meaning. */
	if (offset & (size - 1)) {
		device_guest_error(dev, offset, "unaligned %u-byte read gives 0", size);
		return PHYS_OK;
	}
	if (dev->class->read)
		return dev->class->read(dev, window, offset, size, value);
	return table_read(dev, offset, size, value);
}

int device_read(struct device *dev, unsigned window, uint32_t offset, unsigned size, uint32_t *value)
{
	return read_any(dev, window, offset, size, value);
}

int device_write(struct device *dev, unsigned window, uint32_t offset, unsigned size, uint32_t value)
{
	dev->current_window = window;
	if (size < 4)
		value &= (1u << size * 8) - 1;
	if (offset & (size - 1)) {
		device_guest_error(dev, offset, "unaligned %u-byte write of 0x%x ignored", size, value);
		return PHYS_OK;
	}
	if (dev->class->write)
		return dev->class->write(dev, window, offset, size, value);
	return table_write(dev, offset, size, value);
}

static int window_read(void *opaque, uint32_t offset, unsigned size, uint32_t *value)
{
	struct device_window *window = opaque;

	return read_any(window->dev, window->index, offset, size, value);
}

static int window_write(void *opaque, uint32_t offset, unsigned size, uint32_t value)
{
	struct device_window *window = opaque;

	return device_write(window->dev, window->index, offset, size, value);
}

/* Words of regs[] that nothing but writes and the model itself change; and what the model offers. */
static bool window_plain(void *opaque, uint32_t offset, struct mmio_plain *plain)
{
	struct device_window *window = opaque;
	struct device *dev = window->dev;
	unsigned i = 0;
	const struct device_reg *reg = dev->class->read ? NULL : reg_at(dev, offset, &i);

	if (!reg || offset % 4 || !(reg->access & REG_RO) || dev->class->stub)
		return false;
	if (reg->read)
		return reg->plain && reg->plain(dev, plain);
	*plain = (struct mmio_plain){ .value = device_reg_at(dev, offset) };
	return true;
}

static const struct mmio_ops window_ops = { .read = window_read, .write = window_write, .plain = window_plain };

/* Life */

static int check_windows(const struct device_class *class, const struct device_binding *binding, struct error *err)
{
	if (!binding->reg_count)
		return error_set(err, EINVAL, "%s: %s needs a reg property", binding->path, class->title);
	for (unsigned i = 0; i < binding->reg_count; i++) {
		uint64_t size = binding->reg[i].size;
		if (!size || size > UINT32_MAX || (size > WINDOW_MAX && !class->stub))
			return error_set(err, EINVAL, "%s: reg entry %u has size 0x%" PRIx64 "; %s has at most 0x%x bytes",
			                 binding->path, i, size, class->title, WINDOW_MAX);
	}
	if (binding->reg[0].size < class->window_min)
		return error_set(err, EINVAL, "%s: reg has size 0x%" PRIx64 "; %s needs 0x%x", binding->path, binding->reg[0].size,
		                 class->title, class->window_min);
	return 0;
}

/* Lays out regs[] and builds the way from a window's word to it. */
static bool build_table(struct device *dev)
{
	const struct device_class *class = dev->class;

	for (unsigned r = 0; r < class->reg_rows; r++) {
		const struct device_reg *reg = &class->regs[r];
		BUG_ON(reg->offset % 4 || reg->offset / 4 < dev->words); /* sorted, no overlap */
		dev->words = reg->offset / 4 + row_count(reg);
		dev->elements += row_count(reg);
	}
	dev->index = calloc(dev->words + 1, sizeof *dev->index);
	dev->reg = calloc(dev->words + 1, sizeof *dev->reg);
	dev->row = calloc(dev->elements + 1, sizeof *dev->row);
	dev->regs = calloc(dev->elements + 1, sizeof *dev->regs);
	if (!dev->index || !dev->reg || !dev->row || !dev->regs)
		return false;
	unsigned e = 0;
	for (unsigned r = 0; r < class->reg_rows; r++) {
		for (unsigned i = 0; i < row_count(&class->regs[r]); i++, e++) {
			dev->index[class->regs[r].offset / 4 + i] = (uint16_t)(e + 1);
			dev->reg[class->regs[r].offset / 4 + i] = &class->regs[r];
			dev->row[e] = (uint16_t)r;
		}
	}
	return true;
}

static void release(struct device *dev)
{
	free(dev->path);
	free(dev->regs);
	free(dev->index);
	free(dev->reg);
	free(dev->row);
	free(dev->irq);
	free(dev->window);
	free(dev);
}

static struct device *allocate(const struct device_class *class, const struct device_env *env,
                               const struct device_binding *binding, struct error *err)
{
	BUG_ON(class->instance_size < sizeof(struct device));
	struct device *dev = calloc(1, class->instance_size);

	if (dev) {
		dev->class = class;
		dev->env = env;
		dev->path = strdup(binding->path ? binding->path : class->name);
		dev->irq_count = binding->irq_count;
		dev->irq = calloc(binding->irq_count + 1, sizeof *dev->irq);
		dev->windows = binding->reg_count;
		dev->window = calloc(binding->reg_count, sizeof *dev->window);
		if (dev->path && dev->irq && dev->window && build_table(dev))
			return dev;
		release(dev);
	}
	error_set(err, ENOMEM, "%s: out of memory", binding->path);
	return NULL;
}

static int map_windows(struct device *dev, const struct device_binding *binding, struct error *err)
{
	char name[48];

	snprintf(name, sizeof name, "%.30s (%.12s)", node_name(dev), dev->class->name);
	for (unsigned i = 0; i < dev->windows; i++) {
		struct device_window *window = &dev->window[i];
		window->dev = dev;
		window->index = i;
		window->size = (uint32_t)binding->reg[i].size;
		if (!dev->env->phys)
			continue;
		int ret = phys_add_mmio(dev->env->phys, name, binding->reg[i].base, binding->reg[i].size, &window_ops, window, err);
		if (ret)
			return ret;
	}
	return 0;
}

struct device *device_create(const struct device_class *class, const struct device_env *env, const struct device_binding *binding,
                             struct error *err)
{
	if (check_windows(class, binding, err))
		return NULL;
	struct device *dev = allocate(class, env, binding, err);
	if (!dev)
		return NULL;
	if (class->realize && class->realize(dev, binding, err)) {
		release(dev);
		return NULL;
	}
	/* Last, because phys has no way to take a window back. */
	if (map_windows(dev, binding, err)) {
		device_destroy(dev);
		return NULL;
	}
	device_reset(dev);
	return dev;
}

void device_destroy(struct device *dev)
{
	if (!dev)
		return;
	if (dev->class->unrealize)
		dev->class->unrealize(dev);
	release(dev);
}

void device_reset(struct device *dev)
{
	for (unsigned e = 0; e < dev->elements; e++)
		dev->regs[e] = dev->class->regs[dev->row[e]].reset;
	if (dev->class->reset)
		dev->class->reset(dev);
}

void device_update(struct device *dev)
{
	if (dev->class->update)
		dev->class->update(dev);
}

void device_firmware(struct device *dev)
{
	if (dev->class->firmware)
		dev->class->firmware(dev);
}

/* Snapshots: regs[] as little-endian words, then the extra state as it lies in memory (the host is little endian). */

size_t device_state_size(const struct device *dev)
{
	return dev->elements * sizeof(uint32_t) + dev->class->extra_size;
}

void device_save(const struct device *dev, void *to)
{
	size_t regs = dev->elements * sizeof(uint32_t);

	memcpy(to, dev->regs, regs);
	if (dev->class->extra_size)
		memcpy((char *)to + regs, (const char *)dev + dev->class->extra_offset, dev->class->extra_size);
}

static void put_state(struct device *dev, const void *from)
{
	size_t regs = dev->elements * sizeof(uint32_t);

	memcpy(dev->regs, from, regs);
	if (dev->class->extra_size)
		memcpy((char *)dev + dev->class->extra_offset, (const char *)from + regs, dev->class->extra_size);
}

static int check_regs(const struct device *dev, const uint32_t *words, struct error *err)
{
	for (unsigned e = 0; e < dev->elements; e++) {
		const struct device_reg *reg = &dev->class->regs[dev->row[e]];
		uint32_t may = reg->smask | (reg->access & REG_WO && !reg->write ? reg->wmask : 0);
		uint32_t word;
		memcpy(&word, words + e, sizeof word);
		if ((word ^ reg->reset) & ~may)
			return error_set(err, EINVAL, "snapshot of %s (%s): %s is 0x%08x, which the device cannot hold", dev->path,
			                 dev->class->name, reg->name, word);
	}
	return 0;
}

int device_load(struct device *dev, const void *from, size_t size, struct error *err)
{
	size_t want = device_state_size(dev);

	if (size != want)
		return error_set(err, EINVAL, "snapshot of %s (%s) has %zu bytes; this version of the device has %zu", dev->path,
		                 dev->class->name, size, want);
	if (check_regs(dev, from, err))
		return -EINVAL;
	void *old = malloc(want + 1);
	if (!old)
		return error_set(err, ENOMEM, "%s: out of memory", dev->path);
	device_save(dev, old);
	put_state(dev, from);
	int ret = dev->class->post_load ? dev->class->post_load(dev) : 0;
	if (ret) {
		put_state(dev, old);
		ret = error_set(err, EINVAL, "snapshot of %s (%s) holds an impossible state", dev->path, dev->class->name);
	}
	free(old);
	return ret;
}
