/*
 * access.c - the slow path of guest loads and stores: what is not in read[] or write[].
 *
 * Order of faults: alignment, then translation to permission (the walker), then external abort. An access that crosses a page is
 * validated as a whole before its first byte is stored.
 */
#include "base/base.h"
#include "base/bits.h"
#include "mmu/mmu.h"

#include <string.h>

#include "base/log.h"
#include "mmu/mmu_private.h"

static int fault(struct cpu *cpu, gva_t va, uint32_t fsr, bool write)
{
	cpu->fault.va = va;
	cpu->fault.fsr = fsr;
	cpu->fault.write = write;
	return -1;
}

static bool misaligned(const struct cpu *cpu, gva_t va, unsigned size, uint32_t flags)
{
	if (likely(!(va & (size - 1))))
		return false;
	if (flags & ACCESS_WORD_ALIGNED)
		return va & 3;
	return (flags & ACCESS_ALIGNED) || (cpu->cp15.sctlr & SCTLR_A);
}

static uint64_t swap(uint64_t value, unsigned size)
{
	return __builtin_bswap64(value) >> (64 - size * 8);
}

static uint64_t extend(uint64_t value, unsigned size, uint32_t flags)
{
	if (!(flags & ACCESS_SIGNED))
		return value;
	switch (size) {
	case 1: return (uint32_t)(int8_t)value;
	case 2: return (uint32_t)(int16_t)value;
	default: return value;
	}
}

/*
 * The soft entry for @va, filled when it is not there or does not allow the access. NULL: a fault, noted in cpu->fault.
 * @refill: an access that could be in read[] or write[] goes there for the next time, for example a store to a frame that is not
 * traced any more.
 */
static inline struct soft *lookup(struct mmu *mmu, gva_t va, uint32_t flags, bool write, bool refill)
{
	bool privileged = !(flags & ACCESS_USER) && mmu->context.privileged;
	struct shadow *shadow = space_for(mmu, privileged);
	uint32_t page = va >> GUEST_PAGE_BITS, fsr;
	struct soft *soft = soft_slot(mmu, shadow, page);
	struct context context;

	if (soft->shadow == shadow && soft->page == page && soft->generation == mmu->soft_generation &&
	    (soft->perms & (write ? PERM_W : PERM_R)) &&
	    (!refill || !soft->region || soft->device || (write && soft->frame->trace)))
		return soft;
	context = mmu->context;
	if (context.sctlr & SCTLR_M)
		context.privileged = privileged;
	soft = shadow_fill(mmu, shadow, &context, va, write ? MMU_WRITE : MMU_READ, &fsr);
	if (!soft)
		fault(mmu->cpu, va, fsr, write);
	return soft;
}

static void lock(struct mmu *mmu)
{
	mmu->cpu->activity = ACTIVITY_DEVICE;
	if (mmu->hooks && mmu->hooks->lock)
		mmu->hooks->lock(mmu->hooks_opaque);
}

static void unlock(struct mmu *mmu)
{
	if (mmu->hooks && mmu->hooks->unlock)
		mmu->hooks->unlock(mmu->hooks_opaque);
	mmu->cpu->activity = ACTIVITY_RUN;
}

/* Synchronous external abort; the A9's posted stores would give an imprecise one, QEMU and we are precise. */
static int unassigned(struct mmu *mmu, gva_t va, gpa_t pa, unsigned size, bool write, uint64_t value)
{
	if (mmu->hooks && mmu->hooks->unassigned)
		mmu->hooks->unassigned(mmu->hooks_opaque, mmu->cpu, va, pa, size, write, value);
	return fault(mmu->cpu, va, FS_EXTERNAL, write);
}

/* Device memory: unaligned accesses fault, doublewords need word alignment. */
static bool device_misaligned(const struct soft *soft, gva_t va, unsigned size)
{
	return soft->device && (va & (MIN(size, 4u) - 1));
}

/* The window that holds all of an access, found again at no cost when it is the one of the last access in this page; NULL: let phys_*() see. */
static inline struct region *mmio_window(struct mmu *mmu, struct soft *soft, gpa_t pa, unsigned size)
{
	struct region *region = soft->mmio;

	if (unlikely(!region || pa - region->base >= region->size)) {
		region = phys_find(mmu->phys, pa);
		if (!region || region->kind != REGION_MMIO)
			return NULL;
		soft->mmio = region;
	}
	return size <= 4 && size <= region->size - (pa - region->base) ? region : NULL;
}

