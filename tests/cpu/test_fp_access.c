/*
 * test_fp_access.c - when VFP and Advanced SIMD instructions trap: unit off, privilege, short vectors, what the A9 does not have, alignment; and the system
 * registers. Expected results are the manual's (ARM DDI 0406C.d B1.11, A3.2.1, A7.7; Cortex-A9 NEON MPE TRM).
 */
#include "base/base.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/base/check_run.h"
#include "tests/cpu/test_simd_machine.h"

#define CODE 0x80000u
#define DATA 0x10000u

/* Circumstances */
#define OFF (1u << 0)     /* FPEXC.EN = 0 */
#define DENIED (1u << 1)  /* CPACR denies cp10 and cp11 */
#define PRIV_ONLY (1u << 2) /* CPACR allows privileged modes only */
#define USER (1u << 3)
#define LEN (1u << 4)     /* FPSCR.Len = 1 */
#define STRICT (1u << 5)  /* SCTLR.A */
#define NO_SIMD (1u << 6) /* CPACR.ASEDIS */
#define NO_D32 (1u << 7)  /* CPACR.D32DIS */

#define RUNS EXC_SVC
#define UNDEF EXC_UNDEF
#define ABORT EXC_DATA_ABORT

struct access_case {
	const char *text;
	uint32_t word; /* A32 */
	uint32_t circumstances;
	uint32_t offset; /* r0 = DATA + offset, r2 = 8 */
	int outcome;
};

