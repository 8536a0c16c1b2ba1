/*
 * lift_block.c - the decode loop: one block from one page, in runs of common instructions (lift_run.c) and one by one.
 *
 * Conditions and IT blocks become a forward branch over the instruction. Neighbours under the same condition share the branch as
 * long as none of them may have changed the flags.
 */
#include "base/base.h"
#include "translator/lift/lift.h"

#include <string.h>

#include "translator/lift/lift_emit.h"
#include "translator/lift/lift_run.h"

/* Room that any single instruction fits in. */
#define TMPS_RESERVE 128

/*
 * Reads the instruction at l->pc. Returns 1; 0: it lies (or ends) outside of the page; -1: as lift_block().
 * Instructions are little endian whatever CPSR.E says (BE-8, A3.3.1).
 */
static int fetch(struct lift *l, const struct lift_source *source, uint32_t *bits, struct lift_result *result)
{
	uint32_t offset = l->pc - source->page;
	const uint8_t *bytes, *more;

	if (offset >= GUEST_PAGE_SIZE)
		return 0;
	bytes = source->bytes + offset;
	if (!l->thumb) {
		*bits = lift_read32(bytes);
		return 1;
	}
	*bits = lift_read16(bytes) << 16;
	if (!t32_is_wide((uint16_t)(*bits >> 16)))
		return 1;
	if (offset < GUEST_PAGE_SIZE - 2) {
		*bits |= lift_read16(bytes + 2);
		return 1;
	}
	if (l->insns > 0)
		return 0;
	if (source->next_page(source->opaque, &more) < 0)
		return -1;
	*bits |= lift_read16(more);
	result->straddles = true;
	return 1;
}

void lift_close_condition(struct lift *l)
{
	if (l->skip == LIFT_NO_LABEL)
		return;
	lift_label(l, l->skip);
	l->skip = LIFT_NO_LABEL;
	l->fp_checked &= l->fp_checked_skip;
}

static void open_condition(struct lift *l, unsigned cond)
{
	struct ir_insn *brc;

	l->skip = ir_label(l->block);
	l->skip_cond = (uint8_t)cond;
	l->fp_checked_skip = l->fp_checked;
	brc = ir_append(l->block, IR_BRC);
	brc->cond = (uint8_t)(cond ^ 1);
	brc->fuse = ir_cond_flags(cond ^ 1);
	brc->imm = l->skip;
}

/* True when the ops from @from on may have changed flags. */
static bool flags_changed(const struct ir_block *block, unsigned from)
{
	for (unsigned i = from; i < block->count; i++)
		if (block->ops[i].fdef || block->ops[i].op == IR_CALL || block->ops[i].op == IR_SIMD)
			return true;
	return false;
}

static bool path_ended(const struct lift *l)
{
	return ir_ends(l->block->ops[l->block->count - 1].op); /* the instruction's marker is there at least */
}

static void mark(struct lift *l)
{
	struct ir_insn *insn = ir_append_in_room(l->block, IR_INSN);

	insn->imm = l->pc;
	insn->imm2 = l->it << 8 | l->size;
}

/* FPEXC.EN does not matter to these when privileged (B4.1.57); they check CPACR themselves. */
static bool is_fp_system(const struct insn *insn)
{
	return (insn->op == INSN_VMRS || insn->op == INSN_VMSR) && insn->imm != 1;
}

/* Advanced SIMD alone, not in VFP: what CPACR.ASEDIS switches off (B4.1.40). */
static bool is_simd_only(const struct insn *insn)
{
	if (insn->op == INSN_VDUP_R || ((insn->op == INSN_VMOV_LANE_R || insn->op == INSN_VMOV_R_LANE) && insn->vsize < 2))
		return true;
	return insn->row != DECODE_NO_ROW && decode_row(insn->row)->table == TABLE_NEON;
}

