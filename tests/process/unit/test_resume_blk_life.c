// SPDX-License-Identifier: MIT
/*
 * The life of a disk around a suspend: in a handshake, while its backend closes,
 * with a new backend that is absent, different or silent, unplugged meanwhile,
 * two disks, two suspends, and calls that the OS layer has to repeat.
 * test_resume_blk.c has the requests in flight.
 */
#include "resume_blk.h"

/* Requests are left unanswered, and the guest is saved. */
static void begin_and_move(void)
{
	begin();
	t.b.bus.hold = true;
	requests_begin();
	host_pump();
	move();
	t.b.bus.hold = false;
}

static void connected_again(unsigned int times)
{
	assert_int_equal(t.connected, times);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateConnected);
	assert_true(t.b.bus.connected);
}

/* ---- the new backend ---- */

/* It is started long after the guest. */
static void test_backend_late(void **state)
{
	begin_and_move();
	t_plug();
	be_state(&t.b.bus, XenbusStateInitialising);
	t.b.bus.sticky = true;
	assert_int_equal(go_on(), 0);
	host_run(3600 * XN_NSEC_PER_SEC);
	assert_int_equal(t.connected, 1);
	assert_int_equal(nr_todo, NR);
	t.b.bus.sticky = false;
	be_state(&t.b.bus, XenbusStateInitWait);
	host_pump();
	be_watch(&t.b.bus);
	host_pump();
	connected_again(2);
	requests_check();
	assert_int_equal(t.closing, 0);
	end();
}

/* There is no folder of a backend at first. */
static void test_backend_absent(void **state)
{
	begin_and_move();
	t_plug();
	host_xs_rm(t.h, t.b.bus.path);
	assert_int_equal(go_on(), 0);
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(nr_todo, NR);
	t_plug();
	host_pump();
	connected_again(2);
	requests_check();
	end();
}

/* It never answers: the disk can be given up. */
static void test_backend_silent(void **state)
{
	begin_and_move();
	t_plug();
	t.b.bus.sticky = true;
	assert_int_equal(go_on(), 0);
	host_run(3600 * XN_NSEC_PER_SEC);
	assert_int_equal(t.connected, 1);
	assert_int_equal(t.closing, 0);
	assert_int_equal(nr_todo, NR);
	t.b.bus.sticky = false;
	end();
	assert_int_equal(t.closing, 1);
	requests_all_failed();
}

/* Another size, other features, fewer queues and smaller rings. */
static void test_backend_other(void **state)
{
	config.max_queues = 4;
	config.max_ring_order = 2;
	begin();
	assert_int_equal(t.info.nr_queues, 4);
	t.b.bus.hold = true;
	requests_begin();
	host_pump();
	move();
	t.b.bus.hold = false;
	t_plug();
	be_write(&t.b.bus, "multi-queue-max-queues", NULL);
	be_write(&t.b.bus, "max-ring-page-order", NULL);
	be_offer(&t.b, "sectors", "32768");
	be_offer(&t.b, "feature-persistent", NULL);
	be_offer(&t.b, "feature-discard", NULL);
	assert_int_equal(go_on(), 0);
	host_pump();
	connected_again(2);
	assert_int_equal(t.info.nr_queues, 1);
	assert_int_equal(t.info.sectors, 32768);
	assert_false(t.info.persistent || t.info.discard);
	assert_int_equal(t.resized, 0);
	assert_int_equal(nr_done, NR);
	assert_int_equal(reqs[5].err, -EOPNOTSUPP);
	assert_int_equal(reqs[6].err, 0);
	assert_true(buffer_on_disk(&reqs[6].buf, reqs[6].io.sector));
	end();
	config = t_config;
}

/* The OS layer cannot go on with what the new disk is. */
static void test_refused(void **state)
{
	begin_and_move();
	t_plug();
	t.refuse_connected = -EIO;
	assert_int_equal(go_on(), 0);
	host_pump();
	assert_int_equal(t.closing, 1);
	requests_all_failed();
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	end();
}

/* What it offers is invalid. */
static void test_backend_invalid(void **state)
{
	begin_and_move();
	t_plug();
	be_offer(&t.b, "sector-size", "513");
	assert_int_equal(go_on(), 0);
	host_pump();
	assert_int_equal(t.connected, 1);
	assert_int_equal(t.closing, 1);
	requests_all_failed();
	end();
}

