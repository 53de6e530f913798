/* SPDX-License-Identifier: MIT */
/*
 * grant/, internal, from the lowest file up: entry.c has the entries; list.c
 * the free references and the frames that hold them; cache.c single references,
 * and the waiters for some; page.c whole pages; shortage.c what is done when
 * few references are left; table.c the beginning and the end; resume.c what comes
 * in between when the domain changes.
 */
#ifndef XENION_GRANT_GNTTAB_H
#define XENION_GRANT_GNTTAB_H

#include <xenion/grant.h>

#define XN_GREFS_PER_FRAME_V1	(XN_PAGE_SIZE / sizeof(struct grant_entry_v1))
#define XN_GREFS_PER_FRAME_V2	(XN_PAGE_SIZE / sizeof(union grant_entry_v2))
#define XN_GREFS_PER_STATUS_FRAME (XN_PAGE_SIZE / sizeof(grant_status_t))

/* With fewer on the list than this, the table grows. */
#define XN_GREF_LOW_WATER	64u

/* When to look again at a page that another domain still maps. */
#define XN_GREF_RECLAIM_NS	(10 * XN_NSEC_PER_MSEC)

/*
 * What we know of a reference. Its entry is elsewhere: the host can write that.
 * A reference is deferred if its @release is set.
 */
struct xn_gref_info {
	union {
		grant_ref_t next;	/* free: the next one on the list */
		void *page;		/* deferred: the page that waits, too */
	};
	void (*release)(void *page);
};

#define XN_GREF_INFO_PER_PAGE	(XN_PAGE_SIZE / sizeof(struct xn_gref_info))

static inline struct xn_gref_info *xn_gref_info(struct xn_gnttab *gt,
						grant_ref_t ref)
{
	struct xn_gref_info *page = gt->info[ref / XN_GREF_INFO_PER_PAGE];

	return page + ref % XN_GREF_INFO_PER_PAGE;
}

static inline unsigned int xn_grefs_per_frame(const struct xn_gnttab *gt)
{
	return gt->version == 1 ? XN_GREFS_PER_FRAME_V1 : XN_GREFS_PER_FRAME_V2;
}

/* ---- entry.c ---- */

/* Take access back. Returns: 0, or -EBUSY: the page is still in use. */
int xn_gref_end(struct xn_gnttab *gt, grant_ref_t ref);

/* Does an entry that is not ours grant access, or is its page in use? */
bool xn_gref_in_use(struct xn_gnttab *gt, grant_ref_t ref);

/* ---- list.c ---- */

/* Take up to @max references from the list. Returns how many. */
unsigned int xn_gref_take(struct xn_gnttab *gt, grant_ref_t *refs,
			  unsigned int max);

/* Put references onto the list. */
void xn_gref_put(struct xn_gnttab *gt, const grant_ref_t *refs,
		 unsigned int count);

/* Add a frame to the table. -ENOSPC: it has its maximum. May sleep. */
int xn_gref_grow(struct xn_gnttab *gt);

/* ---- cache.c ---- */

/* May sleep. */
int xn_gref_caches_init(struct xn_gnttab *gt);
void xn_gref_caches_fini(struct xn_gnttab *gt);

/* How many references the caches hold. */
unsigned int xn_gref_cached(struct xn_gnttab *gt);

/* Move what the caches hold onto the list. */
void xn_gref_flush(struct xn_gnttab *gt);

/* More are free: call the waiters that need no more than these. */
void xn_gref_wake(struct xn_gnttab *gt);

/* How many the first waiter needs; 0: there is none. */
unsigned int xn_gref_wanted(struct xn_gnttab *gt);

/* ---- page.c ---- */

/* The work @reclaim: end the deferred grants that are no longer in use. */
void xn_gref_reclaim_fn(struct xn_work *work);

/* The same at the end, when other domains may be about to unmap. May sleep. */
void xn_gref_reclaim_last(struct xn_gnttab *gt);

/* ---- table.c ---- */

/*
 * Have the table in @version, if Xen offers it: gt->version is the one in use.
 * Returns: 0, -ENODEV, or Xen's error.
 */
int xn_gref_choose_version(struct xn_gnttab *gt, unsigned int version);

/*
 * How many frames there may be: what Xen says, as far as we can use them. 0 or a
 * negative errno value.
 */
int xn_gref_query_frames(struct xn_gnttab *gt, unsigned int *max);

/* ---- shortage.c ---- */

/* The work @grow: get references for the waiters, and some more. */
void xn_gref_grow_fn(struct xn_work *work);

#endif /* XENION_GRANT_GNTTAB_H */
