/* sequence.c - making random sequences; see sequence.h. */
#include "base/base.h"
#include "tests/translator/lift/sequence.h"

#include <stdio.h>
#include <string.h>

#include "base/disasm.h"

/* Roles of registers. */
#define ALIGNED ((1u << 4) | (1u << 13))           /* pointers that stay word aligned */
#define POINTERS ((1u << 6) | (1u << 10))          /* pointers of any alignment */
#define INDEXES ((1u << 5) | (1u << 9))            /* small numbers */
#define ALIGNED_INDEXES (1u << 11)                 /* small multiples of 8 */
#define PROTECTED (ALIGNED | POINTERS | INDEXES | ALIGNED_INDEXES)

uint32_t rng_next(struct rng *rng)
{
	/* splitmix64 */
	uint64_t z = rng->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)(z ^ z >> 31);
}

static bool in(uint32_t mask, unsigned reg)
{
	return mask >> reg & 1;
}

static unsigned pick(struct rng *rng, uint32_t mask)
{
	for (;;) {
		unsigned reg = rng_below(rng, 16);

		if (in(mask, reg))
			return reg;
	}
}

/* Values that make carries, overflows and saturation likely. */
static uint32_t corner(struct rng *rng)
{
	static const uint32_t values[] = { 0, 1, 2, 31, 32, 33, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0x80008000, 0x7fff7fff };

	return values[rng_below(rng, ARRAY_SIZE(values))];
}

static uint32_t interesting(struct rng *rng)
{
	switch (rng_below(rng, 4)) {
	case 0:
		return corner(rng);
	case 1:
		return rng_next(rng) >> rng_below(rng, 32);
	default:
		return rng_next(rng);
	}
}

/* The letters of a row's bit string, most significant bit first, in a plain array. */
struct pattern {
	char bit[33];
	unsigned width;
};

static void pattern_of(const struct decode_row *row, struct pattern *p)
{
	p->width = 0;
	for (const char *c = row->bits; *c; c++)
		if (*c != ' ' && *c != '(' && *c != ')' && p->width < 32)
			p->bit[p->width++] = *c;
	p->bit[p->width] = '\0';
}

static uint32_t random_bits(struct rng *rng, const struct pattern *p)
{
	uint32_t random = rng_next(rng), bits = 0;

	for (unsigned i = 0; i < p->width; i++)
		bits = bits << 1 | (p->bit[i] == '0' ? 0 : p->bit[i] == '1' ? 1 : random >> i & 1);
	return bits;
}

/* Puts @value into the field @letter; false when it does not fit or is not there. */
static bool put_field(const struct pattern *p, uint32_t *bits, char letter, uint32_t value)
{
	bool any = false;

	for (unsigned i = p->width; i-- > 0;) {
		uint32_t bit = 1u << (p->width - 1 - i);

		if (p->bit[i] != letter)
			continue;
		any = true;
		*bits = value & 1 ? *bits | bit : *bits & ~bit;
		value >>= 1;
	}
	return any && value == 0;
}

enum kind { KIND_NO, KIND_PLAIN, KIND_SINGLE, KIND_WORDS, KIND_MULTIPLE };

