/* Which coprocessor registers exist, for whom, and what they hold; the PMU; CP14 as Linux probes it. */
#include "common.h"

static unsigned run(uint32_t insn, uint32_t cpsr, uint32_t value)
{
	context_in->cpsr = cpsr;
	context_in->bank[2].spsr = cpsr;
	context_in->r[2] = value;
	REG(SCRATCH) = insn;
	sync_code();
	run_context();
	return context_out->kind;
}

static uint32_t mrc(unsigned cp, unsigned op1, unsigned crn, unsigned crm, unsigned op2)
{
	return 0xee102010 | op1 << 21 | crn << 16 | cp << 8 | op2 << 5 | crm;
}

/* A line for each CRn, opc1, CRm with a register: eight characters, '-' UNDEFINED, 'r' readable. */
static void map_of(const char *who, unsigned cp, uint32_t cpsr)
{
	for (unsigned crn = 0; crn < 16; crn++)
		for (unsigned op1 = 0; op1 < 8; op1++)
			for (unsigned crm = 0; crm < 16; crm++) {
				char line[9];
				unsigned any = 0;

				for (unsigned op2 = 0; op2 < 8; op2++) {
					bool ok = run(mrc(cp, op1, crn, crm, op2), cpsr, 0) == KIND_SVC;

					line[op2] = ok ? 'r' : '-';
					any += ok;
				}
				line[8] = 0;
				if (any)
					print("%s-p%d-c%d-%d-c%d: %s\n", who, cp, crn, op1, crm, line);
			}
}

static void value(const char *name, unsigned op1, unsigned crn, unsigned crm, unsigned op2)
{
	unsigned kind = run(mrc(15, op1, crn, crm, op2), 0x1d3, 0xdeadbeef);

	if (kind == KIND_SVC)
		print("%s: %08x\n", name, context_out->r[2]);
	else
		print("%s: undefined\n", name);
}

static void identification(void)
{
	value("MIDR", 0, 0, 0, 0);
	value("CTR", 0, 0, 0, 1);
	value("TCMTR", 0, 0, 0, 2);
	value("TLBTR", 0, 0, 0, 3);
	value("MIDR-alias", 0, 0, 0, 4);
	value("MPIDR", 0, 0, 0, 5);
	value("REVIDR", 0, 0, 0, 6);
	value("ID_PFR0", 0, 0, 1, 0);
	value("ID_PFR1", 0, 0, 1, 1);
	value("ID_DFR0", 0, 0, 1, 2);
	value("ID_AFR0", 0, 0, 1, 3);
	value("ID_MMFR0", 0, 0, 1, 4);
	value("ID_MMFR1", 0, 0, 1, 5);
	value("ID_MMFR2", 0, 0, 1, 6);
	value("ID_MMFR3", 0, 0, 1, 7);
	value("ID_ISAR0", 0, 0, 2, 0);
	value("ID_ISAR1", 0, 0, 2, 1);
	value("ID_ISAR2", 0, 0, 2, 2);
	value("ID_ISAR3", 0, 0, 2, 3);
	value("ID_ISAR4", 0, 0, 2, 4);
	value("CLIDR", 1, 0, 0, 1);
	for (unsigned level = 0; level < 2; level++) {
		CP_WRITE(2, 0, 0, 0, level);
		value(level ? "CCSIDR-I" : "CCSIDR-D", 1, 0, 0, 0);
	}
	value("AIDR", 1, 0, 0, 7);
	value("SCTLR", 0, 1, 0, 0);
	value("ACTLR", 0, 1, 0, 1);
	value("CPACR", 0, 1, 0, 2);
	value("SCR", 0, 1, 1, 0);
	value("SDER", 0, 1, 1, 1);
	value("NSACR", 0, 1, 1, 2);
	value("TTBR0", 0, 2, 0, 0);
	value("TTBR1", 0, 2, 0, 1);
	value("TTBCR", 0, 2, 0, 2);
	value("DACR", 0, 3, 0, 0);
	value("MVBAR", 0, 12, 0, 1);
	value("ISR", 0, 12, 1, 0);
	value("FCSEIDR", 0, 13, 0, 0);
	value("CONTEXTIDR", 0, 13, 0, 1);
	value("CBAR", 4, 15, 0, 0);
}

static void writable(const char *name, unsigned op1, unsigned crn, unsigned crm, unsigned op2, uint32_t mask)
{
	uint32_t m = mrc(15, op1, crn, crm, op2), before, ones, zeros;

	if (run(m, 0x1d3, 0) != KIND_SVC) {
		print("bits-%s: undefined\n", name);
		return;
	}
	before = context_out->r[2];
	run(m & ~(1u << 20), 0x1d3, before | mask);
	run(m, 0x1d3, 0);
	ones = context_out->r[2];
	run(m & ~(1u << 20), 0x1d3, before & ~mask);
	run(m, 0x1d3, 0);
	zeros = context_out->r[2];
	run(m & ~(1u << 20), 0x1d3, before);
	print("bits-%s: ones %08x zeros %08x\n", name, ones, zeros);
}

