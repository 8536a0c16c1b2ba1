/*
 * fuzz_walk.c - any bytes as a history of the MMU: control registers, page tables, accesses, DMA, code traces.
 *
 * Whatever the guest does, accesses agree with a fresh walk, the shadows agree with the primaries, and nothing outside guest RAM is
 * touched (sanitizers).
 */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cpu/cp15.h"
#include "cpu/cpu.h"
#include "mmu/mmu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAM_BASE 0x60000000u
#define RAM_SIZE 0x80000u
#define MAX_STEPS 400u

struct input {
	const uint8_t *data;
	size_t left;
};

static uint32_t take(struct input *in, unsigned bytes)
{
	uint32_t value = 0;

	while (bytes-- && in->left) {
		value = value << 8 | *in->data++;
		in->left--;
	}
	return value;
}

static void smc(struct cpu *cpu, uint32_t imm)
{
}
static uint64_t cycles(struct cpu *cpu)
{
	return 0;
}
static void code_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
	frame->code_lines = 0;
}
static const struct cpu_hooks hooks = {
	.mmu_changed = mmu_switch, .tlb_op = mmu_tlb_op, .translate = mmu_translate, .smc = smc, .cycles = cycles,
};
static const struct phys_hooks phys_hooks = { .table_written = mmu_table_written, .code_written = code_written };

/* Few addresses, so that things meet: a page number of 6 bits spread over the address space. */
static gva_t address(struct input *in)
{
	uint32_t n = take(in, 2);

	return (n & 0x3000) << 18 | (n & 0xc00) << 10 | (n & 0x3f) << 12 | (n >> 14) * 0x7ffu;
}

static void set_register(struct cpu *cpu, struct input *in)
{
	static const uint8_t registers[][4] = { { 0, 1, 0, 0 }, { 0, 2, 0, 0 }, { 0, 2, 0, 1 }, { 0, 2, 0, 2 },
	                                        { 0, 3, 0, 0 }, { 0, 10, 2, 0 }, { 0, 10, 2, 1 }, { 0, 8, 7, 1 } };
	const uint8_t *r = registers[take(in, 1) % ARRAY_SIZE(registers)];
	uint32_t value = take(in, 4);

	if (r[1] == 2 && r[3] < 2)
		value = RAM_BASE | (value & (RAM_SIZE - 1));
	if (r[1] == 1)
		value |= SCTLR_M;
	cp15_write(cpu, cp15_find(r[0], r[1], r[2], r[3]), value);
}

static void check_access(struct cpu *cpu, struct phys *phys, gva_t va, unsigned kind, uint32_t word)
{
	enum mmu_access access = (enum mmu_access)(kind % 3);
	bool user = kind & 4, privileged = cpu_privileged(cpu) && (!user || access == MMU_EXEC);
	uint32_t flags = ACCESS_SIZE(2) | (user ? ACCESS_USER : 0);
	struct walk walk;
	struct frame *frame, *found;
	uint64_t value = 0, wanted = 0;
	const uint8_t *host;
	gpa_t pa;
	int fsr, ret;

	va &= ~3u;
	fsr = mmu_walk(cpu, va, access, privileged, &walk);
	if (!fsr && !phys_find_frame(phys, walk.pa, &frame))
		fsr = 8;
	switch (access) {
	case MMU_READ:
		ret = mmu_load(cpu, va, flags, &value);
		if (!ret)
			phys_read(phys, walk.pa, 4, &wanted);
		break;
	case MMU_WRITE:
		wanted = word;
		ret = mmu_store(cpu, va, flags, word);
		if (!ret)
			phys_read(phys, walk.pa, 4, &value);
		break;
	default:
		ret = mmu_fetch_page(cpu, va, &host, &pa, &found);
		if (!ret) {
			BUG_ON(found != frame || pa != (walk.pa & ~0xfffull));
			if (word & 1) {
				found->code_lines |= 1ull << (word >> 1 & 63);
				mmu_trace_code(cpu->mmu, pa, found);
			}
		}
		break;
	}
	BUG_ON((ret != 0) != (fsr != 0));
	BUG_ON(ret && cpu->fault.fsr != (uint32_t)fsr);
	BUG_ON(!ret && value != wanted);
}

static void step(struct cpu *cpu, struct phys *phys, struct input *in)
{
	uint8_t bytes[256];
	uint32_t where, length;
	uint64_t value;

	switch (take(in, 1) % 8) {
	case 0:
		set_register(cpu, in);
		break;
	case 1:
		cpu_set_cpsr(cpu, take(in, 1) & 1 ? MODE_USR : MODE_SYS, CPSR_M);
		break;
	case 2:
	case 3: /* a descriptor whose table or page lies in RAM */
		where = take(in, 3);
		phys_write(phys, RAM_BASE + (where & (RAM_SIZE - 4)), 4, RAM_BASE | (take(in, 4) & 0x8007ffff));
		break;
	case 4: /* DMA */
		where = take(in, 3) & (RAM_SIZE - 1);
		length = take(in, 1);
		memset(bytes, (int)take(in, 1), sizeof(bytes));
		phys_copy_to(phys, RAM_BASE + where, bytes, length);
		break;
	case 5: /* unaligned, any size: only the sanitizers judge */
		where = take(in, 1);
		if (where & 0x80)
			mmu_store(cpu, address(in) + (where & 7), where >> 3 & 7, take(in, 4));
		else
			mmu_load(cpu, address(in) + (where & 7), where >> 3 & 7, &value);
		break;
	default:
		where = take(in, 1);
		check_access(cpu, phys, address(in), where, take(in, 4));
		break;
	}
	/* Shared global entries may be stale until the guest asks. */
	cp15_write(cpu, cp15_find(0, 8, 7, 0), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct log *log = log_create();
	struct phys *phys = phys_create(NULL);
	struct cpu *cpu = aligned_alloc(64, (sizeof(*cpu) + 63) & ~(size_t)63);
	struct mmu *mmu;

	BUG_ON(!log || !phys || !cpu || phys_add_ram(phys, "ram", RAM_BASE, RAM_SIZE, NULL));
	cpu_init(cpu, cpu_model_find("cortex-a9"), 0, log);
	cpu->hooks = &hooks;
	mmu = mmu_create(cpu, phys, NULL);
	BUG_ON(!mmu);
	phys_set_hooks(phys, &phys_hooks, mmu);
	cpu_reset(cpu);
	for (unsigned steps = 0; in.left && steps < MAX_STEPS; steps++) {
		step(cpu, phys, &in);
		if (steps % 16 == 15)
			BUG_ON(mmu_check(cpu) != 0);
	}
	BUG_ON(mmu_check(cpu) != 0);
	mmu_destroy(mmu);
	phys_destroy(phys);
	free(cpu);
	log_destroy(log);
	return 0;
}
