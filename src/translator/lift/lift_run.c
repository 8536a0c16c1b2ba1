/*
 * lift_run.c - runs of the commonest A32 instructions, lifted from the words themselves.
 *
 * Four of five instructions of a kernel are data processing, loads and stores of one register or several, and branches, in forms that
 * bits 27:20 tell (A5.1), with their operands always at the same places. These need no look-up in the decoder's tables and no struct
 * insn, and what lift_block() does around an instruction is done once for a whole run of them. All that is odd about one of them ends
 * the run before it: another condition than AL (but for B), r15 as an operand, a carry out of an immediate, and so on.
 *
 * The ops are those that decode() and lift_one() would make; test_any compares the two ways.
 */
#include "base/base.h"
#include "translator/lift/lift.h"

#include <string.h>

#include "base/bits.h"
#include "translator/lift/lift_data.h"
#include "translator/lift/lift_emit.h"

/* Groups of forms, by bits 27:20; some of their words are odd. */
enum form { FORM_ODD, FORM_DATA_REG, FORM_DATA_IMM, FORM_MOVW, FORM_MOVT, FORM_SINGLE, FORM_MULTIPLE };

static const uint8_t forms[256] = {
	/* Comparisons without S are other instructions (A5.2.12). */
	[0x00 ... 0x0f] = FORM_DATA_REG, [0x11] = FORM_DATA_REG, [0x13] = FORM_DATA_REG, [0x15] = FORM_DATA_REG, [0x17 ... 0x1f] = FORM_DATA_REG,
	[0x20 ... 0x2f] = FORM_DATA_IMM, [0x31] = FORM_DATA_IMM, [0x33] = FORM_DATA_IMM, [0x35] = FORM_DATA_IMM, [0x37 ... 0x3f] = FORM_DATA_IMM,
	[0x30] = FORM_MOVW, [0x34] = FORM_MOVT,
	/* P = 0 and W = 1 is LDRT and the like. */
	[0x40 ... 0x41] = FORM_SINGLE, [0x44 ... 0x45] = FORM_SINGLE, [0x48 ... 0x49] = FORM_SINGLE, [0x4c ... 0x4d] = FORM_SINGLE,
	[0x50 ... 0x5f] = FORM_SINGLE,
	/* Without ^. */
	[0x80 ... 0x83] = FORM_MULTIPLE, [0x88 ... 0x8b] = FORM_MULTIPLE, [0x90 ... 0x93] = FORM_MULTIPLE, [0x98 ... 0x9b] = FORM_MULTIPLE,
};

/* A run begins where so many ops are behind it at most, and then has room for all of LIFT_MAX_INSNS. */
enum {
	MOST_OPS = 19, /* of one instruction: 16 loads, its marker, write-back, and an exit */
	RUN_OPS = IR_MAX_OPS - LIFT_OPS_RESERVE - LIFT_MAX_INSNS * MOST_OPS,
};

static inline unsigned field(uint32_t bits, unsigned at)
{
	return bits >> at & 15;
}

static inline struct ir_insn *put(struct ir_insn *to, enum ir_op op)
{
	*to = ir_template[op];
	return to;
}

/* --- the forms: each writes its ops from @to on and returns where they end, or NULL for an odd word ---------------- */

static inline struct ir_insn *put_data(struct ir_insn *to, const struct data_op *op, uint32_t bits, uint8_t fdef, ir_ref second, uint32_t imm)
{
	ir_ref rn = (ir_ref)(field(bits, 16) | op->no_rn);

	put(to, op->ir);
	to->fdef = fdef;
	to->fuse = op->uses;
	to->dst = (ir_ref)(field(bits, 12) | op->no_result);
	to->a = op->first ? second : rn;
	to->b = op->first ? rn : second;
	to->imm = imm;
	return to + 1;
}

static inline struct ir_insn *data_imm(struct ir_insn *to, uint32_t bits)
{
	const struct data_op *op = &lift_data_ops[field(bits, 21)];
	uint8_t fdef = bits >> 20 & 1 ? op->flags : 0;

	if (field(bits, 12) == 15 || field(bits, 16) == 15 || (field(bits, 8) && fdef == IR_NZ))
		return NULL;
	return put_data(to, op, bits, fdef, IR_IMM, ror32(bits & 0xff, field(bits, 8) * 2));
}

/* Rm shifted by a constant to @dst: any but RRX and LSL #0. */
static inline struct ir_insn *put_shift(struct ir_insn *to, uint32_t bits, ir_ref dst, uint8_t fdef)
{
	static const uint8_t ops[] = { IR_LSL, IR_LSR, IR_ASR, IR_ROR };
	unsigned n = bits >> 7 & 31;

	put(to, ops[bits >> 5 & 3]);
	to->fdef = fdef;
	to->dst = dst;
	to->a = (ir_ref)field(bits, 0);
	to->b = IR_IMM;
	to->imm = n ? n : 32;
	return to + 1;
}

