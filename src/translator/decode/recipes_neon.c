/* recipes_neon.c - recipes of the Advanced SIMD data-processing rows (ARM DDI 0406C.d A7.4). */
#include "base/base.h"
#include "translator/decode/decode_internal.h"

/* Registers, size, Q and U; N comes as Vn:N. The letter u is rt2 of other instructions, so that goes. */
static void registers(struct insn *insn, const struct fields *f)
{
	unsigned n = F('N');

	insn->rt2 = 0;
	insn->vd = F('D');
	insn->vn = n >> 1 | (n & 1) << 4;
	insn->vm = F('M');
	insn->vsize = F('z');
	insn->vregs = F('Q') ? 2 : 1;
	insn->vunsigned = F('u');
}

/* All operands have vregs registers; a Q register has an even number. */
static void same_length(struct insn *insn, const struct fields *f)
{
	registers(insn, f);
	undefined_if(insn, F('Q') && ((insn->vd | insn->vn | insn->vm) & 1));
}

static void make_float(struct insn *insn)
{
	insn->vfloat = true;
	insn->vsize = 2;
}

/* --- three registers of the same length --------------------------------------------------------------------------- */

void recipe_neon_3any(struct insn *insn, const struct fields *f)
{
	same_length(insn, f);
}

void recipe_neon_3int(struct insn *insn, const struct fields *f)
{
	same_length(insn, f);
	undefined_if(insn, insn->vsize == 3);
}

void recipe_neon_3pair(struct insn *insn, const struct fields *f)
{
	recipe_neon_3int(insn, f);
	undefined_if(insn, F('Q'));
}

void recipe_neon_3qd(struct insn *insn, const struct fields *f)
{
	recipe_neon_3int(insn, f);
	undefined_if(insn, insn->vsize == 0);
}

void recipe_neon_3poly(struct insn *insn, const struct fields *f)
{
	same_length(insn, f);
	insn->vpoly = true;
	undefined_if(insn, insn->vsize != 0);
}

void recipe_neon_3logic(struct insn *insn, const struct fields *f)
{
	same_length(insn, f);
	insn->vsize = 3;
	if (insn->op == INSN_VORR && insn->vn == insn->vm)
		insn->op = INSN_VMOV;
}

/* z is one bit here: 1 is not allocated */
void recipe_neon_3float(struct insn *insn, const struct fields *f)
{
	same_length(insn, f);
	make_float(insn);
	undefined_if(insn, F('z'));
}

void recipe_neon_3pair_float(struct insn *insn, const struct fields *f)
{
	recipe_neon_3float(insn, f);
	undefined_if(insn, F('Q'));
}

/* --- different lengths ------------------------------------------------------------------------------------------ */

void recipe_neon_long(struct insn *insn, const struct fields *f)
{
	registers(insn, f);
	undefined_if(insn, insn->vsize == 3 || (insn->vd & 1));
}

void recipe_neon_wide(struct insn *insn, const struct fields *f)
{
	recipe_neon_long(insn, f);
	undefined_if(insn, insn->vn & 1);
}

void recipe_neon_narrow(struct insn *insn, const struct fields *f)
{
	registers(insn, f);
	undefined_if(insn, insn->vsize == 3 || ((insn->vn | insn->vm) & 1));
}

void recipe_neon_long_qd(struct insn *insn, const struct fields *f)
{
	recipe_neon_long(insn, f);
	undefined_if(insn, insn->vsize == 0);
}

void recipe_neon_long_poly(struct insn *insn, const struct fields *f)
{
	recipe_neon_long(insn, f);
	insn->vpoly = true;
	undefined_if(insn, insn->vsize != 0);
}

/* --- by scalar -------------------------------------------------------------------------------------------------- */

/* M:Vm is D3..D0 and two bits of index for halfwords, D15..D0 and one for words (A7.4.3). */
static void scalar(struct insn *insn, const struct fields *f)
{
	unsigned m = F('M');

	registers(insn, f);
	if (insn->vsize == 1) {
		insn->vm = m & 7;
		insn->vindex = m >> 3;
	} else {
		insn->vm = m & 15;
		insn->vindex = m >> 4;
	}
	undefined_if(insn, insn->vsize == 0 || insn->vsize == 3);
}

