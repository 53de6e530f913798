// SPDX-License-Identifier: MIT
/*
 * The 9P frontend (xen-public/io/9pfs.h). The backend's domain writes to any
 * page of the rings and to the backend's nodes in xenstore at any time; it
 * comes and goes at any time. Whatever it does, each request is completed once,
 * a reply is written only to the memory given for it and has a valid header,
 * and nothing is left when the backend has unmapped all.
 *
 * Input: what the frontend may use, then what backend and guest do.
 */
#include "9p_backend.h"
#include "fuzz_frontend.h"

#define NR_REQS		24u
#define MAX_MSG		9000u
#define GUARD		0x5a

struct req {
	bool used, done;
	uint16_t tag;
	uint8_t type;
	uint32_t size;
	uint8_t *reply;		/* one byte longer: the last must not change */
};

static struct {
	struct xn_9p_config config;
	struct req req[NR_REQS];
} f;

/* ---- the guest ---- */

/* The frontend never grants a caller's memory. */
static bool page_in_flight(const uint8_t *page)
{
	return false;
}

static void complete(struct xn_9p *p9, void *cookie, int len)
{
	struct req *r = cookie;

	assert_true(r->used && !r->done);
	r->done = true;
	if (len < 0) {
		assert_true(len == -EIO || len == -ESHUTDOWN);
		return;
	}
	assert_in_range(len, XN_9P_HEADER, r->size);
	assert_int_equal(msg_len(r->reply), len);
	assert_int_equal(r->reply[5] | r->reply[6] << 8, r->tag);
	assert_true(r->reply[4] == r->type + 1 ||
		    r->reply[4] == XN_9P_RLERROR ||
		    r->reply[4] == XN_9P_RERROR);
}

static const struct xn_9p_ops ops = {
	.event_bind = t_event_bind,
	.event_unbind = t_event_unbind,
	.connected = t_connected,
	.closing = t_closing,
	.complete = complete,
	.ready = t_ready,
};

static void req_drop(struct req *r)
{
	assert_int_equal(r->reply[r->size], GUARD);
	free(r->reply);
	r->used = false;
}

static void reap(void)
{
	unsigned int i, waiting = 0, in_flight = 0;

	for (i = 0; i < NR_REQS; i++) {
		if (f.req[i].used && f.req[i].done)
			req_drop(&f.req[i]);
		waiting += f.req[i].used;
	}
	for (i = 0; i < XN_9P_MAX_RINGS; i++)
		in_flight += t.p9.ring[i].in_flight;
	assert_int_equal(waiting, in_flight);
}

static void submit(void)
{
	static uint8_t msg[MAX_MSG];
	static const uint8_t types[] = { 8, 100, 108, 116, 118, 255 };
	struct xn_9p_io io = { .msg = msg };
	unsigned int i;
	struct req *r;

	for (i = 0; i < NR_REQS && f.req[i].used; i++)
		;
	if (!fe.attached || i == NR_REQS)
		return;
	r = &f.req[i];
	memset(r, 0, sizeof(*r));
	r->type = types[fuzz_below(sizeof(types))];
	r->tag = r->type == 100 ? 0xffff : fuzz_below(40);
	io.len = fuzz_number() % MAX_MSG;
	r->size = fuzz_number() % MAX_MSG;
	r->reply = malloc(r->size + 1);
	r->reply[r->size] = GUARD;
	msg_set_len(msg, io.len);
	msg[4] = r->type;
	msg[5] = r->tag;
	msg[6] = r->tag >> 8;
	io.reply = r->reply;
	io.size = r->size;
	io.cookie = r;
	r->used = true;
	if (xn_9p_submit(&t.p9, &io))
		req_drop(r);
}

static void forget(void)
{
	struct req *r = &f.req[fuzz_below(NR_REQS)];

	/* After xn_9p_abandon(), another request may have the tag. */
	if (fe.attached && r->used && xn_9p_forget(&t.p9, r->tag))
		req_drop(r);
}

static void abandon(void)
{
	if (fe.attached)
		xn_9p_abandon(&t.p9);
}

static int init(void)
{
	memset(&t.p9, 0, sizeof(t.p9));
	return xn_9p_init(&t.p9, &t.dev, &ops, &f.config);
}

static void fini(void)
{
	unsigned int i;

	xn_9p_fini(&t.p9);
	for (i = 0; i < NR_REQS; i++)
		assert_true(!f.req[i].used || f.req[i].done);
	memset(&t.p9, 0, sizeof(t.p9));
}

/* ---- the backend ---- */

static void host_disconnect(struct be_bus *bus)
{
	struct backend *b = &t.b;
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(b->ring); i++)
		if (b->ring[i].port)
			host_port_close(b->ring[i].port);
	memset(b->ring, 0, sizeof(b->ring));
}

static void connect_ring(struct be_queue *r, unsigned int n)
{
	char name[32];
	unsigned int i;

	r->b = &t.b;
	snprintf(name, sizeof(name), "ring-ref%u", n);
	r->intf = fe_ring_page(FRONT, name);
	if (!r->intf || r->intf->ring_order > 3)
		return;
	r->pages = 1u << r->intf->ring_order;
	for (i = 0; i < r->pages; i++)
		r->page[i] = pages_map_ring(t.x.host, r->intf->ref[i]);
	snprintf(name, sizeof(name), "event-channel-%u", n);
	r->port = fe_port(FRONT, name);
}

