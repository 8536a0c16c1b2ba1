/*
 * fetch.c - instruction fetch, TLB maintenance, address translation operations, the debugger's view.
 */
#include "base/base.h"
#include "mmu/mmu.h"

#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "mmu/mmu_private.h"

/* -d shadow-check looks at everything once in so many TLB operations: they are where software wants the tables to be in force. */
#define CHECK_INTERVAL 256

static int prefetch_fault(struct cpu *cpu, gva_t va, uint32_t fsr)
{
	cpu->fault.va = va;
	cpu->fault.fsr = fsr;
	cpu->fault.write = false;
	return -1;
}

int mmu_fetch_page(struct cpu *cpu, gva_t va, const uint8_t **host, gpa_t *pa, struct frame **frame)
{
	struct mmu *mmu = cpu->mmu;
	struct shadow *shadow = mmu->current;
	uint32_t page = va >> GUEST_PAGE_BITS, fsr, pfn = shadow->space->exec[page];
	struct region *region;

	*host = NULL;
	if (!pfn || pfn & SPACE_DEVICE) {
		struct soft *soft = shadow_fill(mmu, shadow, &mmu->context, va, MMU_EXEC, &fsr);

		if (!soft)
			return prefetch_fault(cpu, va, fsr);
		if (!soft->region) {
			if (mmu->hooks && mmu->hooks->unassigned)
				mmu->hooks->unassigned(mmu->hooks_opaque, cpu, va, soft->pa | (va & GUEST_PAGE_MASK), 4, false, 0);
			return prefetch_fault(cpu, va, FS_EXTERNAL);
		}
		pfn = (uint32_t)(soft->pa >> GUEST_PAGE_BITS) + 1;
	}
	*pa = (gpa_t)(pfn - 1) << GUEST_PAGE_BITS;
	region = phys_find_frame(mmu->phys, *pa, frame);
	*host = region->host + (*pa - region->base);
	return 0;
}

/*
 * The shadows follow the primaries, so there is nothing to invalidate but what a shared space has from tables that are not the
 * current ones: where the current first-level descriptor is another, the MiB goes. Where it is the same, the entries are right.
 */
static void revalidate(struct mmu *mmu, struct shadow *shadow, uint32_t mib)
{
	struct mib *m = &shadow->mibs[mib];
	struct context context = shadow->key;
	const uint32_t *word;
	gpa_t address;

	if (!(m->flags & MIB_LINKED))
		return;
	context.ttbr0 = mmu->cpu->cp15.ttbr0 & (~0u << (14 - (context.ttbcr & 7)));
	if (walk_first_level(&context, mib << 20, &address)) {
		uint32_t value;

		if (address == m->l1_pa)
			return;
		word = phys_host(mmu->phys, address, 4);
		if (word) {
			value = context.sctlr & SCTLR_EE ? __builtin_bswap32(*word) : *word;
			if (value == m->l1_value)
				return;
		}
	}
	shadow_drop_mib(mmu, shadow, mib);
}

void mmu_tlb_op(struct cpu *cpu, int kind, uint32_t value)
{
	struct mmu *mmu = cpu->mmu;

	if (unlikely(log_has(cpu->log_mask, LOG_SHADOW_CHECK)) && cpu->stats[CPU_STAT_TLB_OPS] % CHECK_INTERVAL == 0)
		mmu_check(cpu);
	cpu->stats[CPU_STAT_TLB_OPS]++;
	if (kind == TLB_ASID)
		return; /* global entries stay, the others are never stale */
	if (kind != TLB_ALL && !mmu->shared_mibs[value >> 20])
		return;
	for (unsigned i = 0; i < mmu->shadow_count; i++) {
		struct shadow *shadow = &mmu->shadows[i];

		if (!shadow->live || !shadow->shared)
			continue;
		if (kind != TLB_ALL) {
			revalidate(mmu, shadow, value >> 20);
			continue;
		}
		for (unsigned j = 0; j < ARRAY_SIZE(shadow->used); j++)
			for (uint64_t bits = shadow->used[j]; bits; bits &= bits - 1)
				revalidate(mmu, shadow, j * 64 + (unsigned)__builtin_ctzll(bits));
	}
}

/* Inner and outer cacheability of two bits, as the PAR has them (B4.1.112). */
static uint32_t par_inner(unsigned cacheability)
{
	static const uint8_t codes[] = { 0, 5, 6, 7 }; /* non-cacheable, WB WA, WT, WB no WA */

	return (uint32_t)codes[cacheability] << 4;
}

