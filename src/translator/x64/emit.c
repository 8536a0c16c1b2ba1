/* emit.c - one block: entry, ops in order, cold code, side tables. */
#include "base/base.h"
#include "translator/x64/emit.h"
#include "translator/x64/emit_simd.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "translator/run/block.h"

/* --- cold code: emitted behind the block --- */

void cold_full(struct emit *e)
{
	emit_fail(e, -E2BIG);
	e->cold_count--;
}

static void cold_slow(struct emit *e, const struct cold *cold)
{
	struct x64_access *access = site_access(e->x64, &e->sites[cold->site]);
	uint32_t behind = offset_here(e) - access->resume;

	if (!access->raw)
		access->cold = behind <= UINT16_MAX ? (uint16_t)behind : 0;
	emit_slow_jump(e, cold->site);
}

/* Not aligned to its size, which the architecture allows: back in line when it stays in its page. */
static void cold_unaligned(struct emit *e, const struct cold *cold)
{
	struct enc *enc = &e->enc;
	int32_t last = (1 << cold->size) - 1;
	const uint8_t *slow = e->cold[cold->slow].back, *at;

	if (cold->word_aligned) {
		enc_test(enc, W8, opnd_reg(cold->reg), opnd_imm(3));
		enc_jcc_to(enc, CC_NE, slow);
	}
	enc_lea(enc, W32, cold->spare, opnd_mem(cold->reg, last));
	enc_alu(enc, ALU_XOR, W32, opnd_reg(cold->spare), opnd_reg(cold->reg));
	/* test spare, imm32; je back; jmp slow */
	if (cold->spare == RAX)
		enc_word(enc, 0xa9 | (uint64_t)(uint32_t)~GUEST_PAGE_MASK << 8, 5);
	else
		enc_word(enc, 0xc0f7 | (uint64_t)cold->spare << 8 | (uint64_t)(uint32_t)~GUEST_PAGE_MASK << 16, 6);
	at = enc_here(enc);
	enc_word(enc, 0x840f | (uint64_t)(uint32_t)(cold->back - (at + 6)) << 16, 6);
	enc_word(enc, 0xe9 | (uint64_t)(uint32_t)(slow - (at + 11)) << 8, 5);
}

void emit_cold_flags(struct emit *e, const struct cold *cold)
{
	if (!cold->op)
		return;
	static_assert(offsetof(struct cpu, nzcv) < 2 * CPU_BIAS, "within a signed byte");
	if (likely(cold->flags.host == IR_NZCV && !cold->flags.mem)) { /* as below */
		enc_flags_to(&e->enc, CPU_OPND(nzcv), cold->flags.host_borrow);
		return;
	}
	if (flags_store_shortly(e, &cold->flags))
		return;
	e->op = cold->op;
	flags_set(e, &cold->flags);
	e->pinned = 0;
	flags_to_mem(e, IR_NZCV);
}

static void cold_leave(struct emit *e, const struct cold *cold)
{
	loop_homes_leave(e);
	emit_cold_flags(e, cold);
	enc_mov(&e->enc, W32, CPU_OPND(r[15]), opnd_imm(cold->pc));
	emit_count(e, cold->count);
	enc_jmp_to(&e->enc, e->x64->stubs.leave[cold->exit]);
}

static void land(struct emit *e, const struct cold *cold)
{
	for (unsigned i = 0; i < cold->jump_count; i++)
		enc_land(&e->enc, cold->jumps[i]);
}

