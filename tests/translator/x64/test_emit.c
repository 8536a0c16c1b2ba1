/*
 * Translated code against the IR interpreter: random blocks from random states, with all optimizations, none, and each one off.
 * EMIT_SEED=n runs one case and prints it; EMIT_CASES=n changes how many are run, EMIT_FROM=n from which on.
 */
#include "base/base.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tests/base/check_run.h"
#include "tests/translator/guest.h"
#include "tests/translator/x64/random_ir.h"
#include "translator/ir/interp.h"
#include "translator/passes/passes.h"
#include "translator/run/block.h"
#include "translator/x64/jump_cache.h"
#include "translator/x64/x64.h"

#define WINDOW 0xf7000u /* bases lie a page or more above */
#define WINDOW_SIZE (GUEST_RAM_SIZE - WINDOW)
#define ALL_OPTIMIZATIONS ((1u << OPT_COUNT) - 1)

static struct guest *guest;
static struct x64 *x64;
static uint8_t memory_before[GUEST_RAM_SIZE], memory_interp[GUEST_RAM_SIZE];
static struct jump_cache *jump_cache;
static unsigned emitted, refused;

static void start(uint32_t optimizations)
{
	struct x64_options options = { .optimizations = optimizations, .cache_bytes = 4u << 20 };
	struct error err = { 0 };

	guest = guest_create(NULL);
	guest->cpu.jump_cache = jump_cache = jump_cache_create();
	x64 = x64_create(&options, &err);
	ck_assert_msg(x64 != NULL, "%s", err.msg);
	emitted = refused = 0;
}

static void stop(void)
{
	x64_destroy(x64);
	guest_destroy(guest);
	free(jump_cache);
}

static enum x64_exit plain(enum x64_exit exit)
{
	return exit == X64_EXIT_LINK ? X64_EXIT_LOOKUP : exit;
}

/* What must be the same after both runs; prints the differences. */
static bool same(const struct cpu *a, enum x64_exit exit_a, const struct cpu *b, enum x64_exit exit_b)
{
	bool equal = true;

#define ROW(name, x, y)                                                                                                              \
	do {                                                                                                                             \
		if ((uint64_t)(x) != (uint64_t)(y)) {                                                                                    \
			fprintf(stderr, "%s: interpreter 0x%" PRIx64 ", translated 0x%" PRIx64 "\n", name, (uint64_t)(x), (uint64_t)(y)); \
			equal = false;                                                                                                   \
		}                                                                                                                        \
	} while (0)
	for (unsigned i = 0; i < 16; i++) {
		char name[8];

		snprintf(name, sizeof(name), "r%u", i);
		ROW(name, a->r[i], b->r[i]);
	}
	ROW("nzcv", a->nzcv & NZCV_ALL, b->nzcv & NZCV_ALL);
	ROW("cpsr", a->cpsr, b->cpsr);
	ROW("it", a->it, b->it);
	ROW("q", a->q, b->q);
	ROW("ge", a->ge, b->ge);
	ROW("countdown", (uint32_t)a->countdown, (uint32_t)b->countdown);
	ROW("exit", plain(exit_a), plain(exit_b));
	ROW("exclusive.place", a->exclusive.place, b->exclusive.place);
	if (a->exclusive.place >> 56)
		ROW("exclusive.value", a->exclusive.value, b->exclusive.value);
	else if (a->exclusive.place)
		ROW("exclusive.value", (uint32_t)a->exclusive.value, (uint32_t)b->exclusive.value);
	for (unsigned i = 0; i < 32; i++)
		ROW("d", a->vfp.d[i], b->vfp.d[i]);
	if (exit_a == X64_EXIT_EXCEPTION || exit_a == X64_EXIT_RAISE)
		ROW("exit_arg[0]", a->exit_arg[0], b->exit_arg[0]);
	if (exit_a == X64_EXIT_EXCEPTION)
		ROW("exit_arg[1]", a->exit_arg[1], b->exit_arg[1]);
	if (exit_a == X64_EXIT_RAISE) {
		ROW("fault.va", a->fault.va, b->fault.va);
		ROW("fault.fsr", a->fault.fsr, b->fault.fsr);
		ROW("fault.write", a->fault.write, b->fault.write);
	}
#undef ROW
	return equal;
}

