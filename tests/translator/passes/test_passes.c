/* What each pass makes of small blocks, as text, and that no pass changes what random blocks do. SEED and CASES from the environment. */
#include "base/base.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/base/check_run.h"
#include "tests/translator/guest.h"
#include "tests/translator/random_ir.h"
#include "translator/ir/interp.h"
#include "translator/passes/passes.h"
#include "translator/run/helpers.h"

#define I " insn 0x8000, 0x4\n"
#define X "  exit 0x8004, 0x0\n"

static const struct {
	enum pass pass;
	const char *in, *out; /* without the header line */
} golden[] = {
	/* fold */
	{ PASS_FOLD, I "mov r0, #0x1234\nbfi r0, r0, r1, 0x10, 0x10\n" X, I "  mov r0, #0x1234\n  bfi r0, r0, r1, 0x10, 0x10\n" X },
	{ PASS_FOLD, I "mov r3, #0x1234\nor r3, r3, #0xc0000000\n" X, I "  mov r3, #0x1234\n  mov r3, #0xc0001234\n" X },
	{ PASS_FOLD, I "mov t0, #0x8008\nld r0, t0, 0x10 mem=0x2\n" X, I "  mov t0, #0x8008\n  ld r0, #0x8008, 0x10 mem=0x2\n" X },
	{ PASS_FOLD, I "mov r1, #0x8008\nld r0, r1, 0x10 mem=0x2\n" X, I "  mov r1, #0x8008\n  ld r0, r1, 0x10 mem=0x2\n" X },
	{ PASS_FOLD, I "mov t0, r1\nadd r1, r1, #0x4\nmov r2, t0\n" X, I "  mov t0, r1\n  add r1, r1, #0x4\n  mov r2, t0\n" X },
	{ PASS_FOLD, I "mov t0, r1\nadd r2, t0, t0\n" X, I "  mov t0, r1\n  add r2, r1, r1\n" X },
	{ PASS_FOLD, I "mov t0, #0x21\nlsl r0, r1, t0 def=C use=C\n" X, I "  mov t0, #0x21\n  lsl r0, r1, t0 def=C use=C\n" X },
	{ PASS_FOLD, I "mov t0, #0x104\nlsl r0, r1, t0 def=C use=C\n" X, I "  mov t0, #0x104\n  lsl r0, r1, #0x4 def=C\n" X },
	{ PASS_FOLD, I "add r0, r1, #0x0\nadd r0, r1, #0x0 def=NZ\nadd r0, r1, #0x0 def=C\n" X,
	  I "  mov r0, r1\n  mov r0, r1 def=NZ\n  add r0, r1, #0x0 def=C\n" X },
	{ PASS_FOLD, I "mov r0, #0x1\nbrc 0 cond=eq\nmov r0, #0x2\nlabel 0\nadd r1, r0, #0x1\n" X,
	  I "  mov r0, #0x1\n  brc 0x0 cond=eq\n  mov r0, #0x2\n  label 0x0\n  add r1, r0, #0x1\n" X },
	{ PASS_FOLD, I "mov r0, #0x1\nbrc 0 cond=eq\nmov r2, #0x2\nlabel 0\nadd r1, r0, #0x1\n" X,
	  I "  mov r0, #0x1\n  brc 0x0 cond=eq\n  mov r2, #0x2\n  label 0x0\n  mov r1, #0x2\n" X },
	{ PASS_FOLD, I "brc 0 cond=eq\nmov r0, #0x2\nlabel 0\nadd r1, r0, #0x1\n" X,
	  I "  brc 0x0 cond=eq\n  mov r0, #0x2\n  label 0x0\n  add r1, r0, #0x1\n" X },
	{ PASS_FOLD, I "mov t0, r2\nbrc 0 cond=eq\nmov r0, #0x2\nbrc 1 cond=eq\nadd r0, r0, #0x1\nlabel 0\nadd r1, r0, #0x1\nlabel 1\n" X,
	  I "  mov t0, r2\n  brc 0x0 cond=eq\n  mov r0, #0x2\n  brc 0x1 cond=eq\n  mov r0, #0x3\n  label 0x0\n  add r1, r0, #0x1\n  label 0x1\n" X },
	{ PASS_FOLD, I "brc 0 cond=eq\nmov r0, #0x2\nbrc 0 cond=ne\nlabel 0\nadd r1, r0, #0x1\n" X,
	  I "  brc 0x0 cond=eq\n  mov r0, #0x2\n  brc 0x0 cond=ne\n  label 0x0\n  add r1, r0, #0x1\n" X },
	{ PASS_FOLD, I "brc 0 cond=eq\nmov r14, #0x8004\nexit 0x9000, 0x0\nlabel 0\nmov r0, #0x2\nadd r1, r0, #0x1\n" X,
	  I "  brc 0x0 cond=eq\n  mov r14, #0x8004\n  exit 0x9000, 0x0\n  label 0x0\n  mov r0, #0x2\n  mov r1, #0x3\n" X },
	/* flags */
	{ PASS_FLAGS, I "add r0, r1, r2 def=NZCV\nsub r0, r1, r2 def=NZCV\n" X, I "  add r0, r1, r2\n  sub r0, r1, r2 def=NZCV\n" X },
	{ PASS_FLAGS, I "add r0, r1, r2 def=NZCV\nand r0, r1, r2 def=NZ\n" X, I "  add r0, r1, r2 def=CV\n  and r0, r1, r2 def=NZ\n" X },
	{ PASS_FLAGS, I "add r0, r1, r2 def=NZCV\nadc r3, r4, r5\ncmp r0, #0x1 def=NZCV\n" X,
	  I "  add r0, r1, r2 def=C\n  adc r3, r4, r5\n  cmp r0, #0x1 def=NZCV\n" X },
	{ PASS_FLAGS, I "cmp r0, r1 def=NZCV\nld r2, r3, 0x0 mem=0x2\ncmp r0, r2 def=NZCV\n" X,
	  I "  cmp r0, r1 def=NZCV\n  ld r2, r3, 0x0 mem=0x2\n  cmp r0, r2 def=NZCV\n" X },
	{ PASS_FLAGS, I "cmp r0, r1 def=NZCV\nbrc 0 cond=eq\ncmp r0, r2 def=NZCV\nlabel 0\n" X,
	  I "  cmp r0, r1 def=NZCV\n  brc 0x0 cond=eq\n  cmp r0, r2 def=NZCV\n  label 0x0\n" X },
	{ PASS_FLAGS, I "cmp r0, r1 def=NZCV\nbrc 0 cond=eq\nmov r0, #0x1\nlabel 0\ncmp r0, r2 def=NZCV\n" X,
	  I "  cmp r0, r1 def=Z\n  brc 0x0 cond=eq\n  mov r0, #0x1\n  label 0x0\n  cmp r0, r2 def=NZCV\n" X },
	{ PASS_FLAGS, I "lsl r0, r1, r2 def=NZC use=C\ncmp r0, r2 def=NZCV\n" X, I "  lsl r0, r1, r2\n  cmp r0, r2 def=NZCV\n" X },
	{ PASS_FLAGS, I "setc 0x1 def=C\nlsl r0, r1, r2 def=C use=C\n" X, I "  setc 0x1 def=C\n  lsl r0, r1, r2 def=C use=C\n" X },
	/* dead */
	{ PASS_DEAD, I "mov t0, #0x1\nadd t1, t0, r1\nmov r0, r0\n" X, I X },
	{ PASS_DEAD, I "mov r0, #0x1\nmov r0, #0x2\n" X, I "  mov r0, #0x2\n" X },
	{ PASS_DEAD, I "mov r0, #0x1\nld r1, r2, 0x0 mem=0x2\nmov r0, #0x2\n" X,
	  I "  mov r0, #0x1\n  ld r1, r2, 0x0 mem=0x2\n  mov r0, #0x2\n" X },
	{ PASS_DEAD, I "cmp r0, r1\nsetc 0x1\nadd t0, r0, r1 def=C\n" X, I "  add t0, r0, r1 def=C\n" X },
	{ PASS_DEAD, I "mov r0, #0x1\nbrc 0 cond=eq\nmov r0, #0x2\nlabel 0\n" X,
	  I "  mov r0, #0x1\n  brc 0x0 cond=eq\n  mov r0, #0x2\n  label 0x0\n" X },
	{ PASS_DEAD, I "br 0\nlabel 0\nlabel 1\n" X, I X },
	{ PASS_DEAD, I "umull t0, r0, r1, r2\nld t1, r1, 0x0 mem=0x2\n" X, I "  umull t0, r0, r1, r2\n  ld t1, r1, 0x0 mem=0x2\n" X },
	/* checks */
	{ PASS_CHECKS, I "ld r0, r13, 0x0 mem=0x2\nld r1, r13, 0x4 mem=0x2\nld t0, r13, 0x8 mem=0x2\n" X,
	  I "  ld r0, r13, 0x0 mem=0x2 group=3\n  ld r1, r13, 0x4 mem=0x2 group=255\n  ld t0, r13, 0x8 mem=0x2 group=255\n" X },
	{ PASS_CHECKS, I "ld r13, r13, 0x0 mem=0x2\nld r1, r13, 0x4 mem=0x2\n" X, I "  ld r13, r13, 0x0 mem=0x2\n  ld r1, r13, 0x4 mem=0x2\n" X },
	{ PASS_CHECKS, I "ld r1, r13, 0x4 mem=0x2\nld r13, r13, 0x0 mem=0x2\nld r1, r13, 0x4 mem=0x2\n" X,
	  I "  ld r1, r13, 0x4 mem=0x2 group=2\n  ld r13, r13, 0x0 mem=0x2 group=255\n  ld r1, r13, 0x4 mem=0x2\n" X },
	{ PASS_CHECKS, I "ld r1, r13, 0x4 mem=0x2\nst r13, r1, 0x0 mem=0x2\n" X, I "  ld r1, r13, 0x4 mem=0x2\n  st r13, r1, 0x0 mem=0x2\n" X },
	{ PASS_CHECKS, I "ld r1, r13, 0x0 mem=0x2\nld r2, r13, 0x100 mem=0x2\n" X, I "  ld r1, r13, 0x0 mem=0x2\n  ld r2, r13, 0x100 mem=0x2\n" X },
	{ PASS_CHECKS, I "st r13, r1, 0xfffffffc mem=0x2\nstf r13, f3, 0xfffffff4 mem=0x3\n" X,
	  I "  st r13, r1, 0xfffffffc mem=0x2 group=2\n  stf r13, f3, 0xfffffff4 mem=0x3 group=255\n" X },
	{ PASS_CHECKS, I "ld r1, #0x1000, 0x0 mem=0x2\nld r2, #0x1000, 0x4 mem=0x2\n" X,
	  I "  ld r1, #0x1000, 0x0 mem=0x2\n  ld r2, #0x1000, 0x4 mem=0x2\n" X },
};

