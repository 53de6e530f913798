// SPDX-License-Identifier: MIT
/*
 * The grant table, version 1: its frames, the references that are free, and
 * the entries by which other domains get at our pages (GTF_* and struct
 * grant_entry_v1 in xen-public/grant_table.h). Called by frontends; cache.c
 * stands before the list of free references.
 */
#include "gnttab.h"

#define REFS_PER_FRAME	(XN_PAGE_SIZE / sizeof(struct grant_entry_v1))
#define INFO_PER_PAGE	(XN_PAGE_SIZE / sizeof(struct gref_info))
#define INFO_PAGES	(REFS_PER_FRAME / INFO_PER_PAGE)	/* per frame */
#define MAX_FRAMES	(XN_PAGE_SIZE / sizeof(void *) / INFO_PAGES)

#define LIST_END	XN_GRANT_INVALID

/* With fewer on the list than this, the table grows. */
#define LOW_WATER	64u

/* How often an entry is tried while its flags change under us. */
#define END_TRIES	8

#define RECLAIM_MIN_NS	(10 * XN_NSEC_PER_MSEC)
#define RECLAIM_MAX_NS	(1000 * XN_NSEC_PER_MSEC)
#define GROW_RETRY_NS	(100 * XN_NSEC_PER_MSEC)

/*
 * What we know of a reference, apart from its entry, which the host can write.
 * A deferred one is known by its @release.
 */
struct gref_info {
	union {
		grant_ref_t next;	/* free: the next one on the list */
		void *page;		/* deferred: what waits with it */
	};
	void (*release)(void *page);
};

static struct gref_info *info_of(struct xn_gnttab *gt, grant_ref_t ref)
{
	struct gref_info *page = gt->info[ref / INFO_PER_PAGE];

	return page + ref % INFO_PER_PAGE;
}

static struct grant_entry_v1 *entry_of(struct xn_gnttab *gt, grant_ref_t ref)
{
	return (struct grant_entry_v1 *)gt->frames.va + ref;
}

/* ---- free references ---- */

unsigned int xn_gref_take(struct xn_gnttab *gt, grant_ref_t *refs,
			  unsigned int max)
{
	unsigned long flags = xn_lock(&gt->lock);
	unsigned int n;
	bool low;

	for (n = 0; n < max && gt->nr_free; n++) {
		refs[n] = gt->free_head;
		gt->free_head = info_of(gt, refs[n])->next;
		gt->nr_free--;
	}
	low = gt->nr_free < LOW_WATER && !gt->full;
	xn_unlock(&gt->lock, flags);
	if (low)
		xn_work_schedule(&gt->grow, 0);
	return n;
}

/* Under the lock, or before anyone else knows the table. */
static void put_free(struct xn_gnttab *gt, grant_ref_t ref)
{
	info_of(gt, ref)->next = gt->free_head;
	gt->free_head = ref;
	gt->nr_free++;
}

void xn_gref_put(struct xn_gnttab *gt, const grant_ref_t *refs,
		 unsigned int count)
{
	unsigned long flags = xn_lock(&gt->lock);

	while (count)
		put_free(gt, refs[--count]);
	xn_unlock(&gt->lock, flags);
}

/* ---- growth ---- */

/* The next frame and what goes with it; under the lock. */
static int add_frame(struct xn_gnttab *gt, void **pages)
{
	grant_ref_t first = gt->nr_refs, ref = first + REFS_PER_FRAME;
	int err = xn_physmap_add(&gt->frames);

	if (err) {
		gt->full |= err != -ENOMEM;
		return err;
	}
	memcpy(&gt->info[first / INFO_PER_PAGE], pages,
	       INFO_PAGES * sizeof(*pages));
	/* From the last, so that the list begins with the first. */
	while (ref-- > first)
		if (ref < GNTTAB_NR_RESERVED_ENTRIES ||
		    XN_READ_ONCE(entry_of(gt, ref)->flags))
			gt->nr_kept++;
		else
			put_free(gt, ref);
	__atomic_store_n(&gt->nr_refs, first + REFS_PER_FRAME,
			 __ATOMIC_RELEASE);
	return 0;
}

