/* Looking up, walking, editing, saving; none of it needs dtc except the test of sources. */
#include "base/base.h"
#include "fdt/tree.h"

#include "tests/fdt/sources.h"

#include <errno.h>

static struct tree *small_tree(void)
{
	struct error err;
	struct tree *tree = tree_create(&err);

	ck_assert_ptr_nonnull(tree);
	ck_assert_int_eq(tree_add_node(tree, "/soc"), 0);
	ck_assert_int_eq(tree_add_node(tree, "/soc/uart@9000"), 0);
	ck_assert_int_eq(tree_add_node(tree, "/soc/uart@a000"), 0);
	ck_assert_int_eq(tree_add_node(tree, "/aliases"), 0);
	ck_assert_int_eq(tree_set_prop(tree, "/soc/uart@9000", "compatible", "arm,pl011\0arm,primecell", 24), 0);
	ck_assert_int_eq(tree_set_u32(tree, "/soc/uart@9000", "phandle", 7), 0);
	ck_assert_int_eq(tree_set_string(tree, "/aliases", "serial3", "/soc/uart@a000"), 0);
	ck_assert_int_eq(tree_set_string(tree, "/aliases", "serial0", "/soc/uart@9000"), 0);
	return tree;
}

START_TEST(nodes_by_path_alias_and_phandle)
{
	struct tree *tree = small_tree();
	char path[100];
	int node = tree_node(tree, "/soc/uart@9000");

	ck_assert_int_gt(node, 0);
	ck_assert_int_eq(tree_node(tree, "/"), 0);
	ck_assert_int_eq(tree_node(tree, "serial0"), node);
	ck_assert_int_eq(tree_node(tree, "/soc/uart@b000"), -1);
	ck_assert_int_eq(tree_node(tree, "serial1"), -1);
	ck_assert_int_eq(tree_node(tree, ""), -1);
	ck_assert_int_eq(tree_phandle(tree, 7), node);
	ck_assert_int_eq(tree_phandle(tree, 8), -1);
	ck_assert_int_eq(tree_phandle(tree, 0), -1);
	ck_assert_int_eq(tree_parent(tree, node), tree_node(tree, "/soc"));
	ck_assert_int_eq(tree_parent(tree, 0), -1);
	ck_assert_str_eq(tree_path(tree, node, path, sizeof(path)), "/soc/uart@9000");
	ck_assert_str_eq(tree_path(tree, 0, path, sizeof(path)), "/");
	ck_assert_str_eq(tree_path(tree, node, path, 6), "/soc/");
	ck_assert_int_eq(tree_alias(tree, node, "serial"), 0);
	ck_assert_int_eq(tree_alias(tree, tree_node(tree, "/soc/uart@a000"), "serial"), 3);
	ck_assert_int_eq(tree_alias(tree, tree_node(tree, "/soc"), "serial"), -1);
	ck_assert_int_eq(tree_alias(tree, node, "seri"), -1);
	tree_destroy(tree);
}
END_TEST

START_TEST(walk_is_pre_order)
{
	struct tree *tree = small_tree();
	char path[100], seen[300] = "";
	int depth = 0;

	for (int node = -1; (node = tree_next(tree, node, &depth)) >= 0;) {
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%d%s ", depth, tree_path(tree, node, path, sizeof(path)));
	}
	/* libfdt puts a new node in front of its sisters. */
	ck_assert_str_eq(seen, "0/ 1/aliases 1/soc 2/soc/uart@a000 2/soc/uart@9000 ");
	tree_destroy(tree);
}
END_TEST

