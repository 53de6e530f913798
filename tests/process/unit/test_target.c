// SPDX-License-Identifier: MIT
/*
 * xenbus/target.c: a guest gives pages to Xen and takes them back as the toolstack
 * wants, never more than it can do without, and no page is lost whatever fails.
 */
#include <stdio.h>

#include <xenion/target.h>

#include "restore.h"
#include "internal.h"

#define RAM_PAGES	16384u
#define MAX_KIB		(RAM_PAGES * 4)
#define MOST		6000u

static struct host_xenion x;
static struct host_xs *h;
static struct xn_target t;
static struct xn_work thread;
static unsigned long spare;	/* pages that the system can do without */
static unsigned long taken;	/* from the system, and not put back */
static unsigned int calls;	/* of get and put */

static void thread_runs(struct xn_work *work)
{
	xn_target_apply(&t);
}

static void changed(struct xn_target *target)
{
	assert_ptr_equal(target, &t);
	xn_work_schedule(&thread, 0);
}

static unsigned int get(struct xn_target *target, void **pages, unsigned int n)
{
	unsigned int i;

	calls++;
	assert_in_range(n, 1, XN_TARGET_BATCH);
	for (i = 0; i < n && spare; i++, spare--, taken++) {
		pages[i] = xn_os_page_alloc();
		if (!pages[i])
			break;
		memset(pages[i], 1, XN_PAGE_SIZE);
	}
	return i;
}

static void put(struct xn_target *target, void **pages, unsigned int n)
{
	unsigned int i;

	calls++;
	assert_in_range(n, 1, XN_TARGET_BATCH);
	for (i = 0; i < n; i++, spare++, taken--) {
		memset(pages[i], 2, XN_PAGE_SIZE);
		xn_os_page_free(pages[i]);
	}
}

static void want_word(const char *word)
{
	host_xs_write(h, "memory/target", word);
	host_pump();
}

static void want(unsigned int kib)
{
	char word[16];

	snprintf(word, sizeof(word), "%u", kib);
	want_word(word);
}

/* So many pages are away, and nobody else has lost one. */
static void assert_away(unsigned long pages)
{
	assert_int_equal(t.balloon.count, pages);
	assert_int_equal(host_pages_gone(x.host), pages);
	assert_int_equal(taken, pages);
	assert_int_equal(t.balloon.lost, 0);
}

static int begin(void)
{
	t = (struct xn_target){
		.changed = changed, .get = get, .put = put, .most = MOST,
	};
	return xn_target_init(&t, &x.guest);
}

static int setup(void **state)
{
	h = guest_start(&x);
	host_xs_printf(h, "memory/static-max", "%u", MAX_KIB);
	host_xs_printf(h, "memory/target", "%u", MAX_KIB);
	spare = MOST;
	taken = 0;
	calls = 0;
	xn_work_init(&thread, thread_runs);
	assert_int_equal(begin(), 0);
	host_pump();
	return 0;
}

static int teardown(void **state)
{
	xn_target_fini(&t);
	xn_work_cancel(&thread);
	assert_int_equal(xn_target_end(&t), 0);
	assert_int_equal(host_pages_gone(x.host), 0);
	host_xs_rm(h, "memory");
	guest_stop(&x, h);
	host_reset();
	return 0;
}

static void test_down_and_up(void **state)
{
	static const unsigned int pages[] = {
		0, 1, 63, 64, 65, 4096, 4097, 600, 6000, 5999, 1, 0,
	};
	unsigned int i, before;

	assert_int_equal(calls, 0);
	for (i = 0; i < XN_ARRAY_SIZE(pages); i++) {
		want(MAX_KIB - 4 * pages[i]);
		assert_away(pages[i]);
		assert_int_equal(t.goal, pages[i]);
		before = calls;
		want(MAX_KIB - 4 * pages[i]);
		host_run(100 * XN_NSEC_PER_SEC);
		assert_int_equal(calls, before);
	}
	/* Less than a page. */
	want(MAX_KIB - 3);
	assert_away(1);
	want(MAX_KIB);
	assert_away(0);
	assert_int_equal(host_log_count(XN_WARN), 0);
}

/* A part of the memory is not in any target. */
static void test_videoram(void **state)
{
	host_xs_write(h, "memory/videoram", "8192");
	want(MAX_KIB - 8192);
	assert_away(0);
	want(MAX_KIB - 8192 - 400);
	assert_away(100);
	host_xs_write(h, "memory/videoram", "-1");
	want(MAX_KIB - 400);
	assert_away(100);
	host_xs_write(h, "memory/videoram", "99999999");
	want(MAX_KIB - 400);
	assert_away(0);
}

