// SPDX-License-Identifier: MIT
/*
 * wc_sec and wc_nsec in shared info (xen-public/xen.h): the time of day, UTC,
 * when system time was 0.
 *
 * Known by the century, and by the difference between two readings, which is
 * that of system time unless the clock was set meanwhile.
 */
#include "selftest.h"

#define YEAR_2020	1577836800ull
#define YEAR_2200	7258118400ull

SELFTEST(time, wallclock, 0)
{
	uint64_t now = xn_os_now(), later = now + 7 * XN_NSEC_PER_SEC + 5;
	uint32_t version = XN_READ_ONCE(bare_shared->wc_version);
	struct xn_wallclock a, b;
	uint64_t difference;
	int err;

	err = xn_wallclock_read(bare_shared, now, &a);
	REQUIRE(!err, "there is a time of day (error %d)", err);
	err = xn_wallclock_read(bare_shared, later, &b);
	REQUIRE(!err, "and again (error %d)", err);
	selftest_note("%lu s since 1970", a.sec);
	CHECK(a.sec >= YEAR_2020 && a.sec < YEAR_2200, "it is of our time");
	CHECK(a.nsec < XN_NSEC_PER_SEC && b.nsec < XN_NSEC_PER_SEC,
	      "a second has its nanoseconds");
	if (XN_READ_ONCE(bare_shared->wc_version) != version) {
		selftest_skip("somebody has just set the clock");
		return;
	}
	difference = (b.sec - a.sec) * XN_NSEC_PER_SEC + b.nsec - a.nsec;
	CHECK(difference == later - now, "it goes as system time does");
}
