/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the files of xenion-dev.ko need of each other: each is one device, or one
 * place, where programs look for Xen.
 */
#ifndef XENION_LINUX_DEV_H
#define XENION_LINUX_DEV_H

#include <linux/types.h>
#include "xnl.h"

/*
 * init, and fini to undo it. lost: the domain is a new one, programs sleep. quit: the
 * system ends, programs may still run; nothing of the host's may be left.
 */
int xdev_store_init(void);	/* store.c: /dev/xen/xenbus */
void xdev_store_lost(void);
void xdev_store_fini(void);

int xdev_places_init(void);	/* places.c: /sys/hypervisor, /proc/xen */
void xdev_places_fini(void);

int xdev_evtchn_init(void);	/* evtchn.c: /dev/xen/evtchn */
void xdev_evtchn_lost(void);
void xdev_evtchn_quit(void);
void xdev_evtchn_fini(void);

int xdev_gntalloc_init(void);	/* gntalloc.c: /dev/xen/gntalloc */
void xdev_gntalloc_quit(void);
void xdev_gntalloc_fini(void);

int xdev_gntdev_init(void);	/* gntdev.c: /dev/xen/gntdev */
void xdev_gntdev_lost(void);
void xdev_gntdev_quit(void);
void xdev_gntdev_fini(void);

/* gntcopy.c: IOCTL_GNTDEV_GRANT_COPY. @compat: the program is one of 32 bits */
int xdev_gntcopy(void __user *arg, bool compat);

/* notify.c: at the end of a page that a program shares with another domain */
struct xdev_notify {
	bool clear, send;
	unsigned int byte;		/* of the page */
	evtchn_port_t port;
};

/* From IOCTL_*_SET_UNMAP_NOTIFY; @index: the program's number of the byte. */
int xdev_notify_get(struct xdev_notify *n, u64 *index, const void __user *arg);
/* All zero does nothing. Context: any. */
void xdev_notify_do(const struct xdev_notify *n, void *page);

/* Is @port one that a program has bound? */
bool xdev_evtchn_bound(evtchn_port_t port);
/* Send an event to it, if it still is. */
void xdev_evtchn_send(evtchn_port_t port);

#endif /* XENION_LINUX_DEV_H */
