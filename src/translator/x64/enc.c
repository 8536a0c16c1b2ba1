#include "base/base.h"
#include "translator/x64/enc.h"

#include <string.h>

void enc_init(struct enc *e, uint8_t *start, uint8_t *end, intptr_t exec_delta)
{
	*e = (struct enc){ .start = start, .at = start, .end = end, .exec_delta = exec_delta };
}

void enc_u8(struct enc *e, uint8_t value)
{
	if (unlikely(e->at >= e->end)) {
		e->overflow = true;
		return;
	}
	*e->at++ = value;
}

void enc_u32(struct enc *e, uint32_t value)
{
	if (unlikely(e->end - e->at < 4)) {
		e->overflow = true;
		return;
	}
	memcpy(e->at, &value, 4);
	e->at += 4;
}

static void put_u16(struct enc *e, unsigned value)
{
	enc_u8(e, (uint8_t)value);
	enc_u8(e, (uint8_t)(value >> 8));
}

static void put_u64(struct enc *e, uint64_t value)
{
	enc_u32(e, (uint32_t)value);
	enc_u32(e, (uint32_t)(value >> 32));
}

void enc_align(struct enc *e, unsigned to)
{
	while (((uintptr_t)e->at & (to - 1)) && !e->overflow)
		enc_u8(e, 0xcc);
}

void enc_nop(struct enc *e, unsigned bytes)
{
	static const uint8_t nops[4][4] = { { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0x00 }, { 0x0f, 0x1f, 0x40, 0x00 } };
	while (bytes) {
		unsigned n = MIN(bytes, 4u);
		for (unsigned i = 0; i < n; i++)
			enc_u8(e, nops[n - 1][i]);
		bytes -= n;
	}
}

static bool fits8(int32_t value)
{
	return value >= -128 && value <= 127;
}

/*
 * Room for the longest instruction, 15 bytes, and what the stores below write beyond it. They write first and count then, which is what makes
 * an instruction cheap: nothing here branches on which of its optional bytes it has.
 */
#define ROOM 24

static bool has_room(struct enc *e)
{
	if (likely(e->end - e->at >= ROOM))
		return true;
	e->overflow = true;
	return false;
}

/* ModRM, SIB and displacement of @rm with @reg in the reg field (low 3 bits of both; the rest is in REX or VEX). */
static inline uint8_t *modrm(uint8_t *at, unsigned reg, struct opnd rm)
{
	bool has_index = rm.index != HOST_REG_NONE;
	unsigned mod;

	reg = (reg & 7) << 3;
	if (rm.kind == OPND_REG) {
		*at = (uint8_t)(0xc0 | reg | (rm.reg & 7));
		return at + 1;
	}
	BUG_ON(rm.kind != OPND_MEM || rm.reg >= 16 || rm.index == RSP);
	/* rbp and r13 as base have no form without displacement. */
	mod = fits8(rm.disp) ? rm.disp != 0 || (rm.reg & 7) == RBP : 2;
	if (has_index || (rm.reg & 7) == RSP) {
		*at++ = (uint8_t)(mod << 6 | reg | 4);
		*at++ = (uint8_t)(rm.scale << 6 | (has_index ? rm.index & 7u : 4u) << 3 | (rm.reg & 7));
	} else {
		*at++ = (uint8_t)(mod << 6 | reg | (rm.reg & 7));
	}
	memcpy(at, &rm.disp, 4);
	return at + (mod == 2 ? 4 : mod);
}

static unsigned rex_bits(unsigned reg, struct opnd rm)
{
	unsigned rex = (reg >> 3 & 1) << 2 | (rm.reg >> 3 & 1);
	if (rm.kind == OPND_MEM && rm.index != HOST_REG_NONE)
		rex |= (rm.index >> 3 & 1u) << 1;
	return rex;
}

/* True when @reg as a byte register needs a REX prefix to mean spl, bpl, sil, dil. */
static bool byte_rex(unsigned reg)
{
	return reg >= 4 && reg < 8;
}

