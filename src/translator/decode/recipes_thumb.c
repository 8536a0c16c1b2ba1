/* recipes_thumb.c - recipes of T16 and T32 rows that A32 does not share. Sections are those of ARM DDI 0406C.d. */
#include "base/base.h"
#include "translator/decode/decode_internal.h"

/* --- T16 data processing ---------------------------------------------------------------------------------------- */

static void flags_outside_it(struct insn *insn)
{
	insn->setflags = insn->set_unless_it = true;
}

void recipe_t16_shift_imm(struct insn *insn, const struct fields *f)
{
	unsigned type = insn->raw >> 11 & 3; /* the opcode is the shift type */

	operand_shifted(insn, type, F('i'));
	insn->imm = 0;
	flags_outside_it(insn);
}

void recipe_t16_reg(struct insn *insn, const struct fields *f)
{
	insn->operand = OPERAND_REG;
	flags_outside_it(insn);
}

void recipe_t16_reg_dn(struct insn *insn, const struct fields *f)
{
	insn->rn = insn->rd;
	recipe_t16_reg(insn, f);
}

void recipe_t16_imm(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('i'), CARRY_UNCHANGED);
	flags_outside_it(insn);
}

void recipe_t16_imm_dn(struct insn *insn, const struct fields *f)
{
	insn->rn = insn->rd;
	recipe_t16_imm(insn, f);
}

void recipe_t16_cmp_imm(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('i'), CARRY_UNCHANGED);
	insn->setflags = true;
}

void recipe_t16_cmp_reg(struct insn *insn, const struct fields *f)
{
	insn->operand = OPERAND_REG;
	insn->setflags = true;
}

static void t16_shift_reg(struct insn *insn, unsigned type)
{
	insn->rm = insn->rd;
	insn->operand = OPERAND_REG_SHIFT;
	insn->shift = type;
	flags_outside_it(insn);
}

void recipe_t16_lsl_reg(struct insn *insn, const struct fields *f)
{
	t16_shift_reg(insn, SHIFT_LSL);
}

void recipe_t16_lsr_reg(struct insn *insn, const struct fields *f)
{
	t16_shift_reg(insn, SHIFT_LSR);
}

void recipe_t16_asr_reg(struct insn *insn, const struct fields *f)
{
	t16_shift_reg(insn, SHIFT_ASR);
}

void recipe_t16_ror_reg(struct insn *insn, const struct fields *f)
{
	t16_shift_reg(insn, SHIFT_ROR);
}

void recipe_t16_mul(struct insn *insn, const struct fields *f)
{
	insn->rm = insn->rd;
	flags_outside_it(insn);
}

void recipe_t16_high_dn(struct insn *insn, const struct fields *f)
{
	insn->rn = insn->rd;
	insn->operand = OPERAND_REG;
	unpredictable_if(insn, insn->rn == 15 && insn->rm == 15);
}

void recipe_t16_high_mov(struct insn *insn, const struct fields *f)
{
	insn->operand = OPERAND_REG;
}

void recipe_t16_high_cmp(struct insn *insn, const struct fields *f)
{
	recipe_t16_cmp_reg(insn, f);
	unpredictable_if(insn, insn->rn < 8 && insn->rm < 8);
}

void recipe_t16_adr(struct insn *insn, const struct fields *f)
{
	insn->rn = 15;
	insn->add = true;
	operand_imm(insn, F('i') << 2, CARRY_UNCHANGED);
}

void recipe_t16_add_sp(struct insn *insn, const struct fields *f)
{
	insn->rn = 13;
	operand_imm(insn, F('i') << 2, CARRY_UNCHANGED);
}

void recipe_t16_adjust_sp(struct insn *insn, const struct fields *f)
{
	insn->rd = 13;
	recipe_t16_add_sp(insn, f);
}

/* --- T16 loads, stores, system, branches ------------------------------------------------------------------------ */

static void offset_imm(struct insn *insn, uint32_t imm)
{
	operand_imm(insn, imm, CARRY_UNCHANGED);
	insn->index = true;
	insn->add = true;
}

void recipe_t16_ldr_lit(struct insn *insn, const struct fields *f)
{
	insn->rn = 15;
	offset_imm(insn, F('i') << 2);
}

