/* SPDX-License-Identifier: MIT */
/* xenbus/store.c: begin and end of a guest's xenstore, all steps in their order. */
#ifndef XENION_STORE_H
#define XENION_STORE_H

#include <xenion/decls.h>
#include <xenion/boot.h>
#include <xenion/guest.h>

XN_DECLS_BEGIN

/* For an OS layer in which every port is an interrupt of its own. */
struct xn_store_ops {
	/*
	 * Take over the toolstack's port (xn_evtchn_adopt()) and unmask it;
	 * each event calls xn_xs_upcall(@xs). 0 or a negative errno value.
	 */
	int (*bind)(struct xn_xs *xs, evtchn_port_t port);
	void (*unbind)(struct xn_xs *xs, evtchn_port_t port);
};

/**
 * xn_store_start - connect a guest to xenstore
 * @guest: its event channels are up, with upcalls; its xs is zeroed
 * @where: the page and the port: of the boot info, or xn_hvm_store()
 * @ops: NULL: xn_store_start() adopts the port itself
 *
 * Maps the page, binds the port, connects (xn_xs_init()), and from then on
 * holds back events without a message (xn_backoff_open()).
 *
 * Context: may sleep; work (xn_work_schedule()) runs meanwhile.
 * Return: 0; -ENODEV: the domain has no xenstore; -ENOMEM; as xn_evtchn_adopt()
 * or xn_xs_init(). On error nothing is left.
 */
int xn_store_start(struct xn_guest *guest, const struct xn_boot_channel *where,
		   const struct xn_store_ops *ops);

/**
 * xn_store_resume - connect to xenstore in a new domain
 * @guest: its event channels are up again, with upcalls; every other port of the
 *         old domain has been closed, or the new one may have its number
 * @where: the page and the port now: xn_hvm_store() again
 * @ops: as before
 *
 * Lets the old page and port go, and takes the new ones as xn_store_start() does;
 * then xn_xs_reconnect(). In the same domain call xn_xs_resume() instead.
 *
 * Context: may sleep; work (xn_work_schedule()) runs meanwhile.
 * Return: as xn_store_start(); -EINVAL: the toolstack has not made the port. Then
 * requests fail with -ESHUTDOWN, no watch is lost, and the call may be repeated,
 * with what xn_hvm_store() says then. Devices can be removed, and
 * xn_store_stop() works, too.
 */
int xn_store_resume(struct xn_guest *guest, const struct xn_boot_channel *where,
		    const struct xn_store_ops *ops);

/**
 * xn_store_stop - undo xn_store_start(), after which it may be called again
 * @guest: all its watches are unregistered
 * @ops: as before
 *
 * Context: may sleep.
 */
void xn_store_stop(struct xn_guest *guest, const struct xn_store_ops *ops);

XN_DECLS_END

#endif /* XENION_STORE_H */
