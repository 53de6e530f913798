// SPDX-License-Identifier: MIT
/*
 * The network frontend (xen-public/io/netif.h). The backend's domain writes both
 * shared rings, all of them, whenever it likes; into the pages that are offered
 * for packets; its nodes in xenstore, as the toolstack those of the frontend;
 * and it comes and goes as it pleases. Whatever it does, each packet is
 * answered for once, each page comes back or is told to be lost, and what was
 * not granted is not reached.
 *
 * Input: what the frontend may use, then what backend and guest do.
 */
#include "net_host.h"

#define NR_PACKETS	24u
#define MAX_PIECES	6u

enum op {
	OP_SEND, OP_PUSH, OP_PUMP, OP_TIME,
	OP_SERVE,	/* answer all packets, as an honest backend */
	OP_TX_RESPOND,	/* one answer, with or without a lie */
	OP_RX_PACKET,	/* as an honest backend */
	OP_RX_RESPOND,	/* one response, with or without a lie, or an extra */
	OP_RX_PUSH,	/* show those */
	OP_INDEX, OP_SCRIBBLE,
	OP_MAP, OP_UNMAP, OP_WRITE,
	OP_NOTIFY, OP_STATE, OP_NODE, OP_FRONT_NODE,
	OP_CONNECT, OP_DISCONNECT, OP_PLUG, OP_UNPLUG, OP_MANUAL,
	OP_START, OP_STOP, OP_CONFLICT, OP_NO_PAGE, OP_NO_RX_PAGE,
	NR_OPS
};

static struct {
	struct packet packet[NR_PACKETS];
	bool used[NR_PACKETS];
	bool started;
	unsigned int errors;		/* that may be logged */
} f;

/* ---- the guest ---- */

/* Pages for packets to come are the other side's to write to. */
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

/* It is freed when nobody maps it any more, and by the engine. */
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
	/* As Linux does: the header is pulled from the first piece. */
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
	return true;		/* one for packets to come, in a slot */
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
		/* At the end of its page, where it may not leave it. */
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

static void start(void)
{
	const struct xn_net_config config = {
		.max_queues = NET_QUEUES, .rx_pages = t.rx_pages,
	};

	if (f.started)
		return;
	memset(&t.net, 0, sizeof(t.net));
	memset(&t.dev, 0, sizeof(t.dev));
	/* What it fails by, the one or the other. */
	f.errors++;
	if (xn_device_init(&t.dev, &t.x.guest, "vif", 0))
		return;
	f.started = !xn_net_init(&t.net, &t.dev, &ops, &config);
	fuzz_bound();
	host_pump();
}

static void stop(void)
{
	unsigned int i;

	if (!f.started)
		return;
	xn_net_fini(&t.net);
	f.started = false;
	assert_false(t.live);
	assert_int_equal(t.pages, 0);
	for (i = 0; i < NR_PACKETS; i++)
		assert_true(!f.used[i] || f.packet[i].done);
	/* And nobody speaks of it any more. */
	memset(&t.net, 0, sizeof(t.net));
	memset(t.scheduled, 0, sizeof(t.scheduled));
	reap();
}

/* ---- operations ---- */

static void ring_op(enum op op, struct be_queue *q)
{
	switch (op) {
	case OP_SERVE:
		serve(q);
		break;
	case OP_TX_RESPOND:
		tx_respond(q, fuzz_u8());
		break;
	case OP_RX_PACKET:
		rx_respond(q, fuzz_below(2) ? 0 : 16);
		rx_push(q);
		break;
	case OP_RX_RESPOND:
		rx_respond(q, fuzz_u8());
		break;
	case OP_RX_PUSH:
		rx_push(q);
		break;
	case OP_INDEX:
		index_op(q);
		break;
	case OP_NOTIFY:
		notify(q);
		break;
	default:
		scribble(q);
		break;
	}
}

static void node_op(void)
{
	static const char *const nodes[] = {
		"feature-rx-copy", "feature-sg", "feature-gso-tcpv4",
		"feature-gso-tcpv6", "feature-ipv6-csum-offload",
		"feature-no-csum-offload", "feature-split-event-channels",
		"multi-queue-max-queues", "carrier", "state",
	};

	const char *node = nodes[fuzz_below(XN_ARRAY_SIZE(nodes))];

	/* Nonsense there is told in addition. */
	f.errors += !strcmp(node, "state");
	fuzz_write_node(t.h, be_path(&t.b.bus, node));
}

