// SPDX-License-Identifier: MIT
/*
 * The grant table: references, entries as the other side sees them, correct
 * results of ending grants, pages that wait until they are unmapped, growth,
 * waiters. What does not depend on the version is tested with both.
 */
#include "gnttab.h"

/* References per frame: with version 1, and with the one in use. */
#define MAX_PER_FRAME	512u
#define PER_FRAME	(gt->version == 1 ? MAX_PER_FRAME : 256u)

static int start(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 2, .max_grant_frames = 4 };

	return start_with(&cfg);
}

static int start_v2(void **state)
{
	const struct host_config cfg = {
		.nr_vcpus = 2, .max_grant_frames = 4, .gnttab_wanted = 2,
	};

	start_with(&cfg);
	assert_int_equal(gt->version, 2);
	return 0;
}

static int start_small(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 2, .max_grant_frames = 1 };

	return start_with(&cfg);
}

static int start_small_v2(void **state)
{
	const struct host_config cfg = {
		.nr_vcpus = 2, .max_grant_frames = 1, .gnttab_wanted = 2,
	};

	return start_with(&cfg);
}

static void test_alloc(void **state)
{
	static bool seen[4 * MAX_PER_FRAME];
	grant_ref_t ref[200];
	unsigned int i;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < XN_ARRAY_SIZE(ref); i++) {
		host_guest_enter(x.host, i & 1);
		ref[i] = alloc();
		assert_false(seen[ref[i]]);
		seen[ref[i]] = true;
	}
	assert_int_equal(xn_gnttab_used(gt), XN_ARRAY_SIZE(ref));
	for (i = 0; i < XN_ARRAY_SIZE(ref); i++)
		xn_gnttab_free(gt, ref[i]);
	assert_int_equal(xn_gnttab_used(gt), 0);
}

static void test_grant(void **state)
{
	char *page = xn_os_page_alloc();
	grant_ref_t ref = alloc();
	uint64_t calls = host_stat_get(XN_STAT_HYPERCALL);

	assert_null(host_gnttab_map(x.host, 0, ref, false));
	xn_gnttab_grant(gt, ref, 0, xn_os_gfn(page), true);
	assert_int_equal(host_gnttab_flags(x.host, ref),
			 GTF_permit_access | GTF_readonly);
	assert_null(host_gnttab_map(x.host, 0, ref, true));
	assert_null(host_gnttab_map(x.host, 1, ref, false));
	assert_ptr_equal(host_gnttab_map(x.host, 0, ref, false), page);
	assert_int_equal(xn_gnttab_end(gt, ref), -EBUSY);
	host_gnttab_unmap(x.host, ref, false);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	assert_null(host_gnttab_map(x.host, 0, ref, false));

	/* The same reference again, writable, for another domain. */
	xn_gnttab_grant(gt, ref, 7, xn_os_gfn(page), false);
	assert_null(host_gnttab_map(x.host, 0, ref, true));
	assert_ptr_equal(host_gnttab_map(x.host, 7, ref, true), page);
	assert_int_equal(xn_gnttab_end(gt, ref), -EBUSY);
	assert_int_equal(xn_gnttab_end(gt, ref), -EBUSY);
	host_gnttab_unmap(x.host, ref, true);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	/* Ending it twice does no harm. */
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	assert_int_equal(host_stat_get(XN_STAT_HYPERCALL), calls);
	xn_gnttab_free(gt, ref);
	xn_os_page_free(page);
}

/* A frame number that version 1 cannot hold must not be truncated. */
static void test_large_gfn(void **state)
{
	grant_ref_t ref = alloc();

	xn_gnttab_grant(gt, ref, 0, 0x100000123ull, false);
	assert_int_equal(host_gnttab_entry(x.host, ref)->flags, 0);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	xn_gnttab_free(gt, ref);
}

static void test_grant_page(void **state)
{
	char *page = xn_os_page_alloc();
	grant_ref_t ref;

	assert_int_equal(xn_gnttab_grant_page(gt, 0, page, false, &ref), 0);
	assert_int_equal(host_gnttab_write(x.host, 0, ref, 10, "hello", 6), 0);
	assert_string_equal(page + 10, "hello");
	assert_int_equal(xn_gnttab_end_page(gt, ref, page, xn_os_page_free), 0);
	/* A page that the caller keeps. */
	page = xn_os_page_alloc();
	assert_int_equal(xn_gnttab_grant_page(gt, 0, page, true, &ref), 0);
	assert_int_equal(xn_gnttab_end_page(gt, ref, NULL, NULL), 0);
	xn_os_page_free(page);
}

