// SPDX-License-Identifier: MIT
/*
 * Event channels with both ABIs: every test runs once with 2-level and once
 * with FIFO events. Tests of only one of them are in test_evtchn_twolevel.c and
 * test_evtchn_fifo.c.
 */
#include <stdio.h>

#include "unit.h"

static struct host_xenion x;
static struct xn_evtchn_table *const t = &x.guest.evtchn;

/* Both ends of an event channel. */
struct pair {
	evtchn_port_t port;
	struct host_port *peer;
	unsigned int events;
	unsigned int vcpu;		/* where the last event came */
	unsigned int again;		/* number of further notifications */
	bool mask;			/* mask the port in the event */
	struct xn_backoff backoff;	/* open in some tests only */
	bool work;			/* the event brings work */
};

static void event(void *data, evtchn_port_t port)
{
	struct pair *p = data;
	bool was;

	assert_int_equal(port, p->port);
	p->events++;
	p->vcpu = xn_os_cpu();
	/* A frontend does this, in a thread where upcalls are raw. */
	was = host_raw(false);
	xn_backoff_event(&p->backoff);
	if (p->work)
		xn_backoff_work(&p->backoff);
	host_raw(was);
	if (p->mask)
		xn_evtchn_mask(t, port);
	if (p->again) {
		p->again--;
		host_port_notify(p->peer);
	}
}

static void pair_make(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	assert_int_equal(xn_evtchn_bind_unbound(t, 0, event, p, &p->port), 0);
	p->peer = host_port_connect(x.host, p->port, NULL, NULL);
	assert_non_null(p->peer);
	host_pump();
}

