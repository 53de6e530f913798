// SPDX-License-Identifier: MIT
/*
 * The grant references of one blkfront queue, each with a bounce page if data
 * is bounced ("persistent grants" in xen-public/io/blkif.h), and the pages of
 * indirect descriptors. Called by life.c and submit.c, and by the grant table
 * when other devices need references.
 *
 * A queue begins with enough slots for one request of the largest size, and a
 * few small ones. When a request finds too few, a work doubles their number.
 * Unused slots are given back when other devices need references. Requests
 * themselves allocate nothing. The free list is a stack, so a disk with little
 * to do uses few slots, and always the same ones.
 */
#include "blk.h"

/* Slots at first, unless one request needs more. */
#define LEAST_SLOTS	64u

/*
 * More slots would help only very long requests. Each slot costs a reference
 * and, if data is bounced, a page: 4 MiB in all. Backends keep about as many
 * pages mapped.
 */
#define MOST_SLOTS	1024u

/* Segments of the shortest request that needs indirect descriptors. */
#define INDIRECT_FROM	(BLKIF_MAX_SEGMENTS_PER_REQUEST + 1)

/* Time until a queue that could not grow tries again. */
#define REST_NS		XN_NSEC_PER_SEC

struct xn_blk_slot_page {
	struct xn_blk_slot_page *next;
	struct xn_blk_slot slot[(XN_PAGE_SIZE - sizeof(void *)) /
				sizeof(struct xn_blk_slot)];
};

_Static_assert(sizeof(struct xn_blk_slot_page) <= XN_PAGE_SIZE,
	       "slots fill one page");

static unsigned int slots_min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* ---- limits ---- */

/* For requests of up to @segments: slots, and pages that describe them. */
static unsigned int least_slots(unsigned int segments)
{
	return segments > LEAST_SLOTS ? segments : LEAST_SLOTS;
}

static unsigned int indirect_for(unsigned int slots, unsigned int segments)
{
	return segments < INDIRECT_FROM ? 0 : slots / INDIRECT_FROM;
}

static void queue_set_limits(struct xn_blk_queue *q)
{
	unsigned int segments = q->blk->info.max_segments;
	unsigned int depth = RING_SIZE(&q->ring);

	q->slots.least = least_slots(segments);
	q->slots.most = slots_min(depth * segments, MOST_SLOTS);
	q->indirect.least = indirect_for(q->slots.least, segments);
	q->indirect.most = slots_min(indirect_for(q->slots.most, segments),
					 depth);
}

unsigned int xn_blk_least_refs(const struct xn_blk *blk, unsigned int segments)
{
	unsigned int slots = least_slots(segments);

	return blk->info.nr_queues * (slots + indirect_for(slots, segments));
}

/* ---- one slot ---- */

static struct xn_blk_slot *unarmed_pop(struct xn_blk_queue *q)
{
	unsigned long flags = xn_lock(&q->lock);
	struct xn_blk_slot *slot = q->unarmed;

	if (slot)
		q->unarmed = slot->next;
	xn_unlock(&q->lock, flags);
	return slot;
}

static void unarmed_put(struct xn_blk_queue *q, struct xn_blk_slot *slot)
{
	unsigned long flags = xn_lock(&q->lock);

	slot->next = q->unarmed;
	q->unarmed = slot;
	xn_unlock(&q->lock, flags);
}

/* Get a slot without a reference. NULL: no memory. */
static struct xn_blk_slot *unarmed_get(struct xn_blk_queue *q)
{
	struct xn_blk_slot *slot = unarmed_pop(q);
	struct xn_blk_slot_page *page;
	unsigned int i;

	if (slot)
		return slot;
	page = xn_os_page_alloc();
	if (!page)
		return NULL;
	page->next = q->slot_pages;
	q->slot_pages = page;
	for (i = 1; i < XN_ARRAY_SIZE(page->slot); i++)
		unarmed_put(q, &page->slot[i]);
	return &page->slot[0];
}

