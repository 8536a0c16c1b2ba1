/*
 * simd_struct.h - how VLDn and VSTn (A7.7) lay elements out in memory.
 *
 * A transfer of n-element structures to or from n * regs registers is a run of memory in groups of 8 * n bytes; group r holds, interleaved
 * by element, the registers D[vd + i * step + r], i < n.  VLDn first loads doubleword k of memory into simd_struct_slot(k), then VLD_SPLIT
 * sorts the elements within each group.
 */
#ifndef DBTVM_CPU_SIMD_STRUCT_H
#define DBTVM_CPU_SIMD_STRUCT_H

#include "base/base.h"

struct cpu;

/* The 8 bits that describe a transfer, SIMD_IMM of VLD_SPLIT. */
#define SIMD_STRUCT(n, step, size_log2, regs, reverse)                                                   \
	((uint32_t)((n)-1) | (uint32_t)((step)-1) << 2 | (uint32_t)(size_log2) << 3 | (uint32_t)((regs)-1) << 5 | (uint32_t)(reverse) << 7)
#define SIMD_STRUCT_N(layout) (((layout)&3) + 1)
#define SIMD_STRUCT_STEP(layout) (((layout) >> 2 & 1) + 1)
#define SIMD_STRUCT_SIZE(layout) (1u << ((layout) >> 3 & 3)) /* element's bytes */
#define SIMD_STRUCT_REGS(layout) (((layout) >> 5 & 3) + 1)
#define SIMD_STRUCT_REVERSE(layout) ((layout) >> 7 & 1) /* elements are big-endian in memory */

/* The D register that doubleword @k of memory goes through. */
static inline unsigned simd_struct_slot(unsigned vd, uint32_t layout, unsigned k)
{
	unsigned n = SIMD_STRUCT_N(layout);

	return (vd + k % n * SIMD_STRUCT_STEP(layout) + k / n) & 31;
}

/* Word @index of what VSTn writes, as a little-endian access stores it. */
uint32_t simd_struct_word(const struct cpu *cpu, unsigned vd, uint32_t layout, unsigned index);

#endif
