// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What the block layer may ask of a disk: the engine's info (xen-public/io/
 * blkif.h, the backend's nodes) as limits of a queue. Called by disk.c.
 *
 * A backend may fail requests of a kind that it has offered. That shows when they
 * complete, perhaps in an interrupt; a work then changes the limits.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>

#include "blk.h"

void xnl_blk_set_limits(struct xnl_blk_disk *d)
{
	struct request_queue *queue = d->gd->queue;
	const struct xn_blk_info *info = &d->info;

	BUILD_BUG_ON(PAGE_SIZE != XN_PAGE_SIZE);

	blk_queue_flag_set(QUEUE_FLAG_NONROT, queue);
	blk_queue_logical_block_size(queue, info->sector_size);
	blk_queue_physical_block_size(queue, info->physical_sector_size);
	blk_queue_max_segments(queue, info->max_segments);
	blk_queue_max_segment_size(queue, XN_PAGE_SIZE);
	blk_queue_segment_boundary(queue, XN_PAGE_SIZE - 1);
	blk_queue_max_hw_sectors(queue, info->max_segments *
				 (XN_PAGE_SIZE >> SECTOR_SHIFT));
	if (info->discard) {
		queue->limits.discard_granularity = info->discard_granularity;
		queue->limits.discard_alignment = info->discard_alignment;
		blk_queue_max_discard_sectors(queue, UINT_MAX >> SECTOR_SHIFT);
	}
	/* No FUA: the block layer merges the flushes of several writers. */
	blk_queue_write_cache(queue, info->flush, false);
}

static void limits_reduce(struct work_struct *work)
{
	struct xnl_blk_disk *d = container_of(work, struct xnl_blk_disk,
					      limits_work);
	struct request_queue *queue = d->gd->queue;

	if (READ_ONCE(d->no_flush) &&
	    test_bit(QUEUE_FLAG_WC, &queue->queue_flags)) {
		pr_warn("%s: the backend cannot flush after all: no cache is assumed\n",
			d->gd->disk_name);
		blk_queue_write_cache(queue, false, false);
	}
	if (READ_ONCE(d->no_discard) && queue->limits.max_discard_sectors) {
		pr_warn("%s: the backend cannot discard after all\n",
			d->gd->disk_name);
		blk_queue_max_discard_sectors(queue, 0);
	}
}

void xnl_blk_limits_init(struct xnl_blk_disk *d)
{
	INIT_WORK(&d->limits_work, limits_reduce);
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
	queue_work(xnl_blk_wq, &d->limits_work);
	return req_op(rq) == REQ_OP_FLUSH ? BLK_STS_OK : BLK_STS_NOTSUPP;
}
