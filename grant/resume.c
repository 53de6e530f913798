// SPDX-License-Identifier: MIT
/*
 * The grant table of a guest that is saved, restored or moved. It belongs to the
 * domain: that of a new one has version 1 and empty entries
 * (xen-public/grant_table.h). What we know of the references is in our own memory
 * and stays. Called by the OS layer.
 */
#include "gnttab.h"

void xn_gnttab_suspend(struct xn_gnttab *gt)
{
	xn_work_cancel(&gt->grow);
	xn_work_cancel(&gt->reclaim);
}

void xn_gnttab_unmap(struct xn_gnttab *gt)
{
	xn_physmap_suspend(&gt->frames);
	xn_physmap_suspend(&gt->status);
}

/* Xen makes the status frames of version 2 with the table's. */
static int frames_resume(struct xn_gnttab *gt, bool anew)
{
	int err = xn_physmap_resume(&gt->frames, anew);

	return err ? err : xn_physmap_resume(&gt->status, anew);
}

static void works_resume(struct xn_gnttab *gt)
{
	if (XN_READ_ONCE(gt->nr_deferred))
		xn_work_schedule(&gt->reclaim, 0);
	if (XN_READ_ONCE(gt->waiters) ||
	    XN_READ_ONCE(gt->nr_free) < XN_GREF_LOW_WATER)
		xn_work_schedule(&gt->grow, 0);
}

/*
 * There may be more frames than before, or fewer. The hole for them is as large
 * as it was.
 */
static int table_limit(struct xn_gnttab *gt)
{
	unsigned int max;
	int err = xn_gref_query_frames(gt, &max);

	if (err)
		return err;
	if (max < gt->frames.used)
		return -ENOSPC;
	if (max > gt->frames.count)
		max = gt->frames.count;
	gt->max_refs = max * xn_grefs_per_frame(gt);
	return 0;
}

/*
 * There are no status frames any more, and twice as many references fit into a
 * frame.
 */
static void resume_in_version_1(struct xn_gnttab *gt)
{
	gt->status.used = 0;
	xn_physmap_fini(&gt->status);
}

static int table_resume(struct xn_gnttab *gt)
{
	unsigned int version = gt->status.count ? 2 : 1;
	int err = xn_gref_choose_version(gt, version);

	if (err)
		return err;
	if (gt->version > version)
		return -EIO;
	if (gt->version < version)
		resume_in_version_1(gt);
	err = table_limit(gt);
	return err ? err : frames_resume(gt, true);
}

int xn_gnttab_resume(struct xn_gnttab *gt, bool anew)
{
	int err = anew ? table_resume(gt) : frames_resume(gt, false);

	if (!err) {
		gt->reclaim_ns = XN_GREF_RECLAIM_NS;
		works_resume(gt);
	}
	return err;
}
