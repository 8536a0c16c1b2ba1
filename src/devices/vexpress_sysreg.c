/*
 * vexpress_sysreg.c - system registers of the Versatile Express motherboard (ARM DUI 0447, chapter 4).
 *
 * Besides identification, LEDs, flags and counters this is the door (SYS_CFG) to the boards' configuration controllers:
 * oscillators, supply voltages, sensors, reset and power. A transaction completes at once, as in QEMU; unlike there all functions
 * of the stock tree work, and oscillators refuse rates outside their range.
 */
#include "base/base.h"
#include "devices/models.h"
#include "devices/vexpress_sysreg.h"

#include <errno.h>
#include <string.h>

#include "base/bits.h"

#define SYS_LED 0x08
#define SYS_LOCK 0x20
#define SYS_FLAGS 0x30
#define SYS_NVFLAGS 0x38
#define SYS_CFGDATA 0xa0
#define SYS_CFGCTRL 0xa4
#define SYS_CFGSTAT 0xa8
#define LOCK_KEY 0xa05fu
#define LOCKED (1u << 16)
#define CFG_START (1u << 31)
#define CFG_WRITE (1u << 30)
#define CFG_COMPLETE 1u
#define CFG_ERROR 2u
#define MOTHERBOARD 0
#define DAUGHTERBOARD 1
#define OSCS 9     /* 6 on the motherboard, 3 on the daughterboard */
#define SCC_REGS 16
#define TEMP_DEFAULT 32000000u /* millionths of a degree C */

/* Power model: so much at rest, so much an instruction. VD10_S2 feeds the cores, S3 the rest of the test chip. */
#define IDLE_UW 250000u
#define REST_UW 120000u
#define PJ_PER_INSN 400u

struct sysreg_state {
	uint32_t osc[OSCS], scc[SCC_REGS];
	uint32_t mux, dvimode, temp;
	uint32_t core_uw;      /* cores' power averaged between the last two samples */
	uint32_t nvflags;      /* survives resets */
	uint32_t unused[2];    /* no padding: snapshots hold every byte */
	uint64_t sample_insns;
	int64_t sample_time;
};

struct sysreg {
	struct device dev;
	struct sysreg_state s;
};

static const struct {
	uint32_t reset, min, max;
} oscs[OSCS] = {
	{ 50000000, 25000000, 60000000 }, { 23750000, 23750000, 65000000 }, { 24000000, 24000000, 24000000 },
	{ 24000000, 24000000, 24000000 }, { 24000000, 24000000, 24000000 }, { 24000000, 24000000, 24000000 },
	{ 45000000, 30000000, 50000000 }, { 23750000, 10000000, 80000000 }, { 66670000, 33000000, 100000000 },
};
static const uint32_t microvolts_mb[] = { 3300000 };
static const uint32_t microvolts_db[] = { 1000000, 1000000, 1000000, 1800000, 900000, 3300000 };

static struct sysreg *sysreg_of(struct device *dev)
{
	return container_of(dev, struct sysreg, dev);
}

/* Sensors */

static uint64_t insns_of(const struct sysreg *s)
{
	return s->dev.env->insns ? s->dev.env->insns(s->dev.env->opaque) : 0;
}

/* The cores' power in uW, averaged over at least 10 ms. */
static uint32_t core_power(struct sysreg *s)
{
	int64_t now = event_clock_now(s->dev.env->clock), span = now - s->s.sample_time;

	if (span >= 10000000) {
		uint64_t insns = insns_of(s), done = insns - s->s.sample_insns;
		/* pJ/ns is mW. */
		s->s.core_uw = IDLE_UW + (uint32_t)MIN((double)done * PJ_PER_INSN * 1000.0 / (double)span, 1e8);
		s->s.sample_insns = insns;
		s->s.sample_time = now;
	}
	return s->s.core_uw;
}

