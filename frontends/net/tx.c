// SPDX-License-Identifier: MIT
/*
 * The transmit ring of a network frontend (xen-public/io/netif.h, "Guest
 * transmit"): a packet is one request for each of its pieces, with one for the
 * details of GSO after the first.
 *
 * The start of a packet, if it is short, is copied into a page that stays
 * granted; other pieces are granted one by one, read-only, each by the
 * reference of its slot. A packet keeps its first slot until all are answered.
 * There are as many slots with a reference as traffic needs: slots.c.
 *
 * Called by a port: transmission, and its poll function.
 */
#include "net.h"

#define NO_SLOT	XN_NET_RING_SIZE

/* A request's private half. Its index is the request's id. */
struct xn_net_tx_slot {
	void *cookie;		/* in the first slot of a packet */
	void *va;		/* granted by ref; NULL: the slot's copy */
	uint32_t epoch;		/* the queue's, when it was used */
	grant_ref_t ref;	/* the slot's own, XN_GRANT_INVALID: none */
	uint16_t next;		/* free, or without a reference, too */
	uint16_t head;		/* first slot of the packet */
	uint16_t left;		/* in it: slots that are not answered */
	bool inflight;		/* not answered */
	bool failed;		/* in the first: some answer was an error */
};

#define SLOTS_PER_PAGE	(XN_PAGE_SIZE / sizeof(struct xn_net_tx_slot))
#define SLOTS_PER_COPY	(XN_PAGE_SIZE / XN_NET_COPY)

_Static_assert(XN_NET_TX_SLOT_PAGES * SLOTS_PER_PAGE == XN_NET_RING_SIZE,
	       "the slots fill their pages");
_Static_assert(sizeof(struct netif_extra_info) <=
	       sizeof(struct netif_tx_request), "netif.h says so");

static struct xn_net_tx_slot *tx_slot(const struct xn_net_queue *q,
				      unsigned int id)
{
	return &q->tx_slots[id / SLOTS_PER_PAGE][id % SLOTS_PER_PAGE];
}

static uint32_t offset_in_page(const void *va)
{
	return (unsigned long)va & (XN_PAGE_SIZE - 1);
}

/* ---- Open and close ---- */

static void tx_slot_free(struct xn_net_queue *q, unsigned int id)
{
	tx_slot(q, id)->next = q->tx_free;
	q->tx_free = id;
	q->tx_nr_free++;
}

/* One slot more gets a reference. -ENOSPC: all have one, or there is none. */
static int tx_slot_arm(struct xn_net_queue *q,
		       int (*alloc)(struct xn_gnttab *gt, grant_ref_t *ref))
{
	unsigned int id = q->tx_unarmed;
	unsigned int next;
	int err;

	if (id == NO_SLOT)
		return -ENOSPC;
	next = tx_slot(q, id)->next;
	err = alloc(xn_net_gnttab(q), &tx_slot(q, id)->ref);
	if (err)
		return err;
	q->tx_unarmed = next;
	q->tx_nr++;
	tx_slot_free(q, id);
	return 0;
}

static void tx_slot_disarm(struct xn_net_queue *q)
{
	unsigned int id = q->tx_free;
	struct xn_net_tx_slot *slot = tx_slot(q, id);

	q->tx_free = slot->next;
	q->tx_nr_free--;
	q->tx_nr--;
	xn_gnttab_free(xn_net_gnttab(q), slot->ref);
	slot->ref = XN_GRANT_INVALID;
	slot->next = q->tx_unarmed;
	q->tx_unarmed = id;
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
	q->tx_free = NO_SLOT;
	q->tx_nr_free = 0;
	q->tx_nr = 0;
	q->tx_give = 0;
	q->tx_extras = 0;
	q->tx_unarmed = 0;
	for (i = 0; i < XN_NET_RING_SIZE; i++)
		tx_slot(q, i)->next = i + 1;
	while (!err && q->tx_nr < XN_NET_LEAST_SLOTS)
		err = tx_slot_arm(q, xn_gnttab_get);
	return err;
}

