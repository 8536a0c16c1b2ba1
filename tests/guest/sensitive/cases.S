/*
 * Sensitive instructions, unconditional, conditional and in Thumb, in privileged and in User mode. Cases end with SVC #0 (or with what the
 * instruction itself causes). The names are the rows of docs/cpatch.md.
 */
#include "cases.inc"

/* --- CPS --- */
CASE "cps-arm", SVC
	cpsie	i
	mrs	r2, cpsr
	cpsid	a, #0x1f
	mrs	r3, cpsr
	cps	#0x12
	mrs	r4, cpsr
	mov	r5, sp
	svc	#0
CASE "cps-thumb", SVC | T
	cpsie	i
	mrs	r2, cpsr
	cpsie	af
	mrs	r3, cpsr
	cpsid	if, #0x17
	mrs	r4, cpsr
	cps	#0x1b
	mov	r5, lr
	svc	#0
CASE "cps-user", USR
	cpsie	i
	cps	#0x13
	mrs	r2, cpsr
	svc	#0
CASE "cps-user-thumb", USR | T
	cpsie	aif
	cps	#0x13
	mrs	r2, cpsr
	svc	#0

/* --- MRS and MSR of CPSR --- */
CASE "mrs-cond", SVC | Z
	mrseq	r2, cpsr
	mrsne	r3, cpsr
	svc	#0
CASE "mrs-it", SVC | T | Z
	ite	eq
	mrseq	r2, cpsr
	mrsne	r3, cpsr
	svc	#0
CASE "msr-cond", SVC | C
	mov	r2, #0x92
	msrcc	cpsr_c, r2
	mrs	r3, cpsr
	msrcs	cpsr_c, r2
	mrs	r4, cpsr
	mov	r5, sp
	svc	#0
CASE "msr-it", SVC | T | C
	movs	r2, #0xd7
	ite	cc
	msrcc	cpsr_c, r2
	movcs	r3, #1
	mrs	r4, cpsr
	it	ne
	msrne	cpsr_c, r2
	mrs	r5, cpsr
	mov	r6, sp
	svc	#0
CASE "msr-imm", SVC
	msr	cpsr_c, #0xdf
	mov	r2, sp
	msr	cpsr_f, #0xa0000000
	msr	cpsr_s, #0x00050000
	mrs	r3, cpsr
	msr	cpsr_x, #0x00000200
	ldr	r4, [r0]
	msr	cpsr_x, #0
	svc	#0
CASE "msr-user", USR
	mov	r2, #0x13
	msr	cpsr_c, r2
	mvn	r2, #0
	msr	cpsr_fs, r2
	mrs	r3, cpsr
	svc	#0
CASE "msr-user-thumb", USR | T
	movs	r2, #0x13
	msr	cpsr_c, r2
	mvn	r2, #0
	msr	cpsr_fs, r2
	mrs	r3, cpsr
	svc	#0
CASE "msr-all-modes", SVC
	mov	r2, #0xd1
	msr	cpsr_c, r2
	mov	r3, sp
	mov	r8, #8
	mov	r2, #0xd2
	msr	cpsr_c, r2
	mov	r4, sp
	mov	r2, #0xd7
	msr	cpsr_c, r2
	mov	r5, sp
	mov	r2, #0xdb
	msr	cpsr_c, r2
	mov	r6, sp
	mov	r2, #0xdf
	msr	cpsr_c, r2
	mov	r7, sp
	mov	r2, #0xd3
	msr	cpsr_c, r2
	mov	r9, sp
	mov	r2, #0x50
	msr	cpsr_c, r2
	mov	r10, sp
	mrs	r11, cpsr
	svc	#0

/* --- MRS and MSR of SPSR and banked registers --- */
CASE "spsr-abt", ABT
	mrs	r2, spsr
	ldr	r3, =0x2a0f00f3
	msr	spsr_fsxc, r3
	mrs	r4, spsr
	svc	#0
