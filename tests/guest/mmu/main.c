/* MMU faults of every kind, domains, permissions, the access flag, TEX remap, alignment, big-endian data, ATS and PAR. */
#include "common.h"

/* 1 MiB of RAM that the cases map in many ways; distinct words in its first pages. */
#define PAGES 0x62000000
#define VA 0x90000000 /* first section of the cases' map */

static uint32_t level1[4096] __attribute__((aligned(16384)));
static uint32_t level1b[4096] __attribute__((aligned(16384)));
static uint32_t level2[256] __attribute__((aligned(1024)));

/* Normal memory (TEX 001, C 1, B 1), but for the cases that say otherwise. */
#define SECTION(domain, ap, bits) (PAGES | 0x100e | (domain) << 5 | ((ap) & 3) << 10 | ((ap) & 4) << 13 | (bits))
#define TABLE(domain) ((uint32_t)level2 | 1 | (domain) << 5)
#define SMALL(page, ap, bits) ((PAGES + (page) * 0x1000) | 0x4e | ((ap) & 3) << 4 | ((ap) & 4) << 7 | (bits))
#define LARGE(page, ap, bits) ((PAGES + (page) * 0x1000) | 0x100d | ((ap) & 3) << 4 | ((ap) & 4) << 7 | (bits))
#define XN_SECTION 0x10
#define XN_SMALL 1
#define XN_LARGE 0x8000
#define SUPER 0x40000
#define NG 0x20000

/* What a case does: r2 = the address. */
#define LDR 0xe5923000
#define LDRB 0xe5d23000
#define LDRH 0xe1d230b0
#define LDRD 0xe1c240d0
#define STR 0xe5823000
#define STRB 0xe5c23000
#define STRT 0xe4a23000
#define LDRT 0xe4b23000
#define LDM 0xe8920018
#define STM 0xe8820018
#define LDREX 0xe1923f9f
#define SWP 0xe1023093
#define PLD 0xf5d2f000
#define BX 0xe12fff12
#define CACHE 0xee072f3a
#define SVC0 0xef000000

enum { USER = 0x1d0, KERNEL = 0x1d3 };

static void access(const char *name, uint32_t cpsr, uint32_t insn, uint32_t addr)
{
	prepare(SCRATCH, cpsr);
	context_in->r[2] = addr;
	context_in->r[3] = 0x03030303;
	context_in->r[14] = 0;
	*context_out = *context_in;
	REG(SCRATCH) = insn;
	REG(SCRATCH + 4) = SVC0;
	sync_code();
	run_context();
	REG(SCRATCH) = 0x11223344;
	REG(SCRATCH + 4) = 0x12233445;
	report(name);
}

static void name_case(char *to, const char *a, const char *b, unsigned n)
{
	while (*a)
		*to++ = *a++;
	*to++ = '-';
	while (*b)
		*to++ = *b++;
	if (n < 100) {
		*to++ = '-';
		*to++ = (char)('0' + (n >= 10));
		*to++ = (char)('0' + (n >= 10 ? n - 10 : n));
	}
	*to = 0;
}

static void set(uint32_t *entry, uint32_t value)
{
	*entry = value;
	flush_tlb();
}

static void all_kinds(const char *what, unsigned n, uint32_t addr)
{
	char name[64];

	name_case(name, what, "kernel-read", n);
	access(name, KERNEL, LDR, addr);
	name_case(name, what, "kernel-write", n);
	access(name, KERNEL, STR, addr);
	name_case(name, what, "user-read", n);
	access(name, USER, LDR, addr);
	name_case(name, what, "user-write", n);
	access(name, USER, STR, addr);
	name_case(name, what, "kernel-as-user-read", n);
	access(name, KERNEL, LDRT, addr);
	name_case(name, what, "kernel-as-user-write", n);
	access(name, KERNEL, STRT, addr);
}

static void fetches(const char *what, uint32_t addr)
{
	char name[64];

	name_case(name, what, "kernel-fetch", 100);
	access(name, KERNEL, BX, addr);
	name_case(name, what, "user-fetch", 100);
	access(name, USER, BX, addr);
}

static void permissions(void)
{
	for (unsigned ap = 0; ap < 8; ap++) {
		set(&level1[VA >> 20], SECTION(1, ap, 0));
		all_kinds("section-ap", ap, VA + 0x10);
	}
	set(&level1[VA >> 20], TABLE(1));
	for (unsigned ap = 0; ap < 8; ap++) {
		set(&level2[3], SMALL(0, ap, 0));
		all_kinds("page-ap", ap, VA + 0x3010);
	}
	for (unsigned ap = 0; ap < 8; ap += 3) {
		for (unsigned i = 16; i < 32; i++)
			level2[i] = LARGE(16, ap, 0);
		flush_tlb();
		all_kinds("large-ap", ap, VA + 0x1a010);
	}
}

