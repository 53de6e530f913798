// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion-blkfront.ko with the kernel's real block layer and driver core: data,
 * removal in every order, and what waits for what.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/hdreg.h>
#include <linux/kthread.h>

#include "os/linux/blk/blk.h"
#include "kernel.h"

static int blk_test_init(struct kunit *test)
{
	int err = um_init(test);

	return err ?: kmod_xenion_blkfront_load();
}

static void blk_test_exit(struct kunit *test)
{
	kmod_xenion_blkfront_unload();
	um_exit(test);
}

/* ---- numbers and names ---- */

static const struct {
	unsigned int vdev;
	int err;
	const char *name;
	int major, first_minor, minors;
} numbers[] = {
	{ 202 << 8, 0, "xvda", 202, 0, 16 },
	{ 202 << 8 | 17, 0, "xvdb1", 202, 17, 1 },
	{ 202 << 8 | 255, 0, "xvdp15", 202, 255, 1 },
	{ 3 << 8, 0, "xvda", 202, 0, 16 },		/* hda */
	{ 3 << 8 | 64 | 2, 0, "xvdb2", 202, 18, 1 },	/* hdb2 */
	{ 3 << 8 | 63, 0, "xvda63", 0, 0, 0 },		/* hda63 */
	{ 22 << 8 | 64, 0, "xvdd", 202, 48, 16 },	/* hdd */
	{ 8 << 8 | 0xf0, 0, "xvdp", 202, 240, 16 },	/* sdp */
	{ 65 << 8, 0, "xvdq", 0, 0, 0 },		/* sdq */
	{ 71 << 8 | 0xf1, 0, "xvddx1", 0, 0, 0 },	/* sddx1 */
	{ 128 << 8, 0, "xvddy", 0, 0, 0 },		/* sddy */
	{ 135 << 8 | 0xf0, 0, "xvdiv", 0, 0, 0 },	/* sdiv */
	{ 1 << 28, 0, "xvda", 202, 0, 16 },
	{ 1 << 28 | 16 << 8, 0, "xvdq", 202, 4096, 256 },
	{ 1 << 28 | 26 << 8 | 3, 0, "xvdaa3", 202, 6659, 1 },
	{ 1 << 28 | 4095 << 8, 0, "xvdfan", 202, 4095 << 8, 256 },
	{ 1 << 28 | 4096 << 8, -ERANGE, "xvdfao" },
	{ (1 << 29) - 1, -ERANGE, "xvdbgqcv255" },
	{ ~0u, -EINVAL, "" },		/* in no form that is defined */
	{ 0, -EINVAL, "" },
	{ 4 << 8, -EINVAL, "" },
	{ 72 << 8, -EINVAL, "" },
	{ 136 << 8, -EINVAL, "" },
	{ (1 << 28) - 1, -EINVAL, "" },
};

static void blk_numbers(struct kunit *test)
{
	struct xnl_blk_place place;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		KUNIT_EXPECT_EQ(test, xnl_blk_place(numbers[i].vdev, &place),
				numbers[i].err);
		KUNIT_EXPECT_STREQ(test, place.name, numbers[i].name);
		if (numbers[i].err)
			continue;
		KUNIT_EXPECT_EQ(test, place.major, numbers[i].major);
		KUNIT_EXPECT_EQ(test, place.first_minor, numbers[i].first_minor);
		KUNIT_EXPECT_EQ(test, place.minors, numbers[i].minors);
	}
}

/* A whole disk and each of its partitions is one only once, whatever the number. */
static void blk_names_are_claimed(struct kunit *test)
{
	struct xnl_blk_place xvda, hda, xvda1, sda2, sdb;

	xnl_blk_place(202 << 8, &xvda);
	xnl_blk_place(3 << 8, &hda);
	xnl_blk_place(1 << 28 | 1, &xvda1);
	xnl_blk_place(8 << 8 | 2, &sda2);
	xnl_blk_place(8 << 8 | 16, &sdb);
	KUNIT_EXPECT_EQ(test, xnl_blk_place_claim(&xvda), 0);
	KUNIT_EXPECT_EQ(test, xnl_blk_place_claim(&sdb), 0);
	KUNIT_EXPECT_EQ(test, xnl_blk_place_claim(&hda), -EEXIST);
	KUNIT_EXPECT_EQ(test, xnl_blk_place_claim(&xvda1), -EEXIST);
	xnl_blk_place_release(&xvda);
	KUNIT_EXPECT_EQ(test, xnl_blk_place_claim(&xvda1), 0);
	KUNIT_EXPECT_EQ(test, xnl_blk_place_claim(&sda2), 0);
	KUNIT_EXPECT_EQ(test, xnl_blk_place_claim(&hda), -EEXIST);
	xnl_blk_place_release(&xvda1);
	xnl_blk_place_release(&sda2);
	xnl_blk_place_release(&sdb);
}

