/*
 * Entry, exception vectors and the few instructions that C cannot say.
 *
 * Entered like a Linux kernel: r2 = device tree, MMU off, SVC mode. Runs at its link address (RAM + 0x10000).
 */
	.syntax unified
	.arch armv7-a
	.fpu neon
	.arm

	.section .text.start, "ax"
	.global _start
_start:
	mov	r4, r2
	cpsid	aif
	ldr	r0, =__bss_start
	ldr	r1, =__bss_end
	mov	r3, #0
1:	cmp	r0, r1
	strlo	r3, [r0], #4
	blo	1b

	/* A stack for each mode. */
	ldr	r0, =stack_top
	cps	#0x17
	mov	sp, r0
	sub	r0, r0, #4096
	cps	#0x1b
	mov	sp, r0
	sub	r0, r0, #4096
	cps	#0x12
	mov	sp, r0
	sub	r0, r0, #4096
	cps	#0x13
	mov	sp, r0
	sub	r0, r0, #4096
	cps	#0x1f				@ the guest runs in System mode: an SVC leaves its lr alone
	mov	sp, r0

	ldr	r0, =vectors
	mcr	p15, 0, r0, c12, c0, 0		@ VBAR
	mrc	p15, 0, r0, c1, c0, 0
	bic	r0, r0, #(1 << 13)		@ V: low vectors, at VBAR
	mcr	p15, 0, r0, c1, c0, 0
	isb
	mov	r0, r4
	bl	main
1:	wfi
	b	1b

	.balign 32
vectors:
	b	.
	b	vec_undef
	b	vec_svc
	b	vec_pabt
	b	vec_dabt
	b	.
	b	vec_irq
	b	.

/*
 * Each handler saves r0-r3, r12 and lr, calls C with (kind, address of the instruction, SPSR) and returns to the address that C
 * gives back.
 */
	.macro handler name, kind, offset
\name:
	sub	lr, lr, #\offset
	push	{r0-r3, r12, lr}
	mov	r0, #\kind
	mov	r1, lr
	mrs	r2, spsr
	bl	on_exception
	str	r0, [sp, #20]
	ldm	sp!, {r0-r3, r12, pc}^
	.endm

	handler vec_pabt, 3, 4
	handler vec_dabt, 4, 8
	handler vec_irq, 6, 4

/* The size of the instruction decides where UNDEF and SVC return to: C is told the address of the one behind it. */
	handler vec_undef, 1, 0
	handler vec_svc, 2, 0

/* void guarded_call(void (*fn)(uint32_t), uint32_t arg): an abort in fn comes back here. */
	.global guarded_call
guarded_call:
	push	{r4-r11, lr}
	ldr	r3, =guard_sp
	str	sp, [r3]
	mov	r3, r0
	mov	r0, r1
	blx	r3
	.global guard_return
guard_return:
	ldr	r3, =guard_sp
	ldr	sp, [r3]
	pop	{r4-r11, pc}

/* Small pieces that the exception tests run. */
	.global do_svc, do_undef, do_bkpt
do_svc:
	svc	#0x42
	bx	lr
do_undef:
	udf	#7
	bx	lr
do_bkpt:
	bkpt	#3
	bx	lr

	.thumb
	.thumb_func
	.global do_svc_thumb
do_svc_thumb:
	svc	#0x24
	bx	lr
	.thumb_func
	.global do_undef_thumb
do_undef_thumb:
	udf	#9
	bx	lr
/* A conditional SVC in an IT block: must not be taken. */
	.thumb_func
	.global do_svc_skipped
do_svc_skipped:
	cmp	r0, r0
	it	ne
	svcne	#1
	bx	lr

	.arm
/* uint32_t exclusive_add(uint32_t *p, uint32_t n) */
	.global exclusive_add
exclusive_add:
	ldrex	r2, [r0]
	add	r2, r2, r1
	strex	r3, r2, [r0]
	cmp	r3, #0
	bne	exclusive_add
	mov	r0, r2
	bx	lr

/* uint32_t flags_of(uint32_t a, uint32_t b): NZCV of a - b in bits 31:28 */
	.global flags_of
flags_of:
	cmp	r0, r1
	mrs	r0, cpsr
	and	r0, r0, #0xf0000000
	bx	lr

/* void vfp_enable(void); double-precision (a + b) * a of two integers, truncated */
	.global vfp_enable, vfp_compute
vfp_enable:
	mrc	p15, 0, r0, c1, c0, 2
	orr	r0, r0, #(0xf << 20)
	mcr	p15, 0, r0, c1, c0, 2
	isb
	mov	r0, #(1 << 30)
	vmsr	fpexc, r0
	bx	lr
vfp_compute:
	vmov	s0, r0
	vmov	s1, r1
	vcvt.f64.s32	d1, s0
	vcvt.f64.s32	d2, s1
	vadd.f64	d3, d1, d2
	vmul.f64	d3, d3, d1
	vcvt.s32.f64	s0, d3
	vmov	r0, s0
	bx	lr

/* uint32_t user_mode_cpsr(void): enters USR mode, tries CPS and a CPSR write that must not take, and comes back by SVC */
	.global user_mode_cpsr
user_mode_cpsr:
	push	{r4, lr}
	mrs	r4, cpsr
	cps	#0x10
	cps	#0x13			@ ignored in User mode
	mrs	r0, cpsr
	bic	r1, r0, #0x1f
	orr	r1, r1, #0x13
	msr	cpsr_c, r1		@ ignored as well
	mrs	r0, cpsr
	svc	#0x99			@ from User mode the handler returns to System mode
	msr	cpsr_c, r4
	pop	{r4, pc}

	.bss
	.balign 8
	.space	5 * 4096 + 16384
stack_top:
