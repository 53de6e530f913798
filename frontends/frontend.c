// SPDX-License-Identifier: MIT
/*
 * The states of every frontend, from nothing to a connected device and back
 * (xen-public/io/xenbus.h; for block devices xen-public/io/blkif.h, "STATE
 * DIAGRAMS"). Called by the frontends' init and fini, by the device state
 * machine when the backend's state changes, and by the rings when the backend
 * breaks the protocol.
 *
 * One work per device makes all changes of the phase. Watches, rings and the OS
 * layer only wake it. When it has been cancelled, xn_frontend_fini() makes the
 * last changes. The work waits for no backend: where one thread runs all works,
 * the watches and the other devices would wait with it.
 */
#include "frontend.h"

/* How long requests in flight may take when the backend closes. */
#define DRAIN_NS	(5 * XN_NSEC_PER_SEC)
/* How long the backend may take to release our memory when we leave. */
#define LEAVE_NS	(5 * XN_NSEC_PER_SEC)

/* ---- the work ---- */

/* Have the work run. @news: set for the work to look at; or NULL. */
static void frontend_tell(struct xn_frontend *fe, bool *news)
{
	unsigned long flags = xn_lock(&fe->lock);

	if (news)
		*news = true;
	if (!fe->stopping && !fe->asleep)
		xn_work_schedule(&fe->work, 0);
	xn_unlock(&fe->lock, flags);
}

/* Called before the work looks, so that a later change is news again. */
static bool frontend_take_news(struct xn_frontend *fe, bool *news)
{
	unsigned long flags = xn_lock(&fe->lock);
	bool any = *news;

	*news = false;
	xn_unlock(&fe->lock, flags);
	return any;
}

void xn_frontend_wake(struct xn_frontend *fe)
{
	frontend_tell(fe, NULL);
}

static void frontend_changed(struct xn_device *dev, enum xenbus_state state)
{
	struct xn_frontend *fe = xn_container_of(dev->ops, struct xn_frontend,
						 device_ops);

	frontend_tell(fe, &fe->state_news);
	xn_wake(&fe->wait);
}

static void frontend_node_changed(struct xn_xs_watch *w)
{
	struct xn_frontend *fe = xn_container_of(w, struct xn_frontend, watch);

	frontend_tell(fe, &fe->node_news);
}

/* Set the watch at the first connection, and keep it: the path is constant. */
static int frontend_watch(struct xn_frontend *fe)
{
	int err;

	if (fe->watching || !fe->ops->watched)
		return 0;
	err = xn_path_join(fe->watch.path, fe->dev->otherend, fe->ops->watched);
	if (err)
		return err;
	fe->watch.fn = frontend_node_changed;
	err = xn_xs_watch(&fe->dev->guest->xs, &fe->watch);
	fe->watching = !err;
	return err;
}

/* ---- phases ---- */

void xn_frontend_enter_idle(struct xn_frontend *fe)
{
	fe->ops->unbind(fe);
	fe->ops->close(fe);
	fe->phase = XN_FRONTEND_IDLE;
}

void xn_frontend_hide(struct xn_frontend *fe)
{
	if (fe->shown || fe->kept)
		fe->ops->hide(fe);
	fe->shown = false;
	fe->kept = false;
}

/* What is in flight may still be answered. */
static void frontend_stop(struct xn_frontend *fe)
{
	if (fe->ops->stop)
		fe->ops->stop(fe);
	xn_frontend_hide(fe);
}

/* The rings stay, and nothing is in flight. */
void xn_frontend_cut(struct xn_frontend *fe)
{
	XN_WRITE_ONCE(fe->draining, false);
	xn_work_cancel(&fe->drain_timeout);
	fe->phase = XN_FRONTEND_CLOSING;
	fe->ops->unbind(fe);
}

/* No event and no request from now on, and none in flight. */
static void frontend_enter_closing(struct xn_frontend *fe)
{
	if (fe->phase == XN_FRONTEND_IDLE || fe->phase == XN_FRONTEND_CLOSING)
		return;
	frontend_stop(fe);
	xn_frontend_cut(fe);
}

