/*
 * space.c - which shadow space belongs to a context (DESIGN.md §3), and the life of the MMU object.
 *
 * A switch compares eight words of a slot chosen by TTBR0, DACR and privilege. Behind the slots stands the list of spaces, and
 * behind that recycling of the space that was current longest ago.
 *
 * Sharing. A context begins with a space that does not depend on TTBR0, because mappings with nG = 0 are the same in every address space
 * by the architecture's rule. It stays so for the kernel with the user domain closed; the first accessible non-global mapping makes the
 * whole family (contexts that differ only in TTBR0) private.
 */
#include "base/base.h"
#include "mmu/mmu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "mmu/mmu_private.h"

static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* The tables are sparse: a huge page for one entry would cost memory and time. */
	madvise(p, size, MADV_NOHUGEPAGE);
	return p;
}

/* The tables of a space, and address space for its window, from which the tables are cut out. */
static struct space *reserve_space(const struct mmu *mmu)
{
	void *space;

	if (!mmu->windows_reserved)
		return reserve(sizeof(struct space));
	space = mmap(NULL, SPACE_RESERVED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (space == MAP_FAILED)
		return NULL;
	madvise(space, sizeof(struct space), MADV_NOHUGEPAGE);
	if (mprotect(space, sizeof(struct space), PROT_READ | PROT_WRITE)) {
		munmap(space, SPACE_RESERVED);
		return NULL;
	}
	return space;
}

static bool shadow_allocate(struct mmu *mmu, struct shadow *shadow)
{
	shadow->index = (uint32_t)(shadow - mmu->shadows);
	shadow->space = reserve_space(mmu);
	shadow->writer = reserve(SPACE_PAGES * sizeof(*shadow->writer));
	shadow->mibs = reserve(MIB_COUNT * sizeof(*shadow->mibs));
	return shadow->space && shadow->writer && shadow->mibs;
}

static void shadow_free(const struct mmu *mmu, struct shadow *shadow)
{
	if (shadow->space)
		munmap(shadow->space, mmu->windows_reserved ? SPACE_RESERVED : sizeof(*shadow->space));
	if (shadow->window.pages)
		munmap(shadow->window.pages, SPACE_PAGES);
	shadow->window = (struct window){ 0 };
	if (shadow->writer)
		munmap(shadow->writer, SPACE_PAGES * sizeof(*shadow->writer));
	if (shadow->mibs)
		munmap(shadow->mibs, MIB_COUNT * sizeof(*shadow->mibs));
	shadow->space = NULL;
	shadow->writer = NULL;
	shadow->mibs = NULL;
}

/* Two spaces can be current, and a third must be there to make a new one of. */
static bool allocate_three(struct mmu *mmu)
{
	while (mmu->shadow_count < 3)
		if (!shadow_allocate(mmu, &mmu->shadows[mmu->shadow_count++]))
			return false;
	return true;
}

/* Without windows where the host limits address space. */
static bool allocate_first(struct mmu *mmu)
{
	mmu->windows_reserved = mmu->window_room = true;
	if (allocate_three(mmu))
		return true;
	while (mmu->shadow_count)
		shadow_free(mmu, &mmu->shadows[--mmu->shadow_count]);
	mmu->windows_reserved = false;
	return allocate_three(mmu);
}

struct mmu *mmu_create(struct cpu *cpu, struct phys *phys, struct error *err)
{
	struct mmu *mmu = calloc(1, sizeof(*mmu));

