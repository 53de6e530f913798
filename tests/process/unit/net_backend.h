/* SPDX-License-Identifier: MIT */
/*
 * A scripted network backend in domain 0, and a guest with the network
 * frontend, for test_net*.c. The backend does what Linux's does, unless a test
 * makes it slow or makes it lie.
 */
#ifndef XENION_NET_BACKEND_H
#define XENION_NET_BACKEND_H

#include "be_bus.h"
#include <xenion/netfront.h>

#define FRONT		"device/vif/0"
#define RING		XN_NET_RING_SIZE
#define MAX_FRAME	(XN_NET_MAX_PIECES * 4096)

/* ---- the backend ---- */

struct be_queue {
	struct backend *b;
	grant_ref_t tx_ref, rx_ref;
	struct netif_tx_sring *tx;
	struct netif_rx_sring *rx;
	RING_IDX tx_cons, tx_prod, rx_cons, rx_prod;
	struct host_port *tx_port, *rx_port;
	struct netif_rx_request pages[RING];	/* taken from the rx ring */
	void *held[RING];		/* what is mapped, by tx id */
	grant_ref_t held_ref[RING];
};

/* One packet as the backend saw it. */
struct frame {
	uint8_t data[MAX_FRAME];
	uint32_t len;
	uint16_t flags;			/* of the first request */
	unsigned int slots;		/* requests, without extra info */
	struct netif_extra_info gso;
	uint16_t ids[XN_NET_MAX_PIECES];
};

struct backend {
	struct be_bus bus;	/* .hold: packets are read, but not answered */

	/* Set by tests */
	bool keep;		/* map packets, and keep them mapped */
	int16_t tx_status;

	/* What the backend saw */
	unsigned int nr_queues, tx_notified, rx_notified, tx_packets;
	struct frame last;
	struct be_queue queue[XN_NET_MAX_QUEUES];
};

/* -- the guest's transmit ring -- */

/* Show the guest @n more responses than it has seen. */
static inline void be_tx_push(struct be_queue *q, unsigned int n)
{
	RING_IDX old = q->tx_prod;

	q->tx_prod += n;
	q->tx->rsp_prod = q->tx_prod;
	if (be_crossed(q->tx_prod, old, q->tx->rsp_event))
		host_port_notify(q->tx_port);
}

/* Write a response at the place after @ahead others; does not show it. */
static inline void be_tx_put(struct be_queue *q, unsigned int ahead,
			     uint16_t id, int16_t status)
{
	struct netif_tx_response *rsp =
		&q->tx->ring[(q->tx_prod + ahead) % RING].rsp;

	rsp->id = id;
	rsp->status = status;
}

static inline void be_tx_read(struct be_queue *q, struct frame *f,
			      const struct netif_tx_request *req,
			      uint32_t size)
{
	struct backend *b = q->b;

	/* To Linux, anything else is a fatal error of the frontend. */
	assert_true(req->offset + size <= 4096);
	assert_true(f->len + size <= MAX_FRAME);
	assert_true(f->slots < XN_NET_MAX_PIECES);
	assert_true(req->id < RING);
	assert_int_equal(host_gnttab_read(b->bus.g, 0, req->gref, req->offset,
					  f->data + f->len, size), 0);
	assert_null(host_gnttab_map(b->bus.g, 0, req->gref, true));
	if (b->keep) {
		q->held[req->id] = host_gnttab_map(b->bus.g, 0, req->gref,
						   false);
		q->held_ref[req->id] = req->gref;
		assert_non_null(q->held[req->id]);
	}
	f->ids[f->slots++] = req->id;
	f->len += size;
}

static inline void be_tx_unhold(struct be_queue *q, uint16_t id)
{
	if (q->held[id])
		host_gnttab_unmap(q->b->bus.g, q->held_ref[id], false);
	q->held[id] = NULL;
}

