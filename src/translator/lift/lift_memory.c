/*
 * lift_memory.c - loads and stores (A4.6, A4.7, A5.3, A5.5, A6.3.5-A6.3.10).
 *
 * All accesses of an instruction come before its base write-back, and a load into the base or index register of an instruction with
 * several accesses goes through a temporary: an abort leaves the registers that the instruction needs to run again.
 */
#include "base/base.h"
#include "translator/lift/lift.h"

#include "translator/lift/lift_emit.h"

/* One address: base + offset, and what is written back to Rn. */
struct address {
	struct operand base;
	uint32_t offset;
	struct operand after; /* wback: Rn's new value, when it is in a temporary; else NO_OPERAND: Rn + step */
	uint32_t step;
};

static uint32_t user_flag(const struct lift *l, const struct insn *insn)
{
	return insn->exclusive_user && lift_privileged(l) ? ACCESS_USER : 0;
}

/* Rm shifted, as an operand. */
static struct operand index_operand(struct lift *l, const struct insn *insn)
{
	static const uint8_t ops[] = {
		[SHIFT_LSL] = IR_LSL, [SHIFT_LSR] = IR_LSR, [SHIFT_ASR] = IR_ASR, [SHIFT_ROR] = IR_ROR,
	};
	struct operand m = operand_ref(lift_reg(l, insn->rm));
	ir_ref tmp = m.ref;

	if (insn->shift == SHIFT_RRX) {
		tmp = ir_tmp(l->block);
		lift_emit(l, IR_RRX, tmp, m, NO_OPERAND, 0, IR_C);
	} else if (insn->shift_n) {
		tmp = lift_tmp(l, ops[insn->shift], m, operand_imm(insn->shift_n));
	}
	return operand_ref(tmp);
}

static inline struct address address_of(struct lift *l, const struct insn *insn)
{
	struct address at = { .base = lift_base(l, insn->rn), .after = NO_OPERAND };
	uint32_t imm = insn->add ? insn->imm : 0 - insn->imm;
	struct operand sum;

	if (insn->operand != OPERAND_REG) {
		at.step = imm;
		if (insn->index)
			at.offset = imm;
		return at;
	}
	sum = operand_ref(lift_tmp(l, insn->add ? IR_ADD : IR_SUB, at.base, index_operand(l, insn)));
	at.after = sum;
	if (insn->index)
		at.base = sum;
	return at;
}

static inline void write_back(struct lift *l, const struct insn *insn, const struct address *at)
{
	if (!insn->wback || insn->rn == 15)
		return;
	if (at->after.ref != IR_NONE)
		lift_mov(l, insn->rn, at->after);
	else if (at->step)
		lift_emit(l, IR_ADD, insn->rn, operand_ref(insn->rn), operand_imm(at->step), 0, 0);
}

static void lift_load_one(struct lift *l, const struct insn *insn, uint32_t mem)
{
	struct address at = address_of(l, insn);
	ir_ref dst = lift_dst(l, insn->rt);

	/* Rt == Rn with write-back is UNPREDICTABLE: the loaded value wins, as in QEMU. */
	lift_load(l, dst, at.base, at.offset, mem | user_flag(l, insn));
	if (insn->rt != insn->rn)
		write_back(l, insn, &at);
	if (insn->rt == 15) {
		bool pop = insn->rn == 13 && insn->wback && !insn->index;

		lift_jump(l, operand_ref(dst), JUMP_INTERWORK | (pop ? JUMP_RETURN : 0));
	}
}

static void lift_store_one(struct lift *l, const struct insn *insn, uint32_t mem)
{
	struct address at = address_of(l, insn);

	lift_store(l, lift_operand(l, insn->rt), at.base, at.offset, mem | user_flag(l, insn));
	write_back(l, insn, &at);
}

static void lift_ldrd(struct lift *l, const struct insn *insn)
{
	struct address at = address_of(l, insn);
	uint32_t mem = ACCESS_SIZE(2) | ACCESS_ALIGNED;
	bool via_tmp = insn->rt == insn->rn || (insn->operand == OPERAND_REG && insn->rt == insn->rm);
	ir_ref first = via_tmp ? ir_tmp(l->block) : lift_dst(l, insn->rt);

	lift_load(l, first, at.base, at.offset, mem);
	lift_load(l, lift_dst(l, insn->rt2), at.base, at.offset + 4, mem);
	if (insn->rt != insn->rn && insn->rt2 != insn->rn)
		write_back(l, insn, &at);
	if (via_tmp && insn->rt != 15)
		lift_mov(l, insn->rt, operand_ref(first));
}

