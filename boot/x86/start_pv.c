// SPDX-License-Identifier: MIT
/*
 * Fills in the neutral boot info of a PV guest and calls the program's
 * xn_start(). Called by head_pv.S on one vCPU, upcalls disabled; the memory
 * that the host has used is identity-mapped.
 */
#include <xenion/hypercall.h>
#include "x86.h"

/*
 * Addresses equal pseudo-physical addresses: VIRT_BASE in head_pv.S. The start
 * info says how far memory is mapped.
 */
static const struct xn_window memory = { NULL, 0, 1ull << 47 };

static struct xn_boot_info info;
static struct xn_boot_pv pv;

void xn_start_pv(uint64_t start_info, uint64_t entry_cycles)
{
	xn_hypercall_choose_pv();
	if (xn_boot_pv(&memory, start_info, xn_early_ring, &info, &pv) ||
	    xn_boot_claim(&info, (uintptr_t)__executable_start,
			  (uintptr_t)_end))
		xn_early_stop(SHUTDOWN_crash);
	info.entry_cycles = entry_cycles;
	info.nr_vcpus = xn_vcpu_count();
	xn_start(&info);
	xn_early_stop(SHUTDOWN_poweroff);
}
