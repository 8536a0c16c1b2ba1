/*
 * lift_fp_data.c - VFP and Advanced SIMD data processing: a table from meanings to families of operations (cpu/simd_ops.def), and what
 * needs no operation: immediates.
 */
#include "base/base.h"
#include "translator/lift/lift.h"

#include "translator/lift/lift_fp.h"

/* How a member of a family is found from its first operation. */
enum family {
	FAMILY_NONE,
	FAMILY_ONE,   /* that one */
	FAMILY_I,     /* + vsize; up to I32 */
	FAMILY_I64,   /* + vsize; up to I64 */
	FAMILY_SU,    /* + vsize, + 3 when unsigned */
	FAMILY_SU64,  /* + vsize, + 4 when unsigned */
	FAMILY_S16,   /* + vsize - 1: S16, S32 */
	FAMILY_U,     /* + unsigned */
	FAMILY_VFP,   /* + double */
	FAMILY_VFP_VECTOR, /* the same; obeys FPSCR.Len */
};

/* What goes into the descriptor's imm. */
enum parameter { PARAM_NONE, PARAM_IMM, PARAM_INDEX, PARAM_SCALAR, PARAM_REGS };

struct fp_row {
	uint16_t first;   /* enum simd_op */
	uint16_t special; /* the F32 form, or for multiplies without one the polynomial form; 0: none */
	uint8_t family, parameter;
};

