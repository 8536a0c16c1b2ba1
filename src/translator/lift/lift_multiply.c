/* lift_multiply.c - multiplies and divides (A4.4.3, A4.4.6). */
#include "base/base.h"
#include "translator/lift/lift.h"

#include "base/bits.h"
#include "translator/lift/lift_emit.h"

#define OPT_TOP_N (1u << 0) /* imm of the halfword forms */
#define OPT_TOP_M (1u << 1)

/* The signed half of register @n. */
static ir_ref half(struct lift *l, unsigned n, bool top)
{
	struct operand reg = operand_ref(lift_reg(l, n));

	return top ? lift_tmp(l, IR_ASR, reg, operand_imm(16)) : lift_tmp(l, IR_SXTH, reg, NO_OPERAND);
}

/* value + Ra with Q set on signed overflow, to Rd. */
static void accumulate_q(struct lift *l, const struct insn *insn, ir_ref value)
{
	lift_call(l, HELPER_ID_ADD_SET_Q, lift_dst(l, insn->rd), operand_ref(value), lift_operand(l, insn->rs), NO_OPERAND);
}

static void lift_mul(struct lift *l, const struct insn *insn)
{
	struct operand n = operand_ref(lift_reg(l, insn->rn)), m = operand_ref(lift_reg(l, insn->rm));
	uint8_t fdef = insn->setflags ? IR_NZ : 0;
	ir_ref product;

	if (insn->op == INSN_MUL) {
		lift_emit(l, IR_MUL, lift_dst(l, insn->rd), n, m, fdef, 0);
		return;
	}
	product = lift_tmp(l, IR_MUL, n, m);
	if (insn->op == INSN_MLA)
		lift_emit(l, IR_ADD, lift_dst(l, insn->rd), operand_ref(product), operand_ref(lift_reg(l, insn->rs)), fdef, 0);
	else
		lift_emit(l, IR_SUB, lift_dst(l, insn->rd), operand_ref(lift_reg(l, insn->rs)), operand_ref(product), 0, 0);
}

/* N and Z of the 64-bit value hi:lo in one definition: a word with N's sign that is 0 when both are. */
static void long_flags(struct lift *l, ir_ref lo, ir_ref hi)
{
	ir_ref high_half = lift_tmp(l, IR_LSR, operand_ref(lo), operand_imm(16));
	ir_ref low_half = lift_tmp(l, IR_UXTH, operand_ref(lo), NO_OPERAND);
	ir_ref any = lift_tmp(l, IR_OR, operand_ref(high_half), operand_ref(low_half));

	lift_emit(l, IR_OR, ir_tmp(l->block), operand_ref(any), operand_ref(hi), IR_NZ, 0);
}

static void lift_long_multiply(struct lift *l, const struct insn *insn, enum ir_op op)
{
	ir_ref lo = lift_dst(l, insn->rt), hi = lift_dst(l, insn->rt2);

	lift_long(l, op, lo, hi, lift_reg(l, insn->rn), lift_reg(l, insn->rm));
	if (insn->setflags)
		long_flags(l, lo, hi);
}

/* RdHi:RdLo = Rn * Rm + RdLo + RdHi: never overflows. The addends are added as products with 1 to keep the flags out of it. */
static void lift_umaal(struct lift *l, const struct insn *insn)
{
	ir_ref lo = ir_tmp(l->block), hi = ir_tmp(l->block), one = ir_tmp(l->block);

	lift_mov(l, lo, lift_operand(l, insn->rt));
	lift_mov(l, hi, operand_imm(0));
	lift_mov(l, one, operand_imm(1));
	lift_long(l, IR_UMLAL, lo, hi, lift_reg(l, insn->rn), lift_reg(l, insn->rm));
	lift_long(l, IR_UMLAL, lo, hi, lift_reg(l, insn->rt2), one);
	lift_mov(l, lift_dst(l, insn->rt), operand_ref(lo));
	lift_mov(l, lift_dst(l, insn->rt2), operand_ref(hi));
}

/* dst = Rn times a half of Rm, bits 47:16 of the 48-bit product. */
static void product_w(struct lift *l, const struct insn *insn, ir_ref dst)
{
	ir_ref lo = ir_tmp(l->block), hi = ir_tmp(l->block);
	ir_ref low, high;

	lift_long(l, IR_SMULL, lo, hi, lift_reg(l, insn->rn), half(l, insn->rm, insn->imm & OPT_TOP_M));
	low = lift_tmp(l, IR_LSR, operand_ref(lo), operand_imm(16));
	high = lift_tmp(l, IR_LSL, operand_ref(hi), operand_imm(16));
	lift_emit(l, IR_OR, dst, operand_ref(low), operand_ref(high), 0, 0);
}

static void lift_halfwords(struct lift *l, const struct insn *insn)
{
	ir_ref n, m;

	switch (insn->op) {
	case INSN_SMULW_Y:
		product_w(l, insn, lift_dst(l, insn->rd));
		return;
	case INSN_SMLAW_Y:
		n = ir_tmp(l->block);
		product_w(l, insn, n);
		accumulate_q(l, insn, n);
		return;
	default:
		break;
	}
	n = half(l, insn->rn, insn->imm & OPT_TOP_N);
	m = half(l, insn->rm, insn->imm & OPT_TOP_M);
	if (insn->op == INSN_SMUL_XY)
		lift_emit(l, IR_MUL, lift_dst(l, insn->rd), operand_ref(n), operand_ref(m), 0, 0);
	else if (insn->op == INSN_SMLA_XY)
		accumulate_q(l, insn, lift_tmp(l, IR_MUL, operand_ref(n), operand_ref(m)));
	else
		lift_long(l, IR_SMLAL, lift_dst(l, insn->rt), lift_dst(l, insn->rt2), n, m);
}

