/* SPDX-License-Identifier: MIT */
/*
 * The CPUID instruction. What it reports about Xen is in struct xn_hv_info
 * (<xenion/x86/boot.h>).
 */
#ifndef XENION_X86_CPUID_H
#define XENION_X86_CPUID_H

#include <xenion/os.h>

struct xn_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/**
 * xn_cpuid - the CPUID instruction
 * @leaf: goes into eax
 * @subleaf: goes into ecx
 *
 * Returns: the four registers. Context: any; the answer is of the CPU that runs
 * this.
 */
static inline struct xn_cpuid xn_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct xn_cpuid r;

	__asm__ volatile("cpuid"
			 : "=a" (r.eax), "=b" (r.ebx), "=c" (r.ecx),
			   "=d" (r.edx)
			 : "a" (leaf), "c" (subleaf));
	return r;
}

#endif /* XENION_X86_CPUID_H */
