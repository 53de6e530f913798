/* SPDX-License-Identifier: MIT */
/* The network backend: net.c and lies_net.c. */
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
	bool keep;			/* keep pages mapped */
};

/*
 * Hooks, used after @after honest answers: request() may replace the answer to
 * a packet and then returns true; response() changes it.
 */
struct net_more {
	unsigned int after;
	bool (*request)(struct net *n, const struct netif_tx_request *r);
	void (*response)(struct net *n, struct netif_tx_response *rsp);
	/* For a packet to the guest: changes its response, or returns false. */
	bool (*receive)(struct net *n, struct netif_rx_response *rsp);
	bool look;			/* are pages for packets empty? */
};

void net_tx_show(struct net *n, RING_IDX prod);
void net_tx_answer(struct net *n, const struct netif_tx_response *rsp);
/* Returns: the id of the guest's next free page, or -1. */
int net_rx_page(struct net *n, uint32_t *gref);
void net_rx_put(struct net *n, const void *rsp);
void net_rx_show(struct net *n, RING_IDX prod);
/*
 * Put a packet of 1 KiB into a page. Returns: the page, or NULL. If the lie
 * looks, a page that was not empty sets b->saw.
 */
uint8_t *net_rx_fill(struct net *n, uint32_t gref);

#define NET_LEN	1024u

#endif /* HOSTILE_NET_H */
