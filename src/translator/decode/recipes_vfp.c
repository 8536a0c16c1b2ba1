/* recipes_vfp.c - recipes of coprocessors 10 and 11: VFP and the transfers it shares with Advanced SIMD. */
#include "base/base.h"
#include "translator/decode/decode_internal.h"

/* Register numbers. D comes as D:Vd, N as Vn:N, M as M:Vm (in the order of the bits); a single is Vx:x, a double x:Vx. */
static unsigned rotate_down(unsigned reg)
{
	return reg >> 1 | (reg & 1) << 4;
}

static unsigned rotate_up(unsigned reg)
{
	return (reg << 1 & 31) | reg >> 4;
}

static void set_d(struct insn *insn, const struct fields *f, bool is_double)
{
	insn->vd = is_double ? F('D') : rotate_up(F('D'));
}

static void set_n(struct insn *insn, const struct fields *f, bool is_double)
{
	insn->vn = is_double ? rotate_down(F('N')) : F('N');
}

static void set_m(struct insn *insn, const struct fields *f, bool is_double)
{
	insn->vm = is_double ? F('M') : rotate_up(F('M'));
}

void recipe_vfp_2reg(struct insn *insn, const struct fields *f)
{
	bool z = F('z');

	set_d(insn, f, z);
	set_m(insn, f, z);
	insn->vsize = z ? 3 : 2;
}

void recipe_vfp_3reg(struct insn *insn, const struct fields *f)
{
	recipe_vfp_2reg(insn, f);
	set_n(insn, f, F('z'));
}

/* VFPExpandImm (A7.5.1) */
void recipe_vfp_mov_imm(struct insn *insn, const struct fields *f)
{
	uint64_t imm8 = F('i'), sign = imm8 >> 7, b = imm8 >> 6 & 1, not_b = !b, low = imm8 & 0x3f;

	recipe_vfp_2reg(insn, f);
	if (F('z'))
		insn->vimm = sign << 63 | not_b << 62 | (b ? 0xffull : 0) << 54 | low << 48;
	else
		insn->vimm = sign << 31 | not_b << 30 | (b ? 0x1full : 0) << 25 | low << 19;
	insn->imm = 0;
}

void recipe_vfp_half(struct insn *insn, const struct fields *f)
{
	recipe_vfp_2reg(insn, f);
}

void recipe_vfp_f64_f32(struct insn *insn, const struct fields *f)
{
	set_d(insn, f, true);
	set_m(insn, f, false);
	insn->vsize = 2;
}

void recipe_vfp_f32_f64(struct insn *insn, const struct fields *f)
{
	set_d(insn, f, false);
	set_m(insn, f, true);
	insn->vsize = 3;
}

/* k: signed */
void recipe_vfp_from_int(struct insn *insn, const struct fields *f)
{
	set_d(insn, f, F('z'));
	set_m(insn, f, false);
	insn->vsize = F('z') ? 3 : 2;
	insn->vunsigned = !F('k');
}

void recipe_vfp_to_int(struct insn *insn, const struct fields *f)
{
	set_d(insn, f, false);
	set_m(insn, f, F('z'));
	insn->vsize = F('z') ? 3 : 2;
	insn->vunsigned = !F('k');
}

/* k: 32 bits, else 16; i:j is the integer's size less the fraction bits */
void recipe_vfp_fixed(struct insn *insn, const struct fields *f)
{
	unsigned size = F('k') ? 32 : 16, whole = F('i') << 1 | F('j');

	set_d(insn, f, F('z'));
	insn->rt2 = 0;
	insn->vm = insn->vd;
	insn->vsize = F('z') ? 3 : 2;
	insn->vunsigned = F('u');
	insn->imm = whole > size ? 0 : size - whole;
	insn->imm2 = size;
	unpredictable_if(insn, whole > size);
}

/* --- loads and stores ------------------------------------------------------------------------------------------- */

