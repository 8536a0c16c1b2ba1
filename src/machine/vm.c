/*
 * vm.c - one guest while it runs: the core's thread, waiting, resets, safe points.
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
#include "host/io_loop.h"
#include "machine/boot.h"
#include "machine/vm_internal.h"
#include "mmu/mmu.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Instructions between two looks at the event clock: some microseconds. */
#define RUN_QUANTUM 20000
/* A sleeping core looks around this often even when no event is due. */
#define NAP_NS 200000000ll

/* --- the lock, and waking a core that sleeps --- */

/* MEMBARRIER_CMD_PRIVATE_EXPEDITED: memory barriers on all running threads of the process. */
static int barrier_everywhere(int command)
{
	return (int)syscall(SYS_membarrier, command, 0, 0);
}

void vm_lock_init(struct vm *vm)
{
	pthread_mutex_init(&vm->lock, NULL);
	vm->biased = !barrier_everywhere(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

/*
 * For threads that are not the core's. These lock rarely, and the core accesses registers often: so this side pays for both. After the
 * barrier either the core sees `others`, or we see in_device and wait until the access is over.
 */
void vm_lock(void *opaque)
{
	struct vm *vm = opaque;

	pthread_mutex_lock(&vm->lock);
	if (!vm->biased)
		return;
	atomic_store(&vm->others, true);
	barrier_everywhere(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
	while (atomic_load(&vm->in_device))
		sched_yield();
}

void vm_unlock(void *opaque)
{
	struct vm *vm = opaque;

	atomic_store(&vm->others, false);
	pthread_mutex_unlock(&vm->lock);
}

void vm_core_lock(void *opaque)
{
	struct vm *vm = opaque;

	atomic_store_explicit(&vm->in_device, true, memory_order_relaxed);
	/* The processor's order is vm_lock()'s business. */
	atomic_signal_fence(memory_order_seq_cst);
	if (likely(vm->biased && !atomic_load_explicit(&vm->others, memory_order_acquire)))
		return;
	atomic_store_explicit(&vm->in_device, false, memory_order_release);
	pthread_mutex_lock(&vm->lock);
	vm->core_locked = true;
}

void vm_core_unlock(void *opaque)
{
	struct vm *vm = opaque;

	if (likely(!vm->core_locked)) {
		atomic_store_explicit(&vm->in_device, false, memory_order_release);
		return;
	}
	vm->core_locked = false;
	pthread_mutex_unlock(&vm->lock);
}

void vm_wake(struct vm *vm, uint32_t why)
{
	cpu_attention(&vm->cpu, why);
	pthread_cond_broadcast(&vm->wake);
}

void vm_set_end(struct vm *vm, enum vm_end end)
{
	if (!vm->ending) {
		vm->ending = true;
		vm->end = end;
	}
	vm_wake(vm, ATTN_EXIT);
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
	uint8_t before = cpu_activity_enter(&vm->cpu, ACTIVITY_IDLE);

	while (!vm->ending && !vm->reset_wanted && !vm->work && !vm->paused && !atomic_load(&vm->cpu.irq_lines)) {
		int64_t deadline = event_clock_deadline(&vm->clock);
		int64_t delay = deadline == EVENT_NEVER ? NAP_NS : deadline - event_clock_now(&vm->clock);

		if (delay > 0 && vm->options.icount && deadline != EVENT_NEVER)
			vm->warp += delay;
		else if (delay > 0)
			sleep_until(vm, delay);
		event_clock_run(&vm->clock);
	}
	cpu_activity_leave(&vm->cpu, before);
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
		vm_set_end(vm, VM_QUIT);
	}
	vm->core = pthread_self();
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
			vm_set_end(vm, VM_VERIFY_FAILED);
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
		vm_wake(vm, ATTN_EXIT);
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
	vm_set_end(vm, VM_QUIT);
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
