// SPDX-License-Identifier: MIT
/*
 * The time of day: the time at which system time was 0, from shared info
 * (wc_version, wc_sec, wc_nsec, wc_sec_hi in xen-public/xen.h), plus system
 * time. It changes when the toolstack or dom0 sets it. Called by the OS layer.
 */
#include <xenion/time.h>
#include "version.h"

/*
 * Attempts to read a consistent copy. The writer is another CPU, which may be
 * preempted while it writes.
 */
#define TRIES	1000u

static int wallclock_snapshot(const struct shared_info *shared,
			      struct xn_wallclock *wc)
{
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		uint32_t then = version_begin(&shared->wc_version);

		wc->sec = (uint64_t)XN_READ_ONCE(shared->xen_wc_sec_hi) << 32 |
			  XN_READ_ONCE(shared->wc_sec);
		wc->nsec = XN_READ_ONCE(shared->wc_nsec);
		if (version_held(&shared->wc_version, then))
			return 0;
	}
	return -EAGAIN;
}

int xn_wallclock_read(const struct shared_info *shared, uint64_t now,
		      struct xn_wallclock *wc)
{
	struct xn_wallclock base;
	int err = wallclock_snapshot(shared, &base);

	if (err)
		return err;
	if (base.nsec >= XN_NSEC_PER_SEC) {
		xn_stat_inc(XN_STAT_REFUSED);
		return -EINVAL;
	}
	now += base.nsec;
	if (now < base.nsec ||
	    __builtin_add_overflow(base.sec, now / XN_NSEC_PER_SEC,
				   &wc->sec)) {
		xn_stat_inc(XN_STAT_REFUSED);
		return -EINVAL;
	}
	wc->nsec = now % XN_NSEC_PER_SEC;
	return 0;
}
