/*
 * enc.h - a thin x86-64 encoder: one call, one host instruction.
 *
 * Writes through the writable mapping; addresses that code mentions are executable ones (writable + exec_delta).  Running out of
 * space is sticky: checked once, at the end.  Forms are chosen by size (disp8, imm8, no REX when there is no need).
 *
 * A third of what a translation costs would be spent here: so the calls for what is emitted all the time are inline, and come down to one of
 * enc_put(), enc_put_regs(), enc_word() with constants when operands' kinds are known where they stand.
 */
#ifndef DBTVM_TRANSLATOR_X64_ENC_H
#define DBTVM_TRANSLATOR_X64_ENC_H

#include "base/base.h"

#include <string.h>

enum host_reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, HOST_REG_NONE = 0xff };

enum alu_op { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
enum host_shift_op { HOST_ROL, HOST_ROR, HOST_RCL, HOST_RCR, HOST_SHL, HOST_SHR, HOST_SAR = 7 };
enum bmi_shift { BMI_SHLX, BMI_SHRX, BMI_SARX };
enum host_cc { CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_P, CC_NP, CC_L, CC_GE, CC_LE, CC_G };
#define CC_NOT(cc) ((enum host_cc)((cc) ^ 1))

/* Operand widths. */
enum width { W8, W16, W32, W64 };

struct enc {
	uint8_t *at;          /* first, as all calls need it */
	uintptr_t limit;      /* behind it there may be no room for an instruction */
	uint8_t *start, *end; /* writable, as `at` is */
	intptr_t exec_delta;
	bool overflow;
};

/* A register, memory or immediate operand. */
enum opnd_kind { OPND_NONE, OPND_REG, OPND_MEM, OPND_IMM };
#define OPND_NO_INDEX RSP /* which cannot be one, and is what a SIB byte says */
struct opnd {
	uint8_t kind;
	uint8_t reg;   /* register; base of memory (HOST_REG_NONE: absolute disp32 is not supported) */
	uint8_t index; /* OPND_NO_INDEX: none */
	uint8_t scale; /* 0-3: log2 */
	int32_t disp;  /* or the immediate */
};

/* Every field is named: of those left out the compiler makes stores of five bytes, which it then waits for. */
static inline struct opnd opnd_reg(unsigned reg)
{
	return (struct opnd){ .kind = OPND_REG, .reg = (uint8_t)reg, .index = OPND_NO_INDEX, .scale = 0, .disp = 0 };
}
static inline struct opnd opnd_mem(unsigned base, int32_t disp)
{
	return (struct opnd){ .kind = OPND_MEM, .reg = (uint8_t)base, .index = OPND_NO_INDEX, .scale = 0, .disp = disp };
}
static inline struct opnd opnd_sib(unsigned base, unsigned index, unsigned scale, int32_t disp)
{
	return (struct opnd){ .kind = OPND_MEM, .reg = (uint8_t)base, .index = (uint8_t)index, .scale = (uint8_t)scale, .disp = disp };
}
static inline struct opnd opnd_imm(uint32_t value)
{
	return (struct opnd){ .kind = OPND_IMM, .reg = HOST_REG_NONE, .index = OPND_NO_INDEX, .scale = 0, .disp = (int32_t)value };
}
static inline bool opnd_same(struct opnd a, struct opnd b)
{
	return memcmp(&a, &b, sizeof(a)) == 0 && a.kind != OPND_IMM;
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

/* Room for the longest instruction, 15 bytes, and for what stores of whole words write beyond it. */
#define ENC_ROOM 32
static inline bool enc_has_room(struct enc *e)
{
	if (likely((uintptr_t)e->at <= e->limit))
		return true;
	e->overflow = true;
	return false;
}
/* The low @bytes (8 at most) of @value. */
static inline void enc_word(struct enc *e, uint64_t value, unsigned bytes)
{
	if (enc_has_room(e)) {
		memcpy(e->at, &value, 8);
		e->at += bytes;
	}
}
static inline void enc_u8(struct enc *e, uint8_t value)
{
	enc_word(e, value, 1);
}
static inline void enc_u32(struct enc *e, uint32_t value)
{
	enc_word(e, value, 4);
}
void enc_align(struct enc *e, unsigned to); /* pads with int3 */
void enc_nop(struct enc *e, unsigned bytes);

/*
 * One-byte opcodes for W32 and W64: REX, opcode, ModRM, SIB, displacement lie in one word, lowest first, and go without REX when that has no bit set.
 * The tables say what a register is in those bits as ModRM's reg and rm, and as SIB's index.
 */
#define ENC_HEAD(opcode, w) (0x40 | ((w) == W64 ? 8u : 0u) | (uint32_t)(opcode) << 8)
extern const uint32_t enc_in_reg[16], enc_in_rm[16], enc_in_index[16];
static inline void enc_put_regs(struct enc *e, uint32_t head, unsigned reg, unsigned rm)
{
	uint32_t word = head | 0xc0 << 16 | enc_in_reg[reg] | enc_in_rm[rm];
	unsigned plain = (word & 0xff) == 0x40;

	enc_word(e, word >> 8 * plain, 3 - plain);
}
void enc_put_mem(struct enc *e, uint32_t head, unsigned reg, struct opnd mem);
/*
 * All others with a ModRM byte. @op: bits 23:0: up to three bytes of opcode, the first lowest; 25:24: how many; 28:26: bytes of the immediate;
 * 31: REX.W; 39:32: mandatory prefix; 40: operand size prefix; 41, 42: reg, rm are byte registers, of which some need a REX prefix to mean
 * spl, bpl, sil, dil.
 */
void enc_put(struct enc *e, uint64_t op, unsigned reg, struct opnd rm, int32_t imm);
#define ENC_OP(opcode) ((uint64_t)(opcode) | 1u << 24)
#define ENC_OP_0F(opcode) (0x0fu | (uint64_t)(opcode) << 8 | 2u << 24)
#define ENC_OP_0F38(opcode) (0x380fu | (uint64_t)(opcode) << 16 | 3u << 24)
#define ENC_IMM(bytes) ((uint64_t)(bytes) << 26)
#define ENC_REXW (1ull << 31)
#define ENC_PREFIX(byte) ((uint64_t)(byte) << 32)
#define ENC_W16 (1ull << 40)
#define ENC_BYTE_REG (1ull << 41)
#define ENC_BYTE_RM (1ull << 42)
#define ENC_BYTES(w) ((w) == W8 ? ENC_BYTE_REG | ENC_BYTE_RM : 0) /* both */
#define ENC_WIDTH(w) ((w) == W64 ? ENC_REXW : (w) == W16 ? ENC_W16 : 0)
#define ENC_IMM_OF(w) ENC_IMM((w) == W8 ? 1 : (w) == W16 ? 2 : 4)

static inline bool enc_fits8(int32_t value)
{
	return value == (int8_t)value;
}

/* What follows has two forms: in line when the kinds of operands are known where the call stands, else a function. */
#define ENC_INLINE static inline __attribute__((always_inline))
#define ENC_KNOWN(w, a, b) (__builtin_constant_p(w) && __builtin_constant_p((a).kind) && __builtin_constant_p((b).kind))

/* A field of struct cpu that is known where the call stands. */
#define ENC_IS_FIELD(o) (__builtin_constant_p((o).reg) && __builtin_constant_p((o).disp) && (o).reg == RBP && (o).index == OPND_NO_INDEX)
/* One-byte opcodes for W32 and W64, whatever @rm is. */
ENC_INLINE void enc_put_any(struct enc *e, unsigned opcode, enum width w, unsigned reg, struct opnd rm)
{
	if (rm.kind == OPND_REG) {
		enc_put_regs(e, ENC_HEAD(opcode, w), reg, rm.reg);
	} else if (ENC_IS_FIELD(rm)) {
		unsigned size = enc_fits8(rm.disp) ? 4 : 7;
		uint32_t word = ENC_HEAD(opcode, w) | (size == 4 ? 0x45 : 0x85) << 16 | enc_in_reg[reg];
		unsigned plain = (word & 0xff) == 0x40;

		enc_word(e, (word | (uint64_t)(uint32_t)rm.disp << 24) >> 8 * plain, size - plain);
	} else {
		enc_put_mem(e, ENC_HEAD(opcode, w), reg, rm);
	}
}

/* dst op= src. At most one is memory; src may be an immediate (sign-extended for W64). */
void enc_alu_any(struct enc *e, enum alu_op op, enum width w, struct opnd dst, struct opnd src);
void enc_alu_imm(struct enc *e, enum alu_op op, enum width w, struct opnd dst, int32_t imm);
ENC_INLINE void enc_alu(struct enc *e, enum alu_op op, enum width w, struct opnd dst, struct opnd src)
{
	if (!ENC_KNOWN(w, dst, src) || w < W32)
		enc_alu_any(e, op, w, dst, src);
	else if (src.kind == OPND_IMM)
		enc_alu_imm(e, op, w, dst, src.disp);
	else if (src.kind == OPND_MEM)
		enc_put_any(e, (unsigned)op << 3 | 3, w, dst.reg, src);
	else
		enc_put_any(e, (unsigned)op << 3 | 1, w, src.reg, dst);
}
void enc_test8(struct enc *e, unsigned reg, unsigned imm);
void enc_test_any(struct enc *e, enum width w, struct opnd a, struct opnd b);
ENC_INLINE void enc_test(struct enc *e, enum width w, struct opnd a, struct opnd b)
{
	if (ENC_KNOWN(w, a, b) && w >= W32 && a.kind == OPND_REG && b.kind == OPND_REG)
		enc_put_any(e, 0x85, w, b.reg, a);
	else if (ENC_KNOWN(w, a, b) && w == W8 && a.kind == OPND_REG && b.kind == OPND_IMM)
		enc_test8(e, a.reg, (uint8_t)b.disp);
	else
		enc_test_any(e, w, a, b);
}
/* mov; a 64-bit immediate has its own call. Register to itself is emitted all the same. */
void enc_mov_any(struct enc *e, enum width w, struct opnd dst, struct opnd src);
ENC_INLINE void enc_mov_imm32(struct enc *e, unsigned reg, uint32_t imm)
{
	unsigned high = reg >> 3;

	enc_word(e, (0x41u | (0xb8u | (reg & 7)) << 8 | (uint64_t)imm << 16) >> 8 * !high, 5 + high);
}
ENC_INLINE void enc_mov(struct enc *e, enum width w, struct opnd dst, struct opnd src)
{
	if (!ENC_KNOWN(w, dst, src) || w < W32)
		enc_mov_any(e, w, dst, src);
	else if (src.kind == OPND_REG)
		enc_put_any(e, 0x89, w, src.reg, dst);
	else if (src.kind == OPND_MEM)
		enc_put_any(e, 0x8b, w, dst.reg, src);
	else if (dst.kind == OPND_REG && w == W32)
		enc_mov_imm32(e, dst.reg, (uint32_t)src.disp);
	else if (ENC_IS_FIELD(dst) && enc_fits8(dst.disp) && w == W32)
		enc_word(e, 0x45c7 | (uint64_t)(uint8_t)dst.disp << 16 | (uint64_t)(uint32_t)src.disp << 24, 7);
	else
		enc_put(e, ENC_OP(0xc7) | ENC_WIDTH(w) | ENC_IMM(4), 0, dst, src.disp);
}
void enc_mov_imm64(struct enc *e, unsigned reg, uint64_t value);
static inline void enc_movzx(struct enc *e, enum width from, unsigned dst, struct opnd src)
{
	BUG_ON(from > W16);
	enc_put(e, ENC_OP_0F(from == W8 ? 0xb6 : 0xb7) | (from == W8 ? ENC_BYTE_RM : 0), dst, src, 0);
}
/* Sign-extends to @to (W32 or W64). */
void enc_movsx(struct enc *e, enum width to, enum width from, unsigned dst, struct opnd src);
static inline void enc_lea(struct enc *e, enum width w, unsigned dst, struct opnd mem)
{
	enc_put_mem(e, ENC_HEAD(0x8d, w), dst, mem);
}
static inline void enc_not(struct enc *e, enum width w, struct opnd dst)
{
	enc_put(e, ENC_OP(0xf7) | ENC_WIDTH(w), 2, dst, 0);
}
static inline void enc_neg(struct enc *e, enum width w, struct opnd dst)
{
	enc_put(e, ENC_OP(0xf7) | ENC_WIDTH(w), 3, dst, 0);
}
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
static inline void enc_cmov(struct enc *e, enum host_cc cc, unsigned dst, struct opnd src) /* 32 bits */
{
	enc_put(e, ENC_OP_0F(0x40u | (unsigned)cc), dst, src, 0);
}
static inline void enc_setcc(struct enc *e, enum host_cc cc, struct opnd dst)
{
	if (dst.kind == OPND_REG && dst.reg < 4)
		enc_word(e, 0xc0900f | (unsigned)cc << 8 | (unsigned)dst.reg << 16, 3);
	else
		enc_put(e, ENC_OP_0F(0x90u | (unsigned)cc) | ENC_BYTE_RM, 0, dst, 0);
}
static inline void enc_lahf(struct enc *e)
{
	enc_u8(e, 0x9f);
}
static inline void enc_sahf(struct enc *e)
{
	enc_u8(e, 0x9e);
}
static inline void enc_cmc(struct enc *e)
{
	enc_u8(e, 0xf5);
}
static inline void enc_clc(struct enc *e)
{
	enc_u8(e, 0xf8);
}
static inline void enc_stc(struct enc *e)
{
	enc_u8(e, 0xf9);
}
void enc_push(struct enc *e, unsigned reg);
static inline void enc_push_imm(struct enc *e, int32_t imm)
{
	enc_word(e, 0x68 | (uint64_t)(uint32_t)imm << 8, 5);
}
void enc_pop(struct enc *e, unsigned reg);
void enc_ret(struct enc *e);
void enc_pushfq(struct enc *e);
void enc_popfq(struct enc *e);
void enc_int3(struct enc *e);

/* Jumps. The rel32 forms return where to patch (writable address of the displacement), for enc_patch32(). */
static inline uint8_t *enc_jcc32(struct enc *e, enum host_cc cc)
{
	enc_word(e, 0x800f | (uint64_t)cc << 8, 6);
	return e->at - 4;
}
static inline uint8_t *enc_jcc8(struct enc *e, enum host_cc cc)
{
	enc_word(e, 0x70 | (unsigned)cc, 2);
	return e->at - 1;
}
static inline uint8_t *enc_jmp32(struct enc *e)
{
	enc_word(e, 0xe9, 5);
	return e->at - 4;
}
static inline uint8_t *enc_jmp8(struct enc *e)
{
	enc_word(e, 0xeb, 2);
	return e->at - 1;
}
static inline uint8_t *enc_call32(struct enc *e)
{
	enc_word(e, 0xe8, 5);
	return e->at - 4;
}
/* Makes the jump whose displacement is at @where go to executable address @target / to here. */
static inline void enc_patch32(struct enc *e, uint8_t *where, const uint8_t *target)
{
	intptr_t distance = target - (where + 4 + e->exec_delta);
	int32_t rel = (int32_t)distance;

	if (unlikely(e->overflow))
		return;
	BUG_ON(distance != rel);
	memcpy(where, &rel, 4);
}
static inline void enc_bind32(struct enc *e, uint8_t *where)
{
	enc_patch32(e, where, enc_here(e));
}
/* False: too far. */
bool enc_bind8(struct enc *e, uint8_t *where);
static inline void enc_jcc_to(struct enc *e, enum host_cc cc, const uint8_t *target) /* rel32 */
{
	enc_patch32(e, enc_jcc32(e, cc), target);
}
static inline void enc_jmp_to(struct enc *e, const uint8_t *target)
{
	enc_patch32(e, enc_jmp32(e), target);
}
static inline void enc_call_to(struct enc *e, const uint8_t *target)
{
	enc_patch32(e, enc_call32(e), target);
}
static inline void enc_jmp_opnd(struct enc *e, struct opnd target) /* 64-bit register or memory */
{
	enc_put(e, ENC_OP(0xff), 4, target, 0);
}
static inline void enc_call_opnd(struct enc *e, struct opnd target)
{
	enc_put(e, ENC_OP(0xff), 2, target, 0);
}

#endif
