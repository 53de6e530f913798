// SPDX-License-Identifier: MIT
/*
 * Every fault in the life of a network interface, as of any device, with
 * packets both ways: sweep_device.h. In addition, the carrier goes. Each packet
 * is completed once.
 */
/* A small guest: it is made thousands of times. */
#define GUEST_PAGES	2048

#include "net_backend.h"
#include "sweep_resume.h"

#define NR_PACKETS	4u

static struct packet packets[NR_PACKETS];
static bool submitted[NR_PACKETS];
static bool received;		/* the guest got all packets */

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

static void traffic(void)
{
	send_all();
	received = receive_all();
}

/* t_tx_done() checks that no packet is completed twice. */
static void packets_check(bool all_well)
{
	unsigned int i;

	assert_true(received || !all_well);
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

/* ---- the interface ---- */

static const unsigned int one = 1, two = 2;

static void net_begin(const void *queues)
{
	t_setup(NULL);
	t.rx_pages = 32;
	packets_make();
}

static void net_end(void)
{
	packets_free();
	assert_int_equal(t.pages, 0);
	assert_int_equal(t.lost, 0);
	assert_int_equal(t.pinned, 0);
}

static int net_attach(const void *queues)
{
	return t_start(*(const unsigned int *)queues);
}

static void net_detach(void)
{
	xn_net_fini(&t.net);
}

static bool net_is_up(void)
{
	assert_int_equal(t.link, t.live);
	return t.live;
}

static void net_repeat(void)
{
	if (!t.live || t.link)
		return;
	be_write(&t.b.bus, "carrier", "1");
	host_pump();
}

static void net_wake(void)
{
	unsigned int i;

	for (i = 0; i < t.b.nr_queues; i++)
		be_tx_run(&t.b.queue[i]);
}

static const struct sweep_device device = {
	.begin = net_begin,
	.end = net_end,
	.attach = net_attach,
	.detach = net_detach,
	.traffic = traffic,
	.waits = packets_wait,
	.check = packets_check,
	.is_up = net_is_up,
	.fe = &t.net.fe,
	.wake = net_wake,
	.drops = true,
	.repeat = net_repeat,
};

/* ---- scenarios ---- */

static void carrier_write(const char *value)
{
	be_write(&t.b.bus, "carrier", value);
	host_run(60 * XN_NSEC_PER_SEC);
	if (sweep_is_final_answer())
		be_write(&t.b.bus, "carrier", value);
}

static void run_carrier(const void *queues)
{
	net_begin(queues);
	sweep_connect(queues);
	sweep_arm();
	carrier_write("0");
	host_run(60 * XN_NSEC_PER_SEC);
	assert_false(t.link);
	carrier_write("1");
	sweep_settle();
	traffic();
	sweep_settle();
	sweep_disarm();
	net_detach();
	packets_check(!sweep.hit);
	host_pump();
	sweep_retry(queues);
	sweep_device_end();
}

static const struct sweep_scenario scenarios[] = {
	{ "net", sweep_life, &one },
	{ "net-queues", sweep_life, &two },
	{ "net-return", sweep_return, &one },
	{ "net-plug", sweep_plug, &one },
	{ "net-pull", sweep_pull, &one },
	{ "net-carrier", run_carrier, &one },
	{ "net-restore", sweep_restore, &one },
	{ "net-restore-twice", sweep_restore_twice, &one },
	{ "net-cancel", sweep_cancel, &one },
};

int main(void)
{
	return sweep_all("sweep-net", scenarios, XN_ARRAY_SIZE(scenarios));
}
