// SPDX-License-Identifier: MIT
/*
 * The receive ring of a network frontend (xen-public/io/netif.h, "Guest
 * receive"): we offer pages, the backend copies packets into them. A packet is
 * one response for each of its pieces, and its details are in more responses
 * after the first.
 *
 * A response lies in the ring slot of its request. Our slots are used in turn,
 * as the ring's are, so a request's index gives its slot, whose number is the
 * request's id. The first rx_nr slots from rsp_cons on have a reference. Those
 * that are offered have a page, and others may have one. rx_nr follows the
 * traffic (slots.c). What is left in a slot after its response moves to the
 * end. A packet is checked as a whole before any of it is used.
 *
 * Called by the OS layer's poll function.
 */
#include "net.h"

#define RETRY_DELAY	(100 * XN_NSEC_PER_MSEC)

struct xn_net_rx_slot {
	void *page;		/* granted by ref; NULL: none */
	grant_ref_t ref;	/* XN_GRANT_INVALID: none */
};

_Static_assert(XN_NET_RING_SIZE * sizeof(struct xn_net_rx_slot) <=
	       XN_PAGE_SIZE, "the slots fit a page");
_Static_assert(sizeof(struct netif_extra_info) ==
	       sizeof(struct netif_rx_response), "netif.h says so");

static unsigned int rx_slot_id(RING_IDX idx)
{
	return idx & (XN_NET_RING_SIZE - 1);
}

static struct xn_net_rx_slot *rx_slot_at(struct xn_net_queue *q, RING_IDX idx)
{
	return &q->rx_slots[rx_slot_id(idx)];
}

static struct xn_channel *rx_channel(struct xn_net_queue *q)
{
	return q->net->info.split_events ? &q->rx_channel : &q->tx_channel;
}

/* ---- Pages in ---- */

static bool rx_slot_fill(struct xn_net_queue *q, struct xn_net_rx_slot *slot)
{
	if (slot->page)
		return true;
	slot->page = q->net->ops->rx_page(q);
	if (!slot->page) {
		q->rx_stats.no_page++;
		return false;
	}
	xn_gnttab_grant(xn_netq_gnttab(q), slot->ref, q->net->fe.dev->otherend_id,
			xn_os_gfn(slot->page), false);
	return true;
}

static void rx_refill(struct xn_net_queue *q)
{
	RING_IDX prod = q->rx.req_prod_pvt;
	evtchn_port_t port;
	bool notify;

	while (prod - q->rx.rsp_cons < q->rx_nr) {
		unsigned int id = rx_slot_id(prod);
		struct netif_rx_request *req;

		if (!rx_slot_fill(q, &q->rx_slots[id])) {
			xn_work_schedule(&q->rx_retry, RETRY_DELAY);
			break;
		}
		req = RING_GET_REQUEST(&q->rx, prod);
		req->id = id;
		req->pad = 0;
		req->gref = q->rx_slots[id].ref;
		prod++;
	}
	if (prod == q->rx.req_prod_pvt)
		return;
	q->rx.req_prod_pvt = prod;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&q->rx, notify);
	port = rx_channel(q)->port;
	/* At first there is no port yet, and no backend that waits. */
	if (!notify || !port)
		return;
	q->rx_stats.notifications++;
	if (xn_evtchn_send(port))
		xn_netq_refuse(q, "the backend cannot be notified");
}

void xn_net_rx_retry(struct xn_work *w)
{
	struct xn_net_queue *q = xn_container_of(w, struct xn_net_queue,
						 rx_retry);

	q->net->ops->poll(q);
}

/* ---- Open and close ---- */

/* Add one slot behind the others. */
static int rx_slot_add(struct xn_net_queue *q,
		       int (*alloc)(struct xn_gnttab *gt, grant_ref_t *ref))
{
	int err = alloc(xn_netq_gnttab(q),
			&rx_slot_at(q, q->rx.rsp_cons + q->rx_nr)->ref);

	q->rx_nr += !err;
	return err;
}

