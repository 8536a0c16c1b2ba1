/*
 * decode.c - the index over the rows of the .def tables, and decode().
 *
 * The tables are parsed once, at the first use, into three lists of rows by the bits that tell most encodings apart:
 * A32 (also VFP and Advanced SIMD, with or without the condition 1111), T32 and T16.  Afterwards nothing changes, so all threads share it.
 * A T32 instruction of VFP or Advanced SIMD is looked up as the A32 instruction it corresponds to.
 */
#include "base/base.h"
#include "translator/decode/insn.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "translator/decode/decode_internal.h"

enum {
	MAX_SEGMENTS = 20,
	MAX_NOT = 6,
	A32_BUCKETS = 2 << 12, /* condition 1111, bits 27:20, bits 7:4 */
	T32_BUCKETS = 1 << 13, /* bits 28:20, bits 7:4 */
	T16_BUCKETS = 1 << 10, /* bits 15:6 */
	MAX_ENTRIES = 1 << 17,
	MAX_ORDER = 7,
};

/* One row as the table has it. */
struct source {
	const char *name, *bits;
	recipe_fn *recipe;
	const char *not;
	uint16_t op;
	uint8_t order, table;
};

#define ROW(name, op, bits, recipe, not, order) {#name, bits, recipe_##recipe, not, INSN_##op, order, TABLE},
static const struct source sources[] = {
#define TABLE TABLE_A32
#include "translator/decode/a32.def"
#undef TABLE
#define TABLE TABLE_T16
#include "translator/decode/t16.def"
#undef TABLE
#define TABLE TABLE_T32
#include "translator/decode/t32.def"
#undef TABLE
#define TABLE TABLE_VFP
#include "translator/decode/vfp.def"
#undef TABLE
#define TABLE TABLE_NEON
#include "translator/decode/neon.def"
#undef TABLE
};
#undef ROW
#define ROWS ARRAY_SIZE(sources)

/* value[letter] |= (bits >> shift & mask) << left */
struct segment {
	uint8_t letter, shift, left;
	uint32_t mask;
};

/* A row, parsed. */
struct row {
	uint32_t should_mask, should_value;
	recipe_fn *recipe;
	uint16_t op;
	uint8_t segments, nots;
	bool has_cond;
	uint8_t not_letter[MAX_NOT];
	bool not_bad[MAX_NOT]; /* 13 too */
	struct segment segment[MAX_SEGMENTS];
};

struct bucket {
	uint32_t first;
	uint16_t count;
};

static struct {
	struct row row[ROWS];
	struct decode_row info[ROWS];
	struct bucket a32[A32_BUCKETS], t32[T32_BUCKETS], t16[T16_BUCKETS];
	uint16_t entry[MAX_ENTRIES];
	unsigned entries;
} index_;
static pthread_once_t index_once = PTHREAD_ONCE_INIT;
static atomic_bool index_ready; /* saves the call of pthread_once() for each instruction */

/* --- parsing ---------------------------------------------------------------------------------------------------- */

static void add_segment(struct row *row, char letter, unsigned shift)
{
	struct segment *last = row->segments ? &row->segment[row->segments - 1] : NULL;
	uint8_t id = letter & 63;

	/* What the letter has so far moves up by one. */
	for (unsigned i = 0; i < row->segments; i++)
		if (row->segment[i].letter == id)
			row->segment[i].left++;
	if (last && last->letter == id && last->shift == shift + 1) {
		last->left--;
		last->shift--;
		last->mask = last->mask << 1 | 1;
		return;
	}
	BUG_ON(row->segments == MAX_SEGMENTS);
	row->segment[row->segments++] = (struct segment){.letter = id, .shift = shift, .mask = 1};
	if (letter == 'c')
		row->has_cond = true;
}

/* Width of the encoding. */
static unsigned parse_bits(const char *bits, struct row *row, struct decode_row *info, unsigned width)
{
	unsigned at = width;
	bool should = false;

	for (; *bits; bits++) {
		if (*bits == ' ')
			continue;
		if (*bits == '(' || *bits == ')') {
			should = *bits == '(';
			continue;
		}
		BUG_ON(at == 0);
		at--;
		if (*bits == '0' || *bits == '1') {
			uint32_t one = (uint32_t)(*bits - '0') << at;
			uint32_t *mask = should ? &row->should_mask : &info->mask;
			uint32_t *value = should ? &row->should_value : &info->value;
			*mask |= 1u << at;
			*value |= one;
		} else if (*bits != 'x') {
			add_segment(row, *bits, at);
		}
	}
	return width - at;
}

