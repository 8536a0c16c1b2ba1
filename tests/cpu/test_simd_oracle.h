/*
 * test_simd_oracle.h - Unicorn as a Cortex-A9 with its FPU on, for the tests of VFP and Advanced SIMD.
 *
 * It is loaded, not linked: it exports functions like cpu_reset(), and a program linked with it would give it ours.
 */
#ifndef TESTS_CPU_TEST_SIMD_ORACLE_H
#define TESTS_CPU_TEST_SIMD_ORACLE_H

#include "base/base.h"

#include <unicorn/unicorn.h>

#include "tests/cpu/test_simd_random.h"

#define ORACLE_FUNCTIONS(X)                                                                                              \
	X(uc_open) X(uc_close) X(uc_ctl) X(uc_mem_map_ptr) X(uc_strerror) X(uc_reg_read) X(uc_reg_write) X(uc_emu_start)

struct oracle {
	void *library;
	uc_engine *uc;
#define X(name) __typeof__(name) *name;
	ORACLE_FUNCTIONS(X)
#undef X
};

/* Sets up @oracle with page-aligned memory of the caller at @base; uses 32 bytes of it from @scratch on. False: printed why. */
bool oracle_init(struct oracle *oracle, uint32_t base, uint32_t size, void *memory, uint32_t scratch);
void oracle_fini(struct oracle *oracle);

/* The environment variable @name as a number. */
uint64_t simd_test_env(const char *name, uint64_t otherwise);

#endif
