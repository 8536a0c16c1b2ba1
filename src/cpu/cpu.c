/*
 * cpu.c - modes, banks, CPSR and SPSR, reset.
 *
 * r[] always holds the registers of the current mode. A mode change swaps SP and LR with the banks and, on the way into or
 * out of FIQ mode, r8-r12 as well; bank_sp[] and bank_lr[] of the current bank are stale meanwhile.
 */
#include "base/base.h"
#include "cpu/cpu.h"

#include <string.h>

#include "cpu/banks.h"
#include "cpu/cp15.h"

/* What the MRS and MSR instructions see beyond CPSR_CONTROL: N, Z, C, V, Q, GE, IT. */
#define CPSR_FLAGS (CPSR_N | CPSR_Z | CPSR_C | CPSR_V)
#define CPSR_IT (CPSR_IT_HI | CPSR_IT_LO)

void cpu_init(struct cpu *cpu, const struct cpu_model *model, unsigned index, struct log *log)
{
	memset(cpu, 0, sizeof(*cpu));
	cpu->model = model;
	cpu->index = index;
	cpu->log = log;
	cpu->cpsr = MODE_SVC | CPSR_I | CPSR_F | CPSR_A;
}

void cpu_reset(struct cpu *cpu)
{
	memset(cpu->r, 0, sizeof(cpu->r));
	memset(cpu->bank_sp, 0, sizeof(cpu->bank_sp));
	memset(cpu->bank_lr, 0, sizeof(cpu->bank_lr));
	memset(cpu->spsr, 0, sizeof(cpu->spsr));
	cpu->current_spsr = 0;
	memset(cpu->bank_r8_usr, 0, sizeof(cpu->bank_r8_usr));
	memset(cpu->bank_r8_fiq, 0, sizeof(cpu->bank_r8_fiq));
	memset(&cpu->vfp, 0, sizeof(cpu->vfp));
	memset(&cpu->exclusive, 0, sizeof(cpu->exclusive));
	memset(&cpu->fault, 0, sizeof(cpu->fault));
	memset(cpu->cp14, 0, sizeof(cpu->cp14));
	cpu->nzcv = 0;
	cpu->it = 0;
	cpu->q = 0;
	cpu->ge = 0;
	cpu->fpscr = 0;
	cpu->fpexc = 0;
	cp15_reset(cpu);
	cpu->cpsr = MODE_SVC | CPSR_I | CPSR_F | CPSR_A;
	if (cpu->cp15.sctlr & SCTLR_TE)
		cpu->cpsr |= CPSR_T;
	if (cpu->cp15.sctlr & SCTLR_EE)
		cpu->cpsr |= CPSR_E;
	cpu->r[15] = cpu->cp15.sctlr & SCTLR_V ? 0xffff0000u : 0;
	atomic_store(&cpu->halted, false);
	if (cpu->hooks && cpu->hooks->mmu_changed)
		cpu->hooks->mmu_changed(cpu);
}

void cpu_set_cpsr(struct cpu *cpu, uint32_t value, uint32_t mask)
{
	uint32_t control = mask & (CPSR_CONTROL & ~CPSR_M);
	bool privileged = cpu_privileged(cpu);
	uint32_t unmasked;

	if (mask & CPSR_FLAGS)
		cpu->nzcv = nzcv_from_cpsr((nzcv_to_cpsr(cpu->nzcv) & ~mask) | (value & mask & CPSR_FLAGS));
	if (mask & CPSR_Q)
		cpu->q = !!(value & CPSR_Q);
	if (mask & CPSR_GE)
		cpu->ge = ((cpu->ge << 16 & ~mask) | (value & mask & CPSR_GE)) >> 16;
	if (mask & CPSR_IT) {
		uint32_t old = (cpu->it & 0xfc) << 8 | (cpu->it & 3) << 25;
		uint32_t it = (old & ~mask) | (value & mask & CPSR_IT);

		cpu->it = (it >> 8 & 0xfc) | (it >> 25 & 3);
	}
	unmasked = cpu->cpsr & ~value & control & (CPSR_I | CPSR_F);
	cpu->cpsr = (cpu->cpsr & ~control) | (value & control);
	if ((mask & CPSR_M) == CPSR_M && cpu_mode_valid(value & CPSR_M))
		switch_mode(cpu, value & CPSR_M);
	if (unmasked && atomic_load_explicit(&cpu->irq_lines, memory_order_relaxed))
		cpu_attention(cpu, ATTN_IRQ);
	if (privileged != cpu_privileged(cpu))
		cpu->hooks->mmu_changed(cpu);
}

