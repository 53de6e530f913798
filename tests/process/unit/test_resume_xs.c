// SPDX-License-Identifier: MIT
/*
 * The connection to xenstore, control/shutdown and the console of a guest that
 * is saved and restored, or whose suspend is cancelled.
 */
#include <stdio.h>

#include <xenion/console.h>
#include <xenion/control.h>

#include "restore.h"
#include "internal.h"

#define NR_WATCHES	3u

static struct host_xenion x;
static struct host_xs *h;
static struct xn_xs *const xs = &x.guest.xs;

struct watch {
	struct xn_xs_watch w;
	unsigned int fired;
};

static struct watch watches[NR_WATCHES];

static void fired(struct xn_xs_watch *w)
{
	xn_container_of(w, struct watch, w)->fired++;
}

static void watches_make(void)
{
	static const char *const paths[NR_WATCHES] = {
		"data/a", "device", "/local/domain/0/name",
	};
	unsigned int i;

	memset(watches, 0, sizeof(watches));
	for (i = 0; i < NR_WATCHES; i++) {
		strcpy(watches[i].w.path, paths[i]);
		watches[i].w.fn = fired;
		assert_int_equal(xn_xs_watch(xs, &watches[i].w), 0);
	}
	host_pump();
}

static void watches_forget(void)
{
	unsigned int i;

	for (i = 0; i < NR_WATCHES; i++)
		watches[i].fired = 0;
}

static void watches_end(void)
{
	unsigned int i;

	for (i = 0; i < NR_WATCHES; i++)
		xn_xs_unwatch(xs, &watches[i].w);
}

/* Every watch fires for a change, once for each. */
static void watches_work(void)
{
	unsigned int i;

	watches_forget();
	host_xs_write(h, "data/a", "1");
	host_xs_write(h, "device/x", "1");
	host_xs_write(h, "/local/domain/0/name", "it");
	host_pump();
	for (i = 0; i < NR_WATCHES; i++)
		assert_int_equal(watches[i].fired, 1);
	assert_int_equal(host_xs_watches(h), NR_WATCHES);
	assert_int_equal(xn_xs_write(xs, XN_XS_NOTXN, "data", "b", "2"), 0);
	assert_string_equal(host_xs_read(h, "data/b"), "2");
}

static int start(void **state)
{
	h = guest_start(&x);
	watches_make();
	return 0;
}

static int stop(void **state)
{
	watches_end();
	guest_stop(&x, h);
	host_reset();
	return 0;
}

/* ---- watches and requests ---- */

/* Half an answer of the old xenstored is in the ring, and events wait. */
static void test_restored(void **state)
{
	const struct xsd_sockmsg half = { .type = XS_READ, .len = 100 };
	unsigned int i, again;

	for (again = 0; again < 3; again++) {
		watches_forget();
		host_port_first(x.host, 20 + again);
		host_xs_send_raw(h, &half, sizeof(half));
		host_pump();
		guest_suspend(&x);
		host_xs_write(h, "data/a", "0");
		host_pump();
		assert_int_equal(watches[0].fired, 0);
		guest_moves(&x, h);
		assert_int_equal(host_xs_watches(h), 0);
		assert_int_equal(guest_reconnect(&x), 0);
		assert_ptr_equal(xs->intf, host_store_page(x.host));
		assert_int_equal(xs->port, 20 + again);
		host_pump();
		for (i = 0; i < NR_WATCHES; i++)
			assert_int_equal(watches[i].fired, 1);
		watches_work();
	}
}

/* ---- a transaction that begins when nobody waits for it any more ---- */

static unsigned int ends;

static bool count_ends(void *data, const struct xsd_sockmsg *hdr,
		       const char *body)
{
	ends += hdr->type == XS_TRANSACTION_END;
	return false;
}

static int nothing_done(struct xn_xs *connection, uint32_t txn, void *data)
{
	return 0;
}

/* The reply comes while the guest is quiet. */
static void late_while_suspended(void)
{
	struct host_xs_lies *lies = host_xs_lies(h);

	lies->deaf = true;
	assert_int_equal(xn_xs_transact(xs, nothing_done, NULL), -ETIMEDOUT);
	guest_suspend(&x);
	ends = 0;
	lies->deaf = false;
	lies->request = count_ends;
	host_xs_write(h, "data/a", "0");
	xn_evtchn_send(xs->port);
	host_pump();
	assert_int_equal(host_xs_transactions(h), 1);
	assert_int_equal(ends, 0);
}

