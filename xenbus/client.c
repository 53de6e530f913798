// SPDX-License-Identifier: MIT
/*
 * The connection to xenstore: one page with a ring of bytes each way, and an
 * event channel. Several requests may be in flight; each has an id, which its
 * reply repeats.
 *
 * Specified in docs/misc/xenstore-ring.txt of Xen and xen-public/io/xs_wire.h
 * (struct xenstore_domain_interface). struct xn_xs has the indices that we
 * write; we never read them back from the page. Each index that the other side
 * writes is read once per use. Called by the rest of xenbus/.
 *
 * The thread that has set xs->sending owns the request ring. Replies are
 * handled with xs->lock held, mostly in the upcall.
 */
#include "xs.h"

/* A request, on the stack of the thread that waits for its reply. */
struct xn_xs_request {
	struct xn_xs_request *next;
	uint32_t id;
	uint32_t type;
	uint8_t *buf;		/* for the body of a good reply, or NULL */
	uint32_t room;		/* bytes of @buf */
	int result;		/* length of the body, or an errno value */
	bool done;
	uint8_t small[16];	/* for "OK" and for the name of an error */
};

/* Make all requests fail from now on. The lock is held. */
static void client_shut(struct xn_xs *xs)
{
	struct xn_xs_request *req;

	xs->dead = true;
	xs->incoming = NULL;
	xs->reader.room = 0;
	for (req = xs->requests; req; req = req->next) {
		req->result = -ESHUTDOWN;
		XN_WRITE_ONCE(req->done, true);
	}
	xs->requests = NULL;
}

static void client_complain(const char *why)
{
	xn_stat_inc(XN_STAT_REFUSED);
	xn_os_log(XN_ERR, "xenstore: %s: the connection is closed", why);
}

/* End the connection, without reporting a fault of xenstored. */
void xn_xs_quit(struct xn_xs *xs)
{
	unsigned long flags = xn_lock(&xs->lock);

	client_shut(xs);
	xn_unlock(&xs->lock, flags);
	xn_wake(&xs->wait);
}

static void give_up(struct xn_xs *xs, const char *why)
{
	unsigned long flags = xn_lock(&xs->lock);
	bool news = !xs->dead;

	client_shut(xs);
	xn_unlock(&xs->lock, flags);
	xn_wake(&xs->wait);
	if (news)
		client_complain(why);
}

/* ---- replies ---- */

static bool was_sent(const struct xn_xs *xs, uint32_t id)
{
	return id - xs->first_id < xs->next_id - xs->first_id;
}

/* A message's header is complete: choose the buffer for its body. */
static void reply_begins(struct xn_wire_reader *r, uint8_t **buf,
			 uint32_t *room)
{
	struct xn_xs *xs = xn_container_of(r, struct xn_xs, reader);
	struct xn_xs_request *req;

	xs->incoming = NULL;
	if (r->hdr.type == XS_WATCH_EVENT) {
		/* The token, at the end of the body, matters most. */
		*buf = xs->event;
		*room = sizeof(xs->event);
		if (r->hdr.len > sizeof(xs->event))
			r->skip = r->hdr.len - sizeof(xs->event);
		return;
	}

	for (req = xs->requests; req; req = req->next)
		if (req->id == r->hdr.req_id)
			break;
	if (!req) {
		/* A reply after its request timed out is not an error. */
		if (!was_sent(xs, r->hdr.req_id))
			xn_stat_inc(XN_STAT_REFUSED);
		else if (r->hdr.type == XS_TRANSACTION_START) {
			*buf = xs->late_id;
			*room = sizeof(xs->late_id);
		}
		return;
	}
	xs->incoming = req;
	if (r->hdr.type == req->type && req->buf) {
		*buf = req->buf;
		*room = req->room;
	} else {
		*buf = req->small;
		*room = sizeof(req->small);
	}
}

