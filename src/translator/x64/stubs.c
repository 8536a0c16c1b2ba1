/*
 * stubs.c - the code that all blocks share: the way in, the ways out, slow accesses, helper calls.
 *
 * rsp is 8 off 16-byte alignment in translated code, so that a stub that was called is aligned.
 */
#include "base/base.h"
#include "translator/x64/emit.h"
#include "translator/x64/emit_simd.h"

#include <errno.h>

static const uint8_t saved_by_us[] = { RBX, RBP, R12, R13, R14, R15 };

static void homes(struct enc *enc, bool load, bool volatile_only)
{
	for (unsigned i = 0; i < 15; i++) {
		unsigned reg = home_regs[i];

		if (reg == HOST_REG_NONE || (volatile_only && callee_saved(reg)))
			continue;
		if (load)
			enc_mov(enc, W32, opnd_reg(reg), cpu_reg(i));
		else
			enc_mov(enc, W32, cpu_reg(i), opnd_reg(reg));
	}
}

static void all_to_cpu(struct enc *enc)
{
	homes(enc, false, false);
	enc_mov(enc, W32, CPU_OPND(countdown), opnd_reg(R14));
}

static void all_from_cpu(struct enc *enc)
{
	enc_mov(enc, W64, opnd_reg(R15), CPU_OPND(space));
	enc_mov(enc, W32, opnd_reg(R14), CPU_OPND(countdown));
	homes(enc, true, false);
}

static uint8_t *emit_enter(struct enc *enc)
{
	uint8_t *at = enc_here(enc);

	for (unsigned i = 0; i < ARRAY_SIZE(saved_by_us); i++)
		enc_push(enc, saved_by_us[i]);
	enc_mov(enc, W64, opnd_reg(RAX), opnd_reg(RSI));
	enc_lea(enc, W64, RBP, opnd_mem(RDI, CPU_BIAS));
	emit_mxcsr(enc, RCX);
	all_from_cpu(enc);
	enc_jmp_opnd(enc, opnd_reg(RAX));
	return at;
}

/* eax: enum x64_exit. *@stored: where to come in when all_to_cpu() was done. */
static uint8_t *emit_leave(struct enc *enc, uint8_t **stored)
{
	uint8_t *at = enc_here(enc);

	all_to_cpu(enc);
	*stored = enc_here(enc);
	emit_mxcsr_c(enc);
	for (unsigned i = ARRAY_SIZE(saved_by_us); i-- > 0;)
		enc_pop(enc, saved_by_us[i]);
	enc_ret(enc);
	return at;
}

static uint8_t *emit_leave_with(struct enc *enc, const uint8_t *leave, enum x64_exit why)
{
	uint8_t *at = enc_here(enc);

	enc_mov(enc, W32, opnd_reg(RAX), opnd_imm(why));
	enc_jmp_to(enc, leave);
	return at;
}

/* esi: enum x64_exit, all_to_cpu() done: on to where x64->resume() says. */
static uint8_t *emit_resume(struct x64 *x64, struct enc *enc, const uint8_t *stored)
{
	uint8_t *at = enc_here(enc), *out;

	enc_push(enc, RAX); /* alignment */
	enc_lea(enc, W64, RDI, opnd_mem(RBP, -CPU_BIAS));
	enc_mov_imm64(enc, RAX, (uintptr_t)x64->resume);
	enc_call_opnd(enc, opnd_reg(RAX));
	enc_lea(enc, W64, RSP, opnd_mem(RSP, 8));
	enc_test(enc, W64, opnd_reg(RAX), opnd_reg(RAX));
	out = enc_jcc32(enc, CC_E);
	all_from_cpu(enc);
	enc_jmp_opnd(enc, opnd_reg(RAX));
	enc_bind32(enc, out);
	enc_mov(enc, W32, opnd_reg(RAX), opnd_imm(X64_EXIT_RESUME));
	enc_jmp_to(enc, stored);
	return at;
}