static unsigned int released;

static void release(void *page)
{
	released++;
	xn_os_page_free(page);
}

/* A mapped page waits, is not reused, and is released in the end. */
static void test_deferred(void **state)
{
	grant_ref_t ref[3], other;
	unsigned int i;
	void *page[3];

	released = 0;
	for (i = 0; i < 3; i++) {
		page[i] = xn_os_page_alloc();
		assert_int_equal(xn_gnttab_grant_page(gt, 0, page[i], false,
						      &ref[i]), 0);
		assert_non_null(host_gnttab_map(x.host, 0, ref[i], i & 1));
	}
	assert_int_equal(xn_gnttab_end_page(gt, ref[0], page[0], release),
			 -EBUSY);
	assert_int_equal(xn_gnttab_end_page(gt, ref[1], page[1], release),
			 -EBUSY);
	assert_int_equal(xn_gnttab_end_page(gt, ref[2], NULL, NULL), -EBUSY);
	assert_int_equal(gt->nr_deferred, 3);
	assert_int_equal(xn_gnttab_used(gt), 0);
	host_run(60 * XN_NSEC_PER_SEC);
	assert_int_equal(gt->nr_deferred, 3);
	assert_int_equal(released, 0);
	/* None of these references is reused. */
	for (i = 0; i < 300; i++) {
		other = alloc();
		assert_int_not_equal(other, ref[0]);
		assert_int_not_equal(other, ref[1]);
		assert_int_not_equal(other, ref[2]);
		xn_gnttab_free(gt, other);
	}
	host_gnttab_unmap(x.host, ref[1], true);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_int_equal(released, 1);
	assert_int_equal(gt->nr_deferred, 2);
	host_gnttab_unmap(x.host, ref[0], false);
	host_gnttab_unmap(x.host, ref[2], false);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_int_equal(released, 2);
	assert_int_equal(gt->nr_deferred, 0);
	xn_os_page_free(page[2]);
}

/* Repeated checks become rare if nothing changes. */
static void test_deferred_backs_off(void **state)
{
	uint64_t before;
	void *page = xn_os_page_alloc();
	grant_ref_t ref;

	assert_int_equal(xn_gnttab_grant_page(gt, 0, page, false, &ref), 0);
	assert_non_null(host_gnttab_map(x.host, 0, ref, true));
	assert_int_equal(xn_gnttab_end_page(gt, ref, page, xn_os_page_free),
			 -EBUSY);
	before = host_stat_get(XN_STAT_GRANT_BUSY);
	host_run(XN_NSEC_PER_SEC);
	assert_in_range(gt->reclaim_ns, 500 * XN_NSEC_PER_MSEC,
			2 * XN_NSEC_PER_SEC);
	assert_int_equal(host_stat_get(XN_STAT_GRANT_BUSY), before);
	host_gnttab_unmap(x.host, ref, true);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_int_equal(gt->nr_deferred, 0);
}

static bool unmap_step(void *data)
{
	grant_ref_t *ref = data;

	if (!*ref || xn_os_now() < 300 * XN_NSEC_PER_MSEC)
		return false;
	host_gnttab_unmap(x.host, *ref, true);
	*ref = 0;
	return true;
}

/* Unloading gives a backend time to unmap. */
static void test_fini_waits(void **state)
{
	void *page = xn_os_page_alloc();
	grant_ref_t ref, mapped;

	assert_int_equal(xn_gnttab_grant_page(gt, 0, page, false, &ref), 0);
	assert_non_null(host_gnttab_map(x.host, 0, ref, true));
	mapped = ref;
	host_add_step(x.host, unmap_step, &mapped);
	assert_int_equal(xn_gnttab_end_page(gt, ref, page, xn_os_page_free),
			 -EBUSY);
	assert_int_equal(host_xenion_unload(&x), 0);
	assert_int_equal(host_log_count(XN_WARN), 0);
	assert_int_equal(host_guest_leaks(x.host), 0);
	assert_int_equal(host_xenion_load(&x, NULL), 0);
}

