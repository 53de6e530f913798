// SPDX-License-Identifier: MIT
/*
 * frontends/net/ with a correct backend: the handshake, packets of every shape
 * both ways, and backends that come and go.
 */
#include "net_backend.h"
#include "xs_busy.h"

/* ---- the handshake ---- */

static void test_connect(void **state)
{
	static const uint8_t mac[6] = { 0, 0x16, 0x3e, 1, 2, 3 };

	t_connect();
	assert_memory_equal(t.info.mac, mac, 6);
	assert_int_equal(t.info.mtu, 1500);
	assert_int_equal(t.info.nr_queues, 1);
	assert_true(t.info.sg && t.info.split_events && t.info.trusted);
	assert_true(t.info.csum_ipv4 && t.info.csum_ipv6);
	assert_true(t.info.gso_tcpv4 && t.info.gso_tcpv6);
	assert_true(t.b.bus.connected);
	assert_int_equal(be_rx_room(&t.b.queue[0]), RX_ALL);
	t_stop();
	assert_int_equal(t.closing, 1);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	assert_int_equal(host_log_count(XN_WARN) + host_log_count(XN_ERR), 0);
}

static int busy_start(void)
{
	return t_start(1);
}

static bool busy_works(void)
{
	return t.live;
}

static void test_store_busy(void **state)
{
	xs_busy_handshake(t.h, FRONT "/state", busy_start, busy_works, t_stop);
}

static void test_connect_poor_backend(void **state)
{
	static const char *const features[] = {
		"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6",
		"feature-ipv6-csum-offload", "feature-split-event-channels",
		"multi-queue-max-queues",
	};
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(features); i++)
		be_write(&t.b.bus, features[i], NULL);
	be_write(&t.b.bus, "feature-no-csum-offload", "1");
	host_xs_write(t.h, FRONT "/mtu", "9000");
	host_xs_write(t.h, FRONT "/trusted", "0");
	t_connect();
	assert_int_equal(t.info.mtu, 1500);
	assert_false(t.info.sg || t.info.split_events || t.info.trusted);
	assert_false(t.info.csum_ipv4 || t.info.csum_ipv6);
	assert_false(t.info.gso_tcpv4 || t.info.gso_tcpv6);
	assert_true(host_xs_read_int(t.h, FRONT "/event-channel") > 0);
	t_stop();
}

static bool is_there(const char *node)
{
	char path[64];

	snprintf(path, sizeof(path), FRONT "/%s", node);
	return host_xs_read(t.h, path);
}

/* Features that the OS layer does without are not published or used. */
static void test_connect_without(void **state)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		t.no_gso = i & 1;
		t.no_csum = i & 2;
		t.no_sg = i & 4;
		t_connect();
		assert_int_equal(t.info.sg, !t.no_sg);
		assert_int_equal(t.info.csum_ipv4, !t.no_csum);
		assert_int_equal(t.info.csum_ipv6, !t.no_csum);
		assert_int_equal(t.info.gso_tcpv4, !i);
		assert_int_equal(t.info.gso_tcpv6, !i);
		assert_int_equal(is_there("feature-sg"), !t.no_sg);
		assert_int_equal(is_there("feature-gso-tcpv4"), !i);
		assert_int_equal(is_there("feature-gso-tcpv6"), !i);
		assert_int_equal(is_there("feature-no-csum-offload"),
				 t.no_csum);
		assert_int_equal(is_there("feature-ipv6-csum-offload"),
				 !t.no_csum);
		t_stop();
	}
}

/* Nodes of an earlier user, with other events and queues, do not mislead. */
static void test_load_other(void **state)
{
	struct packet p;
	unsigned int i;

	packet_make(&p, (uint32_t[]){ 66, 3000, 0 });
	for (i = 0; i < 8; i++) {
		unsigned int queues = i & 2 ? 4 : 1, before = t.connected;

		be_write(&t.b.bus, "feature-split-event-channels",
			 i & 1 ? NULL : "1");
		assert_int_equal(t_start(queues), 0);
		assert_int_equal(t.connected, before + 1);
		assert_int_equal(t.b.nr_queues, queues);
		p.done = false;
		assert_int_equal(t_send(&p), 0);
		assert_true(p.done);
		assert_true(is_there("event-channel-tx") ==
			    (!(i & 1) && queues == 1));
		assert_true(is_there("event-channel") ==
			    (i & 1 && queues == 1));
		assert_true(is_there("tx-ring-ref") == (queues == 1));
		assert_true(is_there("queue-3/tx-ring-ref") == (queues == 4));
		t_stop();
	}
	packet_free(&p);
}

