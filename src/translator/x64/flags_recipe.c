/*
 * flags_recipe.c - flags that can be computed again: recipes say from which guest registers.
 *
 * Their use in translated code, and at a fault in C.
 */
#include "base/base.h"
#include "translator/x64/flags_private.h"

/* --- recipes --- */

uint8_t recipe_flags(const struct flag_state *f)
{
	return f->nz.flags | f->c.flags | f->v.flags;
}

bool recipe_same(const struct recipe *r, const struct recipe *s)
{
	return r->kind == s->kind && r->a == s->a && r->b == s->b && r->imm == s->imm;
}

bool recipe_whole(const struct flag_state *f, uint8_t need, struct recipe *out)
{
	const struct recipe *all[] = { &f->nz, &f->c, &f->v };

	*out = need & IR_NZ ? f->nz : need & IR_C ? f->c : f->v;
	if (out->kind == RECIPE_NONE)
		return false;
	for (unsigned i = 0; i < 3; i++)
		if (recipe_same(all[i], out))
			out->flags |= all[i]->flags;
	return (out->flags & need) == need;
}

bool recipe_uses(const struct recipe *r, ir_ref ref)
{
	return r->kind != RECIPE_NONE && (r->a == ref || r->b == ref);
}

void recipe_drop(struct recipe *r, uint8_t flags)
{
	r->flags &= (uint8_t)~flags;
	if (!r->flags)
		*r = (struct recipe){ .kind = RECIPE_NONE };
}

bool recipe_survives(const struct emit *e, const struct recipe *r, uint8_t flags, unsigned from)
{
	const struct ir_insn *op = &e->ir->ops[from];
	/* RECIPE_IMM is no register */
	ir_ref a = r->a, b = r->b;
	unsigned region = from;

	if (r->kind == RECIPE_NONE)
		a = b = RECIPE_IMM;
	for (unsigned j = from; j < e->ir->count; j++, op++) {
		if (op->op == IR_INSN) {
			if (!(IR_LIVE(op) & flags) && j >= region)
				return true;
			continue;
		}
		if (flags_is_branch(op))
			region = MAX(region, (unsigned)e->labels[op->imm].at);
		if (j >= region && (!(IR_LIVE(op) & flags) || (j > region && (op->fdef & flags) == flags)))
			return true;
		if ((op->dst == a || op->dst == b || op->dst2 == a || op->dst2 == b) && op->op != IR_LDF)
			return false;
		if (unlikely(op->op == IR_CALL) && !(helper_info[op->imm].attr & HELPER_PURE))
			return false;
	}
	return true;
}

static struct opnd recipe_opnd(const struct emit *e, const struct recipe *r, uint8_t n)
{
	/* What needs no scratch register with one operand in a register may take that from a copy. */
	bool plain = r->kind == RECIPE_CMP || r->kind == RECIPE_TST || r->kind == RECIPE_RESULT || r->kind == RECIPE_BIT;
	unsigned copy;

	if (n == RECIPE_IMM)
		return opnd_imm(r->imm);
	copy = copy_of(e, n);
	if (plain && is_scratch(copy))
		return opnd_reg(copy);
	return e->homes[n];
}

/* @a in a scratch register that may be overwritten. */
static unsigned recipe_copy(struct emit *e, struct opnd a)
{
	unsigned t = scratch_alloc(e);

	enc_mov(&e->enc, W32, opnd_reg(t), a);
	return t;
}

