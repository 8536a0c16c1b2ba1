/* lift_system.c - status registers, exceptions, hints, barriers and coprocessors 14 and 15 (part B9, A8.8). */
#include "base/base.h"
#include "translator/lift/lift.h"

#include "cpu/cp15.h"
#include "translator/lift/lift_emit.h"

#define MSR_C 1u /* field mask */
#define MSR_X 2u
#define MSR_S 4u
#define MSR_F 8u
#define MSR_SPSR 16u

void lift_exception_return(struct lift *l, ir_ref pc, enum sensitive_class sensitive)
{
	if (!lift_privileged(l)) {
		lift_undefined(l);
		return;
	}
	lift_sensitive(l, sensitive);
	lift_call(l, HELPER_ID_RETURN_SPSR, IR_NONE, operand_ref(pc), NO_OPERAND, NO_OPERAND);
	lift_exit_state(l);
}

/* --- status registers --- */

/* R[d] = CPSR with the execution state bits other than E as 0 (B9.3.8). */
static void lift_mrs_cpsr(struct lift *l, const struct insn *insn)
{
	ir_ref control = ir_tmp(l->block), nzcv = ir_tmp(l->block), q = ir_tmp(l->block), ge = ir_tmp(l->block);
	ir_ref sum;

	lift_ldcpu(l, control, offsetof(struct cpu, cpsr));
	lift_ldcpu(l, q, offsetof(struct cpu, q));
	lift_ldcpu(l, ge, offsetof(struct cpu, ge));
	lift_emit(l, IR_GETNZCV, nzcv, NO_OPERAND, NO_OPERAND, 0, IR_NZCV);
	sum = lift_tmp(l, IR_BIC, operand_ref(control), operand_imm(CPSR_T | CPSR_J));
	sum = lift_tmp(l, IR_OR, operand_ref(sum), operand_ref(nzcv));
	q = lift_tmp(l, IR_LSL, operand_ref(q), operand_imm(27));
	ge = lift_tmp(l, IR_LSL, operand_ref(ge), operand_imm(16));
	sum = lift_tmp(l, IR_OR, operand_ref(sum), operand_ref(q));
	lift_emit(l, IR_OR, lift_dst(l, insn->rd), operand_ref(sum), operand_ref(ge), 0, 0);
}

static void lift_spsr(struct lift *l, ir_ref dst)
{
	if (l->options->plain_system)
		lift_call(l, HELPER_ID_SPSR, dst, NO_OPERAND, NO_OPERAND, NO_OPERAND);
	else
		lift_ldcpu(l, dst, offsetof(struct cpu, current_spsr));
}

static void lift_mrs(struct lift *l, const struct insn *insn)
{
	if (!insn->imm) {
		lift_sensitive(l, SENSITIVE_MRS_CPSR);
		lift_mrs_cpsr(l, insn);
	} else if (lift_privileged(l)) {
		lift_sensitive(l, SENSITIVE_MRS_SPSR);
		lift_spsr(l, lift_dst(l, insn->rd));
	} else {
		lift_undefined(l);
	}
}

/* CPSR's flags, Q and GE from @value. */
static void msr_flags(struct lift *l, struct operand value, unsigned mask)
{
	ir_ref field = ir_tmp(l->block);
	ir_ref from = lift_ref(l, value);

	if (mask & MSR_F) {
		lift_emit(l, IR_SETNZCV, IR_NONE, operand_ref(from), NO_OPERAND, IR_NZCV, 0);
		lift_field(l, IR_UBFX, field, from, IR_NONE, 27, 1);
		lift_stcpu(l, operand_ref(field), offsetof(struct cpu, q));
	}
	if (mask & MSR_S) {
		lift_field(l, IR_UBFX, field, from, IR_NONE, 16, 4);
		lift_stcpu(l, operand_ref(field), offsetof(struct cpu, ge));
	}
}

/*
 * The control fields of CPSR. What Linux does all day is to put the I bit back: that is done in line; when any other
 * bit changes, a helper writes CPSR, and the block is left unless the key is the same.
 */