static int unplug_and_bind(struct xn_net_queue *q, enum xn_net_event what,
			   domid_t otherend, evtchn_port_t *port)
{
	if (t.b.bus.path[0])
		t_unplug();
	return t_event_bind(q, what, otherend, port);
}

/* Unplugged during the handshake: its nodes are not created again. */
static void test_unplug_handshake(void **state)
{
	const struct xn_net_config config = { .max_queues = 1 };
	struct xn_net_ops ops = t_ops;

	ops.event_bind = unplug_and_bind;
	assert_int_equal(xn_device_init(&t.dev, &t.x.guest, "vif", 0), 0);
	assert_int_equal(xn_net_init(&t.net, &t.dev, &ops, &config), 0);
	host_pump();
	assert_null(host_xs_read(t.h, FRONT));
	assert_false(is_there("tx-ring-ref") || is_there("state"));
	assert_int_equal(t.connected, 0);
	assert_int_equal(host_log_count(XN_ERR), 0);
	assert_null(host_xs_read(t.h, "error/" FRONT "/error"));
	t_stop();
	t_plug();
	t_connect();
	t_stop();
}

/* Remove what another driver wrote, but keep what the toolstack wrote. */
static void test_load_other_driver(void **state)
{
	static const char *const theirs[] = {
		"xdp-headroom", "request-multicast-control", "ctrl-ring-ref",
		"event-channel-ctrl", "feature-no-csum-offload",
		"multi-queue-num-queues", "queue-7/rx-ring-ref",
	}, *const kept[] = { "mac", "handle", "mtu", "trusted", "backend" };
	char path[64];
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(theirs); i++) {
		snprintf(path, sizeof(path), FRONT "/%s", theirs[i]);
		host_xs_write(t.h, path, "9");
	}
	host_xs_write(t.h, FRONT "/handle", "0");
	host_xs_write(t.h, FRONT "/mtu", "1500");
	host_xs_write(t.h, FRONT "/trusted", "1");
	t_connect();
	for (i = 0; i < XN_ARRAY_SIZE(theirs); i++)
		if (strcmp(theirs[i], "multi-queue-num-queues"))
			assert_false(is_there(theirs[i]));
	for (i = 0; i < XN_ARRAY_SIZE(kept); i++)
		assert_true(is_there(kept[i]));
	t_stop();
}

/* The OS layer alone can distrust the backend. */
static void test_connect_distrust(void **state)
{
	t_connect();
	assert_true(t.info.trusted);
	t_stop();
	t.distrust = true;
	t_connect();
	assert_false(t.info.trusted);
	t_stop();
}

static void test_connect_mtu(void **state)
{
	host_xs_write(t.h, FRONT "/mtu", "9000");
	t_connect();
	assert_int_equal(t.info.mtu, 9000);
	t_stop();
}

static void test_connect_queues(void **state)
{
	unsigned int i;

	assert_int_equal(t_start(3), 0);
	assert_true(t.link);
	assert_int_equal(t.info.nr_queues, 3);
	assert_int_equal(t.b.nr_queues, 3);
	assert_null(host_xs_read(t.h, FRONT "/tx-ring-ref"));
	for (i = 0; i < 3; i++) {
		struct packet p;

		packet_make(&p, (uint32_t[]){ 300, 0 });
		assert_int_equal(xn_net_tx(t_queue(i), &p.pkt), 0);
		xn_net_tx_push(t_queue(i));
		host_pump();
		assert_true(p.done && !p.err);
		assert_true(packet_arrived(&p));
		assert_int_equal(t_queue(i)->tx_stats.packets, 1);
		packet_free(&p);
	}
	t_stop();
}

/* Invalid values by the toolstack or the backend. */
static const struct {
	const char *dir;	/* NULL: the backend's */
	const char *node;
	const char *value;	/* NULL: no such node */
} nonsense[] = {
	{ FRONT, "mac", NULL },
	{ FRONT, "mac", "" },
	{ FRONT, "mac", "00:16:3e:01:02" },
	{ FRONT, "mac", "01:16:3e:01:02:03" },
	{ FRONT, "mac", "00:16:3e:01:02:03:04:05:06:07:08" },
	{ FRONT, "mtu", "large" },
	{ FRONT, "mtu", "67" },
	{ FRONT, "mtu", "65522" },
	{ FRONT, "mtu", "-1" },
	{ FRONT, "trusted", "2" },
	{ NULL, "multi-queue-max-queues", "0" },
	{ NULL, "multi-queue-max-queues", "4294967296" },
	{ NULL, "multi-queue-max-queues", "many" },
	{ NULL, "feature-rx-copy", NULL },
	{ NULL, "feature-rx-copy", "yes" },
};

