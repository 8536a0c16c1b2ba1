/* tree_lookup.c - the index of nodes, and finding nodes and properties. */
#include "base/base.h"
#include "fdt/tree.h"
#include "fdt/tree_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

static bool status_okay(const struct tree *tree, int node)
{
	int len;
	const char *status = fdt_getprop(tree->fdt, node, "status", &len);

	if (!status)
		return true;
	return (len == 5 && !memcmp(status, "okay", 5)) || (len == 3 && !memcmp(status, "ok", 3));
}

static int add_entry(struct tree *tree, const struct tree_entry *entry, struct error *err)
{
	if (tree->count == TREE_NODES_MAX)
		return error_set(err, EINVAL, "the device tree has more than %u nodes", TREE_NODES_MAX);
	if (tree->count == tree->entry_capacity) {
		unsigned capacity = tree->entry_capacity ? tree->entry_capacity * 2 : 256;
		struct tree_entry *larger = realloc(tree->entries, capacity * sizeof(*larger));

		if (!larger)
			return error_set(err, ENOMEM, "out of memory for the device tree");
		tree->entries = larger;
		tree->entry_capacity = capacity;
	}
	tree->entries[tree->count++] = *entry;
	return 0;
}

static int by_phandle(const void *a, const void *b)
{
	const struct tree_phandle_entry *x = a, *y = b;

	if (x->phandle != y->phandle)
		return x->phandle < y->phandle ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int index_phandles(struct tree *tree, struct error *err)
{
	struct tree_phandle_entry *larger = realloc(tree->phandles, tree->count * sizeof(*larger));

	tree->phandle_count = 0;
	if (!larger)
		return error_set(err, ENOMEM, "out of memory for the device tree");
	tree->phandles = larger;
	for (unsigned i = 0; i < tree->count; i++) {
		const struct tree_entry *entry = &tree->entries[i];

		if (entry->phandle && entry->phandle != UINT32_MAX)
			larger[tree->phandle_count++] = (struct tree_phandle_entry){ entry->phandle, entry->offset };
	}
	qsort(larger, tree->phandle_count, sizeof(*larger), by_phandle);
	return 0;
}

static int index_nodes(struct tree *tree, struct error *err)
{
	/* The way from the root to the current node, as indexes of entries. */
	unsigned way[TREE_DEPTH_MAX];
	int depth = -1;

	for (int node = fdt_next_node(tree->fdt, -1, &depth); node >= 0 && depth >= 0;
	     node = fdt_next_node(tree->fdt, node, &depth)) {
		if ((unsigned)depth >= TREE_DEPTH_MAX)
			return error_set(err, EINVAL, "the device tree is nested deeper than %u nodes", TREE_DEPTH_MAX);
		if ((depth == 0) != (tree->count == 0))
			return error_set(err, EINVAL, "the device tree has more than one root");
		const struct tree_entry *parent = depth ? &tree->entries[way[depth - 1]] : NULL;
		struct tree_entry entry = {
			.offset = node,
			.parent = parent ? parent->offset : -1,
			.phandle = fdt_get_phandle(tree->fdt, node),
			.depth = (uint16_t)depth,
			.enabled = (!parent || parent->enabled) && status_okay(tree, node),
		};
		way[depth] = tree->count;
		int ret = add_entry(tree, &entry, err);

		if (ret)
			return ret;
	}
	if (!tree->count || tree->entries[0].offset != 0)
		return error_set(err, EINVAL, "the device tree has no root node");
	return 0;
}

int tree_index(struct tree *tree, struct error *err)
{
	tree->count = 0;
	int ret = index_nodes(tree, err);

	if (!ret)
		ret = index_phandles(tree, err);
	if (ret) {
		tree->count = 0;
		tree->phandle_count = 0;
	}
	return ret;
}

struct tree_entry *tree_entry(const struct tree *tree, int node)
{
	unsigned low = 0, high = tree->count;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (tree->entries[mid].offset < node)
			low = mid + 1;
		else
			high = mid;
	}
	return low < tree->count && tree->entries[low].offset == node ? &tree->entries[low] : NULL;
}

int tree_node(const struct tree *tree, const char *path)
{
	/* libfdt would follow an alias that names itself for ever, so an alias must stand for a full path. */
	if (path[0] != '/') {
		size_t len = strcspn(path, "/");
		int aliases = fdt_path_offset(tree->fdt, "/aliases"), value_len;
		const char *value = aliases < 0 ? NULL : fdt_getprop_namelen(tree->fdt, aliases, path, (int)len, &value_len);

		if (!value || value_len <= 0 || value[0] != '/' || value[value_len - 1])
			return -1;
		int node = fdt_path_offset(tree->fdt, value);
		char *rest = strdup(path + len);

		for (char *save = NULL, *part = rest ? strtok_r(rest, "/", &save) : NULL; part && node >= 0;
		     part = strtok_r(NULL, "/", &save))
			node = fdt_subnode_offset(tree->fdt, node, part);
		free(rest);
		return node < 0 ? -1 : node;
	}
	int node = fdt_path_offset(tree->fdt, path);

	return node < 0 ? -1 : node;
}

int tree_next(const struct tree *tree, int node, int *depth)
{
	const struct tree_entry *entry = tree->entries, *end = tree->entries + tree->count;

	if (node >= 0) {
		entry = tree_entry(tree, node);
		if (!entry)
			return -1;
		entry++;
	}
	if (entry == end)
		return -1;
	if (depth)
		*depth = entry->depth;
	return entry->offset;
}

