/* Code that changes: by itself, by its neighbour, through aliases, across pages, beside page tables; and code that interrupts cut up. */
#include "common.h"

#define CODE 0x62000000   /* frames that hold code, mapped flat */
#define VA 0x90000000     /* where cases map them as they like */

static uint32_t level1[4096] __attribute__((aligned(16384)));
static uint32_t level2[256] __attribute__((aligned(1024)));

typedef uint32_t (*code_fn)(uint32_t, uint32_t);

#define MOV_R0(n) (0xe3a00000u | (n))
#define ADD_R0(n) (0xe2800000u | (n))
#define BX_LR 0xe12fff1eu
#define T_MOV_R0(n) (0x2000u | (n))
#define T_BX_LR 0x4770u

static void say(const char *name, uint32_t value)
{
	print("%s: %08x\n", name, value);
}

static void write_fn(uint32_t at, uint32_t n)
{
	REG(at) = MOV_R0(n);
	REG(at + 4) = BX_LR;
	sync_code();
}

static uint32_t call(uint32_t at)
{
	return ((code_fn)at)(0, 0);
}

static void map(unsigned page, uint32_t pa)
{
	level2[page] = pa ? pa | 0x7e : 0;
	flush_tlb();
}

/* The same place with other code, many times. */
static void rewritten(void)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < 200; i++) {
		write_fn(CODE, i);
		sum = sum * 3 + call(CODE);
	}
	say("rewritten-200", sum);
	/* Data beside the code, written each time: the code stays. */
	for (unsigned i = 0; i < 5000; i++) {
		REG(CODE + 0x20) = i;
		sum += call(CODE) + REG(CODE + 0x20);
	}
	say("data-on-code-page", sum);
	/* Without any maintenance nothing may be assumed but in the end, with it, the new code counts. */
	REG(CODE) = MOV_R0(77);
	sync_code();
	say("rewritten-last", call(CODE));
}

/* Code that changes the instruction after next of its own block; it is followed by the maintenance and ISB. */
static void own_block(void)
{
	static const uint32_t code[] = {
		0xe92d4010, /* push {r4, lr} */
		0xe28f4020, /* add r4, pc, #32: at the mov below */
		0xe5841000, /* str r1, [r4] */
		0xee071f35, /* mcr p15, 0, r1, c7, c5, 1 (ICIMVAU of r1: some address) */
		0xee074f3b, /* mcr p15, 0, r4, c7, c11, 1 (DCCMVAU) */
		0xee074f35, /* mcr p15, 0, r4, c7, c5, 1 (ICIMVAU) */
		0xee070fd5, /* mcr p15, 0, r0, c7, c5, 6 (BPIALL) */
		0xf57ff04f, /* dsb */
		0xf57ff06f, /* isb */
		0xe3a00000, /* mov r0, #0 */
		0xe3a00000,
		0xe3a00011, /* mov r0, #17: rewritten */
		0xe8bd8010, /* pop {r4, pc} */
	};
	uint32_t sum = 0;

	for (unsigned i = 0; i < sizeof(code) / 4; i++)
		REG(CODE + 0x100 + i * 4) = code[i];
	sync_code();
	for (unsigned i = 0; i < 20; i++)
		sum = sum * 5 + ((code_fn)(CODE + 0x100))(0, MOV_R0(i + 1));
	say("own-block", sum);
}

/* A loop whose body rewrites the loop's page (other lines) and then the loop itself. */
static void own_page(void)
{
	/* r0 = count, r1 = word to store: loop: str r1, [pc + far]; add r2; subs r0; bne; mov r0, r2; bx lr */
	static const uint32_t code[] = {
		0xe3a02000, /* mov r2, #0 */
		0xe58f1200, /* str r1, [pc, #0x200] */
		0xe2822003, /* add r2, r2, #3 */
		0xe2500001, /* subs r0, r0, #1 */
		0x1afffffb, /* bne str */
		0xe1a00002, /* mov r0, r2 */
		BX_LR,
	};

	for (unsigned i = 0; i < sizeof(code) / 4; i++)
		REG(CODE + 0x400 + i * 4) = code[i];
	sync_code();
	say("own-page", ((code_fn)(CODE + 0x400))(1000, 0x12345678));
	REG(CODE + 0x408) = 0xe2822005;
	sync_code();
	say("own-page-5", ((code_fn)(CODE + 0x400))(1000, 0x12345678));
}

