// SPDX-License-Identifier: MIT
/*
 * System time from the counter and Xen's data: the arithmetic compared with one
 * of longer numbers, the protocol of the version, counters that differ, and
 * hosts that lie.
 */
#include "unit.h"
#include "internal.h"
#include "step.h"

static struct host_xenion x;
static struct xn_clock clk;

static int start(void **state)
{
	const struct host_config cfg = { .nr_vcpus = 4 };
	unsigned int i;

	assert_int_equal(host_xenion_start(&x, &cfg, NULL), 0);
	xn_clock_init(&clk, &x.vcpus);
	host_run(12345 * XN_NSEC_PER_SEC);
	for (i = 0; i < 4; i++)
		host_time_update(x.host, i);
	return 0;
}

static int stop(void **state)
{
	assert_int_equal(host_xenion_stop(&x), 0);
	return 0;
}

/* Read the clock as in an upcall of the vCPU. */
static uint64_t ask(unsigned int vcpu)
{
	unsigned long flags = host_upcalls_disable();
	uint64_t ns;

	host_guest_enter(x.host, vcpu);
	ns = xn_clock_read(&clk, vcpu);
	host_guest_enter(x.host, 0);
	host_upcalls_restore(flags);
	return ns;
}

/* The data that the host writes for a vCPU. */
static struct vcpu_time_info *info(unsigned int vcpu)
{
	return &x.host->shared->vcpu_info[vcpu].time;
}

static void assert_near(uint64_t ns, uint64_t want)
{
	assert_in_range(ns, want - 10, want + 10);
}

/* ---- arithmetic ---- */

/* Numbers of 24 bytes, the lowest first. */
struct big {
	uint8_t byte[24];
};

static struct big big(uint64_t n)
{
	struct big b = { 0 };

	memcpy(b.byte, &n, sizeof(n));
	return b;
}

static struct big big_add(struct big a, struct big b)
{
	unsigned int i, carry = 0;

	for (i = 0; i < sizeof(a.byte); i++) {
		carry += a.byte[i] + b.byte[i];
		a.byte[i] = carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	return a;
}

static struct big big_double(struct big a, unsigned int times)
{
	while (times--)
		a = big_add(a, a);
	return a;
}

static struct big big_halve(struct big a, unsigned int times)
{
	unsigned int i;

	while (times--)
		for (i = 0; i < sizeof(a.byte); i++)
			a.byte[i] = a.byte[i] >> 1 |
				    (i + 1 < sizeof(a.byte) ?
				     a.byte[i + 1] << 7 : 0);
	return a;
}

static struct big big_mul(struct big a, uint32_t by)
{
	struct big sum = big(0);

