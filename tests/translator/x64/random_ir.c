#include "base/base.h"
#include "tests/translator/x64/random_ir.h"

#include "cpu/cpu.h"
#include "cpu/simd.h"
#include "mmu/mmu.h"
#include "translator/run/helpers.h"

uint32_t random_bits(struct random_ir *r)
{
	r->state += 0x9e3779b97f4a7c15;
	uint64_t z = r->state;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ z >> 31) >> 16);
}

unsigned random_below(struct random_ir *r, unsigned n)
{
	return random_bits(r) % n;
}

uint32_t random_value(struct random_ir *r)
{
	static const uint32_t corners[] = { 0, 1, 2, 31, 32, 33, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0x80000001,
		                            0xfffffffe, 0xffffffff };

	switch (random_below(r, 4)) {
	case 0:
		return corners[random_below(r, ARRAY_SIZE(corners))];
	case 1:
		return random_below(r, 256);
	default:
		return random_bits(r);
	}
}

void random_state(struct random_ir *r, struct cpu *cpu, uint32_t window, uint32_t size)
{
	for (unsigned i = 0; i < 15; i++)
		cpu->r[i] = random_value(r);
	/* Bases: mostly around the boundary of a page in the window, sometimes at its end, where nothing follows. */
	for (unsigned i = 0; i < 15; i += 3) {
		uint32_t page = window + random_below(r, size / GUEST_PAGE_SIZE) * GUEST_PAGE_SIZE;

		cpu->r[i] = random_below(r, 8) ? page + (random_below(r, 64) - 32) * (random_below(r, 3) ? 4 : 1) : page + random_below(r, 4096);
		if (!random_below(r, 12))
			cpu->r[i] = window + size - random_below(r, 48);
		if (!random_below(r, 40))
			cpu->r[i] = random_bits(r);
	}
	cpu->nzcv = random_bits(r) & NZCV_ALL;
	cpu->countdown = random_below(r, 8) ? 1000 : (int32_t)random_below(r, 6);
	cpu->q = random_below(r, 2);
	cpu->ge = random_below(r, 16);
	for (unsigned i = 0; i < 64; i++)
		cpu->vfp.s[i] = random_bits(r);
}

#define MAX_OPEN 3

/* What the generator knows at a place of the block. */
struct gen {
	struct random_ir *r;
	struct ir_block *block;
	ir_ref tmps[IR_MAX_TMPS];
	unsigned tmp_count;
	bool defined[IR_MAX_TMPS];
	uint32_t pc;
	uint16_t labels[MAX_OPEN];     /* that branches go to and that are not bound yet */
	unsigned label_tmps[MAX_OPEN]; /* temporaries that may be used after each */
	unsigned open;
	unsigned exits;
};

static ir_ref reg(struct gen *g)
{
	return (ir_ref)random_below(g->r, random_below(g->r, 3) ? 5 : 15);
}

static ir_ref source(struct gen *g)
{
	if (g->tmp_count && random_below(g->r, 3) == 0)
		return g->tmps[g->tmp_count - 1 - random_below(g->r, MIN(g->tmp_count, 6u))];
	return reg(g);
}

static ir_ref result(struct gen *g)
{
	ir_ref tmp;

	if (random_below(g->r, 3))
		return reg(g);
	if (g->block->tmps > IR_MAX_TMPS - 8)
		return reg(g);
	tmp = ir_tmp(g->block);
	return tmp;
}

/* The op that defines @ref is complete. */
static void defined(struct gen *g, ir_ref ref)
{
	if (IR_IS_TMP(ref))
		g->tmps[g->tmp_count++] = ref;
}

static uint32_t immediate(struct gen *g)
{
	return random_value(g->r);
}

static void sources(struct gen *g, struct ir_insn *op, bool imm_a_allowed)
{
	op->a = source(g);
	op->b = source(g);
	if (random_below(g->r, 2)) {
		op->b = IR_IMM;
		op->imm = immediate(g);
	} else if (imm_a_allowed && random_below(g->r, 6) == 0) {
		op->a = IR_IMM;
		op->imm = immediate(g);
	}
}

