// SPDX-License-Identifier: MIT
/*
 * Begin and end of the connection to xenstore. The page lives as long as the
 * domain and may have several users in turn (a boot loader, a kernel, the next
 * kernel): discard what the previous one left, and leave nothing for the next.
 *
 * Specified in docs/misc/xenstore-ring.txt of Xen (reconnection) and
 * docs/misc/xenstore.txt (RESET_WATCHES). Called by the OS layer.
 */
#include "xs.h"

/* Replies to a previous user of the page arrive within this time. */
#define DRAIN_TIMEOUT	XN_NSEC_PER_SEC
#define DRAIN_QUIET	(20 * XN_NSEC_PER_MSEC)

/* How long xenstored may take for its first reply. */
#define START_TIMEOUT	(5 * XN_NSEC_PER_SEC)

static bool response_waits(const struct xenstore_domain_interface *intf)
{
	return XN_READ_ONCE(intf->rsp_prod) != XN_READ_ONCE(intf->rsp_cons);
}

/*
 * Discard what a previous user left in the rings, until nothing more arrives.
 * Complete replies that arrive even later are recognised by their foreign ids.
 */
static void connect_drain(struct xn_xs *xs)
{
	struct xenstore_domain_interface *intf = xs->intf;
	uint64_t deadline = xn_os_now() + DRAIN_TIMEOUT;
	bool more;

	if (XN_READ_ONCE(intf->req_prod) == XN_READ_ONCE(intf->req_cons) &&
	    !response_waits(intf))
		return;
	do {
		XN_WRITE_ONCE(intf->rsp_cons, XN_READ_ONCE(intf->rsp_prod));
		xn_mb();
		xn_evtchn_send(xs->port);
		more = xn_wait(&xs->wait, response_waits(intf), DRAIN_QUIET) ||
		       XN_READ_ONCE(intf->req_prod) !=
		       XN_READ_ONCE(intf->req_cons);
	} while (more && xn_os_now() < deadline);
}

static int reset_watches(struct xn_xs *xs)
{
	static const struct xn_xs_part nothing = { "", 1 };
	int err = xn_xs_talk(xs, XS_RESET_WATCHES, XN_XS_NOTXN, &nothing, 1,
			     NULL, 0);

	/* Xen before 4.2 does not know the request. */
	return err == -ENOSYS || err == -EINVAL ? 0 : err;
}

/* Take over the page's indices, and remove a previous user's watches. */
static int connect_hello(struct xn_xs *xs)
{
	unsigned long flags = xn_lock(&xs->lock);

	xs->req_prod = XN_READ_ONCE(xs->intf->req_prod);
	xs->rsp_cons = XN_READ_ONCE(xs->intf->rsp_cons);
	xs->reader.got = 0;
	xs->reader.broken = false;
	xs->dead = false;
	xn_unlock(&xs->lock, flags);

	return reset_watches(xs);
}

static bool connect_done(struct xn_xs *xs, uint64_t timeout)
{
	uint64_t deadline = xn_os_now() + timeout;

	return xn_xs_wait(xs, XN_READ_ONCE(xs->intf->connection) ==
			      XENSTORE_CONNECTED, deadline);
}

/* Reconnect: xenstored drops its state, half a message included. */
static int connect_reconnect(struct xn_xs *xs)
{
	struct xenstore_domain_interface *intf = xs->intf;

	if (!(XN_READ_ONCE(intf->server_features) &
	      XENSTORE_SERVER_FEATURE_RECONNECTION))
		return -ETIMEDOUT;
	xn_os_log(XN_INFO, "xenstore: asking for a new connection");
	XN_WRITE_ONCE(intf->connection, XENSTORE_RECONNECT);
	xn_mb();
	xn_evtchn_send(xs->port);
	return connect_done(xs, START_TIMEOUT) ? 0 : -ETIMEDOUT;
}

/* Begin on a page that was mapped just now. On error it is closed. */
static int connect_begin(struct xn_xs *xs,
			 struct xenstore_domain_interface *intf,
			 evtchn_port_t port)
{
	int err;

	xs->port = port;
	xs->unheard = 0;
	xs->silent = false;
	xs->nr_late = 0;
	xs->timeout = START_TIMEOUT;
	xn_wmb();
	XN_WRITE_ONCE(xs->intf, intf);

	/* The toolstack may still be connecting the page to xenstored. */
	err = connect_done(xs, XN_XS_TIMEOUT) ? 0 : -ETIMEDOUT;
	if (!err) {
		connect_drain(xs);
		err = connect_hello(xs);
	}
	if (err) {
		xn_xs_quit(xs);
		err = connect_reconnect(xs);
		if (!err)
			err = connect_hello(xs);
	}
	if (err) {
		xn_os_log(XN_ERR, "xenstore: no valid answer (error %d)",
			  err);
		xn_xs_quit(xs);
		XN_WRITE_ONCE(xs->intf, NULL);
		return err;
	}
	xs->timeout = XN_XS_TIMEOUT;
	return 0;
}

int xn_xs_init(struct xn_xs *xs, struct xenstore_domain_interface *intf,
	       evtchn_port_t port)
{
	xn_lock_init(&xs->lock);
	xn_waitq_init(&xs->wait);
	xn_xs_watch_init(xs);
	xn_xs_client_init(xs);
	xn_xs_resume_init(xs);
	xn_xs_late_init(xs);
	/* From the clock, so that no previous user had the same ids. */
	xs->first_id = (uint32_t)(xn_os_now() / 1000);
	xs->next_id = xs->first_id;
	xs->next_watch = xs->first_id;
	xs->dead = true;
	return connect_begin(xs, intf, port);
}

int xn_xs_reconnect(struct xn_xs *xs, struct xenstore_domain_interface *intf,
		    evtchn_port_t port)
{
	int err;

	xn_xs_gate_set(xs, true, true);
	xn_xs_quit(xs);
	err = connect_begin(xs, intf, port);
	if (!err)
		xn_xs_watches_anew(xs);
	xn_xs_resume(xs);
	return err;
}

void xn_xs_fini(struct xn_xs *xs)
{
	uint64_t deadline = xn_os_now() + DRAIN_TIMEOUT;
	unsigned long flags;

	/* Whoever waits since a suspend fails, when the connection is dead. */
	xn_xs_resume(xs);
	/* Replies that are read now do not reach the page's next user. */
	xs->timeout = START_TIMEOUT;
	reset_watches(xs);
	xn_xs_wait(xs, !XN_READ_ONCE(xs->requests), deadline);
	xn_xs_quit(xs);

	while (!xn_xs_wait(xs, !XN_READ_ONCE(xs->users), deadline))
		;
	/* Wait until the last user has released the lock. */
	flags = xn_lock(&xs->lock);
	xn_unlock(&xs->lock, flags);

	xn_work_cancel(&xs->end);
	xn_work_cancel(&xs->make);
	xn_work_cancel(&xs->again);
	xn_work_cancel(&xs->work);
	XN_WRITE_ONCE(xs->intf, NULL);
}
