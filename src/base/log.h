/*
 * log.h - diagnostics for the user: -d CATEGORIES, -D FILE, -dfilter RANGE.
 *
 * One struct log belongs to one VM and is passed explicitly.  Writing is
 * thread safe (one stdio call a line).
 */
#ifndef DBTVM_BASE_LOG_H
#define DBTVM_BASE_LOG_H

#include "base/base.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

enum log_category {
#define LOG(id, name, help) LOG_##id,
#include "base/log_categories.def"
#undef LOG
	LOG_CATEGORY_COUNT
};

struct log;

/* A log that writes to stderr with no category enabled. NULL: out of memory. */
struct log *log_create(void);
void log_destroy(struct log *log);

/* Adds the comma-separated names of @list ("in_asm,int"); -EINVAL and a filled error for an unknown one. */
int log_enable(struct log *log, const char *list, struct error *err);
/* Writes to @path from now on, truncating it; -errno and a filled error when it cannot be opened. */
int log_open(struct log *log, const char *path, struct error *err);
/* True when something could not be written to the file of log_open(). */
bool log_incomplete(struct log *log);
/* QEMU's range syntax: A..B, A+LEN, A-LEN, comma-separated. Without a filter every address passes. */
int log_filter(struct log *log, const char *ranges, struct error *err);

/* The enabled categories as a bit mask, bit n = enum log_category n. */
uint32_t log_mask(const struct log *log);
static inline bool log_has(uint32_t mask, enum log_category cat)
{
	return mask >> cat & 1;
}
bool log_enabled(const struct log *log, enum log_category cat);
/* True when @addr passes -dfilter. */
bool log_addr_enabled(const struct log *log, gva_t addr);

/* Writes when @cat is enabled. The caller ends the text with a newline. */
void log_printf(struct log *log, enum log_category cat, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Always writes: diagnosis that the user must see (strict accesses, unmodelled nodes). */
void log_always(struct log *log, const char *fmt, ...) PRINTF_LIKE(2, 3);
/*
 * What the guest did wrong, at most once per @key (any number that names the place, for example PC ^ address) and at
 * most 4096 keys in all; later ones are counted only.  Needs the category guest_errors.
 * Returns true when the line was written.
 */
bool log_guest(struct log *log, uint64_t key, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* log_guest() that does not depend on the category. */
bool log_once(struct log *log, uint64_t key, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Names guest addresses in messages: writes the symbol that holds @addr to @name and returns the offset in it, or -1. */
typedef int64_t log_symbolize_fn(void *opaque, gva_t addr, char *name, size_t size);
void log_set_symbolizer(struct log *log, log_symbolize_fn *fn, void *opaque);
/* "0xc0123456 <symbol+0x10>", or only the address when no symbol is known; always terminated. Returns @buf. */
const char *log_address(const struct log *log, gva_t addr, char *buf, size_t size);

/*
 * Takes what the user must see instead of stderr: where a terminal is shared with a guest's serial line, so that both come in
 * order. @fn may be called by any thread; NULL: stderr again.
 */
typedef void log_tell_fn(void *opaque, const char *text);
void log_set_teller(struct log *log, log_tell_fn *fn, void *opaque);

/* The stream, for dumps that print many lines; flockfile() it around them. */
FILE *log_stream(struct log *log);

#endif
