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
#include <smmintrin.h>

#include "translator/decode/decode_internal.h"

enum {
	A32_BUCKETS = 1 << 12, /* bits 27:20, bits 7:4; twice, for conditions and for 1111 */
	T32_BUCKETS = 1 << 13, /* bits 28:20, bits 7:4 */
	T16_BUCKETS = 1 << 10, /* bits 15:6 */
	MAX_ENTRIES = 1 << 12,
	MAX_NODES = 1 << 11,
	MAX_LAYOUTS = 320,
	LAYOUT_SLOTS = 1 << 10,
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

/*
 * The letters that go to struct insn as they are, in the order in which they stand there. One sequence of SSE instructions takes all of
 * them from a word: each lane of 16 bits gets the two bytes in which its field begins (pshufb), moves the field to bit 8 (pmullw) and
 * down to bit 0 (psrlw), and is masked as a byte.
 */
#define LANE_LETTERS "cdnmstuSPUW"
enum { LANES = 16 };
static_assert(sizeof(LANE_LETTERS) - 1 <= LANES, "a lane for each letter");
static_assert(offsetof(struct insn, wback) - offsetof(struct insn, cond) == sizeof(LANE_LETTERS) - 2, "the fields are in the letters' order");
static_assert(offsetof(struct insn, shift_n) - offsetof(struct insn, cond) == LANES - 1, "the last lane's field");

/* Where the fields are, which most rows share with others. */
struct layout {
	_Alignas(64) uint8_t shuffle[2][LANES];
	uint16_t multiply[2][LANES / 2];
	uint8_t keep[LANES];   /* the mask of each lane's field */
	uint8_t preset[LANES]; /* lanes that have no field: the condition AL */
	uint8_t not_15[LANES], not_13[LANES]; /* 0xff where the register must not be that */
	struct fields fields;
	uint16_t split; /* bits of lanes whose field has several runs: see recipe_split() */
};

/* A row, parsed. Two to a cache line: half of what translation reads besides its own code would be rows otherwise. */
struct row {
	uint32_t mask, value;
	recipe_fn *recipe;
	const struct layout *layout;
	uint16_t op, number; /* number: DECODE_NO_ROW in the one behind the last */
	bool checked; /* has bits or registers that it should or must not have */
	bool split;   /* the layout's is not 0 */
};
static_assert(sizeof(struct row) == 32, "two rows a cache line");

/* Where a list of candidates starts in entry[]. */
typedef uint16_t bucket_t;

static struct {
	_Alignas(64) struct row row[ROWS + 1]; /* the last one matches every word: what is in no row */
	struct layout layout[MAX_LAYOUTS];
	struct {
		uint32_t mask, value;
	} should[ROWS + 1]; /* what its bits should be, for rows that are `checked` */
	bucket_t a32[2][A32_BUCKETS], t32[T32_BUCKETS], t16[T16_BUCKETS];
	uint16_t entry[MAX_ENTRIES]; /* lists of rows, each different from the others and ending with the last row */
	struct decode_row info[ROWS];
	unsigned layouts, entries;
} index_;
static pthread_once_t index_once = PTHREAD_ONCE_INIT;
static atomic_bool index_ready; /* saves the call of pthread_once() for each instruction */

/* --- parsing ---------------------------------------------------------------------------------------------------- */

static void add_segment(struct fields *fields, unsigned *count, char letter, unsigned shift)
{
	struct segment *last = *count ? &fields->segment[*count - 1] : NULL;
	uint8_t id = LETTER(letter);

	/* What the letter has so far moves up by one. */
	for (unsigned i = 0; i < *count; i++)
		if (fields->segment[i].letter == id)
			fields->segment[i].left++;
	if (last && last->letter == id && last->shift == shift + 1) {
		last->left--;
		last->shift--;
		last->mask = last->mask << 1 | 1;
		return;
	}
	BUG_ON(*count == MAX_SEGMENTS);
	fields->segment[(*count)++] = (struct segment){.letter = id, .shift = shift, .mask = 1};
}

/* Brings the runs of each letter together and notes where they start. */
static void sort_segments(struct fields *fields, unsigned count)
{
	struct segment unsorted[MAX_SEGMENTS];
	unsigned to = 0;

	memcpy(unsorted, fields->segment, sizeof(unsorted));
	for (unsigned next = 0; next < count; next++) {
		unsigned letter = unsorted[next].letter;

		if (!letter)
			continue;
		fields->first[letter] = to;
		for (unsigned i = next; i < count; i++) {
			if (unsorted[i].letter != letter)
				continue;
			fields->segment[to++] = unsorted[i];
			unsorted[i].letter = 0;
		}
	}
	fields->segment[to] = (struct segment){0};
}

/* The letters of an encoding by their bits, 0 where there is none; rows that agree in them, and in the registers that must not be 15, share a layout. */
struct pattern {
	char letter[32];
	const char *not;
};

/* Returns the width of the encoding. */
static unsigned parse_bits(const char *bits, unsigned n, struct pattern *pattern, unsigned width)
{
	uint32_t mask[2] = {0}, value[2] = {0}; /* of what is fixed, and of what should be */
	unsigned at = width, should = 0;

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
			mask[should] |= 1u << at;
			value[should] |= (uint32_t)(*bits & 1) << at;
		} else if (*bits != 'x') {
			pattern->letter[at] = *bits;
		}
	}
	index_.info[n].mask = mask[0];
	index_.info[n].value = value[0];
	index_.should[n].mask = mask[1];
	index_.should[n].value = value[1];
	return width - at;
}

