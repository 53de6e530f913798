// SPDX-License-Identifier: MIT
/*
 * frontends/blk/ with a backend that lies, is stuck or vanishes, and in a guest
 * without memory. In any case, each request is completed once, the device is
 * closed in the end, one line of the log says why, and nothing is left.
 */
#include "blk_backend.h"

/* ---- invalid nodes in xenstore ---- */

struct nonsense {
	const char *node;
	const char *value;	/* NULL: the node is absent */
};

/* Log and error node give the node, its value and what it has to be. */
static void check_words(const struct nonsense *n, const char *words)
{
	char read[80];

	snprintf(read, sizeof(read),
		 n->value ? "the backend's node %s is %s%s" :
			    "the backend's node %s is missing%s%s",
		 n->node, n->value ? "\"" : "", n->value ? n->value : "");
	if (!words || !strstr(words, read) || !strstr(words, "it has to be "))
		fail_msg("\"%s\" in place of \"%s\"", words, read);
}

static void refused(const struct nonsense *n, bool early)
{
	if (early)
		be_write(&t.b.bus, n->node, n->value);
	else
		be_offer(&t.b, n->node, n->value);
	host_log_reset();
	assert_int_equal(t_init(&t_config), 0);
	host_run(10 * XN_NSEC_PER_SEC);
	if (host_xs_read_int(t.h, FRONT "/state") != XenbusStateClosed ||
	    host_log_count(XN_ERR) != 1)
		fail_msg("%s = \"%s\": state %lld, %u errors", n->node,
			 n->value ? n->value : "(absent)",
			 host_xs_read_int(t.h, FRONT "/state"),
			 host_log_count(XN_ERR));
	check_words(n, host_log_last());
	check_words(n, host_xs_read(t.h, "error/" FRONT "/error"));
	/* A missing node does not count as refused. */
	assert_int_equal(t.blk.fe.refused, n->value ? 1 : 0);
	assert_int_equal(t.connected, 0);
	t_fini();
	assert_int_equal(host_gnttab_active(t.x.host), 0);
}

static void test_nonsense_transport(void **state)
{
	static const struct nonsense list[] = {
		{ "max-ring-page-order", "x" },
		{ "max-ring-page-order", "-1" },
		{ "max-ring-page-order", "4294967296" },
		{ "multi-queue-max-queues", "" },
		{ "multi-queue-max-queues", "1 " },
	};
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(list); i++) {
		refused(&list[i], true);
		t_unplug();
		t_plug();
	}
}

static void test_nonsense_properties(void **state)
{
	static const struct nonsense list[] = {
		{ "sectors", NULL },
		{ "sectors", "x" },
		{ "sectors", "18446744073709551615" },
		{ "sectors", "18014398509481985" },
		{ "sectors", "99999999999999999999" },
		{ "sector-size", NULL },
		{ "sector-size", "0" },
		{ "sector-size", "511" },
		{ "sector-size", "1536" },
		{ "sector-size", "8192" },
		{ "physical-sector-size", "0" },
		{ "physical-sector-size", "256" },
		{ "physical-sector-size", "5000" },
		{ "physical-sector-size", "-4096" },
		{ "info", NULL },
		{ "info", "0x1" },
		{ "feature-max-indirect-segments", "lots" },
	};
	const struct backend b = t.b;
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(list); i++) {
		t_unplug();
		memcpy(t.b.node, b.node, sizeof(b.node));
		t_plug();
		refused(&list[i], false);
	}
	/* A disk has whole 4096-byte sectors. */
	t_unplug();
	memcpy(t.b.node, b.node, sizeof(b.node));
	t_plug();
	be_offer(&t.b, "sector-size", "4096");
	refused(&(struct nonsense){ "sectors", "16383" }, false);
}

