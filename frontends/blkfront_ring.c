// SPDX-License-Identifier: MIT
/*
 * Requests and responses of one blkfront queue (xen-public/io/blkif.h,
 * xen-public/io/ring.h). Called by the port for each request, and for each
 * event on the queue's port.
 *
 * Submission runs under the queue's lock. Completion runs on one CPU at a time
 * and owns a request from its response until it goes back on the free list, so
 * it takes the lock only for that, once for many.
 */
#include "blkfront_int.h"

#define XN_BLK_BATCH	16	/* completions per lock */
#define XN_BLK_BUDGET	1024	/* responses taken in one upcall */

/*
 * Ring entries lie at multiples of 16 bytes: a response never crosses from one
 * page of the ring into the next, but a request may.
 */
_Static_assert(sizeof(union blkif_sring_entry) % 16 == 0 &&
	       __builtin_offsetof(struct blkif_sring, ring) % 16 == 0 &&
	       sizeof(struct blkif_response) <= 16,
	       "responses lie within one page");

/* Where in the ring an entry begins, in bytes. */
static uint32_t entry_offset(struct xn_blk_queue *q, RING_IDX idx)
{
	return __builtin_offsetof(struct blkif_sring, ring) +
	       (idx & (RING_SIZE(&q->ring) - 1)) *
	       sizeof(union blkif_sring_entry);
}

static void *ring_at(struct xn_blk_queue *q, uint32_t offset)
{
	return (uint8_t *)q->ring_page[offset / XN_PAGE_SIZE] +
	       offset % XN_PAGE_SIZE;
}

/* ---- submission ---- */

/*
 * Room is certain: there are as many requests as ring entries, and each waits
 * for its response.
 */
static void emit(struct xn_blk_queue *q, const void *request, uint32_t len)
{
	uint32_t off = entry_offset(q, q->ring.req_prod_pvt++);
	uint32_t room = XN_PAGE_SIZE - off % XN_PAGE_SIZE;

	if (len <= room) {
		memcpy(ring_at(q, off), request, len);
	} else {
		memcpy(ring_at(q, off), request, room);
		memcpy(ring_at(q, off + room),
		       (const uint8_t *)request + room, len - room);
	}
}

static void emit_flush(struct xn_blk_queue *q, struct xn_blk_req *req)
{
	struct blkif_request r = {
		.operation = q->blk->info.flush_cache ?
			     BLKIF_OP_FLUSH_DISKCACHE : BLKIF_OP_WRITE_BARRIER,
		.handle = q->blk->config.handle,
		.id = req->id,
	};

	req->op = r.operation;
	emit(q, &r, sizeof(r));
}

static void emit_discard(struct xn_blk_queue *q, struct xn_blk_req *req,
			 const struct xn_blk_io *io)
{
	struct blkif_request_discard r = {
		.operation = BLKIF_OP_DISCARD,
		.handle = q->blk->config.handle,
		.id = req->id,
		.sector_number = io->sector,
		.nr_sectors = io->nr_sectors,
	};

	req->op = BLKIF_OP_DISCARD;
	emit(q, &r, sizeof(r));
}

/* Let the backend have one piece of data, and tell it where. */
static void describe(struct xn_device *dev, struct xn_blk_slot *slot,
		     const struct xn_sg *sg, bool write,
		     struct blkif_request_segment *seg)
{
	uint32_t first = 0;

	slot->va = sg->va;
	slot->len = sg->len;
	if (!slot->bounce) {
		first = ((uintptr_t)sg->va & (XN_PAGE_SIZE - 1)) >>
			XN_BLK_SECTOR_SHIFT;
		xn_gnttab_grant(&dev->guest->gnttab, slot->ref,
				dev->otherend_id, xn_os_gfn(sg->va), write);
	} else if (write) {
		memcpy(slot->bounce, sg->va, sg->len);
	}
	seg->gref = slot->ref;
	seg->first_sect = first;
	seg->last_sect = first + (sg->len >> XN_BLK_SECTOR_SHIFT) - 1;
}

/* The first slots of the free list become the request's, in that order. */
static void describe_all(struct xn_blk_queue *q, struct xn_blk_req *req,
			 const struct xn_blk_io *io,
			 struct blkif_request_segment *seg)
{
	struct xn_blk_slot *slot = q->slots.free;
	unsigned int i;

