// SPDX-License-Identifier: MIT
/*
 * The 9P frontend (xen-public/io/9pfs.h). The backend's domain writes the rings,
 * all of their pages, whenever it likes, and the backend's nodes in xenstore; it
 * comes and goes as it pleases. Whatever it does, each request is completed once,
 * a reply lies in the memory given for it and has the header that it has to have,
 * and nothing is left when the backend has let go.
 *
 * Input: what the frontend may use, then what backend and guest do.
 */
#include "9p_backend.h"
#include "fuzz_guest.h"
#include "fuzz_pages.h"

#define NR_REQS		24u
#define MAX_MSG		9000u
#define GUARD		0x5a

enum op {
	OP_SUBMIT, OP_FORGET, OP_ABANDON, OP_PUMP, OP_TIME,
	OP_TAKE,	/* look at requests, and answer later */
	OP_ANSWER,	/* one of those, with or without a lie */
	OP_RESPOND,	/* bytes out of nothing */
	OP_INDEX,	/* an index of the ring */
	OP_SCRIBBLE,	/* any byte of the ring */
	OP_NOTIFY, OP_STATE, OP_NODE, OP_TAG,
	OP_CONNECT, OP_DISCONNECT, OP_PLUG, OP_UNPLUG, OP_MANUAL,
	OP_ATTACH, OP_DETACH, OP_CONFLICT, OP_NO_PAGE,
	NR_OPS
};

struct req {
	bool used, done;
	uint16_t tag;
	uint8_t type;
	uint32_t size;
	uint8_t *reply;		/* with a byte behind it that stays as it is */
};

static struct {
	struct xn_9p_config config;
	struct req req[NR_REQS];
	bool attached, manual;
	unsigned int errors;		/* that may be logged */
} f;

/* ---- the guest ---- */

/* No memory of a caller's is ever granted. */
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
	if (!f.attached || i == NR_REQS)
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

	/* A tag that is abandoned may be another's. */
	if (f.attached && r->used && xn_9p_forget(&t.p9, r->tag))
		req_drop(r);
}

static void attach(void)
{
	if (f.attached)
		return;
	memset(&t.p9, 0, sizeof(t.p9));
	memset(&t.dev, 0, sizeof(t.dev));
	/* What it fails by, the one or the other. */
	f.errors++;
	if (xn_device_init(&t.dev, &t.x.guest, "9pfs", 0))
		return;
	f.attached = !xn_9p_init(&t.p9, &t.dev, &ops, &f.config);
	fuzz_bound();
	host_pump();
}

static void detach(void)
{
	unsigned int i;

	if (!f.attached)
		return;
	xn_9p_fini(&t.p9);
	f.attached = false;
	for (i = 0; i < NR_REQS; i++)
		assert_true(!f.req[i].used || f.req[i].done);
	memset(&t.p9, 0, sizeof(t.p9));
	reap();
}

/* ---- the backend ---- */

static void event(void *data, struct host_port *p)
{
}

static void disconnect(void)
{
	struct backend *b = &t.b;
	unsigned int i;

	pages_unmap_all(t.x.host);
	for (i = 0; i < XN_ARRAY_SIZE(b->ring); i++)
		if (b->ring[i].port)
			host_port_close(b->ring[i].port);
	memset(b->ring, 0, sizeof(b->ring));
	while (b->bus.nr_held)
		free(b->bus.held[--b->bus.nr_held]);
	b->bus.connected = false;
}

/* As far as what the frontend says can be true. */
static void connect_ring(struct be_ring *r, unsigned int n)
{
	struct be_bus *bus = &t.b.bus;
	char name[32];
	unsigned int i;

	r->b = &t.b;
	snprintf(name, sizeof(name), "ring-ref%u", n);
	r->intf = pages_map_ring(t.x.host, be_number(bus, FRONT, name));
	if (!r->intf || r->intf->ring_order > 3)
		return;
	r->pages = 1u << r->intf->ring_order;
	for (i = 0; i < r->pages; i++)
		r->page[i] = pages_map_ring(t.x.host, r->intf->ref[i]);
	snprintf(name, sizeof(name), "event-channel-%u", n);
	r->port = host_port_connect(bus->g, be_number(bus, FRONT, name), event,
				    r);
}

static void connect(void)
{
	unsigned int i;

	disconnect();
	for (i = 0; i < 2; i++)
		connect_ring(&t.b.ring[i], i);
	t.b.bus.connected = true;
	be_state(&t.b.bus, XenbusStateConnected);
}

static void follow(void *data)
{
	if (f.manual || !t.b.bus.path[0])
		return;
	switch (host_xs_read_int(t.h, FRONT "/state")) {
	case XenbusStateInitialised:
		if (!t.b.bus.connected)
			connect();
		break;
	case XenbusStateClosed:
		disconnect();
		be_state(&t.b.bus, XenbusStateClosed);
		break;
	}
}

