/* common.h - what the bare-metal test guests share. They print; the output is compared with a golden file. */
#ifndef GUEST_COMMON_H
#define GUEST_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"

#define REG(addr) (*(volatile uint32_t *)(addr))

/* console.c of the built-in guest */
void console_init(uint32_t uart);
void put(const char *text);
void print(const char *fmt, ...);

struct bank {
	uint32_t sp, lr, spsr;
};
/* As context.h has it. */
struct context {
	uint32_t r[16];
	uint32_t cpsr, kind, lr, spsr, ecpsr, dfsr, dfar, ifsr, ifar;
	struct bank bank[5];
	uint32_t usr_sp, usr_lr;
	uint32_t fiq[5];
};
_Static_assert(offsetof(struct context, fiq) == FIQ_R8, "context.h");

enum { KIND_UNDEF = 1, KIND_SVC, KIND_PABT, KIND_DABT, KIND_IRQ = 6, KIND_FIQ };

#define context_in ((struct context *)CONTEXT_IN)
#define context_out ((struct context *)CONTEXT_OUT)

/* start.S */
void run_context(void);
void use_arm_vectors(void);
void use_thumb_vectors(void);
extern char vectors[], thumb_vectors[];

/* Fills CONTEXT_IN with the patterns, and SCRATCH. */
void prepare(uint32_t pc, uint32_t cpsr);
/* A line: the name, how it ended, and every register and word of SCRATCH that changed. */
void report(const char *name);
/* All of the group's cases that CASE declares. */
void run_cases(void);
void power_off(void) __attribute__((noreturn));

/* Coprocessor registers as lvalue-like macros: opc1, CRn, CRm, opc2 as literals. */
#define CP_READ(op1, crn, crm, op2) __extension__({ uint32_t v_; \
	__asm__ volatile("mrc p15, " #op1 ", %0, c" #crn ", c" #crm ", " #op2 : "=r"(v_) : : "memory"); v_; })
#define CP_WRITE(op1, crn, crm, op2, value) \
	__asm__ volatile("mcr p15, " #op1 ", %0, c" #crn ", c" #crm ", " #op2 "\n\tisb" : : "r"((uint32_t)(value)) : "memory")
#define READ_SCTLR() CP_READ(0, 1, 0, 0)
#define WRITE_SCTLR(v) CP_WRITE(0, 1, 0, 0, v)
enum { SCTLR_M = 1, SCTLR_A = 2, SCTLR_V = 1 << 13, SCTLR_VE = 1 << 24, SCTLR_EE = 1 << 25, SCTLR_TRE = 1 << 28, SCTLR_AFE = 1 << 29, SCTLR_TE = 1 << 30 };

/* Every data write to code is followed by this. */
static inline void sync_code(void)
{
	__asm__ volatile("dsb\n\tmcr p15, 0, %0, c7, c5, 0\n\tmcr p15, 0, %0, c7, c5, 6\n\tdsb\n\tisb" : : "r"(0) : "memory");
}
static inline void flush_tlb(void)
{
	__asm__ volatile("dsb\n\tmcr p15, 0, %0, c8, c7, 0\n\tmcr p15, 0, %0, c7, c5, 6\n\tdsb\n\tisb" : : "r"(0) : "memory");
}

/* The group's. */
void group_main(void);

#endif
