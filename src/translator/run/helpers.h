/* helpers.h - the C functions that translated code calls; see helpers.def. */
#ifndef DBTVM_TRANSLATOR_RUN_HELPERS_H
#define DBTVM_TRANSLATOR_RUN_HELPERS_H

#include "base/base.h"

struct cpu;

typedef uint32_t helper_fn(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c);

enum helper {
#define HELPER(id, fn, attr) HELPER_ID_##id,
#include "translator/run/helpers.def"
#undef HELPER
	HELPER_COUNT /* at least one row exists */
};

#define HELPER_PURE (1u << 0)
#define HELPER_REGS (1u << 1)
#define HELPER_FAULT (1u << 2)
#define HELPER_STATE (1u << 3)
#define HELPER_SLICE (1u << 4)

/* What a HELPER_FAULT helper leaves in cpu->exit_arg[0]. */
enum helper_raise { RAISE_NONE = 0, RAISE_DATA_ABORT = 1, RAISE_UNDEF = 2 };

struct helper_info {
	const char *name;
	helper_fn *fn;
	uint8_t attr;
};
extern const struct helper_info helper_info[HELPER_COUNT];

#endif
