/*
 * enc_fixed.h - instructions that every block has, whose form is known when dbtvm is compiled: a store or two each. The bytes are those of enc.h's.
 */
#ifndef DBTVM_TRANSLATOR_X64_ENC_FIXED_H
#define DBTVM_TRANSLATOR_X64_ENC_FIXED_H

#include "translator/x64/enc.h"

#include <string.h>

/* What jumps with the displacement at @where goes here. */
static inline void enc_land(const struct enc *e, uint8_t *where)
{
	int32_t distance = (int32_t)(e->at - (where + 4));

	if (likely(!e->overflow))
		memcpy(where, &distance, 4);
}

/* Once more what was emitted from @start on: code that means the same wherever it stands. */
static inline void enc_copy(struct enc *e, const uint8_t *start, size_t bytes)
{
	if (bytes > (size_t)(e->end - e->at)) {
		e->overflow = true;
		return;
	}
	memcpy(e->at, start, bytes);
	e->at += bytes;
}

/* To code that was emitted before, at the writable address @to. */
static inline void enc_jmp_back(struct enc *e, const uint8_t *to)
{
	intptr_t distance = to - (e->at + 2);

	if (likely(distance >= -128))
		enc_word(e, 0xeb | (uint64_t)(uint8_t)distance << 8, 2);
	else
		enc_jmp_to(e, to + e->exec_delta);
}

/* mov rax, imm64; jmp @target. Its displacement is not one that is patched. */
static inline void enc_rax_jmp(struct enc *e, uint64_t value, const uint8_t *target)
{
	uint32_t distance = (uint32_t)(target - (enc_here(e) + 15));

	enc_word(e, 0xb848 | value << 16, 8);
	enc_word(e, value >> 48 | 0xe9 << 16 | (uint64_t)distance << 24, 7);
}

/* lea r14d, [r14 - n]: EFLAGS are kept */
static inline void enc_count_lea(struct enc *e, int n)
{
	if (likely(enc_fits8(-n)))
		enc_word(e, 0x768d45 | (uint64_t)(uint8_t)-n << 24, 4);
	else
		enc_lea(e, W32, R14, opnd_mem(R14, -n));
}

/* sub r14d, n */
static inline void enc_count_sub(struct enc *e, unsigned n)
{
	if (likely(n < 128))
		enc_word(e, 0xee8341 | (uint64_t)n << 24, 4);
	else
		enc_alu(e, ALU_SUB, W32, opnd_reg(R14), opnd_imm(n));
}

/* cmp dword [r15 + disp32], imm */
static inline void enc_space_cmp(struct enc *e, int32_t disp, uint32_t value)
{
	if (unlikely(enc_fits8((int32_t)value))) {
		enc_alu(e, ALU_CMP, W32, opnd_mem(R15, disp), opnd_imm(value));
		return;
	}
	enc_word(e, 0xbf8141 | (uint64_t)(uint32_t)disp << 24, 7);
	enc_word(e, value, 4);
}

/* All of EFLAGS to [rbp + disp8] by eax: cmc when @inverted, lahf, seto al, mov */
static inline void enc_flags_to(struct enc *e, struct opnd field, bool inverted)
{
	uint64_t bytes = 0x4589c0900f9f | (uint64_t)(uint8_t)field.disp << 48;

	enc_word(e, inverted ? bytes << 8 | 0xf5 : bytes, inverted ? 8 : 7);
}

/* shr reg32, @bits; mov reg, [r15 + reg * 8 + disp]; test reg, reg. @reg: one of the first eight. */
static inline void enc_look_up(struct enc *e, unsigned reg, unsigned bits, int32_t disp)
{
	uint64_t shr = (uint64_t)bits << 16 | reg << 8 | 0xe8c1, mov = 0xc7048b49 | reg << 19 | reg << 27;

	if (!disp) {
		enc_word(e, shr | mov << 24, 7);
	} else {
		enc_word(e, shr, 3);
		enc_word(e, mov | 0x80 << 16 | (uint64_t)(uint32_t)disp << 32, 8);
	}
	enc_word(e, 0xc08548 | reg << 16 | reg << 19, 3);
}

/*
 * Accesses with host register @reg. @form: load or store | log2 of its bytes, up to 2 | sign. To a window, [r15 + index + disp32]:
 */
#define ENC_WINDOW_LOAD 0u
#define ENC_WINDOW_SIGNED 4u
#define ENC_WINDOW_STORE 8u
/* Those with one byte of opcode and no prefix are 8 bytes long, the others 9. */
#define ENC_WINDOW_SHORT 0x544u
static inline unsigned enc_window_length(unsigned form)
{
	return 9u - (ENC_WINDOW_SHORT >> form & 1);
}
static const uint8_t enc_form_opcodes[16] = { 0xb6, 0xb7, 0x8b, 0, 0xbe, 0xbf, 0x8b, 0, 0x88, 0x89, 0x89 };
static inline void enc_window(struct enc *e, unsigned form, unsigned reg, unsigned index, int32_t disp)
{
	uint32_t word = 0x07840041 | (uint32_t)enc_form_opcodes[form] << 8 | enc_in_reg[reg] | enc_in_index[index];

	if (likely(ENC_WINDOW_SHORT >> form & 1)) {
		enc_word(e, word | (uint64_t)(uint32_t)disp << 32, 8);
	} else {
		uint64_t bytes = form & ENC_WINDOW_STORE ? (uint64_t)word << 8 | 0x66 : (word & 0xff) | 0x0f00 | (uint64_t)(word >> 8) << 16;

		enc_word(e, bytes | (uint64_t)(uint32_t)disp << 40, 8);
		enc_word(e, (uint32_t)disp >> 24, 1);
	}
}

/* [base + index] */
static inline void enc_indexed(struct enc *e, unsigned form, unsigned reg, unsigned base, unsigned index)
{
	uint32_t word = 0x00040040 | (uint32_t)enc_form_opcodes[form] << 8 | enc_in_reg[reg] | (enc_in_rm[base] & 1) | (base & 7) << 24 | enc_in_index[index];
	unsigned disp = (base & 7) == RBP; /* which has no form without */
	/* sil, dil and the like want a prefix */
	unsigned plain = (word & 0xff) == 0x40 && !(form == ENC_WINDOW_STORE && reg >= 4);
	uint64_t bytes;

	word |= disp << 22;
	if (likely(ENC_WINDOW_SHORT >> form & 1)) {
		enc_word(e, word >> 8 * plain, 4 - plain + disp);
		return;
	}
	if (form & ENC_WINDOW_STORE)
		bytes = (uint64_t)(word >> 8 * plain) << 8 | 0x66;
	else if (plain)
		bytes = (word & ~0xffu) | 0x0f;
	else
		bytes = (word & 0xff) | 0x0f00 | (uint64_t)(word >> 8) << 16;
	enc_word(e, bytes, 5 - plain + disp);
}

#endif