/* The backend may keep our pages until it has closed as well. */
static void frontend_fail(struct xn_frontend *fe, int err, const char *what)
{
	frontend_enter_closing(fe);
	if (fe->phase == XN_FRONTEND_IDLE)
		xn_frontend_enter_idle(fe);
	xn_frontend_hide(fe);
	xn_device_fail(fe->dev, err, what);
}

/* There are too few references. False: there will never be enough. */
static bool frontend_await_refs(struct xn_frontend *fe)
{
	return xn_device_await_refs(fe->dev, fe->ops->refs(fe));
}

/*
 * If xenstored cannot answer now, look at the backend's state again in a
 * second, and go on from there. Returns: false if the error will not pass.
 */
static bool frontend_put_off(struct xn_frontend *fe, int err, const char *what)
{
	if (!xn_xs_passes(err))
		return false;
	if (!fe->put_off)
		xn_os_log(XN_WARN, "%s: %s (error %d): trying again every second",
			  fe->dev->node, what, err);
	fe->put_off = true;
	xn_device_again(fe->dev);
	return true;
}

/* If xenstored cannot take the state now, xenbus/device.c writes it later. */
static int frontend_switch(struct xn_frontend *fe, enum xenbus_state state)
{
	int err = xn_device_switch(fe->dev, state);

	return xn_xs_passes(err) ? 0 : err;
}

static int frontend_publish(struct xn_xs *xs, uint32_t txn, void *data)
{
	struct xn_frontend *fe = data;

	return fe->ops->publish(fe, xs, txn);
}

static void frontend_enter_published(struct xn_frontend *fe)
{
	const struct xn_frontend_ops *ops = fe->ops;
	const char *what = "reading what the backend offers";
	int err;

	fe->unread = 0;
	err = ops->read(fe);
	if (frontend_put_off(fe, err, what))
		return;
	if (err)
		goto fail;
	what = "making the rings";
	err = ops->open(fe);
	if (err == -ENOSPC) {
		/* What we have may be enough for another device. */
		xn_frontend_enter_idle(fe);
		if (frontend_await_refs(fe))
			return;
	}
	if (!err)
		err = ops->bind(fe);
	if (err)
		goto fail;
	what = "publishing the rings";
	err = xn_device_publish(fe->dev, ops->nodes, ops->nr_nodes,
				frontend_publish, fe);
	if (xn_xs_passes(err)) {
		xn_frontend_enter_idle(fe);
		frontend_put_off(fe, err, what);
		return;
	}
	if (!err && ops->published != XenbusStateConnected)
		err = frontend_switch(fe, ops->published);
	if (err == -ENOENT) {
		/* The toolstack has removed the device: there is no backend. */
		xn_frontend_enter_idle(fe);
		return;
	}
	if (err)
		goto fail;
	fe->phase = XN_FRONTEND_PUBLISHED;
	return;
fail:
	frontend_fail(fe, err, what);
}

static void frontend_enter_connected(struct xn_frontend *fe)
{
	const struct xn_frontend_ops *ops = fe->ops;
	int err = frontend_watch(fe);

	fe->unread = 0;
	if (frontend_put_off(fe, err, "connecting"))
		return;
	if (!err && ops->connect)
		err = ops->connect(fe);
	if (err == -ENOSPC && frontend_await_refs(fe))
		return;
	if (frontend_put_off(fe, err, "making room for data"))
		return;
	if (err) {
		frontend_fail(fe, err, "making room for data");
		return;
	}
	err = frontend_switch(fe, XenbusStateConnected);
	if (err == -ENOENT) {
		xn_frontend_enter_idle(fe);
		return;
	}
	if (err) {
		frontend_fail(fe, err, "connecting");
		return;
	}
	fe->put_off = false;
	fe->phase = XN_FRONTEND_CONNECTED;
	if (ops->start)
		ops->start(fe);
}

static void frontend_show(struct xn_frontend *fe)
{
	int err = fe->ops->show(fe);

	fe->shown = !err;
	if (!err)
		fe->kept = false;
	if (err && err != -EAGAIN)
		frontend_fail(fe, err, "bringing the device up");
}

/* ---- the backend closes, and answers what is in flight ---- */

