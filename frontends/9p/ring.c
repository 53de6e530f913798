// SPDX-License-Identifier: MIT
/*
 * One ring of the 9P frontend: the page of indices, the pages for replies and
 * requests (docs/misc/9pfs.pandoc of xen.git, "Ring Setup";
 * xen-public/io/ring.h, XEN_FLEX_RING), the event channel, and the list of
 * requests. Called by life.c.
 */
#include "9p.h"

_Static_assert((sizeof(struct xn_shared_page) << XN_9P_MAX_RING_ORDER) <=
	       XN_PAGE_SIZE, "a page describes a ring's pages");
_Static_assert(sizeof(struct xn_9p_req) * XN_9P_REQUESTS <= XN_PAGE_SIZE,
	       "a page describes a ring's requests");

/* Called by the work of r->stall. */
static bool ring_count_late(struct xn_stall *stall, unsigned int *late)
{
	struct xn_9p_ring *r = xn_container_of(stall, struct xn_9p_ring, stall);
	unsigned long flags = xn_lock(&r->lock);
	bool any = r->open && r->in_flight;
	unsigned int i;

	for (i = 0; any && i < XN_9P_REQUESTS; i++)
		*late += r->req[i].state == XN_9P_IN_FLIGHT &&
			 xn_stall_is_late(stall, r->req[i].epoch);
	xn_unlock(&r->lock, flags);
	return any;
}

void xn_9pr_init(struct xn_9p_ring *r, struct xn_9p *p9, unsigned int index)
{
	r->p9 = p9;
	r->index = index;
	xn_lock_init(&r->lock);
	xn_stall_init(&r->stall, &p9->fe, "requests", ring_count_late);
}

int xn_9pr_open(struct xn_9p_ring *r)
{
	struct xn_frontend *fe = &r->p9->fe;
	unsigned int i, order = r->p9->ring_order;
	struct xen_9pfs_data_intf *intf;
	int err;

	r->req = xn_os_page_alloc();
	r->data = xn_os_page_alloc();
	if (!r->req || !r->data)
		return -ENOMEM;
	err = xn_shared_page_grant(fe, false, &r->intf);
	if (err)
		return err;
	intf = r->intf.va;
	intf->ring_order = order;
	for (i = 0; i < 1u << order; i++) {
		err = xn_shared_page_grant(fe, false, &r->data[i]);
		if (err)
			return err;
		intf->ref[i] = r->data[i].ref;
	}
	r->size = XEN_FLEX_RING_SIZE(order);
	r->out_prod = 0;
	r->in_cons = 0;
	return 0;
}

int xn_9pr_bind(struct xn_9p_ring *r)
{
	struct xn_device *dev = r->p9->fe.dev;
	evtchn_port_t port;
	int err;

	r->starved = false;
	r->in_flight = 0;
	err = r->p9->ops->event_bind(r, dev->otherend_id, &port);
	if (err)
		return err;
	xn_channel_open(&r->channel, &dev->guest->evtchn, port);
	r->bound = true;
	return 0;
}

void xn_9pr_unbind(struct xn_9p_ring *r)
{
	evtchn_port_t port;
	unsigned long flags;

	flags = xn_lock(&r->lock);
	r->open = false;
	r->bound = false;
	xn_unlock(&r->lock, flags);
	port = xn_channel_close(&r->channel);
	if (port)
		r->p9->ops->event_unbind(r, port);
	xn_stall_stop(&r->stall);
}

void xn_9pr_close(struct xn_9p_ring *r)
{
	unsigned int i;

	for (i = 0; r->data && i < 1u << XN_9P_MAX_RING_ORDER; i++)
		xn_shared_page_end(&r->p9->fe, &r->data[i]);
	xn_shared_page_end(&r->p9->fe, &r->intf);
	xn_os_page_free(r->data);
	xn_os_page_free(r->req);
	r->data = NULL;
	r->req = NULL;
}
