// SPDX-License-Identifier: MIT
/*
 * frontends/net/ with a backend that lies or is stuck: what it writes is
 * refused and reported once, and the device closes; nothing is used, leaked or
 * waited for.
 */
#include "net_backend.h"

/* ---- answers to sent packets ---- */

/* One packet of two pieces is with the backend. */
static void send_one(struct packet *p)
{
	t_connect();
	t.b.bus.hold = true;
	packet_make(p, (uint32_t[]){ 300, 3000, 0 });
	assert_int_equal(t_send(p), 0);
	assert_int_equal(t.b.last.slots, 2);
}

/* The device has failed and is closed; the packet came back with an error. */
static void end(struct packet *p, const char *why)
{
	t_assert_failed(why);
	assert_int_equal(t.net.fe.refused, 1);
	assert_true(host_stat_get(XN_STAT_REFUSED) > 0);
	t_stop();
	if (p) {
		assert_true(p->done);
		assert_true(p->err);
		packet_free(p);
	}
}

static void test_tx_id_out_of_range(void **state)
{
	struct packet p;

	send_one(&p);
	be_tx_put(&t.b.queue[0], 0, RING, NETIF_RSP_OKAY);
	be_tx_push(&t.b.queue[0], 1);
	end(&p, "not sent");
}

static void test_tx_id_not_in_flight(void **state)
{
	struct packet p;
	uint16_t id;

	send_one(&p);
	for (id = 0; id == t.b.last.ids[0] || id == t.b.last.ids[1]; id++)
		;
	be_tx_put(&t.b.queue[0], 0, id, NETIF_RSP_OKAY);
	be_tx_push(&t.b.queue[0], 1);
	end(&p, "not sent");
}

static void test_tx_id_twice(void **state)
{
	struct packet p;

	send_one(&p);
	be_tx_put(&t.b.queue[0], 0, t.b.last.ids[1], NETIF_RSP_OKAY);
	be_tx_put(&t.b.queue[0], 1, t.b.last.ids[1], NETIF_RSP_OKAY);
	be_tx_push(&t.b.queue[0], 2);
	end(&p, "not sent");
}

static void test_tx_answer_to_no_extra(void **state)
{
	struct packet p;

	send_one(&p);
	be_tx_put(&t.b.queue[0], 0, 0, NETIF_RSP_NULL);
	be_tx_push(&t.b.queue[0], 1);
	xn_net_tx_reap(t_queue(0));
	end(&p, "to nothing");
}

static void test_tx_too_many_answers(void **state)
{
	struct packet p;

	send_one(&p);
	be_tx_push(&t.b.queue[0], 3);
	end(&p, "more answers");
}

static void test_tx_index_far_away(void **state)
{
	struct packet p;

	send_one(&p);
	be_tx_push(&t.b.queue[0], 0x80000000u);
	end(&p, "more answers");
}

/* The backend answers a packet that it still has mapped. */
static void test_tx_answered_but_mapped(void **state)
{
	struct packet p;

	t_connect();
	t.b.keep = true;
	packet_make(&p, (uint32_t[]){ 300, 3000, 0 });
	assert_int_equal(t_send(&p), 0);
	t_assert_failed("still in use");
	/* It unmaps the packet when it closes. */
	host_run(10 * XN_NSEC_PER_SEC);
	assert_int_equal(t.pinned, 0);
	t_stop();
	assert_true(p.done);
	packet_free(&p);
}

/* The packet is completed, but its memory stays pinned while it is mapped. */
static void test_tx_mapped_for_long(void **state)
{
	struct packet p;

	t_connect();
	t.b.keep = true;
	t.b.bus.hold = true;
	t.b.bus.sticky = true;
	packet_make(&p, (uint32_t[]){ 300, 3000, 0 });
	assert_int_equal(t_send(&p), 0);
	t_stop();
	assert_true(p.done);
	assert_int_equal(t.pinned, 2);
	host_run(100 * XN_NSEC_PER_SEC);
	assert_int_equal(t.pinned, 2);
	be_disconnect(&t.b.bus);
	host_run(100 * XN_NSEC_PER_SEC);
	assert_int_equal(t.pinned, 0);
	packet_free(&p);
}

