/* lift_media.c - saturation, parallel arithmetic, packing, extension and bit fields (A4.4.4-A4.4.8, A5.4). */
#include "base/base.h"
#include "translator/lift/lift.h"

#include "translator/lift/lift_emit.h"

#define PARALLEL_COUNT 36
static_assert(INSN_UHSUB8 - INSN_SADD16 == PARALLEL_COUNT - 1, "parallel meanings are consecutive");
static_assert(HELPER_ID_UHSUB8 - HELPER_ID_SADD16 == PARALLEL_COUNT - 1, "in the same order as their helpers");

/* dst = Rm rotated right by shift_n, the low @width bits extended. */
static void extend(struct lift *l, ir_ref dst, const struct insn *insn, unsigned width, bool is_signed)
{
	ir_ref m = lift_reg(l, insn->rm);
	unsigned lsb = insn->shift_n;
	enum ir_op whole = width == 8 ? (is_signed ? IR_SXTB : IR_UXTB) : is_signed ? IR_SXTH : IR_UXTH;

	if (lsb && lsb + width < 32) {
		lift_field(l, is_signed ? IR_SBFX : IR_UBFX, dst, m, IR_NONE, lsb, width);
	} else if (lsb && lsb + width == 32) {
		lift_emit(l, is_signed ? IR_ASR : IR_LSR, dst, operand_ref(m), operand_imm(lsb), 0, 0);
	} else {
		if (lsb)
			m = lift_tmp(l, IR_ROR, operand_ref(m), operand_imm(lsb));
		lift_emit(l, whole, dst, operand_ref(m), NO_OPERAND, 0, 0);
	}
}

/* SXTB16, UXTB16: bytes 0 and 2 of the rotated Rm as halfwords. */
static void extend16(struct lift *l, ir_ref dst, const struct insn *insn, bool is_signed)
{
	ir_ref m = lift_reg(l, insn->rm);
	ir_ref low, high;

	if (insn->shift_n)
		m = lift_tmp(l, IR_ROR, operand_ref(m), operand_imm(insn->shift_n));
	if (!is_signed) {
		lift_emit(l, IR_AND, dst, operand_ref(m), operand_imm(0x00ff00ff), 0, 0);
		return;
	}
	low = lift_tmp(l, IR_SXTB, operand_ref(m), NO_OPERAND);
	high = ir_tmp(l->block);
	lift_field(l, IR_SBFX, high, m, IR_NONE, 16, 8);
	lift_field(l, IR_BFI, dst, low, high, 16, 16);
}

static void lift_extend_add16(struct lift *l, const struct insn *insn, bool is_signed)
{
	ir_ref n = lift_reg(l, insn->rn);
	ir_ref value = ir_tmp(l->block);
	ir_ref low, high;

	extend16(l, value, insn, is_signed);
	low = lift_tmp(l, IR_ADD, operand_ref(n), operand_ref(value));
	high = lift_tmp(l, IR_ADD, operand_ref(lift_tmp(l, IR_LSR, operand_ref(n), operand_imm(16))),
	                operand_ref(lift_tmp(l, IR_LSR, operand_ref(value), operand_imm(16))));
	lift_field(l, IR_BFI, lift_dst(l, insn->rd), low, high, 16, 16);
}

static void lift_extend_add(struct lift *l, const struct insn *insn, unsigned width, bool is_signed)
{
	ir_ref value = ir_tmp(l->block);

	extend(l, value, insn, width, is_signed);
	lift_emit(l, IR_ADD, lift_dst(l, insn->rd), operand_ref(lift_reg(l, insn->rn)), operand_ref(value), 0, 0);
}

static bool lift_extension(struct lift *l, const struct insn *insn)
{
	switch (insn->op) {
	case INSN_SXTB:
		extend(l, lift_dst(l, insn->rd), insn, 8, true);
		return true;
	case INSN_SXTH:
		extend(l, lift_dst(l, insn->rd), insn, 16, true);
		return true;
	case INSN_UXTB:
		extend(l, lift_dst(l, insn->rd), insn, 8, false);
		return true;
	case INSN_UXTH:
		extend(l, lift_dst(l, insn->rd), insn, 16, false);
		return true;
	case INSN_SXTAB:
		lift_extend_add(l, insn, 8, true);
		return true;
	case INSN_SXTAH:
		lift_extend_add(l, insn, 16, true);
		return true;
	case INSN_UXTAB:
		lift_extend_add(l, insn, 8, false);
		return true;
	case INSN_UXTAH:
		lift_extend_add(l, insn, 16, false);
		return true;
	case INSN_SXTB16:
		extend16(l, lift_dst(l, insn->rd), insn, true);
		return true;
	case INSN_UXTB16:
		extend16(l, lift_dst(l, insn->rd), insn, false);
		return true;
	case INSN_SXTAB16:
		lift_extend_add16(l, insn, true);
		return true;
	case INSN_UXTAB16:
		lift_extend_add16(l, insn, false);
		return true;
	default:
		return false;
	}
}

/* Operand of SSAT, USAT, PKH: a register with a constant shift. */
static struct operand shifted(struct lift *l, unsigned reg, const struct insn *insn)
{
	struct operand value = operand_ref(lift_reg(l, reg));