/* Takes one packet. Returns: the number of its ring slots. */
static inline unsigned int be_tx_take(struct be_queue *q, struct frame *f)
{
	struct netif_tx_request first, req;
	RING_IDX at = q->tx_cons;
	uint32_t total, rest;

	memset(f, 0, sizeof(*f));
	first = q->tx->ring[at++ % RING].req;
	f->flags = first.flags;
	total = first.size;
	if (first.flags & NETTXF_extra_info)
		memcpy(&f->gso, &q->tx->ring[at++ % RING], sizeof(f->gso));

	/* The first request has the size of the whole packet. */
	rest = total;
	req = first;
	while (req.flags & NETTXF_more_data) {
		RING_IDX next = at + f->slots;

		req = q->tx->ring[next % RING].req;
		assert_true(req.size < rest);
		rest -= req.size;
		f->slots++;
	}
	f->slots = 0;
	be_tx_read(q, f, &first, rest);
	while (f->len < total) {
		req = q->tx->ring[at++ % RING].req;
		be_tx_read(q, f, &req, req.size);
	}
	return at - q->tx_cons;
}

static inline void be_tx_answer(struct be_queue *q, const struct frame *f)
{
	unsigned int n = 0, i;

	for (i = 0; i < f->slots; i++) {
		be_tx_put(q, n++, f->ids[i], q->b->tx_status);
		if (!i && f->flags & NETTXF_extra_info)
			be_tx_put(q, n++, 0xffff, NETIF_RSP_NULL);
	}
	be_tx_push(q, n);
}

static inline void be_tx_run(struct be_queue *q)
{
	struct backend *b = q->b;

	while (q->tx && q->tx_cons != q->tx->req_prod) {
		q->tx_cons += be_tx_take(q, &b->last);
		b->tx_packets++;
		if (!b->bus.hold)
			be_tx_answer(q, &b->last);
		q->tx->req_event = q->tx_cons + 1;
	}
}

static inline void be_tx_event(void *data, struct host_port *p)
{
	struct be_queue *q = data;

	q->b->tx_notified++;
	if (!q->b->bus.asleep)
		be_tx_run(q);
}

/* -- the guest's receive ring -- */

static inline void be_rx_event(void *data, struct host_port *p)
{
	struct be_queue *q = data;

	q->b->rx_notified++;
}

static inline void be_both_event(void *data, struct host_port *p)
{
	be_tx_event(data, p);
}

/* The number of pages that the guest offers and that are not used yet. */
static inline unsigned int be_rx_room(struct be_queue *q)
{
	return q->rx->req_prod - q->rx_cons;
}

/* The next page that the guest has offered. */
static inline struct netif_rx_request *be_rx_page(struct be_queue *q)
{
	struct netif_rx_request *req = &q->pages[q->rx_cons % RING];

	assert_true(be_rx_room(q) > 0);
	*req = q->rx->ring[q->rx_cons % RING].req;
	assert_true(req->id < RING);
	q->rx_cons++;
	return req;
}

/* Write a response at the place after @ahead others; does not show it. */
static inline void be_rx_put(struct be_queue *q, unsigned int ahead,
			     struct netif_rx_response rsp)
{
	q->rx->ring[(q->rx_prod + ahead) % RING].rsp = rsp;
}

static inline void be_rx_push(struct be_queue *q, unsigned int n)
{
	RING_IDX old = q->rx_prod;

	q->rx_prod += n;
	q->rx->rsp_prod = q->rx_prod;
	if (be_crossed(q->rx_prod, old, q->rx->rsp_event))
		host_port_notify(q->rx_port ? q->rx_port : q->tx_port);
}

/*
 * Put a packet into the ring, @piece bytes of it per page from @offset on.
 * Returns: ring slots used; be_rx_push() shows them.
 */
