// SPDX-License-Identifier: MIT
/*
 * This domain's number, which no hypercall tells all kinds of guests: by
 * EVTCHNOP_alloc_unbound and EVTCHNOP_status (xen-public/event_channel.h).
 * Called by who grants to himself or maps his own grants.
 */
#include <xenion/hypercall.h>

int xn_domid(domid_t *domid)
{
	struct evtchn_alloc_unbound port = {
		.dom = DOMID_SELF, .remote_dom = DOMID_SELF,
	};
	struct evtchn_status status = { .dom = DOMID_SELF };
	struct evtchn_close close;
	long err;

	err = xn_hc_evtchn(EVTCHNOP_alloc_unbound, &port);
	if (err)
		return err;
	status.port = port.port;
	err = xn_hc_evtchn(EVTCHNOP_status, &status);
	close.port = port.port;
	if (xn_hc_evtchn(EVTCHNOP_close, &close))
		xn_os_log(XN_WARN, "xenion: event channel %u stays open",
			  port.port);
	if (err)
		return err;
	if (status.status != EVTCHNSTAT_unbound ||
	    status.u.unbound.dom >= DOMID_FIRST_RESERVED)
		return -EIO;
	*domid = status.u.unbound.dom;
	return 0;
}
