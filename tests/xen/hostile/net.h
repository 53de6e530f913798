/* SPDX-License-Identifier: MIT */
/* The network backend's own: net.c, and lies_net.c. */
#ifndef HOSTILE_NET_H
#define HOSTILE_NET_H

#include "backend.h"
#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#include <xen/io/netif.h>

#define NET_RING	256u

struct net {
	struct be *b;
	struct netif_tx_sring *tx;
	struct netif_rx_sring *rx;
	RING_IDX tx_cons, tx_prod, rx_cons, rx_prod;
	bool keep;			/* pages stay mapped */
};

/* In the place of the honest answer to a packet (true), or of a part of it. */
struct net_more {
	unsigned int after;
	bool (*request)(struct net *n, const struct netif_tx_request *r);
	void (*response)(struct net *n, struct netif_tx_response *rsp);
	/* For a packet to the guest: one response, or false for more than that. */
	bool (*receive)(struct net *n, struct netif_rx_response *rsp);
	bool look;			/* into the pages for packets */
};

void net_tx_show(struct net *n, RING_IDX prod);
void net_tx_answer(struct net *n, const struct netif_tx_response *rsp);
/* The guest's next free page: its id, or -1. */
int net_rx_page(struct net *n, uint32_t *gref);
void net_rx_put(struct net *n, const void *rsp);
void net_rx_show(struct net *n, RING_IDX prod);
/*
 * A page with a packet in it, 1 KiB long; maybe NULL. A page that was not empty
 * is told of by b->saw, if the lie looks.
 */
uint8_t *net_rx_fill(struct net *n, uint32_t gref);

#define NET_LEN	1024u

#endif /* HOSTILE_NET_H */
