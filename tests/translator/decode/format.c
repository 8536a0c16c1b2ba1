/* format.c - integer and system instructions as text in Capstone's spelling. */
#include "base/base.h"
#include "tests/translator/decode/format.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

void text_put(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->buf + t->len, t->size - t->len, format, args);
	va_end(args);
	if (n > 0)
		t->len = MIN(t->len + (size_t)n, t->size - 1);
}

const char *format_reg(unsigned reg)
{
	static const char *const name[16] = {
		"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "sb", "sl", "fp", "ip", "sp", "lr", "pc",
	};
	return name[reg & 15];
}

const char *format_cond(unsigned cond)
{
	static const char *const name[16] = {
		"eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "", "nv",
	};
	return name[cond & 15];
}

/* How the operands of an op are written; see put_operands(). */
static const char *operands_of(const struct insn *insn)
{
	if (insn->op >= INSN_SADD16 && insn->op <= INSN_UHSUB8)
		return "dnm";
	switch (insn->op) {
	case INSN_AND: case INSN_EOR: case INSN_SUB: case INSN_RSB: case INSN_ADD: case INSN_ADC: case INSN_SBC: case INSN_RSC:
	case INSN_ORR: case INSN_BIC: case INSN_ORN:
		return "dno";
	case INSN_TST: case INSN_TEQ: case INSN_CMP: case INSN_CMN:
		return "no";
	case INSN_MOV: case INSN_MVN:
		return "do";
	case INSN_MOVT:
		return "di";
	case INSN_MUL: case INSN_SMULW_Y: case INSN_SMUL_XY: case INSN_SMUAD: case INSN_SMUSD: case INSN_SMMUL: case INSN_SDIV: case INSN_UDIV:
	case INSN_USAD8: case INSN_SEL:
		return "dnm";
	case INSN_MLA: case INSN_MLS: case INSN_SMLA_XY: case INSN_SMLAW_Y: case INSN_SMLAD: case INSN_SMLSD: case INSN_SMMLA: case INSN_SMMLS:
	case INSN_USADA8:
		return "dnms";
	case INSN_UMAAL: case INSN_UMULL: case INSN_UMLAL: case INSN_SMULL: case INSN_SMLAL: case INSN_SMLAL_XY: case INSN_SMLALD: case INSN_SMLSLD:
		return "tunm";
	case INSN_QADD: case INSN_QSUB: case INSN_QDADD: case INSN_QDSUB:
		return "dmn";
	case INSN_SSAT: case INSN_USAT:
		return "diN";
	case INSN_SSAT16: case INSN_USAT16:
		return "din";
	case INSN_PKHBT: case INSN_PKHTB: case INSN_SXTAB: case INSN_SXTAH: case INSN_SXTAB16: case INSN_UXTAB: case INSN_UXTAH: case INSN_UXTAB16:
		return "dno";
	case INSN_SXTB: case INSN_SXTH: case INSN_SXTB16: case INSN_UXTB: case INSN_UXTH: case INSN_UXTB16:
		return "do";
	case INSN_BFC:
		return "diw";
	case INSN_BFI: case INSN_SBFX: case INSN_UBFX:
		return "dniw";
	case INSN_CLZ: case INSN_RBIT: case INSN_REV: case INSN_REV16: case INSN_REVSH:
		return "dm";
	case INSN_LDR: case INSN_STR: case INSN_LDRB: case INSN_STRB: case INSN_LDRH: case INSN_STRH: case INSN_LDRSB: case INSN_LDRSH:
		return "tA";
	case INSN_LDRD: case INSN_STRD:
		return "tuA";
	case INSN_LDREX: case INSN_LDREXB: case INSN_LDREXH:
		return "tA";
	case INSN_LDREXD:
		return "tuA";
	case INSN_STREX: case INSN_STREXB: case INSN_STREXH:
		return "dtA";
	case INSN_STREXD:
		return "dtuA";
	case INSN_SWP: case INSN_SWPB:
		return "tmB";
	case INSN_PLD: case INSN_PLDW: case INSN_PLI:
		return "A";
	case INSN_LDM: case INSN_STM:
		return "RL";
	case INSN_B: case INSN_BL: case INSN_BLX_IMM:
		return "b";
	case INSN_BX: case INSN_BLX_REG: case INSN_BXJ:
		return "m";
	case INSN_CBZ: case INSN_CBNZ:
		return "nb";
	case INSN_SVC: case INSN_BKPT: case INSN_SMC: case INSN_HVC: case INSN_UDF: case INSN_DBG:
		return "i";
	case INSN_RFE:
		return "R";
	default:
		return "";
	}
}

