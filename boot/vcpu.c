// SPDX-License-Identifier: MIT
/*
 * How many vCPUs there are: VCPUOP_is_up (xen-public/vcpu.h), which knows those
 * that are not up as well. Called by the code behind the entry points.
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
