// SPDX-License-Identifier: MIT
/*
 * The grant references of a network frontend's queues, for which all devices of
 * a guest compete (xen-public/grant_table.h): what a queue needs at least, what
 * is done when not even that is there, and what it gives back. Called by
 * life.c, and by the grant table when others need references.
 *
 * The rings grow and shrink where they are polled, tx.c and
 * rx.c: nobody else may touch their slots.
 */
#include "net.h"

/* Slots of both rings, the rings themselves, pages for copies. */
#define LEAST_REFS	(2 * XN_NET_LEAST_SLOTS + 2 + XN_NET_COPY_PAGES)

_Static_assert(XN_NET_LEAST_SLOTS > XN_NET_MAX_PIECES,
	       "the largest packet finds room, with its extra info");

unsigned int xn_net_least_refs(const struct xn_net *net)
{
	return net->info.nr_queues * LEAST_REFS;
}

/* No more than @nr slots can spare. */
static unsigned int slots_to_spare(unsigned int nr, unsigned int want)
{
	unsigned int n = nr > XN_NET_LEAST_SLOTS ? nr - XN_NET_LEAST_SLOTS : 0;

	return n < want ? n : want;
}

/* What is free goes when the queue is polled; what is offered, with packets. */
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
	xn_gnttab_shrinker_add(&net->dev->guest->gnttab, &net->shrinker);
}

void xn_net_keep_refs(struct xn_net *net)
{
	xn_gnttab_shrinker_remove(&net->dev->guest->gnttab, &net->shrinker);
}