CASE "spsr-fields", IRQ
	mvn	r3, #0
	msr	spsr_f, r3
	mrs	r4, spsr
	mov	r3, #0
	msr	spsr_c, r3
	mrs	r5, spsr
	svc	#0
CASE "spsr-cond-it", FIQ | T | N
	ite	mi
	mrsmi	r2, spsr
	mrspl	r3, spsr
	itt	pl
	msrpl	spsr_fsxc, r1
	movpl	r4, #1
	svc	#0

/* --- exception returns --- */
CASE "movs-pc-lr", UND
	adr	lr, 1f
	mov	r2, #0x10
	msr	spsr_fsxc, r2
	movs	pc, lr
	svc	#1
1:	mrs	r3, cpsr
	svc	#0
CASE "movs-pc-cond", ABT | Z
	adr	lr, 1f
	mov	r2, #0x8000001f
	orr	r2, r2, #0x1c0
	msr	spsr_fsxc, r2
	movsne	pc, lr
	mov	r4, #4
	movseq	pc, lr
	svc	#1
1:	mrs	r3, cpsr
	svc	#0
CASE "subs-pc-lr-arm", IRQ
	adr	lr, 1f
	ldr	r2, =0x600001d3
	msr	spsr_fsxc, r2
	subs	pc, lr, #4
	svc	#1
	svc	#2
1:	svc	#3
CASE "subs-pc-lr-thumb", IRQ | T
	adr	r3, 1f
	mov	lr, r3
	ldr	r2, =0x800001f0
	msr	spsr_fsxc, r2
	subs	pc, lr, #4
	.balign	4
	svc	#1
	nop
	svc	#2
	.balign 4
	nop
	nop
1:	svc	#3
	.ltorg
CASE "subs-pc-lr-it", UND | T | C
	adr	r3, 1f
	mov	lr, r3
	ldr	r2, =0x400001df
	msr	spsr_fsxc, r2
	it	cc
	subscc	pc, lr, #0
	movs	r4, #4
	cmp	r4, r4
	it	eq
	subseq	pc, lr, #0
	svc	#1
	.balign	4
	.arm
1:	mrs	r5, cpsr
	svc	#0
	.ltorg
	.thumb
CASE "return-into-it", ABT
	/* SPSR with IT = ITE EQ (0000 1100) and Z clear: the first is skipped, the second runs. */
	adr	lr, 1f
	ldr	r2, =0x00000df0 | 0x20
	bic	r2, r2, #0x1f
	orr	r2, r2, #0x1f
	msr	spsr_fsxc, r2
	movs	pc, lr
	.ltorg
	.thumb
	.balign	4
1:	.short	0x2301			@ mov r3, #1 (EQ)
	.short	0x2401			@ mov r4, #1 (NE)
	.short	0x2500			@ movs r5, #0: behind the block, it sets flags
	svc	#0
CASE "adds-pc", SVC
	adr	r3, 1f
	ldr	r2, =0xa00001db
	msr	spsr_fsxc, r2
	adds	pc, r3, #0
	svc	#1
1:	mrs	r4, cpsr
	svc	#0
	.ltorg
