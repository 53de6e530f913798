/* SPDX-License-Identifier: MIT */
/*
 * grant/, internal. table.c: the frames and the list of free references.
 * cache.c: per-CPU caches before the list. shortage.c: what happens when both
 * are empty. entry.c: the entries.
 */
#ifndef XENION_GRANT_GNTTAB_H
#define XENION_GRANT_GNTTAB_H

#include <xenion/grant.h>

/* table.c: take up to @max references from the list. Returns how many. */
unsigned int xn_gref_take(struct xn_gnttab *gt, grant_ref_t *refs,
			  unsigned int max);

/* table.c: put references onto the list. */
void xn_gref_put(struct xn_gnttab *gt, const grant_ref_t *refs,
		 unsigned int count);

/* table.c: add one frame. -ENOSPC: the table is at its limit. May sleep. */
int xn_gref_grow(struct xn_gnttab *gt);

/* cache.c: may sleep. */
int xn_gref_caches_init(struct xn_gnttab *gt);
void xn_gref_caches_fini(struct xn_gnttab *gt);

/* cache.c: how many references the caches hold. */
unsigned int xn_gref_cached(struct xn_gnttab *gt);

/* cache.c: move what the caches hold onto the list. */
void xn_gref_flush(struct xn_gnttab *gt);

/* shortage.c: call the waiters that enough references are free for. */
void xn_gref_wake(struct xn_gnttab *gt);

/* shortage.c: how many the first waiter needs, 0: none waits. */
unsigned int xn_gref_wanted(struct xn_gnttab *gt);

/* entry.c: revoke access. 0, or -EBUSY: the page is still in use. */
int xn_gref_end(struct xn_gnttab *gt, grant_ref_t ref);

/* entry.c: is an entry that we did not write granted or in use? */
bool xn_gref_in_use(struct xn_gnttab *gt, grant_ref_t ref);

#endif /* XENION_GRANT_GNTTAB_H */