int xn_net_tx_open(struct xn_net_queue *q)
{
	struct netif_tx_sring *sring;
	unsigned int i;
	void *page;
	int err;

	err = xn_net_page_share(q, false, &page, &q->tx_ring_ref);
	if (err)
		return err;
	sring = page;
	XEN_FRONT_RING_INIT(&q->tx, sring, XN_PAGE_SIZE);
	for (i = 0; i < XN_NET_COPY_PAGES; i++) {
		err = xn_net_page_share(q, true, &page, &q->copy_ref[i]);
		if (err)
			return err;
		q->copy[i] = page;
	}
	return tx_slots_alloc(q);
}

/*
 * Returns: 0 or -EBUSY; then slot and memory are not to be used again, and the
 * reference is the grant table's.
 */
static int tx_slot_end(struct xn_net_queue *q, struct xn_net_tx_slot *slot)
{
	void *va = slot->va;

	slot->va = NULL;
	if (!va || !xn_gnttab_end(xn_net_gnttab(q), slot->ref))
		return 0;
	q->net->ops->tx_pin(q, va);
	xn_gnttab_end_page(xn_net_gnttab(q), slot->ref, va,
			   q->net->ops->tx_unpin);
	slot->ref = XN_GRANT_INVALID;
	return -EBUSY;
}

/* What is on its way does not arrive any more. */
static void tx_cancel_all(struct xn_net_queue *q)
{
	struct xn_net_tx_slot *slot;
	unsigned int i;

	for (i = 0; i < XN_NET_RING_SIZE; i++)
		tx_slot_end(q, tx_slot(q, i));
	for (i = 0; i < XN_NET_RING_SIZE; i++) {
		slot = tx_slot(q, i);
		if (slot->left)
			q->net->ops->tx_done(q, slot->cookie, -ESHUTDOWN);
		if (slot->ref != XN_GRANT_INVALID)
			xn_gnttab_free(xn_net_gnttab(q), slot->ref);
	}
}

void xn_net_tx_close(struct xn_net_queue *q)
{
	unsigned int i;

	xn_work_cancel(&q->stall_work);
	q->stall_watched = false;
	q->late = 0;
	/* The last page of slots was there before any reference was. */
	if (q->tx_slots[XN_NET_TX_SLOT_PAGES - 1])
		tx_cancel_all(q);
	for (i = 0; i < XN_NET_TX_SLOT_PAGES; i++) {
		xn_os_page_free(q->tx_slots[i]);
		q->tx_slots[i] = NULL;
	}
	for (i = 0; i < XN_NET_COPY_PAGES; i++) {
		xn_net_page_unshare(q, q->copy[i], q->copy_ref[i]);
		q->copy[i] = NULL;
	}
	xn_net_page_unshare(q, q->tx.sring, q->tx_ring_ref);
	q->tx.sring = NULL;
}

/* ---- Sending ---- */

/* How a packet will lie in the ring. */
struct layout {
	unsigned int copied;	/* pieces that go into the first slot's copy */
	uint32_t copied_len;	/* their bytes */
	unsigned int slots;	/* with an id */
};

/* Also looks whether the pieces can be. */
static int packet_lay_out(const struct xn_net_packet *pkt, struct layout *l)
{
	uint32_t len = 0;
	unsigned int i;

	l->copied = 0;
	l->copied_len = 0;
	for (i = 0; i < pkt->nr; i++) {
		const struct xn_sg *sg = &pkt->sg[i];

		if (!sg->len || sg->len > XN_PAGE_SIZE - offset_in_page(sg->va))
			return -EINVAL;
		len += sg->len;
		if (i == l->copied && len <= XN_NET_COPY) {
			l->copied++;
			l->copied_len = len;
		}
	}
	if (len != pkt->len || len < XN_NET_MIN_LEN ||
	    len > XEN_NETIF_MAX_TX_SIZE)
		return -EINVAL;
	l->slots = pkt->nr - l->copied + (l->copied ? 1 : 0);
	return 0;
}

