/* emit_alu.c - moves, additions, logic, comparisons. */
#include "base/base.h"
#include "translator/x64/emit.h"

/* d = a op b in as few moves as there can be; EFLAGS are those of the operation. */
static void binary(struct emit *e, enum alu_op op, struct opnd d, struct opnd a, struct opnd b, bool commutes)
{
	struct enc *enc = &e->enc;

	if (commutes && (opnd_same(d, b) || a.kind == OPND_IMM)) {
		struct opnd t = a;

		a = b;
		b = t;
	}
	if (d.kind == OPND_REG && b.kind != OPND_MEM && (opnd_is_reg(a, d.reg) || !opnd_is_reg(b, d.reg))) {
		if (!opnd_is_reg(a, d.reg))
			move(e, d, a);
		if (b.kind == OPND_REG)
			enc_alu(enc, op, W32, opnd_reg(d.reg), opnd_reg(b.reg));
		else
			enc_alu(enc, op, W32, opnd_reg(d.reg), opnd_imm((uint32_t)b.disp));
	} else if (opnd_same(d, a)) {
		if (d.kind == OPND_MEM)
			b = use_not_mem(e, b);
		enc_alu(enc, op, W32, d, b);
	} else if (d.kind == OPND_REG && !opnd_is_reg(b, d.reg)) {
		move(e, d, a);
		enc_alu(enc, op, W32, d, b);
	} else {
		struct opnd t = opnd_reg(scratch_alloc(e));

		move(e, t, a);
		enc_alu(enc, op, W32, t, b);
		move(e, d, t);
	}
}

static void set_nz_of(struct emit *e, struct opnd d)
{
	if (d.kind == OPND_REG)
		enc_test(&e->enc, W32, opnd_reg(d.reg), opnd_reg(d.reg));
	else
		enc_alu(&e->enc, ALU_CMP, W32, d, opnd_imm(0));
}

/* Between homes, or of a constant. False: nothing was emitted. */
static inline bool mov_home(struct emit *e, const struct ir_insn *op)
{
	unsigned d = home_reg(e, op->dst), a = home_reg(e, op->a);

	if (op->fdef || d == HOST_REG_NONE || (a == HOST_REG_NONE && op->a != IR_IMM))
		return false;
	if (a != HOST_REG_NONE) {
		if (a != d)
			enc_put_regs(&e->enc, ENC_HEAD(0x89, W32), a, d);
	} else if (op->imm == 0 && flags_free(e)) {
		flags_lost(e);
		enc_put_regs(&e->enc, ENC_HEAD(0x31, W32), d, d);
	} else {
		enc_mov_imm32(&e->enc, d, op->imm);
	}
	def_done(e, op->dst);
	return true;
}

static __attribute__((noinline)) void mov(struct emit *e)
{
	const struct ir_insn *op = e->op;
	bool zero = op->a == IR_IMM && op->imm == 0, free = zero && flags_free(e);
	struct opnd a, d;

	if (op->fdef && op->a != IR_IMM)
		flags_clobber(e);
	a = use_ref(e, op->a);
	d = def_ref(e, op->dst);
	if (free && d.kind == OPND_REG) {
		flags_lost(e);
		enc_alu(&e->enc, ALU_XOR, W32, opnd_reg(d.reg), opnd_reg(d.reg));
	} else {
		move(e, d, a);
	}
	def_done(e, op->dst);
	if (!op->fdef)
		return;
	if (op->a == IR_IMM) {
		flags_known(e, IR_NZ, (uint8_t)((op->imm >> 31 ? IR_N : 0) | (op->imm ? 0 : IR_Z)));
		return;
	}
	set_nz_of(e, d);
	flags_host(e, IR_NZ, false);
	flags_recipe(e, IR_NZ, RECIPE_RESULT, op->dst, IR_NONE, 0);
}

void emit_mov(struct emit *e)
{
	if (!mov_home(e, e->op))
		mov(e);
}

