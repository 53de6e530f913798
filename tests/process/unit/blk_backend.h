/* SPDX-License-Identifier: MIT */
/*
 * A scripted block backend in domain 0, and a guest with the block frontend,
 * for test_blk*.c. The backend does what Linux's does, unless a test makes it
 * slow or makes it lie.
 */
#ifndef XENION_BLK_BACKEND_H
#define XENION_BLK_BACKEND_H

#include "be_bus.h"
#include <xenion/blkfront.h>

#ifndef VDEV
#define VDEV		51712u
#define FRONT		"device/vbd/51712"
#endif
#ifndef SECTORS
#define SECTORS		16384u
#endif
#define DEPTH		32u	/* requests of a ring of one page */

/* ---- the backend ---- */

struct be_request {
	struct be_queue *q;
	struct blkif_request r;		/* r.operation: never INDIRECT */
	unsigned int nr;
	uint64_t nr_sectors;		/* of a discard */
	struct blkif_request_segment seg[XN_BLK_MAX_SEGMENTS];
};

struct be_queue {
	struct backend *b;
	unsigned int pages, ents;
	void *page[16];
	grant_ref_t ref[16];
	RING_IDX req_cons, rsp_prod;
	struct host_port *port;
};

struct be_map {
	grant_ref_t ref;
	void *va;
};

struct be_node {
	char name[40];
	char value[40];
};

struct backend {
	struct be_bus bus;
	uint8_t *disk;

	/* Nodes that it writes when the frontend is initialised */
	struct be_node node[16];
	unsigned int nr_nodes;

	/* Set by tests */
	bool no_unmap;		/* keep data mapped, against the rules */
	int16_t status;		/* the answer to everything */
	void (*lie)(struct backend *b, struct blkif_response *rsp);

	/* What the backend saw */
	bool persistent;
	unsigned int nr_queues, notified, requests, indirect, max_nr;
	unsigned int ops[8];
	struct be_queue queue[XN_BLK_MAX_QUEUES];
	struct be_map map[2048];
	unsigned int nr_maps;
};

static inline void be_offer(struct backend *b, const char *name,
			    const char *value)
{
	unsigned int i;

	for (i = 0; i < b->nr_nodes && strcmp(b->node[i].name, name); i++)
		;
	if (i == b->nr_nodes)
		b->nr_nodes++;
	assert_true(b->nr_nodes <= XN_ARRAY_SIZE(b->node));
	snprintf(b->node[i].name, sizeof(b->node[i].name), "%s", name);
	snprintf(b->node[i].value, sizeof(b->node[i].value), "%s",
		 value ? value : "");
	if (!value)
		b->node[i].value[0] = 1;	/* absent */
}

/* Move bytes to or from a ring whose pages are not adjacent. */
static inline void be_ring(struct be_queue *q, unsigned int off, void *buf,
			   unsigned int len, bool write)
{
	while (len--) {
		uint8_t *at = (uint8_t *)q->page[off / 4096] + off % 4096;
		uint8_t *mine = buf;

		if (write)
			*at = *mine;
		else
			*mine = *at;
		buf = mine + 1;
		off++;
	}
}

static inline unsigned int be_entry(struct be_queue *q, RING_IDX idx)
{
	return offsetof(struct blkif_sring, ring) +
	       (idx & (q->ents - 1)) * sizeof(union blkif_sring_entry);
}

static inline void *be_map(struct backend *b, grant_ref_t ref, bool write)
{
	unsigned int i;

	if (b->persistent)
		write = true;
	for (i = 0; b->persistent && i < b->nr_maps; i++)
		if (b->map[i].ref == ref)
			return b->map[i].va;
	assert_true(b->nr_maps < XN_ARRAY_SIZE(b->map));
	b->map[b->nr_maps].ref = ref;
	b->map[b->nr_maps].va = host_gnttab_map(b->bus.g, 0, ref, write);
	return b->map[b->nr_maps++].va;
}

static inline void be_unmap_all(struct backend *b)
{
	while (b->nr_maps) {
		struct be_map *m = &b->map[--b->nr_maps];

		host_gnttab_unmap(b->bus.g, m->ref,
				  host_gnttab_flags(b->bus.g, m->ref) &
				  GTF_writing);
	}
}

