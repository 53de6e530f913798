// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Disk requests with data in a slab, as for file systems' metadata: other
 * objects must not change, no matter what the backend writes to the pages that
 * it was given. Runs while it is loaded, and reports in the kernel's log what
 * has changed.
 *
 *	insmod xenion-slabio.ko disk=/dev/xvdb
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>

#define OBJECT		512u
#define NR_OBJECTS	64u
#define BESIDE		0x5a
#define SECTOR		64u	/* nobody else uses it */

static char *disk = "/dev/xvdb";
module_param(disk, charp, 0444);
MODULE_PARM_DESC(disk, "The disk's node");

static u8 *object[NR_OBJECTS];

static int transfer(struct block_device *bdev, void *buf, unsigned int op)
{
	struct bio *bio = bio_alloc(bdev, 1, op, GFP_KERNEL);
	int err;

	bio->bi_iter.bi_sector = SECTOR;
	__bio_add_page(bio, virt_to_page(buf), OBJECT, offset_in_page(buf));
	err = submit_bio_wait(bio);
	bio_put(bio);
	return err;
}

/* Returns: is everything except object @but unchanged? */
static bool intact(unsigned int but)
{
	unsigned int i;

	for (i = 0; i < NR_OBJECTS; i++)
		if (i != but && memchr_inv(object[i], BESIDE, OBJECT))
			return false;
	return true;
}

/* Write and read back: from a page to a slab, then from a slab to a page. */
static int round_trip(struct block_device *bdev, u8 *page, unsigned int i)
{
	int err;

	memset(page, i + 1, OBJECT);
	err = transfer(bdev, page, REQ_OP_WRITE);
	if (!err)
		err = transfer(bdev, object[i], REQ_OP_READ);
	if (!err && memcmp(page, object[i], OBJECT))
		pr_err("xenion-slabio: changed: what was read\n");
	memset(object[i], ~i, OBJECT);
	if (!err)
		err = transfer(bdev, object[i], REQ_OP_WRITE);
	if (!err)
		err = transfer(bdev, page, REQ_OP_READ);
	if (!err && memcmp(page, object[i], OBJECT))
		pr_err("xenion-slabio: changed: what was written\n");
	if (!intact(i))
		pr_err("xenion-slabio: changed: an object beside the data\n");
	memset(object[i], BESIDE, OBJECT);
	return err;
}

static int run(struct block_device *bdev)
{
	u8 *page = (u8 *)get_zeroed_page(GFP_KERNEL);
	int err = page ? 0 : -ENOMEM;
	unsigned int i;

	for (i = 0; i < NR_OBJECTS; i++) {
		object[i] = kmalloc(OBJECT, GFP_KERNEL);
		if (object[i])
			memset(object[i], BESIDE, OBJECT);
		else
			err = -ENOMEM;
	}
	for (i = 0; !err && i < NR_OBJECTS; i += NR_OBJECTS / 4)
		err = round_trip(bdev, page, i);
	for (i = 0; i < NR_OBJECTS; i++)
		kfree(object[i]);
	free_page((unsigned long)page);
	return err;
}

static int __init slabio_init(void)
{
	struct file *file;
	int err;

	/* What opens a block device for a module differs from kernel to kernel. */
	file = filp_open(disk, O_RDWR | O_LARGEFILE, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	err = S_ISBLK(file_inode(file)->i_mode) ?
	      run(I_BDEV(file->f_mapping->host)) : -ENOTBLK;
	filp_close(file, NULL);
	pr_info("xenion-slabio: done (error %d)\n", err);
	/* The module must not stay. */
	return err ? err : -EAGAIN;
}
module_init(slabio_init);

MODULE_DESCRIPTION("Xenion test: disk requests of data in a slab");
MODULE_AUTHOR("Xenion developers");
MODULE_LICENSE("Dual MIT/GPL");
