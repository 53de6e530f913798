/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Linux's <linux/device.h>, with a point after a device was added:
 * um_device_add() in kernel.c. That header includes itself through others, so a
 * macro with arguments would break its declaration of device_add().
 */
#define device_add	um_device_add

#include_next <linux/device.h>
