// SPDX-License-Identifier: MIT
/*
 * The states of the block frontend, from nothing to a connected disk and back
 * (xen-public/io/blkif.h, "STATE DIAGRAMS"). Called by the port (init, fini),
 * by the device state machine when the backend's state changes, and by the
 * ring when the backend breaks the protocol.
 *
 * All that changes the phase is done by one work per disk, which the others only
 * ask for; and, when that work runs no more, by xn_blk_fini(). The work waits
 * for no backend: where one thread runs all works, and in the one that calls
 * watches, everybody else would wait with it.
 */
#include "blk.h"

/* For requests in flight, when the backend asks us to go. */
#define XN_BLK_DRAIN_NS		(5 * XN_NSEC_PER_SEC)
/* For the backend to unmap our pages, when we go. */
#define XN_BLK_UNMAP_NS		(3 * XN_NSEC_PER_SEC)
#define XN_BLK_UNMAP_POLL_NS	(20 * XN_NSEC_PER_MSEC)

/* ---- the work ---- */

/* @news: what it is to look at; NULL: at what is there anyway. */
static void ask_work(struct xn_blk *blk, bool *news)
{
	unsigned long flags = xn_lock(&blk->lock);

	if (news)
		*news = true;
	if (!blk->stopping)
		xn_work_schedule(&blk->work, 0);
	xn_unlock(&blk->lock, flags);
}

/* Before it is looked at: what comes later is told anew. */
static bool take_news(struct xn_blk *blk, bool *news)
{
	unsigned long flags = xn_lock(&blk->lock);
	bool any = *news;

	*news = false;
	xn_unlock(&blk->lock, flags);
	return any;
}

void xn_blk_again(struct xn_blk *blk)
{
	ask_work(blk, NULL);
}

/* ---- phases ---- */

static void enter_idle(struct xn_blk *blk)
{
	unsigned int i;

	for (i = 0; i < XN_BLK_MAX_QUEUES; i++)
		xn_blkq_free(&blk->queue[i]);
	blk->phase = XN_BLK_IDLE;
}

static void fail(struct xn_blk *blk, int err, const char *what)
{
	xn_device_fail(blk->dev, err, what);
	enter_idle(blk);
}

/* Not an error, but it is tried again when there are more grant references. */
#define WAITS	1

/* All rings, of a disk that can get what its data needs, too. 0, WAITS or error. */
static int alloc_queues(struct xn_blk *blk)
{
	unsigned int need = xn_blk_least_refs(blk, blk->config.max_segments) +
			    (blk->info.nr_queues << blk->ring_order);
	unsigned int i;
	int err;

	err = xn_gnttab_reserve(&blk->dev->guest->gnttab, need);
	for (i = 0; !err && i < blk->info.nr_queues; i++)
		err = xn_blkq_alloc(&blk->queue[i]);
	if (err != -ENOSPC)
		return err;
	/* What there is may be enough for others. */
	enter_idle(blk);
	return xn_device_await_refs(blk->dev, need) ? WAITS : err;
}

static void enter_published(struct xn_blk *blk)
{
	struct xn_device *dev = blk->dev;
	const char *what;
	unsigned int i;
	int err;

	what = xn_blk_read_transport(blk, &err);
	if (what) {
		fail(blk, err, what);
		return;
	}
	err = alloc_queues(blk);
	if (err == WAITS)
		return;
	for (i = 0; !err && i < blk->info.nr_queues; i++)
		err = xn_blkq_bind(&blk->queue[i]);
	if (err) {
		fail(blk, err, "making a ring");
		return;
	}
	err = xn_blk_publish(blk);
	if (!err)
		err = xn_device_switch(dev, XenbusStateInitialised);
	if (err == -ENOENT) {
		/* The toolstack has removed the device: there is nobody to tell. */
		enter_idle(blk);
		return;
	}
	if (err) {
		fail(blk, err, "writing our half of the handshake");
		return;
	}
	blk->phase = XN_BLK_PUBLISHED;
}

