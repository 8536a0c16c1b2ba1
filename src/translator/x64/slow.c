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
	const uint64_t *at = (const uint64_t *)(const void *)(state + 1) + (state->more & STATE_RECIPES ? 3 : 0) + (state->more & STATE_IT ? 1 : 0);
	const struct vfp_dirty *dirty = (const struct vfp_dirty *)(const void *)at;

	for (unsigned i = 0; i < (state->more & STATE_DIRTY); i++)
		memcpy((uint8_t *)&cpu->vfp + dirty[i].offset, saved_xmm(frame, dirty[i].xmm), dirty[i].bytes);
}

static struct flag_state flags_of(const struct x64_site_state *state)
{
	const struct recipe *recipes = (const struct recipe *)(const void *)(state + 1);
	struct flag_state flags = {
		.host = state->host, .host_borrow = state->host_borrow, .mem = state->mem, .known = state->known, .value = state->value,
	};

	if (state->more & STATE_RECIPES) {
		flags.nz = recipes[0];
		flags.c = recipes[1];
		flags.v = recipes[2];
	}
	return flags;
}

/* What a site is, with all that it leaves out. */
struct plain {
	struct x64_access access;
	struct x64_member member;
};

static const struct x64_access *unpack(const struct x64 *x64, const struct x64_site *site, struct plain *plain)
{
	unsigned form = site->access >> 24 & 15;

	if (!(site->access & SITE_PLAIN))
		return site_access(x64, site);
	static_assert(offsetof(struct plain, member) == sizeof(struct x64_access), "as members_of() wants it");
	*plain = (struct plain){
		.access = {
			.resume = site->code + enc_window_length(form), .delta = (uint32_t)(int16_t)site->access, .address = site->access >> 16 & 15,
			.count = 1, .raw = true,
		},
		.member = {
			.mem = form & (ACCESS_SIZE_MASK | ACCESS_SIGNED), .kind = form & ENC_WINDOW_STORE ? SITE_ST : SITE_LD,
			.value = { PLACE_HOST, site->access >> 20 & 15 },
		},
	};
	return &plain->access;
}

