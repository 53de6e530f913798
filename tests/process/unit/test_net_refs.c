// SPDX-License-Identifier: MIT
/*
 * A network device on a small grant table: it begins with its minimum, grows
 * with its traffic, gives back what it does not need, and waits if there are
 * too few references for the minimum.
 */
#include "net_backend.h"
#include "hog.h"

/* References for slots of both rings, the rings, and pages for copies. */
#define LEAST	(32 + 32 + 2 + XN_NET_COPY_PAGES)

static int setup(void **state)
{
	nr_hogged = 0;
	return t_setup_with(&small_table);
}

static int teardown(void **state)
{
	unhog(~0u);
	return t_teardown(state);
}

/* Send the largest packet, and receive one. */
static bool works(void)
{
	static const uint32_t lens[] = {
		66, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096,
		4096, 4096, 4096, 4096, 4096, 4000, 0 };
	static uint8_t data[XN_NET_MAX_PIECES * 4096];
	unsigned int before = t.received;
	struct packet p;
	bool sent;

	if (!t.live)
		return false;
	packet_make(&p, lens);
	sent = !t_send(&p) && p.done && !p.err && packet_arrived(&p);
	packet_free(&p);
	be_rx_push(&t.b.queue[0], be_rx_packet(&t.b.queue[0], data,
					       sizeof(data), 4096, 0, 0, NULL));
	host_pump();
	return sent && t.received == before + 1;
}

static void test_grow(void **state)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		t_connect();
		assert_int_equal(xn_gnttab_used(gt), LEAST);
		assert_int_equal(be_rx_room(&t.b.queue[0]), 32);
		assert_int_equal(xn_net_tx_room(t_queue(0)), 32);
		assert_true(works());
		t_grow();
		assert_int_equal(xn_gnttab_used(gt), LEAST + 2 * (256 - 32));
		assert_int_equal(be_rx_room(&t.b.queue[0]), RING);
		assert_int_equal(xn_net_tx_room(t_queue(0)), RING);
		assert_true(works());
		t_stop();
	}
}

/* Little traffic needs little. */
static void test_idle(void **state)
{
	unsigned int i;

	t_connect();
	for (i = 0; i < 1000; i++) {
		struct packet p;

		packet_make(&p, (uint32_t[]){ 66, 1400, 0 });
		assert_int_equal(t_send(&p), 0);
		packet_free(&p);
		be_rx_push(&t.b.queue[0],
			   be_rx_packet(&t.b.queue[0], t.got.data, 1514, 4096,
					0, 0, NULL));
		host_pump();
	}
	assert_int_equal(t.received, 1000);
	assert_int_equal(xn_gnttab_used(gt), LEAST);
	t_stop();
}

/* The device leaves some references for others. */
static void test_leaves_some(void **state)
{
	struct be_queue *q = &t.b.queue[0];
	static uint8_t data[300];
	unsigned int n, round;

	t_connect();
	hog(TABLE / 8 + 100);
	for (round = 0; round < 10; round++) {
		for (n = be_rx_room(q); n--; )
			be_rx_push(q, be_rx_packet(q, data, sizeof(data), 4096,
						   0, 0, NULL));
		host_pump();
	}
	assert_in_range(t_queue(0)->rx_nr, 33, 255);
	assert_in_range(xn_gnttab_unused(gt), TABLE / 8 - 60, TABLE / 8 + 60);
	assert_true(works());
	t_stop();
}

static void test_give_back(void **state)
{
	static uint8_t data[300];
	struct be_queue *q = &t.b.queue[0];
	unsigned int i;

	t_connect();
	t_grow();
	/* Free slots are given back at once; offered ones as they are used. */
	(void)xn_gnttab_shrink(gt, 100);
	host_pump();
	assert_int_equal(t_queue(0)->tx_nr, RING - 100);
	assert_int_equal(xn_net_tx_room(t_queue(0)), RING - 100);
	assert_int_equal(be_rx_room(q), RING);
	for (i = 0; i < 150; i++) {
		be_rx_push(q, be_rx_packet(q, data, sizeof(data), 4096, 0, 0,
					   NULL));
		host_pump();
	}
	assert_int_equal(t_queue(0)->rx_nr, RING - 100);
	assert_int_equal(be_rx_room(q), RING - 100);
	assert_int_equal(t.received, 150);
	assert_true(works());

	/* But it keeps its minimum. */
	(void)xn_gnttab_shrink(gt, TABLE);
	host_pump();
	for (i = 0; i < RING; i++) {
		be_rx_push(q, be_rx_packet(q, data, 100, 4096, 0, 0, NULL));
		host_pump();
	}
	assert_int_equal(xn_gnttab_used(gt), LEAST);
	assert_int_equal(t.pages, 32);
	assert_true(works());
	t_grow();
	t_stop();
}

static void test_wait(void **state)
{
	hog(LEAST - 1);
	assert_int_equal(t_start(1), 0);
	assert_false(works());
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_non_null(strstr(host_log_last(), "raise max_grant_frames"));
	assert_int_equal(xn_gnttab_used(gt), nr_hogged);
	host_run(10 * XN_NSEC_PER_SEC);
	assert_false(works());
	unhog(1);
	host_run(3 * XN_NSEC_PER_SEC);
	assert_true(works());
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_int_equal(host_log_count(XN_ERR), 0);
	t_stop();

	/* A device that waits can be detached. */
	hog(10);
	assert_int_equal(t_start(1), 0);
	assert_false(works());
	t_stop();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(grow), T(idle), T(leaves_some), T(give_back), T(wait),
	};

	return cmocka_run_group_tests_name("net_refs", tests, NULL, NULL);
}
