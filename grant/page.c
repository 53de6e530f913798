// SPDX-License-Identifier: MIT
/*
 * Whole pages: granted by a new reference, and ended with it. While another
 * domain still maps a page (GTF_reading and GTF_writing in
 * xen-public/grant_table.h), the page and its reference wait. Called by
 * frontends.
 */
#include "gnttab.h"

#define RECLAIM_MAX_NS	(1000 * XN_NSEC_PER_MSEC)

/* ---- granting ---- */

int xn_gnttab_grant_page(struct xn_gnttab *gt, domid_t remote,
			 const void *page, bool readonly, grant_ref_t *ref)
{
	int err = xn_gnttab_get(gt, ref);

	if (!err)
		xn_gnttab_grant(gt, *ref, remote, xn_os_gfn(page), readonly);
	return err;
}

/* ---- ending ---- */

static void page_release_nothing(void *page)
{
}

int xn_gnttab_end_page(struct xn_gnttab *gt, grant_ref_t ref, void *page,
		       void (*release)(void *page))
{
	struct xn_gref_info *info = xn_gref_info(gt, ref);

	if (!release)
		release = page_release_nothing;
	if (!xn_gnttab_end(gt, ref)) {
		xn_gnttab_free(gt, ref);
		release(page);
		return 0;
	}
	__atomic_fetch_add(&gt->nr_deferred, 1, __ATOMIC_RELAXED);
	info->page = page;
	__atomic_store_n(&info->release, release, __ATOMIC_RELEASE);
	xn_work_schedule(&gt->reclaim, XN_GREF_RECLAIM_NS);
	return -EBUSY;
}

/* Returns: true if any page was released. */
static bool page_reclaim(struct xn_gnttab *gt)
{
	uint32_t nr_refs = __atomic_load_n(&gt->nr_refs, __ATOMIC_ACQUIRE);
	bool progress = false;
	grant_ref_t ref;

	for (ref = GNTTAB_NR_RESERVED_ENTRIES;
	     ref < nr_refs && XN_READ_ONCE(gt->nr_deferred); ref++) {
		struct xn_gref_info *info = xn_gref_info(gt, ref);
		void (*release)(void *page);
		void *page;

		release = __atomic_load_n(&info->release, __ATOMIC_ACQUIRE);
		if (!release || xn_gref_end(gt, ref))
			continue;
		page = info->page;
		info->release = NULL;
		__atomic_fetch_sub(&gt->nr_deferred, 1, __ATOMIC_RELAXED);
		xn_gnttab_free(gt, ref);
		release(page);
		progress = true;
	}
	return progress;
}

void xn_gref_reclaim_fn(struct xn_work *work)
{
	struct xn_gnttab *gt = xn_container_of(work, struct xn_gnttab, reclaim);

	if (page_reclaim(gt))
		gt->reclaim_ns = XN_GREF_RECLAIM_NS;
	else if (gt->reclaim_ns < RECLAIM_MAX_NS)
		gt->reclaim_ns *= 2;
	if (XN_READ_ONCE(gt->nr_deferred))
		xn_work_schedule(work, gt->reclaim_ns);
}

/* Called at the end, when other domains may be about to unmap. */
void xn_gref_reclaim_last(struct xn_gnttab *gt)
{
	uint64_t delay = XN_GREF_RECLAIM_NS;
	struct xn_waitq nobody;

	xn_waitq_init(&nobody);
	for (;;) {
		page_reclaim(gt);
		if (!gt->nr_deferred || delay > RECLAIM_MAX_NS)
			return;
		(void)xn_wait(&nobody, false, delay);
		delay *= 2;
	}
}