/* What user mode may run without leaving the sequence, and what both sides must agree on. */
static enum kind kind_of(const struct sequence *s, const struct insn *insn)
{
	switch (insn->op) {
	case INSN_B: case INSN_BL: case INSN_BLX_IMM: case INSN_BX: case INSN_BLX_REG: case INSN_BXJ: case INSN_CBZ: case INSN_CBNZ:
	case INSN_TBB: case INSN_TBH: case INSN_IT: case INSN_SVC: case INSN_BKPT: case INSN_SMC: case INSN_HVC: case INSN_UDF:
	case INSN_MRS_BANKED: case INSN_MSR_BANKED: case INSN_RFE: case INSN_SRS: case INSN_SUBS_PC_LR:
	case INSN_ERET: case INSN_WFI: case INSN_WFE: case INSN_YIELD: case INSN_CDP: case INSN_MCR: case INSN_MRC: case INSN_MCRR: case INSN_MRRC:
	case INSN_LDC: case INSN_STC: case INSN_ENTERX: case INSN_LEAVEX: case INSN_CHKA: case INSN_SDIV: case INSN_UDIV:
	case INSN_STREX: case INSN_STREXB: case INSN_STREXH: case INSN_STREXD:
		return KIND_NO;
	case INSN_MRS:
		return insn->imm && !s->privileged ? KIND_NO : KIND_PLAIN;
	case INSN_MSR:
		/* Flags and GE only: E is user writable in the manual, not in QEMU. A mode is not entered blindly.
		 * Unicorn keeps the reserved bits 23:20 of SPSR. */
		return insn->imm2 & ~12u && !(s->privileged && (insn->imm2 & 20) == 16) ? KIND_NO : KIND_PLAIN;
	case INSN_CPS:
		/* Unicorn's core is not Secure: it may not change A and F. */
		return insn->imm2 & 32 || insn->imm != 0x80 ? KIND_NO : KIND_PLAIN;
	case INSN_LDR: case INSN_STR: case INSN_LDRB: case INSN_STRB: case INSN_LDRH: case INSN_STRH: case INSN_LDRSB: case INSN_LDRSH:
		return KIND_SINGLE;
	case INSN_LDRD: case INSN_STRD: case INSN_SWP: case INSN_LDREX: case INSN_LDREXD:
		return KIND_WORDS;
	case INSN_SWPB: case INSN_LDREXB: case INSN_LDREXH:
		return KIND_WORDS;
	case INSN_LDM: case INSN_STM:
		return KIND_MULTIPLE;
	default:
		return insn->op > INSN_CHKA ? KIND_NO : KIND_PLAIN;
	}
}

static bool is_store(const struct insn *insn)
{
	switch (insn->op) {
	case INSN_STR: case INSN_STRB: case INSN_STRH: case INSN_STRD: case INSN_STM:
		return true;
	default:
		return false;
	}
}

/* Moves of SP by small multiples of 4. */
static bool moves_sp(const struct insn *insn)
{
	return (insn->op == INSN_ADD || insn->op == INSN_SUB) && insn->rd == 13 && insn->rn == 13 && insn->operand == OPERAND_IMM &&
	       insn->imm % 4 == 0 && insn->imm < 1024;
}

static bool is_test(const struct insn *insn)
{
	return insn->op == INSN_TST || insn->op == INSN_TEQ || insn->op == INSN_CMP || insn->op == INSN_CMN;
}

/* No write to a protected register, no branch. */
static bool results_fit(const struct insn *insn)
{
	uint32_t bad = PROTECTED | 1u << 15;

	if (is_test(insn) || moves_sp(insn))
		return true;
	if (is_store(insn))
		return true;
	if (insn->op == INSN_LDM)
		return !(insn->reglist & (bad & ~(1u << insn->rn))) && !in(insn->reglist, 15) && !(in(insn->reglist, insn->rn));
	return !in(bad, insn->rd) && !in(bad, insn->rt) && !in(bad, insn->rt2);
}

static bool addresses_fit(const struct insn *insn, enum kind kind)
{
	uint32_t bases = kind == KIND_SINGLE ? POINTERS : ALIGNED;

	if (insn->exclusive_user && kind == KIND_MULTIPLE)
		return false;
	if (kind == KIND_SINGLE && insn->rn == 13 && !insn->wback)
		bases |= ALIGNED;
	if (kind == KIND_SINGLE && insn->rn == 15)
		return insn->operand == OPERAND_IMM && !is_store(insn) && !insn->wback; /* reads code */
	if (!in(bases, insn->rn))
		return false;
	if (kind == KIND_WORDS && insn->wback && insn->operand == OPERAND_IMM && insn->imm % 4)
		return false;
	if (kind == KIND_WORDS && insn->imm % 8 && insn->operand == OPERAND_IMM)
		return insn->imm % 4 == 0;
	if ((kind == KIND_SINGLE || kind == KIND_WORDS) && insn->operand == OPERAND_REG) {
		if (!in(kind == KIND_SINGLE ? INDEXES : ALIGNED_INDEXES, insn->rm))
			return false;
		return insn->shift == SHIFT_LSL ? insn->shift_n <= 3 : insn->shift != SHIFT_ROR && insn->shift != SHIFT_RRX;
	}
	return true;
}

