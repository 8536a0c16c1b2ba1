/* bits.h - fields of words, as the Arm manual's pseudo-code names them (ARM DDI 0406C.d, appendix P). */
#ifndef DBTVM_BASE_BITS_H
#define DBTVM_BASE_BITS_H

#include "base/base.h"

/* value<start+length-1:start>, 1 <= length <= 32. */
static inline uint32_t extract32(uint32_t value, unsigned start, unsigned length)
{
	return value >> start & (~0u >> (32 - length));
}

static inline uint32_t deposit32(uint32_t value, unsigned start, unsigned length, uint32_t field)
{
	uint32_t mask = (~0u >> (32 - length)) << start;
	return (value & ~mask) | (field << start & mask);
}

/* SignExtend(value<bits-1:0>, 32), 1 <= bits <= 32. */
static inline int32_t sign_extend32(uint32_t value, unsigned bits)
{
	return (int32_t)(value << (32 - bits)) >> (32 - bits);
}

static inline uint32_t ror32(uint32_t value, unsigned n)
{
	n &= 31;
	return n ? value >> n | value << (32 - n) : value;
}

static inline unsigned clz32(uint32_t value)
{
	return value ? (unsigned)__builtin_clz(value) : 32;
}

#endif