static void show(const struct ir_block *ir, const struct x64_code *code)
{
	struct error err = { 0 };

	ir_dump(ir, stderr);
	log_enable(guest->cpu.log, "out_asm", &err);
	x64_dump(x64, code, guest->cpu.log);
}

/*
 * Both ways until something other than a jump to the block's own start happens, or the countdown ends.
 */
static bool at_start(const struct cpu *cpu, const struct ir_block *ir)
{
	return cpu->r[15] == ir->pc && !(cpu->cpsr & CPSR_T) == !(ir->key & KEY_T);
}

static enum x64_exit loop_interp(struct cpu *cpu, const struct ir_insn *ops, const struct ir_block *ir)
{
	enum x64_exit exit;

	do
		exit = interp_run(cpu, ops, NULL);
	while (exit == X64_EXIT_LOOKUP && at_start(cpu, ir));
	return exit;
}

static enum x64_exit loop_emitted(struct cpu *cpu, const uint8_t *entry, const struct ir_block *ir)
{
	enum x64_exit exit;

	do
		exit = plain(x64_run(x64, cpu, entry));
	while (exit == X64_EXIT_LOOKUP && at_start(cpu, ir));
	return exit;
}

/* Links the block to itself where it goes back to its start. */
static bool link_loop(struct x64_code *code, const struct ir_block *ir)
{
	bool loops = false;

	for (unsigned i = 0; i < code->exit_count; i++)
		if (code->exits[i].pc == ir->pc && exit_key(&code->exits[i]) == ir->key) {
			x64_link(x64, &code->exits[i], code, code->fast);
			loops = true;
		}
	return loops;
}

/* @ir from several states. False: differs. */
static bool run_block(struct ir_block *ir, struct random_ir *r, uint64_t seed, bool passes, bool verbose)
{
	static struct ir_insn ops[IR_MAX_OPS];
	static struct block block;
	static struct cpu before, by_interp;
	struct cpu *cpu = &guest->cpu;
	uint8_t *window = guest->ram + WINDOW;
	int ret;

	memset(&block, 0, sizeof(block));
	block.pc = ir->pc;
	block.key = ir->key;
	ret = x64_emit(x64, cpu, ir, 0x8000, &block, &block.code);
	if (ret == -ENOSPC) {
		x64_flush(x64);
		ret = x64_emit(x64, cpu, ir, 0x8000, &block, &block.code);
	}
	if (ret == -ENOTSUP) {
		refused++;
		if (verbose)
			ir_dump(ir, stderr);
		return true;
	}
	ck_assert_msg(ret == 0, "seed %" PRIu64 ": x64_emit: %d", seed, ret);
	emitted++;
	if (verbose)
		show(ir, &block.code);
	memcpy(ops, ir->ops, ir->count * sizeof(ops[0]));
	interp_prepare(ops, ir->count);
	for (unsigned n = 0; n < 5; n++) {
		enum x64_exit exit_interp, exit_emitted;
		bool loop = n >= 3;

		if (n == 3 && !link_loop(&block.code, ir))
			break;

		random_state(r, cpu, WINDOW + GUEST_PAGE_SIZE, WINDOW_SIZE - GUEST_PAGE_SIZE);
		cpu->r[15] = ir->pc;
		if (loop)
			cpu->countdown = (int32_t)random_below(r, 60);
		cpu->exclusive.place = 0;
		cpu->cpsr = (cpu->cpsr & ~CPSR_T) | (ir->key & KEY_T ? CPSR_T : 0);
		cpu->cp15.sctlr = ir->key & KEY_ALIGN ? cpu->cp15.sctlr | SCTLR_A : cpu->cp15.sctlr & ~SCTLR_A;
		for (unsigned i = 0; i < WINDOW_SIZE; i += 4) {
			uint32_t word = i * 0x9e3779b9u ^ n;

			memcpy(window + i, &word, 4);
		}
		memcpy(memory_before, guest->ram, GUEST_RAM_SIZE);
		before = *cpu;
		exit_interp = loop ? loop_interp(cpu, ops, ir) : interp_run(cpu, ops, NULL);
		by_interp = *cpu;
		memcpy(memory_interp, guest->ram, GUEST_RAM_SIZE);
		*cpu = before;
		memcpy(guest->ram, memory_before, GUEST_RAM_SIZE);
		exit_emitted = loop ? loop_emitted(cpu, block.code.fast, ir) : x64_run(x64, cpu, block.code.fast);
		if (!same(&by_interp, exit_interp, cpu, exit_emitted) || memcmp(guest->ram, memory_interp, GUEST_RAM_SIZE)) {
			fprintf(stderr, "seed %" PRIu64 ", passes %d, optimizations 0x%x, state %u%s:\n", seed, passes,
			        0, n, memcmp(guest->ram, memory_interp, GUEST_RAM_SIZE) ? ", memory differs" : "");
			for (unsigned i = 0; i < 16; i++)
				fprintf(stderr, "r%u=0x%08x%c", i, before.r[i], i % 8 == 7 ? '\n' : ' ');
			fprintf(stderr, "nzcv=0x%08x\n", nzcv_to_cpsr(before.nzcv));
			show(ir, &block.code);
			return false;
		}
	}
	return true;
}

