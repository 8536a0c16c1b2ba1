/*
 * test_fields.c - what struct insn holds for chosen instructions: what a disassembly does not show (carries, writeback, flags, status)
 * and the classic traps of the encodings. Expected values are worked out from ARM DDI 0406C.d.
 */
#include "base/base.h"
#include "translator/decode/insn.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/base/check_run.h"

struct writer {
	char text[512];
	size_t len;
};

static void put(struct writer *w, const char *name, uint64_t value)
{
	if (value == 0 || w->len + 64 > sizeof w->text)
		return;
	w->len += (size_t)sprintf(w->text + w->len, " %s=%" PRIx64, name, value);
}

/* The fields that are not 0, in hexadecimal; conditions other than AL. */
static const char *dump(const struct insn *i, struct writer *w)
{
	static const char *const status[] = {"", " UNDEFINED", " UNPREDICTABLE"};

	w->len = (size_t)sprintf(w->text, "%s%s", insn_op_name(i->op), status[i->status]);
	if (i->cond != INSN_COND_AL)
		w->len += (size_t)sprintf(w->text + w->len, " cond=%x", i->cond);
	put(w, "rd", i->rd);
	put(w, "rn", i->rn);
	put(w, "rm", i->rm);
	put(w, "rs", i->rs);
	put(w, "rt", i->rt);
	put(w, "rt2", i->rt2);
	put(w, "operand", i->operand);
	put(w, "shift", i->shift);
	put(w, "shift_n", i->shift_n);
	put(w, "carry", i->carry);
	put(w, "s", i->setflags);
	put(w, "unless_it", i->set_unless_it);
	put(w, "index", i->index);
	put(w, "add", i->add);
	put(w, "wback", i->wback);
	put(w, "user", i->exclusive_user);
	put(w, "imm", i->imm);
	put(w, "imm2", i->imm2);
	put(w, "list", i->reglist);
	put(w, "vd", i->vd);
	put(w, "vn", i->vn);
	put(w, "vm", i->vm);
	put(w, "vsize", i->vsize);
	put(w, "vregs", i->vregs);
	put(w, "vindex", i->vindex);
	put(w, "valign", i->valign);
	put(w, "vstep", i->vstep);
	put(w, "u", i->vunsigned);
	put(w, "float", i->vfloat);
	put(w, "vimm", i->vimm);
	put(w, "cp", i->coproc);
	put(w, "opc1", i->opc1);
	put(w, "opc2", i->opc2);
	put(w, "crn", i->crn);
	put(w, "crm", i->crm);
	return w->text;
}

struct expected {
	enum insn_set set;
	uint32_t bits;
	const char *fields;
};

static void check_all(const struct expected *table, size_t count)
{
	for (size_t n = 0; n < count; n++) {
		struct writer writer;
		struct insn insn;

		decode(table[n].set, table[n].bits, &insn);
		ck_assert_msg(!strcmp(dump(&insn, &writer), table[n].fields), "%08x:\n  is     %s\n  should %s", table[n].bits, writer.text,
		              table[n].fields);
	}
}

#define A SET_A32
#define T SET_T32