void recipe_neon_scalar(struct insn *insn, const struct fields *f)
{
	scalar(insn, f);
	undefined_if(insn, F('Q') && ((insn->vd | insn->vn) & 1));
}

void recipe_neon_scalar_float(struct insn *insn, const struct fields *f)
{
	recipe_neon_scalar(insn, f);
	undefined_if(insn, insn->vsize != 2);
	make_float(insn);
}

void recipe_neon_scalar_long(struct insn *insn, const struct fields *f)
{
	scalar(insn, f);
	undefined_if(insn, insn->vd & 1);
}

/* --- shifts by immediate ---------------------------------------------------------------------------------------- */

/* L:imm6: the element's size is its top set bit, the rest counts up (left) or down (right). Returns the size in bits. */
static unsigned shift_size(struct insn *insn, const struct fields *f)
{
	unsigned imm6 = F('i');

	insn->vsize = F('l') ? 3 : imm6 >= 32 ? 2 : imm6 >= 16 ? 1 : 0;
	return 8u << insn->vsize;
}

static void shift_right(struct insn *insn, const struct fields *f)
{
	unsigned bits = shift_size(insn, f);

	insn->imm = F('l') ? 64 - F('i') : 2 * bits - F('i');
}

static void shift_left(struct insn *insn, const struct fields *f)
{
	unsigned bits = shift_size(insn, f);

	insn->imm = F('l') ? F('i') : F('i') - bits;
}

void recipe_neon_shift_right(struct insn *insn, const struct fields *f)
{
	same_length(insn, f);
	shift_right(insn, f);
}

void recipe_neon_shift_left(struct insn *insn, const struct fields *f)
{
	same_length(insn, f);
	shift_left(insn, f);
}

void recipe_neon_shift_narrow(struct insn *insn, const struct fields *f)
{
	registers(insn, f);
	insn->vregs = 1;
	shift_right(insn, f);
	undefined_if(insn, insn->vm & 1);
}

void recipe_neon_shift_long(struct insn *insn, const struct fields *f)
{
	registers(insn, f);
	shift_left(insn, f);
	undefined_if(insn, insn->vd & 1);
	if (insn->imm == 0)
		insn->op = INSN_VMOVL;
}

void recipe_neon_fixed(struct insn *insn, const struct fields *f)
{
	same_length(insn, f);
	insn->vsize = 2;
	undefined_if(insn, F('i') < 32);
	insn->imm = 64 - F('i');
	if (insn->status == INSN_UNDEFINED)
		insn->imm = 0;
}

/* --- modified immediates ---------------------------------------------------------------------------------------- */

/* Of the data type of AdvSIMDExpandImm(). */
static unsigned modified_size(unsigned cmode, unsigned op)
{
	if (cmode < 8 || cmode == 12 || cmode == 13)
		return 2;
	if (cmode < 12)
		return 1;
	if (cmode == 14)
		return op ? 3 : 0;
	return 2;
}

/* AdvSIMDExpandImm (A7.4.6), without the inversion of VMVN. */
static uint64_t modified_imm(unsigned cmode, unsigned op, uint64_t imm8)
{
	uint64_t imm = 0;

	if (cmode < 8)
		return (imm8 << 8 * (cmode >> 1)) * 0x0000000100000001ull;
	if (cmode < 12)
		return (imm8 << 8 * (cmode >> 1 & 1)) * 0x0001000100010001ull;
	if (cmode == 12)
		return (imm8 << 8 | 0xff) * 0x0000000100000001ull;
	if (cmode == 13)
		return (imm8 << 16 | 0xffff) * 0x0000000100000001ull;
	if (cmode == 14 && !op)
		return imm8 * 0x0101010101010101ull;
	if (cmode == 14) {
		for (unsigned i = 0; i < 8; i++)
			if (imm8 >> i & 1)
				imm |= 0xffull << 8 * i;
		return imm;
	}
	imm = (imm8 >> 7) << 31 | (imm8 & 0x40 ? 0x1full << 25 : 1ull << 30) | (imm8 & 0x3f) << 19;
	return imm * 0x0000000100000001ull;
}

