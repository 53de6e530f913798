/* SPDX-License-Identifier: MIT */
/*
 * Xen's way to rewrite what a guest may be reading: the version is odd
 * meanwhile, and another one afterwards (struct vcpu_time_info in
 * xen-public/xen.h).
 */
#ifndef XENION_TIME_VERSION_H
#define XENION_TIME_VERSION_H

#include <xenion/os.h>

static inline uint32_t version_begin(const uint32_t *version)
{
	uint32_t then = XN_READ_ONCE(*version);

	xn_rmb();
	return then;
}

/* Is all that was read since then of one time? */
static inline bool version_held(const uint32_t *version, uint32_t then)
{
	xn_rmb();
	return !(then & 1) && XN_READ_ONCE(*version) == then;
}

#endif /* XENION_TIME_VERSION_H */
