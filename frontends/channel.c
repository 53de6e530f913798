// SPDX-License-Identifier: MIT
/*
 * A queue's event channel (xen-public/event_channel.h), which is held back when
 * it fires without work. Called by every frontend.
 */
#include "frontend.h"

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