int xn_gref_grow(struct xn_gnttab *gt)
{
	void *pages[INFO_PAGES];
	unsigned long flags;
	unsigned int i;
	int err = 0;

	for (i = 0; i < INFO_PAGES; i++) {
		pages[i] = xn_os_page_alloc();
		if (!pages[i])
			err = -ENOMEM;
	}
	if (!err) {
		flags = xn_lock(&gt->lock);
		err = add_frame(gt, pages);
		xn_unlock(&gt->lock, flags);
	}
	for (i = 0; err && i < INFO_PAGES; i++)
		xn_os_page_free(pages[i]);
	return err;
}

static void grow_fn(struct xn_work *work)
{
	struct xn_gnttab *gt = xn_container_of(work, struct xn_gnttab, grow);
	int err = 0;

	while (!err && (XN_READ_ONCE(gt->nr_free) < LOW_WATER ||
			xn_gref_wanted(gt))) {
		err = xn_gref_grow(gt);
		if (!err)
			xn_gref_wake(gt);
	}
	/* At the limit only those who free can help; else try again. */
	if (err == -ENOMEM)
		xn_work_schedule(&gt->grow, GROW_RETRY_NS);
}

/* ---- entries ---- */

void xn_gnttab_grant(struct xn_gnttab *gt, grant_ref_t ref, domid_t remote,
		     xen_pfn_t gfn, bool readonly)
{
	struct grant_entry_v1 *e = entry_of(gt, ref);

	if (gfn != (uint32_t)gfn)
		return;
	XN_WRITE_ONCE(e->frame, (uint32_t)gfn);
	XN_WRITE_ONCE(e->domid, remote);
	/* The flags last: they make the entry count. */
	xn_wmb();
	XN_WRITE_ONCE(e->flags, (uint16_t)(GTF_permit_access |
					   (readonly ? GTF_readonly : 0)));
	xn_stat_inc(XN_STAT_GRANT);
}

static int try_end(struct xn_gnttab *gt, grant_ref_t ref)
{
	uint16_t *flags = &entry_of(gt, ref)->flags;
	uint16_t old = XN_READ_ONCE(*flags);
	unsigned int tries;

	for (tries = 0; tries < END_TRIES; tries++) {
		if (old & (GTF_reading | GTF_writing))
			return -EBUSY;
		if (__atomic_compare_exchange_n(flags, &old, 0, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST)) {
			xn_stat_inc(XN_STAT_GRANT_END);
			return 0;
		}
	}
	return -EBUSY;
}

int xn_gnttab_end(struct xn_gnttab *gt, grant_ref_t ref)
{
	int err = try_end(gt, ref);

	if (err)
		xn_stat_inc(XN_STAT_GRANT_BUSY);
	return err;
}

int xn_gnttab_grant_page(struct xn_gnttab *gt, domid_t remote,
			 const void *page, bool readonly, grant_ref_t *ref)
{
	int err = xn_gnttab_get(gt, ref);

	if (!err)
		xn_gnttab_grant(gt, *ref, remote, xn_os_gfn(page), readonly);
	return err;
}

/* ---- deferred ends ---- */

static void release_nothing(void *page)
{
}

int xn_gnttab_end_page(struct xn_gnttab *gt, grant_ref_t ref, void *page,
		       void (*release)(void *page))
{
	struct gref_info *info = info_of(gt, ref);

	if (!release)
		release = release_nothing;
	if (!xn_gnttab_end(gt, ref)) {
		xn_gnttab_free(gt, ref);
		release(page);
		return 0;
	}
	__atomic_fetch_add(&gt->nr_deferred, 1, __ATOMIC_RELAXED);
	info->page = page;
	__atomic_store_n(&info->release, release, __ATOMIC_RELEASE);
	xn_work_schedule(&gt->reclaim, RECLAIM_MIN_NS);
	return -EBUSY;
}

