/* emit_exit.c - entries, labels and branches inside a block, and all ways out of it. */
#include "base/base.h"
#include "translator/x64/emit.h"

#include <errno.h>

#include "translator/run/block.h"

#define CPU_R15 CPU_OPND(r[15])

ENC_INLINE void store_imm(struct emit *e, struct opnd field, uint32_t value)
{
	enc_mov(&e->enc, W32, field, opnd_imm(value));
}

static void leave(struct emit *e, enum x64_exit why)
{
	enc_jmp_to(&e->enc, e->x64->stubs.leave[why]);
}

static struct cold *cold_leave(struct emit *e, enum x64_exit why, gva_t pc, unsigned count)
{
	struct cold *cold = cold_add(e, COLD_LEAVE);

	cold->exit = (uint8_t)why;
	cold->pc = pc;
	cold->count = (uint16_t)count;
	return cold;
}

void emit_entry(struct emit *e)
{
	int32_t exec = (int32_t)(SPACE_EXEC_OFFSET + (e->ir->pc >> GUEST_PAGE_BITS) * 4);
	uint32_t frame = (uint32_t)(e->frame_pa >> GUEST_PAGE_BITS) + 1;

	e->code->checked = enc_here(&e->enc);
	enc_space_cmp(&e->enc, exec, frame);
	e->entry_jumps[0] = enc_jcc32(&e->enc, CC_NE);
	e->entry_jumps[1] = NULL;
	if (unlikely(e->block->straddles)) {
		/* its last bytes are in the next page, which wraps at the top of the address space */
		gva_t next = (e->ir->pc | GUEST_PAGE_MASK) + 1;

		exec = (int32_t)(SPACE_EXEC_OFFSET + (next >> GUEST_PAGE_BITS) * 4);
		frame = (uint32_t)(e->block->rare->pa2 >> GUEST_PAGE_BITS) + 1;
		enc_alu(&e->enc, ALU_CMP, W32, opnd_mem(R15, exec), opnd_imm(frame));
		e->entry_jumps[1] = enc_jcc32(&e->enc, CC_NE);
	}
	e->code->fast = enc_here(&e->enc);
}

void emit_cold_entry(struct emit *e)
{
	enc_land(&e->enc, e->entry_jumps[0]);
	if (unlikely(e->entry_jumps[1]))
		enc_land(&e->enc, e->entry_jumps[1]);
	store_imm(e, CPU_R15, e->ir->pc);
	leave(e, X64_EXIT_LOOKUP);
}

/* --- inside the block --- */

/* A branch over little code fits in two bytes; when it turns out not to, the block is emitted again with long ones. */
static bool is_short(const struct emit *e, unsigned target)
{
	if (e->long_jumps || target - e->i > 8)
		return false;
	for (unsigned j = e->i + 1; j < target; j++) {
		const struct ir_insn *op = &e->ir->ops[j];

		if (ir_op_info[op->op].attr & (IRA_FAULT | IRA_MEM | IRA_END) || op->op == IR_CALL || op->op == IR_SIMD)
			return false;
	}
	return true;
}

static void fixup_add(struct emit *e, struct label_state *label, uint8_t *where, bool short_form)
{
	if (e->fixup_count == MAX_FIXUPS) {
		emit_fail(e, -E2BIG);
		return;
	}
	e->fixups[e->fixup_count] = (struct fixup){ .where = where, .next = label->fixups, .short_form = short_form };
	label->fixups = (uint16_t)++e->fixup_count;
}

static void branch_to(struct emit *e, struct label_state *label, bool conditional, enum host_cc cc)
{
	bool short_form = is_short(e, label->at);
	uint8_t *where;

	if (conditional)
		where = short_form ? enc_jcc8(&e->enc, cc) : enc_jcc32(&e->enc, cc);
	else
		where = short_form ? enc_jmp8(&e->enc) : enc_jmp32(&e->enc);
	fixup_add(e, label, where, short_form);
	flags_merge(e, label, !label->seen);
	label->seen = true;
}

