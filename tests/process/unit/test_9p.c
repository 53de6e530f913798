// SPDX-License-Identifier: MIT
/*
 * frontends/9p/ with a backend that answers, is slow, lies, is stuck or
 * vanishes. In any case, each request is completed once, the device is
 * connected or closed, one line of the log says why, and nothing is left. See
 * 9p_backend.h.
 */
#include "9p_backend.h"
#include "xs_busy.h"

#define T_VERSION	100
#define T_READ		116
#define NOTAG		0xffff

static struct io io[XN_9P_REQUESTS * 2];

/* ---- a good backend ---- */

static void test_life(void **state)
{
	t_connect(&t_config);
	assert_string_equal(t.p9.info.tag, "share");
	assert_int_equal(t.p9.info.nr_rings, 1);
	assert_int_equal(t.p9.info.max_message, RING_BYTES);
	assert_int_equal(t.b.ring[0].pages, 1 << ORDER);
	assert_int_equal(t_submit(io, T_VERSION, NOTAG, 21), 0);
	host_pump();
	assert_true(io_is_answered(io));
	t_fini();
	assert_int_equal(t.closing, 1);
	assert_int_equal(host_log_count(XN_WARN), 0);
	assert_int_equal(t_submit(io, T_READ, 0, 21), -ENODEV);
	/* And again. */
	t_connect(&t_config);
	t_fini();
}

/* Many lengths, so that messages cross the edges of pages and of the ring. */
static void test_lengths(void **state)
{
	uint32_t len;

	t_connect(&t_config);
	for (len = XN_9P_HEADER; len <= RING_BYTES;
	     len = len < 64 || len > RING_BYTES - 8 ? len + 1 : len + 61) {
		assert_int_equal(t_submit(io, T_READ, len, len), 0);
		host_pump();
		if (!io_is_answered(io))
			fail_msg("no answer of %u bytes", len);
	}
	t_fini();
}

/* The indices wrap at 32 bits. */
static void test_index_wraps(void **state)
{
	struct xn_9p_ring *r = &t.p9.ring[0];
	struct be_queue *be = &t.b.ring[0];
	const RING_IDX start = 0u - 5000;
	unsigned int i;

	t_connect(&t_config);
	r->out_prod = start;
	r->in_cons = start;
	be->out_cons = start;
	be->in_prod = start;
	*be->intf = (struct xen_9pfs_data_intf){
		.in_cons = start, .in_prod = start,
		.out_cons = start, .out_prod = start, .ring_order = ORDER,
	};
	for (i = 0; i < 8; i++) {
		assert_int_equal(t_submit(io, T_READ, i, 3000), 0);
		host_pump();
		assert_true(io_is_answered(io));
	}
	t_fini();
}

static void test_in_pieces(void **state)
{
	t_connect(&t_config);
	t.b.in_pieces = true;
	assert_int_equal(t_submit(io, T_READ, 3, 100), 0);
	/* The port is slowed down: most of its events bring no work. */
	host_run(10 * XN_NSEC_PER_SEC);
	assert_true(io_is_answered(io));
	t_fini();
}

static void test_out_of_order(void **state)
{
	unsigned int i;

	t_connect(&t_config);
	t.b.bus.hold = true;
	for (i = 0; i < 40; i++)
		assert_int_equal(t_submit(&io[i], T_READ, i * 128, 50), 0);
	host_pump();
	assert_int_equal(t.completed, 0);
	be_release(&t.b.bus);
	host_pump();
	for (i = 0; i < 40; i++)
		assert_true(io_is_answered(&io[i]));
	t_fini();
}

static void test_rings(void **state)
{
	const struct xn_9p_config config = {
		.max_rings = 3, .max_ring_order = ORDER,
	};
	unsigned int i;

	t_connect(&config);
	assert_int_equal(t.b.nr_rings, 3);
	for (i = 0; i < 30; i++)
		assert_int_equal(t_submit(&io[i], T_READ, i, 50), 0);
	host_pump();
	for (i = 0; i < 30; i++)
		assert_true(io_is_answered(&io[i]));
	/* QEMU answers in the ring that the tag selects. */
	for (i = 0; i < 3; i++)
		assert_int_equal(t.p9.ring[i].stats.requests, 10);
	t_fini();
}

static uint32_t answer_flush(struct backend *b, uint8_t *msg, uint32_t len)
{
	if (msg[4] != XN_9P_TFLUSH + 1)
		return len;
	msg_set_len(msg, XN_9P_HEADER);
	return XN_9P_HEADER;
}

