/* eval.c - what an op without regard to flags computes from two values: for the interpreter and for folding. */
#include "base/base.h"
#include "translator/ir/eval.h"

#include "base/bits.h"

static uint32_t reverse_bits(uint32_t x)
{
	x = (x & 0x55555555) << 1 | (x >> 1 & 0x55555555);
	x = (x & 0x33333333) << 2 | (x >> 2 & 0x33333333);
	x = (x & 0x0f0f0f0f) << 4 | (x >> 4 & 0x0f0f0f0f);
	return __builtin_bswap32(x);
}

/* Shift() (A8.4.3) with a count of 0-255. */
static uint32_t shift(unsigned op, uint32_t x, uint32_t n)
{
	n &= 0xff;
	switch (op) {
	case IR_LSL:
		return n < 32 ? x << n : 0;
	case IR_LSR:
		return n < 32 ? x >> n : 0;
	case IR_ASR:
		return (uint32_t)((int32_t)x >> MIN(n, 31u));
	default:
		return ror32(x, n);
	}
}

static bool eval_unary(const struct ir_insn *op, uint32_t x, uint32_t *result)
{
	switch (op->op) {
	case IR_CLZ:
		*result = clz32(x);
		return true;
	case IR_RBIT:
		*result = reverse_bits(x);
		return true;
	case IR_REV:
		*result = __builtin_bswap32(x);
		return true;
	case IR_REV16:
		*result = (x & 0x00ff00ff) << 8 | (x >> 8 & 0x00ff00ff);
		return true;
	case IR_REVSH:
		*result = (uint32_t)sign_extend32((x & 0xff) << 8 | (x >> 8 & 0xff), 16);
		return true;
	case IR_SXTB:
		*result = (uint32_t)sign_extend32(x, 8);
		return true;
	case IR_SXTH:
		*result = (uint32_t)sign_extend32(x, 16);
		return true;
	case IR_UXTB:
		*result = x & 0xff;
		return true;
	case IR_UXTH:
		*result = x & 0xffff;
		return true;
	case IR_UBFX:
		*result = extract32(x, op->imm, op->imm2);
		return true;
	case IR_SBFX:
		*result = (uint32_t)sign_extend32(extract32(x, op->imm, op->imm2), op->imm2);
		return true;
	default:
		return false;
	}
}

bool ir_eval(const struct ir_insn *op, uint32_t a, uint32_t b, uint32_t *result)
{
	switch (op->op) {
	case IR_MOV:
		*result = a;
		return true;
	case IR_NOT:
		*result = ~a;
		return true;
	case IR_ADD:
		*result = a + b;
		return true;
	case IR_SUB:
		*result = a - b;
		return true;
	case IR_AND:
		*result = a & b;
		return true;
	case IR_OR:
		*result = a | b;
		return true;
	case IR_XOR:
		*result = a ^ b;
		return true;
	case IR_BIC:
		*result = a & ~b;
		return true;
	case IR_ORN:
		*result = a | ~b;
		return true;
	case IR_MUL:
		*result = a * b;
		return true;
	case IR_BFI:
		*result = deposit32(a, op->imm, op->imm2, b);
		return true;
	case IR_LSL: case IR_LSR: case IR_ASR: case IR_ROR:
		*result = shift(op->op, a, b);
		return true;
	default:
		return eval_unary(op, a, result);
	}
}
