// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion-netfront.ko: a network device for each "vif" on the bus, on top of
 * frontends/net/. Here: the device's life. It is registered when it is
 * found, without a carrier, so that names follow the order of the numbers in
 * xenstore; its backend may come, go and come back.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

#include <xenion/version.h>
#include "net.h"
#include "param.h"

XNL_PARAM(queues, 1, 1, XN_NET_MAX_QUEUES,
	  "Queues per interface, if the backend has as many (1 ... 8, default 1)");

static bool trusted = true;
module_param(trusted, bool, 0444);
MODULE_PARM_DESC(trusted, "Whether backends may see what lies around packets in their pages (default Y); N copies all packets, as does the toolstack's trusted=0 for one interface");

/* A guest that has moved keeps its carrier for so long without a backend. */
#define AWAY_TIME	(3 * HZ)

/* ---- events ---- */

static irqreturn_t net_tx_event(int irq, void *data)
{
	struct xnl_net_queue *nq = data;

	nq->events[XNL_NET_IRQ_TX]++;
	xn_net_event(nq->q, XN_NET_EVENT_TX);
	napi_schedule(&nq->napi);
	return IRQ_HANDLED;
}

static irqreturn_t net_rx_event(int irq, void *data)
{
	struct xnl_net_queue *nq = data;

	nq->events[XNL_NET_IRQ_RX]++;
	xn_net_event(nq->q, XN_NET_EVENT_RX);
	napi_schedule(&nq->napi);
	return IRQ_HANDLED;
}

static int net_event_bind(struct xn_net_queue *q, enum xn_net_event what,
			  domid_t otherend, evtchn_port_t *port)
{
	int n = what == XN_NET_EVENT_RX ? XNL_NET_IRQ_RX : XNL_NET_IRQ_TX;
	static const char *const suffix[] = {
		[XN_NET_EVENT_BOTH] = "",
		[XN_NET_EVENT_TX] = "-tx",
		[XN_NET_EVENT_RX] = "-rx",
	};
	struct xnl_net_queue *nq = q->priv;
	int irq, err;

	irq = xnl_irq_bind_unbound(otherend, port);
	if (irq < 0)
		return irq;
	snprintf(nq->irq_name[n], sizeof(nq->irq_name[n]), "%s-q%u%s",
		 dev_name(nq->napi.dev->dev.parent), q->index, suffix[what]);
	err = request_irq(irq, n == XNL_NET_IRQ_RX ? net_rx_event : net_tx_event, 0,
			  nq->irq_name[n], nq);
	if (err) {
		xnl_irq_unbind(irq);
		return err;
	}
	nq->irq[n] = irq;
	return 0;
}

static void net_event_unbind(struct xn_net_queue *q, enum xn_net_event what,
			     evtchn_port_t port)
{
	int n = what == XN_NET_EVENT_RX ? XNL_NET_IRQ_RX : XNL_NET_IRQ_TX;
	struct xnl_net_queue *nq = q->priv;

	free_irq(nq->irq[n], nq);
	xnl_irq_unbind(nq->irq[n]);
}

static void net_poll(struct xn_net_queue *q)
{
	struct xnl_net_queue *nq = q->priv;

	/* Nothing while the interface is down: then NAPI is disabled. */
	local_bh_disable();
	napi_schedule(&nq->napi);
	local_bh_enable();
}

/* ---- up and down ---- */

static void net_start_queues(struct xnl_net *nic)
{
	unsigned int i;

	for (i = 0; i < nic->net.info.nr_queues; i++) {
		napi_enable(&nic->queue[i].napi);
		net_poll(nic->queue[i].q);
	}
	netif_tx_start_all_queues(nic->dev);
}

static void net_stop_queues(struct xnl_net *nic)
{
	unsigned int i;

	for (i = 0; i < nic->net.info.nr_queues; i++)
		napi_disable(&nic->queue[i].napi);
	/* Only then: a poll may have woken a queue. */
	netif_tx_disable(nic->dev);
}

static int net_open(struct net_device *dev)
{
	struct xnl_net *nic = netdev_priv(dev);

	if (nic->live)
		net_start_queues(nic);
	else
		netif_tx_stop_all_queues(dev);
	return 0;
}

static int net_close(struct net_device *dev)
{
	struct xnl_net *nic = netdev_priv(dev);

	if (nic->live)
		net_stop_queues(nic);
	return 0;
}

static netdev_features_t net_fix_features(struct net_device *dev,
					  netdev_features_t features)
{
	struct xnl_net *nic = netdev_priv(dev);
	const struct xn_net_info *info = &nic->net.info;

	if (!info->sg)
		features &= ~NETIF_F_SG;
	if (!info->csum_ipv4)
		features &= ~NETIF_F_IP_CSUM;
	if (!info->csum_ipv6)
		features &= ~NETIF_F_IPV6_CSUM;
	if (!info->gso_tcpv4)
		features &= ~NETIF_F_TSO;
	if (!info->gso_tcpv6)
		features &= ~NETIF_F_TSO6;
	return features;
}

