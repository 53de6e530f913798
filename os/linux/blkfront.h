/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Between the files of xenion-blkfront.ko: blkfront.c has the module and its
 * devices, blkfront_disk.c the disks that the block layer sees.
 */
#ifndef XENION_LINUX_BLKFRONT_H
#define XENION_LINUX_BLKFRONT_H

#include <linux/blk-mq.h>
#include <linux/mutex.h>
#include <linux/wait.h>

#include <xenion/blkfront.h>

#include "xnl.h"

struct xnl_blk_disk;

/* One device on the bus, from probe to remove. */
struct xnl_blk {
	struct xn_blk blk;
	struct xnl_device *xdev;
	int irq[XN_BLK_MAX_QUEUES];
	struct mutex lock;		/* disk */
	struct xnl_blk_disk *disk;	/* of this connection, or NULL */
	spinlock_t count_lock;		/* disks */
	unsigned int disks;		/* that are not freed yet */
	wait_queue_head_t wait;		/* until there are none */
};

#define to_xnl_blk(b) container_of(b, struct xnl_blk, blk)

/* What a virtual-device number means. */
struct xnl_blk_place {
	char name[DISK_NAME_LEN];
	unsigned int partition;		/* 0: a whole disk */
	int major, first_minor, minors;	/* all 0: any */
};

/* Returns: 0, or -EINVAL for a number that means no xvd disk. */
int xnl_blk_place(unsigned int vdev, struct xnl_blk_place *place);

/* As in struct xn_blk_ops. */
int xnl_blk_connected(struct xn_blk *blk);
void xnl_blk_resized(struct xn_blk *blk);
void xnl_blk_closing(struct xn_blk *blk);
void xnl_blk_complete(struct xn_blk_queue *q, void *cookie, int err);

/* The device goes: delete its disk in good order, if the backend lets us. */
void xnl_blk_retire(struct xnl_blk *xb);
/* No new request; those in flight have seconds to end. */
void xnl_blk_drain(struct xnl_blk *xb);
/* Wait until all disks of the device are freed; no request is in flight. */
void xnl_blk_wait(struct xnl_blk *xb);

int xnl_blk_disk_init(void);
void xnl_blk_disk_fini(void);

#endif /* XENION_LINUX_BLKFRONT_H */
