/*
 * verify.c - the rules of ir.h and ir_ops.def as checks.
 *
 * One pass in program order suffices since control goes forward only. A temporary is known by the op that defined it last, a label by the first
 * branch to it: what was defined between these two is not defined on all paths.
 */
#include "base/base.h"
#include "translator/ir/ir.h"

#include "cpu/cpu.h"
#include "cpu/simd.h"
#include "mmu/mmu.h"
#include "translator/run/helpers.h"

#define UNSEEN 0xffff

struct verifier {
	const struct ir_block *block;
	uint16_t tmp_defined[IR_MAX_TMPS]; /* op; UNSEEN: not on this path */
	uint16_t branch[IR_MAX_OPS];       /* by label: the first branch to it, UNSEEN */
	uint16_t bound[IR_MAX_OPS];        /* by label: where */
	bool reached;                      /* control can come here from the op before */
};

static const char *check_tmp(const struct verifier *v, ir_ref ref)
{
	if (ref - IR_TMP0 >= v->block->tmps)
		return "a temporary beyond those allocated";
	return NULL;
}

static const char *check_result(const struct verifier *v, char letter, ir_ref ref)
{
	if (letter == 'o' && ref == IR_NONE)
		return NULL;
	if (IR_IS_TMP(ref))
		return check_tmp(v, ref);
	return IR_IS_REG(ref) ? NULL : "a result that is neither register nor temporary";
}

static const char *check_source(const struct verifier *v, char letter, ir_ref ref)
{
	if (letter == 'q' && ref == IR_NONE)
		return NULL;
	if (IR_IS_TMP(ref)) {
		const char *wrong = check_tmp(v, ref);

		if (wrong)
			return wrong;
		return v->tmp_defined[ref - IR_TMP0] == UNSEEN ? "a temporary that is not defined on every path" : NULL;
	}
	if (ref == IR_IMM)
		return letter == 'v' ? NULL : "an immediate where the op takes none";
	return IR_IS_REG(ref) ? NULL : "an operand that is neither register, temporary nor immediate";
}

static const char *check_operand(const struct verifier *v, const struct ir_insn *insn, char letter, ir_ref ref, bool result)
{
	unsigned limit;

	switch (letter) {
	case '-':
		return ref == IR_NONE ? NULL : "an operand that the op does not have";
	case 'f':
		limit = (insn->mem & ACCESS_SIZE_MASK) == 3 ? 32 : 64;
		return ref < limit ? NULL : "no such VFP register";
	default:
		return result ? check_result(v, letter, ref) : check_source(v, letter, ref);
	}
}

static const char *check_operands(const struct verifier *v, const struct ir_insn *insn)
{
	const char *letters = ir_op_info[insn->op].operands;
	const ir_ref refs[5] = { insn->dst, insn->dst2, insn->a, insn->b, insn->c };
	unsigned immediates = 0;

	for (unsigned i = 0; i < 5; i++) {
		const char *wrong = check_operand(v, insn, letters[i], refs[i], i < 2);

		if (wrong)
			return wrong;
		immediates += letters[i] == 'v' && refs[i] == IR_IMM;
	}
	if (immediates > 1)
		return "two immediate operands";
	if (letters[5] == '-' && !immediates && insn->imm)
		return "imm is set but not used";
	if (letters[6] == '-' && insn->imm2)
		return "imm2 is set but not used";
	if (insn->dst != IR_NONE && insn->dst == insn->dst2)
		return "both results in one place";
	if (insn->op == IR_UMLAL || insn->op == IR_SMLAL) {
		const char *wrong = check_source(v, 'r', insn->dst);

		return wrong ? wrong : check_source(v, 'r', insn->dst2);
	}
	return NULL;
}

static bool is_shift(unsigned op)
{
	return op == IR_LSL || op == IR_LSR || op == IR_ASR || op == IR_ROR;
}

static bool has_cond(unsigned op)
{
	return op == IR_BRC || op == IR_SELECT || op == IR_SETCOND;
}

static const char *check_flags(const struct ir_insn *insn)
{
	const struct ir_op_info *info = &ir_op_info[insn->op];
	uint8_t uses = info->fuse_always;

	if (insn->fdef & ~info->fdef_may)
		return "defines flags that the op cannot define";
	if (has_cond(insn->op)) {
		if (insn->cond > 13)
			return "no condition";
		uses = ir_cond_flags(insn->cond);
	} else if (insn->cond) {
		return "a condition on an op that has none";
	}
	if (is_shift(insn->op) && insn->fdef & IR_C && (insn->b != IR_IMM || insn->imm == 0))
		uses |= IR_C; /* C survives a count of 0 */
	return insn->fuse == uses ? NULL : "the flags used are not those of the op";
}