/* Rm, with its halves swapped in the X forms. */
static struct operand dual_m(struct lift *l, const struct insn *insn)
{
	struct operand m = operand_ref(lift_reg(l, insn->rm));

	return insn->imm & 1 ? operand_ref(lift_tmp(l, IR_ROR, m, operand_imm(16))) : m;
}

static void lift_dual(struct lift *l, const struct insn *insn)
{
	bool subtract = insn->op == INSN_SMLSD || insn->op == INSN_SMUSD;
	bool sum_only = insn->op == INSN_SMUAD || insn->op == INSN_SMUSD;
	struct operand addend = sum_only ? operand_imm(0) : lift_operand(l, insn->rs);

	lift_call(l, subtract ? HELPER_ID_SMLSD : HELPER_ID_SMLAD, lift_dst(l, insn->rd), operand_ref(lift_reg(l, insn->rn)), dual_m(l, insn),
	          addend);
}

static void lift_dual_long(struct lift *l, const struct insn *insn)
{
	ir_ref m = dual_m(l, insn).ref;
	ir_ref n_low = half(l, insn->rn, false), n_high = half(l, insn->rn, true);
	ir_ref m_low = lift_tmp(l, IR_SXTH, operand_ref(m), NO_OPERAND);
	ir_ref m_high = lift_tmp(l, IR_ASR, operand_ref(m), operand_imm(16));
	ir_ref lo = lift_dst(l, insn->rt), hi = lift_dst(l, insn->rt2);

	if (insn->op == INSN_SMLSLD)
		m_high = lift_tmp(l, IR_SUB, operand_imm(0), operand_ref(m_high));
	lift_long(l, IR_SMLAL, lo, hi, n_low, m_low);
	lift_long(l, IR_SMLAL, lo, hi, n_high, m_high);
}

static void lift_most_significant(struct lift *l, const struct insn *insn)
{
	bool round = insn->imm & 1;
	ir_ref lo = ir_tmp(l->block), hi = ir_tmp(l->block);
	ir_ref n = lift_reg(l, insn->rn), m = lift_reg(l, insn->rm);

	if (insn->op == INSN_SMMLS) {
		lift_call(l, round ? HELPER_ID_SMMLSR : HELPER_ID_SMMLS, lift_dst(l, insn->rd), operand_ref(n), operand_ref(m),
		          lift_operand(l, insn->rs));
		return;
	}
	if (insn->op == INSN_SMMUL && !round) {
		lift_long(l, IR_SMULL, lo, hi, n, m);
	} else {
		lift_mov(l, lo, operand_imm(round ? 0x80000000u : 0));
		lift_mov(l, hi, insn->op == INSN_SMMUL ? operand_imm(0) : lift_operand(l, insn->rs));
		lift_long(l, IR_SMLAL, lo, hi, n, m);
	}
	lift_mov(l, lift_dst(l, insn->rd), operand_ref(hi));
}

/* ID_ISAR0.Divide_instrs: 1 in T32 only, 2 in both. */
static void lift_divide(struct lift *l, const struct insn *insn)
{
	unsigned have = extract32(l->cpu->model->id_isar[0], 24, 4);

	if (have < (l->thumb ? 1u : 2u)) {
		lift_undefined(l);
		return;
	}
	lift_call(l, insn->op == INSN_SDIV ? HELPER_ID_SDIV : HELPER_ID_UDIV, lift_dst(l, insn->rd), lift_operand(l, insn->rn),
	          lift_operand(l, insn->rm), NO_OPERAND);
}

/* RdLo == RdHi and R15 are UNPREDICTABLE. */
static bool same_results(const struct insn *insn)
{
	switch (insn->op) {
	case INSN_UMULL:
	case INSN_SMULL:
	case INSN_UMLAL:
	case INSN_SMLAL:
	case INSN_SMLAL_XY:
	case INSN_SMLALD:
	case INSN_SMLSLD:
		return insn->rt == insn->rt2 || insn->rt == 15 || insn->rt2 == 15;
	default:
		return false;
	}
}

bool lift_multiply(struct lift *l, const struct insn *insn)
{
	if (same_results(insn)) {
		lift_undefined(l);
		return true;
	}
	switch (insn->op) {
	case INSN_MUL:
	case INSN_MLA:
	case INSN_MLS:
		lift_mul(l, insn);
		return true;
	case INSN_UMULL:
		lift_long_multiply(l, insn, IR_UMULL);
		return true;
	case INSN_SMULL:
		lift_long_multiply(l, insn, IR_SMULL);
		return true;
	case INSN_UMLAL:
		lift_long_multiply(l, insn, IR_UMLAL);
		return true;
	case INSN_SMLAL:
		lift_long_multiply(l, insn, IR_SMLAL);
		return true;
	case INSN_UMAAL:
		lift_umaal(l, insn);
		return true;
	case INSN_SMLA_XY:
	case INSN_SMLAW_Y:
	case INSN_SMULW_Y:
	case INSN_SMLAL_XY:
	case INSN_SMUL_XY:
		lift_halfwords(l, insn);
		return true;
	case INSN_SMLAD:
	case INSN_SMUAD:
	case INSN_SMLSD:
	case INSN_SMUSD:
		lift_dual(l, insn);
		return true;
	case INSN_SMLALD:
	case INSN_SMLSLD:
		lift_dual_long(l, insn);
		return true;
	case INSN_SMMLA:
	case INSN_SMMUL:
	case INSN_SMMLS:
		lift_most_significant(l, insn);
		return true;
	case INSN_SDIV:
	case INSN_UDIV:
		lift_divide(l, insn);
		return true;
	default:
		return false;
	}
}
