// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion-blkfront.ko: disks of the block frontend as Linux disks, xvda and so
 * on. The module, its parameters, and the life of a device on the bus.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>

#include <xenion/version.h>
#include "blk.h"
#include "param.h"
#include "stats.h"

XNL_PARAM(max_indirect_segments, 64, 0, XN_BLK_MAX_SEGMENTS,
	  "Pages of data in one request, if the backend takes so many (0 ... 256, default 64; below 11 it is 11)");
XNL_PARAM(max_ring_page_order, 0, 0, XN_BLK_MAX_RING_ORDER,
	  "Log2 of the pages of a ring; a page holds 32 requests (0 ... 4, default 0)");
XNL_PARAM(max_queues, 1, 0, XN_BLK_MAX_QUEUES,
	  "Queues per disk (0: one per CPU; up to 8, default 1)");
XNL_PARAM(persistent, XN_BLK_PERSISTENT_AUTO, 0, XN_BLK_PERSISTENT_ALWAYS,
	  "Copy data through pages that stay granted: 0 never, 1 if the backend keeps them mapped (default), 2 always (the backend sees no other page of the guest)");

static bool trusted = true;
module_param(trusted, bool, 0444);
MODULE_PARM_DESC(trusted, "Whether backends may see what lies around data in its pages (default Y); N copies all data, as does the toolstack's \"untrusted\" for one disk");

/* ---- events ---- */

static irqreturn_t blk_irq(int irq, void *data)
{
	xn_blk_event(data);
	return IRQ_HANDLED;
}

static int blk_event_bind(struct xn_blk_queue *q, domid_t otherend,
			  evtchn_port_t *port)
{
	struct xnl_blk *xb = to_xnl_blk(q->blk);
	int irq = xnl_irq_bind_unbound(otherend, port);
	int err;

	if (irq < 0)
		return irq;
	err = request_irq(irq, blk_irq, 0, dev_name(&xb->xdev->dev), q);
	if (err)
		xnl_irq_unbind(irq);
	else
		xb->irq[q->index] = irq;
	return err;
}

static void blk_event_unbind(struct xn_blk_queue *q, evtchn_port_t port)
{
	int irq = to_xnl_blk(q->blk)->irq[q->index];

	free_irq(irq, q);
	xnl_irq_unbind(irq);
}

/* ---- data that a backend does not let go of ---- */

static void blk_page_get(void *va)
{
	get_page(virt_to_page(va));
}

static const struct xn_blk_ops blk_ops = {
	.event_bind	= blk_event_bind,
	.event_unbind	= blk_event_unbind,
	.connected	= xnl_blk_connected,
	.resized	= xnl_blk_resized,
	.closing	= xnl_blk_closing,
	.lost		= xnl_blk_lost,
	.complete	= xnl_blk_complete,
	.page_get	= blk_page_get,
	.page_put	= xnl_page_put,
};

/* ---- statistics ---- */

XNL_STATS(struct xnl_blk, blk.queue, blk.fe);
XNL_STAT(struct xnl_blk, blk.queue, segments, stats.segments);
XNL_STAT(struct xnl_blk, blk.queue, indirect, stats.indirect);

static struct attribute *blk_attrs[] = {
	XNL_STATS_ATTRS,
	&dev_attr_segments.attr,
	&dev_attr_indirect.attr,
	NULL
};

static const struct attribute_group blk_group = {
	.name = "stats",
	.attrs = blk_attrs,
};
__ATTRIBUTE_GROUPS(blk);

/* ---- a device on the bus ---- */

/*
 * The toolstack hears of it, and can take the device away: nobody else would
 * close it.
 */