/*
 * A transaction has begun after its request had timed out. It is ended soon
 * (request.c), or it would count until the guest ends.
 */
static void late_transaction(struct xn_xs *xs, const struct xn_wire_reader *r)
{
	uint32_t id = r->lost ? 0 :
		xn_xs_transaction_id((const char *)xs->late_id, r->hdr.len);

	if (!id || xs->nr_late == XN_XS_LATE) {
		xn_stat_inc(XN_STAT_REFUSED);
		return;
	}
	xs->late[xs->nr_late++] = id;
	xn_work_schedule(&xs->end, 0);
}

static int reply_result(const struct xn_wire_reader *r,
			const struct xn_xs_request *req)
{
	if (r->hdr.type == XS_ERROR)
		return xn_wire_error((const char *)req->small, r->room);
	if (r->hdr.type != req->type) {
		xn_stat_inc(XN_STAT_REFUSED);
		return -EPROTO;
	}
	if (!req->buf)
		return 0;
	return r->lost ? -EMSGSIZE : (int)r->hdr.len;
}

static void unlink_request(struct xn_xs *xs, struct xn_xs_request *req)
{
	struct xn_xs_request **at;

	for (at = &xs->requests; *at; at = &(*at)->next) {
		if (*at != req)
			continue;
		*at = req->next;
		break;
	}
	if (xs->incoming == req) {
		xs->incoming = NULL;
		xs->reader.room = 0;
	}
}

static void reply_ends(struct xn_wire_reader *r)
{
	struct xn_xs *xs = xn_container_of(r, struct xn_xs, reader);
	struct xn_xs_request *req = xs->incoming;

	xs->silent = false;
	if (r->hdr.type == XS_WATCH_EVENT) {
		xn_xs_watch_event(xs, (const char *)xs->event, r->room,
				  r->hdr.len == r->room);
		return;
	}
	if (!req) {
		if (r->hdr.type == XS_TRANSACTION_START && r->room)
			late_transaction(xs, r);
		return;
	}
	req->result = reply_result(r, req);
	unlink_request(xs, req);
	/* Its owner may return as soon as the lock is free. */
	XN_WRITE_ONCE(req->done, true);
}

void xn_xs_client_init(struct xn_xs *xs)
{
	xs->reader.sink = reply_begins;
	xs->reader.done = reply_ends;
}

/*
 * Consume what is in the response ring now; later data comes with another
 * event. The lock is held. Returns a description of the fault, or NULL.
 */
static const char *client_receive(struct xn_xs *xs)
{
	struct xenstore_domain_interface *intf = xs->intf;
	uint32_t begin = xs->rsp_cons;
	uint32_t left = XN_READ_ONCE(intf->rsp_prod) - begin;

	if (left > XENSTORE_RING_SIZE)
		return "an invalid response index";
	xn_rmb();
	while (left) {
		uint32_t at = MASK_XENSTORE_IDX(xs->rsp_cons);
		uint32_t n = xn_min32(left, XENSTORE_RING_SIZE - at);

		if (xn_wire_feed(&xs->reader, intf->rsp + at, n))
			return "an invalid message";
		xs->rsp_cons += n;
		left -= n;
	}
	if (xs->rsp_cons != begin) {
		xn_backoff_work(&xs->backoff);
		xn_mb();
		XN_WRITE_ONCE(intf->rsp_cons, xs->rsp_cons);
		xn_mb();
		/* If the ring was full, xenstored waits for room. */
		if (XN_READ_ONCE(intf->rsp_prod) - begin >= XENSTORE_RING_SIZE)
			xn_evtchn_send(xs->port);
	}
	if (XN_READ_ONCE(intf->server_features) &
	    XENSTORE_SERVER_FEATURE_ERROR && XN_READ_ONCE(intf->error))
		return "xenstored reports an error";
	return NULL;
}