/* Give a slot a reference and, with @page, a bounce page that stays granted. */
static int slot_arm(struct xn_blk_queue *q, struct xn_blk_slot *slot, bool page,
		    int (*alloc)(struct xn_gnttab *gt, grant_ref_t *ref))
{
	struct xn_gnttab *gt = xn_blkq_gnttab(q);
	int err;

	slot->bounce = NULL;
	if (!page)
		return alloc(gt, &slot->ref);
	slot->bounce = xn_os_page_alloc();
	if (!slot->bounce)
		return -ENOMEM;
	err = alloc(gt, &slot->ref);
	if (err)
		xn_os_page_free(slot->bounce);
	else
		/* Writable: the backend maps it once, for reads and writes. */
		xn_gnttab_grant(gt, slot->ref, q->blk->fe.dev->otherend_id,
				xn_os_gfn(slot->bounce), false);
	return err;
}

static void slot_disarm(struct xn_blk_queue *q, struct xn_blk_slot *slot)
{
	struct xn_gnttab *gt = xn_blkq_gnttab(q);

	if (slot->bounce)
		xn_gnttab_end_page(gt, slot->ref, slot->bounce,
				   xn_os_page_free);
	else if (slot->ref != XN_GRANT_INVALID)
		xn_gnttab_free(gt, slot->ref);
}

/* ---- more slots ---- */

static void slots_add_free(struct xn_blk_queue *q, struct xn_blk_slots *list,
			   struct xn_blk_slot *slot)
{
	unsigned long flags = xn_lock(&q->lock);

	xn_blk_slots_put(list, slot, slot, 1);
	list->nr++;
	xn_unlock(&q->lock, flags);
}

/* Add up to @count slots. Returns: how many. */
static unsigned int slots_add(struct xn_blk_queue *q, struct xn_blk_slots *list,
			      unsigned int count, int *err,
			      int (*alloc)(struct xn_gnttab *gt, grant_ref_t *ref))
{
	bool page = list == &q->indirect || q->blk->info.persistent;
	unsigned int n;

	for (n = 0; n < count; n++) {
		struct xn_blk_slot *slot = unarmed_get(q);

		*err = slot ? slot_arm(q, slot, page, alloc) : -ENOMEM;
		if (*err) {
			if (slot)
				unarmed_put(q, slot);
			break;
		}
		slots_add_free(q, list, slot);
	}
	return n;
}

void xn_blkq_want_slots(struct xn_blk_queue *q)
{
	if (q->growing || (q->slots.nr >= q->slots.most &&
			   q->indirect.nr >= q->indirect.most))
		return;
	q->growing = true;
	xn_work_schedule(&q->grow, q->grow_failed ? REST_NS : 0);
}

/* How many to add for twice as many slots, and the indirect pages for them. */
static void queue_plan_growth(struct xn_blk_queue *q, unsigned int *slots,
			      unsigned int *indirect)
{
	unsigned long flags = xn_lock(&q->lock);
	unsigned int nr = slots_min(2 * q->slots.nr, q->slots.most);
	unsigned int pages = slots_min(nr / INDIRECT_FROM, q->indirect.most);

	*slots = nr - q->slots.nr;
	*indirect = pages > q->indirect.nr ? pages - q->indirect.nr : 0;
	xn_unlock(&q->lock, flags);
}

/* Returns: does the OS layer wait for ops->ready? */
static bool queue_end_growth(struct xn_blk_queue *q, bool grown)
{
	unsigned long flags = xn_lock(&q->lock);
	bool ready = grown && q->starved;

	q->growing = false;
	q->grow_failed = !grown;
	if (ready)
		q->starved = false;
	xn_unlock(&q->lock, flags);
	return ready;
}

static void queue_grow(struct xn_work *work)
{
	struct xn_blk_queue *q = xn_container_of(work, struct xn_blk_queue,
						 grow);
	unsigned int slots, indirect, n;
	int err;

	queue_plan_growth(q, &slots, &indirect);
	/* If there are fewer, take these: some are better than none. */
	(void)xn_gnttab_reserve(xn_blkq_gnttab(q), slots + indirect);
	n = slots_add(q, &q->indirect, indirect, &err, xn_gnttab_alloc_spare);
	n += slots_add(q, &q->slots, slots, &err, xn_gnttab_alloc_spare);
	if (queue_end_growth(q, n) && q->blk->ops->ready)
		q->blk->ops->ready(q);
}

