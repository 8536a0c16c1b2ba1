/*
 * tree.h - device trees: load, check, look up, edit (on libfdt). Nodes are libfdt offsets, valid until the tree is edited.
 */
#ifndef DBTVM_FDT_TREE_H
#define DBTVM_FDT_TREE_H

#include "base/base.h"
#include "base/error.h"

struct tree;

/* From a .dtb, or from a .dts by running dtc when that is installed. Checked in full before anything uses it; at most 16 MiB. */
struct tree *tree_load(const char *path, struct error *err);
/* From memory; copies. */
struct tree *tree_from_blob(const void *blob, size_t size, struct error *err);
/* An empty tree that grows (the boards' own trees). */
struct tree *tree_create(struct error *err);
void tree_destroy(struct tree *tree);
/* The blob, packed. Owned by the tree. */
const void *tree_blob(struct tree *tree, size_t *size);
int tree_save(struct tree *tree, const char *path, struct error *err);
/* libfdt's view, for reading. */
const void *tree_fdt(const struct tree *tree);
/* Folder that relative paths in the tree are meant from: that of the file, "." for blobs. */
const char *tree_folder(const struct tree *tree);

/* Node offsets; -1: none. */
int tree_node(const struct tree *tree, const char *path);
int tree_next(const struct tree *tree, int node, int *depth); /* pre-order; start with node = -1, *depth = 0 */
int tree_parent(const struct tree *tree, int node);
int tree_phandle(const struct tree *tree, uint32_t phandle);
/* Full path; truncated to @size. */
const char *tree_path(const struct tree *tree, int node, char *buf, size_t size);
/* True when neither the node nor a parent is disabled ("okay", "ok" or no status). */
bool tree_enabled(const struct tree *tree, int node);

/* Properties. NULL or false when absent or of the wrong length. */
const void *tree_prop(const struct tree *tree, int node, const char *name, int *len);
bool tree_u32(const struct tree *tree, int node, const char *name, uint32_t *value);
bool tree_u32_at(const struct tree *tree, int node, const char *name, unsigned index, uint32_t *value);
const char *tree_string(const struct tree *tree, int node, const char *name);
/* The @index-th string of a list (compatible); NULL past the end. */
const char *tree_string_at(const struct tree *tree, int node, const char *name, unsigned index);
bool tree_compatible(const struct tree *tree, int node, const char *compatible);
/* Number of /aliases "<stem>N" that names the node, or -1. */
int tree_alias(const struct tree *tree, int node, const char *stem);

/*
 * The @index-th reg entry as a CPU address: through #address-cells, #size-cells and every parent's ranges.
 * Returns 0; -ENOENT: no such entry; -EINVAL: malformed; -ERANGE: not mapped to a CPU address.
 */
int tree_reg(const struct tree *tree, int node, unsigned index, gpa_t *base, uint64_t *size);
/*
 * The @index-th interrupt: interrupts-extended, or interrupts with interrupt-parent (inherited) and interrupt-map on the way.
 * *controller: the node; spec[] gets its cells (at most 8). Returns the number of cells, -ENOENT past the last, -EINVAL.
 */
int tree_interrupt(const struct tree *tree, int node, unsigned index, int *controller, uint32_t spec[8]);
/* Frequency in Hz of the node's clock @index or called @name (when not NULL): fixed-clock, vexpress-osc, fixed-factor; 0: unknown. */
uint64_t tree_clock_hz(const struct tree *tree, int node, const char *name, unsigned index);

/* Edits. Node offsets are invalid afterwards. -errno. */
int tree_set_prop(struct tree *tree, const char *path, const char *name, const void *value, size_t len);
int tree_set_u32(struct tree *tree, const char *path, const char *name, uint32_t value);
int tree_set_string(struct tree *tree, const char *path, const char *name, const char *value);
int tree_delete_prop(struct tree *tree, const char *path, const char *name);
/* Adds the node @path when it does not exist (its parent must). */
int tree_add_node(struct tree *tree, const char *path);
int tree_delete_node(struct tree *tree, const char *path);

#endif
