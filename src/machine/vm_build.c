/*
 * vm_build.c - a VM from its options: trees, memory, boot images, core, devices. Nothing runs yet.
 */
#include "base/base.h"
#include "machine/vm_internal.h"

#include "base/log.h"
#include "cpu/cpu.h"
#include "fdt/tree.h"
#include "host/chardev.h"
#include "host/io_loop.h"
#include "machine/board.h"
#include "machine/boot.h"
#include "machine/builtin.h"
#include "machine/symbols.h"
#include "memory/phys.h"
#include "mmu/mmu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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
	vm->cpu.hooks = &vm_cpu_hooks;
	vm->cpu.hooks_opaque = vm;
	vm->cpu.cp15.cbar = configuration_base(vm->tree);
	vm->cpu.log_mask = log_mask(vm->options.log);
	vm->mmu = mmu_create(&vm->cpu, vm->phys, err);
	if (!vm->mmu)
		return -ENOMEM;
	mmu_set_hooks(vm->mmu, &vm_mmu_hooks, vm);
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

	vm->env = vm_device_env;
	vm->env.clock = &vm->clock;
	vm->env.log = vm->options.log;
	vm->env.phys = vm->phys;
	vm->env.rtc_epoch_ns = vm->rtc_epoch_ns;
	vm->env.opaque = vm;
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
		.seed = !vm->options.icount, /* such a run is a function of its inputs */
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
	int64_t now;

	/* Only the core's thread knows how far it is. Input comes at no exact time anyway. */
	if (vm->running && !pthread_equal(pthread_self(), vm->core))
		return atomic_load(&vm->icount_seen);
	now = (int64_t)(cpu_insns(&vm->cpu) << vm->options.icount_shift) + vm->warp;
	atomic_store(&vm->icount_seen, now);
	return now;
}

static int build(struct vm *vm, struct error *err)
{
	struct io_loop_hooks hooks = vm_io_hooks;
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
	if (!vm->options.monitor)
		hooks.monitor = NULL;
	vm->loop = vm->phys ? io_loop_create(&hooks, err) : NULL;
	if (!vm->loop)
		return -ENOMEM;
	phys_set_hooks(vm->phys, &vm_phys_hooks, vm);
	event_clock_init(&vm->clock, vm->options.icount ? icount_read : NULL, vm);
	vm->clock.earlier = vm_earlier_event;
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
	vm_lock_init(vm);
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