static void parse_fields(struct fields *fields, const char letter[32])
{
	unsigned segments = 0;

	for (unsigned at = 32; at-- > 0;)
		if (letter[at])
			add_segment(fields, &segments, letter[at], at);
	sort_segments(fields, segments);
}

/* The runs of @letter, 0 and more; *@segment is the first. */
static unsigned runs_of(const struct layout *layout, char letter, const struct segment **segment)
{
	const struct segment *s = &layout->fields.segment[layout->fields.first[LETTER(letter)]];
	unsigned runs = 0;

	for (*segment = s; s->letter == LETTER(letter); s++)
		runs++;
	return runs;
}

static void plan_lane(struct layout *layout, unsigned lane)
{
	const struct segment *s;
	unsigned runs = runs_of(layout, LANE_LETTERS[lane], &s), byte = s->shift / 8;

	if (runs > 1)
		layout->split |= 1u << lane;
	if (runs != 1)
		return;
	BUG_ON(s->mask > 0xff);
	layout->keep[lane] = s->mask;
	layout->shuffle[lane / 8][lane % 8 * 2] = byte;
	layout->shuffle[lane / 8][lane % 8 * 2 + 1] = byte < 3 ? byte + 1 : 0x80; /* 0x80: zero */
	layout->multiply[lane / 8][lane % 8] = 1u << (8 - s->shift % 8);
}

static void plan_imm(struct layout *layout)
{
	const struct segment *s;

	if (runs_of(layout, 'i', &s) == 1) {
		layout->fields.imm_shift = s->shift;
		layout->fields.imm_mask = s->mask;
	}
}

static void plan_not(struct layout *layout, const char *not)
{
	bool bad = false;

	for (; *not; not++) {
		const char *lane = strchr(LANE_LETTERS, *not);

		if (*not == '/') {
			bad = true;
		} else {
			BUG_ON(!lane);
			layout->not_15[lane - LANE_LETTERS] = 0xff;
			layout->not_13[lane - LANE_LETTERS] = bad ? 0xff : 0;
		}
	}
}

/* How decode_insn() goes about it. */
static void plan_layout(struct layout *layout, const struct pattern *pattern)
{
	parse_fields(&layout->fields, pattern->letter);
	memset(layout->shuffle, 0x80, sizeof(layout->shuffle));
	for (unsigned lane = 0; lane < sizeof(LANE_LETTERS) - 1; lane++)
		plan_lane(layout, lane);
	if (!memchr(pattern->letter, 'c', sizeof(pattern->letter)))
		layout->preset[0] = INSN_COND_AL;
	plan_imm(layout);
	plan_not(layout, pattern->not);
}

/* The patterns of the layouts, to find them by. */
struct patterns {
	struct pattern of[MAX_LAYOUTS];
	uint16_t slots[LAYOUT_SLOTS]; /* numbers + 1 by hash */
};

static const struct layout *layout_of(struct patterns *patterns, const struct pattern *pattern)
{
	struct layout *layout = &index_.layout[index_.layouts];
	uint64_t words[4], hash = (uint8_t)*pattern->not;

	memcpy(words, pattern->letter, sizeof(words));
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
	}
	for (;; hash++) {
		uint16_t *slot = &patterns->slots[hash % LAYOUT_SLOTS];
		const struct pattern *found;

		if (!*slot) {
			patterns->of[index_.layouts] = *pattern;
			*slot = (uint16_t)++index_.layouts;
			BUG_ON(index_.layouts == MAX_LAYOUTS);
			plan_layout(layout, pattern);
			return layout;
		}
		found = &patterns->of[*slot - 1];
		if (!memcmp(found->letter, pattern->letter, sizeof(found->letter)) && !strcmp(found->not, pattern->not))
			return &index_.layout[*slot - 1];
	}
}

