/* bits.h - fields of words, as the Arm manual's pseudo-code names them (ARM DDI 0406C.d, appendix P). */
#ifndef DBTVM_BASE_BITS_H
#define DBTVM_BASE_BITS_H

#include "base/base.h"

#include <string.h>

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
	return value >> (n & 31) | value << (-n & 31); /* one instruction */
}

static inline unsigned clz32(uint32_t value)
{
	return value ? (unsigned)__builtin_clz(value) : 32;
}

/*
 * Up to 8 bytes of host memory as a little-endian value, and back; @size 1, 2, 4 or 8, any alignment. Single host accesses, so that other
 * observers never see half a word.
 */
static inline uint64_t host_load(const void *host, unsigned size)
{
	uint16_t half;
	uint32_t word;
	uint64_t dword;

	switch (size) {
	case 1:
		return *(const uint8_t *)host;
	case 2:
		memcpy(&half, host, 2);
		return half;
	case 4:
		memcpy(&word, host, 4);
		return word;
	default:
		memcpy(&dword, host, 8);
		return dword;
	}
}

static inline void host_store(void *host, unsigned size, uint64_t value)
{
	uint16_t half = (uint16_t)value;
	uint32_t word = (uint32_t)value;

	switch (size) {
	case 1:
		*(uint8_t *)host = (uint8_t)value;
		break;
	case 2:
		memcpy(host, &half, 2);
		break;
	case 4:
		memcpy(host, &word, 4);
		break;
	default:
		memcpy(host, &value, 8);
		break;
	}
}

#endif