/* The condition of BRC, BRZ, BRNZ into EFLAGS. */
static enum host_cc condition(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd a;

	if (op->op == IR_BRC)
		return flags_cond(e, op->cond);
	flags_clobber(e);
	a = use_ref(e, op->a);
	if (a.kind == OPND_REG)
		enc_test(&e->enc, W32, opnd_reg(a.reg), opnd_reg(a.reg));
	else
		enc_alu(&e->enc, ALU_CMP, W32, a, opnd_imm(0));
	flags_lost(e);
	return op->op == IR_BRZ ? CC_E : CC_NE;
}

/*
 * A branch over nothing but an exit further down: the exit is emitted out of line, and what the registers hold stays known. Exits backwards
 * stay in line: they are taken most of the time.
 */
static bool side_exit(struct emit *e)
{
	const struct ir_insn *op = e->op;
	enum host_cc cc;
	struct cold *cold;

	if (e->i + 2 >= e->ir->count || op[1].op != IR_EXIT || op[2].op != IR_LABEL || op[2].imm != op->imm || e->labels[op->imm].uses != 1 ||
	    op[1].imm <= e->pc)
		return false;
	cc = condition(e);
	cold = cold_add(e, COLD_EXIT);
	cold->op = &op[1];
	cold->pc = e->pc;
	cold->flags = e->flags;
	if (unlikely(e->xmm.dirty)) {
		xmm_dirty(e, cold->dirty);
		cold->dirty_known = true;
	}
	cold_jcc(e, cold, CC_NOT(cc));
	e->i += 2;
	return true;
}

void emit_branch(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct label_state *label = &e->labels[op->imm];
	enum host_cc cc = CC_E;

	if (op->op != IR_BR && (side_exit(e) || emit_predicated(e)))
		return;
	xmm_flush(e);
	flags_branch(e, label->at);
	tmps_save(e, label->at);
	if (op->op != IR_BR)
		cc = condition(e);
	branch_to(e, label, op->op != IR_BR, cc);
	if (op->op == IR_BR)
		e->reachable = false;
}

static void bind(struct emit *e, const struct label_state *label)
{
	for (unsigned n = label->fixups; n; n = e->fixups[n - 1].next) {
		const struct fixup *fixup = &e->fixups[n - 1];

		if (!fixup->short_form)
			enc_bind32(&e->enc, fixup->where);
		else if (!enc_bind8(&e->enc, fixup->where))
			emit_fail(e, -EAGAIN);
	}
}

void emit_label(struct emit *e)
{
	struct label_state *label = &e->labels[e->op->imm];

	if (!label->seen)
		return;
	if (e->reachable) {
		xmm_flush(e);
		tmps_save(e, e->i);
	}
	flags_label(e, label);
	bind(e, label);
	tmps_drop_regs(e);
	xmm_drop_all(e);
	e->reachable = true;
}

/* --- out of it --- */

void emit_count(struct emit *e, int n)
{
	if (n)
		enc_count_lea(&e->enc, n);
}

/* The displacement of a jump, @before bytes from here, is patched while code runs: it must not straddle a cache line. */
static inline void align_jump(struct enc *enc, unsigned before)
{
	unsigned at = (uintptr_t)(enc->at + before) & 63;

	if (unlikely(at > 60))
		enc_nop(enc, 64 - at);
}

static inline bool same_page(const struct emit *e, const struct ir_insn *op)
{
	return !((op->imm ^ e->ir->pc) >> GUEST_PAGE_BITS | (op->imm2 & EXIT_CHECKED));
}

/* The target of @op has this block's instruction set. */
static inline bool same_set(const struct emit *e, const struct ir_insn *op)
{
	static_assert(EXIT_THUMB == KEY_T, "compared below");
	return !((op->imm2 ^ e->ir->key) & KEY_T);
}

