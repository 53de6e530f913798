// SPDX-License-Identifier: MIT
/*
 * Responses of one blkfront queue (xen-public/io/blkif.h,
 * xen-public/io/ring.h). Called by the OS layer for each event of the queue's
 * channel.
 *
 * Completion runs on one CPU at a time and owns a request from its response
 * until the request is on the free list again. So it takes the queue's lock
 * only to put requests there, many at a time.
 */
#include "blk.h"

#define XN_BLK_BATCH	16	/* completions per lock */
#define XN_BLK_BUDGET	1024	/* responses taken in one upcall */

struct batch {
	unsigned int n;
	bool push;		/* a request was added meanwhile */
	struct xn_blk_req *req[XN_BLK_BATCH];
	int err[XN_BLK_BATCH];
};

/*
 * The backend has answered, but still maps the page. The page must not be freed
 * yet, or the backend could read and write whatever lies there next.
 */
static void slot_hold_page(struct xn_blk_queue *q, struct xn_blk_slot *slot)
{
	const struct xn_blk_ops *ops = q->blk->ops;

	if (ops->page_get)
		ops->page_get(slot->va);
	xn_gnttab_end_page(xn_blkq_gnttab(q), slot->ref, slot->va,
			   ops->page_put);
	slot->ref = XN_GRANT_INVALID;
}

/* Take the data back, once. Returns: the error that the request ends with. */
static int req_end_data(struct xn_blk_queue *q, struct xn_blk_req *req, int err)
{
	struct xn_gnttab *gt = xn_blkq_gnttab(q);
	bool read = req->op == BLKIF_OP_READ && !err;
	struct xn_blk_slot *slot;

	if (req->ended)
		return err;
	req->ended = true;
	for (slot = req->slots; slot; slot = slot->next) {
		if (slot->bounce) {
			if (read)
				memcpy(slot->va, slot->bounce, slot->len);
		} else if (xn_gnttab_end(gt, slot->ref)) {
			slot_hold_page(q, slot);
			/* While closing, the backend may still use it. */
			if (XN_READ_ONCE(q->open))
				xn_blkq_refuse(q, "a page still in use after its request");
			err = -EIO;
		}
	}
	return err;
}

/* Free requests and slots before their owners are called. */
static void batch_flush(struct xn_blk_queue *q, struct batch *b)
{
	const struct xn_blk_ops *ops = q->blk->ops;
	void *cookie[XN_BLK_BATCH];
	unsigned int i, n = b->n;
	unsigned long flags;
	bool ready, idle;

	if (!n)
		return;
	b->n = 0;
	flags = xn_lock(&q->lock);
	for (i = 0; i < n; i++) {
		struct xn_blk_req *req = b->req[i];

		cookie[i] = req->cookie;
		if (req->slots)
			xn_blk_slots_put(&q->slots, req->slots,
					 req->last_slot, req->nr_slots);
		if (req->indirect)
			xn_blk_slots_put(&q->indirect, req->indirect,
					 req->indirect, 1);
		req->next = q->free_reqs;
		q->free_reqs = req;
	}
	q->in_flight -= n;
	idle = !q->in_flight;
	ready = q->starved;
	q->starved = false;
	xn_unlock(&q->lock, flags);

	for (i = 0; i < n; i++)
		ops->complete(q, cookie[i], b->err[i]);
	if (ready && ops->ready)
		ops->ready(q);
	/* The work may wait for the last request. */
	if (idle)
		xn_frontend_completed(&q->blk->fe);
}

static void req_finish(struct xn_blk_queue *q, struct xn_blk_req *req, int err,
		       struct batch *b)
{
	XN_WRITE_ONCE(req->in_flight, false);
	b->err[b->n] = req_end_data(q, req, err);
	b->req[b->n++] = req;
	if (b->n == XN_BLK_BATCH)
		batch_flush(q, b);
}

/*
 * The second half of XN_BLK_WRITE_FUA. If the disk is being lost, the request
 * stays in flight, for xn_blkq_fail_all().
 */
static int req_flush_follows(struct xn_blk_queue *q, struct xn_blk_req *req,
			     struct batch *b)
{
	unsigned long flags;
	int err = 0;

	flags = xn_lock(&q->lock);
	if (q->open) {
		req->flush_after = false;
		xn_blkq_emit_flush(q, req);
		b->push = true;
	} else if (!XN_READ_ONCE(q->blk->fe.asleep)) {
		err = -EIO;
	}
	xn_unlock(&q->lock, flags);
	return err;
}

/* Find a response's request. NULL: there is none, and the device fails. */
static struct xn_blk_req *response_match(struct xn_blk_queue *q,
					 const struct blkif_response *rsp)
{
	struct xn_blk_req *req;
	const char *what;

	if (rsp->id >= RING_SIZE(&q->ring)) {
		what = "a response with an id that no request can have";
		goto refuse;
	}
	req = xn_blkq_req(q, rsp->id);
	if (!XN_READ_ONCE(req->in_flight)) {
		what = "a response with an id that is not in flight";
		goto refuse;
	}
	xn_rmb();
	/* Some backends copy the outer operation of an indirect request. */
	if (rsp->operation != req->op &&
	    !(rsp->operation == BLKIF_OP_INDIRECT &&
	      req->nr_slots > BLKIF_MAX_SEGMENTS_PER_REQUEST)) {
		what = "a response with another operation than its request";
		goto refuse;
	}
	switch (rsp->status) {
	case BLKIF_RSP_OKAY:
	case BLKIF_RSP_ERROR:
	case BLKIF_RSP_EOPNOTSUPP:
		return req;
	}
	what = "a response with a status that does not exist";
refuse:
	xn_blkq_refuse(q, what);
	return NULL;
}

