#include "base/base.h"
#include "debug/monitor.h"

#include "base/disasm.h"
#include "cpu/cpu.h"
#include "machine/vm.h"
#include "mmu/mmu.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_UNITS 4096

/* What a command sees: its VM at a safe point, and its arguments. */
struct command {
	const char *args;
	void (*run)(struct vm *vm, const char *args);
};

PRINTF_LIKE(2, 3)
static void tell(struct vm *vm, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	vm_tell(vm, text);
}

static void tell_line(void *opaque, const char *text)
{
	tell(opaque, "%s\n", text);
}

/* --- info --- */

static void info_registers(struct vm *vm, const char *args)
{
	struct cpu *cpu = vm_cpu(vm, 0);

	for (unsigned i = 0; i < 16; i++)
		tell(vm, "R%02u=%08x%c", i, cpu->r[i], i % 4 == 3 ? '\n' : ' ');
	uint32_t cpsr = cpu_cpsr(cpu);
	tell(vm, "PSR=%08x %c%c%c%c %c mode %02x\n", cpsr, cpsr & CPSR_N ? 'N' : '-', cpsr & CPSR_Z ? 'Z' : '-', cpsr & CPSR_C ? 'C' : '-',
	     cpsr & CPSR_V ? 'V' : '-', cpsr & CPSR_T ? 'T' : 'A', cpsr & CPSR_M);
	for (unsigned i = 0; i < 32; i++)
		tell(vm, "d%02u=%016llx%c", i, (unsigned long long)cpu->vfp.d[i], i % 4 == 3 ? '\n' : ' ');
	tell(vm, "FPSCR=%08x FPEXC=%08x SCTLR=%08x TTBR0=%08x DACR=%08x\n", cpu->fpscr, cpu->fpexc, cpu->cp15.sctlr, cpu->cp15.ttbr0,
	     cpu->cp15.dacr);
}

static void info_stats(struct vm *vm, const char *args)
{
	vm_print_stats(vm, tell_line, vm);
}

static void info_shadow(struct vm *vm, const char *args)
{
	mmu_print(vm_cpu(vm, 0)->mmu, tell_line, vm);
}

static void info_mtree(struct vm *vm, const char *args)
{
	vm_print_map(vm, tell_line, vm);
}

static void info_status(struct vm *vm, const char *args)
{
	tell(vm, "VM status: %s\n", vm_paused(vm) ? "paused" : "running");
}

/* --- memory: x/COUNT FORMAT SIZE ADDRESS, FORMAT x (words) or i (instructions) --- */

static void examine_words(struct vm *vm, uint32_t addr, unsigned count)
{
	struct cpu *cpu = vm_cpu(vm, 0);

	for (unsigned i = 0; i < count; i++) {
		uint32_t word;

		if (mmu_debug_read(cpu, addr + i * 4, &word, 4) != 4) {
			tell(vm, "%sCannot access memory at 0x%08x\n", i % 4 ? "\n" : "", addr + i * 4);
			return;
		}
		if (i % 4 == 0)
			tell(vm, "%08x:", addr + i * 4);
		tell(vm, " 0x%08x%s", word, i % 4 == 3 || i + 1 == count ? "\n" : "");
	}
}

static void examine_code(struct vm *vm, uint32_t addr, unsigned count)
{
	struct cpu *cpu = vm_cpu(vm, 0);
	bool thumb = cpu->cpsr & CPSR_T;

	for (unsigned i = 0; i < count; i++) {
		uint8_t bytes[4];
		char text[128];
		size_t have = mmu_debug_read(cpu, addr, bytes, 4), len;

		if (have < (thumb ? 2u : 4u)) {
			tell(vm, "Cannot access memory at 0x%08x\n", addr);
			return;
		}
		len = disasm_one(thumb ? DISASM_T32 : DISASM_A32, bytes, have, addr, text, sizeof(text));
		tell(vm, "0x%08x:  %s\n", addr, text);
		addr += len ? (uint32_t)len : thumb ? 2 : 4;
	}
}

static void examine(struct vm *vm, const char *args)
{
	unsigned long count = 1;
	char format = 'x', *end;

	if (*args == '/') {
		count = strtoul(args + 1, &end, 10);
		if (end == args + 1)
			count = 1;
		for (args = end; *args && *args != ' '; args++)
			if (*args == 'i' || *args == 'x')
				format = *args;
	}
	unsigned long addr = strtoul(args, &end, 0);
	if (end == args || *end || count == 0 || count > MAX_UNITS) {
		tell(vm, "x: usage: x/COUNT[xi] ADDRESS, COUNT at most %d\n", MAX_UNITS);
		return;
	}
	if (format == 'i')
		examine_code(vm, (uint32_t)addr, (unsigned)count);
	else
		examine_words(vm, (uint32_t)addr, (unsigned)count);
}

/* --- control --- */

static void stop(struct vm *vm, const char *args)
{
	vm_set_paused(vm, true);
}

static void cont(struct vm *vm, const char *args)
{
	vm_set_paused(vm, false);
}

static void system_reset(struct vm *vm, const char *args)
{
	vm_reset(vm);
}

static void help(struct vm *vm, const char *args);

static const struct row {
	const char *name, *args, *text;
	void (*run)(struct vm *vm, const char *args);
} rows[] = {
	{"help", "", "this list", help},
	{"info registers", "", "the core's registers", info_registers},
	{"info stats", "", "what -stats prints", info_stats},
	{"info shadow", "", "shadow spaces, entries, traced frames", info_shadow},
	{"info mtree", "", "the physical memory map", info_mtree},
	{"info status", "", "running or paused", info_status},
	{"x", "/COUNT[xi] ADDRESS", "words or instructions at a virtual address", examine},
	{"stop", "", "pause the guest", stop},
	{"cont", "", "go on", cont},
	{"system_reset", "", "reset the machine", system_reset},
	{"quit", "", "end dbtvm", NULL},
};

static void help(struct vm *vm, const char *args)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		tell(vm, "%s%s -- %s\n", rows[i].name, rows[i].args, rows[i].text);
}

static void run_command(struct vm *vm, void *opaque)
{
	const struct command *command = opaque;

	command->run(vm, command->args);
}

void monitor_line(struct vm *vm, const char *line)
{
	while (*line == ' ')
		line++;
	if (!*line)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].name);
		struct command command = {line + len, rows[i].run};

		if (strncmp(line, rows[i].name, len) || (line[len] && line[len] != ' ' && line[len] != '/'))
			continue;
		while (*command.args == ' ')
			command.args++;
		if (!rows[i].run)
			vm_quit(vm);
		else
			vm_at_safe_point(vm, run_command, &command);
		return;
	}
	tell(vm, "unknown command: '%s' (help lists them)\n", line);
}