static bool acceptable(const struct sequence *s, const struct insn *insn, const struct decode_row *row)
{
	enum kind kind;

	if (insn->status != INSN_OK || row != decode_row(insn->row))
		return false;
	kind = kind_of(s, insn);
	if (kind == KIND_NO || !results_fit(insn))
		return false;
	return kind == KIND_PLAIN || addresses_fit(insn, kind);
}

/* A random instruction of @row as instruction @at, when one of @tries attempts gives one that may run. @in_it: inside an IT block. */
static bool insn_of_row(struct sequence *s, struct rng *rng, unsigned at, bool in_it, const struct decode_row *row, unsigned tries)
{
	struct pattern pattern;
	struct insn insn;
	uint32_t bits;

	pattern_of(row, &pattern);
	while (tries-- > 0) {
		bits = random_bits(rng, &pattern);
		if (rng_below(rng, 2))
			put_field(&pattern, &bits, 'n', pick(rng, POINTERS | ALIGNED));
		if (rng_below(rng, 2))
			put_field(&pattern, &bits, 'm', pick(rng, INDEXES | ALIGNED_INDEXES));
		if (rng_below(rng, 2))
			put_field(&pattern, &bits, 'c', INSN_COND_AL);
		if (row->op == INSN_LDM) /* else hardly any list would do */
			bits &= pattern.width == 16 ? ~(PROTECTED & 0xff) : ~(PROTECTED | 1u << 15);
		if (pattern.width == 16)
			bits <<= 16;
		decode(s->set, bits, &insn);
		if (!acceptable(s, &insn, row))
			continue;
		/* Unicorn's fault: ISB in an IT block, which A8.8.53 permits, loses ITSTATE there. */
		if (in_it && (insn.cond != INSN_COND_AL || insn.op == INSN_ISB))
			continue;
		s->bits[at] = bits;
		s->size[at] = insn.size;
		s->row[at] = row->name;
		return true;
	}
	return false;
}

static bool row_fits(const struct sequence *s, const struct decode_row *row)
{
	return row->set == s->set && row->table <= TABLE_T32 && row->op != INSN_B && row->op != INSN_BL;
}

/* One random instruction of the sequence's set. */
static void random_insn(struct sequence *s, struct rng *rng, unsigned at, bool in_it)
{
	for (;;) {
		const struct decode_row *row = decode_row(rng_below(rng, decode_row_count()));

		if (row_fits(s, row) && insn_of_row(s, rng, at, in_it, row, 20))
			return;
	}
}

/* IT with a condition, and its 1-4 instructions. Returns how many were made. */
static unsigned it_block(struct sequence *s, struct rng *rng, unsigned at, unsigned room)
{
	unsigned length = 1 + rng_below(rng, MIN(room - 1, 4u));
	unsigned cond = rng_below(rng, 14);
	unsigned mask = 1u << (4 - length);

	for (unsigned i = 1; i < length; i++)
		mask |= rng_below(rng, 2) << (4 - i);
	s->bits[at] = (0xbf00u | cond << 4 | mask) << 16;
	s->size[at] = 2;
	s->row[at] = "IT";
	for (unsigned i = 1; i <= length; i++)
		random_insn(s, rng, at + i, true);
	return 1 + length;
}

/* The instruction that follows needs it: nothing jumps between them. */
#define TARGET_ROW "first of two"

static void add_raw(struct sequence *s, unsigned at, uint32_t bits, const char *row)
{
	s->bits[at] = bits;
	s->size[at] = s->set == SET_A32 || t32_is_wide((uint16_t)(bits >> 16)) ? 4 : 2;
	s->row[at] = row;
}

