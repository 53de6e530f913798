// SPDX-License-Identifier: MIT
/*
 * The network frontend's way through xenbus: rings and ports are made and
 * published, and the link follows the backend (xen-public/io/xenbus.h for the
 * states). The nodes are in nodes.c, the rings themselves in
 * tx.c and rx.c.
 *
 * Called by a port's device driver. All changes of a device's state are made
 * by one work, which the backend's watch, the carrier's watch and a refusal
 * only ask for; and, when that work runs no more, by xn_net_stop().
 */
#include "net.h"

/* How long a backend may take to let go when we want to. */
#define LET_GO_TIMEOUT	(5 * XN_NSEC_PER_SEC)

/* ---- Connecting and disconnecting ---- */

/* The port keeps its hands off from now on. */
static void quiesce(struct xn_net *net)
{
	if (net->live) {
		xn_net_keep_refs(net);
		net->ops->disconnected(net);
	}
	net->live = false;
	net->link_up = false;
}

static void disconnect(struct xn_net *net)
{
	quiesce(net);
	if (net->open)
		xn_net_queues_close(net);
}

/* What there is may be enough for others. Returns: is it tried again? */
static bool wait_for_refs(struct xn_net *net)
{
	disconnect(net);
	return xn_device_await_refs(net->dev, xn_net_least_refs(net));
}

static void connect(struct xn_net *net)
{
	const char *what = "making the rings";
	int err;

	if (xn_net_read_info(net))
		return;
	err = xn_net_queues_open(net);
	if (err == -ENOSPC && wait_for_refs(net))
		return;
	if (!err)
		err = xn_net_queues_bind(net);
	if (err)
		goto fail;
	what = "publishing the rings";
	err = xn_net_publish(net);
	if (err == -ENOENT) {
		/* The toolstack has removed the device: there is nobody to tell. */
		disconnect(net);
		return;
	}
	if (err)
		goto fail;
	what = "bringing the interface up";
	err = net->ops->connected(net);
	if (err)
		goto fail;
	net->live = true;
	xn_net_share_refs(net);
	what = "telling that we are connected";
	err = xn_device_switch(net->dev, XenbusStateConnected);
	if (!err)
		return;
fail:
	disconnect(net);
	xn_device_fail(net->dev, err, what);
}

static void update_link(struct xn_net *net)
{
	bool up = net->live &&
		  net->dev->otherend_state == XenbusStateConnected &&
		  xn_net_carrier_ok(net);

	if (up == net->link_up)
		return;
	net->link_up = up;
	net->ops->link(net, up);
}

static void follow_backend(struct xn_net *net)
{
	struct xn_device *dev = net->dev;

	switch (XN_READ_ONCE(dev->otherend_state)) {
	case XenbusStateInitWait:
		/*
		 * A backend whose driver was reloaded takes up the rings that
		 * are there, if it finds us connected: Linux's does.
		 */
		if (dev->failed || dev->state == XenbusStateConnected)
			break;
		disconnect(net);
		connect(net);
		break;
	case XenbusStateClosing:
		/* Our grants end when the backend has let go of them. */
		quiesce(net);
		xn_device_switch(dev, XenbusStateClosed);
		break;
	case XenbusStateClosed:
	case XenbusStateUnknown:
		/* At first it may be closed from an earlier life. */
		if (dev->state > XenbusStateInitialising)
			xn_device_switch(dev, XenbusStateClosed);
		disconnect(net);
		break;
	default:
		break;
	}
}

static void work(struct xn_work *w)
{
	struct xn_net *net = xn_container_of(w, struct xn_net, work);

	if (XN_READ_ONCE(net->stopping))
		return;
	if (XN_READ_ONCE(net->broken)) {
		quiesce(net);
		xn_device_fail(net->dev, -EPROTO, net->reason);
	}
	if (XN_READ_ONCE(net->news)) {
		XN_WRITE_ONCE(net->news, false);
		follow_backend(net);
	}
	update_link(net);
}

static void backend_changed(struct xn_device *dev, enum xenbus_state state)
{
	struct xn_net *net = xn_container_of(dev->ops, struct xn_net,
					     device_ops);

	XN_WRITE_ONCE(net->news, true);
	xn_work_schedule(&net->work, 0);
	xn_wake(&net->wait);
}

static void carrier_changed(struct xn_xs_watch *w)
{
	xn_work_schedule(&xn_container_of(w, struct xn_net, carrier)->work, 0);
}

void xn_net_refuse(struct xn_net *net, const char *what)
{
	if (XN_READ_ONCE(net->broken))
		return;
	net->reason = what;
	XN_WRITE_ONCE(net->broken, true);
	net->refused++;
	xn_stat_inc(XN_STAT_REFUSED);
	xn_work_schedule(&net->work, 0);
}

/* ---- Start and stop ---- */

int xn_net_start(struct xn_net *net, struct xn_device *dev,
		 const struct xn_net_ops *ops, unsigned int max_queues)
{
	unsigned int i;
	int err;

	if (!net->rx_pages)
		net->rx_pages = XN_NET_RING_SIZE;
	if (net->rx_pages < XN_NET_LEAST_SLOTS ||
	    net->rx_pages > XN_NET_RING_SIZE)
		return -EINVAL;
	net->dev = dev;
	net->ops = ops;
	net->max_queues = max_queues;
	net->device_ops.backend_changed = backend_changed;
	xn_waitq_init(&net->wait);
	xn_work_init(&net->work, work);
	for (i = 0; i < XN_NET_MAX_QUEUES; i++) {
		net->queue[i].net = net;
		net->queue[i].id = i;
		xn_work_init(&net->queue[i].rx_retry, xn_net_rx_retry);
		xn_work_init(&net->queue[i].stall_work, xn_net_look_for_stall);
	}
	net->carrier.fn = carrier_changed;
	err = xn_path_join(net->carrier.path, dev->otherend, "carrier");
	if (err)
		return err;
	err = xn_xs_watch(&dev->guest->xs, &net->carrier);
	if (!err)
		err = xn_device_start(dev, &net->device_ops);
	if (err) {
		xn_xs_unwatch(&dev->guest->xs, &net->carrier);
		xn_work_cancel(&net->work);
	}
	return err;
}

static bool let_go(const struct xn_device *dev)
{
	enum xenbus_state state = XN_READ_ONCE(dev->otherend_state);

	return state == XenbusStateUnknown || state == XenbusStateClosing ||
	       state == XenbusStateClosed;
}

static bool closed(const struct xn_device *dev)
{
	enum xenbus_state state = XN_READ_ONCE(dev->otherend_state);

	return state == XenbusStateUnknown || state == XenbusStateClosed;
}

static void move_on(struct xn_net *net, enum xenbus_state state,
		    bool (*followed)(const struct xn_device *dev))
{
	if (xn_device_switch(net->dev, state))
		return;
	if (!xn_wait(&net->wait, followed(net->dev), LET_GO_TIMEOUT))
		xn_os_log(XN_WARN, "%s: the backend does not close",
			  net->dev->node);
}

void xn_net_stop(struct xn_net *net)
{
	struct xn_device *dev = net->dev;

	/* From here on, callbacks do nothing but wake us. */
	XN_WRITE_ONCE(net->stopping, true);
	xn_work_cancel(&net->work);
	quiesce(net);
	if (net->open && dev->state == XenbusStateConnected) {
		move_on(net, XenbusStateClosing, let_go);
		move_on(net, XenbusStateClosed, closed);
	}
	xn_device_stop(dev);
	xn_xs_unwatch(&dev->guest->xs, &net->carrier);
	xn_work_cancel(&net->work);
	disconnect(net);
}
