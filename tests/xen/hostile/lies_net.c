// SPDX-License-Identifier: MIT
/* Lies of a network backend. The table below says what each must lead to. */
#include <unistd.h>

#include "net.h"

#define RESPONSE(_name) \
	static void _name(struct net *n, struct netif_tx_response *rsp)
#define REQUEST(_name) \
	static bool _name(struct net *n, const struct netif_tx_request *r)
#define RECEIVE(_name) \
	static bool _name(struct net *n, struct netif_rx_response *rsp)

/* ---- packets from the guest ---- */

RESPONSE(tx_id_far)	{ rsp->id = 0xffff; told(n->b); }
RESPONSE(tx_id_idle)	{ rsp->id ^= 0x80; told(n->b); }
RESPONSE(tx_null)	{ rsp->status = NETIF_RSP_NULL; told(n->b); }
RESPONSE(tx_error)	{ rsp->status = NETIF_RSP_ERROR; once(n->b); }
RESPONSE(tx_dropped)	{ rsp->status = NETIF_RSP_DROPPED; once(n->b); }
RESPONSE(tx_status)	{ rsp->status = 12345; once(n->b); }

REQUEST(tx_twice)
{
	struct netif_tx_response rsp = { r->id, NETIF_RSP_OKAY };

	n->tx->ring[n->tx_prod % NET_RING].rsp = rsp;
	n->tx->ring[(n->tx_prod + 1) % NET_RING].rsp = rsp;
	n->tx_prod += 2;
	net_tx_show(n, n->tx_prod);
	told(n->b);
	return true;
}

REQUEST(tx_jump)	{ net_tx_show(n, n->tx_prod + 1000); told(n->b); return true; }
REQUEST(tx_half_way)	{ net_tx_show(n, n->tx_prod + (1u << 31)); told(n->b); return true; }
/* Before what a frontend has seen, even if it is a whole ring behind. */
REQUEST(tx_back)	{ net_tx_show(n, n->tx_prod - NET_RING - 1); told(n->b); return true; }

REQUEST(tx_flips)
{
	flip_word(n->b, &n->tx->rsp_prod, n->tx_prod, n->tx_prod + 500);
	notify(n->b);
	told(n->b);
	n->b->deaf = true;
	return true;
}

REQUEST(tx_id_flips)
{
	struct netif_tx_response rsp = { r->id, NETIF_RSP_OKAY };
	volatile void *at = &n->tx->ring[n->tx_prod % NET_RING].rsp;

	n->tx->ring[n->tx_prod % NET_RING].rsp = rsp;
	flip_word(n->b, at, r->id, 0xfffe);
	n->tx_prod++;
	net_tx_show(n, n->tx_prod);
	told(n->b);
	n->b->deaf = true;
	return true;
}

/* Only data that is too long to be copied has a grant of its own. */
REQUEST(tx_still_mapped)
{
	if (r->size <= 256)
		return false;
	n->keep = true;
	told(n->b);
	return false;
}

REQUEST(tx_silence)	{ once(n->b); return true; }

REQUEST(tx_dies)	{ dies(n->b); return true; }
REQUEST(tx_closes)	{ closing_without_end(n->b); return true; }
REQUEST(tx_storm)	{ storms(n->b); return false; }

/* ---- packets to the guest: sizes, places, ids ---- */

RECEIVE(rx_long)	{ rsp->status = 5000; told(n->b); return true; }
RECEIVE(rx_longest)	{ rsp->status = INT16_MAX; told(n->b); return true; }
RECEIVE(rx_offset)	{ rsp->offset = 4000; told(n->b); return true; }
RECEIVE(rx_offset_far)	{ rsp->offset = 0xffff; told(n->b); return true; }
RECEIVE(rx_id)		{ rsp->id = 0xffff; told(n->b); return true; }
RECEIVE(rx_id_other)	{ rsp->id ^= 1; told(n->b); return true; }
RECEIVE(rx_empty)	{ rsp->status = 0; once(n->b); return true; }
RECEIVE(rx_runt)	{ rsp->status = 4; once(n->b); return true; }
RECEIVE(rx_error)	{ rsp->status = NETIF_RSP_ERROR; once(n->b); return true; }
RECEIVE(rx_lowest)	{ rsp->status = INT16_MIN; once(n->b); return true; }
RECEIVE(rx_flags)	{ rsp->flags = 0xfff0; once(n->b); return true; }
RECEIVE(rx_blank)
{
	rsp->flags = NETRXF_csum_blank | NETRXF_data_validated;
	once(n->b);
	return true;
}