static void host_connect(struct be_bus *bus)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		connect_ring(&t.b.ring[i], i);
}

static const struct be_kind host_kind = {
	.type = "9pfs",
	.connects = XenbusStateInitialised,
	.lets_go = XenbusStateClosed,
	.connect = host_connect,
	.disconnect = host_disconnect,
};

/* Returns: a ring, or NULL if a page or the port is missing. */
static struct be_queue *ring(void)
{
	struct be_queue *r = &t.b.ring[fuzz_below(2)];
	unsigned int i;

	for (i = 0; i < r->pages; i++)
		if (!r->page[i])
			return NULL;
	return r->pages && r->port ? r : NULL;
}

static void take(struct be_queue *r)
{
	struct be_bus *bus = &t.b.bus;
	struct be_held *held;
	unsigned int i;

	if (r->intf->out_prod - r->out_cons < XN_9P_HEADER ||
	    bus->nr_held == NR_REQS)
		return;
	held = malloc(sizeof(*held) + XN_9P_HEADER);
	held->r = r;
	for (i = 0; i < XN_9P_HEADER; i++)
		held->msg[i] = *be_at(r, true, r->out_cons + i);
	r->out_cons += msg_len(held->msg);
	r->intf->out_cons = r->out_cons;
	bus->held[bus->nr_held++] = held;
}

/* Answers one of the requests that were taken, from any ring. */
static void answer(struct be_queue *r)
{
	unsigned int lie = fuzz_u8();	/* as bits */
	static uint8_t msg[MAX_MSG];
	struct be_bus *bus = &t.b.bus;
	struct be_held *held;
	unsigned int i;
	uint32_t len = fuzz_number() % (MAX_MSG / 2) + XN_9P_HEADER;

	if (!bus->nr_held)
		return;
	i = lie & 0x80 ? fuzz_below(bus->nr_held) : 0;
	held = bus->held[i];
	memcpy(msg, held->msg, XN_9P_HEADER);
	msg[4]++;
	msg_set_len(msg, len);
	if (lie & 1)
		msg[4] = fuzz_u8();
	if (lie & 2)
		msg[5] = fuzz_u8();
	if (lie & 4)
		msg_set_len(msg, fuzz_number());
	if (lie & 8)
		len -= fuzz_u8() % len;
	be_send(held->r, msg, len);
	if (lie & 16)
		be_send(held->r, msg, len);
	if (lie & 32)
		return;
	free(held);
	bus->held[i] = bus->held[--bus->nr_held];
}

static void respond(struct be_queue *r)
{
	size_t len;
	const uint8_t *bytes = fuzz_bytes(fuzz_below(32), &len);

	be_send(r, bytes, len);
}

static void index_op(struct be_queue *r)
{
	switch (fuzz_below(6)) {
	case 0:
		r->intf->in_cons = fuzz_number();
		break;
	case 1:
		r->intf->in_prod = r->in_prod += fuzz_number();
		break;
	case 2:
		r->intf->out_cons = r->out_cons += fuzz_number();
		break;
	case 3:
		r->intf->out_prod = fuzz_number();
		break;
	case 4:
		r->intf->in_prod = r->in_prod = r->intf->in_cons;
		break;
	default:
		r->intf->ring_order = fuzz_number();
		break;
	}
}

static void scribble(struct be_queue *r)
{
	*be_at(r, fuzz_below(2), fuzz_u16()) = fuzz_u8();
}

static void notify(struct be_queue *r)
{
	host_port_notify(r->port);
}

static void tag_node(void)
{
	fuzz_write_node(t.h, FRONT "/tag");
}

static const struct fe_op table[] = {
	{ .run = submit },
	{ .run = forget },
	{ .run = abandon },
	{ .run = fe_pump },
	{ .run = fuzz_time },
	{ .ring = take },		/* look at requests, and answer later */
	{ .ring = answer },		/* one of these, or a lie */
	{ .ring = respond },		/* bytes without a request */
	{ .ring = index_op },		/* an index of the ring */
	{ .ring = scribble },		/* any byte of the ring */
	{ .ring = notify },
	{ .run = fe_state },
	{ .plugged = fe_node },
	{ .plugged = tag_node },
	{ .plugged = fe_connect },
	{ .run = fe_disconnect },
	{ .run = fe_plug },
	{ .run = fe_unplug },
	{ .run = fe_manual },
	{ .run = fe_attach },
	{ .run = fe_detach },
	{ .run = fe_conflict },
	{ .run = fe_no_page },
};

static const char *const nodes[] = {
	"versions", "max-rings", "max-ring-page-order", "state",
};

static void begin(void)
{
	unsigned int what = fuzz_u8();

	memset(&f, 0, sizeof(f));
	fe_begin(1);
	f.config = (struct xn_9p_config){
		.max_rings = what & 1 ? 2 : 1,
		.max_ring_order = 1 + (what >> 1) % 3,
	};
	fe.manual = what & 0x80;
	t_plug();
	fe_attach();
}

static const struct fe_device device = {
	.kind = &host_kind,
	.id = 0,
	.ops = table,
	.nr_ops = XN_ARRAY_SIZE(table),
	.nodes = nodes,
	.nr_nodes = XN_ARRAY_SIZE(nodes),
	.begin = begin,
	.init = init,
	.fini = fini,
	.reap = reap,
	.ring = ring,
};
