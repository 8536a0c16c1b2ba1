/*
 * VFP and Advanced SIMD ops in line against their C functions: the same block by the IR interpreter and as translated code. Every operation
 * with operands in which special values are frequent, with AVX and without; then sequences of them, which share registers.
 * INLINE_FP_CASES=n changes how many blocks an operation gets.
 */
#include "base/base.h"

#include <check.h>
#include <errno.h>
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cpu/simd.h"
#include "cpu/simd_struct.h"
#include "tests/base/check_run.h"
#include "tests/translator/guest.h"
#include "tests/translator/x64/random_ir.h"
#include "translator/ir/interp.h"
#include "translator/run/block.h"
#include "translator/x64/emit.h"
#include "translator/x64/signals.h"
#include "translator/x64/x64.h"

#define STATES 10 /* for each block */

static struct guest *guest;
static struct x64 *x64;

static void start(bool sse_only, bool live_flags, bool traps)
{
	struct x64_options options = {
		.optimizations = ((1u << OPT_COUNT) - 1) & ~((live_flags ? 0 : 1u << OPT_LIVE_FLAGS) | (traps ? 0 : 1u << OPT_FP_TRAPS)),
		.cache_bytes = 4u << 20, .sse_only = sse_only,
	};
	struct error err = { 0 };

	guest = guest_create(NULL);
	x64 = x64_create(&options, &err);
	ck_assert_msg(x64 != NULL, "%s", err.msg);
}

static void stop(void)
{
	x64_destroy(x64);
	guest_destroy(guest);
}

/* --- operands --- */

static const uint32_t corners32[] = {
	0, 1u << 31, 1, 0x80000001, 0x007fffff, 0x807fffff, 0x00800000, 0x80800000, 0x00800001, 0x00ffffff, 0x01000000, 0x3f800000, 0xbf800000,
	0x3f7fffff, 0x3fffffff, 0x40000000, 0x40400000, 0x4b000000, 0x4f000000, 0xcf000000, 0x4effffff, 0x4f7fffff, 0x4f800000, 0x5f000000, 0x7f7fffff, 0xff7fffff,
	0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7fc12345, 0x7f800001, 0xff812345, 0x7fffffff, 0x80, 0xff, 0x8000, 0xffff, 0x80008000, 0x80808080, 0x7f7f7f7f,
};
static const uint64_t corners64[] = {
	0, 1ull << 63, 1, 0x000fffffffffffff, 0x0010000000000000, 0x8010000000000000, 0x0010000000000001, 0x001fffffffffffff, 0x0020000000000000,
	0x3ff0000000000000, 0xbff0000000000000, 0x3fefffffffffffff, 0x4000000000000000, 0x41dfffffffc00000, 0x41e0000000000000, 0xc1e0000000000000,
	0xc1e0000000100000, 0x41efffffffe00000, 0x41f0000000000000, 0x43e0000000000000, 0x43f0000000000000, 0x7fefffffffffffff, 0xffefffffffffffff, 0x7ff0000000000000,
	0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000000000, 0x7ff8000012345678, 0x7ff0000000000001, 0xfff4000000000000, 0x36a0000000000000,
	0x380fffffffffffff, 0x3810000000000000, 0x380fffffe0000000, 0x380ffffff0000000, 0x47efffffe0000000, 0x47effffff0000000, 0x47efffffefffffff,
};

static uint32_t random32(struct random_ir *r)
{
	switch (random_below(r, 8)) {
	case 0:
		return corners32[random_below(r, ARRAY_SIZE(corners32))];
	case 1:
		return random_bits(r);
	case 2: /* products at the ends of the range */
		return (random_bits(r) & 0x807fffff) | (random_below(r, 2) ? 0x1f000000 + (random_below(r, 4) << 23) : 0x5f000000 + (random_below(r, 4) << 23));
	case 3: /* whole numbers */
		return (random_bits(r) & 0x80000000) | (0x3f800000 + (random_below(r, 32) << 23));
	case 4:
		return random_below(r, 256);
	default: /* about one */
		return (random_bits(r) & 0x807fffff) | (0x3c000000 + (random_below(r, 16) << 23));
	}
}

static uint64_t random64(struct random_ir *r)
{
	uint64_t bits = (uint64_t)random_bits(r) << 32 | random_bits(r), fraction = bits & 0x800fffffffffffff;

	switch (random_below(r, 8)) {
	case 0:
		return corners64[random_below(r, ARRAY_SIZE(corners64))];
	case 1:
		return bits;
	case 2:
		return fraction | (uint64_t)(random_below(r, 2) ? 0x1fe + random_below(r, 4) : 0x5fe + random_below(r, 4)) << 52;
	case 3:
		return (bits & 1ull << 63) | (uint64_t)(0x3ff + random_below(r, 33)) << 52 | (random_bits(r) & 0xfull) << 48;
	case 4:
		return (fraction & 0xfffffffff0000000) | (uint64_t)(0x3ff - 130 + random_below(r, 260)) << 52;
	default:
		return fraction | (uint64_t)(0x3fa + random_below(r, 12)) << 52;
	}
}

