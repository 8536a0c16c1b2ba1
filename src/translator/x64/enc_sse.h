/*
 * enc_sse.h - SSE and AVX forms of the encoder. One call emits one operation: a VEX instruction when @avx, else the SSE one with a copy of
 * the first source before it where that is needed.
 *
 * Operands: xmm numbers 0-15; memory with base HOST_REG_NONE is the pool of constants: disp is the distance from its start.
 */
#ifndef DBTVM_TRANSLATOR_X64_ENC_SSE_H
#define DBTVM_TRANSLATOR_X64_ENC_SSE_H

#include "translator/x64/enc.h"

/* Mandatory prefix (0 none, 1 66, 2 F3, 3 F2), opcode map (1 0F, 2 0F38, 3 0F3A), opcode; flags. */
#define SSE_OPCODE(prefix, map, opcode) ((prefix) << 12 | (map) << 8 | (opcode))
#define SSE_COMM 0x10000u   /* the sources may change places */
enum sse_op {
	SSE_MOVAPS = SSE_OPCODE(0, 1, 0x28), SSE_MOVUPS = SSE_OPCODE(0, 1, 0x10), SSE_MOVUPS_ST = SSE_OPCODE(0, 1, 0x11),
	SSE_MOVSS = SSE_OPCODE(2, 1, 0x10), SSE_MOVSS_ST = SSE_OPCODE(2, 1, 0x11),
	SSE_MOVSD = SSE_OPCODE(3, 1, 0x10), SSE_MOVSD_ST = SSE_OPCODE(3, 1, 0x11), SSE_MOVHPS = SSE_OPCODE(0, 1, 0x16),
	SSE_MOVD = SSE_OPCODE(1, 1, 0x6e), SSE_MOVD_ST = SSE_OPCODE(1, 1, 0x7e), SSE_MOVMSKPS = SSE_OPCODE(0, 1, 0x50),
	SSE_ADDSS = SSE_OPCODE(2, 1, 0x58), SSE_ADDSD = SSE_OPCODE(3, 1, 0x58), SSE_ADDPS = SSE_OPCODE(0, 1, 0x58) | SSE_COMM,
	SSE_SUBSS = SSE_OPCODE(2, 1, 0x5c), SSE_SUBSD = SSE_OPCODE(3, 1, 0x5c), SSE_SUBPS = SSE_OPCODE(0, 1, 0x5c),
	SSE_MULSS = SSE_OPCODE(2, 1, 0x59), SSE_MULSD = SSE_OPCODE(3, 1, 0x59), SSE_MULPS = SSE_OPCODE(0, 1, 0x59) | SSE_COMM,
	SSE_DIVSS = SSE_OPCODE(2, 1, 0x5e), SSE_DIVSD = SSE_OPCODE(3, 1, 0x5e),
	SSE_SQRTSS = SSE_OPCODE(2, 1, 0x51), SSE_SQRTSD = SSE_OPCODE(3, 1, 0x51),
	SSE_UCOMISS = SSE_OPCODE(0, 1, 0x2e), SSE_UCOMISD = SSE_OPCODE(1, 1, 0x2e),
	SSE_CVTSS2SD = SSE_OPCODE(2, 1, 0x5a), SSE_CVTSD2SS = SSE_OPCODE(3, 1, 0x5a),
	SSE_CVTSI2SS = SSE_OPCODE(2, 1, 0x2a), SSE_CVTSI2SD = SSE_OPCODE(3, 1, 0x2a),
	SSE_CVTTSS2SI = SSE_OPCODE(2, 1, 0x2c), SSE_CVTTSD2SI = SSE_OPCODE(3, 1, 0x2c),
	SSE_CVTSS2SI = SSE_OPCODE(2, 1, 0x2d), SSE_CVTSD2SI = SSE_OPCODE(3, 1, 0x2d),
	SSE_CVTDQ2PS = SSE_OPCODE(0, 1, 0x5b), SSE_CVTTPS2DQ = SSE_OPCODE(2, 1, 0x5b),
	SSE_CMPPS = SSE_OPCODE(0, 1, 0xc2), SSE_MAXPS = SSE_OPCODE(0, 1, 0x5f), SSE_MINPS = SSE_OPCODE(0, 1, 0x5d),
	SSE_XORPS = SSE_OPCODE(0, 1, 0x57) | SSE_COMM, SSE_ANDPS = SSE_OPCODE(0, 1, 0x54) | SSE_COMM,
	SSE_SHUFPS = SSE_OPCODE(0, 1, 0xc6),
	SSE_PAND = SSE_OPCODE(1, 1, 0xdb) | SSE_COMM, SSE_PANDN = SSE_OPCODE(1, 1, 0xdf), SSE_POR = SSE_OPCODE(1, 1, 0xeb) | SSE_COMM,
	SSE_PXOR = SSE_OPCODE(1, 1, 0xef) | SSE_COMM,
	SSE_PADDB = SSE_OPCODE(1, 1, 0xfc) | SSE_COMM, SSE_PADDW = SSE_OPCODE(1, 1, 0xfd) | SSE_COMM,
	SSE_PADDD = SSE_OPCODE(1, 1, 0xfe) | SSE_COMM, SSE_PADDQ = SSE_OPCODE(1, 1, 0xd4) | SSE_COMM,
	SSE_PSUBB = SSE_OPCODE(1, 1, 0xf8), SSE_PSUBW = SSE_OPCODE(1, 1, 0xf9), SSE_PSUBD = SSE_OPCODE(1, 1, 0xfa), SSE_PSUBQ = SSE_OPCODE(1, 1, 0xfb),
	SSE_PADDSB = SSE_OPCODE(1, 1, 0xec), SSE_PADDSW = SSE_OPCODE(1, 1, 0xed), SSE_PADDUSB = SSE_OPCODE(1, 1, 0xdc), SSE_PADDUSW = SSE_OPCODE(1, 1, 0xdd),
	SSE_PSUBSB = SSE_OPCODE(1, 1, 0xe8), SSE_PSUBSW = SSE_OPCODE(1, 1, 0xe9), SSE_PSUBUSB = SSE_OPCODE(1, 1, 0xd8), SSE_PSUBUSW = SSE_OPCODE(1, 1, 0xd9),
	SSE_PCMPEQB = SSE_OPCODE(1, 1, 0x74) | SSE_COMM, SSE_PCMPEQW = SSE_OPCODE(1, 1, 0x75) | SSE_COMM,
	SSE_PCMPEQD = SSE_OPCODE(1, 1, 0x76) | SSE_COMM, SSE_PCMPEQQ = SSE_OPCODE(1, 2, 0x29) | SSE_COMM,
	SSE_PCMPGTB = SSE_OPCODE(1, 1, 0x64), SSE_PCMPGTW = SSE_OPCODE(1, 1, 0x65), SSE_PCMPGTD = SSE_OPCODE(1, 1, 0x66), SSE_PCMPGTQ = SSE_OPCODE(1, 2, 0x37),
	SSE_PMAXSB = SSE_OPCODE(1, 2, 0x3c) | SSE_COMM, SSE_PMAXSW = SSE_OPCODE(1, 1, 0xee) | SSE_COMM, SSE_PMAXSD = SSE_OPCODE(1, 2, 0x3d) | SSE_COMM,
	SSE_PMAXUB = SSE_OPCODE(1, 1, 0xde) | SSE_COMM, SSE_PMAXUW = SSE_OPCODE(1, 2, 0x3e) | SSE_COMM, SSE_PMAXUD = SSE_OPCODE(1, 2, 0x3f) | SSE_COMM,
	SSE_PMINSB = SSE_OPCODE(1, 2, 0x38) | SSE_COMM, SSE_PMINSW = SSE_OPCODE(1, 1, 0xea) | SSE_COMM, SSE_PMINSD = SSE_OPCODE(1, 2, 0x39) | SSE_COMM,
	SSE_PMINUB = SSE_OPCODE(1, 1, 0xda) | SSE_COMM, SSE_PMINUW = SSE_OPCODE(1, 2, 0x3a) | SSE_COMM, SSE_PMINUD = SSE_OPCODE(1, 2, 0x3b) | SSE_COMM,
	SSE_PMULLW = SSE_OPCODE(1, 1, 0xd5) | SSE_COMM, SSE_PMULLD = SSE_OPCODE(1, 2, 0x40) | SSE_COMM,
	SSE_PMULDQ = SSE_OPCODE(1, 2, 0x28) | SSE_COMM, SSE_PMULUDQ = SSE_OPCODE(1, 1, 0xf4) | SSE_COMM,
	SSE_PAVGB = SSE_OPCODE(1, 1, 0xe0) | SSE_COMM, SSE_PAVGW = SSE_OPCODE(1, 1, 0xe3) | SSE_COMM,
	SSE_PHADDW = SSE_OPCODE(1, 2, 0x01), SSE_PHADDD = SSE_OPCODE(1, 2, 0x02), SSE_PSHUFB = SSE_OPCODE(1, 2, 0x00),
	SSE_PABSB = SSE_OPCODE(1, 2, 0x1c), SSE_PABSW = SSE_OPCODE(1, 2, 0x1d), SSE_PABSD = SSE_OPCODE(1, 2, 0x1e),
	SSE_PACKSSWB = SSE_OPCODE(1, 1, 0x63), SSE_PACKSSDW = SSE_OPCODE(1, 1, 0x6b), SSE_PACKUSWB = SSE_OPCODE(1, 1, 0x67), SSE_PACKUSDW = SSE_OPCODE(1, 2, 0x2b),
	SSE_PUNPCKLBW = SSE_OPCODE(1, 1, 0x60), SSE_PUNPCKLWD = SSE_OPCODE(1, 1, 0x61), SSE_PUNPCKLDQ = SSE_OPCODE(1, 1, 0x62), SSE_PUNPCKLQDQ = SSE_OPCODE(1, 1, 0x6c),
	SSE_PUNPCKHBW = SSE_OPCODE(1, 1, 0x68), SSE_PUNPCKHWD = SSE_OPCODE(1, 1, 0x69), SSE_PUNPCKHDQ = SSE_OPCODE(1, 1, 0x6a), SSE_PUNPCKHQDQ = SSE_OPCODE(1, 1, 0x6d),
	SSE_PMOVSXBW = SSE_OPCODE(1, 2, 0x20), SSE_PMOVSXWD = SSE_OPCODE(1, 2, 0x23), SSE_PMOVSXDQ = SSE_OPCODE(1, 2, 0x25),
	SSE_PMOVZXBW = SSE_OPCODE(1, 2, 0x30), SSE_PMOVZXWD = SSE_OPCODE(1, 2, 0x33), SSE_PMOVZXDQ = SSE_OPCODE(1, 2, 0x35),
	SSE_PSHUFD = SSE_OPCODE(1, 1, 0x70), SSE_PSHUFLW = SSE_OPCODE(3, 1, 0x70), SSE_PALIGNR = SSE_OPCODE(1, 3, 0x0f),
	SSE_MOVQ = SSE_OPCODE(2, 1, 0x7e), SSE_PTEST = SSE_OPCODE(1, 2, 0x17), SSE_PMOVMSKB = SSE_OPCODE(1, 1, 0xd7),
};
/* Shifts by an immediate: opcode and the ModRM extension in bits 23:20. */
#define SSE_SHIFT(opcode, ext) (SSE_OPCODE(1, 1, opcode) | (ext) << 20)
enum sse_shift {
	SSE_PSRLW = SSE_SHIFT(0x71, 2), SSE_PSRAW = SSE_SHIFT(0x71, 4), SSE_PSLLW = SSE_SHIFT(0x71, 6),
	SSE_PSRLD = SSE_SHIFT(0x72, 2), SSE_PSRAD = SSE_SHIFT(0x72, 4), SSE_PSLLD = SSE_SHIFT(0x72, 6),
	SSE_PSRLQ = SSE_SHIFT(0x73, 2), SSE_PSLLQ = SSE_SHIFT(0x73, 6), SSE_PSRLDQ = SSE_SHIFT(0x73, 3), SSE_PSLLDQ = SSE_SHIFT(0x73, 7),
};