static void pair_open(struct pair *p)
{
	pair_make(p);
	xn_evtchn_unmask(t, p->port);
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

static void test_bound_masked(void **state)
{
	struct pair p;

	pair_make(&p);
	assert_true(t->ops->is_masked(t, p.port));
	host_port_notify(p.peer);
	host_port_notify(p.peer);
	host_pump();
	assert_int_equal(p.events, 0);
	assert_true(t->ops->is_pending(t, p.port));
	xn_evtchn_unmask(t, p.port);
	host_pump();
	assert_int_equal(p.events, 1);
	assert_false(t->ops->is_pending(t, p.port));
	xn_evtchn_unbind(t, p.port);
}

static void test_notify(void **state)
{
	uint64_t upcalls = host_stat_get(XN_STAT_UPCALL);
	uint64_t events = host_stat_get(XN_STAT_EVENT);
	struct pair p;
	unsigned int i;

	pair_open(&p);
	for (i = 1; i <= 5; i++) {
		host_port_notify(p.peer);
		host_pump();
		assert_int_equal(p.events, i);
	}
	host_pump();
	assert_int_equal(p.events, 5);
	assert_int_equal(host_stat_get(XN_STAT_EVENT) - events, 5);
	assert_int_equal(host_stat_get(XN_STAT_UPCALL) - upcalls, 5);
	xn_evtchn_unbind(t, p.port);
}

/* Unmasking costs a hypercall only if an event waits. */
static void test_unmask_cost(void **state)
{
	struct pair p;
	uint64_t calls;

	pair_make(&p);
	calls = host_stat_get(XN_STAT_HYPERCALL);
	xn_evtchn_unmask(t, p.port);
	xn_evtchn_mask(t, p.port);
	xn_evtchn_unmask(t, p.port);
	xn_evtchn_unmask(t, p.port);
	assert_int_equal(host_stat_get(XN_STAT_HYPERCALL), calls);
	xn_evtchn_mask(t, p.port);
	host_port_notify(p.peer);
	xn_evtchn_unmask(t, p.port);
	assert_int_equal(host_stat_get(XN_STAT_HYPERCALL), calls + 1);
	host_pump();
	assert_int_equal(p.events, 1);
	xn_evtchn_unbind(t, p.port);
}

static void test_event_during_event(void **state)
{
	struct pair p;

	pair_open(&p);
	p.again = 3;
	host_port_notify(p.peer);
	host_pump();
	assert_int_equal(p.events, 4);
	xn_evtchn_unbind(t, p.port);
}

static void test_mask_in_event(void **state)
{
	struct pair p;

	pair_open(&p);
	p.mask = true;
	p.again = 1;
	host_port_notify(p.peer);
	host_pump();
	assert_int_equal(p.events, 1);
	p.mask = false;
	xn_evtchn_unmask(t, p.port);
	host_pump();
	assert_int_equal(p.events, 2);
	xn_evtchn_unbind(t, p.port);
}

static void test_clear(void **state)
{
	struct pair p;

	pair_make(&p);
	host_port_notify(p.peer);
	xn_evtchn_clear(t, p.port);
	xn_evtchn_unmask(t, p.port);
	host_pump();
	assert_int_equal(p.events, 0);
	/* An event set by the guest, as when an interrupt is retriggered. */
	xn_evtchn_mask(t, p.port);
	t->ops->set_pending(t, p.port);
	xn_evtchn_unmask(t, p.port);
	host_pump();
	assert_int_equal(p.events, 1);
	xn_evtchn_unbind(t, p.port);
}

static void count_sent(void *data, struct host_port *p)
{
	++*(unsigned int *)data;
}

static void test_interdomain(void **state)
{
	unsigned int sent = 0;
	struct pair p = { 0 };

	p.peer = host_port_offer(x.host, count_sent, &sent);
	assert_int_equal(xn_evtchn_bind_interdomain(t, 0,
				host_port_number(p.peer), event, &p, &p.port),
			 0);
	assert_int_equal(host_port_guest_end(p.peer), p.port);
	/* An event from before the binding is not lost. */
	xn_evtchn_unmask(t, p.port);
	host_pump();
	assert_int_equal(p.events, 1);
	assert_int_equal(xn_evtchn_send(p.port), 0);
	host_pump();
	assert_int_equal(sent, 1);
	assert_int_equal(xn_evtchn_bind_interdomain(t, 0, 4711, event, &p,
						    &p.port), -EINVAL);
	xn_evtchn_unbind(t, p.port);
	assert_int_equal(host_port_guest_end(p.peer), 0);
	assert_int_equal(xn_evtchn_send(p.port), -EINVAL);
}

static void test_virq(void **state)
{
	struct pair p = { 0 }, q = { 0 };
	evtchn_port_t none;

	assert_int_equal(xn_evtchn_bind_virq(t, VIRQ_TIMER, 2, event, &p,
					     &p.port), 0);
	assert_int_equal(xn_evtchn_bind_virq(t, VIRQ_TIMER, 3, event, &q,
					     &q.port), 0);
	assert_int_equal(xn_evtchn_bind_virq(t, VIRQ_TIMER, 2, event, &p,
					     &none), -EEXIST);
	xn_evtchn_unmask(t, p.port);
	xn_evtchn_unmask(t, q.port);
	host_virq(x.host, VIRQ_TIMER, 3);
	host_pump();
	assert_int_equal(p.events, 0);
	assert_int_equal(q.events, 1);
	assert_int_equal(q.vcpu, 3);
	host_virq(x.host, VIRQ_TIMER, 2);
	host_pump();
	assert_int_equal(p.events, 1);
	assert_int_equal(p.vcpu, 2);
	assert_int_equal(xn_evtchn_move(t, p.port, 0), -EINVAL);
	xn_evtchn_unbind(t, p.port);
	xn_evtchn_unbind(t, q.port);
}

static void test_ipi(void **state)
{
	struct pair p[4] = { 0 };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		assert_int_equal(xn_evtchn_bind_ipi(t, i, event, &p[i],
						    &p[i].port), 0);
		xn_evtchn_unmask(t, p[i].port);
	}
	for (i = 0; i < 4; i++)
		assert_int_equal(xn_evtchn_send(p[i].port), 0);
	host_pump();
	for (i = 0; i < 4; i++) {
		assert_int_equal(p[i].events, 1);
		assert_int_equal(p[i].vcpu, i);
		xn_evtchn_unbind(t, p[i].port);
	}
	assert_int_equal(xn_evtchn_bind_ipi(t, 4, event, &p[0], &p[0].port),
			 -ENOENT);
}

