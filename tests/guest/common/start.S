/*
 * Entry; vectors that capture the whole register state; run_context(), which runs a case in any mode until its first exception.
 */
#include "context.h"
	.syntax unified
	.arch armv7-a
	.arch_extension sec
	.fpu neon
	.arm

	.section .text.start, "ax"
	.global _start
_start:
	cpsid	aif, #0x13
	ldr	sp, =stack_top
	ldr	r0, =__bss_start
	ldr	r1, =__bss_end
	mov	r3, #0
1:	cmp	r0, r1
	strlo	r3, [r0], #4
	blo	1b
	bl	use_arm_vectors
	bl	guest_main
	b	power_off

	.global use_arm_vectors
use_arm_vectors:
	ldr	r0, =vectors
	b	1f
	.global use_thumb_vectors
use_thumb_vectors:
	ldr	r0, =thumb_vectors
1:	mcr	p15, 0, r0, c12, c0, 0
	isb
	bx	lr

/* void run_context(void): enters CONTEXT_IN's mode; returns when an exception was taken. The way in is through UND mode. */
	.global run_context
run_context:
	push	{r4-r11, lr}
	ldr	r0, =saved_sp
	str	sp, [r0]
	ldr	r0, =CONTEXT_IN
	.macro	load_bank mode, at
	cps	#\mode
	ldr	sp, [r0, #\at]
	ldr	lr, [r0, #\at + 4]
	ldr	r1, [r0, #\at + 8]
	msr	spsr_fsxc, r1
	.endm
	load_bank 0x13, BANK_SVC
	load_bank 0x17, BANK_ABT
	load_bank 0x12, BANK_IRQ
	load_bank 0x11, BANK_FIQ
	ldr	r8, [r0, #FIQ_R8]
	ldr	r9, [r0, #FIQ_R8 + 4]
	ldr	r10, [r0, #FIQ_R8 + 8]
	ldr	r11, [r0, #FIQ_R8 + 12]
	ldr	r12, [r0, #FIQ_R8 + 16]
	cps	#0x1f
	ldr	sp, [r0, #BANK_USR]
	ldr	lr, [r0, #BANK_USR + 4]
	cps	#0x1b
	ldr	sp, [r0, #BANK_UND]
	ldr	r1, [r0, #CTX_CPSR]
	msr	spsr_fsxc, r1
	ldr	lr, [r0, #CTX_PC]
	str	lr, [r0, #52]		/* behind r12 */
	mov	lr, r0
	clrex
	.global enter_case
	b	enter_case

	.balign 32
	.global vectors
vectors:
	b	vec_reset
	b	vec_undef
	b	vec_svc
	b	vec_pabt
	b	vec_dabt
	b	.
	b	vec_irq
	b	vec_fiq

	.macro	vector name, kind
\name:	mcr	p15, 0, r0, c13, c0, 4
	mov	r0, #\kind
	b	capture
	.endm
	vector	vec_reset, 0
	vector	vec_undef, 1
	vector	vec_svc, 2
	vector	vec_pabt, 3
	vector	vec_dabt, 4
	vector	vec_irq, 6
	vector	vec_fiq, 7

	.thumb
	.balign 32
thumb_vectors:
	b.w	.
	b.w	thumb_undef
	b.w	thumb_svc
	b.w	thumb_pabt
	b.w	thumb_dabt
	b.w	.
	b.w	thumb_irq
	b.w	.
	.macro	thumb_vector name, to
	.balign	4
\name:	bx	pc
	nop
	.arm
	b	\to
	.thumb
	.endm
	/* The handler's CPSR is noted behind the change to ARM: T is checked by having come here. */
	thumb_vector thumb_undef, vec_undef
	thumb_vector thumb_svc, vec_svc
	thumb_vector thumb_pabt, vec_pabt
	thumb_vector thumb_dabt, vec_dabt
	thumb_vector thumb_irq, vec_irq

	.arm
capture:
	mcr	p15, 0, r1, c13, c0, 3
	mrs	r1, cpsr
	setend	le
	mcr	p15, 0, r0, c13, c0, 2
	ldr	r0, =CONTEXT_OUT
	str	r1, [r0, #CTX_ECPSR]
	mrc	p15, 0, r1, c13, c0, 2
	str	r1, [r0, #CTX_KIND]
	cmp	r1, #6
	mrc	p15, 0, r1, c13, c0, 4
	str	r1, [r0]
	mrc	p15, 0, r1, c13, c0, 3
	str	r1, [r0, #4]
	add	r1, r0, #8
	stm	r1, {r2-r12}
	str	lr, [r0, #CTX_LR]
	mrs	r1, spsr
	str	r1, [r0, #CTX_SPSR]
	mrc	p15, 0, r1, c5, c0, 0
	str	r1, [r0, #CTX_DFSR]
	mrc	p15, 0, r1, c6, c0, 0
	str	r1, [r0, #CTX_DFAR]
	mrc	p15, 0, r1, c5, c0, 1
	str	r1, [r0, #CTX_IFSR]
	mrc	p15, 0, r1, c6, c0, 2
	str	r1, [r0, #CTX_IFAR]
	.macro	store_bank mode, at
	cps	#\mode
	str	sp, [r0, #\at]
	str	lr, [r0, #\at + 4]
	mrs	r1, spsr
	str	r1, [r0, #\at + 8]
	.endm
	store_bank 0x17, BANK_ABT
	store_bank 0x1b, BANK_UND
	store_bank 0x12, BANK_IRQ
	store_bank 0x11, BANK_FIQ
	str	r8, [r0, #FIQ_R8]
	str	r9, [r0, #FIQ_R8 + 4]
	str	r10, [r0, #FIQ_R8 + 8]
	str	r11, [r0, #FIQ_R8 + 12]
	str	r12, [r0, #FIQ_R8 + 16]
	cps	#0x1f
	str	sp, [r0, #BANK_USR]
	str	lr, [r0, #BANK_USR + 4]
	cps	#0x13
	str	sp, [r0, #BANK_SVC]
	str	lr, [r0, #BANK_SVC + 4]
	mrs	r1, spsr
	str	r1, [r0, #BANK_SVC + 8]
	cpsid	aif
	ldr	r0, =saved_sp
	ldr	sp, [r0]
	pop	{r4-r11, pc}

	.ltorg

	.section .casecode, "ax"
enter_case:
	ldm	lr, {r0-r12, pc}^

	.bss
	.balign 8
saved_sp:
	.space	8
	.space	16384
stack_top:
