// SPDX-License-Identifier: MIT
/*
 * The list of free grant references, and its growth: each frame of the table
 * (xen-public/grant_table.h) adds some hundred references. Called by cache.c,
 * which is in front of the list, and by the files above it.
 */
#include "gnttab.h"

/* Pages of information that a frame's references need, at most. */
#define INFO_PAGES	(XN_GREFS_PER_FRAME_V1 / XN_GREF_INFO_PER_PAGE)

/* ---- free references ---- */

unsigned int xn_gref_take(struct xn_gnttab *gt, grant_ref_t *refs,
			  unsigned int max)
{
	unsigned long flags = xn_lock(&gt->lock);
	unsigned int n;
	bool low;

	for (n = 0; n < max && gt->nr_free; n++) {
		refs[n] = gt->free_head;
		gt->free_head = xn_gref_info(gt, refs[n])->next;
		gt->nr_free--;
	}
	low = gt->nr_free < XN_GREF_LOW_WATER && !gt->full;
	xn_unlock(&gt->lock, flags);
	if (low)
		xn_work_schedule(&gt->grow, 0);
	return n;
}

/* Called under the lock, or before any other code knows the table. */
static void list_put(struct xn_gnttab *gt, grant_ref_t ref)
{
	xn_gref_info(gt, ref)->next = gt->free_head;
	gt->free_head = ref;
	gt->nr_free++;
}

void xn_gref_put(struct xn_gnttab *gt, const grant_ref_t *refs,
		 unsigned int count)
{
	unsigned long flags = xn_lock(&gt->lock);

	while (count)
		list_put(gt, refs[--count]);
	xn_unlock(&gt->lock, flags);
}

/* ---- growth ---- */

/*
 * Add the frames of the references from @first on. The table's frame comes
 * first: Xen then makes the status frame as well.
 */
static int list_add_frames(struct xn_gnttab *gt, grant_ref_t first)
{
	int err = 0;

	if (gt->frames.used * xn_grefs_per_frame(gt) <= first)
		err = xn_physmap_add(&gt->frames);
	if (!err && gt->version == 2 &&
	    gt->status.used * XN_GREFS_PER_STATUS_FRAME <= first)
		err = xn_physmap_add(&gt->status);
	return err;
}

/*
 * Must this reference stay off the list? The toolstack's must, and those by
 * which another domain still uses a page of the previous kernel. A grant of
 * that kernel that is not in use is ended: its page is ours now.
 */
static bool list_keeps_out(struct xn_gnttab *gt, grant_ref_t ref)
{
	return ref < GNTTAB_NR_RESERVED_ENTRIES ||
	       (xn_gref_in_use(gt, ref) && xn_gref_end(gt, ref));
}

/*
 * How many references to add: those of a frame, or of the rest of one that was
 * filled by half when a version 2 table became one of version 1.
 */
static unsigned int list_step(const struct xn_gnttab *gt)
{
	unsigned int n = xn_grefs_per_frame(gt);

	return n - XN_READ_ONCE(gt->nr_refs) % n;
}

/* Add that many, with their information. Called under the lock. */
static int list_add_refs(struct xn_gnttab *gt, void **pages, unsigned int n)
{
	grant_ref_t first = gt->nr_refs, end = first + n, ref;
	int err = list_add_frames(gt, first);

	if (err) {
		gt->full |= err != -ENOMEM;
		return err;
	}
	memcpy(&gt->info[first / XN_GREF_INFO_PER_PAGE], pages,
	       n / XN_GREF_INFO_PER_PAGE * sizeof(*pages));
	/* From the last, so that the list begins with the first. */
	for (ref = end; ref-- > first;)
		if (list_keeps_out(gt, ref))
			gt->nr_kept++;
		else
			list_put(gt, ref);
	__atomic_store_n(&gt->nr_refs, end, __ATOMIC_RELEASE);
	return 0;
}

int xn_gref_grow(struct xn_gnttab *gt)
{
	unsigned int step = list_step(gt), n = step / XN_GREF_INFO_PER_PAGE, i;
	void *pages[INFO_PAGES];
	unsigned long flags;
	bool added = false;
	int err = 0;

	for (i = 0; i < n; i++) {
		pages[i] = xn_os_page_alloc();
		if (!pages[i])
			err = -ENOMEM;
	}
	if (!err) {
		flags = xn_lock(&gt->lock);
		/* If it is another one now, another thread has added some. */
		if (step == list_step(gt)) {
			err = list_add_refs(gt, pages, step);
			added = !err;
		}
		xn_unlock(&gt->lock, flags);
	}
	for (i = 0; !added && i < n; i++)
		xn_os_page_free(pages[i]);
	return err;
}