static uint8_t defines(struct gen *g, enum ir_op op)
{
	return random_below(g->r, 2) ? ir_op_info[op].fdef_may : 0;
}

static void binary(struct gen *g)
{
	static const enum ir_op ops[] = { IR_ADD, IR_ADD, IR_SUB, IR_SUB, IR_ADC, IR_SBC, IR_AND, IR_OR, IR_XOR, IR_BIC, IR_ORN };
	enum ir_op id = ops[random_below(g->r, ARRAY_SIZE(ops))];
	struct ir_insn *op = ir_append(g->block, id);

	sources(g, op, true);
	op->dst = random_below(g->r, 4) == 0 && IR_IS_REG(op->a) ? op->a : result(g);
	op->fdef = defines(g, id);
	op->fuse = ir_op_info[id].fuse_always;
	defined(g, op->dst);
}

static void compare(struct gen *g)
{
	static const enum ir_op ops[] = { IR_CMP, IR_CMP, IR_CMN, IR_TST, IR_TEQ };
	enum ir_op id = ops[random_below(g->r, ARRAY_SIZE(ops))];
	struct ir_insn *op = ir_append(g->block, id);

	sources(g, op, true);
	op->fdef = ir_op_info[id].fdef_may;
}

static void shift(struct gen *g)
{
	static const enum ir_op ops[] = { IR_LSL, IR_LSR, IR_ASR, IR_ROR, IR_RRX };
	enum ir_op id = ops[random_below(g->r, ARRAY_SIZE(ops))];
	struct ir_insn *op = ir_append(g->block, id);

	op->a = source(g);
	op->fdef = defines(g, id);
	if (id == IR_RRX) {
		op->fuse = IR_C;
	} else if (random_below(g->r, 3)) {
		op->b = IR_IMM;
		op->imm = random_below(g->r, id == IR_ROR ? 32 : 33);
	} else {
		op->b = source(g);
		if (random_below(g->r, 6) == 0) {
			op->a = IR_IMM;
			op->imm = immediate(g);
		}
	}
	if (id != IR_RRX && op->fdef & IR_C && (op->b != IR_IMM || op->imm == 0))
		op->fuse = IR_C;
	op->dst = result(g);
	defined(g, op->dst);
}

static void unary(struct gen *g)
{
	static const enum ir_op ops[] = { IR_MOV, IR_MOV, IR_NOT, IR_CLZ, IR_RBIT, IR_REV, IR_REV16, IR_REVSH, IR_SXTB, IR_SXTH, IR_UXTB, IR_UXTH,
		                          IR_UBFX, IR_SBFX, IR_BFI };
	enum ir_op id = ops[random_below(g->r, ARRAY_SIZE(ops))];
	struct ir_insn *op = ir_append(g->block, id);

	op->a = source(g);
	if ((id == IR_MOV || id == IR_NOT) && random_below(g->r, 3) == 0) {
		op->a = IR_IMM;
		op->imm = immediate(g);
	}
	if (id == IR_BFI)
		op->b = source(g);
	if (id == IR_BFI || id == IR_UBFX || id == IR_SBFX) {
		op->imm = random_below(g->r, 32);
		op->imm2 = 1 + random_below(g->r, 32 - op->imm);
	}
	op->fdef = defines(g, id);
	op->dst = result(g);
	defined(g, op->dst);
}

static void multiply(struct gen *g)
{
	static const enum ir_op ops[] = { IR_MUL, IR_UMULL, IR_SMULL, IR_UMLAL, IR_SMLAL };
	enum ir_op id = ops[random_below(g->r, ARRAY_SIZE(ops))];
	struct ir_insn *op = ir_append(g->block, id);

	op->a = source(g);
	op->b = source(g);
	if (id == IR_MUL) {
		op->fdef = defines(g, id);
		op->dst = result(g);
		defined(g, op->dst);
		return;
	}
	/* accumulators exist before */
	op->dst = reg(g);
	do
		op->dst2 = reg(g);
	while (op->dst2 == op->dst);
}

