/* A loop of IT blocks in Thumb, and vectors whose IRQ only counts and returns. */
	.syntax unified
	.arch armv7-a
	.text
	.arm
	.balign	32
	.global irq_vectors
irq_vectors:
	b	.
	b	.
	b	.
	b	.
	b	.
	b	.
	b	irq
	b	.
irq:
	sub	lr, lr, #4
	ldr	sp, =irq_stack
	srsdb	sp!, #0x12
	push	{r0-r3}
	ldr	r0, =0x1e000100
	ldr	r1, [r0, #0xc]		/* acknowledge */
	ldr	r2, =0x1e000600
	mov	r3, #1
	str	r3, [r2, #0xc]
	str	r1, [r0, #0x10]
	ldr	r0, =irq_count
	ldr	r1, [r0]
	add	r1, r1, #1
	str	r1, [r0]
	cmp	r1, #300		/* enough, even where the host is so slow that nothing but interrupts would run */
	movge	r3, #0
	strge	r3, [r2, #8]
	cmp	r0, #0			/* other flags than the loop's */
	pop	{r0-r3}
	rfeia	sp!
	.ltorg

/* r0 = rounds, r1 = seed */
	.global it_loop
	.arm
	.type	it_loop, %function
it_loop:
	add	r12, pc, #1
	bx	r12
	.thumb
	push	{r4-r7, lr}
	movs	r4, #0
1:	add	r4, r4, r1
	tst	r4, #1
	itete	eq
	addeq	r4, r4, #7
	eorne	r4, r4, r0
	lsreq	r5, r4, #3
	lslne	r5, r4, #5
	cmp	r5, r4
	ittee	hi
	subhi	r4, r4, r5
	movhi	r6, r4
	addls	r4, r4, r5
	movls	r6, r5
	adds	r4, r4, r6
	ittt	mi
	mvnmi	r4, r4
	addmi	r4, #1
	eormi	r4, r4, r6
	subs	r0, r0, #1
	bne	1b
	mov	r0, r4
	pop	{r4-r7, pc}

	.bss
	.balign 8
	.space	256
irq_stack:
	.space	8
	.global	irq_count
irq_count:
	.space	4
