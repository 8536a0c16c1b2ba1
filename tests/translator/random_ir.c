#include "base/base.h"
#include "tests/translator/random_ir.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mmu/mmu.h"
#include "translator/run/helpers.h"

struct gen {
	struct ir_block *block;
	uint64_t *seed;
	const struct random_ir_options *options;
	ir_ref tmps[IR_MAX_TMPS]; /* defined on this path */
	unsigned tmp_count;
	uint32_t pc;
};

uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1dull;
}

static unsigned below(struct gen *g, unsigned n)
{
	return (unsigned)((random_next(g->seed) >> 33) % n);
}

static uint32_t value(uint64_t *seed)
{
	static const uint32_t edges[] = { 0, 1, 2, 31, 32, 33, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
	                                  0x80000001, 0xfffffffe, 0xffffffff };
	uint64_t r = random_next(seed);

	return r >> 60 < 5 ? edges[(r >> 32) % ARRAY_SIZE(edges)] : (uint32_t)(r >> 16);
}

static ir_ref source(struct gen *g)
{
	if (g->tmp_count && below(g, 3) == 0)
		return g->tmps[below(g, g->tmp_count)];
	return (ir_ref)below(g, 15);
}

static ir_ref result(struct gen *g, bool *is_new)
{
	*is_new = below(g, 4) == 0 && g->block->tmps < 200;
	return *is_new ? ir_tmp(g->block) : (ir_ref)below(g, 15);
}

/* After the op that defines it. */
static void defined(struct gen *g, ir_ref ref, bool is_new)
{
	if (is_new)
		g->tmps[g->tmp_count++] = ref;
}

/* An op of data processing with operands as its letters say. */
static void data(struct gen *g)
{
	static const uint8_t ops[] = {
		IR_MOV, IR_NOT, IR_ADD, IR_ADD, IR_ADC, IR_SUB, IR_SUB, IR_SBC, IR_AND, IR_OR, IR_XOR, IR_BIC, IR_ORN, IR_CMP, IR_CMP, IR_CMN,
		IR_TST, IR_TEQ, IR_LSL, IR_LSR, IR_ASR, IR_ROR, IR_LSL, IR_LSR, IR_RRX, IR_SETC, IR_CLZ, IR_RBIT, IR_REV, IR_REV16, IR_REVSH,
		IR_SXTB, IR_SXTH, IR_UXTB, IR_UXTH, IR_UBFX, IR_SBFX, IR_BFI, IR_MUL, IR_UMULL, IR_SMULL, IR_UMLAL, IR_SMLAL, IR_SELECT,
		IR_SETCOND, IR_GETNZCV, IR_SETNZCV,
	};
	enum ir_op op = ops[below(g, ARRAY_SIZE(ops))];
	const struct ir_op_info *info = &ir_op_info[op];
	const char *letters = info->operands;
	struct ir_insn insn = { .op = (uint8_t)op, .fuse = info->fuse_always };
	bool is_new = false;

	insn.dst = insn.dst2 = insn.a = insn.b = insn.c = IR_NONE;
	if (letters[2] != '-')
		insn.a = source(g);
	if (letters[3] != '-')
		insn.b = source(g);
	if (letters[3] == 'v' && below(g, 3) == 0)
		insn.b = IR_IMM;
	else if (letters[2] == 'v' && below(g, 6) == 0)
		insn.a = IR_IMM;
	if (insn.a == IR_IMM || insn.b == IR_IMM)
		insn.imm = value(g->seed);
	if (info->fdef_may && below(g, 2))
		insn.fdef = info->fdef_may & (below(g, 3) ? IR_NZCV : below(g, 16));
	if (op >= IR_LSL && op <= IR_ROR) {
		if (insn.b == IR_IMM)
			insn.imm = below(g, op == IR_ROR ? 32 : 33);
		if (insn.fdef & IR_C && (insn.b != IR_IMM || !insn.imm))
			insn.fuse |= IR_C;
	}
	if (op == IR_SETC)
		insn.imm = below(g, 2);
	if (op == IR_UBFX || op == IR_SBFX || op == IR_BFI) {
		insn.imm = below(g, 32);
		insn.imm2 = 1 + below(g, 32 - insn.imm);
	}
	if (op == IR_SELECT || op == IR_SETCOND) {
		insn.cond = (uint8_t)below(g, 14);
		insn.fuse = ir_cond_flags(insn.cond);
	}
	if (letters[1] == 'd') {
		insn.dst = (ir_ref)below(g, 15);
		do
			insn.dst2 = (ir_ref)below(g, 15);
		while (insn.dst2 == insn.dst);
	} else if (letters[0] == 'd') {
		insn.dst = result(g, &is_new);
	}
	*ir_append(g->block, op) = insn;
	defined(g, insn.dst, is_new);
}