static void parse_not(const char *not, struct row *row)
{
	bool bad = false;

	for (; *not; not++) {
		if (*not == '/') {
			bad = true;
			continue;
		}
		BUG_ON(row->nots == MAX_NOT);
		row->not_letter[row->nots] = *not & 63;
		row->not_bad[row->nots++] = bad;
	}
}

static void parse_row(unsigned n)
{
	const struct source *source = &sources[n];
	struct row *row = &index_.row[n];
	struct decode_row *info = &index_.info[n];
	unsigned width = source->table == TABLE_T16 ? 16 : 32;

	row->recipe = source->recipe;
	row->op = source->op;
	BUG_ON(parse_bits(source->bits, row, info, width) != width);
	parse_not(source->not, row);
	info->name = source->name;
	info->bits = source->bits;
	info->op = source->op;
	info->order = source->order;
	info->has_cond = row->has_cond && width == 32 && source->table != TABLE_T32;
	info->table = source->table;
	info->set = source->table == TABLE_T16 || source->table == TABLE_T32 ? SET_T32 : SET_A32;
	BUG_ON(source->order > MAX_ORDER);
}

/* --- the index -------------------------------------------------------------------------------------------------- */

static unsigned a32_key(uint32_t bits)
{
	return (bits >> 28 == 15) << 12 | (bits >> 16 & 0xff0) | (bits >> 4 & 15);
}

static unsigned t32_key(uint32_t bits)
{
	return (bits >> 16 & 0x1ff0) | (bits >> 4 & 15);
}

static unsigned t16_key(uint32_t bits)
{
	return bits >> 6 & 0x3ff;
}

/* The buckets of a row: those whose bits under @mask are @value. */
struct row_buckets {
	struct bucket *bucket;
	unsigned mask, value, all;
};

static struct row_buckets row_buckets(unsigned n)
{
	const struct decode_row *info = &index_.info[n];
	uint32_t mask = info->mask, value = info->value;

	if (info->table == TABLE_T16)
		return (struct row_buckets){index_.t16, t16_key(mask), t16_key(value), T16_BUCKETS - 1};
	if (info->table == TABLE_T32)
		return (struct row_buckets){index_.t32, t32_key(mask), t32_key(value), T32_BUCKETS - 1};
	/* With a condition the top bit of the key is 0, which is right: conditions are not 1111. */
	return (struct row_buckets){index_.a32, a32_key(mask) | 1 << 12, a32_key(value), A32_BUCKETS - 1};
}

/* Counts the row in its buckets, or (when @fill) enters it: the first time through, buckets learn their sizes. */
static void enter_row(unsigned n, bool fill)
{
	struct row_buckets b = row_buckets(n);
	unsigned loose = b.all & ~b.mask, free_bits = 0;

	do {
		struct bucket *bucket = &b.bucket[b.value | free_bits];
		if (fill)
			index_.entry[bucket->first + bucket->count] = (uint16_t)n;
		bucket->count++;
		free_bits = (free_bits - loose) & loose; /* the next subset of the loose bits */
	} while (free_bits);
}

static void place_buckets(struct bucket *bucket, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		bucket[i].first = index_.entries;
		index_.entries += bucket[i].count;
		bucket[i].count = 0;
	}
	BUG_ON(index_.entries > MAX_ENTRIES);
}

static void build_index(void)
{
	for (unsigned n = 0; n < ROWS; n++) {
		parse_row(n);
		enter_row(n, false);
	}
	place_buckets(index_.a32, A32_BUCKETS);
	place_buckets(index_.t32, T32_BUCKETS);
	place_buckets(index_.t16, T16_BUCKETS);
	for (unsigned order = MAX_ORDER + 1; order-- > 0;)
		for (unsigned n = 0; n < ROWS; n++)
			if (sources[n].order == order)
				enter_row(n, true);
	atomic_store_explicit(&index_ready, true, memory_order_release);
}

static inline void need_index(void)
{
	if (unlikely(!atomic_load_explicit(&index_ready, memory_order_acquire)))
		pthread_once(&index_once, build_index);
}

/* --- decoding --------------------------------------------------------------------------------------------------- */

