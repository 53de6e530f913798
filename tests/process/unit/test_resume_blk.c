// SPDX-License-Identifier: MIT
/*
 * The requests in flight of a disk when its guest is saved and restored, or when
 * the suspend is cancelled: each ends once, in order, and none is lost.
 * test_resume_blk_life.c has the disk's life.
 */
#include "resume_blk.h"

/* ---- requests in flight ---- */

/* How far the backend gets with them before the guest is saved. */
static void leave_asleep(void)
{
	t.b.bus.asleep = true;
	requests_begin();
}

static void leave_taken(void)
{
	t.b.bus.hold = true;
	requests_begin();
	host_pump();
}

/* Some are answered: the last ones, and not the stable writes' flushes. */
static void leave_half(void)
{
	unsigned int i;

	leave_taken();
	for (i = 0; i < NR / 2; i++)
		be_answer(t.b.bus.held[--t.b.bus.nr_held]);
	host_pump();
}

/* Answered, but the guest has not seen it. */
static void leave_answered(void)
{
	leave_taken();
	be_release(&t.b.bus);
	t.b.bus.hold = true;
}

static void leave_none(void)
{
	requests_begin();
	host_pump();
}

static void (*const leave[])(void) = {
	leave_asleep, leave_taken, leave_half, leave_answered, leave_none,
};

static void wake(void)
{
	t.b.bus.asleep = false;
	t.b.bus.hold = false;
}

static void in_flight(unsigned int how)
{
	unsigned int again;

	begin();
	leave[how]();
	move();
	xn_frontend_lost(&t.blk.fe);
	assert_int_equal(lost, 1);
	assert_int_equal(t.closing, 0);
	assert_int_equal(t.blk.fe.phase, XN_FRONTEND_IDLE);
	assert_int_equal(nr_todo + nr_done, NR);
	for (again = 1; again < nr_todo; again++)
		assert_true(todo[again - 1] < todo[again]);
	wake();
	t_plug();
	assert_int_equal(guest_reconnect(&t.x), 0);
	assert_int_equal(xn_frontend_resume(&t.blk.fe), 0);
	host_pump();
	assert_int_equal(t.connected, 2);
	requests_check();
	if (how < 2)
		requests_in_order();
	end();
}

static void in_flight_stays(unsigned int how)
{
	begin();
	leave[how]();
	suspend();
	stay();
	assert_int_equal(t.connected, 1);
	assert_int_equal(lost, 0);
	wake();
	be_run(&t.b.queue[0]);
	be_release(&t.b.bus);
	host_pump();
	requests_check();
	end();
}

/* In both ABIs and versions, and with bounce pages or without. */
static void each_way(void (*fn)(unsigned int how))
{
	unsigned int way, how;

	for (way = 0; way < 8; way++) {
		host.no_fifo = way & 1;
		host.gnttab_wanted = way & 2 ? 2 : 1;
		config.persistent = way & 4 ? XN_BLK_PERSISTENT_AUTO :
					      XN_BLK_PERSISTENT_NEVER;
		for (how = 0; how < XN_ARRAY_SIZE(leave); how++)
			fn(how);
	}
}

static void test_in_flight(void **state)
{
	each_way(in_flight);
}

static void test_cancelled(void **state)
{
	each_way(in_flight_stays);
}

/* An OS layer that cannot keep the disk: as if the backend had closed. */
static void test_not_kept(void **state)
{
	begin_with(&keeps_not);
	host_pump();
	leave_taken();
	move();
	t_plug();
	wake();
	assert_int_equal(go_on(), 0);
	assert_int_equal(t.closing, 1);
	requests_all_failed();
	host_pump();
	assert_int_equal(t.connected, 2);
	end();
}

/* ---- in the new domain, before the disk is lost ---- */

static void poll_queue(struct xn_blk *blk)
{
	xn_blk_event(&blk->queue[0]);
}

/* The data of stable writes was written, and their flushes come too late. */
static void test_half_stable(void **state)
{
	begin();
	leave_answered();
	on_lost = poll_queue;
	move();
	t_plug();
	wake();
	assert_int_equal(go_on(), 0);
	host_pump();
	requests_check();
	end();
}

/* A request is made when its port has gone: it is not an error. */
static void test_early_request(void **state)
{
	unsigned int i;

	begin();
	move();
	t_plug();
	for (i = 0; i < NR; i++) {
		todo_insert(nr_todo, &reqs[i]);
		todo_run();
		assert_non_null(t.blk.fe.fault);
	}
	assert_int_equal(nr_done, 0);
	assert_int_equal(nr_todo, NR - 1);
	assert_int_equal(go_on(), 0);
	host_pump();
	assert_int_equal(t.connected, 2);
	requests_check();
	requests_in_order();
	assert_int_equal(host_log_count(XN_ERR), 0);
	end();
}

#define T(name) cmocka_unit_test(test_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(in_flight), T(cancelled), T(not_kept), T(half_stable),
		T(early_request),
	};

	config = t_config;
	host.ram_pages = GUEST_PAGES;
	return cmocka_run_group_tests_name("resume_blk", tests, NULL, NULL);
}