int xn_net_rx_open(struct xn_net_queue *q)
{
	struct netif_rx_sring *sring;
	int err;

	err = xn_shared_page_grant(&q->net->fe, false, &q->rx_ring);
	if (err)
		return err;
	sring = q->rx_ring.va;
	XEN_FRONT_RING_INIT(&q->rx, sring, XN_PAGE_SIZE);
	q->rx_seen = 0;
	q->rx_nr = 0;
	q->rx_give = 0;
	q->rx_slots = xn_os_page_alloc();
	if (!q->rx_slots)
		return -ENOMEM;
	while (!err && q->rx_nr < XN_NET_LEAST_SLOTS)
		err = rx_slot_add(q, xn_gnttab_get);
	if (err)
		return err;
	rx_refill(q);
	/* With fewer pages the largest packet could never arrive. */
	return q->rx.req_prod_pvt > XN_NET_MAX_PIECES ? 0 : -ENOMEM;
}

/*
 * Take the page out of a slot. Returns: the page, which is ours alone, or NULL
 * if the backend still uses it: the grant table then has page and reference.
 */
static void *rx_slot_take_page(struct xn_net_queue *q,
			       struct xn_net_rx_slot *slot)
{
	void *page = slot->page;

	slot->page = NULL;
	if (!xn_gnttab_end(xn_netq_gnttab(q), slot->ref))
		return page;
	q->net->ops->rx_page_lost(q, page);
	xn_gnttab_end_page(xn_netq_gnttab(q), slot->ref, page,
			   xn_os_page_free);
	slot->ref = XN_GRANT_INVALID;
	return NULL;
}

static void rx_slot_empty(struct xn_net_queue *q, struct xn_net_rx_slot *slot)
{
	void *page = slot->page ? rx_slot_take_page(q, slot) : NULL;

	if (page)
		q->net->ops->rx_page_put(q, page);
	if (slot->ref != XN_GRANT_INVALID)
		xn_gnttab_free(xn_netq_gnttab(q), slot->ref);
	slot->ref = XN_GRANT_INVALID;
}

void xn_net_rx_close(struct xn_net_queue *q)
{
	unsigned int i;

	if (q->rx_slots) {
		for (i = 0; i < XN_NET_RING_SIZE; i++)
			rx_slot_empty(q, &q->rx_slots[i]);
		xn_os_page_free(q->rx_slots);
		q->rx_slots = NULL;
	}
	q->rx.sring = NULL;
	xn_shared_page_end(&q->net->fe, &q->rx_ring);
}

/* ---- Packets out ---- */

/* Where a packet lies in the ring, and the slots of its pieces. */
struct chain {
	RING_IDX next;			/* the next response to look at */
	RING_IDX prod;			/* end of the backend's responses */
	uint8_t slot[XN_NET_MAX_PIECES];	/* of each piece */
	bool bad;			/* the backend met an error */
};

enum verdict {
	WHOLE,
	PARTIAL,	/* the rest is still to come */
	REFUSED,
};

static enum verdict rx_refuse(struct xn_net_queue *q, const char *what)
{
	xn_netq_refuse(q, what);
	return REFUSED;
}

/* A packet has at most one, for GSO: we have agreed on nothing else. */
static enum verdict packet_look_at_extra(struct xn_net_queue *q,
					 struct chain *c)
{
	struct xn_net_received *pkt = &q->rx_packet;
	struct netif_rx_response rsp;
	struct netif_extra_info extra;