START_TEST(properties_by_type)
{
	static const uint8_t cells[] = { 0, 0, 0, 1, 0xff, 0, 0, 2, 1, 2, 3 };
	struct tree *tree = small_tree();
	uint32_t value = 99;
	int len;

	ck_assert_int_eq(tree_set_prop(tree, "/soc", "three", cells, 8), 0);
	ck_assert_int_eq(tree_set_prop(tree, "/soc", "ragged", cells, 11), 0);
	ck_assert_int_eq(tree_set_prop(tree, "/soc", "open", "abc", 3), 0);
	ck_assert_int_eq(tree_set_prop(tree, "/soc", "empty", NULL, 0), 0);
	int soc = tree_node(tree, "/soc"), uart = tree_node(tree, "/soc/uart@9000");

	ck_assert(tree_u32_at(tree, soc, "three", 1, &value));
	ck_assert_uint_eq(value, 0xff000002);
	ck_assert(!tree_u32_at(tree, soc, "three", 2, &value));
	ck_assert(!tree_u32(tree, soc, "three", &value));
	ck_assert(!tree_u32_at(tree, soc, "ragged", 0, &value));
	ck_assert(!tree_u32(tree, soc, "absent", &value));
	ck_assert_uint_eq(value, 0xff000002);
	ck_assert_ptr_nonnull(tree_prop(tree, soc, "empty", &len));
	ck_assert_int_eq(len, 0);
	ck_assert_ptr_null(tree_prop(tree, soc, "absent", NULL));
	ck_assert_ptr_null(tree_prop(tree, -1, "three", NULL));
	ck_assert_ptr_null(tree_string(tree, soc, "open"));
	ck_assert_ptr_null(tree_string(tree, soc, "empty"));
	ck_assert_str_eq(tree_string(tree, uart, "compatible"), "arm,pl011");
	ck_assert_str_eq(tree_string_at(tree, uart, "compatible", 1), "arm,primecell");
	ck_assert_ptr_null(tree_string_at(tree, uart, "compatible", 2));
	ck_assert(tree_compatible(tree, uart, "arm,primecell"));
	ck_assert(!tree_compatible(tree, uart, "arm,prime"));
	ck_assert(!tree_compatible(tree, soc, "arm,primecell"));
	tree_destroy(tree);
}
END_TEST

START_TEST(a_disabled_parent_disables)
{
	static const struct {
		const char *status;
		bool enabled;
	} cases[] = { { "okay", true }, { "ok", true }, { "disabled", false }, { "fail", false }, { "", false }, { "okay2", false } };
	struct tree *tree = small_tree();

	ck_assert(tree_enabled(tree, tree_node(tree, "/soc/uart@9000")));
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_int_eq(tree_set_string(tree, "/soc", "status", cases[i].status), 0);
		ck_assert(tree_enabled(tree, tree_node(tree, "/soc")) == cases[i].enabled);
		ck_assert(tree_enabled(tree, tree_node(tree, "/soc/uart@9000")) == cases[i].enabled);
		ck_assert(tree_enabled(tree, tree_node(tree, "/aliases")));
	}
	ck_assert_int_eq(tree_delete_prop(tree, "/soc", "status"), 0);
	ck_assert(tree_enabled(tree, tree_node(tree, "/soc/uart@9000")));
	ck_assert(!tree_enabled(tree, -1));
	tree_destroy(tree);
}
END_TEST

/* The index is shifted at edits instead of being made anew: it must be what a fresh one would be. */
static void same_as_fresh(struct tree *tree)
{
	struct error err;
	size_t size;
	const void *blob = tree_blob(tree, &size);
	struct tree *fresh = tree_from_blob(blob, size, &err);
	int node = -1, other = -1, depth, other_depth;

	ck_assert_msg(fresh != NULL, "%s", err.msg);
	do {
		node = tree_next(tree, node, &depth);
		other = tree_next(fresh, other, &other_depth);
		ck_assert_int_eq(node, other);
		ck_assert_int_eq(depth, other_depth);
		if (node >= 0)
			ck_assert_int_eq(tree_parent(tree, node), tree_parent(fresh, other));
	} while (node >= 0);
	for (uint32_t phandle = 0; phandle < 20; phandle++)
		ck_assert_int_eq(tree_phandle(tree, phandle), tree_phandle(fresh, phandle));
	tree_destroy(fresh);
}

START_TEST(edits_keep_the_index_right)
{
	struct tree *tree = small_tree();
	char text[300];

	memset(text, 'x', sizeof(text));
	for (unsigned i = 0; i < 40; i++) {
		text[i * 7 % 290] = 'y';
		tree_set_prop(tree, i % 2 ? "/soc/uart@a000" : "/soc", "filler", text, i * 37 % 290);
		if (i % 5 == 0)
			tree_set_u32(tree, "/soc/uart@a000", "phandle", i / 5 + 8);
		if (i % 7 == 0)
			tree_delete_prop(tree, "/soc", "filler");
		same_as_fresh(tree);
	}
	ck_assert_int_eq(tree_delete_node(tree, "/soc/uart@9000"), 0);
	same_as_fresh(tree);
	ck_assert_int_eq(tree_phandle(tree, 7), -1);
	tree_destroy(tree);
}
END_TEST