/* All its pages are there, as only the guest's mistakes could prevent. */
static struct be_ring *ring(void)
{
	struct be_ring *r = &t.b.ring[fuzz_below(2)];
	unsigned int i;

	for (i = 0; i < r->pages; i++)
		if (!r->page[i])
			return NULL;
	return r->pages && r->port ? r : NULL;
}

static void take(struct be_ring *r)
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

/* Bits of @lie: what is wrong. */
static void answer(unsigned int lie)
{
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

static void respond(struct be_ring *r)
{
	size_t len;
	const uint8_t *bytes = fuzz_bytes(fuzz_below(32), &len);

	be_send(r, bytes, len);
}

static void index_op(struct be_ring *r)
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

static void node_op(void)
{
	static const char *const nodes[] = {
		"versions", "max-rings", "max-ring-page-order", "state",
	};
	const char *node = nodes[fuzz_below(XN_ARRAY_SIZE(nodes))];

	/* Nonsense there is told in addition. */
	f.errors += !strcmp(node, "state");
	fuzz_write_node(t.h, be_path(&t.b.bus, node));
}

static void ring_op(enum op op, struct be_ring *r)
{
	switch (op) {
	case OP_TAKE:
		take(r);
		break;
	case OP_ANSWER:
		answer(fuzz_u8());
		break;
	case OP_RESPOND:
		respond(r);
		break;
	case OP_INDEX:
		index_op(r);
		break;
	case OP_NOTIFY:
		host_port_notify(r->port);
		break;
	default:
		*be_at(r, fuzz_below(2), fuzz_u16()) = fuzz_u8();
		break;
	}
}

static void dom0_op(enum op op)
{
	unsigned int state;
	struct be_ring *r;

	switch (op) {
	case OP_STATE:
		state = fuzz_below(10);
		f.errors += state > XenbusStateReconfigured;
		if (t.b.bus.path[0])
			be_state(&t.b.bus, state);
		break;
	case OP_NODE:
		if (t.b.bus.path[0])
			node_op();
		break;
	case OP_TAG:
		if (t.b.bus.path[0])
			fuzz_write_node(t.h, FRONT "/tag");
		break;
	case OP_CONNECT:
		if (t.b.bus.path[0])
			connect();
		break;
	case OP_DISCONNECT:
		disconnect();
		break;
	case OP_PLUG:
		if (!t.b.bus.path[0])
			t_plug();
		break;
	case OP_UNPLUG:
		t.b.bus.path[0] = '\0';
		host_xs_unplug(t.h, "9pfs", 0);
		if (fuzz_below(2))
			disconnect();
		break;
	case OP_MANUAL:
		f.manual = !f.manual;
		break;
	default:
		r = ring();
		if (r)
			ring_op(op, r);
		break;
	}
}

static void run_op(enum op op)
{
	switch (op) {
	case OP_SUBMIT:
		submit();
		break;
	case OP_FORGET:
		forget();
		break;
	case OP_ABANDON:
		if (f.attached)
			xn_9p_abandon(&t.p9);
		break;
	case OP_PUMP:
		host_pump();
		break;
	case OP_TIME:
		fuzz_time();
		break;
	case OP_ATTACH:
		attach();
		break;
	case OP_DETACH:
		detach();
		break;
	case OP_CONFLICT:
		host_xs_lies(t.h)->conflicts = fuzz_below(64);
		break;
	case OP_NO_PAGE:
		host_fail_page(fuzz_u8());
		break;
	default:
		dom0_op(op);
		break;
	}
	reap();
	assert_in_range(host_log_count(XN_ERR), 0, f.errors);
}

static void start(void)
{
	unsigned int what = fuzz_u8();

	memset(&t, 0, sizeof(t));
	memset(&f, 0, sizeof(f));
	t.h = fuzz_guest_start(&t.x, 6, 1);
	pages_init(t.x.host);
	f.config = (struct xn_9p_config){
		.max_rings = what & 1 ? 2 : 1,
		.max_ring_order = 1 + (what >> 1) % 3,
	};
	f.manual = what & 0x80;
	be_bus_init(&t.b.bus, &p9_kind, t.x.host, t.h, 0);
	host_xs_watch(t.h, FRONT "/state", follow, NULL);
	t_plug();
	attach();
}

/* The guest leaves, and at last the host lets go of all that it had. */
static void stop(void)
{
	fuzz_bound();
	host_fail_page(0);
	host_xs_lies(t.h)->conflicts = 0;
	detach();
	f.manual = true;
	disconnect();
	fuzz_settle(60 * XN_NSEC_PER_SEC);
	assert_in_range(host_log_count(XN_ERR), 0, f.errors);
	pages_fini();
	guest_stop(&t.x, t.h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_begin(data, size);
	start();
	while (fuzz_left()) {
		fuzz_bound();
		run_op(fuzz_below(NR_OPS));
	}
	stop();
	return 0;
}
