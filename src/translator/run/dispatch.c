/*
 * dispatch.c - the run loop: from block to block where these do not jump to one another, exceptions, interrupts, waiting.
 *
 * Interrupts and requests are looked at on entry, when the countdown ends, and after system state changed. In between, code
 * runs at most options.quantum instructions, so no lock and no signal is needed to get a core's attention.
 */
#include "base/base.h"
#include "translator/translator.h"

#include "base/log.h"
#include "memory/phys.h"
#include "mmu/mmu.h"
#include "translator/lift/sensitive.h"
#include "translator/run/helpers.h"
#include "translator/run/run.h"

#define FSR_DEBUG_EVENT 0x2u
#define FSR_EXTERNAL_ABORT 0x8u
/* Forward jumps do not look at the countdown. Code that only goes forward, a slide through empty memory, is stopped this far behind. */
#define OVERRUN_MAX 4096

/* Gives the core its next slice of the budget. */
static void start_slice(struct translator *t)
{
	struct cpu *cpu = t->cpu;
	int32_t slice = (int32_t)MIN(t->budget, (int64_t)t->options.quantum);

	mmu_ran(cpu, (uint32_t)(cpu->countdown_start - cpu->countdown));
	cpu->insns_before = cpu_insns(cpu);
	cpu->countdown = cpu->countdown_start = slice;
	t->budget -= slice;
}

/*
 * The slice is over, or state changed that may let an interrupt in. Returns true when translator_run() is to return *why.
 */
static bool service(struct translator *t, enum run_exit *why)
{
	struct cpu *cpu = t->cpu;
	uint32_t attention = atomic_load(&cpu->attention);
	int interrupt;

	if (unlikely(attention & ~ATTN_IRQ)) {
		if (attention & ATTN_EXIT) {
			atomic_fetch_and(&cpu->attention, ~ATTN_EXIT);
			*why = RUN_STOP;
			return true;
		}
		atomic_fetch_and(&cpu->attention, ~(ATTN_EVENT | ATTN_SAFE));
		*why = RUN_CHECK;
		return true;
	}
	/* ATTN_IRQ stays while a line is up, so that polls after unmasking see it. */
	if (attention & ATTN_IRQ && !atomic_load(&cpu->irq_lines)) {
		atomic_fetch_and(&cpu->attention, ~ATTN_IRQ);
		if (atomic_load(&cpu->irq_lines))
			atomic_fetch_or(&cpu->attention, ATTN_IRQ);
	}
	interrupt = cpu_pending_interrupt(cpu);
	if (interrupt >= 0)
		cpu_take_exception(cpu, (enum exception)interrupt);
	if (cpu->countdown < 0) {
		if (t->budget + cpu->countdown <= 0) {
			*why = RUN_CHECK;
			return true;
		}
		t->budget += cpu->countdown; /* what the last block ran over */
		start_slice(t);
	}
	return false;
}

/* Finds the block for the current state by its page; translates it when it is new. NULL: a prefetch abort was taken. */
static struct block *look_up(struct translator *t, gva_t pc, uint32_t key)
{
	struct cpu *cpu = t->cpu;
	const uint8_t *host = NULL;
	struct frame *frame = NULL;
	struct block *block;
	gpa_t pa;

	if (mmu_fetch_page(cpu, pc, &host, &pa, &frame)) {
		cpu_prefetch_abort(cpu);
		return NULL;
	}
	if (!host || !frame) {
		cpu->fault.va = pc;
		cpu->fault.fsr = FSR_EXTERNAL_ABORT;
		cpu->fault.write = false;
		cpu_prefetch_abort(cpu);
		return NULL;
	}
	pa = (pa & ~(gpa_t)GUEST_PAGE_MASK) | (pc & GUEST_PAGE_MASK);
	block = table_find(t, pc, key, pa);
	if (!block)
		block = revive(t, pc, key, pa, host, frame);
	if (!block) {
		uint8_t before = cpu_activity_enter(cpu, ACTIVITY_TRANSLATE);

		block = translate(t, pc, key, host, pa, frame);
		cpu_activity_leave(cpu, before);
	}
	if (!block) {
		cpu_prefetch_abort(cpu);
		return NULL;
	}
	table_remember(t, block);
	return block;
}

static bool chaining(const struct translator *t, enum optimization what)
{
	return t->options.optimizations >> what & 1 && !log_has(t->cpu->log_mask, LOG_NOCHAIN);
}