static void front_node_op(void)
{
	static const char *const nodes[] = {
		FRONT "/mac", FRONT "/mtu", FRONT "/trusted",
	};

	fuzz_write_node(t.h, nodes[fuzz_below(XN_ARRAY_SIZE(nodes))]);
}

/* What the backend does while it has a directory in xenstore. */
static void plugged_op(enum op op)
{
	unsigned int state;

	switch (op) {
	case OP_STATE:
		state = fuzz_below(10);
		f.errors += state > XenbusStateReconfigured;
		be_state(&t.b.bus, state);
		break;
	case OP_NODE:
		node_op();
		break;
	case OP_FRONT_NODE:
		front_node_op();
		break;
	case OP_CONNECT:
		connect();
		break;
	default:
		t.b.bus.path[0] = '\0';
		host_xs_unplug(t.h, "vif", 0);
		if (fuzz_below(2))
			disconnect();
		break;
	}
}

static void dom0_op(enum op op)
{
	struct be_queue *q;

	switch (op) {
	case OP_MAP:
		pages_map(t.x.host, any_ref(), fuzz_below(2));
		break;
	case OP_UNMAP:
		pages_unmap(t.x.host, fuzz_u8());
		break;
	case OP_WRITE:
		pages_scribble(t.x.host, any_ref());
		break;
	case OP_STATE:
	case OP_NODE:
	case OP_FRONT_NODE:
	case OP_CONNECT:
	case OP_UNPLUG:
		if (t.b.bus.path[0])
			plugged_op(op);
		break;
	case OP_DISCONNECT:
		disconnect();
		break;
	case OP_PLUG:
		if (!t.b.bus.path[0])
			t_plug();
		break;
	case OP_MANUAL:
		host.manual = !host.manual;
		break;
	default:
		q = queue();
		if (q)
			ring_op(op, q);
		break;
	}
}

static void run_op(enum op op)
{
	switch (op) {
	case OP_SEND:
		send();
		break;
	case OP_PUSH:
		push();
		break;
	case OP_PUMP:
		t.polls = 0;
		host_pump();
		break;
	case OP_TIME:
		t.polls = 0;
		fuzz_time();
		break;
	case OP_START:
		start();
		break;
	case OP_STOP:
		stop();
		break;
	case OP_CONFLICT:
		host_xs_lies(t.h)->conflicts = fuzz_below(64);
		break;
	case OP_NO_PAGE:
		host_fail_page(fuzz_u8());
		break;
	case OP_NO_RX_PAGE:
		t.no_pages = !t.no_pages;
		break;
	default:
		dom0_op(op);
		break;
	}
	reap();
	assert_in_range(host_log_count(XN_ERR), 0, f.errors);
}

static void begin(void)
{
	unsigned int what = fuzz_u8();

	memset(&t, 0, sizeof(t));
	memset(&f, 0, sizeof(f));
	memset(&host, 0, sizeof(host));
	t.budget = what & 1 ? 64 : 1;
	t.rx_pages = what & 2 ? 32 : 64;
	t.h = fuzz_guest_start(&t.x, 6, what & 4 ? 2 : 1);
	pages_init(t.x.host);
	be_bus_init(&t.b.bus, &net_kind, t.x.host, t.h, 0);
	host.manual = what & 8;
	host_xs_watch(t.h, FRONT "/state", follow, NULL);
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
	start();
}

/* The guest leaves, and at last the host lets go of all that it had. */
static void end(void)
{
	fuzz_bound();
	host_fail_page(0);
	host_xs_lies(t.h)->conflicts = 0;
	stop();
	host.manual = true;
	disconnect();
	fuzz_settle(60 * XN_NSEC_PER_SEC);
	assert_in_range(host_log_count(XN_ERR), 0, f.errors);
	pages_fini();
	guest_stop(&t.x, t.h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_begin(data, size);
	begin();
	while (fuzz_left()) {
		fuzz_bound();
		run_op(fuzz_below(NR_OPS));
	}
	end();
	return 0;
}
