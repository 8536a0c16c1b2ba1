/*
 * tree_internal.h - what the files of this room share.
 *
 * libfdt finds a parent or a phandle by walking the blob from its start, which
 * makes work quadratic in the size of a (possibly hostile) tree.  So each tree
 * keeps an index of its nodes, in blob order, that is rebuilt or shifted at
 * every edit.
 */
#ifndef DBTVM_FDT_TREE_INTERNAL_H
#define DBTVM_FDT_TREE_INTERNAL_H

#include "base/base.h"
#include "base/error.h"

#define TREE_SIZE_MAX (16u * 1024 * 1024)
#define TREE_NODES_MAX 100000u
#define TREE_DEPTH_MAX 64u
/* Bound of every walk along references, which a bad tree can tie into a circle. */
#define TREE_WALK_MAX 64u

struct tree_entry {
	int offset;  /* of the node in the structure block */
	int parent;  /* offset; -1: the root has none */
	uint32_t phandle; /* 0: none */
	uint16_t depth;
	bool enabled; /* the node and all its parents */
};

struct tree_phandle_entry {
	uint32_t phandle;
	int offset;
};

struct tree {
	void *fdt;
	size_t capacity; /* allocated bytes at fdt */
	char *folder;
	struct tree_entry *entries; /* in order of offset, which is pre-order */
	unsigned count, entry_capacity;
	struct tree_phandle_entry *phandles; /* in order of phandle, the first of equal ones wins */
	unsigned phandle_count;
};

/* Rebuilds the index. -EINVAL: too many nodes, or too deep; -ENOMEM. The index is empty then. */
int tree_index(struct tree *tree, struct error *err);
/* The entry of @node; NULL when that is no node's offset. */
struct tree_entry *tree_entry(const struct tree *tree, int node);

/* @path's .dts compiled by dtc; malloc'ed. */
int tree_run_dtc(const char *path, void **blob, size_t *size, struct error *err);

/* Cells of a property that is a list of them. */
struct tree_cells {
	const uint8_t *at;
	unsigned count;
};

/* False when absent or no multiple of 4 bytes long. */
bool tree_get_cells(const struct tree *tree, int node, const char *name, struct tree_cells *cells);
/* Cell @i, which must be below the count. */
uint32_t tree_cell(const struct tree_cells *cells, unsigned i);
/* Takes @n cells off the front as one big-endian number; @n is at most 4 and at most the count. */
unsigned __int128 tree_take_cells(struct tree_cells *cells, unsigned n);
/* A "#...-cells" property; @absent when the node has none, 255 (too many for everybody) when it is malformed. */
unsigned tree_cell_count(const struct tree *tree, int node, const char *name, unsigned absent);

#endif
