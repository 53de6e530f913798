/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the network frontend: life.c says what is done in each
 * phase, nodes.c reads and writes xenstore, queue.c owns a queue's rings and
 * event channels, slots.c its grant references, tx.c sends, rx.c receives.
 */
#ifndef XENION_NET_H
#define XENION_NET_H

#include <xenion/netfront.h>
#include "../frontend.h"

/* The fewest slots that each ring of a queue has. */
#define XN_NET_LEAST_SLOTS	32u

/* A transmit request's private half. Its index is the request's id. */
struct xn_net_tx_slot {
	void *cookie;		/* in the first slot of a packet */
	void *va;		/* granted by ref; NULL: data is in the copy */
	uint32_t epoch;		/* the stall clock's, when it was submitted */
	grant_ref_t ref;	/* the slot's own, XN_GRANT_INVALID: none */
	uint16_t next;		/* on the list of free or of unarmed slots */
	uint16_t head;		/* first slot of the packet */
	uint16_t left;		/* in the first: slots that are not answered */
	bool inflight;		/* not answered */
	bool failed;		/* in the first: some answer was an error */
};

#define XN_NET_NO_SLOT	XN_NET_RING_SIZE
#define XN_NET_TX_SLOTS_PER_PAGE \
	(XN_PAGE_SIZE / sizeof(struct xn_net_tx_slot))

static inline struct xn_net_tx_slot *
xn_net_tx_slot(const struct xn_net_queue *q, unsigned int id)
{
	return &q->tx_slots[id / XN_NET_TX_SLOTS_PER_PAGE]
			   [id % XN_NET_TX_SLOTS_PER_PAGE];
}

static inline void xn_net_tx_slot_free(struct xn_net_queue *q, unsigned int id)
{
	xn_net_tx_slot(q, id)->next = q->tx_free;
	q->tx_free = id;
	q->tx_nr_free++;
}

static inline struct xn_gnttab *xn_netq_gnttab(const struct xn_net_queue *q)
{
	return &q->net->fe.dev->guest->gnttab;
}

/* Context: any. */
static inline void xn_netq_refuse(struct xn_net_queue *q, const char *what)
{
	xn_frontend_refuse(&q->net->fe, what);
}

static inline bool xn_netq_is_broken(const struct xn_net_queue *q)
{
	return xn_frontend_is_broken(&q->net->fe);
}

/*
 * nodes.c, all may sleep. Read what toolstack and backend offer into net->info.
 * Errors have been reported.
 */
int xn_net_read_info(struct xn_frontend *fe);
int xn_net_publish(struct xn_frontend *fe, struct xn_xs *xs, uint32_t txn);
/* Does the backend's network have a link? Yes, unless a node says no. */
bool xn_net_has_carrier(struct xn_net *net);

/* queue.c, all may sleep. Once for each queue, before anything else: */
void xn_netq_init(struct xn_net_queue *q, struct xn_net *net,
		  unsigned int index);
/* Make both rings and grant them. On error the caller closes the queue. */
int xn_netq_open(struct xn_net_queue *q);
/* Bind its channels. On error the caller unbinds and closes the queue. */
int xn_netq_bind(struct xn_net_queue *q);
/* Unbind its channels: no event and no work from now on. */
void xn_netq_unbind(struct xn_net_queue *q);
/* Take back every grant and free all memory, whatever has been set up. */
void xn_netq_close(struct xn_net_queue *q);

/* slots.c: the references that all queues need at least. */
unsigned int xn_net_least_refs(const struct xn_net *net);
/* From now on give unused references back when others need them. May sleep. */
void xn_net_share_refs(struct xn_net *net);
/* Undo that. May sleep. */
void xn_net_keep_refs(struct xn_net *net);
/*
 * Give one more slot of the transmit ring a reference. Returns: 0, -ENOSPC if
 * all slots have one, or as @alloc.
 */
int xn_net_tx_slot_arm(struct xn_net_queue *q,
		       int (*alloc)(struct xn_gnttab *gt, grant_ref_t *ref));
/* Free the reference of a free slot. */
void xn_net_tx_slot_disarm(struct xn_net_queue *q);
/*
 * End a slot's grant. Returns: 0 or -EBUSY; after that neither slot nor memory
 * may be used again, and the grant table owns the reference. Context: any.
 */
int xn_net_tx_slot_end(struct xn_net_queue *q, struct xn_net_tx_slot *slot);

/*
 * slots.c and rx.c: one half of a queue, its memory, grants and first requests.
 * Close undoes an open, even one that failed half-way. May sleep.
 */
int xn_net_tx_open(struct xn_net_queue *q);
void xn_net_tx_close(struct xn_net_queue *q);
int xn_net_rx_open(struct xn_net_queue *q);
void xn_net_rx_close(struct xn_net_queue *q);

/* tx.c: called by the work of q->stall. */
bool xn_net_tx_count_late(struct xn_stall *stall, unsigned int *late);

/* rx.c: the work q->rx_retry, run when there may be pages again. */
void xn_net_rx_retry(struct xn_work *w);

#endif /* XENION_NET_H */