static inline struct ir_insn *data_reg(struct ir_insn *to, uint32_t bits, struct ir_block *block)
{
	const struct data_op *op = &lift_data_ops[field(bits, 21)];
	uint8_t fdef = bits >> 20 & 1 ? op->flags : 0;
	ir_ref second = (ir_ref)field(bits, 0);

	if (field(bits, 12) == 15 || field(bits, 16) == 15 || second == 15)
		return NULL;
	if (bits & 0xff0) {
		/* Shifts by a register, other instructions; RRX. */
		if (bits & 0x10 || (bits & 0xff0) == 0x60)
			return NULL;
		/* MOV of a shifted register is the shift itself. */
		if (op->ir == IR_MOV)
			return put_shift(to, bits, (ir_ref)field(bits, 12), fdef ? IR_NZC : 0);
		second = ir_tmp(block);
		to = put_shift(to, bits, second, fdef == IR_NZ ? IR_C : 0);
	}
	return put_data(to, op, bits, fdef, second, 0);
}

static inline struct ir_insn *movw(struct ir_insn *to, uint32_t bits)
{
	if (field(bits, 12) == 15)
		return NULL;
	put(to, IR_MOV);
	to->dst = (ir_ref)field(bits, 12);
	to->a = IR_IMM;
	to->imm = field(bits, 16) << 12 | (bits & 0xfff);
	return to + 1;
}

static inline struct ir_insn *movt(struct ir_insn *to, uint32_t bits, struct ir_block *block)
{
	ir_ref rd = (ir_ref)field(bits, 12), low;

	if (rd == 15)
		return NULL;
	low = ir_tmp(block);
	put(to, IR_UXTH);
	to->dst = low;
	to->a = rd;
	put(++to, IR_OR);
	to->dst = rd;
	to->a = low;
	to->b = IR_IMM;
	to->imm = field(bits, 16) << 28 | (bits & 0xfff) << 16;
	return to + 1;
}

static inline struct ir_insn *put_step(struct ir_insn *to, ir_ref rn, uint32_t step)
{
	put(to, IR_ADD);
	to->dst = to->a = rn;
	to->b = IR_IMM;
	to->imm = step;
	return to + 1;
}

/* Bits of loads and stores. */
enum { P = 1 << 24, U = 1 << 23, B = 1 << 22, W = 1 << 21, L = 1 << 20 };

static inline struct ir_insn *single(struct ir_insn *to, uint32_t bits, gva_t pc, uint16_t endian)
{
	ir_ref rn = (ir_ref)field(bits, 16), rt = (ir_ref)field(bits, 12);
	uint32_t step = bits & U ? bits & 0xfff : 0 - (bits & 0xfff);

	if (rt == 15)
		return NULL;
	put(to, bits & L ? IR_LD : IR_ST);
	to->mem = (uint16_t)(bits & B ? ACCESS_SIZE(0) | endian : ACCESS_SIZE(2) | endian);
	to->imm2 = bits & P ? step : 0;
	to->a = rn;
	if (unlikely(rn == 15)) {
		if ((bits & (P | W)) != P)
			return NULL;
		to->a = IR_IMM;
		to->imm = (pc + 8) & ~3u;
	}
	if (bits & L)
		to->dst = rt;
	else
		to->b = rt;
	to++;
	/* Rt == Rn with write-back is UNPREDICTABLE: see lift_load_one(). */
	if ((bits & (P | W)) != P && step && (!(bits & L) || rt != rn))
		to = put_step(to, rn, step);
	return to;
}

/* A list without r15 and, when loaded, without Rn. */
static inline struct ir_insn *multiple(struct ir_insn *to, uint32_t bits, uint16_t endian)
{
	ir_ref rn = (ir_ref)field(bits, 16);
	unsigned list = bits & 0xffff, size = 4 * (unsigned)__builtin_popcount(list);
	struct ir_insn access = ir_template[bits & L ? IR_LD : IR_ST];

	if (rn == 15 || !list || list >> 15 || (bits & L && list >> rn & 1))
		return NULL;
	access.a = rn;
	access.mem = (uint16_t)(ACCESS_SIZE(2) | ACCESS_ALIGNED | endian);
	access.imm2 = (bits & U ? 0 : 0 - size) + (!(bits & P) == !(bits & U) ? 4 : 0);
	for (; list; list &= list - 1) {
		ir_ref i = (ir_ref)__builtin_ctz(list);

		*to = access;
		if (bits & L)
			to->dst = i;
		else
			to->b = i;
		to++;
		access.imm2 += 4;
	}
	return bits & W ? put_step(to, rn, bits & U ? size : 0 - size) : to;
}