static void net_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats)
{
	struct xnl_net *nic = netdev_priv(dev);
	unsigned int i;

	for (i = 0; i < nic->nr_queues; i++) {
		const struct xnl_net_queue *nq = &nic->queue[i];
		const struct xn_net_queue *q = nq->q;

		stats->tx_packets += q->tx_stats.packets;
		stats->tx_bytes += q->tx_stats.bytes;
		stats->tx_errors += q->tx_stats.errors;
		stats->tx_dropped += nq->tx_dropped;
		stats->rx_packets += q->rx_stats.packets;
		stats->rx_bytes += q->rx_stats.bytes;
		stats->rx_errors += q->rx_stats.errors;
		stats->rx_dropped += nq->rx_dropped;
	}
}

static const struct net_device_ops net_netdev_ops = {
	.ndo_open		= net_open,
	.ndo_stop		= net_close,
	.ndo_start_xmit		= xnl_net_xmit,
	.ndo_fix_features	= net_fix_features,
	.ndo_get_stats64	= net_get_stats64,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_validate_addr	= eth_validate_addr,
};

/* ---- called by the engine ---- */

/* Under RTNL. */
static int net_register(struct xnl_net *nic, const struct xn_net_info *info)
{
	int err;

	eth_hw_addr_set(nic->dev, info->mac);
	nic->dev->mtu = info->mtu;
	err = register_netdevice(nic->dev);
	nic->registered = !err;
	return err;
}

/* The backend's limits, which may have changed when it came back. */
static int net_apply_info(struct xnl_net *nic)
{
	const struct xn_net_info *info = &nic->net.info;
	struct net_device *dev = nic->dev;
	int err = 0;

	/* The toolstack has corrected what could not be read before. */
	if (!nic->registered)
		err = net_register(nic, info);
	if (!err)
		err = netif_set_real_num_queues(dev, info->nr_queues,
						info->nr_queues);
	if (err)
		return err;
	dev->max_mtu = info->sg ? XN_NET_MAX_MTU : XN_NET_DEFAULT_MTU;
	netdev_update_features(dev);
	if (dev->mtu > dev->max_mtu)
		return dev_set_mtu(dev, dev->max_mtu);
	return 0;
}

static int net_connected(struct xn_net *net)
{
	struct xnl_net *nic = to_xnl_net(net);
	int err;

	rtnl_lock();
	err = net_apply_info(nic);
	if (!err) {
		nic->live = true;
		if (netif_running(nic->dev))
			net_start_queues(nic);
	}
	rtnl_unlock();
	xnl_device_settled(to_xnl_device(nic->dev->dev.parent));
	return err;
}

/* Under RTNL. */
static void net_disconnect(struct xnl_net *nic)
{
	if (nic->live && netif_running(nic->dev))
		net_stop_queues(nic);
	nic->live = false;
	nic->link = false;
}

static void net_closing(struct xn_net *net)
{
	struct xnl_net *nic = to_xnl_net(net);

	rtnl_lock();
	netif_carrier_off(nic->dev);
	net_disconnect(nic);
	rtnl_unlock();
}

/*
 * In a new domain the backend comes soon, and until then packets wait. The carrier
 * stays: without it Linux would forget its neighbours at once, and a second could pass
 * before it asks for them again.
 */
static void net_lost(struct xn_net *net)
{
	struct xnl_net *nic = to_xnl_net(net);

	rtnl_lock();
	net_disconnect(nic);
	rtnl_unlock();
	schedule_delayed_work(&nic->away_work, AWAY_TIME);
}

static void net_away(struct work_struct *work)
{
	struct xnl_net *nic = container_of(to_delayed_work(work),
					   struct xnl_net, away_work);

	rtnl_lock();
	if (!nic->link)
		netif_carrier_off(nic->dev);
	rtnl_unlock();
}

static void net_link(struct xn_net *net, bool up)
{
	struct xnl_net *nic = to_xnl_net(net);

	rtnl_lock();
	nic->link = up;
	if (up)
		netif_carrier_on(nic->dev);
	else
		netif_carrier_off(nic->dev);
	rtnl_unlock();
	/* Bridges and neighbours may know us behind another backend. */
	if (up)
		netdev_notify_peers(nic->dev);
}

static const struct xn_net_ops net_ops = {
	.event_bind	= net_event_bind,
	.event_unbind	= net_event_unbind,
	.connected	= net_connected,
	.closing	= net_closing,
	.lost		= net_lost,
	.link		= net_link,
	.poll		= net_poll,
	.rx_page	= xnl_net_rx_page,
	.rx_page_put	= xnl_net_rx_page_put,
	.rx_page_lost	= xnl_net_rx_page_lost,
	.rx		= xnl_net_rx,
	.tx_done	= xnl_net_tx_done,
	.tx_pin		= xnl_net_tx_pin,
	.tx_unpin	= xnl_page_put,
};