/* A Tflush ends after its request, whichever ring has the reply. */
static void test_flush(void **state)
{
	const struct xn_9p_config config = {
		.max_rings = 2, .max_ring_order = ORDER,
	};
	unsigned int i;

	t_connect(&config);
	for (i = 0; i < 2; i++) {
		t.b.bus.hold = true;
		assert_int_equal(t_submit(&io[0], T_READ, i, 30), 0);
		assert_int_equal(t_submit(&io[1], XN_9P_TFLUSH, !i, 9), 0);
		host_pump();
		t.b.bus.hold = false;
		/* A reply may be longer than an Rflush has to be. */
		t.b.lie = i ? NULL : answer_flush;
		/* Both replies are written before the guest reads either. */
		t.order[0] = t.order[1] = NULL;
		t.completed = 0;
		be_answer(t.b.bus.held[0]);
		be_answer(t.b.bus.held[1]);
		t.b.bus.nr_held = 0;
		host_pump();
		assert_int_equal(t.completed, 2);
		assert_ptr_equal(t.order[0], &io[0]);
		assert_ptr_equal(t.order[1], &io[1]);
		assert_int_equal(io[1].len, i ? 9 : XN_9P_HEADER);
		assert_int_equal(io[1].reply[4], XN_9P_RFLUSH);
		assert_false(xn_9p_forget(&t.p9, i));
	}
	/* The device ends before the Tflush. */
	t.b.bus.hold = true;
	assert_int_equal(t_submit(&io[0], XN_9P_TFLUSH, 0, 9), 0);
	host_pump();
	t_fini();
	assert_int_equal(io[0].len, -EIO);
}

/* Too many requests, or too many bytes: ready() reports when there is room. */
static void test_busy(void **state)
{
	unsigned int i;

	t_connect(&t_config);
	t.b.bus.hold = true;
	for (i = 0; i < XN_9P_REQUESTS; i++)
		assert_int_equal(t_submit(&io[i], T_READ, i, 40), 0);
	assert_int_equal(t_submit(&io[i], T_READ, i, 40), -EBUSY);
	host_pump();
	assert_int_equal(t.ready, 0);
	be_release(&t.b.bus);
	host_pump();
	assert_int_equal(t.ready, 1);
	t.b.bus.asleep = true;
	assert_int_equal(t_submit(&io[0], T_READ, 0, RING_BYTES - 40), 0);
	assert_int_equal(t_submit(&io[1], T_READ, 1, 40), 0);
	assert_int_equal(t_submit(&io[2], T_READ, 2, 40), -EBUSY);
	t.b.bus.asleep = false;
	be_run(&t.b.ring[0]);
	host_pump();
	assert_int_equal(t.ready, 2);
	assert_int_equal(t.p9.ring[0].stats.busy, 2);
	assert_int_equal(t_submit(&io[2], T_READ, 2, 40), 0);
	host_pump();
	for (i = 0; i < 3; i++)
		assert_true(io_is_answered(&io[i]));
	t_fini();
}

static void test_invalid_requests(void **state)
{
	const struct xn_9p_config bad[] = {
		{ .max_rings = 0, .max_ring_order = 1 },
		{ .max_rings = XN_9P_MAX_RINGS + 1, .max_ring_order = 1 },
		{ .max_rings = 1, .max_ring_order = 0 },
		{ .max_rings = 1, .max_ring_order = XN_9P_MAX_RING_ORDER + 1 },
	};
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(bad); i++)
		assert_int_equal(t_init(&bad[i]), -EINVAL);
	assert_int_equal(t_submit(io, T_READ, 0, 21), -ENODEV);
	t_connect(&t_config);
	assert_int_equal(t_submit(io, T_READ, 0, XN_9P_HEADER - 1), -EINVAL);
	assert_int_equal(t_submit(io, T_READ, 0, RING_BYTES + 1), -EINVAL);
	io_make(io, T_READ, 0, 21);
	io->io.size = XN_9P_HEADER - 1;
	assert_int_equal(xn_9p_submit(&t.p9, &io->io), -EINVAL);
	t.b.bus.hold = true;
	assert_int_equal(t_submit(&io[0], T_READ, 0, 21), 0);
	assert_int_equal(t_submit(&io[1], T_READ, 0, 21), -EINVAL);
	be_release(&t.b.bus);
	host_pump();
	assert_true(io_is_answered(&io[0]));
	t_fini();
}

/* ---- requests that are no longer wanted ---- */

