/* lift_data.c - data processing (A5.2.1-A5.2.3, A6.3.1-A6.3.11). */
#include "base/base.h"
#include "translator/lift/lift.h"

#include "base/bits.h"
#include "translator/lift/lift_data.h"
#include "translator/lift/lift_emit.h"

#define OP(op, flags_, uses_, result, ...) \
	{ .head = IR_HEAD(op, 0, uses_, result, IR_NONE), .ir = op, .flags = flags_, .uses = uses_, .no_result = result, __VA_ARGS__ }
#define REVERSED .reversed = true, .turn = 16
#define NO_RN .no_rn = IR_NONE, .turn = 16
const struct data_op lift_data_ops[] = {
	[INSN_AND] = OP(IR_AND, IR_NZ, 0, 0),
	[INSN_EOR] = OP(IR_XOR, IR_NZ, 0, 0),
	[INSN_SUB] = OP(IR_SUB, IR_NZCV, 0, 0),
	[INSN_RSB] = OP(IR_SUB, IR_NZCV, 0, 0, REVERSED),
	[INSN_ADD] = OP(IR_ADD, IR_NZCV, 0, 0),
	[INSN_ADC] = OP(IR_ADC, IR_NZCV, IR_C, 0),
	[INSN_SBC] = OP(IR_SBC, IR_NZCV, IR_C, 0),
	[INSN_RSC] = OP(IR_SBC, IR_NZCV, IR_C, 0, REVERSED),
	[INSN_TST] = OP(IR_TST, IR_NZ, 0, IR_NONE),
	[INSN_TEQ] = OP(IR_TEQ, IR_NZ, 0, IR_NONE),
	[INSN_CMP] = OP(IR_CMP, IR_NZCV, 0, IR_NONE),
	[INSN_CMN] = OP(IR_CMN, IR_NZCV, 0, IR_NONE),
	[INSN_ORR] = OP(IR_OR, IR_NZ, 0, 0),
	[INSN_MOV] = OP(IR_MOV, IR_NZ, 0, 0, NO_RN),
	[INSN_BIC] = OP(IR_BIC, IR_NZ, 0, 0),
	[INSN_MVN] = OP(IR_NOT, IR_NZ, 0, 0, NO_RN),
	[INSN_ORN] = OP(IR_ORN, IR_NZ, 0, 0),
};
#undef OP
#undef REVERSED
#undef NO_RN
static_assert(INSN_AND == 0 && INSN_MVN == 15 && INSN_TST == 8 && INSN_MOV == 13, "numbered as in A32");

static const uint8_t shift_ops[] = {
	[SHIFT_LSL] = IR_LSL, [SHIFT_LSR] = IR_LSR, [SHIFT_ASR] = IR_ASR, [SHIFT_ROR] = IR_ROR, [SHIFT_RRX] = IR_RRX,
};

static bool is_plain_reg(const struct insn *insn)
{
	return insn->operand == OPERAND_REG && insn->shift != SHIFT_RRX && insn->shift_n == 0;
}

/* dst = the shifted register; @fdef: N and Z of it too when MOV wants them. */
static void emit_shift(struct lift *l, ir_ref dst, const struct insn *insn, uint8_t fdef)
{
	enum ir_op op = shift_ops[insn->shift];
	struct operand rm = operand_ref(lift_reg(l, insn->rm));
	uint8_t carry = fdef & IR_C;

	if (insn->operand == OPERAND_REG_SHIFT)
		lift_emit(l, op, dst, rm, operand_ref(lift_reg(l, insn->rs)), fdef, carry); /* count 0 keeps C */
	else if (op == IR_RRX)
		lift_emit(l, op, dst, rm, NO_OPERAND, fdef, IR_C);
	else
		lift_emit(l, op, dst, rm, operand_imm(insn->shift_n), fdef, 0);
}

/* Operand2; with @carry its carry out becomes C. */
static struct operand operand2(struct lift *l, const struct insn *insn, bool carry)
{
	ir_ref tmp;

	if (insn->operand == OPERAND_IMM) {
		if (carry && insn->carry != CARRY_UNCHANGED) {
			struct ir_insn *setc = ir_append(l->block, IR_SETC);

			setc->imm = insn->carry == CARRY_1;
			setc->fdef = IR_C;
		}
		return operand_imm(insn->imm);
	}
	if (is_plain_reg(insn))
		return lift_operand(l, insn->rm);
	tmp = ir_tmp(l->block);
	emit_shift(l, tmp, insn, carry ? IR_C : 0);
	return operand_ref(tmp);
}