/* ---- a handshake ---- */

static void begin_half(enum xenbus_state state)
{
	begin_with(&keeps);
	t.b.bus.sticky = true;
	be_state(&t.b.bus, state);
	host_pump();
	assert_int_equal(t.connected, 0);
}

static const enum xenbus_state early[] = {
	XenbusStateInitialising, XenbusStateInitWait, XenbusStateInitialised,
};

static void test_handshake(void **state)
{
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(early); i++) {
		begin_half(early[i]);
		move();
		t.b.bus.sticky = false;
		t_plug();
		assert_int_equal(go_on(), 0);
		host_pump();
		connected_again(1);
		assert_int_equal(lost, 0);
		requests_begin();
		host_pump();
		requests_check();
		end();
	}
}

/* What the backend does meanwhile is noticed afterwards. */
static void test_handshake_cancelled(void **state)
{
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(early); i++) {
		begin_half(early[i]);
		suspend();
		t.b.bus.sticky = false;
		be_state(&t.b.bus, XenbusStateInitWait);
		host_pump();
		be_watch(&t.b.bus);
		host_pump();
		assert_int_equal(t.connected, 0);
		stay();
		connected_again(1);
		end();
	}
}

/* The backend was closing, and had not answered yet. */
static void test_closing(void **state)
{
	begin();
	t.b.bus.hold = true;
	requests_begin();
	host_pump();
	be_state(&t.b.bus, XenbusStateClosing);
	host_pump();
	assert_int_equal(t.blk.fe.phase, XN_FRONTEND_DRAINING);
	assert_int_equal(t.closing, 1);
	move();
	t.b.bus.hold = false;
	t_plug();
	assert_int_equal(go_on(), 0);
	assert_int_equal(lost, 0);
	requests_all_failed();
	host_pump();
	connected_again(2);
	end();
}

/* The same, but the suspend is cancelled. */
static void test_closing_cancelled(void **state)
{
	begin();
	t.b.bus.hold = true;
	requests_begin();
	host_pump();
	suspend();
	be_state(&t.b.bus, XenbusStateClosing);
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(t.closing, 0);
	guest_stays(&t.x);
	assert_int_equal(xn_frontend_resume(&t.blk.fe), 0);
	host_pump();
	assert_int_equal(t.closing, 1);
	be_release(&t.b.bus);
	host_pump();
	assert_int_equal(nr_done, NR);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	end();
}

/* A disk that had failed gets another chance. */
static void test_failed_before(void **state)
{
	begin();
	t.b.status = 77;
	requests_begin();
	host_pump();
	assert_int_equal(t.closing, 1);
	requests_all_failed();
	requests_free();
	requests_make();
	move();
	t.b.status = 0;
	t_plug();
	assert_int_equal(go_on(), 0);
	host_pump();
	connected_again(2);
	requests_begin();
	host_pump();
	requests_check();
	end();
}

/* ---- unplugged, or given up ---- */

static void test_unplugged(void **state)
{
	begin_and_move();
	assert_int_equal(go_on(), -ENOENT);
	assert_int_equal(t.closing, 0);
	assert_int_equal(xn_frontend_resume(&t.blk.fe), -ENOENT);
	t_fini();
	assert_int_equal(t.closing, 1);
	requests_all_failed();
	assert_null(host_xs_read(t.h, FRONT "/state"));
	/* Another one is plugged in. */
	t_plug();
	t_connect(&t_config);
	end();
}

/* The toolstack removes it before the guest has asked. */
static void test_unplugged_soon(void **state)
{
	begin_and_move();
	t_plug();
	assert_int_equal(go_on(), 0);
	t_unplug();
	host_run(60 * XN_NSEC_PER_SEC);
	assert_false(xn_device_exists(&t.dev));
	assert_null(host_xs_read(t.h, FRONT "/state"));
	end();
	requests_all_failed();
}

static void test_given_up_when_lost(void **state)
{
	begin_and_move();
	xn_frontend_lost(&t.blk.fe);
	t_fini();
	assert_int_equal(t.closing, 1);
	requests_all_failed();
	t_plug();
	assert_int_equal(guest_reconnect(&t.x), 0);
	t_connect(&t_config);
	end();
}

