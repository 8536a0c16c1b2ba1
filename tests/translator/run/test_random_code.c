/* Random bytes as code, natively and interpreted at once. CODE_SEED=n runs one case, CODE_CASES=n more of them, CODE_ACCEL=text those as this -accel. */
#include "base/base.h"

#include <check.h>
#include <stdlib.h>

#include "tests/base/check_run.h"
#include "tests/translator/guest.h"
#include "tests/translator/random_code.h"
#include "tests/translator/random_ir.h"

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static const char *const accels[] = {
	"dbt",
	"dbt,no-superblock,no-lift-runs,no-fast-memory,no-windows,no-device-sites,no-revive,no-home-copies,no-loop-homes,no-shifted,no-live-flags,no-inline-system,no-inline-fp,no-lazy-fp,no-fp-traps,no-fold,no-flags,no-dead,no-checks",
	"dbt,windows=always",
};

/* Mostly conditions AL and encodings of data processing and memory, so that runs get somewhere. */
static void fill(uint8_t *data, size_t size, uint64_t *seed)
{
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(random_next(seed) >> 40);
	if (data[0] & 4)
		return;
	for (size_t i = 4; i < size; i += 4) {
		uint64_t r = random_next(seed);

		if (r >> 32 & 7)
			data[i] = 0xe0 | (data[i] & (r >> 40 & 3 ? 7 : 15));
	}
}

START_TEST(random_code)
{
	struct guest *guest = random_code_guest(getenv("CODE_ACCEL") ? getenv("CODE_ACCEL") : accels[_i]);
	uint64_t first = number("CODE_SEED", 1), cases = number("CODE_CASES", number("CODE_SEED", 0) ? 1 : 1500);
	uint8_t data[1 + 256];

	for (uint64_t n = first; n < first + cases; n++) {
		uint64_t seed = n * 0x9e3779b97f4a7c15ull;

		fill(data, sizeof(data), &seed);
		ck_assert_msg(random_code_run(guest, data, sizeof(data)), "CODE_SEED=%" PRIu64, n);
	}
	guest_destroy(guest);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("random code");
	TCase *tc = tcase_create("random code");

	tcase_add_loop_test(tc, random_code, 0, getenv("CODE_ACCEL") ? 1 : ARRAY_SIZE(accels));
	tcase_set_timeout(tc, number("CODE_CASES", 0) ? 0 : 120);
	suite_add_tcase(suite, tc);
	return check_run_suite(suite);
}