static inline int16_t be_data(struct backend *b, struct be_request *req)
{
	bool read = req->r.operation == BLKIF_OP_READ;
	uint64_t at = req->r.sector_number * 512;
	unsigned int i;

	for (i = 0; i < req->nr; i++) {
		const struct blkif_request_segment *s = &req->seg[i];
		unsigned int off = s->first_sect * 512;
		unsigned int len = (s->last_sect - s->first_sect + 1) * 512;
		uint8_t *va;

		assert_true(s->first_sect <= s->last_sect);
		assert_true(s->last_sect < 8);
		if (at + len > SECTORS * 512ull)
			return BLKIF_RSP_ERROR;
		va = be_map(b, s->gref, read);
		assert_non_null(va);
		if (read)
			memcpy(va + off, b->disk + at, len);
		else
			memcpy(b->disk + at, va + off, len);
		at += len;
	}
	if (!b->persistent && !b->no_unmap)
		be_unmap_all(b);
	return BLKIF_RSP_OKAY;
}

static inline int16_t be_execute(struct backend *b, struct be_request *req)
{
	uint64_t at = req->r.sector_number * 512;

	switch (req->r.operation) {
	case BLKIF_OP_READ:
	case BLKIF_OP_WRITE:
	case BLKIF_OP_WRITE_BARRIER:
		return be_data(b, req);
	case BLKIF_OP_FLUSH_DISKCACHE:
		return BLKIF_RSP_OKAY;
	case BLKIF_OP_DISCARD:
		assert_true(at + req->nr_sectors * 512 <= SECTORS * 512ull);
		memset(b->disk + at, 0, req->nr_sectors * 512);
		return BLKIF_RSP_OKAY;
	}
	fail_msg("operation %u", req->r.operation);
	return BLKIF_RSP_EOPNOTSUPP;
}

/* Put any response into the ring. */
static inline void be_respond(struct be_queue *q, struct blkif_response *rsp)
{
	struct blkif_sring *s = q->page[0];
	RING_IDX old = q->rsp_prod++;

	be_ring(q, be_entry(q, old), rsp, sizeof(*rsp), true);
	s->rsp_prod = q->rsp_prod;
	if (be_crossed(q->rsp_prod, old, s->rsp_event))
		host_port_notify(q->port);
}

static inline void be_answer(void *request)
{
	struct be_request *req = request;
	struct backend *b = req->q->b;
	struct blkif_response rsp = {
		.id = req->r.id, .operation = req->r.operation,
	};

	rsp.status = b->status ? b->status : be_execute(b, req);
	if (b->lie)
		b->lie(b, &rsp);
	be_respond(req->q, &rsp);
	free(req);
}

static inline void be_take(struct be_queue *q, RING_IDX idx)
{
	struct be_request *req = calloc(1, sizeof(*req));
	struct blkif_request_indirect ind;
	struct blkif_request_discard dis;
	struct backend *b = q->b;

	req->q = q;
	be_ring(q, be_entry(q, idx), &req->r, sizeof(req->r), false);
	memcpy(&ind, &req->r, sizeof(ind));
	memcpy(&dis, &req->r, sizeof(dis));
	if (req->r.operation == BLKIF_OP_INDIRECT) {
		b->indirect++;
		req->r.operation = ind.indirect_op;
		req->r.id = ind.id;
		req->r.sector_number = ind.sector_number;
		req->nr = ind.nr_segments;
		assert_in_range(req->nr, 1, XN_BLK_MAX_SEGMENTS);
		assert_int_equal(host_gnttab_read(b->bus.g, 0,
						  ind.indirect_grefs[0], 0,
						  req->seg, req->nr *
						  sizeof(req->seg[0])), 0);
	} else if (req->r.operation == BLKIF_OP_DISCARD) {
		req->nr_sectors = dis.nr_sectors;
	} else {
		req->nr = req->r.nr_segments;
		assert_in_range(req->nr, 0, BLKIF_MAX_SEGMENTS_PER_REQUEST);
		memcpy(req->seg, req->r.seg, sizeof(req->r.seg));
	}
	b->requests++;
	b->ops[req->r.operation]++;
	if (req->nr > b->max_nr)
		b->max_nr = req->nr;
	be_handle(&b->bus, req);
}

