/* SPDX-License-Identifier: MIT */
/* mmu/, internal: shared by pv.c and pv_tables.c. */
#ifndef XENION_MMU_PV_H
#define XENION_MMU_PV_H

#include <xenion/x86/pv.h>

static inline void *xn_pv_va(const struct xn_pv *pv, unsigned long pfn)
{
	return (void *)(pv->offset + (pfn << XN_PAGE_SHIFT));
}

#endif /* XENION_MMU_PV_H */
