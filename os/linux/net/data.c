// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The way of packets through xenion-netfront.ko: socket buffers to scatter
 * lists, pages to socket buffers, and the poll function that drives both.
 */
#include <linux/etherdevice.h>
#include <linux/mm.h>
#include <linux/skbuff.h>

#include "net.h"

/* ---- transmission; under the lock of the Linux queue ---- */

/*
 * One piece more than a packet may have slots: the first few may share one.
 */
struct pieces {
	struct xn_sg sg[XN_NET_MAX_PIECES + 1];
	unsigned int nr;
};

/* Adds a range of the kernel's memory, cut at page boundaries. */
static bool tx_add_pieces(struct pieces *p, void *va, unsigned int len)
{
	while (len) {
		unsigned int n = min_t(unsigned int, len,
				       XN_PAGE_SIZE - offset_in_page(va));

		if (p->nr == ARRAY_SIZE(p->sg))
			return false;
		p->sg[p->nr].va = va;
		p->sg[p->nr].len = n;
		p->nr++;
		va += n;
		len -= n;
	}
	return true;
}

/*
 * Lists the memory of @skb. Returns false when the backend must not have it as
 * it is: too many pieces, or memory of the slab allocator, which lies beside
 * other things and cannot be pinned. (Short headers are copied by the engine.)
 */
static bool tx_list_pieces(struct pieces *p, const struct sk_buff *skb)
{
	unsigned int headlen = skb_headlen(skb);
	unsigned int i;

	p->nr = 0;
	if (headlen > XN_NET_COPY && !skb->head_frag)
		return false;
	if (!tx_add_pieces(p, skb->data, headlen))
		return false;
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		if (!tx_add_pieces(p, skb_frag_address(frag), skb_frag_size(frag)))
			return false;
	}
	return true;
}

/* A buffer with the data of @skb in pages that hold nothing else, or NULL. */
static struct sk_buff *tx_bounce(const struct sk_buff *skb, bool trusted)
{
	gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	struct sk_buff *copy;
	unsigned int i, at = 0;
	int err;

	/* An untrusted backend must not see what was in the pages before. */
	if (!trusted)
		gfp |= __GFP_ZERO;
	copy = alloc_skb_with_frags(0, skb->len, 0, &err, gfp);
	if (!copy)
		return NULL;
	for (i = 0; i < skb_shinfo(copy)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(copy)->frags[i];

		if (skb_copy_bits(skb, at, skb_frag_address(frag),
				  skb_frag_size(frag))) {
			kfree_skb(copy);
			return NULL;
		}
		at += skb_frag_size(frag);
	}
	copy->len = skb->len;
	copy->data_len = skb->len;
	return copy;
}

static void tx_describe(struct xn_net_packet *pkt, const struct sk_buff *skb)
{
	pkt->len = skb->len;
	pkt->csum_blank = skb->ip_summed == CHECKSUM_PARTIAL;
	pkt->data_validated = skb->ip_summed == CHECKSUM_UNNECESSARY;
	pkt->gso_type = XEN_NETIF_GSO_TYPE_NONE;
	if (!skb_is_gso(skb))
		return;
	pkt->gso_size = skb_shinfo(skb)->gso_size;
	pkt->gso_type = skb_shinfo(skb)->gso_type & SKB_GSO_TCPV6 ?
			XEN_NETIF_GSO_TYPE_TCPV6 : XEN_NETIF_GSO_TYPE_TCPV4;
}

/* Returns -EMSGSIZE when @skb cannot go as it is, but a copy can. */
static int tx_put(struct xnl_net_queue *nq, struct xn_net_packet *pkt,
		  struct sk_buff *skb)
{
	struct pieces p;

	if (!tx_list_pieces(&p, skb))
		return -EMSGSIZE;
	pkt->sg = p.sg;
	pkt->nr = p.nr;
	pkt->cookie = skb;
	return xn_net_tx(nq->q, pkt);
}

/*
 * A packet may have waited while the backend reconnected with fewer features: the
 * stack made it for the earlier ones.
 */
