// SPDX-License-Identifier: MIT
/* A block backend (xen-public/io/blkif.h) with a disk in memory. */
#include <stdlib.h>

#include "blk.h"

#define SECTORS		32768u

static const struct node nodes[] = {
	{ "sectors", "32768" },
	{ "sector-size", "512" },
	{ "info", "0" },
	{ "feature-flush-cache", "1" },
	{ "feature-max-indirect-segments", "64" },
	{ NULL, NULL },
};

static const struct node front[] = {
	{ "virtual-device", "51728" },
	{ "device-type", "disk" },
	{ NULL, NULL },
};

static const struct node front_second[] = {
	{ "virtual-device", "51744" },
	{ NULL, NULL },
};

static uint8_t disk[SECTORS * 512];

static int map(struct be *b)
{
	struct blk *k = calloc(1, sizeof(*k));

	b->priv = k;
	k->b = b;
	k->sring = map_page(b, get_front(b, "ring-ref"), true);
	return k->sring ? 0 : -1;
}

static void unmap(struct be *b)
{
	struct blk *k = b->priv;

	unmap_page(b, k->sring);
	free(k);
	b->priv = NULL;
}

void blk_put(struct blk *k, RING_IDX at, const struct blkif_response *rsp)
{
	*(struct blkif_response *)&k->sring->ring[at % BLK_RING].rsp = *rsp;
}

void blk_show(struct blk *k, RING_IDX prod)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*(volatile RING_IDX *)&k->sring->rsp_prod = prod;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	notify(k->b);
}

void blk_answer(struct blk *k, const struct blkif_response *rsp)
{
	blk_put(k, k->rsp_prod++, rsp);
	blk_show(k, k->rsp_prod);
}

/* Read the segments of a request, direct or indirect. Returns: -1: invalid */
static int segments(struct blk *k, const struct blkif_request *r,
		    struct blkif_request_segment *seg)
{
	const struct blkif_request_indirect *ind = (const void *)r;
	void *page;

	if (r->operation != BLKIF_OP_INDIRECT) {
		memcpy(seg, r->seg, sizeof(r->seg));
		return r->nr_segments;
	}
	page = map_page(k->b, ind->indirect_grefs[0], false);
	if (!page || ind->nr_segments > BLK_SEGMENTS)
		return -1;
	memcpy(seg, page, ind->nr_segments * sizeof(*seg));
	unmap_page(k->b, page);
	return ind->nr_segments;
}

/* Write to all of a page except its data: the guest has to survive that. */
static void scribble(uint8_t *page, const struct blkif_request_segment *s)
{
	unsigned int end = (s->last_sect + 1) * 512;

	memset(page, 0xee, s->first_sect * 512);
	memset(page + end, 0xee, 4096 - end);
}

static bool data(struct blk *k, const struct blkif_request_segment *s,
		 uint64_t at, bool read)
{
	unsigned int len = (s->last_sect - s->first_sect + 1) * 512;
	uint8_t *page = map_page(k->b, s->gref, read);

	if (!page || s->last_sect > 7 || at + len > sizeof(disk)) {
		unmap_page(k->b, page);
		return false;
	}
	if (read)
		memcpy(page + s->first_sect * 512, disk + at, len);
	else
		memcpy(disk + at, page + s->first_sect * 512, len);
	if (read && k->scribble)
		scribble(page, s);
	if (k->keep)
		hold_page(k->b, page);
	else
		unmap_page(k->b, page);
	return true;
}

int16_t blk_do(struct blk *k, const struct blkif_request *r)
{
	const struct blkif_request_indirect *ind = (const void *)r;
	bool indirect = r->operation == BLKIF_OP_INDIRECT;
	uint8_t op = indirect ? ind->indirect_op : r->operation;
	uint64_t at = (indirect ? ind->sector_number : r->sector_number) * 512;
	struct blkif_request_segment seg[BLK_SEGMENTS];
	int i, n;

	if (op == BLKIF_OP_FLUSH_DISKCACHE)
		return BLKIF_RSP_OKAY;
	if (op != BLKIF_OP_READ && op != BLKIF_OP_WRITE)
		return BLKIF_RSP_EOPNOTSUPP;
	n = segments(k, r, seg);
	for (i = 0; i < n; i++) {
		if (!data(k, &seg[i], at, op == BLKIF_OP_READ))
			return BLKIF_RSP_ERROR;
		at += (seg[i].last_sect - seg[i].first_sect + 1) * 512;
	}
	return n < 0 ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY;
}

/* Returns: the honest response; an indirect request has its id elsewhere. */
struct blkif_response blk_response(struct blk *k, const struct blkif_request *r)
{
	const struct blkif_request_indirect *ind = (const void *)r;
	bool indirect = r->operation == BLKIF_OP_INDIRECT;
	struct blkif_response rsp = {
		.id = indirect ? ind->id : r->id,
		.operation = indirect ? ind->indirect_op : r->operation,
		.status = blk_do(k, r),
	};

	return rsp;
}

static void work(struct be *b)
{
	const struct blk_more *more = b->lie->more;
	struct blk *k = b->priv;

	while (!b->deaf && k->req_cons !=
	       *(volatile RING_IDX *)&k->sring->req_prod) {
		struct blkif_request r = *(volatile struct blkif_request *)
			&k->sring->ring[k->req_cons % BLK_RING].req;
		struct blkif_response rsp;

		k->req_cons++;
		b->all++;
		b->served += b->is_told;
		/* Some answers are honest, so that the disk is used. */
		if (more && more->request && b->all > more->after &&
		    more->request(k, &r))
			continue;
		rsp = blk_response(k, &r);
		if (more && more->response && b->all > more->after)
			more->response(k, &rsp);
		blk_answer(k, &rsp);
	}
	*(volatile RING_IDX *)&k->sring->req_event = k->req_cons + 1;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

const struct kind blk_kind = {
	.name = "blk", .type = "vbd", .devid = 51728,
	.ready = XenbusStateInitialised, .port = "event-channel",
	.nodes = nodes, .front = front, .lies = blk_lies,
	.front_second = front_second, .devid_second = 51744,
	.map = map, .unmap = unmap, .work = work,
};
