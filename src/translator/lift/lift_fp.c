/* lift_fp.c - VFP and Advanced SIMD to IR: the entry, system registers, and moves between core and extension registers (A8.8, A7.8, A7.9). */
#include "base/base.h"
#include "translator/lift/lift.h"

#include "translator/lift/lift_fp.h"

/* FPSCR bits that exist on the A9: no trap enables (A2.6.1, Cortex-A9 NEON MPE TRM). */
#define FPSCR_WRITABLE 0xfff7009fu
/* EN and DEX */
#define FPEXC_WRITABLE (FPEXC_EN | 1u << 29)

enum vfp_system_register { REG_FPSID = 0, REG_FPSCR = 1, REG_MVFR1 = 6, REG_MVFR0 = 7, REG_FPEXC = 8 };

/* --- lanes --- */

void lift_get_lane(struct lift *l, ir_ref dst, unsigned d, unsigned size, unsigned index, bool is_signed)
{
	unsigned byte = index << size;

	lift_ldcpu(l, dst, lift_vfp_word(2 * d + byte / 4));
	if (size < 2)
		lift_field(l, is_signed ? IR_SBFX : IR_UBFX, dst, dst, IR_NONE, 8 * (byte & 3), 8u << size);
}

void lift_set_lane(struct lift *l, ir_ref value, unsigned d, unsigned size, unsigned index)
{
	unsigned byte = index << size;
	size_t word = lift_vfp_word(2 * d + byte / 4);
	ir_ref merged;

	if (size >= 2) {
		lift_stcpu(l, operand_ref(value), word);
		return;
	}
	merged = ir_tmp(l->block);
	lift_ldcpu(l, merged, word);
	lift_field(l, IR_BFI, merged, merged, value, 8 * (byte & 3), 8u << size);
	lift_stcpu(l, operand_ref(merged), word);
}

/* --- system registers --- */

/* FPSCR needs only what lift_block() has checked; the others a privileged mode, whatever FPEXC.EN (B1.11.2). */
static bool system_allowed(struct lift *l, const struct insn *insn)
{
	if (insn->imm == REG_FPSCR)
		return true;
	return lift_privileged(l);
}

static void lift_vmrs(struct lift *l, const struct insn *insn)
{
	const struct cpu_model *model = l->cpu->model;
	ir_ref flags;

	if (!system_allowed(l, insn) || (insn->rt == 15 && insn->imm != REG_FPSCR)) {
		lift_undefined(l);
		return;
	}
	switch (insn->imm) {
	case REG_FPSID:
		lift_mov(l, insn->rt, operand_imm(model->fpsid));
		break;
	case REG_MVFR0:
		lift_mov(l, insn->rt, operand_imm(model->mvfr[0]));
		break;
	case REG_MVFR1:
		lift_mov(l, insn->rt, operand_imm(model->mvfr[1]));
		break;
	case REG_FPEXC:
		lift_ldcpu(l, insn->rt, offsetof(struct cpu, fpexc));
		break;
	case REG_FPSCR:
		if (insn->rt != 15) {
			lift_ldcpu(l, insn->rt, offsetof(struct cpu, fpscr));
			break;
		}
		flags = ir_tmp(l->block);
		lift_ldcpu(l, flags, offsetof(struct cpu, fpscr));
		lift_emit(l, IR_SETNZCV, IR_NONE, operand_ref(flags), NO_OPERAND, IR_NZCV, 0);
		break;
	default:
		lift_undefined(l);
	}
}

/* The block goes on when the new FPSCR leaves KEY_FPMODE as it is: programs clear exceptions far more often than they change modes. */
static void write_fpscr(struct lift *l, unsigned rt)
{
	ir_ref value = lift_tmp(l, IR_AND, operand_ref((ir_ref)rt), operand_imm(FPSCR_WRITABLE));
	ir_ref modes = lift_tmp(l, IR_AND, operand_ref(value), operand_imm(FPSCR_LEN | FPSCR_STRIDE | FPSCR_RMODE | FPSCR_FZ | FPSCR_DN));
	uint16_t same = ir_label(l->block);

	lift_stcpu(l, operand_ref(value), offsetof(struct cpu, fpscr));
	lift_branch_if(l, l->key & KEY_FPMODE ? IR_BRNZ : IR_BRZ, modes, same);
	lift_exit_next(l);
	lift_label(l, same);
}

/* FPEXC, and what comes of it in cpu->fp_access. */
static void write_fpexc(struct lift *l, unsigned rt)
{
	ir_ref value = lift_tmp(l, IR_AND, operand_ref((ir_ref)rt), operand_imm(FPEXC_WRITABLE));
	ir_ref may = ir_tmp(l->block), on = ir_tmp(l->block), enabled;

	static_assert(FPEXC_EN == 1u << 30, "copied to all bits below");
	lift_stcpu(l, operand_ref(value), offsetof(struct cpu, fpexc));
	lift_ldcpu(l, may, offsetof(struct cpu, fp_access));
	may = lift_tmp(l, IR_AND, operand_ref(may), operand_imm(FP_MAY_USER | FP_MAY_PRIV));
	lift_field(l, IR_SBFX, on, value, IR_NONE, 30, 1);
	enabled = lift_tmp(l, IR_LSR, operand_ref(may), operand_imm(FP_MAY_SHIFT));
	enabled = lift_tmp(l, IR_AND, operand_ref(enabled), operand_ref(on));
	enabled = lift_tmp(l, IR_OR, operand_ref(enabled), operand_ref(may));
	lift_stcpu(l, operand_ref(enabled), offsetof(struct cpu, fp_access));
	l->fp_checked = l->fp_checked_skip = false;
}

static void lift_vmsr(struct lift *l, const struct insn *insn)
{
	if (!system_allowed(l, insn) || insn->rt == 15) {
		lift_undefined(l);
		return;
	}
	switch (insn->imm) {
	case REG_FPSCR:
		write_fpscr(l, insn->rt);
		return;
	case REG_FPEXC:
		write_fpexc(l, insn->rt);
		return;
	case REG_FPSID:
	case REG_MVFR0:
	case REG_MVFR1:
		return; /* read only: ignored */
	default:
		lift_undefined(l);
	}
}

/* --- moves --- */

/* Two words from word @n of the file on. */
static void lift_vmov_pair(struct lift *l, const struct insn *insn, unsigned n, bool to_core)
{
	if (insn->rt == 15 || insn->rt2 == 15 || (to_core && insn->rt == insn->rt2)) {
		lift_undefined(l);
		return;
	}
	if (to_core) {
		lift_ldcpu(l, insn->rt, lift_vfp_word(n));
		lift_ldcpu(l, insn->rt2, lift_vfp_word(n + 1));
	} else {
		lift_stcpu(l, operand_ref(insn->rt), lift_vfp_word(n));
		lift_stcpu(l, operand_ref(insn->rt2), lift_vfp_word(n + 1));
	}
}

static void lift_vdup_core(struct lift *l, const struct insn *insn)
{
	unsigned d = insn->vd & 31;

	lift_stcpu(l, operand_ref(insn->rt), lift_vfp_word(2 * d));
	lift_simd(l, (enum simd_op)(SIMD_VDUP_I8 + MIN(insn->vsize, 2)), SIMD_DESC(d, 0, d) | (insn->vregs == 2 ? SIMD_Q : 0));
}

static bool lift_moves(struct lift *l, const struct insn *insn)
{
	switch (insn->op) {
	case INSN_VMOV_S_R:
		lift_stcpu(l, operand_ref(insn->rt), lift_vfp_word(insn->vn));
		return true;
	case INSN_VMOV_R_S:
		lift_ldcpu(l, insn->rt, lift_vfp_word(insn->vn));
		return true;
	case INSN_VMOV_LANE_R:
		lift_set_lane(l, insn->rt, insn->vd, insn->vsize, insn->vindex);
		return true;
	case INSN_VMOV_R_LANE:
		lift_get_lane(l, insn->rt, insn->vn, insn->vsize, insn->vindex, !insn->vunsigned);
		return true;
	case INSN_VDUP_R:
		lift_vdup_core(l, insn);
		return true;
	default:
		return false;
	}
}

bool lift_fp(struct lift *l, const struct insn *insn)
{
	switch (insn->op) {
	case INSN_VMRS:
		lift_vmrs(l, insn);
		return true;
	case INSN_VMSR:
		lift_vmsr(l, insn);
		return true;
	case INSN_VMOV_2S_2R:
		lift_vmov_pair(l, insn, insn->vm, false);
		return true;
	case INSN_VMOV_2R_2S:
		lift_vmov_pair(l, insn, insn->vm, true);
		return true;
	case INSN_VMOV_D_2R:
		lift_vmov_pair(l, insn, 2u * insn->vm, false);
		return true;
	case INSN_VMOV_2R_D:
		lift_vmov_pair(l, insn, 2u * insn->vm, true);
		return true;
	case INSN_VMOV_S_R:
	case INSN_VMOV_R_S:
	case INSN_VMOV_LANE_R:
	case INSN_VMOV_R_LANE:
	case INSN_VDUP_R:
		/* r15 is UNPREDICTABLE */
		if (insn->rt == 15)
			return false;
		return lift_moves(l, insn);
	default:
		return lift_fp_memory(l, insn) || lift_fp_data(l, insn);
	}
}