static uint64_t energy_uj(struct sysreg *s)
{
	double seconds = (double)event_clock_now(s->dev.env->clock) / 1e9;

	return (uint64_t)(seconds * (IDLE_UW + REST_UW)) + insns_of(s) / 1000 * PJ_PER_INSN / 1000;
}

int vexpress_sysreg_set_temperature(struct device *dev, int32_t microdegrees)
{
	if (dev->class != &vexpress_sysreg_class || microdegrees < -100000000 || microdegrees > 300000000)
		return -EINVAL;
	sysreg_of(dev)->s.temp = (uint32_t)microdegrees;
	return 0;
}

uint32_t vexpress_sysreg_leds(struct device *dev)
{
	return dev->class == &vexpress_sysreg_class ? *device_reg_at(dev, SYS_LED) : 0;
}

uint32_t vexpress_sysreg_oscillator(struct device *dev, unsigned site, unsigned index)
{
	if (dev->class != &vexpress_sysreg_class || site > 1 || index >= (site ? OSCS - 6u : 6u))
		return 0;
	return sysreg_of(dev)->s.osc[site * 6 + index];
}

/* SYS_CFG functions: each returns NULL, or what is wrong. @data: in and out. */

struct cfg {
	struct device *dev;
	bool write;
	unsigned site, device;
	uint32_t *data;
};

static const char *cfg_osc(const struct cfg *c)
{
	struct sysreg *s = sysreg_of(c->dev);
	unsigned first = c->site == MOTHERBOARD ? 0 : 6, count = c->site == MOTHERBOARD ? 6 : 3, i = first + c->device;

	if (c->device >= count)
		return "there is no such oscillator";
	if (!c->write)
		*c->data = s->s.osc[i];
	else if (*c->data < oscs[i].min || *c->data > oscs[i].max)
		return "the rate is outside the oscillator's range";
	else
		s->s.osc[i] = *c->data;
	return NULL;
}

static const char *cfg_volt(const struct cfg *c)
{
	const uint32_t *volts = c->site == MOTHERBOARD ? microvolts_mb : microvolts_db;
	unsigned count = c->site == MOTHERBOARD ? ARRAY_SIZE(microvolts_mb) : ARRAY_SIZE(microvolts_db);

	if (c->device >= count)
		return "there is no such supply";
	if (c->write)
		return "the supply voltages are fixed";
	*c->data = volts[c->device];
	return NULL;
}

static const char *cfg_power(const struct cfg *c)
{
	if (c->site != DAUGHTERBOARD || c->device > 1)
		return "there is no such sensor (daughterboard VD10_S2 is 0, VD10_S3 is 1)";
	if (c->write)
		return "a sensor cannot be written";
	*c->data = c->device ? REST_UW : core_power(sysreg_of(c->dev));
	return NULL;
}

static const char *cfg_amp(const struct cfg *c)
{
	/* Both supplies have 1.0 V, so uA are uW. */
	return cfg_power(c);
}

static const char *cfg_energy(const struct cfg *c)
{
	if (c->site != DAUGHTERBOARD || c->device > 1)
		return "there is no such meter (daughterboard 0 and 1: low and high word)";
	if (c->write)
		return "a meter cannot be written";
	*c->data = (uint32_t)(energy_uj(sysreg_of(c->dev)) >> c->device * 32);
	return NULL;
}

static const char *cfg_temp(const struct cfg *c)
{
	if (c->site != MOTHERBOARD || c->device)
		return "there is no such sensor (motherboard 0 is the MCC)";
	if (c->write)
		return "a sensor cannot be written";
	*c->data = sysreg_of(c->dev)->s.temp;
	return NULL;
}

static const char *cfg_scc(const struct cfg *c)
{
	if (c->site != DAUGHTERBOARD || c->device >= SCC_REGS)
		return "there is no such SCC register (daughterboard 0-15)";
	if (c->write)
		sysreg_of(c->dev)->s.scc[c->device] = *c->data;
	else
		*c->data = sysreg_of(c->dev)->s.scc[c->device];
	return NULL;
}