void recipe_emit(struct emit *e, struct recipe r)
{
	struct enc *enc = &e->enc;
	struct opnd a = recipe_opnd(e, &r, r.a), b = recipe_opnd(e, &r, r.b);
	unsigned t = HOST_REG_NONE;
	bool borrow = false;

	switch (r.kind) {
	case RECIPE_CMP:
		if (a.kind == OPND_IMM || (a.kind == OPND_MEM && b.kind == OPND_MEM))
			a = opnd_reg(t = recipe_copy(e, a));
		enc_alu(enc, ALU_CMP, W32, a, b);
		borrow = true;
		break;
	case RECIPE_ADD:
		t = recipe_copy(e, a);
		enc_alu(enc, ALU_ADD, W32, opnd_reg(t), b);
		break;
	case RECIPE_SUBBED:
		t = recipe_copy(e, a);
		enc_alu(enc, ALU_ADD, W32, opnd_reg(t), b);
		enc_alu(enc, ALU_CMP, W32, opnd_reg(t), b);
		borrow = true;
		break;
	case RECIPE_ADDED:
		t = recipe_copy(e, a);
		enc_alu(enc, ALU_SUB, W32, opnd_reg(t), b);
		enc_alu(enc, ALU_ADD, W32, opnd_reg(t), b);
		break;
	case RECIPE_TST:
		if (a.kind == OPND_MEM && b.kind == OPND_MEM)
			a = opnd_reg(t = recipe_copy(e, a));
		enc_test(enc, W32, a, b);
		break;
	case RECIPE_TEQ:
		t = recipe_copy(e, a);
		enc_alu(enc, ALU_XOR, W32, opnd_reg(t), b);
		break;
	case RECIPE_RESULT:
		if (a.kind == OPND_REG)
			enc_test(enc, W32, a, a);
		else
			enc_alu(enc, ALU_CMP, W32, a, opnd_imm(0));
		break;
	default:
		enc_bt(enc, W32, a, r.imm);
		break;
	}
	if (t != HOST_REG_NONE)
		scratch_free(e, t);
	e->flags.host = r.flags;
	e->flags.host_borrow = borrow;
}

/* --- at a fault --- */

static uint32_t nz_of(uint32_t value)
{
	return (value >> 31 ? NZCV_N : 0) | (value ? 0 : NZCV_Z);
}

/* AddWithCarry()'s flags (A2.2.1). */
static uint32_t flags_of_add(uint32_t x, uint32_t y, unsigned carry)
{
	uint64_t sum = (uint64_t)x + y + carry;
	uint32_t result = (uint32_t)sum;

	return nz_of(result) | (sum >> 32 ? NZCV_C : 0) | ((~(x ^ y) & (x ^ result)) >> 31 ? NZCV_V : 0);
}

static uint32_t recipe_run(const struct recipe *r, const struct cpu *cpu)
{
	uint32_t a = r->a == RECIPE_IMM ? r->imm : cpu->r[r->a & 15], b = r->b == RECIPE_IMM ? r->imm : cpu->r[r->b & 15];

	switch (r->kind) {
	case RECIPE_CMP:
		return flags_of_add(a, ~b, 1);
	case RECIPE_ADD:
		return flags_of_add(a, b, 0);
	case RECIPE_SUBBED:
		return flags_of_add(a + b, ~b, 1);
	case RECIPE_ADDED:
		return flags_of_add(a - b, b, 0);
	case RECIPE_TST:
		return nz_of(a & b);
	case RECIPE_TEQ:
		return nz_of(a ^ b);
	case RECIPE_RESULT:
		return nz_of(a);
	default: /* RECIPE_BIT */
		return a >> (r->imm & 31) & 1 ? NZCV_C : 0;
	}
}

/* NZCV from EFLAGS: SF, ZF, CF, OF. */
static uint32_t from_eflags(uint32_t eflags, bool borrow)
{
	uint32_t nzcv = (eflags >> 7 & 1 ? NZCV_N : 0) | (eflags >> 6 & 1 ? NZCV_Z : 0) | (eflags & 1 ? NZCV_C : 0) | (eflags >> 11 & 1 ? NZCV_V : 0);

	return borrow ? nzcv ^ NZCV_C : nzcv;
}

uint32_t flags_recompute(const struct flag_state *f, const struct cpu *cpu, uint32_t eflags)
{
	const struct recipe *all[] = { &f->nz, &f->c, &f->v };
	uint8_t known = f->known & (uint8_t)~f->mem, host = f->host & (uint8_t)~(f->mem | known);
	uint32_t nzcv = cpu->nzcv & FLAG_MASK_NZCV(f->mem);

	nzcv |= FLAG_MASK_NZCV(known & f->value);
	nzcv |= from_eflags(eflags, f->host_borrow) & FLAG_MASK_NZCV(host);
	for (unsigned i = 0; i < 3; i++) {
		uint8_t flags = all[i]->flags & (uint8_t)~(f->mem | known | host);

		if (flags)
			nzcv |= recipe_run(all[i], cpu) & FLAG_MASK_NZCV(flags);
	}
	return nzcv;
}
