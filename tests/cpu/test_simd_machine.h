/* test_simd_machine.h - our translator in three ways, with MMU off and RAM from 0, for the tests of VFP and Advanced SIMD. */
#ifndef TESTS_CPU_TEST_SIMD_MACHINE_H
#define TESTS_CPU_TEST_SIMD_MACHINE_H

#include "base/base.h"

#include "cpu/cpu.h"
#include "memory/phys.h"
#include "translator/ir/exit.h"
#include "translator/ir/ir.h"

#define MACHINE_RAM (2 * MiB)

enum way {
	WAY_LIFT,   /* IR as lifted, on the interpreter */
	WAY_PASSES, /* after all passes, on the interpreter */
	WAY_DBT,    /* emitted code */
	WAY_COUNT
};
extern const char *const way_names[WAY_COUNT];

struct machine {
	enum way way;
	struct log *log;
	struct phys *phys;
	struct mmu *mmu;
	struct translator *translator;
	uint8_t *ram;
	struct cpu cpu;
	struct ir_block block;
};

/* Fails the test when it cannot. VFP is on, the mode is System. */
void machine_init(struct machine *m, enum way way);
void machine_fini(struct machine *m);
/* Writes @size bytes of code at @pc; what was translated from there is dropped. */
void machine_put_code(struct machine *m, uint32_t pc, const void *code, uint32_t size);
/*
 * Runs from cpu.r[15] until an exception is due, a few instructions at most. Returns it (the state is that before its entry, r15 the
 * instruction), or -1: none came.
 */
int machine_run(struct machine *m);

#endif
