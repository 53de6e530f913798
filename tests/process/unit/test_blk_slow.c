// SPDX-License-Identifier: MIT
/*
 * Disks with slow backends: neither a watch nor another disk waits for them.
 * See blk_backend.h.
 */
#include "blk_backend.h"

#define SOON		(100 * XN_NSEC_PER_MSEC)
#define DRAIN_NS	(5 * XN_NSEC_PER_SEC)
#define OTHER		(VDEV + 16)

/* A second disk, of another backend. */
static struct {
	struct backend b;
	struct xn_device dev;
	struct xn_blk blk;
} other;

/* A watch on a node of the toolstack's. */
static struct {
	struct xn_xs_watch watch;
	unsigned int calls;
	uint64_t last;
} heard;

static void hear(struct xn_xs_watch *w)
{
	heard.calls++;
	heard.last = xn_os_now();
}

static int setup(void **state)
{
	memset(&other, 0, sizeof(other));
	memset(&heard, 0, sizeof(heard));
	t_setup(state);
	be_init(&other.b, OTHER);
	be_plug(&other.b);
	snprintf(heard.watch.path, sizeof(heard.watch.path), "control/shutdown");
	heard.watch.fn = hear;
	assert_int_equal(xn_xs_watch(&t.x.guest.xs, &heard.watch), 0);
	host_pump();
	return 0;
}

static int teardown(void **state)
{
	xn_xs_unwatch(&t.x.guest.xs, &heard.watch);
	be_disconnect(&other.b.bus);
	free(other.b.disk);
	return t_teardown(state);
}

static void other_connect(void)
{
	assert_int_equal(xn_device_init(&other.dev, &t.x.guest, "vbd", OTHER),
			 0);
	assert_int_equal(xn_blk_init(&other.blk, &other.dev, &t_ops, &t_config),
			 0);
	host_pump();
	assert_int_equal(other.blk.fe.phase, XN_FRONTEND_CONNECTED);
}

static void other_fini(void)
{
	xn_blk_fini(&other.blk);
	host_pump();
}

/* Submits a request that the backend takes, but does not answer. */
static void hang(struct xn_blk *blk, struct backend *b, struct io *io,
		 struct buffer *buf)
{
	struct xn_blk_io bio = {
		.op = XN_BLK_WRITE, .cookie = io, .sg = buf->sg, .nr_sg = buf->nr,
	};

	memset(io, 0, sizeof(*io));
	b->bus.hold = true;
	assert_int_equal(xn_blk_submit(&blk->queue[0], &bio), 0);
	xn_blk_push(&blk->queue[0]);
	host_pump();
	assert_int_equal(b->bus.nr_held, 1);
}

/* The first disk's backend closes without answering a request. */
static void hang_and_close(struct io *io, struct buffer *buf)
{
	t_connect(&t_config);
	buffer_make(buf, 1);
	hang(&t.blk, &t.b, io, buf);
	be_state(&t.b.bus, XenbusStateClosing);
}

static long long state_of(struct backend *b)
{
	return be_number(&b->bus, b->bus.front, "state");
}

/* The watch is called while a disk waits for its requests. */
static void test_watch_is_heard(void **state)
{
	unsigned int before = heard.calls;
	uint64_t written;
	struct buffer buf;
	struct io io;

	hang_and_close(&io, &buf);
	written = xn_os_now();
	host_xs_write(t.h, "control/shutdown", "poweroff");
	host_run(SOON);
	assert_int_equal(heard.calls, before + 1);
	assert_true(heard.last - written < SOON);
	/* The disk still waits its full time. */
	assert_false(io.done);
	assert_int_equal(state_of(&t.b), XenbusStateConnected);
	host_run(DRAIN_NS);
	assert_true(io.done);
	assert_int_equal(io.err, -EIO);
	assert_int_equal(state_of(&t.b), XenbusStateClosed);
	assert_int_equal(host_log_count(XN_WARN), 1);
	buffer_free(&buf);
	t_fini();
}

static void back(void)
{
	be_disconnect(&t.b.bus);
	t.b.bus.hold = false;
	be_state(&t.b.bus, XenbusStateInitWait);
	host_run(SOON);
	assert_int_equal(state_of(&t.b), XenbusStateConnected);
}

/* A backend that repeatedly comes back and does not answer is reported once. */
static void test_reported_once(void **state)
{
	struct buffer buf;
	unsigned int i;
	struct io io;

	t_connect(&t_config);
	buffer_make(&buf, 1);
	for (i = 0; i < 4; i++) {
		if (i != 2)
			hang(&t.blk, &t.b, &io, &buf);
		be_state(&t.b.bus, XenbusStateClosing);
		host_run(DRAIN_NS + SOON);
		assert_int_equal(state_of(&t.b), XenbusStateClosed);
		assert_int_equal(host_log_count(XN_WARN), 1);
		back();
	}
	buffer_free(&buf);
	t_fini();
}

