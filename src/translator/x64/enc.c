#include "base/base.h"
#include "translator/x64/enc.h"

void enc_init(struct enc *e, uint8_t *start, uint8_t *end, intptr_t exec_delta)
{
	*e = (struct enc){ .at = start, .limit = (uintptr_t)end - ENC_ROOM, .start = start, .end = end, .exec_delta = exec_delta };
}

void enc_align(struct enc *e, unsigned to)
{
	unsigned pad = (0u - (unsigned)(uintptr_t)e->at) & (to - 1);

	for (; pad > 8; pad -= 8)
		enc_word(e, 0xcccccccccccccccc, 8);
	enc_word(e, 0xcccccccccccccccc, pad);
}

void enc_nop(struct enc *e, unsigned bytes)
{
	static const uint32_t nops[4] = { 0x90, 0x9066, 0x001f0f, 0x00401f0f };

	for (; bytes > 4; bytes -= 4)
		enc_word(e, nops[3], 4);
	if (bytes)
		enc_word(e, nops[bytes - 1], bytes);
}

/* True when @reg as a byte register needs a REX prefix to mean spl, bpl, sil, dil. */
static bool byte_rex(unsigned reg)
{
	return reg >= 4 && reg < 8;
}

/* The prefixes that few instructions have, and whether a byte register needs REX. */
static __attribute__((noinline)) uint8_t *put_prefixes(uint8_t *at, uint64_t op, unsigned reg, struct opnd rm, bool *rex)
{
	if (op & ENC_W16)
		*at++ = 0x66;
	if (op >> 32 & 0xff)
		*at++ = (uint8_t)(op >> 32);
	*rex = (op & ENC_BYTE_REG && byte_rex(reg)) || (op & ENC_BYTE_RM && rm.kind == OPND_REG && byte_rex(rm.reg));
	return at;
}

#define ALL_REGISTERS(M) M(0), M(1), M(2), M(3), M(4), M(5), M(6), M(7), M(8), M(9), M(10), M(11), M(12), M(13), M(14), M(15)
#define IN_REG(r) ((r) >> 3 << 2 | ((r) & 7) << 19)
#define IN_RM(r) ((r) >> 3 | ((r) & 7) << 16)
#define IN_SIB_INDEX(r) ((r) >> 3 << 1 | ((r) & 7u) << 27)
#define IN_SIB_BASE(r) ((r) >> 3 | 4 << 16 | ((r) & 7) << 24)
const uint32_t enc_in_reg[16] = { ALL_REGISTERS(IN_REG) }, enc_in_rm[16] = { ALL_REGISTERS(IN_RM) }, enc_in_index[16] = { ALL_REGISTERS(IN_SIB_INDEX) };
static const uint32_t in_sib_base[16] = { ALL_REGISTERS(IN_SIB_BASE) };

/* An instruction that begins with @head, as ENC_HEAD() has it; *size: its bytes. */
static inline uint64_t with_memory(uint32_t head, unsigned reg, struct opnd mem, unsigned *size)
{
	uint32_t word = head | enc_in_reg[reg];

	BUG_ON(mem.kind != OPND_MEM);
	/* rbp and r13 as base have no form without displacement. */
	if (!enc_fits8(mem.disp)) {
		word |= 0x80 << 16;
		*size = 7;
	} else if (mem.disp || (mem.reg & 7) == RBP) {
		word |= 0x40 << 16;
		*size = 4;
	} else {
		*size = 3;
	}
	if (likely(mem.index == OPND_NO_INDEX && (mem.reg & 7) != RSP))
		return (uint64_t)(uint32_t)mem.disp << 24 | word | enc_in_rm[mem.reg];
	*size += 1;
	return (uint64_t)(uint32_t)mem.disp << 32 | word | in_sib_base[mem.reg] | enc_in_index[mem.index] | (uint32_t)mem.scale << 30;
}

/* [rbp + a signed byte], as most memory is that is not the guest's. */
static inline bool is_near_field(struct opnd o)
{
	static const struct opnd at_rbp = { .kind = OPND_MEM, .reg = RBP, .index = OPND_NO_INDEX };

	static_assert(offsetof(struct opnd, disp) == 4, "all but the displacement at once");
	return memcmp(&o, &at_rbp, 4) == 0 && enc_fits8(o.disp);
}

void enc_put_mem(struct enc *e, uint32_t head, unsigned reg, struct opnd mem)
{
	unsigned size, plain;
	uint64_t word;

	if (likely(is_near_field(mem))) {
		word = head | 0x45 << 16 | enc_in_reg[reg] | (uint32_t)mem.disp << 24;
		size = 4;
	} else {
		word = with_memory(head, reg, mem, &size);
	}
	plain = (word & 0xff) == 0x40;
	enc_word(e, word >> 8 * plain, size - plain);
}

