/*
 * lift_run.c - runs of the commonest A32 instructions, lifted from the words themselves.
 *
 * Nine of ten A32 instructions of a kernel are data processing, loads and stores of one register or several, and branches, in forms that
 * bits 27:20 tell (A5.1), with their operands always at the same places. These need no look-up in the decoder's tables and no struct
 * insn, and what lift_block() does around an instruction is done once for a whole run of them. All that is odd about one of them ends
 * the run before it: r15 as an operand, a shift by a register, and so on.
 *
 * The ops are those that decode() and lift_one() would make; test_any compares the two ways.
 */
#include "base/base.h"
#include "translator/lift/lift.h"

#include "translator/lift/lift_run.h"

/* Groups of forms, by bits 27:20; some of their words are odd. */
enum form { FORM_ODD, FORM_DATA_REG, FORM_DATA_IMM, FORM_MOVW, FORM_MOVT, FORM_HINT, FORM_SINGLE, FORM_SINGLE_REG, FORM_MULTIPLE };

static const uint8_t forms[256] = {
	/* Comparisons without S are other instructions (A5.2.12). */
	[0x00 ... 0x0f] = FORM_DATA_REG, [0x11] = FORM_DATA_REG, [0x13] = FORM_DATA_REG, [0x15] = FORM_DATA_REG, [0x17 ... 0x1f] = FORM_DATA_REG,
	[0x20 ... 0x2f] = FORM_DATA_IMM, [0x31] = FORM_DATA_IMM, [0x33] = FORM_DATA_IMM, [0x35] = FORM_DATA_IMM, [0x37 ... 0x3f] = FORM_DATA_IMM,
	[0x30] = FORM_MOVW, [0x34] = FORM_MOVT, [0x32] = FORM_HINT,
	/* P = 0 and W = 1 is LDRT and the like. */
	[0x40 ... 0x41] = FORM_SINGLE, [0x44 ... 0x45] = FORM_SINGLE, [0x48 ... 0x49] = FORM_SINGLE, [0x4c ... 0x4d] = FORM_SINGLE,
	[0x50 ... 0x5f] = FORM_SINGLE,
	[0x60 ... 0x61] = FORM_SINGLE_REG, [0x64 ... 0x65] = FORM_SINGLE_REG, [0x68 ... 0x69] = FORM_SINGLE_REG, [0x6c ... 0x6d] = FORM_SINGLE_REG,
	[0x70 ... 0x7f] = FORM_SINGLE_REG,
	/* Without ^. */
	[0x80 ... 0x83] = FORM_MULTIPLE, [0x88 ... 0x8b] = FORM_MULTIPLE, [0x90 ... 0x93] = FORM_MULTIPLE, [0x98 ... 0x9b] = FORM_MULTIPLE,
};

enum { MOST_OPS = 21 }; /* of one instruction: a label, its marker, a condition, 16 loads, write-back, and an exit */

static inline unsigned field(uint32_t bits, unsigned at)
{
	return bits >> at & 15;
}

static inline ir_ref reg(uint32_t bits, unsigned at)
{
	return (ir_ref)field(bits, at);
}

static inline unsigned condition(uint32_t bits)
{
	return bits >> 28;
}

static inline struct ir_insn *put(struct ir_insn *to, enum ir_op op)
{
	*to = ir_template[op];
	return to;
}

/* Whether one of the fields that @nibbles has is 15: bits of the others only borrow below such a field. */
static inline bool any_15(uint32_t bits, uint32_t nibbles)
{
	uint32_t zero = ~bits & nibbles, ones = nibbles & 0x11111111;

	return (zero - ones) & ~zero & ones << 3;
}

/* --- data processing: each writes its ops from @to on and returns where they end, or NULL for an odd word ----------- */

enum { S = 1 << 20 };

static inline struct ir_insn *put_data(struct ir_insn *to, const struct data_op *op, uint32_t bits, uint8_t fdef, ir_ref second, uint32_t imm)
{
	return lift_put_data(to, op, fdef, reg(bits, 12), reg(bits, 16), second, imm);
}

static inline uint8_t flags_of(const struct data_op *op, uint32_t bits)
{
	return op->flags & -(bits / S & 1);
}