/* True when a byte register among the operands (@bytes: bit 0: reg is one, bit 1: rm is one) needs a REX prefix. */
static inline bool force_rex(unsigned reg, struct opnd rm, unsigned bytes)
{
	return (bytes & 1 && byte_rex(reg)) || (bytes & 2 && rm.kind == OPND_REG && byte_rex(rm.reg));
}

/*
 * One instruction with a ModRM byte. @opcode: up to three bytes, 0x0fXX or 0x0f38XX written as such; @prefix: mandatory prefix or 0.
 * @bytes: see force_rex().
 */
static void put_op(struct enc *e, enum width w, unsigned prefix, unsigned opcode, unsigned reg, struct opnd rm, unsigned bytes)
{
	unsigned rex = rex_bits(reg, rm) | (w == W64 ? 8u : 0u);
	uint8_t *at = e->at;

	if (!has_room(e))
		return;
	*at = 0x66;
	at += w == W16;
	*at = (uint8_t)prefix;
	at += prefix != 0;
	*at = (uint8_t)(0x40 | rex);
	at += rex || force_rex(reg, rm, bytes);
	*at = (uint8_t)(opcode >> 16);
	at += opcode > 0xffff;
	*at = (uint8_t)(opcode >> 8);
	at += opcode > 0xff;
	*at++ = (uint8_t)opcode;
	e->at = modrm(at, reg, rm);
}

/* The same for opcodes of one byte: most of what is emitted. */
static void put_short(struct enc *e, enum width w, unsigned opcode, unsigned reg, struct opnd rm, unsigned bytes)
{
	unsigned rex = (w == W64 ? 0x48u : 0x40u) | (reg & 8) >> 1 | (rm.reg & 8) >> 3;
	uint8_t *at = e->at;

	if (!has_room(e))
		return;
	if (unlikely(w == W16))
		*at++ = 0x66;
	if (rm.kind == OPND_REG) {
		*at = (uint8_t)rex;
		at += rex != 0x40 || (bytes && force_rex(reg, rm, bytes));
		at[0] = (uint8_t)opcode;
		at[1] = (uint8_t)(0xc0 | (reg & 7) << 3 | (rm.reg & 7));
		e->at = at + 2;
		return;
	}
	if (rm.index != HOST_REG_NONE)
		rex |= (rm.index & 8u) >> 2;
	*at = (uint8_t)rex;
	at += rex != 0x40 || (bytes & 1 && byte_rex(reg));
	*at++ = (uint8_t)opcode;
	e->at = modrm(at, reg, rm);
}

/* VEX.LZ: @pp 0 none, 1 66, 2 F3, 3 F2; @map 2 0F38, 3 0F3A. */
static void put_vex(struct enc *e, enum width w, unsigned pp, unsigned map, unsigned opcode, unsigned reg, unsigned vvvv, struct opnd rm)
{
	unsigned rex = rex_bits(reg, rm);
	uint8_t *at = e->at;

	if (!has_room(e))
		return;
	*at++ = 0xc4;
	*at++ = (uint8_t)((~rex & 7) << 5 | map);
	*at++ = (uint8_t)((w == W64 ? 0x80u : 0u) | (~vvvv & 15u) << 3 | pp);
	*at++ = (uint8_t)opcode;
	e->at = modrm(at, reg, rm);
}

static void put_imm(struct enc *e, enum width w, int32_t imm)
{
	if (w == W8)
		enc_u8(e, (uint8_t)imm);
	else if (w == W16)
		put_u16(e, (uint16_t)imm);
	else
		enc_u32(e, (uint32_t)imm);
}

