/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A network device's queues, poll function and limits. */
#ifndef XENION_COMPAT_NETDEVICE_H
#define XENION_COMPAT_NETDEVICE_H

#include_next <linux/netdevice.h>

#include <xnl_have.h>

#if XNL_HAVE_NAPI_ADD_WEIGHT
static inline void xnl_napi_add(struct net_device *dev,
				struct napi_struct *napi,
				int (*poll)(struct napi_struct *napi, int budget))
{
	netif_napi_add(dev, napi, poll, NAPI_POLL_WEIGHT);
}

#define netif_napi_add xnl_napi_add
#endif

#if !XNL_HAVE_NET_REAL_QUEUES
/* If the second number is refused, the first has changed, as it may have later. */
static inline int netif_set_real_num_queues(struct net_device *dev,
					    unsigned int txq, unsigned int rxq)
{
	int err = netif_set_real_num_rx_queues(dev, rxq);

	return err ?: netif_set_real_num_tx_queues(dev, txq);
}
#endif

#if !XNL_HAVE_NET_TSO_MAX_SIZE
static inline void netif_set_tso_max_size(struct net_device *dev,
					  unsigned int size)
{
	netif_set_gso_max_size(dev, size);
}
#endif

#endif /* XENION_COMPAT_NETDEVICE_H */
