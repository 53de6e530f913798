// SPDX-License-Identifier: MIT
/*
 * VIRQ_DEBUG and VIRQ_CON_RING (xen-public/xen.h): the first comes to every
 * vCPU that has it bound when Xen shows its domains; the second, a global one
 * for dom0, when Xen has written to its log, on the vCPU that its port was last
 * bound to.
 *
 * Known by their events after XEN_SYSCTL_debug_keys (xen-public/sysctl.h), which
 * stands for a key on Xen's console, and which only dom0 may use.
 */
#define __XEN_TOOLS__ 1
#include <xen-public/xen-compat.h>
#include "virq.h"
#include <xen-public/sysctl.h>

/* Returns: -EPERM: not dom0; -EACCES: not the Xen of these headers. */
static int press(char key)
{
	struct xen_sysctl x = {
		.cmd = XEN_SYSCTL_debug_keys,
		.interface_version = XEN_SYSCTL_INTERFACE_VERSION,
		.u.debug_keys.nr_keys = 1,
	};

	set_xen_guest_handle(x.u.debug_keys.keys, &key);
	return xn_hypercall(__HYPERVISOR_sysctl, (unsigned long)&x, 0, 0, 0, 0);
}

/* Tries the key that shows the keys. */
static bool can_press(void)
{
	int err = press('h');

	if (err == -EPERM || err == -EACCES) {
		selftest_skip("only dom0 presses Xen's keys (error %d)", err);
		return false;
	}
	return CHECK(!err, "a key of Xen's console (error %d)", err);
}

SELFTEST(events, virq_debug, 0)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	/* Too large for a stack. */
	static evtchn_port_t port[XN_MAX_VCPUS];
	static struct seen s[XN_MAX_VCPUS];
	unsigned int cpu, i;
	int err;

	if (!can_press())
		return;
	memset(s, 0, sizeof(s));
	for (cpu = 0; cpu < bare_nr_cpus; cpu++) {
		err = xn_evtchn_bind_virq(t, VIRQ_DEBUG, cpu, event, &s[cpu],
					  &port[cpu]);
		REQUIRE(!err, "bound on CPU %u (error %d)", cpu, err);
		xn_evtchn_unmask(t, port[cpu]);
	}
	/* The key that shows the domains. */
	REQUIRE(!press('q'), "the key is pressed");
	for (cpu = 0; cpu < bare_nr_cpus; cpu++) {
		CHECK(xn_wait(&s[cpu].wait, count_on(&s[cpu], cpu), LONG),
		      "an event on CPU %u, of its own port", cpu);
		for (i = 0; i < bare_nr_cpus; i++)
			if (i != cpu && count_on(&s[cpu], i))
				CHECK(false, "and none on CPU %u", i);
		xn_evtchn_unbind(t, port[cpu]);
	}
}

SELFTEST(events, virq_global, 0)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	struct seen s = { 0 };
	evtchn_port_t port;
	unsigned int cpu, i;
	int err;

	if (!can_press())
		return;
	err = xn_evtchn_bind_virq(t, VIRQ_CON_RING, 0, event, &s, &port);
	REQUIRE(!err, "VIRQ_CON_RING is bound (error %d)", err);
	xn_evtchn_unmask(t, port);
	for (cpu = 0; cpu < bare_nr_cpus; cpu++) {
		err = xn_evtchn_move(t, port, cpu);
		CHECK(!err, "it is CPU %u's (error %d)", cpu, err);
		/* An event from before the move may still come. */
		for (i = 0; i < 5 && !count_on(&s, cpu); i++) {
			err |= press('h');
			xn_wait(&s.wait, count_on(&s, cpu), LONG / 5);
		}
		CHECK(!err && count_on(&s, cpu), "Xen writes to its log: an event on CPU %u",
		      cpu);
	}
	xn_evtchn_unbind(t, port);
}