/* A backend that never unmaps: the page is lost and reported, and only it. */
static void test_fini_gives_up(void **state)
{
	void *page = xn_os_page_alloc();
	grant_ref_t ref, unfreed;
	unsigned int i;

	assert_int_equal(xn_gnttab_grant_page(gt, 0, page, false, &ref), 0);
	assert_ptr_equal(host_gnttab_map(x.host, 0, ref, true), page);
	assert_int_equal(xn_gnttab_end_page(gt, ref, page, xn_os_page_free),
			 -EBUSY);
	unfreed = alloc();
	(void)unfreed;
	assert_int_equal(host_xenion_unload(&x), 2);
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_int_equal(host_pages(x.host), 1);

	/* The next user leaves the entry alone. */
	assert_int_equal(host_xenion_load(&x, NULL), 0);
	assert_int_equal(gt->nr_kept, GNTTAB_NR_RESERVED_ENTRIES + 1);
	for (i = 0; i < 400; i++)
		assert_int_not_equal(alloc(), ref);
	assert_int_equal(host_xenion_unload(&x), 400);
	host_gnttab_unmap(x.host, ref, true);
	/* Unmapped, but still granted: the next user must end the grant. */
	assert_int_not_equal(host_gnttab_entry(x.host, ref)->flags, 0);
	assert_int_equal(host_xenion_load(&x, NULL), 0);
	assert_int_equal(host_gnttab_entry(x.host, ref)->flags, 0);
	assert_int_equal(gt->nr_kept, GNTTAB_NR_RESERVED_ENTRIES);
	xn_os_page_free(page);
}

static void test_grows(void **state)
{
	static grant_ref_t ref[4 * MAX_PER_FRAME];
	unsigned int i;

	assert_int_equal(gt->nr_refs, PER_FRAME);
	for (i = 0; i < PER_FRAME - 32; i++)
		ref[i] = alloc();
	host_pump();
	assert_int_equal(gt->nr_refs, 2 * PER_FRAME);
	assert_int_equal(xn_gnttab_reserve(gt, 2 * PER_FRAME - 24), 0);
	assert_int_equal(gt->nr_refs, 3 * PER_FRAME);
	assert_int_equal(xn_gnttab_reserve(gt, 2 * PER_FRAME - 24), 0);
	assert_int_equal(gt->nr_refs, 3 * PER_FRAME);
	assert_int_equal(xn_gnttab_reserve(gt, 6 * PER_FRAME), -ENOSPC);
	assert_int_equal(gt->nr_refs, 4 * PER_FRAME);
	for (; i < 4 * PER_FRAME - GNTTAB_NR_RESERVED_ENTRIES; i++) {
		host_guest_enter(x.host, i & 1);
		ref[i] = alloc();
	}
	assert_int_equal(xn_gnttab_alloc(gt, &ref[i]), -ENOSPC);
	host_pump();
	assert_int_equal(xn_gnttab_alloc(gt, &ref[i]), -ENOSPC);
	while (i--)
		xn_gnttab_free(gt, ref[i]);
}

/* References in the other CPU's cache can be used as those on the list. */
static void test_steal(void **state)
{
	static grant_ref_t ref[MAX_PER_FRAME];
	unsigned int n = PER_FRAME - GNTTAB_NR_RESERVED_ENTRIES, i;

	for (i = 0; i < n; i++)
		ref[i] = alloc();
	host_guest_enter(x.host, 1);
	xn_gnttab_free(gt, ref[0]);
	host_guest_enter(x.host, 0);
	ref[0] = alloc();
	assert_int_equal(xn_gnttab_alloc(gt, &ref[n]), -ENOSPC);
	for (i = 0; i < n; i++)
		xn_gnttab_free(gt, ref[i]);
}

/*
 * Two frontends connect at once: one reserves, the other takes all. The first
 * still gets its references, until the table has its maximum size.
 */
static void test_get_grows(void **state)
{
	static grant_ref_t ref[4 * MAX_PER_FRAME];
	unsigned int i;

	assert_int_equal(xn_gnttab_reserve(gt, 100), 0);
	for (i = 0; xn_gnttab_alloc(gt, &ref[i]) == 0; i++)
		;
	assert_int_equal(gt->nr_refs, PER_FRAME);
	for (; xn_gnttab_get(gt, &ref[i]) == 0; i++)
		;
	assert_int_equal(gt->nr_refs, 4 * PER_FRAME);
	assert_int_equal(i, 4 * PER_FRAME - GNTTAB_NR_RESERVED_ENTRIES);
	assert_int_equal(xn_gnttab_get(gt, &ref[i]), -ENOSPC);
	while (i--)
		xn_gnttab_free(gt, ref[i]);
}

