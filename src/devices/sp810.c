/*
 * sp810.c - PrimeXsys system controller (ARM DDI 0254): mode, clock enables of the SP804 timers.
 *
 * Changes of mode happen at once. The timers' clock selection is kept but does not retime them: QEMU, too, runs them at 1 MHz
 * always, and Linux selects that clock.
 */
#include "base/base.h"
#include "devices/models.h"

#define SCCTRL_MODE 0x7u
#define SCCTRL_STATUS 0x78u
#define SCCTRL_WMASK 0x00ffff87u /* mode, remap, timer and watchdog selects */

static void control_write(struct device *dev, unsigned i, uint32_t value)
{
	uint32_t mode = value & SCCTRL_MODE, status;

	/* NORMAL 1xx, SLOW 01x, DOZE 001, SLEEP 000; the status is one-hot. */
	if (mode & 4)
		status = 4;
	else
		status = mode & 2 ? 2 : mode;
	*device_reg_at(dev, 0) = (value & SCCTRL_WMASK) | status << 3;
}

static uint32_t peripheral_clocks(struct device *dev, unsigned i)
{
	return *device_reg_at(dev, 0x2c);
}

static void clocks_enable(struct device *dev, unsigned i, uint32_t value)
{
	*device_reg_at(dev, 0x2c) |= value;
}

static void clocks_disable(struct device *dev, unsigned i, uint32_t value)
{
	*device_reg_at(dev, 0x2c) &= ~value;
}

static const struct device_reg sp810_regs[] = {
	{ .offset = 0x00, .name = "SCCTRL", .access = REG_RW, .reset = 0x9, .smask = SCCTRL_WMASK | SCCTRL_STATUS,
	  .write = control_write },
	{ .offset = 0x04, .name = "SCSYSSTAT", .access = REG_RW, .wmask = 0xffffffff },
	{ .offset = 0x08, .name = "SCIMCTRL", .access = REG_RW, .wmask = 0x8f },
	{ .offset = 0x0c, .name = "SCIMSTAT", .access = REG_RW, .wmask = 0x1 },
	{ .offset = 0x10, .name = "SCXTALCTRL", .access = REG_RW, .wmask = 0x7ffff },
	{ .offset = 0x14, .name = "SCPLLCTRL", .access = REG_RW, .wmask = 0xffffffff },
	{ .offset = 0x18, .name = "SCPLLFCTRL", .access = REG_RW, .wmask = 0xffffffff },
	{ .offset = 0x1c, .name = "SCPERCTRL", .access = REG_RW, .count = 2, .wmask = 0xffffffff },
	{ .offset = 0x24, .name = "SCPEREN", .access = REG_WO, .write = clocks_enable },
	{ .offset = 0x28, .name = "SCPERDIS", .access = REG_WO, .write = clocks_disable },
	{ .offset = 0x2c, .name = "SCPERCLKEN", .access = REG_RO, .reset = 0xffffffff, .smask = 0xffffffff },
	{ .offset = 0x30, .name = "SCPERSTAT", .access = REG_RO, .read = peripheral_clocks },
	{ .offset = 0xee0, .name = "SCSYSID", .access = REG_RO, .count = 4 },
	{ .offset = 0xf00, .name = "SCITCR", .access = REG_RW, .wmask = 1 },
	{ .offset = 0xf04, .name = "SCITIR", .access = REG_RW, .count = 2, .wmask = 0xffffffff },
	{ .offset = 0xf0c, .name = "SCITOR", .access = REG_RW, .wmask = 0xffffffff },
	{ .offset = 0xf10, .name = "SCCNTCTRL", .access = REG_RW, .wmask = 1 },
	{ .offset = 0xf14, .name = "SCCNTDATA", .access = REG_RW, .wmask = 0xffffffff },
	{ .offset = 0xf18, .name = "SCCNTSTEP", .access = REG_WO, .wmask = 1 },
	PRIMECELL_ID_ROWS(0x10, 0x18, 0x14, 0x00),
};

static const struct device_match sp810_match[] = {
	{ "arm,sp810", NULL }, { NULL, NULL }
};

const struct device_class sp810_class = {
	.name = "sp810",
	.title = "ARM system controller (SP810)",
	.match = sp810_match,
	.instance_size = sizeof(struct device),
	.regs = sp810_regs,
	.reg_rows = ARRAY_SIZE(sp810_regs),
	.window_min = 0x1000,
	.access_sizes = SIZES_1_2_4,
};
