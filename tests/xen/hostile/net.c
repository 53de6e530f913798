// SPDX-License-Identifier: MIT
/*
 * A network backend (xen-public/io/netif.h) that takes every packet, and
 * sometimes sends one to the guest.
 */
#include <stdlib.h>

#include "net.h"

static const struct node nodes[] = {
	{ "feature-rx-copy", "1" },
	{ "feature-sg", "1" },
	{ "feature-gso-tcpv4", "1" },
	{ "hotplug-status", "connected" },
	{ NULL, NULL },
};

static const struct node front[] = {
	{ "handle", "7" },
	{ "mac", "00:16:3e:00:00:77" },
	{ NULL, NULL },
};

static const struct node front_second[] = {
	{ "handle", "8" },
	{ "mac", "00:16:3e:00:00:78" },
	{ NULL, NULL },
};

static int map(struct be *b)
{
	struct net *n = calloc(1, sizeof(*n));

	b->priv = n;
	n->b = b;
	n->tx = map_page(b, get_front(b, "tx-ring-ref"), true);
	n->rx = map_page(b, get_front(b, "rx-ring-ref"), true);
	return n->tx && n->rx ? 0 : -1;
}

static void unmap(struct be *b)
{
	struct net *n = b->priv;

	unmap_page(b, n->tx);
	unmap_page(b, n->rx);
	free(n);
	b->priv = NULL;
}

/* ---- from the guest ---- */

void net_tx_show(struct net *n, RING_IDX prod)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*(volatile RING_IDX *)&n->tx->rsp_prod = prod;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	notify(n->b);
}

void net_tx_answer(struct net *n, const struct netif_tx_response *rsp)
{
	n->tx->ring[n->tx_prod++ % NET_RING].rsp = *rsp;
	net_tx_show(n, n->tx_prod);
}

static void look_at(struct net *n, const struct netif_tx_request *r)
{
	uint8_t *page = map_page(n->b, r->gref, false);

	if (page && n->keep)
		hold_page(n->b, page);
	else
		unmap_page(n->b, page);
}

static void transmit(struct net *n)
{
	const struct net_more *more = n->b->lie->more;
	struct be *b = n->b;

	while (!b->deaf && n->tx_cons !=
	       *(volatile RING_IDX *)&n->tx->req_prod) {
		struct netif_tx_request r = *(volatile struct netif_tx_request *)
			&n->tx->ring[n->tx_cons % NET_RING].req;
		struct netif_tx_response rsp = {
			.id = r.id, .status = NETIF_RSP_OKAY,
		};

		n->tx_cons++;
		b->all++;
		b->served += b->is_told;
		if (more && more->request && b->all > more->after &&
		    more->request(n, &r))
			continue;
		look_at(n, &r);
		if (more && more->response && b->all > more->after)
			more->response(n, &rsp);
		net_tx_answer(n, &rsp);
	}
	*(volatile RING_IDX *)&n->tx->req_event = n->tx_cons + 1;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* ---- to the guest ---- */

int net_rx_page(struct net *n, uint32_t *gref)
{
	volatile struct netif_rx_request *r;

	if (n->rx_cons == *(volatile RING_IDX *)&n->rx->req_prod)
		return -1;
	r = &n->rx->ring[n->rx_cons++ % NET_RING].req;
	*gref = r->gref;
	return r->id;
}

void net_rx_put(struct net *n, const void *rsp)
{
	memcpy(&n->rx->ring[n->rx_prod++ % NET_RING], rsp,
	       sizeof(struct netif_rx_response));
}

void net_rx_show(struct net *n, RING_IDX prod)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*(volatile RING_IDX *)&n->rx->rsp_prod = prod;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	notify(n->b);
}

uint8_t *net_rx_fill(struct net *n, uint32_t gref)
{
	static const uint8_t header[] = {
		0x00, 0x16, 0x3e, 0x00, 0x00, 0x77,
		0x00, 0x16, 0x3e, 0x00, 0x00, 0x01, 0x88, 0xb5,
	};
	uint8_t *page = map_page(n->b, gref, true);
	const struct net_more *more = n->b->lie->more;

	if (page) {
		if (more && more->look &&
		    (page[0] || memcmp(page, page + 1, PAGE - 1)))
			n->b->saw = "a page for packets held data";
		memset(page, 0x5a, NET_LEN);
		memcpy(page, header, sizeof(header));
	}
	return page;
}

static void receive(struct net *n)
{
	const struct net_more *more = n->b->lie->more;
	struct netif_rx_response rsp = { .status = NET_LEN };
	uint32_t gref;
	uint8_t *page;
	int id = net_rx_page(n, &gref);

	if (id < 0)
		return;
	rsp.id = id;
	page = net_rx_fill(n, gref);
	if (page && n->keep)
		hold_page(n->b, page);
	else
		unmap_page(n->b, page);
	if (more && more->receive && n->b->ticks > 20 &&
	    !more->receive(n, &rsp))
		return;
	net_rx_put(n, &rsp);
	net_rx_show(n, n->rx_prod);
}

static void work(struct be *b)
{
	struct net *n = b->priv;

	transmit(n);
	if (!b->deaf && b->ticks % 4 == 0)
		receive(n);
}

const struct kind net_kind = {
	.name = "net", .type = "vif", .devid = 7,
	.ready = XenbusStateConnected, .port = "event-channel",
	.nodes = nodes, .front = front, .lies = net_lies,
	.front_second = front_second, .devid_second = 8,
	.map = map, .unmap = unmap, .work = work,
};