static inline unsigned int be_rx_packet(struct be_queue *q, const uint8_t *data,
					uint32_t len, uint32_t piece,
					uint16_t offset, uint16_t flags,
					const struct netif_extra_info *extra)
{
	unsigned int n = 0;
	uint32_t at = 0;

	while (at < len) {
		uint32_t size = len - at < piece ? len - at : piece;
		struct netif_rx_request *req = be_rx_page(q);
		struct netif_rx_response rsp = {
			.id = req->id, .offset = offset, .status = size,
		};

		assert_int_equal(host_gnttab_write(q->b->bus.g, 0, req->gref,
						   offset, data + at, size), 0);
		at += size;
		if (n == 0)
			rsp.flags = flags | (extra ? NETRXF_extra_info : 0);
		if (at < len)
			rsp.flags |= NETRXF_more_data;
		be_rx_put(q, n++, rsp);
		if (n == 1 && extra) {
			be_rx_page(q);
			memcpy(&rsp, extra, sizeof(rsp));
			be_rx_put(q, n++, rsp);
		}
	}
	return n;
}

/* -- its life -- */

static inline void be_connect_queue(struct backend *b, unsigned int n,
				    const char *dir)
{
	struct be_queue *q = &b->queue[n];
	struct be_bus *bus = &b->bus;

	memset(q, 0, sizeof(*q));
	q->b = b;
	q->tx_ref = be_number(bus, dir, "tx-ring-ref");
	q->rx_ref = be_number(bus, dir, "rx-ring-ref");
	q->tx = be_map_ring(bus, q->tx_ref);
	q->rx = be_map_ring(bus, q->rx_ref);
	/* As Linux's: if there are two nodes, use them. */
	if (be_number(bus, dir, "event-channel-tx") >= 0 &&
	    be_number(bus, dir, "event-channel-rx") >= 0) {
		q->tx_port = be_bind(bus, dir, "event-channel-tx", be_tx_event,
				     q);
		q->rx_port = be_bind(bus, dir, "event-channel-rx", be_rx_event,
				     q);
	} else {
		q->tx_port = be_bind(bus, dir, "event-channel", be_both_event,
				     q);
	}
}

static inline void be_net_connect(struct be_bus *bus)
{
	struct backend *b = xn_container_of(bus, struct backend, bus);
	unsigned int i;

	assert_int_equal(be_number(bus, FRONT, "request-rx-copy"), 1);
	assert_int_equal(be_number(bus, FRONT, "feature-rx-notify"), 1);
	b->nr_queues = be_queues(bus);
	for (i = 0; i < b->nr_queues; i++)
		be_connect_queue(b, i, be_queue_dir(bus, i, b->nr_queues));
}

static inline void be_net_disconnect(struct be_bus *bus)
{
	struct backend *b = xn_container_of(bus, struct backend, bus);
	unsigned int i, id;

	for (i = 0; i < b->nr_queues; i++) {
		struct be_queue *q = &b->queue[i];

		for (id = 0; id < RING; id++)
			be_tx_unhold(q, id);
		host_gnttab_unmap(bus->g, q->tx_ref, true);
		host_gnttab_unmap(bus->g, q->rx_ref, true);
		host_port_close(q->tx_port);
		if (q->rx_port)
			host_port_close(q->rx_port);
		memset(q, 0, sizeof(*q));
	}
}

static const struct be_kind net_kind = {
	.type = "vif",
	.connects = XenbusStateConnected,
	.lets_go = XenbusStateClosing,
	.connect = be_net_connect,
	.disconnect = be_net_disconnect,
};

/* ---- the guest ---- */

struct packet {
	struct xn_sg sg[XN_NET_MAX_PIECES + 2];
	struct xn_net_packet pkt;
	bool done;
	int err;
};

static struct {
	struct host_xenion x;
	struct host_xs *h;
	struct xn_device dev;
	struct xn_net net;
	struct backend b;
	struct xn_net_info info;	/* as it was when connected */
	unsigned int connected, closing, events, done;
	int refuse_connected;
	unsigned int rx_pages;		/* for t_start() */
	bool distrust;			/* the same */
	bool no_gso, no_csum, no_sg;	/* the same */
	bool live, link, no_pages;
	bool keeps;			/* interfaces, in a move; for t_start() */
	bool away;			/* it is kept, and the guest has moved */
	unsigned int moved;
	bool scheduled[XN_NET_MAX_QUEUES];
	unsigned int budget;
	unsigned int pages, lost, pinned, polls;

	unsigned int received;		/* packets */
	struct frame got;		/* the last of them */
	struct xn_net_received last;
} t;

