/*
 * The run loop on small A32 and T32 programs in flat memory: blocks, exceptions, interrupts, waiting, counting, self-modifying code.
 * Every program runs under the interpreter, natively, and natively with all optimizations off.
 */
#include "base/base.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "cpu/cp15.h"
#include "mmu/mmu_private.h"
#include "tests/base/check_run.h"
#include "tests/translator/guest.h"
#include "translator/run/run.h"

static struct guest *guest;
static struct translator_options options;

static const char *const accels[] = {
	"interp",
	"dbt",
	"dbt,no-device-sites",
	"dbt,no-chain,no-jump-cache,no-superblock,no-lift-runs,no-fast-memory,no-windows,no-device-sites,no-revive,no-home-copies,no-loop-homes,no-shifted,no-live-flags,no-inline-system,no-inline-fp,no-lazy-fp,no-fp-traps,no-fold,no-flags,no-dead,no-checks",
	"dbt,windows=always",
};

static void start(int accel)
{
	struct error err = { 0 };

	translator_default_options(&options);
	ck_assert_msg(translator_parse_accel(&options, accels[accel], &err) == 0, "%s", err.msg);
	options.check_ir = true;
	guest = guest_create(&options);
}

#define LOAD(addr, words) guest_load(guest, addr, words, ARRAY_SIZE(words))

/* Vectors: 0 start, undef 0x90, svc 0x98, pabt 0xa0, dabt 0xa4, irq 0xac. */
static const uint32_t vectors[] = { 0xea00000e, 0xea000021, 0xea000022, 0xea000023, 0xea000023, 0xe320f000, 0xea000023, 0xeafffffe };
static const uint32_t walk[] = {
	0xe3a0d902, /* 40: mov sp, #0x8000 */
	0xe3a00000, /* mov r0, #0 */
	0xe3a01064, /* mov r1, #100 */
	0xe0800001, /* 4c: add r0, r0, r1 */
	0xe2511001, /* subs r1, r1, #1 */
	0x1afffffc, /* bne 4c */
	0xef000005, /* 58: svc #5 */
	0xe3a08008, /* mov r8, #8 */
	0xe7f000f0, /* 60: udf */
	0xe3a09009, /* mov r9, #9 */
	0xe3a02207, /* mov r2, #0x70000000 */
	0xe5923004, /* 6c: ldr r3, [r2, #4]: nothing there */
	0xe3a0a00a, /* mov r10, #10 */
	0xeb000002, /* bl 84 */
	0xfa00000c, /* 78: blx b0 */
	0xe320f003, /* wfi */
	0xeafffffe, /* 80: b . */
	0xe92d4010, /* 84: push {r4, lr} */
	0xe3a04044, /* mov r4, #0x44 */
	0xe8bd8010, /* pop {r4, pc} */
	0xe1a0500e, /* 90: mov r5, lr */
	0xe1b0f00e, /* movs pc, lr */
	0xe1a0600e, /* 98: mov r6, lr */
	0xe1b0f00e, /* movs pc, lr */
	0xeafffffe, /* a0: b . */
	0xe1a0700e, /* a4: mov r7, lr */
	0xe25ef004, /* subs pc, lr, #4 */
	0xeafffffe, /* ac: b . */
	0xbf064280, /* b0: cmp r0, r0; itte eq */
	0x0b0bf04f, /* moveq.w r11, #11 */
	0x0b01f10b, /* addeq.w r11, r11, #1 */
	0x0b63f04f, /* movne.w r11, #99 */
	0xbf004770, /* bx lr */
};

START_TEST(program)
{
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0, vectors);
	LOAD(0x40, walk);
	cpu->r[4] = 0x1234;
	ck_assert_int_eq(translator_run(cpu, 100000), RUN_WFI);
	ck_assert(atomic_load(&cpu->halted));
	ck_assert_uint_eq(cpu->r[15], 0x80);
	ck_assert_uint_eq(cpu->r[0], 5050);
	ck_assert_uint_eq(cpu->r[4], 0x1234);
	ck_assert_uint_eq(cpu->r[8], 8);
	ck_assert_uint_eq(cpu->r[9], 9);
	ck_assert_uint_eq(cpu->r[10], 10);
	ck_assert_uint_eq(cpu->r[11], 12);
	ck_assert_uint_eq(cpu->r[6], 0x5c);  /* LR_svc */
	ck_assert_uint_eq(cpu->r[5], 0x64);  /* LR_und */
	ck_assert_uint_eq(cpu->r[7], 0x74);  /* LR_abt */
	ck_assert_uint_eq(cpu->cp15.dfar, 0x70000004);
	ck_assert_uint_eq(cpu_cpsr(cpu) & CPSR_M, MODE_SVC);
	ck_assert_uint_eq(cpu->r[13], 0x8000);
	/* b, 303 to the end of the loop; svc 1 + 3, mov, udf 1 + 3, 2 movs, ldr 1 + 3, mov, bl, 3, blx, 6, wfi */
	ck_assert_uint_eq(cpu_insns(cpu), 332);
	ck_assert_uint_eq(cpu->stats[CPU_STAT_EXC_SVC], 1);
	ck_assert_uint_eq(cpu->stats[CPU_STAT_EXC_UNDEF], 1);
	ck_assert_uint_eq(cpu->stats[CPU_STAT_EXC_DABT], 1);
	/* Nothing wakes it but a line. */
	ck_assert_int_eq(translator_run(cpu, 100), RUN_WFI);
	guest_destroy(guest);
}
END_TEST

static const uint32_t irq_vector[] = { 0xea000058 /* 18: b 180 */ };
static const uint32_t irq_handler[] = {
	0xe2800001, /* 180: add r0, r0, #1 */
	0xe5880000, /* str r0, [r8] */
	0xe25ef004, /* subs pc, lr, #4 */
};
static const uint32_t count_forever[] = {
	0xe3a00000, /* 40: mov r0, #0 */
	0xf1080080, /* cpsie i */
	0xe2811001, /* 48: add r1, r1, #1 */
	0xeafffffd, /* b 48 */
};