/* The highest values allowed, and a backend without queues. */
static void test_limits(void **state)
{
	be_offer(&t.b, "sectors", "18014398509481984");
	be_offer(&t.b, "feature-max-indirect-segments", "0");
	be_write(&t.b.bus, "max-ring-page-order", "4294967295");
	be_write(&t.b.bus, "multi-queue-max-queues", "0");
	t_connect(&t_config);
	assert_int_equal(t.info.sectors, 1ull << 54);
	assert_int_equal(t.info.nr_queues, 1);
	assert_int_equal(t.info.max_segments, 11);
	t_fini();
}

/* ---- lies in the ring ---- */

static void lie_id_high(struct backend *b, struct blkif_response *rsp)
{
	rsp->id = DEPTH;
}

static void lie_id_wide(struct backend *b, struct blkif_response *rsp)
{
	rsp->id |= 1ull << 32;
}

static void lie_id_idle(struct backend *b, struct blkif_response *rsp)
{
	rsp->id = (rsp->id + DEPTH / 2) % DEPTH;
}

static void lie_operation(struct backend *b, struct blkif_response *rsp)
{
	rsp->operation = BLKIF_OP_DISCARD;
}

static void lie_indirect(struct backend *b, struct blkif_response *rsp)
{
	rsp->operation = BLKIF_OP_INDIRECT;
}

static void lie_status(struct backend *b, struct blkif_response *rsp)
{
	rsp->status = 1;
}

static void lie_status_low(struct backend *b, struct blkif_response *rsp)
{
	rsp->status = -3;
}

/* The same response twice. */
static void lie_twice(struct backend *b, struct blkif_response *rsp)
{
	b->lie = NULL;
	be_respond(&b->queue[0], rsp);
}

/* An invalid ring index: beyond the requests, or backwards. */
static void lie_prod(struct backend *b, struct blkif_response *rsp)
{
	b->queue[0].rsp_prod += 7;
}

static void lie_prod_back(struct backend *b, struct blkif_response *rsp)
{
	b->queue[0].rsp_prod -= 2;
}

static void lie_prod_far(struct backend *b, struct blkif_response *rsp)
{
	b->queue[0].rsp_prod += 0x80000000u;
}

static void (*const lies[])(struct backend *b, struct blkif_response *rsp) = {
	lie_id_high, lie_id_wide, lie_id_idle, lie_operation, lie_indirect,
	lie_status, lie_status_low, lie_twice, lie_prod, lie_prod_back,
	lie_prod_far,
};

/* One honest round, then the lie, with other requests in flight. */
static void lie_once(void (*lie)(struct backend *, struct blkif_response *),
		     const struct xn_blk_config *config)
{
	struct io io[6];
	struct buffer b;
	unsigned int i;

	memset(io, 0, sizeof(io));
	host_log_reset();
	t.closing = 0;
	t_connect(config);
	buffer_make(&b, 3);
	assert_int_equal(t_do(XN_BLK_WRITE, 0, &b), 0);
	assert_int_equal(t_do(XN_BLK_READ, 0, &b), 0);
	t.b.bus.hold = true;
	for (i = 0; i < XN_ARRAY_SIZE(io); i++)
		assert_int_equal(t_submit(&io[i], XN_BLK_READ, i, &b), 0);
	t_push();
	t.b.lie = lie;
	be_answer(t.b.bus.held[--t.b.bus.nr_held]);
	host_port_notify(t.b.queue[0].port);
	host_pump();
	t.b.lie = NULL;
	t.b.bus.hold = false;
	for (i = 0; i < XN_ARRAY_SIZE(io); i++)
		assert_true(io[i].done);
	assert_int_equal(io[0].err, -EIO);
	assert_int_equal(t.closing, 1);
	assert_int_equal(host_log_count(XN_ERR), 1);
	assert_int_equal(t.blk.fe.refused, 1);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	assert_int_equal(t_do(XN_BLK_READ, 0, &b), -ENODEV);
	t_fini();
	buffer_free(&b);
	assert_int_equal(t.closing, 1);
	assert_int_equal(host_log_count(XN_ERR), 1);
	t_unplug();
	t_plug();
}

