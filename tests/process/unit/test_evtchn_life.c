// SPDX-License-Identifier: MIT
/*
 * The holders of a port, and how a port ends: every test runs once with 2-level
 * and once with FIFO events.
 */
#include <stdio.h>

#include "unit.h"

static struct host_xenion x;
static struct xn_evtchn_table *const t = &x.guest.evtchn;

struct pair {
	evtchn_port_t port;
	struct host_port *peer;
	unsigned int events;
	struct xn_backoff backoff;	/* open in some tests only */
};

static void event(void *data, evtchn_port_t port)
{
	struct pair *p = data;
	bool was;

	assert_int_equal(port, p->port);
	p->events++;
	/* A frontend does this, in a thread where upcalls are raw. */
	was = host_raw(false);
	xn_backoff_event(&p->backoff);
	host_raw(was);
}

static void pair_open(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	assert_int_equal(xn_evtchn_bind_unbound(t, 0, event, p, &p->port), 0);
	p->peer = host_port_connect(x.host, p->port, NULL, NULL);
	assert_non_null(p->peer);
	host_pump();
	xn_evtchn_unmask(t, p->port);
}

static void fire(struct pair *p, unsigned int times)
{
	while (times--) {
		host_port_notify(p->peer);
		host_pump();
	}
}

static int start(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 4, .raw_upcalls = true };

	assert_int_equal(host_xenion_start(&x, &cfg, *state), 0);
	return 0;
}

static int stop(void **state)
{
	assert_int_equal(host_xenion_stop(&x), 0);
	return 0;
}

/* ---- holders ---- */

/* Events come when the port has no holder; the order of releases is free. */
static void test_two_holders(void **state)
{
	struct pair p;

	pair_open(&p);
	xn_evtchn_mask(t, p.port);
	xn_evtchn_hold(t, p.port, XN_HOLD_ENGINE);
	xn_evtchn_unmask(t, p.port);
	fire(&p, 2);
	assert_int_equal(p.events, 0);
	xn_evtchn_release(t, p.port, XN_HOLD_ENGINE);
	host_pump();
	assert_int_equal(p.events, 1);

	xn_evtchn_hold(t, p.port, XN_HOLD_ENGINE);
	xn_evtchn_hold(t, p.port, XN_HOLD_ENGINE);
	xn_evtchn_mask(t, p.port);
	xn_evtchn_release(t, p.port, XN_HOLD_ENGINE);
	fire(&p, 2);
	assert_int_equal(p.events, 1);
	xn_evtchn_unmask(t, p.port);
	host_pump();
	assert_int_equal(p.events, 2);
	xn_evtchn_unbind(t, p.port);
}

/* The owner's unmask, as in an interrupt flow, does not end a back-off. */
static void test_backoff_stays(void **state)
{
	struct pair p;

	pair_open(&p);
	xn_backoff_open(&p.backoff, t, p.port);
	fire(&p, 40);
	assert_int_equal(p.events, 33);
	xn_evtchn_mask(t, p.port);
	xn_evtchn_unmask(t, p.port);
	fire(&p, 40);
	assert_int_equal(p.events, 33);
	/* The end of the back-off does not unmask what the owner has masked. */
	xn_evtchn_mask(t, p.port);
	host_run(XN_NSEC_PER_SEC);
	assert_int_equal(p.events, 33);
	xn_evtchn_unmask(t, p.port);
	host_pump();
	assert_int_equal(p.events, 34);
	xn_backoff_close(&p.backoff);
	xn_evtchn_unbind(t, p.port);
}

/* Holders from before an unbind do not hold the number's next port. */
static void test_holders_forgotten(void **state)
{
	evtchn_port_t port;
	struct pair p;

	pair_open(&p);
	port = p.port;
	xn_evtchn_hold(t, port, XN_HOLD_ENGINE);
	xn_evtchn_unbind(t, port);
	/* A late release does not unmask the unbound port. */
	xn_evtchn_release(t, port, XN_HOLD_ENGINE);
	xn_evtchn_unmask(t, port);
	assert_true(t->ops->is_masked(t, port));
	pair_open(&p);
	assert_int_equal(p.port, port);
	fire(&p, 1);
	assert_int_equal(p.events, 1);
	xn_evtchn_unbind(t, p.port);
	/* Holding a port that does not exist does nothing. */
	xn_evtchn_hold(t, ~0u, XN_HOLD_ENGINE);
	xn_evtchn_release(t, ~0u, XN_HOLD_ENGINE);
}