/* A random block from several states. False: differs. */
static bool run_case(uint64_t seed, bool passes, bool verbose)
{
	static struct ir_block ir;
	struct random_ir r = { seed };
	const char *wrong;
	unsigned at;

	ir_block_init(&ir, 0x8000 + 4 * random_below(&r, 256), KEY_PRIV | (random_below(&r, 8) ? 0 : KEY_ALIGN) | (random_below(&r, 2) ? KEY_T : 0));
	random_block(&r, &ir, 1 + random_below(&r, 14));
	ck_assert(!ir.overflow);
	wrong = ir_verify(&ir, &at);
	ck_assert_msg(!wrong, "seed %" PRIu64 ": op %u: %s", seed, at, wrong);
	if (passes)
		passes_run(&ir, PASSES_ALL, true);
	return run_block(&ir, &r, seed, passes, verbose);
}

static uint32_t masks(int i)
{
	if (i == 0)
		return ALL_OPTIMIZATIONS;
	if (i == 1)
		return 0;
	return ALL_OPTIMIZATIONS & ~(1u << (i - 2));
}

START_TEST(random_blocks)
{
	const char *seed = getenv("EMIT_SEED"), *cases = getenv("EMIT_CASES"), *from = getenv("EMIT_FROM");
	uint64_t first = (uint64_t)_i << 32 | (from ? strtoul(from, NULL, 0) : 0);
	unsigned count = cases ? (unsigned)strtoul(cases, NULL, 0) : 1000;

	start(masks(_i));
	if (seed) {
		ck_assert(run_case(strtoull(seed, NULL, 0), false, true));
		ck_assert(run_case(strtoull(seed, NULL, 0), true, true));
	}
	for (unsigned n = 0; n < count && !seed; n++)
		ck_assert_msg(run_case(first + n, n & 1, false), "replay with EMIT_SEED=%" PRIu64, first + n);
	/* The interpreter is for rare cases only. */
	ck_assert_uint_le(refused * 50, emitted + 50);
	stop();
}
END_TEST

