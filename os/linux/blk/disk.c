// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A connected disk as the block layer sees it: a gendisk and its blk-mq
 * queues. Called by the engine (frontends/blk/life.c) when a disk comes, goes
 * or changes, and by the block layer.
 *
 * Each connection makes a disk of its own, and works that add it and delete
 * it: both wait for requests, which the engine's callbacks may
 * not. A disk that has lost its connection never reaches the next one, which
 * may be another disk altogether.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "blk.h"

/* For what is dirty to get to the backend when a device is removed. */
#define RETIRE_TIMEOUT	(30 * HZ)

/* For requests in flight when the system ends. */
#define DRAIN_TIMEOUT	(5 * HZ)

struct workqueue_struct *xnl_blk_wq;

/* ---- requests ---- */

static blk_status_t disk_status(int err)
{
	switch (err) {
	case 0:
		return BLK_STS_OK;
	case -EBUSY:
		return BLK_STS_RESOURCE;
	case -EOPNOTSUPP:
		return BLK_STS_NOTSUPP;
	case -EAGAIN:
		return BLK_STS_AGAIN;
	default:
		return BLK_STS_IOERR;
	}
}

/* Returns: does the request have what it needs? */
static bool disk_describe(struct xnl_blk_disk *d, struct request *rq,
			  struct xn_blk_io *io)
{
	switch (req_op(rq)) {
	case REQ_OP_FLUSH:
		io->op = XN_BLK_FLUSH;
		return true;
	case REQ_OP_DISCARD:
		io->op = XN_BLK_DISCARD;
		io->nr_sectors = blk_rq_sectors(rq);
		return true;
	default:
		io->op = rq_data_dir(rq) ? XN_BLK_WRITE : XN_BLK_READ;
		io->nr_sg = xnl_blk_map(d, rq);
		return io->nr_sg;
	}
}

static bool disk_is_known(const struct request *rq)
{
	switch (req_op(rq)) {
	case REQ_OP_READ:
	case REQ_OP_WRITE:
	case REQ_OP_FLUSH:
	case REQ_OP_DISCARD:
		return true;
	default:
		return false;
	}
}

/* In a new domain the backend may have fewer queues than the disk began with. */
static struct xn_blk_queue *disk_queue(const struct xnl_blk_disk *d,
				       const struct blk_mq_hw_ctx *hctx)
{
	return &d->xb->blk.queue[hctx->queue_num % d->now.nr_queues];
}

static blk_status_t disk_queue_rq(struct blk_mq_hw_ctx *hctx,
				  const struct blk_mq_queue_data *bd)
{
	struct xnl_blk_disk *d = hctx->queue->queuedata;
	struct xn_blk_queue *q = disk_queue(d, hctx);
	struct request *rq = bd->rq;
	struct xnl_blk_cmd *cmd = blk_mq_rq_to_pdu(rq);
	struct xn_blk_io io = {
		.sector = blk_rq_pos(rq),
		.sg = cmd->sg,
		.cookie = rq,
	};
	int err;

	if (READ_ONCE(d->dead))
		return BLK_STS_IOERR;
	if (!disk_is_known(rq))
		return BLK_STS_NOTSUPP;
	cmd->bytes = blk_rq_bytes(rq);

	blk_mq_start_request(rq);
	err = disk_describe(d, rq, &io) ? xn_blk_submit(q, &io) : -EBUSY;
	if (err && cmd->nr_bounced)
		xnl_blk_unmap(d, rq, false);
	if (bd->last || err)
		xn_blk_push(q);
	/* It was asked of another backend. */
	if (unlikely(err == -EOPNOTSUPP)) {
		xnl_blk_complete(q, rq, err);
		return BLK_STS_OK;
	}
	return disk_status(err);
}

static void disk_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	xn_blk_push(disk_queue(hctx->queue->queuedata, hctx));
}

void xnl_blk_complete(struct xn_blk_queue *q, void *cookie, int err)
{
	struct request *rq = cookie;
	struct xnl_blk_cmd *cmd = blk_mq_rq_to_pdu(rq);

	cmd->status = disk_status(err);
	blk_mq_complete_request(rq);
}

