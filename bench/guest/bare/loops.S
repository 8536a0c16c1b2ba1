/*
 * The loops: void loop_NAME(uint32_t count, uint32_t arg). Each repeats its body a fixed number of times an iteration; main.c knows how often
 * and subtracts the empty loop. r4 = arg.
 */
	.syntax unified
	.arch armv7-a
	.arch_extension sec
	.fpu neon
	.arm
	.text

	.macro	begin name
	.global	loop_\name
	.type	loop_\name, %function
	.balign	64
loop_\name:
	push	{r4-r11, lr}
	mov	r4, r1
	.endm
	.macro	top
77:
	.endm
	.macro	finish
	subs	r0, r0, #1
	bne	77b
	pop	{r4-r11, pc}
	.ltorg
	.endm
	/* A loop of four bodies without set-up. */
	.macro	simple name, body
	begin	\name
	top
	.rept	4
	\body
	.endr
	finish
	.endm

	begin	empty
	top
	finish

/* --- ordinary instructions --- */
	begin	alu8
	top
	add	r5, r5, #1
	eor	r6, r6, r5
	add	r7, r7, r6, lsl #1
	sub	r8, r8, r5
	orr	r9, r9, #4
	and	r10, r10, r7
	add	r5, r5, r8
	eor	r6, r6, r9
	finish
	begin	conditional
	top
	.rept	4
	cmp	r5, #3
	addeq	r6, r6, #1
	subne	r7, r7, #1
	movlt	r8, #0
	addge	r9, r9, #2
	.endr
	finish
	simple	load, "ldr r5, [r4]"
	simple	store, "str r5, [r4, #4]"
	begin	ldm8_stm8
	top
	ldm	r4, {r1-r3, r5-r9}
	stm	r4, {r1-r3, r5-r9}
	finish
	begin	call
	top
	.rept	4
	bl	leaf
	.endr
	finish
leaf:	bx	lr
	begin	call_far
	ldr	r4, =far_leaf
	top
	.rept	4
	bl	far_leaf
	.endr
	finish
	begin	call_indirect
	ldr	r5, =leaf_a
	ldr	r6, =leaf_b
	top
	.rept	4
	blx	r5
	eor	r5, r5, r6
	eor	r6, r6, r5
	eor	r5, r5, r6
	.endr
	finish
leaf_a:	bx	lr
leaf_b:	bx	lr
	/* 1 and 1/3: inexact, as most sums are; then exact sums and products of zeros */
	begin	vfp_f64
	vmov.f64	d0, #1.0
	vmov.f64	d1, #3.0
	vdiv.f64	d1, d0, d1
	top
	.rept	4
	vadd.f64	d2, d0, d1
	.endr
	finish
	begin	vfp_exact
	mov	r5, #0
	vmsr	fpscr, r5
	vmov.f64	d0, #1.0
	vmov.f64	d1, #0.5
	top
	.rept	4
	vadd.f64	d2, d0, d1
	.endr
	finish
	begin	neon_f32
	vmov.f64	d0, #1.0
	vmov.f64	d1, #3.0
	vdiv.f64	d1, d0, d1
	vcvt.f32.f64	s8, d1
	vdup.32	q0, d4[0]
	vmov	q1, q0
	top
	.rept	4
	vmul.f32	q2, q0, q1
	.endr
	finish
	begin	neon_zero
	mov	r5, #0
	vmsr	fpscr, r5
	vmov.i32	q0, #0
	vmov.f32	q1, #3.0
	top
	.rept	4
	vmul.f32	q2, q0, q1
	.endr
	finish
	simple	neon_int, "vadd.i32 q2, q0, q1"
	begin	exclusive
	top
	.rept	4
	ldrex	r5, [r4]
	add	r5, r5, #1
	strex	r6, r5, [r4]
	.endr
	finish

