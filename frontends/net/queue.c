// SPDX-License-Identifier: MIT
/*
 * What both halves of a netfront queue need: pages that stay granted, and the
 * event channels, one for each half or one for both (xen-public/io/netif.h,
 * "feature-split-event-channels"). Called by life.c, tx.c and rx.c.
 */
#include "net.h"

int xn_net_page_share(struct xn_net_queue *q, bool readonly, void **page,
		      grant_ref_t *ref)
{
	int err;

	*page = xn_os_page_alloc();
	if (!*page)
		return -ENOMEM;
	err = xn_gnttab_grant_page(xn_net_gnttab(q), q->net->dev->otherend_id,
				   *page, readonly, ref);
	if (err) {
		xn_os_page_free(*page);
		*page = NULL;
	}
	return err;
}

void xn_net_page_unshare(struct xn_net_queue *q, void *page, grant_ref_t ref)
{
	if (page)
		xn_gnttab_end_page(xn_net_gnttab(q), ref, page,
				   xn_os_page_free);
}

static struct xn_backoff *queue_backoff(struct xn_net_queue *q,
					enum xn_net_event what)
{
	return what == XN_NET_EVENT_RX ? &q->rx_backoff : &q->tx_backoff;
}

void xn_net_event(struct xn_net_queue *q, enum xn_net_event what)
{
	xn_backoff_event(queue_backoff(q, what));
}

static int queue_bind(struct xn_net_queue *q, enum xn_net_event what,
		      evtchn_port_t *port)
{
	int err = q->net->ops->event_bind(q, what, q->net->dev->otherend_id,
					  port);

	if (err)
		*port = 0;
	else
		xn_backoff_open(queue_backoff(q, what),
				&q->net->dev->guest->evtchn, *port);
	return err;
}

static void queue_unbind(struct xn_net_queue *q, enum xn_net_event what,
			 evtchn_port_t *port)
{
	xn_backoff_close(queue_backoff(q, what));
	if (*port)
		q->net->ops->event_unbind(q, what, *port);
	*port = 0;
}

static int queue_bind_events(struct xn_net_queue *q)
{
	int err;

	if (!q->net->info.split_events) {
		err = queue_bind(q, XN_NET_EVENT_BOTH, &q->tx_port);
		q->rx_port = q->tx_port;
		return err;
	}
	err = queue_bind(q, XN_NET_EVENT_TX, &q->tx_port);
	if (!err)
		err = queue_bind(q, XN_NET_EVENT_RX, &q->rx_port);
	return err;
}

static void queue_unbind_events(struct xn_net_queue *q)
{
	if (!q->net->info.split_events) {
		queue_unbind(q, XN_NET_EVENT_BOTH, &q->tx_port);
		q->rx_port = 0;
		return;
	}
	queue_unbind(q, XN_NET_EVENT_RX, &q->rx_port);
	queue_unbind(q, XN_NET_EVENT_TX, &q->tx_port);
}

/* Events first: after them nobody asks for a poll any more. */
void xn_net_queues_close(struct xn_net *net)
{
	unsigned int i;

	for (i = 0; i < net->info.nr_queues; i++) {
		queue_unbind_events(&net->queue[i]);
		xn_net_rx_close(&net->queue[i]);
		xn_net_tx_close(&net->queue[i]);
	}
	net->open = false;
}

int xn_net_queues_open(struct xn_net *net)
{
	unsigned int i;
	int err;

	err = xn_gnttab_reserve(&net->dev->guest->gnttab,
				xn_net_least_refs(net));
	net->open = true;
	for (i = 0; !err && i < net->info.nr_queues; i++) {
		err = xn_net_tx_open(&net->queue[i]);
		if (!err)
			err = xn_net_rx_open(&net->queue[i]);
	}
	return err;
}

int xn_net_queues_bind(struct xn_net *net)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < net->info.nr_queues; i++)
		err = queue_bind_events(&net->queue[i]);
	return err;
}
