/*
 * walk.c - the short-descriptor translation table walk (ARM DDI 0406C.d B3.5, B3.7, B3.12).
 *
 * The order of checks is that of the manual's pseudo-code (TranslationTableWalkSD, CheckDomain, CheckPermission, B3.19):
 * external abort and translation fault per level, then access flag, domain, permission. QEMU checks the domain before it reads the
 * second level.
 */
#include "base/base.h"
#include "mmu/mmu.h"

#include "base/bits.h"
#include "mmu/mmu_private.h"

#define DOMAIN_CLIENT 1u
#define DOMAIN_MANAGER 3u

bool walk_first_level(const struct context *context, gva_t va, gpa_t *address)
{
	unsigned n = context->ttbcr & 7;

	if (n == 0 || va >> (32 - n) == 0) {
		*address = context->ttbr0 | (va & (~0u >> n)) >> 20 << 2;
		return !(context->ttbcr & 1u << 4);
	}
	*address = context->ttbr1 | va >> 20 << 2;
	return !(context->ttbcr & 1u << 5);
}

/* Reads a descriptor; false: there is no memory. */
static bool read_descriptor(struct phys *phys, const struct context *context, gpa_t address, uint32_t *value)
{
	struct frame *frame;
	struct region *region = phys_find_frame(phys, address, &frame);

	if (!region)
		return false;
	*value = *(const uint32_t *)(region->host + (address - region->base));
	if (context->sctlr & SCTLR_EE)
		*value = __builtin_bswap32(*value);
	return true;
}

/* Hardware update of the access flag, bit @bit of the descriptor at @address (B3.7.4). A plain store: other observers are on this thread. */
static void set_access_flag(struct phys *phys, const struct context *context, gpa_t address, uint32_t *value, unsigned bit)
{
	*value |= 1u << bit;
	phys_write(phys, address, 4, context->sctlr & SCTLR_EE ? __builtin_bswap32(*value) : *value);
}

/* Device or Strongly-ordered, from TEX:C:B (B3.8.2, B3.8.3). */
static bool is_device(const struct context *context, unsigned texcb)
{
	if (context->sctlr & SCTLR_TRE)
		return (context->prrr >> (texcb & 7) * 2 & 3) < 2;
	return texcb == 0 || texcb == 1 || texcb == 8;
}

/* CheckPermission() (B3.13.2) for both kinds of data access. @ap: APX:AP. */
static unsigned ap_perms(const struct context *context, unsigned ap)
{
	bool privileged = context->privileged;

	if (context->sctlr & SCTLR_AFE)
		ap |= 1; /* AP[0] is the access flag; the simplified model is the full one with AP[0] = 1 */
	switch (ap) {
	case 1: return privileged ? PERM_R | PERM_W : 0;
	case 2: return privileged ? PERM_R | PERM_W : PERM_R;
	case 3: return PERM_R | PERM_W;
	case 5: return privileged ? PERM_R : 0;
	case 6:
	case 7: return PERM_R;
	default: return 0; /* 0: no access; 4: reserved */
	}
}

/* Access flag, domain, permissions of a leaf. @level: 0 or 2, added to first-level fault codes. */
static int check_leaf(struct phys *phys, const struct context *context, bool set_af, struct walk *walk, unsigned *perms, unsigned texcb,
                      unsigned af_bit)
{
	bool second = walk->levels == 2;
	uint32_t domain = walk->domain << 4, right = context->dacr >> walk->domain * 2 & 3;

	walk->texcb = (uint8_t)texcb;
	walk->device = is_device(context, texcb);
	if ((context->sctlr & SCTLR_AFE) && !(walk->ap & 1)) {
		if (!(context->sctlr & SCTLR_HA))
			return (int)((FS_ACCESS_FLAG + (second ? 3 : 0)) | domain);
		if (set_af)
			set_access_flag(phys, context, walk->desc[second], &walk->desc_value[second], af_bit);
		walk->ap |= 1;
	}
	if (right == DOMAIN_MANAGER) {
		*perms = PERM_R | PERM_W | PERM_X;
		return 0;
	}
	if (right != DOMAIN_CLIENT)
		return (int)((FS_DOMAIN + (second ? 2 : 0)) | domain);
	*perms = ap_perms(context, walk->ap);
	if ((*perms & PERM_R) && !walk->xn)
		*perms |= PERM_X;
	return 0;
}

