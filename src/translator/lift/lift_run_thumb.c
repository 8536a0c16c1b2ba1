/*
 * lift_run_thumb.c - runs of the commonest T16 instructions outside of IT blocks, lifted from the halfwords themselves.
 *
 * As lift_run.c does it for A32: what is odd about a halfword (r15, an instruction of 32 bits, those that few programs have) ends the run
 * before it, the ops are those that decode() and lift_one() would make, and test_any compares the two ways.
 */
#include "base/base.h"
#include "translator/lift/lift.h"

#include "translator/lift/lift_run.h"

enum { MOST_OPS = 12 }; /* of one instruction: its marker, 9 stores, write-back */

static inline unsigned low(uint32_t bits, unsigned at)
{
	return bits >> at & 7;
}

/* --- the forms: each writes its ops from @to on and returns where they end, or NULL for an odd halfword ------------- */

static inline struct ir_insn *put_data(struct ir_insn *to, enum insn_op which, uint8_t flags, ir_ref rd, ir_ref rn, ir_ref second, uint32_t imm)
{
	const struct data_op *op = &lift_data_ops[which];

	return lift_put_data(to, op, flags & op->flags, rd, rn, second, imm);
}

static inline struct ir_insn *put_load(struct ir_insn *to, ir_ref rt, ir_ref base, uint32_t offset, uint32_t mem)
{
	ir_write(to, IR_HEAD(IR_LD, 0, 0, rt, IR_NONE), IR_SOURCES(base, IR_NONE, IR_NONE, mem), 0, offset);
	return to + 1;
}

static inline struct ir_insn *put_store(struct ir_insn *to, ir_ref rt, ir_ref base, uint32_t offset, uint32_t mem)
{
	ir_write(to, IR_HEAD(IR_ST, 0, 0, IR_NONE, IR_NONE), IR_SOURCES(base, rt, IR_NONE, mem), 0, offset);
	return to + 1;
}

/* Bits 15:11 are 0 to 2: of a constant shift, MOVS when it is LSL #0. */
static struct ir_insn *shift(struct ir_insn *to, uint32_t bits)
{
	static const uint8_t ops[] = { IR_LSL, IR_LSR, IR_ASR };
	unsigned type = bits >> 11, n = bits >> 6 & 31;

	if (!(bits >> 6))
		return put_data(to, INSN_MOV, IR_NZ, low(bits, 0), 0, low(bits, 3), 0);
	ir_write(to, IR_HEAD(ops[type], IR_NZC, 0, low(bits, 0), IR_NONE), IR_SOURCES(low(bits, 3), IR_IMM, IR_NONE, 0), n ? n : 32, 0);
	return to + 1;
}

/* ADDS and SUBS of three registers, or with three bits. */
static struct ir_insn *add_sub(struct ir_insn *to, uint32_t bits)
{
	enum insn_op op = bits >> 9 & 1 ? INSN_SUB : INSN_ADD;

	if (bits >> 10 & 1)
		return put_data(to, op, IR_NZCV, low(bits, 0), low(bits, 3), IR_IMM, low(bits, 6));
	return put_data(to, op, IR_NZCV, low(bits, 0), low(bits, 3), low(bits, 6), 0);
}

/* Two registers (A6.2.2). */
static struct ir_insn *data(struct ir_insn *to, uint32_t bits)
{
	static const uint8_t ops[] = {
		INSN_AND, INSN_EOR, INSN_ORN, INSN_ORN, INSN_ORN, INSN_ADC, INSN_SBC, INSN_ORN, /* ORN, which T16 has not: odd */
		INSN_TST, INSN_ORN, INSN_CMP, INSN_CMN, INSN_ORR, INSN_ORN, INSN_BIC, INSN_MVN,
	};
	enum insn_op op = (enum insn_op)ops[bits >> 6 & 15];

	return op == INSN_ORN ? NULL : put_data(to, op, IR_NZCV, low(bits, 0), low(bits, 0), low(bits, 3), 0);
}

