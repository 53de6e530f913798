/* SPDX-License-Identifier: MIT */
/*
 * frontends/9p/: a transport for the file system protocol 9P
 * (xen-public/io/9pfs.h; its text is docs/misc/9pfs.pandoc of xen.git). The OS
 * layer writes requests and reads replies, each a whole message of 9P, and the
 * engine carries them. The engine knows only a message's header: four bytes of
 * length, one of type, two of tag.
 *
 * Of the guest's memory the backend sees only the rings: messages are copied
 * into them and out of them.
 *
 * The engine guarantees that a reply is as long as its header says, that it
 * fits into the memory given for it, that its tag is that of an unanswered
 * request, and that its type answers that request's type or is 9P's error. It
 * does not check what the backend has written behind the header.
 */
#ifndef XENION_9P_H
#define XENION_9P_H

#include <xenion/frontend.h>
#include <xenion/ring.h>
#include <xen-public/io/9pfs.h>

#define XN_9P_HEADER		7	/* bytes of a message's header */
#define XN_9P_TAG_MAX		64	/* with the NUL */

#define XN_9P_MAX_RINGS		8
#define XN_9P_MAX_RING_ORDER	8	/* 256 pages, half of them each way */
#define XN_9P_REQUESTS		128	/* in flight per ring */

/* Types of messages that the engine knows. */
enum xn_9p_type {
	XN_9P_RLERROR	= 7,
	XN_9P_RERROR	= 107,
	XN_9P_TFLUSH	= 108,
	XN_9P_RFLUSH	= 109,
};

struct xn_9p;
struct xn_9p_ring;

/* What the OS layer wants; the backend may offer less. */
struct xn_9p_config {
	unsigned int max_rings;		/* 1 ... XN_9P_MAX_RINGS */
	unsigned int max_ring_order;	/* 1 ... XN_9P_MAX_RING_ORDER */
};

/* What was agreed on; valid from connected to closing. */
struct xn_9p_info {
	char tag[XN_9P_TAG_MAX];	/* the file system's name */
	unsigned int nr_rings;
	uint32_t max_message;		/* bytes, either way */
};

/* Called by the engine; the OS layer fills them in. */
struct xn_9p_ops {
	/*
	 * event_bind: make a port for @otherend whose events call
	 * xn_9p_event(r), never twice at once, and unmask it. event_unbind:
	 * undo that; when it returns, xn_9p_event(r) neither runs nor will.
	 * Both may sleep.
	 */
	int (*event_bind)(struct xn_9p_ring *r, domid_t otherend,
			  evtchn_port_t *port);
	void (*event_unbind)(struct xn_9p_ring *r, evtchn_port_t port);
	/*
	 * The file system is there; p9->info describes it. May sleep, but not
	 * wait for a request. An error fails the device.
	 */
	int (*connected)(struct xn_9p *p9);
	/*
	 * The file system goes away; xn_9p_submit() refuses from now on.
	 * Requests in flight are completed soon after this returns. Called once
	 * for each connected, which is called again if the backend comes back;
	 * a new backend knows nothing of what was open. May sleep.
	 */
	void (*closing)(struct xn_9p *p9);
	/*
	 * A request is done. @len: bytes of its reply, or a negative errno
	 * value: -EIO (the device goes) or -ESHUTDOWN (xn_9p_abandon()). May
	 * sleep, but not wait for a request.
	 */
	void (*complete)(struct xn_9p *p9, void *cookie, int len);
	/* After -EBUSY: submit again now. Context: as complete. */
	void (*ready)(struct xn_9p *p9);
};

/* One request as the OS layer sees it. */
struct xn_9p_io {
	const void *msg;	/* the message, its header first */
	uint32_t len;		/* its bytes, as its header says */
	void *reply;		/* memory for the reply */
	uint32_t size;		/* its bytes; no reply is longer */
	void *cookie;		/* handed to ops->complete */
};

enum xn_9p_req_state {
	XN_9P_FREE,
	XN_9P_IN_FLIGHT,
	XN_9P_ANSWERED,		/* a Tflush, until earlier replies are taken */
	XN_9P_ABANDONED,	/* a reply may come, but nobody waits for it */
};

/* What we know of one request, private to us: the ring is never read back. */
struct xn_9p_req {
	void *cookie;
	void *reply;
	uint32_t size;		/* of @reply; answered: of the reply itself */
	uint32_t epoch;		/* the ring's, when it was submitted */
	uint16_t tag;
	uint8_t type;		/* of the request */
	uint8_t state;		/* enum xn_9p_req_state */
};

