/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Linux's <linux/device.h>, with a point behind the addition of a device
 * (um_point(), kernel.h).
 */
#include_next <linux/device.h>

#ifndef XENION_TESTS_LINUX_DEVICE_H
#define XENION_TESTS_LINUX_DEVICE_H

void um_point(const char *what, const char *file);

#define device_add(dev) ({			\
	int __err = device_add(dev);		\
						\
	um_point("device_add", __FILE__);	\
	__err;					\
})

#endif /* XENION_TESTS_LINUX_DEVICE_H */
