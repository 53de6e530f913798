// SPDX-License-Identifier: MIT
/*
 * One blkfront queue: ring pages and event channel (xen-public/io/blkif.h,
 * "ring-ref" and "event-channel"), and the list of requests. slots.c has the
 * grants of their data. Called by life.c.
 */
#include "blk.h"

_Static_assert(XN_BLK_REQS_PER_PAGE * sizeof(struct xn_blk_req) <=
	       XN_PAGE_SIZE, "requests fit into their page");

/* Called by the work of q->stall. */
static bool queue_count_late(struct xn_stall *stall, unsigned int *late)
{
	struct xn_blk_queue *q = xn_container_of(stall, struct xn_blk_queue,
						 stall);
	unsigned long flags = xn_lock(&q->lock);
	bool any = q->open && q->in_flight;
	unsigned int id;

	for (id = 0; any && id < RING_SIZE(&q->ring); id++) {
		const struct xn_blk_req *req = xn_blkq_req(q, id);

		*late += XN_READ_ONCE(req->in_flight) &&
			 xn_stall_is_late(stall, req->epoch);
	}
	xn_unlock(&q->lock, flags);
	return any;
}

void xn_blkq_init(struct xn_blk_queue *q, struct xn_blk *blk,
		  unsigned int index)
{
	q->blk = blk;
	q->index = index;
	xn_lock_init(&q->lock);
	xn_work_init(&q->poll, xn_blkq_poll);
	xn_stall_init(&q->stall, &blk->fe, "requests", queue_count_late);
	xn_blkq_slots_init(q);
}

static int queue_alloc_ring(struct xn_blk_queue *q)
{
	unsigned int i, pages = 1u << q->blk->ring_order;
	struct blkif_sring *sring;
	int err;

	for (i = 0; i < pages; i++) {
		err = xn_shared_page_grant(&q->blk->fe, false,
					   &q->ring_page[i]);
		if (err)
			return err;
	}
	sring = q->ring_page[0].va;
	XEN_FRONT_RING_INIT(&q->ring, sring, pages * XN_PAGE_SIZE);
	q->pushed = 0;
	return 0;
}

static int queue_alloc_reqs(struct xn_blk_queue *q)
{
	unsigned int id = RING_SIZE(&q->ring);

	while (id--) {
		struct xn_blk_req **page, *req;

		page = &q->req_page[id / XN_BLK_REQS_PER_PAGE];
		if (!*page)
			*page = xn_os_page_alloc();
		if (!*page)
			return -ENOMEM;
		req = xn_blkq_req(q, id);
		req->id = id;
		req->next = q->free_reqs;
		q->free_reqs = req;
	}
	return 0;
}

int xn_blkq_open(struct xn_blk_queue *q)
{
	int err = queue_alloc_ring(q);

	return err ? err : queue_alloc_reqs(q);
}

int xn_blkq_bind(struct xn_blk_queue *q)
{
	struct xn_device *dev = q->blk->fe.dev;
	evtchn_port_t port;
	int err;

	q->starved = false;
	q->polling = false;
	q->poll_again = false;
	q->in_flight = 0;
	err = q->blk->ops->event_bind(q, dev->otherend_id, &port);
	if (err)
		return err;
	xn_channel_open(&q->channel, &dev->guest->evtchn, port);
	q->bound = true;
	return 0;
}

void xn_blkq_unbind(struct xn_blk_queue *q)
{
	evtchn_port_t port;
	unsigned long flags;

	flags = xn_lock(&q->lock);
	q->open = false;
	q->bound = false;
	xn_unlock(&q->lock, flags);
	port = xn_channel_close(&q->channel);
	if (port)
		q->blk->ops->event_unbind(q, port);
	xn_work_cancel(&q->poll);
	xn_stall_stop(&q->stall);
	xn_blkq_keep_size(q);
	xn_blkq_fail_all(q);
}

void xn_blkq_close(struct xn_blk_queue *q)
{
	unsigned int i;

	xn_blkq_empty(q);
	q->free_reqs = NULL;
	for (i = 0; i < XN_BLK_MAX_REQ_PAGES; i++) {
		xn_os_page_free(q->req_page[i]);
		q->req_page[i] = NULL;
	}
	q->ring.nr_ents = 0;
	q->ring.sring = NULL;
	for (i = 0; i < XN_BLK_MAX_RING_PAGES; i++)
		xn_shared_page_end(&q->blk->fe, &q->ring_page[i]);
}
