// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What the block layer may ask of a disk: the engine's info (xen-public/io/
 * blkif.h, the backend's nodes) as limits of a queue; and what programs may: a
 * geometry. Called by disk.c.
 *
 * A backend may fail requests of a kind that it has offered. That shows when they
 * complete, perhaps in an interrupt; a work then changes the limits. And the backend
 * of a new domain may have others.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/hdreg.h>

#include "blk.h"

void xnl_blk_get_limits(const struct xn_blk_info *info,
			struct queue_limits *lim)
{
	BUILD_BUG_ON(PAGE_SIZE != XN_PAGE_SIZE);

	*lim = (struct queue_limits){
		.logical_block_size = info->sector_size,
		.physical_block_size = info->physical_sector_size,
		.max_segments = info->max_segments,
		.max_segment_size = XN_PAGE_SIZE,
		.seg_boundary_mask = XN_PAGE_SIZE - 1,
		.max_hw_sectors = info->max_segments *
				  (XN_PAGE_SIZE >> SECTOR_SHIFT),
		/* No FUA: the block layer merges the flushes of several writers. */
		.features = info->flush ? BLK_FEAT_WRITE_CACHE : 0,
	};
	if (info->discard) {
		lim->discard_granularity = info->discard_granularity;
		lim->discard_alignment = info->discard_alignment;
		lim->max_hw_discard_sectors = UINT_MAX >> SECTOR_SHIFT;
	}
}

/* As it is now: of this connection, but for what has failed since. */
static struct xn_blk_info limits_now(struct xnl_blk_disk *d)
{
	struct xn_blk_info now;

	mutex_lock(&d->xb->lock);
	now = d->now;
	mutex_unlock(&d->xb->lock);
	now.flush = now.flush && !READ_ONCE(d->no_flush);
	now.discard = now.discard && !READ_ONCE(d->no_discard);
	return now;
}

/* Waits until all requests in flight have ended, as does the disk's deletion. */
static void limits_update(struct work_struct *work)
{
	struct xnl_blk_disk *d = container_of(work, struct xnl_blk_disk,
					      limits_work);
	struct request_queue *queue = d->gd->queue;
	struct xn_blk_info now = limits_now(d);
	struct queue_limits want, lim;
	int err;

	xnl_blk_get_limits(&now, &want);
	lim = queue_limits_start_update(queue);
	lim.max_segments = want.max_segments;
	lim.max_hw_sectors = want.max_hw_sectors;
	lim.max_hw_discard_sectors = want.max_hw_discard_sectors;
	lim.discard_granularity = want.discard_granularity;
	lim.discard_alignment = want.discard_alignment;
	lim.features &= ~BLK_FEAT_WRITE_CACHE;
	lim.features |= want.features;
	err = queue_limits_commit_update_frozen(queue, &lim);
	if (err)
		pr_warn("%s: its limits stay as they were (error %d)\n",
			d->gd->disk_name, err);
}

void xnl_blk_limits_follow(struct xnl_blk_disk *d, const struct xn_blk_info *was)
{
	struct queue_limits before, after;
	bool failed = d->no_flush || d->no_discard;

	xnl_blk_get_limits(was, &before);
	xnl_blk_get_limits(&d->now, &after);
	WRITE_ONCE(d->no_flush, false);
	WRITE_ONCE(d->no_discard, false);
	/* The update holds up requests: not for nothing. */
	if (failed || memcmp(&before, &after, sizeof(before)))
		queue_work(xnl_blk_wq, &d->limits_work);
}

void xnl_blk_limits_init(struct xnl_blk_disk *d)
{
	INIT_WORK(&d->limits_work, limits_update);
}

blk_status_t xnl_blk_not_supported(struct xnl_blk_disk *d, struct request *rq)
{
	const char *name = d->gd->disk_name;
	bool flush = req_op(rq) == REQ_OP_FLUSH;

	if (!flush && req_op(rq) != REQ_OP_DISCARD)
		return BLK_STS_IOERR;
	if (!xchg(flush ? &d->no_flush : &d->no_discard, true)) {
		if (flush)
			pr_warn("%s: the backend cannot flush after all: no cache is assumed\n",
				name);
		else
			pr_warn("%s: the backend cannot discard after all\n",
				name);
		queue_work(xnl_blk_wq, &d->limits_work);
	}
	return flush ? BLK_STS_OK : BLK_STS_NOTSUPP;
}

/* Of a disk without heads: the one that a PC's BIOS gives to any large disk. */
void xnl_blk_geometry(sector_t sectors, struct hd_geometry *geo)
{
	u64 cylinders = sectors;

	geo->heads = 255;
	geo->sectors = 63;
	do_div(cylinders, geo->heads * geo->sectors);
	geo->cylinders = min_t(u64, cylinders, U16_MAX);
}

XNL_GETGEO(disk_getgeo, gd, geo)
{
	xnl_blk_geometry(get_capacity(gd), geo);
	return 0;
}

const struct block_device_operations xnl_blk_fops = {
	.owner	= THIS_MODULE,
	.getgeo	= disk_getgeo,
};
