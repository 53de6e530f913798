// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 5.15: one function for the numbers of both kinds of queues. */
#include <linux/netdevice.h>

int (*probe)(struct net_device *dev, unsigned int txq, unsigned int rxq) =
	netif_set_real_num_queues;