static void frontend_enter_draining(struct xn_frontend *fe)
{
	frontend_stop(fe);
	fe->phase = XN_FRONTEND_DRAINING;
	fe->drain_end = xn_os_now() + DRAIN_NS;
	xn_work_schedule(&fe->drain_timeout, DRAIN_NS);
	XN_WRITE_ONCE(fe->draining, true);
	/* The last completion sees that, or we see that it was the last. */
	xn_mb();
}

static void frontend_drain_timeout(struct xn_work *w)
{
	xn_frontend_wake(xn_container_of(w, struct xn_frontend, drain_timeout));
}

static void frontend_drain(struct xn_frontend *fe)
{
	bool done = fe->ops->idle(fe);

	if (!done && xn_os_now() < fe->drain_end)
		return;
	/* Warn once: a backend may do this again and again. */
	if (!done && !fe->drain_warned) {
		xn_os_log(XN_WARN,
			  "%s: the backend closes and does not answer: requests fail",
			  fe->dev->node);
		fe->drain_warned = true;
	}
	frontend_enter_closing(fe);
	xn_device_switch(fe->dev, XenbusStateClosed);
}

/* ---- the backend's states ---- */

static void frontend_backend_ready(struct xn_frontend *fe,
				   enum xenbus_state state)
{
	const struct xn_frontend_ops *ops = fe->ops;

	/* A new backend, or the same again: we may have missed the Closed. */
	if (state == XenbusStateInitWait &&
	    (fe->phase > XN_FRONTEND_CONNECTED ||
	     (fe->phase == XN_FRONTEND_CONNECTED && !ops->rejoins))) {
		frontend_enter_closing(fe);
		xn_frontend_enter_idle(fe);
	}
	if (fe->phase == XN_FRONTEND_IDLE &&
	    (state == XenbusStateInitWait || !ops->waits))
		frontend_enter_published(fe);
	if (fe->phase == XN_FRONTEND_PUBLISHED &&
	    ops->published != XenbusStateConnected)
		xn_device_switch(fe->dev, ops->published);
	if (fe->phase == XN_FRONTEND_CONNECTED)
		xn_device_switch(fe->dev, XenbusStateConnected);
	if (fe->phase == XN_FRONTEND_PUBLISHED &&
	    (state == XenbusStateConnected ||
	     ops->published == XenbusStateConnected))
		frontend_enter_connected(fe);
}

static void frontend_backend_closing(struct xn_frontend *fe)
{
	if (fe->phase == XN_FRONTEND_CONNECTED && fe->ops->idle &&
	    !fe->dev->failed)
		frontend_enter_draining(fe);
	if (fe->phase == XN_FRONTEND_DRAINING)
		return;
	frontend_enter_closing(fe);
	xn_device_switch(fe->dev, XenbusStateClosed);
}

static void frontend_backend_closed(struct xn_frontend *fe)
{
	struct xn_device *dev = fe->dev;

	frontend_enter_closing(fe);
	if (fe->phase == XN_FRONTEND_CLOSING)
		xn_frontend_enter_idle(fe);
	/* At first the backend may be Closed from an earlier session. */
	if (dev->state > XenbusStateInitialising)
		xn_device_switch(dev, XenbusStateClosed);
}

static void frontend_follow(struct xn_frontend *fe)
{
	enum xenbus_state state = XN_READ_ONCE(fe->dev->otherend_state);

	switch (state) {
	case XenbusStateInitWait:
	case XenbusStateInitialised:
	case XenbusStateConnected:
		if (!fe->dev->failed)
			frontend_backend_ready(fe, state);
		break;
	case XenbusStateClosing:
		frontend_backend_closing(fe);
		break;
	case XenbusStateClosed:
	case XenbusStateUnknown:
		frontend_backend_closed(fe);
		break;
	default:
		break;
	}
}

