// SPDX-License-Identifier: MIT
/*
 * A network interface of a guest that is saved and restored, or whose suspend is
 * cancelled: packets in flight end once, those that the backend has delivered
 * are lost at most, and the interface comes back as the new backend offers it.
 */
#include "net_backend.h"
#include "restore.h"

#define NR	8u

static struct host_config host = { .ram_pages = GUEST_PAGES };
static struct packet pkts[NR];
static bool keeps;		/* the OS layer does, in a move */

/* ---- the guest and its interface ---- */

/* Short ones, which are copied, and long ones in several pieces. */
static void packets_make(void)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		packet_make(&pkts[i], i % 2 ? (uint32_t[]){ 80, 0 } :
				      (uint32_t[]){ 66, 3000, 1200, 0 });
}

static void packets_free(void)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		packet_free(&pkts[i]);
}

/* t_tx_done() checks that none ends twice. */
static void packets_begin(void)
{
	unsigned int i;

	t.done = 0;
	for (i = 0; i < NR; i++) {
		pkts[i].done = false;
		assert_int_equal(xn_net_tx(t_queue(0), &pkts[i].pkt), 0);
	}
	xn_net_tx_push(t_queue(0));
}

static void packets_ended(int err)
{
	unsigned int i;

	assert_int_equal(t.done, NR);
	for (i = 0; i < NR; i++)
		assert_int_equal(pkts[i].err, err);
}

static void receive(unsigned int n)
{
	struct be_queue *q = &t.b.queue[0];
	uint8_t data[1000];

	pattern(data, sizeof(data), 5);
	while (n--)
		be_rx_push(q, be_rx_packet(q, data, sizeof(data), 400, 0, 0,
					   NULL));
}

/* Packets pass both ways. */
static void interface_works(void)
{
	unsigned int before = t.received;

	assert_true(t.live);
	assert_true(t.link);
	packets_begin();
	host_pump();
	packets_ended(0);
	assert_true(packet_arrived(&pkts[NR - 1]));
	receive(3);
	host_pump();
	assert_int_equal(t.received, before + 3);
	assert_int_equal(t.got.len, 1000);
}

static void begin(void)
{
	t_setup_with(&host);
	t.keeps = keeps;
	packets_make();
	t_connect();
	interface_works();
}

static void end(void)
{
	t_stop();
	packets_free();
	t_teardown(NULL);
	host_reset();
}

static void suspend(void)
{
	xn_frontend_suspend(&t.net.fe);
	guest_suspend(&t.x);
}

static void move(void)
{
	suspend();
	be_bus_lose(&t.b.bus);
	guest_moves(&t.x, t.h);
}

static int go_on(void)
{
	xn_frontend_lost(&t.net.fe);
	assert_false(t.live);
	assert_int_equal(guest_reconnect(&t.x), 0);
	host_pump();
	assert_true(xn_device_exists(&t.dev));
	return xn_frontend_resume(&t.net.fe);
}

static void stay(void)
{
	guest_stays(&t.x);
	assert_int_equal(xn_frontend_resume(&t.net.fe), 0);
	host_pump();
}

static void each_abi(void (*fn)(void))
{
	unsigned int abi, version;

	for (abi = 0; abi < 2; abi++)
		for (version = 1; version <= 2; version++) {
			host.no_fifo = !abi;
			host.gnttab_wanted = version;
			fn();
		}
}

/* ---- packets in flight ---- */

/* Not looked at; read, mapped and not answered; answered, and not seen. */
static void leave(unsigned int how)
{
	t.b.bus.asleep = how == 0;
	t.b.bus.hold = how == 1;
	t.b.keep = how == 1;
	packets_begin();
	if (how < 2)
		host_pump();
	else
		be_tx_run(&t.b.queue[0]);
	receive(how);
}

static void wake(void)
{
	t.b.bus.asleep = false;
	t.b.bus.hold = false;
	t.b.keep = false;
}