START_TEST(data_processing)
{
	static const struct expected table[] = {
		/* carry out of ARMExpandImm_C: none without rotation, else bit 31 */
		{A, 0xe21100ff, "and rn=1 operand=1 s=1 imm=ff"},
		{A, 0xe2110102, "and rn=1 operand=1 carry=2 s=1 imm=80000000"},
		{A, 0xe2110f01, "and rn=1 operand=1 carry=1 s=1 imm=4"},
		{A, 0x03a0100a, "mov cond=0 rd=1 operand=1 imm=a"},
		/* DecodeImmShift: LSR and ASR by 0 are by 32, ROR by 0 is RRX */
		{A, 0xe0801002, "add rd=1 rm=2 operand=2"},
		{A, 0xe0801022, "add rd=1 rm=2 operand=2 shift=1 shift_n=20"},
		{A, 0xe0801042, "add rd=1 rm=2 operand=2 shift=2 shift_n=20"},
		{A, 0xe0801062, "add rd=1 rm=2 operand=2 shift=4 shift_n=1"},
		{A, 0xe08010e2, "add rd=1 rm=2 operand=2 shift=3 shift_n=1"},
		{A, 0xe0801312, "add rd=1 rm=2 rs=3 operand=3"},
		{A, 0xe080131f, "add UNPREDICTABLE rd=1 rm=f rs=3 operand=3"},
		{A, 0xe1500001, "cmp rm=1 operand=2 s=1"},
		{A, 0xe1501001, "cmp UNPREDICTABLE rm=1 operand=2 s=1"},
		{A, 0xe1b0f00e, "mov rd=f rm=e operand=2 s=1"}, /* MOVS PC, LR: lift returns from the exception */
		{A, 0xe28f1004, "adr rd=1 rn=f operand=1 add=1 imm=4"},
		{A, 0xe24f1004, "adr rd=1 rn=f operand=1 imm=4"},
		{A, 0xe29f1004, "add rd=1 rn=f operand=1 s=1 imm=4"},
		{A, 0xe3012345, "mov rd=2 operand=1 imm=1345"},
		{A, 0xe34f2fff, "movt rd=2 operand=1 imm=ffff"},
		/* T16 sets flags outside IT blocks only; comparisons always */
		{T, 0x18880000, "add rn=1 rm=2 operand=2 s=1 unless_it=1"},
		{T, 0x30ff0000, "add operand=1 s=1 unless_it=1 imm=ff"},
		{T, 0x31ff0000, "add rd=1 rn=1 operand=1 s=1 unless_it=1 imm=ff"},
		{T, 0x08110000, "mov rd=1 rm=2 operand=2 shift=1 shift_n=20 s=1 unless_it=1"},
		{T, 0x40d10000, "mov rd=1 rm=1 rs=2 operand=3 shift=1 s=1 unless_it=1"},
		{T, 0x41d10000, "mov rd=1 rm=1 rs=2 operand=3 shift=3 s=1 unless_it=1"},
		{T, 0x43510000, "mul rd=1 rn=2 rm=1 s=1 unless_it=1"},
		{T, 0x42510000, "rsb rd=1 rn=2 operand=1 s=1 unless_it=1"},
		{T, 0x28010000, "cmp operand=1 s=1 imm=1"},
		{T, 0x44870000, "add rd=f rn=f operand=2"},
		{T, 0x45880000, "cmp rn=8 rm=1 operand=2 s=1"},
		{T, 0xa1010000, "adr rd=1 rn=f operand=1 add=1 imm=4"},
		{T, 0xb0ff0000, "sub rd=d rn=d operand=1 imm=1fc"},
		/* ThumbExpandImm_C */
		{T, 0xf01100ff, "and rn=1 operand=1 s=1 imm=ff"},
		{T, 0xf01110ab, "and rn=1 operand=1 s=1 imm=ab00ab"},
		{T, 0xf01120ab, "and rn=1 operand=1 s=1 imm=ab00ab00"},
		{T, 0xf01130ab, "and rn=1 operand=1 s=1 imm=abababab"},
		{T, 0xf0111000, "and UNPREDICTABLE rn=1 operand=1 s=1"},
		{T, 0xf0114000, "and rn=1 operand=1 carry=2 s=1 imm=80000000"},
		{T, 0xf4117080, "and rn=1 operand=1 carry=1 s=1 imm=100"},
		{T, 0xf1bd0f00, "cmp rn=d operand=1 s=1"},
		{T, 0xf1bf0f00, "cmp UNPREDICTABLE rn=f operand=1 s=1"},
		{T, 0xf10d0d08, "add rd=d rn=d operand=1 imm=8"},
		{T, 0xf1010d08, "add UNPREDICTABLE rd=d rn=1 operand=1 imm=8"},
		{T, 0xf2412134, "mov rd=1 operand=1 imm=1234"},
		{T, 0xf6c872ff, "movt rd=2 operand=1 imm=8fff"},
		{T, 0xea4f0061, "mov rm=1 operand=2 shift=2 shift_n=1"},
		{T, 0xea4f0031, "mov rm=1 operand=2 shift=4 shift_n=1"},
		{T, 0xea4f0d01, "mov rd=d rm=1 operand=2"},
		{T, 0xea5f0d01, "mov UNPREDICTABLE rd=d rm=1 operand=2 s=1"},
		{T, 0xf3de8f04, "subs imm=4"},
	};
	check_all(table, ARRAY_SIZE(table));
}
END_TEST

