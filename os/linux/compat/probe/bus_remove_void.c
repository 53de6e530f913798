// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 5.15: a bus's remove returns nothing. */
#include <linux/device.h>

static void bus_remove(struct device *dev)
{
}

struct bus_type probe = { .remove = bus_remove };
