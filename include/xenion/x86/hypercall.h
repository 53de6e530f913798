/* SPDX-License-Identifier: MIT */
/*
 * The hypercall instruction on x86-64: number in rax, arguments in rdi, rsi,
 * rdx, r10, r8, result in rax (xen-public/arch-x86/xen-x86_64.h).
 *
 * There is no hypercall page: the instruction is chosen once, from CPUID by
 * xn_hypercall_choose() or, in a PV guest, by xn_hypercall_choose_pv(),
 * because a page that the hypervisor fills in is one more page of executable
 * memory that the guest does not control (XSA-466). Included by the OS layer's
 * <xn_os_layer.h>.
 */
#ifndef XENION_X86_HYPERCALL_H
#define XENION_X86_HYPERCALL_H

#include <xenion/decls.h>

XN_DECLS_BEGIN

enum xn_hypercall_insn {
	XN_INSN_NONE,		/* use xn_hypercall_other() */
	XN_INSN_VMMCALL,	/* AMD and Hygon */
	XN_INSN_VMCALL,		/* the others */
};

extern enum xn_hypercall_insn xn_hypercall_insn;

/*
 * A PV guest's syscall, or a refusal until an instruction is chosen. Not
 * inline, so that the code of other guests does not contain that instruction.
 */
extern long (*xn_hypercall_other)(unsigned int nr, unsigned long a1,
				  unsigned long a2, unsigned long a3,
				  unsigned long a4, unsigned long a5);

/**
 * xn_hypercall_choose - select the hypercall instruction of this CPU
 *
 * Called once, before the first hypercall. Context: any.
 */
void xn_hypercall_choose(void);

/**
 * xn_hypercall_choose_pv - the same for a PV guest, which has one of its own
 *
 * Context: any.
 */
void xn_hypercall_choose_pv(void);

/**
 * xn_hypercall_raw - one hypercall
 * @nr: __HYPERVISOR_* (xen-public/xen.h)
 * @a1: the first argument; Xen ignores those that a hypercall does not have
 * @a2: the second one
 * @a3: the third one
 * @a4: the fourth one
 * @a5: the fifth one
 *
 * Only for xn_hypercall() and what runs before there is an OS.
 * Context: any.
 * Return: what Xen returned, errors as Xen numbers them.
 */
static inline long xn_hypercall_raw(unsigned int nr, unsigned long a1,
				    unsigned long a2, unsigned long a3,
				    unsigned long a4, unsigned long a5)
{
	register unsigned long r10 __asm__("r10") = a4;
	register unsigned long r8 __asm__("r8") = a5;
	long ret = nr;

	switch (xn_hypercall_insn) {
	case XN_INSN_VMMCALL:
		__asm__ volatile("vmmcall"
				 : "+a" (ret), "+D" (a1), "+S" (a2), "+d" (a3),
				   "+r" (r10), "+r" (r8)
				 : : "memory");
		return ret;
	case XN_INSN_VMCALL:
		__asm__ volatile("vmcall"
				 : "+a" (ret), "+D" (a1), "+S" (a2), "+d" (a3),
				   "+r" (r10), "+r" (r8)
				 : : "memory");
		return ret;
	default:
		return xn_hypercall_other(nr, a1, a2, a3, a4, a5);
	}
}

XN_DECLS_END

#endif /* XENION_X86_HYPERCALL_H */