void enc_put(struct enc *e, uint64_t op, unsigned reg, struct opnd rm, int32_t imm)
{
	uint32_t head = 0x40 | (op >> 28 & 8);
	uint64_t word;
	unsigned size = 3;
	uint8_t *at = e->at;
	bool force = false;

	if (!enc_has_room(e))
		return;
	if (rm.kind == OPND_REG)
		word = head | 0xc0 << 16 | enc_in_reg[reg] | enc_in_rm[rm.reg];
	else
		word = with_memory(head, reg, rm, &size);
	if (unlikely(op >> 32))
		at = put_prefixes(at, op, reg, rm, &force);
	*at = (uint8_t)word;
	at += (uint8_t)word != 0x40 || force;
	memcpy(at, &op, 4);
	at += op >> 24 & 3;
	word >>= 16;
	memcpy(at, &word, 8);
	at += size - 2;
	memcpy(at, &imm, 4);
	e->at = at + (op >> 26 & 7);
}

/* VEX.LZ: @pp 0 none, 1 66, 2 F3, 3 F2; @map 2 0F38, 3 0F3A. */
static void put_vex(struct enc *e, enum width w, unsigned pp, unsigned map, unsigned opcode, unsigned reg, unsigned vvvv, struct opnd rm)
{
	unsigned size = 3;
	uint64_t word = rm.kind == OPND_REG ? 0xc0 << 16 | enc_in_reg[reg] | enc_in_rm[rm.reg] : with_memory(0, reg, rm, &size);

	enc_word(e, 0xc4u | ((~word & 7) << 5 | map) << 8 | ((w == W64 ? 0x80u : 0u) | (~vvvv & 15u) << 3 | pp) << 16 | opcode << 24, 4);
	enc_word(e, word >> 16, size - 2);
}

/* One-byte opcode, an opcode extension in place of one register, an immediate of a byte. @force: with REX even if that has no bit set. */
static inline void put_reg_imm8(struct enc *e, unsigned opcode, unsigned rexw, unsigned ext, unsigned rm, int32_t imm, bool force)
{
	unsigned rex = rexw | rm >> 3, plain = !(rex | force);
	uint32_t word = 0xc00040 | rex | opcode << 8 | ext << 19 | (rm & 7) << 16 | (uint32_t)imm << 24;

	enc_word(e, word >> 8 * plain, 4 - plain);
}

/* Such a one with an immediate of four bytes. */
static inline void put_reg_imm32(struct enc *e, unsigned opcode, unsigned rexw, unsigned ext, unsigned rm, int32_t imm)
{
	unsigned rex = rexw | rm >> 3, plain = !rex;
	uint32_t head = 0xc00040 | rex | opcode << 8 | ext << 19 | (rm & 7) << 16;

	enc_word(e, (head | (uint64_t)(uint32_t)imm << 24) >> 8 * plain, 7 - plain);
}

/* The same for is_near_field(), W32. */
static inline void put_field_imm32(struct enc *e, unsigned opcode, unsigned ext, int32_t disp, int32_t imm)
{
	enc_word(e, opcode | (0x45 | ext << 3) << 8 | (uint64_t)(uint8_t)disp << 16 | (uint64_t)(uint32_t)imm << 24, 7);
}

/* The same with memory that needs no SIB byte: all of it is eight bytes at most. */
static inline void put_mem_imm8(struct enc *e, uint32_t head, unsigned ext, struct opnd mem, int32_t imm)
{
	unsigned size, plain;
	uint64_t word = with_memory(head, ext, mem, &size);

	word &= (1ull << 8 * size) - 1; /* behind a displacement of a byte stands its sign */
	word |= (uint64_t)(uint8_t)imm << 8 * size;
	plain = (word & 0xff) == 0x40;
	enc_word(e, word >> 8 * plain, size + 1 - plain);
}

/* W8, W16; one-byte opcode whose bit 0 is clear for bytes. At most one is memory. */
static __attribute__((noinline)) void put_small(struct enc *e, unsigned opcode, enum width w, struct opnd dst, struct opnd src)
{
	uint64_t op = ENC_OP(opcode | (w != W8)) | ENC_WIDTH(w) | ENC_BYTES(w);

	if (src.kind == OPND_REG)
		enc_put(e, op, src.reg, dst, 0);
	else
		enc_put(e, op, dst.reg, src, 0);
}

