/* The shortest guest: asks the board to switch itself off (SYS_CFGCTRL: start, write, function 8). */
	.syntax unified
	.arm
	.section .text.start, "ax"
	.global _start
_start:
	movw	r0, #0x00a4
	movt	r0, #0x1000
	movw	r1, #0
	movt	r1, #0xc080
	str	r1, [r0]
1:	wfi
	b	1b
