// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 5.18: a bio is made for a device and an operation. */
#include <linux/bio.h>
#include <linux/blkdev.h>

struct bio *probe(struct block_device *bdev);

struct bio *probe(struct block_device *bdev)
{
	return bio_alloc(bdev, 1, REQ_OP_READ, GFP_KERNEL);
}