static void resize_event(struct xn_xs_watch *w)
{
	struct xn_blk *blk = xn_container_of(w, struct xn_blk, resize);

	ask_work(blk, &blk->size_news);
}

static void look_at_size(struct xn_blk *blk)
{
	uint64_t sectors;
	int err = xn_blk_read_sectors(blk, &sectors);

	if (!err && sectors != blk->info.sectors) {
		blk->info.sectors = sectors;
		if (blk->shown)
			blk->ops->resized(blk);
	} else if (err == -EINVAL || err == -ERANGE) {
		xn_stat_inc(XN_STAT_REFUSED);
		if (!blk->size_warned)
			xn_os_log(XN_WARN, "%s: the backend's new number of sectors cannot be: size not changed",
				  blk->dev->node);
		blk->size_warned = true;
	} else if (err && err != -ENOENT) {
		/* No answer: there may be no other event. */
		xn_xs_watch_again(&blk->dev->guest->xs, &blk->resize);
	}
}

/* Set once, at the first connection, for good: the path does not change. */
static int watch_size(struct xn_blk *blk)
{
	struct xn_device *dev = blk->dev;
	int err;

	if (blk->watching)
		return 0;
	err = xn_path_join(blk->resize.path, dev->otherend, "sectors");
	if (err)
		return err;
	blk->resize.fn = resize_event;
	blk->watching = true;
	return xn_xs_watch(&dev->guest->xs, &blk->resize);
}

static void open_queues(struct xn_blk *blk, bool open)
{
	unsigned int i;

	for (i = 0; i < blk->info.nr_queues; i++) {
		struct xn_blk_queue *q = &blk->queue[i];
		unsigned long flags = xn_lock(&q->lock);

		q->open = open && !q->broken;
		xn_unlock(&q->lock, flags);
	}
}

/* As alloc_queues(), but the rings stay, and are the backend's already. */
static int fill_queues(struct xn_blk *blk)
{
	unsigned int need = xn_blk_least_refs(blk, blk->info.max_segments);
	unsigned int i;
	int err;

	err = xn_gnttab_reserve(&blk->dev->guest->gnttab, need);
	for (i = 0; !err && i < blk->info.nr_queues; i++)
		err = xn_blkq_fill(&blk->queue[i]);
	if (err != -ENOSPC)
		return err;
	for (i = 0; i < blk->info.nr_queues; i++)
		xn_blkq_empty(&blk->queue[i]);
	return xn_device_await_refs(blk->dev, need) ? WAITS : err;
}

static void show_disk(struct xn_blk *blk)
{
	int err = blk->ops->connected(blk);

	blk->shown = !err;
	if (!err || err == -EAGAIN)
		return;
	open_queues(blk, false);
	fail(blk, err, "making a disk");
}

static void enter_connected(struct xn_blk *blk)
{
	const char *what;
	int err;

	what = xn_blk_read_info(blk, &err);
	if (what) {
		fail(blk, err, what);
		return;
	}
	blk->info.depth = RING_SIZE(&blk->queue[0].ring);
	err = fill_queues(blk);
	if (err == WAITS)
		return;
	if (err) {
		fail(blk, err, "making room for data");
		return;
	}
	err = watch_size(blk);
	if (!err)
		err = xn_device_switch(blk->dev, XenbusStateConnected);
	if (err) {
		fail(blk, err, "connecting");
		return;
	}
	open_queues(blk, true);
	blk->phase = XN_BLK_CONNECTED;
}

static bool idle(struct xn_blk *blk)
{
	unsigned int i;

	for (i = 0; i < blk->info.nr_queues; i++) {
		if (XN_READ_ONCE(blk->queue[i].in_flight))
			return false;
	}
	return true;
}

