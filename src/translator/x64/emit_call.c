/* emit_call.c - helpers in C, fields of struct cpu. */
#include "base/base.h"
#include "translator/x64/emit.h"

#include <errno.h>

#include "cpu/simd.h"

#define ARGS 3
static const uint8_t arg_regs[ARGS] = { RAX, RDX, RCX };

/* True when loading one argument would overwrite another's source. */
static bool args_collide(const struct opnd *args)
{
	for (unsigned i = 0; i < ARGS; i++)
		for (unsigned j = 0; j < ARGS; j++)
			if (i != j && opnd_is_reg(args[i], arg_regs[j]))
				return true;
	return false;
}

static void use_args(struct emit *e, struct opnd *args)
{
	const ir_ref refs[ARGS] = { e->op->a, e->op->b, e->op->c };

	for (unsigned i = 0; i < ARGS; i++)
		args[i] = refs[i] == IR_NONE ? opnd_imm(0) : use_ref(e, refs[i]);
}

static void load_args(struct emit *e)
{
	struct opnd args[ARGS];

	tmps_save(e, e->i);
	use_args(e, args);
	if (args_collide(args)) {
		e->pinned = 0;
		tmps_flush(e);
		use_args(e, args);
	}
	for (unsigned i = 0; i < ARGS; i++) {
		if (args[i].kind == OPND_IMM)
			enc_alu(&e->enc, ALU_XOR, W32, opnd_reg(arg_regs[i]), opnd_reg(arg_regs[i]));
		else
			move(e, opnd_reg(arg_regs[i]), args[i]);
	}
	e->pinned = 0;
	tmps_drop_regs(e);
}

static void check_raised(struct emit *e)
{
	struct cold *cold = cold_add(e, COLD_RAISE);

	cold->pc = e->pc;
	cold->it = e->it;
	enc_alu(&e->enc, ALU_CMP, W32, CPU_OPND(exit_arg[0]), opnd_imm(0));
	cold_jcc(e, cold, CC_NE);
}

static void take_result(struct emit *e)
{
	const struct ir_insn *op = e->op;

	if (op->dst == IR_NONE)
		return;
	scratch_take(e, RAX);
	if (IR_IS_TMP(op->dst)) {
		/* C leaves anything above the 32 bits; a temporary may be the index of an access to the window (docs/mmu.md). */
		if (e->ir->key & KEY_WINDOW)
			enc_mov(&e->enc, W32, opnd_reg(RAX), opnd_reg(RAX));
		def_in(e, op->dst, RAX);
	} else {
		move(e, def_ref(e, op->dst), opnd_reg(RAX));
	}
	def_done(e, op->dst);
}

/*
 * Other translations may be in force, and a space without a window where this block expects one: what accesses it makes would fault one by one.
 * (The space is not the block's business: the block goes on in the new one as it is, when that is of the same kind.)
 */
static void check_window(struct emit *e)
{
	struct cold *cold = cold_add(e, COLD_LEAVE);

	cold->exit = X64_EXIT_STATE;
	cold->pc = e->pc + 4;
	cold->count = (uint16_t)count_here(e);
	enc_alu(&e->enc, ALU_CMP, W32, CPU_OPND(window_key), opnd_imm(e->ir->key & KEY_WINDOW));
	cold_jcc(e, cold, CC_NE);
}

/*
 * An exception return, when the block ends with it: the exit does it. All flags come from the new CPSR. False: it is none, or exits do nothing.
 */
static bool call_return(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd arg = CPU_OPND(exit_arg[0]);

	if (!e->x64->resume || (op->imm != HELPER_ID_RETURN_SPSR && op->imm != HELPER_ID_RETURN_TO) || op[1].op != IR_EXIT_STATE)
		return false;
	xmm_flush(e);
	load_args(e);
	if (op->imm == HELPER_ID_RETURN_SPSR)
		enc_mov(&e->enc, W32, opnd_reg(RDX), CPU_OPND(current_spsr));
	enc_mov(&e->enc, W32, arg, opnd_reg(RAX));
	arg.disp += 4;
	enc_mov(&e->enc, W32, arg, opnd_reg(RDX));
	emit_count(e, (int)count_here(e));
	enc_jmp_to(&e->enc, e->x64->stubs.leave[X64_EXIT_RETURN]);
	e->reachable = false;
	return true;
}

