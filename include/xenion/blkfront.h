/* SPDX-License-Identifier: MIT */
/*
 * frontends/blkfront*.c: the block device protocol (xen-public/io/blkif.h),
 * without knowledge of any OS's requests: scatter lists with a cookie go in,
 * cookies come back.
 */
#ifndef XENION_BLKFRONT_H
#define XENION_BLKFRONT_H

#include <xenion/guest.h>
#include <xenion/ring.h>
#include <xen-public/io/blkif.h>

struct xn_blk;
struct xn_blk_queue;

enum xn_blk_op {
	XN_BLK_READ,
	XN_BLK_WRITE,
	XN_BLK_WRITE_FUA,	/* write, then make it stable */
	XN_BLK_FLUSH,
	XN_BLK_DISCARD,
};

/* What the backend offers, checked; valid from connected to disconnected. */
struct xn_blk_info {
	uint64_t sectors;		/* of 512 bytes */
	uint32_t sector_size;		/* logical, bytes: 512 ... 4096 */
	uint32_t physical_sector_size;
	unsigned int max_segments;	/* of one request, each up to a page */
	unsigned int depth;		/* requests in flight per queue */
	unsigned int nr_queues;
	bool readonly;
	bool cdrom;
	bool removable;
	bool flush;			/* XN_BLK_FLUSH works */
	bool discard;
	uint32_t discard_granularity;	/* bytes */
	uint32_t discard_alignment;
};

/* Called by the engine; the port fills them in. */
struct xn_blk_ops {
	/*
	 * Make a port for @otherend of which each event calls
	 * xn_blk_interrupt(q), and unmask it; undo that. May sleep.
	 */
	int (*event_bind)(struct xn_blk_queue *q, domid_t otherend,
			  evtchn_port_t *port);
	void (*event_unbind)(struct xn_blk_queue *q, evtchn_port_t port);
	/* The disk is there, blk->info says how; or again with other size. */
	int (*connected)(struct xn_blk *blk);
	void (*resized)(struct xn_blk *blk);
	/*
	 * The backend wants to go or has gone: xn_blk_disconnect() must follow,
	 * now or when the last user has closed. May sleep.
	 */
	void (*closing)(struct xn_blk *blk);
	/* A request is done; err is 0 or a negative errno. In upcall. */
	void (*complete)(struct xn_blk_queue *q, void *cookie, int err);
	/* After -EBUSY: it is worth to submit again. In upcall, or any. */
	void (*ready)(struct xn_blk_queue *q);
};
