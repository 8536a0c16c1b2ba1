/* format_fp.c - VFP and Advanced SIMD instructions as text in Capstone's spelling. */
#include "base/base.h"
#include "tests/translator/decode/format.h"

#include <string.h>

static bool is_vfp(const struct insn *insn)
{
	return insn->op >= INSN_VFP_MLA && insn->op <= INSN_VFP_CVT_F_FIXED;
}

static const char *float_type(unsigned vsize)
{
	return vsize == 3 ? "f64" : "f32";
}

static void put_scalar(struct text *t, unsigned vsize, unsigned reg)
{
	text_put(t, "%c%u", vsize == 3 ? 'd' : 's', reg);
}

/* --- VFP -------------------------------------------------------------------------------------------------------- */

static void put_vfp_types(struct text *t, const struct insn *insn, const char *name, const char *to, const char *from, unsigned dsize, unsigned msize)
{
	text_put(t, "%s%s.%s.%s ", name, format_cond(insn->cond), to, from);
	put_scalar(t, dsize, insn->vd);
	text_put(t, ", ");
	put_scalar(t, msize, insn->vm);
}

static bool put_vfp_convert(struct text *t, const struct insn *insn)
{
	const char *integer = insn->vunsigned ? "u32" : "s32", *f = float_type(insn->vsize);
	char fixed[4] = {insn->vunsigned ? 'u' : 's', insn->imm2 == 16 ? '1' : '3', insn->imm2 == 16 ? '6' : '2', 0};

	switch (insn->op) {
	case INSN_VFP_CVT_F64_F32:
		put_vfp_types(t, insn, "vcvt", "f64", "f32", 3, 2);
		return true;
	case INSN_VFP_CVT_F32_F64:
		put_vfp_types(t, insn, "vcvt", "f32", "f64", 2, 3);
		return true;
	case INSN_VFP_CVT_F32_F16:
		put_vfp_types(t, insn, insn->imm ? "vcvtt" : "vcvtb", "f32", "f16", 2, 2);
		return true;
	case INSN_VFP_CVT_F16_F32:
		put_vfp_types(t, insn, insn->imm ? "vcvtt" : "vcvtb", "f16", "f32", 2, 2);
		return true;
	case INSN_VFP_CVT_INT_F:
		put_vfp_types(t, insn, insn->imm ? "vcvt" : "vcvtr", integer, f, 2, insn->vsize);
		return true;
	case INSN_VFP_CVT_F_INT:
		put_vfp_types(t, insn, "vcvt", f, integer, insn->vsize, 2);
		return true;
	case INSN_VFP_CVT_FIXED_F:
		put_vfp_types(t, insn, "vcvt", fixed, f, insn->vsize, insn->vsize);
		text_put(t, ", #%u", insn->imm);
		return true;
	case INSN_VFP_CVT_F_FIXED:
		put_vfp_types(t, insn, "vcvt", f, fixed, insn->vsize, insn->vsize);
		text_put(t, ", #%u", insn->imm);
		return true;
	default:
		return false;
	}
}

static double bits_double(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

static double bits_float(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof value);
	return (double)value;
}

static void put_vfp(struct text *t, const struct insn *insn)
{
	bool compare = insn->op == INSN_VFP_CMP || insn->op == INSN_VFP_CMP_ZERO;
	bool three = insn->op <= INSN_VFP_FNMS;

	if (put_vfp_convert(t, insn))
		return;
	text_put(t, "%s%s%s.%s ", insn_op_name(insn->op), compare && insn->imm ? "e" : "", format_cond(insn->cond), float_type(insn->vsize));
	put_scalar(t, insn->vsize, insn->vd);
	text_put(t, ", ");
	if (insn->op == INSN_VFP_MOV_IMM) {
		text_put(t, "#%e", insn->vsize == 3 ? bits_double(insn->vimm) : bits_float((uint32_t)insn->vimm));
		return;
	}
	if (insn->op == INSN_VFP_CMP_ZERO) {
		text_put(t, "#0");
		return;
	}
	if (three) {
		put_scalar(t, insn->vsize, insn->vn);
		text_put(t, ", ");
	}
	put_scalar(t, insn->vsize, insn->vm);
}

