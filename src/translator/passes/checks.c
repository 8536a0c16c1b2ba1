/*
 * checks.c - merged page checks: runs of loads, or of stores, from one base at constant offsets become groups.
 *
 * The back end tests once whether the whole span is mapped in line; when it is not, each member takes the slow path and its own fault.
 * A member that overwrites the base ends the group.
 */
#include "base/base.h"
#include "translator/passes/pass.h"

#include "mmu/mmu.h"

enum { OTHER, LOAD, STORE };
static const uint8_t kinds[IR_OP_COUNT] = { [IR_LD] = LOAD, [IR_LDF] = LOAD, [IR_ST] = STORE, [IR_STF] = STORE };

/* Makes a group of the plain accesses from @head on. Returns how many belong together, if it is but one. A block does not end with an access. */
static unsigned make_group(struct ir_insn *head)
{
	const uint8_t kind = kinds[head->op];
	const ir_ref base = head->a;
	struct ir_insn *insn = head;
	int64_t low = (int32_t)head->imm2, high = low;
	unsigned n = 0;

	if (base == IR_IMM || head->mem & ACCESS_BE)
		return 1;
	do {
		int64_t offset = (int32_t)insn->imm2;
		int64_t to = offset + (1 << (insn->mem & ACCESS_SIZE_MASK));

		low = MIN(low, offset);
		high = MAX(high, to);
		if (high - low > IR_GROUP_SPAN)
			break;
		insn->group = IR_GROUP_MEMBER;
		n++;
		if (insn->op == IR_LD && insn->dst == base)
			break;
		insn++;
	} while (kinds[insn->op] == kind && insn->a == base && !((insn->mem ^ head->mem) & (ACCESS_USER | ACCESS_BE)) && n < IR_GROUP_MAX);
	head->group = n > 1 ? (uint8_t)n : 0;
	return n;
}

void pass_checks(struct ir_block *block)
{
	const struct ir_insn *end = block->ops + block->count;
	struct ir_insn *insn = block->ops + 1;

	if (block->facts.known && !block->facts.neighbours)
		return;
	/* Two neighbours must be accesses: one look in two steps finds out. */
	while (insn < end) {
		if (!kinds[insn->op])
			insn += 2;
		else if (kinds[insn[-1].op])
			insn += make_group(insn - 1);
		else
			insn++;
	}
}
