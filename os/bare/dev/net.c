// SPDX-License-Identifier: MIT
/*
 * A network interface for programs, on top of frontends/net/. One thread polls:
 * it takes packets in, gives them to the program, and takes sent packets back.
 * Each packet to send has a page of its own, which holds nothing else.
 */
#include "devices.h"

#define BUDGET		64
#define RX_PAGES	64	/* a program of ours is small */

static struct bare_net *net_of(struct xn_net_queue *q)
{
	return q->priv;
}

static void net_ask(struct bare_net *n)
{
	__atomic_store_n(&n->asked, true, __ATOMIC_SEQ_CST);
	xn_wake(&n->wait);
}

/* ---- buffers ---- */

static struct bare_net_buffer *buffer_of(struct bare_net *n, void *va)
{
	void *page = (void *)((uintptr_t)va & ~(uintptr_t)(XN_PAGE_SIZE - 1));
	unsigned int i;

	for (i = 0; i < BARE_NET_BUFFERS; i++)
		if (n->buffer[i].page == page)
			return &n->buffer[i];
	return NULL;
}

void *bare_net_get(struct bare_net *n)
{
	unsigned int i;

	for (i = 0; i < BARE_NET_BUFFERS; i++) {
		struct bare_net_buffer *b = &n->buffer[i];

		if (b->busy)
			continue;
		if (!b->page)
			b->page = xn_os_page_alloc();
		if (!b->page)
			return NULL;
		b->busy = true;
		return b->page;
	}
	return NULL;
}

void bare_net_put(struct bare_net *n, void *page)
{
	struct bare_net_buffer *b = buffer_of(n, page);

	if (!b)
		return;
	/* A page that the backend still reads is no longer ours. */
	if (b->pinned)
		b->page = NULL;
	b->pinned = false;
	b->busy = false;
}

/* ---- what the engine asks for ---- */

static void tx_event(void *data, evtchn_port_t port)
{
	xn_net_event(data, XN_NET_EVENT_TX);
	net_ask(net_of(data));
}

static void rx_event(void *data, evtchn_port_t port)
{
	xn_net_event(data, XN_NET_EVENT_RX);
	net_ask(net_of(data));
}

static int event_bind(struct xn_net_queue *q, enum xn_net_event what,
		      domid_t otherend, evtchn_port_t *port)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	int err = xn_evtchn_bind_unbound(t, otherend,
					 what == XN_NET_EVENT_RX ? rx_event :
								   tx_event,
					 q, port);

	if (!err)
		xn_evtchn_unmask(t, *port);
	return err;
}

static void event_unbind(struct xn_net_queue *q, enum xn_net_event what,
			 evtchn_port_t port)
{
	xn_evtchn_unbind(&bare_guest.evtchn, port);
}

static int net_connected(struct xn_net *net)
{
	struct bare_net *n = xn_container_of(net, struct bare_net, net);

	n->live = true;
	net_ask(n);
	return 0;
}

static void net_closing(struct xn_net *net)
{
	/* The polling thread does not run now: it never sleeps while it polls. */
	xn_container_of(net, struct bare_net, net)->live = false;
}

static void net_link(struct xn_net *net, bool up)
{
	struct bare_net *n = xn_container_of(net, struct bare_net, net);

	n->link = up;
	xn_wake(&n->wait);
}

static void net_poll(struct xn_net_queue *q)
{
	net_ask(net_of(q));
}

static void *rx_page(struct xn_net_queue *q)
{
	return xn_os_page_alloc();
}

static void rx_page_put(struct xn_net_queue *q, void *page)
{
	xn_os_page_free(page);
}

static void rx_page_lost(struct xn_net_queue *q, void *page)
{
}

static void net_rx(struct xn_net_queue *q, const struct xn_net_received *pkt)
{
	struct bare_net *n = net_of(q);
	unsigned int i;

	n->received++;
	n->rx(n->data, pkt);
	for (i = 0; !pkt->lent && i < pkt->nr; i++)
		xn_os_page_free(pkt->piece[i].page);
}

