/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the files of xenion-dev.ko need of each other: each is one device, or one
 * place, where programs look for Xen.
 */
#ifndef XENION_LINUX_DEV_H
#define XENION_LINUX_DEV_H

#include <linux/miscdevice.h>
#include <linux/types.h>
#include "xnl.h"

extern struct miscdevice xdev_store;	/* store.c: /dev/xen/xenbus */
extern struct miscdevice xdev_evtchn;	/* evtchn.c: /dev/xen/evtchn */
extern struct miscdevice xdev_gntalloc;	/* gntalloc.c: /dev/xen/gntalloc */
extern struct miscdevice xdev_gntdev;	/* gntdev.c: /dev/xen/gntdev */

int xdev_places_init(void);	/* places.c: /sys/hypervisor, /proc/xen */
void xdev_places_fini(void);

/* The domain is a new one. Programs sleep. */
void xdev_store_lost(void);
void xdev_evtchn_lost(void);
void xdev_gntdev_lost(void);

/* The system ends. Programs may still run; nothing of the host's may be left. */
void xdev_evtchn_quit(void);
void xdev_gntalloc_quit(void);
void xdev_gntdev_quit(void);

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