/* A header in two pieces, cut at every place in turn, and at its end. */
RECEIVE(rx_cut_header)
{
	static unsigned int first;
	uint32_t gref;
	int id;

	rsp->status = first % 14 + 1;
	rsp->flags = NETRXF_more_data;
	first++;
	net_rx_put(n, rsp);
	id = net_rx_page(n, &gref);
	if (id < 0)
		return false;
	rsp->id = id;
	rsp->status = 300;
	rsp->flags = 0;
	if (first == 28)
		told(n->b);
	return true;
}

/*
 * Many packets, each too long to be copied by the frontend: so all pages are
 * passed to the guest's network stack, and come back.
 */
RECEIVE(rx_looks)
{
	unsigned int i;
	uint32_t gref;
	int id;

	for (i = 0; i < 15; i++) {
		net_rx_put(n, rsp);
		id = net_rx_page(n, &gref);
		if (id < 0) {
			net_rx_show(n, n->rx_prod);
			return false;
		}
		unmap_page(n->b, net_rx_fill(n, gref));
		rsp->id = id;
	}
	if (n->rx_prod > 4 * NET_RING)
		once(n->b);
	return true;
}

RECEIVE(rx_jump)	{ net_rx_show(n, n->rx_prod + 1000); told(n->b); n->b->deaf = true; return false; }
RECEIVE(rx_back)	{ net_rx_show(n, n->rx_prod - NET_RING - 1); told(n->b); n->b->deaf = true; return false; }

RECEIVE(rx_flips)
{
	net_rx_put(n, rsp);
	flip_word(n->b, &n->rx->rsp_prod, n->rx_prod, n->rx_prod + 400);
	notify(n->b);
	told(n->b);
	n->b->deaf = true;
	return false;
}

RECEIVE(rx_size_flips)
{
	volatile void *at = &n->rx->ring[n->rx_prod % NET_RING].rsp.flags;

	net_rx_put(n, rsp);
	flip_word(n->b, at, (uint32_t)NET_LEN << 16, 0x7fffu << 16);
	net_rx_show(n, n->rx_prod);
	told(n->b);
	n->b->deaf = true;
	return false;
}

/* One packet that takes more than all pages. */
RECEIVE(rx_endless)
{
	uint32_t gref;
	int id;

	rsp->flags = NETRXF_more_data;
	do {
		net_rx_put(n, rsp);
		id = net_rx_page(n, &gref);
		rsp->id = id;
	} while (id >= 0);
	net_rx_show(n, n->rx_prod);
	told(n->b);
	return false;
}

RECEIVE(rx_still_mapped)
{
	n->keep = true;
	if (!n->b->nr_held)
		return true;
	once(n->b);
	return true;
}

/* ---- ... with extra information ---- */

static void put_extra(struct net *n, uint8_t type, uint8_t flags, uint16_t size,
		      uint8_t gso)
{
	struct netif_extra_info e = {
		.type = type, .flags = flags,
		.u.gso = { .size = size, .type = gso },
	};
	uint32_t gref;

	net_rx_page(n, &gref);
	net_rx_put(n, &e);
}

static bool extra(struct net *n, struct netif_rx_response *rsp, uint8_t type,
		  uint8_t flags, uint16_t size, uint8_t gso)
{
	rsp->flags = NETRXF_extra_info;
	net_rx_put(n, rsp);
	put_extra(n, type, flags, size, gso);
	net_rx_show(n, n->rx_prod);
	once(n->b);
	return false;
}

RECEIVE(extra_type)	{ return extra(n, rsp, 200, 0, 1, 1); }
RECEIVE(extra_gso_type)	{ return extra(n, rsp, XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, 99); }
RECEIVE(extra_gso_size)	{ return extra(n, rsp, XEN_NETIF_EXTRA_TYPE_GSO, 0, 0, 1); }
RECEIVE(extra_gso_odd)	{ return extra(n, rsp, XEN_NETIF_EXTRA_TYPE_GSO, 0, 1, 1); }