static void kinds(void)
{
	set(&level1[VA >> 20], 0);
	all_kinds("no-section", 100, VA + 0x123);
	fetches("no-section", VA + 0x124);
	set(&level1[VA >> 20], TABLE(1));
	set(&level2[7], 0);
	all_kinds("no-page", 100, VA + 0x7ffc);
	fetches("no-page", VA + 0x7ff0);
	/* Half of the access is on a page that is not there. */
	set(&level2[6], SMALL(6, 3, 0));
	access("crossing-read", USER, LDR, VA + 0x6ffe);
	access("crossing-write", USER, STR, VA + 0x6ffd);
	access("crossing-ldm", USER, LDM, VA + 0x6ffc);
	access("crossing-stm", USER, STM, VA + 0x6ffc);
	set(&level2[7], SMALL(6, 2, 0));
	access("crossing-read-only-write", USER, STR, VA + 0x6ffe);
	access("crossing-read-only-read", USER, LDR, VA + 0x6ffe);
	access("crossing-read-only-stm", USER, STM, VA + 0x6ffc);
	set(&level2[7], 0);
	access("cache-clean", KERNEL, CACHE, VA + 0x7010);
	access("preload", USER, PLD, VA + 0x7010);
	access("ldrex", USER, LDREX, VA + 0x7010);

	/* Fetches where execution is not allowed. */
	set(&level1[VA >> 20], SECTION(1, 3, XN_SECTION));
	fetches("section-xn", VA);
	set(&level1[VA >> 20], TABLE(1));
	set(&level2[0], SMALL(0, 3, XN_SMALL));
	fetches("page-xn", VA);
	set(&level2[0], SMALL(0, 1, 0));
	fetches("page-kernel-only", VA);
	for (unsigned i = 16; i < 32; i++)
		level2[i] = LARGE(0, 3, XN_LARGE);
	flush_tlb();
	fetches("large-xn", VA + 0x10000);

	/* A supersection: sixteen entries, domain 0, the base's bits 31-24. */
	for (unsigned i = 0; i < 16; i++)
		level1[(VA >> 20) + i] = PAGES | 2 | SUPER | 3 << 10;
	flush_tlb();
	all_kinds("super", 100, VA + 0x10);
	access("super-far", USER, LDR, VA + 0x100010);
	for (unsigned i = 0; i < 16; i++)
		level1[(VA >> 20) + i] = 0;
	/* The reserved type and the page table at its limits. */
	set(&level1[VA >> 20], 3);
	access("reserved-type", USER, LDR, VA);
}

static void domains(void)
{
	static const char *const names[] = {"no-access", "client", "reserved", "manager"};

	set(&level1[VA >> 20], SECTION(5, 2, XN_SECTION));
	set(&level1[(VA >> 20) + 1], TABLE(9));
	set(&level2[0], SMALL(0, 2, XN_SMALL));
	set(&level2[1], 0);
	for (unsigned d = 0; d < 4; d++) {
		char name[64];

		if (d == 2)
			continue;
		CP_WRITE(0, 3, 0, 0, 5u | d << 10 | d << 18);
		name_case(name, names[d], "section", 100);
		all_kinds(name, 100, VA + 0x10);
		fetches(name, VA);
		name_case(name, names[d], "page", 100);
		all_kinds(name, 100, VA + 0x100010);
		fetches(name, VA + 0x100000);
		name_case(name, names[d], "no-page", 100);
		access(name, USER, STR, VA + 0x101010);
	}
	CP_WRITE(0, 3, 0, 0, 5);
	level1[(VA >> 20) + 1] = 0;
}

static void access_flag(void)
{
	WRITE_SCTLR(READ_SCTLR() | SCTLR_AFE);
	for (unsigned ap = 0; ap < 8; ap++) {
		set(&level1[VA >> 20], SECTION(1, ap, 0));
		all_kinds("afe-section", ap, VA + 0x10);
	}
	set(&level1[VA >> 20], TABLE(1));
	for (unsigned ap = 0; ap < 8; ap++) {
		set(&level2[0], SMALL(0, ap, 0));
		all_kinds("afe-page", ap, VA + 0x10);
	}
	set(&level2[0], SMALL(0, 2, 0));
	fetches("afe-page", VA);
	set(&level1[VA >> 20], SECTION(1, 2, 0));
	fetches("afe-section", VA);
	WRITE_SCTLR(READ_SCTLR() & ~(uint32_t)SCTLR_AFE);
}

