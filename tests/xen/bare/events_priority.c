// SPDX-License-Identifier: MIT
/*
 * EVTCHNOP_set_priority (xen-public/event_channel.h): of the events that wait
 * for a vCPU, those of the highest priority, which has the lowest number, come
 * first; events of the same priority come in the order in which they were sent.
 * Only the FIFO ABI has priorities.
 *
 * Known by the order of the calls for events that were all sent while upcalls
 * were disabled, from the least urgent to the most; and for an event that
 * another event's function sends.
 */
#include "selftest.h"

#define LEVELS	EVTCHN_FIFO_MAX_QUEUES

static evtchn_port_t ports[LEVELS], order[2 * LEVELS];
static unsigned int nr_order;
static evtchn_port_t sent_by_first;

static void event(void *data, evtchn_port_t port)
{
	if (nr_order < XN_ARRAY_SIZE(order))
		order[nr_order++] = port;
	if (sent_by_first) {
		xn_evtchn_send(sent_by_first);
		sent_by_first = 0;
	}
}

static bool bind(unsigned int n)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned int i;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		err = xn_evtchn_bind_ipi(t, 0, event, NULL, &ports[i]);
		if (!err)
			xn_evtchn_unmask(t, ports[i]);
	}
	nr_order = 0;
	return CHECK(!err, "%u ports (error %d)", n, err);
}

static void unbind(unsigned int n)
{
	while (n--)
		xn_evtchn_unbind(&bare_guest.evtchn, ports[n]);
}

SELFTEST(events, priority_order, NEEDS_FIFO)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned int i, wrong = 0;
	unsigned long flags;
	int err = 0;

	if (!bind(LEVELS))
		return;
	for (i = 0; i < LEVELS; i++)
		err |= xn_evtchn_set_priority(t, ports[i], i);
	CHECK(!err, "each gets a priority of its own");
	flags = bare_upcalls_disable();
	for (i = LEVELS; i--;)
		xn_evtchn_send(ports[i]);
	bare_upcalls_restore(flags);
	bare_sleep(XN_NSEC_PER_MSEC);
	REQUIRE(nr_order == LEVELS, "%u events come", nr_order);
	for (i = 0; i < LEVELS; i++)
		wrong += order[i] != ports[i];
	CHECK(!wrong, "the most urgent first (%u do not)", wrong);

	/* All with the same priority: in the order of the sends. */
	for (i = 0; i < LEVELS; i++)
		err |= xn_evtchn_set_priority(t, ports[i],
					      EVTCHN_FIFO_PRIORITY_DEFAULT);
	CHECK(!err, "all get the same");
	nr_order = 0;
	flags = bare_upcalls_disable();
	for (i = LEVELS; i--;)
		xn_evtchn_send(ports[i]);
	bare_upcalls_restore(flags);
	bare_sleep(XN_NSEC_PER_MSEC);
	REQUIRE(nr_order == LEVELS, "%u events come", nr_order);
	for (wrong = 0, i = 0; i < LEVELS; i++)
		wrong += order[i] != ports[LEVELS - 1 - i];
	CHECK(!wrong, "in the order in which they were sent (%u do not)", wrong);
	unbind(LEVELS);
}

SELFTEST(events, priority_overtakes, NEEDS_FIFO)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned long flags;
	unsigned int i;

	if (!bind(4))
		return;
	CHECK(!xn_evtchn_set_priority(t, ports[3], 0), "one is urgent");
	sent_by_first = ports[3];
	flags = bare_upcalls_disable();
	for (i = 0; i < 3; i++)
		xn_evtchn_send(ports[i]);
	bare_upcalls_restore(flags);
	bare_sleep(XN_NSEC_PER_MSEC);
	REQUIRE(nr_order == 4, "%u events come", nr_order);
	CHECK(order[0] == ports[0], "the first that was sent");
	CHECK(order[1] == ports[3], "then the urgent one, which that one sent");
	CHECK(order[2] == ports[1] && order[3] == ports[2], "then the rest");
	unbind(4);
}

SELFTEST(events, priority_errors, 0)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	int err;

	if (!bind(1))
		return;
	err = xn_evtchn_set_priority(t, ports[0], 0);
	if (!t->ops->priorities) {
		CHECK(err == -EOPNOTSUPP, "2-level has none (error %d)", err);
	} else {
		CHECK(!err, "a priority is set (error %d)", err);
		CHECK(xn_evtchn_set_priority(t, ports[0], LEVELS) == -EINVAL,
		      "there is no priority %u", LEVELS);
		unbind(1);
		CHECK(xn_evtchn_set_priority(t, ports[0], 0) == -EINVAL,
		      "a closed port has none");
		return;
	}
	unbind(1);
}