START_TEST(multiplies_and_media)
{
	static const struct expected table[] = {
		{A, 0xe0230291, "mla rd=3 rn=1 rm=2"},
		{A, 0xe0834291, "umull rn=1 rm=2 rt=4 rt2=3"},
		{A, 0xe0844291, "umull UNPREDICTABLE rn=1 rm=2 rt=4 rt2=4"},
		{A, 0xe10342a1, "smla rd=3 rn=1 rm=2 rs=4 imm=1"}, /* top of rn, bottom of rm */
		{A, 0xe10342c1, "smla rd=3 rn=1 rm=2 rs=4 imm=2"},
		{A, 0xe12342c1, "smlaw rd=3 rn=1 rm=2 rs=4 imm=2"},
		{T, 0xfb114322, "smla rd=3 rn=1 rm=2 rs=4 imm=1"},
		{T, 0xfb114312, "smla rd=3 rn=1 rm=2 rs=4 imm=2"},
		{A, 0xe7034211, "smlad rd=3 rn=1 rm=2 rs=4"},
		{A, 0xe703f231, "smuad rd=3 rn=1 rm=2 imm=1"},
		{A, 0xe1021053, "qadd rd=1 rn=2 rm=3"},
		{A, 0xe6a11012, "ssat rd=1 rn=2 operand=2 imm=2"},
		{A, 0xe6e11052, "usat rd=1 rn=2 operand=2 shift=2 shift_n=20 imm=1"},
		{T, 0xf32200c1, "ssat rn=2 operand=2 shift=2 shift_n=3 imm=2"},
		{T, 0xf3220001, "ssat16 rn=2 imm=2"}, /* the space of ASR #0 */
		{A, 0xe7c72111, "bfi rd=2 rn=1 imm=2 imm2=6"},
		{A, 0xe7c7211f, "bfc rd=2 imm=2 imm2=6"},
		{A, 0xe7c12211, "bfi UNPREDICTABLE rd=2 rn=1 imm=4"},
		{A, 0xe7a72151, "sbfx rd=2 rn=1 imm=2 imm2=8"},
		{A, 0xe6bf1872, "sxth rd=1 rm=2 operand=2 shift=3 shift_n=10"},
		{A, 0xe6811052, "pkhtb rd=1 rn=1 rm=2 operand=2 shift=2 shift_n=20"},
		{A, 0xe711f312, "sdiv rd=1 rn=2 rm=3"},
	};
	check_all(table, ARRAY_SIZE(table));
}
END_TEST

