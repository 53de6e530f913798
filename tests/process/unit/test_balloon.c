// SPDX-License-Identifier: MIT
/*
 * Pages whose memory Xen has for a while: none is lost or returned twice, no
 * matter what Xen refuses or pretends. A page without memory faults in the
 * simulated guest.
 */
#include <stdlib.h>

#include "unit.h"
#include "internal.h"

#define PAGES	1200u

static struct host_guest *g;
static struct xn_balloon b;
static void *page[PAGES];
static const struct xn_frame_ops *ops;

static int start(void **state)
{
	unsigned int i;

	g = host_guest_create(NULL);
	memset(&b, 0, sizeof(b));
	host_log_reset();
	for (i = 0; i < PAGES; i++) {
		page[i] = xn_os_page_alloc();
		assert_non_null(page[i]);
		memset(page[i], i, XN_PAGE_SIZE);
	}
	ops = xn_frame_ops;
	return 0;
}

static int stop(void **state)
{
	xn_frame_ops = ops;
	host_guest_destroy(g);
	return 0;
}

static bool is_gone(const void *p)
{
	return g->page_gone[((const uint8_t *)p - g->ram) / XN_PAGE_SIZE];
}

/* The first @n of @p are in the balloon, the rest of @count has memory. */
static void assert_given(void **p, unsigned int n, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		assert_true(is_gone(p[i]));
	for (; i < count; i++) {
		assert_false(is_gone(p[i]));
		memset(p[i], 1, XN_PAGE_SIZE);
	}
}

/* All pages come back, each one once, and can be used; then nothing is left. */
static void take_all(unsigned int want)
{
	void *back[PAGES];
	unsigned int i, k, n = 0;
	int ret;

	while ((ret = xn_balloon_take(&b, back + n, 100)) > 0)
		n += ret;
	assert_int_equal(ret, 0);
	assert_int_equal(n, want);
	for (i = 0; i < n; i++) {
		memset(back[i], 2, XN_PAGE_SIZE);
		for (k = 0; k < i; k++)
			assert_ptr_not_equal(back[i], back[k]);
	}
	assert_int_equal(b.count, 0);
	assert_null(b.top);
	assert_int_equal(host_pages_gone(g), 0);
}

static void free_pages(void)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		xn_os_page_free(page[i]);
	assert_int_equal(b.lost, 0);
	xn_balloon_fini(&b);
	assert_int_equal(host_log_count(XN_WARN), 0);
	assert_int_equal(host_log_count(XN_ERR), 0);
	assert_int_equal(host_guest_leaks(g), 0);
}

static void test_there_and_back(void **state)
{
	static const unsigned int sizes[] = { 1, 2, 63, 64, 65, 510, 511, 1200 };
	unsigned int i;

	assert_int_equal(xn_balloon_current(), 4096);
	for (i = 0; i < XN_ARRAY_SIZE(sizes); i++) {
		assert_int_equal(xn_balloon_give(&b, page, sizes[i]), sizes[i]);
		assert_int_equal(b.count, sizes[i]);
		assert_int_equal(xn_balloon_current(), 4096 - sizes[i]);
		assert_given(page, sizes[i], PAGES);
		take_all(sizes[i]);
		assert_int_equal(xn_balloon_current(), 4096);
	}
	free_pages();
}

/* In several pieces, most of which begin within a page of addresses. */
static void test_pieces(void **state)
{
	void *back[PAGES];
	unsigned int i, n = 0;

	for (i = 0; n + i * 7 <= PAGES; n += i++ * 7)
		assert_int_equal(xn_balloon_give(&b, page + n, i * 7), i * 7);
	assert_given(page, n, PAGES);
	assert_int_equal(xn_balloon_take(&b, back, 600), 600);
	assert_int_equal(b.count, n - 600);
	assert_int_equal(xn_balloon_give(&b, back, 400), 400);
	take_all(n - 200);
	free_pages();
}

/* Pages are cleared before Xen gets them. */
static void test_cleared(void **state)
{
	unsigned int i;

	host_fail_hypercall(1, -EPERM);
	assert_int_equal(xn_balloon_give(&b, page, 10), -EPERM);
	for (i = 0; i < 10; i++)
		assert_int_equal(*(uint8_t *)page[i], 0);
	assert_int_equal(*(uint8_t *)page[10], 10);
	free_pages();
}

static void test_limit(void **state)
{
	void *back[PAGES];

	assert_int_equal(xn_balloon_limit(), 4096);
	g->cfg.max_pages = 4000;
	assert_int_equal(xn_balloon_limit(), 4000);
	assert_int_equal(xn_balloon_give(&b, page, 300), 300);
	/* The toolstack allows 4000 pages, and later all. */
	assert_int_equal(xn_balloon_take(&b, back, 300), 300 - 96);
	assert_int_equal(xn_balloon_take(&b, back, 300), -ENOMEM);
	assert_int_equal(b.count, 96);
	g->cfg.max_pages = 4096;
	take_all(96);
	free_pages();
}

