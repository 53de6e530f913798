/* SPDX-License-Identifier: MIT */
/* A whole guest with its xenstore, for tests of frontends: *_backend.h. */
#ifndef XENION_STORE_GUEST_H
#define XENION_STORE_GUEST_H

#include "unit.h"
#include "xenstore.h"
#include <xenion/store.h>

#ifndef GUEST_PAGES
#define GUEST_PAGES	16384
#endif

/* Returns: as xn_store_start(). */
static inline int guest_store_begin(struct host_xenion *x)
{
	struct xn_boot_channel where;

	xn_hvm_store(&where);
	return xn_store_start(&x->guest, &where, NULL);
}

/* Ten seconds of events from the other side, 10000 per second. */
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
	xn_store_stop(&x->guest, NULL);
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

/* No ports, grants or watches may be left. */
static inline void guest_stop(struct host_xenion *x, struct host_xs *h)
{
	assert_null(x->guest.xs.watches);
	assert_int_equal(host_gnttab_active(x->host), 0);
	guest_store_end(x);
	assert_int_equal(host_xenion_stop(x), 0);
	host_xs_destroy(h);
}

#endif /* XENION_STORE_GUEST_H */