void enc_alu(struct enc *e, enum alu_op op, enum width w, struct opnd dst, struct opnd src)
{
	unsigned base = (unsigned)op << 3;
	if (src.kind == OPND_IMM) {
		if (w == W8) {
			put_short(e, w, 0x80, op, dst, 2);
			enc_u8(e, (uint8_t)src.disp);
		} else if (fits8(src.disp)) {
			put_short(e, w, 0x83, op, dst, 0);
			enc_u8(e, (uint8_t)src.disp);
		} else if (opnd_is_reg(dst, RAX) && w >= W32) {
			if (w == W64)
				enc_u8(e, 0x48);
			enc_u8(e, (uint8_t)(base | 5));
			enc_u32(e, (uint32_t)src.disp);
		} else {
			put_short(e, w, 0x81, op, dst, 0);
			put_imm(e, w, src.disp);
		}
	} else if (src.kind == OPND_REG) {
		put_short(e, w, base | (w == W8 ? 0 : 1), src.reg, dst, w == W8 ? 3 : 0);
	} else {
		BUG_ON(dst.kind != OPND_REG);
		put_short(e, w, base | (w == W8 ? 2 : 3), dst.reg, src, w == W8 ? 1 : 0);
	}
}

void enc_test(struct enc *e, enum width w, struct opnd a, struct opnd b)
{
	if (a.kind == OPND_REG && b.kind == OPND_MEM) {
		struct opnd t = a;
		a = b;
		b = t;
	}
	if (b.kind == OPND_REG) {
		put_short(e, w, w == W8 ? 0x84 : 0x85, b.reg, a, w == W8 ? 3 : 0);
		return;
	}
	BUG_ON(b.kind != OPND_IMM);
	if (opnd_is_reg(a, RAX) && w == W8) {
		enc_u8(e, 0xa8);
	} else if (opnd_is_reg(a, RAX) && w == W32) {
		enc_u8(e, 0xa9);
	} else {
		put_short(e, w, w == W8 ? 0xf6 : 0xf7, 0, a, w == W8 ? 2 : 0);
	}
	put_imm(e, w, b.disp);
}

void enc_mov(struct enc *e, enum width w, struct opnd dst, struct opnd src)
{
	if (src.kind == OPND_IMM) {
		if (dst.kind == OPND_REG && w == W32) {
			if (dst.reg >= 8)
				enc_u8(e, 0x41);
			enc_u8(e, (uint8_t)(0xb8 | (dst.reg & 7)));
			enc_u32(e, (uint32_t)src.disp);
			return;
		}
		put_short(e, w, w == W8 ? 0xc6 : 0xc7, 0, dst, w == W8 ? 2 : 0);
		put_imm(e, w, src.disp);
	} else if (src.kind == OPND_REG) {
		put_short(e, w, w == W8 ? 0x88 : 0x89, src.reg, dst, w == W8 ? 3 : 0);
	} else {
		BUG_ON(dst.kind != OPND_REG);
		put_short(e, w, w == W8 ? 0x8a : 0x8b, dst.reg, src, w == W8 ? 1 : 0);
	}
}

void enc_mov_imm64(struct enc *e, unsigned reg, uint64_t value)
{
	if (value <= UINT32_MAX) {
		enc_mov(e, W32, opnd_reg(reg), opnd_imm((uint32_t)value));
		return;
	}
	enc_u8(e, (uint8_t)(0x48 | reg >> 3));
	enc_u8(e, (uint8_t)(0xb8 | (reg & 7)));
	put_u64(e, value);
}

void enc_movzx(struct enc *e, enum width from, unsigned dst, struct opnd src)
{
	BUG_ON(from > W16);
	put_op(e, W32, 0, from == W8 ? 0x0fb6 : 0x0fb7, dst, src, from == W8 ? 2 : 0);
}

void enc_movsx(struct enc *e, enum width to, enum width from, unsigned dst, struct opnd src)
{
	if (from == W32)
		put_short(e, W64, 0x63, dst, src, 0);
	else
		put_op(e, to, 0, from == W8 ? 0x0fbe : 0x0fbf, dst, src, from == W8 ? 2 : 0);
}

void enc_lea(struct enc *e, enum width w, unsigned dst, struct opnd mem)
{
	BUG_ON(mem.kind != OPND_MEM);
	put_short(e, w, 0x8d, dst, mem, 0);
}

void enc_not(struct enc *e, enum width w, struct opnd dst)
{
	put_short(e, w, 0xf7, 2, dst, 0);
}

void enc_neg(struct enc *e, enum width w, struct opnd dst)
{
	put_short(e, w, 0xf7, 3, dst, 0);
}

