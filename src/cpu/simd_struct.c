/* simd_struct.c - interleaving for VLDn and VSTn; see simd_struct.h. */
#include "base/base.h"

#include "cpu/simd_struct.h"

#include <string.h>

#include "cpu/cpu.h"
#include "cpu/simd.h"

void simd_vld_split(struct cpu *cpu, uint32_t desc)
{
	const uint32_t layout = SIMD_IMM(desc);
	const unsigned n = SIMD_STRUCT_N(layout), size = SIMD_STRUCT_SIZE(layout), swap = SIMD_STRUCT_REVERSE(layout) ? size - 1 : 0;

	for (unsigned r = 0; r < SIMD_STRUCT_REGS(layout); r++) {
		uint8_t memory[4][8], out[4][8];

		for (unsigned i = 0; i < n; i++)
			memcpy(memory[i], &cpu->vfp.d[simd_struct_slot(SIMD_VD(desc), layout, r * n + i)], 8);
		for (unsigned at = 0; at < 8 * n; at++) {
			unsigned element = at / size;
			out[element % n][element / n * size + (at % size ^ swap)] = memory[at / 8][at % 8];
		}
		for (unsigned i = 0; i < n; i++)
			memcpy(&cpu->vfp.d[simd_struct_slot(SIMD_VD(desc), layout, r * n + i)], out[i], 8);
	}
}

uint32_t simd_struct_word(const struct cpu *cpu, unsigned vd, uint32_t layout, unsigned index)
{
	const unsigned n = SIMD_STRUCT_N(layout), size = SIMD_STRUCT_SIZE(layout), swap = SIMD_STRUCT_REVERSE(layout) ? size - 1 : 0;
	uint32_t word = 0;

	for (unsigned i = 0; i < 4; i++) {
		unsigned at = 4 * index + i, in_group = at % (8 * n), element = in_group / size;
		unsigned reg = (vd + element % n * SIMD_STRUCT_STEP(layout) + at / (8 * n)) & 31;
		unsigned byte = element / n * size + (in_group % size ^ swap);
		word |= (uint32_t)(cpu->vfp.d[reg] >> 8 * byte & 0xff) << 8 * i;
	}
	return word;
}
