/* recipes_a32.c - recipes of A32's integer and system rows; many serve Thumb as well. Sections are those of ARM DDI 0406C.d. */
#include "base/base.h"
#include "translator/decode/decode_internal.h"

/* --- operands --------------------------------------------------------------------------------------------------- */

void operand_shifted(struct insn *insn, unsigned type, unsigned imm5)
{
	insn->operand = OPERAND_REG;
	insn->shift = type;
	insn->shift_n = imm5;
	if (imm5 == 0 && (type == SHIFT_LSR || type == SHIFT_ASR))
		insn->shift_n = 32;
	if (imm5 == 0 && type == SHIFT_ROR) {
		insn->shift = SHIFT_RRX;
		insn->shift_n = 1;
	}
}

void operand_imm(struct insn *insn, uint32_t imm, unsigned carry)
{
	insn->operand = OPERAND_IMM;
	insn->imm = imm;
	insn->carry = carry;
}

/* ARMExpandImm_C (A5.2.4). */
static void operand_modified(struct insn *insn, uint32_t imm12)
{
	unsigned rotation = imm12 >> 8 << 1;
	uint32_t imm = ror32(imm12 & 0xff, rotation);

	operand_imm(insn, imm, rotation == 0 ? CARRY_UNCHANGED : imm >> 31 ? CARRY_1 : CARRY_0);
}

static bool only_sets_flags(unsigned op)
{
	return op == INSN_TST || op == INSN_TEQ || op == INSN_CMP || op == INSN_CMN;
}

void recipe_plain(struct insn *insn, const struct fields *f)
{
}

void recipe_unpredictable(struct insn *insn, const struct fields *f)
{
	unpredictable_if(insn, true);
}

void recipe_udf(struct insn *insn, const struct fields *f)
{
	undefined_if(insn, true);
}

/* Must not be conditional. */
void recipe_always(struct insn *insn, const struct fields *f)
{
	unpredictable_if(insn, insn->cond != INSN_COND_AL);
}

/* --- data processing -------------------------------------------------------------------------------------------- */

void recipe_dp_reg(struct insn *insn, const struct fields *f)
{
	operand_shifted(insn, F('y'), F('i'));
	insn->imm = 0;
	insn->setflags |= only_sets_flags(insn->op);
}

void recipe_dp_rsr(struct insn *insn, const struct fields *f)
{
	insn->operand = OPERAND_REG_SHIFT;
	insn->shift = F('y');
	insn->setflags |= only_sets_flags(insn->op);
}

void recipe_dp_imm(struct insn *insn, const struct fields *f)
{
	operand_modified(insn, F('i'));
	insn->setflags |= only_sets_flags(insn->op);
}

static void adr(struct insn *insn, const struct fields *f, bool add)
{
	operand_modified(insn, F('i'));
	insn->carry = CARRY_UNCHANGED;
	insn->rn = 15;
	insn->add = add;
}

void recipe_adr_add(struct insn *insn, const struct fields *f)
{
	adr(insn, f, true);
}

void recipe_adr_sub(struct insn *insn, const struct fields *f)
{
	adr(insn, f, false);
}

/* MOVW (no change of the carry) and MOVT. */
void recipe_wide_imm(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('i'), CARRY_UNCHANGED);
}

void recipe_mul_long(struct insn *insn, const struct fields *f)
{
	unpredictable_if(insn, insn->rt == insn->rt2);
}

void recipe_mul_half(struct insn *insn, const struct fields *f)
{
	insn->imm = F('h') | F('y') << 1;
	if (insn->op == INSN_SMLAL_XY)
		recipe_mul_long(insn, f);
}

/* --- system ----------------------------------------------------------------------------------------------------- */

void recipe_hint(struct insn *insn, const struct fields *f)
{
}

void recipe_msr_imm(struct insn *insn, const struct fields *f)
{
	operand_modified(insn, F('i'));
	insn->imm2 = F('k') | F('R') << 4;
	unpredictable_if(insn, F('k') == 0);
}

void recipe_msr_reg(struct insn *insn, const struct fields *f)
{
	insn->operand = OPERAND_REG;
	insn->imm2 = F('k') | F('R') << 4;
	unpredictable_if(insn, F('k') == 0);
}

void recipe_mrs(struct insn *insn, const struct fields *f)
{
	insn->imm = F('R');
}

/* imm = SYSm (B9.2.3), imm2 = R */
void recipe_banked(struct insn *insn, const struct fields *f)
{
	insn->imm = F('k') | F('b') << 4;
	insn->imm2 = F('R');
}

void recipe_cps(struct insn *insn, const struct fields *f)
{
	unsigned imod = F('k'), mode = F('j'), change = F('M');

	insn->imm = F('i') << 6;
	insn->imm2 = mode | change << 5;
	insn->vindex = imod;
	unpredictable_if(insn, mode != 0 && !change);
	unpredictable_if(insn, (imod & 2) ? F('i') == 0 : F('i') != 0);
	unpredictable_if(insn, imod == 1 || (imod == 0 && !change));
}