static const char *cfg_choice(const struct cfg *c, uint32_t *choice, uint32_t max)
{
	if (c->site != MOTHERBOARD || c->device)
		return "only device 0 of the motherboard has this function";
	if (!c->write)
		*c->data = *choice;
	else if (*c->data > max)
		return "there is no such choice";
	else
		*choice = *c->data;
	return NULL;
}

static const char *cfg_mux(const struct cfg *c)
{
	return cfg_choice(c, &sysreg_of(c->dev)->s.mux, 2); /* motherboard, site 1, site 2 */
}

static const char *cfg_dvimode(const struct cfg *c)
{
	return cfg_choice(c, &sysreg_of(c->dev)->s.dvimode, 4); /* VGA, SVGA, XGA, SXGA, UXGA */
}

static const char *request(const struct cfg *c, enum machine_request what)
{
	if (c->site != MOTHERBOARD || c->device)
		return "only device 0 of the motherboard has this function";
	if (!c->write)
		return "this function can only be written";
	if (c->dev->env->request)
		c->dev->env->request(c->dev->env->opaque, what);
	return NULL;
}

static const char *cfg_shutdown(const struct cfg *c)
{
	return request(c, MACHINE_POWER_OFF);
}

static const char *cfg_reboot(const struct cfg *c)
{
	return request(c, MACHINE_REBOOT);
}

static const struct {
	const char *name;
	const char *(*run)(const struct cfg *c);
} functions[] = {
	[1] = { "OSC", cfg_osc }, [2] = { "VOLT", cfg_volt }, [3] = { "AMP", cfg_amp }, [4] = { "TEMP", cfg_temp },
	[5] = { "RESET", cfg_reboot }, [6] = { "SCC", cfg_scc }, [7] = { "MUXFPGA", cfg_mux }, [8] = { "SHUTDOWN", cfg_shutdown },
	[9] = { "REBOOT", cfg_reboot }, [11] = { "DVIMODE", cfg_dvimode }, [12] = { "POWER", cfg_power },
	[13] = { "ENERGY", cfg_energy },
};

static void cfgctrl_write(struct device *dev, unsigned i, uint32_t value)
{
	unsigned function = extract32(value, 20, 6), site = extract32(value, 16, 2);
	struct cfg c = {
		.dev = dev, .write = value & CFG_WRITE, .site = site, .device = extract32(value, 0, 12),
		.data = device_reg_at(dev, SYS_CFGDATA),
	};
	const char *wrong, *name = "?";

	*device_reg_at(dev, SYS_CFGCTRL) = value & ~CFG_START;
	if (!(value & CFG_START))
		return;
	if (function >= ARRAY_SIZE(functions) || !functions[function].run)
		wrong = "there is no such function";
	else if (site > DAUGHTERBOARD)
		wrong = "no board is at this site";
	else if (extract32(value, 12, 4) || extract32(value, 26, 4))
		wrong = "boards are not stacked: position and DCC must be 0";
	else
		wrong = functions[function].run(&c);
	if (function < ARRAY_SIZE(functions) && functions[function].name)
		name = functions[function].name;
	if (wrong)
		device_guest_error(dev, SYS_CFGCTRL, "%s of function %u (%s), site %u, device %u, data 0x%x: %s", c.write ? "write" : "read",
		                   function, name, site, c.device, *c.data, wrong);
	*device_reg_at(dev, SYS_CFGSTAT) = CFG_COMPLETE | (wrong ? CFG_ERROR : 0);
}

/* The other registers */

static void lock_write(struct device *dev, unsigned i, uint32_t value)
{
	value &= 0xffff;
	*device_reg_at(dev, SYS_LOCK) = value | (value == LOCK_KEY ? 0 : LOCKED);
}

