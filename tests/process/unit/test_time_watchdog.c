// SPDX-License-Identifier: MIT
/*
 * time/watchdog.c on a Xen with two watchdogs, as real ones have: begun once, put off,
 * stopped, begun again in a new domain; and a Xen that lies.
 */
#include "unit.h"

#include <xenion/time.h>

#define NR	2u

static struct host_guest *g;
static struct xn_watchdog w;
static uint32_t seconds[NR];	/* 0: not in use */
static long unknown;		/* the error for one that is not in use */
static long lie;		/* every result, or 0 */

static long watchdog(const struct sched_watchdog *x)
{
	unsigned int i;

	if (x->id > NR)
		return -EINVAL;
	if (x->id) {
		if (!seconds[x->id - 1])
			return unknown;
		seconds[x->id - 1] = x->timeout;
		return 0;
	}
	if (!x->timeout)
		return -EINVAL;
	for (i = 0; i < NR; i++) {
		if (seconds[i])
			continue;
		seconds[i] = x->timeout;
		return i + 1;
	}
	return -ENOSPC;
}

static void xen(unsigned int nr, unsigned int cmd, void *arg,
		unsigned int count, long *ret)
{
	if (nr == __HYPERVISOR_sched_op && cmd == SCHEDOP_watchdog)
		*ret = lie ? lie : watchdog(arg);
}

static int setup(void **state)
{
	g = host_guest_create(NULL);
	host_set_liar(xen);
	memset(&w, 0, sizeof(w));
	memset(seconds, 0, sizeof(seconds));
	unknown = -EINVAL;
	lie = 0;
	return 0;
}

static int teardown(void **state)
{
	host_set_liar(NULL);
	host_guest_destroy(g);
	return 0;
}

static void test_watches(void **state)
{
	struct xn_watchdog other = { 0 }, third = { 0 };

	assert_int_equal(xn_watchdog_stop(&w), 0);
	assert_int_equal(xn_watchdog_set(&w, 0), -EINVAL);
	assert_int_equal(w.id, 0);
	assert_int_equal(xn_watchdog_set(&w, 30), 0);
	assert_int_equal(xn_watchdog_set(&w, 60), 0);
	assert_int_equal(seconds[0], 60);
	assert_int_equal(seconds[1], 0);
	assert_int_equal(xn_watchdog_set(&w, 0), -EINVAL);
	assert_int_equal(seconds[0], 60);
	assert_int_equal(xn_watchdog_set(&other, 0xffffffff), 0);
	assert_int_equal(seconds[1], 0xffffffff);
	assert_int_equal(xn_watchdog_set(&third, 1), -ENOSPC);
	assert_int_equal(xn_watchdog_stop(&third), 0);
	assert_int_equal(xn_watchdog_stop(&w), 0);
	assert_int_equal(xn_watchdog_stop(&w), 0);
	assert_int_equal(seconds[0], 0);
	assert_int_equal(seconds[1], 0xffffffff);
	assert_int_equal(xn_watchdog_set(&w, 5), 0);
	assert_int_equal(seconds[0], 5);
}

/* The new domain has none: it is begun again, or needs no stop. */
static void test_new_domain(void **state)
{
	static const long answers[] = { -EINVAL, -EEXIST };
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(answers); i++) {
		unknown = answers[i];
		assert_int_equal(xn_watchdog_set(&w, 30), 0);
		memset(seconds, 0, sizeof(seconds));
		assert_int_equal(xn_watchdog_set(&w, 20), 0);
		assert_int_equal(seconds[0], 20);
		memset(seconds, 0, sizeof(seconds));
		assert_int_equal(xn_watchdog_stop(&w), 0);
		assert_int_equal(w.id, 0);
	}
}

static void test_errors(void **state)
{
	/* An old Xen, or one that does not want. */
	lie = -ENOSYS;
	assert_int_equal(xn_watchdog_set(&w, 30), -ENOSYS);
	lie = -EPERM;
	assert_int_equal(xn_watchdog_set(&w, 30), -EPERM);
	assert_int_equal(w.id, 0);
	lie = 0;
	assert_int_equal(xn_watchdog_set(&w, 30), 0);
	lie = -EPERM;
	assert_int_equal(xn_watchdog_set(&w, 40), -EPERM);
	assert_int_equal(xn_watchdog_stop(&w), -EPERM);
	lie = 0;
	assert_int_equal(seconds[0], 30);
	assert_int_equal(xn_watchdog_stop(&w), 0);
	assert_int_equal(seconds[0], 0);
}

/* A number that cannot be given back is none. */
static void test_lies(void **state)
{
	static const long ids[] = { 0x100000000, 0x7fffffffffffffff };
	uint64_t refused = host_stat_get(XN_STAT_REFUSED);
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(ids); i++) {
		lie = ids[i];
		assert_int_equal(xn_watchdog_set(&w, 30), -EIO);
		assert_int_equal(w.id, 0);
	}
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused + i);
	lie = 7;
	assert_int_equal(xn_watchdog_set(&w, 30), 0);
	assert_int_equal(xn_watchdog_set(&w, 30), 0);
	assert_int_equal(xn_watchdog_stop(&w), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(watches), T(new_domain), T(errors), T(lies),
	};

	return cmocka_run_group_tests_name("time watchdog", tests, NULL, NULL);
}