static void test_connect_nonsense(void **state)
{
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(nonsense); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s",
			 nonsense[i].dir ? nonsense[i].dir : t.b.bus.path,
			 nonsense[i].node);
		if (nonsense[i].value)
			host_xs_write(t.h, path, nonsense[i].value);
		else
			host_xs_rm(t.h, path);
		host_log_reset();
		assert_int_equal(t_start(1), 0);
		t_assert_failed(nonsense[i].node);
		assert_int_equal(t.connected, 0);
		/* Missing nodes and features do not count as refused. */
		assert_int_equal(t.net.fe.refused, nonsense[i].value &&
				 !strstr(nonsense[i].node, "feature"));
		t_stop();
		t_unplug();
		host_pump();
		t_plug();
	}
}

static void test_connect_refused_by_layer(void **state)
{
	t.refuse_connected = -ENOMEM;
	assert_int_equal(t_start(1), 0);
	t_assert_failed("bringing the device up");
	assert_int_equal(t.closing, 0);
	t_stop();
}

/* Each allocation of a page and each hypercall fails once. */
static void test_connect_failures(void **state)
{
	unsigned int kind, n;

	for (kind = 0; kind < 2; kind++)
		for (n = 1;; n++) {
			int err;

			if (kind)
				host_fail_page(n);
			else
				host_fail_hypercall(n, -ENOMEM);
			err = t_start(2);
			if (!err)
				t_stop();
			if (!host_fault_done())
				break;
			assert_int_equal(t.pages, 0);
			t_unplug();
			host_run(60 * XN_NSEC_PER_SEC);
			t_plug();
		}
	host_fail_page(0);
	host_fail_hypercall(0, 0);
}

/* ---- sending ---- */

static void test_tx_shapes(void **state)
{
	static const struct {
		uint32_t lens[XN_NET_MAX_PIECES + 2];
		unsigned int slots, copied;
	} shapes[] = {
		{ { 60 }, 1, 1 },
		{ { 14 }, 1, 1 },
		{ { XN_NET_COPY }, 1, 1 },
		{ { XN_NET_COPY + 1 }, 1, 0 },
		{ { 66, 100 }, 1, 1 },
		{ { 66, 190 }, 1, 1 },
		{ { 66, 191 }, 2, 1 },
		{ { 66, 4096, 1 }, 3, 1 },
		{ { 4096 }, 1, 0 },
		{ { 4096, 4096, 4096, 100 }, 4, 0 },
		{ { 1, 1, 1, 1, 10, 4096, 4096, 4096, 4096, 4096, 4096, 4096,
		    4096, 4096, 4096, 4096, 4096, 4096, 4096 }, 15, 1 },
		{ { 66, 3850, 3850, 3850, 3850, 3850, 3850, 3850, 3850, 3850,
		    3850, 3850, 3850, 3850, 3850, 3850, 3850, 3850 }, 18, 1 },
	};
	unsigned int i;

	t_connect();
	for (i = 0; i < XN_ARRAY_SIZE(shapes); i++) {
		uint64_t copied = t_queue(0)->tx_stats.copied;
		struct packet p;

		packet_make(&p, shapes[i].lens);
		assert_int_equal(t_send(&p), 0);
		assert_true(packet_arrived(&p));
		assert_int_equal(t.b.last.slots, shapes[i].slots);
		assert_int_equal(t.b.last.flags & ~NETTXF_more_data, 0);
		assert_int_equal(t_queue(0)->tx_stats.copied - copied,
				 shapes[i].copied);
		assert_true(p.done);
		assert_int_equal(p.err, 0);
		packet_free(&p);
	}
	assert_int_equal(t_queue(0)->tx_stats.packets, i);
	assert_int_equal(xn_net_tx_room(t_queue(0)), TX_ALL);
	t_stop();
}

static void test_tx_offloads(void **state)
{
	struct packet p;

	t_connect();
	packet_make(&p, (uint32_t[]){ 66, 4096, 4096, 0 });
	p.pkt.csum_blank = true;
	p.pkt.gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
	p.pkt.gso_size = 1440;
	assert_int_equal(t_send(&p), 0);
	assert_true(p.done);
	assert_true(packet_arrived(&p));
	assert_int_equal(t.b.last.flags, NETTXF_csum_blank |
			 NETTXF_data_validated | NETTXF_extra_info |
			 NETTXF_more_data);
	assert_int_equal(t.b.last.gso.type, XEN_NETIF_EXTRA_TYPE_GSO);
	assert_int_equal(t.b.last.gso.flags, 0);
	assert_int_equal(t.b.last.gso.u.gso.type, XEN_NETIF_GSO_TYPE_TCPV6);
	assert_int_equal(t.b.last.gso.u.gso.size, 1440);
	assert_int_equal(xn_net_tx_room(t_queue(0)), TX_ALL);
	packet_free(&p);

	packet_make(&p, (uint32_t[]){ 66, 0 });
	p.pkt.data_validated = true;
	assert_int_equal(t_send(&p), 0);
	assert_int_equal(t.b.last.flags, NETTXF_data_validated);
	packet_free(&p);
	t_stop();
}