static void parse_row(unsigned n, struct patterns *patterns)
{
	const struct source *source = &sources[n];
	struct pattern pattern = { .not = source->not };
	struct row *row = &index_.row[n];
	struct decode_row *info = &index_.info[n];
	unsigned width = source->table == TABLE_T16 ? 16 : 32;

	BUG_ON(parse_bits(source->bits, n, &pattern, width) != width);
	row->layout = layout_of(patterns, &pattern);
	row->recipe = source->recipe;
	row->op = source->op;
	row->number = (uint16_t)n;
	row->mask = info->mask;
	row->value = info->value;
	row->checked = index_.should[n].mask || *source->not;
	row->split = row->layout->split != 0;
	info->name = source->name;
	info->bits = source->bits;
	info->op = source->op;
	info->order = source->order;
	info->has_cond = !row->layout->preset[0] && width == 32 && source->table != TABLE_T32;
	info->table = source->table;
	info->set = source->table == TABLE_T16 || source->table == TABLE_T32 ? SET_T32 : SET_A32;
	BUG_ON(source->order > MAX_ORDER);
}

/* --- the index -------------------------------------------------------------------------------------------------- */

static unsigned a32_key(uint32_t bits)
{
	return (bits >> 16 & 0xff0) | (bits >> 4 & 15);
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
	bucket_t *bucket;
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
	return (struct row_buckets){index_.a32[value >> 28 == 15], a32_key(mask), a32_key(value), A32_BUCKETS - 1};
}

/*
 * While the index is made, a bucket is the number of a node: a row in front of the list that another node begins. The same list is always the
 * same node, so it comes to stand in entry[] once. Node 0 is the row behind the last.
 */
struct builder {
	struct {
		uint16_t row, next;
	} node[MAX_NODES];
	uint16_t longer[MAX_NODES], longer_row[MAX_NODES]; /* the node of this list with that row, the last one that was asked for, in front */
	uint16_t place[MAX_NODES]; /* in entry[], + 1 */
	unsigned nodes;
	struct patterns patterns;
};

/* Puts the row in front of the lists of its buckets. */
static void enter_row(struct builder *builder, unsigned n)
{
	struct row_buckets b = row_buckets(n);
	unsigned loose = b.all & ~b.mask, free_bits = 0;

	do {
		bucket_t *bucket = &b.bucket[b.value | free_bits], old = *bucket;

		if (!builder->longer[old] || builder->longer_row[old] != n) {
			builder->longer[old] = (uint16_t)builder->nodes;
			builder->longer_row[old] = (uint16_t)n;
			BUG_ON(builder->nodes == MAX_NODES);
			builder->node[builder->nodes].row = (uint16_t)n;
			builder->node[builder->nodes++].next = old;
		}
		*bucket = builder->longer[old];
		free_bits = (free_bits - loose) & loose; /* the next subset of the loose bits */
	} while (free_bits);
}

/* From nodes to places in entry[]. */
static void place_buckets(struct builder *builder, bucket_t *bucket, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint16_t *place = &builder->place[bucket[i]];

		if (!*place) {
			*place = (uint16_t)(index_.entries + 1);
			for (unsigned at = bucket[i]; at; at = builder->node[at].next) {
				BUG_ON(index_.entries >= MAX_ENTRIES - 1);
				index_.entry[index_.entries++] = builder->node[at].row;
			}
			index_.entry[index_.entries++] = ROWS;
		}
		bucket[i] = *place - 1;
	}
}

static void build_index(void)
{
	struct builder builder = { .nodes = 1 };

	for (unsigned n = 0; n < ROWS; n++)
		parse_row(n, &builder.patterns);
	for (unsigned order = 0; order <= MAX_ORDER; order++)
		for (unsigned n = ROWS; n-- > 0;)
			if (sources[n].order == order)
				enter_row(&builder, n);
	place_buckets(&builder, index_.a32[0], A32_BUCKETS);
	place_buckets(&builder, index_.a32[1], A32_BUCKETS);
	place_buckets(&builder, index_.t32, T32_BUCKETS);
	place_buckets(&builder, index_.t16, T16_BUCKETS);
	index_.row[ROWS] = (struct row){.op = INSN_UDF, .number = DECODE_NO_ROW, .recipe = recipe_udf};
	index_.row[ROWS].layout = layout_of(&builder.patterns, &(struct pattern){ .not = "" });
	atomic_store_explicit(&index_ready, true, memory_order_release);
}

