/* tree.c - where trees come from and go to: loading with all checks, the blob, saving. */
#include "base/base.h"
#include "fdt/tree.h"
#include "fdt/tree_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

/* libfdt can convert older ones, but their nodes carry full paths as names. Nothing has written them since 2005. */
#define OLDEST_VERSION 16

static struct tree *alloc_tree(size_t capacity, struct error *err)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (tree) {
		tree->fdt = malloc(capacity);
		tree->folder = strdup(".");
		tree->capacity = capacity;
	}
	if (!tree || !tree->fdt || !tree->folder) {
		tree_destroy(tree);
		error_set(err, ENOMEM, "out of memory for the device tree");
		return NULL;
	}
	return tree;
}

void tree_destroy(struct tree *tree)
{
	if (!tree)
		return;
	free(tree->fdt);
	free(tree->folder);
	free(tree->entries);
	free(tree->phandles);
	free(tree);
}

static int check_blob(const void *blob, size_t size, struct error *err)
{
	if (size < sizeof(struct fdt_header) || fdt_magic(blob) != FDT_MAGIC)
		return error_set(err, EINVAL, "not a device tree blob (it does not start with d00dfeed)");
	if (fdt_totalsize(blob) > size)
		return error_set(err, EINVAL, "the device tree is cut off: its header says %u bytes, there are %zu",
		                 fdt_totalsize(blob), size);
	if (fdt_version(blob) < OLDEST_VERSION)
		return error_set(err, EINVAL, "the device tree has version %u; compile it again with a dtc that writes version 17",
		                 fdt_version(blob));
	int ret = fdt_check_full(blob, size);

	if (ret)
		return error_set(err, EINVAL, "the device tree is damaged (libfdt: %s)", fdt_strerror(ret));
	return 0;
}

/* Copies @blob to @tree, in libfdt's current version and order, growing the buffer: blocks that overlap in @blob no longer do. */
static int copy_blob(struct tree *tree, const void *blob, struct error *err)
{
	int ret;

	while ((ret = fdt_open_into(blob, tree->fdt, (int)tree->capacity)) == -FDT_ERR_NOSPACE) {
		if (tree->capacity > 4u * TREE_SIZE_MAX)
			return error_set(err, EINVAL, "the device tree does not fit into %u MiB", 4u * TREE_SIZE_MAX >> 20);
		void *larger = realloc(tree->fdt, tree->capacity * 2);

		if (!larger)
			return error_set(err, ENOMEM, "out of memory for the device tree");
		tree->fdt = larger;
		tree->capacity *= 2;
	}
	if (ret || (ret = fdt_check_full(tree->fdt, tree->capacity)))
		return error_set(err, EINVAL, "the device tree is damaged (libfdt: %s)", fdt_strerror(ret));
	return 0;
}

struct tree *tree_from_blob(const void *blob, size_t size, struct error *err)
{
	if (size > TREE_SIZE_MAX) {
		error_set(err, EFBIG, "the device tree is larger than %u MiB", TREE_SIZE_MAX >> 20);
		return NULL;
	}
	if (check_blob(blob, size, err))
		return NULL;
	struct tree *tree = alloc_tree(fdt_totalsize(blob) + 4096, err);

	if (!tree)
		return NULL;
	if (copy_blob(tree, blob, err) || tree_index(tree, err)) {
		tree_destroy(tree);
		return NULL;
	}
	return tree;
}

struct tree *tree_create(struct error *err)
{
	struct tree *tree = alloc_tree(32 * KiB, err);

	if (!tree)
		return NULL;
	BUG_ON(fdt_create_empty_tree(tree->fdt, (int)tree->capacity));
	if (tree_index(tree, err)) {
		tree_destroy(tree);
		return NULL;
	}
	return tree;
}

static int read_file(const char *path, void **data, size_t *size, struct error *err)
{
	FILE *file = fopen(path, "rbe");

	if (!file)
		return error_set(err, errno, "cannot open the device tree '%s': %s", path, strerror(errno));
	uint8_t *buf = NULL;
	size_t used = 0, capacity = 0;
	int ret = 0;

	do {
		if (used == capacity) {
			capacity = capacity ? capacity * 2 : 64 * KiB;
			void *larger = realloc(buf, capacity);
			if (!larger) {
				ret = error_set(err, ENOMEM, "out of memory for the device tree '%s'", path);
				break;
			}
			buf = larger;
		}
		used += fread(buf + used, 1, capacity - used, file);
		if (ferror(file))
			ret = error_set(err, errno ? errno : EIO, "cannot read the device tree '%s': %s", path, strerror(errno));
		else if (used > TREE_SIZE_MAX)
			ret = error_set(err, EFBIG, "'%s' is larger than %u MiB, too large for a device tree", path, TREE_SIZE_MAX >> 20);
	} while (!ret && !feof(file));
	fclose(file);
	if (ret) {
		free(buf);
		return ret;
	}
	*data = buf;
	*size = used;
	return 0;
}

static bool is_source(const char *path)
{
	size_t len = strlen(path);

	return len > 4 && !strcmp(path + len - 4, ".dts");
}

static int set_folder(struct tree *tree, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return 0;
	char *folder = slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));

	if (!folder)
		return -ENOMEM;
	free(tree->folder);
	tree->folder = folder;
	return 0;
}

struct tree *tree_load(const char *path, struct error *err)
{
	void *data;
	size_t size;
	struct tree *tree;

	if (is_source(path) ? tree_run_dtc(path, &data, &size, err) : read_file(path, &data, &size, err))
		return NULL;
	tree = tree_from_blob(data, size, err);
	free(data);
	if (!tree) {
		error_prefix(err, "'%s'", path);
		return NULL;
	}
	if (set_folder(tree, path)) {
		error_set(err, ENOMEM, "out of memory for the device tree");
		tree_destroy(tree);
		return NULL;
	}
	return tree;
}

const void *tree_blob(struct tree *tree, size_t *size)
{
	BUG_ON(fdt_pack(tree->fdt));
	*size = fdt_totalsize(tree->fdt);
	return tree->fdt;
}

int tree_save(struct tree *tree, const char *path, struct error *err)
{
	size_t size;
	const void *blob = tree_blob(tree, &size);
	FILE *file = fopen(path, "wbe");

	if (!file)
		return error_set(err, errno, "cannot write the device tree to '%s': %s", path, strerror(errno));
	bool written = fwrite(blob, 1, size, file) == size;

	if (fclose(file) || !written)
		return error_set(err, errno ? errno : EIO, "cannot write the device tree to '%s': %s", path, strerror(errno));
	return 0;
}

const void *tree_fdt(const struct tree *tree)
{
	return tree->fdt;
}

const char *tree_folder(const struct tree *tree)
{
	return tree->folder;
}
