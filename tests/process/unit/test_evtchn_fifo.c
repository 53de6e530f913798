// SPDX-License-Identifier: MIT
/*
 * FIFO event channels: what only this ABI has, and a host that writes invalid
 * values to the event words and control blocks.
 */
#include "unit.h"
#include "internal.h"

#define PENDING	(1u << EVTCHN_FIFO_PENDING)
#define MASKED	(1u << EVTCHN_FIFO_MASKED)
#define LINKED	(1u << EVTCHN_FIFO_LINKED)
#define BUSY	(1u << EVTCHN_FIFO_BUSY)

#define QUEUE	EVTCHN_FIFO_PRIORITY_DEFAULT

static struct host_xenion x;
static struct xn_evtchn_table *const t = &x.guest.evtchn;

static unsigned int order[64], nr_order;	/* of events, by port */

static void event(void *data, evtchn_port_t port)
{
	unsigned int *events = data;

	++*events;
	if (nr_order < XN_ARRAY_SIZE(order))
		order[nr_order++] = port;
}

static struct host_port *open_port(unsigned int *events, evtchn_port_t *port)
{
	struct host_port *p;

	*events = 0;
	assert_int_equal(xn_evtchn_bind_unbound(t, 0, event, events, port), 0);
	p = host_port_connect(x.host, *port, NULL, NULL);
	assert_non_null(p);
	host_pump();
	xn_evtchn_unmask(t, *port);
	return p;
}

static int start(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 2, .raw_upcalls = true };

	nr_order = 0;
	assert_int_equal(host_xenion_start(&x, &cfg, &xn_evtchn_fifo), 0);
	return 0;
}

static int stop(void **state)
{
	assert_int_equal(host_xenion_stop(&x), 0);
	return 0;
}

static event_word_t *word(evtchn_port_t port)
{
	return host_event_word(x.host, port);
}

static struct evtchn_fifo_control_block *control(unsigned int vcpu)
{
	return x.host->vcpu[vcpu].control;
}

/* The host raises an upcall with any port as the head of a queue. */
static void raise(evtchn_port_t head)
{
	control(0)->head[QUEUE] = head;
	control(0)->ready |= 1u << QUEUE;
	host_evtchn_raise(x.host, 0);
	host_pump();
}

static void test_array_grows(void **state)
{
	unsigned int pages = host_pages(x.host), events;
	struct host_port *p;
	evtchn_port_t port;

	/* One page of words for each 1024 ports, up to the one in use. */
	host_port_first(x.host, 5 * 1024 + 7);
	p = open_port(&events, &port);
	assert_int_equal(port, 5 * 1024 + 7);
	assert_int_equal(x.host->nr_array, 6);
	/* The first page of the table, with its directory. */
	assert_int_equal(host_pages(x.host), pages + 6 + 2);
	assert_int_equal(*word(port + 1), MASKED);
	host_port_notify(p);
	host_pump();
	assert_int_equal(events, 1);
	xn_evtchn_unbind(t, port);

	/* The highest port, in the directory's second page. */
	host_port_first(x.host, XN_EVTCHN_MAX_PORTS - 1);
	p = open_port(&events, &port);
	host_port_first(x.host, 1);
	assert_int_equal(x.host->nr_array, HOST_ARRAY_PAGES);
	host_port_notify(p);
	host_pump();
	assert_int_equal(events, 1);
	xn_evtchn_unbind(t, port);
}