static void test_move(void **state)
{
	unsigned int i, to;
	struct pair p, q;

	pair_open(&p);
	pair_open(&q);		/* in the same word, which vCPU 0 reads */
	for (i = 1; i < 20; i++) {
		to = i * 7 % 4;
		assert_int_equal(xn_evtchn_move(t, p.port, to), 0);
		host_port_notify(p.peer);
		host_port_notify(q.peer);
		host_pump();
		assert_int_equal(p.events, i);
		assert_int_equal(q.events, i);
		assert_int_equal(q.vcpu, 0);
	}
	/* Once the move has ended, the new vCPU gets them all. */
	for (i = 0; i < 2; i++) {
		host_run(XN_NSEC_PER_SEC);
		host_port_notify(p.peer);
		host_port_notify(q.peer);
		host_pump();
	}
	assert_int_equal(p.vcpu, to);
	assert_int_equal(p.events, 21);
	assert_int_equal(xn_evtchn_move(t, p.port, 4), -EINVAL);
	assert_int_equal(xn_evtchn_move(t, 77, 1), -EINVAL);
	xn_evtchn_unbind(t, p.port);
	xn_evtchn_unbind(t, q.port);
	assert_int_equal(xn_evtchn_move(t, p.port, 1), -EINVAL);
}

/* An event on its way during a move comes once, on either vCPU. */
static void test_move_pending(void **state)
{
	unsigned int i, expect = 0;
	struct pair p;

	pair_open(&p);
	for (i = 1; i < 50; i++) {
		if (i & 1) {
			host_port_notify(p.peer);
			expect++;
		}
		assert_int_equal(xn_evtchn_move(t, p.port, i % 4), 0);
		if (i % 3 == 0)
			assert_int_equal(xn_evtchn_move(t, p.port, i * 5 % 4),
					 0);
		if (i % 5 == 0) {
			xn_evtchn_mask(t, p.port);
			xn_evtchn_unmask(t, p.port);
		}
		host_pump();
		assert_int_equal(p.events, expect);
	}
	/* All that must not affect later moves. */
	for (i = 0; i < 4; i++) {
		assert_int_equal(xn_evtchn_move(t, p.port, i), 0);
		host_port_notify(p.peer);
		host_pump();
		host_port_notify(p.peer);
		host_pump();
		expect += 2;
		assert_int_equal(p.events, expect);
		assert_int_equal(p.vcpu, i);
	}
	xn_evtchn_unbind(t, p.port);
}

/* Interrupt code calls these under locks of its own. */
static void test_raw(void **state)
{
	struct pair p;
	int err;

	pair_open(&p);
	host_raw(true);
	assert_int_equal(xn_evtchn_move(t, p.port, 2), 0);
	err = xn_evtchn_set_priority(t, p.port, 3);
	assert_int_equal(err, t->ops->priorities ? 0 : -EOPNOTSUPP);
	xn_evtchn_mask(t, p.port);
	xn_evtchn_raise(t, p.port);
	xn_evtchn_clear(t, p.port);
	xn_evtchn_raise(t, p.port);
	xn_evtchn_hold(t, p.port, XN_HOLD_ENGINE);
	xn_evtchn_unmask(t, p.port);
	xn_evtchn_release(t, p.port, XN_HOLD_ENGINE);
	assert_int_equal(xn_evtchn_send(p.port), 0);
	host_raw(false);
	host_pump();
	assert_int_equal(p.events, 1);
	assert_int_equal(p.vcpu, 2);
	host_raw(true);
	xn_evtchn_detach(t, p.port);
	host_raw(false);
	xn_evtchn_close(t, p.port);
}