	req->slots = slot;
	for (i = 0; ; slot = slot->next) {
		describe(q->blk->dev, slot, &io->sg[i], io->op != XN_BLK_READ,
			 &seg[i]);
		if (++i == io->nr_sg)
			break;
	}
	q->slots.free = slot->next;
	q->slots.nr_free -= io->nr_sg;
	slot->next = NULL;
	req->last_slot = slot;
	req->nr_slots = io->nr_sg;
	q->stats.segments += io->nr_sg;
}

static void emit_rw(struct xn_blk_queue *q, struct xn_blk_req *req,
		    const struct xn_blk_io *io)
{
	struct blkif_request r = {
		.operation = req->op,
		.nr_segments = io->nr_sg,
		.handle = q->blk->config.handle,
		.id = req->id,
		.sector_number = io->sector,
	};

	describe_all(q, req, io, r.seg);
	emit(q, &r, __builtin_offsetof(struct blkif_request, seg) +
		    io->nr_sg * sizeof(r.seg[0]));
}

static void emit_indirect(struct xn_blk_queue *q, struct xn_blk_req *req,
			  const struct xn_blk_io *io)
{
	struct xn_blk_slot *table = q->indirect.free;
	struct blkif_request_indirect r = {
		.operation = BLKIF_OP_INDIRECT,
		.indirect_op = req->op,
		.nr_segments = io->nr_sg,
		.handle = q->blk->config.handle,
		.id = req->id,
		.sector_number = io->sector,
		.indirect_grefs = { table->ref },
	};

	q->indirect.free = table->next;
	q->indirect.nr_free--;
	req->indirect = table;
	describe_all(q, req, io, table->bounce);
	emit(q, &r, sizeof(r));
	q->stats.indirect++;
}

static uint8_t data_op(const struct xn_blk_info *info, enum xn_blk_op op)
{
	if (op == XN_BLK_READ)
		return BLKIF_OP_READ;
	if (op == XN_BLK_WRITE_FUA && info->flush && !info->flush_cache)
		return BLKIF_OP_WRITE_BARRIER;
	return BLKIF_OP_WRITE;
}

static int check_data(const struct xn_blk_info *info,
		      const struct xn_blk_io *io)
{
	unsigned int i;

	if (!io->nr_sg || io->nr_sg > info->max_segments)
		return -EINVAL;
	for (i = 0; i < io->nr_sg; i++) {
		uintptr_t off = (uintptr_t)io->sg[i].va & (XN_PAGE_SIZE - 1);
		uint32_t len = io->sg[i].len;

		if (!len || ((off | len) & ((1u << XN_BLK_SECTOR_SHIFT) - 1)) ||
		    len > XN_PAGE_SIZE - off)
			return -EINVAL;
	}
	return 0;
}

static int check(const struct xn_blk_info *info, const struct xn_blk_io *io)
{
	switch (io->op) {
	case XN_BLK_READ:
	case XN_BLK_WRITE:
		return check_data(info, io);
	case XN_BLK_WRITE_FUA:
		/* A barrier has no indirect form. */
		if (data_op(info, io->op) == BLKIF_OP_WRITE_BARRIER &&
		    io->nr_sg > BLKIF_MAX_SEGMENTS_PER_REQUEST)
			return -EINVAL;
		return check_data(info, io);
	case XN_BLK_FLUSH:
		return info->flush ? 0 : -EOPNOTSUPP;
	case XN_BLK_DISCARD:
		return info->discard ? 0 : -EOPNOTSUPP;
	}
	return -EINVAL;
}

