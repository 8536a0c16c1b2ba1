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

bool recipe_whole(const struct flag_state *f, uint8_t need, struct recipe *out)
{
	*out = need & IR_NZ ? f->nz : need & IR_C ? f->c : f->v;
	if (out->kind == RECIPE_NONE)
		return false;
	out->flags = (uint8_t)((recipe_same(&f->nz, out) ? f->nz.flags : 0) | (recipe_same(&f->c, out) ? f->c.flags : 0) |
	                       (recipe_same(&f->v, out) ? f->v.flags : 0));
	return (out->flags & need) == need;
}

bool recipe_uses(const struct recipe *r, ir_ref ref)
{
	return r->kind != RECIPE_NONE && (r->a == ref || r->b == ref);
}

void recipe_drop(struct recipe *r, uint8_t flags)
{
	if (r->flags & (uint8_t)~flags)
		r->flags &= (uint8_t)~flags;
	else
		*r = (struct recipe){ .kind = RECIPE_NONE };
}

/* The first op from @op on that writes guest register @a or @b, or the end. */
static inline __attribute__((always_inline)) const struct ir_insn *find_write(const struct emit *e, const struct ir_insn *op, ir_ref a, ir_ref b, bool calls)
{
	const struct ir_insn *end = e->ir->ops + e->ir->count;

	const __m128i as = _mm_set1_epi16((short)a), bs = _mm_set1_epi16((short)b);

	static_assert(offsetof(struct ir_insn, dst) == 4 && offsetof(struct ir_insn, dst2) == 6, "bits 7:4 of a mask of bytes are theirs");
	/* By twos as far as there is nothing. */
	if (!calls)
		while (op < end - 1 && !(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(halfwords_like(op, as), halfwords_like(op, bs)),
		                                                       _mm_or_si128(halfwords_like(op + 1, as), halfwords_like(op + 1, bs)))) & 0xf0))
			op += 2;
	for (; op < end; op++) {
		if (calls && op->op == IR_CALL && !(helper_info[op->imm].attr & HELPER_PURE))
			break;
		if ((op->dst == a || op->dst == b || op->dst2 == a || op->dst2 == b) && op->op != IR_LDF)
			break;
	}
	return op;
}

uint8_t recipe_ends(const struct emit *e, const struct recipe *r, uint8_t flags, unsigned from)
{
	const struct ir_insn *op = &e->ir->ops[from], *write;
	/* RECIPE_IMM is no register */
	ir_ref a = r->kind == RECIPE_NONE ? RECIPE_IMM : r->a, b = r->kind == RECIPE_NONE ? RECIPE_IMM : r->b;
	unsigned region = from;

	/* From a block's last comparison it is far to its end. */
	write = unlikely(e->ir->facts.calls) ? find_write(e, op, a, b, true) : find_write(e, op, a, b, false);
	if (write == e->ir->ops + e->ir->count)
		return 0;
	for (unsigned j = from; op <= write; j++, op++) {
		uint8_t live = IR_LIVE(op);

		if (unlikely(flags_is_branch(op)))
			region = MAX(region, (unsigned)e->labels[op->imm].at);
		/* Those of a group are through when none is live any more, or all are defined anew. */
		if (unlikely((~live | op->fdef) & flags) && j >= region) {
			flags = recipe_groups(flags, live & flags);
			if (op->fdef & flags && j > region)
				flags = recipe_groups(flags, flags & (uint8_t)~op->fdef);
			if (!flags)
				return 0;
		}
	}
	return flags;
}

static struct opnd recipe_opnd(const struct emit *e, const struct recipe *r, uint8_t n)
{
	/* What needs no scratch register with one operand in a register may take that from a copy. */
	bool plain = r->kind == RECIPE_CMP || r->kind == RECIPE_TST || r->kind == RECIPE_RESULT || r->kind == RECIPE_BIT;
	unsigned copy;

	if (n == RECIPE_IMM)
		return opnd_imm(r->imm);
	if (likely(!(e->in_memory >> n & 1)))
		return e->homes[n];
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
