/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Disks, and what their queues are limited to. Where a kernel has a function for
 * each limit, and its disks end in two steps, blk.c has what is declared here.
 */
#ifndef XENION_COMPAT_BLKDEV_H
#define XENION_COMPAT_BLKDEV_H

#include_next <linux/blkdev.h>

#include <xnl_have.h>

#if !XNL_HAVE_QUEUE_LIMITS_FEATURES
/* The newer structure, as far as our disks have limits. */
struct xnl_queue_limits {
	unsigned int features;
	unsigned int logical_block_size;
	unsigned int physical_block_size;
	unsigned int max_hw_sectors;
	unsigned int max_segment_size;
	unsigned int max_hw_discard_sectors;
	unsigned int discard_granularity;
	unsigned int discard_alignment;
	unsigned short max_segments;
	unsigned long seg_boundary_mask;
};

#define BLK_FEAT_WRITE_CACHE	(1u << 0)

struct xnl_queue_limits xnl_limits_start_update(struct request_queue *q);
int xnl_limits_commit_update(struct request_queue *q,
			     const struct xnl_queue_limits *lim);

#define queue_limits			xnl_queue_limits
#define queue_limits_start_update	xnl_limits_start_update
#define queue_limits_commit_update_frozen xnl_limits_commit_update
#elif !XNL_HAVE_QUEUE_LIMITS_FROZEN
#include <linux/blk-mq.h>

static inline int queue_limits_commit_update_frozen(struct request_queue *q,
						    struct queue_limits *lim)
{
	int err;

	blk_mq_freeze_queue(q);
	err = queue_limits_commit_update(q, lim);
	blk_mq_unfreeze_queue(q);
	return err;
}
#endif

#if XNL_HAVE_BLK_GETGEO_DISK
#define XNL_GETGEO(_fn, _disk, _geo)					\
static int _fn(struct gendisk *_disk, struct hd_geometry *_geo)
#else
#define XNL_GETGEO(_fn, _disk, _geo)					\
static int _fn##_disk(struct gendisk *_disk, struct hd_geometry *_geo);	\
static int _fn(struct block_device *bdev, struct hd_geometry *_geo)	\
{									\
	return _fn##_disk(bdev->bd_disk, _geo);				\
}									\
static int _fn##_disk(struct gendisk *_disk, struct hd_geometry *_geo)
#endif

#if !XNL_HAVE_BLK_CAPACITY_NOTIFY
static inline void set_capacity_and_notify(struct gendisk *disk, sector_t size)
{
	set_capacity_revalidate_and_notify(disk, size, true);
}
#endif

/* The kernels that are told apart by this make a disk and its queue apart. */
#ifdef GENHD_FL_NO_PART_SCAN
#define GENHD_FL_NO_PART GENHD_FL_NO_PART_SCAN

int __must_check xnl_device_add_disk(struct device *parent,
				     struct gendisk *disk,
				     const struct attribute_group **groups);
void xnl_del_gendisk(struct gendisk *disk);
void xnl_put_disk(struct gendisk *disk);
void xnl_mark_disk_dead(struct gendisk *disk);

#define device_add_disk		xnl_device_add_disk
#define del_gendisk		xnl_del_gendisk
#define put_disk		xnl_put_disk
#define blk_mark_disk_dead	xnl_mark_disk_dead
#endif

#endif /* XENION_COMPAT_BLKDEV_H */
