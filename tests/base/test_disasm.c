#include "base/base.h"
#include "base/disasm.h"

#include "tests/base/check_run.h"

#include <string.h>

START_TEST(known_encodings)
{
	static const struct {
		enum disasm_arch arch;
		uint8_t code[4];
		size_t size, length;
		const char *text;
	} cases[] = {
		{ DISASM_A32, { 0x01, 0x00, 0xa0, 0xe3 }, 4, 4, "mov r0, #1" },
		{ DISASM_A32, { 0xfe, 0xff, 0xff, 0xea }, 4, 4, "b #0x8000" },
		{ DISASM_A32, { 0x01, 0x00, 0xa0 }, 3, 0, "<unknown>" },
		{ DISASM_T32, { 0x70, 0x47 }, 2, 2, "bx lr" },
		{ DISASM_T32, { 0x70, 0x47, 0x70, 0x47 }, 4, 2, "bx lr" },
		{ DISASM_T32, { 0x4f, 0xf0, 0x01, 0x00 }, 4, 4, "mov.w r0, #1" },
		{ DISASM_X64, { 0x48, 0x89, 0xc3 }, 3, 3, "mov rbx, rax" },
		{ DISASM_X64, { 0xc3 }, 1, 1, "ret" },
		{ DISASM_X64, { 0x06 }, 1, 0, "<unknown>" },
	};
	char text[64];

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t length = disasm_one(cases[i].arch, cases[i].code, cases[i].size, 0x8000, text, sizeof(text));
		ck_assert_str_eq(text, cases[i].text);
		ck_assert_uint_eq(length, cases[i].length);
	}
}
END_TEST

START_TEST(a_short_buffer_is_cut)
{
	static const uint8_t code[] = { 0x01, 0x00, 0xa0, 0xe3 };
	char text[6] = "xxxxx";

	ck_assert_uint_eq(disasm_one(DISASM_A32, code, 4, 0, text, sizeof(text)), 4);
	ck_assert_str_eq(text, "mov r");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { known_encodings, a_short_buffer_is_cut };

	return check_run("disasm", tests, ARRAY_SIZE(tests));
}
