/* SPDX-License-Identifier: MIT */
/*
 * Entry of the rig's test image. PVH and HVM: 32-bit, flat, ebx = start info.
 * PV: 64-bit, in Xen's first page tables, rsi = start info. An image for HVM
 * (HVM is defined) must not have a note.
 */
#define __ASSEMBLY__
#include <xen-public/elfnote.h>

	.macro	note type, value:vararg
	.section .note.Xen, "a", @note
	.balign	4
	.long	4, 2f - 1f, \type
	.asciz	"Xen"
1:	\value
2:	.balign	4
	.endm

#ifdef __x86_64__

	note	XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
	note	XEN_ELFNOTE_GUEST_OS, .asciz "rig"
	note	XEN_ELFNOTE_LOADER, .asciz "generic"
	note	XEN_ELFNOTE_VIRT_BASE, .quad 0
	note	XEN_ELFNOTE_ENTRY, .quad entry

	.text
	.globl	entry
entry:
	cld
	movq	$stack_top, %rsp
	movq	%rsi, %rdi
	call	image_main
	ud2

#else

#ifndef HVM
	note	XEN_ELFNOTE_PHYS32_ENTRY, .long entry
#endif

	.text
	.globl	entry
entry:
	cli
	cld
	movl	$stack_top, %esp
	pushl	%ebx
	call	image_main
	ud2

#endif

	.bss
	.balign	16
	.skip	4096
stack_top:

	.section .note.GNU-stack, "", @progbits