static void test_tx_refuses(void **state)
{
	struct packet p;
	unsigned int i;

	t_connect();
	packet_make(&p, (uint32_t[]){ 66, 3000, 0 });
	p.pkt.len++;
	assert_int_equal(t_send(&p), -EINVAL);
	p.pkt.len--;
	p.sg[1].va = (uint8_t *)p.sg[1].va + 1;
	assert_int_equal(t_send(&p), -EINVAL);
	p.sg[1].va = (uint8_t *)p.sg[1].va - 1;
	p.sg[1].len = 0;
	assert_int_equal(t_send(&p), -EINVAL);
	p.sg[1].len = 3000;
	p.pkt.gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
	p.pkt.gso_size = 1000;
	assert_int_equal(t_send(&p), -EINVAL);
	p.pkt.csum_blank = true;
	p.pkt.gso_size = 0;
	assert_int_equal(t_send(&p), -EINVAL);
	p.pkt.gso_size = 1000;
	p.pkt.gso_type = 3;
	assert_int_equal(t_send(&p), -EINVAL);
	packet_free(&p);

	packet_make(&p, (uint32_t[]){ 13, 0 });
	assert_int_equal(t_send(&p), -EINVAL);
	packet_free(&p);
	packet_make(&p, (uint32_t[]){ 0 });
	assert_int_equal(t_send(&p), -EINVAL);

	/* 66 bytes and 18 others, each in a slot of its own. */
	packet_make(&p, (uint32_t[]){ 66, 300, 300, 300, 300, 300, 300, 300,
		    300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300,
		    0 });
	assert_int_equal(t_send(&p), -EMSGSIZE);
	packet_free(&p);

	/* 64 KiB and more. */
	packet_make(&p, (uint32_t[]){ 4096, 4096, 4096, 4096, 4096, 4096, 4096,
		    4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 0 });
	assert_int_equal(t_send(&p), -EINVAL);
	packet_free(&p);

	assert_int_equal(t.b.tx_packets, 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(xn_net_tx_room(t_queue(0)), TX_ALL);
	t_stop();
}

static void test_tx_without_sg(void **state)
{
	struct packet p;

	be_write(&t.b.bus, "feature-sg", NULL);
	t_connect();
	packet_make(&p, (uint32_t[]){ 66, 1000, 0 });
	assert_int_equal(t_send(&p), -EMSGSIZE);
	p.pkt.csum_blank = true;
	p.pkt.gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
	p.pkt.gso_size = 1000;
	assert_int_equal(t_send(&p), -EINVAL);
	packet_free(&p);
	packet_make(&p, (uint32_t[]){ 1514, 0 });
	assert_int_equal(t_send(&p), 0);
	assert_true(packet_arrived(&p));
	packet_free(&p);
	packet_make(&p, (uint32_t[]){ 54, 20, 0 });
	assert_int_equal(t_send(&p), 0);
	assert_true(packet_arrived(&p));
	packet_free(&p);
	t_stop();
}

static void test_tx_full(void **state)
{
	static struct packet p[RING];
	unsigned int i, events, notified;

	t_connect();
	t_grow();
	notified = t.b.tx_notified;
	t.b.bus.asleep = true;
	for (i = 0; i < RING / 2; i++) {
		packet_make(&p[i], (uint32_t[]){ 66, 3000, 0 });
		assert_int_equal(xn_net_tx(t_queue(0), &p[i].pkt), 0);
	}
	packet_make(&p[i], (uint32_t[]){ 66, 0 });
	assert_int_equal(xn_net_tx(t_queue(0), &p[i].pkt), -EBUSY);
	packet_free(&p[i]);
	assert_int_equal(xn_net_tx_room(t_queue(0)), 0);

	/* One notification for all of them, and few events in return. */
	xn_net_tx_push(t_queue(0));
	host_pump();
	assert_int_equal(t.b.tx_notified, notified + 1);
	assert_int_equal(t.done, 0);
	events = t.events;
	t.b.bus.asleep = false;
	be_tx_run(&t.b.queue[0]);
	host_pump();
	assert_int_equal(t.done, RING / 2);
	assert_true(t.events - events <= 10);
	assert_int_equal(xn_net_tx_room(t_queue(0)), TX_ALL);
	for (i = 0; i < RING / 2; i++) {
		assert_true(p[i].done);
		packet_free(&p[i]);
	}
	t_stop();
}

/* Answers in another order, and for parts of packets. */
static void test_tx_out_of_order(void **state)
{
	struct be_queue *q = &t.b.queue[0];
	struct frame *f = malloc(2 * sizeof(*f));
	struct packet p[2];
	unsigned int i;

	t_connect();
	t.b.bus.hold = true;
	for (i = 0; i < 2; i++) {
		packet_make(&p[i], (uint32_t[]){ 300, 3000, 0 });
		assert_int_equal(t_send(&p[i]), 0);
		f[i] = t.b.last;
	}
	be_tx_put(q, 0, f[1].ids[0], NETIF_RSP_OKAY);
	be_tx_put(q, 1, f[0].ids[1], NETIF_RSP_OKAY);
	be_tx_push(q, 2);
	xn_net_tx_reap(t_queue(0));
	assert_false(p[0].done || p[1].done);
	/* The packets still have their first slots. */
	assert_int_equal(xn_net_tx_room(t_queue(0)), TX_ALL - 3);
	be_tx_put(q, 0, f[1].ids[1], NETIF_RSP_OKAY);
	be_tx_put(q, 1, f[0].ids[0], NETIF_RSP_OKAY);
	be_tx_push(q, 2);
	xn_net_tx_reap(t_queue(0));
	assert_true(p[0].done && p[1].done);
	assert_int_equal(xn_net_tx_room(t_queue(0)), TX_ALL);
	packet_free(&p[0]);
	packet_free(&p[1]);
	free(f);
	t_stop();
}

static void test_tx_error(void **state)
{
	struct packet p;

	t_connect();
	t.b.tx_status = NETIF_RSP_ERROR;
	packet_make(&p, (uint32_t[]){ 300, 3000, 0 });
	assert_int_equal(t_send(&p), 0);
	assert_true(p.done);
	assert_int_equal(p.err, -EIO);
	assert_int_equal(t_queue(0)->tx_stats.errors, 1);
	packet_free(&p);
	t_stop();
}

/* ---- receiving ---- */

static void receive(uint32_t len, uint32_t piece, uint16_t offset,
		    uint16_t flags, const struct netif_extra_info *extra)
{
	uint8_t *data = malloc(len);
	unsigned int before = t.received;

	pattern(data, len, len);
	be_rx_push(&t.b.queue[0], be_rx_packet(&t.b.queue[0], data, len, piece,
					       offset, flags, extra));
	host_pump();
	assert_int_equal(t.received, before + 1);
	assert_int_equal(t.got.len, len);
	assert_memory_equal(t.got.data, data, len);
	free(data);
}

static void test_rx_shapes(void **state)
{
	unsigned int round;

	t_connect();
	for (round = 0; round < 40; round++) {
		receive(60, 4096, 0, 0, NULL);
		assert_true(t.last.lent);
		receive(14, 4096, 4082, 0, NULL);
		receive(XN_NET_COPY, 4096, 0, 0, NULL);
		assert_true(t.last.lent);
		receive(XN_NET_COPY + 1, 4096, 0, 0, NULL);
		assert_false(t.last.lent);
		receive(100, 60, 0, 0, NULL);
		assert_false(t.last.lent);
		receive(1514, 4096, 256, 0, NULL);
		receive(4096, 4096, 0, 0, NULL);
		receive(9014, 4096, 0, 0, NULL);
		receive(18 * 4096, 4096, 0, 0, NULL);
		assert_int_equal(t.last.nr, 18);
		/* Every slot is offered again. */
		assert_int_equal(be_rx_room(&t.b.queue[0]), RX_ALL);
	}
	assert_int_equal(t_queue(0)->rx_stats.packets, t.received);
	assert_int_equal(t_queue(0)->rx_stats.errors, 0);
	t_stop();
}

static void test_rx_offloads(void **state)
{
	struct netif_extra_info extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = { .size = 1448, .type = XEN_NETIF_GSO_TYPE_TCPV4 },
	};

	t_connect();
	receive(40000, 4096, 0, NETRXF_csum_blank | NETRXF_data_validated,
		&extra);
	assert_true(t.last.csum_blank && t.last.data_validated);
	assert_int_equal(t.last.gso_type, XEN_NETIF_GSO_TYPE_TCPV4);
	assert_int_equal(t.last.gso_size, 1448);
	receive(1000, 4096, 0, NETRXF_data_validated, NULL);
	assert_true(!t.last.csum_blank && t.last.data_validated);
	assert_int_equal(t.last.gso_type, XEN_NETIF_GSO_TYPE_NONE);
	/* The page in the slot of the extra info is offered again. */
	assert_int_equal(be_rx_room(&t.b.queue[0]), RX_ALL);
	t_stop();
}

/* A packet without a checksum, although not agreed on, is dropped. */
static void test_rx_no_csum(void **state)
{
	uint8_t data[100] = { 0 };

	t.no_csum = true;
	t_connect();
	be_rx_push(&t.b.queue[0],
		   be_rx_packet(&t.b.queue[0], data, sizeof(data), 4096, 0,
				NETRXF_csum_blank, NULL));
	host_pump();
	assert_int_equal(t.received, 0);
	assert_int_equal(t_queue(0)->rx_stats.errors, 1);
	receive(1514, 4096, 0, NETRXF_data_validated, NULL);
	assert_int_equal(be_rx_room(&t.b.queue[0]), RX_ALL);
	t_stop();
}

static void test_rx_budget(void **state)
{
	struct be_queue *q = &t.b.queue[0];
	uint8_t data[1000];
	unsigned int i, n = 0;

	t_connect();
	t_grow();
	t.budget = 7;
	pattern(data, sizeof(data), 1);
	/* All packets are in the ring before the guest polls. */
	for (i = 0; i < 100; i++) {
		n = be_rx_packet(q, data, sizeof(data), 4096, 0, 0, NULL);
		be_rx_push(q, n);
	}
	host_pump();
	assert_int_equal(t.received, 100);
	assert_true(t.polls >= 100 / 7);
	t_stop();
}