/* ADD, CMP and MOV of any registers (A6.2.3). */
static struct ir_insn *high(struct ir_insn *to, uint32_t bits)
{
	static const uint8_t ops[] = { INSN_ADD, INSN_CMP, INSN_MOV };
	unsigned which = bits >> 8 & 3;
	ir_ref rd = (ir_ref)(low(bits, 0) | (bits >> 4 & 8)), rm = bits >> 3 & 15;

	if (which > 2 || rd == 15 || rm == 15)
		return NULL;
	return put_data(to, (enum insn_op)ops[which], which == 1 ? IR_NZCV : 0, rd, rd, rm, 0);
}

/* At the sum of two registers (A6.2.4). */
static struct ir_insn *at_sum(struct ir_insn *to, uint32_t bits, struct ir_block *block, uint16_t endian)
{
	static const uint8_t sizes[] = {
		ACCESS_SIZE(2), ACCESS_SIZE(1), ACCESS_SIZE(0), ACCESS_SIZE(0) | ACCESS_SIGNED, /* the stores, LDRSB */
		ACCESS_SIZE(2), ACCESS_SIZE(1), ACCESS_SIZE(0), ACCESS_SIZE(1) | ACCESS_SIGNED,
	};
	uint32_t mem = sizes[bits >> 9 & 7] | endian;
	ir_ref sum = ir_tmp(block);

	to = put_data(to, INSN_ADD, 0, sum, low(bits, 3), low(bits, 6), 0);
	return (bits >> 9 & 7) < 3 ? put_store(to, low(bits, 0), sum, 0, mem) : put_load(to, low(bits, 0), sum, 0, mem);
}

/* Five bits of offset. */
static inline struct ir_insn *at_offset(struct ir_insn *to, uint32_t bits, unsigned size, uint16_t endian)
{
	uint32_t offset = (bits >> 6 & 31) << size;

	return bits >> 11 & 1 ? put_load(to, low(bits, 0), low(bits, 3), offset, ACCESS_SIZE(size) | endian)
	                      : put_store(to, low(bits, 0), low(bits, 3), offset, ACCESS_SIZE(size) | endian);
}

static struct ir_insn *push_pop(struct ir_insn *to, uint32_t bits, uint16_t endian)
{
	bool pops = bits >> 11 & 1;
	unsigned list = (bits & 0xff) | (pops ? 0 : (bits & 0x100) << 6), size = 4 * (unsigned)__builtin_popcount(list);
	uint32_t offset = pops ? 0 : 0 - size, step = pops ? size : 0 - size, mem = ACCESS_SIZE(2) | ACCESS_ALIGNED | endian;

	if (!list || (pops && bits & 0x100))
		return NULL;
	for (; list; list &= list - 1, offset += 4) {
		ir_ref rt = (ir_ref)__builtin_ctz(list);

		to = pops ? put_load(to, rt, 13, offset, mem) : put_store(to, rt, 13, offset, mem);
	}
	return put_data(to, INSN_ADD, 0, 13, 13, IR_IMM, step);
}

/* A6.2.5: what it has of SP. */
static struct ir_insn *other(struct ir_insn *to, uint32_t bits, uint16_t endian)
{
	if ((bits & 0xf600) == 0xb400)
		return push_pop(to, bits, endian);
	if ((bits & 0xff00) == 0xb000)
		return put_data(to, bits & 0x80 ? INSN_SUB : INSN_ADD, 0, 13, 13, IR_IMM, (bits & 0x7f) * 4);
	return NULL;
}

static gva_t target_of(uint32_t bits, unsigned width, gva_t pc)
{
	return pc + 4 + (uint32_t)sign_extend32((bits & ((1u << width) - 1)) << 1, width + 1);
}

static struct ir_insn *branch_if(struct lift *l, struct ir_insn *to, uint32_t bits, gva_t pc)
{
	unsigned cond = bits >> 8 & 15;

