// SPDX-License-Identifier: MIT
/*
 * xenbus/connect.c: no matter what an earlier user of the page has left, the
 * next one begins with a clean connection, and leaves a clean one.
 */
#include <stdio.h>

#include "xs_guest.h"

static struct xs_guest *xg;
static struct xn_xs *xs;
static struct host_xs_lies *lies;

static int setup(void **state)
{
	xg = xs_guest_create();
	xs = &xg->xn.xs;
	lies = host_xs_lies(xg->h);
	host_xs_write(xg->h, "x", "value");
	return 0;
}

/* For tests that are connected at the end. */
static int teardown(void **state)
{
	char buf[8];

	assert_int_equal(xn_xs_read(xs, 0, "x", "", buf, 8), 5);
	assert_string_equal(buf, "value");
	xs_guest_stop(xg);
	return 0;
}

/* For tests that are not. */
static int teardown_failed(void **state)
{
	assert_true(host_log_count(XN_ERR) > 0);
	/* An event that comes now does no harm. */
	xn_xs_upcall(xs);
	xs_guest_destroy(xg);
	return 0;
}

static void kick(void)
{
	xn_evtchn_send(xg->port);
}

/* Bytes in the request ring, as an earlier user left them. */
static void leave_request(const void *data, uint32_t len)
{
	struct xenstore_domain_interface *p = xg->page;
	uint32_t i;

	for (i = 0; i < len; i++)
		p->req[MASK_XENSTORE_IDX(p->req_prod++)] =
			((const char *)data)[i];
}

static void leave_message(uint32_t type, const char *body, uint32_t len)
{
	struct xsd_sockmsg hdr = { .type = type, .req_id = 1, .len = len };

	leave_request(&hdr, sizeof(hdr));
	leave_request(body, len);
}

static void test_clean(void **state)
{
	uint64_t begin = xn_os_now();

	assert_int_equal(xs_guest_connect(xg), 0);
	/* This takes one request, and no waiting. */
	assert_int_equal(host_xs_requests(xg->h), 1);
	assert_true(xn_os_now() - begin < XN_NSEC_PER_MSEC);
}

static void test_again_and_again(void **state)
{
	unsigned int i;
	char buf[8];

	for (i = 0; i < 100; i++) {
		assert_int_equal(xs_guest_connect(xg), 0);
		assert_int_equal(xn_xs_read(xs, 0, "x", "", buf, 8), 5);
		xn_xs_fini(xs);
		assert_true(host_xs_quiet(xg->h));
		memset(xs, 0, sizeof(*xs));
	}
	assert_int_equal(xs_guest_connect(xg), 0);
}

/* Watches and transactions of an earlier user. */
static void test_stale_watches(void **state)
{
	leave_message(XS_WATCH, "x\0001", 4);
	leave_message(XS_WATCH, "x\0other", 8);
	leave_message(XS_TRANSACTION_START, "", 1);
	kick();
	host_pump();
	assert_int_equal(host_xs_watches(xg->h), 2);
	assert_int_equal(xs_guest_connect(xg), 0);
	assert_int_equal(host_xs_watches(xg->h), 0);
	assert_int_equal(host_xs_transactions(xg->h), 0);
}

/* Unread answers and events: more than the ring holds. */
static void test_stale_answers(void **state)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		leave_message(XS_WATCH, "x\0001", 4);
		leave_message(XS_READ, "x", 2);
		kick();
		host_pump();
	}
	for (i = 0; i < 200; i++)
		host_xs_write(xg->h, "x", "value");
	host_pump();
	assert_int_equal(xg->page->rsp_prod - xg->page->rsp_cons,
			 XENSTORE_RING_SIZE);
	assert_int_equal(xs_guest_connect(xg), 0);
}

/* Requests without a notification to xenstored. */
static void test_stale_requests(void **state)
{
	leave_message(XS_READ, "x", 2);
	leave_message(XS_READ, "none", 5);
	assert_int_equal(xs_guest_connect(xg), 0);
}

