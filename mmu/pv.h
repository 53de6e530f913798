/* SPDX-License-Identifier: MIT */
/* mmu/, inside: what pv.c and pv_tables.c have of each other. */
#ifndef XENION_MMU_PV_H
#define XENION_MMU_PV_H

#include <xenion/pv.h>

static inline void *xn_pv_va(const struct xn_pv *pv, unsigned long pfn)
{
	return (void *)(pv->offset + (pfn << XN_PAGE_SHIFT));
}

/*
 * pv_tables.c: map all pages that are not, with @nr_tables pages from @tables
 * on. Logs what fails.
 */
int xn_pv_map_all(struct xn_pv *pv, unsigned long tables,
		  unsigned long nr_tables);

#endif /* XENION_MMU_PV_H */
