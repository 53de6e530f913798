// SPDX-License-Identifier: MIT
/*
 * Brings up a guest's xenstore: the page that the toolstack shares with
 * xenstored (docs/misc/xenstore-ring.txt of Xen), its event channel, and the
 * client that uses both. Called by the OS layer once upcalls come.
 */
#include "xs.h"
#include <xenion/store.h>

static void store_event(void *data, evtchn_port_t port)
{
	xn_xs_upcall(data);
}

static int store_bind(struct xn_guest *guest, evtchn_port_t port,
		      const struct xn_store_ops *ops)
{
	int err;

	if (ops)
		return ops->bind(&guest->xs, port);
	err = xn_evtchn_adopt(&guest->evtchn, port, store_event, &guest->xs);
	/* xn_xs_init() waits for answers, which need their events. */
	if (!err)
		xn_evtchn_unmask(&guest->evtchn, port);
	return err;
}

static void store_unbind(struct xn_guest *guest, evtchn_port_t port,
			 const struct xn_store_ops *ops)
{
	if (ops)
		ops->unbind(&guest->xs, port);
	else
		xn_evtchn_unbind(&guest->evtchn, port);
}

int xn_store_start(struct xn_guest *guest, const struct xn_boot_channel *where,
		   const struct xn_store_ops *ops)
{
	struct xn_xs *xs = &guest->xs;
	void *page;
	int err;

	if (!where->gpa)
		return -ENODEV;
	page = xn_os_map(where->gpa >> XN_PAGE_SHIFT, 1);
	if (!page)
		return -ENOMEM;
	err = store_bind(guest, where->port, ops);
	if (err)
		goto unmap;
	err = xn_xs_init(xs, page, where->port);
	if (err)
		goto unbind;
	xn_backoff_open(&xs->backoff, &guest->evtchn, where->port);
	return 0;

unbind:
	store_unbind(guest, where->port, ops);
unmap:
	xn_os_unmap(page, 1);
	return err;
}

void xn_store_stop(struct xn_guest *guest, const struct xn_store_ops *ops)
{
	struct xn_xs *xs = &guest->xs;
	void *page = xs->intf;

	xn_xs_fini(xs);
	xn_backoff_close(&xs->backoff);
	store_unbind(guest, xs->port, ops);
	xn_os_unmap(page, 1);
}
