#include "base/base.h"
#include "translator/ir/interp.h"

#include <string.h>

#include "base/bits.h"
#include "cpu/cpu.h"
#include "cpu/simd.h"
#include "mmu/mmu.h"
#include "translator/ir/eval.h"
#include "translator/ir/interp_private.h"
#include "translator/run/helpers.h"

/* fdef to the bits of cpu->nzcv. */
static const uint16_t nzcv_mask[16] = {
#define M(f) [f] = ((f) & IR_N ? NZCV_N : 0) | ((f) & IR_Z ? NZCV_Z : 0) | ((f) & IR_C ? NZCV_C : 0) | ((f) & IR_V ? NZCV_V : 0)
	M(0), M(1), M(2), M(3), M(4), M(5), M(6), M(7), M(8), M(9), M(10), M(11), M(12), M(13), M(14), M(15),
#undef M
};

void interp_prepare(struct ir_insn *ops, unsigned count)
{
	uint16_t counts[IR_MAX_OPS];
	uint16_t bound[IR_MAX_OPS];

	ir_count_insns(ops, count, counts);
	for (unsigned i = count; i-- > 0;) {
		switch (ops[i].op) {
		case IR_LABEL:
			bound[ops[i].imm] = (uint16_t)i;
			ops[i].imm2 = counts[i];
			break;
		case IR_BR: case IR_BRC: case IR_BRZ: case IR_BRNZ:
			ops[i].imm2 = bound[ops[i].imm];
			break;
		}
	}
}

static void set_flags(struct interp *in, const struct ir_insn *op, uint32_t nzcv)
{
	uint32_t mask = nzcv_mask[op->fdef];

	in->cpu->nzcv = (in->cpu->nzcv & ~mask) | (nzcv & mask);
}

static uint32_t nz(uint32_t result)
{
	return (result >> 31 ? NZCV_N : 0) | (result ? 0 : NZCV_Z);
}

static inline uint32_t carry(const struct interp *in)
{
	return in->cpu->nzcv & NZCV_C ? 1 : 0;
}

/* AddWithCarry() (A2.2.1). */
static uint32_t add(struct interp *in, const struct ir_insn *op, uint32_t x, uint32_t y, uint32_t c)
{
	uint64_t sum = (uint64_t)x + y + c;
	uint32_t result = (uint32_t)sum;

	if (op->fdef)
		set_flags(in, op, nz(result) | (sum >> 32 ? NZCV_C : 0) | ((~(x ^ y) & (x ^ result)) >> 31 ? NZCV_V : 0));
	return result;
}

static uint32_t logical(struct interp *in, const struct ir_insn *op, uint32_t result)
{
	if (op->fdef)
		set_flags(in, op, nz(result));
	return result;
}

/* Shift_C() (A8.4.3) for counts of 0-255. */
static uint32_t shift(struct interp *in, const struct ir_insn *op, uint32_t x, uint32_t n)
{
	uint32_t result = x, c = carry(in);

	n &= 0xff;
	if (n) {
		switch (op->op) {
		case IR_LSL:
			result = n < 32 ? x << n : 0;
			c = n <= 32 ? x >> (32 - n) & 1 : 0;
			break;
		case IR_LSR:
			result = n < 32 ? x >> n : 0;
			c = n <= 32 ? x >> (n - 1) & 1 : 0;
			break;
		case IR_ASR:
			result = (uint32_t)((int32_t)x >> MIN(n, 31u));
			c = (uint32_t)((int32_t)x >> MIN(n - 1, 31u)) & 1;
			break;
		default:
			result = ror32(x, n);
			c = result >> 31;
			break;
		}
	}
	if (op->fdef)
		set_flags(in, op, nz(result) | (c ? NZCV_C : 0));
	return result;
}

static uint32_t rrx(struct interp *in, const struct ir_insn *op, uint32_t x)
{
	uint32_t result = carry(in) << 31 | x >> 1;

	if (op->fdef)
		set_flags(in, op, nz(result) | (x & 1 ? NZCV_C : 0));
	return result;
}

static void long_multiply(struct interp *in, const struct ir_insn *op)
{
	uint32_t a = interp_get(in, op, op->a), b = interp_get(in, op, op->b);
	uint64_t product = (uint64_t)a * b;

	if (op->op == IR_SMULL || op->op == IR_SMLAL)
		product = (uint64_t)((int64_t)(int32_t)a * (int32_t)b);
	if (op->op == IR_UMLAL || op->op == IR_SMLAL)
		product += (uint64_t)interp_get(in, op, op->dst2) << 32 | interp_get(in, op, op->dst);
	interp_set(in, op->dst, (uint32_t)product);
	interp_set(in, op->dst2, (uint32_t)(product >> 32));
}

