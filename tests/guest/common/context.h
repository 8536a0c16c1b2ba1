/* context.h - offsets in struct context for assembly and C. */
#ifndef GUEST_CONTEXT_H
#define GUEST_CONTEXT_H

#define CONTEXT_IN 0x60800000  /* the registers a case starts with */
#define CONTEXT_OUT 0x60800400 /* what the exception that ended it left */
#define SCRATCH 0x60801000     /* memory that cases work on, one page */
#define STACKS 0x60802000      /* of the modes while a case runs: 256 bytes each */

#define CTX_R0 0
#define CTX_PC 60
#define CTX_CPSR 64
#define CTX_KIND 68
#define CTX_LR 72              /* of the exception */
#define CTX_SPSR 76
#define CTX_ECPSR 80           /* CPSR in the handler */
#define CTX_DFSR 84
#define CTX_DFAR 88
#define CTX_IFSR 92
#define CTX_IFAR 96
#define CTX_BANKS 100          /* sp, lr, spsr of SVC, ABT, UND, IRQ, FIQ; sp, lr of USR; r8-r12 of FIQ */
#define BANK_SVC CTX_BANKS
#define BANK_ABT (CTX_BANKS + 12)
#define BANK_UND (CTX_BANKS + 24)
#define BANK_IRQ (CTX_BANKS + 36)
#define BANK_FIQ (CTX_BANKS + 48)
#define BANK_USR (CTX_BANKS + 60)
#define FIQ_R8 (CTX_BANKS + 68)

#endif
