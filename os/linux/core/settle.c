// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Loading a driver ends when its devices can be used: the handshake with the
 * backends (xen-public/io/xenbus.h) takes a while, and scripts that load a module
 * go on to use its disks and interfaces. Called when a driver is registered, and
 * by drivers for each device.
 */
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "core.h"

static unsigned int settle_seconds = 30;
module_param(settle_seconds, uint, 0644);
MODULE_PARM_DESC(settle_seconds,
		 "How long at most loading a driver waits until its devices can be used (default: 30; 0: not at all)");

/* A device that has failed does not report it: look again so often. */
#define LOOK_AGAIN	(HZ / 10)
/* Log what the wait is for after so long. */
#define PATIENCE	(5 * HZ)

static DECLARE_WAIT_QUEUE_HEAD(settle_wait);
static bool scanned;		/* the devices that are there are on the bus */

void xnl_settle_scanned(void)
{
	WRITE_ONCE(scanned, true);
	wake_up_all(&settle_wait);
}

void xnl_device_settled(struct xnl_device *xdev)
{
	WRITE_ONCE(xdev->settled, true);
	wake_up_all(&settle_wait);
}
EXPORT_SYMBOL_GPL(xnl_device_settled);

static bool settle_is_done(struct xnl_device *xdev, const char *type)
{
	return strcmp(xdev->type, type) || READ_ONCE(xdev->settled) ||
	       READ_ONCE(xdev->going) || READ_ONCE(xdev->xb.failed);
}

static int settle_waits_for(struct device *dev, void *type)
{
	return !settle_is_done(to_xnl_device(dev), type);
}

static bool settle_all_done(const char *type)
{
	return READ_ONCE(scanned) &&
	       !bus_for_each_dev(&xnl_bus, NULL, (void *)type, settle_waits_for);
}

static int settle_say_one(struct device *dev, void *type)
{
	struct xnl_device *xdev = to_xnl_device(dev);

	if (!settle_is_done(xdev, type))
		dev_info(dev, "not ready yet: its backend %s is in state %u\n",
			 xdev->xb.otherend, xdev->xb.otherend_state);
	return 0;
}

static void settle_say(const char *what, const char *type)
{
	pr_info("xenion: %s (settle_seconds=%u)%s\n", what, settle_seconds,
		READ_ONCE(scanned) ? "" : ": xenstore has not listed them yet");
	bus_for_each_dev(&xnl_bus, NULL, (void *)type, settle_say_one);
}

/* Waits until all devices of @type have settled. False: not within @left jiffies. */
static bool settle_wait_all(const char *type, unsigned long left)
{
	unsigned long end = jiffies + left;

	while (!settle_all_done(type)) {
		if (time_after(jiffies, end) ||
		    wait_event_interruptible_timeout(settle_wait,
						     settle_all_done(type),
						     LOOK_AGAIN) < 0)
			return false;
	}
	return true;
}

void xnl_settle(const char *type)
{
	unsigned long all = min(settle_seconds, 3600u) * HZ;
	unsigned long first = min_t(unsigned long, all, PATIENCE);

	if (!all || settle_wait_all(type, first) || signal_pending(current))
		return;
	if (all > first) {
		settle_say("waiting for devices", type);
		if (settle_wait_all(type, all - first) || signal_pending(current))
			return;
	}
	settle_say("devices are not waited for any longer", type);
}
