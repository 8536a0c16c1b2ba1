/*
 * exceptions.c - taking exceptions and returning from them (ARM DDI 0406C.d B1.8, B1.9).
 *
 * The core is in Secure state all the time, as QEMU boots Linux on this board; SCR.EA, SCR.IRQ and SCR.FIQ route to
 * Monitor mode as they do there.
 */
#include "base/base.h"
#include "cpu/cpu.h"

#include "base/log.h"
#include "cpu/banks.h"
#include "cpu/cp15.h"

#define SCR_IRQ (1u << 1)
#define SCR_FIQ (1u << 2)
#define SCR_EA (1u << 3)

/* FS[4:0] of FSR with LPAE off, as bits 10 and 3:0. */
#define FSR_FS 0x40fu

struct entry {
	const char *name;
	uint8_t mode;
	uint8_t lr_arm, lr_thumb; /* added to r[15] */
	uint32_t set;             /* CPSR mask bits set besides I */
	enum cpu_stat stat;
};

static const struct entry entries[] = {
	[EXC_RESET] = { "reset", MODE_SVC, 0, 0, CPSR_A | CPSR_F, CPU_STAT_COUNT },
	[EXC_UNDEF] = { "undefined instruction", MODE_UND, 4, 2, 0, CPU_STAT_EXC_UNDEF },
	[EXC_SVC] = { "supervisor call", MODE_SVC, 4, 2, 0, CPU_STAT_EXC_SVC },
	[EXC_PREFETCH_ABORT] = { "prefetch abort", MODE_ABT, 4, 4, CPSR_A, CPU_STAT_EXC_PABT },
	[EXC_DATA_ABORT] = { "data abort", MODE_ABT, 8, 8, CPSR_A, CPU_STAT_EXC_DABT },
	[EXC_SMC] = { "secure monitor call", MODE_MON, 4, 4, CPSR_A | CPSR_F, CPU_STAT_COUNT },
	[EXC_IRQ] = { "IRQ", MODE_IRQ, 4, 4, CPSR_A, CPU_STAT_EXC_IRQ },
	[EXC_FIQ] = { "FIQ", MODE_FIQ, 4, 4, CPSR_A | CPSR_F, CPU_STAT_EXC_FIQ },
};

/* Synchronous external aborts, also those on table walks (B3.13.3). */
static bool fsr_external(uint32_t fsr)
{
	switch (fsr & FSR_FS) {
	case 0x008:
	case 0x00c:
	case 0x00e:
	case 0x406:
		return true;
	default:
		return false;
	}
}

static bool to_monitor(const struct cpu *cpu, enum exception exc)
{
	switch (exc) {
	case EXC_SMC:
		return true;
	case EXC_IRQ:
		return cpu->cp15.scr & SCR_IRQ;
	case EXC_FIQ:
		return cpu->cp15.scr & SCR_FIQ;
	case EXC_PREFETCH_ABORT:
	case EXC_DATA_ABORT:
		return (cpu->cp15.scr & SCR_EA) && fsr_external(cpu->fault.fsr);
	default:
		return false;
	}
}

static uint32_t vector_base(const struct cpu *cpu, bool monitor)
{
	if (monitor)
		return cpu->cp15.mvbar;
	return cpu->cp15.sctlr & SCTLR_V ? 0xffff0000u : cpu->cp15.vbar;
}

static __attribute__((noinline, cold)) void log_exception(struct cpu *cpu, const struct entry *entry, uint32_t spsr)
{
	char pc[128];

	log_printf(cpu->log, LOG_INT, "cpu%u: %s at %s, cpsr 0x%08x, r0 0x%08x r1 0x%08x r7 0x%08x\n", cpu->index, entry->name,
	           log_address(cpu->log, cpu->r[15], pc, sizeof(pc)), spsr, cpu->r[0], cpu->r[1], cpu->r[7]);
}

void cpu_take_exception(struct cpu *cpu, enum exception exc)
{
	const struct entry *entry = &entries[exc];
	bool monitor = unlikely(exc == EXC_SMC || cpu->cp15.scr & (SCR_IRQ | SCR_FIQ | SCR_EA)) && to_monitor(cpu, exc);
	bool privileged = cpu_privileged(cpu);
	uint32_t spsr = cpu_cpsr(cpu);
	uint32_t lr = cpu->r[15] + (cpu->cpsr & CPSR_T ? entry->lr_thumb : entry->lr_arm);
	uint32_t sctlr = cpu->cp15.sctlr;

	if (unlikely(log_has(cpu->log_mask, LOG_INT)))
		log_exception(cpu, entry, spsr);
	if (entry->stat != CPU_STAT_COUNT)
		cpu->stats[entry->stat]++;
	cpu->cpsr &= ~(CPSR_T | CPSR_J | CPSR_E);
	cpu->cpsr |= CPSR_I | (monitor ? CPSR_A | CPSR_F : entry->set) | (sctlr & SCTLR_TE ? CPSR_T : 0) | (sctlr & SCTLR_EE ? CPSR_E : 0);
	cpu->it = 0;
	switch_mode(cpu, monitor ? MODE_MON : entry->mode);
	cpu->current_spsr = spsr;
	cpu->r[14] = lr;
	/* The A9 has no SCTLR.VE; with it, the address of IRQ and FIQ vectors is the interrupt controller's: none here. */
	cpu->r[15] = vector_base(cpu, monitor) + (exc == EXC_SMC ? EXC_SVC : exc) * 4u; /* SMC has SVC's place in Monitor's table */
	/* Exception entry leaves the local monitor in an UNKNOWN state; software clears it itself (B1.8.3). */
	if (!privileged)
		cpu->hooks->mmu_changed(cpu);
}

