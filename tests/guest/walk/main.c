/*
 * Random page tables, domains and SCTLR.AFE; for each some addresses are translated by ATS1Cxx and accessed. A hash of every PAR, DFSR,
 * DFAR and value is printed now and then, so that two machines can be compared.
 *
 * Two things are left out because QEMU differs from the manual there (test_walk.c has them): a closed domain over an invalid second-level
 * descriptor or a clear access flag (QEMU looks at the domain first; TranslationTableWalkSD() ends before that), and the access flag in
 * a manager's domain (QEMU does not look at it). PAR's memory attributes are masked: QEMU leaves them 0.
 */
#include <stdint.h>

uint32_t load(uint32_t va), load_user(uint32_t va);
void store(uint32_t va, uint32_t value), store_user(uint32_t va, uint32_t value);

#define UART ((volatile uint32_t *)0x10009000)
#define SYSREGS ((volatile uint32_t *)0x10000000)
#define L1 ((volatile uint32_t *)0x60100000)
#define L2 ((volatile uint32_t *)0x60104000) /* four tables */
#define DATA 0x60200000u
#define STEPS 6000

#define MCR(op1, crn, crm, op2, value) \
	__asm__ volatile("mcr p15, " #op1 ", %0, " #crn ", " #crm ", " #op2 : : "r"(value) : "memory")
#define MRC(op1, crn, crm, op2, value) \
	__asm__ volatile("mrc p15, " #op1 ", %0, " #crn ", " #crm ", " #op2 : "=r"(value) : : "memory")

volatile uint32_t fault[2];
static uint32_t random_state = 1234567, hash = 2166136261u;

static uint32_t rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static void mix(uint32_t value)
{
	hash = (hash ^ value) * 16777619u;
}

static void put(char c)
{
	while (UART[6] & 0x20)
		;
	UART[0] = (uint8_t)c;
}

static void line(uint32_t a, uint32_t b)
{
	for (int i = 28; i >= 0; i -= 4)
		put("0123456789abcdef"[a >> i & 15]);
	put(' ');
	for (int i = 28; i >= 0; i -= 4)
		put("0123456789abcdef"[b >> i & 15]);
	put('\n');
}

static void random_tables(uint32_t mib)
{
	uint32_t d = rnd();

	switch (rnd() % 5) {
	case 0: /* invalid */
		L1[mib] = d & ~3u;
		break;
	case 1: /* section */
		L1[mib] = (DATA + (rnd() % 4 << 20)) | (d & 0x00038c00) | (d >> 20 & 3) << 5 | 0xc | 2;
		break;
	case 2: /* supersection */
		L1[mib] = 0x61000000 | (d & 0x00038c00) | 1u << 18 | 0xc | 2;
		break;
	default:
		L1[mib] = 0x60104000 + (d & 3) * 0x400 | (d >> 20 & 3) << 5 | 1;
		break;
	}
	for (int i = 0; i < 8; i++) {
		uint32_t index = rnd() & 0x3ff;

		d = rnd();
		switch (rnd() & 3) {
		case 0:
			L2[index] = d & ~3u;
			break;
		case 1: /* large page */
			L2[index] = DATA + (rnd() % 32 << 16) | (d & 0x8e30) | 0xc | 1;
			break;
		default:
			L2[index] = DATA + (rnd() % 1024 << 12) | (d & 0xe31) | 0xc | 2;
			break;
		}
	}
}

/* Domain 0 is always client: the code runs in it. */
static void random_control(uint32_t mib)
{
	uint32_t dacr = rnd() & 0xff, sctlr;
	int afe = (rnd() & 3) == 0;

	if ((L1[mib] & 3) == 1)
		dacr |= 0x55;
	if (afe)
		dacr = 0x55;
	dacr = (dacr & ~3u) | 1;
	MCR(0, c3, c0, 0, dacr);
	MRC(0, c1, c0, 0, sctlr);
	sctlr = afe ? sctlr | 1u << 29 : sctlr & ~(1u << 29);
	MCR(0, c1, c0, 0, sctlr);
	MCR(0, c8, c7, 0, 0);
	__asm__ volatile("dsb; isb" : : : "memory");
}

static void try(uint32_t va, unsigned kind)
{
	uint32_t par, value = 0;

	switch (kind) {
	case 0: MCR(0, c7, c8, 0, va); break;
	case 1: MCR(0, c7, c8, 1, va); break;
	case 2: MCR(0, c7, c8, 2, va); break;
	default: MCR(0, c7, c8, 3, va); break;
	}
	__asm__ volatile("isb" : : : "memory");
	MRC(0, c7, c4, 0, par);
	if (!(par & 1))
		par &= par & 2 ? 0xff000002 : 0xfffff000;
	mix(par);
	fault[0] = ~0u;
	fault[1] = 0;
	switch (kind) {
	case 0: value = load(va); break;
	case 1: store(va, rnd()); break;
	case 2: value = load_user(va); break;
	default: store_user(va, rnd()); break;
	}
	mix(fault[0]);
	mix(fault[1]);
	mix(fault[0] == ~0u ? value : 0);
}

int main(void)
{
	uint32_t sctlr;

	UART[12] = 0x301;
	for (int i = 0; i < 4096; i++)
		L1[i] = 0;
	L1[0x600] = 0x60000000 | 1u << 10 | 0xc | 2;
	L1[0x601] = 0x60100000 | 1u << 10 | 0xc | 2;
	L1[0x100] = 0x10000000 | 1u << 10 | 0x10 | 2;
	MCR(0, c2, c0, 0, 0x60100000);
	MCR(0, c2, c0, 2, 0);
	MCR(0, c3, c0, 0, 1);
	MCR(0, c8, c7, 0, 0);
	__asm__ volatile("dsb; isb" : : : "memory");
	MRC(0, c1, c0, 0, sctlr);
	MCR(0, c1, c0, 0, sctlr | 1);
	__asm__ volatile("isb" : : : "memory");
	for (uint32_t step = 1; step <= STEPS; step++) {
		uint32_t mib = 0x200 + (rnd() & 7);

		random_tables(mib);
		random_control(mib);
		for (int i = 0; i < 6; i++) {
			uint32_t va = mib << 20 | (rnd() & 0xff) << 12 | (rnd() & 0xffc);

			for (unsigned kind = 0; kind < 4; kind++)
				try(va, kind);
		}
		if (step % 500 == 0)
			line(step, hash);
	}
	SYSREGS[0xa0 / 4] = 0; /* power off */
	SYSREGS[0xa4 / 4] = 0xc0800000;
	for (;;)
		;
}