/* Two pages that are neighbours only virtually; code runs from one into the other, and an instruction lies across them. */
static void straddling(void)
{
	uint32_t edge = VA + 0x1000;

	map(0, CODE + 0x5000);
	map(1, CODE + 0x2000);
	REG(edge - 8) = MOV_R0(1);
	REG(edge - 4) = ADD_R0(2);
	REG(edge) = ADD_R0(4);
	REG(edge + 4) = BX_LR;
	sync_code();
	say("run-into-next-page", call(edge - 8));
	map(1, CODE + 0x3000);
	REG(edge) = ADD_R0(0x40);
	REG(edge + 4) = BX_LR;
	sync_code();
	say("next-page-remapped", call(edge - 8));
	map(1, CODE + 0x2000);
	say("next-page-back", call(edge - 8));
	/* Rewritten through the flat address of the second frame. */
	REG(CODE + 0x2000) = ADD_R0(0x80);
	sync_code();
	say("next-page-rewritten", call(edge - 8));

	/* Thumb: movw r0, #imm across the edge; its second half changes. */
	volatile uint16_t *t = (volatile uint16_t *)(edge - 4);

	t[0] = 0x2005;          /* movs r0, #5 */
	t[1] = 0xf240;          /* movw r0, #... */
	t[2] = 0x0034;
	t[3] = T_BX_LR;
	sync_code();
	say("straddle", call((edge - 4) | 1));
	*(volatile uint16_t *)(CODE + 0x2000) = 0x0056;
	sync_code();
	say("straddle-second-half-rewritten", call((edge - 4) | 1));
	map(1, CODE + 0x3000);
	t[2] = 0x1078;          /* movw r0, #0x178: imm3 = 1 */
	t[3] = T_BX_LR;
	sync_code();
	say("straddle-second-page-remapped", call((edge - 4) | 1));
	map(0, CODE + 0x4000);
	t[0] = 0x2006;
	t[1] = 0xf2c0;          /* movt r0, #... */
	sync_code();
	say("straddle-first-page-remapped", call((edge - 4) | 1));
	map(1, 0);
	/* The second half is not there: a prefetch abort whose IFAR is the second page's. */
	prepare((edge - 4) & ~1u, 0x1f3);
	run_context();
	say("straddle-no-second-page", context_out->kind);
	say("straddle-no-second-page-ifar", context_out->ifar);
	say("straddle-no-second-page-lr", context_out->lr);
	map(1, CODE + 0x2000);
	t[2] = 0x0034;
	t[3] = T_BX_LR;
	sync_code();
	say("straddle-second-page-given", call((edge - 4) | 1));
}

