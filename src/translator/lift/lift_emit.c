/* lift_emit.c - writing IR; see lift_emit.h. */
#include "base/base.h"
#include "translator/lift/lift_emit.h"

#include "base/log.h"

uint32_t lift_it_next(uint32_t it)
{
	return it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
}

ir_ref lift_ref(struct lift *l, struct operand o)
{
	ir_ref tmp;

	if (!operand_is_imm(o))
		return o.ref;
	tmp = ir_tmp(l->block);
	lift_mov(l, tmp, o);
	return tmp;
}

ir_ref lift_reg(struct lift *l, unsigned n)
{
	return lift_ref(l, lift_operand(l, n));
}

static bool commutes(enum ir_op op)
{
	switch (op) {
	case IR_ADD: case IR_ADC: case IR_AND: case IR_OR: case IR_XOR: case IR_CMN: case IR_TST: case IR_TEQ:
		return true;
	default:
		return false;
	}
}

void lift_emit(struct lift *l, enum ir_op op, ir_ref dst, struct operand a, struct operand b, uint8_t fdef, uint8_t fuse)
{
	if (operand_is_imm(a) && operand_is_imm(b))
		a = operand_ref(lift_ref(l, a));
	if (operand_is_imm(a) && b.ref != IR_NONE && commutes(op)) {
		struct operand constant = a;

		a = b;
		b = constant;
	}
	lift_plain(l, op, dst, a, b, fdef, fuse);
}

ir_ref lift_tmp(struct lift *l, enum ir_op op, struct operand a, struct operand b)
{
	ir_ref dst = ir_tmp(l->block);

	lift_emit(l, op, dst, a, b, 0, 0);
	return dst;
}

void lift_field(struct lift *l, enum ir_op op, ir_ref dst, ir_ref a, ir_ref b, uint32_t lsb, uint32_t width)
{
	struct ir_insn *insn = ir_append(l->block, op);

	insn->dst = dst;
	insn->a = a;
	insn->b = b;
	insn->imm = lsb;
	insn->imm2 = width;
}

void lift_long(struct lift *l, enum ir_op op, ir_ref lo, ir_ref hi, ir_ref a, ir_ref b)
{
	struct ir_insn *insn = ir_append(l->block, op);

	insn->dst = lo;
	insn->dst2 = hi;
	insn->a = a;
	insn->b = b;
}

void lift_store(struct lift *l, struct operand value, struct operand base, uint32_t offset, uint32_t mem)
{
	if (operand_is_imm(value) && operand_is_imm(base))
		value = operand_ref(lift_ref(l, value));
	lift_store_plain(l, value, base, offset, mem);
}

void lift_ldcpu(struct lift *l, ir_ref dst, size_t offset)
{
	struct ir_insn *insn = ir_append(l->block, IR_LDCPU);

	insn->dst = dst;
	insn->imm = (uint32_t)offset;
}

void lift_stcpu(struct lift *l, struct operand value, size_t offset)
{
	struct ir_insn *insn = ir_append(l->block, IR_STCPU);

	insn->a = value.ref;
	insn->imm = value.imm;
	insn->imm2 = (uint32_t)offset;
}

void lift_call(struct lift *l, enum helper helper, ir_ref dst, struct operand a, struct operand b, struct operand c)
{
	struct ir_insn *insn;
	ir_ref ra = a.ref == IR_NONE ? IR_NONE : lift_ref(l, a);
	ir_ref rb = b.ref == IR_NONE ? IR_NONE : lift_ref(l, b);
	ir_ref rc = c.ref == IR_NONE ? IR_NONE : lift_ref(l, c);

	insn = ir_append(l->block, IR_CALL);
	insn->dst = dst;
	insn->a = ra;
	insn->b = rb;
	insn->c = rc;
	insn->imm = helper;
}

void lift_label(struct lift *l, uint16_t label)
{
	ir_append(l->block, IR_LABEL)->imm = label;
}

void lift_branch_if(struct lift *l, enum ir_op brz_or_brnz, ir_ref a, uint16_t label)
{
	struct ir_insn *insn = ir_append(l->block, brz_or_brnz);

	insn->a = a;
	insn->imm = label;
}

