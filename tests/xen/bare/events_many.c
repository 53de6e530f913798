// SPDX-License-Identifier: MIT
/*
 * Many ports (xen-public/event_channel.h): the 2-level ABI has 4096, the FIFO
 * ABI more, up to the toolstack's limit. No matter how many have an event at
 * once, each gets it once.
 *
 * Known by a count for each port, after one event was sent to each while the
 * CPU that they are bound to took no upcalls.
 */
#include "selftest.h"

#define WANTED	5000u
#define LONG	(60 * XN_NSEC_PER_SEC)

static evtchn_port_t ports[WANTED];
static uint8_t seen[WANTED];
static unsigned int total;
static struct xn_waitq wait;

static void event(void *data, evtchn_port_t port)
{
	seen[(uintptr_t)data]++;
	__atomic_fetch_add(&total, 1, __ATOMIC_SEQ_CST);
	xn_wake(&wait);
}

/* Binds as many ports as possible. */
static unsigned int bind(int *err)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	uintptr_t i;

	for (i = 0; i < WANTED; i++) {
		*err = xn_evtchn_bind_ipi(t, 0, event, (void *)i, &ports[i]);
		if (*err)
			break;
		xn_evtchn_unmask(t, ports[i]);
	}
	return i;
}

static void send_all(unsigned int n)
{
	unsigned int i, wrong = 0;
	unsigned long flags;
	bool came;
	int err = 0;

	memset(seen, 0, sizeof(seen));
	total = 0;
	flags = bare_upcalls_disable();
	for (i = 0; i < n; i++)
		err |= xn_evtchn_send(ports[i]);
	bare_upcalls_restore(flags);
	CHECK(!err, "all are sent an event");
	came = xn_wait(&wait, __atomic_load_n(&total, __ATOMIC_SEQ_CST) >= n,
		       LONG);
	CHECK(came, "%u events come", total);
	bare_sleep(10 * XN_NSEC_PER_MSEC);
	for (i = 0; i < n; i++)
		wrong += seen[i] != 1;
	CHECK(!wrong && total == n, "one for each port (%u have another number)",
	      wrong);
}

SELFTEST(events, many, 0)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned int n, i;
	int err;

	n = bind(&err);
	if (t->ops != &xn_evtchn_fifo)
		CHECK(err == -ENOSPC && n < 4096 && ports[n - 1] < 4096,
		      "%u ports, then no more (error %d)", n, err);
	else if (err == -ENOSPC)
		selftest_note("%u ports: the toolstack allows no more", n);
	else
		CHECK(!err && n == WANTED && ports[n - 1] > 4096,
		      "%u ports, up to %u (error %d)", n, ports[n - 1], err);
	send_all(n);
	send_all(n);
	for (i = 0; i < n; i++)
		xn_evtchn_unbind(t, ports[i]);
	err = xn_evtchn_bind_ipi(t, 0, event, NULL, &ports[0]);
	CHECK(!err && ports[0] < 100, "all closed: low numbers again (%u)",
	      ports[0]);
	xn_evtchn_unbind(t, ports[0]);
}
