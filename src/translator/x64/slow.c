/* slow.c - what an access does that left the in-line path: the whole of it, by the MMU, with the guest's state as the architecture wants it. */
#include "base/base.h"
#include "translator/x64/emit.h"

#include <string.h>

static void homes_to_cpu(const struct slow_frame *frame, struct cpu *cpu)
{
	for (unsigned i = 0; i < 15; i++)
		if (home_regs[i] != HOST_REG_NONE)
			cpu->r[i] = (uint32_t)frame->regs[home_regs[i]];
}

/* Where the stubs that keep xmm registers have saved one, below the frame. */
static uint8_t *saved_xmm(struct slow_frame *frame, unsigned xmm)
{
	return (uint8_t *)frame - 16 * (ptrdiff_t)(16 - (xmm & 15));
}

/* What only xmm registers hold of the VFP file. */
static void dirty_to_cpu(struct slow_frame *frame, struct cpu *cpu, const struct x64_site_state *state)
{
	const uint8_t *at = (const uint8_t *)(state + 1) + state->recipes * 3 * sizeof(struct recipe);
	const struct vfp_dirty *dirty = (const struct vfp_dirty *)(const void *)at;

	for (unsigned i = 0; i < state->dirty; i++)
		memcpy((uint8_t *)&cpu->vfp + dirty[i].offset, saved_xmm(frame, dirty[i].xmm), dirty[i].bytes);
}

static struct flag_state flags_of(const struct x64_site_state *state)
{
	const struct recipe *recipes = (const struct recipe *)(const void *)(state + 1);
	struct flag_state flags = {
		.host = state->host, .host_borrow = state->host_borrow, .mem = state->mem, .known = state->known_value >> 4, .value = state->known_value & IR_NZCV,
	};

	if (state->recipes) {
		flags.nz = recipes[0];
		flags.c = recipes[1];
		flags.v = recipes[2];
	}
	return flags;
}

static const struct x64_site_state *state_of(const struct x64_site *site)
{
	return (const struct x64_site_state *)(const void *)((const uint8_t *)site - 4u * site->state);
}

static const struct x64_site_head *head_of(const struct x64_site_state *state)
{
	return (const struct x64_site_head *)(const void *)((const uint8_t *)state - 4u * state->head);
}

static uint64_t place_read(const struct slow_frame *frame, const struct cpu *cpu, const struct x64_site *site, struct site_place place)
{
	switch (place.kind) {
	case PLACE_HOST:
		return frame->regs[place.n & 15];
	case PLACE_GUEST:
		return cpu->r[place.n & 15];
	case PLACE_TMP:
		return cpu->tmp[place.n % CPU_TMP_SLOTS];
	case PLACE_IMM:
		return site->imm;
	default:
		return 0;
	}
}

static void place_write(struct slow_frame *frame, struct cpu *cpu, struct site_place place, uint64_t value)
{
	switch (place.kind) {
	case PLACE_HOST:
		frame->regs[place.n & 15] = value;
		break;
	case PLACE_GUEST:
		cpu->r[place.n & 15] = (uint32_t)value;
		break;
	case PLACE_TMP:
		cpu->tmp[place.n % CPU_TMP_SLOTS] = (uint32_t)value;
		break;
	case PLACE_XMM:
		memcpy(saved_xmm(frame, place.n) + (place.n & PLACE_XMM_HIGH ? 8 : 0), &value, sizeof(value));
		if (!(place.n & PLACE_XMM_HIGH))
			memset(saved_xmm(frame, place.n) + 8, 0, 8);
		break;
	}
}

/* The register pair of LDREXD and STREXD: the word at the lower address first, whatever the order of bytes in it. */
static uint64_t swap_words(const struct x64_site *site, uint64_t value)
{
	bool swap = (site->mem & ACCESS_SIZE_MASK) == 3 && site->mem & ACCESS_BE;

	return swap ? value >> 32 | value << 32 : value;
}

