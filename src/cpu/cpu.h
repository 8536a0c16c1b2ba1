/*
 * cpu.h - the architectural state of one virtual ARMv7-A core, and what can be done to it.
 *
 * Floor 1: knows neither memory, MMU nor translator; what it needs of
 * them it calls through struct cpu_hooks.  A cpu belongs to one thread while that runs it; other threads touch
 * only the fields marked atomic.
 *
 * Manual: ARM DDI 0406C.d, part B; Cortex-A9 TRM (ARM DDI 0388).
 */
#ifndef DBTVM_CPU_CPU_H
#define DBTVM_CPU_CPU_H

#include "base/base.h"
#include "cpu/sensitive.h"

#include <stdatomic.h>

struct log;
struct mmu;
struct space;
struct translator;
struct jump_cache;
struct block_exit;
struct cpu;

/* CPSR bits (B1.3.3). */
#define CPSR_M 0x1fu
#define CPSR_T (1u << 5)
#define CPSR_F (1u << 6)
#define CPSR_I (1u << 7)
#define CPSR_A (1u << 8)
#define CPSR_E (1u << 9)
#define CPSR_GE (0xfu << 16)
#define CPSR_J (1u << 24)
#define CPSR_Q (1u << 27)
#define CPSR_V (1u << 28)
#define CPSR_C (1u << 29)
#define CPSR_Z (1u << 30)
#define CPSR_N (1u << 31)
#define CPSR_IT_HI (0x3fu << 10) /* IT<7:2> */
#define CPSR_IT_LO (3u << 25)    /* IT<1:0> */
/* What struct cpu.cpsr holds; the other bits live in nzcv, q, ge and it. */
#define CPSR_CONTROL (CPSR_M | CPSR_T | CPSR_F | CPSR_I | CPSR_A | CPSR_E | CPSR_J)

enum cpu_mode {
	MODE_USR = 0x10, MODE_FIQ = 0x11, MODE_IRQ = 0x12, MODE_SVC = 0x13,
	MODE_MON = 0x16, MODE_ABT = 0x17, MODE_UND = 0x1b, MODE_SYS = 0x1f,
};
/* Banks of SP, LR and SPSR; USR and SYS share one. */
enum cpu_bank { BANK_USR, BANK_FIQ, BANK_IRQ, BANK_SVC, BANK_MON, BANK_ABT, BANK_UND, BANK_COUNT };

/*
 * struct cpu.nzcv keeps the condition flags in the layout that x86 gives: AH of LAHF in bits 15:8, SETO in bit 0.
 * C has Arm's sense (no borrow = 1) in memory always.
 */
#define NZCV_N (1u << 15)
#define NZCV_Z (1u << 14)
#define NZCV_C (1u << 8)
#define NZCV_V (1u << 0)
#define NZCV_ALL (NZCV_N | NZCV_Z | NZCV_C | NZCV_V)

/* Exceptions in the order of their vectors (B1.8.1): vector offset = value * 4, but for SMC: 8 in Monitor's table. */
enum exception {
	EXC_RESET = 0, EXC_UNDEF = 1, EXC_SVC = 2, EXC_PREFETCH_ABORT = 3,
	EXC_DATA_ABORT = 4, EXC_SMC = 5, EXC_IRQ = 6, EXC_FIQ = 7,
};

/* struct cpu.attention: why the run loop wants to see this core soon. Set by any thread. */
#define ATTN_IRQ (1u << 0)    /* irq_lines changed */
#define ATTN_EXIT (1u << 1)   /* leave cpu_run(): pause, reset, power off */
#define ATTN_EVENT (1u << 2)  /* an earlier event was scheduled */
#define ATTN_SAFE (1u << 3)   /* work is queued for a safe point (flush, shoot-down) */

/* struct cpu.irq_lines */
#define IRQ_LINE_IRQ (1u << 0)
#define IRQ_LINE_FIQ (1u << 1)

/* SCTLR bits (B4.1.130) */
#define SCTLR_M (1u << 0)
#define SCTLR_A (1u << 1)
#define SCTLR_C (1u << 2)
#define SCTLR_Z (1u << 11)
#define SCTLR_I (1u << 12)
#define SCTLR_V (1u << 13)
#define SCTLR_HA (1u << 17)
#define SCTLR_VE (1u << 24)
#define SCTLR_EE (1u << 25)
#define SCTLR_NMFI (1u << 27)
#define SCTLR_TRE (1u << 28)
#define SCTLR_AFE (1u << 29)
#define SCTLR_TE (1u << 30)

