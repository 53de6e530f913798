// SPDX-License-Identifier: MIT
/*
 * The network frontend (xen-public/io/netif.h). The backend's domain writes at
 * any time to any byte of both shared rings, to the pages that are offered for
 * packets and to its nodes in xenstore, the toolstack to those of the frontend;
 * the backend comes and goes at any time. Whatever it does, each packet is
 * completed once, each page comes back or is reported as lost, and the backend
 * reaches only what was granted to it.
 *
 * Input: what the frontend may use, then what backend and guest do.
 */
#include "net_host.h"

#define NR_PACKETS	24u
#define MAX_PIECES	6u

static struct {
	struct packet packet[NR_PACKETS];
	bool used[NR_PACKETS];
} f;

/* ---- the guest ---- */

/* The backend may write to pages that are offered for packets. */
static void *rx_page(struct xn_net_queue *q)
{
	void *page = t.no_pages ? NULL : pages_alloc(true);

	t.pages += !!page;
	return page;
}

static void rx_page_put(struct xn_net_queue *q, void *page)
{
	t.pages--;
	pages_free(page);
}

/* The engine frees the page when it is no longer mapped. */
static void rx_page_lost(struct xn_net_queue *q, void *page)
{
	t.pages--;
	t.lost++;
	page_note(page)->data = false;
}

static void rx(struct xn_net_queue *q, const struct xn_net_received *pkt)
{
	unsigned int i, len = 0;

	t.received++;
	assert_in_range(pkt->nr, 1, XN_NET_MAX_PIECES);
	/* Linux pulls the header from the first piece. */
	assert_true(pkt->piece[0].len >= XN_NET_MIN_LEN);
	assert_true(!pkt->lent || (pkt->nr == 1 && pkt->len <= XN_NET_COPY));
	assert_true(!pkt->gso_type == !pkt->gso_size);
	for (i = 0; i < pkt->nr; i++) {
		const struct xn_net_piece *p = &pkt->piece[i];

		assert_true(p->offset + p->len <= 4096);
		assert_true(page_note(p->page)->data);
		len += p->len;
		if (!pkt->lent)
			rx_page_put(q, p->page);
	}
	assert_int_equal(len, pkt->len);
}

static void tx_pin(struct xn_net_queue *q, void *va)
{
	pages_hold(va);
}

static const struct xn_net_ops ops = {
	.event_bind = t_event_bind,
	.event_unbind = t_event_unbind,
	.connected = t_connected,
	.closing = t_closing,
	.link = t_link,
	.poll = t_poll,
	.rx_page = rx_page,
	.rx_page_put = rx_page_put,
	.rx_page_lost = rx_page_lost,
	.rx = rx,
	.tx_done = t_tx_done,
	.tx_pin = tx_pin,
	.tx_unpin = pages_let_go,
};

static bool page_in_flight(const uint8_t *page)
{
	unsigned int i, k;

	for (i = 0; i < NR_PACKETS; i++)
		for (k = 0; f.used[i] && k < f.packet[i].pkt.nr; k++)
			if (page_of(f.packet[i].sg[k].va) == page)
				return !f.packet[i].done;
	return true;		/* a page offered for packets */
}

static void packet_give_back(unsigned int i)
{
	unsigned int k;

	for (k = 0; k < f.packet[i].pkt.nr; k++)
		pages_free(f.packet[i].sg[k].va);
	f.used[i] = false;
}

static void reap(void)
{
	unsigned int i;

	for (i = 0; i < NR_PACKETS; i++)
		if (f.used[i] && f.packet[i].done)
			packet_give_back(i);
}

static void send(void)
{
	unsigned int i, queue = fuzz_below(NET_QUEUES), how = fuzz_u8();
	struct packet *p;

	for (i = 0; i < NR_PACKETS && f.used[i]; i++)
		;
	if (!t.live || i == NR_PACKETS || queue >= t.net.info.nr_queues)
		return;
	p = &f.packet[i];
	memset(p, 0, sizeof(*p));
	while (p->pkt.nr < MAX_PIECES) {
		unsigned int len = fuzz_u8();
		uint8_t *page;

		if (!len)
			break;
		page = pages_alloc(false);
		if (!page)
			break;
		if (len & 0x80)
			len = (len & 0x7f) * 32 + 1;
		/* At the page's end, so that it must not run over. */
		p->sg[p->pkt.nr].va = page + 4096 - len;
		p->sg[p->pkt.nr++].len = len;
		p->pkt.len += len;
	}
	p->pkt.sg = p->sg;
	p->pkt.cookie = p;
	p->pkt.csum_blank = how & 1;
	p->pkt.data_validated = how & 2;
	p->pkt.gso_type = how & 4 ? how >> 6 : 0;
	p->pkt.gso_size = how & 8 ? 1000 : 0;
	f.used[i] = true;
	if (!p->pkt.nr || xn_net_tx(t_queue(queue), &p->pkt))
		packet_give_back(i);
}