struct enc_sse {
	struct enc *enc;
	const uint8_t *pool; /* executable address of the constants */
	bool avx;
};

/* dst = a op b */
void sse_op3(const struct enc_sse *s, enum sse_op op, unsigned dst, unsigned a, struct opnd b);
/* dst = a op b, imm */
void sse_op3i(const struct enc_sse *s, enum sse_op op, unsigned dst, unsigned a, struct opnd b, unsigned imm);
/* dst = op src, and all that is written as if: loads, compares, conversions. @w W64: REX.W. For stores dst is the source. */
void sse_op2(const struct enc_sse *s, enum sse_op op, enum width w, unsigned dst, struct opnd src);
void sse_op2i(const struct enc_sse *s, enum sse_op op, unsigned dst, struct opnd src, unsigned imm);
/* The same for those that have a first source which counts (scalar conversions and roots): its upper part goes to dst. */
void sse_cvt(const struct enc_sse *s, enum sse_op op, enum width w, unsigned dst, unsigned upper, struct opnd src);
/* 64 bits: @reg op= the constant, or compares with it */
void sse_alu_pool(const struct enc_sse *s, enum alu_op op, unsigned reg, struct opnd constant);
void sse_ldmxcsr(struct enc *e, struct opnd mem);
void sse_shift(const struct enc_sse *s, enum sse_shift op, unsigned dst, unsigned a, unsigned count);

#endif
