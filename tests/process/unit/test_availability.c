// SPDX-License-Identifier: MIT
/*
 * xenbus/availability.c: vCPUs go and come as the toolstack wants; what it has not
 * changed stays as it is, nonsense is reported once, and no wish is lost.
 */
#include <stdio.h>

#include <xenion/availability.h>

#include "restore.h"

#define NR_VCPUS	4u

static struct host_xenion x;
static struct host_xs *h;
static struct xn_availability a;
static struct xn_work thread;
static char done[256];		/* "-2 +2 ": vCPU 2 offline, and online */
static int set_error;

static void thread_runs(struct xn_work *work)
{
	xn_availability_apply(&a);
}

static void changed(struct xn_availability *av)
{
	assert_ptr_equal(av, &a);
	xn_work_schedule(&thread, 0);
}

static int set(struct xn_availability *av, unsigned int vcpu, bool online)
{
	size_t len = strlen(done);

	snprintf(done + len, sizeof(done) - len, "%c%u ", online ? '+' : '-',
		 vcpu);
	return set_error;
}

static void want(unsigned int vcpu, const char *word)
{
	char path[32];

	snprintf(path, sizeof(path), "cpu/%u/availability", vcpu);
	host_xs_write(h, path, word);
}

/* All that was done since the last call. */
static void assert_done(const char *what)
{
	host_pump();
	assert_string_equal(done, what);
	done[0] = '\0';
}

static void begin(void)
{
	a = (struct xn_availability){ .changed = changed, .set = set };
	assert_int_equal(xn_availability_init(&a, &x.guest), 0);
}

static int setup(void **state)
{
	static const struct host_config cfg = { .nr_vcpus = NR_VCPUS };
	unsigned int i;

	h = guest_start_with(&x, &cfg);
	for (i = 0; i < NR_VCPUS; i++)
		want(i, i < 3 ? "online" : "offline");
	done[0] = '\0';
	set_error = 0;
	xn_work_init(&thread, thread_runs);
	begin();
	return 0;
}

static int teardown(void **state)
{
	xn_availability_fini(&a);
	xn_work_cancel(&thread);
	host_xs_rm(h, "cpu");
	guest_stop(&x, h);
	host_reset();
	return 0;
}

/* A vCPU that is not wanted is taken offline, the others are left alone. */
static void test_begins(void **state)
{
	assert_done("-3 ");
	host_run(10 * XN_NSEC_PER_SEC);
	assert_done("");
}

static void test_goes_and_comes(void **state)
{
	unsigned int i;

	assert_done("-3 ");
	for (i = 0; i < 64; i++) {
		want(2, "offline");
		want(1, "offline");
		assert_done("-1 -2 ");
		/* The same again, and something else below it. */
		want(1, "offline");
		host_xs_write(h, "cpu/1/x", "1");
		assert_done("");
		want(1, "online");
		want(2, "online");
		assert_done("+1 +2 ");
	}
	want(3, "online");
	assert_done("+3 ");
	/* Back before anybody has looked. */
	want(3, "offline");
	want(3, "online");
	assert_done("");
	assert_int_equal(host_log_count(XN_WARN), 0);
}

static void test_no_nodes(void **state)
{
	assert_done("-3 ");
	host_xs_rm(h, "cpu/3");
	host_xs_rm(h, "cpu/2/availability");
	assert_done("");
	host_xs_rm(h, "cpu");
	assert_done("");
	want(3, "offline");
	assert_done("");
	want(3, "online");
	assert_done("+3 ");
	assert_int_equal(host_log_count(XN_WARN), 0);
}

static void test_nonsense(void **state)
{
	static const char *const words[] = {
		"", "on", "offline ", "Online", "1", "offlineofflineoffline",
		"off\nline",
	};
	uint64_t refused = host_stat[XN_STAT_REFUSED];
	unsigned int i;

	assert_done("-3 ");
	for (i = 0; i < XN_ARRAY_SIZE(words); i++) {
		want(1, words[i]);
		want(2, "offline");
		assert_done("-2 ");
		want(2, "online");
		assert_done("+2 ");
	}
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_non_null(strstr(host_log_last(), "cpu/1/availability"));
	assert_int_equal(host_stat[XN_STAT_REFUSED], refused + 1);
	want(1, "offline");
	assert_done("-1 ");
}

