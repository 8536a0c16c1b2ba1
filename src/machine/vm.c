/*
 * vm.c - one guest from its options to its end: builds it, runs it, resets it.
 *
 * The thread that calls vm_run() is core 0's. The I/O thread feeds back ends. Devices and the event clock are used under vm->lock only;
 * guest RAM is not under it. When the core waits for an interrupt, it sleeps on vm->wake until the next event is due.
 */
#include "base/base.h"
#include "machine/vm.h"

#include "base/event.h"
#include "base/log.h"
#include "cpu/cp15.h"
#include "cpu/cpu.h"
#include "devices/device.h"
#include "fdt/tree.h"
#include "host/chardev.h"
#include "host/io_loop.h"
#include "machine/board.h"
#include "machine/boot.h"
#include "machine/builtin.h"
#include "machine/symbols.h"
#include "machine/vm_internal.h"
#include "memory/phys.h"
#include "mmu/mmu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Instructions between two looks at the event clock: some microseconds. */
#define RUN_QUANTUM 20000
/* A sleeping core looks around this often even when no event is due. */
#define NAP_NS 200000000ll

/* --- the lock, and waking a core that sleeps --- */

void vm_lock(void *opaque)
{
	struct vm *vm = opaque;

	pthread_mutex_lock(&vm->lock);
}

void vm_unlock(void *opaque)
{
	struct vm *vm = opaque;

	pthread_mutex_unlock(&vm->lock);
}

/* With the lock held. */
static void wake(struct vm *vm, uint32_t why)
{
	cpu_attention(&vm->cpu, why);
	pthread_cond_broadcast(&vm->wake);
}

static void set_end(struct vm *vm, enum vm_end end)
{
	if (!vm->ending) {
		vm->ending = true;
		vm->end = end;
	}
	wake(vm, ATTN_EXIT);
}

/* --- what devices ask for (lock held) --- */