static __attribute__((noinline)) void cold_rare(struct emit *e, struct cold *cold)
{
	struct enc *enc = &e->enc;

	if (cold->kind == COLD_SIMD) {
		emit_simd_cold(e, cold);
		return;
	}
	if (!cold->jump_count)
		return;
	land(e, cold);
	switch (cold->kind) {
	case COLD_UNALIGNED:
		cold_unaligned(e, cold);
		break;
	case COLD_UNDEF:
		loop_homes_leave(e);
		emit_cold_flags(e, cold);
		enc_mov(enc, W32, CPU_OPND(exit_arg[0]), opnd_imm(RAISE_UNDEF));
		emit_count(e, cold->count);
		/* fall through */
	case COLD_RAISE:
		loop_homes_leave(e);
		enc_mov(enc, W32, CPU_OPND(r[15]), opnd_imm(cold->pc));
		enc_mov(enc, W32, CPU_OPND(it), opnd_imm(cold->it));
		enc_jmp_to(enc, e->x64->stubs.leave[X64_EXIT_RAISE]);
		break;
	case COLD_MONITOR: /* STREX that the monitor refuses */
		enc_mov(enc, W64, CPU_OPND(exclusive.place), opnd_imm(0));
		enc_mov(enc, W32, opnd_reg(RAX), opnd_imm(1));
		enc_jmp_to(enc, cold->back);
		break;
	case COLD_TOGGLE:
		emit_cold_toggle(e);
		break;
	}
}

void emit_cold(struct emit *e)
{
	struct cold *cold = e->cold;

	e->op_done = false;
	e->copier = &ir_template[IR_LABEL]; /* no copies */
	scratch_forget_all(e);
	emit_cold_entry(e);
	for (unsigned i = 0; i < e->cold_count; i++, cold++) {
		if (unlikely(e->loop_swaps))
			loop_homes_select(e, cold->swapped ? e->loop_swaps : 0);
		switch (cold->kind) {
		case COLD_LINK:
			emit_cold_link(e, cold);
			break;
		case COLD_LEAVE:
			enc_land(&e->enc, cold->jumps[0]);
			cold_leave(e, cold);
			break;
		case COLD_SLOW:
			if (!cold->jump_count)
				break;
			land(e, cold);
			cold->back = enc_here(&e->enc);
			cold_slow(e, cold);
			break;
		case COLD_EXIT:
			enc_land(&e->enc, cold->jumps[0]);
			emit_cold_exit(e, cold);
			break;
		default:
			cold_rare(e, cold);
			break;
		}
	}
}

/* --- ops --- */

static void emit_setc(struct emit *e)
{
	flags_known(e, IR_C, e->op->imm ? IR_C : 0);
}

/* A branch was emitted in this body whose label is still to come. */
static bool label_open(const struct emit *e)
{
	for (unsigned i = 0; i < e->ir->labels; i++)
		if (e->labels[i].seen && e->labels[i].at > e->i)
			return true;
	return false;
}

/* The second body goes on in the first where they are alike: no temporaries, flags in the same places. */
static bool join_tail(struct emit *e)
{
	if (!e->tail || !e->reachable || e->error)
		return false;
	if (!e->in_loop) {
		e->tail_at = e->slots ? NULL : enc_here(&e->enc);
		e->tail_flags = e->flags;
		return false;
	}
	if (!e->tail_at || e->slots || label_open(e) || !flags_suffice(e, &e->tail_flags))
		return false;
	loop_homes_leave(e);
	enc_jmp_to(&e->enc, e->tail_at);
	e->reachable = false;
	return true;
}

static void emit_meeting(struct emit *e)
{
	emit_label(e);
	if (unlikely(e->error))
		e->reachable = false;
	e->aligned = 0;
	e->fp_checked = false;
	if (e->i == e->tail && join_tail(e))
		e->i = e->ir->count - 1u; /* which ends this body */
}

