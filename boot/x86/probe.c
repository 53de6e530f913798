// SPDX-License-Identifier: MIT
/*
 * Reads Xen's leaves of CPUID (xen-public/arch-x86/cpuid.h). Called by an OS
 * layer at its start, and on each vCPU for the vCPU's number.
 */
#include <xenion/x86/boot.h>
#include <xenion/x86/cpuid.h>
#include <xen-public/arch-x86/cpuid.h>

#define CPUID_1_ECX_HYPERVISOR	(1u << 31)

/* Xen's leaves begin higher, below this, if Xen also offers Hyper-V's. */
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