/* All of one kind, so that operations on whole registers are not spoilt by one lane. */
static void random_file(struct random_ir *r, struct cpu *cpu, bool dbl)
{
	bool plain = random_below(r, 2);

	for (unsigned i = 0; i < 32; i++) {
		if (plain && dbl)
			cpu->vfp.d[i] = (((uint64_t)random_bits(r) << 32 | random_bits(r)) & 0x800fffffffffffff) | (uint64_t)(0x3fa + random_below(r, 12)) << 52;
		else if (plain)
			for (unsigned k = 0; k < 2; k++)
				cpu->vfp.s[2 * i + k] = random_below(r, 40) ? (random_bits(r) & 0x807fffff) | (0x3c000000 + (random_below(r, 16) << 23)) : 0;
		else if (dbl)
			cpu->vfp.d[i] = random64(r);
		else
			cpu->vfp.d[i] = (uint64_t)random32(r) << 32 | random32(r);
	}
}

/* --- descriptors that lift can make --- */

static unsigned element_bits(enum simd_op op)
{
	const char *name = simd_info[op].name, *last = strrchr(name, '_');

	return last ? (unsigned)strtoul(last + 2, NULL, 10) : 8;
}

static bool in(enum simd_op op, enum simd_op first, enum simd_op last)
{
	return op >= first && op <= last;
}

static bool by_scalar(enum simd_op op)
{
	return op == SIMD_VMUL_I16 || op == SIMD_VMUL_I32 || op == SIMD_VMLA_I16 || op == SIMD_VMLA_I32 || op == SIMD_VMLS_I16 || op == SIMD_VMLS_I32 ||
	       in(op, SIMD_VQDMULH_S16, SIMD_VQRDMULH_S32) || op == SIMD_VMUL_F32 || op == SIMD_VMLA_F32 || op == SIMD_VMLS_F32 ||
	       (in(op, SIMD_VMULL_S8, SIMD_VMLSL_U32) && element_bits(op) != 8) || in(op, SIMD_VQDMULL_S16, SIMD_VQDMLSL_S32);
}

static uint32_t random_imm(struct random_ir *r, enum simd_op op, bool q)
{
	const unsigned bits = element_bits(op);

	if (op == SIMD_F32_F16 || op == SIMD_F16_F32)
		return random_below(r, 2);
	if (in(op, SIMD_FIXED_F32, SIMD_F64_FIXED)) {
		uint32_t kind = random_below(r, 2) ? SIMD_FIXED16 : 0;

		return random_below(r, kind ? 17 : 33) | kind | (random_below(r, 2) ? SIMD_FIXED_UNSIGNED : 0);
	}
	if (in(op, SIMD_VSHR_S8, SIMD_VSRI_I64))
		return 1 + random_below(r, bits);
	if (in(op, SIMD_VSLI_I8, SIMD_VQSHLUI_I64))
		return random_below(r, bits);
	if (in(op, SIMD_VSHRN_I8, SIMD_VSHLL_U32))
		return random_below(r, bits + 1);
	if (in(op, SIMD_VCVT_S32_F32, SIMD_VCVT_F32_U32))
		return random_below(r, 2) ? 0 : random_below(r, 33);
	if (in(op, SIMD_VDUP_I8, SIMD_VDUP_I32))
		return random_below(r, 64 / bits);
	if (op == SIMD_VEXT)
		return random_below(r, q ? 16 : 8);
	if (op == SIMD_VTBL || op == SIMD_VTBX)
		return 1 + random_below(r, 4);
	if (op == SIMD_VLD_SPLIT) {
		unsigned n = 2 + random_below(r, 3);

		return SIMD_STRUCT(n, 1 + random_below(r, 2), random_below(r, 3), 1 + (n == 2 ? random_below(r, 2) : 0), !random_below(r, 4));
	}
	return 0;
}

/* Few registers, so that they meet. */
static uint32_t random_desc(struct random_ir *r, enum simd_op op)
{
	bool d_only = in(op, SIMD_VPMAX_S8, SIMD_VPADD_I32) || in(op, SIMD_VPADD_F32, SIMD_VRSUBHN_I32) || in(op, SIMD_VSHRN_I8, SIMD_VSHLL_U32) ||
	              in(op, SIMD_VCVT_F32_F16, SIMD_VCVT_F16_F32) || op >= SIMD_VTBL;
	bool q = op >= SIMD_VMOV && !d_only && random_below(r, 2);
	bool wide_d = in(op, SIMD_VADDL_S8, SIMD_VQDMLSL_S32) || in(op, SIMD_VSHLL_S8, SIMD_VSHLL_U32) || op == SIMD_VCVT_F32_F16;
	bool wide_n = in(op, SIMD_VADDW_S8, SIMD_VSUBW_U32) || in(op, SIMD_VADDHN_I8, SIMD_VRSUBHN_I32);
	bool wide_m = in(op, SIMD_VADDHN_I8, SIMD_VRSUBHN_I32) || in(op, SIMD_VSHRN_I8, SIMD_VQRSHRUN_I32) || op == SIMD_VCVT_F16_F32;
	unsigned top = random_below(r, 4) ? 8 : 32;
	unsigned vd = random_below(r, top), vn = random_below(r, top), vm = random_below(r, top);
	uint32_t imm = random_imm(r, op, q);

	if (by_scalar(op) && random_below(r, 2)) {
		unsigned bits = element_bits(op);

		return SIMD_DESC(q || wide_d ? vd & 30 : vd, q ? vn & 30 : vn, vm & (bits == 16 ? 7u : 15u)) | (q ? SIMD_Q : 0) | SIMD_SCALAR |
		       random_below(r, 64 / bits) << SIMD_IMM_SHIFT;
	}
	return SIMD_DESC(q || wide_d ? vd & 30 : vd, q || wide_n ? vn & 30 : vn, (q || wide_m) && !in(op, SIMD_VDUP_I8, SIMD_VDUP_I32) ? vm & 30 : vm) |
	       (q ? SIMD_Q : 0) | imm << SIMD_IMM_SHIFT;
}

/* --- blocks --- */

static void put_insn(struct ir_block *ir, unsigned n)
{
	struct ir_insn *insn = ir_append(ir, IR_INSN);

	insn->imm = ir->pc + 4 * n;
	insn->imm2 = 4;
}

static void put_simd(struct ir_block *ir, enum simd_op op, uint32_t desc)
{
	struct ir_insn *insn = ir_append(ir, IR_SIMD);

	insn->imm = op;
	insn->imm2 = desc;
}

/* vmrs APSR_nzcv, fpscr, and what uses the flags */
static void put_vmrs(struct ir_block *ir, struct random_ir *r, unsigned n)
{
	ir_ref tmp = ir_tmp(ir);
	struct ir_insn *insn = ir_append(ir, IR_LDCPU);

	insn->dst = tmp;
	insn->imm = offsetof(struct cpu, fpscr);
	insn = ir_append(ir, IR_SETNZCV);
	insn->a = tmp;
	insn->fdef = IR_NZCV;
	put_insn(ir, n);
	insn = ir_append(ir, IR_SETCOND);
	insn->dst = (ir_ref)random_below(r, 13);
	insn->cond = (uint8_t)random_below(r, 14);
	insn->fuse = ir_cond_flags(insn->cond);
}

static void put_core(struct ir_block *ir, struct random_ir *r)
{
	bool load = random_below(r, 2);
	uint32_t field = (uint32_t)offsetof(struct cpu, vfp) + 4 * random_below(r, 16);
	struct ir_insn *insn = ir_append(ir, load ? IR_LDCPU : IR_STCPU);

	if (load) {
		insn->dst = (ir_ref)random_below(r, 13);
		insn->imm = field;
	} else {
		insn->a = (ir_ref)random_below(r, 13);
		insn->imm2 = field;
	}
}

static bool same(const struct cpu *a, const struct cpu *b)
{
	bool equal = true;

	for (unsigned i = 0; i < 15; i++)
		if (a->r[i] != b->r[i]) {
			fprintf(stderr, "r%u: C 0x%08x, in line 0x%08x\n", i, a->r[i], b->r[i]);
			equal = false;
		}
	for (unsigned i = 0; i < 32; i++)
		if (a->vfp.d[i] != b->vfp.d[i]) {
			fprintf(stderr, "d%u: C 0x%016" PRIx64 ", in line 0x%016" PRIx64 "\n", i, a->vfp.d[i], b->vfp.d[i]);
			equal = false;
		}
	if (a->fpscr != b->fpscr || (a->nzcv & NZCV_ALL) != (b->nzcv & NZCV_ALL)) {
		fprintf(stderr, "fpscr: C 0x%08x, in line 0x%08x; nzcv 0x%04x, 0x%04x\n", a->fpscr, b->fpscr, a->nzcv, b->nzcv);
		equal = false;
	}
	return equal;
}

