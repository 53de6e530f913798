// SPDX-License-Identifier: MIT
/*
 * One netfront queue: its two rings, and its event channels, one for each ring
 * or one for both (xen-public/io/netif.h, "feature-split-event-channels").
 * tx.c and rx.c handle what lies in the rings. Called by life.c, and by the OS
 * layer for each event.
 */
#include "net.h"

void xn_netq_init(struct xn_net_queue *q, struct xn_net *net,
		  unsigned int index)
{
	q->net = net;
	q->index = index;
	xn_work_init(&q->rx_retry, xn_net_rx_retry);
	xn_stall_init(&q->stall, &net->fe, "packets", xn_net_tx_count_late);
}

int xn_netq_open(struct xn_net_queue *q)
{
	int err = xn_net_tx_open(q);

	return err ? err : xn_net_rx_open(q);
}

void xn_netq_close(struct xn_net_queue *q)
{
	xn_net_rx_close(q);
	xn_net_tx_close(q);
}

static struct xn_channel *queue_channel(struct xn_net_queue *q,
					enum xn_net_event what)
{
	return what == XN_NET_EVENT_RX ? &q->rx_channel : &q->tx_channel;
}

void xn_net_event(struct xn_net_queue *q, enum xn_net_event what)
{
	xn_channel_event(queue_channel(q, what));
}

static int queue_bind(struct xn_net_queue *q, enum xn_net_event what)
{
	struct xn_device *dev = q->net->fe.dev;
	evtchn_port_t port;
	int err;

	err = q->net->ops->event_bind(q, what, dev->otherend_id, &port);
	if (!err)
		xn_channel_open(queue_channel(q, what), &dev->guest->evtchn,
				port);
	return err;
}

static void queue_unbind(struct xn_net_queue *q, enum xn_net_event what)
{
	evtchn_port_t port = xn_channel_close(queue_channel(q, what));

	if (port)
		q->net->ops->event_unbind(q, what, port);
}

int xn_netq_bind(struct xn_net_queue *q)
{
	int err;

	if (!q->net->info.split_events)
		return queue_bind(q, XN_NET_EVENT_BOTH);
	err = queue_bind(q, XN_NET_EVENT_TX);
	return err ? err : queue_bind(q, XN_NET_EVENT_RX);
}

/* Unbind events first: after that, only works ask for a poll. */
void xn_netq_unbind(struct xn_net_queue *q)
{
	if (q->net->info.split_events) {
		queue_unbind(q, XN_NET_EVENT_RX);
		queue_unbind(q, XN_NET_EVENT_TX);
	} else {
		queue_unbind(q, XN_NET_EVENT_BOTH);
	}
	xn_work_cancel(&q->rx_retry);
	xn_stall_stop(&q->stall);
}