int tree_parent(const struct tree *tree, int node)
{
	const struct tree_entry *entry = tree_entry(tree, node);

	return entry ? entry->parent : -1;
}

int tree_phandle(const struct tree *tree, uint32_t phandle)
{
	unsigned low = 0, high = tree->phandle_count;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (tree->phandles[mid].phandle < phandle)
			low = mid + 1;
		else
			high = mid;
	}
	return low < tree->phandle_count && tree->phandles[low].phandle == phandle ? tree->phandles[low].offset : -1;
}

const char *tree_path(const struct tree *tree, int node, char *buf, size_t size)
{
	int way[TREE_DEPTH_MAX];
	unsigned n = 0;
	size_t at = 0;

	BUG_ON(size == 0);
	buf[0] = '\0';
	for (; node > 0 && n < TREE_DEPTH_MAX; node = tree_parent(tree, node))
		way[n++] = node;
	if (node < 0)
		return buf;
	if (!n)
		snprintf(buf, size, "/");
	while (n-- > 0 && at < size) {
		const char *name = fdt_get_name(tree->fdt, way[n], NULL);
		int len = snprintf(buf + at, size - at, "/%s", name ? name : "?");
		at += len > 0 ? (size_t)len : 0;
	}
	return buf;
}

bool tree_enabled(const struct tree *tree, int node)
{
	const struct tree_entry *entry = tree_entry(tree, node);

	return entry && entry->enabled;
}

const void *tree_prop(const struct tree *tree, int node, const char *name, int *len)
{
	int unused;

	if (node < 0)
		return NULL;
	return fdt_getprop(tree->fdt, node, name, len ? len : &unused);
}

bool tree_get_cells(const struct tree *tree, int node, const char *name, struct tree_cells *cells)
{
	int len;
	const void *value = tree_prop(tree, node, name, &len);

	if (!value || len % 4)
		return false;
	*cells = (struct tree_cells){ value, (unsigned)len / 4 };
	return true;
}

uint32_t tree_cell(const struct tree_cells *cells, unsigned i)
{
	const uint8_t *p = cells->at + 4 * (size_t)i;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

unsigned __int128 tree_take_cells(struct tree_cells *cells, unsigned n)
{
	unsigned __int128 value = 0;

	BUG_ON(n > 4 || n > cells->count);
	for (unsigned i = 0; i < n; i++)
		value = value << 32 | tree_cell(cells, i);
	cells->at += 4 * (size_t)n;
	cells->count -= n;
	return value;
}

unsigned tree_cell_count(const struct tree *tree, int node, const char *name, unsigned absent)
{
	uint32_t count;

	if (!tree_prop(tree, node, name, NULL))
		return absent;
	return tree_u32(tree, node, name, &count) && count < 255 ? count : 255;
}

bool tree_u32(const struct tree *tree, int node, const char *name, uint32_t *value)
{
	struct tree_cells cells;

	if (!tree_get_cells(tree, node, name, &cells) || cells.count != 1)
		return false;
	*value = tree_cell(&cells, 0);
	return true;
}

bool tree_u32_at(const struct tree *tree, int node, const char *name, unsigned index, uint32_t *value)
{
	struct tree_cells cells;

	if (!tree_get_cells(tree, node, name, &cells) || index >= cells.count)
		return false;
	*value = tree_cell(&cells, index);
	return true;
}

const char *tree_string(const struct tree *tree, int node, const char *name)
{
	return tree_string_at(tree, node, name, 0);
}

const char *tree_string_at(const struct tree *tree, int node, const char *name, unsigned index)
{
	int len;
	const char *at = tree_prop(tree, node, name, &len);

	if (!at || len <= 0 || at[len - 1])
		return NULL;
	for (const char *end = at + len; at < end; at += strlen(at) + 1) {
		if (index-- == 0)
			return at;
	}
	return NULL;
}

bool tree_compatible(const struct tree *tree, int node, const char *compatible)
{
	const char *have;

	for (unsigned i = 0; (have = tree_string_at(tree, node, "compatible", i)); i++) {
		if (!strcmp(have, compatible))
			return true;
	}
	return false;
}

/* The number in "<stem>N", without sign or leading zero; -1. */
static int alias_number(const char *name, const char *stem)
{
	size_t len = strlen(stem);

	if (strncmp(name, stem, len) || (name[len] == '0' && name[len + 1]))
		return -1;
	const char *digits = name + len;
	int value = 0;

	if (!*digits || strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 6)
		return -1;
	for (; *digits; digits++)
		value = value * 10 + (*digits - '0');
	return value;
}

int tree_alias(const struct tree *tree, int node, const char *stem)
{
	int aliases = tree_node(tree, "/aliases"), best = -1, prop;

	if (aliases < 0 || node < 0)
		return -1;
	fdt_for_each_property_offset(prop, tree->fdt, aliases) {
		const char *name;
		int len;
		const char *path = fdt_getprop_by_offset(tree->fdt, prop, &name, &len);
		int number = path && len > 0 && path[0] == '/' && !path[len - 1] ? alias_number(name, stem) : -1;

		if (number >= 0 && (best < 0 || number < best) && tree_node(tree, path) == node)
			best = number;
	}
	return best;
}
