/* helpers_int.c - what translated code calls for integer and system instructions; see helpers_int.def. */
#include "base/base.h"
#include "translator/run/helpers.h"

#include "base/bits.h"
#include "cpu/cp15.h"
#include "cpu/cpu.h"

#define HELPER(id, fn, attr) helper_fn fn;
#include "translator/lift/helpers_int.def"
#undef HELPER

/* --- saturation (A2.2.1) --- */

/* SignedSatQ(value, bits); Q is set when it saturates. */
static uint32_t signed_sat(struct cpu *cpu, int64_t value, unsigned bits)
{
	int64_t max = (INT64_C(1) << (bits - 1)) - 1, min = -max - 1;

	if (value >= min && value <= max)
		return (uint32_t)value;
	cpu->q = 1;
	return (uint32_t)(value < min ? min : max);
}

static uint32_t unsigned_sat(struct cpu *cpu, int64_t value, unsigned bits)
{
	int64_t max = (INT64_C(1) << bits) - 1;

	if (value >= 0 && value <= max)
		return (uint32_t)value;
	cpu->q = 1;
	return (uint32_t)(value < 0 ? 0 : max);
}

static int64_t s64(uint32_t value)
{
	return (int32_t)value;
}

/* Signed half @i of a word. */
static int32_t shalf(uint32_t value, unsigned i)
{
	return (int16_t)(value >> 16 * i);
}

uint32_t helper_add_set_q(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	int64_t sum = s64(a) + s64(b);

	if (sum != (int32_t)sum)
		cpu->q = 1;
	return (uint32_t)sum;
}

static uint32_t dual(struct cpu *cpu, int64_t sum)
{
	if (sum != (int32_t)sum)
		cpu->q = 1;
	return (uint32_t)sum;
}

uint32_t helper_smlad(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return dual(cpu, (int64_t)shalf(a, 0) * shalf(b, 0) + (int64_t)shalf(a, 1) * shalf(b, 1) + s64(c));
}

uint32_t helper_smlsd(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return dual(cpu, (int64_t)shalf(a, 0) * shalf(b, 0) - (int64_t)shalf(a, 1) * shalf(b, 1) + s64(c));
}

static uint32_t most_significant_sub(uint32_t a, uint32_t b, uint32_t c, uint32_t round)
{
	uint64_t product = (uint64_t)(s64(a) * s64(b));

	return (uint32_t)((((uint64_t)c << 32) - product + round) >> 32);
}

uint32_t helper_smmls(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return most_significant_sub(a, b, c, 0);
}

uint32_t helper_smmlsr(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return most_significant_sub(a, b, c, 0x80000000u);
}

uint32_t helper_sdiv(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	/* Division by 0 gives 0; the one overflow gives its dividend (A8.8.165). */
	return b ? (uint32_t)(s64(a) / s64(b)) : 0;
}

uint32_t helper_udiv(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return b ? a / b : 0;
}

uint32_t helper_qadd(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return signed_sat(cpu, s64(a) + s64(b), 32);
}

uint32_t helper_qsub(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return signed_sat(cpu, s64(a) - s64(b), 32);
}

uint32_t helper_qdadd(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return signed_sat(cpu, s64(a) + s64(signed_sat(cpu, 2 * s64(b), 32)), 32);
}

uint32_t helper_qdsub(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return signed_sat(cpu, s64(a) - s64(signed_sat(cpu, 2 * s64(b), 32)), 32);
}

uint32_t helper_ssat(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return signed_sat(cpu, s64(a), b);
}

uint32_t helper_usat(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return unsigned_sat(cpu, s64(a), b);
}

uint32_t helper_ssat16(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t low = signed_sat(cpu, shalf(a, 0), b), high = signed_sat(cpu, shalf(a, 1), b);

	return (low & 0xffff) | high << 16;
}

uint32_t helper_usat16(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t low = unsigned_sat(cpu, shalf(a, 0), b), high = unsigned_sat(cpu, shalf(a, 1), b);

	return low | high << 16;
}

