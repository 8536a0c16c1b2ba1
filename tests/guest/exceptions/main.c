/* Exceptions: the cases, then again with other vectors and entry states. */
#include "common.h"

static uint32_t level1[4096] __attribute__((aligned(16384)));

static void one(const char *name, uint32_t cpsr, uint32_t insn)
{
	prepare(SCRATCH, cpsr);
	REG(SCRATCH) = insn;
	sync_code();
	run_context();
	REG(SCRATCH) = 0x11223344;
	report(name);
}

#define SVC_ARM 0xef000001
#define UDF_ARM 0xe7f000f1
#define SVC_THUMB 0xbf00df01
#define UDF_THUMB 0xbf00de01
#define BKPT_ARM 0xe1200070
#define LOAD_ARM 0xe5920000 /* ldr r0, [r2]: r2 = 0x22222222, nothing there */

static void some(const char *a, const char *b, const char *c, const char *d)
{
	one(a, 0x1d0, SVC_ARM);
	one(b, 0x80001f0, UDF_THUMB);
	one(c, 0x1d2, BKPT_ARM);
	one(d, 0x1df, LOAD_ARM);
}

static void flat_map(void)
{
	for (uint32_t i = 0; i < 4096; i++)
		level1[i] = i << 20 | 0xc02 | (i < 0x600 ? 0x10 : 0);
	level1[0x1ff] = level1[0x200] = level1[0x222] = 0; /* what cases touch to get an abort */
	CP_WRITE(0, 2, 0, 0, level1);
	CP_WRITE(0, 2, 0, 2, 0);
	CP_WRITE(0, 3, 0, 0, 1);
	flush_tlb();
	WRITE_SCTLR(READ_SCTLR() | SCTLR_M);
}

void group_main(void)
{
	uint32_t sctlr;

	flat_map();
	sctlr = READ_SCTLR();
	run_cases();
	/* EE is the tables' byte order as well: without the MMU; alignment checks give the aborts. */
	uint32_t off = (sctlr & ~(uint32_t)SCTLR_M) | SCTLR_A;
	WRITE_SCTLR(off | SCTLR_EE);
	some("ee-svc", "ee-undef", "ee-bkpt", "ee-abort");
	WRITE_SCTLR(off | SCTLR_TE);
	use_thumb_vectors();
	some("te-svc", "te-undef", "te-bkpt", "te-abort");
	WRITE_SCTLR(off | SCTLR_TE | SCTLR_EE);
	some("te-ee-svc", "te-ee-undef", "te-ee-bkpt", "te-ee-abort");
	WRITE_SCTLR(sctlr);
	use_arm_vectors();

	/* V: the vectors at 0xffff0000, which the MMU maps to a copy; each branch in it is relative, so the copy is of addresses. */
	uint32_t *copy = (uint32_t *)0x61000000;
	for (unsigned i = 0; i < 8; i++) {
		uint32_t insn = ((const uint32_t *)vectors)[i];
		uint32_t target = (uint32_t)vectors + i * 4 + 8 + (uint32_t)((int32_t)(insn << 8) >> 6);

		copy[0xf0000 / 4 + i] = 0xe59ff018; /* ldr pc, [pc, #24] */
		copy[0xf0000 / 4 + 8 + i] = target;
	}
	sync_code();
	level1[0xfff] = 0x61000000 | 0xc02;
	flush_tlb();
	WRITE_SCTLR(READ_SCTLR() | SCTLR_V);
	CP_WRITE(0, 12, 0, 0, 0x20000000); /* VBAR does not matter now */
	some("high-svc", "high-undef", "high-bkpt", "high-abort");

	/* The frame behind the high vectors is another one now: no stale vector may be used. */
	for (unsigned i = 0; i < 16; i++)
		REG(0x61100000 + 0xf0000 + i * 4) = copy[0xf0000 / 4 + i];
	copy[0xf0000 / 4 + 2] = 0xeafffffe;
	sync_code();
	level1[0xfff] = 0x61100000 | 0xc02;
	flush_tlb();
	some("remapped-svc", "remapped-undef", "remapped-bkpt", "remapped-abort");

	/* The same frame's vectors rewritten through its other address: SVC's goes to the UNDEFINED one's. */
	REG(0x61100000 + 0xf0000 + 32 + 8) = REG(0x61100000 + 0xf0000 + 32 + 4);
	one("rewritten-target-svc", 0x1d0, SVC_ARM);
	REG(0x61100000 + 0xf0000 + 8) = 0xe59ff010; /* from the place of another vector */
	sync_code();
	one("rewritten-vector-svc", 0x1d0, SVC_ARM);

	/* Low vectors by VBAR at two places. */
	WRITE_SCTLR(READ_SCTLR() & ~(uint32_t)SCTLR_V);
	CP_WRITE(0, 12, 0, 0, 0x611f0000);
	one("vbar-svc", 0x1d0, SVC_ARM);
	CP_WRITE(0, 12, 0, 0, vectors);
	one("vbar-back-svc", 0x1d0, SVC_ARM);
	WRITE_SCTLR(sctlr);
}
