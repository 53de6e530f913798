/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, upcalls and the failsafe callback of a PV guest. Xen leaves rcx
 * and r11 on the stack, below the processor's frame, and performs the return:
 * HYPERVISOR_iret with a struct iret_context (xen-public/arch-x86/
 * xen-x86_64.h). The return also enables upcalls, by the interrupt flag in the
 * frame, so that no upcall comes before it.
 */
#define __ASSEMBLY__
#include <xen-public/xen.h>
#include "entry.h"
#include "registers.inc"

	.text

	/* Remove what Xen has added to the processor's frame. */
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

	/* 32 stubs of 32 bytes */
	.balign	32
	.globl	bare_stubs
bare_stubs:
	.set	vector, 0
	.rept	32
	.balign	32
	plain_frame
	push_vector vector
	jmp	trap
	.set	vector, vector + 1
	.endr

	/* As an exception, but with ds, es, fs and gs in the frame, which we do
	 * not use.
	 */
	.globl	bare_failsafe_entry
bare_failsafe_entry:
	plain_frame
	addq	$32, %rsp
	pushq	$0
	pushq	$BARE_VECTOR_FAILSAFE

trap:
	call_trap
	hypervisor_iret

	.globl	bare_upcall_entry
bare_upcall_entry:
	plain_frame
	save_scratch
	cld
	call	bare_upcall
	restore_scratch
	hypervisor_iret

	.section .note.GNU-stack, "", @progbits
