// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion-dev.ko: what programs in the guest look for, under the names that Linux's
 * own Xen support has for it: devices in /dev/xen, and places that tell that this is
 * a guest of Xen. Their ioctl numbers and structures are xen-public/sys/.
 *
 * Only root may open the devices, and whoever does gets no more than a bounded part
 * of what the guest has. What a program leaves behind goes when its file is closed.
 */
#include <linux/module.h>
#include <linux/reboot.h>

#include <xenion/version.h>
#include "dev.h"

/* In a new domain: before anybody binds a port of it. */
static void xdev_lost(void)
{
	xdev_store_lost();
	xdev_evtchn_lost();
	xdev_gntdev_lost();
}

static struct xnl_resume xdev_resume = {
	.lost	= xdev_lost,
};

/* Before xenion.ko gives back what is the guest's. */
static int xdev_system_ends(struct notifier_block *nb, unsigned long action,
			    void *data)
{
	/* By ports, others learn that their pages are let go. */
	xdev_gntdev_quit();
	xdev_gntalloc_quit();
	xdev_evtchn_quit();
	return NOTIFY_DONE;
}

static struct notifier_block xdev_reboot = {
	.notifier_call = xdev_system_ends,
};

static struct miscdevice *const devices[] = {
	&xdev_store, &xdev_evtchn, &xdev_gntalloc, &xdev_gntdev,
};

static void devices_fini(unsigned int n)
{
	while (n--)
		misc_deregister(devices[n]);
}

static int devices_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		err = misc_register(devices[i]);
		if (err) {
			devices_fini(i);
			return err;
		}
	}
	return 0;
}

static int __init xdev_init(void)
{
	int err;

	/* Built in, in a machine without Xen. */
	if (!xnl_guest.xs.intf)
		return -ENODEV;
	err = xdev_places_init();
	if (err)
		return err;
	err = register_reboot_notifier(&xdev_reboot);
	if (err)
		goto places;
	xnl_resume_register(&xdev_resume);
	/* Last: from now on programs have what these two take away. */
	err = devices_init();
	if (!err)
		return 0;
	xnl_resume_unregister(&xdev_resume);
	unregister_reboot_notifier(&xdev_reboot);
places:
	xdev_places_fini();
	return err;
}

static void __exit xdev_exit(void)
{
	devices_fini(ARRAY_SIZE(devices));
	xnl_resume_unregister(&xdev_resume);
	unregister_reboot_notifier(&xdev_reboot);
	xdev_places_fini();
}

module_init(xdev_init);
module_exit(xdev_exit);

MODULE_DESCRIPTION("Xen devices for programs: xenstore, event channels, grants");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION(XN_VERSION);
