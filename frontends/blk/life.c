// SPDX-License-Identifier: MIT
/*
 * What the block frontend does in each phase of a frontend's life
 * (frontends/frontend.c; xen-public/io/blkif.h, "STATE DIAGRAMS"), and how a
 * disk begins and ends. Called by the OS layer (init, fini, again) and by
 * frontend.c.
 */
#include "blk.h"

static struct xn_blk *blk_of(struct xn_frontend *fe)
{
	return xn_container_of(fe, struct xn_blk, fe);
}

/* Once the rings have their references, only the data needs some. */
static unsigned int blk_refs(struct xn_frontend *fe)
{
	struct xn_blk *blk = blk_of(fe);

	if (fe->phase == XN_FRONTEND_PUBLISHED)
		return xn_blk_least_refs(blk, blk->info.max_segments);
	return xn_blk_least_refs(blk, blk->config.max_segments) +
	       (blk->info.nr_queues << blk->ring_order);
}

/* Make all rings, unless too few references would be left for the data. */
static int blk_open(struct xn_frontend *fe)
{
	struct xn_blk *blk = blk_of(fe);
	unsigned int i;
	int err;

	err = xn_gnttab_reserve(xn_frontend_gnttab(fe), blk_refs(fe));
	for (i = 0; !err && i < blk->info.nr_queues; i++)
		err = xn_blkq_open(&blk->queue[i]);
	return err;
}

static int blk_bind(struct xn_frontend *fe)
{
	struct xn_blk *blk = blk_of(fe);
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < blk->info.nr_queues; i++)
		err = xn_blkq_bind(&blk->queue[i]);
	return err;
}

/* Make room for data. On error undo that. The rings are published, and stay. */
static int blk_connect(struct xn_frontend *fe)
{
	struct xn_blk *blk = blk_of(fe);
	unsigned int i;
	int err;

	err = xn_blk_read_info(blk);
	if (err)
		return err;
	blk->info.depth = RING_SIZE(&blk->queue[0].ring);
	err = xn_gnttab_reserve(xn_frontend_gnttab(fe), blk_refs(fe));
	for (i = 0; !err && i < blk->info.nr_queues; i++)
		err = xn_blkq_fill(&blk->queue[i]);
	for (i = 0; err && i < blk->info.nr_queues; i++)
		xn_blkq_empty(&blk->queue[i]);
	return err;
}

static void blk_take_requests(struct xn_frontend *fe, bool take)
{
	struct xn_blk *blk = blk_of(fe);
	unsigned int i;

	for (i = 0; i < blk->info.nr_queues; i++) {
		struct xn_blk_queue *q = &blk->queue[i];
		unsigned long flags = xn_lock(&q->lock);

		q->open = take;
		xn_unlock(&q->lock, flags);
	}
}

static void blk_start(struct xn_frontend *fe)
{
	blk_take_requests(fe, true);
}

static int blk_show(struct xn_frontend *fe)
{
	struct xn_blk *blk = blk_of(fe);

	return blk->ops->connected(blk);
}

static void blk_hide(struct xn_frontend *fe)
{
	struct xn_blk *blk = blk_of(fe);

	blk->ops->closing(blk);
}

static bool blk_keep(struct xn_frontend *fe)
{
	struct xn_blk *blk = blk_of(fe);

	if (blk->ops->lost)
		blk->ops->lost(blk);
	return blk->ops->lost;
}

static void blk_look(struct xn_frontend *fe)
{
	struct xn_blk *blk = blk_of(fe);

	if (xn_blk_read_size(blk))
		blk->ops->resized(blk);
}

static void blk_stop(struct xn_frontend *fe)
{
	blk_take_requests(fe, false);
}

static bool blk_idle(struct xn_frontend *fe)
{
	struct xn_blk *blk = blk_of(fe);
	unsigned int i;

	for (i = 0; i < blk->info.nr_queues; i++)
		if (XN_READ_ONCE(blk->queue[i].in_flight))
			return false;
	return true;
}

static void blk_unbind(struct xn_frontend *fe)
{
	struct xn_blk *blk = blk_of(fe);
	unsigned int i;

	for (i = 0; i < XN_BLK_MAX_QUEUES; i++)
		xn_blkq_unbind(&blk->queue[i]);
}

static void blk_close(struct xn_frontend *fe)
{
	struct xn_blk *blk = blk_of(fe);
	unsigned int i;

	for (i = 0; i < XN_BLK_MAX_QUEUES; i++)
		xn_blkq_close(&blk->queue[i]);
}

/* Nodes of blkif.h, and of drivers older than it: num-ring-pages. */
static const char *const blk_nodes[] = {
	"ring-ref", "ring-page-order", "num-ring-pages", "event-channel",
	"multi-queue-num-queues", "queue-", "feature-",
};

static const struct xn_frontend_ops blk_ops = {
	.published = XenbusStateInitialised,
	.nodes = blk_nodes,
	.nr_nodes = XN_ARRAY_SIZE(blk_nodes),
	.watched = "sectors",
	.read = xn_blk_read_transport,
	.open = blk_open,
	.refs = blk_refs,
	.bind = blk_bind,
	.publish = xn_blk_publish,
	.connect = blk_connect,
	.start = blk_start,
	.show = blk_show,
	.hide = blk_hide,
	.keep = blk_keep,
	.look = blk_look,
	.stop = blk_stop,
	.idle = blk_idle,
	.unbind = blk_unbind,
	.close = blk_close,
};

/* ---- begin and end ---- */

static bool blk_config_is_valid(const struct xn_blk_config *c)
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

	if (!blk_config_is_valid(config))
		return -EINVAL;
	blk->ops = ops;
	blk->config = *config;
	for (i = 0; i < XN_BLK_MAX_QUEUES; i++)
		xn_blkq_init(&blk->queue[i], blk, i);
	return xn_frontend_init(&blk->fe, dev, &blk_ops);
}

void xn_blk_fini(struct xn_blk *blk)
{
	xn_frontend_fini(&blk->fe);
}

void xn_blk_again(struct xn_blk *blk)
{
	xn_frontend_wake(&blk->fe);
}