START_TEST(loads_and_stores)
{
	static const struct expected table[] = {
		{A, 0xe5910004, "ldr rn=1 operand=1 index=1 add=1 imm=4"},
		{A, 0xe5110004, "ldr rn=1 operand=1 index=1 imm=4"},
		{A, 0xe5b10004, "ldr rn=1 operand=1 index=1 add=1 wback=1 imm=4"},
		{A, 0xe4910004, "ldr rn=1 operand=1 add=1 wback=1 imm=4"},
		{A, 0xe4b10004, "ldr rn=1 operand=1 add=1 wback=1 user=1 imm=4"},
		{A, 0xe5b11004, "ldr UNPREDICTABLE rn=1 rt=1 operand=1 index=1 add=1 wback=1 imm=4"},
		{A, 0xe59ff004, "ldr rn=f rt=f operand=1 index=1 add=1 imm=4"},
		{A, 0xe5d1f004, "ldrb UNPREDICTABLE rn=1 rt=f operand=1 index=1 add=1 imm=4"},
		{A, 0xe581f004, "str rn=1 rt=f operand=1 index=1 add=1 imm=4"},
		{A, 0xe7110062, "ldr rn=1 rm=2 operand=2 shift=4 shift_n=1 index=1"},
		{A, 0xe1c120d8, "ldrd rn=1 rt=2 rt2=3 operand=1 index=1 add=1 imm=8"},
		{A, 0xe1c130d8, "ldrd UNPREDICTABLE rn=1 rt=3 rt2=4 operand=1 index=1 add=1 imm=8"},
		{A, 0xe1c1e0d8, "ldrd UNPREDICTABLE rn=1 rt=e rt2=f operand=1 index=1 add=1 imm=8"},
		{A, 0xe0e120d8, "ldrd UNPREDICTABLE rn=1 rt=2 rt2=3 operand=1 add=1 wback=1 imm=8"},
		{A, 0xe0f120b8, "ldrh rn=1 rt=2 operand=1 add=1 wback=1 user=1 imm=8"},
		{A, 0xe1812f93, "strex rd=2 rn=1 rt=3 operand=1 index=1 add=1"},
		{A, 0xe1a12f94, "strexd rd=2 rn=1 rt=4 rt2=5 operand=1 index=1 add=1"},
		{A, 0xe1b12f9f, "ldrexd rn=1 rt=2 rt2=3 operand=1 index=1 add=1"},
		{A, 0xe1012093, "swp rn=1 rm=3 rt=2"},
		{A, 0xe92d4010, "stm rn=d index=1 wback=1 list=4010"},
		{A, 0xe8bd8010, "ldm rn=d add=1 wback=1 list=8010"},
		{A, 0xe8b10002, "ldm UNPREDICTABLE rn=1 add=1 wback=1 list=2"},
		{A, 0xe8910002, "ldm rn=1 add=1 list=2"},
		{A, 0xe8910000, "ldm UNPREDICTABLE rn=1 add=1"},
		{A, 0xe8dd7fff, "ldm rn=d add=1 user=1 list=7fff"},
		{A, 0xe8fd8001, "ldm rn=d add=1 wback=1 user=1 list=8001"},
		{A, 0xe8fd0001, "ldm UNPREDICTABLE rn=d add=1 user=1 list=1"}, /* W should be 0 */
		{T, 0xb5100000, "stm rn=d index=1 wback=1 list=4010"},
		{T, 0xbd100000, "ldm rn=d add=1 wback=1 list=8010"},
		{T, 0xc9030000, "ldm rn=1 add=1 list=3"},
		{T, 0xc9050000, "ldm rn=1 add=1 wback=1 list=5"},
		{T, 0xe8bd8010, "ldm rn=d add=1 wback=1 list=8010"},
		{T, 0xe8bdc010, "ldm UNPREDICTABLE rn=d add=1 wback=1 list=c010"},
		{T, 0xe92d0010, "stm UNPREDICTABLE rn=d index=1 wback=1 list=10"}, /* one register only */
		{T, 0x4a010000, "ldr rn=f rt=2 operand=1 index=1 add=1 imm=4"},
		{T, 0x9a010000, "ldr rn=d rt=2 operand=1 index=1 add=1 imm=4"},
		{T, 0xf8512b04, "ldr rn=1 rt=2 operand=1 add=1 wback=1 imm=4"},
		{T, 0xf8512d04, "ldr rn=1 rt=2 operand=1 index=1 wback=1 imm=4"},
		{T, 0xf8512e04, "ldr rn=1 rt=2 operand=1 index=1 add=1 user=1 imm=4"},
		{T, 0xf8512804, "ldr UNDEFINED rn=1 rt=2 operand=1 imm=4"},
		{T, 0xf85f2004, "ldr rn=f rt=2 operand=1 index=1 imm=4"},
		{T, 0xf8cf2004, "str UNDEFINED rn=f rt=2 operand=1 index=1 add=1 imm=4"},
		{T, 0xf891f004, "pld rn=1 operand=1 index=1 add=1 imm=4"},
		{T, 0xf8b1f004, "pldw rn=1 operand=1 index=1 add=1 imm=4"},
		{T, 0xf991f004, "pli rn=1 operand=1 index=1 add=1 imm=4"},
		{T, 0xf9b1f004, "nop rn=1"},
		{T, 0xf811fc04, "pld rn=1 operand=1 index=1 imm=4"},
		{T, 0xf811f904, "ldrb UNPREDICTABLE rn=1 rt=f operand=1 wback=1 imm=4"},
		{T, 0xf8d1f004, "ldr rn=1 rt=f operand=1 index=1 add=1 imm=4"},
		{T, 0xe9d12302, "ldrd rn=1 rt=2 rt2=3 operand=1 index=1 add=1 imm=8"},
		{T, 0xe9d12202, "ldrd UNPREDICTABLE rn=1 rt=2 rt2=2 operand=1 index=1 add=1 imm=8"},
		{T, 0xe8f12302, "ldrd rn=1 rt=2 rt2=3 operand=1 add=1 wback=1 imm=8"},
		{T, 0xe8412302, "strex rd=3 rn=1 rt=2 operand=1 index=1 add=1 imm=8"},
		{T, 0xe8d1f012, "tbh rn=1 rm=2"},
	};
	check_all(table, ARRAY_SIZE(table));
}
END_TEST

