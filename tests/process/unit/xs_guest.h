/* SPDX-License-Identifier: MIT */
/*
 * A guest that is connected to the simulated xenstored, for tests of xenbus/.
 * Its only event channel is the store's, so that these tests need nothing from
 * events/.
 */
#ifndef XENION_XS_GUEST_H
#define XENION_XS_GUEST_H

#include <stdlib.h>

#include "unit.h"
#include "internal.h"
#include "xenstore.h"
#include <xenion/guest.h>

struct xs_guest {
	struct host_guest *g;
	struct host_xs *h;
	struct xenstore_domain_interface *page;
	evtchn_port_t port;
	struct xn_guest xn;
};

static void xs_guest_upcall(void *data, unsigned int vcpu)
{
	struct xs_guest *xg = data;
	struct shared_info *s = xg->g->shared;
	xen_ulong_t bit = 1ul << xg->port;

	s->vcpu_info[vcpu].evtchn_upcall_pending = 0;
	s->vcpu_info[vcpu].evtchn_pending_sel = 0;
	if (__atomic_fetch_and(&s->evtchn_pending[0], ~bit, __ATOMIC_SEQ_CST) &
	    bit)
		xn_xs_upcall(&xg->xn.xs);
}

/* Everything but the connection. */
static inline struct xs_guest *xs_guest_create_with(const struct host_config *cfg)
{
	struct xs_guest *xg = calloc(1, sizeof(*xg));

	xg->g = host_guest_create(cfg);
	xg->h = host_xs_create(xg->g);
	xg->page = host_store_page(xg->g);
	xg->port = host_port_guest_end(host_store_port(xg->g));
	host_guest_set_upcall(xg->g, xs_guest_upcall, xg);
	host_log_reset();
	/* Real systems have been up for a while. */
	host_run(12345 * XN_NSEC_PER_MSEC);
	return xg;
}

static inline struct xs_guest *xs_guest_create(void)
{
	return xs_guest_create_with(NULL);
}

static inline int xs_guest_connect(struct xs_guest *xg)
{
	return xn_xs_init(&xg->xn.xs, xg->page, xg->port);
}

static inline struct xs_guest *xs_guest_start(void)
{
	struct xs_guest *xg = xs_guest_create();

	assert_int_equal(xs_guest_connect(xg), 0);
	return xg;
}

static inline void xs_guest_destroy(struct xs_guest *xg)
{
	assert_int_equal(host_guest_leaks(xg->g), 0);
	host_guest_destroy(xg->g);
	host_xs_destroy(xg->h);
	free(xg);
}

/* Nothing may be left in the guest or in xenstored. */
static inline void xs_guest_stop(struct xs_guest *xg)
{
	assert_null(xg->xn.xs.watches);
	xn_xs_fini(&xg->xn.xs);
	host_pump();
	assert_true(host_xs_quiet(xg->h));
	assert_int_equal(host_xs_watches(xg->h), 0);
	assert_int_equal(host_xs_transactions(xg->h), 0);
	xs_guest_destroy(xg);
}

#endif /* XENION_XS_GUEST_H */
