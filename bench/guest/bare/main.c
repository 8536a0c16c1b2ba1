/*
 * main.c - the bare-metal benchmark: what each sensitive instruction class, exception, interrupt, device access, translation change and code
 * change costs. Time is the board's 24 MHz counter; each loop runs in slices of 1 ms and the best one counts; the empty loop is subtracted.
 */
#include <stddef.h>
#include <stdint.h>

#define REG(addr) (*(volatile uint32_t *)(uintptr_t)(addr))
#define UART 0x10009000u
#define SYS_24MHZ 0x1000005cu
#define SYS_CFGCTRL 0x100000a4u
#define GIC_DIST 0x1e001000u
#define GIC_CPU 0x1e000100u
#define ALIAS 0x90000000u   /* mapped by small pages */
#define NOTHING 0xf0000000u /* not mapped */
#define DEVICE 0x00000c06u    /* shared device memory, read and write by all, domain 0 */
#define NORMAL 0x00001c0eu    /* write-back, write-allocate, the same otherwise */
#define SLICE_TICKS 24000u
#define SLICES 24

extern uint32_t scratch[1024], code_page[1024];
static uint32_t table_a[4096] __attribute__((aligned(16384)));
static uint32_t table_b[4096] __attribute__((aligned(16384)));
static uint32_t pages[256] __attribute__((aligned(1024)));
static uint32_t empty_ps; /* picoseconds an iteration of the empty loop */

struct loop {
	const char *name;
	void (*run)(uint32_t count, uint32_t arg);
	uint32_t bodies; /* in an iteration */
	uint32_t arg;
	void (*before)(void);
	void (*after)(void);
};

/* Compilers may call these for copies. */
void *memset(void *p, int c, size_t n)
{
	uint8_t *b = p;

	while (n--)
		*b++ = (uint8_t)c;
	return p;
}

static void put(const char *s)
{
	for (; *s; s++) {
		while (REG(UART + 0x18) & 1 << 5)
			;
		REG(UART) = (uint8_t)*s;
	}
}

static void put_decimal(uint32_t x, unsigned digits)
{
	char text[12], *p = text + 11;

	*p = 0;
	do {
		*--p = (char)('0' + x % 10);
		x /= 10;
	} while (x || (digits && text + 11 - p < (int)digits));
	put(p);
}

static void sgi_pending(void)
{
	REG(GIC_DIST + 0xf00) = 2u << 24 | 5;
}

static void sgi_done(void)
{
	REG(GIC_CPU + 0x10) = REG(GIC_CPU + 0x0c);
}

static void code_first(void)
{
	code_page[0] = 0xe3a00000; /* mov r0, #0 */
	code_page[1] = 0xe12fff1e; /* bx lr */
}