/* Events come in the order in which they were sent, by priority. */
static void test_order(void **state)
{
	struct host_port *p[6];
	evtchn_port_t port[6];
	unsigned int events, i;

	for (i = 0; i < 6; i++)
		p[i] = open_port(&events, &port[i]);
	assert_int_equal(xn_evtchn_set_priority(t, port[1],
						EVTCHN_FIFO_PRIORITY_MIN), 0);
	assert_int_equal(xn_evtchn_set_priority(t, port[4], 3), 0);
	host_port_notify(p[1]);
	host_port_notify(p[5]);
	host_port_notify(p[0]);
	host_port_notify(p[3]);
	host_port_notify(p[5]);
	host_port_notify(p[4]);
	host_pump();
	assert_int_equal(nr_order, 5);
	assert_int_equal(order[0], port[4]);
	assert_int_equal(order[1], port[5]);
	assert_int_equal(order[2], port[0]);
	assert_int_equal(order[3], port[3]);
	assert_int_equal(order[4], port[1]);
	for (i = 0; i < 6; i++)
		xn_evtchn_unbind(t, port[i]);
}

/* All priorities, sent from the lowest to the highest. */
static void test_priorities(void **state)
{
	struct host_port *p[EVTCHN_FIFO_MAX_QUEUES];
	evtchn_port_t port[EVTCHN_FIFO_MAX_QUEUES];
	unsigned int events, i, n = EVTCHN_FIFO_MAX_QUEUES;

	for (i = 0; i < n; i++) {
		p[i] = open_port(&events, &port[i]);
		assert_int_equal(xn_evtchn_set_priority(t, port[i], i), 0);
	}
	for (i = n; i--;)
		host_port_notify(p[i]);
	host_pump();
	assert_int_equal(nr_order, n);
	for (i = 0; i < n; i++)
		assert_int_equal(order[i], port[i]);
	for (i = 0; i < n; i++)
		xn_evtchn_unbind(t, port[i]);
}

static void test_priority_errors(void **state)
{
	struct host_port *p;
	unsigned int events;
	evtchn_port_t port;

	p = open_port(&events, &port);
	assert_int_equal(xn_evtchn_set_priority(t, port, 16), -EINVAL);
	assert_int_equal(xn_evtchn_set_priority(t, port, ~0u), -EINVAL);
	assert_int_equal(xn_evtchn_set_priority(t, port + 1, 0), -EINVAL);
	assert_int_equal(xn_evtchn_set_priority(t, ~0u, 0), -EINVAL);
	host_fail_hypercall(1, -EPERM);
	assert_int_equal(xn_evtchn_set_priority(t, port, 0), -EPERM);
	host_port_notify(p);
	host_pump();
	assert_int_equal(events, 1);
	xn_evtchn_unbind(t, port);
	assert_int_equal(xn_evtchn_set_priority(t, port, 0), -EINVAL);
	/* The next port with that number has the default again. */
	p = open_port(&events, &port);
	assert_int_equal(x.host->chan[port].priority,
			 EVTCHN_FIFO_PRIORITY_DEFAULT);
	xn_evtchn_unbind(t, port);
}

/* An event that waits keeps its place; the next one has the new priority. */
static void test_priority_linked(void **state)
{
	struct host_port *p, *q;
	evtchn_port_t port, other;
	unsigned int events;

	p = open_port(&events, &port);
	q = open_port(&events, &other);
	host_port_notify(q);
	host_port_notify(p);
	assert_int_equal(xn_evtchn_set_priority(t, port, 0), 0);
	host_pump();
	host_port_notify(q);
	host_port_notify(p);
	host_pump();
	assert_int_equal(nr_order, 4);
	assert_int_equal(order[0], other);
	assert_int_equal(order[1], port);
	assert_int_equal(order[2], port);
	assert_int_equal(order[3], other);
	xn_evtchn_unbind(t, port);
	xn_evtchn_unbind(t, other);
}

/* An urgent event that comes while others are handled overtakes the rest. */
static struct host_port *urgent;

static void sends_urgent(void *data, evtchn_port_t port)
{
	event(data, port);
	if (nr_order == 1)
		host_port_notify(urgent);
}

