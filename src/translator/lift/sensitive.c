/* sensitive.c - the table of sensitive instructions; see sensitive.h. */
#include "base/base.h"
#include "translator/lift/sensitive.h"

#include <stdio.h>

#include "cpu/cpu.h"

const struct sensitive_info sensitive_info[SENSITIVE_COUNT] = {
#define SENSITIVE(id, name, kind, user, how, what) { name, what, SENSITIVE_##kind, SENSITIVE_##user, SENSITIVE_##how },
#include "cpu/sensitive.def"
#undef SENSITIVE
};

const char *sensitive_kind_name(enum sensitive_kind kind)
{
	static const char *const names[] = { "control", "behaviour", "control and behaviour" };

	return names[kind];
}

const char *sensitive_user_name(enum sensitive_user user)
{
	static const char *const names[] = { "traps", "silent", "partly traps" };

	return names[user];
}

const char *sensitive_how_name(enum sensitive_how how)
{
	static const char *const names[] = { "in line", "by helper", "with exit" };

	return names[how];
}

void sensitive_fold(struct cpu *cpu)
{
	for (unsigned i = 0; i < SENSITIVE_COUNT; i++) {
		cpu->sensitive[i] += cpu->sensitive_recent[i];
		cpu->sensitive_recent[i] = 0;
	}
}

void sensitive_print(const struct cpu *cpu, void (*print)(void *opaque, const char *line), void *opaque)
{
	char line[160];

	for (unsigned i = SENSITIVE_NONE + 1; i < SENSITIVE_COUNT; i++) {
		const struct sensitive_info *info = &sensitive_info[i];

		uint64_t count = cpu->sensitive[i] + cpu->sensitive_recent[i];

		if (!count)
			continue;
		snprintf(line, sizeof(line), "  %-22s %14" PRIu64 "  sensitive: %s, %s in user mode, %s", info->name, count,
		         sensitive_kind_name(info->kind), sensitive_user_name(info->user), sensitive_how_name(info->how));
		print(opaque, line);
	}
}