static void test_nonsense(void **state)
{
	static const char *const words[] = {
		"", "-1", "-4096", "1e3", " 4096", "0x1000", "4096 ", "lots",
		"99999999999999999999999999", "18446744073709551616",
	};
	uint64_t refused = host_stat[XN_STAT_REFUSED];
	unsigned int i;

	want(MAX_KIB - 400);
	for (i = 0; i < XN_ARRAY_SIZE(words); i++) {
		want_word(words[i]);
		assert_away(100);
	}
	host_xs_write(h, "memory/static-max", "x");
	want(MAX_KIB - 800);
	assert_away(100);
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_int_equal(host_stat[XN_STAT_REFUSED], refused + 1);
	host_xs_rm(h, "memory/static-max");
	want(MAX_KIB - 1200);
	assert_away(100);
	host_xs_rm(h, "memory/target");
	host_pump();
	assert_away(100);
	host_xs_printf(h, "memory/static-max", "%u", MAX_KIB);
	want(MAX_KIB - 1600);
	assert_away(400);
}

/* Above the maximum, and below what the guest needs. */
static void test_bounds(void **state)
{
	static const char *const high[] = {
		"65540", "4294967296", "18446744073709551615",
	};
	unsigned int i;

	want(MAX_KIB - 400);
	for (i = 0; i < XN_ARRAY_SIZE(high); i++) {
		want_word(high[i]);
		assert_away(0);
	}
	assert_int_equal(host_log_count(XN_WARN), 1);
	for (i = 0; i < 3; i++) {
		want(i);
		assert_away(MOST);
		want(MAX_KIB);
		assert_away(0);
	}
	assert_int_equal(host_log_count(XN_WARN), 2);
	host_xs_write(h, "memory/static-max", "18446744073709551615");
	want(MAX_KIB);
	assert_away(MOST);
}

/* The system has no memory to spare, for a while. */
static void test_short_here(void **state)
{
	unsigned int before;

	spare = 100;
	want(MAX_KIB - 4 * 1000);
	assert_away(100);
	host_run(2 * XN_NSEC_PER_SEC);
	before = calls;
	/* Less and less often. */
	host_run(300 * XN_NSEC_PER_SEC);
	assert_in_range(calls - before, 9, 14);
	assert_int_equal(host_log_count(XN_INFO), 1);
	spare = 1000;
	host_run(40 * XN_NSEC_PER_SEC);
	assert_away(1000);
	/* Another target is not waited for. */
	spare = 0;
	want(MAX_KIB - 4 * 1100);
	host_run(300 * XN_NSEC_PER_SEC);
	want(MAX_KIB - 4 * 500);
	assert_away(500);
}

/* Xen gives none back, for a while. */
static void test_short_there(void **state)
{
	want(MAX_KIB - 4 * 1000);
	assert_away(1000);
	x.host->cfg.max_pages = RAM_PAGES - 200;
	want(MAX_KIB);
	assert_away(200);
	host_run(100 * XN_NSEC_PER_SEC);
	assert_away(200);
	x.host->cfg.max_pages = RAM_PAGES;
	host_run(40 * XN_NSEC_PER_SEC);
	assert_away(0);
	/* Some of each batch. */
	host_memory_quota(x.host, RAM_PAGES, 13);
	want(MAX_KIB - 4 * 40);
	host_run(20 * XN_NSEC_PER_SEC);
	assert_away(40);
	want(MAX_KIB);
	host_run(20 * XN_NSEC_PER_SEC);
	assert_away(0);
	host_memory_quota(x.host, RAM_PAGES, RAM_PAGES);
}

/* It changes while much is under way. */
static void test_changes_meanwhile(void **state)
{
	host_xs_printf(h, "memory/target", "%u", MAX_KIB - 4 * MOST);
	while (t.balloon.count < 1000)
		host_run(1000);
	host_xs_printf(h, "memory/target", "%u", MAX_KIB - 4 * 10);
	host_pump();
	assert_away(10);
}

/* Each hypercall, page and request fails once: later. */
static void test_faults(void **state)
{
	static const int errs[] = { -EAGAIN, -ENOMEM, -EIO, 0 };
	unsigned int e, nth, pages = 0;

	for (e = 0; e < XN_ARRAY_SIZE(errs); e++)
		for (nth = 1; nth <= 3; nth++) {
			pages = pages ? 0 : 700;
			host_xs_printf(h, "memory/target", "%u",
				       MAX_KIB - 4 * pages);
			host_fail(HOST_FAULT_STORE, nth, errs[e]);
			host_run(100 * XN_NSEC_PER_SEC);
			assert_true(host_fault_done());
			assert_away(pages);
		}
	for (nth = 1; nth <= 11; nth++) {
		pages = pages ? 0 : 700;
		host_xs_printf(h, "memory/target", "%u", MAX_KIB - 4 * pages);
		host_fail_hypercall(nth, -EFAULT);
		host_run(100 * XN_NSEC_PER_SEC);
		assert_true(host_fault_done());
		assert_away(pages);
	}
	for (nth = 1; nth <= 300; nth += 100) {
		want(MAX_KIB - 4 * 700);
		want(MAX_KIB);
		host_xs_printf(h, "memory/target", "%u", MAX_KIB - 4 * 700);
		host_fail_page(nth);
		host_run(100 * XN_NSEC_PER_SEC);
		assert_true(host_fault_done());
		assert_away(700);
	}
}

