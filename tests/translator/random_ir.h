/* random_ir.h - random blocks of sound IR, for differential tests. Replayable: all comes from the seed. */
#ifndef DBTVM_TESTS_TRANSLATOR_RANDOM_IR_H
#define DBTVM_TESTS_TRANSLATOR_RANDOM_IR_H

#include "base/base.h"
#include "translator/ir/ir.h"

/* Accesses stay in here, of guest memory that is mapped flat, except where `faults` is asked for. */
#define RANDOM_IR_MEMORY 0x40000u
#define RANDOM_IR_MEMORY_SIZE 0x4000u

struct random_ir_options {
	unsigned insns;   /* guest instructions, 1-64 */
	bool memory;      /* loads, stores, VFP accesses; many unaligned, some across pages */
	bool faults;      /* some accesses go where nothing is */
	bool calls;       /* pure helpers */
};

/* xorshift64*; the seed must not be 0. */
uint64_t random_next(uint64_t *seed);
/* Replaces @block by a random one at PC 0x8000, which ir_verify() accepts. */
void random_ir(struct ir_block *block, uint64_t *seed, const struct random_ir_options *options);
/* Random registers, flags, VFP registers and memory contents; now and then values at the edges. */
struct cpu;
void random_state(struct cpu *cpu, uint64_t *seed, uint8_t *memory);

#endif