static void msr_control(struct lift *l, struct operand value, unsigned mask)
{
	uint32_t slow = (mask & MSR_C ? CPSR_M | CPSR_F : 0) | (mask & MSR_X ? CPSR_A | CPSR_E : 0);
	ir_ref from = lift_ref(l, value);
	bool fast = (mask & MSR_C) && lift_privileged(l) && !l->options->plain_system;
	uint16_t same = 0, done = 0;
	ir_ref cpsr = IR_NONE, change = IR_NONE, i, mode;

	if (fast) {
		same = ir_label(l->block);
		if (!(mask & MSR_X))
			done = ir_label(l->block);
		cpsr = ir_tmp(l->block);
		lift_ldcpu(l, cpsr, offsetof(struct cpu, cpsr));
		change = lift_tmp(l, IR_XOR, operand_ref(cpsr), operand_ref(from));
		lift_branch_if(l, IR_BRZ, lift_tmp(l, IR_AND, operand_ref(change), operand_imm(slow)), same);
	}
	lift_call(l, HELPER_ID_MSR_CPSR, IR_NONE, operand_ref(from), operand_imm(mask), NO_OPERAND);
	if (fast && !(mask & MSR_X)) {
		mode = ir_tmp(l->block);
		lift_ldcpu(l, mode, offsetof(struct cpu, cpsr));
		mode = lift_tmp(l, IR_AND, operand_ref(mode), operand_imm(CPSR_M));
		lift_branch_if(l, IR_BRNZ, lift_tmp(l, IR_XOR, operand_ref(mode), operand_imm(MODE_USR)), done);
	}
	lift_exit_next(l);
	if (!fast)
		return;
	lift_label(l, same);
	i = lift_tmp(l, IR_AND, operand_ref(change), operand_imm(CPSR_I));
	lift_stcpu(l, operand_ref(lift_tmp(l, IR_XOR, operand_ref(cpsr), operand_ref(i))), offsetof(struct cpu, cpsr));
	if (!(mask & MSR_X))
		lift_label(l, done);
	lift_poll(l);
}

static void lift_msr(struct lift *l, const struct insn *insn)
{
	struct operand value = insn->operand == OPERAND_IMM ? operand_imm(insn->imm) : lift_operand(l, insn->rn);
	unsigned mask = insn->imm2;

	if (mask & MSR_SPSR) {
		if (!lift_privileged(l)) {
			lift_undefined(l);
			return;
		}
		lift_sensitive(l, SENSITIVE_MSR_SPSR);
		/* Bits 23:20 are always 0. */
		if ((mask & 15) == 15 && !l->options->plain_system)
			lift_stcpu(l, operand_ref(lift_tmp(l, IR_AND, value, operand_imm(0xff0fffff))), offsetof(struct cpu, current_spsr));
		else
			lift_call(l, HELPER_ID_MSR_SPSR, IR_NONE, value, operand_imm(mask & 15), NO_OPERAND);
		return;
	}
	if (!lift_privileged(l))
		mask &= ~MSR_C;
	if (mask & (MSR_C | MSR_X))
		lift_sensitive(l, SENSITIVE_MSR_CPSR);
	msr_flags(l, value, mask);
	if (mask & (MSR_C | MSR_X))
		msr_control(l, value, mask & (MSR_C | MSR_X));
}

static void lift_cps(struct lift *l, const struct insn *insn)
{
	bool enable = insn->vindex == 2;
	uint32_t bits = insn->vindex & 2 ? insn->imm & (CPSR_A | CPSR_I | CPSR_F) : 0;
	ir_ref cpsr;

	if (!lift_privileged(l)) {
		/* Does nothing there: one of the reasons why ARMv7 cannot be virtualized by trapping. */
		lift_sensitive(l, SENSITIVE_CPS);
		return;
	}
	if (bits == CPSR_I && !(insn->imm2 & 32) && !l->options->plain_system) {
		lift_sensitive(l, SENSITIVE_CPS_MASK);
		cpsr = ir_tmp(l->block);
		lift_ldcpu(l, cpsr, offsetof(struct cpu, cpsr));
		cpsr = lift_tmp(l, enable ? IR_BIC : IR_OR, operand_ref(cpsr), operand_imm(CPSR_I));
		lift_stcpu(l, operand_ref(cpsr), offsetof(struct cpu, cpsr));
		if (enable)
			lift_poll(l);
		return;
	}
	lift_sensitive(l, SENSITIVE_CPS);
	lift_call(l, HELPER_ID_CPS, IR_NONE, operand_imm(enable ? 0 : bits), operand_imm(enable ? bits : 0), operand_imm(insn->imm2));
	if (l->options->plain_system || insn->imm2 == (32 | MODE_USR))
		lift_exit_next(l);
	else
		lift_poll(l);
}

