/* tests.c - what the guest tries out about its machine. Each test prints one line that does not depend on timing. */
#include "guest.h"

static const void *the_tree;
static unsigned failures;

static void result(const char *name, bool pass)
{
	print("test %s: %s\n", name, pass ? "pass" : "FAIL");
	if (!pass)
		failures++;
}

/* --- exceptions --- */

static bool took(unsigned kind, void (*fn)(void), uint32_t offset, bool thumb)
{
	uint32_t before = exceptions[kind].count;

	fn();
	return exceptions[kind].count == before + 1 && exceptions[kind].pc == ((uint32_t)fn & ~1u) + offset &&
	       (exceptions[kind].spsr >> 5 & 1) == thumb;
}

static void call_bkpt(uint32_t arg)
{
	do_bkpt();
}

static void test_exceptions(void)
{
	uint32_t before;

	result("svc", took(EXC_SVC, do_svc, 4, false));
	result("svc in Thumb state", took(EXC_SVC, do_svc_thumb, 2, true));
	result("undefined instruction", took(EXC_UNDEF, do_undef, 4, false));
	result("undefined instruction in Thumb state", took(EXC_UNDEF, do_undef_thumb, 2, true));
	before = exceptions[EXC_SVC].count;
	do_svc_skipped();
	result("conditional svc in an IT block", exceptions[EXC_SVC].count == before);
	result("breakpoint", guarded(call_bkpt, 0) == EXC_PABT && exceptions[EXC_PABT].pc == (uint32_t)do_bkpt &&
	                             (exceptions[EXC_PABT].fsr & 0x40f) == 2);
	result("sensitive instructions in User mode", (user_mode_cpsr() & 0x1f) == 0x10);
}

/* --- MMU --- */

#define TABLE_SECTION 0xc02u /* section, AP 11 */
#define SCTLR_M 1u

static uint32_t level1[4096] __attribute__((aligned(16384)));
static uint32_t level2[256] __attribute__((aligned(1024)));
static uint32_t page[1024] __attribute__((aligned(4096)));
static uint32_t page2[1024] __attribute__((aligned(4096)));

#define ALIAS 0x90000000u /* an address range that no device of the board has */

static uint32_t sctlr(void)
{
	uint32_t value;

	__asm__ volatile("mrc p15, 0, %0, c1, c0, 0" : "=r"(value));
	return value;
}

static void set_sctlr(uint32_t value)
{
	__asm__ volatile("mcr p15, 0, %0, c1, c0, 0\n\tisb" ::"r"(value) : "memory");
}

static void flush_tlb(void)
{
	__asm__ volatile("dsb\n\tmcr p15, 0, %0, c8, c7, 0\n\tmcr p15, 0, %0, c7, c5, 6\n\tdsb\n\tisb" ::"r"(0) : "memory");
}

static void set_domains(uint32_t dacr)
{
	__asm__ volatile("mcr p15, 0, %0, c3, c0, 0\n\tisb" ::"r"(dacr) : "memory");
}

/* Everything flat; ALIAS by small pages. */
static void mmu_on(void)
{
	uint32_t base, size;

	tree_memory(the_tree, &base, &size);
	for (uint32_t i = 0; i < 4096; i++)
		level1[i] = i << 20 | TABLE_SECTION | (i << 20 < base ? 1u << 4 : 0);
	for (uint32_t i = 0; i < 256; i++)
		level2[i] = 0;
	level1[ALIAS >> 20] = (uint32_t)level2 | 1 << 5 | 1; /* domain 1 */
	level2[0] = (uint32_t)page | 0x32;                   /* read, write */
	level2[1] = (uint32_t)page | 0x232;                  /* read only: APX */
	level2[2] = (uint32_t)page | 0x33;                   /* execute never */
	level2[4] = (uint32_t)page | 0x12;                   /* privileged only */
	__asm__ volatile("mcr p15, 0, %0, c2, c0, 0\n\tmcr p15, 0, %1, c2, c0, 2" ::"r"(level1), "r"(0));
	set_domains(0x5);
	flush_tlb();
	set_sctlr(sctlr() | SCTLR_M);
}

static void execute(uint32_t addr)
{
	((void (*)(void))addr)();
}

static bool faults(void (*fn)(uint32_t), uint32_t addr, unsigned kind, uint32_t status)
{
	if (guarded(fn, addr) != kind)
		return false;
	return (exceptions[kind].fsr & 0x40f) == status && exceptions[kind].far == addr;
}

static void load(uint32_t addr)
{
	(void)REG(addr);
}

