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
/* -stats. Any thread: values may be slightly old. */
void vm_print_stats(struct vm *vm, void (*print)(void *opaque, const char *line), void *opaque);

#endif
