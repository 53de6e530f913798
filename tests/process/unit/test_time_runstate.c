// SPDX-License-Identifier: MIT
/*
 * Xen's accounting of a vCPU's time, in the guest's memory and by hypercall,
 * also while Xen writes it, and with invalid values.
 */
#include "unit.h"
#include "internal.h"
#include "step.h"

#define MS	XN_NSEC_PER_MSEC

static struct host_guest *g;
static struct xn_runstate r;
static uint64_t begin;

static int start_on(const struct host_config *cfg)
{
	host_log_reset();
	g = host_guest_create(cfg);
	begin = xn_os_now();
	assert_int_equal(xn_runstate_init(&r, 3), 0);
	return 0;
}

static int start(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 3 };

	return start_on(&cfg);
}

static int start_unmarked(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 3, .no_assists = true };

	return start_on(&cfg);
}

static int stop(void **state)
{
	xn_runstate_fini(&r);
	xn_runstate_fini(&r);
	assert_int_equal(host_guest_leaks(g), 0);
	host_guest_destroy(g);
	return 0;
}

static uint64_t calls(void)
{
	return host_stat_get(XN_STAT_HYPERCALL);
}

static struct vcpu_runstate_info *area(unsigned int vcpu)
{
	return g->vcpu[vcpu].runstate_area;
}

static void assert_read(unsigned int vcpu, int state, unsigned int running,
			unsigned int runnable, unsigned int blocked,
			unsigned int offline)
{
	struct vcpu_runstate_info info;

	assert_int_equal(xn_runstate_read(&r, vcpu, xn_os_now(), &info), 0);
	assert_int_equal(info.state, state);
	assert_int_equal(info.time[RUNSTATE_running], running * MS);
	assert_int_equal(info.time[RUNSTATE_runnable], runnable * MS);
	assert_int_equal(info.time[RUNSTATE_blocked], blocked * MS);
	assert_int_equal(info.time[RUNSTATE_offline], offline * MS);
	assert_false(info.state_entry_time & XEN_RUNSTATE_UPDATE);
}

static void pass(unsigned int ms)
{
	host_run(ms * MS);
}

static void walk_through(void)
{
	pass(7);
	assert_read(1, RUNSTATE_running, 7, 0, 0, 0);
	host_runstate_set(g, 1, RUNSTATE_runnable);
	assert_read(1, RUNSTATE_runnable, 7, 0, 0, 0);
	pass(3);
	assert_read(1, RUNSTATE_runnable, 7, 3, 0, 0);
	host_runstate_set(g, 1, RUNSTATE_blocked);
	pass(20);
	host_runstate_set(g, 1, RUNSTATE_offline);
	pass(1);
	host_runstate_set(g, 1, RUNSTATE_running);
	pass(1);
	assert_read(1, RUNSTATE_running, 8, 3, 20, 1);
	assert_read(0, RUNSTATE_running, 32, 0, 0, 0);
}

static void test_states(void **state)
{
	uint64_t before = calls();

	walk_through();
	assert_int_equal(calls(), before);
}

/* The same numbers, each by a hypercall. */
static void test_unmarked(void **state)
{
	uint64_t before = calls();

	assert_null(area(0));
	walk_through();
	assert_int_equal(calls(), before + 5);
}

static void test_get(void **state)
{
	struct vcpu_runstate_info info;

	pass(7);
	host_runstate_set(g, 1, RUNSTATE_blocked);
	pass(5);
	assert_int_equal(xn_runstate_get(1, &info), 0);
	assert_int_equal(info.state, RUNSTATE_blocked);
	assert_int_equal(info.state_entry_time, begin + 7 * MS);
	assert_int_equal(info.time[RUNSTATE_running], 7 * MS);
	assert_int_equal(info.time[RUNSTATE_blocked], 5 * MS);
	assert_int_equal(xn_runstate_get(3, &info), -ENOENT);
	assert_int_equal(xn_runstate_read(&r, 3, 0, &info), -ENOENT);
	host_fail_hypercall(1, -EFAULT);
	assert_int_equal(xn_runstate_get(1, &info), -EFAULT);
}

/* A time before Xen's last change adds nothing. */
static void test_early(void **state)
{
	struct vcpu_runstate_info info;

	pass(7);
	host_runstate_set(g, 1, RUNSTATE_running);
	assert_int_equal(xn_runstate_read(&r, 1, begin + 6 * MS, &info), 0);
	assert_int_equal(info.time[RUNSTATE_running], 7 * MS);
}

/* The area is always being written: ask by hypercall. */
static void test_stuck(void **state)
{
	uint64_t before = calls();

	pass(7);
	area(1)->state_entry_time |= XEN_RUNSTATE_UPDATE;
	area(1)->time[RUNSTATE_running] = 12345;
	assert_read(1, RUNSTATE_running, 7, 0, 0, 0);
	assert_int_equal(calls(), before + 1);
}

