// SPDX-License-Identifier: MIT
/*
 * Reserves RAM that is in use at boot: the program itself and what the host
 * handed over. Called by the entry points' C code. Not part of Xen's ABI.
 */
#include "x86.h"

int xn_boot_claim(struct xn_boot_info *info)
{
	uintptr_t start = (uintptr_t)__executable_start;
	unsigned int i;
	int err;

	err = xn_memmap_add(&info->map, start, (uintptr_t)_end - start,
			    XN_MEM_RESERVED);
	/* Never allocate at address 0: NULL stays invalid. */
	if (!err)
		err = xn_memmap_add(&info->map, 0, XN_PAGE_SIZE,
				    XN_MEM_RESERVED);
	for (i = 0; !err && i < info->nr_modules; i++)
		err = xn_memmap_add(&info->map, info->module[i].start,
				    info->module[i].size, XN_MEM_RESERVED);
	if (err)
		xn_os_log(XN_ERR, "boot: no place in the memory map (error %d)",
			  err);
	return err;
}
