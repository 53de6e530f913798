/* SPDX-License-Identifier: MIT */
/* Selftests for PV guests only: the guest's memory. */
#ifndef SELFTEST_PV_H
#define SELFTEST_PV_H

#include <xenion/x86/pv.h>
#include "entry.h"
#include "selftest.h"

/* An entry with a frame that no machine has. */
#define PTE_NOWHERE	(1ull << 51 | XN_PTE_PAGE)

/* A page-table entry for a page of the kernel's, except the rights. */
static inline uint64_t pte_of(const void *page)
{
	return (uint64_t)xn_pv_mfn(&bare_pv, page) << XN_PAGE_SHIFT |
	       XN_PTE_PAGE;
}

#endif /* SELFTEST_PV_H */
