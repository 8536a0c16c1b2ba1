/* The verifier names each kind of broken block, and takes the sound ones. */
#include "base/base.h"

#include <check.h>
#include <stdlib.h>

#include "tests/base/check_run.h"
#include "translator/ir/ir.h"

static struct ir_block block;

#define I " insn 0x8000, 0x4\n"
#define X "  exit 0x8004, 0x0\n"

static const char *const sound[] = {
	I X,
	I "mov t0, #1\n brc 0 cond=eq\n add t0, t0, #1\n mov r0, t0\n label 0\n mov r1, #0\n" X,
	I "brc 0 cond=eq\n" X "label 0\n exit 0x8000, 0x0\n",
	I "br 0\n label 0\n" X,
	I "lsl r0, r1, r2 def=C use=C\n lsl r0, r1, #4 def=C\n lsl r0, r1, r2 def=NZ\n" X,
	I "ld r0, r1, 0 mem=2 group=3\n ld r2, r1, 4 mem=2 group=255\n ld r1, r1, 8 mem=2 group=255\n" X,
	I "ldrex r0, r1, r2, 0 mem=3\n strex r3, r2, r0, r1, 0 mem=3\n" X,
	I "call _, _, _, _, 0\n exit_state\n",
};

START_TEST(accepts)
{
	unsigned at;
	const char *wrong;

	ck_assert_int_eq(ir_parse(&block, sound[_i]), 0);
	wrong = ir_verify(&block, &at);
	ck_assert_msg(!wrong, "op %u: %s", at, wrong ? wrong : "");
}
END_TEST

static const struct {
	const char *text, *wrong;
	unsigned at;
} broken[] = {
	{ "mov r0, r1\n" X, "the first op is no insn", 0 },
	{ I "mov r0, r1\n", "a path without end", 1 },
	{ I X "mov r0, r1\n" X, "code that nothing reaches", 2 },
	{ I "mov r0, t0\n" X, "a temporary that is not defined on every path", 1 },
	{ I "brc 0 cond=eq\n mov t0, #1\n label 0\n mov r0, t0\n" X, "a temporary that is not defined on every path", 4 },
	{ I "mov t0, #1\n brc 0 cond=eq\n mov t0, #2\n label 0\n mov r0, t0\n" X, "a temporary that is not defined on every path", 5 },
	{ I "add r0, #1, #2\n" X, "two immediate operands", 1 },
	{ I "umull r0, r0, r1, r2\n" X, "both results in one place", 1 },
	{ I "mov t0, #1\n umlal t0, t1, r1, r2\n" X, "a temporary that is not defined on every path", 2 },
	{ I "clz r0, #1\n" X, "an immediate where the op takes none", 1 },
	{ I "and r0, r1, r2 def=C\n" X, "defines flags that the op cannot define", 1 },
	{ I "lsl r0, r1, r2 def=C\n" X, "the flags used are not those of the op", 1 },
	{ I "lsl r0, r1, #0 def=C\n" X, "the flags used are not those of the op", 1 },
	{ I "adc r0, r1, r2 use=-\n" X, "the flags used are not those of the op", 1 },
	{ I "brc 0 cond=eq use=NZ\n label 0\n" X, "the flags used are not those of the op", 1 },
	{ I "lsl r0, r1, #0x21\n" X, "a shift count out of range", 1 },
	{ I "ubfx r0, r1, 0x10, 0x11\n" X, "a bit field out of range", 1 },
	{ I "setc 2 def=C\n" X, "C is 0 or 1", 1 },
	{ I "brc 0 cond=eq\n" X, "a branch to a label that is not bound", 1 },
	{ I "brc 0 cond=eq\n label 0\n label 0\n" X, "a label bound twice", 3 },
	{ I "brc 0 cond=eq\n label 0\n brc 0 cond=eq\n" X, "a branch backward", 3 },
	{ I "ld r0, r1, 0 mem=3\n" X, "an 8-byte access to a 4-byte register", 1 },
	{ I "ldf f0, r1, 0 mem=1\n" X, "a VFP access of less than 4 bytes", 1 },
	{ I "ldf f32, r1, 0 mem=3\n" X, "no such VFP register", 1 },
	{ I "st r0, r1, 0 mem=4\n" X, "a sign-extending access that is not a short load", 1 },
	{ I "ldrex r0, _, r2, 0 mem=3\n" X, "LDREXD, and only it, has two results", 1 },
	{ I "strex r0, r2, r3, r4, 0 mem=2\n" X, "STREXD, and only it, has two values", 1 },
	{ I "mov r0, r1 mem=2\n" X, "access flags on an op that is no access", 1 },
	{ I "ld r0, r1, 0 mem=2 group=2\n" X, "a group with something else in it", 1 },
	{ I "ld r0, r1, 0 mem=2 group=9\n" X, "a group of impossible length", 1 },
	{ I "ld r0, r1, 0 mem=2 group=2\n ld r2, r1, 4 mem=2\n" X, "a group that is shorter than its length", 1 },
	{ I "ld r0, r1, 0 mem=2 group=2\n st r1, r2, 4 mem=2 group=255\n" X, "a group of unlike accesses", 1 },
	{ I "ld r0, r1, 0 mem=2 group=2\n ld r2, r3, 4 mem=2 group=255\n" X, "a group without common base", 1 },
	{ I "ld r1, r1, 0 mem=2 group=2\n ld r2, r1, 4 mem=2 group=255\n" X, "a group whose base changes", 1 },
	{ I "ld r0, r1, 0 mem=2 group=2\n ld r2, r1, 0x100 mem=2 group=255\n" X, "a group that spans too much", 1 },
	{ I "ld r0, r1, 0 mem=2 group=255\n" X, "a group member without group", 1 },
	{ I "call _, _, _, _, 0xffffffff\n" X, "no such helper", 1 },
	{ I "simd 0xffffffff, 0\n" X, "no such SIMD operation", 1 },
	{ I "exit 0x8002, 0\n", "an exit to an unaligned PC or unknown state", 1 },
	{ I "exit_ind r0, 8\n", "unknown hints", 1 },
	{ I "exception 8, 0\n", "no such exception", 1 },
	{ " insn 0x8000, 0x3\n" X, "no such instruction size or ITSTATE", 0 },
};

