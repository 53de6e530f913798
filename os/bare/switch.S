/* SPDX-License-Identifier: MIT */
/*
 * bare_switch(save, load), for the threads of os/bare/layer/thread.c. The stack
 * keeps the registers that a C function must preserve; its caller saved the
 * rest.
 */
	.text
	.globl	bare_switch
bare_switch:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret

	.section .note.GNU-stack, "", @progbits
