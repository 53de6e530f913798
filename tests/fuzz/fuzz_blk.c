// SPDX-License-Identifier: MIT
/*
 * The block frontend (xen-public/io/blkif.h). The backend's domain writes the
 * shared ring, all of it, whenever it likes; the data of requests, as far as it
 * is granted; the backend's nodes in xenstore; and it comes and goes as it
 * pleases. Whatever it does, each request is completed once, what was not
 * granted to it is not reached, and nothing is left when it has let go.
 *
 * Input: what the frontend may use, then what backend and guest do.
 */
#include "blk_host.h"

#define NR_REQS		24u
#define MAX_SEGS	12u

enum op {
	OP_SUBMIT, OP_PUSH, OP_PUMP, OP_TIME,
	OP_SERVE,	/* as an honest backend: all that there is */
	OP_TAKE,	/* look at requests, and answer later */
	OP_ANSWER,	/* one of those, with or without a lie */
	OP_RESPOND,	/* a response out of nothing */
	OP_INDEX,	/* an index of the ring */
	OP_SCRIBBLE,	/* any byte of the ring */
	OP_MAP, OP_UNMAP, OP_WRITE,
	OP_NOTIFY, OP_STATE, OP_NODE, OP_FRONT_NODE,
	OP_CONNECT, OP_DISCONNECT, OP_PLUG, OP_UNPLUG, OP_MANUAL,
	OP_ATTACH, OP_DETACH, OP_CONFLICT, OP_NO_PAGE,
	OP_STORM,	/* each request that is done makes the next one */
	NR_OPS
};

struct req {
	struct io io;
	bool used;
	enum xn_blk_op op;
	unsigned int nr;
	struct xn_sg sg[MAX_SEGS];
};

static struct {
	struct xn_blk_config config;
	struct req req[NR_REQS];
	bool attached;
	unsigned int errors;		/* that may be logged */
	unsigned int storm;		/* so many requests more */
} f;

static void storm(void);

/* ---- the guest ---- */

static void complete(struct xn_blk_queue *q, void *cookie, int err)
{
	struct io *io = cookie;

	assert_false(io->done);
	io->done = true;
	assert_true(!err || err == -EIO || err == -EOPNOTSUPP);
	/* One that has no memory can go again at once. */
	if (f.storm && io == &f.req[0].io)
		storm();
}

static const struct xn_blk_ops ops = {
	.event_bind = t_event_bind,
	.event_unbind = t_event_unbind,
	.connected = t_connected,
	.resized = t_resized,
	.closing = t_closing,
	.complete = complete,
	.ready = t_ready,
	.page_get = pages_hold,
	.page_put = pages_let_go,
};

/* A request that is done gives its memory back, as it should be. */
static void reap(void)
{
	unsigned int i, k, waiting = 0, in_flight = 0;

	for (i = 0; i < NR_REQS; i++) {
		struct req *r = &f.req[i];

		if (!r->used)
			continue;
		if (!r->io.done) {
			waiting++;
			continue;
		}
		for (k = 0; k < r->nr; k++)
			pages_free(r->sg[k].va);
		r->used = false;
	}
	for (i = 0; i < XN_BLK_MAX_QUEUES; i++)
		in_flight += t.blk.queue[i].in_flight;
	assert_int_equal(waiting, in_flight);
}

static bool page_in_flight(const uint8_t *page)
{
	unsigned int i, k;

	for (i = 0; i < NR_REQS; i++)
		for (k = 0; f.req[i].used && k < f.req[i].nr; k++)
			if (page_of(f.req[i].sg[k].va) == page)
				return !f.req[i].io.done;
	return false;
}

/* Half of them whole pages; the others parts of a page, of which the rest is
 * none of the backend's business, if it is not trusted.
 */