static void (*const op_emit[IR_OP_COUNT])(struct emit *e) = {
	[IR_LABEL] = emit_meeting, /* IR_INSN: emit_ops() does them */
	[IR_MOV] = emit_mov, [IR_NOT] = emit_not,
	[IR_ADD] = emit_add, [IR_ADC] = emit_adc,
	[IR_SUB] = emit_sub, [IR_SBC] = emit_sbc,
	[IR_AND] = emit_and, [IR_OR] = emit_or, [IR_XOR] = emit_xor,
	[IR_BIC] = emit_bic, [IR_ORN] = emit_orn,
	[IR_CMP] = emit_cmp, [IR_CMN] = emit_cmn,
	[IR_TST] = emit_tst, [IR_TEQ] = emit_teq,
	[IR_SETC] = emit_setc,
	[IR_LSL] = emit_shift, [IR_LSR] = emit_shift, [IR_ASR] = emit_shift,
	[IR_ROR] = emit_shift, [IR_RRX] = emit_shift,
	[IR_CLZ] = emit_bits, [IR_RBIT] = emit_bits,
	[IR_REV] = emit_bits, [IR_REV16] = emit_bits, [IR_REVSH] = emit_bits,
	[IR_SXTB] = emit_bits, [IR_SXTH] = emit_bits,
	[IR_UXTB] = emit_bits, [IR_UXTH] = emit_bits,
	[IR_UBFX] = emit_bits, [IR_SBFX] = emit_bits, [IR_BFI] = emit_bits,
	[IR_MUL] = emit_mul, [IR_UMULL] = emit_mul, [IR_SMULL] = emit_mul,
	[IR_UMLAL] = emit_mul, [IR_SMLAL] = emit_mul,
	[IR_SELECT] = emit_select, [IR_SETCOND] = emit_select,
	[IR_GETNZCV] = emit_nzcv, [IR_SETNZCV] = emit_nzcv,
	[IR_LD] = emit_access, [IR_ST] = emit_access,
	[IR_LDF] = emit_access, [IR_STF] = emit_access,
	[IR_LDREX] = emit_exclusive, [IR_STREX] = emit_exclusive,
	[IR_LDCPU] = emit_cpu_field, [IR_STCPU] = emit_cpu_field, [IR_CLREX] = emit_cpu_field,
	[IR_CALL] = emit_call, [IR_SIMD] = emit_simd, [IR_FPCHECK] = emit_fpcheck,
	[IR_BRC] = emit_branch, [IR_BR] = emit_branch,
	[IR_BRZ] = emit_branch, [IR_BRNZ] = emit_branch,
	[IR_EXIT] = emit_exit_direct, [IR_EXIT_IND] = emit_exit, [IR_EXIT_STATE] = emit_exit,
	[IR_EXIT_NEXT] = emit_exit, [IR_EXCEPTION] = emit_exit, [IR_WFI] = emit_exit,
	[IR_POLL] = emit_exit,
};

const uint8_t copies_rules[IR_OP_COUNT] = {
	[IR_MOV] = COPIES_ALWAYS, [IR_NOT] = COPIES_ALWAYS, [IR_ADD] = COPIES_ALWAYS, [IR_ADC] = COPIES_ALWAYS, [IR_SUB] = COPIES_ALWAYS,
	[IR_SBC] = COPIES_ALWAYS, [IR_AND] = COPIES_ALWAYS, [IR_OR] = COPIES_ALWAYS, [IR_XOR] = COPIES_ALWAYS, [IR_BIC] = COPIES_ALWAYS,
	[IR_ORN] = COPIES_ALWAYS, [IR_CMP] = COPIES_ALWAYS, [IR_CMN] = COPIES_ALWAYS, [IR_TST] = COPIES_ALWAYS, [IR_TEQ] = COPIES_ALWAYS,
	[IR_CLZ] = COPIES_ALWAYS, [IR_RBIT] = COPIES_ALWAYS, [IR_REV] = COPIES_ALWAYS, [IR_REV16] = COPIES_ALWAYS, [IR_REVSH] = COPIES_ALWAYS,
	[IR_SXTB] = COPIES_ALWAYS, [IR_SXTH] = COPIES_ALWAYS, [IR_UXTB] = COPIES_ALWAYS, [IR_UXTH] = COPIES_ALWAYS, [IR_UBFX] = COPIES_ALWAYS,
	[IR_SBFX] = COPIES_ALWAYS, [IR_MUL] = COPIES_ALWAYS, [IR_SELECT] = COPIES_ALWAYS, [IR_EXIT_IND] = COPIES_ALWAYS,
	[IR_LSL] = COPIES_IF_IMM, [IR_LSR] = COPIES_IF_IMM, [IR_ASR] = COPIES_IF_IMM, [IR_ROR] = COPIES_IF_IMM,
	[IR_LD] = COPIES_IF_ALONE, [IR_ST] = COPIES_IF_ALONE, [IR_LDF] = COPIES_IF_ALONE, [IR_STF] = COPIES_IF_ALONE,
};