static void response_take(struct xn_blk_queue *q, RING_IDX idx, struct batch *b)
{
	volatile struct blkif_response *shared;
	struct blkif_response rsp;
	struct xn_blk_req *req;
	int err = 0;

	shared = xn_blkq_ring_at(q, xn_blkq_entry_offset(q, idx));
	rsp.id = shared->id;
	rsp.operation = shared->operation;
	rsp.status = shared->status;

	req = response_match(q, &rsp);
	if (!req)
		return;
	if (rsp.status == BLKIF_RSP_EOPNOTSUPP)
		err = -EOPNOTSUPP;
	else if (rsp.status != BLKIF_RSP_OKAY)
		err = -EIO;
	if (req->flush_after) {
		err = req_end_data(q, req, err);
		if (!err)
			err = req_flush_follows(q, req, b);
		if (!err)
			return;
	}
	req_finish(q, req, err, b);
}

/* Returns: true if it stopped because the budget was used up. */
static bool queue_consume(struct xn_blk_queue *q)
{
	unsigned int budget = XN_BLK_BUDGET;
	struct batch b = { .n = 0 };
	bool enough = false;
	int more = true;

	while (more && !enough && !xn_blkq_is_broken(q)) {
		RING_IDX prod = XN_READ_ONCE(q->ring.sring->rsp_prod);
		RING_IDX cons = q->ring.rsp_cons;

		xn_rmb();
		if (prod - cons > XN_READ_ONCE(q->ring.req_prod_pvt) - cons) {
			xn_blkq_refuse(q, "more responses than requests");
			break;
		}
		if (cons != prod)
			xn_channel_work(&q->channel);
		while (cons != prod && !enough && !xn_blkq_is_broken(q)) {
			enough = !--budget;
			q->ring.rsp_cons = cons + 1;
			response_take(q, cons++, &b);
		}
		if (!enough)
			RING_FINAL_CHECK_FOR_RESPONSES(&q->ring, more);
	}
	batch_flush(q, &b);
	if (b.push)
		xn_blk_push(q);
	return enough && !xn_blkq_is_broken(q);
}

/*
 * Does the work take responses now? It may have looked for the last time
 * already, so have it look again.
 */
static bool queue_leave_to_poll(struct xn_blk_queue *q)
{
	unsigned long flags;
	bool polling;

	if (!XN_READ_ONCE(q->polling))
		return false;
	flags = xn_lock(&q->lock);
	polling = q->polling;
	q->poll_again = polling;
	xn_unlock(&q->lock, flags);
	return polling;
}

void xn_blk_event(struct xn_blk_queue *q)
{
	if (queue_leave_to_poll(q))
		return;
	xn_rmb();
	q->stats.interrupts++;
	xn_channel_event(&q->channel);
	if (!queue_consume(q))
		return;
	/* Let others have this CPU: xn_blkq_poll() does the rest. */
	xn_evtchn_hold(&q->blk->fe.dev->guest->evtchn, q->channel.port,
		       XN_HOLD_ENGINE);
	XN_WRITE_ONCE(q->polling, true);
	xn_work_schedule(&q->poll, 0);
}

/* Returns: false if an interrupt has come since the work looked. */
static bool queue_hand_back(struct xn_blk_queue *q)
{
	unsigned long flags = xn_lock(&q->lock);
	bool back = !q->poll_again;

	q->poll_again = false;
	if (back) {
		/* The interrupt continues where the work has stopped. */
		xn_wmb();
		XN_WRITE_ONCE(q->polling, false);
	}
	if (back && q->bound)
		xn_evtchn_release(&q->blk->fe.dev->guest->evtchn, q->channel.port,
				  XN_HOLD_ENGINE);
	xn_unlock(&q->lock, flags);
	return back;
}

void xn_blkq_poll(struct xn_work *work)
{
	struct xn_blk_queue *q = xn_container_of(work, struct xn_blk_queue,
						 poll);

	if (queue_consume(q) || !queue_hand_back(q))
		xn_work_schedule(&q->poll, 0);
}

/* Returns: of those in flight the request that was submitted first, or NULL. */
static struct xn_blk_req *queue_oldest(struct xn_blk_queue *q)
{
	struct xn_blk_req *oldest = NULL;
	unsigned int id;

	for (id = 0; id < RING_SIZE(&q->ring); id++) {
		struct xn_blk_req *req = xn_blkq_req(q, id);

		if (req->in_flight &&
		    (!oldest || (int32_t)(req->order - oldest->order) < 0))
			oldest = req;
	}
	return oldest;
}

/*
 * Searching for each costs some time, but there are 512 at most, and a queue is
 * closed rarely.
 */
void xn_blkq_fail_all(struct xn_blk_queue *q)
{
	int err = q->blk->fe.kept ? -EAGAIN : -EIO;
	struct batch b = { .n = 0 };
	struct xn_blk_req *req;

	while (q->in_flight && (req = queue_oldest(q)))
		req_finish(q, req, err, &b);
	batch_flush(q, &b);
}