static void frontend_work(struct xn_work *w)
{
	struct xn_frontend *fe = xn_container_of(w, struct xn_frontend, work);
	bool news;

	if (XN_READ_ONCE(fe->stopping) || XN_READ_ONCE(fe->asleep))
		return;
	if (xn_frontend_is_broken(fe))
		frontend_fail(fe, -EPROTO, fe->fault);
	news = frontend_take_news(fe, &fe->state_news);
	if (news)
		frontend_follow(fe);
	if (fe->phase == XN_FRONTEND_DRAINING)
		frontend_drain(fe);
	if (fe->phase == XN_FRONTEND_CONNECTED && !fe->shown) {
		frontend_show(fe);
		news = true;
	}
	if (fe->phase == XN_FRONTEND_CONNECTED && fe->shown &&
	    (frontend_take_news(fe, &fe->node_news) || news) && fe->ops->look)
		fe->ops->look(fe);
}

/* ---- a backend that breaks the protocol ---- */

void xn_frontend_count_refused(struct xn_frontend *fe)
{
	unsigned long flags = xn_lock(&fe->lock);

	fe->refused++;
	xn_unlock(&fe->lock, flags);
	xn_stat_inc(XN_STAT_REFUSED);
}

void xn_frontend_refuse(struct xn_frontend *fe, const char *what)
{
	unsigned long flags = xn_lock(&fe->lock);
	bool first = !fe->fault;

	if (first)
		XN_WRITE_ONCE(fe->fault, what);
	xn_unlock(&fe->lock, flags);
	if (!first)
		return;
	xn_frontend_count_refused(fe);
	xn_frontend_wake(fe);
}

/* ---- begin and end ---- */

int xn_frontend_init(struct xn_frontend *fe, struct xn_device *dev,
		     const struct xn_frontend_ops *ops)
{
	int err;

	fe->dev = dev;
	fe->ops = ops;
	fe->device_ops.backend_changed = frontend_changed;
	xn_lock_init(&fe->lock);
	xn_waitq_init(&fe->wait);
	xn_work_init(&fe->work, frontend_work);
	xn_work_init(&fe->drain_timeout, frontend_drain_timeout);
	err = xn_device_start(dev, &fe->device_ops);
	if (err)
		xn_frontend_fini(fe);
	return err;
}

/* From now on only our caller changes the phase. */
static void frontend_stop_work(struct xn_frontend *fe)
{
	unsigned long flags = xn_lock(&fe->lock);

	XN_WRITE_ONCE(fe->stopping, true);
	xn_unlock(&fe->lock, flags);
	xn_work_cancel(&fe->work);
}

static bool frontend_backend_has(struct xn_frontend *fe,
				 enum xenbus_state least)
{
	enum xenbus_state state = XN_READ_ONCE(fe->dev->otherend_state);

	return state == XenbusStateUnknown || state == XenbusStateClosed ||
	       (state == XenbusStateClosing && state >= least);
}

/* Switch to @state, and wait until the backend has followed. */
static void frontend_move(struct xn_frontend *fe, enum xenbus_state state,
			  uint64_t end)
{
	uint64_t now = xn_os_now();

	if (xn_device_switch(fe->dev, state) || now >= end)
		return;
	(void)xn_wait(&fe->wait, frontend_backend_has(fe, state), end - now);
}

/*
 * The watch on the backend's state goes on, so we see it close. What is in
 * flight may be answered until then.
 */
static void frontend_leave(struct xn_frontend *fe)
{
	uint64_t end = xn_os_now() + LEAVE_NS;

	frontend_stop(fe);
	if (fe->dev->state < XenbusStateClosing)
		frontend_move(fe, XenbusStateClosing, end);
	frontend_enter_closing(fe);
	frontend_move(fe, XenbusStateClosed, end);
	if (xn_os_now() >= end)
		xn_os_log(XN_WARN, "%s: the backend does not close",
			  fe->dev->node);
}

void xn_frontend_fini(struct xn_frontend *fe)
{
	struct xn_device *dev = fe->dev;

	frontend_stop_work(fe);
	if (fe->phase != XN_FRONTEND_IDLE)
		frontend_leave(fe);
	xn_device_stop(dev);
	if (fe->watching)
		xn_xs_unwatch(&dev->guest->xs, &fe->watch);
	fe->watching = false;
	xn_frontend_hide(fe);
	xn_frontend_enter_idle(fe);
}
