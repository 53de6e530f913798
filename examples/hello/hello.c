// SPDX-License-Identifier: MIT
/* The smallest program: os/bare brings all rooms up, this prints one line. */
#include "bare.h"

void bare_main(void)
{
	bare_print("hello from a %s guest: %u CPUs, %s events by %s, %u of %u pages used\n",
		   bare_info->kind == XN_PV ? "PV" :
		   bare_info->kind == XN_HVM ? "HVM" : "PVH",
		   bare_nr_cpus, bare_guest.evtchn.ops->name,
		   bare_arch_callback(), bare_memory.peak, bare_memory.total);
}