static void test_forget(void **state)
{
	t_connect(&t_config);
	t.b.bus.hold = true;
	assert_int_equal(t_submit(io, T_READ, 5, 21), 0);
	assert_true(xn_9p_forget(&t.p9, 5));
	assert_false(xn_9p_forget(&t.p9, 5));
	assert_false(xn_9p_forget(&t.p9, 6));
	host_pump();
	/* After an Rflush, the server must not answer this request. */
	be_release(&t.b.bus);
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(t.completed, 0);
	assert_int_equal(t.p9.fe.refused, 1);
	assert_int_equal(t.closing, 1);
	t_fini();
	assert_false(xn_9p_forget(&t.p9, 5));
}

static void test_abandon(void **state)
{
	t_connect(&t_config);
	t.b.bus.hold = true;
	assert_int_equal(t_submit(&io[0], T_READ, 5, 21), 0);
	assert_int_equal(t_submit(&io[1], T_READ, 6, 21), 0);
	assert_int_equal(t_submit(&io[2], T_VERSION, NOTAG, 21), 0);
	host_pump();
	xn_9p_abandon(&t.p9);
	assert_int_equal(t.completed, 3);
	assert_int_equal(io[0].len, -ESHUTDOWN);
	/* A new Tversion must wait for the answer to the old one. */
	assert_int_equal(t_submit(&io[3], T_VERSION, NOTAG, 21), -EBUSY);
	/* The new session may use tags of the old one. */
	assert_int_equal(t_submit(&io[4], T_READ, 6, 30), 0);
	host_pump();
	free(t.b.bus.held[1]);
	t.b.bus.held[1] = t.b.bus.held[--t.b.bus.nr_held];
	be_release(&t.b.bus);
	host_pump();
	assert_int_equal(t.completed, 4);
	assert_true(io_is_answered(&io[4]));
	assert_int_equal(t.ready, 1);
	assert_int_equal(t_submit(&io[3], T_VERSION, NOTAG, 21), 0);
	host_pump();
	assert_true(io_is_answered(&io[3]));
	assert_int_equal(t.p9.fe.refused, 0);
	t_fini();
	xn_9p_abandon(&t.p9);
}

/* ---- invalid nodes ---- */

static void test_nonsense(void **state)
{
	static const struct {
		const char *node, *value;
	} list[] = {
		{ "versions", NULL },
		{ "versions", "" },
		{ "versions", "2,11" },
		{ "versions", "1.0" },
		{ "max-rings", NULL },
		{ "max-rings", "0" },
		{ "max-rings", "4294967296" },
		{ "max-ring-page-order", NULL },
		{ "max-ring-page-order", "0" },
		{ "max-ring-page-order", "-1" },
		{ FRONT "/tag", NULL },
		{ FRONT "/tag", "" },
	};
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(list); i++) {
		const char *node = strchr(list[i].node, '/') ? list[i].node :
				   be_path(&t.b.bus, list[i].node);

		if (list[i].value)
			host_xs_write(t.h, node, list[i].value);
		else
			host_xs_rm(t.h, node);
		host_log_reset();
		assert_int_equal(t_init(&t_config), 0);
		host_run(10 * XN_NSEC_PER_SEC);
		if (host_xs_read_int(t.h, FRONT "/state") !=
		    XenbusStateClosed || host_log_count(XN_ERR) != 1)
			fail_msg("%s = %s", list[i].node, list[i].value);
		t_fini();
		t_unplug();
		t_plug();
	}
	be_write(&t.b.bus, "versions", "2,1,11");
	t_connect(&t_config);
	t_fini();
}

/* ---- lies in the ring ---- */

static uint32_t lie_tag(struct backend *b, uint8_t *msg, uint32_t len)
{
	msg[5]++;
	return len;
}

static uint32_t lie_type(struct backend *b, uint8_t *msg, uint32_t len)
{
	msg[4] += 2;
	return len;
}

static uint32_t lie_short(struct backend *b, uint8_t *msg, uint32_t len)
{
	msg_set_len(msg, XN_9P_HEADER - 1);
	return len;
}

static uint32_t lie_longer(struct backend *b, uint8_t *msg, uint32_t len)
{
	msg_set_len(msg, len + 1);
	return len + 1;
}

static uint32_t lie_longer_than_the_ring(struct backend *b, uint8_t *msg,
					 uint32_t len)
{
	msg_set_len(msg, RING_BYTES + 1);
	return len;
}

static uint32_t lie_huge(struct backend *b, uint8_t *msg, uint32_t len)
{
	msg_set_len(msg, 0xffffffff);
	return len;
}

