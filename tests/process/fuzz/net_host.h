/* SPDX-License-Identifier: MIT */
/*
 * The network backend that fuzz_net.c plays: it connects to a frontend whose
 * nodes may hold anything, as far as possible, and answers and sends packets
 * with or without a lie.
 */
#ifndef XENION_FUZZ_NET_HOST_H
#define XENION_FUZZ_NET_HOST_H

#include "net_backend.h"
#include "fuzz_frontend.h"

#define NET_QUEUES	2u

static struct {
	unsigned int rx_ahead;		/* responses that are not shown yet */
} host;

static inline void host_disconnect(struct be_bus *bus)
{
	struct backend *b = &t.b;
	unsigned int i;

	for (i = 0; i < NET_QUEUES; i++) {
		if (b->queue[i].tx_port)
			host_port_close(b->queue[i].tx_port);
		if (b->queue[i].rx_port)
			host_port_close(b->queue[i].rx_port);
	}
	memset(b->queue, 0, sizeof(b->queue));
	host.rx_ahead = 0;
}

static inline void host_connect(struct be_bus *bus)
{
	struct backend *b = &t.b;
	unsigned int i;

	b->nr_queues = be_queues(bus) == 2 ? 2 : 1;
	for (i = 0; i < b->nr_queues; i++) {
		const char *dir = be_queue_dir(bus, i, b->nr_queues);
		struct be_queue *q = &b->queue[i];

		q->b = b;
		q->tx = fe_ring_page(dir, "tx-ring-ref");
		q->rx = fe_ring_page(dir, "rx-ring-ref");
		/* In this order, as Linux's does. */
		q->tx_port = fe_port(dir, "event-channel-tx");
		q->rx_port = fe_port(dir, "event-channel-rx");
		if (!q->tx_port && !q->rx_port)
			q->tx_port = fe_port(dir, "event-channel");
	}
}

static const struct be_kind host_kind = {
	.type = "vif",
	.connects = XenbusStateConnected,
	.lets_go = XenbusStateClosing,
	.connect = host_connect,
	.disconnect = host_disconnect,
};

static inline struct be_queue *queue(void)
{
	struct be_queue *q = &t.b.queue[fuzz_below(NET_QUEUES)];

	return q->tx && q->rx && q->tx_port ? q : NULL;
}

static inline void notify(struct be_queue *q)
{
	host_port_notify(q->tx_port);
	if (q->rx_port)
		host_port_notify(q->rx_port);
}

/* Answers whatever is in the ring's next entry, even if it is no request. */
static inline void tx_respond(struct be_queue *q, unsigned int lie)
{
	struct netif_tx_request *req = &q->tx->ring[q->tx_cons % RING].req;
	struct netif_tx_response rsp = { .id = req->id };

	if (lie & 1)
		rsp.id += fuzz_number();
	if (lie & 2)
		rsp.status = fuzz_number();
	if (lie & 4)
		rsp.status = -(int)fuzz_below(3);
	if (lie & 8)
		rsp.status = NETIF_RSP_NULL;
	if (!(lie & 16))
		q->tx_cons++;
	q->tx->ring[q->tx_prod++ % RING].rsp = rsp;
	if (!(lie & 32))
		q->tx->rsp_prod = q->tx_prod;
}

/* Extra info gets an empty response of its own. */
static inline void serve(struct be_queue *q)
{
	bool extra = false;
	unsigned int n;

	for (n = 0; n < RING && q->tx_cons != q->tx->req_prod; n++) {
		struct netif_tx_request *req =
			&q->tx->ring[q->tx_cons % RING].req;
		bool next = !extra && req->flags & NETTXF_extra_info;

		tx_respond(q, extra ? 8 : 0);
		extra = next;
	}
	q->tx->req_event = q->tx_cons + 1;
	notify(q);
}

static inline void rx_respond(struct be_queue *q, unsigned int lie)
{
	RING_IDX at = q->rx_prod + host.rx_ahead++;
	struct netif_rx_request *req = &q->rx->ring[at % RING].req;
	struct netif_rx_response rsp = { .id = req->id, .status = 60 };
	struct netif_extra_info extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO, .u.gso.size = 1000,
		.u.gso.type = XEN_NETIF_GSO_TYPE_TCPV4,
	};

	if (lie & 1)
		rsp.id += fuzz_number();
	if (lie & 2)
		rsp.offset = fuzz_number();
	if (lie & 4)
		rsp.status = fuzz_number();
	if (lie & 8)
		rsp.flags = fuzz_u8();
	if (lie & 16)
		rsp.status = fuzz_u8() * 16;
	if (lie & 32)
		rsp.flags |= NETRXF_more_data;
	if (lie & 64) {
		extra.flags = lie & 1 ? fuzz_u8() : 0;
		extra.type = lie & 2 ? fuzz_u8() : extra.type;
		extra.u.gso.type = lie & 4 ? fuzz_u8() : extra.u.gso.type;
		extra.u.gso.size = lie & 8 ? fuzz_u8() : 1000;
		memcpy(&rsp, &extra, sizeof(rsp));
	}
	q->rx->ring[at % RING].rsp = rsp;
}

static inline void rx_push(struct be_queue *q)
{
	q->rx_prod += host.rx_ahead;
	q->rx->rsp_prod = q->rx_prod;
	host.rx_ahead = 0;
	notify(q);
}

/* A reference from a ring, or any number. */
static inline grant_ref_t any_ref(void)
{
	const struct be_queue *q = &t.b.queue[0];
	unsigned int i = fuzz_u8();

	if (i & 0x80 || !q->tx || !q->rx)
		return fuzz_u16() % 1024;
	if (i & 0x40)
		return q->rx->ring[(q->rx_prod + (i & 63)) % RING].req.gref;
	return q->tx->ring[(q->tx_cons + i) % RING].req.gref;
}

static inline void index_op(struct be_queue *q)
{
	RING_IDX *const idx[] = {
		&q->tx->req_prod, &q->tx->req_event, &q->tx->rsp_event,
		&q->tx->rsp_prod, &q->rx->req_prod, &q->rx->req_event,
		&q->rx->rsp_event, &q->rx->rsp_prod, &q->tx_prod, &q->rx_prod,
	};
	RING_IDX *at = idx[fuzz_below(XN_ARRAY_SIZE(idx))];

	if (fuzz_below(2))
		*at += fuzz_number();
	else
		*at = fuzz_number();
}

static inline void scribble(struct be_queue *q)
{
	uint16_t at = fuzz_u16();
	uint8_t *page = at & 0x8000 ? (uint8_t *)q->tx : (uint8_t *)q->rx;

	page[at % 4096] = fuzz_u8();
}

#endif /* XENION_FUZZ_NET_HOST_H */