static inline struct xn_net_queue *t_queue(unsigned int i)
{
	return &t.net.queue[i];
}

/* As an OS layer polls, outside of the upcall: until all is done. */
static inline void t_poll_queue(struct xn_net_queue *q)
{
	unsigned int done;

	do {
		t.polls++;
		assert_true(t.polls < 100000);
		xn_net_tx_reap(q);
		done = xn_net_rx_poll(q, t.budget);
		assert_true(done <= t.budget);
	} while (done == t.budget || xn_net_tx_enable(q) ||
		 xn_net_rx_enable(q));
}

static inline bool t_step(void *data)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < XN_NET_MAX_QUEUES; i++) {
		if (!t.scheduled[i])
			continue;
		t.scheduled[i] = false;
		if (t.live)
			t_poll_queue(t_queue(i));
		any = true;
	}
	return any;
}

static inline void t_poll(struct xn_net_queue *q)
{
	t.scheduled[q->index] = true;
}

static inline void t_tx_event(void *data, evtchn_port_t port)
{
	t.events++;
	xn_net_event(data, XN_NET_EVENT_TX);
	t_poll(data);
}

static inline void t_rx_event(void *data, evtchn_port_t port)
{
	t.events++;
	xn_net_event(data, XN_NET_EVENT_RX);
	t_poll(data);
}

static inline int t_event_bind(struct xn_net_queue *q, enum xn_net_event what,
			       domid_t otherend, evtchn_port_t *port)
{
	return guest_event_bind(&t.x, otherend, what == XN_NET_EVENT_RX ?
				t_rx_event : t_tx_event, q, port);
}

static inline void t_event_unbind(struct xn_net_queue *q,
				  enum xn_net_event what, evtchn_port_t port)
{
	assert_false(t.live);
	xn_evtchn_unbind(&t.x.guest.evtchn, port);
}

static inline int t_connected(struct xn_net *net)
{
	assert_false(t.live);
	t.connected++;
	t.info = net->info;
	t.live = !t.refuse_connected;
	t.away &= !t.live;
	/* Packets may have come before the interface was up. */
	memset(t.scheduled, t.live, net->info.nr_queues);
	return t.refuse_connected;
}

static inline void t_closing(struct xn_net *net)
{
	assert_true(t.live || t.away);
	t.closing++;
	t.live = false;
	t.link = false;
	t.away = false;
}

static inline void t_lost(struct xn_net *net)
{
	assert_true(t.live);
	t.moved++;
	t.live = false;
	t.link = false;
	t.away = true;
}

static inline void t_link(struct xn_net *net, bool up)
{
	assert_true(up != t.link);
	t.link = up;
}

static inline void *t_rx_page(struct xn_net_queue *q)
{
	void *page = t.no_pages ? NULL : xn_os_page_alloc();

	t.pages += !!page;
	return page;
}

static inline void t_rx_page_put(struct xn_net_queue *q, void *page)
{
	t.pages--;
	xn_os_page_free(page);
}

static inline void t_rx_page_lost(struct xn_net_queue *q, void *page)
{
	t.pages--;
	t.lost++;
}

static inline void t_rx(struct xn_net_queue *q,
			const struct xn_net_received *pkt)
{
	unsigned int i;

	t.received++;
	t.last = *pkt;
	t.got.len = 0;
	assert_in_range(pkt->nr, 1, XN_NET_MAX_PIECES);
	/* Linux pulls the header from the first piece. */
	assert_true(pkt->piece[0].len >= XN_NET_MIN_LEN);
	for (i = 0; i < pkt->nr; i++) {
		const struct xn_net_piece *p = &pkt->piece[i];

		assert_true(p->offset + p->len <= 4096);
		memcpy(t.got.data + t.got.len, (uint8_t *)p->page + p->offset,
		       p->len);
		t.got.len += p->len;
		if (!pkt->lent)
			t_rx_page_put(q, p->page);
	}
	assert_int_equal(t.got.len, pkt->len);
}

