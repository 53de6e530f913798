// SPDX-License-Identifier: MIT
/*
 * Puts all that the host hands over to a PVH or HVM guest into neutral form:
 * the start info (start_info.c), the rings of xenstore and console, the count
 * of vCPUs. Then reserves the RAM that is in use. Called once: by start_pvh.c,
 * or by a kernel with an entry of its own.
 */
#include <xenion/hypercall.h>
#include "x86.h"

/* A PC's area below 1 MiB: video memory, option ROMs, BIOS. */
#define LEGACY_START	0xa0000u
#define LEGACY_END	0x100000u

/* Bytes of the text before its NUL, or @max if there is none. */
static uint64_t text_len(const char *text, uint64_t max)
{
	uint64_t n = 0;

	while (n < max && text[n])
		n++;
	return n;
}

/*
 * xl passes a command line to a kernel, but not to firmware. Firmware gets a
 * module instead, the file that is named as its BIOS. Take the module's text up
 * to a NUL as the command line, and the rest as the module.
 */
static void take_cmdline(const struct xn_window *win,
			 struct xn_boot_info *info)
{
	struct xn_boot_module *m = &info->module[0];
	const char *text;
	uint64_t n;

	if (info->cmdline || !info->nr_modules)
		return;
	text = xn_window_ptr(win, m->start, m->size);
	n = text ? text_len(text, m->size) : m->size;
	if (n == m->size)
		return;
	info->cmdline = m->start;
	m->start += n + 1;
	m->size -= n + 1;
	if (!m->size && info->nr_modules == 1)
		info->nr_modules = 0;
}

static int claim_cmdline(const struct xn_window *win,
			 struct xn_boot_info *info)
{
	uint64_t offset = info->cmdline - win->start;
	uint64_t max = XN_CMDLINE_MAX, n;
	const char *text;

	if (!info->cmdline)
		return 0;
	if (info->cmdline >= win->start && offset < win->size &&
	    win->size - offset < max)
		max = win->size - offset;
	text = xn_window_ptr(win, info->cmdline, max);
	if (!text) {
		xn_os_log(XN_ERR, "boot: the command line at 0x%llx is out of reach",
			  (unsigned long long)info->cmdline);
		return -EINVAL;
	}
	n = text_len(text, max);
	if (n == max) {
		xn_os_log(XN_ERR, "boot: the command line does not end");
		return -EINVAL;
	}
	return xn_boot_reserve(&info->map, info->cmdline, n + 1);
}

/* Reserve what is in use, and what is no RAM on a PC despite the host's map. */
static int claim_all(const struct xn_window *win, uint64_t image_start,
		     uint64_t image_end, struct xn_boot_info *info)
{
	struct xn_memmap *map = &info->map;
	int err = xn_boot_claim(info, image_start, image_end);

	if (!err)
		err = claim_cmdline(win, info);
	if (!err)
		err = xn_boot_reserve(map, LEGACY_START,
				      LEGACY_END - LEGACY_START);
	if (!err && info->store.gpa)
		err = xn_boot_reserve(map, info->store.gpa, XN_PAGE_SIZE);
	if (!err && info->console.gpa)
		err = xn_boot_reserve(map, info->console.gpa, XN_PAGE_SIZE);
	return err;
}

int xn_boot_hvm(enum xn_kind kind, const struct xn_window *win,
		uint64_t start_info, uint64_t image_start, uint64_t image_end,
		struct xn_boot_info *info)
{
	uint64_t cycles = xn_cycles();
	struct xn_hv_info hv;
	int err;

	/* Before any hypercall: its instruction may be undefined elsewhere. */
	if (xn_hv_probe(&hv))
		return -ENODEV;
	xn_hypercall_choose();
	err = xn_boot_pvh(win, start_info, xn_memmap_query, info);
	if (err)
		return err;
	info->kind = kind;
	info->entry_cycles = cycles;
	if (kind == XN_HVM)
		take_cmdline(win, info);
	info->nr_vcpus = xn_vcpu_count();
	xn_hvm_store(&info->store);
	xn_hvm_console(&info->console);
	return claim_all(win, image_start, image_end, info);
}
