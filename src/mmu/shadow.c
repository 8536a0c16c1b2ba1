/*
 * shadow.c - entries of a shadow space: made on demand from a walk, dropped when what they came from changes.
 */
#include "base/base.h"
#include "mmu/mmu.h"

#include <string.h>

#include "base/log.h"
#include "mmu/mmu_private.h"

void shadow_drop_page(struct mmu *mmu, struct shadow *shadow, uint32_t page)
{
	struct mib *m = &shadow->mibs[page / MIB_PAGES];
	struct space *space = shadow->space;

	if (m->flags & MIB_READ)
		space->read[page] = 0;
	if (m->flags & MIB_WRITE)
		space->write[page] = 0;
	if (m->flags & MIB_EXEC)
		space->exec[page] = 0;
	if (m->flags & MIB_WINDOW)
		window_drop_page(mmu, shadow, page);
	if (m->flags & MIB_SOFT) {
		struct soft *soft = soft_slot(mmu, shadow, page);

		if (soft->page == page)
			soft->shadow = NULL;
	}
	mmu->cpu->stats[CPU_STAT_SHADOW_DROPS]++;
}

void shadow_drop_mib(struct mmu *mmu, struct shadow *shadow, uint32_t mib)
{
	struct mib *m = &shadow->mibs[mib];
	struct space *space = shadow->space;
	uint32_t page = mib * MIB_PAGES;

	if (m->flags & MIB_READ)
		memset(&space->read[page], 0, MIB_PAGES * sizeof(space->read[0]));
	if (m->flags & MIB_WRITE)
		memset(&space->write[page], 0, MIB_PAGES * sizeof(space->write[0]));
	if (m->flags & MIB_EXEC)
		memset(&space->exec[page], 0, MIB_PAGES * sizeof(space->exec[0]));
	if (m->flags & MIB_WINDOW)
		window_drop_mib(mmu, shadow, mib);
	if (m->flags & MIB_SOFT)
		mmu->soft_generation++;
	if (m->flags & MIB_LINKED)
		table_unlink(mmu, shadow, mib);
	m->flags = 0;
	shadow->used[mib >> 6] &= ~(1ull << (mib & 63));
	mmu->cpu->stats[CPU_STAT_SHADOW_DROPS]++;
}

void shadow_clear(struct mmu *mmu, struct shadow *shadow)
{
	for (unsigned i = 0; i < ARRAY_SIZE(shadow->used); i++)
		while (shadow->used[i])
			shadow_drop_mib(mmu, shadow, i * 64 + (unsigned)__builtin_ctzll(shadow->used[i]));
	mmu->soft_generation++;
}

/*
 * The first-level descriptor to depend on. Where TTBR1's table has the same word for a global mapping of a shared space, that one:
 * kernels keep their own table there, which lives longer than a process's. It is an entry "derived from tables that are not
 * current" then, which mmu_tlb_op() looks after.
 */
static uint32_t choose_root(struct mmu *mmu, const struct shadow *shadow, const struct context *context, const struct walk *walk, gva_t va)
{
	uint32_t l1_pa = (uint32_t)walk->desc[0], other = context->ttbr1 | va >> 20 << 2, value;
	const uint32_t *word;

	if (!shadow->shared || (context->ttbcr & 7) || other == l1_pa)
		return l1_pa;
	word = phys_host(mmu->phys, other, 4);
	if (!word)
		return l1_pa;
	value = context->sctlr & SCTLR_EE ? __builtin_bswap32(*word) : *word;
	return value == walk->desc_value[0] ? other : l1_pa;
}

/* Makes @va's MiB depend on the descriptors of @walk. False: the pool of tables is empty. */
static bool depend(struct mmu *mmu, struct shadow *shadow, const struct context *context, const struct walk *walk, gva_t va)
{
	uint32_t mib = va >> 20, value = walk->desc_value[0], l1_pa = (uint32_t)walk->desc[0];
	struct mib *m = &shadow->mibs[mib];
	struct table *l1, *l2 = NULL;

	if (likely((m->flags & MIB_LINKED) && m->l1_value == value && (m->l1_pa == l1_pa || shadow->shared))) {
		if (m->l2_table)
			m->l2_table->writes = 0;
		m->l1_table->writes = 0;
		return true;
	}
	if (m->flags)
		shadow_drop_mib(mmu, shadow, mib);
	l1_pa = choose_root(mmu, shadow, context, walk, va);
	l1 = trace_table(mmu, l1_pa);
	if (!l1)
		return false;
	l1->writes = 0;
	if (walk->levels == 2) {
		/* Tracing a second table must not free the first, which nothing depends on yet. */
		l2 = trace_table(mmu, walk->desc[1]);
		if (!l2) {
			/* Leave the empty trace: space_drop_all() does not find it, but its first write ends it. */
			return false;
		}
		l2->writes = 0;
	}
	m->l1_pa = l1_pa;
	m->l1_value = value;
	table_link(mmu, shadow, mib, l1, l2, walk->desc[1] & ~0x3ffull);
	return true;
}

/* Flat maps depend on nothing, but their MiBs are noted for shadow_clear(). */
static void note_flat(struct shadow *shadow, gva_t va)
{
	shadow->used[va >> 26] |= 1ull << (va >> 20 & 63);
}