uint32_t helper_sel(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	/* Spread the four GE bits over the four bytes. */
	uint32_t mask = ((cpu->ge * 0x00204081u) & 0x01010101u) * 0xff;

	return (a & mask) | (b & ~mask);
}

uint32_t helper_usada8(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	for (unsigned i = 0; i < 32; i += 8) {
		int32_t difference = (int32_t)(a >> i & 0xff) - (int32_t)(b >> i & 0xff);

		c += (uint32_t)(difference < 0 ? -difference : difference);
	}
	return c;
}

/* --- parallel addition and subtraction (A8.8, pseudo-code of SADD16 and its relatives) --- */

enum lane_mode { LANE_GE, LANE_SATURATE, LANE_HALVE };

static int32_t clamp(int32_t value, int32_t min, int32_t max)
{
	return value < min ? min : value > max ? max : value;
}

/* One lane's result. @sum is exact; @add tells what an unsigned GE means: a carry, or no borrow. */
static uint32_t lane(int32_t sum, bool add, bool is_unsigned, enum lane_mode mode, unsigned bits, uint32_t *ge, uint32_t ge_bits)
{
	int32_t top = 1 << bits;

	switch (mode) {
	case LANE_GE:
		if (is_unsigned && add ? sum >= top : sum >= 0)
			*ge |= ge_bits;
		break;
	case LANE_SATURATE:
		sum = is_unsigned ? clamp(sum, 0, top - 1) : clamp(sum, -(top / 2), top / 2 - 1);
		break;
	case LANE_HALVE:
		sum >>= 1;
		break;
	}
	return (uint32_t)sum & (uint32_t)(top - 1);
}

static int32_t half_value(uint32_t value, unsigned i, bool is_unsigned)
{
	return is_unsigned ? (int32_t)(value >> 16 * i & 0xffff) : shalf(value, i);
}

static int32_t byte_value(uint32_t value, unsigned i, bool is_unsigned)
{
	return is_unsigned ? (int32_t)(value >> 8 * i & 0xff) : (int8_t)(value >> 8 * i);
}

/* @add_low, @add_high: add, else subtract, in that lane; @exchange: the halves of b change places. */
static uint32_t parallel16(struct cpu *cpu, uint32_t a, uint32_t b, bool is_unsigned, enum lane_mode mode, bool add_low, bool add_high,
                           bool exchange)
{
	int32_t b0 = half_value(b, exchange, is_unsigned), b1 = half_value(b, !exchange, is_unsigned);
	int32_t a0 = half_value(a, 0, is_unsigned), a1 = half_value(a, 1, is_unsigned);
	uint32_t ge = 0, low, high;

	low = lane(add_low ? a0 + b0 : a0 - b0, add_low, is_unsigned, mode, 16, &ge, 3);
	high = lane(add_high ? a1 + b1 : a1 - b1, add_high, is_unsigned, mode, 16, &ge, 12);
	if (mode == LANE_GE)
		cpu->ge = ge;
	return low | high << 16;
}

static uint32_t parallel8(struct cpu *cpu, uint32_t a, uint32_t b, bool is_unsigned, enum lane_mode mode, bool add)
{
	uint32_t ge = 0, result = 0;

	for (unsigned i = 0; i < 4; i++) {
		int32_t x = byte_value(a, i, is_unsigned), y = byte_value(b, i, is_unsigned);

		result |= lane(add ? x + y : x - y, add, is_unsigned, mode, 8, &ge, 1u << i) << 8 * i;
	}
	if (mode == LANE_GE)
		cpu->ge = ge;
	return result;
}

#define PARALLEL16(name, is_unsigned, mode, add_low, add_high, exchange)                        \
	uint32_t helper_##name(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)             \
	{                                                                                       \
		return parallel16(cpu, a, b, is_unsigned, mode, add_low, add_high, exchange);   \
	}
