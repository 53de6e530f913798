// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion-watchdog.ko: Xen's watchdog (xenion/time.h) as Linux's /dev/watchdog. When
 * the guest has hung, Xen ends the domain, and the toolstack does what on_watchdog says.
 */
#include <linux/module.h>
#include <linux/watchdog.h>

#include <xenion/time.h>
#include <xenion/version.h>

#define SECONDS		60

static unsigned int timeout = SECONDS;
module_param(timeout, uint, 0444);
MODULE_PARM_DESC(timeout,
		 "Seconds without a word from a program until Xen ends the domain (default: 60)");

static bool nowayout = WATCHDOG_NOWAYOUT;
module_param(nowayout, bool, 0444);
MODULE_PARM_DESC(nowayout, "Once begun, it does not stop (default: the kernel's)");

static struct xn_watchdog wdt_xen;

static int wdt_ping(struct watchdog_device *dev)
{
	return xn_watchdog_set(&wdt_xen, dev->timeout);
}

static int wdt_stop(struct watchdog_device *dev)
{
	return xn_watchdog_stop(&wdt_xen);
}

static const struct watchdog_info wdt_info = {
	.identity = "Xen watchdog (xenion)",
	.options = WDIOF_SETTIMEOUT | WDIOF_KEEPALIVEPING | WDIOF_MAGICCLOSE,
};

/* Linux calls them one at a time. A new timeout is Xen's with the next ping. */
static const struct watchdog_ops wdt_ops = {
	.owner	= THIS_MODULE,
	.start	= wdt_ping,
	.ping	= wdt_ping,
	.stop	= wdt_stop,
};

static struct watchdog_device wdt_device = {
	.info	= &wdt_info,
	.ops	= &wdt_ops,
	.timeout = SECONDS,
	.min_timeout = 1,
	.max_timeout = 24 * 60 * 60,
};

static int __init wdt_init(void)
{
	if (watchdog_init_timeout(&wdt_device, timeout, NULL))
		pr_warn("xenion-watchdog: timeout=%u is not between 1 and %u seconds: it is %u\n",
			timeout, wdt_device.max_timeout, wdt_device.timeout);
	watchdog_set_nowayout(&wdt_device, nowayout);
	watchdog_stop_on_reboot(&wdt_device);
	watchdog_stop_on_unregister(&wdt_device);
	return watchdog_register_device(&wdt_device);
}

static void __exit wdt_exit(void)
{
	watchdog_unregister_device(&wdt_device);
}

module_init(wdt_init);
module_exit(wdt_exit);

MODULE_DESCRIPTION("Xen's watchdog");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION(XN_VERSION);