static inline void be_run(struct be_queue *q)
{
	struct blkif_sring *s = q->page[0];

	while (s && q->req_cons != s->req_prod) {
		be_take(q, q->req_cons++);
		if (q->req_cons == s->req_prod)
			s->req_event = q->req_cons + 1;
	}
}

static inline void be_event(void *data, struct host_port *p)
{
	struct be_queue *q = data;

	q->b->notified++;
	if (!q->b->bus.asleep)
		be_run(q);
}

static inline void be_connect_queue(struct backend *b, unsigned int n,
				    const char *dir)
{
	long long order = be_number(&b->bus, b->bus.front, "ring-page-order");
	struct be_queue *q = &b->queue[n];
	unsigned int i;
	char name[32];

	memset(q, 0, sizeof(*q));
	q->b = b;
	/* As Linux's: with an order, even 0, the nodes are ring-ref%u. */
	q->pages = order >= 0 ? 1u << order : 1;
	q->ents = __RD32((q->pages * 4096 - 64) /
			 sizeof(union blkif_sring_entry));
	for (i = 0; i < q->pages; i++) {
		snprintf(name, sizeof(name), "ring-ref%u", i);
		q->ref[i] = be_number(&b->bus, dir,
				      order >= 0 ? name : "ring-ref");
		q->page[i] = be_map_ring(&b->bus, q->ref[i]);
	}
	q->port = be_bind(&b->bus, dir, "event-channel", be_event, q);
}

static inline bool be_front_persistent(struct backend *b)
{
	return be_number(&b->bus, b->bus.front, "feature-persistent") == 1;
}

static inline void be_blk_connect(struct be_bus *bus)
{
	struct backend *b = xn_container_of(bus, struct backend, bus);
	unsigned int i;
	char path[64];

	snprintf(path, sizeof(path), "%s/protocol", bus->front);
	assert_string_equal(host_xs_read(bus->h, path), "x86_64-abi");
	b->nr_queues = be_queues(bus);
	for (i = 0; i < b->nr_queues; i++)
		be_connect_queue(b, i, be_queue_dir(bus, i, b->nr_queues));
	b->persistent = be_front_persistent(b) &&
			be_number(bus, bus->path, "feature-persistent") == 1;
	for (i = 0; i < b->nr_nodes; i++) {
		const struct be_node *n = &b->node[i];

		be_write(bus, n->name, n->value[0] == 1 ? NULL : n->value);
		if (!strcmp(n->name, "feature-persistent"))
			b->persistent = n->value[0] == '1' &&
					be_front_persistent(b);
	}
}

static inline void be_blk_disconnect(struct be_bus *bus)
{
	struct backend *b = xn_container_of(bus, struct backend, bus);
	unsigned int i, k;

	be_unmap_all(b);
	for (i = 0; i < b->nr_queues; i++) {
		struct be_queue *q = &b->queue[i];

		for (k = 0; k < q->pages; k++)
			host_gnttab_unmap(bus->g, q->ref[k], true);
		host_port_close(q->port);
		memset(q, 0, sizeof(*q));
	}
}

static const struct be_kind blk_kind = {
	.type = "vbd",
	.connects = XenbusStateInitialised,
	.lets_go = XenbusStateClosed,
	.connect = be_blk_connect,
	.disconnect = be_blk_disconnect,
	.answer = be_answer,
};

/* ---- the guest ---- */

struct io {
	bool done;
	int err;
};

static struct {
	struct host_xenion x;
	struct host_xs *h;
	struct xn_device dev;
	struct xn_blk blk;
	struct backend b;
	struct xn_blk_info info;	/* as it was when connected */
	unsigned int connected, resized, closing, completed, ready;
	unsigned int events, pages_held;
	int refuse_connected;
	void (*on_complete)(struct xn_blk_queue *q);
} t;

