/* SPDX-License-Identifier: MIT */
/* What the tests of grants share: grant_version.c. */
#ifndef GRANT_H
#define GRANT_H

#include "selftest.h"

/* While a test has it, the table is bare_guest's, of the version it asked for. */
#define GT	(&bare_guest.gnttab)

/*
 * Run @fn with a grant table of @version, and then go on with one as before.
 * Whatever @fn leaves behind is a failure.
 */
void selftest_gnttab(unsigned int version, void (*fn)(void));

/*
 * Room to map what this domain granted to itself, which the library refuses in
 * HVM and PVH guests: there Xen takes the page away from its own frame, for
 * ever. So a page that is mapped is given up by selftest_give_up().
 */
bool selftest_room(struct xn_gntmap *m, unsigned int count);
void selftest_give_up(void *page);

/* Grant @page to this domain itself. True if that went well. */
bool selftest_grant_self(const void *page, bool readonly, grant_ref_t *ref);

/* This domain's number. */
domid_t selftest_domid(void);

#endif /* GRANT_H */
