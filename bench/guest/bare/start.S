/*
 * Entry and vectors of the bare-metal benchmark. Everything runs in SVC mode with interrupts masked unless a loop says otherwise. The handlers
 * do as little as can be: what is measured is entry and return.
 */
	.syntax unified
	.arch armv7-a
	.arch_extension sec
	.fpu neon
	.arm

	.section .text.start, "ax"
	.global _start
_start:
	cpsid	aif
	ldr	r0, =bss_start
	ldr	r1, =bss_end
	mov	r2, #0
1:	cmp	r0, r1
	strlo	r2, [r0], #4
	blo	1b
	ldr	r0, =stack_top
	cps	#0x12
	mov	sp, r0
	sub	r0, r0, #4096
	cps	#0x17
	mov	sp, r0
	sub	r0, r0, #4096
	cps	#0x1b
	mov	sp, r0
	sub	r0, r0, #4096
	cps	#0x13
	mov	sp, r0
	ldr	r0, =vectors
	mcr	p15, 0, r0, c12, c0, 0		@ VBAR
	mrc	p15, 0, r0, c1, c0, 0
	bic	r0, r0, #(1 << 13)		@ vectors at VBAR
	bic	r0, r0, #2			@ no alignment faults
	mcr	p15, 0, r0, c1, c0, 0
	mrc	p15, 0, r0, c1, c0, 2
	orr	r0, r0, #(0xf << 20)		@ VFP and NEON for all
	mcr	p15, 0, r0, c1, c0, 2
	isb
	mov	r0, #(1 << 30)
	vmsr	fpexc, r0
	bl	bare_main
1:	wfi
	b	1b

	.balign 32
	.global vectors
vectors:
	b	.
	movs	pc, lr				@ undefined: the next instruction
	movs	pc, lr				@ SVC
	movs	pc, lr				@ prefetch abort, of BKPT: the next instruction
	subs	pc, lr, #4			@ data abort: the next instruction
	b	.
	b	irq
	b	.

	.balign 32
	.global vectors_user
vectors_user:					@ SVC from User mode returns to it; an undefined instruction ends it
	b	.
	b	leave_user
	movs	pc, lr
	b	.
	b	.
	b	.
	b	.
	b	.

leave_user:
	mrs	r12, spsr
	orr	r12, r12, #0x13
	msr	spsr_c, r12
	movs	pc, lr

/* Acknowledges, counts in r11, ends the interrupt. r9 is the GIC's CPU interface. */
irq:
	push	{r0}
	ldr	r0, [r9, #0x0c]
	add	r11, r11, #1
	str	r0, [r9, #0x10]
	pop	{r0}
	subs	pc, lr, #4

	.bss
	.balign 8
	.space	4 * 4096 + 16384
stack_top:
