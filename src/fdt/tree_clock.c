/*
 * tree_clock.c - the frequency a clock has, as far as the tree and the board say.
 *
 * Oscillators of a Versatile Express board are programmable between the limits
 * in freq-range; what they start with is the boards' own data, which no
 * tree has, so it stands here.
 */
#include "base/base.h"
#include "fdt/tree.h"
#include "fdt/tree_internal.h"

#include <string.h>

#define CLOCK_DEPTH_MAX 16u

/* arm,vexpress-sysreg,func = <1 n>: the value of oscillator n when the board is switched on. */
static const uint32_t motherboard_osc[] = { 50000000, 23750000, 24000000, 24000000, 24000000, 24000000 };
static const uint32_t daughterboard_osc[] = { 45000000, 23750000, 66670000 };

static uint64_t clock_rate(const struct tree *tree, int provider, unsigned depth);

/* The provider of entry @index of @node's clocks; -1. */
static int clock_provider(const struct tree *tree, int node, unsigned index)
{
	struct tree_cells list;

	if (!tree_get_cells(tree, node, "clocks", &list))
		return -1;
	for (;; index--) {
		int provider = list.count ? tree_phandle(tree, tree_cell(&list, 0)) : -1;
		unsigned cells = provider < 0 ? 0 : tree_cell_count(tree, provider, "#clock-cells", 0);

		/* Entry 0 0 is allowed by the binding as a place that stays empty. */
		if (!list.count || cells > list.count - 1 || (provider < 0 && tree_cell(&list, 0)))
			return -1;
		if (!index)
			return provider;
		list.at += 4 * (size_t)(cells + 1);
		list.count -= cells + 1;
	}
}

static int clock_index(const struct tree *tree, int node, const char *name)
{
	const char *have;

	for (unsigned i = 0; (have = tree_string_at(tree, node, "clock-names", i)); i++) {
		if (!strcmp(have, name))
			return (int)i;
	}
	return -1;
}

static uint64_t vexpress_osc(const struct tree *tree, int node)
{
	uint32_t low, high, n, site = 0;
	uint32_t rate = 0;

	if (!tree_u32_at(tree, node, "arm,vexpress-sysreg,func", 1, &n))
		return 0;
	for (int at = node; at >= 0 && !tree_u32(tree, at, "arm,vexpress,site", &site);)
		at = tree_parent(tree, at);
	if (site == 0 && n < ARRAY_SIZE(motherboard_osc))
		rate = motherboard_osc[n];
	else if (site != 0 && n < ARRAY_SIZE(daughterboard_osc))
		rate = daughterboard_osc[n];
	if (tree_u32_at(tree, node, "freq-range", 0, &low) && tree_u32_at(tree, node, "freq-range", 1, &high) && low <= high)
		rate = MIN(MAX(rate, low), high);
	return rate;
}

static uint64_t fixed_factor(const struct tree *tree, int node, unsigned depth)
{
	uint32_t mult, div;
	int parent = clock_provider(tree, node, 0);

	if (parent < 0 || !tree_u32(tree, node, "clock-mult", &mult) || !tree_u32(tree, node, "clock-div", &div) || !div)
		return 0;
	unsigned __int128 rate = (unsigned __int128)clock_rate(tree, parent, depth + 1) * mult / div;

	return rate <= UINT64_MAX ? (uint64_t)rate : 0;
}

static uint64_t clock_rate(const struct tree *tree, int provider, unsigned depth)
{
	uint32_t rate;

	if (depth > CLOCK_DEPTH_MAX)
		return 0;
	if (tree_compatible(tree, provider, "fixed-factor-clock"))
		return fixed_factor(tree, provider, depth);
	if (tree_compatible(tree, provider, "arm,vexpress-osc"))
		return vexpress_osc(tree, provider);
	/*
	 * Its outputs choose between refclk and timclk under the guest's control. Everybody selects timclk (Linux through
	 * assigned-clock-parents), and QEMU's timers always count it.
	 */
	if (tree_compatible(tree, provider, "arm,sp810")) {
		int index = clock_index(tree, provider, "timclk");
		int parent = index < 0 ? -1 : clock_provider(tree, provider, (unsigned)index);

		return parent < 0 ? 0 : clock_rate(tree, parent, depth + 1);
	}
	return tree_u32(tree, provider, "clock-frequency", &rate) ? rate : 0;
}

uint64_t tree_clock_hz(const struct tree *tree, int node, const char *name, unsigned index)
{
	int at = name ? clock_index(tree, node, name) : (int)MIN(index, (unsigned)INT32_MAX);
	int provider = at < 0 ? -1 : clock_provider(tree, node, (unsigned)at);

	return provider < 0 ? 0 : clock_rate(tree, provider, 0);
}