/* One frame at several addresses: code is written through one and runs through the others. */
static void aliases(void)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < 4; i++)
		map(8 + i, CODE + 0x6000);
	for (unsigned round = 0; round < 16; round++) {
		write_fn(VA + 0x8000 + (round & 3) * 0x1000, round + 1);
		for (unsigned i = 0; i < 4; i++)
			sum = sum * 7 + call(VA + 0x8000 + i * 0x1000);
		sum += call(CODE + 0x6000);
	}
	say("aliases", sum);
	/* Position dependent code gives each alias's own PC. */
	REG(CODE + 0x6040) = 0xe1a0000f; /* mov r0, pc */
	REG(CODE + 0x6044) = BX_LR;
	sync_code();
	for (unsigned i = 0; i < 4; i++)
		say("alias-pc", call(VA + 0x8040 + i * 0x1000));
	/* Two frames take turns at one address. */
	write_fn(CODE + 0x7000, 70);
	write_fn(CODE + 0x6000, 60);
	for (unsigned i = 0; i < 6; i++) {
		map(12, i & 1 ? CODE + 0x7000 : CODE + 0x6000);
		say("turns", call(VA + 0xc000));
	}
	/* ARM and Thumb from the same bytes: 0x2001 and 0x4770 as halfwords. */
	REG(CODE + 0x6080) = T_MOV_R0(9) | T_BX_LR << 16;
	sync_code();
	say("thumb-bytes", call((CODE + 0x6080) | 1));
	REG(CODE + 0x6080) = MOV_R0(10);
	REG(CODE + 0x6084) = BX_LR;
	sync_code();
	say("arm-bytes", call(CODE + 0x6080));
}

/* A second level table in the same frame as code; the code is called while the table beside it changes. */
static void table_beside_code(void)
{
	uint32_t *table = (uint32_t *)(CODE + 0x8400);
	uint32_t sum = 0;

	for (unsigned i = 0; i < 256; i++)
		table[i] = 0;
	write_fn(CODE + 0x8000, 5);
	level1[(VA >> 20) + 1] = (uint32_t)table | 1;
	REG(CODE + 0x9000) = 0x90;
	REG(CODE + 0xa000) = 0xa0;
	flush_tlb();
	for (unsigned i = 0; i < 50; i++) {
		table[0] = (i & 1 ? CODE + 0xa000 : CODE + 0x9000) | 0x7e;
		flush_tlb();
		sum = sum * 3 + REG(VA + 0x100000) + call(CODE + 0x8000);
		if (i % 10 == 9)
			write_fn(CODE + 0x8000, i);
	}
	say("table-beside-code", sum);
	/* Code that rewrites the table that maps itself, to another frame with the rest of the function: as it runs. */
	table[3] = (CODE + 0xb000) | 0x7e;
	table[4] = (CODE + 0x8000) | 0x7e; /* the table itself, through its own mapping */
	flush_tlb();
	static const uint32_t code[] = {
		0xe5801000, /* str r1, [r0]: the descriptor of this page */
		0xee082f17, /* mcr p15, 0, r2, c8, c7, 0 (TLBIALL) */
		0xf57ff04f, /* dsb */
		0xf57ff06f, /* isb */
		MOV_R0(1), MOV_R0(1), BX_LR,
	};
	for (unsigned i = 0; i < 7; i++) {
		REG(CODE + 0xb000 + i * 4) = code[i];
		REG(CODE + 0xc000 + i * 4) = code[i];
	}
	REG(CODE + 0xc014) = MOV_R0(2);
	sync_code();
	say("remaps-itself", ((code_fn)(VA + 0x103000))(VA + 0x104400 + 12, (CODE + 0xc000) | 0x7e));
	say("remaps-itself-back", ((code_fn)(VA + 0x103000))(VA + 0x104400 + 12, (CODE + 0xb000) | 0x7e));
	level1[(VA >> 20) + 1] = 0;
	flush_tlb();
}

