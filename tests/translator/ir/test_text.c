/* IR as text: what is parsed is dumped alike, what is no IR is refused with its line. */
#include "base/base.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/base/check_run.h"
#include "translator/ir/ir.h"

static struct ir_block block, again;

static char *dump(const struct ir_block *b)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	ir_dump(b, to);
	fclose(to);
	return text;
}

static const char every_form[] =
	"block pc=0x8000 key=0x105 insns=2 bytes=8 tmps=4 labels=1\n"
	" insn 0x8000, 0x4\n"
	"  add r0, r1, #0x10 def=NZCV\n"
	"  adc t0, t3, r14 def=C\n"
	"  sub t1, #0x0, r2\n"
	"  lsl t2, r3, r4 def=NC use=C\n"
	"  lsr r3, r3, #0x20 def=NZC\n"
	"  rrx r4, r4\n"
	"  setc 0x1 def=C\n"
	"  ubfx r5, r6, 0x3, 0x4\n"
	"  umull r0, r1, r2, r3\n"
	"  brc 0x0 cond=hi\n"
	"  select r5, r6, #0x7 cond=le\n"
	"  ld r0, r13, 0xfffffffc mem=0x2 group=2\n"
	"  ld r1, r13, 0x4 mem=0x6 group=255\n"
	"  ldf f31, r13, 0x8 mem=0x3\n"
	"  stf t0, f63, 0x8 mem=0x2\n"
	"  ldrex r0, _, r1, 0x0 mem=0x2\n"
	"  strex r0, r1, r2, r3, 0x0 mem=0x3\n"
	"  stcpu #0x5, 0x50\n"
	"  call _, r0, _, _, 0x1\n"
	"  simd 0x1, 0x12345678\n"
	"  label 0x0\n"
	" insn 0x8004, 0x1802\n"
	"  exit_ind r14, 0x5\n";

START_TEST(round_trip)
{
	char *text;

	ck_assert_int_eq(ir_parse(&block, every_form), 0);
	text = dump(&block);
	ck_assert_str_eq(text, every_form);
	ck_assert_int_eq(ir_parse(&again, text), 0);
	ck_assert_uint_eq(again.count, block.count);
	ck_assert_int_eq(memcmp(again.ops, block.ops, block.count * sizeof(block.ops[0])), 0);
	free(text);
}
END_TEST

static const struct {
	const char *text;
	int line;
} bad[] = {
	{ "nonsense r0", 1 },
	{ " insn 0x8000, 0x4\n  add r0, r1\n", 2 },
	{ "add r15, r1, r2", 1 },
	{ "add r0, r1, r2 def=Q", 1 },
	{ "add r0, r1, r2 cond=xx", 1 },
	{ "add r0, r1, r2 what=1", 1 },
	{ "\n\nmov t1024, r0", 3 },
	{ "mov r0, #0x100000000", 1 },
	{ "label 0x5000", 1 },
	{ "exit 0x0, 0x0 trailing", 1 },
};

START_TEST(refused)
{
	ck_assert_int_eq(ir_parse(&block, bad[_i].text), bad[_i].line);
}
END_TEST

START_TEST(overflow_is_sticky)
{
	ir_block_init(&block, 0, 0);
	for (unsigned i = 0; i < IR_MAX_OPS; i++)
		ck_assert_ptr_nonnull(ir_append(&block, IR_MOV));
	ck_assert(!block.overflow);
	ck_assert_ptr_nonnull(ir_append(&block, IR_MOV));
	ck_assert(block.overflow);
	ck_assert_uint_eq(block.count, IR_MAX_OPS);

	ir_block_init(&block, 0, 0);
	ck_assert(!block.overflow);
	for (unsigned i = 0; i < IR_MAX_TMPS; i++)
		ck_assert_uint_eq(ir_tmp(&block), IR_TMP0 + i);
	ck_assert(!block.overflow);
	ir_tmp(&block);
	ck_assert(block.overflow);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ir text");
	TCase *tc = tcase_create("text");

	tcase_add_test(tc, round_trip);
	tcase_add_loop_test(tc, refused, 0, ARRAY_SIZE(bad));
	tcase_add_test(tc, overflow_is_sticky);
	suite_add_tcase(suite, tc);
	return check_run_suite(suite);
}
