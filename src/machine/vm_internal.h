/* vm_internal.h - struct vm, for the files of this room. */
#ifndef DBTVM_MACHINE_VM_INTERNAL_H
#define DBTVM_MACHINE_VM_INTERNAL_H

#include "base/base.h"
#include "base/event.h"
#include "cpu/cpu.h"
#include "devices/device.h"
#include "machine/vm.h"

#include <pthread.h>

struct vm {
	struct cpu cpu; /* the one core, for now */
	struct vm_options options;
	const struct board *board;
	struct tree *tree;     /* the guest's */
	struct tree *universe; /* the board's own */
	gpa_t ram_base;        /* of the bank that boots */
	uint64_t ram_size;
	struct phys *phys;
	struct mmu *mmu;
	struct translator *translator;
	struct binder *binder;
	struct boot *boot;
	struct symbols *symbols;
	struct io_loop *loop;
	struct chardev *serial[8];
	struct device_env env;
	struct line pmu_line; /* the core's PMU overflow */
	int64_t rtc_epoch_ns;

	/*
	 * Whoever uses devices holds the lock, but for the core's thread while it accesses a register: it says so in in_device, without a
	 * locked instruction, and looks whether another thread has the lock. See vm_lock().
	 */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool biased;                 /* this works here */
	bool core_locked;            /* the access that is going on has taken the lock */
	_Atomic bool in_device;      /* the core's thread is accessing a register */
	_Atomic bool others;         /* another thread has the lock */
	/* Under the lock: */
	struct event_clock clock;
	int64_t warp;       /* -icount: ns skipped while the core slept */
	pthread_t core;     /* the thread in vm_run() */
	_Atomic int64_t icount_seen; /* -icount: the time when the core last looked, which is what other threads see */
	pthread_cond_t work_done;
	void (*work)(struct vm *vm, void *opaque); /* for the next safe point */
	void *work_opaque;
	bool running;       /* vm_run() has not ended */
	bool paused;
	bool reset_wanted;
	bool ending;
	enum vm_end end;
};

/* --- vm.c --- */
void vm_lock(void *vm);
void vm_unlock(void *vm);
/* The same for the core's thread, around an access to a register. */
void vm_core_lock(void *vm);
void vm_core_unlock(void *vm);
/* Finds out whether in_device and others can be used. */
void vm_lock_init(struct vm *vm);
/* Makes the core come to the run loop for @why (ATTN_*), also out of its sleep. Lock held. */
void vm_wake(struct vm *vm, uint32_t why);
/* The VM ends for this reason, unless it is ending already. Lock held. */
void vm_set_end(struct vm *vm, enum vm_end end);

/* --- vm_hooks.c: the VM is the opaque of each --- */
extern const struct cpu_hooks vm_cpu_hooks;
extern const struct phys_hooks vm_phys_hooks;
extern const struct mmu_hooks vm_mmu_hooks;
extern const struct io_loop_hooks vm_io_hooks;
extern const struct device_env vm_device_env; /* its functions; the rest is filled in */
void vm_earlier_event(void *vm);

#endif