/* An answer to an earlier user comes after the new connection. */
static void test_late_stale_answer(void **state)
{
	uint64_t refused = host_stat_get(XN_STAT_REFUSED);

	assert_int_equal(xs_guest_connect(xg), 0);
	host_xs_send(xg->h, XS_READ, 1, "stale", 5);
	host_xs_send(xg->h, XS_WATCH_EVENT, 0, "x\0001", 4);
	host_pump();
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused + 2);
}

/* An earlier user read half of an answer. */
static void test_half_taken(void **state)
{
	host_xs_send(xg->h, XS_READ, 1, "a long body", 11);
	host_pump();
	xg->page->rsp_cons += 9;
	assert_int_equal(xs_guest_connect(xg), 0);
}

/* An earlier user sent half of a request: only a new connection helps. */
static void test_half_request(void **state)
{
	struct xsd_sockmsg hdr = { .type = XS_READ, .len = 2000 };
	unsigned int cut;

	for (cut = 1; cut <= sizeof(hdr); cut += 5) {
		leave_request(&hdr, cut);
		kick();
		host_pump();
		xg->page->server_features =
			XENSTORE_SERVER_FEATURE_RECONNECTION;
		assert_int_equal(xs_guest_connect(xg), 0);
		xn_xs_fini(xs);
		memset(xs, 0, sizeof(*xs));
	}
	assert_int_equal(xs_guest_connect(xg), 0);
}

/* The stream of answers does not begin with a message. */
static void test_misaligned(void **state)
{
	static const char junk[7] = "junk!!";

	xg->page->server_features = XENSTORE_SERVER_FEATURE_RECONNECTION;
	lies->fragment = 1;
	host_xs_send_raw(xg->h, junk, sizeof(junk));
	lies->deaf = true;
	/* Nothing of this is in the ring yet. */
	assert_int_equal(xg->page->rsp_prod, xg->page->rsp_cons);
	lies->deaf = false;
	assert_int_equal(xs_guest_connect(xg), 0);
}

static void test_impossible_indices(void **state)
{
	xg->page->server_features = XENSTORE_SERVER_FEATURE_RECONNECTION;
	xg->page->rsp_prod = 5000;
	assert_int_equal(xs_guest_connect(xg), 0);
}

static bool answer_enosys(void *data, const struct xsd_sockmsg *hdr,
			  const char *body)
{
	if (hdr->type != XS_RESET_WATCHES)
		return false;
	host_xs_send(xg->h, XS_ERROR, hdr->req_id, data, strlen(data) + 1);
	return true;
}

static void test_old_xenstored(void **state)
{
	lies->request = answer_enosys;
	lies->data = "ENOSYS";
	assert_int_equal(xs_guest_connect(xg), 0);
	xn_xs_fini(xs);
	memset(xs, 0, sizeof(*xs));
	lies->data = "EINVAL";
	assert_int_equal(xs_guest_connect(xg), 0);
}

static void connect_page(struct xn_work *w)
{
	xg->page->connection = XENSTORE_CONNECTED;
	host_port_notify(host_store_port(xg->g));
}

/* The toolstack has not connected the page yet. */
static void test_connecting(void **state)
{
	struct xn_work work;

	xg->page->connection = XENSTORE_RECONNECT;
	xn_work_init(&work, connect_page);
	xn_work_schedule(&work, 3 * XN_NSEC_PER_SEC);
	assert_int_equal(xs_guest_connect(xg), 0);
}

/* ---- errors that stay ---- */

static void test_never_connected(void **state)
{
	xg->page->connection = XENSTORE_RECONNECT;
	lies->deaf = true;
	assert_int_equal(xs_guest_connect(xg), -ETIMEDOUT);
}

static void test_mute(void **state)
{
	uint64_t begin = xn_os_now();

	lies->mute = true;
	assert_int_equal(xs_guest_connect(xg), -ETIMEDOUT);
	assert_true(xn_os_now() - begin < 20 * XN_NSEC_PER_SEC);
}