/* A backend that neither answers nor closes delays the detach only briefly. */
static void test_silent(void **state)
{
	struct packet p;
	uint64_t start;

	t_connect();
	t.b.bus.asleep = true;
	t.b.bus.sticky = true;
	packet_make(&p, (uint32_t[]){ 300, 3000, 0 });
	assert_int_equal(t_send(&p), 0);
	assert_false(p.done);
	start = xn_os_now();
	t_stop();
	assert_true(xn_os_now() - start < 6 * XN_NSEC_PER_SEC);
	assert_non_null(strstr(host_log_last(), "does not close"));
	assert_true(p.done);
	assert_int_equal(p.err, -ESHUTDOWN);
	packet_free(&p);
}

/* ---- received packets ---- */

static struct netif_rx_response next_page(void)
{
	return (struct netif_rx_response){
		.id = be_rx_page(&t.b.queue[0])->id, .status = 100,
	};
}

static void put(unsigned int ahead, struct netif_rx_response rsp)
{
	be_rx_put(&t.b.queue[0], ahead, rsp);
}

static void refused(unsigned int n, const char *why)
{
	be_rx_push(&t.b.queue[0], n);
	end(NULL, why);
	assert_int_equal(t.received, 0);
	assert_int_equal(t.pages, 0);
}

static void test_rx_wrong_id(void **state)
{
	struct netif_rx_response rsp;

	t_connect();
	rsp = next_page();
	rsp.id++;
	put(0, rsp);
	refused(1, "not asked for");
}

static void test_rx_huge_id(void **state)
{
	struct netif_rx_response rsp;

	t_connect();
	rsp = next_page();
	rsp.id += RING;
	put(0, rsp);
	refused(1, "not asked for");
}

static void test_rx_beyond_page(void **state)
{
	struct netif_rx_response rsp;

	t_connect();
	rsp = next_page();
	rsp.offset = 4000;
	put(0, rsp);
	refused(1, "leaves its page");
}

static void test_rx_offset_beyond_page(void **state)
{
	struct netif_rx_response rsp;

	t_connect();
	rsp = next_page();
	rsp.offset = 0xffff;
	rsp.status = 1;
	put(0, rsp);
	refused(1, "leaves its page");
}

static void test_rx_size_beyond_page(void **state)
{
	struct netif_rx_response rsp;

	t_connect();
	rsp = next_page();
	rsp.status = 0x7fff;
	put(0, rsp);
	refused(1, "leaves its page");
}

static void test_rx_second_piece_beyond_page(void **state)
{
	struct netif_rx_response rsp;

	t_connect();
	rsp = next_page();
	rsp.flags = NETRXF_more_data;
	put(0, rsp);
	rsp = next_page();
	rsp.offset = 4096;
	put(1, rsp);
	refused(2, "leaves its page");
}

static void test_rx_too_many_pieces(void **state)
{
	unsigned int i;

	t_connect();
	for (i = 0; i <= XN_NET_MAX_PIECES; i++) {
		struct netif_rx_response rsp = next_page();

		rsp.flags = NETRXF_more_data;
		put(i, rsp);
	}
	refused(i, "too many pieces");
}

/* Several pieces, although not agreed on. */
static void test_rx_second_piece(void **state)
{
	unsigned int i;

	t.no_sg = true;
	t_connect();
	for (i = 0; i < 2; i++) {
		struct netif_rx_response rsp = next_page();

		rsp.flags = i ? 0 : NETRXF_more_data;
		put(i, rsp);
	}
	refused(2, "too many pieces");
}

static void test_rx_gso_not_agreed(void **state)
{
	struct netif_extra_info extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = { .size = 1448, .type = XEN_NETIF_GSO_TYPE_TCPV4 },
	};
	uint8_t data[1000] = { 0 };

	t.no_gso = true;
	t_connect();
	refused(be_rx_packet(&t.b.queue[0], data, sizeof(data), 4096, 0, 0,
			     &extra), "not agreed on");
}

static void test_rx_endless_packet(void **state)
{
	unsigned int i;

	t_connect();
	t_grow();
	for (i = 0; i < RING; i++) {
		struct netif_rx_response rsp = next_page();

		rsp.flags = NETRXF_more_data;
		put(i, rsp);
	}
	refused(i, "too many pieces");
}

