// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A connected disk as the block layer sees it: a gendisk and its blk-mq
 * queues. Called by the engine (frontends/blkfront.c) when a disk comes, goes
 * or changes, and by the block layer.
 *
 * Each connection makes a disk of its own, and works that add it and delete
 * it: both wait for requests, which the engine's callbacks may
 * not. A disk that has lost its connection never reaches the next one, which
 * may be another disk altogether.
 */
#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/bvec.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "blkfront.h"

/* For what is dirty to get to the backend when a device is removed. */
#define RETIRE_TIMEOUT	(30 * HZ)

/* For requests in flight when the system ends. */
#define DRAIN_TIMEOUT	(5 * HZ)

struct xnl_blk_disk {
	struct xnl_blk *xb;
	struct xn_blk_info info;
	struct gendisk *gd;
	struct blk_mq_tag_set tags;
	struct work_struct add_work, delete_work;
	bool added;		/* the works' own */
	bool going;		/* delete_work was queued; under xb->lock */
	bool dead;		/* its connection is no more */
};

struct xnl_blk_cmd {
	blk_status_t status;
	struct xn_sg sg[];	/* info.max_segments of them */
};

static struct workqueue_struct *disk_wq;

static const struct block_device_operations disk_fops = {
	.owner = THIS_MODULE,
};

/* ---- requests ---- */

static unsigned int map_data(struct request *rq, struct xn_sg *sg)
{
	struct req_iterator iter;
	struct bio_vec bv;
	unsigned int n = 0;

	/* One page at most each, and no more than the queue's limits say. */
	rq_for_each_segment(bv, rq, iter) {
		sg[n].va = page_address(bv.bv_page) + bv.bv_offset;
		sg[n++].len = bv.bv_len;
	}
	return n;
}

static blk_status_t to_status(int err)
{
	switch (err) {
	case 0:
		return BLK_STS_OK;
	case -EBUSY:
		return BLK_STS_RESOURCE;
	case -EOPNOTSUPP:
		return BLK_STS_NOTSUPP;
	default:
		return BLK_STS_IOERR;
	}
}

static blk_status_t disk_queue_rq(struct blk_mq_hw_ctx *hctx,
				  const struct blk_mq_queue_data *bd)
{
	struct xnl_blk_disk *d = hctx->queue->queuedata;
	struct xn_blk_queue *q = &d->xb->blk.queue[hctx->queue_num];
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

	blk_mq_start_request(rq);
	switch (req_op(rq)) {
	case REQ_OP_READ:
		io.op = XN_BLK_READ;
		io.nr_sg = map_data(rq, cmd->sg);
		break;
	case REQ_OP_WRITE:
		io.op = XN_BLK_WRITE;
		io.nr_sg = map_data(rq, cmd->sg);
		break;
	case REQ_OP_FLUSH:
		io.op = XN_BLK_FLUSH;
		break;
	case REQ_OP_DISCARD:
		io.op = XN_BLK_DISCARD;
		io.nr_sectors = blk_rq_sectors(rq);
		break;
	default:
		return BLK_STS_NOTSUPP;
	}
	err = xn_blk_submit(q, &io);
	if (bd->last || err)
		xn_blk_push(q);
	return to_status(err);
}

static void disk_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct xnl_blk_disk *d = hctx->queue->queuedata;

	xn_blk_push(&d->xb->blk.queue[hctx->queue_num]);
}

void xnl_blk_complete(struct xn_blk_queue *q, void *cookie, int err)
{
	struct request *rq = cookie;
	struct xnl_blk_cmd *cmd = blk_mq_rq_to_pdu(rq);

	cmd->status = to_status(err);
	blk_mq_complete_request(rq);
}

/* The backend offered what it cannot do: do without from now on. */
static blk_status_t not_supported(struct request *rq)
{
	struct request_queue *queue = rq->q;

	switch (req_op(rq)) {
	case REQ_OP_FLUSH:
		pr_warn("%s: the backend cannot flush after all: no cache is assumed\n",
			queue->disk->disk_name);
		blk_queue_write_cache(queue, false, false);
		return BLK_STS_OK;
	case REQ_OP_DISCARD:
		pr_warn("%s: the backend cannot discard after all\n",
			queue->disk->disk_name);
		blk_queue_max_discard_sectors(queue, 0);
		return BLK_STS_NOTSUPP;
	default:
		return BLK_STS_IOERR;
	}
}