static int tx_checksum(const struct xn_net_info *info, struct sk_buff *skb)
{
	bool ipv6 = skb->protocol == htons(ETH_P_IPV6);

	if (likely(skb->ip_summed != CHECKSUM_PARTIAL ||
		   (ipv6 ? info->csum_ipv6 : info->csum_ipv4)))
		return 0;
	return skb_is_gso(skb) ? -EOPNOTSUPP : skb_checksum_help(skb);
}

/* Takes @skb over. */
static void tx_send(struct xnl_net_queue *nq, struct sk_buff *skb)
{
	bool trusted = nq->q->net->info.trusted;
	struct xn_net_packet pkt = { };
	struct sk_buff *copy;
	int err;

	if (tx_checksum(&nq->q->net->info, skb))
		goto drop;
	err = -EMSGSIZE;
	tx_describe(&pkt, skb);
	skb_tx_timestamp(skb);
	/* Short packets are copied by the engine anyway. */
	if (trusted || skb->len <= XN_NET_COPY)
		err = tx_put(nq, &pkt, skb);
	if (err == -EMSGSIZE) {
		copy = tx_bounce(skb, trusted);
		if (!copy)
			goto drop;
		/* netpoll sends with interrupts disabled. */
		dev_consume_skb_any(skb);
		skb = copy;
		nq->tx_bounced++;
		err = tx_put(nq, &pkt, skb);
	}
	if (!err)
		return;
drop:
	nq->tx_dropped++;
	dev_kfree_skb_any(skb);
}

netdev_tx_t xnl_net_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct xnl_net *nic = netdev_priv(dev);
	struct xnl_net_queue *nq = &nic->queue[skb_get_queue_mapping(skb)];
	bool more = netdev_xmit_more();

	tx_send(nq, skb);
	/* The poll function wakes it: what is in flight ends with an event. */
	if (xn_net_tx_room(nq->q) < XNL_NET_MAX_SLOTS)
		netif_tx_stop_queue(nq->txq);
	if (!more || netif_xmit_stopped(nq->txq))
		xn_net_tx_push(nq->q);
	return NETDEV_TX_OK;
}

void xnl_net_tx_done(struct xn_net_queue *q, void *cookie, int err)
{
	struct xnl_net_queue *nq = q->priv;

	if (err)
		dev_kfree_skb_any(cookie);
	else
		napi_consume_skb(cookie, nq->budget);
}

/* Granted pages are reference-counted: see tx_list_pieces(). */
void xnl_net_tx_pin(struct xn_net_queue *q, void *va)
{
	get_page(virt_to_head_page(va));
}

/* ---- reception; in the poll function ---- */

void *xnl_net_rx_page(struct xn_net_queue *q)
{
	struct xnl_net_queue *nq = q->priv;
	gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	struct page *page;

	/*
	 * The backend can read what was in it. A page from the allocator may
	 * hold anything. One that comes round in the pool has held a packet,
	 * which the stack may have decrypted in place.
	 */
	if (q->net->info.trusted)
		gfp |= __GFP_ZERO;
	page = page_pool_alloc_pages(nq->pool, gfp);
	if (!page)
		return NULL;
	if (!q->net->info.trusted)
		clear_page(page_address(page));
	return page_address(page);
}

void xnl_net_rx_page_put(struct xn_net_queue *q, void *page)
{
	struct xnl_net_queue *nq = q->priv;

	page_pool_put_full_page(nq->pool, virt_to_page(page), false);
}

void xnl_net_rx_page_lost(struct xn_net_queue *q, void *page)
{
	/*
	 * The pool does not take a page back that somebody else uses, too: it
	 * forgets the page, and the reference of here stays.
	 */
	get_page(virt_to_page(page));
	xnl_net_rx_page_put(q, page);
}

static void *rx_piece_data(const struct xn_net_piece *piece)
{
	return piece->page + piece->offset;
}

/* How much of a packet goes to the linear part of its buffer. */
static unsigned int rx_linear_len(struct xnl_net_queue *nq,
				  const struct xn_net_received *pkt)
{
	const struct xn_net_piece *first = &pkt->piece[0];

	if (pkt->lent || pkt->nr > MAX_SKB_FRAGS)
		return first->len;
	return eth_get_headlen(nq->napi.dev, rx_piece_data(first),
			       min_t(u32, first->len, XN_NET_COPY));
}

