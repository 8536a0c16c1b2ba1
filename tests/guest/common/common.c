/* common.c - preparing, running and reporting cases. */
#include "common.h"

struct test_case {
	const char *name;
	const void *code;
	uint32_t cpsr;
};
extern const struct test_case cases[], cases_end[];

/* Case functions in C may be optimised to calls of these. */
void *memset(void *to, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);
void guest_main(void);

void *memset(void *to, int c, size_t n)
{
	volatile uint8_t *p = to;

	while (n--)
		*p++ = (uint8_t)c;
	return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
	volatile uint8_t *p = to;
	const uint8_t *q = from;

	while (n--)
		*p++ = *q++;
	return to;
}

static uint32_t pattern(uint32_t i)
{
	return 0x11223344 + i * 0x01010101;
}

void prepare(uint32_t pc, uint32_t cpsr)
{
	struct context *c = context_in;

	c->r[0] = SCRATCH;
	c->r[1] = SCRATCH + 0x100;
	for (unsigned i = 2; i < 13; i++)
		c->r[i] = i * 0x11111111;
	c->r[15] = pc;
	c->cpsr = cpsr;
	for (unsigned i = 0; i < 5; i++)
		c->bank[i] = (struct bank){STACKS + 0x100 * i + 0x80, 0xa0a0a000 + i * 16, 0x600001d0 + (i << 28)};
	/* UND is the way in: run_context() leaves these there. */
	c->bank[2].lr = CONTEXT_IN;
	c->bank[2].spsr = cpsr;
	c->usr_sp = STACKS + 0x580;
	c->usr_lr = 0xa0a0a050;
	for (unsigned i = 0; i < 5; i++)
		c->fiq[i] = 0xf1f1f100 + 8 + i;
	for (unsigned i = 0; i < 0x1000 / 4; i++) {
		REG(SCRATCH + i * 4) = pattern(i);
		REG(STACKS + i * 4) = pattern(i + 7);
	}
	*context_out = *c;
}

/* Addresses near the case are printed relative to it, so that they do not change with the program. */
static void put_value(const char *name, uint32_t value)
{
	uint32_t pc = context_in->r[15] & ~1u;

	if (name)
		print(" %s", name);
	if (value - pc < 0x1000)
		print("=case+%x", value - pc);
	else
		print("=%08x", value);
}

static void put_changed(const char *name, uint32_t in, uint32_t out)
{
	if (in != out)
		put_value(name, out);
}

static void report_memory(uint32_t base, const char *name, uint32_t salt)
{
	for (unsigned i = 0; i < 0x1000 / 4; i++)
		if (REG(base + i * 4) != pattern(i + salt)) {
			print(" %s%03x", name, i * 4);
			put_value(NULL, REG(base + i * 4));
		}
}

void report(const char *name)
{
	static const char *const kinds[] = {"reset", "undef", "svc", "pabt", "dabt", "?", "irq", "fiq"};
#define BANK(mode) { mode ".sp", mode ".lr", mode ".spsr" }
	static const char *const banks[][3] = {BANK("svc"), BANK("abt"), BANK("und"), BANK("irq"), BANK("fiq")};
	static const char *const registers[] = {"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12"};
	static const char *const fiq_registers[] = {"fiq.r8", "fiq.r9", "fiq.r10", "fiq.r11", "fiq.r12"};
	const struct context *in = context_in, *out = context_out;

	print("%s: %s", name, kinds[out->kind & 7]);
	put_value("lr", out->lr);
	print(" spsr=%08x cpsr=%08x", out->spsr, out->ecpsr & ~0xf8000000u);
	if (out->kind == KIND_DABT)
		print(" dfsr=%03x dfar=%08x", out->dfsr, out->dfar);
	if (out->kind == KIND_PABT) {
		print(" ifsr=%03x", out->ifsr);
		if ((out->ifsr & 0x40f) != 2) /* of a debug event UNKNOWN */
			put_value("ifar", out->ifar);
	}
	for (unsigned i = 0; i < 13; i++)
		put_changed(registers[i], in->r[i], out->r[i]);
	for (unsigned i = 0; i < 5; i++) {
		/* The exception's own lr and SPSR are above. */
		bool own = (out->ecpsr & 0x1f) == (const uint8_t[]){0x13, 0x17, 0x1b, 0x12, 0x11}[i];

		put_changed(banks[i][0], in->bank[i].sp, out->bank[i].sp);
		if (own)
			continue;
		put_changed(banks[i][1], in->bank[i].lr, out->bank[i].lr);
		put_changed(banks[i][2], in->bank[i].spsr, out->bank[i].spsr);
	}
	put_changed("usr.sp", in->usr_sp, out->usr_sp);
	put_changed("usr.lr", in->usr_lr, out->usr_lr);
	for (unsigned i = 0; i < 5; i++)
		put_changed(fiq_registers[i], in->fiq[i], out->fiq[i]);
	report_memory(SCRATCH, "scratch+", 0);
	report_memory(STACKS, "stacks+", 7);
	put("\n");
}

void run_cases(void)
{
	for (const struct test_case *c = cases; c < cases_end; c++) {
		prepare((uint32_t)c->code & ~1u, c->cpsr);
		run_context();
		report(c->name);
	}
}

void power_off(void)
{
	put("DONE\n");
	REG(0x100000a0) = 0;
	REG(0x100000a4) = 1u << 31 | 1u << 30 | 8u << 20;
	for (;;)
		__asm__ volatile("wfi");
}

void guest_main(void)
{
	console_init(0x10009000);
	REG(0x10009030) = 0x301; /* UARTCR */
	group_main();
}