void emit_not(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd a, d;

	if (op->fdef)
		flags_clobber(e);
	a = use_ref(e, op->a);
	d = def_ref(e, op->dst);
	if (a.kind == OPND_IMM) {
		move(e, d, opnd_imm(~op->imm));
	} else if (d.kind == OPND_REG || opnd_same(d, a)) {
		move(e, d, a);
		enc_not(&e->enc, W32, d);
	} else {
		struct opnd t = opnd_reg(scratch_alloc(e));

		move(e, t, a);
		enc_not(&e->enc, W32, t);
		move(e, d, t);
	}
	def_done(e, op->dst);
	if (op->fdef) {
		set_nz_of(e, d);
		flags_host(e, IR_NZ, false);
		flags_recipe(e, IR_NZ, RECIPE_RESULT, op->dst, IR_NONE, 0);
	}
}

/* a + b or a + imm without touching EFLAGS. */
static void add_by_lea(struct emit *e, struct opnd d, struct opnd a, struct opnd b, bool subtract)
{
	struct opnd mem, to = d;

	if (a.kind == OPND_IMM) {
		mem = a;
		a = b;
		b = mem;
	}
	a = opnd_reg(use_reg(e, a));
	if (b.kind == OPND_IMM)
		mem = opnd_mem(a.reg, subtract ? (int32_t)(0 - (uint32_t)b.disp) : b.disp);
	else
		mem = opnd_sib(a.reg, use_reg(e, b), 0, 0);
	if (d.kind != OPND_REG)
		to = opnd_reg(is_scratch(a.reg) ? a.reg : mem.index != OPND_NO_INDEX && is_scratch(mem.index) ? mem.index : scratch_alloc(e));
	/* A source temporary may still be wanted. */
	if (d.kind != OPND_REG && e->owner[to.reg] != IR_NONE)
		to = opnd_reg(scratch_alloc(e));
	if (mem.index == OPND_NO_INDEX && mem.disp == 0)
		move(e, to, a);
	else
		enc_lea(&e->enc, W32, to.reg, mem);
	move(e, d, to);
}

static void recipe_of_sum(struct emit *e, uint8_t intact, uint8_t undone)
{
	const struct ir_insn *op = e->op;

	if (op->fuse)
		return;
	if (op->a != IR_IMM && op->a != op->dst && op->b != op->dst)
		flags_recipe(e, IR_NZCV, intact, op->a, op->b, op->imm);
	else if (op->a == op->dst && op->b != op->dst)
		flags_recipe(e, IR_NZCV, undone, op->dst, op->b, op->imm);
}

/* Homes and constants, no flags. False: nothing was emitted. */
static inline bool add_home(struct emit *e, const struct ir_insn *op)
{
	unsigned d = home_reg(e, op->dst), a = home_reg(e, op->a), b = home_reg(e, op->b);
	struct enc *enc = &e->enc;

	if (op->fdef || d == HOST_REG_NONE || a == HOST_REG_NONE || (b == HOST_REG_NONE && op->b != IR_IMM))
		return false;
	if ((d == a || d == b) && flags_free(e)) {
		flags_lost(e);
		if (b == HOST_REG_NONE)
			enc_alu_imm(enc, ALU_ADD, W32, opnd_reg(d), (int32_t)op->imm);
		else
			enc_put_regs(enc, ENC_HEAD(ALU_ADD << 3 | 1, W32), d == b ? a : b, d);
	} else if (b != HOST_REG_NONE) {
		enc_lea(enc, W32, d, opnd_sib(a, b, 0, 0));
	} else if (op->imm) {
		enc_lea(enc, W32, d, opnd_mem(a, (int32_t)op->imm));
	} else if (d != a) {
		enc_put_regs(enc, ENC_HEAD(0x89, W32), a, d);
	}
	def_done(e, op->dst);
	return true;
}

