/* pass.h - what the passes share. */
#ifndef DBTVM_TRANSLATOR_PASSES_PASS_H
#define DBTVM_TRANSLATOR_PASSES_PASS_H

#include "base/base.h"
#include "translator/ir/ir.h"

/* Rewrites @block in place; it must stay what ir_verify() accepts and mean the same. */
typedef void pass_fn(struct ir_block *block);

#define PASS(id, name, fn, help) pass_fn fn;
#include "translator/passes/passes.def"
#undef PASS
/* The two one after the other, for the price of one. */
pass_fn pass_flags_and_dead;

static inline bool ir_is_branch(const struct ir_insn *insn)
{
	return insn->op == IR_BR || insn->op == IR_BRC || insn->op == IR_BRZ || insn->op == IR_BRNZ;
}

#endif
