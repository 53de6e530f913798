// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What ethtool shows of a network device: its driver, its link, and for each
 * queue what it has counted.
 */
#include <linux/ethtool.h>

#include "net.h"

#define ENGINE(name, field) \
	{ name, offsetof(struct xn_net_queue, field), true }
#define LAYER(name, field) \
	{ name, offsetof(struct xnl_net_queue, field), false }

static const struct {
	const char *name;
	size_t offset;
	bool engine;
} counters[] = {
	ENGINE("tx_packets", tx_stats.packets),
	ENGINE("tx_bytes", tx_stats.bytes),
	ENGINE("tx_errors", tx_stats.errors),
	ENGINE("tx_slots", tx_stats.slots),
	ENGINE("tx_slots_copied", tx_stats.copied),
	ENGINE("tx_notifications", tx_stats.notifications),
	LAYER("tx_events", events[XNL_NET_IRQ_TX]),
	ENGINE("tx_spurious", tx_channel.backoff.spurious),
	ENGINE("tx_stalled", stall.stalled),
	LAYER("tx_bounced", tx_bounced),
	LAYER("tx_dropped", tx_dropped),
	ENGINE("rx_packets", rx_stats.packets),
	ENGINE("rx_bytes", rx_stats.bytes),
	ENGINE("rx_errors", rx_stats.errors),
	ENGINE("rx_slots", rx_stats.slots),
	ENGINE("rx_copied", rx_stats.copied),
	ENGINE("rx_notifications", rx_stats.notifications),
	LAYER("rx_events", events[XNL_NET_IRQ_RX]),
	ENGINE("rx_spurious", rx_channel.backoff.spurious),
	ENGINE("rx_no_page", rx_stats.no_page),
	LAYER("rx_dropped", rx_dropped),
};

static int net_get_sset_count(struct net_device *dev, int sset)
{
	struct xnl_net *nic = netdev_priv(dev);

	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return 1 + nic->nr_queues * ARRAY_SIZE(counters);
}

static void net_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	struct xnl_net *nic = netdev_priv(dev);
	unsigned int i, k;

	if (sset != ETH_SS_STATS)
		return;
	ethtool_sprintf(&data, "refused");
	for (i = 0; i < nic->nr_queues; i++)
		for (k = 0; k < ARRAY_SIZE(counters); k++)
			ethtool_sprintf(&data, "queue%u_%s", i,
					counters[k].name);
}

static void net_get_ethtool_stats(struct net_device *dev,
				  struct ethtool_stats *stats, u64 *data)
{
	struct xnl_net *nic = netdev_priv(dev);
	unsigned int i, k;

	*data++ = nic->net.fe.refused;
	for (i = 0; i < nic->nr_queues; i++) {
		const struct xnl_net_queue *nq = &nic->queue[i];

		for (k = 0; k < ARRAY_SIZE(counters); k++) {
			const void *from = counters[k].engine ?
					   (const void *)nq->q : nq;

			*data++ = *(const u64 *)(from + counters[k].offset);
		}
	}
}

static void net_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	strscpy(info->bus_info, dev_name(dev->dev.parent),
		sizeof(info->bus_info));
}

const struct ethtool_ops xnl_net_ethtool_ops = {
	.get_drvinfo		= net_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_sset_count		= net_get_sset_count,
	.get_strings		= net_get_strings,
	.get_ethtool_stats	= net_get_ethtool_stats,
};