static __attribute__((noinline)) void add(struct emit *e)
{
	const struct ir_insn *op = e->op;
	bool free = flags_free(e);
	struct opnd a, b, d;
	bool in_place;

	if (op->fdef && !free)
		flags_clobber(e);
	a = use_ref(e, op->a);
	b = use_ref(e, op->b);
	d = def_ref(e, op->dst);
	in_place = opnd_same(d, a) || opnd_same(d, b);
	if (!op->fdef && (!free || !in_place)) {
		add_by_lea(e, d, a, b, false);
		def_done(e, op->dst);
		return;
	}
	if (!op->fdef)
		flags_lost(e);
	binary(e, ALU_ADD, d, a, b, true);
	def_done(e, op->dst);
	if (op->fdef) {
		flags_host(e, IR_NZCV, false);
		recipe_of_sum(e, RECIPE_ADD, RECIPE_ADDED);
	}
}

void emit_add(struct emit *e)
{
	if (!add_home(e, e->op))
		add(e);
}

/* Between homes, or with a constant. False: nothing was emitted. */
static inline bool sub_home(struct emit *e, const struct ir_insn *op)
{
	unsigned d = home_reg(e, op->dst), a = home_reg(e, op->a), b = home_reg(e, op->b);
	struct enc *enc = &e->enc;

	if (d == HOST_REG_NONE || a == HOST_REG_NONE || (b == HOST_REG_NONE && op->b != IR_IMM) || (d == b && d != a))
		return false;
	if (!op->fdef && b == HOST_REG_NONE && op->imm && (d != a || !flags_free(e))) {
		enc_lea(enc, W32, d, opnd_mem(a, (int32_t)(0 - op->imm)));
		def_done(e, op->dst);
		return true;
	}
	flags_clobber(e);
	if (d != a)
		enc_put_regs(enc, ENC_HEAD(0x89, W32), a, d);
	if (b == HOST_REG_NONE)
		enc_alu_imm(enc, ALU_SUB, W32, opnd_reg(d), (int32_t)op->imm);
	else
		enc_put_regs(enc, ENC_HEAD(ALU_SUB << 3 | 1, W32), b, d);
	def_done(e, op->dst);
	flags_host(e, IR_NZCV, true);
	if (op->fdef)
		recipe_of_sum(e, RECIPE_CMP, RECIPE_SUBBED);
	return true;
}

static __attribute__((noinline)) void sub(struct emit *e)
{
	const struct ir_insn *op = e->op;
	bool free = flags_free(e);
	struct opnd a, b, d;

	if (!op->fdef && op->b == IR_IMM && (!free || op->a != op->dst)) {
		a = use_ref(e, op->a);
		d = def_ref(e, op->dst);
		add_by_lea(e, d, a, opnd_imm(op->imm), true);
		def_done(e, op->dst);
		return;
	}
	if (!free)
		flags_clobber(e);
	a = use_ref(e, op->a);
	b = use_ref(e, op->b);
	d = def_ref(e, op->dst);
	if (a.kind == OPND_IMM && a.disp == 0 && (d.kind == OPND_REG || opnd_same(d, b))) {
		move(e, d, b);
		enc_neg(&e->enc, W32, d);
	} else {
		binary(e, ALU_SUB, d, a, b, false);
	}
	def_done(e, op->dst);
	flags_host(e, IR_NZCV, true);
	if (op->fdef)
		recipe_of_sum(e, RECIPE_CMP, RECIPE_SUBBED);
}

void emit_sub(struct emit *e)
{
	if (!sub_home(e, e->op))
		sub(e);
}

static void with_carry(struct emit *e, enum alu_op alu)
{
	const struct ir_insn *op = e->op;
	struct opnd a, b, d;

	flags_clobber(e);
	flags_carry(e, alu == ALU_SBB);
	a = use_ref(e, op->a);
	b = use_ref(e, op->b);
	d = def_ref(e, op->dst);
	binary(e, alu, d, a, b, alu == ALU_ADC);
	def_done(e, op->dst);
	flags_host(e, IR_NZCV, alu == ALU_SBB);
}