#define CPACR_ASEDIS (1u << 31)
#define CPACR_D32DIS (1u << 30)

#define FPEXC_EN (1u << 30)
/* struct cpu.fp_access: who may use VFP and Advanced SIMD. */
#define FP_ON_USER (1u << 0)  /* CPACR allows it and FPEXC.EN is set */
#define FP_ON_PRIV (1u << 1)
#define FP_MAY_USER (1u << 2) /* CPACR allows it */
#define FP_MAY_PRIV (1u << 3) /* that is enough for FPEXC itself, FPSID and MVFR */
#define FP_MAY_SHIFT 2

#define FPSCR_LEN (7u << 16)
#define FPSCR_STRIDE (3u << 20)
#define FPSCR_RMODE (3u << 22)
#define FPSCR_FZ (1u << 24)
#define FPSCR_DN (1u << 25)
#define FPSCR_AHP (1u << 26)
#define FPSCR_QC (1u << 27)

/* Identification and feature values of a core type; data, see cpu_models.c. */
struct cpu_model {
	const char *name;       /* "cortex-a9", as -cpu and the tree's "arm,cortex-a9" spell it */
	const char *compatible;
	uint32_t midr, ctr, tcmtr, tlbtr, revidr;
	uint32_t id_pfr[2], id_dfr0, id_afr0, id_mmfr[4], id_isar[6];
	uint32_t clidr, ccsidr[3]; /* L1D, L1I, L2 */
	uint32_t fpsid, mvfr[2];
	uint32_t dbgdidr;
	uint32_t sctlr_reset, actlr_reset;
	uint32_t sctlr_wmask, actlr_wmask; /* bits that can be written */
	uint32_t pmcr;         /* read-only fields: IMP, IDCODE, N */
};

/* CP15 state that has storage. One value for each register; Linux on this board runs in Secure state (see cp15.def). */
struct cp15 {
	uint32_t csselr, sctlr, actlr, cpacr, scr, sder, nsacr;
	uint32_t ttbr0, ttbr1, ttbcr, dacr;
	uint32_t dfsr, ifsr, adfsr, aifsr, dfar, ifar;
	uint32_t par, prrr, nmrr, vbar, mvbar;
	uint32_t fcseidr, contextidr, tpidrurw, tpidruro, tpidrprw;
	uint32_t pmcr, pmcnten, pmovsr, pmselr, pmuserenr, pminten, pmxevtyper[32], pmxevcntr[32];
	uint64_t pmccntr_base; /* cycles at which the cycle counter was 0 */
	uint32_t power_control, neon_busy, cbar; /* A9, c15 */
	uint32_t tlb_lockdown;
	uint64_t pmevcntr_base[32]; /* what the event of a counter had counted when the counter was 0 */
	uint32_t diagnostic[2], vcr, virtual_irq, pleuar, plepcr; /* A9: c15, c1, c12, c11 */
};

/* What the core calls on the floors above. All run on the core's own thread; none may be NULL once the VM is built. */
struct cpu_hooks {
	/* TTBR0/1, TTBCR, DACR, SCTLR (M, A, EE, TRE, AFE, HA), PRRR/NMRR, or the privilege of the mode changed. */
	void (*mmu_changed)(struct cpu *cpu);
	/* TLB maintenance. @kind: enum tlb_op; @value: the register written. */
	void (*tlb_op)(struct cpu *cpu, int kind, uint32_t value);
	/* ATS1Cxx (B4.1.17): the PAR value for @va as seen by a privileged or unprivileged read or write. */
	uint32_t (*translate)(struct cpu *cpu, gva_t va, bool write, bool privileged);
	/* SMC: called after the log line; @imm is the instruction's. r0.. hold the SMCCC call; the result goes to r0..r3. */
	void (*smc)(struct cpu *cpu, uint32_t imm);
	/* Cycles that the PMU sees. */
	uint64_t (*cycles)(struct cpu *cpu);
	/* Level of the PMU's overflow interrupt. The only one that may be NULL: not connected. */
	void (*pmu_irq)(struct cpu *cpu, bool level);
};
enum tlb_op { TLB_ALL, TLB_MVA, TLB_ASID, TLB_MVA_ALL_ASID };