/* Extra info that announces another one, which is missing. */
RECEIVE(extra_more)
{
	return extra(n, rsp, XEN_NETIF_EXTRA_TYPE_GSO,
		     XEN_NETIF_EXTRA_FLAG_MORE, 1448, 1);
}

RECEIVE(extra_missing)
{
	rsp->flags = NETRXF_extra_info;
	net_rx_put(n, rsp);
	net_rx_show(n, n->rx_prod);
	told(n->b);
	n->b->deaf = true;
	return false;
}

RECEIVE(extra_endless)
{
	unsigned int i;

	rsp->flags = NETRXF_extra_info;
	net_rx_put(n, rsp);
	for (i = 0; i < 60; i++)
		put_extra(n, XEN_NETIF_EXTRA_TYPE_GSO,
			  XEN_NETIF_EXTRA_FLAG_MORE, 1448, 1);
	net_rx_show(n, n->rx_prod);
	told(n->b);
	return false;
}

/* ---- nodes ---- */

static void carrier_nonsense(struct be *b)
{
	static const char *const values[] = { "0", "yes", "", "-1", "2", "1" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		put_back(b, "carrier", values[i]);
		usleep(30000);
	}
	told(b);
}

static void features_vanish(struct be *b)
{
	put_back(b, "feature-rx-copy", NULL);
	put_back(b, "feature-sg", NULL);
	put_back(b, "feature-gso-tcpv4", "x");
	put_front(b, "mac", "none");
	told(b);
}

/* As Linux's netback, which prefers these nodes. */
static void connect_as_linux(struct be *b)
{
	long split = get_front(b, "event-channel-tx");

	connect_to(b, split >= 0 ? split : get_front(b, "event-channel"));
}

/* Two ports, then a backend that wants one: the nodes of both must be gone. */
static void joins_ports(struct be *b)
{
	if (b->is_told || b->ticks < 8)
		return;
	if (b->rounds) {
		told(b);
		return;
	}
	put_back(b, "feature-split-event-channels", NULL);
	begin_again(b);
}

NODES(split, "feature-split-event-channels", "1");
NODES(untrusted, "trusted", "0");
NODES(no_copy, "feature-rx-copy", "0");
NODES(no_queues, "multi-queue-max-queues", "0");
NODES(queues_words, "multi-queue-max-queues", "some");
NODES(no_mac, "mac", NULL);
NODES(mac_short, "mac", "00:16:3e:00:00");
NODES(mac_many, "mac", "01:00:5e:00:00:01");
NODES(mtu_small, "mtu", "20");
NODES(mtu_huge, "mtu", "99999999999");
NODES(queues_huge, "multi-queue-max-queues", "4294967295");

#define REPLY(_name, _fn, _expect, _says) \
	{ _name, _expect, _says, \
	  .more = &(const struct net_more){ 2, .response = _fn } }
#define ACT(_name, _fn, _expect, _says) \
	{ _name, _expect, _says, \
	  .more = &(const struct net_more){ 2, .request = _fn }, .tick = poke }
#define PACKET(_name, _fn, _expect, _says) \
	{ _name, _expect, _says, \
	  .more = &(const struct net_more){ 0, .receive = _fn }, .tick = poke }

