/*
 * device_site.c - code for one site that accesses a device (DESIGN.md §4): made when it did so for the first time, in place of the jump to the
 * slow stub.
 *
 * The code knows the page's virtual and physical address and looks whether the shadow still has it so (SPACE_DEVICE in mmu.h). A word that
 * the device keeps up to date (struct mmio_plain) is loaded in line when the address is the same as the first time; for all else in the page
 * the device is called, without the detour over struct slow_frame. What does not fit goes to the slow stub as before, and makes new code.
 */
#include "base/base.h"
#include "translator/x64/emit.h"

#include <string.h>

/* A site in a function that accesses any register of any device is left alone after so many pages. */
#define SITE_LINKS 4
#define CODE_MAX 512
#define JMP_REL32 0xe9

/* What the called function knows; behind the code, in the cache. */
struct device_site {
	struct region *region;
	gpa_t page;
	uint32_t size;
};

/* The access under construction. */
struct builder {
	struct enc enc;
	const struct x64 *x64;
	const struct x64_site *site;
	const struct x64_access *access;
	const struct x64_member *member; /* its only one */
	struct region *region;
	gva_t va;
	unsigned addr;      /* host registers: address, result */
	unsigned dst;
	uint32_t entry;     /* what exec[] must have */
	const uint8_t *slow; /* the stub */
	uint8_t *to_slow[4];
	unsigned to_slow_count;
};

/* Failed: bit 32 is set. */
static uint64_t device_load(struct cpu *cpu, gva_t va, const struct device_site *site)
{
	uint32_t value;

	if (unlikely(!mmu_device_read(cpu, site->region, site->page | (va & GUEST_PAGE_MASK), site->size, &value)))
		return 1ull << 32;
	slow_end_slice(cpu);
	return value;
}

static uint64_t device_store(struct cpu *cpu, gva_t va, const struct device_site *site, uint32_t value)
{
	if (unlikely(!mmu_device_write(cpu, site->region, site->page | (va & GUEST_PAGE_MASK), site->size, value)))
		return 1ull << 32;
	slow_end_slice(cpu);
	return 0;
}

static void jcc_slow(struct builder *b, enum host_cc cc)
{
	b->to_slow[b->to_slow_count++] = enc_jcc32(&b->enc, cc);
}

static void check_mapping(struct builder *b)
{
	enc_alu(&b->enc, ALU_CMP, W32, opnd_mem(R15, (int32_t)(SPACE_EXEC_OFFSET + (b->va >> GUEST_PAGE_BITS) * 4)), opnd_imm(b->entry));
	jcc_slow(b, CC_NE);
}

/* The host's word at @at, by way of dst. */
static struct opnd word_at(struct builder *b, const void *at)
{
	enc_mov_imm64(&b->enc, b->dst, (uintptr_t)at);
	return opnd_mem(b->dst, 0);
}

static const uint8_t *resume(const struct builder *b)
{
	return b->x64->cache.exec + b->access->resume;
}

/* The word in line. dst serves as pointer: the address is known by then. */
static void plain_load(struct builder *b)
{
	struct region *region = b->region;
	struct enc *enc = &b->enc;
	struct mmio_plain plain;
	uint8_t *other, *wait = NULL;
	uint32_t offset = (b->entry & SPACE_DEVICE_PAGE) * GUEST_PAGE_SIZE + (b->va & GUEST_PAGE_MASK) - (uint32_t)region->base;

	if ((b->member->mem & ACCESS_SIZE_MASK) != 2 || b->va & 3 || !region->ops->plain || offset > region->size - 4 ||
	    !region->ops->plain(region->opaque, offset, &plain))
		return;
	enc_alu(enc, ALU_CMP, W32, opnd_reg(b->addr), opnd_imm(b->va));
	other = enc_jcc32(enc, CC_NE);
	check_mapping(b);
	if (plain.ready) {
		enc_alu(enc, ALU_CMP, W32, word_at(b, plain.ready), opnd_imm(0));
		wait = enc_jcc32(enc, CC_E);
	}
	enc_alu(enc, ALU_ADD, W64, CPU_OPND(stats[CPU_STAT_MMIO_READ]), opnd_imm(1));
	enc_alu(enc, ALU_ADD, W64, word_at(b, &region->reads), opnd_imm(1));
	enc_mov(enc, W32, opnd_reg(b->dst), word_at(b, plain.value));
	enc_jmp_to(enc, resume(b));
	if (wait) {
		enc_bind32(enc, wait);
		if (b->dst == b->addr)
			enc_mov(enc, W32, opnd_reg(b->addr), opnd_imm(b->va));
	}
	enc_bind32(enc, other);
}

