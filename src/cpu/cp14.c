/*
 * cp14.c - debug, ThumbEE and Jazelle registers (ARM DDI 0406C.d C11, A2.9, A2.10).
 *
 * The A9 r0p0 implements the baseline CP14 debug interface (DBGDIDR.Version 4): ID and address registers, DSCR and DCC. Breakpoint and
 * watchpoint registers keep what is written, as QEMU's do, but nothing breaks: no debugger enables monitor mode on this version.
 * Jazelle and ThumbEE are the trivial implementation: control registers exist, hardware acceleration does not.
 */
#include "base/base.h"
#include "cpu/cp15.h"

#include "cpu/cpu.h"

/* Slots of cpu->cp14[]. */
enum {
	SLOT_BVR = 0,   /* 16 */
	SLOT_BCR = 16,  /* 16 */
	SLOT_WVR = 32,  /* 4 */
	SLOT_WCR = 36,  /* 4 */
	SLOT_DSCR = 40,
	SLOT_VCR,
	SLOT_OSLOCK,
	SLOT_TEECR,
	SLOT_TEEHBR,
	SLOT_WFAR,
};

#define DSCR_WMASK 0x0000fc00u /* UDCCdis, DbgAck, INTdis, HDBGen, MDBGen and the bits between */
#define DSCR_UDCCDIS (1u << 12)
#define OS_LOCK_KEY 0xc5acce55u
#define TEECR_XED 1u

static unsigned brps(const struct cpu *cpu)
{
	return (cpu->model->dbgdidr >> 24 & 15) + 1;
}

static unsigned wrps(const struct cpu *cpu)
{
	return (cpu->model->dbgdidr >> 28 & 15) + 1;
}

/* The slot of a breakpoint or watchpoint register; -1: no such register. */
static int break_slot(const struct cpu *cpu, unsigned crm, unsigned op2)
{
	switch (op2) {
	case 4: return crm < brps(cpu) ? SLOT_BVR + (int)crm : -1;
	case 5: return crm < brps(cpu) ? SLOT_BCR + (int)crm : -1;
	case 6: return crm < wrps(cpu) ? SLOT_WVR + (int)crm : -1;
	case 7: return crm < wrps(cpu) ? SLOT_WCR + (int)crm : -1;
	default: return -1;
	}
}

/* Registers of c0 with op2 0-3, 8 bits: crm and op2. */
#define REG(crn, crm, op2) ((crn) << 8 | (crm) << 4 | (op2))

static bool debug_read(struct cpu *cpu, unsigned crn, unsigned crm, unsigned op2, uint32_t *value)
{
	bool user_ok = cpu_privileged(cpu) || !(cpu->cp14[SLOT_DSCR] & DSCR_UDCCDIS);
	int slot;

	/* DIDR, DRAR, DSAR, DSCRint and the DCC can be read in user mode while UDCCdis is 0 (C11.8). */
	switch (REG(crn, crm, op2)) {
	case REG(0, 0, 0):
		*value = cpu->model->dbgdidr;
		return user_ok;
	case REG(1, 0, 0): /* DBGDRAR: no memory-mapped debug registers */
	case REG(2, 0, 0): /* DBGDSAR */
	case REG(0, 5, 0): /* DBGDTRRXint: never full */
		*value = 0;
		return user_ok;
	case REG(0, 1, 0): /* DBGDSCRint */
		*value = cpu->cp14[SLOT_DSCR];
		return user_ok;
	}
	if (!cpu_privileged(cpu))
		return false;
	switch (REG(crn, crm, op2)) {
	case REG(0, 2, 2): /* DBGDSCRext */
		*value = cpu->cp14[SLOT_DSCR];
		return true;
	case REG(0, 6, 0):
		*value = cpu->cp14[SLOT_WFAR];
		return true;
	case REG(0, 7, 0):
		*value = cpu->cp14[SLOT_VCR];
		return true;
	case REG(1, 1, 4): /* DBGOSLSR: OS lock implemented, its state */
		*value = 8 | (cpu->cp14[SLOT_OSLOCK] ? 2 : 0);
		return true;
	case REG(1, 3, 4): /* DBGOSDLR */
	case REG(1, 4, 4): /* DBGPRCR */
	case REG(7, 8, 6): /* DBGCLAIMSET, CLAIMCLR */
	case REG(7, 9, 6):
		*value = 0;
		return true;
	case REG(1, 5, 4): /* DBGPRSR: powered up */
		*value = 1;
		return true;
	case REG(7, 14, 6): /* DBGAUTHSTATUS: implemented, nothing enabled */
		*value = 0xaa;
		return true;
	}
	slot = crn == 0 ? break_slot(cpu, crm, op2) : -1;
	if (slot < 0)
		return false;
	*value = cpu->cp14[slot];
	return true;
}