START_TEST(branches_and_system)
{
	static const struct expected table[] = {
		{A, 0xeafffffe, "b imm=fffffff8"},
		{A, 0x0b000001, "bl cond=0 imm=4"},
		{A, 0xfbfffffe, "blx imm=fffffffa"}, /* H is bit 1 */
		{T, 0xd0fe0000, "b cond=0 imm=fffffffc"},
		{T, 0xe7fe0000, "b imm=fffffffc"},
		{T, 0xf43faffe, "b cond=0 imm=fffffffc"},
		{T, 0xf0008000, "b cond=0"},
		{T, 0xf3bf8f5b, "dmb imm=b"},
		{T, 0xf3bfaf5b, "dmb UNPREDICTABLE imm=b"}, /* bit 13 should be 0 */
		{T, 0xf7fffffe, "bl imm=fffffffc"},
		{T, 0xf000b800, "b"},
		{T, 0xf400d000, "bl imm=ff000000"}, /* S = 1, J1 = J2 = 0: I1 = I2 = 0, the farthest back */
		{T, 0xf3ffd7ff, "bl imm=fffffe"},
		{T, 0xf000e800, "blx"},
		{T, 0xf000e801, "blx UNDEFINED"},
		{T, 0xb9080000, "cbnz imm=2"},
		{T, 0xbf180000, "it imm=18"},
		{T, 0xbfe80000, "it imm=e8"},
		{T, 0xbfe40000, "it imm=e4"},
		{T, 0xbfec0000, "it UNPREDICTABLE imm=ec"},
		{T, 0xbff80000, "it UNPREDICTABLE imm=f8"},
		{T, 0xde000000, "udf UNDEFINED"},
		{A, 0xe1200070, "bkpt"},
		{A, 0x01200070, "bkpt UNPREDICTABLE cond=0"},
		{A, 0xe10f1000, "mrs rd=1"},
		{A, 0xe14f1000, "mrs rd=1 imm=1"},
		{A, 0xe129f001, "msr rn=1 operand=2 imm2=9"},
		{A, 0xe169f001, "msr rn=1 operand=2 imm2=19"},
		{A, 0xe328f2f0, "msr operand=1 carry=1 imm=f imm2=8"},
		{A, 0xe320f0ff, "dbg imm=f"},
		{A, 0xe320f003, "wfi"},
		{A, 0xe320f005, "nop"},
		{A, 0xe360f000, "msr UNPREDICTABLE operand=1 imm2=10"},
		{T, 0xf3818900, "msr rn=1 operand=2 imm2=9"},
		{T, 0xf3ff8100, "mrs rd=1 imm=1"},
		{A, 0xf10c0080, "cps imm=80 vindex=3"},
		{A, 0xf10801d3, "cps UNPREDICTABLE imm=1c0 imm2=13 vindex=2"}, /* a mode without M */
		{A, 0xf10a01d3, "cps imm=1c0 imm2=33 vindex=2"},
		{A, 0xf1020013, "cps imm2=33"},
		{T, 0xb6720000, "cps imm=80 vindex=3"},
		{T, 0xb6660000, "cps imm=180 vindex=2"},
		{T, 0xf3af8753, "cps imm=80 imm2=33 vindex=3"},
		{T, 0xf3af8653, "cps UNPREDICTABLE imm=80 imm2=13 vindex=3"},
		{A, 0xf1010200, "setend imm=1"},
		{A, 0xf96d0513, "srs index=1 wback=1 imm=13"},
		{A, 0xf8bd0a00, "rfe rn=d add=1 wback=1"},
		{T, 0xe82dc013, "srs index=1 wback=1 imm=13"},
		{T, 0xe9bdc000, "rfe rn=d add=1 wback=1"},
		{A, 0xee010f10, "mcr cp=f crn=1"},
		{A, 0xee11ff10, "mrc rt=f cp=f crn=1"},
		{A, 0xfe010f10, "mcr imm2=1 cp=f crn=1"},
		{T, 0xee01df10, "mcr UNPREDICTABLE rt=d cp=f crn=1"},
		{A, 0xec510f02, "mrrc rt2=1 cp=f crm=2"},
		{A, 0xec500f02, "mrrc UNPREDICTABLE cp=f crm=2"},
		{A, 0xed915e01, "ldc rn=1 operand=1 index=1 add=1 imm=4 vd=5 cp=e"},
		{A, 0xecd15e01, "ldc rn=1 operand=1 add=1 imm=1 vd=5 cp=e opc1=1"}, /* unindexed: imm is the option */
		{A, 0xec015e01, "stc UNDEFINED rn=1 operand=1 imm=1 vd=5 cp=e"},
		{A, 0xf57ff05b, "dmb imm=b"},
		{A, 0xf5d1f004, "pld rn=1 operand=1 index=1 add=1 imm=4"},
		{A, 0xf4d1f004, "pli rn=1 operand=1 index=1 add=1 imm=4"},
		{A, 0xf450f000, "pli operand=1 index=1"},
		{A, 0xf5000000, "udf UNDEFINED"},
		{A, 0xe7f000f0, "udf UNDEFINED"},
	};
	check_all(table, ARRAY_SIZE(table));
}
END_TEST

