/* Exceptions taken from every mode, in ARM and Thumb, inside IT blocks and in the middle of multi-word accesses. */
#include "cases.inc"

	/* An SVC, an UNDEFINED instruction, a data abort and a breakpoint from each mode. */
	.macro	from_mode mode, bits
CASE "svc-\mode", \bits
	svc	#1
CASE "svc-\mode-thumb", \bits | T
	svc	#1
CASE "undef-\mode", \bits
	udf	#1
CASE "undef-\mode-thumb", \bits | T
	nop
	udf	#1
CASE "undef32-\mode-thumb", \bits | T
	udf.w	#1
CASE "bkpt-\mode", \bits
	bkpt	#1
CASE "bkpt-\mode-thumb", \bits | T
	bkpt	#1
CASE "abort-\mode", \bits
	mov	r2, #0x20000000
	ldr	r3, [r2, #4]!
CASE "abort-\mode-thumb", \bits | T
	mov	r2, #0x20000000
	str	r3, [r2, #4]!
	.endm
	from_mode usr, USR
	from_mode fiq, FIQ
	from_mode irq, IRQ
	from_mode svc, SVC
	from_mode abt, ABT
	from_mode und, UND
	from_mode sys, SYS

/* --- flags and masks that go into the SPSR, and what the handler starts with --- */
CASE "masks-irq-off", 0x50 | N | C
	svc	#0
CASE "masks-abort-on", 0x90 | Z
	udf	#0
CASE "flags-q-ge", 0x080f01d0
	svc	#0
CASE "big-endian-before", USR | E
	svc	#0

/* --- aborts in IT blocks --- */
CASE "it-abort-1", USR | T | Z
	mov	r2, #0x20000000
	itete	eq
	ldreq	r3, [r2]
	movne	r4, #1
	moveq	r5, #1
	movne	r6, #1
	svc	#0
CASE "it-abort-2", USR | T
	mov	r2, #0x20000000
	itete	eq
	moveq	r3, #1
	ldrne	r4, [r2]
	moveq	r5, #1
	movne	r6, #1
	svc	#0
CASE "it-abort-4", USR | T
	mov	r2, #0x20000000
	itttt	ne
	movne	r3, #1
	movne	r4, #1
	movne	r5, #1
	strne	r6, [r2]
	svc	#0
CASE "it-abort-skipped", USR | T
	mov	r2, #0x20000000
	ite	eq
	ldreq	r3, [r2]
	movne	r4, #1
	svc	#0
CASE "it-undef32", SVC | T
	itt	ne
	movne	r3, #1
	.inst.w	0xf7f0a00f
	svc	#0
CASE "it-svc-last", SVC | T | C
	ittt	cs
	movcs	r3, #1
	movcs	r4, #1
	svccs	#1
CASE "it-svc-first", SVC | T | C
	itet	cs
	svccs	#1
	movcc	r4, #1
	movcs	r5, #1
CASE "it-fetch-abort", USR | T | Z
	mov	r2, #0x20000000
	it	eq
	bxeq	r2
CASE "it-flags", USR | T | Z
	/* T16 data processing inside IT sets no flags; compares do. */
	itt	eq
	addeq	r2, r2, r2
	cmpeq	r2, r3
	mrs	r4, cpsr
	movs	r5, #0
	mrs	r6, cpsr
	svc	#0

/* --- base registers and partial results when an access aborts --- */
CASE "base-pre-write", SVC
	mov	r2, #0x20000000
	str	r3, [r2, #8]!
CASE "base-post-write", SVC
	mov	r2, #0x20000000
	ldr	r3, [r2], #8
CASE "base-ldm", SVC
	mov	r2, #0x20000000
	ldm	r2!, {r3-r6}
CASE "base-stm", SVC
	mov	r2, #0x20000000
	stmdb	r2!, {r3-r6}
CASE "base-ldm-in-list", SVC
	mov	r2, #0x20000000
	ldm	r2, {r1-r6}
CASE "base-push", SVC
	mov	sp, #0x20000000
	push	{r3-r6}
CASE "base-pop-pc", SVC | T
	mov	r2, #0x20000000
	mov	sp, r2
	pop	{r3-r6, pc}
CASE "base-ldrd", SVC
	mov	r2, #0x20000000
	ldrd	r4, r5, [r2, #8]!
CASE "base-rfe", SVC
	mov	r2, #0x20000000
	rfeia	r2!
CASE "base-srs", IRQ
	cps	#0x13
	mov	sp, #0x20000000
	srsdb	sp!, #0x13
CASE "base-ldrex", SVC
	mov	r2, #0x20000000
	ldrex	r3, [r2]
CASE "base-swp", SVC
	mov	r2, #0x20000000
	.inst	0xe1023094			@ swp r3, r4, [r2]
CASE "base-ldm-user", IRQ
	mov	r2, #0x20000000
	ldm	r2, {r3, sp, lr}^
CASE "base-ldm-return", IRQ
	mov	r2, #0x20000000
	ldm	r2!, {r3, pc}^
CASE "fetch-arm", SVC
	mov	r2, #0x20000000
	bx	r2
CASE "fetch-thumb", SVC
	ldr	r2, =0x20000001
	blx	r2
	.ltorg
CASE "fetch-pop", SVC | T
	mov	r2, #0x20000000
	str	r2, [sp]
	pop	{pc}

/* --- UNDEFINED on the A9: no division, no LPAE, no virtualization --- */
CASE "undef-sdiv", SVC
	.inst	0xe712f312
CASE "undef-udiv", SVC
	.inst	0xe732f312
CASE "undef-sdiv-thumb", SVC | T
	.inst.w	0xfb92f2f3
CASE "undef-hvc", SVC
	.inst	0xe1400070
CASE "undef-fma", SVC
	.inst	0xeea11a01
CASE "undef-media", SVC
	.inst	0xe7f000f0
CASE "undef-nv-space", SVC
	.inst	0xf8000000
CASE "undef-setend-t", SVC | T
	.short	0xb6ff