/* Counts what `-stats` prints; indexes of struct cpu.stats. */
enum cpu_stat {
#define CPU_STAT(id, name, help) CPU_STAT_##id,
#include "cpu/cpu_stats.def"
#undef CPU_STAT
	CPU_STAT_COUNT
};

/* What the core's thread does now, for -profile. */
enum cpu_activity {
#define ACTIVITY(id, name, help) ACTIVITY_##id,
#include "cpu/cpu_activities.def"
#undef ACTIVITY
	ACTIVITY_COUNT
};

#define CPU_TMP_SLOTS 64

/*
 * Fields that emitted code uses stand first, within a signed byte's reach of the base pointer (&cpu->r[0] + 128).
 * r[] holds every register of the *current* mode; the others are in the banks. While translated code runs, some of r[] live in
 * host registers; helpers always see them all here.
 */
struct cpu {
	uint32_t r[16];              /* r[15]: address of the instruction to run next (no pipeline offset) */
	uint32_t nzcv;               /* NZCV_* */
	int32_t countdown;           /* instructions left until the next check; negative: check */
	_Atomic uint32_t attention;  /* ATTN_* */
	_Atomic uint32_t irq_lines;  /* IRQ_LINE_* */
	uint32_t cpsr;               /* CPSR_CONTROL bits only */
	uint32_t it;                 /* ITSTATE, 0 outside IT blocks */
	uint32_t q;                  /* CPSR.Q as 0 or 1 */
	uint32_t ge;                 /* CPSR.GE, 4 bits */
	struct space *space;         /* the shadow space of the current context */
	struct jump_cache *jump_cache;
	const uint8_t *tlb_filter;   /* by MiB of virtual addresses: not 0, TLB maintenance by address has something to do there; NULL: everywhere (mmu) */
	uint32_t exit_arg[2];        /* what translated code tells the dispatcher */
	struct block_exit *exit_link; /* the direct exit that was taken, unlinked */
	uint32_t fp_access;          /* FP_*, from FPEXC and CPACR: cpu_fp_access() */
	uint32_t tmp[CPU_TMP_SLOTS]; /* spilled IR temporaries */
	uint32_t window_key;         /* KEY_WINDOW or 0: of the current shadow space, set with it */
	struct space *user_space;    /* the same for accesses with user privilege (LDRT, STRT); an empty one until the first of them */

	/* VFP and Advanced SIMD (A2.6). */
	union {
		uint32_t s[64];
		uint64_t d[32];
	} vfp __attribute__((aligned(16)));
	uint32_t fpscr; /* whole register, cumulative bits and NZCV included */
	uint32_t fpexc;
	uint32_t mxcsr, mxcsr_masks; /* translated code's, and what is masked in it always (x64/fp_trap.c) */

	/* Exclusive monitor (A3.4). A word in memory has its host address as place, which translated code has at hand; 0: open. */
	struct {
		uint64_t place; /* exclusive_place() */
		uint64_t value; /* that was read; of a word bits 31:0 */
	} exclusive;

	/* The abort that a failed access reports (set by the MMU, consumed by cpu_data_abort()). */
	struct {
		gva_t va;
		uint32_t fsr; /* DFSR/IFSR without WnR */
		bool write;
	} fault;

	uint32_t bank_sp[BANK_COUNT], bank_lr[BANK_COUNT], spsr[BANK_COUNT]; /* those of the current mode's bank are stale */
	uint32_t current_spsr;
	uint32_t bank_r8_usr[5], bank_r8_fiq[5]; /* r8-r12 of the side that is not current */
	struct cp15 cp15;
	uint32_t cp14[64]; /* debug registers that Linux probes; see cp14.c */

	const struct cpu_model *model;
	const struct cpu_hooks *hooks;
	void *hooks_opaque; /* the VM */
	struct log *log;
	uint32_t log_mask; /* log_mask(log), so that hot paths need no call */
	struct mmu *mmu;
	struct translator *translator;
	unsigned index; /* MPIDR affinity 0 */
	_Atomic bool halted; /* in WFI */
	volatile uint8_t activity; /* enum cpu_activity; its own thread's only, a signal handler there reads it */