START_TEST(vfp)
{
	static const struct expected table[] = {
		{A, 0xee700a81, "vadd vd=1 vn=1 vm=2 vsize=2"},
		{A, 0xee711ba2, "vadd vd=11 vn=11 vm=12 vsize=3"},
		{A, 0xeeb70a00, "vmov vsize=2 vimm=3f800000"},
		{A, 0xeefd0b00, "vmov vd=10 vsize=3 vimm=bfd0000000000000"},
		{A, 0xeeb50ac0, "vcmp imm=1 vsize=2"},
		{A, 0xeebc1bc2, "vcvt imm=1 vd=2 vm=2 vsize=3 u=1"},
		{A, 0xeebd1b42, "vcvt vd=2 vm=2 vsize=3"},
		{A, 0xeeb81b42, "vcvt vd=1 vm=4 vsize=3 u=1"},
		{A, 0xeeba0a48, "vcvt imm2=10 vsize=2"},
		{A, 0xeebf0bc8, "vcvt imm=10 imm2=20 vsize=3 u=1"},
		{A, 0xec910b05, "vldm rn=1 add=1 imm=14 imm2=1 vsize=3 vregs=2"},
		{A, 0xed2d0b04, "vstm rn=d index=1 wback=1 imm=10 vsize=3 vregs=2"},
		{A, 0xecbd0a02, "vldm rn=d add=1 wback=1 imm=8 vsize=2 vregs=2"},
		{A, 0xecfd0a20, "vldm UNDEFINED rn=d add=1 wback=1 imm=80 vd=1 vsize=2 vregs=1f"},
		{A, 0xed5f1b02, "vldr rn=f operand=1 index=1 imm=8 vd=11 vsize=3"},
		{A, 0xee001a90, "vmov rt=1 vn=1 vsize=2"},
		{A, 0xec421a31, "vmov rt=1 rt2=2 vm=3 vsize=2"},
		{A, 0xec421b31, "vmov rt=1 rt2=2 vm=11 vsize=3"},
		{A, 0xee601bb0, "vmov rt=1 vd=10 vindex=5"},
		{A, 0xee901bb0, "vmov rt=1 vn=10 vsize=1 u=1"},
		{A, 0xeeb01bf0, "vmov rt=1 vn=10 vsize=1 vindex=3 u=1"},
		{A, 0xeee20b10, "vdup vd=2 vregs=2"},
		{A, 0xeee10b10, "vdup UNDEFINED vd=1 vregs=2"},
		{A, 0xeef1fa10, "vmrs rt=f imm=1"},
		{A, 0xeef81a10, "vmrs rt=1 imm=8"},
		{A, 0xeef0fa10, "vmrs UNPREDICTABLE rt=f"},
		{A, 0xfe000a00, "udf UNDEFINED"},
	};
	check_all(table, ARRAY_SIZE(table));
}
END_TEST