static void test_priority_overtakes(void **state)
{
	struct host_port *p[3];
	evtchn_port_t port[3], first;
	unsigned int events, i;

	for (i = 0; i < 3; i++) {
		assert_int_equal(xn_evtchn_bind_unbound(t, 0, sends_urgent,
							&events, &port[i]), 0);
		p[i] = host_port_connect(x.host, port[i], NULL, NULL);
		xn_evtchn_unmask(t, port[i]);
	}
	urgent = open_port(&events, &first);
	assert_int_equal(xn_evtchn_set_priority(t, first, 2), 0);
	nr_order = 0;
	for (i = 0; i < 3; i++)
		host_port_notify(p[i]);
	host_pump();
	assert_int_equal(nr_order, 4);
	assert_int_equal(order[0], port[0]);
	assert_int_equal(order[1], first);
	assert_int_equal(order[2], port[1]);
	assert_int_equal(order[3], port[2]);
	for (i = 0; i < 3; i++)
		xn_evtchn_unbind(t, port[i]);
	xn_evtchn_unbind(t, first);
}

/* A port that was moved while linked is found on its old queue, once. */
static void test_move_linked(void **state)
{
	struct host_port *p, *q;
	unsigned int events, others;
	evtchn_port_t port, other;

	p = open_port(&events, &port);
	q = open_port(&others, &other);
	host_port_notify(p);
	host_port_notify(q);
	assert_true(*word(port) & LINKED);
	assert_int_equal(xn_evtchn_move(t, port, 1), 0);
	host_port_notify(p);
	host_pump();
	assert_int_equal(events, 1);
	assert_int_equal(others, 1);
	host_port_notify(p);
	assert_int_equal(control(1)->head[QUEUE], port);
	host_pump();
	assert_int_equal(events, 2);
	xn_evtchn_unbind(t, port);
	xn_evtchn_unbind(t, other);
}

/* A port that was closed while linked is unlinked, but not handled. */
static void test_close_linked(void **state)
{
	unsigned int events[3], i;
	struct host_port *p[3];
	evtchn_port_t port[3], again;

	for (i = 0; i < 3; i++)
		p[i] = open_port(&events[i], &port[i]);
	for (i = 0; i < 3; i++)
		host_port_notify(p[i]);
	xn_evtchn_unbind(t, port[1]);
	assert_true(*word(port[1]) & LINKED);
	/* Its number is not reused while it is on the queue. */
	assert_int_equal(xn_evtchn_bind_ipi(t, 0, event, &events[1], &again),
			 0);
	assert_int_not_equal(again, port[1]);
	host_pump();
	assert_int_equal(events[0], 1);
	assert_int_equal(events[1], 0);
	assert_int_equal(events[2], 1);
	assert_false(*word(port[1]) & LINKED);
	xn_evtchn_unbind(t, again);
	p[1] = open_port(&events[1], &port[1]);
	host_port_notify(p[1]);
	host_pump();
	assert_int_equal(events[1], 1);
	for (i = 0; i < 3; i++)
		xn_evtchn_unbind(t, port[i]);
	assert_int_equal(t->spurious, 0);
}

/* A masked port leaves the queue, and comes back when it is unmasked. */
static void test_mask_linked(void **state)
{
	struct host_port *p;
	unsigned int events;
	evtchn_port_t port;

	p = open_port(&events, &port);
	host_port_notify(p);
	xn_evtchn_mask(t, port);
	host_pump();
	assert_int_equal(events, 0);
	assert_int_equal(*word(port) & ~MASKED, PENDING);
	xn_evtchn_unmask(t, port);
	assert_true(*word(port) & LINKED);
	/* Masked and unmasked while linked: nothing changes. */
	xn_evtchn_mask(t, port);
	xn_evtchn_unmask(t, port);
	host_pump();
	assert_int_equal(events, 1);
	xn_evtchn_unbind(t, port);
}