/* Requests in flight are answered in time: the disk closes then. */
static void test_answered_late(void **state)
{
	struct buffer buf;
	struct io io;

	hang_and_close(&io, &buf);
	host_run(DRAIN_NS / 2);
	assert_int_equal(t.closing, 1);
	assert_false(io.done);
	be_release(&t.b.bus);
	host_run(SOON);
	assert_true(io.done);
	assert_int_equal(io.err, 0);
	assert_int_equal(state_of(&t.b), XenbusStateClosed);
	assert_int_equal(host_log_count(XN_WARN), 0);
	buffer_free(&buf);
	t_fini();
}

/* The other disk goes and comes back while the first one hangs. */
static void test_other_disk_cycles(void **state)
{
	struct buffer buf;
	unsigned int i;
	struct io io;

	other_connect();
	hang_and_close(&io, &buf);
	for (i = 0; i < 3; i++) {
		be_state(&other.b.bus, XenbusStateClosing);
		host_run(SOON);
		assert_int_equal(state_of(&other.b), XenbusStateClosed);
		be_state(&other.b.bus, XenbusStateInitWait);
		host_run(SOON);
		assert_int_equal(state_of(&other.b), XenbusStateConnected);
	}
	assert_false(io.done);
	host_run(DRAIN_NS);
	assert_true(io.done);
	buffer_free(&buf);
	t_fini();
	other_fini();
}

/* Two that hang at once take as long as one. */
static void test_both_hang(void **state)
{
	struct io io, other_io;
	struct buffer buf;

	other_connect();
	hang_and_close(&io, &buf);
	hang(&other.blk, &other.b, &other_io, &buf);
	be_state(&other.b.bus, XenbusStateClosing);
	host_run(DRAIN_NS + SOON);
	assert_true(io.done && other_io.done);
	assert_int_equal(state_of(&t.b), XenbusStateClosed);
	assert_int_equal(state_of(&other.b), XenbusStateClosed);
	/* Both connect again. */
	t.b.bus.hold = false;
	other.b.bus.hold = false;
	be_state(&t.b.bus, XenbusStateInitWait);
	be_state(&other.b.bus, XenbusStateInitWait);
	host_run(SOON);
	assert_int_equal(state_of(&t.b), XenbusStateConnected);
	assert_int_equal(state_of(&other.b), XenbusStateConnected);
	buffer_free(&buf);
	t_fini();
	other_fini();
}

/* A backend that closes and comes back while its old requests hang. */
static void test_back_while_draining(void **state)
{
	struct buffer buf;
	struct io io;

	hang_and_close(&io, &buf);
	host_run(SOON);
	be_disconnect(&t.b.bus);
	t.b.bus.hold = false;
	be_state(&t.b.bus, XenbusStateInitWait);
	host_run(SOON);
	assert_true(io.done);
	assert_int_equal(io.err, -EIO);
	assert_int_equal(state_of(&t.b), XenbusStateConnected);
	assert_int_equal(t.connected, 2);
	assert_int_equal(t.closing, 1);
	/* The time limit of the old connection does not affect the new one. */
	host_run(2 * DRAIN_NS);
	assert_int_equal(state_of(&t.b), XenbusStateConnected);
	assert_int_equal(t_do(XN_BLK_WRITE, 0, &buf), 0);
	buffer_free(&buf);
	t_fini();
}

/* Detached while it drains: at once, and every request is completed. */
static void test_fini_while_draining(void **state)
{
	struct buffer buf;
	struct io io;

	hang_and_close(&io, &buf);
	host_run(SOON);
	xn_blk_fini(&t.blk);
	assert_true(io.done);
	assert_int_equal(t.closing, 1);
	host_run(2 * DRAIN_NS);
	assert_int_equal(state_of(&t.b), XenbusStateClosed);
	buffer_free(&buf);
}

/* An OS layer that still has the old disk gets the new one when it asks. */
static void test_port_not_ready(void **state)
{
	t.refuse_connected = -EAGAIN;
	assert_int_equal(t_init(&t_config), 0);
	assert_true(t.connected > 0);
	assert_int_equal(state_of(&t.b), XenbusStateConnected);
	/* Changes to a disk that it does not have are not reported to it. */
	be_write(&t.b.bus, "sectors", "32768");
	host_run(DRAIN_NS);
	assert_int_equal(t.resized, 0);
	be_state(&t.b.bus, XenbusStateClosing);
	host_run(SOON);
	assert_int_equal(t.closing, 0);
	be_state(&t.b.bus, XenbusStateInitWait);
	host_run(SOON);
	assert_int_equal(state_of(&t.b), XenbusStateConnected);
	assert_int_equal(t.closing, 0);

	t.refuse_connected = 0;
	t.connected = 0;
	xn_blk_again(&t.blk);
	host_run(SOON);
	assert_int_equal(t.connected, 1);
	/* Only once. */
	xn_blk_again(&t.blk);
	host_run(SOON);
	assert_int_equal(t.connected, 1);
	t_fini();
	assert_int_equal(t.closing, 1);
	/* Too late, but harmless. */
	xn_blk_again(&t.blk);
	host_run(SOON);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(watch_is_heard),
		TEST(reported_once),
		TEST(answered_late),
		TEST(other_disk_cycles),
		TEST(both_hang),
		TEST(back_while_draining),
		TEST(fini_while_draining),
		TEST(port_not_ready),
	};

	return cmocka_run_group_tests_name("blk_slow", tests, NULL, NULL);
}