static void vfp_multiple(struct insn *insn, const struct fields *f)
{
	unsigned imm8 = F('i'), regs;
	bool z = F('z');

	set_d(insn, f, z);
	insn->vsize = z ? 3 : 2;
	regs = z ? imm8 >> 1 : imm8;
	insn->imm = imm8 << 2;
	insn->imm2 = z && (imm8 & 1); /* FLDMX, FSTMX */
	unpredictable_if(insn, insn->rn == 15 && (insn->wback || insn->set == SET_T32));
	unpredictable_if(insn, regs == 0 || (z && regs > 16));
	unpredictable_if(insn, insn->imm2 && insn->vd + regs > 16);
	beyond_registers_if(insn, insn->vd + regs > 32);
	insn->vregs = MIN(regs, 32u - insn->vd);
}

void recipe_vfp_multiple_ia(struct insn *insn, const struct fields *f)
{
	insn->add = true;
	vfp_multiple(insn, f);
}

void recipe_vfp_multiple_db(struct insn *insn, const struct fields *f)
{
	insn->index = insn->wback = true;
	vfp_multiple(insn, f);
}

void recipe_vfp_ldr(struct insn *insn, const struct fields *f)
{
	set_d(insn, f, F('z'));
	insn->vsize = F('z') ? 3 : 2;
	insn->index = true;
	operand_imm(insn, F('i') << 2, CARRY_UNCHANGED);
	unpredictable_if(insn, insn->rn == 15 && insn->op == INSN_VSTR && insn->set == SET_T32);
}

/* --- transfers -------------------------------------------------------------------------------------------------- */

static void check_thumb_sp(struct insn *insn, unsigned reg)
{
	unpredictable_if(insn, insn->set == SET_T32 && reg == 13);
}

static void check_two(struct insn *insn, bool to_arm)
{
	check_thumb_sp(insn, insn->rt);
	check_thumb_sp(insn, insn->rt2);
	unpredictable_if(insn, to_arm && insn->rt == insn->rt2);
}

void recipe_vmov_2s(struct insn *insn, const struct fields *f)
{
	set_m(insn, f, false);
	insn->vsize = 2;
	check_two(insn, insn->op == INSN_VMOV_2R_2S);
	beyond_registers_if(insn, insn->vm == 31);
}

void recipe_vmov_d(struct insn *insn, const struct fields *f)
{
	set_m(insn, f, true);
	insn->vsize = 3;
	check_two(insn, insn->op == INSN_VMOV_2R_D);
}

void recipe_vmov_s(struct insn *insn, const struct fields *f)
{
	set_n(insn, f, false);
	insn->vsize = 2;
	check_thumb_sp(insn, insn->rt);
}

void recipe_vmrs(struct insn *insn, const struct fields *f)
{
	unpredictable_if(insn, insn->op == INSN_VMRS && insn->rt == 15 && insn->imm != 1);
	check_thumb_sp(insn, insn->rt);
}

/* D (as Vd:D here) for moves to, N for moves from a lane; k: index; u: unsigned */
static void vmov_lane(struct insn *insn, const struct fields *f, unsigned size)
{
	insn->vd = rotate_down(F('D'));
	set_n(insn, f, true);
	insn->rt2 = 0;
	insn->vsize = size;
	insn->vindex = F('k');
	insn->vunsigned = F('u');
	check_thumb_sp(insn, insn->rt);
}

void recipe_vmov_lane_8(struct insn *insn, const struct fields *f)
{
	vmov_lane(insn, f, 0);
}

void recipe_vmov_lane_16(struct insn *insn, const struct fields *f)
{
	vmov_lane(insn, f, 1);
}

void recipe_vmov_lane_32(struct insn *insn, const struct fields *f)
{
	vmov_lane(insn, f, 2);
}

/* k:j = B:E: 32, 16, 8 bits */
void recipe_vdup_r(struct insn *insn, const struct fields *f)
{
	unsigned size = F('k') << 1 | F('j');

	insn->vd = rotate_down(F('D'));
	insn->vregs = F('Q') ? 2 : 1;
	insn->vsize = size == 2 ? 0 : size == 1 ? 1 : 2;
	check_thumb_sp(insn, insn->rt);
	undefined_if(insn, size == 3 || (F('Q') && (insn->vd & 1)));
}
