/*
 * stub.c - devices of the stock tree that have no model yet: they answer their identification, otherwise read as zero.
 *
 * Every access is counted (unknown_accesses) and named with -d unimp. A few rows say "idle" where drivers would else wait for
 * seconds: the keyboard interface's empty transmitter, the I2C lines that nobody pulls down.
 */
#include "base/base.h"
#include "devices/models.h"

static const struct device_reg pl041_regs[] = { PRIMECELL_ID_ROWS(0x41, 0x10, 0x04, 0x00) };
static const struct device_reg pl050_regs[] = {
	/* TXEMPTY and both lines high */
	{ .offset = 0x04, .name = "KMISTAT", .access = REG_RO, .reset = 0x43 },
	PRIMECELL_ID_ROWS(0x50, 0x10, 0x04, 0x00),
};
static const struct device_reg pl111_regs[] = { PRIMECELL_ID_ROWS(0x11, 0x11, 0x24, 0x00) };
static const struct device_reg pl180_regs[] = { PRIMECELL_ID_ROWS(0x81, 0x11, 0x04, 0x00) };
static const struct device_reg sp805_regs[] = { PRIMECELL_ID_ROWS(0x05, 0x18, 0x14, 0x00) };
static const struct device_reg pl341_regs[] = { PRIMECELL_ID_ROWS(0x41, 0x13, 0x14, 0x00) };
static const struct device_reg pl354_regs[] = { PRIMECELL_ID_ROWS(0x54, 0x13, 0x24, 0x00) };
static const struct device_reg i2c_regs[] = {
	/* SCL and SDA as read back: high */
	{ .offset = 0x00, .name = "CONTROL", .access = REG_RO, .reset = 0x3 },
};

#define MATCH(id, ...) static const struct device_match id##_match[] = { __VA_ARGS__, { NULL, NULL } }
MATCH(pl041, { "arm,pl041", NULL });
MATCH(pl050, { "arm,pl050", NULL });
MATCH(pl111, { "arm,pl111", NULL }, { "arm,pl110", NULL });
MATCH(pl180, { "arm,pl180", NULL }, { "arm,pl181", NULL });
MATCH(sp805, { "arm,sp805", NULL });
MATCH(pl341, { "arm,pl341", NULL });
MATCH(pl354, { "arm,pl354", NULL });
MATCH(i2c, { "arm,versatile-i2c", NULL });
MATCH(lan9118, { "smsc,lan9118", NULL }, { "smsc,lan9115", NULL });
MATCH(flash, { "arm,vexpress-flash", NULL }, { "cfi-flash", NULL });
MATCH(usb, { "nxp,usb-isp1761", NULL });
MATCH(cf, { "arm,vexpress-cf", NULL });

#define STUB(id, class_name, text)                                                                           \
	const struct device_class stub_##id##_class = {                                                      \
		.name = class_name, .title = text, .match = id##_match, .instance_size = sizeof(struct device), \
		.access_sizes = SIZES_1_2_4, .stub = true, STUB_REGS(id)                                     \
	}
#define STUB_REGS(id) .regs = id##_regs, .reg_rows = ARRAY_SIZE(id##_regs)
STUB(pl041, "pl041", "ARM audio codec interface (PL041)");
STUB(pl050, "pl050", "ARM keyboard and mouse interface (PL050)");
STUB(pl111, "pl111", "ARM colour LCD controller (PL111)");
STUB(pl180, "pl180", "ARM multimedia card interface (PL180)");
STUB(sp805, "sp805", "ARM watchdog (SP805)");
STUB(pl341, "pl341", "ARM dynamic memory controller (PL341)");
STUB(pl354, "pl354", "ARM static memory controller (PL354)");
STUB(i2c, "versatile-i2c", "ARM Versatile I2C bus");
#undef STUB_REGS
#define STUB_REGS(id) .regs = NULL
STUB(lan9118, "lan9118", "SMSC Ethernet controller (LAN9118)");
STUB(flash, "cfi-flash", "NOR flash (CFI)");
STUB(usb, "isp1761", "NXP USB controller (ISP1761)");
STUB(cf, "compact-flash", "CompactFlash socket");
