/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and upcalls of a PVH or HVM guest, as os/bare/hvm/arch.c puts them
 * into the IDT, and the first instructions of a secondary CPU.
 */
#include "registers.inc"

	.text

	/* 32 stubs of STUB_SIZE bytes (arch.c) */
	.balign	16
	.globl	bare_stubs
bare_stubs:
	.set	vector, 0
	.rept	32
	.balign	16
	push_vector vector
	jmp	trap
	.set	vector, vector + 1
	.endr

trap:
	call_trap
	iretq

	.globl	bare_upcall_entry
bare_upcall_entry:
	save_scratch
	cld
	call	bare_hvm_upcall
	restore_scratch
	iretq

	/* The local APIC raises this if an interrupt has gone meanwhile. */
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