static uint64_t place_read(const struct slow_frame *frame, const struct cpu *cpu, const struct x64_member *member, struct site_place place)
{
	switch (place.kind) {
	case PLACE_HOST:
		return frame->regs[place.n & 15];
	case PLACE_GUEST:
		return cpu->r[place.n & 15];
	case PLACE_TMP:
		return cpu->tmp[place.n % CPU_TMP_SLOTS];
	case PLACE_IMM:
		return wide_of(member)->imm;
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
static uint64_t swap_words(const struct x64_member *member, uint64_t value)
{
	bool swap = (member->mem & ACCESS_SIZE_MASK) == 3 && member->mem & ACCESS_BE;

	return swap ? value >> 32 | value << 32 : value;
}

static uint64_t *vfp_double(struct cpu *cpu, const struct x64_member *member)
{
	return &cpu->vfp.d[member->vfp & 31];
}

static int do_load(struct slow_frame *frame, struct cpu *cpu, const struct x64_member *member, gva_t va)
{
	uint64_t value;

	if (mmu_load(cpu, va, member->mem, &value))
		return -1;
	place_write(frame, cpu, member->value, member->kind == SITE_LD ? (uint32_t)value : value);
	/* What goes on in a register is wanted here too, when a later access of the group fails. */
	if (member->kind == SITE_LDF && (member->mem & ACCESS_SIZE_MASK) == 3)
		*vfp_double(cpu, member) = value;
	else if (member->kind == SITE_LDF)
		cpu->vfp.s[member->vfp & 63] = (uint32_t)value;
	return 0;
}

static int do_store(struct slow_frame *frame, struct cpu *cpu, const struct x64_member *member, gva_t va)
{
	uint64_t value;

	if (member->kind == SITE_ST)
		value = (uint32_t)place_read(frame, cpu, member, member->value);
	else
		value = (member->mem & ACCESS_SIZE_MASK) == 3 ? *vfp_double(cpu, member) : cpu->vfp.s[member->vfp & 63];
	return mmu_store(cpu, va, member->mem, value);
}

static int do_load_exclusive(struct slow_frame *frame, struct cpu *cpu, const struct x64_member *member, gva_t va)
{
	uint64_t value;

	if (mmu_load_exclusive(cpu, va, member->mem, &value))
		return -1;
	value = swap_words(member, value);
	place_write(frame, cpu, member->value, (uint32_t)value);
	place_write(frame, cpu, wide_of(member)->second, value >> 32);
	return 0;
}

static int do_store_exclusive(struct slow_frame *frame, struct cpu *cpu, const struct x64_member *member, gva_t va)
{
	uint64_t value = (uint32_t)place_read(frame, cpu, member, member->value);
	uint32_t failed;

	value |= place_read(frame, cpu, member, wide_of(member)->second) << 32;
	if (mmu_store_exclusive(cpu, va, member->mem, swap_words(member, value), &failed))
		return -1;
	place_write(frame, cpu, wide_of(member)->status, failed);
	return 0;
}

/* A device's register by the short cut: as mmu_load_device(). */
static int quick_load(struct slow_frame *frame, struct cpu *cpu, const struct x64_access *access, const struct x64_member *member, gva_t va)
{
	uint32_t value;
	int done;

	if (member->kind != SITE_LD || access->count != 1)
		return 0;
	done = mmu_load_device(cpu, va, member->mem, &value);
	if (done > 0)
		place_write(frame, cpu, member->value, value);
	return done;
}

static int do_access(struct slow_frame *frame, struct cpu *cpu, const struct x64_member *member, gva_t va)
{
	switch (member->kind) {
	case SITE_LD: case SITE_LDF:
		return do_load(frame, cpu, member, va);
	case SITE_ST: case SITE_STF:
		return do_store(frame, cpu, member, va);
	case SITE_LDREX:
		return do_load_exclusive(frame, cpu, member, va);
	default:
		return do_store_exclusive(frame, cpu, member, va);
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

static bool map_member(struct cpu *cpu, const struct x64_member *member, gva_t va)
{
	bool write = member->kind == SITE_ST || member->kind == SITE_STF;
	gva_t last = va + (1u << (member->mem & ACCESS_SIZE_MASK)) - 1;

	return mmu_window_fault(cpu, va, write) && (!((va ^ last) & ~GUEST_PAGE_MASK) || mmu_window_fault(cpu, last, write));
}

static gva_t site_pc(const struct x64 *x64, const struct x64_site *site)
{
	return site_head(site_state(x64, site))->pc + (gva_t)site->pc;
}

/* The block of @site is translated anew, with accesses by the tables at that instruction. */
static void demote(struct x64 *x64, struct cpu *cpu, struct x64_site *site)
{
	gva_t pc = site_pc(x64, site);
	uint32_t bit = demoted_hash(pc), page = (pc >> GUEST_PAGE_BITS) % DEMOTED_BITS;

	site->misses = site->aborts = 0;
	x64->demoted[bit / 64] |= 1ull << bit % 64;
	x64->demoted_pages[page / 64] |= 1ull << page % 64;
	cpu->stats[CPU_STAT_WINDOW_DEMOTED]++;
	x64->forget(cpu, site_head(site_state(x64, site))->block);
}

static void abort_or_demote(struct x64 *x64, struct cpu *cpu, struct x64_site *site)
{
	mmu_window_abort(cpu);
	if (++site->aborts == RAW_ABORTS)
		demote(x64, cpu, site);
}

/*
 * The access at @site faulted in the window and was done, from @base on. What cannot be mapped faults each time (devices, traced frames, windows
 * that had to close); when that happens again and again at one place, its block is translated anew.
 */
static void map_or_demote(struct x64 *x64, struct cpu *cpu, struct x64_site *site, const struct x64_access *access, gva_t base)
{
	const struct x64_member *member = members_of(access);
	gva_t page = ~0u;
	bool mapped = true;

	for (unsigned n = access->count; n; n--, member = member_next(member)) {
		gva_t va = base + (gva_t)member->delta;

		if ((va & ~GUEST_PAGE_MASK) != page)
			mapped &= map_member(cpu, member, va);
		page = va & ~GUEST_PAGE_MASK;
	}
	if (!mapped && ++site->misses == RAW_MISSES)
		demote(x64, cpu, site);
}

/* False: it aborted, at a member. Those before it are done. */
static bool do_all(struct slow_frame *frame, struct cpu *cpu, const struct x64_access *access, gva_t base)
{
	const struct x64_member *member = members_of(access);
	int quick = quick_load(frame, cpu, access, member, base + (gva_t)member->delta);

	if (quick)
		return quick > 0;
	for (unsigned n = access->count; n; n--, member = member_next(member))
		if (do_access(frame, cpu, member, base + (gva_t)member->delta))
			return false;
	return true;
}

const uint8_t *slow_access(struct slow_frame *frame, struct cpu *cpu, struct x64 *x64)
{
	struct x64_site *site = &x64->sites[frame->site];
	const struct x64_site_state *state = site_state(x64, site);
	struct plain plain;
	const struct x64_access *access = unpack(x64, site, &plain);
	gva_t base = access->delta + (access->address == HOST_REG_NONE ? 0 : (gva_t)frame->regs[access->address & 15]);
	uint32_t count = site->state_count >> 24;
	struct flag_state flags;
	bool done;

	dirty_to_cpu(frame, cpu, state);
	cpu->r[15] = site_pc(x64, site);
	cpu->it = state_it(state);
	cpu->countdown = (int32_t)((uint32_t)frame->regs[R14] - count);
	done = do_all(frame, cpu, access, base);
	if (access->raw && !done)
		abort_or_demote(x64, cpu, site);
	else if (access->raw)
		map_or_demote(x64, cpu, site, access, base);
	else if (unlikely(cpu->space->exec[base >> GUEST_PAGE_BITS] & SPACE_DEVICE) && done)
		device_site_link(x64, cpu, site, base);
	frame->regs[R15] = (uintptr_t)cpu->space;
	if (likely(done)) {
		cpu->it = 0;
		slow_end_slice(cpu);
		frame->regs[R14] = (uint32_t)cpu->countdown + count;
		return x64->cache.exec + access->resume;
	}
	if (state->more & STATE_SWAPPED)
		loop_homes_undo(site_head(state)->swaps, frame->regs, cpu);
	homes_to_cpu(frame, cpu);
	flags = flags_of(state);
	cpu->nzcv = flags_recompute(&flags, cpu, (uint32_t)frame->regs[FRAME_EFLAGS]);
	cpu->exit_arg[0] = RAISE_DATA_ABORT;
	frame->regs[R14] = (uint32_t)cpu->countdown;
	return x64->stubs.leave[X64_EXIT_RAISE];
}
