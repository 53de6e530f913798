// SPDX-License-Identifier: MIT
/*
 * Every fault in the life of a network interface: attach, packets both ways,
 * detach; the backend goes and comes back; the interface is pulled out and put
 * in again; the carrier goes. Whatever fails, the device is Connected and
 * works, or is Closed; each packet comes back once; nothing is lost; and the
 * next time all is well. See sweep.h.
 */
/* A small guest: it is made thousands of times. */
#define GUEST_PAGES	2048

#include "sweep.h"
#include "net_backend.h"

#define NR_PACKETS	4u

static struct packet packets[NR_PACKETS];
static bool submitted[NR_PACKETS];

static long long front_state(void)
{
	return host_xs_read_int(t.h, FRONT "/state");
}

/* ---- packets ---- */

static void packets_make(void)
{
	static const uint32_t lens[NR_PACKETS][5] = {
		{ 60 }, { 1400 }, { 54, 4000, 3000 }, { 14, 200, 4096 },
	};
	unsigned int i;

	for (i = 0; i < NR_PACKETS; i++) {
		packet_make(&packets[i], lens[i]);
		submitted[i] = false;
	}
}

static void packets_free(void)
{
	unsigned int i;

	for (i = 0; i < NR_PACKETS; i++)
		packet_free(&packets[i]);
}

static void send_all(void)
{
	unsigned int i;

	for (i = 0; i < NR_PACKETS; i++) {
		if (!t.live)
			continue;
		packets[i].done = false;
		submitted[i] = !xn_net_tx(t_queue(0), &packets[i].pkt);
		xn_net_tx_push(t_queue(0));
	}
}

static bool packets_wait(void)
{
	unsigned int i;

	for (i = 0; i < NR_PACKETS; i++)
		if (submitted[i] && !packets[i].done)
			return true;
	return false;
}

/* Twice is not possible: the port's tx_done would not have it. */
static void packets_check(bool all_well)
{
	unsigned int i;

	for (i = 0; i < NR_PACKETS; i++) {
		if (all_well)
			assert_true(submitted[i]);
		if (submitted[i])
			assert_true(packets[i].done);
		if (all_well)
			assert_int_equal(packets[i].err, 0);
		submitted[i] = false;
	}
}

/* Returns: did they all arrive? */
static bool receive_all(void)
{
	static const uint32_t lens[] = { 60, 1500, 9000 };
	static uint8_t data[9000];
	struct be_queue *q = &t.b.queue[0];
	unsigned int i, before = t.received, sent = 0;

	for (i = 0; i < XN_ARRAY_SIZE(lens) && t.b.bus.connected; i++) {
		if (be_rx_room(q) < 4)
			break;
		pattern(data, lens[i], i);
		be_rx_push(q, be_rx_packet(q, data, lens[i], 4096, 0, 0,
					   NULL));
		host_pump();
		sent++;
	}
	return sent == i && t.received == before + XN_ARRAY_SIZE(lens);
}

/* ---- states ---- */

static int attach(unsigned int queues)
{
	const struct xn_net_config config = {
		.max_queues = queues, .rx_pages = t.rx_pages,
	};
	int err;

	memset(&t.net, 0, sizeof(t.net));
	memset(&t.dev, 0, sizeof(t.dev));
	err = xn_device_init(&t.dev, &t.x.guest, "vif", 0);
	if (err)
		return err;
	err = xn_net_init(&t.net, &t.dev, &t_ops, &config);
	host_pump();
	return err;
}

/* A device that has begun is in one of two states in the end, and idle. */
static void check_settled(void)
{
	long long state;

	host_run(300 * XN_NSEC_PER_SEC);
	state = front_state();
	if (state != XenbusStateClosed && sweep_is_final_answer()) {
		be_state(&t.b.bus, be_number(&t.b.bus, t.b.bus.path, "state"));
		host_run(300 * XN_NSEC_PER_SEC);
		state = front_state();
	}
	if (state == XenbusStateConnected && !t.link &&
	    sweep_is_final_answer()) {
		be_write(&t.b.bus, "carrier", "1");
		host_pump();
	}
	if (state == XenbusStateConnected) {
		assert_true(t.live);
		assert_true(t.b.bus.connected);
		assert_true(t.link);
	} else {
		assert_int_equal(state, XenbusStateClosed);
		assert_false(t.live);
	}
	assert_false(packets_wait());
}

static void retry(unsigned int queues)
{
	unsigned int before = t.connected;

	assert_int_equal(attach(queues), 0);
	assert_int_equal(t.connected, before + 1);
	assert_true(t.live);
	assert_true(t.link);
	send_all();
	host_run(XN_NSEC_PER_SEC);
	packets_check(true);
	assert_true(receive_all());
	t_stop();
	assert_int_equal(front_state(), XenbusStateClosed);
}

