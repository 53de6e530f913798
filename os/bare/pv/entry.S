/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, upcalls and the failsafe callback of a PV guest. Xen leaves rcx
 * and r11 on the stack before what the processor would, and does the return:
 * HYPERVISOR_iret with a struct iret_context (xen-public/arch-x86/
 * xen-x86_64.h). It turns upcalls on again together with the return, by the
 * interrupt flag in the frame, so that there is no moment between.
 */
#define __ASSEMBLY__
#include <xen-public/xen.h>
#include "entry.h"

	.text

	/* Back to what the processor would leave. */
	.macro	plain_frame
	movq	(%rsp), %rcx
	movq	8(%rsp), %r11
	addq	$16, %rsp
	.endm

	/* The stack holds what iretq expects; registers are as they were. */
	.macro	hypervisor_iret
	pushq	$0			/* flags: not by sysret */
	pushq	%rcx
	pushq	%r11
	pushq	%rax
	movl	$__HYPERVISOR_iret, %eax
	syscall
	ud2
	.endm

	/* 32 stubs of 32 bytes: a number, and an error if none */
	.balign	32
	.globl	bare_stubs
bare_stubs:
	.set	vector, 0
	.rept	32
	.balign	32
	plain_frame
	/* 8, 10-14, 17, 21, 29 and 30 come with an error code */
	.if	((0x60227d00 >> vector) & 1) == 0
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap
	.set	vector, vector + 1
	.endr

	/* As an exception, but that ds, es, fs and gs lie there, which we do
	 * not use.
	 */
	.globl	bare_failsafe_entry
bare_failsafe_entry:
	plain_frame
	addq	$32, %rsp
	pushq	$0
	pushq	$BARE_VECTOR_FAILSAFE

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
	hypervisor_iret

	/* Only what a C function may lose. */
	.globl	bare_upcall_entry
bare_upcall_entry:
	plain_frame
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
	call	bare_upcall
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	hypervisor_iret

	.section .note.GNU-stack, "", @progbits