/* A temporary with an address in the test's memory, offsets up to +-64 included, of random alignment. */
static ir_ref address(struct gen *g)
{
	ir_ref t = ir_tmp(g->block);
	struct ir_insn *insn = ir_append(g->block, IR_AND);

	insn->dst = t;
	insn->a = source(g);
	insn->b = IR_IMM;
	insn->imm = (RANDOM_IR_MEMORY_SIZE / 2 - 1) & (below(g, 4) ? ~7u : ~0u);
	insn = ir_append(g->block, IR_ADD);
	insn->dst = t;
	insn->a = t;
	insn->b = IR_IMM;
	insn->imm = g->options->faults && below(g, 24) == 0 ? 0x70000000 : RANDOM_IR_MEMORY + RANDOM_IR_MEMORY_SIZE / 4;
	g->tmps[g->tmp_count++] = t;
	return t;
}

static struct ir_insn *access(struct gen *g, enum ir_op op, ir_ref base, unsigned size)
{
	struct ir_insn *insn = ir_append(g->block, op);

	insn->a = base;
	insn->imm2 = (uint32_t)((int)below(g, 33) - 16) * (below(g, 5) ? 4 : 1);
	insn->mem = (uint16_t)ACCESS_SIZE(size);
	if (below(g, 24) == 0 && size < 3)
		insn->mem |= ACCESS_BE;
	return insn;
}

static void memory(struct gen *g)
{
	ir_ref base = address(g);
	unsigned n = below(g, 3) ? 1 : 2 + below(g, 5), kind = below(g, 8);
	bool load = below(g, 2);

	for (unsigned i = 0; i < n; i++) {
		bool vfp = kind == 0, is_new = false;
		unsigned size = vfp ? 2 + below(g, 2) : below(g, 4) ? 2 : below(g, 3);
		ir_ref other = vfp ? (ir_ref)below(g, 32) : load ? result(g, &is_new) : source(g);
		struct ir_insn *insn = access(g, vfp ? load ? IR_LDF : IR_STF : load ? IR_LD : IR_ST, base, size);

		if (load)
			insn->dst = other;
		else
			insn->b = other;
		if (load && !vfp && size < 2 && below(g, 2))
			insn->mem |= ACCESS_SIGNED;
		defined(g, other, is_new);
	}
}

/* Helpers that take any arguments. */
static bool takes_anything(const struct helper_info *helper)
{
	static const char *const others[] = { "SAT", "SPSR", "COUNT", "FP", "V" };

	for (unsigned i = 0; i < ARRAY_SIZE(others); i++)
		if (strstr(helper->name, others[i]))
			return false;
	return helper->attr == HELPER_PURE;
}

static void call(struct gen *g)
{
	unsigned helper = below(g, HELPER_COUNT);
	struct ir_insn *insn;
	bool is_new;
	ir_ref dst;

	if (!takes_anything(&helper_info[helper]))
		return;
	dst = result(g, &is_new);
	insn = ir_append(g->block, IR_CALL);
	insn->dst = dst;
	insn->a = source(g);
	insn->b = source(g);
	insn->c = (ir_ref)below(g, 15);
	insn->imm = helper;
	defined(g, dst, is_new);
}

