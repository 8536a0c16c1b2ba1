/* lift_fp.h - between the lift_fp*.c files. */
#ifndef DBTVM_TRANSLATOR_LIFT_LIFT_FP_H
#define DBTVM_TRANSLATOR_LIFT_LIFT_FP_H

#include "cpu/simd.h"
#include "translator/lift/lift_emit.h"

/* Offset of 32-bit word @n of the register file: S @n, or half n & 1 of D n / 2. */
static inline size_t lift_vfp_word(unsigned n)
{
	return offsetof(struct cpu, vfp) + 4 * (size_t)(n & 63);
}
static inline void lift_simd(struct lift *l, enum simd_op op, uint32_t desc)
{
	struct ir_insn *insn = ir_append(l->block, IR_SIMD);

	insn->imm = op;
	insn->imm2 = desc;
}

/* Element @index of 2^@size bytes (0-2) of D @d. */
void lift_get_lane(struct lift *l, ir_ref dst, unsigned d, unsigned size, unsigned index, bool is_signed);
void lift_set_lane(struct lift *l, ir_ref value, unsigned d, unsigned size, unsigned index);

/* The parts; each returns false when @insn is not its own. */
bool lift_fp_memory(struct lift *l, const struct insn *insn);
bool lift_fp_data(struct lift *l, const struct insn *insn);

#endif