static void on_request(void *opaque, enum machine_request request)
{
	struct vm *vm = opaque;

	if (request == MACHINE_POWER_OFF) {
		set_end(vm, VM_POWER_OFF);
	} else if (vm->options.no_reboot) {
		set_end(vm, VM_REBOOT);
	} else {
		vm->reset_wanted = true;
		wake(vm, ATTN_EXIT);
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

static void on_earlier_event(void *opaque)
{
	struct vm *vm = opaque;

	wake(vm, ATTN_EVENT);
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

static void hook_icache_op(struct cpu *cpu, uint32_t mva, bool all)
{
	/* Writes to translated code are traced: there is nothing stale to drop. */
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

static const struct cpu_hooks cpu_hooks = {
	.mmu_changed = hook_mmu_changed,
	.tlb_op = hook_tlb_op,
	.icache_op = hook_icache_op,
	.translate = hook_translate,
	.smc = hook_smc,
	.cycles = hook_cycles,
	.pmu_irq = hook_pmu_irq,
};

static void on_table_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
	struct vm *vm = opaque;

	mmu_table_written(vm->mmu, frame, addr, size);
}

static void on_code_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
	struct vm *vm = opaque;

	translator_code_written(&vm->cpu, frame, addr, size);
}

static const struct phys_hooks phys_hooks = {on_table_written, on_code_written};

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

static const struct mmu_hooks mmu_hooks = {vm_lock, vm_unlock, on_unassigned};

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

static struct chardev *serial_chardev(void *opaque, unsigned index)
{
	struct vm *vm = opaque;

	return index < ARRAY_SIZE(vm->serial) ? vm->serial[index] : NULL;
}

/* --- building --- */

static int load_trees(struct vm *vm, struct error *err)
{
	const struct board *board = vm->board;

	vm->universe = tree_from_blob(board->tree, *board->tree_size, err);
	if (!vm->universe)
		return -EINVAL;
	if (vm->options.dtb)
		vm->tree = tree_load(vm->options.dtb, err);
	else
		vm->tree = tree_from_blob(board->tree, *board->tree_size, err);
	return vm->tree ? 0 : -EINVAL;
}

/* The node with device_type "memory" after @node; -1: none. */
static int next_memory_node(const struct tree *tree, int node, int *depth)
{
	const char *type;

	while ((node = tree_next(tree, node, depth)) >= 0) {
		type = tree_string(tree, node, "device_type");
		if (type && !strcmp(type, "memory") && tree_enabled(tree, node))
			return node;
	}
	return -1;
}

/* -m: one bank of that size in the place of the first one. */
static int override_memory(struct vm *vm, struct error *err)
{
	const struct board *board = vm->board;
	uint64_t size = vm->options.ram_size;
	char path[256] = "";
	int depth = 0, ret = 0;
	int node = next_memory_node(vm->tree, -1, &depth);
	gpa_t base = board->ram_base;
	uint64_t old = 0;

	if (size > board->ram_max)
		return error_set(err, EINVAL, "-m: %s has room for at most %llu MiB of RAM", board->name,
		                 (unsigned long long)(board->ram_max / MiB));
	if (size < MiB || size % GUEST_PAGE_SIZE)
		return error_set(err, EINVAL, "-m: at least 1 MiB, in whole pages of 4 KiB");
	if (node >= 0) {
		tree_reg(vm->tree, node, 0, &base, &old);
		tree_path(vm->tree, node, path, sizeof(path));
	}
	while (!ret && (depth = 0, node = next_memory_node(vm->tree, -1, &depth)) >= 0) {
		char other[256];

		ret = tree_delete_node(vm->tree, tree_path(vm->tree, node, other, sizeof(other)));
	}
	if (!path[0])
		snprintf(path, sizeof(path), "/memory@%llx", (unsigned long long)base);
	uint32_t acells = 1, scells = 1, reg[4], n = 0;
	tree_u32(vm->tree, 0, "#address-cells", &acells);
	tree_u32(vm->tree, 0, "#size-cells", &scells);
	if (acells == 2)
		reg[n++] = 0;
	reg[n++] = __builtin_bswap32((uint32_t)base);
	if (scells == 2)
		reg[n++] = 0;
	reg[n++] = __builtin_bswap32((uint32_t)size);
	if (!ret)
		ret = tree_add_node(vm->tree, path);
	if (!ret)
		ret = tree_set_string(vm->tree, path, "device_type", "memory");
	if (!ret)
		ret = tree_set_prop(vm->tree, path, "reg", reg, n * 4);
	if (ret)
		return error_set(err, -ret, "cannot edit /memory of the tree: %s", strerror(-ret));
	if (old != size)
		log_always(vm->options.log, "dbtvm: -m: %llu MiB of RAM at 0x%llx instead of the tree's %llu MiB\n",
		           (unsigned long long)(size / MiB), (unsigned long long)base, (unsigned long long)(old / MiB));
	return 0;
}

/* The bank that boots: the one at the board's RAM base, or the first. */
static int find_ram(struct vm *vm, struct error *err)
{
	int depth = 0;
	gpa_t base;
	uint64_t size;

	for (int node = next_memory_node(vm->tree, -1, &depth); node >= 0; node = next_memory_node(vm->tree, node, &depth)) {
		for (unsigned i = 0; tree_reg(vm->tree, node, i, &base, &size) == 0; i++) {
			if (size == 0 || (vm->ram_size && base != vm->board->ram_base))
				continue;
			vm->ram_base = base;
			vm->ram_size = size;
		}
	}
	if (!vm->ram_size)
		return error_set(err, EINVAL, "the tree has no memory: it needs a /memory node with device_type \"memory\" and reg, or use -m");
	if (vm->ram_base > UINT32_MAX || vm->ram_size > (1ull << 32) - vm->ram_base)
		return error_set(err, EINVAL, "the tree's memory at 0x%llx, %llu MiB is not below 4 GiB", (unsigned long long)vm->ram_base,
		                 (unsigned long long)(vm->ram_size / MiB));
	return 0;
}

static void tell(void *opaque, const char *text)
{
	struct vm *vm = opaque;

	io_loop_print(vm->loop, text);
}

static int open_serial(struct vm *vm, struct error *err)
{
	for (unsigned i = 0; i < ARRAY_SIZE(vm->serial); i++) {
		const char *spec = i < vm->options.serial_count ? vm->options.serial[i] : NULL;

		if (!spec)
			spec = i == 0 && vm->options.serial_count == 0 ? "mon:stdio" : "null";
		vm->serial[i] = chardev_open(vm->loop, spec, err);
		if (!vm->serial[i])
			return -EINVAL;
	}
	/* On one terminal, what dbtvm says comes where it belongs in the guest's output. */
	if (isatty(STDERR_FILENO))
		log_set_teller(vm->options.log, tell, vm);
	return 0;
}

/*
 * What CBAR says: the base of the private peripherals when the tree lists the SCU there. 0 without: Linux reads the SCU through CBAR
 * before it has vectors, and takes 0 for "one core, no SCU".
 */
static uint32_t configuration_base(const struct tree *tree)
{
	uint64_t size;
	gpa_t base;
	int depth;

	for (int node = -1; (node = tree_next(tree, node, &depth)) >= 0;)
		if (tree_compatible(tree, node, "arm,cortex-a9-scu") && tree_enabled(tree, node) && tree_reg(tree, node, 0, &base, &size) == 0)
			return (uint32_t)base;
	return 0;
}

static int create_core(struct vm *vm, struct error *err)
{
	const struct cpu_model *model = cpu_model_find(vm->options.cpu ? vm->options.cpu : vm->board->cpu);

	if (!model)
		return error_set(err, EINVAL, "-cpu %s: no such model; there is cortex-a9", vm->options.cpu);
	cpu_init(&vm->cpu, model, 0, vm->options.log);
	vm->cpu.hooks = &cpu_hooks;
	vm->cpu.hooks_opaque = vm;
	vm->cpu.cp15.cbar = configuration_base(vm->tree);
	vm->cpu.log_mask = log_mask(vm->options.log);
	vm->mmu = mmu_create(&vm->cpu, vm->phys, err);
	if (!vm->mmu)
		return -ENOMEM;
	mmu_set_hooks(vm->mmu, &mmu_hooks, vm);
	vm->translator = translator_create(&vm->cpu, &vm->options.translator, err);
	return vm->translator ? 0 : -ENOMEM;
}

/* The PMU is part of the core; only its interrupt is in the tree. */
static int connect_pmu(struct vm *vm, struct error *err)
{
	int depth = 0;

	for (int node = tree_next(vm->tree, -1, &depth); node >= 0; node = tree_next(vm->tree, node, &depth))
		if (tree_compatible(vm->tree, node, "arm,cortex-a9-pmu") && tree_enabled(vm->tree, node))
			return binder_connect(vm->binder, node, 0, &vm->pmu_line, err);
	return 0;
}

static int create_devices(struct vm *vm, struct error *err)
{
	struct binder_options options = {.unmodelled = vm->options.unmodelled, .serial = serial_chardev, .opaque = vm};

	vm->env = (struct device_env){
		.clock = &vm->clock, .log = vm->options.log, .phys = vm->phys, .request = on_request, .insns = on_insns,
		.cpu_count = on_cpu_count, .cpu_line = on_cpu_line, .current_cpu = on_current_cpu, .current_pc = on_current_pc,
		.rtc_epoch_ns = vm->rtc_epoch_ns, .pen_written = on_pen_written,
		.opaque = vm,
	};
	vm->binder = binder_create(vm->tree, &vm->env, &options, err);
	return vm->binder ? connect_pmu(vm, err) : -EINVAL;
}

/* What to boot: the options, else /chosen (paths from the tree's folder), else the built-in guest. */
static const char *boot_path(struct vm *vm, const char *option, const char *property, char *buf, size_t size)
{
	int chosen = tree_node(vm->tree, "/chosen");
	const char *path = chosen >= 0 ? tree_string(vm->tree, chosen, property) : NULL;

	if (option)
		return option;
	if (!path)
		return NULL;
	if (path[0] == '/')
		snprintf(buf, size, "%s", path);
	else
		snprintf(buf, size, "%s/%s", tree_folder(vm->tree), path);
	return buf;
}

static int create_boot(struct vm *vm, struct error *err)
{
	char kernel[4096], initrd[4096];
	struct boot_options options = {
		.kernel = boot_path(vm, vm->options.kernel, "dbtvm,kernel", kernel, sizeof(kernel)),
		.append = vm->options.append,
		.builtin = builtin_guest,
		.builtin_size = builtin_guest_size,
		.machine_type = vm->board->machine_type,
		.ram_base = vm->ram_base,
		.ram_size = vm->ram_size,
	};

	if (options.kernel)
		options.initrd = boot_path(vm, vm->options.initrd, "dbtvm,initrd", initrd, sizeof(initrd));
	else if (vm->options.initrd)
		return error_set(err, EINVAL, "-initrd needs a kernel: give -kernel, or dbtvm,kernel in the tree's /chosen");
	vm->boot = boot_create(&options, vm->tree, err);
	return vm->boot ? 0 : -EINVAL;
}

/* -rtc base=utc|localtime|YYYY-MM-DD[THH:MM:SS] as the wall-clock time at which the guest starts. */
static int parse_rtc(struct vm *vm, struct error *err)
{
	const char *base = vm->options.rtc_base;
	time_t now = time(NULL);
	struct tm tm = {0};

	if (!base || !strcmp(base, "utc")) {
	} else if (!strcmp(base, "localtime")) {
		localtime_r(&now, &tm);
		now = timegm(&tm);
	} else {
		const char *end = strptime(base, "%Y-%m-%dT%H:%M:%S", &tm);

		if (!end) {
			tm = (struct tm){0};
			end = strptime(base, "%Y-%m-%d", &tm);
		}
		if (!end || *end)
			return error_set(err, EINVAL, "-rtc base=%s: must be utc, localtime or YYYY-MM-DD[THH:MM:SS]", base);
		now = timegm(&tm);
	}
	vm->rtc_epoch_ns = (int64_t)now * 1000000000;
	return 0;
}

static int64_t icount_read(void *opaque)
{
	struct vm *vm = opaque;

	return (int64_t)(cpu_insns(&vm->cpu) << vm->options.icount_shift) + vm->warp;
}

static int build(struct vm *vm, struct error *err)
{
	static const struct io_loop_hooks loop_hooks = {
		.lock = vm_lock, .unlock = vm_unlock, .quit = on_quit, .stats = on_stats,
	};
	struct io_loop_hooks hooks = loop_hooks;
	int ret;

	vm->board = board_find(vm->options.machine, err);
	if (!vm->board)
		return -EINVAL;
	if (vm->options.smp > vm->board->cpus_max)
		return error_set(err, EINVAL, "-smp %u: %s runs with %u core for now; use -smp 1", vm->options.smp, vm->board->name,
		                 vm->board->cpus_max);
	ret = parse_rtc(vm, err);
	if (!ret)
		ret = load_trees(vm, err);
	if (!ret && vm->options.ram_size)
		ret = override_memory(vm, err);
	if (!ret)
		ret = find_ram(vm, err);
	if (!ret)
		ret = create_boot(vm, err);
	if (ret)
		return ret;
	vm->phys = phys_create(err);
	hooks.opaque = vm;
	hooks.monitor = vm->options.monitor ? on_monitor : NULL;
	vm->loop = vm->phys ? io_loop_create(&hooks, err) : NULL;
	if (!vm->loop)
		return -ENOMEM;
	phys_set_hooks(vm->phys, &phys_hooks, vm);
	event_clock_init(&vm->clock, vm->options.icount ? icount_read : NULL, vm);
	vm->clock.earlier = on_earlier_event;
	vm->clock.earlier_opaque = vm;
	ret = open_serial(vm, err);
	if (!ret)
		ret = create_core(vm, err);
	if (!ret)
		ret = create_devices(vm, err);
	if (!ret && vm->options.symbols) {
		vm->symbols = symbols_load(vm->options.symbols, err);
		ret = vm->symbols ? 0 : -EINVAL;
		if (!ret)
			log_set_symbolizer(vm->options.log, symbols_find, vm->symbols);
	}
	return ret;
}

struct vm *vm_create(const struct vm_options *options, struct error *err)
{
	pthread_condattr_t attr;
	/* struct cpu has 16-byte aligned members. */
	struct vm *vm = aligned_alloc(64, (sizeof(struct vm) + 63) & ~(size_t)63);

	if (!vm) {
		error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	memset(vm, 0, sizeof(*vm));
	vm->options = *options;
	pthread_mutex_init(&vm->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&vm->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_cond_init(&vm->work_done, NULL);
	if (build(vm, err)) {
		vm_destroy(vm);
		return NULL;
	}
	return vm;
}

void vm_destroy(struct vm *vm)
{
	if (!vm)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(vm->serial); i++)
		if (vm->serial[i])
			chardev_flush(vm->serial[i]);
	log_set_teller(vm->options.log, NULL, NULL);
	/* Stops the I/O thread and closes the back ends: nothing calls into the VM from here on. */
	io_loop_destroy(vm->loop);
	binder_destroy(vm->binder);
	translator_destroy(vm->translator);
	mmu_destroy(vm->mmu);
	phys_destroy(vm->phys);
	boot_destroy(vm->boot);
	tree_destroy(vm->tree);
	tree_destroy(vm->universe);
	if (vm->symbols)
		log_set_symbolizer(vm->options.log, NULL, NULL);
	symbols_destroy(vm->symbols);
	pthread_cond_destroy(&vm->work_done);
	pthread_cond_destroy(&vm->wake);
	pthread_mutex_destroy(&vm->lock);
	free(vm);
}

/* --- running --- */

/* Two-phase reset of everything, then the boot images again. RAM keeps what it holds elsewhere, as on hardware. Lock held. */
static void reset(struct vm *vm)
{
	cpu_reset(&vm->cpu);
	mmu_reset(vm->mmu);
	translator_reset(vm->translator);
	line_set(&vm->pmu_line, false);
	binder_reset(vm->binder);
	boot_install(vm->boot, vm->phys, &vm->cpu);
	vm->reset_wanted = false;
}

static void sleep_until(struct vm *vm, int64_t delay)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	delay = MIN(delay, NAP_NS) + ts.tv_nsec;
	ts.tv_sec += delay / 1000000000;
	ts.tv_nsec = delay % 1000000000;
	pthread_cond_timedwait(&vm->wake, &vm->lock, &ts);
}

/* The core is in WFI: wait for a line, an event, or the end. Lock held. */
static void wait_for_interrupt(struct vm *vm)
{
	while (!vm->ending && !vm->reset_wanted && !vm->work && !vm->paused && !atomic_load(&vm->cpu.irq_lines)) {
		int64_t deadline = event_clock_deadline(&vm->clock);
		int64_t delay = deadline == EVENT_NEVER ? NAP_NS : deadline - event_clock_now(&vm->clock);

		if (delay > 0 && vm->options.icount && deadline != EVENT_NEVER)
			vm->warp += delay;
		else if (delay > 0)
			sleep_until(vm, delay);
		event_clock_run(&vm->clock);
	}
	if (!vm->work && !vm->paused)
		atomic_store(&vm->cpu.halted, false);
}

/* The core is between two instructions: what others wanted to do then, and the pause. Lock held. */
static void safe_point(struct vm *vm)
{
	do {
		if (vm->work) {
			vm->work(vm, vm->work_opaque);
			vm->work = NULL;
			pthread_cond_broadcast(&vm->work_done);
		}
		if (vm->reset_wanted && !vm->ending)
			reset(vm);
		if (vm->paused && !vm->ending && !vm->work) {
			sleep_until(vm, NAP_NS);
			event_clock_run(&vm->clock);
		}
	} while (vm->paused && !vm->ending);
}

/* How far the core may run before somebody looks at the clock; with -icount exactly to the next event. Lock held. */
static int32_t quantum(struct vm *vm)
{
	int64_t insns = RUN_QUANTUM;

	if (vm->options.icount) {
		int64_t deadline = event_clock_deadline(&vm->clock);

		if (deadline != EVENT_NEVER)
			insns = (deadline - event_clock_now(&vm->clock)) >> vm->options.icount_shift;
		insns = MAX(insns, 1);
	}
	return (int32_t)MIN(insns, RUN_QUANTUM);
}

enum vm_end vm_run(struct vm *vm)
{
	struct error err;

	pthread_mutex_lock(&vm->lock);
	reset(vm);
	if (io_loop_start(vm->loop, &err)) {
		log_always(vm->options.log, "dbtvm: %s\n", err.msg);
		set_end(vm, VM_QUIT);
	}
	vm->running = true;
	while (!vm->ending) {
		int32_t insns = quantum(vm);
		enum run_exit exit = RUN_WFI;

		if (!atomic_load(&vm->cpu.halted)) {
			pthread_mutex_unlock(&vm->lock);
			exit = translator_run(&vm->cpu, insns);
			if (vm->cpu.cp15.pminten)
				cpu_pmu_sync(&vm->cpu);
			pthread_mutex_lock(&vm->lock);
			event_clock_run(&vm->clock);
		}
		if (exit == RUN_VERIFY_FAILED)
			set_end(vm, VM_VERIFY_FAILED);
		else if (exit == RUN_WFI)
			wait_for_interrupt(vm);
		safe_point(vm);
	}
	vm->running = false;
	pthread_cond_broadcast(&vm->work_done);
	pthread_mutex_unlock(&vm->lock);
	return vm->end;
}

bool vm_at_safe_point(struct vm *vm, void (*fn)(struct vm *vm, void *opaque), void *opaque)
{
	bool done = false;

	pthread_mutex_lock(&vm->lock);
	/* One at a time; in practice only the I/O thread asks. */
	while (vm->work && vm->running)
		pthread_cond_wait(&vm->work_done, &vm->lock);
	if (vm->running && !vm->ending) {
		vm->work = fn;
		vm->work_opaque = opaque;
		wake(vm, ATTN_EXIT);
		while (vm->work && vm->running)
			pthread_cond_wait(&vm->work_done, &vm->lock);
		done = !vm->work;
		vm->work = NULL;
	}
	pthread_mutex_unlock(&vm->lock);
	return done;
}

void vm_reset(struct vm *vm)
{
	vm->reset_wanted = true;
}

void vm_set_paused(struct vm *vm, bool paused)
{
	vm->paused = paused;
	pthread_cond_broadcast(&vm->wake);
}

bool vm_paused(const struct vm *vm)
{
	return vm->paused;
}

void vm_tell(struct vm *vm, const char *text)
{
	io_loop_print(vm->loop, text);
}

void vm_quit(struct vm *vm)
{
	pthread_mutex_lock(&vm->lock);
	set_end(vm, VM_QUIT);
	pthread_mutex_unlock(&vm->lock);
}

struct cpu *vm_cpu(struct vm *vm, unsigned index)
{
	return index == 0 ? &vm->cpu : NULL;
}

struct tree *vm_tree(struct vm *vm)
{
	return vm->tree;
}
