// SPDX-License-Identifier: MIT
/*
 * Every fault in the life of a disk, as of any device: sweep_device.h. In
 * addition, the disk grows, waits for references, is resized, and comes back
 * after all was unloaded. Each request is completed once.
 */
/* A small guest with a small disk: they are made thousands of times. */
#define GUEST_PAGES	2048
#define SECTORS		2048u

#include "blk_backend.h"
#include "sweep_resume.h"

#define NR_IO	6u

static struct buffer bufs[NR_IO];
static struct io ios[NR_IO];
static bool submitted[NR_IO];

/* With indirect descriptors; with more queues and pages; with bounce pages. */
static const struct xn_blk_config direct = {
	.max_queues = 1, .max_segments = 13,
	.persistent = XN_BLK_PERSISTENT_NEVER, .handle = VDEV & 0xffff,
};

static const struct xn_blk_config queues = {
	.max_queues = 2, .max_ring_order = 1, .max_segments = 11,
	.persistent = XN_BLK_PERSISTENT_NEVER, .handle = VDEV & 0xffff,
};

static const struct xn_blk_config bounced = {
	.max_queues = 1, .max_segments = 11,
	.persistent = XN_BLK_PERSISTENT_ALWAYS, .handle = VDEV & 0xffff,
};

/* ---- I/O ---- */

/* The longest request has @max pages. */
static void io_make(unsigned int max)
{
	static const unsigned int pages[NR_IO] = { 3, ~0u, 1, 2, 0, 0 };
	unsigned int i;

	for (i = 0; i < NR_IO; i++) {
		buffer_make(&bufs[i], pages[i] < max ? pages[i] : max);
		buffer_fill(&bufs[i], i);
		submitted[i] = false;
	}
}

static void io_free(void)
{
	unsigned int i;

	for (i = 0; i < NR_IO; i++)
		buffer_free(&bufs[i]);
}

/* Submits as much as possible, without waiting. */
static void io_begin(void)
{
	static const enum xn_blk_op ops[NR_IO] = {
		XN_BLK_WRITE, XN_BLK_WRITE, XN_BLK_READ, XN_BLK_WRITE_FUA,
		XN_BLK_FLUSH, XN_BLK_DISCARD,
	};
	unsigned int i;

	for (i = 0; i < NR_IO; i++) {
		struct xn_blk_io bio = {
			.op = ops[i], .sector = 200 * i, .cookie = &ios[i],
			.nr_sectors = 8, .sg = bufs[i].sg,
			.nr_sg = bufs[i].nr,
		};

		memset(&ios[i], 0, sizeof(ios[i]));
		submitted[i] = !xn_blk_submit(&t.blk.queue[0], &bio);
		xn_blk_push(&t.blk.queue[0]);
	}
}

/* t_complete() checks that no request is completed twice. */
static void io_check(bool all_well)
{
	unsigned int i;

	for (i = 0; i < NR_IO; i++) {
		if (all_well)
			assert_true(submitted[i]);
		if (submitted[i])
			assert_true(ios[i].done);
		if (all_well)
			assert_int_equal(ios[i].err, 0);
		submitted[i] = false;
	}
}

static bool io_waits(void)
{
	unsigned int i;

	for (i = 0; i < NR_IO; i++)
		if (submitted[i] && !ios[i].done)
			return true;
	return false;
}

/* ---- the disk ---- */

static void blk_begin_with(const struct host_config *host,
			   const struct xn_blk_config *config)
{
	t_setup_with(host);
	be_offer(&t.b, "sectors", "2048");
	io_make(config->max_segments);
}

/* The other ABI of events, and the other version of the grant table. */
static bool others;

static void blk_begin(const void *config)
{
	const struct host_config host = {
		.ram_pages = GUEST_PAGES, .no_fifo = others,
		.gnttab_wanted = others ? 2 : 1,
	};

	blk_begin_with(&host, config);
}

static void blk_end(void)
{
	assert_int_equal(t.pages_held, 0);
	io_free();
	free(t.b.disk);
}

static void blk_lost(struct xn_blk *blk)
{
}

/* ops.lost, if the OS layer can wait when the domain is lost */
static struct xn_blk_ops blk_ops;
static bool keeps;

static int blk_attach(const void *config)
{
	int err;

	blk_ops = t_ops;
	blk_ops.lost = keeps ? blk_lost : NULL;
	memset(&t.blk, 0, sizeof(t.blk));
	memset(&t.dev, 0, sizeof(t.dev));
	err = xn_device_init(&t.dev, &t.x.guest, "vbd", VDEV);
	if (!err)
		err = xn_blk_init(&t.blk, &t.dev, &blk_ops, config);
	host_pump();
	return err;
}

static void blk_detach(void)
{
	xn_blk_fini(&t.blk);
}

static bool blk_is_up(void)
{
	return t.blk.fe.phase == XN_FRONTEND_CONNECTED;
}

static void blk_wake(void)
{
	be_run(&t.b.queue[0]);
}

static const struct sweep_device device = {
	.begin = blk_begin,
	.end = blk_end,
	.attach = blk_attach,
	.detach = blk_detach,
	.traffic = io_begin,
	.waits = io_waits,
	.check = io_check,
	.is_up = blk_is_up,
	.fe = &t.blk.fe,
	.wake = blk_wake,
};

/* ---- scenarios ---- */

