/*
 * join.c - forward branches to an instruction further down in the block stay inside.
 *
 * Lift makes a side exit of every conditional branch:    brc c, L; exit T; label L; ...; insn T; ...
 * and this pass of those that skip little:               brc !c, M;            ...; label M; insn T; ...
 * so that an if in a loop does not tear the loop apart. Not into code that runs under a condition of its own.
 */
#include "base/base.h"
#include "translator/passes/pass.h"

#include <string.h>

#include "cpu/cpu.h"

#define MAX_SKIPPED 16 /* instructions: the path that skips them counts them all the same (ir.h, "Counting") */
#define NONE 0xffff

struct join {
	uint16_t bound[IR_MAX_OPS];  /* by label: where */
	uint16_t uses[IR_MAX_OPS];   /* by label: branches to it */
	bool inside[IR_MAX_OPS];     /* by op: under a condition */
	uint16_t entry[IR_MAX_OPS];  /* by op: label to be put before it; NONE */
	bool dropped[IR_MAX_OPS];    /* by op */
	uint16_t last[IR_MAX_TMPS];  /* by temporary: op that uses it last */
};

static bool is_conditional(const struct ir_insn *op)
{
	return op->op == IR_BRC || op->op == IR_BRZ || op->op == IR_BRNZ;
}

/* @i is a conditional branch over nothing but an exit. */
static inline bool is_side_exit(const struct ir_block *block, unsigned i)
{
	const struct ir_insn *op = &block->ops[i];

	return i + 2 < block->count && op[1].op == IR_EXIT && is_conditional(op) && op[2].op == IR_LABEL && op[2].imm == op->imm;
}

static void use(struct join *j, ir_ref ref, unsigned i)
{
	if (IR_IS_TMP(ref))
		j->last[ref - IR_TMP0] = (uint16_t)i;
}

/* A result of op @i is used at @target or later: it would not be there on the path that skips @i. */
static bool wanted_after(const struct join *j, const struct ir_insn *op, unsigned target)
{
	if (op->op == IR_LDF)
		return false;
	return (IR_IS_TMP(op->dst) && j->last[op->dst - IR_TMP0] >= target) || (IR_IS_TMP(op->dst2) && j->last[op->dst2 - IR_TMP0] >= target);
}

static void use_all(struct join *j, const struct ir_insn *op, unsigned i)
{
	use(j, op->a, i);
	if (op->op != IR_STF)
		use(j, op->b, i);
	use(j, op->c, i);
}

static void survey(struct join *j, const struct ir_block *block)
{
	unsigned count = block->count, until = 0;
	bool tmps = block->tmps;

	memset(j->uses, 0, block->labels * sizeof(j->uses[0]));
	memset(j->entry, 0xff, count * sizeof(j->entry[0]));
	memset(j->dropped, 0, count * sizeof(j->dropped[0]));
	for (unsigned i = 0; i < count; i++) {
		const struct ir_insn *op = &block->ops[i];

		if (op->op == IR_INSN)
			continue;
		if (tmps)
			use_all(j, op, i);
		if (op->op == IR_LABEL)
			j->bound[op->imm] = (uint16_t)i;
		else if (ir_op_info[op->op].attr & IRA_CONTROL)
			j->uses[op->imm]++;
	}
	for (unsigned i = 0; i < count; i++) {
		const struct ir_insn *op = &block->ops[i];

		j->inside[i] = i < until;
		if (ir_op_info[op->op].attr & IRA_CONTROL && op->op != IR_LABEL && !is_side_exit(block, i))
			until = MAX(until, (unsigned)j->bound[op->imm]);
	}
}

/* The address of the instruction that op @i belongs to. */
static gva_t pc_at(const struct ir_block *block, unsigned i)
{
	while (i > 0 && block->ops[i].op != IR_INSN)
		i--;
	return block->ops[i].op == IR_INSN ? block->ops[i].imm : block->pc;
}

/* An access check counts for all that is behind it. */
static bool any_wanted_after(const struct join *j, const struct ir_block *block, unsigned from, unsigned target)
{
	for (unsigned i = from; i < target; i++)
		if (wanted_after(j, &block->ops[i], target) || block->ops[i].op == IR_FPCHECK)
			return true;
	return false;
}

/*
 * The op where the exit at @i + 1 could go on by what it says itself, or 0. Exits backwards stay: they look at the countdown. So do those into
 * an IT block.
 */
static unsigned find_place(const struct ir_block *block, unsigned i)
{
	const struct ir_insn *exit = &block->ops[i + 1];
	unsigned skipped = 0;

	if (exit->imm <= pc_at(block, i) || exit->imm2 & EXIT_CHECKED || !(exit->imm2 & EXIT_THUMB) != !(block->key & KEY_T))
		return 0;
	for (unsigned k = i + 3; k < block->count; k++) {
		const struct ir_insn *op = &block->ops[k];

		if (op->op != IR_INSN)
			continue;
		if (op->imm == exit->imm)
			return op->imm2 >> 8 ? 0 : k;
		if (++skipped > MAX_SKIPPED)
			return 0;
	}
	return 0;
}

/* The op where the exit at @i + 1 goes on, or 0. */
static unsigned find_target(const struct join *j, const struct ir_block *block, unsigned i)
{
	unsigned k = find_place(block, i);

	return !k || j->uses[block->ops[i].imm] != 1 || j->inside[k] || any_wanted_after(j, block, i, k) ? 0 : k;
}

static void invert(struct ir_insn *op, uint16_t label)
{
	if (op->op == IR_BRC)
		op->cond ^= 1;
	else
		op->op = op->op == IR_BRZ ? IR_BRNZ : IR_BRZ;
	op->imm = label;
}

/* In place, from op @first on: before each label that comes in more than one op goes. */
static void rebuild(const struct join *j, struct ir_block *block, unsigned first)
{
	unsigned to = first;

	for (unsigned i = first; i < block->count; i++) {
		struct ir_insn op = block->ops[i];

		if (j->entry[i] != NONE) {
			block->ops[to] = ir_template[IR_LABEL];
			block->ops[to++].imm = j->entry[i];
		}
		if (!j->dropped[i])
			block->ops[to++] = op;
	}
	block->count = (uint16_t)to;
}

/* The first side exit to an instruction of this block further down, or 0: few blocks have one. */
static unsigned first_candidate(const struct ir_block *block)
{
	gva_t last = block->pc;

	if (!block->labels)
		return 0;
	for (unsigned i = block->count; i-- > 0;) {
		if (block->ops[i].op == IR_INSN) {
			last = block->ops[i].imm;
			break;
		}
	}
	for (const struct ir_insn *op = block->ops, *end = op + block->count; op < end; op++) {
		unsigned i = (unsigned)(op - block->ops);

		if (op->op == IR_EXIT && op->imm <= last && op->imm > block->pc && is_side_exit(block, i - 1) && find_place(block, i - 1))
			return i - 1;
	}
	return 0;
}

void pass_join(struct ir_block *block)
{
	unsigned first = first_candidate(block);
	bool changed = false;
	struct join j;

	if (!first)
		return;
	survey(&j, block);
	for (unsigned i = first; i + 2 < block->count; i++) {
		unsigned target;

		if (!is_side_exit(block, i))
			continue;
		target = find_target(&j, block, i);
		if (!target)
			continue;
		if (j.entry[target] == NONE)
			j.entry[target] = ir_label(block);
		invert(&block->ops[i], j.entry[target]);
		j.dropped[i + 1] = j.dropped[i + 2] = true;
		changed = true;
		i += 2;
	}
	if (changed)
		rebuild(&j, block, first);
}