static void lift_strd(struct lift *l, const struct insn *insn)
{
	struct address at = address_of(l, insn);
	uint32_t mem = ACCESS_SIZE(2) | ACCESS_ALIGNED;

	lift_store(l, lift_operand(l, insn->rt), at.base, at.offset, mem);
	lift_store(l, lift_operand(l, insn->rt2), at.base, at.offset + 4, mem);
	write_back(l, insn, &at);
}

/* Offsets in registers, r15, user access. */
static __attribute__((noinline)) void lift_single_any(struct lift *l, const struct insn *insn, uint32_t mem, bool store)
{
	if (insn->exclusive_user)
		lift_sensitive(l, SENSITIVE_LDRT);
	if (store)
		lift_store_one(l, insn, mem);
	else
		lift_load_one(l, insn, mem);
}

bool lift_single(struct lift *l, const struct insn *insn)
{
	static const uint16_t accesses[] = {
		[INSN_LDR - INSN_LDR] = ACCESS_SIZE(2), [INSN_LDRB - INSN_LDR] = ACCESS_SIZE(0), [INSN_LDRH - INSN_LDR] = ACCESS_SIZE(1),
		[INSN_LDRSB - INSN_LDR] = ACCESS_SIZE(0) | ACCESS_SIGNED, [INSN_LDRSH - INSN_LDR] = ACCESS_SIZE(1) | ACCESS_SIGNED,
		[INSN_STR - INSN_LDR] = ACCESS_SIZE(2), [INSN_STRB - INSN_LDR] = ACCESS_SIZE(0), [INSN_STRH - INSN_LDR] = ACCESS_SIZE(1),
	};
	uint32_t mem = accesses[insn->op - INSN_LDR], step = insn->add ? insn->imm : 0 - insn->imm;
	bool store = insn->op == INSN_STR || insn->op == INSN_STRB || insn->op == INSN_STRH;
	struct ir_insn *op;

	if (insn->exclusive_user || insn->operand == OPERAND_REG || insn->rt == 15 || insn->rn == 15) {
		lift_single_any(l, insn, mem, store);
		return true;
	}
	op = ir_append_in_room(l->block, store ? IR_ST : IR_LD);
	op->a = insn->rn;
	if (store)
		op->b = insn->rt;
	else
		op->dst = insn->rt;
	op->imm2 = insn->index ? step : 0;
	op->mem = (uint16_t)(mem | l->endian);
	/* As write_back() and lift_load_one(). */
	if (insn->wback && step && (store || insn->rt != insn->rn)) {
		op = ir_append_in_room(l->block, IR_ADD);
		op->dst = op->a = insn->rn;
		op->b = IR_IMM;
		op->imm = step;
	}
	return true;
}

/* Loads and stores of several registers, whose base is not r15 (multiple_refused()): offset of the lowest word from Rn, and Rn's step. */
static uint32_t multiple_start(const struct insn *insn, unsigned count)
{
	uint32_t start = insn->add ? 0 : 0 - 4 * count;

	return insn->index == insn->add ? start + 4 : start;
}

static void multiple_write_back(struct lift *l, const struct insn *insn, unsigned count)
{
	if (!insn->wback)
		return;
	lift_plain(l, IR_ADD, insn->rn, operand_ref(insn->rn), operand_imm(insn->add ? 4 * count : 0 - 4 * count), 0, 0);
}

/*
 * LDM ^ without r15 and STM ^: registers of user mode. In the modes that bank SP and LR only, these two are in struct cpu and the others
 * are the current ones; in FIQ mode more are banked, in User and System mode none (UNPREDICTABLE): those take the slow way by helpers.
 */
#define BANK_SP_LR_MODES (1u << MODE_IRQ | 1u << MODE_SVC | 1u << MODE_MON | 1u << MODE_ABT | 1u << MODE_UND)

/* Goes on at @slow unless the mode banks SP and LR only. */
static void branch_other_modes(struct lift *l, uint16_t slow)
{
	ir_ref mode = ir_tmp(l->block);
	ir_ref bit;

	lift_ldcpu(l, mode, offsetof(struct cpu, cpsr));
	mode = lift_tmp(l, IR_AND, operand_ref(mode), operand_imm(CPSR_M));
	bit = lift_tmp(l, IR_LSR, operand_imm(BANK_SP_LR_MODES), operand_ref(mode));
	lift_branch_if(l, IR_BRZ, lift_tmp(l, IR_AND, operand_ref(bit), operand_imm(1)), slow);
}

static size_t user_bank_field(unsigned n)
{
	return n == 13 ? offsetof(struct cpu, bank_sp[BANK_USR]) : offsetof(struct cpu, bank_lr[BANK_USR]);
}