static struct ir_block block, changed;

START_TEST(text)
{
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);
	unsigned at;

	ck_assert_int_eq(ir_parse(&block, golden[_i].in), 0);
	ck_assert_ptr_null(ir_verify(&block, &at));
	passes_run(&block, 1u << golden[_i].pass, true);
	ir_dump(&block, to);
	fclose(to);
	ck_assert_str_eq(strchr(out, '\n') + 1, golden[_i].out);
	free(out);
}
END_TEST

struct outcome {
	struct cpu cpu;
	enum x64_exit exit;
	uint8_t memory[RANDOM_IR_MEMORY_SIZE];
};
static struct outcome before, after;

static void run(struct guest *guest, struct ir_block *ir, uint64_t seed, struct outcome *outcome)
{
	uint8_t *memory = guest->ram + RANDOM_IR_MEMORY;

	random_state(&guest->cpu, &seed, memory);
	guest->cpu.countdown = (int32_t)(random_next(&seed) >> 62) * 4;
	guest->cpu.it = 0;
	guest->cpu.cpsr &= ~CPSR_T;
	interp_prepare(ir->ops, ir->count);
	outcome->exit = interp_run(&guest->cpu, ir->ops, NULL);
	memcpy(&outcome->cpu, &guest->cpu, sizeof(outcome->cpu));
	memcpy(outcome->memory, memory, RANDOM_IR_MEMORY_SIZE);
}

