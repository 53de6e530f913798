// SPDX-License-Identifier: MIT
/*
 * The block frontend (xen-public/io/blkif.h). The backend's domain writes at
 * any time to any byte of the shared ring, to the data of requests as far as it
 * is granted, and to the backend's nodes in xenstore; it comes and goes at any
 * time. Whatever it does, each request is completed once, the backend reaches
 * only what was granted to it, and nothing is left when it has unmapped all.
 *
 * Input: what the frontend may use, then what backend and guest do.
 */
#include "blk_host.h"

#define NR_REQS		24u
#define MAX_SEGS	12u

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
	unsigned int storm;		/* requests that are still to come */
} f;

static void storm(void);

/* ---- the guest ---- */

static void complete(struct xn_blk_queue *q, void *cookie, int err)
{
	struct io *io = cookie;

	assert_false(io->done);
	io->done = true;
	assert_true(!err || err == -EIO || err == -EOPNOTSUPP);
	/* The request of a storm is a flush: no data to take back first. */
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

/* Frees the data of completed requests, and checks it. */
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

/* Half of the pieces are whole pages; the others are parts of a page, the rest
 * of which a backend that is not trusted must not see.
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
	if (!fe.attached || i == NR_REQS)
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

	for (i = 0; fe.attached && i < XN_BLK_MAX_QUEUES; i++)
		xn_blk_push(&t.blk.queue[i]);
}

static int init(void)
{
	memset(&t.blk, 0, sizeof(t.blk));
	return xn_blk_init(&t.blk, &t.dev, &ops, &f.config);
}

static void fini(void)
{
	unsigned int i;

	xn_blk_fini(&t.blk);
	for (i = 0; i < NR_REQS; i++)
		assert_true(!f.req[i].used || f.req[i].io.done);
	/* Nothing may refer to the device any longer. */
	memset(&t.blk, 0, sizeof(t.blk));
}

/* ---- operations ---- */

/* Submits a request, and answers it, in the completion of the one before. */
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
	notify(q);
}

static void storm_begin(struct be_queue *q)
{
	f.storm = fuzz_u8() * 16;
	if (!f.storm || f.req[0].used || !fe.attached || q != &t.b.queue[0])
		return;
	memset(&f.req[0], 0, sizeof(f.req[0]));
	f.req[0].used = true;
	storm();
}

static void take_all(struct be_queue *q)
{
	take(q);
}

static void answer_one(struct be_queue *q)
{
	answer(q, fuzz_u8());
}

static void respond_any(struct be_queue *q)
{
	struct blkif_response rsp;

	rsp.id = fuzz_number();
	rsp.operation = fuzz_u8();
	rsp.status = fuzz_number();
	respond(q, rsp);
}

static void front_node(void)
{
	fuzz_write_node(t.h, FRONT "/trusted");
}

static const struct fe_op table[] = {
	{ .run = submit },
	{ .run = push },
	{ .run = fe_pump },
	{ .run = fuzz_time },
	{ .ring = serve },		/* all requests, as an honest backend */
	{ .ring = take_all },		/* look at requests, and answer later */
	{ .ring = answer_one },		/* one of these, or a lie */
	{ .ring = respond_any },	/* a response without a request */
	{ .ring = index_op },		/* an index of the ring */
	{ .ring = scribble },		/* any byte of the ring */
	{ .run = fe_map },
	{ .run = fe_unmap },
	{ .run = fe_write },
	{ .ring = notify },
	{ .run = fe_state },
	{ .run = fe_node },
	{ .plugged = front_node },
	{ .plugged = fe_connect },
	{ .run = fe_disconnect },
	{ .run = fe_plug },
	{ .run = fe_unplug },
	{ .run = fe_manual },
	{ .run = fe_attach },
	{ .run = fe_detach },
	{ .run = fe_conflict },
	{ .run = fe_no_page },
	{ .ring = storm_begin },	/* each completion submits the next */
};

static const char *const nodes[] = {
	"sectors", "sector-size", "physical-sector-size", "info",
	"feature-flush-cache", "feature-barrier", "feature-discard",
	"discard-granularity", "discard-alignment",
	"feature-max-indirect-segments", "feature-persistent",
	"max-ring-page-order", "multi-queue-max-queues", "state",
};

static void begin(void)
{
	unsigned int what = fuzz_u8(), how = fuzz_u8();
	struct backend *b = &t.b;

	memset(&f, 0, sizeof(f));
	memset(&host, 0, sizeof(host));
	fe_begin(how & 4 ? 2 : 1);
	f.config = (struct xn_blk_config){
		.max_queues = what & 1 ? 2 : 1,
		.max_ring_order = what & 2 ? 2 : 0,
		.max_segments = what & 4 ? MAX_SEGS : 0,
		.persistent = (what >> 3) % 3,
		.handle = VDEV & 0xffff,
	};
	fe.manual = how & 8;
	be_offer(b, "sectors", "16384");
	be_offer(b, "sector-size", how & 1 ? "4096" : "512");
	be_offer(b, "info", "0");
	be_offer(b, "feature-flush-cache", how & 2 ? "0" : "1");
	be_offer(b, "feature-barrier", "1");
	be_offer(b, "feature-discard", "1");
	be_offer(b, "feature-max-indirect-segments", "256");
	be_offer(b, "feature-persistent", what & 0x40 ? "1" : "0");
	t_plug();
	if (what & 0x20)
		host_xs_write(t.h, FRONT "/trusted", "0");
	fe_attach();
}

static const struct fe_device device = {
	.kind = &host_kind,
	.id = VDEV,
	.ops = table,
	.nr_ops = XN_ARRAY_SIZE(table),
	.nodes = nodes,
	.nr_nodes = XN_ARRAY_SIZE(nodes),
	.begin = begin,
	.init = init,
	.fini = fini,
	.reap = reap,
	.ring = queue,
	.any_ref = any_ref,
};