static void jump_cache_add(struct translator *t, const struct block *block)
{
	struct jump_entry *table;

	if (!chaining(t, OPT_JUMP_CACHE) || block->key >> KEY_IT_SHIFT & 0xff)
		return;
	table = jump_cache_table(t->jump_cache, block->key);
	if (table)
		table[jump_index(block->pc, block->key & KEY_T)] = (struct jump_entry){
			.pc = block->pc | (block->key & KEY_T), .code = block->code.checked,
		};
}

/* Lets the code that came back go straight to @block the next time. */
static void link_to(struct translator *t, struct block *block, enum x64_exit why)
{
	struct cpu *cpu = t->cpu;
	struct block_exit *exit = cpu->exit_link;
	struct block *from;

	if (!block->code.checked)
		return;
	if (why != X64_EXIT_LINK) {
		jump_cache_add(t, block);
		return;
	}
	if (!chaining(t, OPT_CHAIN) || !exit || exit->linked)
		return;
	from = exit_block(exit);
	if (from->dropped || exit->pc != block->pc || exit_key(exit) != block->key)
		return;
	exit->linked = true;
	exit->next_in = block->incoming;
	block->incoming = exit;
	/* The checked entry of a block that straddles looks at both pages. */
	x64_link(t->x64, exit, &block->code,
	         exit->same_page && from->frame == block->frame && !block->straddles ? block->code.fast : block->code.checked);
	cpu->stats[CPU_STAT_CHAIN_LINKS]++;
}

static enum x64_exit run_block(struct translator *t, struct block *block)
{
	struct cpu *cpu = t->cpu;

	if (unlikely(log_has(cpu->log_mask, LOG_EXEC)))
		show_exec(t, block, block->pc);
	if (unlikely(t->options.verify))
		return verify_run(t, block);
	if (block->code.checked)
		return x64_run(t->x64, cpu, block->code.fast);
	cpu->stats[CPU_STAT_INTERP_BLOCKS]++;
	return interp_run(cpu, block->rare->ops, NULL);
}

/* ITAdvance() (A2.5.2) */
static uint32_t it_advance(uint32_t it)
{
	return it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
}

/* Time goes on also where nothing but exceptions happens (vectors that cannot be executed). */
static void count_exception(struct cpu *cpu)
{
	cpu->countdown--;
	cpu->stats[CPU_STAT_EXIT_EXCEPTION]++;
}

static void take_exception(struct cpu *cpu)
{
	uint32_t imm = cpu->exit_arg[1];

	switch (cpu->exit_arg[0]) {
	case EXC_SVC:
		/* Returns behind the instruction, where IT has gone on. */
		cpu->it = it_advance(cpu->it);
		cpu_take_exception(cpu, EXC_SVC);
		break;
	case EXC_SMC:
		cpu_smc(cpu, imm);
		break;
	case EXC_PREFETCH_ABORT: /* BKPT (A8.8.24) */
		cpu->fault.va = cpu->r[15];
		cpu->fault.fsr = FSR_DEBUG_EVENT;
		cpu->fault.write = false;
		cpu_prefetch_abort(cpu);
		break;
	default:
		cpu_take_exception(cpu, (enum exception)cpu->exit_arg[0]);
		break;
	}
}

static void take_raised(struct cpu *cpu)
{
	if (cpu->exit_arg[0] == RAISE_UNDEF)
		cpu_take_exception(cpu, EXC_UNDEF);
	else
		cpu_data_abort(cpu);
}

/* WFI. An interrupt wakes the core even when it is masked (B1.8.14). True: it sleeps now. */
static bool wait(struct cpu *cpu)
{
	cpu->stats[CPU_STAT_EXIT_WFI]++;
	atomic_store(&cpu->halted, true);
	if (!atomic_load(&cpu->irq_lines))
		return true;
	atomic_store(&cpu->halted, false);
	return false;
}