static void test_late_cancelled(void **state)
{
	late_while_suspended();
	guest_stays(&x);
	host_pump();
	assert_int_equal(ends, 1);
	assert_int_equal(host_xs_transactions(h), 0);
	watches_work();
}

/* Another xenstored may have given the number to another transaction. */
static void test_late_restored(void **state)
{
	late_while_suspended();
	guest_moves(&x, h);
	assert_int_equal(guest_reconnect(&x), 0);
	host_pump();
	assert_int_equal(ends, 0);
	watches_work();
}

static void test_cancelled(void **state)
{
	unsigned int requests = host_xs_requests(h);

	watches_forget();
	guest_suspend(&x);
	/* What happens meanwhile is not lost. */
	host_xs_write(h, "data/a", "0");
	host_pump();
	assert_int_equal(watches[0].fired, 0);
	guest_stays(&x);
	host_pump();
	assert_int_equal(watches[0].fired, 1);
	assert_int_equal(host_xs_requests(h), requests);
	watches_work();
}

/* Something that is under way does not end: no suspend, and nothing is held. */
static void test_busy(void **state)
{
	xs->active++;
	assert_int_equal(xn_xs_suspend(xs), -ETIMEDOUT);
	xs->active--;
	assert_false(xs->held);
	assert_false(xs->quiet);
	watches_work();
}

/* A watch of the old domain's is not made again. */
static void test_watch_lost(void **state)
{
	guest_suspend(&x);
	guest_moves(&x, h);
	xn_xs_watch_lost(xs, &watches[1].w);
	xn_xs_watch_lost(xs, &watches[1].w);
	assert_int_equal(guest_reconnect(&x), 0);
	host_pump();
	assert_int_equal(host_xs_watches(h), NR_WATCHES - 1);
	assert_int_equal(xn_xs_watch(xs, &watches[1].w), 0);
	host_pump();
	watches_work();
}

/* A broken connection is a new one in the new domain. */
static void test_broken(void **state)
{
	const struct xsd_sockmsg nonsense = { .type = 0x1000 };

	host_xs_send_raw(h, &nonsense, sizeof(nonsense));
	host_pump();
	assert_int_equal(xn_xs_write(xs, XN_XS_NOTXN, "data", "b", "1"),
			 -ESHUTDOWN);
	guest_suspend(&x);
	guest_moves(&x, h);
	assert_int_equal(guest_reconnect(&x), 0);
	host_pump();
	watches_work();
}

/* ---- faults ---- */

/* xenstored refuses a watch, or does not answer: it is made again later. */
static void test_refused(void **state)
{
	static const int errs[] = { -ENOSPC, -EACCES, -EAGAIN, 0 };
	unsigned int e, nth, i;

	for (e = 0; e < XN_ARRAY_SIZE(errs); e++)
		for (nth = 2; nth < 2 + NR_WATCHES; nth++) {
			guest_suspend(&x);
			guest_moves(&x, h);
			host_log_reset();
			watches_forget();
			/* The first request is the reset of watches. */
			host_fail(HOST_FAULT_STORE, nth, errs[e]);
			assert_int_equal(guest_reconnect(&x), 0);
			assert_true(host_fault_done());
			assert_int_equal(host_log_count(XN_WARN), 1);
			host_run(2 * XN_NSEC_PER_SEC);
			for (i = 0; i < NR_WATCHES; i++)
				assert_int_equal(watches[i].fired, 1);
			watches_work();
		}
}

/* It is suspended again before that. */
static void test_refused_again(void **state)
{
	guest_suspend(&x);
	guest_moves(&x, h);
	host_fail(HOST_FAULT_STORE, 2, -ENOSPC);
	assert_int_equal(guest_reconnect(&x), 0);
	guest_suspend(&x);
	host_run(3 * XN_NSEC_PER_SEC);
	assert_int_equal(host_xs_watches(h), NR_WATCHES - 1);
	guest_stays(&x);
	host_pump();
	watches_work();
	/* Nor is it made once its owner has gone. */
	guest_suspend(&x);
	guest_moves(&x, h);
	host_fail(HOST_FAULT_STORE, 2, -ENOSPC);
	assert_int_equal(guest_reconnect(&x), 0);
	watches_end();
	host_run(3 * XN_NSEC_PER_SEC);
	assert_int_equal(host_xs_watches(h), 0);
	watches_make();
}

