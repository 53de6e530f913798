/* SPDX-License-Identifier: MIT */
/*
 * frontends/blk/: the block device protocol (xen-public/io/blkif.h),
 * without knowledge of any OS's requests: scatter lists with a cookie go in,
 * cookies come back.
 *
 * Data reaches the backend in one of two ways. Either each page of the caller
 * is granted for one request, or data is copied through a pool of bounce pages.
 * These are granted as long as the disk is connected, and a backend with the
 * feature "persistent grants" keeps them mapped. Bouncing exposes no other
 * guest memory, so it is always used for an untrusted backend: one that the OS
 * layer distrusts, or the toolstack, by the node "trusted" in the frontend's
 * directory.
 *
 * Every sector number and sector count is in units of 512 bytes, whatever the
 * sector size of the disk is. Newer versions of blkif.h say so. In older ones
 * "feature-large-sector-size" meant something else, but no backend offered it.
 */
#ifndef XENION_BLKFRONT_H
#define XENION_BLKFRONT_H

#include <xenion/decls.h>
#include <xenion/frontend.h>
#include <xenion/ring.h>
#include <xen-public/io/blkif.h>

XN_DECLS_BEGIN

#define XN_BLK_SECTOR_SHIFT	9

#define XN_BLK_MAX_QUEUES	8
#define XN_BLK_MAX_RING_ORDER	4	/* 16 pages, 512 requests */
#define XN_BLK_MAX_SEGMENTS	256	/* one indirect page describes them */

struct xn_blk;
struct xn_blk_queue;

enum xn_blk_op {
	XN_BLK_READ,
	XN_BLK_WRITE,
	XN_BLK_WRITE_FUA,	/* write, then make it stable */
	XN_BLK_FLUSH,
	XN_BLK_DISCARD,
};

/* When data goes through bounce pages. */
enum xn_blk_persistent {
	XN_BLK_PERSISTENT_NEVER,
	XN_BLK_PERSISTENT_AUTO,		/* when the backend keeps them mapped */
	XN_BLK_PERSISTENT_ALWAYS,
};

/* What the OS layer wants; the backend may offer less. */
struct xn_blk_config {
	unsigned int max_queues;	/* 1 ... XN_BLK_MAX_QUEUES */
	unsigned int max_ring_order;	/* 0 ... XN_BLK_MAX_RING_ORDER */
	unsigned int max_segments;	/* up to XN_BLK_MAX_SEGMENTS, 11 if less */
	enum xn_blk_persistent persistent;
	bool distrust;			/* bounce, whatever @persistent says */
	blkif_vdev_t handle;		/* the virtual-device number */
};

/* What the backend offers, checked; valid from connected to closing. */
struct xn_blk_info {
	uint64_t sectors;
	uint32_t sector_size;		/* logical, bytes: 512 ... 4096 */
	uint32_t physical_sector_size;
	unsigned int max_segments;	/* of one request, each up to a page */
	unsigned int depth;		/* requests in flight per queue */
	unsigned int nr_queues;
	bool readonly;
	bool cdrom;
	bool removable;
	bool trusted;			/* may see what lies around data */
	bool persistent;		/* data goes through bounce pages */
	bool flush;			/* XN_BLK_FLUSH works, and may matter */
	bool flush_cache;		/* by FLUSH_DISKCACHE, not by a barrier */
	bool discard;
	uint32_t discard_granularity;	/* bytes, a power of two */
	uint32_t discard_alignment;
};

/*
 * Called by the engine; the OS layer fills them in. They may sleep, except those
 * that say otherwise.
 */