static void disk_complete(struct request *rq)
{
	struct xnl_blk_cmd *cmd = blk_mq_rq_to_pdu(rq);
	struct xnl_blk_disk *d = rq->q->queuedata;

	if (unlikely(cmd->nr_bounced))
		xnl_blk_unmap(d, rq, !cmd->status && !rq_data_dir(rq));
	/* It was lost with its domain, and is made again with the next one. */
	if (unlikely(cmd->status == BLK_STS_AGAIN)) {
		blk_mq_requeue_request(rq, false);
		return;
	}
	/* The rest of one that is too long for this connection. */
	if (unlikely(!cmd->status && cmd->bytes < blk_rq_bytes(rq))) {
		blk_update_request(rq, BLK_STS_OK, cmd->bytes);
		blk_mq_requeue_request(rq, true);
		return;
	}
	if (unlikely(cmd->status == BLK_STS_NOTSUPP))
		cmd->status = xnl_blk_not_supported(d, rq);
	blk_mq_end_request(rq, cmd->status);
}

static const struct blk_mq_ops disk_mq_ops = {
	.queue_rq	= disk_queue_rq,
	.commit_rqs	= disk_commit_rqs,
	.complete	= disk_complete,
};

/* ---- a disk's life ---- */

/*
 * The waiter may free the device as soon as it sees that there are none. It looks
 * under the lock, so not before this function has finished with the wait queue.
 */
static void disk_gone(struct xnl_blk *xb)
{
	unsigned long flags;

	spin_lock_irqsave(&xb->count_lock, flags);
	if (!--xb->disks) {
		wake_up_all(&xb->wait);
		xn_blk_again(&xb->blk);
	}
	spin_unlock_irqrestore(&xb->count_lock, flags);
}

static void disk_free(struct xnl_blk_disk *d)
{
	struct xnl_blk *xb = d->xb;

	put_disk(d->gd);
	blk_mq_free_tag_set(&d->tags);
	xnl_blk_bounce_fini(d);
	kfree(d);
	disk_gone(xb);
}

static void disk_add(struct work_struct *work)
{
	struct xnl_blk_disk *d = container_of(work, struct xnl_blk_disk,
					      add_work);
	const struct xn_blk_info *info = &d->info;
	struct device *dev = &d->xb->xdev->dev;
	unsigned int noio;
	int err;

	/* Reclaim may wait for this disk, or for one that waits for the queue. */
	noio = memalloc_noio_save();
	err = device_add_disk(dev, d->gd, NULL);
	memalloc_noio_restore(noio);
	xnl_device_settled(d->xb->xdev);
	if (err) {
		dev_err(dev, "%s cannot be added, error %d\n",
			d->gd->disk_name, err);
		return;
	}
	d->added = true;
	dev_info(dev, "%s: %llu sectors%s, %u queue%s of %u requests of %u pages, %s grants%s%s\n",
		 d->gd->disk_name, info->sectors,
		 info->readonly ? ", read-only" : "", info->nr_queues,
		 info->nr_queues > 1 ? "s" : "", info->depth,
		 info->max_segments,
		 info->persistent ? "persistent" : "direct",
		 info->flush ? ", flush" : "",
		 info->discard ? ", discard" : "");
}

static void disk_delete(struct work_struct *work)
{
	struct xnl_blk_disk *d = container_of(work, struct xnl_blk_disk,
					      delete_work);
	struct xnl_blk *xb = d->xb;
	unsigned int noio = memalloc_noio_save();

	cancel_work_sync(&d->add_work);
	if (d->added) {
		/* The file system on it ends, and may wait for requests. */
		if (READ_ONCE(d->dead))
			blk_mark_disk_dead(d->gd);
		del_gendisk(d->gd);
	}
	memalloc_noio_restore(noio);
	/* No request completes any more. */
	cancel_work_sync(&d->limits_work);
	mutex_lock(&xb->lock);
	if (xb->disk == d)
		xb->disk = NULL;
	mutex_unlock(&xb->lock);
	disk_free(d);
}

static void disk_let_go(struct xnl_blk_disk *d)
{
	if (!d->going)
		queue_work(xnl_blk_wq, &d->delete_work);
	d->going = true;
}