/* --- modes, masks, status registers --- */
	begin	cps_mask
	top
	.rept	4
	cpsid	a
	cpsid	i
	cpsid	i
	.endr
	finish
	begin	cps_irq
	top
	.rept	4
	cpsie	i
	cpsid	i
	.endr
	finish
	begin	cps_mode
	top
	.rept	4
	cps	#0x1f
	cps	#0x13
	.endr
	finish
	simple	mrs_cpsr, "mrs r5, cpsr"
	simple	mrs_spsr, "mrs r5, spsr"
	begin	msr_cpsr
	top
	.rept	4
	mrs	r5, cpsr
	msr	cpsr_c, r5
	.endr
	finish
	begin	msr_mode
	mov	r5, #0xdf
	mov	r6, #0xd3
	top
	.rept	4
	msr	cpsr_c, r5
	msr	cpsr_c, r6
	.endr
	finish
	begin	msr_flags
	mov	r5, #0x60000000
	top
	.rept	4
	msr	cpsr_f, r5
	.endr
	finish
	begin	msr_spsr
	mrs	r5, cpsr
	top
	.rept	4
	msr	spsr_cxsf, r5
	.endr
	finish
	begin	setend
	top
	.rept	4
	setend	be
	setend	le
	.endr
	finish

/* --- exceptions and returns --- */
	begin	exception_return
	mrs	r5, cpsr
	msr	spsr_cxsf, r5
	top
	.rept	4
	adr	lr, 8f
	movs	pc, lr
8:
	.endr
	finish
	begin	ldm_return
	mrs	r5, cpsr
	msr	spsr_cxsf, r5
	top
	.rept	4
	adr	r5, 8f
	push	{r5}
	ldm	sp!, {pc}^
8:
	.endr
	finish
	begin	rfe
	mrs	r6, cpsr
	top
	.rept	4
	adr	r5, 8f
	push	{r5, r6}
	rfeia	sp!
8:
	.endr
	finish
	begin	srs
	top
	.rept	4
	srsdb	sp!, #0x13
	add	sp, sp, #8
	.endr
	finish
	simple	ldm_user, "ldm r4, {sp, lr}^"
	simple	stm_user, "stm r4, {sp, lr}^"
	begin	ldrt
	top
	.rept	4
	ldrt	r5, [r4], #0
	.endr
	finish
	simple	svc, "svc #0"
	begin	svc_user
	ldr	r5, =vectors_user
	mcr	p15, 0, r5, c12, c0, 0
	isb
	mov	r6, sp
	cps	#0x10
	top
	.rept	4
	svc	#0
	.endr
	subs	r0, r0, #1
	bne	77b
	udf	#0
	mov	sp, r6
	ldr	r5, =vectors
	mcr	p15, 0, r5, c12, c0, 0
	isb
	pop	{r4-r11, pc}
	.ltorg
	simple	undefined, "udf #1"
	simple	bkpt, "bkpt #0"
	simple	data_abort, "ldr r5, [r4]"
	begin	irq
	ldr	r9, =0x1e000100
	ldr	r5, =0x02000005			@ SGI 5 to this core
	cpsie	i
	top
	mov	r10, r11
	str	r5, [r4]
8:	cmp	r10, r11
	beq	8b
	subs	r0, r0, #1
	bne	77b
	cpsid	i
	pop	{r4-r11, pc}
	.ltorg
	simple	wfi, "wfi"
	begin	wfe
	top
	.rept	4
	sev
	wfe
	.endr
	finish
	simple	yield, "yield"
	simple	dmb, "dmb"
	simple	dsb, "dsb"
	simple	isb, "isb"

