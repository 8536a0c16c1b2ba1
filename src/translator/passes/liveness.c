/*
 * liveness.c - two passes in one walk backward, since both follow what is live, and what emission has to know of ops further down.
 *
 * flags: a flag that is defined again before anything reads it is not computed. All flags are live where the block can be left and where a
 * C function may look at them.
 * dead: ops go whose results nothing uses, moves to themselves, branches to the next op and labels without branch.
 * facts (ir.h): flags that are live after each op, instructions behind it, labels and who branches to them, the last use of each
 * temporary, exits. Places are counted from the end, so that they are right at once though ops in front of them go.
 *
 * Control goes forward only, so what is live at a label is known when its branches are met.
 */
#include "base/base.h"
#include "translator/passes/pass.h"

#include <string.h>

#include "cpu/cpu.h"
#include "translator/passes/passes.h"
#include "translator/run/helpers.h"

#define DEAD IR_OP_COUNT /* what ops become that are to be removed */
#define ONE_BEHIND (1u << 16) /* in ir_insn.facts */

/* What is live before the ops that the walk has seen. In two registers, also between functions. */
struct live {
	uint64_t values; /* bit n: what ref n holds is read before it is written again */
	uint32_t facts;  /* as ir_insn.facts has it. Not of 64 bits too: GCC would keep both in one vector register */
};
#define REGS 0xffffull
#define LAST_BIT 61 /* the bits above are those of IR_IMM and IR_NONE */
#define NONE_BIT (1ull << 63) /* 0 */

/* How refs become bits. Those of rare blocks with MANY temporaries that find no place there have bytes. */
enum refs { NO_TMPS, TMPS, MANY };
#define MAX_TMPS (LAST_BIT + 1 - IR_TMP0)

struct liveness {
	struct ir_block *block;
	const struct ir_insn *end;
	uint8_t keep_flags;         /* all, or 0: those that are not live go */
	uint8_t keep_ops;           /* IRA_EFFECT, or 0: those without use go */
	bool uneven;                /* ways to a label differ in how many `insn` ops they pass */
	unsigned dead;              /* ops found */
	unsigned unbranched;        /* labels that no branch has been found to yet */
	struct ir_insn *first_dead; /* NULL: none */
	struct at_label {
		struct ir_insn *op;
		struct live live;
	} labels[IR_MAX_OPS];       /* of those that have been met */
	bool more[IR_MAX_TMPS];     /* MANY: by temporary */
};

/* One instruction, where the compiler makes three of an operator. */
static inline uint64_t set_bit(uint64_t word, uint64_t n)
{
	__asm__("bts %1, %0" : "+r"(word) : "r"(n) : "cc");
	return word;
}
static inline uint64_t clear_bit(uint64_t word, uint64_t n)
{
	__asm__("btr %1, %0" : "+r"(word) : "r"(n) : "cc");
	return word;
}

static inline bool has_byte(ir_ref ref, enum refs refs)
{
	return refs == MANY && IR_IS_TMP(ref) && ref > LAST_BIT;
}

static inline bool is_live(const struct liveness *l, uint64_t values, ir_ref ref, enum refs refs)
{
	return has_byte(ref, refs) ? l->more[ref - IR_TMP0] : values >> (ref & 63) & 1;
}

/* Both return the new values. */
static inline uint64_t use(struct liveness *l, uint64_t values, ir_ref ref, enum refs refs)
{
	if (!has_byte(ref, refs))
		return set_bit(values, ref);
	l->more[ref - IR_TMP0] = true;
	return values;
}
static inline uint64_t define(struct liveness *l, uint64_t values, ir_ref ref, enum refs refs)
{
	if (!has_byte(ref, refs))
		return clear_bit(values, ref);
	l->more[ref - IR_TMP0] = false;
	return values;
}

/* @insn, which is kept, as a place from the end. */
static inline uint16_t place(const struct liveness *l, const struct ir_insn *insn)
{
	return (uint16_t)((unsigned)(l->end - insn) - l->dead);
}

static inline void mention(struct liveness *l, const struct ir_insn *insn, ir_ref ref)
{
	uint16_t *last = l->block->facts.tmp_last;

	if (IR_IS_TMP(ref) && !last[ref - IR_TMP0])
		last[ref - IR_TMP0] = place(l, insn);
}

static inline bool is_shift(unsigned op)
{
	return op == IR_LSL || op == IR_LSR || op == IR_ASR || op == IR_ROR;
}

static inline bool is_plain_access(unsigned op)
{
	static_assert(IR_ST == IR_LD + 1 && IR_LDF == IR_LD + 2 && IR_STF == IR_LD + 3, "the order of ir_ops.def");
	return op - IR_LD <= IR_STF - IR_LD;
}

/* @insn has no effect but its result, and no live flags. */
static inline bool is_dead(const struct liveness *l, uint64_t values, const struct ir_insn *insn, enum refs refs)
{
	return !is_live(l, values, insn->dst, refs) || (insn->op == IR_MOV && insn->dst == insn->a);
}

static void bury(struct liveness *l, struct ir_insn *insn)
{
	/* Perhaps it stood between two of them. */
	if (is_plain_access(insn[-1].op))
		l->block->facts.neighbours = true;
	insn->op = DEAD;
	l->dead++;
	if (!l->first_dead || insn < l->first_dead)
		l->first_dead = insn;
}

/* An op that is not like most others. A VFP register's number could be taken for a temporary. */
static __attribute__((noinline)) struct live special(struct liveness *l, struct ir_insn *insn, struct live now, enum refs refs)
{
	const ir_ref dst = insn->op == IR_LDF ? IR_NONE : insn->dst, b = insn->op == IR_STF ? IR_NONE : insn->b;
	uint8_t attr = ir_op_attr[insn->op];

	if (!((attr | l->keep_ops) & IRA_EFFECT) && !is_live(l, now.values, dst, refs) && !is_live(l, now.values, insn->dst2, refs)) {
		bury(l, insn);
		return now;
	}
	now.values = define(l, define(l, now.values, dst, refs), insn->dst2, refs);
	/* The state before it is the architecture's. */
	if (attr & IRA_FAULT || insn->op == IR_POLL || (insn->op == IR_CALL && !(helper_info[insn->imm].attr & HELPER_PURE)))
		now = (struct live){ now.values | REGS, now.facts | IR_NZCV };
	if ((insn->op == IR_LDCPU && insn->imm == offsetof(struct cpu, nzcv)) || (insn->op == IR_STCPU && insn->imm2 == offsetof(struct cpu, nzcv)))
		now.facts |= IR_NZCV;
	if (insn->op == IR_UMLAL || insn->op == IR_SMLAL)
		now.values = use(l, use(l, now.values, dst, refs), insn->dst2, refs);
	now.values = use(l, use(l, use(l, now.values, insn->a, refs), b, refs), insn->c, refs) & ~NONE_BIT;
	l->block->facts.calls |= insn->op == IR_CALL;
	if (is_plain_access(insn->op) && is_plain_access(insn[1].op))
		l->block->facts.neighbours = true;
	mention(l, insn, dst);
	mention(l, insn, insn->dst2);
	mention(l, insn, insn->a);
	mention(l, insn, b);
	mention(l, insn, insn->c);
	return now;
}

/* The op before the label at @insn, which stays, ends a path. What would be removed does not. */
static bool ends_before(const struct ir_insn *label)
{
	unsigned op = label[-1].op;

	return op == IR_BR || ir_ends(op);
}

