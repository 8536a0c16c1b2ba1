/*
 * cpu_models.c - what the supported core types say about themselves.
 *
 * Cortex-A9: revision r0p0 with the values that QEMU's vexpress-a9 shows, so that a guest sees one and the same core on both; where the
 * Technical Reference Manual (ARM DDI 0388) is more exact than QEMU (TLBTR), its value is used.
 */
#include "base/base.h"
#include "cpu/cpu.h"

#include <string.h>

static const struct cpu_model models[] = {
	{
		.name = "cortex-a9",
		.compatible = "arm,cortex-a9",
		.midr = 0x410fc090,
		.ctr = 0x80038003,
		.tcmtr = 0,
		.tlbtr = 0x00000402, /* unified, 128 entries, 4 lockable */
		.revidr = 0x410fc090, /* not implemented: aliases MIDR (B4.1.128) */
		.id_pfr = { 0x00001031, 0x00000011 },
		.id_dfr0 = 0x00000000,
		.id_afr0 = 0x00000000,
		.id_mmfr = { 0x00100103, 0x20000000, 0x01230000, 0x00002111 },
		.id_isar = { 0x00101111, 0x13112111, 0x21232041, 0x11112131, 0x00111142, 0x00000000 },
		.clidr = 1u << 27 | 1u << 24 | 3, /* separate L1 caches */
		.ccsidr = { 0xe00fe019, 0x200fe019, 0x00000000 },
		.fpsid = 0x41033090,
		.mvfr = { 0x11110222, 0x01111111 },
		.dbgdidr = 0x35141000,
		.sctlr_reset = 0x00c50078,
		/* TE, AFE, TRE, EE, RR, V, I, Z, SW, C, A, M. The A9 has neither HA nor VE nor FI. */
		.sctlr_wmask = 1u << 30 | 1u << 29 | 1u << 28 | 1u << 25 | 1u << 14 | 1u << 13 | 1u << 12 | 1u << 11 |
		               1u << 10 | 7u,
		.actlr_reset = 0,
		.actlr_wmask = 0x3cf, /* parity, alloc in one way, EXCL, SMP, full line of zeros, prefetches, FW */
		.pmcr = 0x41093000, /* six counters */
	},
};

const struct cpu_model *cpu_model_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++)
		if (strcmp(models[i].name, name) == 0 || strcmp(models[i].compatible, name) == 0)
			return &models[i];
	return NULL;
}