static uint64_t *vfp_double(struct cpu *cpu, const struct x64_site *site)
{
	return &cpu->vfp.d[site->vfp & 31];
}

static int do_load(struct slow_frame *frame, struct cpu *cpu, const struct x64_site *site, gva_t va)
{
	uint64_t value;

	if (mmu_load(cpu, va, site->mem, &value))
		return -1;
	place_write(frame, cpu, site->value, site->kind == SITE_LD ? (uint32_t)value : value);
	/* What goes on in a register is wanted here too, when a later access of the group fails. */
	if (site->kind == SITE_LDF && (site->mem & ACCESS_SIZE_MASK) == 3)
		*vfp_double(cpu, site) = value;
	else if (site->kind == SITE_LDF)
		cpu->vfp.s[site->vfp & 63] = (uint32_t)value;
	return 0;
}

static int do_store(struct slow_frame *frame, struct cpu *cpu, const struct x64_site *site, gva_t va)
{
	uint64_t value;

	if (site->kind == SITE_ST)
		value = (uint32_t)place_read(frame, cpu, site, site->value);
	else
		value = (site->mem & ACCESS_SIZE_MASK) == 3 ? *vfp_double(cpu, site) : cpu->vfp.s[site->vfp & 63];
	return mmu_store(cpu, va, site->mem, value);
}

static int do_load_exclusive(struct slow_frame *frame, struct cpu *cpu, const struct x64_site *site, gva_t va)
{
	uint64_t value;

	if (mmu_load_exclusive(cpu, va, site->mem, &value))
		return -1;
	value = swap_words(site, value);
	place_write(frame, cpu, site->value, (uint32_t)value);
	place_write(frame, cpu, site->second, value >> 32);
	return 0;
}

static int do_store_exclusive(struct slow_frame *frame, struct cpu *cpu, const struct x64_site *site, gva_t va)
{
	uint64_t value = (uint32_t)place_read(frame, cpu, site, site->value);
	uint32_t failed;

	value |= place_read(frame, cpu, site, site->second) << 32;
	if (mmu_store_exclusive(cpu, va, site->mem, swap_words(site, value), &failed))
		return -1;
	place_write(frame, cpu, site->status, failed);
	return 0;
}

/* A device's register by the short cut: as mmu_load_device(). */
static int quick_load(struct slow_frame *frame, struct cpu *cpu, const struct x64_site *site, gva_t va)
{
	uint32_t value;
	int done;

	if (site->kind != SITE_LD || site->more)
		return 0;
	done = mmu_load_device(cpu, va, site->mem, &value);
	if (done > 0)
		place_write(frame, cpu, site->value, value);
	return done;
}

static int do_access(struct slow_frame *frame, struct cpu *cpu, const struct x64_site *site, gva_t va)
{
	switch (site->kind) {
	case SITE_LD: case SITE_LDF:
		return do_load(frame, cpu, site, va);
	case SITE_ST: case SITE_STF:
		return do_store(frame, cpu, site, va);
	case SITE_LDREX:
		return do_load_exclusive(frame, cpu, site, va);
	default:
		return do_store_exclusive(frame, cpu, site, va);
	}
}

/*
 * The access may have raised an interrupt (a software interrupt, a device that answers at once): then the slice ends here, so that it is
 * taken at the next jump back and not thousands of instructions later.
 */
void slow_end_slice(struct cpu *cpu)
{
	if (likely(!atomic_load_explicit(&cpu->irq_lines, memory_order_relaxed)) || cpu->countdown <= 0 || cpu_pending_interrupt(cpu) < 0)
		return;
	cpu->countdown_start -= cpu->countdown; /* the number of instructions executed stays */
	cpu->countdown = 0;
}

/* So many faults that no mapping helps against, and an access uses the tables. */
#define RAW_MISSES 8
/* So many that became aborts. What touches fresh pages aborts once a page, at some 2 us more than by the tables; what a window saves it in a page is 0.1. */
#define RAW_ABORTS 64

