#include "base/base.h"
#include "machine/board.h"

#include <errno.h>
#include <string.h>

/* Made from boards/NAME.dts by dtc when dbtvm is built. */
extern const uint8_t board_vexpress_a9_dtb[];
extern const uint32_t board_vexpress_a9_dtb_size;

const struct board boards[] = {
	{
		.name = "vexpress-a9",
		.title = "ARM Versatile Express for Cortex-A9",
		.cpu = "cortex-a9",
		.machine_type = 0x8e0,
		.ram_base = 0x60000000,
		.ram_max = 1 * GiB,
		.cpus_max = 1,
		.tree = board_vexpress_a9_dtb,
		.tree_size = &board_vexpress_a9_dtb_size,
	},
	{0},
};

const struct board *board_find(const char *name, struct error *err)
{
	for (const struct board *board = boards; board->name; board++)
		if (!strcmp(board->name, name))
			return board;
	error_set(err, EINVAL, "unknown machine '%s'; -M help lists what there is", name);
	return NULL;
}