static void fill(struct req *r)
{
	for (r->nr = 0; r->nr < MAX_SEGS; r->nr++) {
		unsigned int what = fuzz_u8(), first = what & 7;
		struct xn_sg *sg = &r->sg[r->nr];
		uint8_t *page;

		if (!(what & 0x30))
			break;
		page = pages_alloc(r->op == XN_BLK_READ);
		if (!page)
			break;
		sg->va = page;
		sg->len = 4096;
		if (what & 0x40) {
			sg->va = page + first * 512;
			sg->len = 512 + (what >> 7) * (7 - first) * 512;
		}
		pages_piece(sg->va, sg->len, t.blk.info.persistent);
	}
}

static void submit(void)
{
	struct xn_blk_io bio = { .op = fuzz_below(6) };
	unsigned int i, k, queue = fuzz_below(t.info.nr_queues ? 2 : 1);
	struct req *r;

	for (i = 0; i < NR_REQS && f.req[i].used; i++)
		;
	if (!f.attached || i == NR_REQS)
		return;
	r = &f.req[i];
	memset(r, 0, sizeof(*r));
	r->op = bio.op;
	bio.sector = fuzz_number();
	bio.cookie = &r->io;
	if (bio.op == XN_BLK_DISCARD)
		bio.nr_sectors = fuzz_number();
	else if (bio.op != XN_BLK_FLUSH)
		fill(r);
	bio.sg = r->sg;
	bio.nr_sg = r->nr;
	if (!xn_blk_submit(&t.blk.queue[queue], &bio)) {
		r->used = true;
		return;
	}
	for (k = 0; k < r->nr; k++)
		pages_free(r->sg[k].va);
}

static void push(void)
{
	unsigned int i;

	for (i = 0; f.attached && i < XN_BLK_MAX_QUEUES; i++)
		xn_blk_push(&t.blk.queue[i]);
}

static void attach(void)
{
	if (f.attached)
		return;
	memset(&t.blk, 0, sizeof(t.blk));
	memset(&t.dev, 0, sizeof(t.dev));
	/* What it fails by, the one or the other. */
	f.errors++;
	if (xn_device_init(&t.dev, &t.x.guest, "vbd", VDEV))
		return;
	f.attached = !xn_blk_init(&t.blk, &t.dev, &ops, &f.config);
	fuzz_bound();
	host_pump();
}

static void detach(void)
{
	unsigned int i;

	if (!f.attached)
		return;
	xn_blk_fini(&t.blk);
	f.attached = false;
	for (i = 0; i < NR_REQS; i++)
		assert_true(!f.req[i].used || f.req[i].io.done);
	/* And nobody speaks of it any more. */
	memset(&t.blk, 0, sizeof(t.blk));
	reap();
}

/* ---- operations ---- */

/* Submitted and answered within the completion of the one before. */
static void storm(void)
{
	struct xn_blk_io bio = { .op = XN_BLK_FLUSH, .cookie = &f.req[0].io };
	struct be_queue *q = &t.b.queue[0];

	f.storm--;
	f.req[0].io.done = false;
	if (!q->page[0] || xn_blk_submit(&t.blk.queue[0], &bio)) {
		f.req[0].io.done = true;
		return;
	}
	xn_blk_push(&t.blk.queue[0]);
	host.nr_seen = 0;
	take(q);
	answer(q, 0);
	host_port_notify(q->port);
}

static void storm_begin(struct be_queue *q)
{
	f.storm = fuzz_u8() * 16;
	if (!f.storm || f.req[0].used || !f.attached || q != &t.b.queue[0])
		return;
	memset(&f.req[0], 0, sizeof(f.req[0]));
	f.req[0].used = true;
	storm();
}

static void node_op(void)
{
	static const char *const nodes[] = {
		"sectors", "sector-size", "physical-sector-size", "info",
		"feature-flush-cache", "feature-barrier", "feature-discard",
		"discard-granularity", "discard-alignment",
		"feature-max-indirect-segments", "feature-persistent",
		"max-ring-page-order", "multi-queue-max-queues", "state",
	};
	const char *node = nodes[fuzz_below(XN_ARRAY_SIZE(nodes))];

	if (!t.b.bus.path[0])
		return;
	/* Nonsense there is told in addition. */
	f.errors += !strcmp(node, "state");
	fuzz_write_node(t.h, be_path(&t.b.bus, node));
}