	if (cond >= 14)
		return NULL; /* UDF, SVC */
	return lift_put_branch_if(l, to, cond, pc, target_of(bits, 8, pc), EXIT_THUMB);
}

static inline struct ir_insn *lift_halfword(struct lift *l, struct ir_insn *to, uint32_t bits, gva_t pc)
{
	static const uint8_t immediate[] = { INSN_MOV, INSN_CMP, INSN_ADD, INSN_SUB };
	ir_ref rd = low(bits, 8);

	switch (bits >> 11) {
	case 0: case 1: case 2:
		return shift(to, bits);
	case 3:
		return add_sub(to, bits);
	case 4: case 5: case 6: case 7:
		return put_data(to, (enum insn_op)immediate[bits >> 11 & 3], IR_NZCV, rd, rd, IR_IMM, bits & 0xff);
	case 8:
		return bits >> 10 & 1 ? high(to, bits) : data(to, bits);
	case 9:
		to = put_load(to, rd, IR_IMM, (bits & 0xff) * 4, ACCESS_SIZE(2) | l->endian);
		to[-1].imm = (pc + 4) & ~3u;
		return to;
	case 10: case 11:
		return at_sum(to, bits, l->block, l->endian);
	case 12: case 13:
		return at_offset(to, bits, 2, l->endian);
	case 14: case 15:
		return at_offset(to, bits, 0, l->endian);
	case 16: case 17:
		return at_offset(to, bits, 1, l->endian);
	case 18:
		return put_store(to, rd, 13, (bits & 0xff) * 4, ACCESS_SIZE(2) | l->endian);
	case 19:
		return put_load(to, rd, 13, (bits & 0xff) * 4, ACCESS_SIZE(2) | l->endian);
	case 20:
		return put_data(to, INSN_MOV, 0, rd, 0, IR_IMM, ((pc + 4) & ~3u) + (bits & 0xff) * 4); /* ADR */
	case 21:
		return put_data(to, INSN_ADD, 0, rd, 13, IR_IMM, (bits & 0xff) * 4);
	case 22: case 23:
		return other(to, bits, l->endian);
	case 26: case 27:
		return branch_if(l, to, bits, pc);
	default:
		return NULL;
	}
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

/* B behind its marker, which is there without being counted. */
static bool lift_end(struct lift *l, uint32_t bits)
{
	if (bits >> 11 != 28)
		return false;
	lift_count_last(l, 2);
	lift_last_goto(l, target_of(bits, 11, l->pc));
	l->pc = l->next;
	return true;
}

static bool lift_halfwords(struct lift *l, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *from = at;
	struct ir_insn *to = &l->block->ops[l->block->count], *next;
	gva_t pc = l->pc;
	uint32_t bits = 0;

	for (; at != end; at += 2, pc += 2, to = next) {
		bits = lift_read16(at);
		next = lift_halfword(l, lift_put_marker(to, pc, 2), bits, pc);
		if (!next)
			break;
		if (unlikely(l->done))
			end = at + 2;
	}
	lift_run_ends(l, pc, (unsigned)(at - from) / 2, to);
	return at == end || lift_end(l, bits);
}

bool lift_run_thumb(struct lift *l, const struct lift_source *source, unsigned max_insns)
{
	uint32_t offset = l->pc - source->page;
	const uint8_t *at = source->bytes + offset;

	if (!lift_may_run(l, offset, LIFT_RUN_OPS(MOST_OPS)))
		return false;
	/* An IT block has left it open: a B under the same condition would share it. */
	if (l->skip != LIFT_NO_LABEL) {
		if (lift_read16(at) >> 12 >= 13)
			return false;
		lift_close_condition(l);
	}
	return lift_halfwords(l, at, at + 2 * MIN((GUEST_PAGE_SIZE - offset) / 2, max_insns - l->insns));
}