static void alignment(void)
{
	static const struct {
		const char *name;
		uint32_t insn, offset;
	} rows[] = {
		{"ldr", LDR, 1}, {"ldr", LDR, 2}, {"ldrh", LDRH, 1}, {"ldrb", LDRB, 1}, {"str", STR, 3}, {"ldrd", LDRD, 4}, {"ldrd", LDRD, 2},
		{"ldm", LDM, 2}, {"stm", STM, 1}, {"ldrex", LDREX, 2}, {"swp", SWP, 2}, {"ldrt", LDRT, 2}, {"strt", STRT, 1},
		{"vldr", 0xed920a00, 2}, {"vldr-ok", 0xed920b00, 4}, {"vld1", 0xf422078f, 1}, {"vld1-64", 0xf42207df, 4}, {"vldm", 0xec920b04, 6},
		{"ldr-crossing", LDR, 0xffe}, {"strh-crossing", 0xe1c230b0, 0xfff}, {"ldrh-crossing", LDRH, 0xfff},
	};
	static const char *const names[] = {"a0", "a1"};

	set(&level1[VA >> 20], TABLE(1));
	set(&level2[0], SMALL(0, 3, 0));
	set(&level2[1], SMALL(2, 3, 0));
	set(&level2[2], PAGES | 0x32); /* Strongly-ordered */
	set(&level2[3], PAGES | 0x36); /* Device */
	CP_WRITE(0, 1, 0, 2, 0xf << 20);
	__asm__ volatile("vmsr fpexc, %0" : : "r"(1 << 30));
	for (unsigned a = 0; a < 2; a++) {
		uint32_t sctlr = READ_SCTLR();

		for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			char name[64];

			name_case(name, names[a], rows[i].name, rows[i].offset);
			WRITE_SCTLR(a ? sctlr | SCTLR_A : sctlr);
			access(name, KERNEL, rows[i].insn, VA + rows[i].offset);
			WRITE_SCTLR(sctlr);
		}
		/* An alignment fault goes before what the MMU says of the address. */
		WRITE_SCTLR(a ? sctlr | SCTLR_A : sctlr);
		access(a ? "a1-priority" : "a0-priority", KERNEL, LDR, VA + 0x200002);
		access(a ? "a1-priority-ldm" : "a0-priority-ldm", KERNEL, LDM, VA + 0x200002);
		access(a ? "a1-user-ldr" : "a0-user-ldr", USER, LDR, VA + 2);
		access(a ? "a1-user-strh" : "a0-user-strh", USER, 0xe1c230b0, VA + 1);
		access(a ? "a1-strongly-ordered" : "a0-strongly-ordered", KERNEL, LDR, VA + 0x2001);
		access(a ? "a1-device" : "a0-device", KERNEL, 0xe1c230b0, VA + 0x3001);
		WRITE_SCTLR(sctlr);
	}
	__asm__ volatile("vmsr fpexc, %0" : : "r"(0));
}

static void big_endian(void)
{
	static const struct {
		const char *name;
		uint32_t insn, offset;
	} rows[] = {
		{"ldr", LDR, 0}, {"ldr", LDR, 1}, {"ldr", LDR, 3}, {"ldrh", LDRH, 0}, {"ldrh", LDRH, 1}, {"ldrsh", 0xe1d230f0, 2},
		{"ldrb", LDRB, 1}, {"ldrd", LDRD, 0}, {"ldrd", LDRD, 4}, {"ldm", LDM, 0}, {"str", STR, 0}, {"str", STR, 2}, {"strh", 0xe1c230b0, 0},
		{"strd", 0xe1c240f0, 0}, {"stm", STM, 0}, {"ldrex", LDREX, 0}, {"ldrexd", 0xe1b24f9f, 0}, {"ldrexh", 0xe1f23f9f, 2}, {"swp", SWP, 0},
		{"ldr-crossing", LDR, 0xffe}, {"strd-crossing", 0xe1c240f0, 0xffc},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[64];

		name_case(name, "be", rows[i].name, rows[i].offset < 100 ? rows[i].offset : 100);
		for (unsigned k = 0; k < 4; k++)
			REG(VA + 0xff8 + k * 4) = 0x81828384 + k * 0x11111111;
		REG(VA) = 0x81828384;
		REG(VA + 4) = 0x95969798;
		access(name, USER | 0x200, rows[i].insn, VA + rows[i].offset);
		print("  %08x %08x %08x %08x\n", REG(VA), REG(VA + 4), REG(VA + 0xffc), REG(VA + 0x1000));
	}
}

