// SPDX-License-Identifier: MIT
/*
 * Shutdown of event channels. EVTCHNOP_reset (xen-public/event_channel.h) is
 * the only way out of the FIFO ABI, and it closes every port of the domain. The
 * toolstack's ports (xenstore, console) must survive that: their other ends are
 * recorded before the reset and bound again after it. Called by the OS layer
 * when it ends, and when it starts in a domain whose previous kernel did not
 * reset.
 */
#include "port.h"

/*
 * Stop scanning after this many unused ports in a row: the toolstack's ports
 * have the lowest numbers.
 */
#define GAP		16u

static void tell_lost(evtchn_port_t port, int err)
{
	xn_os_log(XN_ERR,
		  "xenion: the toolstack's event channel %u is lost (error %d)",
		  port, err);
}

/* Is this port open? If it is the toolstack's, record its other end. */
static bool note_port(struct xn_evtchn_table *t, evtchn_port_t port)
{
	struct evtchn_status x = { .dom = DOMID_SELF, .port = port };
	struct xn_evtchn_port *p = xn_evtchn_port(t, port);
	bool adopted = p && p->adopted;
	int err;

	/* Bound by us, now or earlier: the reset closes it. */
	if (p && p->gen && !adopted)
		return true;
	if (adopted)
		p->adopted = 0;
	err = xn_hc_evtchn(EVTCHNOP_status, &x);
	/* Never used, or owned by Xen, which a reset does not close. */
	if (!adopted && (err == -EINVAL || err == -EACCES))
		return false;
	if (err) {
		tell_lost(port, err);
		return false;
	}
	if (x.status != EVTCHNSTAT_interdomain &&
	    x.status != EVTCHNSTAT_unbound)
		return false;
	err = xn_evtchn_table_grow(t, port);
	if (err) {
		tell_lost(port, err);
		return true;
	}
	p = xn_evtchn_port(t, port);
	if (x.status == EVTCHNSTAT_interdomain) {
		p->remote = x.u.interdomain.dom;
		p->remote_port = x.u.interdomain.port;
	} else {
		p->remote = x.u.unbound.dom;
	}
	p->adopted = x.status;
	if (t->last < port)
		t->last = port;
	return true;
}

/*
 * Record where every open port that is not ours leads, so that it can be bound
 * again after the reset. Done only at shutdown, which most guests never reach,
 * because it costs many hypercalls.
 */
static void note_others(struct xn_evtchn_table *t)
{
	unsigned int gap = 0;
	evtchn_port_t port;

	for (port = 1; port < t->max_ports; port++) {
		const struct xn_evtchn_port *p = xn_evtchn_port(t, port);

		if (gap >= GAP && port > t->last)
			break;
		if (gap < GAP || (p && p->adopted))
			gap = note_port(t, port) ? 0 : gap + 1;
	}
}

struct rebind {
	void (*moved)(void *data, evtchn_port_t from, evtchn_port_t to);
	void *data;
};

static void bind_again(const struct xn_evtchn_port *p, evtchn_port_t port,
		       const struct rebind *r)
{
	evtchn_port_t to;
	int err;

	if (p->adopted == EVTCHNSTAT_interdomain) {
		struct evtchn_bind_interdomain x = {
			.remote_dom = p->remote,
			.remote_port = p->remote_port,
		};

		err = xn_hc_evtchn(EVTCHNOP_bind_interdomain, &x);
		to = x.local_port;
	} else {
		struct evtchn_alloc_unbound x = {
			.dom = DOMID_SELF, .remote_dom = p->remote,
		};

		err = xn_hc_evtchn(EVTCHNOP_alloc_unbound, &x);
		to = x.port;
	}
	if (err)
		tell_lost(port, err);
	else if (to != port && r->moved)
		r->moved(r->data, port, to);
}

/* Xen hands out the lowest free number: this order restores most of them. */
static void bind_all_again(struct xn_evtchn_table *t, const struct rebind *r)
{
	evtchn_port_t port;

	for (port = 1; port <= t->last; port++) {
		struct xn_evtchn_port *p = xn_evtchn_port(t, port);

		if (p && p->adopted)
			bind_again(p, port, r);
	}
}

void xn_evtchn_leave(struct xn_evtchn_table *t,
		     void (*moved)(void *data, evtchn_port_t from,
				   evtchn_port_t to),
		     void *data)
{
	struct rebind r = { .moved = moved, .data = data };
	int err;

	if (t->ops->resets)
		note_others(t);
	err = t->ops->fini(t);
	xn_evtchn_twolevel_mask_all(t->vcpus->shared);
	if (t->ops->resets && !err)
		bind_all_again(t, &r);
	xn_evtchn_table_free(t);
}

int xn_evtchn_evict(struct xn_evtchn_table *t, const evtchn_port_t *keep,
		    unsigned int count,
		    void (*moved)(void *data, evtchn_port_t from,
				  evtchn_port_t to),
		    void *data)
{
	struct evtchn_reset x = { .dom = DOMID_SELF };
	struct rebind r = { .moved = moved, .data = data };
	unsigned int i;
	int err;

	for (i = 0; i < count; i++)
		(void)note_port(t, keep[i]);
	err = xn_hc_evtchn(EVTCHNOP_reset, &x);
	xn_evtchn_twolevel_mask_all(t->vcpus->shared);
	if (!err)
		bind_all_again(t, &r);
	xn_evtchn_table_free(t);
	t->last = 0;
	return err;
}