static void client_look(struct xn_xs *xs)
{
	const char *wrong = NULL;
	unsigned long flags;

	if (!XN_READ_ONCE(xs->intf))
		return;
	flags = xn_lock(&xs->lock);
	if (!xs->dead) {
		wrong = client_receive(xs);
		if (wrong)
			client_shut(xs);
	}
	xn_unlock(&xs->lock, flags);
	if (wrong)
		client_complain(wrong);
	xn_wake(&xs->wait);
}

void xn_xs_upcall(struct xn_xs *xs)
{
	if (XN_READ_ONCE(xs->unheard) < XN_XS_UNHEARD)
		XN_WRITE_ONCE(xs->unheard, 0);
	xn_backoff_event(&xs->backoff);
	client_look(xs);
}

/* Replies that came without an event: one may be a race, several are a fault. */
static void count_unheard(struct xn_xs *xs)
{
	uint32_t n = XN_READ_ONCE(xs->unheard);

	if (n == XN_XS_UNHEARD || XN_READ_ONCE(xs->intf->rsp_prod) ==
				  XN_READ_ONCE(xs->rsp_cons))
		return;
	XN_WRITE_ONCE(xs->unheard, n + 1);
	if (n + 1 == XN_XS_UNHEARD)
		xn_os_log(XN_WARN, "xenstore answers without an event: are upcalls delivered? Each answer takes a second");
}

/* A reply is late: an event may be lost. Look, and notify again. */
void xn_xs_nudge(struct xn_xs *xs)
{
	count_unheard(xs);
	client_look(xs);
	xn_evtchn_send(xs->port);
}

/* ---- requests ---- */

/* Free bytes in the request ring. Only for the sending thread. */
static uint32_t request_room(struct xn_xs *xs)
{
	uint32_t used = xs->req_prod - XN_READ_ONCE(xs->intf->req_cons);

	if (used > XENSTORE_RING_SIZE) {
		give_up(xs, "an invalid request index");
		return 0;
	}
	xn_mb();
	return XENSTORE_RING_SIZE - used;
}

static bool has_room(struct xn_xs *xs, uint32_t bytes)
{
	return request_room(xs) >= bytes || XN_READ_ONCE(xs->dead);
}

static int wait_room(struct xn_xs *xs, uint32_t bytes, uint64_t deadline)
{
	if (!xn_xs_wait(xs, has_room(xs, bytes), deadline))
		return -ETIMEDOUT;
	return XN_READ_ONCE(xs->dead) ? -ESHUTDOWN : 0;
}

/* Show xenstored what is in the request ring. */
static void client_publish(struct xn_xs *xs)
{
	xn_wmb();
	XN_WRITE_ONCE(xs->intf->req_prod, xs->req_prod);
	xn_evtchn_send(xs->port);
}

static int client_put(struct xn_xs *xs, const void *data, uint32_t len,
		      uint64_t deadline)
{
	const char *from = data;

	while (len) {
		uint32_t at = MASK_XENSTORE_IDX(xs->req_prod);
		uint32_t n = xn_min32(len, XENSTORE_RING_SIZE - at);
		uint32_t room = request_room(xs);
		int err;

		if (!room) {
			client_publish(xs);
			err = wait_room(xs, 1, deadline);
			if (err)
				return err;
			continue;
		}
		n = xn_min32(n, room);
		memcpy(xs->intf->req + at, from, n);
		xs->req_prod += n;
		from += n;
		len -= n;
	}
	return 0;
}

/*
 * Send one message. If the whole message fits into the ring, wait until it
 * does: then one notification is enough, and a stuck xenstored never sees half
 * a message.
 */