static const char *difference(void)
{
	if (before.exit != after.exit)
		return "exit";
	if (memcmp(before.cpu.r, after.cpu.r, sizeof(before.cpu.r)))
		return "registers";
	if (nzcv_to_cpsr(before.cpu.nzcv) != nzcv_to_cpsr(after.cpu.nzcv))
		return "flags";
	if (before.cpu.countdown != after.cpu.countdown)
		return "count";
	if (before.cpu.cpsr != after.cpu.cpsr || before.cpu.it != after.cpu.it || before.cpu.q != after.cpu.q || before.cpu.ge != after.cpu.ge)
		return "status";
	if (memcmp(&before.cpu.vfp, &after.cpu.vfp, sizeof(before.cpu.vfp)))
		return "VFP registers";
	return memcmp(before.memory, after.memory, RANDOM_IR_MEMORY_SIZE) ? "memory" : NULL;
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *from = getenv(name);

	return from ? strtoull(from, NULL, 0) : otherwise;
}

/* Loop index: passes, all or one. */
START_TEST(random_blocks)
{
	const struct random_ir_options options = { .insns = 12, .memory = true, .faults = true, .calls = true };
	uint32_t passes = _i == PASS_COUNT ? PASSES_ALL : 1u << _i;
	struct guest *guest = guest_create(NULL);
	uint64_t from = number("SEED", 1), count = number("CASES", 1500);

	for (uint64_t n = from; n < from + count; n++) {
		uint64_t seed = n * 0x9e3779b97f4a7c15ull;
		const char *wrong;
		unsigned at;

		random_ir(&block, &seed, &options);
		wrong = ir_verify(&block, &at);
		ck_assert_msg(!wrong, "seed %" PRIu64 " op %u: %s", n, at, wrong ? wrong : "");
		memcpy(&changed, &block, sizeof(block));
		passes_run(&changed, passes, true);
		run(guest, &block, seed, &before);
		run(guest, &changed, seed, &after);
		/* pass_join() may have made an exit to an instruction further down a branch to it. */
		if (passes & 1u << PASS_JOIN && before.cpu.r[15] - block.pc < block.guest_bytes)
			continue;
		wrong = difference();
		if (wrong) {
			ir_dump(&block, stderr);
			ir_dump(&changed, stderr);
		}
		ck_assert_msg(!wrong, "SEED=%" PRIu64 " passes 0x%x: %s differ", n, passes, wrong);
	}
	guest_destroy(guest);
}
END_TEST

