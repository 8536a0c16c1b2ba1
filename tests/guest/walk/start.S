/* Entry, the data abort vector, and the accesses under test, each one instruction. */
	.syntax unified
	.arch armv7-a
	.arm

	.section .text.start, "ax"
	.global _start
_start:
	ldr	sp, =0x60080000
	cps	#0x17
	ldr	sp, =0x60088000
	cps	#0x13
	ldr	r0, =vectors
	mcr	p15, 0, r0, c12, c0, 0
	bl	main
1:	b	1b

	.balign 32
vectors:
	b	.
	b	.
	b	.
	b	.
	b	data_abort
	b	.
	b	.
	b	.

	/* Notes DFSR and DFAR in fault[], goes on behind the access. */
data_abort:
	push	{r0, r1}
	ldr	r0, =fault
	mrc	p15, 0, r1, c5, c0, 0
	str	r1, [r0]
	mrc	p15, 0, r1, c6, c0, 0
	str	r1, [r0, #4]
	pop	{r0, r1}
	subs	pc, lr, #4

	.text
	.global load, store, load_user, store_user
load:
	ldr	r0, [r0]
	bx	lr
store:
	str	r1, [r0]
	bx	lr
load_user:
	mov	r2, r0
	ldrt	r0, [r2]
	bx	lr
store_user:
	strt	r1, [r0]
	bx	lr