/* Entries that are already in use, in any frame, are left alone. */
static void test_others_entries(void **state)
{
	static grant_ref_t ref[4 * MAX_PER_FRAME];
	const grant_ref_t taken[] = { 9, 100, PER_FRAME, 3 * PER_FRAME + 511 };
	unsigned int i, k, n;

	/* An earlier user had four frames in the table. */
	assert_int_equal(xn_gnttab_reserve(gt, 3 * PER_FRAME), 0);
	assert_int_equal(host_xenion_unload(&x), 0);
	for (i = 0; i < XN_ARRAY_SIZE(taken); i++)
		host_gnttab_entry(x.host, taken[i])->flags =
			GTF_permit_access | GTF_reading;
	/* Granted by an earlier kernel, but not in use. */
	host_gnttab_entry(x.host, 101)->flags = GTF_permit_access;
	assert_int_equal(host_xenion_load(&x, NULL), 0);
	assert_int_equal(host_gnttab_entry(x.host, 101)->flags, 0);
	assert_int_equal(xn_gnttab_reserve(gt, 4 * PER_FRAME), -ENOSPC);
	n = 4 * PER_FRAME - GNTTAB_NR_RESERVED_ENTRIES - XN_ARRAY_SIZE(taken);
	for (i = 0; i < n; i++) {
		ref[i] = alloc();
		for (k = 0; k < XN_ARRAY_SIZE(taken); k++)
			assert_int_not_equal(ref[i], taken[k]);
	}
	assert_int_equal(xn_gnttab_alloc(gt, &ref[i]), -ENOSPC);
	while (i--)
		xn_gnttab_free(gt, ref[i]);
	for (i = 0; i < XN_ARRAY_SIZE(taken); i++)
		host_gnttab_entry(x.host, taken[i])->flags = 0;
}

struct waiter {
	struct xn_gnttab_waiter w;
	unsigned int calls;
	struct xn_work work;		/* waits again, if it has a function */
};

static void waited(struct xn_gnttab_waiter *w)
{
	struct waiter *me = xn_container_of(w, struct waiter, w);

	me->calls++;
	if (me->work.fn)
		xn_work_schedule(&me->work, 0);
}

/* What a frontend does: a work uses the table, which the function may not. */
static void wait_again(struct xn_work *work)
{
	struct waiter *me = xn_container_of(work, struct waiter, work);
	grant_ref_t ref;

	assert_int_equal(xn_gnttab_alloc(gt, &ref), 0);
	xn_gnttab_free(gt, ref);
	xn_gnttab_wait(gt, &me->w, 4 * PER_FRAME);
}

static void test_wait(void **state)
{
	static grant_ref_t ref[MAX_PER_FRAME];
	unsigned int n = PER_FRAME - GNTTAB_NR_RESERVED_ENTRIES, i;
	struct waiter a = { .w.fn = waited }, b = { .w.fn = waited };

	/* Enough are free already. */
	xn_gnttab_wait(gt, &a.w, n);
	assert_int_equal(a.calls, 1);

	for (i = 0; i < n; i++)
		ref[i] = alloc();
	xn_gnttab_wait(gt, &a.w, 3);
	xn_gnttab_wait(gt, &a.w, 3);
	xn_gnttab_wait(gt, &b.w, 1);
	host_pump();
	assert_int_equal(a.calls, 1);
	/* In the order of waiting; and both CPUs' caches count. */
	host_guest_enter(x.host, 1);
	xn_gnttab_free(gt, ref[0]);
	host_guest_enter(x.host, 0);
	xn_gnttab_free(gt, ref[1]);
	assert_int_equal(a.calls + b.calls, 1);
	xn_gnttab_free(gt, ref[2]);
	assert_int_equal(a.calls, 2);
	assert_int_equal(b.calls, 1);
	xn_gnttab_free(gt, ref[3]);
	assert_int_equal(a.calls, 2);

	for (i = 0; i < 4; i++)
		ref[i] = alloc();
	xn_gnttab_wait(gt, &a.w, 1);
	xn_gnttab_wait(gt, &b.w, 1);
	xn_gnttab_wait_cancel(gt, &a.w);
	xn_gnttab_wait_cancel(gt, &a.w);
	/* One that waits again. */
	xn_work_init(&b.work, wait_again);
	xn_gnttab_free(gt, ref[0]);
	assert_int_equal(a.calls, 2);
	assert_int_equal(b.calls, 2);
	host_pump();
	assert_true(b.w.queued);
	for (i = 1; i < n; i++)
		xn_gnttab_free(gt, ref[i]);
	assert_int_equal(b.calls, 2);
	xn_gnttab_wait_cancel(gt, &b.w);
}

