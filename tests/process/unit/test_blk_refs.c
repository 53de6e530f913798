// SPDX-License-Identifier: MIT
/*
 * Several disks on one small grant table: each gets its minimum, busy disks
 * grow, idle ones give references back, and one that comes too late gets them
 * when another goes.
 */
#include "blk_backend.h"
#include "hog.h"

#define NR_DISKS	6u

struct disk {
	struct backend b;
	struct xn_device dev;
	struct xn_blk blk;
};

static struct disk disk[NR_DISKS];

static int setup(void **state)
{
	unsigned int i;

	memset(disk, 0, sizeof(disk));
	nr_hogged = 0;
	t_setup_with(&small_table);
	for (i = 0; i < NR_DISKS; i++) {
		be_init(&disk[i].b, VDEV + 16 * (i + 1));
		be_plug(&disk[i].b);
	}
	return 0;
}

static void disk_init(unsigned int i, const struct xn_blk_config *config)
{
	struct disk *d = &disk[i];

	memset(&d->blk, 0, sizeof(d->blk));
	memset(&d->dev, 0, sizeof(d->dev));
	assert_int_equal(xn_device_init(&d->dev, &t.x.guest, "vbd",
					VDEV + 16 * (i + 1)), 0);
	assert_int_equal(xn_blk_init(&d->blk, &d->dev, &t_ops, config), 0);
	host_pump();
}

static bool works(unsigned int i)
{
	struct io io = { 0 };
	struct buffer buf;
	struct xn_blk_io bio = {
		.op = XN_BLK_WRITE, .sector = 8 * i, .cookie = &io,
		.sg = buf.sg, .nr_sg = 32,
	};

	if (disk[i].blk.fe.phase != XN_FRONTEND_CONNECTED)
		return false;
	buffer_make(&buf, 32);
	buffer_fill(&buf, i + 3);
	if (!xn_blk_submit(&disk[i].blk.queue[0], &bio)) {
		xn_blk_push(&disk[i].blk.queue[0]);
		host_pump();
		assert_int_equal(io.err, 0);
	}
	buffer_free(&buf);
	return io.done;
}

static void disk_fini(unsigned int i)
{
	xn_blk_fini(&disk[i].blk);
	host_pump();
}

static int teardown(void **state)
{
	unsigned int i;

	unhog(~0u);
	for (i = 0; i < NR_DISKS; i++) {
		be_disconnect(&disk[i].b.bus);
		free(disk[i].b.disk);
	}
	return t_teardown(state);
}

/* Load the disk until it stops growing. Returns: its number of slots. */
static unsigned int load(unsigned int i)
{
	struct xn_blk_queue *q = &disk[i].blk.queue[0];
	static struct io io[DEPTH];
	unsigned int n, round;
	struct buffer buf;
	struct xn_blk_io bio = { .op = XN_BLK_READ, .nr_sg = 32 };

	buffer_make(&buf, 32);
	bio.sg = buf.sg;
	for (round = 0; round < 8; round++) {
		disk[i].b.bus.hold = true;
		memset(io, 0, sizeof(io));
		for (n = 0; n < DEPTH; n++) {
			bio.cookie = &io[n];
			if (xn_blk_submit(q, &bio))
				break;
		}
		xn_blk_push(q);
		host_run(2 * XN_NSEC_PER_SEC);
		be_release(&disk[i].b.bus);
		host_pump();
		while (n--)
			assert_true(io[n].done && !io[n].err);
	}
	buffer_free(&buf);
	return q->slots.nr;
}

static const struct xn_blk_config configs[] = {
	{ .max_queues = 1, .max_segments = 32,
	  .persistent = XN_BLK_PERSISTENT_NEVER },
	{ .max_queues = 1, .max_segments = 32,
	  .persistent = XN_BLK_PERSISTENT_AUTO },
};

/* All disks fit, even those that come after others have grown. */
static void test_share(void **state)
{
	unsigned int i, k;

	for (k = 0; k < XN_ARRAY_SIZE(configs); k++) {
		disk_init(0, &configs[k]);
		assert_true(works(0));
		assert_int_equal(load(0), 1024);
		/* The second one does not get the last references. */
		disk_init(1, &configs[k]);
		assert_in_range(load(1), 256, 1024 - TABLE / 8);
		assert_in_range(xn_gnttab_unused(gt), TABLE / 8, TABLE);
		for (i = 2; i < NR_DISKS; i++) {
			disk_init(i, &configs[k]);
			assert_true(works(i));
		}
		for (i = 0; i < NR_DISKS; i++) {
			assert_true(works(i));
			disk_fini(i);
		}
	}
	assert_int_equal(host_log_count(XN_ERR), 0);
	assert_int_equal(host_log_count(XN_WARN), 0);
}

/* An idle disk gives back what another needs. */
static void test_give_back(void **state)
{
	unsigned int i;

	disk_init(0, &configs[0]);
	assert_int_equal(load(0), 1024);
	hog(20);
	disk_init(1, &configs[0]);
	assert_true(works(1));
	assert_in_range(disk[0].blk.queue[0].slots.nr, 64, 1024 - 49);
	/* But it keeps what it uses, and its minimum. */
	for (i = 2; i < NR_DISKS; i++) {
		disk_init(i, &configs[0]);
		assert_true(works(i));
	}
	hog(0);
	(void)xn_gnttab_shrink(gt, TABLE);
	assert_int_equal(disk[0].blk.queue[0].slots.nr, 64);
	assert_true(works(0));
	for (i = 0; i < NR_DISKS; i++)
		disk_fini(i);
}

