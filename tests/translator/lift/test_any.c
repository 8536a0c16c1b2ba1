/*
 * test_any.c - whatever the guest runs, lift makes IR that keeps the rules: random bits and rows, in every state key.
 *
 * Most of what is tried is UNDEFINED or UNPREDICTABLE. LIFT_SEED and LIFT_COUNT as in test_random.c.
 */
#include "base/base.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cpu/cpu.h"
#include "tests/base/check_run.h"
#include "tests/translator/lift/sequence.h"
#include "translator/lift/lift.h"
#include "translator/passes/passes.h"

#define PAGE 0xfffff000u /* the last one: addresses wrap behind it */
#define DEFAULT_COUNT 100000

static unsigned long env(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

/* Fixed bits of a random row, the rest random; or just random. */
static uint32_t random_bits(struct rng *rng, unsigned *size)
{
	const struct decode_row *row = decode_row(rng_below(rng, decode_row_count()));
	uint32_t bits = rng_next(rng);

	*size = 4;
	if (!rng_below(rng, 4))
		return bits;
	if (row->table == TABLE_T16) {
		*size = 2;
		return (bits & ~row->mask) | row->value;
	}
	return (bits & ~row->mask) | row->value;
}

static void fill_page(struct rng *rng, uint8_t *page, bool thumb)
{
	unsigned at = 0;

	while (at < GUEST_PAGE_SIZE) {
		unsigned size;
		uint32_t bits = random_bits(rng, &size);

		if (thumb && size == 4)
			bits = bits << 16 | bits >> 16;
		memcpy(page + at, &bits, MIN(size, GUEST_PAGE_SIZE - at));
		at += size;
	}
}

static uint32_t random_key(struct rng *rng)
{
	uint32_t key = rng_next(rng) & (KEY_T | KEY_E | KEY_PRIV | KEY_FPMODE | KEY_ALIGN | KEY_NOSIMD | KEY_NOD32);

	if (key & KEY_T && !rng_below(rng, 4))
		key |= (rng_next(rng) & 0xff) << KEY_IT_SHIFT;
	return key;
}

static int next_page(void *opaque, const uint8_t **bytes)
{
	struct rng *rng = opaque;
	static const uint8_t zeros[GUEST_PAGE_SIZE];

	*bytes = zeros;
	return rng_below(rng, 2) ? 0 : -1;
}

static void check_verified(const struct ir_block *block, uint64_t seed, const char *when)
{
	unsigned at;
	const char *wrong = ir_verify(block, &at);

	if (!wrong)
		return;
	ir_dump(block, stdout);
	fflush(stdout);
	ck_abort_msg("seed %#llx: %s, op %u: %s", (unsigned long long)seed, when, at, wrong);
}

static void try_one(struct cpu *cpu, struct ir_block *block, uint64_t seed)
{
	static uint8_t page[GUEST_PAGE_SIZE];
	struct rng rng = { seed };
	uint32_t key = random_key(&rng);
	const struct lift_source source = { .page = PAGE, .bytes = page, .next_page = next_page, .opaque = &rng };
	const struct lift_options options = {
		.max_insns = (uint16_t)(1 + rng_below(&rng, 70)), .superblocks = rng_below(&rng, 2), .count_sensitive = rng_below(&rng, 2),
	};
	struct lift_result result;

	fill_page(&rng, page, key & KEY_T);
	for (unsigned i = 0; i < 16; i++) {
		uint32_t offset = rng_below(&rng, 4) ? rng_below(&rng, GUEST_PAGE_SIZE) : GUEST_PAGE_SIZE - 1 - rng_below(&rng, 8);

		offset &= key & KEY_T ? ~1u : ~3u;
		ir_block_init(block, PAGE + offset, key);
		if (lift_block(cpu, &source, &options, block, &result) < 0)
			continue;
		ck_assert(!block->overflow);
		ck_assert_uint_ge(result.insns, 1);
		ck_assert_uint_le(result.insns, MIN(options.max_insns, LIFT_MAX_INSNS));
		ck_assert_uint_le(result.first, offset);
		ck_assert(result.last > offset && result.last <= GUEST_PAGE_SIZE);
		check_verified(block, seed, "lifted");
		passes_run(block, PASSES_ALL, false);
		check_verified(block, seed, "after the passes");
	}
}

/* Of what pages are full that make blocks as large as they may be, in ops and in exits. */
enum full_of { ANYTHING, TRANSFERS, EXITS };

static enum full_of random_filling(struct rng *rng)
{
	unsigned n = rng_below(rng, 16);

	return n < 2 ? (enum full_of)(TRANSFERS + n) : ANYTHING;
}

/* A word of A32 that does not come by chance: NOP, BX lr, MOV of registers and constants. */
static uint32_t particular_word(struct rng *rng)
{
	static const uint32_t words[] = { 0x0320f000, 0x012fff1e, 0x01a00000, 0x01a00000, 0x03a00000 };
	unsigned n = rng_below(rng, ARRAY_SIZE(words));
	uint32_t cond = rng_below(rng, 2) ? 14u : rng_below(rng, 15);

	return cond << 28 | words[n] | (n < 2 ? 0 : rng_next(rng) & 0xf00f);
}

/* Rows of A32, most of them under the condition AL, and many branches to near places. */
static void fill_runs(struct rng *rng, uint8_t *page)
{
	enum full_of full_of = random_filling(rng);

	for (unsigned at = 0; at < GUEST_PAGE_SIZE; at += 4) {
		unsigned size, kind = full_of && rng_below(rng, 32) ? 16 + full_of : rng_below(rng, 9);
		uint32_t bits = random_bits(rng, &size);

		switch (kind) {
		case 0:
			bits = (bits & 0xf0000000) | 0x0a000000 | ((rng_below(rng, 200) - 100) & 0xffffff);
			break;
		case 1:
			break;
		case 2:
			/* Data processing with what is commonest. */
			bits = 0xe0000000 | (bits & 0x03ff7fff & ~(rng_below(rng, 2) ? 0xff0 : 0));
			break;
		case 3:
			bits = 0xe0000000 | (bits & 0x0ff77fff);
			break;
		case 4:
			bits = particular_word(rng);
			break;
		case 16 + TRANSFERS:
			bits = 0xe80d5fff | (bits & 0x01b00000);
			break;
		case 16 + EXITS:
			bits = (bits & 0xd0000000) | 0x0a001000 | rng_below(rng, 256);
			break;
		default:
			bits = 0xe0000000 | (bits & 0x0fffffff);
			break;
		}
		memcpy(page + at, &bits, sizeof(bits));
	}
}

static bool same_ops(const struct ir_block *a, const struct ir_block *b)
{
	return a->count == b->count && !memcmp(a->ops, b->ops, a->count * sizeof(a->ops[0]));
}

/* What lift says of exits spares pass_join() a look only where it would find nothing. Both blocks are the same. */
static void check_join(struct ir_block *block, struct ir_block *copy, uint64_t seed)
{
	copy->exits_leave = false;
	passes_run(block, 1u << PASS_JOIN, false);
	passes_run(copy, 1u << PASS_JOIN, false);
	ck_assert_msg(same_ops(block, copy), "seed %#llx: a join that was not looked for", (unsigned long long)seed);
}

/* Mostly T16, with IT blocks and near branches. */
static void fill_halfwords(struct rng *rng, uint8_t *page)
{
	enum full_of full_of = random_filling(rng);

	for (unsigned at = 0; at < GUEST_PAGE_SIZE; at += 2) {
		unsigned kind = full_of && rng_below(rng, 32) ? 16 + full_of : rng_below(rng, 16);
		uint16_t bits = (uint16_t)rng_next(rng);

		switch (kind) {
		case 0:
			bits = (uint16_t)(0xd000 | (bits & 0xf3f)); /* B with a condition */
			break;
		case 1:
			bits = (uint16_t)(0xe000 | (bits & 0x3f));
			break;
		case 2:
			bits = (uint16_t)(0xbf00 | (bits & 0xff)); /* IT */
			break;
		case 3:
			break;
		case 16 + TRANSFERS:
			bits = (uint16_t)(bits & 0x800 ? 0xb5ff : 0xbcff); /* PUSH, POP */
			break;
		case 16 + EXITS:
			bits = (uint16_t)(0xd000 | (bits & 0xdff));
			break;
		default:
			bits = (uint16_t)(rng_below(rng, 0xb800));
			break;
		}
		memcpy(page + at, &bits, sizeof(bits));
	}
}

/* Runs (lift_run.c, lift_run_thumb.c) make the same IR as each of their instructions by the decoder. */
static void try_runs(struct cpu *cpu, struct ir_block *block, uint64_t seed)
{
	static struct ir_block by_decoder;
	static uint8_t page[GUEST_PAGE_SIZE];
	struct rng rng = { seed };
	uint32_t key = random_key(&rng);
	const struct lift_source source = { .page = PAGE, .bytes = page, .next_page = next_page, .opaque = &rng };
	struct lift_options options = {
		.max_insns = (uint16_t)(1 + rng_below(&rng, 70)), .superblocks = rng_below(&rng, 4), .count_sensitive = rng_below(&rng, 2),
	};

	if (key & KEY_T)
		fill_halfwords(&rng, page);
	else
		fill_runs(&rng, page);
	for (unsigned i = 0; i < 16; i++) {
		uint32_t offset = rng_below(&rng, 4) ? rng_below(&rng, GUEST_PAGE_SIZE) : GUEST_PAGE_SIZE - 1 - rng_below(&rng, 8);
		struct lift_result result, expected;

		offset &= key & KEY_T ? ~1u : ~3u;
		options.no_runs = false;
		ir_block_init(block, PAGE + offset, key);
		if (lift_block(cpu, &source, &options, block, &result) < 0)
			continue;
		options.no_runs = true;
		ir_block_init(&by_decoder, PAGE + offset, key);
		if (lift_block(cpu, &source, &options, &by_decoder, &expected) < 0)
			continue; /* next_page() is random */
		if (same_ops(block, &by_decoder) && block->tmps == by_decoder.tmps && block->labels == by_decoder.labels &&
		    result.insns == expected.insns && result.first == expected.first && result.last == expected.last &&
		    result.straddles == expected.straddles && block->exits_leave == by_decoder.exits_leave &&
		    block->guest_insns == by_decoder.guest_insns && block->guest_bytes == by_decoder.guest_bytes) {
			check_verified(block, seed, "by runs");
			check_join(block, &by_decoder, seed);
			continue;
		}
		ir_dump(block, stdout);
		printf("\nby the decoder:\n");
		ir_dump(&by_decoder, stdout);
		fflush(stdout);
		ck_abort_msg("seed %#llx: not the same", (unsigned long long)seed);
	}
}

static void try_many(void (*try)(struct cpu *cpu, struct ir_block *block, uint64_t seed))
{
	static struct cpu cpu;
	struct ir_block *block = malloc(sizeof(*block));
	struct log *log = log_create();
	unsigned long count = env("LIFT_COUNT", DEFAULT_COUNT), first = env("LIFT_SEED", 1);

	ck_assert_ptr_nonnull(block);
	cpu_init(&cpu, cpu_model_find("cortex-a9"), 0, log);
	if (getenv("LIFT_SEED") && !getenv("LIFT_COUNT"))
		count = 16;
	for (unsigned long i = 0; i < count / 16; i++)
		try(&cpu, block, first + i);
	log_destroy(log);
	free(block);
}

START_TEST(test_any)
{
	try_many(try_one);
}
END_TEST

START_TEST(test_runs)
{
	try_many(try_runs);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lift: anything");
	TCase *tcase = tcase_create("any");

	tcase_set_timeout(tcase, 0);
	tcase_add_test(tcase, test_any);
	tcase_add_test(tcase, test_runs);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