static void bits(void)
{
	writable("CSSELR", 2, 0, 0, 0, ~0u);
	writable("CPACR", 0, 1, 0, 2, 0x00f00000);
	writable("TTBR0", 0, 2, 0, 0, 0xffffc000);
	writable("TTBCR", 0, 2, 0, 2, ~0u);
	writable("DACR", 0, 3, 0, 0, ~0u);
	writable("DFSR", 0, 5, 0, 0, 0x1cff);
	writable("IFSR", 0, 5, 0, 1, 0x140f);
	writable("DFAR", 0, 6, 0, 0, ~0u);
	writable("IFAR", 0, 6, 0, 2, ~0u);
	writable("VBAR", 0, 12, 0, 0, 0);
	writable("MVBAR", 0, 12, 0, 1, ~0u);
	writable("FCSEIDR", 0, 13, 0, 0, 0);
	writable("CONTEXTIDR", 0, 13, 0, 1, ~0u);
	writable("PMSELR", 0, 9, 12, 5, 0x1f);
	writable("PMUSERENR", 0, 9, 14, 0, ~0u);
	writable("SDER", 0, 1, 1, 1, ~0u);
}

static void say(const char *name, uint32_t value)
{
	print("%s: %08x\n", name, value);
}

/* Writes to what is read-only or not there. */
static void writes(void)
{
	static const struct {
		const char *name;
		uint8_t op1, crn, crm, op2;
	} rows[] = {
		{"MIDR", 0, 0, 0, 0}, {"CTR", 0, 0, 0, 1}, {"ID_ISAR0", 0, 0, 2, 0}, {"CLIDR", 1, 0, 0, 1}, {"ISR", 0, 12, 1, 0},
		{"c4", 0, 4, 0, 0}, {"c14-timer", 0, 14, 2, 1}, {"ICIALLU", 0, 7, 5, 0}, {"DCIMVAC", 0, 7, 6, 1}, {"DCISW", 0, 7, 6, 2},
		{"TLBIALL", 0, 8, 7, 0}, {"TLBIMVA", 0, 8, 7, 1}, {"TLBIASID", 0, 8, 7, 2}, {"TLBIMVAA", 0, 8, 7, 3}, {"TLBIALLIS", 0, 8, 3, 0},
		{"ITLBIALL", 0, 8, 5, 0}, {"DTLBIMVA", 0, 8, 6, 1}, {"ICIALLUIS", 0, 7, 1, 0}, {"BPIALLIS", 0, 7, 1, 6}, {"DSB", 0, 7, 10, 4},
		{"DMB", 0, 7, 10, 5}, {"ISB", 0, 7, 5, 4}, {"WFI-op", 0, 7, 0, 4}, {"TLBI-hyp", 4, 8, 7, 0}, {"HCR", 4, 1, 1, 0},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t insn = mrc(15, rows[i].op1, rows[i].crn, rows[i].crm, rows[i].op2) & ~(1u << 20);

		print("write-%s: %s", rows[i].name, run(insn, 0x1d3, 0) == KIND_SVC ? "done" : "undefined");
		print(" user %s\n", run(insn, 0x1d0, 0) == KIND_SVC ? "done" : "undefined");
	}
}