static void body(struct gen *g)
{
	unsigned kind = below(g, 16);

	if (g->options->memory && kind < 4)
		memory(g);
	else if (g->options->calls && kind == 4)
		call(g);
	else
		data(g);
}

static void mark(struct gen *g)
{
	struct ir_insn *insn = ir_append(g->block, IR_INSN);

	insn->imm = g->pc;
	insn->imm2 = 4;
	g->pc += 4;
}

static void leave(struct gen *g)
{
	struct ir_insn *insn;
	unsigned kind = below(g, 8);
	ir_ref target = source(g);

	if (kind == 0) {
		insn = ir_append(g->block, IR_EXIT_IND);
		insn->a = target;
		insn->imm = below(g, 8);
	} else if (kind == 1) {
		insn = ir_append(g->block, IR_EXCEPTION);
		insn->imm = below(g, 8);
		insn->imm2 = below(g, 1000);
	} else if (kind == 2) {
		insn = ir_append(g->block, IR_EXIT_NEXT);
		insn->imm = g->pc;
	} else {
		insn = ir_append(g->block, IR_EXIT);
		insn->imm = 0x8000 + (below(g, 2) ? below(g, 64) * 4 : below(g, 0x10000) * 4);
		insn->imm2 = below(g, 6) == 0;
	}
}

/* On a condition or on a register. */
static void branch(struct gen *g, uint16_t label)
{
	unsigned kind = below(g, 4);
	ir_ref tested = source(g);
	struct ir_insn *insn = ir_append(g->block, kind == 0 ? IR_BRZ : kind == 1 ? IR_BRNZ : IR_BRC);

	insn->imm = label;
	if (kind < 2) {
		insn->a = tested;
	} else {
		insn->cond = (uint8_t)below(g, 14);
		insn->fuse = ir_cond_flags(insn->cond);
	}
}

/* A branch over some ops, between which others may go to the same place. */
static void skip(struct gen *g, bool side_exit)
{
	uint16_t label = ir_label(g->block);
	unsigned tmps = g->tmp_count, n = 1 + below(g, 3);
	struct ir_insn *insn;

	branch(g, label);
	for (unsigned i = 0; i < n; i++) {
		if (i && below(g, 3) == 0)
			mark(g); /* instructions under one condition share a branch */
		body(g);
		if (below(g, 4) == 0)
			branch(g, label);
	}
	if (side_exit)
		leave(g);
	insn = ir_append(g->block, IR_LABEL);
	insn->imm = label;
	g->tmp_count = tmps;
}

void random_ir(struct ir_block *block, uint64_t *seed, const struct random_ir_options *options)
{
	struct gen g = { .block = block, .seed = seed, .options = options, .pc = 0x8000 };
	unsigned exits = 0;

	ir_block_init(block, 0x8000, KEY_PRIV);
	for (unsigned i = 0; i < options->insns; i++) {
		unsigned kind = below(&g, 12);

		mark(&g);
		if (kind < 2) {
			skip(&g, false);
		} else if (kind == 2 && exits < 8) {
			skip(&g, true);
			exits++;
		} else {
			body(&g);
		}
	}
	leave(&g);
	block->guest_insns = options->insns;
	block->guest_bytes = g.pc - 0x8000;
}

void random_state(struct cpu *cpu, uint64_t *seed, uint8_t *memory)
{
	for (unsigned i = 0; i < 15; i++)
		cpu->r[i] = value(seed);
	cpu->nzcv = nzcv_from_cpsr((uint32_t)random_next(seed));
	cpu->q = 0;
	cpu->ge = random_next(seed) >> 60;
	for (unsigned i = 0; i < 32; i++)
		cpu->vfp.d[i] = random_next(seed);
	for (unsigned i = 0; i < RANDOM_IR_MEMORY_SIZE; i += 8) {
		uint64_t word = random_next(seed);

		memcpy(memory + i, &word, 8);
	}
}
