// SPDX-License-Identifier: MIT
/*
 * Requests and replies of the 9P frontend (docs/misc/9pfs.pandoc of xen.git,
 * "Ring Usage"; xen-public/io/ring.h, XEN_FLEX_RING). Each message lies in the
 * ring as 9P has it, beginning behind the one before it, and may wrap. Called by
 * the OS layer, and by the device's work after each event.
 *
 * Our indices are kept in the guest and only published in the shared page. The
 * backend's are read once and checked. A reply's header is copied; the copy is
 * checked and used.
 */
#include "9p.h"

#define P9_BUDGET	64	/* replies taken before other works have a turn */
#define P9_NOTAG	0xffff	/* the tag of a Tversion */

struct p9_header {
	uint32_t len;
	uint8_t type;
	uint16_t tag;
};

static struct p9_header header_parse(const uint8_t *at)
{
	return (struct p9_header){
		.len = at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24,
		.type = at[4],
		.tag = at[5] | at[6] << 8,
	};
}

/* QEMU relies on this choice: it answers in the ring of the tag. */
static struct xn_9p_ring *ring_of_tag(struct xn_9p *p9, uint16_t tag)
{
	unsigned int nr = XN_READ_ONCE(p9->info.nr_rings);

	return &p9->ring[nr ? tag % nr : 0];
}

/* ---- bytes in the ring ---- */

/* Returns: contiguous bytes from index @idx on, in the half at page @first. */
static uint32_t ring_piece(const struct xn_9p_ring *r, unsigned int first,
			   RING_IDX idx, uint32_t len, void **va)
{
	uint32_t at = idx & (r->size - 1);
	uint32_t piece = XN_PAGE_SIZE - at % XN_PAGE_SIZE;

	*va = (uint8_t *)r->data[first + at / XN_PAGE_SIZE].va +
	      at % XN_PAGE_SIZE;
	return piece < len ? piece : len;
}

static void ring_read(const struct xn_9p_ring *r, RING_IDX idx, void *to,
		      uint32_t len)
{
	uint8_t *p = to;

	while (len) {
		void *va;
		uint32_t n = ring_piece(r, 0, idx, len, &va);

		memcpy(p, va, n);
		p += n;
		idx += n;
		len -= n;
	}
}

static void ring_write(const struct xn_9p_ring *r, RING_IDX idx,
		       const void *from, uint32_t len)
{
	unsigned int first = r->size / XN_PAGE_SIZE;
	const uint8_t *p = from;

	while (len) {
		void *va;
		uint32_t n = ring_piece(r, first, idx, len, &va);

		memcpy(va, p, n);
		p += n;
		idx += n;
		len -= n;
	}
}

static void ring_refuse(struct xn_9p_ring *r, const char *what)
{
	xn_frontend_refuse(&r->p9->fe, what);
}

static void ring_notify(struct xn_9p_ring *r, evtchn_port_t port)
{
	r->stats.notifications++;
	/* A request that the backend does not hear of would wait for ever. */
	if (xn_evtchn_send(port) && XN_READ_ONCE(r->bound))
		ring_refuse(r, "the backend cannot be notified");
}

/* ---- requests; the ring's lock is held ---- */

/* Find a tag's request, or with @free a free one. Small tags match at once. */
static struct xn_9p_req *req_find(struct xn_9p_ring *r, uint16_t tag, bool free)
{
	unsigned int i;

	for (i = 0; i < XN_9P_REQUESTS; i++) {
		struct xn_9p_req *req = &r->req[(tag + i) % XN_9P_REQUESTS];

		if (free ? req->state == XN_9P_FREE :
			   req->state != XN_9P_FREE && req->tag == tag)
			return req;
	}
	return NULL;
}

static bool req_is_waited_for(const struct xn_9p_req *req)
{
	return req->state == XN_9P_IN_FLIGHT || req->state == XN_9P_ANSWERED;
}

static void req_end(struct xn_9p_ring *r, struct xn_9p_req *req,
		    enum xn_9p_req_state next)
{
	if (req_is_waited_for(req))
		XN_WRITE_ONCE(r->in_flight, r->in_flight - 1);
	req->state = next;
}

static int ring_put_off(struct xn_9p_ring *r)
{
	r->starved = true;
	r->stats.busy++;
	return -EBUSY;
}

/*
 * Returns: an entry for a new request; NULL: none now. @old: an abandoned
 * request of the same tag. This session's Tversion has ended it, so no reply
 * comes and its entry is free. But an abandoned Tversion does get a reply, and
 * the new one waits for that.
 */
static struct xn_9p_req *ring_take_slot(struct xn_9p_ring *r, uint16_t tag,
					struct xn_9p_req *old)
{
	if (old)
		return tag == P9_NOTAG ? NULL : old;
	return req_find(r, tag, true);
}