/* Idioms that single random instructions do not form. All have two instructions. */
static void idiom(struct sequence *s, struct rng *rng, unsigned at)
{
	static const uint8_t spare[] = { 0, 1, 2, 3, 7, 8, 12, 14 };
	static const uint32_t a32_jumps[] = { 0xe12fff10, 0xe12fff20, 0xe12fff30, 0xe1a0f000 };
	unsigned a = spare[rng_below(rng, 3)], b = spare[3 + rng_below(rng, 2)], c = spare[5 + rng_below(rng, 3)];
	unsigned base = rng_below(rng, 2) ? 4 : 13;
	bool a32 = s->set == SET_A32;

	switch (rng_below(rng, 7)) {
	case 0: /* LDREX, STREX */
		add_raw(s, at, a32 ? 0xe1900f9f | base << 16 | a << 12 : 0xe8500f00 | base << 16 | a << 12, TARGET_ROW);
		add_raw(s, at + 1, a32 ? 0xe1800f90 | base << 16 | b << 12 | c : 0xe8400000 | base << 16 | c << 12 | b << 8, "STREX");
		break;
	case 1: /* LDREXB, STREXB */
		add_raw(s, at, a32 ? 0xe1d00f9f | base << 16 | a << 12 : 0xe8d00f4f | base << 16 | a << 12, TARGET_ROW);
		add_raw(s, at + 1, a32 ? 0xe1c00f90 | base << 16 | b << 12 | c : 0xe8c00f40 | base << 16 | c << 12 | b, "STREXB");
		break;
	case 2: /* LDREXH, STREXH */
		add_raw(s, at, a32 ? 0xe1f00f9f | base << 16 | a << 12 : 0xe8d00f5f | base << 16 | a << 12, TARGET_ROW);
		add_raw(s, at + 1, a32 ? 0xe1e00f90 | base << 16 | b << 12 | c : 0xe8c00f50 | base << 16 | c << 12 | b, "STREXH");
		break;
	case 4: /* a jump through a register to the next instruction: MOV b, PC and BX, BLX, BXJ or MOV PC, b */
		add_raw(s, at, a32 ? 0xe1a0000f | b << 12 : (0x4678u | (b & 7)) << 16, TARGET_ROW);
		add_raw(s, at + 1, a32 ? a32_jumps[rng_below(rng, ARRAY_SIZE(a32_jumps))] | b : (0x4687u | (b & 7) << 3) << 16, "jump");
		break;
	case 5: /* a wide branch to the next instruction, and one over it */
		add_raw(s, at, a32 ? 0xe320f000 : 0xf000b800, "B");
		add_raw(s, at + 1, a32 ? 0xe320f000 : 0xf0008000 | rng_below(rng, 14) << 22, "B");
		break;
	case 3: /* a call of the instruction after next */
		add_raw(s, at, a32 ? 0xeb000000 : 0xf000f802, "BL");
		add_raw(s, at + 1, a32 ? 0xe2800001 | a << 16 | a << 12 : 0xf1000001 | a << 16 | a << 8, "ADD");
		break;
	default: /* a constant in two halves */
		add_raw(s, at, a32 ? 0xe3000000 | a << 12 | 0x234 : 0xf2400034 | a << 8, "MOVW");
		add_raw(s, at + 1, a32 ? 0xe3400000 | a << 12 | 0x678 : 0xf2c00078 | a << 8, "MOVT");
		break;
	}
}