static void test_no_watch(void **state)
{
	unsigned int nth;

	xn_target_fini(&t);
	xn_work_cancel(&thread);
	for (nth = 1; nth <= 2; nth++) {
		host_fail(HOST_FAULT_STORE, nth, -ENOSPC);
		assert_int_equal(begin(), -ENOSPC);
		assert_null(x.guest.xs.watches);
	}
	assert_int_equal(begin(), 0);
	want(MAX_KIB - 400);
	assert_away(100);
}

/* The new domain's target is another one. */
static void test_restored(void **state)
{
	want(MAX_KIB - 400);
	guest_suspend(&x);
	guest_moves(&x, h);
	host_xs_printf(h, "memory/static-max", "%u", MAX_KIB);
	host_xs_printf(h, "memory/target", "%u", MAX_KIB - 800);
	assert_int_equal(guest_reconnect(&x), 0);
	host_pump();
	assert_away(200);
	guest_suspend(&x);
	host_xs_printf(h, "memory/target", "%u", MAX_KIB);
	host_pump();
	assert_away(200);
	guest_stays(&x);
	host_pump();
	assert_away(0);
}

/* XAPI moves the memory of guests that say that they can, also after a move. */
static void test_announced(void **state)
{
	assert_string_equal(host_xs_read(h, "control/feature-balloon"), "1");
	guest_suspend(&x);
	guest_moves(&x, h);
	host_xs_rm(h, "control/feature-balloon");
	host_xs_printf(h, "memory/static-max", "%u", MAX_KIB);
	host_xs_printf(h, "memory/target", "%u", MAX_KIB);
	assert_int_equal(guest_reconnect(&x), 0);
	host_pump();
	assert_string_equal(host_xs_read(h, "control/feature-balloon"), "1");
	xn_target_fini(&t);
	assert_null(host_xs_read(h, "control/feature-balloon"));
}

static unsigned int written;

static bool count_written(void *data, const struct xsd_sockmsg *hdr,
			  const char *body)
{
	written += hdr->type == XS_WRITE;
	return false;
}

/* Once, also while a target that cannot be reached is looked at again and again. */
static void test_announced_once(void **state)
{
	struct host_xs_lies *lies = host_xs_lies(h);

	lies->request = count_written;
	written = 0;
	spare = 100;
	want(MAX_KIB - 4 * 1000);
	host_run(100 * XN_NSEC_PER_SEC);
	assert_away(100);
	assert_int_equal(written, 0);
	/* Somebody clears up: it is there again. */
	host_xs_rm(h, "control/feature-balloon");
	host_run(XN_NSEC_PER_SEC);
	assert_string_equal(host_xs_read(h, "control/feature-balloon"), "1");
	assert_int_equal(written, 1);
	lies->request = NULL;
}

static unsigned int refused;

static bool refuse_feature(void *data, const struct xsd_sockmsg *hdr,
			   const char *body)
{
	if (hdr->type != XS_WRITE && hdr->type != XS_RM)
		return false;
	refused++;
	host_xs_send(h, XS_ERROR, hdr->req_id, data, strlen(data) + 1);
	return true;
}

/* xl forbids the node, which is no fault, and nothing that is tried again. */
static void test_forbidden(void **state)
{
	struct host_xs_lies *lies = host_xs_lies(h);

	xn_target_fini(&t);
	xn_work_cancel(&thread);
	lies->request = refuse_feature;
	lies->data = "EACCES";
	refused = 0;
	assert_int_equal(begin(), 0);
	host_pump();
	host_run(10 * XN_NSEC_PER_SEC);
	assert_int_equal(refused, 1);
	lies->request = NULL;
	want(MAX_KIB - 400);
	assert_away(100);

	/* What passes is tried again. */
	lies->request = refuse_feature;
	lies->data = "EAGAIN";
	host_xs_write(h, "control/feature-balloon", "0");
	host_run(10 * XN_NSEC_PER_SEC);
	assert_string_equal(host_xs_read(h, "control/feature-balloon"), "0");
	lies->request = NULL;
	host_run(10 * XN_NSEC_PER_SEC);
	assert_string_equal(host_xs_read(h, "control/feature-balloon"), "1");
}

/* At the end all comes back, or what Xen keeps is known. */
static void test_ends(void **state)
{
	want(MAX_KIB - 4 * 1000);
	xn_target_fini(&t);
	xn_work_cancel(&thread);
	assert_int_equal(xn_target_end(&t), 0);
	assert_away(0);
	assert_int_equal(begin(), 0);
	host_pump();
	assert_away(1000);
	x.host->cfg.max_pages = RAM_PAGES - 300;
	xn_target_fini(&t);
	xn_work_cancel(&thread);
	assert_int_equal(xn_target_end(&t), 300);
	assert_int_equal(host_pages_gone(x.host), 300);
	assert_int_equal(host_log_count(XN_WARN), 1);
	guest_store_end(&x);
	/* These, and nothing else. */
	assert_int_equal(host_xenion_stop(&x), 300);
	host_xs_destroy(h);
	host_reset();
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(down_and_up), T(videoram), T(nonsense), T(bounds),
		T(short_here), T(short_there), T(changes_meanwhile),
		T(faults), T(no_watch), T(restored), T(announced), T(announced_once),
		T(forbidden),
		cmocka_unit_test_setup(test_ends, setup),
	};

	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
