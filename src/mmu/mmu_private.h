/*
 * mmu_private.h - what the files of this room share.
 *
 *   walk.c    descriptors to addresses and permissions, for any context; knows no shadows
 *   space.c   contexts to shadow spaces: look-up, sharing, recycling
 *   shadow.c  entries of a space: fill, drop, what they depend on
 *   trace.c   the other direction: from a frame to the shadows derived from it (tables) or mapping it (writers)
 *   window.c  what of a space's entries is mapped for translated code to reach without look-up
 *   access.c  loads, stores, exclusives; fetch.c  instruction fetch, address translation operations, debugger
 *   check.c   self-check and `info shadow`
 *
 * Dependencies. All entries of one MiB of one space (struct mib) come from one first-level descriptor, and through that from at most
 * one second-level table. So a MiB hangs on two lists: that of the frame with its first-level descriptor and that of the frame with its
 * second-level table (struct table). A write to a first-level word drops the MiBs that came from that word; a write to a
 * second-level word drops one page of each MiB that uses its table. Entries that map a frame writable hang on the frame as well
 * (struct writer), so that a trace can take them away.
 */
#ifndef DBTVM_MMU_MMU_PRIVATE_H
#define DBTVM_MMU_MMU_PRIVATE_H

#include "base/base.h"
#include "cpu/cpu.h"
#include "mmu/mmu.h"

/* Everything that a translation depends on. Compared as eight words. */
struct context {
	uint32_t ttbr0, ttbr1, ttbcr, dacr;
	uint32_t sctlr; /* only CONTEXT_SCTLR */
	uint32_t prrr, nmrr;
	uint32_t privileged;
};
#define CONTEXT_SCTLR (SCTLR_M | SCTLR_HA | SCTLR_EE | SCTLR_TRE | SCTLR_AFE)

/* The context of @cpu. In line, word by word: it runs at each mode and domain switch, and must not wait for store forwarding. */
static inline void context_of(const struct cpu *cpu, bool privileged, struct context *context)
{
	const struct cp15 *c = &cpu->cp15;

	if (unlikely(!(c->sctlr & SCTLR_M))) {
		*context = (struct context){ .privileged = 1 };
		return;
	}
	context->ttbr0 = c->ttbr0 & (~0u << (14 - (c->ttbcr & 7)));
	context->ttbr1 = c->ttbr1 & ~0x3fffu;
	context->ttbcr = c->ttbcr & 0x37;
	context->dacr = c->dacr;
	context->sctlr = c->sctlr & CONTEXT_SCTLR;
	context->prrr = c->prrr;
	context->nmrr = c->nmrr;
	context->privileged = privileged;
}

static inline bool same_context(const struct context *a, const struct context *b)
{
	return !((a->ttbr0 ^ b->ttbr0) | (a->ttbr1 ^ b->ttbr1) | (a->ttbcr ^ b->ttbcr) | (a->dacr ^ b->dacr) | (a->sctlr ^ b->sctlr) |
	         (a->prrr ^ b->prrr) | (a->nmrr ^ b->nmrr) | (a->privileged ^ b->privileged));
}

/* --- walk.c --- */
#define PERM_R 1u
#define PERM_W 2u
#define PERM_X 4u

/* The fault status codes, FS[4] in bit 10 (B3.13.3). */
#define FS_ALIGNMENT 0x001u
#define FS_ACCESS_FLAG 0x003u  /* +3: second level */
#define FS_TRANSLATION 0x005u  /* +2 */
#define FS_EXTERNAL 0x008u
#define FS_DOMAIN 0x009u       /* +2 */
#define FS_WALK_EXTERNAL 0x00cu /* +2 */
#define FS_PERMISSION 0x00du   /* +2 */

/* The address of the first-level descriptor of @va; false: TTBCR.PDn forbids the walk. */
bool walk_first_level(const struct context *context, gva_t va, gpa_t *address);
/*
 * Walks from the first-level descriptor at @address. Fills @walk and @perms (PERM_* that @context has). Returns 0, or the FSR of a
 * translation, access flag, domain or external fault. @set_af: update the access flag in memory (SCTLR.HA).
 */
int walk_from(struct phys *phys, const struct context *context, gpa_t address, gva_t va, bool set_af, struct walk *walk, unsigned *perms);
/* Both, and the flat map when the MMU is off. */
int walk_lookup(struct phys *phys, const struct context *context, gva_t va, bool set_af, struct walk *walk, unsigned *perms);
/* The FSR when @perms lacks what @access needs; 0. */
int walk_check(const struct walk *walk, unsigned perms, enum mmu_access access);

