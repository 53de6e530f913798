// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 6.3: a bus's uevent is given a const device. */
#include <linux/device.h>

static int uevent(const struct device *dev, struct kobj_uevent_env *env)
{
	return 0;
}

struct bus_type probe = { .uevent = uevent };
