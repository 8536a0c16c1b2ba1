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
	value = lift_tmp(l, IR_LSR, operand_ref(value), operand_imm(16));
	n = lift_tmp(l, IR_LSR, operand_ref(n), operand_imm(16));
	high = lift_tmp(l, IR_ADD, operand_ref(n), operand_ref(value));
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

#define BYTE_TOPS 0x80808080u

/*
 * UADD8 and SEL are the heart of the C library's strlen, strcmp and memchr: no calls for them. The bytes are added without their top bits,
 * which are put in after; a byte's carry is the majority of its operands' top bits and the absent top bit of the sum.
 */
static void lift_uadd8(struct lift *l, const struct insn *insn)
{
	struct operand a = operand_ref(lift_reg(l, insn->rn)), b = operand_ref(lift_reg(l, insn->rm));
	struct operand odd, low_a, low_b, sum, tops, carry, gather;

	odd = operand_ref(lift_tmp(l, IR_XOR, a, b));
	low_a = operand_ref(lift_tmp(l, IR_AND, a, operand_imm(~BYTE_TOPS)));
	low_b = operand_ref(lift_tmp(l, IR_AND, b, operand_imm(~BYTE_TOPS)));
	sum = operand_ref(lift_tmp(l, IR_ADD, low_a, low_b));
	tops = operand_ref(lift_tmp(l, IR_AND, odd, operand_imm(BYTE_TOPS)));
	sum = operand_ref(lift_tmp(l, IR_XOR, sum, tops));
	odd = operand_ref(lift_tmp(l, IR_BIC, odd, sum));
	carry = operand_ref(lift_tmp(l, IR_AND, a, b));
	carry = operand_ref(lift_tmp(l, IR_OR, carry, odd));
	carry = operand_ref(lift_tmp(l, IR_AND, carry, operand_imm(BYTE_TOPS)));
	carry = operand_ref(lift_tmp(l, IR_LSR, carry, operand_imm(7)));
	/* Bits 24, 16, 8 and 0 to 31-28. */
	gather = operand_ref(lift_ref(l, operand_imm(0x10204080)));
	carry = operand_ref(lift_tmp(l, IR_MUL, carry, gather));
	carry = operand_ref(lift_tmp(l, IR_LSR, carry, operand_imm(28)));
	lift_stcpu(l, carry, offsetof(struct cpu, ge));
	lift_mov(l, lift_dst(l, insn->rd), sum);
}

static void lift_sel(struct lift *l, const struct insn *insn)
{
	struct operand n = operand_ref(lift_reg(l, insn->rn)), m = operand_ref(lift_reg(l, insn->rm));
	ir_ref ge = ir_tmp(l->block);
	struct operand mask, spread;

	/* Bits 3-0 to 24, 16, 8 and 0, then each to a whole byte. */
	lift_ldcpu(l, ge, offsetof(struct cpu, ge));
	mask = operand_ref(lift_tmp(l, IR_MUL, operand_ref(ge), operand_ref(lift_ref(l, operand_imm(0x00204081)))));
	mask = operand_ref(lift_tmp(l, IR_AND, mask, operand_imm(0x01010101)));
	spread = operand_ref(lift_tmp(l, IR_LSL, mask, operand_imm(8)));
	mask = operand_ref(lift_tmp(l, IR_SUB, spread, mask));
	n = operand_ref(lift_tmp(l, IR_AND, n, mask));
	m = operand_ref(lift_tmp(l, IR_BIC, m, mask));
	lift_emit(l, IR_OR, lift_dst(l, insn->rd), n, m, 0, 0);
}

bool lift_media(struct lift *l, const struct insn *insn)
{
	if (insn->op == INSN_UADD8) {
		lift_uadd8(l, insn);
		return true;
	}
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
		lift_sel(l, insn);
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
