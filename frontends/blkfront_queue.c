// SPDX-License-Identifier: MIT
/*
 * The memory of one blkfront queue: ring pages (xen-public/io/blkif.h,
 * "ring-ref"), pages of indirect descriptors, bounce pages ("persistent
 * grants") and the references for data. All of it is allocated while
 * connecting, so that requests need no allocation. Called by blkfront.c.
 */
#include "blkfront_int.h"

/*
 * More would be of use only with very long requests, and every one costs a
 * reference, and a page where data is bounced: 4 MiB. It is also about what
 * backends keep mapped.
 */
#define XN_BLK_MAX_SLOTS	1024u

struct xn_blk_slot_page {
	struct xn_blk_slot_page *next;
	struct xn_blk_slot slot[(XN_PAGE_SIZE - sizeof(void *)) /
				sizeof(struct xn_blk_slot)];
};

_Static_assert(sizeof(struct xn_blk_slot_page) <= XN_PAGE_SIZE,
	       "slots fill one page");
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
}

static int alloc_ring(struct xn_blk_queue *q)
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

static int alloc_reqs(struct xn_blk_queue *q)
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

int xn_blkq_publish(struct xn_blk_queue *q)
{
	int err;

	err = alloc_ring(q);
	if (!err)
		err = alloc_reqs(q);
	if (err)
		return err;
	q->broken = false;
	q->starved = false;
	q->polling = false;
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

static int add_slot(struct xn_blk_queue *q, struct xn_blk_slot *slot)
{
	struct xn_gnttab *gt = xn_blkq_gnttab(q);
	int err;

	slot->bounce = NULL;
	if (q->blk->info.persistent) {
		slot->bounce = xn_os_page_alloc();
		if (!slot->bounce)
			return -ENOMEM;
		/* Writable: which ones it reads from, the backend cannot know. */
		err = xn_gnttab_grant_page(gt, q->blk->dev->otherend_id,
					   slot->bounce, false, &slot->ref);
	} else {
		err = xn_gnttab_get(gt, &slot->ref);
	}
	if (err) {
		xn_os_page_free(slot->bounce);
		return err;
	}
	slot->next = q->free_slots;
	q->free_slots = slot;
	q->nr_free_slots++;
	return 0;
}

static int add_slots(struct xn_blk_queue *q, unsigned int count)
{
	struct xn_blk_slot_page *page = NULL;
	unsigned int i, used = 0;
	int err;

	for (i = 0; i < count; i++) {
		if (!page || used == XN_ARRAY_SIZE(page->slot)) {
			page = xn_os_page_alloc();
			if (!page)
				return -ENOMEM;
			page->next = q->slot_pages;
			q->slot_pages = page;
			used = 0;
		}
		err = add_slot(q, &page->slot[used++]);
		if (err)
			return err;
	}
	return 0;
}

static int add_indirect(struct xn_blk_queue *q)
{
	unsigned int id;

	for (id = 0; id < RING_SIZE(&q->ring); id++) {
		struct xn_blk_req *req = xn_blkq_req(q, id);
		void *page = xn_os_page_alloc();
		int err;

		if (!page)
			return -ENOMEM;
		err = xn_gnttab_grant_page(xn_blkq_gnttab(q),
					   q->blk->dev->otherend_id, page,
					   false, &req->indirect_ref);
		if (err) {
			xn_os_page_free(page);
			return err;
		}
		req->indirect = page;
	}
	return 0;
}

int xn_blkq_fill(struct xn_blk_queue *q)
{
	const struct xn_blk_info *info = &q->blk->info;
	unsigned int slots = info->depth * info->max_segments;
	unsigned int refs;
	int err = 0;

	if (slots > XN_BLK_MAX_SLOTS)
		slots = XN_BLK_MAX_SLOTS;
	refs = slots + info->depth;
	xn_gnttab_reserve(xn_blkq_gnttab(q), refs);
	if (info->max_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		err = add_indirect(q);
	if (!err)
		err = add_slots(q, slots);
	/* With fewer slots it is slower, with too few it is stuck. */
	if (q->nr_free_slots >= info->max_segments)
		return 0;
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
	xn_blkq_fail_all(q);
}

static void free_slots(struct xn_blk_queue *q)
{
	struct xn_gnttab *gt = xn_blkq_gnttab(q);
	struct xn_blk_slot_page *page, *next;
	struct xn_blk_slot *slot;

	for (slot = q->free_slots; slot; slot = slot->next) {
		if (slot->bounce)
			xn_gnttab_end_page(gt, slot->ref, slot->bounce,
					   xn_os_page_free);
		else if (slot->ref != XN_GRANT_INVALID)
			xn_gnttab_free(gt, slot->ref);
	}
	q->free_slots = NULL;
	q->nr_free_slots = 0;
	for (page = q->slot_pages; page; page = next) {
		next = page->next;
		xn_os_page_free(page);
	}
	q->slot_pages = NULL;
}

void xn_blkq_free(struct xn_blk_queue *q)
{
	struct xn_gnttab *gt = xn_blkq_gnttab(q);
	unsigned int i;

	xn_blkq_close(q);
	free_slots(q);
	for (i = 0; i < RING_SIZE(&q->ring); i++) {
		struct xn_blk_req *req;

		if (!q->req_page[i / XN_BLK_REQS_PER_PAGE])
			continue;
		req = xn_blkq_req(q, i);
		if (req->indirect)
			xn_gnttab_end_page(gt, req->indirect_ref,
					   req->indirect, xn_os_page_free);
	}
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
