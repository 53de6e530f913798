// SPDX-License-Identifier: MIT
/*
 * The memory of one blkfront queue: ring pages (xen-public/io/blkif.h,
 * "ring-ref") and what is known of requests; slots.c has what their data
 * needs. Called by life.c.
 */
#include "blk.h"

_Static_assert(XN_BLK_REQS_PER_PAGE * sizeof(struct xn_blk_req) <=
	       XN_PAGE_SIZE, "requests fit into their page");

void xn_blkq_init(struct xn_blk_queue *q, struct xn_blk *blk,
		  unsigned int index)
{
	q->blk = blk;
	q->index = index;
	xn_lock_init(&q->lock);
	xn_work_init(&q->poll, xn_blkq_poll);
	xn_work_init(&q->stall_work, xn_blkq_look_for_stall);
	xn_blkq_slots_init(q);
}

static int queue_alloc_ring(struct xn_blk_queue *q)
{
	unsigned int i, pages = 1u << q->blk->ring_order;
	struct blkif_sring *sring;

	for (i = 0; i < pages; i++) {
		void *page = xn_os_page_alloc();
		int err;

		if (!page)
			return -ENOMEM;
		err = xn_gnttab_grant_page(xn_blkq_gnttab(q),
					   q->blk->dev->otherend_id, page,
					   false, &q->ring_ref[i]);
		if (err) {
			xn_os_page_free(page);
			return err;
		}
		q->ring_page[i] = page;
	}
	sring = q->ring_page[0];
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

int xn_blkq_alloc(struct xn_blk_queue *q)
{
	int err = queue_alloc_ring(q);

	return err ? err : queue_alloc_reqs(q);
}

int xn_blkq_bind(struct xn_blk_queue *q)
{
	int err;

	q->broken = false;
	q->starved = false;
	q->polling = false;
	q->poll_again = false;
	q->in_flight = 0;
	q->stall_watched = false;
	q->late = 0;
	err = q->blk->ops->event_bind(q, q->blk->dev->otherend_id, &q->evtchn);
	q->bound = !err;
	if (!err)
		xn_backoff_open(&q->backoff, &q->blk->dev->guest->evtchn,
				q->evtchn);
	return err;
}

void xn_blkq_close(struct xn_blk_queue *q)
{
	unsigned long flags;
	bool bound;

	flags = xn_lock(&q->lock);
	q->open = false;
	bound = q->bound;
	q->bound = false;
	xn_unlock(&q->lock, flags);
	xn_backoff_close(&q->backoff);
	if (bound)
		q->blk->ops->event_unbind(q, q->evtchn);
	xn_work_cancel(&q->poll);
	xn_work_cancel(&q->stall_work);
	xn_blkq_keep_size(q);
	xn_blkq_fail_all(q);
}

void xn_blkq_free(struct xn_blk_queue *q)
{
	struct xn_gnttab *gt = xn_blkq_gnttab(q);
	unsigned int i;

	xn_blkq_close(q);
	xn_blkq_empty(q);
	q->free_reqs = NULL;
	for (i = 0; i < XN_BLK_MAX_REQ_PAGES; i++) {
		xn_os_page_free(q->req_page[i]);
		q->req_page[i] = NULL;
	}
	q->ring.nr_ents = 0;
	q->ring.sring = NULL;
	for (i = 0; i < XN_BLK_MAX_RING_PAGES; i++) {
		if (q->ring_page[i])
			xn_gnttab_end_page(gt, q->ring_ref[i], q->ring_page[i],
					   xn_os_page_free);
		q->ring_page[i] = NULL;
	}
}