static void test_lies(void **state)
{
	struct xn_blk_config config = t_config;
	unsigned int i, mode;

	for (i = 0; i < XN_ARRAY_SIZE(lies); i++)
		for (mode = 0; mode < 3; mode++) {
			config.persistent = mode;
			lie_once(lies[i], &config);
		}
}

/* A response before any request. */
static void test_lie_early(void **state)
{
	struct blkif_response rsp = { .id = 0 };

	t_connect(&t_config);
	be_respond(&t.b.queue[0], &rsp);
	host_pump();
	assert_int_equal(host_log_count(XN_ERR), 1);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	t_fini();
}

/* The backend overwrites the ring, mostly its indices. */
static void test_scribble(void **state)
{
	unsigned int seed = 1, round, i;
	struct buffer b;

	buffer_make(&b, 4);
	for (round = 0; round < 200; round++) {
		struct io io[8];
		unsigned int taken = 0;
		uint32_t *page;

		host_log_reset();
		t_connect(&t_config);
		t.b.bus.hold = true;
		for (i = 0; i < 8; i++)
			taken += !t_submit(&io[i], i % 2 ? XN_BLK_READ :
					   XN_BLK_WRITE, i, &b);
		t_push();
		for (i = 0; i < 40 && t.b.bus.connected; i++) {
			page = t.b.queue[0].page[0];
			seed = seed * 1103515245 + 12345;
			/* mostly the indices */
			page[(seed >> 16) % (i % 4 ? 4 : 1024)] =
				(seed >> 8) % (i % 3 ? 64 : ~0u);
			host_port_notify(t.b.queue[0].port);
			host_pump();
		}
		t.b.bus.hold = false;
		t_fini();
		assert_int_equal(taken, 8);
		for (i = 0; i < 8; i++)
			assert_true(io[i].done);
		t_unplug();
		t_plug();
	}
	buffer_free(&b);
}

/* Answered, but still mapped: the page waits until it is unmapped. */
static void test_still_mapped(void **state)
{
	struct xn_blk_config config = t_config;
	struct buffer b;

	config.persistent = XN_BLK_PERSISTENT_NEVER;
	t_connect(&config);
	t.b.bus.sticky = true;
	buffer_make(&b, 2);
	t.b.no_unmap = true;
	assert_int_equal(t_do(XN_BLK_READ, 0, &b), -EIO);
	assert_int_equal(t.pages_held, 2);
	assert_int_equal(host_log_count(XN_ERR), 1);
	assert_int_equal(t_do(XN_BLK_READ, 0, &b), -ENODEV);
	t_fini();
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(t.pages_held, 2);
	be_disconnect(&t.b.bus);
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(t.pages_held, 0);
	buffer_free(&b);
}

/* As above, but the request is in flight when the disk is detached. */
static void test_mapped_at_the_end(void **state)
{
	struct xn_blk_config config = t_config;
	struct be_request *req;
	struct buffer b;
	struct io io;

	config.persistent = XN_BLK_PERSISTENT_NEVER;
	t_connect(&config);
	buffer_make(&b, 2);
	t.b.bus.hold = true;
	t.b.bus.sticky = true;
	t_submit(&io, XN_BLK_READ, 0, &b);
	t_push();
	req = t.b.bus.held[0];
	be_map(&t.b, req->seg[0].gref, true);
	t_fini();
	assert_true(io.done);
	assert_int_equal(io.err, -EIO);
	assert_int_equal(t.pages_held, 1);
	be_disconnect(&t.b.bus);
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(t.pages_held, 0);
	buffer_free(&b);
}

/* ---- a backend that does not close in order ---- */

static void in_flight(struct io *io, struct buffer *b, unsigned int n)
{
	unsigned int i;

	t_grow();
	t.completed = 0;
	t.b.bus.hold = true;
	buffer_make(b, 12);
	for (i = 0; i < n; i++)
		assert_int_equal(t_submit(&io[i], i % 2 ? XN_BLK_READ :
					  XN_BLK_WRITE_FUA, i, b), 0);
	t_push();
	assert_int_equal(t.completed, 0);
}

