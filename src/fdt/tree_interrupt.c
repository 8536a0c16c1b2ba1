/*
 * tree_interrupt.c - from a device's interrupts to a controller's input (Devicetree Specification v0.4, 2.4).
 *
 * A node that has #interrupt-cells but is no controller is a nexus: its
 * interrupt-map, or lacking that its own parent, says where to go on.
 */
#include "base/base.h"
#include "fdt/tree.h"
#include "fdt/tree_internal.h"

#include <errno.h>
#include <string.h>

#define SPEC_MAX 8u
#define UNIT_MAX 4u

/* An interrupt on its way up. */
struct way {
	int node; /* the domain it is in: has #interrupt-cells */
	unsigned cells;
	uint32_t spec[SPEC_MAX];
	uint32_t unit[UNIT_MAX]; /* unit address, as a nexus's interrupt-map compares it */
};

/* The node whose domain @node's interrupts are in; -1. */
static int domain_of(const struct tree *tree, int node)
{
	for (unsigned i = 0; i < TREE_WALK_MAX && node >= 0; i++) {
		uint32_t phandle;

		if (!tree_prop(tree, node, "interrupt-parent", NULL))
			node = tree_parent(tree, node);
		else if (tree_u32(tree, node, "interrupt-parent", &phandle))
			node = tree_phandle(tree, phandle);
		else
			return -1;
		if (node >= 0 && tree_prop(tree, node, "#interrupt-cells", NULL))
			return node;
	}
	return -1;
}

/* Interrupt cells of domain @node; 0 when they are unusable. */
static unsigned domain_cells(const struct tree *tree, int node)
{
	unsigned cells = tree_cell_count(tree, node, "#interrupt-cells", 0);

	return cells <= SPEC_MAX ? cells : 0;
}

static void copy_cells(struct tree_cells *from, uint32_t *to, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to[i] = tree_cell(from, i);
	from->at += 4 * (size_t)n;
	from->count -= n;
}

static bool row_matches(const struct way *way, const struct tree_cells *row, const struct tree_cells *mask, unsigned unit_cells)
{
	for (unsigned i = 0; i < unit_cells + way->cells; i++) {
		uint32_t ours = i < unit_cells ? way->unit[i] : way->spec[i - unit_cells];
		uint32_t bits = mask->count ? tree_cell(mask, i) : UINT32_MAX;

		if ((ours ^ tree_cell(row, i)) & bits)
			return false;
	}
	return true;
}

/* Address cells of a nexus or of a row's parent. A controller without them has no unit addresses (as the GIC's users write it). */
static unsigned unit_cell_count(const struct tree *tree, int node, bool nexus)
{
	return tree_cell_count(tree, node, "#address-cells", nexus ? 2 : 0);
}

/* One step through the interrupt-map of way->node. */
static int follow_map(const struct tree *tree, struct way *way)
{
	struct tree_cells map, mask = { NULL, 0 };
	unsigned unit_cells = unit_cell_count(tree, way->node, true);

	if (unit_cells > UNIT_MAX || !tree_get_cells(tree, way->node, "interrupt-map", &map))
		return -EINVAL;
	if (tree_prop(tree, way->node, "interrupt-map-mask", NULL) &&
	    (!tree_get_cells(tree, way->node, "interrupt-map-mask", &mask) || mask.count != unit_cells + way->cells))
		return -EINVAL;
	while (map.count) {
		struct tree_cells row = map;
		unsigned child = unit_cells + way->cells;

		if (map.count <= child)
			return -EINVAL;
		map.at += 4 * (size_t)(child + 1);
		map.count -= child + 1;
		int parent = tree_phandle(tree, tree_cell(&row, child));

		if (parent < 0)
			return -EINVAL;
		unsigned parent_unit = unit_cell_count(tree, parent, false), parent_cells = domain_cells(tree, parent);

		if (parent_unit > UNIT_MAX || !parent_cells || map.count < parent_unit + parent_cells)
			return -EINVAL;
		struct tree_cells rest = map;

		map.at += 4 * (size_t)(parent_unit + parent_cells);
		map.count -= parent_unit + parent_cells;
		if (!row_matches(way, &row, &mask, unit_cells))
			continue;
		memset(way->unit, 0, sizeof(way->unit));
		copy_cells(&rest, way->unit, parent_unit);
		copy_cells(&rest, way->spec, parent_cells);
		way->node = parent;
		way->cells = parent_cells;
		return 0;
	}
	return -EINVAL;
}

/* Goes on until way->node is a controller. */
static int resolve(const struct tree *tree, struct way *way)
{
	for (unsigned i = 0; i < TREE_WALK_MAX; i++) {
		if (tree_prop(tree, way->node, "interrupt-controller", NULL))
			return 0;
		if (tree_prop(tree, way->node, "interrupt-map", NULL)) {
			int ret = follow_map(tree, way);

			if (ret)
				return ret;
			continue;
		}
		way->node = domain_of(tree, way->node);
		if (way->node < 0 || domain_cells(tree, way->node) != way->cells)
			return -EINVAL;
	}
	return -EINVAL;
}

static int start_extended(const struct tree *tree, int node, unsigned index, struct way *way)
{
	struct tree_cells list;

	if (!tree_get_cells(tree, node, "interrupts-extended", &list))
		return -EINVAL;
	for (;; index--) {
		if (!list.count)
			return -ENOENT;
		way->node = tree_phandle(tree, tree_cell(&list, 0));
		way->cells = way->node < 0 ? 0 : domain_cells(tree, way->node);
		if (!way->cells || list.count - 1 < way->cells)
			return -EINVAL;
		list.at += 4;
		list.count--;
		copy_cells(&list, way->spec, way->cells);
		if (!index)
			return 0;
	}
}

static int start_plain(const struct tree *tree, int node, unsigned index, struct way *way)
{
	struct tree_cells list;

	if (!tree_prop(tree, node, "interrupts", NULL))
		return -ENOENT;
	way->node = domain_of(tree, node);
	if (way->node < 0 || !tree_get_cells(tree, node, "interrupts", &list))
		return -EINVAL;
	way->cells = domain_cells(tree, way->node);
	if (!way->cells || list.count % way->cells)
		return -EINVAL;
	if (index >= list.count / way->cells)
		return -ENOENT;
	list.at += 4 * (size_t)way->cells * index;
	copy_cells(&list, way->spec, way->cells);
	return 0;
}

int tree_interrupt(const struct tree *tree, int node, unsigned index, int *controller, uint32_t spec[8])
{
	struct way way = { 0 };
	struct tree_cells reg;
	int ret;

	if (tree_prop(tree, node, "interrupts-extended", NULL))
		ret = start_extended(tree, node, index, &way);
	else
		ret = start_plain(tree, node, index, &way);
	if (ret)
		return ret;
	if (tree_get_cells(tree, node, "reg", &reg))
		copy_cells(&reg, way.unit, MIN(reg.count, UNIT_MAX));
	ret = resolve(tree, &way);
	if (ret)
		return ret;
	*controller = way.node;
	memcpy(spec, way.spec, way.cells * sizeof(spec[0]));
	return (int)way.cells;
}