static void in_flight(void)
{
	unsigned int how;

	for (how = 0; how < 3; how++) {
		begin();
		leave(how);
		move();
		t_plug();
		wake();
		assert_int_equal(go_on(), 0);
		packets_ended(-ESHUTDOWN);
		assert_int_equal(t.closing, !keeps);
		assert_int_equal(t.moved, keeps);
		assert_int_equal(t.pages, 0);
		host_pump();
		assert_int_equal(t.connected, 2);
		interface_works();
		assert_int_equal(host_log_count(XN_ERR), 0);
		end();
	}
}

static void test_in_flight(void **state)
{
	each_abi(in_flight);
}

static void in_flight_stays(void)
{
	unsigned int how;

	for (how = 0; how < 3; how++) {
		begin();
		leave(how);
		suspend();
		stay();
		assert_true(t.live && t.link);
		assert_int_equal(t.closing, 0);
		if (how == 1) {
			be_disconnect(&t.b.bus);
			t.b.keep = false;
			end();
			continue;
		}
		wake();
		be_tx_run(&t.b.queue[0]);
		host_pump();
		packets_ended(0);
		interface_works();
		end();
	}
}

static void test_cancelled(void **state)
{
	each_abi(in_flight_stays);
}

/* In the new domain, before the interface is lost, its ports are gone. */
static void test_early_packet(void **state)
{
	begin();
	move();
	t_plug();
	packets_begin();
	assert_int_equal(xn_net_tx(t_queue(0), &pkts[0].pkt), -EIO);
	host_pump();
	assert_int_equal(go_on(), 0);
	packets_ended(-ESHUTDOWN);
	host_pump();
	interface_works();
	assert_int_equal(host_log_count(XN_ERR), 0);
	end();
}

/* Full rings of four queues, and references that were given back. */
static void test_grown(void **state)
{
	begin();
	t_stop();
	assert_int_equal(t_start(4), 0);
	t_grow();
	move();
	t_plug();
	assert_int_equal(go_on(), 0);
	assert_int_equal(xn_gnttab_used(&t.x.guest.gnttab), 0);
	host_pump();
	assert_int_equal(t.b.nr_queues, 4);
	interface_works();
	t_grow();
	(void)xn_gnttab_shrink(&t.x.guest.gnttab, 1000);
	interface_works();
	end();
}

/* ---- the new backend ---- */

static void test_backend_late(void **state)
{
	begin();
	move();
	t_plug();
	be_state(&t.b.bus, XenbusStateInitialising);
	assert_int_equal(go_on(), 0);
	host_run(3600 * XN_NSEC_PER_SEC);
	assert_false(t.live);
	assert_int_equal(t.net.fe.phase, XN_FRONTEND_IDLE);
	be_state(&t.b.bus, XenbusStateInitWait);
	host_pump();
	interface_works();
	end();
}

static void test_backend_silent(void **state)
{
	begin();
	move();
	t_plug();
	t.b.bus.sticky = true;
	assert_int_equal(go_on(), 0);
	host_run(3600 * XN_NSEC_PER_SEC);
	assert_int_equal(t.closing, !keeps);
	assert_int_equal(t.moved, keeps);
	t.b.bus.sticky = false;
	end();
}

static void test_backend_other(void **state)
{
	static const char *const gone[] = {
		"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6",
		"feature-split-event-channels", "multi-queue-max-queues",
	};
	struct packet p;
	unsigned int i;

	begin();
	t_stop();
	assert_int_equal(t_start(4), 0);
	assert_true(t.info.split_events && t.info.sg);
	move();
	t_plug();
	for (i = 0; i < XN_ARRAY_SIZE(gone); i++)
		be_write(&t.b.bus, gone[i], NULL);
	host_xs_write(t.h, FRONT "/mac", "00:16:3e:01:02:04");
	assert_int_equal(go_on(), 0);
	host_pump();
	assert_true(t.live && t.link);
	assert_false(t.info.split_events || t.info.sg || t.info.gso_tcpv4);
	assert_int_equal(t.info.nr_queues, 1);
	assert_int_equal(t.info.mac[5], 4);
	assert_int_equal(xn_net_tx(t_queue(0), &pkts[0].pkt), -EMSGSIZE);
	packet_make(&p, (uint32_t[]){ 80, 0 });
	assert_int_equal(t_send(&p), 0);
	assert_true(p.done && packet_arrived(&p));
	packet_free(&p);
	end();
}

