/* models.h - the classes of this room, for classes.c, and what several models share. */
#ifndef DBTVM_DEVICES_MODELS_H
#define DBTVM_DEVICES_MODELS_H

#include "devices/device.h"

extern const struct device_class gic_class, a9_scu_class, a9_timer_class, a9_watchdog_class, a9_gtimer_class, pl310_class,
	sp810_class, sp804_class, pl011_class, pl031_class, vexpress_sysreg_class;
extern const struct device_class stub_pl041_class, stub_pl050_class, stub_pl111_class, stub_pl180_class, stub_sp805_class,
	stub_pl341_class, stub_pl354_class, stub_i2c_class, stub_lan9118_class, stub_flash_class, stub_usb_class, stub_cf_class;

/*
 * The eight identification registers that end every PrimeCell's 4 KiB: peripheral ID as four bytes, then the class code
 * 0xb105f00d. Rows of a register table.
 */
#define PRIMECELL_ID_ROWS(p0, p1, p2, p3)                              \
	{ .offset = 0xfe0, .name = "PeriphID0", .access = REG_RO, .reset = (p0) }, \
	{ .offset = 0xfe4, .name = "PeriphID1", .access = REG_RO, .reset = (p1) }, \
	{ .offset = 0xfe8, .name = "PeriphID2", .access = REG_RO, .reset = (p2) }, \
	{ .offset = 0xfec, .name = "PeriphID3", .access = REG_RO, .reset = (p3) }, \
	{ .offset = 0xff0, .name = "PCellID0", .access = REG_RO, .reset = 0x0d },  \
	{ .offset = 0xff4, .name = "PCellID1", .access = REG_RO, .reset = 0xf0 },  \
	{ .offset = 0xff8, .name = "PCellID2", .access = REG_RO, .reset = 0x05 },  \
	{ .offset = 0xffc, .name = "PCellID3", .access = REG_RO, .reset = 0xb1 }

/* Sizes for device_class.access_sizes. */
#define SIZES_4 4u
#define SIZES_1_2_4 7u

#endif