	if (c->next == c->prod)
		return PARTIAL;
	RING_COPY_RESPONSE(&q->rx, c->next, &rsp);
	memcpy(&extra, &rsp, sizeof(extra));
	c->next++;
	if (q->net->config.no_gso || extra.type != XEN_NETIF_EXTRA_TYPE_GSO ||
	    (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE))
		return rx_refuse(q, "extra info that was not agreed on");
	if (extra.u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 &&
	    extra.u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6)
		return rx_refuse(q, "a GSO type that was not agreed on");
	if (!extra.u.gso.size)
		return rx_refuse(q, "a GSO size of 0");
	pkt->gso_type = extra.u.gso.type;
	pkt->gso_size = extra.u.gso.size;
	return WHOLE;
}

static enum verdict packet_look_at_piece(struct xn_net_queue *q, struct chain *c,
					 uint16_t *flags)
{
	struct xn_net_received *pkt = &q->rx_packet;
	struct netif_rx_response rsp;
	struct xn_net_piece *piece;
	unsigned int id = rx_slot_id(c->next);

	if (c->next == c->prod)
		return PARTIAL;
	if (pkt->nr == (q->net->config.no_sg ? 1 : XN_NET_MAX_PIECES))
		return rx_refuse(q, "a packet of too many pieces");
	RING_COPY_RESPONSE(&q->rx, c->next, &rsp);
	c->next++;
	*flags = rsp.flags;
	if (rsp.id != id)
		return rx_refuse(q, "a page that was not asked for");
	piece = &pkt->piece[pkt->nr];
	c->slot[pkt->nr] = id;
	pkt->nr++;
	if (rsp.status <= 0) {
		c->bad = true;
		return WHOLE;
	}
	if (rsp.offset > XN_PAGE_SIZE ||
	    rsp.status > (int)(XN_PAGE_SIZE - rsp.offset))
		return rx_refuse(q, "a piece that leaves its page");
	piece->page = q->rx_slots[id].page;
	piece->offset = rsp.offset;
	piece->len = rsp.status;
	pkt->len += piece->len;
	return WHOLE;
}

/* Look at the next packet. Changes nothing in the ring or its slots. */
static enum verdict packet_look_at(struct xn_net_queue *q, struct chain *c)
{
	struct xn_net_received *pkt = &q->rx_packet;
	enum verdict v;
	uint16_t flags;

	c->bad = false;
	pkt->nr = 0;
	pkt->len = 0;
	pkt->gso_type = XEN_NETIF_GSO_TYPE_NONE;
	pkt->gso_size = 0;
	v = packet_look_at_piece(q, c, &flags);
	if (v != WHOLE)
		return v;
	pkt->csum_blank = flags & NETRXF_csum_blank;
	pkt->data_validated = flags & NETRXF_data_validated;
	if (flags & NETRXF_extra_info) {
		v = packet_look_at_extra(q, c);
		if (v != WHOLE)
			return v;
	}
	while (flags & NETRXF_more_data) {
		v = packet_look_at_piece(q, c, &flags);
		if (v != WHOLE)
			return v;
		if (flags & NETRXF_extra_info)
			return rx_refuse(q, "extra info within a packet");
	}
	return WHOLE;
}

/* Take the packet's pages out of their slots, for the OS layer. */
static bool packet_take_pages(struct xn_net_queue *q, const struct chain *c)
{
	struct xn_net_received *pkt = &q->rx_packet;
	unsigned int i, n;

	for (n = 0; n < pkt->nr; n++)
		if (!rx_slot_take_page(q, &q->rx_slots[c->slot[n]]))
			break;
	if (n == pkt->nr)
		return true;
	for (i = 0; i < n; i++)
		q->net->ops->rx_page_put(q, pkt->piece[i].page);
	xn_netq_refuse(q, "a page with a packet is still in use");
	return false;
}

