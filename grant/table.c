// SPDX-License-Identifier: MIT
/*
 * The grant table: its version and its frames (xen-public/grant_table.h), the
 * list of free references, and the deferred ones, whose page another domain
 * still maps. Called by frontends, mostly through cache.c, which holds some
 * free references per CPU; entry.c has the layout of entries.
 */
#include "gnttab.h"

#define INFO_PER_PAGE	(XN_PAGE_SIZE / sizeof(struct gref_info))
#define MAX_INFO_PAGES	(XN_PAGE_SIZE / sizeof(void *))

#define REFS_PER_FRAME_V1	(XN_PAGE_SIZE / sizeof(struct grant_entry_v1))
#define REFS_PER_FRAME_V2	(XN_PAGE_SIZE / sizeof(union grant_entry_v2))
#define REFS_PER_STATUS_FRAME	(XN_PAGE_SIZE / sizeof(grant_status_t))

/* The most pages of struct gref_info that one frame needs. */
#define INFO_PAGES	(REFS_PER_FRAME_V1 / INFO_PER_PAGE)

#define LIST_END	XN_GRANT_INVALID

/* With fewer on the list than this, the table grows. */
#define LOW_WATER	64u

#define RECLAIM_MIN_NS	(10 * XN_NSEC_PER_MSEC)
#define RECLAIM_MAX_NS	(1000 * XN_NSEC_PER_MSEC)
#define GROW_RETRY_NS	(100 * XN_NSEC_PER_MSEC)
#define SHRINK_RETRY_NS	XN_NSEC_PER_SEC

/*
 * Our private state of a reference; the host can write the entry itself.
 * @release is set only while the reference is deferred.
 */
struct gref_info {
	union {
		grant_ref_t next;	/* free: the next one on the list */
		void *page;		/* deferred: argument of @release */
	};
	void (*release)(void *page);
};

static struct gref_info *info_of(struct xn_gnttab *gt, grant_ref_t ref)
{
	struct gref_info *page = gt->info[ref / INFO_PER_PAGE];

	return page + ref % INFO_PER_PAGE;
}

