/* format.h - struct insn as text in Capstone's spelling, for comparison with it. */
#ifndef DBTVM_TESTS_TRANSLATOR_DECODE_FORMAT_H
#define DBTVM_TESTS_TRANSLATOR_DECODE_FORMAT_H

#include "base/base.h"
#include "translator/decode/insn.h"

/* A growing string in a caller's buffer; what does not fit is cut. */
struct text {
	char *buf;
	size_t size, len;
};
void text_put(struct text *t, const char *format, ...) PRINTF_LIKE(2, 3);

/* "mnemonic operands" of @insn at address @addr in @buf. Numbers are unsigned decimals (negative ones modulo 2^32). */
void format_insn(const struct insn *insn, uint32_t addr, char *buf, size_t size);
/* Capstone's text with its numbers in the same form and without the spellings that mean the same. */
void format_normalize(const char *mnemonic, const char *operands, char *buf, size_t size);
/* An A32 modified immediate that Capstone writes as "#value, #rotation", in @text as the value it stands for. */
void format_fold_rotation(char *text);

/* --- between format.c and format_fp.c --- */
const char *format_reg(unsigned reg);
const char *format_cond(unsigned cond);
/* False when @insn is no VFP or Advanced SIMD instruction. */
bool format_fp(struct text *t, const struct insn *insn);

#endif