static void test_move_fails(void **state)
{
	struct pair p;

	pair_open(&p);
	host_fail_hypercall(1, -EINVAL);
	assert_int_equal(xn_evtchn_move(t, p.port, 1), -EINVAL);
	host_port_notify(p.peer);
	host_pump();
	assert_int_equal(p.events, 1);
	assert_int_equal(p.vcpu, 0);
	xn_evtchn_unbind(t, p.port);
}

static void test_adopt(void **state)
{
	struct pair p = { .peer = host_store_port(x.host) };
	struct pair q;

	p.port = host_port_guest_end(p.peer);
	pair_open(&q);
	assert_int_equal(xn_evtchn_adopt(t, 0, event, &p), -EINVAL);
	assert_int_equal(xn_evtchn_adopt(t, ~0u, event, &p), -EINVAL);
	assert_int_equal(xn_evtchn_adopt(t, t->max_ports, event, &p), -EINVAL);
	assert_int_equal(xn_evtchn_adopt(t, 99, event, &p), -EINVAL);
	assert_int_equal(xn_evtchn_adopt(t, q.port, event, &p), -EBUSY);
	assert_int_equal(xn_evtchn_adopt(t, p.port, event, &p), 0);
	assert_int_equal(xn_evtchn_adopt(t, p.port, event, &p), -EBUSY);
	xn_evtchn_unmask(t, p.port);
	host_port_notify(p.peer);
	host_pump();
	assert_int_equal(p.events, 1);
	xn_evtchn_unbind(t, p.port);
	/* Not closed: */
	assert_int_equal(host_port_guest_end(p.peer), p.port);
	host_port_notify(p.peer);
	host_pump();
	assert_int_equal(p.events, 1);
	xn_evtchn_unbind(t, q.port);
}

/* The next user of the domain can use the toolstack's ports, adopted or not. */
static void test_reload(void **state)
{
	struct pair p = { .peer = host_store_port(x.host) };
	unsigned int i;
	uint64_t port;

	for (i = 0; i < 3; i++) {
		assert_int_equal(xn_hvm_param_get(HVM_PARAM_STORE_EVTCHN,
						  &port), 0);
		p.port = port;
		p.events = 0;
		assert_int_equal(xn_evtchn_adopt(t, port, event, &p), 0);
		xn_evtchn_unmask(t, port);
		host_pump();
		p.events = 0;
		host_port_notify(p.peer);
		host_pump();
		assert_int_equal(p.events, 1);
		xn_evtchn_unbind(t, port);
		assert_int_equal(host_xenion_unload(&x), 0);
		assert_int_equal(host_guest_leaks(x.host), 0);
		assert_int_not_equal(host_port_guest_end(p.peer), 0);
		assert_int_not_equal(
			host_port_guest_end(host_console_port(x.host)), 0);
		assert_int_equal(host_xenion_load(&x, *state), 0);
	}
}

/* Ports that never stop firing block neither other ports nor the upcall. */
static void test_storm(void **state)
{
	struct pair storm[2], p[50];
	unsigned long flags;
	unsigned int i, n;

	pair_open(&storm[0]);
	pair_open(&storm[1]);
	for (i = 0; i < XN_ARRAY_SIZE(p); i++)
		pair_open(&p[i]);
	for (i = 0; i < 2; i++) {
		storm[i].again = 100000;
		host_port_notify(storm[i].peer);
	}
	for (i = 0; i < XN_ARRAY_SIZE(p); i++)
		host_port_notify(p[i].peer);
	flags = host_upcalls_disable();
	n = xn_evtchn_upcall(t, 0);
	host_upcalls_restore(flags);
	assert_in_range(n, 52, 2000);
	for (i = 0; i < XN_ARRAY_SIZE(p); i++)
		assert_int_equal(p[i].events, 1);
	for (i = 0; i < XN_ARRAY_SIZE(p); i++)
		xn_evtchn_unbind(t, p[i].port);
	xn_evtchn_unbind(t, storm[0].port);
	xn_evtchn_unbind(t, storm[1].port);
	if (t->ops == &xn_evtchn_fifo)
		host_pump();
}

