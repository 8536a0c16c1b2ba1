/*
 * fp_trap.c - floating-point exceptions of translated code as the host's exceptions.
 *
 * Nearly all that SSE arithmetic does is what the architecture wants, flags included: IXC is set already, and nothing else happens. So translated
 * code runs with the other exceptions of MXCSR unmasked, and that of inexact results as long as FPSCR.IXC is clear. An instruction that
 * raises one writes nothing; the signal's handler sends the thread to the cold code of the operation, which calls its C function. What
 * the host would not raise is made to raise something in the code (emit_simd.c, docs/fp.md), or looked at there.
 *
 * A signal takes about 2 us. A program that raises many gets code that looks at results itself, with all exceptions masked (x64_flush_wanted()).
 *
 * C code runs with everything masked when it does arithmetic: stubs for operations change MXCSR, those for memory accesses and helpers do not. If
 * something there should raise an exception all the same (a library's code below a device), its instruction alone is done with all masked.
 * Who had the signals before is state of the process, like that of terminal.c.
 */
#include "base/base.h"
#include "translator/x64/emit.h"

#include <pthread.h>
#include <ucontext.h>

#include "base/host_clock.h"
#include "translator/x64/signals.h"

#define MXCSR_FLAGS 0x3fu
/* More than so many in so long */
#define MANY_TRAPS 2000
#define MANY_NS 100000000

#define EFLAGS_TF 0x100

static _Thread_local uint32_t stepped; /* MXCSR masks to come back behind one instruction, | 1; 0: none */

static struct {
	struct sigaction old, old_step;
	pthread_once_t once;
} handler = { .once = PTHREAD_ONCE_INIT };

/* Where to go on from the exception at @pc, or NULL. */
static const uint8_t *find_cold(const struct x64 *x64, uintptr_t pc)
{
	uintptr_t offset = pc - (uintptr_t)x64->cache.exec;
	uint32_t low = 0, high = x64->trap_count;

	if (offset >= x64->cache.used)
		return NULL;
	while (low < high) { /* the first that ends behind it */
		uint32_t middle = low + (high - low) / 2;

		if (x64->traps[middle].to <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < x64->trap_count && x64->traps[low].from <= offset ? x64->cache.exec + x64->traps[low].cold : NULL;
}

static void count_trap(struct x64 *x64)
{
	uint64_t ns = (uint64_t)host_clock_real_ns();

	if (ns - x64->recent_since > MANY_NS) {
		x64->recent_since = ns;
		x64->recent_traps = 0;
	}
	if (++x64->recent_traps > MANY_TRAPS)
		x64->too_many_traps = 1;
}

static void on_step(int signum, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	if (!stepped) {
		signals_pass_on(signum, info, context, &handler.old_step);
		return;
	}
	uc->uc_mcontext.fpregs->mxcsr = (uc->uc_mcontext.fpregs->mxcsr & ~(MXCSR_MASKS | MXCSR_FLAGS)) | (stepped & MXCSR_MASKS);
	uc->uc_mcontext.gregs[REG_EFL] &= ~EFLAGS_TF;
	stepped = 0;
}

static void on_exception(int signum, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	struct x64 *x64 = signals_x64();
	const uint8_t *cold;

	if (likely(x64 && info->si_code > 0)) {
		cold = find_cold(x64, (uintptr_t)uc->uc_mcontext.gregs[REG_RIP]);
		if (likely(cold)) {
			uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)cold;
			uc->uc_mcontext.fpregs->mxcsr &= ~MXCSR_FLAGS;
			((struct cpu *)(uintptr_t)(uc->uc_mcontext.gregs[REG_RBP] - CPU_BIAS))->stats[CPU_STAT_FP_TRAPS]++;
			count_trap(x64);
			return;
		}
		if (!x64_is_code(x64, (const void *)uc->uc_mcontext.gregs[REG_RIP]) && (uc->uc_mcontext.fpregs->mxcsr & MXCSR_MASKS) != MXCSR_MASKS) {
			stepped = (uc->uc_mcontext.fpregs->mxcsr & MXCSR_MASKS) | 1;
			uc->uc_mcontext.fpregs->mxcsr |= MXCSR_MASKS;
			uc->uc_mcontext.gregs[REG_EFL] |= EFLAGS_TF;
			return;
		}
	}
	signals_pass_on(signum, info, context, &handler.old);
}

static void install(void)
{
	signals_handle(SIGFPE, on_exception, &handler.old);
	signals_handle(SIGTRAP, on_step, &handler.old_step);
}

void fp_trap_install(void)
{
	pthread_once(&handler.once, install);
}

bool fp_trap_add(struct emit *e)
{
	struct x64 *x64 = e->x64;
	uint32_t count = x64->trap_count;

	if (likely(!e->has_simd_cold))
		return true;
	for (unsigned i = 0; i < e->cold_count; i++) {
		const struct cold *cold = &e->cold[i];

		if (cold->kind != COLD_SIMD || cold->to == cold->from)
			continue;
		if (count == x64->trap_capacity)
			return false;
		x64->traps[count++] = (struct x64_trap){ .from = cold->from, .to = cold->to, .cold = cold->entry };
	}
	if (count > x64->trap_count) /* not before: what wants the terminal back from a crash has the signal first */
		fp_trap_install();
	x64->trap_count = count;
	return true;
}

void emit_mxcsr(struct enc *enc, unsigned scratch)
{
	struct opnd r = opnd_reg(scratch);

	static_assert((4 + 8) == 12, "FPSCR.IXC, bit 4, becomes MXCSR.PM, bit 12");
	enc_mov(enc, W32, r, CPU_OPND(fpscr));
	enc_alu(enc, ALU_AND, W32, r, opnd_imm(1u << 4));
	enc_shift(enc, HOST_SHL, W32, r, 8);
	enc_alu(enc, ALU_OR, W32, r, CPU_OPND(mxcsr_masks));
	enc_mov(enc, W32, CPU_OPND(mxcsr), r);
	sse_ldmxcsr(enc, CPU_OPND(mxcsr));
}

void emit_mxcsr_c(struct enc *enc)
{
	enc_mov(enc, W32, CPU_OPND(mxcsr), opnd_imm(MXCSR_MASKS));
	sse_ldmxcsr(enc, CPU_OPND(mxcsr));
}
