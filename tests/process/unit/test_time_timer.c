// SPDX-License-Identifier: MIT
/*
 * The time of day, and timers that raise VIRQ_TIMER.
 */
#include "unit.h"
#include "internal.h"
#include "step.h"

#define MS	XN_NSEC_PER_MSEC

static struct host_xenion x;

struct ticks {
	unsigned int count, vcpu;
	uint64_t last;
	evtchn_port_t port;
};

static struct ticks ticks[2];

static void tick(void *data, evtchn_port_t port)
{
	struct ticks *t = data;

	t->count++;
	t->vcpu = xn_os_cpu();
	t->last = xn_os_now();
}

static int start_on(const struct host_config *cfg)
{
	struct xn_evtchn_table *t = &x.guest.evtchn;
	unsigned int i;

	assert_int_equal(host_xenion_start(&x, cfg, NULL), 0);
	memset(ticks, 0, sizeof(ticks));
	for (i = 0; i < 2; i++) {
		assert_int_equal(xn_evtchn_bind_virq(t, VIRQ_TIMER, i, tick,
						     &ticks[i], &ticks[i].port),
				 0);
		xn_evtchn_unmask(t, ticks[i].port);
	}
	return 0;
}

static int start(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 2 };

	return start_on(&cfg);
}

static int start_etime(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 2, .etime = true };

	return start_on(&cfg);
}

static int stop(void **state)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		xn_evtchn_unbind(&x.guest.evtchn, ticks[i].port);
	assert_int_equal(host_xenion_stop(&x), 0);
	return 0;
}

/* ---- timers ---- */

static void test_singleshot(void **state)
{
	uint64_t when = xn_os_now() + 5 * MS;

	assert_int_equal(xn_timer_set(0, when, 0), 0);
	host_run(4 * MS);
	assert_int_equal(ticks[0].count, 0);
	host_run(2 * MS);
	assert_int_equal(ticks[0].count, 1);
	assert_true(ticks[0].last >= when);
	host_run(100 * MS);
	assert_int_equal(ticks[0].count, 1);
	assert_int_equal(ticks[1].count, 0);
}

/* A vCPU has one timer: a new time replaces the old one. */
static void test_set_again(void **state)
{
	uint64_t now = xn_os_now();

	assert_int_equal(xn_timer_set(0, now + 5 * MS, 0), 0);
	assert_int_equal(xn_timer_set(0, now + 9 * MS, 0), 0);
	host_run(8 * MS);
	assert_int_equal(ticks[0].count, 0);
	assert_int_equal(xn_timer_stop(0), 0);
	assert_int_equal(xn_timer_stop(0), 0);
	host_run(8 * MS);
	assert_int_equal(ticks[0].count, 0);
}

static void test_other_vcpu(void **state)
{
	/* Only the vCPU itself may set its timer. */
	assert_int_equal(xn_timer_set(1, xn_os_now() + MS, 0), -EINVAL);
	assert_int_equal(xn_timer_stop(1), -EINVAL);
	assert_int_equal(xn_timer_set(2, xn_os_now() + MS, 0), -ENOENT);
	host_guest_enter(x.host, 1);
	assert_int_equal(xn_timer_set(1, xn_os_now() + MS, 0), 0);
	host_guest_enter(x.host, 0);
	host_run(2 * MS);
	assert_int_equal(ticks[0].count, 0);
	assert_int_equal(ticks[1].count, 1);
	assert_int_equal(ticks[1].vcpu, 1);
}

static void test_past(void **state)
{
	host_run(MS);
	assert_int_equal(xn_timer_set(0, xn_os_now() - 1, 0), 0);
	host_pump();
	assert_int_equal(ticks[0].count, 1);
	assert_int_equal(xn_timer_set(0, 0, 0), 0);
	host_pump();
	assert_int_equal(ticks[0].count, 2);
	/* A time that Xen would take for the past is refused. */
	assert_int_equal(xn_timer_set(0, 1ull << 63, 0), -EINVAL);
	assert_int_equal(xn_timer_set(0, ~0ull, 0), -EINVAL);
	assert_int_equal(xn_timer_set(0, (1ull << 63) - 1, 0), 0);
	host_run(1000 * XN_NSEC_PER_SEC);
	assert_int_equal(ticks[0].count, 2);
	assert_int_equal(xn_timer_stop(0), 0);
}

/* Xen 4.17 ignores the flag. */
static void test_past_ignored(void **state)
{
	host_run(MS);
	assert_int_equal(xn_timer_set(0, xn_os_now() - 1, VCPU_SSHOTTMR_future),
			 0);
	host_pump();
	assert_int_equal(ticks[0].count, 1);
}

static void test_past_etime(void **state)
{
	uint64_t now;

	host_run(MS);
	now = xn_os_now();
	assert_int_equal(xn_timer_set(0, now + MS, VCPU_SSHOTTMR_future), 0);
	assert_int_equal(xn_timer_set(0, now - 1, VCPU_SSHOTTMR_future),
			 -ETIME);
	host_run(2 * MS);
	assert_int_equal(ticks[0].count, 1);
}

