/* symbols.h - names of guest addresses, from an ELF file's symbol table or a System.map. */
#ifndef DBTVM_MACHINE_SYMBOLS_H
#define DBTVM_MACHINE_SYMBOLS_H

#include "base/base.h"
#include "base/error.h"

struct symbols;

/* NULL and a filled error when @path is neither, or has no function symbols. */
struct symbols *symbols_load(const char *path, struct error *err);
void symbols_destroy(struct symbols *symbols);
/* The nearest symbol at or below @addr within 1 MiB; returns the offset in it, -1: none. A log_symbolize_fn. */
int64_t symbols_find(void *symbols, gva_t addr, char *name, size_t size);

#endif