static void put_shift(struct text *t, const struct insn *insn)
{
	static const char *const name[] = {"lsl", "lsr", "asr", "ror", "rrx"};

	if (insn->operand == OPERAND_REG_SHIFT)
		text_put(t, ", %s %s", name[insn->shift], format_reg(insn->rs));
	else if (insn->shift == SHIFT_RRX)
		text_put(t, ", rrx");
	else if (insn->shift_n)
		text_put(t, ", %s #%u", name[insn->shift], insn->shift_n);
}

static void put_operand2(struct text *t, const struct insn *insn)
{
	if (insn->operand == OPERAND_IMM) {
		text_put(t, "#%u", insn->imm);
		return;
	}
	text_put(t, "%s", format_reg(insn->rm));
	put_shift(t, insn);
}

static void put_offset(struct text *t, const struct insn *insn)
{
	if (insn->operand == OPERAND_IMM) {
		text_put(t, "#%u", insn->add ? insn->imm : -insn->imm);
		return;
	}
	text_put(t, "%s%s", insn->add ? "" : "-", format_reg(insn->rm));
	put_shift(t, insn);
}

static void put_address(struct text *t, const struct insn *insn)
{
	bool none = insn->operand == OPERAND_IMM && insn->imm == 0;

	text_put(t, "[%s", format_reg(insn->rn));
	if (!insn->index) {
		text_put(t, "]");
		if (!insn->wback)
			return;
		text_put(t, ", ");
		put_offset(t, insn);
		return;
	}
	if (!none) {
		text_put(t, ", ");
		put_offset(t, insn);
	}
	text_put(t, insn->wback ? "]!" : "]");
}

static void put_list(struct text *t, const struct insn *insn)
{
	const char *comma = "";

	text_put(t, "{");
	for (unsigned r = 0; r < 16; r++) {
		if (!(insn->reglist >> r & 1))
			continue;
		text_put(t, "%s%s", comma, format_reg(r));
		comma = ", ";
	}
	text_put(t, "}%s", insn->exclusive_user ? " ^" : "");
}

static uint32_t branch_target(const struct insn *insn, uint32_t addr)
{
	uint32_t pc = addr + (insn->set == SET_A32 ? 8 : 4);

	if (insn->op == INSN_BLX_IMM)
		pc &= ~3u;
	return pc + insn->imm;
}

/* Letters: registers; i w: imm, imm2; o: operand 2; N: rn with the shift; A: address; B: [rn]; R: rn and !; L: list; b: branch target. */
static void put_operand(struct text *t, const struct insn *insn, char letter, uint32_t addr)
{
	switch (letter) {
	case 'd': text_put(t, "%s", format_reg(insn->rd)); break;
	case 'n': text_put(t, "%s", format_reg(insn->rn)); break;
	case 'm': text_put(t, "%s", format_reg(insn->rm)); break;
	case 's': text_put(t, "%s", format_reg(insn->rs)); break;
	case 't': text_put(t, "%s", format_reg(insn->rt)); break;
	case 'u': text_put(t, "%s", format_reg(insn->rt2)); break;
	case 'i': text_put(t, "#%u", insn->imm); break;
	case 'w': text_put(t, "#%u", insn->imm2); break;
	case 'o': put_operand2(t, insn); break;
	case 'A': put_address(t, insn); break;
	case 'B': text_put(t, "[%s]", format_reg(insn->rn)); break;
	case 'R': text_put(t, "%s%s", format_reg(insn->rn), insn->wback ? "!" : ""); break;
	case 'L': put_list(t, insn); break;
	case 'b': text_put(t, "#%u", branch_target(insn, addr)); break;
	case 'N':
		text_put(t, "%s", format_reg(insn->rn));
		put_shift(t, insn);
		break;
	default: BUG("unknown operand letter");
	}
}

static void put_operands(struct text *t, const struct insn *insn, const char *letters, uint32_t addr)
{
	for (const char *l = letters; *l; l++) {
		text_put(t, l == letters ? " " : ", ");
		put_operand(t, insn, *l, addr);
	}
}

static bool row_has(const struct insn *insn, char letter)
{
	return insn->row != DECODE_NO_ROW && strchr(decode_row(insn->row)->bits, letter);
}

/* T16 forms that name a register once are written so. */
static const char *two_operands(const struct insn *insn, const char *letters)
{
	if (insn->size == 2 && !strcmp(letters, "dno") && !row_has(insn, 'n') && insn->rd == insn->rn)
		return "do";
	return letters;
}

static void put_mode_suffix(struct text *t, const struct insn *insn)
{
	text_put(t, "%s%s", insn->add ? "i" : "d", insn->index ? "b" : "a");
}

