// SPDX-License-Identifier: MIT
/*
 * Single grant references: a small cache per CPU in front of the table's free
 * list, and a queue of waiters for when both are empty. Called by frontends.
 *
 * Each cache has a lock, which usually only its own CPU takes: a CPU that finds
 * the list empty empties the other CPUs' caches. So it does not matter if a
 * thread moves to another CPU once it has found a cache. Lock order: cache, then
 * table.
 */
#include "gnttab.h"

#define CACHE_REFS	60u
#define BATCH		(CACHE_REFS / 2)

struct gref_cache {
	struct xn_lock lock;
	uint32_t count;
	grant_ref_t ref[CACHE_REFS];
} __attribute__((aligned(64)));

#define CACHES_PER_PAGE	(XN_PAGE_SIZE / sizeof(struct gref_cache))

static struct gref_cache *cache_of(struct xn_gnttab *gt, unsigned int cpu)
{
	struct gref_cache *page = gt->caches[cpu / CACHES_PER_PAGE];

	return page + cpu % CACHES_PER_PAGE;
}

static struct gref_cache *cache_here(struct xn_gnttab *gt)
{
	return cache_of(gt, xn_os_cpu());
}

int xn_gref_caches_init(struct xn_gnttab *gt)
{
	unsigned int cpu, cpus = xn_os_cpu_count();

	if (cpus > CACHES_PER_PAGE * (XN_PAGE_SIZE / sizeof(void *)))
		return -EINVAL;
	gt->caches = xn_os_page_alloc();
	if (!gt->caches)
		return -ENOMEM;
	for (cpu = 0; cpu < cpus; cpu++) {
		void **page = &gt->caches[cpu / CACHES_PER_PAGE];

		if (!*page)
			*page = xn_os_page_alloc();
		if (!*page)
			return -ENOMEM;
		xn_lock_init(&cache_of(gt, cpu)->lock);
	}
	return 0;
}

void xn_gref_caches_fini(struct xn_gnttab *gt)
{
	unsigned int i, cpus = xn_os_cpu_count();

	if (!gt->caches)
		return;
	for (i = 0; i * CACHES_PER_PAGE < cpus; i++)
		xn_os_page_free(gt->caches[i]);
	xn_os_page_free(gt->caches);
	gt->caches = NULL;
}

unsigned int xn_gref_cached(struct xn_gnttab *gt)
{
	unsigned int cpu, n = 0;

	for (cpu = 0; cpu < xn_os_cpu_count(); cpu++)
		n += XN_READ_ONCE(cache_of(gt, cpu)->count);
	return n;
}

void xn_gref_flush(struct xn_gnttab *gt)
{
	unsigned int cpu;

	for (cpu = 0; cpu < xn_os_cpu_count(); cpu++) {
		struct gref_cache *c = cache_of(gt, cpu);
		unsigned long flags = xn_lock(&c->lock);

		xn_gref_put(gt, c->ref, c->count);
		c->count = 0;
		xn_unlock(&c->lock, flags);
	}
}

unsigned int xn_gnttab_used(struct xn_gnttab *gt)
{
	unsigned int unused = xn_gref_cached(gt), refs;
	unsigned long flags = xn_lock(&gt->lock);

	unused += gt->nr_free + gt->nr_kept + gt->nr_deferred;
	refs = gt->nr_refs;
	xn_unlock(&gt->lock, flags);
	/* The caches were counted earlier, so the sum may be too high. */
	return refs > unused ? refs - unused : 0;
}

/* ---- waiters ---- */

unsigned int xn_gref_wanted(struct xn_gnttab *gt)
{
	unsigned long flags = xn_lock(&gt->lock);
	unsigned int need = gt->waiters ? gt->waiters->need : 0;

	xn_unlock(&gt->lock, flags);
	return need;
}

static void unlink_waiter(struct xn_gnttab *gt, struct xn_gnttab_waiter *w)
{
	struct xn_gnttab_waiter **p;

	for (p = &gt->waiters; *p && *p != w; p = &(*p)->next)
		;
	if (*p)
		XN_WRITE_ONCE(*p, w->next);
	w->queued = false;
}

void xn_gref_wake(struct xn_gnttab *gt)
{
	struct xn_gnttab_waiter *w;
	unsigned long flags;

	xn_gref_flush(gt);
	flags = xn_lock(&gt->lock);
	while ((w = gt->waiters) && w->need <= gt->nr_free) {
		unlink_waiter(gt, w);
		/* Under the lock: who cancels need not wait for a preempted CPU. */
		w->fn(w);
	}
	xn_unlock(&gt->lock, flags);
}

void xn_gnttab_wait(struct xn_gnttab *gt, struct xn_gnttab_waiter *w,
		    unsigned int need)
{
	unsigned long flags = xn_lock(&gt->lock);
	struct xn_gnttab_waiter **p;

	if (!w->queued) {
		w->queued = true;
		w->need = need;
		w->next = NULL;
		for (p = &gt->waiters; *p; p = &(*p)->next)
			;
		XN_WRITE_ONCE(*p, w);
	}
	xn_unlock(&gt->lock, flags);

	/* A reference that is freed now is seen by us, or its freer sees @w. */
	xn_mb();
	xn_gref_wake(gt);
	if (XN_READ_ONCE(gt->waiters))
		xn_work_schedule(&gt->grow, 0);
}

void xn_gnttab_wait_cancel(struct xn_gnttab *gt, struct xn_gnttab_waiter *w)
{
	unsigned long flags = xn_lock(&gt->lock);

	unlink_waiter(gt, w);
	xn_unlock(&gt->lock, flags);
}

/* ---- single references ---- */

int xn_gnttab_alloc(struct xn_gnttab *gt, grant_ref_t *ref)
{
	struct gref_cache *c = cache_here(gt);
	unsigned long flags = xn_lock(&c->lock);
	bool found;

	if (!c->count)
		c->count = xn_gref_take(gt, c->ref, BATCH);
	found = c->count;
	if (found)
		*ref = c->ref[--c->count];
	xn_unlock(&c->lock, flags);
	if (found)
		return 0;
	xn_gref_flush(gt);
	return xn_gref_take(gt, ref, 1) ? 0 : -ENOSPC;
}

void xn_gnttab_free(struct xn_gnttab *gt, grant_ref_t ref)
{
	struct gref_cache *c = cache_here(gt);
	unsigned long flags = xn_lock(&c->lock);

	if (c->count == CACHE_REFS) {
		c->count -= BATCH;
		xn_gref_put(gt, c->ref + c->count, BATCH);
	}
	c->ref[c->count++] = ref;
	xn_unlock(&c->lock, flags);

	/* A new waiter looks into the caches: see xn_gnttab_wait(). */
	xn_mb();
	if (XN_READ_ONCE(gt->waiters))
		xn_gref_wake(gt);
}

int xn_gnttab_get(struct xn_gnttab *gt, grant_ref_t *ref)
{
	int err;

	/* Others may take the new references; the table's limit ends this. */
	while ((err = xn_gnttab_alloc(gt, ref)) == -ENOSPC) {
		err = xn_gref_grow(gt);
		if (err)
			break;
	}
	return err;
}