void recipe_t16_ls_reg(struct insn *insn, const struct fields *f)
{
	offset_imm(insn, 0);
	insn->operand = OPERAND_REG;
}

void recipe_t16_ls_imm1(struct insn *insn, const struct fields *f)
{
	offset_imm(insn, F('i'));
}

void recipe_t16_ls_imm2(struct insn *insn, const struct fields *f)
{
	offset_imm(insn, F('i') << 1);
}

void recipe_t16_ls_imm4(struct insn *insn, const struct fields *f)
{
	offset_imm(insn, F('i') << 2);
}

void recipe_t16_ls_sp(struct insn *insn, const struct fields *f)
{
	insn->rn = 13;
	offset_imm(insn, F('i') << 2);
}

/* STMDB r13!, with bit 8 of the list for r14 */
void recipe_t16_push(struct insn *insn, const struct fields *f)
{
	insn->rn = 13;
	insn->index = insn->wback = true;
	insn->reglist = (F('r') & 0xff) | F('r') >> 8 << 14;
	unpredictable_if(insn, insn->reglist == 0);
}

/* LDMIA r13!, with bit 8 of the list for r15 */
void recipe_t16_pop(struct insn *insn, const struct fields *f)
{
	insn->rn = 13;
	insn->add = insn->wback = true;
	insn->reglist = (F('r') & 0xff) | F('r') >> 8 << 15;
	unpredictable_if(insn, insn->reglist == 0);
}

void recipe_t16_stm(struct insn *insn, const struct fields *f)
{
	insn->reglist = F('r');
	insn->add = insn->wback = true;
	unpredictable_if(insn, insn->reglist == 0);
}

void recipe_t16_ldm(struct insn *insn, const struct fields *f)
{
	recipe_t16_stm(insn, f);
	insn->wback = !(insn->reglist >> insn->rn & 1);
}

/* CPSIE, CPSID: as A32's imod 2 and 3 without a mode */
void recipe_t16_cps(struct insn *insn, const struct fields *f)
{
	insn->imm = F('i') << 6;
	insn->vindex = 2 | F('k');
	unpredictable_if(insn, F('i') == 0);
}

void recipe_t16_it(struct insn *insn, const struct fields *f)
{
	unsigned cond = F('i') >> 4, mask = F('i') & 15;

	unpredictable_if(insn, cond == 15 || (cond == 14 && (mask & (mask - 1)) != 0));
}

void recipe_t16_cbz(struct insn *insn, const struct fields *f)
{
	insn->imm = F('i') << 1;
}

void recipe_t16_b_cond(struct insn *insn, const struct fields *f)
{
	insn->imm = (uint32_t)sign_extend32(F('i'), 8) << 1;
}

void recipe_t16_b(struct insn *insn, const struct fields *f)
{
	insn->imm = (uint32_t)sign_extend32(F('i'), 11) << 1;
}

/* --- T32 data processing ---------------------------------------------------------------------------------------- */

/* ThumbExpandImm_C (A6.3.2) */
void recipe_t32_imm(struct insn *insn, const struct fields *f)
{
	uint32_t imm12 = F('i'), imm8 = imm12 & 0xff;
	uint32_t rotated;

	insn->setflags |= insn->op == INSN_TST || insn->op == INSN_TEQ || insn->op == INSN_CMP || insn->op == INSN_CMN;
	switch (imm12 >> 8) {
	case 0:
		operand_imm(insn, imm8, CARRY_UNCHANGED);
		return;
	case 1:
		operand_imm(insn, imm8 * 0x00010001u, CARRY_UNCHANGED);
		break;
	case 2:
		operand_imm(insn, imm8 * 0x01000100u, CARRY_UNCHANGED);
		break;
	case 3:
		operand_imm(insn, imm8 * 0x01010101u, CARRY_UNCHANGED);
		break;
	default:
		rotated = ror32((imm12 & 0x7f) | 0x80, imm12 >> 7);
		operand_imm(insn, rotated, rotated >> 31 ? CARRY_1 : CARRY_0);
		return;
	}
	unpredictable_if(insn, imm8 == 0);
}

/* ADD and SUB: SP may be the result when it is the first operand. With rd 15 and S they are CMN and CMP. */
static void check_add(struct insn *insn)
{
	unpredictable_if(insn, insn->rd == 15 || insn->rn == 15 || (insn->rd == 13 && insn->rn != 13));
}