static void put_vfp_list(struct text *t, const struct insn *insn)
{
	text_put(t, "{");
	for (unsigned i = 0; i < insn->vregs; i++) {
		text_put(t, "%s", i ? ", " : "");
		put_scalar(t, insn->vsize, insn->vd + i);
	}
	text_put(t, "}");
}

static void put_special_register(struct text *t, const struct insn *insn)
{
	static const char *const name[16] = {
		"fpsid", "fpscr", NULL, NULL, NULL, "mvfr2", "mvfr1", "mvfr0", "fpexc", "fpinst", "fpinst2",
	};
	const char *reg = name[insn->imm & 15] ? name[insn->imm & 15] : "?";

	if (insn->op == INSN_VMSR)
		text_put(t, "vmsr%s %s, %s", format_cond(insn->cond), reg, format_reg(insn->rt));
	else
		text_put(t, "vmrs%s %s, %s", format_cond(insn->cond), insn->rt == 15 ? "apsr_nzcv" : format_reg(insn->rt), reg);
}

static void put_vector(struct text *t, unsigned regs, unsigned reg)
{
	text_put(t, "%c%u", regs == 2 ? 'q' : 'd', regs == 2 ? reg / 2 : reg);
}

/* Transfers, loads and stores. */
static bool put_vfp_move(struct text *t, const struct insn *insn)
{
	const char *cond = format_cond(insn->cond), *rt = format_reg(insn->rt), *rt2 = format_reg(insn->rt2);
	unsigned bits = 8u << insn->vsize, m = insn->vm;

	switch (insn->op) {
	case INSN_VMRS: case INSN_VMSR:
		put_special_register(t, insn);
		return true;
	case INSN_VMOV_S_R:
		text_put(t, "vmov%s s%u, %s", cond, insn->vn, rt);
		return true;
	case INSN_VMOV_R_S:
		text_put(t, "vmov%s %s, s%u", cond, rt, insn->vn);
		return true;
	case INSN_VMOV_2S_2R:
		text_put(t, "vmov%s s%u, s%u, %s, %s", cond, m, m + 1, rt, rt2);
		return true;
	case INSN_VMOV_2R_2S:
		text_put(t, "vmov%s %s, %s, s%u, s%u", cond, rt, rt2, m, m + 1);
		return true;
	case INSN_VMOV_D_2R:
		text_put(t, "vmov%s d%u, %s, %s", cond, m, rt, rt2);
		return true;
	case INSN_VMOV_2R_D:
		text_put(t, "vmov%s %s, %s, d%u", cond, rt, rt2, m);
		return true;
	case INSN_VMOV_LANE_R:
		text_put(t, "vmov%s.%u d%u[%u], %s", cond, bits, insn->vd, insn->vindex, rt);
		return true;
	case INSN_VMOV_R_LANE:
		text_put(t, "vmov%s.%s%u %s, d%u[%u]", cond, insn->vsize == 2 ? "" : insn->vunsigned ? "u" : "s", bits, rt, insn->vn, insn->vindex);
		return true;
	case INSN_VDUP_R:
		text_put(t, "vdup%s.%u ", cond, bits);
		put_vector(t, insn->vregs, insn->vd);
		text_put(t, ", %s", rt);
		return true;
	case INSN_VLDR: case INSN_VSTR:
		text_put(t, "%s%s ", insn_op_name(insn->op), cond);
		put_scalar(t, insn->vsize, insn->vd);
		if (insn->imm)
			text_put(t, ", [%s, #%u]", format_reg(insn->rn), insn->add ? insn->imm : -insn->imm);
		else
			text_put(t, ", [%s]", format_reg(insn->rn));
		return true;
	case INSN_VLDM: case INSN_VSTM:
		text_put(t, "%s%s%s%s ", insn->imm2 ? insn->op == INSN_VLDM ? "fldm" : "fstm" : insn_op_name(insn->op), insn->add ? "ia" : "db",
		         insn->imm2 ? "x" : "", cond);
		text_put(t, "%s%s, ", format_reg(insn->rn), insn->wback ? "!" : "");
		put_vfp_list(t, insn);
		return true;
	default:
		return false;
	}
}

/* --- Advanced SIMD data processing ------------------------------------------------------------------------------ */

/* How an operation is written: its type letter and the lengths of its operands. */
struct shape {
	char type;             /* 'x': s or u, 's', 'i', 'n' bits only, '-' none, 'f', 'u' */
	const char *operands;  /* d n m of vregs; D N M always Q; 1 2 3 the same always D; l: vm[vindex]; i: #imm; z: #0; v: #vimm */
	bool source_is_wide;   /* the type is that of the wide source */
};

static struct shape shape_of(const struct insn *insn)
{
	switch (insn->op) {
	case INSN_VHADD: case INSN_VRHADD: case INSN_VHSUB: case INSN_VQADD: case INSN_VQSUB: case INSN_VCGT: case INSN_VCGE:
	case INSN_VMAX: case INSN_VMIN: case INSN_VABD: case INSN_VABA: case INSN_VPMAX: case INSN_VPMIN:
		return (struct shape){'x', "dnm", false};
	case INSN_VSHL: case INSN_VQSHL: case INSN_VRSHL: case INSN_VQRSHL:
		return (struct shape){'x', "dmn", false};
	case INSN_VAND: case INSN_VBIC: case INSN_VORR: case INSN_VORN: case INSN_VEOR: case INSN_VBSL: case INSN_VBIT: case INSN_VBIF:
		return (struct shape){'-', "dnm", false};
	case INSN_VMOV: /* Capstone writes VORR */
		return (struct shape){'-', "dnm", false};
	case INSN_VADD: case INSN_VSUB: case INSN_VCEQ: case INSN_VMLA: case INSN_VMLS: case INSN_VMUL: case INSN_VPADD:
		return (struct shape){'i', "dnm", false};
	case INSN_VTST:
		return (struct shape){'n', "dnm", false};
	case INSN_VQDMULH: case INSN_VQRDMULH:
		return (struct shape){'s', "dnm", false};
	case INSN_VFMA: case INSN_VFMS: case INSN_VACGE: case INSN_VACGT: case INSN_VRECPS: case INSN_VRSQRTS:
		return (struct shape){'f', "dnm", false};
	case INSN_VADDL: case INSN_VSUBL: case INSN_VABAL: case INSN_VABDL: case INSN_VMLAL: case INSN_VMLSL: case INSN_VMULL:
		return (struct shape){'x', "D23", false};
	case INSN_VADDW: case INSN_VSUBW:
		return (struct shape){'x', "DN3", false};
	case INSN_VADDHN: case INSN_VRADDHN: case INSN_VSUBHN: case INSN_VRSUBHN:
		return (struct shape){'i', "1NM", true};
	case INSN_VQDMLAL: case INSN_VQDMLSL: case INSN_VQDMULL:
		return (struct shape){'s', "D23", false};
	case INSN_VMLA_LANE: case INSN_VMLS_LANE: case INSN_VMUL_LANE:
		return (struct shape){'i', "dnl", false};
	case INSN_VMLAL_LANE: case INSN_VMLSL_LANE: case INSN_VMULL_LANE:
		return (struct shape){'x', "D2l", false};
	case INSN_VQDMLAL_LANE: case INSN_VQDMLSL_LANE: case INSN_VQDMULL_LANE:
		return (struct shape){'s', "D2l", false};
	case INSN_VQDMULH_LANE: case INSN_VQRDMULH_LANE:
		return (struct shape){'s', "dnl", false};
	case INSN_VSHR: case INSN_VSRA: case INSN_VRSHR: case INSN_VRSRA: case INSN_VQSHL_IMM:
		return (struct shape){'x', "dmi", false};
	case INSN_VSRI: case INSN_VSLI:
		return (struct shape){'n', "dmi", false};
	case INSN_VSHL_IMM:
		return (struct shape){'i', "dmi", false};
	case INSN_VQSHLU_IMM:
		return (struct shape){'s', "dmi", false};
	case INSN_VSHRN: case INSN_VRSHRN:
		return (struct shape){'i', "1Mi", true};
	case INSN_VQSHRN: case INSN_VQRSHRN:
		return (struct shape){'x', "1Mi", true};
	case INSN_VQSHRUN: case INSN_VQRSHRUN:
		return (struct shape){'s', "1Mi", true};
	case INSN_VSHLL:
		return (struct shape){insn->imm == 8u << insn->vsize ? 'i' : 'x', "D3i", false};
	case INSN_VMOVL:
		return (struct shape){'x', "D3", false};
	case INSN_VMOV_IMM: case INSN_VMVN_IMM: case INSN_VORR_IMM: case INSN_VBIC_IMM:
		return (struct shape){'i', "dv", false};
	case INSN_VREV16: case INSN_VREV32: case INSN_VREV64: case INSN_VCNT: case INSN_VTRN: case INSN_VUZP: case INSN_VZIP:
		return (struct shape){'n', "dm", false};
	case INSN_VPADDL: case INSN_VPADAL:
		return (struct shape){'x', "dm", false};
	case INSN_VCLS: case INSN_VQABS: case INSN_VQNEG: case INSN_VABS: case INSN_VNEG:
		return (struct shape){'s', "dm", false};
	case INSN_VCLZ:
		return (struct shape){'i', "dm", false};
	case INSN_VMVN: case INSN_VSWP:
		return (struct shape){'-', "dm", false};
	case INSN_VCGT_ZERO: case INSN_VCGE_ZERO: case INSN_VCLE_ZERO: case INSN_VCLT_ZERO:
		return (struct shape){'s', "dmz", false};
	case INSN_VCEQ_ZERO:
		return (struct shape){'i', "dmz", false};
	case INSN_VMOVN:
		return (struct shape){'i', "1M", true};
	case INSN_VQMOVN:
		return (struct shape){'x', "1M", true};
	case INSN_VQMOVUN:
		return (struct shape){'s', "1M", true};
	case INSN_VRECPE: case INSN_VRSQRTE:
		return (struct shape){'u', "dm", false};
	case INSN_VDUP_LANE:
		return (struct shape){'n', "dl", false};
	default:
		return (struct shape){0, NULL, false};
	}
}

