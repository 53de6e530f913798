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

static const struct {
	int (*init)(void);
	void (*fini)(void);
} parts[] = {
	{ xdev_store_init, xdev_store_fini },
	{ xdev_places_init, xdev_places_fini },
	{ xdev_evtchn_init, xdev_evtchn_fini },
	{ xdev_gntalloc_init, xdev_gntalloc_fini },
	{ xdev_gntdev_init, xdev_gntdev_fini },
};

static void parts_fini(unsigned int n)
{
	while (n--)
		parts[n].fini();
}

static int __init xdev_init(void)
{
	unsigned int i;
	int err;

	/* Built in, in a machine without Xen. */
	if (!xnl_guest.xs.intf)
		return -ENODEV;
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		err = parts[i].init();
		if (err)
			goto fail;
	}
	err = register_reboot_notifier(&xdev_reboot);
	if (err)
		goto fail;
	xnl_resume_register(&xdev_resume);
	return 0;

fail:
	parts_fini(i);
	return err;
}

static void __exit xdev_exit(void)
{
	xnl_resume_unregister(&xdev_resume);
	unregister_reboot_notifier(&xdev_reboot);
	parts_fini(ARRAY_SIZE(parts));
}

module_init(xdev_init);
module_exit(xdev_exit);

MODULE_DESCRIPTION("Xen devices for programs: xenstore, event channels, grants");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION(XN_VERSION);