void enc_shift(struct enc *e, enum host_shift_op op, enum width w, struct opnd dst, unsigned count)
{
	BUG_ON(count == 0 || count > 63 || w == W8);
	if (count == 1) {
		put_short(e, w, 0xd1, op, dst, 0);
		return;
	}
	put_short(e, w, 0xc1, op, dst, 0);
	enc_u8(e, (uint8_t)count);
}

void enc_shift_cl(struct enc *e, enum host_shift_op op, enum width w, struct opnd dst)
{
	put_short(e, w, 0xd3, op, dst, 0);
}

void enc_shiftx(struct enc *e, enum bmi_shift op, enum width w, unsigned dst, struct opnd src, unsigned count)
{
	static const uint8_t pp[] = { [BMI_SHLX] = 1, [BMI_SHRX] = 3, [BMI_SARX] = 2 };
	put_vex(e, w, pp[op], 2, 0xf7, dst, count, src);
}

void enc_rorx(struct enc *e, enum width w, unsigned dst, struct opnd src, unsigned count)
{
	put_vex(e, w, 3, 3, 0xf0, dst, 0, src);
	enc_u8(e, (uint8_t)count);
}

void enc_andn(struct enc *e, enum width w, unsigned dst, unsigned inverted, struct opnd src)
{
	put_vex(e, w, 0, 2, 0xf2, dst, inverted, src);
}

void enc_pext(struct enc *e, unsigned dst, unsigned src, struct opnd mask)
{
	put_vex(e, W32, 2, 2, 0xf5, dst, src, mask);
}

void enc_pdep(struct enc *e, unsigned dst, unsigned src, struct opnd mask)
{
	put_vex(e, W32, 3, 2, 0xf5, dst, src, mask);
}

void enc_imul(struct enc *e, enum width w, unsigned dst, struct opnd src)
{
	put_op(e, w, 0, 0x0faf, dst, src, 0);
}

void enc_imul_imm(struct enc *e, enum width w, unsigned dst, struct opnd src, int32_t imm)
{
	put_short(e, w, fits8(imm) ? 0x6b : 0x69, dst, src, 0);
	if (fits8(imm))
		enc_u8(e, (uint8_t)imm);
	else
		enc_u32(e, (uint32_t)imm);
}

void enc_lzcnt(struct enc *e, enum width w, unsigned dst, struct opnd src)
{
	put_op(e, w, 0xf3, 0x0fbd, dst, src, 0);
}

void enc_bsr(struct enc *e, enum width w, unsigned dst, struct opnd src)
{
	put_op(e, w, 0, 0x0fbd, dst, src, 0);
}

void enc_bt(struct enc *e, enum width w, struct opnd src, unsigned bit)
{
	put_op(e, w, 0, 0x0fba, 4, src, 0);
	enc_u8(e, (uint8_t)bit);
}

void enc_bswap(struct enc *e, enum width w, unsigned reg)
{
	unsigned rex = reg >> 3 | (w == W64 ? 8u : 0u);
	if (rex)
		enc_u8(e, (uint8_t)(0x40 | rex));
	enc_u8(e, 0x0f);
	enc_u8(e, (uint8_t)(0xc8 | (reg & 7)));
}

void enc_movbe_load(struct enc *e, enum width w, unsigned dst, struct opnd mem)
{
	put_op(e, w, 0, 0x0f38f0, dst, mem, 0);
}

void enc_movbe_store(struct enc *e, enum width w, struct opnd mem, unsigned src)
{
	put_op(e, w, 0, 0x0f38f1, src, mem, 0);
}

void enc_cmpxchg(struct enc *e, enum width w, struct opnd mem, unsigned src, bool lock)
{
	if (lock)
		enc_u8(e, 0xf0);
	put_op(e, w, 0, 0x0fb1, src, mem, 0);
}

void enc_xchg(struct enc *e, enum width w, unsigned a, unsigned b)
{
	put_short(e, w, 0x87, a, opnd_reg(b), 0);
}

void enc_cmov(struct enc *e, enum host_cc cc, unsigned dst, struct opnd src)
{
	put_op(e, W32, 0, 0x0f40u | (unsigned)cc, dst, src, 0);
}