/* The table grows for a waiter, up to its maximum. */
static void test_wait_grows(void **state)
{
	struct waiter a = { .w.fn = waited }, b = { .w.fn = waited };

	xn_gnttab_wait(gt, &a.w, 3 * PER_FRAME);
	host_fail_page(1);
	host_pump();
	assert_int_equal(a.calls, 0);
	host_run(XN_NSEC_PER_SEC);
	assert_int_equal(a.calls, 1);
	xn_gnttab_wait(gt, &b.w, 5 * PER_FRAME);
	host_run(XN_NSEC_PER_SEC);
	assert_int_equal(b.calls, 0);
	xn_gnttab_wait_cancel(gt, &b.w);
	host_run(XN_NSEC_PER_SEC);
}

/* Growth leaves an eighth for later users, and all to those who wait. */
static void test_spare(void **state)
{
	static grant_ref_t ref[4 * MAX_PER_FRAME];
	struct waiter w = { .w.fn = waited };
	unsigned int n = 0, refused = 0;

	assert_int_equal(xn_gnttab_size(gt), 4 * PER_FRAME);
	/* Sometimes the table has to grow first, which a work does. */
	while (refused < 3) {
		if (!xn_gnttab_alloc_spare(gt, &ref[n])) {
			n++;
			refused = 0;
		} else {
			refused++;
			host_pump();
		}
	}
	assert_in_range(4 * PER_FRAME - n, 4 * PER_FRAME / 8,
			4 * PER_FRAME / 8 + 60);
	assert_int_equal(xn_gnttab_alloc(gt, &ref[n]), 0);
	n++;
	xn_gnttab_wait(gt, &w.w, 3 * PER_FRAME);
	while (n > 4)
		xn_gnttab_free(gt, ref[--n]);
	host_pump();
	assert_int_equal(w.calls, 1);
	assert_int_equal(xn_gnttab_alloc_spare(gt, &ref[n]), 0);
	n++;
	xn_gnttab_wait(gt, &w.w, 4 * PER_FRAME);
	assert_int_equal(xn_gnttab_alloc_spare(gt, &ref[n]), -ENOSPC);
	xn_gnttab_wait_cancel(gt, &w.w);
	while (n)
		xn_gnttab_free(gt, ref[--n]);
}

/* A user with idle references. */
struct idler {
	struct xn_gnttab_shrinker s;
	grant_ref_t ref[4 * MAX_PER_FRAME];
	unsigned int n, asked;
};

static unsigned int give_back(struct xn_gnttab_shrinker *s, unsigned int want)
{
	struct idler *me = xn_container_of(s, struct idler, s);
	unsigned int freed = 0;

	me->asked++;
	while (me->n && freed < want) {
		xn_gnttab_free(gt, me->ref[--me->n]);
		freed++;
	}
	return freed;
}

static void test_shrink(void **state)
{
	static struct idler a = { .s.fn = give_back }, b = { .s.fn = give_back };
	struct waiter w = { .w.fn = waited };

	a.n = b.n = a.asked = b.asked = 0;
	while (a.n < 200 && !xn_gnttab_get(gt, &a.ref[a.n]))
		a.n++;
	while (!xn_gnttab_get(gt, &b.ref[b.n]))
		b.n++;
	xn_gnttab_shrinker_add(gt, &a.s);
	xn_gnttab_shrinker_add(gt, &b.s);
	xn_gnttab_shrinker_add(gt, &a.s);
	assert_int_equal(xn_gnttab_reserve(gt, 150), 0);
	assert_int_equal(a.n, 50);
	assert_int_equal(a.asked, 1);
	assert_int_equal(b.asked, 0);
	/* The rest of one, then the other's; but not more than all. */
	assert_int_equal(xn_gnttab_reserve(gt, 250), 0);
	assert_int_equal(a.n, 0);
	assert_int_equal(b.asked, 1);
	assert_int_equal(xn_gnttab_reserve(gt, 4 * PER_FRAME), -ENOSPC);
	assert_int_equal(b.n, 0);

	/* For a waiter, too, when a user becomes idle. */
	while (!xn_gnttab_get(gt, &b.ref[b.n]))
		b.n++;
	xn_gnttab_shrinker_remove(gt, &b.s);
	xn_gnttab_shrinker_remove(gt, &b.s);
	xn_gnttab_wait(gt, &w.w, 100);
	host_run(10 * XN_NSEC_PER_SEC);
	assert_int_equal(w.calls, 0);
	xn_gnttab_shrinker_add(gt, &b.s);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_int_equal(w.calls, 1);
	assert_int_equal(b.asked, 3);
	assert_int_equal(4 * PER_FRAME - b.n, 100 + GNTTAB_NR_RESERVED_ENTRIES);
	xn_gnttab_shrinker_remove(gt, &a.s);
	assert_int_equal(give_back(&b.s, ~0u), 4 * PER_FRAME - 100 -
			 GNTTAB_NR_RESERVED_ENTRIES);
	xn_gnttab_shrinker_remove(gt, &b.s);
}