CASE "ldm-pc-return", SVC
	adr	r2, 1f
	str	r2, [r0, #8]
	ldr	r2, =0x200001d2
	msr	spsr_fsxc, r2
	ldm	r0!, {r6, r7, pc}^
	svc	#1
1:	mrs	r4, cpsr
	svc	#0
	.ltorg
CASE "ldm-pc-return-cond", UND | C
	adr	r2, 1f + 0
	orr	r2, r2, #1
	str	r2, [r0, #8]
	ldr	r2, =0x000001ff
	msr	spsr_fsxc, r2
	ldmcc	r0, {r6, r7, pc}^
	mov	r5, #5
	ldmcs	r0, {r6, r7, pc}^
	svc	#1
	.ltorg
	.thumb
	.balign	4
1:	mrs	r4, cpsr
	svc	#0
	.arm
CASE "ldm-user", SVC
	ldm	r0, {r2, r3, sp, lr}^
	nop
	svc	#0
CASE "ldm-user-fiq", FIQ
	ldmib	r0, {r7-r14}^
	nop
	mov	r2, r8
	svc	#0
CASE "ldm-user-cond", IRQ | N
	ldmpl	r0, {r2, r3, sp, lr}^
	nop
	ldmmi	r1, {r4, r5, sp, lr}^
	nop
	svc	#0
CASE "stm-user", ABT
	stmdb	r1, {r0, r2, sp, lr}^
	svc	#0
CASE "stm-user-fiq", FIQ
	add	r0, r0, #0x40
	stmda	r0, {r7-r14}^
	svc	#0
CASE "stm-user-cond", UND | Z
	stmne	r0, {sp, lr}^
	stmeq	r1, {sp, lr}^
	svc	#0

/* --- RFE and SRS --- */
CASE "rfe-ia", SVC
	adr	r2, 1f
	ldr	r3, =0x900001df
	strd	r2, r3, [r0]
	rfeia	r0!
	svc	#1
1:	mrs	r4, cpsr
	svc	#0
	.ltorg
CASE "rfe-db", SVC
	adr	r2, 1f
	ldr	r3, =0x00000010
	strd	r2, r3, [r0]
	add	r0, r0, #8
	rfedb	r0!
	svc	#1
1:	mrs	r4, cpsr
	svc	#0
	.ltorg
CASE "rfe-ib-da", SVC
	adr	r2, 1f
	ldr	r3, =0x000001d7
	strd	r2, r3, [r0, #8]
	add	r0, r0, #4
	rfeib	r0
	svc	#1
1:	adr	r2, 2f
	ldr	r3, =0x000001d2
	strd	r2, r3, [r1, #-4]
	rfeda	r1!
	svc	#2
2:	mrs	r4, cpsr
	svc	#0
	.ltorg
CASE "rfe-thumb", SVC | T
	adr	r2, 1f
	ldr	r3, =0x200001db
	strd	r2, r3, [r0]
	rfeia	r0!
	svc	#1
	.balign	4
	.arm
1:	mrs	r4, cpsr
	svc	#0
	.ltorg
	.thumb
CASE "rfe-thumb-it", SVC | T | C
	adr	r2, 1f
	ldr	r3, =0x000001ff
	strd	r2, r3, [r0]
	add	r0, r0, #8
	it	cc
	rfedbcc	r0!
	movs	r5, #5
	it	ne
	rfedbne	r0!
	svc	#1
	.balign	4
1:	mrs	r4, cpsr
	svc	#0
	.ltorg
CASE "srs-arm", IRQ
	srsia	sp!, #0x13
	srsdb	sp!, #0x12
	srsda	sp, #0x1f
	srsib	sp!, #0x17
	svc	#0
CASE "srs-thumb", ABT | T
	srsia	sp!, #0x13
	srsdb	sp!, #0x17
	svc	#0
CASE "srs-thumb-it", ABT | T | Z
	ite	ne
	srsiane	sp!, #0x13
	srsdbeq	sp!, #0x12
	svc	#0
CASE "rfe-user", USR
	srsia	sp!, #0x13

/* --- coprocessor registers --- */
CASE "mrc-cond", SVC | Z
	mrceq	p15, 0, r2, c0, c0, 0
	mrcne	p15, 0, r3, c0, c0, 0
	svc	#0
CASE "mrc-it", SVC | T | Z
	ite	ne
	mrcne	p15, 0, r2, c0, c0, 0
	mrceq	p15, 0, r3, c0, c0, 5
	svc	#0
CASE "mcr-cond-it", SVC | T | C
	ite	cs
	mcrcs	p15, 0, r2, c13, c0, 2
	mcrcc	p15, 0, r3, c13, c0, 2
	mrc	p15, 0, r4, c13, c0, 2
	svc	#0
CASE "mrc-apsr", SVC
	mcr	p15, 0, r5, c13, c0, 2
	mrc	p14, 0, APSR_nzcv, c0, c1, 0
	mrs	r2, cpsr
	svc	#0
CASE "mrc-user", USR
	mrc	p15, 0, r2, c13, c0, 3
	mrc	p15, 0, r2, c0, c0, 0
CASE "mcr-user", USR
	mcr	p15, 0, r2, c1, c0, 0
CASE "mcr-user-skipped", USR
	mcreq	p15, 0, r2, c1, c0, 0
	svc	#0
CASE "mcr-user-thumb", USR | T
	mcr	p15, 0, r2, c8, c7, 0
CASE "mcr-user-barriers", USR
	mcr	p15, 0, r2, c7, c5, 4
	mcr	p15, 0, r2, c7, c10, 4
	mcr	p15, 0, r2, c7, c10, 5
	mcr	p15, 0, r2, c13, c0, 2
	mrc	p15, 0, r3, c13, c0, 2
	svc	#0
CASE "mcr-user-tpidruro", USR
	mcr	p15, 0, r2, c13, c0, 3
CASE "mcrr-undef", SVC
	mcrr	p15, 0, r2, r3, c2
CASE "mrc-p14-undef", SVC
	mrc	p14, 6, r2, c0, c0, 0
CASE "cdp-undef", SVC
	cdp	p15, 0, c0, c0, c0, 0
CASE "ldc-undef", SVC
	ldc	p6, c0, [r0]
CASE "vfp-disabled", SVC
	vadd.f32 s0, s0, s0
CASE "vfp-disabled-skipped", SVC | T
	it	eq
	vaddeq.f32 s0, s0, s0
	svc	#0

/* --- other --- */
CASE "setend", USR
	setend	be
	ldr	r2, [r0]
	ldrh	r3, [r0, #4]
	ldrb	r4, [r0, #8]
	strh	r5, [r0, #12]
	str	r6, [r0, #16]
	strd	r6, r7, [r0, #24]
	ldm	r0, {r8, r9}
	mrs	r10, cpsr
	setend	le
	ldr	r11, [r0, #16]
	svc	#0
CASE "setend-thumb", SVC | T
	setend	be
	ldr	r2, [r0]
	push	{r2, r3}
	ldrsh	r4, [r0, #4]
	ldrexd	r6, r7, [r0]
	strexd	r5, r7, r6, [r0]
	svc	#0
CASE "wfe-sev-hints", USR
	sev
	wfe
	yield
	dbg	#3
	svc	#0
CASE "smc-user", USR
	.arch_extension sec
	smc	#0
CASE "clrex-strex", SVC
	ldrex	r2, [r0]
	clrex
	strex	r3, r4, [r0]
	ldrex	r5, [r0]
	strex	r6, r4, [r0]
	svc	#0
CASE "svc-number-arm", USR | V
	svc	#0x123456
CASE "svc-cond", USR | V
	svcvc	#1
	svcvs	#2
CASE "svc-it", USR | T | V
	itt	vc
	svcvc	#1
	movvc	r2, #1
	itt	vs
	movvs	r3, #1
	svcvs	#2
CASE "udf-it", SYS | T | N
	itte	mi
	movmi	r2, #2
	udfmi	#5
	movpl	r3, #3
CASE "bkpt-it", USR | T
	/* BKPT is unconditional even where an IT block would skip it. */
	itt	mi
	bkpt	#1
	movmi	r2, #2
CASE "bkpt-arm", IRQ
	bkpt	#0x1234
CASE "bxj", SVC
	adr	r2, 1f
	bxj	r2
	svc	#1
1:	svc	#0
CASE "ldrt-strt", SVC
	ldrt	r2, [r0], #4
	strt	r3, [r0], #4
	ldrbt	r4, [r0], r1, lsr #28
	ldrsht	r5, [r0], #2
	svc	#0
CASE "tbb", USR | T
	movs	r2, #1
	tbb	[pc, r2]
1:	.byte	(2f - 1b) / 2, (3f - 1b) / 2
2:	svc	#1
3:	svc	#2
CASE "mov-pc-user", USR
	adr	r2, 1f
	mov	pc, r2
	svc	#1
1:	svc	#2