/* --- system registers --- */
	simple	midr, "mrc p15, 0, r5, c0, c0, 0"
	simple	sctlr_read, "mrc p15, 0, r5, c1, c0, 0"
	begin	sctlr_write
	mrc	p15, 0, r5, c1, c0, 0
	top
	.rept	4
	mcr	p15, 0, r5, c1, c0, 0
	.endr
	finish
	begin	dacr_same
	mrc	p15, 0, r5, c3, c0, 0
	top
	.rept	4
	mcr	p15, 0, r5, c3, c0, 0
	.endr
	finish
	begin	dacr_toggle
	mov	r5, #0x05
	mov	r6, #0x01
	top
	.rept	4
	mcr	p15, 0, r6, c3, c0, 0
	isb
	mcr	p15, 0, r5, c3, c0, 0
	isb
	.endr
	finish
	begin	contextidr
	mov	r5, #1
	top
	.rept	4
	mcr	p15, 0, r5, c13, c0, 1
	isb
	eor	r5, r5, #3
	.endr
	finish
	/* r4: the other table */
	begin	ttbr
	mrc	p15, 0, r5, c2, c0, 0
	top
	.rept	2
	mcr	p15, 0, r4, c2, c0, 0
	isb
	mcr	p15, 0, r5, c2, c0, 0
	isb
	.endr
	finish
	/* As Linux switches processes: CONTEXTIDR, barrier, TTBR0, barrier, then a load. */
	begin	mm_switch
	mrc	p15, 0, r5, c2, c0, 0
	mov	r6, #1
	ldr	r7, =scratch
	top
	.rept	2
	mcr	p15, 0, r6, c13, c0, 1
	isb
	mcr	p15, 0, r4, c2, c0, 0
	isb
	ldr	r8, [r7]
	eor	r6, r6, #3
	mcr	p15, 0, r6, c13, c0, 1
	isb
	mcr	p15, 0, r5, c2, c0, 0
	isb
	ldr	r8, [r7]
	eor	r6, r6, #3
	.endr
	finish
	simple	dfsr, "mrc p15, 0, r5, c5, c0, 0"
	simple	dccmvac, "mcr p15, 0, r4, c7, c10, 1"
	simple	icimvau, "mcr p15, 0, r4, c7, c5, 1"
	simple	iciallu, "mcr p15, 0, r4, c7, c5, 0"
	simple	bpiall, "mcr p15, 0, r4, c7, c5, 6"
	simple	tlbiall, "mcr p15, 0, r4, c8, c7, 0"
	simple	tlbimva, "mcr p15, 0, r4, c8, c7, 1"
	simple	tlbiasid, "mcr p15, 0, r4, c8, c7, 2"
	begin	tlbimva_reload
	top
	.rept	4
	mcr	p15, 0, r4, c8, c7, 1
	dsb
	ldr	r5, [r4]
	.endr
	finish
	simple	thread_read, "mrc p15, 0, r5, c13, c0, 3"
	simple	thread_write, "mcr p15, 0, r5, c13, c0, 3"
	begin	va_to_pa
	top
	.rept	4
	mcr	p15, 0, r4, c7, c8, 0
	isb
	mrc	p15, 0, r5, c7, c4, 0
	.endr
	finish
	simple	pmcr, "mrc p15, 0, r5, c9, c12, 0"
	simple	cbar, "mrc p15, 4, r5, c15, c0, 0"
	simple	dbgdidr, "mrc p14, 0, r5, c0, c0, 0"
	simple	fpscr_read, "vmrs r5, fpscr"
	begin	fpscr_write
	mov	r5, #0
	top
	.rept	4
	vmsr	fpscr, r5
	.endr
	finish
	simple	fpexc_read, "vmrs r5, fpexc"

/* --- devices, page tables, code --- */
	simple	mmio_read, "ldr r5, [r4]"
	begin	mmio_write
	mov	r5, #0x12
	top
	.rept	4
	str	r5, [r4]
	.endr
	finish
	/* r4: a second-level descriptor, r6: its page. Maps, reads, unmaps as the architecture asks. */
	begin	remap
	ldr	r6, =0x90007000
	ldr	r7, [r4]
	mov	r8, #0
	top
	str	r8, [r4]
	dsb
	mcr	p15, 0, r6, c8, c7, 1
	dsb
	isb
	str	r7, [r4]
	dsb
	isb
	ldr	r5, [r6]
	finish
	/* The loop's rest: r5 becomes the first instruction at r4, which is called; r6 counts. */
	.macro	store_and_run
	str	r5, [r4]
	mcr	p15, 0, r4, c7, c11, 1
	dsb
	mcr	p15, 0, r4, c7, c5, 1
	mcr	p15, 0, r4, c7, c5, 7
	dsb
	isb
	blx	r4
	subs	r6, r6, #1
	bne	77b
	pop	{r4-r11, pc}
	.ltorg
	.endm
	begin	code_modification
	ldr	r5, =0xe3a00000
	mov	r6, r0
	top
	eor	r5, r5, #1
	store_and_run

	/* The same with code that was not there the last 255 times */
	begin code_new
	ldr	r5, =0xe3a00000
	mov	r6, r0
	mov	r7, #0
	top
	add	r7, r7, #1
	bfi	r5, r7, #0, #8
	store_and_run

	.balign	4096
far_leaf:
	bx	lr

	.bss
	.balign	4096
	.global	scratch
scratch:
	.space	4096
	.global	code_page
code_page:
	.space	4096
