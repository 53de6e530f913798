// SPDX-License-Identifier: MIT
/*
 * lwIP on os/bare: the glue between its struct netif and dev/net.c.
 *
 * lwIP runs in one thread, which sleeps in net_run() until a packet or a timer
 * is due. The interface's own thread only puts packets into a queue: that is
 * safe even while a callback of lwIP's sleeps, because taking a pbuf from the
 * pool is all that it does with lwIP.
 */
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>
#include "devices.h"
#include "net.h"

static struct bare_net net;
static struct netif netif;
static struct xn_waitq wait;
static bool stopping;
static unsigned int dropped;

static struct {
	struct pbuf *p;
	bool trusted;	/* TCP or UDP checksum: no check needed */
} queue[PBUF_POOL_SIZE];
static unsigned int put, taken;		/* counts; queued: those in between */

u32_t sys_now(void)
{
	return xn_os_now() / XN_NSEC_PER_MSEC;
}

/* ---- packets ---- */

static struct pbuf *pbuf_of(const struct xn_net_received *pkt)
{
	struct pbuf *p;
	unsigned int i, at = 0;

	if (pkt->len > UINT16_MAX)
		return NULL;
	p = pbuf_alloc(PBUF_RAW, pkt->len, PBUF_POOL);
	for (i = 0; p && i < pkt->nr; i++) {
		const struct xn_net_piece *piece = &pkt->piece[i];

		pbuf_take_at(p, (char *)piece->page + piece->offset,
			     piece->len, at);
		at += piece->len;
	}
	return p;
}

/* Called by the interface's thread. */
static void net_received(void *data, const struct xn_net_received *pkt)
{
	struct pbuf *p = pbuf_of(pkt);

	if (!p) {
		dropped++;
		return;
	}
	queue[put % PBUF_POOL_SIZE].p = p;
	/* It comes from the same machine, or hardware has checked it. */
	queue[put % PBUF_POOL_SIZE].trusted = pkt->csum_blank || pkt->data_validated;
	put++;
	xn_wake(&wait);
}

static void give_lwip(struct pbuf *p, bool trusted)
{
	NETIF_SET_CHECKSUM_CTRL(&netif, NETIF_CHECKSUM_ENABLE_ALL &
		~(trusted ? NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP
			  : 0));
	if (netif.input(p, &netif) != ERR_OK)
		pbuf_free(p);
}

static err_t net_output(struct netif *unused, struct pbuf *p)
{
	void *page = bare_net_get(&net);

	if (!page)
		return ERR_MEM;
	pbuf_copy_partial(p, page, p->tot_len, 0);
	return bare_net_send(&net, page, p->tot_len) ? ERR_IF : ERR_OK;
}

/* ---- the interface ---- */

static err_t net_init(struct netif *n)
{
	const struct xn_net_info *info = &net.net.info;
	uint32_t mtu = XN_PAGE_SIZE - XN_NET_MIN_LEN;	/* one page a packet */

	n->name[0] = 'x';
	n->name[1] = 'n';
	n->hwaddr_len = ETH_HWADDR_LEN;
	memcpy(n->hwaddr, info->mac, ETH_HWADDR_LEN);
	n->mtu = info->mtu < mtu ? info->mtu : mtu;
	n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
		   NETIF_FLAG_ETHERNET;
	n->output = etharp_output;
	n->linkoutput = net_output;
	return ERR_OK;
}

/* "10.0.0.2/24", up to a space; without @mask, "10.0.0.2". */
static bool net_parse(const char *s, unsigned int len, ip4_addr_t *ip,
		      ip4_addr_t *mask)
{
	char text[IP4ADDR_STRLEN_MAX] = "";
	unsigned int n = 0;
	uint64_t bits;

	while (n < len && s[n] != '/')
		n++;
	if (n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	if (!ip4addr_aton(text, ip))
		return false;
	if (!mask)
		return n == len;
	if (n == len || xn_parse_uint(s + n + 1, len - n - 1, 32, &bits))
		return false;
	ip4_addr_set_u32(mask, lwip_htonl(~0ull << (32 - bits)));
	return true;
}

static bool net_option(const char *name, const char *value, ip4_addr_t *ip,
		       ip4_addr_t *mask)
{
	unsigned int len;
	const char *given = bare_option(name, &len);

	return given ? net_parse(given, len, ip, mask) :
		       net_parse(value, strlen(value), ip, mask);
}

int net_open(void)
{
	ip4_addr_t ip, mask, gw;
	int err;

	if (!net_option("ip", "10.0.0.2/24", &ip, &mask) ||
	    !net_option("gw", "10.0.0.1", &gw, NULL)) {
		bare_print("net: write addresses as ip=10.0.0.2/24 gw=10.0.0.1\n");
		return -EINVAL;
	}
	xn_waitq_init(&wait);
	lwip_init();
	net.rx = net_received;
	err = bare_net_open(&net, 0);
	if (err)
		return err;
	netif_add(&netif, &ip, &mask, &gw, NULL, net_init, ethernet_input);
	netif_set_default(&netif);
	netif_set_link_up(&netif);
	netif_set_up(&netif);
	return 0;
}

void net_run(void)
{
	while (!stopping) {
		for (; taken != put; taken++)
			give_lwip(queue[taken % PBUF_POOL_SIZE].p,
				  queue[taken % PBUF_POOL_SIZE].trusted);
		sys_check_timeouts();
		(void)xn_wait(&wait, stopping || taken != put,
			      sys_timeouts_sleeptime() * XN_NSEC_PER_MSEC);
	}
}

void net_stop(void)
{
	stopping = true;
	xn_wake(&wait);
}

unsigned int net_dropped(void)
{
	return dropped;
}

void net_close(void)
{
	bare_net_close(&net);
}