/* A result for r15: ALUWritePC(), or with S an exception return. */
static void write_pc(struct lift *l, const struct insn *insn, struct operand result)
{
	uint32_t how = l->thumb ? 0 : JUMP_INTERWORK;

	if (insn->setflags) {
		lift_exception_return(l, lift_ref(l, result), SENSITIVE_EXC_RETURN);
		return;
	}
	if (insn->op == INSN_MOV && is_plain_reg(insn) && insn->rm == 14)
		how |= JUMP_RETURN;
	lift_jump(l, result, how);
}

/* MOV of a shifted register is the shift itself. */
static __attribute__((noinline)) void lift_shift(struct lift *l, const struct insn *insn)
{
	ir_ref dst = lift_dst(l, insn->rd);

	emit_shift(l, dst, insn, insn->setflags && insn->rd != 15 ? IR_NZC : 0);
	if (insn->rd == 15)
		write_pc(l, insn, operand_ref(dst));
}

/* Sources or results that are not just registers. */
static __attribute__((noinline)) void lift_data_any(struct lift *l, const struct insn *insn, const struct data_op *op)
{
	bool to_pc = insn->rd == 15 && !op->no_result;
	uint8_t fdef = !insn->setflags || to_pc ? 0 : op->flags;
	ir_ref dst = op->no_result ? IR_NONE : lift_dst(l, insn->rd);
	struct operand a, b;

	b = operand2(l, insn, fdef == IR_NZ);
	if (op->no_rn) {
		if (to_pc && op->ir == IR_MOV) {
			write_pc(l, insn, b);
			return;
		}
		lift_plain(l, op->ir, dst, b, NO_OPERAND, fdef, 0);
	} else {
		a = lift_operand(l, insn->rn);
		if (operand_is_imm(a) && operand_is_imm(b) && !fdef && (op->ir == IR_ADD || op->ir == IR_SUB) && !op->reversed) {
			struct operand value = operand_imm(op->ir == IR_ADD ? a.imm + b.imm : a.imm - b.imm);

			if (to_pc)
				write_pc(l, insn, value);
			else
				lift_mov(l, dst, value);
			return;
		}
		lift_emit(l, op->ir, dst, op->reversed ? b : a, op->reversed ? a : b, fdef, op->uses);
	}
	if (to_pc)
		write_pc(l, insn, operand_ref(dst));
}

/* Most are one op on registers; r15, an immediate's carry, and operands that are shifted or change places are looked at elsewhere. */
void lift_data(struct lift *l, const struct insn *insn)
{
	const struct data_op *op = &lift_data_ops[insn->op];
	uint8_t flags = insn->setflags ? op->flags : 0;
	struct ir_insn *to;
	ir_ref second = IR_IMM;
	uint32_t imm = insn->imm;

	if (insn->operand != OPERAND_IMM) {
		second = insn->rm;
		imm = 0;
		if (!is_plain_reg(insn) && op->ir == IR_MOV) {
			lift_shift(l, insn);
			return;
		}
		if (!is_plain_reg(insn) || second == 15) {
			lift_data_any(l, insn, op);
			return;
		}
	}
	if (insn->rd == 15 || insn->rn == 15 || op->reversed || (flags && insn->carry)) {
		lift_data_any(l, insn, op);
		return;
	}
	to = ir_append_in_room(l->block, op->ir);
	to->fdef = flags;
	to->fuse = op->uses;
	to->dst = insn->rd | op->no_result;
	to->a = op->no_rn ? second : insn->rn;
	to->b = second | op->no_rn;
	to->imm = imm;
}

bool lift_data_other(struct lift *l, const struct insn *insn)
{
	switch (insn->op) {
	case INSN_ADR: {
		uint32_t base = lift_pc_value(l) & ~3u;
		struct operand value = operand_imm(insn->add ? base + insn->imm : base - insn->imm);

		if (insn->rd == 15)
			lift_jump(l, value, l->thumb ? 0 : JUMP_INTERWORK);
		else
			lift_mov(l, insn->rd, value);
		return true;
	}
	case INSN_MOVT: {
		ir_ref dst = lift_dst(l, insn->rd);
		ir_ref low = ir_tmp(l->block);

		lift_emit(l, IR_UXTH, low, operand_ref(lift_reg(l, insn->rd)), NO_OPERAND, 0, 0);
		lift_emit(l, IR_OR, dst, operand_ref(low), operand_imm(insn->imm << 16), 0, 0);
		return true;
	}
	case INSN_SUBS_PC_LR: {
		ir_ref pc = lift_tmp(l, IR_SUB, operand_ref(14), operand_imm(insn->imm));

		lift_exception_return(l, pc, SENSITIVE_EXC_RETURN);
		return true;
	}
	default:
		return false;
	}
}