/* What is in flight may still be answered. */
static void stop_requests(struct xn_blk *blk)
{
	open_queues(blk, false);
	if (blk->shown)
		blk->ops->closing(blk);
	blk->shown = false;
}

/* No request any more, and none in flight. */
static void enter_closing(struct xn_blk *blk)
{
	unsigned int i;

	if (blk->phase == XN_BLK_IDLE || blk->phase == XN_BLK_CLOSING)
		return;
	stop_requests(blk);
	XN_WRITE_ONCE(blk->draining, false);
	xn_work_cancel(&blk->drain_timeout);
	blk->phase = XN_BLK_CLOSING;
	for (i = 0; i < blk->info.nr_queues; i++)
		xn_blkq_close(&blk->queue[i]);
}

/* ---- the backend goes, and answers what is in flight ---- */

static void enter_draining(struct xn_blk *blk)
{
	stop_requests(blk);
	blk->phase = XN_BLK_DRAINING;
	blk->drain_end = xn_os_now() + XN_BLK_DRAIN_NS;
	xn_work_schedule(&blk->drain_timeout, XN_BLK_DRAIN_NS);
	XN_WRITE_ONCE(blk->draining, true);
	/* Who answers the last request sees that, or we see that it is the last. */
	xn_mb();
}

static void drain_timeout(struct xn_work *w)
{
	xn_blk_again(xn_container_of(w, struct xn_blk, drain_timeout));
}

static void drain(struct xn_blk *blk)
{
	bool done = idle(blk);

	if (!done && xn_os_now() < blk->drain_end)
		return;
	if (!done)
		xn_os_log(XN_WARN, "%s: the backend closes and does not answer: requests fail",
			  blk->dev->node);
	enter_closing(blk);
	xn_device_switch(blk->dev, XenbusStateClosed);
}

/* ---- the backend's states ---- */

static void backend_ready(struct xn_blk *blk, enum xenbus_state state)
{
	/* Another one, or the same anew; we may not have seen the old one go. */
	if (state == XenbusStateInitWait && blk->phase >= XN_BLK_CONNECTED) {
		enter_closing(blk);
		enter_idle(blk);
	}
	if (blk->phase == XN_BLK_IDLE)
		enter_published(blk);
	if (blk->phase == XN_BLK_PUBLISHED && state == XenbusStateConnected)
		enter_connected(blk);
}

static void backend_closing(struct xn_blk *blk)
{
	if (blk->phase == XN_BLK_CONNECTED && !blk->dev->failed)
		enter_draining(blk);
	if (blk->phase == XN_BLK_DRAINING)
		return;
	enter_closing(blk);
	xn_device_switch(blk->dev, XenbusStateClosed);
}

static void backend_closed(struct xn_blk *blk)
{
	struct xn_device *dev = blk->dev;

	enter_closing(blk);
	/* At first it may be closed from an earlier life. */
	if (blk->phase == XN_BLK_CLOSING)
		enter_idle(blk);
	if (dev->state > XenbusStateInitialising)
		xn_device_switch(dev, XenbusStateClosed);
}

static void follow_backend(struct xn_blk *blk)
{
	enum xenbus_state state = XN_READ_ONCE(blk->dev->otherend_state);

	switch (state) {
	case XenbusStateInitWait:
	case XenbusStateInitialised:
	case XenbusStateConnected:
		if (!blk->dev->failed)
			backend_ready(blk, state);
		break;
	case XenbusStateClosing:
		backend_closing(blk);
		break;
	case XenbusStateClosed:
	case XenbusStateUnknown:
		backend_closed(blk);
		break;
	default:
		break;
	}
}

static void leave_liar(struct xn_blk *blk)
{
	xn_device_fail(blk->dev, -EPROTO, blk->fault);
	enter_closing(blk);
}