static int mmio_load(struct mmu *mmu, struct soft *soft, gva_t va, gpa_t pa, unsigned size, uint64_t *value)
{
	struct region *region = mmio_window(mmu, soft, pa, size);
	uint32_t word = 0;
	int ret;

	mmu->cpu->stats[CPU_STAT_MMIO_READ]++;
	lock(mmu);
	if (likely(region)) {
		region->reads++;
		ret = region->ops->read(region->opaque, (uint32_t)(pa - region->base), size, &word);
		*value = size == 4 ? word : word & ((1u << size * 8) - 1);
	} else {
		ret = phys_read(mmu->phys, pa, size, value);
	}
	unlock(mmu);
	return likely(ret == PHYS_OK) ? 0 : unassigned(mmu, va, pa, size, false, 0);
}

static int mmio_store(struct mmu *mmu, struct soft *soft, gva_t va, gpa_t pa, unsigned size, uint64_t value)
{
	struct region *region = mmio_window(mmu, soft, pa, size);
	int ret;

	mmu->cpu->stats[CPU_STAT_MMIO_WRITE]++;
	lock(mmu);
	if (likely(region)) {
		region->writes++;
		ret = region->ops->write(region->opaque, (uint32_t)(pa - region->base), size,
		                         (uint32_t)(size == 4 ? value : value & ((1u << size * 8) - 1)));
	} else {
		ret = phys_write(mmu->phys, pa, size, value);
	}
	unlock(mmu);
	return likely(ret == PHYS_OK) ? 0 : unassigned(mmu, va, pa, size, true, value);
}

static int load_soft(struct mmu *mmu, struct soft *soft, gva_t va, unsigned size, uint64_t *value)
{
	gpa_t pa = soft->pa | (va & GUEST_PAGE_MASK);

	if (device_misaligned(soft, va, size))
		return fault(mmu->cpu, va, FS_ALIGNMENT, false);
	if (soft->region) {
		*value = host_load(soft->host + (va & GUEST_PAGE_MASK), size);
		return 0;
	}
	return mmio_load(mmu, soft, va, pa, size, value);
}

static int store_soft(struct mmu *mmu, struct soft *soft, gva_t va, unsigned size, uint64_t value)
{
	gpa_t pa = soft->pa | (va & GUEST_PAGE_MASK);

	if (device_misaligned(soft, va, size))
		return fault(mmu->cpu, va, FS_ALIGNMENT, true);
	if (soft->region) {
		struct frame *frame = soft->frame;

		if (soft->region->kind == REGION_ROM)
			return 0;
		host_store(soft->host + (va & GUEST_PAGE_MASK), size, value);
		phys_written(mmu->phys, frame, pa, size); /* may drop *soft */
		return 0;
	}
	return mmio_store(mmu, soft, va, pa, size, value);
}

static unsigned first_part(gva_t va, unsigned size)
{
	unsigned left = GUEST_PAGE_SIZE - (va & GUEST_PAGE_MASK);

	return MIN(left, size);
}

/* Bytes one by one: an access that crosses into another page is unaligned, so it need not be single-copy atomic. */
static int load_split(struct mmu *mmu, gva_t va, unsigned size, uint32_t flags, uint64_t *value)
{
	uint64_t result = 0;

	for (unsigned i = 0; i < size; i++) {
		struct soft *soft = lookup(mmu, va + i, flags, false, false);
		uint64_t byte;

		if (!soft)
			return -1;
		if (soft->device)
			return fault(mmu->cpu, va, FS_ALIGNMENT, false);
		if (load_soft(mmu, soft, va + i, 1, &byte))
			return -1;
		result |= byte << i * 8;
	}
	*value = result;
	return 0;
}

static int store_split(struct mmu *mmu, gva_t va, unsigned size, uint32_t flags, uint64_t value)
{
	unsigned first = first_part(va, size);
	struct soft halves[2];

	for (unsigned i = 0; i < 2; i++) {
		gva_t start = i ? va + first : va;
		struct soft *soft = lookup(mmu, start, flags, true, false);

		if (!soft)
			return -1;
		if (soft->device)
			return fault(mmu->cpu, va, FS_ALIGNMENT, true);
		if (!soft->region && !phys_find(mmu->phys, soft->pa | (start & GUEST_PAGE_MASK)))
			return unassigned(mmu, start, soft->pa | (start & GUEST_PAGE_MASK), size, true, value);
		halves[i] = *soft;
	}
	for (unsigned i = 0; i < size; i++)
		if (store_soft(mmu, &halves[i >= first], va + i, 1, value >> i * 8 & 0xff))
			return -1;
	return 0;
}