static void tx_done(struct xn_net_queue *q, void *cookie, int err)
{
	bare_net_put(net_of(q), cookie);
	xn_wake(&net_of(q)->wait);
}

static void tx_pin(struct xn_net_queue *q, void *va)
{
	struct bare_net_buffer *b = buffer_of(net_of(q), va);

	if (b)
		b->pinned = true;
}

static void tx_unpin(void *va)
{
	xn_os_page_free((void *)((uintptr_t)va & ~(uintptr_t)(XN_PAGE_SIZE - 1)));
}

static const struct xn_net_ops ops = {
	.event_bind	= event_bind,
	.event_unbind	= event_unbind,
	.connected	= net_connected,
	.closing	= net_closing,
	.link		= net_link,
	.poll		= net_poll,
	.rx_page	= rx_page,
	.rx_page_put	= rx_page_put,
	.rx_page_lost	= rx_page_lost,
	.rx		= net_rx,
	.tx_done	= tx_done,
	.tx_pin		= tx_pin,
	.tx_unpin	= tx_unpin,
};

/* ---- polling ---- */

static void poll_queue(struct xn_net_queue *q)
{
	bool more;

	xn_net_tx_reap(q);
	more = xn_net_rx_poll(q, BUDGET) == BUDGET;
	if (more || xn_net_rx_enable(q) || xn_net_tx_enable(q))
		net_ask(net_of(q));
}

static void poll_thread(void *arg)
{
	struct bare_net *n = arg;

	while (!n->stop) {
		(void)xn_wait(&n->wait, n->stop ||
			      __atomic_exchange_n(&n->asked, false,
						  __ATOMIC_SEQ_CST),
			      XN_NSEC_PER_SEC);
		if (n->live)
			poll_queue(&n->net.queue[0]);
		bare_yield();
	}
	n->stopped = true;
	xn_wake(&n->wait);
}

static void stop_polling(struct bare_net *n)
{
	n->stop = true;
	xn_wake(&n->wait);
	while (!xn_wait(&n->wait, n->stopped, XN_NSEC_PER_SEC))
		;
}

/* ---- for programs ---- */

int bare_net_send(struct bare_net *n, void *page, unsigned int len)
{
	struct xn_sg sg = { .va = page, .len = len };
	struct xn_net_packet pkt = {
		.sg = &sg, .nr = 1, .len = len, .cookie = page,
	};
	int err = n->live ? xn_net_tx(&n->net.queue[0], &pkt) : -ENODEV;

	if (err) {
		bare_net_put(n, page);
		return err;
	}
	n->sent++;
	xn_net_tx_push(&n->net.queue[0]);
	return 0;
}

int bare_net_open(struct bare_net *n, unsigned int id)
{
	const struct xn_net_config config = {
		.max_queues = 1, .rx_pages = RX_PAGES,
	};
	unsigned int i;
	int err;

	if (!bare_has_store)
		return -ENODEV;
	xn_waitq_init(&n->wait);
	for (i = 0; i < XN_NET_MAX_QUEUES; i++)
		n->net.queue[i].priv = n;
	err = xn_device_init(&n->dev, &bare_guest, "vif", id);
	if (!err)
		err = bare_thread(poll_thread, n);
	if (err)
		return err;
	err = xn_net_init(&n->net, &n->dev, &ops, &config);
	if (err) {
		stop_polling(n);
		return err;
	}
	err = bare_device_wait(&n->dev, &n->wait, &n->link);
	if (err)
		bare_net_close(n);
	return err;
}

void bare_net_close(struct bare_net *n)
{
	unsigned int i;

	xn_net_fini(&n->net);
	stop_polling(n);
	for (i = 0; i < BARE_NET_BUFFERS; i++)
		xn_os_page_free(n->buffer[i].page);
}
