// SPDX-License-Identifier: MIT
/*
 * Shortage of grant references. The table has a limit
 * (xen-public/grant_table.h, GNTTABOP_query_size), and all devices share it.
 * Devices that hold more than their minimum give unused references back,
 * optional allocations leave a reserve, and a device that finds too few waits.
 * Called by frontends and table.c.
 */
#include "gnttab.h"

#define GROW_RETRY_NS	(100 * XN_NSEC_PER_MSEC)
#define SHRINK_RETRY_NS	XN_NSEC_PER_SEC

/* Spare allocations leave 1/n of the table to devices that come later. */
#define RESERVED_PART	8u

/* ---- how many there are ---- */

unsigned int xn_gnttab_size(struct xn_gnttab *gt)
{
	return XN_READ_ONCE(gt->full) ? XN_READ_ONCE(gt->nr_refs) :
					gt->max_refs;
}

/* References on the list or in frames not yet added; not exact. */
static unsigned int to_be_had(struct xn_gnttab *gt)
{
	return XN_READ_ONCE(gt->nr_free) + xn_gnttab_size(gt) -
	       XN_READ_ONCE(gt->nr_refs);
}

int xn_gnttab_alloc_spare(struct xn_gnttab *gt, grant_ref_t *ref)
{
	if (XN_READ_ONCE(gt->waiters) ||
	    to_be_had(gt) <= xn_gnttab_size(gt) / RESERVED_PART)
		return -ENOSPC;
	return xn_gnttab_alloc(gt, ref);
}

unsigned int xn_gnttab_unused(struct xn_gnttab *gt)
{
	return to_be_had(gt) + xn_gref_cached(gt);
}

static unsigned int shortage_missing(struct xn_gnttab *gt, unsigned int count)
{
	unsigned int unused = XN_READ_ONCE(gt->nr_free) + xn_gref_cached(gt);

	return unused < count ? count - unused : 0;
}

int xn_gnttab_reserve(struct xn_gnttab *gt, unsigned int count)
{
	int err = 0;

	while (!err && shortage_missing(gt, count))
		err = xn_gref_grow(gt);
	if (!err || !XN_READ_ONCE(gt->full))
		return err;
	(void)xn_gnttab_shrink(gt, shortage_missing(gt, count));
	return shortage_missing(gt, count) ? -ENOSPC : 0;
}

/* ---- shrinkers ---- */

/*
 * Only one thread at a time walks the list of shrinkers or changes it. Returns
 * true if the caller may.
 */
static bool begin_walk(struct xn_gnttab *gt)
{
	unsigned long flags = xn_lock(&gt->lock);
	bool others = gt->walking;

	gt->walking = true;
	xn_unlock(&gt->lock, flags);
	return !others;
}

static void end_walk(struct xn_gnttab *gt)
{
	unsigned long flags = xn_lock(&gt->lock);

	gt->walking = false;
	xn_unlock(&gt->lock, flags);
	xn_wake(&gt->walk_ended);
}

unsigned int xn_gnttab_shrink(struct xn_gnttab *gt, unsigned int want)
{
	struct xn_gnttab_shrinker *s;
	unsigned int n = 0;

	/* Another thread is shrinking already. */
	if (!begin_walk(gt))
		return 0;
	for (s = gt->shrinkers; s && n < want; s = s->next)
		n += s->fn(s, want - n);
	end_walk(gt);
	return n;
}

static void begin_change(struct xn_gnttab *gt)
{
	while (!begin_walk(gt))
		(void)xn_wait(&gt->walk_ended, !XN_READ_ONCE(gt->walking),
			      XN_NSEC_PER_SEC);
}

void xn_gnttab_shrinker_add(struct xn_gnttab *gt, struct xn_gnttab_shrinker *s)
{
	struct xn_gnttab_shrinker **p;

	begin_change(gt);
	/* Append: shrinkers are asked in the order of registration. */
	for (p = &gt->shrinkers; *p && *p != s; p = &(*p)->next)
		;
	if (!*p) {
		s->next = NULL;
		*p = s;
	}
	end_walk(gt);
}

void xn_gnttab_shrinker_remove(struct xn_gnttab *gt,
			       struct xn_gnttab_shrinker *s)
{
	struct xn_gnttab_shrinker **p;

	begin_change(gt);
	for (p = &gt->shrinkers; *p && *p != s; p = &(*p)->next)
		;
	if (*p)
		*p = s->next;
	end_walk(gt);
}

/* ---- growth in the background ---- */

/* At the limit, other devices give unused references to the waiters. */
static void shrink_for_waiters(struct xn_gnttab *gt)
{
	unsigned int need = xn_gref_wanted(gt);

	if (!need)
		return;
	(void)xn_gnttab_shrink(gt, need);
	xn_gref_wake(gt);
	/* What is in use now may be idle later. */
	if (xn_gref_wanted(gt))
		xn_work_schedule(&gt->grow, SHRINK_RETRY_NS);
}

void xn_gref_grow_fn(struct xn_work *work)
{
	struct xn_gnttab *gt = xn_container_of(work, struct xn_gnttab, grow);
	int err = 0;

	while (!err && (XN_READ_ONCE(gt->nr_free) < XN_GREF_LOW_WATER ||
			xn_gref_wanted(gt))) {
		err = xn_gref_grow(gt);
		if (!err)
			xn_gref_wake(gt);
	}
	if (err == -ENOMEM)
		xn_work_schedule(&gt->grow, GROW_RETRY_NS);
	else if (err)
		shrink_for_waiters(gt);
}