/* --- data --- */
#define MMU_SPACES 64
#define MIB_COUNT 4096
#define MIB_PAGES 256
#define MMU_TABLES 32768     /* table frames traced at once; more: everything is dropped */
#define MMU_WRITERS (1u << 20)
#define SOFT_ENTRIES 256
#define SWITCH_SLOTS 64
#define MMU_FAMILIES 32
/* Writes to a traced table without a fill from it in between before its trace is given up. */
#define TABLE_WRITE_LIMIT 16

#define L1_BUCKETS 16

/* A frame that holds descriptors which shadows depend on; frame->table points here. Ids are mib ids + 1, 0 ends a list. */
struct table {
	struct frame *frame;
	gpa_t pa;
	uint32_t l1_head[L1_BUCKETS]; /* MiBs by first-level descriptor: word / 64 */
	uint32_t l2_head[4];          /* MiBs by second-level table: 1 KiB each */
	uint32_t deps;                /* MiBs on these lists */
	uint32_t writes;              /* since the last fill */
	struct table *next_free;
};

/* What is known of 1 MiB of a space. */
#define MIB_LINKED 1u  /* l1_table is set, on its list */
#define MIB_READ 2u    /* some read[] may be set */
#define MIB_WRITE 4u
#define MIB_EXEC 8u
#define MIB_SOFT 16u   /* some soft entry may be */
#define MIB_WINDOW 32u /* some page may be mapped in the window */
struct mib {
	uint32_t flags;
	uint32_t l1_pa, l1_value; /* first-level descriptor: where and what (low 32 bits: tables lie below 4 GiB) */
	uint32_t l1_next, l1_prev, l2_next, l2_prev;
	uint32_t unused;
	struct table *l1_table, *l2_table; /* l2_table NULL: section */
};

/* A write[] entry seen from the frame it maps. Stays linked when the entry is dropped, so that a refill costs nothing. */
struct writer {
	struct frame *frame;
	uint32_t next, prev; /* ids; 0 ends */
	uint32_t page;       /* shadow index << 20 | page */
};

#define WINDOW_PERMS (PERM_R | PERM_W)
#define WINDOW_DROP 8u /* how often the page was taken away since the window was empty, in the bits from here up */
struct window {
	uint8_t *pages;        /* [SPACE_PAGES]: PERM_R, PERM_W of what is mapped, WINDOW_DROP counts; NULL before the window was opened first */
	bool open;             /* the space's code uses it */
	bool used;             /* something may be mapped */
	uint8_t closed;        /* how often it had to be */
	uint32_t mapped;       /* pages since it was empty, about */
	uint64_t ran;          /* guest instructions in the space since it was made or its window closed */
	int64_t credit;        /* what windows may cost it, in instructions */
};

struct shadow {
	struct space *space;   /* the tables that emitted code indexes */
	uint32_t *writer;      /* [SPACE_PAGES]: writer id of the page's write entry, or 0 */
	struct mib *mibs;      /* [MIB_COUNT] */
	uint64_t used[MIB_COUNT / 64]; /* MiBs with flags != 0 */
	struct context key;
	uint32_t index;
	bool live;             /* has a key */
	bool shared;           /* only global mappings so far: serves every TTBR0 */
	bool flat;             /* MMU off */
	struct window window;
	uint64_t last_used;
};

/* The slow path's own translation cache: pages that are not in read[] or write[] (devices, traced frames). */
struct soft {
	struct shadow *shadow;
	uint64_t generation;
	uint32_t page;
	gpa_t pa;
	struct region *region; /* NULL: MMIO or nothing */
	struct region *mmio;   /* the window that was accessed last in the page, or NULL */
	struct frame *frame;
	uint8_t *host;
	uint8_t perms;
	bool device;
};

struct switch_slot {
	struct context key;
	struct shadow *shadow; /* NULL: the slot is empty */
	struct shadow *user;   /* the same with user privilege; NULL: not looked up yet */
};

/* All contexts that differ in TTBR0 only. */
struct family {
	struct context key; /* ttbr0 = 0 */
	bool private;       /* a non-global mapping was met: one space for each TTBR0 */
};

