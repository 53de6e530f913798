// SPDX-License-Identifier: MIT
/*
 * struct vcpu_time_info (xen-public/xen.h): system time, as each vCPU computes
 * it from its TSC, never runs backwards, neither on one vCPU nor from one to the
 * other, and runs as fast as the TSC.
 *
 * Known by many readings, on all CPUs at once, each of which is compared with
 * the one before, from any CPU; and by readings of the TSC around those of the
 * clock: the outer ones must not be closer, the inner ones not farther apart.
 */
#include <xenion/x86/boot.h>
#include "selftest.h"

#define READINGS	20000u
#define SLACK		1000u		/* ns, for the roundings */

struct turns {
	uint64_t last;			/* the latest reading of any CPU */
	unsigned int back;		/* readings that were before it */
	unsigned int done;		/* CPUs that have finished */
	struct xn_waitq wait;
};

static void take_turns(void *arg)
{
	struct turns *t = arg;
	unsigned int i;

	for (i = 0; i < READINGS; i++) {
		uint64_t last = __atomic_load_n(&t->last, __ATOMIC_SEQ_CST);
		uint64_t now = xn_os_now();

		if (now < last)
			__atomic_fetch_add(&t->back, 1, __ATOMIC_SEQ_CST);
		while (last < now &&
		       !__atomic_compare_exchange_n(&t->last, &last, now, false,
						    __ATOMIC_SEQ_CST,
						    __ATOMIC_SEQ_CST))
			;
	}
	__atomic_fetch_add(&t->done, 1, __ATOMIC_SEQ_CST);
	xn_wake(&t->wait);
}

SELFTEST(time, clock_forward, 0)
{
	struct turns t = { 0 };
	uint64_t begin = xn_os_now();

	CHECK(begin, "there is a time");
	take_turns(&t);
	CHECK(!t.back, "of %u readings %u are before the one before",
	      READINGS, t.back);
	/* If another vCPU's clock was ahead, this one waits for it. */
	bare_sleep(10 * XN_NSEC_PER_MSEC);
	CHECK(xn_os_now() >= begin + 10 * XN_NSEC_PER_MSEC, "time passes");
}

SELFTEST(time, clock_cpus, NEEDS_CPUS)
{
	struct turns t = { 0 };
	unsigned int cpu;

	for (cpu = 1; cpu < bare_nr_cpus; cpu++)
		REQUIRE(!bare_run(cpu, take_turns, &t), "CPU %u reads", cpu);
	take_turns(&t);
	REQUIRE(xn_wait(&t.wait,
			__atomic_load_n(&t.done, __ATOMIC_SEQ_CST) ==
			bare_nr_cpus, 30 * XN_NSEC_PER_SEC),
		"%u CPUs have taken turns", bare_nr_cpus);
	for (cpu = 1; cpu < bare_nr_cpus; cpu++)
		bare_run_wait(cpu, XN_NSEC_PER_SEC);
	CHECK(!t.back, "of %u readings by %u CPUs %u are before the one before",
	      READINGS * bare_nr_cpus, bare_nr_cpus, t.back);
}

/* A difference of the TSC in ns, by the frequency from CPUID. */
static uint64_t to_ns(uint64_t cycles, uint32_t khz)
{
	return cycles / khz * 1000000 + cycles % khz * 1000000 / khz;
}

SELFTEST(time, clock_tsc, 0)
{
	uint64_t outer, inner, from, to, tsc[4], elapsed, inexact;
	struct xn_hv_info hv;

	if (xn_hv_probe(&hv) || !hv.tsc_khz) {
		selftest_skip("CPUID does not tell the TSC's frequency");
		return;
	}
	tsc[0] = xn_cycles();
	from = xn_os_now();
	tsc[1] = xn_cycles();
	bare_sleep(50 * XN_NSEC_PER_MSEC);
	tsc[2] = xn_cycles();
	to = xn_os_now();
	tsc[3] = xn_cycles();

	outer = to_ns(tsc[3] - tsc[0], hv.tsc_khz);
	inner = to_ns(tsc[2] - tsc[1], hv.tsc_khz);
	elapsed = to - from;
	/*
	 * Xen repeatedly measures the frequency by another clock, and an
	 * emulated clock may lag: so this finds only a wrong scale.
	 */
	inexact = outer / 2 + SLACK;
	selftest_note("%lu ns by the clock, %lu to %lu by the TSC of %u kHz",
		      elapsed, inner, outer, hv.tsc_khz);
	CHECK(elapsed <= outer + inexact, "not much faster than the TSC");
	CHECK(elapsed + inexact >= inner, "not much slower than the TSC");
	CHECK(elapsed >= 50 * XN_NSEC_PER_MSEC, "a sleep is not too short");
}