static void lift_setend(struct lift *l, const struct insn *insn)
{
	bool big = l->key & KEY_E;
	ir_ref cpsr;

	lift_sensitive(l, SENSITIVE_SETEND);
	if (big == !!insn->imm)
		return;
	cpsr = ir_tmp(l->block);
	lift_ldcpu(l, cpsr, offsetof(struct cpu, cpsr));
	cpsr = lift_tmp(l, IR_XOR, operand_ref(cpsr), operand_imm(CPSR_E));
	lift_stcpu(l, operand_ref(cpsr), offsetof(struct cpu, cpsr));
	lift_exit_next(l);
}

/* --- exception entry and return --- */

/* Offset of the lower of the two words that RFE and SRS transfer. */
static uint32_t pair_start(const struct insn *insn)
{
	uint32_t start = insn->add ? 0 : 0u - 8;

	return insn->index == insn->add ? start + 4 : start;
}

static void lift_rfe(struct lift *l, const struct insn *insn)
{
	uint32_t mem = ACCESS_SIZE(2) | ACCESS_ALIGNED, start = pair_start(insn);
	ir_ref pc = ir_tmp(l->block), spsr = ir_tmp(l->block);
	struct operand base = operand_ref(insn->rn);

	if (!lift_privileged(l) || insn->rn == 15) {
		lift_undefined(l);
		return;
	}
	lift_sensitive(l, SENSITIVE_RFE);
	lift_load(l, pc, base, start, mem);
	lift_load(l, spsr, base, start + 4, mem);
	if (insn->wback)
		lift_emit(l, IR_ADD, insn->rn, base, operand_imm(insn->add ? 8 : 0u - 8), 0, 0);
	lift_call(l, HELPER_ID_RETURN_TO, IR_NONE, operand_ref(pc), operand_ref(spsr), NO_OPERAND);
	lift_exit_state(l);
}

static void lift_srs(struct lift *l, const struct insn *insn)
{
	uint32_t mem = ACCESS_SIZE(2) | ACCESS_ALIGNED, start = pair_start(insn);
	ir_ref sp = ir_tmp(l->block), spsr = ir_tmp(l->block);
	struct operand mode = operand_imm(insn->imm);

	if (!lift_privileged(l) || !cpu_mode_valid(insn->imm)) {
		lift_undefined(l);
		return;
	}
	lift_sensitive(l, SENSITIVE_SRS);
	lift_spsr(l, spsr);
	lift_call(l, HELPER_ID_MODE_SP, sp, mode, NO_OPERAND, NO_OPERAND);
	lift_store(l, operand_ref(14), operand_ref(sp), start, mem);
	lift_store(l, operand_ref(spsr), operand_ref(sp), start + 4, mem);
	if (insn->wback) {
		ir_ref moved = lift_tmp(l, IR_ADD, operand_ref(sp), operand_imm(insn->add ? 8 : 0u - 8));

		lift_call(l, HELPER_ID_SET_MODE_SP, IR_NONE, mode, operand_ref(moved), NO_OPERAND);
	}
}

static void lift_smc(struct lift *l, const struct insn *insn)
{
	if (!lift_privileged(l)) {
		lift_undefined(l);
		return;
	}
	lift_sensitive(l, SENSITIVE_SMC);
	lift_exception(l, EXC_SMC, insn->imm);
}

static bool lift_exceptions(struct lift *l, const struct insn *insn)
{
	switch (insn->op) {
	case INSN_SVC:
		lift_sensitive(l, SENSITIVE_SVC);
		lift_exception(l, EXC_SVC, insn->imm);
		return true;
	case INSN_SMC:
		lift_smc(l, insn);
		return true;
	case INSN_BKPT:
		/* A debug event without debugger is a prefetch abort (C3.2.5). */
		lift_sensitive(l, SENSITIVE_BKPT);
		lift_exception(l, EXC_PREFETCH_ABORT, insn->imm);
		return true;
	case INSN_RFE:
		lift_rfe(l, insn);
		return true;
	case INSN_SRS:
		lift_srs(l, insn);
		return true;
	case INSN_UDF:
	case INSN_HVC:
	case INSN_ERET:
	case INSN_MRS_BANKED:
	case INSN_MSR_BANKED:
		lift_undefined(l);
		return true;
	default:
		return false;
	}
}

