/* helpers_fp.c - what translated code calls for VFP and Advanced SIMD beside the operations of cpu/simd.h; see helpers_fp.def. */
#include "base/base.h"
#include "translator/run/helpers.h"

#include "cpu/cpu.h"
#include "cpu/simd_struct.h"

#define HELPER(id, fn, attr) helper_fn fn;
#include "translator/lift/helpers_fp.def"
#undef HELPER

#define FPEXC_DEX (1u << 29)
#define DFSR_ALIGNMENT 1u

/* The A9 leaves short vectors to software: FPEXC.DEX tells that this is why (Cortex-A9 FPU TRM, FPEXC). */
uint32_t helper_fp_scalar(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	cpu->exit_arg[0] = RAISE_NONE;
	if (cpu->fpscr & (FPSCR_LEN | FPSCR_STRIDE)) {
		cpu->fpexc |= FPEXC_DEX;
		cpu->exit_arg[0] = RAISE_UNDEF;
	}
	return 0;
}

uint32_t helper_fp_misaligned(struct cpu *cpu, uint32_t address, uint32_t write, uint32_t c)
{
	cpu->fault.va = address;
	cpu->fault.fsr = DFSR_ALIGNMENT;
	cpu->fault.write = write;
	cpu->exit_arg[0] = RAISE_DATA_ABORT;
	return 0;
}

uint32_t helper_fp_store_word(struct cpu *cpu, uint32_t layout, uint32_t index, uint32_t c)
{
	return simd_struct_word(cpu, layout & 31, layout >> 8, index);
}
