// SPDX-License-Identifier: MIT
/*
 * EVTCHNOP_bind_vcpu (xen-public/event_channel.h) moves a port's events to
 * another vCPU. None is lost by that, not even while the other end sends all
 * the time.
 *
 * Known by the CPU that gets an event which was sent after the move, and by the
 * last event of a storm. With the 2-level ABI a CPU that had the port before may take it,
 * too, for another 100 ms, and until one is taken after that (xn_evtchn_move()).
 */
#include "storm.h"

#define ROUNDS	50u
#define SENDS	5000u
#define SETTLE_NS	(200 * XN_NSEC_PER_MSEC)

struct seen {
	unsigned int count, cpu;
	struct xn_waitq wait;
};

static void event(void *data, evtchn_port_t port)
{
	struct seen *s = data;

	s->cpu = xn_os_cpu();
	__atomic_fetch_add(&s->count, 1, __ATOMIC_SEQ_CST);
	xn_wake(&s->wait);
}

static void nothing(void *data, evtchn_port_t port)
{
}

/* Returns: the event has come; by s->cpu, where. */
static bool event_comes(struct seen *s, evtchn_port_t sender)
{
	unsigned int before = __atomic_load_n(&s->count, __ATOMIC_SEQ_CST);

	return !xn_evtchn_send(sender) &&
	       xn_wait(&s->wait, __atomic_load_n(&s->count, __ATOMIC_SEQ_CST) >
				 before, 5 * XN_NSEC_PER_SEC);
}

SELFTEST(events, move, NEEDS_CPUS)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned int i, n = ROUNDS * bare_nr_cpus, wrong = 0, cpu = 0;
	evtchn_port_t port, sender;
	struct seen s = { 0 };
	int err;

	err = xn_evtchn_bind_unbound(t, DOMID_SELF, event, &s, &port);
	REQUIRE(!err, "a port (error %d)", err);
	err = xn_evtchn_bind_interdomain(t, DOMID_SELF, port, nothing, NULL,
					 &sender);
	REQUIRE(!err, "and its other end (error %d)", err);
	xn_evtchn_unmask(t, port);
	for (i = 0; i < n; i++) {
		cpu = i % bare_nr_cpus;
		err = xn_evtchn_move(t, port, cpu);
		if (err || !event_comes(&s, sender))
			break;
		wrong += s.cpu != cpu;
	}
	CHECK(i == n, "after each of %u moves an event comes (error %d)", i,
	      err);
	if (t->ops == &xn_evtchn_twolevel)
		selftest_note("%u were taken where the port had been", wrong);
	else
		CHECK(!wrong, "where it was moved to (%u do not)", wrong);
	bare_sleep(SETTLE_NS);
	(void)event_comes(&s, sender);
	for (i = 0; i < ROUNDS; i++)
		if (!event_comes(&s, sender) || s.cpu != cpu)
			break;
	CHECK(i == ROUNDS, "only there, when the move is some time ago (%u of %u)",
	      i, ROUNDS);
	CHECK(xn_evtchn_move(t, port, t->nr_vcpus) == -EINVAL,
	      "there is no further vCPU");
	xn_evtchn_unbind(t, sender);
	xn_evtchn_unbind(t, port);
}

SELFTEST(events, move_storm, NEEDS_CPUS)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned int moves = 0;
	struct storm s;
	int err = 0;

	if (!storm_init(&s) || !storm_start(&s, 1, SENDS))
		return;
	while (storm_lasts(&s) && !err)
		err = xn_evtchn_move(t, s.port, ++moves % bare_nr_cpus);
	CHECK(!err, "%u moves meanwhile (error %d)", moves, err);
	storm_check(&s, 1);
	storm_fini(&s);
}
