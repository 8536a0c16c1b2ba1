/* banks.h - the banked registers of a mode change (B1.3.2): for cpu.c, and inline in exceptions.c, where it counts. */
#ifndef DBTVM_CPU_BANKS_H
#define DBTVM_CPU_BANKS_H

#include "base/base.h"
#include "cpu/cpu.h"

#include <string.h>

static inline enum cpu_bank mode_bank(uint32_t mode)
{
	static const uint8_t banks[32] = {
		[MODE_FIQ] = BANK_FIQ, [MODE_IRQ] = BANK_IRQ, [MODE_SVC] = BANK_SVC, [MODE_MON] = BANK_MON, [MODE_ABT] = BANK_ABT,
		[MODE_UND] = BANK_UND,
	};

	static_assert(BANK_USR == 0, "what the table leaves out");
	return (enum cpu_bank)banks[mode & CPSR_M];
}

static inline void swap_r8_r12(uint32_t *from, uint32_t *to, uint32_t *current)
{
	memcpy(from, current, 5 * sizeof(*current));
	memcpy(current, to, 5 * sizeof(*current));
}

static inline void switch_mode(struct cpu *cpu, uint32_t mode)
{
	enum cpu_bank from = mode_bank(cpu->cpsr), to = mode_bank(mode);

	cpu->cpsr = (cpu->cpsr & ~CPSR_M) | mode;
	if (from == to)
		return;
	cpu->bank_sp[from] = cpu->r[13];
	cpu->bank_lr[from] = cpu->r[14];
	cpu->r[13] = cpu->bank_sp[to];
	cpu->r[14] = cpu->bank_lr[to];
	cpu->spsr[from] = cpu->current_spsr;
	cpu->current_spsr = to == BANK_USR ? 0 : cpu->spsr[to];
	if (unlikely(to == BANK_FIQ))
		swap_r8_r12(cpu->bank_r8_usr, cpu->bank_r8_fiq, &cpu->r[8]);
	else if (unlikely(from == BANK_FIQ))
		swap_r8_r12(cpu->bank_r8_fiq, cpu->bank_r8_usr, &cpu->r[8]);
}

#endif
