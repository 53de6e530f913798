/* SPDX-License-Identifier: MIT */
/* mmu/, internal: shared by pv.c, pv_suspend.c and pv_tables.c. */
#ifndef XENION_MMU_PV_H
#define XENION_MMU_PV_H

#include <xenion/x86/pv.h>

static inline void *xn_pv_va(const struct xn_pv *pv, unsigned long pfn)
{
	return (void *)(pv->offset + (pfn << XN_PAGE_SHIFT));
}

/*
 * pv.c: find Xen's list of frames, and check it against the guest's own list. Returns: 0,
 * -EINVAL, or Xen's error.
 */
int xn_pv_find_lists(struct xn_pv *pv);

#endif /* XENION_MMU_PV_H */