/* While Xen keeps a word BUSY, only Xen may clear MASKED. */
static void test_busy(void **state)
{
	struct host_port *p;
	unsigned int events;
	evtchn_port_t port;
	uint64_t calls;

	p = open_port(&events, &port);
	xn_evtchn_mask(t, port);
	*word(port) |= BUSY;
	calls = host_stat_get(XN_STAT_HYPERCALL);
	xn_evtchn_unmask(t, port);
	assert_int_equal(host_stat_get(XN_STAT_HYPERCALL), calls + 1);
	assert_int_equal(*word(port), BUSY);
	host_port_notify(p);
	host_pump();
	assert_int_equal(events, 1);
	assert_true(*word(port) & BUSY);
	xn_evtchn_unbind(t, port);
}

static void test_bad_heads(void **state)
{
	static const evtchn_port_t bad[] = {
		1023,			/* not linked */
		1024, 5000,		/* no such words */
		XN_EVTCHN_MAX_PORTS - 1, XN_EVTCHN_MAX_PORTS,
		0x7fffffff, 0xffffffff,
	};
	uint64_t refused = host_stat_get(XN_STAT_REFUSED);
	struct host_port *p;
	unsigned int events, i;
	evtchn_port_t port;

	p = open_port(&events, &port);
	for (i = 0; i < XN_ARRAY_SIZE(bad); i++)
		raise(bad[i]);
	assert_int_equal(host_stat_get(XN_STAT_REFUSED) - refused,
			 XN_ARRAY_SIZE(bad));
	/* Without a head, the queue is just empty. */
	raise(0);
	assert_int_equal(host_stat_get(XN_STAT_REFUSED) - refused,
			 XN_ARRAY_SIZE(bad));
	assert_int_equal(events, 0);
	assert_int_equal(t->spurious, 0);
	/* When the host behaves again, events are handled again. */
	host_port_notify(p);
	host_pump();
	assert_int_equal(events, 1);
	xn_evtchn_unbind(t, port);
}

static void test_bad_links(void **state)
{
	uint64_t refused;
	struct host_port *p[3];
	unsigned int events[3], i;
	evtchn_port_t port[3];

	for (i = 0; i < 3; i++)
		p[i] = open_port(&events[i], &port[i]);

	/* Links to itself, and in a circle. */
	refused = host_stat_get(XN_STAT_REFUSED);
	*word(port[0]) = PENDING | LINKED | port[0];
	raise(port[0]);
	assert_int_equal(events[0], 1);
	assert_int_equal(host_stat_get(XN_STAT_REFUSED) - refused, 1);

	for (i = 0; i < 3; i++)
		*word(port[i]) = PENDING | LINKED | port[(i + 1) % 3];
	raise(port[0]);
	assert_int_equal(events[0], 2);
	assert_int_equal(events[1], 1);
	assert_int_equal(events[2], 1);
	assert_int_equal(host_stat_get(XN_STAT_REFUSED) - refused, 2);

	/* A link beyond the array. */
	*word(port[0]) = PENDING | LINKED | EVTCHN_FIFO_LINK_MASK;
	raise(port[0]);
	assert_int_equal(events[0], 3);
	assert_int_equal(host_stat_get(XN_STAT_REFUSED) - refused, 3);

	/* A link to a port that is not bound and masked. */
	*word(port[0]) = PENDING | LINKED | 900;
	*word(900) = PENDING | LINKED | MASKED | port[1];
	*word(port[1]) = PENDING | LINKED;
	raise(port[0]);
	assert_int_equal(events[1], 2);
	assert_int_equal(t->spurious, 0);
	/* A link to a port that is not bound, but unmasked. */
	*word(port[0]) = PENDING | LINKED | 901;
	*word(901) = PENDING | LINKED | port[1];
	*word(port[1]) = PENDING | LINKED;
	raise(port[0]);
	assert_int_equal(events[1], 3);
	assert_int_equal(t->spurious, 1);

	for (i = 0; i < 3; i++) {
		host_port_notify(p[i]);
		xn_evtchn_unbind(t, port[i]);
	}
}