static void push(void)
{
	unsigned int i;

	for (i = 0; t.live && i < t.net.info.nr_queues; i++)
		xn_net_tx_push(t_queue(i));
}

static int init(void)
{
	const struct xn_net_config config = {
		.max_queues = NET_QUEUES, .rx_pages = t.rx_pages,
	};

	memset(&t.net, 0, sizeof(t.net));
	return xn_net_init(&t.net, &t.dev, &ops, &config);
}

static void fini(void)
{
	unsigned int i;

	xn_net_fini(&t.net);
	assert_false(t.live);
	assert_int_equal(t.pages, 0);
	for (i = 0; i < NR_PACKETS; i++)
		assert_true(!f.used[i] || f.packet[i].done);
	/* Nothing may refer to the device any longer. */
	memset(&t.net, 0, sizeof(t.net));
	memset(t.scheduled, 0, sizeof(t.scheduled));
}

/* ---- operations ---- */

static void pump(void)
{
	t.polls = 0;
	fe_pump();
}

static void pass_time(void)
{
	t.polls = 0;
	fuzz_time();
}

static void no_rx_page(void)
{
	t.no_pages = !t.no_pages;
}

static void tx_respond_one(struct be_queue *q)
{
	tx_respond(q, fuzz_u8());
}

static void rx_packet(struct be_queue *q)
{
	rx_respond(q, fuzz_below(2) ? 0 : 16);
	rx_push(q);
}

static void rx_respond_one(struct be_queue *q)
{
	rx_respond(q, fuzz_u8());
}

static void front_node(void)
{
	static const char *const names[] = {
		FRONT "/mac", FRONT "/mtu", FRONT "/trusted",
	};

	fuzz_write_node(t.h, names[fuzz_below(XN_ARRAY_SIZE(names))]);
}

static const struct fe_op table[] = {
	{ .run = send },
	{ .run = push },
	{ .run = pump },
	{ .run = pass_time },
	{ .ring = serve },		/* all packets, as an honest backend */
	{ .ring = tx_respond_one },	/* with or without a lie */
	{ .ring = rx_packet },		/* as an honest backend */
	{ .ring = rx_respond_one },	/* with or without a lie, or an extra */
	{ .ring = rx_push },		/* show these responses */
	{ .ring = index_op },
	{ .ring = scribble },
	{ .run = fe_map },
	{ .run = fe_unmap },
	{ .run = fe_write },
	{ .ring = notify },
	{ .plugged = fe_state },
	{ .plugged = fe_node },
	{ .plugged = front_node },
	{ .plugged = fe_connect },
	{ .run = fe_disconnect },
	{ .run = fe_plug },
	{ .plugged = fe_unplug },
	{ .run = fe_manual },
	{ .run = fe_attach },
	{ .run = fe_detach },
	{ .run = fe_conflict },
	{ .run = fe_no_page },
	{ .run = no_rx_page },
};

static const char *const nodes[] = {
	"feature-rx-copy", "feature-sg", "feature-gso-tcpv4",
	"feature-gso-tcpv6", "feature-ipv6-csum-offload",
	"feature-no-csum-offload", "feature-split-event-channels",
	"multi-queue-max-queues", "carrier", "state",
};

static void begin(void)
{
	unsigned int what = fuzz_u8();

	memset(&f, 0, sizeof(f));
	memset(&host, 0, sizeof(host));
	fe_begin(what & 4 ? 2 : 1);
	t.budget = what & 1 ? 64 : 1;
	t.rx_pages = what & 2 ? 32 : 64;
	fe.manual = what & 8;
	host_add_step(t.x.host, t_step, NULL);
	t_plug();
	if (what & 16)
		be_write(&t.b.bus, "multi-queue-max-queues", "1");
	if (what & 32)
		be_write(&t.b.bus, "feature-split-event-channels", "0");
	if (what & 64)
		be_write(&t.b.bus, "feature-sg", "0");
	if (what & 128)
		host_xs_write(t.h, FRONT "/trusted", "0");
	fe_attach();
}

static const struct fe_device device = {
	.kind = &host_kind,
	.id = 0,
	.ops = table,
	.nr_ops = XN_ARRAY_SIZE(table),
	.nodes = nodes,
	.nr_nodes = XN_ARRAY_SIZE(nodes),
	.begin = begin,
	.init = init,
	.fini = fini,
	.reap = reap,
	.ring = queue,
	.any_ref = any_ref,
};