/* The budget bounds a run, within a block; a level interrupt is taken again and again and does not disturb the loop. */
START_TEST(interrupts)
{
	struct cpu *cpu;
	uint32_t before;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0x18, irq_vector);
	LOAD(0x40, count_forever);
	LOAD(0x180, irq_handler);
	cpu->r[8] = 0x4000;
	cpu->r[15] = 0x40;
	ck_assert_int_eq(translator_run(cpu, 10000), RUN_CHECK);
	ck_assert_uint_ge(cpu_insns(cpu), 10000);
	ck_assert_uint_le(cpu_insns(cpu), 10000 + 128);
	ck_assert_uint_eq(cpu->r[0], 0);
	before = cpu->r[1];
	ck_assert_uint_gt(before, 4000);
	cpu_set_irq(cpu, IRQ_LINE_IRQ, true);
	/* The handler leaves the line up: after each return it comes again, and no instruction of the loop is skipped or lost. */
	ck_assert_int_eq(translator_run(cpu, 300), RUN_CHECK);
	ck_assert_uint_gt(cpu->r[0], 2);
	ck_assert_uint_eq(guest_word(guest, 0x4000), cpu->r[0]);
	/* The last one may have been taken just before the budget ended. */
	ck_assert_uint_ge(cpu->stats[CPU_STAT_EXC_IRQ], cpu->r[0]);
	ck_assert_uint_le(cpu->stats[CPU_STAT_EXC_IRQ], cpu->r[0] + 1);
	cpu_set_irq(cpu, IRQ_LINE_IRQ, false);
	before = cpu->r[0];
	ck_assert_int_eq(translator_run(cpu, 10000), RUN_CHECK);
	ck_assert_uint_le(cpu->r[0], before + 1);
	ck_assert_uint_eq(atomic_load(&cpu->attention), 0);
	guest_destroy(guest);
}
END_TEST

static const uint32_t masked_wait[] = {
	0xe320f003, /* 80: wfi */
	0xe3a02001, /* mov r2, #1 */
	0xf1080080, /* cpsie i */
	0xe3a03001, /* mov r3, #1 */
	0xeafffffe, /* 90: b . */
};

START_TEST(masked_interrupt_wakes)
{
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0x18, irq_vector);
	LOAD(0x80, masked_wait);
	LOAD(0x180, irq_handler);
	cpu->r[8] = 0x4000;
	cpu->r[15] = 0x80;
	ck_assert_int_eq(translator_run(cpu, 1000), RUN_WFI);
	cpu_set_irq(cpu, IRQ_LINE_IRQ, true);
	/* Taken right after CPSIE, before the next instruction: the first three, then the handler's three. */
	ck_assert_int_eq(translator_run(cpu, 5), RUN_CHECK);
	ck_assert_uint_eq(cpu->r[2], 1);
	ck_assert_uint_ge(cpu->r[0], 1);
	ck_assert_uint_eq(cpu->r[3], 0);
	guest_destroy(guest);
}
END_TEST

START_TEST(stop_and_events)
{
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0x40, count_forever);
	cpu->r[15] = 0x48;
	cpu_attention(cpu, ATTN_EVENT);
	ck_assert_int_eq(translator_run(cpu, 1000), RUN_CHECK);
	ck_assert_uint_eq(cpu->r[1], 0);
	cpu_attention(cpu, ATTN_EXIT);
	ck_assert_int_eq(translator_run(cpu, 1000), RUN_STOP);
	ck_assert_uint_eq(cpu->r[1], 0);
	ck_assert_int_eq(translator_run(cpu, 1000), RUN_CHECK);
	ck_assert_uint_ge(cpu->r[1], 500);
	atomic_store(&cpu->halted, true);
	cpu_attention(cpu, ATTN_EXIT);
	ck_assert_int_eq(translator_run(cpu, 1000), RUN_STOP);
	guest_destroy(guest);
}
END_TEST

static const uint32_t rewrites_itself[] = {
	0xe59f1020, /* 100: ldr r1, =0xe3a00007 */
	0xe28f2014, /* add r2, pc, #20 */
	0xeb000004, /* bl 120 */
	0xe5821000, /* str r1, [r2] */
	0xe1a04000, /* mov r4, r0 */
	0xeb000001, /* bl 120 */
	0xe1a05000, /* mov r5, r0 */
	0xe320f003, /* wfi */
	0xe3a00001, /* 120: mov r0, #1 */
	0xe12fff1e, /* bx lr */
	0xe3a00007, /* mov r0, #7 */
};

START_TEST(self_modifying)
{
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	for (uint32_t n = 2; n < 5; n++) {
		LOAD(0x100, rewrites_itself); /* phys_load() is the boot loader's: it must be seen, too */
		atomic_store(&cpu->halted, false);
		cpu->r[15] = 0x100;
		ck_assert_int_eq(translator_run(cpu, 1000), RUN_WFI);
		ck_assert_uint_eq(cpu->r[4], 1);
		ck_assert_uint_eq(cpu->r[5], 7);
	}
	ck_assert_uint_gt(cpu->stats[CPU_STAT_BLOCKS_INVALIDATED], 0);
	guest_destroy(guest);
}
END_TEST

/*
 * TLB maintenance by address. Both roots map 0x100000 by a global page, so one shadow space serves both, and what it has from the first root
 * goes with TLBIMVA. Where no shared space has anything the helper is not called, and the operation counts all the same.
 */
static const uint32_t stale_page[] = {
	0xe3a00901, /* mov r0, #16384 */
	0xee020f10, /* mcr 15, 0, r0, cr2, cr0, {0} */
	0xe3a01001, /* mov r1, #1 */
	0xee031f10, /* mcr 15, 0, r1, cr3, cr0, {0} */
	0xee112f10, /* mrc 15, 0, r2, cr1, cr0, {0} */
	0xe3822001, /* orr r2, r2, #1 */
	0xee012f10, /* mcr 15, 0, r2, cr1, cr0, {0} */
	0xf57ff06f, /* isb sy */
	0xe3a03601, /* mov r3, #1048576 */
	0xe5934000, /* ldr r4, [r3] */
	0xe3a00902, /* mov r0, #32768 */
	0xee020f10, /* mcr 15, 0, r0, cr2, cr0, {0} */
	0xf57ff06f, /* isb sy */
	0xee083f37, /* mcr 15, 0, r3, cr8, cr7, {1} */
	0xf57ff04f, /* dsb sy */
	0xf57ff06f, /* isb sy */
	0xe5936000, /* ldr r6, [r3] */
	0xe3a07602, /* mov r7, #2097152 */
	0xee087f37, /* mcr 15, 0, r7, cr8, cr7, {1} */
	0xee087f73, /* mcr 15, 0, r7, cr8, cr3, {3} */
	0xe320f003, /* wfi  */
};