static void store(uint32_t addr)
{
	REG(addr) = 0x600d;
}

static void test_mmu(void)
{
	mmu_on();
	REG(ALIAS + 16) = 0x12345678;
	result("two addresses of one page", page[4] == 0x12345678);
	result("write to a read-only page", faults(store, ALIAS + 0x1010, EXC_DABT, 0xf) && exceptions[EXC_DABT].fsr & 1 << 11);
	result("page that is not there", faults(load, ALIAS + 0x3000, EXC_DABT, 0x7));
	page[0] = 0xe12fff1e; /* bx lr */
	result("page that is not to be executed", faults(execute, ALIAS + 0x2000, EXC_PABT, 0xf));
	set_domains(0x1);
	result("closed domain", faults(load, ALIAS + 0x10, EXC_DABT, 0xb));
	set_domains(0x5);
	result("domain opened again", guarded(load, ALIAS + 0x10) == 0);

	/* A new mapping needs no TLB maintenance; a changed one does. */
	page2[4] = 77;
	level2[3] = (uint32_t)page2 | 0x32;
	__asm__ volatile("dsb\n\tisb" ::: "memory");
	result("page mapped after a fault", REG(ALIAS + 0x3010) == 77);
	level2[0] = (uint32_t)page2 | 0x32;
	flush_tlb();
	result("page mapped elsewhere", REG(ALIAS + 16) == 77);
	level2[0] = 0;
	flush_tlb();
	result("page taken away", faults(load, ALIAS + 16, EXC_DABT, 0x7));
	level1[ALIAS >> 20] = 0;
	flush_tlb();
	result("section taken away", faults(load, ALIAS + 0x3010, EXC_DABT, 0x5));
	set_sctlr(sctlr() & ~SCTLR_M);
}

/* --- instructions --- */

static void test_instructions(void)
{
	uint32_t counter = 40;
	volatile uint32_t words[3] = {0x44332211, 0x88776655, 0};
	uint32_t unaligned;

	result("exclusive access", exclusive_add(&counter, 2) == 42 && counter == 42);
	result("flags", flags_of(1, 1) == 0x60000000 && flags_of(0, 1) == 0x80000000 && flags_of(0x80000000, 1) == 0x30000000);
	set_sctlr(sctlr() & ~2u);
	unaligned = *(volatile uint32_t *)((uintptr_t)words + 3);
	result("unaligned load", unaligned == 0x77665544);
	vfp_enable();
	result("floating point", vfp_compute(6, 3) == 54);

	page[0] = 0xe3a00001; /* mov r0, #1 */
	page[1] = 0xe12fff1e; /* bx lr */
	__asm__ volatile("dsb\n\tmcr p15, 0, %0, c7, c5, 0\n\tdsb\n\tisb" ::"r"(0) : "memory");
	uint32_t first = ((uint32_t(*)(void))page)();
	page[0] = 0xe3a00002;
	__asm__ volatile("dsb\n\tmcr p15, 0, %0, c7, c5, 0\n\tdsb\n\tisb" ::"r"(0) : "memory");
	result("code that was rewritten", first == 1 && ((uint32_t(*)(void))page)() == 2);
}

/* --- interrupts and timers --- */

static volatile uint32_t irq_seen, irq_number;
static uint32_t timer_base;

static void on_test_irq(uint32_t number)
{
	irq_seen++;
	irq_number = number;
	if (timer_base)
		REG(timer_base + 0x0c) = 1; /* SP804 TimerIntClr; also clears a private timer's event flag */
}

static bool gic_init(void)
{
	struct node gic;

	if (!tree_find(the_tree, "arm,cortex-a9-gic", 0, &gic))
		return false;
	gic_dist = gic.addr;
	gic_cpu = gic.addr2;
	REG(gic_dist) = 1;
	REG(gic_cpu + 4) = 0xff; /* priority mask */
	REG(gic_cpu) = 1;
	return true;
}

static void enable_irq(uint32_t number)
{
	volatile uint8_t *target = (volatile uint8_t *)(gic_dist + 0x800);

	if (number >= 32)
		target[number] = 1;
	REG(gic_dist + 0x100 + number / 32 * 4) = 1u << number % 32;
}

static bool wait_for_irq(uint32_t number)
{
	__asm__ volatile("cpsie i");
	for (uint32_t i = 0; i < 50000000 && !irq_seen; i++)
		;
	__asm__ volatile("cpsid i");
	return irq_seen == 1 && irq_number == number;
}