/* ---- fewer slots ---- */

/*
 * Take up to @want free slots, the least used ones, from a list, but leave it
 * list->least slots. Returns: a list of those taken.
 */
static struct xn_blk_slot *slots_take_idle(struct xn_blk_queue *q,
					   struct xn_blk_slots *list,
					   unsigned int want)
{
	struct xn_blk_slot **at = &list->free, *idle;
	unsigned long flags = xn_lock(&q->lock);
	unsigned int n, i;

	n = list->nr > list->least ? list->nr - list->least : 0;
	n = slots_min(slots_min(n, list->nr_free), want);
	for (i = 0; i < list->nr_free - n; i++)
		at = &(*at)->next;
	idle = n ? *at : NULL;
	if (n)
		*at = NULL;
	list->nr_free -= n;
	list->nr -= n;
	xn_unlock(&q->lock, flags);
	return idle;
}

/* Ending a grant that is still mapped loses a reference, and frees none. */
static bool slot_can_disarm(struct xn_blk_queue *q, const struct xn_blk_slot *slot)
{
	return slot->bounce ?
	       !xn_gnttab_in_use(xn_blkq_gnttab(q), slot->ref) :
	       slot->ref != XN_GRANT_INVALID;
}

static unsigned int slots_give_back(struct xn_blk_queue *q,
				    struct xn_blk_slots *list, unsigned int want)
{
	struct xn_blk_slot *slot = slots_take_idle(q, list, want), *next;
	unsigned int n = 0;

	for (; slot; slot = next) {
		next = slot->next;
		if (slot_can_disarm(q, slot)) {
			slot_disarm(q, slot);
			unarmed_put(q, slot);
			n++;
			continue;
		}
		slots_add_free(q, list, slot);
	}
	return n;
}

static unsigned int queue_shrink(struct xn_gnttab_shrinker *s, unsigned int want)
{
	struct xn_blk_queue *q = xn_container_of(s, struct xn_blk_queue,
						 shrinker);
	unsigned int n = slots_give_back(q, &q->slots, want);

	return n < want ? n + slots_give_back(q, &q->indirect, want - n) : n;
}

/* ---- begin and end ---- */

void xn_blkq_slots_init(struct xn_blk_queue *q)
{
	q->shrinker.fn = queue_shrink;
	xn_work_init(&q->grow, queue_grow);
}

int xn_blkq_fill(struct xn_blk_queue *q)
{
	int err = 0;

	queue_set_limits(q);
	slots_add(q, &q->slots, q->slots.least, &err, xn_gnttab_get);
	if (!err)
		slots_add(q, &q->indirect, q->indirect.least, &err, xn_gnttab_get);
	if (err)
		return err;
	q->growing = false;
	q->grow_failed = false;
	xn_gnttab_shrinker_add(xn_blkq_gnttab(q), &q->shrinker);
	return 0;
}

void xn_blkq_keep_size(struct xn_blk_queue *q)
{
	xn_gnttab_shrinker_remove(xn_blkq_gnttab(q), &q->shrinker);
	xn_work_cancel(&q->grow);
}

static void slots_empty(struct xn_blk_queue *q, struct xn_blk_slots *list)
{
	struct xn_blk_slot *slot;

	for (slot = list->free; slot; slot = slot->next)
		slot_disarm(q, slot);
	list->free = NULL;
	list->nr_free = 0;
	list->nr = 0;
}

void xn_blkq_empty(struct xn_blk_queue *q)
{
	struct xn_blk_slot_page *page, *next;

	xn_blkq_keep_size(q);
	slots_empty(q, &q->slots);
	slots_empty(q, &q->indirect);
	for (page = q->slot_pages; page; page = next) {
		next = page->next;
		xn_os_page_free(page);
	}
	q->slot_pages = NULL;
	q->unarmed = NULL;
}
