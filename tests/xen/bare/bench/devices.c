// SPDX-License-Identifier: MIT
/*
 * A disk and a network: the cost of one block and one packet, including the
 * work of their backends and of both kernels.
 */
#include "bench.h"
#include "devices.h"

#define XVDA		51712
#define BLOCK		4096u
#define REPEAT		50u
#define FRAME_LEN	60
#define ARP_AT		14	/* after the Ethernet header */

static struct bare_disk disk;
static struct bare_net net;
static char block[BLOCK] __attribute__((aligned(BLOCK)));
static struct xn_waitq wait;
static bool answered;

bool bench_disk_read(void)
{
	if (!disk.connected && bare_disk_open(&disk, XVDA, NULL))
		return false;
	return !bare_disk_io(&disk, XN_BLK_READ, 0, block, BLOCK);
}

/* An ARP packet that is not a broadcast is the answer. */
static void rx(void *data, const struct xn_net_received *pkt)
{
	const struct xn_net_piece *p = &pkt->piece[0];
	const uint8_t *f = (uint8_t *)p->page + p->offset;

	if (p->len < ARP_AT || f[0] & 1 || f[12] != 8 || f[13] != 6)
		return;
	answered = true;
	xn_wake(&wait);
}

bool bench_net_ask(void)
{
	static const uint8_t head[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };
	static const uint8_t us[] = { 10, 0, 0, 2 }, dom0[] = { 10, 0, 0, 1 };
	uint8_t *f;

	net.rx = rx;
	if (!net.live && bare_net_open(&net, 0))
		return false;
	f = bare_net_get(&net);
	if (!f)
		return false;
	memset(f, 0, FRAME_LEN);
	memset(f, 255, 6);
	memcpy(f + 6, net.net.info.mac, 6);
	memcpy(f + 12, head, sizeof(head));
	memcpy(f + ARP_AT + 8, net.net.info.mac, 6);
	memcpy(f + ARP_AT + 14, us, sizeof(us));
	memcpy(f + ARP_AT + 24, dom0, sizeof(dom0));
	answered = false;
	return !bare_net_send(&net, f, FRAME_LEN) &&
	       xn_wait(&wait, answered, 5 * XN_NSEC_PER_SEC);
}

static void repeat(const char *name, bool (*fn)(void))
{
	unsigned int run, i, bad = 0;
	uint64_t begin, end;

	REQUIRE(fn(), "it is there");
	for (run = 0; run < BENCH_RUNS; run++) {
		begin = xn_cycles();
		for (i = 0; i < REPEAT; i++)
			bad += !fn();
		end = xn_cycles();
		bench_row(end - begin, REPEAT, "%s", name);
	}
	CHECK(!bad, "each time");
}

BENCH(disk, NEEDS_STORE)
{
	repeat("disk-read-4k", bench_disk_read);
}

BENCH(net, NEEDS_STORE)
{
	repeat("net-arp", bench_net_ask);
}
