/*
 * lift_fp_memory.c - extension register loads and stores (A7.6) and element and structure loads and stores (A7.7).
 *
 * Whole registers go as 8-byte accesses at constant offsets from one base, which the checks pass merges. All accesses of an instruction
 * stand before its base write-back. Registers that a load has reached when a later access aborts are UNKNOWN to the architecture.
 */
#include "base/base.h"
#include "translator/lift/lift.h"

#include "cpu/simd_struct.h"
#include "translator/lift/lift_fp.h"

/* --- VLDR, VSTR, VLDM, VSTM --- */

/* One S (4 bytes) or D (8 bytes) register. @mem: as it is, endianness included. */
static void transfer(struct lift *l, bool load, unsigned reg, struct operand base, uint32_t offset, uint32_t mem)
{
	struct ir_insn *insn = ir_append(l->block, load ? IR_LDF : IR_STF);

	if (load)
		insn->dst = (ir_ref)reg;
	else
		insn->b = (ir_ref)reg;
	insn->a = base.ref;
	insn->imm = base.imm;
	insn->imm2 = offset;
	insn->mem = (uint16_t)mem;
}

static uint32_t endianness(const struct lift *l)
{
	return l->key & KEY_E ? ACCESS_BE : 0;
}

static void lift_vldr(struct lift *l, const struct insn *insn)
{
	uint32_t size = insn->vsize == 3 ? ACCESS_SIZE(3) : ACCESS_SIZE(2);

	transfer(l, insn->op == INSN_VLDR, insn->vd & 31, lift_base(l, insn->rn), insn->add ? insn->imm : 0 - insn->imm,
	         size | ACCESS_WORD_ALIGNED | endianness(l));
}

static void lift_vldm(struct lift *l, const struct insn *insn)
{
	bool load = insn->op == INSN_VLDM, twice = insn->vsize == 3;
	struct operand base = lift_base(l, insn->rn);
	uint32_t offset = insn->index ? 0 - insn->imm : 0, mem = ACCESS_WORD_ALIGNED | endianness(l);

	for (unsigned i = 0; i < MIN(insn->vregs, 32);) {
		unsigned reg = (insn->vd + i) & 31;
		/* two S registers that are a D register; big-endian words would be swapped */
		bool pair = !twice && !(reg & 1) && i + 1 < insn->vregs && !(l->key & KEY_E);

		if (twice || pair)
			transfer(l, load, twice ? reg : reg / 2, base, offset, mem | ACCESS_SIZE(3));
		else
			transfer(l, load, reg, base, offset, mem | ACCESS_SIZE(2));
		offset += twice || pair ? 8 : 4;
		i += pair ? 2 : 1;
	}
	if (insn->wback && insn->rn != 15)
		lift_emit(l, IR_ADD, insn->rn, operand_ref(insn->rn), operand_imm(insn->index ? 0 - insn->imm : insn->imm), 0, 0);
}

/* --- VLDn, VSTn --- */

/* How many structure members: VLD1 1 .. VLD4 4. */
static unsigned members(unsigned op, unsigned first)
{
	return op - first + 1;
}

static void check_alignment(struct lift *l, const struct insn *insn, unsigned align, bool store)
{
	uint16_t aligned;
	ir_ref low;

	if (align < 2)
		return;
	aligned = ir_label(l->block);
	low = lift_tmp(l, IR_AND, operand_ref(insn->rn), operand_imm(align - 1));
	lift_branch_if(l, IR_BRZ, low, aligned);
	lift_call(l, HELPER_ID_FP_MISALIGNED, IR_NONE, operand_ref(insn->rn), operand_imm(store), NO_OPERAND);
	lift_label(l, aligned);
}

static void element_write_back(struct lift *l, const struct insn *insn)
{
	if (!insn->wback)
		return;
	lift_emit(l, IR_ADD, insn->rn, operand_ref(insn->rn), insn->operand == OPERAND_REG ? lift_operand(l, insn->rm) : operand_imm(insn->imm),
	          0, 0);
}