static void packet_deliver(struct xn_net_queue *q, const struct chain *c)
{
	struct xn_net_received *pkt = &q->rx_packet;

	/*
	 * The pages of a bad packet stay in their slots, to be offered again.
	 * No backend cuts a packet within its Ethernet header, but netif.h
	 * allows it: so that is an error of one packet, not of the device. The
	 * same holds for a packet without a checksum that waited until we
	 * connected.
	 */
	if (c->bad || pkt->piece[0].len < XN_NET_MIN_LEN ||
	    (pkt->csum_blank && q->net->config.no_csum)) {
		q->rx_stats.errors++;
		return;
	}
	pkt->lent = pkt->nr == 1 && pkt->len <= XN_NET_COPY;
	if (pkt->lent)
		q->rx_stats.copied++;
	else if (!packet_take_pages(q, c))
		return;
	q->rx_stats.packets++;
	q->rx_stats.bytes += pkt->len;
	q->net->ops->rx(q, pkt);
}

/* Move a slot whose response was taken to the end, or give it back. */
static void rx_slot_reuse(struct xn_net_queue *q, RING_IDX idx)
{
	struct xn_net_rx_slot *slot = rx_slot_at(q, idx), *end;
	unsigned int give = XN_READ_ONCE(q->rx_give);

	if (give && q->rx_nr > XN_NET_LEAST_SLOTS) {
		XN_WRITE_ONCE(q->rx_give, give - 1);
		rx_slot_empty(q, slot);
		q->rx_nr--;
		return;
	}
	end = rx_slot_at(q, idx + q->rx_nr);
	if (end == slot)
		return;
	*end = *slot;
	slot->page = NULL;
	slot->ref = XN_GRANT_INVALID;
}

/*
 * Double the slots if the backend has used more than half of them.
 * @offered: pages that it had
 * @seen: the end of its responses
 */
static void rx_grow(struct xn_net_queue *q, unsigned int offered, RING_IDX seen)
{
	unsigned int more = q->rx_nr;

	/* If pages are short, more slots are of no use. */
	if (offered < q->rx_nr ||
	    q->rx.req_prod_pvt - seen >= q->rx_nr / 2)
		return;
	while (more-- && q->rx_nr < q->net->config.rx_pages &&
	       !rx_slot_add(q, xn_gnttab_alloc_spare))
		;
}

unsigned int xn_net_rx_poll(struct xn_net_queue *q, unsigned int budget)
{
	struct chain c;
	unsigned int offered = q->rx.req_prod_pvt - q->rx.rsp_cons;
	unsigned int done = 0;
	RING_IDX idx;

	if (xn_netq_is_broken(q))
		return 0;
	c.prod = XN_READ_ONCE(q->rx.sring->rsp_prod);
	xn_rmb();	/* read responses after their index */
	if (c.prod - q->rx.rsp_cons > offered) {
		rx_refuse(q, "more packets than pages offered");
		return 0;
	}
	q->rx_seen = c.prod;
	while (q->rx.rsp_cons != c.prod) {
		enum verdict v;

		if (done == budget) {
			q->rx_seen = q->rx.rsp_cons;
			break;
		}
		c.next = q->rx.rsp_cons;
		v = packet_look_at(q, &c);
		if (v == REFUSED)
			return done;
		if (v == PARTIAL)
			break;
		q->rx_stats.slots += c.next - q->rx.rsp_cons;
		idx = q->rx.rsp_cons;
		q->rx.rsp_cons = c.next;
		packet_deliver(q, &c);
		for (; idx != c.next; idx++)
			rx_slot_reuse(q, idx);
		done++;
	}
	/* An event without a packet is no work: it could repeat for ever. */
	if (done)
		xn_channel_work(rx_channel(q));
	if (xn_netq_is_broken(q))
		return done;
	rx_grow(q, offered, c.prod);
	rx_refill(q);
	return done;
}

bool xn_net_rx_enable(struct xn_net_queue *q)
{
	if (xn_netq_is_broken(q))
		return false;
	XN_WRITE_ONCE(q->rx.sring->rsp_event, q->rx_seen + 1);
	xn_mb();	/* read the index after asking for an event */
	return XN_READ_ONCE(q->rx.sring->rsp_prod) != q->rx_seen;
}
