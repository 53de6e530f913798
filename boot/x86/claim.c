// SPDX-License-Identifier: MIT
/*
 * What is in use already is no free RAM: the program itself, what it was handed.
 * Called by the code behind the entry points. Nothing here is Xen's.
 */
#include "x86.h"

int xn_boot_claim(struct xn_boot_info *info)
{
	uintptr_t start = (uintptr_t)__executable_start;
	unsigned int i;
	int err;

	err = xn_memmap_add(&info->map, start, (uintptr_t)_end - start,
			    XN_MEM_RESERVED);
	/* A pointer to nothing stays one. */
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
