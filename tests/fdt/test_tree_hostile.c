/* Blobs that were cut, bent or made up: refused with a message or usable without harm. Run it under the sanitizers too. */
#include "base/base.h"
#include "fdt/tree.h"

#include "tests/fdt/sources.h"

#include <libfdt.h>

/* Asks everything about every node. Returns a sum, so that nothing can be left out. */
static uint64_t use(const struct tree *tree)
{
	uint64_t sum = 0;
	int depth;
	char path[200];

	for (int node = -1; (node = tree_next(tree, node, &depth)) >= 0;) {
		gpa_t base = 0;
		uint64_t size = 0;
		int controller = 0;
		uint32_t spec[8] = { 0 };

		for (unsigned i = 0; i < 70 && !tree_reg(tree, node, i, &base, &size); i++)
			sum += base + size;
		for (unsigned i = 0; i < 70 && tree_interrupt(tree, node, i, &controller, spec) > 0; i++)
			sum += spec[0] + (unsigned)controller;
		sum += tree_clock_hz(tree, node, NULL, 0) + tree_clock_hz(tree, node, "apb_pclk", 0);
		sum += (unsigned)tree_alias(tree, node, "serial") + tree_enabled(tree, node) + tree_compatible(tree, node, "arm,pl011");
		ck_assert_int_eq(tree_path(tree, node, path, sizeof(path))[0], '/');
	}
	return sum;
}

static struct tree *victim(void)
{
	struct tree *tree = stock_tree();

	if (tree)
		return tree;
	struct error err;

	tree = tree_create(&err);
	ck_assert_ptr_nonnull(tree);
	tree_add_node(tree, "/aliases");
	tree_add_node(tree, "/bus");
	tree_add_node(tree, "/bus/uart");
	tree_set_prop(tree, "/bus", "ranges", NULL, 0);
	tree_set_u32(tree, "/bus", "#interrupt-cells", 1);
	tree_set_u32(tree, "/bus", "phandle", 1);
	tree_set_prop(tree, "/bus/uart", "reg", "\0\0\0\1\0\0\0\2\0\0\0\3", 12);
	tree_set_u32(tree, "/bus/uart", "interrupts", 3);
	tree_set_u32(tree, "/", "interrupt-parent", 1);
	tree_set_string(tree, "/aliases", "serial0", "/bus/uart");
	return tree;
}

/* A copy of exactly its size on the heap, so that a sanitizer sees reads behind its end. */
static struct tree *load_copy(const uint8_t *blob, size_t size, struct error *err)
{
	uint8_t *copy = malloc(size ? size : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, blob, size);
	struct tree *tree = tree_from_blob(copy, size, err);

	free(copy);
	return tree;
}

START_TEST(every_truncation_is_refused)
{
	struct tree *tree = victim();
	size_t size;
	const uint8_t *blob = tree_blob(tree, &size);

	for (size_t n = 0; n < size; n += n < 200 ? 1 : 97) {
		struct error err = { 0 };

		ck_assert_ptr_null(load_copy(blob, n, &err));
		ck_assert_int_ne(err.code, 0);
		ck_assert_int_ne(err.msg[0], 0);
	}
	tree_destroy(tree);
}
END_TEST

START_TEST(mutations_do_no_harm)
{
	struct tree *tree = victim();
	size_t size;
	const uint8_t *blob = tree_blob(tree, &size);
	uint8_t *bent = malloc(size);
	uint64_t seed = 0x5eed, refused = 0, used = 0, sum = 0;

	for (unsigned round = 0; round < 3000; round++) {
		memcpy(bent, blob, size);
		unsigned changes = 1 + round % 4;

		while (changes--) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			/* Half of them where the structure is decided: header, tags and lengths. */
			size_t at = seed >> 33 & 1 ? (seed >> 34) % size : (seed >> 34) % 40;
			static const uint8_t favourites[] = { 0, 1, 2, 3, 4, 9, 0x7f, 0x80, 0xff };

			bent[at] = seed & 1 << 20 ? favourites[(seed >> 21) % sizeof(favourites)] : (uint8_t)(seed >> 24);
		}
		struct error err = { 0 };
		struct tree *loaded = load_copy(bent, size, &err);

		if (!loaded) {
			ck_assert_int_ne(err.code, 0);
			refused++;
			continue;
		}
		sum += use(loaded);
		tree_set_string(loaded, "/", "edited", "yes");
		tree_add_node(loaded, "/new");
		tree_destroy(loaded);
		used++;
	}
	ck_assert_uint_gt(refused, 100);
	ck_assert_uint_gt(used, 100);
	ck_assert_uint_gt(sum, 0);
	free(bent);
	tree_destroy(tree);
}
END_TEST