static void all_failed(struct io *io, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		assert_true(io[i].done);
		assert_int_equal(io[i].err, -EIO);
	}
}

/* The backend closes without answering. */
static void test_stuck(void **state)
{
	struct xn_blk_config config = t_config;
	struct io io[DEPTH];
	struct buffer b;
	unsigned int mode;
	uint64_t start;

	for (mode = 0; mode < 3; mode++) {
		config.persistent = mode;
		t.completed = 0;
		t_connect(&config);
		in_flight(io, &b, DEPTH);
		start = xn_os_now();
		be_state(&t.b.bus, XenbusStateClosing);
		host_run(30 * XN_NSEC_PER_SEC);
		assert_true(xn_os_now() - start < 60 * XN_NSEC_PER_SEC);
		all_failed(io, DEPTH);
		assert_int_equal(host_log_count(XN_WARN), mode + 1);
		assert_int_equal(be_number(&t.b.bus, t.b.bus.path, "state"),
				 XenbusStateClosed);
		t.b.bus.hold = false;
		t_fini();
		buffer_free(&b);
		t_unplug();
		t_plug();
	}
}

/* The backend is removed without notice. */
static void test_vanished(void **state)
{
	struct xn_blk_config config = t_config;
	struct io io[DEPTH];
	struct buffer b;
	unsigned int mode;

	for (mode = 0; mode < 3; mode++) {
		config.persistent = mode;
		t.completed = 0;
		t.closing = 0;
		t_connect(&config);
		in_flight(io, &b, DEPTH);
		t_unplug();
		host_pump();
		all_failed(io, DEPTH);
		assert_int_equal(t.closing, 1);
		t.b.bus.hold = false;
		t_fini();
		assert_int_equal(t.closing, 1);
		buffer_free(&b);
		t_plug();
	}
}

/* The backend is removed between a request and its notification. */
static void test_vanished_before_push(void **state)
{
	struct buffer b;
	struct io io;

	t_connect(&t_config);
	buffer_make(&b, 1);
	assert_int_equal(t_submit(&io, XN_BLK_READ, 0, &b), 0);
	t_unplug();
	host_pump();
	assert_true(io.done);
	assert_int_equal(io.err, -EIO);
	t_push();
	t_fini();
	buffer_free(&b);
	t_plug();
}

/* The OS layer detaches while requests are in flight. */
static void test_removed_busy(void **state)
{
	struct io io[DEPTH];
	struct buffer b;

	t_connect(&t_config);
	in_flight(io, &b, DEPTH);
	t_fini();
	all_failed(io, DEPTH);
	assert_int_equal(t.closing, 1);
	buffer_free(&b);
}

/* The backend never unmaps: the device ends all the same, its pages wait. */
static void test_never_unmaps(void **state)
{
	uint64_t start;

	t_connect(&t_config);
	t.b.bus.sticky = true;
	start = xn_os_now();
	t_fini();
	assert_true(xn_os_now() - start < 6 * XN_NSEC_PER_SEC);
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_non_null(strstr(host_log_last(), "does not close"));
	assert_true(t.x.guest.gnttab.nr_deferred > 0);
	assert_true(host_gnttab_active(t.x.host) > 0);
}

/* All states, in any order: no leak, no crash. */
static void test_any_states(void **state)
{
	unsigned int seed = 7, round, i;

	for (round = 0; round < 100; round++) {
		t.b.bus.sticky = round % 2;
		assert_int_equal(t_init(&t_config), 0);
		for (i = 0; i < 20; i++) {
			seed = seed * 1103515245 + 12345;
			if (t.b.bus.sticky && (seed >> 16) % 10 < 3)
				be_disconnect(&t.b.bus);
			host_xs_printf(t.h, be_path(&t.b.bus, "state"), "%u",
				       (seed >> 16) % 10);
			host_pump();
			if (t.b.bus.sticky && !t.b.bus.connected &&
			    host_xs_read_int(t.h, FRONT "/state") ==
			    XenbusStateInitialised)
				be_connect(&t.b.bus);
			host_pump();
		}
		t_fini();
		host_run(10 * XN_NSEC_PER_SEC);
		t_unplug();
		t_plug();
	}
	t.b.bus.sticky = false;
}