/* Tables at 0x4000 and 0x8000 with another page each at 0x100000, which hold 0xa and 0xb. */
static void load_two_tables(void)
{
	static const uint32_t section[] = { 0x00000c0e }, l2_first[] = { 0x00010001 }, l2_second[] = { 0x00010401 };
	static const uint32_t page_first[] = { 0x0002003e }, page_second[] = { 0x0003003e }, first[] = { 0xa }, second[] = { 0xb };

	LOAD(0x4000, section);
	LOAD(0x8000, section);
	LOAD(0x4004, l2_first);
	LOAD(0x8004, l2_second);
	LOAD(0x10000, page_first);
	LOAD(0x10400, page_second);
	LOAD(0x20000, first);
	LOAD(0x30000, second);
}

START_TEST(tlb_maintenance)
{
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	load_two_tables();
	LOAD(0x100, stale_page);
	cpu->r[15] = 0x100;
	ck_assert_int_eq(translator_run(cpu, 1000), RUN_WFI);
	ck_assert_uint_eq(cpu->r[4], 0xa);
	ck_assert_uint_eq(cpu->r[6], 0xb);
	ck_assert_uint_eq(cpu->stats[CPU_STAT_TLB_OPS], 3);
	ck_assert_ptr_nonnull(cpu->tlb_filter);
	ck_assert_uint_ne(cpu->tlb_filter[1], 0);
	ck_assert_uint_eq(cpu->tlb_filter[2], 0);
	guest_destroy(guest);
}
END_TEST

static const uint32_t closing[] = {
	0xe3a05064, /* 100: mov r5, #100 */
	0xe2555001, /* 104: subs r5, r5, #1 */
	0x1afffffd, /* bne 104 */
	0xe5934000, /* ldr r4, [r3] */
	0xee020f10, /* mcr 15, 0, r0, cr2, cr0, {0} */
	0xee083f37, /* mcr 15, 0, r3, cr8, cr7, {1} */
	0xe3a05064, /* mov r5, #100 */
	0xe2555001, /* 11c: subs r5, r5, #1 */
	0x1afffffd, /* bne 11c */
	0xe5936000, /* ldr r6, [r3] */
	0xe320f003, /* wfi */
};

/* What TLB maintenance takes out of a window may be more than the window can pay: it closes, and no instruction is counted twice or not at all. */
START_TEST(window_closes_at_tlb_op)
{
	struct shadow *shadow;
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	load_two_tables();
	LOAD(0x100, closing);
	cpu->cp15.sctlr |= SCTLR_M;
	cpu->cp15.ttbr0 = 0x4000;
	cpu->cp15.dacr = 1;
	mmu_switch(cpu);
	shadow = cpu->mmu->current;
	if (cpu->mmu->window_mode == WINDOWS_AUTO) {
		window_open(cpu->mmu, shadow);
		cpu->window_key = KEY_WINDOW;
		shadow->window.credit = 12000; /* for a fault and a mapping, but not for the end of that */
	}
	cpu->r[0] = 0x8000;
	cpu->r[3] = 0x100000;
	cpu->r[15] = 0x100;
	/* Code that uses the window is left at once. */
	if (cpu->mmu->window_mode == WINDOWS_AUTO)
		ck_assert_int_eq(translator_run(cpu, 10000), RUN_CHECK);
	ck_assert_int_eq(translator_run(cpu, 10000), RUN_WFI);
	ck_assert_uint_eq(cpu->r[4], 0xa);
	ck_assert_uint_eq(cpu->r[6], 0xb);
	if (cpu->mmu->window_mode == WINDOWS_AUTO)
		ck_assert_uint_eq(cpu->stats[CPU_STAT_WINDOWS_CLOSED], 1);
	ck_assert_uint_eq(cpu_insns(cpu), 407);
	guest_destroy(guest);
}
END_TEST

/* Stores beside code in its page drop nothing; code is found again after a flush. */
START_TEST(neighbours_survive)
{
	struct cpu *cpu;
	uint64_t blocks;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0x40, count_forever);
	cpu->r[15] = 0x48;
	translator_run(cpu, 1000);
	blocks = cpu->stats[CPU_STAT_BLOCKS];
	ck_assert_uint_gt(blocks, 0);
	LOAD(0x80, masked_wait);
	LOAD(0x50, masked_wait);
	translator_run(cpu, 1000);
	ck_assert_uint_eq(cpu->stats[CPU_STAT_BLOCKS], blocks);
	ck_assert_uint_eq(cpu->stats[CPU_STAT_BLOCKS_INVALIDATED], 0);
	LOAD(0x48, count_forever);
	cpu->r[15] = 0x48;
	translator_run(cpu, 1000);
	ck_assert_uint_gt(cpu->stats[CPU_STAT_BLOCKS_INVALIDATED], 0);
	ck_assert_uint_eq(cpu->r[0], 0);
	translator_reset(cpu->translator);
	blocks = cpu->stats[CPU_STAT_BLOCKS];
	translator_run(cpu, 1000);
	ck_assert_uint_gt(cpu->stats[CPU_STAT_BLOCKS], blocks);
	guest_destroy(guest);
}
END_TEST

/* movw r0, #0x1234 as T32 over the end of a page, and its second half written. */
START_TEST(straddling)
{
	static const uint16_t first[] = { 0xbf00 /* nop */, 0xf241 };
	static const uint16_t second[] = { 0x2034, 0xbf30 /* wfi */ };
	static const uint16_t other[] = { 0x2056 }; /* #0x1256 */
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	for (unsigned n = 0; n < 4; n++) {
		if (n < 2) {
			phys_load(guest->phys, 0x1ffc, first, sizeof(first));
			phys_load(guest->phys, 0x2000, second, sizeof(second));
		} else {
			phys_load(guest->phys, 0x2000, other, sizeof(other));
		}
		atomic_store(&cpu->halted, false);
		cpu->cpsr |= CPSR_T;
		cpu->r[0] = 0;
		cpu->r[15] = 0x1ffc;
		ck_assert_int_eq(translator_run(cpu, 100), RUN_WFI);
		ck_assert_uint_eq(cpu->r[0], n < 2 ? 0x1234 : 0x1256);
		ck_assert_uint_eq(cpu->r[15], 0x2004);
	}
	guest_destroy(guest);
}
END_TEST