static inline struct ir_insn *data_imm(struct ir_insn *to, uint32_t bits)
{
	const struct data_op *op = &lift_data_ops[field(bits, 21)];
	uint8_t fdef = flags_of(op, bits);
	uint32_t imm = ror32(bits & 0xff, bits >> 7 & 30);

	if (unlikely(any_15(bits, 0xff000)))
		return NULL;
	if (unlikely(fdef == IR_NZ) && field(bits, 8)) {
		put(to, IR_SETC);
		to->imm = imm >> 31;
		to->fdef = IR_C;
		to++;
	}
	return put_data(to, op, bits, fdef, IR_IMM, imm);
}

/* Rm shifted by a constant to @dst: any but RRX and LSL #0. */
static inline struct ir_insn *put_shift(struct ir_insn *to, uint32_t bits, ir_ref dst, uint8_t fdef)
{
	static const uint8_t ops[] = { IR_LSL, IR_LSR, IR_ASR, IR_ROR };
	unsigned n = bits >> 7 & 31;

	put(to, ops[bits >> 5 & 3]);
	to->fdef = fdef;
	to->dst = dst;
	to->a = reg(bits, 0);
	to->b = IR_IMM;
	to->imm = n ? n : 32;
	return to + 1;
}

static inline bool is_rrx(uint32_t bits)
{
	return (bits & 0xfe0) == 0x60;
}

static inline struct ir_insn *movw(struct ir_insn *to, uint32_t bits)
{
	if (reg(bits, 12) == 15)
		return NULL;
	put(to, IR_MOV);
	to->dst = reg(bits, 12);
	to->a = IR_IMM;
	to->imm = field(bits, 16) << 12 | (bits & 0xfff);
	return to + 1;
}