static void test_in_use(void **state)
{
	void *page = xn_os_page_alloc();
	grant_ref_t ref;

	assert_int_equal(xn_gnttab_grant_page(gt, 0, page, false, &ref), 0);
	assert_false(xn_gnttab_in_use(gt, ref));
	assert_non_null(host_gnttab_map(x.host, 0, ref, false));
	assert_true(xn_gnttab_in_use(gt, ref));
	host_gnttab_unmap(x.host, ref, false);
	assert_false(xn_gnttab_in_use(gt, ref));
	assert_int_equal(xn_gnttab_end_page(gt, ref, page, xn_os_page_free), 0);
}

/* Flags that the host sets and never clears. */
static void test_stuck_flags(void **state)
{
	void *page = xn_os_page_alloc();
	struct grant_entry_v1 *e;
	grant_ref_t ref;

	assert_int_equal(xn_gnttab_grant_page(gt, 0, page, false, &ref), 0);
	e = host_gnttab_entry(x.host, ref);
	e->flags |= GTF_writing;
	assert_int_equal(xn_gnttab_end(gt, ref), -EBUSY);
	e->flags = 0xffff;
	assert_int_equal(xn_gnttab_end(gt, ref), -EBUSY);
	e->flags = (uint16_t)~(GTF_reading | GTF_writing);
	assert_int_equal(xn_gnttab_end(gt, ref), 0);
	assert_int_equal(e->flags, 0);
	assert_int_equal(xn_gnttab_end_page(gt, ref, page, xn_os_page_free), 0);
}

/* Each allocation and hypercall fails once: an error, or all still works. */
static void faults(const struct host_config *cfg, unsigned int version)
{
	unsigned int n, kind, hits[2] = { 0 };
	bool done;

	for (kind = 0; kind < 2; kind++) {
		for (n = 1, done = false; !done; n++) {
			x.host = host_guest_create(cfg);
			memset(gt, 0, sizeof(*gt));
			if (kind)
				host_fail_hypercall(n, -ENOMEM);
			else
				host_fail_page(n);
			if (!xn_gnttab_init(gt, version)) {
				xn_gnttab_reserve(gt, 3 * PER_FRAME);
				host_run(XN_NSEC_PER_SEC);
				xn_gnttab_fini(gt);
			}
			done = !host_fault_done();
			host_fail_hypercall(0, 0);
			host_fail_page(0);
			/* Only frames that Xen keeps, which is reported. */
			if (host_guest_leaks(x.host))
				assert_in_range(host_log_count(XN_WARN), 1, 9);
			host_log_reset();
			host_guest_destroy(x.host);
			hits[kind] += !done;
		}
	}
	assert_in_range(hits[0], 8, 20);
	assert_in_range(hits[1], 6, 20);
}

static void test_faults(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 2, .max_grant_frames = 4 };

	faults(&cfg, 1);
	faults(&cfg, 2);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)
#define SMALL(name) \
	cmocka_unit_test_setup_teardown(test_##name, start_small, stop)
#define V2(name) { #name " v2", test_##name, start_v2, stop, NULL }
#define SMALL_V2(name) { #name " v2", test_##name, start_small_v2, stop, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(alloc), T(grant), T(large_gfn), T(grant_page), T(deferred),
		T(deferred_backs_off), T(fini_waits), T(fini_gives_up),
		T(grows), SMALL(steal), T(others_entries), SMALL(wait),
		T(get_grows), T(wait_grows), T(stuck_flags),
		T(spare), T(shrink), T(in_use),
		V2(alloc), V2(grant), V2(grant_page), V2(deferred),
		V2(deferred_backs_off), V2(fini_waits), V2(grows),
		SMALL_V2(steal), SMALL_V2(wait), V2(get_grows), V2(wait_grows),
		V2(spare), V2(shrink), V2(in_use),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests_name("gnttab", tests, NULL, NULL);
}
