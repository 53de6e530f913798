/* SPDX-License-Identifier: MIT */
/*
 * The shim's first and last instructions. Xen's PVH entry
 * (docs/misc/pvh in Xen's sources): 32-bit protected mode with flat segments,
 * no paging, interrupts off, ebx = physical address of the start info. Linux's
 * 64-bit entry: CS 0x10, DS 0x18, rsi = boot_params, all in reach mapped where
 * it is.
 */
#define __ASSEMBLY__
#include <xen-public/elfnote.h>
#include "image.h"

#define CODE_SELECTOR	0x10
#define DATA_SELECTOR	0x18

#define CR0_PE		(1 << 0)
#define CR0_PG		(1 << 31)
#define CR4_PAE		(1 << 5)
#define MSR_EFER	0xc0000080
#define EFER_LME	(1 << 8)

/* Page-table entries: present, writable, and a 2 MiB page. */
#define PTE_TABLE	0x003
#define PTE_LARGE	0x083
#define LARGE_SHIFT	21
#define NR_LARGE	2048	/* 4 GiB */

#define STACK_SIZE	32768

	.section .note.Xen, "a", @note
	.balign	4
	.long	4, 4, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.long	shim_entry

	.section .note.xenion, "a", @note
	.balign	4
	.long	7, 8, XN_PAYLOAD_NOTE_TYPE
	.asciz	XN_PAYLOAD_NOTE_NAME
	.balign	4
	.globl	shim_payload
shim_payload:
	.long	0, 0

	.section .head.text, "ax"
	.code32
	.globl	shim_entry
shim_entry:
	cli
	cld

	/* One PML4 entry, four of the next level, 2048 pages of 2 MiB. */
	movl	$(page_dirs + PTE_TABLE), %eax
	movl	$page_pdpt, %edi
	movl	$4, %ecx
1:	movl	%eax, (%edi)
	addl	$4096, %eax
	addl	$8, %edi
	loop	1b
	movl	$(page_pdpt + PTE_TABLE), page_pml4

	xorl	%ecx, %ecx
2:	movl	%ecx, %eax
	shll	$LARGE_SHIFT, %eax
	orl	$PTE_LARGE, %eax
	movl	%eax, page_dirs(, %ecx, 8)
	incl	%ecx
	cmpl	$NR_LARGE, %ecx
	jne	2b

	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$page_pml4, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$(CR0_PG | CR0_PE), %eax
	movl	%eax, %cr0
	lgdtl	gdt_pointer
	ljmp	$CODE_SELECTOR, $entry64

	.code64
entry64:
	movl	$DATA_SELECTOR, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$stack_top, %esp
	xorl	%ebp, %ebp
	movl	%ebx, %edi
	call	shim_main
	ud2

	/* shim_jump(entry, params) */
	.globl	shim_jump
shim_jump:
	xorl	%ebx, %ebx
	xorl	%ebp, %ebp
	jmp	*%rdi

	.section .rodata
	.balign	8
gdt:
	.quad	0
	.quad	0
	.quad	0x00af9b000000ffff	/* 0x10: 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x18: data */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

	.bss
	.balign	4096
page_pml4:
	.skip	4096
page_pdpt:
	.skip	4096
page_dirs:
	.skip	4 * 4096
	.skip	STACK_SIZE
stack_top:

	.section .note.GNU-stack, "", @progbits