static uint8_t *emit_resume_with(struct enc *enc, const uint8_t *resume, enum x64_exit why)
{
	uint8_t *at = enc_here(enc);

	all_to_cpu(enc);
	enc_mov(enc, W32, opnd_reg(RSI), opnd_imm(why));
	enc_jmp_to(enc, resume);
	return at;
}

static bool resumes(enum x64_exit why)
{
	return why == X64_EXIT_STATE || why == X64_EXIT_EXCEPTION || why == X64_EXIT_RAISE || why == X64_EXIT_RETURN;
}

static uint8_t *emit_link(struct enc *enc, const uint8_t *leave_link)
{
	uint8_t *at = enc_here(enc);

	enc_mov(enc, W32, opnd_reg(RCX), opnd_mem(RAX, offsetof(struct block_exit, pc)));
	enc_mov(enc, W32, cpu_reg(15), opnd_reg(RCX));
	enc_mov(enc, W64, CPU_OPND(exit_link), opnd_reg(RAX));
	enc_jmp_to(enc, leave_link);
	return at;
}

static uint8_t *emit_link_back(struct enc *enc, const uint8_t *link, const uint8_t *leave_check)
{
	uint8_t *at = enc_here(enc);

	enc_test(enc, W32, opnd_reg(R14), opnd_reg(R14));
	enc_jcc_to(enc, CC_NS, link);
	enc_mov(enc, W32, opnd_reg(RCX), opnd_mem(RAX, offsetof(struct block_exit, pc)));
	enc_mov(enc, W32, cpu_reg(15), opnd_reg(RCX));
	enc_jmp_to(enc, leave_check);
	return at;
}

/* eax = target, bit 0 as the guest gave it; cpsr.T is right: r[15] aligned for the state. */
static uint8_t *emit_miss(struct enc *enc, const uint8_t *leave)
{
	uint8_t *at = enc_here(enc);

	enc_mov(enc, W32, opnd_reg(RCX), opnd_imm(~3u));
	enc_mov(enc, W32, opnd_reg(RDX), opnd_imm(~1u));
	enc_test(enc, W8, CPU_OPND(cpsr), opnd_imm(CPSR_T));
	enc_cmov(enc, CC_NE, RCX, opnd_reg(RDX));
	enc_alu(enc, ALU_AND, W32, opnd_reg(RAX), opnd_reg(RCX));
	enc_mov(enc, W32, cpu_reg(15), opnd_reg(RAX));
	enc_jmp_to(enc, leave);
	return at;
}

/* eax = target: cpsr.T = bit 0. */
static uint8_t *emit_miss_t(struct enc *enc, const uint8_t *miss)
{
	uint8_t *at = enc_here(enc);

	static_assert(CPSR_T == 1u << 5, "shifted there");
	enc_mov(enc, W32, opnd_reg(RCX), opnd_reg(RAX));
	enc_alu(enc, ALU_AND, W32, opnd_reg(RCX), opnd_imm(1));
	enc_shift(enc, HOST_SHL, W32, opnd_reg(RCX), 5);
	enc_alu(enc, ALU_AND, W32, CPU_OPND(cpsr), opnd_imm(~CPSR_T));
	enc_alu(enc, ALU_OR, W32, CPU_OPND(cpsr), opnd_reg(RCX));
	enc_jmp_to(enc, miss);
	return at;
}