static unsigned int refs_per_frame(const struct xn_gnttab *gt)
{
	return gt->version == 1 ? REFS_PER_FRAME_V1 : REFS_PER_FRAME_V2;
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

/* Under the lock, or before the table is in use. */
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

/*
 * Add the frames that hold the references from @first on. The table's frame
 * comes first: adding it makes Xen allocate the status frame.
 */
static int add_frames(struct xn_gnttab *gt, grant_ref_t first)
{
	int err = 0;

	if (gt->frames.used * refs_per_frame(gt) <= first)
		err = xn_physmap_add(&gt->frames);
	if (!err && gt->version == 2 &&
	    gt->status.used * REFS_PER_STATUS_FRAME <= first)
		err = xn_physmap_add(&gt->status);
	return err;
}

/*
 * References that must not be handed out: the toolstack's, and those through
 * which another domain still uses a page that a previous kernel granted. A
 * grant of that kernel that is not in use is revoked: its page is our memory
 * now.
 */
static bool is_taken(struct xn_gnttab *gt, grant_ref_t ref)
{
	return ref < GNTTAB_NR_RESERVED_ENTRIES ||
	       (xn_gref_in_use(gt, ref) && xn_gref_end(gt, ref));
}

/* Add one frame of references, with @pages for their state; under the lock. */
static int add_refs(struct xn_gnttab *gt, void **pages)
{
	grant_ref_t first = gt->nr_refs, end = first + refs_per_frame(gt), ref;
	int err = add_frames(gt, first);

	if (err) {
		gt->full |= err != -ENOMEM;
		return err;
	}
	memcpy(&gt->info[first / INFO_PER_PAGE], pages,
	       refs_per_frame(gt) / INFO_PER_PAGE * sizeof(*pages));
	/* Backwards, so that the list begins with the lowest. */
	for (ref = end; ref-- > first;)
		if (is_taken(gt, ref))
			gt->nr_kept++;
		else
			put_free(gt, ref);
	__atomic_store_n(&gt->nr_refs, end, __ATOMIC_RELEASE);
	return 0;
}

int xn_gref_grow(struct xn_gnttab *gt)
{
	unsigned int i, n = refs_per_frame(gt) / INFO_PER_PAGE;
	void *pages[INFO_PAGES];
	unsigned long flags;
	int err = 0;

	for (i = 0; i < n; i++) {
		pages[i] = xn_os_page_alloc();
		if (!pages[i])
			err = -ENOMEM;
	}
	if (!err) {
		flags = xn_lock(&gt->lock);
		err = add_refs(gt, pages);
		xn_unlock(&gt->lock, flags);
	}
	for (i = 0; err && i < n; i++)
		xn_os_page_free(pages[i]);
	return err;
}

/* The table is at its limit: have other devices give back unused references. */
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
	if (err == -ENOMEM)
		xn_work_schedule(&gt->grow, GROW_RETRY_NS);
	else if (err)
		shrink_for_waiters(gt);
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

/* Returns true if at least one deferred grant has ended. */
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
		if (!release || xn_gref_end(gt, ref))
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

/* Before the end, give other domains some time to unmap. */
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

/* Xen changes the version only while no other domain maps a page of ours. */
static int set_version(unsigned int version)
{
	struct gnttab_set_version x = { .version = version };

	return xn_hc_grant_table(GNTTABOP_set_version, &x, 1);
}

static int choose_version(struct xn_gnttab *gt, unsigned int version)
{
	struct gnttab_get_version now = { .dom = DOMID_SELF };
	long err = xn_hc_grant_table(GNTTABOP_get_version, &now, 1);

	if (err)
		return err;
	if (now.version != 1 && now.version != 2)
		return -ENODEV;
	if (now.version != version && !set_version(version))
		now.version = version;
	gt->version = now.version;
	gt->v1_gfns = gt->version == 1 ? 1ull << 32 : 0;
	return 0;
}

static int init_frames(struct xn_gnttab *gt)
{
	struct gnttab_query_size size = { .dom = DOMID_SELF };
	unsigned int max = MAX_INFO_PAGES * INFO_PER_PAGE / refs_per_frame(gt);
	long err = xn_hc_grant_table(GNTTABOP_query_size, &size, 1);

	if (err)
		return err;
	if (size.status != GNTST_okay || !size.max_nr_frames)
		return -EIO;
	if (max > size.max_nr_frames)
		max = size.max_nr_frames;
	gt->max_refs = max * refs_per_frame(gt);
	err = xn_physmap_init(&gt->frames, XENMAPSPACE_grant_table, max);
	if (err || gt->version == 1)
		return err;
	max = (max * REFS_PER_FRAME_V2 + REFS_PER_STATUS_FRAME - 1) /
	      REFS_PER_STATUS_FRAME;
	return xn_physmap_init(&gt->status, XN_MAPSPACE_GRANT_STATUS, max);
}

static void free_all(struct xn_gnttab *gt)
{
	unsigned int i;

	for (i = 0; i < gt->nr_refs / INFO_PER_PAGE; i++)
		xn_os_page_free(gt->info[i]);
	xn_os_page_free(gt->info);
	gt->info = NULL;
	xn_gref_caches_fini(gt);
	/* First: a change of version makes Xen free the status frames. */
	xn_physmap_fini(&gt->status);
	xn_physmap_fini(&gt->frames);
	if (gt->version == 2 && set_version(1))
		xn_os_log(XN_WARN,
			  "xenion: the grant table stays at version 2");
}

int xn_gnttab_init(struct xn_gnttab *gt, unsigned int version)
{
	int err = choose_version(gt, version);

	if (err)
		return err;
	xn_lock_init(&gt->lock);
	xn_waitq_init(&gt->walk_ended);
	xn_work_init(&gt->grow, grow_fn);
	xn_work_init(&gt->reclaim, reclaim_fn);
	gt->reclaim_ns = RECLAIM_MIN_NS;
	gt->free_head = LIST_END;

	err = init_frames(gt);
	if (!err) {
		gt->info = xn_os_page_alloc();
		err = gt->info ? xn_gref_caches_init(gt) : -ENOMEM;
	}
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
	gt->full = true;	/* no more growth */
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