/* While an event is handled, the host links the other port again. */
static evtchn_port_t loop[2];
static unsigned int loops, loop_end;

static void loop_event(void *data, evtchn_port_t port)
{
	bool first = port == loop[0];

	if (++loops < loop_end)
		*word(loop[first]) = PENDING | LINKED | loop[!first];
}

static void loop_start(unsigned int end)
{
	unsigned int i;

	loops = 0;
	loop_end = end;
	for (i = 0; i < 2; i++)
		assert_int_equal(xn_evtchn_bind_unbound(t, 0, loop_event, NULL,
							&loop[i]), 0);
	*word(loop[0]) = PENDING | LINKED | loop[1];
	control(0)->head[QUEUE] = loop[0];
	control(0)->ready = 1u << QUEUE;
}

static void loop_stop(void)
{
	xn_evtchn_unbind(t, loop[0]);
	xn_evtchn_unbind(t, loop[1]);
}

static void test_endless_links(void **state)
{
	unsigned long flags;
	unsigned int n, i;

	loop_start(~0u);
	for (i = 0; i < 10; i++) {
		flags = host_upcalls_disable();
		n = xn_evtchn_upcall(t, 0);
		host_upcalls_restore(flags);
		assert_in_range(n, 1000, 2000);
	}
	loop_end = 0;
	host_pump();
	loop_stop();
}

/* What an upcall leaves is handled later, even if the relief fails at first. */
static void test_relief_fails(void **state)
{
	unsigned int nth;

	for (nth = 1; nth <= 4; nth++) {
		loop_start(3000);
		host_fail_hypercall(nth, -ENOSPC);
		host_evtchn_raise(x.host, 0);
		host_pump();
		if (nth == 1)
			assert_in_range(loops, 1000, 2000);
		host_run(20 * XN_NSEC_PER_MSEC);
		host_fail_hypercall(0, 0);
		assert_int_equal(loops, 3000);
		loop_stop();
	}
	assert_int_equal(host_ports_open(x.host), 3);
}

/* Ready bits without a queue mean nothing. */
static void test_bad_ready(void **state)
{
	struct host_port *p;
	unsigned int events;
	evtchn_port_t port;

	p = open_port(&events, &port);
	control(0)->ready = 0xffff0000;
	host_evtchn_raise(x.host, 0);
	host_pump();
	assert_int_equal(events, 0);
	control(0)->ready = 0xffffffff;
	host_port_notify(p);
	host_evtchn_raise(x.host, 0);
	host_pump();
	assert_int_equal(events, 1);
	xn_evtchn_unbind(t, port);
}

/* Xen has fewer vCPUs than requested, which is not an error. */
static void test_fewer_vcpus(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 2, .raw_upcalls = true };
	struct xn_evtchn_table *e = &x.guest.evtchn;

	x.host = host_guest_create(&cfg);
	memset(e, 0, sizeof(*e));
	assert_int_equal(xn_vcpus_init(&x.vcpus, 8), 0);
	assert_int_equal(xn_evtchn_init(e, &x.vcpus, &xn_evtchn_fifo), 0);
	assert_int_equal(e->nr_vcpus, 2);
	xn_evtchn_fini(e, NULL, NULL);
	xn_vcpus_fini(&x.vcpus);
	assert_int_equal(host_guest_leaks(x.host), 0);
	host_guest_destroy(x.host);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(array_grows), T(order), T(priorities),
		T(priority_errors), T(priority_linked), T(priority_overtakes),
		T(move_linked), T(close_linked),
		T(mask_linked), T(busy), T(bad_heads), T(bad_links),
		T(endless_links), T(relief_fails), T(bad_ready),
		cmocka_unit_test(test_fewer_vcpus),
	};

	return cmocka_run_group_tests_name("evtchn_fifo", tests, NULL, NULL);
}
