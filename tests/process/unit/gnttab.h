/* SPDX-License-Identifier: MIT */
/* A guest for tests of the grant table, which must end without any grants. */
#ifndef XENION_TEST_GNTTAB_H
#define XENION_TEST_GNTTAB_H

#include "unit.h"

static struct host_xenion x;
static struct xn_gnttab *const gt = &x.guest.gnttab;

static inline int start_with(const struct host_config *cfg)
{
	host_log_reset();
	assert_int_equal(host_xenion_start(&x, cfg, NULL), 0);
	return 0;
}

static inline int stop(void **state)
{
	assert_int_equal(xn_gnttab_used(gt), 0);
	assert_int_equal(host_xenion_stop(&x), 0);
	return 0;
}

static inline grant_ref_t alloc(void)
{
	grant_ref_t ref = 0;

	assert_int_equal(xn_gnttab_alloc(gt, &ref), 0);
	assert_true(ref >= GNTTAB_NR_RESERVED_ENTRIES);
	return ref;
}

#endif /* XENION_TEST_GNTTAB_H */
