/* SPDX-License-Identifier: MIT */
/*
 * The block backend that fuzz_blk.c plays: it connects to a frontend whose
 * nodes may hold anything, as far as possible, keeps the requests that it has
 * seen, and answers them with or without a lie.
 */
#ifndef XENION_FUZZ_BLK_HOST_H
#define XENION_FUZZ_BLK_HOST_H

#include "blk_backend.h"
#include "fuzz_frontend.h"

#define BLK_SEEN	24u

static struct {
	/* Requests that it has seen in the ring. */
	struct blkif_request seen[BLK_SEEN];
	unsigned int nr_seen;
} host;

static inline void host_disconnect(struct be_bus *bus)
{
	struct backend *b = &t.b;
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(b->queue); i++)
		if (b->queue[i].port)
			host_port_close(b->queue[i].port);
	memset(b->queue, 0, sizeof(b->queue));
	host.nr_seen = 0;
}

static inline void connect_queue(struct be_queue *q, const char *dir,
				 long long order)
{
	char name[32];
	unsigned int i;

	q->b = &t.b;
	q->pages = order >= 0 && order <= 4 ? 1u << order : 1;
	q->ents = __RD32((q->pages * 4096 - 64) /
			 sizeof(union blkif_sring_entry));
	for (i = 0; i < q->pages; i++) {
		snprintf(name, sizeof(name), "ring-ref%u", i);
		q->page[i] = fe_ring_page(dir, order >= 0 ? name : "ring-ref");
	}
	q->port = fe_port(dir, "event-channel");
}

static inline void host_connect(struct be_bus *bus)
{
	long long order = be_number(bus, FRONT, "ring-page-order");
	struct backend *b = &t.b;
	unsigned int i;

	b->nr_queues = be_queues(bus) == 2 ? 2 : 1;
	for (i = 0; i < b->nr_queues; i++)
		connect_queue(&b->queue[i], be_queue_dir(bus, i, b->nr_queues),
			      order);
	for (i = 0; i < b->nr_nodes; i++)
		be_write(bus, b->node[i].name, b->node[i].value);
}

static const struct be_kind host_kind = {
	.type = "vbd",
	.connects = XenbusStateInitialised,
	.lets_go = XenbusStateClosed,
	.connect = host_connect,
	.disconnect = host_disconnect,
};

/* Returns: a ring, or NULL if a page or the port is missing. */
static inline struct be_queue *queue(void)
{
	struct be_queue *q = &t.b.queue[fuzz_below(2)];
	unsigned int i;

	for (i = 0; i < q->pages; i++)
		if (!q->page[i])
			return NULL;
	return q->pages && q->port ? q : NULL;
}

static inline void notify(struct be_queue *q)
{
	host_port_notify(q->port);
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

/* The pump may disconnect the backend. */
static inline void serve(struct be_queue *q)
{
	do {
		take(q);
		while (host.nr_seen)
			answer(q, 0);
		notify(q);
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

/* A reference from a request, or any number. */
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
