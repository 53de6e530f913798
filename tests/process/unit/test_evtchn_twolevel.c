// SPDX-License-Identifier: MIT
/*
 * 2-level event channels: the selector words, moves of ports that share a word,
 * and a host that writes invalid values to shared info.
 */
#include "unit.h"
#include "internal.h"

static struct host_xenion x;
static struct xn_evtchn_table *const t = &x.guest.evtchn;

struct count {
	unsigned int events, vcpu;
};

static void event(void *data, evtchn_port_t port)
{
	struct count *c = data;

	c->events++;
	c->vcpu = xn_os_cpu();
}

static struct host_port *open_port(struct count *c, evtchn_port_t *port)
{
	struct host_port *p;

	memset(c, 0, sizeof(*c));
	assert_int_equal(xn_evtchn_bind_unbound(t, 0, event, c, port), 0);
	p = host_port_connect(x.host, *port, NULL, NULL);
	assert_non_null(p);
	host_pump();
	xn_evtchn_unmask(t, *port);
	return p;
}

static int start(void **state)
{
	const struct host_config cfg = {
		.nr_vcpus = XN_MAX_VCPUS, .raw_upcalls = true,
	};

	assert_int_equal(host_xenion_start(&x, &cfg, &xn_evtchn_twolevel), 0);
	return 0;
}

static int stop(void **state)
{
	assert_int_equal(host_xenion_stop(&x), 0);
	return 0;
}

static struct shared_info *shared(void)
{
	return x.host->shared;
}

static void test_all_masked(void **state)
{
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(shared()->evtchn_mask); i++)
		assert_true(shared()->evtchn_mask[i] == ~0ul);
	assert_int_equal(t->max_ports, 4096);
}

static void test_last_vcpu_and_port(void **state)
{
	struct count c = { 0 };
	evtchn_port_t port;

	host_port_first(x.host, 4095);
	assert_int_equal(xn_evtchn_bind_ipi(t, 31, event, &c, &port), 0);
	host_port_first(x.host, 1);
	assert_int_equal(port, 4095);
	xn_evtchn_unmask(t, port);
	assert_int_equal(xn_evtchn_send(port), 0);
	host_pump();
	assert_int_equal(c.events, 1);
	assert_int_equal(c.vcpu, 31);
	xn_evtchn_unbind(t, port);
}

/* A vCPU that reads a word leaves ports of other vCPUs in it alone. */
static void test_shared_word(void **state)
{
	struct host_port *p, *q;
	struct count c, d;
	evtchn_port_t port, other;

	p = open_port(&c, &port);
	q = open_port(&d, &other);
	assert_int_equal(port / 64, other / 64);
	assert_int_equal(xn_evtchn_move(t, other, 1), 0);
	/* An event, now that no send of before the move is under way. */
	host_run(XN_NSEC_PER_SEC);
	host_port_notify(q);
	host_port_notify(p);
	host_pump();
	host_port_notify(p);
	host_port_notify(q);
	host_pump();
	assert_int_equal(c.events, 2);
	assert_int_equal(c.vcpu, 0);
	assert_int_equal(d.events, 2);
	assert_int_equal(d.vcpu, 1);
	xn_evtchn_unbind(t, port);
	xn_evtchn_unbind(t, other);
}

/* An event that Xen sent to the old vCPU comes there, and the next does not. */
static void test_late_event(void **state)
{
	struct host_port *p;
	struct count c;
	evtchn_port_t port;
	unsigned int i;

	p = open_port(&c, &port);
	for (i = 1; i < XN_MAX_VCPUS; i++) {
		host_port_notify(p);
		assert_int_equal(xn_evtchn_move(t, port, i), 0);
		host_pump();
		assert_int_equal(c.events, 2 * i - 1);
		assert_int_equal(c.vcpu, i - 1);
		host_port_notify(p);
		host_pump();
		assert_int_equal(c.events, 2 * i);
		assert_int_equal(c.vcpu, i);
	}
	xn_evtchn_unbind(t, port);
	/* The next port with that number is not affected. */
	assert_int_equal(xn_evtchn_bind_ipi(t, 9, event, &c, &port), 0);
	xn_evtchn_unmask(t, port);
	shared()->vcpu_info[8].evtchn_pending_sel = ~0ul;
	host_evtchn_raise(x.host, 8);
	assert_int_equal(xn_evtchn_send(port), 0);
	host_pump();
	assert_int_equal(c.vcpu, 9);
	xn_evtchn_unbind(t, port);
}

/* A vCPU looks into every word; it takes what is its own. */
static void look(unsigned int vcpu)
{
	x.vcpus.info[vcpu]->evtchn_pending_sel = ~0ul;
	host_evtchn_raise(x.host, vcpu);
	host_pump();
}

/* What Xen does in a send that read before the move which vCPU it signals. */
static void late_send(evtchn_port_t port, unsigned int vcpu)
{
	shared()->evtchn_pending[port / 64] |= 1ul << port % 64;
	look(vcpu);
}

/*
 * Moved while no event was pending, but sends were under way: they signal the
 * old vCPU alone, each of them, also after both vCPUs have taken an event.
 */