struct xn_9p_stats {
	uint64_t requests;
	uint64_t notifications;	/* sent */
	uint64_t interrupts;	/* taken */
	uint64_t busy;		/* submissions put off by -EBUSY */
};

/* All fields are the engine's own, except index, p9, priv and the counts. */
struct xn_9p_ring {
	struct xn_9p *p9;
	unsigned int index;
	void *priv;			/* the OS layer's */
	struct xn_shared_page intf;	/* struct xen_9pfs_data_intf */
	struct xn_shared_page *data;	/* a page of them: replies, requests */
	uint32_t size;			/* bytes each way */
	struct xn_channel channel;
	struct xn_lock lock;		/* all below, except in_cons */
	struct xn_9p_req *req;		/* a page of them */
	bool bound;			/* the event channel is open */
	bool open;			/* takes requests */
	bool starved;			/* a submission returned -EBUSY */
	unsigned int in_flight;
	RING_IDX out_prod;		/* ours, whatever the page says */
	RING_IDX in_cons;
	struct xn_stall stall;		/* looks for unanswered requests */
	struct xn_9p_stats stats;
};

/* One file system. All fields are the engine's own, except fe, info and ring. */
struct xn_9p {
	struct xn_frontend fe;		/* its comment says what is public */
	const struct xn_9p_ops *ops;
	struct xn_9p_config config;
	struct xn_9p_info info;
	unsigned int ring_order;
	struct xn_work poll;		/* takes replies */
	bool flush_answered;		/* some requests are XN_9P_ANSWERED */
	struct xn_9p_ring ring[XN_9P_MAX_RINGS];
};

/**
 * xn_9p_init - begin to connect a file system
 * @p9: zeroed; owned by the caller, lives until xn_9p_fini()
 * @dev: initialised, not started; this starts it
 * @ops: the OS layer's functions
 * @config: what the OS layer wants; copied
 *
 * What happens after success comes through @ops.
 *
 * Context: may sleep.
 *
 * Return: 0, -EINVAL (a config that is out of range) or as xn_device_start(); on
 * error nothing is left, and xn_9p_fini() must not be called.
 */
int xn_9p_init(struct xn_9p *p9, struct xn_device *dev,
	       const struct xn_9p_ops *ops, const struct xn_9p_config *config);

/**
 * xn_9p_fini - disconnect, complete what is in flight, free everything
 * @p9: a file system whose xn_9p_init() succeeded
 *
 * Waits until the backend lets go of the rings, some seconds at most. After
 * that xn_9p_submit() returns -ENODEV, until the caller frees @p9.
 *
 * Context: may sleep; not from a callback.
 */
void xn_9p_fini(struct xn_9p *p9);

/**
 * xn_9p_submit - send a request
 * @p9: the file system
 * @io: the request; only needed during the call, but the memory for the reply is
 *      the engine's until completion
 *
 * The message is copied and the backend notified (xen-public/io/9pfs.h). A tag
 * may have one request in flight, and decides which ring the request goes into.
 * The reply to a Tflush is reported after all earlier ones, in every ring.
 *
 * Context: any.
 *
 * Return: 0; -EBUSY when too much is in flight (ops->ready says when to try
 * again); -EINVAL for a message that is shorter than a header or longer than
 * info.max_message, for a reply without room for a header, for a tag that is in
 * flight; -ENODEV when the file system is going or gone.
 */
int xn_9p_submit(struct xn_9p *p9, const struct xn_9p_io *io);

/**
 * xn_9p_forget - take back a request that was flushed and gets no reply
 * @p9: the file system
 * @tag: the tag of the request, to whose Tflush a reply has come
 *
 * Context: any.
 *
 * Return: true if the request was in flight: it is the caller's again, and will
 * not be completed. False: it was completed, or is being completed now.
 */
bool xn_9p_forget(struct xn_9p *p9, uint16_t tag);

/**
 * xn_9p_abandon - end a session: complete all that is in flight
 * @p9: the file system
 *
 * All requests are completed with -ESHUTDOWN. Replies to them that still come
 * are dropped. When this returns, all memory for replies is the caller's again;
 * but if the device goes at the same time, ops->complete may still be running
 * for some requests. The caller submits nothing meanwhile. The next session
 * begins with a Tversion.
 *
 * Context: may sleep; not from a callback.
 */
void xn_9p_abandon(struct xn_9p *p9);

/**
 * xn_9p_event - the ring's event has come: look for replies, soon
 * @r: the ring
 *
 * Context: upcall, or any; never twice at once for one ring.
 */
void xn_9p_event(struct xn_9p_ring *r);

#endif /* XENION_9P_H */
