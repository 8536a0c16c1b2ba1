/* interp_private.h - what the interpreter's files share. */
#ifndef DBTVM_TRANSLATOR_IR_INTERP_PRIVATE_H
#define DBTVM_TRANSLATOR_IR_INTERP_PRIVATE_H

#include "base/base.h"
#include "cpu/cpu.h"
#include "translator/ir/interp.h"

/* One run of a block. */
struct interp {
	struct cpu *cpu;
	struct interp_journal *journal;
	uint32_t pc, it; /* of the current instruction */
	unsigned insns;  /* counted so far, the current one included */
	uint32_t tmp[IR_MAX_TMPS];
};

static inline uint32_t interp_get(const struct interp *in, const struct ir_insn *op, ir_ref ref)
{
	if (IR_IS_REG(ref))
		return in->cpu->r[ref];
	return ref == IR_IMM ? op->imm : in->tmp[ref - IR_TMP0];
}

static inline void interp_set(struct interp *in, ir_ref ref, uint32_t value)
{
	if (IR_IS_REG(ref))
		in->cpu->r[ref] = value;
	else
		in->tmp[ref - IR_TMP0] = value;
}

/* ld, ldf, ldrex; st, stf, strex. False: raised with cpu->exit_arg[0] set, or not allowed in a dry run. */
bool interp_load(struct interp *in, const struct ir_insn *op);
bool interp_store_op(struct interp *in, const struct ir_insn *op);

#endif
