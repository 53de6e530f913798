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

/* Returns: as the first of its calls that fails, and then nothing is left. */
static inline int guest_store_begin(struct host_xenion *x)
{
	evtchn_port_t port = host_port_guest_end(host_store_port(x->host));
	struct xn_evtchn_table *t = &x->guest.evtchn;
	struct xn_xs *xs = &x->guest.xs;
	int err;

	err = xn_evtchn_adopt(t, port, guest_store_event, xs);
	if (err)
		return err;
	xn_evtchn_unmask(t, port);
	err = xn_xs_init(xs, host_store_page(x->host), port);
	if (err)
		xn_evtchn_unbind(t, port);
	else
		xn_backoff_open(&xs->backoff, t, port);
	return err;
}

/* Ten seconds of events of the other side's, as fast as it can. */
static inline void guest_storm(struct host_port *port)
{
	unsigned int i;

	for (i = 0; i < 100000; i++) {
		host_port_notify(port);
		host_run(100000);
	}
}

static inline void guest_store_end(struct host_xenion *x)
{
	xn_xs_fini(&x->guest.xs);
	xn_backoff_close(&x->guest.xs.backoff);
	xn_evtchn_unbind(&x->guest.evtchn,
			 host_port_guest_end(host_store_port(x->host)));
}

/* Returns: the other side of its xenstore. */
static inline struct host_xs *guest_start_with(struct host_xenion *x,
					       const struct host_config *cfg)
{
	struct host_xs *h;

	assert_int_equal(host_xenion_start(x, cfg, NULL), 0);
	h = host_xs_create(x->host);
	assert_int_equal(guest_store_begin(x), 0);
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
	assert_null(x->guest.xs.watches);
	assert_int_equal(host_gnttab_active(x->host), 0);
	guest_store_end(x);
	assert_int_equal(host_xenion_stop(x), 0);
	host_xs_destroy(h);
}

#endif /* XENION_STORE_GUEST_H */
