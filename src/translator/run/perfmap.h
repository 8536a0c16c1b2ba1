/* perfmap.h - see perfmap.c. */
#ifndef DBTVM_TRANSLATOR_RUN_PERFMAP_H
#define DBTVM_TRANSLATOR_RUN_PERFMAP_H

#include "base/base.h"
#include "base/error.h"

#include <stdio.h>

struct block;
struct log;

/* The map of this process; NULL and a filled error. fclose() it. */
FILE *perfmap_open(struct error *err);
/* A block whose code was just emitted. */
void perfmap_add(FILE *file, struct log *log, const struct block *block);

#endif
