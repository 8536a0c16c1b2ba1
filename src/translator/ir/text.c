/*
 * text.c - IR as text and back.
 *
 *     block pc=0x8000 key=0x4 insns=1 bytes=4 tmps=1 labels=0
 *       insn 0x8000, 0x4
 *       add t0, r1, #0x10 def=NZ
 *       ld r0, t0, 0x4 mem=0x2
 *       exit 0x8004, 0x0
 *
 * Operands stand in the order of ir_ops.def: registers r0-r14, temporaries t0.., immediates #value, VFP registers f0.., none _; then
 * the parameters as bare numbers. What has no default follows as name=value: cond, def, use (only where it is not what the op
 * always uses), mem, group.
 */
#include "base/base.h"
#include "translator/ir/ir.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char conds[14][3] = { "eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le" };

static void dump_ref(FILE *to, const struct ir_insn *insn, char letter, ir_ref ref)
{
	if (letter == 'f')
		fprintf(to, "f%u", ref);
	else if (ref == IR_IMM)
		fprintf(to, "#0x%" PRIx32, insn->imm);
	else if (ref == IR_NONE)
		fputc('_', to);
	else if (IR_IS_TMP(ref))
		fprintf(to, "t%u", ref - IR_TMP0);
	else
		fprintf(to, "r%u", ref);
}

static void dump_flags(FILE *to, const char *name, uint8_t flags)
{
	fprintf(to, " %s=", name);
	if (!flags)
		fputc('-', to);
	for (unsigned i = 0; i < 4; i++)
		if (flags & 8u >> i)
			fputc("NZCV"[i], to);
}

static bool has_cond(unsigned op)
{
	return op == IR_BRC || op == IR_SELECT || op == IR_SETCOND;
}

/* The `use` that a reader expects and that is not printed. */
static uint8_t default_fuse(const struct ir_insn *insn)
{
	return has_cond(insn->op) ? ir_cond_flags(insn->cond) : ir_op_info[insn->op].fuse_always;
}

static void dump_insn(FILE *to, const struct ir_insn *insn)
{
	const struct ir_op_info *info = &ir_op_info[insn->op];
	const ir_ref refs[5] = { insn->dst, insn->dst2, insn->a, insn->b, insn->c };
	const char *separator = " ";

	fprintf(to, insn->op == IR_INSN ? " %s" : "  %s", ir_op_text[insn->op]);
	for (unsigned i = 0; i < 7; i++) {
		if (info->operands[i] == '-')
			continue;
		fputs(separator, to);
		separator = ", ";
		if (i < 5)
			dump_ref(to, insn, info->operands[i], refs[i]);
		else
			fprintf(to, "0x%" PRIx32, i == 5 ? insn->imm : insn->imm2);
	}
	if (has_cond(insn->op))
		fprintf(to, " cond=%s", insn->cond < 14 ? conds[insn->cond] : "?");
	if (insn->fdef)
		dump_flags(to, "def", insn->fdef);
	if (insn->fuse != default_fuse(insn))
		dump_flags(to, "use", insn->fuse);
	if (info->attr & IRA_MEM)
		fprintf(to, " mem=0x%x", insn->mem);
	if (insn->group)
		fprintf(to, " group=%u", insn->group);
	fputc('\n', to);
}

void ir_dump(const struct ir_block *block, FILE *to)
{
	fprintf(to, "block pc=0x%" PRIx32 " key=0x%" PRIx32 " insns=%" PRIu32 " bytes=%" PRIu32 " tmps=%u labels=%u\n", block->pc, block->key,
	        block->guest_insns, block->guest_bytes, block->tmps, block->labels);
	for (unsigned i = 0; i < block->count; i++)
		dump_insn(to, &block->ops[i]);
}

/* --- parsing --- */

static void skip_blanks(const char **p)
{
	while (**p == ' ' || **p == '\t')
		++*p;
}

static bool parse_number(const char **p, uint32_t *value)
{
	char *end;
	unsigned long long n;

	if (!isdigit((unsigned char)**p))
		return false;
	n = strtoull(*p, &end, 0);
	if (n > UINT32_MAX)
		return false;
	*p = end;
	*value = (uint32_t)n;
	return true;
}

/* A word of letters, digits and underscores, cut to @size. */
static bool parse_word(const char **p, char *word, size_t size)
{
	size_t n = 0;

	while (isalnum((unsigned char)**p) || **p == '_' || **p == '-') {
		if (n + 1 >= size)
			return false;
		word[n++] = *(*p)++;
	}
	word[n] = 0;
	return n > 0;
}

static bool parse_ref(const char **p, struct ir_block *block, struct ir_insn *insn, ir_ref *ref)
{
	char kind = **p;
	uint32_t n;

	if (kind == '_') {
		++*p;
		*ref = IR_NONE;
		return true;
	}
	if (kind != '#' && kind != 'r' && kind != 't' && kind != 'f')
		return false;
	++*p;
	if (!parse_number(p, &n))
		return false;
	if (kind == '#') {
		insn->imm = n;
		*ref = IR_IMM;
		return true;
	}
	if (n >= (kind == 'r' ? 15u : kind == 'f' ? 64u : IR_MAX_TMPS))
		return false;
	if (kind == 't' && n >= block->tmps)
		block->tmps = (uint16_t)(n + 1);
	*ref = (ir_ref)(kind == 't' ? IR_TMP0 + n : n);
	return true;
}