START_TEST(edits_that_cannot_be)
{
	struct tree *tree = small_tree();

	ck_assert_int_eq(tree_set_u32(tree, "/absent", "x", 1), -ENOENT);
	ck_assert_int_eq(tree_delete_prop(tree, "/soc", "absent"), -ENOENT);
	ck_assert_int_eq(tree_delete_node(tree, "/absent"), -ENOENT);
	ck_assert_int_eq(tree_delete_node(tree, "/"), -EINVAL);
	ck_assert_int_eq(tree_add_node(tree, "/absent/child"), -ENOENT);
	ck_assert_int_eq(tree_add_node(tree, "relative"), -ENOENT);
	ck_assert_int_eq(tree_add_node(tree, "/soc"), 0);
	same_as_fresh(tree);
	tree_destroy(tree);
}
END_TEST

START_TEST(a_tree_grows)
{
	struct tree *tree = small_tree();
	char path[40];
	size_t size;
	static char big[100000];

	for (unsigned i = 0; i < 2000; i++) {
		snprintf(path, sizeof(path), "/soc/device@%x", i);
		ck_assert_int_eq(tree_add_node(tree, path), 0);
		ck_assert_int_eq(tree_set_u32(tree, path, "reg", i), 0);
	}
	ck_assert_int_eq(tree_set_prop(tree, "/soc", "big", big, sizeof(big)), 0);
	tree_blob(tree, &size);
	ck_assert_uint_gt(size, sizeof(big) + 2000 * 30);
	/* Packed, and edited again. */
	ck_assert_int_eq(tree_set_string(tree, "/soc", "after", "packing"), 0);
	ck_assert_str_eq(tree_string(tree, tree_node(tree, "/soc"), "after"), "packing");
	uint32_t value;

	ck_assert(tree_u32(tree, tree_node(tree, "/soc/device@7cf"), "reg", &value));
	ck_assert_uint_eq(value, 1999);
	tree_destroy(tree);
}
END_TEST

START_TEST(saved_and_loaded)
{
	char path[] = "/tmp/dbtvm-test-XXXXXX";
	struct tree *tree = small_tree();
	struct error err;
	int fd = mkstemp(path);

	close(fd);
	ck_assert_int_eq(tree_save(tree, path, &err), 0);
	struct tree *again = tree_load(path, &err);

	ck_assert_ptr_nonnull(again);
	ck_assert_str_eq(tree_folder(again), "/tmp");
	ck_assert_str_eq(tree_folder(tree), ".");
	size_t size, again_size;
	const void *blob = tree_blob(tree, &size), *again_blob = tree_blob(again, &again_size);

	ck_assert_uint_eq(size, again_size);
	ck_assert_mem_eq(blob, again_blob, size);
	tree_destroy(again);
	ck_assert_int_lt(tree_save(tree, "/nonexistent/x.dtb", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "/nonexistent/x.dtb"));
	tree_destroy(tree);
	unlink(path);
	ck_assert_ptr_null(tree_load(path, &err));
	ck_assert_int_eq(err.code, ENOENT);
}
END_TEST

START_TEST(sources)
{
	struct error err = { 0 };

	if (!have_dtc())
		return;
	struct tree *tree = tree_of("/ { model = \"from source\"; };");

	ck_assert_str_eq(tree_string(tree, 0, "model"), "from source");
	tree_destroy(tree);
	ck_assert_ptr_null(tree_from_source("/ { model = ; };", &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "dtc does not accept"));
	ck_assert_ptr_nonnull(strstr(err.msg, ".dts:2."));
	ck_assert_ptr_null(tree_load("/nonexistent/x.dts", &err));
	ck_assert_int_eq(err.code, ENOENT);
}
END_TEST

START_TEST(a_source_without_dtc)
{
	struct error err = { 0 };

	setenv("PATH", "/nonexistent", 1);
	ck_assert_ptr_null(tree_from_source("/ { };", &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "install device-tree-compiler"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { nodes_by_path_alias_and_phandle, walk_is_pre_order, properties_by_type, a_disabled_parent_disables,
		                       edits_keep_the_index_right, edits_that_cannot_be, a_tree_grows, saved_and_loaded, sources,
		                       a_source_without_dtc };

	return check_run("tree", tests, ARRAY_SIZE(tests));
}
