/* recipes_neon_ls.c - recipes of the Advanced SIMD element and structure loads and stores (ARM DDI 0406C.d A7.7). */
#include "base/base.h"
#include "translator/decode/decode_internal.h"

/* Base, post-index by what was transferred (rm 13) or by a register; rm 15: none. */
static void address(struct insn *insn, const struct fields *f, unsigned bytes)
{
	unsigned m = F('m');

	insn->vd = F('D');
	insn->imm = bytes;
	insn->wback = m != 15;
	insn->add = true;
	insn->operand = m == 15 ? OPERAND_NONE : m == 13 ? OPERAND_IMM : OPERAND_REG;
}

/* The registers are @count structures' members, @step apart, each of @regs registers. */
static void list(struct insn *insn, unsigned members, unsigned step, unsigned regs)
{
	insn->vstep = step;
	insn->vregs = regs;
	beyond_registers_if(insn, insn->vd + (members - 1) * step + regs > 32);
}

/* --- all lanes of one to four registers -------------------------------------------------------------------------- */

static void multiple(struct insn *insn, const struct fields *f, unsigned members, unsigned step, unsigned regs, unsigned max_align)
{
	unsigned align = F('a');

	address(insn, f, members * regs * 8);
	list(insn, members, step, regs);
	insn->vsize = F('z');
	insn->valign = align ? 4u << align : 0;
	undefined_if(insn, align > max_align || (members > 1 && insn->vsize == 3));
}

void recipe_vld1_1(struct insn *insn, const struct fields *f)
{
	multiple(insn, f, 1, 1, 1, 1);
}

void recipe_vld1_2(struct insn *insn, const struct fields *f)
{
	multiple(insn, f, 1, 1, 2, 2);
}

void recipe_vld1_3(struct insn *insn, const struct fields *f)
{
	multiple(insn, f, 1, 1, 3, 1);
}

void recipe_vld1_4(struct insn *insn, const struct fields *f)
{
	multiple(insn, f, 1, 1, 4, 3);
}

void recipe_vld2_1(struct insn *insn, const struct fields *f)
{
	multiple(insn, f, 2, 1, 1, 2);
}

void recipe_vld2_2(struct insn *insn, const struct fields *f)
{
	multiple(insn, f, 2, 2, 1, 2);
}

void recipe_vld2_pairs(struct insn *insn, const struct fields *f)
{
	multiple(insn, f, 2, 2, 2, 3);
}

void recipe_vld3_1(struct insn *insn, const struct fields *f)
{
	multiple(insn, f, 3, 1, 1, 1);
}

void recipe_vld3_2(struct insn *insn, const struct fields *f)
{
	multiple(insn, f, 3, 2, 1, 1);
}

void recipe_vld4_1(struct insn *insn, const struct fields *f)
{
	multiple(insn, f, 4, 1, 1, 3);
}

void recipe_vld4_2(struct insn *insn, const struct fields *f)
{
	multiple(insn, f, 4, 2, 1, 3);
}

/* --- one lane --------------------------------------------------------------------------------------------------- */

static unsigned members_of(const struct insn *insn)
{
	switch (insn->op) {
	case INSN_VLD1_LANE:
	case INSN_VST1_LANE:
	case INSN_VLD1_DUP:
		return 1;
	case INSN_VLD2_LANE:
	case INSN_VST2_LANE:
	case INSN_VLD2_DUP:
		return 2;
	case INSN_VLD3_LANE:
	case INSN_VST3_LANE:
	case INSN_VLD3_DUP:
		return 3;
	default:
		return 4;
	}
}

static void lane(struct insn *insn, const struct fields *f, unsigned size, bool skip, unsigned align)
{
	unsigned members = members_of(insn);

	address(insn, f, members << size);
	list(insn, members, skip ? 2 : 1, 1);
	insn->vsize = size;
	insn->vindex = F('k');
	insn->valign = align;
}

/* a: aligned to the whole structure. Single bytes and structures of three have no alignment. */
void recipe_neon_lane_8(struct insn *insn, const struct fields *f)
{
	unsigned members = members_of(insn);

	lane(insn, f, 0, false, F('a') ? members : 0);
	undefined_if(insn, F('a') && (members == 1 || members == 3));
}

/* j: registers two apart */
void recipe_neon_lane_16(struct insn *insn, const struct fields *f)
{
	unsigned members = members_of(insn);

	lane(insn, f, 1, F('j'), F('a') ? members * 2 : 0);
	undefined_if(insn, (members == 1 && F('j')) || (members == 3 && F('a')));
}

void recipe_neon_lane_32(struct insn *insn, const struct fields *f)
{
	unsigned members = members_of(insn), a = F('a'), align = 0;

	switch (members) {
	case 1:
		align = a ? 4 : 0;
		undefined_if(insn, F('j') || a == 1 || a == 2);
		break;
	case 2:
		align = a & 1 ? 8 : 0;
		undefined_if(insn, a & 2);
		break;
	case 3:
		undefined_if(insn, a != 0);
		break;
	default:
		align = a ? 4u << a : 0;
		undefined_if(insn, a == 3);
		break;
	}
	lane(insn, f, 2, F('j'), align);
}

/* To all lanes: j: two registers (VLD1) or registers two apart; size 11 is VLD4's 32 bits with an alignment of 16 bytes. */
void recipe_neon_all_lanes(struct insn *insn, const struct fields *f)
{
	unsigned members = members_of(insn), size = F('z'), a = F('a');
	unsigned align = a ? members << size : 0;

	if (members == 4 && size == 3) {
		undefined_if(insn, !a);
		align = 16;
		size = 2;
	} else if (members == 4 && size == 2) {
		align = a ? 8 : 0;
	}
	undefined_if(insn, size == 3);
	undefined_if(insn, (members == 1 && size == 0 && a) || (members == 3 && a));
	address(insn, f, members << size);
	insn->vsize = size;
	insn->valign = align;
	if (members == 1)
		list(insn, 1, 1, F('j') ? 2 : 1);
	else
		list(insn, members, F('j') ? 2 : 1, 1);
}
