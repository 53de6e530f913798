// SPDX-License-Identifier: MIT
/*
 * The xenstore nodes of the network frontend (xen-public/io/netif.h): what
 * toolstack and backend offer, checked, and what we publish. Called by life.c.
 * All may sleep.
 */
#include "net.h"

/* ---- What is offered ---- */

/* Toolstacks write mac and mtu into our directory. */
static const struct xn_node node_mac = {
	.name = "mac", .own = true,
	.should = "an address like 00:16:3e:01:02:03, not of a group: see vif= of the guest's configuration",
}, node_mtu = {
	.name = "mtu", .own = true, .min = XN_NET_MIN_MTU,
	.max = XN_NET_MAX_MTU,
	.should = "68 to 65521: see vif= of the guest's configuration",
}, node_queues = {
	.name = "multi-queue-max-queues", .min = 1, .max = ~0u,
	.should = "1 or more",
};

static int read_mac(struct xn_device *dev, uint8_t *mac)
{
	char text[24];
	int n = xn_xs_read(&dev->guest->xs, XN_XS_NOTXN, dev->node,
			   node_mac.name, text, sizeof(text));

	if (n == -EMSGSIZE)
		return -EINVAL;
	return n < 0 ? n : xn_parse_mac(text, n, mac);
}

static int read_mtu(struct xn_device *dev, uint32_t *mtu)
{
	uint64_t val = XN_NET_DEFAULT_MTU;
	int err = xn_xs_read_uint(&dev->guest->xs, XN_XS_NOTXN, dev->node,
				  node_mtu.name, node_mtu.max, &val);

	*mtu = val;
	if (val < node_mtu.min)
		return -ERANGE;
	return err == -ENOENT ? 0 : err;
}

int xn_net_look(struct xn_device *dev, struct xn_net_info *info)
{
	int err = read_mac(dev, info->mac);

	return err ? err : read_mtu(dev, &info->mtu);
}

/* Read what the toolstack has written. */
static int read_own(struct xn_net *net)
{
	struct xn_frontend *fe = &net->fe;
	int err;

	err = read_mac(fe->dev, net->info.mac);
	if (err)
		return xn_node_fail(fe, err, &node_mac);
	err = read_mtu(fe->dev, &net->info.mtu);
	if (err)
		return xn_node_fail(fe, err, &node_mtu);
	return xn_frontend_read_trusted(fe, net->config.distrust,
					&net->info.trusted);
}

static int read_queues(struct xn_net *net)
{
	unsigned int most = net->config.max_queues;
	uint64_t queues = 1;
	int err = xn_node_optional(&net->fe, &node_queues, &queues);

	net->info.nr_queues = queues < most ? queues : most;
	return err;
}

static bool net_offers(struct xn_net *net, const char *feature)
{
	return xn_frontend_offers(&net->fe, feature);
}

static void read_offloads(struct xn_net *net)
{
	const struct xn_net_config *c = &net->config;
	struct xn_net_info *info = &net->info;

	info->split_events = net_offers(net, "feature-split-event-channels");
	info->sg = !c->no_sg && net_offers(net, "feature-sg");
	info->csum_ipv4 = !c->no_csum &&
			  !net_offers(net, "feature-no-csum-offload");
	info->csum_ipv6 = !c->no_csum &&
			  net_offers(net, "feature-ipv6-csum-offload");
	info->gso_tcpv4 = !c->no_gso && info->sg && info->csum_ipv4 &&
			  net_offers(net, "feature-gso-tcpv4");
	info->gso_tcpv6 = !c->no_gso && info->sg && info->csum_ipv6 &&
			  net_offers(net, "feature-gso-tcpv6");
	/* Without scatter-gather, a packet is at most a page. */
	if (!info->sg && info->mtu > XN_NET_DEFAULT_MTU)
		info->mtu = XN_NET_DEFAULT_MTU;
}

int xn_net_read_info(struct xn_frontend *fe)
{
	struct xn_net *net = xn_container_of(fe, struct xn_net, fe);
	int err;

	err = read_own(net);
	if (!err)
		err = read_queues(net);
	if (err)
		return err;
	if (!net_offers(net, "feature-rx-copy")) {
		if (fe->unread)
			return fe->unread;
		xn_device_fail(fe->dev, -EOPNOTSUPP,
			       "the backend does not offer feature-rx-copy: it is too old to serve this guest");
		return -EOPNOTSUPP;
	}
	read_offloads(net);
	return fe->unread;
}

bool xn_net_has_carrier(struct xn_net *net)
{
	uint64_t val;

	switch (xn_frontend_reread(&net->fe, 1, &val)) {
	case 0:
		return val;
	case -ENOENT:
		return true;
	case -EAGAIN:
		return net->link_up;
	default:
		return false;
	}
}

/* ---- What we publish ---- */

/* What the backend may send. It may omit IPv4 checksums unless we deny it. */
static int publish_features(struct xn_net *net, struct xn_xs *xs, uint32_t txn)
{
	const struct xn_net_config *c = &net->config;
	const struct {
		const char *name;
		bool ours;
	} feature[] = {
		{ "request-rx-copy", true },
		{ "feature-rx-notify", true },
		{ "feature-sg", !c->no_sg },
		{ "feature-gso-tcpv4", !c->no_gso },
		{ "feature-gso-tcpv6", !c->no_gso },
		{ "feature-no-csum-offload", c->no_csum },
		{ "feature-ipv6-csum-offload", !c->no_csum },
	};
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < XN_ARRAY_SIZE(feature); i++)
		if (feature[i].ours)
			err = xn_xs_write(xs, txn, net->fe.dev->node,
					  feature[i].name, "1");
	return err;
}

static int publish_queue(struct xn_frontend *fe, struct xn_xs *xs,
			 uint32_t txn, const char *dir, unsigned int index)
{
	struct xn_net *net = xn_container_of(fe, struct xn_net, fe);
	const struct xn_net_queue *q = &net->queue[index];
	int err;

	err = xn_xs_write_uint(xs, txn, dir, "tx-ring-ref", q->tx_ring.ref);
	if (!err)
		err = xn_xs_write_uint(xs, txn, dir, "rx-ring-ref",
				       q->rx_ring.ref);
	if (err)
		return err;
	if (!net->info.split_events)
		return xn_xs_write_uint(xs, txn, dir, "event-channel",
					q->tx_channel.port);
	err = xn_xs_write_uint(xs, txn, dir, "event-channel-tx",
			       q->tx_channel.port);
	if (!err)
		err = xn_xs_write_uint(xs, txn, dir, "event-channel-rx",
				       q->rx_channel.port);
	return err;
}

int xn_net_publish(struct xn_frontend *fe, struct xn_xs *xs, uint32_t txn)
{
	struct xn_net *net = xn_container_of(fe, struct xn_net, fe);
	int err;

	err = xn_frontend_publish_queues(fe, xs, txn, net->info.nr_queues,
					 publish_queue);
	return err ? err : publish_features(net, xs, txn);
}