static void test_storm_drains(void **state)
{
	struct pair p[2];
	unsigned int i, round;

	pair_open(&p[0]);
	pair_open(&p[1]);
	for (round = 1; round <= 2; round++) {
		for (i = 0; i < 2; i++) {
			p[i].again = 5000;
			host_port_notify(p[i].peer);
		}
		host_pump();
		for (i = 0; i < 2; i++)
			assert_int_equal(p[i].events, round * 5001);
	}
	for (i = 0; i < 2; i++)
		xn_evtchn_unbind(t, p[i].port);
	/* FIFO: a port for the relief stays open for the next storm. */
	assert_int_equal(host_ports_open(x.host),
			 t->ops == &xn_evtchn_fifo ? 3 : 2);
}

static void test_unbound_event(void **state)
{
	struct pair p;

	pair_open(&p);
	host_port_notify(p.peer);
	xn_evtchn_unbind(t, p.port);
	host_pump();
	assert_int_equal(p.events, 0);
	/* The number can be used again, without an event from before. */
	pair_open(&p);
	host_pump();
	assert_int_equal(p.events, 0);
	host_port_notify(p.peer);
	host_pump();
	assert_int_equal(p.events, 1);
	xn_evtchn_unbind(t, p.port);
	/* Unbinding an unbound port does nothing. */
	xn_evtchn_unbind(t, p.port);
	xn_evtchn_unbind(t, 0);
	xn_evtchn_unbind(t, ~0u);
}

/* The host fires a port that is masked and no longer bound. */
static void test_spurious(void **state)
{
	struct pair p = { .peer = host_store_port(x.host) };
	struct evtchn_unmask u;

	u.port = p.port = host_port_guest_end(p.peer);
	assert_int_equal(xn_evtchn_adopt(t, p.port, event, &p), 0);
	xn_evtchn_unbind(t, p.port);
	assert_int_equal(xn_hc_evtchn(EVTCHNOP_unmask, &u), 0);
	host_port_notify(p.peer);
	host_pump();
	assert_int_equal(p.events, 0);
	assert_int_equal(t->spurious, 1);
	/* When it is bound next, it is masked all the same. */
	assert_int_equal(xn_evtchn_adopt(t, p.port, event, &p), 0);
	host_port_notify(p.peer);
	host_pump();
	assert_int_equal(p.events, 0);
	xn_evtchn_unbind(t, p.port);
	/* An upcall on a vCPU that does not exist. */
	assert_int_equal(xn_evtchn_upcall(t, 4), 0);
	assert_int_equal(xn_evtchn_upcall(t, ~0u), 0);
}

static void test_many_ports(void **state)
{
	static struct pair p[700];
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(p); i++)
		pair_open(&p[i]);
	for (i = 0; i < XN_ARRAY_SIZE(p); i++)
		host_port_notify(p[i].peer);
	host_pump();
	for (i = 0; i < XN_ARRAY_SIZE(p); i++) {
		assert_int_equal(p[i].events, 1);
		xn_evtchn_unbind(t, p[i].port);
	}
}

/* Each allocation and each hypercall fails once: errors, but no leaks. */
static void use_all(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 4 };
	struct pair p = { 0 };
	evtchn_port_t port;

	if (host_xenion_start(&x, &cfg, *state))
		return;
	if (!xn_evtchn_bind_unbound(t, 0, event, &p, &p.port))
		xn_evtchn_unbind(t, p.port);
	host_port_first(x.host, 3000);
	if (!xn_evtchn_bind_ipi(t, 1, event, &p, &p.port)) {
		xn_evtchn_unmask(t, p.port);
		xn_evtchn_unbind(t, p.port);
	}
	host_port_first(x.host, 1);
	port = host_port_guest_end(host_store_port(x.host));
	if (!xn_evtchn_adopt(t, port, event, &p))
		xn_evtchn_unbind(t, port);
}