static bool packet_gso_ok(const struct xn_net_info *info,
			  const struct xn_net_packet *pkt)
{
	switch (pkt->gso_type) {
	case XEN_NETIF_GSO_TYPE_NONE:
		return true;
	case XEN_NETIF_GSO_TYPE_TCPV4:
		return info->gso_tcpv4 && pkt->gso_size && pkt->csum_blank;
	case XEN_NETIF_GSO_TYPE_TCPV6:
		return info->gso_tcpv6 && pkt->gso_size && pkt->csum_blank;
	default:
		return false;
	}
}

/* Makes the next request, in a free slot of packet @head. */
static struct xn_net_tx_slot *tx_request(struct xn_net_queue *q,
					 unsigned int head,
					 struct netif_tx_request **req)
{
	unsigned int id = q->tx_free;
	struct xn_net_tx_slot *slot = tx_slot(q, id);

	q->tx_free = slot->next;
	q->tx_nr_free--;
	slot->head = head;
	slot->epoch = XN_READ_ONCE(q->epoch);
	XN_WRITE_ONCE(slot->inflight, true);
	*req = RING_GET_REQUEST(&q->tx, q->tx.req_prod_pvt);
	q->tx.req_prod_pvt++;
	(*req)->id = id;
	return slot;
}

static void tx_add_granted(struct xn_net_queue *q, unsigned int head,
			   const struct xn_sg *sg, uint32_t size, uint16_t flags)
{
	struct netif_tx_request *req;
	struct xn_net_tx_slot *slot = tx_request(q, head, &req);

	slot->va = sg->va;
	xn_gnttab_grant(xn_net_gnttab(q), slot->ref,
			q->net->dev->otherend_id, xn_os_gfn(sg->va), true);
	req->gref = slot->ref;
	req->offset = offset_in_page(sg->va);
	req->size = size;
	req->flags = flags;
}

static void tx_add_copied(struct xn_net_queue *q, unsigned int head,
			  const struct xn_sg *sg, unsigned int nr, uint32_t size,
			  uint16_t flags)
{
	uint32_t offset = head % SLOTS_PER_COPY * XN_NET_COPY;
	uint8_t *to = q->copy[head / SLOTS_PER_COPY] + offset;
	struct netif_tx_request *req;
	unsigned int i;

	tx_request(q, head, &req);
	req->gref = q->copy_ref[head / SLOTS_PER_COPY];
	req->offset = offset;
	req->size = size;
	req->flags = flags;
	for (i = 0; i < nr; i++) {
		memcpy(to, sg[i].va, sg[i].len);
		to += sg[i].len;
	}
	q->tx_stats.copied++;
}

static void tx_add_gso(struct xn_net_queue *q, const struct xn_net_packet *pkt)
{
	struct netif_extra_info extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso.size = pkt->gso_size,
		.u.gso.type = pkt->gso_type,
	};

	memcpy(RING_GET_REQUEST(&q->tx, q->tx.req_prod_pvt), &extra,
	       sizeof(extra));
	q->tx.req_prod_pvt++;
	q->tx_extras++;
}

static uint16_t packet_flags(const struct xn_net_packet *pkt)
{
	uint16_t flags = 0;

	/* "Blank" is to a backend a kind of "validated". */
	if (pkt->csum_blank)
		flags |= NETTXF_csum_blank | NETTXF_data_validated;
	else if (pkt->data_validated)
		flags |= NETTXF_data_validated;
	if (pkt->gso_type)
		flags |= NETTXF_extra_info;
	return flags;
}

unsigned int xn_net_tx_room(const struct xn_net_queue *q)
{
	unsigned int ring = RING_FREE_REQUESTS(&q->tx);

	return ring < q->tx_nr_free ? ring : q->tx_nr_free;
}

