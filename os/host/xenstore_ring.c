/* SPDX-License-Identifier: MIT */
/*
 * The rings of the simulated xenstored (docs/misc/xenstore-ring.txt of Xen),
 * which are looked at after a notification. Called by the pump.
 */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"
#include "xenstore_int.h"

void host_xs_send_raw(struct host_xs *h, const void *data, size_t len)
{
	h->out = realloc(h->out, h->out_len + len);
	if (len)
		memcpy(h->out + h->out_len, data, len);
	h->out_len += len;
	h->writable = true;
}

void host_xs_send(struct host_xs *h, uint32_t type, uint32_t req_id,
		  const void *body, uint32_t len)
{
	struct xsd_sockmsg hdr = {
		.type = type, .req_id = req_id, .len = len,
	};

	host_xs_send_raw(h, &hdr, sizeof(hdr));
	host_xs_send_raw(h, body, len);
}

/* The guest broke the protocol: ignore its requests, and send it nothing. */
static void ring_ignore(struct host_xs *h, uint32_t why)
{
	fprintf(stderr, "# xenstore: the guest's connection is ignored\n");
	h->ignored = true;
	h->in_len = 0;
	h->out_len = 0;
	host_xs_forget_guest(h);
	if (h->page->server_features & XENSTORE_SERVER_FEATURE_ERROR)
		h->page->error = why;
}

/* Take the messages that are complete. */
static void take_messages(struct host_xs *h)
{
	struct xsd_sockmsg hdr;

	while (h->in_len >= sizeof(hdr)) {
		char body[XENSTORE_PAYLOAD_MAX + 1];
		size_t size;

		memcpy(&hdr, h->in, sizeof(hdr));
		if (hdr.len > XENSTORE_PAYLOAD_MAX) {
			ring_ignore(h, XENSTORE_ERROR_PROTO);
			return;
		}
		size = sizeof(hdr) + hdr.len;
		if (h->in_len < size)
			return;
		memcpy(body, h->in + sizeof(hdr), hdr.len);
		body[hdr.len] = '\0';
		h->in_len -= size;
		memmove(h->in, h->in + size, h->in_len);
		host_xs_take(h, &hdr, body);
	}
}

static uint32_t ring_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t at_once(const struct host_xs *h, uint32_t n)
{
	return h->lies.fragment ? ring_min(h->lies.fragment, n) : n;
}

static void ring_notify(struct host_xs *h)
{
	if (!h->lies.no_notify)
		host_port_notify(h->port);
}

static bool read_ring(struct host_xs *h)
{
	struct xenstore_domain_interface *page = h->page;
	uint32_t n = page->req_prod - page->req_cons, i;

	if (n > XENSTORE_RING_SIZE) {
		ring_ignore(h, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	n = ring_min(at_once(h, n), sizeof(h->in) - 1 - h->in_len);
	for (i = 0; i < n; i++)
		h->in[h->in_len++] =
			page->req[MASK_XENSTORE_IDX(page->req_cons + i)];
	if (!n)
		return false;
	__atomic_store_n(&page->req_cons, page->req_cons + n,
			 __ATOMIC_SEQ_CST);
	ring_notify(h);
	take_messages(h);
	return true;
}

static bool write_ring(struct host_xs *h)
{
	struct xenstore_domain_interface *page = h->page;
	uint32_t room = XENSTORE_RING_SIZE - (page->rsp_prod - page->rsp_cons);
	uint32_t n, i;

	if (room > XENSTORE_RING_SIZE) {
		ring_ignore(h, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	n = ring_min(at_once(h, room), h->out_len);
	for (i = 0; i < n; i++)
		page->rsp[MASK_XENSTORE_IDX(page->rsp_prod + i)] = h->out[i];
	if (!n)
		return false;
	h->out_len -= n;
	memmove(h->out, h->out + n, h->out_len);
	__atomic_store_n(&page->rsp_prod, page->rsp_prod + n,
			 __ATOMIC_SEQ_CST);
	ring_notify(h);
	return true;
}

static void ring_reconnect(struct host_xs *h)
{
	struct xenstore_domain_interface *page = h->page;

	host_xs_forget_guest(h);
	h->ignored = false;
	h->in_len = 0;
	h->out_len = 0;
	page->error = XENSTORE_ERROR_NONE;
	page->req_prod = 0;
	page->req_cons = 0;
	page->rsp_prod = 0;
	page->rsp_cons = 0;
	__atomic_store_n(&page->connection, XENSTORE_CONNECTED,
			 __ATOMIC_SEQ_CST);
	ring_notify(h);
}

static void ring_kicked(void *data, struct host_port *p)
{
	struct host_xs *h = data;

	if (h->page->server_features & XENSTORE_SERVER_FEATURE_RECONNECTION &&
	    h->page->connection == XENSTORE_RECONNECT)
		ring_reconnect(h);
	h->readable = true;
	h->writable = true;
}

static bool ring_step(void *data)
{
	struct host_xs *h = data;
	bool progress = host_xs_run_dom0(h);

	if (h->lies.deaf || h->ignored)
		return progress;
	if (h->readable)
		h->readable = read_ring(h);
	if (h->writable)
		h->writable = write_ring(h);
	return progress || h->readable || h->writable;
}

bool host_xs_quiet(const struct host_xs *h)
{
	const struct xenstore_domain_interface *page = h->page;

	return page->req_prod == page->req_cons &&
	       page->rsp_prod == page->rsp_cons && !h->in_len && !h->out_len;
}

void host_xs_ring_connect(struct host_xs *h)
{
	h->page = host_store_page(h->guest);
	h->port = host_store_port(h->guest);
	h->in_len = 0;
	h->out_len = 0;
	h->ignored = false;
	host_port_set_handler(h->port, ring_kicked, h);
}

void host_xs_ring_init(struct host_xs *h, struct host_guest *g)
{
	h->guest = g;
	host_xs_ring_connect(h);
	host_add_step(g, ring_step, h);
}
