/*
 * boot.h - what a guest starts with: kernel, initrd and tree placed in RAM, core registers set.
 *
 * Documentation/arch/arm/booting.rst of Linux is the contract. Everything is planned and checked before
 * anything is written; boot_install() repeats the same at every reset.
 */
#ifndef DBTVM_MACHINE_BOOT_H
#define DBTVM_MACHINE_BOOT_H

#include "base/base.h"
#include "base/error.h"

struct boot;
struct cpu;
struct log;
struct phys;
struct tree;

struct boot_options {
	const char *kernel;       /* path; NULL: @builtin */
	const char *initrd;       /* NULL: none */
	const char *append;       /* NULL: leave /chosen/bootargs */
	const void *builtin;      /* image used when there is no kernel */
	size_t builtin_size;
	uint32_t machine_type;    /* r1 */
	bool seed;                /* /chosen gets an rng-seed of the host's randomness, another one at each start, unless it has one */
	gpa_t ram_base;
	uint64_t ram_size;        /* of the bank that holds ram_base */
};

/*
 * Loads the files, plans where they go, edits /chosen of @tree and checks that all fits: nothing overlaps, nothing lies outside RAM or in
 * reserved memory. NULL and a filled error. The tree is borrowed until boot_destroy().
 */
struct boot *boot_create(const struct boot_options *options, struct tree *tree, struct error *err);
void boot_destroy(struct boot *boot);
/* Writes everything to guest memory and sets the registers of core 0 after its reset. */
void boot_install(struct boot *boot, struct phys *phys, struct cpu *cpu);
/* "kernel zImage 0x60010000-..., initrd ..., tree ..." for -d and messages. */
const char *boot_summary(const struct boot *boot);

#endif
