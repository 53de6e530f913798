// SPDX-License-Identifier: MIT
/*
 * The end of an event channel at Xen (EVTCHNOP_close, xen-public/event_channel.h).
 * Called by the table of event channels and by who makes a port for a moment.
 */
#include <xenion/hypercall.h>

void xn_evtchn_give_back(evtchn_port_t port)
{
	struct evtchn_close x = { .port = port };
	int err = xn_hc_evtchn(EVTCHNOP_close, &x);

	if (err)
		xn_os_log(XN_WARN,
			  "xenion: event channel %u stays open (error %d)",
			  port, err);
}
