/*
 * decode_internal.h - between the tables, the index and the recipes; nobody else includes it.
 *
 * A row of a .def table is ROW(name, op, bits, recipe, not, order):
 *   bits    the encoding, most significant bit first, blanks ignored.  0 and 1 are fixed, (0) and (1) should be so (else UNPREDICTABLE),
 *           x is ignored, a letter is a field; the bits of a letter need not be adjacent, they are joined from left to right.
 *           A field c is the condition: it does not match 1111.
 *   recipe  the function recipe_<recipe>() that fills what depends on more than one field
 *   not     letters whose value 15 is UNPREDICTABLE; those after a '/' must be neither 13 nor 15
 *   order   rows that overlap must differ in it; the higher is tried first
 *
 * Before a recipe runs these letters are already in struct insn:
 *   c cond, d rd, n rn, m rm, s rs, t rt, u rt2, i imm, S setflags, P index, U add, W wback.
 * The tables of VFP and Advanced SIMD are written as A32; T32 has the same encodings with other top bits.
 */
#ifndef DBTVM_TRANSLATOR_DECODE_DECODE_INTERNAL_H
#define DBTVM_TRANSLATOR_DECODE_DECODE_INTERNAL_H

#include "base/base.h"
#include "base/bits.h"
#include "translator/decode/insn.h"

/* A run of a field's bits: (bits >> shift & mask) << left. */
struct segment {
	uint8_t letter, shift, left;
	uint32_t mask;
};
#define MAX_SEGMENTS 12
#define LETTERS 64
/* A letter as an index: both cases have their own. */
#define LETTER(letter) ((letter) & (LETTERS - 1))

/* Where the fields of a row are in a word. The runs of one letter stand together, and one of no letter behind the last. */
struct fields {
	uint32_t imm_mask; /* of an i of one run; 0: of none, or of several */
	uint8_t imm_shift;
	uint8_t unused[3];
	uint8_t first[LETTERS]; /* segment[] of each letter; of absent ones, one of another letter */
	struct segment segment[MAX_SEGMENTS + 1];
};

/* A field, by the index of its letter; absent ones are 0. */
static inline uint32_t field_value(const struct fields *f, uint32_t bits, unsigned letter)
{
	const struct segment *s = &f->segment[f->first[letter]];
	uint32_t value = 0;

	for (; s->letter == letter; s++)
		value |= (bits >> s->shift & s->mask) << s->left;
	return value;
}
static inline uint32_t field_imm(const struct fields *f, uint32_t bits)
{
	return likely(f->imm_mask) ? bits >> f->imm_shift & f->imm_mask : field_value(f, bits, LETTER('i'));
}
/*
 * The field of a letter. They are taken from the word when a recipe asks: most rows have more of them than it wants; but i stands in
 * insn->imm until the recipe writes there.
 */
#define F(letter) ((letter) == 'i' ? insn->imm : field_value(f, insn->word, LETTER(letter)))

typedef void recipe_fn(struct insn *insn, const struct fields *f);

/* Every recipe that a table names. */
#define ROW(name, op, bits, recipe, not, order) recipe_fn recipe_##recipe;
#include "translator/decode/a32.def"
#include "translator/decode/t16.def"
#include "translator/decode/t32.def"
#include "translator/decode/vfp.def"
#include "translator/decode/neon.def"
#undef ROW

/* UNDEFINED wins over UNPREDICTABLE. */
static inline void undefined_if(struct insn *insn, bool condition)
{
	if (condition)
		insn->status = INSN_UNDEFINED;
}

static inline void unpredictable_if(struct insn *insn, bool condition)
{
	if (condition && insn->status == INSN_OK)
		insn->status = INSN_UNPREDICTABLE;
}

/*
 * A list that runs beyond the last VFP register is UNPREDICTABLE; UNDEFINED is one of the results this allows (and QEMU's), and nobody
 * has to fear a register number of 32 and more.
 */
static inline void beyond_registers_if(struct insn *insn, bool condition)
{
	undefined_if(insn, condition);
}

/* BadReg() of the manual's Thumb pages: SP or PC. */
static inline bool bad_reg(unsigned reg)
{
	return reg == 13 || reg == 15;
}

/* Operand 2 is rm with a constant shift: DecodeImmShift() (A8.4.3). */
void operand_shifted(struct insn *insn, unsigned type, unsigned imm5);
/* Operand 2 is an immediate; @carry: enum insn_carry. */
void operand_imm(struct insn *insn, uint32_t imm, unsigned carry);
/* What A8 says of load and store with base @n: no writeback to the PC or to a transferred register. */
void check_base(struct insn *insn, bool two);

#endif
