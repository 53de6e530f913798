// SPDX-License-Identifier: MIT
/*
 * Counts the vCPUs: VCPUOP_is_up (xen-public/vcpu.h) succeeds for every vCPU
 * that exists, up or not. Called by the entry points' C code and by the OS layer.
 */
#include <xenion/boot.h>
#include <xenion/hypercall.h>

unsigned int xn_vcpu_count(void)
{
	unsigned int n = 1;

	while (n < XN_MAX_VCPUS && xn_hc_vcpu(VCPUOP_is_up, n, NULL) >= 0)
		n++;
	return n;
}
