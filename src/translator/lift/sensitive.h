/*
 * sensitive.h - what the table of sensitive instructions (cpu/sensitive.def) says, and the user's view of its counters.
 *
 * Executions are counted by translated code when lift_options.count_sensitive asks for it, in line, in
 * counters of 32 bits that sensitive_fold() adds up.
 */
#ifndef DBTVM_TRANSLATOR_LIFT_SENSITIVE_H
#define DBTVM_TRANSLATOR_LIFT_SENSITIVE_H

#include "base/base.h"
#include "cpu/sensitive.h"

struct cpu;

enum sensitive_kind { SENSITIVE_CONTROL, SENSITIVE_BEHAVIOUR, SENSITIVE_BOTH };
enum sensitive_user { SENSITIVE_TRAPS, SENSITIVE_SILENT, SENSITIVE_MIXED };
enum sensitive_how { SENSITIVE_INLINE, SENSITIVE_HELPER, SENSITIVE_EXIT };

struct sensitive_info {
	const char *name, *what;
	uint8_t kind, user, how;
};
extern const struct sensitive_info sensitive_info[SENSITIVE_COUNT];

const char *sensitive_kind_name(enum sensitive_kind kind);
const char *sensitive_user_name(enum sensitive_user user);
const char *sensitive_how_name(enum sensitive_how how);

/* Adds what translated code counted to the totals; often enough that 32 bits last. On the core's own thread. */
void sensitive_fold(struct cpu *cpu);
/* One line a class that was executed at least once: name, count, kind, user mode, how; in the form of -stats. */
void sensitive_print(const struct cpu *cpu, void (*print)(void *opaque, const char *line), void *opaque);

#endif