static uint32_t counter_100hz(struct device *dev, unsigned i)
{
	return (uint32_t)(event_clock_now(dev->env->clock) / 10000000);
}

static uint32_t counter_24mhz(struct device *dev, unsigned i)
{
	/* Linux's scheduler clock, read all the time; 64 bits last for a century. */
	return (uint32_t)((uint64_t)event_clock_now(dev->env->clock) * 3 / 125);
}

static void flags_changed(struct device *dev)
{
	if (dev->env->pen_written)
		dev->env->pen_written(dev->env->opaque, *device_reg_at(dev, SYS_FLAGS));
}

static void flags_set(struct device *dev, unsigned i, uint32_t value)
{
	*device_reg_at(dev, SYS_FLAGS) |= value;
	flags_changed(dev);
}

static void flags_clear(struct device *dev, unsigned i, uint32_t value)
{
	*device_reg_at(dev, SYS_FLAGS) &= ~value;
	flags_changed(dev);
}

static uint32_t nvflags_read(struct device *dev, unsigned i)
{
	return sysreg_of(dev)->s.nvflags;
}

static void nvflags_set(struct device *dev, unsigned i, uint32_t value)
{
	sysreg_of(dev)->s.nvflags |= value;
}

static void nvflags_clear(struct device *dev, unsigned i, uint32_t value)
{
	sysreg_of(dev)->s.nvflags &= ~value;
}

static uint32_t zero(struct device *dev, unsigned i)
{
	return 0;
}

static void ignore(struct device *dev, unsigned i, uint32_t value)
{
}

static const struct device_reg sysreg_regs[] = {
	{ .offset = 0x00, .name = "SYS_ID", .access = REG_RO, .reset = 0x1190f500 },
	{ .offset = 0x04, .name = "SYS_SW", .access = REG_RW, .read = zero, .write = ignore },
	{ .offset = SYS_LED, .name = "SYS_LED", .access = REG_RW, .wmask = 0xff },
	{ .offset = 0x0c, .name = "SYS_OSC", .access = REG_RW, .count = 5, .read = zero, .write = ignore },
	{ .offset = SYS_LOCK, .name = "SYS_LOCK", .access = REG_RW, .reset = LOCKED, .smask = LOCKED | 0xffff, .write = lock_write },
	{ .offset = 0x24, .name = "SYS_100HZ", .access = REG_RO, .read = counter_100hz },
	{ .offset = 0x28, .name = "SYS_CFGDATA1", .access = REG_RW, .wmask = 0xffffffff },
	{ .offset = 0x2c, .name = "SYS_CFGDATA2", .access = REG_RW, .wmask = 0xffffffff },
	{ .offset = SYS_FLAGS, .name = "SYS_FLAGS", .access = REG_RW, .smask = 0xffffffff, .write = flags_set },
	{ .offset = 0x34, .name = "SYS_FLAGSCLR", .access = REG_WO, .write = flags_clear },
	{ .offset = SYS_NVFLAGS, .name = "SYS_NVFLAGS", .access = REG_RW, .read = nvflags_read, .write = nvflags_set },
	{ .offset = 0x3c, .name = "SYS_NVFLAGSCLR", .access = REG_WO, .write = nvflags_clear },
	{ .offset = 0x40, .name = "SYS_RESETCTL", .access = REG_RW, .read = zero, .write = ignore },
	{ .offset = 0x44, .name = "SYS_PCICTL", .access = REG_RW, .reset = 1, .write = ignore },
	/* Card detect and write protect: no card. */
	{ .offset = 0x48, .name = "SYS_MCI", .access = REG_RW, .read = zero, .write = ignore },
	{ .offset = 0x4c, .name = "SYS_FLASH", .access = REG_RW, .wmask = 1 },
	{ .offset = 0x50, .name = "SYS_CLCD", .access = REG_RW, .read = zero, .write = ignore },
	{ .offset = 0x54, .name = "SYS_CLCDSER", .access = REG_RW, .read = zero, .write = ignore },
	{ .offset = 0x58, .name = "SYS_BOOTCS", .access = REG_RW, .read = zero, .write = ignore },
	{ .offset = 0x5c, .name = "SYS_24MHZ", .access = REG_RO, .read = counter_24mhz },
	/* Bit 14 (MASTERSITE) 0: the tile at site 1 has the processor. */
	{ .offset = 0x60, .name = "SYS_MISC", .access = REG_RW, .read = zero, .write = ignore },
	{ .offset = 0x64, .name = "SYS_DMAPSR", .access = REG_RW, .count = 3, .read = zero, .write = ignore },
	{ .offset = 0x70, .name = "SYS_IOSEL", .access = REG_RW, .read = zero, .write = ignore },
	{ .offset = 0x74, .name = "SYS_PLDCTL", .access = REG_RW, .count = 2, .read = zero, .write = ignore },
	{ .offset = 0x80, .name = "SYS_BUSID", .access = REG_RO },
	{ .offset = 0x84, .name = "SYS_PROCID0", .access = REG_RO, .reset = 0x0c000191 },
	{ .offset = 0x88, .name = "SYS_PROCID1", .access = REG_RO, .reset = 0xff000000 },
	{ .offset = SYS_CFGDATA, .name = "SYS_CFGDATA", .access = REG_RW, .wmask = 0xffffffff },
	{ .offset = SYS_CFGCTRL, .name = "SYS_CFGCTRL", .access = REG_RW, .smask = 0x7fffffff, .write = cfgctrl_write },
	{ .offset = SYS_CFGSTAT, .name = "SYS_CFGSTAT", .access = REG_RW, .wmask = CFG_COMPLETE | CFG_ERROR },
	{ .offset = 0xc0, .name = "SYS_OSCRESET", .access = REG_RW, .count = 5, .read = zero, .write = ignore },
};

