/* SPDX-License-Identifier: MIT */
/*
 * grant/, inside: table.c has the frames, the list of free references and the
 * entries; cache.c has what stands before the list.
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

/* table.c: one frame more. -ENOSPC: there may not be more. May sleep. */
int xn_gref_grow(struct xn_gnttab *gt);

/* cache.c: may sleep. */
int xn_gref_caches_init(struct xn_gnttab *gt);
void xn_gref_caches_fini(struct xn_gnttab *gt);

/* cache.c: how many references the caches hold. */
unsigned int xn_gref_cached(struct xn_gnttab *gt);

/* cache.c: move what the caches hold onto the list. */
void xn_gref_flush(struct xn_gnttab *gt);

/* cache.c: more are free; call the waiters for whom that is enough. */
void xn_gref_wake(struct xn_gnttab *gt);

/* cache.c: how many the first waiter needs, 0: none waits. */
unsigned int xn_gref_wanted(struct xn_gnttab *gt);

#endif /* XENION_GRANT_GNTTAB_H */