static void conditional(struct gen *g)
{
	enum ir_op id = random_below(g->r, 3) ? IR_SELECT : IR_SETCOND;
	struct ir_insn *op = ir_append(g->block, id);

	if (id == IR_SELECT)
		sources(g, op, true);
	op->cond = (uint8_t)random_below(g->r, 14);
	op->fuse = ir_cond_flags(op->cond);
	op->dst = result(g);
	defined(g, op->dst);
}

static void nzcv(struct gen *g)
{
	switch (random_below(g->r, 3)) {
	case 0: {
		struct ir_insn *op = ir_append(g->block, IR_GETNZCV);

		op->fuse = IR_NZCV;
		op->dst = result(g);
		defined(g, op->dst);
		break;
	}
	case 1: {
		struct ir_insn *op = ir_append(g->block, IR_SETNZCV);

		op->a = source(g);
		op->fdef = IR_NZCV;
		break;
	}
	default: {
		struct ir_insn *op = ir_append(g->block, IR_SETC);

		op->imm = random_below(g->r, 2);
		op->fdef = IR_C;
		break;
	}
	}
}

static uint16_t access_flags(struct gen *g, enum ir_op id, unsigned log2)
{
	uint16_t mem = (uint16_t)ACCESS_SIZE(log2);

	if (id == IR_LD && log2 < 2 && random_below(g->r, 2))
		mem |= ACCESS_SIGNED;
	if (random_below(g->r, 4) == 0)
		mem |= log2 == 3 ? ACCESS_WORD_ALIGNED : ACCESS_ALIGNED;
	if (random_below(g->r, 6) == 0)
		mem |= ACCESS_BE;
	if (random_below(g->r, 12) == 0)
		mem |= ACCESS_USER;
	return mem;
}

static ir_ref base(struct gen *g)
{
	if (random_below(g->r, 8) == 0)
		return source(g);
	return (ir_ref)(random_below(g->r, 5) * 3);
}

static void access_op(struct gen *g)
{
	static const enum ir_op ops[] = { IR_LD, IR_LD, IR_LD, IR_ST, IR_ST, IR_ST, IR_LDF, IR_STF };
	enum ir_op id = ops[random_below(g->r, ARRAY_SIZE(ops))];
	bool vfp = id == IR_LDF || id == IR_STF;
	unsigned log2 = vfp ? 2 + random_below(g->r, 2) : random_below(g->r, 3);
	struct ir_insn *op = ir_append(g->block, id);

	op->a = base(g);
	op->imm2 = random_below(g->r, 3) ? (random_below(g->r, 32) - 16) * 4 : random_below(g->r, 64);
	op->mem = access_flags(g, id, log2);
	if (id == IR_LDF) {
		op->dst = (ir_ref)random_below(g->r, log2 == 3 ? 32 : 64);
	} else if (id == IR_STF) {
		op->b = (ir_ref)random_below(g->r, log2 == 3 ? 32 : 64);
	} else if (id == IR_LD) {
		op->dst = result(g);
		defined(g, op->dst);
	} else {
		op->b = source(g);
		if (random_below(g->r, 6) == 0) {
			op->b = IR_IMM;
			op->imm = immediate(g);
		}
	}
}