/* ---- a device on the bus ---- */

static void net_free_queues(struct xnl_net *nic)
{
	unsigned int i;

	for (i = 0; i < nic->nr_queues; i++) {
		netif_napi_del(&nic->queue[i].napi);
		page_pool_destroy(nic->queue[i].pool);
	}
}

static int net_make_queues(struct xnl_net *nic)
{
	const struct page_pool_params params = {
		.pool_size = XN_NET_RING_SIZE,
		.nid = NUMA_NO_NODE,
	};
	unsigned int i;

	for (i = 0; i < queues; i++) {
		struct xnl_net_queue *nq = &nic->queue[i];

		nq->pool = page_pool_create(&params);
		if (IS_ERR(nq->pool)) {
			net_free_queues(nic);
			return PTR_ERR(nq->pool);
		}
		nq->q = &nic->net.queue[i];
		nq->q->priv = nq;
		nq->txq = netdev_get_tx_queue(nic->dev, i);
		netif_napi_add(nic->dev, &nq->napi, xnl_net_poll);
		nic->nr_queues = i + 1;
	}
	return 0;
}

/* Invalid nodes are no error here: the engine reports them. */
static int net_look_and_register(struct xnl_net *nic, struct xn_device *dev)
{
	struct xn_net_info info;
	int err;

	if (xn_net_look(dev, &info))
		return 0;
	rtnl_lock();
	err = net_register(nic, &info);
	rtnl_unlock();
	return err;
}

static int net_probe(struct xnl_device *xdev)
{
	const struct xn_net_config config = {
		.max_queues = queues, .distrust = !trusted,
	};
	struct net_device *dev;
	struct xnl_net *nic;
	int err;

	dev = alloc_etherdev_mq(struct_size(nic, queue, queues), queues);
	if (!dev)
		return -ENOMEM;
	nic = netdev_priv(dev);
	nic->dev = dev;
	SET_NETDEV_DEV(dev, &xdev->dev);
	dev_set_drvdata(&xdev->dev, nic);
	dev->netdev_ops = &net_netdev_ops;
	dev->ethtool_ops = &xnl_net_ethtool_ops;
	dev->min_mtu = XN_NET_MIN_MTU;
	dev->max_mtu = XN_NET_MAX_MTU;
	dev->hw_features = NETIF_F_SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM |
			   NETIF_F_TSO | NETIF_F_TSO6;
	dev->features = dev->hw_features | NETIF_F_RXCSUM;
	netif_set_tso_max_size(dev, XEN_NETIF_MAX_TX_SIZE);
	netif_carrier_off(dev);
	INIT_DELAYED_WORK(&nic->away_work, net_away);

	err = net_make_queues(nic);
	if (err)
		goto free;
	err = net_look_and_register(nic, &xdev->xb);
	if (err)
		goto queues;
	err = xn_net_init(&nic->net, &xdev->xb, &net_ops, &config);
	if (err)
		goto unregister;
	return 0;
unregister:
	if (nic->registered)
		unregister_netdev(dev);
queues:
	net_free_queues(nic);
free:
	free_netdev(dev);
	return err;
}

static void net_remove(struct xnl_device *xdev)
{
	struct xnl_net *nic = dev_get_drvdata(&xdev->dev);

	xn_net_fini(&nic->net);
	cancel_delayed_work_sync(&nic->away_work);
	if (nic->registered)
		unregister_netdev(nic->dev);
	net_free_queues(nic);
	free_netdev(nic->dev);
}

/* The interface stays, as one that is not connected. */
static void net_shutdown(struct xnl_device *xdev)
{
	struct xnl_net *nic = dev_get_drvdata(&xdev->dev);

	xn_net_fini(&nic->net);
}

static struct xn_frontend *net_frontend(struct xnl_device *xdev)
{
	struct xnl_net *nic = dev_get_drvdata(&xdev->dev);

	return &nic->net.fe;
}

static struct xnl_driver net_driver = {
	.driver.name	= "xenion-netfront",
	.type		= "vif",
	.probe		= net_probe,
	.remove		= net_remove,
	.shutdown	= net_shutdown,
	.frontend	= net_frontend,
};

static int __init net_init(void)
{
	return xnl_driver_register(&net_driver, THIS_MODULE, KBUILD_MODNAME);
}
module_init(net_init);

static void __exit net_exit(void)
{
	xnl_driver_unregister(&net_driver);
}
module_exit(net_exit);

MODULE_DESCRIPTION("Xen network frontend (Xenion)");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION(XN_VERSION);
MODULE_ALIAS(XNL_ALIAS("vif"));