/* MOV with a shift is that shift. */
static bool put_shift_insn(struct text *t, const struct insn *insn)
{
	static const char *const name[] = {"lsl", "lsr", "asr", "ror", "rrx"};
	const char *s = insn->setflags ? "s" : "";

	if (insn->op != INSN_MOV || insn->operand == OPERAND_IMM || (insn->operand == OPERAND_REG && insn->shift != SHIFT_RRX && insn->shift_n == 0))
		return false;
	text_put(t, "%s%s%s %s", name[insn->shift], s, format_cond(insn->cond), format_reg(insn->rd));
	if (!(insn->size == 2 && insn->operand == OPERAND_REG_SHIFT))
		text_put(t, ", %s", format_reg(insn->rm));
	if (insn->operand == OPERAND_REG_SHIFT)
		text_put(t, ", %s", format_reg(insn->rs));
	else if (insn->shift != SHIFT_RRX)
		text_put(t, ", #%u", insn->shift_n);
	return true;
}

/* Loads and stores of one register at sp that are printed as push and pop. */
static bool put_push_pop(struct text *t, const struct insn *insn)
{
	bool a32 = insn->set == SET_A32 && insn->operand == OPERAND_IMM && insn->imm == 4 && insn->rn == 13 && insn->wback && !insn->exclusive_user;

	if (insn->op == INSN_LDR && a32 && !insn->index && insn->add) {
		text_put(t, "ldm%s sp!, {%s}", format_cond(insn->cond), format_reg(insn->rt));
		return true;
	}
	if (insn->op == INSN_STR && a32 && insn->index && !insn->add) {
		text_put(t, "stmdb%s sp!, {%s}", format_cond(insn->cond), format_reg(insn->rt));
		return true;
	}
	return false;
}

static void put_msr(struct text *t, const struct insn *insn)
{
	unsigned mask = insn->imm2 & 15;

	text_put(t, "msr%s ", format_cond(insn->cond));
	if (!(insn->imm2 & 16) && (mask == 8 || mask == 4 || mask == 12)) {
		text_put(t, "apsr_%s", mask == 8 ? "nzcvq" : mask == 4 ? "g" : "nzcvqg");
	} else {
		text_put(t, "%s", insn->imm2 & 16 ? "spsr_" : "cpsr_");
		for (unsigned i = 4; i-- > 0;)
			if (mask >> i & 1)
				text_put(t, "%c", "cxsf"[i]);
	}
	text_put(t, ", ");
	if (insn->operand == OPERAND_IMM)
		text_put(t, "#%u", insn->imm);
	else
		text_put(t, "%s", format_reg(insn->rn));
}

static void put_cps(struct text *t, const struct insn *insn)
{
	bool mode = insn->imm2 & 32;

	text_put(t, "cps%s ", insn->vindex == 2 ? "ie" : insn->vindex == 3 ? "id" : "");
	if (insn->vindex & 2) {
		text_put(t, "%s%s%s", insn->imm & 0x100 ? "a" : "", insn->imm & 0x80 ? "i" : "", insn->imm & 0x40 ? "f" : "");
		if (mode)
			text_put(t, ", ");
	}
	if (mode)
		text_put(t, "#%u", insn->imm2 & 31);
}

static void put_it(struct text *t, const struct insn *insn)
{
	unsigned cond = insn->imm >> 4, mask = insn->imm & 15;

	text_put(t, "it");
	for (unsigned i = 3; i > 0 && (mask & ((1u << i) - 1)); i--)
		text_put(t, "%c", (mask >> i & 1) == (cond & 1) ? 't' : 'e');
	text_put(t, " %s", cond == 14 ? "al" : format_cond(cond));
}

static void put_barrier(struct text *t, const struct insn *insn)
{
	static const char *const name[16] = {
		NULL, NULL, "oshst", "osh", NULL, NULL, "nshst", "nsh", NULL, NULL, "ishst", "ish", NULL, NULL, "st", "sy",
	};
	const char *option = name[insn->imm & 15];

	if (insn->op == INSN_ISB && insn->imm != 15)
		option = NULL;
	if (option)
		text_put(t, "%s %s", insn_op_name(insn->op), option);
	else
		text_put(t, "%s #%u", insn_op_name(insn->op), insn->imm);
}