static void test_nonsense(void **state)
{
	static const int bad[] = { -1, 4, 100, 0x7fffffff, -0x7fffffff - 1 };
	uint64_t refused = host_stat_get(XN_STAT_REFUSED);
	struct vcpu_runstate_info info;
	unsigned int i;

	pass(7);
	for (i = 0; i < XN_ARRAY_SIZE(bad); i++) {
		area(1)->state = bad[i];
		assert_read(1, RUNSTATE_running, 7, 0, 0, 0);
	}
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused + i);
	/* Any times are valid. */
	*area(1) = (struct vcpu_runstate_info){
		.state = RUNSTATE_offline, .time = { ~0ull, ~0ull, ~0ull, ~0ull },
	};
	assert_int_equal(xn_runstate_read(&r, 1, ~0ull, &info), 0);
	assert_int_equal(info.time[RUNSTATE_blocked], ~0ull);
}

/* The hypercall returns an invalid state. */
static void test_nonsense_answer(void **state)
{
	uint64_t refused = host_stat_get(XN_STAT_REFUSED);
	struct vcpu_runstate_info info;

	g->vcpu[1].runstate.state = 9;
	assert_int_equal(xn_runstate_get(1, &info), -EIO);
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused + 1);
	host_runstate_show(g, 1);
	assert_int_equal(xn_runstate_read(&r, 1, 0, &info), -EIO);
	g->vcpu[1].runstate.state = RUNSTATE_running;
}

/* Each step of the set-up fails in turn: nothing is left. */
static void test_init_fails(void **state)
{
	unsigned int nth;
	int err;

	xn_runstate_fini(&r);
	assert_int_equal(xn_runstate_init(&r, 0), -EINVAL);
	assert_int_equal(xn_runstate_init(&r, XN_MAX_VCPUS + 1), -EINVAL);
	xn_runstate_fini(&r);
	host_fail_page(1);
	assert_int_equal(xn_runstate_init(&r, 3), -ENOMEM);
	xn_runstate_fini(&r);
	assert_int_equal(xn_runstate_init(&r, 4), -ENOENT);
	assert_int_equal(host_guest_leaks(g), 0);
	for (nth = 1; ; nth++) {
		host_fail_hypercall(nth, -EFAULT);
		err = xn_runstate_init(&r, 3);
		if (!host_fault_done())
			break;
		assert_int_equal(err, nth == 1 ? 0 : -EFAULT);
		xn_runstate_fini(&r);
		assert_int_equal(host_guest_leaks(g), 0);
	}
	host_fail_hypercall(0, 0);
	assert_int_equal(nth, 5);
	assert_int_equal(host_log_count(XN_WARN), 0);
}

/* Xen keeps using an area: its page is not reused. */
static void test_fini_fails(void **state)
{
	void *page = area(0);

	host_fail_hypercall(2, -EFAULT);
	xn_runstate_fini(&r);
	assert_int_equal(host_log_count(XN_WARN), 1);
	assert_null(g->vcpu[0].runstate_area);
	assert_non_null(g->vcpu[1].runstate_area);
	assert_int_equal(host_pages(g), 1);
	g->vcpu[1].runstate_area = NULL;
	xn_os_page_free(page);
}

/* Xen writes between any two instructions of the reader. */
static void write_other(void)
{
	g->vcpu[1].runstate = (struct vcpu_runstate_info){
		.state = RUNSTATE_blocked, .state_entry_time = 1000,
		.time = { 100, 200, 300, 400 },
	};
	host_runstate_show(g, 1);
}

static void test_races(void **state)
{
	static const struct vcpu_runstate_info before = {
		.state = RUNSTATE_runnable, .state_entry_time = 10,
		.time = { 1, 2, 3, 4 },
	};
	struct vcpu_runstate_info info;
	unsigned int nth, old = 0, new = 0;
	int err;

	for (nth = 1; ; nth++) {
		memset(&info, 0, sizeof(info));
		g->vcpu[1].runstate = before;
		host_runstate_show(g, 1);
		if (!step_begin(nth, write_other))
			break;
		err = xn_runstate_read(&r, 1, 0, &info);
		step_end();
		assert_int_equal(err, 0);
		if (info.state == RUNSTATE_runnable) {
			assert_memory_equal(&info, &before, sizeof(info));
			old++;
		} else {
			assert_memory_equal(&info, area(1), sizeof(info));
			new++;
		}
	}
	assert_in_range(old, 3, 1000000);
	assert_in_range(new, 3, 1000000);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(states),
		cmocka_unit_test_setup_teardown(test_unmarked, start_unmarked,
						stop),
		T(get), T(early), T(stuck), T(nonsense), T(nonsense_answer),
		T(init_fails), T(fini_fails), T(races),
	};

	return cmocka_run_group_tests_name("time_runstate", tests, NULL, NULL);
}