void lift_exit(struct lift *l, gva_t target, bool thumb)
{
	struct ir_insn *insn = ir_append(l->block, IR_EXIT);

	insn->imm = target & (thumb ? ~1u : ~3u);
	insn->imm2 = thumb;
	lift_count_exit(l, l->pc, insn->imm);
}

void lift_exit_checked(struct lift *l, gva_t target, bool thumb)
{
	lift_exit(l, target, thumb);
	l->block->ops[l->block->count - 1].imm2 |= EXIT_CHECKED;
}

void lift_exit_next(struct lift *l)
{
	struct ir_insn *insn = ir_append(l->block, IR_EXIT_NEXT);

	insn->imm = l->pc + l->size;
	insn->imm2 = lift_it_next(l->it);
}

void lift_exit_state(struct lift *l)
{
	ir_append(l->block, IR_EXIT_STATE);
}

void lift_exception(struct lift *l, enum exception exc, uint32_t imm)
{
	struct ir_insn *insn = ir_append(l->block, IR_EXCEPTION);

	insn->imm = exc;
	insn->imm2 = imm;
}

void lift_undefined(struct lift *l)
{
	lift_exception(l, EXC_UNDEF, 0);
}

void lift_poll(struct lift *l)
{
	/* A poll leaves outside of IT blocks only. */
	if (lift_in_it(l))
		lift_exit_next(l);
	else
		ir_append(l->block, IR_POLL)->imm = l->pc + l->size;
}

void lift_jump(struct lift *l, struct operand target, uint32_t how)
{
	struct ir_insn *insn;
	ir_ref ref;

	if (operand_is_imm(target) && !(how & (JUMP_CALL | JUMP_RETURN))) {
		lift_exit(l, target.imm, how & JUMP_INTERWORK ? target.imm & 1 : l->thumb);
		return;
	}
	ref = lift_ref(l, target);
	if (!(how & JUMP_INTERWORK))
		ref = lift_tmp(l, IR_BIC, operand_ref(ref), operand_imm(l->thumb ? 1 : 3));
	insn = ir_append(l->block, IR_EXIT_IND);
	insn->a = ref;
	insn->imm = how;
}

/* Following more would copy common code into many blocks for little. */
#define MAX_FOLLOWS 4
#define MAX_FOLLOW_INSNS (LIFT_MAX_INSNS / 2)

void lift_goto(struct lift *l, gva_t target)
{
	bool same_page = ((target ^ l->pc) & ~GUEST_PAGE_MASK) == 0;

	target &= l->thumb ? ~1u : ~3u;
	/* Not backwards: a loop must close by an exit that looks at the countdown. */
	if (l->skip == LIFT_NO_LABEL && l->options->superblocks && same_page && target > l->pc &&
	    l->follows < MAX_FOLLOWS && l->insns < MAX_FOLLOW_INSNS) {
		l->follows++;
		l->next = target;
		return;
	}
	lift_exit(l, target, l->thumb);
	lift_after_conditional(l);
}

void lift_sensitive(struct lift *l, enum sensitive_class sensitive)
{
	const struct sensitive_info *info = &sensitive_info[sensitive];
	char pc[128];

	if (sensitive == SENSITIVE_NONE)
		return;
	if (unlikely(log_has(l->cpu->log_mask, LOG_SENSITIVE)))
		log_printf(l->cpu->log, LOG_SENSITIVE, "sensitive: %s at %s: %s, %s in user mode, translated %s\n", info->name,
		           log_address(l->cpu->log, l->pc, pc, sizeof(pc)), sensitive_kind_name(info->kind),
		           sensitive_user_name(info->user), sensitive_how_name(info->how));
	if (l->options->count_sensitive) {
		size_t counter = offsetof(struct cpu, sensitive_recent) + sensitive * sizeof(uint32_t);
		ir_ref count = ir_tmp(l->block);

		lift_ldcpu(l, count, counter);
		lift_stcpu(l, operand_ref(lift_tmp(l, IR_ADD, operand_ref(count), operand_imm(1))), counter);
	}
}