static uint32_t lie_in_prod(struct backend *b, uint8_t *msg, uint32_t len)
{
	b->ring[0].in_prod += RING_BYTES;
	return len;
}

static uint32_t lie_twice(struct backend *b, uint8_t *msg, uint32_t len)
{
	be_send(&b->ring[0], msg, len);
	return len;
}

static uint32_t lie_out_cons(struct backend *b, uint8_t *msg, uint32_t len)
{
	b->ring[0].intf->out_cons += 1;
	return len;
}

static void test_lies(void **state)
{
	static uint32_t (*const lies[])(struct backend *b, uint8_t *msg,
					uint32_t len) = {
		lie_tag, lie_type, lie_short, lie_longer,
		lie_longer_than_the_ring, lie_huge, lie_in_prod, lie_twice,
		lie_out_cons,
	};
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(lies); i++) {
		host_log_reset();
		t_connect(&t_config);
		t.b.lie = lies[i];
		assert_int_equal(t_submit(&io[0], T_READ, 1, 40), 0);
		host_pump();
		t.b.lie = NULL;
		/* The lie is refused with the next request at the latest. */
		(void)t_submit(&io[1], T_READ, 2, 40);
		host_run(10 * XN_NSEC_PER_SEC);
		if (t.p9.fe.refused != 1 || host_log_count(XN_ERR) != 1 ||
		    host_xs_read_int(t.h, FRONT "/state") != XenbusStateClosed)
			fail_msg("lie %u: refused %llu times, state %lld", i,
				 (unsigned long long)t.p9.fe.refused,
				 host_xs_read_int(t.h, FRONT "/state"));
		assert_true(io[0].done);
		assert_int_equal(t_submit(&io[2], T_READ, 3, 40), -ENODEV);
		t_fini();
		t_unplug();
		t_plug();
	}
}

/* An error is a valid answer to any request. */
static uint32_t lie_error(struct backend *b, uint8_t *msg, uint32_t len)
{
	msg_set_len(msg, 11);
	msg[4] = XN_9P_RLERROR;
	return 11;
}

static void test_error_reply(void **state)
{
	t_connect(&t_config);
	t.b.lie = lie_error;
	assert_int_equal(t_submit(io, T_READ, 1, 40), 0);
	host_pump();
	assert_true(io->done);
	assert_int_equal(io->len, 11);
	assert_int_equal(io->reply[4], XN_9P_RLERROR);
	assert_int_equal(t.p9.fe.refused, 0);
	t_fini();
}

/* A reply that stays incomplete; then random bytes in the shared page. */
static void test_scribble(void **state)
{
	uint32_t seed = 1, i;
	static uint8_t half[5];

	t_connect(&t_config);
	t.b.bus.hold = true;
	assert_int_equal(t_submit(io, T_READ, 1, 40), 0);
	host_pump();
	be_send(&t.b.ring[0], half, sizeof(half));
	host_run(XN_NSEC_PER_SEC);
	assert_int_equal(t.p9.fe.refused, 0);
	for (i = 0; i < 4096; i++) {
		seed = seed * 1103515245 + 12345;
		((uint8_t *)t.b.ring[0].intf)[i] = seed >> 16;
	}
	host_port_notify(t.b.ring[0].port);
	host_run(10 * XN_NSEC_PER_SEC);
	assert_int_equal(t.p9.fe.refused, 1);
	assert_true(io->done);
	assert_int_equal(io->len, -EIO);
	t_fini();
}

static void test_storm(void **state)
{
	t_connect(&t_config);
	guest_storm(t.b.ring[0].port);
	/* Less than one in a hundred of them caused an interrupt. */
	assert_true(t.p9.ring[0].stats.interrupts < 1000);
	assert_int_equal(t_submit(io, T_READ, 1, 40), 0);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_true(io_is_answered(io));
	t_fini();
}

/* ---- backends that go ---- */

static void test_stalled(void **state)
{
	t_connect(&t_config);
	t.b.bus.hold = true;
	assert_int_equal(t_submit(io, T_READ, 1, 40), 0);
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(t.p9.ring[0].stall.stalled, 1);
	assert_int_equal(host_log_count(XN_WARN), 1);
	be_release(&t.b.bus);
	host_run(20 * XN_NSEC_PER_SEC);
	assert_true(io_is_answered(io));
	assert_int_equal(host_log_count(XN_WARN), 1);
	t_fini();
}