static bool map_site(struct cpu *cpu, const struct x64_site *site, gva_t va)
{
	bool write = site->kind == SITE_ST || site->kind == SITE_STF;
	gva_t last = va + (1u << (site->mem & ACCESS_SIZE_MASK)) - 1;

	return mmu_window_fault(cpu, va, write) && (!((va ^ last) & ~GUEST_PAGE_MASK) || mmu_window_fault(cpu, last, write));
}

/* The block of @site is translated anew, with accesses by the tables at that instruction. */
static void demote(struct x64 *x64, struct cpu *cpu, struct x64_site *site)
{
	site->misses = site->aborts = 0;
	x64->demoted[demoted_hash(site->pc) / 64] |= 1ull << demoted_hash(site->pc) % 64;
	cpu->stats[CPU_STAT_WINDOW_DEMOTED]++;
	x64->forget(cpu, head_of(state_of(site))->block);
}

static void abort_or_demote(struct x64 *x64, struct cpu *cpu, struct x64_site *first)
{
	mmu_window_abort(cpu);
	if (++first->aborts == RAW_ABORTS)
		demote(x64, cpu, first);
}

/*
 * The access at @first, or group, faulted in the window and was done. What cannot be mapped faults each time (devices, traced frames, windows that
 * had to close); when that happens again and again at one place, its block is translated anew.
 */
static void map_or_demote(struct x64 *x64, struct cpu *cpu, struct x64_site *first, gva_t base)
{
	const struct x64_site *site = first;
	gva_t page = ~0u;
	bool mapped = true;

	for (;; site++) {
		gva_t va = base + site->delta;

		if ((va & ~GUEST_PAGE_MASK) != page)
			mapped &= map_site(cpu, site, va);
		page = va & ~GUEST_PAGE_MASK;
		if (!site->more)
			break;
	}
	if (!mapped && ++first->misses == RAW_MISSES)
		demote(x64, cpu, first);
}

const uint8_t *slow_access(struct slow_frame *frame, struct cpu *cpu, struct x64 *x64)
{
	struct x64_site *first = (struct x64_site *)(void *)(x64->cache.write + frame->site), *site = first;
	gva_t base = first->address == HOST_REG_NONE ? 0 : (gva_t)frame->regs[first->address & 15];
	uint32_t count = first->count;
	const struct x64_site_state *state = state_of(first);
	struct flag_state flags;
	bool failed;
	int quick;

	dirty_to_cpu(frame, cpu, state);
	cpu->r[15] = first->pc;
	cpu->it = first->it;
	cpu->countdown = (int32_t)((uint32_t)frame->regs[R14] - count);
	quick = quick_load(frame, cpu, first, base + first->delta);
	failed = quick < 0;
	while (!quick) {
		failed = do_access(frame, cpu, site, base + site->delta) != 0;
		if (failed || !site->more)
			break;
		site++;
	}
	if (first->raw && failed)
		abort_or_demote(x64, cpu, first);
	else if (first->raw)
		map_or_demote(x64, cpu, first, base);
	else if (unlikely(cpu->space->exec[base >> GUEST_PAGE_BITS] & SPACE_DEVICE) && !failed)
		device_site_link(x64, cpu, first, base);
	frame->regs[R15] = (uintptr_t)cpu->space;
	if (likely(!failed)) {
		cpu->it = 0;
		slow_end_slice(cpu);
		frame->regs[R14] = (uint32_t)cpu->countdown + count;
		return x64->cache.exec + first->resume;
	}
	if (state->swapped)
		loop_homes_undo((uint32_t)((const uint64_t *)(const void *)head_of(state))[-1], frame->regs, cpu);
	homes_to_cpu(frame, cpu);
	flags = flags_of(state);
	cpu->nzcv = flags_recompute(&flags, cpu, (uint32_t)frame->regs[FRAME_EFLAGS]);
	cpu->exit_arg[0] = RAISE_DATA_ABORT;
	frame->regs[R14] = (uint32_t)cpu->countdown;
	return x64->stubs.leave[X64_EXIT_RAISE];
}