void cpu_data_abort(struct cpu *cpu)
{
	if (unlikely(log_has(cpu->log_mask, LOG_INT)))
		log_printf(cpu->log, LOG_INT, "cpu%u: abort: address 0x%08x, status 0x%03x, %s\n", cpu->index, cpu->fault.va,
		           cpu->fault.fsr, cpu->fault.write ? "write" : "read");
	cpu->cp15.dfsr = cpu->fault.fsr | (cpu->fault.write ? 1u << 11 : 0);
	cpu->cp15.dfar = cpu->fault.va;
	cpu_take_exception(cpu, EXC_DATA_ABORT);
}

void cpu_prefetch_abort(struct cpu *cpu)
{
	if (unlikely(log_has(cpu->log_mask, LOG_INT)))
		log_printf(cpu->log, LOG_INT, "cpu%u: abort: fetch from 0x%08x, status 0x%03x\n", cpu->index, cpu->fault.va,
		           cpu->fault.fsr);
	/* IFSR has no domain field (B4.1.96). */
	cpu->cp15.ifsr = cpu->fault.fsr & ~0xf0u;
	cpu->cp15.ifar = cpu->fault.va;
	cpu_take_exception(cpu, EXC_PREFETCH_ABORT);
}

/* ITAdvance() (A2.5.2). */
static uint32_t it_advance(uint32_t it)
{
	return it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
}

static const char *smccc_owner(uint32_t function)
{
	static const char *const owners[] = {
		"Arm architecture", "CPU service", "SiP service", "OEM service", "standard secure service", "standard hypervisor service",
		"vendor hypervisor service",
	};
	unsigned owner = function >> 24 & 0x3f;

	if (owner < ARRAY_SIZE(owners))
		return owners[owner];
	return owner >= 50 ? "trusted OS" : owner >= 48 ? "trusted application" : "reserved owner";
}

void cpu_smc(struct cpu *cpu, uint32_t imm)
{
	char pc[128];

	cpu->stats[CPU_STAT_SMC]++;
	if (cpu->cp15.mvbar) {
		cpu_take_exception(cpu, EXC_SMC);
		return;
	}
	log_once(cpu->log, (uint64_t)cpu->r[15] << 32 | cpu->r[0],
	         "cpu%u: smc #%u at %s: function 0x%08x (%s %s, %s), answered \"not supported\": there is no secure firmware\n",
	         cpu->index, imm, log_address(cpu->log, cpu->r[15], pc, sizeof(pc)), cpu->r[0],
	         cpu->r[0] >> 31 ? "fast call to" : "yielding call to", smccc_owner(cpu->r[0]),
	         cpu->r[0] & 1u << 30 ? "64 bit" : "32 bit");
	cpu->r[15] += 4;
	cpu->it = it_advance(cpu->it);
	cpu->hooks->smc(cpu, imm);
}

/* cpu_msr_cpsr() of all there is, for the usual case. */
static inline void return_to_mode(struct cpu *cpu, uint32_t spsr)
{
	uint32_t unmasked = cpu->cpsr & ~spsr & (CPSR_I | CPSR_F);

	cpu->nzcv = nzcv_from_cpsr(spsr);
	cpu->q = spsr / CPSR_Q & 1;
	cpu->ge = (spsr & CPSR_GE) >> 16;
	cpu->it = (spsr >> 8 & 0xfc) | (spsr >> 25 & 3);
	cpu->cpsr = (cpu->cpsr & CPSR_M) | (spsr & CPSR_CONTROL & ~CPSR_M);
	switch_mode(cpu, spsr & CPSR_M);
	if (unmasked && atomic_load_explicit(&cpu->irq_lines, memory_order_relaxed))
		cpu_attention(cpu, ATTN_IRQ);
	if (!cpu_privileged(cpu))
		cpu->hooks->mmu_changed(cpu);
}

void cpu_exception_return(struct cpu *cpu, uint32_t pc, uint32_t spsr)
{
	if (likely(cpu_privileged(cpu) && cpu_mode_valid(spsr & CPSR_M) && !(cpu->cp15.sctlr & SCTLR_NMFI)))
		return_to_mode(cpu, spsr);
	else
		cpu_msr_cpsr(cpu, spsr, 0xf, true);
	/* BranchWritePC() in the new state. */
	cpu->r[15] = pc & (cpu->cpsr & CPSR_T ? ~1u : ~3u);
}
