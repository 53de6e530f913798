/* SPDX-License-Identifier: MIT */
/*
 * The note in which tools/xenion-wrap says what it packed behind the shim, and
 * the jump to Linux's 64-bit entry, which expects CS 0x10 and DS 0x18 (those of
 * boot/x86/head_pvh.S), rsi = boot_params, and identity-mapped memory.
 */
#define __ASSEMBLY__
#include "image.h"

	.section .note.xenion, "a", @note
	.balign	4
	.long	7, 12, XN_PAYLOAD_NOTE_TYPE
	.asciz	XN_PAYLOAD_NOTE_NAME
	.balign	4
	.globl	shim_payload
shim_payload:
	.long	0, 0, 0

	.text
	.code64
	/* shim_jump(entry, params) */
	.globl	shim_jump
shim_jump:
	xorl	%ebx, %ebx
	xorl	%ebp, %ebp
	jmp	*%rdi

	.section .note.GNU-stack, "", @progbits