/* Pages that a backend keeps mapped stay with the disk, which uses them. */
static void test_mapped(void **state)
{
	disk_init(0, &configs[1]);
	assert_int_equal(load(0), 1024);
	/* This backend does not map pages of indirect descriptors. */
	assert_in_range(xn_gnttab_shrink(gt, TABLE), 0, 32);
	assert_int_equal(disk[0].blk.queue[0].slots.nr, 1024);
	be_unmap_all(&disk[0].b);
	assert_int_equal(xn_gnttab_shrink(gt, TABLE), 960);
	assert_int_equal(disk[0].blk.queue[0].slots.nr, 64);
	assert_int_equal(gt->nr_deferred, 0);
	assert_true(works(0));
	assert_int_equal(load(0), 1024);
	disk_fini(0);
}

/* Slots in use stay, no matter how many are asked for. */
static void test_busy(void **state)
{
	struct xn_blk_queue *q = &disk[0].blk.queue[0];
	struct io io[8];
	struct buffer buf;
	struct xn_blk_io bio = { .op = XN_BLK_READ, .nr_sg = 32 };
	unsigned int n;

	disk_init(0, &configs[0]);
	load(0);
	buffer_make(&buf, 32);
	bio.sg = buf.sg;
	disk[0].b.bus.hold = true;
	memset(io, 0, sizeof(io));
	for (n = 0; n < 8; n++) {
		bio.cookie = &io[n];
		assert_int_equal(xn_blk_submit(q, &bio), 0);
	}
	xn_blk_push(q);
	host_pump();
	xn_gnttab_shrink(gt, TABLE);
	assert_int_equal(q->slots.nr, 256);
	be_release(&disk[0].b.bus);
	host_pump();
	for (n = 0; n < 8; n++)
		assert_true(io[n].done && !io[n].err);
	buffer_free(&buf);
	disk_fini(0);
}

/* Too few for another disk: reported once. It works when there are enough. */
static void test_wait(void **state)
{
	unsigned int before;

	disk_init(0, &configs[0]);
	hog(30);
	disk_init(1, &configs[0]);
	assert_false(works(1));
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_non_null(strstr(host_log_last(), "raise max_grant_frames"));
	assert_non_null(strstr(host_log_last(), "of 2048 references)"));
	assert_non_null(host_xs_read(t.h, "error/device/vbd/51744/error"));
	before = xn_gnttab_used(gt);
	host_run(30 * XN_NSEC_PER_SEC);
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_int_equal(xn_gnttab_used(gt), before);
	/* A few more, which others can use, are not enough. */
	unhog(20);
	host_run(30 * XN_NSEC_PER_SEC);
	assert_false(works(1));
	unhog(100);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_true(works(1));
	assert_true(works(0));
	assert_int_equal(host_log_count(XN_ERR), 0);
	disk_fini(1);
	disk_fini(0);
}

/* The same when another disk goes, and when one that waits goes. */
static void test_wait_detach(void **state)
{
	disk_init(0, &configs[0]);
	disk_init(1, &configs[0]);
	hog(10);
	disk_init(2, &configs[0]);
	disk_init(3, &configs[0]);
	assert_false(works(2));
	assert_false(works(3));
	disk_fini(3);
	disk_fini(0);
	host_run(3 * XN_NSEC_PER_SEC);
	assert_true(works(2));
	disk_fini(2);
	disk_fini(1);
	assert_int_equal(host_log_count(XN_ERR), 0);
}

/* The references run out only after the rings were published. */
static void hog_all(void *data)
{
	if (host_xs_read_int(t.h, "device/vbd/51728/state") ==
	    XenbusStateInitialised && !nr_hogged)
		hog(10);
}

static void test_wait_connected(void **state)
{
	host_xs_watch(t.h, "device/vbd/51728/state", hog_all, NULL);
	disk_init(0, &configs[1]);
	assert_true(nr_hogged > 0);
	assert_false(works(0));
	host_run(3 * XN_NSEC_PER_SEC);
	assert_int_equal(disk[0].blk.fe.phase, XN_FRONTEND_PUBLISHED);
	assert_in_range(xn_gnttab_unused(gt), 10, 10);
	unhog(100);
	host_run(3 * XN_NSEC_PER_SEC);
	assert_true(works(0));
	assert_int_equal(host_log_count(XN_ERR), 0);
	disk_fini(0);
}

/* More than a table of this size ever has: the disk does not wait. */
static void test_never(void **state)
{
	const struct xn_blk_config config = {
		.max_queues = 8, .max_segments = 256,
		.persistent = XN_BLK_PERSISTENT_NEVER,
	};

	be_write(&disk[0].b.bus, "multi-queue-max-queues", "8");
	disk_init(0, &config);
	assert_int_equal(host_xs_read_int(t.h, "device/vbd/51728/state"),
			 XenbusStateClosed);
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_int_equal(host_log_count(XN_ERR), 1);
	disk_fini(0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(share), T(give_back), T(mapped), T(busy), T(wait),
		T(wait_detach), T(wait_connected), T(never),
	};

	return cmocka_run_group_tests_name("blk_refs", tests, NULL, NULL);
}
