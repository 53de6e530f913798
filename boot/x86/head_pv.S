/* SPDX-License-Identifier: MIT */
/*
 * The first instructions of a PV guest (64 bits): rsi = address of the start
 * info, the host provides a stack, upcalls are disabled (xen-public/xen.h).
 * Also the ELF notes that domain builders read (xen-public/elfnote.h):
 * addresses equal pseudo-physical addresses, and modules need not be mapped.
 * There is no hypercall page. Calls xn_start_pv(start_info, cycles), which is
 * boot/x86/start_pv.c.
 */
#define __ASSEMBLY__
#include <xen-public/elfnote.h>

#define STACK_SIZE	16384	/* XN_BOOT_STACK */

	.section .text.xn_entry_pv, "ax"
	.globl	xn_entry_pv
xn_entry_pv:
	rdtsc
	cld
	movl	$stack_top, %esp
	xorl	%ebp, %ebp
	movq	%rsi, %rdi
	shlq	$32, %rdx
	leaq	(%rdx, %rax), %rsi
	call	xn_start_pv
	ud2

	.bss
	.balign	STACK_SIZE
	.skip	STACK_SIZE
stack_top:

	.macro	note type, value:vararg
	.balign	4
	.long	4, 2f - 1f, \type
	.asciz	"Xen"
1:	\value
2:
	.endm

	.section .note.Xen, "a", @note
	note	XEN_ELFNOTE_ENTRY, .quad xn_entry_pv
	note	XEN_ELFNOTE_VIRT_BASE, .quad 0
	note	XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
	note	XEN_ELFNOTE_GUEST_OS, .asciz "Xenion"
	note	XEN_ELFNOTE_LOADER, .asciz "generic"
	note	XEN_ELFNOTE_PAE_MODE, .asciz "yes"
	note	XEN_ELFNOTE_MOD_START_PFN, .long 1
	.balign	4

	.section .note.GNU-stack, "", @progbits