	for (; by; by >>= 1) {
		if (by & 1)
			sum = big_add(sum, a);
		a = big_add(a, a);
	}
	return sum;
}

/* False: does not fit 64 bits. */
static bool big_value(struct big a, uint64_t *n)
{
	unsigned int i;

	for (i = sizeof(*n); i < sizeof(a.byte); i++)
		if (a.byte[i])
			return false;
	memcpy(n, a.byte, sizeof(*n));
	return true;
}

/* The formula of xen.h, literally. */
static bool reference(const struct vcpu_time_info *ti, uint64_t delta,
		      uint64_t *ns)
{
	struct big b = big(delta);

	b = ti->tsc_shift < 0 ? big_halve(b, -ti->tsc_shift) :
				big_double(b, ti->tsc_shift);
	/* A product beyond 64 bits is refused even if the end result fits. */
	if (!big_value(b, ns))
		return false;
	b = big_halve(big_mul(b, ti->tsc_to_system_mul), 32);
	return big_value(big_add(b, big(ti->system_time)), ns);
}

static void check_scale(const struct vcpu_time_info *ti, uint64_t delta)
{
	uint64_t ns = 0, want = 0;
	int err = xn_clock_scale(ti, ti->tsc_timestamp + delta, &ns);

	if (reference(ti, delta, &want)) {
		assert_int_equal(err, 0);
		assert_int_equal(ns, want);
	} else {
		assert_int_equal(err, -EINVAL);
	}
}

static uint64_t seed = 88172645463325252ull;

static uint64_t random64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void test_scale(void **state)
{
	static const uint64_t edge[] = {
		0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
		0x3fffffffffffffff, 0x7fffffffffffffff,
	};
	static const uint32_t mul[] = {
		1, 2, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff,
	};
	struct vcpu_time_info ti = { 0 };
	unsigned int i, k;

	for (ti.tsc_shift = -31; ti.tsc_shift <= 31; ti.tsc_shift++)
		for (i = 0; i < XN_ARRAY_SIZE(edge); i++)
			for (k = 0; k < XN_ARRAY_SIZE(mul); k++) {
				ti.tsc_to_system_mul = mul[k];
				ti.system_time = k & 1 ? ~0ull - edge[i] : 0;
				ti.tsc_timestamp = edge[k];
				check_scale(&ti, edge[i]);
			}
	for (i = 0; i < 20000; i++) {
		ti.tsc_shift = (int)(random64() % 63) - 31;
		ti.tsc_to_system_mul = random64() | 1;
		ti.system_time = random64() >> random64() % 64;
		ti.tsc_timestamp = random64();
		check_scale(&ti, random64() >> (1 + random64() % 63));
	}
}

static void test_bad_scale(void **state)
{
	struct vcpu_time_info ti = { .system_time = 7 };
	uint64_t ns = 42;
	int shift;

	assert_int_equal(xn_clock_scale(&ti, 100, &ns), -EINVAL);
	ti.tsc_to_system_mul = 1u << 31;
	for (shift = -128; shift < 128; shift++) {
		ti.tsc_shift = shift;
		assert_int_equal(xn_clock_scale(&ti, 100, &ns),
				 shift < -31 || shift > 31 ? -EINVAL : 0);
	}
	/* The counter is behind the timestamp. */
	ti.tsc_shift = 0;
	ti.tsc_timestamp = 101;
	assert_int_equal(xn_clock_scale(&ti, 100, &ns), 0);
	assert_int_equal(ns, 7);
}

/* ---- an honest host ---- */

static void test_time_passes(void **state)
{
	uint64_t ns = ask(0);
	unsigned int i;

	assert_near(ns, xn_os_now());
	for (i = 0; i < 100; i++) {
		host_run(1000 * i);
		assert_near(ask(i % 4), xn_os_now());
		if (i % 7 == 0)
			host_time_update(x.host, i % 4);
	}
	/* For a vCPU that the clock does not have: the latest time read. */
	ns = ask(3);
	assert_int_equal(xn_clock_read(&clk, 4), ns);
	assert_int_equal(xn_clock_read(&clk, ~0u), ns);
}

static void test_any_frequency(void **state)
{
	static const unsigned int khz[] = {
		1, 999, 1000, 24000, 999999, 1000000, 1000001, 5000000,
		4294967295u,
	};
	uint64_t then;
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(khz); i++) {
		x.host->cfg.tsc_khz = khz[i];
		host_time_update(x.host, 1);
		then = xn_os_now();
		assert_int_equal(ask(1), then);
		host_run(XN_NSEC_PER_SEC);
		/* Up to a cycle off, and the rounding of a 32-bit factor. */
		assert_in_range(ask(1), then + 998 * XN_NSEC_PER_MSEC,
				then + XN_NSEC_PER_SEC + 1);
		host_time_update(x.host, 1);
	}
}

/* Two guests in one process are independent. */
static void test_two_guests(void **state)
{
	struct host_xenion first = x;
	struct xn_clock c1 = clk;
	const struct host_config cfg = { .tsc_khz = 1000 };
	uint64_t ns;

	assert_int_equal(host_xenion_start(&x, &cfg, NULL), 0);
	xn_clock_init(&clk, &x.vcpus);
	info(0)->system_time += 5000000;
	ns = ask(0);
	assert_near(ns, xn_os_now() + 5000000);
	assert_int_equal(host_xenion_stop(&x), 0);
	x = first;
	clk = c1;
	host_guest_enter(x.host, 0);
	assert_near(ask(0), xn_os_now());
}

/* ---- counters that differ ---- */

static void test_skew_unstable(void **state)
{
	uint64_t ns, last = 0;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		host_tsc_stable(x.host, i, false);
		host_tsc_skew(x.host, i, (int)i * 100000 - 200000);
	}
	for (i = 0; i < 1000; i++) {
		ns = ask(i * 7 % 4);
		assert_true(ns >= last);
		last = ns;
		host_run(i * 10);
	}
	assert_true(clk.max == last);
}

/* Counters marked stable are trusted: the vCPUs share no memory. */
static void test_skew_stable(void **state)
{
	uint64_t ns[4], max, t;
	unsigned int i;

	ask(0);
	max = clk.max;
	for (i = 0; i < 4; i++) {
		ns[i] = ask(i);
		host_tsc_skew(x.host, i, (int)i * 100000);
	}
	for (i = 0; i < 400; i++) {
		t = ask(i % 4);
		assert_near(t, xn_os_now() + i % 4 * 40000);
		assert_true(t >= ns[i % 4]);
		ns[i % 4] = t;
		host_run(1000);
	}
	assert_int_equal(clk.max, max);
}

/* When the flag changes, time does not go back behind other vCPUs' times. */
static void test_flag_changes(void **state)
{
	uint64_t ahead, ns;
	unsigned int i;

	for (i = 0; i < 4; i++)
		ask(i);
	host_tsc_skew(x.host, 2, 1000000);
	ahead = ask(2);
	assert_near(ahead, xn_os_now() + 400000);
	assert_near(ask(1), xn_os_now());
	host_tsc_stable(x.host, 1, false);
	assert_int_equal(ask(1), ahead);
	host_tsc_stable(x.host, 2, false);
	host_run(1000);
	ahead = ask(2);
	host_tsc_stable(x.host, 3, false);
	assert_int_equal(ask(3), ahead);
	host_tsc_stable(x.host, 3, true);
	host_run(1000);
	ns = ask(2);
	assert_true(ns > ahead);
	host_tsc_stable(x.host, 1, true);
	assert_int_equal(ask(1), ns);
	/* In the end, time continues for all vCPUs. */
	host_run(XN_NSEC_PER_SEC);
	assert_near(ask(1), xn_os_now());
}

/* A counter behind Xen's timestamp. */
static void test_counter_behind(void **state)
{
	uint64_t told;

	host_time_update(x.host, 1);
	told = info(1)->system_time;
	host_tsc_skew(x.host, 1, -5000000);
	assert_int_equal(ask(1), told);
	host_run(3 * XN_NSEC_PER_MSEC);
	assert_near(ask(1), told + XN_NSEC_PER_MSEC);
}

/* ---- a host that lies ---- */

static unsigned int tries;

static void count(void *data)
{
	tries++;
}

/* The data is always being written: the last good time, after some tries. */
static void test_stuck(void **state)
{
	uint64_t refused = host_stat_get(XN_STAT_REFUSED);
	uint64_t ns = ask(1);

	info(1)->version |= 1;
	host_tsc_hook(x.host, count, NULL);
	host_run(XN_NSEC_PER_SEC);
	assert_true(ask(2) > ns);
	tries = 0;
	assert_int_equal(ask(1), ns);
	assert_in_range(tries, 1, 100);
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused + 1);
	/* The other vCPUs continue, and so does this one when it can. */
	assert_near(ask(2), xn_os_now());
	info(1)->version++;
	assert_near(ask(1), xn_os_now());
}

/* With differing counters, time stands still at the latest time read. */
static void test_stuck_unstable(void **state)
{
	uint64_t ns;
	unsigned int i;

	for (i = 0; i < 4; i++)
		host_tsc_stable(x.host, i, false);
	ask(1);
	host_run(1000);
	ns = ask(2);
	info(1)->version |= 1;
	assert_int_equal(ask(1), ns);
	host_run(1000);
	assert_int_equal(ask(1), ns);
	ns = ask(3);
	assert_int_equal(ask(1), ns);
}

static void rewrite(void *data)
{
	unsigned int *left = data;

	tries++;
	if (*left) {
		--*left;
		/* Of this read, the first part is old and the rest new. */
		info(1)->version += 2;
		info(1)->tsc_timestamp -= 777;
		info(1)->system_time += 1u << 30;
	}
}

static void test_rewritten(void **state)
{
	unsigned int left = 3;
	uint64_t ns = ask(1);

	host_tsc_hook(x.host, rewrite, &left);
	tries = 0;
	assert_near(ask(1), ns + 3 * (1u << 30) + 3 * 777 * 4 / 10);
	assert_int_equal(tries, 4);
	ns = ask(1);
	left = ~0u;
	tries = 0;
	assert_int_equal(ask(1), ns);
	assert_in_range(tries, 1, 100);
}

/* The same between nearly any two instructions of the reader. */
static void rewrite_other(void)
{
	info(1)->version |= 1;
	info(1)->tsc_timestamp -= 1ull << 40;
	info(1)->system_time -= 5000000;
	info(1)->tsc_to_system_mul >>= 20;
	info(1)->version++;
}

static void test_rewritten_anywhere(void **state)
{
	struct vcpu_time_info was = *info(1);
	unsigned int nth;
	unsigned long flags = host_upcalls_disable();
	uint64_t ns, want[2];

	host_guest_enter(x.host, 1);
	assert_int_equal(xn_clock_scale(&was, xn_cycles(), &want[0]), 0);
	rewrite_other();
	assert_int_equal(xn_clock_scale(info(1), xn_cycles(), &want[1]), 0);
	assert_true(want[0] != want[1]);
	for (nth = 1; ; nth += 3) {
		*info(1) = was;
		clk.vcpu[1].last = 0;
		if (!step_begin(nth, rewrite_other))
			break;
		ns = xn_clock_read(&clk, 1);
		step_end();
		assert_true(ns == want[0] || ns == want[1]);
	}
	host_guest_enter(x.host, 0);
	host_upcalls_restore(flags);
	assert_in_range(nth, 100, 1000000);
}

static void test_nonsense(void **state)
{
	static const struct vcpu_time_info bad[] = {
		{ .tsc_shift = 127, .tsc_to_system_mul = 1u << 31 },
		{ .tsc_shift = -128, .tsc_to_system_mul = 1u << 31 },
		{ .tsc_shift = 32, .tsc_to_system_mul = 1u << 31 },
		{ .tsc_shift = 0, .tsc_to_system_mul = 0 },
		{ .tsc_shift = 31, .tsc_to_system_mul = ~0u },
		{ .system_time = ~0ull, .tsc_to_system_mul = ~0u },
	};
	uint64_t ns = ask(1), refused = host_stat_get(XN_STAT_REFUSED);
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(bad); i++) {
		*info(1) = bad[i];
		host_run(1000);
		assert_int_equal(ask(1), ns);
	}
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused + i);
	/* All flags and padding bits set are valid. */
	*info(1) = (struct vcpu_time_info){ 0 };
	host_time_update(x.host, 1);
	info(1)->pad0 = ~0u;
	info(1)->flags = 0xff;
	assert_near(ask(1), xn_os_now());
}

/* Before Xen has written a vCPU's data. */
static void test_untold(void **state)
{
	*info(3) = (struct vcpu_time_info){ 0 };
	assert_int_equal(ask(3), 0);
	host_time_update(x.host, 3);
	assert_near(ask(3), xn_os_now());
}

static void test_backwards(void **state)
{
	uint64_t ns = ask(1), refused = host_stat_get(XN_STAT_REFUSED);

	info(1)->system_time -= 1000000;
	host_run(1000);
	assert_int_equal(ask(1), ns);
	host_run(1000000);
	assert_near(ask(1), ns + 1000);
	info(1)->tsc_timestamp += 1ull << 40;
	assert_in_range(ask(1), ns + 990, ns + 1010);
	/* A late time is not invalid. */
	assert_int_equal(host_stat_get(XN_STAT_REFUSED), refused);
}

/* Random data, with the flag changing as well. */
static void test_random_host(void **state)
{
	uint64_t last[4] = { 0 }, ns;
	unsigned int i, k;

	for (i = 0; i < 20000; i++) {
		k = random64() % 4;
		switch (random64() % 8) {
		case 0:
			info(k)->version = random64();
			break;
		case 1:
			info(k)->system_time = random64() >> 20;
			break;
		case 2:
			info(k)->tsc_timestamp -= random64() >> 30;
			break;
		case 3:
			info(k)->tsc_shift = random64();
			break;
		case 4:
			info(k)->flags = random64();
			break;
		default:
			host_time_update(x.host, k);
		}
		ns = ask(k);
		assert_true(ns >= last[k]);
		last[k] = ns;
	}
}

/* ---- another host ---- */

/* Xen's time in the new domain: @base when its counter was as it is now. */
static void moves_to(uint64_t base)
{
	unsigned int i;

	assert_int_equal(host_xenion_suspend(&x), 0);
	host_guest_restore(x.host);
	assert_int_equal(host_xenion_resume(&x), 0);
	for (i = 0; i < 4; i++) {
		host_time_update(x.host, i);
		info(i)->system_time = base;
	}
}

static void go_on_from(uint64_t base, bool stable)
{
	unsigned int i;
	uint64_t then;

	for (i = 0; i < 4; i++)
		host_tsc_stable(x.host, i, stable);
	then = ask(3);
	moves_to(base);
	assert_int_equal(xn_clock_resume(&clk, 0), 0);
	for (i = 0; i < 4; i++)
		assert_near(ask(i), then);
	assert_near(xn_clock_to_xen(&clk, ask(0)), base);
	host_run(5 * XN_NSEC_PER_SEC);
	for (i = 0; i < 4; i++)
		assert_near(ask(i), then + 5 * XN_NSEC_PER_SEC);
}

/* Its host has run for a shorter time, or for a longer one; several times. */
static void test_resume(void **state)
{
	static const uint64_t bases[] = {
		77, 1000 * XN_NSEC_PER_SEC, 1ull << 60, 11, 1ull << 62,
	};
	unsigned int i;

	for (i = 0; i < 2 * XN_ARRAY_SIZE(bases); i++)
		go_on_from(bases[i / 2], i % 2);
}

static void test_resume_without_time(void **state)
{
	uint64_t then = ask(0);

	moves_to(5);
	info(0)->tsc_to_system_mul = 0;
	assert_int_equal(xn_clock_resume(&clk, 0), -EAGAIN);
	assert_int_equal(xn_clock_resume(&clk, 128), -EAGAIN);
	host_time_update(x.host, 0);
	info(0)->system_time = 5;
	assert_int_equal(xn_clock_resume(&clk, 0), 0);
	assert_near(ask(0), then);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scale), cmocka_unit_test(test_bad_scale),
		T(time_passes), T(any_frequency), T(two_guests),
		T(skew_unstable), T(skew_stable), T(flag_changes),
		T(counter_behind), T(stuck), T(stuck_unstable), T(rewritten),
		T(rewritten_anywhere),		T(nonsense), T(untold), T(backwards), T(random_host),
		T(resume), T(resume_without_time),
	};

	return cmocka_run_group_tests_name("time_clock", tests, NULL, NULL);
}
