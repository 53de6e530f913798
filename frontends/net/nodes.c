// SPDX-License-Identifier: MIT
/*
 * The xenstore nodes of the network frontend (xen-public/io/netif.h): what
 * toolstack and backend offer, checked, and what we tell them. Called by
 * life.c. All may sleep.
 */
#include "net.h"

/* ---- What is offered ---- */

static int read_mac(struct xn_device *dev, uint8_t *mac)
{
	char text[24];
	int n = xn_xs_read(&dev->guest->xs, XN_XS_NOTXN, dev->node, "mac",
			   text, sizeof(text));

	if (n == -EMSGSIZE)
		return -EINVAL;
	return n < 0 ? n : xn_parse_mac(text, n, mac);
}

/* A number that need not be there. */
static int read_optional(struct xn_device *dev, const char *dir,
			 const char *node, uint64_t max, uint64_t *val)
{
	int err = xn_xs_read_uint(&dev->guest->xs, XN_XS_NOTXN, dir, node, max,
				  val);

	return err == -ENOENT ? 0 : err;
}

static int read_mtu(struct xn_device *dev, uint32_t *mtu)
{
	uint64_t val = XN_NET_DEFAULT_MTU;
	int err = read_optional(dev, dev->node, "mtu", XN_NET_MAX_MTU, &val);

	if (!err && val < XN_NET_MIN_MTU)
		err = -ERANGE;
	*mtu = val;
	return err;
}

int xn_net_look(struct xn_device *dev, struct xn_net_info *info)
{
	int err = read_mac(dev, info->mac);

	return err ? err : read_mtu(dev, &info->mtu);
}

/* What the toolstack says; a device of which it makes no sense fails. */
static int read_own(struct xn_net *net)
{
	struct xn_device *dev = net->dev;
	uint64_t trusted = 1;
	int err;

	err = read_mac(dev, net->info.mac);
	if (err) {
		xn_device_fail_node(dev, err, dev->node, "mac",
				    "an address like 00:16:3e:01:02:03, not of a group: see vif= of the guest's configuration");
		return err;
	}
	err = read_mtu(dev, &net->info.mtu);
	if (err) {
		xn_device_fail_node(dev, err, dev->node, "mtu",
				    "68 to 65521: see vif= of the guest's configuration");
		return err;
	}
	err = read_optional(dev, dev->node, "trusted", 1, &trusted);
	if (err)
		xn_device_fail_node(dev, err, dev->node, "trusted", "0 or 1");
	net->info.trusted = trusted && !net->distrust;
	return err;
}

static bool offers(struct xn_net *net, const char *feature)
{
	return xn_xs_feature(&net->dev->guest->xs, net->dev->otherend,
			     feature);
}

static int read_queues(struct xn_net *net)
{
	struct xn_device *dev = net->dev;
	uint64_t queues = 1;
	int err;

	err = read_optional(dev, dev->otherend, "multi-queue-max-queues", ~0u,
			    &queues);
	if (!err && !queues)
		err = -ERANGE;
	if (err)
		xn_device_fail_node(dev, err, dev->otherend,
				    "multi-queue-max-queues", "1 or more");
	net->info.nr_queues = queues < net->max_queues ? queues :
							 net->max_queues;
	return err;
}

int xn_net_read_info(struct xn_net *net)
{
	struct xn_net_info *info = &net->info;
	int err;

	err = read_own(net);
	if (!err)
		err = read_queues(net);
	if (!err && !offers(net, "feature-rx-copy")) {
		err = -EOPNOTSUPP;
		xn_device_fail(net->dev, err,
			       "the backend does not offer feature-rx-copy: it is too old to serve this guest");
	}
	if (err)
		return err;

	info->split_events = offers(net, "feature-split-event-channels");
	info->sg = offers(net, "feature-sg");
	info->csum_ipv4 = !offers(net, "feature-no-csum-offload");
	info->csum_ipv6 = offers(net, "feature-ipv6-csum-offload");
	info->gso_tcpv4 = info->sg && info->csum_ipv4 &&
			  offers(net, "feature-gso-tcpv4");
	info->gso_tcpv6 = info->sg && info->csum_ipv6 &&
			  offers(net, "feature-gso-tcpv6");
	/* Without several pieces, no more than a page leaves. */
	if (!info->sg && info->mtu > XN_NET_DEFAULT_MTU)
		info->mtu = XN_NET_DEFAULT_MTU;
	return 0;
}

bool xn_net_carrier_ok(struct xn_net *net)
{
	uint64_t val = 1;
	int err = read_optional(net->dev, net->dev->otherend, "carrier", 1,
				&val);

	if (!err)
		return val;
	if (err != -EINVAL && err != -ERANGE) {
		/* No answer is no news, and there may be no other event. */
		xn_xs_watch_again(&net->dev->guest->xs, &net->carrier);
		return net->link_up;
	}
	xn_stat_inc(XN_STAT_REFUSED);
	if (!net->carrier_warned)
		xn_os_log(XN_WARN, "%s: the backend's node carrier is no 0 or 1: taken for no link",
			  net->dev->node);
	net->carrier_warned = true;
	return false;
}

/* ---- What we publish ---- */

/* Whether the backend may send us these: always. */
static const char *const our_features[] = {
	"request-rx-copy", "feature-rx-notify", "feature-sg",
	"feature-gso-tcpv4", "feature-gso-tcpv6", "feature-ipv6-csum-offload",
};

static int publish_queue(struct xn_net_queue *q, uint32_t txn)
{
	struct xn_net *net = q->net;
	struct xn_xs *xs = &net->dev->guest->xs;
	char name[32] = "queue-";
	char dir[XN_XS_PATH_MAX];
	int err;

	xn_format_uint(name + strlen(name), q->id);
	err = xn_path_join(dir, net->dev->node,
			   net->info.nr_queues > 1 ? name : "");
	if (!err)
		err = xn_xs_write_uint(xs, txn, dir, "tx-ring-ref",
				       q->tx_ring_ref);
	if (!err)
		err = xn_xs_write_uint(xs, txn, dir, "rx-ring-ref",
				       q->rx_ring_ref);
	if (err)
		return err;
	if (!net->info.split_events)
		return xn_xs_write_uint(xs, txn, dir, "event-channel",
					q->tx_port);
	err = xn_xs_write_uint(xs, txn, dir, "event-channel-tx", q->tx_port);
	if (!err)
		err = xn_xs_write_uint(xs, txn, dir, "event-channel-rx",
				       q->rx_port);
	return err;
}

static int publish(struct xn_xs *xs, uint32_t txn, void *data)
{
	struct xn_net *net = data;
	unsigned int i;
	int err;

	err = xn_xs_write_uint(xs, txn, net->dev->node,
			       "multi-queue-num-queues", net->info.nr_queues);
	for (i = 0; !err && i < net->info.nr_queues; i++)
		err = publish_queue(&net->queue[i], txn);
	for (i = 0; !err && i < XN_ARRAY_SIZE(our_features); i++)
		err = xn_xs_write(xs, txn, net->dev->node, our_features[i],
				  "1");
	return err;
}

int xn_net_publish(struct xn_net *net)
{
	/* Of netif.h, and of other drivers: Linux's writes xdp-headroom. */
	static const char *const earlier[] = {
		"tx-ring-ref", "rx-ring-ref", "ctrl-ring-ref", "event-channel",
		"multi-queue-num-queues", "queue-", "feature-", "request-",
		"xdp-headroom",
	};

	return xn_device_publish(net->dev, earlier, XN_ARRAY_SIZE(earlier),
				 publish, net);
}