/* @cold is that of the exit @op by the jump at @where. */
static inline void link_init(struct emit *e, enum link_kind kind, const struct ir_insn *op, uint8_t *where, struct cold *cold)
{
	unsigned index = e->code->exit_count;
	struct block_exit *exit = &e->code->exits[index];

	if (unlikely(index == X64_MAX_EXITS)) {
		emit_fail(e, -E2BIG);
		exit--;
	} else {
		e->code->exit_count = (uint16_t)(index + 1);
	}
	*exit = (struct block_exit){
		.pc = op->imm, .jump = (uint32_t)(where - e->x64->cache.write), .kind = (uint8_t)kind, .index = (uint8_t)index,
		.thumb = op->imm2 & EXIT_THUMB, .same_page = same_page(e, op),
	};
	cold->link = exit;
	cold->jumps[0] = where;
	cold->jump_count = 1;
}

/* The current op's exit by the jump at @where. PLAIN: flags are in memory. */
static struct cold *link_add(struct emit *e, enum link_kind kind, uint8_t *where)
{
	struct cold *cold = cold_add(e, COLD_LINK);

	link_init(e, kind, e->op, where, cold);
	if (kind != LINK_PLAIN) {
		cold->op = e->op;
		cold->flags = e->flags;
	}
	return cold;
}

/* A jump that is linked. Returns where. */
static inline uint8_t *jmp_aligned(struct emit *e)
{
	align_jump(&e->enc, 1);
	return enc_jmp32(&e->enc);
}

/* r14d -= @n, and back unless it is negative then: nothing in between, so that the host does both at once. */
static void jump_back(struct emit *e, enum link_kind kind, unsigned n)
{
	struct enc *enc = &e->enc;
	struct cold *cold;

	align_jump(enc, (n < 128 ? 4 : 7) + 2);
	enc_count_sub(enc, n);
	cold = link_add(e, kind, enc_jcc32(enc, CC_NS));
	cold->flags.host = 0;
	cold->jumps[1] = enc_jmp32(enc);
	cold->jump_count = 2;
}

/*
 * Where a link goes while it is unlinked, and in its second jump, which is not linked, when the countdown is negative. Behind a link's store of
 * flags there is another jump that is linked: so that has a store of its own.
 */
void emit_cold_link(struct emit *e, struct cold *cold)
{
	struct block_exit *exit = cold->link;
	struct enc *enc = &e->enc;
	const uint8_t *start = enc->at, *unlinked;
	bool flags = exit->kind == LINK_FLAGS;
	size_t bytes;

	exit->stub = offset_here(e);
	enc_land(enc, cold->jumps[0]);
	loop_homes_leave(e);
	emit_cold_flags(e, cold);
	bytes = (size_t)(enc->at - start);
	if (flags) {
		align_jump(enc, 1);
		enc_word(enc, 0xe9, 5);
		exit->behind = offset_here(e) - 4;
	}
	unlinked = enc->at;
	enc_rax_jmp(enc, (uintptr_t)exit, cold->jump_count < 2 ? e->x64->stubs.link : e->x64->stubs.link_back);
	if (cold->jump_count < 2)
		return;
	if (!flags) {
		enc_patch32(enc, cold->jumps[1], start + enc->exec_delta);
		return;
	}
	enc_land(enc, cold->jumps[1]);
	enc_copy(enc, start, bytes);
	enc_jmp_back(enc, unlinked);
}

static void exit_direct(struct emit *e)
{
	const struct ir_insn *op = e->op;
	unsigned n = count_here(e);

	if (!same_set(e, op))
		enc_alu(&e->enc, ALU_XOR, W32, CPU_OPND(cpsr), opnd_imm(CPSR_T));
	if (op->imm <= e->pc) {
		if (x64_opt(e->x64, OPT_CHAIN)) {
			jump_back(e, LINK_PLAIN, n);
			return;
		}
		enc_count_sub(&e->enc, n);
		cold_jcc(e, cold_leave(e, X64_EXIT_CHECK, op->imm, 0), CC_S);
	} else {
		emit_count(e, (int)n);
	}
	if (x64_opt(e->x64, OPT_CHAIN)) {
		link_add(e, LINK_PLAIN, jmp_aligned(e));
	} else {
		store_imm(e, CPU_R15, op->imm);
		leave(e, X64_EXIT_LOOKUP);
	}
}

