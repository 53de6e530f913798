// SPDX-License-Identifier: MIT
/*
 * This domain's ID. No hypercall returns the domain ID to every kind of guest:
 * make an unbound port to ourselves and read the ID from its status
 * (EVTCHNOP_alloc_unbound, EVTCHNOP_status, xen-public/event_channel.h). Called
 * where DOMID_SELF is not accepted: to grant to oneself, to map one's own
 * grants.
 */
#include <xenion/hypercall.h>

int xn_domid(domid_t *domid)
{
	struct evtchn_alloc_unbound port = {
		.dom = DOMID_SELF, .remote_dom = DOMID_SELF,
	};
	struct evtchn_status status = { .dom = DOMID_SELF };
	int err;

	err = xn_hc_evtchn(EVTCHNOP_alloc_unbound, &port);
	if (err)
		return err;
	status.port = port.port;
	err = xn_hc_evtchn(EVTCHNOP_status, &status);
	xn_evtchn_give_back(port.port);
	if (err)
		return err;
	if (status.status != EVTCHNSTAT_unbound ||
	    status.u.unbound.dom >= DOMID_FIRST_RESERVED)
		return -EIO;
	*domid = status.u.unbound.dom;
	return 0;
}