static inline void t_event(void *data, evtchn_port_t port)
{
	t.events++;
	xn_blk_event(data);
}

static inline int t_event_bind(struct xn_blk_queue *q, domid_t otherend,
			       evtchn_port_t *port)
{
	return guest_event_bind(&t.x, otherend, t_event, q, port);
}

static inline void t_event_unbind(struct xn_blk_queue *q, evtchn_port_t port)
{
	xn_evtchn_unbind(&t.x.guest.evtchn, port);
}

static inline int t_connected(struct xn_blk *blk)
{
	t.connected++;
	t.info = blk->info;
	return t.refuse_connected;
}

static inline void t_resized(struct xn_blk *blk)
{
	t.resized++;
}

static inline void t_closing(struct xn_blk *blk)
{
	t.closing++;
}

static inline void t_complete(struct xn_blk_queue *q, void *cookie, int err)
{
	struct io *io = cookie;

	assert_false(io->done);
	io->done = true;
	io->err = err;
	t.completed++;
	if (t.on_complete)
		t.on_complete(q);
}

static inline void t_ready(struct xn_blk_queue *q)
{
	t.ready++;
}

static inline void t_page_get(void *va)
{
	t.pages_held++;
}

static inline void t_page_put(void *va)
{
	t.pages_held--;
}

static const struct xn_blk_ops t_ops = {
	.event_bind = t_event_bind,
	.event_unbind = t_event_unbind,
	.connected = t_connected,
	.resized = t_resized,
	.closing = t_closing,
	.complete = t_complete,
	.ready = t_ready,
	.page_get = t_page_get,
	.page_put = t_page_put,
};

static const struct xn_blk_config t_config = {
	.max_queues = 1,
	.max_segments = 32,
	.persistent = XN_BLK_PERSISTENT_AUTO,
	.handle = VDEV & 0xffff,
};

/* The toolstack makes a disk, and its backend waits for the frontend. */
static inline void be_plug(struct backend *b)
{
	be_bus_plug(&b->bus);
	be_write(&b->bus, "max-ring-page-order", "4");
	be_write(&b->bus, "multi-queue-max-queues", "4");
	be_state(&b->bus, XenbusStateInitWait);
}

static inline void t_plug(void)
{
	be_plug(&t.b);
}

static inline void t_unplug(void)
{
	be_bus_unplug(&t.b.bus);
}

/* Prepare a backend that offers what Linux's does. */
static inline void be_init(struct backend *b, unsigned int vdev)
{
	char path[40];

	be_bus_init(&b->bus, &blk_kind, t.x.host, t.h, vdev);
	b->disk = malloc(SECTORS * 512);
	memset(b->disk, 0xa5, SECTORS * 512);
	be_offer(b, "sectors", "16384");
	be_offer(b, "sector-size", "512");
	be_offer(b, "physical-sector-size", "4096");
	be_offer(b, "info", "0");
	be_offer(b, "feature-flush-cache", "1");
	be_offer(b, "feature-barrier", "1");
	be_offer(b, "feature-discard", "1");
	be_offer(b, "discard-granularity", "4096");
	be_offer(b, "discard-alignment", "0");
	be_offer(b, "feature-max-indirect-segments", "256");
	be_offer(b, "feature-persistent", "1");
	snprintf(path, sizeof(path), "%s/state", b->bus.front);
	host_xs_watch(t.h, path, be_watch, &b->bus);
}

/* A guest, its xenstore, and a disk. */
static inline int t_setup_with(const struct host_config *cfg)
{
	memset(&t, 0, sizeof(t));
	t.h = guest_start_with(&t.x, cfg);
	be_init(&t.b, VDEV);
	t_plug();
	return 0;
}

static inline int t_setup(void **state)
{
	static const struct host_config cfg = { .ram_pages = GUEST_PAGES };

	return t_setup_with(&cfg);
}