#define LOOP_LIST(X) \
	X("ordinary.alu8", alu8, 1, 0, NULL, NULL) \
	X("ordinary.cmp-and-4-conditional", conditional, 4, 0, NULL, NULL) \
	X("ordinary.load", load, 4, ALIAS, NULL, NULL) \
	X("ordinary.store", store, 4, ALIAS, NULL, NULL) \
	X("ordinary.ldm8-stm8", ldm8_stm8, 1, ALIAS, NULL, NULL) \
	X("ordinary.call-return", call, 4, 0, NULL, NULL) \
	X("ordinary.call-return-other-page", call_far, 4, 0, NULL, NULL) \
	X("ordinary.call-indirect-alternating", call_indirect, 4, 0, NULL, NULL) \
	X("ordinary.vfp-add-f64", vfp_f64, 4, 0, NULL, NULL) \
	X("ordinary.vfp-add-f64-exact", vfp_exact, 4, 0, NULL, NULL) \
	X("ordinary.neon-mul-f32-of-zeros", neon_zero, 4, 0, NULL, NULL) \
	X("ordinary.neon-mul-f32", neon_f32, 4, 0, NULL, NULL) \
	X("ordinary.neon-add-i32", neon_int, 4, 0, NULL, NULL) \
	X("ordinary.ldrex-add-strex", exclusive, 4, ALIAS, NULL, NULL) \
	X("cps-mask", cps_irq, 4, 0, NULL, NULL) \
	X("cps-mask.no-change", cps_mask, 12, 0, NULL, NULL) \
	X("cps", cps_mode, 4, 0, NULL, NULL) \
	X("mrs-cpsr", mrs_cpsr, 4, 0, NULL, NULL) \
	X("mrs-spsr", mrs_spsr, 4, 0, NULL, NULL) \
	X("msr-cpsr", msr_cpsr, 4, 0, NULL, NULL) \
	X("msr-cpsr.mode", msr_mode, 4, 0, NULL, NULL) \
	X("msr-cpsr.flags", msr_flags, 4, 0, NULL, NULL) \
	X("msr-spsr", msr_spsr, 4, 0, NULL, NULL) \
	X("setend", setend, 4, 0, NULL, NULL) \
	X("exception-return", exception_return, 4, 0, NULL, NULL) \
	X("ldm-return", ldm_return, 4, 0, NULL, NULL) \
	X("ldm-user", ldm_user, 4, ALIAS, NULL, NULL) \
	X("stm-user", stm_user, 4, ALIAS, NULL, NULL) \
	X("rfe", rfe, 4, 0, NULL, NULL) \
	X("srs", srs, 4, 0, NULL, NULL) \
	X("ldrt", ldrt, 4, ALIAS, NULL, NULL) \
	X("svc", svc, 4, 0, NULL, NULL) \
	X("svc.from-user", svc_user, 4, 0, NULL, NULL) \
	X("bkpt", bkpt, 4, 0, NULL, NULL) \
	X("wfi", wfi, 4, 0, sgi_pending, sgi_done) \
	X("wfe", wfe, 4, 0, NULL, NULL) \
	X("wfe.yield", yield, 4, 0, NULL, NULL) \
	X("barrier.dmb", dmb, 4, 0, NULL, NULL) \
	X("barrier.dsb", dsb, 4, 0, NULL, NULL) \
	X("barrier.isb", isb, 4, 0, NULL, NULL) \
	X("cp15-id", midr, 4, 0, NULL, NULL) \
	X("cp15-control.read", sctlr_read, 4, 0, NULL, NULL) \
	X("cp15-control.write-same", sctlr_write, 4, 0, NULL, NULL) \
	X("cp15-translation.dacr-same", dacr_same, 4, 0, NULL, NULL) \
	X("cp15-translation.dacr-change", dacr_toggle, 8, 0, NULL, NULL) \
	X("cp15-translation.contextidr-change", contextidr, 4, 0, NULL, NULL) \
	X("cp15-translation.ttbr0-change", ttbr, 4, (uint32_t)table_b, NULL, NULL) \
	X("cp15-translation.switch-mm-and-load", mm_switch, 4, (uint32_t)table_b, NULL, NULL) \
	X("cp15-fault", dfsr, 4, 0, NULL, NULL) \
	X("cp15-cache.dccmvac", dccmvac, 4, ALIAS, NULL, NULL) \
	X("cp15-cache.icimvau", icimvau, 4, ALIAS, NULL, NULL) \
	X("cp15-cache.iciallu", iciallu, 4, 0, NULL, NULL) \
	X("cp15-cache.bpiall", bpiall, 4, 0, NULL, NULL) \
	X("cp15-tlb.all", tlbiall, 4, 0, NULL, NULL) \
	X("cp15-tlb.mva", tlbimva, 4, ALIAS, NULL, NULL) \
	X("cp15-tlb.asid", tlbiasid, 4, 1, NULL, NULL) \
	X("cp15-tlb.mva-and-reload", tlbimva_reload, 4, ALIAS, NULL, NULL) \
	X("cp15-thread.read", thread_read, 4, 0, NULL, NULL) \
	X("cp15-thread.write", thread_write, 4, 0, NULL, NULL) \
	X("cp15-va-to-pa", va_to_pa, 4, ALIAS, NULL, NULL) \
	X("cp15-pmu", pmcr, 4, 0, NULL, NULL) \
	X("cp15-other", cbar, 4, 0, NULL, NULL) \
	X("cp14", dbgdidr, 4, 0, NULL, NULL) \
	X("fp-system.fpscr-read", fpscr_read, 4, 0, NULL, NULL) \
	X("fp-system.fpscr-write", fpscr_write, 4, 0, NULL, NULL) \
	X("fp-system.fpexc-read", fpexc_read, 4, 0, NULL, NULL) \
	X("undefined-and-return", undefined, 4, 0, NULL, NULL) \
	X("data-abort-and-return", data_abort, 4, NOTHING, NULL, NULL) \
	X("irq-by-sgi", irq, 1, GIC_DIST + 0xf00, NULL, NULL) \
	X("mmio-read", mmio_read, 4, UART + 0x18, NULL, NULL) \
	X("mmio-read.timer", mmio_read, 4, 0x10011004, NULL, NULL) \
	X("mmio-read.gic", mmio_read, 4, GIC_DIST + 4, NULL, NULL) \
	X("mmio-write", mmio_write, 4, UART + 0x34, NULL, NULL) \
	X("remap-page-and-load", remap, 1, (uint32_t)&pages[7], NULL, NULL) \
	X("code-modification", code_modification, 1, (uint32_t)code_page, code_first, NULL) \
	X("code-modification.never-seen", code_new, 1, (uint32_t)code_page, code_first, NULL)