static void start(struct xn_blk_queue *q, struct xn_blk_req *req,
		  const struct xn_blk_io *io)
{
	const struct xn_blk_info *info = &q->blk->info;

	req->cookie = io->cookie;
	req->slots = NULL;
	req->last_slot = NULL;
	req->nr_slots = 0;
	req->indirect = NULL;
	req->ended = false;
	req->epoch = q->epoch;
	req->flush_after = io->op == XN_BLK_WRITE_FUA && info->flush_cache;

	if (io->op == XN_BLK_FLUSH) {
		emit_flush(q, req);
		return;
	}
	if (io->op == XN_BLK_DISCARD) {
		emit_discard(q, req, io);
		return;
	}
	req->op = data_op(info, io->op);
	if (io->nr_sg > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		emit_indirect(q, req, io);
	else
		emit_rw(q, req, io);
}

static bool has_slots(const struct xn_blk_queue *q, unsigned int data)
{
	return q->slots.nr_free >= data &&
	       (data <= BLKIF_MAX_SEGMENTS_PER_REQUEST || q->indirect.free);
}

/* Returns: -EBUSY. */
static int put_off(struct xn_blk_queue *q)
{
	q->starved = true;
	q->stats.busy++;
	if (q->free_reqs)
		xn_blkq_want_slots(q);
	return -EBUSY;
}

int xn_blk_submit(struct xn_blk_queue *q, const struct xn_blk_io *io)
{
	unsigned int data = io->op < XN_BLK_FLUSH ? io->nr_sg : 0;
	struct xn_blk_req *req;
	unsigned long flags;
	int err;

	flags = xn_lock(&q->lock);
	req = q->free_reqs;
	err = q->open ? check(&q->blk->info, io) : -ENODEV;
	if (!err && (!req || !has_slots(q, data)))
		err = put_off(q);
	if (!err) {
		q->free_reqs = req->next;
		q->in_flight++;
		q->stats.requests++;
		start(q, req, io);
		if (!q->stall_watched)
			xn_blkq_watch_stall(q);
		/*
		 * Last: a backend may answer requests that it was not shown,
		 * while another CPU listens.
		 */
		xn_wmb();
		XN_WRITE_ONCE(req->in_flight, true);
	}
	xn_unlock(&q->lock, flags);
	return err;
}

void xn_blk_push(struct xn_blk_queue *q)
{
	unsigned long flags;
	bool notify = false;

	flags = xn_lock(&q->lock);
	/* The ring may be gone, with what was submitted. */
	if (q->bound && q->pushed != q->ring.req_prod_pvt) {
		q->pushed = q->ring.req_prod_pvt;
		RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&q->ring, notify);
		q->stats.notifications += notify;
	}
	xn_unlock(&q->lock, flags);
	/* Requests that nobody hears of would wait for ever. */
	if (notify && xn_evtchn_send(q->evtchn))
		xn_blk_refuse(q, "the backend cannot be notified");
}

/* ---- completion ---- */

struct batch {
	unsigned int n;
	bool push;		/* a request was added meanwhile */
	struct xn_blk_req *req[XN_BLK_BATCH];
	int err[XN_BLK_BATCH];
};

/*
 * Answered, but still mapped: it must not go back to its owner alone, or the
 * backend could read and write whatever comes to lie there next.
 */
static void hold_page(struct xn_blk_queue *q, struct xn_blk_slot *slot)
{
	const struct xn_blk_ops *ops = q->blk->ops;

	if (ops->page_get)
		ops->page_get(slot->va);
	xn_gnttab_end_page(xn_blkq_gnttab(q), slot->ref, slot->va,
			   ops->page_put);
	slot->ref = XN_GRANT_INVALID;
}

/* Take the data back, once. Returns: what the request ends with. */
static int end_data(struct xn_blk_queue *q, struct xn_blk_req *req, int err)
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
			hold_page(q, slot);
			/* While closing, that is no surprise. */
			if (XN_READ_ONCE(q->open))
				xn_blk_refuse(q, "a page still in use after its request");
			err = -EIO;
		}
	}
	return err;
}

/* Requests and slots become free before their owners hear of it. */
static void flush_batch(struct xn_blk_queue *q, struct batch *b)
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
	/* The last one that the work waits for. */
	if (idle && XN_READ_ONCE(q->blk->draining))
		xn_blk_again(q->blk);
}

static void finish(struct xn_blk_queue *q, struct xn_blk_req *req, int err,
		   struct batch *b)
{
	XN_WRITE_ONCE(req->in_flight, false);
	b->err[b->n] = end_data(q, req, err);
	b->req[b->n++] = req;
	if (b->n == XN_BLK_BATCH)
		flush_batch(q, b);
}

/* The second half of XN_BLK_WRITE_FUA. */
static int flush_follows(struct xn_blk_queue *q, struct xn_blk_req *req)
{
	unsigned long flags;
	int err = -EIO;

	flags = xn_lock(&q->lock);
	if (q->open) {
		req->flush_after = false;
		emit_flush(q, req);
		err = 0;
	}
	xn_unlock(&q->lock, flags);
	return err;
}

