// SPDX-License-Identifier: MIT
/*
 * Every fault in the life of a disk: attach, I/O, detach; the backend goes and
 * comes back; the disk is pulled out, put in again, and grows. Whatever fails,
 * the device is Connected and works, or is Closed; each request is answered
 * once; nothing is lost; and the next time all is well. See sweep.h.
 */
/* A small guest with a small disk: they are made thousands of times. */
#define GUEST_PAGES	2048
#define SECTORS		2048u

#include "sweep.h"
#include "blk_backend.h"

#define NR_IO	6u

static struct buffer bufs[NR_IO];
static struct io ios[NR_IO];
static bool submitted[NR_IO];

/* With indirect descriptors; with more of all; with bounce pages. */
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

static long long front_state(void)
{
	return host_xs_read_int(t.h, FRONT "/state");
}

/* ---- I/O ---- */

/* The longest request has as many pages as there may be. */
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

static void begin(const struct xn_blk_config *config)
{
	t_setup(NULL);
	be_offer(&t.b, "sectors", "2048");
	io_make(config->max_segments);
}

static void io_free(void)
{
	unsigned int i;

	for (i = 0; i < NR_IO; i++)
		buffer_free(&bufs[i]);
}

/* What can be submitted is, but is not waited for. */
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

/* Twice is not possible: the port's complete function would not have it. */
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

/* ---- states ---- */

static int attach(const struct xn_blk_config *config)
{
	int err;

	memset(&t.blk, 0, sizeof(t.blk));
	memset(&t.dev, 0, sizeof(t.dev));
	err = xn_device_init(&t.dev, &t.x.guest, "vbd", VDEV);
	if (err)
		return err;
	err = xn_blk_init(&t.blk, &t.dev, &t_ops, config);
	host_pump();
	return err;
}

/* A device that has begun is in one of two states in the end, and idle. */
static void check_settled(void)
{
	long long state;

	host_run(300 * XN_NSEC_PER_SEC);
	state = front_state();
	if (state != XenbusStateClosed && sweep_is_final_answer()) {
		be_state(&t.b.bus, be_number(&t.b.bus, t.b.bus.path, "state"));
		host_run(300 * XN_NSEC_PER_SEC);
		state = front_state();
	}
	if (state == XenbusStateConnected) {
		assert_int_equal(t.blk.fe.phase, XN_FRONTEND_CONNECTED);
		assert_true(t.b.bus.connected);
	} else {
		assert_int_equal(state, XenbusStateClosed);
		assert_int_not_equal(t.blk.fe.phase, XN_FRONTEND_CONNECTED);
	}
	assert_false(io_waits());
}

/* The fault is over: a device that failed works when it is attached again. */
static void retry(const struct xn_blk_config *config)
{
	t_connect(config);
	io_begin();
	host_pump();
	io_check(true);
	t_fini();
	assert_int_equal(front_state(), XenbusStateClosed);
}

static void end(void)
{
	io_free();
	be_disconnect(&t.b.bus);
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(t.pages_held, 0);
	sweep_guest_stop(&t.x, t.h);
	free(t.b.disk);
}

/* ---- scenarios ---- */

static void run_life(const void *arg)
{
	const struct xn_blk_config *config = arg;
	int err;

	begin(config);
	sweep_arm();
	err = attach(config);
	if (!err) {
		io_begin();
		check_settled();
		xn_blk_fini(&t.blk);
	}
	sweep_disarm();
	host_pump();
	io_check(!sweep.hit);
	if (!err)
		assert_int_equal(front_state(), XenbusStateClosed);
	assert_int_equal(host_gnttab_active(t.x.host), 0);
	retry(config);
	end();
}

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
	/* A backend that cannot be told of them is the end of it. */
	assert_true(n || front_state() == XenbusStateClosed);
	for (i = 0; i < n; i++)
		assert_true(extra[i].done);
}

/* A disk grows, gives back what it has got, and grows again. */
static void run_grow(const void *arg)
{
	const struct xn_blk_config *config = arg;
	struct xn_gnttab *gt = &t.x.guest.gnttab;

	begin(config);
	t_connect(config);
	sweep_arm();
	flood();
	flood();
	(void)xn_gnttab_shrink(gt, 1000);
	flood();
	check_settled();
	sweep_disarm();
	if (!sweep.hit)
		assert_true(t.blk.queue[0].slots.nr > 64);
	t_fini();
	retry(config);
	end();
}

/* The table is full, and then it is not. */
static void run_wait(const void *arg)
{
	static const struct host_config small = {
		.ram_pages = GUEST_PAGES, .max_grant_frames = 1,
	};
	const struct xn_blk_config *config = arg;
	struct xn_gnttab *gt = &t.x.guest.gnttab;
	static grant_ref_t refs[512];
	unsigned int n = 0;
	int err;

	t_setup_with(&small);
	be_offer(&t.b, "sectors", "2048");
	io_make(config->max_segments);
	while (xn_gnttab_unused(gt) > 20 && !xn_gnttab_get(gt, &refs[n]))
		n++;
	sweep_arm();
	err = attach(config);
	host_run(10 * XN_NSEC_PER_SEC);
	while (n--)
		xn_gnttab_free(gt, refs[n]);
	if (!err) {
		check_settled();
		io_begin();
		check_settled();
		xn_blk_fini(&t.blk);
	}
	sweep_disarm();
	host_pump();
	io_check(!sweep.hit);
	assert_int_equal(host_gnttab_active(t.x.host), 0);
	retry(config);
	end();
}