void enc_alu_imm(struct enc *e, enum alu_op op, enum width w, struct opnd dst, int32_t imm)
{
	unsigned short_form = (unsigned)op << 3 | 5;

	if (w == W8)
		enc_put(e, ENC_OP(0x80) | ENC_IMM(1) | ENC_BYTE_RM, op, dst, imm);
	else if (enc_fits8(imm) && dst.kind == OPND_REG && w >= W32)
		put_reg_imm8(e, 0x83, w == W64 ? 8 : 0, op, dst.reg, imm, false);
	else if (enc_fits8(imm) && w >= W32 && dst.index == OPND_NO_INDEX && (dst.reg & 7) != RSP)
		put_mem_imm8(e, ENC_HEAD(0x83, w), op, dst, imm);
	else if (enc_fits8(imm))
		enc_put(e, ENC_OP(0x83) | ENC_IMM(1) | ENC_WIDTH(w), op, dst, imm);
	else if (dst.kind == OPND_REG && dst.reg != RAX && w >= W32)
		put_reg_imm32(e, 0x81, w == W64 ? 8 : 0, op, dst.reg, imm);
	else if (w == W32 && is_near_field(dst))
		put_field_imm32(e, 0x81, op, dst.disp, imm);
	else if (!opnd_is_reg(dst, RAX) || w == W16)
		enc_put(e, ENC_OP(0x81) | ENC_IMM_OF(w) | ENC_WIDTH(w), op, dst, imm);
	else if (w == W64)
		enc_word(e, 0x48u | short_form << 8 | (uint64_t)(uint32_t)imm << 16, 6);
	else
		enc_word(e, short_form | (uint64_t)(uint32_t)imm << 8, 5);
}

void enc_alu_any(struct enc *e, enum alu_op op, enum width w, struct opnd dst, struct opnd src)
{
	unsigned opcode = (unsigned)op << 3;

	BUG_ON(src.kind == OPND_MEM && dst.kind != OPND_REG);
	if (src.kind == OPND_IMM)
		enc_alu_imm(e, op, w, dst, src.disp);
	else if (unlikely(w < W32))
		put_small(e, opcode, w, dst, src);
	else if (src.kind == OPND_REG)
		enc_put_any(e, opcode | 1, w, src.reg, dst);
	else
		enc_put_any(e, opcode | 3, w, dst.reg, src);
}

void enc_test8(struct enc *e, unsigned reg, unsigned imm)
{
	if (reg == RAX)
		enc_word(e, 0xa8 | imm << 8, 2);
	else
		put_reg_imm8(e, 0xf6, 0, 0, reg, (int32_t)imm, reg >= 4);
}

static void test_imm(struct enc *e, enum width w, struct opnd a, int32_t imm)
{
	if (w == W8 && a.kind == OPND_REG)
		enc_test8(e, a.reg, (uint8_t)imm);
	else if (opnd_is_reg(a, RAX) && w == W32)
		enc_word(e, 0xa9 | (uint64_t)(uint32_t)imm << 8, 5);
	else if (w == W32 && a.kind == OPND_REG)
		put_reg_imm32(e, 0xf7, 0, 0, a.reg, imm);
	else if (w == W32 && is_near_field(a))
		put_field_imm32(e, 0xf7, 0, a.disp, imm);
	else
		enc_put(e, ENC_OP(w == W8 ? 0xf6 : 0xf7) | ENC_WIDTH(w) | ENC_IMM_OF(w), 0, a, imm);
}

void enc_test_any(struct enc *e, enum width w, struct opnd a, struct opnd b)
{
	if (a.kind == OPND_REG && b.kind == OPND_MEM) {
		struct opnd t = a;

		a = b;
		b = t;
	}
	BUG_ON(b.kind == OPND_MEM);
	if (b.kind == OPND_IMM)
		test_imm(e, w, a, b.disp);
	else if (w < W32)
		put_small(e, 0x84, w, a, b);
	else
		enc_put_any(e, 0x85, w, b.reg, a);
}

void enc_mov_any(struct enc *e, enum width w, struct opnd dst, struct opnd src)
{
	BUG_ON(src.kind == OPND_MEM && dst.kind != OPND_REG);
	if (src.kind == OPND_IMM && dst.kind == OPND_REG && w == W32)
		enc_mov_imm32(e, dst.reg, (uint32_t)src.disp);
	else if (src.kind == OPND_IMM && w == W32 && is_near_field(dst))
		put_field_imm32(e, 0xc7, 0, dst.disp, src.disp);
	else if (src.kind == OPND_IMM)
		enc_put(e, ENC_OP(w == W8 ? 0xc6 : 0xc7) | ENC_WIDTH(w) | ENC_IMM_OF(w) | (w == W8 ? ENC_BYTE_RM : 0), 0, dst, src.disp);
	else if (w < W32)
		put_small(e, src.kind == OPND_REG ? 0x88 : 0x8a, w, dst, src);
	else if (src.kind == OPND_REG)
		enc_put_any(e, 0x89, w, src.reg, dst);
	else
		enc_put_any(e, 0x8b, w, dst.reg, src);
}

