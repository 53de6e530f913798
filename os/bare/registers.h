/* SPDX-License-Identifier: MIT */
/*
 * For assembler: registers to the stack and back, in the order of struct
 * bare_frame (bare.h) from its end. Used by the entry code of every kind.
 */
#ifndef BARE_REGISTERS_H
#define BARE_REGISTERS_H

	/* What a C function may lose. */
	.macro	save_scratch
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	.endm

	.macro	restore_scratch
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	.endm

	.macro	save_all
	save_scratch
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	.endm

	.macro	restore_all
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	restore_scratch
	.endm

	/* Bit n: exception n comes with an error code (8, 10-14, 17, 21, 29, 30). */
	.set	WITH_ERROR, 0x60227d00

	/* The number, and an error where the processor has none. */
	.macro	push_vector vector
	.if	((WITH_ERROR >> \vector) & 1) == 0
	pushq	$0
	.endif
	pushq	$\vector
	.endm

	/* Behind push_vector: the rest of the frame, bare_trap(), and back to what
	 * the processor left.
	 */
	.macro	call_trap
	save_all
	cld
	movq	%rsp, %rdi
	call	bare_trap
	restore_all
	addq	$16, %rsp
	.endm

#endif /* BARE_REGISTERS_H */