static void put_type(struct text *t, const struct insn *insn, const struct shape *shape)
{
	unsigned bits = 8u << insn->vsize << (shape->source_is_wide ? 1 : 0);

	if (insn->vfloat || shape->type == 'f')
		text_put(t, ".f32");
	else if (insn->vpoly)
		text_put(t, ".p%u", bits);
	else if (shape->type == 'n')
		text_put(t, ".%u", bits);
	else if (shape->type == 'x')
		text_put(t, ".%c%u", insn->vunsigned ? 'u' : 's', bits);
	else if (shape->type != '-')
		text_put(t, ".%c%u", shape->type, bits);
}

static void put_vimm(struct text *t, const struct insn *insn)
{
	if (insn->vfloat)
		text_put(t, "#%e", bits_float((uint32_t)insn->vimm));
	else if (insn->vsize == 3 && (int64_t)insn->vimm < 0 && (int64_t)insn->vimm >= INT32_MIN)
		text_put(t, "#%u", (uint32_t)insn->vimm); /* a small negative number, as format_normalize() has it */
	else
		text_put(t, "#%" PRIu64, insn->vimm & UINT64_MAX >> (64 - (8u << insn->vsize)));
}

static void put_simd_operand(struct text *t, const struct insn *insn, char letter)
{
	switch (letter) {
	case 'd': put_vector(t, insn->vregs, insn->vd); break;
	case 'n': put_vector(t, insn->vregs, insn->vn); break;
	case 'm': put_vector(t, insn->vregs, insn->vm); break;
	case 'D': put_vector(t, 2, insn->vd); break;
	case 'N': put_vector(t, 2, insn->vn); break;
	case 'M': put_vector(t, 2, insn->vm); break;
	case '1': put_vector(t, 1, insn->vd); break;
	case '2': put_vector(t, 1, insn->vn); break;
	case '3': put_vector(t, 1, insn->vm); break;
	case 'l': text_put(t, "d%u[%u]", insn->vm, insn->vindex); break;
	case 'i': text_put(t, "#%u", insn->imm); break;
	case 'z': text_put(t, "#0"); break;
	case 'v': put_vimm(t, insn); break;
	default: BUG("unknown operand letter");
	}
}

static bool put_simd(struct text *t, const struct insn *insn)
{
	struct shape shape = shape_of(insn);

	if (!shape.operands)
		return false;
	text_put(t, "%s", insn->op == INSN_VMOV ? "vorr" : insn_op_name(insn->op));
	put_type(t, insn, &shape);
	for (const char *l = shape.operands; *l; l++) {
		text_put(t, l == shape.operands ? " " : ", ");
		put_simd_operand(t, insn, *l);
	}
	return true;
}