void enc_mov_imm64(struct enc *e, unsigned reg, uint64_t value)
{
	if (value <= UINT32_MAX) {
		enc_mov_imm32(e, reg, (uint32_t)value);
	} else if (enc_has_room(e)) {
		uint16_t head = (uint16_t)((0x48 | reg >> 3) | (0xb8 | (reg & 7)) << 8);

		memcpy(e->at, &head, 2);
		memcpy(e->at + 2, &value, 8);
		e->at += 10;
	}
}

void enc_movsx(struct enc *e, enum width to, enum width from, unsigned dst, struct opnd src)
{
	if (from == W32)
		enc_put_any(e, 0x63, W64, dst, src);
	else
		enc_put(e, ENC_OP_0F(from == W8 ? 0xbe : 0xbf) | ENC_WIDTH(to) | (from == W8 ? ENC_BYTE_RM : 0), dst, src, 0);
}

void enc_shift(struct enc *e, enum host_shift_op op, enum width w, struct opnd dst, unsigned count)
{
	BUG_ON(count == 0 || count > 63 || w == W8);
	if (count != 1 && dst.kind == OPND_REG && w >= W32)
		put_reg_imm8(e, 0xc1, w == W64 ? 8 : 0, op, dst.reg, (int32_t)count, false);
	else if (count == 1)
		enc_put(e, ENC_OP(0xd1) | ENC_WIDTH(w), op, dst, 0);
	else
		enc_put(e, ENC_OP(0xc1) | ENC_WIDTH(w) | ENC_IMM(1), op, dst, (int32_t)count);
}

void enc_shift_cl(struct enc *e, enum host_shift_op op, enum width w, struct opnd dst)
{
	enc_put(e, ENC_OP(0xd3) | ENC_WIDTH(w), op, dst, 0);
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
	enc_put(e, ENC_OP_0F(0xaf) | ENC_WIDTH(w), dst, src, 0);
}

void enc_imul_imm(struct enc *e, enum width w, unsigned dst, struct opnd src, int32_t imm)
{
	bool small = enc_fits8(imm);

	enc_put(e, ENC_OP(small ? 0x6b : 0x69) | ENC_WIDTH(w) | ENC_IMM(small ? 1 : 4), dst, src, imm);
}

void enc_lzcnt(struct enc *e, enum width w, unsigned dst, struct opnd src)
{
	enc_put(e, ENC_OP_0F(0xbd) | ENC_WIDTH(w) | ENC_PREFIX(0xf3), dst, src, 0);
}

void enc_bsr(struct enc *e, enum width w, unsigned dst, struct opnd src)
{
	enc_put(e, ENC_OP_0F(0xbd) | ENC_WIDTH(w), dst, src, 0);
}

void enc_bt(struct enc *e, enum width w, struct opnd src, unsigned bit)
{
	enc_put(e, ENC_OP_0F(0xba) | ENC_WIDTH(w) | ENC_IMM(1), 4, src, (int32_t)bit);
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
	enc_put(e, ENC_OP_0F38(0xf0) | ENC_WIDTH(w), dst, mem, 0);
}

void enc_movbe_store(struct enc *e, enum width w, struct opnd mem, unsigned src)
{
	enc_put(e, ENC_OP_0F38(0xf1) | ENC_WIDTH(w), src, mem, 0);
}

void enc_cmpxchg(struct enc *e, enum width w, struct opnd mem, unsigned src, bool lock)
{
	if (lock)
		enc_u8(e, 0xf0);
	enc_put(e, ENC_OP_0F(0xb1) | ENC_WIDTH(w), src, mem, 0);
}

void enc_xchg(struct enc *e, enum width w, unsigned a, unsigned b)
{
	enc_put(e, ENC_OP(0x87) | ENC_WIDTH(w), a, opnd_reg(b), 0);
}

void enc_push(struct enc *e, unsigned reg)
{
	if (reg >= 8)
		enc_u8(e, 0x41);
	enc_u8(e, (uint8_t)(0x50 | (reg & 7)));
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
