/* SPDX-License-Identifier: MIT */
/*
 * The block backend that fuzz_blk.c plays: it takes what can be taken of a
 * frontend that may have said anything, keeps the requests that it has seen, and
 * answers them with or without a lie. Orderly unless it is told to be manual.
 */
#ifndef XENION_FUZZ_BLK_HOST_H
#define XENION_FUZZ_BLK_HOST_H

#include "blk_backend.h"
#include "fuzz_guest.h"
#include "fuzz_pages.h"

#define BLK_SEEN	24u

static struct {
	bool manual;
	/* What it has seen in the ring. */
	struct blkif_request seen[BLK_SEEN];
	unsigned int nr_seen;
} host;

static inline void event(void *data, struct host_port *p)
{
}

static inline void disconnect(void)
{
	struct backend *b = &t.b;
	unsigned int i;

	pages_unmap_all(t.x.host);
	for (i = 0; i < XN_ARRAY_SIZE(b->queue); i++)
		if (b->queue[i].port)
			host_port_close(b->queue[i].port);
	memset(b->queue, 0, sizeof(b->queue));
	b->bus.connected = false;
	host.nr_seen = 0;
}

/* As far as what the frontend says can be true. */
static inline void connect_queue(struct be_queue *q, const char *dir,
				 long long order)
{
	struct be_bus *bus = &t.b.bus;
	char name[32];
	unsigned int i;

	q->b = &t.b;
	q->pages = order >= 0 && order <= 4 ? 1u << order : 1;
	q->ents = __RD32((q->pages * 4096 - 64) /
			 sizeof(union blkif_sring_entry));
	for (i = 0; i < q->pages; i++) {
		snprintf(name, sizeof(name), "ring-ref%u", i);
		q->page[i] = pages_map_ring(t.x.host,
					    be_number(bus, dir, order >= 0 ?
						      name : "ring-ref"));
	}
	q->port = host_port_connect(bus->g,
				    be_number(bus, dir, "event-channel"),
				    event, q);
}

static inline void connect(void)
{
	struct backend *b = &t.b;
	long long order, queues;
	unsigned int i;
	char dir[64];

	disconnect();
	order = be_number(&b->bus, FRONT, "ring-page-order");
	queues = be_number(&b->bus, FRONT, "multi-queue-num-queues");
	b->nr_queues = queues > 0 && queues <= 2 ? queues : 1;
	for (i = 0; i < b->nr_queues; i++) {
		snprintf(dir, sizeof(dir), FRONT "/queue-%u", i);
		connect_queue(&b->queue[i], b->nr_queues > 1 ? dir : FRONT,
			      order);
	}
	for (i = 0; i < b->nr_nodes; i++)
		be_write(&b->bus, b->node[i].name, b->node[i].value);
	b->bus.connected = true;
	be_state(&b->bus, XenbusStateConnected);
}

/* The frontend's state has changed: an orderly backend follows. */
static inline void follow(void *data)
{
	struct backend *b = &t.b;

	if (host.manual || !b->bus.path[0])
		return;
	switch (host_xs_read_int(t.h, FRONT "/state")) {
	case XenbusStateInitialised:
		if (!b->bus.connected)
			connect();
		break;
	case XenbusStateClosed:
		disconnect();
		be_state(&b->bus, XenbusStateClosed);
		break;
	}
}

/* All pages of the ring there, as only the guest's mistakes could prevent. */
static inline struct be_queue *queue(void)
{
	struct be_queue *q = &t.b.queue[fuzz_below(2)];
	unsigned int i;

	for (i = 0; i < q->pages; i++)
		if (!q->page[i])
			return NULL;
	return q->pages && q->port ? q : NULL;
}

static inline unsigned int take(struct be_queue *q)
{
	struct blkif_sring *s = q->page[0];
	unsigned int n = 0;

	while (s->req_prod - q->req_cons - 1 < q->ents &&
	       host.nr_seen < BLK_SEEN) {
		be_ring(q, be_entry(q, q->req_cons++), &host.seen[host.nr_seen++],
			sizeof(host.seen[0]), false);
		n++;
	}
	s->req_event = q->req_cons + 1;
	return n;
}

static inline void respond(struct be_queue *q, struct blkif_response rsp)
{
	be_ring(q, be_entry(q, q->rsp_prod++), &rsp, sizeof(rsp), true);
	((struct blkif_sring *)q->page[0])->rsp_prod = q->rsp_prod;
}

/* @lie: what is wrong with the answer, as bits */
static inline void answer(struct be_queue *q, unsigned int lie)
{
	struct blkif_request *r;
	struct blkif_response rsp;
	unsigned int i;

	if (!host.nr_seen)
		return;
	i = lie & 0x80 ? fuzz_below(host.nr_seen) : 0;
	r = &host.seen[i];
	rsp = (struct blkif_response){ .id = r->id, .operation = r->operation };
	if (lie & 1)
		rsp.id += fuzz_number();
	if (lie & 2)
		rsp.operation = fuzz_u8();
	if (lie & 4)
		rsp.status = fuzz_number();
	if (lie & 8)
		rsp.status = -(int)fuzz_below(3);
	respond(q, rsp);
	if (lie & 16)
		respond(q, rsp);
	if (!(lie & 32))
		host.seen[i] = host.seen[--host.nr_seen];
}

/* It may have been disconnected when all that came of it is done. */
static inline void serve(struct be_queue *q)
{
	do {
		take(q);
		while (host.nr_seen)
			answer(q, 0);
		host_port_notify(q->port);
		host_pump();
	} while (q->port && take(q));
}

static inline void index_op(struct be_queue *q)
{
	struct blkif_sring *s = q->page[0];

	switch (fuzz_below(5)) {
	case 0:
		s->req_prod = fuzz_number();
		break;
	case 1:
		s->req_event = fuzz_number();
		break;
	case 2:
		s->rsp_prod = q->rsp_prod += fuzz_number();
		break;
	case 3:
		s->rsp_event = fuzz_number();
		break;
	default:
		s->rsp_prod = fuzz_number();
		break;
	}
}

static inline void scribble(struct be_queue *q)
{
	uint16_t at = fuzz_u16() % 4096;

	((uint8_t *)q->page[at % q->pages])[at] = fuzz_u8();
}

/* A reference out of a request, or any. */
static inline grant_ref_t any_ref(void)
{
	unsigned int i = fuzz_u8();
	struct blkif_request *r;

	if (!host.nr_seen || i & 0x80)
		return fuzz_u16() % 512;
	r = &host.seen[(i >> 4) % host.nr_seen];
	if (r->operation == BLKIF_OP_INDIRECT)
		return ((struct blkif_request_indirect *)r)->indirect_grefs[0];
	return r->seg[(i & 15) % BLKIF_MAX_SEGMENTS_PER_REQUEST].gref;
}

#endif /* XENION_FUZZ_BLK_HOST_H */
