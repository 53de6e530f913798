// SPDX-License-Identifier: MIT
/*
 * The grant table's beginning and end: its version and its frames
 * (xen-public/grant_table.h). Called by the OS layer. The files below, from the
 * lowest up: entry.c, list.c, cache.c, page.c and shortage.c. resume.c is above.
 */
#include "gnttab.h"

#define MAX_INFO_PAGES	(XN_PAGE_SIZE / sizeof(void *))

#define LIST_END	XN_GRANT_INVALID

/* Xen changes the version only while nobody maps a page by our references. */
static int table_set_version(unsigned int version)
{
	struct gnttab_set_version x = { .version = version };

	return xn_hc_grant_table(GNTTABOP_set_version, &x, 1);
}

int xn_gref_choose_version(struct xn_gnttab *gt, unsigned int version)
{
	struct gnttab_get_version now = { .dom = DOMID_SELF };
	long err = xn_hc_grant_table(GNTTABOP_get_version, &now, 1);

	if (err)
		return err;
	if (now.version != 1 && now.version != 2)
		return -ENODEV;
	if (now.version != version && !table_set_version(version))
		now.version = version;
	gt->version = now.version;
	gt->v1_gfns = gt->version == 1 ? 1ull << 32 : 0;
	return 0;
}

int xn_gref_query_frames(struct xn_gnttab *gt, unsigned int *max)
{
	struct gnttab_query_size size = { .dom = DOMID_SELF };
	long err = xn_hc_grant_table(GNTTABOP_query_size, &size, 1);

	if (err)
		return err;
	if (size.status != GNTST_okay || !size.max_nr_frames)
		return -EIO;
	*max = MAX_INFO_PAGES * XN_GREF_INFO_PER_PAGE / xn_grefs_per_frame(gt);
	if (*max > size.max_nr_frames)
		*max = size.max_nr_frames;
	return 0;
}

static int table_init_frames(struct xn_gnttab *gt)
{
	unsigned int max;
	int err = xn_gref_query_frames(gt, &max);

	if (err)
		return err;
	gt->max_refs = max * xn_grefs_per_frame(gt);
	err = xn_physmap_init(&gt->frames, XENMAPSPACE_grant_table, max);
	if (err || gt->version == 1)
		return err;
	max = (max * XN_GREFS_PER_FRAME_V2 + XN_GREFS_PER_STATUS_FRAME - 1) /
	      XN_GREFS_PER_STATUS_FRAME;
	return xn_physmap_init(&gt->status, XN_MAPSPACE_GRANT_STATUS, max);
}

static void table_free_all(struct xn_gnttab *gt)
{
	unsigned int i;

	for (i = 0; i < gt->nr_refs / XN_GREF_INFO_PER_PAGE; i++)
		xn_os_page_free(gt->info[i]);
	xn_os_page_free(gt->info);
	gt->info = NULL;
	xn_gref_caches_fini(gt);
	/* First: a change of version makes Xen free the status frames. */
	xn_physmap_fini(&gt->status);
	xn_physmap_fini(&gt->frames);
	if (gt->version == 2 && table_set_version(1))
		xn_os_log(XN_WARN,
			  "xenion: the grant table stays at version 2");
}

int xn_gnttab_init(struct xn_gnttab *gt, unsigned int version)
{
	int err = xn_gref_choose_version(gt, version);

	if (err)
		return err;
	xn_lock_init(&gt->lock);
	xn_waitq_init(&gt->walk_ended);
	xn_work_init(&gt->grow, xn_gref_grow_fn);
	xn_work_init(&gt->reclaim, xn_gref_reclaim_fn);
	gt->reclaim_ns = XN_GREF_RECLAIM_NS;
	gt->free_head = LIST_END;

	err = table_init_frames(gt);
	if (!err) {
		gt->info = xn_os_page_alloc();
		err = gt->info ? xn_gref_caches_init(gt) : -ENOMEM;
	}
	if (!err)
		err = xn_gref_grow(gt);
	if (err)
		table_free_all(gt);
	return err;
}

unsigned int xn_gnttab_fini(struct xn_gnttab *gt)
{
	unsigned long flags;
	unsigned int lost;

	flags = xn_lock(&gt->lock);
	gt->full = true;	/* no more growth */
	xn_unlock(&gt->lock, flags);
	xn_work_cancel(&gt->grow);
	xn_work_cancel(&gt->reclaim);
	xn_gref_reclaim_last(gt);

	lost = xn_gnttab_used(gt) + gt->nr_deferred;
	if (lost)
		xn_os_log(XN_WARN,
			  "xenion: %u granted pages are still mapped by other domains and lost, %u references were not freed",
			  gt->nr_deferred, lost - gt->nr_deferred);
	table_free_all(gt);
	return lost;
}