/* A buffer with the packet's data; it owns the pages that are not lent. */
static struct sk_buff *rx_build(struct xnl_net_queue *nq,
				const struct xn_net_received *pkt)
{
	unsigned int linear = rx_linear_len(nq, pkt);
	const struct xn_net_piece *piece = &pkt->piece[0];
	struct sk_buff *skb = napi_alloc_skb(&nq->napi, linear);
	unsigned int i;

	if (!skb)
		return NULL;
	memcpy(skb_put(skb, linear), rx_piece_data(piece), linear);
	if (pkt->lent)
		return skb;
	skb_mark_for_recycle(skb);
	if (piece->len == linear)
		xnl_net_rx_page_put(nq->q, piece->page);
	else
		skb_add_rx_frag(skb, 0, virt_to_page(piece->page),
				piece->offset + linear, piece->len - linear,
				XN_PAGE_SIZE);
	for (i = 1; i < pkt->nr; i++) {
		piece = &pkt->piece[i];
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags,
				virt_to_page(piece->page), piece->offset,
				piece->len, XN_PAGE_SIZE);
	}
	return skb;
}

/* Applies the backend's checksum flags. Returns 0 or an error: invalid. */
static int rx_checksum(struct sk_buff *skb, const struct xn_net_received *pkt)
{
	bool recalculate = false;

	if (pkt->gso_type) {
		skb_shinfo(skb)->gso_size = pkt->gso_size;
		skb_shinfo(skb)->gso_type = SKB_GSO_DODGY |
			(pkt->gso_type == XEN_NETIF_GSO_TYPE_TCPV6 ?
			 SKB_GSO_TCPV6 : SKB_GSO_TCPV4);
		/* GSO needs a blank checksum. */
		recalculate = !pkt->csum_blank;
	}
	if (pkt->csum_blank || recalculate) {
		skb->ip_summed = CHECKSUM_PARTIAL;
		return skb_checksum_setup(skb, recalculate);
	}
	if (pkt->data_validated)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	return 0;
}

void xnl_net_rx(struct xn_net_queue *q, const struct xn_net_received *pkt)
{
	struct xnl_net_queue *nq = q->priv;
	struct sk_buff *skb = rx_build(nq, pkt);
	unsigned int i;

	if (!skb) {
		nq->rx_dropped++;
		for (i = 0; !pkt->lent && i < pkt->nr; i++)
			xnl_net_rx_page_put(q, pkt->piece[i].page);
		return;
	}
	skb->protocol = eth_type_trans(skb, nq->napi.dev);
	skb_reset_network_header(skb);
	if (rx_checksum(skb, pkt)) {
		nq->rx_dropped++;
		kfree_skb(skb);
		return;
	}
	skb_record_rx_queue(skb, q->index);
	napi_gro_receive(&nq->napi, skb);
}

/* ---- both ---- */

static void tx_reap(struct xnl_net_queue *nq)
{
	__netif_tx_lock(nq->txq, smp_processor_id());
	xn_net_tx_reap(nq->q);
	if (netif_tx_queue_stopped(nq->txq) &&
	    xn_net_tx_room(nq->q) >= XNL_NET_MAX_SLOTS)
		netif_tx_wake_queue(nq->txq);
	__netif_tx_unlock(nq->txq);
}

static bool poll_enable_events(struct xnl_net_queue *nq)
{
	bool again;

	__netif_tx_lock(nq->txq, smp_processor_id());
	again = xn_net_tx_enable(nq->q);
	__netif_tx_unlock(nq->txq);
	return xn_net_rx_enable(nq->q) || again;
}

int xnl_net_poll(struct napi_struct *napi, int budget)
{
	struct xnl_net_queue *nq = container_of(napi, struct xnl_net_queue,
						napi);
	int done = 0;

	nq->budget = budget;
	tx_reap(nq);
	/* Without a budget (netpoll), only transmission is polled. */
	if (budget)
		done = xn_net_rx_poll(nq->q, budget);
	nq->budget = 0;
	if (done < budget && napi_complete_done(napi, done) && poll_enable_events(nq))
		napi_schedule(napi);
	return done;
}