/* --- loads and stores ------------------------------------------------------------------------------------------- */

void check_base(struct insn *insn, bool two)
{
	unpredictable_if(insn, insn->wback && (insn->rn == 15 || insn->rn == insn->rt));
	unpredictable_if(insn, two && insn->wback && insn->rn == insn->rt2);
}

/* P and W as A32 has them: post-indexing always writes back. */
static void a32_index(struct insn *insn)
{
	insn->wback = !insn->index || insn->wback;
}

/* P = 0, W = 1: unprivileged and post-indexed */
static void a32_unprivileged(struct insn *insn)
{
	insn->index = false;
	insn->wback = true;
	insn->exclusive_user = true;
	check_base(insn, false);
}

void recipe_ls_imm(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('i'), CARRY_UNCHANGED);
	a32_index(insn);
	check_base(insn, false);
}

void recipe_ls_imm_t(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('i'), CARRY_UNCHANGED);
	a32_unprivileged(insn);
}

void recipe_ls_reg(struct insn *insn, const struct fields *f)
{
	operand_shifted(insn, F('y'), F('i'));
	insn->imm = 0;
	a32_index(insn);
	check_base(insn, false);
}

void recipe_ls_reg_t(struct insn *insn, const struct fields *f)
{
	operand_shifted(insn, F('y'), F('i'));
	insn->imm = 0;
	a32_unprivileged(insn);
}

void recipe_ls_extra_reg(struct insn *insn, const struct fields *f)
{
	insn->operand = OPERAND_REG;
	a32_index(insn);
	check_base(insn, false);
}

void recipe_ls_extra_reg_t(struct insn *insn, const struct fields *f)
{
	insn->operand = OPERAND_REG;
	a32_unprivileged(insn);
}

/* LDRD and STRD: Rt is even, Rt2 the next. */
static void dual_a32(struct insn *insn)
{
	insn->rt2 = (insn->rt + 1) & 15;
	unpredictable_if(insn, (insn->rt & 1) || insn->rt2 == 15);
	unpredictable_if(insn, !insn->index && insn->wback);
	a32_index(insn);
	check_base(insn, true);
}

void recipe_dual_imm(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('i'), CARRY_UNCHANGED);
	dual_a32(insn);
}

void recipe_strd_reg(struct insn *insn, const struct fields *f)
{
	insn->operand = OPERAND_REG;
	dual_a32(insn);
}

void recipe_ldrd_reg(struct insn *insn, const struct fields *f)
{
	recipe_strd_reg(insn, f);
	unpredictable_if(insn, insn->rm == insn->rt || insn->rm == insn->rt2);
}

void recipe_swp(struct insn *insn, const struct fields *f)
{
	unpredictable_if(insn, insn->rn == insn->rm || insn->rn == insn->rt);
}

void recipe_strex(struct insn *insn, const struct fields *f)
{
	insn->index = insn->add = true;
	operand_imm(insn, 0, CARRY_UNCHANGED);
	unpredictable_if(insn, insn->rd == insn->rn || insn->rd == insn->rt);
}

void recipe_ldrex(struct insn *insn, const struct fields *f)
{
	insn->index = insn->add = true;
	operand_imm(insn, 0, CARRY_UNCHANGED);
}

void recipe_strexd_a32(struct insn *insn, const struct fields *f)
{
	recipe_strex(insn, f);
	insn->rt2 = (insn->rt + 1) & 15;
	unpredictable_if(insn, (insn->rt & 1) || insn->rt == 14 || insn->rd == insn->rt2);
}

void recipe_ldrexd_a32(struct insn *insn, const struct fields *f)
{
	recipe_ldrex(insn, f);
	insn->rt2 = (insn->rt + 1) & 15;
	unpredictable_if(insn, (insn->rt & 1) || insn->rt == 14);
}

void recipe_preload_imm(struct insn *insn, const struct fields *f)
{
	operand_imm(insn, F('i'), CARRY_UNCHANGED);
	insn->index = true;
}

void recipe_preload_reg(struct insn *insn, const struct fields *f)
{
	operand_shifted(insn, F('y'), F('i'));
	insn->imm = 0;
	insn->index = true;
}

/* --- packing, saturating, bit fields ---------------------------------------------------------------------------- */

void recipe_pkhbt(struct insn *insn, const struct fields *f)
{
	operand_shifted(insn, SHIFT_LSL, F('i'));
	insn->imm = 0;
}

void recipe_pkhtb(struct insn *insn, const struct fields *f)
{
	operand_shifted(insn, SHIFT_ASR, F('i'));
	insn->imm = 0;
}

void recipe_extend(struct insn *insn, const struct fields *f)
{
	insn->operand = OPERAND_REG;
	insn->shift = SHIFT_ROR;
	insn->shift_n = F('r') << 3;
}

