// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Xen's time of day as a clock that can be read: /dev/rtcN, /sys/class/rtc, and what
 * Linux takes a suspend's length from. Only dom0 can set it.
 */
#include <linux/err.h>
#include <linux/platform_device.h>
#include <linux/rtc.h>

#include "time.h"

static struct platform_device *xtime_rtc;

static int xtime_rtc_read(struct device *dev, struct rtc_time *tm)
{
	struct timespec64 now;
	int err = xtime_wallclock(&now);

	if (!err)
		rtc_time64_to_tm(now.tv_sec, tm);
	return err;
}

static const struct rtc_class_ops xtime_rtc_ops = {
	.read_time	= xtime_rtc_read,
};

static int __init xtime_rtc_probe(struct platform_device *pdev)
{
	struct rtc_device *rtc = devm_rtc_allocate_device(&pdev->dev);

	if (IS_ERR(rtc))
		return PTR_ERR(rtc);
	rtc->ops = &xtime_rtc_ops;
	return devm_rtc_register_device(rtc);
}

static struct platform_driver xtime_rtc_driver = {
	.driver	= {
		.name	= "xenion-rtc",
	},
};

int __init xtime_rtc_init(void)
{
	xtime_rtc = platform_create_bundle(&xtime_rtc_driver, xtime_rtc_probe,
					   NULL, 0, NULL, 0);
	return PTR_ERR_OR_ZERO(xtime_rtc);
}

void xtime_rtc_fini(void)
{
	platform_device_unregister(xtime_rtc);
	platform_driver_unregister(&xtime_rtc_driver);
}