/* --- hints and barriers --- */

/* What comes next is looked up anew: its code may have been written, or its page mapped elsewhere. */
static void lift_isb(struct lift *l)
{
	if (lift_in_it(l))
		lift_exit_next(l);
	else
		lift_exit_checked(l, l->pc + l->size, l->thumb);
}

static bool lift_hints(struct lift *l, const struct insn *insn)
{
	switch (insn->op) {
	case INSN_NOP:
	case INSN_DBG:
	case INSN_LEAVEX: /* out of ThumbEE state, which is never entered */
		return true;
	case INSN_YIELD:
	case INSN_WFE:
	case INSN_SEV:
		lift_sensitive(l, SENSITIVE_WFE);
		return true;
	case INSN_WFI:
		lift_sensitive(l, SENSITIVE_WFI);
		/* May complete at once: within an IT block it does. */
		if (!lift_in_it(l))
			ir_append(l->block, IR_WFI)->imm = l->pc + l->size;
		return true;
	case INSN_DMB:
	case INSN_DSB:
		lift_sensitive(l, SENSITIVE_BARRIER);
		return true;
	case INSN_ISB:
		lift_sensitive(l, SENSITIVE_BARRIER);
		lift_isb(l);
		return true;
	default:
		return false;
	}
}

/* --- coprocessors --- */

/* By the primary register, as the manual groups them (B3.17). */
static enum sensitive_class cp15_class(const struct cp15_reg *reg)
{
	static const uint8_t classes[16] = {
		[0] = SENSITIVE_CP15_ID, [1] = SENSITIVE_CP15_CONTROL, [2] = SENSITIVE_CP15_TRANSLATION, [3] = SENSITIVE_CP15_TRANSLATION,
		[5] = SENSITIVE_CP15_FAULT, [6] = SENSITIVE_CP15_FAULT, [7] = SENSITIVE_CP15_CACHE, [8] = SENSITIVE_CP15_TLB,
		[9] = SENSITIVE_CP15_PMU, [10] = SENSITIVE_CP15_TRANSLATION, [12] = SENSITIVE_CP15_CONTROL, [13] = SENSITIVE_CP15_THREAD,
	};
	enum sensitive_class sensitive = reg->sensitive ? reg->sensitive : classes[reg->crn];

	if (sensitive == SENSITIVE_CP15_CACHE && (reg->crm == 8 || reg->crm == 4))
		sensitive = SENSITIVE_CP15_TRANSLATE;
	if (sensitive == SENSITIVE_CP15_THREAD && reg->op2 < 2)
		sensitive = SENSITIVE_CP15_TRANSLATION;
	return sensitive ? sensitive : SENSITIVE_CP15_OTHER;
}

static bool cp15_refused(const struct lift *l, const struct cp15_reg *reg, bool write)
{
	uint32_t allow = lift_privileged(l) ? (write ? CP15_PL1_W : CP15_PL1_R) : (write ? CP15_PL0_W : CP15_PL0_R) | CP15_PL0_CHECK;

	return !(reg->flags & allow);
}

static bool cp15_checked(const struct lift *l, const struct cp15_reg *reg)
{
	return !lift_privileged(l) && (reg->flags & CP15_PL0_CHECK);
}

static void lift_mrc15(struct lift *l, const struct insn *insn, int index)
{
	const struct cp15_reg *reg = cp15_row(index);
	ir_ref dst = lift_dst(l, insn->rt);

	lift_sensitive(l, cp15_class(reg));
	if (cp15_constant(index) && !cp15_checked(l, reg) && !l->options->plain_system)
		lift_emit(l, IR_MOV, dst, operand_imm(cp15_read(l->cpu, index)), NO_OPERAND, 0, 0);
	else if (reg->flags & CP15_PLAIN_R && !cp15_checked(l, reg) && !l->options->plain_system)
		lift_ldcpu(l, dst, (size_t)reg->offset);
	else if (cp15_checked(l, reg) || reg->flags & CP15_TIMED) /* time does not read the same twice: a helper that -verify does not repeat */
		lift_call(l, HELPER_ID_CP15_READ_CHECKED, dst, operand_imm((uint32_t)index), NO_OPERAND, NO_OPERAND);
	else
		lift_call(l, HELPER_ID_CP15_READ, dst, operand_imm((uint32_t)index), NO_OPERAND, NO_OPERAND);
	if (insn->rt == 15)
		lift_emit(l, IR_SETNZCV, IR_NONE, operand_ref(dst), NO_OPERAND, IR_NZCV, 0);
}