int mmu_load_device(struct cpu *cpu, gva_t va, uint32_t flags, uint32_t *value)
{
	struct mmu *mmu = cpu->mmu;
	const struct shadow *shadow = mmu->current;
	uint32_t page = va >> GUEST_PAGE_BITS;
	const struct soft *soft = soft_slot(mmu, shadow, page);
	unsigned size = 1u << (flags & ACCESS_SIZE_MASK);
	struct region *region = soft->mmio;
	uint64_t offset;
	uint32_t word = 0;
	int ret;

	if (soft->shadow != shadow || soft->page != page || soft->generation != mmu->soft_generation || !region || !(soft->perms & PERM_R))
		return 0;
	offset = (soft->pa | (va & GUEST_PAGE_MASK)) - region->base;
	if (offset >= region->size || size > region->size - offset || va & (size - 1) || flags & (ACCESS_USER | ACCESS_BE | ACCESS_SIGNED) || size > 4)
		return 0;
	lock(mmu);
	ret = region->ops->read(region->opaque, (uint32_t)offset, size, &word);
	unlock(mmu);
	if (unlikely(ret != PHYS_OK))
		return unassigned(mmu, va, region->base + offset, size, false, 0);
	region->reads++;
	cpu->stats[CPU_STAT_MMIO_READ]++;
	cpu->stats[CPU_STAT_SLOW_READ]++;
	*value = size == 4 ? word : word & ((1u << size * 8) - 1);
	return 1;
}

struct region *mmu_device_window(struct cpu *cpu, gva_t va)
{
	struct mmu *mmu = cpu->mmu;
	uint32_t page = va >> GUEST_PAGE_BITS;
	const struct soft *soft = soft_slot(mmu, mmu->current, page);

	return soft->shadow == mmu->current && soft->page == page && soft->generation == mmu->soft_generation ? soft->mmio : NULL;
}

/* Checks that all of the access is a register's. */
static bool in_window(const struct region *region, gpa_t pa, unsigned size)
{
	uint64_t offset = pa - region->base;

	return likely(!(pa & (size - 1)) && offset < region->size && size <= region->size - offset);
}

bool mmu_device_read(struct cpu *cpu, struct region *region, gpa_t pa, unsigned size, uint32_t *value)
{
	uint32_t word = 0;
	int ret;

	if (!in_window(region, pa, size))
		return false;
	lock(cpu->mmu);
	ret = region->ops->read(region->opaque, (uint32_t)(pa - region->base), size, &word);
	region->reads++;
	unlock(cpu->mmu);
	cpu->stats[CPU_STAT_MMIO_READ]++;
	*value = size == 4 ? word : word & ((1u << size * 8) - 1);
	return likely(ret == PHYS_OK);
}

bool mmu_device_write(struct cpu *cpu, struct region *region, gpa_t pa, unsigned size, uint32_t value)
{
	int ret;

	if (!in_window(region, pa, size))
		return false;
	lock(cpu->mmu);
	ret = region->ops->write(region->opaque, (uint32_t)(pa - region->base), size, size == 4 ? value : value & ((1u << size * 8) - 1));
	region->writes++;
	unlock(cpu->mmu);
	cpu->stats[CPU_STAT_MMIO_WRITE]++;
	return likely(ret == PHYS_OK);
}

int mmu_load(struct cpu *cpu, gva_t va, uint32_t flags, uint64_t *value)
{
	struct mmu *mmu = cpu->mmu;
	unsigned size = 1u << (flags & ACCESS_SIZE_MASK);
	uint64_t result, addend;

	if (unlikely(misaligned(cpu, va, size, flags)))
		return fault(cpu, va, FS_ALIGNMENT, false);
	cpu->stats[CPU_STAT_SLOW_READ]++;
	if (unlikely(first_part(va, size) < size)) {
		if (load_split(mmu, va, size, flags, &result))
			return -1;
	} else {
		const struct shadow *shadow = space_for(mmu, !(flags & ACCESS_USER) && mmu->context.privileged);

		addend = shadow->space->read[va >> GUEST_PAGE_BITS];
		if (likely(addend)) {
			result = host_load((const void *)(uintptr_t)(addend + va), size);
		} else {
			struct soft *soft = lookup(mmu, va, flags, false, true);

			if (!soft || load_soft(mmu, soft, va, size, &result))
				return -1;
		}
	}
	if (flags & ACCESS_BE)
		result = swap(result, size);
	*value = extend(result, size, flags);
	return 0;
}