/* An event that the guest raises waits while the port has a holder. */
static void test_raise(void **state)
{
	struct pair p;

	pair_open(&p);
	xn_evtchn_raise(t, p.port);
	host_pump();
	assert_int_equal(p.events, 1);
	xn_evtchn_mask(t, p.port);
	xn_evtchn_raise(t, p.port);
	host_pump();
	assert_int_equal(p.events, 1);
	xn_evtchn_unmask(t, p.port);
	host_pump();
	assert_int_equal(p.events, 2);
	xn_evtchn_hold(t, p.port, XN_HOLD_BACKOFF);
	xn_evtchn_raise(t, p.port);
	host_pump();
	assert_int_equal(p.events, 2);
	xn_evtchn_release(t, p.port, XN_HOLD_BACKOFF);
	host_pump();
	assert_int_equal(p.events, 3);
	xn_evtchn_unbind(t, p.port);
}

/* ---- the end of a port ---- */

/* Between detach and close the port is not used, and Xen does not reuse it. */
static void test_detached(void **state)
{
	unsigned int open = host_ports_open(x.host);
	struct pair p, q;

	pair_open(&p);
	xn_evtchn_detach(t, p.port);
	fire(&p, 1);
	assert_int_equal(p.events, 0);
	assert_int_equal(xn_evtchn_move(t, p.port, 1), -EINVAL);
	xn_evtchn_unmask(t, p.port);
	assert_true(t->ops->is_masked(t, p.port));
	assert_int_equal(host_ports_open(x.host), open + 1);
	pair_open(&q);
	assert_int_not_equal(q.port, p.port);
	xn_evtchn_unbind(t, q.port);

	xn_evtchn_close(t, p.port);
	assert_int_equal(host_ports_open(x.host), open);
	pair_open(&q);
	fire(&q, 1);
	assert_int_equal(q.events, 1);
	/* A port that is not detached is not closed. */
	xn_evtchn_close(t, q.port);
	fire(&q, 1);
	assert_int_equal(q.events, 2);
	xn_evtchn_unbind(t, q.port);
	xn_evtchn_close(t, q.port);
	xn_evtchn_close(t, 0);
	xn_evtchn_close(t, ~0u);
	assert_int_equal(host_ports_open(x.host), open);
}

/* The toolstack's ports stay open, and can be adopted again after the close. */
static void test_detached_adopted(void **state)
{
	struct pair p = { .peer = host_store_port(x.host) };

	p.port = host_port_guest_end(p.peer);
	assert_int_equal(xn_evtchn_adopt(t, p.port, event, &p), 0);
	xn_evtchn_detach(t, p.port);
	assert_int_equal(xn_evtchn_adopt(t, p.port, event, &p), -EBUSY);
	xn_evtchn_close(t, p.port);
	assert_int_equal(host_port_guest_end(p.peer), p.port);
	assert_int_equal(xn_evtchn_adopt(t, p.port, event, &p), 0);
	xn_evtchn_unmask(t, p.port);
	fire(&p, 1);
	assert_int_equal(p.events, 1);
	xn_evtchn_unbind(t, p.port);
}

/* Each of these runs with both ABIs; @state is the ABI. */
static const struct {
	const char *name;
	CMUnitTestFunction test;
} common[] = {
#define T(name)		{ #name, test_##name }
	T(two_holders), T(backoff_stays), T(holders_forgotten), T(raise),
	T(detached), T(detached_adopted),
};

int main(void)
{
	static const struct xn_evtchn_ops *const ops[] = {
		&xn_evtchn_twolevel, &xn_evtchn_fifo,
	};
	static char names[2 * XN_ARRAY_SIZE(common)][64];
	struct CMUnitTest tests[2 * XN_ARRAY_SIZE(common)];
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(names); i++) {
		snprintf(names[i], sizeof(names[i]), "%s (%s)",
			 common[i / 2].name, ops[i % 2]->name);
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = common[i / 2].test,
			.setup_func = start,
			.teardown_func = stop,
			.initial_state = (void *)ops[i % 2],
		};
	}
	return cmocka_run_group_tests_name("evtchn_life", tests, NULL, NULL);
}
