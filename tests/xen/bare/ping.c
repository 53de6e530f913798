// SPDX-License-Identifier: MIT
/*
 * Pings of dom0, whose own network stack is the other end, 10.0.0.1: it answers ARP
 * and pings of every size, with the same bytes that were sent.
 */
#include "ping.h"
#include "selftest.h"

#define ETH_LEN		14
#define IP_LEN		20
#define ICMP_LEN	8
#define FRAME_MAX	1514
#define ARP_LEN		42
#define ARP_FRAME	60	/* no frame is shorter */
#define TYPE_ARP	0x0806
#define TYPE_IP		0x0800

struct bare_net ping_net;
static const uint8_t our_ip[4] = { 10, 0, 0, 2 };
static const uint8_t dom0_ip[4] = { 10, 0, 0, 1 };

static uint8_t got[FRAME_MAX];
static unsigned int got_len;
static uint16_t wanted;			/* ethertype */
static uint64_t waited;			/* ns, for the last answer */
static struct xn_waitq wait;
static uint8_t mac[6];			/* dom0's */

static unsigned int header(uint8_t *f, const uint8_t *to, uint16_t type)
{
	memcpy(f, to, 6);
	memcpy(f + 6, ping_net.net.info.mac, 6);
	f[12] = type >> 8;
	f[13] = type;
	return ETH_LEN;
}

/* An ARP packet, of 28 bytes after the header. */
static unsigned int arp_packet(uint8_t *f, unsigned int op, const uint8_t *to)
{
	static const uint8_t head[7] = { 0, 1, 8, 0, 6, 4, 0 };
	uint8_t *arp = f + ETH_LEN;

	memset(f, 0, ARP_FRAME);
	header(f, to, TYPE_ARP);
	memcpy(arp, head, 7);
	arp[7] = op;
	memcpy(arp + 8, ping_net.net.info.mac, 6);
	memcpy(arp + 14, our_ip, 4);
	memcpy(arp + 18, to, 6);
	memcpy(arp + 24, dom0_ip, 4);
	return ARP_FRAME;
}

/* dom0 sometimes asks whether the guest is still there. */
static void answer_arp(const uint8_t *f)
{
	void *page;

	if (f[21] != 1 || memcmp(f + 38, our_ip, 4))
		return;
	page = bare_net_get(&ping_net);
	if (page)
		bare_net_send(&ping_net, page, arp_packet(page, 2, f + 6));
}

static void rx(void *data, const struct xn_net_received *pkt)
{
	static uint8_t f[FRAME_MAX];
	unsigned int i, at = 0, type;

	if (pkt->len > FRAME_MAX)
		return;
	for (i = 0; i < pkt->nr; i++) {
		memcpy(f + at, (char *)pkt->piece[i].page +
			       pkt->piece[i].offset, pkt->piece[i].len);
		at += pkt->piece[i].len;
	}
	type = f[12] << 8 | f[13];
	if (type == TYPE_ARP && at >= ARP_LEN)
		answer_arp(f);
	if (got_len || type != wanted || f[0] & 1)
		return;
	memcpy(got, f, at);
	got_len = at;
	xn_wake(&wait);
}

/* Sends, and waits for a frame of @type. Returns: its length, or 0. */
static unsigned int ask(const uint8_t *frame, unsigned int len, uint16_t type)
{
	void *page = bare_net_get(&ping_net);

	if (!page)
		return 0;
	memcpy(page, frame, len);
	wanted = type;
	got_len = 0;
	if (bare_net_send(&ping_net, page, len))
		return 0;
	waited = xn_os_now();
	(void)xn_wait(&wait, got_len, 5 * XN_NSEC_PER_SEC);
	waited = xn_os_now() - waited;
	return got_len;
}

static void put_sum(uint8_t *p, unsigned int len, unsigned int at)
{
	uint32_t sum = 0;
	unsigned int i;

	p[at] = p[at + 1] = 0;
	for (i = 0; i < len; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	p[at] = ~sum >> 8;
	p[at + 1] = ~sum;
}

static bool find_dom0(void)
{
	static const uint8_t everybody[6] = { 255, 255, 255, 255, 255, 255 };
	uint8_t f[ARP_FRAME];

	arp_packet(f, 1, everybody);
	if (ask(f, sizeof(f), TYPE_ARP) < ARP_LEN || got[21] != 2 ||
	    memcmp(got + 28, dom0_ip, 4))
		return false;
	memcpy(mac, got + 22, 6);
	return true;
}

bool ping(unsigned int size)
{
	static uint8_t f[FRAME_MAX];
	unsigned int len = IP_LEN + ICMP_LEN + size, i;
	uint8_t *ip = f + header(f, mac, TYPE_IP), *icmp = ip + IP_LEN;

	memset(ip, 0, len);
	ip[0] = 0x45;
	ip[2] = len >> 8;
	ip[3] = len;
	ip[8] = 64;		/* hops */
	ip[9] = 1;		/* ICMP */
	memcpy(ip + 12, our_ip, 4);
	memcpy(ip + 16, dom0_ip, 4);
	put_sum(ip, IP_LEN, 10);
	icmp[0] = 8;		/* echo request */
	for (i = 0; i < size; i++)
		icmp[ICMP_LEN + i] = i * 7 + size;
	put_sum(icmp, ICMP_LEN + size, 2);
	return ask(f, ETH_LEN + len, TYPE_IP) >= ETH_LEN + len &&
	       !got[ETH_LEN + IP_LEN] &&	/* echo reply */
	       !memcmp(got + ETH_LEN + IP_LEN + ICMP_LEN, icmp + ICMP_LEN, size);
}

int ping_begin(void)
{
	int err;

	memset(&ping_net, 0, sizeof(ping_net));
	ping_net.rx = rx;
	err = bare_net_open(&ping_net, 0);
	if (!err && !find_dom0()) {
		bare_net_close(&ping_net);
		return -ETIMEDOUT;
	}
	return err;
}

void ping_note(void)
{
	selftest_note("%u bytes came after %lu ns; %lu sent, %lu received",
		      got_len, waited, ping_net.sent, ping_net.received);
}