/* ---- the geometry ---- */

static const struct {
	sector_t sectors;
	unsigned int cylinders;
} geometries[] = {
	{ 0, 0 },
	{ 255 * 63 - 1, 0 },
	{ 255 * 63, 1 },
	{ 65535ULL * 255 * 63, 65535 },
	{ 65536ULL * 255 * 63, 65535 },
	{ 1ULL << 48, 65535 },
};

static void blk_geometries(struct kunit *test)
{
	struct hd_geometry geo;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(geometries); i++) {
		xnl_blk_geometry(geometries[i].sectors, &geo);
		KUNIT_EXPECT_EQ(test, geo.cylinders, geometries[i].cylinders);
		KUNIT_EXPECT_EQ(test, geo.heads, 255);
		KUNIT_EXPECT_EQ(test, geo.sectors, 63);
	}
}

/* ---- disks as a user sees them ---- */

static bool disk_exists(const char *name)
{
	return blk_lookup_devt(name, 0);
}

static struct block_device *disk_open(struct kunit *test, const char *name)
{
	struct block_device *bdev;

	KUNIT_ASSERT_TRUE(test, um_until(test, disk_exists(name), 5000));
	bdev = blkdev_get_by_dev(blk_lookup_devt(name, 0),
				 FMODE_READ | FMODE_WRITE, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bdev));
	return bdev;
}

static void disk_close(struct block_device *bdev)
{
	blkdev_put(bdev, FMODE_READ | FMODE_WRITE);
}

/* The device on the bus, with a reference. */
static struct device *disk_device(struct block_device *bdev)
{
	return get_device(disk_to_dev(bdev->bd_disk)->parent);
}

static int disk_io(struct block_device *bdev, enum req_op op, sector_t sector,
		   struct page *page)
{
	struct bio *bio = bio_alloc(bdev, 1, op, GFP_KERNEL);
	int err;

	bio->bi_iter.bi_sector = sector;
	bio_add_page(bio, page, PAGE_SIZE, 0);
	err = submit_bio_wait(bio);
	bio_put(bio);
	return err;
}

/* Writes a page of @seed to the backend's disk, and reads it back. */
static void disk_check(struct kunit *test, struct block_device *bdev,
		       const struct um_disk *d, unsigned char seed)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned char *va = page_address(page);

	memset(va, seed, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, disk_io(bdev, REQ_OP_WRITE, 64, page), 0);
	KUNIT_EXPECT_EQ(test, memcmp(va, d->data() + 64 * 512, PAGE_SIZE), 0);
	memset(va, ~seed, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, disk_io(bdev, REQ_OP_READ, 64, page), 0);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(va, seed, PAGE_SIZE), NULL);
	__free_page(page);
}

/* A write by another thread. */
struct write {
	struct block_device *bdev;
	struct completion done;
	int err;
};

static int write_thread(void *data)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	struct write *w = data;

	w->err = disk_io(w->bdev, REQ_OP_WRITE, 8, page);
	__free_page(page);
	complete(&w->done);
	return 0;
}

/* Begins a write that the backend takes, but does not answer. */
static void write_held(struct kunit *test, struct write *w,
		       struct block_device *bdev, const struct um_disk *d)
{
	unsigned int before = d->requests();

	w->bdev = bdev;
	init_completion(&w->done);
	UM_VOID(d->hold(1));
	kthread_run(write_thread, w, "write");
	um_until(test, d->requests() > before, 1000);
}

/* Plugs xvda, which is not open then. Returns: its device on the bus. */
static struct device *disk_plug(struct kunit *test)
{
	struct block_device *bdev;
	struct device *dev;

	UM_VOID(um_disk0.plug());
	bdev = disk_open(test, "xvda");
	dev = disk_device(bdev);
	disk_close(bdev);
	return dev;
}

/* ---- tests ---- */

static void blk_reads_and_writes(struct kunit *test)
{
	struct block_device *bdev;
	struct hd_geometry geo;

	UM_VOID(um_disk0.plug());
	bdev = disk_open(test, "xvda");
	disk_check(test, bdev, &um_disk0, 0x5a);
	KUNIT_EXPECT_EQ(test, bdev->bd_disk->fops->getgeo(bdev, &geo), 0);
	KUNIT_EXPECT_EQ(test, geo.cylinders,
			bdev_nr_sectors(bdev) / geo.heads / geo.sectors);
	disk_close(bdev);
	UM_VOID(um_disk0.unplug());
	um_until(test, !disk_exists("xvda"), 5000);
}

