// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 5.19: a device's limit of a TSO packet apart from the user's. */
#include <linux/netdevice.h>

void (*probe)(struct net_device *dev, unsigned int size) =
	netif_set_tso_max_size;
