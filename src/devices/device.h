/*
 * device.h - what a device model is: a class with a register table, and instances that the binder makes from tree nodes.
 *
 * A model knows its registers, its lines and its back end, nothing else (DESIGN.md §5). All functions are called with the VM lock held.
 */
#ifndef DBTVM_DEVICES_DEVICE_H
#define DBTVM_DEVICES_DEVICE_H

#include "base/base.h"
#include "base/error.h"
#include "base/event.h"
#include "memory/phys.h"

struct log;
struct chardev;
struct tree;
struct device;
struct device_class;

/* An interrupt or signal line. The driver keeps its level; the sink is told of changes only. */
struct line {
	void (*sink)(void *opaque, unsigned n, bool level); /* NULL: not connected */
	void *opaque;
	unsigned n;
	bool level;
};
/*
 * Private interrupts (PPIs): a device with one instance a core drives core k's copy of a line as number n | k << LINE_CORE_SHIFT.
 * Sinks of shared lines never see such numbers.
 */
#define LINE_CORE_SHIFT 16
#define DEVICE_CORES 4 /* cores that banked models have room for */
static inline void line_set(struct line *line, bool level)
{
	if (line->level == level)
		return;
	line->level = level;
	if (line->sink)
		line->sink(line->opaque, line->n, level);
}

enum machine_request { MACHINE_POWER_OFF, MACHINE_REBOOT };

/* What a machine lends to its devices. */
struct device_env {
	struct event_clock *clock;
	struct log *log;
	struct phys *phys; /* DMA */
	/* Requests to the machine, from the system registers and watchdogs. */
	void (*request)(void *opaque, enum machine_request request);
	/* Instructions executed so far by all cores (for power and energy sensors). */
	uint64_t (*insns)(void *opaque);
	unsigned (*cpu_count)(void *opaque);
	/* Core @index's IRQ (0) or FIQ (1) input, for the GIC. */
	void (*cpu_line)(void *opaque, unsigned index, unsigned line, bool level);
	/* Which core the current MMIO access comes from (banked registers). */
	unsigned (*current_cpu)(void *opaque);
	/* Guest PC of the current MMIO access, for messages; may be NULL. */
	gva_t (*current_pc)(void *opaque);
	/* Wall-clock time at event clock 0, ns since 1970 (-rtc base): real-time clocks count from it. */
	int64_t rtc_epoch_ns;
	/* Wakes a core from the virtual pen (SYS_FLAGS written); nothing with one core. */
	void (*pen_written)(void *opaque, uint32_t entry);
	void *opaque;
};

/* Access kinds of a register. */
#define REG_RO 1u
#define REG_WO 2u
#define REG_RW 3u
#define REG_W1C 4u     /* with RW: writing 1 clears; wmask says which bits */
#define REG_SECRET 8u  /* a read has a side effect (FIFO, interrupt acknowledge): debuggers must not read it */

/* One row of a class's register table. A value lives in device->regs[] (index = row, + element for arrays) unless hooks say otherwise. */
struct device_reg {
	uint32_t offset;
	const char *name;   /* as in the device's manual */
	uint8_t access;     /* REG_* */
	uint16_t count;     /* registers in an array, 4 bytes apart; 0 means 1 */
	uint32_t reset;
	uint32_t wmask;     /* writable bits (or W1C bits) */
	uint32_t smask;     /* further bits that the model itself changes in regs[]; a snapshot may differ from reset in wmask | smask */
	/* Hooks; NULL: plain storage. @i: element of the array. post_write runs after the masked store. */
	uint32_t (*read)(struct device *dev, unsigned i);
	void (*write)(struct device *dev, unsigned i, uint32_t value);
	void (*post_write)(struct device *dev, unsigned i);
	/* Beside .read: a word that holds what it would give while *plain->ready is set (mmio_ops.plain). NULL: there is none. */
	bool (*plain)(struct device *dev, struct mmio_plain *plain);
};

/* A property or resource that a node must have. */
struct device_binding {
	const struct tree *tree;
	int node;               /* libfdt offset */
	const char *path;
	const char *compatible; /* the string that matched */
	const void *variant;    /* of the match row */
	unsigned reg_count;
	struct { gpa_t base; uint64_t size; } reg[8]; /* CPU addresses, through every ranges */
	unsigned irq_count;
	struct chardev *chardev; /* classes with .wants_chardev */
	unsigned alias_index;    /* n of "serialn" */
};

struct device_match {
	const char *compatible;
	const void *variant; /* class-specific data */
};