/* By hand: live flags and `insn` ops behind each op, places from the end. */
START_TEST(facts_of_a_block)
{
	static const char source[] =
		I "mov t0, r1\nmov t1, #0x1\n cmp r0, r1 def=NZCV\nbrc 0 cond=eq use=Z\n insn 0x8004, 0x4\nexit 0x0, 0x0\nlabel 0\n insn 0x8008, 0x4\n"
		"add r2, r2, t0\ncmp r0, r2 def=NZCV\n" X;
	/* t1 is not used: its op goes. Only the branch comes to the label: what it skips does not count there. */
	static const struct {
		uint8_t op, live;
		uint16_t behind;
	} expected[] = {
		{ IR_INSN, 0, 2 }, { IR_MOV, 0, 2 }, { IR_CMP, IR_NZCV, 2 }, { IR_BRC, IR_NZCV, 2 }, { IR_INSN, IR_NZCV, 1 }, { IR_EXIT, 0, 1 },
		{ IR_LABEL, 0, 2 }, { IR_INSN, 0, 1 }, { IR_ADD, 0, 1 }, { IR_CMP, IR_NZCV, 1 }, { IR_EXIT, 0, 1 },
	};
	const struct ir_facts *facts = &block.facts;

	ck_assert_int_eq(ir_parse(&block, source), 0);
	ck_assert(!facts->known);
	passes_run(&block, PASSES_ALL & ~(1u << PASS_FOLD), true);
	ck_assert(facts->known);
	ck_assert_uint_eq(block.count, ARRAY_SIZE(expected));
	for (unsigned i = 0; i < block.count; i++) {
		const struct ir_insn *insn = &block.ops[i];

		ck_assert_msg(insn->op == expected[i].op && IR_LIVE(insn) == expected[i].live && IR_BEHIND(insn) == expected[i].behind,
		              "op %u: live %x, %u behind", i, IR_LIVE(insn), IR_BEHIND(insn));
	}
	ck_assert_uint_eq(facts->live_in, 0);
	ck_assert_uint_eq(facts->insns, 3);
	ck_assert_uint_eq(facts->exits, 2);
	ck_assert_uint_eq(facts->own_exit, 6);
	ck_assert_uint_eq(facts->tmp_last[0], 3);
	ck_assert_uint_eq(facts->labels[0].at, 5);
	ck_assert_uint_eq(facts->labels[0].uses, 1);
}
END_TEST

