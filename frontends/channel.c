// SPDX-License-Identifier: MIT
/*
 * What a queue shares with its backend: pages that stay granted
 * (xen-public/grant_table.h), and an event channel
 * (xen-public/event_channel.h) that is held back when it fires without work.
 * Called by every frontend.
 */
#include "frontend.h"

int xn_shared_page_grant(struct xn_frontend *fe, bool readonly,
			 struct xn_shared_page *page)
{
	void *va = xn_os_page_alloc();
	int err;

	if (!va)
		return -ENOMEM;
	err = xn_gnttab_grant_page(xn_frontend_gnttab(fe),
				   fe->dev->otherend_id, va, readonly,
				   &page->ref);
	if (err)
		xn_os_page_free(va);
	else
		page->va = va;
	return err;
}

void xn_shared_page_end(struct xn_frontend *fe, struct xn_shared_page *page)
{
	if (page->va)
		xn_gnttab_end_page(xn_frontend_gnttab(fe), page->ref, page->va,
				   xn_os_page_free);
	page->va = NULL;
}

void xn_channel_open(struct xn_channel *c, struct xn_evtchn_table *t,
		     evtchn_port_t port)
{
	c->port = port;
	xn_backoff_open(&c->backoff, t, port);
}

evtchn_port_t xn_channel_close(struct xn_channel *c)
{
	evtchn_port_t port = c->port;

	xn_backoff_close(&c->backoff);
	c->port = 0;
	return port;
}