void emit_call(struct emit *e)
{
	const struct ir_insn *op = e->op;
	uint8_t attr = helper_info[op->imm].attr;
	bool pure = attr & HELPER_PURE;
	int done = (int)count_here(e) - 1;

	if (call_return(e))
		return;
	if (pure)
		flags_clobber(e);
	else
		flags_to_mem(e, IR_NZCV);
	xmm_flush(e);
	load_args(e);
	xmm_drop_all(e);
	if (!pure) {
		enc_mov(&e->enc, W32, CPU_OPND(r[15]), opnd_imm(e->pc));
		if (e->it)
			enc_mov(&e->enc, W32, CPU_OPND(it), opnd_imm(e->it));
		emit_count(e, done); /* exact for helpers that look at the time */
	}
	enc_call_to(&e->enc, e->x64->stubs.helper[op->imm]);
	e->aligned = 0; /* it may have changed the mode, and with it registers */
	if (attr & HELPER_FAULT)
		check_raised(e);
	if (!pure) {
		emit_count(e, -done);
		if (e->it && !(attr & HELPER_STATE))
			enc_mov(&e->enc, W32, CPU_OPND(it), opnd_imm(0));
		flags_set(e, &(struct flag_state){ .mem = IR_NZCV });
		if (op->imm == HELPER_ID_CP15_WRITE_MAPS && e->x64->windows)
			check_window(e);
	} else {
		flags_lost(e);
	}
	take_result(e);
}

/* VFP and Advanced SIMD: operands and results are in struct cpu, no guest register or flag is touched. */
void emit_simd(struct emit *e)
{
	const struct ir_insn *op = e->op;

	if (op->imm >= SIMD_OP_COUNT) {
		emit_fail(e, -ENOTSUP);
		return;
	}
	if (x64_opt(e->x64, OPT_INLINE_FP) && emit_simd_inline(e))
		return;
	flags_clobber(e);
	tmps_flush(e);
	xmm_flush(e);
	xmm_drop_all(e);
	enc_mov(&e->enc, W32, opnd_reg(RDX), opnd_imm(op->imm2));
	enc_mov_imm64(&e->enc, RAX, (uintptr_t)simd_info[op->imm].fn);
	enc_call_to(&e->enc, e->x64->stubs.simd);
	flags_lost(e);
}

/* In a loop's second body the first one has checked. */
void emit_fpcheck(struct emit *e)
{
	bool on = e->op->imm & (FP_ON_USER | FP_ON_PRIV);
	struct cold *cold;

	if (on && e->fp_checked)
		return;
	flags_clobber(e);
	xmm_flush(e);
	enc_test(&e->enc, W8, CPU_OPND(fp_access), opnd_imm(e->op->imm));
	cold = cold_add(e, COLD_UNDEF);
	cold->pc = e->pc;
	cold->it = e->it;
	cold->count = (uint16_t)(count_here(e) - 1);
	cold->op = e->op;
	flags_lost(e);
	cold->flags = e->flags;
	cold_jcc(e, cold, CC_E);
	e->fp_checked |= on;
}

/* What stands in memory while translated code runs. */
static bool field_allowed(uint32_t offset)
{
	return offset >= offsetof(struct cpu, attention) && offset <= sizeof(struct cpu) - 4;
}

void emit_cpu_field(struct emit *e)
{
	const struct ir_insn *op = e->op;
	uint32_t offset = op->op == IR_LDCPU ? op->imm : op->imm2;
	struct opnd field = opnd_mem(RBP, (int32_t)offset - CPU_BIAS);
	bool in_vfp = offset >= offsetof(struct cpu, vfp) && offset - offsetof(struct cpu, vfp) < sizeof(e->cpu->vfp);

	if (op->op == IR_CLREX) {
		enc_mov(&e->enc, W64, CPU_OPND(exclusive.place), opnd_imm(0));
		return;
	}
	if (!field_allowed(offset)) {
		emit_fail(e, -ENOTSUP);
		return;
	}
	if (in_vfp)
		xmm_flush_part(e, (unsigned)(offset - offsetof(struct cpu, vfp)), 4);
	if (op->op == IR_LDCPU) {
		if (e->i && e->i == e->xmm.fused_load)
			return;
		move(e, def_ref(e, op->dst), field);
		def_done(e, op->dst);
	} else {
		move(e, field, use_ref(e, op->a));
		if (offset == offsetof(struct cpu, fpscr) && x64_opt(e->x64, OPT_INLINE_FP)) {
			flags_clobber(e);
			emit_mxcsr(&e->enc, scratch_alloc(e));
			flags_lost(e);
		}
		if (offset == offsetof(struct cpu, fp_access))
			e->fp_checked = false;
		if (in_vfp)
			xmm_vfp_written(e, (unsigned)(offset - offsetof(struct cpu, vfp)), 4);
	}
}
