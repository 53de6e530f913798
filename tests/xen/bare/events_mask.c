// SPDX-License-Identifier: MIT
/*
 * The mask bit and EVTCHNOP_unmask (xen-public/event_channel.h): a masked port's
 * event waits, and comes when the port is unmasked, no matter when mask and
 * unmask happen between the other end's sends.
 *
 * Known, while another CPU sends all the time, by the count of events on this
 * one, which stands still from mask to unmask, and by the last event of the
 * storm; with a port that is masked from outside, and one that masks itself in
 * each event.
 */
#include "storm.h"

#define SENDS	5000u

static unsigned int events(struct storm *s)
{
	return __atomic_load_n(&s->events, __ATOMIC_SEQ_CST);
}

SELFTEST(events, mask_storm, NEEDS_CPUS)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned int rounds = 0, came = 0, n, i;
	struct storm s;

	if (!storm_init(&s) || !storm_start(&s, 1, SENDS))
		return;
	for (; storm_lasts(&s); rounds++) {
		xn_evtchn_mask(t, s.port);
		n = events(&s);
		for (i = 0; i < rounds % 50; i++)
			__builtin_ia32_pause();
		came += events(&s) != n;
		xn_evtchn_unmask(t, s.port);
	}
	CHECK(!came, "of %u times that it was masked events came %u times",
	      rounds, came);
	storm_check(&s, 1);
	storm_fini(&s);
}

SELFTEST(events, mask_itself, NEEDS_CPUS)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned int rounds = 0, twice = 0, n;
	struct storm s;

	if (!storm_init(&s))
		return;
	s.mask = true;
	if (!storm_start(&s, 1, SENDS))
		return;
	for (n = 0; storm_lasts(&s); rounds++) {
		xn_wait(&s.wait, events(&s) != n || !storm_lasts(&s),
			XN_NSEC_PER_SEC);
		twice += events(&s) > n + 1;
		n = events(&s);
		xn_evtchn_unmask(t, s.port);
	}
	s.mask = false;
	xn_evtchn_unmask(t, s.port);
	CHECK(!twice, "one event for each of %u times unmasked (%u had more)",
	      rounds, twice);
	storm_check(&s, 1);
	storm_fini(&s);
}
