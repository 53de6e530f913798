// SPDX-License-Identifier: MIT
/*
 * Event-storm protection. A send costs another domain one hypercall and us one
 * upcall, and Xen sets no limit. After 32 events in a row without work the port
 * is masked for 1 ms, then longer each time, until there is work. Events are
 * delayed, not lost.
 *
 * No specification asks for this (EVTCHNOP_send, xen-public/event_channel.h);
 * it is the defence against XSA-391. Called by frontends, xenbus/ and OS
 * layers.
 */
#include <xenion/events.h>

/* Events without work that are tolerated: a poll may already have taken it. */
#define FREE		32u
#define FIRST_DELAY	XN_NSEC_PER_MSEC
#define MAX_DOUBLINGS	10u	/* about a second */

static void let_go(struct xn_backoff *b)
{
	unsigned long flags = xn_lock(&b->lock);

	/* After a close the port may have another owner. */
	if (b->held && b->t)
		xn_evtchn_release(b->t, b->port, XN_HOLD_BACKOFF);
	XN_WRITE_ONCE(b->held, false);
	xn_unlock(&b->lock, flags);
}

static void time_is_up(struct xn_work *work)
{
	let_go(xn_container_of(work, struct xn_backoff, work));
}

void xn_backoff_open(struct xn_backoff *b, struct xn_evtchn_table *t,
		     evtchn_port_t port)
{
	xn_lock_init(&b->lock);
	xn_work_init(&b->work, time_is_up);
	b->port = port;
	b->held = false;
	b->told = false;
	__atomic_store_n(&b->idle, 0, __ATOMIC_RELAXED);
	/* Events before this store find no table, and hold nothing. */
	__atomic_store_n(&b->t, t, __ATOMIC_RELEASE);
}

void xn_backoff_close(struct xn_backoff *b)
{
	unsigned long flags;

	if (!b->t)
		return;
	flags = xn_lock(&b->lock);
	if (b->held)
		xn_evtchn_release(b->t, b->port, XN_HOLD_BACKOFF);
	XN_WRITE_ONCE(b->held, false);
	__atomic_store_n(&b->t, NULL, __ATOMIC_RELAXED);
	xn_unlock(&b->lock, flags);
	xn_work_cancel(&b->work);
}

static void backoff_hold(struct xn_backoff *b, uint32_t beyond)
{
	unsigned long flags;
	bool first = false;

	if (!__atomic_load_n(&b->t, __ATOMIC_ACQUIRE))
		return;
	if (beyond > MAX_DOUBLINGS)
		beyond = MAX_DOUBLINGS;
	flags = xn_lock(&b->lock);
	if (b->t && !b->held) {
		XN_WRITE_ONCE(b->held, true);
		xn_evtchn_hold(b->t, b->port, XN_HOLD_BACKOFF);
		/*
		 * A work that is already queued ends the hold early; the next
		 * delay is longer.
		 */
		xn_work_schedule(&b->work, FIRST_DELAY << beyond);
		xn_stat_inc(XN_STAT_EVENT_HELD);
		first = !b->told;
		b->told = true;
	}
	xn_unlock(&b->lock, flags);
	if (first)
		xn_os_log(XN_WARN,
			  "xenion: event channel %u fires without work: its events are held back",
			  b->port);
}

void xn_backoff_event(struct xn_backoff *b)
{
	uint32_t idle = __atomic_load_n(&b->idle, __ATOMIC_RELAXED);

	if (idle <= FREE + MAX_DOUBLINGS)
		__atomic_store_n(&b->idle, idle + 1, __ATOMIC_RELAXED);
	if (!idle)
		return;
	b->spurious++;
	if (idle >= FREE)
		backoff_hold(b, idle - FREE);
}

void xn_backoff_end(struct xn_backoff *b)
{
	__atomic_store_n(&b->idle, 0, __ATOMIC_RELAXED);
	if (XN_READ_ONCE(b->held))
		let_go(b);
}
