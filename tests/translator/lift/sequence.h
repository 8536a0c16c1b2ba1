/*
 * sequence.h - random instruction sequences that every engine must run alike.
 *
 * Instructions come from the decoder's rows, so a new row is tested without further work. Registers have roles, so that loads and stores
 * hit the data area: "pointers" stay near its middle, "indexes" are small; nothing else writes them.
 */
#ifndef TESTS_TRANSLATOR_LIFT_SEQUENCE_H
#define TESTS_TRANSLATOR_LIFT_SEQUENCE_H

#include "base/base.h"
#include "translator/decode/insn.h"

#define SEQUENCE_MAX 32
#define CODE_AREA 0x01000000u
#define CODE_SIZE 0x00008000u
#define DATA_AREA 0x00100000u
#define DATA_SIZE 0x00040000u
#define DATA_MIDDLE (DATA_AREA + DATA_SIZE / 2)

struct rng {
	uint64_t state;
};
uint32_t rng_next(struct rng *rng);
/* 0 .. n - 1 */
static inline uint32_t rng_below(struct rng *rng, uint32_t n)
{
	return rng_next(rng) % n;
}

/* What runs: code and the state before it. */
struct sequence {
	uint64_t seed;
	enum insn_set set;
	unsigned count;
	uint32_t bits[SEQUENCE_MAX]; /* as decode() takes them */
	uint8_t size[SEQUENCE_MAX];
	const char *row[SEQUENCE_MAX];
	uint32_t pc;
	uint32_t r[15];
	uint32_t cpsr, spsr;         /* spsr: in Supervisor mode */
	bool privileged;             /* runs in Supervisor mode */
	uint32_t data_seed;          /* of the data area's contents */
};

/* Fills @s from @seed alone. */
void sequence_make(struct sequence *s, uint64_t seed, enum insn_set set);
/* One instruction of @row with operands that are often corner values. False: it cannot run here (branches, exceptions, coprocessors). */
bool sequence_make_row(struct sequence *s, uint64_t seed, const struct decode_row *row);
/* One load or store whose pointers are near @edge, an address above which there is nothing. */
void sequence_make_access(struct sequence *s, uint64_t seed, enum insn_set set, uint32_t edge);
/* The code as bytes in memory order; returns their number. */
unsigned sequence_bytes(const struct sequence *s, uint8_t *to);
/* The whole code area for @s, which is its code, an SVC behind it (privileged: a branch to itself), and 0 elsewhere. Returns the code's size. */
unsigned sequence_code(const struct sequence *s, uint8_t *area);
/* Instruction @i becomes a NOP of the same size. */
void sequence_blank(struct sequence *s, unsigned i);
void sequence_print(const struct sequence *s);

/* State after a run. */
#define CPSR_COMPARED 0xf80f03dfu /* all but the execution state */
struct outcome {
	uint32_t r[15], pc, cpsr, spsr;
	bool failed;              /* an exception or an engine's error: why says which */
	const char *why;
};

#endif