	int32_t countdown_start;  /* what countdown was last set to */
	uint64_t insns_before;    /* instructions executed before that */
	uint64_t stats[CPU_STAT_COUNT];
	uint64_t sensitive[SENSITIVE_COUNT]; /* sensitive instructions executed, by class */
	uint32_t sensitive_recent[SENSITIVE_COUNT]; /* the same, counted by translated code and not yet added to it */
};

/* @addr: host address of memory, physical address of a device; @size: 1, 2, 4 or 8. */
static inline uint64_t exclusive_place(uint64_t addr, bool device, unsigned size)
{
	return addr | (uint64_t)device << 55 | (uint64_t)(size ^ 4) << 56;
}

static_assert(offsetof(struct cpu, tmp) <= 256, "hot fields within a signed byte of &cpu + 128");

/* Instructions executed so far. Exact at block boundaries and inside helpers that take a site's count. */
static inline uint64_t cpu_insns(const struct cpu *cpu)
{
	return cpu->insns_before + (uint64_t)(int64_t)(cpu->countdown_start - cpu->countdown);
}

/* At the door of a room: returns what to give to cpu_activity_leave() when it is left. */
static inline uint8_t cpu_activity_enter(struct cpu *cpu, enum cpu_activity activity)
{
	uint8_t before = cpu->activity;

	cpu->activity = (uint8_t)activity;
	return before;
}

static inline void cpu_activity_leave(struct cpu *cpu, uint8_t before)
{
	cpu->activity = before;
}

static inline bool cpu_privileged(const struct cpu *cpu)
{
	return (cpu->cpsr & CPSR_M) != MODE_USR;
}

/* The model called @name or with compatible @name; NULL: none. */
const struct cpu_model *cpu_model_find(const char *name);

/* Sets the reset state of @model (B1.9.1). Hooks, log and links to other rooms are kept. */
void cpu_reset(struct cpu *cpu);
/* Zeroes @cpu and sets its model; the hooks must be set before cpu_reset(). */
void cpu_init(struct cpu *cpu, const struct cpu_model *model, unsigned index, struct log *log);

/* CPSRWriteByInstr's effect without its checks: writes the bits in @mask; a mode change swaps banks and calls mmu_changed if privilege changed. */
void cpu_set_cpsr(struct cpu *cpu, uint32_t value, uint32_t mask);
/* The manual's CPSRWriteByInstr()/SPSRWriteByInstr(): @bytemask is the 4-bit field mask; obeys privilege, NMFI, SCR. */
void cpu_msr_cpsr(struct cpu *cpu, uint32_t value, unsigned bytemask, bool exception_return);
void cpu_msr_spsr(struct cpu *cpu, uint32_t value, unsigned bytemask);
/* SPSR of the current mode; in USR/SYS (UNPREDICTABLE) a pointer to a dummy of 0. */
uint32_t cpu_spsr(const struct cpu *cpu);
void cpu_set_spsr(struct cpu *cpu, uint32_t value);
/* Register @n (0-14) of @mode, whatever the current mode (LDM/STM user, SRS, MRS banked). */
uint32_t cpu_mode_reg(const struct cpu *cpu, unsigned n, enum cpu_mode mode);
void cpu_set_mode_reg(struct cpu *cpu, unsigned n, enum cpu_mode mode, uint32_t value);
/* True for the modes an A9 without virtualization extensions has. */
static inline bool cpu_mode_valid(uint32_t mode)
{
	const uint32_t valid = 1u << MODE_USR | 1u << MODE_FIQ | 1u << MODE_IRQ | 1u << MODE_SVC | 1u << MODE_MON | 1u << MODE_ABT |
	                       1u << MODE_UND | 1u << MODE_SYS;

	return mode < 32 && (valid >> mode & 1);
}

/* Arm's NZCV in CPSR bits 31:28 from and to the x86 layout. */
static inline uint32_t nzcv_to_cpsr(uint32_t nzcv)
{
	return (nzcv & (NZCV_N | NZCV_Z)) << 16 | (nzcv & NZCV_C) << 21 | (nzcv & NZCV_V) << 28;
}
static inline uint32_t nzcv_from_cpsr(uint32_t cpsr)
{
	return (cpsr >> 16 & (NZCV_N | NZCV_Z)) | (cpsr >> 21 & NZCV_C) | (cpsr >> 28 & NZCV_V);
}
/* CPSR put together (B1.3.3). */
static inline uint32_t cpu_cpsr(const struct cpu *cpu)
{
	return cpu->cpsr | nzcv_to_cpsr(cpu->nzcv) | cpu->q << 27 | cpu->ge << 16 | (cpu->it & 0xfc) << 8 | (cpu->it & 3) << 25;
}
/* ConditionPassed() for @cond 0-15 (A8.3.1). */
bool cpu_condition(uint32_t nzcv, unsigned cond);

