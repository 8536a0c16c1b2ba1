/* enc_sse.c - SSE and AVX forms of the encoder. */
#include "base/base.h"
#include "translator/x64/enc_sse.h"

/* ModRM and what follows. @trailing: bytes of the instruction behind the displacement. */
static void put_modrm(const struct enc_sse *s, unsigned reg, struct opnd rm, unsigned trailing)
{
	struct enc *e = s->enc;
	bool small;

	reg = (reg & 7) << 3;
	if (rm.kind == OPND_REG) {
		enc_u8(e, (uint8_t)(0xc0 | reg | (rm.reg & 7)));
		return;
	}
	BUG_ON(rm.kind != OPND_MEM);
	if (rm.reg == HOST_REG_NONE) {
		enc_u8(e, (uint8_t)(reg | 5));
		enc_u32(e, (uint32_t)(s->pool + rm.disp - (enc_here(e) + 4 + trailing)));
		return;
	}
	small = rm.disp >= -128 && rm.disp <= 127;
	enc_u8(e, (uint8_t)((small ? 0x40u : 0x80u) | reg | (rm.index != OPND_NO_INDEX ? 4 : rm.reg & 7)));
	if (rm.index != OPND_NO_INDEX)
		enc_u8(e, (uint8_t)(rm.scale << 6 | (rm.index & 7) << 3 | (rm.reg & 7)));
	else if ((rm.reg & 7) == RSP)
		enc_u8(e, 0x24);
	if (small)
		enc_u8(e, (uint8_t)rm.disp);
	else
		enc_u32(e, (uint32_t)rm.disp);
}

static unsigned high_bit(struct opnd rm)
{
	return rm.reg != HOST_REG_NONE ? rm.reg >> 3 & 1u : 0;
}

static unsigned index_bit(struct opnd rm)
{
	return rm.kind == OPND_MEM && rm.index != OPND_NO_INDEX ? rm.index >> 3 & 1u : 0;
}

static void put_vex(const struct enc_sse *s, unsigned op, enum width w, unsigned reg, unsigned vvvv, struct opnd rm)
{
	unsigned prefix = op >> 12 & 3, map = op >> 8 & 15, b = high_bit(rm), i = index_bit(rm);

	if (map == 1 && !b && !i && w != W64) {
		enc_u8(s->enc, 0xc5);
		enc_u8(s->enc, (uint8_t)((~reg >> 3 & 1) << 7 | (~vvvv & 15) << 3 | prefix));
	} else {
		enc_u8(s->enc, 0xc4);
		enc_u8(s->enc, (uint8_t)((~reg >> 3 & 1) << 7 | (i ^ 1) << 6 | (b ^ 1) << 5 | map));
		enc_u8(s->enc, (uint8_t)((w == W64 ? 0x80u : 0u) | (~vvvv & 15) << 3 | prefix));
	}
	enc_u8(s->enc, (uint8_t)op);
}

static void put_legacy(const struct enc_sse *s, unsigned op, enum width w, unsigned reg, struct opnd rm)
{
	static const uint8_t prefixes[] = { 0, 0x66, 0xf3, 0xf2 };
	unsigned prefix = prefixes[op >> 12 & 3], map = op >> 8 & 15;
	unsigned rex = (w == W64 ? 8u : 0u) | (reg >> 3 & 1) << 2 | index_bit(rm) << 1 | high_bit(rm);

	if (prefix)
		enc_u8(s->enc, (uint8_t)prefix);
	if (rex)
		enc_u8(s->enc, (uint8_t)(0x40 | rex));
	enc_u8(s->enc, 0x0f);
	if (map != 1)
		enc_u8(s->enc, map == 2 ? 0x38 : 0x3a);
	enc_u8(s->enc, (uint8_t)op);
}

static void put(const struct enc_sse *s, unsigned op, enum width w, unsigned reg, unsigned vvvv, struct opnd rm, unsigned trailing)
{
	if (s->avx)
		put_vex(s, op, w, reg, vvvv, rm);
	else
		put_legacy(s, op, w, reg, rm);
	put_modrm(s, reg, rm, trailing);
}

static void put3(const struct enc_sse *s, enum sse_op op, unsigned dst, unsigned a, struct opnd b, unsigned trailing)
{
	if (!s->avx && dst != a) {
		if (opnd_is_reg(b, dst)) {
			BUG_ON(!(op & SSE_COMM));
			b = opnd_reg(a);
		} else {
			put_legacy(s, SSE_MOVAPS, W32, dst, opnd_reg(a));
			put_modrm(s, dst, opnd_reg(a), 0);
		}
	}
	put(s, op, W32, dst, a, b, trailing);
}

void sse_op3(const struct enc_sse *s, enum sse_op op, unsigned dst, unsigned a, struct opnd b)
{
	put3(s, op, dst, a, b, 0);
}

void sse_op3i(const struct enc_sse *s, enum sse_op op, unsigned dst, unsigned a, struct opnd b, unsigned imm)
{
	put3(s, op, dst, a, b, 1);
	enc_u8(s->enc, (uint8_t)imm);
}

void sse_op2(const struct enc_sse *s, enum sse_op op, enum width w, unsigned dst, struct opnd src)
{
	/* two-register moves of scalars have a third operand in VEX: not these */
	BUG_ON(src.kind == OPND_REG && (op == SSE_MOVSS || op == SSE_MOVSD || op == SSE_MOVHPS));
	put(s, op, w, dst, 0, src, 0);
}

void sse_op2i(const struct enc_sse *s, enum sse_op op, unsigned dst, struct opnd src, unsigned imm)
{
	put(s, op, W32, dst, 0, src, 1);
	enc_u8(s->enc, (uint8_t)imm);
}

void sse_cvt(const struct enc_sse *s, enum sse_op op, enum width w, unsigned dst, unsigned upper, struct opnd src)
{
	put(s, op, w, dst, s->avx ? upper : 0, src, 0);
}

void sse_alu_pool(const struct enc_sse *s, enum alu_op op, unsigned reg, struct opnd constant)
{
	enc_u8(s->enc, (uint8_t)(0x48 | (reg >> 3 & 1) << 2));
	enc_u8(s->enc, (uint8_t)((unsigned)op << 3 | 3));
	put_modrm(s, reg, constant, 0);
}

void sse_ldmxcsr(struct enc *e, struct opnd mem)
{
	const struct enc_sse s = { .enc = e };

	put_legacy(&s, SSE_OPCODE(0, 1, 0xae), W32, 2, mem);
	put_modrm(&s, 2, mem, 0);
}

void sse_shift(const struct enc_sse *s, enum sse_shift op, unsigned dst, unsigned a, unsigned count)
{
	unsigned ext = (unsigned)op >> 20, opcode = (unsigned)op & 0xfffff;

	if (s->avx) {
		put_vex(s, opcode, W32, ext, dst, opnd_reg(a));
		put_modrm(s, ext, opnd_reg(a), 1);
	} else {
		if (dst != a)
			sse_op2(s, SSE_MOVAPS, W32, dst, opnd_reg(a));
		put_legacy(s, opcode, W32, ext, opnd_reg(dst));
		put_modrm(s, ext, opnd_reg(dst), 1);
	}
	enc_u8(s->enc, (uint8_t)count);
}