/* CPSRWriteByInstr() (B1.3.3); the core is in Secure state, so SCR.AW and SCR.FW do not matter. */
void cpu_msr_cpsr(struct cpu *cpu, uint32_t value, unsigned bytemask, bool exception_return)
{
	bool privileged = cpu_privileged(cpu);
	bool nmfi = cpu->cp15.sctlr & SCTLR_NMFI;
	uint32_t mask = 0;

	if (bytemask & 8)
		mask |= CPSR_FLAGS | CPSR_Q | (exception_return ? CPSR_IT_LO | CPSR_J : 0);
	if (bytemask & 4)
		mask |= CPSR_GE;
	if (bytemask & 2)
		mask |= CPSR_E | (exception_return ? CPSR_IT_HI : 0) | (privileged ? CPSR_A : 0);
	if (bytemask & 1) {
		if (exception_return)
			mask |= CPSR_T;
		if (privileged) {
			mask |= CPSR_I | CPSR_M;
			if (!nmfi || !(value & CPSR_F))
				mask |= CPSR_F;
		}
	}
	cpu_set_cpsr(cpu, value, mask);
}

/* SPSRWriteByInstr() (B1.3.3). */
void cpu_msr_spsr(struct cpu *cpu, uint32_t value, unsigned bytemask)
{
	uint32_t mask = 0;

	if (bytemask & 8)
		mask |= 0xff000000;
	if (bytemask & 4)
		mask |= 0x000f0000;
	if (bytemask & 2)
		mask |= 0x0000ff00;
	if (bytemask & 1)
		mask |= 0x000000ff;
	cpu_set_spsr(cpu, (cpu_spsr(cpu) & ~mask) | (value & mask));
}

uint32_t cpu_spsr(const struct cpu *cpu)
{
	enum cpu_bank bank = mode_bank(cpu->cpsr);

	return bank == BANK_USR ? 0 : cpu->current_spsr;
}

void cpu_set_spsr(struct cpu *cpu, uint32_t value)
{
	enum cpu_bank bank = mode_bank(cpu->cpsr);

	if (bank != BANK_USR)
		cpu->current_spsr = value;
}

/* Where register @n of @mode is now. */
static const uint32_t *mode_reg(const struct cpu *cpu, unsigned n, enum cpu_mode mode)
{
	enum cpu_bank current = mode_bank(cpu->cpsr), bank = mode_bank(mode);

	BUG_ON(n > 14);
	if (n == 13)
		return bank == current ? &cpu->r[13] : &cpu->bank_sp[bank];
	if (n == 14)
		return bank == current ? &cpu->r[14] : &cpu->bank_lr[bank];
	if (n >= 8 && (bank == BANK_FIQ) != (current == BANK_FIQ))
		return bank == BANK_FIQ ? &cpu->bank_r8_fiq[n - 8] : &cpu->bank_r8_usr[n - 8];
	return &cpu->r[n];
}

uint32_t cpu_mode_reg(const struct cpu *cpu, unsigned n, enum cpu_mode mode)
{
	return *mode_reg(cpu, n, mode);
}

void cpu_set_mode_reg(struct cpu *cpu, unsigned n, enum cpu_mode mode, uint32_t value)
{
	*(uint32_t *)mode_reg(cpu, n, mode) = value;
}

bool cpu_condition(uint32_t nzcv, unsigned cond)
{
	bool n = nzcv & NZCV_N, z = nzcv & NZCV_Z, c = nzcv & NZCV_C, v = nzcv & NZCV_V, result;

	switch (cond >> 1) {
	case 0: result = z; break;
	case 1: result = c; break;
	case 2: result = n; break;
	case 3: result = v; break;
	case 4: result = c && !z; break;
	case 5: result = n == v; break;
	case 6: result = n == v && !z; break;
	default: return true;
	}
	return cond & 1 ? !result : result;
}

uint32_t cpu_fp_access(const struct cpu *cpu)
{
	uint32_t cp10 = cpu->cp15.cpacr >> 20 & 3, cp11 = cpu->cp15.cpacr >> 22 & 3;
	uint32_t both = cp10 & cp11; /* different values are UNPREDICTABLE; the lesser right is taken */
	uint32_t may = (both & 1 ? FP_MAY_PRIV : 0) | (both == 3 ? FP_MAY_USER : 0);

	return may | (cpu->fpexc & FPEXC_EN ? may >> FP_MAY_SHIFT : 0);
}

void cpu_attention(struct cpu *cpu, uint32_t why)
{
	atomic_fetch_or(&cpu->attention, why);
}

void cpu_set_irq(struct cpu *cpu, uint32_t line, bool level)
{
	uint32_t old = level ? atomic_fetch_or(&cpu->irq_lines, line) : atomic_fetch_and(&cpu->irq_lines, ~line);

	if (level && !(old & line))
		cpu_attention(cpu, ATTN_IRQ);
}

int cpu_pending_interrupt(const struct cpu *cpu)
{
	uint32_t lines = atomic_load_explicit(&cpu->irq_lines, memory_order_relaxed);

	/* FIQ first: B1.8.1's usual implementation order. */
	if ((lines & IRQ_LINE_FIQ) && !(cpu->cpsr & CPSR_F))
		return EXC_FIQ;
	if ((lines & IRQ_LINE_IRQ) && !(cpu->cpsr & CPSR_I))
		return EXC_IRQ;
	return -1;
}