static const struct access_case cases[] = {
	{ "vadd.f32 s0, s0, s0", 0xee300a00, 0, 0, RUNS },
	{ "vadd.f32 s0, s0, s0", 0xee300a00, USER, 0, RUNS },
	{ "vadd.f32 s0, s0, s0", 0xee300a00, OFF, 0, UNDEF },
	{ "vadd.f32 s0, s0, s0", 0xee300a00, DENIED, 0, UNDEF },
	{ "vadd.f32 s0, s0, s0", 0xee300a00, PRIV_ONLY, 0, RUNS },
	{ "vadd.f32 s0, s0, s0", 0xee300a00, PRIV_ONLY | USER, 0, UNDEF },
	{ "vadd.i32 d0, d0, d0", 0xf2200800, 0, 0, RUNS },
	{ "vadd.i32 d0, d0, d0", 0xf2200800, OFF, 0, UNDEF },
	{ "vldr s0, [r0]", 0xed900a00, OFF, 0, UNDEF },
	{ "vld1.8 {d0}, [r0]", 0xf420070f, OFF, 0, UNDEF },
	{ "vmov r1, s0", 0xee101a10, OFF, 0, UNDEF },
	/* system registers */
	{ "vmrs r1, fpscr", 0xeef11a10, 0, 0, RUNS },
	{ "vmrs r1, fpscr", 0xeef11a10, USER, 0, RUNS },
	{ "vmrs r1, fpscr", 0xeef11a10, OFF, 0, UNDEF },
	{ "vmsr fpscr, r2", 0xeee12a10, OFF, 0, UNDEF },
	{ "vmrs r1, fpexc", 0xeef81a10, OFF, 0, RUNS },
	{ "vmrs r1, fpexc", 0xeef81a10, USER, 0, UNDEF },
	{ "vmrs r1, fpexc", 0xeef81a10, OFF | DENIED, 0, UNDEF },
	{ "vmsr fpexc, r2", 0xeee82a10, OFF, 0, RUNS },
	{ "vmsr fpexc, r2", 0xeee82a10, USER, 0, UNDEF },
	{ "vmrs r1, fpsid", 0xeef01a10, OFF, 0, RUNS },
	{ "vmrs r1, fpsid", 0xeef01a10, USER, 0, UNDEF },
	{ "vmrs r1, mvfr0", 0xeef71a10, OFF, 0, RUNS },
	{ "vmrs r1, mvfr1", 0xeef61a10, 0, 0, RUNS },
	{ "vmrs r1, mvfr1", 0xeef61a10, OFF | DENIED, 0, UNDEF },
	{ "vmrs r1, mvfr2", 0xeef51a10, 0, 0, UNDEF },
	{ "vmrs r1, fpinst", 0xeef91a10, 0, 0, UNDEF },
	/* short vectors are left to software; what does not obey Len runs */
	{ "vadd.f32 s0, s0, s0", 0xee300a00, LEN, 0, UNDEF },
	{ "vmov.f64 d0, d1", 0xeeb00b41, LEN, 0, UNDEF },
	{ "vmov.f32 s0, s1", 0xeeb00a60, LEN, 0, UNDEF },
	{ "vmov.f32 s0, #1.0", 0xeeb70a00, LEN, 0, UNDEF },
	{ "vsqrt.f64 d0, d1", 0xeeb10bc1, LEN, 0, UNDEF },
	{ "vcmp.f32 s0, s0", 0xeeb40a40, LEN, 0, RUNS },
	{ "vcvt.f64.f32 d0, s0", 0xeeb70ac0, LEN, 0, RUNS },
	{ "vmov r1, s0", 0xee101a10, LEN, 0, RUNS },
	{ "vldr s0, [r0]", 0xed900a00, LEN, 0, RUNS },
	{ "vadd.f32 d0, d0, d0", 0xf2000d00, LEN, 0, RUNS },
	/* VFPv4 */
	{ "vfma.f32 s0, s0, s0", 0xeea00a00, 0, 0, UNDEF },
	{ "vfms.f64 d0, d0, d0", 0xeea00b40, 0, 0, UNDEF },
	{ "vfnma.f32 s0, s0, s0", 0xee900a40, 0, 0, UNDEF },
	{ "vfma.f32 d0, d0, d0", 0xf2000c10, 0, 0, UNDEF },
	/* CPACR.ASEDIS: what is not VFP's; D32DIS: VFP's with D16-D31 */
	{ "vadd.i32 d0, d0, d0", 0xf2200800, NO_SIMD, 0, UNDEF },
	{ "vld1.8 {d0}, [r0]", 0xf420070f, NO_SIMD, 0, UNDEF },
	{ "vdup.32 d0, r2", 0xee802b10, NO_SIMD, 0, UNDEF },
	{ "vmov.8 d0[0], r2", 0xee402b10, NO_SIMD, 0, UNDEF },
	{ "vmov.32 d0[0], r2", 0xee002b10, NO_SIMD, 0, RUNS },
	{ "vadd.f64 d16, d16, d16", 0xee700ba0, NO_SIMD, 0, RUNS },
	{ "vadd.f64 d15, d15, d15", 0xee3ffb0f, NO_SIMD | NO_D32, 0, RUNS },
	{ "vadd.f64 d16, d0, d0", 0xee700b00, NO_SIMD | NO_D32, 0, UNDEF },
	{ "vadd.f64 d0, d16, d0", 0xee300b80, NO_SIMD | NO_D32, 0, UNDEF },
	{ "vadd.f64 d0, d0, d16", 0xee300b20, NO_SIMD | NO_D32, 0, UNDEF },
	{ "vadd.f32 s1, s1, s1", 0xee700aa0, NO_SIMD | NO_D32, 0, RUNS },
	{ "vmov.f64 d16, #1.0", 0xeef70b00, NO_SIMD | NO_D32, 0, UNDEF },
	{ "vcvt.f64.f32 d0, s1", 0xeeb70ae0, NO_SIMD | NO_D32, 0, RUNS },
	{ "vcvt.f64.f32 d16, s0", 0xeef70ac0, NO_SIMD | NO_D32, 0, UNDEF },
	{ "vcvt.f32.f64 s1, d0", 0xeef70bc0, NO_SIMD | NO_D32, 0, RUNS },
	{ "vcvt.f32.f64 s0, d16", 0xeeb70be0, NO_SIMD | NO_D32, 0, UNDEF },
	{ "vcvt.f64.s32 d0, s1", 0xeeb80be0, NO_SIMD | NO_D32, 0, RUNS },
	{ "vcvt.f64.s32 d16, s0", 0xeef80bc0, NO_SIMD | NO_D32, 0, UNDEF },
	{ "vcvt.s32.f64 s1, d0", 0xeefd0bc0, NO_SIMD | NO_D32, 0, RUNS },
	{ "vcvt.s32.f64 s0, d16", 0xeebd0be0, NO_SIMD | NO_D32, 0, UNDEF },
	{ "vldr d16, [r0]", 0xedd00b00, NO_SIMD | NO_D32, 0, UNDEF },
	{ "vldr s1, [r0]", 0xedd00a00, NO_SIMD | NO_D32, 0, RUNS },
	{ "vldmia r0, {d14-d15}", 0xec90eb04, NO_SIMD | NO_D32, 0, RUNS },
	{ "vldmia r0, {d15-d16}", 0xec90fb04, NO_SIMD | NO_D32, 0, UNDEF },
	{ "vmov r1, r2, d16", 0xec521b30, NO_SIMD | NO_D32, 0, UNDEF },
	{ "vmov s1, s2, r2, r3", 0xec432a30, NO_SIMD | NO_D32, 0, RUNS },
	{ "vmov.32 d16[0], r2", 0xee002b90, NO_SIMD | NO_D32, 0, UNDEF },
	{ "vmov.32 r1, d16[0]", 0xee101b90, NO_SIMD | NO_D32, 0, UNDEF },
	{ "vmov.32 r1, d15[0]", 0xee1f1b10, NO_SIMD | NO_D32, 0, RUNS },
	/* alignment: words always */
	{ "vldr s0, [r0]", 0xed900a00, 0, 2, ABORT },
	{ "vldr d0, [r0]", 0xed900b00, 0, 4, RUNS },
	{ "vldr d0, [r0]", 0xed900b00, 0, 1, ABORT },
	{ "vstr d0, [r0]", 0xed800b00, 0, 2, ABORT },
	{ "vldr d0, [r0]", 0xed900b00, STRICT, 4, RUNS },
	{ "vldmia r0!, {d0-d1}", 0xecb00b04, 0, 4, RUNS },
	{ "vldmia r0!, {d0-d1}", 0xecb00b04, 0, 2, ABORT },
	{ "vstmia r0!, {s0-s3}", 0xeca00a04, 0, 2, ABORT },
	/* elements: by the specifier, and with SCTLR.A by their size */
	{ "vld1.8 {d0-d3}, [r0]!", 0xf420020d, 0, 1, RUNS },
	{ "vld1.8 {d0-d3}, [r0]!", 0xf420020d, STRICT, 1, RUNS },
	{ "vld1.8 {d0-d3}, [r0:64]!", 0xf420021d, 0, 8, RUNS },
	{ "vld1.8 {d0-d3}, [r0:64]!", 0xf420021d, 0, 4, ABORT },
	{ "vld1.8 {d0-d3}, [r0:256]!", 0xf420023d, 0, 16, ABORT },
	{ "vld1.8 {d0-d3}, [r0:256]!", 0xf420023d, 0, 32, RUNS },
	{ "vst1.8 {d0-d3}, [r0:128]!", 0xf400022d, 0, 8, ABORT },
	{ "vst1.8 {d0}, [r0:64]!", 0xf400071d, 0, 4, ABORT },
	{ "vld1.32 {d0}, [r0]!", 0xf420078d, 0, 2, RUNS },
	{ "vld1.32 {d0}, [r0]!", 0xf420078d, STRICT, 2, ABORT },
	{ "vld1.32 {d0}, [r0]!", 0xf420078d, STRICT, 4, RUNS },
	{ "vst1.16 {d0}, [r0]!", 0xf400074d, STRICT, 1, ABORT },
	{ "vst1.16 {d0}, [r0]!", 0xf400074d, STRICT, 2, RUNS },
	{ "vld1.64 {d0}, [r0]!", 0xf42007cd, STRICT, 4, ABORT },
	{ "vst2.16 {d0-d1}, [r0]!", 0xf400084d, STRICT, 1, ABORT },
	{ "vst2.16 {d0-d1}, [r0]!", 0xf400084d, STRICT, 2, RUNS },
	{ "vst2.16 {d0-d1}, [r0:64]!", 0xf400085d, 0, 4, ABORT },
	{ "vld1.32 {d0[1]}, [r0:32]!", 0xf4a008bd, 0, 2, ABORT },
	{ "vld1.32 {d0[1]}, [r0]!", 0xf4a0088d, 0, 2, RUNS },
	{ "vld4.32 {d0[1]-d3[1]}, [r0:128]!", 0xf4a00bad, 0, 8, ABORT },
	{ "vld1.16 {d0[]}, [r0:16]!", 0xf4a00c5d, 0, 1, ABORT },
};