#define ATS(op2, va) __extension__({ CP_WRITE(0, 7, 8, op2, va); CP_READ(0, 7, 4, 0); })

static void translate(const char *name, uint32_t va)
{
	print("%s: pr %08x", name, ATS(0, va));
	print(" pw %08x", ATS(1, va));
	print(" ur %08x", ATS(2, va));
	print(" uw %08x\n", ATS(3, va));
}

static void address_translation(void)
{
	uint32_t dfsr = CP_READ(0, 5, 0, 0), dfar = CP_READ(0, 6, 0, 0);

	set(&level1[VA >> 20], TABLE(1));
	set(&level1[(VA >> 20) + 1], SECTION(1, 1, 0));
	level2[0] = SMALL(0, 3, 0);
	level2[1] = SMALL(1, 1, 0);
	level2[2] = SMALL(2, 2, 0);
	level2[3] = SMALL(3, 6, 0);
	level2[4] = 0;
	level2[5] = (PAGES + 0x5000) | 0x32;  /* Strongly-ordered */
	level2[6] = (PAGES + 0x6000) | 0x36;  /* shareable Device */
	level2[7] = (PAGES + 0x7000) | 0xb2;  /* Device */
	level2[8] = (PAGES + 0x8000) | 0x3e;  /* write-back */
	level2[9] = (PAGES + 0x9000) | 0x3a;  /* write-through */
	level2[10] = (PAGES + 0xa000) | 0x72; /* not cacheable */
	level2[11] = (PAGES + 0xb000) | 0x47e; /* write-back, write-allocate, shareable */
	flush_tlb();
	translate("ats-rw", VA + 0x123);
	translate("ats-kernel", VA + 0x1ffc);
	translate("ats-user-ro", VA + 0x2000);
	translate("ats-ro", VA + 0x3000);
	translate("ats-strongly-ordered", VA + 0x5000);
	translate("ats-device-shareable", VA + 0x6000);
	translate("ats-device-not-shareable", VA + 0x7000);
	translate("ats-write-back", VA + 0x8000);
	translate("ats-write-through", VA + 0x9000);
	translate("ats-not-cacheable", VA + 0xa000);
	translate("ats-allocate-shareable", VA + 0xb000);
	translate("ats-no-page", VA + 0x4000);
	translate("ats-no-section", VA + 0x300000);
	translate("ats-section", VA + 0x1abcde);
	CP_WRITE(0, 3, 0, 0, 1);
	translate("ats-domain", VA + 0x123);
	CP_WRITE(0, 3, 0, 0, 5);
	print("ats-leaves-fault-registers: %d\n", dfsr == CP_READ(0, 5, 0, 0) && dfar == CP_READ(0, 6, 0, 0));
}

/* TTBCR.N: the upper part of the address space comes from TTBR1; PD0 and PD1 close one. */
static void two_tables(void)
{
	for (unsigned i = 0; i < 4096; i++)
		level1b[i] = level1[i];
	set(&level1[VA >> 20], SECTION(1, 3, 0));
	level1b[VA >> 20] = SECTION(1, 3, 0) + 0x100000;
	level1b[0x300] = level1[0x300] = 0;
	REG(PAGES + 0x10) = 0xaaaa0000;
	REG(PAGES + 0x100010) = 0xbbbb0000;
	CP_WRITE(0, 2, 0, 1, level1b);
	flush_tlb();
	access("ttbcr-0", USER, LDR, VA + 0x10);
	CP_WRITE(0, 2, 0, 2, 1);
	flush_tlb();
	access("ttbcr-1", USER, LDR, VA + 0x10);
	CP_WRITE(0, 2, 0, 2, 0x21);
	flush_tlb();
	access("ttbcr-1-pd1", USER, LDR, VA + 0x10);
	CP_WRITE(0, 2, 0, 2, 0);
	flush_tlb();
	access("ttbcr-0-again", USER, LDR, VA + 0x10);
}

