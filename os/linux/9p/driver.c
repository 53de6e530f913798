// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion-9p.ko: the file systems of the 9P frontend as a transport of Linux's own
 * 9P client: mount -t 9p -o trans=xen,version=9p2000.L TAG FOLDER. Called by the
 * bus for devices, by net/9p for mounts.
 *
 * A mount is a session: a device carries one, and it ends with the connection to
 * the backend, because what the client had open is unknown to the next one. A
 * mount that outlives its session gets errors, until it is unmounted; another
 * one may be made meanwhile.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kref.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <net/9p/9p.h>
#include <net/9p/client.h>
#include <net/9p/transport.h>

#include <xenion/9p.h>
#include <xenion/version.h>
#include "param.h"
#include "stats.h"
#include "xnl.h"

XNL_PARAM(max_rings, 2, 1, XN_9P_MAX_RINGS,
	  "Rings per file system; QEMU works on one request of each (1 ... 8, default 2)");
XNL_PARAM(max_ring_page_order, 7, 1, XN_9P_MAX_RING_ORDER,
	  "Log2 of the pages of a ring; half of them are the longest message (1 ... 8, default 7)");

/* One device on the bus, until the last mount of it has gone, too. */
struct xnl_9p {
	struct xn_9p p9;
	struct xnl_device *xdev;
	int irq[XN_9P_MAX_RINGS];
	struct list_head list;		/* under devices_lock */
	struct kref kref;
	rwlock_t lock;			/* client, live */
	struct p9_client *client;	/* whose requests are in flight */
	bool live;			/* its session is this connection's */
	bool connected;
	wait_queue_head_t wait;		/* for room in a ring */
};

#define to_xnl_9p(p) container_of(p, struct xnl_9p, p9)

static LIST_HEAD(devices);
static DEFINE_MUTEX(devices_lock);

static void p9_release(struct kref *kref)
{
	kfree(container_of(kref, struct xnl_9p, kref));
}

/* ---- events ---- */

static irqreturn_t p9_irq(int irq, void *data)
{
	xn_9p_event(data);
	return IRQ_HANDLED;
}

static int p9_event_bind(struct xn_9p_ring *r, domid_t otherend,
			 evtchn_port_t *port)
{
	struct xnl_9p *xp = to_xnl_9p(r->p9);
	int irq = xnl_irq_bind_unbound(otherend, port);
	int err;

	if (irq < 0)
		return irq;
	err = request_irq(irq, p9_irq, 0, dev_name(&xp->xdev->dev), r);
	if (err)
		xnl_irq_unbind(irq);
	else
		xp->irq[r->index] = irq;
	return err;
}

static void p9_event_unbind(struct xn_9p_ring *r, evtchn_port_t port)
{
	int irq = to_xnl_9p(r->p9)->irq[r->index];

	free_irq(irq, r);
	xnl_irq_unbind(irq);
}

/* ---- the connection ---- */

static int p9_connected(struct xn_9p *p9)
{
	struct xnl_9p *xp = to_xnl_9p(p9);

	write_lock(&xp->lock);
	/* Nothing of an earlier connection's client is in flight. */
	xp->client = NULL;
	xp->connected = true;
	write_unlock(&xp->lock);
	xnl_device_settled(xp->xdev);
	return 0;
}

static void p9_closing(struct xn_9p *p9)
{
	struct xnl_9p *xp = to_xnl_9p(p9);

	write_lock(&xp->lock);
	xp->connected = false;
	xp->live = false;
	if (xp->client)
		xp->client->status = Disconnected;
	write_unlock(&xp->lock);
	wake_up_all(&xp->wait);
}

static void p9_complete(struct xn_9p *p9, void *cookie, int len)
{
	struct xnl_9p *xp = to_xnl_9p(p9);
	struct p9_req_t *req = cookie;

	read_lock(&xp->lock);
	/* Without a client, the request has gone with it. */
	if (xp->client) {
		if (len < 0)
			req->t_err = len;
		else
			req->rc.size = len;
		p9_client_cb(xp->client, req, len < 0 ? REQ_STATUS_ERROR :
							REQ_STATUS_RCVD);
	}
	read_unlock(&xp->lock);
}

static void p9_ready(struct xn_9p *p9)
{
	wake_up_all(&to_xnl_9p(p9)->wait);
}

static const struct xn_9p_ops p9_ops = {
	.event_bind	= p9_event_bind,
	.event_unbind	= p9_event_unbind,
	.connected	= p9_connected,
	.closing	= p9_closing,
	.complete	= p9_complete,
	.ready		= p9_ready,
};

/* ---- the transport ---- */

/* Make a connected device the client's, if no other has it. */
static int p9_claim(struct xnl_9p *xp, struct p9_client *client)
{
	int err = 0;

	write_lock(&xp->lock);
	if (!xp->connected)
		err = -ENOTCONN;
	else if (xp->client)
		err = -EBUSY;
	else
		xp->client = client;
	if (!err) {
		xp->live = true;
		client->status = Connected;
		client->trans = xp;
		client->msize = min(client->msize, xp->p9.info.max_message);
		kref_get(&xp->kref);
	}
	write_unlock(&xp->lock);
	return err;
}

XNL_P9_CREATE(p9_create, client, fc)
{
	const char *tag = fc->source;
	struct xnl_9p *xp;
	int err = -ENOENT;

	if (!tag)
		return -EINVAL;
	mutex_lock(&devices_lock);
	list_for_each_entry(xp, &devices, list) {
		if (strcmp(xp->p9.info.tag, tag))
			continue;
		err = p9_claim(xp, client);
		if (!err)
			break;
	}
	mutex_unlock(&devices_lock);
	if (err)
		pr_err("%s: %s\n", tag, err == -EBUSY ? "it is mounted already" :
		       err == -ENOTCONN ? "its backend is not there" :
		       "no file system has this tag");
	return err;
}

