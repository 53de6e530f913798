// SPDX-License-Identifier: MIT
/*
 * The transmit ring of a network frontend (xen-public/io/netif.h, "Guest
 * transmit"): a packet is one request for each of its pieces, and one more for
 * the details of GSO after the first.
 *
 * The start of a packet, if it is short, is copied into a page that stays
 * granted; other pieces are granted one by one, read-only, each by the
 * reference of its slot. A packet keeps its first slot until all are answered.
 * There are as many slots with a reference as traffic needs: slots.c.
 *
 * Called by the OS layer's functions for transmission and polling.
 */
#include "net.h"

#define SLOTS_PER_COPY	(XN_PAGE_SIZE / XN_NET_COPY)

_Static_assert(sizeof(struct netif_extra_info) <=
	       sizeof(struct netif_tx_request), "netif.h says so");

static uint32_t va_offset(const void *va)
{
	return (unsigned long)va & (XN_PAGE_SIZE - 1);
}

/* ---- Sending ---- */

/* How a packet will lie in the ring. */
struct layout {
	unsigned int copied;	/* pieces that go into the first slot's copy */
	uint32_t copied_len;	/* their bytes */
	unsigned int slots;	/* requests that have an id */
};

/* Decide how a packet will lie in the ring. Also checks its pieces. */
static int packet_lay_out(const struct xn_net_packet *pkt, struct layout *l)
{
	uint32_t len = 0;
	unsigned int i;

	l->copied = 0;
	l->copied_len = 0;
	for (i = 0; i < pkt->nr; i++) {
		const struct xn_sg *sg = &pkt->sg[i];

		if (!sg->len || sg->len > XN_PAGE_SIZE - va_offset(sg->va))
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

/* Make the next request of packet @head, in a free slot. */
static struct xn_net_tx_slot *tx_request(struct xn_net_queue *q,
					 unsigned int head,
					 struct netif_tx_request **req)
{
	unsigned int id = q->tx_free;
	struct xn_net_tx_slot *slot = xn_net_tx_slot(q, id);

	q->tx_free = slot->next;
	q->tx_nr_free--;
	slot->head = head;
	XN_WRITE_ONCE(slot->epoch, XN_READ_ONCE(q->stall.epoch));
	slot->inflight = true;
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
	xn_gnttab_grant(xn_netq_gnttab(q), slot->ref,
			q->net->fe.dev->otherend_id, xn_os_gfn(sg->va), true);
	req->gref = slot->ref;
	req->offset = va_offset(sg->va);
	req->size = size;
	req->flags = flags;
}

static void tx_add_copied(struct xn_net_queue *q, unsigned int head,
			  const struct xn_sg *sg, unsigned int nr, uint32_t size,
			  uint16_t flags)
{
	const struct xn_shared_page *copy = &q->copy[head / SLOTS_PER_COPY];
	uint32_t offset = head % SLOTS_PER_COPY * XN_NET_COPY;
	uint8_t *to = (uint8_t *)copy->va + offset;
	struct netif_tx_request *req;
	unsigned int i;

	tx_request(q, head, &req);
	req->gref = copy->ref;
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

	/* A backend expects "validated" with "blank". */
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

	if (xn_netq_is_broken(q))
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

	slot = xn_net_tx_slot(q, head);
	slot->cookie = pkt->cookie;
	slot->failed = false;

	/* The first request has the size of the whole packet. */
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
	/* Last: from now on the stall clock counts it. */
	XN_WRITE_ONCE(slot->left, l.slots);

	q->tx_stats.packets++;
	q->tx_stats.bytes += pkt->len;
	q->tx_stats.slots += l.slots + (pkt->gso_type ? 1 : 0);
	return 0;
}

void xn_net_tx_push(struct xn_net_queue *q)
{
	bool notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&q->tx, notify);
	/* Requests first, then a barrier: the above has one. */
	xn_stall_check(&q->stall);
	if (!notify)
		return;
	q->tx_stats.notifications++;
	/* Packets of which the backend gets no event would wait for ever. */
	if (xn_evtchn_send(q->tx_channel.port))
		xn_netq_refuse(q, "the backend cannot be notified");
}

/*
 * Called by the work of q->stall while packets are sent. It may miscount, which
 * the next period corrects.
 */
bool xn_net_tx_count_late(struct xn_stall *stall, unsigned int *late)
{
	struct xn_net_queue *q = xn_container_of(stall, struct xn_net_queue,
						 stall);
	unsigned int id;
	bool any = false;

	for (id = 0; id < XN_NET_RING_SIZE; id++) {
		const struct xn_net_tx_slot *slot = xn_net_tx_slot(q, id);

		if (!XN_READ_ONCE(slot->left))
			continue;
		any = true;
		*late += xn_stall_is_late(stall, XN_READ_ONCE(slot->epoch));
	}
	/* There are answers, but nobody polls: the interface is down. */
	if (XN_READ_ONCE(q->tx.sring->rsp_prod) != XN_READ_ONCE(q->tx.rsp_cons))
		*late = 0;
	return any;
}

/* ---- Taking back ---- */

/* Returns: how many packets this response completes, 0 or 1; or -EPROTO. */
static int tx_take_response(struct xn_net_queue *q,
			    const struct netif_tx_response *rsp)
{
	struct xn_net_tx_slot *slot, *head;
	unsigned int id = rsp->id;
	unsigned int head_id;

	if (rsp->status == NETIF_RSP_NULL) {
		if (!q->tx_extras) {
			xn_netq_refuse(q, "an answer to nothing");
			return -EPROTO;
		}
		q->tx_extras--;
		return 0;
	}
	if (id >= XN_NET_RING_SIZE || !xn_net_tx_slot(q, id)->inflight) {
		xn_netq_refuse(q, "an answer to a packet that was not sent");
		return -EPROTO;
	}
	slot = xn_net_tx_slot(q, id);
	if (xn_net_tx_slot_end(q, slot)) {
		/* The slot counts as unanswered, so its packet stays ours. */
		xn_netq_refuse(q, "an answered packet is still in use");
		return -EPROTO;
	}
	slot->inflight = false;
	head_id = slot->head;
	head = xn_net_tx_slot(q, head_id);
	if (rsp->status != NETIF_RSP_OKAY)
		head->failed = true;
	if (id != head_id)
		xn_net_tx_slot_free(q, id);
	XN_WRITE_ONCE(head->left, head->left - 1);
	if (head->left)
		return 0;
	xn_net_tx_slot_free(q, head_id);
	if (head->failed)
		q->tx_stats.errors++;
	q->net->ops->tx_done(q, head->cookie, head->failed ? -EIO : 0);
	return 1;
}

/* Adapt the number of slots to the traffic since the last call. */
static void tx_resize(struct xn_net_queue *q, bool starved)
{
	unsigned int give = XN_READ_ONCE(q->tx_give);
	unsigned int more = starved ? q->tx_nr : 0;

	if (give)
		XN_WRITE_ONCE(q->tx_give, 0);
	for (; give && q->tx_nr_free && q->tx_nr > XN_NET_LEAST_SLOTS; give--)
		xn_net_tx_slot_disarm(q);
	while (more-- && !xn_net_tx_slot_arm(q, xn_gnttab_alloc_spare))
		;
}

unsigned int xn_net_tx_reap(struct xn_net_queue *q)
{
	struct netif_tx_response rsp;
	RING_IDX prod, cons = q->tx.rsp_cons;
	/* There was no room for a packet of the largest size. */
	bool starved = q->tx_nr_free <= XN_NET_MAX_PIECES;
	unsigned int done = 0;

	if (xn_netq_is_broken(q))
		return 0;
	prod = XN_READ_ONCE(q->tx.sring->rsp_prod);
	xn_rmb();	/* read responses after their index */
	if (prod - cons > q->tx.req_prod_pvt - cons) {
		xn_netq_refuse(q, "more answers than packets sent");
		return 0;
	}
	if (cons != prod)
		xn_channel_work(&q->tx_channel);
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

	if (xn_netq_is_broken(q))
		return false;
	/* After half of them: few events, and the ring never runs dry. */
	XN_WRITE_ONCE(q->tx.sring->rsp_event,
		      cons + ((q->tx.req_prod_pvt - cons) >> 1) + 1);
	xn_mb();	/* read the index after asking for an event */
	return XN_READ_ONCE(q->tx.sring->rsp_prod) != cons;
}