/* A VFP instruction that uses D16-D31: what CPACR.D32DIS switches off (Cortex-A9 TRM, CPACR). vsize says what is a double; numbers of singles do not count. */
static bool uses_d16(const struct insn *insn)
{
	bool d = insn->vsize == 3, n = d, m = d;

	if (insn->row == DECODE_NO_ROW || decode_row(insn->row)->table != TABLE_VFP)
		return false;
	switch (insn->op) {
	case INSN_VLDM: case INSN_VSTM:
		return d && insn->vd + insn->vregs > 16;
	case INSN_VFP_CVT_F64_F32:
		d = true;
		break;
	case INSN_VFP_CVT_F32_F64: case INSN_VFP_CVT_INT_F:
		d = false;
		break;
	case INSN_VFP_CVT_F_INT:
		m = false;
		break;
	case INSN_VMOV_LANE_R: case INSN_VDUP_R:
		d = true;
		break;
	case INSN_VMOV_R_LANE:
		n = true;
		break;
	default:
		break;
	}
	return ((d ? insn->vd : 0) | (n ? insn->vn : 0) | (m ? insn->vm : 0)) & 16;
}

/* FPEXC.EN and CPACR: looked at by the first instruction on each path, which takes the exception. */
static void check_fp(struct lift *l, const struct insn *insn)
{
	if (is_fp_system(insn)) {
		if (lift_privileged(l))
			ir_append(l->block, IR_FPCHECK)->imm = FP_MAY_PRIV;
		return;
	}
	if (!l->fp_checked)
		ir_append(l->block, IR_FPCHECK)->imm = lift_privileged(l) ? FP_ON_PRIV : FP_ON_USER;
	l->fp_checked = true;
}

static bool lift_fp_checked(struct lift *l, const struct insn *insn)
{
	if ((l->key & KEY_NOSIMD && is_simd_only(insn)) || (l->key & KEY_NOD32 && uses_d16(insn)))
		return false;
	if (is_fp_system(insn))
		lift_sensitive(l, SENSITIVE_FP_SYSTEM);
	check_fp(l, insn);
	return lift_fp(l, insn);
}

/* Who lifts a meaning, by the groups of insn_ops.def; each looks closer. VFP and Advanced SIMD stand behind all others. */
static bool (*const parts[INSN_OP_COUNT])(struct lift *l, const struct insn *insn) = {
	[INSN_ADR ... INSN_MOVT] = lift_data_other,
	[INSN_MUL ... INSN_UDIV] = lift_multiply,
	[INSN_QADD ... INSN_REVSH] = lift_media,
	[INSN_LDR ... INSN_LDRSH] = lift_single,
	[INSN_LDRD ... INSN_PLI] = lift_memory,
	[INSN_B ... INSN_IT] = lift_branch,
	[INSN_SVC ... INSN_SRS] = lift_system,
	[INSN_SUBS_PC_LR] = lift_data_other,
	[INSN_ERET ... INSN_CHKA] = lift_system,
	[INSN_CHKA + 1 ... INSN_OP_COUNT - 1] = lift_fp_checked,
};

static inline void lift_one(struct lift *l, const struct insn *insn)
{
	if (unlikely(insn->status == INSN_UNDEFINED))
		lift_undefined(l);
	else if (insn->op <= INSN_ORN)
		lift_data(l, insn);
	else if (!parts[insn->op](l, insn))
		lift_undefined(l);
}

/* A conditional move becomes a select, which needs no branch. Returns false when @insn is none. */
static bool lift_select(struct lift *l, const struct insn *insn, unsigned cond)
{
	bool imm = insn->operand == OPERAND_IMM;
	bool reg = insn->operand == OPERAND_REG && insn->shift != SHIFT_RRX && insn->shift_n == 0 && insn->rm != 15;
	struct ir_insn *op;

	if (insn->status != INSN_OK || insn->setflags || insn->rd == 15 || !(insn->op == INSN_MOV && (imm || reg)))
		return false;
	op = ir_append(l->block, IR_SELECT);
	op->cond = (uint8_t)cond;
	op->fuse = ir_cond_flags(cond);
	op->dst = insn->rd;
	op->a = imm ? IR_IMM : insn->rm;
	op->imm = imm ? insn->imm : 0;
	op->b = insn->rd;
	return true;
}

/* The condition under which @insn runs in an IT block, and what else that changes. */
static unsigned condition_in_it(const struct lift *l, struct insn *insn)
{
	if (insn->set_unless_it)
		insn->setflags = false;
	return insn->op == INSN_BKPT ? INSN_COND_AL : MIN(l->it >> 4, (uint32_t)INSN_COND_AL);
}

/* An instruction with a condition, which its neighbours before may have opened. */
static __attribute__((noinline)) void lift_conditional(struct lift *l, const struct insn *insn, unsigned cond)
{
	unsigned from = l->block->count;

	if (l->skip == LIFT_NO_LABEL) {
		if (lift_select(l, insn, cond))
			return;
		open_condition(l, cond);
		from = l->block->count;
	}
	lift_one(l, insn);
	if (path_ended(l) || l->done || flags_changed(l->block, from))
		lift_close_condition(l);
}