static const uint32_t toggles[] = {
	0xe2255001, /* 100: eor r5, r5, #1 */
	0xe5845000, /* str r5, [r4] */
	0xf57ff06f, /* isb */
	0xe12fff34, /* blx r4 */
	0xe0866000, /* add r6, r6, r0 */
	0xe2577001, /* subs r7, r7, #1 */
	0x1afffff8, /* bne 100 */
	0xe320f003, /* wfi */
};

/* A load that aborts each time: what handles it goes on behind it. In a window such an access uses the tables in the end. */
START_TEST(aborts_again_and_again)
{
	const uint32_t vector[] = { 0xe25ef004 /* subs pc, lr, #4 */ };
	const uint32_t code[] = {
		0xe5940000, /* loop: ldr r0, [r4] */
		0xe2511001, /* subs r1, r1, #1 */
		0x1afffffc, /* bne loop */
		0xe320f003, /* wfi */
	};
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0x10, vector);
	LOAD(0x100, code);
	cpu->r[0] = 42;
	cpu->r[1] = 300;
	cpu->r[4] = 0x0f000000;
	cpu->r[15] = 0x100;
	ck_assert_int_eq(translator_run(cpu, 100000), RUN_WFI);
	ck_assert_uint_eq(cpu->r[0], 42);
	ck_assert_uint_eq(cpu->stats[CPU_STAT_EXC_DABT], 300);
	ck_assert_uint_eq(cpu->stats[CPU_STAT_WINDOW_DEMOTED], cpu->mmu->window_mode == WINDOWS_ALWAYS ? 1 : 0);
	guest_destroy(guest);
}
END_TEST

/* An instruction that is written back and forth: the right one runs, and only the first times are translated. */
START_TEST(code_comes_back)
{
	const uint32_t toggled[] = { 0xe3a00000 /* mov r0, #0 */, 0xe12fff1e /* bx lr */ };
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0x100, toggles);
	LOAD(0x2000, toggled);
	cpu->r[4] = 0x2000;
	cpu->r[5] = toggled[0];
	cpu->r[7] = 100;
	cpu->r[15] = 0x100;
	ck_assert_int_eq(translator_run(cpu, 10000), RUN_WFI);
	ck_assert_uint_eq(cpu->r[6], 50);
	ck_assert_uint_eq(cpu->stats[CPU_STAT_BLOCKS_INVALIDATED], 99 + cpu->stats[CPU_STAT_WINDOW_DEMOTED]);
	if (options.optimizations >> OPT_REVIVE & 1)
		ck_assert_uint_ge(cpu->stats[CPU_STAT_BLOCKS_REVIVED], 95);
	else
		ck_assert_uint_eq(cpu->stats[CPU_STAT_BLOCKS_REVIVED], 0);
	/* Not the same bytes, and not behind the store: never revived. */
	guest_load(guest, 0x2000, &(uint32_t){ 0xe3a00003 }, 1);
	cpu->r[5] = 0xe3a00004;
	cpu->r[6] = 0;
	cpu->r[7] = 10;
	cpu->r[15] = 0x100;
	atomic_store(&cpu->halted, false);
	ck_assert_int_eq(translator_run(cpu, 10000), RUN_WFI);
	ck_assert_uint_eq(cpu->r[6], 5 * 5 + 5 * 4);
	guest_destroy(guest);
}
END_TEST

static const uint32_t device_code[] = {
	0xe3a00000, /* 100: mov r0, #0 */
	0xe3a02000, /* mov r2, #0 */
	0xe5981020, /* 108: ldr r1, [r8, #0x20] */
	0xe0822001, /* add r2, r2, r1 */
	0xe7983004, /* ldr r3, [r8, r4] */
	0xe5c80008, /* strb r0, [r8, #8] */
	0xe1d853b2, /* ldrh r5, [r8, #0x32] */
	0xe2844004, /* add r4, r4, #4 */
	0xe2800001, /* add r0, r0, #1 */
	0xe3500008, /* cmp r0, #8 */
	0x1afffff6, /* bne 108 */
	0xe320f003, /* wfi */
	0xe589a000, /* 130: str r10, [r9] */
	0xee088f37, /* mcr p15, 0, r8, c8, c7, 1: TLBIMVA */
	0xf57ff04f, /* dsb */
	0xf57ff06f, /* isb */
	0xe3a00007, /* mov r0, #7 */
	0xe3a04000, /* mov r4, #0 */
	0xeaffffee, /* b 108 */
};

/* A site that accesses devices: the first time and later, the same register and others, and when its address becomes memory. */
START_TEST(devices)
{
	const uint32_t remapped[] = { 0xaaaa, 0xbbbb };
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0x100, device_code);
	guest_load(guest, 0x4000, &(uint32_t){ 0x00000c0e }, 1);          /* section 0: memory at 0 */
	guest_load(guest, 0x4400, &(uint32_t){ 0x10000c06 }, 1);          /* the device's, Device memory */
	cpu->cp15.ttbr0 = 0x4000;
	cpu->cp15.dacr = 1;
	cpu->cp15.sctlr |= SCTLR_M;
	mmu_switch(cpu);
	guest->plain = 5;
	cpu->r[8] = GUEST_MMIO_BASE;
	cpu->r[9] = 0x4400;
	cpu->r[10] = 0x00000c0e;
	cpu->r[15] = 0x100;
	ck_assert_int_eq(translator_run(cpu, 1000), RUN_WFI);
	/* Each translation of the site (a block that loops has its body twice) calls the device the first time, then it loads the word. */
	if (options.always_windows) /* the device is asked until the site has found that the window does not help it */
		ck_assert_uint_ge(cpu->r[2], 1000);
	else if (_i == 1)
		ck_assert_msg(cpu->r[2] <= 4000 && (cpu->r[2] - 8 * 5) % 995 == 0, "sum %u", cpu->r[2]);
	else
		ck_assert_uint_eq(cpu->r[2], 8000);
	ck_assert_uint_eq(cpu->r[3], 0x1c);
	ck_assert_uint_eq(cpu->r[5], 0x32);
	ck_assert_uint_eq(guest->mmio_writes, 8);
	ck_assert_uint_eq(guest->mmio_value, 7);
	ck_assert_uint_eq(cpu->stats[CPU_STAT_MMIO_READ], 24);
	ck_assert_uint_eq(cpu->stats[CPU_STAT_MMIO_WRITE], 8);
	if (!options.always_windows)
		ck_assert_uint_le(cpu->stats[CPU_STAT_FILL_READ] + cpu->stats[CPU_STAT_FILL_WRITE], 4);
	/* Not ready: the device is asked. */
	guest->plain_ready = 0;
	cpu->r[15] = 0x100;
	cpu->r[4] = 0;
	atomic_store(&cpu->halted, false);
	ck_assert_int_eq(translator_run(cpu, 1000), RUN_WFI);
	if (!options.always_windows)
		ck_assert_uint_eq(cpu->r[2], _i == 1 ? 1000 + 7 * 5 : 8000);
	ck_assert_int_eq(mmu_check(cpu), 0);
	/* Memory at the same address: the same instructions load from it. */
	LOAD(0x20, remapped);
	guest_load(guest, 0x8, &(uint32_t){ 0x11111111 }, 1);
	guest->mmio_reads = guest->mmio_writes = 0;
	cpu->r[2] = 0;
	cpu->r[15] = 0x130;
	atomic_store(&cpu->halted, false);
	ck_assert_int_eq(translator_run(cpu, 1000), RUN_WFI);
	ck_assert_uint_eq(cpu->r[2], 0xaaaa);
	ck_assert_uint_eq(guest_word(guest, 8), 0x11111107);
	ck_assert_uint_eq(guest->mmio_reads, 0);
	ck_assert_uint_eq(guest->mmio_writes, 0);
	guest_destroy(guest);
}
END_TEST