/* In the same domain, while it is still suspended. */
static void test_given_up_when_suspended(void **state)
{
	unsigned int i;

	begin();
	requests_begin();
	suspend();
	guest_stays(&t.x);
	t_fini();
	/* As ever, a stable write has no flush when the disk is going. */
	assert_int_equal(nr_done, NR);
	for (i = 0; i < NR; i++)
		assert_int_equal(reqs[i].err,
				 reqs[i].io.op == XN_BLK_WRITE_FUA ? -EIO : 0);
	assert_int_equal(t.closing, 1);
	t_connect(&t_config);
	end();
}

/* ---- twice, and two ---- */

/* Saved again before its backend was there. */
static void test_twice(void **state)
{
	begin_and_move();
	t_plug();
	t.b.bus.sticky = true;
	assert_int_equal(go_on(), 0);
	host_pump();
	assert_int_equal(t.blk.fe.phase, XN_FRONTEND_PUBLISHED);
	move();
	t.b.bus.sticky = false;
	t_plug();
	assert_int_equal(go_on(), 0);
	host_pump();
	assert_int_equal(lost, 1);
	assert_int_equal(t.closing, 0);
	connected_again(2);
	requests_check();
	requests_in_order();
	move_and_go_on();
	assert_int_equal(lost, 2);
	connected_again(3);
	end();
}

static void test_two(void **state)
{
	static struct backend b;
	static struct xn_blk blk;
	static struct xn_device dev;

	memset(&blk, 0, sizeof(blk));
	memset(&dev, 0, sizeof(dev));
	memset(&b, 0, sizeof(b));
	begin();
	be_init(&b, VDEV + 16);
	be_plug(&b);
	assert_int_equal(xn_device_init(&dev, &t.x.guest, "vbd", VDEV + 16), 0);
	assert_int_equal(xn_blk_init(&blk, &dev, &t_ops, &config), 0);
	host_pump();
	assert_true(b.bus.connected);
	t.b.bus.hold = true;
	requests_begin();
	host_pump();
	xn_frontend_suspend(&blk.fe);
	be_bus_lose(&b.bus);
	move();
	t.b.bus.hold = false;
	/* The other order, so that each gets the other's ports. */
	be_plug(&b);
	t_plug();
	xn_frontend_lost(&t.blk.fe);
	xn_frontend_lost(&blk.fe);
	assert_int_equal(guest_reconnect(&t.x), 0);
	assert_int_equal(xn_frontend_resume(&blk.fe), 0);
	host_pump();
	assert_true(b.bus.connected);
	assert_int_equal(nr_todo, NR);
	assert_int_equal(xn_frontend_resume(&t.blk.fe), 0);
	host_pump();
	requests_check();
	xn_blk_fini(&blk);
	host_pump();
	free(b.disk);
	end();
}

/* ---- xenstore is busy ---- */

static unsigned int refusals;

static bool refuse(void *data, const struct xsd_sockmsg *hdr, const char *body)
{
	struct xsd_sockmsg answer = { .type = XS_ERROR, .req_id = hdr->req_id };

	if (hdr->type != XS_READ || !refusals)
		return false;
	refusals--;
	host_xs_send(t.h, answer.type, answer.req_id, "EAGAIN", 7);
	return true;
}

static void test_busy(void **state)
{
	unsigned int i, err;

	for (i = 1; i <= 3; i++) {
		begin_and_move();
		t_plug();
		xn_frontend_lost(&t.blk.fe);
		assert_int_equal(guest_reconnect(&t.x), 0);
		host_pump();
		refusals = i;
		host_xs_lies(t.h)->request = refuse;
		for (err = 0; xn_frontend_resume(&t.blk.fe); err++)
			assert_true(xn_device_exists(&t.dev));
		host_xs_lies(t.h)->request = NULL;
		assert_int_equal(err + refusals, i);
		host_pump();
		connected_again(2);
		requests_check();
		end();
	}
}

#define T(name) cmocka_unit_test(test_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(backend_late), T(backend_absent), T(backend_silent),
		T(backend_other), T(refused), T(backend_invalid), T(handshake),
		T(handshake_cancelled), T(closing), T(closing_cancelled),
		T(failed_before), T(unplugged), T(unplugged_soon),
		T(given_up_when_lost), T(given_up_when_suspended), T(twice),
		T(two), T(busy),
	};

	config = t_config;
	host.ram_pages = GUEST_PAGES;
	return cmocka_run_group_tests_name("resume_blk_life", tests, NULL,
					   NULL);
}
