// SPDX-License-Identifier: MIT
/*
 * From the entry of a PVH or HVM guest to the neutral boot info. Called by
 * head_pvh.S in 64-bit mode, on one vCPU, interrupts off, the first 4 GiB of
 * memory mapped where they are; calls the program's xn_start().
 */
#include <xenion/hypercall.h>
#include "x86.h"

#define WINDOW_SIZE	0x100000000ull	/* what head_pvh.S maps */

/* Of a PC below 1 MiB: video memory, option ROMs, BIOS. */
#define LEGACY_START	0xa0000u
#define LEGACY_END	0x100000u

/* Physical address and address are the same here. */
static const struct xn_window memory = { NULL, 0, WINDOW_SIZE };

static struct xn_boot_info info;

static void get_channel(struct xn_boot_channel *c, unsigned int pfn,
			unsigned int evtchn)
{
	uint64_t gfn, port;

	/* A domain that has none, such as dom0, answers 0 or an error. */
	if (xn_hvm_param_get(pfn, &gfn) || xn_hvm_param_get(evtchn, &port) ||
	    !gfn || !port || gfn >= WINDOW_SIZE >> XN_PAGE_SHIFT ||
	    port > UINT32_MAX)
		return;
	c->gpa = gfn << XN_PAGE_SHIFT;
	c->port = port;
}

/* A PC's low memory is not all RAM, whatever the map says. */
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
 * xl gives a command line to kernels, not to what stands in the firmware's
 * place: that gets the file that should be its BIOS, as a module. The text up to
 * a NUL is taken for the command line, and what follows for the module.
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
	/* The note's absence is what tells the two apart: note_pvh.S. */
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