void recipe_neon_modified(struct insn *insn, const struct fields *f)
{
	unsigned cmode = insn->raw >> 8 & 15, op = insn->raw >> 5 & 1, imm8 = F('i');
	bool zero_ok = cmode < 2 || cmode == 8 || cmode == 9 || cmode >= 14;

	registers(insn, f);
	undefined_if(insn, F('Q') && (insn->vd & 1));
	unpredictable_if(insn, imm8 == 0 && !zero_ok);
	insn->vsize = modified_size(cmode, op);
	insn->vfloat = cmode == 15;
	insn->vimm = modified_imm(cmode, op, imm8);
	insn->imm = 0;
}

/* --- extract, table, duplicate ---------------------------------------------------------------------------------- */

void recipe_neon_ext(struct insn *insn, const struct fields *f)
{
	same_length(insn, f);
	insn->vsize = 0;
	undefined_if(insn, !F('Q') && F('i') > 7);
}

void recipe_neon_tbl(struct insn *insn, const struct fields *f)
{
	registers(insn, f);
	insn->vregs = F('l') + 1;
	beyond_registers_if(insn, insn->vn + insn->vregs > 32);
}

void recipe_neon_dup(struct insn *insn, const struct fields *f)
{
	unsigned imm4 = F('k');
	unsigned size = imm4 & 1 ? 0 : imm4 & 2 ? 1 : 2;

	registers(insn, f);
	insn->vsize = size;
	insn->vindex = imm4 >> (size + 1);
	undefined_if(insn, (imm4 & 7) == 0 || (F('Q') && (insn->vd & 1)));
}

/* --- two registers, miscellaneous ------------------------------------------------------------------------------- */

void recipe_neon_2int(struct insn *insn, const struct fields *f)
{
	recipe_neon_3int(insn, f);
}

void recipe_neon_2byte(struct insn *insn, const struct fields *f)
{
	same_length(insn, f);
	undefined_if(insn, insn->vsize != 0);
}

void recipe_neon_2logic(struct insn *insn, const struct fields *f)
{
	recipe_neon_2byte(insn, f);
	insn->vsize = 3;
}

/* The regions that are reversed are larger than the elements. */
void recipe_neon_rev(struct insn *insn, const struct fields *f)
{
	unsigned region = insn->op == INSN_VREV64 ? 3 : insn->op == INSN_VREV32 ? 2 : 1;

	same_length(insn, f);
	undefined_if(insn, insn->vsize >= region);
}

void recipe_neon_2float_or_int(struct insn *insn, const struct fields *f)
{
	recipe_neon_3int(insn, f);
	insn->vfloat = F('f');
	undefined_if(insn, insn->vfloat && insn->vsize != 2);
}

void recipe_neon_zip(struct insn *insn, const struct fields *f)
{
	recipe_neon_3int(insn, f);
	undefined_if(insn, !F('Q') && insn->vsize == 2);
}

void recipe_neon_movn(struct insn *insn, const struct fields *f)
{
	registers(insn, f);
	undefined_if(insn, insn->vsize == 3 || (insn->vm & 1));
}

void recipe_neon_shll_max(struct insn *insn, const struct fields *f)
{
	registers(insn, f);
	insn->imm = 8u << insn->vsize;
	undefined_if(insn, insn->vsize == 3 || (insn->vd & 1));
}

void recipe_neon_to_half(struct insn *insn, const struct fields *f)
{
	registers(insn, f);
	undefined_if(insn, insn->vsize != 1 || (insn->vm & 1));
}

void recipe_neon_from_half(struct insn *insn, const struct fields *f)
{
	registers(insn, f);
	undefined_if(insn, insn->vsize != 1 || (insn->vd & 1));
}

void recipe_neon_estimate(struct insn *insn, const struct fields *f)
{
	same_length(insn, f);
	insn->vfloat = F('f');
	undefined_if(insn, insn->vsize != 2);
}

void recipe_neon_convert(struct insn *insn, const struct fields *f)
{
	same_length(insn, f);
	undefined_if(insn, insn->vsize != 2);
}
