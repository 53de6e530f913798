/* SPDX-License-Identifier: MIT */
/*
 * The CPUID instruction, for boot/ only: what lies above it is told by struct
 * xn_hv_info.
 */
#ifndef XENION_X86_CPUID_H
#define XENION_X86_CPUID_H

#include <xenion/os.h>

struct xn_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

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
