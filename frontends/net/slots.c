// SPDX-License-Identifier: MIT
/*
 * The grant references of a network frontend's queues, for which all devices of
 * a guest compete (xen-public/grant_table.h): how many a queue needs at least,
 * which ones it gives back, and those of the transmit ring's slots. Called by
 * life.c, and by the grant table when other devices need references.
 *
 * The rings grow and shrink where they are polled, in tx.c and rx.c: no other
 * function may touch their slots.
 */
#include "net.h"

_Static_assert(XN_NET_TX_SLOT_PAGES * XN_NET_TX_SLOTS_PER_PAGE ==
	       XN_NET_RING_SIZE, "the slots fill their pages");

/* Slots of both rings, the rings themselves, pages for copies. */
#define LEAST_REFS	(2 * XN_NET_LEAST_SLOTS + 2 + XN_NET_COPY_PAGES)

_Static_assert(XN_NET_LEAST_SLOTS > XN_NET_MAX_PIECES,
	       "the largest packet finds room, with its extra info");

unsigned int xn_net_least_refs(const struct xn_net *net)
{
	return net->info.nr_queues * LEAST_REFS;
}

/* Returns: how many of @nr slots can be given back, at most @want. */
static unsigned int slots_to_spare(unsigned int nr, unsigned int want)
{
	unsigned int n = nr > XN_NET_LEAST_SLOTS ? nr - XN_NET_LEAST_SLOTS : 0;

	return n < want ? n : want;
}

/* A poll gives free slots back at once, and offered ones as packets come. */
static unsigned int net_shrink(struct xn_gnttab_shrinker *s, unsigned int want)
{
	struct xn_net *net = xn_container_of(s, struct xn_net, shrinker);
	unsigned int i;

	for (i = 0; i < net->info.nr_queues; i++) {
		struct xn_net_queue *q = &net->queue[i];

		XN_WRITE_ONCE(q->tx_give,
			      slots_to_spare(XN_READ_ONCE(q->tx_nr), want));
		XN_WRITE_ONCE(q->rx_give,
			      slots_to_spare(XN_READ_ONCE(q->rx_nr), want));
		net->ops->poll(q);
	}
	return 0;
}

void xn_net_share_refs(struct xn_net *net)
{
	net->shrinker.fn = net_shrink;
	xn_gnttab_shrinker_add(&net->fe.dev->guest->gnttab, &net->shrinker);
}

void xn_net_keep_refs(struct xn_net *net)
{
	xn_gnttab_shrinker_remove(&net->fe.dev->guest->gnttab, &net->shrinker);
}

/* ---- slots of the transmit ring ---- */

int xn_net_tx_slot_arm(struct xn_net_queue *q,
		       int (*alloc)(struct xn_gnttab *gt, grant_ref_t *ref))
{
	unsigned int id = q->tx_unarmed;
	unsigned int next;
	int err;

	if (id == XN_NET_NO_SLOT)
		return -ENOSPC;
	next = xn_net_tx_slot(q, id)->next;
	err = alloc(xn_netq_gnttab(q), &xn_net_tx_slot(q, id)->ref);
	if (err)
		return err;
	q->tx_unarmed = next;
	q->tx_nr++;
	xn_net_tx_slot_free(q, id);
	return 0;
}

void xn_net_tx_slot_disarm(struct xn_net_queue *q)
{
	unsigned int id = q->tx_free;
	struct xn_net_tx_slot *slot = xn_net_tx_slot(q, id);

	q->tx_free = slot->next;
	q->tx_nr_free--;
	q->tx_nr--;
	xn_gnttab_free(xn_netq_gnttab(q), slot->ref);
	slot->ref = XN_GRANT_INVALID;
	slot->next = q->tx_unarmed;
	q->tx_unarmed = id;
}

int xn_net_tx_slot_end(struct xn_net_queue *q, struct xn_net_tx_slot *slot)
{
	void *va = slot->va;

	slot->va = NULL;
	if (!va || !xn_gnttab_end(xn_netq_gnttab(q), slot->ref))
		return 0;
	q->net->ops->tx_pin(q, va);
	xn_gnttab_end_page(xn_netq_gnttab(q), slot->ref, va,
			   q->net->ops->tx_unpin);
	slot->ref = XN_GRANT_INVALID;
	return -EBUSY;
}

static int tx_slots_alloc(struct xn_net_queue *q)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < XN_NET_TX_SLOT_PAGES; i++) {
		q->tx_slots[i] = xn_os_page_alloc();
		if (!q->tx_slots[i])
			return -ENOMEM;
	}
	q->tx_free = XN_NET_NO_SLOT;
	q->tx_nr_free = 0;
	q->tx_nr = 0;
	q->tx_give = 0;
	q->tx_extras = 0;
	q->tx_unarmed = 0;
	for (i = 0; i < XN_NET_RING_SIZE; i++)
		xn_net_tx_slot(q, i)->next = i + 1;
	while (!err && q->tx_nr < XN_NET_LEAST_SLOTS)
		err = xn_net_tx_slot_arm(q, xn_gnttab_get);
	return err;
}

int xn_net_tx_open(struct xn_net_queue *q)
{
	struct xn_frontend *fe = &q->net->fe;
	struct netif_tx_sring *sring;
	unsigned int i;
	int err;

	err = xn_shared_page_grant(fe, false, &q->tx_ring);
	if (err)
		return err;
	sring = q->tx_ring.va;
	XEN_FRONT_RING_INIT(&q->tx, sring, XN_PAGE_SIZE);
	for (i = 0; i < XN_NET_COPY_PAGES; i++) {
		err = xn_shared_page_grant(fe, true, &q->copy[i]);
		if (err)
			return err;
	}
	return tx_slots_alloc(q);
}

/* Packets that the backend has not answered are lost. */
static void tx_cancel_all(struct xn_net_queue *q)
{
	struct xn_net_tx_slot *slot;
	unsigned int i;

	for (i = 0; i < XN_NET_RING_SIZE; i++)
		xn_net_tx_slot_end(q, xn_net_tx_slot(q, i));
	for (i = 0; i < XN_NET_RING_SIZE; i++) {
		slot = xn_net_tx_slot(q, i);
		if (slot->left)
			q->net->ops->tx_done(q, slot->cookie, -ESHUTDOWN);
		if (slot->ref != XN_GRANT_INVALID)
			xn_gnttab_free(xn_netq_gnttab(q), slot->ref);
	}
}

void xn_net_tx_close(struct xn_net_queue *q)
{
	unsigned int i;

	/* The last page of slots was allocated before any reference. */
	if (q->tx_slots[XN_NET_TX_SLOT_PAGES - 1])
		tx_cancel_all(q);
	for (i = 0; i < XN_NET_TX_SLOT_PAGES; i++) {
		xn_os_page_free(q->tx_slots[i]);
		q->tx_slots[i] = NULL;
	}
	for (i = 0; i < XN_NET_COPY_PAGES; i++)
		xn_shared_page_end(&q->net->fe, &q->copy[i]);
	q->tx.sring = NULL;
	xn_shared_page_end(&q->net->fe, &q->tx_ring);
}
