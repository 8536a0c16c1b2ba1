/*
 * simd.h - VFP and Advanced SIMD data processing as C functions on struct cpu, one for each operation and type.
 *
 * The IR's SIMD op carries enum simd_op and a descriptor; the interpreter and translated code call simd_info[op].fn, or the emitter puts
 * SSE code in its place. All operands are in cpu->vfp; results depend on nothing but them and FPSCR.
 */
#ifndef DBTVM_CPU_SIMD_H
#define DBTVM_CPU_SIMD_H

#include "base/base.h"

struct cpu;

typedef void simd_fn(struct cpu *cpu, uint32_t desc);

enum simd_op {
#define SIMD(id, fn, attr) SIMD_##id,
#include "cpu/simd_ops.def"
#undef SIMD
	SIMD_OP_COUNT
};

/* Attributes */
#define SIMD_FP (1u << 0)  /* may set cumulative exception bits of FPSCR */
#define SIMD_QC (1u << 1)  /* may set FPSCR.QC */
#define SIMD_ACC (1u << 2) /* reads the old value of vd */
#define SIMD_CMP (1u << 3) /* writes FPSCR.NZCV */

struct simd_info {
	const char *name;
	simd_fn *fn;
	uint8_t attr;
};
extern const struct simd_info simd_info[SIMD_OP_COUNT];

/*
 * Descriptor: vd 5:0, vn 11:6, vm 17:12 (S or D register numbers), Q 18, SCALAR 19, imm 31:24.
 * Q: 16-byte operands (the register number is that of the first D, even). SCALAR: the second operand is element imm of vm, for all elements
 * (by-scalar forms).
 */
#define SIMD_DESC(vd, vn, vm) ((uint32_t)(vd) | (uint32_t)(vn) << 6 | (uint32_t)(vm) << 12)
#define SIMD_VD(desc) ((desc)&31)
#define SIMD_VN(desc) ((desc) >> 6 & 31)
#define SIMD_VM(desc) ((desc) >> 12 & 31)
#define SIMD_Q (1u << 18)
#define SIMD_SCALAR (1u << 19)
#define SIMD_IMM_SHIFT 24
#define SIMD_IMM(desc) ((desc) >> SIMD_IMM_SHIFT)
/* imm of the VFP fixed-point conversions, beside the fraction bits 0-32 */
#define SIMD_FIXED16 (1u << 6)
#define SIMD_FIXED_UNSIGNED (1u << 7)

/* The functions of simd_ops.def. */
#define SIMD(id, fn, attr) void fn(struct cpu *cpu, uint32_t desc);
#include "cpu/simd_ops.def"
#undef SIMD

#endif