/* if (a || b) around a store: two branches cross, and what each has in EFLAGS meets in memory. */
START_TEST(crossing_branches)
{
	static struct ir_block ir;
	static struct block block;
	unsigned at;

	start(ALL_OPTIMIZATIONS);
	ir_block_init(&ir, 0x8314, KEY_PRIV);
	ck_assert_int_eq(ir_parse(&ir, "block pc=0x8000 key=0x4 insns=8 bytes=32 tmps=0 labels=5\n"
		"insn 0x8000, 0x4\n cmp r1, #0x0 def=NZCV\n"
		"insn 0x8004, 0x4\n brc 0x3 cond=ne\n"
		"insn 0x8008, 0x4\n ld r12, r3, 0xfffffff4 mem=0x2\n"
		"insn 0x800c, 0x4\n cmp r12, #0x1 def=NZCV\n"
		"insn 0x8010, 0x4\n brc 0x4 cond=eq\n"
		"label 0x3\n"
		"insn 0x8014, 0x4\n st r3, r2, 0xfffffff4 mem=0x2\n"
		"label 0x4\n"
		"insn 0x8018, 0x4\n st r3, r2, 0xfffffff8 mem=0x2\n"
		"insn 0x801c, 0x4\n exit 0x9000, 0x0\n"), 0);
	ck_assert_ptr_null(ir_verify(&ir, &at));
	memset(&block, 0, sizeof(block));
	block.pc = ir.pc;
	ck_assert_int_eq(x64_emit(x64, &guest->cpu, &ir, 0x8000, &block, &block.code), 0);
	stop();
}
END_TEST

/* A loop with homes of its own and two ends: one knows how to make flags that are in memory too, the other does not. */
START_TEST(ends_differ)
{
	static struct ir_block ir;
	unsigned at;

	start(ALL_OPTIMIZATIONS);
	ir_block_init(&ir, 0x8314, KEY_PRIV);
	ck_assert_int_eq(ir_parse(&ir, "block pc=0x8314 key=0x4 insns=0 bytes=0 tmps=11 labels=3\n"
		"insn 0x8314, 0x4\n brc 0x0 cond=ls\n ldcpu r1, 0x5c\n lsr t0, r6, #0x1b\n"
		"insn 0x8318, 0x4\n ldrex t1, _, r9, 0x0 mem=0xa\n or t2, t0, r4 def=NZ\n strex r6, r9, r6, _, 0x0 mem=0xa\n"
		"insn 0x831c, 0x4\n tst #0x7621f575, t1 def=NZ\n"
		"insn 0x8320, 0x4\n select t3, r2, #0x0 cond=eq\n cmn r2, r4 def=NZCV\n"
		"insn 0x8324, 0x4\n cmp r3, t0 def=NZCV\n bic t4, r3, #0x9a2d0d86\n"
		"label 0x0\n"
		"insn 0x8328, 0x4\n ld t5, r3, 0xfffffff0 mem=0x2 group=3\n ld r1, r3, 0xfffffff4 mem=0x2 group=255\n ld r6, r3, 0xfffffff8 mem=0x2 group=255\n orn t6, t5, #0xd89e7d44\n and r12, r7, #0x134204df def=NZ\n"
		"insn 0x832c, 0x4\n brc 0x1 cond=pl\n"
		"insn 0x8330, 0x4\n cmp t6, r1 def=NZCV\n orn r4, r4, r13\n ld t7, r12, 0x2e mem=0x4\n"
		"label 0x1\n"
		"insn 0x8334, 0x4\n orn t8, r6, #0x21 def=NZ\n add t9, r2, t6\n setcond r2 cond=lt\n"
		"insn 0x8338, 0x4\n brc 0x2 cond=cs\n"
		"insn 0x833c, 0x4\n select r3, t5, #0x2eeccdec cond=eq\n cmp r2, #0x23e10808 def=NZCV\n"
		"insn 0x8340, 0x4\n ldcpu r1, 0x5c\n call r4, r3, r3, t6, 0x22\n ldcpu t10, 0x5c\n"
		"insn 0x8344, 0x4\n sbc r1, r1, t8\n exit 0x8314, 0x0\n"
		"label 0x2\n"
		"insn 0x8348, 0x4\n exit 0x8314, 0x0\n"), 0);
	ck_assert_ptr_null(ir_verify(&ir, &at));
	for (uint64_t n = 0; n < 300; n++) {
		struct random_ir r = { n };

		ck_assert(run_block(&ir, &r, n, false, false));
	}
	stop();
}
END_TEST

static void never_forgotten(struct cpu *cpu, struct block *block)
{
	ck_abort_msg("%p: block %p", (void *)cpu, (void *)block);
}

