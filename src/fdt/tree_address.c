/*
 * tree_address.c - reg, up through every parent's ranges (Devicetree Specification v0.4, 2.3.5 to 2.3.8).
 *
 * An address on a bus is a number of up to four cells, whatever its cells
 * mean there: chip select and offset of the vexpress motherboard compare
 * and subtract correctly as one number.
 */
#include "base/base.h"
#include "fdt/tree.h"
#include "fdt/tree_internal.h"

#include <errno.h>

typedef unsigned __int128 bus_addr;

#define CELLS_MAX 4u

/* Cells of the addresses and sizes of @bus's children. */
static bool bus_cells(const struct tree *tree, int bus, unsigned *address, unsigned *size)
{
	*address = tree_cell_count(tree, bus, "#address-cells", 2);
	*size = tree_cell_count(tree, bus, "#size-cells", 1);
	return *address >= 1 && *address <= CELLS_MAX && *size <= CELLS_MAX;
}

/* Takes *addr from @bus's children's space to that of @bus itself. */
static int translate(const struct tree *tree, int bus, bus_addr *addr, bus_addr size)
{
	unsigned child_cells, size_cells, parent_cells, unused;
	struct tree_cells ranges;

	if (!tree_prop(tree, bus, "ranges", NULL))
		return -ERANGE;
	if (!tree_get_cells(tree, bus, "ranges", &ranges) || !bus_cells(tree, bus, &child_cells, &size_cells) ||
	    !bus_cells(tree, tree_parent(tree, bus), &parent_cells, &unused))
		return -EINVAL;
	if (!ranges.count)
		return 0;
	if (ranges.count % (child_cells + parent_cells + size_cells))
		return -EINVAL;
	while (ranges.count) {
		bus_addr child = tree_take_cells(&ranges, child_cells);
		bus_addr parent = tree_take_cells(&ranges, parent_cells);
		bus_addr length = tree_take_cells(&ranges, size_cells);

		if (*addr < child || *addr - child >= length)
			continue;
		bus_addr into = *addr - child;

		/* A window that leaves its range would land in what belongs to somebody else. */
		if (size > length - into || into > ~(bus_addr)0 - parent)
			return -ERANGE;
		*addr = parent + into;
		return 0;
	}
	return -ERANGE;
}

int tree_reg(const struct tree *tree, int node, unsigned index, gpa_t *base, uint64_t *size)
{
	int bus = tree_parent(tree, node);
	unsigned address_cells, size_cells;
	struct tree_cells reg;

	if (bus < 0 || !tree_prop(tree, node, "reg", NULL))
		return -ENOENT;
	if (!bus_cells(tree, bus, &address_cells, &size_cells) || !tree_get_cells(tree, node, "reg", &reg))
		return -EINVAL;
	unsigned entry = address_cells + size_cells;

	if (reg.count % entry)
		return -EINVAL;
	if (index >= reg.count / entry)
		return -ENOENT;
	reg.at += 4 * (size_t)entry * index;
	reg.count -= entry * index;
	bus_addr addr = tree_take_cells(&reg, address_cells);
	bus_addr length = tree_take_cells(&reg, size_cells);

	for (; bus > 0; bus = tree_parent(tree, bus)) {
		int ret = translate(tree, bus, &addr, length);

		if (ret)
			return ret;
	}
	if (addr > UINT64_MAX || length > (bus_addr)UINT64_MAX - addr + 1 || length > UINT64_MAX)
		return -ERANGE;
	*base = (gpa_t)addr;
	*size = (uint64_t)length;
	return 0;
}