static void same_facts(const struct ir_block *a, const struct ir_block *b, uint64_t n)
{
	ck_assert_msg(a->count == b->count && !memcmp(a->ops, b->ops, a->count * sizeof(a->ops[0])), "SEED=%" PRIu64 ": facts of ops", n);
	ck_assert_uint_eq(a->facts.live_in, b->facts.live_in);
	ck_assert_uint_eq(a->facts.insns, b->facts.insns);
	ck_assert_uint_eq(a->facts.exits, b->facts.exits);
	ck_assert_uint_eq(a->facts.own_exit, b->facts.own_exit);
	/* What was removed may have stood between. */
	ck_assert(a->facts.neighbours || !b->facts.neighbours);
	for (unsigned i = 0; i < a->tmps; i++)
		ck_assert_msg(a->facts.tmp_last[i] == b->facts.tmp_last[i], "SEED=%" PRIu64 ": t%u", n, i);
	for (unsigned i = 0; i < a->labels; i++)
		ck_assert_msg(!memcmp(&a->facts.labels[i], &b->facts.labels[i], sizeof(a->facts.labels[i])), "SEED=%" PRIu64 ": label %u", n, i);
}

static bool leaves(const struct ir_insn *op)
{
	return ir_op_info[op->op].attr & (IRA_END | IRA_FAULT) || op->op == IR_POLL ||
	       (op->op == IR_CALL && !(helper_info[op->imm].attr & HELPER_PURE));
}

static bool is_nzcv_field(const struct ir_insn *op)
{
	return (op->op == IR_LDCPU && op->imm == offsetof(struct cpu, nzcv)) || (op->op == IR_STCPU && op->imm2 == offsetof(struct cpu, nzcv));
}

static bool mentions(const struct ir_insn *op, ir_ref ref)
{
	return (op->dst == ref && op->op != IR_LDF) || op->dst2 == ref || op->a == ref || (op->b == ref && op->op != IR_STF) || op->c == ref;
}

/* Returns the flags that are live before the first op. */
static uint8_t check_live(const struct ir_block *b, uint64_t n)
{
	uint8_t live = IR_NZCV, at_label[IR_MAX_OPS];

	for (unsigned i = b->count; i-- > 0;) {
		const struct ir_insn *op = &b->ops[i];
		uint8_t attr = ir_op_info[op->op].attr;
		bool branches = attr & IRA_CONTROL && op->op != IR_LABEL;

		if (branches)
			live = (op->op == IR_BR ? 0 : live) | at_label[op->imm];
		ck_assert_msg(IR_LIVE(op) == (attr & IRA_END ? 0 : live), "SEED=%" PRIu64 ": op %u: live %x, not %x", n, i, IR_LIVE(op), live);
		live = leaves(op) || is_nzcv_field(op) ? IR_NZCV : (uint8_t)((live & ~op->fdef) | op->fuse);
		if (op->op == IR_LABEL)
			at_label[op->imm] = live;
	}
	return live;
}

