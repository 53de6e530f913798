// SPDX-License-Identifier: MIT
/*
 * What the network frontend does in each phase of a frontend's life
 * (frontends/frontend.c; xen-public/io/netif.h), and how a device begins and
 * ends. Called by the OS layer (init, fini) and by frontend.c.
 *
 * A backend is connected when we are: there is no state Initialised in between.
 */
#include "net.h"

static struct xn_net *net_of(struct xn_frontend *fe)
{
	return xn_container_of(fe, struct xn_net, fe);
}

static unsigned int net_refs(struct xn_frontend *fe)
{
	return xn_net_least_refs(net_of(fe));
}

static int net_open(struct xn_frontend *fe)
{
	struct xn_net *net = net_of(fe);
	unsigned int i;
	int err;

	err = xn_gnttab_reserve(xn_frontend_gnttab(fe), net_refs(fe));
	for (i = 0; !err && i < net->info.nr_queues; i++)
		err = xn_netq_open(&net->queue[i]);
	return err;
}

static int net_bind(struct xn_frontend *fe)
{
	struct xn_net *net = net_of(fe);
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < net->info.nr_queues; i++)
		err = xn_netq_bind(&net->queue[i]);
	return err;
}

static int net_show(struct xn_frontend *fe)
{
	struct xn_net *net = net_of(fe);
	int err = net->ops->connected(net);

	if (!err)
		xn_net_share_refs(net);
	return err;
}

static void net_unshow(struct xn_net *net)
{
	xn_net_keep_refs(net);
	net->link_up = false;
}

static void net_hide(struct xn_frontend *fe)
{
	struct xn_net *net = net_of(fe);

	net_unshow(net);
	net->ops->closing(net);
}

static bool net_keep(struct xn_frontend *fe)
{
	struct xn_net *net = net_of(fe);

	if (!net->ops->lost)
		return false;
	net_unshow(net);
	net->ops->lost(net);
	return true;
}

static void net_look(struct xn_frontend *fe)
{
	struct xn_net *net = net_of(fe);
	bool up = fe->dev->otherend_state == XenbusStateConnected &&
		  xn_net_has_carrier(net);

	if (up == net->link_up)
		return;
	net->link_up = up;
	net->ops->link(net, up);
}

static void net_unbind(struct xn_frontend *fe)
{
	struct xn_net *net = net_of(fe);
	unsigned int i;

	for (i = 0; i < XN_NET_MAX_QUEUES; i++)
		xn_netq_unbind(&net->queue[i]);
}

static void net_close(struct xn_frontend *fe)
{
	struct xn_net *net = net_of(fe);
	unsigned int i;

	for (i = 0; i < XN_NET_MAX_QUEUES; i++)
		xn_netq_close(&net->queue[i]);
}

/* Nodes of netif.h, and of other drivers: Linux's writes xdp-headroom. */
static const char *const net_nodes[] = {
	"tx-ring-ref", "rx-ring-ref", "ctrl-ring-ref", "event-channel",
	"multi-queue-num-queues", "queue-", "feature-", "request-",
	"xdp-headroom",
};

static const struct xn_frontend_ops net_ops = {
	.waits = true,
	/* Linux's netback does, when its module is loaded again. */
	.rejoins = true,
	.published = XenbusStateConnected,
	.nodes = net_nodes,
	.nr_nodes = XN_ARRAY_SIZE(net_nodes),
	.watched = "carrier",
	.read = xn_net_read_info,
	.open = net_open,
	.refs = net_refs,
	.bind = net_bind,
	.publish = xn_net_publish,
	.show = net_show,
	.hide = net_hide,
	.keep = net_keep,
	.look = net_look,
	.unbind = net_unbind,
	.close = net_close,
};

/* ---- begin and end ---- */

static bool net_config_is_valid(const struct xn_net_config *c)
{
	return c->max_queues && c->max_queues <= XN_NET_MAX_QUEUES &&
	       (!c->rx_pages || (c->rx_pages >= XN_NET_LEAST_SLOTS &&
				 c->rx_pages <= XN_NET_RING_SIZE));
}

int xn_net_init(struct xn_net *net, struct xn_device *dev,
		const struct xn_net_ops *ops,
		const struct xn_net_config *config)
{
	unsigned int i;

	if (!net_config_is_valid(config))
		return -EINVAL;
	net->ops = ops;
	net->config = *config;
	if (!net->config.rx_pages)
		net->config.rx_pages = XN_NET_RING_SIZE;
	/* A GSO packet has several pieces, and no checksum yet. */
	net->config.no_gso |= net->config.no_csum || net->config.no_sg;
	for (i = 0; i < XN_NET_MAX_QUEUES; i++)
		xn_netq_init(&net->queue[i], net, i);
	return xn_frontend_init(&net->fe, dev, &net_ops);
}

void xn_net_fini(struct xn_net *net)
{
	xn_frontend_fini(&net->fe);
}