/* Its cable is not plugged in. */
static void test_no_carrier(void **state)
{
	begin();
	move();
	t_plug();
	be_write(&t.b.bus, "carrier", "0");
	assert_int_equal(go_on(), 0);
	host_pump();
	assert_true(t.live);
	assert_false(t.link);
	be_write(&t.b.bus, "carrier", "1");
	host_pump();
	interface_works();
	end();
}

static void test_carrier_cancelled(void **state)
{
	begin();
	suspend();
	be_write(&t.b.bus, "carrier", "0");
	host_pump();
	assert_true(t.link);
	stay();
	assert_false(t.link);
	end();
}

/* ---- its life ---- */

static void handshake(enum xenbus_state early, bool stays)
{
	/* It does not wait for the backend's Connected. */
	unsigned int before = early == XenbusStateInitWait;

	t_setup_with(&host);
	t.keeps = keeps;
	packets_make();
	t.b.bus.sticky = true;
	be_state(&t.b.bus, early);
	assert_int_equal(t_start(1), 0);
	assert_int_equal(t.connected, before);
	if (stays) {
		suspend();
		t.b.bus.sticky = false;
		be_state(&t.b.bus, XenbusStateInitWait);
		be_watch(&t.b.bus);
		stay();
	} else {
		move();
		t.b.bus.sticky = false;
		t_plug();
		assert_int_equal(go_on(), 0);
		host_pump();
	}
	assert_int_equal(t.connected, before && !stays ? 2 : 1);
	interface_works();
	end();
}

static void test_handshake(void **state)
{
	handshake(XenbusStateInitialising, false);
	handshake(XenbusStateInitialising, true);
	handshake(XenbusStateInitWait, false);
	handshake(XenbusStateInitWait, true);
}

static void test_unplugged(void **state)
{
	begin();
	move();
	assert_int_equal(go_on(), -ENOENT);
	t_stop();
	assert_null(host_xs_read(t.h, FRONT "/state"));
	t_plug();
	t_connect();
	interface_works();
	end();
}

static void test_given_up_when_lost(void **state)
{
	begin();
	leave(0);
	move();
	xn_frontend_lost(&t.net.fe);
	t_stop();
	packets_ended(-ESHUTDOWN);
	wake();
	t_plug();
	assert_int_equal(guest_reconnect(&t.x), 0);
	t_connect();
	interface_works();
	end();
}

static void test_twice(void **state)
{
	unsigned int i;

	begin();
	for (i = 0; i < 4; i++) {
		move();
		t_plug();
		/* Every second time it is saved again before it is back. */
		t.b.bus.sticky = i % 2;
		assert_int_equal(go_on(), 0);
		host_pump();
		assert_int_equal(t.link, !(i % 2));
	}
	t.b.bus.sticky = false;
	be_watch(&t.b.bus);
	host_pump();
	interface_works();
	end();
}

/* The interface had failed. */
static void test_failed_before(void **state)
{
	struct be_queue *q = &t.b.queue[0];

	begin();
	be_tx_put(q, 0, 77, NETIF_RSP_OKAY);
	be_tx_push(q, 1);
	t_assert_failed("answers than packets");
	move();
	t_plug();
	assert_int_equal(go_on(), 0);
	host_pump();
	interface_works();
	end();
}

/* Each twice: an OS layer that lets the interface go in a move, and one that keeps it. */
static int kept_begin(void **state)
{
	keeps = true;
	return 0;
}

static int kept_end(void **state)
{
	keeps = false;
	return 0;
}

#define T(name) \
	cmocka_unit_test(test_##name), \
	{ #name "_kept", test_##name, kept_begin, kept_end, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(in_flight), T(cancelled), T(early_packet), T(grown),
		T(backend_late), T(backend_silent), T(backend_other),
		T(no_carrier), T(carrier_cancelled), T(handshake), T(unplugged),
		T(given_up_when_lost), T(twice), T(failed_before),
	};

	return cmocka_run_group_tests_name("resume_net", tests, NULL, NULL);
}