static void ldm_user_fast(struct lift *l, const struct insn *insn, uint32_t offset)
{
	struct operand base = operand_ref(insn->rn);
	ir_ref banked[2] = { IR_NONE, IR_NONE }, new_base = IR_NONE;

	for (unsigned i = 0; i < 15; i++) {
		ir_ref dst = (ir_ref)i;

		if (!(insn->reglist >> i & 1))
			continue;
		if (i >= 13)
			dst = banked[i - 13] = ir_tmp(l->block);
		else if (i == insn->rn)
			dst = new_base = ir_tmp(l->block);
		lift_load(l, dst, base, offset, ACCESS_SIZE(2) | ACCESS_ALIGNED);
		offset += 4;
	}
	if (new_base != IR_NONE)
		lift_mov(l, insn->rn, operand_ref(new_base));
	for (unsigned i = 0; i < 2; i++)
		if (banked[i] != IR_NONE)
			lift_stcpu(l, operand_ref(banked[i]), user_bank_field(13 + i));
}

static void ldm_user_slow(struct lift *l, const struct insn *insn, uint32_t offset)
{
	struct operand base = operand_ref(insn->rn);
	ir_ref values[15];

	for (unsigned i = 0; i < 15; i++) {
		if (!(insn->reglist >> i & 1))
			continue;
		values[i] = ir_tmp(l->block);
		lift_load(l, values[i], base, offset, ACCESS_SIZE(2) | ACCESS_ALIGNED);
		offset += 4;
	}
	for (unsigned i = 0; i < 15; i++) {
		if (!(insn->reglist >> i & 1))
			continue;
		if (i < 8)
			lift_mov(l, (ir_ref)i, operand_ref(values[i]));
		else
			lift_call(l, HELPER_ID_SET_USER_REG, IR_NONE, operand_imm(i), operand_ref(values[i]), NO_OPERAND);
	}
}

/* The value of user mode's register @i. */
static struct operand user_value(struct lift *l, unsigned i, bool fast)
{
	ir_ref tmp;

	if (i == 15 || i < (fast ? 13 : 8))
		return lift_operand(l, i);
	tmp = ir_tmp(l->block);
	if (fast)
		lift_ldcpu(l, tmp, user_bank_field(i));
	else
		lift_call(l, HELPER_ID_USER_REG, tmp, operand_imm(i), NO_OPERAND, NO_OPERAND);
	return operand_ref(tmp);
}

static void stm_user(struct lift *l, const struct insn *insn, uint32_t offset, bool fast)
{
	struct operand values[16];

	for (unsigned i = 0; i < 16; i++)
		if (insn->reglist >> i & 1)
			values[i] = user_value(l, i, fast);
	for (unsigned i = 0; i < 16; i++) {
		if (!(insn->reglist >> i & 1))
			continue;
		lift_store(l, values[i], operand_ref(insn->rn), offset, ACCESS_SIZE(2) | ACCESS_ALIGNED);
		offset += 4;
	}
}

static void lift_user_registers(struct lift *l, const struct insn *insn, uint32_t offset)
{
	uint16_t slow = ir_label(l->block), end = ir_label(l->block);
	bool load = insn->op == INSN_LDM;

	lift_sensitive(l, load ? SENSITIVE_LDM_USER : SENSITIVE_STM_USER);
	branch_other_modes(l, slow);
	if (load)
		ldm_user_fast(l, insn, offset);
	else
		stm_user(l, insn, offset, true);
	ir_append(l->block, IR_BR)->imm = end;
	lift_label(l, slow);
	if (load)
		ldm_user_slow(l, insn, offset);
	else
		stm_user(l, insn, offset, false);
	lift_label(l, end);
}

static void lift_ldm(struct lift *l, const struct insn *insn)
{
	unsigned count = (unsigned)__builtin_popcount(insn->reglist);
	uint32_t offset = multiple_start(insn, count);
	struct operand base = operand_ref(insn->rn);
	ir_ref new_base = IR_NONE, pc = IR_NONE;

	if (insn->exclusive_user && !(insn->reglist >> 15)) {
		lift_user_registers(l, insn, offset);
		multiple_write_back(l, insn, count);
		return;
	}
	for (unsigned rest = insn->reglist; rest; rest &= rest - 1) {
		unsigned i = (unsigned)__builtin_ctz(rest);
		ir_ref dst = (ir_ref)i;

		if (i == insn->rn)
			dst = new_base = ir_tmp(l->block);
		else if (i == 15)
			dst = pc = ir_tmp(l->block);
		lift_load(l, dst, base, offset, ACCESS_SIZE(2) | ACCESS_ALIGNED);
		offset += 4;
	}
	if (new_base == IR_NONE)
		multiple_write_back(l, insn, count);
	else
		lift_mov(l, insn->rn, operand_ref(new_base));
	if (pc == IR_NONE)
		return;
	if (insn->exclusive_user) {
		lift_exception_return(l, pc, SENSITIVE_LDM_RETURN);
	} else {
		lift_jump(l, operand_ref(pc), JUMP_INTERWORK | (insn->rn == 13 ? JUMP_RETURN : 0));
	}
}

