/* SPDX-License-Identifier: MIT */
/*
 * The first instructions of a PVH guest (docs/misc/pvh in Xen's sources), and
 * of an HVM guest whose "firmware" is this image: 32-bit protected mode with
 * flat segments, no paging, interrupts off, ebx = physical address of the start
 * info. Builds an identity map of the first 4 GiB, enters 64-bit mode and
 * calls xn_start_pvh(start_info), which is boot/x86/start_pvh.c or a program's
 * own.
 */
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

#define STACK_SIZE	16384	/* XN_BOOT_STACK */

	.section .text.xn_entry_pvh, "ax"
	.code32
	.globl	xn_entry_pvh
xn_entry_pvh:
	rdtsc
	cli
	cld
	movl	%eax, xn_entry_cycles
	movl	%edx, xn_entry_cycles + 4

	/* One PML4 entry, four of the next level, 2048 pages of 2 MiB. */
	movl	$(page_dirs + PTE_TABLE), %eax
	movl	$page_pdpt, %edi
	movl	$4, %ecx
1:	movl	%eax, (%edi)
	addl	$4096, %eax
	addl	$8, %edi
	loop	1b
	movl	$(page_pdpt + PTE_TABLE), xn_page_root

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
	movl	$xn_page_root, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$(CR0_PG | CR0_PE), %eax
	movl	%eax, %cr0
	lgdtl	xn_gdt_pointer
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
	call	xn_start_pvh
	ud2

	.section .rodata
	.balign	8
gdt:
	.quad	0
	.quad	0
	.quad	0x00af9b000000ffff	/* 0x10: 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x18: data */
	.globl	xn_gdt_pointer
xn_gdt_pointer:				/* 32-bit code reads six bytes of it */
	.word	. - gdt - 1
	.quad	gdt
	.weak	xn_note_pvh
	.globl	xn_note_address
	.balign	8
xn_note_address:
	.quad	xn_note_pvh

	.bss
	.balign	8
	.globl	xn_entry_cycles
xn_entry_cycles:
	.skip	8
	.balign	STACK_SIZE
	.skip	STACK_SIZE
stack_top:
	.balign	4096
	.globl	xn_page_root
xn_page_root:
	.skip	4096
page_pdpt:
	.skip	4096
page_dirs:
	.skip	4 * 4096

	.section .note.GNU-stack, "", @progbits