/* LDM, STM, VLDM, VSTM shapes. */
static void group(struct gen *g)
{
	static const enum ir_op ops[] = { IR_LD, IR_LD, IR_ST, IR_ST, IR_LDF, IR_STF };
	enum ir_op id = ops[random_below(g->r, ARRAY_SIZE(ops))];
	unsigned count = 2 + random_below(g->r, 7), log2 = id == IR_LDF || id == IR_STF ? 2 + random_below(g->r, 2) : 2;
	uint16_t mem = (uint16_t)(ACCESS_SIZE(log2) | (log2 == 3 ? ACCESS_WORD_ALIGNED : random_below(g->r, 2) ? ACCESS_ALIGNED : 0));
	ir_ref from = (ir_ref)(random_below(g->r, 5) * 3);
	uint32_t offset = (random_below(g->r, 16) - 8) * 4;

	if (random_below(g->r, 8) == 0)
		mem |= ACCESS_BE;
	for (unsigned k = 0; k < count; k++) {
		struct ir_insn *op = ir_append(g->block, id);

		op->a = from;
		op->imm2 = offset;
		op->mem = mem;
		op->group = k ? IR_GROUP_MEMBER : (uint8_t)count;
		if (id == IR_LD) {
			do
				op->dst = result(g);
			while (op->dst == from && k + 1 < count);
			defined(g, op->dst);
		} else if (id == IR_ST) {
			op->b = source(g);
		} else if (id == IR_LDF) {
			op->dst = (ir_ref)random_below(g->r, 32);
		} else {
			op->b = (ir_ref)random_below(g->r, 32);
		}
		offset += 1u << log2;
	}
}

static void exclusive(struct gen *g)
{
	bool store = random_below(g->r, 2);
	unsigned log2 = random_below(g->r, 4);
	struct ir_insn *op = ir_append(g->block, store ? IR_STREX : IR_LDREX);

	op->a = base(g);
	op->mem = (uint16_t)(ACCESS_SIZE(log2) | ACCESS_ALIGNED);
	op->dst = reg(g);
	if (store) {
		op->b = source(g);
		if (log2 == 3)
			op->c = source(g);
	} else if (log2 == 3) {
		do
			op->dst2 = reg(g);
		while (op->dst2 == op->dst);
	}
}

/* LDREX, something, STREX to the same place: the store succeeds unless the base is gone. */
static void exclusive_pair(struct gen *g)
{
	ir_ref from = base(g), value = source(g);
	uint16_t mem = (uint16_t)(ACCESS_SIZE(random_below(g->r, 4) ? 2 : random_below(g->r, 2)) | ACCESS_ALIGNED);
	struct ir_insn *op = ir_append(g->block, IR_LDREX);

	op->a = from;
	op->mem = mem;
	op->dst = result(g);
	defined(g, op->dst);
	if (random_below(g->r, 2))
		binary(g);
	op = ir_append(g->block, IR_STREX);
	op->a = from;
	op->b = value;
	op->mem = mem;
	op->dst = result(g);
	defined(g, op->dst);
}

static void call(struct gen *g)
{
	for (unsigned tries = 0; tries < 20; tries++) {
		unsigned id = random_below(g->r, HELPER_ID_SPSR);
		struct ir_insn *op;

		/* any arguments must do */
		if (helper_info[id].attr != HELPER_PURE || (id >= HELPER_ID_SSAT && id <= HELPER_ID_USAT16))
			continue;
		op = ir_append(g->block, IR_CALL);
		op->imm = id;
		op->a = source(g);
		op->b = source(g);
		op->c = source(g);
		op->dst = result(g);
		defined(g, op->dst);
		return;
	}
}

static void field(struct gen *g)
{
	if (random_below(g->r, 2)) {
		struct ir_insn *op = ir_append(g->block, IR_LDCPU);

		op->imm = offsetof(struct cpu, ge);
		op->dst = result(g);
		defined(g, op->dst);
	} else {
		struct ir_insn *op = ir_append(g->block, IR_STCPU);

		op->imm2 = offsetof(struct cpu, ge);
		op->a = source(g);
		if (random_below(g->r, 2)) {
			op->a = IR_IMM;
			op->imm = immediate(g);
		}
	}
}

static void exit_op(struct gen *g)
{
	struct ir_insn *op;

	g->exits++;
	switch (random_below(g->r, 6)) {
	case 0:
		op = ir_append(g->block, IR_EXIT_IND);
		op->a = source(g);
		op->imm = random_below(g->r, 2);
		break;
	case 1:
		op = ir_append(g->block, IR_EXCEPTION);
		op->imm = EXC_SVC;
		op->imm2 = random_below(g->r, 256);
		break;
	case 2:
		op = ir_append(g->block, IR_EXIT_NEXT);
		op->imm = g->pc + 4;
		break;
	default:
		op = ir_append(g->block, IR_EXIT);
		if (random_below(g->r, 2)) {
			op->imm = g->block->pc; /* a loop */
			op->imm2 = g->block->key & KEY_T ? EXIT_THUMB : 0;
			break;
		}
		op->imm = random_below(g->r, 2) ? g->pc + 4 * random_below(g->r, 50) : g->pc - 4 * random_below(g->r, 50);
		op->imm2 = random_below(g->r, 8) ? (g->block->key & KEY_T ? EXIT_THUMB : 0) : random_below(g->r, 4);
		break;
	}
}