/* Idioms of three instructions: two words exclusively, and in Thumb what jumps to an odd address or by a table. */
static void long_idiom(struct sequence *s, struct rng *rng, unsigned at)
{
	unsigned b = 2 + rng_below(rng, 2), base = rng_below(rng, 2) ? 4 : 13;
	unsigned what = s->set == SET_A32 ? 0 : rng_below(rng, 4);

	switch (what) {
	case 0: /* LDREXD; a number that is a multiple of 8 for the pair; STREXD */
		add_raw(s, at, s->set == SET_A32 ? 0xe3c00007 | base << 16 | 14 << 12 : 0xf0200e07 | base << 16, TARGET_ROW); /* BIC lr, base, #7 */
		add_raw(s, at + 1, s->set == SET_A32 ? 0xe1be0f9f : 0xe8de017f, TARGET_ROW); /* LDREXD r0, r1, [lr] */
		add_raw(s, at + 2, s->set == SET_A32 ? 0xe1ae0f90 | b << 12 | (b == 2 ? 0 : 8) : 0xe8ce0170 | b, "STREXD");
		break;
	case 1: /* MOV b, PC; ADDS b, #3; BX, BLX */
		add_raw(s, at, (0x4678u | b) << 16, TARGET_ROW);
		add_raw(s, at + 1, (0x3003u | b << 8) << 16, TARGET_ROW);
		add_raw(s, at + 2, ((rng_below(rng, 2) ? 0x4700u : 0x4780u) | b << 3) << 16, "jump");
		break;
	case 2: /* the same with BXJ */
		add_raw(s, at, (0x4678u | b) << 16, TARGET_ROW);
		add_raw(s, at + 1, (0x3005u | b << 8) << 16, TARGET_ROW);
		add_raw(s, at + 2, 0xf3c08f00 | b << 16, "jump");
		break;
	default: /* MOVS b, #0; TBB or TBH; their table: one halfword, jumped over */
		add_raw(s, at, (0x2000u | b << 8) << 16, TARGET_ROW);
		add_raw(s, at + 1, 0xe8df0000 | 0xf000 | b | rng_below(rng, 2) << 4, TARGET_ROW);
		add_raw(s, at + 2, 0x00010000, "table");
		break;
	}
}

/* A conditional or unconditional branch over the next instructions, filled in by branch_targets(). */
#define BRANCH_ROW "branch"

static void branch(struct sequence *s, struct rng *rng, unsigned at)
{
	unsigned cond = rng_below(rng, 15);

	s->row[at] = BRANCH_ROW;
	if (s->set == SET_A32) {
		s->bits[at] = cond << 28 | 0x0a000000;
		s->size[at] = 4;
	} else if (rng_below(rng, 2)) {
		s->bits[at] = (0xb100u | rng_below(rng, 2) << 11 | rng_below(rng, 8)) << 16; /* CBZ, CBNZ */
		s->size[at] = 2;
	} else {
		s->bits[at] = (cond == 14 ? 0xe000u : 0xd000u | cond << 8) << 16;
		s->size[at] = 2;
	}
}

static bool inside_it(const struct sequence *s, unsigned at)
{
	for (unsigned i = 0; i < at; i++) {
		unsigned mask;

		if (s->set != SET_T32 || s->size[i] != 2 || (s->bits[i] >> 24) != 0xbf || !(s->bits[i] >> 16 & 15))
			continue;
		mask = s->bits[i] >> 16 & 15;
		if (at > i && at <= i + 4 - (unsigned)__builtin_ctz(mask))
			return true;
	}
	return false;
}

/* Branches go 1-4 instructions forward, never into an IT block or to a jump whose target they skip. */
static void branch_targets(struct sequence *s, struct rng *rng)
{
	for (unsigned i = 0; i < s->count; i++) {
		unsigned over = rng_below(rng, 4), target = i + 1;
		int32_t offset = 0;

		if (strcmp(s->row[i], BRANCH_ROW))
			continue;
		while (target < s->count && (over || inside_it(s, target) || !strcmp(s->row[target - 1], TARGET_ROW))) {
			offset += s->size[target++];
			over -= over > 0;
		}
		if (s->set == SET_A32)
			s->bits[i] |= (uint32_t)((offset - 4) >> 2) & 0xffffff;
		else if (s->bits[i] >> 28 == 0xb)
			s->bits[i] |= (uint32_t)(offset < 2 ? 0 : (offset - 2) >> 1) << 19; /* at least the instruction after next */
		else
			s->bits[i] |= ((uint32_t)((offset - 2) >> 1) & (s->bits[i] >> 28 == 0xe ? 0x7ff : 0xff)) << 16;
	}
}