/* The backend answers its requests, closes, and comes back. */
static void test_comes_back(void **state)
{
	t_connect(&t_config);
	t.b.bus.hold = true;
	assert_int_equal(t_submit(&io[0], T_READ, 1, 40), 0);
	host_pump();
	be_state(&t.b.bus, XenbusStateClosing);
	host_pump();
	assert_int_equal(t.closing, 1);
	assert_int_equal(t_submit(&io[1], T_READ, 2, 40), -ENODEV);
	assert_false(io[0].done);
	be_release(&t.b.bus);
	host_pump();
	assert_true(io_is_answered(&io[0]));
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	be_state(&t.b.bus, XenbusStateInitWait);
	host_pump();
	assert_int_equal(t.connected, 2);
	assert_int_equal(t_submit(&io[1], T_READ, 2, 40), 0);
	host_pump();
	assert_true(io_is_answered(&io[1]));
	t_fini();
}

static void test_closes_without_answer(void **state)
{
	t_connect(&t_config);
	t.b.bus.hold = true;
	assert_int_equal(t_submit(io, T_READ, 1, 40), 0);
	host_pump();
	be_state(&t.b.bus, XenbusStateClosing);
	host_run(10 * XN_NSEC_PER_SEC);
	assert_true(io->done);
	assert_int_equal(io->len, -EIO);
	t_fini();
}

static void test_vanished(void **state)
{
	t_connect(&t_config);
	t.b.bus.hold = true;
	assert_int_equal(t_submit(io, T_READ, 1, 40), 0);
	host_pump();
	t_unplug();
	host_run(10 * XN_NSEC_PER_SEC);
	assert_true(io->done);
	assert_int_equal(io->len, -EIO);
	assert_int_equal(t.closing, 1);
	t_fini();
}

static void test_removed_busy(void **state)
{
	t_connect(&t_config);
	t.b.bus.hold = true;
	assert_int_equal(t_submit(io, T_READ, 1, 40), 0);
	host_pump();
	t_fini();
	assert_true(io->done);
	assert_int_equal(io->len, -EIO);
}

static void test_stuck(void **state)
{
	uint64_t begin = xn_os_now();

	t_connect(&t_config);
	t.b.bus.sticky = true;
	t.b.bus.asleep = true;
	assert_int_equal(t_submit(io, T_READ, 1, 40), 0);
	t_fini();
	assert_int_equal(io->len, -EIO);
	assert_true(xn_os_now() - begin < 20 * XN_NSEC_PER_SEC);
}

static void test_refused_by_us(void **state)
{
	t.refuse_connected = -ENOMEM;
	assert_int_equal(t_init(&t_config), 0);
	host_run(10 * XN_NSEC_PER_SEC);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	assert_int_equal(t.closing, 0);
	t_fini();
}

/* Each page and each hypercall fails in turn, until none does. */
static void test_faults(void **state)
{
	unsigned int kind, n;

	for (kind = 0; kind < 2; kind++) {
		for (n = 1;; n++) {
			unsigned int before = t.connected;
			int err;

			if (kind)
				host_fail_hypercall(n, -ENOMEM);
			else
				host_fail_page(n);
			err = t_init(&t_config);
			host_fail_hypercall(0, 0);
			host_fail_page(0);
			if (!err)
				t_fini();
			t_unplug();
			host_run(60 * XN_NSEC_PER_SEC);
			assert_int_equal(host_gnttab_active(t.x.host), 0);
			t_plug();
			if (t.connected > before && n > 30)
				break;
		}
	}
}

static int busy_start(void)
{
	return t_init(&t_config);
}

static bool busy_works(void)
{
	return t.b.bus.connected;
}

static void test_store_busy(void **state)
{
	xs_busy_handshake(t.h, FRONT "/state", busy_start, busy_works, t_fini);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, t_setup, \
						   t_teardown)
	const struct CMUnitTest tests[] = {
		TEST(life),
		TEST(store_busy),
		TEST(lengths),
		TEST(index_wraps),
		TEST(in_pieces),
		TEST(out_of_order),
		TEST(rings),
		TEST(flush),
		TEST(busy),
		TEST(invalid_requests),
		TEST(forget),
		TEST(abandon),
		TEST(nonsense),
		TEST(lies),
		TEST(error_reply),
		TEST(scribble),
		TEST(storm),
		TEST(stalled),
		TEST(comes_back),
		TEST(closes_without_answer),
		TEST(vanished),
		TEST(removed_busy),
		TEST(stuck),
		TEST(refused_by_us),
		TEST(faults),
	};

	return cmocka_run_group_tests_name("9p", tests, NULL, NULL);
}