struct device_class {
	const char *name;                 /* "pl011" */
	const char *title;                /* "ARM PrimeCell UART (PL011)" */
	const struct device_match *match; /* ends with compatible NULL */
	size_t instance_size;             /* struct foo { struct device dev; ... } */
	const struct device_reg *regs;    /* sorted by offset */
	unsigned reg_rows;
	uint32_t window_min;              /* smallest acceptable reg size; 0: any */
	uint8_t access_sizes;             /* bit n: 2^n bytes allowed (0: only 4); others are widened (reads) or ignored with guest_errors */
	bool wants_chardev;
	/* Reads properties, connects to its back end. -errno and a message when the node is unusable. Registers are reset afterwards. */
	int (*realize)(struct device *dev, const struct device_binding *binding, struct error *err);
	void (*unrealize)(struct device *dev);
	/* Two phases: local state of all devices first, then lines of all. regs[] have their reset values when reset runs. */
	void (*reset)(struct device *dev);
	void (*update)(struct device *dev); /* computes every output line from state */
	/* After regs[] were loaded from a snapshot: -EINVAL when the state is impossible. State outside regs[]: extra_size bytes at extra_offset of the instance. */
	int (*post_load)(struct device *dev);
	size_t extra_offset, extra_size;
	/* Classes with several windows or unusual decoding handle accesses themselves; NULL: the register table does. @window: index of reg. */
	int (*read)(struct device *dev, unsigned window, uint32_t offset, unsigned size, uint32_t *value);
	int (*write)(struct device *dev, unsigned window, uint32_t offset, unsigned size, uint32_t value);
	/* Name of the register at @offset for messages of classes that decode themselves; NULL, or a NULL hook: by the table. */
	const char *(*reg_name)(const struct device *dev, unsigned window, uint32_t offset, char *buf, size_t size);
	/* Interrupt controllers: the input that an interrupt specifier of @cells cells names; -EINVAL. */
	int (*irq_input)(struct device *dev, const uint32_t *spec, unsigned cells, struct line *line, struct error *err);
	/*
	 * What the board's firmware leaves behind before it starts a kernel (a UART that is on, say). Called through device_firmware()
	 * after reset when a kernel is booted directly, never when firmware runs in the guest. NULL: nothing.
	 */
	void (*firmware)(struct device *dev);
	bool stub; /* answers IDs only: counted and named as not modelled */
};

struct device {
	const struct device_class *class;
	const struct device_env *env;
	char *path;          /* node path, for messages */
	uint32_t *regs;      /* one word per row and element */
	struct line *irq;    /* outputs in the order of the node's interrupts */
	unsigned irq_count;
	unsigned windows;
	struct device *next;
	uint64_t unknown_accesses; /* stubs: all accesses; others: those to no register */
	/* The framework's own. */
	struct device_window *window; /* one a reg entry */
	uint16_t *index;              /* of each word of the window: element of regs[] + 1, or 0 */
	const struct device_reg **reg; /* row of each word of the window, or NULL */
	unsigned words;
	uint16_t *row;                /* of each element of regs[]: its row */
	unsigned elements;
	unsigned current_window;      /* of the access that is being served */
	uint64_t told[4];             /* hash set of the places that device_unimp() has named */
};
struct device_window {
	struct device *dev;
	unsigned index;
	uint32_t size;
};

/* The word of the register at @offset; BUG when there is none. For models' own use: they do so all the time. */
static inline uint32_t *device_reg_at(struct device *dev, uint32_t offset)
{
	BUG_ON(offset / 4 >= dev->words || !dev->index[offset / 4]);
	return &dev->regs[dev->index[offset / 4] - 1];
}

/* Name of the register at @offset ("ICDIPR[3]"), "?" when there is none. Returns @buf. */
const char *device_reg_name(const struct device *dev, uint32_t offset, char *buf, size_t size);

/*
 * What the guest does to the device that its manual forbids, or what is not modelled; for models' own use. Rate limited by device,
 * offset and text. The line names device, register, the guest's PC and symbol.
 */
void device_guest_error(struct device *dev, uint32_t offset, const char *fmt, ...) PRINTF_LIKE(3, 4);
void device_unimp(struct device *dev, uint32_t offset, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Drives core @core's copy @copy of a private interrupt line that the binder connected as @line. */
void device_core_line(const struct line *line, struct line *copy, unsigned core, bool level);
/* Cores of the machine (1..DEVICE_CORES), and the one that makes the current access. */
unsigned device_cores(const struct device *dev);
unsigned device_core(const struct device *dev);

/*
 * Allocates an instance and realizes it; maps its windows into env->phys. NULL and a filled error. The registers have their reset
 * values then, but no line was driven. irq[] has binding->irq_count unconnected lines: the binder fills them by irq_input() of their
 * controllers, then calls device_update(). env must outlive the device; binding and tree need not.
 */
struct device *device_create(const struct device_class *class, const struct device_env *env, const struct device_binding *binding,
                             struct error *err);
void device_destroy(struct device *dev);
/* Phase 1 (registers and local state) and phase 2 (lines). */
void device_reset(struct device *dev);
void device_update(struct device *dev);
/* The class's firmware hook; nothing without one. */
void device_firmware(struct device *dev);
/* A guest access; what phys calls. */
int device_read(struct device *dev, unsigned window, uint32_t offset, unsigned size, uint32_t *value);
int device_write(struct device *dev, unsigned window, uint32_t offset, unsigned size, uint32_t value);
/*
 * Snapshot of regs[] and extra state; size is fixed per class. load validates and leaves the device as it was on failure.
 * Input levels of interrupt controllers are wires, not state: load all other devices, device_update() them, then load controllers.
 */
size_t device_state_size(const struct device *dev);
void device_save(const struct device *dev, void *to);
int device_load(struct device *dev, const void *from, size_t size, struct error *err);

/* All classes, NULL-terminated. */
extern const struct device_class *const device_classes[];
/* The class and match row for a compatible string; NULL: no model. */
const struct device_class *device_class_find(const char *compatible, const struct device_match **match);

#endif