/*
 * If @op is an `insn`, @insn is that now. Without a branch: they are every second op or so, in no order that a processor could foretell, and of
 * an expression the compiler makes one. Returns the op behind it, or @op.
 */
static inline const struct ir_insn *pass_insn(const struct ir_insn *op, const struct ir_insn **insn)
{
	const struct ir_insn *next = op + 1, *last = *insn;

	static_assert(IR_INSN == 0 && offsetof(struct ir_insn, op) == 0, "compared below");
	__asm__("cmpb $0, %3\n\tcmovz %1, %0\n\tcmovz %2, %1" : "+&r"(last), "+r"(op) : "r"(next), "m"(op->op) : "cc");
	*insn = last;
	return op;
}

static __attribute__((noinline)) void mark(struct emit *e, const struct ir_insn *op)
{
	if (op->op == IR_INSN && e->mark_count < MAX_MARKS)
		e->marks[e->mark_count++] = (struct x64_mark){ (uint32_t)(e->enc.at - e->enc.start), op->imm };
}

/* Flags go to memory at once when they may not stay in EFLAGS. */
static void store_flags_at_once(struct emit *e)
{
	uint8_t stale = (uint8_t)~e->flags.mem & (e->flags.host | e->flags.known) & IR_LIVE(&e->ir->ops[e->i]);

	e->op_done = true;
	if (stale)
		flags_to_mem(e, stale);
	e->op_done = false;
	e->flags.host = e->flags.known = 0;
}

/* Nothing more is emitted until a label comes: the op in front of it. */
static inline const struct ir_insn *skip_unreachable(struct emit *e, const struct ir_insn *op, const struct ir_insn *end, const struct ir_insn **insn)
{
	while (op + 1 < end && op[1].op != IR_LABEL) {
		op++;
		if (unlikely(e->marks_wanted))
			mark(e, op);
		pass_insn(op, insn);
	}
	return op;
}

/* @stores_flags: at once. Inlined twice, since both that and marks are rare. */
static inline __attribute__((always_inline)) void emit_ops(struct emit *e, bool marks, bool stores_flags)
{
	const struct ir_insn *const ops = e->ir->ops, *const end = ops + e->ir->count;
	const struct ir_insn before = { .imm = e->pc }, *insn = &before; /* the current guest instruction's op */

	for (const struct ir_insn *op = ops; op < end; op++) {
		if (marks)
			mark(e, op);
		op = pass_insn(op, &insn);
		/* An instruction without ops. */
		if (unlikely(op == end) || unlikely(op->op == IR_INSN)) {
			op--;
			continue;
		}
		e->pc = insn->imm;
		e->it = (uint8_t)(insn->imm2 >> 8);
		e->i = (unsigned)(op - ops);
		e->op = e->copier = op;
		op_emit[op->op](e);
		e->pinned = 0;
		/* There are temporaries, in a few blocks. */
		if (e->tmp_regs | e->slots)
			tmps_end_of(e, e->op);
		if (stores_flags && e->reachable && op->op != IR_LABEL)
			store_flags_at_once(e);
		op = ops + e->i; /* it may have done what is behind it as well */
		if (!e->reachable) {
			if (unlikely(e->error))
				return;
			op = skip_unreachable(e, op, end, &insn);
		}
	}
}

