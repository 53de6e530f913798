// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Nothing: that this fails says that the headers or the flags are wrong. */
#include <linux/blk-mq.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/netdevice.h>
