/* stats.c - what -stats and SIGUSR1 print. */
#include "base/base.h"
#include "machine/vm.h"

#include "machine/vm_internal.h"
#include "memory/phys.h"
#include "translator/lift/sensitive.h"

#include <stdarg.h>
#include <stdio.h>

struct printer {
	void (*print)(void *opaque, const char *line);
	void *opaque;
};

PRINTF_LIKE(2, 3)
static void line(const struct printer *p, const char *fmt, ...)
{
	char buf[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	p->print(p->opaque, buf);
}

static void print_region(void *opaque, struct region *region)
{
	if (region->kind == REGION_MMIO && (region->reads || region->writes))
		line(opaque, "  mmio %-40s %12llu reads %12llu writes", region->name, (unsigned long long)region->reads,
		     (unsigned long long)region->writes);
}

void vm_print_stats(struct vm *vm, void (*print)(void *opaque, const char *line), void *opaque)
{
	static const struct {
		const char *name, *help;
	} rows[] = {
#define CPU_STAT(id, name, help) {name, help},
#include "cpu/cpu_stats.def"
#undef CPU_STAT
	};
	struct printer p = {print, opaque};
	const uint64_t *stats = vm->cpu.stats;

	line(&p, "cpu0: %llu guest instructions", (unsigned long long)cpu_insns(&vm->cpu));
	for (unsigned i = 0; i < CPU_STAT_COUNT; i++)
		line(&p, "  %-22s %14llu  %s", rows[i].name, (unsigned long long)stats[i], rows[i].help);
	if (stats[CPU_STAT_BLOCK_INSNS])
		line(&p, "  bytes per guest instruction: %.1f of code, %.1f of tables; translation: %.2f million guest instructions/s",
		     (double)stats[CPU_STAT_CODE_BYTES] / (double)stats[CPU_STAT_BLOCK_INSNS],
		     (double)stats[CPU_STAT_TABLE_BYTES] / (double)stats[CPU_STAT_BLOCK_INSNS],
		     stats[CPU_STAT_TRANSLATE_NS] ? 1e3 * (double)stats[CPU_STAT_BLOCK_INSNS] / (double)stats[CPU_STAT_TRANSLATE_NS] : 0.0);
	sensitive_print(&vm->cpu, print, opaque);
	phys_for_each(vm->phys, print_region, &p);
}

static void print_map_line(void *opaque, struct region *region)
{
	static const char *const kinds[] = {"ram", "rom", "mmio"};

	line(opaque, "%016llx-%016llx %-4s %s", (unsigned long long)region->base, (unsigned long long)(region->base + region->size - 1),
	     kinds[region->kind], region->name);
}

void vm_print_map(struct vm *vm, void (*print)(void *opaque, const char *line), void *opaque)
{
	struct printer p = {print, opaque};

	phys_for_each(vm->phys, print_map_line, &p);
}
