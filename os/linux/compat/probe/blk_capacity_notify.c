// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 5.11: the function that announces a new size has this name. */
#include <linux/blkdev.h>

bool (*probe)(struct gendisk *disk, sector_t size) = set_capacity_and_notify;