/* What a C function may overwrite and translated code needs. */
static const uint8_t saved[] = { RAX, RCX, RDX, RSI, RDI, R8, R9, R10, R11 };
#define FRAME 88 /* translated code has rsp 8 off alignment */
static_assert(ARRAY_SIZE(saved) * 8 <= FRAME && FRAME % 16 == 8, "frame of a device call");

static struct opnd slot(unsigned i)
{
	return opnd_mem(RSP, (int32_t)(8 * i));
}

/* @reg as it was when the site was left. */
static struct opnd original(unsigned reg)
{
	for (unsigned i = 0; i < ARRAY_SIZE(saved); i++)
		if (saved[i] == reg)
			return slot(i);
	return opnd_reg(reg);
}

static void restore(struct builder *b, unsigned except)
{
	for (unsigned i = 0; i < ARRAY_SIZE(saved); i++)
		if (saved[i] != except)
			enc_mov(&b->enc, W64, opnd_reg(saved[i]), slot(i));
	enc_lea(&b->enc, W64, RSP, opnd_mem(RSP, FRAME));
}

static void load_value(struct builder *b)
{
	const struct site_place place = b->member->value;
	struct opnd from = opnd_imm(0);

	if (place.kind == PLACE_HOST)
		from = original(place.n);
	else if (place.kind == PLACE_GUEST)
		from = cpu_reg(place.n);
	else if (place.kind == PLACE_TMP)
		from = opnd_mem(RBP, (int32_t)(offsetof(struct cpu, tmp) + 4 * place.n) - CPU_BIAS);
	else if (place.kind == PLACE_IMM)
		from = opnd_imm(wide_of(b->member)->imm);
	enc_mov(&b->enc, W32, opnd_reg(RCX), from);
}

/* State that the device may ask for: where the core is, and when. */
static void note_place(struct builder *b)
{
	struct enc *enc = &b->enc;

	enc_lea(enc, W32, RAX, opnd_mem(R14, -(int32_t)(b->site->state_count >> 24)));
	enc_mov(enc, W32, CPU_OPND(countdown), opnd_reg(RAX));
	enc_mov(enc, W32, CPU_OPND(r[15]), opnd_imm(site_head(site_state(b->x64, b->site))->pc + (gva_t)b->site->pc));
}

static uint8_t *device_call(struct builder *b, bool load)
{
	struct enc *enc = &b->enc;
	uint8_t *other_page, *failed, *info;

	for (unsigned i = 0; i < ARRAY_SIZE(saved); i++)
		enc_mov(enc, W64, opnd_mem(RSP, (int32_t)(8 * i) - FRAME), opnd_reg(saved[i]));
	enc_lea(enc, W64, RSP, opnd_mem(RSP, -FRAME));
	if (b->addr != RSI)
		enc_mov(enc, W32, opnd_reg(RSI), opnd_reg(b->addr));
	enc_mov(enc, W32, opnd_reg(RDX), opnd_reg(RSI));
	enc_shift(enc, HOST_SHR, W32, opnd_reg(RDX), GUEST_PAGE_BITS);
	enc_alu(enc, ALU_CMP, W32, opnd_reg(RDX), opnd_imm(b->va >> GUEST_PAGE_BITS));
	other_page = enc_jcc32(enc, CC_NE);
	if (!load)
		load_value(b);
	note_place(b);
	enc_lea(enc, W64, RDI, opnd_mem(RBP, -CPU_BIAS));
	enc_mov_imm64(enc, RDX, ~0ull); /* later */
	info = enc->at - 8;
	enc_mov_imm64(enc, RAX, load ? (uintptr_t)device_load : (uintptr_t)device_store);
	enc_call_opnd(enc, opnd_reg(RAX));
	enc_bt(enc, W64, opnd_reg(RAX), 32);
	failed = enc_jcc32(enc, CC_B);
	enc_mov(enc, W32, opnd_reg(R14), CPU_OPND(countdown));
	enc_alu(enc, ALU_ADD, W32, opnd_reg(R14), opnd_imm(b->site->state_count >> 24));
	enc_mov(enc, W64, opnd_reg(R15), CPU_OPND(space));
	if (load)
		enc_mov(enc, W32, opnd_reg(b->dst), opnd_reg(RAX));
	restore(b, load ? b->dst : RSP);
	enc_jmp_to(enc, resume(b));
	enc_bind32(enc, other_page);
	enc_bind32(enc, failed);
	restore(b, RSP);
	return info;
}

