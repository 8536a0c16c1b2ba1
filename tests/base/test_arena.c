#include "base/base.h"
#include "base/arena.h"

#include "tests/base/check_run.h"

#include <string.h>

START_TEST(blocks_are_aligned_and_apart)
{
	struct arena arena;
	unsigned char *blocks[200];

	arena_init(&arena, 1024);
	for (unsigned i = 0; i < 200; i++) {
		size_t size = 1 + i * 7 % 97;

		blocks[i] = arena_alloc(&arena, size);
		ck_assert_ptr_nonnull(blocks[i]);
		ck_assert_uint_eq((uintptr_t)blocks[i] % 16, 0);
		memset(blocks[i], (int)i, size);
	}
	for (unsigned i = 0; i < 200; i++) {
		size_t size = 1 + i * 7 % 97;

		ck_assert_uint_eq(blocks[i][0], i & 0xff);
		ck_assert_uint_eq(blocks[i][size - 1], i & 0xff);
	}
	arena_fini(&arena);
}
END_TEST

/* Chunks of huge pages: what was promised to fit in one does, on its own huge page. */
START_TEST(large_chunks_are_huge_pages)
{
	const size_t half = MiB - ARENA_CHUNK_HEAD;
	struct arena arena;
	unsigned char *first, *second;

	arena_init(&arena, 2 * MiB - ARENA_CHUNK_HEAD);
	first = arena_alloc(&arena, half);
	second = arena_alloc(&arena, half);
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_eq(second, first + half);
	ck_assert_uint_eq((uintptr_t)first / (2 * MiB), (uintptr_t)(second + half - 1) / (2 * MiB));
	ck_assert_uint_le((uintptr_t)first % (2 * MiB), ARENA_CHUNK_HEAD);
	memset(first, 1, half);
	memset(second, 2, half);
	ck_assert_uint_eq(first[half - 1], 1);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_block_may_be_larger_than_a_chunk)
{
	struct arena arena;

	arena_init(&arena, 256);
	unsigned char *big = arena_alloc(&arena, 100000), *small = arena_alloc(&arena, 1);

	ck_assert_ptr_nonnull(big);
	ck_assert_ptr_nonnull(small);
	memset(big, 1, 100000);
	ck_assert_uint_ge(arena.used, 100001);
	arena_fini(&arena);
}
END_TEST

START_TEST(an_impossible_size_fails_cleanly)
{
	struct arena arena;

	arena_init(&arena, 256);
	ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX));
	ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX - 15));
	ck_assert_uint_eq(arena.used, 0);
	ck_assert_ptr_nonnull(arena_alloc(&arena, 8));
	arena_fini(&arena);
}
END_TEST

START_TEST(a_loop_of_resets_settles_on_one_chunk)
{
	struct arena arena;
	void *first = NULL;

	arena_init(&arena, 256);
	for (unsigned round = 0; round < 10; round++) {
		void *block = arena_alloc(&arena, 200);

		for (unsigned i = 0; i < 50; i++)
			ck_assert_ptr_nonnull(arena_alloc(&arena, 200));
		if (round == 2)
			first = block;
		if (round > 2)
			ck_assert_ptr_eq(block, first);
		arena_reset(&arena);
		ck_assert_uint_eq(arena.used, 0);
	}
	arena_fini(&arena);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { blocks_are_aligned_and_apart, large_chunks_are_huge_pages, a_block_may_be_larger_than_a_chunk,
		                       an_impossible_size_fails_cleanly, a_loop_of_resets_settles_on_one_chunk };

	return check_run("arena", tests, ARRAY_SIZE(tests));
}