START_TEST(simd)
{
	static const struct expected table[] = {
		{A, 0xf2022844, "vadd vd=2 vn=2 vm=4 vregs=2"},
		{A, 0xf2021844, "vadd UNDEFINED vd=1 vn=2 vm=4 vregs=2"},
		{A, 0xf2020d44, "vadd vn=2 vm=4 vsize=2 vregs=2 float=1"},
		{T, 0xff120344, "vcgt vn=2 vm=4 vsize=1 vregs=2 u=1"},
		{A, 0xf2220112, "vmov vn=2 vm=2 vsize=3 vregs=1"},
		{A, 0xf2220113, "vorr vn=2 vm=3 vsize=3 vregs=1"},
		{A, 0xf29100e3, "vmla vn=11 vm=3 vsize=1 vregs=1 vindex=2"},
		{A, 0xf2a100e3, "vmla vn=11 vm=3 vsize=2 vregs=1 vindex=1"},
		{A, 0xf2880011, "vshr imm=8 vm=1 vregs=1"},
		{A, 0xf2a00011, "vshr imm=20 vm=1 vsize=2 vregs=1"},
		{A, 0xf2800091, "vshr imm=40 vm=1 vsize=3 vregs=1"},
		{A, 0xf2bf0591, "vshl imm=3f vm=1 vsize=3 vregs=1"},
		{A, 0xf3880a11, "vmovl vm=1 vregs=1 u=1"},
		{A, 0xf3890a11, "vshll imm=1 vm=1 vregs=1 u=1"},
		{A, 0xf3b20301, "vshll imm=8 vm=1 vregs=1"},
		{A, 0xf2880812, "vshrn imm=8 vm=2 vregs=1"},
		{A, 0xf2880813, "vshrn UNDEFINED imm=8 vm=3 vregs=1"},
		{A, 0xf2800611, "vmov vsize=2 vregs=1 vimm=100000001000000"},
		{A, 0xf2800610, "vmov UNPREDICTABLE vsize=2 vregs=1"},
		{A, 0xf3870e3f, "vmov vsize=3 vregs=1 vimm=ffffffffffffffff"},
		{A, 0xf2870f10, "vmov vsize=2 vregs=1 float=1 vimm=3f8000003f800000"},
		{A, 0xf2800d31, "vmvn vsize=2 vregs=1 vimm=1ffff0001ffff"},
		{A, 0xf3b30c02, "vdup vm=2 vregs=1 vindex=1"},
		{A, 0xf2b20844, "vext imm=8 vn=2 vm=4 vregs=2"},
		{A, 0xf2b20804, "vext UNDEFINED imm=8 vn=2 vm=4 vregs=1"},
		{A, 0xf3b00900, "vtbl vregs=2"},
		{A, 0xf4210a0d, "vld1 rn=1 rm=d operand=1 add=1 wback=1 imm=10 vregs=2 vstep=1"},
		{A, 0xf42102b3, "vld1 rn=1 rm=3 operand=2 add=1 wback=1 imm=20 vsize=2 vregs=4 valign=20 vstep=1"},
		{A, 0xf421038f, "vld2 rn=1 rm=f add=1 imm=20 vsize=2 vregs=2 vstep=2"},
		{A, 0xf401010f, "vst4 rn=1 rm=f add=1 imm=20 vregs=1 vstep=2"},
		{A, 0xf4a1086f, "vld1 UNDEFINED rn=1 rm=f add=1 imm=4 vsize=2 vregs=1 valign=4 vstep=2"},
		{A, 0xf4a10b5f, "vld4 rn=1 rm=f add=1 imm=10 vsize=2 vregs=1 valign=8 vstep=2"},
		{A, 0xf4a10fff, "vld4 rn=1 rm=f add=1 imm=10 vsize=2 vregs=1 valign=10 vstep=2"},
		{A, 0xf4a10c2f, "vld1 rn=1 rm=f add=1 imm=1 vregs=2 vstep=1"},
		{T, 0xf9e10c1f, "vld1 UNDEFINED rn=1 rm=f add=1 imm=1 vd=10 vregs=1 valign=1 vstep=1"},
		{A, 0xf461f20f, "vld1 UNDEFINED rn=1 rm=f add=1 imm=20 vd=1f vregs=4 vstep=1"},
	};
	check_all(table, ARRAY_SIZE(table));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {data_processing, multiplies_and_media, loads_and_stores, branches_and_system, vfp, simd};

	return check_run("decode fields", tests, ARRAY_SIZE(tests));
}
