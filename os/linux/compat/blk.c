// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Disks as Linux 7 has them (<linux/blkdev.h>, <linux/blk-mq.h>), on kernels with
 * a function for each limit (before 6.9), and on those that also make a disk and
 * its queue apart (before 5.14). For os/linux/blk/; empty for newer kernels.
 */
#include <linux/blk-mq.h>

#include "compat.h"

#if !XNL_HAVE_QUEUE_LIMITS_FEATURES

/* ---- limits ---- */

/* What may change while the disk is used. */
static void limits_set_length(struct request_queue *q,
			      const struct xnl_queue_limits *lim)
{
	blk_queue_max_segments(q, lim->max_segments);
	blk_queue_max_hw_sectors(q, lim->max_hw_sectors);
}

static void limits_set_features(struct request_queue *q,
				const struct xnl_queue_limits *lim)
{
	blk_queue_write_cache(q, lim->features & BLK_FEAT_WRITE_CACHE, false);
	q->limits.discard_granularity = lim->discard_granularity;
	q->limits.discard_alignment = lim->discard_alignment;
	blk_queue_max_discard_sectors(q, lim->max_hw_discard_sectors);
#ifdef QUEUE_FLAG_DISCARD
	if (lim->max_hw_discard_sectors)
		blk_queue_flag_set(QUEUE_FLAG_DISCARD, q);
	else
		blk_queue_flag_clear(QUEUE_FLAG_DISCARD, q);
#endif
}

static void limits_set(struct request_queue *q,
		       const struct xnl_queue_limits *lim)
{
	/* A queue is of a disk that rotates unless it is said not to be. */
	blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
	blk_queue_logical_block_size(q, lim->logical_block_size);
	blk_queue_physical_block_size(q, lim->physical_block_size);
	blk_queue_max_segment_size(q, lim->max_segment_size);
	blk_queue_segment_boundary(q, lim->seg_boundary_mask);
	limits_set_length(q, lim);
	limits_set_features(q, lim);
}

/* The caller sets all that xnl_limits_commit_update() looks at. */
struct xnl_queue_limits xnl_limits_start_update(struct request_queue *q)
{
	return (struct xnl_queue_limits){ };
}

int xnl_limits_commit_update(struct request_queue *q,
			     const struct xnl_queue_limits *lim)
{
	/* The user may have set a length of requests. */
	if (lim->max_segments != queue_max_segments(q))
		limits_set_length(q, lim);
	limits_set_features(q, lim);
	return 0;
}

/* ---- disks ---- */

#ifdef GENHD_FL_NO_PART_SCAN
#undef device_add_disk
#undef del_gendisk
#undef put_disk

/*
 * References to the queue: its own, until it is cleaned up; and the disk's, which
 * the disk puts when it is freed, but only gets when it is added. Until then it
 * has this one.
 */
static struct gendisk *xnl_alloc_disk_and_queue(struct blk_mq_tag_set *set,
						void *data)
{
	struct request_queue *q = blk_mq_init_queue_data(set, data);
	struct gendisk *gd;

	if (IS_ERR(q))
		return ERR_CAST(q);
	gd = alloc_disk_node(0, set->numa_node);
	if (!gd) {
		blk_cleanup_queue(q);
		return ERR_PTR(-ENOMEM);
	}
	/* More partitions than minor numbers, as is the rule later. */
	gd->flags |= GENHD_FL_EXT_DEVT;
	gd->queue = q;
	WARN_ON(!blk_get_queue(q));
	return gd;
}

int xnl_device_add_disk(struct device *parent, struct gendisk *disk,
			const struct attribute_group **groups)
{
	device_add_disk(parent, disk, groups);
	/* It does not say whether it went well. */
	if (!device_is_registered(disk_to_dev(disk)))
		return -EIO;
	blk_put_queue(disk->queue);
	return 0;
}

/* When this returns, no request is in flight, and none comes any more. */
void xnl_del_gendisk(struct gendisk *disk)
{
	del_gendisk(disk);
	blk_cleanup_queue(disk->queue);
}

void xnl_put_disk(struct gendisk *disk)
{
	/* It was never added. */
	if (!blk_queue_dead(disk->queue))
		blk_cleanup_queue(disk->queue);
	put_disk(disk);
}

void xnl_mark_disk_dead(struct gendisk *disk)
{
	blk_set_queue_dying(disk->queue);
}
#endif

struct gendisk *xnl_alloc_disk(struct blk_mq_tag_set *set,
			       const struct xnl_queue_limits *lim, void *data)
{
	struct gendisk *gd = xnl_alloc_disk_and_queue(set, data);

	if (!IS_ERR(gd))
		limits_set(gd->queue, lim);
	return gd;
}

#endif
