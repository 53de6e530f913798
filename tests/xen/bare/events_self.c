// SPDX-License-Identifier: MIT
/*
 * EVTCHNOP_alloc_unbound, EVTCHNOP_bind_interdomain, EVTCHNOP_close and
 * EVTCHNOP_status (xen-public/event_channel.h), with the domain itself as the
 * other domain: an unbound port gets no events, and events sent by it are lost;
 * the domain that it is for may bind to it, and then each end interrupts the
 * other; a port whose other end was closed is unbound again.
 *
 * Known by the counts of both ends' events and by the results of
 * EVTCHNOP_status.
 */
#include "selftest.h"

struct side {
	unsigned int count;
	evtchn_port_t port;
	struct xn_waitq wait;
};

static void event(void *data, evtchn_port_t port)
{
	struct side *s = data;

	if (port == s->port)
		__atomic_fetch_add(&s->count, 1, __ATOMIC_SEQ_CST);
	xn_wake(&s->wait);
}

static unsigned int count_of(struct side *s)
{
	return __atomic_load_n(&s->count, __ATOMIC_SEQ_CST);
}

static bool comes(struct side *s, unsigned int count)
{
	return xn_wait(&s->wait, count_of(s) >= count, 5 * XN_NSEC_PER_SEC);
}

static struct evtchn_status status_of(evtchn_port_t port)
{
	struct evtchn_status x = { .dom = DOMID_SELF, .port = port };
	int err = xn_hc_evtchn(EVTCHNOP_status, &x);

	if (err)
		x.status = ~0u;
	return x;
}

/* Binding makes the new end pending, so that no earlier event is lost. */
static bool join(struct side *a, struct side *b)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	unsigned int before;
	int err;

	err = xn_evtchn_bind_interdomain(t, DOMID_SELF, a->port, event, b,
					 &b->port);
	if (!CHECK(!err, "we bind to it (error %d)", err))
		return false;
	before = count_of(b);
	xn_evtchn_unmask(t, b->port);
	return CHECK(comes(b, before + 1), "the new end has an event at once");
}

SELFTEST(events, interdomain_self, 0)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	struct side a = { 0 }, b = { 0 };
	struct evtchn_status x;
	unsigned int i, na, nb;
	int err;

	err = xn_evtchn_bind_unbound(t, DOMID_SELF, event, &a, &a.port);
	REQUIRE(!err, "an unbound port for ourselves (error %d)", err);
	xn_evtchn_unmask(t, a.port);
	x = status_of(a.port);
	CHECK(x.status == EVTCHNSTAT_unbound, "it is unbound");
	xn_evtchn_send(a.port);
	bare_sleep(XN_NSEC_PER_MSEC);
	CHECK(!count_of(&a), "and what is sent by it comes nowhere");

	if (!join(&a, &b))
		return;
	x = status_of(a.port);
	CHECK(x.status == EVTCHNSTAT_interdomain &&
	      x.u.interdomain.port == b.port, "it is bound to the other end");
	x = status_of(b.port);
	CHECK(x.status == EVTCHNSTAT_interdomain &&
	      x.u.interdomain.port == a.port, "and that to it");
	CHECK(xn_evtchn_bind_interdomain(t, DOMID_SELF, a.port, event, &b,
					 &x.port) == -EINVAL,
	      "nobody else can bind to it");

	for (i = 0; i < 100; i++) {
		na = count_of(&a);
		nb = count_of(&b);
		xn_evtchn_send(b.port);
		if (!comes(&a, na + 1))
			break;
		xn_evtchn_send(a.port);
		if (!comes(&b, nb + 1))
			break;
	}
	CHECK(i == 100, "a hundred events there and back: %u", i);
	bare_sleep(XN_NSEC_PER_MSEC);
	CHECK(count_of(&a) == 100 && count_of(&b) == 101,
	      "and no others: %u and %u", count_of(&a), count_of(&b));

	xn_evtchn_unbind(t, b.port);
	x = status_of(a.port);
	CHECK(x.status == EVTCHNSTAT_unbound, "its other end closed: unbound");
	if (!join(&a, &b))
		return;
	na = count_of(&a);
	xn_evtchn_send(b.port);
	CHECK(comes(&a, na + 1), "bound again, it takes events again");
	xn_evtchn_unbind(t, a.port);
	xn_evtchn_unbind(t, b.port);
	x = status_of(a.port);
	CHECK(x.status == EVTCHNSTAT_closed, "both closed");
}

SELFTEST(events, interdomain_refused, 0)
{
	struct xn_evtchn_table *t = &bare_guest.evtchn;
	struct side a = { 0 };
	evtchn_port_t other;
	int err;

	/* A port for a domain number that this domain never has. */
	err = xn_evtchn_bind_unbound(t, DOMID_FIRST_RESERVED - 7, event, &a,
				     &a.port);
	if (!err) {
		CHECK(xn_evtchn_bind_interdomain(t, DOMID_SELF, a.port, event,
						 &a, &other) == -EINVAL,
		      "a port that is meant for another domain is not ours");
		xn_evtchn_unbind(t, a.port);
	}
	CHECK(xn_evtchn_bind_interdomain(t, DOMID_SELF, 0x1ffff, event, &a,
					 &other) == -EINVAL,
	      "nor is one that there is not");
	CHECK(xn_evtchn_bind_interdomain(t, DOMID_FIRST_RESERVED - 7, 1, event,
					 &a, &other) == -ESRCH,
	      "a domain that there is not has no ports");
}