struct xn_blk_ops {
	/*
	 * event_bind: make a port for @otherend whose events call
	 * xn_blk_event(q), never twice at once, and unmask it. event_unbind:
	 * undo that; when it returns, xn_blk_event(q) neither runs nor will.
	 */
	int (*event_bind)(struct xn_blk_queue *q, domid_t otherend,
			  evtchn_port_t *port);
	void (*event_unbind)(struct xn_blk_queue *q, evtchn_port_t port);
	/*
	 * The disk is there; blk->info describes it. Must not wait for a
	 * request: a waiting OS layer would not learn that the backend has
	 * gone. -EAGAIN: not yet. The OS layer then calls xn_blk_again(), but
	 * this may also be called before that. Another error fails the device.
	 */
	int (*connected)(struct xn_blk *blk);
	/* blk->info.sectors has changed. */
	void (*resized)(struct xn_blk *blk);
	/*
	 * The disk goes away; xn_blk_submit() refuses from now on. Requests in
	 * flight are completed soon after this returns, so it must not wait for
	 * them. Called once for each connected, which is called again if the
	 * backend comes back.
	 */
	void (*closing)(struct xn_blk *blk);
	/*
	 * The guest has gone on in a new domain (xn_frontend_lost()), and the
	 * disk will be back: xn_blk_submit() refuses from now on. When this
	 * returns, every request in flight is completed with -EAGAIN, in the
	 * order of their submission: submit it again, in that order, when
	 * connected is called for the disk again, or let it fail when closing
	 * is, which comes instead if the disk does not come back. blk->info may
	 * have changed by then: the OS layer checks what it cannot follow, and
	 * returns an error from connected. NULL: closing is called at once, and
	 * what is in flight is completed with -EIO.
	 */
	void (*lost)(struct xn_blk *blk);
	/*
	 * A request is done, and its memory is the caller's again; err is 0,
	 * -EIO, -EOPNOTSUPP (the backend does not know the operation after
	 * all), or -EAGAIN (see lost). Context: upcall, or any.
	 */
	void (*complete)(struct xn_blk_queue *q, void *cookie, int err);
	/*
	 * After -EBUSY: submit again now. Context: as complete. NULL: the OS
	 * layer tries again after each completion.
	 */
	void (*ready)(struct xn_blk_queue *q);
	/*
	 * The backend has answered a request but still maps the page of data
	 * at @va. page_get keeps the page, even if its owner frees it. page_put
	 * undoes that once nobody maps the page, or is never called.
	 * Context: any. NULL: the owner never frees such pages.
	 */
	void (*page_get)(void *va);
	void (*page_put)(void *va);
};

/* One request as the OS layer sees it. */
struct xn_blk_io {
	enum xn_blk_op op;
	uint64_t sector;	/* first one */
	uint64_t nr_sectors;	/* of a discard only */
	const struct xn_sg *sg;	/* data; each piece 512-byte aligned */
	unsigned int nr_sg;
	void *cookie;		/* handed to ops->complete */
};

/* A grant reference, and the piece of data that it serves at the moment. */
struct xn_blk_slot {
	struct xn_blk_slot *next;	/* free, or of the same request */
	void *bounce;		/* granted while connected; NULL: direct */
	void *va;		/* the caller's memory */
	uint32_t len;
	grant_ref_t ref;
};

/* Slots of one kind: a stack of free ones, and how many there are. */
struct xn_blk_slots {
	struct xn_blk_slot *free;
	unsigned int nr_free;
	unsigned int nr;	/* with those in use */
	unsigned int least;	/* never fewer while connected */
	unsigned int most;
};

/* What we know of one request, private to us: the ring is never read back. */
struct xn_blk_req {
	struct xn_blk_req *next;	/* free */
	struct xn_blk_slot *slots, *last_slot;
	struct xn_blk_slot *indirect;	/* describes the data, or NULL */
	void *cookie;
	uint16_t id;
	uint16_t nr_slots;
	uint8_t op;		/* BLKIF_OP_* whose response is due */
	bool flush_after;	/* a flush must follow the write */
	bool ended;		/* the backend has no access to the data now */
	bool in_flight;
	uint32_t epoch;		/* the queue's, when it was submitted */
	RING_IDX order;		/* the ring's, when it was submitted */
};

struct xn_blk_stats {
	uint64_t requests;
	uint64_t segments;
	uint64_t indirect;	/* requests with indirect descriptors */
	uint64_t notifications;	/* sent */
	uint64_t interrupts;	/* taken */
	uint64_t busy;		/* submissions put off by -EBUSY */
};

#define XN_BLK_MAX_RING_PAGES	(1u << XN_BLK_MAX_RING_ORDER)
#define XN_BLK_REQS_PER_PAGE	64
#define XN_BLK_MAX_REQ_PAGES	8	/* for 512 requests */

/* All fields are the engine's own, except index, blk, priv and the counts. */
struct xn_blk_queue {
	struct xn_blk *blk;
	unsigned int index;
	void *priv;			/* the OS layer's */
	struct xn_lock lock;		/* all below, except rsp_cons */
	struct blkif_front_ring ring;
	RING_IDX pushed;		/* requests that the backend knows of */
	struct xn_shared_page ring_page[XN_BLK_MAX_RING_PAGES];
	struct xn_channel channel;
	bool bound;			/* @channel is open, the ring exists */
	bool open;			/* takes requests */
	bool starved;			/* a submission returned -EBUSY */
	unsigned int in_flight;
	struct xn_blk_req *req_page[XN_BLK_MAX_REQ_PAGES];
	struct xn_blk_req *free_reqs;
	struct xn_blk_slots slots;	/* for data */
	struct xn_blk_slots indirect;	/* for descriptors */
	struct xn_blk_slot *unarmed;	/* slots without a reference */
	void *slot_pages;		/* list */
	struct xn_work grow;		/* after a request found too few */
	bool growing;			/* @grow is queued */
	bool grow_failed;		/* so @grow waits before the next try */
	struct xn_gnttab_shrinker shrinker;
	struct xn_work poll;		/* after very many responses at once */
	bool polling;			/* @poll takes them now */
	bool poll_again;		/* an interrupt came meanwhile */
	struct xn_stall stall;		/* looks for unanswered requests */
	struct xn_blk_stats stats;
};