/* A packet with an error is dropped, and its pages are used again. */
static void test_rx_errors(void **state)
{
	struct be_queue *q = &t.b.queue[0];
	struct netif_rx_response rsp = { .status = NETIF_RSP_ERROR };

	t_connect();
	rsp.id = be_rx_page(q)->id;
	be_rx_put(q, 0, rsp);
	be_rx_push(q, 1);
	/* Two pieces, the second bad; then one that is empty, and a runt. */
	rsp.id = be_rx_page(q)->id;
	rsp.flags = NETRXF_more_data;
	rsp.status = 100;
	be_rx_put(q, 0, rsp);
	rsp.id = be_rx_page(q)->id;
	rsp.flags = 0;
	rsp.status = NETIF_RSP_DROPPED;
	be_rx_put(q, 1, rsp);
	be_rx_push(q, 2);
	rsp.id = be_rx_page(q)->id;
	rsp.status = 0;
	be_rx_put(q, 0, rsp);
	be_rx_push(q, 1);
	rsp.id = be_rx_page(q)->id;
	rsp.status = 13;
	be_rx_put(q, 0, rsp);
	be_rx_push(q, 1);
	host_pump();
	assert_int_equal(t.received, 0);
	assert_int_equal(t_queue(0)->rx_stats.errors, 4);
	assert_int_equal(be_rx_room(q), RX_ALL);
	receive(1514, 4096, 0, 0, NULL);
	t_stop();
}

/* The rest of a packet is waited for without spinning. */
static void test_rx_partial(void **state)
{
	struct be_queue *q = &t.b.queue[0];
	uint8_t data[9000];
	unsigned int n, polls;

	t_connect();
	pattern(data, sizeof(data), 5);
	n = be_rx_packet(q, data, sizeof(data), 4096, 0, 0, NULL);
	assert_int_equal(n, 3);
	polls = t.polls;
	be_rx_push(q, 1);
	host_pump();
	be_rx_push(q, 1);
	host_pump();
	assert_int_equal(t.received, 0);
	assert_true(t.polls - polls <= 4);
	be_rx_push(q, 1);
	host_pump();
	assert_int_equal(t.received, 1);
	assert_memory_equal(t.got.data, data, sizeof(data));
	t_stop();
}

static void test_rx_no_pages(void **state)
{
	struct be_queue *q = &t.b.queue[0];
	unsigned int i;

	t_connect();
	t_grow();
	t.no_pages = true;
	for (i = 0; i < 100; i++)
		receive(1514, 4096, 0, 0, NULL);
	assert_int_equal(be_rx_room(q), RX_ALL - 100);
	host_run(XN_NSEC_PER_SEC);
	assert_int_equal(be_rx_room(q), RX_ALL - 100);
	/* It retries by itself, without an event. */
	t.no_pages = false;
	host_run(XN_NSEC_PER_SEC);
	assert_int_equal(be_rx_room(q), RX_ALL);
	assert_true(t_queue(0)->rx_stats.no_page > 0);
	receive(1514, 4096, 0, 0, NULL);
	t_stop();
}