static bool fits(const struct x64 *x64, const struct x64_site *site, const struct x64_access *access)
{
	const struct x64_member *member = members_of(access);

	if ((member->kind != SITE_LD && member->kind != SITE_ST) || !access->cold || access->count != 1 || access->delta || state_it(site_state(x64, site)) ||
	    member->mem & (ACCESS_USER | ACCESS_BE | ACCESS_SIGNED) || (member->mem & ACCESS_SIZE_MASK) > 2 || access->address == HOST_REG_NONE)
		return false;
	if (member->kind == SITE_LD)
		return member->value.kind == PLACE_HOST;
	return member->value.kind != PLACE_NONE;
}

/* The stub that the site's out-of-line code jumps to behind its push; it stays there when the push has become a jump. */
static const uint8_t *slow_stub(const struct x64 *x64, const struct x64_access *access)
{
	const uint8_t *jump = x64->cache.write + access->resume + access->cold + 5;
	int32_t rel;

	memcpy(&rel, jump + 1, 4);
	return jump + cache_exec_delta(&x64->cache) + 5 + rel;
}

void device_site_link(struct x64 *x64, struct cpu *cpu, struct x64_site *site, gva_t va)
{
	struct code_cache *cache = &x64->cache;
	uint8_t *start = cache->write + ((cache->used + 15) & ~(size_t)15), *info, *push;
	struct x64_access *access = site_access(x64, site);
	const struct x64_member *member = members_of(access);
	struct builder b = {
		.x64 = x64, .site = site, .access = access, .member = member, .va = va, .addr = access->address,
		.dst = member->value.n, .entry = cpu->space->exec[va >> GUEST_PAGE_BITS],
	};
	struct device_site data;
	int32_t rel;

	if (!x64_opt(x64, OPT_DEVICE_SITES) || !fits(x64, site, access) || access->links >= SITE_LINKS || cache->size - cache->used < CODE_MAX + 16)
		return;
	b.region = mmu_device_window(cpu, va);
	b.slow = slow_stub(x64, access);
	if (!b.region || !(b.entry & SPACE_DEVICE) || !(b.entry & (member->kind == SITE_LD ? SPACE_DEVICE_R : SPACE_DEVICE_W)) || b.slow != x64->stubs.slow)
		return;
	access->links++;
	enc_init(&b.enc, start, start + CODE_MAX, cache_exec_delta(cache));
	if (member->kind == SITE_LD)
		plain_load(&b);
	check_mapping(&b);
	info = device_call(&b, member->kind == SITE_LD);
	for (unsigned i = 0; i < b.to_slow_count; i++)
		enc_bind32(&b.enc, b.to_slow[i]);
	enc_push_imm(&b.enc, (int32_t)(site - x64->sites));
	enc_jmp_to(&b.enc, b.slow);
	enc_align(&b.enc, 8);
	BUG_ON(b.enc.overflow || (size_t)(b.enc.end - b.enc.at) < sizeof(data));
	data = (struct device_site){ .region = b.region, .page = (gpa_t)(b.entry & SPACE_DEVICE_PAGE) << GUEST_PAGE_BITS,
		.size = 1u << (member->mem & ACCESS_SIZE_MASK) };
	memcpy(b.enc.at, &data, sizeof(data));
	memcpy(info, &(uint64_t){ (uintptr_t)b.enc.at }, 8);
	cache_commit(cache, (size_t)(b.enc.at + sizeof(data) - cache->write));
	/* The push of five bytes becomes a jump of five bytes. Only this core runs the code, and not now. */
	push = cache->write + access->resume + access->cold;
	rel = (int32_t)(start - (push + 5));
	push[0] = JMP_REL32;
	memcpy(push + 1, &rel, 4);
}
