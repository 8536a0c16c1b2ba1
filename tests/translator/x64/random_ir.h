/* random_ir.h - random blocks that obey ir.h, and random states to run them from. */
#ifndef DBTVM_TESTS_TRANSLATOR_X64_RANDOM_IR_H
#define DBTVM_TESTS_TRANSLATOR_X64_RANDOM_IR_H

#include "base/base.h"
#include "translator/ir/ir.h"

struct cpu;

struct random_ir {
	uint64_t state;
};

uint32_t random_bits(struct random_ir *r);
/* 0 .. n - 1 */
unsigned random_below(struct random_ir *r, unsigned n);
/* Registers that are interesting values or addresses around @window's pages. */
uint32_t random_value(struct random_ir *r);
void random_state(struct random_ir *r, struct cpu *cpu, uint32_t window, uint32_t size);
/* Fills @block, at most @insns guest instructions. */
void random_block(struct random_ir *r, struct ir_block *block, unsigned insns);

#endif
