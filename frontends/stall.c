// SPDX-License-Identifier: MIT
/*
 * Finds requests that a backend does not answer. xen-public/io/blkif.h and
 * netif.h know no timeout, and the only way to take a request back is to close
 * the device: its data is the backend's until it answers. So a stall is
 * reported when it begins and when it ends, and the device can still be
 * removed. Called by the frontends.
 *
 * A request records the period in which it was submitted. So the requests are
 * looked at once in a period, and not at all while nothing is in flight.
 */
#include "frontend.h"

static void stall_report(struct xn_stall *s, unsigned int late)
{
	const char *node = s->fe->dev->node;

	if (late && !s->late) {
		s->stalled++;
		xn_os_log(XN_WARN,
			  "%s: no answer to %u %s for %u seconds: does the backend still run?",
			  node, late, s->what, XN_STALL_SECONDS);
	} else if (!late && s->late) {
		xn_os_log(XN_INFO, "%s: the backend answers again: no %s are overdue",
			  node, s->what);
	}
	s->late = late;
}

static void stall_look(struct xn_work *work)
{
	struct xn_stall *s = xn_container_of(work, struct xn_stall, work);
	unsigned int late = 0;

	if (xn_frontend_is_broken(s->fe))
		return;
	XN_WRITE_ONCE(s->watched, false);
	/* A request that is submitted from now on makes us look again. */
	xn_mb();
	XN_WRITE_ONCE(s->epoch, s->epoch + 1);
	if (s->count(s, &late))
		xn_stall_watch(s);
	stall_report(s, late);
}

void xn_stall_init(struct xn_stall *s, const struct xn_frontend *fe,
		   const char *what,
		   bool (*count)(struct xn_stall *s, unsigned int *late))
{
	s->fe = fe;
	s->what = what;
	s->count = count;
	xn_work_init(&s->work, stall_look);
}

void xn_stall_watch(struct xn_stall *s)
{
	XN_WRITE_ONCE(s->watched, true);
	xn_work_schedule(&s->work, XN_STALL_PERIOD * XN_NSEC_PER_SEC);
}

void xn_stall_stop(struct xn_stall *s)
{
	xn_work_cancel(&s->work);
	s->watched = false;
	s->late = 0;
}
