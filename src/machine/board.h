/* board.h - the boards that -M names, as data. */
#ifndef DBTVM_MACHINE_BOARD_H
#define DBTVM_MACHINE_BOARD_H

#include "base/base.h"
#include "base/error.h"

struct board {
	const char *name;      /* of -M */
	const char *title;
	const char *cpu;       /* model, unless the tree names another */
	uint32_t machine_type; /* r1 at boot */
	gpa_t ram_base;
	uint64_t ram_max;
	unsigned cpus_max;
	const uint8_t *tree;   /* the board's own complete tree */
	const uint32_t *tree_size;
};

/* NULL and a filled error that lists the names. */
const struct board *board_find(const char *name, struct error *err);
/* All of them; ends with name NULL. */
extern const struct board boards[];

#endif
