// SPDX-License-Identifier: MIT
/*
 * Requests of one blkfront queue on their way to the backend
 * (xen-public/io/blkif.h, xen-public/io/ring.h). Called by the OS layer for each
 * request. All of it runs under the queue's lock.
 */
#include "blk.h"

/*
 * Ring entries lie at multiples of 16 bytes: a response never crosses from one
 * page of the ring into the next, but a request may.
 */
_Static_assert(sizeof(union blkif_sring_entry) % 16 == 0 &&
	       __builtin_offsetof(struct blkif_sring, ring) % 16 == 0 &&
	       sizeof(struct blkif_response) <= 16,
	       "responses lie within one page");

/*
 * Room is certain: there are as many requests as ring entries, and each waits
 * for its response.
 */
static void ring_emit(struct xn_blk_queue *q, const void *request, uint32_t len)
{
	uint32_t off = xn_blkq_entry_offset(q, q->ring.req_prod_pvt++);
	uint32_t room = XN_PAGE_SIZE - off % XN_PAGE_SIZE;

	if (len <= room) {
		memcpy(xn_blkq_ring_at(q, off), request, len);
	} else {
		memcpy(xn_blkq_ring_at(q, off), request, room);
		memcpy(xn_blkq_ring_at(q, off + room),
		       (const uint8_t *)request + room, len - room);
	}
}

void xn_blkq_emit_flush(struct xn_blk_queue *q, struct xn_blk_req *req)
{
	struct blkif_request r = {
		.operation = q->blk->info.flush_cache ?
			     BLKIF_OP_FLUSH_DISKCACHE : BLKIF_OP_WRITE_BARRIER,
		.handle = q->blk->config.handle,
		.id = req->id,
	};

	req->op = r.operation;
	ring_emit(q, &r, sizeof(r));
}

static void req_emit_discard(struct xn_blk_queue *q, struct xn_blk_req *req,
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
	ring_emit(q, &r, sizeof(r));
}

/* Grant one piece of data to the backend, and describe it in the request. */
static void slot_describe(struct xn_device *dev, struct xn_blk_slot *slot,
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
static void req_describe(struct xn_blk_queue *q, struct xn_blk_req *req,
			 const struct xn_blk_io *io,
			 struct blkif_request_segment *seg)
{
	struct xn_blk_slot *slot = q->slots.free;
	unsigned int i;

	req->slots = slot;
	for (i = 0; ; slot = slot->next) {
		slot_describe(q->blk->fe.dev, slot, &io->sg[i], io->op != XN_BLK_READ,
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

static void req_emit_rw(struct xn_blk_queue *q, struct xn_blk_req *req,
			const struct xn_blk_io *io)
{
	struct blkif_request r = {
		.operation = req->op,
		.nr_segments = io->nr_sg,
		.handle = q->blk->config.handle,
		.id = req->id,
		.sector_number = io->sector,
	};

	req_describe(q, req, io, r.seg);
	ring_emit(q, &r, __builtin_offsetof(struct blkif_request, seg) +
		  io->nr_sg * sizeof(r.seg[0]));
}

static void req_emit_indirect(struct xn_blk_queue *q, struct xn_blk_req *req,
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
	req_describe(q, req, io, table->bounce);
	ring_emit(q, &r, sizeof(r));
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

static int io_check_data(const struct xn_blk_info *info,
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

static int io_check(const struct xn_blk_info *info, const struct xn_blk_io *io)
{
	switch (io->op) {
	case XN_BLK_READ:
	case XN_BLK_WRITE:
		return io_check_data(info, io);
	case XN_BLK_WRITE_FUA:
		/* A barrier has no indirect form. */
		if (data_op(info, io->op) == BLKIF_OP_WRITE_BARRIER &&
		    io->nr_sg > BLKIF_MAX_SEGMENTS_PER_REQUEST)
			return -EINVAL;
		return io_check_data(info, io);
	case XN_BLK_FLUSH:
		return info->flush ? 0 : -EOPNOTSUPP;
	case XN_BLK_DISCARD:
		return info->discard ? 0 : -EOPNOTSUPP;
	}
	return -EINVAL;
}

static void req_start(struct xn_blk_queue *q, struct xn_blk_req *req,
		      const struct xn_blk_io *io)
{
	const struct xn_blk_info *info = &q->blk->info;

	req->cookie = io->cookie;
	req->slots = NULL;
	req->last_slot = NULL;
	req->nr_slots = 0;
	req->indirect = NULL;
	req->ended = false;
	req->epoch = q->stall.epoch;
	req->order = q->ring.req_prod_pvt;
	req->flush_after = io->op == XN_BLK_WRITE_FUA && info->flush_cache;

	if (io->op == XN_BLK_FLUSH) {
		xn_blkq_emit_flush(q, req);
		return;
	}
	if (io->op == XN_BLK_DISCARD) {
		req_emit_discard(q, req, io);
		return;
	}
	req->op = data_op(info, io->op);
	if (io->nr_sg > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		req_emit_indirect(q, req, io);
	else
		req_emit_rw(q, req, io);
}

static bool queue_has_slots(const struct xn_blk_queue *q, unsigned int data)
{
	return q->slots.nr_free >= data &&
	       (data <= BLKIF_MAX_SEGMENTS_PER_REQUEST || q->indirect.free);
}

/* Returns: -EBUSY. */
static int queue_put_off(struct xn_blk_queue *q)
{
	q->starved = true;
	q->stats.busy++;
	return -EBUSY;
}

/* May requests be submitted? */
static int queue_check(struct xn_blk_queue *q)
{
	if (!q->open)
		return -ENODEV;
	if (!xn_blkq_is_broken(q))
		return 0;
	/* In a new domain the port is gone before the disk is lost. */
	return XN_READ_ONCE(q->blk->fe.asleep) ? queue_put_off(q) : -ENODEV;
}

int xn_blk_submit(struct xn_blk_queue *q, const struct xn_blk_io *io)
{
	unsigned int data = io->op < XN_BLK_FLUSH ? io->nr_sg : 0;
	struct xn_blk_req *req;
	unsigned long flags;
	int err;

	flags = xn_lock(&q->lock);
	req = q->free_reqs;
	err = queue_check(q);
	if (!err)
		err = io_check(&q->blk->info, io);
	if (!err && (!req || !queue_has_slots(q, data))) {
		err = queue_put_off(q);
		if (req)
			xn_blkq_want_slots(q);
	}
	if (!err) {
		q->free_reqs = req->next;
		q->in_flight++;
		q->stats.requests++;
		req_start(q, req, io);
		xn_stall_check(&q->stall);
		/*
		 * Last: a backend may answer a request before it is pushed,
		 * while another CPU takes responses.
		 */
		xn_wmb();
		XN_WRITE_ONCE(req->in_flight, true);
	}
	xn_unlock(&q->lock, flags);
	return err;
}

void xn_blk_push(struct xn_blk_queue *q)
{
	evtchn_port_t port = 0;
	unsigned long flags;
	bool notify = false;

	flags = xn_lock(&q->lock);
	/* The ring may be gone, with what was submitted. */
	if (q->bound && q->pushed != q->ring.req_prod_pvt) {
		port = q->channel.port;
		q->pushed = q->ring.req_prod_pvt;
		RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&q->ring, notify);
		q->stats.notifications += notify;
	}
	xn_unlock(&q->lock, flags);
	/* Requests of which the backend gets no event would wait for ever. */
	if (notify && xn_evtchn_send(port) && XN_READ_ONCE(q->bound))
		xn_blkq_refuse(q, "the backend cannot be notified");
}