/* Returns: has any been let go of? */
static bool reclaim(struct xn_gnttab *gt)
{
	uint32_t nr_refs = __atomic_load_n(&gt->nr_refs, __ATOMIC_ACQUIRE);
	bool progress = false;
	grant_ref_t ref;

	for (ref = GNTTAB_NR_RESERVED_ENTRIES;
	     ref < nr_refs && XN_READ_ONCE(gt->nr_deferred); ref++) {
		struct gref_info *info = info_of(gt, ref);
		void (*release)(void *page);
		void *page;

		release = __atomic_load_n(&info->release, __ATOMIC_ACQUIRE);
		if (!release || try_end(gt, ref))
			continue;
		page = info->page;
		info->release = NULL;
		__atomic_fetch_sub(&gt->nr_deferred, 1, __ATOMIC_RELAXED);
		xn_gnttab_free(gt, ref);
		release(page);
		progress = true;
	}
	return progress;
}

static void reclaim_fn(struct xn_work *work)
{
	struct xn_gnttab *gt = xn_container_of(work, struct xn_gnttab, reclaim);

	if (reclaim(gt))
		gt->reclaim_ns = RECLAIM_MIN_NS;
	else if (gt->reclaim_ns < RECLAIM_MAX_NS)
		gt->reclaim_ns *= 2;
	if (XN_READ_ONCE(gt->nr_deferred))
		xn_work_schedule(work, gt->reclaim_ns);
}

/* At the end: the other domains may be about to unmap. */
static void reclaim_last(struct xn_gnttab *gt)
{
	uint64_t delay = RECLAIM_MIN_NS;
	struct xn_waitq nobody;

	xn_waitq_init(&nobody);
	for (;;) {
		reclaim(gt);
		if (!gt->nr_deferred || delay > RECLAIM_MAX_NS)
			return;
		(void)xn_wait(&nobody, false, delay);
		delay *= 2;
	}
}

/* ---- begin and end ---- */

/* How many frames there may be; negative: the table is not for us. */
static int query_max_frames(void)
{
	struct gnttab_get_version version = { .dom = DOMID_SELF };
	struct gnttab_query_size size = { .dom = DOMID_SELF };
	long err;

	err = xn_hc_grant_table(GNTTABOP_get_version, &version, 1);
	if (err)
		return err;
	if (version.version != 1)
		return -ENODEV;
	err = xn_hc_grant_table(GNTTABOP_query_size, &size, 1);
	if (err)
		return err;
	if (size.status != GNTST_okay || !size.max_nr_frames)
		return -EIO;
	return size.max_nr_frames < MAX_FRAMES ? size.max_nr_frames :
						 MAX_FRAMES;
}

static void free_all(struct xn_gnttab *gt)
{
	unsigned int i;

	for (i = 0; i < gt->nr_refs / INFO_PER_PAGE; i++)
		xn_os_page_free(gt->info[i]);
	xn_os_page_free(gt->info);
	gt->info = NULL;
	xn_gref_caches_fini(gt);
	xn_physmap_fini(&gt->frames);
}

int xn_gnttab_init(struct xn_gnttab *gt)
{
	int max = query_max_frames(), err;

	if (max < 0)
		return max;
	xn_lock_init(&gt->lock);
	xn_work_init(&gt->grow, grow_fn);
	xn_work_init(&gt->reclaim, reclaim_fn);
	gt->reclaim_ns = RECLAIM_MIN_NS;
	gt->free_head = LIST_END;

	err = xn_physmap_init(&gt->frames, XENMAPSPACE_grant_table, max);
	if (err)
		return err;
	gt->info = xn_os_page_alloc();
	err = gt->info ? xn_gref_caches_init(gt) : -ENOMEM;
	if (!err)
		err = xn_gref_grow(gt);
	if (err)
		free_all(gt);
	return err;
}

unsigned int xn_gnttab_fini(struct xn_gnttab *gt)
{
	unsigned long flags;
	unsigned int lost;

	flags = xn_lock(&gt->lock);
	gt->full = true;	/* asks for no more growth */
	xn_unlock(&gt->lock, flags);
	xn_work_cancel(&gt->grow);
	xn_work_cancel(&gt->reclaim);
	reclaim_last(gt);

	lost = xn_gnttab_used(gt) + gt->nr_deferred;
	if (lost)
		xn_os_log(XN_WARN,
			  "xenion: %u granted pages are still mapped by other domains and lost, %u references were not freed",
			  gt->nr_deferred, lost - gt->nr_deferred);
	free_all(gt);
	return lost;
}