/* A branch. One that can go is buried. */
static __attribute__((noinline)) struct live branch(struct liveness *l, struct ir_insn *insn, struct live now, enum refs refs)
{
	const struct at_label *label = &l->labels[insn->imm];
	uint16_t *uses = &l->block->facts.labels[insn->imm].uses;

	if (insn->op == IR_BR) {
		now.values &= ~REGS;
		now.facts &= ~IR_NZCV;
	}
	now.values |= label->live.values & REGS;
	now.facts |= label->live.facts & IR_NZCV;
	if (insn->op == IR_BR && label->op == insn + 1 && !l->keep_ops) {
		bury(l, insn);
		return now;
	}
	insn->facts = now.facts;
	/* Of the branches the last. Where only they come to the label, what lies between counts on none of the ways. */
	if (!(*uses)++) {
		l->unbranched--;
		l->uneven |= (now.facts ^ label->live.facts) >> 16 && ends_before(label->op);
	}
	now.facts |= insn->fuse;
	if (insn->a != IR_NONE) {
		now.values = use(l, now.values, insn->a, refs);
		mention(l, insn, insn->a);
	}
	return now;
}

static inline void label(struct liveness *l, struct ir_insn *insn, uint64_t values, uint32_t facts)
{
	l->labels[insn->imm].op = insn;
	l->labels[insn->imm].live = (struct live){ values, facts };
	l->unbranched++;
	l->block->facts.labels[insn->imm].at = place(l, insn);
}

/* Flags of an op that defines or uses any. Returns what is live before it as ir_insn.facts has it. */
static inline uint32_t narrow_flags(struct ir_insn *insn, uint32_t facts, uint8_t keep_flags)
{
	uint8_t defines = insn->fdef;

	insn->fdef &= (uint8_t)(facts | keep_flags);
	if (!keep_flags && is_shift(insn->op) && !(insn->fdef & IR_C))
		insn->fuse = 0; /* it read C only to keep it */
	return (facts & ~(uint32_t)defines) | insn->fuse;
}

/* An end of a path or an access, like most of them. The state before it is the architecture's: what the walk knows of registers and flags. */
static inline void leave(struct liveness *l, struct ir_insn *insn)
{
	struct ir_facts *facts = &l->block->facts;

	if (!ir_ends(insn->op)) {
		if (is_plain_access(insn[1].op) && is_plain_access(insn->op))
			facts->neighbours = true;
		return;
	}
	insn->facts &= ~IR_NZCV;
	if (insn->op != IR_EXIT)
		return;
	facts->exits++;
	if (insn->imm == l->block->pc && !facts->own_exit)
		facts->own_exit = place(l, insn);
}

/* Inlined three times. */
static inline __attribute__((always_inline)) struct live walk(struct liveness *l, enum refs refs, uint8_t keep_flags, uint8_t keep_ops)
{
	struct ir_insn *const first = l->block->ops;
	uint64_t values = REGS;
	uint32_t facts = IR_NZCV;

	for (struct ir_insn *insn = first + l->block->count; insn-- > first;) {
		uint32_t before = facts;
		struct live now;
		uint8_t attr;

		insn->facts = facts;
		if (insn->op == IR_INSN) {
			facts += ONE_BEHIND;
			continue;
		}
		attr = ir_op_attr[insn->op];
		if (!(attr & ~IRA_EVAL)) {
			/* Most of all: what has no effect but its results. */
			if (insn->fdef | insn->fuse)
				before = narrow_flags(insn, facts, keep_flags);
			if (!insn->fdef && !keep_ops && is_dead(l, values, insn, refs)) {
				bury(l, insn);
				continue;
			}
			facts = before;
			values = define(l, values, insn->dst, refs);
			values = use(l, use(l, values, insn->a, refs), insn->b, refs) & ~NONE_BIT;
			if (refs == NO_TMPS)
				continue;
			/* It was mentioned where it is used. */
			if (insn->fdef | keep_ops)
				mention(l, insn, insn->dst);
		} else if (attr & (IRA_FAULT | IRA_END) && !(attr & (IRA_ODD | IRA_WIDE))) {
			leave(l, insn);
			values |= REGS;
			facts |= IR_NZCV;
			if (refs == NO_TMPS)
				continue;
			if (IR_IS_TMP(insn->a))
				values = use(l, values, insn->a, refs);
			if (IR_IS_TMP(insn->b))
				values = use(l, values, insn->b, refs);
			mention(l, insn, insn->dst);
		} else if (insn->op == IR_LABEL) {
			label(l, insn, values, facts);
			continue;
		} else {
			now = (attr & IRA_CONTROL ? branch : special)(l, insn, (struct live){ values, facts }, refs);
			values = now.values;
			facts = now.facts;
			continue;
		}
		mention(l, insn, insn->a);
		mention(l, insn, insn->b);
	}
	return (struct live){ values, facts };
}