/* Between homes, or with a constant. False: nothing was emitted. */
static inline bool logic_home(struct emit *e, const struct ir_insn *op, enum alu_op alu)
{
	unsigned d = home_reg(e, op->dst), a = home_reg(e, op->a), b = home_reg(e, op->b);
	struct enc *enc = &e->enc;

	if (d == HOST_REG_NONE || a == HOST_REG_NONE || (b == HOST_REG_NONE && op->b != IR_IMM))
		return false;
	flags_clobber(e);
	if (b != HOST_REG_NONE) {
		if (d != a && d != b)
			enc_put_regs(enc, ENC_HEAD(0x89, W32), a, d);
		enc_put_regs(enc, ENC_HEAD((unsigned)alu << 3 | 1, W32), d == b ? a : b, d);
	} else if (alu == ALU_AND && (op->imm == 0xff || op->imm == 0xffff) && !op->fdef) {
		enc_movzx(enc, op->imm == 0xff ? W8 : W16, d, opnd_reg(a));
	} else {
		if (d != a)
			enc_put_regs(enc, ENC_HEAD(0x89, W32), a, d);
		enc_alu_imm(enc, alu, W32, opnd_reg(d), (int32_t)op->imm);
	}
	def_done(e, op->dst);
	flags_host(e, IR_NZ, false);
	if (op->fdef)
		flags_recipe(e, IR_NZ, RECIPE_RESULT, op->dst, IR_NONE, 0);
	return true;
}

static void logic(struct emit *e, enum alu_op alu)
{
	const struct ir_insn *op = e->op;
	struct opnd a, b, d;

	if (logic_home(e, op, alu))
		return;
	flags_clobber(e);
	a = use_ref(e, op->a);
	b = use_ref(e, op->b);
	d = def_ref(e, op->dst);
	if (alu == ALU_AND && b.kind == OPND_IMM && (op->imm == 0xff || op->imm == 0xffff) && !op->fdef && d.kind == OPND_REG)
		enc_movzx(&e->enc, op->imm == 0xff ? W8 : W16, d.reg, a);
	else
		binary(e, alu, d, a, b, true);
	def_done(e, op->dst);
	flags_host(e, IR_NZ, false);
	if (op->fdef)
		flags_recipe(e, IR_NZ, RECIPE_RESULT, op->dst, IR_NONE, 0);
}

/* a op ~b */
static void inverted(struct emit *e, enum alu_op alu)
{
	const struct ir_insn *op = e->op;
	struct opnd a, b, d;

	flags_clobber(e);
	a = use_ref(e, op->a);
	b = use_ref(e, op->b);
	d = def_ref(e, op->dst);
	if (b.kind == OPND_IMM) {
		binary(e, alu, d, a, opnd_imm(~op->imm), true);
	} else if (alu == ALU_AND && e->x64->host.bmi1 && d.kind == OPND_REG && a.kind != OPND_IMM) {
		enc_andn(&e->enc, W32, d.reg, use_reg(e, b), a);
	} else {
		bool direct = d.kind == OPND_REG && !opnd_is_reg(a, d.reg);
		struct opnd t = direct ? d : opnd_reg(scratch_alloc(e));

		move(e, t, b);
		enc_not(&e->enc, W32, t);
		enc_alu(&e->enc, alu, W32, t, a);
		move(e, d, t);
	}
	def_done(e, op->dst);
	flags_host(e, IR_NZ, false);
	if (op->fdef)
		flags_recipe(e, IR_NZ, RECIPE_RESULT, op->dst, IR_NONE, 0);
}

static inline bool cmp_home(struct emit *e, const struct ir_insn *op)
{
	unsigned a = home_reg(e, op->a), b = home_reg(e, op->b);

	if (a == HOST_REG_NONE || (b == HOST_REG_NONE && op->b != IR_IMM))
		return false;
	flags_clobber(e);
	if (b != HOST_REG_NONE)
		enc_put_regs(&e->enc, ENC_HEAD(ALU_CMP << 3 | 1, W32), b, a);
	else if (op->imm)
		enc_alu_imm(&e->enc, ALU_CMP, W32, opnd_reg(a), (int32_t)op->imm);
	else
		enc_put_regs(&e->enc, ENC_HEAD(0x85, W32), a, a); /* as below */
	flags_compared(e, op);
	return true;
}

