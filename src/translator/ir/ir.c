#include "base/base.h"
#include "translator/ir/ir.h"

#include <string.h>

const struct ir_op_info ir_op_info[IR_OP_COUNT] = {
#define IR(id, text, operands, fdef, fuse, attr) [IR_##id] = { operands, fdef, fuse, attr, { 0 } },
#include "translator/ir/ir_ops.def"
#undef IR
};

const uint8_t ir_op_attr[IR_OP_COUNT] = {
#define IR(id, text, operands, fdef, fuse, attr) [IR_##id] = attr,
#include "translator/ir/ir_ops.def"
#undef IR
};

const char *const ir_op_text[IR_OP_COUNT] = {
#define IR(id, text, operands, fdef, fuse, attr) [IR_##id] = text,
#include "translator/ir/ir_ops.def"
#undef IR
};

const struct ir_insn ir_template[IR_OP_COUNT] = {
#define IR(id, text, operands, fdef, uses, attr) \
	[IR_##id] = { .op = IR_##id, .fuse = uses, .dst = IR_NONE, .dst2 = IR_NONE, .a = IR_NONE, .b = IR_NONE, .c = IR_NONE },
#include "translator/ir/ir_ops.def"
#undef IR
};

void ir_block_init(struct ir_block *block, gva_t pc, uint32_t key)
{
	block->pc = pc;
	block->key = key;
	block->guest_insns = 0;
	block->guest_bytes = 0;
	block->count = 0;
	block->tmps = 0;
	block->labels = 0;
	block->overflow = block->exits_leave = false;
	block->facts.known = false;
}

static_assert(IR_INSN < IR_BRNZ && IR_LABEL < IR_BRNZ && IR_BRC < IR_BRNZ && IR_BR < IR_BRNZ && IR_BRZ < IR_BRNZ, "the order of ir_ops.def");

static bool is_branch(unsigned op)
{
	return op == IR_BR || op == IR_BRC || op == IR_BRZ || op == IR_BRNZ;
}

void ir_count_insns(const struct ir_insn *ops, unsigned count, uint16_t *counts)
{
	uint16_t at_label[IR_MAX_OPS];
	uint16_t now = 0;
	unsigned known = 0; /* labels below it are set: most blocks have few */

	for (unsigned i = 0; i < count; i++) {
		const struct ir_insn *op = &ops[i];

		/* Most ops: only the first of ir_ops.def and those that end a path matter. */
		if (op->op > IR_BRNZ && !ir_ends(op->op)) {
			counts[i] = now;
			continue;
		}
		if (op->op == IR_INSN) {
			counts[i] = ++now;
			continue;
		}
		if (op->op == IR_LABEL && op->imm < known)
			now = MAX(now, at_label[op->imm]);
		counts[i] = now;
		if (is_branch(op->op) && op->imm < IR_MAX_OPS) {
			while (known <= op->imm)
				at_label[known++] = 0;
			at_label[op->imm] = MAX(at_label[op->imm], now);
		}
		if (op->op == IR_BR || ir_ends(op->op))
			now = 0;
	}
}
