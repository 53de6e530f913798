// SPDX-License-Identifier: MIT
/*
 * Watches: functions that are called when something in xenstore changes. The
 * requests that make and end one are in request.c; client.c hands events over.
 *
 * Specified in docs/misc/xenstore.txt of Xen (WATCH, UNWATCH, WATCH_EVENT). A
 * watch's token is its number in decimal. An event only marks its watch and
 * queues it; one work calls the functions in order, so a flood of events costs
 * no more than that; a watch that passes its events on sees to that itself.
 * Watches on nodes that another domain can write are limited to one call a
 * second: each call may add or remove a disk, log, and send events to udev. Called
 * by device.c, by frontends and by the OS layer.
 */
#include "xs.h"

/* Delay before a function that failed is called again. */
#define AGAIN_NS	XN_NSEC_PER_SEC

/* Events of one watch in a row that are not delayed. */
#define FREE_EVENTS	32u

static struct xn_xs_watch *watch_find(struct xn_xs *xs, uint32_t id)
{
	struct xn_xs_watch *w;

	for (w = xs->watches; w && w->id != id; w = w->next)
		;
	return w;
}

void xn_xs_watch_link(struct xn_xs *xs, struct xn_xs_watch *w)
{
	unsigned long flags = xn_lock(&xs->lock);

	w->id = xs->next_watch++;
	w->next = xs->watches;
	xs->watches = w;
	w->linked = true;
	w->unmade = false;
	xn_unlock(&xs->lock, flags);
}

/* Remove a watch: its function is not called again, but may still run. */
static void unlink_watch(struct xn_xs *xs, struct xn_xs_watch *w)
{
	unsigned long flags = xn_lock(&xs->lock);
	struct xn_xs_watch **at;

	for (at = &xs->watches; *at; at = &(*at)->next) {
		if (*at != w)
			continue;
		*at = w->next;
		break;
	}
	for (at = &xs->fired; *at; at = &(*at)->next_fired) {
		if (*at != w)
			continue;
		*at = w->next_fired;
		break;
	}
	w->linked = false;
	w->fired = false;
	w->again = false;
	w->unmade = false;
	xn_unlock(&xs->lock, flags);
}

static void watch_fire(struct xn_xs *xs, struct xn_xs_watch *w)
{
	struct xn_xs_watch **at = &xs->fired;

	if (w->fired)
		return;
	while (*at)
		at = &(*at)->next_fired;
	*at = w;
	w->next_fired = NULL;
	w->fired = true;
}

/* @path may be any @len bytes, and a NUL after them. The lock is held. */
static void watch_pass_on(struct xn_xs_watch *w, const char *path, uint32_t len)
{
	if (len && len < XN_XS_PATH_MAX && strlen(path) == len)
		w->event(w, path, len);
	else
		w->event(w, w->path, strlen(w->path));
}

/*
 * xn_xs_watch_event - queue the watch of an event, or pass the event on
 * @tail: the end of the event's body, "<path>\0<token>\0", long enough for any
 *        token of ours and the NUL before it
 * @len: bytes of @tail
 * @whole: it is all of the body
 *
 * The lock is held.
 */
void xn_xs_watch_event(struct xn_xs *xs, const char *tail, uint32_t len,
		       bool whole)
{
	uint32_t end = len ? len - 1 : 0, begin = end;
	struct xn_xs_watch *w;
	uint64_t id;

	while (begin && tail[begin - 1])
		begin--;
	if (!begin || tail[end] ||
	    xn_parse_uint(tail + begin, end - begin, ~0u, &id) ||
	    (uint32_t)id - xs->first_id >= xs->next_watch - xs->first_id) {
		xn_stat_inc(XN_STAT_REFUSED);
		return;
	}
	xn_stat_inc(XN_STAT_XS_WATCH);
	w = watch_find(xs, id);
	if (!w)
		return;		/* the watch was just removed */
	if (w->event) {
		/* Before the token there is a NUL. */
		watch_pass_on(w, tail, whole ? begin - 1 : 0);
		return;
	}
	watch_fire(xs, w);
	xn_work_schedule(&xs->work, 0);
}

void xn_xs_watch_again(struct xn_xs *xs, struct xn_xs_watch *w)
{
	unsigned long flags = xn_lock(&xs->lock);

	/* A separate work does this, so that other watches need not wait. */
	if (w->linked && w->fn) {
		w->again = true;
		if (!w->running)
			xn_work_schedule(&xs->again, AGAIN_NS);
	}
	xn_unlock(&xs->lock, flags);
}

static void fire_again(struct xn_work *work)
{
	struct xn_xs *xs = xn_container_of(work, struct xn_xs, again);
	unsigned long flags = xn_lock(&xs->lock);
	struct xn_xs_watch *w;

	for (w = xs->watches; w; w = w->next) {
		if (!w->again || w->running)
			continue;
		w->again = false;
		watch_fire(xs, w);
		xn_work_schedule(&xs->work, 0);
	}
	xn_unlock(&xs->lock, flags);
}

/*
 * Limit events of another domain's node: the first ones are free, then one a
 * second. The lock is held.
 */
static bool too_many(struct xn_xs_watch *w)
{
	uint64_t now = xn_os_now();

	/* Only the toolstack and we can write below our own directory. */
	if (w->path[0] != '/')
		return false;
	if (w->paid_until < now)
		w->paid_until = now;
	if (w->paid_until - now > FREE_EVENTS * AGAIN_NS)
		return true;
	w->paid_until += AGAIN_NS;
	return false;
}

static void put_off(struct xn_xs *xs, struct xn_xs_watch *w)
{
	if (!w->told)
		xn_os_log(XN_WARN,
			  "xenion: %s changes too often: read once a second",
			  w->path);
	w->told = true;
	xn_xs_watch_again(xs, w);
}

/* Call the function of the watch that was queued first. */
static void call_next(struct xn_work *work)
{
	struct xn_xs *xs = xn_container_of(work, struct xn_xs, work);
	unsigned long flags = xn_lock(&xs->lock);
	struct xn_xs_watch *w = xs->quiet ? NULL : xs->fired;
	bool more, late = false;

	if (w) {
		xs->fired = w->next_fired;
		w->fired = false;
		w->running = true;
		late = too_many(w);
	}
	xn_unlock(&xs->lock, flags);
	if (!w)
		return;

	if (late)
		put_off(xs, w);
	else
		w->fn(w);

	/* The owner may free the watch as soon as it is not running. */
	flags = xn_lock(&xs->lock);
	w->running = false;
	/* The delay starts now, so that a slow xenstored is not flooded. */
	if (w->again)
		xn_work_schedule(&xs->again, AGAIN_NS);
	more = xs->fired != NULL;
	xn_unlock(&xs->lock, flags);
	xn_wake(&xs->wait);
	if (more)
		xn_work_schedule(&xs->work, 0);
}

void xn_xs_watch_init(struct xn_xs *xs)
{
	xn_work_init(&xs->work, call_next);
	xn_work_init(&xs->again, fire_again);
}

static bool is_running(struct xn_xs *xs, const struct xn_xs_watch *w)
{
	unsigned long flags = xn_lock(&xs->lock);
	bool running = w->running || w->making;

	xn_unlock(&xs->lock, flags);
	return running;
}

void xn_xs_watch_forget(struct xn_xs *xs, struct xn_xs_watch *w)
{
	unlink_watch(xs, w);
	while (!xn_wait(&xs->wait, !is_running(xs, w), XN_XS_SLICE))
		;
}
