// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What the block layer may ask of a disk: the engine's info (xen-public/io/
 * blkif.h, the backend's nodes) as limits of a queue. Called by disk.c.
 *
 * A backend may fail requests of a kind that it has offered. That shows when they
 * complete, perhaps in an interrupt; a work then changes the limits. And the backend
 * of a new domain may take shorter requests.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>

#include "blk.h"

static void limits_set_length(struct queue_limits *lim, unsigned int segments)
{
	lim->max_segments = segments;
	lim->max_hw_sectors = segments * (XN_PAGE_SIZE >> SECTOR_SHIFT);
}

void xnl_blk_get_limits(const struct xn_blk_info *info,
			struct queue_limits *lim)
{
	BUILD_BUG_ON(PAGE_SIZE != XN_PAGE_SIZE);

	*lim = (struct queue_limits){
		.logical_block_size = info->sector_size,
		.physical_block_size = info->physical_sector_size,
		.max_segment_size = XN_PAGE_SIZE,
		.seg_boundary_mask = XN_PAGE_SIZE - 1,
		/* No FUA: the block layer merges the flushes of several writers. */
		.features = info->flush ? BLK_FEAT_WRITE_CACHE : 0,
	};
	limits_set_length(lim, info->max_segments);
	if (info->discard) {
		lim->discard_granularity = info->discard_granularity;
		lim->discard_alignment = info->discard_alignment;
		lim->max_hw_discard_sectors = UINT_MAX >> SECTOR_SHIFT;
	}
}

/* Returns: does any of @lim change? */
static bool limits_change(const struct xnl_blk_disk *d, struct queue_limits *lim)
{
	unsigned int segments = READ_ONCE(d->now.max_segments);
	const char *name = d->gd->disk_name;
	bool changed = lim->max_segments != segments;

	if (changed)
		limits_set_length(lim, segments);
	if (READ_ONCE(d->no_flush) && lim->features & BLK_FEAT_WRITE_CACHE) {
		pr_warn("%s: the backend cannot flush after all: no cache is assumed\n",
			name);
		lim->features &= ~BLK_FEAT_WRITE_CACHE;
		changed = true;
	}
	if (READ_ONCE(d->no_discard) && lim->max_hw_discard_sectors) {
		pr_warn("%s: the backend cannot discard after all\n", name);
		lim->max_hw_discard_sectors = 0;
		changed = true;
	}
	return changed;
}

/* Waits until all requests in flight have ended, as does the disk's deletion. */
static void limits_update(struct work_struct *work)
{
	struct xnl_blk_disk *d = container_of(work, struct xnl_blk_disk,
					      limits_work);
	struct request_queue *queue = d->gd->queue;
	struct queue_limits lim = queue_limits_start_update(queue);
	int err;

	if (!limits_change(d, &lim)) {
		queue_limits_cancel_update(queue);
		return;
	}
	err = queue_limits_commit_update_frozen(queue, &lim);
	if (err)
		pr_warn("%s: its limits stay as they were (error %d)\n",
			d->gd->disk_name, err);
}

void xnl_blk_limits_changed(struct xnl_blk_disk *d)
{
	queue_work(xnl_blk_wq, &d->limits_work);
}

void xnl_blk_limits_init(struct xnl_blk_disk *d)
{
	INIT_WORK(&d->limits_work, limits_update);
}

blk_status_t xnl_blk_not_supported(struct xnl_blk_disk *d, struct request *rq)
{
	switch (req_op(rq)) {
	case REQ_OP_FLUSH:
		WRITE_ONCE(d->no_flush, true);
		break;
	case REQ_OP_DISCARD:
		WRITE_ONCE(d->no_discard, true);
		break;
	default:
		return BLK_STS_IOERR;
	}
	xnl_blk_limits_changed(d);
	return req_op(rq) == REQ_OP_FLUSH ? BLK_STS_OK : BLK_STS_NOTSUPP;
}
