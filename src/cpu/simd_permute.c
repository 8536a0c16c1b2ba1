/* simd_permute.c - Advanced SIMD operations that move elements about. */
#include "base/base.h"

#include "cpu/simd.h"

#include "cpu/simd_private.h"

/* Elements of a region of @region bytes in reverse order */
#define REVERSE(name, f, region)                                                                 \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                         \
	{                                                                                        \
		const union simd_reg m = simd_load(cpu, SIMD_VM(desc), desc & SIMD_Q);           \
		const unsigned per = (region) / sizeof(m.f[0]);                                  \
		union simd_reg d = m;                                                            \
		for (unsigned i = 0; i < simd_bytes(desc) / sizeof(m.f[0]); i++)                 \
			d.f[i] = m.f[i ^ (per - 1)];                                             \
		simd_put(cpu, desc, d);                                                          \
	}
REVERSE(vrev16_i8, u8, 2)
REVERSE(vrev32_i8, u8, 4)
REVERSE(vrev32_i16, u16, 4)
REVERSE(vrev64_i8, u8, 8)
REVERSE(vrev64_i16, u16, 8)
REVERSE(vrev64_i32, u32, 8)

void simd_vswp(struct cpu *cpu, uint32_t desc)
{
	const union simd_reg d = simd_vd(cpu, desc), m = simd_load(cpu, SIMD_VM(desc), desc & SIMD_Q);

	simd_put(cpu, desc, m);
	simd_store(cpu, SIMD_VM(desc), desc & SIMD_Q, d);
}

/* Two results from the elements of two registers: d is vd, m vm, n the number of elements in one, i runs over them. */
#define TWO_WAY(name, f, first, second)                                                                            \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                                           \
	{                                                                                                          \
		const union simd_reg d = simd_vd(cpu, desc), m = simd_load(cpu, SIMD_VM(desc), desc & SIMD_Q);     \
		const unsigned n = simd_bytes(desc) / sizeof(d.f[0]);                                              \
		union simd_reg x = d, y = m;                                                                       \
		for (unsigned i = 0; i < n; i++) {                                                                 \
			x.f[i] = (first);                                                                          \
			y.f[i] = (second);                                                                         \
		}                                                                                                  \
		simd_put(cpu, desc, x);                                                                            \
		simd_store(cpu, SIMD_VM(desc), desc & SIMD_Q, y);                                                  \
	}
#define TRN(name, f) TWO_WAY(name, f, i & 1 ? m.f[i - 1] : d.f[i], i & 1 ? m.f[i] : d.f[i + 1])
TRN(vtrn_i8, u8)
TRN(vtrn_i16, u16)
TRN(vtrn_i32, u32)
#define UZP(name, f) TWO_WAY(name, f, i < n / 2 ? d.f[2 * i] : m.f[2 * i - n], i < n / 2 ? d.f[2 * i + 1] : m.f[2 * i + 1 - n])
UZP(vuzp_i8, u8)
UZP(vuzp_i16, u16)
UZP(vuzp_i32, u32)
#define ZIP(name, f) TWO_WAY(name, f, i & 1 ? m.f[i / 2] : d.f[i / 2], i & 1 ? m.f[(n + i) / 2] : d.f[(n + i) / 2])
ZIP(vzip_i8, u8)
ZIP(vzip_i16, u16)
ZIP(vzip_i32, u32)

#define DUP(name, f, mask)                                                                       \
	void simd_##name(struct cpu *cpu, uint32_t desc)                                         \
	{                                                                                        \
		const union simd_reg m = simd_load(cpu, SIMD_VM(desc), false);                   \
		union simd_reg d;                                                                \
		for (unsigned i = 0; i < 16 / sizeof(d.f[0]); i++)                               \
			d.f[i] = m.f[SIMD_IMM(desc) & (mask)];                                   \
		simd_put(cpu, desc, d);                                                          \
	}
DUP(vdup_i8, u8, 7)
DUP(vdup_i16, u16, 3)
DUP(vdup_i32, u32, 1)

void simd_vext(struct cpu *cpu, uint32_t desc)
{
	const union simd_reg n = simd_vn(cpu, desc), m = simd_load(cpu, SIMD_VM(desc), desc & SIMD_Q);
	const unsigned bytes = simd_bytes(desc), start = SIMD_IMM(desc);
	union simd_reg d = n;

	for (unsigned i = 0; i < bytes; i++) {
		unsigned at = (start + i) & (2 * bytes - 1);
		d.u8[i] = at < bytes ? n.u8[at] : m.u8[at - bytes];
	}
	simd_put(cpu, desc, d);
}

/* Bytes of the table of imm registers by the indices in vm; those out of range give @otherwise's byte. */
static void table_lookup(struct cpu *cpu, uint32_t desc, union simd_reg otherwise)
{
	const union simd_reg m = simd_load(cpu, SIMD_VM(desc), false);
	union simd_reg d = otherwise;

	for (unsigned i = 0; i < 8; i++) {
		unsigned index = m.u8[i];
		if (index < 8 * SIMD_IMM(desc))
			d.u8[i] = (uint8_t)(cpu->vfp.d[(SIMD_VN(desc) + index / 8) & 31] >> index % 8 * 8);
	}
	simd_store(cpu, SIMD_VD(desc), false, d);
}

void simd_vtbl(struct cpu *cpu, uint32_t desc)
{
	table_lookup(cpu, desc, (union simd_reg){.u64 = {0, 0}});
}

void simd_vtbx(struct cpu *cpu, uint32_t desc)
{
	table_lookup(cpu, desc, simd_load(cpu, SIMD_VD(desc), false));
}