/* @insns instructions of @loads loads each. */
static void make_loads(struct ir_block *ir, unsigned insns, unsigned loads)
{
	struct ir_insn *op;

	ir_block_init(ir, 0x8000, KEY_PRIV | KEY_WINDOW);
	for (unsigned n = 0; n < insns; n++) {
		op = ir_append(ir, IR_INSN);
		op->imm = 0x8000 + 4 * n;
		op->imm2 = 4;
		for (unsigned k = 0; k < loads; k++) {
			op = ir_append(ir, IR_LD);
			op->dst = 0;
			op->a = 1;
			op->imm2 = 4 * k;
			op->mem = ACCESS_SIZE(2);
		}
	}
	op = ir_append(ir, IR_EXIT);
	op->imm = 0x9000;
	ck_assert(!ir->overflow);
}

/* Side tables that are full, or too large for one block, are told as a full cache and a large block are. */
START_TEST(many_sites)
{
	struct x64_options options = { .optimizations = ALL_OPTIMIZATIONS, .cache_bytes = 4u << 20, .forget = never_forgotten };
	static struct ir_block ir;
	static struct block block;
	struct error err = { 0 };
	int ret = 0;

	start(ALL_OPTIMIZATIONS);
	x64_destroy(x64);
	x64 = x64_create(&options, &err);
	ck_assert_msg(x64 != NULL, "%s", err.msg);
	block.pc = 0x8000;
	/* As many instructions as a site can count, and one more; as many sites as there is room for, and more. */
	make_loads(&ir, 255, 1);
	ck_assert_int_eq(x64_emit(x64, &guest->cpu, &ir, 0x8000, &block, &block.code), 0);
	make_loads(&ir, 256, 1);
	ck_assert_int_eq(x64_emit(x64, &guest->cpu, &ir, 0x8000, &block, &block.code), -E2BIG);
	make_loads(&ir, 64, 16);
	ck_assert_int_eq(x64_emit(x64, &guest->cpu, &ir, 0x8000, &block, &block.code), 0);
	make_loads(&ir, 65, 16);
	ck_assert_int_eq(x64_emit(x64, &guest->cpu, &ir, 0x8000, &block, &block.code), -E2BIG);
	make_loads(&ir, 60, 16);
	for (unsigned round = 0; round < 2; round++) {
		unsigned count = 0;

		x64_flush(x64);
		while ((ret = x64_emit(x64, &guest->cpu, &ir, 0x8000, &block, &block.code)) == 0)
			count++;
		ck_assert_int_eq(ret, -ENOSPC);
		ck_assert_uint_gt(count, 100);
		ck_assert_uint_lt(x64_used(x64), 3u << 20);
	}
	stop();
}
END_TEST

/* Side exits are counted when their code is emitted, behind the block: too many are told all the same. */
START_TEST(many_side_exits)
{
	static struct ir_block ir;
	static struct block block;

	start(ALL_OPTIMIZATIONS);
	for (unsigned exits = X64_MAX_EXITS - 1; exits <= X64_MAX_EXITS; exits++) {
		struct ir_insn *op;

		ir_block_init(&ir, 0x8000, KEY_PRIV);
		for (unsigned n = 0; n < exits; n++) {
			uint16_t label = ir_label(&ir);

			op = ir_append(&ir, IR_INSN);
			op->imm = 0x8000 + 4 * n;
			op->imm2 = 4;
			op = ir_append(&ir, IR_BRC);
			op->cond = 1; /* NE */
			op->imm = label;
			ir_append(&ir, IR_EXIT)->imm = 0x8800;
			ir_append(&ir, IR_LABEL)->imm = label;
		}
		ir_append(&ir, IR_EXIT)->imm = 0x9000;
		ck_assert(!ir.overflow);
		ck_assert_int_eq(x64_emit(x64, &guest->cpu, &ir, 0x8000, &block, &block.code), exits < X64_MAX_EXITS ? 0 : -E2BIG);
	}
	stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("x64 emit");
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, random_blocks, 0, OPT_COUNT + 2);
	tcase_add_test(tc, crossing_branches);
	tcase_add_test(tc, ends_differ);
	tcase_add_test(tc, many_sites);
	tcase_add_test(tc, many_side_exits);
	suite_add_tcase(suite, tc);
	return check_run_suite(suite);
}
