/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Linux's <linux/device.h>, with a point behind the addition of a device:
 * um_device_add() in kernel.c. That header includes itself, hence a plain name.
 */
#define device_add	um_device_add

#include_next <linux/device.h>