/* To the block's own start, flags left where they are. False: not possible here. */
static bool exit_loop(struct emit *e)
{
	const struct ir_insn *op = e->op;

	if (likely(op->imm != e->ir->pc) || !e->may_loop || op->imm2 & EXIT_CHECKED || !same_set(e, op))
		return false;
	/* An end that was none of the first body's, so the second does not go by what holds here. */
	if (e->in_loop && (e->loop_aligned & ~e->aligned || e->loop_fp_checked > e->fp_checked))
		return false;
	if (!flags_loop(e))
		return false;
	e->loop_aligned &= e->aligned;
	e->loop_fp_checked &= e->fp_checked;
	jump_back(e, LINK_LOOP, count_here(e));
	return true;
}

static inline bool may_keep_flags(const struct emit *e, const struct ir_insn *op, const struct flag_state *flags)
{
	return flags->mem != IR_NZCV && same_page(e, op) && same_set(e, op) && x64_opt(e->x64, OPT_CHAIN) && x64_opt(e->x64, OPT_LIVE_FLAGS);
}

/*
 * Inside the page with flags that are not in memory: most targets write them before they are read, so the store goes out of line, where only
 * those links pass that want it. False: not possible here.
 */
static bool exit_with_flags(struct emit *e)
{
	const struct ir_insn *op = e->op;
	unsigned n = count_here(e);

	if (!may_keep_flags(e, op, &e->flags))
		return false;
	if (op->imm > e->pc) {
		emit_count(e, (int)n);
		link_add(e, LINK_FLAGS, jmp_aligned(e));
		return true;
	}
	if (flags_only_host(e))
		return false;
	jump_back(e, LINK_FLAGS, n);
	return true;
}

/* By the table for this state with T as @thumb: rax is the target with T in bit 0. @other: where to go when it is not there. */
static void jump_by_cache(struct emit *e, bool thumb, struct cold *other)
{
	struct enc *enc = &e->enc;
	uint32_t key = (e->ir->key & ~(KEY_T | 0xffu << KEY_IT_SHIFT)) | (thumb ? KEY_T : 0);
	struct jump_cache *cache = e->cpu->jump_cache;
	struct jump_entry *table = cache && x64_opt(e->x64, OPT_JUMP_CACHE) ? jump_cache_table(cache, key) : NULL;
	unsigned scale = thumb ? 3 : 2;
	uint64_t at, sib;

	static_assert(sizeof(struct jump_entry) == 16 && sizeof(struct jump_cache) < 1u << 31 && RDX == 2, "index computed below");
	if (!table) {
		if (other)
			other->jumps[other->jump_count++] = enc_jmp32(enc);
		else
			enc_jmp_to(enc, e->x64->stubs.miss);
		return;
	}
	at = (uint32_t)((uint8_t *)table - (uint8_t *)cache);
	sib = 2 | RCX << 3 | scale << 6;
	enc_mov(enc, W64, opnd_reg(RDX), CPU_OPND(jump_cache));
	enc_word(enc, 0xe181c189 | (uint64_t)((JUMP_TABLE_SIZE - 1) << (4 - scale)) << 32, 8); /* mov ecx, eax; and ecx, imm */
	enc_word(enc, 0x843948 | sib << 24 | (at + offsetof(struct jump_entry, pc)) << 32, 8); /* cmp [rdx + rcx * n + disp], rax */
	if (other)
		cold_jcc(e, other, CC_NE);
	else
		enc_jcc_to(enc, CC_NE, e->x64->stubs.miss);
	enc_word(enc, 0xa4ff | sib << 16 | (at + offsetof(struct jump_entry, code)) << 24, 7); /* jmp [rdx + rcx * n + disp] */
}

/* The target is not in this state's table. With another T it may be in the other one. */
void emit_cold_toggle(struct emit *e)
{
	bool thumb = e->ir->key & KEY_T;

	enc_test(&e->enc, W8, opnd_reg(RAX), opnd_imm(1));
	enc_jcc_to(&e->enc, thumb ? CC_NE : CC_E, e->x64->stubs.miss);
	enc_alu(&e->enc, ALU_XOR, W32, CPU_OPND(cpsr), opnd_imm(CPSR_T));
	jump_by_cache(e, !thumb, NULL);
}

