#include "base/base.h"
#include "base/bits.h"

#include "tests/base/check_run.h"

START_TEST(extract_and_deposit)
{
	static const struct {
		uint32_t value;
		unsigned start, length;
		uint32_t field;
	} cases[] = {
		{ 0xe59f1004, 28, 4, 0xe }, { 0xe59f1004, 0, 12, 4 }, { 0xe59f1004, 12, 4, 1 }, { 0x80000000, 31, 1, 1 },
		{ 0xdeadbeef, 0, 32, 0xdeadbeef }, { 0xdeadbeef, 4, 28, 0x0deadbee },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_uint_eq(extract32(cases[i].value, cases[i].start, cases[i].length), cases[i].field);
		ck_assert_uint_eq(deposit32(cases[i].value, cases[i].start, cases[i].length, cases[i].field), cases[i].value);
		uint32_t cleared = deposit32(cases[i].value, cases[i].start, cases[i].length, 0);
		ck_assert_uint_eq(extract32(cleared, cases[i].start, cases[i].length), 0);
		ck_assert_uint_eq(cleared | cases[i].field << cases[i].start, cases[i].value);
	}
	ck_assert_uint_eq(deposit32(0, 4, 4, 0xff), 0xf0);
}
END_TEST

START_TEST(sign_extension)
{
	ck_assert_int_eq(sign_extend32(0x800000, 24), -0x800000);
	ck_assert_int_eq(sign_extend32(0x7fffff, 24), 0x7fffff);
	ck_assert_int_eq(sign_extend32(1, 1), -1);
	ck_assert_int_eq(sign_extend32(0xff, 8), -1);
	ck_assert_int_eq(sign_extend32(0xffffff7f, 8), 0x7f);
	ck_assert_int_eq(sign_extend32(0x80000000, 32), INT32_MIN);
}
END_TEST

START_TEST(rotation_and_leading_zeros)
{
	ck_assert_uint_eq(ror32(0x12345678, 0), 0x12345678);
	ck_assert_uint_eq(ror32(0x12345678, 8), 0x78123456);
	ck_assert_uint_eq(ror32(0x12345678, 32), 0x12345678);
	ck_assert_uint_eq(ror32(1, 1), 0x80000000);
	ck_assert_uint_eq(clz32(0), 32);
	ck_assert_uint_eq(clz32(1), 31);
	ck_assert_uint_eq(clz32(0x80000000), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { extract_and_deposit, sign_extension, rotation_and_leading_zeros };

	return check_run("bits", tests, ARRAY_SIZE(tests));
}