static void put_coprocessor(struct text *t, const struct insn *insn)
{
	const char *two = insn->imm2 == 1 ? "2" : "", *cond = format_cond(insn->cond), *name = insn_op_name(insn->op);
	const char *rt = insn->op == INSN_MRC && insn->rt == 15 ? "apsr_nzcv" : format_reg(insn->rt);

	switch (insn->op) {
	case INSN_CDP:
		text_put(t, "%s%s%s p%u, #%u, c%u, c%u, c%u, #%u", name, two, cond, insn->coproc, insn->opc1, insn->vd, insn->crn, insn->crm, insn->opc2);
		break;
	case INSN_MCR:
	case INSN_MRC:
		text_put(t, "%s%s%s p%u, #%u, %s, c%u, c%u, #%u", name, two, cond, insn->coproc, insn->opc1, rt, insn->crn, insn->crm, insn->opc2);
		break;
	case INSN_MCRR:
	case INSN_MRRC:
		text_put(t, "%s%s%s p%u, #%u, %s, %s, c%u", name, two, cond, insn->coproc, insn->opc1, rt, format_reg(insn->rt2), insn->crm);
		break;
	default:
		text_put(t, "%s%s%s%s p%u, c%u, ", name, two, insn->opc1 ? "l" : "", cond, insn->coproc, insn->vd);
		if (!insn->index && !insn->wback)
			text_put(t, "[%s], {%u}", format_reg(insn->rn), insn->imm);
		else
			put_address(t, insn);
	}
}

/* The suffixes that say which halves are multiplied. */
static void put_multiply_suffix(struct text *t, const struct insn *insn)
{
	char n = insn->imm & 1 ? 't' : 'b', m = insn->imm & 2 ? 't' : 'b';

	switch (insn->op) {
	case INSN_SMLA_XY: case INSN_SMUL_XY: case INSN_SMLAL_XY:
		text_put(t, "%c%c", n, m);
		break;
	case INSN_SMLAW_Y: case INSN_SMULW_Y:
		text_put(t, "%c", m);
		break;
	case INSN_SMLAD: case INSN_SMUAD: case INSN_SMLSD: case INSN_SMUSD: case INSN_SMLALD: case INSN_SMLSLD:
		text_put(t, "%s", insn->imm & 1 ? "x" : "");
		break;
	case INSN_SMMLA: case INSN_SMMUL: case INSN_SMMLS:
		text_put(t, "%s", insn->imm & 1 ? "r" : "");
		break;
	default:
		break;
	}
}

/* ADD (SP plus register) T1 */
static bool put_add_sp(struct text *t, const struct insn *insn)
{
	if (insn->op != INSN_ADD || insn->size != 2 || insn->operand != OPERAND_REG || insn->rm != 13 || insn->setflags)
		return false;
	text_put(t, "add %s, sp, %s", format_reg(insn->rd), format_reg(insn->rd));
	return true;
}

/* Instructions with a spelling of their own. */
static bool put_special(struct text *t, const struct insn *insn)
{
	const char *cond = format_cond(insn->cond);

	switch (insn->op) {
	case INSN_ADR:
		if (insn->size == 2)
			text_put(t, "adr %s, #%u", format_reg(insn->rd), insn->imm);
		else /* Capstone writes A32's and T32's as what they are encoded as */
			text_put(t, "%s%s %s, pc, #%u", insn->add ? "add" : "sub", cond, format_reg(insn->rd), insn->imm);
		return true;
	case INSN_MSR:
		put_msr(t, insn);
		return true;
	case INSN_MRS:
		text_put(t, "mrs%s %s, %s", cond, format_reg(insn->rd), insn->imm ? "spsr" : "apsr");
		return true;
	case INSN_CPS:
		put_cps(t, insn);
		return true;
	case INSN_SETEND:
		text_put(t, "setend %s", insn->imm ? "be" : "le");
		return true;
	case INSN_IT:
		put_it(t, insn);
		return true;
	case INSN_DMB:
	case INSN_DSB:
	case INSN_ISB:
		put_barrier(t, insn);
		return true;
	case INSN_SRS:
		text_put(t, "srs");
		put_mode_suffix(t, insn);
		text_put(t, " sp%s, #%u", insn->wback ? "!" : "", insn->imm);
		return true;
	case INSN_TBB:
	case INSN_TBH:
		text_put(t, "%s [%s, %s%s]", insn_op_name(insn->op), format_reg(insn->rn), format_reg(insn->rm), insn->op == INSN_TBH ? ", lsl #1" : "");
		return true;
	case INSN_SUBS_PC_LR:
		if (insn->imm == 0) /* B9.3.19 gives the form without an offset two names */
			text_put(t, "eret");
		else
			text_put(t, "subs pc, lr, #%u", insn->imm);
		return true;
	case INSN_CDP: case INSN_MCR: case INSN_MRC: case INSN_MCRR: case INSN_MRRC: case INSN_LDC: case INSN_STC:
		put_coprocessor(t, insn);
		return true;
	default:
		return put_shift_insn(t, insn) || put_push_pop(t, insn) || put_add_sp(t, insn) || format_fp(t, insn);
	}
}