static void set_up(struct machine *m, const struct access_case *c)
{
	struct cpu *cpu = &m->cpu;
	const uint32_t code[2] = { c->word, 0xef000000 };

	cpu_set_cpsr(cpu, (c->circumstances & USER ? MODE_USR : MODE_SYS) | CPSR_I | CPSR_F | CPSR_A, ~0u);
	cpu->fpexc = c->circumstances & OFF ? 0 : FPEXC_EN;
	cpu->fpscr = c->circumstances & LEN ? 1u << 16 : 0;
	cpu->cp15.cpacr = c->circumstances & DENIED ? 0 : c->circumstances & PRIV_ONLY ? 0x500000 : 0xf00000;
	cpu->cp15.cpacr |= (c->circumstances & NO_SIMD ? CPACR_ASEDIS : 0) | (c->circumstances & NO_D32 ? CPACR_D32DIS : 0);
	cpu->cp15.sctlr = (cpu->cp15.sctlr & ~SCTLR_A) | (c->circumstances & STRICT ? SCTLR_A : 0);
	cpu->hooks->mmu_changed(cpu);
	memset(cpu->vfp.d, 0, sizeof(cpu->vfp.d));
	memset(&cpu->fault, 0, sizeof(cpu->fault));
	cpu->cp15.dfsr = cpu->cp15.dfar = 0;
	cpu->r[0] = DATA + c->offset;
	cpu->r[2] = 8;
	cpu->r[15] = CODE;
	machine_put_code(m, CODE, code, sizeof(code));
}

