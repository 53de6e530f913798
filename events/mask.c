// SPDX-License-Identifier: MIT
/*
 * Who holds a port's events back. The ABIs have one mask bit per port, but more
 * than one has reasons to set it, and none knows of the others': the owner (an
 * interrupt flow that masks while a handler runs), the back-off from a storm, an
 * engine that polls. The bit is set while anybody holds the port.
 *
 * The bits are those of xen-public/event_channel.h and xen.h; holders are ours
 * alone. Called by ports and frontends, and by backoff.c.
 */
#include "port.h"

/*
 * Make the mask bit what the holders want. Two may do so at once: who finds
 * that its view was overtaken looks again, so the last one is right. Until then
 * an event may slip through, as one may that was on its way.
 */
static void settle(struct xn_evtchn_table *t, evtchn_port_t port,
		   struct xn_evtchn_port *p)
{
	bool held, now = __atomic_load_n(&p->holders, __ATOMIC_SEQ_CST);

	do {
		held = now;
		if (held)
			t->ops->mask(t, port);
		else
			t->ops->unmask(t, port);
		now = __atomic_load_n(&p->holders, __ATOMIC_SEQ_CST);
	} while (now != held);
}

void xn_evtchn_hold(struct xn_evtchn_table *t, evtchn_port_t port,
		    enum xn_evtchn_holder who)
{
	struct xn_evtchn_port *p = xn_evtchn_port(t, port);

	if (!p)
		return;
	__atomic_fetch_or(&p->holders, who, __ATOMIC_SEQ_CST);
	settle(t, port, p);
}

void xn_evtchn_release(struct xn_evtchn_table *t, evtchn_port_t port,
		       enum xn_evtchn_holder who)
{
	struct xn_evtchn_port *p = xn_evtchn_port(t, port);

	if (!p)
		return;
	__atomic_fetch_and(&p->holders, ~who, __ATOMIC_SEQ_CST);
	settle(t, port, p);
}

void xn_evtchn_raise(struct xn_evtchn_table *t, evtchn_port_t port)
{
	/* Unmasking is what makes Xen look at a bit that we have set. */
	xn_evtchn_hold(t, port, XN_HOLD_RAISE);
	t->ops->set_pending(t, port);
	xn_evtchn_release(t, port, XN_HOLD_RAISE);
}