#define ROW(insn, first_, family_) [INSN_##insn] = { SIMD_##first_, 0, FAMILY_##family_, PARAM_NONE }
#define ROWP(insn, first_, family_, parameter_) [INSN_##insn] = { SIMD_##first_, 0, FAMILY_##family_, PARAM_##parameter_ }
#define ROWF(insn, first_, family_, special_) [INSN_##insn] = { SIMD_##first_, SIMD_##special_, FAMILY_##family_, PARAM_NONE }
#define ROWFP(insn, first_, family_, special_, parameter_) \
	[INSN_##insn] = { SIMD_##first_, SIMD_##special_, FAMILY_##family_, PARAM_##parameter_ }

static const struct fp_row rows[INSN_OP_COUNT] = {
	ROW(VFP_MLA, F32_MLA, VFP_VECTOR), ROW(VFP_MLS, F32_MLS, VFP_VECTOR), ROW(VFP_NMLA, F32_NMLA, VFP_VECTOR),
	ROW(VFP_NMLS, F32_NMLS, VFP_VECTOR), ROW(VFP_MUL, F32_MUL, VFP_VECTOR), ROW(VFP_NMUL, F32_NMUL, VFP_VECTOR),
	ROW(VFP_ADD, F32_ADD, VFP_VECTOR), ROW(VFP_SUB, F32_SUB, VFP_VECTOR), ROW(VFP_DIV, F32_DIV, VFP_VECTOR),
	ROW(VFP_MOV, F32_MOV, VFP_VECTOR), ROW(VFP_ABS, F32_ABS, VFP_VECTOR), ROW(VFP_NEG, F32_NEG, VFP_VECTOR),
	ROW(VFP_SQRT, F32_SQRT, VFP_VECTOR),
	ROW(VFP_CVT_F64_F32, F64_F32, ONE), ROW(VFP_CVT_F32_F64, F32_F64, ONE),
	ROWP(VFP_CVT_F32_F16, F32_F16, ONE, IMM), ROWP(VFP_CVT_F16_F32, F16_F32, ONE, IMM),

	ROW(VHADD, VHADD_S8, SU), ROW(VRHADD, VRHADD_S8, SU), ROW(VHSUB, VHSUB_S8, SU), ROW(VQADD, VQADD_S8, SU64), ROW(VQSUB, VQSUB_S8, SU64),
	ROW(VAND, VAND, ONE), ROW(VBIC, VBIC, ONE), ROW(VORR, VORR, ONE), ROW(VORN, VORN, ONE), ROW(VEOR, VEOR, ONE),
	ROW(VBSL, VBSL, ONE), ROW(VBIT, VBIT, ONE), ROW(VBIF, VBIF, ONE), ROW(VMOV, VMOV, ONE),
	ROWF(VCGT, VCGT_S8, SU, VCGT_F32), ROWF(VCGE, VCGE_S8, SU, VCGE_F32), ROWF(VCEQ, VCEQ_I8, I, VCEQ_F32),
	ROW(VSHL, VSHL_S8, SU64), ROW(VQSHL, VQSHL_S8, SU64), ROW(VRSHL, VRSHL_S8, SU64), ROW(VQRSHL, VQRSHL_S8, SU64),
	ROWF(VMAX, VMAX_S8, SU, VMAX_F32), ROWF(VMIN, VMIN_S8, SU, VMIN_F32), ROWF(VABD, VABD_S8, SU, VABD_F32), ROW(VABA, VABA_S8, SU),
	ROWF(VADD, VADD_I8, I64, VADD_F32), ROWF(VSUB, VSUB_I8, I64, VSUB_F32), ROW(VTST, VTST_I8, I),
	ROWF(VMLA, VMLA_I8, I, VMLA_F32), ROWF(VMLS, VMLS_I8, I, VMLS_F32), ROWF(VMUL, VMUL_I8, I, VMUL_F32),
	ROWF(VPMAX, VPMAX_S8, SU, VPMAX_F32), ROWF(VPMIN, VPMIN_S8, SU, VPMIN_F32), ROWF(VPADD, VPADD_I8, I, VPADD_F32),
	ROW(VQDMULH, VQDMULH_S16, S16), ROW(VQRDMULH, VQRDMULH_S16, S16),
	ROW(VACGE, VACGE_F32, ONE), ROW(VACGT, VACGT_F32, ONE), ROW(VRECPS, VRECPS_F32, ONE), ROW(VRSQRTS, VRSQRTS_F32, ONE),

	ROW(VADDL, VADDL_S8, SU), ROW(VADDW, VADDW_S8, SU), ROW(VSUBL, VSUBL_S8, SU), ROW(VSUBW, VSUBW_S8, SU),
	ROW(VADDHN, VADDHN_I8, I), ROW(VRADDHN, VRADDHN_I8, I), ROW(VSUBHN, VSUBHN_I8, I), ROW(VRSUBHN, VRSUBHN_I8, I),
	ROW(VABAL, VABAL_S8, SU), ROW(VABDL, VABDL_S8, SU), ROW(VMLAL, VMLAL_S8, SU), ROW(VMLSL, VMLSL_S8, SU), ROW(VMULL, VMULL_S8, SU),
	ROW(VQDMLAL, VQDMLAL_S16, S16), ROW(VQDMLSL, VQDMLSL_S16, S16), ROW(VQDMULL, VQDMULL_S16, S16),

	ROWFP(VMLA_LANE, VMLA_I8, I, VMLA_F32, SCALAR), ROWFP(VMLS_LANE, VMLS_I8, I, VMLS_F32, SCALAR), ROWFP(VMUL_LANE, VMUL_I8, I, VMUL_F32, SCALAR),
	ROWP(VMLAL_LANE, VMLAL_S8, SU, SCALAR), ROWP(VMLSL_LANE, VMLSL_S8, SU, SCALAR), ROWP(VMULL_LANE, VMULL_S8, SU, SCALAR),
	ROWP(VQDMLAL_LANE, VQDMLAL_S16, S16, SCALAR), ROWP(VQDMLSL_LANE, VQDMLSL_S16, S16, SCALAR), ROWP(VQDMULL_LANE, VQDMULL_S16, S16, SCALAR),
	ROWP(VQDMULH_LANE, VQDMULH_S16, S16, SCALAR), ROWP(VQRDMULH_LANE, VQRDMULH_S16, S16, SCALAR),

	ROWP(VSHR, VSHR_S8, SU64, IMM), ROWP(VSRA, VSRA_S8, SU64, IMM), ROWP(VRSHR, VRSHR_S8, SU64, IMM), ROWP(VRSRA, VRSRA_S8, SU64, IMM),
	ROWP(VSRI, VSRI_I8, I64, IMM), ROWP(VSHL_IMM, VSHLI_I8, I64, IMM), ROWP(VSLI, VSLI_I8, I64, IMM),
	ROWP(VQSHL_IMM, VQSHLI_S8, SU64, IMM), ROWP(VQSHLU_IMM, VQSHLUI_I8, I64, IMM),
	ROWP(VSHRN, VSHRN_I8, I, IMM), ROWP(VRSHRN, VRSHRN_I8, I, IMM), ROWP(VQSHRN, VQSHRN_S8, SU, IMM), ROWP(VQRSHRN, VQRSHRN_S8, SU, IMM),
	ROWP(VQSHRUN, VQSHRUN_I8, I, IMM), ROWP(VQRSHRUN, VQRSHRUN_I8, I, IMM),
	ROWP(VSHLL, VSHLL_S8, SU, IMM), ROW(VMOVL, VSHLL_S8, SU),
	ROWP(VCVT_FIXED_F, VCVT_S32_F32, U, IMM), ROWP(VCVT_F_FIXED, VCVT_F32_S32, U, IMM),
	ROW(VCVT_INT_F, VCVT_S32_F32, U), ROW(VCVT_F_INT, VCVT_F32_S32, U),

	ROW(VREV16, VREV16_I8, ONE), ROW(VREV32, VREV32_I8, I), ROW(VREV64, VREV64_I8, I), ROW(VPADDL, VPADDL_S8, SU), ROW(VPADAL, VPADAL_S8, SU),
	ROW(VCLS, VCLS_I8, I), ROW(VCLZ, VCLZ_I8, I), ROW(VCNT, VCNT_I8, ONE), ROW(VMVN, VMVN, ONE), ROW(VQABS, VQABS_I8, I), ROW(VQNEG, VQNEG_I8, I),
	ROWF(VCGT_ZERO, VCGTZ_I8, I, VCGTZ_F32), ROWF(VCGE_ZERO, VCGEZ_I8, I, VCGEZ_F32), ROWF(VCEQ_ZERO, VCEQZ_I8, I, VCEQZ_F32),
	ROWF(VCLE_ZERO, VCLEZ_I8, I, VCLEZ_F32), ROWF(VCLT_ZERO, VCLTZ_I8, I, VCLTZ_F32),
	ROWF(VABS, VABS_I8, I, VABS_F32), ROWF(VNEG, VNEG_I8, I, VNEG_F32),
	ROW(VSWP, VSWP, ONE), ROW(VTRN, VTRN_I8, I), ROW(VUZP, VUZP_I8, I), ROW(VZIP, VZIP_I8, I),
	ROW(VMOVN, VSHRN_I8, I), ROW(VQMOVN, VQSHRN_S8, SU), ROW(VQMOVUN, VQSHRUN_I8, I),
	ROWF(VRECPE, VRECPE_U32, ONE, VRECPE_F32), ROWF(VRSQRTE, VRSQRTE_U32, ONE, VRSQRTE_F32),
	ROW(VCVT_F32_F16, VCVT_F32_F16, ONE), ROW(VCVT_F16_F32, VCVT_F16_F32, ONE),
	ROWP(VDUP_LANE, VDUP_I8, I, INDEX), ROWP(VEXT, VEXT, ONE, IMM), ROWP(VTBL, VTBL, ONE, REGS), ROWP(VTBX, VTBX, ONE, REGS),
};

/* The operation of @row for @insn's type; -1: there is none. */
static int find_operation(const struct fp_row *row, const struct insn *insn)
{
	unsigned size = insn->vsize;

	if (insn->vpoly)
		return insn->op == INSN_VMUL ? SIMD_VMUL_P8 : insn->op == INSN_VMULL ? SIMD_VMULL_P8 : -1;
	if (insn->vfloat && row->special)
		return row->special;
	switch (row->family) {
	case FAMILY_ONE: return row->first;
	case FAMILY_I: return size < 3 ? row->first + (int)size : -1;
	case FAMILY_I64: return size < 4 ? row->first + (int)size : -1;
	case FAMILY_SU: return size < 3 ? row->first + (int)size + 3 * insn->vunsigned : -1;
	case FAMILY_SU64: return size < 4 ? row->first + (int)size + 4 * insn->vunsigned : -1;
	case FAMILY_S16: return size == 1 || size == 2 ? row->first + (int)size - 1 : -1;
	case FAMILY_U: return row->first + insn->vunsigned;
	case FAMILY_VFP:
	case FAMILY_VFP_VECTOR: return row->first + (size == 3);
	default: return -1;
	}
}

static uint32_t descriptor(const struct fp_row *row, const struct insn *insn)
{
	uint32_t desc = SIMD_DESC(insn->vd & 31, insn->vn & 31, insn->vm & 31);

	switch (row->parameter) {
	case PARAM_IMM: desc |= insn->imm << SIMD_IMM_SHIFT; break;
	case PARAM_INDEX: desc |= (uint32_t)insn->vindex << SIMD_IMM_SHIFT; break;
	case PARAM_SCALAR: desc |= SIMD_SCALAR | (uint32_t)insn->vindex << SIMD_IMM_SHIFT; break;
	case PARAM_REGS: return desc | (uint32_t)insn->vregs << SIMD_IMM_SHIFT;
	default: break;
	}
	return desc | (insn->vregs == 2 ? SIMD_Q : 0);
}

/* Short vectors are left to software; only the instructions that obey FPSCR.Len mind it. */
static void check_scalar(struct lift *l)
{
	if (l->key & KEY_FPMODE)
		lift_call(l, HELPER_ID_FP_SCALAR, IR_NONE, NO_OPERAND, NO_OPERAND, NO_OPERAND);
}

/* --- immediates --- */

static void store_imm(struct lift *l, unsigned word, uint64_t value)
{
	lift_stcpu(l, operand_imm((uint32_t)value), lift_vfp_word(word));
	lift_stcpu(l, operand_imm((uint32_t)(value >> 32)), lift_vfp_word(word + 1));
}

/* Words of vd combined with those of vimm. */
static void combine_imm(struct lift *l, const struct insn *insn, enum ir_op op)
{
	for (unsigned i = 0; i < 2u * insn->vregs; i++) {
		uint32_t imm = (uint32_t)(insn->vimm >> 32 * (i & 1));
		size_t word = lift_vfp_word(2 * insn->vd + i);
		ir_ref tmp;

		if (!imm)
			continue;
		tmp = ir_tmp(l->block);
		lift_ldcpu(l, tmp, word);
		lift_emit(l, op, tmp, operand_ref(tmp), operand_imm(imm), 0, 0);
		lift_stcpu(l, operand_ref(tmp), word);
	}
}

static bool lift_immediates(struct lift *l, const struct insn *insn)
{
	switch (insn->op) {
	case INSN_VFP_MOV_IMM:
		check_scalar(l);
		if (insn->vsize == 3)
			store_imm(l, 2 * insn->vd, insn->vimm);
		else
			lift_stcpu(l, operand_imm((uint32_t)insn->vimm), lift_vfp_word(insn->vd));
		return true;
	case INSN_VMOV_IMM:
	case INSN_VMVN_IMM:
		for (unsigned i = 0; i < insn->vregs; i++)
			store_imm(l, 2 * (insn->vd + i), insn->op == INSN_VMOV_IMM ? insn->vimm : ~insn->vimm);
		return true;
	case INSN_VORR_IMM:
		combine_imm(l, insn, IR_OR);
		return true;
	case INSN_VBIC_IMM:
		combine_imm(l, insn, IR_BIC);
		return true;
	default:
		return false;
	}
}

/* --- VFP forms that choose by more than the size --- */
static bool lift_vfp_special(struct lift *l, const struct insn *insn)
{
	uint32_t desc = SIMD_DESC(insn->vd & 31, insn->vn & 31, insn->vm & 31);
	unsigned twice = insn->vsize == 3, u = insn->vunsigned, op;

	switch (insn->op) {
	case INSN_VFP_CMP: op = SIMD_F32_CMP + 2 * !!insn->imm + twice; break;
	case INSN_VFP_CMP_ZERO: op = SIMD_F32_CMPZ + 2 * !!insn->imm + twice; break;
	case INSN_VFP_CVT_INT_F: op = (insn->imm ? SIMD_S32_F32 : SIMD_S32R_F32) + 2 * u + twice; break;
	case INSN_VFP_CVT_F_INT: op = SIMD_F32_S32 + 2 * u + twice; break;
	case INSN_VFP_CVT_FIXED_F: op = SIMD_FIXED_F32 + twice; break;
	case INSN_VFP_CVT_F_FIXED: op = SIMD_F32_FIXED + twice; break;
	default: return false;
	}
	if (insn->op == INSN_VFP_CVT_FIXED_F || insn->op == INSN_VFP_CVT_F_FIXED)
		desc |= (insn->imm | (insn->imm2 == 16 ? SIMD_FIXED16 : 0) | (u ? SIMD_FIXED_UNSIGNED : 0)) << SIMD_IMM_SHIFT;
	lift_simd(l, (enum simd_op)op, desc);
	return true;
}
static_assert(SIMD_F32_CMPE == SIMD_F32_CMP + 2 && SIMD_F32_CMPEZ == SIMD_F32_CMPZ + 2, "computed above");
static_assert(SIMD_U32_F32 == SIMD_S32_F32 + 2 && SIMD_U32R_F32 == SIMD_S32R_F32 + 2 && SIMD_F32_U32 == SIMD_F32_S32 + 2, "computed above");

bool lift_fp_data(struct lift *l, const struct insn *insn)
{
	const struct fp_row *row = &rows[insn->op];
	int op;

	if (lift_immediates(l, insn) || lift_vfp_special(l, insn))
		return true;
	/* what is left without a row: VFPv4's fused multiply-add, UNDEFINED on the A9 */
	if (row->family == FAMILY_NONE)
		return false;
	op = find_operation(row, insn);
	if (op < 0)
		return false;
	if (row->family == FAMILY_VFP_VECTOR)
		check_scalar(l);
	lift_simd(l, (enum simd_op)op, descriptor(row, insn));
	return true;
}
