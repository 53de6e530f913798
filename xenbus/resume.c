// SPDX-License-Identifier: MIT
/*
 * The connection to xenstore of a guest that is saved, restored or moved. The
 * xenstored of a new domain knows nothing of our watches (docs/misc/xenstore.txt
 * of Xen: they end with the domain), which are made again. Called by connect.c,
 * and by the OS layer around a suspend.
 */
#include "xs.h"

/* Delay before watches that could not be made are made again. */
#define MAKE_NS	XN_NSEC_PER_SEC

/* ---- watches in a new domain ---- */

/* xenstored does not know any watch of ours. */
static void watches_unmake(struct xn_xs *xs)
{
	unsigned long flags = xn_lock(&xs->lock);
	struct xn_xs_watch *w;

	for (w = xs->watches; w; w = w->next)
		w->unmade = true;
	xs->warned = false;
	xn_unlock(&xs->lock, flags);
}

/*
 * The watches are in the order of their numbers, the last first. Returns: the
 * next one to be made, below number @nr, or NULL. Its owner cannot free it before
 * make_end().
 */
static struct xn_xs_watch *make_next(struct xn_xs *xs, uint32_t *nr)
{
	unsigned long flags = xn_lock(&xs->lock);
	struct xn_xs_watch *w;

	for (w = xs->watches; w; w = w->next)
		if (w->unmade && w->id - xs->first_id < *nr)
			break;
	if (w) {
		w->unmade = false;
		w->making = true;
		*nr = w->id - xs->first_id;
	}
	xn_unlock(&xs->lock, flags);
	return w;
}

static void make_end(struct xn_xs *xs, struct xn_xs_watch *w, bool failed)
{
	unsigned long flags = xn_lock(&xs->lock);

	w->unmade = failed && w->linked;
	w->making = false;
	xn_unlock(&xs->lock, flags);
	xn_wake(&xs->wait);
}

static void make_report(struct xn_xs *xs, const struct xn_xs_watch *w, int err)
{
	if (!xs->warned)
		xn_os_log(XN_WARN,
			  "xenstore: no watch on %s (error %d): trying again every second",
			  w->path, err);
	xs->warned = true;
}

/*
 * Make the watches that xenstored does not know. Those that it refuses are made
 * in a second, and so is the rest if it does not answer.
 */
static void watches_make(struct xn_xs *xs)
{
	uint32_t nr = ~0u;
	struct xn_xs_watch *w;
	bool again = false;
	int err = 0;

	while (err != -ETIMEDOUT && err != -ESHUTDOWN &&
	       (w = make_next(xs, &nr))) {
		err = xn_xs_watch_request(xs, XS_WATCH, w->path, w->token);
		if (err == -EEXIST)
			err = 0;
		if (err)
			make_report(xs, w, err);
		make_end(xs, w, err);
		again |= err;
	}
	if (again)
		xn_work_schedule(&xs->make, MAKE_NS);
}

static void make_later(struct xn_work *work)
{
	struct xn_xs *xs = xn_container_of(work, struct xn_xs, make);

	if (!xn_xs_enter_now(xs))
		return;
	watches_make(xs);
	xn_xs_leave(xs, false);
}

void xn_xs_resume_init(struct xn_xs *xs)
{
	xn_work_init(&xs->make, make_later);
}

void xn_xs_watches_anew(struct xn_xs *xs)
{
	watches_unmake(xs);
	watches_make(xs);
}

/* ---- around a suspend ---- */

/* Is no watch function being called? */
static bool watches_idle(struct xn_xs *xs)
{
	unsigned long flags = xn_lock(&xs->lock);
	const struct xn_xs_watch *w;

	for (w = xs->watches; w && !w->running; w = w->next)
		;
	xn_unlock(&xs->lock, flags);
	return !w;
}

int xn_xs_suspend(struct xn_xs *xs)
{
	uint64_t begin = xn_os_now();

	/* First the watch functions, which make requests. */
	xn_xs_gate_set(xs, true, false);
	if (xn_xs_wait(xs, watches_idle(xs), begin + XN_XS_TIMEOUT)) {
		xn_xs_gate_set(xs, true, true);
		if (xn_xs_wait(xs, !XN_READ_ONCE(xs->active),
			       begin + 2 * XN_XS_TIMEOUT))
			return 0;
	}
	xn_xs_resume(xs);
	return -ETIMEDOUT;
}

void xn_xs_resume(struct xn_xs *xs)
{
	xn_xs_gate_set(xs, false, false);
	/* What has come meanwhile. */
	xn_work_schedule(&xs->work, 0);
	xn_work_schedule(&xs->again, 0);
	xn_work_schedule(&xs->make, 0);
	xn_work_schedule(&xs->end, 0);
}