static void sysreg_reset(struct device *dev)
{
	struct sysreg *s = sysreg_of(dev);

	/* A new environment's temperature is set once; the user's setting and the flags without volatility stay. */
	s->s = (struct sysreg_state){
		.temp = s->s.temp ? s->s.temp : TEMP_DEFAULT, .nvflags = s->s.nvflags, .core_uw = IDLE_UW,
		.sample_insns = insns_of(s), .sample_time = event_clock_now(dev->env->clock),
	};
	for (unsigned i = 0; i < OSCS; i++)
		s->s.osc[i] = oscs[i].reset;
}

static int sysreg_post_load(struct device *dev)
{
	const struct sysreg_state *s = &sysreg_of(dev)->s;

	for (unsigned i = 0; i < OSCS; i++)
		if (s->osc[i] < oscs[i].min || s->osc[i] > oscs[i].max)
			return -EINVAL;
	if (s->mux > 2 || s->dvimode > 4 || s->unused[0] || s->unused[1] || s->sample_time < 0 ||
	    s->sample_time > event_clock_now(dev->env->clock) || (int32_t)s->temp < -100000000 || (int32_t)s->temp > 300000000 ||
	    s->core_uw < IDLE_UW || s->core_uw > IDLE_UW + 100000000u)
		return -EINVAL;
	return 0;
}

static const struct device_match sysreg_match[] = {
	{ "arm,vexpress-sysreg", NULL }, { NULL, NULL }
};

const struct device_class vexpress_sysreg_class = {
	.name = "vexpress-sysreg",
	.title = "Versatile Express system registers",
	.match = sysreg_match,
	.instance_size = sizeof(struct sysreg),
	.regs = sysreg_regs,
	.reg_rows = ARRAY_SIZE(sysreg_regs),
	.window_min = 0xac,
	.access_sizes = SIZES_1_2_4,
	.reset = sysreg_reset,
	.post_load = sysreg_post_load,
	.extra_offset = offsetof(struct sysreg, s),
	.extra_size = sizeof(struct sysreg_state),
};
