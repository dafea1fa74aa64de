/* SPDX-License-Identifier: BSD-2-Clause */
	.section .text.start, "ax"
	.global _start
_start:
	adr	x0, stack_top
	mov	sp, x0
	bl	bare_main
	/* Semihosting SYS_EXIT with the status that bare_main returned. */
	adr	x1, exit_block
	str	x0, [x1, #8]
	mov	w0, #0x18
	hlt	#0xf000
1:	b	1b

	.balign	16
exit_block:
	.quad	0x20026, 0
	.balign	16
	.space	16384
stack_top:
