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

static int store_connect(struct xn_guest *guest,
			 const struct xn_boot_channel *where,
			 const struct xn_store_ops *ops,
			 int (*connect)(struct xn_xs *xs,
					struct xenstore_domain_interface *intf,
					evtchn_port_t port))
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
	err = connect(xs, page, where->port);
	if (err)
		goto unbind;
	xn_backoff_open(&xs->backoff, &guest->evtchn, where->port);
	return 0;

unbind:
	store_unbind(guest, where->port, ops);
	xs->port = 0;
unmap:
	xn_os_unmap(page, 1);
	return err;
}

/* A page and a port are there, unless an earlier xn_store_resume() has failed. */
static void store_let_go(struct xn_guest *guest, void *page,
			 const struct xn_store_ops *ops)
{
	struct xn_xs *xs = &guest->xs;

	xn_backoff_close(&xs->backoff);
	if (xs->port)
		store_unbind(guest, xs->port, ops);
	xs->port = 0;
	if (page)
		xn_os_unmap(page, 1);
}

int xn_store_start(struct xn_guest *guest, const struct xn_boot_channel *where,
		   const struct xn_store_ops *ops)
{
	return store_connect(guest, where, ops, xn_xs_init);
}

int xn_store_resume(struct xn_guest *guest, const struct xn_boot_channel *where,
		    const struct xn_store_ops *ops)
{
	struct xn_xs *xs = &guest->xs;
	void *page = xs->intf;
	int err;

	/* Nobody looks at the page from now on. */
	xn_xs_quit(xs);
	XN_WRITE_ONCE(xs->intf, NULL);
	store_let_go(guest, page, ops);
	err = store_connect(guest, where, ops, xn_xs_reconnect);
	/* Also when it was not reached: whoever waits gets the error. */
	if (err)
		xn_xs_resume(xs);
	return err;
}

void xn_store_stop(struct xn_guest *guest, const struct xn_store_ops *ops)
{
	void *page = guest->xs.intf;

	xn_xs_fini(&guest->xs);
	store_let_go(guest, page, ops);
}