static void decode_section(uint32_t descriptor, gva_t va, struct walk *walk)
{
	walk->ap = (uint8_t)(extract32(descriptor, 10, 2) | extract32(descriptor, 15, 1) << 2);
	walk->xn = descriptor & 1u << 4;
	walk->ng = descriptor & 1u << 17;
	walk->shareable = descriptor & 1u << 16;
	if (descriptor & 1u << 18) { /* supersection: PA[39:32] in the place of the domain, which is 0 */
		walk->page_size = 16u << 20;
		walk->domain = 0;
		walk->pa = (gpa_t)(descriptor & 0xff000000) | (va & 0x00ffffff) | (gpa_t)extract32(descriptor, 20, 4) << 32 |
		           (gpa_t)extract32(descriptor, 5, 4) << 36;
	} else {
		walk->page_size = 1u << 20;
		walk->pa = (descriptor & 0xfff00000) | (va & 0x000fffff);
	}
}

static int walk_second(struct phys *phys, const struct context *context, gva_t va, bool set_af, struct walk *walk, unsigned *perms)
{
	uint32_t domain = walk->domain << 4, descriptor;
	unsigned texcb;

	walk->desc[1] = (walk->desc_value[0] & 0xfffffc00) | extract32(va, 12, 8) << 2;
	walk->levels = 2;
	if (!read_descriptor(phys, context, walk->desc[1], &descriptor))
		return (int)((FS_WALK_EXTERNAL + 2) | domain);
	walk->desc_value[1] = descriptor;
	if ((descriptor & 3) == 0)
		return (int)((FS_TRANSLATION + 2) | domain);
	walk->ap = (uint8_t)(extract32(descriptor, 4, 2) | extract32(descriptor, 9, 1) << 2);
	walk->ng = descriptor & 1u << 11;
	walk->shareable = descriptor & 1u << 10;
	texcb = extract32(descriptor, 2, 2);
	if (descriptor & 2) {
		walk->page_size = 4u << 10;
		walk->xn = descriptor & 1;
		walk->pa = (descriptor & 0xfffff000) | (va & 0xfff);
		texcb |= extract32(descriptor, 6, 3) << 2;
	} else {
		walk->page_size = 64u << 10;
		walk->xn = descriptor & 1u << 15;
		walk->pa = (descriptor & 0xffff0000) | (va & 0xffff);
		texcb |= extract32(descriptor, 12, 3) << 2;
	}
	return check_leaf(phys, context, set_af, walk, perms, texcb, 4);
}

int walk_from(struct phys *phys, const struct context *context, gpa_t address, gva_t va, bool set_af, struct walk *walk, unsigned *perms)
{
	uint32_t descriptor;

	*walk = (struct walk){ .levels = 1, .desc = { address } };
	if (!read_descriptor(phys, context, address, &descriptor))
		return FS_WALK_EXTERNAL;
	walk->desc_value[0] = descriptor;
	walk->domain = (uint8_t)extract32(descriptor, 5, 4);
	switch (descriptor & 3) {
	case 1:
		return walk_second(phys, context, va, set_af, walk, perms);
	case 2:
		decode_section(descriptor, va, walk);
		return check_leaf(phys, context, set_af, walk, perms, extract32(descriptor, 2, 2) | extract32(descriptor, 12, 3) << 2, 10);
	default: /* 0: invalid; 3: reserved without the PXN attribute */
		return FS_TRANSLATION;
	}
}

int walk_lookup(struct phys *phys, const struct context *context, gva_t va, bool set_af, struct walk *walk, unsigned *perms)
{
	gpa_t address;

	if (!(context->sctlr & SCTLR_M)) {
		/*
		 * Data is Strongly-ordered then (B3.2.1); an unaligned access to it is UNPREDICTABLE and simply done here.
		 */
		*walk = (struct walk){ .pa = va, .page_size = GUEST_PAGE_SIZE, .ap = 3, .global_off = true };
		*perms = PERM_R | PERM_W | PERM_X;
		return 0;
	}
	if (!walk_first_level(context, va, &address)) {
		*walk = (struct walk){ .levels = 0 };
		return FS_TRANSLATION;
	}
	return walk_from(phys, context, address, va, set_af, walk, perms);
}

int walk_check(const struct walk *walk, unsigned perms, enum mmu_access access)
{
	static const uint8_t needs[] = { [MMU_READ] = PERM_R, [MMU_WRITE] = PERM_W, [MMU_EXEC] = PERM_X };

	if (perms & needs[access])
		return 0;
	return (int)((FS_PERMISSION + (walk->levels == 2 ? 2 : 0)) | (uint32_t)walk->domain << 4);
}

int mmu_walk(struct cpu *cpu, gva_t va, enum mmu_access access, bool privileged, struct walk *walk)
{
	struct context context;
	unsigned perms;
	int fsr;

	context_of(cpu, privileged, &context);
	fsr = walk_lookup(cpu->mmu->phys, &context, va, true, walk, &perms);
	return fsr ? fsr : walk_check(walk, perms, access);
}