static void ring_op(enum op op, struct be_queue *q)
{
	struct blkif_response rsp;

	switch (op) {
	case OP_SERVE:
		serve(q);
		break;
	case OP_TAKE:
		take(q);
		break;
	case OP_ANSWER:
		answer(q, fuzz_u8());
		break;
	case OP_RESPOND:
		rsp.id = fuzz_number();
		rsp.operation = fuzz_u8();
		rsp.status = fuzz_number();
		respond(q, rsp);
		break;
	case OP_INDEX:
		index_op(q);
		break;
	case OP_NOTIFY:
		host_port_notify(q->port);
		break;
	case OP_STORM:
		storm_begin(q);
		break;
	default:
		scribble(q);
		break;
	}
}

static void dom0_op(enum op op)
{
	unsigned int state;
	struct be_queue *q;

	switch (op) {
	case OP_MAP:
		pages_map(t.x.host, any_ref(), fuzz_below(2));
		break;
	case OP_UNMAP:
		pages_unmap(t.x.host, fuzz_u8());
		break;
	case OP_WRITE:
		pages_scribble(t.x.host, any_ref());
		break;
	case OP_STATE:
		state = fuzz_below(10);
		f.errors += state > XenbusStateReconfigured;
		if (t.b.bus.path[0])
			be_state(&t.b.bus, state);
		break;
	case OP_NODE:
		node_op();
		break;
	case OP_FRONT_NODE:
		if (t.b.bus.path[0])
			fuzz_write_node(t.h, FRONT "/trusted");
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
		host_xs_unplug(t.h, "vbd", VDEV);
		if (fuzz_below(2))
			disconnect();
		break;
	case OP_MANUAL:
		host.manual = !host.manual;
		break;
	default:
		q = queue();
		if (q)
			ring_op(op, q);
		break;
	}
}

static void run_op(enum op op)
{
	switch (op) {
	case OP_SUBMIT:
		submit();
		break;
	case OP_PUSH:
		push();
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
	unsigned int what = fuzz_u8(), how = fuzz_u8();
	struct backend *b = &t.b;

	memset(&t, 0, sizeof(t));
	memset(&f, 0, sizeof(f));
	memset(&host, 0, sizeof(host));
	t.h = fuzz_guest_start(&t.x, 6, how & 4 ? 2 : 1);
	pages_init(t.x.host);
	f.config = (struct xn_blk_config){
		.max_queues = what & 1 ? 2 : 1,
		.max_ring_order = what & 2 ? 2 : 0,
		.max_segments = what & 4 ? MAX_SEGS : 0,
		.persistent = (what >> 3) % 3,
		.handle = VDEV & 0xffff,
	};
	host.manual = how & 8;
	be_bus_init(&b->bus, &blk_kind, t.x.host, t.h, VDEV);
	be_offer(b, "sectors", "16384");
	be_offer(b, "sector-size", how & 1 ? "4096" : "512");
	be_offer(b, "info", "0");
	be_offer(b, "feature-flush-cache", how & 2 ? "0" : "1");
	be_offer(b, "feature-barrier", "1");
	be_offer(b, "feature-discard", "1");
	be_offer(b, "feature-max-indirect-segments", "256");
	be_offer(b, "feature-persistent", what & 0x40 ? "1" : "0");
	host_xs_watch(t.h, FRONT "/state", follow, NULL);
	t_plug();
	if (what & 0x20)
		host_xs_write(t.h, FRONT "/trusted", "0");
	attach();
}

/* The guest leaves, and at last the host lets go of all that it had. */
static void stop(void)
{
	fuzz_bound();
	host_fail_page(0);
	host_xs_lies(t.h)->conflicts = 0;
	detach();
	host.manual = true;
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
