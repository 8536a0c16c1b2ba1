/*
 * insn.h - one decoded instruction, the same plain struct for A32, T16, T32, VFP and Advanced SIMD.
 *
 * The decoder has done everything that depends on the encoding only: immediates are expanded, shifts decoded
 * (DecodeImmShift), register lists counted, branch targets left as offsets from the manual's PC.  Lift sees meanings (enum insn_op), not encodings.
 */
#ifndef DBTVM_TRANSLATOR_DECODE_INSN_H
#define DBTVM_TRANSLATOR_DECODE_INSN_H

#include "base/base.h"

/* Meanings. One a manual page or so: ADD (immediate) of A32 and T1-T4 are all INSN_ADD with operand2 OPERAND_IMM. */
enum insn_op {
#define INSN(id, mnemonic) INSN_##id,
#include "translator/decode/insn_ops.def"
#undef INSN
	INSN_OP_COUNT
};

enum insn_set { SET_A32, SET_T32 /* T16 and T32 */ };

/* Shift types in the manual's order (A8.4.3). */
enum insn_shift { SHIFT_LSL, SHIFT_LSR, SHIFT_ASR, SHIFT_ROR, SHIFT_RRX };

/* What the second operand (or a load/store's offset) is. */
enum insn_operand {
	OPERAND_NONE,
	OPERAND_IMM,       /* imm */
	OPERAND_REG,       /* rm shifted by the constant shift_n (shift RRX: shift_n = 1) */
	OPERAND_REG_SHIFT, /* rm shifted by register rs */
};

#define INSN_COND_AL 14

/* Carry out of an expanded immediate (ARMExpandImm_C). */
enum insn_carry { CARRY_UNCHANGED, CARRY_0, CARRY_1 };

enum insn_status {
	INSN_OK = 0,
	INSN_UNDEFINED,     /* the manual says UNDEFINED, or no encoding */
	INSN_UNPREDICTABLE, /* decoded, but the manual calls this form UNPREDICTABLE; lift does what the A9 or QEMU does, or undefined */
};

struct insn {
	uint16_t op;      /* enum insn_op */
	uint16_t row;     /* row of the table it came from */
	uint8_t set;      /* enum insn_set */
	uint8_t size;     /* bytes: 2 or 4 */
	uint8_t status;   /* enum insn_status */
	uint8_t carry;    /* enum insn_carry, with OPERAND_IMM */
	uint32_t raw;     /* T32: first halfword in bits 31:16 */
	uint32_t word;    /* raw as its row has it: VFP and Advanced SIMD as A32 */
	uint32_t imm;     /* immediate, offset (magnitude; see add), branch offset (signed), coprocessor option */

	/* 16 bytes that the decoder writes at once, the first eleven from the word, the others 0: see enum lane in decode.c. */
	uint8_t cond;           /* 0-14; Thumb: AL unless the encoding has one, the translator puts in the IT condition */
	uint8_t rd, rn, rm, rs; /* rs: shift register; also Ra of multiplies */
	uint8_t rt, rt2;        /* loads, stores, coprocessor moves; RdLo = rt, RdHi = rt2 of long multiplies */
	bool setflags;          /* S; for T16 "outside IT block" forms: set_unless_it */
	bool index, add, wback; /* P, U, W as the manual decodes them: index && !wback = offset */
	bool set_unless_it;     /* T16: sets flags only outside an IT block; setflags is true then */
	bool exclusive_user;    /* unprivileged (T) form, or user registers (^) of LDM/STM */
	uint8_t operand;        /* enum insn_operand */
	uint8_t shift;          /* enum insn_shift */
	uint8_t shift_n;        /* 0-32 */

	uint32_t imm2;          /* lsb/width pairs: imm = lsb, imm2 = width; MSR: mask; CPS: mode; second values */
	uint16_t reglist;

	/* VFP and Advanced SIMD */
	uint8_t vd, vn, vm;  /* S number for single, D number otherwise (Q registers: the number of their first D) */
	uint8_t vsize;       /* element size: log2 bytes 0-3; scalar VFP: 2 single, 3 double, 1 half */
	uint8_t vregs;       /* D registers operated on: 1, 2 (Q), or a list's length */
	uint8_t vindex;      /* scalar or lane index */
	uint8_t valign;      /* VLDn/VSTn: required alignment in bytes, 0 none */
	uint8_t vstep;       /* VLDn/VSTn: register increment 1 or 2 */
	bool vunsigned;      /* U */
	bool vfloat;         /* the float form of an Advanced SIMD operation */
	bool vpoly;          /* polynomial */
	bool vround;         /* rounding form */
	uint64_t vimm;       /* expanded modified immediate (64 bits) */

	/* Coprocessor */
	uint8_t coproc, opc1, opc2, crn, crm; /* imm2 = 1: the unconditional form (MCR2, LDC2..); LDC/STC: opc1 = D (long), imm = option when unindexed */
};

/*
 * Decodes one instruction.  @bits: A32 the word; Thumb: the first halfword in bits 31:16 and the second in
 * 15:0 (which is not looked at when the first is a 16-bit instruction). Always fills @insn; decode() also returns the status.
 */
void decode_insn(enum insn_set set, uint32_t bits, struct insn *insn);
static inline enum insn_status decode(enum insn_set set, uint32_t bits, struct insn *insn)
{
	decode_insn(set, bits, insn);
	return (enum insn_status)insn->status;
}
/* True when the halfword starts a 32-bit Thumb instruction. */
static inline bool t32_is_wide(uint16_t first)
{
	return (first >> 11) >= 0x1d;
}

/* Rows, for tests and fuzzers. */
struct decode_row {
	const char *name;    /* unique: "ADD_imm_A1" */
	const char *bits;    /* the bit string as written in the .def */
	uint32_t mask, value; /* fixed bits */
	uint16_t op;
	uint8_t set;         /* VFP and Advanced SIMD rows say SET_A32 and serve T32 as well: see decode_t32_of_a32() */
	uint8_t table;       /* which .def: enum decode_table */
	uint8_t order;       /* of rows that overlap the one with the higher order wins */
	bool has_cond;       /* A32: bits 31:28 are a condition, not 1111 (mask does not cover them) */
};
enum decode_table { TABLE_A32, TABLE_T16, TABLE_T32, TABLE_VFP, TABLE_NEON };
unsigned decode_row_count(void);
const struct decode_row *decode_row(unsigned row);
/* struct insn's row when there was none. */
#define DECODE_NO_ROW 0xffff
/* The T32 encoding of an A32 VFP or Advanced SIMD instruction (conditions become AL). */
uint32_t decode_t32_of_a32(uint32_t bits);
/* The mnemonic of an op, lower case: "add". */
const char *insn_op_name(enum insn_op op);

#endif