/* With SCTLR.A set no access may be wider than the element. */
static unsigned chunk_bytes(const struct lift *l, const struct insn *insn)
{
	return l->key & KEY_ALIGN ? 1u << insn->vsize : 8;
}

/* A little-endian load of 4 bytes in pieces of @chunk bytes. */
static ir_ref load_word(struct lift *l, struct operand base, uint32_t offset, unsigned chunk)
{
	ir_ref word = ir_tmp(l->block), piece;
	struct ir_insn *insn;

	for (unsigned at = 0; at < 4; at += chunk) {
		piece = at ? ir_tmp(l->block) : word;
		insn = ir_append(l->block, IR_LD);
		insn->dst = piece;
		insn->a = base.ref;
		insn->imm2 = offset + at;
		insn->mem = chunk == 1 ? ACCESS_SIZE(0) : chunk == 2 ? ACCESS_SIZE(1) : ACCESS_SIZE(2);
		if (at)
			lift_field(l, IR_BFI, word, word, piece, 8 * at, 8 * chunk);
	}
	return word;
}

static void store_word(struct lift *l, ir_ref word, struct operand base, uint32_t offset, unsigned chunk)
{
	ir_ref piece;
	struct ir_insn *insn;

	for (unsigned at = 0; at < 4; at += chunk) {
		piece = word;
		if (at) {
			piece = ir_tmp(l->block);
			lift_field(l, IR_UBFX, piece, word, IR_NONE, 8 * at, 8 * chunk);
		}
		insn = ir_append(l->block, IR_ST);
		insn->a = base.ref;
		insn->b = piece;
		insn->imm2 = offset + at;
		insn->mem = chunk == 1 ? ACCESS_SIZE(0) : chunk == 2 ? ACCESS_SIZE(1) : ACCESS_SIZE(2);
	}
}

/* Accesses are little endian here: VLD_SPLIT and simd_struct_word() turn big-endian elements round. */
static void load_structures(struct lift *l, const struct insn *insn, uint32_t layout, uint32_t mem)
{
	struct operand base = operand_ref(insn->rn);
	unsigned chunk = chunk_bytes(l, insn), count = SIMD_STRUCT_N(layout) * SIMD_STRUCT_REGS(layout);

	for (unsigned k = 0; k < count; k++) {
		unsigned reg = simd_struct_slot(insn->vd, layout, k);

		if (chunk == 8) {
			transfer(l, true, reg, base, 8 * k, ACCESS_SIZE(3) | mem);
			continue;
		}
		lift_stcpu(l, operand_ref(load_word(l, base, 8 * k, MIN(chunk, 4))), lift_vfp_word(2 * reg));
		lift_stcpu(l, operand_ref(load_word(l, base, 8 * k + 4, MIN(chunk, 4))), lift_vfp_word(2 * reg + 1));
	}
	if (SIMD_STRUCT_N(layout) > 1 || SIMD_STRUCT_REVERSE(layout))
		lift_simd(l, SIMD_VLD_SPLIT, SIMD_DESC(insn->vd & 31, 0, 0) | layout << SIMD_IMM_SHIFT);
}

static void store_structures(struct lift *l, const struct insn *insn, uint32_t layout, uint32_t mem)
{
	struct operand base = operand_ref(insn->rn);
	unsigned chunk = chunk_bytes(l, insn), count = SIMD_STRUCT_N(layout) * SIMD_STRUCT_REGS(layout);
	bool plain = SIMD_STRUCT_N(layout) == 1 && !SIMD_STRUCT_REVERSE(layout) && chunk == 8;

	for (unsigned k = 0; plain && k < count; k++)
		transfer(l, false, simd_struct_slot(insn->vd, layout, k), base, 8 * k, ACCESS_SIZE(3) | mem);
	for (unsigned word = 0; !plain && word < 2 * count; word++) {
		ir_ref value = ir_tmp(l->block);

		lift_call(l, HELPER_ID_FP_STORE_WORD, value, operand_imm((insn->vd & 31) | layout << 8), operand_imm(word), NO_OPERAND);
		store_word(l, value, base, 4 * word, MIN(chunk, 4));
	}
}