void enc_setcc(struct enc *e, enum host_cc cc, struct opnd dst)
{
	put_op(e, W8, 0, 0x0f90u | (unsigned)cc, 0, dst, 2);
}

void enc_lahf(struct enc *e)
{
	enc_u8(e, 0x9f);
}

void enc_sahf(struct enc *e)
{
	enc_u8(e, 0x9e);
}

void enc_cmc(struct enc *e)
{
	enc_u8(e, 0xf5);
}

void enc_clc(struct enc *e)
{
	enc_u8(e, 0xf8);
}

void enc_stc(struct enc *e)
{
	enc_u8(e, 0xf9);
}

void enc_push(struct enc *e, unsigned reg)
{
	if (reg >= 8)
		enc_u8(e, 0x41);
	enc_u8(e, (uint8_t)(0x50 | (reg & 7)));
}

void enc_push_imm(struct enc *e, int32_t imm)
{
	enc_u8(e, 0x68);
	enc_u32(e, (uint32_t)imm);
}

void enc_pop(struct enc *e, unsigned reg)
{
	if (reg >= 8)
		enc_u8(e, 0x41);
	enc_u8(e, (uint8_t)(0x58 | (reg & 7)));
}

void enc_pushfq(struct enc *e)
{
	enc_u8(e, 0x9c);
}

void enc_popfq(struct enc *e)
{
	enc_u8(e, 0x9d);
}

void enc_ret(struct enc *e)
{
	enc_u8(e, 0xc3);
}

void enc_int3(struct enc *e)
{
	enc_u8(e, 0xcc);
}

/* --- jumps --- */

uint8_t *enc_jcc32(struct enc *e, enum host_cc cc)
{
	const uint64_t bytes = 0x800f | (uint64_t)cc << 8;

	if (has_room(e)) {
		memcpy(e->at, &bytes, 8);
		e->at += 6;
	}
	return e->at - 4;
}

uint8_t *enc_jcc8(struct enc *e, enum host_cc cc)
{
	enc_u8(e, (uint8_t)(0x70 | cc));
	enc_u8(e, 0);
	return e->at - 1;
}

uint8_t *enc_jmp32(struct enc *e)
{
	if (has_room(e)) {
		memcpy(e->at, (const uint8_t[8]){ 0xe9 }, 8);
		e->at += 5;
	}
	return e->at - 4;
}

uint8_t *enc_jmp8(struct enc *e)
{
	enc_u8(e, 0xeb);
	enc_u8(e, 0);
	return e->at - 1;
}

void enc_patch32(struct enc *e, uint8_t *where, const uint8_t *target)
{
	if (e->overflow)
		return;
	intptr_t distance = target - (where + 4 + e->exec_delta);
	BUG_ON(distance != (int32_t)distance);
	int32_t rel = (int32_t)distance;
	memcpy(where, &rel, 4);
}

void enc_bind32(struct enc *e, uint8_t *where)
{
	enc_patch32(e, where, enc_here(e));
}

bool enc_bind8(struct enc *e, uint8_t *where)
{
	if (e->overflow)
		return true;
	intptr_t distance = e->at - (where + 1);
	if (distance > 127)
		return false;
	*where = (uint8_t)distance;
	return true;
}

void enc_jcc_to(struct enc *e, enum host_cc cc, const uint8_t *target)
{
	enc_patch32(e, enc_jcc32(e, cc), target);
}

void enc_jmp_to(struct enc *e, const uint8_t *target)
{
	enc_patch32(e, enc_jmp32(e), target);
}

void enc_call_to(struct enc *e, const uint8_t *target)
{
	enc_u8(e, 0xe8);
	enc_u32(e, 0);
	enc_patch32(e, e->at - 4, target);
}

void enc_jmp_opnd(struct enc *e, struct opnd target)
{
	put_short(e, W32, 0xff, 4, target, 0);
}

void enc_call_opnd(struct enc *e, struct opnd target)
{
	put_short(e, W32, 0xff, 2, target, 0);
}