/*
 * A header that is cut in two: the OS pulls the Ethernet header from the first
 * piece (eth_type_trans() in Linux), no matter how long the packet is.
 */
static void test_rx_header_in_pieces(void **state)
{
	struct netif_rx_response rsp;
	unsigned int first;

	t_connect();
	for (first = 1; first < XN_NET_MIN_LEN; first++) {
		rsp = next_page();
		rsp.status = first;
		rsp.flags = NETRXF_more_data;
		put(0, rsp);
		rsp = next_page();
		rsp.status = 300;
		put(1, rsp);
		be_rx_push(&t.b.queue[0], 2);
		host_pump();
		assert_int_equal(t.received, 0);
		assert_int_equal(t_queue(0)->rx_stats.errors, first);
	}
	rsp = next_page();
	rsp.status = XN_NET_MIN_LEN;
	rsp.flags = NETRXF_more_data;
	put(0, rsp);
	put(1, next_page());
	be_rx_push(&t.b.queue[0], 2);
	host_pump();
	assert_int_equal(t.received, 1);
	assert_int_equal(t.net.fe.refused, 0);
	t_stop();
	assert_int_equal(t.pages, 0);
}

static void put_extra(unsigned int ahead, struct netif_extra_info extra)
{
	struct netif_rx_response rsp = next_page();

	memcpy(&rsp, &extra, sizeof(rsp));
	put(ahead, rsp);
}

static void with_extra(struct netif_extra_info extra, const char *why)
{
	struct netif_rx_response rsp;

	t_connect();
	rsp = next_page();
	rsp.flags = NETRXF_extra_info;
	put(0, rsp);
	put_extra(1, extra);
	refused(2, why);
}

static void test_rx_unknown_extra(void **state)
{
	with_extra((struct netif_extra_info){ .type = 200 }, "extra info");
}

static void test_rx_extra_of_no_type(void **state)
{
	with_extra((struct netif_extra_info){ .type = 0 }, "extra info");
}

static void test_rx_extra_hash(void **state)
{
	with_extra((struct netif_extra_info){
		.type = XEN_NETIF_EXTRA_TYPE_HASH }, "extra info");
}

static void test_rx_endless_extra(void **state)
{
	struct netif_extra_info extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.flags = XEN_NETIF_EXTRA_FLAG_MORE,
		.u.gso = { .size = 1000, .type = XEN_NETIF_GSO_TYPE_TCPV4 },
	};
	struct netif_rx_response rsp;
	unsigned int i;

	t_connect();
	t_grow();
	rsp = next_page();
	rsp.flags = NETRXF_extra_info;
	put(0, rsp);
	for (i = 1; i < RING; i++)
		put_extra(i, extra);
	refused(i, "extra info");
}

static void test_rx_gso_type(void **state)
{
	with_extra((struct netif_extra_info){
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = { .size = 1000, .type = 3 },
	}, "GSO type");
}

static void test_rx_gso_size(void **state)
{
	with_extra((struct netif_extra_info){
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = { .type = XEN_NETIF_GSO_TYPE_TCPV4 },
	}, "GSO size");
}

static void test_rx_extra_within(void **state)
{
	struct netif_rx_response rsp;

	t_connect();
	rsp = next_page();
	rsp.flags = NETRXF_more_data;
	put(0, rsp);
	rsp = next_page();
	rsp.flags = NETRXF_extra_info;
	put(1, rsp);
	refused(2, "within a packet");
}

static void test_rx_more_than_offered(void **state)
{
	t_connect();
	refused(RING + 1, "more packets");
}

static void test_rx_index_backwards(void **state)
{
	t_connect();
	refused(~0u, "more packets");
}

/* The backend still maps the page of a packet that it has reported. */
static void test_rx_page_mapped(void **state)
{
	struct be_queue *q = &t.b.queue[0];
	struct netif_rx_request req;
	struct netif_rx_response rsp;
	unsigned int i;
	void *va;

	t_connect();
	/* Two good pages before it, in the same packet, come back. */
	for (i = 0; i < 2; i++) {
		rsp = next_page();
		rsp.flags = NETRXF_more_data;
		put(i, rsp);
	}
	req = *be_rx_page(q);
	va = host_gnttab_map(t.b.bus.g, 0, req.gref, true);
	assert_non_null(va);
	put(2, (struct netif_rx_response){ .id = req.id, .status = 1000 });
	be_rx_push(q, 3);
	host_pump();
	t_assert_failed("still in use");
	t_stop();
	assert_int_equal(t.received, 0);
	assert_int_equal(t.lost, 1);
	assert_int_equal(t.pages, 0);
	/* The backend may write to it until it unmaps it. */
	memset(va, 0xff, 4096);
	host_gnttab_unmap(t.b.bus.g, req.gref, true);
}