static const uint32_t alignment_code[] = {
	0xe8910018, /* 100: ldm r1, {r3, r4} */
	0xe2811008, /* add r1, r1, #8 */
	0xe1c120d0, /* ldrd r2, r3, [r1] */
	0xe2411004, /* sub r1, r1, #4 */
	0xe8910030, /* ldm r1, {r4, r5} */
	0xe2500001, /* subs r0, r0, #1: r0 says which add makes r1 odd */
	0x02811002, /* 118: addeq r1, r1, #2 */
	0xe89100c0, /* ldm r1, {r6, r7} */
	0xe2500001, /* subs r0, r0, #1 */
	0x1a000000, /* bne 12c */
	0xe2811001, /* 128: add r1, r1, #1 */
	0xe5918001, /* 12c: ldr r8, [r1, #1]: may be unaligned */
	0xe8a100c0, /* 130: stm r1!, {r6, r7} */
	0xe2811006, /* add r1, r1, #6 */
	0xe5919000, /* ldr r9, [r1]: may be unaligned */
	0xe24110ff, /* sub r1, r1, #255 */
	0xe28110ff, /* add r1, r1, #255 */
	0xe89100c0, /* 144: ldm r1, {r6, r7} */
	0xe320f003, /* wfi */
	0xeafffffe, /* b . */
};

/* What has been found to be aligned is looked at again when it may not be any more. */
START_TEST(alignment)
{
	static const uint32_t faults[] = { 0, 0x11c, 0x130, 0x144 };
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0, vectors);
	LOAD(0x100, alignment_code);
	guest_load(guest, 0xac, &(uint32_t){ 0xe320f003 /* wfi */ }, 1);
	guest_load(guest, 0xa4, &(uint32_t){ 0xe320f003 /* wfi */ }, 1);
	for (uint32_t which = 1; which < ARRAY_SIZE(faults); which++) {
		cpu_set_cpsr(cpu, MODE_SVC, CPSR_M);
		atomic_store(&cpu->halted, false);
		cpu->r[0] = which;
		cpu->r[1] = 0x3000;
		cpu->r[15] = 0x100;
		translator_run(cpu, 1000);
		ck_assert_uint_eq(cpu->cpsr & CPSR_M, MODE_ABT);
		ck_assert_uint_eq(cpu->r[14] - 8, faults[which]);
		ck_assert_uint_eq(cpu->cp15.dfsr & 0x40f, 1);
		ck_assert_uint_ne(cpu->cp15.dfar & 3, 0);
	}
	guest_destroy(guest);
}
END_TEST

static const uint32_t own_interrupt[] = {
	0xf1080080, /* 40: cpsie i */
	0xe5889040, /* str r9, [r8, #0x40]: drives the line */
	0xe2811001, /* 48: add r1, r1, #1 */
	0xeafffffd, /* b 48 */
};
static const uint32_t own_handler[] = {
	0xe588a040, /* 180: str r10, [r8, #0x40] */
	0xe320f003, /* wfi */
};

/* An interrupt that comes from the core's own store does not wait for the end of the slice. The third time the site has its own code. */
START_TEST(interrupt_by_store)
{
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0x18, irq_vector);
	LOAD(0x40, own_interrupt);
	LOAD(0x180, own_handler);
	cpu->r[8] = GUEST_MMIO_BASE;
	cpu->r[9] = 1;
	for (unsigned i = 0; i < 3; i++) {
		uint64_t before = cpu_insns(cpu);

		cpu->cpsr = MODE_SVC | CPSR_I;
		cpu->r[1] = 0;
		cpu->r[15] = 0x40;
		atomic_store(&cpu->halted, false);
		ck_assert_int_eq(translator_run(cpu, 100000), RUN_WFI);
		ck_assert_uint_eq(cpu->r[15], 0x188);
		ck_assert_uint_le(cpu->r[1], 4);
		ck_assert_uint_le(cpu_insns(cpu) - before, 16);
	}
	guest_destroy(guest);
}
END_TEST

static const uint32_t aligned_loop[] = {
	0xed900b00, /* 100: vldr d0, [r0] */
	0xe2800008, /* add r0, r0, #8 */
	0xed901b00, /* vldr d1, [r0] */
	0xed942b00, /* 10c: vldr d2, [r4] */
	0xe2844004, /* add r4, r4, #4 */
	0xe3510001, /* cmp r1, #1 */
	0x02844002, /* addeq r4, r4, #2 */
	0xe2511001, /* subs r1, r1, #1 */
	0x5afffff6, /* bpl 100 */
	0xe320f003, /* wfi */
};