static __attribute__((noinline)) void cmp(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd a, b;

	flags_clobber(e);
	a = use_not_imm(e, use_ref(e, op->a));
	b = use_ref(e, op->b);
	if (a.kind == OPND_MEM)
		b = use_not_mem(e, b);
	if (b.kind == OPND_IMM && b.disp == 0 && a.kind == OPND_REG)
		enc_test(&e->enc, W32, opnd_reg(a.reg), opnd_reg(a.reg)); /* CF = OF = 0, as a - 0 gives */
	else
		enc_alu(&e->enc, ALU_CMP, W32, a, b);
	flags_host(e, IR_NZCV, true);
	if (op->a != IR_IMM)
		flags_recipe(e, IR_NZCV, RECIPE_CMP, op->a, op->b, op->imm);
}

void emit_cmp(struct emit *e)
{
	if (!cmp_home(e, e->op))
		cmp(e);
}

void emit_cmn(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd a, b;
	bool by_cmp = op->b == IR_IMM && op->imm != 0 && op->imm != 0x80000000;

	flags_clobber(e);
	a = use_ref(e, op->a);
	b = use_ref(e, op->b);
	if (by_cmp) {
		/* a + n and a - -n: same N, Z, V; the carry is the missing borrow */
		enc_alu(&e->enc, ALU_CMP, W32, a, opnd_imm(0 - op->imm));
	} else {
		struct opnd t = opnd_reg(scratch_alloc(e));

		move(e, t, a);
		enc_alu(&e->enc, ALU_ADD, W32, t, b);
	}
	flags_host(e, IR_NZCV, by_cmp);
	if (by_cmp)
		flags_recipe(e, IR_NZCV, RECIPE_CMP, op->a, op->b, 0 - op->imm);
	else if (op->a != IR_IMM)
		flags_recipe(e, IR_NZCV, RECIPE_ADD, op->a, op->b, op->imm);
}

void emit_tst(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd a, b;

	flags_clobber(e);
	a = use_ref(e, op->a);
	b = use_ref(e, op->b);
	if (a.kind == OPND_IMM) {
		struct opnd t = a;

		a = b;
		b = t;
	}
	if (a.kind == OPND_MEM && b.kind == OPND_MEM)
		a = opnd_reg(use_reg(e, a));
	if (b.kind == OPND_IMM && op->imm < 0x80)
		enc_test(&e->enc, W8, a, b); /* bit 7 of the result is 0, as bit 31 is */
	else
		enc_test(&e->enc, W32, a, b);
	flags_host(e, IR_NZ, false);
	if (op->a != IR_IMM)
		flags_recipe(e, IR_NZ, RECIPE_TST, op->a, op->b, op->imm);
}

void emit_teq(struct emit *e)
{
	const struct ir_insn *op = e->op;
	struct opnd a, b, t;

	flags_clobber(e);
	a = use_ref(e, op->a);
	b = use_ref(e, op->b);
	t = opnd_reg(scratch_alloc(e));
	move(e, t, a);
	enc_alu(&e->enc, ALU_XOR, W32, t, b);
	flags_host(e, IR_NZ, false);
	if (op->a != IR_IMM)
		flags_recipe(e, IR_NZ, RECIPE_TEQ, op->a, op->b, op->imm);
}

void emit_adc(struct emit *e)
{
	with_carry(e, ALU_ADC);
}

void emit_sbc(struct emit *e)
{
	with_carry(e, ALU_SBB);
}

void emit_and(struct emit *e)
{
	logic(e, ALU_AND);
}

void emit_or(struct emit *e)
{
	logic(e, ALU_OR);
}

void emit_xor(struct emit *e)
{
	logic(e, ALU_XOR);
}

void emit_bic(struct emit *e)
{
	inverted(e, ALU_AND);
}

void emit_orn(struct emit *e)
{
	inverted(e, ALU_OR);
}