/* CBZ cannot reach the very next instruction: such a one is made a NOP. */
static void check_branches(struct sequence *s)
{
	for (unsigned i = 0; i < s->count; i++)
		if (!strcmp(s->row[i], BRANCH_ROW) && s->set == SET_T32 && s->bits[i] >> 28 == 0xb &&
		    (i + 1 >= s->count || s->size[i + 1] == 4 || inside_it(s, i + 2) || (i + 1 < s->count && !strcmp(s->row[i + 1], TARGET_ROW))) && !(s->bits[i] >> 19 & 31))
			sequence_blank(s, i);
}

/* Registers in their roles, status registers, data. */
static void random_state(struct sequence *s, struct rng *rng)
{
	for (unsigned i = 0; i < 15; i++)
		s->r[i] = interesting(rng);
	for (unsigned i = 0; i < 15; i++) {
		if (in(ALIGNED, i))
			s->r[i] = DATA_MIDDLE + rng_below(rng, 64) * 4;
		else if (in(POINTERS, i))
			s->r[i] = DATA_MIDDLE + rng_below(rng, 256) + (rng_below(rng, 4) ? 0 : 0xf80);
		else if (in(INDEXES, i))
			s->r[i] = rng_below(rng, 64);
		else if (in(ALIGNED_INDEXES, i))
			s->r[i] = rng_below(rng, 16) * 8;
	}
	s->cpsr = (s->privileged ? 0x1d3 : 0x1d0) | (s->set == SET_T32 ? 0x20 : 0) | (rng_next(rng) & 0xf80f0000u);
	if (!rng_below(rng, 8))
		s->cpsr |= 0x200;
	s->spsr = rng_next(rng) & 0xf80f0000u;
	s->data_seed = rng_next(rng);
}

bool sequence_make_row(struct sequence *s, uint64_t seed, const struct decode_row *row)
{
	struct rng rng = { seed };
	struct insn insn;

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->set = row->set;
	s->count = 1;
	s->privileged = !rng_below(&rng, 4);
	if (!row_fits(s, row) || !insn_of_row(s, &rng, 0, false, row, 2000))
		return false;
	random_state(s, &rng);
	decode(s->set, s->bits[0], &insn);
	if (kind_of(s, &insn) == KIND_PLAIN)
		for (unsigned i = 0; i < 15; i++)
			s->r[i] = rng_below(&rng, 3) ? corner(&rng) : interesting(&rng);
	s->pc = CODE_AREA + 0x4000;
	return true;
}

void sequence_make(struct sequence *s, uint64_t seed, enum insn_set set)
{
	struct rng rng = { seed };
	unsigned count = 1 + rng_below(&rng, SEQUENCE_MAX);

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->set = set;
	s->privileged = !rng_below(&rng, 4);
	for (unsigned i = 0; i < count;) {
		unsigned what = rng_below(&rng, 16);

		if (set == SET_T32 && what < 2 && count - i >= 2) {
			i += it_block(s, &rng, i, count - i);
		} else if (what == 2) {
			branch(s, &rng, i++);
		} else if (what == 4 && count - i >= 3 && rng_below(&rng, 2)) {
			long_idiom(s, &rng, i);
			i += 3;
		} else if (what == 3 && count - i >= 2) {
			idiom(s, &rng, i);
			i += 2;
		} else {
			random_insn(s, &rng, i++, false);
		}
	}
	s->count = count;
	branch_targets(s, &rng);
	check_branches(s);
	random_state(s, &rng);
	/* One in four runs over the end of a page. */
	s->pc = CODE_AREA + 0x4000 + rng_below(&rng, 1024) * 4;
	if (!rng_below(&rng, 4))
		s->pc = CODE_AREA + 0x5000 - rng_below(&rng, 32) * (set == SET_T32 ? 2 : 4);
}

