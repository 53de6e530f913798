// SPDX-License-Identifier: MIT
/*
 * Reserves RAM that is in use at boot: the program itself and what the host
 * handed over. Called by the entry points' C code. Not part of Xen's ABI.
 */
#include "x86.h"

int xn_boot_reserve(struct xn_memmap *map, uint64_t start, uint64_t size)
{
	int err = xn_memmap_add(map, start, size, XN_MEM_RESERVED);

	if (err)
		xn_os_log(XN_ERR, "boot: no place in the memory map (error %d)",
			  err);
	return err;
}

int xn_boot_claim(struct xn_boot_info *info, uint64_t image_start,
		  uint64_t image_end)
{
	unsigned int i;
	int err;

	err = xn_boot_reserve(&info->map, image_start, image_end - image_start);
	/* Never allocate at address 0: NULL stays invalid. */
	if (!err)
		err = xn_boot_reserve(&info->map, 0, XN_PAGE_SIZE);
	for (i = 0; !err && i < info->nr_modules; i++)
		err = xn_boot_reserve(&info->map, info->module[i].start,
				      info->module[i].size);
	return err;
}
