/* sources.h - trees for tests, written as source and compiled by dtc; without dtc those tests have nothing to work on. */
#ifndef DBTVM_TESTS_FDT_SOURCES_H
#define DBTVM_TESTS_FDT_SOURCES_H

#include "base/base.h"
#include "fdt/tree.h"

#include "tests/base/check_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The exit status with which automake marks a test as skipped. */
#define TEST_SKIPPED 77

static inline bool have_dtc(void)
{
	return system("dtc --version >/dev/null 2>&1") == 0;
}

/* Loads what follows "/dts-v1/;" through a file with a name that ends in .dts. */
static inline struct tree *tree_from_source(const char *source, struct error *err)
{
	char path[] = "/tmp/dbtvm-test-XXXXXX.dts";
	int fd = mkstemps(path, 4);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "/dts-v1/;\n%s\n", source);
	fclose(file);
	struct tree *tree = tree_load(path, err);

	unlink(path);
	return tree;
}

/* A tree that must load. */
static inline struct tree *tree_of(const char *source)
{
	struct error err = { 0 };
	struct tree *tree = tree_from_source(source, &err);

	ck_assert_msg(tree != NULL, "%s", err.msg);
	return tree;
}

/* Debian's tree of the board, when the package is there: $DBTVM_TEST_DTB, or where scripts/fetch-guest and testers put it. NULL. */
static inline struct tree *stock_tree(void)
{
	const char *const places[] = { getenv("DBTVM_TEST_DTB"), "/tmp/guest/vexpress-v2p-ca9.dtb" };
	struct error err;

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		if (places[i] && access(places[i], R_OK) == 0) {
			struct tree *tree = tree_load(places[i], &err);

			ck_assert_msg(tree != NULL, "%s", err.msg);
			return tree;
		}
	}
	return NULL;
}

#endif
