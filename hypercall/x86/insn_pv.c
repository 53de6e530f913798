// SPDX-License-Identifier: MIT
/*
 * The hypercall instruction of a PV guest: syscall, which Xen treats as a
 * hypercall if a guest's kernel executes it (xen-public/arch-x86/xen-x86_64.h).
 * It clobbers rcx and r11. Called by the PV entry point's C code.
 */
#include <xenion/os.h>
#include <xenion/x86/hypercall.h>

static long insn_syscall(unsigned int nr, unsigned long a1, unsigned long a2,
			 unsigned long a3, unsigned long a4, unsigned long a5)
{
	register unsigned long r10 __asm__("r10") = a4;
	register unsigned long r8 __asm__("r8") = a5;
	long ret = nr;

	/* A debug build of Xen clobbers the argument registers. */
	__asm__ volatile("syscall"
			 : "+a" (ret), "+D" (a1), "+S" (a2), "+d" (a3),
			   "+r" (r10), "+r" (r8)
			 : : "rcx", "r11", "memory");
	return ret;
}

void xn_hypercall_choose_pv(void)
{
	xn_hypercall_other = insn_syscall;
}