static void disk_complete(struct request *rq)
{
	struct xnl_blk_cmd *cmd = blk_mq_rq_to_pdu(rq);

	if (unlikely(cmd->status == BLK_STS_NOTSUPP))
		cmd->status = not_supported(rq);
	blk_mq_end_request(rq, cmd->status);
}

static const struct blk_mq_ops disk_mq_ops = {
	.queue_rq	= disk_queue_rq,
	.commit_rqs	= disk_commit_rqs,
	.complete	= disk_complete,
};

/* ---- a disk's life ---- */

static void set_limits(struct request_queue *queue,
		       const struct xn_blk_info *info)
{
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
	/* Without FUA: the block layer joins the flushes of many writers. */
	blk_queue_write_cache(queue, info->flush, false);
}

/*
 * Who waits may free the device as soon as it sees that there are none: it looks
 * under the lock, and so not before we are done with the queue that it waits in.
 */
static void disk_gone(struct xnl_blk *xb)
{
	unsigned long flags;

	spin_lock_irqsave(&xb->count_lock, flags);
	if (!--xb->disks)
		wake_up_all(&xb->wait);
	spin_unlock_irqrestore(&xb->count_lock, flags);
}

static void disk_free(struct xnl_blk_disk *d)
{
	struct xnl_blk *xb = d->xb;

	put_disk(d->gd);
	blk_mq_free_tag_set(&d->tags);
	kfree(d);
	disk_gone(xb);
}

static void disk_add(struct work_struct *work)
{
	struct xnl_blk_disk *d = container_of(work, struct xnl_blk_disk,
					      add_work);
	const struct xn_blk_info *info = &d->info;
	struct device *dev = &d->xb->xdev->dev;
	int err;

	err = device_add_disk(dev, d->gd, NULL);
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

	cancel_work_sync(&d->add_work);
	if (d->added)
		del_gendisk(d->gd);
	mutex_lock(&xb->lock);
	if (xb->disk == d)
		xb->disk = NULL;
	mutex_unlock(&xb->lock);
	disk_free(d);
}

static void disk_let_go(struct xnl_blk_disk *d)
{
	if (!d->going)
		queue_work(disk_wq, &d->delete_work);
	d->going = true;
}

static int disk_alloc(struct xnl_blk_disk *d)
{
	const struct xn_blk_info *info = &d->info;
	struct xnl_blk_place place;
	struct gendisk *gd;
	int err;

	err = xnl_blk_place(d->xb->xdev->id, &place);
	if (err)
		return err;
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
	gd = blk_mq_alloc_disk(&d->tags, d);
	if (IS_ERR(gd)) {
		blk_mq_free_tag_set(&d->tags);
		return PTR_ERR(gd);
	}
	set_limits(gd->queue, info);
	strscpy(gd->disk_name, place.name, sizeof(gd->disk_name));
	gd->major = place.major;
	gd->first_minor = place.first_minor;
	gd->minors = place.minors;
	gd->fops = &disk_fops;
	if (place.partition)
		gd->flags |= GENHD_FL_NO_PART;
	if (info->removable || info->cdrom)
		gd->flags |= GENHD_FL_REMOVABLE;
	set_disk_ro(gd, info->readonly || info->cdrom);
	set_capacity(gd, info->sectors);
	d->gd = gd;
	return 0;
}

int xnl_blk_connected(struct xn_blk *blk)
{
	struct xnl_blk *xb = to_xnl_blk(blk);
	struct xnl_blk_disk *d;
	int err;

	/* The disk of an earlier connection has the name until it is gone. */
	xnl_blk_wait(xb);

	d = kzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return -ENOMEM;
	d->xb = xb;
	d->info = blk->info;
	INIT_WORK(&d->add_work, disk_add);
	INIT_WORK(&d->delete_work, disk_delete);
	err = disk_alloc(d);
	if (err) {
		kfree(d);
		return err;
	}
	spin_lock_irq(&xb->count_lock);
	xb->disks++;
	spin_unlock_irq(&xb->count_lock);
	mutex_lock(&xb->lock);
	xb->disk = d;
	mutex_unlock(&xb->lock);
	queue_work(disk_wq, &d->add_work);
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
		blk_mark_disk_dead(d->gd);
		/* When this returns, every queue_rq() knows. */
		blk_mq_quiesce_queue(d->gd->queue);
		blk_mq_unquiesce_queue(d->gd->queue);
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
		blk_freeze_queue_start(queue);
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
	disk_wq = alloc_workqueue("xenion-blkfront", WQ_UNBOUND, 0);
	return disk_wq ? 0 : -ENOMEM;
}

void xnl_blk_disk_fini(void)
{
	destroy_workqueue(disk_wq);
}