/* The operand is rn here. */
void recipe_usat(struct insn *insn, const struct fields *f)
{
	operand_shifted(insn, F('y') << 1, F('k'));
}

void recipe_ssat(struct insn *insn, const struct fields *f)
{
	recipe_usat(insn, f);
	insn->imm++;
}

void recipe_ssat16(struct insn *insn, const struct fields *f)
{
	insn->imm++;
}

/* w: width - 1 */
void recipe_bfx(struct insn *insn, const struct fields *f)
{
	insn->imm = F('l');
	insn->imm2 = F('w') + 1;
	unpredictable_if(insn, F('l') + F('w') > 31);
	if (insn->imm + insn->imm2 > 32)
		insn->imm2 = 32 - insn->imm;
}

/* w: the most significant bit */
void recipe_bfi(struct insn *insn, const struct fields *f)
{
	insn->imm = F('l');
	insn->imm2 = F('w') >= F('l') ? F('w') - F('l') + 1 : 0;
	unpredictable_if(insn, F('w') < F('l'));
}

/* --- block transfer, branches ----------------------------------------------------------------------------------- */

static void multiple(struct insn *insn, unsigned list)
{
	insn->reglist = list;
	unpredictable_if(insn, list == 0);
}

void recipe_stm(struct insn *insn, const struct fields *f)
{
	multiple(insn, F('r'));
}

void recipe_ldm(struct insn *insn, const struct fields *f)
{
	multiple(insn, F('r'));
	unpredictable_if(insn, insn->wback && (insn->reglist >> insn->rn & 1));
}

void recipe_multiple_user(struct insn *insn, const struct fields *f)
{
	multiple(insn, F('r'));
	insn->exclusive_user = true;
}

void recipe_ldm_exception(struct insn *insn, const struct fields *f)
{
	multiple(insn, F('r') | 1u << 15);
	insn->exclusive_user = true;
	unpredictable_if(insn, insn->wback && (insn->reglist >> insn->rn & 1));
}

void recipe_branch_a32(struct insn *insn, const struct fields *f)
{
	insn->imm = (uint32_t)sign_extend32(F('i'), 24) << 2;
}

void recipe_blx_a32(struct insn *insn, const struct fields *f)
{
	insn->imm = (uint32_t)sign_extend32(F('i'), 24) << 2 | F('H') << 1;
}

/* --- coprocessors (also T32, where SP is a bad transfer register) ------------------------------------------------- */

static void coprocessor(struct insn *insn, const struct fields *f, bool second)
{
	insn->coproc = F('p');
	insn->opc1 = F('o');
	insn->opc2 = F('q');
	insn->crn = F('j');
	insn->crm = F('k');
	insn->imm2 = second;
}

void recipe_cdp(struct insn *insn, const struct fields *f)
{
	coprocessor(insn, f, false);
	insn->vd = F('v');
}

void recipe_cdp2(struct insn *insn, const struct fields *f)
{
	coprocessor(insn, f, true);
	insn->vd = F('v');
}

static void transfer_register(struct insn *insn, unsigned reg)
{
	unpredictable_if(insn, insn->set == SET_T32 && reg == 13);
}

void recipe_mcr(struct insn *insn, const struct fields *f)
{
	coprocessor(insn, f, false);
	transfer_register(insn, insn->rt);
}

void recipe_mcr2(struct insn *insn, const struct fields *f)
{
	coprocessor(insn, f, true);
	transfer_register(insn, insn->rt);
}

void recipe_mcrr(struct insn *insn, const struct fields *f)
{
	coprocessor(insn, f, false);
	transfer_register(insn, insn->rt);
	transfer_register(insn, insn->rt2);
}

void recipe_mcrr2(struct insn *insn, const struct fields *f)
{
	recipe_mcrr(insn, f);
	insn->imm2 = 1;
}

void recipe_mrrc(struct insn *insn, const struct fields *f)
{
	recipe_mcrr(insn, f);
	unpredictable_if(insn, insn->rt == insn->rt2);
}

void recipe_mrrc2(struct insn *insn, const struct fields *f)
{
	recipe_mrrc(insn, f);
	insn->imm2 = 1;
}

void recipe_ldc(struct insn *insn, const struct fields *f)
{
	bool unindexed = !insn->index && !insn->wback;

	coprocessor(insn, f, false);
	insn->opc1 = F('D');
	insn->vd = F('v');
	operand_imm(insn, unindexed ? F('i') : F('i') << 2, CARRY_UNCHANGED);
	undefined_if(insn, unindexed && !insn->add && !F('D'));
	unpredictable_if(insn, insn->rn == 15 && (insn->wback || (insn->set == SET_T32 && (unindexed || insn->op == INSN_STC))));
}

void recipe_ldc2(struct insn *insn, const struct fields *f)
{
	recipe_ldc(insn, f);
	insn->imm2 = 1;
}