/* A load of its own base register: what an abort must not do half. */
static void load_base(struct sequence *s, const struct insn *insn)
{
	if (insn->wback || insn->rn == 13 || insn->rn == 15)
		return;
	if (insn->op == INSN_LDM && s->size[0] == 4)
		s->bits[0] |= 1u << insn->rn;
	else if (s->set == SET_A32 && (insn->op == INSN_LDR || (insn->op == INSN_LDRD && insn->rn % 2 == 0)))
		s->bits[0] = (s->bits[0] & ~0xf000u) | (uint32_t)insn->rn << 12;
}

void sequence_make_access(struct sequence *s, uint64_t seed, enum insn_set set, uint32_t edge)
{
	struct rng rng = { seed };
	struct insn insn;

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->set = set;
	s->count = 1;
	do {
		random_insn(s, &rng, 0, false);
		decode(set, s->bits[0], &insn);
	} while (kind_of(s, &insn) == KIND_PLAIN || insn.cond != INSN_COND_AL || insn.rn == 15);
	if (rng_below(&rng, 2))
		load_base(s, &insn);
	for (unsigned i = 0; i < 15; i++)
		s->r[i] = rng_next(&rng);
	for (unsigned i = 0; i < 15; i++) {
		if (in(ALIGNED | POINTERS, i))
			s->r[i] = edge - 64 + rng_below(&rng, 32) * 4;
		else if (in(INDEXES | ALIGNED_INDEXES, i))
			s->r[i] = rng_below(&rng, 8) * 4;
	}
	s->cpsr = 0x1d0 | (set == SET_T32 ? 0x20 : 0) | (rng_next(&rng) & 0xf80f0000u);
	s->pc = CODE_AREA + 0x4000 + rng_below(&rng, 1024) * 4;
}

unsigned sequence_bytes(const struct sequence *s, uint8_t *to)
{
	unsigned at = 0;

	for (unsigned i = 0; i < s->count; i++) {
		uint32_t bits = s->bits[i];

		if (s->set == SET_T32) {
			to[at++] = (uint8_t)(bits >> 16);
			to[at++] = (uint8_t)(bits >> 24);
			if (s->size[i] == 4) {
				to[at++] = (uint8_t)bits;
				to[at++] = (uint8_t)(bits >> 8);
			}
		} else {
			for (unsigned b = 0; b < 4; b++)
				to[at++] = (uint8_t)(bits >> 8 * b);
		}
	}
	return at;
}

unsigned sequence_code(const struct sequence *s, uint8_t *area)
{
	const uint32_t end[2][2] = { { 0xef000000, 0xdf00 }, { 0xeafffffe, 0xe7fe } };
	unsigned size;

	memset(area, 0, CODE_SIZE);
	size = sequence_bytes(s, area + (s->pc - CODE_AREA));
	memcpy(area + (s->pc - CODE_AREA) + size, &end[s->privileged][s->set == SET_T32], 4);
	return size;
}

void sequence_blank(struct sequence *s, unsigned i)
{
	if (!strcmp(s->row[i], TARGET_ROW))
		return;
	s->row[i] = "NOP";
	s->bits[i] = s->set == SET_A32 ? 0xe320f000 : s->size[i] == 4 ? 0xf3af8000 : 0xbf000000;
}

void sequence_print(const struct sequence *s)
{
	uint8_t code[SEQUENCE_MAX * 4];
	unsigned at = 0, size = sequence_bytes(s, code);

	printf("seed %#llx set %s data %#x cpsr %08x\n", (unsigned long long)s->seed, s->set == SET_A32 ? "A32" : "T32", s->data_seed, s->cpsr);
	for (unsigned i = 0; i < 15; i++)
		printf("r%-2u %08x%s", i, s->r[i], i % 5 == 4 ? "\n" : "  ");
	for (unsigned i = 0; i < s->count; i++) {
		char text[96];

		if (strcmp(s->row[i], "NOP")) {
			if (!disasm_one(s->set == SET_A32 ? DISASM_A32 : DISASM_T32, code + at, size - at, s->pc + at, text, sizeof(text)))
				snprintf(text, sizeof(text), "?");
			printf("  %08x: %08x  %-40s %s\n", s->pc + at, s->bits[i], text, s->row[i]);
		}
		at += s->size[i];
	}
}