	if (mmu) {
		mmu->cpu = cpu;
		mmu->phys = phys;
		mmu->tables = reserve(MMU_TABLES * sizeof(*mmu->tables));
		mmu->writers = reserve(MMU_WRITERS * sizeof(*mmu->writers));
		mmu->empty = reserve(sizeof(*mmu->empty));
		mmu->writers_used = 1; /* id 0 is none */
	}
	if (!mmu || !mmu->tables || !mmu->writers || !mmu->empty || !allocate_first(mmu)) {
		mmu_destroy(mmu);
		error_set(err, ENOMEM, "cannot reserve address space for shadow page tables: raise the limit (ulimit -v)");
		return NULL;
	}
	cpu->mmu = mmu;
	/* The self-check runs at TLB maintenance. */
	cpu->tlb_filter = log_has(cpu->log_mask, LOG_SHADOW_CHECK) ? NULL : mmu->shared_mibs;
	mmu_switch(cpu);
	return mmu;
}

void mmu_destroy(struct mmu *mmu)
{
	if (!mmu)
		return;
	if (mmu->current)
		space_drop_all(mmu);
	for (unsigned i = 0; i < MMU_SPACES; i++)
		shadow_free(mmu, &mmu->shadows[i]);
	if (mmu->tables)
		munmap(mmu->tables, MMU_TABLES * sizeof(*mmu->tables));
	if (mmu->writers)
		munmap(mmu->writers, MMU_WRITERS * sizeof(*mmu->writers));
	if (mmu->empty)
		munmap(mmu->empty, sizeof(*mmu->empty));
	if (mmu->cpu->mmu == mmu) {
		mmu->cpu->mmu = NULL;
		mmu->cpu->space = mmu->cpu->user_space = NULL;
		mmu->cpu->tlb_filter = NULL;
	}
	free(mmu);
}

void mmu_set_hooks(struct mmu *mmu, const struct mmu_hooks *hooks, void *opaque)
{
	mmu->hooks = hooks;
	mmu->hooks_opaque = opaque;
}

void space_drop_all(struct mmu *mmu)
{
	for (unsigned i = 0; i < mmu->shadow_count; i++)
		shadow_clear(mmu, &mmu->shadows[i]);
	/* No write entry is left, so every writer is a dead hint. */
	for (uint32_t id = 1; id < mmu->writers_used; id++) {
		struct writer *writer = &mmu->writers[id];

		if (!writer->frame)
			continue;
		writer->frame->writers = NULL;
		mmu->shadows[writer->page >> 20].writer[writer->page & (SPACE_PAGES - 1)] = 0;
		writer->frame = NULL;
	}
	mmu->writers_used = 1;
	mmu->free_writer = 0;
}

void mmu_reset(struct mmu *mmu)
{
	space_drop_all(mmu);
	for (unsigned i = 0; i < mmu->shadow_count; i++) {
		window_forget(mmu, &mmu->shadows[i]);
		mmu->shadows[i].live = false;
	}
	memset(mmu->slots, 0, sizeof(mmu->slots));
	mmu->family_count = 0;
	mmu->current = mmu->user = NULL;
	mmu_switch(mmu->cpu);
}

static struct switch_slot *slot_of(struct mmu *mmu, const struct context *context)
{
	uint32_t hash = context->ttbr0 >> 14 ^ context->dacr * 0x9e3779b1u >> 20 ^ context->privileged << 3;

	return &mmu->slots[(hash ^ hash >> 6) % SWITCH_SLOTS];
}

/* True when the family of @context has one space for each TTBR0. A family that has no room in the table is private. */
static bool family_private(struct mmu *mmu, const struct context *context, bool set)
{
	struct context key = *context;

	key.ttbr0 = 0;
	for (unsigned i = 0; i < mmu->family_count; i++) {
		if (!same_context(&mmu->families[i].key, &key))
			continue;
		mmu->families[i].private |= set;
		return mmu->families[i].private;
	}
	if (mmu->family_count == MMU_FAMILIES)
		return true;
	mmu->families[mmu->family_count++] = (struct family){ .key = key, .private = set };
	return set;
}

static void forget_slots(struct mmu *mmu, const struct shadow *shadow)
{
	for (unsigned i = 0; i < SWITCH_SLOTS; i++) {
		if (mmu->slots[i].shadow == shadow)
			mmu->slots[i].shadow = NULL;
		if (mmu->slots[i].user == shadow)
			mmu->slots[i].user = NULL;
	}
}

/* A shadow without contents: a new one, or the one that was used longest ago. */
static struct shadow *recycle(struct mmu *mmu)
{
	struct shadow *oldest = NULL;

	for (unsigned i = 0; i < mmu->shadow_count; i++) {
		struct shadow *shadow = &mmu->shadows[i];

		if (!shadow->live)
			return shadow;
		if (shadow == mmu->current || shadow == mmu->user)
			continue;
		if (!oldest || shadow->last_used < oldest->last_used)
			oldest = shadow;
	}
	if (mmu->shadow_count < MMU_SPACES) {
		struct shadow *shadow = &mmu->shadows[mmu->shadow_count];

		if (shadow_allocate(mmu, shadow)) {
			mmu->shadow_count++;
			return shadow;
		}
		/* The host is short of address space: go on with those we have. */
		shadow_free(mmu, shadow);
	}
	BUG_ON(!oldest); /* there are more than are current */
	shadow_clear(mmu, oldest);
	forget_slots(mmu, oldest);
	window_forget(mmu, oldest);
	oldest->live = false;
	return oldest;
}

static struct shadow *space_search(struct mmu *mmu, const struct context *key)
{
	for (unsigned i = 0; i < mmu->shadow_count; i++)
		if (mmu->shadows[i].live && same_context(&mmu->shadows[i].key, key))
			return &mmu->shadows[i];
	return NULL;
}

static struct shadow *space_lookup_slow(struct mmu *mmu, const struct context *context)
{
	bool flat = !(context->sctlr & SCTLR_M);
	bool shared = !flat && !family_private(mmu, context, false);
	struct context key = *context;
	struct shadow *shadow;