/* The backend closes with I/O under way, and is there again. */
static void run_return(const void *arg)
{
	const struct xn_blk_config *config = arg;

	begin(config);
	t_connect(config);
	t.b.bus.asleep = true;
	io_begin();
	host_pump();
	t.b.bus.asleep = false;
	sweep_arm();
	be_state(&t.b.bus, XenbusStateClosing);
	be_run(&t.b.queue[0]);
	check_settled();
	if (front_state() == XenbusStateClosed) {
		io_check(false);
		be_state(&t.b.bus, XenbusStateInitWait);
		check_settled();
	}
	io_begin();
	check_settled();
	sweep_disarm();
	xn_blk_fini(&t.blk);
	host_pump();
	io_check(!sweep.hit);
	assert_int_equal(front_state(), XenbusStateClosed);
	retry(config);
	end();
}

/* Pulled out and put in, as "xl block-detach" and "xl block-attach" do. */
static void run_plug(const void *arg)
{
	const struct xn_blk_config *config = arg;
	int err;

	begin(config);
	t_connect(config);
	sweep_arm();
	be_state(&t.b.bus, XenbusStateClosing);
	check_settled();
	assert_int_equal(front_state(), XenbusStateClosed);
	t_unplug();
	host_run(60 * XN_NSEC_PER_SEC);
	xn_blk_fini(&t.blk);
	/* Nobody makes anew what the toolstack has removed. */
	assert_null(host_xs_read(t.h, FRONT "/state"));
	assert_int_equal(host_gnttab_active(t.x.host), 0);
	t_plug();
	err = attach(config);
	if (!err) {
		io_begin();
		check_settled();
		xn_blk_fini(&t.blk);
	}
	sweep_disarm();
	host_pump();
	io_check(!sweep.hit);
	retry(config);
	end();
}

/* Pulled out without a word. */
static void run_pull(const void *arg)
{
	const struct xn_blk_config *config = arg;

	begin(config);
	t_connect(config);
	t.b.bus.asleep = true;
	io_begin();
	sweep_arm();
	t_unplug();
	host_run(60 * XN_NSEC_PER_SEC);
	assert_false(io_waits());
	xn_blk_fini(&t.blk);
	sweep_disarm();
	io_check(false);
	assert_null(host_xs_read(t.h, FRONT "/state"));
	assert_int_equal(host_gnttab_active(t.x.host), 0);
	t.b.bus.asleep = false;
	t_plug();
	retry(config);
	end();
}

static void run_resize(const void *arg)
{
	const struct xn_blk_config *config = arg;

	begin(config);
	t_connect(config);
	sweep_arm();
	be_write(&t.b.bus, "sectors", "4096");
	check_settled();
	if (sweep_is_final_answer())
		be_write(&t.b.bus, "sectors", "4096");
	check_settled();
	assert_int_equal(front_state(), XenbusStateConnected);
	assert_int_equal(t.blk.info.sectors, 4096);
	assert_int_equal(t.resized, 1);
	io_begin();
	check_settled();
	sweep_disarm();
	t_fini();
	io_check(!sweep.hit);
	be_offer(&t.b, "sectors", "2048");
	retry(config);
	end();
}

/* All of it unloaded, and loaded again: from the rooms up to the disk. */
static void run_reload(const void *arg)
{
	const struct xn_blk_config *config = arg;
	int err;

	begin(config);
	t_connect(config);
	io_begin();
	sweep_arm();
	xn_blk_fini(&t.blk);
	host_pump();
	guest_store_end(&t.x);
	host_xenion_unload(&t.x);
	err = host_xenion_load(&t.x, NULL);
	if (!err) {
		err = guest_store_begin(&t.x);
		if (err)
			host_xenion_unload(&t.x);
	}
	io_check(false);
	if (!err) {
		err = attach(config);
		if (!err) {
			io_begin();
			check_settled();
			xn_blk_fini(&t.blk);
		}
		sweep_disarm();
		host_pump();
		io_check(!sweep.hit);
		retry(config);
		end();
		return;
	}
	sweep_disarm();
	assert_true(sweep.hit);
	io_free();
	be_disconnect(&t.b.bus);
	host_run(60 * XN_NSEC_PER_SEC);
	sweep_check_leaks(t.x.host);
	host_guest_destroy(t.x.host);
	host_xs_destroy(t.h);
	free(t.b.disk);
}

static const struct sweep_scenario scenarios[] = {
	{ "blk", run_life, &direct },
	{ "blk-queues", run_life, &queues },
	{ "blk-bounced", run_life, &bounced },
	{ "blk-grow", run_grow, &direct },
	{ "blk-grow-bounced", run_grow, &bounced },
	{ "blk-wait", run_wait, &direct },
	{ "blk-return", run_return, &direct },
	{ "blk-plug", run_plug, &direct },
	{ "blk-pull", run_pull, &direct },
	{ "blk-resize", run_resize, &direct },
	{ "blk-reload", run_reload, &direct },
};

int main(void)
{
	return sweep_all("sweep-blk", scenarios, XN_ARRAY_SIZE(scenarios));
}