static inline void t_tx_done(struct xn_net_queue *q, void *cookie, int err)
{
	struct packet *p = cookie;

	assert_false(p->done);
	p->done = true;
	p->err = err;
	t.done++;
}

static inline void t_tx_pin(struct xn_net_queue *q, void *va)
{
	t.pinned++;
}

static inline void t_tx_unpin(void *va)
{
	t.pinned--;
}

static struct xn_net_ops t_ops = {
	.event_bind = t_event_bind,
	.event_unbind = t_event_unbind,
	.connected = t_connected,
	.closing = t_closing,
	.link = t_link,
	.poll = t_poll,
	.rx_page = t_rx_page,
	.rx_page_put = t_rx_page_put,
	.rx_page_lost = t_rx_page_lost,
	.rx = t_rx,
	.tx_done = t_tx_done,
	.tx_pin = t_tx_pin,
	.tx_unpin = t_tx_unpin,
};

static inline const struct xn_net_ops *t_ops_now(void)
{
	t_ops.lost = t.keeps ? t_lost : NULL;
	return &t_ops;
}

/* The toolstack makes an interface, and its backend waits for the frontend. */
static inline void t_plug(void)
{
	static const char *const features[] = {
		"feature-rx-copy", "feature-sg", "feature-gso-tcpv4",
		"feature-gso-tcpv6", "feature-ipv6-csum-offload",
		"feature-split-event-channels",
	};
	struct be_bus *bus = &t.b.bus;
	unsigned int i;

	be_bus_plug(bus);
	host_xs_write(t.h, FRONT "/mac", "00:16:3e:01:02:03");
	for (i = 0; i < XN_ARRAY_SIZE(features); i++)
		be_write(bus, features[i], "1");
	be_write(bus, "multi-queue-max-queues", "4");
	be_state(bus, XenbusStateInitWait);
}

static inline void t_unplug(void)
{
	be_bus_unplug(&t.b.bus);
}

static inline int t_setup_with(const struct host_config *cfg)
{
	memset(&t, 0, sizeof(t));
	t.budget = 64;
	t.h = guest_start_with(&t.x, cfg);
	be_bus_init(&t.b.bus, &net_kind, t.x.host, t.h, 0);
	host_xs_watch(t.h, FRONT "/state", be_watch, &t.b.bus);
	host_add_step(t.x.host, t_step, NULL);
	t_plug();
	return 0;
}

static inline int t_setup(void **state)
{
	static const struct host_config cfg = { .ram_pages = GUEST_PAGES };

	return t_setup_with(&cfg);
}

/* Returns: as xn_device_init() or xn_net_init(). */
static inline int t_start(unsigned int max_queues)
{
	const struct xn_net_config config = {
		.max_queues = max_queues, .rx_pages = t.rx_pages,
		.distrust = t.distrust, .no_gso = t.no_gso,
		.no_csum = t.no_csum, .no_sg = t.no_sg,
	};
	int err;

	memset(&t.net, 0, sizeof(t.net));
	memset(&t.dev, 0, sizeof(t.dev));
	err = xn_device_init(&t.dev, &t.x.guest, "vif", 0);
	if (!err)
		err = xn_net_init(&t.net, &t.dev, t_ops_now(), &config);
	host_pump();
	return err;
}

static inline void t_connect(void)
{
	unsigned int before = t.connected;

	assert_int_equal(t_start(1), 0);
	assert_int_equal(t.connected, before + 1);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateConnected);
	assert_true(t.live);
	assert_true(t.link);
}

static inline void t_stop(void)
{
	xn_net_fini(&t.net);
	host_pump();
	assert_false(t.live);
}

/* No pages, ports, grants or watches may be left. */
static inline int t_teardown(void **state)
{
	be_disconnect(&t.b.bus);
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(t.pages, 0);
	assert_int_equal(t.pinned, 0);
	guest_stop(&t.x, t.h);
	return 0;
}

/* The device has failed: it has reported that once, and closed. */
static inline void t_assert_failed(const char *why)
{
	host_pump();
	assert_false(t.live);
	assert_int_equal(host_log_count(XN_ERR), 1);
	assert_non_null(strstr(host_log_last(), why));
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	assert_non_null(host_xs_read(t.h, "error/" FRONT "/error"));
}

