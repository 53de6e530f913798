// SPDX-License-Identifier: MIT
/*
 * The states of the block frontend, from nothing to a connected disk and back
 * (xen-public/io/blkif.h, "STATE DIAGRAMS"). Called by the port (init, fini),
 * by the device state machine when the backend's state changes, and by the
 * ring when the backend breaks the protocol.
 *
 * All that changes the phase happens under the "claim", which is held across
 * calls that sleep.
 */
#include "blkfront_int.h"

/* For requests in flight, when the backend asks us to go. */
#define XN_BLK_DRAIN_NS		(5 * XN_NSEC_PER_SEC)
/* For the backend to unmap our pages, when we go. */
#define XN_BLK_UNMAP_NS		(3 * XN_NSEC_PER_SEC)
#define XN_BLK_UNMAP_POLL_NS	(20 * XN_NSEC_PER_MSEC)
/* For who changes the phase, when the device has to fail. */
#define XN_BLK_CLAIM_RETRY_NS	(10 * XN_NSEC_PER_MSEC)

/*
 * Works do not wait for it, but come again later: who has it may be a work that
 * waits, and where one thread runs all works, it cannot go on before they end.
 */
static bool try_claim(struct xn_blk *blk)
{
	unsigned long flags = xn_lock(&blk->lock);
	bool taken = blk->claimed;

	blk->claimed = true;
	xn_unlock(&blk->lock, flags);
	return !taken;
}

static void claim(struct xn_blk *blk)
{
	while (!try_claim(blk))
		(void)xn_wait(&blk->wait, !XN_READ_ONCE(blk->claimed),
			      XN_NSEC_PER_SEC);
}

static void unclaim(struct xn_blk *blk)
{
	unsigned long flags;

	flags = xn_lock(&blk->lock);
	blk->claimed = false;
	xn_unlock(&blk->lock, flags);
	xn_wake(&blk->wait);
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
	uint64_t sectors;
	int err;

	if (!try_claim(blk)) {
		xn_xs_watch_again(&blk->dev->guest->xs, w);
		return;
	}
	if (blk->phase == XN_BLK_CONNECTED) {
		err = xn_blk_read_sectors(blk, &sectors);
		if (!err && sectors != blk->info.sectors) {
			blk->info.sectors = sectors;
			blk->ops->resized(blk);
		} else if (err == -EINVAL || err == -ERANGE) {
			xn_stat_inc(XN_STAT_REFUSED);
			if (!blk->size_warned)
				xn_os_log(XN_WARN, "%s: the backend's new number of sectors cannot be: size not changed",
					  blk->dev->node);
			blk->size_warned = true;
		} else if (err && err != -ENOENT) {
			/* No answer: there may be no other event. */
			xn_xs_watch_again(&blk->dev->guest->xs, w);
		}
	}
	unclaim(blk);
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
	err = blk->ops->connected(blk);
	if (err) {
		open_queues(blk, false);
		fail(blk, err, "making a disk");
	}
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

/*
 * No request any more, and none in flight.
 * @drain: the backend still answers
 */
static void enter_closing(struct xn_blk *blk, bool drain)
{
	unsigned int i;

	if (blk->phase != XN_BLK_PUBLISHED && blk->phase != XN_BLK_CONNECTED)
		return;
	open_queues(blk, false);
	if (blk->phase == XN_BLK_CONNECTED)
		blk->ops->closing(blk);
	blk->phase = XN_BLK_CLOSING;
	if (drain) {
		XN_WRITE_ONCE(blk->draining, true);
		xn_mb();
		/* Of a backend that broke the protocol, no answer counts. */
		if (!xn_wait(&blk->wait, idle(blk) || XN_READ_ONCE(blk->fault),
			     XN_BLK_DRAIN_NS))
			xn_os_log(XN_WARN, "%s: the backend closes and does not answer: requests fail",
				  blk->dev->node);
		blk->draining = false;
	}
	for (i = 0; i < blk->info.nr_queues; i++)
		xn_blkq_close(&blk->queue[i]);
}

static void backend_ready(struct xn_blk *blk, enum xenbus_state state)
{
	/* Another one, or the same anew; we may not have seen the old one go. */
	if (state == XenbusStateInitWait && blk->phase >= XN_BLK_CONNECTED) {
		enter_closing(blk, false);
		enter_idle(blk);
	}
	if (blk->phase == XN_BLK_IDLE)
		enter_published(blk);
	if (blk->phase == XN_BLK_PUBLISHED && state == XenbusStateConnected)
		enter_connected(blk);
}

static void backend_changed(struct xn_device *dev, enum xenbus_state state)
{
	struct xn_blk *blk = xn_container_of(dev->ops, struct xn_blk,
					       device_ops);

	if (!try_claim(blk)) {
		xn_device_again(dev);
		return;
	}
	switch (state) {
	case XenbusStateInitWait:
	case XenbusStateInitialised:
	case XenbusStateConnected:
		if (!dev->failed)
			backend_ready(blk, state);
		break;
	case XenbusStateClosing:
		enter_closing(blk, !dev->failed);
		xn_device_switch(dev, XenbusStateClosed);
		break;
	case XenbusStateClosed:
	case XenbusStateUnknown:
		enter_closing(blk, false);
		/* At first it may be closed from an earlier life. */
		if (blk->phase == XN_BLK_CLOSING)
			enter_idle(blk);
		if (dev->state > XenbusStateInitialising)
			xn_device_switch(dev, XenbusStateClosed);
		break;
	default:
		break;
	}
	unclaim(blk);
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
	xn_wake(&blk->wait);
	xn_work_schedule(&blk->fault_work, 0);
}

static void fault_work(struct xn_work *work)
{
	struct xn_blk *blk = xn_container_of(work, struct xn_blk, fault_work);

	if (!try_claim(blk)) {
		xn_work_schedule(work, XN_BLK_CLAIM_RETRY_NS);
		return;
	}
	xn_device_fail(blk->dev, -EPROTO, blk->fault);
	enter_closing(blk, false);
	unclaim(blk);
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
	xn_work_init(&blk->fault_work, fault_work);
	for (i = 0; i < XN_BLK_MAX_QUEUES; i++)
		xn_blkq_init(&blk->queue[i], blk, i);
	if (!config_valid(config))
		return -EINVAL;
	return xn_device_start(dev, &blk->device_ops);
}

/* Is the backend done with our memory, as far as it says? */
static bool backend_closed(struct xn_blk *blk)
{
	struct xn_device *dev = blk->dev;
	uint64_t state;

	if (xn_xs_read_uint(&dev->guest->xs, XN_XS_NOTXN, dev->otherend,
			    "state", XenbusStateReconfigured, &state))
		return true;
	return state == XenbusStateClosed || state == XenbusStateUnknown;
}

void xn_blk_fini(struct xn_blk *blk)
{
	uint64_t end;

	xn_device_stop(blk->dev);
	if (blk->watching)
		xn_xs_unwatch(&blk->dev->guest->xs, &blk->resize);
	blk->watching = false;
	claim(blk);
	enter_closing(blk, false);
	unclaim(blk);
	/* Events come no more, and nothing else tells of a fault. */
	xn_work_cancel(&blk->fault_work);
	if (blk->phase == XN_BLK_CLOSING) {
		end = xn_os_now() + XN_BLK_UNMAP_NS;
		while (!backend_closed(blk) && xn_os_now() < end)
			(void)xn_wait(&blk->wait, false,
				      XN_BLK_UNMAP_POLL_NS);
	}
	enter_idle(blk);
}