static void fail_in_turn(enum host_fault what, int err)
{
	bool hit = true;
	unsigned int nth;
	int ret;

	for (nth = 1; hit; nth++) {
		guest_suspend(&x);
		guest_moves(&x, h);
		host_fail(what, nth, err);
		ret = guest_reconnect(&x);
		hit = host_fault_done();
		host_fail(what, 0, 0);
		if (ret) {
			assert_int_equal(xn_xs_write(xs, XN_XS_NOTXN, "data",
						     "b", "1"), -ESHUTDOWN);
			assert_int_equal(guest_reconnect(&x), 0);
		}
		host_run(2 * XN_NSEC_PER_SEC);
		watches_work();
	}
}

static void test_fails(void **state)
{
	fail_in_turn(HOST_FAULT_PAGE, 0);
	fail_in_turn(HOST_FAULT_HYPERCALL, -ENOMEM);
	fail_in_turn(HOST_FAULT_HYPERCALL, -EINVAL);
	fail_in_turn(HOST_FAULT_STORE, -EAGAIN);
	fail_in_turn(HOST_FAULT_STORE, 0);
}

/* The guest gives up: nothing leaks. */
static void test_given_up(void **state)
{
	struct xn_boot_channel none = { .gpa = 0 };

	guest_suspend(&x);
	guest_moves(&x, h);
	assert_int_equal(xn_store_resume(&x.guest, &none, NULL), -ENODEV);
	watches_end();
	host_pump();
}

static int stop_given_up(void **state)
{
	guest_stop(&x, h);
	host_reset();
	return 0;
}

/* ---- control and console ---- */

static unsigned int asked;

static void suspend_asked(struct xn_control *c)
{
	asked++;
}

static const struct xn_control_command commands[] = {
	{ "suspend", "feature-suspend", suspend_asked },
};

static void test_control(void **state)
{
	struct xn_control c = { .commands = commands, .nr_commands = 1 };
	unsigned int again;

	asked = 0;
	assert_int_equal(xn_control_init(&c, &x.guest), 0);
	for (again = 1; again < 4; again++) {
		assert_string_equal(host_xs_read(h, "control/feature-suspend"),
				    "1");
		host_xs_write(h, "control/shutdown", "suspend");
		host_pump();
		assert_int_equal(asked, again);
		assert_string_equal(host_xs_read(h, "control/shutdown"), "");
		guest_suspend(&x);
		guest_moves(&x, h);
		host_xs_write(h, "control/shutdown", "");
		assert_int_equal(guest_reconnect(&x), 0);
		if (again == 2)
			host_fail(HOST_FAULT_STORE, 1, -EAGAIN);
		xn_control_resume(&c);
		host_run(2 * XN_NSEC_PER_SEC);
	}
	xn_control_fini(&c);
	watches_work();
}

static void test_console(void **state)
{
	struct xn_console con = { .intf = NULL };
	struct xencons_interface *page;
	struct xn_boot_channel where;
	unsigned int again;

	for (again = 0; again < 2; again++) {
		xn_hvm_console(&where);
		page = xn_os_map(where.gpa >> XN_PAGE_SHIFT, 1);
		assert_ptr_equal(page, host_console_page(x.host));
		xn_console_init(&con, page, where.port);
		xn_console_open(&con, &x.guest.evtchn);
		assert_int_equal(xn_console_write(&con, "hello", 5), 5);
		assert_memory_equal(page->out, "hello", 5);
		xn_console_close(&con);
		xn_os_unmap(page, 1);
		guest_suspend(&x);
		guest_moves(&x, h);
		assert_int_equal(guest_reconnect(&x), 0);
	}
	host_pump();
	watches_work();
}

#define T(name)	cmocka_unit_test_setup_teardown(test_##name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(late_cancelled), T(late_restored), T(restored), T(cancelled), T(busy),
		T(watch_lost), T(broken), T(refused),
		T(refused_again), T(fails), T(control), T(console),
		cmocka_unit_test_setup_teardown(test_given_up, start,
						stop_given_up),
	};

	return cmocka_run_group_tests_name("resume_xs", tests, NULL, NULL);
}