/* Returns: as xn_device_init() or xn_blk_init(). */
static inline int t_init(const struct xn_blk_config *config)
{
	int err;

	memset(&t.blk, 0, sizeof(t.blk));
	memset(&t.dev, 0, sizeof(t.dev));
	err = xn_device_init(&t.dev, &t.x.guest, "vbd", VDEV);
	if (!err)
		err = xn_blk_init(&t.blk, &t.dev, &t_ops, config);
	host_pump();
	return err;
}

static inline void t_connect(const struct xn_blk_config *config)
{
	unsigned int before = t.connected;

	assert_int_equal(t_init(config), 0);
	assert_int_equal(t.connected, before + 1);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateConnected);
}

static inline void t_fini(void)
{
	xn_blk_fini(&t.blk);
	host_pump();
}

/* No pages, ports, grants or watches may be left. */
static inline int t_teardown(void **state)
{
	be_disconnect(&t.b.bus);
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(t.pages_held, 0);
	guest_stop(&t.x, t.h);
	free(t.b.disk);
	return 0;
}

/* ---- requests ---- */

/* Memory for I/O: pages that are not adjacent. */
struct buffer {
	unsigned int nr;
	struct xn_sg sg[XN_BLK_MAX_SEGMENTS + 1];
};

static inline void buffer_make(struct buffer *buf, unsigned int nr)
{
	buf->nr = nr;
	while (nr--) {
		buf->sg[nr].va = xn_os_page_alloc();
		buf->sg[nr].len = 4096;
		assert_non_null(buf->sg[nr].va);
	}
}

static inline void buffer_free(struct buffer *buf)
{
	unsigned int i;

	for (i = 0; i < buf->nr; i++)
		xn_os_page_free((void *)((uintptr_t)buf->sg[i].va & ~4095ul));
}

static inline void buffer_fill(struct buffer *buf, unsigned int seed)
{
	unsigned int i, k;

	for (i = 0; i < buf->nr; i++)
		for (k = 0; k < buf->sg[i].len; k++) {
			seed = seed * 1103515245 + 12345;
			((uint8_t *)buf->sg[i].va)[k] = seed >> 16;
		}
}

/* Is it the disk's data from this sector on? */
static inline bool buffer_on_disk(struct buffer *buf, uint64_t sector)
{
	const uint8_t *disk = t.b.disk + sector * 512;
	unsigned int i;

	for (i = 0; i < buf->nr; i++) {
		if (memcmp(disk, buf->sg[i].va, buf->sg[i].len))
			return false;
		disk += buf->sg[i].len;
	}
	return true;
}

static inline int t_submit(struct io *io, enum xn_blk_op op, uint64_t sector,
			   struct buffer *buf)
{
	struct xn_blk_io bio = {
		.op = op, .sector = sector, .cookie = io,
	};

	if (buf) {
		bio.sg = buf->sg;
		bio.nr_sg = buf->nr;
	}
	memset(io, 0, sizeof(*io));
	return xn_blk_submit(&t.blk.queue[0], &bio);
}

static inline void t_push(void)
{
	xn_blk_push(&t.blk.queue[0]);
	host_pump();
}

/* Returns: the request's status, or the error of its submission. */
static inline int t_do(enum xn_blk_op op, uint64_t sector, struct buffer *buf)
{
	struct io io;
	int err = t_submit(&io, op, sector, buf);

	if (err)
		return err;
	t_push();
	assert_true(io.done);
	return io.err;
}

/* Load the queue until it has all slots; in the end nothing is in flight. */
static inline void t_grow(void)
{
	struct xn_blk_queue *q = &t.blk.queue[0];
	static struct io io[DEPTH * 16];
	struct buffer buf;
	unsigned int n;

	buffer_make(&buf, t.info.max_segments);
	t.b.bus.hold = true;
	while (q->slots.nr < q->slots.most) {
		unsigned int before = q->slots.nr;

		for (n = 0; !t_submit(&io[n], XN_BLK_READ, 0, &buf); n++)
			;
		t_push();
		be_release(&t.b.bus);
		t.b.bus.hold = true;
		host_pump();
		assert_true(q->slots.nr > before);
	}
	t.b.bus.hold = false;
	buffer_free(&buf);
}

#endif /* XENION_BLK_BACKEND_H */