/* What handle() and the loop in translator_run() do when nothing is in the way, for code that then goes on without having come back. */
const uint8_t *dispatch_resume(struct cpu *cpu, enum x64_exit why)
{
	const struct jump_entry *entry;
	uint32_t key, pc;

	switch (why) {
	case X64_EXIT_EXCEPTION:
		count_exception(cpu);
		take_exception(cpu);
		break;
	case X64_EXIT_RAISE:
		count_exception(cpu);
		take_raised(cpu);
		break;
	case X64_EXIT_RETURN:
		cpu_exception_return(cpu, cpu->exit_arg[0], cpu->exit_arg[1]);
		cpu->stats[CPU_STAT_EXIT_STATE]++;
		break;
	default:
		cpu->stats[CPU_STAT_EXIT_STATE]++;
		break;
	}
	/* Without attention no line is up (cpu_set_irq()); with a line up that is masked nothing else may be wanted. */
	if (cpu->countdown < 0 || (unlikely(atomic_load_explicit(&cpu->attention, memory_order_relaxed)) &&
	    (atomic_load(&cpu->attention) != ATTN_IRQ || cpu_pending_interrupt(cpu) >= 0)))
		return NULL;
	key = cpu_state_key(cpu);
	pc = key & KEY_T ? cpu->r[15] | 1 : cpu->r[15] & ~3u;
	/* No table has an IT state in its key. */
	entry = jump_cache_find(cpu->jump_cache, key);
	if (unlikely(!entry))
		return NULL;
	entry += jump_index(pc, key & KEY_T);
	return likely(entry->pc == pc) ? entry->code : NULL;
}

/* Acts on why a block was left. Returns true when translator_run() is to return *why. */
static bool handle(struct translator *t, enum x64_exit exit, enum run_exit *why)
{
	struct cpu *cpu = t->cpu;

	switch (exit) {
	case X64_EXIT_LOOKUP:
	case X64_EXIT_LINK:
		cpu->stats[CPU_STAT_EXIT_LOOKUP]++;
		return false;
	case X64_EXIT_STATE:
		cpu->stats[CPU_STAT_EXIT_STATE]++;
		break;
	case X64_EXIT_CHECK:
		cpu->stats[CPU_STAT_EXIT_CHECK]++;
		break;
	case X64_EXIT_EXCEPTION:
		count_exception(cpu);
		take_exception(cpu);
		break;
	case X64_EXIT_RAISE:
		count_exception(cpu);
		take_raised(cpu);
		break;
	case X64_EXIT_RESUME:
	case X64_EXIT_RETURN:
		break;
	case X64_EXIT_WFI:
		if (wait(cpu)) {
			*why = RUN_WFI;
			return true;
		}
		break;
	}
	if (unlikely(t->verify_failed)) {
		*why = RUN_VERIFY_FAILED;
		return true;
	}
	return service(t, why);
}

enum run_exit translator_run(struct cpu *cpu, int32_t max_insns)
{
	struct translator *t = cpu->translator;
	enum x64_exit exit = X64_EXIT_STATE;
	enum run_exit why;

	BUG_ON(max_insns <= 0);
	if (atomic_load(&cpu->halted)) {
		if (!atomic_load(&cpu->irq_lines)) {
			if (atomic_load(&cpu->attention) & ATTN_EXIT) {
				atomic_fetch_and(&cpu->attention, ~ATTN_EXIT);
				return RUN_STOP;
			}
			return RUN_WFI;
		}
		atomic_store(&cpu->halted, false);
	}
	if (t->options.count_sensitive)
		sensitive_fold(cpu);
	t->budget = max_insns;
	cpu->fp_access = cpu_fp_access(cpu);
	start_slice(t);
	if (service(t, &why))
		return why;
	for (;;) {
		gva_t pc = cpu->r[15] & (cpu->cpsr & CPSR_T ? ~1u : ~3u);
		uint32_t key = cpu_state_key(cpu);
		struct block *block;

		if (unlikely(t->x64 && x64_flush_wanted(t->x64)))
			table_flush(t);
		block = table_recent(t, pc, key);
		cpu->stats[CPU_STAT_DISPATCH]++;
		if (!block) {
			cpu->r[15] = pc;
			if (unlikely(cpu->countdown < -OVERRUN_MAX)) {
				if (service(t, &why))
					return why;
				exit = X64_EXIT_STATE;
				continue;
			}
			block = look_up(t, pc, key);
		}
		if (unlikely(!block)) {
			count_exception(cpu);
			exit = X64_EXIT_STATE;
			if (service(t, &why))
				return why;
			continue;
		}
		link_to(t, block, exit);
		exit = run_block(t, block);
		if (handle(t, exit, &why))
			return why;
	}
}