static void show(const struct ir_block *ir, const struct x64_code *code, const struct cpu *before)
{
	struct error err = { 0 };

	for (unsigned i = 0; i < 32; i++)
		fprintf(stderr, "d%u=0x%016" PRIx64 "%c", i, before->vfp.d[i], i % 4 == 3 ? '\n' : ' ');
	fprintf(stderr, "fpscr=0x%08x\n", before->fpscr);
	ir_dump(ir, stderr);
	log_enable(guest->cpu.log, "out_asm", &err);
	x64_dump(x64, code, guest->cpu.log);
}

/* Runs the block by C and as translated code from several states. */
static void check_block(struct random_ir *r, struct ir_block *ir, bool dbl)
{
	static struct block block;
	static struct cpu before, by_c;
	static struct ir_insn ops[IR_MAX_OPS];
	struct cpu *cpu = &guest->cpu;
	const char *wrong;
	unsigned at;
	int ret;

	ir_append(ir, IR_EXIT_STATE);
	wrong = ir_verify(ir, &at);
	ck_assert_msg(!wrong, "op %u: %s", at, wrong);
	memset(&block, 0, sizeof(block));
	ret = x64_emit(x64, cpu, ir, 0x8000, &block, &block.code);
	if (ret == -ENOSPC) {
		x64_flush(x64);
		ret = x64_emit(x64, cpu, ir, 0x8000, &block, &block.code);
	}
	ck_assert_int_eq(ret, 0);
	memcpy(ops, ir->ops, ir->count * sizeof(ops[0]));
	interp_prepare(ops, ir->count);
	for (unsigned n = 0; n < STATES; n++) {
		random_file(r, cpu, dbl);
		for (unsigned i = 0; i < 15; i++)
			cpu->r[i] = random32(r);
		cpu->nzcv = random_bits(r) & NZCV_ALL;
		cpu->fpscr = random_bits(r) & 0xf000009f;
		cpu->fpscr |= random_below(r, 4) ? 1u << 4 : 0;
		if (!random_below(r, 4))
			cpu->fpscr = 0;
		cpu->fpscr |= random_bits(r) & FPSCR_QC;
		if (ir->key & KEY_FPMODE)
			cpu->fpscr |= random_bits(r) & (FPSCR_RMODE | FPSCR_FZ | FPSCR_DN);
		cpu->r[15] = ir->pc;
		cpu->countdown = cpu->countdown_start = 1000;
		before = *cpu;
		interp_run(cpu, ops, NULL);
		by_c = *cpu;
		*cpu = before;
		x64_run(x64, cpu, block.code.fast);
		if (!same(&by_c, cpu)) {
			show(ir, &block.code, &before);
			ck_abort_msg("in-line code differs from the C function");
		}
	}
}

static unsigned cases(unsigned otherwise)
{
	const char *s = getenv("INLINE_FP_CASES");

	return s ? (unsigned)strtoul(s, NULL, 0) : otherwise;
}

static struct ir_block ir;

/* Bit 0 of the loop: no AVX; bit 1: flags go to memory at once; bit 2: results are looked at instead of trapping. */
START_TEST(each_operation)
{
	struct random_ir r = { 1 };

	start(_i & 1, !(_i & 2), !(_i & 4));
	for (unsigned op = 0; op < SIMD_OP_COUNT; op++) {
		bool dbl = strstr(simd_info[op].name, "F64") != NULL;

		for (unsigned n = 0; n < cases(30); n++) {
			r.state = (uint64_t)op << 32 | n;
			ir_block_init(&ir, 0x8000, KEY_PRIV | (n % 8 == 7 ? KEY_FPMODE : 0));
			put_insn(&ir, 0);
			put_simd(&ir, (enum simd_op)op, random_desc(&r, (enum simd_op)op));
			if (simd_info[op].attr & SIMD_CMP && n & 1)
				put_vmrs(&ir, &r, 1);
			check_block(&r, &ir, dbl);
		}
	}
	stop();
}
END_TEST

static enum simd_op random_op(struct random_ir *r, unsigned kind)
{
	switch (kind) {
	case 0:
		return (enum simd_op)random_below(r, SIMD_F32_F16);
	case 1:
		return (enum simd_op)(SIMD_VADD_F32 + random_below(r, SIMD_VPMIN_F32 - SIMD_VADD_F32 + 1));
	case 2:
		return (enum simd_op)(SIMD_VMOV + random_below(r, SIMD_OP_COUNT - SIMD_VMOV));
	default:
		return (enum simd_op)random_below(r, SIMD_OP_COUNT);
	}
}