int xn_net_tx(struct xn_net_queue *q, const struct xn_net_packet *pkt)
{
	const struct xn_net_info *info = &q->net->info;
	unsigned int head = q->tx_free;
	struct xn_net_tx_slot *slot;
	struct layout l;
	unsigned int i;
	uint16_t flags;
	int err;

	if (XN_READ_ONCE(q->net->broken))
		return -EIO;
	err = packet_lay_out(pkt, &l);
	if (err)
		return err;
	if (!packet_gso_ok(info, pkt))
		return -EINVAL;
	if (l.slots > (info->sg ? XN_NET_MAX_PIECES : 1))
		return -EMSGSIZE;
	if (xn_net_tx_room(q) < l.slots + (pkt->gso_type ? 1 : 0))
		return -EBUSY;

	slot = tx_slot(q, head);
	slot->cookie = pkt->cookie;
	slot->left = l.slots;
	slot->failed = false;

	/* The first request tells the size of the whole packet. */
	flags = packet_flags(pkt) | (l.slots > 1 ? NETTXF_more_data : 0);
	i = l.copied;
	if (i)
		tx_add_copied(q, head, pkt->sg, i, pkt->len, flags);
	else
		tx_add_granted(q, head, &pkt->sg[i++], pkt->len, flags);
	if (pkt->gso_type)
		tx_add_gso(q, pkt);
	for (; i < pkt->nr; i++)
		tx_add_granted(q, head, &pkt->sg[i], pkt->sg[i].len,
			       i + 1 < pkt->nr ? NETTXF_more_data : 0);

	q->tx_stats.packets++;
	q->tx_stats.bytes += pkt->len;
	q->tx_stats.slots += l.slots + (pkt->gso_type ? 1 : 0);
	return 0;
}

static void tx_watch_stall(struct xn_net_queue *q)
{
	XN_WRITE_ONCE(q->stall_watched, true);
	xn_work_schedule(&q->stall_work,
			 XN_NET_STALL_PERIOD * XN_NSEC_PER_SEC);
}

void xn_net_tx_push(struct xn_net_queue *q)
{
	bool notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&q->tx, notify);
	/* After a barrier: see xn_net_look_for_stall(). */
	if (!XN_READ_ONCE(q->stall_watched))
		tx_watch_stall(q);
	if (!notify)
		return;
	q->tx_stats.notify++;
	/* Packets that nobody hears of would wait for ever. */
	if (xn_evtchn_send(q->tx_port))
		xn_net_refuse(q->net, "the backend cannot be notified");
}

/* ---- Packets that nobody answers ---- */

static bool tx_is_late(const struct xn_net_queue *q,
		       const struct xn_net_tx_slot *slot)
{
	/* The period that it was sent in is not a whole one. */
	return XN_READ_ONCE(slot->inflight) &&
	       q->epoch - XN_READ_ONCE(slot->epoch) >
	       XN_NET_STALL_SECONDS / XN_NET_STALL_PERIOD;
}

/*
 * There is no timeout in xen-public/io/netif.h, and no way to take a packet
 * back but to leave. That nobody answers is told, once. While we send: a race
 * with that costs or adds a count, and the next look sets it right.
 */
void xn_net_look_for_stall(struct xn_work *work)
{
	struct xn_net_queue *q = xn_container_of(work, struct xn_net_queue,
						 stall_work);
	unsigned int id, late = 0, inflight = 0;

	if (XN_READ_ONCE(q->net->broken))
		return;
	XN_WRITE_ONCE(q->stall_watched, false);
	/* A packet that is sent from now on makes it be watched again. */
	xn_mb();
	XN_WRITE_ONCE(q->epoch, q->epoch + 1);
	for (id = 0; id < XN_NET_RING_SIZE; id++) {
		inflight += XN_READ_ONCE(tx_slot(q, id)->inflight);
		late += tx_is_late(q, tx_slot(q, id));
	}
	/* Answered, but we do not listen, as an interface that is down. */
	if (XN_READ_ONCE(q->tx.sring->rsp_prod) != XN_READ_ONCE(q->tx.rsp_cons))
		late = 0;
	if (inflight)
		tx_watch_stall(q);
	if (late && !q->late) {
		q->tx_stats.stalled++;
		xn_os_log(XN_WARN,
			  "%s: no answer to packets for %u seconds: does the backend still run?",
			  q->net->dev->node, XN_NET_STALL_SECONDS);
	}
	q->late = late;
}