static void test_sgi(void)
{
	irq_seen = 0;
	irq_handler = on_test_irq;
	timer_base = 0;
	REG(gic_dist + 0xf00) = 2u << 24 | 5; /* to this core */
	result("software-generated interrupt", wait_for_irq(5));
}

/* A one-shot SP804 timer of 1000 ticks. */
static void test_sp804(const struct node *timer)
{
	uint32_t number = 32 + __builtin_bswap32(timer->interrupts[timer->interrupt_words == 1 ? 0 : 1]);
	uint32_t before;

	REG(timer->addr + 0x08) = 0;
	REG(timer->addr + 0x00) = 0xffffffff;
	REG(timer->addr + 0x08) = 0x82; /* enabled, 32 bits, free running */
	before = REG(timer->addr + 0x04);
	for (uint32_t i = 0; i < 10000000 && REG(timer->addr + 0x04) == before; i++)
		;
	result("timer counts down", REG(timer->addr + 0x04) < before);
	irq_seen = 0;
	irq_handler = on_test_irq;
	timer_base = timer->addr;
	REG(timer->addr + 0x08) = 0;
	REG(timer->addr + 0x0c) = 1;
	REG(timer->addr + 0x00) = 1000;
	enable_irq(number);
	REG(timer->addr + 0x08) = 0xa3; /* enabled, interrupt, 32 bits, one shot */
	result("timer interrupt", wait_for_irq(number));
	REG(timer->addr + 0x08) = 0;
}

static void test_private_timer(const struct node *timer)
{
	irq_seen = 0;
	irq_handler = on_test_irq;
	timer_base = timer->addr;
	REG(timer->addr + 0x08) = 0;
	REG(timer->addr + 0x0c) = 1;
	REG(timer->addr + 0x00) = 10000;
	enable_irq(29);
	REG(timer->addr + 0x08) = 5; /* enabled, interrupt, one shot */
	result("private timer interrupt", wait_for_irq(29));
	REG(timer->addr + 0x08) = 0;
}

static void test_interrupts(void)
{
	struct node node;

	if (!gic_init()) {
		print("no interrupt controller listed\n");
		return;
	}
	test_sgi();
	if (tree_find(the_tree, "arm,sp804", 0, &node))
		test_sp804(&node);
	if (tree_find(the_tree, "arm,cortex-a9-twd-timer", 0, &node))
		test_private_timer(&node);
}

static void test_strict(void)
{
	struct node node;
	uint32_t value;

	result("nothing where nothing is listed", !read_word(0x20000000, &value) && (exceptions[EXC_DABT].fsr & 0x40f) == 8);
	if (tree_find(the_tree, "arm,cortex-a9-scu", 0, &node))
		result("a listed device answers", read_word(node.addr + 4, &value));
}

unsigned run_tests(const void *tree)
{
	the_tree = tree;
	failures = 0;
	test_exceptions();
	test_mmu();
	test_instructions();
	test_interrupts();
	test_strict();
	print("%d failures\n", failures);
	return failures;
}

/* --- devices --- */

static bool probe_visit(const struct node *node, void *arg)
{
	bool primecell = node_compatible(node, "arm,primecell");
	uint32_t id = 0, word;

	if (!node->enabled || !node->on_bus || !node->compatible || node->size < 4)
		return true;
	print("probe 0x%08x %s: ", node->addr, node->compatible);
	/* The first register of a UART takes a character out of its FIFO: PrimeCells are asked for their identification only. */
	if (!read_word(node->addr + (primecell ? node->size - 0x20 : 0), &word)) {
		print("external abort\n");
		return true;
	}
	if (primecell) {
		for (unsigned i = 0; i < 4; i++)
			if (read_word(node->addr + node->size - 0x20 + i * 4, &word))
				id |= (word & 0xff) << i * 8;
		print("PrimeCell part %03x revision %d\n", id & 0xfff, id >> 20 & 15);
	} else {
		print("answers\n");
	}
	return true;
}

void probe_devices(const void *tree)
{
	tree_walk(tree, probe_visit, NULL);
}

void show_timer(const void *tree)
{
	struct node node;
	uint32_t value;

	for (unsigned i = 0; tree_find(tree, "arm,sp804", i, &node); i++)
		if (read_word(node.addr + 4, &value))
			print("%s: value 0x%08x control 0x%02x\n", node.path, value, REG(node.addr + 8));
	if (tree_find(tree, "arm,vexpress-sysreg", 0, &node) && read_word(node.addr + 0x5c, &value))
		print("24 MHz counter 0x%08x\n", value);
}