/* The facts of @b as one finds them who looks for each by itself. */
static void check_facts(const struct ir_block *b, uint64_t n)
{
	unsigned insns = 0, exits = 0, own = 0, tmp_last[IR_MAX_TMPS] = { 0 };
	bool calls = false, neighbours = false;
	uint16_t counts[IR_MAX_OPS];

	ir_count_insns(b->ops, b->count, counts);
	for (unsigned i = 0; i < b->count; i++) {
		const struct ir_insn *op = &b->ops[i];
		unsigned place = b->count - i;

		insns += op->op == IR_INSN;
		exits += op->op == IR_EXIT;
		if (op->op == IR_EXIT && op->imm == b->pc)
			own = place;
		calls |= op->op == IR_CALL;
		neighbours |= op->op >= IR_LD && op->op <= IR_STF && op[1].op >= IR_LD && op[1].op <= IR_STF;
		for (ir_ref t = 0; t < b->tmps; t++)
			if (mentions(op, IR_TMP0 + t))
				tmp_last[t] = place;
		if (op->op == IR_LABEL)
			ck_assert_uint_eq(b->facts.labels[op->imm].at, place);
	}
	for (unsigned i = 0; i < b->count; i++)
		ck_assert_msg(b->facts.insns - IR_BEHIND(&b->ops[i]) == counts[i], "SEED=%" PRIu64 ": op %u: behind", n, i);
	for (unsigned t = 0; t < b->tmps; t++)
		ck_assert_msg(b->facts.tmp_last[t] == tmp_last[t], "SEED=%" PRIu64 ": t%u", n, t);
	for (unsigned label = 0; label < b->labels; label++) {
		unsigned uses = 0;

		for (unsigned i = 0; i < b->count; i++)
			uses += ir_op_info[b->ops[i].op].attr & IRA_CONTROL && b->ops[i].op != IR_LABEL && b->ops[i].imm == label;
		ck_assert_uint_eq(b->facts.labels[label].uses, uses);
	}
	ck_assert_uint_eq(b->facts.live_in, check_live(b, n));
	ck_assert_uint_eq(b->facts.insns, insns);
	ck_assert_uint_eq(b->facts.exits, exits);
	ck_assert_uint_eq(b->facts.own_exit, own);
	ck_assert(b->facts.calls == calls);
	ck_assert(b->facts.neighbours || !neighbours);
}

/* What a pass finds while it removes ops is what is found of the result, and true. */
START_TEST(facts_of_random_blocks)
{
	uint64_t from = number("SEED", 1), count = number("CASES", 1500);

	for (uint64_t n = from; n < from + count; n++) {
		const struct random_ir_options options = { .insns = n % 4 ? 12 : 60, .memory = true, .faults = true, .calls = true };
		uint64_t seed = n * 0x9e3779b97f4a7c15ull;

		random_ir(&block, &seed, &options);
		passes_run(&block, n & 8 ? PASSES_ALL : (uint32_t)(n >> 4) & PASSES_ALL, true);
		memcpy(&changed, &block, sizeof(block));
		changed.facts.known = false;
		passes_facts(&changed);
		ck_assert(changed.facts.known);
		if (!block.facts.known)
			passes_facts(&block);
		same_facts(&block, &changed, n);
		check_facts(&block, n);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("passes");
	TCase *tc = tcase_create("passes");

	tcase_add_loop_test(tc, text, 0, ARRAY_SIZE(golden));
	tcase_add_loop_test(tc, random_blocks, 0, PASS_COUNT + 1);
	tcase_add_test(tc, facts_of_a_block);
	tcase_add_test(tc, facts_of_random_blocks);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return check_run_suite(suite);
}
