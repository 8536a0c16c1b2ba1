/*
 * gic.c - the Cortex-A9's interrupt controller: GIC architecture 1 with Security Extensions (ARM IHI 0048A, ARM DDI 0407 chapter 3).
 *
 * reg[0] is the distributor, reg[1] the CPU interface. All accesses are Secure, as the board starts its software. The pending state
 * of a level-sensitive interrupt is computed from the wire; only edges and software writes are latched. Whatever changes ends in
 * gic_update(), which computes each core's IRQ and FIQ from scratch.
 *
 * Differs from QEMU: PPIs have the A9's fixed configuration (27, 29, 30 edge), the identification registers are the A9's.
 */
#include "base/base.h"
#include "devices/models.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"

#define LINES 96
#define WORDS (LINES / 32)
#define SGIS 16
#define PRIORITY_MASK 0xf8u     /* 5 bits */
#define SGI_BITS 0xffffu
#define PPI_EDGE 0x68000000u    /* 27 global timer, 29 private timer, 30 watchdog */
#define PPI_BITS 0xf8000000u    /* the PPIs that the A9 has */
#define SPURIOUS 1023u
#define SPURIOUS_GROUP1 1022u
#define BPR_MIN 2u
#define ABPR_MIN 3u
#define IDLE_PRIORITY 0x100u

#define CTLR_GROUP0 1u          /* ICDDCR and ICCICR alike */
#define CTLR_GROUP1 2u
#define ICCICR_ACKCTL 4u
#define ICCICR_FIQEN 8u
#define ICCICR_SBPR 16u
#define ICCICR_MASK 0x1fu

/* 32 interrupts. For IDs 0-31 each core has its own. SGIs do not use pending. */
struct bank {
	uint32_t enabled, pending, active, group;
};

struct core {
	uint32_t ctrl, pmr, bpr, abpr;
	uint32_t active_priorities;  /* bit n: an interrupt of priority n << 3 was acknowledged and not ended */
	uint8_t sgi_pending[SGIS];   /* bit n: from core n */
	uint8_t priority[32];
};

struct gic_state {
	uint32_t ctrl;
	uint32_t edge[WORDS];
	struct bank spi[WORDS - 1];
	struct bank private[DEVICE_CORES];
	struct core core[DEVICE_CORES];
	uint8_t priority[LINES]; /* SPIs; the first 32 unused */
	uint8_t target[LINES];
};

struct gic {
	struct device dev;
	unsigned cores;
	/* Wires: kept over reset, not part of a snapshot. */
	uint32_t spi_level[WORDS - 1];
	uint32_t ppi_level[DEVICE_CORES];
	uint8_t output[DEVICE_CORES]; /* last told to the cores: bit 0 IRQ, bit 1 FIQ */
	struct gic_state s;
};

static struct gic *gic_of(struct device *dev)
{
	return container_of(dev, struct gic, dev);
}

static struct bank *bank_of(struct gic *gic, unsigned word, unsigned core)
{
	return word ? &gic->s.spi[word - 1] : &gic->s.private[core];
}

static uint32_t level_of(const struct gic *gic, unsigned word, unsigned core)
{
	return word ? gic->spi_level[word - 1] : gic->ppi_level[core];
}

static uint8_t *priority_of(struct gic *gic, unsigned id, unsigned core)
{
	return id < 32 ? &gic->s.core[core].priority[id] : &gic->s.priority[id];
}

/* Pending interrupts of one word, whether enabled or not. */
static uint32_t pending_of(struct gic *gic, unsigned word, unsigned core)
{
	uint32_t pending = bank_of(gic, word, core)->pending | (level_of(gic, word, core) & ~gic->s.edge[word]);

	if (!word) {
		pending &= ~SGI_BITS;
		for (unsigned i = 0; i < SGIS; i++)
			pending |= gic->s.core[core].sgi_pending[i] ? 1u << i : 0;
	}
	return pending;
}

