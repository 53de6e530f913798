/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and upcalls of a PVH or HVM guest, as os/bare/hvm/arch.c puts them
 * into the IDT, and the first instructions of a secondary CPU.
 */
	.text

	/* 32 stubs of BARE_STUB_SIZE bytes: a number, and an error if none */
	.balign	16
	.globl	bare_stubs
bare_stubs:
	.set	vector, 0
	.rept	32
	.balign	16
	/* 8, 10-14, 17, 21, 29 and 30 come with an error code */
	.if	((0x60227d00 >> vector) & 1) == 0
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap
	.set	vector, vector + 1
	.endr

	/* struct bare_frame, from its end */
trap:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rdi
	call	bare_trap
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq

	/* Only what a C function may lose. */
	.macro	interrupt name, function
	.globl	\name
\name:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	cld
	call	\function
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

	interrupt bare_upcall_entry, bare_hvm_upcall
	iretq

	/* The local APIC's way to say that there was nothing after all. */
	.globl	bare_spurious_entry
bare_spurious_entry:
	iretq

	/* Segments as on the first CPU; rdi is bare_cpu_main()'s argument. */
	.globl	bare_cpu_entry
bare_cpu_entry:
	lgdtq	xn_gdt_pointer
	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	pushq	$0x10
	pushq	$1f
	lretq
1:	pushq	%rdi
	call	bare_hvm_cpu_init
	popq	%rdi
	xorl	%ebp, %ebp
	jmp	bare_cpu_main	/* the stack is as after a call */

	.section .note.GNU-stack, "", @progbits
