// SPDX-License-Identifier: MIT
/*
 * VCPUOP_set_singleshot_timer, VCPUOP_set_periodic_timer and their counterparts
 * (xen-public/vcpu.h): each vCPU has a timer of either kind, which makes its
 * VIRQ_TIMER pending at a given time, or once in each period. A time in the
 * past causes the event at once, unless the caller asks for an error.
 *
 * Known by the events on CPU 1 (CPU 0's timer is the kernel's): where they
 * come, how many at most and at least, and that none comes too early. How late
 * they come is not checked. Too early means by more than the difference between
 * Xen's clocks of two processors, because a vCPU whose timer is kept by one of
 * them may wake on the other: on an emulated machine that is milliseconds ("xl
 * debug-keys t" shows it).
 */
#include "selftest.h"

#define MS		XN_NSEC_PER_MSEC
#define LONG		(10 * XN_NSEC_PER_SEC)
#define PERIOD		(10 * MS)
#define EVENTS		12u
#define APART		(50 * MS)	/* more than any two clocks differ */

struct timer {
	evtchn_port_t port;
	unsigned int count;
	unsigned int elsewhere;		/* events on another CPU */
	uint64_t when, came;
	bool late;			/* too slow: the event may have come */
	unsigned int flags;
	int err;
	struct xn_waitq wait;
};

static void event(void *data, evtchn_port_t port)
{
	struct timer *t = data;

	t->came = xn_os_now();
	t->elsewhere += xn_os_cpu() != 1;
	__atomic_fetch_add(&t->count, 1, __ATOMIC_SEQ_CST);
	xn_wake(&t->wait);
}

static unsigned int count_of(struct timer *t)
{
	return __atomic_load_n(&t->count, __ATOMIC_SEQ_CST);
}

/* Do @n events more than @were come? */
static bool comes(struct timer *t, unsigned int were, unsigned int n)
{
	return xn_wait(&t->wait, count_of(t) - were >= n, LONG);
}

static void set(void *arg)
{
	struct timer *t = arg;

	t->err = xn_timer_set(1, t->when, t->flags);
}

static void set_and_stop(void *arg)
{
	struct timer *t = arg;

	t->err = xn_timer_set(1, t->when, t->flags);
	if (!t->err)
		t->err = xn_timer_stop(1);
	t->late = xn_os_now() >= t->when;
}

static void set_two(void *arg)
{
	struct timer *t = arg;

	t->err = xn_timer_set(1, t->when - 2 * APART, t->flags);
	if (!t->err)
		t->err = xn_timer_set(1, t->when, t->flags);
	t->late = xn_os_now() >= t->when - 2 * APART;
}

/* Xen need not wake a vCPU for the periodic timer: stay awake. */
static void work(void *arg)
{
	struct timer *t = arg;
	uint64_t until = xn_os_now() + LONG;

	while (count_of(t) < EVENTS && xn_os_now() < until)
		;
	t->err = 0;
}

/* Run @fn on CPU 1, which alone may do it. */
static int on_cpu1(struct timer *t, void (*fn)(void *arg))
{
	int err = bare_run(1, fn, t);

	if (err)
		return err;
	return bare_run_wait(1, LONG) ? t->err : -ETIMEDOUT;
}

static bool begin(struct timer *t)
{
	int err = xn_evtchn_bind_virq(&bare_guest.evtchn, VIRQ_TIMER, 1, event,
				      t, &t->port);

	if (!CHECK(!err, "CPU 1's VIRQ_TIMER is bound (error %d)", err))
		return false;
	/* A PV guest starts with a periodic timer. */
	err = xn_timer_stop_periodic(1);
	CHECK(!err, "no periodic timer (error %d)", err);
	xn_evtchn_clear(&bare_guest.evtchn, t->port);
	xn_evtchn_unmask(&bare_guest.evtchn, t->port);
	return true;
}

static void end(struct timer *t)
{
	CHECK(!t->elsewhere, "all events came on CPU 1");
	xn_evtchn_unbind(&bare_guest.evtchn, t->port);
}

SELFTEST(time, timer_singleshot, NEEDS_CPUS)
{
	struct timer t = { 0 };
	unsigned int i, n;

	if (!begin(&t))
		return;
	for (i = 0; i < 3; i++) {
		n = count_of(&t);
		t.when = xn_os_now() + 2 * APART;
		REQUIRE(!on_cpu1(&t, set), "set (error %d)", t.err);
		REQUIRE(comes(&t, n, 1), "an event");
		CHECK(t.came >= t.when - APART, "not before its time: %ld ns after it",
		      (long)(t.came - t.when));
	}
	bare_sleep(20 * MS);
	CHECK(count_of(&t) == 3, "one event for each: %u", count_of(&t));
	end(&t);
}

SELFTEST(time, timer_replaced, NEEDS_CPUS)
{
	struct timer t = { 0 };

	if (!begin(&t))
		return;
	t.when = xn_os_now() + 30 * MS;
	REQUIRE(!on_cpu1(&t, set_and_stop), "set, and stopped (error %d)",
		t.err);
	bare_sleep(50 * MS);
	CHECK(!count_of(&t) || t.late, "stopped: no event");
	t.count = 0;
	t.when = xn_os_now() + 3 * APART;
	REQUIRE(!on_cpu1(&t, set_two), "set, and set later (error %d)", t.err);
	REQUIRE(comes(&t, 0, 1), "an event");
	CHECK(t.came >= t.when - APART || t.late, "at the later moment");
	bare_sleep(50 * MS);
	CHECK(count_of(&t) == 1 || t.late, "and only there");
	end(&t);
}

SELFTEST(time, timer_past, NEEDS_CPUS)
{
	struct timer t = { 0 };
	int err;

	if (!begin(&t))
		return;
	t.when = xn_os_now() - MS;
	REQUIRE(!on_cpu1(&t, set), "set to a moment that is past (error %d)",
		t.err);
	CHECK(comes(&t, 0, 1), "an event comes");

	t.flags = VCPU_SSHOTTMR_future;
	t.count = 0;
	err = on_cpu1(&t, set);
	if (err == -ETIME) {
		bare_sleep(20 * MS);
		CHECK(!count_of(&t), "refused: no event");
	} else {
		CHECK(!err && comes(&t, 0, 1),
		      "not refused, as asked (error %d): an event", err);
	}
	t.when = 1ull << 63;
	t.count = 0;
	CHECK(on_cpu1(&t, set) == -EINVAL, "a moment beyond 63 bits is refused");
	bare_sleep(20 * MS);
	CHECK(!count_of(&t), "and makes no event");
	CHECK(xn_timer_set(1, xn_os_now() + MS, 0) == -EINVAL,
	      "CPU 0 cannot set CPU 1's");
	end(&t);
}

SELFTEST(time, timer_periodic, NEEDS_CPUS)
{
	struct timer t = { 0 };
	uint64_t from, elapsed;
	unsigned int n;
	int err;

	if (!begin(&t))
		return;
	CHECK(xn_timer_set_periodic(1, MS / 2) == -EINVAL,
	      "half a millisecond is too short a period");
	from = xn_os_now();
	err = xn_timer_set_periodic(1, PERIOD);
	REQUIRE(!err, "a period is set by CPU 0 (error %d)", err);
	REQUIRE(!on_cpu1(&t, work), "CPU 1 works");
	CHECK(count_of(&t) >= EVENTS, "%u events come: %u", EVENTS,
	      count_of(&t));
	elapsed = xn_os_now() - from;
	/* One may come at once, and the next one at the end of Xen's period. */
	CHECK(elapsed >= (EVENTS - 2) * PERIOD - APART,
	      "in no less than their periods: %llu ms", elapsed / MS);
	err = xn_timer_stop_periodic(1);
	CHECK(!err, "stopped (error %d)", err);
	bare_sleep(MS);
	n = count_of(&t);
	bare_sleep(5 * PERIOD);
	CHECK(count_of(&t) == n, "no more events");
	end(&t);
}
