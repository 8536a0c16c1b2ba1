/*
 * phys.h - the physical address space of one VM: RAM frames, ROM, byte-granular MMIO windows.
 *
 * RAM and ROM are whole 4 KiB frames backed by host memory. MMIO windows have any address and
 * size: several may share a page, and what lies between them is an external abort.
 * The map is built before the VM runs and does not change afterwards (remapping goes through phys_map_changed()).
 */
#ifndef DBTVM_MEMORY_PHYS_H
#define DBTVM_MEMORY_PHYS_H

#include "base/base.h"
#include "base/error.h"

struct phys;

/* Result of an access: 0, or PHYS_ABORT (external abort). */
#define PHYS_OK 0
#define PHYS_ABORT 1

/* A register that is a word in host memory, at least for the time being. */
struct mmio_plain {
	const uint32_t *value;
	const uint32_t *ready; /* NULL: always */
};

/*
 * An MMIO window's functions. @offset: bytes from the window's start; @size: 1, 2 or 4 (an 8-byte access arrives as two);
 * @value little endian in the low bytes. Return PHYS_OK or PHYS_ABORT. Called with the VM lock held.
 */
struct mmio_ops {
	int (*read)(void *opaque, uint32_t offset, unsigned size, uint32_t *value);
	int (*write)(void *opaque, uint32_t offset, unsigned size, uint32_t value);
	/*
	 * True: a read of the word at @offset does nothing but give *plain->value, whenever *plain->ready is not 0. The addresses stay, and may
	 * be read without the VM lock. May be NULL: there are no such words.
	 */
	bool (*plain)(void *opaque, uint32_t offset, struct mmio_plain *plain);
};

enum region_kind { REGION_RAM, REGION_ROM, REGION_MMIO };

struct region {
	enum region_kind kind;
	gpa_t base;
	uint64_t size;
	char name[48];      /* for messages and statistics */
	uint8_t *host;      /* RAM, ROM: host address of base */
	int fd;             /* RAM, ROM: memfd that @host maps from offset 0, for further mappings of single frames; -1: none */
	struct frame *frames; /* RAM, ROM: one a page */
	const struct mmio_ops *ops;
	void *opaque;
	uint64_t reads, writes; /* MMIO: counted for -stats */
};

/* Why a frame's writes are traced: it loses its write[] entries in all shadow spaces (DESIGN.md §3). */
#define FRAME_TRACE_TABLE (1u << 0) /* holds page tables that shadows depend on */
#define FRAME_TRACE_CODE (1u << 1)  /* holds translated code */

/* What is known of one RAM or ROM frame. The owners of the lists are the MMU and the translator. */
struct frame {
	uint8_t trace;        /* FRAME_TRACE_* */
	uint8_t dirty;        /* FRAME_DIRTY_*: written since last cleared, for displays */
	bool was_table;       /* has held page tables under trace since the machine started */
	uint64_t code_lines;  /* bit n: translated code overlaps bytes n*64..n*64+63 */
	void *blocks;         /* translator: blocks that overlap this frame */
	void *table;          /* mmu: what is derived from tables in this frame */
	void *writers;        /* mmu: shadow write[] entries that map this frame */
};
#define FRAME_DIRTY_DISPLAY (1u << 0)

/* Calls when a traced frame is written by whatever way. @offset, @size: bytes within the frame, after the store was done. */
struct phys_hooks {
	void (*table_written)(void *opaque, struct frame *frame, gpa_t addr, unsigned size);
	void (*code_written)(void *opaque, struct frame *frame, gpa_t addr, unsigned size);
};

/* NULL and a filled error when out of memory. */
struct phys *phys_create(struct error *err);
void phys_destroy(struct phys *phys);
void phys_set_hooks(struct phys *phys, const struct phys_hooks *hooks, void *opaque);

/*
 * Adds a region. -EEXIST and a message naming both when it overlaps another one (MMIO may not overlap either),
 * -EINVAL for RAM/ROM that is not page aligned, -ENOMEM. Host memory of RAM is a memfd mapping, zero, lazily allocated.
 */
int phys_add_ram(struct phys *phys, const char *name, gpa_t base, uint64_t size, struct error *err);
int phys_add_rom(struct phys *phys, const char *name, gpa_t base, uint64_t size, struct error *err);
int phys_add_mmio(struct phys *phys, const char *name, gpa_t base, uint64_t size, const struct mmio_ops *ops,
                  void *opaque, struct error *err);

/* The region that holds @addr; NULL: nothing there. O(log n). */
struct region *phys_find(struct phys *phys, gpa_t addr);
/* The RAM or ROM region of the frame that holds @addr, and the frame; NULL: not RAM or ROM. O(1) for RAM. */
struct region *phys_find_frame(struct phys *phys, gpa_t addr, struct frame **frame);
/* The RAM or ROM region whose host memory holds @host; NULL: none. */
struct region *phys_find_host(struct phys *phys, const uint8_t *host);
/* Host address of @addr when [addr, addr+len) is RAM or ROM in one region; NULL otherwise. Does not trace: for loads. */
void *phys_host(struct phys *phys, gpa_t addr, uint64_t len);

/*
 * One access of 1, 2, 4 or 8 bytes that does not cross a page, little endian value, RAM/ROM/MMIO. Stores to ROM are ignored.
 * PHYS_ABORT: nothing there, or the device said so. Traces are honoured.
 */
int phys_read(struct phys *phys, gpa_t addr, unsigned size, uint64_t *value);
int phys_write(struct phys *phys, gpa_t addr, unsigned size, uint64_t value);
/* DMA: copies over any number of RAM pages; traces are honoured. Returns bytes copied before something that is not memory. */
uint64_t phys_copy_from(struct phys *phys, void *to, gpa_t from, uint64_t len);
uint64_t phys_copy_to(struct phys *phys, gpa_t to, const void *from, uint64_t len);
/* Tells the tracers that [addr, addr+size) in @frame was stored to by other means (emitted code's slow path). */
void phys_written(struct phys *phys, struct frame *frame, gpa_t addr, unsigned size);
/* Stores to @addr regardless of ROM (boot loader, flash programming). False: no memory there. */
bool phys_load(struct phys *phys, gpa_t addr, const void *from, uint64_t len);

/* Walks all regions in address order. */
void phys_for_each(struct phys *phys, void (*fn)(void *opaque, struct region *region), void *opaque);
/* Total bytes of RAM, and the first RAM region's base. */
uint64_t phys_ram_size(struct phys *phys, gpa_t *base);

#endif