static int disk_alloc(struct xnl_blk_disk *d)
{
	const struct xn_blk_info *info = &d->info;
	const struct xnl_blk_place *place = &d->xb->place;
	struct queue_limits lim;
	struct gendisk *gd;
	int err;

	d->tags.ops = &disk_mq_ops;
	d->tags.nr_hw_queues = info->nr_queues;
	d->tags.queue_depth = info->depth;
	d->tags.numa_node = NUMA_NO_NODE;
	d->tags.flags = BLK_MQ_F_SHOULD_MERGE;
	/* not struct_size_t(), which 6.1 got late in its life */
	d->tags.cmd_size = struct_size((struct xnl_blk_cmd *)NULL, sg,
				       info->max_segments);
	err = blk_mq_alloc_tag_set(&d->tags);
	if (err)
		return err;
	xnl_blk_get_limits(info, &lim);
	gd = blk_mq_alloc_disk(&d->tags, &lim, d);
	if (IS_ERR(gd)) {
		blk_mq_free_tag_set(&d->tags);
		return PTR_ERR(gd);
	}
	strscpy(gd->disk_name, place->name, sizeof(gd->disk_name));
	gd->major = place->major;
	gd->first_minor = place->first_minor;
	gd->minors = place->minors;
	gd->fops = &xnl_blk_fops;
	if (place->partition)
		gd->flags |= GENHD_FL_NO_PART;
	if (info->removable || info->cdrom)
		gd->flags |= GENHD_FL_REMOVABLE;
	set_disk_ro(gd, info->readonly || info->cdrom);
	set_capacity(gd, info->sectors);
	d->gd = gd;
	return 0;
}

static struct xnl_blk_disk *disk_create(struct xnl_blk *xb)
{
	struct xnl_blk_disk *d = kzalloc(sizeof(*d), GFP_KERNEL);
	int err;

	if (!d)
		return ERR_PTR(-ENOMEM);
	d->xb = xb;
	d->info = xb->blk.info;
	d->now = d->info;
	INIT_WORK(&d->add_work, disk_add);
	INIT_WORK(&d->delete_work, disk_delete);
	xnl_blk_limits_init(d);
	err = xnl_blk_bounce_init(d);
	if (!err)
		err = disk_alloc(d);
	if (!err)
		return d;
	xnl_blk_bounce_fini(d);
	kfree(d);
	return ERR_PTR(err);
}

static bool disk_exists(struct xnl_blk *xb)
{
	bool any;

	spin_lock_irq(&xb->count_lock);
	any = xb->disks;
	spin_unlock_irq(&xb->count_lock);
	return any;
}

/* ---- a guest that goes on in a new domain ---- */

void xnl_blk_lost(struct xn_blk *blk)
{
	struct xnl_blk *xb = to_xnl_blk(blk);

	mutex_lock(&xb->lock);
	if (xb->disk) {
		blk_mq_quiesce_queue(xb->disk->gd->queue);
		xb->disk->lost = true;
	}
	mutex_unlock(&xb->lock);
}

/* New requests, and those that were in flight. Under xb->lock. */
static void disk_go_on(struct xnl_blk_disk *d)
{
	d->lost = false;
	blk_mq_unquiesce_queue(d->gd->queue);
	blk_mq_kick_requeue_list(d->gd->queue);
}

/* Can what was asked of the disk before be asked of this one? */
static bool disk_is_same(const struct xn_blk_info *was,
			 const struct xn_blk_info *is)
{
	return is->sectors >= was->sectors && is->sector_size == was->sector_size &&
	       is->readonly == was->readonly && is->cdrom == was->cdrom;
}

/* Returns: 0 or -ENOMEM. No request is in flight; under xb->lock. */
static int disk_follow(struct xnl_blk_disk *d, const struct xn_blk_info *info)
{
	struct xn_blk_info was = d->now;
	int err;

	d->now = *info;
	d->now.max_segments = min(info->max_segments, d->info.max_segments);
	err = xnl_blk_bounce_init(d);
	if (err)
		return err;
	if (info->sectors != get_capacity(d->gd))
		set_capacity_and_notify(d->gd, info->sectors);
	xnl_blk_limits_follow(d, &was);
	disk_go_on(d);
	return 0;
}