static void test_late_sends(void **state)
{
	struct host_port *p;
	struct count c;
	evtchn_port_t port;
	unsigned int i;

	p = open_port(&c, &port);
	for (i = 1; i < XN_MAX_VCPUS; i++) {
		c.events = 0;
		assert_int_equal(xn_evtchn_move(t, port, i), 0);
		late_send(port, i - 1);
		host_port_notify(p);
		host_pump();
		assert_int_equal(c.vcpu, i);
		late_send(port, i - 1);
		assert_int_equal(c.vcpu, i - 1);
		assert_int_equal(c.events, 3);
	}
	xn_evtchn_unbind(t, port);
}

/*
 * The first event that comes when no send of before the move can be under way
 * ends the move: then the old vCPU does not take events of the port, although it
 * reads the same word first.
 */
static void test_move_ends(void **state)
{
	struct host_port *p;
	struct count c;
	evtchn_port_t port;
	unsigned int i;

	p = open_port(&c, &port);
	for (i = 1; i < XN_MAX_VCPUS; i++) {
		c.events = 0;
		assert_int_equal(xn_evtchn_move(t, port, i), 0);
		host_run(XN_NSEC_PER_SEC);
		if (i % 2) {
			host_port_notify(p);
			host_pump();
			assert_int_equal(c.vcpu, i);
		} else {
			late_send(port, i - 1);
			assert_int_equal(c.vcpu, i - 1);
		}
		late_send(port, i - 1);
		assert_int_equal(c.events, 1);
		look(i);
		assert_int_equal(c.events, 2);
		assert_int_equal(c.vcpu, i);
	}
	xn_evtchn_unbind(t, port);
}

/* Moved and moved back, with an event on its way. */
static void test_there_and_back(void **state)
{
	struct host_port *p;
	struct count c;
	evtchn_port_t port;

	p = open_port(&c, &port);
	host_port_notify(p);
	assert_int_equal(xn_evtchn_move(t, port, 1), 0);
	assert_int_equal(xn_evtchn_move(t, port, 0), 0);
	host_pump();
	assert_int_equal(c.events, 1);
	host_port_notify(p);
	host_pump();
	assert_int_equal(c.events, 2);
	assert_int_equal(c.vcpu, 0);
	xn_evtchn_unbind(t, port);
}

static void raise_all(void)
{
	unsigned int i;

	for (i = 0; i < XN_MAX_VCPUS; i++)
		look(i);
}

static void test_nonsense(void **state)
{
	struct host_port *p;
	struct count c;
	evtchn_port_t port;

	p = open_port(&c, &port);
	/* Selectors without events. */
	raise_all();
	assert_int_equal(c.events, 0);
	/* All ports pending: masked ones are not handled. */
	memset(shared()->evtchn_pending, 0xff,
	       sizeof(shared()->evtchn_pending));
	raise_all();
	assert_int_equal(c.events, 1);
	/* All pending and unmasked: unbound ports are not handled. */
	memset(shared()->evtchn_mask, 0, sizeof(shared()->evtchn_mask));
	memset(shared()->evtchn_pending, 0xff,
	       sizeof(shared()->evtchn_pending));
	raise_all();
	assert_int_equal(c.events, 2);
	assert_int_equal(t->spurious, 0);
	memset(shared()->evtchn_pending, 0, sizeof(shared()->evtchn_pending));
	host_port_notify(p);
	host_pump();
	assert_int_equal(c.events, 3);
	xn_evtchn_unbind(t, port);
}

/* An event of a port that was never bound, in the same page as one that was. */
static void test_nonsense_apart(void **state)
{
	struct count c;
	evtchn_port_t port;

	host_port_first(x.host, 128);
	open_port(&c, &port);
	assert_int_equal(port, 128);
	host_port_first(x.host, 1);
	memset(shared()->evtchn_mask, 0, sizeof(shared()->evtchn_mask));
	memset(shared()->evtchn_pending, 0xff,
	       sizeof(shared()->evtchn_pending));
	raise_all();
	assert_int_equal(c.events, 1);
	assert_int_equal(t->spurious, 0);
	memset(shared()->evtchn_pending, 0, sizeof(shared()->evtchn_pending));
	xn_evtchn_unbind(t, port);
}

/* The ABI has none: no hypercall. */
static void test_no_priorities(void **state)
{
	uint64_t calls;
	evtchn_port_t port;

	assert_int_equal(xn_evtchn_bind_ipi(&x.guest.evtchn, 0, event, NULL,
					    &port), 0);
	calls = host_stat_get(XN_STAT_HYPERCALL);
	assert_int_equal(xn_evtchn_set_priority(&x.guest.evtchn, port, 0),
			 -EOPNOTSUPP);
	assert_int_equal(host_stat_get(XN_STAT_HYPERCALL), calls);
	xn_evtchn_unbind(&x.guest.evtchn, port);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(all_masked), T(last_vcpu_and_port), T(shared_word),
		T(late_event), T(late_sends), T(move_ends), T(there_and_back),
		T(nonsense), T(nonsense_apart), T(no_priorities),
	};

	return cmocka_run_group_tests_name("evtchn_twolevel", tests, NULL,
					   NULL);
}
