/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the reset of a virtual machine to C: EL2 is left for EL1, floating point
 * and the timer are allowed, memory is mapped one to one with the caches on (C11
 * atomics and unaligned accesses want normal memory), exceptions are printed.
 * One CPU. x0 may point to the device tree.
 */
	.section .text.start, "ax"
	.global	_start
_start:
	mov	x20, x0
	msr	daifset, #0xf
	mrs	x1, CurrentEL
	cmp	x1, #(2 << 2)
	b.ne	at_el1

	mov	x1, #(1 << 31)			/* HCR_EL2.RW: EL1 is AArch64 */
	msr	hcr_el2, x1
	mov	x1, #3				/* the counters are EL1's too */
	msr	cnthctl_el2, x1
	msr	cntvoff_el2, xzr
	mov	x1, #0x33ff			/* no trap of floating point */
	msr	cptr_el2, x1
	mov	x1, #0x3c5			/* to EL1h, all masked */
	msr	spsr_el2, x1
	adr	x1, at_el1
	msr	elr_el2, x1
	eret

at_el1:
	mov	x1, #(3 << 20)			/* CPACR_EL1.FPEN */
	msr	cpacr_el1, x1
	adr	x1, vectors
	msr	vbar_el1, x1
	ldr	x1, =0xff04			/* 0: Device-nGnRE, 1: write-back */
	msr	mair_el1, x1
	/* T0SZ 25 (39 bits), walks cacheable and inner shareable, no TTBR1, 40 bits out */
	ldr	x1, =(25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 2 << 32)
	msr	tcr_el1, x1
	adrp	x1, gigabytes
	msr	ttbr0_el1, x1
	tlbi	vmalle1
	dsb	sy
	isb
	ldr	x1, =0x30d01805			/* RES1, I, C, M */
	msr	sctlr_el1, x1
	isb

	adrp	x1, bss_start
	add	x1, x1, :lo12:bss_start
	adrp	x2, bss_end
	add	x2, x2, :lo12:bss_end
1:	cmp	x1, x2
	b.hs	2f
	stp	xzr, xzr, [x1], #16
	b	1b
2:	adrp	x1, stack_top
	add	x1, x1, :lo12:stack_top
	mov	sp, x1
	mov	x0, x20
	bl	image_main

/* port_exit(code): semihosting SYS_EXIT, which is the emulator's exit status. */
	.global	port_exit
port_exit:
	sub	sp, sp, #16
	ldr	x1, =0x20026			/* ADP_Stopped_ApplicationExit */
	and	x0, x0, #0xff
	stp	x1, x0, [sp]
	mov	x1, sp
	mov	w0, #0x18
	hlt	#0xf000
1:	wfi
	b	1b

	.balign	2048
vectors:
	.rept	16
	.balign	128
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	mrs	x2, far_el1
	b	port_exception
	.endr

	.section .rodata
	.balign	4096
gigabytes:
	.set	n, 0
	.rept	512
	.if	n >= 1 && n < 256		/* RAM: block, write-back, inner shareable, AF */
	.quad	(n << 30) | 0x705
	.else					/* devices: never executed */
	.quad	(n << 30) | 0x0060000000000401
	.endif
	.set	n, n + 1
	.endr

	.bss
	.balign	16
	.space	65536
stack_top:
