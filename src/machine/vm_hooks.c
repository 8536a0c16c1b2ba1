/*
 * vm_hooks.c - what devices, cores, memory and the I/O thread call on their VM.
 */
#include "base/base.h"
#include "machine/vm_internal.h"

#include "base/log.h"
#include "fdt/tree.h"
#include "host/io_loop.h"
#include "machine/binder.h"
#include "memory/phys.h"
#include "mmu/mmu.h"

#include <stdio.h>

/* --- what devices ask for (lock held) --- */

static void on_request(void *opaque, enum machine_request request)
{
	struct vm *vm = opaque;

	if (request == MACHINE_POWER_OFF) {
		vm_set_end(vm, VM_POWER_OFF);
	} else if (vm->options.no_reboot) {
		vm_set_end(vm, VM_REBOOT);
	} else {
		vm->reset_wanted = true;
		vm_wake(vm, ATTN_EXIT);
	}
}

static uint64_t on_insns(void *opaque)
{
	struct vm *vm = opaque;

	return cpu_insns(&vm->cpu);
}

static unsigned on_cpu_count(void *opaque)
{
	return 1;
}

static unsigned on_current_cpu(void *opaque)
{
	return 0;
}

static void on_cpu_line(void *opaque, unsigned index, unsigned line, bool level)
{
	struct vm *vm = opaque;

	if (index != 0)
		return;
	cpu_set_irq(&vm->cpu, line ? IRQ_LINE_FIQ : IRQ_LINE_IRQ, level);
	if (level)
		pthread_cond_broadcast(&vm->wake);
}

static gva_t on_current_pc(void *opaque)
{
	struct vm *vm = opaque;

	return vm->cpu.r[15];
}

/* With one core there is nobody in the pen. */
static void on_pen_written(void *opaque, uint32_t entry)
{
}

void vm_earlier_event(void *opaque)
{
	struct vm *vm = opaque;

	vm_wake(vm, ATTN_EVENT);
}

/* --- what the core asks for --- */

static void hook_mmu_changed(struct cpu *cpu)
{
	mmu_switch(cpu);
}

static void hook_tlb_op(struct cpu *cpu, int kind, uint32_t value)
{
	mmu_tlb_op(cpu, kind, value);
}

static uint32_t hook_translate(struct cpu *cpu, gva_t va, bool write, bool privileged)
{
	return mmu_translate(cpu, va, write, privileged);
}

/* There is no secure firmware: SMCCC's "not supported" (Arm DEN 0028, section 5). */
static void hook_smc(struct cpu *cpu, uint32_t imm)
{
	cpu->r[0] = UINT32_MAX;
}

static uint64_t hook_cycles(struct cpu *cpu)
{
	return cpu_insns(cpu);
}

static void hook_pmu_irq(struct cpu *cpu, bool level)
{
	struct vm *vm = cpu->hooks_opaque;

	/* From a CP15 access on the core's own thread; the line belongs to the interrupt controller, which is under the lock. */
	pthread_mutex_lock(&vm->lock);
	line_set(&vm->pmu_line, level);
	pthread_mutex_unlock(&vm->lock);
}

const struct cpu_hooks vm_cpu_hooks = {
	.mmu_changed = hook_mmu_changed,
	.tlb_op = hook_tlb_op,
	.translate = hook_translate,
	.smc = hook_smc,
	.cycles = hook_cycles,
	.pmu_irq = hook_pmu_irq,
};

static void on_table_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
	struct vm *vm = opaque;
	uint8_t before = cpu_activity_enter(&vm->cpu, ACTIVITY_TRACE);

	mmu_table_written(vm->mmu, frame, addr, size);
	cpu_activity_leave(&vm->cpu, before);
}

static void on_code_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
	struct vm *vm = opaque;
	uint8_t before = cpu_activity_enter(&vm->cpu, ACTIVITY_TRACE);

	translator_code_written(&vm->cpu, frame, addr, size);
	cpu_activity_leave(&vm->cpu, before);
}

const struct phys_hooks vm_phys_hooks = {on_table_written, on_code_written};

/* An access that nothing in the guest's tree answers: name the place, and what the board would have there. */
static void on_unassigned(void *opaque, struct cpu *cpu, gva_t va, gpa_t pa, unsigned size, bool write, uint64_t value)
{
	struct vm *vm = opaque;
	char pc[128], data[32] = "", path[256];
	const char *claimant = binder_claimant(vm->tree, pa, path, sizeof(path));
	const char *listed = claimant ? "disabled or without a model in the guest's tree" : NULL;

	if (!claimant && vm->universe) {
		claimant = binder_claimant(vm->universe, pa, path, sizeof(path));
		listed = "of the board, not in the guest's tree";
	}
	if (write)
		snprintf(data, sizeof(data), " (value 0x%llx)", (unsigned long long)value);
	log_once(vm->options.log, (uint64_t)cpu->r[15] << 32 ^ pa,
	         "dbtvm: guest: %s%u 0x%08llx (virtual 0x%08x)%s from %s: %s%s%s; RAM 0x%llx-0x%llx\n", write ? "write" : "read", size * 8,
	         (unsigned long long)pa, va, data, log_address(vm->options.log, cpu->r[15], pc, sizeof(pc)),
	         claimant ? path : "no device, no RAM here", claimant ? ": " : "", claimant ? listed : "",
	         (unsigned long long)vm->ram_base, (unsigned long long)(vm->ram_base + vm->ram_size - 1));
}

const struct mmu_hooks vm_mmu_hooks = {vm_core_lock, vm_core_unlock, on_unassigned};

/* --- what the user asks for (I/O thread) --- */

static void on_quit(void *opaque, int signal)
{
	vm_quit(opaque);
}

static void stderr_line(void *opaque, const char *line)
{
	fprintf(stderr, "%s\n", line);
}

static void print_stats(struct vm *vm, void *opaque)
{
	vm_print_stats(vm, stderr_line, NULL);
}

static void on_stats(void *opaque)
{
	vm_at_safe_point(opaque, print_stats, NULL);
}

static void on_monitor(void *opaque, const char *line)
{
	struct vm *vm = opaque;

	vm->options.monitor(vm, line);
}

const struct io_loop_hooks vm_io_hooks = {
	.lock = vm_lock, .unlock = vm_unlock, .quit = on_quit, .stats = on_stats, .monitor = on_monitor,
};

const struct device_env vm_device_env = {
	.request = on_request, .insns = on_insns, .cpu_count = on_cpu_count, .cpu_line = on_cpu_line, .current_cpu = on_current_cpu,
	.current_pc = on_current_pc, .pen_written = on_pen_written,
};