/* As /sys/bus/xenion/drivers/xenion-blkfront/unbind and bind do. */
static void blk_unbinds_and_binds(struct kunit *test)
{
	struct device *dev = disk_plug(test);
	struct block_device *bdev;

	device_release_driver(dev);
	KUNIT_EXPECT_FALSE(test, disk_exists("xvda"));
	KUNIT_EXPECT_EQ(test, device_attach(dev), 1);
	put_device(dev);
	bdev = disk_open(test, "xvda");
	disk_check(test, bdev, &um_disk0, 0xa5);
	disk_close(bdev);
}

static void blk_module_reloads(struct kunit *test)
{
	struct block_device *bdev;

	put_device(disk_plug(test));
	kmod_xenion_blkfront_unload();
	KUNIT_EXPECT_FALSE(test, disk_exists("xvda"));
	KUNIT_ASSERT_EQ(test, kmod_xenion_blkfront_load(), 0);
	bdev = disk_open(test, "xvda");
	disk_check(test, bdev, &um_disk0, 0xc3);
	disk_close(bdev);
}

/*
 * The backend closes and the disk of that connection is freed. The driver is
 * unbound before the freeing thread wakes the waiters, unless that thread
 * cannot be preempted there.
 */
static void blk_removed_while_disk_is_freed(struct kunit *test)
{
	struct device *dev = disk_plug(test);

	um_point_arm("wake_up_all", "blk/disk.c");
	UM_VOID(um_disk0.close());
	KUNIT_EXPECT_TRUE_MSG(test, um_point_reached(2000) || um_point_passed(),
			      "nobody came to the point: this tests nothing");
	device_release_driver(dev);
	um_point_go();
	msleep(100);
	put_device(dev);
}

static unsigned int watch_events;

static void watch_event(struct xn_xs_watch *w)
{
	watch_events++;
}

/* Watches are called while a disk waits for its backend to answer. */
static void blk_closing_disk_does_not_hold_up_watches(struct kunit *test)
{
	static struct xn_xs_watch watch = {
		.path = "data/test", .fn = watch_event,
	};
	struct block_device *bdev;
	struct write w;

	KUNIT_ASSERT_EQ(test, xn_xs_watch(&xnl_guest.xs, &watch), 0);
	UM_VOID(um_disk0.plug());
	bdev = disk_open(test, "xvda");
	write_held(test, &w, bdev, &um_disk0);
	UM_VOID(um_disk0.close());
	msleep(200);

	watch_events = 0;
	UM_VOID(um_store_write("data/test", "1"));
	um_until(test, watch_events, 1000);

	UM_VOID(um_disk0.hold(0));
	wait_for_completion(&w.done);
	disk_close(bdev);
	xn_xs_unwatch(&xnl_guest.xs, &watch);
}

/* Another disk goes while one whose backend does not answer is going. */
static void blk_slow_removal_does_not_hold_up_another(struct kunit *test)
{
	struct block_device *bdev;
	struct write w;

	UM_VOID(um_disk0.plug());
	UM_VOID(um_disk1.plug());
	disk_close(disk_open(test, "xvdb"));
	bdev = disk_open(test, "xvda");
	write_held(test, &w, bdev, &um_disk0);
	UM_VOID(um_disk0.unplug());
	msleep(200);
	UM_VOID(um_disk1.unplug());
	um_until(test, !disk_exists("xvdb"), 2000);

	wait_for_completion(&w.done);
	KUNIT_EXPECT_NE(test, w.err, 0);
	disk_close(bdev);
}

#define LONG_PAGES	8

/* A long bio; its last piece is of an object that shares its page with others. */
struct long_io {
	struct completion done;
	struct page *page[LONG_PAGES];
	unsigned char *object;
	int err;
};

static unsigned char *long_piece(struct long_io *l, unsigned int i)
{
	return i < LONG_PAGES ? page_address(l->page[i]) : l->object;
}

static unsigned int long_len(unsigned int i)
{
	return i < LONG_PAGES ? PAGE_SIZE : SECTOR_SIZE;
}

static void long_init(struct long_io *l)
{
	unsigned int i;

	for (i = 0; i < LONG_PAGES; i++)
		l->page[i] = alloc_page(GFP_KERNEL);
	l->object = kmalloc(SECTOR_SIZE, GFP_KERNEL);
	for (i = 0; i <= LONG_PAGES; i++)
		memset(long_piece(l, i), 0x30 + i, long_len(i));
}

static void long_free(struct long_io *l)
{
	unsigned int i;

	for (i = 0; i < LONG_PAGES; i++)
		__free_page(l->page[i]);
	kfree(l->object);
}

static void long_end(struct bio *bio)
{
	struct long_io *l = bio->bi_private;

	l->err = blk_status_to_errno(bio->bi_status);
	bio_put(bio);
	complete(&l->done);
}

