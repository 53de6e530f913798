// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion.ko in a kernel with debug checks: loaded, unloaded, loaded again;
 * nothing is left behind. And what the core expects of this OS layer's works.
 */
#include <linux/delay.h>
#include <linux/sched.h>

#include "xnl.h"
#include "kernel.h"

static void smoke_reload(struct kunit *test)
{
	kmod_xenion_unload();
	KUNIT_ASSERT_EQ(test, um_load(), 0);
}

static struct xn_work computing, other;
static bool other_ran, ran_meanwhile;

static void smoke_other(struct xn_work *work)
{
	WRITE_ONCE(other_ran, true);
}

static void smoke_compute(struct xn_work *work)
{
	unsigned int i;

	xn_work_schedule(&other, 0);
	/* A millisecond each time, which is no sleep */
	for (i = 0; i < 1000 && !READ_ONCE(other_ran); i++) {
		mdelay(1);
		cond_resched();
	}
	ran_meanwhile = READ_ONCE(other_ran);
}

/*
 * Ending hundreds of event channels is a work that does not sleep; watches are
 * called by another one on the same CPU.
 */
static void smoke_works_go_side_by_side(struct kunit *test)
{
	other_ran = false;
	xn_work_init(&computing, smoke_compute);
	xn_work_init(&other, smoke_other);
	xn_work_schedule(&computing, 0);
	um_until(test, READ_ONCE(other_ran), 5000);
	xn_work_cancel(&computing);
	xn_work_cancel(&other);
	KUNIT_EXPECT_TRUE_MSG(test, ran_meanwhile,
			      "a work waits for another that computes");
}

static struct kunit_case smoke_cases[] = {
	KUNIT_CASE(smoke_reload),
	KUNIT_CASE(smoke_works_go_side_by_side),
	{}
};

static struct kunit_suite smoke_suite = {
	.name = "smoke",
	.init = um_init,
	.exit = um_exit,
	.test_cases = smoke_cases,
};
kunit_test_suite(smoke_suite);