/* What computes one result from a and b, flags and all. */
static uint32_t compute(struct interp *in, const struct ir_insn *op, uint32_t a, uint32_t b)
{
	uint32_t result = 0;

	switch (op->op) {
	case IR_MOV:
		return logical(in, op, a);
	case IR_ADD: case IR_CMN:
		return add(in, op, a, b, 0);
	case IR_ADC:
		return add(in, op, a, b, carry(in));
	case IR_SUB: case IR_CMP:
		return add(in, op, a, ~b, 1);
	case IR_SBC:
		return add(in, op, a, ~b, carry(in));
	case IR_AND: case IR_TST:
		return logical(in, op, a & b);
	case IR_TEQ:
		return logical(in, op, a ^ b);
	case IR_LSL: case IR_LSR: case IR_ASR: case IR_ROR:
		return shift(in, op, a, b);
	case IR_RRX:
		return rrx(in, op, a);
	case IR_SELECT:
		return cpu_condition(in->cpu->nzcv, op->cond) ? a : b;
	case IR_SETCOND:
		return cpu_condition(in->cpu->nzcv, op->cond);
	default:
		ir_eval(op, a, b, &result);
		return logical(in, op, result);
	}
}

/* Leaves: counts, and sets where to go on. */
static enum x64_exit leave(struct interp *in, uint32_t pc, unsigned insns, enum x64_exit why)
{
	in->cpu->r[15] = pc;
	in->cpu->countdown -= (int32_t)insns;
	return why;
}

static enum x64_exit leave_raised(struct interp *in)
{
	in->cpu->it = in->it;
	return leave(in, in->pc, in->insns - 1, X64_EXIT_RAISE);
}

static void set_thumb(struct cpu *cpu, bool thumb)
{
	cpu->cpsr = thumb ? cpu->cpsr | CPSR_T : cpu->cpsr & ~CPSR_T;
}

static enum x64_exit exit_indirect(struct interp *in, const struct ir_insn *op)
{
	struct cpu *cpu = in->cpu;
	uint32_t target = interp_get(in, op, op->a);

	cpu->it = 0;
	if (op->imm & 1)
		set_thumb(cpu, target & 1);
	leave(in, target & (cpu->cpsr & CPSR_T ? ~1u : ~3u), in->insns, X64_EXIT_LOOKUP);
	return cpu->countdown < 0 ? X64_EXIT_CHECK : X64_EXIT_LOOKUP;
}

/* The ops that end a path. */
static enum x64_exit end(struct interp *in, const struct ir_insn *op)
{
	struct cpu *cpu = in->cpu;

	switch (op->op) {
	case IR_EXIT:
		cpu->it = 0;
		set_thumb(cpu, op->imm2 & 1);
		leave(in, op->imm, in->insns, X64_EXIT_LOOKUP);
		return op->imm <= in->pc && cpu->countdown < 0 ? X64_EXIT_CHECK : X64_EXIT_LOOKUP;
	case IR_EXIT_IND:
		return exit_indirect(in, op);
	case IR_EXIT_STATE:
		return leave(in, cpu->r[15], in->insns, X64_EXIT_STATE);
	case IR_EXIT_NEXT:
		cpu->it = op->imm2;
		return leave(in, op->imm, in->insns, X64_EXIT_STATE);
	case IR_EXCEPTION:
		cpu->it = in->it;
		cpu->exit_arg[0] = op->imm;
		cpu->exit_arg[1] = op->imm2;
		return leave(in, in->pc, in->insns - 1, X64_EXIT_EXCEPTION);
	default: /* IR_WFI */
		cpu->it = 0;
		return leave(in, op->imm, in->insns, X64_EXIT_WFI);
	}
}

/* Returns false when the helper raised, or may not run in a dry run. */
static bool call(struct interp *in, const struct ir_insn *op)
{
	const struct helper_info *helper = &helper_info[op->imm];
	struct cpu *cpu = in->cpu;
	uint32_t result;

	if (in->journal && helper->attr & (HELPER_FAULT | HELPER_STATE)) {
		in->journal->failed = true;
		return false;
	}
	cpu->r[15] = in->pc;
	if (helper->attr & (HELPER_REGS | HELPER_FAULT | HELPER_STATE))
		cpu->it = in->it;
	cpu->exit_arg[0] = RAISE_NONE;
	result = helper->fn(cpu, op->a == IR_NONE ? 0 : interp_get(in, op, op->a), op->b == IR_NONE ? 0 : interp_get(in, op, op->b),
	                    op->c == IR_NONE ? 0 : interp_get(in, op, op->c));
	if (helper->attr & HELPER_FAULT && cpu->exit_arg[0])
		return false;
	if (op->dst != IR_NONE)
		interp_set(in, op->dst, result);
	return true;
}