/* ---- packets ---- */

static inline void pattern(uint8_t *data, uint32_t len, unsigned int seed)
{
	while (len--) {
		seed = seed * 1103515245 + 12345;
		*data++ = seed >> 16;
	}
}

/* A packet to send, with pieces of these lengths; 0 ends the list. */
static inline void packet_make(struct packet *p, const uint32_t *lens)
{
	unsigned int n;

	memset(p, 0, sizeof(*p));
	for (n = 0; lens[n]; n++) {
		uint8_t *page = xn_os_page_alloc();

		/* At the page's end, so that it must not run over. */
		p->sg[n].va = page + 4096 - lens[n];
		p->sg[n].len = lens[n];
		pattern(p->sg[n].va, lens[n], n + 7);
		p->pkt.len += lens[n];
	}
	p->pkt.sg = p->sg;
	p->pkt.nr = n;
	p->pkt.cookie = p;
}

static inline void packet_free(struct packet *p)
{
	unsigned int i;

	for (i = 0; i < p->pkt.nr; i++)
		xn_os_page_free((void *)((uintptr_t)p->sg[i].va & ~4095ul));
}

/* Is it the packet that the backend saw last? */
static inline bool packet_arrived(const struct packet *p)
{
	const uint8_t *at = t.b.last.data;
	unsigned int i;

	if (t.b.last.len != p->pkt.len)
		return false;
	for (i = 0; i < p->pkt.nr; i++) {
		if (memcmp(at, p->sg[i].va, p->sg[i].len))
			return false;
		at += p->sg[i].len;
	}
	return true;
}

static inline int t_send(struct packet *p)
{
	int err = xn_net_tx(t_queue(0), &p->pkt);

	if (!err) {
		xn_net_tx_push(t_queue(0));
		host_pump();
	}
	return err;
}

/* ---- rings of full size ---- */

static inline void t_grow_rx(struct be_queue *q)
{
	static uint8_t data[300];
	unsigned int n;

	while (t_queue(0)->rx_nr < t.net.config.rx_pages) {
		unsigned int before = t_queue(0)->rx_nr;

		for (n = be_rx_room(q); n--; )
			be_rx_push(q, be_rx_packet(q, data, sizeof(data), 4096,
						   0, 0, NULL));
		host_pump();
		assert_true(t_queue(0)->rx_nr > before);
	}
}

static inline void t_grow_tx(struct be_queue *q)
{
	static struct packet p[RING];
	unsigned int i, n;

	for (i = 0; i < RING; i++)
		packet_make(&p[i], (uint32_t[]){ 300, 0 });
	while (t_queue(0)->tx_nr < RING) {
		unsigned int before = t_queue(0)->tx_nr;

		t.b.bus.asleep = true;
		for (n = 0; !xn_net_tx(t_queue(0), &p[n].pkt); n++)
			p[n].done = false;
		xn_net_tx_push(t_queue(0));
		host_pump();
		t.b.bus.asleep = false;
		be_tx_run(q);
		host_pump();
		assert_true(t_queue(0)->tx_nr > before);
	}
	for (i = 0; i < RING; i++)
		packet_free(&p[i]);
}

/* Traffic until both rings have their full size; then reset the counters. */
static inline void t_grow(void)
{
	t_grow_rx(&t.b.queue[0]);
	t_grow_tx(&t.b.queue[0]);
	memset(&t_queue(0)->tx_stats, 0, sizeof(t_queue(0)->tx_stats));
	memset(&t_queue(0)->rx_stats, 0, sizeof(t_queue(0)->rx_stats));
	t.received = t.done = t.polls = t.events = 0;
	t.b.tx_packets = t.b.tx_notified = t.b.rx_notified = 0;
}

/* The slots of a ring with nothing in use. */
#define TX_ALL	(t_queue(0)->tx_nr)
#define RX_ALL	(t_queue(0)->rx_nr)

#endif /* XENION_NET_BACKEND_H */