static int ring_put(struct xn_9p_ring *r, const struct xn_9p_io *io,
		    const struct p9_header *head)
{
	struct xen_9pfs_data_intf *intf = r->intf.va;
	struct xn_9p_req *req;
	uint32_t used;

	if (!r->open || xn_frontend_is_broken(&r->p9->fe))
		return -ENODEV;
	req = req_find(r, head->tag, false);
	if (io->len > r->size || (req && req_is_waited_for(req)))
		return -EINVAL;
	used = r->out_prod - XN_READ_ONCE(intf->out_cons);
	if (used > r->size) {
		ring_refuse(r, "more requests taken than there were");
		return -ENODEV;
	}
	req = ring_take_slot(r, head->tag, req);
	if (!req || io->len > r->size - used)
		return ring_put_off(r);

	*req = (struct xn_9p_req){
		.cookie = io->cookie, .reply = io->reply, .size = io->size,
		.epoch = XN_READ_ONCE(r->stall.epoch), .tag = head->tag,
		.type = head->type, .state = XN_9P_IN_FLIGHT,
	};
	XN_WRITE_ONCE(r->in_flight, r->in_flight + 1);
	r->stats.requests++;
	/* The backend has read the bytes that we now overwrite. */
	xn_mb();
	ring_write(r, r->out_prod, io->msg, io->len);
	r->out_prod += io->len;
	xn_wmb();
	XN_WRITE_ONCE(intf->out_prod, r->out_prod);
	xn_mb();
	xn_stall_check(&r->stall);
	return 0;
}

int xn_9p_submit(struct xn_9p *p9, const struct xn_9p_io *io)
{
	struct p9_header head;
	struct xn_9p_ring *r;
	evtchn_port_t port;
	unsigned long flags;
	int err;

	if (io->len < XN_9P_HEADER || io->size < XN_9P_HEADER)
		return -EINVAL;
	head = header_parse(io->msg);
	r = ring_of_tag(p9, head.tag);
	flags = xn_lock(&r->lock);
	err = ring_put(r, io, &head);
	port = r->channel.port;
	xn_unlock(&r->lock, flags);
	if (!err)
		ring_notify(r, port);
	return err;
}

bool xn_9p_forget(struct xn_9p *p9, uint16_t tag)
{
	struct xn_9p_ring *r = ring_of_tag(p9, tag);
	unsigned long flags = xn_lock(&r->lock);
	struct xn_9p_req *req = r->bound ? req_find(r, tag, false) : NULL;
	bool found = req && req->state == XN_9P_IN_FLIGHT;

	if (found)
		req_end(r, req, XN_9P_FREE);
	xn_unlock(&r->lock, flags);
	return found;
}

/* ---- replies; in the device's work ---- */

static const char *req_check(const struct xn_9p_req *req,
			     const struct p9_header *head)
{
	if (!req || req->state == XN_9P_ANSWERED)
		return "a reply to no request";
	if (head->type != req->type + 1 && head->type != XN_9P_RLERROR &&
	    head->type != XN_9P_RERROR)
		return "a reply to another kind of request";
	if (head->len > req->size)
		return "a reply that is too long for its request";
	return NULL;
}

/* Returns: true if the reply is valid; @claimed is a copy of its request. */
static bool ring_claim(struct xn_9p_ring *r, const struct p9_header *head,
		       struct xn_9p_req *claimed)
{
	unsigned long flags = xn_lock(&r->lock);
	struct xn_9p_req *req = req_find(r, head->tag, false);
	const char *fault = req_check(req, head);

	if (!fault) {
		*claimed = *req;
		if (head->type == XN_9P_RFLUSH &&
		    req->state == XN_9P_IN_FLIGHT) {
			req->state = XN_9P_ANSWERED;
			req->size = head->len;
		} else {
			req_end(r, req, XN_9P_FREE);
		}
	}
	xn_unlock(&r->lock, flags);
	if (fault)
		ring_refuse(r, fault);
	return !fault;
}

/* Returns: true if a reply was taken. */
static bool ring_take_reply(struct xn_9p_ring *r)
{
	struct xen_9pfs_data_intf *intf = r->intf.va;
	uint32_t there = XN_READ_ONCE(intf->in_prod) - r->in_cons;
	struct xn_9p_req req = { .reply = NULL };
	uint8_t bytes[XN_9P_HEADER];
	struct p9_header head;

	if (there > r->size) {
		ring_refuse(r, "more bytes of replies than the ring has");
		return false;
	}
	/* A backend may show a message piece by piece. */
	if (there < XN_9P_HEADER)
		return false;
	xn_rmb();
	ring_read(r, r->in_cons, bytes, XN_9P_HEADER);
	head = header_parse(bytes);
	if (head.len < XN_9P_HEADER || head.len > r->size) {
		ring_refuse(r, "a reply of invalid length");
		return false;
	}
	if (there < head.len || !ring_claim(r, &head, &req))
		return false;
	if (req.state == XN_9P_IN_FLIGHT) {
		memcpy(req.reply, bytes, XN_9P_HEADER);
		ring_read(r, r->in_cons + XN_9P_HEADER,
			  (uint8_t *)req.reply + XN_9P_HEADER,
			  head.len - XN_9P_HEADER);
	}
	r->in_cons += head.len;
	/* The backend may overwrite what we have read from here on. */
	xn_mb();
	XN_WRITE_ONCE(intf->in_cons, r->in_cons);
	if (req.state != XN_9P_IN_FLIGHT)
		return true;
	if (head.type == XN_9P_RFLUSH)
		r->p9->flush_answered = true;
	else
		r->p9->ops->complete(r->p9, req.cookie, head.len);
	return true;
}

