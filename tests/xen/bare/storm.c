// SPDX-License-Identifier: MIT
/* A storm of events: storm.h. */
#include "storm.h"

#define LONG	(30 * XN_NSEC_PER_SEC)

static void event(void *data, evtchn_port_t port)
{
	struct storm *s = data;
	unsigned int seen = __atomic_load_n(&s->number, __ATOMIC_SEQ_CST);
	unsigned int old = __atomic_load_n(&s->seen, __ATOMIC_SEQ_CST);

	if (s->mask)
		xn_evtchn_mask(&bare_guest.evtchn, port);
	/* After a move, two CPUs may run this at once. */
	while (old < seen &&
	       !__atomic_compare_exchange_n(&s->seen, &old, seen, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	__atomic_fetch_add(&s->events, 1, __ATOMIC_SEQ_CST);
	xn_wake(&s->wait);
}

static void nothing(void *data, evtchn_port_t port)
{
}

bool storm_init(struct storm *s)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	int err;

	memset(s, 0, sizeof(*s));
	err = xn_evtchn_bind_unbound(t, DOMID_SELF, event, s, &s->port);
	if (!err) {
		err = xn_evtchn_bind_interdomain(t, DOMID_SELF, s->port,
						 nothing, NULL, &s->sender);
		if (err)
			xn_evtchn_unbind(t, s->port);
	}
	if (!CHECK(!err, "an event channel with ourselves (error %d)", err))
		return false;
	xn_evtchn_unmask(t, s->port);
	return true;
}

void storm_fini(struct storm *s)
{
	xn_evtchn_unbind(&bare_guest.evtchn, s->sender);
	xn_evtchn_unbind(&bare_guest.evtchn, s->port);
}

static void blow(void *arg)
{
	struct storm *s = arg;
	unsigned int i;

	for (i = 1; i <= s->sends; i++) {
		__atomic_store_n(&s->number, i, __ATOMIC_SEQ_CST);
		xn_evtchn_send(s->sender);
	}
	__atomic_store_n(&s->ended, 1, __ATOMIC_SEQ_CST);
	xn_wake(&s->wait);
}

bool storm_start(struct storm *s, unsigned int cpu, unsigned int sends)
{
	int err;

	s->sends = sends;
	err = bare_run(cpu, blow, s);
	return CHECK(!err, "CPU %u sends (error %d)", cpu, err);
}

bool storm_lasts(struct storm *s)
{
	return !__atomic_load_n(&s->ended, __ATOMIC_SEQ_CST);
}

void storm_check(struct storm *s, unsigned int cpu)
{
	bool ended = bare_run_wait(cpu, LONG), came;

	CHECK(ended, "%u sends were made", s->number);
	came = xn_wait(&s->wait, __atomic_load_n(&s->seen, __ATOMIC_SEQ_CST) ==
				 s->sends, LONG);
	CHECK(came, "the last one's event came: %u events", s->events);
}