static __attribute__((noinline)) void emit_ops_rarely(struct emit *e)
{
	emit_ops(e, e->marks_wanted, !x64_opt(e->x64, OPT_LIVE_FLAGS));
}

/* --- around them --- */

static void put(struct enc *enc, const void *from, size_t size)
{
	memcpy(enc->at, from, size);
	enc->at += size;
}

/* For x64_dump(). */
static void put_marks(struct emit *e)
{
	struct enc *enc = &e->enc;
	struct x64_trailer trailer = { .code_bytes = (uint32_t)(enc->at - enc->start), .cold = e->cold_start, .mark_count = e->mark_count };
	size_t marks = e->mark_count * sizeof(struct x64_mark);

	if (enc->overflow || (size_t)(enc->end - enc->at) < 8 + marks + sizeof(trailer)) {
		enc->overflow = true;
		return;
	}
	enc_align(enc, 8);
	trailer.marks = (uint32_t)(enc->at - enc->start);
	put(enc, e->marks, marks);
	put(enc, &trailer, sizeof(trailer));
}

/* A word at most, signed or not, that asks for nothing else. */
#define PLAIN_MEMS 0x77u
static_assert(ACCESS_SIZE_MASK == 3 && ACCESS_SIGNED == 4, "bits of `mem` below 8");

/* The side tables begin with the block's head, which is lost when no site is added. */
static void begin_sites(struct emit *e)
{
	struct x64 *x64 = e->x64;

	e->sites = e->site = x64->sites + x64->site_count;
	e->site_end = e->sites + (e->insns <= UINT8_MAX ? MAX_SITES : 0); /* their `count` is a byte */
	e->words = e->word = x64->words + x64->word_count;
	*(struct x64_site_head *)(void *)e->word = (struct x64_site_head){ .block = e->block, .pc = e->ir->pc, .swaps = e->loop_swaps };
	e->word += sizeof(struct x64_site_head) / sizeof(*e->word);
	e->noted = e->noted_complete = NOTED_NOT;
}

static __attribute__((noinline)) void plan_loop(struct emit *e)
{
	e->may_loop = x64_opt(e->x64, OPT_CHAIN) && x64_opt(e->x64, OPT_LIVE_FLAGS) && !e->block->straddles &&
	              !(e->ir->key >> KEY_IT_SHIFT & 0xff) && e->exit_ops * 2 <= X64_MAX_EXITS;
	if (e->may_loop)
		loop_homes_plan(e, e->own_exit);
}

static void begin(struct emit *e)
{
	struct code_cache *cache = &e->x64->cache;
	uint8_t *start = cache->write + ((cache->used + 15) & ~(size_t)15);

	enc_init(&e->enc, start, cache->write + cache->size, cache_exec_delta(cache));
	e->error = 0;
	e->op_done = e->has_simd_cold = false;
	e->plain_mems = (e->ir->key & (KEY_WINDOW | KEY_ALIGN)) == KEY_WINDOW && e->x64->windows && x64_opt(e->x64, OPT_FAST_MEMORY) ? PLAIN_MEMS : 0;
	e->maybe_demoted = x64_demoted_page(e->x64, e->ir->pc);
	e->fixup_count = e->mark_count = e->cold_count = 0;
	e->code->exit_count = 0;
	e->in_loop = e->loops = false;
	e->loop_aligned = 0xffff;
	e->loop_fp_checked = true;
	loop_homes_select(e, 0);
	survey(e);
	e->tail_at = NULL;
	e->recipes = x64_opt(e->x64, OPT_LIVE_FLAGS) ? IR_NZCV : 0;
	flags_set(e, &(struct flag_state){ .mem = IR_NZCV });
	e->may_loop = false;
	e->loop_swaps = 0;
	if (unlikely(e->own_exit))
		plan_loop(e);
	begin_sites(e);
	xmm_begin(e);
}