	/* TTBR0 is 16 KiB aligned down to 128 bytes, so 1 cannot be a guest's. */
	if (shared)
		key.ttbr0 = 1;
	shadow = space_search(mmu, &key);
	if (!shadow) {
		shadow = recycle(mmu);
		shadow->key = key;
		shadow->live = true;
		shadow->shared = shared;
		shadow->flat = flat;
		mmu->cpu->stats[CPU_STAT_SPACES_MADE]++;
		if (mmu->window_mode == WINDOWS_ALWAYS)
			window_open(mmu, shadow);
		if (log_has(mmu->cpu->log_mask, LOG_SHADOW))
			log_printf(mmu->cpu->log, LOG_SHADOW, "shadow: space %u for ttbr0 0x%08x dacr 0x%08x %s%s\n", shadow->index,
			           context->ttbr0, context->dacr, context->privileged ? "privileged" : "user",
			           flat ? ", MMU off" : shared ? ", shared" : "");
	}
	return shadow;
}

static __attribute__((noinline)) void space_miss(struct mmu *mmu, struct context context, struct switch_slot *slot)
{
	struct shadow *shadow = space_lookup_slow(mmu, &context);

	/* The look-up may have emptied slots, not moved them. */
	slot->key = context;
	slot->shadow = shadow;
	slot->user = context.privileged ? NULL : shadow;
}

static inline struct switch_slot *space_find(struct mmu *mmu, const struct context *context)
{
	struct switch_slot *slot = slot_of(mmu, context);

	if (unlikely(!slot->shadow || !same_context(&slot->key, context)))
		space_miss(mmu, *context, slot);
	slot->shadow->last_used = ++mmu->clock;
	return slot;
}

void mmu_switch(struct cpu *cpu)
{
	struct mmu *mmu = cpu->mmu;
	struct switch_slot *slot;
	struct context context;

	if (unlikely(!mmu))
		return;
	context_of(cpu, cpu_privileged(cpu), &context);
	slot = space_find(mmu, &context);
	mmu->context = context;
	mmu->slot = slot;
	mmu->current = slot->shadow;
	mmu->user = slot->user;
	cpu->space = slot->shadow->space;
	cpu->user_space = slot->user ? slot->user->space : mmu->empty;
	cpu->window_key = slot->shadow->window.open ? KEY_WINDOW : 0;
	cpu->stats[CPU_STAT_SPACE_SWITCHES]++;
}

struct shadow *space_for_other(struct mmu *mmu, bool privileged)
{
	struct context context = mmu->context;

	if (mmu->user)
		return mmu->user;
	if (mmu->context.sctlr & SCTLR_M) {
		context.privileged = privileged;
		mmu->user = space_find(mmu, &context)->shadow;
		/* Both contexts may live in one slot: then it is the other's now. */
		if (same_context(&mmu->slot->key, &mmu->context))
			mmu->slot->user = mmu->user;
	} else {
		mmu->user = mmu->current;
	}
	mmu->cpu->user_space = mmu->user->space;
	return mmu->user;
}

void space_make_private(struct mmu *mmu, struct shadow *shadow, const struct context *context)
{
	BUG_ON(!shadow->shared);
	family_private(mmu, context, true);
	shadow_clear(mmu, shadow);
	window_forget(mmu, shadow);
	forget_slots(mmu, shadow);
	shadow->shared = false;
	if (mmu->window_mode == WINDOWS_ALWAYS)
		window_open(mmu, shadow);
	shadow->key = *context;
	if (log_has(mmu->cpu->log_mask, LOG_SHADOW))
		log_printf(mmu->cpu->log, LOG_SHADOW, "shadow: space %u is private to ttbr0 0x%08x from now on\n", shadow->index,
		           context->ttbr0);
}