/* Xen runs out of memory: it gives what it has, then none, later all. */
static void test_no_memory_left(void **state)
{
	void *back[PAGES];

	assert_int_equal(xn_balloon_give(&b, page, 300), 300);
	host_memory_quota(g, 70, 1000);
	assert_int_equal(xn_balloon_take(&b, back, 300), 70);
	assert_int_equal(xn_balloon_take(&b, back, 300), -ENOMEM);
	assert_int_equal(xn_balloon_give(&b, back, 70), 70);
	assert_int_equal(xn_balloon_take(&b, back, 300), 70);
	host_memory_quota(g, 1000, 1000);
	take_all(230);
	free_pages();
}

/* Xen processes only some of a batch. */
static void test_partial(void **state)
{
	void *back[PAGES];

	host_memory_quota(g, 5000, 13);
	assert_int_equal(xn_balloon_give(&b, page, 300), 13);
	assert_given(page, 13, PAGES);
	assert_int_equal(xn_balloon_give(&b, page + 13, 287), 13);
	assert_int_equal(xn_balloon_take(&b, back, 300), 13);
	assert_int_equal(b.count, 13);
	host_memory_quota(g, 5000, 0);
	assert_int_equal(xn_balloon_give(&b, back, 13), -EIO);
	assert_given(back, 0, 13);
	assert_int_equal(xn_balloon_take(&b, back, 13), -ENOMEM);
	host_memory_quota(g, 5000, 5000);
	take_all(13);
	free_pages();
}

static void test_empty(void **state)
{
	void *back[2] = { &b, &b };

	assert_int_equal(xn_balloon_take(&b, back, 2), 0);
	assert_ptr_equal(back[0], &b);
	free_pages();
}

/* Each hypercall and each allocation of a page fails once. */
static void test_faults(void **state)
{
	void *back[PAGES];
	unsigned int nth, had;
	int ret;

	for (nth = 1; nth <= 30; nth++) {
		host_fail_hypercall(nth, -EFAULT);
		ret = xn_balloon_give(&b, page, PAGES);
		assert_int_equal(ret, nth == 1 ? -EFAULT :
				 host_fault_done() ? (int)b.count : (int)PAGES);
		had = ret < 0 ? 0 : ret;
		assert_int_equal(b.count, had);
		assert_given(page, had, PAGES);
		ret = xn_balloon_take(&b, back, PAGES);
		assert_true(ret > 0 || !had || host_fault_done());
		host_fail_hypercall(0, 0);
		take_all(had - (ret > 0 ? ret : 0));
	}
	for (nth = 1; nth <= 3; nth++) {
		host_fail_page(nth);
		ret = xn_balloon_give(&b, page, PAGES);
		assert_true(host_fault_done());
		assert_int_equal(ret, nth == 1 ? -ENOMEM : 510 * (int)(nth - 1));
		take_all(nth == 1 ? 0 : ret);
	}
	free_pages();
}

/* Pages still in the balloon at the end: reported, and only these are lost. */
static void test_fini_full(void **state)
{
	unsigned int i;

	assert_int_equal(xn_balloon_give(&b, page, 600), 600);
	xn_balloon_fini(&b);
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_int_equal(b.count, 0);
	for (i = 600; i < PAGES; i++)
		xn_os_page_free(page[i]);
	assert_int_equal(host_pages(g), 600);
}

/* ---- a host that lies ---- */

/* A result above the number requested counts as that number. */
static void test_more_than_all(void **state)
{
	static const long answers[] = { 65, 1000, 0x7fffffff, 0x100000000,
					0x7fffffffffffffff };
	uint64_t refused = host_stat_get(XN_STAT_REFUSED);
	void *back[PAGES];
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(answers); i++) {
		host_memory_lie(g, answers[i]);
		assert_int_equal(xn_balloon_give(&b, page, 64), 64);
		assert_given(page, 64, PAGES);
		assert_int_equal(xn_balloon_take(&b, back, 64), 64);
		assert_given(back, 0, 64);
	}
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused + 2 * i);
	host_memory_lie(g, 0);
	take_all(0);
	free_pages();
}

/* An error although Xen did something, and errors that do not exist. */
static void test_false_errors(void **state)
{
	static const long answers[] = { -ENOMEM, -999, -0x100000000,
					(-0x7fffffffffffffff - 1) };
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(answers); i++) {
		host_memory_quota(g, 5000, 0);
		host_memory_lie(g, answers[i]);
		assert_int_equal(xn_balloon_give(&b, page, 64),
				 i ? -EIO : -ENOMEM);
		assert_int_equal(b.count, 0);
	}
	host_memory_lie(g, 0);
	free_pages();
}

