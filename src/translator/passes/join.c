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
	struct ir_block *block;
	gva_t last;                  /* instruction */
	bool changed;                /* what follows is set */
	uint16_t entry[IR_MAX_OPS];  /* by op: label to be put before it; NONE */
	bool dropped[IR_MAX_OPS];    /* by op */
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

/* The address of the instruction that op @i belongs to. */
static gva_t pc_at(const struct ir_block *block, unsigned i)
{
	while (i > 0 && block->ops[i].op != IR_INSN)
		i--;
	return block->ops[i].op == IR_INSN ? block->ops[i].imm : block->pc;
}

/* Temporaries that are results of some ops: they lie close together. */
struct range {
	ir_ref low, high; /* empty: low > high */
};

static void add_result(struct range *range, ir_ref ref)
{
	if (!IR_IS_TMP(ref))
		return;
	range->low = MIN(range->low, ref);
	range->high = MAX(range->high, ref);
}

static bool in_range(const struct range *range, ir_ref ref)
{
	return ref >= range->low && ref <= range->high;
}

/* A result of the ops before @target is used there or later: it would not be there on the path that skips them. So would an access check. */
static bool any_wanted_after(const struct ir_block *block, unsigned from, unsigned target)
{
	struct range results = { IR_NONE, 0 };
	const struct ir_insn *op = &block->ops[from], *end = block->ops + block->count;

	for (; op < &block->ops[target]; op++) {
		if (op->op == IR_FPCHECK)
			return true;
		if (op->op == IR_LDF)
			continue;
		add_result(&results, op->dst);
		add_result(&results, op->dst2);
	}
	for (; results.low <= results.high && op < end; op++)
		if (in_range(&results, op->a) || in_range(&results, op->c) || (op->op != IR_STF && in_range(&results, op->b)))
			return true;
	return false;
}

/* The exit at @i + 1 is all that the branch at @i skips, and op @target runs under no condition but those that come from here. */
static bool is_free(const struct join *j, unsigned i, unsigned target)
{
	const struct ir_block *block = j->block;
	unsigned uses = 0, open = 0;
	bool to[IR_MAX_OPS];

	memset(to, 0, block->labels * sizeof(to[0]));
	for (unsigned k = 0; k < target; k++) {
		const struct ir_insn *op = &block->ops[k];

		if (!(ir_op_attr[op->op] & IRA_CONTROL))
			continue;
		if (op->op == IR_LABEL) {
			open -= to[op->imm];
			to[op->imm] = false;
			continue;
		}
		uses += op->imm == block->ops[i].imm;
		if (!is_side_exit(block, k) && !(j->changed && j->dropped[k + 1])) {
			open += !to[op->imm];
			to[op->imm] = true;
		}
	}
	return uses == 1 && !open;
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
static unsigned find_target(const struct join *j, unsigned i)
{
	const struct ir_block *block = j->block;
	unsigned k = block->ops[i + 1].imm > j->last ? 0 : find_place(block, i);

	return k && is_free(j, i, k) && !any_wanted_after(block, i, k) ? k : 0;
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
		/* At least two ops have gone in front of it. */
		if (j->entry[i] != NONE) {
			block->ops[to] = ir_template[IR_LABEL];
			block->ops[to++].imm = j->entry[i];
		}
		if (!j->dropped[i])
			block->ops[to++] = block->ops[i];
	}
	block->count = (uint16_t)to;
}

/* The first side exit to an instruction of this block further down, or 0: few blocks have one. */
static unsigned first_candidate(struct join *j)
{
	const struct ir_block *block = j->block;

	if (!block->labels || block->exits_leave)
		return 0;
	j->last = pc_at(block, block->count - 1);
	for (const struct ir_insn *op = block->ops, *end = op + block->count; op < end; op++) {
		unsigned i = (unsigned)(op - block->ops);

		if (op->op == IR_EXIT && op->imm <= j->last && op->imm > block->pc && is_side_exit(block, i - 1) && find_place(block, i - 1))
			return i - 1;
	}
	return 0;
}

/* The exit at @i + 1 becomes a branch to op @target. */
static void join(struct join *j, unsigned i, unsigned target)
{
	struct ir_block *block = j->block;

	if (!j->changed) {
		memset(j->entry, 0xff, block->count * sizeof(j->entry[0]));
		memset(j->dropped, 0, block->count * sizeof(j->dropped[0]));
		j->changed = true;
	}
	if (j->entry[target] == NONE)
		j->entry[target] = ir_label(block);
	invert(&block->ops[i], j->entry[target]);
	j->dropped[i + 1] = j->dropped[i + 2] = true;
}

void pass_join(struct ir_block *block)
{
	unsigned first;
	struct join j;

	j.block = block;
	j.changed = false;
	first = first_candidate(&j);
	if (!first)
		return;
	for (const struct ir_insn *op = &block->ops[first], *end = block->ops + block->count; op < end; op++) {
		unsigned i = (unsigned)(op - block->ops) - 1, target;

		if (likely(op->op != IR_EXIT) || !is_side_exit(block, i))
			continue;
		target = find_target(&j, i);
		if (target)
			join(&j, i, target);
	}
	if (j.changed)
		rebuild(&j, block, first);
}