static void test_periodic(void **state)
{
	uint64_t begin = xn_os_now();
	unsigned int i;

	assert_int_equal(xn_timer_set_periodic(0, MS - 1), -EINVAL);
	assert_int_equal(xn_timer_set_periodic(0, 0), -EINVAL);
	assert_int_equal(xn_timer_set_periodic(0, ~0ull), -EINVAL);
	assert_int_equal(xn_timer_set_periodic(2, MS), -ENOENT);
	/* The periodic timer of another vCPU may be set. */
	assert_int_equal(xn_timer_set_periodic(1, 3 * MS), 0);
	assert_int_equal(xn_timer_set_periodic(0, MS), 0);
	for (i = 1; i <= 30; i++) {
		host_run(begin + i * MS - xn_os_now());
		assert_int_equal(ticks[0].count, i);
		assert_int_equal(ticks[1].count, i / 3);
	}
	/* In addition to a single-shot timer. */
	assert_int_equal(xn_timer_set(0, xn_os_now() + MS / 2, 0), 0);
	host_run(begin + 31 * MS - xn_os_now());
	assert_int_equal(ticks[0].count, 32);
	assert_int_equal(xn_timer_stop_periodic(0), 0);
	assert_int_equal(xn_timer_stop_periodic(1), 0);
	assert_int_equal(xn_timer_stop_periodic(2), -ENOENT);
	host_run(50 * MS);
	assert_int_equal(ticks[0].count, 32);
}

/* A guest's timer ticks only for that guest. */
static void test_two_guests(void **state)
{
	struct host_guest *other = host_guest_create(NULL);

	assert_int_equal(xn_timer_set_periodic(0, MS), 0);
	host_guest_enter(x.host, 0);
	host_run(5 * MS);
	assert_int_equal(ticks[0].count, 0);
	assert_int_equal(host_guest_leaks(other), 1);
	host_guest_destroy(other);
	host_guest_enter(x.host, 0);
	host_run(5 * MS);
}

static void test_refused(void **state)
{
	host_fail_hypercall(1, -EPERM);
	assert_int_equal(xn_timer_set(0, xn_os_now() + MS, 0), -EPERM);
	host_fail_hypercall(1, -ENOSYS);
	assert_int_equal(xn_timer_set_periodic(0, MS), -ENOSYS);
	host_run(3 * MS);
	assert_int_equal(ticks[0].count, 0);
}

/* ---- the time of day ---- */

static void assert_wall(uint64_t now, uint64_t sec, uint32_t nsec)
{
	struct xn_wallclock wc;

	assert_int_equal(xn_wallclock_read(x.vcpus.shared, now, &wc), 0);
	assert_true(wc.sec == sec);
	assert_int_equal(wc.nsec, nsec);
}

static void assert_no_wall(uint64_t now, int want)
{
	uint64_t refused = host_stat_get(XN_STAT_REFUSED);
	struct xn_wallclock wc;

	assert_int_equal(xn_wallclock_read(x.vcpus.shared, now, &wc), want);
	assert_int_equal(host_stat_get(XN_STAT_REFUSED) - refused,
			 want == -EINVAL);
}

static void test_wallclock(void **state)
{
	assert_wall(0, 1000000000, 0);
	assert_wall(1, 1000000000, 1);
	assert_wall(2500000000, 1000000002, 500000000);
	host_wallclock_set(x.host, 1700000000, 999999999);
	assert_wall(0, 1700000000, 999999999);
	assert_wall(1, 1700000001, 0);
	assert_wall(XN_NSEC_PER_SEC, 1700000001, 999999999);
	/* A time beyond 32 bits. */
	host_wallclock_set(x.host, 0x1234567890ull, 5);
	assert_wall(7, 0x1234567890ull, 12);
	/* The clock may be set back. */
	host_wallclock_set(x.host, 0, 0);
	assert_wall(3, 0, 3);
}

static void test_wallclock_nonsense(void **state)
{
	host_wallclock_set(x.host, 1, 1000000000);
	assert_no_wall(0, -EINVAL);
	host_wallclock_set(x.host, 1, ~0u);
	assert_no_wall(0, -EINVAL);
	host_wallclock_set(x.host, ~0ull, 0);
	assert_wall(999999999, ~0ull, 999999999);
	assert_no_wall(1000000000, -EINVAL);
	host_wallclock_set(x.host, 1, 999999999);
	assert_no_wall(~0ull, -EINVAL);
	/* Always being written. */
	x.host->shared->wc_version |= 1;
	assert_no_wall(0, -EAGAIN);
	host_wallclock_set(x.host, 1, 0);
	assert_wall(0, 1, 0);
}

/* Set the clock between any two instructions of the reader. */
static void set_other(void)
{
	host_wallclock_set(x.host, 0x300000004ull, 5);
}

static void test_wallclock_races(void **state)
{
	unsigned int nth, old = 0, new = 0;
	struct xn_wallclock wc;
	int err;

	for (nth = 1; ; nth++) {
		host_wallclock_set(x.host, 0x100000002ull, 3);
		if (!step_begin(nth, set_other))
			break;
		err = xn_wallclock_read(x.vcpus.shared, 0, &wc);
		step_end();
		assert_int_equal(err, 0);
		if (wc.nsec == 3) {
			assert_true(wc.sec == 0x100000002ull);
			old++;
		} else {
			assert_int_equal(wc.nsec, 5);
			assert_true(wc.sec == 0x300000004ull);
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
		T(singleshot), T(set_again), T(other_vcpu), T(past),
		T(past_ignored),
		cmocka_unit_test_setup_teardown(test_past_etime, start_etime,
						stop),
		T(periodic), T(two_guests), T(refused), T(wallclock),
		T(wallclock_nonsense), T(wallclock_races),
	};

	return cmocka_run_group_tests_name("time_timer", tests, NULL, NULL);
}
