// SPDX-License-Identifier: MIT
/*
 * What CPUID says: Xen's leaves (xen-public/arch-x86/cpuid.h), and which
 * hypercall instruction this CPU has (xen-public/arch-x86/xen-x86_64.h).
 * Called by a port at its start, and on each vCPU for its number. Only for
 * ports on hardware, whose <xn_os_port.h> includes <xenion/x86/hypercall.h>.
 */
#include <xenion/boot.h>
#include <xenion/x86/cpuid.h>
#include <xenion/x86/hypercall.h>
#include <xen-public/arch-x86/cpuid.h>

#define CPUID_1_ECX_HYPERVISOR	(1u << 31)

/* Xen's leaves move up to here if it also offers those of Hyper-V. */
#define BASE_LAST	0x40010000u
#define BASE_STEP	0x100u

static uint32_t find_base(uint32_t *last_leaf)
{
	struct xn_cpuid r;
	uint32_t base;

	if (!(xn_cpuid(1, 0).ecx & CPUID_1_ECX_HYPERVISOR))
		return 0;
	for (base = XEN_CPUID_FIRST_LEAF; base < BASE_LAST; base += BASE_STEP) {
		r = xn_cpuid(base, 0);
		if (r.ebx == XEN_CPUID_SIGNATURE_EBX &&
		    r.ecx == XEN_CPUID_SIGNATURE_ECX &&
		    r.edx == XEN_CPUID_SIGNATURE_EDX &&
		    r.eax >= base + 2) {
			*last_leaf = r.eax;
			return base;
		}
	}
	return 0;
}

int xn_hv_probe(struct xn_hv_info *info)
{
	uint32_t base, last;
	struct xn_cpuid r;

	memset(info, 0, sizeof(*info));
	base = find_base(&last);
	if (!base)
		return -ENODEV;

	info->cpuid_base = base;
	r = xn_cpuid(base + 1, 0);
	info->major = r.eax >> 16;
	info->minor = r.eax & 0xffff;
	if (last >= base + 3)
		info->tsc_khz = xn_cpuid(base + 3, 0).ecx;
	if (last >= base + 4) {
		info->features = xn_cpuid(base + 4, 0).eax;
		info->has_vcpu_id =
			info->features & XEN_HVM_CPUID_VCPU_ID_PRESENT;
	}
	return 0;
}

uint32_t xn_hv_vcpu_id(const struct xn_hv_info *info, uint32_t fallback)
{
	if (!info->has_vcpu_id)
		return fallback;
	return xn_cpuid(info->cpuid_base + 4, 0).ebx;
}

static long refuse(unsigned int nr, unsigned long a1, unsigned long a2,
		   unsigned long a3, unsigned long a4, unsigned long a5)
{
	return -ENOSYS;
}

enum xn_hypercall_insn xn_hypercall_insn;
long (*xn_hypercall_other)(unsigned int nr, unsigned long a1, unsigned long a2,
			   unsigned long a3, unsigned long a4,
			   unsigned long a5) = refuse;

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