static const char *check_mem(const struct ir_insn *insn)
{
	unsigned size = insn->mem & ACCESS_SIZE_MASK;

	if (!(ir_op_info[insn->op].attr & IRA_MEM))
		return insn->mem || insn->group ? "access flags on an op that is no access" : NULL;
	if (insn->mem > 0x7f)
		return "unknown access flags";
	if ((insn->op == IR_LD || insn->op == IR_ST) && size == 3)
		return "an 8-byte access to a 4-byte register";
	if ((insn->op == IR_LDF || insn->op == IR_STF) && size < 2)
		return "a VFP access of less than 4 bytes";
	if (insn->mem & ACCESS_SIGNED && (insn->op != IR_LD || size > 1))
		return "a sign-extending access that is not a short load";
	if (insn->op == IR_LDREX && (size == 3) != (insn->dst2 != IR_NONE))
		return "LDREXD, and only it, has two results";
	if (insn->op == IR_STREX && (size == 3) != (insn->c != IR_NONE))
		return "STREXD, and only it, has two values";
	return NULL;
}

static bool is_load(unsigned op)
{
	return op == IR_LD || op == IR_LDF;
}

/* @insn heads a group of insn->group accesses. */
static const char *check_group(const struct ir_block *block, unsigned at)
{
	const struct ir_insn *head = &block->ops[at];
	int64_t low = INT32_MAX, high = INT32_MIN;

	if (head->group < 2 || head->group > IR_GROUP_MAX || head->group > block->count - at)
		return "a group of impossible length";
	for (unsigned i = 0; i < head->group; i++) {
		const struct ir_insn *member = &block->ops[at + i];
		int64_t offset = (int32_t)member->imm2;

		if (member->op != IR_LD && member->op != IR_ST && member->op != IR_LDF && member->op != IR_STF)
			return "a group with something else in it";
		if (i && member->group != IR_GROUP_MEMBER)
			return "a group that is shorter than its length";
		if (is_load(member->op) != is_load(head->op) || (member->mem ^ head->mem) & ACCESS_USER)
			return "a group of unlike accesses";
		if (member->a != head->a || member->a == IR_IMM)
			return "a group without common base";
		if (i + 1 < head->group && member->op == IR_LD && member->dst == head->a)
			return "a group whose base changes";
		low = MIN(low, offset);
		high = MAX(high, offset + (1 << (member->mem & ACCESS_SIZE_MASK)));
	}
	return high - low > IR_GROUP_SPAN ? "a group that spans too much" : NULL;
}

static const char *check_groups(const struct ir_block *block, unsigned at)
{
	const struct ir_insn *insn = &block->ops[at];
	unsigned head = at;

	if (insn->group == 0)
		return NULL;
	if (insn->group != IR_GROUP_MEMBER)
		return check_group(block, at);
	while (head > 0 && block->ops[head].group == IR_GROUP_MEMBER)
		head--;
	return block->ops[head].group > at - head && block->ops[head].group != IR_GROUP_MEMBER ? NULL : "a group member without group";
}

static const char *check_params(const struct ir_insn *insn)
{
	unsigned size;

	switch (insn->op) {
	case IR_INSN:
		size = insn->imm2 & 0xff;
		return (size != 2 && size != 4) || insn->imm2 >> 16 ? "no such instruction size or ITSTATE" : NULL;
	case IR_LSL: case IR_LSR: case IR_ASR: case IR_ROR:
		return insn->b == IR_IMM && insn->imm > (insn->op == IR_ROR ? 31 : 32) ? "a shift count out of range" : NULL;
	case IR_SETC:
		return insn->imm > 1 ? "C is 0 or 1" : NULL;
	case IR_UBFX: case IR_SBFX: case IR_BFI:
		return insn->imm > 31 || insn->imm2 < 1 || insn->imm2 > 32 - insn->imm ? "a bit field out of range" : NULL;
	case IR_CALL:
		return insn->imm + 1ull > HELPER_COUNT ? "no such helper" : NULL;
	case IR_SIMD:
		return insn->imm + 1ull > SIMD_OP_COUNT ? "no such SIMD operation" : NULL;
	case IR_FPCHECK:
		return !insn->imm || insn->imm & (insn->imm - 1) || insn->imm > FP_MAY_PRIV ? "not one bit of fp_access" : NULL;
	case IR_EXIT:
		return insn->imm2 > 3 || insn->imm & (insn->imm2 & EXIT_THUMB ? 1 : 3) ? "an exit to an unaligned PC or unknown state" : NULL;
	case IR_EXIT_IND:
		return insn->imm > 7 ? "unknown hints" : NULL;
	case IR_EXIT_NEXT:
		return insn->imm2 > 0xff ? "no ITSTATE" : NULL;
	case IR_EXCEPTION:
		return insn->imm > 7 ? "no such exception" : NULL;
	default:
		return NULL;
	}
}

