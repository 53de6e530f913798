// SPDX-License-Identifier: MIT
/*
 * Masking by several holders. The ABIs have one mask bit per port, but several
 * parts of the guest set it independently: the owner (an interrupt flow that
 * masks while a handler runs), the storm protection, an engine that polls. The
 * bit is set while at least one of them holds the port.
 *
 * The bits are those of xen-public/event_channel.h and xen.h; Xen knows nothing
 * of holders. Called by OS layers, frontends and backoff.c.
 */
#include "port.h"

/*
 * Set or clear the mask bit as the holders require. Two CPUs may do this at the
 * same time: each reads the holders again after its write, so the last writer
 * leaves the right value. Until then one event may still be delivered, as if it
 * had been signalled earlier.
 */
static void mask_settle(struct xn_evtchn_table *t, evtchn_port_t port,
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
	mask_settle(t, port, p);
}

void xn_evtchn_release(struct xn_evtchn_table *t, evtchn_port_t port,
		       enum xn_evtchn_holder who)
{
	struct xn_evtchn_port *p = xn_evtchn_port(t, port);

	if (!p)
		return;
	__atomic_fetch_and(&p->holders, ~who, __ATOMIC_SEQ_CST);
	mask_settle(t, port, p);
}

void xn_evtchn_raise(struct xn_evtchn_table *t, evtchn_port_t port)
{
	/* Xen notices a pending bit that the guest set only on unmask. */
	xn_evtchn_hold(t, port, XN_HOLD_RAISE);
	t->ops->set_pending(t, port);
	xn_evtchn_release(t, port, XN_HOLD_RAISE);
}
