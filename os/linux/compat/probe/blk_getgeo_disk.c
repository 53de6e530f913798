// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 6.18: a disk, and not a block device, is asked for its geometry. */
#include <linux/blkdev.h>

static int geometry(struct gendisk *disk, struct hd_geometry *geo)
{
	return 0;
}

const struct block_device_operations probe = { .getgeo = geometry };