START_TEST(rejects)
{
	unsigned at = ~0u;
	const char *wrong;

	ck_assert_int_eq(ir_parse(&block, broken[_i].text), 0);
	wrong = ir_verify(&block, &at);
	ck_assert_ptr_nonnull(wrong);
	ck_assert_str_eq(wrong, broken[_i].wrong);
	ck_assert_uint_eq(at, broken[_i].at);
}
END_TEST

/* What text cannot say. */
START_TEST(rejects_raw)
{
	unsigned at;

	ir_parse(&block, I X);
	block.ops[1].op = IR_OP_COUNT;
	ck_assert_str_eq(ir_verify(&block, &at), "no such op");
	ir_parse(&block, I X);
	block.ops[1].a = 3;
	ck_assert_str_eq(ir_verify(&block, &at), "an operand that the op does not have");
	ir_parse(&block, I "mov t0, r0\n" X);
	block.tmps = 0;
	ck_assert_str_eq(ir_verify(&block, &at), "a temporary beyond those allocated");
	ir_parse(&block, I "mov r0, r1\n" X);
	block.ops[1].imm = 1;
	ck_assert_str_eq(ir_verify(&block, &at), "imm is set but not used");
	block.ops[1].imm = 0;
	block.ops[1].a = 15;
	ck_assert_str_eq(ir_verify(&block, &at), "an operand that is neither register, temporary nor immediate");
	block.ops[1].a = 1;
	block.ops[1].dst = 15;
	ck_assert_str_eq(ir_verify(&block, &at), "a result that is neither register nor temporary");
	block.overflow = true;
	ck_assert_str_eq(ir_verify(&block, &at), "the block has overflowed");
	ir_block_init(&block, 0, 0);
	ck_assert_str_eq(ir_verify(&block, &at), "an empty block or impossible counts");
}
END_TEST

/* The largest count on any path to each op. */
START_TEST(counts)
{
	static const char text[] = I "brc 0 cond=eq\n insn 0x8004, 4\n mov r0, r1\n label 0\n insn 0x8008, 4\n brc 1 cond=ne\n exit 0x8000, 0\n"
	                             "label 1\n insn 0x800c, 4\n exit 0x8010, 0\n";
	static const uint16_t expected[] = { 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4 };
	uint16_t got[ARRAY_SIZE(expected)];

	ck_assert_int_eq(ir_parse(&block, text), 0);
	ck_assert_uint_eq(block.count, ARRAY_SIZE(expected));
	ir_count_insns(block.ops, block.count, got);
	for (unsigned i = 0; i < ARRAY_SIZE(expected); i++)
		ck_assert_msg(got[i] == expected[i], "op %u: %u", i, got[i]);
}
END_TEST

/* What ir.h says of opcodes in other words than ir_ops.def. */
START_TEST(opcodes)
{
	for (unsigned op = 0; op < IR_OP_COUNT; op++) {
		ck_assert_msg(ir_ends(op) == !!(ir_op_info[op].attr & IRA_END), "op %u", op);
		ck_assert_uint_eq(ir_template[op].op, op);
		ck_assert_uint_eq(ir_template[op].fuse, ir_op_info[op].fuse_always);
		ck_assert_uint_eq(ir_template[op].dst, IR_NONE);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ir verifier");
	TCase *tc = tcase_create("verify");

	tcase_add_loop_test(tc, accepts, 0, ARRAY_SIZE(sound));
	tcase_add_loop_test(tc, rejects, 0, ARRAY_SIZE(broken));
	tcase_add_test(tc, rejects_raw);
	tcase_add_test(tc, counts);
	tcase_add_test(tc, opcodes);
	suite_add_tcase(suite, tc);
	return check_run_suite(suite);
}