static inline void lift_instruction(struct lift *l, uint32_t bits)
{
	struct insn insn;
	unsigned cond;
	bool in_it;

	decode(l->thumb ? SET_T32 : SET_A32, bits, &insn);
	l->size = insn.size;
	l->end = l->next = l->pc + insn.size;
	l->insns++;

	cond = insn.cond;
	in_it = lift_in_it(l);
	if (in_it)
		cond = condition_in_it(l, &insn);
	if (l->skip != LIFT_NO_LABEL && l->skip_cond != cond)
		lift_close_condition(l);
	mark(l);
	/* Exits leave IT 0 in the key; within the block the markers carry ITSTATE. */
	if (unlikely(l->it) && l->insns == 1)
		lift_stcpu(l, operand_imm(0), offsetof(struct cpu, it));
	if (likely(cond == INSN_COND_AL)) {
		lift_one(l, &insn);
		/* Data processing ends blocks by results for r15 only. */
		if ((insn.op > INSN_ORN || insn.rd == 15 || insn.status == INSN_UNDEFINED) && path_ended(l))
			l->done = true;
	} else {
		lift_conditional(l, &insn, cond);
	}
	if (in_it)
		l->it = lift_it_next(l->it);
}

/* The block stops before l->next. */
static void leave(struct lift *l)
{
	struct ir_insn *insn;

	lift_close_condition(l);
	if (path_ended(l))
		return;
	if (!l->it) {
		lift_exit(l, l->next, l->thumb);
		return;
	}
	insn = ir_append(l->block, IR_EXIT_NEXT);
	insn->imm = l->next;
	insn->imm2 = l->it;
}

static inline bool full(const struct lift *l, unsigned max_insns)
{
	/* Temporaries are not more than twice as many as ops. */
	return l->insns >= max_insns || (unlikely(l->block->count > (IR_MAX_TMPS - TMPS_RESERVE) / 2) &&
	                                 (l->block->count > IR_MAX_OPS - LIFT_OPS_RESERVE || l->block->tmps > IR_MAX_TMPS - TMPS_RESERVE));
}

static int lift_upto(struct lift *l, const struct lift_source *source, unsigned max_insns, struct lift_result *result)
{
	uint32_t bits;

	while (!l->done && !full(l, max_insns)) {
		int got;

		if (l->thumb ? lift_run_thumb(l, source, max_insns) : lift_run(l, source, max_insns))
			continue;
		got = fetch(l, source, &bits, result);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		lift_instruction(l, bits);
		l->pc = l->next;
	}
	leave(l);
	return 0;
}

int lift_block(struct cpu *cpu, const struct lift_source *source, const struct lift_options *options, struct ir_block *block,
               struct lift_result *result)
{
	unsigned max_insns = MIN(options->max_insns, LIFT_MAX_INSNS);
	gva_t pc = block->pc;
	uint32_t key = block->key;
	int status;

	BUG_ON(!max_insns || ((pc ^ source->page) & ~GUEST_PAGE_MASK));
	for (;; max_insns /= 2) {
		struct lift l = {
			.cpu = cpu,
			.block = block,
			.options = options,
			.pc = pc & (key & KEY_T ? ~1u : ~3u),
			.key = key,
			.it = key >> KEY_IT_SHIFT & 0xff,
			.endian = key & KEY_E ? ACCESS_BE : 0,
			.thumb = key & KEY_T,
			.skip = LIFT_NO_LABEL,
			.exit_to = UINT32_MAX,
		};

		l.next = l.end = l.pc;
		*result = (struct lift_result){ .first = (uint16_t)(l.pc - source->page) };
		status = lift_upto(&l, source, max_insns, result);
		result->last = (uint16_t)MIN(l.end - source->page, GUEST_PAGE_SIZE);
		result->insns = l.insns;
		block->exits_leave = l.exit_to > l.end - 1;
		block->guest_insns = l.insns;
		block->guest_bytes = (uint32_t)(result->last - result->first) + (result->straddles ? 2 : 0);
		if (!block->overflow)
			return status;
		BUG_ON(max_insns == 1);
		ir_block_init(block, pc, key);
	}
}
