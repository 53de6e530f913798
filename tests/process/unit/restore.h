/* SPDX-License-Identifier: MIT */
/*
 * A guest with a xenstore is suspended, and goes on: what an OS layer does then,
 * in its order. For test_resume_*.c.
 */
#ifndef XENION_TEST_RESTORE_H
#define XENION_TEST_RESTORE_H

#include "store_guest.h"

/* The rooms below the devices, when these are suspended. */
static inline void guest_suspend(struct host_xenion *x)
{
	assert_int_equal(xn_xs_suspend(&x->guest.xs), 0);
	assert_int_equal(host_xenion_suspend(x), 0);
}

/* The toolstack and Xen do their part. Call before any device is lost. */
static inline void guest_moves(struct host_xenion *x, struct host_xs *h)
{
	host_guest_restore(x->host);
	host_xs_restore(h);
	assert_int_equal(host_xenion_resume(x), 0);
}

/* Returns: as xn_store_resume(). Call when all devices are lost. */
static inline int guest_reconnect(struct host_xenion *x)
{
	struct xn_boot_channel where;

	xn_hvm_store(&where);
	return xn_store_resume(&x->guest, &where, NULL);
}

/* In the same domain. */
static inline void guest_stays(struct host_xenion *x)
{
	assert_int_equal(host_xenion_resume(x), 0);
	xn_xs_resume(&x->guest.xs);
}

#endif /* XENION_TEST_RESTORE_H */
