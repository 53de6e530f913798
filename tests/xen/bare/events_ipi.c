// SPDX-License-Identifier: MIT
/*
 * EVTCHNOP_bind_ipi, EVTCHNOP_send (xen-public/event_channel.h): a port by which
 * a domain interrupts one of its vCPUs. Each send makes the port pending; an
 * event is delivered once on the vCPU that the port is bound to, and all sends
 * before it is taken make one event.
 *
 * Known by a counter, and by the CPU on which the function runs.
 */
#include "selftest.h"

struct seen {
	unsigned int count;
	unsigned int cpu;
	evtchn_port_t port;
	struct xn_waitq wait;
};

static void event(void *data, evtchn_port_t port)
{
	struct seen *s = data;

	s->cpu = xn_os_cpu();
	s->port = port;
	__atomic_fetch_add(&s->count, 1, __ATOMIC_SEQ_CST);
	xn_wake(&s->wait);
}

static unsigned int count_of(struct seen *s)
{
	return __atomic_load_n(&s->count, __ATOMIC_SEQ_CST);
}

static void to_cpu(unsigned int cpu)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	struct seen s = { 0 };
	evtchn_port_t port;
	unsigned int i;
	int err;

	err = xn_evtchn_bind_ipi(t, cpu, event, &s, &port);
	REQUIRE(!err, "a port to CPU %u (error %d)", cpu, err);

	xn_evtchn_send(port);
	bare_sleep(XN_NSEC_PER_MSEC);
	CHECK(!count_of(&s), "it is bound masked: no event");
	xn_evtchn_unmask(t, port);
	CHECK(xn_wait(&s.wait, count_of(&s) == 1, XN_NSEC_PER_SEC),
	      "unmasked: the event that waited has come");
	CHECK(s.cpu == cpu && s.port == port, "on CPU %u, of that port", cpu);

	xn_evtchn_mask(t, port);
	for (i = 0; i < 3; i++)
		xn_evtchn_send(port);
	xn_evtchn_unmask(t, port);
	CHECK(xn_wait(&s.wait, count_of(&s) == 2, XN_NSEC_PER_SEC),
	      "three sends while masked: an event");
	bare_sleep(XN_NSEC_PER_MSEC);
	CHECK(count_of(&s) == 2, "and only one");
	xn_evtchn_unbind(t, port);
	CHECK(xn_evtchn_send(port) == -EINVAL, "closed: no send any more");
}

SELFTEST(events, ipi_self, 0)
{
	to_cpu(0);
}

SELFTEST(events, ipi_other, NEEDS_CPUS)
{
	unsigned int cpu;

	for (cpu = 1; cpu < bare_nr_cpus; cpu++)
		to_cpu(cpu);
}
