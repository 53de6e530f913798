// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 6.4: a bus's attributes are given a const bus. */
#include <linux/device.h>

static ssize_t show(const struct bus_type *bus, char *buf)
{
	return 0;
}

struct bus_attribute probe = { .show = show };