static void test_no_memory(void **state)
{
	unsigned int n;
	bool done;

	for (n = 1;; n++) {
		host_fail_page(n);
		use_all(state);
		done = !host_fault_done();
		host_fail_page(0);
		assert_int_equal(host_xenion_stop(&x), 0);
		if (done)
			break;
	}
	assert_in_range(n, 5, 50);
	host_log_reset();
}

static void test_hypercalls_fail(void **state)
{
	unsigned int n;
	bool done;

	for (n = 1;; n++) {
		host_log_reset();
		host_fail_hypercall(n, -ENOMEM);
		use_all(state);
		/* Xen keeps what it refuses to take back, which is reported. */
		if (host_xenion_stop(&x))
			assert_int_equal(host_log_count(XN_ERR) +
					 host_log_count(XN_WARN), 1);
		done = !host_fault_done();
		host_fail_hypercall(0, 0);
		if (done)
			break;
	}
	assert_in_range(n, 5, 80);
}

static void test_two_guests(void **state)
{
	static struct host_xenion other;
	struct pair p = { 0 }, q;
	unsigned int leaks;

	pair_open(&q);
	assert_int_equal(host_xenion_start(&other, NULL, *state), 0);
	assert_int_equal(xn_evtchn_bind_unbound(&other.guest.evtchn, 0, event,
						&p, &p.port), 0);
	p.peer = host_port_connect(other.host, p.port, NULL, NULL);
	xn_evtchn_unmask(&other.guest.evtchn, p.port);
	host_port_notify(q.peer);
	host_pump();
	assert_int_equal(q.events, 1);
	assert_int_equal(p.events, 0);
	host_port_notify(p.peer);
	host_pump();
	assert_int_equal(q.events, 1);
	assert_int_equal(p.events, 1);
	xn_evtchn_unbind(&other.guest.evtchn, p.port);
	leaks = host_xenion_stop(&other);
	assert_int_equal(leaks, 0);
	host_guest_enter(x.host, 0);
	xn_evtchn_unbind(t, q.port);
}

static void test_choice(void **state)
{
	const struct host_config old = { .no_fifo = true };
	const struct host_config many = { .nr_vcpus = XN_MAX_VCPUS + 1 };

	assert_int_equal(host_xenion_start(&x, NULL, NULL), 0);
	assert_ptr_equal(t->ops, &xn_evtchn_fifo);
	assert_int_equal(host_xenion_stop(&x), 0);

	assert_int_equal(host_xenion_start(&x, &old, NULL), 0);
	assert_ptr_equal(t->ops, &xn_evtchn_twolevel);
	assert_int_equal(host_xenion_stop(&x), 0);

	assert_int_equal(host_xenion_start(&x, &old, &xn_evtchn_fifo), -ENOSYS);
	assert_int_equal(host_xenion_stop(&x), 0);

	assert_int_equal(host_xenion_start(&x, &many, NULL), -EINVAL);
	assert_int_equal(host_xenion_stop(&x), 0);
}

/* ---- ports that fire without work ---- */

static void paced_open(struct pair *p)
{
	pair_make(p);
	xn_backoff_open(&p->backoff, t, p->port);
	xn_evtchn_unmask(t, p->port);
}

static void fire(struct pair *p, unsigned int times)
{
	while (times--) {
		host_port_notify(p->peer);
		host_pump();
	}
}

static void paced_close(struct pair *p)
{
	xn_backoff_close(&p->backoff);
	xn_evtchn_unbind(t, p->port);
}

/* The port is held twice as long each time. */
static void test_backoff(void **state)
{
	uint64_t held = host_stat_get(XN_STAT_EVENT_HELD);
	uint64_t delay = XN_NSEC_PER_MSEC;
	unsigned int i, events = 33;
	struct pair p;

	host_log_reset();
	paced_open(&p);
	fire(&p, 32);
	assert_false(t->ops->is_masked(t, p.port));
	fire(&p, 1);
	for (i = 0; i < 12; i++) {
		/* Events that come meanwhile become one, which is not lost. */
		fire(&p, 3);
		assert_true(t->ops->is_masked(t, p.port));
		host_run(delay - 1);
		assert_int_equal(p.events, events);
		host_run(1);
		assert_int_equal(p.events, ++events);
		if (i < 10)
			delay *= 2;
	}
	assert_int_equal(delay, 1024 * XN_NSEC_PER_MSEC);
	assert_int_equal(p.backoff.spurious, events - 1);
	assert_int_equal(host_stat_get(XN_STAT_EVENT_HELD) - held, 13);
	assert_int_equal(host_log_count(XN_WARN), 1);
	paced_close(&p);
}

