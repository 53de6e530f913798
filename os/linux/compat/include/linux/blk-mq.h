/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Disks' queues. What is declared here is in blk.c. */
#ifndef XENION_COMPAT_BLK_MQ_H
#define XENION_COMPAT_BLK_MQ_H

#include_next <linux/blk-mq.h>
#include <linux/blkdev.h>

#include <xnl_have.h>

/* A flag of old, without which requests are not merged. */
#if !XNL_HAVE_BLK_SHOULD_MERGE
#define BLK_MQ_F_SHOULD_MERGE	0
#endif

#if !XNL_HAVE_BLK_FREEZE_NON_OWNER
#define blk_freeze_queue_start_non_owner blk_freeze_queue_start
#endif

#if !XNL_HAVE_QUEUE_LIMITS_FEATURES
#if XNL_HAVE_BLK_ALLOC_DISK
/* The kernel's is a macro, with lockdep's key for the disks of one driver. */
static inline struct gendisk *xnl_alloc_disk_and_queue(struct blk_mq_tag_set *set,
						       void *data)
{
	return blk_mq_alloc_disk(set, data);
}
#endif

#undef blk_mq_alloc_disk
#define blk_mq_alloc_disk xnl_alloc_disk

struct gendisk *xnl_alloc_disk(struct blk_mq_tag_set *set,
			       const struct xnl_queue_limits *lim, void *data);
#endif

#endif /* XENION_COMPAT_BLK_MQ_H */