/* Find the request that a response belongs to. NULL: none, and that is told. */
static struct xn_blk_req *match(struct xn_blk_queue *q,
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
	/* Some copy the outer operation of an indirect request. */
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
	xn_blk_refuse(q, what);
	return NULL;
}

static void take(struct xn_blk_queue *q, RING_IDX idx, struct batch *b)
{
	volatile struct blkif_response *shared;
	struct blkif_response rsp;
	struct xn_blk_req *req;
	int err = 0;

	shared = ring_at(q, entry_offset(q, idx));
	rsp.id = shared->id;
	rsp.operation = shared->operation;
	rsp.status = shared->status;

	req = match(q, &rsp);
	if (!req)
		return;
	if (rsp.status == BLKIF_RSP_EOPNOTSUPP)
		err = -EOPNOTSUPP;
	else if (rsp.status != BLKIF_RSP_OKAY)
		err = -EIO;
	if (req->flush_after) {
		err = end_data(q, req, err);
		if (!err)
			err = flush_follows(q, req);
		if (!err) {
			b->push = true;
			return;
		}
	}
	finish(q, req, err, b);
}

/* Returns: true when it stopped because it was enough for one time. */
static bool consume(struct xn_blk_queue *q)
{
	unsigned int budget = XN_BLK_BUDGET;
	struct batch b = { .n = 0 };
	bool enough = false;
	int more = true;

	while (more && !enough && !q->broken) {
		RING_IDX prod = XN_READ_ONCE(q->ring.sring->rsp_prod);
		RING_IDX cons = q->ring.rsp_cons;

		xn_rmb();
		if (prod - cons > XN_READ_ONCE(q->ring.req_prod_pvt) - cons) {
			xn_blk_refuse(q, "more responses than requests");
			break;
		}
		if (cons != prod)
			xn_backoff_work(&q->backoff);
		while (cons != prod && !enough && !q->broken) {
			enough = !--budget;
			q->ring.rsp_cons = cons + 1;
			take(q, cons++, &b);
		}
		if (!enough)
			RING_FINAL_CHECK_FOR_RESPONSES(&q->ring, more);
	}
	flush_batch(q, &b);
	if (b.push)
		xn_blk_push(q);
	return enough && !q->broken;
}

/*
 * Does the work take responses now? It may have taken its last look already, so
 * it is told to look again.
 */
static bool leave_to_work(struct xn_blk_queue *q)
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

void xn_blk_interrupt(struct xn_blk_queue *q)
{
	if (leave_to_work(q))
		return;
	xn_rmb();
	q->stats.interrupts++;
	xn_backoff_event(&q->backoff);
	if (!consume(q))
		return;
	/* Let others have this CPU: the rest is done by xn_blkq_poll(). */
	xn_evtchn_hold(&q->blk->dev->guest->evtchn, q->evtchn, XN_HOLD_ENGINE);
	XN_WRITE_ONCE(q->polling, true);
	xn_work_schedule(&q->poll, 0);
}

/* Returns: false when an interrupt came since the work looked. */
static bool hand_back(struct xn_blk_queue *q)
{
	unsigned long flags = xn_lock(&q->lock);
	bool back = !q->poll_again;

	q->poll_again = false;
	if (back) {
		/* The interrupt goes on where the work has stopped. */
		xn_wmb();
		XN_WRITE_ONCE(q->polling, false);
	}
	if (back && q->bound)
		xn_evtchn_release(&q->blk->dev->guest->evtchn, q->evtchn,
				  XN_HOLD_ENGINE);
	xn_unlock(&q->lock, flags);
	return back;
}

void xn_blkq_poll(struct xn_work *work)
{
	struct xn_blk_queue *q = xn_container_of(work, struct xn_blk_queue,
						 poll);

	if (consume(q) || !hand_back(q))
		xn_work_schedule(&q->poll, 0);
}

void xn_blkq_fail_all(struct xn_blk_queue *q)
{
	struct batch b = { .n = 0 };
	unsigned int id;

	for (id = 0; id < RING_SIZE(&q->ring) && q->in_flight; id++) {
		struct xn_blk_req *req = xn_blkq_req(q, id);

		if (req->in_flight)
			finish(q, req, -EIO, &b);
	}
	flush_batch(q, &b);
}