/* The highest priority interrupt that the distributor forwards to @core; SPURIOUS: none. */
static unsigned best_pending(struct gic *gic, unsigned core)
{
	unsigned best = SPURIOUS, best_priority = IDLE_PRIORITY;
	uint32_t ctrl = gic->s.ctrl & gic->s.core[core].ctrl;

	if (!(ctrl & (CTLR_GROUP0 | CTLR_GROUP1)))
		return SPURIOUS;
	for (unsigned word = 0; word < WORDS; word++) {
		const struct bank *bank = bank_of(gic, word, core);
		uint32_t can = pending_of(gic, word, core) & bank->enabled & ~bank->active;
		if (!(ctrl & CTLR_GROUP0))
			can &= bank->group;
		if (!(ctrl & CTLR_GROUP1))
			can &= ~bank->group;
		for (; can; can &= can - 1) {
			unsigned id = word * 32 + (unsigned)__builtin_ctz(can);
			if (word && gic->cores > 1 && !(gic->s.target[id] >> core & 1))
				continue;
			unsigned priority = *priority_of(gic, id, core);
			if (priority < best_priority) {
				best = id;
				best_priority = priority;
			}
		}
	}
	return best;
}

static bool in_group1(struct gic *gic, unsigned id, unsigned core)
{
	return bank_of(gic, id / 32, core)->group >> id % 32 & 1;
}

static unsigned running_priority(const struct core *c)
{
	return c->active_priorities ? (unsigned)__builtin_ctz(c->active_priorities) << 3 : IDLE_PRIORITY;
}

/* The interrupt that @core is to take now: passes the mask and preempts what is running (IHI 0048A 3.3). */
static unsigned signalled(struct gic *gic, unsigned core)
{
	const struct core *c = &gic->s.core[core];
	unsigned id = best_pending(gic, core);

	if (id == SPURIOUS)
		return SPURIOUS;
	unsigned priority = *priority_of(gic, id, core);
	if (priority >= c->pmr)
		return SPURIOUS;
	unsigned running = running_priority(c);
	if (running == IDLE_PRIORITY)
		return id;
	unsigned bpr = in_group1(gic, id, core) && !(c->ctrl & ICCICR_SBPR) ? c->abpr - 1 : c->bpr;
	unsigned mask = 0xffu << (bpr + 1) & 0xff;
	return (priority & mask) < (running & mask) ? id : SPURIOUS;
}

static void gic_update(struct device *dev)
{
	struct gic *gic = gic_of(dev);

	for (unsigned core = 0; core < gic->cores; core++) {
		unsigned id = signalled(gic, core), out = 0;
		if (id != SPURIOUS)
			out = !in_group1(gic, id, core) && gic->s.core[core].ctrl & ICCICR_FIQEN ? 2 : 1;
		unsigned changed = out ^ gic->output[core];
		gic->output[core] = (uint8_t)out;
		for (unsigned line = 0; line < 2; line++)
			if (changed >> line & 1 && dev->env->cpu_line)
				dev->env->cpu_line(dev->env->opaque, core, line, out >> line & 1);
	}
}

/* Inputs */

static void gic_input(void *opaque, unsigned n, bool level)
{
	struct gic *gic = opaque;
	unsigned core = n >> LINE_CORE_SHIFT, id = n & ((1u << LINE_CORE_SHIFT) - 1), word = id / 32;
	uint32_t bit = 1u << id % 32;

	BUG_ON(id < SGIS || id >= LINES || core >= DEVICE_CORES || (core && word));
	uint32_t *wire = word ? &gic->spi_level[word - 1] : &gic->ppi_level[core];
	if (level && !(*wire & bit) && gic->s.edge[word] & bit)
		bank_of(gic, word, core)->pending |= bit;
	*wire = level ? *wire | bit : *wire & ~bit;
	gic_update(&gic->dev);
}

