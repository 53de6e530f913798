// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What a program wishes to happen when a page that it shares with another domain goes:
 * a byte in it is cleared, an event is sent. It is worded alike for pages that it
 * granted and pages that it mapped (xen-public/sys/gntalloc.h and gntdev.h).
 */
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "dev.h"
#include <xen-public/sys/gntalloc.h>

int xdev_notify_get(struct xdev_notify *n, u64 *index, const void __user *arg)
{
	struct ioctl_gntalloc_unmap_notify a;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (a.action & ~(UNMAP_NOTIFY_CLEAR_BYTE | UNMAP_NOTIFY_SEND_EVENT))
		return -EINVAL;
	if (a.action & UNMAP_NOTIFY_SEND_EVENT &&
	    !xdev_evtchn_bound(a.event_channel_port))
		return -EINVAL;
	*index = a.index;
	n->clear = a.action & UNMAP_NOTIFY_CLEAR_BYTE;
	n->send = a.action & UNMAP_NOTIFY_SEND_EVENT;
	n->byte = offset_in_page(a.index);
	n->port = a.event_channel_port;
	return 0;
}

/* The byte first: whoever has the event sees it. */
void xdev_notify_do(const struct xdev_notify *n, void *page)
{
	if (n->clear)
		WRITE_ONCE(((u8 *)page)[n->byte], 0);
	xn_wmb();
	if (n->send)
		xdev_evtchn_send(n->port);
}
