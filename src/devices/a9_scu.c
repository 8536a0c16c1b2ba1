/*
 * a9_scu.c - the Cortex-A9's Snoop Control Unit (ARM DDI 0407, chapter 2).
 *
 * Caches are not modelled, so it only remembers what software configures; the number of cores comes from the machine.
 */
#include "base/base.h"
#include "devices/models.h"

static uint32_t config_read(struct device *dev, unsigned i)
{
	unsigned cores = device_cores(dev);

	/* Tag RAMs of 16 KiB caches; all cores coherent. */
	return ((1u << cores) - 1) << 4 | (cores - 1);
}

static void invalidate_write(struct device *dev, unsigned i, uint32_t value)
{
}

static void power_check(struct device *dev, unsigned i)
{
	uint32_t status = *device_reg_at(dev, 0x08);

	for (unsigned core = 0; core < DEVICE_CORES; core++)
		if ((status >> core * 8 & 3) == 1)
			device_guest_error(dev, 0x08, "power status 1 of core %u is reserved", core);
}

/* Registers behind 0x58 are only reached by trees with a larger window; there are none. */
static const struct device_reg scu_regs[] = {
	{ .offset = 0x00, .name = "Control", .access = REG_RW, .wmask = 0x7f },
	{ .offset = 0x04, .name = "Configuration", .access = REG_RO, .read = config_read },
	{ .offset = 0x08, .name = "CPUPowerStatus", .access = REG_RW, .wmask = 0x03030303, .post_write = power_check },
	{ .offset = 0x0c, .name = "InvalidateAll", .access = REG_WO, .write = invalidate_write },
	{ .offset = 0x40, .name = "FilteringStart", .access = REG_RW, .wmask = 0xfff00000 },
	{ .offset = 0x44, .name = "FilteringEnd", .access = REG_RW, .wmask = 0xfff00000 },
	{ .offset = 0x50, .name = "SAC", .access = REG_RW, .reset = 0xf, .wmask = 0xf },
	{ .offset = 0x54, .name = "SNSAC", .access = REG_RW, .wmask = 0xfff },
};

static const struct device_match scu_match[] = {
	{ "arm,cortex-a9-scu", NULL }, { NULL, NULL }
};

const struct device_class a9_scu_class = {
	.name = "a9-scu",
	.title = "Cortex-A9 snoop control unit",
	.match = scu_match,
	.instance_size = sizeof(struct device),
	.regs = scu_regs,
	.reg_rows = ARRAY_SIZE(scu_regs),
	.window_min = 0x58,
	.access_sizes = SIZES_1_2_4, /* software writes the power status of one core by a byte */
};