/* Binds one of the open labels: regions may overlap. */
static void close_label(struct gen *g)
{
	struct ir_insn *op;
	unsigned n;

	if (!g->open)
		return;
	n = random_below(g->r, g->open);
	op = ir_append(g->block, IR_LABEL);
	op->imm = g->labels[n];
	g->tmp_count = MIN(g->tmp_count, g->label_tmps[n]);
	g->open--;
	g->labels[n] = g->labels[g->open];
	g->label_tmps[n] = g->label_tmps[g->open];
	for (n = 0; n < g->open; n++)
		g->label_tmps[n] = MIN(g->label_tmps[n], g->tmp_count);
}

/* A branch to a new label, or to one that is open. */
static void branch(struct gen *g)
{
	bool on_register = random_below(g->r, 4) == 0;
	struct ir_insn *op;
	uint16_t label;

	if (g->open && (g->open == MAX_OPEN || random_below(g->r, 3) == 0)) {
		label = g->labels[random_below(g->r, g->open)];
	} else {
		label = g->labels[g->open] = ir_label(g->block);
		g->label_tmps[g->open++] = g->tmp_count;
	}
	if (on_register) {
		op = ir_append(g->block, random_below(g->r, 2) ? IR_BRZ : IR_BRNZ);
		op->a = source(g);
	} else {
		op = ir_append(g->block, IR_BRC);
		op->cond = (uint8_t)random_below(g->r, 14);
		op->fuse = ir_cond_flags(op->cond);
	}
	op->imm = label;
}

static void one_op(struct gen *g)
{
	switch (random_below(g->r, 26)) {
	case 0: case 1: case 2: case 3: case 4: case 5:
		binary(g);
		break;
	case 6: case 7: case 8:
		compare(g);
		break;
	case 9: case 10:
		shift(g);
		break;
	case 11: case 12:
		unary(g);
		break;
	case 13:
		multiply(g);
		break;
	case 14: case 15:
		conditional(g);
		break;
	case 16:
		nzcv(g);
		break;
	case 17: case 18: case 19:
		access_op(g);
		break;
	case 20:
		group(g);
		break;
	case 21:
		if (random_below(g->r, 2))
			exclusive_pair(g);
		else if (random_below(g->r, 4))
			exclusive(g);
		else
			ir_append(g->block, IR_CLREX);
		break;
	case 22:
		call(g);
		break;
	case 23:
		field(g);
		break;
	default:
		branch(g);
		break;
	}
}

void random_block(struct random_ir *r, struct ir_block *block, unsigned insns)
{
	struct gen g = { .r = r, .block = block, .pc = block->pc };

	for (unsigned n = 0; n < insns; n++) {
		struct ir_insn *op = ir_append(block, IR_INSN);

		op->imm = g.pc;
		op->imm2 = 4;
		for (unsigned k = 1 + random_below(r, 3); k > 0; k--)
			one_op(&g);
		/* an exit inside a conditional region, then the label */
		if (g.open && random_below(r, 6) == 0 && g.exits < 8) {
			exit_op(&g);
			close_label(&g);
		} else if (g.open && random_below(r, 3) == 0) {
			close_label(&g);
		}
		g.pc += 4;
	}
	/* An op that tells its instruction's address is not reached from before that instruction. */
	while (g.open)
		close_label(&g);
	struct ir_insn *last = ir_append(block, IR_INSN);

	last->imm = g.pc;
	last->imm2 = 4;
	exit_op(&g);
}