static void exit_indirect(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct enc *enc = &e->enc;
	struct opnd target = use_ref(e, op->a);
	bool thumb = e->ir->key & KEY_T;

	/* Temporaries of other paths are in memory: scratch registers are free here. */
	if (!opnd_is_reg(target, RAX))
		enc_mov(enc, W32, opnd_reg(RAX), target);
	if (!(op->imm & 1)) {
		if (thumb)
			enc_alu(enc, ALU_OR, W32, opnd_reg(RAX), opnd_imm(1));
		else
			enc_alu(enc, ALU_AND, W32, opnd_reg(RAX), opnd_imm(~3u));
	}
	enc_count_sub(enc, count_here(e));
	enc_jcc_to(enc, CC_S, op->imm & 1 ? e->x64->stubs.miss_check_t : e->x64->stubs.miss_check);
	jump_by_cache(e, thumb, op->imm & 1 ? cold_add(e, COLD_TOGGLE) : NULL);
}

static void exit_exception(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd arg = CPU_OPND(exit_arg[0]);

	store_imm(e, CPU_R15, e->pc);
	store_imm(e, CPU_OPND(it), e->it);
	store_imm(e, arg, op->imm);
	arg.disp += 4;
	store_imm(e, arg, op->imm2);
	emit_count(e, (int)count_here(e) - 1);
	leave(e, X64_EXIT_EXCEPTION);
}

static void poll(struct emit *e)
{
	enc_alu(&e->enc, ALU_CMP, W32, CPU_OPND(attention), opnd_imm(0));
	cold_jcc(e, cold_leave(e, X64_EXIT_CHECK, e->op->imm, count_here(e)), CC_NE);
	flags_lost(e);
}

static void way_out(struct emit *e)
{
	const struct ir_insn *op = e->op;

	flags_to_mem(e, IR_NZCV);
	switch (op->op) {
	case IR_POLL:
		poll(e);
		return;
	case IR_EXIT_IND:
		exit_indirect(e);
		break;
	case IR_EXIT_STATE:
		emit_count(e, (int)count_here(e));
		leave(e, X64_EXIT_STATE);
		break;
	case IR_EXIT_NEXT:
		store_imm(e, CPU_R15, op->imm);
		store_imm(e, CPU_OPND(it), op->imm2);
		emit_count(e, (int)count_here(e));
		leave(e, X64_EXIT_STATE);
		break;
	case IR_EXCEPTION:
		exit_exception(e);
		break;
	default: /* IR_WFI */
		store_imm(e, CPU_R15, op->imm);
		store_imm(e, CPU_OPND(it), 0);
		emit_count(e, (int)count_here(e));
		leave(e, X64_EXIT_WFI);
		break;
	}
	e->reachable = false;
}

void emit_exit(struct emit *e)
{
	uint32_t swaps = e->swaps;

	xmm_flush(e);
	loop_homes_leave(e);
	way_out(e);
	loop_homes_select(e, swaps);
}

void emit_exit_direct(struct emit *e)
{
	uint32_t swaps = e->swaps;

	xmm_flush(e);
	e->reachable = false;
	if (exit_loop(e))
		return;
	loop_homes_leave(e);
	if (!exit_with_flags(e)) {
		flags_to_mem(e, IR_NZCV);
		exit_direct(e);
	}
	loop_homes_select(e, swaps);
}

/* Forwards. What is not linked goes on right behind. */
void emit_cold_exit(struct emit *e, struct cold *cold)
{
	const struct ir_insn *op = cold->op;

	e->op = op;
	e->i = (unsigned)(op - e->ir->ops);
	e->pc = cold->pc;
	if (unlikely(cold->dirty_known))
		emit_dirty(e, cold->dirty);
	if (likely(may_keep_flags(e, op, &cold->flags))) {
		loop_homes_leave(e);
		emit_count(e, (int)count_here(e));
		link_init(e, LINK_FLAGS, op, jmp_aligned(e), cold);
		emit_cold_link(e, cold);
		return;
	}
	flags_set(e, &cold->flags);
	e->pinned = 0;
	xmm_drop_all(e);
	emit_exit_direct(e);
}
