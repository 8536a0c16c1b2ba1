/* passes.h - IR to better IR. Each pass is one file with one entry function and can be switched off by name (-accel dbt,no-NAME). */
#ifndef DBTVM_TRANSLATOR_PASSES_PASSES_H
#define DBTVM_TRANSLATOR_PASSES_PASSES_H

#include "base/base.h"

struct ir_block;

enum pass {
#define PASS(id, name, fn, help) PASS_##id,
#include "translator/passes/passes.def"
#undef PASS
	PASS_COUNT
};
#define PASSES_ALL ((1u << PASS_COUNT) - 1)

/* Runs the passes in @enabled (bit n = enum pass n) in their order. With @verify the verifier runs after each: BUG on failure. */
void passes_run(struct ir_block *block, uint32_t enabled, bool verify);
/* Finds block->facts (ir.h) unless the last pass has. */
void passes_facts(struct ir_block *block);
const char *pass_name(enum pass pass);

#endif
