/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the files of xenion-netfront.ko share: driver.c has the module and its
 * devices, data.c packets, ethtool.c what ethtool shows.
 */
#ifndef XENION_LINUX_NET_H
#define XENION_LINUX_NET_H

#include <linux/netdevice.h>
#include <linux/workqueue.h>
#include <net/page_pool/helpers.h>

#include <xenion/netfront.h>
#include "xnl.h"

/* Ring slots that the largest packet takes. */
#define XNL_NET_MAX_SLOTS	(XN_NET_MAX_PIECES + 1)

enum {
	XNL_NET_IRQ_TX,		/* or both */
	XNL_NET_IRQ_RX,
	XNL_NET_IRQS
};

struct xnl_net_queue {
	struct napi_struct napi;
	struct xn_net_queue *q;
	struct netdev_queue *txq;
	struct page_pool *pool;		/* for received packets */
	int budget;			/* of the poll that runs; 0: none */
	u64 tx_dropped;
	u64 tx_bounced;			/* packets copied to pages of our own */
	u64 rx_dropped;
	u64 events[XNL_NET_IRQS];
	int irq[XNL_NET_IRQS];
	char irq_name[XNL_NET_IRQS][32];
};

struct xnl_net {
	struct net_device *dev;
	struct xn_net net;
	bool registered;
	bool live;			/* connected; under RTNL, as link */
	bool link;			/* the backend's is up */
	struct delayed_work away_work;	/* the guest has moved */
	unsigned int nr_queues;		/* that exist here */
	struct xnl_net_queue queue[];
};

#define to_xnl_net(n) container_of(n, struct xnl_net, net)

/* data.c */
netdev_tx_t xnl_net_xmit(struct sk_buff *skb, struct net_device *dev);
int xnl_net_poll(struct napi_struct *napi, int budget);
void xnl_net_rx(struct xn_net_queue *q, const struct xn_net_received *pkt);
void *xnl_net_rx_page(struct xn_net_queue *q);
void xnl_net_rx_page_put(struct xn_net_queue *q, void *page);
void xnl_net_rx_page_lost(struct xn_net_queue *q, void *page);
void xnl_net_tx_done(struct xn_net_queue *q, void *cookie, int err);
void xnl_net_tx_pin(struct xn_net_queue *q, void *va);

/* ethtool.c */
extern const struct ethtool_ops xnl_net_ethtool_ops;

#endif /* XENION_LINUX_NET_H */
