// SPDX-License-Identifier: MIT
/*
 * Chooses this CPU's hypercall instruction (xen-public/arch-x86/xen-x86_64.h)
 * by the vendor that CPUID reports. Called once by the entry code, or by a
 * kernel with an entry of its own. Only for OS layers on hardware, whose
 * <xn_os_layer.h> includes <xenion/x86/hypercall.h>.
 */
#include <xenion/x86/cpuid.h>
#include <xenion/x86/hypercall.h>

static long insn_refuse(unsigned int nr, unsigned long a1, unsigned long a2,
			unsigned long a3, unsigned long a4, unsigned long a5)
{
	return -ENOSYS;
}

enum xn_hypercall_insn xn_hypercall_insn;
long (*xn_hypercall_other)(unsigned int nr, unsigned long a1, unsigned long a2,
			   unsigned long a3, unsigned long a4,
			   unsigned long a5) = insn_refuse;

void xn_hypercall_choose(void)
{
	struct xn_cpuid vendor = xn_cpuid(0, 0);
	bool amd = vendor.ebx == 0x68747541 &&	/* "Auth" */
		   vendor.edx == 0x69746e65 &&	/* "enti" */
		   vendor.ecx == 0x444d4163;	/* "cAMD" */
	bool hygon = vendor.ebx == 0x6f677948 &&	/* "Hygo" */
		     vendor.edx == 0x6e65476e &&	/* "nGen" */
		     vendor.ecx == 0x656e6975;		/* "uine" */

	/* Intel, Centaur and Shanghai have VMX, hence vmcall. */
	xn_hypercall_insn = amd || hygon ? XN_INSN_VMMCALL : XN_INSN_VMCALL;
}