static void test_no_such_vcpu(void **state)
{
	static const char *const nodes[] = {
		"cpu/4/availability", "cpu/4294967295/availability",
		"cpu/128/availability", "cpu/4294967296/availability",
		"cpu/-1/availability", "cpu/02/availability",
		"cpu/x/availability", "cpu/availability",
	};
	unsigned int i;

	assert_done("-3 ");
	for (i = 0; i < XN_ARRAY_SIZE(nodes); i++) {
		host_xs_write(h, nodes[i], "offline");
		assert_done("");
	}
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_non_null(strstr(host_log_last(), "vCPU 4,"));
	want(3, "online");
	assert_done("+3 ");
}

/* It is busy: tried again each second, and the others do not wait for it. */
static void test_busy(void **state)
{
	assert_done("-3 ");
	set_error = -EBUSY;
	want(1, "offline");
	want(2, "offline");
	assert_done("-1 -2 ");
	host_run(XN_NSEC_PER_SEC + XN_NSEC_PER_SEC / 2);
	assert_done("-1 -2 ");
	assert_int_equal(host_log_count(XN_WARN), 1);
	set_error = 0;
	host_run(XN_NSEC_PER_SEC);
	assert_done("-1 -2 ");
	host_run(10 * XN_NSEC_PER_SEC);
	assert_done("");
	/* It went well: the next fault is reported again. */
	set_error = -EAGAIN;
	want(1, "online");
	assert_done("+1 ");
	assert_int_equal(host_log_count(XN_WARN), 2);
	/* The toolstack thinks better of it. */
	want(1, "offline");
	host_run(10 * XN_NSEC_PER_SEC);
	assert_done("");
}

/* It never goes: not before the toolstack writes again. */
static void test_impossible(void **state)
{
	assert_done("-3 ");
	set_error = -EPERM;
	want(0, "offline");
	assert_done("-0 ");
	host_run(100 * XN_NSEC_PER_SEC);
	assert_done("");
	want(0, "offline");
	assert_done("-0 ");
	assert_int_equal(host_log_count(XN_WARN), 1);
	want(0, "online");
	assert_done("");
}

/* xenstore does not answer, or fails, or there is no memory: later. */
static void test_faults(void **state)
{
	static const int errs[] = { -EAGAIN, -ENOMEM, -EIO, -EBUSY, 0 };
	unsigned int e, nth;
	bool off = true;

	assert_done("-3 ");
	for (e = 0; e < XN_ARRAY_SIZE(errs); e++)
		for (nth = 1; nth <= 1 + NR_VCPUS; nth++) {
			off = !off;
			want(3, off ? "offline" : "online");
			host_fail(HOST_FAULT_STORE, nth, errs[e]);
			host_run(40 * XN_NSEC_PER_SEC);
			assert_true(host_fault_done());
			assert_done(off ? "-3 " : "+3 ");
		}
	off = !off;
	want(3, off ? "offline" : "online");
	host_fail_page(1);
	assert_done("");
	host_run(2 * XN_NSEC_PER_SEC);
	assert_done(off ? "-3 " : "+3 ");
	assert_int_equal(host_log_count(XN_WARN), 0);
}

static void test_no_watch(void **state)
{
	assert_done("-3 ");
	xn_availability_fini(&a);
	xn_work_cancel(&thread);
	host_fail(HOST_FAULT_STORE, 1, -ENOSPC);
	a = (struct xn_availability){ .changed = changed, .set = set };
	assert_int_equal(xn_availability_init(&a, &x.guest), -ENOSPC);
	assert_null(x.guest.xs.watches);
	begin();
	assert_done("-3 ");
}

/* In the new domain, the toolstack wants something else. */
static void test_restored(void **state)
{
	assert_done("-3 ");
	guest_suspend(&x);
	guest_moves(&x, h);
	host_xs_rm(h, "cpu");
	want(0, "online");
	want(1, "offline");
	want(3, "online");
	assert_int_equal(guest_reconnect(&x), 0);
	assert_done("-1 +3 ");
	/* And in the same domain, meanwhile. */
	guest_suspend(&x);
	want(1, "online");
	assert_done("");
	guest_stays(&x);
	assert_done("+1 ");
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(begins), T(goes_and_comes), T(no_nodes), T(nonsense),
		T(no_such_vcpu), T(busy), T(impossible), T(faults),
		T(no_watch), T(restored),
	};

	return cmocka_run_group_tests_name("availability", tests, NULL, NULL);
}