struct mmu {
	struct cpu *cpu;
	struct phys *phys;
	struct context context;   /* of cpu->space */
	struct shadow *current;
	struct shadow *user;      /* for ACCESS_USER in this context; NULL: not looked up yet, cpu->user_space is empty */
	struct switch_slot *slot; /* of this context */
	struct space *empty;      /* never written: cpu->user_space needs no test for NULL */
	uint64_t clock;
	struct switch_slot slots[SWITCH_SLOTS];
	struct soft soft[SOFT_ENTRIES];
	uint64_t soft_generation;
	struct shadow shadows[MMU_SPACES];
	/* By MiB: how many shared spaces have it linked. What others have is never stale, so TLB maintenance by address looks here first. */
	uint8_t shared_mibs[MIB_COUNT];
	unsigned shadow_count;    /* with memory */
	struct family families[MMU_FAMILIES];
	unsigned family_count;
	struct table *tables, *free_tables;
	uint32_t tables_used;     /* high-water mark of the array */
	uint32_t traced;          /* frames under table trace */
	struct writer *writers;   /* [MMU_WRITERS], index = id */
	uint32_t writers_used, free_writer;
	enum window_mode window_mode;
	bool windows_reserved;    /* all spaces have address space for one */
	bool window_room;         /* the host has not refused a mapping yet */
	uint32_t window_pieces;   /* mappings made and split in all windows */
	const struct mmu_hooks *hooks;
	void *hooks_opaque;
};

/* --- space.c --- */
/* The shadow for accesses with @privileged in the current context. */
struct shadow *space_for_other(struct mmu *mmu, bool privileged);
static inline struct shadow *space_for(struct mmu *mmu, bool privileged)
{
	return likely(privileged == (mmu->context.privileged != 0)) ? mmu->current : space_for_other(mmu, privileged);
}
/* A non-global mapping for a shared space: it becomes private to the current TTBR0. */
void space_make_private(struct mmu *mmu, struct shadow *shadow, const struct context *context);
/* Drops all spaces' contents and all traces, keeps keys. Run when a pool is exhausted. */
void space_drop_all(struct mmu *mmu);

/* --- shadow.c --- */
/*
 * Translates @va in @shadow for @access and makes what entries can be made. Returns the soft entry that describes the page
 * (valid until the next fill or drop), or NULL and the FSR in *fsr.
 */
struct soft *shadow_fill(struct mmu *mmu, struct shadow *shadow, const struct context *context, gva_t va, enum mmu_access access,
                         uint32_t *fsr);
static inline struct soft *soft_slot(struct mmu *mmu, const struct shadow *shadow, uint32_t page)
{
	return &mmu->soft[(page ^ page >> 8 ^ shadow->index << 5) % SOFT_ENTRIES];
}
/* Removes the entries of one page. */
void shadow_drop_page(struct mmu *mmu, struct shadow *shadow, uint32_t page);
/* Removes the entries of a MiB and its dependencies. */
void shadow_drop_mib(struct mmu *mmu, struct shadow *shadow, uint32_t mib);
void shadow_clear(struct mmu *mmu, struct shadow *shadow);

/* --- window.c --- */
void window_open(struct mmu *mmu, struct shadow *shadow);
/* The space is to serve another context: as before window_open(). */
void window_forget(struct mmu *mmu, struct shadow *shadow);
/* The entries of a page, or of a MiB with MIB_WINDOW, are gone; write[] of a page is. */
void window_drop_page(struct mmu *mmu, struct shadow *shadow, uint32_t page);
void window_drop_mib(struct mmu *mmu, struct shadow *shadow, uint32_t mib);
void window_protect_page(struct mmu *mmu, struct shadow *shadow, uint32_t page);

/* --- trace.c --- */
/* Puts the frame at @pa under table trace; NULL: it is not memory, or the pool is empty. */
struct table *trace_table(struct mmu *mmu, gpa_t pa);
void table_link(struct mmu *mmu, struct shadow *shadow, uint32_t mib, struct table *l1, struct table *l2, gpa_t l2_base);
void table_unlink(struct mmu *mmu, struct shadow *shadow, uint32_t mib);
/* Makes @page's write entry known to @frame. False: the pool is empty. */
bool writer_link(struct mmu *mmu, struct shadow *shadow, uint32_t page, struct frame *frame);
/* Takes all write[] entries of the frame away. */
void writers_remove(struct mmu *mmu, struct frame *frame);

static inline uint32_t mib_id(const struct shadow *shadow, uint32_t mib)
{
	return (shadow->index << 12 | mib) + 1;
}
static inline struct mib *mib_of(struct mmu *mmu, uint32_t id, struct shadow **shadow, uint32_t *mib)
{
	*shadow = &mmu->shadows[(id - 1) >> 12];
	*mib = (id - 1) & (MIB_COUNT - 1);
	return &(*shadow)->mibs[*mib];
}

#endif