static void emit_body(struct emit *e)
{
	e->reachable = true;
	e->aligned = e->in_loop ? e->loop_aligned : 0;
	e->fp_checked = e->in_loop && e->loop_fp_checked;
	e->i = 0;
	e->op = NULL;
	e->pc = e->ir->pc;
	e->code->flags_dead = !e->live_in && x64_opt(e->x64, OPT_LIVE_FLAGS);
	e->it = 0;
	tmps_begin(e);
	if (unlikely(e->marks_wanted || !x64_opt(e->x64, OPT_LIVE_FLAGS)))
		emit_ops_rarely(e);
	else
		emit_ops(e, false, false);
	if (!e->error && e->reachable)
		emit_fail(e, -ENOTSUP);
}

/* The block once more, for what comes round from its own end. */
static void emit_loop(struct emit *e)
{
	bool xmm_used = e->xmm.used;
	unsigned first_exits = e->code->exit_count;
	uint32_t entry, again;

	enc_align(&e->enc, 16);
	entry = offset_here(e);
	loop_homes_enter(e);
	again = offset_here(e);
	e->in_loop = true;
	flags_set(e, &e->loop_flags);
	for (unsigned i = 0; i < e->ir->labels; i++)
		e->labels[i].seen = false, e->labels[i].fixups = 0;
	xmm_begin(e);
	e->xmm.used = xmm_used;
	emit_body(e);
	for (unsigned i = 0; i < e->code->exit_count; i++)
		if (e->code->exits[i].kind == LINK_LOOP)
			e->code->exits[i].behind = i < first_exits ? entry : again;
}

static int emit_once(struct emit *e)
{
	begin(e);
	emit_entry(e);
	emit_body(e);
	if (!e->error && e->loops)
		emit_loop(e);
	if (e->error)
		return e->error;
	e->cold_start = (uint32_t)(e->enc.at - e->enc.start);
	emit_cold(e);
	e->code->marked = e->marks_wanted;
	if (unlikely(e->marks_wanted))
		put_marks(e);
	if (e->error)
		return e->error;
	return e->enc.overflow ? -ENOSPC : 0;
}

/* The side tables' new part is theirs. */
static void keep_sites(struct emit *e)
{
	struct x64 *x64 = e->x64;

	if (e->site == e->sites)
		return;
	if (unlikely(x64->windows && !x64->faults_handled)) {
		fault_install();
		x64->faults_handled = true;
	}
	x64->site_count = (uint32_t)(e->site - x64->sites);
	x64->word_count = (uint32_t)(e->word - x64->words);
	if (e->cpu)
		e->cpu->stats[CPU_STAT_TABLE_BYTES] += (size_t)(e->site - e->sites) * sizeof(*e->site) + (size_t)(e->word - e->words) * sizeof(*e->word);
}

int x64_emit(struct x64 *x64, struct cpu *cpu, struct ir_block *ir, gpa_t frame_pa, struct block *block, struct x64_code *code)
{
	struct emit *e = x64->emit;
	int ret;

	if (ir->overflow)
		return -E2BIG;
	e->x64 = x64;
	e->cpu = cpu;
	e->ir = ir;
	e->code = code;
	e->block = block;
	e->frame_pa = frame_pa;
	e->marks_wanted = cpu && log_has(cpu->log_mask, LOG_OUT_ASM);
	e->long_jumps = false;
	cache_prepare(&x64->cache);
	if (x64->site_capacity - x64->site_count < MAX_SITES || x64->word_capacity - x64->word_count < MAX_SITE_WORDS)
		return -ENOSPC;
	while ((ret = emit_once(e)) == -EAGAIN)
		e->long_jumps = true;
	if (!ret && !fp_trap_add(e))
		ret = -ENOSPC;
	if (ret)
		return ret;
	keep_sites(e);
	code->size = (uint32_t)(e->enc.at - e->enc.start);
	cache_commit(&x64->cache, (size_t)(e->enc.at - x64->cache.write));
	return 0;
}
