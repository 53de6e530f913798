// SPDX-License-Identifier: MIT
/*
 * How long a vCPU has run, waited for a CPU, or been blocked or offline: struct
 * vcpu_runstate_info (xen-public/vcpu.h), by hypercall. Called by the OS layer, and
 * by area.c.
 */
#include "runstate.h"

int xn_runstate_check(const struct vcpu_runstate_info *info)
{
	if (info->state >= RUNSTATE_running && info->state <= RUNSTATE_offline)
		return 0;
	xn_stat_inc(XN_STAT_REFUSED);
	return -EIO;
}

int xn_runstate_get(unsigned int vcpu, struct vcpu_runstate_info *info)
{
	int err = xn_hc_vcpu(VCPUOP_get_runstate_info, vcpu, info);

	return err ? err : xn_runstate_check(info);
}
