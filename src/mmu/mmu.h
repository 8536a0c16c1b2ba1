/*
 * mmu.h - address translation of one core: the walker, shadow spaces with write-traced primaries, and the slow path of
 * guest memory accesses.  DESIGN.md §3; ARM DDI 0406C.d chapter B3.
 */
#ifndef DBTVM_MMU_MMU_H
#define DBTVM_MMU_MMU_H

#include "base/base.h"
#include "base/error.h"
#include "memory/phys.h"

struct cpu;
struct mmu;

#define SPACE_PAGES (1u << 20)

/*
 * One shadow space: flat tables over the 2^20 pages of the guest's address space, lazily backed by the host. Emitted code
 * indexes them directly.
 *   read[], write[]: host address - guest address of the page; 0: take the slow path.
 *   exec[]: physical frame number + 1; 0: take the slow path. Device pages, from which nothing is fetched, have SPACE_DEVICE, what the
 *   context may do there and the number of the physical page instead, from the first access on and as long as the mapping holds.
 */
struct space {
	uint64_t read[SPACE_PAGES];
	uint64_t write[SPACE_PAGES];
	uint32_t exec[SPACE_PAGES];
};
#define SPACE_DEVICE (1u << 31)
#define SPACE_DEVICE_R (1u << 30)
#define SPACE_DEVICE_W (1u << 29)
#define SPACE_DEVICE_PAGE ((1u << 28) - 1)
#define SPACE_READ_OFFSET 0u
#define SPACE_WRITE_OFFSET (SPACE_PAGES * 8u)
#define SPACE_EXEC_OFFSET (SPACE_PAGES * 16u)
static_assert(offsetof(struct space, write) == SPACE_WRITE_OFFSET, "emitted code");
static_assert(offsetof(struct space, exec) == SPACE_EXEC_OFFSET, "emitted code");

/*
 * Behind the tables: the window of the space, 4 GiB in which the byte of guest address va is at SPACE_WINDOW_OFFSET + va when it is mapped
 * (window.c), and a fault when it is not; guards lie on both sides. All of a space is one reservation, so an access to
 * window + any 32-bit address + any offset of less than SPACE_WINDOW_GUARD reaches guest RAM or faults.
 */
#define SPACE_WINDOW_GUARD 0x10000u
#define SPACE_WINDOW_OFFSET ((uint32_t)sizeof(struct space) + SPACE_WINDOW_GUARD)
#define SPACE_WINDOW_SIZE (1ull << 32)
#define SPACE_RESERVED (SPACE_WINDOW_OFFSET + SPACE_WINDOW_SIZE + SPACE_WINDOW_GUARD)

enum mmu_access { MMU_READ, MMU_WRITE, MMU_EXEC };

/* What a walk found. */
struct walk {
	gpa_t pa;             /* of the address asked for */
	uint32_t page_size;   /* 4 KiB, 64 KiB, 1 MiB, 16 MiB; 4 KiB with the MMU off */
	uint8_t domain, ap;   /* ap: APX:AP */
	bool xn, pxn, ng, shareable, device; /* device: Device or Strongly-ordered memory: unaligned accesses abort */
	bool global_off;      /* MMU off: flat map */
	uint8_t texcb;        /* TEX:C:B */
	uint8_t levels;       /* descriptors read: 0, 1 or 2 */
	gpa_t desc[2];        /* their addresses */
	uint32_t desc_value[2];
};

/* One per core. NULL and a filled error: out of memory. Sets cpu->mmu and cpu->space. */
struct mmu *mmu_create(struct cpu *cpu, struct phys *phys, struct error *err);
void mmu_destroy(struct mmu *mmu);
/* Drops everything derived: all spaces, all traces of tables. */
void mmu_reset(struct mmu *mmu);

/*
 * Translates @va (B3.3, B3.5, B3.7) for an access of kind @access. Returns 0, or the fault status FS[4:0] in DFSR layout
 * (bits 10, 3:0, and the domain in 7:4). Reads tables from guest memory; sets the access flag when SCTLR.HA. No shadows involved.
 */
int mmu_walk(struct cpu *cpu, gva_t va, enum mmu_access access, bool privileged, struct walk *walk);

/* The current context changed (cpu_hooks.mmu_changed): points cpu->space to its shadow space, flushing nothing. */
void mmu_switch(struct cpu *cpu);
/*
 * Memory windows: OFF (the default), AUTO: of spaces that run for long, ALWAYS: of all from the beginning, whatever it costs (tests).
 * Off when the host did not give the address space.
 */
enum window_mode { WINDOWS_OFF, WINDOWS_AUTO, WINDOWS_ALWAYS };
void mmu_set_windows(struct mmu *mmu, enum window_mode mode);
/* @insns guest instructions were executed, most of them in the current space: a sample, from which windows get their credit. */
void mmu_ran(struct cpu *cpu, uint32_t insns);
/*
 * An access to the byte at @va faulted in the current space's window and was done by mmu_load() or mmu_store(): maps the page if it can.
 * False: the same access will fault again.
 */