static void cpu_field(struct interp *in, const struct ir_insn *op)
{
	char *base = (char *)in->cpu;
	uint32_t value;

	if (op->op == IR_LDCPU) {
		memcpy(&value, base + op->imm, 4);
		interp_set(in, op->dst, value);
	} else {
		value = interp_get(in, op, op->a);
		memcpy(base + op->imm2, &value, 4);
	}
}

/* Everything that neither computes from operands nor ends a path. Returns false when it raised. */
static bool special(struct interp *in, const struct ir_insn *op)
{
	struct cpu *cpu = in->cpu;

	switch (op->op) {
	case IR_LD: case IR_LDF: case IR_LDREX:
		return interp_load(in, op);
	case IR_ST: case IR_STF: case IR_STREX:
		return interp_store_op(in, op);
	case IR_CALL:
		return call(in, op);
	case IR_SIMD:
		simd_info[op->imm].fn(cpu, op->imm2);
		return true;
	case IR_FPCHECK:
		cpu->exit_arg[0] = RAISE_UNDEF;
		return cpu_fp_access(cpu) & op->imm; /* not the field: -verify shows when that is stale */
	case IR_LDCPU: case IR_STCPU:
		cpu_field(in, op);
		return true;
	case IR_CLREX:
		cpu->exclusive.place = 0;
		return true;
	case IR_UMULL: case IR_SMULL: case IR_UMLAL: case IR_SMLAL:
		long_multiply(in, op);
		return true;
	case IR_SETC:
		set_flags(in, op, op->imm ? NZCV_C : 0);
		return true;
	case IR_GETNZCV:
		interp_set(in, op->dst, nzcv_to_cpsr(cpu->nzcv));
		return true;
	default: /* IR_SETNZCV */
		set_flags(in, op, nzcv_from_cpsr(interp_get(in, op, op->a)));
		return true;
	}
}

enum x64_exit interp_run(struct cpu *cpu, const struct ir_insn *ops, struct interp_journal *journal)
{
	struct interp in; /* tmp[] is large: each is defined before it is used */

	in.cpu = cpu;
	in.journal = journal;
	in.pc = in.it = in.insns = 0;
	for (const struct ir_insn *op = ops;; op++) {
		switch (op->op) {
		case IR_INSN:
			in.pc = op->imm;
			in.it = op->imm2 >> 8;
			in.insns++;
			break;
		case IR_LABEL:
			in.insns = op->imm2;
			break;
		case IR_BRC:
			if (cpu_condition(cpu->nzcv, op->cond))
				op = &ops[op->imm2 - 1]; /* the loop goes on to the label */
			break;
		case IR_BR:
			op = &ops[op->imm2 - 1];
			break;
		case IR_BRZ: case IR_BRNZ:
			if ((interp_get(&in, op, op->a) == 0) == (op->op == IR_BRZ))
				op = &ops[op->imm2 - 1];
			break;
		case IR_POLL:
			if (atomic_load_explicit(&cpu->attention, memory_order_relaxed)) {
				cpu->it = 0;
				return leave(&in, op->imm, in.insns, X64_EXIT_CHECK);
			}
			break;
		case IR_CMP: case IR_CMN: case IR_TST: case IR_TEQ:
			compute(&in, op, interp_get(&in, op, op->a), interp_get(&in, op, op->b));
			break;
		case IR_EXIT: case IR_EXIT_IND: case IR_EXIT_STATE: case IR_EXIT_NEXT: case IR_EXCEPTION: case IR_WFI:
			return end(&in, op);
		case IR_UMULL: case IR_SMULL: case IR_UMLAL: case IR_SMLAL: case IR_SETC: case IR_GETNZCV: case IR_SETNZCV:
		case IR_LD: case IR_ST: case IR_LDF: case IR_STF: case IR_LDREX: case IR_STREX: case IR_CLREX:
		case IR_LDCPU: case IR_STCPU: case IR_CALL: case IR_SIMD: case IR_FPCHECK:
			if (!special(&in, op))
				return leave_raised(&in);
			break;
		default:
			interp_set(&in, op->dst, compute(&in, op, op->a == IR_NONE ? 0 : interp_get(&in, op, op->a),
			                                 op->b == IR_NONE ? 0 : interp_get(&in, op, op->b)));
			break;
		}
	}
}
