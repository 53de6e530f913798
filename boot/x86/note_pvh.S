/* SPDX-License-Identifier: MIT */
/*
 * The ELF note by which Xen knows a PVH kernel and its 32-bit entry
 * (xen-public/elfnote.h). Apart from the entry, because Xen does not take an
 * image with this note for an HVM guest's firmware.
 */
#define __ASSEMBLY__
#include <xen-public/elfnote.h>

	.section .note.Xen, "a", @note
	.balign	4
	.globl	xn_note_pvh
xn_note_pvh:
	.long	4, 4, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.long	xn_entry_pvh

	.section .note.GNU-stack, "", @progbits
