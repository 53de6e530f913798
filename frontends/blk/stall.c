// SPDX-License-Identifier: MIT
/*
 * Requests that a backend does not answer. xen-public/io/blkif.h knows no
 * timeout, and a request cannot be taken back: its data is the backend's until
 * it says otherwise. But nobody is to wait for ever without hearing why, and a
 * device can be removed all the same. Called by submit.c, for the first
 * submission in a while.
 *
 * A request knows in which period it was submitted, so that time is looked at
 * once in a period only, and not at all where nothing is in flight.
 */
#include "blk.h"

void xn_blkq_watch_stall(struct xn_blk_queue *q)
{
	q->stall_watched = true;
	xn_work_schedule(&q->stall_work,
			 XN_BLK_STALL_PERIOD * XN_NSEC_PER_SEC);
}

static unsigned int queue_count_late(struct xn_blk_queue *q)
{
	unsigned int id, late = 0;

	for (id = 0; id < RING_SIZE(&q->ring); id++) {
		const struct xn_blk_req *req = xn_blkq_req(q, id);

		/* The period that it was submitted in is not a whole one. */
		late += XN_READ_ONCE(req->in_flight) &&
			q->epoch - req->epoch >
			XN_BLK_STALL_SECONDS / XN_BLK_STALL_PERIOD;
	}
	return late;
}

void xn_blkq_look_for_stall(struct xn_work *work)
{
	struct xn_blk_queue *q = xn_container_of(work, struct xn_blk_queue,
						 stall_work);
	unsigned int before = q->late, late = 0;
	unsigned long flags;

	flags = xn_lock(&q->lock);
	q->stall_watched = false;
	if (q->open && q->in_flight) {
		q->epoch++;
		late = queue_count_late(q);
		xn_blkq_watch_stall(q);
	}
	q->late = late;
	q->stats.stalled += late && !before;
	xn_unlock(&q->lock, flags);

	if (late && !before)
		xn_os_log(XN_WARN,
			  "%s: no answer to %u requests for %u seconds: does the backend still run?",
			  q->blk->dev->node, late, XN_BLK_STALL_SECONDS);
	else if (before && !late)
		xn_os_log(XN_INFO, "%s: no request is overdue any more",
			  q->blk->dev->node);
}