/* ---- Taking back ---- */

/* Returns: the packets that this makes done, 0 or 1; -EPROTO. */
static int tx_take_response(struct xn_net_queue *q,
			    const struct netif_tx_response *rsp)
{
	struct xn_net_tx_slot *slot, *head;
	unsigned int id = rsp->id;
	unsigned int head_id;

	if (rsp->status == NETIF_RSP_NULL) {
		if (!q->tx_extras) {
			xn_net_refuse(q->net, "an answer to nothing");
			return -EPROTO;
		}
		q->tx_extras--;
		return 0;
	}
	if (id >= XN_NET_RING_SIZE || !tx_slot(q, id)->inflight) {
		xn_net_refuse(q->net, "an answer to a packet that was not sent");
		return -EPROTO;
	}
	slot = tx_slot(q, id);
	if (tx_slot_end(q, slot)) {
		/* Unanswered, for the time being: its packet stays ours. */
		xn_net_refuse(q->net, "an answered packet is still in use");
		return -EPROTO;
	}
	XN_WRITE_ONCE(slot->inflight, false);
	head_id = slot->head;
	head = tx_slot(q, head_id);
	if (rsp->status != NETIF_RSP_OKAY)
		head->failed = true;
	if (id != head_id)
		tx_slot_free(q, id);
	if (--head->left)
		return 0;
	tx_slot_free(q, head_id);
	if (head->failed)
		q->tx_stats.errors++;
	q->net->ops->tx_done(q, head->cookie, head->failed ? -EIO : 0);
	return 1;
}

/* As many slots as the traffic since the last time needed. */
static void tx_resize(struct xn_net_queue *q, bool starved)
{
	unsigned int give = XN_READ_ONCE(q->tx_give);
	unsigned int more = starved ? q->tx_nr : 0;

	if (give)
		XN_WRITE_ONCE(q->tx_give, 0);
	for (; give && q->tx_nr_free && q->tx_nr > XN_NET_LEAST_SLOTS; give--)
		tx_slot_disarm(q);
	while (more-- && !tx_slot_arm(q, xn_gnttab_alloc_spare))
		;
}

unsigned int xn_net_tx_reap(struct xn_net_queue *q)
{
	struct netif_tx_response rsp;
	RING_IDX prod, cons = q->tx.rsp_cons;
	/* There was no room for a packet of the largest size. */
	bool starved = q->tx_nr_free <= XN_NET_MAX_PIECES;
	unsigned int done = 0;

	if (XN_READ_ONCE(q->net->broken))
		return 0;
	prod = XN_READ_ONCE(q->tx.sring->rsp_prod);
	xn_rmb();	/* responses after their index */
	if (prod - cons > q->tx.req_prod_pvt - cons) {
		xn_net_refuse(q->net, "more answers than packets sent");
		return 0;
	}
	if (cons != prod)
		xn_backoff_work(&q->tx_backoff);
	while (cons != prod) {
		int n;

		RING_COPY_RESPONSE(&q->tx, cons, &rsp);
		n = tx_take_response(q, &rsp);
		if (n < 0)
			break;
		done += n;
		cons++;
	}
	q->tx.rsp_cons = cons;
	tx_resize(q, starved);
	return done;
}

bool xn_net_tx_enable(struct xn_net_queue *q)
{
	RING_IDX cons = q->tx.rsp_cons;

	if (XN_READ_ONCE(q->net->broken))
		return false;
	/* Halfway: fewer events than packets, and the ring never runs dry. */
	XN_WRITE_ONCE(q->tx.sring->rsp_event,
		      cons + ((q->tx.req_prod_pvt - cons) >> 1) + 1);
	xn_mb();	/* the index after our wish to be told */
	return XN_READ_ONCE(q->tx.sring->rsp_prod) != cons;
}
