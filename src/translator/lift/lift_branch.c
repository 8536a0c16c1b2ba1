/* lift_branch.c - branches and IT (A4.3). */
#include "base/base.h"
#include "translator/lift/lift.h"

#include "translator/lift/lift_emit.h"

static void link(struct lift *l)
{
	lift_mov(l, 14, operand_imm((l->pc + l->size) | (l->thumb ? 1 : 0)));
}

/* BL and BLX (immediate). */
static void lift_call_direct(struct lift *l, const struct insn *insn)
{
	bool change = insn->op == INSN_BLX_IMM;
	bool thumb = l->thumb != change;
	uint32_t base = change ? lift_pc_value(l) & ~3u : lift_pc_value(l);

	link(l);
	lift_exit(l, base + insn->imm, thumb);
}

static void lift_call_indirect(struct lift *l, const struct insn *insn)
{
	struct operand target = operand_ref(lift_reg(l, insn->rm));

	if (insn->rm == 14)
		target = operand_ref(lift_tmp(l, IR_MOV, target, NO_OPERAND));
	link(l);
	lift_jump(l, target, JUMP_INTERWORK | JUMP_CALL);
}

static void lift_compare_branch(struct lift *l, const struct insn *insn)
{
	uint16_t over = ir_label(l->block);

	lift_branch_if(l, insn->op == INSN_CBZ ? IR_BRNZ : IR_BRZ, lift_reg(l, insn->rn), over);
	lift_exit(l, lift_pc_value(l) + insn->imm, true);
	lift_label(l, over);
	lift_after_conditional(l);
}

static void lift_table_branch(struct lift *l, const struct insn *insn)
{
	bool half = insn->op == INSN_TBH;
	struct operand base = lift_operand(l, insn->rn), index = operand_ref(lift_reg(l, insn->rm));
	ir_ref address, entry, doubled;

	if (half)
		index = operand_ref(lift_tmp(l, IR_LSL, index, operand_imm(1)));
	entry = ir_tmp(l->block);
	address = lift_tmp(l, IR_ADD, index, base);
	lift_load(l, entry, operand_ref(address), 0, half ? ACCESS_SIZE(1) : ACCESS_SIZE(0));
	doubled = lift_tmp(l, IR_LSL, operand_ref(entry), operand_imm(1));
	lift_jump(l, operand_ref(lift_tmp(l, IR_ADD, operand_ref(doubled), operand_imm(lift_pc_value(l)))), 0);
}

bool lift_branch(struct lift *l, const struct insn *insn)
{
	switch (insn->op) {
	case INSN_B:
		lift_goto(l, lift_pc_value(l) + insn->imm);
		return true;
	case INSN_BL:
	case INSN_BLX_IMM:
		lift_call_direct(l, insn);
		return true;
	case INSN_BX:
	case INSN_BXJ: /* trivial Jazelle: as BX */
		lift_jump(l, lift_operand(l, insn->rm), JUMP_INTERWORK | (insn->rm == 14 ? JUMP_RETURN : 0));
		return true;
	case INSN_BLX_REG:
		lift_call_indirect(l, insn);
		return true;
	case INSN_CBZ:
	case INSN_CBNZ:
		lift_compare_branch(l, insn);
		return true;
	case INSN_TBB:
	case INSN_TBH:
		lift_table_branch(l, insn);
		return true;
	case INSN_IT:
		l->it = insn->imm;
		return true;
	default:
		return false;
	}
}