static int send_message(struct xn_xs *xs, const struct xsd_sockmsg *hdr,
			const struct xn_xs_part *parts, unsigned int nr_parts,
			uint64_t deadline)
{
	unsigned int i;
	int err;

	err = wait_room(xs, xn_min32(sizeof(*hdr) + hdr->len,
				     XENSTORE_RING_SIZE), deadline);
	if (err)
		return err;
	err = client_put(xs, hdr, sizeof(*hdr), deadline);
	for (i = 0; !err && i < nr_parts; i++)
		err = client_put(xs, parts[i].data, parts[i].len, deadline);
	if (err) {
		give_up(xs, "xenstored stopped in the middle of a request");
		return err;
	}
	client_publish(xs);
	xn_stat_inc(XN_STAT_XS_REQUEST);
	return 0;
}

/*
 * Try to become the sending thread and queue the request. @got says whether
 * that succeeded. Returns false if the caller should wait and try again.
 */
static bool sending_try(struct xn_xs *xs, struct xn_xs_request *req, bool *got)
{
	unsigned long flags = xn_lock(&xs->lock);
	bool dead = xs->dead;

	*got = !dead && !xs->sending;
	if (*got) {
		xs->sending = true;
		req->id = xs->next_id++;
		req->next = xs->requests;
		xs->requests = req;
	}
	xn_unlock(&xs->lock, flags);
	return *got || dead;
}

static void sending_put(struct xn_xs *xs)
{
	unsigned long flags = xn_lock(&xs->lock);

	xs->sending = false;
	xn_unlock(&xs->lock, flags);
	xn_wake(&xs->wait);
}

/*
 * Does the request only give something back? Nothing depends on its reply: when
 * xenstored has been silent for one request's time, others of this kind are left in
 * the ring, and do not wait as long again, each of them.
 */
static bool gives_back(const struct xsd_sockmsg *hdr,
		       const struct xn_xs_part *parts)
{
	return hdr->type == XS_UNWATCH ||
	       (hdr->type == XS_TRANSACTION_END && parts[0].len &&
		*(const char *)parts[0].data == 'F');
}

static int client_exchange(struct xn_xs *xs, struct xn_xs_request *req,
			   struct xsd_sockmsg *hdr,
			   const struct xn_xs_part *parts,
			   unsigned int nr_parts)
{
	bool hurry = XN_READ_ONCE(xs->silent) && gives_back(hdr, parts);
	uint64_t deadline = xn_os_now() + (hurry ? 0 : xs->timeout);
	unsigned long flags;
	bool got;
	int err;

	if (!xn_xs_wait(xs, sending_try(xs, req, &got), deadline))
		return -ETIMEDOUT;
	if (!got)
		return -ESHUTDOWN;
	hdr->req_id = req->id;
	err = send_message(xs, hdr, parts, nr_parts, deadline);
	sending_put(xs);
	if (!err && !xn_xs_wait(xs, XN_READ_ONCE(req->done), deadline))
		err = -ETIMEDOUT;

	/* Once unlinked, no one else has a pointer to the request. */
	flags = xn_lock(&xs->lock);
	if (req->done)
		err = req->result;
	else
		unlink_request(xs, req);
	if (err == -ETIMEDOUT)
		xs->silent = true;
	xn_unlock(&xs->lock, flags);
	return err;
}

/*
 * xn_xs_talk - send a request and wait for its reply
 * @buf: gets the body of the reply, up to @room bytes; NULL: ignore the body
 *
 * Returns: length of the body (0 if @buf is NULL), or a negative errno value as
 * xn_xs_read(). May sleep.
 */
int xn_xs_talk(struct xn_xs *xs, enum xsd_sockmsg_type type, uint32_t txn,
	       const struct xn_xs_part *parts, unsigned int nr_parts,
	       void *buf, uint32_t room)
{
	struct xn_xs_request req = { .type = type, .buf = buf, .room = room };
	struct xsd_sockmsg hdr = { .type = type, .tx_id = txn };
	unsigned int i;

	for (i = 0; i < nr_parts; i++) {
		if (parts[i].len > XENSTORE_PAYLOAD_MAX - hdr.len)
			return -E2BIG;
		hdr.len += parts[i].len;
	}
	return client_exchange(xs, &req, &hdr, parts, nr_parts);
}