#define DECLARE(name, fn, bodies, arg, before, after) void loop_##fn(uint32_t count, uint32_t arg_);
LOOP_LIST(DECLARE)
#undef DECLARE
void loop_empty(uint32_t count, uint32_t arg);

static const struct loop loops[] = {
#define ENTRY(name, fn, bodies, arg, before, after) { name, loop_##fn, bodies, arg, before, after },
	LOOP_LIST(ENTRY)
#undef ENTRY
};

static uint32_t time_once(const struct loop *l, uint32_t count)
{
	uint32_t start = REG(SYS_24MHZ);

	l->run(count, l->arg);
	return REG(SYS_24MHZ) - start;
}

/* Picoseconds an iteration, the best of some slices. */
static uint64_t iteration_ps(const struct loop *l)
{
	uint32_t count = 4, ticks, best;

	if (l->before)
		l->before();
	time_once(l, 4);
	while ((ticks = time_once(l, count)) < SLICE_TICKS / 8 && count < 1u << 27)
		count *= 4;
	if (ticks < SLICE_TICKS)
		count = (uint32_t)((uint64_t)count * SLICE_TICKS / (ticks + 1));
	best = UINT32_MAX;
	for (unsigned i = 0; i < SLICES; i++) {
		ticks = time_once(l, count);
		if (ticks < best)
			best = ticks;
	}
	if (l->after)
		l->after();
	return (uint64_t)best * 125000 / 3 / count;
}

static void mmu_on(void)
{
	uint32_t sctlr;

	for (uint32_t i = 0; i < 4096; i++)
		table_a[i] = table_b[i] = i << 20 | (i << 20 < 0x60000000 ? DEVICE | 1u << 4 : NORMAL);
	for (uint32_t i = 0; i < 256; i++)
		pages[i] = (uint32_t)scratch | 0x7e;
	table_a[ALIAS >> 20] = table_b[ALIAS >> 20] = (uint32_t)pages | 1u << 5 | 1;
	table_a[NOTHING >> 20] = table_b[NOTHING >> 20] = 0;
	__asm__ volatile("mcr p15, 0, %0, c2, c0, 0\n\tmcr p15, 0, %1, c2, c0, 2\n\tmcr p15, 0, %2, c3, c0, 0" ::"r"(table_a), "r"(0), "r"(5));
	__asm__ volatile("dsb\n\tmcr p15, 0, %0, c8, c7, 0\n\tdsb\n\tisb" ::"r"(0) : "memory");
	__asm__ volatile("mrc p15, 0, %0, c1, c0, 0" : "=r"(sctlr));
	__asm__ volatile("mcr p15, 0, %0, c1, c0, 0\n\tisb" ::"r"(sctlr | 1u) : "memory");
}

void bare_main(void)
{
	static const struct loop empty = { "empty", loop_empty, 1, 0, NULL, NULL };

	put("BENCH-BARE\n");
	mmu_on();
	REG(GIC_DIST) = 1;
	REG(GIC_CPU + 4) = 0xff;
	REG(GIC_CPU) = 1;
	empty_ps = (uint32_t)iteration_ps(&empty);
	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		uint64_t ps = iteration_ps(&loops[i]);

		ps = ps > empty_ps ? (ps - empty_ps) / loops[i].bodies : 0;
		put("BENCH bare.");
		put(loops[i].name);
		put(" ");
		put_decimal((uint32_t)(ps / 1000), 0);
		put(".");
		put_decimal((uint32_t)(ps % 1000), 3);
		put("\n");
	}
	put("BENCH-DONE\n");
	REG(SYS_CFGCTRL) = 0xc0800000;
}