/* What has two types, or operands like no other. */
static bool put_simd_special(struct text *t, const struct insn *insn)
{
	const char *types = NULL;
	unsigned dregs = insn->vregs, mregs = insn->vregs, unit;

	switch (insn->op) {
	case INSN_VCVT_F32_F16:
		types = "f32.f16", dregs = 2;
		break;
	case INSN_VCVT_F16_F32:
		types = "f16.f32", mregs = 2;
		break;
	case INSN_VCVT_F_INT: case INSN_VCVT_F_FIXED:
		types = insn->vunsigned ? "f32.u32" : "f32.s32";
		break;
	case INSN_VCVT_INT_F: case INSN_VCVT_FIXED_F:
		types = insn->vunsigned ? "u32.f32" : "s32.f32";
		break;
	case INSN_VEXT: /* Capstone writes it with the largest element that the position allows */
		unit = insn->imm % 8 == 0 && insn->vregs == 2 ? 8 : insn->imm % 4 == 0 ? 4 : insn->imm % 2 == 0 ? 2 : 1;
		text_put(t, "vext.%u ", unit * 8);
		put_vector(t, dregs, insn->vd);
		text_put(t, ", ");
		put_vector(t, dregs, insn->vn);
		text_put(t, ", ");
		put_vector(t, dregs, insn->vm);
		text_put(t, ", #%u", insn->imm / unit);
		return true;
	case INSN_VTBL: case INSN_VTBX:
		text_put(t, "%s.8 d%u, {", insn_op_name(insn->op), insn->vd);
		for (unsigned i = 0; i < insn->vregs; i++)
			text_put(t, "%sd%u", i ? ", " : "", insn->vn + i);
		text_put(t, "}, d%u", insn->vm);
		return true;
	default:
		return false;
	}
	text_put(t, "vcvt.%s ", types);
	put_vector(t, dregs, insn->vd);
	text_put(t, ", ");
	put_vector(t, mregs, insn->vm);
	if (insn->op == INSN_VCVT_F_FIXED || insn->op == INSN_VCVT_FIXED_F)
		text_put(t, ", #%u", insn->imm);
	return true;
}

/* --- element and structure loads and stores --------------------------------------------------------------------- */

static void put_structure_address(struct text *t, const struct insn *insn)
{
	text_put(t, "}, [%s", format_reg(insn->rn));
	if (insn->valign)
		text_put(t, ":%u", insn->valign * 8);
	text_put(t, "]");
	if (insn->operand == OPERAND_REG)
		text_put(t, ", %s", format_reg(insn->rm));
	else if (insn->wback)
		text_put(t, "!");
}

static bool put_structure(struct text *t, const struct insn *insn)
{
	bool plain = insn->op >= INSN_VLD1 && insn->op <= INSN_VST4;
	bool lane = insn->op >= INSN_VLD1_LANE && insn->op <= INSN_VST4_LANE;
	bool dup = insn->op >= INSN_VLD1_DUP && insn->op <= INSN_VLD4_DUP;
	const char *name = insn_op_name(insn->op);
	unsigned members, printed = 0;

	if (!plain && !lane && !dup)
		return false;
	members = (unsigned)(name[3] - '0');
	text_put(t, "%s.%u {", name, 8u << insn->vsize);
	for (unsigned r = 0; r < insn->vregs; r++) {
		for (unsigned m = 0; m < members; m++) {
			/* In the order of the register numbers: two pairs are listed as four registers. */
			unsigned reg = insn->vregs == 2 && members == 2 ? insn->vd + printed : insn->vd + m * insn->vstep + r;

			text_put(t, "%sd%u", printed++ ? ", " : "", reg);
			if (lane)
				text_put(t, "[%u]", insn->vindex);
			if (dup)
				text_put(t, "[]");
		}
	}
	put_structure_address(t, insn);
	return true;
}

bool format_fp(struct text *t, const struct insn *insn)
{
	if (is_vfp(insn)) {
		put_vfp(t, insn);
		return true;
	}
	return put_vfp_move(t, insn) || put_simd_special(t, insn) || put_structure(t, insn) || put_simd(t, insn);
}