static bool has_s(const struct insn *insn)
{
	return insn->setflags && insn->op != INSN_TST && insn->op != INSN_TEQ && insn->op != INSN_CMP && insn->op != INSN_CMN;
}

void format_insn(const struct insn *insn, uint32_t addr, char *buf, size_t size)
{
	struct text text = {buf, size, 0}, *t = &text;
	bool block = insn->op == INSN_LDM || insn->op == INSN_STM || insn->op == INSN_RFE;

	if (put_special(t, insn))
		return;
	text_put(t, "%s", insn_op_name(insn->op));
	put_multiply_suffix(t, insn);
	if (block && (insn->op == INSN_RFE || !insn->add || insn->index))
		put_mode_suffix(t, insn);
	if (insn->exclusive_user && !block)
		text_put(t, "t");
	text_put(t, "%s%s", has_s(insn) ? "s" : "", format_cond(insn->cond));
	put_operands(t, insn, two_operands(insn, operands_of(insn)), addr);
}

void format_fold_rotation(char *text)
{
	char *rotation = strrchr(text, '#'), *value, *end;
	uint32_t imm;

	if (!rotation || rotation == text)
		return;
	for (value = rotation - 1; value > text && *value != '#'; value--)
		;
	if (*value != '#')
		return;
	imm = (uint32_t)strtoul(value + 1, &end, 10);
	if (strncmp(end, ", #", 3) || end + 2 != rotation)
		return;
	sprintf(value, "#%u", ror32(imm, (unsigned)strtoul(rotation + 1, NULL, 10)));
}

/* --- Capstone's side ---------------------------------------------------------------------------------------------- */

static bool starts(const char **at, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*at, word, len))
		return false;
	*at += len;
	return true;
}

static void put_mnemonic(struct text *t, const char *mnemonic)
{
	size_t len = strlen(mnemonic);
	const char *at = mnemonic;

	if (len > 2 && !strcmp(mnemonic + len - 2, ".w"))
		len -= 2;
	if (starts(&at, "hint")) { /* those without a name are NOPs */
		text_put(t, "nop%.*s", (int)(len - 4), at);
		return;
	}
	if (starts(&at, "push"))
		text_put(t, "stmdb%.*s sp!,", (int)(len - 4), at);
	else if (starts(&at, "pop"))
		text_put(t, "ldm%.*s sp!,", (int)(len - 3), at);
	else if (starts(&at, "vpush"))
		text_put(t, "vstmdb%.*s sp!,", (int)(len - 5), at);
	else if (starts(&at, "vpop"))
		text_put(t, "vldmia%.*s sp!,", (int)(len - 4), at);
	else if (starts(&at, "movw") || starts(&at, "addw") || starts(&at, "subw"))
		text_put(t, "%.3s%.*s", mnemonic, (int)(len - 4), at);
	else
		text_put(t, "%.*s", (int)len, mnemonic);
}

/* "[r0, #0]" is "[r0]". */
static void drop_zero_offset(char *text)
{
	char *zero = strstr(text, ", #0]");

	if (zero)
		memmove(zero, zero + 4, strlen(zero + 4) + 1);
}

void format_normalize(const char *mnemonic, const char *operands, char *buf, size_t size)
{
	struct text text = {buf, size, 0}, *t = &text;
	const char *p = operands;

	put_mnemonic(t, mnemonic);
	if (!strncmp(mnemonic, "hint", 4))
		return;
	if (*p)
		text_put(t, " ");
	while (*p) {
		bool before = p == operands || !(isalnum((unsigned char)p[-1]) || p[-1] == '_');
		bool number = before && (isdigit((unsigned char)*p) || (*p == '-' && isdigit((unsigned char)p[1])));
		char *end;
		int64_t value;

		if (!number) {
			text_put(t, "%c", *p++);
			continue;
		}
		value = *p == '-' ? (int64_t)-strtoull(p + 1, &end, 0) : (int64_t)strtoull(p, &end, 0);
		if (*end == '.') {
			(void)strtod(p, &end);
			text_put(t, "%.*s", (int)(end - p), p);
		} else if (value < 0 && value >= INT32_MIN) {
			text_put(t, "%u", (uint32_t)value);
		} else {
			text_put(t, "%" PRIu64, (uint64_t)value);
		}
		p = end;
	}
	drop_zero_offset(buf);
}