START_TEST(headers_that_lie)
{
	struct tree *tree = victim();
	size_t size;
	const uint8_t *blob = tree_blob(tree, &size);
	static const uint32_t lies[] = { 0, 1, 3, 4, 39, 40, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff };
	unsigned refused = 0;

	for (unsigned field = 0; field < 10; field++) {
		for (unsigned i = 0; i < ARRAY_SIZE(lies); i++) {
			uint8_t *bent = malloc(size);
			struct error err = { 0 };
			fdt32_t lie = cpu_to_fdt32(lies[i]);

			memcpy(bent, blob, size);
			memcpy(bent + 4 * field, &lie, 4);
			struct tree *loaded = load_copy(bent, size, &err);

			if (loaded)
				use(loaded);
			else
				refused++;
			tree_destroy(loaded);
			free(bent);
		}
	}
	ck_assert_uint_gt(refused, 40);
	tree_destroy(tree);
}
END_TEST

START_TEST(limits)
{
	struct error err = { 0 };
	static uint8_t huge[17 * 1024 * 1024];

	ck_assert_ptr_null(tree_from_blob(huge, sizeof(huge), &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "larger than 16 MiB"));

	/* 70 nodes, one in the other. */
	char buf[8192];

	fdt_create(buf, sizeof(buf));
	fdt_finish_reservemap(buf);
	for (unsigned i = 0; i < 70; i++)
		fdt_begin_node(buf, i ? "n" : "");
	for (unsigned i = 0; i < 70; i++)
		fdt_end_node(buf);
	ck_assert_int_eq(fdt_finish(buf), 0);
	ck_assert_ptr_null(tree_from_blob(buf, sizeof(buf), &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "nested deeper"));

	/* And 100,001 beside one another. */
	size_t size = 2 * 1024 * 1024;
	char *wide = malloc(size);

	fdt_create(wide, (int)size);
	fdt_finish_reservemap(wide);
	fdt_begin_node(wide, "");
	for (unsigned i = 0; i < 100000; i++) {
		fdt_begin_node(wide, "n");
		fdt_end_node(wide);
	}
	fdt_end_node(wide);
	ck_assert_int_eq(fdt_finish(wide), 0);
	ck_assert_ptr_null(tree_from_blob(wide, size, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "more than 100000 nodes"));
	free(wide);
}
END_TEST

START_TEST(aliases_in_a_circle)
{
	struct error err = { 0 };
	struct tree *tree = tree_create(&err);

	tree_add_node(tree, "/aliases");
	tree_add_node(tree, "/n");
	tree_set_string(tree, "/aliases", "serial0", "serial0");
	tree_set_string(tree, "/aliases", "serial1", "serial0/x");
	tree_set_prop(tree, "/aliases", "serial2", "/n", 2);
	tree_set_prop(tree, "/aliases", "serial3", "", 0);
	for (char name[] = "serial0"; name[6] < '4'; name[6]++)
		ck_assert_int_eq(tree_node(tree, name), -1);
	ck_assert_int_eq(tree_alias(tree, tree_node(tree, "/n"), "serial"), -1);
	tree_destroy(tree);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { every_truncation_is_refused, mutations_do_no_harm, headers_that_lie, limits, aliases_in_a_circle };

	return check_run("tree_hostile", tests, ARRAY_SIZE(tests));
}