static int gic_irq_input(struct device *dev, const uint32_t *spec, unsigned cells, struct line *line, struct error *err)
{
	if (cells != 3)
		return error_set(err, EINVAL, "%s: an interrupt specifier of the GIC has 3 cells <type number flags>, not %u", dev->path,
		                 cells);
	if (spec[0] > 1)
		return error_set(err, EINVAL, "%s: interrupt type %u is unknown; 0 is shared (SPI), 1 is private (PPI)", dev->path, spec[0]);
	if (spec[0] == 0 && spec[1] >= LINES - 32)
		return error_set(err, EINVAL, "%s: SPI %u does not exist; this GIC has SPI 0-%u", dev->path, spec[1], LINES - 33);
	if (spec[0] == 1 && (spec[1] >= 16 || !(PPI_BITS >> (16 + spec[1]) & 1)))
		return error_set(err, EINVAL, "%s: PPI %u does not exist; the Cortex-A9 has PPI 11-15", dev->path, spec[1]);
	*line = (struct line){ .sink = gic_input, .opaque = gic_of(dev), .n = spec[1] + (spec[0] ? 16 : 32) };
	return 0;
}

/* Distributor */

enum dist_reg {
	ICDISR = 0x080, ICDISER = 0x100, ICDICER = 0x180, ICDISPR = 0x200, ICDICPR = 0x280, ICDABR = 0x300, ICDIPR = 0x400,
	ICDIPTR = 0x800, ICDICFR = 0xc00, PPI_STATUS = 0xd00, SPI_STATUS = 0xd04, ICDSGIR = 0xf00, ICPIDR = 0xfd0,
};

static const char *gic_reg_name(const struct device *dev, unsigned window, uint32_t offset, char *buf, size_t size)
{
	static const struct { uint32_t from, to; const char *name; } dist[] = {
		{ 0x000, 0x004, "ICDDCR" }, { 0x004, 0x008, "ICDICTR" }, { 0x008, 0x00c, "ICDIIDR" }, { 0x080, 0x100, "ICDISR" },
		{ 0x100, 0x180, "ICDISER" }, { 0x180, 0x200, "ICDICER" }, { 0x200, 0x280, "ICDISPR" }, { 0x280, 0x300, "ICDICPR" },
		{ 0x300, 0x380, "ICDABR" }, { 0x400, 0x7fc, "ICDIPR" }, { 0x800, 0xbfc, "ICDIPTR" }, { 0xc00, 0xd00, "ICDICFR" },
		{ 0xd00, 0xd04, "ppi_status" }, { 0xd04, 0xd0c, "spi_status" }, { 0xf00, 0xf04, "ICDSGIR" },
		{ 0xfd0, 0xff0, "ICPIDR" }, { 0xff0, 0x1000, "ICCIDR" },
	}, cpu[] = {
		{ 0x00, 0x04, "ICCICR" }, { 0x04, 0x08, "ICCPMR" }, { 0x08, 0x0c, "ICCBPR" }, { 0x0c, 0x10, "ICCIAR" },
		{ 0x10, 0x14, "ICCEOIR" }, { 0x14, 0x18, "ICCRPR" }, { 0x18, 0x1c, "ICCHPPIR" }, { 0x1c, 0x20, "ICCABPR" },
		{ 0xfc, 0x100, "ICCIIDR" },
	};
	unsigned n = window ? ARRAY_SIZE(cpu) : ARRAY_SIZE(dist);

	for (unsigned i = 0; i < n; i++) {
		uint32_t from = window ? cpu[i].from : dist[i].from, to = window ? cpu[i].to : dist[i].to;
		if (offset < from || offset >= to)
			continue;
		if (to - from <= 4)
			snprintf(buf, size, "%s", window ? cpu[i].name : dist[i].name);
		else
			snprintf(buf, size, "%s%u", dist[i].name, (offset - from) / 4);
		return buf;
	}
	return window ? "CPU interface" : "distributor";
}