	if (!insn->shift_n)
		return value;
	return operand_ref(lift_tmp(l, insn->shift == SHIFT_ASR ? IR_ASR : IR_LSL, value, operand_imm(insn->shift_n)));
}

static bool lift_saturate(struct lift *l, const struct insn *insn)
{
	enum helper helper;

	switch (insn->op) {
	case INSN_QADD:
		helper = HELPER_ID_QADD;
		break;
	case INSN_QSUB:
		helper = HELPER_ID_QSUB;
		break;
	case INSN_QDADD:
		helper = HELPER_ID_QDADD;
		break;
	case INSN_QDSUB:
		helper = HELPER_ID_QDSUB;
		break;
	case INSN_SSAT:
	case INSN_USAT:
		lift_call(l, insn->op == INSN_SSAT ? HELPER_ID_SSAT : HELPER_ID_USAT, lift_dst(l, insn->rd), shifted(l, insn->rn, insn),
		          operand_imm(insn->imm), NO_OPERAND);
		return true;
	case INSN_SSAT16:
	case INSN_USAT16:
		lift_call(l, insn->op == INSN_SSAT16 ? HELPER_ID_SSAT16 : HELPER_ID_USAT16, lift_dst(l, insn->rd),
		          operand_ref(lift_reg(l, insn->rn)), operand_imm(insn->imm), NO_OPERAND);
		return true;
	default:
		return false;
	}
	lift_call(l, helper, lift_dst(l, insn->rd), lift_operand(l, insn->rm), lift_operand(l, insn->rn), NO_OPERAND);
	return true;
}

static bool field_fits(const struct insn *insn)
{
	return insn->imm2 >= 1 && insn->imm2 <= 32 && insn->imm < 32 && insn->imm + insn->imm2 <= 32;
}

static void lift_bit_field(struct lift *l, const struct insn *insn)
{
	ir_ref dst = lift_dst(l, insn->rd);

	/* msb < lsb is UNPREDICTABLE. */
	if (!field_fits(insn)) {
		lift_undefined(l);
		return;
	}
	switch (insn->op) {
	case INSN_BFC:
		lift_emit(l, IR_BIC, dst, operand_ref(lift_reg(l, insn->rd)), operand_imm((~0u >> (32 - insn->imm2)) << insn->imm), 0, 0);
		break;
	case INSN_BFI:
		lift_field(l, IR_BFI, dst, lift_reg(l, insn->rd), lift_reg(l, insn->rn), insn->imm, insn->imm2);
		break;
	default:
		lift_field(l, insn->op == INSN_SBFX ? IR_SBFX : IR_UBFX, dst, lift_reg(l, insn->rn), IR_NONE, insn->imm, insn->imm2);
		break;
	}
}

static bool lift_bits(struct lift *l, const struct insn *insn)
{
	enum ir_op op;

	switch (insn->op) {
	case INSN_CLZ:
		op = IR_CLZ;
		break;
	case INSN_RBIT:
		op = IR_RBIT;
		break;
	case INSN_REV:
		op = IR_REV;
		break;
	case INSN_REV16:
		op = IR_REV16;
		break;
	case INSN_REVSH:
		op = IR_REVSH;
		break;
	case INSN_BFC:
	case INSN_BFI:
	case INSN_SBFX:
	case INSN_UBFX:
		lift_bit_field(l, insn);
		return true;
	default:
		return false;
	}
	lift_emit(l, op, lift_dst(l, insn->rd), operand_ref(lift_reg(l, insn->rm)), NO_OPERAND, 0, 0);
	return true;
}

bool lift_media(struct lift *l, const struct insn *insn)
{
	if (insn->op >= INSN_SADD16 && insn->op <= INSN_UHSUB8) {
		lift_call(l, HELPER_ID_SADD16 + (insn->op - INSN_SADD16), lift_dst(l, insn->rd), lift_operand(l, insn->rn),
		          lift_operand(l, insn->rm), NO_OPERAND);
		return true;
	}
	switch (insn->op) {
	case INSN_PKHBT:
		/* The top half of the shifted Rm under the bottom half of Rn. */
		lift_field(l, IR_BFI, lift_dst(l, insn->rd), lift_ref(l, shifted(l, insn->rm, insn)), lift_reg(l, insn->rn), 0, 16);
		return true;
	case INSN_PKHTB:
		lift_field(l, IR_BFI, lift_dst(l, insn->rd), lift_reg(l, insn->rn), lift_ref(l, shifted(l, insn->rm, insn)), 0, 16);
		return true;
	case INSN_SEL:
		lift_call(l, HELPER_ID_SEL, lift_dst(l, insn->rd), lift_operand(l, insn->rn), lift_operand(l, insn->rm), NO_OPERAND);
		return true;
	case INSN_USAD8:
		lift_call(l, HELPER_ID_USADA8, lift_dst(l, insn->rd), lift_operand(l, insn->rn), lift_operand(l, insn->rm), operand_imm(0));
		return true;
	case INSN_USADA8:
		lift_call(l, HELPER_ID_USADA8, lift_dst(l, insn->rd), lift_operand(l, insn->rn), lift_operand(l, insn->rm),
		          lift_operand(l, insn->rs));
		return true;
	default:
		return lift_extension(l, insn) || lift_saturate(l, insn) || lift_bits(l, insn);
	}
}