/* ---- what a PV guest has to do before and after ---- */

/* *_fails: fail the n-th call, 0: none; nr_out: pages that are mapped out */
static unsigned int map_fails, out_fails, nr_out;

static int pv_out(void *va, xen_pfn_t *frame)
{
	if (out_fails && !--out_fails)
		return -EBUSY;
	*frame = xn_os_gfn(va);
	nr_out++;
	return 0;
}

static int pv_in(void *va, xen_pfn_t frame)
{
	assert_int_equal(frame, xn_os_gfn(va));
	if (map_fails && !--map_fails)
		return -EPERM;
	nr_out--;
	return 0;
}

static void pv_start(struct xn_frame_ops *pv)
{
	*pv = *xn_frame_ops;
	pv->ram_out = pv_out;
	pv->ram_in = pv_in;
	xn_frame_ops = pv;
	map_fails = 0;
	out_fails = 0;
	nr_out = 0;
}

static void test_out_fails(void **state)
{
	struct xn_frame_ops pv;

	pv_start(&pv);
	out_fails = 1;
	assert_int_equal(xn_balloon_give(&b, page, 100), -EBUSY);
	out_fails = 30;
	assert_int_equal(xn_balloon_give(&b, page, 100), 29);
	assert_given(page, 29, PAGES);
	assert_int_equal(nr_out, 29);
	take_all(29);
	assert_int_equal(nr_out, 0);
	free_pages();
}

/* A page that Xen does not take is mapped again. */
static void test_back_in(void **state)
{
	struct xn_frame_ops pv;

	pv_start(&pv);
	host_memory_quota(g, 5000, 7);
	assert_int_equal(xn_balloon_give(&b, page, 100), 7);
	assert_int_equal(nr_out, 7);
	host_fail_hypercall(1, -EINVAL);
	assert_int_equal(xn_balloon_give(&b, page + 7, 100), -EINVAL);
	assert_int_equal(nr_out, 7);
	host_memory_quota(g, 5000, 5000);
	take_all(7);
	free_pages();
}

/* Mapping it fails: then it is in the balloon, in place of another page. */
static void test_cannot_back_in(void **state)
{
	struct xn_frame_ops pv;
	void *third = page[9];

	pv_start(&pv);
	host_memory_quota(g, 5000, 7);
	map_fails = 3;
	assert_int_equal(xn_balloon_give(&b, page, 20), 8);
	assert_int_equal(b.count, 8);
	assert_ptr_equal(page[7], third);
	assert_given(page, 8, PAGES);
	host_memory_quota(g, 5000, 5000);
	take_all(8);
	free_pages();
}

/* Giving it to Xen fails as well: it is lost and reported, and only it. */
static void test_lost(void **state)
{
	struct xn_frame_ops pv;
	void *third = page[9];
	unsigned int i;

	pv_start(&pv);
	host_memory_quota(g, 5000, 7);
	map_fails = 3;
	host_fail_hypercall(2, -EBUSY);
	assert_int_equal(xn_balloon_give(&b, page, 20), 8);
	assert_int_equal(b.count, 7);
	assert_int_equal(b.lost, 1);
	assert_int_equal(host_log_count(XN_ERR), 1);
	assert_ptr_equal(page[7], third);
	host_memory_quota(g, 5000, 5000);
	take_all(7);
	for (i = 0; i < PAGES; i++)
		if (i != 7)
			xn_os_page_free(page[i]);
	assert_int_equal(host_pages(g), 1);
}

/* Memory that cannot be mapped goes back; the page stays in the balloon. */
static void test_in_fails(void **state)
{
	struct xn_frame_ops pv;
	void *back[PAGES];

	pv_start(&pv);
	assert_int_equal(xn_balloon_give(&b, page, 100), 100);
	map_fails = 5;
	assert_int_equal(xn_balloon_take(&b, back, 64), 63);
	assert_int_equal(b.count, 37);
	assert_int_equal(host_pages_gone(g), 37);
	assert_given(back, 0, 63);
	map_fails = 1;
	assert_int_equal(xn_balloon_take(&b, back, 1), -EPERM);
	assert_int_equal(b.count, 37);
	/* The same with the last page of a page of addresses. */
	take_all(37);
	assert_int_equal(xn_balloon_give(&b, page, 1), 1);
	map_fails = 1;
	assert_int_equal(xn_balloon_take(&b, back, 1), -EPERM);
	take_all(1);
	free_pages();
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(there_and_back), T(pieces), T(cleared), T(limit),
		T(no_memory_left), T(partial), T(empty), T(faults),
		T(fini_full), T(more_than_all), T(false_errors), T(out_fails),
		T(back_in), T(cannot_back_in), T(lost), T(in_fails),
	};

	return cmocka_run_group_tests_name("balloon", tests, NULL, NULL);
}