START_TEST(sequences)
{
	struct random_ir r = { 2 };

	start(_i & 1, !(_i & 2), !(_i & 4));
	for (unsigned n = 0; n < 40 * cases(30); n++) {
		r.state = 1ull << 40 | n;
		ir_block_init(&ir, 0x8000, KEY_PRIV | (n % 16 == 15 ? KEY_FPMODE : 0));
		for (unsigned i = 0; i < 12; i++) {
			enum simd_op op = random_op(&r, n & 3);

			put_insn(&ir, 2 * i);
			if (!random_below(&r, 4)) {
				put_core(&ir, &r);
				continue;
			}
			put_simd(&ir, op, random_desc(&r, op));
			if (simd_info[op].attr & SIMD_CMP && random_below(&r, 2))
				put_vmrs(&ir, &r, 2 * i + 1);
		}
		check_block(&r, &ir, !(n & 3) && n & 4);
	}
	stop();
}
END_TEST

/* What traps all the time is emitted to do without from the next flush to the one after that. */
/* The operand of a conversion is half of what the op before left in a register: the C function must see it when FPSCR.IXC is clear. */
START_TEST(operand_not_in_memory_yet)
{
	struct random_ir r = { 3 };

	start(_i & 1, !(_i & 2), !(_i & 4));
	for (unsigned n = 0; n < 20; n++) {
		ir_block_init(&ir, 0x8000, KEY_PRIV);
		put_insn(&ir, 0);
		put_simd(&ir, SIMD_VSHLL_S32, SIMD_DESC(2, 0, 7));
		put_insn(&ir, 2);
		put_simd(&ir, n & 1 ? SIMD_F32_U32 : SIMD_F32_S32, SIMD_DESC(n & 2 ? 5 : 9, 0, 5));
		check_block(&r, &ir, false);
	}
	stop();
}
END_TEST

START_TEST(many_traps)
{
	struct cpu *cpu;
	static struct block block;

	start(false, true, true);
	cpu = &guest->cpu;
	for (unsigned round = 0; round < 3; round++) {
		ir_block_init(&ir, 0x8000, KEY_PRIV);
		put_insn(&ir, 0);
		put_simd(&ir, SIMD_F64_MUL, SIMD_DESC(0, 1, 2));
		ir_append(&ir, IR_EXIT_STATE);
		memset(&block, 0, sizeof(block));
		ck_assert_int_eq(x64_emit(x64, cpu, &ir, 0x8000, &block, &block.code), 0);
		cpu->stats[CPU_STAT_FP_TRAPS] = 0;
		for (unsigned n = 0; n < 5000; n++) {
			cpu->vfp.d[0] = 0;
			cpu->vfp.d[1] = 0x0010000000000000; /* the least normal number */
			cpu->vfp.d[2] = 0x3fe0000000000000; /* half */
			cpu->fpscr = 0;
			cpu->r[15] = ir.pc;
			cpu->countdown = cpu->countdown_start = 1000;
			x64_run(x64, cpu, block.code.fast);
			ck_assert_uint_eq(cpu->vfp.d[0], 0x0008000000000000);
			ck_assert_uint_eq(cpu->fpscr, 0); /* exact */
		}
		ck_assert_uint_eq(cpu->stats[CPU_STAT_FP_TRAPS], round == 1 ? 0 : 5000);
		ck_assert(x64_flush_wanted(x64) == (round != 1));
		x64_flush(x64);
		ck_assert(!x64_flush_wanted(x64));
	}
	stop();
}
END_TEST

/* C code that translated code calls may do arithmetic of its own. */
START_TEST(trap_in_c)
{
	volatile double zero = 0, result;

	start(false, true, true);
	fp_trap_install();
	signals_running(x64);
	_mm_setcsr(0x1000);
	result = zero / zero;
	ck_assert_uint_eq(_mm_getcsr() & 0x1f80, 0x1000);
	result = 1 / zero;
	ck_assert_uint_eq(_mm_getcsr() & 0x1f80, 0x1000);
	_mm_setcsr(0x1f80);
	signals_running(NULL);
	ck_assert(result > 1e308);
	stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("inline fp");
	TCase *tc = tcase_create("in line");

	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, each_operation, 0, 8);
	tcase_add_loop_test(tc, sequences, 0, 8);
	tcase_add_loop_test(tc, operand_not_in_memory_yet, 0, 8);
	tcase_add_test(tc, many_traps);
	tcase_add_test(tc, trap_in_c);
	suite_add_tcase(suite, tc);
	return check_run_suite(suite);
}