static void lift_stm(struct lift *l, const struct insn *insn)
{
	unsigned count = (unsigned)__builtin_popcount(insn->reglist);
	uint32_t offset = multiple_start(insn, count);
	struct operand base = operand_ref(insn->rn);

	if (insn->exclusive_user) {
		lift_user_registers(l, insn, offset);
		multiple_write_back(l, insn, count);
		return;
	}
	for (unsigned rest = insn->reglist; rest; rest &= rest - 1) {
		lift_store_plain(l, lift_operand(l, (unsigned)__builtin_ctz(rest)), base, offset, ACCESS_SIZE(2) | ACCESS_ALIGNED);
		offset += 4;
	}
	multiple_write_back(l, insn, count);
}

/* UNPREDICTABLE forms that have no harmless reading: no registers, r15 as base; user registers asked for by user mode. */
static bool multiple_refused(const struct lift *l, const struct insn *insn)
{
	return !insn->reglist || insn->rn == 15 || (insn->exclusive_user && !lift_privileged(l));
}

static uint32_t exclusive_size(unsigned op)
{
	switch (op) {
	case INSN_LDREXB:
	case INSN_STREXB:
		return ACCESS_SIZE(0);
	case INSN_LDREXH:
	case INSN_STREXH:
		return ACCESS_SIZE(1);
	case INSN_LDREXD:
	case INSN_STREXD:
		return ACCESS_SIZE(3);
	default:
		return ACCESS_SIZE(2);
	}
}

static void lift_exclusive(struct lift *l, const struct insn *insn, bool load)
{
	uint32_t size = exclusive_size(insn->op);
	bool two = size == ACCESS_SIZE(3);
	uint32_t mem = size | ACCESS_ALIGNED | l->endian;
	struct ir_insn *op;

	if (insn->rn == 15 || insn->rt == 15 || (two && (insn->rt2 == 15 || (load && insn->rt == insn->rt2))) || (!load && insn->rd == 15)) {
		lift_undefined(l);
		return;
	}
	op = ir_append(l->block, load ? IR_LDREX : IR_STREX);
	op->a = insn->rn;
	op->imm2 = insn->imm;
	op->mem = (uint16_t)mem;
	if (load) {
		op->dst = insn->rt;
		op->dst2 = two ? insn->rt2 : IR_NONE;
	} else {
		op->dst = insn->rd;
		op->b = insn->rt;
		op->c = two ? insn->rt2 : IR_NONE;
	}
}

static void lift_swp(struct lift *l, const struct insn *insn)
{
	uint32_t mem = insn->op == INSN_SWP ? ACCESS_SIZE(2) | ACCESS_ALIGNED : ACCESS_SIZE(0);
	ir_ref old = ir_tmp(l->block);
	struct operand base = operand_ref(lift_reg(l, insn->rn));

	lift_load(l, old, base, 0, mem);
	lift_store(l, lift_operand(l, insn->rm), base, 0, mem);
	lift_mov(l, lift_dst(l, insn->rt), operand_ref(old));
}

bool lift_memory(struct lift *l, const struct insn *insn)
{
	switch (insn->op) {
	case INSN_LDRD:
		lift_ldrd(l, insn);
		return true;
	case INSN_STRD:
		lift_strd(l, insn);
		return true;
	case INSN_LDM:
	case INSN_STM:
		if (multiple_refused(l, insn))
			lift_undefined(l);
		else if (insn->op == INSN_LDM)
			lift_ldm(l, insn);
		else
			lift_stm(l, insn);
		return true;
	case INSN_LDREX:
	case INSN_LDREXB:
	case INSN_LDREXH:
	case INSN_LDREXD:
		lift_exclusive(l, insn, true);
		return true;
	case INSN_STREX:
	case INSN_STREXB:
	case INSN_STREXH:
	case INSN_STREXD:
		lift_exclusive(l, insn, false);
		return true;
	case INSN_CLREX:
		ir_append(l->block, IR_CLREX);
		return true;
	case INSN_SWP:
	case INSN_SWPB:
		lift_swp(l, insn);
		return true;
	case INSN_PLD:
	case INSN_PLDW:
	case INSN_PLI:
		return true;
	default:
		return false;
	}
}
