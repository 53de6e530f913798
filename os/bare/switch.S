/* SPDX-License-Identifier: MIT */
/*
 * bare_switch(save, load): threads of os/bare/layer/thread.c. What a C function
 * may not lose is on the stack; the rest its caller has saved.
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
