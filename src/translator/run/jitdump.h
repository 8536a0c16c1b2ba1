/* jitdump.h - see jitdump.c. */
#ifndef DBTVM_TRANSLATOR_RUN_JITDUMP_H
#define DBTVM_TRANSLATOR_RUN_JITDUMP_H

#include "base/base.h"
#include "base/error.h"

struct block;
struct jitdump;
struct log;

/* Creates jit-PID.dump in the current directory. NULL and a filled error. */
struct jitdump *jitdump_open(struct error *err);
/* A block whose code was just emitted; @log names its guest function. */
void jitdump_add(struct jitdump *dump, const struct log *log, const struct block *block);
/* Ends the file. False: not all of it could be written (a full disk). */
bool jitdump_close(struct jitdump *dump);

#endif
