/*
 * base.h - what every file of dbtvm starts with.
 *
 * Guest scalars, compiler helpers and BUG_ON.  Nothing here allocates or
 * keeps state.
 */
#ifndef DBTVM_BASE_BASE_H
#define DBTVM_BASE_BASE_H

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A guest virtual address. */
typedef uint32_t gva_t;
/* A guest physical address. 64 bits wide, so that LPAE or supersections fit. */
typedef uint64_t gpa_t;

#define GUEST_PAGE_BITS 12
#define GUEST_PAGE_SIZE (1u << GUEST_PAGE_BITS)
#define GUEST_PAGE_MASK (GUEST_PAGE_SIZE - 1)

#define KiB 1024ull
#define MiB (1024ull * KiB)
#define GiB (1024ull * MiB)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr)-offsetof(type, member)))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#if defined(__GNUC__)
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))
#endif

/* Our own mistake: print where and what, then abort. Never the guest's, never the user's fault. */
NORETURN void bug_at(const char *file, int line, const char *what);
#define BUG(what) bug_at(__FILE__, __LINE__, what)
#define BUG_ON(cond)                                         \
	do {                                                 \
		if (unlikely(cond))                          \
			bug_at(__FILE__, __LINE__, #cond);   \
	} while (0)

#endif