static void work(struct xn_work *w)
{
	struct xn_blk *blk = xn_container_of(w, struct xn_blk, work);

	if (XN_READ_ONCE(blk->stopping))
		return;
	if (XN_READ_ONCE(blk->fault))
		leave_liar(blk);
	if (take_news(blk, &blk->state_news))
		follow_backend(blk);
	if (blk->phase == XN_BLK_DRAINING)
		drain(blk);
	if (blk->phase != XN_BLK_CONNECTED)
		return;
	if (take_news(blk, &blk->size_news))
		look_at_size(blk);
	if (!blk->shown)
		show_disk(blk);
}

static void backend_changed(struct xn_device *dev, enum xenbus_state state)
{
	struct xn_blk *blk = xn_container_of(dev->ops, struct xn_blk,
					     device_ops);

	ask_work(blk, &blk->state_news);
}

/* ---- a backend that lies ---- */

void xn_blk_refuse(struct xn_blk_queue *q, const char *what)
{
	struct xn_blk *blk = q->blk;
	unsigned long flags;

	xn_stat_inc(XN_STAT_REFUSED);
	q->stats.refused++;
	flags = xn_lock(&q->lock);
	q->broken = true;
	q->open = false;
	xn_unlock(&q->lock, flags);

	flags = xn_lock(&blk->lock);
	if (!blk->fault)
		blk->fault = what;
	xn_unlock(&blk->lock, flags);
	xn_blk_again(blk);
}

/* ---- begin and end ---- */

static bool config_valid(const struct xn_blk_config *c)
{
	return c->max_queues && c->max_queues <= XN_BLK_MAX_QUEUES &&
	       c->max_ring_order <= XN_BLK_MAX_RING_ORDER &&
	       c->max_segments <= XN_BLK_MAX_SEGMENTS &&
	       c->persistent <= XN_BLK_PERSISTENT_ALWAYS;
}

int xn_blk_init(struct xn_blk *blk, struct xn_device *dev,
		const struct xn_blk_ops *ops,
		const struct xn_blk_config *config)
{
	unsigned int i;

	blk->dev = dev;
	blk->ops = ops;
	blk->config = *config;
	blk->phase = XN_BLK_IDLE;
	blk->device_ops.backend_changed = backend_changed;
	xn_lock_init(&blk->lock);
	xn_waitq_init(&blk->wait);
	xn_work_init(&blk->work, work);
	xn_work_init(&blk->drain_timeout, drain_timeout);
	for (i = 0; i < XN_BLK_MAX_QUEUES; i++)
		xn_blkq_init(&blk->queue[i], blk, i);
	if (!config_valid(config))
		return -EINVAL;
	return xn_device_start(dev, &blk->device_ops);
}

/* Is the backend done with our memory, as far as it says? */
static bool has_let_go(struct xn_blk *blk)
{
	struct xn_device *dev = blk->dev;
	uint64_t state;

	if (xn_xs_read_uint(&dev->guest->xs, XN_XS_NOTXN, dev->otherend,
			    "state", XenbusStateReconfigured, &state))
		return true;
	return state == XenbusStateClosed || state == XenbusStateUnknown;
}

/* From here on, nothing but us changes the phase. */
static void stop_work(struct xn_blk *blk)
{
	unsigned long flags = xn_lock(&blk->lock);

	blk->stopping = true;
	xn_unlock(&blk->lock, flags);
	xn_work_cancel(&blk->work);
}

void xn_blk_fini(struct xn_blk *blk)
{
	uint64_t end;

	stop_work(blk);
	xn_device_stop(blk->dev);
	if (blk->watching)
		xn_xs_unwatch(&blk->dev->guest->xs, &blk->resize);
	blk->watching = false;
	enter_closing(blk);
	if (blk->phase == XN_BLK_CLOSING) {
		end = xn_os_now() + XN_BLK_UNMAP_NS;
		while (!has_let_go(blk) && xn_os_now() < end)
			(void)xn_wait(&blk->wait, false,
				      XN_BLK_UNMAP_POLL_NS);
	}
	enter_idle(blk);
}
