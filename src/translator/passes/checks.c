/*
 * checks.c - merged page checks: runs of loads, or of stores, from one base at constant offsets become groups.
 *
 * The back end tests once whether the whole span is mapped in line; when it is not, each member takes the slow path and its own fault.
 * A member that overwrites the base ends the group.
 */
#include "base/base.h"
#include "translator/passes/pass.h"

#include "mmu/mmu.h"

static bool is_plain(const struct ir_insn *insn)
{
	return insn->op == IR_LD || insn->op == IR_ST || insn->op == IR_LDF || insn->op == IR_STF;
}

static bool is_load(const struct ir_insn *insn)
{
	return insn->op == IR_LD || insn->op == IR_LDF;
}

struct span {
	int64_t low, high;
};

/* Widens @span by @insn's bytes; false: it would be too wide. */
static bool widen(struct span *span, const struct ir_insn *insn)
{
	int64_t offset = (int32_t)insn->imm2;
	int64_t low = MIN(span->low, offset);
	int64_t high = MAX(span->high, offset + (1 << (insn->mem & ACCESS_SIZE_MASK)));

	if (high - low > IR_GROUP_SPAN)
		return false;
	*span = (struct span){ low, high };
	return true;
}

/* How many accesses from @head on make a group. */
static unsigned group_length(const struct ir_block *block, unsigned head)
{
	const struct ir_insn *first = &block->ops[head];
	struct span span = { INT32_MAX, INT32_MIN };
	unsigned n = 0;

	while (head + n < block->count && n < IR_GROUP_MAX) {
		const struct ir_insn *insn = &block->ops[head + n];

		if (!is_plain(insn) || is_load(insn) != is_load(first) || insn->a != first->a || insn->mem & ACCESS_BE ||
		    (insn->mem ^ first->mem) & ACCESS_USER)
			break;
		if (n == 0)
			span = (struct span){ (int32_t)insn->imm2, (int32_t)insn->imm2 };
		if (!widen(&span, insn))
			break;
		n++;
		if (insn->op == IR_LD && insn->dst == first->a)
			break;
	}
	return n;
}

static void make_group(struct ir_insn *head, unsigned n)
{
	head->group = (uint8_t)n;
	for (unsigned k = 1; k < n; k++)
		head[k].group = IR_GROUP_MEMBER;
}

void pass_checks(struct ir_block *block)
{
	const struct ir_insn *end = block->ops + block->count;
	struct ir_insn *insn = block->ops + 1;

	/* Two neighbours must be accesses: one look in two steps finds out. */
	while (insn < end) {
		unsigned n;

		if (!(ir_op_info[insn->op].attr & IRA_MEM)) {
			insn += 2;
			continue;
		}
		n = is_plain(insn - 1) && insn[-1].a != IR_IMM ? group_length(block, (unsigned)(insn - 1 - block->ops)) : 1;
		if (n > 1)
			make_group(insn - 1, n);
		insn += MAX(n, 1u); /* 0: big-endian accesses make no groups */
	}
}