static void lift_mcr15(struct lift *l, const struct insn *insn, int index)
{
	const struct cp15_reg *reg = cp15_row(index);
	struct operand value = lift_operand(l, insn->rt);
	enum helper helper = reg->flags & CP15_ENDS ? HELPER_ID_CP15_WRITE_ENDS : reg->flags & CP15_MAPS ? HELPER_ID_CP15_WRITE_MAPS : HELPER_ID_CP15_WRITE;
	/* What is only mapped anew is fetched as before until an ISB: Linux writes DACR twice a system call. */
	bool ends = reg->flags & CP15_ENDS || (reg->flags & CP15_MAPS && (lift_in_it(l) || l->options->plain_system));

	lift_sensitive(l, cp15_class(reg));
	if (reg->crn == 8 && reg->op2 & 1 && !ends)
		helper = HELPER_ID_CP15_TLB_MVA;
	if (cp15_checked(l, reg))
		helper = HELPER_ID_CP15_WRITE_CHECKED;
	if (helper != HELPER_ID_CP15_WRITE_CHECKED && reg->flags & CP15_NOP_W) {
		if (reg->flags & CP15_ENDS)
			lift_isb(l);
		return;
	}
	if (helper != HELPER_ID_CP15_WRITE_CHECKED && reg->flags & CP15_PLAIN_W && !l->options->plain_system)
		lift_stcpu(l, value, (size_t)reg->offset);
	else
		lift_call(l, helper, IR_NONE, operand_imm((uint32_t)index), value, NO_OPERAND);
	if (ends)
		lift_exit_next(l);
}

static void lift_cp15(struct lift *l, const struct insn *insn)
{
	bool write = insn->op == INSN_MCR;
	int index = cp15_find(insn->opc1, insn->crn, insn->crm, insn->opc2);

	if (index < 0 || cp15_refused(l, cp15_row(index), write))
		lift_undefined(l);
	else if (write)
		lift_mcr15(l, insn, index);
	else
		lift_mrc15(l, insn, index);
}

static void lift_cp14(struct lift *l, const struct insn *insn)
{
	struct operand reg = operand_imm((uint32_t)insn->opc1 << 12 | (uint32_t)insn->crn << 8 | (uint32_t)insn->crm << 4 | insn->opc2);
	ir_ref dst;

	lift_sensitive(l, SENSITIVE_CP14);
	if (insn->op == INSN_MCR) {
		lift_call(l, HELPER_ID_CP14_WRITE, IR_NONE, reg, lift_operand(l, insn->rt), NO_OPERAND);
		return;
	}
	dst = lift_dst(l, insn->rt);
	/* DBGDIDR is what software probes; the others change, or depend on what user mode may. */
	if (reg.imm == 0 && lift_privileged(l) && !l->options->plain_system)
		lift_emit(l, IR_MOV, dst, operand_imm(l->cpu->model->dbgdidr), NO_OPERAND, 0, 0);
	else
		lift_call(l, HELPER_ID_CP14_READ, dst, reg, NO_OPERAND, NO_OPERAND);
	if (insn->rt == 15)
		lift_emit(l, IR_SETNZCV, IR_NONE, operand_ref(dst), NO_OPERAND, IR_NZCV, 0);
}

bool lift_system(struct lift *l, const struct insn *insn)
{
	switch (insn->op) {
	case INSN_MRS:
		lift_mrs(l, insn);
		return true;
	case INSN_MSR:
		lift_msr(l, insn);
		return true;
	case INSN_CPS:
		lift_cps(l, insn);
		return true;
	case INSN_SETEND:
		lift_setend(l, insn);
		return true;
	case INSN_MCR:
	case INSN_MRC:
		if (insn->coproc == 15)
			lift_cp15(l, insn);
		else if (insn->coproc == 14)
			lift_cp14(l, insn);
		else
			lift_undefined(l);
		return true;
	default:
		return lift_exceptions(l, insn) || lift_hints(l, insn);
	}
}