static void remove_dead(struct ir_block *block, struct ir_insn *first)
{
	const struct ir_insn *end = block->ops + block->count;
	struct ir_insn *to = first;

	for (const struct ir_insn *from = first + 1; from < end; from++)
		if (from->op != DEAD)
			*to++ = *from;
	block->count = (uint16_t)(to - block->ops);
}

/* Labels that nothing branches to. There are hardly ever any: places that this changes are looked for again. */
static __attribute__((noinline)) void bury_labels(struct liveness *l)
{
	for (unsigned i = 0; i < l->block->labels; i++)
		if (l->block->facts.labels[i].at && !l->block->facts.labels[i].uses)
			bury(l, l->labels[i].op);
	l->block->facts.known = false;
}

/* The rare case in which an op's number is not that of `insn` ops before it. */
static __attribute__((noinline)) void count_ways(struct ir_block *block)
{
	uint16_t counts[IR_MAX_OPS];

	ir_count_insns(block->ops, block->count, counts);
	for (unsigned i = 0; i < block->count; i++)
		block->ops[i].facts = IR_LIVE(&block->ops[i]) | (uint32_t)(block->facts.insns - counts[i]) << 16;
}

static void init(struct liveness *l, struct ir_block *block)
{
	struct ir_facts *facts = &block->facts;

	facts->known = true;
	facts->neighbours = facts->calls = false;
	facts->exits = facts->own_exit = 0;
	for (unsigned i = 0; i < block->tmps; i++)
		facts->tmp_last[i] = 0;
	for (unsigned i = 0; i < block->labels; i++)
		facts->labels[i].at = facts->labels[i].uses = 0;
	l->block = block;
	l->end = block->ops + block->count;
	l->dead = l->unbranched = 0;
	l->uneven = false;
	l->first_dead = NULL;
}

static void walk_block(struct ir_block *block, uint8_t keep_flags, uint8_t keep_ops)
{
	struct liveness l;
	struct live now;

	init(&l, block);
	l.keep_flags = keep_flags;
	l.keep_ops = keep_ops;
	if (!(keep_flags | keep_ops) && !block->tmps) {
		now = walk(&l, NO_TMPS, 0, 0);
	} else if (!(keep_flags | keep_ops) && block->tmps <= MAX_TMPS) {
		now = walk(&l, TMPS, 0, 0);
	} else {
		memset(l.more, 0, block->tmps * sizeof(l.more[0]));
		now = walk(&l, MANY, keep_flags, keep_ops);
	}
	block->facts.live_in = now.facts & IR_NZCV;
	block->facts.insns = (uint16_t)(now.facts >> 16);
	if (unlikely(l.unbranched) && !keep_ops)
		bury_labels(&l);
	if (l.first_dead)
		remove_dead(block, l.first_dead);
	if (unlikely(l.uneven))
		count_ways(block);
}

void pass_flags(struct ir_block *block)
{
	walk_block(block, 0, IRA_EFFECT);
}

void pass_dead(struct ir_block *block)
{
	walk_block(block, IR_NZCV, 0);
}

void pass_flags_and_dead(struct ir_block *block)
{
	walk_block(block, 0, 0);
}

void passes_facts(struct ir_block *block)
{
	if (!block->facts.known)
		walk_block(block, IR_NZCV, IRA_EFFECT);
}