bool mmu_window_fault(struct cpu *cpu, gva_t va, bool write);
/* The same for an access that aborted: the guest's fault, but the host's costs the same, and a window where it is the rule does not pay. */
void mmu_window_abort(struct cpu *cpu);
/* cpu_hooks.tlb_op and .translate */
void mmu_tlb_op(struct cpu *cpu, int kind, uint32_t value);
uint32_t mmu_translate(struct cpu *cpu, gva_t va, bool write, bool privileged);

/* Flags of an access. */
#define ACCESS_SIZE(log2) ((uint32_t)(log2))       /* bits 1:0: 1, 2, 4 or 8 bytes */
#define ACCESS_SIZE_MASK 3u
#define ACCESS_SIGNED (1u << 2)   /* sign-extend a load to 32 bits */
#define ACCESS_ALIGNED (1u << 3)  /* alignment fault when not aligned to its size whatever SCTLR.A (LDM, LDRD, LDREX) */
#define ACCESS_USER (1u << 4)     /* with user privilege: LDRT, STRT */
#define ACCESS_BE (1u << 5)       /* big-endian data (CPSR.E) */
#define ACCESS_WORD_ALIGNED (1u << 6) /* must be word aligned, though larger (LDRD, VLDR.64) */

/*
 * The slow path of a guest access: fills the shadow, honours traces, does MMIO, splits what crosses a page, checks
 * alignment. Returns 0, or -1 with cpu->fault set and nothing changed. A load's value is extended to 64 bits as the flags say.
 */
int mmu_load(struct cpu *cpu, gva_t va, uint32_t flags, uint64_t *value);
/*
 * Short cut for aligned loads of device registers whose window was accessed before: 1 when it was done, 0 when mmu_load() has to, -1 with
 * cpu->fault set.
 */
int mmu_load_device(struct cpu *cpu, gva_t va, uint32_t flags, uint32_t *value);
int mmu_store(struct cpu *cpu, gva_t va, uint32_t flags, uint64_t value);
/* The window whose register at @va was accessed last in its page, with the current context; NULL: none. For sites of translated code. */
struct region *mmu_device_window(struct cpu *cpu, gva_t va);
/*
 * An access of @size bytes at physical address @pa for a site of translated code that knows the window and that the context may do it.
 * False: not done, mmu_load() or mmu_store() has to (misaligned, not all in the window, or the device aborts it).
 */
bool mmu_device_read(struct cpu *cpu, struct region *region, gpa_t pa, unsigned size, uint32_t *value);
bool mmu_device_write(struct cpu *cpu, struct region *region, gpa_t pa, unsigned size, uint32_t value);
/*
 * LDREX/STREX (A3.4.1). @flags: size and endianness. The monitor is in cpu->exclusive.
 * mmu_store_exclusive() sets *failed to 0 or 1 as STREX writes Rd.
 */
int mmu_load_exclusive(struct cpu *cpu, gva_t va, uint32_t flags, uint64_t *value);
int mmu_store_exclusive(struct cpu *cpu, gva_t va, uint32_t flags, uint64_t value, uint32_t *failed);

/*
 * Fetch: makes exec[] valid for @va's page. Returns 0 and the host address of the page's bytes and its frame;
 * -1 with cpu->fault set (prefetch abort). *host is NULL when the page is not RAM or ROM (code in MMIO: external abort).
 */
int mmu_fetch_page(struct cpu *cpu, gva_t va, const uint8_t **host, gpa_t *pa, struct frame **frame);

/* The frame holds translated code from now on (or no longer): stores to it take the slow path in every space of every core. */
void mmu_trace_code(struct mmu *mmu, gpa_t pa, struct frame *frame);
void mmu_untrace_code(struct mmu *mmu, gpa_t pa, struct frame *frame);
/* phys_hooks.table_written */
void mmu_table_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size);

/* Debugger's view: never faults the guest, fills nothing, no side effects on RAM. Returns bytes done. */
size_t mmu_debug_read(struct cpu *cpu, gva_t va, void *to, size_t len);
size_t mmu_debug_write(struct cpu *cpu, gva_t va, const void *from, size_t len);

/* Re-walks the primaries for all valid shadow entries and compares (-d shadow-check). Returns differences, logged. */
unsigned mmu_check(struct cpu *cpu);
/* `info shadow`: spaces, entries, traced frames. */
void mmu_print(struct mmu *mmu, void (*print)(void *opaque, const char *line), void *opaque);

/*
 * Device accesses that found nothing: the machine names the place to the user. Called once per access, before the abort is taken.
 * The VM lock is taken by these two as well: MMIO runs under it.
 */
struct mmu_hooks {
	void (*lock)(void *opaque);
	void (*unlock)(void *opaque);
	void (*unassigned)(void *opaque, struct cpu *cpu, gva_t va, gpa_t pa, unsigned size, bool write, uint64_t value);
};
void mmu_set_hooks(struct mmu *mmu, const struct mmu_hooks *hooks, void *opaque);

#endif
