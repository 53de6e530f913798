// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion.ko in a kernel with debug checks: loaded, unloaded, loaded again;
 * nothing is left behind.
 */
#include "kernel.h"

static void smoke_reload(struct kunit *test)
{
	kmod_xenion_unload();
	KUNIT_ASSERT_EQ(test, um_load(), 0);
}

static struct kunit_case smoke_cases[] = {
	KUNIT_CASE(smoke_reload),
	{}
};

static struct kunit_suite smoke_suite = {
	.name = "smoke",
	.init = um_init,
	.exit = um_exit,
	.test_cases = smoke_cases,
};
kunit_test_suite(smoke_suite);