/* ---- a guest without memory ---- */

/*
 * Either the disk works, or nothing is left of it. A request without
 * notification waits until the end.
 */
static void attempt(void)
{
	struct buffer b;
	struct io io;
	bool sent;

	buffer_make(&b, 32);
	sent = !t_init(&t_config) && t.blk.fe.phase == XN_FRONTEND_CONNECTED &&
	       !t_submit(&io, XN_BLK_WRITE, 0, &b);
	if (sent)
		t_push();
	host_run(10 * XN_NSEC_PER_SEC);
	if (sent && io.done && !io.err)
		assert_true(buffer_on_disk(&b, 0));
	t_fini();
	if (sent)
		assert_true(io.done);
	host_run(10 * XN_NSEC_PER_SEC);
	t_unplug();
	assert_int_equal(host_gnttab_active(t.x.host), 0);
	buffer_free(&b);
	t_plug();
}

static void test_no_page(void **state)
{
	unsigned int nth;

	/* Pages of the ring, requests and descriptors, and some for data. */
	for (nth = 1; nth < 120; nth++) {
		host_fail_page(nth + 32);	/* 32 are the test's */
		attempt();
		host_fail_page(0);
	}
}

static void test_failing_hypercalls(void **state)
{
	unsigned int nth;

	for (nth = 1; ; nth++) {
		host_fail_hypercall(nth, -ENOMEM);
		attempt();
		if (!host_fault_done())
			break;
		host_fail_hypercall(0, 0);
	}
	host_fail_hypercall(0, 0);
	assert_true(nth > 5);
}

/* The grant table is almost full: fewer slots, or no disk. */
static void test_few_grants(void **state)
{
	grant_ref_t *taken = calloc(40000, sizeof(*taken)), n = 0;
	struct xn_gnttab *gt = &t.x.guest.gnttab;
	struct xn_blk_config config = t_config;
	unsigned int left, connected = 0;
	struct buffer b;

	assert_int_equal(xn_gnttab_reserve(gt, 20000), 0);
	do {
		host_pump();	/* the table grows */
		left = n;
		while (n < 40000 && !xn_gnttab_alloc(gt, &taken[n]))
			n++;
	} while (n > left);
	buffer_make(&b, 32);
	for (left = 0; left < 400; left += 13) {
		unsigned int i, before = t.connected;

		for (i = 0; i < left; i++)
			xn_gnttab_free(gt, taken[--n]);
		config.persistent = left % 2;
		t_init(&config);
		if (t.connected > before) {
			connected++;
			assert_int_equal(t_do(XN_BLK_WRITE, 0, &b), 0);
		}
		t_fini();
		t_unplug();
		t_plug();
		for (i = 0; i < left; i++)
			assert_int_equal(xn_gnttab_alloc(gt, &taken[n++]), 0);
	}
	assert_in_range(connected, 10, 30);
	buffer_free(&b);
	while (n)
		xn_gnttab_free(gt, taken[--n]);
	free(taken);
}

/* ---- storms and stalls ---- */

