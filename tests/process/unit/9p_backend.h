/* SPDX-License-Identifier: MIT */
/*
 * A scripted 9P backend in domain 0, and a guest with the 9P frontend, for
 * test_9p*.c. The backend answers each request with the same bytes and the type
 * of an answer, unless a test makes it slow or makes it lie.
 */
#ifndef XENION_9P_BACKEND_H
#define XENION_9P_BACKEND_H

#include "be_bus.h"
#include <xenion/9p.h>

#define FRONT		"device/9pfs/0"
#define ORDER		2u
#define RING_BYTES	8192u	/* each way, of that order */

struct backend;

struct be_queue {
	struct backend *b;
	struct xen_9pfs_data_intf *intf;
	unsigned int pages;
	grant_ref_t intf_ref, ref[1 << XN_9P_MAX_RING_ORDER];
	void *page[1 << XN_9P_MAX_RING_ORDER];
	RING_IDX out_cons, in_prod;
	struct host_port *port;
};

struct be_held {
	struct be_queue *r;
	uint32_t len;
	uint8_t msg[];
};

struct backend {
	struct be_bus bus;

	/* Set by tests */
	bool in_pieces;		/* show a reply byte by byte */
	/* May change a reply before it is sent. Returns: its length. */
	uint32_t (*lie)(struct backend *b, uint8_t *msg, uint32_t len);

	/* What the backend saw */
	unsigned int nr_rings, notified, requests;
	struct be_queue ring[XN_9P_MAX_RINGS];
};

static inline uint32_t msg_len(const uint8_t *msg)
{
	return msg[0] | msg[1] << 8 | msg[2] << 16 | (uint32_t)msg[3] << 24;
}

static inline void msg_set_len(uint8_t *msg, uint32_t len)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		msg[i] = len >> (8 * i);
}

static inline uint32_t be_half(const struct be_queue *r)
{
	return r->pages * 2048;
}

static inline uint8_t *be_at(struct be_queue *r, bool out, RING_IDX idx)
{
	uint32_t at = (idx & (be_half(r) - 1)) + (out ? be_half(r) : 0);

	return (uint8_t *)r->page[at / 4096] + at % 4096;
}

/* Put any bytes into the ring. */
static inline void be_send(struct be_queue *r, const uint8_t *msg, uint32_t len)
{
	while (len--) {
		*be_at(r, false, r->in_prod++) = *msg++;
		if (!r->b->in_pieces)
			continue;
		r->intf->in_prod = r->in_prod;
		host_port_notify(r->port);
		host_pump();
	}
	r->intf->in_prod = r->in_prod;
	host_port_notify(r->port);
}

static inline void be_answer(void *request)
{
	struct be_held *held = request;
	struct backend *b = held->r->b;
	uint32_t len = held->len;

	held->msg[4]++;
	if (b->lie)
		len = b->lie(b, held->msg, len);
	be_send(held->r, held->msg, len);
	free(held);
}

static inline void be_run(struct be_queue *r)
{
	while (r->intf && r->out_cons != r->intf->out_prod) {
		struct be_held *held;
		uint8_t head[4];
		uint32_t i, len;

		assert_true(r->intf->out_prod - r->out_cons <= be_half(r));
		for (i = 0; i < 4; i++)
			head[i] = *be_at(r, true, r->out_cons + i);
		len = msg_len(head);
		assert_in_range(len, XN_9P_HEADER,
				r->intf->out_prod - r->out_cons);
		/* A lie may be longer than the answer. */
		held = calloc(1, sizeof(*held) + len + 64);
		held->r = r;
		held->len = len;
		for (i = 0; i < len; i++)
			held->msg[i] = *be_at(r, true, r->out_cons++);
		r->intf->out_cons = r->out_cons;
		r->b->requests++;
		be_handle(&r->b->bus, held);
	}
}

static inline void be_event(void *data, struct host_port *p)
{
	struct be_queue *r = data;

	r->b->notified++;
	if (!r->b->bus.asleep)
		be_run(r);
}

static inline void be_connect_ring(struct backend *b, unsigned int n)
{
	struct be_queue *r = &b->ring[n];
	unsigned int i;
	char name[32];

	memset(r, 0, sizeof(*r));
	r->b = b;
	snprintf(name, sizeof(name), "ring-ref%u", n);
	r->intf_ref = be_number(&b->bus, FRONT, name);
	r->intf = be_map_ring(&b->bus, r->intf_ref);
	r->pages = 1u << r->intf->ring_order;
	for (i = 0; i < r->pages; i++) {
		r->ref[i] = r->intf->ref[i];
		r->page[i] = be_map_ring(&b->bus, r->ref[i]);
	}
	snprintf(name, sizeof(name), "event-channel-%u", n);
	r->port = be_bind(&b->bus, FRONT, name, be_event, r);
}

static inline void be_9p_connect(struct be_bus *bus)
{
	struct backend *b = xn_container_of(bus, struct backend, bus);
	unsigned int i;

	assert_int_equal(be_number(bus, FRONT, "version"), 1);
	b->nr_rings = be_number(bus, FRONT, "num-rings");
	for (i = 0; i < b->nr_rings; i++)
		be_connect_ring(b, i);
}

static inline void be_9p_disconnect(struct be_bus *bus)
{
	struct backend *b = xn_container_of(bus, struct backend, bus);
	unsigned int i, k;

	for (i = 0; i < b->nr_rings; i++) {
		struct be_queue *r = &b->ring[i];

		for (k = 0; k < r->pages; k++)
			host_gnttab_unmap(bus->g, r->ref[k], true);
		host_gnttab_unmap(bus->g, r->intf_ref, true);
		host_port_close(r->port);
		memset(r, 0, sizeof(*r));
	}
}