/* An OS layer with little memory offers fewer pages than the ring holds. */
static void test_rx_few_pages(void **state)
{
	static const unsigned int wrong[] = {
		1, 16, 31, XN_NET_RING_SIZE + 1,
	};
	unsigned int i, pages;

	for (i = 0; i < XN_ARRAY_SIZE(wrong); i++) {
		t.rx_pages = wrong[i];
		assert_int_equal(t_start(1), -EINVAL);
	}
	t.rx_pages = 32;
	t_connect();
	pages = t.pages;
	for (i = 0; i < 40; i++) {
		assert_int_equal(be_rx_room(&t.b.queue[0]), t.rx_pages);
		receive(60, 4096, 0, 0, NULL);
		receive(1514, 4096, 0, 0, NULL);
		receive(18 * 4096, 4096, 0, 0, NULL);
		assert_int_equal(t.pages, pages);
	}
	assert_int_equal(t_queue(0)->rx_stats.no_page, 0);
	t_stop();
}

static void test_rx_notifies_who_waits(void **state)
{
	struct be_queue *q = &t.b.queue[0];
	unsigned int i, notified;

	t_connect();
	notified = t.b.rx_notified;
	for (i = 0; i < 50; i++)
		receive(1514, 4096, 0, 0, NULL);
	assert_int_equal(t.b.rx_notified, notified);
	q->rx->req_event = q->rx->req_prod + 1;
	receive(1514, 4096, 0, 0, NULL);
	assert_int_equal(t.b.rx_notified, notified + 1);
	t_stop();
}

/* ---- link, and backends that go ---- */

/* Without an answer, the node is read again. */
static void test_carrier_unanswered(void **state)
{
	t_connect();
	host_fail(HOST_FAULT_STORE, 1, -EAGAIN);
	be_write(&t.b.bus, "carrier", "0");
	host_pump();
	assert_true(host_fault_done());
	assert_true(t.link);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_false(t.link);
	assert_int_equal(host_log_count(XN_WARN), 0);
	t_stop();
}

/* One refused read of the backend's state: the device goes to Closed. */
static void test_backend_hidden(void **state)
{
	t_connect();
	host_fail(HOST_FAULT_STORE, 1, -EACCES);
	be_state(&t.b.bus, XenbusStateConnected);
	host_pump();
	assert_true(host_fault_done());
	assert_false(t.live);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	t_stop();
}

/* Notifying the backend fails: the device closes, and no packet hangs. */
static void test_notify_refused(void **state)
{
	static const uint32_t lens[] = { 60, 0 };
	struct packet p;

	t_connect();
	packet_make(&p, lens);
	assert_int_equal(xn_net_tx(t_queue(0), &p.pkt), 0);
	host_fail_hypercall(1, -EINVAL);
	xn_net_tx_push(t_queue(0));
	assert_true(host_fault_done());
	t_assert_failed("notified");
	t_stop();
	assert_true(p.done);
	packet_free(&p);
}

static void test_carrier(void **state)
{
	uint64_t before = host_stat_get(XN_STAT_REFUSED);

	be_write(&t.b.bus, "carrier", "1");
	t_connect();
	be_write(&t.b.bus, "carrier", "0");
	host_pump();
	assert_false(t.link);
	be_write(&t.b.bus, "carrier", "1");
	host_pump();
	assert_true(t.link);
	be_write(&t.b.bus, "carrier", "perhaps");
	host_pump();
	assert_false(t.link);
	be_write(&t.b.bus, "carrier", "no");
	host_pump();
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), before + 2);
	be_write(&t.b.bus, "carrier", NULL);
	host_pump();
	assert_true(t.link);
	t_stop();
}

/* xl network-detach: the backend closes, then the frontend, then both go. */
static void test_detach(void **state)
{
	struct packet p;

	t_connect();
	t.b.bus.hold = true;
	packet_make(&p, (uint32_t[]){ 66, 3000, 0 });
	assert_int_equal(t_send(&p), 0);
	be_state(&t.b.bus, XenbusStateClosing);
	host_pump();
	assert_int_equal(t.closing, 1);
	assert_false(t.b.bus.connected);
	assert_int_equal(host_xs_read_int(t.h, FRONT "/state"),
			 XenbusStateClosed);
	assert_true(p.done);
	assert_int_equal(p.err, -ESHUTDOWN);
	packet_free(&p);
	t_unplug();
	host_pump();
	t_stop();
	/* The last writes did not create the nodes again. */
	assert_null(host_xs_read(t.h, FRONT "/state"));

	/* Plugged again. */
	t_plug();
	t.b.bus.hold = false;
	t_connect();
	t_stop();
}

