/* tree_edit.c - changes, with a buffer that grows as needed. */
#include "base/base.h"
#include "fdt/tree.h"
#include "fdt/tree_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

static int to_errno(int ret)
{
	switch (ret) {
	case -FDT_ERR_NOTFOUND:
		return -ENOENT;
	case -FDT_ERR_EXISTS:
		return -EEXIST;
	case -FDT_ERR_NOSPACE:
		return -ENOSPC;
	default:
		return ret < 0 ? -EINVAL : 0;
	}
}

/* Makes room for @extra bytes more. */
static int reserve(struct tree *tree, size_t extra)
{
	size_t used = (size_t)fdt_off_dt_strings(tree->fdt) + fdt_size_dt_strings(tree->fdt);

	if (extra > TREE_SIZE_MAX || used > TREE_SIZE_MAX - extra)
		return -ENOSPC;
	size_t need = used + extra;

	if (need > tree->capacity) {
		size_t capacity = MAX(need, tree->capacity * 2);
		void *larger = realloc(tree->fdt, capacity);

		if (!larger)
			return -ENOMEM;
		tree->fdt = larger;
		tree->capacity = capacity;
	}
	return to_errno(fdt_open_into(tree->fdt, tree->fdt, (int)tree->capacity));
}

/* An edit inside @node moved all nodes behind its start by the same distance. */
static int shift(struct tree *tree, int node, int distance)
{
	for (unsigned i = 0; i < tree->count; i++) {
		if (tree->entries[i].offset > node)
			tree->entries[i].offset += distance;
		if (tree->entries[i].parent > node)
			tree->entries[i].parent += distance;
	}
	for (unsigned i = 0; i < tree->phandle_count; i++) {
		if (tree->phandles[i].offset > node)
			tree->phandles[i].offset += distance;
	}
	return 0;
}

static int property_changed(struct tree *tree, int node, const char *name, int old_size)
{
	if (!strcmp(name, "status") || !strcmp(name, "phandle") || !strcmp(name, "linux,phandle"))
		return tree_index(tree, NULL);
	return shift(tree, node, (int)fdt_size_dt_struct(tree->fdt) - old_size);
}

int tree_set_prop(struct tree *tree, const char *path, const char *name, const void *value, size_t len)
{
	int node = tree_node(tree, path);

	if (node < 0)
		return -ENOENT;
	if (len > TREE_SIZE_MAX)
		return -ENOSPC;
	int old_size = (int)fdt_size_dt_struct(tree->fdt);
	int ret = fdt_setprop(tree->fdt, node, name, value, (int)len);

	if (ret == -FDT_ERR_NOSPACE) {
		/* Property header, value with padding, and its name. */
		ret = reserve(tree, 16 + len + strlen(name) + 1);
		if (ret)
			return ret;
		ret = fdt_setprop(tree->fdt, node, name, value, (int)len);
	}
	return ret ? to_errno(ret) : property_changed(tree, node, name, old_size);
}

int tree_set_u32(struct tree *tree, const char *path, const char *name, uint32_t value)
{
	fdt32_t cell = cpu_to_fdt32(value);

	return tree_set_prop(tree, path, name, &cell, sizeof(cell));
}

int tree_set_string(struct tree *tree, const char *path, const char *name, const char *value)
{
	return tree_set_prop(tree, path, name, value, strlen(value) + 1);
}

int tree_delete_prop(struct tree *tree, const char *path, const char *name)
{
	int node = tree_node(tree, path);

	if (node < 0)
		return -ENOENT;
	int old_size = (int)fdt_size_dt_struct(tree->fdt);
	int ret = fdt_delprop(tree->fdt, node, name);

	return ret ? to_errno(ret) : property_changed(tree, node, name, old_size);
}

/* The node that is to hold @path's last part; -1. */
static int holder(const struct tree *tree, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');

	if (path[0] != '/' || !slash[1])
		return -1;
	*name = slash + 1;
	if (slash == path)
		return 0;
	char *parent = strndup(path, (size_t)(slash - path));
	int node = parent ? tree_node(tree, parent) : -1;

	free(parent);
	return node;
}

int tree_add_node(struct tree *tree, const char *path)
{
	const char *name;

	if (tree_node(tree, path) >= 0)
		return 0;
	int parent = holder(tree, path, &name);

	if (parent < 0)
		return -ENOENT;
	int ret = fdt_add_subnode(tree->fdt, parent, name);

	if (ret == -FDT_ERR_NOSPACE) {
		ret = reserve(tree, 16 + strlen(name));
		if (ret)
			return ret;
		ret = fdt_add_subnode(tree->fdt, parent, name);
	}
	return ret < 0 ? to_errno(ret) : tree_index(tree, NULL);
}

int tree_delete_node(struct tree *tree, const char *path)
{
	int node = tree_node(tree, path);

	if (node < 0)
		return -ENOENT;
	if (node == 0)
		return -EINVAL;
	int ret = fdt_del_node(tree->fdt, node);

	return ret ? to_errno(ret) : tree_index(tree, NULL);
}
