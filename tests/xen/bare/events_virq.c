// SPDX-License-Identifier: MIT
/*
 * EVTCHNOP_bind_virq (xen-public/event_channel.h, VIRQ_* in xen-public/xen.h):
 * a virtual interrupt is bound once: a per-vCPU one on each vCPU, where its
 * events stay; a global one on vCPU 0, from where its events may be moved to
 * another.
 *
 * Known by Xen's refusals, and by events of VIRQ_TIMER on each CPU except the
 * first, whose timer is the kernel's.
 */
#include "virq.h"

static unsigned int others(struct seen *s, unsigned int cpu)
{
	unsigned int i, n = 0;

	for (i = 0; i < XN_MAX_VCPUS; i++)
		n += i == cpu ? 0 : count_on(s, i);
	return n;
}

SELFTEST(events, virq_refused, 0)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	struct seen s = { 0 };
	evtchn_port_t port, again;
	int err;

	err = xn_evtchn_bind_virq(t, VIRQ_TIMER, 0, event, &s, &port);
	CHECK(err == -EEXIST, "CPU 0's timer is the kernel's (error %d)", err);
	err = xn_evtchn_bind_virq(t, NR_VIRQS, 0, event, &s, &port);
	CHECK(err == -EINVAL, "there is no VIRQ %u (error %d)", NR_VIRQS, err);
	err = xn_evtchn_bind_virq(t, VIRQ_DEBUG, bare_info->nr_vcpus + 40, event,
				  &s, &port);
	CHECK(err == -ENOENT, "nor that vCPU (error %d)", err);
	err = xn_evtchn_bind_virq(t, VIRQ_CON_RING, 1, event, &s, &port);
	CHECK(err == -EINVAL, "a global one begins on vCPU 0 (error %d)", err);

	err = xn_evtchn_bind_virq(t, VIRQ_DEBUG, 0, event, &s, &port);
	REQUIRE(!err, "a per-vCPU one is bound (error %d)", err);
	err = xn_evtchn_bind_virq(t, VIRQ_DEBUG, 0, event, &s, &again);
	CHECK(err == -EEXIST, "but not twice (error %d)", err);
	err = xn_evtchn_move(t, port, bare_nr_cpus - 1);
	CHECK(err == (bare_nr_cpus > 1 ? -EINVAL : 0),
	      "and stays on its vCPU (error %d)", err);
	CHECK(xn_evtchn_send(port) == -EINVAL, "nobody can send it");
	xn_evtchn_unbind(t, port);
	err = xn_evtchn_bind_virq(t, VIRQ_DEBUG, 0, event, &s, &port);
	CHECK(!err, "closed, it can be bound again (error %d)", err);
	xn_evtchn_unbind(t, port);
}

static void set_timer(void *arg)
{
	unsigned long flags = bare_upcalls_disable();

	xn_timer_set(xn_os_cpu(), 0, 0);
	bare_upcalls_restore(flags);
}

SELFTEST(events, virq_timer, NEEDS_CPUS)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned int cpu;
	evtchn_port_t port;
	int err;

	for (cpu = 1; cpu < bare_nr_cpus; cpu++) {
		struct seen s = { 0 };

		xn_timer_stop_periodic(cpu);
		err = xn_evtchn_bind_virq(t, VIRQ_TIMER, cpu, event, &s, &port);
		REQUIRE(!err, "CPU %u's timer is bound (error %d)", cpu, err);
		xn_evtchn_unmask(t, port);
		REQUIRE(!bare_run(cpu, set_timer, NULL), "CPU %u sets it", cpu);
		CHECK(xn_wait(&s.wait, count_on(&s, cpu), LONG),
		      "an event on CPU %u", cpu);
		bare_run_wait(cpu, LONG);
		CHECK(!others(&s, cpu), "and on no other");
		xn_evtchn_unbind(t, port);
	}
}