void recipe_t32_imm_add(struct insn *insn, const struct fields *f)
{
	recipe_t32_imm(insn, f);
	check_add(insn);
}

void recipe_t32_reg_add(struct insn *insn, const struct fields *f)
{
	operand_shifted(insn, F('y'), F('i'));
	insn->imm = 0;
	check_add(insn);
	unpredictable_if(insn, insn->rd == 13 && (insn->shift != SHIFT_LSL || insn->shift_n > 3));
}

/* MOV (register) T3 may move to or from SP, the shifts may not. */
void recipe_t32_mov_reg(struct insn *insn, const struct fields *f)
{
	unsigned d = insn->rd, m = insn->rm;
	bool move = F('i') == 0 && F('y') == SHIFT_LSL;

	operand_shifted(insn, F('y'), F('i'));
	insn->imm = 0;
	if (move && !insn->setflags)
		unpredictable_if(insn, d == 15 || m == 15 || (d == 13 && m == 13));
	else
		unpredictable_if(insn, bad_reg(d) || bad_reg(m));
}

void recipe_t32_addw(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('i'), CARRY_UNCHANGED);
	check_add(insn);
}

void recipe_t32_adr_add(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('i'), CARRY_UNCHANGED);
	insn->rn = 15;
	insn->add = true;
}

void recipe_t32_adr_sub(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('i'), CARRY_UNCHANGED);
	insn->rn = 15;
}

void recipe_t32_wide_imm(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('j') << 12 | F('i'), CARRY_UNCHANGED);
}

static void t32_shift_reg(struct insn *insn, unsigned type)
{
	insn->operand = OPERAND_REG_SHIFT;
	insn->shift = type;
}

void recipe_t32_lsl_reg(struct insn *insn, const struct fields *f)
{
	t32_shift_reg(insn, SHIFT_LSL);
}

void recipe_t32_lsr_reg(struct insn *insn, const struct fields *f)
{
	t32_shift_reg(insn, SHIFT_LSR);
}

void recipe_t32_asr_reg(struct insn *insn, const struct fields *f)
{
	t32_shift_reg(insn, SHIFT_ASR);
}

void recipe_t32_ror_reg(struct insn *insn, const struct fields *f)
{
	t32_shift_reg(insn, SHIFT_ROR);
}

void recipe_t32_twice(struct insn *insn, const struct fields *f)
{
	unpredictable_if(insn, F('k') != F('m'));
}

/* --- T32 branches and control ----------------------------------------------------------------------------------- */

void recipe_t32_b_cond(struct insn *insn, const struct fields *f)
{
	insn->imm = (uint32_t)sign_extend32(F('S') << 19 | F('k') << 18 | F('j') << 17 | F('i'), 20) << 1;
	insn->setflags = false;
}

/* S:I1:I2, where In = NOT(Jn EOR S) */
static uint32_t branch_top(const struct insn *insn, const struct fields *f)
{
	uint32_t s = F('S'), i1 = !(F('j') ^ s), i2 = !(F('k') ^ s);

	return s << 2 | i1 << 1 | i2;
}

void recipe_t32_b(struct insn *insn, const struct fields *f)
{
	insn->imm = (uint32_t)sign_extend32(branch_top(insn, f) << 21 | F('i'), 24) << 1;
	insn->setflags = false;
}

void recipe_t32_blx(struct insn *insn, const struct fields *f)
{
	insn->imm = (uint32_t)sign_extend32(branch_top(insn, f) << 20 | F('i'), 23) << 2;
	insn->setflags = false;
	undefined_if(insn, F('H') == 1);
}

void recipe_t32_hvc(struct insn *insn, const struct fields *f)
{
	insn->imm = F('j') << 12 | F('i');
}

void recipe_t32_udf(struct insn *insn, const struct fields *f)
{
	insn->imm = F('j') << 12 | F('i');
	undefined_if(insn, true);
}

void recipe_t32_tb(struct insn *insn, const struct fields *f)
{
	unpredictable_if(insn, insn->rn == 13);
}

/* --- T32 load and store multiple, dual, exclusive --------------------------------------------------------------- */

void recipe_t32_db(struct insn *insn, const struct fields *f)
{
	insn->index = true;
}