static inline bool index_is_ready(void)
{
	return atomic_load_explicit(&index_ready, memory_order_acquire);
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

static inline const struct row *find_row(const bucket_t *bucket, unsigned key, uint32_t bits)
{
	const uint16_t *entry = &index_.entry[bucket[key]];
	const struct row *row;

	do
		row = &index_.row[*entry++];
	while ((bits & row->mask) != row->value);
	return row;
}

/* For rows with fields of several runs, which the plan for all lanes at once leaves out. */
static __attribute__((noinline)) void recipe_split(const struct row *row, struct insn *insn)
{
	const struct layout *layout = row->layout;

	for (unsigned rest = layout->split; rest; rest &= rest - 1) {
		unsigned lane = (unsigned)__builtin_ctz(rest);
		uint8_t reg = (uint8_t)field_value(&layout->fields, insn->word, LETTER(LANE_LETTERS[lane]));

		(&insn->cond)[lane] = reg;
		if ((reg == 15 && layout->not_15[lane]) || (reg == 13 && layout->not_13[lane]))
			insn->status = INSN_UNPREDICTABLE;
	}
	row->recipe(insn, &layout->fields);
}

/* The standard fields by the row's plan (LANE_LETTERS). SSE4.1 is what emitted code needs too. */
static inline __attribute__((target("sse4.1"))) void fill_lanes(const struct row *row, const struct layout *layout, uint32_t bits, struct insn *insn)
{
	__m128i word = _mm_cvtsi32_si128((int)bits), lanes, low, high, bad;

	low = _mm_shuffle_epi8(word, *(const __m128i *)layout->shuffle[0]);
	high = _mm_shuffle_epi8(word, *(const __m128i *)layout->shuffle[1]);
	low = _mm_srli_epi16(_mm_mullo_epi16(low, *(const __m128i *)layout->multiply[0]), 8);
	high = _mm_srli_epi16(_mm_mullo_epi16(high, *(const __m128i *)layout->multiply[1]), 8);
	lanes = _mm_and_si128(_mm_packus_epi16(low, high), *(const __m128i *)layout->keep);
	_mm_storeu_si128((__m128i *)&insn->cond, _mm_or_si128(lanes, *(const __m128i *)layout->preset));
	if (!row->checked)
		return;
	bad = _mm_and_si128(_mm_cmpeq_epi8(lanes, _mm_set1_epi8(15)), *(const __m128i *)layout->not_15);
	bad = _mm_or_si128(bad, _mm_and_si128(_mm_cmpeq_epi8(lanes, _mm_set1_epi8(13)), *(const __m128i *)layout->not_13));
	if (_mm_movemask_epi8(bad) || (bits & index_.should[row - index_.row].mask) != index_.should[row - index_.row].value)
		insn->status = INSN_UNPREDICTABLE;
}

/* Before the index is there. */
static __attribute__((noinline)) void decode_first(enum insn_set set, uint32_t bits, struct insn *insn)
{
	pthread_once(&index_once, build_index);
	decode_insn(set, bits, insn);
}

/* Calls stand last, so that nothing has to be saved for what is behind them. */
__attribute__((target("sse4.1"))) void decode_insn(enum insn_set set, uint32_t bits, struct insn *insn)
{
	const struct layout *layout;
	const struct row *row;

	if (unlikely(!index_is_ready())) {
		decode_first(set, bits, insn);
		return;
	}
	*insn = (struct insn){.set = set, .size = 4, .raw = bits};
	if (set == SET_A32) {
		row = find_row(index_.a32[bits >= 0xf0000000], a32_key(bits), bits);
	} else if (!t32_is_wide(bits >> 16)) {
		insn->size = 2;
		insn->raw = bits >>= 16;
		row = find_row(index_.t16, t16_key(bits), bits);
	} else if (a32_of_t32(bits)) {
		bits = a32_of_t32(bits);
		row = find_row(index_.a32[bits >= 0xf0000000], a32_key(bits), bits);
	} else {
		row = find_row(index_.t32, t32_key(bits), bits);
	}
	layout = row->layout;
	insn->word = bits;
	insn->op = row->op;
	insn->row = row->number;
	insn->imm = field_imm(&layout->fields, bits);
	fill_lanes(row, layout, bits, insn);
	if (unlikely(row->split))
		recipe_split(row, insn);
	else
		row->recipe(insn, &layout->fields);
}

/* --- for tests and fuzzers -------------------------------------------------------------------------------------- */

unsigned decode_row_count(void)
{
	return ROWS;
}

const struct decode_row *decode_row(unsigned row)
{
	if (!index_is_ready())
		pthread_once(&index_once, build_index);
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