const struct lie net_lies[] = {
	LIES_OF_STATES,
	{ "nodes-of-3000-bytes", LIVES, .nodes = long_nodes,
	  .connected = at_once },

	REPLY("tx-id-far-away", tx_id_far, CLOSES, "not sent"),
	REPLY("tx-id-not-in-flight", tx_id_idle, CLOSES, "not sent"),
	REPLY("tx-answer-to-no-extra", tx_null, CLOSES, "nothing"),
	REPLY("tx-all-errors", tx_error, WORKS, NULL),
	REPLY("tx-all-dropped", tx_dropped, WORKS, NULL),
	REPLY("tx-status-that-is-none", tx_status, LIVES, NULL),
	ACT("tx-answers-twice", tx_twice, CLOSES, "answer"),
	ACT("tx-producer-jumps", tx_jump, CLOSES, "more answers"),
	ACT("tx-producer-jumps-half-way", tx_half_way, CLOSES, "more answers"),
	ACT("tx-producer-runs-back", tx_back, CLOSES, "more answers"),
	ACT("tx-producer-flips", tx_flips, CLOSES, "answer"),
	ACT("tx-id-flips", tx_id_flips, LIVES, NULL),
	ACT("tx-page-still-mapped", tx_still_mapped, CLOSES, "still in use"),
	{ "tx-never-answers", LIVES, .quiet = STALL,
	  .more = &(const struct net_more){ 2, .request = tx_silence } },
	ACT("tx-dies", tx_dies, LIVES, NULL),
	ACT("tx-closes", tx_closes, LIVES, NULL),
	ACT("tx-storms", tx_storm, WORKS, NULL),

	PACKET("rx-5000-bytes", rx_long, CLOSES, ""),
	PACKET("rx-32767-bytes", rx_longest, CLOSES, ""),
	PACKET("rx-across-its-page", rx_offset, CLOSES, ""),
	PACKET("rx-at-65535", rx_offset_far, CLOSES, ""),
	PACKET("rx-id-that-is-none", rx_id, CLOSES, ""),
	PACKET("rx-id-of-another", rx_id_other, CLOSES, ""),
	PACKET("rx-empty", rx_empty, LIVES, NULL),
	PACKET("rx-4-bytes", rx_runt, LIVES, NULL),
	PACKET("rx-header-in-pieces", rx_cut_header, WORKS, NULL),
	PACKET("rx-all-errors", rx_error, WORKS, NULL),
	PACKET("rx-lowest-status", rx_lowest, LIVES, NULL),
	PACKET("rx-unknown-flags", rx_flags, LIVES, NULL),
	PACKET("rx-no-checksum-to-fill", rx_blank, WORKS, NULL),
	PACKET("rx-producer-jumps", rx_jump, CLOSES, "more"),
	PACKET("rx-producer-runs-back", rx_back, CLOSES, "more"),
	PACKET("rx-producer-flips", rx_flips, CLOSES, ""),
	PACKET("rx-size-flips", rx_size_flips, LIVES, NULL),
	PACKET("rx-endless-packet", rx_endless, CLOSES, ""),
	PACKET("rx-page-still-mapped", rx_still_mapped, CLOSES, "still"),
	PACKET("rx-extra-unknown", extra_type, LIVES, NULL),
	PACKET("rx-gso-unknown", extra_gso_type, LIVES, NULL),
	PACKET("rx-gso-of-0-bytes", extra_gso_size, LIVES, NULL),
	PACKET("rx-gso-of-1-byte", extra_gso_odd, LIVES, NULL),
	PACKET("rx-extra-then-none", extra_more, LIVES, NULL),
	PACKET("rx-extra-missing", extra_missing, LIVES, NULL),
	PACKET("rx-extras-without-end", extra_endless, LIVES, NULL),

	{ "rx-looks-into-pages", WORKS, .front = untrusted, .tick = poke,
	  .more = &(const struct net_more){ .receive = rx_looks, .look = true } },

	{ "carrier-of-nonsense", WORKS, .connected = carrier_nonsense },
	{ "features-vanish", WORKS, .connected = features_vanish },
	REFUSED("no-copying", nodes, no_copy, "feature-rx-copy"),
	REFUSED("0-queues", nodes, no_queues, "multi-queue"),
	REFUSED("some-queues", nodes, queues_words, "multi-queue"),
	REFUSED("no-mac", front, no_mac, "mac"),
	REFUSED("mac-too-short", front, mac_short, "mac"),
	REFUSED("mac-of-many", front, mac_many, "mac"),
	REFUSED("mtu-too-small", front, mtu_small, "mtu"),
	REFUSED("mtu-too-large", front, mtu_huge, "mtu"),
	{ "split-and-joined", WORKS, .nodes = split,
	  .connect = connect_as_linux, .tick = joins_ports },
	{ "4294967295-queues", WORKS, .nodes = queues_huge,
	  .connected = at_once },
	{ NULL },
};