static void begin(void)
{
	t_setup(NULL);
	t.rx_pages = 32;
	packets_make();
}

static void end(void)
{
	packets_free();
	be_disconnect(&t.b.bus);
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(t.pages, 0);
	assert_int_equal(t.lost, 0);
	assert_int_equal(t.pinned, 0);
	sweep_guest_stop(&t.x, t.h);
}

/* ---- scenarios ---- */

static const unsigned int one = 1, two = 2;

static void run_life(const void *arg)
{
	unsigned int queues = *(const unsigned int *)arg;
	bool received = false;
	int err;

	begin();
	sweep_arm();
	err = attach(queues);
	if (!err) {
		send_all();
		received = receive_all();
		check_settled();
		xn_net_fini(&t.net);
	}
	sweep_disarm();
	host_pump();
	packets_check(!sweep.hit);
	assert_true(received || sweep.hit);
	assert_false(t.live);
	if (!err)
		assert_int_equal(front_state(), XenbusStateClosed);
	assert_int_equal(host_gnttab_active(t.x.host), 0);
	retry(queues);
	end();
}

static void run_return(const void *arg)
{
	unsigned int queues = *(const unsigned int *)arg;

	begin();
	assert_int_equal(attach(queues), 0);
	assert_true(t.live);
	t.b.bus.asleep = true;
	send_all();
	host_pump();
	t.b.bus.asleep = false;
	sweep_arm();
	be_state(&t.b.bus, XenbusStateClosing);
	host_run(60 * XN_NSEC_PER_SEC);
	check_settled();
	if (front_state() == XenbusStateClosed) {
		packets_check(false);
		be_state(&t.b.bus, XenbusStateInitWait);
		check_settled();
	}
	send_all();
	receive_all();
	check_settled();
	sweep_disarm();
	xn_net_fini(&t.net);
	host_pump();
	packets_check(!sweep.hit);
	assert_int_equal(front_state(), XenbusStateClosed);
	retry(queues);
	end();
}

static void run_plug(const void *arg)
{
	unsigned int queues = *(const unsigned int *)arg;
	int err;

	begin();
	assert_int_equal(attach(queues), 0);
	assert_true(t.live);
	sweep_arm();
	be_state(&t.b.bus, XenbusStateClosing);
	check_settled();
	assert_int_equal(front_state(), XenbusStateClosed);
	t_unplug();
	host_run(60 * XN_NSEC_PER_SEC);
	xn_net_fini(&t.net);
	assert_null(host_xs_read(t.h, FRONT "/state"));
	assert_int_equal(host_gnttab_active(t.x.host), 0);
	t_plug();
	err = attach(queues);
	if (!err) {
		send_all();
		check_settled();
		xn_net_fini(&t.net);
	}
	sweep_disarm();
	host_pump();
	packets_check(!sweep.hit);
	retry(queues);
	end();
}

static void run_pull(const void *arg)
{
	unsigned int queues = *(const unsigned int *)arg;

	begin();
	assert_int_equal(attach(queues), 0);
	t.b.bus.asleep = true;
	send_all();
	sweep_arm();
	t_unplug();
	host_run(60 * XN_NSEC_PER_SEC);
	assert_false(t.live);
	xn_net_fini(&t.net);
	sweep_disarm();
	packets_check(false);
	assert_null(host_xs_read(t.h, FRONT "/state"));
	assert_int_equal(host_gnttab_active(t.x.host), 0);
	t.b.bus.asleep = false;
	t_plug();
	retry(queues);
	end();
}

static void run_carrier(const void *arg)
{
	unsigned int queues = *(const unsigned int *)arg;

	begin();
	assert_int_equal(attach(queues), 0);
	assert_true(t.link);
	sweep_arm();
	be_write(&t.b.bus, "carrier", "0");
	host_run(60 * XN_NSEC_PER_SEC);
	if (sweep_is_final_answer())
		be_write(&t.b.bus, "carrier", "0");
	host_run(60 * XN_NSEC_PER_SEC);
	assert_false(t.link);
	be_write(&t.b.bus, "carrier", "1");
	host_run(60 * XN_NSEC_PER_SEC);
	if (sweep_is_final_answer())
		be_write(&t.b.bus, "carrier", "1");
	check_settled();
	send_all();
	check_settled();
	sweep_disarm();
	xn_net_fini(&t.net);
	packets_check(!sweep.hit);
	host_pump();
	retry(queues);
	end();
}

static const struct sweep_scenario scenarios[] = {
	{ "net", run_life, &one },
	{ "net-queues", run_life, &two },
	{ "net-return", run_return, &one },
	{ "net-plug", run_plug, &one },
	{ "net-pull", run_pull, &one },
	{ "net-carrier", run_carrier, &one },
};

int main(void)
{
	return sweep_all("sweep-net", scenarios, XN_ARRAY_SIZE(scenarios));
}