void recipe_t32_ia(struct insn *insn, const struct fields *f)
{
	insn->add = true;
}

/* The list without its bit 13, which should be zero. */
static void t32_multiple(struct insn *insn, const struct fields *f)
{
	unsigned list = (F('r') & 0x1fff) | F('r') >> 13 << 14;

	insn->reglist = list;
	unpredictable_if(insn, (list & (list - 1)) == 0);
	unpredictable_if(insn, insn->wback && (list >> insn->rn & 1));
	unpredictable_if(insn, list >> 14 == 3);
}

void recipe_t32_stm_ia(struct insn *insn, const struct fields *f)
{
	insn->add = true;
	t32_multiple(insn, f);
}

void recipe_t32_ldm_ia(struct insn *insn, const struct fields *f)
{
	insn->add = true;
	t32_multiple(insn, f);
}

void recipe_t32_stm_db(struct insn *insn, const struct fields *f)
{
	insn->index = true;
	t32_multiple(insn, f);
}

void recipe_t32_ldm_db(struct insn *insn, const struct fields *f)
{
	insn->index = true;
	t32_multiple(insn, f);
}

void recipe_t32_strex(struct insn *insn, const struct fields *f)
{
	offset_imm(insn, F('i') << 2);
	unpredictable_if(insn, insn->rd == insn->rn || insn->rd == insn->rt);
}

void recipe_t32_ldrex(struct insn *insn, const struct fields *f)
{
	offset_imm(insn, F('i') << 2);
}

void recipe_t32_strexd(struct insn *insn, const struct fields *f)
{
	offset_imm(insn, 0);
	unpredictable_if(insn, insn->rd == insn->rn || insn->rd == insn->rt || insn->rd == insn->rt2);
}

void recipe_t32_ldrexd(struct insn *insn, const struct fields *f)
{
	offset_imm(insn, 0);
	unpredictable_if(insn, insn->rt == insn->rt2);
}

static void t32_dual(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('i') << 2, CARRY_UNCHANGED);
	unpredictable_if(insn, insn->op == INSN_LDRD && insn->rt == insn->rt2);
	check_base(insn, true);
}

void recipe_t32_dual_pre(struct insn *insn, const struct fields *f)
{
	insn->index = true;
	t32_dual(insn, f);
}

void recipe_t32_dual_post(struct insn *insn, const struct fields *f)
{
	insn->wback = true;
	t32_dual(insn, f);
}

/* --- T32 load and store single ---------------------------------------------------------------------------------- */

void recipe_t32_ld_imm12(struct insn *insn, const struct fields *f)
{
	offset_imm(insn, F('i'));
}

void recipe_t32_st_imm12(struct insn *insn, const struct fields *f)
{
	offset_imm(insn, F('i'));
	undefined_if(insn, insn->rn == 15);
}

void recipe_t32_ld_imm8(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('i'), CARRY_UNCHANGED);
	undefined_if(insn, !insn->index && !insn->wback);
	check_base(insn, false);
}

void recipe_t32_st_imm8(struct insn *insn, const struct fields *f)
{
	recipe_t32_ld_imm8(insn, f);
	undefined_if(insn, insn->rn == 15);
}

void recipe_t32_ldt(struct insn *insn, const struct fields *f)
{
	offset_imm(insn, F('i'));
	insn->exclusive_user = true;
}

void recipe_t32_stt(struct insn *insn, const struct fields *f)
{
	recipe_t32_ldt(insn, f);
	undefined_if(insn, insn->rn == 15);
}

void recipe_t32_ld_reg(struct insn *insn, const struct fields *f)
{
	operand_shifted(insn, SHIFT_LSL, F('i'));
	insn->imm = 0;
	insn->index = true;
	insn->add = true;
}

void recipe_t32_st_reg(struct insn *insn, const struct fields *f)
{
	recipe_t32_ld_reg(insn, f);
	undefined_if(insn, insn->rn == 15);
}

void recipe_t32_ld_lit(struct insn *insn, const struct fields *f)
{
	bool add = F('U');

	insn->rn = 15;
	offset_imm(insn, F('i'));
	insn->add = add;
}

void recipe_t32_preload_imm8(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('i'), CARRY_UNCHANGED);
	insn->index = true;
}