static void lift_structures(struct lift *l, const struct insn *insn)
{
	bool load = insn->op <= INSN_VLD4;
	unsigned n = members(insn->op, load ? INSN_VLD1 : INSN_VST1);
	uint32_t layout = SIMD_STRUCT(n, n == 1 ? 1 : MAX(insn->vstep, 1), insn->vsize, MAX(insn->vregs, 1), insn->vsize && (l->key & KEY_E));
	unsigned align = MAX(insn->valign, l->key & KEY_ALIGN ? 1u << insn->vsize : 0);
	uint32_t mem = 0;

	if (align == 8 && chunk_bytes(l, insn) == 8 && (load || (n == 1 && !SIMD_STRUCT_REVERSE(layout))))
		mem = ACCESS_ALIGNED;
	else
		check_alignment(l, insn, align, !load);
	if (load)
		load_structures(l, insn, layout, mem);
	else
		store_structures(l, insn, layout, mem);
	element_write_back(l, insn);
}

/* One element of each of n registers. */
static void lift_lanes(struct lift *l, const struct insn *insn)
{
	bool load = insn->op <= INSN_VLD4_LANE;
	unsigned n = members(insn->op, load ? INSN_VLD1_LANE : INSN_VST1_LANE), size = MIN(insn->vsize, 2);
	struct operand base = operand_ref(insn->rn);
	ir_ref values[4];

	check_alignment(l, insn, insn->valign, !load);
	for (unsigned i = 0; i < n; i++) {
		unsigned reg = (insn->vd + i * insn->vstep) & 31;

		values[i] = ir_tmp(l->block);
		if (load) {
			lift_load(l, values[i], base, i << size, ACCESS_SIZE(size));
		} else {
			lift_get_lane(l, values[i], reg, size, insn->vindex, false);
			lift_store(l, operand_ref(values[i]), base, i << size, ACCESS_SIZE(size));
		}
	}
	for (unsigned i = 0; load && i < n; i++)
		lift_set_lane(l, values[i], (insn->vd + i * insn->vstep) & 31, size, insn->vindex);
	element_write_back(l, insn);
}

static void lift_load_dup(struct lift *l, const struct insn *insn)
{
	unsigned n = members(insn->op, INSN_VLD1_DUP), size = MIN(insn->vsize, 2);
	unsigned regs = n == 1 ? MAX(insn->vregs, 1) : 1, step = n == 1 ? 1 : insn->vstep;
	ir_ref values[4];

	check_alignment(l, insn, insn->valign, false);
	for (unsigned i = 0; i < n; i++) {
		values[i] = ir_tmp(l->block);
		lift_load(l, values[i], operand_ref(insn->rn), i << size, ACCESS_SIZE(size));
	}
	for (unsigned i = 0; i < MAX(n, regs); i++) {
		unsigned reg = (insn->vd + i * step) & 31;

		lift_stcpu(l, operand_ref(values[i < n ? i : 0]), lift_vfp_word(2 * reg));
		lift_simd(l, (enum simd_op)(SIMD_VDUP_I8 + size), SIMD_DESC(reg, 0, reg));
	}
	element_write_back(l, insn);
}

bool lift_fp_memory(struct lift *l, const struct insn *insn)
{
	switch (insn->op) {
	case INSN_VLDR:
	case INSN_VSTR:
		lift_vldr(l, insn);
		return true;
	case INSN_VLDM:
	case INSN_VSTM:
		lift_vldm(l, insn);
		return true;
	default:
		break;
	}
	if (insn->op < INSN_VLD1 || insn->op > INSN_VLD4_DUP)
		return false;
	if (insn->rn == 15)
		lift_undefined(l);
	else if (insn->op <= INSN_VST4)
		lift_structures(l, insn);
	else if (insn->op <= INSN_VST4_LANE)
		lift_lanes(l, insn);
	else
		lift_load_dup(l, insn);
	return true;
}
