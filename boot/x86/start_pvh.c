// SPDX-License-Identifier: MIT
/*
 * Fills in the neutral boot info of a PVH or HVM guest and calls the program's
 * xn_start(). Called by head_pvh.S in 64-bit mode, on one vCPU, interrupts off,
 * with the first 4 GiB of memory identity-mapped. A kernel with an entry of its
 * own calls xn_boot_hvm() instead.
 */
#include <xenion/hypercall.h>
#include "x86.h"

/* Addresses equal physical addresses in what head_pvh.S maps. */
static const struct xn_window memory = { NULL, 0, 0x100000000ull };

static struct xn_boot_info info;

void xn_start_pvh(uint32_t start_info)
{
	/* An image without the note is HVM firmware: note_pvh.S. */
	enum xn_kind kind = xn_note_address ? XN_PVH : XN_HVM;
	int err = xn_boot_hvm(kind, &memory, start_info,
			      (uintptr_t)__executable_start, (uintptr_t)_end,
			      &info);

	if (err == -ENODEV)
		xn_os_log(XN_ERR, "boot: this is not Xen");
	if (err)
		xn_early_stop(SHUTDOWN_crash);
	info.entry_cycles = xn_entry_cycles;
	xn_start(&info);
	xn_early_stop(SHUTDOWN_poweroff);
}