/* Returns: 1: there is no disk that was lost; or 0 or a negative errno value. */
static int disk_again(struct xnl_blk *xb)
{
	const struct xn_blk_info *info = &xb->blk.info;
	struct xnl_blk_disk *d;
	int err = 1;

	mutex_lock(&xb->lock);
	d = xb->disk;
	if (d && d->lost)
		err = disk_is_same(&d->info, info) ? 0 : -EINVAL;
	if (!err)
		err = disk_follow(d, info);
	mutex_unlock(&xb->lock);
	if (err == -EINVAL)
		dev_err(&xb->xdev->dev, "another disk is in the place of the one that was there: it goes\n");
	return err;
}

/* ---- connections ---- */

int xnl_blk_connected(struct xn_blk *blk)
{
	struct xnl_blk *xb = to_xnl_blk(blk);
	struct xnl_blk_disk *d;
	int err = disk_again(xb);

	if (err <= 0)
		return err;
	/* That of an earlier connection has the name: disk_gone() tells. */
	if (disk_exists(xb))
		return -EAGAIN;
	d = disk_create(xb);
	if (IS_ERR(d))
		return PTR_ERR(d);
	spin_lock_irq(&xb->count_lock);
	xb->disks++;
	spin_unlock_irq(&xb->count_lock);
	mutex_lock(&xb->lock);
	xb->disk = d;
	mutex_unlock(&xb->lock);
	queue_work(xnl_blk_wq, &d->add_work);
	return 0;
}

void xnl_blk_resized(struct xn_blk *blk)
{
	struct xnl_blk *xb = to_xnl_blk(blk);

	mutex_lock(&xb->lock);
	if (xb->disk)
		set_capacity_and_notify(xb->disk->gd, blk->info.sectors);
	mutex_unlock(&xb->lock);
}

void xnl_blk_closing(struct xn_blk *blk)
{
	struct xnl_blk *xb = to_xnl_blk(blk);
	struct xnl_blk_disk *d;

	mutex_lock(&xb->lock);
	d = xb->disk;
	if (d) {
		xb->disk = NULL;
		WRITE_ONCE(d->dead, true);
		/* When this returns, every queue_rq() has seen it. */
		blk_mq_quiesce_queue(d->gd->queue);
		blk_mq_unquiesce_queue(d->gd->queue);
		if (d->lost)
			disk_go_on(d);
		disk_let_go(d);
	}
	mutex_unlock(&xb->lock);
}

void xnl_blk_retire(struct xnl_blk *xb)
{
	long in_time;

	mutex_lock(&xb->lock);
	if (xb->disk)
		disk_let_go(xb->disk);
	mutex_unlock(&xb->lock);
	spin_lock_irq(&xb->count_lock);
	in_time = wait_event_lock_irq_timeout(xb->wait, !xb->disks,
					      xb->count_lock, RETIRE_TIMEOUT);
	spin_unlock_irq(&xb->count_lock);
	if (!in_time)
		dev_warn(&xb->xdev->dev,
			 "the backend does not answer: data that was not written is lost\n");
}

void xnl_blk_drain(struct xnl_blk *xb)
{
	struct request_queue *queue;

	mutex_lock(&xb->lock);
	if (xb->disk) {
		queue = xb->disk->gd->queue;
		/* For ever: nobody ends it. */
		blk_freeze_queue_start_non_owner(queue);
		if (!blk_mq_freeze_queue_wait_timeout(queue, DRAIN_TIMEOUT))
			dev_warn(&xb->xdev->dev,
				 "the backend does not answer: requests fail\n");
	}
	mutex_unlock(&xb->lock);
}

void xnl_blk_wait(struct xnl_blk *xb)
{
	spin_lock_irq(&xb->count_lock);
	wait_event_lock_irq(xb->wait, !xb->disks, xb->count_lock);
	spin_unlock_irq(&xb->count_lock);
}

int xnl_blk_disk_init(void)
{
	xnl_blk_wq = alloc_workqueue("xenion-blkfront",
				     WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return xnl_blk_wq ? 0 : -ENOMEM;
}

void xnl_blk_disk_fini(void)
{
	destroy_workqueue(xnl_blk_wq);
}