/* Labels and reachability. */
static const char *check_control(struct verifier *v, unsigned at)
{
	const struct ir_insn *insn = &v->block->ops[at];

	if (insn->op == IR_LABEL) {
		if (insn->imm >= v->block->labels)
			return "a label beyond those allocated";
		if (v->bound[insn->imm] != UNSEEN)
			return "a label bound twice";
		v->bound[insn->imm] = (uint16_t)at;
		if (!v->reached && v->branch[insn->imm] == UNSEEN)
			return "code that nothing reaches";
		for (unsigned t = 0; t < v->block->tmps; t++)
			if (v->branch[insn->imm] != UNSEEN && v->tmp_defined[t] != UNSEEN && v->tmp_defined[t] > v->branch[insn->imm])
				v->tmp_defined[t] = UNSEEN;
		v->reached = true;
		return NULL;
	}
	if (!v->reached)
		return at == 0 ? "the first op is no insn" : "code that nothing reaches";
	if (insn->op == IR_BRC || insn->op == IR_BR || insn->op == IR_BRZ || insn->op == IR_BRNZ) {
		if (insn->imm >= v->block->labels)
			return "a branch to a label beyond those allocated";
		if (v->bound[insn->imm] != UNSEEN)
			return "a branch backward";
		if (v->branch[insn->imm] == UNSEEN)
			v->branch[insn->imm] = (uint16_t)at;
	}
	if (insn->op == IR_BR || ir_op_info[insn->op].attr & IRA_END)
		v->reached = false;
	return NULL;
}

static const char *check_insn(struct verifier *v, unsigned at)
{
	const struct ir_insn *insn = &v->block->ops[at];
	const char *wrong;

	if (insn->op >= IR_OP_COUNT)
		return "no such op";
	if (at == 0 && insn->op != IR_INSN)
		return "the first op is no insn";
	if ((wrong = check_control(v, at)) || (wrong = check_operands(v, insn)) || (wrong = check_flags(insn)) ||
	    (wrong = check_mem(insn)) || (wrong = check_params(insn)) || (wrong = check_groups(v->block, at)))
		return wrong;
	if (IR_IS_TMP(insn->dst) && ir_op_info[insn->op].operands[0] != 'f')
		v->tmp_defined[insn->dst - IR_TMP0] = (uint16_t)at;
	if (IR_IS_TMP(insn->dst2))
		v->tmp_defined[insn->dst2 - IR_TMP0] = (uint16_t)at;
	return NULL;
}

const char *ir_verify(const struct ir_block *block, unsigned *at)
{
	struct verifier v = { .block = block, .reached = true };

	*at = 0;
	if (block->overflow)
		return "the block has overflowed";
	if (block->count == 0 || block->count > IR_MAX_OPS || block->tmps > IR_MAX_TMPS || block->labels > IR_MAX_OPS)
		return "an empty block or impossible counts";
	for (unsigned i = 0; i < IR_MAX_TMPS; i++)
		v.tmp_defined[i] = UNSEEN;
	for (unsigned i = 0; i < IR_MAX_OPS; i++)
		v.branch[i] = v.bound[i] = UNSEEN;
	for (unsigned i = 0; i < block->count; i++) {
		const char *wrong = check_insn(&v, i);

		*at = i;
		if (wrong)
			return wrong;
	}
	if (v.reached)
		return "a path without end";
	for (unsigned i = 0; i < block->count; i++) {
		const struct ir_insn *insn = &block->ops[i];

		*at = i;
		if ((insn->op == IR_BRC || insn->op == IR_BR || insn->op == IR_BRZ || insn->op == IR_BRNZ) && v.bound[insn->imm] == UNSEEN)
			return "a branch to a label that is not bound";
	}
	return NULL;
}