/* One word of condition AL that is no branch. */
static inline struct ir_insn *lift_word(struct lift *l, struct ir_insn *to, uint32_t bits, gva_t pc)
{
	switch (forms[bits >> 20 & 0xff]) {
	case FORM_DATA_REG:
		return data_reg(to, bits, l->block);
	case FORM_DATA_IMM:
		return data_imm(to, bits);
	case FORM_MOVW:
		return movw(to, bits);
	case FORM_MOVT:
		return movt(to, bits, l->block);
	case FORM_SINGLE:
		return single(to, bits, pc, l->endian);
	case FORM_MULTIPLE:
		return multiple(to, bits, l->endian);
	default:
		return NULL;
	}
}

/* --- branches ----------------------------------------------------------------------------------------------------- */

static bool is_branch(uint32_t bits)
{
	return (bits >> 25 & 7) == 5;
}

/* A B with a condition, where @bits has one at all. */
static bool is_branch_if(uint32_t bits)
{
	return (bits >> 24 & 15) == 10 && bits < 0xe0000000;
}

static inline gva_t branch_target(uint32_t bits, gva_t pc)
{
	return pc + 8 + (uint32_t)sign_extend32(bits << 2 & 0x03ffffff, 26);
}

/* B and BL behind their marker, all else as it is for the current instruction: the block's end, or lifting goes on elsewhere. */
static void branch(struct lift *l, uint32_t bits)
{
	l->insns++;
	l->size = 4;
	l->end = l->next = l->pc + 4;
	if (bits >> 24 & 1) {
		lift_mov(l, 14, operand_imm(l->next));
		lift_exit(l, branch_target(bits, l->pc), false);
		l->done = true;
	} else {
		lift_goto(l, branch_target(bits, l->pc));
		l->done |= ir_ends(l->block->ops[l->block->count - 1].op);
	}
	l->pc = l->next;
}

/* B with a condition: an exit, and a label for when it is false. */
static inline struct ir_insn *branch_if(struct lift *l, struct ir_insn *to, uint32_t bits, gva_t pc)
{
	unsigned cond = bits >> 28 ^ 1;
	uint16_t over = ir_label(l->block);

	put(to, IR_BRC);
	to->cond = (uint8_t)cond;
	to->fuse = ir_cond_flags(cond);
	to->imm = over;
	put(++to, IR_EXIT);
	to->imm = branch_target(bits, pc);
	put(++to, IR_LABEL);
	to->imm = over;
	lift_count_exit(l);
	lift_after_conditional(l);
	return to + 1;
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

static inline uint32_t read_word(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static inline unsigned condition(uint32_t bits)
{
	return bits >> 28;
}

/* The run that starts with the word at @at and ends at @end at the latest. Returns false when it ended before an odd word. */
static bool lift_words(struct lift *l, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *from = at;
	struct ir_insn *to = &l->block->ops[l->block->count], *next;
	gva_t pc = l->pc;
	uint32_t bits = 0;

	for (; at != end && !l->done; at += 4, pc += 4, to = next) {
		bits = read_word(at);
		put(to, IR_INSN);
		to->imm = pc;
		to->imm2 = 4;
		if (likely(condition(bits) == INSN_COND_AL))
			next = lift_word(l, to + 1, bits, pc);
		else
			next = is_branch_if(bits) ? branch_if(l, to + 1, bits, pc) : NULL;
		if (!next)
			break;
	}
	l->insns = (uint16_t)(l->insns + (at - from) / 4);
	l->pc = l->end = l->next = pc;
	l->block->count = (uint16_t)(to - l->block->ops);
	if (at == end || l->done)
		return true;
	if (condition(bits) != INSN_COND_AL || !is_branch(bits))
		return false;
	l->block->count++;
	branch(l, bits);
	return true;
}

bool lift_run(struct lift *l, const struct lift_source *source, unsigned max_insns)
{
	uint32_t offset = l->pc - source->page;
	const uint8_t *at = source->bytes + offset;

	if (l->thumb || l->it || l->options->no_runs || offset >= GUEST_PAGE_SIZE || l->block->count > RUN_OPS)
		return false;
	if (l->skip != LIFT_NO_LABEL) {
		if (condition(read_word(at)) != INSN_COND_AL)
			return false;
		lift_close_condition(l);
	}
	return lift_words(l, at, at + 4 * MIN((GUEST_PAGE_SIZE - offset) / 4, max_insns - l->insns));
}
