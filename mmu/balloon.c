// SPDX-License-Identifier: MIT
/*
 * Ballooning: gives the memory of the guest's pages back to Xen for a time
 * (XENMEM_decrease_reservation, XENMEM_populate_physmap), and reads how much
 * the guest has and may have (XENMEM_current_reservation and
 * XENMEM_maximum_reservation; all in xen-public/memory.h). xn_frame_ops has
 * what differs in a PV guest. Called by the OS layer.
 */
#include <xenion/hypercall.h>
#include <xenion/mmu.h>

/* Pages per hypercall; the array of their numbers is on the stack. */
#define BATCH	64u

/* A page of addresses of pages in the balloon, linked to a full one. */
struct xn_balloon_index {
	struct xn_balloon_index *below;
	unsigned int nr;
	void *page[(XN_PAGE_SIZE - 16) / sizeof(void *)];
};

_Static_assert(sizeof(struct xn_balloon_index) <= XN_PAGE_SIZE, "fits a page");

static long balloon_query(unsigned int cmd)
{
	struct xen_memory_domain x = { .domid = DOMID_SELF };

	return xn_hc_memory(cmd, &x);
}

long xn_balloon_current(void)
{
	return balloon_query(XENMEM_current_reservation);
}

long xn_balloon_limit(void)
{
	return balloon_query(XENMEM_maximum_reservation);
}

/* Returns how many of the first @n numbers Xen has processed, or an error. */
static int balloon_reservation(unsigned int cmd, xen_pfn_t *frame,
			       unsigned int n)
{
	struct xen_memory_reservation x = {
		.nr_extents = n, .domid = DOMID_SELF,
	};
	long ret;

	set_xen_guest_handle(x.extent_start, frame);
	ret = xn_hc_memory(cmd, &x);
	if (ret <= (long)n)
		return ret;
	xn_stat_inc(XN_STAT_REFUSED);
	return n;
}

/* ---- which pages are in ---- */

static int balloon_reserve(struct xn_balloon *b)
{
	struct xn_balloon_index *x = b->top;

	if (x && x->nr < XN_ARRAY_SIZE(x->page))
		return 0;
	x = xn_os_page_alloc();
	if (!x)
		return -ENOMEM;
	x->below = b->top;
	b->top = x;
	return 0;
}

static void balloon_push(struct xn_balloon *b, void *page)
{
	b->top->page[b->top->nr++] = page;
	b->count++;
}

static void *balloon_pop(struct xn_balloon *b)
{
	b->count--;
	return b->top->page[--b->top->nr];
}

static void balloon_trim(struct xn_balloon *b)
{
	struct xn_balloon_index *x = b->top;

	if (x && !x->nr) {
		b->top = x->below;
		xn_os_page_free(x);
	}
}

/* The page's memory can neither be mapped nor given to Xen. */
static void balloon_lose(struct xn_balloon *b, int err)
{
	b->lost++;
	xn_os_log(XN_ERR,
		  "xenion: a page of memory cannot be mapped again (error %d) and is lost",
		  err);
}

/* Give Xen the memory of a page that could not be mapped. True: Xen took it. */
static bool balloon_release(xen_pfn_t frame)
{
	return balloon_reservation(XENMEM_decrease_reservation, &frame, 1) == 1;
}

/* ---- out and in ---- */

/*
 * Xen did not take the memory of page @i: map it again. If that fails, give it
 * to Xen once more, or it is lost. Returns true if the page then belongs to the
 * balloon, like the first @taken ones.
 */
static bool stays_out(struct xn_balloon *b, void **page, unsigned int i,
		      unsigned int taken, xen_pfn_t frame)
{
	int err = xn_frame_ops->ram_in(page[i], frame);
	void *p = page[i];

	if (!err)
		return false;
	page[i] = page[taken];
	page[taken] = p;
	if (balloon_release(frame))
		balloon_push(b, p);
	else
		balloon_lose(b, err);
	return true;
}

/* Returns how many of the first pages the balloon has now, or an error. */
static int balloon_give(struct xn_balloon *b, void **page, unsigned int n)
{
	xen_pfn_t frame[BATCH];
	unsigned int i, taken;
	int err = 0, done = 0;

	for (i = 0; i < n; i++) {
		/* Xen does not clear the page before another domain gets it. */
		memset(page[i], 0, XN_PAGE_SIZE);
		err = xn_frame_ops->ram_out(page[i], &frame[i]);
		if (err)
			break;
	}
	n = i;
	if (n)
		done = balloon_reservation(XENMEM_decrease_reservation, frame,
					   n);
	if (done < 0) {
		err = done;
		done = 0;
	}
	for (i = 0; i < (unsigned int)done; i++)
		balloon_push(b, page[i]);
	for (taken = done; i < n; i++)
		taken += stays_out(b, page, i, taken, frame[i]);
	if (taken)
		return taken;
	return err ? err : -EIO;
}

int xn_balloon_give(struct xn_balloon *b, void **pages, unsigned int count)
{
	unsigned int done = 0, n;
	int ret = 0;

	while (done < count) {
		ret = balloon_reserve(b);
		if (ret)
			break;
		n = XN_ARRAY_SIZE(b->top->page) - b->top->nr;
		if (n > BATCH)
			n = BATCH;
		if (n > count - done)
			n = count - done;
		ret = balloon_give(b, pages + done, n);
		if (ret > 0)
			done += ret;
		if (ret < (int)n)
			break;
	}
	balloon_trim(b);
	return done ? (int)done : ret;
}

/* Returns how many pages have memory again, or an error. */
static int balloon_take(struct xn_balloon *b, void **page, unsigned int n)
{
	xen_pfn_t frame[BATCH];
	int done, err = 0, i, got = 0;
	unsigned int k;

	for (k = 0; k < n; k++)
		frame[k] = xn_frame_ops->ram_gfn(b->top->page[b->top->nr - 1 -
							      k]);
	done = balloon_reservation(XENMEM_populate_physmap, frame, n);
	if (done <= 0)
		return done ? done : -ENOMEM;
	for (i = 0; i < done; i++)
		page[i] = balloon_pop(b);
	for (i = 0; i < done; i++) {
		void *p = page[i];
		int why = xn_frame_ops->ram_in(p, frame[i]);

		if (!why) {
			page[got++] = p;
			continue;
		}
		err = why;
		if (balloon_release(frame[i]))
			balloon_push(b, p);
		else
			balloon_lose(b, why);
	}
	return got ? got : err;
}

int xn_balloon_take(struct xn_balloon *b, void **pages, unsigned int count)
{
	unsigned int done = 0, n;
	int ret = 0;

	while (done < count && b->count) {
		n = b->top->nr;
		if (n > BATCH)
			n = BATCH;
		if (n > count - done)
			n = count - done;
		ret = balloon_take(b, pages + done, n);
		balloon_trim(b);
		if (ret > 0)
			done += ret;
		if (ret < (int)n)
			break;
	}
	return done ? (int)done : ret;
}

void xn_balloon_fini(struct xn_balloon *b)
{
	if (b->count)
		xn_os_log(XN_WARN,
			  "xenion: %lu pages have no memory and are lost",
			  b->count);
	while (b->top) {
		b->top->nr = 0;
		balloon_trim(b);
	}
	memset(b, 0, sizeof(*b));
}
