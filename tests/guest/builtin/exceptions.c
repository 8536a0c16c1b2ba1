/* exceptions.c - what the vectors call, and code that may fault on purpose. */
#include "guest.h"

volatile struct exception_record exceptions[EXC_COUNT];
void (*volatile irq_handler)(uint32_t number);
volatile uint32_t gic_cpu, gic_dist;
volatile uint32_t guard_sp;

static volatile bool guarding;
static volatile unsigned guarded_exception;
static volatile uint32_t read_value;

uint32_t on_exception(uint32_t kind, uint32_t pc, uint32_t spsr);

static uint32_t fault_status(uint32_t kind)
{
	uint32_t value;

	if (kind == EXC_DABT)
		__asm__ volatile("mrc p15, 0, %0, c5, c0, 0" : "=r"(value));
	else
		__asm__ volatile("mrc p15, 0, %0, c5, c0, 1" : "=r"(value));
	return value;
}

static uint32_t fault_address(uint32_t kind)
{
	uint32_t value;

	if (kind == EXC_DABT)
		__asm__ volatile("mrc p15, 0, %0, c6, c0, 0" : "=r"(value));
	else
		__asm__ volatile("mrc p15, 0, %0, c6, c0, 2" : "=r"(value));
	return value;
}

static void handle_irq(void)
{
	uint32_t ack = REG(gic_cpu + 0x0c);

	if ((ack & 0x3ff) < 1020) {
		if (irq_handler)
			irq_handler(ack & 0x3ff);
		REG(gic_cpu + 0x10) = ack;
	}
}

/* Returns where to go on. */
uint32_t on_exception(uint32_t kind, uint32_t pc, uint32_t spsr)
{
	volatile struct exception_record *e = &exceptions[kind];

	e->count++;
	e->pc = pc;
	e->spsr = spsr;
	if (kind == EXC_PABT || kind == EXC_DABT) {
		e->fsr = fault_status(kind);
		e->far = fault_address(kind);
	}
	if (kind == EXC_IRQ) {
		handle_irq();
		return pc;
	}
	if (kind == EXC_SVC && (spsr & 0x1f) == 0x10)
		__asm__ volatile("msr spsr_c, %0" ::"r"(spsr | 0x1f));
	if (kind == EXC_SVC || kind == EXC_UNDEF) {
		if (kind == EXC_UNDEF && guarding) {
			guarded_exception = kind;
			return (uint32_t)guard_return;
		}
		return pc;
	}
	if (guarding) {
		guarded_exception = kind;
		return (uint32_t)guard_return;
	}
	print("\nunexpected %s at 0x%08x, status 0x%x, address 0x%08x\n", kind == EXC_DABT ? "data abort" : "prefetch abort", pc, e->fsr,
	      e->far);
	return pc + (spsr & 0x20 ? 2 : 4);
}

unsigned guarded(void (*fn)(uint32_t), uint32_t arg)
{
	guarded_exception = 0;
	guarding = true;
	guarded_call(fn, arg);
	guarding = false;
	return guarded_exception;
}

static void do_read(uint32_t addr)
{
	read_value = REG(addr);
}

bool read_word(uint32_t addr, uint32_t *value)
{
	if (guarded(do_read, addr))
		return false;
	*value = read_value;
	return true;
}

static void do_write(uint32_t addr)
{
	REG(addr) = read_value;
}

bool write_word(uint32_t addr, uint32_t value)
{
	read_value = value;
	return guarded(do_write, addr) == 0;
}