static void pmu(void)
{
	uint32_t a, b, i;

	value("PMCR", 0, 9, 12, 0);
	CP_WRITE(0, 9, 12, 0, 7);           /* enable, reset the counters */
	CP_WRITE(0, 9, 12, 1, 1u << 31);    /* the cycle counter */
	say("PMCNTENSET", CP_READ(0, 9, 12, 1));
	a = CP_READ(0, 9, 13, 0);
	for (i = 0; i < 10000; i++)
		__asm__ volatile("nop");
	b = CP_READ(0, 9, 13, 0);
	say("cycles-count", b != a);
	CP_WRITE(0, 9, 12, 2, 1u << 31);
	say("PMCNTENCLR", CP_READ(0, 9, 12, 1));
	a = CP_READ(0, 9, 13, 0);
	for (i = 0; i < 1000; i++)
		__asm__ volatile("nop");
	say("cycles-stopped", CP_READ(0, 9, 13, 0) - a);
	CP_WRITE(0, 9, 13, 0, 0x12345678);
	say("cycles-written", CP_READ(0, 9, 13, 0));
	/* Overflow sets its flag, which a 1 clears. */
	CP_WRITE(0, 9, 13, 0, 0xfffffff0);
	CP_WRITE(0, 9, 12, 3, ~0u);
	CP_WRITE(0, 9, 12, 1, 1u << 31);
	for (i = 0; i < 100000; i++)
		__asm__ volatile("nop");
	say("overflow", CP_READ(0, 9, 12, 3));
	CP_WRITE(0, 9, 12, 3, 1u << 31);
	say("overflow-cleared", CP_READ(0, 9, 12, 3));
	/* From User mode only when PMUSERENR says so. */
	say("user-closed", run(mrc(15, 0, 9, 13, 0), 0x1d0, 0));
	CP_WRITE(0, 9, 14, 0, 1);
	say("user-open", run(mrc(15, 0, 9, 13, 0), 0x1d0, 0));
	say("user-never-PMINTENSET", run(mrc(15, 0, 9, 14, 1), 0x1d0, 0));
	CP_WRITE(0, 9, 14, 0, 0);
	CP_WRITE(0, 9, 12, 0, 0);
	/* Software increments count in an event counter that selects event 0. */
	CP_WRITE(0, 9, 12, 5, 0);
	CP_WRITE(0, 9, 13, 1, 0);
	CP_WRITE(0, 9, 13, 2, 0);
	CP_WRITE(0, 9, 12, 1, 1);
	CP_WRITE(0, 9, 12, 0, 1);
	for (i = 0; i < 5; i++)
		CP_WRITE(0, 9, 12, 4, 1);
	say("software-increment", CP_READ(0, 9, 13, 2));
	CP_WRITE(0, 9, 12, 0, 0);
	CP_WRITE(0, 9, 12, 2, ~0u);
}

static void coprocessor_access(void)
{
	/* CPACR decides on CP10 and CP11 by privilege; FPEXC.EN enables. */
	static const uint32_t insns[] = {0xeef12a10 /* vmrs r2, fpscr */, 0xeef02a10 /* vmrs r2, fpsid */, 0xeef82a10 /* vmrs r2, fpexc */,
	                                 0xee000a10 /* vmov s0, r0 */, 0xf2000840 /* vadd.i8 q0 */, 0xed900a00 /* vldr */};

	for (unsigned access = 0; access < 4; access += access == 1 ? 2 : 1)
		for (unsigned en = 0; en < 2; en++) {
			CP_WRITE(0, 1, 0, 2, 0xf << 20);
			__asm__ volatile("vmsr fpexc, %0" : : "r"(en << 30));
			CP_WRITE(0, 1, 0, 2, access << 20 | access << 22);
			print("cpacr-%d-en-%d:", access, en);
			for (unsigned i = 0; i < sizeof(insns) / 4; i++) {
				print(" %d", run(insns[i], 0x1d3, 0));
				print("%d", run(insns[i], 0x1d0, 0));
			}
			put("\n");
		}
	CP_WRITE(0, 1, 0, 2, 0xf << 20);
	__asm__ volatile("vmsr fpexc, %0" : : "r"(1 << 30));
	run(0xeef02a10, 0x1d3, 0);
	say("FPSID", context_out->r[2]);
	run(0xeef72a10, 0x1d3, 0);
	say("MVFR0", context_out->r[2]);
	run(0xeef62a10, 0x1d3, 0);
	say("MVFR1", context_out->r[2]);
	/* ASEDIS: what is Advanced SIMD's alone is UNDEFINED, what is VFP's is not. */
	static const uint32_t simd[] = {0xf2000840 /* vadd.i8 q0 */, 0xf420070f /* vld1.8 {d0}, [r0] */, 0xee400b10 /* vmov.8 d0[0], r0 */,
	                                0xee000b30 /* vmov.16 d0[0], r0 */, 0xee800b10 /* vdup.32 d0, r0 */, 0xee000b10 /* vmov.32 d0[0], r0 */,
	                                0xee000a10 /* vmov s0, r0 */, 0xee300b00 /* vadd.f64 d0 */};
	for (unsigned asedis = 0; asedis < 2; asedis++) {
		CP_WRITE(0, 1, 0, 2, asedis << 31 | 0xf << 20);
		print("asedis-%d:", asedis);
		for (unsigned i = 0; i < sizeof(simd) / 4; i++)
			print(" %d", run(simd[i], 0x1d3, 0));
		put("\n");
	}
	CP_WRITE(0, 1, 0, 2, 0);
}

void group_main(void)
{
	prepare(SCRATCH, 0x1d3);
	REG(SCRATCH + 4) = 0xef000000;
	identification();
	bits();
	map_of("svc", 15, 0x1d3);
	map_of("usr", 15, 0x1d0);
	map_of("svc", 14, 0x1d3);
	writes();
	pmu();
	coprocessor_access();
	REG(SCRATCH + 4) = 0x12233445;
}
