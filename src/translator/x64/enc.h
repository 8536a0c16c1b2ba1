/*
 * enc.h - a thin x86-64 encoder: one call, one host instruction.
 *
 * Writes through the writable mapping; addresses that code mentions are executable ones (writable + exec_delta).  Running out of
 * space is sticky: checked once, at the end.  Forms are chosen by size (disp8, imm8, no REX when there is no need).
 */
#ifndef DBTVM_TRANSLATOR_X64_ENC_H
#define DBTVM_TRANSLATOR_X64_ENC_H

#include "base/base.h"

enum host_reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, HOST_REG_NONE = 0xff };

enum alu_op { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
enum host_shift_op { HOST_ROL, HOST_ROR, HOST_RCL, HOST_RCR, HOST_SHL, HOST_SHR, HOST_SAR = 7 };
enum bmi_shift { BMI_SHLX, BMI_SHRX, BMI_SARX };
enum host_cc { CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_P, CC_NP, CC_L, CC_GE, CC_LE, CC_G };
#define CC_NOT(cc) ((enum host_cc)((cc) ^ 1))

/* Operand widths. */
enum width { W8, W16, W32, W64 };

struct enc {
	uint8_t *start, *at, *end; /* writable */
	intptr_t exec_delta;
	bool overflow;
};

/* A register, memory or immediate operand. */
enum opnd_kind { OPND_NONE, OPND_REG, OPND_MEM, OPND_IMM };
struct opnd {
	uint8_t kind;
	uint8_t reg;   /* register; base of memory (HOST_REG_NONE: absolute disp32 is not supported) */
	uint8_t index; /* HOST_REG_NONE: none */
	uint8_t scale; /* 0-3: log2 */
	int32_t disp;  /* or the immediate */
};

static inline struct opnd opnd_reg(unsigned reg)
{
	return (struct opnd){ .kind = OPND_REG, .reg = (uint8_t)reg, .index = HOST_REG_NONE };
}
static inline struct opnd opnd_mem(unsigned base, int32_t disp)
{
	return (struct opnd){ .kind = OPND_MEM, .reg = (uint8_t)base, .index = HOST_REG_NONE, .disp = disp };
}
static inline struct opnd opnd_sib(unsigned base, unsigned index, unsigned scale, int32_t disp)
{
	return (struct opnd){ .kind = OPND_MEM, .reg = (uint8_t)base, .index = (uint8_t)index, .scale = (uint8_t)scale, .disp = disp };
}
static inline struct opnd opnd_imm(uint32_t value)
{
	return (struct opnd){ .kind = OPND_IMM, .reg = HOST_REG_NONE, .index = HOST_REG_NONE, .disp = (int32_t)value };
}
static inline bool opnd_same(struct opnd a, struct opnd b)
{
	return a.kind == b.kind && a.reg == b.reg && a.index == b.index && a.disp == b.disp && a.kind != OPND_IMM;
}
static inline bool opnd_is_reg(struct opnd o, unsigned reg)
{
	return o.kind == OPND_REG && o.reg == reg;
}

void enc_init(struct enc *e, uint8_t *start, uint8_t *end, intptr_t exec_delta);
/* The executable address of what is emitted next. */
static inline uint8_t *enc_here(const struct enc *e)
{
	return e->at + e->exec_delta;
}
void enc_u8(struct enc *e, uint8_t value);
void enc_u32(struct enc *e, uint32_t value);
void enc_align(struct enc *e, unsigned to); /* pads with int3 */
void enc_nop(struct enc *e, unsigned bytes);

/* dst op= src. At most one is memory; src may be an immediate (sign-extended for W64). */
void enc_alu(struct enc *e, enum alu_op op, enum width w, struct opnd dst, struct opnd src);
void enc_test(struct enc *e, enum width w, struct opnd a, struct opnd b);
/* mov; a 64-bit immediate has its own call. Register to itself is emitted all the same. */
void enc_mov(struct enc *e, enum width w, struct opnd dst, struct opnd src);
void enc_mov_imm64(struct enc *e, unsigned reg, uint64_t value);
void enc_movzx(struct enc *e, enum width from, unsigned dst, struct opnd src);
/* Sign-extends to @to (W32 or W64). */
void enc_movsx(struct enc *e, enum width to, enum width from, unsigned dst, struct opnd src);
void enc_lea(struct enc *e, enum width w, unsigned dst, struct opnd mem);
void enc_not(struct enc *e, enum width w, struct opnd dst);
void enc_neg(struct enc *e, enum width w, struct opnd dst);
void enc_shift(struct enc *e, enum host_shift_op op, enum width w, struct opnd dst, unsigned count);
void enc_shift_cl(struct enc *e, enum host_shift_op op, enum width w, struct opnd dst);
void enc_shiftx(struct enc *e, enum bmi_shift op, enum width w, unsigned dst, struct opnd src, unsigned count); /* BMI2 */
void enc_rorx(struct enc *e, enum width w, unsigned dst, struct opnd src, unsigned count);                     /* BMI2 */
void enc_andn(struct enc *e, enum width w, unsigned dst, unsigned inverted, struct opnd src);                  /* BMI1 */
void enc_pext(struct enc *e, unsigned dst, unsigned src, struct opnd mask);                                    /* BMI2, 32 bits */
void enc_pdep(struct enc *e, unsigned dst, unsigned src, struct opnd mask);
void enc_imul(struct enc *e, enum width w, unsigned dst, struct opnd src);
void enc_imul_imm(struct enc *e, enum width w, unsigned dst, struct opnd src, int32_t imm);
void enc_lzcnt(struct enc *e, enum width w, unsigned dst, struct opnd src);
void enc_bsr(struct enc *e, enum width w, unsigned dst, struct opnd src);
void enc_bt(struct enc *e, enum width w, struct opnd src, unsigned bit);
void enc_bswap(struct enc *e, enum width w, unsigned reg);
void enc_movbe_load(struct enc *e, enum width w, unsigned dst, struct opnd mem);
void enc_movbe_store(struct enc *e, enum width w, struct opnd mem, unsigned src);
void enc_cmpxchg(struct enc *e, enum width w, struct opnd mem, unsigned src, bool lock);
void enc_xchg(struct enc *e, enum width w, unsigned a, unsigned b);
void enc_cmov(struct enc *e, enum host_cc cc, unsigned dst, struct opnd src); /* 32 bits */
void enc_setcc(struct enc *e, enum host_cc cc, struct opnd dst);
void enc_lahf(struct enc *e);
void enc_sahf(struct enc *e);
void enc_cmc(struct enc *e);
void enc_clc(struct enc *e);
void enc_stc(struct enc *e);
void enc_push(struct enc *e, unsigned reg);
void enc_push_imm(struct enc *e, int32_t imm);
void enc_pop(struct enc *e, unsigned reg);
void enc_ret(struct enc *e);
void enc_pushfq(struct enc *e);
void enc_popfq(struct enc *e);
void enc_int3(struct enc *e);

/* Jumps. The rel32 forms return where to patch (writable address of the displacement), for enc_patch32(). */
uint8_t *enc_jcc32(struct enc *e, enum host_cc cc);
uint8_t *enc_jcc8(struct enc *e, enum host_cc cc);
uint8_t *enc_jmp32(struct enc *e);
uint8_t *enc_jmp8(struct enc *e);
void enc_jcc_to(struct enc *e, enum host_cc cc, const uint8_t *target); /* rel32 */
void enc_jmp_to(struct enc *e, const uint8_t *target);
void enc_call_to(struct enc *e, const uint8_t *target);
void enc_jmp_opnd(struct enc *e, struct opnd target); /* 64-bit register or memory */
void enc_call_opnd(struct enc *e, struct opnd target);
/* Makes the jump whose displacement is at @where go to executable address @target / to here. */
void enc_patch32(struct enc *e, uint8_t *where, const uint8_t *target);
void enc_bind32(struct enc *e, uint8_t *where);
/* False: too far. */
bool enc_bind8(struct enc *e, uint8_t *where);

#endif
