/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the files of xenion-blkfront.ko share: driver.c has the module and its
 * devices, place.c their names, disk.c the disks that the block layer sees,
 * bounce.c their requests' data, limits.c what they can do.
 */
#ifndef XENION_LINUX_BLK_H
#define XENION_LINUX_BLK_H

#include <linux/blk-mq.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <xenion/blkfront.h>

#include "xnl.h"

#define XVD_MAJOR	202		/* as in Linux's devices.txt */
#define XNL_BLK_LAST	"xvdfan"	/* for which there are minor numbers */

/* What a virtual-device number means. */
struct xnl_blk_place {
	char name[DISK_NAME_LEN];	/* also of one that is out of range */
	unsigned int disk;		/* 0: xvda */
	unsigned int partition;		/* 0: a whole disk */
	int major, first_minor, minors;	/* all 0: any */
	struct list_head claimed;
};

/*
 * Returns: 0; -EINVAL for a number that means no disk; -ERANGE for one beyond the
 * last xvd disk.
 */
int xnl_blk_place(unsigned int vdev, struct xnl_blk_place *place);

/*
 * Several numbers mean the same disk: claimed, no other gets its names, until it is
 * released. Returns: 0, or -EEXIST: one has them. May sleep.
 */
int xnl_blk_place_claim(struct xnl_blk_place *place);
void xnl_blk_place_release(struct xnl_blk_place *place);

struct xnl_blk_disk;

/* One device on the bus, from probe to remove. */
struct xnl_blk {
	struct xn_blk blk;
	struct xnl_device *xdev;
	struct xnl_blk_place place;
	int irq[XN_BLK_MAX_QUEUES];
	struct mutex lock;		/* disk */
	struct xnl_blk_disk *disk;	/* of this connection, or NULL */
	spinlock_t count_lock;		/* disks */
	unsigned int disks;		/* that are not freed yet */
	wait_queue_head_t wait;		/* until there are none */
};

/* One connection's disk, from connected to the end of its last request. */
struct xnl_blk_disk {
	struct xnl_blk *xb;
	struct xn_blk_info info;	/* as the block layer knows it */
	struct xn_blk_info now;		/* of this connection */
	struct gendisk *gd;
	struct blk_mq_tag_set tags;
	struct work_struct add_work, delete_work, limits_work;
	mempool_t *bounce;	/* pages for data that may not be granted */
	bool added;		/* the works' own */
	bool going;		/* delete_work was queued; under xb->lock */
	bool dead;		/* its connection has ended */
	bool lost;		/* with its domain, and may come back; under xb->lock */
	bool no_flush, no_discard;	/* offered, but failed */
};

struct xnl_blk_cmd {
	blk_status_t status;
	unsigned int nr_bounced;
	unsigned int bytes;	/* of the request's data that are under way */
	struct xn_sg sg[];	/* info.max_segments of them */
};

/* For all that comes and goes with disks, and may wait for requests. */
extern struct workqueue_struct *xnl_blk_wq;

#define to_xnl_blk(b) container_of(b, struct xnl_blk, blk)

/* As in struct xn_blk_ops. */
int xnl_blk_connected(struct xn_blk *blk);
void xnl_blk_resized(struct xn_blk *blk);
void xnl_blk_closing(struct xn_blk *blk);
void xnl_blk_lost(struct xn_blk *blk);
void xnl_blk_complete(struct xn_blk_queue *q, void *cookie, int err);

/* The device goes: write out and delete its disk, if the backend answers. */
void xnl_blk_retire(struct xnl_blk *xb);
/* Stop new requests; those in flight have seconds to end. */
void xnl_blk_drain(struct xnl_blk *xb);
/* Wait until all disks of the device are freed; no request is in flight. */
void xnl_blk_wait(struct xnl_blk *xb);

/*
 * bounce.c: a request's data, in the cmd's sg. Any context, except init
 * and fini. Init is for each connection, before it is used. Returns: 0 or -ENOMEM.
 */
int xnl_blk_bounce_init(struct xnl_blk_disk *d);
void xnl_blk_bounce_fini(struct xnl_blk_disk *d);
/*
 * Not all of a request that is longer than this connection's: cmd->bytes. Returns: how
 * many pieces, or 0: no memory now. Undo with xnl_blk_unmap().
 */
unsigned int xnl_blk_map(struct xnl_blk_disk *d, struct request *rq);
/* @copy: it is a read that went well. */
void xnl_blk_unmap(struct xnl_blk_disk *d, struct request *rq, bool copy);

/* limits.c */
extern const struct block_device_operations xnl_blk_fops;
void xnl_blk_geometry(sector_t sectors, struct hd_geometry *geo);
void xnl_blk_limits_init(struct xnl_blk_disk *d);
/*
 * The disk goes on with d->now after @was; no request is in flight. Where the limits are
 * others, a work sets them, which waits for requests.
 */
void xnl_blk_limits_follow(struct xnl_blk_disk *d, const struct xn_blk_info *was);
void xnl_blk_get_limits(const struct xn_blk_info *info,
			struct queue_limits *lim);
/* Use it no longer. Returns the request's status. Context: any. */
blk_status_t xnl_blk_not_supported(struct xnl_blk_disk *d, struct request *rq);

int xnl_blk_disk_init(void);
void xnl_blk_disk_fini(void);

#endif /* XENION_LINUX_BLK_H */