static uint32_t par_attributes(const struct context *context, const struct walk *walk)
{
	unsigned texcb = walk->texcb, n = texcb & 7, inner, outer;
	bool shareable = walk->shareable;

	if (context->sctlr & SCTLR_TRE) {
		unsigned type = context->prrr >> n * 2 & 3;

		if (type == 0) /* Strongly-ordered */
			return 1u << 4 | 1u << 7;
		if (type == 1) /* Device, shareable as PRRR.DS0 or DS1 says */
			return 3u << 4 | (context->prrr >> (16 + walk->shareable) & 1) << 7;
		inner = context->nmrr >> n * 2 & 3;
		outer = context->nmrr >> (n * 2 + 16) & 3;
		shareable = context->prrr >> (18 + walk->shareable) & 1;
	} else {
		if (walk->device) /* Strongly-ordered, shareable Device, Non-shareable Device (TEX 010) */
			return (texcb ? 3u << 4 : 1u << 4) | (n == texcb ? 1u << 7 : 0);
		if (texcb & 0x10) {
			inner = texcb & 3;
			outer = texcb >> 2 & 3;
		} else {
			static const uint8_t kinds[] = { [2] = 2, [3] = 3, [4] = 0, [7] = 1 };

			inner = outer = n < ARRAY_SIZE(kinds) ? kinds[n] : 0;
		}
	}
	return par_inner(inner) | outer << 2 | (shareable ? 1u << 7 : 0);
}

uint32_t mmu_translate(struct cpu *cpu, gva_t va, bool write, bool privileged)
{
	struct mmu *mmu = cpu->mmu;
	struct context context;
	struct walk walk;
	unsigned perms;
	int fsr;

	context_of(cpu, privileged, &context);
	fsr = walk_lookup(mmu->phys, &context, va, true, &walk, &perms);
	if (!fsr)
		fsr = walk_check(&walk, perms, write ? MMU_WRITE : MMU_READ);
	if (fsr) /* F, FS[3:0], FS[4], ExT */
		return 1 | ((uint32_t)fsr & 0xf) << 1 | ((uint32_t)fsr >> 10 & 1) << 5 | ((uint32_t)fsr >> 12 & 1) << 6;
	if (walk.global_off)
		return (va & ~GUEST_PAGE_MASK) | 1u << 4 | 1u << 7;
	if (walk.page_size == 16u << 20) /* SS: PA[39:32] in bits 23:16 */
		return ((uint32_t)walk.pa & 0xff000000) | (uint32_t)(walk.pa >> 32 & 0xff) << 16 | 1u << 1 | par_attributes(&context, &walk);
	return ((uint32_t)walk.pa & ~GUEST_PAGE_MASK) | par_attributes(&context, &walk);
}

/* Host memory under @va with the current privilege's tables but no permission checks; NULL: not memory. *run: bytes in the page. */
static uint8_t *debug_page(struct cpu *cpu, gva_t va, size_t len, size_t *run, gpa_t *pa, struct frame **frame)
{
	struct context context;
	struct region *region;
	struct walk walk;
	unsigned perms;

	*run = MIN(len, GUEST_PAGE_SIZE - (va & GUEST_PAGE_MASK));
	context_of(cpu, true, &context);
	context.dacr = ~0u; /* managers everywhere */
	context.sctlr &= ~SCTLR_AFE;
	if (walk_lookup(cpu->mmu->phys, &context, va, false, &walk, &perms))
		return NULL;
	region = phys_find_frame(cpu->mmu->phys, walk.pa, frame);
	if (!region)
		return NULL;
	*pa = walk.pa;
	return region->host + (walk.pa - region->base);
}

size_t mmu_debug_read(struct cpu *cpu, gva_t va, void *to, size_t len)
{
	size_t done = 0;

	while (done < len) {
		struct frame *frame;
		size_t run;
		gpa_t pa;
		const uint8_t *host = debug_page(cpu, va + (gva_t)done, len - done, &run, &pa, &frame);

		if (!host)
			break;
		memcpy((uint8_t *)to + done, host, run);
		done += run;
	}
	return done;
}

size_t mmu_debug_write(struct cpu *cpu, gva_t va, const void *from, size_t len)
{
	size_t done = 0;

	while (done < len) {
		struct frame *frame;
		size_t run;
		gpa_t pa;
		uint8_t *host = debug_page(cpu, va + (gva_t)done, len - done, &run, &pa, &frame);

		if (!host)
			break;
		memcpy(host, (const uint8_t *)from + done, run);
		phys_written(cpu->mmu->phys, frame, pa, (unsigned)run);
		done += run;
	}
	return done;
}