static void set_data_entries(struct mmu *mmu, struct shadow *shadow, struct soft *soft, gva_t va)
{
	uint32_t page = va >> GUEST_PAGE_BITS;
	struct mib *m = &shadow->mibs[va >> 20];
	uint64_t addend = (uint64_t)(uintptr_t)soft->host - (va & ~(gva_t)GUEST_PAGE_MASK);

	if (soft->device)
		return;
	if (soft->perms & PERM_R) {
		shadow->space->read[page] = addend;
		m->flags |= MIB_READ;
	}
	/* ROM ignores stores, so they must not reach host memory. */
	if (!(soft->perms & PERM_W) || soft->frame->trace || soft->region->kind != REGION_RAM)
		return;
	if (!writer_link(mmu, shadow, page, soft->frame))
		return;
	shadow->space->write[page] = addend;
	m->flags |= MIB_WRITE;
}

/* The mark by which translated code knows a device page (mmu.h). */
static void set_device_entry(struct shadow *shadow, const struct soft *soft, gva_t va)
{
	uint32_t perms = (soft->perms & PERM_R ? SPACE_DEVICE_R : 0) | (soft->perms & PERM_W ? SPACE_DEVICE_W : 0);

	shadow->space->exec[va >> GUEST_PAGE_BITS] = SPACE_DEVICE | perms | (uint32_t)(soft->pa >> GUEST_PAGE_BITS);
	shadow->mibs[va >> 20].flags |= MIB_EXEC;
}

static struct soft *set_soft(struct mmu *mmu, struct shadow *shadow, gva_t va, const struct walk *walk, unsigned perms)
{
	uint32_t page = va >> GUEST_PAGE_BITS;
	struct soft *soft = soft_slot(mmu, shadow, page);

	soft->shadow = shadow;
	soft->page = page;
	soft->generation = mmu->soft_generation;
	soft->pa = walk->pa & ~(gpa_t)GUEST_PAGE_MASK;
	soft->perms = (uint8_t)perms;
	soft->device = walk->device;
	soft->frame = NULL;
	soft->host = NULL;
	soft->mmio = NULL;
	soft->region = phys_find_frame(mmu->phys, soft->pa, &soft->frame);
	if (soft->region)
		soft->host = soft->region->host + (soft->pa - soft->region->base);
	shadow->mibs[va >> 20].flags |= MIB_SOFT;
	return soft;
}

static void log_walk(struct mmu *mmu, const struct context *context, gva_t va, enum mmu_access access, const struct walk *walk, int fault)
{
	static const char *const names[] = { [MMU_READ] = "read", [MMU_WRITE] = "write", [MMU_EXEC] = "fetch" };
	const char *who = context->privileged ? "privileged" : "user";

	if (fault)
		log_printf(mmu->cpu->log, LOG_MMU, "mmu: 0x%08x %s %s: fault, status 0x%03x, ttbr0 0x%08x dacr 0x%08x\n", va, who, names[access],
		           (unsigned)fault, context->ttbr0, context->dacr);
	else
		log_printf(mmu->cpu->log, LOG_MMU, "mmu: 0x%08x %s %s: 0x%08" PRIx64 ", page of %u KiB, domain %u, AP %u%s%s%s\n", va, who,
		           names[access], walk->pa, walk->page_size >> 10, walk->domain, walk->ap, walk->xn ? ", XN" : "",
		           walk->ng ? ", nG" : "", walk->device ? ", device" : "");
}

static struct soft *fill(struct mmu *mmu, struct shadow *shadow, const struct context *context, gva_t va, enum mmu_access access,
                         uint32_t *fsr)
{
	struct walk walk;
	struct soft *soft;
	unsigned perms;
	int fault = walk_lookup(mmu->phys, context, va, true, &walk, &perms);

	mmu->cpu->stats[CPU_STAT_WALKS]++;
	if (!fault)
		fault = walk_check(&walk, perms, access);
	if (unlikely(log_has(mmu->cpu->log_mask, LOG_MMU)))
		log_walk(mmu, context, va, access, &walk, fault);
	if (fault) {
		*fsr = (uint32_t)fault;
		return NULL;
	}
	if (unlikely(mmu->writers_used == MMU_WRITERS && !mmu->free_writer))
		space_drop_all(mmu);
	if (shadow->flat) {
		note_flat(shadow, va);
	} else {
		if (walk.ng && shadow->shared)
			space_make_private(mmu, shadow, context);
		if (!depend(mmu, shadow, context, &walk, va)) {
			space_drop_all(mmu);
			if (!depend(mmu, shadow, context, &walk, va))
				BUG("no table records left after everything was dropped");
		}
	}
	soft = set_soft(mmu, shadow, va, &walk, perms);
	if (access == MMU_EXEC) {
		if (soft->region) {
			shadow->space->exec[va >> GUEST_PAGE_BITS] = (uint32_t)(soft->pa >> GUEST_PAGE_BITS) + 1;
			shadow->mibs[va >> 20].flags |= MIB_EXEC;
		}
		mmu->cpu->stats[CPU_STAT_FILL_EXEC]++;
	} else {
		if (soft->region)
			set_data_entries(mmu, shadow, soft, va);
		else
			set_device_entry(shadow, soft, va);
		mmu->cpu->stats[access == MMU_WRITE ? CPU_STAT_FILL_WRITE : CPU_STAT_FILL_READ]++;
	}
	return soft;
}

struct soft *shadow_fill(struct mmu *mmu, struct shadow *shadow, const struct context *context, gva_t va, enum mmu_access access,
                         uint32_t *fsr)
{
	uint8_t before = cpu_activity_enter(mmu->cpu, ACTIVITY_WALK);
	struct soft *soft = fill(mmu, shadow, context, va, access, fsr);

	cpu_activity_leave(mmu->cpu, before);
	return soft;
}