static void test_storm(void **state)
{
	struct xn_blk_queue *q = &t.blk.queue[0];
	struct buffer b;
	struct io io;

	t_connect(&t_config);
	buffer_make(&b, 4);
	t.events = 0;
	host_log_reset();
	guest_storm(t.b.queue[0].port);
	/* The first few, then one each after 1, 2, 4 ... ms, up to a second. */
	assert_in_range(t.events, 33, 33 + 10 + 10);
	assert_int_equal(q->channel.backoff.spurious, t.events - 1);
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_true(host_stat_get(XN_STAT_EVENT_HELD) > 0);
	/* The device still works, and with work, events are not delayed. */
	assert_int_equal(t_submit(&io, XN_BLK_WRITE, 0, &b), 0);
	t_push();
	host_run(2 * XN_NSEC_PER_SEC);
	assert_true(io.done);
	t.events = 0;
	assert_int_equal(t_do(XN_BLK_READ, 0, &b), 0);
	assert_int_equal(t.events, 1);
	guest_storm(t.b.queue[0].port);
	t_fini();
	buffer_free(&b);
}

/* The same with xenstore's port: it becomes slower, but works. */
static void test_store_storm(void **state)
{
	uint64_t events = host_stat_get(XN_STAT_EVENT);
	uint64_t begin;
	char buf[8];

	guest_storm(host_store_port(t.x.host));
	assert_in_range(host_stat_get(XN_STAT_EVENT) - events, 33,
			33 + 10 + 10);
	begin = xn_os_now();
	assert_int_equal(xn_xs_read(&t.x.guest.xs, XN_XS_NOTXN,
				    be_path(&t.b.bus, "state"), "", buf,
				    sizeof(buf)), 1);
	assert_true(xn_os_now() - begin <= 2 * XN_NSEC_PER_SEC);
	t_connect(&t_config);
	t_fini();
}

/* A request is not answered for long, or ever. */
static void test_stalled(void **state)
{
	struct xn_blk_queue *q = &t.blk.queue[0];
	struct buffer b[2];
	struct io io[2] = { 0 };
	unsigned int i;

	t_connect(&t_config);
	for (i = 0; i < 2; i++)
		buffer_make(&b[i], 1);
	t.b.bus.hold = true;
	assert_int_equal(t_submit(&io[0], XN_BLK_WRITE, 0, &b[0]), 0);
	t_push();
	host_run(XN_STALL_SECONDS * XN_NSEC_PER_SEC);
	assert_int_equal(q->stall.stalled, 0);
	host_log_reset();
	host_run(2 * XN_STALL_PERIOD * XN_NSEC_PER_SEC);
	assert_int_equal(q->stall.stalled, 1);
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_non_null(strstr(host_log_last(), "no answer to 1 requests"));
	/* It is reported once, no matter how long it takes. */
	host_run(600 * XN_NSEC_PER_SEC);
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_false(io[0].done);

	/* A late answer is a valid one. */
	be_release(&t.b.bus);
	host_pump();
	assert_true(io[0].done);
	assert_int_equal(io[0].err, 0);
	host_run(XN_STALL_PERIOD * XN_NSEC_PER_SEC);
	assert_non_null(strstr(host_log_last(), "answers again"));

	/* Another one is never answered; the disk can still be removed. */
	t.b.bus.hold = true;
	assert_int_equal(t_submit(&io[1], XN_BLK_READ, 0, &b[1]), 0);
	t_push();
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(q->stall.stalled, 2);
	t_fini();
	assert_true(io[1].done);
	assert_int_equal(io[1].err, -EIO);
	for (i = 0; i < 2; i++)
		buffer_free(&b[i]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, t_setup, \
						   t_teardown)
	const struct CMUnitTest tests[] = {
		TEST(nonsense_transport),
		TEST(nonsense_properties),
		TEST(limits),
		TEST(lies),
		TEST(lie_early),
		TEST(scribble),
		TEST(still_mapped),
		TEST(mapped_at_the_end),
		TEST(stuck),
		TEST(vanished),
		TEST(vanished_before_push),
		TEST(removed_busy),
		TEST(never_unmaps),
		TEST(any_states),
		TEST(no_page),
		TEST(failing_hypercalls),
		TEST(few_grants),
		TEST(storm),
		TEST(store_storm),
		TEST(stalled),
	};

	return cmocka_run_group_tests_name("blk_hostile", tests, NULL, NULL);
}
