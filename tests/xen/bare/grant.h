/* SPDX-License-Identifier: MIT */
/* What the tests of grants share: grant_version.c. */
#ifndef GRANT_H
#define GRANT_H

#include "selftest.h"

/* bare_guest's table; during selftest_gnttab(), of the version requested. */
#define GT	(&bare_guest.gnttab)

/*
 * Run @fn with a grant table of @version, then restore the previous version.
 * Anything that @fn leaves in the table is a failure.
 */
void selftest_gnttab(unsigned int version, void (*fn)(void));

/*
 * Room to map what this domain granted to itself, which the library refuses in
 * HVM and PVH guests: there Xen permanently removes the page from its own
 * frame. So selftest_give_up() does not free pages that were mapped there.
 */
bool selftest_room(struct xn_gntmap *m, unsigned int count);
void selftest_give_up(void *page);

/* Grant @page to this domain itself. Returns: did that work? */
bool selftest_grant_self(const void *page, bool readonly, grant_ref_t *ref);

/* This domain's number. */
domid_t selftest_domid(void);

#endif /* GRANT_H */