/* Rings that stay mapped after the device's end are not reused. */
static void test_rings_mapped(void **state)
{
	t_connect();
	t.b.bus.sticky = true;
	t_stop();
	memset(t.b.queue[0].tx, 0xff, 4096);
	memset(t.b.queue[0].rx, 0xff, 4096);
	be_disconnect(&t.b.bus);
}

/* Only a new start revives a failed device, not its backend. */
static void test_failed_stays_failed(void **state)
{
	t_connect();
	be_rx_push(&t.b.queue[0], RING + 1);
	host_pump();
	t_assert_failed("more packets");
	be_disconnect(&t.b.bus);
	be_state(&t.b.bus, XenbusStateInitWait);
	host_pump();
	assert_int_equal(t.connected, 1);
	assert_int_equal(host_log_count(XN_ERR), 1);
	t_stop();
	t_unplug();
	host_pump();
	t_plug();
	t_connect();
	t_stop();
}

/* ---- random values ---- */

static uint32_t roll(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Random values that are nearly valid, which are the dangerous ones. */
static void scribble(struct be_queue *q, uint32_t *seed)
{
	unsigned int i, n = roll(seed) % 24;

	for (i = 0; i < n && be_rx_room(q); i++) {
		struct netif_rx_response rsp = next_page();

		if (roll(seed) % 8 == 0)
			rsp.id += roll(seed) % 3;
		rsp.status = roll(seed) % (roll(seed) % 50 ? 2000 : 9000);
		rsp.status -= 100;
		rsp.offset = roll(seed) % (roll(seed) % 50 ? 2200 : 65536);
		rsp.flags = roll(seed) % 32;
		if (roll(seed) % 3)
			rsp.flags &= ~NETRXF_extra_info;
		if (roll(seed) % 3 == 0) {
			rsp.id = 1;	/* GSO */
			rsp.offset = 1000;
			rsp.flags = 1;	/* TCPv4 */
		}
		be_rx_put(q, i, rsp);
	}
	be_rx_push(q, roll(seed) % 40 ? i : roll(seed));

	n = roll(seed) % 6;
	for (i = 0; i < n; i++)
		be_tx_put(q, i, roll(seed) % 12,
			  (int16_t)(roll(seed) % 4) - 2);
	be_tx_push(q, n);
}

static void test_random(void **state)
{
	static struct packet p[24];
	unsigned int round, i;

	for (round = 1; round <= 400; round++) {
		uint32_t seed = round;

		host_log_reset();
		t.received = 0;
		t_connect();
		t.b.bus.hold = true;
		for (i = 0; i < XN_ARRAY_SIZE(p); i++) {
			packet_make(&p[i], (uint32_t[]){ 300, 3000, 0 });
			p[i].pkt.csum_blank = true;
			p[i].pkt.gso_type = i & 1;
			p[i].pkt.gso_size = 1000;
			if (i < 4)
				assert_int_equal(t_send(&p[i]), 0);
		}
		for (i = 4; i < XN_ARRAY_SIZE(p) && t.live; i++) {
			scribble(&t.b.queue[0], &seed);
			host_pump();
			if (t.live && t_send(&p[i]))
				break;
		}
		t_stop();
		assert_true(host_log_count(XN_ERR) <= 1);
		assert_int_equal(t.pages, 0);
		for (i = 0; i < XN_ARRAY_SIZE(p); i++)
			packet_free(&p[i]);
		t_unplug();
		host_pump();
		t_plug();
		t.b.bus.hold = false;
	}
}

/* ---- storms and stalls ---- */

static void storm(struct host_port *port)
{
	t.events = 0;
	guest_storm(port);
	/* The first few, then one each after 1, 2, 4 ... ms, up to a second. */
	assert_in_range(t.events, 33, 33 + 10 + 10);
}

/* A port each for tx and rx, or one for both. */
static void storms(bool split)
{
	struct packet p;

	t.b.bus.hold = false;
	be_write(&t.b.bus, "feature-split-event-channels", split ? "1" : "0");
	t_connect();
	host_log_reset();
	storm(t.b.queue[0].tx_port);
	assert_int_equal(t_queue(0)->tx_channel.backoff.spurious, t.events - 1);
	if (split) {
		/* The last event of that port may still come. */
		host_run(2 * XN_NSEC_PER_SEC);
		storm(t.b.queue[0].rx_port);
		assert_int_equal(t_queue(0)->rx_channel.backoff.spurious,
				 t.events - 1);
	}
	assert_int_equal(host_log_count(XN_WARN), split ? 2 : 1);
	/* The device works, and with work, events are not delayed. */
	packet_make(&p, (uint32_t[]){ 300, 0 });
	assert_int_equal(t_send(&p), 0);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_true(p.done);
	packet_free(&p);
	t.events = 0;
	packet_make(&p, (uint32_t[]){ 300, 0 });
	assert_int_equal(t_send(&p), 0);
	host_pump();
	assert_true(p.done);
	assert_int_equal(t.events, 1);
	packet_free(&p);
	t_stop();
	t_unplug();
	t_plug();
}

static void test_storm(void **state)
{
	storms(true);
	storms(false);
}

/* A packet is not answered: reported once, and the device can be removed. */
static void test_stalled(void **state)
{
	struct packet p;

	send_one(&p);
	host_run(XN_STALL_SECONDS * XN_NSEC_PER_SEC);
	assert_int_equal(t_queue(0)->stall.stalled, 0);
	host_log_reset();
	host_run(600 * XN_NSEC_PER_SEC);
	assert_int_equal(t_queue(0)->stall.stalled, 1);
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_non_null(strstr(host_log_last(), "no answer to 1 packets"));
	/* A late answer is a valid one. */
	be_tx_answer(&t.b.queue[0], &t.b.last);
	host_pump();
	assert_true(p.done);
	assert_int_equal(p.err, 0);
	host_run(XN_STALL_PERIOD * XN_NSEC_PER_SEC);
	assert_non_null(strstr(host_log_last(), "answers again"));
	assert_int_equal(t_queue(0)->stall.stalled, 1);
	packet_free(&p);

	/* Another one is never answered. */
	t.b.bus.hold = true;
	packet_make(&p, (uint32_t[]){ 300, 3000, 0 });
	assert_int_equal(t_send(&p), 0);
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(t_queue(0)->stall.stalled, 2);
	t_stop();
	assert_true(p.done);
	packet_free(&p);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, t_setup, t_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tx_id_out_of_range),
		TEST(test_tx_id_not_in_flight),
		TEST(test_tx_id_twice),
		TEST(test_tx_answer_to_no_extra),
		TEST(test_tx_too_many_answers),
		TEST(test_tx_index_far_away),
		TEST(test_tx_answered_but_mapped),
		TEST(test_tx_mapped_for_long),
		TEST(test_silent),
		TEST(test_rx_second_piece), TEST(test_rx_gso_not_agreed),
		TEST(test_rx_wrong_id),
		TEST(test_rx_huge_id),
		TEST(test_rx_beyond_page),
		TEST(test_rx_offset_beyond_page),
		TEST(test_rx_size_beyond_page),
		TEST(test_rx_second_piece_beyond_page),
		TEST(test_rx_too_many_pieces),
		TEST(test_rx_endless_packet),
		TEST(test_rx_header_in_pieces),
		TEST(test_rx_unknown_extra),
		TEST(test_rx_extra_of_no_type),
		TEST(test_rx_extra_hash),
		TEST(test_rx_endless_extra),
		TEST(test_rx_gso_type),
		TEST(test_rx_gso_size),
		TEST(test_rx_extra_within),
		TEST(test_rx_more_than_offered),
		TEST(test_rx_index_backwards),
		TEST(test_rx_page_mapped),
		TEST(test_rings_mapped),
		TEST(test_failed_stays_failed),
		TEST(test_random),
		TEST(test_storm),
		TEST(test_stalled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