/* The A32 form of a T32 VFP or Advanced SIMD instruction; 0: it is neither. (A6.3.18, A7.4, A7.7) */
static uint32_t a32_of_t32(uint32_t bits)
{
	if ((bits & 0xef000000) == 0xef000000)
		return 0xf2000000 | (bits >> 28 & 1) << 24 | (bits & 0x00ffffff);
	if ((bits & 0xff100000) == 0xf9000000)
		return 0xf4000000 | (bits & 0x00ffffff);
	if ((bits & 0xec000e00) == 0xec000a00)
		return bits;
	return 0;
}

uint32_t decode_t32_of_a32(uint32_t bits)
{
	if ((bits & 0xfe000000) == 0xf2000000)
		return 0xef000000 | (bits >> 24 & 1) << 28 | (bits & 0x00ffffff);
	if ((bits & 0xff100000) == 0xf4000000)
		return 0xf9000000 | (bits & 0x00ffffff);
	return bits >> 28 == 15 ? bits : (bits & 0x0fffffff) | 0xe0000000;
}

static int find_row(const struct bucket *bucket, uint32_t bits)
{
	const uint16_t *entry = &index_.entry[bucket->first];

	for (unsigned i = 0; i < bucket->count; i++) {
		const struct decode_row *info = &index_.info[entry[i]];
		if ((bits & info->mask) == info->value)
			return entry[i];
	}
	return -1;
}

static void fill_standard(struct insn *insn, const struct fields *f)
{
	insn->rd = F('d');
	insn->rn = F('n');
	insn->rm = F('m');
	insn->rs = F('s');
	insn->rt = F('t');
	insn->rt2 = F('u');
	insn->imm = F('i');
	insn->setflags = F('S');
	insn->index = F('P');
	insn->add = F('U');
	insn->wback = F('W');
}

static void decode_with_row(const struct row *row, uint32_t bits, struct insn *insn)
{
	struct fields fields = {0}, *f = &fields;

	for (unsigned i = 0; i < row->segments; i++) {
		const struct segment *s = &row->segment[i];
		f->value[s->letter] |= (bits >> s->shift & s->mask) << s->left;
	}
	insn->op = row->op;
	if (row->has_cond)
		insn->cond = F('c');
	if ((bits & row->should_mask) != row->should_value)
		insn->status = INSN_UNPREDICTABLE;
	for (unsigned i = 0; i < row->nots; i++) {
		uint32_t reg = f->value[row->not_letter[i]];
		if (reg == 15 || (reg == 13 && row->not_bad[i]))
			insn->status = INSN_UNPREDICTABLE;
	}
	fill_standard(insn, f);
	row->recipe(insn, f);
}

enum insn_status decode(enum insn_set set, uint32_t bits, struct insn *insn)
{
	uint32_t look = bits;
	int row;

	need_index();
	*insn = (struct insn){.set = set, .size = 4, .cond = INSN_COND_AL, .raw = bits};
	if (set == SET_A32) {
		row = find_row(&index_.a32[a32_key(bits)], bits);
	} else if (!t32_is_wide(bits >> 16)) {
		insn->size = 2;
		insn->raw = look = bits >> 16;
		row = find_row(&index_.t16[t16_key(look)], look);
	} else if ((look = a32_of_t32(bits)) != 0) {
		row = find_row(&index_.a32[a32_key(look)], look);
	} else {
		look = bits;
		row = find_row(&index_.t32[t32_key(bits)], bits);
	}
	if (row < 0) {
		insn->op = INSN_UDF;
		insn->row = DECODE_NO_ROW;
		insn->status = INSN_UNDEFINED;
		return INSN_UNDEFINED;
	}
	insn->row = (uint16_t)row;
	decode_with_row(&index_.row[row], look, insn);
	return insn->status;
}

/* --- for tests and fuzzers -------------------------------------------------------------------------------------- */

unsigned decode_row_count(void)
{
	return ROWS;
}

const struct decode_row *decode_row(unsigned row)
{
	need_index();
	return &index_.info[row];
}

const char *insn_op_name(enum insn_op op)
{
	static const char *const name[] = {
#define INSN(id, mnemonic) mnemonic,
#include "translator/decode/insn_ops.def"
#undef INSN
	};
	return op < INSN_OP_COUNT ? name[op] : "?";
}