static void test_vanish(void **state)
{
	struct packet p;

	t_connect();
	t.b.bus.hold = true;
	packet_make(&p, (uint32_t[]){ 66, 3000, 0 });
	assert_int_equal(t_send(&p), 0);
	t_unplug();
	host_pump();
	assert_int_equal(t.closing, 1);
	assert_true(p.done);
	packet_free(&p);
	t_stop();
	assert_null(host_xs_read(t.h, FRONT "/state"));
}

/* The backend closes, and opens again. */
static void test_reconnect(void **state)
{
	unsigned int i;

	t_connect();
	for (i = 0; i < 5; i++) {
		receive(1514, 4096, 0, 0, NULL);
		be_disconnect(&t.b.bus);
		be_state(&t.b.bus, XenbusStateClosed);
		host_pump();
		assert_false(t.live);
		assert_int_equal(t.closing, i + 1);
		be_state(&t.b.bus, XenbusStateInitWait);
		host_pump();
		assert_true(t.live && t.link);
	}
	t_stop();
}

/* The backend's driver is reloaded without notice, and continues. */
static void test_reattach(void **state)
{
	struct be_queue before;
	struct packet p[2];

	t_connect();
	receive(1514, 4096, 0, 0, NULL);
	t.b.bus.asleep = true;
	packet_make(&p[0], (uint32_t[]){ 66, 3000, 0 });
	assert_int_equal(t_send(&p[0]), 0);
	before = t.b.queue[0];
	t.b.bus.sticky = true;
	be_disconnect(&t.b.bus);
	be_state(&t.b.bus, XenbusStateInitWait);
	host_pump();
	assert_true(t.live);
	assert_false(t.link);
	packet_make(&p[1], (uint32_t[]){ 66, 3000, 0 });
	assert_int_equal(t_send(&p[1]), 0);

	t.b.bus.asleep = false;
	be_connect(&t.b.bus);
	t.b.queue[0].tx_cons = before.tx_cons;
	t.b.queue[0].tx_prod = before.tx_prod;
	t.b.queue[0].rx_cons = before.rx_cons;
	t.b.queue[0].rx_prod = before.rx_prod;
	be_tx_run(&t.b.queue[0]);
	host_pump();
	assert_true(t.link);
	assert_int_equal(t.connected, 1);
	assert_true(p[0].done && p[1].done);
	assert_true(packet_arrived(&p[1]));
	receive(1514, 4096, 0, 0, NULL);
	packet_free(&p[0]);
	packet_free(&p[1]);
	t.b.bus.sticky = false;
	t_stop();
}

/* The frontend's driver is reloaded, with the same backend. */
static void test_restart(void **state)
{
	unsigned int i;

	for (i = 0; i < 5; i++) {
		t_connect();
		receive(1514, 4096, 0, 0, NULL);
		t_stop();
	}
}

static void test_stop_never_connected(void **state)
{
	be_state(&t.b.bus, XenbusStateInitialising);
	assert_int_equal(t_start(1), 0);
	assert_int_equal(t.connected, 0);
	t_stop();
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, t_setup, t_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_connect),
		TEST(test_connect_poor_backend),
		TEST(test_store_busy),
		TEST(test_connect_without), TEST(test_load_other),
		TEST(test_load_other_driver),
		TEST(test_unplug_handshake),
		TEST(test_connect_distrust),
		TEST(test_connect_mtu),
		TEST(test_connect_queues),
		TEST(test_connect_nonsense),
		TEST(test_connect_refused_by_layer),
		TEST(test_connect_failures),
		TEST(test_tx_shapes),
		TEST(test_tx_offloads),
		TEST(test_tx_refuses),
		TEST(test_tx_without_sg),
		TEST(test_tx_full),
		TEST(test_tx_out_of_order),
		TEST(test_tx_error),
		TEST(test_rx_shapes),
		TEST(test_rx_offloads),
		TEST(test_rx_no_csum), TEST(test_rx_budget),
		TEST(test_rx_errors),
		TEST(test_rx_partial),
		TEST(test_rx_no_pages),
		TEST(test_rx_few_pages),
		TEST(test_rx_notifies_who_waits),
		TEST(test_carrier),
		TEST(test_carrier_unanswered),
		TEST(test_backend_hidden),
		TEST(test_notify_refused),
		TEST(test_detach),
		TEST(test_vanish),
		TEST(test_reconnect),
		TEST(test_reattach),
		TEST(test_restart),
		TEST(test_stop_never_connected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