/* What holds in the next round of a loop is not looked at there, but what may have changed is. */
START_TEST(alignment_in_loop)
{
	struct cpu *cpu;

	for (unsigned odd = 0; odd < 2; odd++) {
		start(_i);
		cpu = &guest->cpu;
		LOAD(0x100, aligned_loop);
		guest_load(guest, 0x10, &(uint32_t){ 0xe320f003 }, 1); /* wfi in place of a handler */
		cpu->cp15.cpacr = 0xf00000;
		cpu->fpexc = 1u << 30;
		cpu->r[0] = 0x2000;
		cpu->r[1] = odd ? 500 : 0; /* 0: never 1 */
		cpu->r[4] = 0x3000;
		cpu->r[15] = 0x100;
		ck_assert_int_eq(translator_run(cpu, 100000), RUN_WFI);
		ck_assert_uint_eq(cpu->r[1], odd ? 0u : ~0u);
		if (odd) {
			ck_assert_uint_eq(cpu->cp15.dfar, 0x3000 + 500 * 4 + 2);
			ck_assert_uint_eq(cpu->cp15.dfsr & 0x40f, 1);
			ck_assert_uint_eq(cpu->r[14], 0x10c + 8);
			ck_assert_uint_eq(cpu->r[0], 0x2000 + 501 * 8);
		}
		guest_destroy(guest);
	}
}
END_TEST

static const uint32_t divisions[] = {
	0xe1500001, /* 100: cmp r0, r1 */
	0x20400001, /* subhs r0, r0, r1 */
	0x21822003, /* orrhs r2, r2, r3 */
	0xe15000a1, /* cmp r0, r1, lsr #1 */
	0x204000a1, /* subhs r0, r0, r1, lsr #1 */
	0x218220a3, /* orrhs r2, r2, r3, lsr #1 */
	0xe1500121, /* cmp r0, r1, lsr #2 */
	0x20400121, /* subhs r0, r0, r1, lsr #2 */
	0x21822123, /* orrhs r2, r2, r3, lsr #2 */
	0xe15001a1, /* cmp r0, r1, lsr #3 */
	0x204001a1, /* subhs r0, r0, r1, lsr #3 */
	0x218221a3, /* orrhs r2, r2, r3, lsr #3 */
	0xe3500000, /* cmp r0, #0 */
	0x11b03223, /* lsrsne r3, r3, #4 */
	0x11a01221, /* lsrne r1, r1, #4 */
	0x1affffef, /* bne 100 */
	0xe154018a, /* cmp r4, r10, lsl #3 */
	0xe0a55005, /* adc r5, r5, r5 */
	0x2044418a, /* subhs r4, r4, r10, lsl #3 */
	0xe154010a, /* cmp r4, r10, lsl #2 */
	0xe0a55005, /* adc r5, r5, r5 */
	0x2044410a, /* subhs r4, r4, r10, lsl #2 */
	0xe154008a, /* cmp r4, r10, lsl #1 */
	0xe0a55005, /* adc r5, r5, r5 */
	0x2044408a, /* subhs r4, r4, r10, lsl #1 */
	0xe154000a, /* cmp r4, r10 */
	0xe0a55005, /* adc r5, r5, r5 */
	0x2044400a, /* subhs r4, r4, r10 */
	0xe3540003, /* cmp r4, #3 */
	0x302cc00a, /* eorlo r12, r12, r10 */
	0x308cc1aa, /* addlo r12, r12, r10, lsr #3 */
	0xe320f003, /* wfi */
};

/* Conditional steps that become masks, in registers that live in host registers and in memory. */
START_TEST(division_steps)
{
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0x100, divisions);
	for (uint32_t i = 0; i < 300; i++) {
		uint32_t a = i * 0x9e3779b9, by = 8 + i % 8, b = 1 + i * 0x01234567 % 0x0fffffff, c = (uint32_t)((uint64_t)b * 16 * (i % 7) / 7), after;

		memset(cpu->r, 0, sizeof(cpu->r));
		cpu->r[0] = a;
		cpu->r[3] = 1u << 28;
		cpu->r[4] = c;
		cpu->r[10] = b;
		cpu->r[12] = 7;
		cpu->r[15] = 0x100;
		cpu->r[1] = by << 28;
		atomic_store(&cpu->halted, false);
		ck_assert_int_eq(translator_run(cpu, 100000), RUN_WFI);
		after = c % b;
		ck_assert_uint_eq(cpu->r[4], after);
		ck_assert_uint_eq(cpu->r[5], c / b);
		ck_assert_uint_eq(cpu->r[2], a / by);
		ck_assert_uint_eq(cpu->r[12], after < 3 ? (7 ^ b) + (b >> 3) : 7);
	}
	guest_destroy(guest);
}
END_TEST

/* Code in a device or nowhere is a prefetch abort; when the vector itself cannot be fetched, the run still ends. */
START_TEST(prefetch_aborts)
{
	static const uint32_t handler[] = { 0xe1a0700e /* mov r7, lr */, 0xe320f003 /* wfi */ };
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0xc, handler);
	cpu->r[15] = 0x60000000;
	ck_assert_int_eq(translator_run(cpu, 100), RUN_WFI);
	ck_assert_uint_eq(cpu->r[7], 0x60000004);
	ck_assert_uint_eq(cpu->cp15.ifsr & 0x40f, 0x8);
	ck_assert_uint_eq(cpu->cp15.ifar, 0x60000000);
	atomic_store(&cpu->halted, false);
	cpu->r[15] = GUEST_MMIO_BASE;
	ck_assert_int_eq(translator_run(cpu, 100), RUN_WFI);
	ck_assert_uint_eq(cpu->r[7], GUEST_MMIO_BASE + 4);
	ck_assert_uint_eq(guest->mmio_reads, 0);
	atomic_store(&cpu->halted, false);
	cpu->cp15.vbar = 0x60000000;
	cpu->r[15] = 0x50000000;
	ck_assert_int_eq(translator_run(cpu, 100), RUN_CHECK);
	guest_destroy(guest);
}
END_TEST

/* Code that only goes forward does not outrun its budget by far. */
START_TEST(slide)
{
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	cpu->r[15] = 0x1000; /* zeros: andeq r0, r0, r0 */
	ck_assert_int_eq(translator_run(cpu, 1000), RUN_CHECK);
	ck_assert_uint_ge(cpu_insns(cpu), 1000);
	ck_assert_uint_le(cpu_insns(cpu), 6000);
	ck_assert_uint_eq(cpu->r[15], 0x1000 + cpu_insns(cpu) * 4);
	guest_destroy(guest);
}
END_TEST