static inline struct ir_insn *movt(struct ir_insn *to, uint32_t bits, struct ir_block *block)
{
	ir_ref rd = reg(bits, 12), low;

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

/* --- loads and stores --------------------------------------------------------------------------------------------- */

enum { P = 1 << 24, U = 1 << 23, B = 1 << 22, W = 1 << 21, L = 1 << 20 };

static inline struct ir_insn *put_step(struct ir_insn *to, ir_ref rn, uint32_t step)
{
	put(to, IR_ADD);
	to->dst = to->a = rn;
	to->b = IR_IMM;
	to->imm = step;
	return to + 1;
}

/* What bits 24:20 say of a load or store: the words of its op with r0 as operands. */
struct access {
	uint64_t head, sources;
	uint32_t down, before; /* all ones: the offset is negative; it counts for the access */
};
#define ACCESS(n) \
	{ IR_HEAD((n) & 1 ? IR_LD : IR_ST, 0, 0, (n) & 1 ? 0 : IR_NONE, IR_NONE), \
	  IR_SOURCES(0, (n) & 1 ? IR_NONE : 0, IR_NONE, (n) & 4 ? ACCESS_SIZE(0) : ACCESS_SIZE(2)), (n) & 8 ? 0 : ~0u, (n) & 16 ? ~0u : 0 }
#define ACCESS_4(n) ACCESS(n), ACCESS(n + 1), ACCESS(n + 2), ACCESS(n + 3)
static const struct access accesses[32] = {
	ACCESS_4(0), ACCESS_4(4), ACCESS_4(8), ACCESS_4(12), ACCESS_4(16), ACCESS_4(20), ACCESS_4(24), ACCESS_4(28),
};
#undef ACCESS
#undef ACCESS_4

static inline const struct access *access_of(uint32_t bits)
{
	return &accesses[bits >> 20 & 31];
}

/* Rt is the result or the second source; in the other's place all bits are set. */
static inline struct ir_insn *put_access(struct ir_insn *to, const struct access *access, ir_ref rt, ir_ref base, uint32_t offset, uint32_t mem)
{
	ir_write(to, access->head | (uint64_t)rt << 32, access->sources | IR_SOURCES(base, rt, 0, mem), 0, offset);
	return to + 1;
}

/* One access at Rn or r15, with write-back as lift_load_one() and lift_store_one() have it. */
static inline __attribute__((always_inline)) struct ir_insn *put_single(struct ir_insn *to, uint32_t bits, gva_t pc, uint32_t offset, uint32_t mem)
{
	const struct access *access = access_of(bits);
	ir_ref rn = reg(bits, 16), rt = reg(bits, 12);
	uint32_t step = (offset ^ access->down) - access->down;

	if (unlikely(any_15(bits, 0xff000))) {
		if (rt == 15 || (bits & (P | W)) != P)
			return NULL;
		put_access(to, access, rt, IR_IMM, step, mem);
		to->imm = (pc + 8) & ~3u;
		return to + 1;
	}
	to = put_access(to, access, rt, rn, step & access->before, mem);
	if (unlikely((bits & (P | W)) != P) && step && (!(bits & L) || rt != rn))
		to = put_step(to, rn, step);
	return to;
}

/* Halfwords and signed loads (A5.2.8); without P, W would be another instruction. */
static __attribute__((noinline)) struct ir_insn *extra(struct ir_insn *to, uint32_t bits, gva_t pc, uint16_t endian)
{
	static const uint8_t sizes[] = { 0, ACCESS_SIZE(1), ACCESS_SIZE(0) | ACCESS_SIGNED, ACCESS_SIZE(1) | ACCESS_SIGNED };
	unsigned which = bits >> 5 & 3;

	if (!which || (which > 1 && !(bits & L)) || !(bits & B) || (bits & (P | W)) == W)
		return NULL;
	return put_single(to, bits, pc, (bits >> 4 & 0xf0) | field(bits, 0), sizes[which] | endian);
}

/* At an address that takes an op of its own. */
static inline struct ir_insn *single_reg(struct ir_insn *to, uint32_t bits, struct ir_block *block, uint16_t endian)
{
	ir_ref rn = reg(bits, 16), rt = reg(bits, 12), index = reg(bits, 0), sum;

	if (bits & 0x10 || any_15(bits, 0xff00f) || is_rrx(bits))
		return NULL;
	if (bits & 0xfe0) {
		index = ir_tmp(block);
		to = put_shift(to, bits, index, 0);
	}
	sum = ir_tmp(block);
	put(to, bits & U ? IR_ADD : IR_SUB);
	to->dst = sum;
	to->a = rn;
	to->b = index;
	to = put_access(to + 1, access_of(bits), rt, bits & P ? sum : rn, 0, endian);
	if ((bits & (P | W)) != P && (!(bits & L) || rt != rn)) {
		put(to, IR_MOV);
		to->dst = rn;
		to->a = sum;
		to++;
	}
	return to;
}

/* A list without r15 and, when loaded, without Rn; @pc (or IR_NONE: odd) is loaded for r15. */
static inline struct ir_insn *multiple(struct ir_insn *to, uint32_t bits, uint16_t endian, ir_ref pc)
{
	const struct access *access = access_of(bits);
	ir_ref rn = reg(bits, 16);
	unsigned list = bits & 0xffff, size = 4 * (unsigned)__builtin_popcount(list);
	uint32_t offset = (bits & U ? 0 : 0 - size) + (!(bits & P) == !(bits & U) ? 4 : 0);

	if (rn == 15 || !list || (list >> 15 && pc == IR_NONE) || (bits & L && list >> rn & 1))
		return NULL;
	for (; list; list &= list - 1) {
		ir_ref rt = (ir_ref)__builtin_ctz(list);

		if (rt == 15)
			rt = pc;
		to = put_access(to, access, rt, rn, offset, ACCESS_ALIGNED | endian);
		offset += 4;
	}
	return bits & W ? put_step(to, rn, bits & U ? size : 0 - size) : to;
}

/* Data processing with a register, or what A5.1 puts among it. */
static inline __attribute__((always_inline)) struct ir_insn *data_reg(struct ir_insn *to, uint32_t bits, gva_t pc, struct lift *l)
{
	const struct data_op *op = &lift_data_ops[field(bits, 21)];
	uint8_t fdef = flags_of(op, bits);
	ir_ref second = reg(bits, 0);

	if (unlikely((bits & 0x90) == 0x90))
		return extra(to, bits, pc, l->endian);
	if (unlikely(any_15(bits, 0xff00f)))
		return NULL;
	if (unlikely(bits & 0xff0)) {
		if (bits & 0x10 || is_rrx(bits))
			return NULL;
		/* MOV of a shifted register is the shift itself. */
		if (op->ir == IR_MOV)
			return put_shift(to, bits, reg(bits, 12), fdef ? IR_NZC : 0);
		second = ir_tmp(l->block);
		to = put_shift(to, bits, second, fdef == IR_NZ ? IR_C : 0);
	}
	return put_data(to, op, bits, fdef, second, 0);
}

/* One word that is no branch, whatever its condition. */
static inline __attribute__((always_inline)) struct ir_insn *lift_word(struct lift *l, struct ir_insn *to, uint32_t bits, gva_t pc)
{
	switch ((enum form)forms[bits >> 20 & 0xff]) {
	case FORM_DATA_REG:
		return data_reg(to, bits, pc, l);
	case FORM_DATA_IMM:
		return data_imm(to, bits);
	case FORM_MOVW:
		return movw(to, bits);
	case FORM_MOVT:
		return movt(to, bits, l->block);
	case FORM_HINT:
		return (bits & 0xfffff) == 0xf000 ? to : NULL; /* NOP */
	case FORM_SINGLE:
		return put_single(to, bits, pc, bits & 0xfff, l->endian);
	case FORM_SINGLE_REG:
		return single_reg(to, bits, l->block, l->endian);
	case FORM_MULTIPLE:
		return multiple(to, bits, l->endian, IR_NONE);
	case FORM_ODD:
		return NULL;
	}
	__builtin_unreachable();
}

/* --- branches ----------------------------------------------------------------------------------------------------- */

static inline bool is_branch(uint32_t bits, bool link)
{
	return (bits >> 24 & 15) == (link ? 11 : 10);
}

static inline gva_t branch_target(uint32_t bits, gva_t pc)
{
	return pc + 8 + (uint32_t)sign_extend32(bits << 2 & 0x03ffffff, 26);
}

/* LDM with r15, which is not the base, nor is that in the list. */
static bool is_return_by_ldm(uint32_t bits)
{
	return forms[bits >> 20 & 0xff] == FORM_MULTIPLE && (bits & (L | 0x8000)) == (L | 0x8000) && !(bits >> reg(bits, 16) & 1);
}

static void return_by_ldm(struct lift *l, uint32_t bits)
{
	ir_ref pc = ir_tmp(l->block);
	struct ir_insn *to = multiple(&l->block->ops[l->block->count], bits, l->endian, pc);

	put(to, IR_EXIT_IND);
	to->a = pc;
	to->imm = JUMP_INTERWORK | (reg(bits, 16) == 13 ? JUMP_RETURN : 0);
	l->block->count = (uint16_t)(to + 1 - l->block->ops);
}

/* Behind the marker of BL. */
static void put_call(struct lift *l, struct ir_insn *to, gva_t target)
{
	ir_write(&to[0], IR_HEAD(IR_MOV, 0, 0, 14, IR_NONE), IR_SOURCES(IR_IMM, IR_NONE, IR_NONE, 0), l->next, 0);
	ir_write(&to[1], IR_HEAD(IR_EXIT, 0, 0, IR_NONE, IR_NONE), IR_SOURCES(IR_NONE, IR_NONE, IR_NONE, 0), target, 0);
	lift_count_exit(l, l->pc, target);
}

#define BX_LR 0xe12fff1e

/*
 * What ends the block or goes on elsewhere, under the condition AL, where no other is open: B, BL, LDM with r15, BX lr.  Its marker is there
 * without being counted, and l->pc is its address. Returns false, and has done nothing, when @bits is none of them.
 */
static __attribute__((noinline)) bool lift_end(struct lift *l, uint32_t bits)
{
	struct ir_block *block = l->block;
	bool jumps = is_branch(bits, false), calls = is_branch(bits, true);

	if (!jumps && !calls && bits != BX_LR && !is_return_by_ldm(bits))
		return false;
	lift_count_last(l, 4);
	if (jumps) {
		lift_last_goto(l, branch_target(bits, l->pc));
	} else if (calls) {
		put_call(l, &block->ops[block->count], branch_target(bits, l->pc));
		block->count += 2;
	} else if (bits == BX_LR) {
		lift_jump(l, operand_ref(14), JUMP_INTERWORK | JUMP_RETURN);
	} else {
		return_by_ldm(l, bits);
	}
	l->done |= !jumps;
	l->pc = l->next;
	return true;
}

/* --- conditions --------------------------------------------------------------------------------------------------- */

static struct ir_insn *put_label(struct lift *l, struct ir_insn *to)
{
	put(to, IR_LABEL)->imm = l->skip;
	l->skip = LIFT_NO_LABEL;
	l->fp_checked &= l->fp_checked_skip;
	return to + 1;
}

/* MOV without flags, of a constant or a register: IR_SELECT as by lift_select(). Returns NULL for other words. */
static struct ir_insn *put_select(struct ir_insn *to, uint32_t bits)
{
	bool movw = (bits & 0x0ff00000) == 0x03000000, imm = movw || (bits & 0x0fff0000) == 0x03a00000;

	if (reg(bits, 12) == 15 || (!imm && ((bits & 0x0fff0ff0) != 0x01a00000 || reg(bits, 0) == 15)))
		return NULL;
	put(to, IR_SELECT);
	to->cond = (uint8_t)condition(bits);
	to->fuse = ir_cond_flags(condition(bits));
	to->dst = to->b = reg(bits, 12);
	to->a = imm ? IR_IMM : reg(bits, 0);
	if (imm)
		to->imm = movw ? field(bits, 16) << 12 | (bits & 0xfff) : ror32(bits & 0xff, field(bits, 8) * 2);
	return to + 1;
}

static __attribute__((noinline)) struct ir_insn *lift_word_apart(struct lift *l, struct ir_insn *to, uint32_t bits, gva_t pc)
{
	return lift_word(l, to, bits, pc);
}

static __attribute__((noinline)) struct ir_insn *branch_if(struct lift *l, struct ir_insn *to, uint32_t bits, gva_t pc)
{
	return lift_put_branch_if(l, to, condition(bits), pc, branch_target(bits, pc), 0);
}

static inline bool is_branch_if(uint32_t bits)
{
	return is_branch(bits, false) && condition(bits) != 15;
}

/* The ops of an instruction with a condition, behind its marker: see lift_conditional() in lift_block.c. */
static __attribute__((noinline)) struct ir_insn *conditional(struct lift *l, struct ir_insn *to, uint32_t bits, gva_t pc)
{
	bool open = l->skip != LIFT_NO_LABEL, branches = is_branch(bits, false), changed = branches;
	uint16_t label = open ? l->skip : l->block->labels;
	struct ir_insn *from;

	if (condition(bits) == 15)
		return NULL;
	if (!open) {
		struct ir_insn *selected = put_select(to, bits);

		if (selected)
			return selected;
		put(to, IR_BRC);
		to->cond = (uint8_t)(condition(bits) ^ 1);
		to->fuse = ir_cond_flags(condition(bits));
		to->imm = label;
		to++;
	}
	from = to;
	if (branches) {
		put(to, IR_EXIT)->imm = branch_target(bits, pc);
		to++;
		lift_count_exit(l, pc, branch_target(bits, pc));
		lift_after_conditional(l);
	} else {
		to = lift_word_apart(l, to, bits, pc);
		if (!to)
			return NULL;
		while (from < to)
			changed |= from++->fdef != 0;
	}
	if (!open) {
		l->block->labels++;
		l->skip = label;
		l->skip_cond = (uint8_t)condition(bits);
		l->fp_checked_skip = l->fp_checked;
	}
	return changed ? put_label(l, to) : to;
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

/* Which condition an ordinary word has: none while the code under a condition is open. */
static inline unsigned ordinary(const struct lift *l)
{
	return l->skip == LIFT_NO_LABEL ? INSN_COND_AL : 16;
}

/* The run that starts with the word at @at and ends at @end at the latest. Returns false when it ended before an odd word. */
static bool lift_words(struct lift *l, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *from = at;
	struct ir_insn *to = &l->block->ops[l->block->count], *next;
	unsigned cond = ordinary(l);
	gva_t pc = l->pc;
	uint32_t bits = 0;

	for (; at != end; at += 4, pc += 4, to = next) {
		bits = lift_read32(at);
		if (unlikely(condition(bits) != cond) && cond != INSN_COND_AL && condition(bits) != l->skip_cond) {
			to = put_label(l, to);
			cond = INSN_COND_AL;
		}
		next = lift_put_marker(to, pc, 4);
		if (likely(condition(bits) == cond)) {
			next = lift_word(l, next, bits, pc);
			if (!next)
				break;
			continue;
		}
		next = cond == INSN_COND_AL && is_branch_if(bits) ? branch_if(l, next, bits, pc) : conditional(l, next, bits, pc);
		if (!next)
			break;
		cond = ordinary(l);
		if (l->done)
			end = at + 4;
	}
	lift_run_ends(l, pc, (unsigned)(at - from) / 4, to);
	return at == end || (condition(bits) == cond && lift_end(l, bits));
}

bool lift_run(struct lift *l, const struct lift_source *source, unsigned max_insns)
{
	uint32_t offset = l->pc - source->page;
	const uint8_t *at = source->bytes + offset;

	if (!lift_may_run(l, offset, LIFT_RUN_OPS(MOST_OPS)))
		return false;
	return lift_words(l, at, at + 4 * MIN((GUEST_PAGE_SIZE - offset) / 4, max_insns - l->insns));
}
