/*
 * vm.h - one guest: its cores, memory, devices and clock, built from a device tree.
 */
#ifndef DBTVM_MACHINE_VM_H
#define DBTVM_MACHINE_VM_H

#include "base/base.h"
#include "base/error.h"
#include "machine/binder.h"
#include "translator/translator.h"

struct vm;
struct log;
struct cpu;
struct tree;
struct board;

/* What the command line says; strings are borrowed and must outlive the VM. */
struct vm_options {
	const char *machine;  /* "vexpress-a9", with ",dumpdtb=FILE" split off */
	const char *dtb;      /* NULL: the board's own tree */
	const char *kernel, *initrd, *append; /* NULL: what /chosen says */
	const char *serial[8]; /* -serial, in order; NULL: default */
	unsigned serial_count;
	uint64_t ram_size;    /* bytes; 0: as /memory says */
	unsigned smp;         /* 0: default 1 */
	const char *cpu;      /* -cpu; NULL: as the tree says */
	bool nographic, no_reboot;
	bool icount;
	unsigned icount_shift;
	const char *symbols;  /* vmlinux or ELF */
	const char *rtc_base; /* -rtc base= */
	enum unmodelled unmodelled;
	struct translator_options translator;
	void (*monitor)(struct vm *vm, const char *line); /* a line typed at the monitor; NULL: there is only "quit" */
	struct log *log;
};

/* Builds everything up to the first instruction. NULL and a filled error (exit code 1). */
struct vm *vm_create(const struct vm_options *options, struct error *err);
void vm_destroy(struct vm *vm);
/* The final tree (what the guest sees), for dumpdtb. */
struct tree *vm_tree(struct vm *vm);

enum vm_end { VM_POWER_OFF, VM_REBOOT /* under -no-reboot */, VM_QUIT, VM_VERIFY_FAILED };
/* Runs until the guest powers off, reboots under -no-reboot, or vm_quit(). */
enum vm_end vm_run(struct vm *vm);
/* Ends vm_run() soon; any thread. */
void vm_quit(struct vm *vm);
struct cpu *vm_cpu(struct vm *vm, unsigned index);
/*
 * Runs @fn between two guest instructions, with no core running and the VM lock held, and returns when it is done; false when the VM
 * is ending and @fn was not run. Any thread but a core's, without the lock.
 */
bool vm_at_safe_point(struct vm *vm, void (*fn)(struct vm *vm, void *opaque), void *opaque);
/* Resets the machine, as the guest's own request does. With the lock held (vm_at_safe_point()). */
void vm_reset(struct vm *vm);
/* Stops and restarts the cores; devices' time goes on. With the lock held. */
void vm_set_paused(struct vm *vm, bool paused);
bool vm_paused(const struct vm *vm);
/* Prints the physical memory map. */
void vm_print_map(struct vm *vm, void (*print)(void *opaque, const char *line), void *opaque);
/* Text for whoever is at the monitor, or stderr. */
void vm_tell(struct vm *vm, const char *text);
/* -stats. Any thread: values may be slightly old. */
void vm_print_stats(struct vm *vm, void (*print)(void *opaque, const char *line), void *opaque);

#endif