/* BKPT is a prefetch abort with a debug event ; SMC asks the hook. */
START_TEST(debug_and_firmware)
{
	static const uint32_t handler[] = { 0xe1a0700e /* mov r7, lr */, 0xe320f003 /* wfi */ };
	static const uint32_t code[] = { 0xe1600073 /* smc #3 */, 0xe1200170 /* bkpt #0x10 */ };
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0xc, handler);
	LOAD(0x40, code);
	cpu->r[15] = 0x40;
	cpu->r[0] = 0x84000000;
	ck_assert_int_eq(translator_run(cpu, 100), RUN_WFI);
	ck_assert_uint_eq(guest->smc_imm, 3);
	ck_assert_uint_eq(cpu->r[0], ~0u);
	ck_assert_uint_eq(cpu->r[7], 0x48);
	ck_assert_uint_eq(cpu->cp15.ifsr & 0x40f, 0x2);
	guest_destroy(guest);
}
END_TEST

/* More code than the cache holds: flushed, and nothing is lost. 16384 times: add r0, r0, #1; b next; then wfi. */
/* Stored big-endian, a register is its own address: what is swapped is a copy, and the address stays. */
START_TEST(store_own_address)
{
	static const uint32_t code[] = {
		0xf1010200, /* setend be */
		0xe08b0005, /* add r0, r11, r5 */
		0xe58cc000, /* str r12, [r12] */
		0xe08b1005, /* add r1, r11, r5 */
		0xe00c2007, /* and r2, r12, r7 */
		0xe68cc305, /* str r12, [r12], r5, lsl #6: unpredictable, the old value here */
		0xe00c3007, /* and r3, r12, r7 */
		0xe08b0005, /* add r0, r11, r5 */
		0xe58cc004, /* str r12, [r12, #4] */
		0xe08b1005, /* add r1, r11, r5 */
		0xe00c3007, /* and r3, r12, r7 */
		0xe320f003, /* wfi */
	};
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0x100, code);
	cpu->r[5] = 1;
	cpu->r[7] = ~0u;
	cpu->r[11] = 10;
	cpu->r[12] = 0x8000;
	cpu->r[15] = 0x100;
	ck_assert_int_eq(translator_run(cpu, 100), RUN_WFI);
	ck_assert_uint_eq(cpu->r[0], 11);
	ck_assert_uint_eq(cpu->r[1], 11);
	ck_assert_uint_eq(cpu->r[2], 0x8000);
	ck_assert_uint_eq(cpu->r[3], 0x8040);
	ck_assert_int_eq(memcmp(guest->ram + 0x8000, "\0\0\x80\0", 4), 0);
	ck_assert_int_eq(memcmp(guest->ram + 0x8044, "\0\0\x80\x40", 4), 0);
	guest_destroy(guest);
}
END_TEST

START_TEST(full_cache)
{
	static const uint32_t step[] = { 0xe2800001, 0xeaffffff }, end[] = { 0xe320f003 };
	struct translator_options small;
	struct cpu *cpu;

	translator_default_options(&small);
	small.optimizations &= ~(1u << OPT_SUPERBLOCK);
	small.cache_bytes = 512 * 1024;
	guest = guest_create(&small);
	cpu = &guest->cpu;
	for (unsigned i = 0; i < 16384; i++)
		LOAD(0x10000 + i * 8, step);
	LOAD(0x10000 + 16384 * 8, end);
	for (unsigned n = 1; n <= 2; n++) {
		atomic_store(&cpu->halted, false);
		cpu->r[15] = 0x10000;
		ck_assert_int_eq(translator_run(cpu, 1000000), RUN_WFI);
		ck_assert_uint_eq(cpu->r[0], n * 16384);
		ck_assert_uint_ge(cpu->stats[CPU_STAT_CACHE_FLUSHES], n);
		ck_assert_uint_le(translator_code_used(cpu->translator), small.cache_bytes);
	}
	guest_destroy(guest);
}
END_TEST

/* Signals that are not for translated code do to the program what they did before: a trap is not lost, though it would not come again. */
START_TEST(foreign_signals)
{
	static const uint32_t add[] = { 0xee301b02 /* vadd.f64 d1, d0, d2 */, 0xe320f003 /* wfi */ };
	static const int signals[] = { SIGTRAP, SIGFPE, SIGSEGV };
	struct cpu *cpu;

	start(_i);
	cpu = &guest->cpu;
	LOAD(0x100, add);
	cpu->cp15.cpacr = 0xf << 20;
	cpu->fpexc = 1u << 30;
	cpu->r[15] = 0x100;
	ck_assert_int_eq(translator_run(cpu, 100), RUN_WFI);
	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++)
		for (unsigned sent = 0; sent < 2; sent++) {
			int status;
			pid_t pid = fork();

			ck_assert_int_ge(pid, 0);
			if (pid == 0) {
				setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
				if (sent)
					raise(signals[i]);
				else if (signals[i] == SIGTRAP)
					__asm__ volatile("int3");
				else if (signals[i] == SIGFPE)
					__asm__ volatile("xorl %%ecx, %%ecx; xorl %%edx, %%edx; movl $1, %%eax; divl %%ecx" ::: "eax", "ecx", "edx");
				else
					__asm__ volatile("movl %%eax, 0" ::: "memory");
				_exit(0);
			}
			ck_assert_int_eq(waitpid(pid, &status, 0), pid);
			ck_assert_msg(status != 0, "signal %d, %s, was lost", signals[i], sent ? "sent" : "raised");
		}
	guest_destroy(guest);
}
END_TEST

/* True when the file at @path has @text. */
static bool has_text(const char *path, const char *text)
{
	static char all[65536];
	FILE *file = fopen(path, "r");
	size_t size;

	ck_assert_ptr_nonnull(file);
	size = fread(all, 1, sizeof(all) - 1, file);
	fclose(file);
	all[size] = 0;
	return strstr(all, text);
}