static void p9_close(struct p9_client *client)
{
	struct xnl_9p *xp = client->trans;

	if (!xp)
		return;
	/* Nobody claims the device meanwhile. */
	mutex_lock(&devices_lock);
	client->status = Disconnected;
	/* What nobody waits for any more: requests that were interrupted. */
	if (READ_ONCE(xp->client) == client)
		xn_9p_abandon(&xp->p9);
	write_lock(&xp->lock);
	if (xp->client == client)
		xp->client = NULL;
	write_unlock(&xp->lock);
	mutex_unlock(&devices_lock);
	client->trans = NULL;
	kref_put(&xp->kref, p9_release);
}

static int p9_submit(struct xnl_9p *xp, struct p9_client *client,
		     const struct xn_9p_io *io)
{
	int err = -ENODEV;

	read_lock(&xp->lock);
	if (xp->client == client && xp->live)
		err = xn_9p_submit(&xp->p9, io);
	read_unlock(&xp->lock);
	return err;
}

static int p9_request(struct p9_client *client, struct p9_req_t *req)
{
	struct xnl_9p *xp = client->trans;
	const struct xn_9p_io io = {
		.msg = req->tc.sdata, .len = req->tc.size,
		.reply = req->rc.sdata, .size = req->rc.capacity,
		.cookie = req,
	};
	int err, interrupted;

	WRITE_ONCE(req->status, REQ_STATUS_SENT);
	interrupted = wait_event_killable(xp->wait,
			(err = p9_submit(xp, client, &io)) != -EBUSY);
	return interrupted ?: err;
}

/* It has been sent: only a Tflush takes it back. */
static int p9_cancel(struct p9_client *client, struct p9_req_t *req)
{
	return 1;
}

/* The server has answered a Tflush, so it answers this one no more. */
static int p9_cancelled(struct p9_client *client, struct p9_req_t *req)
{
	struct xnl_9p *xp = client->trans;

	read_lock(&xp->lock);
	if (xp->client == client && xp->live &&
	    xn_9p_forget(&xp->p9, req->tc.tag))
		p9_req_put(client, req);
	read_unlock(&xp->lock);
	return 0;
}

static struct p9_trans_module p9_trans = {
	.name		= "xen",
	.maxsize	= XEN_FLEX_RING_SIZE(XN_9P_MAX_RING_ORDER),
	.owner		= THIS_MODULE,
	.create		= p9_create,
	.close		= p9_close,
	.request	= p9_request,
	.cancel		= p9_cancel,
	.cancelled	= p9_cancelled,
};

/* ---- statistics ---- */

XNL_STATS(struct xnl_9p, p9.ring, p9.fe);

static struct attribute *p9_attrs[] = {
	XNL_STATS_ATTRS,
	NULL
};

static const struct attribute_group p9_group = {
	.name = "stats",
	.attrs = p9_attrs,
};
__ATTRIBUTE_GROUPS(p9);

/* ---- a device on the bus ---- */

static int p9_probe(struct xnl_device *xdev)
{
	const struct xn_9p_config config = {
		.max_rings = max_rings,
		.max_ring_order = max_ring_page_order,
	};
	struct xnl_9p *xp = kzalloc(sizeof(*xp), GFP_KERNEL);
	int err;

	if (!xp)
		return -ENOMEM;
	xp->xdev = xdev;
	kref_init(&xp->kref);
	rwlock_init(&xp->lock);
	init_waitqueue_head(&xp->wait);
	dev_set_drvdata(&xdev->dev, xp);
	err = xn_9p_init(&xp->p9, &xdev->xb, &p9_ops, &config);
	if (err) {
		kfree(xp);
		return err;
	}
	mutex_lock(&devices_lock);
	list_add_tail(&xp->list, &devices);
	mutex_unlock(&devices_lock);
	return 0;
}

static void p9_shutdown(struct xnl_device *xdev)
{
	struct xnl_9p *xp = dev_get_drvdata(&xdev->dev);

	mutex_lock(&devices_lock);
	list_del(&xp->list);
	mutex_unlock(&devices_lock);
	xn_9p_fini(&xp->p9);
}

static void p9_remove(struct xnl_device *xdev)
{
	struct xnl_9p *xp = dev_get_drvdata(&xdev->dev);

	p9_shutdown(xdev);
	kref_put(&xp->kref, p9_release);
}

static struct xn_frontend *p9_frontend(struct xnl_device *xdev)
{
	struct xnl_9p *xp = dev_get_drvdata(&xdev->dev);

	return &xp->p9.fe;
}

static struct xnl_driver p9_driver = {
	.driver = {
		.name = "xenion-9p",
		.dev_groups = p9_groups,
	},
	.type = "9pfs",
	.probe = p9_probe,
	.remove = p9_remove,
	.shutdown = p9_shutdown,
	.frontend = p9_frontend,
};

static int __init p9_init(void)
{
	int err = xnl_driver_register(&p9_driver, THIS_MODULE, KBUILD_MODNAME);

	if (!err)
		v9fs_register_trans(&p9_trans);
	return err;
}
module_init(p9_init);

static void __exit p9_exit(void)
{
	v9fs_unregister_trans(&p9_trans);
	xnl_driver_unregister(&p9_driver);
}
module_exit(p9_exit);

MODULE_ALIAS(XNL_ALIAS("9pfs"));
MODULE_ALIAS_9P("xen");
MODULE_DESCRIPTION("Xen 9P file system frontend (Xenion)");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION(XN_VERSION);
