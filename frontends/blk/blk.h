/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the block frontend: life.c says what is done in each
 * phase, nodes.c reads and writes xenstore, queue.c owns a queue's ring, slots.c
 * owns the grants of its data, submit.c puts requests into the ring, complete.c
 * takes responses out.
 */
#ifndef XENION_BLK_H
#define XENION_BLK_H

#include <xenion/blkfront.h>
#include "../frontend.h"

static inline struct xn_gnttab *xn_blkq_gnttab(struct xn_blk_queue *q)
{
	return &q->blk->fe.dev->guest->gnttab;
}

static inline struct xn_blk_req *xn_blkq_req(struct xn_blk_queue *q,
					     unsigned int id)
{
	return &q->req_page[id / XN_BLK_REQS_PER_PAGE]
			   [id % XN_BLK_REQS_PER_PAGE];
}

/* Context: any. */
static inline void xn_blkq_refuse(struct xn_blk_queue *q, const char *what)
{
	xn_frontend_refuse(&q->blk->fe, what);
}

static inline bool xn_blkq_is_broken(const struct xn_blk_queue *q)
{
	return xn_frontend_is_broken(&q->blk->fe);
}

/* Where in the ring an entry begins, in bytes. */
static inline uint32_t xn_blkq_entry_offset(const struct xn_blk_queue *q,
					    RING_IDX idx)
{
	return __builtin_offsetof(struct blkif_sring, ring) +
	       (idx & (RING_SIZE(&q->ring) - 1)) *
	       sizeof(union blkif_sring_entry);
}

static inline void *xn_blkq_ring_at(const struct xn_blk_queue *q,
				    uint32_t offset)
{
	return (uint8_t *)q->ring_page[offset / XN_PAGE_SIZE].va +
	       offset % XN_PAGE_SIZE;
}

/* Put a chain of slots first on the free list. The queue's lock is held. */
static inline void xn_blk_slots_put(struct xn_blk_slots *list,
				    struct xn_blk_slot *first,
				    struct xn_blk_slot *last, unsigned int n)
{
	last->next = list->free;
	list->free = first;
	list->nr_free += n;
}

/*
 * nodes.c, all may sleep. Read what the backend offers into blk->info: before
 * the rings are made, and when it is connected. Errors have been reported.
 */
int xn_blk_read_transport(struct xn_frontend *fe);
int xn_blk_read_info(struct xn_blk *blk);
/* Returns: true if blk->info.sectors has changed. */
bool xn_blk_read_size(struct xn_blk *blk);
int xn_blk_publish(struct xn_frontend *fe, struct xn_xs *xs, uint32_t txn);

/* queue.c, all may sleep. Once for each queue, before anything else: */
void xn_blkq_init(struct xn_blk_queue *q, struct xn_blk *blk,
		  unsigned int index);
/* Make the ring and grant it. On error the caller closes the queue. */
int xn_blkq_open(struct xn_blk_queue *q);
/* Bind its channel. On error the caller unbinds and closes the queue. */
int xn_blkq_bind(struct xn_blk_queue *q);
/* Take no event and no request from now on. What is in flight fails. */
void xn_blkq_unbind(struct xn_blk_queue *q);
/* Take back every grant and free all memory, whatever has been set up. */
void xn_blkq_close(struct xn_blk_queue *q);

/* slots.c; all except xn_blkq_want_slots() may sleep. */
void xn_blkq_slots_init(struct xn_blk_queue *q);
/* References that all queues need at least, for requests of @segments. */
unsigned int xn_blk_least_refs(const struct xn_blk *blk, unsigned int segments);
/* Get that many, for blk->info. On error the caller empties the queue. */
int xn_blkq_fill(struct xn_blk_queue *q);
/* Get more: a request found too few. The queue is open, and its lock held. */
void xn_blkq_want_slots(struct xn_blk_queue *q);
/* The queue neither grows nor shrinks from now on. */
void xn_blkq_keep_size(struct xn_blk_queue *q);
/* Nothing is in flight: take the grants back. */
void xn_blkq_empty(struct xn_blk_queue *q);

/* submit.c: put a flush into the ring. The queue's lock is held. */
void xn_blkq_emit_flush(struct xn_blk_queue *q, struct xn_blk_req *req);

/* complete.c: complete what is in flight with an error. Context: any. */
void xn_blkq_fail_all(struct xn_blk_queue *q);
void xn_blkq_poll(struct xn_work *work);

#endif /* XENION_BLK_H */
