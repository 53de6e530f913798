/* SPDX-License-Identifier: MIT */
/*
 * How Xen updates data that a guest may be reading: the version is odd during
 * the update and has changed after it (struct vcpu_time_info in
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

/* Is everything read since then from one update? */
static inline bool version_held(const uint32_t *version, uint32_t then)
{
	xn_rmb();
	return !(then & 1) && XN_READ_ONCE(*version) == then;
}

#endif /* XENION_TIME_VERSION_H */
