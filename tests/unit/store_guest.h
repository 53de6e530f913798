/* SPDX-License-Identifier: MIT */
/* A whole guest with its xenstore, for tests of frontends: *_backend.h. */
#ifndef XENION_STORE_GUEST_H
#define XENION_STORE_GUEST_H

#include "unit.h"
#include "xenstore.h"
#include <xenion/guest.h>

static inline void guest_store_event(void *data, evtchn_port_t port)
{
	xn_xs_upcall(data);
}

#ifndef GUEST_PAGES
#define GUEST_PAGES	16384
#endif

/* Returns: the other side of its xenstore. */
static inline struct host_xs *guest_start_with(struct host_xenion *x,
					       const struct host_config *cfg)
{
	struct xn_xs *xs = &x->guest.xs;
	struct host_xs *h;
	evtchn_port_t port;

	assert_int_equal(host_xenion_start(x, cfg, NULL), 0);
	h = host_xs_create(x->host);
	port = host_port_guest_end(host_store_port(x->host));
	assert_int_equal(xn_evtchn_adopt(&x->guest.evtchn, port,
					 guest_store_event, xs), 0);
	xn_evtchn_unmask(&x->guest.evtchn, port);
	assert_int_equal(xn_xs_init(xs, host_store_page(x->host), port), 0);
	host_log_reset();
	return h;
}

static inline struct host_xs *guest_start(struct host_xenion *x)
{
	static const struct host_config cfg = { .ram_pages = GUEST_PAGES };

	return guest_start_with(x, &cfg);
}

/* Nothing may be left, of ports, grants, watches. */
static inline void guest_stop(struct host_xenion *x, struct host_xs *h)
{
	evtchn_port_t port = host_port_guest_end(host_store_port(x->host));

	assert_null(x->guest.xs.watches);
	assert_int_equal(host_gnttab_active(x->host), 0);
	xn_xs_fini(&x->guest.xs);
	xn_evtchn_unbind(&x->guest.evtchn, port);
	assert_int_equal(host_xenion_stop(x), 0);
	host_xs_destroy(h);
}

#endif /* XENION_STORE_GUEST_H */