int mmu_store(struct cpu *cpu, gva_t va, uint32_t flags, uint64_t value)
{
	struct mmu *mmu = cpu->mmu;
	unsigned size = 1u << (flags & ACCESS_SIZE_MASK);
	const struct shadow *shadow;
	struct soft *soft;
	uint64_t addend;

	if (unlikely(misaligned(cpu, va, size, flags)))
		return fault(cpu, va, FS_ALIGNMENT, true);
	cpu->stats[CPU_STAT_SLOW_WRITE]++;
	if (flags & ACCESS_BE)
		value = swap(value, size);
	if (unlikely(first_part(va, size) < size))
		return store_split(mmu, va, size, flags, value);
	shadow = space_for(mmu, !(flags & ACCESS_USER) && mmu->context.privileged);
	addend = shadow->space->write[va >> GUEST_PAGE_BITS];
	if (likely(addend)) {
		host_store((void *)(uintptr_t)(addend + va), size, value);
		return 0;
	}
	soft = lookup(mmu, va, flags, true, true);
	return soft ? store_soft(mmu, soft, va, size, value) : -1;
}

static uint64_t reservation(const struct soft *soft, gva_t va, unsigned size)
{
	return exclusive_place((soft->region ? (uintptr_t)soft->host : soft->pa) + (va & GUEST_PAGE_MASK), !soft->region, size);
}

int mmu_load_exclusive(struct cpu *cpu, gva_t va, uint32_t flags, uint64_t *value)
{
	struct mmu *mmu = cpu->mmu;
	unsigned size = 1u << (flags & ACCESS_SIZE_MASK);
	struct soft *soft;
	uint64_t raw;

	if (va & (size - 1))
		return fault(cpu, va, FS_ALIGNMENT, false);
	soft = lookup(mmu, va, flags, false, false);
	if (!soft)
		return -1;
	cpu->exclusive.place = reservation(soft, va, size);
	if (load_soft(mmu, soft, va, size, &raw)) {
		cpu->exclusive.place = 0;
		return -1;
	}
	cpu->exclusive.value = raw;
	*value = extend(flags & ACCESS_BE ? swap(raw, size) : raw, size, flags);
	return 0;
}

/* Compare and swap on host memory, so that cores on other threads see one atomic store. */
static bool host_swap(void *host, unsigned size, uint64_t old, uint64_t value)
{
	uint8_t old8 = (uint8_t)old;
	uint16_t old16 = (uint16_t)old;
	uint32_t old32 = (uint32_t)old;

	switch (size) {
	case 1:
		return __atomic_compare_exchange_n((uint8_t *)host, &old8, (uint8_t)value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	case 2:
		return __atomic_compare_exchange_n((uint16_t *)host, &old16, (uint16_t)value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	case 4:
		return __atomic_compare_exchange_n((uint32_t *)host, &old32, (uint32_t)value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	default:
		return __atomic_compare_exchange_n((uint64_t *)host, &old, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	}
}

int mmu_store_exclusive(struct cpu *cpu, gva_t va, uint32_t flags, uint64_t value, uint32_t *failed)
{
	struct mmu *mmu = cpu->mmu;
	unsigned size = 1u << (flags & ACCESS_SIZE_MASK);
	struct soft *soft;
	gpa_t pa;

	if (va & (size - 1))
		return fault(cpu, va, FS_ALIGNMENT, true);
	/* Whether a store that the monitor refuses can abort is IMPLEMENTATION DEFINED (A3.4.5): here it can, as in the pseudo-code. */
	soft = lookup(mmu, va, flags, true, false);
	if (!soft)
		return -1;
	pa = soft->pa | (va & GUEST_PAGE_MASK);
	*failed = 1;
	if (cpu->exclusive.place != reservation(soft, va, size)) {
		cpu->exclusive.place = 0;
		return 0;
	}
	cpu->exclusive.place = 0;
	if (flags & ACCESS_BE)
		value = swap(value, size);
	if (!soft->region || soft->region->kind == REGION_ROM) {
		if (store_soft(mmu, soft, va, size, value))
			return -1;
		*failed = 0;
		return 0;
	}
	if (host_swap(soft->host + (va & GUEST_PAGE_MASK), size, cpu->exclusive.value, value)) {
		*failed = 0;
		phys_written(mmu->phys, soft->frame, pa, size);
	}
	return 0;
}
