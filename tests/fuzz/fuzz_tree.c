/* fuzz_tree.c - any bytes as a device tree: load, ask everything about every node, edit, save nothing. */
#include "base/base.h"
#include "fdt/tree.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bounds what one input may cost, not what it may do. */
#define NODES_ASKED 500u
#define ENTRIES_ASKED 100u

static void ask(const struct tree *tree, int node)
{
	char path[64];
	gpa_t base;
	uint64_t reg_size;
	int controller;
	uint32_t spec[8], value;

	for (unsigned i = 0; i < ENTRIES_ASKED && !tree_reg(tree, node, i, &base, &reg_size); i++)
		;
	for (unsigned i = 0; i < ENTRIES_ASKED && tree_interrupt(tree, node, i, &controller, spec) > 0; i++)
		BUG_ON(tree_node(tree, "/") != 0 || tree_path(tree, controller, path, sizeof(path))[0] != '/');
	for (unsigned i = 0; i < 8; i++) {
		tree_clock_hz(tree, node, NULL, i);
		tree_string_at(tree, node, "compatible", i);
		tree_u32_at(tree, node, "reg", i, &value);
	}
	tree_clock_hz(tree, node, "apb_pclk", 0);
	tree_alias(tree, node, "serial");
	tree_enabled(tree, node);
	BUG_ON(tree_path(tree, node, path, sizeof(path))[0] != '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct tree *tree = tree_from_blob(data, size, &err);
	int depth;
	unsigned asked = 0;
	size_t blob_size;

	if (!tree) {
		BUG_ON(!err.code || !err.msg[0]);
		return 0;
	}
	for (int node = -1; (node = tree_next(tree, node, &depth)) >= 0 && asked < NODES_ASKED; asked++)
		ask(tree, node);
	tree_node(tree, "serial0/x");
	tree_set_string(tree, "/", "edited", "yes");
	tree_add_node(tree, "/chosen");
	tree_set_u32(tree, "/chosen", "linux,initrd-start", 1);
	tree_delete_node(tree, "/aliases");
	const void *blob = tree_blob(tree, &blob_size);
	/* What we accepted and changed, we accept again. */
	struct tree *again = tree_from_blob(blob, blob_size, &err);

	BUG_ON(!again);
	tree_destroy(again);
	tree_destroy(tree);
	return 0;
}
