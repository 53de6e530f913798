// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Until 6.0: a poll function's weight is to be given. */
#include <linux/netdevice.h>

void probe(struct net_device *dev, struct napi_struct *napi);

static int poll(struct napi_struct *napi, int budget)
{
	return 0;
}

void probe(struct net_device *dev, struct napi_struct *napi)
{
	netif_napi_add(dev, napi, poll, NAPI_POLL_WEIGHT);
}