static bool parse_flags(const char *word, uint8_t *flags)
{
	*flags = 0;
	for (; *word; word++) {
		const char *at = strchr("NZCV", *word);

		if (at)
			*flags |= (uint8_t)(8u >> (at - "NZCV"));
		else if (*word != '-')
			return false;
	}
	return true;
}

static bool parse_cond(const char *word, uint8_t *cond)
{
	for (unsigned i = 0; i < ARRAY_SIZE(conds); i++) {
		if (!strcmp(word, conds[i])) {
			*cond = (uint8_t)i;
			return true;
		}
	}
	return false;
}

/* name=value pairs up to the end of the line. */
static bool parse_properties(const char **p, struct ir_insn *insn)
{
	char name[16], value[16];
	bool uses = false;
	uint8_t fuse = 0;

	for (skip_blanks(p); **p && **p != '\n' && **p != ';'; skip_blanks(p)) {
		if (!parse_word(p, name, sizeof(name)) || *(*p)++ != '=' || !parse_word(p, value, sizeof(value)))
			return false;
		if (!strcmp(name, "cond")) {
			if (!parse_cond(value, &insn->cond))
				return false;
		} else if (!strcmp(name, "def")) {
			if (!parse_flags(value, &insn->fdef))
				return false;
		} else if (!strcmp(name, "use")) {
			uses = true;
			if (!parse_flags(value, &fuse))
				return false;
		} else if (!strcmp(name, "mem")) {
			insn->mem = (uint16_t)strtoul(value, NULL, 0);
		} else if (!strcmp(name, "group")) {
			insn->group = (uint8_t)strtoul(value, NULL, 0);
		} else {
			return false;
		}
	}
	insn->fuse = uses ? fuse : default_fuse(insn);
	return true;
}

static bool parse_op(const char **p, struct ir_block *block)
{
	char word[16];
	enum ir_op op = 0;
	struct ir_insn *insn;
	const char *letters;
	bool first = true;

	if (!parse_word(p, word, sizeof(word)))
		return false;
	while (op < IR_OP_COUNT && strcmp(word, ir_op_text[op]))
		op++;
	if (op == IR_OP_COUNT)
		return false;
	insn = ir_append(block, op);
	letters = ir_op_info[op].operands;
	for (unsigned i = 0; i < 7; i++) {
		ir_ref *const refs[5] = { &insn->dst, &insn->dst2, &insn->a, &insn->b, &insn->c };

		if (letters[i] == '-')
			continue;
		skip_blanks(p);
		if (!first && *(*p)++ != ',')
			return false;
		first = false;
		skip_blanks(p);
		if (i < 5 ? !parse_ref(p, block, insn, refs[i]) : !parse_number(p, i == 5 ? &insn->imm : &insn->imm2))
			return false;
	}
	if ((op == IR_LABEL || op == IR_BR || op == IR_BRC || op == IR_BRZ || op == IR_BRNZ) && insn->imm >= block->labels) {
		if (insn->imm >= IR_MAX_OPS)
			return false;
		block->labels = (uint16_t)(insn->imm + 1);
	}
	return parse_properties(p, insn) && !block->overflow;
}

static bool parse_header(const char **p, struct ir_block *block)
{
	char name[16];
	uint32_t value;

	for (skip_blanks(p); **p && **p != '\n' && **p != ';'; skip_blanks(p)) {
		if (!parse_word(p, name, sizeof(name)) || *(*p)++ != '=' || !parse_number(p, &value))
			return false;
		if (!strcmp(name, "pc"))
			block->pc = value;
		else if (!strcmp(name, "key"))
			block->key = value;
		else if (!strcmp(name, "insns"))
			block->guest_insns = value;
		else if (!strcmp(name, "bytes"))
			block->guest_bytes = value;
		else if (!strcmp(name, "tmps") && value <= IR_MAX_TMPS)
			block->tmps = (uint16_t)value;
		else if (!strcmp(name, "labels") && value <= IR_MAX_OPS)
			block->labels = (uint16_t)value;
		else
			return false;
	}
	return true;
}

int ir_parse(struct ir_block *block, const char *text)
{
	int line = 1;

	ir_block_init(block, 0, 0);
	for (; *text; line++) {
		const char *end = text + strcspn(text, "\n");

		skip_blanks(&text);
		if (!strncmp(text, "block ", 6)) {
			text += 6;
			if (!parse_header(&text, block))
				return line;
		} else if (*text != ';' && *text != '\n' && *text) {
			if (!parse_op(&text, block))
				return line;
		}
		skip_blanks(&text);
		if (*text != ';' && text != end)
			return line;
		text = *end ? end + 1 : end;
	}
	return 0;
}