static void test_half_request_for_ever(void **state)
{
	leave_request("1234567", 7);
	kick();
	host_pump();
	assert_int_equal(xs_guest_connect(xg), -ETIMEDOUT);
}

static bool flood(void *data)
{
	/* As if another CPU wrote it all the time. */
	xg->page->rsp_prod = xg->page->rsp_cons + 100;
	return false;
}

static void test_never_quiet(void **state)
{
	uint64_t begin = xn_os_now();

	lies->deaf = true;
	host_add_step(xg->g, flood, NULL);
	assert_true(xs_guest_connect(xg) < 0);
	assert_true(xn_os_now() - begin < 60 * XN_NSEC_PER_SEC);
}

/* ---- the end ---- */

static struct xn_work reader;
static int read_result;

static void read_late(struct xn_work *w)
{
	char buf[8];

	read_result = xn_xs_read(xs, 0, "x", "", buf, sizeof(buf));
}

static bool only_reset(void *data, const struct xsd_sockmsg *hdr,
		       const char *body)
{
	return hdr->type != XS_RESET_WATCHES;
}

static void end_it(struct xn_work *w)
{
	/* As xn_xs_fini() does to requests that wait. */
	xn_xs_upcall(xs);
	assert_non_null(xs->requests);
	xg->page->rsp_prod += XENSTORE_RING_SIZE + 1;
	xn_xs_upcall(xs);
	xg->page->rsp_prod -= XENSTORE_RING_SIZE + 1;
}

static void test_in_flight(void **state)
{
	struct xn_work work;

	assert_int_equal(xs_guest_connect(xg), 0);
	lies->request = only_reset;
	xn_work_init(&reader, read_late);
	xn_work_init(&work, end_it);
	xn_work_schedule(&reader, 0);
	xn_work_schedule(&work, XN_NSEC_PER_MSEC);
	host_run(2 * XN_NSEC_PER_MSEC);
	assert_int_equal(read_result, -ESHUTDOWN);
	xn_xs_fini(xs);
}

static void test_fini_mute(void **state)
{
	uint64_t begin = xn_os_now();

	assert_int_equal(xs_guest_connect(xg), 0);
	lies->mute = true;
	xn_xs_fini(xs);
	assert_true(xn_os_now() - begin < 20 * XN_NSEC_PER_SEC);
	xn_os_log(XN_ERR, "so that the log has a line");
}

/* A watch that its owner forgot does not stay in xenstored. */
static void test_fini_watches(void **state)
{
	assert_int_equal(xs_guest_connect(xg), 0);
	leave_message(XS_WATCH, "x\0other", 8);
	xs->req_prod = xg->page->req_prod;
	kick();
	host_pump();
	assert_int_equal(host_xs_watches(xg->h), 1);
}

/* A hypercall fails: a notification is missing. */
static void test_no_hypercalls(void **state)
{
	unsigned int n;

	for (n = 1;; n++) {
		host_fail_hypercall(n, -EINVAL);
		assert_int_equal(xs_guest_connect(xg), 0);
		if (!host_fault_done())
			break;
		xn_xs_fini(xs);
		memset(xs, 0, sizeof(*xs));
	}
	host_fail_hypercall(0, 0);
	assert_true(n > 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define FAIL(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown_failed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_clean),
		TEST(test_again_and_again),
		TEST(test_stale_watches),
		TEST(test_stale_answers),
		TEST(test_stale_requests),
		TEST(test_late_stale_answer),
		TEST(test_half_taken),
		TEST(test_half_request),
		TEST(test_misaligned),
		TEST(test_impossible_indices),
		TEST(test_old_xenstored),
		TEST(test_connecting),
		FAIL(test_never_connected),
		FAIL(test_mute),
		FAIL(test_half_request_for_ever),
		FAIL(test_never_quiet),
		FAIL(test_in_flight),
		FAIL(test_fini_mute),
		TEST(test_fini_watches),
		TEST(test_no_hypercalls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