/* Work releases the port, whether it comes with the event or later. */
static void test_backoff_work(void **state)
{
	struct pair p;

	paced_open(&p);
	fire(&p, 50);
	assert_int_equal(p.events, 33);
	xn_backoff_work(&p.backoff);
	host_pump();
	assert_int_equal(p.events, 34);
	p.work = true;
	fire(&p, 100);
	assert_int_equal(p.events, 134);
	/* The next 32 events are free again. */
	p.work = false;
	fire(&p, 32);
	assert_int_equal(p.events, 166);
	assert_false(t->ops->is_masked(t, p.port));
	p.work = true;
	fire(&p, 2);
	assert_int_equal(p.events, 168);
	assert_false(t->ops->is_masked(t, p.port));
	paced_close(&p);
}

/* When the back-off ends, it no longer holds the port, and nothing is left. */
static void test_backoff_close(void **state)
{
	struct pair p;

	paced_open(&p);
	fire(&p, 33);
	assert_true(t->ops->is_masked(t, p.port));
	xn_backoff_close(&p.backoff);
	assert_false(t->ops->is_masked(t, p.port));
	xn_evtchn_mask(t, p.port);
	host_run(XN_NSEC_PER_SEC);
	xn_backoff_work(&p.backoff);
	assert_true(t->ops->is_masked(t, p.port));
	/* Closed, it does nothing; and it can be opened again. */
	xn_evtchn_unmask(t, p.port);
	fire(&p, 100);
	assert_int_equal(p.events, 133);
	xn_backoff_close(&p.backoff);
	xn_backoff_open(&p.backoff, t, p.port);
	fire(&p, 100);
	assert_int_equal(p.events, 166);
	paced_close(&p);
}

/* Each of these runs with both ABIs; @state is the ABI. */
static const struct {
	const char *name;
	CMUnitTestFunction test;
	bool alone;		/* makes its own guests */
} common[] = {
#define T(name)		{ #name, test_##name, false }
#define ALONE(name)	{ #name, test_##name, true }
	T(bound_masked), T(notify), T(unmask_cost), T(event_during_event),
	T(mask_in_event), T(clear), T(interdomain), T(virq), T(ipi), T(move),
	T(move_pending), T(raw), T(move_fails), T(adopt), T(reload),
	T(storm), T(storm_drains), T(unbound_event), T(spurious),
	T(many_ports), T(two_guests), T(backoff), T(backoff_work),
	T(backoff_close),
	ALONE(no_memory), ALONE(hypercalls_fail),
};

int main(void)
{
	static const struct xn_evtchn_ops *const ops[] = {
		&xn_evtchn_twolevel, &xn_evtchn_fifo,
	};
	static char names[2 * XN_ARRAY_SIZE(common)][64];
	struct CMUnitTest tests[2 * XN_ARRAY_SIZE(common) + 1] = {
		[2 * XN_ARRAY_SIZE(common)] = cmocka_unit_test(test_choice),
	};
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(names); i++) {
		bool alone = common[i / 2].alone;

		snprintf(names[i], sizeof(names[i]), "%s (%s)",
			 common[i / 2].name, ops[i % 2]->name);
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = common[i / 2].test,
			.setup_func = alone ? NULL : start,
			.teardown_func = alone ? NULL : stop,
			.initial_state = (void *)ops[i % 2],
		};
	}
	return cmocka_run_group_tests_name("evtchn", tests, NULL, NULL);
}