/* One disk. All fields are the engine's own, except fe, info and queue. */
struct xn_blk {
	struct xn_frontend fe;		/* its comment says what is public */
	const struct xn_blk_ops *ops;
	struct xn_blk_config config;
	struct xn_blk_info info;
	unsigned int ring_order;
	struct xn_blk_queue queue[XN_BLK_MAX_QUEUES];
};

/**
 * xn_blk_init - begin to connect a disk
 * @blk: zeroed; owned by the caller, lives until xn_blk_fini()
 * @dev: initialised, not started; this starts it
 * @ops: the OS layer's functions
 * @config: what the OS layer wants; copied
 *
 * Returns: 0, -EINVAL (a config that is out of range) or as xn_device_start();
 * on error nothing is left, and xn_blk_fini() must not be called. What happens
 * after success comes through @ops. May sleep.
 */
int xn_blk_init(struct xn_blk *blk, struct xn_device *dev,
		const struct xn_blk_ops *ops,
		const struct xn_blk_config *config);

/**
 * xn_blk_fini - disconnect, complete what is in flight, free everything
 * @blk: a disk whose xn_blk_init() succeeded
 *
 * Waits for a short time until the backend lets go of our memory. Memory that
 * it keeps is lost to the guest until it lets go. May sleep; not from a
 * callback.
 */
void xn_blk_fini(struct xn_blk *blk);

/**
 * xn_blk_again - call ops->connected again after it returned -EAGAIN
 * @blk: the disk; no effect when xn_blk_fini() has begun
 *
 * Context: any.
 */
void xn_blk_again(struct xn_blk *blk);

/**
 * xn_blk_submit - put a request into the ring
 * @q: one of blk->queue[0 ... info.nr_queues - 1]
 * @io: the request; only needed during the call, but the memory that io->sg
 *      describes is the engine's until completion
 *
 * The backend is not notified before xn_blk_push(). The caller makes sure that
 * the sectors lie on the disk and are multiples of info.sector_size.
 *
 * Returns: 0; -EBUSY when too much is in flight (ops->ready says when to try
 * again), or when the guest was suspended and ops->lost or ops->closing follows;
 * -EINVAL for a list that is too long or not aligned; -EOPNOTSUPP for an operation
 * that the backend does not offer; -ENODEV when the disk is going, gone or lost.
 * Context: any.
 */
int xn_blk_submit(struct xn_blk_queue *q, const struct xn_blk_io *io);

/**
 * xn_blk_push - show the backend all requests that were submitted
 * @q: the queue
 *
 * Sends at most one notification, and none while the backend is busy anyway.
 * Does nothing when the disk is going or gone. Context: any.
 */
void xn_blk_push(struct xn_blk_queue *q);

/**
 * xn_blk_event - the queue's event has come: complete what is done
 * @q: the queue
 *
 * Context: upcall, or any; never twice at once for one queue.
 */
void xn_blk_event(struct xn_blk_queue *q);

/* ---- frontends/blk/bytes.c ---- */

/* Bytes to read or write, wherever they begin and end. */
struct xn_blk_bytes {
	enum xn_blk_op op;	/* XN_BLK_READ, _WRITE or _WRITE_FUA */
	uint64_t offset;	/* on the disk, bytes */
	void *buf;		/* any memory, any alignment */
	uint32_t len;		/* bytes */
	void *page;		/* of xn_os_page_alloc(), in use meanwhile */
	/*
	 * Make one request of whole sectors and wait for its end: @len bytes
	 * at @va, which is @page, from @sector on, counted in 512 bytes. 0 or a
	 * negative errno value. May sleep.
	 */
	int (*io)(void *data, enum xn_blk_op op, uint64_t sector, void *va,
		  uint32_t len);
	void *data;		/* its first argument */
};

/**
 * xn_blk_bytes - read or write any bytes of a disk
 * @blk: a connected disk
 * @b: the bytes, and how requests are made
 *
 * Works through @b->page, a page at a time. A sector that is written in part is
 * read first, so the caller must exclude other writers.
 *
 * Context: may sleep.
 * Return: 0, -EINVAL (another operation, or bytes beyond the disk's end), or
 * the first error of @b->io; some of the bytes may have been read or written
 * by then.
 */
int xn_blk_bytes(const struct xn_blk *blk, const struct xn_blk_bytes *b);

XN_DECLS_END

#endif /* XENION_BLKFRONT_H */
