// SPDX-License-Identifier: MIT
/*
 * Where the toolstack has put the rings of xenstore and console of a
 * hardware-assisted guest: HVM_PARAM_STORE_*, HVM_PARAM_CONSOLE_*
 * (xen-public/hvm/params.h). Called by the entry's C code, and by an OS layer
 * that has no boot info.
 */
#include <xenion/boot.h>
#include <xenion/hypercall.h>

#define ADDRESS_BITS	52	/* of a guest-physical address, at most */

static void channel_get(struct xn_boot_channel *c, unsigned int pfn,
			unsigned int evtchn)
{
	uint64_t gfn, port;

	*c = (struct xn_boot_channel){ 0 };
	/* A domain without the ring, such as dom0, gets 0 or an error. */
	if (xn_hvm_param_get(pfn, &gfn) || xn_hvm_param_get(evtchn, &port) ||
	    !gfn || !port || gfn >> (ADDRESS_BITS - XN_PAGE_SHIFT) ||
	    (uint32_t)port != port)
		return;
	c->gpa = gfn << XN_PAGE_SHIFT;
	c->port = port;
}

void xn_hvm_store(struct xn_boot_channel *c)
{
	channel_get(c, HVM_PARAM_STORE_PFN, HVM_PARAM_STORE_EVTCHN);
}

void xn_hvm_console(struct xn_boot_channel *c)
{
	channel_get(c, HVM_PARAM_CONSOLE_PFN, HVM_PARAM_CONSOLE_EVTCHN);
}