START_TEST(test_outcome)
{
	struct machine *m = calloc(1, sizeof(*m));

	ck_assert_ptr_nonnull(m);
	machine_init(m, (enum way)_i);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct access_case *c = &cases[i];
		int outcome;

		set_up(m, c);
		outcome = machine_run(m);
		ck_assert_msg(outcome == c->outcome, "%s (case %u) on %s: exception %d instead of %d", c->text, i, way_names[m->way], outcome, c->outcome);
		if (outcome == RUNS)
			continue;
		ck_assert_msg(m->cpu.r[15] == CODE, "%s: not precise", c->text);
		ck_assert_msg(m->cpu.r[0] == DATA + c->offset, "%s: base not restored", c->text);
		if (outcome == ABORT && m->way == WAY_DBT) {
			ck_assert_msg(m->cpu.cp15.dfar == DATA + c->offset, "%s: DFAR %08x", c->text, m->cpu.cp15.dfar);
			ck_assert_msg((m->cpu.cp15.dfsr & 0x40f) == 1, "%s: DFSR %08x", c->text, m->cpu.cp15.dfsr);
			ck_assert_msg(!(m->cpu.cp15.dfsr >> 11 & 1) == !strstr(c->text, "vst"), "%s: WnR", c->text);
		}
		if (outcome == UNDEF)
			ck_assert_msg(!(m->cpu.fpexc >> 29 & 1) == !(c->circumstances & LEN), "%s: FPEXC.DEX", c->text);
	}
	machine_fini(m);
	free(m);
}
END_TEST

/* One instruction with r1 = @in; returns r1 after. */
static uint32_t run_with(struct machine *m, uint32_t word, uint32_t in)
{
	const struct access_case c = { "", word, 0, 0, RUNS };
	uint32_t fpscr = m->cpu.fpscr, fpexc = m->cpu.fpexc;

	set_up(m, &c);
	m->cpu.fpscr = fpscr;
	m->cpu.fpexc = fpexc;
	m->cpu.r[1] = in;
	ck_assert_int_eq(machine_run(m), RUNS);
	return m->cpu.r[1];
}

START_TEST(test_system_registers)
{
	struct machine *m = calloc(1, sizeof(*m));
	const struct cpu_model *model;

	ck_assert_ptr_nonnull(m);
	machine_init(m, (enum way)_i);
	model = m->cpu.model;
	ck_assert_uint_eq(run_with(m, 0xeef01a10, 0), model->fpsid);
	ck_assert_uint_eq(run_with(m, 0xeef71a10, 0), model->mvfr[0]);
	ck_assert_uint_eq(run_with(m, 0xeef61a10, 0), model->mvfr[1]);
	/* no trap enables, nothing in the reserved bits; all else can be written */
	run_with(m, 0xeee11a10, 0xffffffff);
	ck_assert_uint_eq(run_with(m, 0xeef11a10, 0), 0xfff7009f);
	/* VMRS APSR_nzcv, FPSCR */
	run_with(m, 0xeee11a10, 0x60000000);
	run_with(m, 0xeef1fa10, 0);
	ck_assert_uint_eq(cpu_cpsr(&m->cpu) & 0xf0000000, 0x60000000);
	/* EN and DEX alone */
	run_with(m, 0xeee81a10, 0xffffffff);
	ck_assert_uint_eq(run_with(m, 0xeef81a10, 0), 0x60000000);
	machine_fini(m);
	free(m);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fp access");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 0);
	tcase_add_loop_test(tcase, test_outcome, 0, WAY_COUNT);
	tcase_add_loop_test(tcase, test_system_registers, 0, WAY_COUNT);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