/*
 * Takes @exc (B1.8.1): banks, SPSR, LR, CPSR, PC.  r[15] must be the address of the instruction that caused it, or for
 * IRQ and FIQ of the one that would run next; LR gets the manual's offset from it.
 */
void cpu_take_exception(struct cpu *cpu, enum exception exc);
/* Data abort from cpu->fault: DFSR, DFAR, then the exception. */
void cpu_data_abort(struct cpu *cpu);
/* Prefetch abort from cpu->fault: IFSR, IFAR, then the exception. */
void cpu_prefetch_abort(struct cpu *cpu);
/*
 * SMC #@imm at r[15]: a monitor of the guest's own (MVBAR was written) gets the exception; otherwise hooks->smc answers and the
 * guest goes on behind the instruction. In user mode SMC is UNDEFINED: the translator sees to that.
 */
void cpu_smc(struct cpu *cpu, uint32_t imm);
/* Exception return: writes CPSR from @spsr and branches to @pc, aligned for the new state. */
void cpu_exception_return(struct cpu *cpu, uint32_t pc, uint32_t spsr);
/* The interrupt that should be taken now, EXC_IRQ or EXC_FIQ, or -1 (lines and masks). */
int cpu_pending_interrupt(const struct cpu *cpu);

/* Raises or lowers an interrupt line. Any thread. */
void cpu_set_irq(struct cpu *cpu, uint32_t line, bool level);
/* Asks the core to come to the run loop for @why (ATTN_*). Any thread. */
void cpu_attention(struct cpu *cpu, uint32_t why);

/*
 * The key of translated code (DESIGN.md §2): everything beyond the address that changes what an instruction means.
 */
#define KEY_T (1u << 0)
#define KEY_E (1u << 1)
#define KEY_PRIV (1u << 2)
#define KEY_FPMODE (1u << 4) /* FPSCR: Len, Stride, RMode, FZ or DN not 0 */
#define KEY_ALIGN (1u << 5)  /* SCTLR.A */
#define KEY_NOSIMD (1u << 6) /* CPACR.ASEDIS: Advanced SIMD instructions that are not VFP's are UNDEFINED */
#define KEY_WINDOW (1u << 7) /* the current shadow space has a memory window: accesses go there without look-up (mmu.h) */
#define KEY_IT_SHIFT 8       /* bits 15:8: ITSTATE */
#define KEY_NOD32 (1u << 16) /* CPACR.D32DIS: VFP instructions that use D16-D31 are UNDEFINED */
static inline uint32_t cpu_state_key(const struct cpu *cpu)
{
	uint32_t key = cpu->window_key | cpu->it << KEY_IT_SHIFT;

	static_assert(CPSR_T >> 5 == KEY_T && CPSR_E >> 8 == KEY_E && SCTLR_A << 4 == KEY_ALIGN && CPACR_ASEDIS >> 25 == KEY_NOSIMD &&
	              CPACR_D32DIS >> 14 == KEY_NOD32, "moved there below: exceptions are entered and left by this");
	key |= (cpu->cpsr >> 5 & KEY_T) | (cpu->cpsr >> 8 & KEY_E) | (cpu_privileged(cpu) ? KEY_PRIV : 0);
	key |= cpu->fpscr & (FPSCR_LEN | FPSCR_STRIDE | FPSCR_RMODE | FPSCR_FZ | FPSCR_DN) ? KEY_FPMODE : 0;
	key |= cpu->cp15.sctlr << 4 & KEY_ALIGN;
	return key | (cpu->cp15.cpacr >> 25 & KEY_NOSIMD) | (cpu->cp15.cpacr >> 14 & KEY_NOD32);
}
/*
 * What cpu->fp_access must be (B1.11.1). It is no part of the key, since Linux switches FPEXC.EN all the time: translated code looks at it. Who
 * writes CPACR or FPEXC while the core runs sets it; otherwise translator_run() does.
 */
uint32_t cpu_fp_access(const struct cpu *cpu);

#endif