static const uint8_t framed[] = { RAX, RCX, RDX, RBX, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

/*
 * On the stack: the site's offset. All registers go to a struct slow_frame and come back from it; so do xmm registers from @first_xmm on, and
 * with @eflags those.
 */
static uint8_t *emit_slow(struct x64 *x64, struct enc *enc, unsigned first_xmm, bool eflags)
{
	struct enc_sse sse = { .enc = enc, .avx = x64->host.avx };
	const int32_t xmms = (int32_t)(16 - first_xmm) * 16; /* below the frame */
	uint8_t *at = enc_here(enc);
	const int32_t regs = offsetof(struct slow_frame, site);

	static_assert(offsetof(struct slow_frame, regs) == 0 && offsetof(struct slow_frame, site) == 128 && sizeof(struct slow_frame) == 136,
	              "layout on the stack");
	enc_lea(enc, W64, RSP, opnd_mem(RSP, -regs - xmms));
	for (int32_t x = 0; x < xmms; x += 16)
		sse_op2(&sse, SSE_MOVUPS_ST, W32, first_xmm + (unsigned)x / 16, opnd_mem(RSP, x));
	for (unsigned i = 0; i < ARRAY_SIZE(framed); i++)
		enc_mov(enc, W64, opnd_mem(RSP, xmms + 8 * framed[i]), opnd_reg(framed[i]));
	if (eflags) {
		enc_pushfq(enc);
		enc_pop(enc, RAX);
		enc_mov(enc, W64, opnd_mem(RSP, xmms + 8 * FRAME_EFLAGS), opnd_reg(RAX));
	}
	enc_lea(enc, W64, RDI, opnd_mem(RSP, xmms));
	enc_lea(enc, W64, RSI, opnd_mem(RBP, -CPU_BIAS));
	enc_mov_imm64(enc, RDX, (uintptr_t)x64);
	enc_mov_imm64(enc, RAX, (uintptr_t)slow_access);
	enc_call_opnd(enc, opnd_reg(RAX));
	enc_mov(enc, W64, opnd_mem(RSP, xmms + regs), opnd_reg(RAX));
	for (int32_t x = 0; x < xmms; x += 16)
		sse_op2(&sse, SSE_MOVUPS, W32, first_xmm + (unsigned)x / 16, opnd_mem(RSP, x));
	if (eflags) {
		enc_mov(enc, W64, opnd_reg(RAX), opnd_mem(RSP, xmms + 8 * FRAME_EFLAGS));
		enc_push(enc, RAX);
		enc_popfq(enc);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(framed); i++)
		enc_mov(enc, W64, opnd_reg(framed[i]), opnd_mem(RSP, xmms + 8 * framed[i]));
	enc_lea(enc, W64, RSP, opnd_mem(RSP, xmms + regs + 8));
	enc_jmp_opnd(enc, opnd_mem(RSP, -8)); /* within the red zone */
	return at;
}

/* Arguments in eax, edx, ecx. */
static uint8_t *emit_helper(struct enc *enc, const struct helper_info *helper)
{
	bool pure = helper->attr & HELPER_PURE;
	bool ends_slice = !pure || helper->attr & HELPER_SLICE;
	uint8_t *at = enc_here(enc);

	homes(enc, false, pure);
	if (ends_slice)
		enc_mov(enc, W32, CPU_OPND(countdown), opnd_reg(R14));
	if (helper->attr & HELPER_FAULT)
		enc_mov(enc, W32, CPU_OPND(exit_arg[0]), opnd_imm(RAISE_NONE));
	enc_lea(enc, W64, RDI, opnd_mem(RBP, -CPU_BIAS));
	enc_mov(enc, W32, opnd_reg(RSI), opnd_reg(RAX));
	enc_mov_imm64(enc, RAX, (uintptr_t)helper->fn);
	enc_call_opnd(enc, opnd_reg(RAX));
	homes(enc, true, pure);
	if (ends_slice)
		enc_mov(enc, W32, opnd_reg(R14), CPU_OPND(countdown));
	if (!pure)
		enc_mov(enc, W64, opnd_reg(R15), CPU_OPND(space));
	enc_ret(enc);
	return at;
}

/* Linux drops page after page of what it unmaps, and nothing depends on the TLB but what cpu->tlb_filter says. */
static uint8_t *emit_tlb_mva(struct enc *enc, const uint8_t *helper)
{
	uint8_t *at = enc_here(enc), *no_filter, *wanted;

	enc_push(enc, RAX);
	enc_mov(enc, W64, opnd_reg(RAX), CPU_OPND(tlb_filter));
	enc_mov(enc, W32, opnd_reg(RCX), opnd_reg(RDX));
	enc_shift(enc, HOST_SHR, W32, opnd_reg(RCX), 20);
	enc_test(enc, W64, opnd_reg(RAX), opnd_reg(RAX));
	no_filter = enc_jcc32(enc, CC_E);
	enc_alu(enc, ALU_CMP, W8, opnd_sib(RAX, RCX, 0, 0), opnd_imm(0));
	enc_pop(enc, RAX);
	wanted = enc_jcc32(enc, CC_NE);
	enc_alu(enc, ALU_ADD, W64, CPU_OPND(stats[CPU_STAT_TLB_OPS]), opnd_imm(1));
	enc_ret(enc);
	enc_bind32(enc, no_filter);
	enc_pop(enc, RAX);
	enc_bind32(enc, wanted);
	enc_jmp_to(enc, helper);
	return at;
}

/* rax: function, edx: descriptor. */
static uint8_t *emit_simd_call(struct enc *enc)
{
	uint8_t *at = enc_here(enc);

	homes(enc, false, true);
	emit_mxcsr_c(enc);
	enc_lea(enc, W64, RDI, opnd_mem(RBP, -CPU_BIAS));
	enc_mov(enc, W32, opnd_reg(RSI), opnd_reg(RDX));
	enc_call_opnd(enc, opnd_reg(RAX));
	emit_mxcsr(enc, RAX);
	homes(enc, true, true);
	enc_ret(enc);
	return at;
}

int stubs_emit(struct x64 *x64)
{
	struct code_cache *cache = &x64->cache;
	struct x64_stubs *stubs = &x64->stubs;
	const uint8_t *leave;
	uint8_t *stored, *resume;
	struct enc enc;

	enc_init(&enc, cache->write, cache->write + cache->size, cache_exec_delta(cache));
	stubs->enter = emit_enter(&enc);
	leave = emit_leave(&enc, &stored);
	resume = x64->resume ? emit_resume(x64, &enc, stored) : NULL;
	for (unsigned i = 0; i < ARRAY_SIZE(stubs->leave); i++) {
		enum x64_exit why = (enum x64_exit)i;

		stubs->leave[i] = resume && resumes(why) ? emit_resume_with(&enc, resume, why) : emit_leave_with(&enc, leave, why);
	}
	stubs->link = emit_link(&enc, stubs->leave[X64_EXIT_LINK]);
	stubs->link_back = emit_link_back(&enc, stubs->link, stubs->leave[X64_EXIT_CHECK]);
	stubs->miss = emit_miss(&enc, stubs->leave[X64_EXIT_LOOKUP]);
	stubs->miss_check = emit_miss(&enc, stubs->leave[X64_EXIT_CHECK]);
	stubs->miss_check_t = emit_miss_t(&enc, stubs->miss_check);
	stubs->slow = emit_slow(x64, &enc, 16, false);
	stubs->slow_xmm = emit_slow(x64, &enc, 6, false);
	stubs->fault = emit_slow(x64, &enc, 0, true);
	simd_stubs(x64, &enc);
	stubs->simd = emit_simd_call(&enc);
	for (unsigned i = 0; i < HELPER_COUNT; i++) {
		enc_align(&enc, 16);
		stubs->helper[i] = emit_helper(&enc, &helper_info[i]);
	}
	stubs->helper[HELPER_ID_CP15_TLB_MVA] = emit_tlb_mva(&enc, stubs->helper[HELPER_ID_CP15_TLB_MVA]);
	enc_align(&enc, 64);
	cache->used = cache->fixed = (size_t)(enc.at - enc.start);
	return enc.overflow ? -ENOSPC : 0;
}