static void long_begin(struct long_io *l, struct block_device *bdev,
		       blk_opf_t op)
{
	struct bio *bio = bio_alloc(bdev, LONG_PAGES + 1, op, GFP_KERNEL);
	unsigned int i;

	init_completion(&l->done);
	bio->bi_private = l;
	bio->bi_end_io = long_end;
	bio->bi_iter.bi_sector = 64;
	for (i = 0; i <= LONG_PAGES; i++)
		bio_add_page(bio, virt_to_page(long_piece(l, i)), long_len(i),
			     offset_in_page(long_piece(l, i)));
	submit_bio(bio);
}

/* As after a move to another backend, for a connection that goes on meanwhile. */
static void disk_moves(struct kunit *test, struct xnl_blk *xb,
		       unsigned int segments, bool full)
{
	xb->blk.info.max_segments = segments;
	xb->blk.info.persistent = full;
	xb->blk.info.flush = full;
	xb->blk.info.discard = full;
	KUNIT_EXPECT_EQ(test, xnl_blk_connected(&xb->blk), 0);
}

/* What the block layer knows of it. */
static void disk_expect(struct kunit *test, struct block_device *bdev,
			unsigned int segments, bool full)
{
	flush_workqueue(xnl_blk_wq);
	KUNIT_EXPECT_EQ(test, queue_max_segments(bdev_get_queue(bdev)), segments);
	KUNIT_EXPECT_EQ(test, bdev_write_cache(bdev), full);
	KUNIT_EXPECT_EQ(test, bdev_max_discard_sectors(bdev) > 0, full);
}

/*
 * Requests that are longer than a new backend's are made in parts, a flush that it
 * does not know is none; and what a backend must not see is copied by whoever does so
 * for this backend.
 */
static void blk_moves_to_a_lesser_backend(struct kunit *test)
{
	struct block_device *bdev;
	unsigned int i, segments, before;
	struct long_io l;
	struct device *dev;
	struct xnl_blk *xb;

	UM_VOID(um_disk0.plug());
	bdev = disk_open(test, "xvda");
	dev = disk_device(bdev);
	xb = dev_get_drvdata(dev);
	KUNIT_ASSERT_TRUE(test, xb->blk.info.persistent);
	segments = queue_max_segments(bdev_get_queue(bdev));
	disk_expect(test, bdev, segments, true);
	KUNIT_ASSERT_GT(test, segments, LONG_PAGES);
	long_init(&l);

	xnl_blk_lost(&xb->blk);
	before = um_disk0.requests();
	long_begin(&l, bdev, REQ_OP_WRITE | REQ_PREFLUSH);
	disk_moves(test, xb, 4, false);
	wait_for_completion(&l.done);
	KUNIT_EXPECT_EQ(test, l.err, 0);
	/* 4, 4 and 1 */
	KUNIT_EXPECT_EQ(test, um_disk0.requests() - before, 3);
	for (i = 0; i <= LONG_PAGES; i++)
		KUNIT_EXPECT_EQ(test, memcmp(um_disk0.data() + 64 * SECTOR_SIZE +
					     i * PAGE_SIZE, long_piece(&l, i),
					     long_len(i)), 0);
	KUNIT_EXPECT_NOT_NULL(test, xb->disk->bounce);
	disk_expect(test, bdev, 4, false);

	/* Back again, with a request of the time in between. */
	for (i = 0; i <= LONG_PAGES; i++)
		memset(long_piece(&l, i), 0, long_len(i));
	xnl_blk_lost(&xb->blk);
	long_begin(&l, bdev, REQ_OP_READ);
	disk_moves(test, xb, segments, true);
	wait_for_completion(&l.done);
	KUNIT_EXPECT_EQ(test, l.err, 0);
	for (i = 0; i <= LONG_PAGES; i++)
		KUNIT_EXPECT_PTR_EQ(test, memchr_inv(long_piece(&l, i), 0x30 + i,
						     long_len(i)), NULL);
	disk_expect(test, bdev, segments, true);
	long_free(&l);
	put_device(dev);
	disk_close(bdev);
}

static struct kunit_case blk_cases[] = {
	KUNIT_CASE(blk_numbers),
	KUNIT_CASE(blk_names_are_claimed),
	KUNIT_CASE(blk_geometries),
	KUNIT_CASE(blk_reads_and_writes),
	KUNIT_CASE(blk_unbinds_and_binds),
	KUNIT_CASE(blk_module_reloads),
	KUNIT_CASE(blk_removed_while_disk_is_freed),
	KUNIT_CASE(blk_closing_disk_does_not_hold_up_watches),
	KUNIT_CASE(blk_slow_removal_does_not_hold_up_another),
	KUNIT_CASE(blk_moves_to_a_lesser_backend),
	{}
};

static struct kunit_suite blk_suite = {
	.name = "blk",
	.init = blk_test_init,
	.exit = blk_test_exit,
	.test_cases = blk_cases,
};
kunit_test_suite(blk_suite);