static uint32_t dist_bitmap_read(struct gic *gic, uint32_t offset, unsigned core)
{
	unsigned word = (offset & 0x7f) / 4;

	if (word >= WORDS) {
		device_guest_error(&gic->dev, offset, "interrupts above %u do not exist; read gives 0", LINES - 1);
		return 0;
	}
	const struct bank *bank = bank_of(gic, word, core);
	switch (offset & ~0x7fu) {
	case ICDISR:
		return bank->group;
	case ICDISER:
	case ICDICER:
		return bank->enabled;
	case ICDISPR:
	case ICDICPR:
		return pending_of(gic, word, core);
	default:
		return bank->active;
	}
}

static uint32_t bytes_at(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t config_read(const struct gic *gic, unsigned first)
{
	uint32_t value = 0;

	if (first < SGIS)
		return 0xaaaaaaaa;
	for (unsigned i = 0; i < 16; i++) {
		unsigned id = first + i;
		/* The low bit says 1-N model, which is fixed; PPIs below 27 do not exist. */
		if (id >= 32 || PPI_BITS >> id & 1)
			value |= (1u | (gic->s.edge[id / 32] >> id % 32 & 1) << 1) << i * 2;
	}
	return value;
}

static uint32_t dist_read(struct gic *gic, uint32_t offset, unsigned core)
{
	static const uint8_t id[12] = { 0x04, 0, 0, 0, 0x90, 0xb3, 0x1b, 0, 0x0d, 0xf0, 0x05, 0xb1 };
	unsigned first;

	switch (offset) {
	case 0x000:
		return gic->s.ctrl;
	case 0x004: /* 31 lockable SPIs, Security Extensions, cores, blocks of 32 lines */
		return 31u << 11 | 1u << 10 | (gic->cores - 1) << 5 | (WORDS - 1);
	case 0x008:
		return 0x0102043b;
	case ICDISR ... ICDABR + 0x7c:
		return dist_bitmap_read(gic, offset, core);
	case ICDIPR ... ICDIPR + LINES - 4:
		first = offset - ICDIPR;
		return bytes_at(priority_of(gic, first, core));
	case ICDIPTR ... ICDIPTR + LINES - 4:
		first = offset - ICDIPTR;
		if (gic->cores == 1) /* no target registers on a uniprocessor */
			return 0;
		return first < 32 ? 0x01010101u << core : bytes_at(&gic->s.target[first]);
	case ICDICFR ... ICDICFR + LINES / 4 - 4:
		return config_read(gic, (offset - ICDICFR) * 4);
	case PPI_STATUS:
		return gic->ppi_level[core] >> 16;
	case SPI_STATUS ... SPI_STATUS + (WORDS - 2) * 4:
		return gic->spi_level[(offset - SPI_STATUS) / 4];
	case ICPIDR ... ICPIDR + 0x2c:
		return id[(offset - ICPIDR) / 4];
	case ICDSGIR:
		device_guest_error(&gic->dev, offset, "read of a write-only register gives 0");
		return 0;
	}
	device_guest_error(&gic->dev, offset, "reserved, or of an interrupt above %u; read gives 0", LINES - 1);
	return 0;
}

static void dist_bitmap_write(struct gic *gic, uint32_t offset, unsigned core, uint32_t value)
{
	unsigned word = (offset & 0x7f) / 4;

	if (word >= WORDS) {
		if (value)
			device_guest_error(&gic->dev, offset, "interrupts above %u do not exist; write of 0x%x ignored", LINES - 1, value);
		return;
	}
	struct bank *bank = bank_of(gic, word, core);
	uint32_t fixed = word ? 0 : SGI_BITS, exists = word ? ~0u : PPI_BITS;
	switch (offset & ~0x7fu) {
	case ICDISR:
		bank->group = value & (exists | fixed);
		break;
	case ICDISER:
		bank->enabled |= value & exists;
		break;
	case ICDICER:
		bank->enabled &= ~value | fixed;
		break;
	case ICDISPR:
		bank->pending |= value & exists;
		break;
	case ICDICPR:
		bank->pending &= ~value;
		break;
	default:
		device_guest_error(&gic->dev, offset, "the active bits are read-only in this GIC; write of 0x%x ignored", value);
	}
}

static void config_write(struct gic *gic, unsigned first, uint32_t value)
{
	for (unsigned i = 0; i < 16 && first >= 32; i++) {
		uint32_t bit = 1u << (first + i) % 32, *edge = &gic->s.edge[first / 32];
		*edge = value >> (i * 2 + 1) & 1 ? *edge | bit : *edge & ~bit;
	}
}

static void sgi_write(struct gic *gic, unsigned core, uint32_t value)
{
	unsigned id = value & 15, all = (1u << gic->cores) - 1, targets;
	bool group1 = value >> 15 & 1;

	switch (value >> 24 & 3) {
	case 0:
		targets = value >> 16 & 0xff;
		break;
	case 1:
		targets = all & ~(1u << core);
		break;
	case 2:
		targets = 1u << core;
		break;
	default:
		device_guest_error(&gic->dev, ICDSGIR, "0x%08x: target list filter 3 is reserved; ignored", value);
		return;
	}
	if (targets & ~all)
		device_guest_error(&gic->dev, ICDSGIR, "0x%08x names cores that do not exist; they are left out", value);
	for (unsigned i = 0; i < gic->cores; i++)
		if (targets >> i & 1 && in_group1(gic, id, i) == group1)
			gic->s.core[i].sgi_pending[id] |= (uint8_t)(1u << core);
}

static void dist_write_bytes(struct gic *gic, uint32_t offset, unsigned core, unsigned size, uint32_t value)
{
	for (unsigned i = 0; i < size; i++, offset++, value >>= 8) {
		if (offset < ICDIPTR)
			*priority_of(gic, offset - ICDIPR, core) = value & PRIORITY_MASK;
		else if (offset - ICDIPTR >= 32 && gic->cores > 1)
			gic->s.target[offset - ICDIPTR] = (uint8_t)(value & ((1u << gic->cores) - 1));
	}
}

static void dist_write(struct gic *gic, uint32_t offset, unsigned core, unsigned size, uint32_t value)
{
	switch (offset) {
	case ICDIPR ... ICDIPR + LINES - 1:
	case ICDIPTR ... ICDIPTR + LINES - 1:
		dist_write_bytes(gic, offset, core, size, value);
		return;
	}
	if (size != 4) {
		device_guest_error(&gic->dev, offset, "%u-byte write of 0x%x ignored; only ICDIPR and ICDIPTR take bytes", size, value);
		return;
	}
	switch (offset) {
	case 0x000:
		gic->s.ctrl = value & (CTLR_GROUP0 | CTLR_GROUP1);
		break;
	case ICDISR ... ICDABR + 0x7c:
		dist_bitmap_write(gic, offset, core, value);
		break;
	case ICDICFR ... ICDICFR + LINES / 4 - 4:
		config_write(gic, (offset - ICDICFR) * 4, value);
		break;
	case ICDSGIR:
		sgi_write(gic, core, value);
		break;
	default:
		device_guest_error(&gic->dev, offset, "reserved or read-only; write of 0x%x ignored", value);
	}
}

/* CPU interface */

static uint32_t acknowledge(struct gic *gic, unsigned core)
{
	struct core *c = &gic->s.core[core];
	unsigned id = signalled(gic, core), source = 0;

	if (id == SPURIOUS)
		return SPURIOUS;
	if (in_group1(gic, id, core) && !(c->ctrl & ICCICR_ACKCTL))
		return SPURIOUS_GROUP1;
	struct bank *bank = bank_of(gic, id / 32, core);
	if (id < SGIS) {
		source = (unsigned)__builtin_ctz(c->sgi_pending[id]);
		c->sgi_pending[id] &= (uint8_t)(c->sgi_pending[id] - 1);
	}
	bank->pending &= ~(1u << id % 32);
	bank->active |= 1u << id % 32;
	c->active_priorities |= 1u << (*priority_of(gic, id, core) >> 3);
	gic_update(&gic->dev);
	return source << 10 | id;
}

static void end_of_interrupt(struct gic *gic, unsigned core, uint32_t value)
{
	struct core *c = &gic->s.core[core];
	unsigned id = value & 0x3ff;

	if (id >= SPURIOUS_GROUP1)
		return;
	if (id >= LINES || !(bank_of(gic, id / 32, core)->active >> id % 32 & 1)) {
		device_guest_error(&gic->dev, 0x10, "end of interrupt %u, which is not active", id);
		return;
	}
	bank_of(gic, id / 32, core)->active &= ~(1u << id % 32);
	c->active_priorities &= c->active_priorities - 1; /* the highest running */
}

static uint32_t cpu_if_read(struct gic *gic, uint32_t offset, unsigned core)
{
	struct core *c = &gic->s.core[core];
	unsigned id;

	switch (offset) {
	case 0x00:
		return c->ctrl;
	case 0x04:
		return c->pmr;
	case 0x08:
		return c->bpr;
	case 0x0c:
		return acknowledge(gic, core);
	case 0x14:
		return MIN(running_priority(c), 0xffu);
	case 0x18:
		id = best_pending(gic, core);
		if (id == SPURIOUS)
			return SPURIOUS;
		if (in_group1(gic, id, core) && !(c->ctrl & ICCICR_ACKCTL))
			return SPURIOUS_GROUP1;
		return id < SGIS ? id | (unsigned)__builtin_ctz(c->sgi_pending[id]) << 10 : id;
	case 0x1c:
		return c->abpr;
	case 0xfc:
		return 0x3901243b;
	}
	device_guest_error(&gic->dev, offset, "not a readable register; read gives 0");
	return 0;
}

static void cpu_if_write(struct gic *gic, uint32_t offset, unsigned core, uint32_t value)
{
	struct core *c = &gic->s.core[core];

	switch (offset) {
	case 0x00:
		if (value & ~ICCICR_MASK)
			device_guest_error(&gic->dev, offset, "reserved bits in 0x%08x ignored", value);
		c->ctrl = value & ICCICR_MASK;
		break;
	case 0x04:
		c->pmr = value & PRIORITY_MASK;
		break;
	case 0x08:
		c->bpr = MAX(value & 7, BPR_MIN);
		break;
	case 0x10:
		end_of_interrupt(gic, core, value);
		break;
	case 0x1c:
		c->abpr = MAX(value & 7, ABPR_MIN);
		break;
	default:
		device_guest_error(&gic->dev, offset, "not a writable register; write of 0x%x ignored", value);
	}
}

/* Framework */

static int gic_read(struct device *dev, unsigned window, uint32_t offset, unsigned size, uint32_t *value)
{
	struct gic *gic = gic_of(dev);
	unsigned core = device_core(dev) % gic->cores;

	if (window == 0) {
		uint32_t v = dist_read(gic, offset & ~3u, core) >> offset % 4 * 8;
		*value = size == 4 ? v : v & ((1u << size * 8) - 1);
	} else if (size != 4) {
		device_guest_error(dev, offset, "%u-byte read gives 0; the CPU interface wants 4 bytes", size);
	} else {
		*value = cpu_if_read(gic, offset, core);
	}
	return PHYS_OK;
}

static int gic_write(struct device *dev, unsigned window, uint32_t offset, unsigned size, uint32_t value)
{
	struct gic *gic = gic_of(dev);
	unsigned core = device_core(dev) % gic->cores;

	if (window == 0)
		dist_write(gic, offset, core, size, value);
	else if (size != 4)
		device_guest_error(dev, offset, "%u-byte write ignored; the CPU interface wants 4 bytes", size);
	else
		cpu_if_write(gic, offset, core, value);
	gic_update(dev);
	return PHYS_OK;
}

static int gic_realize(struct device *dev, const struct device_binding *binding, struct error *err)
{
	struct gic *gic = gic_of(dev);

	if (binding->reg_count < 2 || binding->reg[0].size < 0x1000 || binding->reg[1].size < 0x100)
		return error_set(err, EINVAL, "%s: the GIC needs two reg entries: distributor (0x1000) and CPU interface (0x100)",
		                 binding->path);
	gic->cores = device_cores(dev);
	return 0;
}

static void gic_reset(struct device *dev)
{
	struct gic *gic = gic_of(dev);

	memset(&gic->s, 0, sizeof gic->s);
	gic->s.edge[0] = PPI_EDGE | SGI_BITS;
	for (unsigned i = 0; i < DEVICE_CORES; i++) {
		gic->s.private[i].enabled = SGI_BITS;
		gic->s.core[i].bpr = BPR_MIN;
		gic->s.core[i].abpr = ABPR_MIN;
	}
}

static bool bytes_within(const uint8_t *bytes, unsigned n, uint32_t mask)
{
	for (unsigned i = 0; i < n; i++)
		if (bytes[i] & ~mask)
			return false;
	return true;
}

static bool core_possible(const struct gic *gic, const struct core *c, const struct bank *bank)
{
	const uint32_t exists = PPI_BITS | SGI_BITS;

	return !(c->ctrl & ~ICCICR_MASK) && !(c->pmr & ~PRIORITY_MASK) && c->bpr >= BPR_MIN && c->bpr <= 7 &&
	       c->abpr >= ABPR_MIN && c->abpr <= 7 && bytes_within(c->priority, 32, PRIORITY_MASK) &&
	       bytes_within(c->sgi_pending, SGIS, (1u << gic->cores) - 1) && (bank->enabled & SGI_BITS) == SGI_BITS &&
	       !((bank->enabled | bank->group | bank->active) & ~exists) && !(bank->pending & ~PPI_BITS);
}

static int gic_post_load(struct device *dev)
{
	struct gic *gic = gic_of(dev);
	const struct gic_state *s = &gic->s;
	uint32_t cores = gic->cores > 1 ? (1u << gic->cores) - 1 : 0;

	if (s->ctrl & ~3u || s->edge[0] != (PPI_EDGE | SGI_BITS) || !bytes_within(s->priority, 32, 0) ||
	    !bytes_within(s->priority, LINES, PRIORITY_MASK) || !bytes_within(s->target, 32, 0) ||
	    !bytes_within(s->target, LINES, cores))
		return -EINVAL;
	for (unsigned i = 0; i < DEVICE_CORES; i++)
		if (!core_possible(gic, &s->core[i], &s->private[i]))
			return -EINVAL;
	return 0;
}

static const struct device_match gic_match[] = {
	{ "arm,cortex-a9-gic", NULL }, { NULL, NULL }
};

const struct device_class gic_class = {
	.name = "gic",
	.title = "Cortex-A9 interrupt controller (GIC v1)",
	.match = gic_match,
	.instance_size = sizeof(struct gic),
	.window_min = 0x1000,
	.access_sizes = SIZES_1_2_4,
	.realize = gic_realize,
	.reset = gic_reset,
	.update = gic_update,
	.post_load = gic_post_load,
	.extra_offset = offsetof(struct gic, s),
	.extra_size = sizeof(struct gic_state),
	.read = gic_read,
	.write = gic_write,
	.reg_name = gic_reg_name,
	.irq_input = gic_irq_input,
};