static bool debug_write(struct cpu *cpu, unsigned crn, unsigned crm, unsigned op2, uint32_t value)
{
	int slot;

	if (REG(crn, crm, op2) == REG(0, 5, 0)) /* DBGDTRTXint: nobody listens */
		return cpu_privileged(cpu) || !(cpu->cp14[SLOT_DSCR] & DSCR_UDCCDIS);
	if (!cpu_privileged(cpu))
		return false;
	switch (REG(crn, crm, op2)) {
	case REG(0, 2, 2):
		cpu->cp14[SLOT_DSCR] = (cpu->cp14[SLOT_DSCR] & ~DSCR_WMASK) | (value & DSCR_WMASK);
		return true;
	case REG(0, 6, 0):
		cpu->cp14[SLOT_WFAR] = value;
		return true;
	case REG(0, 7, 0):
		cpu->cp14[SLOT_VCR] = value;
		return true;
	case REG(1, 0, 4): /* DBGOSLAR */
		cpu->cp14[SLOT_OSLOCK] = value == OS_LOCK_KEY;
		return true;
	case REG(1, 3, 4):
	case REG(1, 4, 4):
	case REG(7, 8, 6):
	case REG(7, 9, 6):
		return true;
	}
	slot = crn == 0 ? break_slot(cpu, crm, op2) : -1;
	if (slot < 0)
		return false;
	cpu->cp14[slot] = value;
	return true;
}

/* TEECR, and TEEHBR, which user mode may use unless TEECR.XED is set. */
static int thumbee_slot(const struct cpu *cpu, unsigned crn, unsigned crm, unsigned op2)
{
	if (crm != 0 || op2 != 0)
		return -1;
	if (crn == 0)
		return cpu_privileged(cpu) ? SLOT_TEECR : -1;
	if (crn == 1)
		return cpu_privileged(cpu) || !(cpu->cp14[SLOT_TEECR] & TEECR_XED) ? SLOT_TEEHBR : -1;
	return -1;
}

/* The trivial Jazelle: JIDR, JOSCR and JMCR read as zero; JOSCR is for privileged modes only. */
static bool jazelle_allowed(const struct cpu *cpu, unsigned crn, unsigned crm, unsigned op2, bool write)
{
	if (crm != 0 || op2 != 0 || crn > 2)
		return false;
	return cpu_privileged(cpu) || (crn == 2 && write) || (crn == 0 && !write);
}

bool cp14_read(struct cpu *cpu, unsigned op1, unsigned crn, unsigned crm, unsigned op2, uint32_t *value)
{
	int slot;

	switch (op1) {
	case 0:
		return debug_read(cpu, crn, crm, op2, value);
	case 6:
		slot = thumbee_slot(cpu, crn, crm, op2);
		if (slot < 0)
			return false;
		*value = cpu->cp14[slot];
		return true;
	case 7:
		*value = 0;
		return jazelle_allowed(cpu, crn, crm, op2, false);
	default:
		return false;
	}
}

bool cp14_write(struct cpu *cpu, unsigned op1, unsigned crn, unsigned crm, unsigned op2, uint32_t value)
{
	int slot;

	switch (op1) {
	case 0:
		return debug_write(cpu, crn, crm, op2, value);
	case 6:
		slot = thumbee_slot(cpu, crn, crm, op2);
		if (slot < 0)
			return false;
		cpu->cp14[slot] = value & (slot == SLOT_TEECR ? TEECR_XED : ~3u);
		return true;
	case 7:
		return jazelle_allowed(cpu, crn, crm, op2, true);
	default:
		return false;
	}
}