/* -verify runs the programs like any other, and reports a difference: here one put into the interpreter's side of "mov r8, #8". */
START_TEST(verify)
{
	char path[] = "/tmp/test_run_XXXXXX";
	int fd = mkstemp(path);
	struct error err = { 0 };
	struct block *block;
	struct cpu *cpu;

	translator_default_options(&options);
	options.verify = true;
	guest = guest_create(&options);
	cpu = &guest->cpu;
	LOAD(0, vectors);
	LOAD(0x40, walk);
	ck_assert_int_eq(translator_run(cpu, 100000), RUN_WFI);
	ck_assert_uint_eq(cpu->r[0], 5050);
	ck_assert_uint_eq(cpu_insns(cpu), 332);

	block = table_find(cpu->translator, 0x5c, cpu_state_key(cpu), 0x5c);
	ck_assert_ptr_nonnull(block);
	ck_assert_uint_eq(block->rare->ops[1].op, IR_MOV);
	block->rare->ops[1].imm = 80;
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(log_open(cpu->log, path, &err), 0);
	atomic_store(&cpu->halted, false);
	cpu->r[15] = 0;
	ck_assert_int_eq(translator_run(cpu, 100000), RUN_VERIFY_FAILED);
	ck_assert(has_text(path, "* r8         interpreter 0x00000050  native 0x00000008"));
	ck_assert(has_text(path, "  r9 "));
	ck_assert(has_text(path, "mov r8, #8"));
	ck_assert(has_text(path, "  mov r8, #0x50"));
	guest_destroy(guest);
	close(fd);
	remove(path);
}
END_TEST

/* Lines of the file at @path that contain @text. */
static unsigned lines_with(const char *path, const char *text)
{
	FILE *file = fopen(path, "r");
	char line[512];
	unsigned n = 0;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		n += strstr(line, text) != NULL;
	fclose(file);
	return n;
}

/* -d shows each stage of a block, within -dfilter only; with nochain every entry of it. */
START_TEST(logs)
{
	char path[] = "/tmp/test_run_XXXXXX";
	int fd = mkstemp(path);
	struct error err = { 0 };
	struct cpu *cpu;

	ck_assert_int_ge(fd, 0);
	start(1);
	cpu = &guest->cpu;
	LOAD(0, vectors);
	LOAD(0x40, walk);
	ck_assert_int_eq(log_open(cpu->log, path, &err), 0);
	ck_assert_int_eq(log_enable(cpu->log, "in_asm,op,op_opt,out_asm,exec,nochain", &err), 0);
	ck_assert_int_eq(log_filter(cpu->log, "0x4c..0x4f", &err), 0);
	cpu->log_mask = log_mask(cpu->log);
	ck_assert_int_eq(translator_run(cpu, 100000), RUN_WFI);
	guest_destroy(guest); /* closes the log */
	ck_assert_uint_eq(lines_with(path, "block pc=0x4c"), 2); /* op, op_opt */
	ck_assert_uint_eq(lines_with(path, "block pc="), 2);
	ck_assert_uint_eq(lines_with(path, "subs r1, r1, #1"), 1);
	ck_assert_uint_ge(lines_with(path, "OUT:"), 1);
	ck_assert_uint_eq(lines_with(path, "0x0000004c key"), 99); /* the first time it is part of the block before */
	close(fd);
	remove(path);
}
END_TEST

static const struct {
	const char *text;
	int status;
	const char *part; /* of the message */
} texts[] = {
	{ "dbt", 0, NULL },
	{ "interp", 0, NULL },
	{ "dbt,no-chain,no-fold", 0, NULL },
	{ "dbt,tb-size=1,no-fold,tb-size=1024", 0, NULL },
	{ "dbt,tb-size=0", -22, "1 to 1024" },
	{ "dbt,tb-size=12x", -22, "1 to 1024" },
	{ "tcg", -22, "QEMU" },
	{ "", -22, "unknown" },
	{ "dbt,", -22, "no-chain" },
	{ "dbt,no-such", -22, "no-such" },
	{ "dbt,chain", -22, "no-jump-cache" },
};

START_TEST(accel_texts)
{
	struct error err = { 0 };

	translator_default_options(&options);
	ck_assert_int_eq(translator_parse_accel(&options, texts[_i].text, &err), texts[_i].status);
	if (texts[_i].part)
		ck_assert_msg(strstr(err.msg, texts[_i].part) != NULL, "%s", err.msg);
}
END_TEST

START_TEST(accel_switches)
{
	struct translator_options all;

	translator_default_options(&all);
	options = all;
	ck_assert_int_eq(translator_parse_accel(&options, "interp,no-chain,no-dead", NULL), 0);
	ck_assert_int_eq(options.accel, ACCEL_INTERP);
	ck_assert_uint_eq(all.optimizations & ~options.optimizations, 1u << OPT_CHAIN);
	ck_assert_int_eq(__builtin_popcount(all.passes & ~options.passes), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("run loop");
	TCase *tc = tcase_create("run");
	const int n = getenv("TEST_INTERP_ONLY") ? 1 : ARRAY_SIZE(accels);

	tcase_add_loop_test(tc, program, 0, n);
	tcase_add_loop_test(tc, interrupts, 0, n);
	tcase_add_loop_test(tc, masked_interrupt_wakes, 0, n);
	tcase_add_loop_test(tc, stop_and_events, 0, n);
	tcase_add_loop_test(tc, self_modifying, 0, n);
	tcase_add_loop_test(tc, neighbours_survive, 0, n);
	tcase_add_loop_test(tc, straddling, 0, n);
	tcase_add_loop_test(tc, tlb_maintenance, 0, n);
	tcase_add_loop_test(tc, window_closes_at_tlb_op, 0, n);
	tcase_add_loop_test(tc, aborts_again_and_again, 0, n);
	tcase_add_loop_test(tc, code_comes_back, 0, n);
	tcase_add_loop_test(tc, devices, 0, n);
	tcase_add_loop_test(tc, alignment, 0, n);
	tcase_add_loop_test(tc, interrupt_by_store, 1, n);
	tcase_add_loop_test(tc, alignment_in_loop, 0, n);
	tcase_add_loop_test(tc, prefetch_aborts, 0, n);
	tcase_add_loop_test(tc, division_steps, 0, n);
	tcase_add_loop_test(tc, store_own_address, 0, n);
	tcase_add_loop_test(tc, slide, 0, n);
	tcase_add_loop_test(tc, debug_and_firmware, 0, n);
	tcase_add_loop_test(tc, foreign_signals, 0, n);
	if (n > 1) {
		tcase_add_test(tc, full_cache);
		tcase_add_test(tc, verify);
		tcase_add_test(tc, logs);
	}
	tcase_add_loop_test(tc, accel_texts, 0, ARRAY_SIZE(texts));
	tcase_add_test(tc, accel_switches);
	suite_add_tcase(suite, tc);
	return check_run_suite(suite);
}
