/* eval.h - see eval.c. */
#ifndef DBTVM_TRANSLATOR_IR_EVAL_H
#define DBTVM_TRANSLATOR_IR_EVAL_H

#include "base/base.h"
#include "translator/ir/ir.h"

/* The value of @op's result for sources @a and @b. False: it depends on more than these (flags, memory, state). */
bool ir_eval(const struct ir_insn *op, uint32_t a, uint32_t b, uint32_t *result);

#endif
