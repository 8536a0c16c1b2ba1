/*
 * pl310.c - PL310 / L2C-310 second-level cache controller, r3p2 (ARM DDI 0246).
 *
 * Memory is always coherent here, so maintenance completes at once and its registers read as "not busy". The configuration is
 * kept, with the manual's rule that most of it must not change while the cache is on.
 */
#include "base/base.h"
#include "devices/models.h"

#define CTRL 0x100
#define AUX_CTRL 0x104
#define AUX_RESET 0x02020000u /* 16 KiB ways, 8-way, as QEMU */

static bool cache_on(struct device *dev)
{
	return *device_reg_at(dev, CTRL) & 1;
}

static void aux_write(struct device *dev, unsigned i, uint32_t value)
{
	if (cache_on(dev)) {
		device_guest_error(dev, AUX_CTRL, "write of 0x%08x while the cache is on: the hardware answers with a bus error; ignored",
		                   value);
		return;
	}
	*device_reg_at(dev, AUX_CTRL) = value & 0x7fffffff;
}

static void tag_latency_written(struct device *dev, unsigned i)
{
	if (cache_on(dev))
		device_guest_error(dev, 0x108 + i * 4, "RAM latency changed while the cache is on");
}

/* Line operations take an address, way operations a mask; all are done when the write returns. */
static void maintain(struct device *dev, unsigned i, uint32_t value)
{
}

static uint32_t idle(struct device *dev, unsigned i)
{
	return 0;
}

#define MAINTENANCE(at, label) { .offset = (at), .name = (label), .access = REG_RW, .read = idle, .write = maintain }

static const struct device_reg pl310_regs[] = {
	{ .offset = 0x000, .name = "reg0_cache_id", .access = REG_RO, .reset = 0x410000c8 },
	{ .offset = 0x004, .name = "reg0_cache_type", .access = REG_RO, .reset = 0x1c100100 },
	{ .offset = CTRL, .name = "reg1_control", .access = REG_RW, .wmask = 1 },
	{ .offset = AUX_CTRL, .name = "reg1_aux_control", .access = REG_RW, .reset = AUX_RESET, .smask = 0x7fffffff, .write = aux_write },
	{ .offset = 0x108, .name = "reg1_ram_control", .access = REG_RW, .count = 2, .reset = 0x777, .wmask = 0x777,
	  .post_write = tag_latency_written },
	{ .offset = 0x200, .name = "reg2_ev_counter_ctrl", .access = REG_RW, .wmask = 0x1 },
	{ .offset = 0x204, .name = "reg2_ev_counter_cfg", .access = REG_RW, .count = 2, .wmask = 0x3f },
	{ .offset = 0x20c, .name = "reg2_ev_counter", .access = REG_RW, .count = 2, .wmask = 0xffffffff },
	{ .offset = 0x214, .name = "reg2_int_mask", .access = REG_RW, .wmask = 0x1ff },
	{ .offset = 0x218, .name = "reg2_int_mask_status", .access = REG_RO },
	{ .offset = 0x21c, .name = "reg2_int_raw_status", .access = REG_RO },
	{ .offset = 0x220, .name = "reg2_int_clear", .access = REG_WO, .write = maintain },
	MAINTENANCE(0x730, "reg7_cache_sync"),
	MAINTENANCE(0x770, "reg7_inv_pa"),
	MAINTENANCE(0x77c, "reg7_inv_way"),
	MAINTENANCE(0x7b0, "reg7_clean_pa"),
	MAINTENANCE(0x7b8, "reg7_clean_index"),
	MAINTENANCE(0x7bc, "reg7_clean_way"),
	MAINTENANCE(0x7f0, "reg7_clean_inv_pa"),
	MAINTENANCE(0x7f8, "reg7_clean_inv_index"),
	MAINTENANCE(0x7fc, "reg7_clean_inv_way"),
	{ .offset = 0x900, .name = "reg9_lockdown", .access = REG_RW, .count = 16, .wmask = 0xffff }, /* data, instructions by turns */
	{ .offset = 0x950, .name = "reg9_lock_line_en", .access = REG_RW, .wmask = 1 },
	MAINTENANCE(0x954, "reg9_unlock_way"),
	{ .offset = 0xc00, .name = "reg12_addr_filtering_start", .access = REG_RW, .wmask = 0xfff00001 },
	{ .offset = 0xc04, .name = "reg12_addr_filtering_end", .access = REG_RW, .wmask = 0xfff00000 },
	{ .offset = 0xf40, .name = "reg15_debug_ctrl", .access = REG_RW, .wmask = 0x3 },
	{ .offset = 0xf60, .name = "reg15_prefetch_ctrl", .access = REG_RW, .wmask = 0x79a0001f },
	{ .offset = 0xf80, .name = "reg15_power_ctrl", .access = REG_RW, .wmask = 0x3 },
};

static const struct device_match pl310_match[] = {
	{ "arm,pl310-cache", NULL }, { NULL, NULL }
};

const struct device_class pl310_class = {
	.name = "pl310",
	.title = "ARM L2 cache controller (PL310)",
	.match = pl310_match,
	.instance_size = sizeof(struct device),
	.regs = pl310_regs,
	.reg_rows = ARRAY_SIZE(pl310_regs),
	.window_min = 0x1000,
	.access_sizes = SIZES_4,
};
