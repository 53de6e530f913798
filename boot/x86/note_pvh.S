/* SPDX-License-Identifier: MIT */
/*
 * The ELF note that marks a PVH kernel and gives its 32-bit entry point
 * (xen-public/elfnote.h). In a file of its own, because Xen does not accept an
 * image with this note as the firmware of an HVM guest.
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
