// SPDX-License-Identifier: MIT
/*
 * xn_work: functions that run soon, in separate threads, so that they may sleep
 * (<xenion/os.h>). There are several threads because a work may wait for
 * another one: a frontend's change of state for a watch, for example.
 */
#include "bare.h"

#define NR_WORKERS	4

static struct xn_lock lock;
static struct xn_waitq wait;
static struct xn_work *queue;			/* sorted by due */
static struct xn_work *running[NR_WORKERS];

/* Called under the lock. */
static bool is_running(const struct xn_work *w)
{
	unsigned int i;

	for (i = 0; i < NR_WORKERS; i++)
		if (running[i] == w)
			return true;
	return false;
}

static void work_unlink(struct xn_work *w)
{
	struct xn_work **p;

	for (p = &queue; *p && *p != w; p = &(*p)->next)
		;
	if (*p)
		*p = w->next;
	w->queued = false;
}

/* Take the first work that is due and not running; else @until: look again. */
static struct xn_work *work_take(unsigned int worker, uint64_t *until)
{
	unsigned long flags = xn_lock(&lock);
	uint64_t now = xn_os_now();
	struct xn_work *w;

	*until = UINT64_MAX;
	for (w = queue; w; w = w->next) {
		if (is_running(w))
			continue;
		if (w->due <= now) {
			work_unlink(w);
			running[worker] = w;
		} else {
			*until = w->due;
			w = NULL;
		}
		break;
	}
	xn_unlock(&lock, flags);
	return w;
}

static void work_main(void *arg)
{
	unsigned int me = (uintptr_t)arg;
	struct xn_work *w;
	uint64_t until;

	for (;;) {
		bare_wait_begin(&wait);
		w = work_take(me, &until);
		if (!w) {
			bare_wait_pause(until);
			continue;
		}
		w->fn(w);	/* may free what @w is in */
		__atomic_store_n(&running[me], NULL, __ATOMIC_RELEASE);
		xn_wake(&wait);
		/* A work that schedules itself lets others run. */
		bare_yield();
	}
}

void bare_workers_init(void)
{
	uintptr_t i;

	for (i = 0; i < NR_WORKERS; i++)
		if (bare_thread(work_main, (void *)i))
			bare_panic("bare: no memory for the worker threads");
}

void xn_work_schedule(struct xn_work *w, uint64_t delay_ns)
{
	uint64_t due = bare_deadline(delay_ns);
	unsigned long flags = xn_lock(&lock);
	struct xn_work **p;
	bool added = !w->queued && !w->cancelled;

	if (added) {
		for (p = &queue; *p && (*p)->due <= due; p = &(*p)->next)
			;
		w->due = due;
		w->next = *p;
		w->queued = true;
		*p = w;
	}
	xn_unlock(&lock, flags);
	if (added)
		xn_wake(&wait);
}

void xn_work_cancel(struct xn_work *w)
{
	unsigned long flags = xn_lock(&lock);

	w->cancelled = true;
	work_unlink(w);
	xn_unlock(&lock, flags);
	while (!xn_wait(&wait, !is_running(w), XN_NSEC_PER_SEC))
		;
	w->cancelled = false;
}
