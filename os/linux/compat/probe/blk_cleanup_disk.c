// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 5.14 to 5.19: a function that ends a disk and its queue. */
#include <linux/blkdev.h>

void (*probe)(struct gendisk *disk) = blk_cleanup_disk;
