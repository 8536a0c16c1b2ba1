/* guest.h - a core with flat RAM, MMU and translator, for tests of the translator's rooms. */
#ifndef DBTVM_TESTS_TRANSLATOR_GUEST_H
#define DBTVM_TESTS_TRANSLATOR_GUEST_H

#include "base/base.h"
#include "cpu/cpu.h"
#include "mmu/mmu.h"
#include "translator/translator.h"

#define GUEST_RAM_SIZE (1u << 20)
#define GUEST_MMIO_BASE 0x10000000u /* 4 KiB: words read as their offset; the last write is kept */
#define GUEST_MMIO_PLAIN 0x20u      /* a word that is `plain` and can be loaded when it is ready; a call gives 1000 and makes it ready */
#define GUEST_MMIO_IRQ 0x40u        /* a write drives the IRQ line with bit 0 */

struct guest {
	struct cpu cpu;
	struct phys *phys;
	uint8_t *ram; /* at physical address 0 */
	uint32_t mmio_offset, mmio_value, mmio_reads, mmio_writes;
	uint32_t plain, plain_ready;
	uint32_t smc_imm;
	uint64_t mmio_time; /* instructions executed at the last write */
	unsigned unassigned;
};

/* Aborts when it cannot. @options NULL: no translator. The core is reset: SVC mode, MMU off, PC 0. */
struct guest *guest_create(const struct translator_options *options);
void guest_destroy(struct guest *guest);
/* Puts @count words at @addr. */
void guest_load(struct guest *guest, uint32_t addr, const uint32_t *words, unsigned count);
uint32_t guest_word(const struct guest *guest, uint32_t addr);

#endif
