#include "base/base.h"
#include "tests/translator/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void mmu_changed(struct cpu *cpu)
{
	mmu_switch(cpu);
}

static void smc(struct cpu *cpu, uint32_t imm)
{
	struct guest *guest = cpu->hooks_opaque;

	guest->smc_imm = imm;
	cpu->r[0] = ~0u;
}

static uint64_t cycles(struct cpu *cpu)
{
	return cpu_insns(cpu);
}

static const struct cpu_hooks cpu_hooks = {
	.mmu_changed = mmu_changed, .tlb_op = mmu_tlb_op, .translate = mmu_translate, .smc = smc, .cycles = cycles,
};

static void table_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
	struct guest *guest = opaque;

	mmu_table_written(guest->cpu.mmu, frame, addr, size);
}

static void code_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
	struct guest *guest = opaque;

	translator_code_written(&guest->cpu, frame, addr, size);
}

static const struct phys_hooks phys_hooks = { table_written, code_written };

static void no_lock(void *opaque)
{
	(void)opaque;
}

static void unassigned(void *opaque, struct cpu *cpu, gva_t va, gpa_t pa, unsigned size, bool write, uint64_t value)
{
	struct guest *guest = opaque;

	guest->unassigned++;
}

static const struct mmu_hooks mmu_hooks = { no_lock, no_lock, unassigned };

static int mmio_read(void *opaque, uint32_t offset, unsigned size, uint32_t *value)
{
	struct guest *guest = opaque;

	guest->mmio_reads++;
	*value = offset;
	if (offset == GUEST_MMIO_PLAIN) {
		guest->plain_ready = 1;
		*value = 1000;
	}
	return PHYS_OK;
}

static bool mmio_plain(void *opaque, uint32_t offset, struct mmio_plain *plain)
{
	struct guest *guest = opaque;

	*plain = (struct mmio_plain){ .value = &guest->plain, .ready = &guest->plain_ready };
	return offset == GUEST_MMIO_PLAIN;
}

static int mmio_write(void *opaque, uint32_t offset, unsigned size, uint32_t value)
{
	struct guest *guest = opaque;

	guest->mmio_writes++;
	guest->mmio_offset = offset;
	guest->mmio_value = value;
	guest->mmio_time = cpu_insns(&guest->cpu);
	if (offset == GUEST_MMIO_IRQ)
		cpu_set_irq(&guest->cpu, IRQ_LINE_IRQ, value & 1);
	return PHYS_OK;
}

static const struct mmio_ops mmio_ops = { .read = mmio_read, .write = mmio_write, .plain = mmio_plain };

/* Not Check's assertions: fuzz targets have no runner. */
static void must(bool fine, const struct error *err)
{
	if (fine)
		return;
	fprintf(stderr, "guest: %s\n", err->msg);
	BUG("the test's guest cannot be built");
}

struct guest *guest_create(const struct translator_options *options)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	struct error err = { .msg = "out of memory" };

	must(guest, &err);
	cpu_init(&guest->cpu, cpu_model_find("cortex-a9"), 0, log_create());
	guest->cpu.hooks = &cpu_hooks;
	guest->cpu.hooks_opaque = guest;
	guest->phys = phys_create(&err);
	must(guest->phys, &err);
	must(phys_add_ram(guest->phys, "ram", 0, GUEST_RAM_SIZE, &err) == 0, &err);
	must(phys_add_mmio(guest->phys, "device", GUEST_MMIO_BASE, 4096, &mmio_ops, guest, &err) == 0, &err);
	guest->ram = phys_host(guest->phys, 0, GUEST_RAM_SIZE);
	phys_set_hooks(guest->phys, &phys_hooks, guest);
	must(mmu_create(&guest->cpu, guest->phys, &err) != NULL, &err);
	mmu_set_hooks(guest->cpu.mmu, &mmu_hooks, guest);
	if (options)
		must(translator_create(&guest->cpu, options, &err) != NULL, &err);
	cpu_reset(&guest->cpu);
	return guest;
}

void guest_destroy(struct guest *guest)
{
	translator_destroy(guest->cpu.translator);
	mmu_destroy(guest->cpu.mmu);
	phys_destroy(guest->phys);
	log_destroy(guest->cpu.log);
	free(guest);
}

void guest_load(struct guest *guest, uint32_t addr, const uint32_t *words, unsigned count)
{
	phys_load(guest->phys, addr, words, count * 4ull);
}

uint32_t guest_word(const struct guest *guest, uint32_t addr)
{
	uint32_t value;

	memcpy(&value, guest->ram + addr, 4);
	return value;
}