static void blk_refuse(struct xnl_device *xdev, const char *name, int err)
{
	char what[100];

	switch (err) {
	case -ERANGE:
		snprintf(what, sizeof(what),
			 "%s (%u) is beyond the last disk, %s: give it another vdev",
			 name, xdev->id, XNL_BLK_LAST);
		break;
	case -EEXIST:
		snprintf(what, sizeof(what),
			 "%s (%u) has the name of another disk: give it another vdev",
			 name, xdev->id);
		break;
	default:
		snprintf(what, sizeof(what),
			 "%u is the number of no disk: give it a vdev such as xvda",
			 xdev->id);
		break;
	}
	xn_device_refuse(&xdev->xb, err, what);
}

static void blk_free(struct xnl_blk *xb)
{
	xnl_blk_place_release(&xb->place);
	kfree(xb);
}

static int blk_probe(struct xnl_device *xdev)
{
	struct xn_blk_config config = {
		.max_queues = max_queues ?: min(num_online_cpus(),
						XN_BLK_MAX_QUEUES + 0u),
		.max_ring_order = max_ring_page_order,
		.max_segments = max_indirect_segments,
		.persistent = persistent,
		.distrust = !trusted,
		.handle = xdev->id,
	};
	struct xnl_blk *xb;
	int err;

	xb = kzalloc(sizeof(*xb), GFP_KERNEL);
	if (!xb)
		return -ENOMEM;
	err = xnl_blk_place(xdev->id, &xb->place);
	if (!err)
		err = xnl_blk_place_claim(&xb->place);
	if (err) {
		blk_refuse(xdev, xb->place.name, err);
		kfree(xb);
		return -ENODEV;
	}
	xb->xdev = xdev;
	mutex_init(&xb->lock);
	spin_lock_init(&xb->count_lock);
	init_waitqueue_head(&xb->wait);
	dev_set_drvdata(&xdev->dev, xb);
	err = xn_blk_init(&xb->blk, &xdev->xb, &blk_ops, &config);
	if (err)
		blk_free(xb);
	return err;
}

static void blk_remove(struct xnl_device *xdev)
{
	struct xnl_blk *xb = dev_get_drvdata(&xdev->dev);

	xnl_blk_retire(xb);
	xn_blk_fini(&xb->blk);
	xnl_blk_wait(xb);
	blk_free(xb);
}

/* The disk stays, as one whose backend has gone. */
static void blk_shutdown(struct xnl_device *xdev)
{
	struct xnl_blk *xb = dev_get_drvdata(&xdev->dev);

	xnl_blk_drain(xb);
	xn_blk_fini(&xb->blk);
}

static struct xn_frontend *blk_frontend(struct xnl_device *xdev)
{
	struct xnl_blk *xb = dev_get_drvdata(&xdev->dev);

	return &xb->blk.fe;
}

static struct xnl_driver blk_driver = {
	.driver = {
		.name = "xenion-blkfront",
		.dev_groups = blk_groups,
	},
	.type = "vbd",
	.probe = blk_probe,
	.remove = blk_remove,
	.shutdown = blk_shutdown,
	.frontend = blk_frontend,
};

static int __init blk_init(void)
{
	int err;

	err = register_blkdev(XVD_MAJOR, "xvd");
	if (err) {
		pr_err("device major %d is taken: unload the other driver of xvd disks first\n",
		       XVD_MAJOR);
		return err;
	}
	err = xnl_blk_disk_init();
	if (err)
		goto unregister;
	err = xnl_driver_register(&blk_driver, THIS_MODULE, KBUILD_MODNAME);
	if (err)
		goto fini;
	return 0;
fini:
	xnl_blk_disk_fini();
unregister:
	unregister_blkdev(XVD_MAJOR, "xvd");
	return err;
}
module_init(blk_init);

static void __exit blk_exit(void)
{
	xnl_driver_unregister(&blk_driver);
	xnl_blk_disk_fini();
	unregister_blkdev(XVD_MAJOR, "xvd");
}
module_exit(blk_exit);

MODULE_ALIAS(XNL_ALIAS("vbd"));
MODULE_DESCRIPTION("Xen block device frontend (Xenion)");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION(XN_VERSION);