#define PARALLEL8(name, is_unsigned, mode, add)                                                 \
	uint32_t helper_##name(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)             \
	{                                                                                       \
		return parallel8(cpu, a, b, is_unsigned, mode, add);                            \
	}
#define PARALLEL_FAMILY(prefix, is_unsigned, mode)                   \
	PARALLEL16(prefix##add16, is_unsigned, mode, true, true, false)   \
	PARALLEL16(prefix##asx, is_unsigned, mode, false, true, true)     \
	PARALLEL16(prefix##sax, is_unsigned, mode, true, false, true)     \
	PARALLEL16(prefix##sub16, is_unsigned, mode, false, false, false) \
	PARALLEL8(prefix##add8, is_unsigned, mode, true)                  \
	PARALLEL8(prefix##sub8, is_unsigned, mode, false)

PARALLEL_FAMILY(s, false, LANE_GE)
PARALLEL_FAMILY(q, false, LANE_SATURATE)
PARALLEL_FAMILY(sh, false, LANE_HALVE)
PARALLEL_FAMILY(u, true, LANE_GE)
PARALLEL_FAMILY(uq, true, LANE_SATURATE)
PARALLEL_FAMILY(uh, true, LANE_HALVE)

/* --- status registers and modes --- */

uint32_t helper_spsr(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return cpu_spsr(cpu);
}

uint32_t helper_msr_spsr(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	cpu_msr_spsr(cpu, a, b);
	return 0;
}

uint32_t helper_msr_cpsr(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	cpu_msr_cpsr(cpu, a, b, false);
	return 0;
}

/* The manual's CPS: bits and mode in one CPSRWriteByInstr() (B9.3.2). */
uint32_t helper_cps(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t value = (cpu_cpsr(cpu) | a) & ~b;

	if (c & 32)
		value = (value & ~CPSR_M) | (c & CPSR_M);
	cpu_msr_cpsr(cpu, value, 15, false);
	return 0;
}

uint32_t helper_return_spsr(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	cpu_exception_return(cpu, a, cpu_spsr(cpu));
	return 0;
}

uint32_t helper_return_to(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	cpu_exception_return(cpu, a, b);
	return 0;
}

uint32_t helper_user_reg(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return cpu_mode_reg(cpu, a, MODE_USR);
}

uint32_t helper_set_user_reg(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	cpu_set_mode_reg(cpu, a, MODE_USR, b);
	return 0;
}

uint32_t helper_mode_sp(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return cpu_mode_reg(cpu, 13, a);
}

uint32_t helper_set_mode_sp(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	cpu_set_mode_reg(cpu, 13, a, b);
	return 0;
}

/* --- coprocessors --- */

uint32_t helper_cp15_read(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	return cp15_read(cpu, (int)a);
}

uint32_t helper_cp15_write(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	cp15_write(cpu, (int)a, b);
	return 0;
}

uint32_t helper_cp15_read_checked(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	bool allowed = cp15_allowed(cpu, (int)a, false);

	cpu->exit_arg[0] = allowed ? RAISE_NONE : RAISE_UNDEF;
	return allowed ? cp15_read(cpu, (int)a) : 0;
}

uint32_t helper_cp15_write_checked(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	bool allowed = cp15_allowed(cpu, (int)a, true);

	cpu->exit_arg[0] = allowed ? RAISE_NONE : RAISE_UNDEF;
	if (allowed)
		cp15_write(cpu, (int)a, b);
	return 0;
}

uint32_t helper_cp14_read(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t value = 0;

	cpu->exit_arg[0] = cp14_read(cpu, a >> 12, a >> 8 & 15, a >> 4 & 15, a & 15, &value) ? RAISE_NONE : RAISE_UNDEF;
	return value;
}

uint32_t helper_cp14_write(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t c)
{
	cpu->exit_arg[0] = cp14_write(cpu, a >> 12, a >> 8 & 15, a >> 4 & 15, a & 15, b) ? RAISE_NONE : RAISE_UNDEF;
	return 0;
}
