// SPDX-License-Identifier: MIT
/*
 * What the 9P frontend does in each phase of a frontend's life
 * (frontends/frontend.c; docs/misc/9pfs.pandoc of xen.git, "Xenstore"), and how
 * a file system begins and ends. Called by the OS layer (init, fini) and by
 * frontend.c.
 */
#include "9p.h"

static unsigned int p9_refs(struct xn_frontend *fe)
{
	struct xn_9p *p9 = xn_9p_of(fe);

	return p9->info.nr_rings * ((1u << p9->ring_order) + 1);
}

static int p9_open(struct xn_frontend *fe)
{
	struct xn_9p *p9 = xn_9p_of(fe);
	unsigned int i;
	int err;

	err = xn_gnttab_reserve(xn_frontend_gnttab(fe), p9_refs(fe));
	for (i = 0; !err && i < p9->info.nr_rings; i++)
		err = xn_9pr_open(&p9->ring[i]);
	return err;
}

static int p9_bind(struct xn_frontend *fe)
{
	struct xn_9p *p9 = xn_9p_of(fe);
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < p9->info.nr_rings; i++)
		err = xn_9pr_bind(&p9->ring[i]);
	return err;
}

static void p9_take_requests(struct xn_frontend *fe, bool take)
{
	struct xn_9p *p9 = xn_9p_of(fe);
	unsigned int i;

	for (i = 0; i < p9->info.nr_rings; i++) {
		struct xn_9p_ring *r = &p9->ring[i];
		unsigned long flags = xn_lock(&r->lock);

		r->open = take;
		xn_unlock(&r->lock, flags);
	}
}

static void p9_start(struct xn_frontend *fe)
{
	p9_take_requests(fe, true);
}

static int p9_show(struct xn_frontend *fe)
{
	struct xn_9p *p9 = xn_9p_of(fe);

	return p9->ops->connected(p9);
}

static void p9_hide(struct xn_frontend *fe)
{
	struct xn_9p *p9 = xn_9p_of(fe);

	p9->ops->closing(p9);
}

static void p9_stop(struct xn_frontend *fe)
{
	p9_take_requests(fe, false);
}

static bool p9_idle(struct xn_frontend *fe)
{
	struct xn_9p *p9 = xn_9p_of(fe);
	unsigned int i;

	for (i = 0; i < p9->info.nr_rings; i++)
		if (XN_READ_ONCE(p9->ring[i].in_flight))
			return false;
	return true;
}

static void p9_unbind(struct xn_frontend *fe)
{
	struct xn_9p *p9 = xn_9p_of(fe);
	unsigned int i;

	for (i = 0; i < XN_9P_MAX_RINGS; i++)
		xn_9pr_unbind(&p9->ring[i]);
	/* No event comes from now on, so nothing schedules the work again. */
	xn_work_cancel(&p9->poll);
	for (i = 0; i < XN_9P_MAX_RINGS; i++)
		xn_9pr_end_all(&p9->ring[i], -EIO, false);
}

static void p9_close(struct xn_frontend *fe)
{
	struct xn_9p *p9 = xn_9p_of(fe);
	unsigned int i;

	for (i = 0; i < XN_9P_MAX_RINGS; i++)
		xn_9pr_close(&p9->ring[i]);
}

static const char *const p9_nodes[] = {
	"version", "num-rings", "ring-ref", "event-channel-",
};

static const struct xn_frontend_ops p9_ops = {
	.waits = true,
	.published = XenbusStateInitialised,
	.nodes = p9_nodes,
	.nr_nodes = XN_ARRAY_SIZE(p9_nodes),
	.read = xn_9p_read_info,
	.open = p9_open,
	.refs = p9_refs,
	.bind = p9_bind,
	.publish = xn_9p_publish,
	.start = p9_start,
	.show = p9_show,
	.hide = p9_hide,
	.stop = p9_stop,
	.idle = p9_idle,
	.unbind = p9_unbind,
	.close = p9_close,
};

/* ---- begin and end ---- */

static bool p9_config_is_valid(const struct xn_9p_config *c)
{
	return c->max_rings && c->max_rings <= XN_9P_MAX_RINGS &&
	       c->max_ring_order && c->max_ring_order <= XN_9P_MAX_RING_ORDER;
}

int xn_9p_init(struct xn_9p *p9, struct xn_device *dev,
	       const struct xn_9p_ops *ops, const struct xn_9p_config *config)
{
	unsigned int i;

	if (!p9_config_is_valid(config))
		return -EINVAL;
	p9->ops = ops;
	p9->config = *config;
	xn_work_init(&p9->poll, xn_9p_poll);
	for (i = 0; i < XN_9P_MAX_RINGS; i++)
		xn_9pr_init(&p9->ring[i], p9, i);
	return xn_frontend_init(&p9->fe, dev, &p9_ops);
}

void xn_9p_fini(struct xn_9p *p9)
{
	xn_frontend_fini(&p9->fe);
}