static const struct be_kind p9_kind = {
	.type = "9pfs",
	.connects = XenbusStateInitialised,
	.lets_go = XenbusStateClosed,
	.connect = be_9p_connect,
	.disconnect = be_9p_disconnect,
	.answer = be_answer,
};

/* ---- the guest ---- */

/* A request, and the reply to it. */
struct io {
	bool done;
	int len;
	uint8_t msg[RING_BYTES + 64], reply[RING_BYTES + 64];
	struct xn_9p_io io;
};

static struct {
	struct host_xenion x;
	struct host_xs *h;
	struct xn_device dev;
	struct xn_9p p9;
	struct backend b;
	unsigned int connected, closing, completed, ready;
	struct io *order[2];	/* the first that were completed */
	int refuse_connected;
} t;

static inline void t_event(void *data, evtchn_port_t port)
{
	xn_9p_event(data);
}

static inline int t_event_bind(struct xn_9p_ring *r, domid_t otherend,
			       evtchn_port_t *port)
{
	return guest_event_bind(&t.x, otherend, t_event, r, port);
}

static inline void t_event_unbind(struct xn_9p_ring *r, evtchn_port_t port)
{
	xn_evtchn_unbind(&t.x.guest.evtchn, port);
}

static inline int t_connected(struct xn_9p *p9)
{
	t.connected++;
	return t.refuse_connected;
}

static inline void t_closing(struct xn_9p *p9)
{
	t.closing++;
}

static inline void t_complete(struct xn_9p *p9, void *cookie, int len)
{
	struct io *io = cookie;

	assert_false(io->done);
	io->done = true;
	io->len = len;
	if (t.completed < XN_ARRAY_SIZE(t.order))
		t.order[t.completed] = io;
	t.completed++;
}

static inline void t_ready(struct xn_9p *p9)
{
	t.ready++;
}

static const struct xn_9p_ops t_ops = {
	.event_bind = t_event_bind,
	.event_unbind = t_event_unbind,
	.connected = t_connected,
	.closing = t_closing,
	.complete = t_complete,
	.ready = t_ready,
};

static const struct xn_9p_config t_config = {
	.max_rings = 1, .max_ring_order = ORDER,
};

/* The toolstack makes a file system, and its backend waits for the frontend. */
static inline void t_plug(void)
{
	struct be_bus *bus = &t.b.bus;

	be_bus_plug(bus);
	host_xs_write(t.h, FRONT "/tag", "share");
	be_write(bus, "versions", "1");
	be_write(bus, "max-rings", "8");
	be_write(bus, "max-ring-page-order", "9");
	be_state(bus, XenbusStateInitWait);
}

static inline void t_unplug(void)
{
	be_bus_unplug(&t.b.bus);
}

/* A guest, its xenstore, and a file system. */
static inline int t_setup_with(const struct host_config *cfg)
{
	memset(&t, 0, sizeof(t));
	t.h = guest_start_with(&t.x, cfg);
	be_bus_init(&t.b.bus, &p9_kind, t.x.host, t.h, 0);
	host_xs_watch(t.h, FRONT "/state", be_watch, &t.b.bus);
	t_plug();
	return 0;
}

static inline int t_setup(void **state)
{
	static const struct host_config cfg = { .ram_pages = GUEST_PAGES };

	return t_setup_with(&cfg);
}

/* Returns: as xn_device_init() or xn_9p_init(). */
static inline int t_init(const struct xn_9p_config *config)
{
	int err;

	memset(&t.p9, 0, sizeof(t.p9));
	memset(&t.dev, 0, sizeof(t.dev));
	err = xn_device_init(&t.dev, &t.x.guest, "9pfs", 0);
	if (!err)
		err = xn_9p_init(&t.p9, &t.dev, &t_ops, config);
	host_pump();
	return err;
}

static inline void t_connect(const struct xn_9p_config *config)
{
	unsigned int before = t.connected;

	assert_int_equal(t_init(config), 0);
	assert_int_equal(t.connected, before + 1);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateConnected);
}

static inline void t_fini(void)
{
	xn_9p_fini(&t.p9);
	host_pump();
}

/* No pages, ports, grants or watches may be left. */
static inline int t_teardown(void **state)
{
	be_disconnect(&t.b.bus);
	host_run(60 * XN_NSEC_PER_SEC);
	guest_stop(&t.x, t.h);
	return 0;
}

/* A message of @len bytes, with a body that depends on the tag. */
static inline void io_make(struct io *io, uint8_t type, uint16_t tag,
			   uint32_t len)
{
	uint32_t i, seed = tag + 1;

	memset(io, 0, sizeof(*io));
	msg_set_len(io->msg, len);
	io->msg[4] = type;
	io->msg[5] = tag;
	io->msg[6] = tag >> 8;
	for (i = XN_9P_HEADER; i < len && i < sizeof(io->msg); i++) {
		seed = seed * 1103515245 + 12345;
		io->msg[i] = seed >> 16;
	}
	io->io = (struct xn_9p_io){
		.msg = io->msg, .len = len, .reply = io->reply, .size = len,
		.cookie = io,
	};
}

static inline int t_submit(struct io *io, uint8_t type, uint16_t tag,
			   uint32_t len)
{
	io_make(io, type, tag, len);
	return xn_9p_submit(&t.p9, &io->io);
}

/* Is the reply its request's bytes, with the type of an answer? */
static inline bool io_is_answered(const struct io *io)
{
	return io->done && io->len == (int)io->io.len &&
	       !memcmp(io->reply, io->msg, 4) &&
	       io->reply[4] == io->msg[4] + 1 &&
	       !memcmp(io->reply + 5, io->msg + 5, io->len - 5);
}

#endif /* XENION_9P_BACKEND_H */
