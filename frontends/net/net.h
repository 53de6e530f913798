/* SPDX-License-Identifier: MIT */
/*
 * What the files of netfront share. Public is include/xenion/netfront.h.
 */
#ifndef XENION_NET_H
#define XENION_NET_H

#include <xenion/netfront.h>

/* Slots that each ring of a queue has at least. */
#define XN_NET_LEAST_SLOTS	32u

static inline struct xn_gnttab *xn_net_gnttab(const struct xn_net_queue *q)
{
	return &q->net->dev->guest->gnttab;
}

/*
 * nodes.c, all may sleep. Fills in net->info. Returns: 0 or a negative
 * errno value: then the device has failed, and the log says why.
 */
int xn_net_read_info(struct xn_net *net);
/* All that the backend needs of us, in one transaction. */
int xn_net_publish(struct xn_net *net);
/* No node means that the backend does not tell: then there is a link. */
bool xn_net_carrier_ok(struct xn_net *net);

/*
 * queue.c, all may sleep: the rings of all queues, and their event channels.
 * Close undoes both, also when one failed half-way. Open returns -ENOSPC when
 * there are too few grant references.
 */
int xn_net_queues_open(struct xn_net *net);
int xn_net_queues_bind(struct xn_net *net);
void xn_net_queues_close(struct xn_net *net);

/*
 * One half of a queue: memory, grants and first requests. Close undoes open,
 * also one that failed half-way; it is nothing when nothing is open.
 */
int xn_net_tx_open(struct xn_net_queue *q);
void xn_net_tx_close(struct xn_net_queue *q);
int xn_net_rx_open(struct xn_net_queue *q);
void xn_net_rx_close(struct xn_net_queue *q);

/* The work q->rx_retry: there may be pages now. */
void xn_net_rx_retry(struct xn_work *w);

/* The work q->stall_work, while something is on its way. */
void xn_net_look_for_stall(struct xn_work *w);

/* References without which no queue works. */
unsigned int xn_net_least_refs(const struct xn_net *net);
/* The device is live, and gives back references that it can do without. */
void xn_net_share_refs(struct xn_net *net);
/* Undo that. */
void xn_net_keep_refs(struct xn_net *net);

/* A zeroed page, granted to the backend. As xn_gnttab_get(); then *page is NULL. */
int xn_net_page_share(struct xn_net_queue *q, bool readonly, void **page,
		      grant_ref_t *ref);
/* Undo that; page may be NULL. */
void xn_net_page_unshare(struct xn_net_queue *q, void *page, grant_ref_t ref);

/*
 * The backend broke the protocol: nothing that it wrote is looked at any more.
 * The device fails soon after, from a context that may sleep. Context: any.
 */
void xn_net_refuse(struct xn_net *net, const char *what);

#endif /* XENION_NET_H */
