// SPDX-License-Identifier: MIT
/* A 9P file system for programs, on top of frontends/9p/: one request at a time. */
#include "devices.h"

#define ROOM_NS	(30 * XN_NSEC_PER_SEC)

static struct bare_9p *bare_9p_of(struct xn_9p *p9)
{
	return xn_container_of(p9, struct bare_9p, p9);
}

/* ---- what the engine asks for ---- */

static void p9_event(void *data, evtchn_port_t port)
{
	xn_9p_event(data);
}

static int p9_event_bind(struct xn_9p_ring *r, domid_t otherend,
			 evtchn_port_t *port)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	int err = xn_evtchn_bind_unbound(t, otherend, p9_event, r, port);

	if (!err)
		xn_evtchn_unmask(t, *port);
	return err;
}

static void p9_event_unbind(struct xn_9p_ring *r, evtchn_port_t port)
{
	/* Its function runs on this CPU only, so it does not run now. */
	xn_evtchn_unbind(&bare_guest.evtchn, port);
}

static int p9_connected(struct xn_9p *p9)
{
	bare_9p_of(p9)->connected = true;
	xn_wake(&bare_9p_of(p9)->wait);
	return 0;
}

static void p9_closing(struct xn_9p *p9)
{
	bare_9p_of(p9)->connected = false;
}

/* The cookie is where the waiting thread looks. */
struct p9_request {
	bool done;
	int len;
};

static void p9_complete(struct xn_9p *p9, void *cookie, int len)
{
	struct p9_request *r = cookie;

	r->len = len;
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
	xn_wake(&bare_9p_of(p9)->wait);
}

static void p9_ready(struct xn_9p *p9)
{
	xn_wake(&bare_9p_of(p9)->wait);
}

static const struct xn_9p_ops p9_ops = {
	.event_bind	= p9_event_bind,
	.event_unbind	= p9_event_unbind,
	.connected	= p9_connected,
	.closing	= p9_closing,
	.complete	= p9_complete,
	.ready		= p9_ready,
};

/* ---- for programs ---- */

int bare_9p_open(struct bare_9p *b, unsigned int id)
{
	const struct xn_9p_config config = {
		.max_rings = 1, .max_ring_order = 2,
	};
	int err;

	if (!bare_has_store)
		return -ENODEV;
	xn_waitq_init(&b->wait);
	err = xn_device_init(&b->dev, &bare_guest, "9pfs", id);
	if (err)
		return err;
	err = xn_9p_init(&b->p9, &b->dev, &p9_ops, &config);
	if (err)
		return err;
	err = bare_device_wait(&b->dev, &b->wait, &b->connected);
	if (err)
		bare_9p_close(b);
	return err;
}

void bare_9p_close(struct bare_9p *b)
{
	xn_9p_fini(&b->p9);
}

int bare_9p_call(struct bare_9p *b, const void *msg, uint32_t len, void *reply,
		 uint32_t size)
{
	struct p9_request r = { .done = false };
	const struct xn_9p_io io = {
		.msg = msg, .len = len, .reply = reply, .size = size,
		.cookie = &r,
	};
	int err = -EBUSY;

	(void)xn_wait(&b->wait, (err = xn_9p_submit(&b->p9, &io)) != -EBUSY,
		      ROOM_NS);
	if (err)
		return err;
	/* The engine always completes a request. */
	while (!xn_wait(&b->wait, __atomic_load_n(&r.done, __ATOMIC_ACQUIRE),
			ROOM_NS))
		;
	return r.len;
}