/* The code is copied over by LDM/STM, by NEON and by byte stores. */
static void store_kinds(void)
{
	CP_WRITE(0, 1, 0, 2, 0xf << 20);
	__asm__ volatile("vmsr fpexc, %0" : : "r"(1 << 30));
	write_fn(CODE + 0xd000, 1);
	say("store-kinds-before", call(CODE + 0xd000));
	*(volatile uint8_t *)(CODE + 0xd000) = 2;
	sync_code();
	say("store-byte", call(CODE + 0xd000));
	*(volatile uint16_t *)(CODE + 0xd000) = 3;
	sync_code();
	say("store-halfword", call(CODE + 0xd000));
	REG(SCRATCH) = MOV_R0(4);
	REG(SCRATCH + 4) = BX_LR;
	__asm__ volatile("ldm %0, {r4, r5}\n\tstm %1, {r4, r5}" : : "r"(SCRATCH), "r"(CODE + 0xd000) : "r4", "r5", "memory");
	sync_code();
	say("store-multiple", call(CODE + 0xd000));
	REG(SCRATCH) = MOV_R0(5);
	__asm__ volatile("vld1.32 {d0}, [%0]\n\tvst1.32 {d0}, [%1]" : : "r"(SCRATCH), "r"(CODE + 0xd000) : "d0", "memory");
	sync_code();
	say("store-neon", call(CODE + 0xd000));
	REG(SCRATCH) = MOV_R0(6);
	__asm__ volatile("vldr d0, [%0]\n\tvstr d0, [%1]" : : "r"(SCRATCH), "r"(CODE + 0xd000) : "d0", "memory");
	sync_code();
	say("store-vfp", call(CODE + 0xd000));
	__asm__ volatile("1: ldrex r4, [%0]\n\tadd r4, r4, #1\n\tstrex r5, r4, [%0]\n\tcmp r5, #0\n\tbne 1b" : : "r"(CODE + 0xd000) : "r4", "r5", "cc", "memory");
	sync_code();
	say("store-exclusive", call(CODE + 0xd000));
	/* An unaligned store that reaches from the page before. */
	write_fn(CODE + 0xe000, 8);
	say("store-crossing-before", call(CODE + 0xe000));
	WRITE_SCTLR(READ_SCTLR() & ~(uint32_t)SCTLR_A);
	__asm__ volatile("str %0, [%1]" : : "r"(0x09000000), "r"(CODE + 0xdffd) : "memory"); /* its last byte is the page's first */
	sync_code();
	say("store-crossing", call(CODE + 0xe000));
}

/* Interrupts cut a Thumb loop full of IT blocks; the result is the same as without. */
extern const char it_loop[], irq_vectors[];
extern volatile uint32_t irq_count;

static void interrupted(void)
{
	volatile uint32_t *gicd = (volatile uint32_t *)0x1e001000, *gicc = (volatile uint32_t *)0x1e000100;
	volatile uint32_t *timer = (volatile uint32_t *)0x1e000600;
	uint32_t before = ((code_fn)(it_loop))(20000, 3), during, rounds = 0;

	CP_WRITE(0, 12, 0, 0, irq_vectors);
	gicd[0] = 1;
	gicc[1] = 0xff;
	gicc[0] = 1;
	gicd[0x100 / 4] = 1u << 29;
	timer[0] = 7000; /* 14 kHz at 100 MHz */
	timer[3] = 1;
	timer[2] = 7;    /* enable, reload, interrupt */
	__asm__ volatile("cpsie i");
	do {
		during = ((code_fn)(it_loop))(20000, 3);
		rounds++;
	} while (during == before && irq_count < 300 && rounds < 100000);
	__asm__ volatile("cpsid i");
	timer[2] = 0;
	use_arm_vectors();
	say("it-loop", before);
	say("it-loop-interrupted", during);
	say("it-loop-interrupts", irq_count >= 300);
}

void group_main(void)
{
	for (uint32_t i = 0; i < 4096; i++)
		level1[i] = i << 20 | (i < 0x600 ? 0xc12 : 0x1c0e);
	level1[VA >> 20] = (uint32_t)level2 | 1;
	level1[(VA >> 20) + 1] = 0;
	CP_WRITE(0, 2, 0, 0, level1);
	CP_WRITE(0, 2, 0, 2, 0);
	CP_WRITE(0, 3, 0, 0, 1);
	flush_tlb();
	WRITE_SCTLR(READ_SCTLR() | SCTLR_M | 1 << 12 | 1 << 2);
	rewritten();
	own_block();
	own_page();
	straddling();
	aliases();
	table_beside_code();
	store_kinds();
	interrupted();
	WRITE_SCTLR(READ_SCTLR() & ~(uint32_t)SCTLR_M);
}