/* More requests than there are slots at first. */
static void flood(void)
{
	static struct io extra[DEPTH];
	unsigned int i, n;

	t.b.bus.hold = true;
	for (n = 0; n < DEPTH; n++) {
		struct xn_blk_io bio = {
			.op = XN_BLK_READ, .sector = 8, .cookie = &extra[n],
			.sg = bufs[1].sg, .nr_sg = bufs[1].nr,
		};

		memset(&extra[n], 0, sizeof(extra[n]));
		if (xn_blk_submit(&t.blk.queue[0], &bio))
			break;
	}
	xn_blk_push(&t.blk.queue[0]);
	host_run(3 * XN_NSEC_PER_SEC);
	be_release(&t.b.bus);
	host_pump();
	/* A notification that fails closes the device. */
	assert_true(n || front_state() == XenbusStateClosed);
	for (i = 0; i < n; i++)
		assert_true(extra[i].done);
}

/* A disk grows, gives back what it has got, and grows again. */
static void run_grow(const void *config)
{
	struct xn_gnttab *gt = &t.x.guest.gnttab;

	blk_begin(config);
	sweep_connect(config);
	sweep_arm();
	flood();
	flood();
	(void)xn_gnttab_shrink(gt, 1000);
	flood();
	sweep_settle();
	sweep_disarm();
	if (!sweep.hit)
		assert_true(t.blk.queue[0].slots.nr > 64);
	t_fini();
	sweep_retry(config);
	sweep_device_end();
}

/* The grant table is full at first. */
static void run_wait(const void *config)
{
	static const struct host_config small = {
		.ram_pages = GUEST_PAGES, .max_grant_frames = 1,
	};
	struct xn_gnttab *gt = &t.x.guest.gnttab;
	static grant_ref_t refs[512];
	unsigned int n = 0;
	int err;

	blk_begin_with(&small, config);
	while (xn_gnttab_unused(gt) > 20 && !xn_gnttab_get(gt, &refs[n]))
		n++;
	sweep_arm();
	err = blk_attach(config);
	host_run(10 * XN_NSEC_PER_SEC);
	while (n--)
		xn_gnttab_free(gt, refs[n]);
	if (!err) {
		sweep_settle();
		io_begin();
		sweep_settle();
		blk_detach();
	}
	sweep_disarm();
	host_pump();
	io_check(!sweep.hit);
	assert_int_equal(host_gnttab_active(t.x.host), 0);
	sweep_retry(config);
	sweep_device_end();
}

static void run_resize(const void *config)
{
	blk_begin(config);
	sweep_connect(config);
	sweep_arm();
	be_write(&t.b.bus, "sectors", "4096");
	sweep_settle();
	if (sweep_is_final_answer())
		be_write(&t.b.bus, "sectors", "4096");
	sweep_settle();
	assert_int_equal(front_state(), XenbusStateConnected);
	assert_int_equal(t.blk.info.sectors, 4096);
	assert_int_equal(t.resized, 1);
	io_begin();
	sweep_settle();
	sweep_disarm();
	t_fini();
	io_check(!sweep.hit);
	be_offer(&t.b, "sectors", "2048");
	sweep_retry(config);
	sweep_device_end();
}

/* Returns: as host_xenion_load(). If the store fails, unloads all. */
static int load_again(void)
{
	int err = host_xenion_load(&t.x, NULL);

	if (err)
		return err;
	err = guest_store_begin(&t.x);
	if (err)
		host_xenion_unload(&t.x);
	return err;
}

/* Everything is unloaded and loaded again, from the rooms up to the disk. */
static void run_reload(const void *config)
{
	blk_begin(config);
	sweep_connect(config);
	io_begin();
	sweep_arm();
	blk_detach();
	host_pump();
	guest_store_end(&t.x);
	host_xenion_unload(&t.x);
	if (!load_again()) {
		io_check(false);
		(void)sweep_use(config);
		sweep_disarm();
		host_pump();
		io_check(!sweep.hit);
		sweep_retry(config);
		sweep_device_end();
		return;
	}
	io_check(false);
	sweep_disarm();
	assert_true(sweep.hit);
	be_disconnect(&t.b.bus);
	host_run(60 * XN_NSEC_PER_SEC);
	blk_end();
	sweep_check_leaks(t.x.host);
	host_guest_destroy(t.x.host);
	host_xs_destroy(t.h);
}

static void run_restore(const void *config)
{
	keeps = true;
	sweep_restore(config);
	keeps = false;
}

static void run_restore_others(const void *config)
{
	others = true;
	run_restore(config);
	others = false;
}

static void run_restore_twice(const void *config)
{
	keeps = true;
	sweep_restore_twice(config);
	keeps = false;
}

static const struct sweep_scenario scenarios[] = {
	{ "blk", sweep_life, &direct },
	{ "blk-queues", sweep_life, &queues },
	{ "blk-bounced", sweep_life, &bounced },
	{ "blk-grow", run_grow, &direct },
	{ "blk-grow-bounced", run_grow, &bounced },
	{ "blk-wait", run_wait, &direct },
	{ "blk-return", sweep_return, &direct },
	{ "blk-plug", sweep_plug, &direct },
	{ "blk-pull", sweep_pull, &direct },
	{ "blk-resize", run_resize, &direct },
	{ "blk-reload", run_reload, &direct },
	{ "blk-restore", run_restore, &direct },
	{ "blk-restore-bounced", run_restore, &bounced },
	{ "blk-restore-others", run_restore_others, &direct },
	{ "blk-restore-unkept", sweep_restore, &queues },
	{ "blk-restore-twice", run_restore_twice, &direct },
	{ "blk-cancel", sweep_cancel, &direct },
};

int main(void)
{
	return sweep_all("sweep-blk", scenarios, XN_ARRAY_SIZE(scenarios));
}
