/* coverage.c - see coverage.h. */
#include "base/base.h"
#include "tests/translator/coverage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool coverage_init(struct coverage *c)
{
	c->rows = calloc(decode_row_count(), sizeof(*c->rows));
	return c->rows != NULL;
}

static void write_row(FILE *to, const struct decode_row *row, const struct coverage_row *r)
{
	fprintf(to, "%s %u %u %u", row->name, r->alone, r->in_sequences, r->directed);
	for (unsigned i = 0; i < CORNER_COUNT; i++)
		fprintf(to, " %u", r->corner[i]);
	fputc('\n', to);
}

void coverage_fini(struct coverage *c)
{
	const char *path = getenv("DBTVM_COVERAGE");
	FILE *to = path ? fopen(path, "a") : NULL;

	for (unsigned i = 0; to && i < decode_row_count(); i++)
		if (c->rows[i].alone || c->rows[i].in_sequences || c->rows[i].directed)
			write_row(to, decode_row(i), &c->rows[i]);
	if (to)
		fclose(to);
	free(c->rows);
}

static bool passes(unsigned cond, uint32_t cpsr)
{
	bool n = cpsr >> 31, z = cpsr >> 30 & 1, carry = cpsr >> 29 & 1, v = cpsr >> 28 & 1, base;

	switch (cond >> 1) {
	case 0: base = z; break;
	case 1: base = carry; break;
	case 2: base = n; break;
	case 3: base = v; break;
	case 4: base = carry && !z; break;
	case 5: base = n == v; break;
	case 6: base = n == v && !z; break;
	default: return true;
	}
	return base != (cond & 1);
}

static uint32_t corner_bit(bool is, enum coverage_corner corner)
{
	return (uint32_t)is << corner;
}

/* Corners that the @width bits of @v are. */
static uint32_t corners(uint64_t v, unsigned width, bool floating)
{
	uint64_t ones = ~(uint64_t)0 >> (64 - width), sign = (uint64_t)1 << (width - 1), exponent, fraction;
	uint32_t mask;

	v &= ones;
	mask = corner_bit(!v, CORNER_ZERO) | corner_bit(v == ones, CORNER_ALL_ONES) | corner_bit(v == sign, CORNER_SMALLEST) | corner_bit(v == sign - 1, CORNER_LARGEST);
	if (!floating || width < 16)
		return mask | corner_bit(v == 1, CORNER_ONE);
	exponent = width == 64 ? 0x7ff0000000000000 : width == 32 ? 0x7f800000 : 0x7c00;
	fraction = v & (sign - 1) & ~exponent;
	mask |= corner_bit(v == (width == 64 ? 0x3ff0000000000000 : width == 32 ? 0x3f800000 : 0x3c00), CORNER_ONE);
	if (!(v & exponent))
		return mask | corner_bit(fraction, CORNER_DENORMAL);
	if ((v & exponent) != exponent)
		return mask;
	if (!fraction)
		return mask | 1u << CORNER_INFINITY;
	return mask | 1u << (fraction & (exponent & ~(exponent << 1)) >> 1 ? CORNER_QUIET_NAN : CORNER_SIGNALLING_NAN);
}

/* Lanes of @count D registers from @first. */
static uint32_t vector_corners(const uint64_t *d, unsigned first, unsigned count, unsigned width, bool floating)
{
	uint32_t mask = 0;

	for (unsigned i = first; i < MIN(first + count, 32); i++)
		for (unsigned lane = 0; lane < 64; lane += width)
			mask |= corners(d[i] >> lane, width, floating);
	return mask;
}

/* What Advanced SIMD calls float has names, not a field, in some rows. */
static bool is_floating(const struct decode_row *row, const struct insn *insn)
{
	return insn->vfloat || strstr(row->name, "float") || !strncmp(row->name, "VCVT", 4) || !strncmp(row->name, "VRECP", 5) || !strncmp(row->name, "VRSQRT", 6) ||
	       !strncmp(row->name, "VAC", 3) || (row->op >= INSN_VFP_MLA && row->table == TABLE_VFP && strchr(row->bits, 'z') && !strchr(row->bits, 'n'));
}

static uint32_t extension_corners(const struct decode_row *row, const struct insn *insn, const uint64_t *d)
{
	bool floating = is_floating(row, insn), n = strchr(row->bits, 'N'), m = strchr(row->bits, 'M');
	unsigned width = 8u << (insn->vsize & 3), count = MAX(insn->vregs, 1);
	uint32_t mask = 0;

	if (row->table == TABLE_VFP && insn->vsize == 2 && strchr(row->bits, 'z')) {
		/* S registers; d[] has 16 pairs of them. */
		mask |= n ? corners(d[insn->vn / 2 & 15] >> 32 * (insn->vn & 1), 32, floating) : 0;
		mask |= m ? corners(d[insn->vm / 2 & 15] >> 32 * (insn->vm & 1), 32, floating) : 0;
		if (!n && !m)
			mask = corners(d[insn->vd / 2 & 15] >> 32 * (insn->vd & 1), 32, floating);
		return mask;
	}
	if (row->table == TABLE_VFP)
		count = 1;
	mask |= n ? vector_corners(d, insn->vn, count, width, floating) : 0;
	mask |= m ? vector_corners(d, insn->vm, count, width, floating) : 0;
	if (!n && !m)
		mask = vector_corners(d, insn->vd, count, width, floating);
	return mask;
}

static uint32_t core_corners(const struct decode_row *row, const struct insn *insn, const uint32_t r[15])
{
	static const struct {
		char letter;
		uint8_t offset;
	} sources[] = {
		{ 'n', offsetof(struct insn, rn) }, { 'm', offsetof(struct insn, rm) }, { 's', offsetof(struct insn, rs) },
		{ 't', offsetof(struct insn, rt) }, { 'u', offsetof(struct insn, rt2) },
	};
	uint32_t mask = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(sources); i++) {
		unsigned reg = ((const uint8_t *)insn)[sources[i].offset];

		if (strchr(row->bits, sources[i].letter) && reg < 15)
			mask |= corners(r[reg], 32, false);
	}
	return mask;
}

void coverage_alone(struct coverage *c, const struct insn *insn, const uint32_t r[15], const uint64_t *d, uint32_t cpsr)
{
	const struct decode_row *row = decode_row(insn->row);
	struct coverage_row *to = &c->rows[insn->row];
	uint32_t mask;

	if (!passes(insn->cond, cpsr))
		return;
	mask = d && (row->table == TABLE_VFP || row->table == TABLE_NEON) ? extension_corners(row, insn, d) : core_corners(row, insn, r);
	to->alone++;
	for (unsigned i = 0; i < CORNER_COUNT; i++)
		to->corner[i] += mask >> i & 1;
}

void coverage_in_sequence(struct coverage *c, const struct insn *insn)
{
	if (insn->row < decode_row_count())
		c->rows[insn->row].in_sequences++;
}

void coverage_directed(struct coverage *c, const struct insn *insn)
{
	if (insn->row < decode_row_count())
		c->rows[insn->row].directed++;
}