/* A page table in the frame that code runs from, changed by that code; mappings changed without maintenance after a fault. */
static void changes(void)
{
	set(&level1[VA >> 20], TABLE(1));
	for (unsigned i = 0; i < 4; i++)
		REG(PAGES + i * 0x1000 + 0x20) = 0xc0de0000 + i;
	for (unsigned i = 0; i < 4; i++) {
		set(&level2[0], SMALL(i, 3, 0));
		access("remapped-page", USER, LDR, VA + 0x20);
	}
	set(&level2[0], 0);
	access("taken-away", USER, LDR, VA + 0x20);
	level2[0] = SMALL(2, 3, 0);
	__asm__ volatile("dsb\n\tisb");
	access("given-after-fault", USER, LDR, VA + 0x20);
	/* Read-only, then writable again, as copy-on-write does. */
	set(&level2[0], SMALL(2, 2, 0));
	access("write-protected", USER, STR, VA + 0x20);
	set(&level2[0], SMALL(3, 3, 0));
	access("copied", USER, STR, VA + 0x20);
	print("  %08x %08x\n", REG(PAGES + 0x2020), REG(PAGES + 0x3020));
	/* The same table under two section entries. */
	set(&level1[(VA >> 20) + 1], TABLE(1));
	access("second-window", USER, LDR, VA + 0x100020);
	set(&level2[0], SMALL(1, 3, 0));
	access("second-window-changed", USER, LDR, VA + 0x100020);
	access("first-window-changed", USER, LDR, VA + 0x20);
	/* The level 1 entry goes; the level 2 table becomes plain memory. */
	set(&level1[(VA >> 20) + 1], 0);
	access("window-closed", USER, LDR, VA + 0x100020);
}

static void remap(void)
{
	/* TEX remap: PRRR/NMRR make the memory type; on this core it decides whether unaligned accesses fault. */
	uint32_t prrr = CP_READ(0, 10, 2, 0), nmrr = CP_READ(0, 10, 2, 1);

	print("prrr-reset: %08x nmrr %08x\n", prrr, nmrr);
	set(&level1[VA >> 20], TABLE(1));
	set(&level2[0], SMALL(0, 3, 0) & ~0x48u); /* TEX 0, C 0, B 1 */
	CP_WRITE(0, 10, 2, 0, 0x000a81a8);
	CP_WRITE(0, 10, 2, 1, 0x40e040e0);
	print("prrr-written: %08x nmrr %08x\n", CP_READ(0, 10, 2, 0), CP_READ(0, 10, 2, 1));
	WRITE_SCTLR(READ_SCTLR() | SCTLR_TRE);
	flush_tlb();
	access("tre-aligned", USER, LDR, VA + 4);
	for (unsigned n = 0; n < 8; n++) {
		char name[64];

		set(&level2[0], PAGES | 0x32 | (n & 3) << 2 | (n & 4) << 4);
		name_case(name, "tre", "ats", n);
		translate(name, VA);
		set(&level2[0], PAGES | 0x432 | (n & 3) << 2 | (n & 4) << 4);
		name_case(name, "tre", "ats-s", n);
		translate(name, VA);
	}
	/* n = 1 is Strongly-ordered here, 0 normal: what an unaligned access depends on. */
	CP_WRITE(0, 10, 2, 0, 0x000a81a2);
	set(&level2[0], PAGES | 0x36);
	access("tre-unaligned-strongly-ordered", KERNEL, LDR, VA + 1);
	set(&level2[0], PAGES | 0x32);
	access("tre-unaligned-normal", KERNEL, LDR, VA + 1);
	WRITE_SCTLR(READ_SCTLR() & ~(uint32_t)SCTLR_TRE);
	CP_WRITE(0, 10, 2, 0, prrr);
	CP_WRITE(0, 10, 2, 1, nmrr);
}

void group_main(void)
{
	for (unsigned i = 0; i < 0x8000 / 4; i++)
		REG(PAGES + i * 4) = i % 3 ? 0xe12fff1e : 0xef000007; /* bx lr; svc: what fetches run */
	for (uint32_t i = 0; i < 4096; i++)
		level1[i] = i << 20 | 0xc02 | (i < 0x600 ? 0x10 : 0);
	for (unsigned i = 0; i < 32; i++)
		level1[(VA >> 20) + i] = 0;
	CP_WRITE(0, 2, 0, 0, level1);
	CP_WRITE(0, 2, 0, 2, 0);
	CP_WRITE(0, 3, 0, 0, 5);
	flush_tlb();
	WRITE_SCTLR((READ_SCTLR() & ~(uint32_t)SCTLR_A) | SCTLR_M);
	permissions();
	kinds();
	domains();
	access_flag();
	alignment();
	big_endian();
	address_translation();
	two_tables();
	changes();
	remap();
	WRITE_SCTLR(READ_SCTLR() & ~(uint32_t)SCTLR_M);
}