static bool ring_is_starved(struct xn_9p_ring *r)
{
	unsigned long flags = xn_lock(&r->lock);
	bool starved = r->starved;

	r->starved = false;
	xn_unlock(&r->lock, flags);
	return starved;
}

/* Returns: how many replies were taken. */
static unsigned int ring_poll(struct xn_9p_ring *r)
{
	struct xn_frontend *fe = &r->p9->fe;
	unsigned int taken = 0;

	while (taken < P9_BUDGET && !xn_frontend_is_broken(fe) &&
	       ring_take_reply(r))
		taken++;
	if (taken) {
		xn_channel_work(&r->channel);
		/* The backend may wait for room for its next reply. */
		if (XN_READ_ONCE(r->in_flight))
			ring_notify(r, r->channel.port);
	}
	if (ring_is_starved(r))
		r->p9->ops->ready(r->p9);
	return taken;
}

/* Complete the Tflushes: all earlier replies are taken, in every ring. */
static void ring_end_flushes(struct xn_9p_ring *r)
{
	unsigned int i;

	for (i = 0; i < XN_9P_REQUESTS; i++) {
		unsigned long flags = xn_lock(&r->lock);
		struct xn_9p_req req = r->req[i];

		if (req.state == XN_9P_ANSWERED)
			req_end(r, &r->req[i], XN_9P_FREE);
		xn_unlock(&r->lock, flags);
		if (req.state == XN_9P_ANSWERED)
			r->p9->ops->complete(r->p9, req.cookie, req.size);
	}
}

/*
 * The answer to a Tflush says that its request gets no reply from now on. An
 * earlier reply may lie in another ring. So the Tflush completes only after a
 * round through all rings has found no reply.
 */
void xn_9p_poll(struct xn_work *work)
{
	struct xn_9p *p9 = xn_container_of(work, struct xn_9p, poll);
	unsigned int i, taken = 0;
	bool any = false;

	for (i = 0; i < p9->info.nr_rings; i++)
		taken += ring_poll(&p9->ring[i]);
	if (taken) {
		xn_work_schedule(&p9->poll, 0);
	} else if (p9->flush_answered) {
		p9->flush_answered = false;
		for (i = 0; i < p9->info.nr_rings; i++)
			ring_end_flushes(&p9->ring[i]);
	}
	for (i = 0; i < p9->info.nr_rings; i++)
		any |= XN_READ_ONCE(p9->ring[i].in_flight);
	if (!any)
		xn_frontend_completed(&p9->fe);
}

void xn_9p_event(struct xn_9p_ring *r)
{
	r->stats.interrupts++;
	xn_channel_event(&r->channel);
	xn_work_schedule(&r->p9->poll, 0);
}

/* ---- requests that get no reply ---- */

/* Returns: true if request @i was waited for, and is ended; @ended: a copy. */
static bool ring_end_one(struct xn_9p_ring *r, unsigned int i, bool bound,
			 struct xn_9p_req *ended)
{
	unsigned long flags = xn_lock(&r->lock);
	bool found = r->bound == bound && r->req &&
		     req_is_waited_for(&r->req[i]);

	if (found) {
		*ended = r->req[i];
		req_end(r, &r->req[i], bound ? XN_9P_ABANDONED : XN_9P_FREE);
	}
	xn_unlock(&r->lock, flags);
	return found;
}

void xn_9pr_end_all(struct xn_9p_ring *r, int err, bool bound)
{
	struct xn_9p_req ended;
	unsigned int i;

	for (i = 0; i < XN_9P_REQUESTS; i++)
		if (ring_end_one(r, i, bound, &ended))
			r->p9->ops->complete(r->p9, ended.cookie, err);
}

void xn_9p_abandon(struct xn_9p *p9)
{
	unsigned int i;

	xn_work_cancel(&p9->poll);
	for (i = 0; i < XN_9P_MAX_RINGS; i++) {
		struct xn_9p_ring *r = &p9->ring[i];
		unsigned long flags;

		xn_9pr_end_all(r, -ESHUTDOWN, true);
		/* The replies that the work was to take are still there. */
		flags = xn_lock(&r->lock);
		if (r->bound)
			xn_work_schedule(&p9->poll, 0);
		xn_unlock(&r->lock, flags);
	}
}
