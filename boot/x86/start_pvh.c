// SPDX-License-Identifier: MIT
/*
 * Fills in the neutral boot info of a PVH or HVM guest. Called by head_pvh.S in
 * 64-bit mode, on one vCPU, interrupts off, with the first 4 GiB of memory
 * identity-mapped; calls the program's xn_start().
 */
#include <xenion/hypercall.h>
#include "x86.h"

#define WINDOW_SIZE	0x100000000ull	/* what head_pvh.S maps */

/* A PC's area below 1 MiB: video memory, option ROMs, BIOS. */
#define LEGACY_START	0xa0000u
#define LEGACY_END	0x100000u

/* Addresses equal physical addresses. */
static const struct xn_window memory = { NULL, 0, WINDOW_SIZE };

static struct xn_boot_info info;

static void get_channel(struct xn_boot_channel *c, unsigned int pfn,
			unsigned int evtchn)
{
	uint64_t gfn, port;

	/* For a domain without one, such as dom0: 0 or an error. */
	if (xn_hvm_param_get(pfn, &gfn) || xn_hvm_param_get(evtchn, &port) ||
	    !gfn || !port || gfn >= WINDOW_SIZE >> XN_PAGE_SHIFT ||
	    port > UINT32_MAX)
		return;
	c->gpa = gfn << XN_PAGE_SHIFT;
	c->port = port;
}

/* Part of a PC's low memory is not RAM, whatever the map says. */
static int claim_legacy(struct xn_memmap *map)
{
	int err = xn_memmap_add(map, LEGACY_START, LEGACY_END - LEGACY_START,
				XN_MEM_RESERVED);

	if (err)
		xn_os_log(XN_ERR, "boot: no place in the memory map (error %d)",
			  err);
	return err;
}

/*
 * xl passes a command line to kernels, but not to firmware: that gets the file
 * named as its BIOS as a module. Take the module's text up to a NUL as the
 * command line, and what follows as the module.
 */
static void take_cmdline(void)
{
	struct xn_boot_module *m = &info.module[0];
	const char *text;
	uint64_t n = 0;

	if (info.cmdline || !info.nr_modules)
		return;
	text = xn_window_ptr(&memory, m->start, m->size);
	while (text && n < m->size && text[n])
		n++;
	if (!text || n == m->size)
		return;
	info.cmdline = m->start;
	m->start += n + 1;
	m->size -= n + 1;
	if (!m->size && info.nr_modules == 1)
		info.nr_modules = 0;
}

void xn_start_pvh(uint32_t start_info)
{
	struct xn_hv_info hv;

	xn_hypercall_choose();
	if (xn_hv_probe(&hv)) {
		xn_os_log(XN_ERR, "boot: this is not Xen");
		xn_early_stop(SHUTDOWN_crash);
	}
	if (xn_boot_pvh(&memory, start_info, xn_memmap_query, &info))
		xn_early_stop(SHUTDOWN_crash);
	/* An image without the note is HVM firmware: note_pvh.S. */
	info.kind = xn_note_address ? XN_PVH : XN_HVM;
	info.entry_cycles = xn_entry_cycles;
	if (info.kind == XN_HVM)
		take_cmdline();
	if (xn_boot_claim(&info) || claim_legacy(&info.map))
		xn_early_stop(SHUTDOWN_crash);
	info.nr_vcpus = xn_vcpu_count();
	get_channel(&info.store, HVM_PARAM_STORE_PFN, HVM_PARAM_STORE_EVTCHN);
	get_channel(&info.console, HVM_PARAM_CONSOLE_PFN,
		    HVM_PARAM_CONSOLE_EVTCHN);
	xn_start(&info);
	xn_early_stop(SHUTDOWN_poweroff);
}
